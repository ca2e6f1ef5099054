"""Whoever was in a window of the feed is unverified, asked in the same run, and right afterwards (decisions 32, 33)."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from doubles import FRIDAY, MONDAY, TUESDAY, WEDNESDAY, Killed, KilledStore, Library
from kills import is_closed, killed, lived_whole, sample
from test_accepting import accept
from test_merging_patrons import BOTH, two_of_one
from test_night_killed import outcome
from test_number_change import NEW, NEXT, OLD, anna, register_of, replaced
from test_reviewing import number_of, reviews
from townspeople import cpr, dies, emigrates, gains_protection, loses_protection, moves, person, renames

from cprsync.cli.feed.windows import window_list_lines, windows_document
from cprsync.domain.feed.delivery import working_day_after
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.person.person import Protection, Status
from cprsync.domain.policy.policy import DEFAULT_LIMITS, Harm
from cprsync.errors import NoSuchPerson, RegisterUnavailable, RunBusy
from cprsync.language.status import status_lines
from cprsync.services.desk.lookup import Asked, Desk, look_up
from cprsync.services.desk.showing import patron_document
from cprsync.services.feed.questions import ask_about_windows_between_nights
from cprsync.services.planning.applying import make_finding_keys
from cprsync.services.planning.steps import as_of_lookup
from cprsync.services.trust.status import Around, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person

PROTECTED = Protection.NAME_AND_ADDRESS


def windows(library: Library) -> dict[str, str]:
    return {one.patron_id: one.why for one in library.store.windows.listed()}


def document(library: Library, patron: str) -> dict[str, Any]:
    view = library.store.views.patron(patron)
    assert view is not None
    return patron_document(view, library.policy, agency="775100", on=library.clock.today())


# -- a number change that is taken late ----------------------------------------------------------------------


def missed_run(library: Library) -> None:
    """Nobody ran the night of Monday; on Wednesday morning both deliveries wait."""
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.deliver(TUESDAY)


def brake(library: Library) -> None:
    """A brake held the night of Monday, and was lifted the day after."""
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.limit(Harm.MERGED, 0)
    assert library.one_night().exit_code == 5
    library.policy = replace(library.policy, limits=dict(DEFAULT_LIMITS))
    library.deliver(TUESDAY)


def gap(library: Library) -> None:
    """The delivery of Monday is gone for good, and that of Tuesday was accepted a day later."""
    library.deliver(TUESDAY, replaced(OLD, NEW), anna())
    assert library.one_night().exit_code == 1
    accept(library, f"D{TUESDAY:%y%m%d}.L123456")
    library.deliver(WEDNESDAY)


def unreached(library: Library) -> None:
    """The register did not answer when the new number was to be subscribed."""
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.register.refuses_to_subscribe[NEW] = RegisterUnavailable("no answer")
    assert library.one_night().exit_code == 4
    library.register.refuses_to_subscribe.clear()
    library.deliver(TUESDAY)


EVENTS: dict[str, Callable[[Person], Person]] = {
    "0001": gains_protection,
    "death": dies,
    "move": moves,
    "name": renames,
    "emigration": emigrates,
}


def expected(event: Callable[[Person], Person], number: CprNumber = NEW) -> Person:
    after = event(anna(number))
    # the last known address stays
    return replace(after, address=anna(number).address) if after.status in {Status.DEAD, Status.EMIGRATED} else after


@pytest.mark.parametrize("taken", [missed_run, brake, gap, unreached])
@pytest.mark.parametrize("event", EVENTS)
def test_what_came_under_a_number_before_it_was_subscribed_is_asked_for_in_the_same_run(
    either_library: Library, taken: Callable[[Library], None], event: str
) -> None:
    library = either_library
    patron = library.id_of("ANNA")
    library.register.knows(EVENTS[event](anna()))
    taken(library)
    library.night()
    assert register_of(library, patron) == expected(EVENTS[event])
    assert document(library, patron)["verified"]
    assert windows(library) == {}
    assert NEW in library.register.listed
    assert (library.store.patrons.read([patron])[0].letters_stopped is not None) is (event == "death")


@pytest.mark.parametrize("taken", [missed_run, brake, gap, unreached])
def test_a_second_change_before_the_late_subscription_is_followed(
    either_library: Library, taken: Callable[[Library], None]
) -> None:
    library = either_library
    patron = library.id_of("ANNA")
    library.register.knows(replaced(NEW, NEXT), gains_protection(anna(NEXT)))
    taken(library)
    library.night()
    assert register_of(library, patron) == gains_protection(anna(NEXT))
    assert (document(library, patron)["verified"], windows(library)) == (True, {})
    assert NEXT in library.register.listed


def test_a_new_number_is_subscribed_at_the_desk_if_the_register_was_down_in_its_night(either_library: Library) -> None:
    """The old number is still subscribed then, and tells nothing of the new one."""
    library = either_library
    library.register.knows(anna())
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.register.down = RegisterUnavailable("no answer")
    assert library.one_night().exit_code == 4
    library.register.down = None
    desk = Desk("775100", library.store, library.register, library.clock, library.policy)
    said_yes.register(desk, Asked(NEW, Purpose.REGISTRATION, "lisbeth"))
    assert NEW in library.register.listed
    library.deliver(TUESDAY)
    library.night()
    assert (len(library.register.looked_up), windows(library)) == (1, {})


def test_a_change_taken_on_its_own_morning_asks_nobody(library: Library) -> None:
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.night()
    assert (library.register.looked_up, windows(library)) == ([], {})


@pytest.mark.parametrize("silence_seals", [True, False])
def test_until_the_register_answers_the_patron_is_unverified_sealed_as_silence_is_and_counted(
    library: Library, silence_seals: bool
) -> None:
    patron = library.id_of("ANNA")
    library.policy = replace(library.policy, silent_is_sealed=silence_seals)
    missed_run(library)
    library.register.failures[NEW] = RegisterUnavailable("no answer")
    report = library.one_night()
    assert report.exit_code == 4
    told = report.document()["windows"]
    assert (told["asked"], told["answered"], told["left"], told["why"]) == (1, 0, 1, {"subscribed_late": 1})
    shown = document(library, patron)
    assert (shown["verified"], shown["protected"]) == (False, silence_seals)
    assert shown["window"] == {"since": library.clock.today().isoformat(), "why": "subscribed_late"}
    library.register.failures.clear()
    library.register.knows(moves(anna()))
    report = library.night()
    assert (report.exit_code, report.document()["windows"]["left"]) == (0, 0)
    assert document(library, patron)["protected"] is False


def test_a_number_that_the_register_does_not_know_stays_unverified_and_is_left_to_a_person_once(
    library: Library,
) -> None:
    patron = library.id_of("ANNA")
    missed_run(library)
    library.register.failures[NEW] = NoSuchPerson("PNR not found")
    assert library.one_night().exit_code == 3
    assert library.one_night().exit_code == 0
    assert windows(library) == {patron: "subscribed_late"}
    assert library.reviews() == [(patron, "parked.register.no_such_person")]


def test_a_late_change_killed_anywhere_ends_as_one_that_was_not(library: Library, tmp_path: Path) -> None:
    library.register.knows(gains_protection(anna()))
    missed_run(library)
    whole, report, writes = lived_whole(library, tmp_path)
    for other in killed(library, tmp_path, sample(writes)):
        other.one_night()
        assert register_of(other, other.id_of("ANNA")) == gains_protection(anna())
        assert windows(other) == {}
    assert report.exit_code == 0
    whole.engine.dispose()


# -- a number change that is taken in time, by a night that is killed ------------------------------------------


class KilledAtBatch(KilledStore):
    """The real store, which dies when its n-th batch of lines is committed."""

    WRITES = frozenset({"patrons.write"})


def killed_between_its_lines(library: Library) -> None:
    """ANNA has her new number, and what was delivered under it is not written."""
    library.batch = 1
    library.register.knows(anna())
    library.deliver(MONDAY, replaced(OLD, NEW), anna(), dies(person("DAVID")))
    with pytest.raises(Killed):
        library.one_night(KilledAtBatch(library.store, at=1))
    assert (library.store.patrons.find(NEW), NEW in library.register.listed) == (library.id_of("ANNA"), False)


def test_a_number_change_killed_anywhere_opens_no_window_and_asks_nobody(library: Library, tmp_path: Path) -> None:
    library.batch = 1
    library.register.knows(anna())
    library.deliver(MONDAY, replaced(OLD, NEW), anna(), moves(person("CLARA")))
    whole, _, writes = lived_whole(library, tmp_path)
    wanted = outcome(whole)
    for other in killed(library, tmp_path, sample(writes)):
        if not is_closed(other):
            other.one_night()
        assert (windows(other), other.register.looked_up) == ({}, [])
        assert outcome(other) == wanted
    whole.engine.dispose()


def test_killed_between_the_lines_of_a_change_and_gone_on_with_after_closing_hour_it_is_late(
    either_library: Library,
) -> None:
    """Until Tuesday's noon the new number was not subscribed, so Tuesday's delivery may not tell of it."""
    library = either_library
    killed_between_its_lines(library)
    library.clock.set_after(MONDAY, at=time(13, 0))
    assert library.one_night().exit_code == 3
    assert windows(library) == {library.id_of("ANNA"): "subscribed_late"}
    library.deliver(TUESDAY)
    library.night()
    assert windows(library) == {}


def test_killed_between_the_lines_of_a_change_and_held_when_it_goes_on_the_number_is_subscribed_and_late(
    either_library: Library,
) -> None:
    library = either_library
    killed_between_its_lines(library)
    library.limit(Harm.GONE, 0)
    report = library.one_night()
    assert (report.exit_code, report.state) == (5, "held")
    assert NEW in library.register.listed
    assert windows(library) == {library.id_of("ANNA"): "subscribed_late"}
    library.policy = replace(library.policy, limits=dict(DEFAULT_LIMITS))
    library.night()
    assert windows(library) == {}
    assert register_of(library, library.id_of("ANNA")) == anna()


def test_a_patron_who_is_imported_while_a_killed_run_waits_has_a_first_copy_when_it_goes_on(
    either_library: Library,
) -> None:
    library = either_library
    killed_between_its_lines(library)
    library.enrol("EDITH")
    library.register.knows(person("EDITH"))
    library.night()
    assert library.record("EDITH") == person("EDITH")
    assert {NEW, cpr("EDITH")} <= library.register.listed


# -- a number that is subscribed at the desk ------------------------------------------------------------------


def test_a_known_patron_who_is_subscribed_late_at_the_desk_is_in_a_window_until_the_night_has_asked(
    either_library: Library,
) -> None:
    """Tuesday's delivery is still to come, without the new number; the answer counts for Monday, and moves nobody."""
    library = either_library
    patron = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.register.refuses_to_subscribe[NEW] = RegisterUnavailable("no answer")
    assert library.one_night().exit_code == 4
    library.register.refuses_to_subscribe.clear()
    library.register.knows(moves(anna()))
    library.clock.set_after(TUESDAY, at=time(10, 0))
    desk = Desk("775100", library.store, library.register, library.clock, library.policy)
    said_yes.register(desk, Asked(NEW, Purpose.CORRECTION, "lisbeth"))
    assert NEW in library.register.listed
    assert windows(library) == {patron: "subscribed_late"}
    library.deliver(TUESDAY)
    library.night()
    assert (windows(library), register_of(library, patron)) == ({}, moves(anna()))


