"""The alarms are kept so that nothing is told twice, by whatever process, and what could not be told comes again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from store_people import STARTED

from cprsync.domain.trust.alarms import PAUSES, Alarm, Telling, Weighed, Word
from cprsync.services.ports.trust.alarms import UntoldChannel
from cprsync.store.trust.alarms import KEPT, TAKEN, SqlAlarmLog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store_people import StoppedClock

    from cprsync.store.sql import SqlStore

AUDIT = Alarm("audit", "audit", {"count": 2, "name": "ø"}, STARTED)


def begin(known: Sequence[Alarm]) -> Weighed:
    """Tell of the audit, unless it was told."""
    if known:
        return Weighed(tuple(known))
    return Weighed((replace(AUDIT, told=STARTED),), (Telling(Word.BEGUN, AUDIT),))


def end(known: Sequence[Alarm]) -> Weighed:
    return Weighed((), tuple(Telling(Word.ENDED, replace(one, gone=STARTED)) for one in known))


def test_what_is_told_is_told_once_on_each_channel(store: SqlStore) -> None:
    for _ in range(2):
        store.alarms.weigh(begin, ["email", "webhook"])
    assert store.alarms.standing() == [replace(AUDIT, told=STARTED)]
    for channel in ("email", "webhook"):
        (message,) = store.alarms.take(channel)
        assert (message.telling, message.tries, message.channel) == (Telling(Word.BEGUN, AUDIT), 1, channel)
        store.alarms.note([message], None)
        assert store.alarms.take(channel) == []
    assert store.alarms.undelivered() == []
    store.alarms.weigh(end, ["email"])
    assert store.alarms.standing() == []
    (ended,) = store.alarms.take("email")
    assert ended.telling == Telling(Word.ENDED, replace(AUDIT, gone=STARTED))


def test_what_one_process_tells_no_other_takes(store: SqlStore, clock: StoppedClock) -> None:
    store.alarms.weigh(begin, ["email"])
    assert len(store.alarms.take("email")) == 1
    assert store.alarms.take("email") == []
    # it was killed before it could say what came of it
    clock.moment += TAKEN
    (again,) = store.alarms.take("email")
    assert again.tries == 2


def test_a_test_that_goes_through_clears_what_failed_and_lets_it_come_soon(
    store: SqlStore, clock: StoppedClock
) -> None:
    store.alarms.weigh(begin, ["email", "webhook"])
    for channel in ("email", "webhook"):
        for pause in PAUSES[:5]:
            store.alarms.note(store.alarms.take(channel), "alarm.unreachable")
            clock.moment += pause
        store.alarms.note(store.alarms.take(channel), "alarm.unreachable")
    store.alarms.note_carries("email")
    assert [one.channel for one in store.alarms.undelivered()] == ["webhook"]
    assert [len(store.alarms.take(channel)) for channel in ("email", "webhook")] == [1, 0]
    # it is being told: nobody else takes it
    store.alarms.note_carries("email")
    assert store.alarms.take("email") == []


def test_a_test_that_goes_through_clears_what_was_given_up(store: SqlStore, clock: StoppedClock) -> None:
    store.alarms.weigh(begin, ["email"])
    for pause in (*PAUSES, timedelta()):
        store.alarms.note(store.alarms.take("email"), "alarm.unreachable")
        clock.moment += pause
    assert store.alarms.undelivered() != []
    store.alarms.note_carries("email")
    assert store.alarms.undelivered() == store.alarms.take("email") == []


def test_an_alarm_has_arrived_once_a_channel_has_carried_it_and_not_when_it_began(
    store: SqlStore, clock: StoppedClock
) -> None:
    store.alarms.weigh(begin, ["email", "webhook"])
    store.alarms.note(store.alarms.take("email"), "alarm.unreachable")
    assert store.alarms.arrived() == {}
    clock.moment += PAUSES[0]
    store.alarms.note(store.alarms.take("webhook"), None)
    assert store.alarms.arrived() == {"audit": clock.moment}
    # what an earlier alarm of this cause told says nothing of this one
    clock.moment += KEPT
    store.alarms.weigh(lambda _: Weighed((replace(AUDIT, since=clock.moment, told=clock.moment),)), [])
    assert store.alarms.arrived() == {}


def test_a_minute_in_which_nothing_changes_writes_nothing(store: SqlStore) -> None:
    store.alarms.weigh(begin, ["email"])
    reader: SqlAlarmLog = store.read_only().alarms
    reader.weigh(begin, ["email"])
    assert reader.take("webhook") == []


def test_what_fails_comes_again_after_a_pause_and_is_given_up_in_the_end(store: SqlStore, clock: StoppedClock) -> None:
    store.alarms.weigh(begin, ["email"])
    for pause in PAUSES:
        store.alarms.note(store.alarms.take("email"), "alarm.unreachable")
        assert store.alarms.undelivered() == [UntoldChannel("email", 1, "alarm.unreachable")]
        clock.moment += pause - timedelta(seconds=1)
        assert store.alarms.take("email") == []
        clock.moment += timedelta(seconds=1)
    store.alarms.note(store.alarms.take("email"), "alarm.log_in")
    clock.moment += timedelta(days=30)
    assert store.alarms.take("email") == []
    assert store.alarms.undelivered() == [UntoldChannel("email", 1, "alarm.log_in")]


def test_what_was_put_off_while_the_clock_was_ahead_comes_once_it_is_right(
    store: SqlStore, clock: StoppedClock
) -> None:
    store.alarms.weigh(begin, ["email"])
    clock.moment += timedelta(days=30)
    store.alarms.note(store.alarms.take("email"), "alarm.unreachable")
    clock.moment -= timedelta(days=30)
    assert len(store.alarms.take("email")) == 1
    assert store.alarms.take("email") == []


def test_a_channel_that_carries_again_is_well(store: SqlStore, clock: StoppedClock) -> None:
    test_what_fails_comes_again_after_a_pause_and_is_given_up_in_the_end(store, clock)
    store.alarms.weigh(end, ["email"])
    store.alarms.note(store.alarms.take("email"), None)
    assert store.alarms.undelivered() == []


def test_what_was_told_is_forgotten_after_three_months_and_what_was_not_is_kept(
    store: SqlStore, clock: StoppedClock
) -> None:
    store.alarms.weigh(begin, ["email", "webhook"])
    store.alarms.note(store.alarms.take("email"), None)
    arrived = {"audit": clock.moment}
    clock.moment += KEPT + timedelta(days=1)
    store.alarms.weigh(lambda known: Weighed(tuple(replace(one, values={}) for one in known)), [])
    # it still stands, and nothing is told of it again
    assert store.alarms.arrived() == arrived
    store.alarms.weigh(end, [])
    kept = store.views.everything("alarm_message")["alarm_message"]
    assert [one["channel"] for one in kept] == ["webhook"]
