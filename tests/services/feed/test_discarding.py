"""An operator sets aside a delivery that no night will take: audited with a reason, and never looked at again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from beginnings import DATABASES, Beginnings
from begun import begin
from doubles import FRIDAY, MONDAY, TUESDAY, WEDNESDAY, FileDouble, Killed, KilledStore, Library, unowned
from store_people import reasons_of
from test_forgetting import chunks, morning
from townspeople import cpr, gains_protection, moves, person, renames
from whole import verify_audit

from cprsync.errors import BadInput, DeliveryRefused, RunBusy
from cprsync.services.feed.stopped import DeliveryDecisions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

REASON = "the platform cannot make it whole"


def name_of(day: date) -> str:
    return f"D{day:%y%m%d}.L123456"


def discard(library: Library, file: str, *, reason: str = REASON) -> dict[str, Any]:
    decisions = DeliveryDecisions(library.store, library.reader, library.feed, library.strict, library.clock)
    return decisions.discard(file, reason=reason, user="lisbeth")


def accept(library: Library, file: str) -> dict[str, Any]:
    decisions = DeliveryDecisions(library.store, library.reader, None, strict=True)
    return decisions.accept(file, reason=REASON, user="lisbeth")


def entries(library: Library) -> list[dict[str, Any]]:
    rows = [row for row in library.rows("audit") if row["stream"] == "feed"]
    return [json.loads(bytes.fromhex(row["entry"])) for row in rows]


def records(library: Library) -> Any:
    """Everything but a run's own rows, its deliveries among them."""
    return unowned(library.everything(), "inbox", "inbox_chunk", "agreement")


def refuse_unchanged(library: Library, file: str, kind: str, **how: Any) -> BadInput:
    """It is refused, and nothing at all has changed."""
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        discard(library, file, **how)
    assert refused.value.kind == kind
    assert library.everything() == before
    return refused.value


@pytest.fixture(params=DATABASES)
def damaged(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[Library]:
    """The delivery of Monday is damaged, and stops the night."""
    with beginnings.copied(tmp_path / "library", begin, stop_at_monday, on=request.param) as library:
        yield library


def stop_at_monday(library: Library) -> None:
    library.damage(MONDAY)
    assert library.one_night().exit_code == 1


def test_a_damaged_file_stops_every_night_until_it_is_set_aside_and_none_after(damaged: Library) -> None:
    damaged.deliver(TUESDAY, moves(person("ANNA")))
    assert [damaged.one_night().error.kind for _ in range(2)] == ["delivery.damaged"] * 2  # type: ignore[union-attr]  # it fails
    before = records(damaged)
    told = discard(damaged, name_of(MONDAY))
    assert (told["file"], told["discarded"], told["reason"]) == (name_of(MONDAY), "delivery.damaged", REASON)
    assert records(damaged) == before
    for _ in range(2):
        report = damaged.one_night()
        assert (report.exit_code, report.error and report.error.kind) == (1, "delivery.gap")
    assert records(damaged) == before
    accept(damaged, name_of(TUESDAY))
    report = damaged.night()
    assert (report.exit_code, [line.file for line in report.deliveries]) == (0, [name_of(TUESDAY)])
    assert damaged.record("ANNA") == moves(person("ANNA"))
    damaged.deliver(WEDNESDAY, renames(person("ANNA")))
    assert damaged.night().exit_code == 0


def test_what_is_accepted_behind_a_damaged_file_names_that_file(damaged: Library) -> None:
    """The next night would stop at the damaged one again."""
    damaged.deliver(TUESDAY, moves(person("ANNA")))
    damaged.one_night()
    assert accept(damaged, name_of(TUESDAY))["behind"] == [name_of(MONDAY)]
    assert damaged.one_night().exit_code == 1
    assert damaged.record("ANNA") == person("ANNA")
    discard(damaged, name_of(MONDAY))
    assert damaged.night().exit_code == 0
    assert damaged.record("ANNA") == moves(person("ANNA"))


def test_the_right_file_is_taken_though_a_damaged_one_of_its_name_was_set_aside(damaged: Library) -> None:
    discard(damaged, name_of(MONDAY))
    damaged.deliver(MONDAY, moves(person("ANNA")))
    assert damaged.night().exit_code == 0
    assert damaged.record("ANNA") == moves(person("ANNA"))


def test_another_damaged_file_of_the_same_name_stops_the_night_again(damaged: Library) -> None:
    discard(damaged, name_of(MONDAY))
    damaged.feed.files[name_of(MONDAY)].token = "cut off elsewhere"
    report = damaged.one_night()
    assert (report.exit_code, report.error and report.error.kind) == (1, "delivery.damaged")


def test_new_protections_go_through_before_and_after_a_file_is_set_aside(damaged: Library) -> None:
    damaged.deliver(TUESDAY, gains_protection(person("CLARA")))
    damaged.one_night()
    discard(damaged, name_of(MONDAY))
    damaged.one_night()
    assert damaged.record("CLARA") == gains_protection(person("CLARA"))


def test_before_the_first_delivery_everyone_subscribed_is_unverified_since_no_gap_would_show(
    new_library: Library,
) -> None:
    new_library.enrol("ANNA", "CLARA")
    new_library.register.knows(person("ANNA"), person("CLARA"))
    new_library.damage(FRIDAY)
    assert new_library.one_night().exit_code == 1
    assert discard(new_library, name_of(FRIDAY))["unverified"] == 2
    rows = new_library.rows("patron")
    assert [row["unverified_why"] for row in rows] == ["gap", "gap"]


def test_behind_a_chain_that_has_begun_the_gap_tells_and_nobody_is_unverified_yet(damaged: Library) -> None:
    assert discard(damaged, name_of(MONDAY))["unverified"] == 0
    assert [row["unverified_why"] for row in damaged.rows("patron")] == [None] * 4


def test_the_audit_names_the_user_the_reason_and_the_delivery(damaged: Library) -> None:
    told = discard(damaged, name_of(MONDAY))
    (entry,) = entries(damaged)
    assert (entry["kind"], entry["actions"], entry["user"]) == ("discard", ["delivery.damaged"], "lisbeth")
    assert entry["delivery"] == told["sha256"]
    assert reasons_of(damaged.store, None) == [REASON]
    assert REASON not in str(damaged.everything())
    verify_audit(damaged.store)


def test_the_sealed_copy_stays_as_that_of_any_refused_file(damaged: Library) -> None:
    before = chunks(damaged)
    discard(damaged, name_of(MONDAY))
    assert chunks(damaged) == before > 0


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "two\nlines", "number"])
def test_a_reason_that_may_not_be_kept_is_refused(damaged: Library, reason: str) -> None:
    reason = f"for {cpr('ANNA').digits}" if reason == "number" else reason
    refused = refuse_unchanged(damaged, name_of(MONDAY), "input.reason", reason=reason)
    assert cpr("ANNA").digits not in str(refused)


