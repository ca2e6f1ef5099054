"""Commands whose shape tells the outcome print it whatever keeps them from their work, with `error` added.

And of `sync`: nothing has changed.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from e2e_library import Library, new_library
from town import PEOPLE_FILE

from cprsync.cli.feed.deliveries import feed_inspect
from cprsync.mock import control
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from e2e_library import Ran

pytestmark = pytest.mark.xdist_group("shapes of failures")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Library]:
    """A library that has lived a night, and for which a delivery waits: ANNA moves."""
    folder = tmp_path_factory.mktemp("shape")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE) as ready:
        library = new_library(folder / "library", folder / "mock", ["ANNA", "BO"])
        assert library.call("sync").exit == 0
        control.event(ready, "move", "ANNA", "SKOLEN")
        (name,) = control.night(ready)["files"]
        for file in (name, f"{name}.metadata"):
            shutil.copy(folder / "mock" / "IN" / file, library.inbox)
        yield library


@pytest.fixture
def library(lived: Library, tmp_path: Path) -> Library:
    return lived.copy(tmp_path / "library")


@pytest.fixture(scope="module")
def shape(lived: Library, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The keys of a night that went well."""
    ran = lived.copy(tmp_path_factory.mktemp("well") / "library").call("sync")
    assert (ran.exit, ran.document["actions"]) == (0, {"move": 1}), ran.out
    return set(ran.document)


def break_policy(library: Library) -> None:
    library.rewrite("policy.toml", "gone = {", "lost = {")


def take_the_certificate(library: Library) -> None:
    library.rewrite("cprsync.toml", "client_cert = ", 'client_cert = "gone.pem" # ')


def take_the_keys(library: Library) -> None:
    shutil.rmtree(library.folder / "keys")


def empty_the_store(library: Library) -> None:
    library.store.write_bytes(b"")


def damage_the_store(library: Library) -> None:
    library.store.write_bytes(b"no database" * 1000)


def stop_the_clock(library: Library) -> None:
    library.rewrite("cprsync.toml", "control_url = ", 'control_url = "http://127.0.0.1:1" # ')


def take_the_folder(library: Library) -> None:
    shutil.rmtree(library.inbox)


def put_a_folder_in_the_place_of_the_lock(library: Library) -> None:
    """Nobody foresaw that."""
    (lock,) = library.folder.glob("*.lock")
    lock.unlink()
    lock.mkdir()


FAILURES: dict[str, tuple[Callable[[Library], None], int, str]] = {
    "the policy is wrong": (break_policy, 2, "policy"),
    "our certificate is missing": (take_the_certificate, 2, "certificate.ours.missing"),
    "the keys are missing": (take_the_keys, 2, "keys.missing"),
    "the store is gone": (empty_the_store, 2, "store.gone"),
    "the store is damaged": (damage_the_store, 2, "store.damaged"),
    "nobody tells the day": (stop_the_clock, 4, "mock.not_running"),
    "the folder of deliveries is missing": (take_the_folder, 2, "feed.folder"),
    "nobody foresaw it": (put_a_folder_in_the_place_of_the_lock, 7, "internal"),
}


def assert_shape(ran: Ran, shape: set[str], *, code: int, kind: str, agency: str | None = "710100") -> None:
    assert (ran.exit, ran.document["exit"], ran.error["kind"]) == (code, code, kind), ran.out
    assert set(ran.document) == shape | {"error"}
    assert set(ran.error) == {"kind", "message", "changed", "next", "reference", "da"}
    assert (ran.document["agency"], ran.document["state"], ran.document["plan"]) == (agency, "stopped", [])
    assert not any(ran.document[name] for name in ("received", "applied", "unchanged", "parked", "not_ours", "held"))


@pytest.mark.parametrize("failure", FAILURES)
def test_sync_prints_its_shape_when(failure: str, library: Library, shape: set[str]) -> None:
    happen, code, kind = FAILURES[failure]
    readable = failure not in {"the store is gone", "the store is damaged"}
    before = library.records() if readable else None
    happen(library)
    assert_shape(library.call("sync"), shape, code=code, kind=kind)
    if readable:
        assert library.records() == before


def misspell_a_setting(library: Library) -> None:
    library.rewrite("cprsync.toml", "\ntask =", "\ntsak =")


def take_the_configuration(library: Library) -> None:
    (library.folder / "cprsync.toml").unlink()


@pytest.mark.parametrize(
    ("happen", "kind"),
    [(misspell_a_setting, "configuration"), (take_the_configuration, "configuration.missing")],
    ids=["a misspelt setting", "no configuration"],
)
def test_sync_prints_its_shape_when_no_library_is_known(
    happen: Callable[[Library], object], kind: str, library: Library, shape: set[str]
) -> None:
    before = library.records()
    happen(library)
    assert_shape(library.call("sync"), shape, code=2, kind=kind, agency=None)
    assert library.records() == before


@pytest.mark.parametrize("option", [(), ("--dry-run",)], ids=["lived", "planned"])
def test_sync_prints_its_shape_while_another_run_is_at_work(
    option: tuple[str, ...], library: Library, shape: set[str]
) -> None:
    before = library.rows()
    with library.holding_the_lock():
        ran = library.call("sync", *option)
    assert_shape(ran, shape, code=4, kind="run.busy")
    assert (ran.document["run"], ran.document["day"], ran.error["changed"]) == (None, "2027-03-23", "nothing")
    assert library.rows() == before
    assert library.call("sync").document["applied"] == 1


def test_a_plan_that_has_no_place_keeps_the_night_from_being_lived(library: Library, shape: set[str]) -> None:
    before = library.rows()
    ran = library.call("sync", "--plan", str(library.folder / "nowhere" / "plan.json"))
    assert_shape(ran, shape, code=2, kind="plan.file")
    assert library.rows() == before


def test_an_agency_that_nobody_set_up_is_wrong_usage(library: Library) -> None:
    ran = library.call("sync", "--library", "999999")
    assert (ran.exit, set(ran.document), ran.error["kind"]) == (2, {"error"}, "usage")


def test_verify_prints_its_shape_when_no_library_is_known(library: Library) -> None:
    well = library.call("entitlements", "verify", "--offline")
    assert well.exit == 0
    take_the_configuration(library)
    ran = library.call("entitlements", "verify", "--offline")
    assert (ran.exit, ran.document["exit"], ran.error["kind"]) == (2, 2, "configuration.missing")
    assert set(ran.document) == set(well.document) | {"error"}
    assert (ran.document["agency"], ran.document["patrons"], ran.document["ok"]) == (None, 0, False)


def test_inspect_prints_its_shape_of_a_file_that_is_not_there(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = (path for path in library.inbox.iterdir() if path.suffix != ".metadata")
    assert feed_inspect(file, as_json=True) == 0
    well = json.loads(capsys.readouterr().out)
    file.unlink()
    with pytest.raises(SystemExit) as ended:
        feed_inspect(file, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["error"]["kind"]) == (1, "input.file")
    assert set(told) == set(well) | {"error"}
    assert (well["persons"], told["persons"], told["complete"]) == (1, 0, False)
    assert told["problem"] == told["error"]["message"] == "the file cannot be read (No such file or directory)"
