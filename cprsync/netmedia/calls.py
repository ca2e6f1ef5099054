"""Builds the content of a call to CULR: an identifier, the library, a municipality number and credentials.

Nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.domain.netmedia.account import Operation

if TYPE_CHECKING:
    from cprsync.domain.netmedia.account import Call, Identity
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
            told = {} if call.municipality is None else {"municipalityNo": call.municipality}
            return own | {"userCredentials": _account(call.identity)} | signed | linked | told


def _account(identity: Identity) -> dict[str, str]:
    return {"userIdType": identity.type.value, "userIdValue": identity.value}


def _global(identity: Identity) -> dict[str, str]:
    return {"uidType": identity.type.value, "uidValue": identity.value}