def test_what_is_set_aside_is_not_set_aside_twice(damaged: Library) -> None:
    discard(damaged, name_of(MONDAY))
    refuse_unchanged(damaged, name_of(MONDAY), "delivery.discarded")


@pytest.mark.parametrize("file", ["D270324.L123456", "/nowhere/D270322.L123456"])
def test_a_name_that_nobody_knows_is_refused(damaged: Library, file: str) -> None:
    refuse_unchanged(damaged, file, "delivery.unknown")


def test_a_whole_delivery_behind_a_gap_is_not_set_aside(library: Library) -> None:
    library.deliver(TUESDAY, moves(person("ANNA")))
    library.one_night()
    refuse_unchanged(library, name_of(TUESDAY), "delivery.behind_gap")


def test_a_delivery_that_stops_no_night_is_not_set_aside(library: Library, tmp_path: Path) -> None:
    file = library.deliver(MONDAY, person("ANNA"))
    (tmp_path / file.name).write_bytes(file.token.encode())
    refuse_unchanged(library, str(tmp_path / file.name), "delivery.not_stopped")
    refuse_unchanged(library, file.name, "delivery.not_fetched")
    library.night()
    refuse_unchanged(library, str(tmp_path / file.name), "delivery.taken")


def test_nothing_is_set_aside_while_a_night_is_at_work(damaged: Library) -> None:
    before = damaged.everything()
    with damaged.store.runs.lock(), pytest.raises(RunBusy):
        discard(damaged, name_of(MONDAY))
    assert damaged.everything() == before


def test_the_wrong_one_of_two_of_a_day_is_set_aside_and_may_be_accepted_after_all(library: Library) -> None:
    library.deliver(MONDAY, person("ANNA"))
    library.night()
    library.deliver(MONDAY, moves(person("ANNA")), token="again")
    assert library.one_night().exit_code == 1
    assert discard(library, name_of(MONDAY))["discarded"] == "delivery.replaced"
    assert library.night().exit_code == 0
    assert library.record("ANNA") == person("ANNA")
    accept(library, name_of(MONDAY))
    assert library.night().exit_code == 0
    assert library.record("ANNA") == moves(person("ANNA"))


