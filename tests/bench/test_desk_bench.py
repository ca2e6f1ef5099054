"""The bench of the desk at a tiny size: its shape, and that both ways end in the same page. It asserts no time."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pytest

from bench import desk
from bench.command import _size_of, report
from bench.desk import bench_desk, percentile
from bench.figures import FLOOR, OURS, Measured, document_of_nothing

if TYPE_CHECKING:
    from pathlib import Path

#: How long a bench may take to end.
ENDS_SECONDS = 20
pytestmark = pytest.mark.xdist_group("bench")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return bench_desk(patrons=20, look_ups=10, database="sqlite", rounds=1).document()


def test_both_ways_end_in_the_same_page(document: dict[str, Any]) -> None:
    assert document["equal"]
    assert document["page_bytes"] > 3000


def test_what_is_added_is_told_in_milliseconds_and_as_a_ratio(document: dict[str, Any]) -> None:
    assert {way: set(one) for way, one in document["added_ms"].items()} == {OURS: {"p50", "p95"}, FLOOR: {"p50", "p95"}}
    assert set(document["ratios"]) == {"ours/floor"}
    assert [goal["value"] for goal in document["goals"]] == [20, 100]
    text = "\n".join(report(document))
    assert all(told in text for told in ("ours adds to the register's latency", "p95", "a page, in KB"))


def test_a_floor_that_renders_something_else_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rounds are doubled here, and one of them has another page."""
    one = Measured(0.02, 0.1, 100, "sha256:a")
    pages: list[tuple[Measured, desk.Asked]] = [
        (one, desk.Asked((0.02,), b"page")),
        (replace(one, digest="sha256:b"), desk.Asked((0.01,), b"other")),
    ]
    monkeypatch.setattr(desk, "_round", lambda *_: pages.pop(0))
    assert not bench_desk(patrons=5, look_ups=1, database="sqlite", rounds=1).equal


def test_the_percentile_is_the_value_below_which_so_many_are() -> None:
    assert percentile(range(100), 95) == 95
    assert percentile([3.0], 95) == 3.0


def test_a_bench_that_is_stopped_says_so_in_one_sentence_and_leaves_no_server(tmp_path: Path) -> None:
    """By the signal of `timeout`, in the middle of the look-ups."""
    command = [sys.executable, "-m", "cprsync", "bench", "desk", "--patrons", "20", "--changes", "20", "--rounds", "25"]
    around = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=around) as running:
        assert running.stderr is not None
        said = list(takewhile(lambda line: not line.startswith("ours 1/25"), running.stderr))
        assert said == ["patrons: 20\n"]
        running.terminate()
        # to its end: no server holds it any more
        last = running.stderr.read()
        assert running.wait(ENDS_SECONDS) == 7
    assert [line for line in last.splitlines() if not line.startswith(("ours", "floor"))] == [
        "cprsync: the bench was stopped: there are no figures, and nothing is left of it"
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_bench_without_figures_has_the_shape_of_one_with_them(document: dict[str, Any]) -> None:
    nothing = document_of_nothing("desk", "sqlite")
    assert set(nothing) <= set(document)
    assert (nothing["equal"], nothing["rounds"], nothing["goals"]) == (None, 0, [])


def test_a_bench_without_a_size_has_the_one_that_suits_it() -> None:
    assert _size_of("desk", None, None) == (2_000, 400)
    assert _size_of("night", None, None) == (100_000, 10_000)
    assert _size_of("desk", 50, None) == (50, 50)
    assert _size_of("noop", 0, 7) == (0, 7)
