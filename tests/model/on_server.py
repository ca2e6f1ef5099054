"""Libraries on PostgreSQL for the random months: each copy of one is a database of its own, gone afterwards."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from doubles import Library
from ready_databases import fresh_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    #: Copies a database by its name, and returns the url of the copy.
    Copies: TypeAlias = Callable[[str], str]


class OnServer(Library):
    """A library on PostgreSQL."""

    copies: Copies

    def copy(self, to: Path, *, url: str | None = None) -> Library:
        self.engine.dispose()  # a database that is in use cannot be copied
        return super().copy(to, url=url or self.copies(str(self.engine.url.database)))

    def copy_in(self, to: Path, *, url: str | None = None) -> Library:
        other = super().copy_in(to, url=url)
        assert isinstance(other, OnServer)
        other.copies = self.copies
        return other


@contextmanager
def copying(server: str) -> Iterator[Copies]:
    """What copies databases of a server, for as long as the block runs."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(fresh_database(server, like=name))


def begin_library(folder: Path, empty_store: Path, copies: Copies | None, **named: Any) -> Library:
    """A library in which nothing has happened yet, on SQLite unless there is what copies databases."""
    shutil.copytree(empty_store, folder)
    if copies is None:
        return Library(folder, **named)
    library = OnServer(folder, url=copies("ready"), **named)
    library.copies = copies
    return library
