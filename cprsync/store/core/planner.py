"""What SQLite's query planner is told of the large tables, because it guesses wrongly.

Each index begins with the agency. SQLite guesses that ten rows share the first column of an index, so that reading all
rows of a library seems as cheap to it as reading those of one patron. Its own ANALYZE does not help: it rejects an
index of a few rows if all are of one library, and what it finds depends on the day. So fixed estimates stand in the
table that ANALYZE fills, and a test on three patrons is answered along the same indexes as a library of a million.

PostgreSQL counts its rows itself.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from sqlalchemy import Boolean, Date, bindparam, text

from cprsync.store.tables.columns import AGENCY, AGREEMENT, KEY, STAMP, WORD, metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Column, Connection

#: Tables with a row or more for each patron, and those that keep what was ever left to a person, or ever happened.
LARGE: Final = (
    *("patron", "patron_key", "finding_key", "subscription", "override", "before_image", "review_item", "audit"),
    *("run_item", "plan_row", "outbox", "change", "target_patron", "account", "card_account", "entitlement"),
    *("loan", "balance", "reservation", "message"),
)
#: The rows of a large table, and of an index that holds only some of them.
_ROWS, _SOME_ROWS = 1_000_000, 1_000
#: How many values there are of a word (a state, a reason, a library), and of a day or a moment.
_WORDS, _DAYS = 4, 2_000
#: So many rows share each other value, such as a patron's number.
_SHARING = 5
_INDEXES: Final = text(
    'SELECT m.name AS "table", l.name AS "index", l."unique" AS is_unique, l.partial AS is_partial, c.name AS "column" '
    "FROM sqlite_master AS m, pragma_index_list(m.name) AS l, pragma_index_info(l.name) AS c "
    # somebody's own index of an expression has no column
    'WHERE m.name IN :large AND c.cid >= 0 ORDER BY "table", "index", c.seqno'
).bindparams(bindparam("large", LARGE, expanding=True))


def is_informed(connection: Connection) -> bool:
    """Whether the estimates of this program stand there, or the database needs none."""
    return connection.dialect.name != "sqlite" or _read(connection) == sorted(_estimate(connection))


def inform_planner(connection: Connection) -> None:
    """Write the estimates, in the caller's transaction. Whoever opens the database after that reads them."""
    if connection.dialect.name != "sqlite":
        return
    # of a table with one row: it makes the table of estimates if there is none
    connection.exec_driver_sql("ANALYZE alembic_version")
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    written = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)"
    connection.exec_driver_sql(written, list(_estimate(connection)))


def _read(connection: Connection) -> list[tuple[str, ...]]:
    if not connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE name = 'sqlite_stat1'").all():
        return []
    return sorted(map(tuple, connection.exec_driver_sql("SELECT tbl, idx, stat FROM sqlite_stat1")))


def _estimate(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """For each index of a large table: how many rows it has, and how many share its first column, the first two, ..."""
    for (table, index), found in groupby(connection.execute(_INDEXES), key=lambda row: (row.table, row.index)):
        rows, of = list(found), metadata.tables[table].c
        shares = list(_share(_SOME_ROWS if rows[0].is_partial else _ROWS, (of.get(row.column) for row in rows)))
        if rows[0].is_unique:
            shares[-1] = 1
        yield table, index, " ".join(map(str, shares))


def _share(rows: int, columns: Iterable[Column[object] | None]) -> Iterator[int]:
    yield rows
    for column in columns:
        rows = max(rows // _count_values(column), _SHARING)
        yield rows


def _count_values(column: Column[object] | None) -> int:
    if column is None:
        return _ROWS  # somebody's own, or a later program's
    kind = column.type
    if isinstance(kind, Boolean) or kind in {AGENCY, AGREEMENT, KEY, WORD}:
        return _WORDS
    return _DAYS if isinstance(kind, Date) or kind is STAMP else _ROWS
