"""Statements are compiled once in a process of pytest, and not anew for each test's engine.

SQLAlchemy keeps what it compiled by engine and dialect. A program has one engine and compiles once; thousands of tests
have an engine each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, event

if TYPE_CHECKING:
    from sqlalchemy import Dialect

_DIALECTS: list[Dialect] = []
_COMPILED: dict[Any, Any] = {}


class _OfAnyDialect(dict[Any, Any]):
    """What was compiled, by all that SQLAlchemy asks for but the dialect: each engine of PostgreSQL has its own."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


_COMPILED_FOR_POSTGRESQL = _OfAnyDialect()


@event.listens_for(Engine, "engine_connect")
def _share(connection: Connection) -> None:
    # A dialect of PostgreSQL also knows to which isolation a connection goes back after use, and finds that out from
    # its own engine's first one: another engine's would leave it in autocommit, or not.
    if connection.dialect.name != "sqlite":
        connection.execution_options(compiled_cache=_COMPILED_FOR_POSTGRESQL)
        return
    if not _DIALECTS:
        _DIALECTS.append(connection.dialect)
    connection.dialect = _DIALECTS[0]
    connection.execution_options(compiled_cache=_COMPILED)
