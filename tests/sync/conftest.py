"""A library for each test: a store of its own with keys, a register, a feed, a reader and a clock."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from doubles import Library
from ready_databases import fresh_database, postgresql_server
from townspeople import gains_protection, person

from cprsync.store.engine import open_engine
from cprsync.store.keys import create_keys
from cprsync.store.migrate import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Patrons after their first night. BO is protected.
PATRONS = ("ANNA", "BO", "CLARA", "DAVID")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys and an empty store, made once."""
    folder = tmp_path_factory.mktemp("empty") / "library"
    folder.mkdir()
    create_keys(folder / "keys")
    engine = open_engine(f"sqlite:///{folder / 'store.db'}")
    upgrade(engine)
    engine.dispose()
    return folder


@pytest.fixture
def new_library(tmp_path: Path, empty_store: Path) -> Iterator[Library]:
    """A library in which nothing has happened yet."""
    folder = tmp_path / "library"
    shutil.copytree(empty_store, folder)
    library = Library(folder)
    yield library
    library.engine.dispose()


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server for this worker; its url without the database."""
    with postgresql_server(tmp_path_factory.mktemp("runtime")) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def either_library(request: pytest.FixtureRequest, tmp_path: Path, empty_store: Path) -> Iterator[Library]:
    """The library of `library`, once on each database."""
    folder = tmp_path / "library"
    shutil.copytree(empty_store, folder)
    with ExitStack() as stack:
        url = None
        if request.param == "postgresql":
            url = stack.enter_context(fresh_database(request.getfixturevalue("postgresql")))
        library = Library(folder, url=url)
        stack.callback(library.engine.dispose)
        yield _begun(library)


@pytest.fixture
def library(new_library: Library) -> Library:
    """A library that has its first copies, and the delivery of Friday with nobody in it."""
    return _begun(new_library)


def _begun(library: Library) -> Library:
    library.enrol(*PATRONS)
    library.register.knows(*(person(key) for key in PATRONS if key != "BO"), gains_protection(person("BO")))
    library.deliver(library.clock.today().replace(day=19))
    library.one_night()
    library.register.looked_up.clear()
    return library
