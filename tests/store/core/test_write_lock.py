"""The writers of one SQLite file in one process go one after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, text

from cprsync.errors import StoreUnavailable
from cprsync.store.core import engine as engine_module
from cprsync.store.core.engine import open_engine, reading, writing
from cprsync.store.core.write_lock import turn_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The url of a file with one table."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with closing_engine(url) as engine, writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE ours (number INTEGER)")
    return url


@contextmanager
def closing_engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


def test_a_writer_waits_in_the_queue_of_its_process_and_not_at_the_file(file: str, tmp_path: Path) -> None:
    """SQLite's own waiting lets one of many writers starve: it looks now and then, and finds the file taken."""
    with closing_engine(file) as one, closing_engine(file) as other, ThreadPoolExecutor(1) as second:
        with writing(one) as connection:
            connection.exec_driver_sql("INSERT INTO ours VALUES (1)")
            begun = second.submit(insert_number, other, 2)
            assert turn_of(tmp_path / "store.db").lock.locked()
            assert other.pool.checkedout() == 0  # type: ignore[attr-defined]  # a file's pool has it
        begun.result(60)
        assert not turn_of(tmp_path / "store.db").lock.locked()
        with reading(one) as connection:
            assert connection.exec_driver_sql("SELECT number FROM ours").scalars().all() == [1, 2]


def insert_number(engine: Engine, number: int) -> None:
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO ours VALUES (:number)"), {"number": number})


def test_a_writer_whose_turn_does_not_come_is_told_that_another_one_writes(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "WAIT_SECONDS", 0.05)
    with closing_engine(file) as one, closing_engine(file) as other, ThreadPoolExecutor(1) as second, writing(one):
        begun = second.submit(insert_number, other, 1)
        with pytest.raises(StoreUnavailable):
            begun.result(60)
    with closing_engine(file) as engine, reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM ours").scalar_one() == 0


def test_a_turn_is_of_one_file_and_is_given_back_when_a_write_fails(file: str, tmp_path: Path) -> None:
    with closing_engine(file) as engine:
        event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA query_only = ON"))
        with pytest.raises(StoreUnavailable):
            insert_number(engine, 1)
        assert not turn_of(tmp_path / "store.db").lock.locked()
        assert turn_of(tmp_path / "store.db") is not turn_of(tmp_path / "other.db")
