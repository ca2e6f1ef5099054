"""A comparison with Cicero as text: only what there is, with what changed, and never a half held against a whole."""

from __future__ import annotations

from typing import Any

import pytest

from cprsync.domain.outward.deviation import Deviation
from cprsync.language.outward import comparison_lines, trend_lines
from cprsync.language.words import has_word

NONE = {kind.value: 0 for kind in Deviation}


def document(**changed: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "day": "2027-04-06",
        "done": True,
        "resumed": False,
        "compared": 40,
        "left_out": 0,
        "deviations": NONE,
        "patrons": {},
        "listed": None,
        "before": None,
    }
    return {**whole, **changed}


def differing(count: int, **changed: Any) -> dict[str, Any]:
    patrons = [f"{number:08}" for number in range(count)]
    return document(deviations={**NONE, "name": count}, patrons={"name": patrons} if count else {}, **changed)


def said(of: dict[str, Any], language: Any = "en") -> str:
    return "\n".join(comparison_lines(of, language))


def test_when_all_is_equal_it_says_so_and_shows_no_table() -> None:
    text = said(document())
    assert "Cicero shows the same of everybody." in text
    assert "  change" not in text
    assert "Nothing was changed in Cicero." in text


@pytest.mark.parametrize(("before", "change"), [(1, "+2"), (3, "="), (5, "-2")])
def test_each_kind_stands_beside_the_last_time(before: int, change: str) -> None:
    last = {"day": "2027-04-05", "deviations": {**NONE, "name": before}}
    (line,) = [line for line in said(differing(3, before=last)).splitlines() if line.startswith("  Another name")]
    assert line.split()[2:] == ["3", str(before), change]


def test_a_kind_that_is_gone_is_still_shown_once() -> None:
    last = {"day": "2027-04-05", "deviations": {**NONE, "name": 2}}
    assert "Another name       0       2      -2" in said(document(before=last))


def test_what_is_not_finished_is_held_against_nothing() -> None:
    last = {"day": "2027-04-05", "deviations": {**NONE, "name": 5, "birth": 1}}
    text = said(differing(1, done=False, before=last))
    assert "5.4." not in text
    assert "Another birth date" not in text
    assert "not finished" in text
    assert "the same of everybody" not in said(document(done=False))


def test_many_patrons_are_cut_short_and_counted() -> None:
    assert "00000019 … (+5)" in said(differing(25))


def test_what_was_left_out_and_continued_is_told() -> None:
    text = said(document(left_out=2, resumed=True))
    assert "2 are not compared" in text
    assert "Continued" in text
    assert "--list" not in said(document(listed=4))


def test_the_trend_has_a_column_for_each_of_the_last_comparisons() -> None:
    past = [{"day": f"2027-04-{day:02}", "compared": 40, "deviations": {**NONE, "name": day}} for day in range(1, 10)]
    lines = list(trend_lines({"trend": past}, "da"))
    assert lines[1].split() == [f"{day}.4." for day in range(3, 10)]
    assert lines[-1].split()[-7:] == [str(day) for day in range(3, 10)]
    assert len(lines) == 4
    (never,) = trend_lines({"trend": []}, "en")
    assert "no comparison" in never


@pytest.mark.parametrize("kind", list(Deviation))
def test_each_kind_has_words_in_both_languages(kind: Deviation) -> None:
    assert has_word(f"compare_{kind.value}")
    assert kind.value not in said(document(deviations={**NONE, kind.value: 1}), "da")
