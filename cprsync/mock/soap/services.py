"""The two SOAP services: from the bytes of a request to the bytes of an answer, never a traceback.

Selects the operation by the request's element, as the platform does: needs no SOAPAction and no Content-Type. Speaks no
HTTP: `web` does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from lxml import etree

from cprsync.mock.soap.describing import answer_description
from cprsync.mock.soap.messages import (
    AUTHORITY_CONTEXT,
    INVOCATION_CONTEXT,
    LOOKUP,
    PNR,
    SUBSCRIPTION,
    Element,
    Response,
    SoapFault,
    View,
    build_envelope,
    build_fault,
    build_lookup_response,
    damage,
    parse_request,
    refuse_unless_valid,
)
from cprsync.mock.town.agreement import GROUPS, REMOVED
from cprsync.mock.town.calls import LoggedCall
from cprsync.mock.town.faults import CALL_KINDS, OF_A_PERSON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from cprsync.mock.town.faults import TownFault
    from cprsync.mock.town.people import TownPerson
    from cprsync.mock.town.register import TownRegister
    from cprsync.resources import Schemas

LOOKUP_PATH = "/service/CPR/PersonBaseDataExtended/5"
SUBSCRIPTION_PATH = "/service/CPRSubscription/CPRSubscription/1/"
_SERVICES = {LOOKUP_PATH: LOOKUP, SUBSCRIPTION_PATH.rstrip("/"): SUBSCRIPTION}
_WSDL = {LOOKUP: "PersonBaseDataExtended5.wsdl", SUBSCRIPTION: "CprSubscription1.wsdl"}


@dataclass(frozen=True, slots=True)
class SoapPeer:
    """The caller: serialNumber of the client certificate's subject, and the certificate's own serial number."""

    subject: str
    certificate: str


@dataclass(frozen=True, slots=True)
class SoapServices:
    """Both services on one register."""

    register: TownRegister
    schemas: Schemas
    now: Callable[[], datetime]
    omit_false: bool = False

    def knows(self, path: str) -> bool:
        return path.rstrip("/") in _SERVICES

    def describe(self, path: str, query: str, *, url: str) -> Response:
        """Answer a GET: the service's WSDL and its schemas."""
        return answer_description(_WSDL[_SERVICES[path.rstrip("/")]], query, url=url)

    def answer(self, path: str, body: bytes, *, charset: str | None, peer: SoapPeer) -> Response:
        """Answer one call and record it."""
        operation, agreement, who = "?", "?", None
        fault: TownFault | None = None
        said: str | None = None
        try:
            request = parse_request(body, charset)
            operation = self._operation(request, path)
            agreement = caller_of(request) or "none"
            who = self.register.key_of(_text(request, f"{{{PNR}}}PNR"))
            self._validate(request)
            fault = self._due_fault(is_lookup=request.tag == LOOKUP_REQUEST)
            response = Response(200, build_envelope(self._carry_out(request, fault)))
            outcome = "ok"
        except SoapFault as refusal:
            response = Response(500, build_fault(refusal, self.now()))
            outcome, said = "fault", refusal.text
        if fault is not None:
            outcome = fault.kind
            response = damage(fault.kind, response)
            response = replace(response, wait=fault.seconds if fault.kind == "slow" else 0.0)
        response = replace(response, wait=response.wait + self.register.latency)
        self._record(peer, operation, agreement, outcome, who=who, fault=said)
        return response

    def refuse(self, status: int, why: str, *, peer: SoapPeer) -> Response:
        """Answer a call whose body is not looked at, and record it."""
        self._record(peer, "?", "?", "fault", who=None, fault=why)
        return Response(status, build_fault(SoapFault(why), self.now()))

    def _record(  # noqa: PLR0913 -- a call's parts
        self, peer: SoapPeer, operation: str, agreement: str, outcome: str, *, who: str | None, fault: str | None
    ) -> None:
        at = self.now().isoformat(timespec="milliseconds")
        call = LoggedCall(operation, agreement, peer.subject, peer.certificate, outcome, at, who=who, fault=fault)
        self.register.calls.record(call)

    def _operation(self, request: Element, path: str) -> str:
        name = etree.QName(request)
        known = request.tag == LOOKUP_REQUEST or (name.namespace == SUBSCRIPTION and name.localname in OPERATIONS)
        if not known or name.namespace != _SERVICES.get(path.rstrip("/")):
            expected = f"PersonLookupRequest of {LOOKUP}"
            if _SERVICES.get(path.rstrip("/")) == SUBSCRIPTION:
                expected = f"AddPNRSubscription or another operation of {SUBSCRIPTION}"
            raise SoapFault(f"The service has no such operation: expected {expected}")
        return "PersonLookup" if request.tag == LOOKUP_REQUEST else name.localname

    def _validate(self, request: Element) -> None:
        schema = self.schemas.lookup if request.tag == LOOKUP_REQUEST else self.schemas.subscription
        refuse_unless_valid(request, schema, what="schema")

    def _due_fault(self, *, is_lookup: bool) -> TownFault | None:
        # one that damages a person waits for a look-up
        fault = self.register.take_fault(CALL_KINDS.keys() - (frozenset() if is_lookup else OF_A_PERSON))
        if fault is not None and fault.kind == "platform-fault":
            raise SoapFault("The service is out of order.", blame="Server", code="InternalError")
        return fault

    def _carry_out(self, request: Element, fault: TownFault | None) -> Element:
        if request.tag != LOOKUP_REQUEST:
            return change_subscription(request, self.register)
        about_another = fault is not None and fault.kind == "other-person"
        return answer_look_up(request, self.register, omit_false=self.omit_false, about_another=about_another)


