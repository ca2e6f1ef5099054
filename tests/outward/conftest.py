"""What the tests of the client of FBS share: the mock's FBS, started once, and clients of it that never sleep."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from town import PEOPLE_FILE

from cprsync.mock import control
from cprsync.mock.server import running
from cprsync.outward.fbs import FbsClient
from cprsync.outward.settings import FbsSettings
from cprsync.wire.calls import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("fbs")
    shutil.copytree(mock_keys, folder, dirs_exist_ok=True)
    with running(folder, PEOPLE_FILE, with_fbs=True) as ready:
        yield ready


@pytest.fixture
def fbs_mock(served: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The mock, with nothing going wrong any more after the test."""
    yield served
    control.calm(served)
    control.fbs_latency(served, 0)


@pytest.fixture
def make_client(fbs_mock: dict[str, Any]) -> Iterator[Callable[..., FbsClient]]:
    """A client of the mock's FBS with some settings changed. It never sleeps."""
    made: list[FbsClient] = []
    said = fbs_mock["fbs"]
    settings = FbsSettings(
        url=said["url"],
        ca=Path(fbs_mock["ca"]),
        agency=said["agency"],
        user=said["user"],
        password_file=Path(said["password_file"]),
    )

    def make(**changed: Any) -> FbsClient:
        around = Surroundings(sleep=lambda _: None, log=changed.pop("log", None))
        made.append(FbsClient(replace(settings, **changed), surroundings=around))
        return made[-1]

    yield make
    for client in made:
        client.close()