def test_a_known_patron_whom_the_answer_brings_up_to_date_is_in_no_window(either_library: Library) -> None:
    library = either_library
    library.register.refuses_to_subscribe[NEW] = RegisterUnavailable("no answer")
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.one_night()
    library.deliver(TUESDAY)
    library.one_night()
    library.register.refuses_to_subscribe.clear()
    library.register.knows(moves(anna()))
    library.clock.set_after(TUESDAY, at=time(10, 0))
    desk = Desk("775100", library.store, library.register, library.clock, library.policy)
    said_yes.register(desk, Asked(NEW, Purpose.CORRECTION, "lisbeth"))
    assert (windows(library), register_of(library, library.id_of("ANNA"))) == ({}, moves(anna()))


# -- a subscription that had vanished ------------------------------------------------------------------------


@pytest.mark.parametrize("event", [gains_protection, moves])
def test_a_subscription_that_is_added_again_is_asked_for_in_the_same_run(
    either_library: Library, event: Callable[[Person], Person]
) -> None:
    library = either_library
    library.register.listed.discard(cpr("ANNA"))
    library.register.knows(event(person("ANNA")))
    library.deliver(MONDAY)
    report = library.night()
    assert library.record("ANNA") == event(person("ANNA"))
    assert library.register.looked_up == [cpr("ANNA")]
    assert report.document()["subscriptions"]["added"] == 1
    assert (report.document()["windows"]["answered"], windows(library)) == (1, {})


