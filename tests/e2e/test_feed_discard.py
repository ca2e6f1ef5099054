"""`cprsync feed discard FILE --reason`: what no night can take is set aside for good, and the nights go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import personal
from test_feed_accept import METADATA, REASON, accepted, deliver, library, week
from town import number

from cprsync.cli.terminal.user import user_name

if TYPE_CHECKING:
    from pathlib import Path

    from e2e_library import Library
    from test_feed_accept import Week

__all__ = ["library", "week"]
pytestmark = pytest.mark.xdist_group("feed accept")


def half(library: Library, name: str, content: bytes, announced: int) -> None:
    (library.inbox / name).write_bytes(content)
    (library.inbox / f"{name}.metadata").write_text(METADATA.format(size=announced), encoding="utf-8")


def discarded(library: Library) -> list[dict[str, Any]]:
    rows = [json.loads(row[5]) for row in library.rows("audit")["audit"]]
    return [row for row in rows if row["kind"] == "discard"]


def go_over_the_gap(week: Week, library: Library) -> None:
    """The delivery in which BO is renamed waits behind the one that was set aside; then two nights do nothing more."""
    stopped = library.call("sync").error
    assert (stopped["kind"], "feed accept" in stopped["next"]) == ("delivery.gap", True)
    assert library.call("feed", "accept", week.renamed[0], "--reason", REASON).document["behind"] == []
    ran = library.call("sync")
    # what the lost file told is looked up (decision 33)
    assert (ran.exit, ran.document["actions"]) == (0, {"move": 1, "rename": 1}), ran.out
    records = library.records()
    for _ in range(2):
        ran = library.call("sync")
        assert (ran.exit, ran.document["state"], ran.document["actions"]) == (0, "nothing", {}), ran.out
    assert library.records() == records
    assert len(accepted(library)) == 1


def test_the_nights_go_on_past_a_damaged_file_by_the_commands_that_the_messages_name(
    week: Week, library: Library
) -> None:
    name, content = week.moved
    deliver(library, name, content[:-30])
    deliver(library, *week.renamed)
    stopped = library.call("sync").error
    assert stopped["kind"] == "delivery.damaged"
    assert "`cprsync feed discard FILE --reason TEXT`" in stopped["next"]
    assert "cprsync feed discard FIL --reason" in stopped["da"]["next"]
    assert library.call("feed", "accept", week.renamed[0], "--reason", REASON).document["behind"] == [name]
    assert library.call("sync").error["kind"] == "delivery.damaged"
    records = library.records()
    ran = library.call("feed", "discard", name, "--reason", REASON)
    assert (ran.exit, ran.document["discarded"], ran.document["reason"]) == (0, "delivery.damaged", REASON), ran.out
    assert library.records() == records
    ran = library.call("sync")
    # the night that still stopped at the damaged file has looked everyone up (decision 33)
    assert (ran.exit, ran.document["received"], ran.document["unchanged"]) == (0, 1, 1), ran.out
    assert (ran.document["windows"]["left"], ran.document["actions"]) == (0, {})
    assert [library.call("sync").exit for _ in range(2)] == [0, 0]


def test_a_half_file_that_is_set_aside_is_not_being_written_any_more(week: Week, library: Library) -> None:
    name, content = week.moved
    half(library, name, content[:200], announced=len(content))
    waits = library.call("sync").error
    assert (waits["kind"], "feed discard" in waits["next"]) == ("delivery.unfinished", True)
    ran = library.call("feed", "discard", name, "--reason", REASON)
    assert (ran.exit, ran.document["discarded"], ran.document["size"]) == (0, "delivery.unfinished", 200), ran.out
    assert (library.inbox / name).exists()
    deliver(library, *week.renamed)
    go_over_the_gap(week, library)


def test_a_half_file_is_deleted_where_it_lies_if_files_are_to_be_deleted(week: Week, library: Library) -> None:
    library.rewrite("cprsync.toml", 'after = "keep"', 'after = "delete"')
    half(library, week.moved[0], week.moved[1][:200], announced=len(week.moved[1]))
    assert library.call("feed", "discard", week.moved[0], "--reason", REASON).exit == 0
    assert not list(library.inbox.glob(f"{week.moved[0]}*"))


def test_a_file_that_was_accepted_though_more_was_announced_does_not_come_back(week: Week, library: Library) -> None:
    name, content = week.renamed
    half(library, name, content, announced=len(content) + 100)
    assert library.call("sync").error["kind"] == "delivery.unfinished"
    assert library.call("feed", "accept", str(library.inbox / name), "--reason", REASON).exit == 0
    ran = library.call("sync")
    assert (ran.exit, ran.document["actions"]) == (0, {"move": 1, "rename": 1}), ran.out
    assert [library.call("sync").exit for _ in range(3)] == [0, 0, 0]


def test_a_whole_file_in_its_place_is_taken_though_more_was_announced(week: Week, library: Library) -> None:
    name, content = week.moved
    half(library, name, content, announced=len(content) + 100)
    assert library.call("sync").error["kind"] == "delivery.unfinished"
    ran = library.call("feed", "accept", name, "--reason", REASON)
    assert (ran.exit, ran.document["accepted"]) == (0, "unfinished"), ran.out
    ran = library.call("sync")
    # the file after it is late
    assert (ran.exit, ran.document["actions"]) == (4, {"move": 1}), ran.out
    deliver(library, *week.renamed)
    assert library.call("sync").document["actions"] == {"rename": 1}
    assert [library.call("sync").exit for _ in range(2)] == [0, 0]


def test_the_audit_keeps_who_set_what_aside_and_the_reason_is_nowhere_in_clear(week: Week, library: Library) -> None:
    deliver(library, week.moved[0], b"cut off")
    library.call("sync")
    told = library.call("feed", "discard", week.moved[0], "--reason", REASON).document
    (entry,) = discarded(library)
    assert (entry["actions"], entry["user"], entry["delivery"]) == (["delivery.foreign"], user_name(), told["sha256"])
    assert REASON not in str(library.rows())


def test_it_says_on_a_terminal_what_was_done_and_what_comes_next(
    week: Week, library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    from cprsync.cli.feed.deliveries import feed_discard

    deliver(library, week.moved[0], week.moved[1][:-30])
    library.call("sync")
    config = library.folder / "cprsync.toml"
    feed_discard(week.moved[0], reason=REASON, config=config)
    out = capsys.readouterr().out
    assert week.moved[0] in out
    assert "lagt til side for altid: ingen nat ser på den igen, og ingen lånere er ændret" in out
    assert "`cprsync feed accept`" in out


def test_the_copies_of_a_name_are_told_apart_and_the_ones_left_alone_are_named(
    week: Week, library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    from cprsync.cli.feed.deliveries import feed_discard

    name, content = week.moved
    deliver(library, name, content)
    assert library.call("sync").document["actions"] == {"move": 1}
    before = library.rows()
    ran = library.call("feed", "discard", name, "--reason", REASON)
    assert (ran.exit, ran.error["kind"]) == (1, "delivery.taken"), ran.out
    assert library.rows() == before
    deliver(library, name, content[:-30])
    library.call("sync")
    config = library.folder / "cprsync.toml"
    feed_discard(name, reason=REASON, config=config)
    out = capsys.readouterr().out
    assert "En leverance for den dag eller en senere er indlæst, så der er intet hul." in out
    assert f"{len(content)} byte, indlæst af en nat" in out
    ran = library.call("feed", "accept", name, "--reason", REASON, "--sha256", "00000000")
    assert (ran.exit, ran.error["kind"]) == (1, "delivery.no_copy")


def test_a_whole_delivery_is_not_set_aside(week: Week, library: Library, tmp_path: Path) -> None:
    file = tmp_path / week.moved[0]
    file.write_bytes(week.moved[1])
    before = library.rows()
    ran = library.call("feed", "discard", str(file), "--reason", REASON)
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (1, "delivery.not_stopped", "nothing")
    assert library.rows() == before
    deliver(library, *week.moved)
    assert library.call("sync").document["actions"] == {"move": 1}


@pytest.mark.parametrize(
    ("reason", "code", "kind"),
    [((), 2, "usage"), (("--reason", " "), 1, "input.reason"), (("--reason", number("ANNA")), 2, "usage.number")],
    ids=["no reason", "an empty reason", "a number for a reason"],
)
def test_nothing_is_set_aside_with(reason: tuple[str, ...], code: int, kind: str, week: Week, library: Library) -> None:
    deliver(library, week.moved[0], week.moved[1][:-30])
    library.call("sync")
    before = library.rows()
    ran = library.run("feed", "discard", week.moved[0], *reason)
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (code, kind, "nothing"), ran.out
    assert not [word for word in personal() if word in ran.out + ran.err]
    assert number("ANNA") not in ran.out + ran.err
    assert library.rows() == before


def test_nothing_is_set_aside_while_a_night_is_at_work(week: Week, library: Library) -> None:
    deliver(library, week.moved[0], week.moved[1][:-30])
    library.call("sync")
    before = library.rows()
    with library.holding_the_lock():
        ran = library.call("feed", "discard", week.moved[0], "--reason", REASON)
    assert (ran.exit, ran.error["kind"]) == (4, "run.busy")
    assert library.rows() == before
