"""The two SOAP services: from the bytes of a request to the bytes of an answer, never a traceback.

Selects the operation by the request's element, as the platform does: needs no SOAPAction and no Content-Type. Speaks no
HTTP: `web` does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lxml import etree

from cprsync.mock.register.register import Call
from cprsync.mock.soap.damage import Response, damaged
from cprsync.mock.soap.envelopes import (
    LOOKUP,
    SUBSCRIPTION,
    Element,
    SoapFault,
    build_envelope,
    build_fault,
    parse_request,
)
from cprsync.mock.soap.operations import LOOKUP_REQUEST, OPERATIONS, caller_of, change_subscription, look_up

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cprsync.mock.register.faults import Fault
    from cprsync.mock.register.register import Register
    from cprsync.schemas import Schemas

LOOKUP_PATH = "/service/CPR/PersonBaseDataExtended/5"
SUBSCRIPTION_PATH = "/service/CPRSubscription/CPRSubscription/1/"
_SERVICES = {LOOKUP_PATH: LOOKUP, SUBSCRIPTION_PATH.rstrip("/"): SUBSCRIPTION}


@dataclass(frozen=True, slots=True)
class Peer:
    """The caller: serialNumber of the client certificate's subject, and the certificate's own serial number."""

    subject: str
    certificate: str


@dataclass(frozen=True, slots=True)
class SoapServices:
    """Both services on one register."""

    register: Register
    schemas: Schemas
    now: Callable[[], datetime]
    omit_false: bool = False

    def knows(self, path: str) -> bool:
        return path.rstrip("/") in _SERVICES

    def answer(self, path: str, body: bytes, *, charset: str | None, peer: Peer) -> Response:
        """Answer one call and record it."""
        operation, agreement = "?", "?"
        fault: Fault | None = None
        try:
            request = parse_request(body, charset)
            operation = self._operation(request, path)
            agreement = caller_of(request) or "none"
            self._validate(request)
            fault = self._due_fault(is_lookup=request.tag == LOOKUP_REQUEST)
            response = Response(200, build_envelope(self._carry_out(request, fault)))
            outcome = "ok"
        except SoapFault as refusal:
            response = Response(refusal.status, build_fault(refusal, self.now()))
            outcome = "fault"
        if fault is not None:
            outcome = fault.kind
            response = damaged(fault.kind, response)
            response = replace(response, wait=fault.seconds if fault.kind == "slow" else 0.0)
        response = replace(response, wait=response.wait + self.register.latency)
        at = self.now().isoformat(timespec="milliseconds")
        self.register.record(Call(operation, agreement, peer.subject, peer.certificate, outcome, at))
        return response

    def too_large(self) -> Response:
        return Response(413, build_fault(SoapFault("The request is larger than 1 MiB."), self.now()))

    def _operation(self, request: Element, path: str) -> str:
        name = etree.QName(request)
        known = request.tag == LOOKUP_REQUEST or (name.namespace == SUBSCRIPTION and name.localname in OPERATIONS)
        if not known or name.namespace != _SERVICES.get(path.rstrip("/")):
            raise SoapFault("The service has no such operation.")
        return "PersonLookup" if request.tag == LOOKUP_REQUEST else name.localname

    def _validate(self, request: Element) -> None:
        schema = self.schemas.lookup if request.tag == LOOKUP_REQUEST else self.schemas.subscription
        if not schema.validate(request):
            # The validator's own text quotes the request.
            line: int = schema.error_log.last_error.line  # type: ignore[attr-defined]  # the stubs lack it
            raise SoapFault(f"The request breaks the schema near line {line}.")

    def _due_fault(self, *, is_lookup: bool) -> Fault | None:
        fault = self.register.faults.take_for_call(is_lookup=is_lookup)
        if fault is not None:
            self.register.keep()
        if fault is not None and fault.kind == "platform-fault":
            raise SoapFault("The service is out of order.", blame="Server", code="InternalError")
        return fault

    def _carry_out(self, request: Element, fault: Fault | None) -> Element:
        if request.tag != LOOKUP_REQUEST:
            return change_subscription(request, self.register)
        about_another = fault is not None and fault.kind == "other-person"
        return look_up(request, self.register, omit_false=self.omit_false, about_another=about_another)