@pytest.mark.parametrize("event", [dies, gains_protection, emigrates])
def test_a_delivery_that_comes_after_the_answer_puts_nothing_old_back(
    either_library: Library, event: Callable[[Person], Person]
) -> None:
    """The lost subscription is asked for while Monday's delivery, which tells of a move before it, is still missing."""
    library, patron = either_library, either_library.id_of("ANNA")
    monday = library.deliver(MONDAY, moves(person("ANNA")))
    del library.feed.files[monday.name]
    library.register.listed.discard(cpr("ANNA"))
    library.register.knows(event(moves(person("ANNA"))))
    library.deliver(TUESDAY)
    assert library.one_night().exit_code == 1
    told = library.record("ANNA")
    # the answer is written at once, and the patron stays unverified: Monday's delivery will count as newer
    assert (told.status, told.protection) == (event(person("ANNA")).status, event(person("ANNA")).protection)
    assert (document(library, patron)["verified"], windows(library)) == (False, {patron: "subscription_lost"})
    library.feed.files[monday.name] = monday
    library.night()
    # of the dead and the emigrated the last known address is the one that Monday's delivery told
    address = told.address if told.is_shut else moves(person("ANNA")).address
    assert library.record("ANNA") == replace(told, address=address)
    assert (document(library, patron)["verified"], windows(library)) == (True, {})


