"""What a night did with each number of its delivery is forgotten after the policy's days; its sums stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from doubles import MONDAY, TUESDAY
from test_forgetting import morning
from townspeople import dies, moves, person

from cprsync.domain.policy import Harm
from cprsync.domain.retention import Retention

if TYPE_CHECKING:
    from doubles import Library


def test_the_lines_of_an_old_night_go_and_its_sums_stay(either_library: Library) -> None:
    library = either_library
    library.policy = replace(library.policy, retention=Retention(nights_days=10))
    library.deliver(MONDAY, moves(person("ANNA")), person("BO"))
    run = library.night().run.id
    sums = library.store.run_document(run)
    day = library.clock.today()
    library.clock.set_after(day + timedelta(days=3))
    library.deliver(TUESDAY, moves(person("BO")))
    young = library.night().run.id
    morning(library, day + timedelta(days=9))
    assert "nights" not in library.night().document()["forgotten"]
    morning(library, day + timedelta(days=10))
    assert library.night().document()["forgotten"]["nights"] == 2
    assert (library.store.run_items(run), library.store.run_document(run)) == ([], sums)
    assert run not in {row["run_id"] for row in library.everything()["plan_row"]}
    assert len(library.store.run_items(young)) == 1


def test_of_a_night_that_was_held_the_plan_in_its_report_goes_too(library: Library) -> None:
    library.policy = replace(library.policy, retention=Retention(nights_days=10))
    library.limit(Harm.GONE, 0)
    library.deliver(MONDAY, dies(person("ANNA")))
    run = library.one_night().run.id
    (planned,) = (library.store.run_document(run) or {})["plan"]
    assert planned["patron"] == library.id_of("ANNA")
    library.feed.files.clear()
    morning(library, library.clock.today() + timedelta(days=20))
    library.one_night()
    assert (library.store.run_document(run) or {})["plan"] != []
    library.limit(Harm.GONE, 9)
    library.night()
    after = library.store.run_document(run) or {}
    assert (after["plan"], library.store.run_items(run)) == ([], [])
