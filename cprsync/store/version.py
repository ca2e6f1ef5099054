"""Which version of the tables this program reads and writes, and whether a store is of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from cprsync.errors import StoreMismatch
from cprsync.store.engine import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

#: The newest migration; a test holds it against the migrations themselves.
WANTED = "0009"


def version_of(engine: Engine) -> str | None:
    """The store's version; None: not set up yet."""
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version


def check_version(engine: Engine) -> None:
    """Go on only with a store of this program's version.

    Raises:
        StoreMismatch: it is of another one, or not set up.
    """
    version = version_of(engine)
    if version is None:
        raise StoreMismatch("the store is not set up yet", kind="store.not_set_up")
    if version != WANTED:
        raise StoreMismatch(
            "the store is of version {version}, and this program needs {wanted}", version=version[:8], wanted=WANTED
        )
