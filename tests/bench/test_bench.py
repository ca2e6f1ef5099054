"""A bench at tiny sizes: its shape, that all ways come to the same, and that one that does not is noticed.

No test asserts a time: that is what the command is for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from ready_databases import named_server

from bench import broken_ways, extract, feed, night
from bench.backup import bench_backup
from bench.child import in_child, peak_rss_mb
from bench.command import report
from bench.extract import bench_extract
from bench.feed import bench_feed
from bench.figures import FLOOR, NAIVE, OURS
from bench.koha import bench_koha
from bench.night import bench_night
from bench.noop import ITS_OWN, bench_noop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.figures import Measured


def here(way: Callable[[Any], Measured], work: Any) -> Measured:
    """In this process: no memory is compared where this runs a way."""
    return way(work)


#: So many that the naive way too, which does a tenth, meets somebody who is protected from now on.
SIZE: dict[str, Any] = {"patrons": 150, "changes": 120, "runner": here}
#: Each database's figures are made once, in one worker.
pytestmark = pytest.mark.xdist_group("bench")
SPREAD = {"min", "median", "max"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A night's figures on each database."""
    with named_server(request):
        return bench_night(**SIZE, database=request.param, rounds=2).document()


def test_a_night_is_told_in_the_shape_that_stays(document: dict[str, Any]) -> None:
    assert document["name"] == "night"
    assert document["rounds"] == 2
    assert document["digest"].startswith("sha256:")
    assert list(document["ways"]) == [OURS, FLOOR, NAIVE]
    for way in document["ways"].values():
        assert set(way["seconds"]) == SPREAD
        assert way["peak_rss_mb"] > 0
    assert {name: set(ratio) for name, ratio in document["ratios"].items()} == {
        "ours/floor": SPREAD,
        "naive/ours": SPREAD,
    }
    assert all({"ratio", "op", "value", "met"} <= set(goal) for goal in document["goals"])


def test_the_floor_and_the_naive_way_come_to_what_ours_does(document: dict[str, Any]) -> None:
    assert document["equal"]


def test_naive_does_a_tenth_in_one_round_and_says_so(document: dict[str, Any]) -> None:
    assert document["ways"][NAIVE]["share"] == 0.1
    assert document["ways"][NAIVE]["rounds"] == 1


def test_the_floor_writes_a_row_of_each_kind_for_each_change(document: dict[str, Any]) -> None:
    """Record, before-image, audit, plan row and balance item; then what is sent, and the run's own."""
    assert document["size"]["rows"] > 5 * SIZE["changes"]


def test_a_report_for_the_terminal_names_every_way_ratio_and_goal(document: dict[str, Any]) -> None:
    text = "\n".join(report(document))
    assert all(word in text for word in (OURS, FLOOR, NAIVE, "ours/floor", "naive/ours", "peak_rss_mb", "equal: yes"))


@pytest.mark.parametrize(
    ("way", "broken"),
    [
        (FLOOR, broken_ways.floor_without_audit),
        (FLOOR, broken_ways.floor_of_another_street),
        (NAIVE, broken_ways.naive_that_forgets_the_outbox),
    ],
)
def test_a_way_that_comes_to_something_else_is_noticed(way: str, broken: Callable[..., Any]) -> None:
    figures = bench_night(**SIZE, database="sqlite", rounds=1, ways={**night.WAYS, way: broken})
    assert not figures.equal
    assert not figures.document()["equal"]


def test_the_same_delivery_again_writes_nothing_but_a_runs_own_rows() -> None:
    document = bench_noop(**SIZE, database="sqlite", rounds=1).document()
    assert document["equal"]
    assert set(document["written"]) <= ITS_OWN
    assert document["written"]["run_item"] == SIZE["changes"]
    # that the run was closed, and which delivery is the last one taken
    assert document["written"]["audit"] == 2


def test_three_ways_read_the_same_persons_out_of_a_delivery() -> None:
    document = bench_extract(size_mb=1, rounds=1, runner=here).document()
    assert document["equal"]
    assert list(document["ways"]) == [OURS, FLOOR, NAIVE]


def test_a_reader_that_misses_a_name_is_noticed() -> None:
    broken = {**extract.WAYS, FLOOR: broken_ways.extract_floor_of_another_file}
    assert not bench_extract(size_mb=1, rounds=1, runner=here, ways=broken).equal


def process_of(_: object) -> tuple[int, float]:
    return os.getpid(), peak_rss_mb()


def test_memory_is_measured_in_a_process_that_knows_nothing_of_this_ones() -> None:
    """`ru_maxrss` of a child begins with what its parent had: held up here on purpose."""
    held = bytearray(400 * 1024 * 1024)
    process, peak = in_child(process_of, None)
    assert process != os.getpid()
    assert 0 < peak < len(held) / 1024 / 1024


# -- a backup -----------------------------------------------------------------------------------------------


def test_a_backup_is_measured_against_a_bare_copy_and_put_back() -> None:
    document = bench_backup(patrons=40, database="sqlite", rounds=1, runner=here).document()
    assert document["equal"]
    assert list(document["ways"]) == [OURS, FLOOR]
    assert min(document[name] for name in ("restore_seconds", "bare_restore_seconds", "restore_ratio")) > 0
    assert [goal["ratio"] for goal in document["goals"]] == ["ours/floor", "peak_rss_mb of ours", "seconds to put back"]


# -- the feed ----------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def fed(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A reader's figures on each database."""
    with named_server(request):
        return bench_feed(patrons=40, database=request.param, rounds=1, runner=here).document()


def test_a_reader_gets_the_same_bytes_as_the_floor_makes(fed: dict[str, Any]) -> None:
    assert fed["equal"]
    assert list(fed["ways"]) == [OURS, FLOOR]
    assert fed["records_a_second"] > 0
    assert [goal["ratio"] for goal in fed["goals"]] == ["records a second", "ours/floor", "memory grown, in MB"]
    assert any(line.startswith("patrons a second") for line in report(fed))


def test_a_reader_who_is_told_less_than_the_floor_is_noticed() -> None:
    ways = {OURS: feed.ours, FLOOR: broken_ways.floor_of_fewer_lines}
    assert not bench_feed(patrons=40, database="sqlite", rounds=1, ways=ways, runner=here).equal


def test_changes_reach_a_slow_koha_and_it_holds_what_the_records_say(mock_keys: Path) -> None:
    document = bench_koha(patrons=20, changes=10, seconds=0.0, keys=mock_keys).document()
    assert document["equal"]
    assert (document["name"], set(document["ways"])) == ("koha", {OURS, FLOOR})
    assert 0 < document["sent"] <= 10
    assert document["calls"] >= document["sent"]
