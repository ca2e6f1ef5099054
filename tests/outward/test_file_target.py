"""The files of a target: whole or not at all, each change in one of them, also if the process is killed in between."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PosixPath
from typing import TYPE_CHECKING, Any

import pytest

from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import Target, TargetKind
from cprsync.errors import ConfigurationError
from cprsync.outward import file
from cprsync.outward.file import FileClient
from cprsync.outward.settings import FileSettings
from cprsync.services.ports.outward import Delivered, OutwardEffect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TARGET = Target("own", TargetKind.FILE, frozenset({OutwardField.STATUS, OutwardField.NAME, OutwardField.CARDS}))
NAME = {"addressing": "Anna Holm", "first": "Anna", "middle": "", "last": "Holm"}
NOW = datetime(2027, 3, 23, 5, 31, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone."""


def effect(number: int, version: int = 1, **payload: Any) -> OutwardEffect:
    patron = f"{10_000_000 + number}"
    said = {"patron": patron, "protected": False, "verified": True, "status": "resident", "name": NAME, "cards": []}
    return OutwardEffect("own", patron, 10 * number + version, {**said, **payload}, queued=f"q{number}")


def queues(count: int) -> list[list[OutwardEffect]]:
    return [[effect(one), effect(one, 2, status="dead")] for one in range(1, count + 1)]


def client(folder: Path, *, now: datetime = NOW, **changed: Any) -> FileClient:
    return FileClient(FileSettings(target=TARGET, folder=folder, **changed), now=lambda: now)


def shown(folder: Path, ending: str = "ndjson") -> list[Path]:
    """The files that a reader sees, in the order of their names."""
    return sorted(path for path in folder.glob(f"*.{ending}") if not path.name.startswith("."))


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in shown(folder) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_sending_leaves_one_file_that_is_ours_alone_with_its_checksum(tmp_path: Path) -> None:
    told = list(client(tmp_path / "out").send_many(queues(3)))
    assert [outcome for _, outcome in told] == [Delivered()] * 6
    (path,) = shown(tmp_path / "out")
    assert path.name == "own-20270323T053100000000Z-11-32.ndjson"
    assert path.stat().st_mode & 0o777 == 0o600
    checksum = (path.parent / f"{path.name}.sha256").read_text(encoding="ascii")
    assert checksum == f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
    assert [(one["patron"], one["version"], one["status"]) for one in lines(path.parent)][:2] == [
        ("10000001", 11, "resident"),
        ("10000001", 12, "dead"),
    ]


def test_a_patron_who_is_gone_is_a_line_without_values(tmp_path: Path) -> None:
    list(client(tmp_path).send_many([[replace(effect(1), payload=None)]]))
    assert lines(tmp_path) == [{"patron": "10000001", "version": 11, "gone": True}]


def test_a_sending_without_changes_leaves_no_file(tmp_path: Path) -> None:
    assert list(client(tmp_path).send_many([])) == []
    assert list(tmp_path.iterdir()) == []


def test_a_table_has_the_columns_of_the_target_and_no_formula(tmp_path: Path) -> None:
    bad = effect(1, name={**NAME, "last": "=1+1"}, cards=["77", "78"])
    list(client(tmp_path, is_table=True).send_many([[bad]]))
    (path,) = shown(tmp_path, "csv")
    with path.open(encoding="utf-8", newline="") as opened:
        (row,) = csv.DictReader(opened)
    assert (row["patron"], row["version"], row["status"], row["cards"]) == ("10000001", "11", "resident", "77\n78")
    assert row["name.last"] == "'=1+1"
    assert "address.street" not in row


@pytest.mark.parametrize("ceiling", [{"records_most": 4}, {"bytes_most": 500}])
def test_a_full_load_is_several_files_under_their_ceilings(tmp_path: Path, ceiling: dict[str, int]) -> None:
    list(client(tmp_path, **ceiling).send_many(queues(5)))
    assert len(shown(tmp_path)) >= 3
    assert len(lines(tmp_path)) == 10
    names = [path.name for path in shown(tmp_path)]
    assert len(set(names)) == len(names)
    versions = [one["version"] for one in lines(tmp_path)]
    assert versions == sorted(versions), "the order of the names is the order of the changes"


def test_nothing_is_called_told_before_its_file_has_its_name(tmp_path: Path) -> None:
    for _ in client(tmp_path, records_most=2).send_many(queues(2)):
        assert shown(tmp_path)
        break


# -- killed ------------------------------------------------------------------------------------------------


def steps(monkeypatch: pytest.MonkeyPatch, kill_at: int) -> Callable[[], int]:
    """Kill at the nth time that anything reaches the disk. Returns how many there were."""
    count = 0

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == kill_at:
                raise Killed
            done = real(*args, **kwargs)
            count += 1
            if count == kill_at:
                raise Killed
            return done

        return step

    monkeypatch.setattr(os, "fsync", dying(os.fsync))
    monkeypatch.setattr(file, "replace_private", dying(file.replace_private))
    monkeypatch.setattr(PosixPath, "replace", dying(PosixPath.replace))
    return lambda: count


