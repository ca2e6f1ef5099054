"""What the mock writes is nobody else's: a town's people, even invented ones, are treated as people's."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

import pytest
from town import PEOPLE_FILE

from cprsync.mock import control
from cprsync.mock.server import running
from cprsync.private import append_private, replace_private

if TYPE_CHECKING:
    from pathlib import Path

#: What a counterpart gives to anybody.
PUBLIC = (".pem", ".pub", "known_hosts")


def test_nothing_that_a_running_mock_writes_may_be_read_or_changed_by_others(tmp_path: Path, mock_keys: Path) -> None:
    folder = tmp_path / "mock"
    shutil.copytree(mock_keys, folder)
    for public in [path for path in (folder / "sftp").iterdir() if path.name.endswith(PUBLIC)]:
        public.unlink()
    before = os.umask(0)
    try:
        with running(folder, PEOPLE_FILE) as ready:
            control.event(ready, "move", "ANNA")
            control.night(ready)
    finally:
        os.umask(before)
    modes = {path.relative_to(folder).as_posix(): path.stat().st_mode for path in folder.rglob("*")}
    assert [name for name, mode in modes.items() if mode & 0o077 and not name.endswith(PUBLIC)] == []
    # the client refuses a known_hosts that others may change
    assert [name for name, mode in modes.items() if mode & 0o022] == []
    assert list((folder / "IN").iterdir())


@pytest.mark.parametrize("before", [None, 0o644])
def test_a_private_file_is_made_private_whatever_it_was(tmp_path: Path, before: int | None) -> None:
    for name, write in (("written", lambda path: replace_private(path, b"x")), ("added", add)):
        path = tmp_path / name
        if before is not None:
            path.write_text("")
            path.chmod(before)
        write(path)
        assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("x", 0o600)


def add(path: Path) -> None:
    with append_private(path) as file:
        file.write("x")
