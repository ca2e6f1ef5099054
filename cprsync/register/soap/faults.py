"""Turns the platform's faults into our errors, by one table.

A fault's text may hold anything, so only the CallUUID is kept, which the platform's helpdesk asks for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cprsync.errors import CprsyncError, NoSuchPerson, RegisterRefused, RegisterUnavailable

if TYPE_CHECKING:
    from lxml import etree

_CALL = re.compile(r"CallUUID:\s*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b", re.IGNORECASE)


class Meaning(NamedTuple):
    """What a fault means to us."""

    error: type[CprsyncError]
    kind: str
    message: str


#: From a part of the fault's text, in any case, to its meaning. The first match counts.
FAULTS: dict[str, Meaning] = {
    "pnr not found": Meaning(NoSuchPerson, "register.no_such_person", "the register does not know the number"),
    "pnrnotfound": Meaning(NoSuchPerson, "register.no_such_person", "the register does not know the number"),
    "security model": Meaning(
        RegisterRefused, "register.context", "the register does not take the context model that we sent"
    ),
    "agreement": Meaning(
        RegisterRefused, "register.agreement", "the register does not accept our service agreement for this call"
    ),
    "certificate": Meaning(
        RegisterRefused, "register.certificate", "the register does not accept our certificate for this call"
    ),
    "unmarshalling": Meaning(RegisterRefused, "register.request", "the register finds our request malformed"),
    "schema": Meaning(RegisterRefused, "register.request", "the register finds our request malformed"),
}
#: By SOAP 1.1's fault codes: the fault is ours, or it is theirs and may pass.
_CLIENT = Meaning(RegisterRefused, "register.refused", "the register refuses the call as our mistake")
_SERVER = Meaning(RegisterUnavailable, "register.fault", "the register reports a fault of its own")


def parse_fault(fault: etree._Element) -> CprsyncError:
    """Return the error that a soap:Fault means."""
    text = " ".join(str(part) for part in fault.itertext())
    meaning = _meaning(text.lower(), code=fault.findtext("faultcode", "").rpartition(":")[2].strip())
    call = _CALL.search(text)
    if call is None:
        return meaning.error(meaning.message, kind=meaning.kind)
    return meaning.error("{why} (CallUUID {call})", why=meaning.message, call=call[1], kind=meaning.kind)


def _meaning(text: str, *, code: str) -> Meaning:
    for part, meaning in FAULTS.items():
        if part in text:
            return meaning
    # SOAP 1.1 allows `Client.Authentication` and the like.
    return _CLIENT if code.split(".", maxsplit=1)[0] in {"Client", "VersionMismatch", "MustUnderstand"} else _SERVER
