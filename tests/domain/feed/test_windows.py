"""When the feed could not have told of a number, and what that means for the record (decision 32)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from people import FRIDAY, MONDAY, dies, gains_protection, moves, patron, person

from cprsync.domain.deciding.decide import Change, Unchanged, WhyUnchanged, decide
from cprsync.domain.feed.delivery import (
    COPENHAGEN,
    WaitingPatron,
    Window,
    WindowReason,
    ask_order,
    is_late,
    last_closed,
    look_up_day,
    may_ask,
)
from cprsync.domain.patron.patron import AsOf, Source, is_sealed
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import merge

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.domain.person.person import Person

SATURDAY, TUESDAY = date(2027, 3, 20), date(2027, 3, 23)
WINDOW = Window(MONDAY, WindowReason.GAP, FRIDAY)
#: Stamped with the last delivery that was taken, and made when Monday's was loaded.
MADE_LATER = AsOf(FRIDAY, Source.LOOKUP, MONDAY)
ON_FRIDAY = AsOf(FRIDAY, Source.LOOKUP, FRIDAY)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=COPENHAGEN).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "closed"),
    [
        (at(MONDAY, 11, 59), FRIDAY),
        (at(MONDAY, 12), MONDAY),
        (at(TUESDAY, 6, 30), MONDAY),
        (at(SATURDAY, 13), FRIDAY),
        (at(date(2027, 3, 21), 23), FRIDAY),
    ],
)
def test_a_delivery_is_closed_to_subscriptions_at_noon_of_its_day(now: datetime, closed: date) -> None:
    """CPR's customer centre takes job orders until 12:00."""
    assert last_closed(now) == closed


@pytest.mark.parametrize(
    ("now", "taken", "late"),
    [
        # the morning after, as every night: Monday's delivery will have the number
        (at(SATURDAY, 6, 30), FRIDAY, False),
        (at(MONDAY, 6, 30), FRIDAY, False),
        # taken when Monday's was already put together
        (at(MONDAY, 20), FRIDAY, True),
        (at(TUESDAY, 6, 30), FRIDAY, True),
        # a newer delivery was taken, whatever the calendar says
        (at(MONDAY, 6, 30), MONDAY, True),
        (at(MONDAY, 6, 30), None, False),
    ],
)
def test_a_number_is_subscribed_late_once_a_delivery_could_have_told_of_it(
    now: datetime, taken: date | None, late: bool
) -> None:
    assert is_late(FRIDAY, taken=taken, now=now) is late


def test_a_look_up_never_speaks_of_a_day_after_the_last_delivery_that_was_taken() -> None:
    assert look_up_day(MONDAY, FRIDAY) == FRIDAY
    assert look_up_day(FRIDAY, MONDAY) == FRIDAY
    # before the first delivery there is only the calendar
    assert look_up_day(MONDAY, None) == MONDAY
    made = AsOf.of_look_up(loaded=MONDAY, taken=FRIDAY)
    assert (made.day, made.source, made.seen) == (FRIDAY, Source.LOOKUP, MONDAY)


def test_whoever_is_in_a_window_is_known_and_not_verified() -> None:
    anna = patron("ANNA")
    assert (anna.is_known, anna.verified) == (True, True)
    anna = replace(anna, window=WINDOW)
    assert (anna.is_known, anna.verified) == (True, False)
    assert (replace(anna, as_of=None).is_known, replace(anna, as_of=None).verified) == (False, False)


@pytest.mark.parametrize("policy_seals", [True, False])
def test_whoever_is_in_a_window_is_sealed_where_silence_seals(policy_seals: bool) -> None:
    anna = replace(patron("ANNA"), window=WINDOW)
    assert anna.is_sealed(silent_is_sealed=policy_seals) is policy_seals
    assert not replace(anna, window=None).is_sealed(silent_is_sealed=policy_seals)
    # a protection and a wait for a person seal whatever the policy says
    assert anna.is_sealed(silent_is_sealed=False, parked=True)
    assert replace(anna, register=gains_protection(anna.register)).is_sealed(silent_is_sealed=False)


def test_nobody_is_sealed_for_the_sake_of_a_register_that_does_not_know_them() -> None:
    own = replace(person("ANNA"), number=CprNumber.none_of("40817263"))
    assert not is_sealed(own, silent_is_sealed=True, in_window=True)


@pytest.mark.parametrize("event", [moves, dies, gains_protection])
def test_in_a_window_a_look_up_counts_for_the_day_that_it_has_seen(event: Callable[[Person], Person]) -> None:
    """It is stamped with the last delivery that was taken, which had not told of what came since."""
    told, anna = event(person("ANNA")), replace(patron("ANNA"), window=WINDOW)
    decision = decide(told, anna, as_of=MADE_LATER)
    assert isinstance(decision, Change)
    assert decision.after == merge(anna.register, told)


def test_a_window_stays_open_while_a_delivery_that_an_answer_has_seen_is_still_to_come() -> None:
    """That delivery counts as newer than the answer, and may put an old address back or a dead patron to life."""
    anna = replace(patron("ANNA"), window=WINDOW)
    assert not anna.is_answered_by(MADE_LATER)
    assert anna.is_answered_by(replace(MADE_LATER, day=MONDAY))


