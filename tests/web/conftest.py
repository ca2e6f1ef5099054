"""The desk of a library with four patrons, served on a free port."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from begun import begin
from browser import Served, serving
from callers import Caller, calling, close_connections
from doubles import Library

from cprsync.store.desk import setting
from cprsync.web import accounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def begun_folder(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Library:
    """The library to be copied."""
    folder = tmp_path_factory.mktemp("begun") / "library"
    shutil.copytree(empty_store, folder)
    library = Library(folder)
    begin(library)
    return library


@pytest.fixture
def desk(begun_folder: Library, tmp_path: Path) -> Iterator[Served]:
    """The served desk."""
    library = begun_folder.copy(tmp_path / "library")
    with serving(library) as served:
        yield served
    library.engine.dispose()


@pytest.fixture
def api(desk: Served) -> Caller:
    """Somebody who calls the desk's API."""
    return calling(desk)


@pytest.fixture(scope="module", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    """Passwords and PINs are hashed at the least cost; the tests of the hashes look at the real one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_ITERATIONS", 1)
        patch.setattr(accounts, "_MEMORY_KIB", 8)
        patch.setattr(setting, "_PASSES", 1)
        patch.setattr(setting, "_MEMORY_KIB", 8)
        yield


@pytest.fixture(autouse=True)
def _no_open_callers() -> Iterator[None]:
    yield
    close_connections()
