"""CULR over SOAP: from the bytes of a request to the bytes of an answer, with the faults that were asked for.

Answers as DBC's service does: errors have HTTP 200 and a code; only a request outside the contract gets a fault. Speaks
no HTTP: `web` does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lxml import etree

from cprsync.mock.soap.describing import answer_description
from cprsync.mock.soap.messages import (
    Element,
    Response,
    SoapFault,
    build_envelope,
    build_fault,
    damage,
    parse_request,
    refuse_unless_valid,
)
from cprsync.mock.town import agreement
from cprsync.mock.town.calls import LoggedCall
from cprsync.mock.town.culr_accounts import CPR, DELETE_ALL, OK, CulrAccounts, CulrRequest, CulrResult
from cprsync.mock.town.faults import CULR_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cprsync.mock.town.register import TownRegister

CULR = "http://ws.culrservice.dbc.dk/"
CULR_PATH = "/1.6/CulrWebService"
_PATH = re.compile(r"/[0-9.]+/CulrWebService/?")
_HAS_ACCOUNT = "hasCulrAccount"
#: Operations whose answers are in `return`, and not in `result`.
_RETURNS = frozenset({"createAccount", "updateAccount", "deleteAccount", "mergePatrons", DELETE_ALL, _HAS_ACCOUNT})
#: Operations that read every library's accounts, and name no agency.
_FOR_ANYONE = frozenset({"getAccountsByGlobalId", "getAccountsByLocalId", _HAS_ACCOUNT})
OPERATIONS = _RETURNS | _FOR_ANYONE | {"getAccountFromProvider"}
_GROUP = "authCredentials/groupIdAut"
#: Where a request may have a CPR number.
_NUMBERS = (
    *("userCredentials/uidValue", "userCredentials/userIdValue", "globalUID/uidValue"),
    *("accountToMergeWith/userIdValue", "accountToBeMerged/userIdValue"),
)
#: Faults that answer in place of the operation, with their codes.
CODES = {
    "culr-credentials": "COULD_NOT_AUTHENTICATE",
    "culr-authorisation": "NO_AUTHORISATION",
    "culr-illegal": "ILLEGAL_ARGUMENT",
    "culr-transaction": "TRANSACTION_ERROR",
    "culr-program": "PROGRAM_ERROR",
    "culr-unknown": "TRY_ANOTHER_DAY",
}


@dataclass(frozen=True, slots=True)
class CulrService:
    """CULR on the mock's accounts. The mock's agreements have credentials."""

    register: TownRegister
    schema: etree.XMLSchema
    now: Callable[[], datetime]

    def knows(self, path: str) -> bool:
        return _PATH.fullmatch(path) is not None

    def describe(self, query: str, *, url: str) -> Response:
        """Answer a GET: the service's WSDL and its schema."""
        return answer_description("CulrWebService1.wsdl", query, url=url)

    def refuse(self, status: int, why: str) -> Response:
        """Answer a call whose body is not looked at, and record it."""
        self._record(None, "fault", why)
        return Response(status, build_fault(SoapFault(why), prefix="S", declared=True))

    def answer(self, body: bytes, *, charset: str | None) -> Response:
        """Answer one call, and record it. The effect is stored, whatever happens to the answer."""
        fault = self.register.take_fault(CULR_KINDS)
        kind = "" if fault is None else fault.kind
        accounts, request, said = self.register.culr, None, None
        try:
            request = parse_request(body, charset)
            response, outcome = self._answer_request(request, kind)
        except SoapFault as refusal:
            accounts.calls["?", "fault"] += 1
            response, outcome = Response(500, build_fault(refusal, prefix="S", declared=True)), "fault"
            said = refusal.text
        self._record(request, kind or outcome, said)
        wait = accounts.latency + (fault.seconds if fault is not None and kind == "culr-slow" else 0)
        return replace(damage(kind, response), wait=wait)

    def _answer_request(self, request: Element, kind: str) -> tuple[Response, str]:
        """The answer, and CULR's code in it."""
        if kind == "culr-down":
            return Response(503, b"", drop=True), kind
        if kind == "culr-fault":
            raise SoapFault("The service is out of order.", blame="Server")
        refuse_unless_valid(request, self.schema, what="contract")
        operation = etree.QName(request).localname
        if kind in CODES:
            result = CulrResult(CODES[kind], "The mock was asked to say so")
        else:
            result = _check_caller(request, operation) or _carry_out(self.register.culr, request, operation)
        self.register.culr.calls[operation, result.code] += 1
        return Response(200, _build_answer(operation, result)), result.code

    def _record(self, request: Element | None, outcome: str, said: str | None) -> None:
        operation, group, who = "?", "none", None
        if request is not None:
            name = etree.QName(request)
            known = name.namespace == CULR and name.localname in OPERATIONS
            operation = name.localname if known else "?"
            group = next((one.agency for one in agreement.ALL if one.agency == _text(request, _GROUP)), "none")
            who = next(filter(None, (self.register.key_of(_text(request, path)) for path in _NUMBERS)), None)
        at = self.now().isoformat(timespec="milliseconds")
        self.register.calls.record(
            LoggedCall(operation, group, "", "", outcome, at, service="culr", who=who, fault=said)
        )


