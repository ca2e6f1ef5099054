"""What the tests of the clients of FBS and Koha share: the mock's, started once, and clients that never sleep."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from koha_library import KohaDesk
from town import PEOPLE_FILE

from cprsync.domain.outward.koha import KohaEnding, KohaRules
from cprsync.mock import control
from cprsync.mock.koha import calls
from cprsync.mock.server import running
from cprsync.outward.fbs import FbsClient
from cprsync.outward.koha import KohaClient
from cprsync.outward.settings import FbsSettings, KohaSettings
from cprsync.wire.calls import CallSurroundings
from cprsync.wire.limits import CallLimits, Patience

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
        around = CallSurroundings(sleep=lambda _: None, log=changed.pop("log", None))
        made.append(FbsClient(replace(settings, **changed), surroundings=around))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture(scope="session")
def koha_served(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("koha-client")
    shutil.copytree(mock_keys, folder, dirs_exist_ok=True)
    with running(folder, PEOPLE_FILE, with_koha=True) as ready:
        yield ready


KOHA_RULES = KohaRules(
    library="HB",
    category="VOKSEN",
    categories={"Barn": "BARN", "Nowhere": "NOWHERE"},
    endings={"dead": frozenset({KohaEnding.EXPIRE}), "disappeared": frozenset({KohaEnding.INCORRECT_ADDRESS})},
    creates=True,
)


@pytest.fixture
def koha_desk(koha_served: dict[str, Any]) -> Iterator[KohaDesk]:
    """The mock's Koha, with nothing going wrong any more after the test."""
    setup = calls.setup(koha_served)
    yield KohaDesk(koha_served)
    control.calm(koha_served)
    calls.setup(koha_served, setup)


@pytest.fixture
def make_koha(koha_desk: KohaDesk) -> Iterator[Callable[..., KohaClient]]:
    """A client of the mock's Koha with some settings changed. It never sleeps."""
    made: list[KohaClient] = []
    said = koha_desk.ready["koha"]
    settings = KohaSettings(
        url=said["url"],
        ca=Path(koha_desk.ready["ca"]),
        client=said["client_id"],
        secret_file=Path(said["secret_file"]),
        rules=KOHA_RULES,
        workers=2,
        limits=CallLimits(unanswered_in_a_row=6),
    )

    def make(
        *, on: date = date(2027, 3, 23), log: Any = None, patience: Patience | None = None, **changed: Any
    ) -> KohaClient:
        rules = replace(KOHA_RULES, **{name: changed.pop(name) for name in list(changed) if hasattr(KOHA_RULES, name)})
        around = CallSurroundings(sleep=lambda _: None, log=log, patience=patience or Patience())
        client = KohaClient(replace(settings, rules=rules, **changed), today=lambda: on, surroundings=around)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()
