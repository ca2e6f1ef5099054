"""What an engine does first and last in each of its transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

#: Where an engine keeps what each of its transactions does first.
_FIRST: Final = "cprsync.at_begin"
#: Where an engine keeps what each of its transactions that writes does at its end.
_LAST: Final = "cprsync.before_commit"


def beginning(engine: Engine, begin: Callable[[], object]) -> Engine:
    """Return an engine on the same connections. Each of its transactions calls `begin` before it reads anything."""
    return engine.execution_options(**{_FIRST: begin})


def following(engine: Engine, follow: Callable[[Connection], object]) -> Engine:
    """Return an engine on the same connections. Each transaction that writes calls `follow` as its last part."""
    return engine.execution_options(**{_LAST: follow})


def do_first(engine: Engine) -> None:
    """Do what the engine does first in a transaction."""
    begin: Callable[[], object] | None = engine.get_execution_options().get(_FIRST)
    if begin is not None:
        begin()


def do_last(engine: Engine, connection: Connection) -> None:
    """Do what the engine does last in a transaction that writes. A dry run has taken everything back by now."""
    follow: Callable[[Connection], object] | None = engine.get_execution_options().get(_LAST)
    if follow is not None and connection.in_transaction():
        follow(connection)
