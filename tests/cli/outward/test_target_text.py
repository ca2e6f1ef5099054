"""`targets` as text: how each stands, what to do about it, and what forgetting one leaves."""

from __future__ import annotations

from typing import Any

from cprsync.language.targets import forgotten_lines, state_line, targets_lines

PLAIN: dict[str, Any] = {
    "name": "koha",
    "kind": "koha",
    "set_up": True,
    "loaded": True,
    "told": 1200,
    "waiting": 3,
    "failed": 0,
    "oldest": None,
    "stopped": None,
    "why": None,
}


def test_each_target_has_a_line_and_only_what_is_wrong_has_more() -> None:
    lines = list(targets_lines([PLAIN, PLAIN | {"name": "hook", "loaded": False, "told": 0}], "en"))
    assert lines == [
        "name  kind  state       knows  waiting  refused",
        "koha  koha  up to date  1200   3        0",
        "hook  koha  not loaded  0      3        0",
    ]


def test_a_stopped_target_says_how_it_goes_on() -> None:
    stopped = PLAIN | {"stopped": "2027-03-02T05:31:00+00:00", "why": "gone", "oldest": "2027-03-02T05:30:00+00:00"}
    lines = list(targets_lines([stopped], "da"))
    assert lines[2] == "koha: det ældste har ventet siden 2027-03-02T05:30:00+00:00"
    assert "cprsync targets release koha" in lines[3]
    assert state_line(stopped, "da") == lines[3]


def test_no_target_is_said_in_words() -> None:
    assert list(targets_lines([], "da")) == ["Der er ingen mål: ingen [[library.target]] i cprsync.toml."]


def test_forgetting_says_what_stays_at_the_target_before_and_after() -> None:
    removed = PLAIN | {"set_up": False}
    before, after = (list(forgotten_lines(removed | {"forgotten": done}, "en")) for done in (False, True))
    assert before[0] == after[0]
    assert "keeps what it was told of 1200 patrons" in before[0]
    assert before[1].startswith("Nothing was changed")
    assert after[1] == "koha is forgotten here. Delete the patrons at the target itself."
