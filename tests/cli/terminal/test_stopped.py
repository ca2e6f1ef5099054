"""Ctrl-C and SIGTERM: what a command says then is true, nothing half is left, and its next run works."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from backup_site import Installation, set_up

from cprsync.backup.backing_up import back_up
from cprsync.backup.drilling import SCRATCH, drill
from cprsync.backup.restoring import Survivors, restore_backup
from cprsync.backup.source import open_source
from cprsync.cli.main import run
from cprsync.cli.terminal.failures import always, failures, has_written_in_store, never
from cprsync.cli.terminal.long_work import stoppable
from cprsync.private import remove_folder
from cprsync.services.ports.trust.upkeep import UpkeepTask
from cprsync.store.core import drivers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class StoppedAt:
    """A progress: at the step of this name somebody presses Ctrl-C."""

    def __init__(self, name: str) -> None:
        self._name = name

    def stage(self, name: str, total: int | None = None) -> None:  # noqa: ARG002 -- as a progress has it
        if name == self._name:
            signal.raise_signal(signal.SIGINT)

    def advance(self, count: int = 1) -> None:
        """Nothing comes of it."""


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has committed nothing yet."""
    monkeypatch.setattr(drivers, "_EVER", threading.Event())


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = set_up(tmp_path_factory.mktemp("begun"), None)
    made.back_up()
    return made


@pytest.fixture
def here(begun: Installation, tmp_path: Path) -> Installation:
    folder = shutil.copytree(begun.folder.parent, tmp_path / "here")
    return Installation(folder / "site", folder / "backups", folder / "private.key")


def stop(
    work: Callable[[], Any], capsys: pytest.CaptureFixture[str], stays: Callable[[], bool] = has_written_in_store
) -> tuple[int, str, str]:
    """The exit code of a command that is stopped, the kind of what it says, and what it says was changed."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended, failures(as_json=True, stays=stays):
        work()
    error = json.loads(capsys.readouterr().out)["error"]
    assert isinstance(ended.value.code, int)
    return ended.value.code, error["kind"], error["changed"]


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_a_command_that_has_written_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert stop(press, capsys) == (7, "interrupted.unchanged", "nothing")
    assert stop(press, capsys, never) == (7, "interrupted.unchanged", "nothing")


def test_a_command_that_has_committed_something_says_part(
    here: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    def write() -> None:
        drill(here.settings, here.config, here.backups, None, progress=StoppedAt("none"))
        press()

    assert stop(write, capsys) == (7, "interrupted", "part")


def test_a_command_that_ends_before_its_first_piece_of_work_has_changed_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work() -> None:
        with stoppable("asked to stop") as raise_if_stopped:
            press()
            raise_if_stopped()

    assert stop(work, capsys) == (7, "run.stopped", "nothing")
    assert stop(work, capsys, always) == (7, "run.stopped", "part")


def test_one_of_which_nothing_is_known_says_part(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), failures(as_json=True):
        press()
    assert json.loads(capsys.readouterr().out)["error"]["changed"] == "part"


def test_a_backup_that_is_stopped_leaves_nothing_half(here: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(here.backups.iterdir())
    stopped = stop(lambda: back_up(here.settings, here.config, here.backups, progress=StoppedAt("backup")), capsys)
    assert stopped == (7, "interrupted.unchanged", "nothing")
    assert sorted(here.backups.iterdir()) == before
    here.back_up()


def test_a_drill_that_is_stopped_takes_its_copy_away_and_is_no_failure(
    here: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        drill(here.settings, here.config, here.backups, here.key, progress=StoppedAt("drill"))

    assert stop(work, capsys) == (7, "interrupted.unchanged", "nothing")
    assert not (here.folder / SCRATCH).exists()
    with here.store() as store:
        assert store.upkeep.last(UpkeepTask.DRILL) is None
    ran = here.call("drill", str(here.backups), "--key", str(here.key))
    assert (ran.exit, ran.document["opened"]) == (0, True)


def test_a_restore_that_is_stopped_leaves_no_folder_and_no_key(
    here: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "new" / "site"

    def work() -> None:
        source = open_source(here.backups, here.key, progress=StoppedAt("none"))
        restore_backup(source, into, Survivors(None, None, None), user="anna", progress=StoppedAt("restore"))

    assert stop(work, capsys) == (7, "interrupted.unchanged", "nothing")
    assert list(into.parent.iterdir()) == []
    assert here.restore(into).exit == 0


def test_a_folder_with_keys_is_removed_also_if_ctrl_c_comes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch" / "keys").mkdir(parents=True)
    remove, times = shutil.rmtree, iter([press, lambda: None])

    def removing(path: Path, **options: Any) -> None:
        next(times)()
        remove(path, **options)

    monkeypatch.setattr(shutil, "rmtree", removing)
    with pytest.raises(KeyboardInterrupt):
        remove_folder(tmp_path / "scratch")
    assert list(tmp_path.iterdir()) == []


def test_what_systemd_sends_is_taken_as_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(sys, "argv", ["cprsync", "--version"])
    try:
        with pytest.raises(SystemExit) as ended:
            run()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not ended.value.code
