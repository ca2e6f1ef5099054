"""Statuses come and go: each is applied, undone by a later night, and the record is what it was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, Library
from townspeople import person

from cprsync.domain.person.person import Abroad, Person, Status, silence_by_status

if TYPE_CHECKING:
    from datetime import date


def of_status(status: str, **deviations: Any) -> Person:
    abroad = Abroad("5120", ("Storgatan 1", "", "", "", ""))
    return silence_by_status(replace(person("ANNA", **deviations), status=Status(status), abroad=abroad))


def as_shown(library: Library) -> tuple[Person, date | None]:
    view = library.view("ANNA")
    return view.register, view.patron.letters_stopped


@pytest.mark.parametrize(
    ("status", "went", "came", "culr"),
    [
        ("20", "status", "status", ["751", "", "751"]),
        ("30", "number_annulled", "number_restored", ["751", "751"]),
        ("70", "vanish", "found", ["751", "751"]),
        ("80", "emigrate", "return", ["751", "", "751"]),
        ("90", "die", "death_annulled", ["751", "", "751"]),
    ],
)
def test_a_record_is_what_it_was_when_the_register_undoes(
    library: Library, status: str, went: str, came: str, culr: list[str]
) -> None:
    """The net media lose the right only to a deliberate empty, and it comes back (decision 11)."""
    before = as_shown(library)
    library.deliver(MONDAY, of_status(status))
    assert library.night().document()["actions"] == {went: 1}
    assert library.record("ANNA") == replace(of_status(status), **kept(library))
    library.deliver(TUESDAY, person("ANNA"))
    report = library.night()
    assert (report.exit_code, report.document()["actions"]) == (0, {came: 1})
    assert as_shown(library) == before
    assert [number for _, number in library.outbox("ANNA")] == culr


def kept(library: Library) -> dict[str, object]:
    """What stays of a record when the status leaves it without meaning."""
    was, now = person("ANNA"), library.record("ANNA")
    stays = ("address", "name", "birth", "protection", "contact") if now.status is Status.ANNULLED else ("address",)
    return {group: getattr(was, group) for group in stays}


def test_letters_stop_with_a_death_and_go_out_again_when_it_is_annulled(library: Library) -> None:
    library.deliver(MONDAY, of_status("90"))
    library.night()
    assert library.view("ANNA").patron.letters_stopped == library.clock.today()
    library.deliver(TUESDAY, person("ANNA"))
    library.night()
    assert library.view("ANNA").patron.letters_stopped is None


def test_a_death_and_its_annulment_fetched_in_one_night_leave_letters_going_out(library: Library) -> None:
    library.deliver(MONDAY, of_status("90"))
    library.deliver(TUESDAY, person("ANNA"))
    report = library.night()
    assert library.items(report) == [("applied", None), ("applied", None)]
    assert as_shown(library) == (person("ANNA"), None)


def test_a_death_that_is_annulled_and_happens_after_all_stops_letters_again(library: Library) -> None:
    for day, status in ((MONDAY, "90"), (TUESDAY, "01"), (WEDNESDAY, "90")):
        library.deliver(day, of_status(status))
    library.night()
    assert library.view("ANNA").patron.letters_stopped == library.clock.today()
    assert [number for _, number in library.outbox("ANNA")] == ["751", "", "751", ""]


def test_letters_to_the_dead_stay_stopped_while_her_number_is_annulled(library: Library) -> None:
    for day, status in ((MONDAY, "90"), (TUESDAY, "30")):
        library.deliver(day, of_status(status))
        library.night()
    assert library.view("ANNA").patron.letters_stopped is not None
    library.deliver(WEDNESDAY, person("ANNA"))
    library.night()
    assert as_shown(library) == (person("ANNA"), None)


def test_an_annulled_number_is_applied_and_shown_to_a_person(library: Library) -> None:
    library.deliver(MONDAY, of_status("30"))
    report = library.night()
    assert (report.exit_code, library.items(report)) == (3, [("applied", "number.annulled")])
    assert library.reviews() == [(library.id_of("ANNA"), kind) for kind in ("block.annulled", "number.annulled")]
