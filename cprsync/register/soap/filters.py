"""Read GetAllFilters as a stream: a million numbers in one answer, of which only the numbers are kept.

The whole tree is never held (decision 27), so the schema's rules for this one answer stand here as code.
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
#: The children in the order of the schema; all but the last may repeat or be absent.
_ORDER = (
    f"{{{_SERVICE}}}AgeRange",
    f"{{{_SERVICE}}}ChangeCode",
    f"{{{_SERVICE}}}MunicipalityCode",
    _NUMBER,
    _NO_FILTER,
)
#: What may stand in the children; in all others nothing may.
_AGES = {f"{{{_SERVICE}}}StartAge", f"{{{_SERVICE}}}EndAge"}
_BOOLEANS = frozenset({"true", "false", "1", "0"})
#: A fault and a header are read whole, so they may not be long. Real ones have about ten elements.
_ASIDE_MOST = 1000
_ROOT = f"{{{ENVELOPE}}}Envelope"
_IN_BODY = (_ROOT, BODY)
_IN_RESPONSE = (_ROOT, BODY, _RESPONSE)
#: Ancestors -> what may stand in them, and what is wrong if something else does.
_EXPECTED = {
    (): ({_ROOT}, "register.not_soap"),
    (_ROOT,): ({BODY, HEADER}, "register.not_soap"),
    _IN_BODY: ({_RESPONSE, FAULT}, "register.wrong_root"),
    _IN_RESPONSE: (set(_ORDER), "register.schema"),
    (*_IN_RESPONSE, _ORDER[0]): (_AGES, "register.schema"),
}


class _Reading:
    """One answer's way through the tree; `numbers` fills up."""

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
        """One envelope with one header at most, one body behind it, and one thing in that."""
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

    Raises BadAnswer, or the error that the fault in it means.
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
        # A hyphen is for cards; the schema's ten characters leave it no room.
        return CprNumber.parse("" if "-" in text else text)
    except ValueError:
        raise BadAnswer("the list of subscriptions holds what is no number", kind="register.impossible_value") from None


def _says_anything_beside(element: etree._Element) -> bool:
    """Whether text stands before it, which the schema does not know."""
    before, parent = element.getprevious(), element.getparent()
    text = before.tail if before is not None else parent.text if parent is not None else None
    return bool((text or "").strip())


def _forget_earlier(element: etree._Element) -> None:
    parent = element.getparent()
    while parent is not None and len(parent) > 1:
        del parent[0]
