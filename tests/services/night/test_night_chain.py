"""The chain of deliveries: repeats, gaps, replacements, damaged, late and unfinished files (decisions 3 to 5)."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import TYPE_CHECKING, cast

import pytest
from doubles import FRIDAY, MONDAY, TUESDAY, WEDNESDAY, FileDouble, Killed, KilledStore, Library, refused, unowned
from townspeople import cpr, dies, gains_protection, loses_protection, moves, person, renames

from cprsync.domain.person.person import Protection
from cprsync.domain.policy.policy import Harm
from cprsync.language.night import report_lines
from cprsync.services.feed.intake import fetch_between_nights
from cprsync.services.feed.stopped import DeliveryDecisions
from cprsync.services.ports.trust.status import DeliveriesStand
from cprsync.services.trust.status import Around, find_deliveries, status_of

if TYPE_CHECKING:
    from typing import Any

    from cprsync.services.ports.deliveries import Feed


def records(library: Library) -> Any:
    """Everything but a run's own rows, its delivery among them."""
    return unowned(library.everything(), "inbox", "agreement")


def test_the_same_file_again_is_a_repeat_and_nothing_is_due(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))
    library.one_night()
    report = library.nothing_is_left()
    assert [line.outcome for line in report.deliveries] == ["repeat"]
    assert (report.state, report.exit_code, report.received) == ("nothing", 0, 0)


def test_the_same_content_under_another_name_is_a_repeat(library: Library) -> None:
    file = library.deliver(MONDAY, moves(person("ANNA")))
    library.one_night()
    before = records(library)
    library.deliver(MONDAY, moves(person("ANNA")), name="D270322.L123456.again", token=file.token)
    report = library.night()
    assert report.exit_code == 0
    assert "repeat" in [line.outcome for line in report.deliveries]
    assert records(library) == before


def test_another_content_of_a_day_already_taken_stops_and_shows_both_hashes(library: Library) -> None:
    taken = library.deliver(MONDAY, moves(person("ANNA")))
    first = library.one_night().deliveries[-1].sha256
    library.deliver(MONDAY, renames(person("ANNA")), name=taken.name)
    before = records(library)
    report = library.night()
    assert (report.exit_code, report.state) == (1, "stopped")
    assert report.error is not None
    assert report.error.kind == "delivery.replaced"
    (line,) = [line for line in report.deliveries if line.outcome == "refused"]
    assert first[:8] in report.error.message
    assert line.sha256[:8] in report.error.message
    assert records(library) == before
    del library.feed.files[taken.name]
    library.deliver(TUESDAY, person("ANNA"))
    assert library.night().exit_code == 0


def test_what_protects_in_a_second_delivery_of_a_day_does_not_wait_for_whoever_decides(library: Library) -> None:
    taken = library.deliver(MONDAY, moves(person("ANNA")))
    library.one_night()
    library.deliver(MONDAY, gains_protection(renames(moves(person("ANNA")))), name=taken.name)
    report = library.night()
    assert (report.exit_code, report.counts.let_through) == (1, {"protect": 1})
    assert library.record("ANNA") == gains_protection(moves(person("ANNA")))


def test_the_new_file_that_was_asked_for_at_a_brake_is_taken_in_place_of_the_held_one(
    either_library: Library,
) -> None:
    library = either_library
    library.limit(Harm.GONE, 0)
    held = library.deliver(MONDAY, dies(person("DAVID")), moves(person("ANNA")))
    assert library.one_night().exit_code == 5
    library.deliver(MONDAY, moves(person("ANNA")), gains_protection(person("CLARA")), name=held.name)
    report = library.one_night()
    assert library.view("DAVID").patron.letters_stopped is not None
    assert report.error is not None
    assert (report.exit_code, report.error.kind) == (5, "delivery.replaced")
    assert "came before" in report.error.message
    assert library.record("CLARA") == gains_protection(person("CLARA"))
    wrong = [one["what"] for one in status_of(library.store, Around("", "", library.clock.now())).wrong]
    assert wrong[:2] == ["plan", "replaced"]

    decisions = DeliveryDecisions(library.store, library.reader, cast("Feed", library.feed), strict=True)
    told = decisions.accept(held.name, reason="CPR has corrected it", user="lone")
    assert ([one["file"] for one in told["instead_of"]], told["others"]) == ([held.name], [])
    library.register.knows(gains_protection(person("CLARA")), person("DAVID"))
    report = library.night()
    assert (report.exit_code, [line.outcome for line in report.deliveries]) == (0, ["applied"])
    assert library.register.looked_up == [cpr("DAVID")]
    assert (library.view("DAVID").patron.letters_stopped, library.store.windows.counts()) == (None, {})
    assert library.record("ANNA") == moves(person("ANNA"))
    assert library.record("DAVID") == person("DAVID")
    library.deliver(TUESDAY, renames(person("ANNA")))
    assert library.night().exit_code == 0


