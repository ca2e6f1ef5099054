"""Nights, desks and whoever answers a review write at once: they wait for one another, and none in a circle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from ready_databases import fresh_database
from store_people import AGENCY, AGREEMENT, MONDAY, STARTED, StoppedClock, enrol, local, number, person
from whole import patron_ids, verify_audit

from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.patron.review import BIRTH_DIFFERS, BLOCK_DEAD, State
from cprsync.domain.person.sealed import Name
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Policy
from cprsync.errors import LostCompare
from cprsync.services.ports.desk import Correction, DeskEntry, GivenAnswer, LocalChange
from cprsync.services.ports.patrons import Batch, NewPatron, Write
from cprsync.services.ports.register import Subscribed
from cprsync.services.ports.runs import DuePage
from cprsync.store.core.engine import open_engine
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cprsync.services.ports.runs import Run
    from cprsync.store.seals.keys import Keyring

PATRONS = 12
ROUNDS = 12
DESKS = 4
#: How often a desk or a night decides again here; each lost compare is another's success.
TRIES = 500
POLICY = Policy()


@pytest.fixture
def shared(postgresql: str, keyring: Keyring, clock: StoppedClock) -> Iterator[SqlStore]:
    """A store on PostgreSQL, where writers hold rows and not the whole file."""
    with fresh_database(postgresql) as url:
        engine = open_engine(url)
        yield SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock)
        engine.dispose()


def _renamed(store: SqlStore, ids: list[str], name: str) -> list[Write]:
    """A write for each, decided on what stands there now."""
    hers = {one.id: one for one in store.patrons.read(ids)}
    afters = [(hers[one], replace(person(0), number=hers[one].number, name=Name(name, name, "", name))) for one in ids]
    return [
        Write(patron, after, store.patrons.prepare(after), patron.as_of, (Action.RENAME,), culr="751")
        for patron, after in afters
    ]


def _until_it_is_taken(write: Callable[[], object]) -> None:
    for _ in range(TRIES):
        try:
            write()
        except LostCompare:
            continue
        return
    pytest.fail("each time someone else was quicker")


def _night(store: SqlStore, run: Run, ids: list[str]) -> int:
    """Batches over all patrons, in another order each time, that leave each of them to a person."""
    for turn in range(ROUNDS):
        order = ids if turn % 2 else ids[::-1]

        def write(turn: int = turn, order: list[str] = order) -> None:
            reviews = [(one, f"parked:{turn}") for one in order]
            store.patrons.write(run, Batch(writes=_renamed(store, order, f"N{turn}"), reviews=reviews))

        _until_it_is_taken(write)
    return ROUNDS * len(ids)


def _desk(store: SqlStore, ids: list[str], desk: int) -> int:
    for turn in range(ROUNDS):
        one = ids[(turn * 5 + desk) % len(ids)]

        def write(one: str = one, turn: int = turn) -> None:
            batch = Batch(writes=_renamed(store, [one], f"D{desk}"), reviews=[(one, f"desk:{desk}:{turn}")])
            (patron,) = store.patrons.read([one])
            store.desk.save(DeskEntry(patron.number, one, batch, "staff", Subscribed.ADDED))

        _until_it_is_taken(write)
    return ROUNDS


def _corrector(store: SqlStore, ids: list[str]) -> int:
    for turn in range(ROUNDS):
        one = ids[turn % len(ids)]

        def write(one: str = one) -> None:
            (asked,) = _renamed(store, [one], "Rettet")
            asked = replace(asked, culr=None)
            override = Override(Overridden.GROUP, "Voksen", "staff", "why", MONDAY, MONDAY + timedelta(days=90))
            store.staff_changes.correct(
                Correction(Overridden.GROUP, override, asked, "Voksen", {}, POLICY, "why"), user="staff"
            )

        _until_it_is_taken(write)
        note = LocalChange(one, "internal_note", partial(replace, internal_note=f"note {turn}"))
        store.staff_changes.change_local(note, user="staff")
    return ROUNDS


def _reviewer(store: SqlStore) -> int:
    """Block whoever is to be blocked; the register's part is not written."""
    for item in [item for item in store.review_desk.items(all_states=False) if item.kind == BLOCK_DEAD]:
        store.review_desk.write(GivenAnswer(item, State.ACCEPTED, "staff"))
    return 0


def _importer(store: SqlStore) -> int:
    for turn in range(ROUNDS):
        rows = [NewPatron(number(place), replace(local(f"C{place}"), branch=f"B{turn}")) for place in range(PATRONS)]
        store.imports.take_patrons([*rows, NewPatron(number(PATRONS + turn), local(f"N{turn}"))], apply=True)
    return 0


def _calendar(store: SqlStore, run: Run) -> int:
    for turn in range(ROUNDS):
        after: str | None = ""
        while after is not None:
            page = DuePage(MONDAY + timedelta(days=turn), 5, everyone=True, after=after)
            after = store.calendar.live_day(run, page, POLICY)
    return 0


def test_nobody_waits_in_a_circle_and_nothing_is_lost(shared: SqlStore) -> None:
    """Every desk, night, import and answer goes through, and each write is one version of its record."""
    ids = enrol(shared, PATRONS)
    run = shared.runs.begin(day=MONDAY, started=STARTED)
    first = Batch(writes=_renamed(shared, ids, "Først"), reviews=[(one, BLOCK_DEAD) for one in ids])
    shared.patrons.write(run, first)
    with ThreadPoolExecutor(DESKS + 5) as pool:
        work = [pool.submit(_night, shared, run, ids)]
        work += [pool.submit(_desk, shared, ids, desk) for desk in range(DESKS)]
        work += [pool.submit(_corrector, shared, ids), pool.submit(_reviewer, shared)]
        work += [pool.submit(_importer, shared), pool.submit(_calendar, shared, run)]
        written = sum(one.result() for one in work)
    versions = [patron.version - 1 for patron in shared.patrons.read(ids)]
    assert sum(versions) == written + len(ids)
    # that a birth date is not the number's is told once of each, by whoever writes the date first
    kinds = {BLOCK_DEAD, BIRTH_DIFFERS}
    asked = [item for item in shared.review_desk.items(all_states=True) if item.kind not in kinds]
    assert len(asked) == ROUNDS * (PATRONS + DESKS)
    assert len(patron_ids(shared)) == PATRONS + ROUNDS
    assert verify_audit(shared) > 0
