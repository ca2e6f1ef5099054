"""Undoing a run for one patron: what is put back, what stays sealed, and what stands in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from people import FRIDAY, MONDAY, dies, gains_protection, moves, patron, person, renames, street

from cprsync.domain.deciding.decide import Change, Unchanged, WhyUnchanged, decide
from cprsync.domain.deciding.reverting import BeforeImage, InTheWay, Restoring, decide_restoring, leaves_a_household
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Person, Protection, Status
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from cprsync.domain.patron.patron import Patron

ON = date(2027, 3, 24)
ANNA = person("ANNA")
DAY = AsOf(FRIDAY, Source.FILE)


def image(before: Person = ANNA, *, version: int = 1, times: int = 1, last: int = 1, **more: object) -> BeforeImage:
    return replace(BeforeImage(before, version, times, last, is_whole=True, as_of=DAY), **more)  # type: ignore[arg-type]  # a field's


def after_run(after: Person, version: int = 2) -> Patron:
    return replace(patron("ANNA"), register=after, version=version)


def restored(now: Patron, before: BeforeImage | None = None) -> Restoring:
    what = decide_restoring(now, before or image(), number_is_free=True, on=ON)
    assert isinstance(what, Restoring)
    return what


def test_the_record_goes_back_with_the_day_for_which_it_was_true() -> None:
    what = restored(after_run(renames(moves(ANNA))))
    assert (what.change.after, what.as_of, what.letters_stopped) == (ANNA, DAY, None)
    assert what.change.actions == (Action.RENAME, Action.MOVE)
    assert what.change.harms == (Harm.NAME_REPLACED, Harm.CHANGED)
    assert not what.keeps_protection


def test_what_a_run_wrote_twice_goes_back_to_the_first_state() -> None:
    what = restored(after_run(renames(moves(ANNA)), version=3), image(times=2, last=2))
    assert what.change.after == ANNA


@pytest.mark.parametrize(
    ("version", "before"),
    [
        (3, image()),
        (1, image()),
        # somebody else wrote between the two writes of the run
        (4, image(times=2, last=3)),
    ],
)
def test_a_record_that_something_has_changed_since_stays(version: int, before: BeforeImage) -> None:
    now = after_run(moves(ANNA), version)
    assert decide_restoring(now, before, number_is_free=True, on=ON) is InTheWay.CHANGED


def test_a_number_that_another_patron_has_by_now_is_not_taken_back() -> None:
    assert decide_restoring(after_run(moves(ANNA)), image(), number_is_free=False, on=ON) is InTheWay.NUMBER


def test_a_number_goes_back_and_counts_as_any_number_change() -> None:
    now = after_run(replace(ANNA, number=CprNumber("0102030405")))
    what = restored(now)
    assert what.change.after.number == ANNA.number
    assert what.change.actions == (Action.RENUMBER,)
    assert what.change.harms == (Harm.MERGED,)


def test_an_undo_never_opens_a_protected_patron() -> None:
    """Decisions 2, 3 and 35: the rest goes back, and two people end the protection."""
    what = restored(after_run(gains_protection(moves(ANNA))))
    assert what.keeps_protection
    assert what.change.after == gains_protection(ANNA)
    assert Harm.PROTECTION_LIFTED not in what.change.harms


def test_a_protection_that_the_run_lifted_is_put_back() -> None:
    what = restored(after_run(ANNA), image(gains_protection(ANNA)))
    assert what.change.after.protection is Protection.NAME_AND_ADDRESS
    assert what.change.actions == (Action.PROTECT,)
    assert not what.keeps_protection


def test_an_address_is_not_opened_that_the_run_has_sealed_by_its_street() -> None:
    now = after_run(replace(ANNA, address=replace(street("HAVNEN"), street_code="9901")))
    assert decide_restoring(now, image(), number_is_free=True, on=ON) is InTheWay.STREET
    assert restored(now, image(gains_protection(ANNA))).change.after == gains_protection(ANNA)


def test_an_undo_opens_nobody_who_lives_where_the_run_has_moved_a_sealed_patron() -> None:
    """Decision 2: the address of others in a household is sealed too."""
    hidden = gains_protection(ANNA)
    assert leaves_a_household(moves(hidden), hidden)
    assert leaves_a_household(hidden, replace(hidden, address=SILENT))
    assert not leaves_a_household(renames(hidden), hidden)
    assert not leaves_a_household(replace(hidden, address=SILENT), hidden)
    assert not leaves_a_household(moves(ANNA), ANNA)
    # put back abroad with the dwelling as last known address, they hide its others until the register has answered
    assert not leaves_a_household(hidden, replace(hidden, status=Status.EMIGRATED))
    assert leaves_a_household(moves(hidden), replace(hidden, status=Status.EMIGRATED))
    now = after_run(moves(hidden))
    assert decide_restoring(now, image(hidden), number_is_free=True, on=ON, opens_others=True) is InTheWay.HOUSEHOLD
    assert restored(now, image(hidden)).change.after == hidden


def test_letters_go_out_again_if_the_run_had_stopped_them() -> None:
    now = replace(after_run(dies(ANNA)), letters_stopped=MONDAY)
    assert restored(now).letters_stopped is None
    assert Action.DEATH_ANNULLED in restored(now).change.actions
    assert restored(now, image(letters_stopped=FRIDAY)).letters_stopped == FRIDAY


def test_an_image_of_an_earlier_version_has_neither_day_nor_letters() -> None:
    now = replace(after_run(moves(ANNA)), letters_stopped=MONDAY)
    what = restored(now, image(is_whole=False, as_of=None))
    assert (what.as_of, what.letters_stopped) == (now.as_of, MONDAY)


# -- a patron who is held -------------------------------------------------------------------------------------

HELD = replace(patron("ANNA"), is_held=True)


def test_no_source_changes_a_held_patron() -> None:
    news = renames(moves(HELD.register))
    assert decide(news, HELD, as_of=AsOf(ON, Source.FILE)) == Unchanged(WhyUnchanged.HELD)
    assert decide(HELD.register, HELD, as_of=AsOf(ON, Source.LOOKUP)) == Unchanged(WhyUnchanged.HELD)


def test_a_protection_and_a_stop_of_letters_reach_a_held_patron() -> None:
    """Decision 3."""
    news = gains_protection(dies(moves(HELD.register)))
    decision = decide(news, HELD, as_of=AsOf(ON, Source.FILE))
    assert isinstance(decision, Change)
    assert decision.actions == (Action.PROTECT, Action.STOP_LETTERS)
    assert decision.after == gains_protection(HELD.register)