def test_where_the_held_file_was_right_the_other_is_set_aside(library: Library) -> None:
    library.limit(Harm.GONE, 0)
    held = library.deliver(MONDAY, dies(person("DAVID")))
    other = library.deliver(MONDAY, gains_protection(person("ANNA")), name=f"{held.name}.again")
    assert library.one_night().exit_code == 5
    assert library.record("ANNA") == gains_protection(person("ANNA"))
    decisions = DeliveryDecisions(library.store, library.reader, cast("Feed", library.feed), strict=True)
    assert refused(library, lambda: decisions.accept(held.name, reason="it is right", user="lone")) == (
        "delivery.not_stopped"
    )
    assert decisions.discard(other.name, reason="CPR says so", user="lone")["left"] == "nothing"
    library.limit(Harm.GONE, 1)
    library.register.knows(person("ANNA"))
    assert library.one_night().exit_code == 3
    assert library.record("DAVID").status is dies(person("DAVID")).status
    # the file that was set aside told of a protection: only a look-up of a later day ends it (decision 43)
    assert library.record("ANNA") == gains_protection(person("ANNA"))
    for day in (TUESDAY, WEDNESDAY):
        library.deliver(day)
        library.one_night()
    assert library.record("ANNA") == person("ANNA")
    library.nothing_is_left()


def test_a_delivery_older_than_the_last_one_taken_is_not_used(library: Library) -> None:
    before = records(library)
    library.deliver(date(2027, 3, 18), moves(person("ANNA")))
    library.clock.set_after(FRIDAY)
    report = library.night()
    assert (report.exit_code, "older" in [line.outcome for line in report.deliveries]) == (0, True)
    assert records(library) == before


@pytest.mark.parametrize("taken_again", [False, True], ids=["the lost file", "the same content under another name"])
def test_a_file_that_is_not_used_and_stays_where_it_lies_is_told_of_once(
    library: Library, *, taken_again: bool
) -> None:
    """The lost file comes after an operator went on over its gap."""
    file = library.deliver(TUESDAY, moves(person("ANNA")), previous=MONDAY)
    assert library.one_night().exit_code == 1
    DeliveryDecisions(library.store, library.reader, None, strict=True).accept(
        file.name, reason="it is gone", user="lone"
    )
    assert library.one_night().exit_code == 0
    if taken_again:
        library.deliver(TUESDAY, moves(person("ANNA")), previous=MONDAY, name="again", token=file.token)
    else:
        library.deliver(MONDAY, renames(person("ANNA")), name="again")
        library.clock.set_after(TUESDAY)
    before = records(library)
    told = [[line.outcome for line in library.one_night().deliveries if line.file == "again"] for _ in range(3)]
    assert told == [["repeat" if taken_again else "older"], [], []]
    assert records(library) == before
    assert library.nothing_is_left().exit_code == 0


def test_a_file_that_was_too_old_is_taken_when_the_night_that_was_beyond_it_is_held(library: Library) -> None:
    file = library.deliver(TUESDAY, dies(person("ANNA")), previous=MONDAY)
    assert library.one_night().exit_code == 1
    DeliveryDecisions(library.store, library.reader, None, strict=True).accept(
        file.name, reason="it is gone", user="lone"
    )
    library.register.knows(dies(person("ANNA")), moves(person("CLARA")))
    with pytest.raises(Killed):
        library.one_night(KilledStore(library.store, at=6))  # it has taken TUESDAY's
    library.limit(Harm.GONE, 0)
    library.deliver(MONDAY, moves(person("CLARA")))
    library.clock.set_after(TUESDAY)
    report = library.one_night()
    assert (report.exit_code, [line.outcome for line in report.deliveries]) == (5, ["applied", "older"])
    library.limit(Harm.GONE, 1)
    report = library.one_night()
    assert (report.exit_code, [line.outcome for line in report.deliveries]) == (3, ["applied", "applied"])
    assert library.record("CLARA") == moves(person("CLARA"))


