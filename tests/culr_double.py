"""CULR in memory: the mock's accounts without the wire, for tests that want no threads, no TLS and no waiting.

It drives the same `settle_effect` as the client; a contract suite holds it against the client and the mock.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cprsync.domain.netmedia.account import (
    REFUSED,
    AccountCall,
    Code,
    CulrHolding,
    Effect,
    Identity,
    IdType,
    Operation,
    Reply,
    reading_of,
)
from cprsync.domain.netmedia.settling import Settled, Unsettled, settle_effect
from cprsync.errors import CprsyncError, NetMediaUnavailable
from cprsync.mock.town.culr_accounts import CulrAccounts, CulrRequest, CulrResult
from cprsync.netmedia.client import CulrCircuit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Forgetful:
    """A memory that keeps nothing."""

    def journal(self, _name: str) -> list[Any]:
        return []

    def append(self, _journal: str, _entry: Any) -> None:
        """Forget it."""


@dataclass
class CulrDouble:
    """One library's CULR. `accounts` is everybody's: two doubles may share them."""

    agency: str = "775100"
    accounts: CulrAccounts = field(default_factory=lambda: CulrAccounts(Forgetful()))  # type: ignore[arg-type]
    #: what the coming calls are answered with, first one first, in CULR's place: nothing is done
    failures: list[Code | CprsyncError] = field(default_factory=list)
    #: so many of the coming answers are lost, after what was asked is done
    lose: int = 0
    #: of all answers every so-manieth is lost in the same way
    loses_every: int = 0
    #: what every call is answered with while nobody answers
    down: CprsyncError | None = None
    #: what each call about these is answered with: nothing is done
    refuses: dict[Identity, Code] = field(default_factory=dict)
    unanswered_in_a_row: int = 20
    calls: list[AccountCall] = field(default_factory=list)

    def copy(self) -> CulrDouble:
        """Another CULR in the same state."""
        return deepcopy(self)

    def ours(self) -> set[Identity]:
        """What this library has accounts under."""
        keys = [key for patron in self.accounts.patrons for key in patron.accounts]
        return {Identity(IdType(kind), value) for agency, kind, value in keys if agency == self.agency}

    def holds(self, identity: Identity) -> str | None:
        """The municipality number that stands under it."""
        key = (self.agency, identity.type.value, identity.value)
        return next((patron.municipality for patron in self.accounts.patrons if key in patron.accounts), None)

    def states(self, identity: Identity) -> list[str]:
        """The municipality numbers that have stood there, in order."""
        key = (self.agency, identity.type.value, identity.value)
        [ordinal] = [patron.ordinal for patron in self.accounts.patrons if key in patron.accounts]
        return [one.after["municipality"] or "" for one in self.accounts.ledger if one.patron == ordinal]

    def send_many(
        self, queues: Iterable[Sequence[Effect]]
    ) -> Iterator[tuple[Effect, Settled | Unsettled | CprsyncError]]:
        circuit = CulrCircuit(self.unanswered_in_a_row)
        for queue in queues:
            for effect in queue:
                outcome = circuit.note(self._settled(effect))
                yield effect, outcome
                settled = isinstance(outcome, Settled) or (isinstance(outcome, Unsettled) and outcome.code in REFUSED)
                if circuit.is_open or not settled:
                    break
            if circuit.is_open:
                return

    def read_many(
        self, identities: Iterable[Identity]
    ) -> Iterator[tuple[Identity, CulrHolding | Unsettled | CprsyncError]]:
        circuit = CulrCircuit(self.unanswered_in_a_row)
        for identity in identities:
            yield identity, circuit.note(self._read(identity))
            if circuit.is_open:
                return

    def _settled(self, effect: Effect) -> Settled | Unsettled | CprsyncError:
        calls = settle_effect(effect, agency=self.agency)
        try:
            call = next(calls)
            while True:
                call = calls.send(self._answer(call))
        except StopIteration as ended:
            outcome: Settled | Unsettled = ended.value
            return outcome
        except CprsyncError as error:
            return error

    def _read(self, identity: Identity) -> CulrHolding | Unsettled | CprsyncError:
        try:
            reply = self._answer(reading_of(identity))
        except CprsyncError as error:
            return error
        if reply.held is not None:
            return reply.held
        return CulrHolding(account=False) if reply.code is Code.MISSING else Unsettled(reply.code)

    def _answer(self, call: AccountCall) -> Reply:
        if self.down is not None:
            raise self.down
        self.calls.append(call)
        if call.identity in self.refuses:
            return Reply(self.refuses[call.identity])
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, CprsyncError):
                raise failure
            return Reply(failure)
        result = self._carried_out(call)
        if self.lose or (self.loses_every and len(self.calls) % self.loses_every == 0):
            self.lose = max(0, self.lose - 1)
            raise NetMediaUnavailable("CULR reports a fault of its own")
        if result.patron is None:
            return Reply(Code(result.code))
        ours = frozenset(
            Identity(IdType(kind), value) for agency, kind, value in result.accounts if agency == self.agency
        )
        agencies = frozenset(agency for agency, _, _ in result.accounts)
        return Reply(Code(result.code), CulrHolding(call.identity in ours, result.patron.municipality, agencies, ours))

    def _carried_out(self, call: AccountCall) -> CulrResult:
        kind, value = call.identity.type.value, call.identity.value
        if call.operation is Operation.READ_GLOBAL:
            return self.accounts.accounts_of_number(value)
        if call.operation is Operation.READ_LOCAL:
            return self.accounts.accounts_of_account(self.agency, value)
        other = None if call.other is None else (call.other.type.value, call.other.value)
        return self.accounts.carry_out(
            CulrRequest(
                call.operation.value,
                self.agency,
                kind,
                value,
                call.municipality,
                uid=call.uid and call.uid.value,
                other=other,
            )
        )
