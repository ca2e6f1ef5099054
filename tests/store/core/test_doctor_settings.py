"""How the database is set up is read from the database itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from ready_databases import put_empty_store

from cprsync.config.settings import StoreSection
from cprsync.doctor.store import find_wrong_settings, measure_offset, try_to_write
from cprsync.errors import ConfigurationError, CprsyncError
from cprsync.services.trust.checks import make_sure_that_clocks_agree

if TYPE_CHECKING:
    from pathlib import Path


def test_a_superuser_is_told_and_sqlite_is_as_the_program_sets_it_up(url: str) -> None:
    wrong = find_wrong_settings(StoreSection(url=url))
    assert ("superuser" in wrong) is url.startswith("postgresql")
    assert not [one for one in wrong if "journal_mode" in one or "foreign_keys" in one]


def test_whoever_ran_analyze_is_told_that_sqlite_now_finds_rows_by_its_own_estimates(tmp_path: Path) -> None:
    put_empty_store(tmp_path / "store.db")
    url = f"sqlite:///{tmp_path / 'store.db'}"
    before = find_wrong_settings(StoreSection(url=url))
    with closing(sqlite3.connect(tmp_path / "store.db")) as theirs:
        theirs.execute("ANALYZE")
        theirs.commit()
    assert find_wrong_settings(StoreSection(url=url)) == [*before, "sqlite_stat1"]


def test_the_databases_clock_is_compared_with_ours(url: str) -> None:
    assert abs(measure_offset(url)) < 30


def test_a_night_does_not_begin_if_a_clock_is_over_five_minutes_away() -> None:
    make_sure_that_clocks_agree(register=None, store=0.0)
    make_sure_that_clocks_agree(register=300.0, store=-300.0)
    for register, store, whose in ((301.0, 0.0, "platform"), (-301.0, 0.0, "platform"), (0.0, 301.0, "database")):
        with pytest.raises(ConfigurationError, match=f"5 minutes from the {whose}'s") as refused:
            make_sure_that_clocks_agree(register=register, store=store)
        assert refused.value.kind == "clock"


def test_what_is_written_to_try_it_is_taken_back(url: str) -> None:
    try_to_write(url)
    # a second time it would find the row
    try_to_write(url)


def test_a_store_without_tables_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(CprsyncError):
        try_to_write(f"sqlite:///{tmp_path}/empty.db")