def test_a_gap_stops_the_later_file_but_not_the_earlier_one_nor_what_protects(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))
    library.deliver(
        WEDNESDAY,
        gains_protection(moves(person("CLARA"))),
        renames(moves(person("ANNA"), "SKOLEN")),
        dies(person("DAVID")),
        loses_protection(person("BO")),
    )
    bo = library.record("BO")
    report = library.night()
    assert (report.exit_code, report.state) == (1, "stopped")
    assert report.error is not None
    assert report.error.kind == "delivery.gap"
    assert report.error.values["missing"] == TUESDAY
    assert [line.outcome for line in report.deliveries] == ["applied", "refused"]
    assert report.counts.let_through == {"protect": 1, "stop_letters": 1}
    assert library.record("ANNA") == moves(person("ANNA"))
    assert library.record("CLARA") == gains_protection(person("CLARA"))
    assert library.view("CLARA").patron.as_of.day == FRIDAY
    assert library.record("DAVID") == person("DAVID")
    assert library.view("DAVID").patron.letters_stopped == library.clock.today()
    assert library.record("BO") == bo
    assert library.register.looked_up == []
    assert report.received == 1

    library.deliver(TUESDAY, person("CLARA"))
    library.clock.set_after(WEDNESDAY)
    library.register.knows(gains_protection(person("CLARA")), loses_protection(person("BO")))
    report = library.night()
    assert report.exit_code == 3  # DAVID's block is proposed
    assert [line.produced for line in report.deliveries] == [TUESDAY, WEDNESDAY]
    assert library.record("CLARA") == gains_protection(moves(person("CLARA")))
    assert library.record("ANNA").address == moves(person("ANNA"), "SKOLEN").address
    assert library.record("DAVID").status is dies(person("DAVID")).status
    assert library.record("BO").protection is loses_protection(person("BO")).protection
    assert library.reviews() == [(library.id_of("DAVID"), "block.dead")]


def test_of_two_files_behind_a_gap_nothing_of_the_first_comes_with_the_protection_in_the_second(
    library: Library,
) -> None:
    library.deliver(TUESDAY, moves(person("ANNA")), previous=MONDAY)
    library.deliver(WEDNESDAY, gains_protection(moves(person("ANNA"))))
    report = library.night()
    assert (report.exit_code, report.counts.let_through) == (1, {"protect": 1})
    assert library.record("ANNA") == gains_protection(person("ANNA"))


def test_a_gap_of_several_days_is_told_from_its_first_day_to_its_last(library: Library) -> None:
    """Otherwise an operator asks the platform for one file, and stops at the next one a day later."""
    library.deliver(date(2027, 3, 30), moves(person("ANNA")))
    report = library.night()
    assert report.error is not None
    assert (report.exit_code, report.error.kind) == (1, "delivery.gap")
    assert report.error.message.endswith("those from 2027-03-22 to 2027-03-24 are missing")


def test_where_the_chain_only_warns_a_gap_is_passed_over(library: Library) -> None:
    library.strict = False
    library.deliver(TUESDAY, moves(person("ANNA")))
    assert library.night().exit_code == 0
    assert library.record("ANNA") == moves(person("ANNA"))


@pytest.mark.parametrize("row", ["protection-damaged"])
def test_a_damaged_file_gives_nothing_and_stops_all_after_it_but_what_protects(library: Library, row: str) -> None:
    library.damage(MONDAY)
    library.deliver(TUESDAY, moves(person("ANNA")), gains_protection(moves(person("CLARA"))))
    report = library.night()
    assert (report.exit_code, report.state) == (1, "stopped")
    assert report.error is not None
    assert (report.error.kind, report.received) == ("delivery.damaged", 0), row
    assert library.record("ANNA") == person("ANNA")
    assert library.record("CLARA") == gains_protection(person("CLARA"))
    library.deliver(MONDAY, person("ANNA"))
    library.clock.set_after(TUESDAY)
    assert library.night().exit_code == 0
    assert library.record("CLARA") == gains_protection(moves(person("CLARA")))


