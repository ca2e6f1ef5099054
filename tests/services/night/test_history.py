"""What the nights did, seen afterwards: each day's delivery, the changes by kind, and whom the register tells us of."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from doubles import FRIDAY, MONDAY, TUESDAY, WEDNESDAY
from townspeople import cpr, dies, moves, person, renames

from cprsync.domain.feed.calendar import DeliveryFate
from cprsync.domain.policy.policy import Harm
from cprsync.services.night.history import show_changes, show_deliveries

if TYPE_CHECKING:
    from doubles import Library


def fates(library: Library) -> dict[int, tuple[str, int]]:
    """By day of the month: what became of its delivery, and how late it came."""
    month = show_deliveries(library.store, month=MONDAY, now=library.clock.now())
    return {one.day.day: (one.fate.value, one.days_late) for one in month.days if one.fate is not DeliveryFate.NONE}


def discard(library: Library) -> None:
    """Set the delivery aside that no night could take."""
    (stopping,) = library.store.stopped_deliveries.stopping()
    library.store.stopped_deliveries.discard(stopping, found="delivery.damaged", reason="cut off", user="drift")


def counts(library: Library) -> list[tuple[str, dict[str, int]]]:
    changes = show_changes(library.store, today=library.clock.today(), days=10)
    return [(str(one.day), {kind.value: n for kind, n in one.counts.items() if n}) for one in changes.nights]


def test_deliveries_on_time_and_late_stand_on_their_days(either_library: Library) -> None:
    library = either_library
    before = fates(library)
    library.deliver(MONDAY, moves(person("ANNA")))
    library.night()
    library.deliver(TUESDAY)
    library.clock.set_after(WEDNESDAY)
    library.night()
    assert fates(library) == {**before, 22: ("taken", 0), 23: ("taken", 1), 24: ("missing", 0)}


def test_a_damaged_delivery_stops_and_a_day_that_an_operator_went_past_is_a_gap(either_library: Library) -> None:
    library = either_library
    before = fates(library)
    library.damage(MONDAY)
    library.one_night()
    assert fates(library)[22] == ("stopped", 0)
    library.strict = False
    library.feed.files.clear()
    discard(library)
    library.deliver(TUESDAY)
    library.one_night()
    assert fates(library) == {**before, 22: ("gap", 0), 23: ("taken", 0), 24: ("expected", 0)}


def test_a_held_delivery_has_come_and_is_not_taken(library: Library) -> None:
    library.limit(Harm.GONE, 0)
    library.register.knows(dies(person("CLARA")))
    library.deliver(MONDAY, dies(person("CLARA")))
    library.one_night()
    assert fates(library)[22] == ("stopped", 0)


def test_a_library_without_deliveries_misses_none(new_library: Library) -> None:
    assert fates(new_library) == {}
    assert show_deliveries(new_library.store, month=MONDAY, now=new_library.clock.now()).begun is None


def test_a_month_has_all_of_its_days(library: Library) -> None:
    month = show_deliveries(library.store, month=FRIDAY, now=library.clock.now())
    assert (month.from_, month.to, len(month.days)) == (date(2027, 3, 1), date(2027, 3, 31), 31)


def test_changes_are_counted_by_kind_on_the_day_of_the_night(either_library: Library) -> None:
    library = either_library
    before = counts(library)
    library.deliver(MONDAY, moves(person("ANNA")), dies(person("CLARA")))
    library.register.knows(dies(person("CLARA")))
    library.night()
    library.deliver(TUESDAY, renames(moves(person("ANNA"))))
    library.night()
    told = [(day, found) for day, found in counts(library) if (day, found) not in before and found]
    assert told == [("2027-03-23", {"address": 1, "death": 1}), ("2027-03-24", {"identity": 1})]


def test_nights_before_the_span_are_left_out(library: Library) -> None:
    library.clock.moment += timedelta(days=40)
    changes = show_changes(library.store, today=library.clock.today(), days=10)
    assert changes.nights == ()
    assert not any(changes.sums.values())


def coverage(library: Library) -> Any:
    found = library.store.subscriptions.coverage()
    return found.wanted, found.held, found.unconfirmed


def test_a_new_patron_is_wanted_until_the_night_has_subscribed_them(either_library: Library) -> None:
    library = either_library
    wanted, held, unconfirmed = coverage(library)
    assert wanted == held
    library.enrol("EDITH")
    library.register.knows(person("EDITH"))
    assert coverage(library) == (wanted + 1, held, unconfirmed)
    library.deliver(MONDAY)
    library.night()
    assert coverage(library) == (wanted + 1, held + 1, unconfirmed)


def test_a_number_that_was_there_before_is_held_without_a_receipt_to_us(library: Library) -> None:
    wanted, held, unconfirmed = coverage(library)
    library.enrol("EDITH")
    store = library.store
    run = store.runs.begin(day=MONDAY, started=library.clock.now())
    store.subscriptions.subscribed(run, store.subscriptions.unsubscribed(10), since=MONDAY, already=[cpr("EDITH")])
    assert coverage(library) == (wanted + 1, held + 1, unconfirmed + 1)


def test_the_patrons_in_a_window_are_counted_as_they_are_by_reason(either_library: Library) -> None:
    windows = either_library.store.windows
    assert windows.count() == sum(windows.counts().values()) == 0
    opened = windows.open_for_everyone(user="anna", reason="a drill")
    assert windows.count() == sum(windows.counts().values()) == opened > 0
