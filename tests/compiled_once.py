"""Statements are compiled once in a process of pytest, and not anew for each test's engine.

SQLAlchemy keeps what it compiled by engine and dialect. A program has one engine and compiles once; thousands of tests
have an engine each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, event

if TYPE_CHECKING:
    from sqlalchemy import Dialect

#: by the database's name
_DIALECTS: dict[str, Dialect] = {}
_COMPILED: dict[Any, Any] = {}


@event.listens_for(Engine, "engine_connect")
def _share(connection: Connection) -> None:
    connection.dialect = _DIALECTS.setdefault(connection.dialect.name, connection.dialect)
    connection.execution_options(compiled_cache=_COMPILED)
