"""Faults on command: what can go wrong, and how many times it still will.

Knows a fault's name and which calls it concerns. What a damaged answer looks like is in `soap.messages`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

from cprsync.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TIMES_MAX = 10_000
SECONDS_MAX = 120.0

#: The kinds that damage the answer to a call, each with a description.
CALL_KINDS: dict[str, str] = {
    "http-500-html": "HTTP 500 with a page of HTML",
    "empty-200": "HTTP 200 with nothing",
    "truncated": "an answer that ends in the middle",
    "oversized": "an answer of more than 2 MiB",
    "other-person": "an answer about somebody else",
    "wrong-root": "an answer of another operation",
    "slow": "an answer after some seconds",
    "close": "the connection is dropped",
    "bad-schema": "an answer that breaks the schema",
    "platform-fault": "a soap:Fault of the platform's own",
    "instruction": "an answer with a processing instruction",
    "utf-16": "an answer in UTF-16",
    "mojibake": "an answer whose letters beyond ASCII are UTF-8 read as ISO-8859-1",
}
#: Those that can be seen only in an answer about a person.
OF_A_PERSON = frozenset({"other-person", "mojibake"})
#: The kinds that concern a new connection to the register's services.
TLS_KINDS: dict[str, str] = {
    "tls-expired": "the register shows a certificate that has ended",
    "tls-other-ca": "the register shows a certificate of an authority that nobody trusts",
    "tls-other-host": "the register shows a certificate of another host",
    "tls-refuse": "the register refuses the certificate that it is shown",
}
#: Damages the next night's delivery.
HALF_FILE = "half-file"
#: Leaves the companion of the next night's delivery away.
NO_METADATA = "no-metadata"
#: The kinds that concern the fetching of deliveries.
SFTP_KINDS: dict[str, str] = {
    "sftp-refuse": "the key is not accepted, for one connection",
    "sftp-cut": "the connection drops in the middle of a delivery",
    "sftp-slow": "a delivery's first bytes come after some seconds",
    "sftp-trickle": "each answer about a delivery holds one byte, and comes after some seconds",
}
#: The kinds that concern calls to CULR.
CULR_KINDS: dict[str, str] = {
    "culr-lost": "it is done, and the connection is dropped before the answer",
    "culr-500": "it is done, and answered with HTTP 500",
    "culr-garbage": "it is done, and answered with what is no SOAP",
    "culr-slow": "it is done at once, and answered after some seconds",
    "culr-down": "nothing is done, and the connection is dropped",
    "culr-fault": "nothing is done, and answered with a soap:Fault",
    "culr-credentials": "nothing is done: COULD_NOT_AUTHENTICATE",
    "culr-authorisation": "nothing is done: NO_AUTHORISATION",
    "culr-illegal": "nothing is done: ILLEGAL_ARGUMENT",
    "culr-transaction": "nothing is done: TRANSACTION_ERROR",
    "culr-program": "nothing is done: PROGRAM_ERROR",
    "culr-unknown": "nothing is done: a code that is in no list",
}
#: The kinds that concern the identity provider.
IDENTITY_KINDS: dict[str, str] = {
    "oidc-down": "it is out of order",
    "oidc-slow": "it answers after some seconds",
    "oidc-state": "a browser is sent back with another state",
    "oidc-sender": "a browser is sent back in another provider's name",
    "oidc-nonce": "a token of another sign-in",
    "oidc-audience": "a token for another program",
    "oidc-issuer": "a token of another provider",
    "oidc-expired": "a token that has expired",
    "oidc-none": "a token that nobody signed",
    "oidc-signature": "a token that another key signed",
    "oidc-key": "a token that an unknown key signed",
    "oidc-level": "a token of a lower level than was asked for",
    "oidc-no-level": "a token that says nothing of a level",
    "oidc-thin": "a token that says who alone: the rest is on the page of claims",
    "oidc-claims": "the page of claims is about another person",
    "oidc-claims-down": "the page of claims is out of order",
}
#: The kinds that concern FBS.
FBS_KINDS: dict[str, str] = {
    "fbs-500": "HTTP 500 with a page of HTML",
    "fbs-down": "the connection is dropped",
    "fbs-slow": "an answer after some seconds",
    "fbs-garbage": "HTTP 200 with a page of HTML",
    "fbs-credentials": "a log-in is refused",
    "fbs-forbidden": "HTTP 403: the library may not read patrons",
    "fbs-gone": "HTTP 404 with a page of HTML: the call is there no more",
    "fbs-absent": "HTTP 404 that says that the patron is not there",
    "fbs-expired": "every session has ended",
    "fbs-null": "a patron of whom every fact is null",
    "fbs-thin": "a patron who has only a number",
    "fbs-unknown-block": "a patron with a block whose code is on no list, and one that is null",
    "fbs-other": "another patron",
    "fbs-locked": "a patron who is locked out after wrong PINs, and is not shown",
}
#: The kinds that concern calls to Koha.
KOHA_KINDS: dict[str, str] = {
    "koha-lost": "a write is done, and the connection is dropped before the answer",
    "koha-500": "a write is done, and answered with HTTP 500",
    "koha-garbage": "it is done, and answered with a page of HTML",
    "koha-slow": "it is done at once, and answered after some seconds",
    "koha-down": "nothing is done, and the connection is dropped",
    "koha-maintenance": "nothing is done: HTTP 503",
    "koha-expired": "nothing is done: the token has expired before its time",
    "koha-forbidden": "nothing is done: the permission is missing",
    "koha-gone": "nothing is done: HTTP 404 with a page of HTML, of a server before Koha",
    "koha-blocked": "nothing is done: HTTP 403 with a page of HTML, of a server before Koha",
    "koha-moved": "nothing is done: a redirect",
}
#: The kinds that concern the receiver of webhooks.
WEBHOOK_KINDS: dict[str, str] = {
    "hook-lost": "a post is taken, and the connection is dropped before the answer",
    "hook-slow": "a post is taken at once, and answered after some seconds",
    "hook-500": "nothing is taken: HTTP 500",
    "hook-busy": "nothing is taken: HTTP 429, with Retry-After",
    "hook-maintenance": "nothing is taken: HTTP 503",
    "hook-refuse": "nothing is taken: HTTP 400",
    "hook-gone": "nothing is taken: HTTP 404",
    "hook-forbidden": "nothing is taken: HTTP 401",
    "hook-moved": "nothing is taken: a redirect",
    "hook-down": "nothing is taken, and the connection is dropped",
}
#: What passes by itself, such as a bad line or a busy server: of the register, deliveries and CULR; and of what is
#: served on request, by how its faults begin.
PASSING = (
    *("http-500-html", "truncated", "slow", "close", "platform-fault"),
    *("sftp-cut", "sftp-slow"),
    *("culr-lost", "culr-500", "culr-slow", "culr-down", "culr-transaction"),
)
PASSING_ON_REQUEST: dict[str, tuple[str, ...]] = {
    "fbs-": ("fbs-500", "fbs-down", "fbs-slow", "fbs-expired"),
    "koha-": ("koha-lost", "koha-500", "koha-slow", "koha-down", "koha-maintenance", "koha-expired"),
    "hook-": ("hook-lost", "hook-slow", "hook-500", "hook-busy", "hook-maintenance", "hook-down"),
}
_OF_LIBRARIES = (*FBS_KINDS, *KOHA_KINDS, *WEBHOOK_KINDS)
_KINDS = (*CALL_KINDS, *TLS_KINDS, HALF_FILE, NO_METADATA, *SFTP_KINDS, *CULR_KINDS, *IDENTITY_KINDS, *_OF_LIBRARIES)


@dataclass(frozen=True, slots=True)
class TownFault:
    """One kind of fault, and how many times it is still to happen."""

    kind: str
    times: int = 1
    seconds: float = 5.0
    #: it happens to about this share of the calls that it concerns, drawn from the seed
    share: float = 1.0
    seed: int = 0
    #: how many calls it has concerned so far
    seen: int = 0

    def next_call(self) -> TownFault:
        return replace(self, seen=self.seen + 1)

    @property
    def is_due(self) -> bool:
        """Whether it happens to the last call that was counted."""
        return self.share >= 1 or Random(f"{self.seed} {self.seen}").random() < self.share  # noqa: S311 -- a draw


def read_fault(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A fault as a request to the control asks for it: what `FaultScript.add` takes. Raises BadInput."""
    times, seconds = asked.get("times", 1), asked.get("seconds", 5.0)
    if not isinstance(times, int) or not isinstance(seconds, int | float) or isinstance(times, bool):
        raise BadInput("times and seconds are numbers", kind="mock.fault")
    if seconds > SECONDS_MAX:
        raise BadInput("a fault takes at most {most} seconds", most=f"{SECONDS_MAX:.0f}", kind="mock.fault")
    share, seed = asked.get("share", 1.0), asked.get("seed", 0)
    if not isinstance(share, int | float) or isinstance(share, bool) or not isinstance(seed, int):
        raise BadInput("share and seed are numbers", kind="mock.fault")
    kind = str(asked.get("kind"))
    return {"kind": kind, "times": times, "seconds": float(seconds), "share": float(share), "seed": seed}


