"""What a night did with each number of its delivery is forgotten after the policy's days; its sums stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from doubles import AGENCY, MONDAY, TUESDAY, happened
from sqlalchemy import insert
from test_forgetting import morning
from townspeople import dies, moves, person

from cprsync.domain.policy.policy import Harm, RetentionDays
from cprsync.store import tables

if TYPE_CHECKING:
    from doubles import Library


def test_the_lines_of_an_old_night_go_and_its_sums_stay(either_library: Library) -> None:
    library = either_library
    library.policy = replace(library.policy, retention=RetentionDays(nights_days=10))
    library.deliver(MONDAY, moves(person("ANNA")), person("BO"))
    run = library.night().run.id
    sums = library.store.runs.document(run)
    day = library.clock.today()
    library.clock.set_after(day + timedelta(days=3))
    library.deliver(TUESDAY, moves(person("BO")))
    young = library.night().run.id
    morning(library, day + timedelta(days=9))
    assert "nights" not in library.night().document()["forgotten"]
    morning(library, day + timedelta(days=10))
    assert library.night().document()["forgotten"]["nights"] == 2
    assert (library.store.runs.items(run), library.store.runs.document(run)) == ([], sums)
    assert run not in {row["run_id"] for row in library.rows("plan_row")}
    assert len(library.store.runs.items(young)) == 1


def test_of_a_night_that_was_held_the_plan_in_its_report_goes_too(library: Library) -> None:
    library.policy = replace(library.policy, retention=RetentionDays(nights_days=10))
    library.limit(Harm.GONE, 0)
    library.deliver(MONDAY, dies(person("ANNA")))
    run = library.one_night().run.id
    (planned,) = (library.store.runs.document(run) or {})["plan"]
    assert planned["patron"] == library.id_of("ANNA")
    library.feed.files.clear()
    morning(library, library.clock.today() + timedelta(days=20))
    library.one_night()
    assert (library.store.runs.document(run) or {})["plan"] != []
    library.limit(Harm.GONE, 9)
    library.night()
    after = library.store.runs.document(run) or {}
    assert (after["plan"], library.store.runs.items(run)) == ([], [])


def test_what_was_planned_of_whoever_is_erased_goes_with_her(library: Library) -> None:
    library.limit(Harm.GONE, 0)
    library.deliver(MONDAY, dies(person("ANNA")), moves(person("BO")))
    run, anna = library.one_night().run.id, library.id_of("ANNA")
    assert len((library.store.runs.document(run) or {})["plan"]) == 2
    library.store.erasing.erase(anna, user="lone")
    assert [one["patron"] for one in (library.store.runs.document(run) or {})["plan"]] == [library.id_of("BO")]


def test_whose_day_the_calendar_lived_is_forgotten_with_the_nights_counted_and_audited(either_library: Library) -> None:
    library, anna = either_library, either_library.id_of("ANNA")
    library.policy = replace(library.policy, retention=RetentionDays(nights_days=10))
    library.deliver(MONDAY)
    run, day = library.night().run.id, library.clock.today()
    lived = {"agency": AGENCY, "patron_id": anna, "kind": "age_step", "what": "Barn > Ung", "run_id": run}
    with library.engine.begin() as connection:
        connection.execute(insert(tables.calendar_event).values(lived | {"day": day}))
        connection.execute(insert(tables.calendar_event).values(lived | {"day": day + timedelta(days=1)}))
    morning(library, day + timedelta(days=9))
    assert "calendar" not in library.night().document()["forgotten"]
    morning(library, day + timedelta(days=10))
    before = library.everything()
    assert library.store.retention.forgettable(library.policy, on=library.clock.today())["calendar"] == 1
    assert library.night().document()["forgotten"]["calendar"] == 1
    after = library.everything()
    assert [row["day"] for row in after["calendar_event"]] == [day + timedelta(days=1)]
    assert (happened(after) - happened(before))["forget", anna] == 1
