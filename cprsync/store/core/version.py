"""The version of the tables that this program reads and writes, and checks of a store against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from cprsync.errors import StoreMismatch
from cprsync.store.core.engine import reading
from cprsync.store.core.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy import Engine

#: The newest migration. A test compares it with the migrations.
WANTED = "0010"

#: How many missing tables and columns one message names.
_NAMED_MAX = 10


def version_of(engine: Engine) -> str | None:
    """Return the store's version; None: not set up yet."""
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version


def newer(version: str) -> StoreMismatch:
    """Return the error for a store at a step that this program does not know."""
    return StoreMismatch(
        "the store is at step {current}, which this program does not know: its last one is {wanted}",
        current=version[:8],
        wanted=WANTED,
        kind="store.newer",
    )


def find_missing(engine: Engine) -> list[str]:
    """Return the tables and columns (`table.column`) that this program needs and the store lacks."""
    with reading(engine) as connection:
        there = inspect(connection)
        tables = set(there.get_table_names())
        columns = {name: {column["name"] for column in there.get_columns(name)} for name in tables}
    lacks = [table.name for table in metadata.sorted_tables if table.name not in tables]
    present = [table for table in metadata.sorted_tables if table.name in tables]
    return lacks + [f"{t.name}.{c.name}" for t in present for c in t.columns if c.name not in columns[t.name]]


def check_tables(engine: Engine) -> None:
    """Check that the store has everything that its version has.

    Raises:
        StoreMismatch: a table or a column is missing: someone has changed the store.
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
    """Check that the store has this program's version.

    Raises:
        StoreMismatch: it has another version, or is not set up.
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
