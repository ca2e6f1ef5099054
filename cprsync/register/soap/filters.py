"""Reads GetAllFilters as a stream: up to a million numbers in one answer, and nothing else is kept.

The whole tree is never in memory (decision 27), so the schema's rules for this answer are written here as code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.person.number import CprNumber
from cprsync.errors import BadAnswer
from cprsync.register.soap.faults import parse_fault
from cprsync.wire.parsing import BODY, ENVELOPE, FAULT, HEADER, not_soap, refuse_if_to_be_understood

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

_SERVICE = "http://serviceplatformen.dk/xml/wsdl/soap11/CprSubscriptionService/1/"
_NUMBER = "{http://serviceplatformen.dk/xml/schemas/cpr/PNR/1/}PNR"
_RESPONSE = f"{{{_SERVICE}}}GetAllFiltersResponse"
_NO_FILTER = f"{{{_SERVICE}}}noFilter"
#: The children in the schema's order. All but the last may repeat or be absent.
_ORDER = (
    f"{{{_SERVICE}}}AgeRange",
    f"{{{_SERVICE}}}ChangeCode",
    f"{{{_SERVICE}}}MunicipalityCode",
    _NUMBER,
    _NO_FILTER,
)
#: The elements allowed inside the first of these; the others hold none.
_AGES = {f"{{{_SERVICE}}}StartAge", f"{{{_SERVICE}}}EndAge"}
_BOOLEANS = frozenset({"true", "false", "1", "0"})
#: A fault and a header are read whole, so they must be short. Genuine ones have about ten elements.
_ASIDE_MOST = 1000
_ROOT = f"{{{ENVELOPE}}}Envelope"
_IN_BODY = (_ROOT, BODY)
_IN_RESPONSE = (_ROOT, BODY, _RESPONSE)
#: By ancestors: the allowed children, and the error for any other.
_EXPECTED = {
    (): ({_ROOT}, "register.not_soap"),
    (_ROOT,): ({BODY, HEADER}, "register.not_soap"),
    _IN_BODY: ({_RESPONSE, FAULT}, "register.wrong_root"),
    _IN_RESPONSE: (set(_ORDER), "register.schema"),
    (*_IN_RESPONSE, _ORDER[0]): (_AGES, "register.schema"),
}


class _Reading:
    """Reads one answer. `numbers` fills up on the way."""

    def __init__(self) -> None:
        self.numbers: set[CprNumber] = set()
        self.complete = False
        self._ancestors: tuple[str, ...] = ()
        self._seen: set[str] = set()
        self._aside = 0
        self._place = 0

    def started(self, element: etree._Element) -> None:
        within = self._ancestors
        if FAULT in within or HEADER in within:
            self._count_aside()
        else:
            allowed, kind = _EXPECTED.get(within, (set(), "register.schema"))
            if element.tag not in allowed:
                raise BadAnswer("the answer is not the list of subscriptions", kind=kind)
            if len(within) <= len(_IN_BODY):
                self._once(str(element.tag))
        self._ancestors = (*within, str(element.tag))

    def ended(self, element: etree._Element) -> None:
        self._ancestors = within = self._ancestors[:-1]
        if within == _IN_BODY and element.tag == FAULT:
            raise parse_fault(element)
        if within == (_ROOT, HEADER):
            refuse_if_to_be_understood(element)
        if within == _IN_RESPONSE:
            self._filter(element)
            _forget_earlier(element)

    def _once(self, tag: str) -> None:
        """Refuse a repeated element: one envelope, at most one header, then one body with one element."""
        if tag in self._seen or (tag == HEADER and BODY in self._seen):
            raise not_soap()
        self._seen.add(tag)

    def _count_aside(self) -> None:
        self._aside += 1
        if self._aside > _ASIDE_MOST:
            raise BadAnswer("the answer's fault or header is too large", kind="register.oversized")

    def _filter(self, element: etree._Element) -> None:
        place = _ORDER.index(element.tag) if element.tag in _ORDER else -1
        if place < self._place or self.complete or element.attrib or _says_anything_beside(element):
            raise _broken()
        self._place = place
        self.complete = element.tag == _NO_FILTER
        if self.complete and (element.text or "").strip() not in _BOOLEANS:
            raise _broken()
        if element.tag == _NUMBER:
            self.numbers.add(_number(element.text or ""))


def read_subscriptions(events: Iterable[tuple[str, etree._Element]]) -> set[CprNumber]:
    """Return the numbers in a GetAllFilters answer.

    Raises BadAnswer, or the error that a fault in it means.
    """
    reading = _Reading()
    for event, element in events:
        if event == "start":
            reading.started(element)
        else:
            reading.ended(element)
    if not reading.complete:
        raise _broken()
    return reading.numbers


def _broken() -> BadAnswer:
    return BadAnswer("the list of subscriptions breaks the register's schema", kind="register.schema")


def _number(text: str) -> CprNumber:
    try:
        # `CprNumber.parse` accepts a hyphen; the schema's ten characters do not.
        return CprNumber.parse("" if "-" in text else text)
    except ValueError:
        raise BadAnswer("the list of subscriptions holds what is no number", kind="register.impossible_value") from None


def _says_anything_beside(element: etree._Element) -> bool:
    """Whether text comes before the element, which the schema does not allow."""
    before, parent = element.getprevious(), element.getparent()
    text = before.tail if before is not None else parent.text if parent is not None else None
    return bool((text or "").strip())


def _forget_earlier(element: etree._Element) -> None:
    parent = element.getparent()
    while parent is not None and len(parent) > 1:
        del parent[0]