def test_a_list_that_lacks_what_is_there_opens_no_window(library: Library) -> None:
    """The register says that it had the subscription all along: nothing was missed."""
    library.register.subscriptions = lambda: library.register.listed - {cpr("ANNA")}  # type: ignore[method-assign]  # a list that is wrong
    library.deliver(MONDAY)
    before = library.rows("patron")
    library.one_night()
    assert (windows(library), library.register.looked_up) == ({}, [])
    assert library.rows("patron") == before


def test_a_lost_subscription_killed_anywhere_ends_as_one_that_was_not(library: Library, tmp_path: Path) -> None:
    library.register.listed.discard(cpr("ANNA"))
    library.register.knows(gains_protection(person("ANNA")))
    library.deliver(MONDAY)
    whole, _, writes = lived_whole(library, tmp_path)
    for other in killed(library, tmp_path, sample(writes)):
        if not is_closed(other):
            other.one_night()
        assert other.record("ANNA") == gains_protection(person("ANNA"))
        assert windows(other) == {}
    whole.engine.dispose()


# -- a merge that is undone ----------------------------------------------------------------------------------


@pytest.mark.parametrize("told_while_merged", [True, False])
def test_after_an_undone_merge_both_are_asked_and_a_protection_stands_on_whom_it_is_of(
    either_library: Library, told_while_merged: bool
) -> None:
    library = either_library
    closes, keeps = two_of_one(library)
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    library.register.knows(gains_protection(person("ANNA")), person("CLARA"))
    if told_while_merged:
        library.deliver(TUESDAY, gains_protection(person("ANNA")))
        library.one_night()
        assert register_of(library, keeps).protection is PROTECTED
    reviews(library).undo(number)
    assert windows(library) == dict.fromkeys(sorted((closes, keeps)), "merge_undone")
    assert (document(library, closes)["verified"], document(library, closes)["protected"]) == (False, True)
    library.deliver(WEDNESDAY if told_while_merged else TUESDAY)
    library.one_night()
    assert register_of(library, closes).protection is PROTECTED
    assert register_of(library, keeps).protection is not PROTECTED
    assert windows(library) == {}


# -- a gap that is accepted ----------------------------------------------------------------------------------


@pytest.fixture
def gone_over(library: Library) -> Library:
    """The delivery of Monday, in which all had news, is gone for good."""
    library.deliver(TUESDAY)
    assert library.one_night().exit_code == 1
    library.register.knows(
        gains_protection(person("ANNA")), loses_protection(person("BO")), dies(person("CLARA")), moves(person("DAVID"))
    )
    told = accept(library, f"D{TUESDAY:%y%m%d}.L123456")
    assert told["unverified"] == 4
    return library


