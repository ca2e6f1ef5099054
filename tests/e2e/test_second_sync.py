"""A second `sync` of each of the demo's nights changes no row but its own run's: on both databases."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from ready_databases import fresh_database

from cprsync.cli.demo import demo
from cprsync.cli.imports.lists import import_file
from cprsync.cli.night.sync import run_library_night
from cprsync.mock import control
from cprsync.wiring.site import Site, library_of, site_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.config.settings import Settings

Row = tuple[tuple[str, Any], ...]
Tables = dict[str, list[dict[str, Any]]]

#: What a run may add: its own row, its balance items and its audit entry.
ADDED = frozenset({"run", "run_item", "audit"})
#: What is kept of the last run only.
LAST = frozenset({"entitlement_turn"})
#: What a run may move on: the end of the audit chain.
MOVED = {"audit_head": {"seq", "mac", "at"}}


def everything(settings: Settings) -> Tables:
    section = library_of(settings, None)
    with Site(settings, section).store_to_show() as store:
        return store.views.everything()


def frozen(rows: list[dict[str, Any]]) -> set[Row]:
    return {tuple(row.items()) for row in rows}


def without(rows: list[dict[str, Any]], columns: set[str]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in columns} for row in rows]


def assert_only_the_run_shows(before: Tables, after: Tables, *, run: int) -> None:
    for table in before.keys() - ADDED - LAST - MOVED.keys():
        assert after[table] == before[table], table
    for table, columns in MOVED.items():
        assert without(after[table], columns) == without(before[table], columns), table
    for table in ADDED:
        assert frozen(before[table]) <= frozen(after[table]), table
    new = {table: frozen(after[table]) - frozen(before[table]) for table in ADDED}
    assert [dict(row)["id"] for row in new["run"]] == [run]
    assert {dict(row)["run_id"] for row in new["run_item"]} <= {run}
    assert [dict(row)["patron_id"] for row in new["audit"]] == [None]


def sync_twice(stage: demo.DemoStage) -> tuple[dict[str, Any], dict[str, Any]]:
    demo._run_night(stage)
    before = everything(stage.settings)
    again = run_library_night(stage.settings, None, as_json=True)
    assert_only_the_run_shows(before, everything(stage.settings), run=again["run"])
    return stage.nights[-1], again


def live_the_week(folder: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Live it as the demo does, each night twice; the first is the one in which everybody is new."""
    with demo._set_up(folder, "da", as_json=True, with_koha=False) as stage:
        patrons = stage.folder / "patrons.csv"
        demo._write_patrons(patrons, stage.week.patrons)
        import_file(site_of(stage.settings, None), patrons, apply=True)
        nights = [sync_twice(stage)]
        for night in stage.week.nights:
            demo._walk_to(stage, night["day"])
            demo._let_happen(stage, night, "")
            control.night(stage.ready)
            nights.append(sync_twice(stage))
    return nights


@pytest.fixture
def url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """None: the database that `init` writes into the configuration, which is SQLite."""
    if request.param == "sqlite":
        yield None
        return
    # with nothing in it: the week begins with `db upgrade`
    with fresh_database(request.getfixturevalue("postgresql"), like="template1") as url:
        yield url


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_a_second_sync_of_each_night_changes_no_row_but_its_own(
    url: str | None, tmp_path: Path, mock_keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if url is not None:
        monkeypatch.setenv("CPRSYNC_STORE__URL", url)
    folder = tmp_path / "week"
    shutil.copytree(mock_keys, folder / "mock")
    nights = live_the_week(folder)
    assert len(nights) == 1 + 7
    assert [first["state"] for first, _ in nights] == ["done"] * 8
    assert [(again["state"], again["exit"], again["received"]) for _, again in nights] == [("nothing", 0, 0)] * 8


def test_the_comparison_sees_an_altered_row() -> None:
    """Otherwise the tests above would prove nothing."""
    before: Tables = {"patron": [{"id": "1", "version": 1}], "run": [], "run_item": [], "audit": []}
    before |= {"audit_head": [], "agreement": [{"last_produced": None}]}
    own: Tables = {
        "run": [{"id": 2}],
        "audit": [{"patron_id": None}],
    }
    assert_only_the_run_shows(before, before | own, run=2)
    alterations: list[Tables] = [
        {"patron": [{"id": "1", "version": 2}]},
        {"audit": [{"patron_id": "1"}]},
        {"run_item": [{"run_id": 1}]},
        {"agreement": [{"last_produced": "2027-03-22"}]},
    ]
    for altered in alterations:
        with pytest.raises(AssertionError):
            assert_only_the_run_shows(before, before | own | altered, run=2)
