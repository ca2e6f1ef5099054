"""The register's own days: of a death, where debts stop, and of a move, which dates the record and the right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from doubles import MONDAY, TUESDAY, WEDNESDAY, unowned
from test_entitlements import BOOKS
from test_showing import shown
from test_standings import standing
from test_statements import owes
from townspeople import cpr, dies, moves, person

from cprsync.domain.policy.product import Products
from cprsync.municipalities import load_municipalities
from cprsync.services.netmedia.entitlements import Entitlements, ReasonedRight
from cprsync.store import tables

if TYPE_CHECKING:
    from datetime import date

    from doubles import Library

    from cprsync.domain.person.person import Person

DIED, MOVED = MONDAY - timedelta(days=6), MONDAY - timedelta(days=3)


def dies_on(day: date | None) -> Person:
    return replace(dies(person("ANNA")), status_since=day)


def moves_on(day: date | None, to: str) -> Person:
    return replace(moves(person("ANNA"), to), moved_in=day)


def right(library: Library) -> ReasonedRight:
    library.policy = replace(library.policy, home=frozenset({"0751"}), products=Products((BOOKS,)))
    (found,) = Entitlements(library, load_municipalities()).shown(library.id_of("ANNA")).rights
    return found


def test_debts_of_somebody_dead_stop_at_the_day_of_death(either_library: Library) -> None:
    library = either_library
    due = DIED - timedelta(days=2)
    owes(library, tables.loan, "ANNA", 1, {"title": "Marsvin"}, due=due, returned=None)
    owes(library, tables.loan, "ANNA", 2, {"title": "Efter"}, due=DIED + timedelta(days=1), returned=None)
    library.deliver(MONDAY, dies_on(DIED))
    library.night()
    fees = {fee.title: (fee.days_late, fee.rule) for fee in standing(library).fees}
    assert fees == {"Marsvin": (2, "adult"), "Efter": (0, "dead")}
    assert shown(library, "ANNA")["fields"]["status"]["since"] == DIED.isoformat()


def test_without_a_day_of_death_the_night_that_heard_of_it_counts(library: Library) -> None:
    due = MONDAY - timedelta(days=2)
    owes(library, tables.loan, "ANNA", 1, {"title": "Marsvin"}, due=due, returned=None)
    library.deliver(MONDAY, dies_on(None))
    library.night()
    library.deliver(TUESDAY)
    library.night()
    heard = MONDAY + timedelta(days=1)
    assert [fee.days_late for fee in standing(library).fees] == [(heard - due).days]
    assert shown(library, "ANNA")["fields"]["status"]["since"] == heard.isoformat()


def test_a_right_to_net_media_is_dated_by_the_move(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY, moves_on(MOVED, "ODENSE"))
    library.night()
    fields = shown(library, "ANNA")["fields"]
    assert fields["municipality"]["since"] == fields["address"]["since"] == MOVED.isoformat()
    assert right(library).valid_from == MOVED


def test_another_day_alone_writes_nothing_night_after_night(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY, moves_on(MOVED, "HAVNEN"))
    library.night()
    before = unowned(library.everything(), "inbox", "inbox_chunk", "agreement")
    for produced, day in ((TUESDAY, None), (WEDNESDAY, TUESDAY)):
        library.deliver(produced, moves_on(day, "HAVNEN"))
        assert library.night().document()["unchanged"] == 1
        library.register.knows(moves_on(produced, "HAVNEN"))
    rows = [{**row, "as_of_day": None} for row in library.rows("patron")]
    assert rows == [{**row, "as_of_day": None} for row in before["patron"]]
    assert library.store.patrons.find(cpr("ANNA")) == library.id_of("ANNA")
    assert library.record("ANNA").moved_in == MOVED