def healed(library: Library) -> bool:
    clara = replace(dies(person("CLARA")), address=person("CLARA").address)
    told = {"ANNA": gains_protection(person("ANNA")), "CLARA": clara, "DAVID": moves(person("DAVID"))}
    right = all(library.record(key) == one for key, one in told.items())
    return right and library.record("BO").protection is not PROTECTED and windows(library) == {}


def test_over_a_gap_everyone_subscribed_is_unverified_until_they_are_looked_up(gone_over: Library) -> None:
    library = gone_over
    assert set(windows(library).values()) == {"gap"}
    report = library.night()
    # a death proposes a block, which waits for a person
    assert (report.exit_code, healed(library)) == (3, True)
    assert report.document()["windows"] == {"asked": 4, "answered": 4, "left": 0, "why": {}, "brake": []}


def test_the_quota_of_a_day_is_kept_and_the_protected_come_first(gone_over: Library) -> None:
    library = gone_over
    report = library.one_night_with(windows_a_day=1)
    assert library.register.looked_up == [cpr("BO")]
    assert (report.exit_code, report.document()["windows"]["left"]) == (0, 3)
    # a second run of the same day asks nobody more
    library.one_night_with(windows_a_day=1)
    ask_about_windows_between_nights(replace(library.ports(), windows_a_day=1))
    assert library.register.looked_up == [cpr("BO")]
    library.deliver(WEDNESDAY)
    report = library.one_night_with(windows_a_day=2)
    assert (len(library.register.looked_up), report.document()["windows"]["left"]) == (3, 1)
    ask_about_windows_between_nights(replace(library.ports(), windows_a_day=3))
    assert healed(library)


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (1, "Dagens opslag om ubekræftede lånere er brugt: 1 af 1. Resten tager mindst 3 dage til"),
        (2, "Dagens opslag om ubekræftede lånere er brugt: 2 af 2. Resten tager mindst 1 dag til"),
        (0, "Ingen nat spørger om ubekræftede lånere: windows_a_day er 0"),
        (9, None),
    ],
)
def test_who_looks_is_told_that_the_days_look_ups_are_used_up(gone_over: Library, most: int, said: str | None) -> None:
    library = gone_over
    library.one_night_with(windows_a_day=most)
    quota = library.store.windows.asked_today().document(most)
    around = Around("775100", "Byens bibliotek", library.clock.now(), windows_a_day=most)
    status = status_of(library.store, around)
    told = [line for line in status_lines(status, "da") if "ubekræftede" in line]
    listed = window_list_lines(windows_document("775100", library.store.windows.listed(), quota), "da")
    for lines in (told, list(listed)):
        assert [said in line for line in lines].count(True) == 1 if said else "Dagens" not in "".join(lines)


def test_a_delivery_that_is_late_each_morning_keeps_nobody_unverified(gone_over: Library) -> None:
    """The first run of each day waits for it, and no answer ends a window meanwhile; the second takes it."""
    library, day = gone_over, TUESDAY
    library.one_night_with(windows_a_day=0)
    for left in (3, 2, 1, 0):
        day, before = working_day_after(day), len(library.register.looked_up)
        library.clock.set_after(day, time(6, 15))
        assert library.one_night_with(windows_a_day=2).exit_code == 4
        assert len(windows(library)) == left + 1
        library.deliver(day)
        library.one_night_with(windows_a_day=2)
        assert (len(windows(library)), len(library.register.looked_up) - before) == (left, 2)
    assert healed(library)


def test_a_night_over_a_gap_killed_anywhere_ends_as_one_that_was_not(gone_over: Library, tmp_path: Path) -> None:
    gone_over.batch = 1
    whole, _, writes = lived_whole(gone_over, tmp_path)
    for other in killed(gone_over, tmp_path, sample(writes)):
        if not is_closed(other, run=3):
            other.one_night()
        assert healed(other)
    whole.engine.dispose()


def healings_killed(library: Library, tmp_path: Path) -> Iterator[Library]:
    """Copies of a library, each with a healing between two nights that was killed after another one of its writes."""
    whole = library.copy(tmp_path / "whole")
    counting = KilledStore(whole.store, at=0)
    ask_about_windows_between_nights(library.ports(counting))
    whole.engine.dispose()
    for write in range(1, counting.writes + 1):
        other = library.copy(tmp_path / f"killed at {write}")
        with pytest.raises(Killed):
            ask_about_windows_between_nights(other.ports(KilledStore(other.store, at=write)))
        yield other
        other.engine.dispose()


