"""Files that are nobody else's: made so under any umask, refused where they are not, and reached over no link."""

from __future__ import annotations

import errno
import json
import os
import shlex
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import started
from ready_databases import put_empty_store

from cprsync import private
from cprsync.cli.setup.installation import write_folder
from cprsync.config import toml
from cprsync.config.settings import load_settings
from cprsync.errors import ConfigurationError
from cprsync.language.errors import advice_for
from cprsync.private import (
    OTHERS,
    OTHERS_WRITE,
    check_mode,
    create_private,
    open_new_private,
    open_private,
    read_password,
)
from cprsync.wiring.setting_up import upgrade_store as upgrade
from cprsync.wiring.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=[put_empty_store])
def library(request: pytest.FixtureRequest, tmp_path: Path, careless: None) -> Path:
    """An installation that was made under the most careless umask, with an empty store."""
    folder = tmp_path / "library"
    write_folder(folder, mock=None)
    settings = load_settings(folder / "cprsync.toml")
    request.param(folder / "cprsync.db")
    (folder / "erase-journal.log").touch(mode=0o600)
    with Site(settings, settings.library[0]).store_to_show():
        # it has seen its keys
        return folder


@pytest.fixture
def careless() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def run(folder: Path, *command: str) -> tuple[int, dict[str, Any]]:
    done = started.command(*command, "--config", str(folder / "cprsync.toml"), "--json", cwd=folder)
    return done.returncode, json.loads(done.stdout)


def make_store(path: Path) -> None:
    """As the program makes it."""
    upgrade(load_settings(path.with_name("cprsync.toml")).store)


@pytest.mark.parametrize("library", [make_store], indirect=True)
def test_everything_that_init_and_the_store_make_is_their_owners_alone(library: Path) -> None:
    found = {path.relative_to(library): stat.S_IMODE(path.lstat().st_mode) for path in library.rglob("*")}
    assert {str(path) for path in found} >= {"cprsync.toml", "policy.toml", "cprsync.service", "keys", "cprsync.db"}
    assert {path: oct(mode) for path, mode in found.items() if mode & OTHERS} == {}
    assert stat.S_IMODE(library.stat().st_mode) == 0o700


#: What each command of the list reads -> what it may not be, and what is to be run then.
SECRETS = {"cprsync.toml": "600", "cprsync.db": "600", "erase-journal.log": "600", "policy.toml": "go-w"}
LIST = ("patron", "import", "list.csv")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
@pytest.mark.parametrize("name", SECRETS)
def test_a_file_that_others_reach_is_refused_with_what_to_run_and_then_taken(
    name: str, mode: int, library: Path
) -> None:
    (library / "list.csv").write_text("cpr_number\n", encoding="utf-8")
    (library / name).chmod(mode)
    before = contents(library)
    code, told = run(library, *LIST)
    if SECRETS[name] == "go-w" and not mode & OTHERS_WRITE:
        # what is no secret may be read
        assert code == 0
        return
    mend = f"chmod {SECRETS[name]} {library / name}"
    assert (code, told["error"]["kind"], told["error"]["changed"]) == (2, "file.private", "nothing")
    assert told["error"]["message"].endswith(mend)
    assert told["error"]["da"]["message"].endswith(mend)
    assert contents(library) == before
    subprocess.run(shlex.split(mend), check=True)
    assert run(library, *LIST)[0] == 0


def contents(folder: Path) -> dict[str, object]:
    """Each file's, and of the database what it says: opening it may move its log."""
    found: dict[str, object] = {
        path.name: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("cprsync.db")
    }
    with closing(sqlite3.connect(folder / "cprsync.db")) as connection:
        return found | {"cprsync.db": list(connection.iterdump())}


@pytest.mark.parametrize("name", [*SECRETS, "keys", "keys/seal-1.key"])
def test_no_link_is_followed(name: str, library: Path) -> None:
    (library / "list.csv").write_text("cpr_number\n", encoding="utf-8")
    elsewhere = library.parent / "elsewhere"
    (library / name).rename(elsewhere)
    (library / name).symlink_to(elsewhere)
    code, told = run(library, *LIST)
    assert (code, told["error"]["kind"]) == (2, "file.link")


def test_init_writes_into_no_link_and_over_none(tmp_path: Path, careless: None) -> None:
    target, folder = tmp_path / "target", tmp_path / "library"
    folder.symlink_to(target)
    target.mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match="is a link"):
        write_folder(folder, mock=None)
    assert list(target.iterdir()) == []
    # a file that another put there beforehand, leading out of the folder
    (target / "policy.toml").symlink_to(tmp_path / "out")
    write_folder(target, mock=None)
    assert not (tmp_path / "out").exists()
    with pytest.raises(ConfigurationError, match="is a link"):
        load_settings(target / "cprsync.toml")


