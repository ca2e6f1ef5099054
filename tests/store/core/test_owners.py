"""Whose the database is: root leaves no file of its own in another user's folder, and a closed file says so."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cprsync.cli.setup import installation
from cprsync.cli.setup.installation import db_upgrade, init
from cprsync.errors import ConfigurationError
from cprsync.store.core.engine import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: A user id that nobody has here.
STRANGER = 47_110


@pytest.fixture
def roots_look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of another user, at which root looks, whoever runs the tests."""
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(folder, STRANGER, STRANGER)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return folder


@contextmanager
def closed(path: Path) -> Iterator[None]:
    """A path that this user may not open. The tests may be root, who may open everything: then as somebody else."""
    path.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(STRANGER)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        path.chmod(0o700)


def test_root_makes_no_database_in_another_users_folder(roots_look: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        open_engine(f"sqlite:///{roots_look / 'cprsync.db'}")
    assert refused.value.kind == "file.owner"
    assert list(roots_look.iterdir()) == []


def test_root_brings_no_database_forward_for_settings_of_another_user(
    roots_look: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = roots_look / "cprsync.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path / "elsewhere.db"}"\n', encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        db_upgrade(config=config, lang="da", as_json=False)
    assert ended.value.code == 2
    assert "file.owner" in capsys.readouterr().err
    assert (list(roots_look.iterdir()), (tmp_path / "elsewhere.db").exists()) == ([config], False)


def test_a_database_that_this_user_may_not_open_is_of_another_owner_and_no_wrong_setting(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    with closed(folder), pytest.raises(ConfigurationError) as refused:
        open_engine(f"sqlite:///{folder / 'cprsync.db'}")
    assert (refused.value.kind, refused.value.values) == ("file.owner", {"path": folder / "cprsync.db"})
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("uid", [0, STRANGER])
def test_init_says_what_to_paste_next(
    uid: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "write_folder", lambda *_, **__: ["keys"])
    # whether others may run the Python of these tests is the machine's own
    monkeypatch.setattr(installation, "find_closed_program", lambda _: None)
    monkeypatch.setattr("os.geteuid", lambda: uid)
    folder = tmp_path / "a library"
    init(folder, lang="da", as_json=False)
    upgrade = f"cprsync db upgrade --config '{folder}/cprsync.toml'"
    lines = capsys.readouterr().out.splitlines()[1:]
    if uid == 0:
        assert lines == ["Nu:", f"  chown -R cprsync: '{folder}'", f"  sudo -u cprsync {upgrade}"]
    else:
        assert lines == [f"Nu: {upgrade}"]
