"""Koha over its REST API, by what is publicly known of it: hears of patrons, and shows where it differs from them.

Koha has no way to write only if nobody else has written: the record is read again
right before the write and right after it. What staff write between the last read and the write, a moment of one call,
is overwritten without a trace.

What is decided about a record is in `domain.outward.koha`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.outward.koha import (
    NOBODY,
    KohaRecord,
    differing,
    is_other_person,
    may_create,
    merge_koha_record,
    take_addresses_away,
)
from cprsync.domain.outward.koha_drift import KohaDrift, find_drift
from cprsync.domain.outward.koha_sides import belongs_there, compare_sides, find_match
from cprsync.domain.outward.sides import Match
from cprsync.errors import CprsyncError, TargetUnavailable
from cprsync.outward.koha_calls import KOHA, MAINTENANCE, TOGETHER, TOKENS, KohaCalls, KohaSaidNo
from cprsync.outward.koha_shown import write_body
from cprsync.outward.queued import send_queues
from cprsync.services.ports.outward import Delivered, TargetClient, TargetReader, Undelivered
from cprsync.wire.calls import CallSurroundings, Circuit, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from cprsync.domain.outward.sides import Sides, Withholding
    from cprsync.outward.settings import KohaSettings
    from cprsync.services.ports.outward import OutwardEffect

Outcome: TypeAlias = "Delivered | Undelivered | CprsyncError"
#: How often a patron is written that was changed meanwhile, or that Koha does not take.
_TIMES: Final = 2
#: These concern all patrons. Any other failure may be about this patron alone, until too many come in a row.
_ABOUT_ALL: Final = frozenset({MAINTENANCE, TOKENS, "target.unreachable", "target.certificate"})


class _LeftToStaff(Exception):
    """The patron cannot be written. `again`: after another look it may work."""

    def __init__(self, code: str, *, fields: tuple[str, ...] = (), again: bool = False) -> None:
        super().__init__(code)
        self.code, self.fields, self.again = code, fields, again


class KohaClient(TargetClient, TargetReader):
    """Koha as one library. Close it after use."""

    def __init__(self, settings: KohaSettings, *, today: Callable[[], date], surroundings: CallSurroundings) -> None:
        """Raises ConfigurationError before anything is sent."""
        self._settings, self._rules, self._today = settings, settings.rules, today
        self._koha = KohaCalls(settings, surroundings=surroundings)

    def close(self) -> None:
        self._koha.close()

    def send_many(self, queues: Iterable[Sequence[OutwardEffect]]) -> Iterator[tuple[OutwardEffect, Outcome]]:
        """Send the last effect of each queue, as the port describes.

        Koha holds one state of a patron. A sending that was killed may have told it the last one already: an earlier
        one would take Koha back to what is over.
        """
        circuit = Circuit(self._settings.limits.unanswered_in_a_row, KOHA)
        threads, last = self._settings.workers, (queue[-1:] for queue in queues)
        return send_queues(last, lambda effect: self._send(effect, circuit), threads=threads, circuit=circuit)

    def compare_many(self, expected: Sequence[OutwardEffect]) -> dict[str, tuple[KohaDrift, ...]]:
        """Compare patrons with what Koha is to hold, as the port describes."""
        shares = [expected[start : start + TOGETHER] for start in range(0, len(expected), TOGETHER)]
        circuit = Circuit(1, KOHA)
        found: dict[str, tuple[KohaDrift, ...]] = {}

        def carry_out(share: Sequence[OutwardEffect]) -> list[dict[str, tuple[KohaDrift, ...]] | CprsyncError]:
            return [] if circuit.is_open else [circuit.outcome_of(self._compare, share)]

        for outcome in side_by_side(shares, carry_out, threads=self._settings.workers, circuit=circuit):
            if isinstance(outcome, CprsyncError):
                raise outcome
            found |= outcome
        return found

    def look(self, expected: OutwardEffect, *, least: Withholding) -> Sides:
        """Read one patron, as the port describes."""
        ((_, (match, held)),) = self._find_all([expected])
        return compare_sides(match, held, expected.payload, self._rules, on=self._today(), least=least)

    # -- sending ----------------------------------------------------------------------------------------

    def _send(self, effect: OutwardEffect, circuit: Circuit) -> Outcome:
        """Send one effect, and count what became of it."""
        try:
            outcome = self._deliver(effect)
        except CprsyncError as error:
            circuit.note(error)
            is_about_all = not isinstance(error, TargetUnavailable) or error.kind in _ABOUT_ALL
            return error if circuit.is_open or is_about_all else Undelivered("no_answer")
        circuit.note(outcome)
        return outcome

    def _deliver(self, effect: OutwardEffect) -> Delivered | Undelivered:
        for time in range(_TIMES):
            try:
                return self._look_and_write(effect)
            except _LeftToStaff as left:
                if not left.again or time + 1 == _TIMES:
                    # staff see the code; the names of the fields help them to look in Koha
                    self._koha.log.info("koha.not_taken", patron=effect.patron_id, code=left.code, fields=left.fields)
                    return Undelivered(left.code, final=True, fields=left.fields)
        raise AssertionError("the last time has returned")

    def _look_and_write(self, effect: OutwardEffect) -> Delivered:
        """Read, merge, write, and read again. Raises _LeftToStaff."""
        present = self._find(effect)
        if present is None:
            return self._add(effect)
        wanted = self._merge(present, effect)
        if not differing(present, wanted):
            return Delivered(str(present.id), wrote=False)
        self._refuse_double(present, wanted, effect)
        self._write(present, wanted, effect)
        self._prove(present, effect)
        return Delivered(str(present.id))

    def _merge(self, present: KohaRecord, effect: OutwardEffect) -> KohaRecord:
        return merge_koha_record(present, effect.payload, self._rules, on=self._today())

    def _find(self, effect: OutwardEffect) -> KohaRecord | None:
        """The patron in Koha: by the id that we know, else by the attribute with the number. None: Koha has none."""
        known: KohaRecord | None = None
        if effect.remote is not None:
            patron_id = int(effect.remote)
            known = self._koha.make("read", lambda: self._koha.read(patron_id))
        if known is not None and not is_other_person(known, effect.payload, self._rules):
            return known
        ids = [] if effect.sought is None else self._ids_with(effect.sought)
        if len(ids) > 1:
            self._take_addresses_away(ids, effect)
            raise _LeftToStaff("two_patrons")
        if known is not None and not ids:
            raise _LeftToStaff("other_person")
        return self._koha.make("read", lambda: self._koha.read(ids[0])) if ids else None

    def _ids_with(self, number: str) -> list[int]:
        """Who has this number in Koha, in the attribute and not elsewhere."""
        code = self._rules.number
        found = self._koha.make("find", lambda: self._koha.find([number], code))
        return [one.id for one in found if one.id is not None and (code, number) in one.attributes]

    def _refuse_double(self, present: KohaRecord, wanted: KohaRecord, effect: OutwardEffect) -> None:
        """Check that nobody else in Koha has a new number, or a protected patron's. Raises _LeftToStaff."""
        number = wanted.attribute(self._rules.number)
        is_new = number != present.attribute(self._rules.number)
        if number is None or not (is_new or (effect.payload is not None and effect.payload["protected"])):
            return
        if others := [one for one in self._ids_with(number) if one != present.id]:
            self._take_addresses_away([*others, *([] if present.id is None else [present.id])], effect)
            raise _LeftToStaff("two_patrons")

    def _write(self, present: KohaRecord, wanted: KohaRecord, effect: OutwardEffect) -> None:
        assert present.id is not None  # noqa: S101 -- a patron of Koha has an id
        patron_id = present.id

        def once() -> None:
            # also at another try: the write whose answer was lost may have been done
            now = self._koha.read(patron_id)
            if now == present:
                self._koha.replace(patron_id, write_body(wanted))
            elif now is None or differing(now, self._merge(now, effect)):
                raise _LeftToStaff(
                    "changed_meanwhile", fields=() if now is None else differing(present, now), again=True
                )

        try:
            self._koha.make("write", once)
        except KohaSaidNo as refusal:
            self._take_addresses_away([patron_id], effect)
            raise _LeftToStaff(refusal.code, fields=differing(present, wanted), again=True) from None

    def _prove(self, present: KohaRecord, effect: OutwardEffect) -> None:
        """Read again, and compare. Raises _LeftToStaff: it is not there, or was changed at once."""
        assert present.id is not None  # noqa: S101 -- a patron of Koha has an id
        patron_id = present.id
        now = self._koha.make("read", lambda: self._koha.read(patron_id))
        if now is None:
            raise _LeftToStaff("deleted", again=True)
        if fields := differing(now, self._merge(now, effect)):
            raise _LeftToStaff("changed_meanwhile", fields=fields, again=True)

    def _take_addresses_away(self, ids: Sequence[int], effect: OutwardEffect) -> None:
        """Take the addresses of a protected patron away, though the rest cannot be written. Attributes stay."""
        if effect.payload is not None and not effect.payload["protected"]:
            return
        for patron_id in ids:
            present = self._koha.make("read", lambda one=patron_id: self._koha.read(one))  # type: ignore[misc]  # mypy takes the default for a parameter
            if present is None:
                continue
            bare = take_addresses_away(present, self._merge(present, effect))
            if differing(present, bare):
                body = write_body(bare, with_attributes=False)
                try:
                    self._koha.make("shut", lambda one=patron_id, body=body: self._koha.replace(one, body))  # type: ignore[misc]  # the same
                except KohaSaidNo:
                    continue  # a person looks at the patron anyway

    # -- adding -----------------------------------------------------------------------------------------

    def _add(self, effect: OutwardEffect) -> Delivered:
        """Add a patron whom Koha does not have, where the library wants that. Raises _LeftToStaff."""
        payload = effect.payload
        number = None if payload is None else payload.get("number")
        if payload is None or number is None or not may_create(payload, self._rules):
            return Delivered(wrote=False)
        if not self._rules.creates:
            raise _LeftToStaff("unknown_patron")
        wanted = self._merge(NOBODY, effect)
        if "surname" not in wanted.fields:
            raise _LeftToStaff("no_name")

        def once() -> int | None:
            # also at another try: the patron may have been added, and only the answer was lost
            if self._koha.find([number], self._rules.number):
                return None
            return self._koha.add(write_body(wanted))

        try:
            added = self._koha.make("add", once)
        except KohaSaidNo as refusal:
            raise _LeftToStaff(refusal.code, again=True) from None
        if added is None:
            raise _LeftToStaff("changed_meanwhile", again=True)
        self._prove(KohaRecord(added), effect)
        return Delivered(str(added))

    # -- comparing --------------------------------------------------------------------------------------

    def _compare(self, share: Sequence[OutwardEffect]) -> dict[str, tuple[KohaDrift, ...]]:
        return {one.patron_id: self._drift(one, *found) for one, found in self._find_all(share)}

    def _drift(self, effect: OutwardEffect, match: Match, held: Sequence[KohaRecord]) -> tuple[KohaDrift, ...]:
        match match:
            case Match.SEVERAL:
                return (KohaDrift.DOUBLE,)
            case Match.OTHER_PERSON:
                return (KohaDrift.OTHER_PERSON,)
            case Match.NOBODY:
                return (KohaDrift.ABSENT,) if belongs_there(effect.payload, self._rules) else ()
        return find_drift(held[0], effect.payload, self._rules, on=self._today())

    def _find_all(
        self, share: Sequence[OutwardEffect]
    ) -> Iterator[tuple[OutwardEffect, tuple[Match, tuple[KohaRecord, ...]]]]:
        """Yield Koha's patrons for each of these, read whole in a few calls."""
        numbers = [number for one in share if (number := one.sought) is not None]
        by_number: dict[str, list[int]] = defaultdict(list)
        code = self._rules.number
        if numbers:
            for record in self._koha.make("find", lambda: self._koha.find(numbers, code)):
                for value in {value for one, value in record.attributes if one == code and record.id is not None}:
                    by_number[value].append(record.id or 0)
        ids = {one for found in by_number.values() for one in found}
        ids |= {int(one.remote) for one in share if one.remote is not None}
        wanted = sorted(ids)
        records: dict[int | None, KohaRecord] = {}
        for start in range(0, len(wanted), TOGETHER):
            some = wanted[start : start + TOGETHER]
            read = self._koha.make("read", lambda some=some: self._koha.read_many(some))  # type: ignore[misc]  # mypy takes the default for a parameter
            records |= {one.id: one for one in read}
        for one in share:
            found = by_number.get(one.sought or "", [])
            known = None if one.remote is None else records.get(int(one.remote))
            numbered = [records[number] for number in found if number in records]
            yield one, find_match(known, numbered, one.payload, self._rules)
