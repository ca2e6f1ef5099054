"""A library for each test: a store of its own with keys, a register, a feed, a reader and a clock."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from begun import begin
from doubles import Library
from ready_databases import fresh_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def new_library(tmp_path: Path, empty_store: Path) -> Iterator[Library]:
    """A library in which nothing has happened yet."""
    folder = tmp_path / "library"
    shutil.copytree(empty_store, folder)
    library = Library(folder)
    yield library
    library.engine.dispose()


@pytest.fixture(scope="session")
def begun_library(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Library:
    """The library of `library`, to be copied."""
    folder = tmp_path_factory.mktemp("begun") / "library"
    shutil.copytree(empty_store, folder)
    library = Library(folder)
    begin(library)
    return library


@pytest.fixture(scope="session")
def begun_database(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path, postgresql: str
) -> Iterator[tuple[Library, str]]:
    """The same on PostgreSQL, and the name of its database."""
    folder = tmp_path_factory.mktemp("begun") / "library"
    shutil.copytree(empty_store, folder)
    with fresh_database(postgresql, name="begun") as url:
        library = Library(folder, url=url)
        begin(library)
        library.engine.dispose()  # a database that is in use cannot be copied
        yield library, "begun"


@pytest.fixture
def library(begun_library: Library, tmp_path: Path) -> Iterator[Library]:
    """A library that has its first copies, and the delivery of Friday with nobody in it."""
    library = begun_library.copy(tmp_path / "library")
    yield library
    library.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def either_library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    """The library of `library`, once on each database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("library")
        return
    begun, database = request.getfixturevalue("begun_database")
    with fresh_database(request.getfixturevalue("postgresql"), like=database) as url:
        library = begun.copy(tmp_path / "library", url=url)
        yield library
        library.engine.dispose()
