"""An operator takes a delivery that stops the nights: audited with a reason, applied by the next night."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from doubles import FRIDAY, MONDAY, TUESDAY, WEDNESDAY, FileDouble, Library, unowned
from store_people import reasons_of
from townspeople import cpr, moves, person
from whole import verify_audit

from cprsync.errors import BadInput, DeliveryRefused, RegisterUnavailable
from cprsync.services.feed.stopped import DeliveryDecisions

if TYPE_CHECKING:
    from pathlib import Path

REASON = "the platform has lost the file of Monday"


def accept(library: Library, file: str, *, reason: str = REASON) -> dict[str, Any]:
    decisions = DeliveryDecisions(library.store, library.reader, library.feed, library.strict)
    return decisions.accept(file, reason=reason, user="lisbeth")


def entries(library: Library) -> list[dict[str, Any]]:
    rows = [row for row in library.rows("audit") if row["stream"] == "feed"]
    return [json.loads(bytes.fromhex(row["entry"])) for row in rows]


@pytest.fixture
def gap(library: Library) -> Library:
    """The delivery of Monday never came; that of Tuesday stops the night."""
    library.deliver(TUESDAY, moves(person("ANNA")))
    report = library.one_night()
    assert (report.exit_code, report.deliveries[0].outcome) == (1, "refused")
    return library


@pytest.fixture
def replacement(library: Library) -> Library:
    """Monday came twice, the second time with another content."""
    library.deliver(MONDAY, person("ANNA"))
    library.night()
    library.deliver(MONDAY, moves(person("ANNA")), token="again")
    assert library.one_night().exit_code == 1
    return library


def test_a_gap_is_gone_over_and_the_chain_goes_on_from_there(gap: Library) -> None:
    file = f"D{TUESDAY:%y%m%d}.L123456"
    before = gap.everything()
    told = accept(gap, file)
    assert (told["file"], told["accepted"], told["previous"]) == (file, "gap", MONDAY.isoformat())
    # nothing of a record but that it is unverified: test_window_nights
    assert told["unverified"] == len(before["patron"])
    assert unowned(gap.everything(), "inbox", "patron") == unowned(before, "inbox", "patron")
    gap.register.knows(moves(person("ANNA")))
    report = gap.night()
    assert (report.exit_code, gap.items(report)) == (0, [("applied", None)])
    assert gap.record("ANNA").address == moves(person("ANNA")).address
    gap.deliver(WEDNESDAY, person("ANNA"))
    assert gap.night().exit_code == 0


def test_only_the_delivery_that_was_accepted_goes_over_a_gap(gap: Library) -> None:
    accept(gap, f"D{TUESDAY:%y%m%d}.L123456")
    gap.night()
    gap.deliver(WEDNESDAY, person("ANNA"), previous=FRIDAY)
    assert gap.one_night().exit_code == 1


def test_a_replacement_is_applied_over_what_it_replaces(replacement: Library) -> None:
    told = accept(replacement, f"D{MONDAY:%y%m%d}.L123456")
    assert told["accepted"] == "replaced"
    report = replacement.night()
    assert (report.exit_code, replacement.items(report)) == (0, [("applied", None)])
    assert replacement.record("ANNA").address == moves(person("ANNA")).address
    replacement.deliver(TUESDAY)
    assert replacement.night().exit_code == 0


def test_the_audit_names_the_user_the_reason_and_the_delivery(gap: Library) -> None:
    told = accept(gap, f"D{TUESDAY:%y%m%d}.L123456")
    (entry,) = entries(gap)
    assert (entry["kind"], entry["actions"], entry["user"]) == ("accept", ["gap"], "lisbeth")
    assert entry["delivery"] == told["sha256"]
    assert reasons_of(gap.store, None) == [REASON]
    assert REASON not in str(gap.everything())
    verify_audit(gap.store)


def test_a_file_on_disk_is_taken_into_the_inbox(library: Library, tmp_path: Path) -> None:
    file = library.deliver(TUESDAY, moves(person("ANNA")))
    del library.feed.files[file.name]
    (tmp_path / file.name).write_bytes(file.token.encode())
    library.register.knows(moves(person("ANNA")))
    assert accept(library, str(tmp_path / file.name))["file"] == file.name
    assert library.one_night().exit_code == 0
    assert library.record("ANNA").address == moves(person("ANNA")).address


@pytest.mark.parametrize(("produced", "kind"), [(FRIDAY, "delivery.taken"), (MONDAY, "delivery.not_stopped")])
def test_a_delivery_that_stops_no_night_is_not_accepted(
    library: Library, tmp_path: Path, produced: Any, kind: str
) -> None:
    """One already taken, or the one next in chain."""
    name = f"D{produced:%y%m%d}.L123456"
    file = library.feed.files[name] if produced == FRIDAY else library.deliver(produced, person("ANNA"))
    (tmp_path / name).write_bytes(file.token.encode())
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        accept(library, str(tmp_path / name))
    assert refused.value.kind == kind
    assert library.everything() == before


@pytest.mark.parametrize("on_disk", [True, False])
def test_a_whole_delivery_whose_companion_announces_more_is_taken_as_it_is(
    library: Library, tmp_path: Path, *, on_disk: bool
) -> None:
    """It is in its place, and the nights would wait for more of it for ever."""
    file = library.deliver(MONDAY, moves(person("ANNA")))
    del library.feed.files[file.name]
    library.feed.being_written, library.feed.halves = [file.name], {file.name: file}
    assert library.one_night().exit_code == 4
    (tmp_path / file.name).write_bytes(file.token.encode())
    told = accept(library, str(tmp_path / file.name) if on_disk else file.name)
    assert (told["file"], told["accepted"]) == (file.name, "unfinished")
    for _ in range(3):
        assert library.night().exit_code == 0
    assert library.record("ANNA") == moves(person("ANNA"))


def test_a_half_file_is_not_accepted_and_stops_no_night_more_than_before(library: Library) -> None:
    name = f"D{MONDAY:%y%m%d}.L123456"
    library.feed.being_written, library.feed.halves = [name], {name: FileDouble(name, "half of it")}
    library.clock.set_after(MONDAY)
    before = unowned(library.everything(), "inbox", "inbox_chunk")
    with pytest.raises(DeliveryRefused):
        accept(library, name)
    report = library.night()
    assert (report.exit_code, report.error and report.error.kind) == (4, "delivery.unfinished")
    assert unowned(library.everything(), "inbox", "inbox_chunk") == before


def test_where_deliveries_arrive_is_not_asked_about_one_that_waits_in_the_inbox(gap: Library) -> None:
    """A server that is away keeps nobody from going over a gap."""
    gap.feed.unfinished = _away  # type: ignore[method-assign]  # a server that does not answer
    assert accept(gap, f"D{TUESDAY:%y%m%d}.L123456")["accepted"] == "gap"


def _away() -> list[str]:
    raise RegisterUnavailable("no answer")


def test_a_damaged_file_is_not_accepted(library: Library, tmp_path: Path) -> None:
    (tmp_path / "D270323.L123456").write_bytes(b"cut off")
    before = library.everything()
    with pytest.raises(DeliveryRefused):
        accept(library, str(tmp_path / "D270323.L123456"))
    assert library.everything() == before


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "two\nlines", "number"])
def test_a_reason_that_may_not_be_kept_is_refused(gap: Library, reason: str) -> None:
    before = gap.everything()
    with pytest.raises(BadInput) as refused:
        accept(gap, f"D{TUESDAY:%y%m%d}.L123456", reason=f"for {cpr('ANNA').digits}" if reason == "number" else reason)
    assert refused.value.kind == "input.reason"
    assert cpr("ANNA").digits not in str(refused.value)
    assert gap.everything() == before


def test_a_name_that_nobody_knows_is_refused(gap: Library) -> None:
    before = gap.everything()
    with pytest.raises(BadInput) as refused:
        accept(gap, "D270324.L123456")
    assert refused.value.kind == "delivery.unknown"
    assert gap.everything() == before
