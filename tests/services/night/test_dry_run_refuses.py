"""A dry run reads: a write that nobody allowed is refused, also one that is added to the store tomorrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from culr_double import CulrDouble
from doubles import MONDAY, happened
from sqlalchemy import update
from townspeople import cpr, gains_protection, moves, person
from whole import verify_audit

from cprsync.domain.patron.local import Local
from cprsync.domain.policy.policy import Policy
from cprsync.errors import StoreUnavailable
from cprsync.services.night.dry_run import PlanStore, ReadOnlyNetMedia, plan_night
from cprsync.services.ports.patrons import NewPatron
from cprsync.services.ports.runs import DuePage, Run
from cprsync.store import tables
from cprsync.store.core.engine import read_only, reading, writing
from cprsync.store.patrons.patrons import SqlPatrons
from cprsync.store.seals.failures import ReadOnly, StoreFault
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from doubles import Library

    from cprsync.store.core.tenant import Tenant

#: What a plan leaves behind: whom it looked up.
LEFT = {"audit", "audit_head"}
CHANGE = update(tables.agreement).values(task="654321")


class PatronsOfTomorrow(SqlPatrons):
    """It has a write that nobody has thought of, and a reading that has begun to write."""

    def note_down(self) -> None:
        """A new write of a night."""
        with writing(self._tenant.engine) as connection:
            connection.execute(CHANGE)

    def count(self) -> int:
        """A reading that has begun to keep count."""
        self.note_down()
        return super().count()


class NewlyWritten(SqlStore):
    """The store of tomorrow."""

    def _bind(self, tenant: Tenant) -> None:
        super()._bind(tenant)
        self.patrons = PatronsOfTomorrow(tenant)


def of_tomorrow(library: Library) -> Any:
    store = NewlyWritten.__new__(NewlyWritten)
    store._bind(library.store._tenant)
    return store


def test_a_write_that_is_new_is_refused_in_a_dry_run(either_library: Library) -> None:
    library = either_library
    store = of_tomorrow(library)
    before = library.everything()
    with pytest.raises(ReadOnly) as refused:
        PlanStore(store).patrons.note_down()
    assert refused.value.kind == "store.read_only"
    assert library.everything() == before
    store.patrons.note_down()
    assert library.everything() != before, "it would have written"


def test_a_dry_run_ends_at_a_reading_that_has_begun_to_write(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY, moves(person("ANNA")), gains_protection(person("CLARA")))
    before = library.everything()
    for _ in range(2):
        with pytest.raises(ReadOnly):
            plan_night(library.ports(of_tomorrow(library)))
        after = library.everything()
        assert {table for table, rows in after.items() if rows != before[table]} <= LEFT
        assert happened(after) == happened(before)
    assert library.night().exit_code == 0
    assert library.record("ANNA") == moves(person("ANNA"))


def run_of(library: Library) -> Run:
    return Run(0, 0, library.clock.today(), library.clock.now())


#: Writes of the store, as a night or the desk makes them.
WRITES: dict[str, Callable[[Library, Any], object]] = {
    "repair_accounts": lambda _, store: store.account_repairs.repair(None, []),
    "see_accounts": lambda library, store: store.account_repairs.see(None, [], gone=[library.id_of("ANNA")]),
    "settle": lambda _, store: store.outbox.settle(None, []),
    "live_day": lambda library, store: store.calendar.live_day(run_of(library), DuePage(MONDAY, 100), Policy()),
    "derive_rights": lambda library, store: store.rights.derive(run_of(library), DuePage(MONDAY, 100), Policy()),
    "derive_again": lambda library, store: store.rights.derive_again([library.id_of("ANNA")], Policy(), on=MONDAY),
    "keep_rights_stamp": lambda library, store: store.rights.keep_stamp(run_of(library), "x"),
    "keep_calendar_stamp": lambda library, store: store.calendar.keep_stamp(run_of(library), "x"),
    "forget_earlier_turns": lambda library, store: store.rights.forget_earlier_turns(run_of(library)),
    "import_patrons": lambda _, store: store.imports.take_patrons([NewPatron(cpr("EDITH"), Local())], apply=True),
    "leave": lambda library, store: store.leaving.leave(library.id_of("ANNA"), user="lone"),
    "erase": lambda library, store: store.erasing.erase(library.id_of("ANNA"), user="lone"),
    "intend_at_desk": lambda library, store: store.desk.intend(
        cpr("ANNA"), purpose="renewal", user="lone", patron_id=library.id_of("ANNA")
    ),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_write_of_the_night_or_the_desk_is_refused_in_a_dry_run(library: Library, write: str) -> None:
    before, journal = library.everything(), journal_of(library)
    with pytest.raises(ReadOnly):
        WRITES[write](library, PlanStore(library.store))
    assert (library.everything(), journal_of(library)) == (before, journal)
    verify_audit(library.store)


def journal_of(library: Library) -> bytes | None:
    path = library.folder / "erase-journal.log"
    return path.read_bytes() if path.exists() else None


def test_the_database_refuses_a_write_where_a_plan_reads_and_takes_the_next_one(either_library: Library) -> None:
    engine = either_library.engine
    before = either_library.everything()
    for _ in range(2):
        with pytest.raises((StoreFault, StoreUnavailable)), reading(read_only(engine)) as connection:
            connection.execute(CHANGE)
        with pytest.raises(ReadOnly), writing(read_only(engine)):
            pytest.fail("no transaction is begun")
    assert either_library.everything() == before
    with writing(engine) as connection:
        connection.execute(CHANGE)
    assert either_library.everything() != before


def test_nobody_can_be_told_of_in_a_dry_run() -> None:
    told: Any = ReadOnlyNetMedia(CulrDouble())
    assert list(told.read_many([])) == []
    with pytest.raises(AttributeError):
        told.send_many([])
    with pytest.raises(AttributeError):
        told.whatever_comes_next()
