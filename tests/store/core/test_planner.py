"""SQLite is told how the rows of a large table lie, whatever has been done to what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ready_databases import put_empty_store

from cprsync.store.core.engine import open_engine, reading, writing
from cprsync.store.core.planner import LARGE, is_informed
from cprsync.store.core.version import upgrade
from cprsync.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    put_empty_store(tmp_path / "store.db")
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    yield engine
    engine.dispose()


def is_told(engine: Engine) -> bool:
    with reading(engine) as connection:
        return is_informed(connection)


def test_an_upgrade_tells_it_and_then_writes_nothing(engine: Engine, tmp_path: Path) -> None:
    assert is_told(engine)
    before = (tmp_path / "store.db").read_bytes()
    upgrade(engine)
    assert (tmp_path / "store.db").read_bytes() == before


@pytest.mark.parametrize(
    "doing",
    [
        "ANALYZE",
        "DROP TABLE sqlite_stat1",
        "CREATE INDEX theirs ON patron (agency, id, lower(municipality))",
        "ALTER TABLE patron ADD COLUMN theirs TEXT; CREATE INDEX theirs ON patron (agency, theirs)",
    ],
)
def test_an_upgrade_tells_it_again_after_somebody_changed_what_it_was_told(engine: Engine, doing: str) -> None:
    with writing(engine) as connection:
        for statement in doing.split("; "):
            connection.exec_driver_sql(statement)
    assert not is_told(engine)
    upgrade(engine)
    assert is_told(engine)


def test_each_large_table_is_one_of_the_stores() -> None:
    assert set(LARGE) <= set(metadata.tables)


def test_what_the_targets_were_told_of_one_patron_is_found_by_that_patron(engine: Engine) -> None:
    """An erasure asks for it: at 500,000 patrons it read half a second."""
    asked = "EXPLAIN QUERY PLAN SELECT target FROM target_patron WHERE agency = '775100' AND patron_id IN ('12345678')"
    with reading(engine) as connection:
        (row,) = connection.exec_driver_sql(asked)
    assert "patron_id=?" in row.detail
