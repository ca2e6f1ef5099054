"""Two ways to live a night: the real command line against a running mock, and the use case with doubles around it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from e2e.conftest import logging_as_the_program_does
from peers_town import PATRONS, Town, installed
from services.conftest import beginnings, library, new_library
from town import PEOPLE_FILE

from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e_library import Library

__all__ = ["beginnings", "library", "logging_as_the_program_does", "new_library"]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Town]:
    """A mock that lives on through the module: each test lets its own people's lives happen."""
    folder = tmp_path_factory.mktemp("peers")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE) as ready:
        first = installed(folder / "first", folder / "mock", list(PATRONS))
        yield Town(folder / "mock", ready, first)


@pytest.fixture
def installation(town: Town, tmp_path: Path) -> Library:
    """A library whose patrons are subscribed and have their first copies; no delivery has come yet."""
    town.subscribes_again(PATRONS)
    return town.first.copy(tmp_path / "installation")
