"""What the pages say of CULR, in memory: for tests of whoever decides which call comes next, without a wire."""

from __future__ import annotations

from dataclasses import dataclass, field

from cprsync.domain.netmedia.account import NOWHERE, AccountCall, Code, CulrHolding, Identity, Operation, Reply

OURS, THEIRS = "775100", "710100"


@dataclass
class Culr:
    """What the pages say of CULR, for one library; a second one has accounts that ours may share a patron with."""

    ours: set[Identity] = field(default_factory=set)
    foreign: set[Identity] = field(default_factory=set)
    municipality: dict[Identity, str] = field(default_factory=dict)
    calls: list[AccountCall] = field(default_factory=list)
    #: account -> the CPR account whose patron it was linked to
    linked: dict[Identity, Identity] = field(default_factory=dict)
    #: each change of a municipality number, in order
    ledger: list[tuple[Identity, str]] = field(default_factory=list)

    def answer(self, call: AccountCall) -> Reply:
        self.calls.append(call)
        match call.operation:
            case Operation.CREATE:
                return self._create(call)
            case Operation.UPDATE | Operation.READ if call.identity not in self.ours:
                return Reply(Code.MISSING)
            case Operation.UPDATE:
                self._set(call.identity, call.municipality)
            case Operation.READ | Operation.READ_GLOBAL | Operation.READ_LOCAL:
                return self._read(call)
            case Operation.DELETE:
                return self._delete(call.identity)
            case Operation.MERGE:
                return self._merge(call)
        return Reply(Code.OK)

    def _read(self, call: AccountCall) -> Reply:
        number = self.municipality.get(call.identity)
        if call.operation is Operation.READ:
            return Reply(Code.OK, CulrHolding(account=True, municipality=number))
        person = self._person(call.identity)
        ours = frozenset(one for one in self.ours if self._person(one) == person)
        held = CulrHolding(
            call.identity in ours,
            number,
            frozenset((*((OURS,) if ours else ()), *((THEIRS,) if call.identity in self.foreign else ()))),
            ours,
        )
        # a number of the library's own is asked for as an account, and a CPR number as a person
        known = held.agencies if call.operation is Operation.READ_GLOBAL else held.account or THEIRS in held.agencies
        return Reply(Code.OK, held) if known else Reply(Code.MISSING)

    def _person(self, identity: Identity) -> Identity:
        return self.linked.get(identity, identity)

    def _merge(self, call: AccountCall) -> Reply:
        if call.other is None or not {call.identity, call.other} <= self.ours:
            return Reply(Code.MISSING)
        self.linked[call.other] = call.identity
        return Reply(Code.OK)

    def _create(self, call: AccountCall) -> Reply:
        if call.identity in self.ours:
            return Reply(Code.EXISTS)
        self.ours.add(call.identity)
        if call.uid is not None:
            self.linked[call.identity] = call.uid
        if call.municipality is not None and call.identity not in self.foreign:
            self._set(call.identity, call.municipality)
        return Reply(Code.OK)

    def _delete(self, identity: Identity) -> Reply:
        if identity not in self.ours:
            return Reply(Code.MISSING)
        self.ours.remove(identity)
        self.linked.pop(identity, None)
        if identity not in self.foreign:
            self.municipality.pop(identity, None)
        return Reply(Code.OK)

    def _set(self, identity: Identity, municipality: str | None) -> None:
        if (municipality or NOWHERE) != self.municipality.get(identity, NOWHERE):
            self.ledger.append((identity, municipality or NOWHERE))
        if municipality:
            self.municipality[identity] = municipality
        else:
            self.municipality.pop(identity, None)

    def holds(self, identity: Identity) -> str | None:
        return self.municipality.get(identity)

    def states(self, identity: Identity) -> list[str]:
        """The municipality numbers that stood under it, in order."""
        return [municipality for one, municipality in self.ledger if one == identity]