def send_and_die(folder: Path, left: dict[str, OutwardEffect], *, settles: int) -> None:
    """Send what is left, settling after each `settles` outcomes as a night does, and forget the rest with the kill."""
    together: list[OutwardEffect] = []
    for told, outcome in client(folder, records_most=3).send_many([[one] for one in left.values()]):
        assert outcome == Delivered()
        together.append(told)
        if len(together) >= settles:
            for one in together:
                del left[one.patron_id]
            together = []
    for one in together:
        del left[one.patron_id]


def test_a_kill_anywhere_loses_no_change_and_tells_none_twice(tmp_path: Path) -> None:
    at, ended = 0, False
    while not ended:
        at += 1
        folder = tmp_path / str(at)
        left = {one.patron_id: one for one in map(effect, range(1, 9))}
        with pytest.MonkeyPatch.context() as patch:
            steps(patch, at)
            try:
                send_and_die(folder, left, settles=2)
                ended = True
            except Killed:
                pass
        for path in shown(folder):
            for line in path.read_text(encoding="utf-8").splitlines():
                json.loads(line)
        send_and_die(folder, left, settles=2)
        assert not left
        assert sorted(one["patron"] for one in lines(folder)) == [f"{10_000_000 + one}" for one in range(1, 9)]
        assert not list(folder.glob("*.part"))
        for path in shown(folder):
            said = (folder / f"{path.name}.sha256").read_text(encoding="ascii").split()[0]
            assert said == hashlib.sha256(path.read_bytes()).hexdigest()
    assert at > 20


def test_what_no_reader_had_seen_before_a_kill_is_not_shown_after_a_protection(tmp_path: Path) -> None:
    """The next sending gave the file its name: it showed where somebody lived who was protected meanwhile."""
    shut = replace(effect(1, 2), payload={"patron": "10000001", "protected": True}, queued="later")
    at, ended = 0, False
    while not ended:
        at += 1
        folder = tmp_path / str(at)
        with pytest.MonkeyPatch.context() as patch:
            steps(patch, at)
            try:
                list(client(folder).send_many([[effect(1)]]))
                ended = True
            except Killed:
                pass
        seen = lines(folder)
        assert [outcome for _, outcome in client(folder).send_many([[shut]])] == [Delivered()]
        assert [one.get("name") for one in lines(folder)[len(seen) :]] == [None]
        names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        assert names == {name for path in shown(folder) for name in (path.name, f"{path.name}.sha256")}
    assert at > 5


def test_what_a_reader_has_taken_away_is_not_told_again_after_a_kill(tmp_path: Path) -> None:
    sending = client(tmp_path).send_many(queues(1))
    next(iter(sending))
    for path in shown(tmp_path):
        path.unlink()
    assert [outcome for _, outcome in client(tmp_path).send_many(queues(1))] == [Delivered()] * 2
    assert shown(tmp_path) == []


def test_a_change_that_is_queued_again_is_told_again(tmp_path: Path) -> None:
    list(client(tmp_path).send_many([[effect(1)]]))
    list(client(tmp_path, now=NOW + timedelta(days=1)).send_many([[replace(effect(1), queued="anew")]]))
    assert len(lines(tmp_path)) == 2


# -- what stays --------------------------------------------------------------------------------------------


def test_files_are_deleted_after_their_days_and_those_of_others_never(tmp_path: Path) -> None:
    others = Target("own-two", TargetKind.FILE, TARGET.fields)
    list(client(tmp_path).send_many(queues(1)))
    list(FileClient(FileSettings(target=others, folder=tmp_path), now=lambda: NOW).send_many(queues(1)))
    (tmp_path / "own-notes.txt").write_text("the reader's own", encoding="utf-8")
    list(client(tmp_path, now=NOW + timedelta(days=2), keep_days=3).send_many([]))
    assert len(shown(tmp_path)) == 2
    list(client(tmp_path, now=NOW + timedelta(days=10), keep_days=3).send_many([]))
    assert {path.name.rpartition("-2027")[0] or path.name for path in tmp_path.iterdir() if path.name[0] != "."} == {
        "own-two",
        "own-notes.txt",
    }
    assert [path.name[:9] for path in tmp_path.glob(".*.ledger")] == [".own-two-"]


def test_a_folder_that_others_may_write_to_is_refused_and_gets_no_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(ConfigurationError) as refused:
        list(client(tmp_path).send_many(queues(1)))
    assert refused.value.kind == "file.private"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_error_of_the_target_and_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    told = list(client(tmp_path).send_many(queues(1)))
    assert [type(outcome) for _, outcome in told] == [ConfigurationError]
    assert shown(tmp_path) == []


@pytest.fixture(autouse=True)
def private(tmp_path: Path) -> Iterator[None]:
    tmp_path.chmod(0o700)
    yield
    tmp_path.chmod(0o700)
