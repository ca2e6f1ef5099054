"""Builds the content of a call to CULR, and reads the answer: tolerant of its shape, strict about its code.

A call holds an identifier, the library, a municipality number and credentials, and nothing else. In an answer, elements
are found by name, in any namespace and order, with anything that a later version adds. A code that is not known counts
as unknown, which is no success. No error quotes the answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from cprsync.domain.netmedia.account import Code, Held, Identity, IdType, Operation, Reply
from cprsync.wire.errors import AnswerBroken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.domain.netmedia.account import Call
    from cprsync.netmedia.settings import Credentials


def build_call(call: Call, *, agency: str, credentials: Credentials) -> dict[str, Any]:
    """Return the parts of the operation's element, by their names in CULR's contract."""
    own = {"agencyId": agency}
    signed = {
        "authCredentials": {
            "userIdAut": credentials.user,
            "groupIdAut": credentials.group,
            "passwordAut": credentials.password,
        }
    }
    match call.operation:
        case Operation.READ_GLOBAL:
            # the answer covers every library: the request names none
            return {"userCredentials": _global(call.identity)} | signed
        case Operation.READ_LOCAL:
            return {"userCredentials": {**own, "userIdValue": call.identity.value}} | signed
        case Operation.MERGE if call.other is not None:
            pair = {"accountToMergeWith": _account(call.identity), "accountToBeMerged": _account(call.other)}
            return own | pair | signed
        case _:
            linked = {} if call.uid is None else {"globalUID": _global(call.uid)}
            home = {} if call.municipality is None else {"municipalityNo": call.municipality}
            return own | {"userCredentials": _account(call.identity)} | signed | linked | home


def _account(identity: Identity) -> dict[str, str]:
    return {"userIdType": identity.type.value, "userIdValue": identity.value}


def _global(identity: Identity) -> dict[str, str]:
    return {"uidType": identity.type.value, "uidValue": identity.value}


# -- answers --------------------------------------------------------------------------------------------------

_CODES: Final = {code.value: code for code in Code}
_TYPES: Final = {kind.value: kind for kind in IdType}
#: The known answers wrap a result in one of these.
_WRAPPERS: Final = frozenset({"return", "result"})
_AGENCY: Final = re.compile(r"[0-9]{6}", re.ASCII)
_MUNICIPALITY: Final = re.compile(r"[0-9]{1,4}", re.ASCII)


def parse_reply(call: Call, element: etree._Element, *, agency: str) -> Reply:
    """Return what the element in an answer's body says. Raises AnswerBroken."""
    if _name(element) != f"{call.operation.value}Response":
        raise AnswerBroken("the answer belongs to another operation", kind="wrong_root")
    results = [part for part in _children(element) if _name(part) in _WRAPPERS]
    codes = [_text(code) for result in results for status in _find_named(result, "responseStatus")
            for code in _find_named(status, "responseCode")]  # fmt: skip
    if len(results) != 1 or len(codes) != 1:
        raise AnswerBroken("the answer does not say one code", kind="no_code")
    code = _CODES.get(codes[0], Code.UNKNOWN)
    reads = call.operation in {Operation.READ, Operation.READ_GLOBAL, Operation.READ_LOCAL}
    return Reply(code, _parse_held(call, results[0], agency) if reads and code is Code.OK else None)


def _parse_held(call: Call, result: etree._Element, agency: str) -> Held:
    accounts = [{_name(part): _text(part) for part in _children(one)} for one in _find_named(result, "Account")]
    agencies = [one.get("provider", "") for one in accounts]
    numbers = [_text(one) for one in _find_named(result, "MunicipalityNo") if _text(one)]
    if not all(map(_AGENCY.fullmatch, agencies)) or not all(map(_MUNICIPALITY.fullmatch, numbers)) or len(numbers) > 1:
        raise AnswerBroken("the answer holds an impossible value", kind="value")
    wanted = call.identity
    named = [(one.get("userIdType", wanted.type.value), one.get("userIdValue", "")) for one in accounts
            if one["provider"] == agency]  # fmt: skip
    # a kind of number that a later version adds cannot be named in a call either
    ours = frozenset(Identity(_TYPES[kind], value) for kind, value in named if kind in _TYPES)
    # the own account was asked for by its number: OK says that it exists, even if it is not repeated
    found = wanted in ours or (call.operation is Operation.READ and not accounts)
    return Held(found, numbers[0] if numbers else None, frozenset(agencies), ours)


def _children(element: etree._Element) -> Iterator[etree._Element]:
    return element.iterchildren("*")


def _find_named(element: etree._Element, name: str) -> list[etree._Element]:
    return [part for part in _children(element) if _name(part) == name]


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _text(element: etree._Element) -> str:
    return (element.text or "").strip()