def test_a_delivery_of_a_day_that_has_not_come_is_set_aside(library: Library) -> None:
    library.deliver(WEDNESDAY, moves(person("ANNA")), previous=FRIDAY)
    library.clock.set_after(FRIDAY)
    assert library.one_night().exit_code == 1
    assert discard(library, name_of(WEDNESDAY))["discarded"] == "delivery.future"
    assert library.night().exit_code == 0


def test_a_file_that_cannot_be_read_is_set_aside_by_its_name(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA"))).readable = False
    assert library.one_night().exit_code == 1
    told = discard(library, name_of(MONDAY))
    assert (told["discarded"], told["size"]) == ("delivery.unreadable", 0)
    report = library.night()
    assert (report.exit_code, report.error and report.error.kind) == (4, "delivery.late")
    library.deliver(TUESDAY, moves(person("ANNA")))
    assert library.one_night().exit_code == 1
    accept(library, name_of(TUESDAY))
    assert library.night().exit_code == 0


@pytest.mark.parametrize("half", [True, False], ids=["half of it", "only its companion"])
def test_a_file_that_never_became_whole_is_set_aside_and_is_not_being_written_any_more(
    library: Library, *, half: bool
) -> None:
    name = name_of(MONDAY)
    library.feed.being_written = [name]
    library.feed.halves = {name: FileDouble(name, "half a file")} if half else {}
    library.clock.set_after(MONDAY)
    report = library.one_night()
    assert (report.exit_code, report.error and report.error.kind) == (4, "delivery.unfinished")
    before = records(library)
    told = discard(library, name)
    assert (told["discarded"], told["size"]) == ("delivery.unfinished", len("half a file") if half else 0)
    for _ in range(3):
        report = library.one_night()
        assert (report.exit_code, report.error and report.error.kind) == (4, "delivery.late")
    assert records(library) == before
    library.deliver(TUESDAY, moves(person("ANNA")))
    assert library.one_night().exit_code == 1
    accept(library, name_of(TUESDAY))
    for _ in range(3):
        assert library.one_night().exit_code == 0


def test_a_file_that_an_operator_took_as_it_is_does_not_come_back_as_being_written(
    library: Library, tmp_path: Path
) -> None:
    """Its companion announces more than will ever come."""
    file = library.deliver(TUESDAY, moves(person("ANNA")))
    del library.feed.files[file.name]
    library.feed.being_written = [file.name]
    (tmp_path / file.name).write_bytes(file.token.encode())
    accept(library, str(tmp_path / file.name))
    assert library.night().exit_code == 0
    assert library.record("ANNA") == moves(person("ANNA"))
    for _ in range(3):
        assert library.night().exit_code == 0


def test_another_file_that_is_being_written_is_still_waited_for(library: Library) -> None:
    library.feed.being_written = [name_of(MONDAY)]
    discard(library, name_of(MONDAY))
    library.feed.being_written = [name_of(MONDAY), name_of(TUESDAY)]
    report = library.one_night()
    assert (report.exit_code, report.error and report.error.kind) == (4, "delivery.unfinished")
    assert name_of(TUESDAY) in str(report.error)


def test_a_file_that_was_set_aside_stays_so_after_its_content_is_forgotten(damaged: Library) -> None:
    """It lies where it arrived for good, and is read there each night."""
    discard(damaged, name_of(MONDAY))
    morning(damaged, MONDAY + timedelta(days=91))
    assert damaged.one_night().document()["forgotten"]["refused_deliveries"] == 1
    for _ in range(2):
        report = damaged.one_night()
        assert (report.error and report.error.kind, chunks(damaged)) == ("delivery.late", 0)


def test_a_night_that_was_killed_at_any_write_goes_on_past_a_file_that_was_set_aside(library: Library) -> None:
    library.damage(MONDAY)
    library.one_night()
    discard(library, name_of(MONDAY))
    library.deliver(TUESDAY, moves(person("ANNA")))
    library.one_night()
    accept(library, name_of(TUESDAY))
    for at in (1, 3, 5):
        with pytest.raises(Killed):
            library.one_night(KilledStore(library.store, at=at))
    assert library.night().exit_code == 0
    assert library.record("ANNA") == moves(person("ANNA"))


def test_what_no_reader_takes_is_not_accepted_either(damaged: Library) -> None:
    before = damaged.everything()
    with pytest.raises(DeliveryRefused):
        accept(damaged, name_of(MONDAY))
    assert damaged.everything() == before
