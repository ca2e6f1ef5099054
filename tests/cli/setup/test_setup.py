"""What `init` writes for systemd: a command that it can start, whoever ran `init` and however it was installed."""

from __future__ import annotations

import pwd
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cprsync.cli.setup.installation import installed_command, service_text, service_user, write_folder
from cprsync.config.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder for programs, the only one in which a command is looked for."""
    place = tmp_path / "programs"
    place.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(place))
        yield place


def program(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_command_is_the_one_beside_the_interpreter(place: Path, tmp_path: Path) -> None:
    program(place / "cprsync")
    beside = program(tmp_path / "venv" / "cprsync")
    assert installed_command(str(tmp_path / "venv" / "python")) == str(beside)


def test_the_interpreter_of_an_environment_is_not_followed_to_the_one_it_was_made_of(
    place: Path, tmp_path: Path
) -> None:
    interpreter = tmp_path / "venv" / "python"
    beside = program(tmp_path / "venv" / "cprsync")
    interpreter.symlink_to(program(place / "python"))
    assert installed_command(str(interpreter)) == str(beside)


def test_a_command_installed_elsewhere_is_found_on_the_path(place: Path, tmp_path: Path) -> None:
    found = program(place / "cprsync")
    assert installed_command(str(tmp_path / "python")) == str(found)


@pytest.mark.usefixtures("place")
def test_a_command_that_is_nowhere_is_named_only(tmp_path: Path) -> None:
    assert installed_command(str(tmp_path / "python")) == "cprsync"


def test_the_unit_starts_the_installed_command_as_whoever_ran_init(tmp_path: Path) -> None:
    write_folder(tmp_path / "library", mock=None)
    lines = (tmp_path / "library" / "cprsync.service").read_text(encoding="utf-8").splitlines()
    command = installed_command(sys.executable)
    assert f"ExecStart={command} sync --config {tmp_path}/library/cprsync.toml --json" in lines
    assert f"ReadWritePaths={tmp_path}/library" in lines
    assert f"User={service_user()}" in lines


@pytest.mark.parametrize(("uid", "user"), [(0, "cprsync"), (1, pwd.getpwuid(1).pw_name)])
def test_the_night_is_never_roots(uid: int, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root runs `init` for a user of the service's own."""
    monkeypatch.setattr("os.geteuid", lambda: uid)
    monkeypatch.setattr("os.getuid", lambda: uid)
    assert service_user() == user


def test_a_folder_with_signs_of_systemds_own_in_its_name_stands_in_the_unit_as_it_is() -> None:
    text = service_text(Path('/srv/50 % "x" $y'), "/opt/c p/cprsync", user="cprsync")
    lines = text.splitlines()
    assert 'WorkingDirectory=/srv/50 %% "x" $y' in lines
    assert r'ReadWritePaths="/srv/50 %% \"x\" $y"' in lines
    assert r'ExecStart="/opt/c p/cprsync" sync --config "/srv/50 %% \"x\" $$y/cprsync.toml" --json' in lines


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_little_that_the_unit_leaves_open(tmp_path: Path) -> None:
    """Of ten, where ten is open; 9.4 was the unit that named no restriction."""
    # systemd refuses a folder in memory, where the tests' own may be
    text = service_text(Path("/srv/cprsync"), sys.executable, user="cprsync")
    (tmp_path / "cprsync.service").write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", "cprsync.service"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stdout[-300:] + ran.stderr


def test_a_configuration_without_a_counterpart_for_the_net_media_shows_the_section_and_leaves_it_out(
    tmp_path: Path,
) -> None:
    write_folder(tmp_path, mock=None)
    text = (tmp_path / "cprsync.toml").read_text(encoding="utf-8")
    assert load_settings(tmp_path / "cprsync.toml").library[0].culr is None
    section = text[text.index("# [library.culr]") :].replace("# ", "")
    (tmp_path / "cprsync.toml").write_text(text + section, encoding="utf-8")
    culr = load_settings(tmp_path / "cprsync.toml").library[0].culr
    assert culr is not None
    assert culr.password_file == tmp_path / "culr-password"
