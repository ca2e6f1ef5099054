"""What the tests of CULR's client share: a client that sleeps for nothing, and answers in the place of CULR."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi
import pytest
import responses
from town import PEOPLE_FILE

from cprsync.mock import control
from cprsync.mock.server import running
from cprsync.netmedia.client import SoapNetMedia
from cprsync.netmedia.settings import NetMediaSettings
from cprsync.resources import Schemas, compile_schemas
from cprsync.wire.calls import CallSurroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    return compile_schemas()


@pytest.fixture
def settings(tmp_path: Path) -> NetMediaSettings:
    password = tmp_path / "culr-password"
    password.touch(mode=0o600)
    password.write_text("hemmelig & lang\n", encoding="utf-8")
    return NetMediaSettings(
        url="https://culr.test/1.6/CulrWebService",
        ca=Path(certifi.where()),
        agency="710100",
        user="bruger",
        group="710100",
        password_file=password,
    )


@pytest.fixture
def make_culr(settings: NetMediaSettings, schemas: Schemas) -> Iterator[Callable[..., SoapNetMedia]]:
    """A client with some settings changed. It never sleeps."""
    made: list[SoapNetMedia] = []

    def make(**changed: object) -> SoapNetMedia:
        around = CallSurroundings(sleep=lambda _: None, log=changed.pop("log", None))
        made.append(SoapNetMedia(replace(settings, **changed), schemas=schemas, surroundings=around))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for culr in made:
        culr.close()


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[dict[str, Any]]:
    """One mock for all: each test takes numbers that nobody has had."""
    with running(shutil.copytree(mock_keys, tmp_path_factory.mktemp("culr") / "mock"), PEOPLE_FILE) as document:
        yield document


@pytest.fixture
def at_mock(ready: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Settings that lead there; nothing is left to go wrong afterwards."""
    files = {"ca": Path(ready["ca"]), "password_file": Path(ready["culr"]["password_file"])}
    yield {"url": ready["culr_url"], "user": ready["culr"]["user"], "group": ready["culr"]["group"], **files}
    control.calm(ready)


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock
