"""What the tests of CULR's client share: a client that sleeps for nothing, and answers in the place of CULR."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import pytest
import responses

from cprsync.netmedia.settings import NetMediaSettings
from cprsync.netmedia.soap import SoapNetMedia
from cprsync.schemas import Schemas, compile_schemas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    return compile_schemas()


@pytest.fixture
def settings(tmp_path: Path) -> NetMediaSettings:
    password = tmp_path / "culr-password"
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
        log = changed.pop("log", None)
        made.append(SoapNetMedia(replace(settings, **changed), schemas=schemas, sleep=lambda _: None, log=log))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for culr in made:
        culr.close()


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock
