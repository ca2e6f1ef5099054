"""Statements are compiled once in a process of pytest, and not anew for each test's engine.

SQLAlchemy keeps what it compiled by engine and dialect. A program has one engine and compiles once; thousands of tests
have an engine each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy

from cprsync.store.core import engine as ours

if TYPE_CHECKING:
    from sqlalchemy import Dialect, Engine

_DIALECTS: list[Dialect] = []
_COMPILED: dict[Any, Any] = {}


class _OfAnyDialect(dict[Any, Any]):
    """What was compiled, by all that SQLAlchemy asks for but the dialect: each engine of PostgreSQL has its own."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


_COMPILED_FOR_POSTGRESQL = _OfAnyDialect()


def create_engine(*arguments: Any, **options: Any) -> Engine:
    """Create an engine that shares what is compiled. A listener for connections would slow each statement down."""
    engine = sqlalchemy.create_engine(*arguments, **options)
    # A dialect of PostgreSQL also knows to which isolation a connection goes back after use, and finds that out from
    # its own engine's first one: another engine's would leave it in autocommit, or not.
    if engine.dialect.name != "sqlite":
        engine._compiled_cache = _COMPILED_FOR_POSTGRESQL  # type: ignore[assignment]
        return engine
    if not _DIALECTS:
        _DIALECTS.append(engine.dialect)
    engine.dialect = _DIALECTS[0]
    engine._compiled_cache = _COMPILED  # type: ignore[assignment]
    return engine


ours.create_engine = create_engine  # type: ignore[attr-defined]