class FaultScript:
    """The faults to come, in the order in which they were asked for."""

    def __init__(self, faults: list[TownFault]) -> None:
        self._faults = faults

    @classmethod
    def parse(cls, rows: list[dict[str, Any]]) -> FaultScript:
        return cls([TownFault(**row) for row in rows])

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._faults]

    def add(self, kind: str, *, times: int, seconds: float, share: float = 1.0, seed: int = 0) -> None:
        """Ask for a fault.

        Raises:
            BadInput: the kind is unknown, or it is too often or too slow.
        """
        if kind not in _KINDS:
            raise BadInput("no such fault; there are {named}", named=", ".join(_KINDS), kind="mock.fault")
        if not (1 <= times <= TIMES_MAX and 0 <= seconds <= SECONDS_MAX):
            raise BadInput("a fault happens 1 to 10000 times and takes at most 120 seconds", kind="mock.fault")
        if not 0 < share <= 1:
            raise BadInput("a fault meets a share of the calls, above 0 and up to 1", kind="mock.fault")
        self._faults.append(TownFault(kind, times, seconds, share, seed))

    def clear(self) -> None:
        """Cancel all faults."""
        self._faults.clear()

    def take(self, kinds: Collection[str]) -> TownFault | None:
        """The fault of one of these kinds, if one is due."""
        for position, fault in enumerate(self._faults):
            if fault.kind not in kinds:
                continue
            fault = self._faults[position] = fault.next_call()  # noqa: PLW2901 -- the same fault, counted once more
            if fault.is_due:
                left = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                self._faults[position : position + 1] = left
                return fault
        return None
