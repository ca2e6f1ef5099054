"""Which version of the tables this program reads and writes, and whether a store is of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from cprsync.errors import StoreMismatch
from cprsync.store.core.engine import reading
from cprsync.store.core.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy import Engine

#: The newest migration; a test holds it against the migrations themselves.
WANTED = "0010"

#: How much of what a store lacks one message names.
_NAMED_MAX = 10


def version_of(engine: Engine) -> str | None:
    """The store's version; None: not set up yet."""
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version


def newer(version: str) -> StoreMismatch:
    """The error of a store at a step that this program does not know."""
    return StoreMismatch(
        "the store is at step {current}, which this program does not know: its last one is {wanted}",
        current=version[:8],
        wanted=WANTED,
        kind="store.newer",
    )


def find_missing(engine: Engine) -> list[str]:
    """Tables and columns (`table.column`) that this program needs and the store lacks."""
    with reading(engine) as connection:
        there = inspect(connection)
        tables = set(there.get_table_names())
        columns = {name: {column["name"] for column in there.get_columns(name)} for name in tables}
    lacks = [table.name for table in metadata.sorted_tables if table.name not in tables]
    present = [table for table in metadata.sorted_tables if table.name in tables]
    return lacks + [f"{t.name}.{c.name}" for t in present for c in t.columns if c.name not in columns[t.name]]


def check_tables(engine: Engine) -> None:
    """Go on only with a store that has all that its version has.

    Raises:
        StoreMismatch: it lacks a table or a column: someone has changed it.
    """
    missing = find_missing(engine)
    if missing:
        raise StoreMismatch(
            "the store is at step {wanted}, and lacks what that step has: {missing}",
            wanted=WANTED,
            missing=", ".join(missing[:_NAMED_MAX]),
            kind="store.tables",
        )


def check_version(engine: Engine) -> None:
    """Go on only with a store of this program's version.

    Raises:
        StoreMismatch: it is of another one, or not set up.
    """
    version = version_of(engine)
    if version is None:
        raise StoreMismatch("the store is not set up yet", kind="store.not_set_up")
    if version > WANTED:
        raise newer(version)
    if version != WANTED:
        raise StoreMismatch(
            "the store is of version {version}, and this program needs {wanted}", version=version[:8], wanted=WANTED
        )
