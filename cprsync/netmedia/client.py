"""CULR over SOAP: settles effects and reads accounts. Each call has a limit on time, size and tries.

A call holds an identifier, the library, a municipality number and credentials, and nothing else. In an answer, elements
are found by name, in any namespace and order, with anything that a later version adds. A code that is not known counts
as unknown, which is no success. No error quotes the answer.
"""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, TypeVar

from lxml import etree

from cprsync.domain.netmedia.account import (
    FORBIDDEN,
    REFUSED,
    Code,
    CulrHolding,
    Identity,
    IdType,
    Operation,
    Reply,
    reading_of,
)
from cprsync.domain.netmedia.settling import Settled, Unsettled, settle_effect
from cprsync.errors import (
    ConfigurationError,
    CprsyncError,
    NetMediaRefused,
    NetMediaUnavailable,
    NetMediaUntrusted,
)
from cprsync.private import read_password
from cprsync.services.ports.netmedia import NetMedia
from cprsync.wire.calls import Calls, CallSurroundings, Circuit, Peer, side_by_side
from cprsync.wire.errors import AnswerBroken, CallFailed, OursRefused, PeerUntrusted
from cprsync.wire.parsing import FAULT, Contract, payload, root_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import requests

    from cprsync.domain.netmedia.account import AccountCall, Effect
    from cprsync.netmedia.settings import NetMediaSettings
    from cprsync.resources import Schemas

R = TypeVar("R")

_WSDL, _BINDING = "CulrWebService1.wsdl", "{http://ws.culrservice.dbc.dk/}CulrWebServicePortBinding"
_OK = 200
_CODES: Final = {code.value: code for code in Code}
_TYPES: Final = {kind.value: kind for kind in IdType}
#: The known answers wrap a result in one of these.
_WRAPPERS: Final = frozenset({"return", "result"})
_AGENCY: Final = re.compile(r"[0-9]{6}", re.ASCII)
_MUNICIPALITY: Final = re.compile(r"[0-9]{1,4}", re.ASCII)


def _translate(error: CallFailed) -> CprsyncError:
    """CULR's error for one of a call."""
    match error:
        case AnswerBroken():
            return NetMediaUnavailable("CULR's answer cannot be read: {why}", why=error, kind="netmedia.bad_answer")
        case PeerUntrusted():
            return NetMediaUntrusted("CULR's certificate is not to be trusted: {why}", why=error)
        case OursRefused():
            return NetMediaUnavailable("CULR does not answer: {why}", why=error, kind="netmedia.tls")
        case _:
            return NetMediaUnavailable("CULR does not answer: {why}", why=error, kind=f"netmedia.{error.kind}")


_CULR = Peer("netmedia", _translate, unanswered=NetMediaUnavailable, hopeless=(ConfigurationError, NetMediaUntrusted))


class CulrCircuit(Circuit):
    """Opens after too many refusals in a row as well.

    By DBC's public sources, CULR refuses every patron of an agency if the group may not act for it. Staff must not have
    to review all of them.
    """

    def __init__(self, ceiling: int) -> None:
        super().__init__(ceiling, _CULR)
        self._refused = 0

    def note(self, outcome: R) -> R | CprsyncError:
        """Count an outcome and return it. One refusal too many is returned as the library's fault, not the patron's."""
        noted = super().note(outcome)
        code = outcome.code if isinstance(outcome, Unsettled) else None
        with self._lock:
            self._refused = self._refused + 1 if code in REFUSED else 0
            self.is_open |= code in FORBIDDEN
            if code is None or self._refused < self.ceiling:
                return noted
            self.is_open = True
            return NetMediaRefused(
                "CULR answers {code} of {ceiling} patrons in a row",
                code=code.value,
                ceiling=self.ceiling,
                kind="netmedia.refused_in_a_row",
            )


