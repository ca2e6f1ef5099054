"""What many tests begin with, lived once: each test takes a copy of the library, on either database."""

from __future__ import annotations

import itertools
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from doubles import Library
from ready_databases import create_database, fresh_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DATABASES = ("sqlite", "postgresql")


class Beginnings:
    """Libraries by what they have lived and where, each kept from the first test that asks for it to the last.

    A copy takes the store, the doubles with all they know and remember, the clock and the policy along.
    """

    def __init__(self, folder: Path, empty: Path, server: Callable[[], str]) -> None:
        self._folder, self._empty, self._server = folder, empty, server
        self._kept: dict[tuple[object, ...], tuple[Library, str]] = {}
        self._names = itertools.count(1)

    @contextmanager
    def copied(self, to: Path, *lived: Callable[[Library], object], on: str = "sqlite") -> Iterator[Library]:
        """A library that has lived these, one after the other, beginning with an empty store."""
        begun, database = self._begun(lived, on)
        if on == "sqlite":
            library = begun.copy(to)
            yield library
            library.engine.dispose()
            return
        with fresh_database(self._server(), like=database) as url:
            library = begun.copy(to, url=url)
            # whether the server is still there is asked before each transaction: here it is
            library.engine.pool._pre_ping = False
            yield library
            library.engine.dispose()

    def _begun(self, lived: tuple[Callable[[Library], object], ...], on: str) -> tuple[Library, str]:
        kept = self._kept.get((on, *lived))
        if kept is None:
            kept = self._kept[(on, *lived)] = self._live(lived, on)
        return kept

    def _live(self, lived: tuple[Callable[[Library], object], ...], on: str) -> tuple[Library, str]:
        """Live the last of them after the others. Returns the name of the database too."""
        number = next(self._names)
        folder, name = self._folder / str(number), f"begun_{number}" if lived else "ready"
        url = None
        if lived and on == "postgresql":
            like = self._begun(lived[:-1], on)[1]
            url = create_database(self._server(), name, like=like)
        if lived:
            library = self._begun(lived[:-1], on)[0].copy(folder, url=url)
            lived[-1](library)
        else:
            shutil.copytree(self._empty, folder)
            library = Library(folder)
        library.engine.dispose()  # a database that is in use cannot be copied
        return library, name