def test_a_whole_delivery_is_applied_though_a_later_one_is_damaged(either_library: Library) -> None:
    """A night stops at the damaged one, not before it (decision 44)."""
    library = either_library
    library.deliver(MONDAY, moves(person("ANNA")))
    library.deliver(TUESDAY, renames(moves(person("CLARA"))))
    library.damage(WEDNESDAY)
    report = library.night()
    assert (report.exit_code, report.error and report.error.kind) == (1, "delivery.damaged")
    assert [(one.produced or one.file[:7], one.outcome) for one in report.deliveries] == [
        (f"D{WEDNESDAY:%y%m%d}", "refused"),
        (MONDAY, "applied"),
        (TUESDAY, "applied"),
    ]
    assert library.record("ANNA") == moves(person("ANNA"))
    assert library.record("CLARA") == renames(moves(person("CLARA")))
    before = records(library)
    assert library.night().exit_code == 1
    assert records(library) == before
    library.deliver(WEDNESDAY, person("ANNA"))
    assert library.night().exit_code == 0


def test_what_directly_follows_the_last_one_taken_is_applied_though_a_damaged_file_has_no_day(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))
    library.deliver(WEDNESDAY, gains_protection(moves(person("CLARA"))), previous=TUESDAY)
    library.feed.files["D991399.L123456"] = FileDouble("D991399.L123456", "cut off")
    report = library.night()
    assert [(one.outcome, one.waits) for one in report.deliveries] == [
        ("refused", False),
        ("applied", False),
        ("refused", True),
    ]
    assert library.record("ANNA") == moves(person("ANNA"))
    assert library.record("CLARA") == gains_protection(person("CLARA"))


def test_a_delivery_is_not_taken_over_a_damaged_one_where_the_chain_only_warns(library: Library) -> None:
    library.strict = False
    library.damage(MONDAY)
    library.deliver(TUESDAY, moves(person("ANNA")))
    report = library.night()
    assert [(one.outcome, one.waits) for one in report.deliveries][:2] == [("refused", False), ("refused", True)]
    assert library.record("ANNA") == person("ANNA")


def test_nothing_is_applied_before_a_damaged_first_delivery(new_library: Library) -> None:
    """Without a chain nobody knows what the damaged one told."""
    new_library.enrol("ANNA")
    new_library.register.knows(person("ANNA"))
    new_library.damage(FRIDAY)
    new_library.deliver(MONDAY, moves(person("ANNA")))
    assert [one.waits for one in new_library.one_night().deliveries] == [False, True]
    assert new_library.record("ANNA") == person("ANNA")


def test_a_damaged_file_alone_changes_nothing(library: Library) -> None:
    before = records(library)
    library.damage(MONDAY)
    report = library.night()
    assert (report.exit_code, [line.outcome for line in report.deliveries]) == (1, ["refused", "repeat"])
    assert records(library) == before
    assert library.rows("inbox")[-1]["reason"] == "delivery.damaged"


