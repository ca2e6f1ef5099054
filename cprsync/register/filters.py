"""Read GetAllFilters as a stream: a million numbers in one answer, of which only the numbers are kept.

The whole tree is never held (decision 27), so the schema's rules for this one answer stand here as code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.number import CprNumber
from cprsync.errors import BadAnswer
from cprsync.register.faults import parse_fault
from cprsync.register.parsing import BODY, ENVELOPE, FAULT

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
_ROOT = f"{{{ENVELOPE}}}Envelope"
_IN_BODY = (_ROOT, BODY)
_IN_RESPONSE = (_ROOT, BODY, _RESPONSE)
#: Ancestors -> what may stand in them, and what is wrong if something else does.
_EXPECTED = {
    (): ({_ROOT}, "register.not_soap"),
    (_ROOT,): ({BODY, f"{{{ENVELOPE}}}Header"}, "register.not_soap"),
    _IN_BODY: ({_RESPONSE, FAULT}, "register.wrong_root"),
}


class _Reading:
    """One answer's way through the tree; `numbers` fills up."""

    def __init__(self) -> None:
        self.numbers: set[CprNumber] = set()
        self.complete = False
        self._ancestors: list[str] = []
        self._place = 0

    def started(self, element: etree._Element) -> None:
        allowed, kind = _EXPECTED.get(tuple(self._ancestors), ({element.tag}, ""))
        if element.tag not in allowed:
            raise BadAnswer("the answer is not the list of subscriptions", kind=kind)
        self._ancestors.append(element.tag)

    def ended(self, element: etree._Element) -> None:
        self._ancestors.pop()
        ancestors = tuple(self._ancestors)
        if ancestors == _IN_BODY and element.tag == FAULT:
            raise parse_fault(element)
        if ancestors == _IN_RESPONSE:
            self._filter(element)
            _forget_earlier(element)

    def _filter(self, element: etree._Element) -> None:
        place = _ORDER.index(element.tag) if element.tag in _ORDER else -1
        if place < self._place or self.complete:
            raise _broken()
        self._place = place
        self.complete = element.tag == _NO_FILTER
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
        return CprNumber.parse(text.strip())
    except ValueError:
        raise BadAnswer("the list of subscriptions holds what is no number", kind="register.impossible_value") from None


def _forget_earlier(element: etree._Element) -> None:
    parent = element.getparent()
    while parent is not None and len(parent) > 1:
        del parent[0]