# -- the operations: one table from the request's name to a function ------------------------------------------

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


def answer_look_up(
    request: Element, register: TownRegister, *, omit_false: bool, about_another: bool = False
) -> Element:
    """Answer PersonLookup as of last night.

    Raises:
        SoapFault: no security model was given, or the register does not know the number.
    """
    if caller_of(request) is None:
        raise SoapFault(NO_SECURITY_MODEL)
    number = _text(request, f"{{{PNR}}}PNR")
    person: TownPerson | None = register.another_than(number) if about_another else register.find(number)
    if person is None:
        raise SoapFault("PNR not found", blame="Server", code="PNRNotFound")
    return build_lookup_response(person, View(register.published, register.day, omit_false))


def caller_of(request: Element) -> str | None:
    """The caller: a service agreement, or an authority's CVR number. None: neither is given."""
    uuid = request.findtext(f"{{{INVOCATION_CONTEXT}}}InvocationContext/{{{INVOCATION_CONTEXT}}}ServiceAgreementUUID")
    cvr = request.findtext(f"{{{AUTHORITY_CONTEXT}}}AuthorityContext/{{{AUTHORITY_CONTEXT}}}MunicipalityCVR")
    return uuid or (f"cvr {cvr}" if cvr else None)


def change_subscription(request: Element, register: TownRegister) -> Element:
    """Carry out any operation of the subscription service."""
    name = etree.QName(request).localname
    return OPERATIONS[name](request, register, caller_of(request) or "")


def _change(request: Element, register: TownRegister, service_agreement: str, *, group: str, added: bool) -> Element:
    return _result(request, register.change_filter(service_agreement, group, _filter(request, group), added=added))


def _remove_all(request: Element, register: TownRegister, service_agreement: str) -> Element:
    groups = [_text(request, f"{{{SUBSCRIPTION}}}FilterGroup")]
    return _remove_filters(request, register, service_agreement, groups=groups)


def _remove_filtered(request: Element, register: TownRegister, service_agreement: str) -> Element:
    # In the schema but undocumented: treated as "every filter of the agreement".
    return _remove_filters(request, register, service_agreement, groups=GROUPS)


def _remove_filters(
    request: Element, register: TownRegister, service_agreement: str, *, groups: Iterable[str]
) -> Element:
    for group in groups:
        for value in register.filters_of(service_agreement).of(group):
            register.change_filter(service_agreement, group, value, added=False)
    return _result(request, REMOVED)


def _get_all_filters(request: Element, register: TownRegister, service_agreement: str) -> Element:
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


#: The groups of filters by their names in operations.
_GROUPS = {
    "PNR": "PNR",
    "AgeRange": "AgeRange",
    "MunicipalityCode": "MunicipalityCode",
    "ChangeCode": "EventChangeCode",
    "NoFilter": "NoFilter",
}
OPERATIONS: Mapping[str, Callable[[Element, TownRegister, str], Element]] = {
    **{f"Add{name}Subscription": partial(_change, group=group, added=True) for name, group in _GROUPS.items()},
    **{f"Remove{name}Subscription": partial(_change, group=group, added=False) for name, group in _GROUPS.items()},
    "RemoveAll": _remove_all,
    "RemoveFilteredSubscription": _remove_filtered,
    "GetAllFilters": _get_all_filters,
}
