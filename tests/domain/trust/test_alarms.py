"""Which problems ring: each cause once until it ends, and what is not urgent not at night."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cprsync.domain.trust.alarms import (
    PAUSES,
    RULES,
    SETTLED,
    Alarm,
    LookedAt,
    Manner,
    Telling,
    Urgency,
    Word,
    count_waiting,
    pause_after,
    sort_tellings,
    weigh,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOON = datetime(2027, 3, 23, 12, tzinfo=UTC)
QUIET = Manner((time(22), time(7)))
LOUD = Manner()
AUDIT, DISK = {"what": "audit"}, {"what": "disk", "place": "store", "free": 7}
STOPPED = {"what": "target_stopped", "name": "koha", "since": "2027-03-23", "count": 2}


class Days:
    """A library that is looked at, again and again."""

    def __init__(self, manner: Manner = LOUD, at: datetime = NOON) -> None:
        self.manner, self.now = manner, at
        self.alarms: tuple[Alarm, ...] = ()

    def look(self, *problems: Mapping[str, Any], after: timedelta = timedelta(), unseen: str = "") -> list[Any]:
        """What is told, as the kind of each cause with its word."""
        self.now += after
        at = LookedAt(self.now, self.now.time())
        found = weigh(self.alarms, problems, self.manner, at, unseen=lambda one: one.values.get("host") == unseen)
        self.alarms = found.alarms
        return [(one.alarm.cause, one.word) for one in found.tellings]


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_a_mail_tells_the_gravest_of_what_is_new_first_and_what_has_ended_last() -> None:
    told = [
        Telling(word, Alarm(what, what, {}, NOON))
        for word, what in [
            (Word.ENDED, "store"),
            (Word.BEGUN, "of a later version"),
            (Word.BEGUN, "run"),
            (Word.STANDS, "disk"),
            (Word.BEGUN, "audit"),
        ]
    ]
    sorted_ = [one.alarm.what for one in sort_tellings(told)]
    assert sorted_ == ["audit", "run", "of a later version", "disk", "store"]


def test_a_cause_is_told_once_and_its_end_once() -> None:
    days = Days()
    assert days.look(AUDIT) == [("audit", Word.BEGUN)]
    assert days.look(AUDIT, after=minutes(1)) == []
    assert days.look(after=minutes(1)) == []
    assert days.look(after=SETTLED) == [("audit", Word.ENDED)]
    assert days.look(after=minutes(1)) == []
    assert days.alarms == ()
    assert days.look(AUDIT, after=minutes(1)) == [("audit", Word.BEGUN)]


def test_a_cause_that_comes_back_at_once_has_not_ended() -> None:
    days = Days()
    days.look(AUDIT)
    for _ in range(20):
        assert days.look(after=minutes(1)) == []
        assert days.look(AUDIT, after=minutes(1)) == []


def test_what_still_stands_is_told_again_after_the_set_time() -> None:
    days = Days(Manner(again=timedelta(hours=6)))
    days.look(AUDIT)
    assert days.look(AUDIT, after=timedelta(hours=5.9)) == []
    assert days.look(AUDIT, after=timedelta(hours=0.2)) == [("audit", Word.STANDS)]
    assert days.look(AUDIT, after=timedelta(hours=5.9)) == []
    never = Days(Manner(again=None))
    never.look(AUDIT)
    assert never.look(AUDIT, after=timedelta(days=400)) == []


def test_what_was_noted_while_the_clock_was_ahead_is_told_and_ends_as_ever() -> None:
    days, month = Days(), timedelta(days=30)
    days.look(AUDIT, DISK, {"what": "late"})
    days.look(AUDIT, after=minutes(1))
    days.now -= month
    assert days.look(AUDIT, {"what": "late"}, after=minutes(1)) == []
    assert days.look(AUDIT, {"what": "late"}, after=SETTLED) == [("disk|store", Word.ENDED)]
    assert days.look(AUDIT, {"what": "late"}, after=timedelta(hours=7)) == [("late", Word.BEGUN)]
    assert days.look(AUDIT, {"what": "late"}, after=timedelta(hours=17)) == [("audit", Word.STANDS)]


@pytest.mark.parametrize(("hour", "is_quiet"), [(21, False), (22, True), (3, True), (6, True), (7, False)])
def test_the_night_is_quiet(hour: int, *, is_quiet: bool) -> None:
    assert QUIET.is_quiet(time(hour)) is is_quiet
    assert LOUD.is_quiet(time(hour)) is False
    assert Manner((time(12), time(14))).is_quiet(time(hour)) is False
    assert Manner((time(12), time(14))).is_quiet(time(13)) is True


def test_what_is_not_urgent_waits_for_the_morning_and_what_is_does_not() -> None:
    days = Days(QUIET, NOON.replace(hour=23))
    assert days.look(AUDIT, STOPPED) == [("audit", Word.BEGUN)]
    assert count_waiting(days.alarms, QUIET, LookedAt(days.now, days.now.time())) == 1
    assert count_waiting(days.alarms, LOUD, LookedAt(days.now, days.now.time())) == 0
    assert days.look(AUDIT, STOPPED, after=timedelta(hours=7)) == []
    assert days.look(AUDIT, STOPPED, after=timedelta(hours=1)) == [("target_stopped|koha", Word.BEGUN)]
    (stopped,) = [one for one in days.alarms if one.what == "target_stopped"]
    assert stopped.since == NOON.replace(hour=23)


def test_an_end_waits_for_the_morning_too() -> None:
    days = Days(QUIET, NOON.replace(hour=23))
    days.look(AUDIT)
    assert days.look(after=minutes(1)) == []
    assert days.look(after=timedelta(hours=1)) == []
    assert days.look(after=timedelta(hours=8)) == [("audit", Word.ENDED)]


def test_what_went_before_it_was_told_is_never_told() -> None:
    days = Days(QUIET, NOON.replace(hour=23))
    assert days.look(STOPPED) == []
    assert days.look(after=minutes(1)) == []
    assert days.look(after=timedelta(hours=9)) == []
    assert days.alarms == ()


def test_a_night_that_runs_is_no_alarm_until_it_has_run_for_four_hours() -> None:
    days, running = Days(), {"what": "open_run", "run": 3}
    assert days.look(running) == []
    assert days.look(running, after=timedelta(hours=3.9)) == []
    assert days.look(running, after=timedelta(hours=0.2)) == [("open_run", Word.BEGUN)]


def test_two_targets_two_disks_and_two_steps_are_two_causes() -> None:
    days = Days()
    ours = {"what": "certificate", "whose": "ours", "host": None, "step": 30, "problem": None, "count": 30}
    told = days.look(STOPPED, STOPPED | {"name": "web"}, DISK, DISK | {"place": "heads"}, ours)
    assert len(told) == 5
    # the same step a day later, and the next one
    assert days.look(ours | {"count": 29}, STOPPED, after=minutes(1)) == []
    assert days.look(ours | {"count": 14, "step": 14}, after=minutes(1)) == [("certificate|ours|None|14", Word.BEGUN)]


def test_a_certificate_that_cannot_be_used_wakes_somebody() -> None:
    days = Days(QUIET, NOON.replace(hour=23))
    ended = {"what": "certificate", "whose": "ours", "host": None, "step": 1, "problem": "has ended", "count": -1}
    assert days.look(ended | {"problem": None}) == []
    assert days.look(ended) == [("certificate_unusable|ours|None", Word.BEGUN)]


def test_a_counterpart_that_does_not_show_its_certificate_ends_no_alarm() -> None:
    days = Days()
    theirs = {"what": "certificate", "whose": "theirs", "host": "cpr", "step": 30, "problem": None, "count": 30}
    days.look(theirs)
    assert days.look(after=minutes(60), unseen="cpr") == []
    assert days.look(after=minutes(60), unseen="cpr") == []
    assert days.look(after=minutes(60)) == []
    assert days.look(after=minutes(60)) == [("certificate|theirs|cpr|30", Word.ENDED)]


def test_nothing_leaves_but_what_is_listed() -> None:
    days = Days()
    days.look({"what": "capped", "users": "lisbeth", "name": "koha"})
    (alarm,) = days.alarms
    assert alarm.values == {"name": "koha"}


def test_a_problem_without_a_rule_rings_in_the_day() -> None:
    """A newer status may know more: it is not lost."""
    days = Days(QUIET, NOON.replace(hour=23))
    assert days.look({"what": "new"}) == []
    assert days.alarms[0].rule.urgency is Urgency.SOON
    assert days.look({"what": "new"}, after=timedelta(hours=9)) == [("new", Word.BEGUN)]


def test_each_kind_has_one_rule() -> None:
    kinds: Sequence[str] = [one.what for one in RULES]
    assert len(kinds) == len(set(kinds))


def test_a_delivery_is_tried_for_a_working_day_and_then_given_up() -> None:
    assert pause_after(1) == minutes(1)
    assert pause_after(len(PAUSES)) == minutes(120)
    assert pause_after(len(PAUSES) + 1) is None
    assert timedelta(hours=7) < sum(PAUSES, timedelta()) < timedelta(hours=10)


def test_a_problem_that_another_one_tells_rings_once_it_stands_alone() -> None:
    days = Days()
    late = {"what": "late", "day": "2027-03-22"}
    assert days.look({**late, "within": True}) == []
    assert days.look({**late, "within": True}, after=minutes(7 * 60)) == []
    assert [word for _, word in days.look(late, after=SETTLED)] == [Word.BEGUN]


def test_a_night_that_a_certificate_stopped_does_not_ring_beside_the_certificate() -> None:
    """Also while the counterpart does not show it, and until its end is told. A night that stands alone then rings."""
    days, kind = Days(), "certificate.theirs.expired"
    shown = {"what": "certificate", "whose": "theirs", "host": "cpr", "problem": "it has expired", "kind": kind}
    night, begun = {"what": "run", "exit": 2, "error": kind, "run": 7}, "certificate_unusable|theirs|cpr"
    assert days.look(shown, night) == [(begun, Word.BEGUN)]
    assert days.look(night, after=minutes(5), unseen="cpr") == []
    assert days.look(shown, night, after=timedelta(hours=25)) == [(begun, Word.STANDS)]
    assert days.look(night, after=minutes(5)) == []
    assert days.look(night, after=SETTLED) == [(begun, Word.ENDED)]
    assert days.look(night, after=minutes(5)) == [("run|2", Word.BEGUN)]


def test_a_night_that_something_else_stopped_rings_beside_a_certificate() -> None:
    shown = {
        "what": "certificate",
        "whose": "theirs",
        "host": "cpr",
        "problem": "x",
        "kind": "certificate.theirs.expired",
    }
    night = {"what": "run", "exit": 2, "error": "certificate.ours.expired"}
    assert [cause for cause, _ in Days().look(shown, night)] == ["certificate_unusable|theirs|cpr", "run|2"]
