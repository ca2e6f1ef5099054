"""What the tests of the mock share: a mock to call."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from koha_caller import KohaCaller
from mock_wire import Caller
from town import PEOPLE_FILE

from cprsync.mock import control
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


@pytest.fixture(scope="session")
def begin(mock_keys: Path) -> Callable[..., AbstractContextManager[dict[str, Any]]]:
    """Start a mock in a folder that is named."""

    @contextmanager
    def begun(folder: Path, people: Path = PEOPLE_FILE, **options: Any) -> Iterator[dict[str, Any]]:
        if not (folder / "certs").exists():
            shutil.copytree(mock_keys, folder, dirs_exist_ok=True)
        with running(folder, people, **options) as ready:
            yield ready

    return begun


@pytest.fixture
def start(
    tmp_path: Path, begin: Callable[..., AbstractContextManager[dict[str, Any]]]
) -> Callable[..., AbstractContextManager[dict[str, Any]]]:
    """Start a mock in a folder, by default always the same one."""
    return lambda folder=tmp_path / "mock", **options: begin(folder, **options)


@pytest.fixture(scope="session")
def still(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[dict[str, Any]]:
    """A mock for tests that change nothing; it is started once."""
    folder = tmp_path_factory.mktemp("still")
    shutil.copytree(mock_keys, folder, dirs_exist_ok=True)
    with running(folder, PEOPLE_FILE) as document:
        yield document


@pytest.fixture(scope="session")
def reader(still: dict[str, Any]) -> Caller:
    return Caller(still)


@pytest.fixture
def ready(start: Callable[..., AbstractContextManager[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    with start() as document:
        yield document


@pytest.fixture
def caller(ready: dict[str, Any]) -> Caller:
    return Caller(ready)


@pytest.fixture(scope="session")
def koha_mock(
    tmp_path_factory: pytest.TempPathFactory, begin: Callable[..., AbstractContextManager[dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    """A mock with a Koha, started once. Each test makes patrons of its own in it."""
    with begin(tmp_path_factory.mktemp("koha") / "mock", with_koha=True) as document:
        yield document


@pytest.fixture
def koha(koha_mock: dict[str, Any]) -> Iterator[KohaCaller]:
    """A program that is signed in at Koha. What a test let go wrong is over after it."""
    yield KohaCaller(koha_mock)
    control.calm(koha_mock)
