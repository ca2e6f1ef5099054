"""Commands run in the test's own process log as the program does: to standard error. And a mock for a file's tests."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from town import PEOPLE_FILE

from cprsync.cli.terminal.logs import configure
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module", autouse=True)
def logging_as_the_program_does() -> Iterator[None]:
    configure("WARNING")
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A mock's folder, beside which there is room for a library, and where the mock is reached."""
    folder = tmp_path_factory.mktemp("town") / "mock"
    shutil.copytree(mock_keys, folder, dirs_exist_ok=True)
    with running(folder, PEOPLE_FILE) as ready:
        yield folder, ready


@pytest.fixture(scope="module")
def ready(mock: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    return mock[1]
