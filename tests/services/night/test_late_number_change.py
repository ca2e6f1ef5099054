"""A number change that arrives after what came under the new number: the register says who she is by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from doubles import FRIDAY, MONDAY, TUESDAY, Library
from kills import killed, lived_whole, sample
from test_number_change import NEW, OLD, anna, register_of, replaced
from townspeople import moves

from cprsync.errors import RegisterUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.domain.person.person import Person


def late(library: Library, *monday: Person) -> None:
    """Tuesday's delivery under the new number is taken, and Monday's, which gives it to her, comes after it."""
    library.strict = False
    library.register.knows(moves(anna()))
    library.deliver(TUESDAY, moves(anna()), previous=FRIDAY)
    library.night()
    library.feed.files.clear()
    library.deliver(MONDAY, *monday)
    library.clock.set_after(TUESDAY)


@pytest.mark.parametrize("old_first", [True, False])
def test_what_came_under_her_number_before_it_was_hers_is_asked_for(library: Library, old_first: bool) -> None:
    patron = library.id_of("ANNA")
    both = [replaced(OLD, NEW), anna()]
    late(library, *(both if old_first else reversed(both)))
    report = library.night()
    assert library.register.looked_up == [NEW]
    assert register_of(library, patron) == moves(anna())
    assert (report.exit_code, library.questions()) == (0, [])


def test_the_question_about_a_late_number_stays_open_until_the_register_answers(library: Library) -> None:
    patron = library.id_of("ANNA")
    late(library, replaced(OLD, NEW), anna())
    library.register.failures[NEW] = RegisterUnavailable("no answer")
    assert library.one_night().exit_code == 4
    assert register_of(library, patron) == anna()
    assert library.questions() == [(patron, "number_change")]
    library.register.failures.clear()
    library.night()
    assert register_of(library, patron) == moves(anna())


def test_deliveries_that_come_together_in_order_are_not_late(library: Library) -> None:
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.deliver(TUESDAY, moves(anna()))
    library.night()
    assert register_of(library, library.id_of("ANNA")) == moves(anna())
    assert library.register.looked_up == []


@pytest.mark.parametrize("old_first", [True, False])
def test_a_late_number_change_killed_anywhere_ends_as_one_that_was_not(
    library: Library, tmp_path: Path, old_first: bool
) -> None:
    library.batch = 1
    both = [replaced(OLD, NEW), anna()]
    late(library, *(both if old_first else reversed(both)))
    whole, _, writes = lived_whole(library, tmp_path)
    for other in killed(library, tmp_path, sample(writes)):
        other.one_night()
        assert register_of(other, other.id_of("ANNA")) == moves(anna())
        assert other.rows("follow_up") == whole.rows("follow_up") == []
    whole.engine.dispose()