def test_init_writes_into_no_folder_of_everybodys(tmp_path: Path, careless: None) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    with pytest.raises(ConfigurationError, match="others may change it: chmod go-w"):
        write_folder(folder, mock=None)
    assert list(folder.iterdir()) == []
    # nobody replaces another's files in one like /tmp
    folder.chmod(0o1777)
    write_folder(folder, mock=None)


@pytest.mark.parametrize("option", ["--numbers", "--refused"])
def test_a_list_is_written_for_its_owner_alone(option: str, library: Path) -> None:
    (library / "list.csv").write_text("cpr_number\n", encoding="utf-8")
    out = library / "out.csv"
    command = (*LIST, "--apply", option, str(out))
    assert run(library, *command)[0] == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    # one that is there is written over where it is private, and left alone where it is not
    out.write_text("before", encoding="utf-8")
    out.chmod(0o644)
    assert run(library, *command)[1]["error"]["kind"] == "file.private"
    assert out.read_text(encoding="utf-8") == "before"
    out.rename(library / "other.csv")
    out.symlink_to(library / "other.csv")
    assert run(library, *command)[1]["error"]["kind"] == "file.link"
    assert (library / "other.csv").read_text(encoding="utf-8") == "before"
    assert run(library, *LIST, "--apply", option, "/dev/null")[0] == 0


def test_a_password_is_read_from_a_private_file_alone(tmp_path: Path, careless: None) -> None:
    path = tmp_path / "password"
    path.write_text("hemmeligt\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_password(path)
    path.chmod(0o600)
    assert read_password(path) == "hemmeligt"


def test_settings_that_this_user_may_not_read_are_another_users(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_path: Path, **_options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(toml, "open_private", denied)
    with pytest.raises(ConfigurationError, match="this user may not read it") as refused:
        load_settings(library / "cprsync.toml")
    assert "sudo -u" in str(advice_for(refused.value).next)


def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", mode=0o600)
    with pytest.raises(ConfigurationError, match="no ordinary file"), open_private(tmp_path / "pipe"):
        pass


def test_a_file_is_made_once_and_over_no_link(tmp_path: Path, careless: None) -> None:
    create_private(tmp_path / "new", "x")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("new", "link"):
        with pytest.raises(FileExistsError):
            create_private(tmp_path / name, "y")
    with pytest.raises(ConfigurationError, match="is a link"):
        open_new_private(tmp_path / "link")
    assert not (tmp_path / "nowhere").exists()


#: Whose file, who asks, its mode, what is forbidden -> what is said, or nothing.
@pytest.mark.parametrize(
    ("owner", "asks", "mode", "forbidden", "says"),
    [
        pytest.param(1000, 1000, 0o600, OTHERS, None, id="one's own"),
        pytest.param(1000, 1000, 0o640, OTHERS, "chmod 600", id="one's own that the group may read"),
        pytest.param(0, 1000, 0o640, OTHERS, None, id="root's that the service's group may read"),
        pytest.param(0, 1000, 0o644, OTHERS, "chmod 640", id="root's that all may read"),
        pytest.param(0, 1000, 0o660, OTHERS, "chmod 640", id="root's that the group may change"),
        pytest.param(0, 1000, 0o644, OTHERS_WRITE, None, id="root's without a secret"),
        pytest.param(1001, 1000, 0o600, OTHERS, "another user", id="another's"),
        pytest.param(1001, 0, 0o600, OTHERS, None, id="anyone's where root asks"),
        pytest.param(1001, 0, 0o644, OTHERS, "chmod 600", id="anyone's that all may read where root asks"),
        pytest.param(0, 0, 0o640, OTHERS, "chmod 600", id="root's own that a group may read"),
    ],
)
def test_whose_a_file_may_be(  # noqa: PLR0913, PLR0917 -- a table
    owner: int, asks: int, mode: int, forbidden: int, says: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private.os, "geteuid", lambda: asks)
    state = os.stat_result((stat.S_IFREG | mode, 0, 0, 1, owner, owner, 0, 0, 0, 0))
    if says is None:
        check_mode(state, Path("a file"), forbidden=forbidden)
        return
    with pytest.raises(ConfigurationError, match=says):
        check_mode(state, Path("a file"), forbidden=forbidden)