class SoapNetMedia(NetMedia):
    """CULR as one library, over TLS. Close it after use."""

    def __init__(self, settings: NetMediaSettings, *, schemas: Schemas, surroundings: CallSurroundings) -> None:
        """Raises ConfigurationError before anything is sent."""
        from cprsync.wire.service import Service  # loads zeep, which takes 0.3 s

        self._settings = settings
        self._password = read_password(settings.password_file)
        self._calls = Calls(_CULR, settings, identity=None, surroundings=surroundings)
        self._channel, contract = self._calls.channel, Contract(schemas.net_media)
        self._service = Service(
            _WSDL, _BINDING, url=settings.url, channel=self._channel, contract=contract, breach=_breach
        )

    def close(self) -> None:
        """Close the open connections."""
        self._calls.close()

    # -- the port ------------------------------------------------------------------------------------

    def send_many(
        self, queues: Iterable[Sequence[Effect]]
    ) -> Iterator[tuple[Effect, Settled | Unsettled | CprsyncError]]:
        """Settle the effects of each queue in order, the queues side by side, as the port describes."""
        circuit = self._circuit()

        def carry_out(queue: Sequence[Effect]) -> list[tuple[Effect, Settled | Unsettled | CprsyncError]]:
            done: list[tuple[Effect, Settled | Unsettled | CprsyncError]] = []
            for effect in queue:
                if circuit.is_open:
                    break
                outcome = circuit.outcome_of(self._settle, effect)
                done.append((effect, outcome))
                # after a refused effect, which staff must look at, the next may follow: it sets a state of its own
                if not (isinstance(outcome, Settled) or (isinstance(outcome, Unsettled) and outcome.code in REFUSED)):
                    break
            return done

        yield from side_by_side(queues, carry_out, threads=self._threads, circuit=circuit, touches=_touched_by)

    def read_many(
        self, identities: Iterable[Identity]
    ) -> Iterator[tuple[Identity, CulrHolding | Unsettled | CprsyncError]]:
        """Read the accounts under each identity, in any order. Stops early as `send_many` does."""
        circuit = self._circuit()

        def carry_out(identity: Identity) -> list[tuple[Identity, CulrHolding | Unsettled | CprsyncError]]:
            return [] if circuit.is_open else [(identity, circuit.outcome_of(self._read, identity))]

        yield from side_by_side(identities, carry_out, threads=self._threads, circuit=circuit)

    # -- one at a time ---------------------------------------------------------------------------------

    def _settle(self, effect: Effect) -> Settled | Unsettled:
        calls = settle_effect(effect, agency=self._settings.agency)
        try:
            call = next(calls)
            while True:
                call = calls.send(self.ask(call))
        except StopIteration as ended:
            outcome: Settled | Unsettled = ended.value
            return outcome

    def _read(self, identity: Identity) -> CulrHolding | Unsettled:
        reply = self.ask(reading_of(identity))
        if reply.held is not None:
            return reply.held
        return CulrHolding(account=False) if reply.code is Code.MISSING else Unsettled(reply.code)

    def ask(self, call: AccountCall) -> Reply:
        """Make one call, and try again if nobody answers. Raises NetMediaUnavailable, ConfigurationError."""
        return self._calls.make(call.operation.value, lambda: self._once(call), outcome=lambda reply: reply.code.value)

    def _once(self, call: AccountCall) -> Reply:
        parts = _build_call(call, self._settings, password=self._password)
        with self._channel.deadline(self._settings.url, self._settings.answer.seconds):
            element = self._receive(self._service.send(call.operation.value, **parts))
        return parse_reply(call, element, agency=self._settings.agency)

    def _receive(self, response: requests.Response) -> etree._Element:
        with closing(response):
            # CULR answers errors with 200 too: any other status is a fault, or a gateway's page
            if response.status_code != _OK:
                raise NetMediaUnavailable(
                    "CULR answers HTTP {status}", status=response.status_code, kind="netmedia.http"
                )
            element = payload(root_of(response, self._settings.answer))
        if element.tag == FAULT:
            raise NetMediaUnavailable("CULR reports a fault of its own", kind="netmedia.fault")
        return element

    # -- inside ------------------------------------------------------------------------------------------

    @property
    def _threads(self) -> int:
        """A quarter more threads than calls: while calls wait for CULR, the rest write and read."""
        return self._settings.workers + self._settings.workers // 4

    def _circuit(self) -> CulrCircuit:
        return CulrCircuit(self._settings.limits.unanswered_in_a_row)


def _touched_by(queue: Sequence[Effect]) -> set[Identity]:
    return {identity for effect in queue for identity in effect.touches}


def _breach(what: str) -> ConfigurationError:
    return ConfigurationError(
        "a request of ours breaks CULR's contract ({what}): check agency, user and group",
        what=what,
        kind="netmedia.request",
    )


def _build_call(call: AccountCall, settings: NetMediaSettings, *, password: str) -> dict[str, Any]:
    """Return the parts of the operation's element, by their names in CULR's contract."""
    own = {"agencyId": settings.agency}
    signed = {
        "authCredentials": {"userIdAut": settings.user, "groupIdAut": settings.group, "passwordAut": password},
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


def parse_reply(call: AccountCall, element: etree._Element, *, agency: str) -> Reply:
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


def _parse_held(call: AccountCall, result: etree._Element, agency: str) -> CulrHolding:
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
    return CulrHolding(found, numbers[0] if numbers else None, frozenset(agencies), ours)


def _children(element: etree._Element) -> Iterator[etree._Element]:
    return element.iterchildren("*")


def _find_named(element: etree._Element, name: str) -> list[etree._Element]:
    return [part for part in _children(element) if _name(part) == name]


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _text(element: etree._Element) -> str:
    return (element.text or "").strip()