def test_healing_between_two_nights_killed_anywhere_goes_on_where_it_stopped(
    gone_over: Library, tmp_path: Path
) -> None:
    gone_over.one_night_with(windows_a_day=0)
    gone_over.batch = 1
    for other in healings_killed(gone_over, tmp_path):
        before = len(other.register.looked_up)
        ask_about_windows_between_nights(other.ports())
        assert healed(other)
        # of each share at most the one that was at work is asked again
        assert len(other.register.looked_up) - before <= 4
        # the words of the finding box are the night's, whoever changed the records
        make_finding_keys(other.ports())
        other.nothing_is_left()


def test_a_killed_healing_counts_what_was_written_once_when_it_is_run_again(gone_over: Library, tmp_path: Path) -> None:
    gone_over.one_night_with(windows_a_day=0)
    gone_over.limit(Harm.GONE, 1)
    for other in healings_killed(gone_over, tmp_path):
        assert other.store.windows.asked_today().harms.get(Harm.GONE, 0) == (
            other.record("CLARA").status is Status.DEAD
        )
        again = ask_about_windows_between_nights(other.ports())
        assert (again.excess, other.store.windows.asked_today().harms[Harm.GONE], healed(other)) == ((), 1, True)


def test_healing_waits_for_a_night_and_a_night_for_healing(gone_over: Library) -> None:
    before = gone_over.everything()
    with gone_over.store.runs.lock(), pytest.raises(RunBusy):
        ask_about_windows_between_nights(gone_over.ports())
    assert gone_over.everything() == before


def test_answers_over_a_limit_are_held_but_what_protects_goes_through(gone_over: Library) -> None:
    library = gone_over
    library.limit(Harm.GONE, 0)
    report = library.one_night()
    assert report.exit_code == 3
    assert [one["class"] for one in report.document()["windows"]["brake"]] == ["gone"]
    assert library.record("ANNA").protection is PROTECTED
    assert library.record("DAVID") == person("DAVID")
    assert len(windows(library)) == 4
    library.policy = replace(library.policy, limits=dict(DEFAULT_LIMITS))
    library.one_night()
    assert healed(library)


def test_the_brake_counts_what_earlier_shares_of_the_day_have_done(gone_over: Library) -> None:
    library = gone_over
    library.batch = 1
    library.register.knows(dies(person("ANNA")))
    library.limit(Harm.GONE, 1)
    report = library.one_night()
    assert [(one["class"], one["count"]) for one in report.document()["windows"]["brake"]] == [("gone", 2)]
    dead = [key for key in ("ANNA", "CLARA") if library.record(key).status is Status.DEAD]
    assert len(dead) == 1
    # stopped and begun again on the same day it is under the same brake
    library.one_night()
    assert [key for key in ("ANNA", "CLARA") if library.record(key).status is Status.DEAD] == dead
    library.deliver(WEDNESDAY)
    library.night()
    assert windows(library) == {}


# -- with what the nights of the day have written -------------------------------------------------------------


@pytest.fixture
def over_together(library: Library) -> Library:
    """Behind a gap, Tuesday's delivery moves two, which is the limit of a day, and the register knows of a third."""
    library.batch = 1
    library.limit(Harm.CHANGED, 2)
    library.deliver(TUESDAY, moves(person("ANNA")), moves(person("CLARA")))
    assert library.one_night().exit_code == 1
    moved = (moves(person(key)) for key in ("ANNA", "CLARA", "DAVID"))
    library.register.knows(*moved, person("BO"))
    accept(library, f"D{TUESDAY:%y%m%d}.L123456")
    return library


def assert_held_today_and_written_tomorrow(library: Library) -> None:
    """No other run of the day gets past the limit."""
    assert library.record("DAVID") == person("DAVID")
    asked = ask_about_windows_between_nights(library.ports(), more=4)
    assert [(one.harm, one.count, one.limit) for one in asked.excess] == [(Harm.CHANGED, 3, 2)]
    told = library.one_night().document()["windows"]
    assert (told["brake"], told["left"] > 0) == ([{"class": "changed", "count": 3, "limit": 2}], True)
    assert library.record("DAVID") == person("DAVID")
    library.deliver(WEDNESDAY)
    library.night()
    assert (library.record("DAVID"), windows(library)) == (moves(person("DAVID")), {})