def test_a_file_that_cannot_be_read_is_refused_and_the_run_ends(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA"))).readable = False
    before = records(library)
    report = library.night()
    assert report.error is not None
    assert (report.exit_code, report.error.kind) == (1, "delivery.unreadable")
    assert [line.outcome for line in report.deliveries] == ["refused", "repeat"]
    assert records(library) == before


def test_an_expected_delivery_that_is_not_there_is_late(library: Library) -> None:
    library.clock.set_after(MONDAY)
    before = records(library)
    report = library.night()
    assert report.error is not None
    assert (report.exit_code, report.error.kind, report.state) == (4, "delivery.late", "nothing")
    (listed,) = library.store.runs.list_runs(most=1)
    assert listed.error == "delivery.late"
    assert records(library) == before


def test_a_delivery_that_is_not_there_is_late_also_on_a_night_that_took_an_earlier_one(library: Library) -> None:
    """It is not told as a night that went well, and nobody's heartbeat is called."""
    library.deliver(MONDAY, moves(person("ANNA")))
    library.clock.set_after(TUESDAY)
    report = library.night()
    assert report.error is not None
    assert (report.exit_code, report.error.kind, report.error.values["due"]) == (4, "delivery.late", TUESDAY)
    assert library.record("ANNA") == moves(person("ANNA"))
    library.deliver(TUESDAY)
    assert library.night().exit_code == 0


def test_a_held_night_tells_of_its_brake_and_not_of_a_delivery_that_may_still_come(library: Library) -> None:
    library.limit(Harm.GONE, 0)
    library.deliver(MONDAY, dies(person("ANNA")))
    library.clock.set_after(TUESDAY)
    for report in (library.one_night(), library.one_night()):
        assert report.failure is not None
        assert (report.exit_code, report.failure.kind) == (5, "run.braked")


def test_the_first_of_several_missing_deliveries_is_named(library: Library) -> None:
    library.clock.set_after(WEDNESDAY)
    before = records(library)
    report = library.night()
    assert report.error is not None
    assert (report.error.kind, report.error.values["due"]) == ("delivery.late", MONDAY)
    assert records(library) == before


@pytest.mark.parametrize("day", [date(2027, 3, 20), date(2027, 3, 21)])
def test_nothing_is_late_on_a_weekend(library: Library, day: date) -> None:
    library.clock.set_after(day)
    assert library.night().exit_code == 0


def test_nothing_is_late_before_the_hour_at_which_it_is_loaded(library: Library) -> None:
    library.clock.set_after(MONDAY, at=time(5, 30))
    assert library.night().exit_code == 0


def test_the_night_says_that_a_file_came_without_its_companion(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA"))).is_announced = False
    report = library.one_night()
    assert (report.exit_code, [one.announced for one in report.deliveries]) == (0, [False])
    assert any("uden .metadata" in line for line in report_lines(report.document(), "da"))
    library.deliver(TUESDAY)
    report = library.night()
    assert not any(".metadata" in line for line in report_lines(report.document(), "da"))


def test_a_file_that_is_still_being_written_is_waited_for(library: Library) -> None:
    library.feed.being_written = ["D270322.L123456"]
    before = records(library)
    report = library.night()
    assert report.error is not None
    assert (report.exit_code, report.error.kind) == (4, "delivery.unfinished")
    assert records(library) == before


def test_what_was_sealed_before_a_kill_is_taken_though_the_file_is_gone(library: Library) -> None:
    file = library.deliver(MONDAY, moves(person("ANNA")))
    kill = KilledStore(library.store, at=4)  # the run is opened, Friday's file and this one are sealed
    with pytest.raises(Killed):
        library.one_night(kill)
    assert library.record("ANNA") == person("ANNA")
    del library.feed.files[file.name]
    assert library.night().exit_code == 0
    assert library.record("ANNA") == moves(person("ANNA"))


def test_the_calendar_part_lives_the_days_since_the_last_run(library: Library) -> None:
    library.deliver(MONDAY)
    assert library.night().calendar == {"days": 3}


def test_protection_behind_a_gap_is_written_once(library: Library) -> None:
    library.deliver(WEDNESDAY, gains_protection(person("CLARA")), dies(person("DAVID")), previous=TUESDAY)
    assert library.night().counts.let_through == {"protect": 1, "stop_letters": 1}
    assert library.record("CLARA").protection is Protection.NAME_AND_ADDRESS
    assert [library.view(key).patron.version for key in ("CLARA", "DAVID")] == [3, 3]
    assert not library.nothing_is_left().counts.let_through


def test_the_right_file_is_taken_though_one_of_a_day_to_come_had_its_name(library: Library) -> None:
    name = f"D{MONDAY:%y%m%d}.L123456"
    library.deliver(date(2062, 3, 22), renames(person("ANNA")), name=name)
    library.clock.set_after(MONDAY)
    assert [library.one_night().exit_code for _ in range(2)] == [1, 1]
    assert find_deliveries(library.store, library.clock.now()).waiting == 0
    library.deliver(MONDAY, moves(person("ANNA")), name=name)
    assert library.night().exit_code == 0
    assert library.record("ANNA") == moves(person("ANNA"))
    assert find_deliveries(library.store, library.clock.now()) == DeliveriesStand(
        last=MONDAY, due=MONDAY, late=False, missing=None, waiting=0, stopping=0
    )


def test_the_one_of_a_day_to_come_is_told_of_once_where_both_were_fetched_before_the_night(library: Library) -> None:
    name = f"D{MONDAY:%y%m%d}.L123456"
    library.deliver(date(2062, 3, 22), renames(person("ANNA")), name=name)
    fetch_between_nights(library.store, library.ports().feed, library.ports().progress)
    library.deliver(MONDAY, moves(person("ANNA")), name=name)
    report = library.night()
    assert (report.exit_code, [one.outcome for one in report.deliveries]) == (0, ["applied", "refused"])
    assert library.record("ANNA") == moves(person("ANNA"))


def test_a_file_of_a_day_to_come_stops_no_night_once_it_is_removed(library: Library) -> None:
    file = library.deliver(TUESDAY, renames(person("ANNA")), previous=MONDAY)
    library.clock.set_after(FRIDAY)
    assert library.night().exit_code == 1
    del library.feed.files[file.name]
    before = records(library)
    assert library.night().exit_code == 0
    assert records(library) == before


def test_a_file_that_came_before_its_day_by_a_clock_that_was_behind_is_taken_on_its_day(library: Library) -> None:
    """Its place may have deleted it as soon as it was sealed."""
    file = library.deliver(MONDAY, moves(person("ANNA")))
    library.clock.moment -= timedelta(days=3)
    assert library.night().exit_code == 1
    del library.feed.files[file.name]
    library.clock.set_after(MONDAY)
    assert library.night().exit_code == 0
    assert library.record("ANNA") == moves(person("ANNA"))


def test_a_delivery_of_a_day_that_has_not_come_is_refused(library: Library) -> None:
    """Taken, it would make every true delivery after it look old."""
    library.deliver(WEDNESDAY, moves(person("ANNA")), previous=MONDAY)
    library.clock.set_after(MONDAY)
    report = library.one_night()
    assert (report.exit_code, report.error and report.error.kind) == (1, "delivery.future")
    assert library.record("ANNA") == person("ANNA")
    assert library.store.inbox.last_produced() == FRIDAY


def test_a_new_library_is_not_well_as_long_as_no_delivery_comes(new_library: Library) -> None:
    """The nights have nothing to wait for: `status` says that the agreement delivers nothing."""
    library = new_library
    library.enrol("ANNA")
    library.register.knows(person("ANNA"))

    def late() -> list[dict[str, Any]]:
        return [one for one in status_of(library.store, Around("", "", library.clock.now())).wrong if "due" in one]

    for day in (FRIDAY, MONDAY):
        assert late() == []
        library.clock.set_after(day)
        assert library.night().exit_code == 0
    assert late() == [{"what": "late", "due": "2027-03-22", "day": "2027-03-22", "never": True}]
    library.deliver(MONDAY)
    assert library.night().exit_code == 0
    assert late() == []


def test_a_first_delivery_that_names_its_own_day_as_the_one_before_starts_the_chain(new_library: Library) -> None:
    """An initial load follows none: its record 000 has the same day twice."""
    new_library.enrol("ANNA")
    new_library.register.knows(person("ANNA"))
    new_library.deliver(FRIDAY, person("ANNA"), previous=FRIDAY)
    report = new_library.night()
    assert (report.exit_code, [line.outcome for line in report.deliveries]) == (0, ["applied"])
    new_library.deliver(MONDAY, moves(person("ANNA")))
    assert new_library.night().exit_code == 0
    assert new_library.record("ANNA") == moves(person("ANNA"))


def test_a_delivery_that_begins_a_new_chain_stops_behind_the_one_that_is_there(library: Library) -> None:
    """Nobody can tell what was produced before it: an operator goes over it, as over any gap."""
    file = library.deliver(TUESDAY, moves(person("ANNA")), previous=TUESDAY)
    before = records(library)
    report = library.night()
    assert report.error is not None
    assert (report.exit_code, report.error.kind) == (1, "delivery.gap")
    assert "it begins a new chain, but the last one taken is of 2027-03-19" in report.error.message
    assert records(library) == before
    DeliveryDecisions(library.store, library.reader, None, strict=True).accept(
        file.name, reason="a new task", user="lone"
    )
    assert library.night().exit_code == 0
    library.deliver(WEDNESDAY, renames(person("ANNA")))
    assert library.night().exit_code == 0
