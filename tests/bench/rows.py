"""Reads rows from tables and writes them to others by the driver's fastest way, unchanged."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

#: PostgreSQL's numbers of two types with the same wire format; the driver writes only the first.
_TEXT, _CHAR = 25, 1042

Row: TypeAlias = tuple[Any, ...]


def draw(connection: Connection, table: Table, where: str = "") -> list[Row]:
    """The rows of a table, as the driver returns them."""
    # table and columns are our own names
    found = _cursor(connection).execute(f"SELECT {_columns(table)} FROM {table.name} {where}")  # noqa: S608
    rows: list[Row] = found.fetchall()
    return rows


def pour(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add rows with all columns of a table: executemany on SQLite, binary COPY on PostgreSQL."""
    if not rows:
        return
    cursor = _cursor(connection)
    if connection.dialect.name == "sqlite":
        marks = ",".join("?" * len(table.columns))
        cursor.executemany(f"INSERT INTO {table.name} ({_columns(table)}) VALUES ({marks})", rows)  # noqa: S608
        return
    described = cursor.execute(f"SELECT {_columns(table)} FROM {table.name} LIMIT 0").description  # noqa: S608
    with cursor.copy(f"COPY {table.name} ({_columns(table)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types([_TEXT if column.type_code == _CHAR else column.type_code for column in described])
        for row in rows:
            copy.write_row(row)


def weigh(rows: Sequence[Row]) -> int:
    """The bytes of the rows' values: text as UTF-8, blobs as they are, anything else as its text."""
    return sum(len(value) if isinstance(value, bytes) else len(str(value).encode()) for row in rows for value in row)


def changed(before: Sequence[Row], after: Sequence[Row]) -> int:
    """How many rows of `after` are not in `before`."""
    return (Counter(map(hash, after)) - Counter(map(hash, before))).total()


def _columns(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()
