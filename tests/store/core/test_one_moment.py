"""What is read in one block is of one moment, whatever others write meanwhile; and which commits wait for the disk."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import TYPE_CHECKING

import pytest
from store_people import enrol, number

from cprsync.errors import CprsyncError, StoreUnavailable
from cprsync.store.core.engine import at_one_moment, read_only, reading, scanning, writing
from cprsync.store.seals.failures import ReadOnly

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from cprsync.store.sql import SqlStore


def test_a_block_sees_the_store_as_it_was_at_its_first_reading(store: SqlStore) -> None:
    with ThreadPoolExecutor(1) as another:
        with store.at_one_moment():
            assert store.patrons.count() == 0
            (patron_id,) = another.submit(enrol, store, 1).result()
            assert store.patrons.count() == 0
            assert store.patrons.with_number(number(0)) is None
            assert store.views.patron(patron_id) is None
        found = store.patrons.with_number(number(0))
    assert found is not None
    assert found.id == patron_id


def test_nothing_is_written_in_such_a_block(store: SqlStore) -> None:
    enrol(store, 1)
    before = store.views.everything()
    with store.at_one_moment(), pytest.raises(ReadOnly):
        store.desk.intend(number(0), purpose="renewal", user="eva", patron_id=None)
    assert store.views.everything() == before
    # after the block, as ever
    store.desk.intend(number(0), purpose="renewal", user="eva", patron_id=None)
    assert len(store.views.everything("audit")["audit"]) == len(before["audit"]) + 1


def test_the_database_itself_refuses_a_write_where_it_is_only_read(engine: Engine) -> None:
    with pytest.raises(CprsyncError) as refused, reading(read_only(engine)) as connection:
        connection.exec_driver_sql("INSERT INTO library (agency) VALUES ('other')")
    assert re.search(r"read-?only", str(refused.value.__cause__))
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM library").scalar() == 0


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_count_goes_along_an_index_and_what_is_read_after_it_does_as_the_server_likes(engine: Engine) -> None:
    with reading(engine) as connection:
        likes = connection.exec_driver_sql("SHOW enable_seqscan").scalar()
    with at_one_moment(engine):
        with scanning(engine) as connection:
            assert connection.exec_driver_sql("SHOW enable_seqscan").scalar() == "off"
        with reading(engine) as connection:
            assert connection.exec_driver_sql("SHOW enable_seqscan").scalar() == likes == "on"


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_server_that_takes_no_writes_is_obeyed_also_after_a_reading(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        connection.commit()
    for _ in range(2):
        with reading(engine) as connection:
            assert connection.exec_driver_sql("SHOW default_transaction_read_only").scalar() == "on"
        with pytest.raises(StoreUnavailable) as refused, writing(engine) as connection:
            connection.exec_driver_sql("INSERT INTO library (agency) VALUES ('other')")
        assert refused.value.kind == "store.no_writes"
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM library").scalar() == 0


def test_a_commit_waits_for_the_disk_unless_it_need_not_and_the_next_one_does_again(engine: Engine) -> None:
    if engine.dialect.name == "postgresql":
        # the server of the tests waits for no disk
        with writing(engine) as connection:
            connection.exec_driver_sql("SET synchronous_commit TO ON")
    for is_synced in (True, False, True):
        with writing(engine, is_synced=is_synced) as connection:
            assert waits_for_disk(connection) is is_synced


def waits_for_disk(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        full = 2
        return bool(connection.exec_driver_sql("PRAGMA synchronous").scalar() == full)
    return connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_commit_that_nobody_answers_is_not_said_to_have_changed_nothing(engine: Engine) -> None:
    """It may have been written. A connection that is lost before leaves nothing."""
    assert Context().run(_said_changed, engine, writing, asks_more=True) == "nothing"
    assert Context().run(_said_changed, engine, writing, asks_more=False) == "part"


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_database_that_is_lost_after_a_write_is_said_to_have_changed_a_part(engine: Engine) -> None:
    def write_and_read() -> str:
        with writing(engine):
            pass
        return _said_changed(engine, reading, asks_more=True)

    assert Context().run(_said_changed, engine, reading, asks_more=True) == "nothing"
    assert Context().run(write_and_read) == "part"


def _said_changed(
    engine: Engine, opened: Callable[[Engine], AbstractContextManager[Connection]], *, asks_more: bool
) -> str:
    """What an error says was changed if the server closes a connection, as its restart does."""
    with pytest.raises(StoreUnavailable) as lost:
        _lose(engine, opened, asks_more=asks_more)
    return lost.value.changed


def _lose(engine: Engine, opened: Callable[[Engine], AbstractContextManager[Connection]], *, asks_more: bool) -> None:
    with opened(engine) as connection:
        number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with engine.connect() as another:
            another.exec_driver_sql(f"SELECT pg_terminate_backend({number}, 5000)")
        if asks_more:
            connection.exec_driver_sql("SELECT 1")