def test_the_limit_on_a_days_answers_counts_what_an_earlier_night_of_the_day_has_written(
    over_together: Library,
) -> None:
    assert over_together.one_night().document()["windows"]["brake"]
    assert over_together.record("CLARA") == moves(person("CLARA"))
    assert_held_today_and_written_tomorrow(over_together)


def test_the_limit_on_a_days_answers_counts_what_a_night_wrote_before_it_was_killed(
    over_together: Library, tmp_path: Path
) -> None:
    whole, _, writes = lived_whole(over_together, tmp_path)
    for other in killed(over_together, tmp_path, sample(writes)):
        if not is_closed(other, run=3):
            other.one_night()
        assert_held_today_and_written_tomorrow(other)
    whole.engine.dispose()


def test_answers_that_add_nothing_are_written_though_two_nights_of_the_day_exceed_a_limit_together(
    over_together: Library,
) -> None:
    library = over_together
    library.one_night_with(windows_a_day=0)
    library.limit(Harm.CHANGED, 1)
    library.register.knows(person("DAVID"))
    assert library.one_night().document()["windows"]["brake"] == []
    assert windows(library) == {}


def test_a_chain_that_only_warns_opens_windows_for_what_it_goes_over(library: Library) -> None:
    library.strict = False
    library.register.knows(moves(person("ANNA")))
    library.deliver(TUESDAY)
    report = library.night()
    assert report.document()["windows"]["answered"] == 4
    assert library.record("ANNA") == moves(person("ANNA"))


# -- at the desk ---------------------------------------------------------------------------------------------


def desk(library: Library) -> Desk:
    return Desk("775100", library.store, library.register, library.clock, library.policy)


def test_an_answer_at_the_desk_closes_the_window_too(gone_over: Library) -> None:
    patron = gone_over.id_of("DAVID")
    gone_over.one_night_with(windows_a_day=0)
    looked_up = said_yes.register(desk(gone_over), Asked(cpr("DAVID"), Purpose.RENEWAL, "lone"))
    assert looked_up.document["actions"] == ["move"]
    assert patron not in windows(gone_over)
    assert document(gone_over, patron)["verified"]


def test_an_answer_at_the_desk_before_the_waiting_delivery_is_taken_is_written_and_closes_no_window(
    gone_over: Library,
) -> None:
    patron = gone_over.id_of("DAVID")
    said_yes.register(desk(gone_over), Asked(cpr("DAVID"), Purpose.RENEWAL, "lone"))
    assert gone_over.record("DAVID") == moves(person("DAVID"))
    assert (patron in windows(gone_over), document(gone_over, patron)["verified"]) == (True, False)
    gone_over.night()
    assert healed(gone_over)


def test_a_look_up_that_only_shows_closes_no_window(gone_over: Library) -> None:
    before = windows(gone_over)
    look_up(desk(gone_over), Asked(cpr("DAVID"), Purpose.RENEWAL, "lone"))
    assert windows(gone_over) == before


def test_an_answer_at_the_desk_that_a_protected_patron_is_not_lifts_nothing_and_the_night_decides(
    library: Library,
) -> None:
    patron = library.id_of("BO")
    library.register.knows(moves(loses_protection(person("BO"))))
    said_yes.register(desk(library), Asked(cpr("BO"), Purpose.RENEWAL, "lone"))
    assert register_of(library, patron).protection is PROTECTED
    assert library.questions() == [(patron, "protection_end")]
    library.deliver(MONDAY)
    library.night()
    assert register_of(library, patron).protection is not PROTECTED


def test_a_look_up_never_speaks_of_a_day_after_the_last_delivery_that_was_taken(library: Library) -> None:
    """A delivery that arrives late must not look older than what was looked up meanwhile."""
    library.clock.set_after(TUESDAY)
    assert as_of_lookup(library).day == FRIDAY
    assert as_of_lookup(desk(library)).day == FRIDAY
    said_yes.register(desk(library), Asked(cpr("DAVID"), Purpose.RENEWAL, "lone"))
    library.deliver(MONDAY, gains_protection(person("DAVID")))
    library.one_night()
    assert library.record("DAVID").protection is PROTECTED
