"""The operations of the two services: one table from the request's name to a function.

Works on validated requests: `soap` checks the schema. Counts and records nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from cprsync.mock.soap.answers import View, build_answer
from cprsync.mock.soap.envelopes import (
    AUTHORITY_CONTEXT,
    INVOCATION_CONTEXT,
    LOOKUP,
    PNR,
    SUBSCRIPTION,
    Element,
    SoapFault,
)
from cprsync.mock.town.subscriptions import GROUPS, REMOVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cprsync.mock.register.register import Register
    from cprsync.mock.town.people import Person

LOOKUP_REQUEST = f"{{{LOOKUP}}}PersonLookupRequest"
NO_SECURITY_MODEL = (
    "Security model for the called operation was not provided. "
    "The following are supported: [KombitToken, AuthorityContext]"
)
_PREFIXES: dict[str | None, str] = {None: INVOCATION_CONTEXT, "ns2": PNR, "ns3": SUBSCRIPTION}
#: The order in GetAllFilters after the age ranges: the group, and the element of one filter.
_LISTED: Mapping[str, str] = {
    "EventChangeCode": f"{{{SUBSCRIPTION}}}ChangeCode",
    "MunicipalityCode": f"{{{SUBSCRIPTION}}}MunicipalityCode",
    "PNR": f"{{{PNR}}}PNR",
}


def look_up(request: Element, register: Register, *, omit_false: bool, about_another: bool = False) -> Element:
    """Answer PersonLookup as of last night.

    Raises:
        SoapFault: no security model was given, or the register does not know the number.
    """
    if caller_of(request) is None:
        raise SoapFault(NO_SECURITY_MODEL)
    number = _text(request, f"{{{PNR}}}PNR")
    person: Person | None = register.another_than(number) if about_another else register.find(number)
    if person is None:
        raise SoapFault("PNR not found", blame="Server", code="PNRNotFound")
    return build_answer(person, View(register.published, register.day, omit_false))


def caller_of(request: Element) -> str | None:
    """The caller: a service agreement, or an authority's CVR number. None: neither is given."""
    uuid = request.findtext(f"{{{INVOCATION_CONTEXT}}}InvocationContext/{{{INVOCATION_CONTEXT}}}ServiceAgreementUUID")
    cvr = request.findtext(f"{{{AUTHORITY_CONTEXT}}}AuthorityContext/{{{AUTHORITY_CONTEXT}}}MunicipalityCVR")
    return uuid or (f"cvr {cvr}" if cvr else None)


def change_subscription(request: Element, register: Register) -> Element:
    """Carry out any operation of the subscription service."""
    name = etree.QName(request).localname
    return OPERATIONS[name](request, register, caller_of(request) or "")


def _add(group: str) -> Callable[[Element, Register, str], Element]:
    def act(request: Element, register: Register, service_agreement: str) -> Element:
        return _result(request, register.subscribe(service_agreement, group, _filter(request, group)))

    return act


def _remove(group: str) -> Callable[[Element, Register, str], Element]:
    def act(request: Element, register: Register, service_agreement: str) -> Element:
        return _result(request, register.unsubscribe(service_agreement, group, _filter(request, group)))

    return act


def _remove_all(request: Element, register: Register, service_agreement: str) -> Element:
    groups = [_text(request, f"{{{SUBSCRIPTION}}}FilterGroup")]
    return _emptied(request, register, service_agreement, groups=groups)


def _remove_filtered(request: Element, register: Register, service_agreement: str) -> Element:
    # In the schema but undocumented: treated as "every filter of the agreement".
    return _emptied(request, register, service_agreement, groups=GROUPS)


def _emptied(request: Element, register: Register, service_agreement: str, *, groups: Iterable[str]) -> Element:
    for group in groups:
        for value in register.filters_of(service_agreement).of(group):
            register.unsubscribe(service_agreement, group, value)
    return _result(request, REMOVED)


def _get_all_filters(request: Element, register: Register, service_agreement: str) -> Element:
    filters = register.filters_of(service_agreement)
    answer = _response(request)
    for ages in filters.of("AgeRange"):
        start, end = ages.split("-")
        element = etree.SubElement(answer, f"{{{SUBSCRIPTION}}}AgeRange")
        etree.SubElement(element, f"{{{SUBSCRIPTION}}}StartAge").text = start
        etree.SubElement(element, f"{{{SUBSCRIPTION}}}EndAge").text = end
    for group, tag in _LISTED.items():
        for value in filters.of(group):
            etree.SubElement(answer, tag).text = value
    no_filter = "true" if filters.of("NoFilter") else "false"
    etree.SubElement(answer, f"{{{SUBSCRIPTION}}}noFilter").text = no_filter
    return answer


def _filter(request: Element, group: str) -> str:
    match group:
        case "NoFilter":
            return "all"
        case "AgeRange":
            ages = f"{{{SUBSCRIPTION}}}AgeRange/{{{SUBSCRIPTION}}}"
            return f"{int(_text(request, f'{ages}StartAge'))}-{int(_text(request, f'{ages}EndAge'))}"
        case "MunicipalityCode":
            # The platform stores a number, so GetAllFilters has no leading zero.
            return str(int(_text(request, f"{{{SUBSCRIPTION}}}MunicipalityCode")))
        case "EventChangeCode":
            return _text(request, f"{{{SUBSCRIPTION}}}ChangeCode")
        case _:
            return _text(request, f"{{{PNR}}}PNR")


def _result(request: Element, text: str) -> Element:
    answer = _response(request)
    etree.SubElement(answer, f"{{{SUBSCRIPTION}}}Result").text = text
    return answer


def _response(request: Element) -> Element:
    return etree.Element(f"{request.tag}Response", nsmap=_PREFIXES)  # type: ignore[arg-type]  # the stubs forget the default namespace


def _text(request: Element, path: str) -> str:
    return (request.findtext(path) or "").strip()


OPERATIONS: Mapping[str, Callable[[Element, Register, str], Element]] = {
    "AddPNRSubscription": _add("PNR"),
    "RemovePNRSubscription": _remove("PNR"),
    "AddAgeRangeSubscription": _add("AgeRange"),
    "RemoveAgeRangeSubscription": _remove("AgeRange"),
    "AddMunicipalityCodeSubscription": _add("MunicipalityCode"),
    "RemoveMunicipalityCodeSubscription": _remove("MunicipalityCode"),
    "AddChangeCodeSubscription": _add("EventChangeCode"),
    "RemoveChangeCodeSubscription": _remove("EventChangeCode"),
    "AddNoFilterSubscription": _add("NoFilter"),
    "RemoveNoFilterSubscription": _remove("NoFilter"),
    "RemoveAll": _remove_all,
    "RemoveFilteredSubscription": _remove_filtered,
    "GetAllFilters": _get_all_filters,
}