def test_out_of_a_window_a_look_up_of_the_files_own_day_moves_nobody() -> None:
    assert decide(moves(person("ANNA")), patron("ANNA"), as_of=MADE_LATER) == Unchanged(WhyUnchanged.OLDER)
    assert not patron("ANNA").is_answered_by(MADE_LATER)


def test_in_a_window_the_file_wins_over_a_look_up_that_has_seen_no_more_and_the_window_closes() -> None:
    """A replica that is loaded late knows less than the file of its day (decision 1)."""
    anna = replace(patron("ANNA"), window=WINDOW)
    assert decide(moves(person("ANNA")), anna, as_of=ON_FRIDAY) == Unchanged(WhyUnchanged.OLDER)
    assert anna.is_answered_by(ON_FRIDAY)


def test_an_answer_that_is_older_than_the_record_or_the_window_closes_none() -> None:
    thursday = AsOf(date(2027, 3, 18), Source.LOOKUP)
    anna = replace(patron("ANNA"), window=replace(WINDOW, until=thursday.day))
    assert decide(moves(person("ANNA")), anna, as_of=thursday) == Unchanged(WhyUnchanged.OLDER)
    assert not anna.is_answered_by(thursday)
    # subscribed after Monday's was put together: what a look-up of Friday saw is not enough
    assert not replace(anna, window=replace(WINDOW, until=MONDAY)).is_answered_by(ON_FRIDAY)
    assert replace(anna, window=replace(WINDOW, until=MONDAY)).is_answered_by(replace(MADE_LATER, day=MONDAY))


def test_no_answer_closes_the_window_of_a_patron_whom_an_undo_holds() -> None:
    """It changes nothing of the record: the register is asked again when they are let go."""
    anna = replace(patron("ANNA"), window=WINDOW, is_held=True)
    assert not anna.is_answered_by(replace(MADE_LATER, day=MONDAY))


def test_a_patron_of_whom_no_source_has_spoken_is_in_no_window_that_an_answer_closes() -> None:
    assert not replace(patron("ANNA"), window=WINDOW, as_of=None).is_answered_by(MADE_LATER)


@pytest.mark.parametrize(
    ("why", "until"),
    [
        (WindowReason.SUBSCRIBED_LATE, MONDAY),
        (WindowReason.SUBSCRIPTION_LOST, MONDAY),
        (WindowReason.RETURNED, MONDAY),
        (WindowReason.GAP, FRIDAY),
        (WindowReason.MERGE_UNDONE, FRIDAY),
        (WindowReason.RESTORED, FRIDAY),
        (WindowReason.REQUESTED, FRIDAY),
        (WindowReason.NUMBER_REPLACED, FRIDAY),
    ],
)
def test_whoever_is_subscribed_after_noon_waits_for_a_look_up_of_the_day_itself(why: WindowReason, until: date) -> None:
    """Today's delivery may be without the number, and no look-up of today has seen what it says."""
    assert Window.opened(why, today=MONDAY, now=at(MONDAY, 14), loaded=FRIDAY) == Window(MONDAY, why, until)
    assert Window.opened(why, today=MONDAY, now=at(MONDAY, 7), loaded=FRIDAY).until == FRIDAY


def test_a_reason_that_the_program_never_writes_is_one_that_it_cannot_see() -> None:
    assert [WindowReason.of_row(why.value) for why in WindowReason] == list(WindowReason)
    assert {WindowReason.of_row(word) for word in ("nonsense", "", None)} == {WindowReason.REQUESTED}


@pytest.mark.parametrize("why", [why for why in WindowReason if why is not WindowReason.NUMBER_REPLACED])
def test_each_night_asks_about_whoever_is_in_a_window(why: WindowReason) -> None:
    assert may_ask(why, MONDAY, today=MONDAY)
    assert may_ask(why, None, today=MONDAY)


def test_of_a_replaced_number_the_register_is_asked_at_once_and_then_each_seventh_day() -> None:
    days = [may_ask(WindowReason.NUMBER_REPLACED, MONDAY, today=MONDAY + timedelta(days=count)) for count in range(9)]
    assert days == [False] * 7 + [True] * 2
    assert may_ask(WindowReason.NUMBER_REPLACED, None, today=MONDAY)


def test_only_a_window_of_that_reason_says_that_the_number_was_replaced() -> None:
    anna = patron("ANNA")
    assert not anna.has_replaced_number
    assert not replace(anna, window=WINDOW).has_replaced_number
    assert replace(anna, window=replace(WINDOW, why=WindowReason.NUMBER_REPLACED)).has_replaced_number


def test_the_protected_and_then_the_recently_active_are_asked_first() -> None:
    order = [
        WaitingPatron("5", is_shut=True),
        WaitingPatron("4", is_shut=False, last_seen=TUESDAY),
        WaitingPatron("3", is_shut=False, last_seen=FRIDAY),
        WaitingPatron("1", is_shut=False),
        WaitingPatron("2", is_shut=False),
        # asked before without an answer: they keep nobody else waiting
        WaitingPatron("0", is_shut=True, asked=MONDAY),
    ]
    mixed = [order[place] for place in (3, 0, 5, 1, 4, 2)]
    assert sorted(mixed, key=ask_order) == order


def test_after_a_restore_alone_others_may_know_more_than_the_record() -> None:
    assert [why for why in WindowReason if why.others_know_more] == [WindowReason.RESTORED]
