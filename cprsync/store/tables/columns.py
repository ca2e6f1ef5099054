"""What tables are made of: kinds of columns, keys and indexes. Every row has its agency (decision 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CHAR,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_1_name)s",
        "ix": "ix_%(table_name)s_%(column_1_name)s",
    }
)

AGENCY = String(16)
AGREEMENT = String(64)
PATRON = CHAR(8)
KEY = String(8)
WORD = String(32)
#: A moment as `2027-03-01T05:30:00.000000Z`: it sorts as text and is the same in both databases.
STAMP = String(27)


def needed(name: str, kind: Any, given: str | None = None) -> Column[Any]:
    """A column that is never empty. `given`: the value of a row that is written without it."""
    return Column(name, kind, nullable=False, server_default=given)


def key(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def maybe(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=True)


def some_rows(name: str, *columns: str, which: str) -> Index:
    """An index of some rows only."""
    return Index(name, *columns, sqlite_where=text(which), postgresql_where=text(which))


def tenant_table(
    name: str,
    *parts: Column[Any] | Index | UniqueConstraint | ForeignKeyConstraint | CheckConstraint,
    **options: Any,
) -> Table:
    """A table whose rows have their agency as the first column of their key."""
    return Table(name, metadata, key("agency", AGENCY), *parts, **options)


def one_of(name: str, column: str, words: Iterable[str]) -> CheckConstraint:
    """Let the database refuse each word of a column that the program does not know: no night would come past it."""
    known = ", ".join(f"'{word}'" for word in sorted(set(words)))
    return CheckConstraint(f"{column} IN ({known})", name=name)


def points_to(target: str, *columns: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(columns, [f"{target}.{name}" for name in ("agency", "id")[: len(columns)]])