def _check_caller(request: Element, operation: str) -> CulrResult | None:
    """What is wrong with the caller. None: nothing is."""
    names = ("userIdAut", "groupIdAut", "passwordAut")
    given = tuple(_text(request, f"authCredentials/{name}") for name in names)
    caller = next((one for one in agreement.ALL if given == (one.culr_user, one.agency, one.culr_password)), None)
    if caller is None:
        return CulrResult("COULD_NOT_AUTHENTICATE", "The credentials are nobody's")
    if operation not in _FOR_ANYONE and _text(request, "agencyId") != caller.agency:
        return CulrResult("NO_AUTHORISATION", "The group may not act for this agency")
    return None


def _carry_out(accounts: CulrAccounts, request: Element, operation: str) -> CulrResult:
    if operation == "getAccountsByGlobalId":
        by_number = _text(request, "userCredentials/uidType") == CPR
        return accounts.accounts_of_number(_text(request, "userCredentials/uidValue") if by_number else "")
    if operation == "getAccountsByLocalId":
        return accounts.accounts_of_account(
            _text(request, "userCredentials/agencyId"), _text(request, "userCredentials/userIdValue")
        )
    if operation == _HAS_ACCOUNT:
        return CulrResult(OK, has_account=accounts.has_guid(_text(request, "guid")))
    if operation == DELETE_ALL:
        return accounts.carry_out(CulrRequest(operation, _text(request, "agencyId"), "", ""))
    merges = operation == "mergePatrons"
    kind, value = _account(request, "accountToMergeWith" if merges else "userCredentials")
    asked = CulrRequest(operation, _text(request, "agencyId"), kind, value)
    if merges:
        return accounts.carry_out(replace(asked, other=_account(request, "accountToBeMerged")))
    uid = _text(request, "globalUID/uidValue") if _text(request, "globalUID/uidType") == CPR else None
    municipality = request.find("municipalityNo")
    code = None if municipality is None else (municipality.text or "").strip()
    return accounts.carry_out(replace(asked, municipality=code, uid=uid))


def _account(request: Element, name: str) -> tuple[str, str]:
    return _text(request, f"{name}/userIdType"), _text(request, f"{name}/userIdValue")


def _text(request: Element, path: str) -> str:
    return (request.findtext(path) or "").strip()


# -- answers ----------------------------------------------------------------------------------------------


def _build_answer(operation: str, result: CulrResult) -> bytes:
    """Build the answer in the order of DBC's own recordings."""
    answer = etree.Element(f"{{{CULR}}}{operation}Response", nsmap={"ns2": CULR})
    wrapper = etree.SubElement(answer, "return" if operation in _RETURNS else "result")
    if result.has_account is not None:
        etree.SubElement(wrapper, _HAS_ACCOUNT).text = str(result.has_account).lower()
    for agency, kind, value in result.accounts:
        account = etree.SubElement(wrapper, "Account")
        for name, text in (("provider", agency), ("userIdType", kind), ("userIdValue", value)):
            etree.SubElement(account, name).text = text
    if result.patron is not None:
        found = [("MunicipalityNo", result.patron.municipality), ("Guid", result.patron.guid)]
        for part, content in found if operation != "getAccountFromProvider" else reversed(found):
            if content:
                etree.SubElement(wrapper, part).text = content
    status = etree.SubElement(wrapper, "responseStatus")
    etree.SubElement(status, "responseCode").text = result.code
    if result.message is not None:
        etree.SubElement(status, "responseMessage").text = result.message
    return build_envelope(answer, prefix="S", declared=True)
