"""A library for each test: a store of its own with keys, a register, a feed, a reader and a clock."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from beginnings import DATABASES, Beginnings
from begun import begin
from doubles import Library

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
def beginnings(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path, request: pytest.FixtureRequest
) -> Beginnings:
    """What the tests of a worker begin with; the server is started by the first that needs it."""
    folder = tmp_path_factory.mktemp("begun")
    return Beginnings(folder, empty_store, lambda: str(request.getfixturevalue("postgresql")))


@pytest.fixture
def library(beginnings: Beginnings, tmp_path: Path) -> Iterator[Library]:
    """A library that has its first copies, and the delivery of Friday with nobody in it."""
    with beginnings.copied(tmp_path / "library", begin) as library:
        yield library


@pytest.fixture(params=DATABASES)
def either_library(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[Library]:
    """The library of `library`, once on each database."""
    with beginnings.copied(tmp_path / "library", begin, on=request.param) as library:
        yield library
