"""`targets` as text: how each stands, what to do about it, and what forgetting one leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cprsync.language.night import target_lines
from cprsync.language.outward import forgotten_lines, state_line, status_line, targets_lines
from cprsync.services.ports.outward import FeedPosition, TargetStands

PLAIN = TargetStands(
    name="koha",
    kind="koha",
    set_up=True,
    loaded=True,
    told=1200,
    waiting=3,
    failed=0,
    refused=0,
    oldest=None,
    stopped=None,
    why=None,
    fetched=None,
)


def test_each_target_has_a_line_and_only_what_is_wrong_has_more() -> None:
    lines = list(targets_lines([replace(PLAIN, waiting=0), replace(PLAIN, name="hook", loaded=False, told=0)], "en"))
    assert lines == [
        "name  kind  state       knows  waiting  refused",
        "koha  koha  up to date  1200   0        0",
        "hook  koha  not loaded  0      3        0",
    ]


def test_no_target_is_up_to_date_for_which_something_waits_or_that_refuses_somebody() -> None:
    waits, refuses = replace(PLAIN, waiting=55), replace(PLAIN, waiting=55, failed=2, refused=2)
    assert list(targets_lines([waits], "en"))[1].split() == ["koha", "koha", "behind", "1200", "55", "0"]
    assert "refuses some" in list(targets_lines([refuses], "en"))[1]
    assert "review list" in state_line(refuses, "en")
    assert "targets send koha" in state_line(waits, "en")
    assert "bagud" in status_line(waits, "da")
    # a reader fetches by itself: nothing waits for it
    assert "website" in status_line(replace(refuses, name="website", told=None), "en")


def test_a_stopped_target_says_how_it_goes_on() -> None:
    stopped = replace(
        PLAIN,
        stopped=datetime(2027, 3, 2, 5, 31, tzinfo=UTC),
        why="gone",
        oldest=datetime(2027, 3, 2, 5, 30, tzinfo=UTC),
    )
    lines = list(targets_lines([stopped], "da"))
    assert lines[2] == "koha: det ældste har ventet siden 2. marts 2027 kl. 06.30"
    assert "cprsync targets release koha" in lines[3]
    assert state_line(stopped, "da") == lines[3]


def test_a_feed_knows_nothing_and_says_how_far_its_reader_has_come_in_danish_time() -> None:
    feed = replace(PLAIN, name="website", kind="feed", told=None, waiting=0)
    never = list(targets_lines([feed], "en"))
    assert never[1:] == [
        "website  feed  up to date         0        0",
        "website: its reader fetches, and has fetched nothing lately",
    ]
    read = replace(feed, fetched=FeedPosition(datetime(2027, 3, 2, 5, 31, tzinfo=UTC), 118, 3))
    said = "website: læseren hentede sidst 2. marts 2027 kl. 06.31, til og med ændring 118; 3 ændringer er nyere"
    assert list(targets_lines([read], "da"))[2:] == [said]
    assert status_line(read, "da") == said
    assert status_line(replace(read, loaded=False), "en").startswith("website has not heard of everybody yet")
    assert "no longer in cprsync.toml" in status_line(replace(read, set_up=False), "en")


def test_a_target_that_refuses_says_for_how_many_and_what_to_do() -> None:
    (*_, said) = targets_lines([replace(PLAIN, failed=23, refused=20)], "en")
    assert said.startswith("koha refuses 20 patrons. They wait in `cprsync review list` (target.not_taken).")
    assert "`cprsync targets load koha`" in said


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"sent": 40, "written": 37}, "koha: 40 sent, of which 37 written; 3 had nothing to change there"),
        ({"sent": 40, "written": 40}, "koha: 40 sent"),
    ],
)
def test_what_was_written_is_counted_apart(counts: dict[str, int], told: str) -> None:
    target = {"name": "koha", "waiting": 0, "failed": 0, "stopped": None, **counts}
    assert list(target_lines(target, "en")) == [told]


def test_no_target_is_said_in_words() -> None:
    assert list(targets_lines([], "da")) == ["Der er ingen mål: ingen [[library.target]] i cprsync.toml."]


def test_forgetting_says_what_stays_at_the_target_before_and_after() -> None:
    removed = replace(PLAIN, set_up=False)
    before, after = (list(forgotten_lines(removed, "en", is_forgotten=done)) for done in (False, True))
    assert before[0] == after[0]
    assert "keeps what it was told of 1200 patrons" in before[0]
    assert before[1].startswith("Nothing was changed")
    assert after[1] == "koha is forgotten here. Delete the patrons at the target itself."
