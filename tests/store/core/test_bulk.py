"""Rows written past SQLAlchemy: what the driver says of them is said in our words, without a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, Engine, text
from store_people import AGENCY, enrol

from cprsync.errors import StoreUnavailable
from cprsync.store import tables
from cprsync.store.core import bulk
from cprsync.store.core.engine import reading, writing
from cprsync.store.seals.failures import StoreFault

if TYPE_CHECKING:
    from cprsync.store.sql import SqlStore

HEAD = (AGENCY, "stream-of-a-test", 1, b"0" * 32, "moment-of-a-test")


def test_a_row_that_is_there_already_is_refused_in_our_words(store: SqlStore, engine: Engine) -> None:
    with writing(engine) as connection:
        bulk.append(connection, tables.audit_head, [HEAD])
    before = store.views.everything()
    with pytest.raises(StoreFault) as refused, writing(engine) as connection:
        bulk.append(connection, tables.audit_head, [(*HEAD[:2], 2, *HEAD[3:])])
    assert "stream-of-a-test" not in str(refused.value)
    assert refused.value.kind == "store.fault"
    assert refused.value.__cause__ is not None
    assert store.views.everything() == before


def test_a_changed_row_that_breaks_a_rule_is_refused_in_our_words(store: SqlStore, engine: Engine) -> None:
    ids = enrol(store, 2)
    before = store.views.everything()
    rows = [(None, AGENCY, ids[0])]
    with pytest.raises(StoreFault) as refused, writing(engine) as connection:
        bulk.change(connection, tables.patron, new=("status_class",), where=("agency", "id"), rows=rows)
    assert ids[0] not in str(refused.value)
    assert store.views.everything() == before


def test_a_statement_made_by_sqlalchemy_is_refused_in_the_same_words(store: SqlStore, engine: Engine) -> None:
    (one,) = enrol(store, 1)
    with pytest.raises(StoreFault) as refused, writing(engine) as connection:
        connection.execute(text("UPDATE patron SET status_class = NULL WHERE id = :id"), {"id": one})
    assert one not in str(refused.value)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_server_that_goes_away_amid_rows_does_not_answer(engine: Engine) -> None:
    """COPY is the driver's own: SQLAlchemy sees nothing of it."""
    with pytest.raises(StoreUnavailable), writing(engine) as connection:
        _append_to_one_that_is_gone(engine, connection)
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM audit_head")) == 0


def _append_to_one_that_is_gone(engine: Engine, connection: Connection) -> None:
    mine = connection.scalar(text("SELECT pg_backend_pid()"))
    with reading(engine) as other:
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
    bulk.append(connection, tables.audit_head, [HEAD])
