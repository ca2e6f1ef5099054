"""What `init` writes for systemd: a command that it can start, whoever ran `init` and however it was installed."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cprsync.cli.setup import installation
from cprsync.cli.setup.installation import certs_check, write_folder
from cprsync.cli.setup.units import DESK, NIGHT, find_closed, installed_command, service_text, service_user
from cprsync.config.settings import load_settings
from cprsync.errors import ConfigurationError

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


def test_a_certificate_that_is_missing_is_looked_for_before_a_new_one_is_ordered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(tmp_path / "site", mock=None)
    assert certs_check(config=tmp_path / "site" / "cprsync.toml", lang="en") == 2
    ours, missing, advice, *_ = capsys.readouterr().out.splitlines()
    assert ours.startswith("✗ ours")
    assert missing.endswith("client.key is missing")
    assert advice.startswith("    Look for the file before you order anything")


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


@pytest.mark.parametrize(("mode", "is_open"), [(0o700, False), (0o750, False), (0o711, True)])
def test_a_program_that_the_services_user_may_not_run_is_found_by_the_folder_that_keeps_them_out(
    tmp_path: Path, mode: int, is_open: bool
) -> None:
    command = program(tmp_path / "venv" / "cprsync")
    assert find_closed([command], "nobody of this name", below=command.parent) is None
    command.parent.chmod(mode)
    found = find_closed([command], "nobody of this name", below=command.parent)
    assert found == (None if is_open else command.parent)
    # whoever owns it may enter
    assert find_closed([command], pwd.getpwuid(os.geteuid()).pw_name, below=command.parent) is None


def test_a_command_that_others_may_not_run_is_found_itself(tmp_path: Path) -> None:
    command = program(tmp_path / "venv" / "cprsync")
    command.chmod(0o744)
    assert find_closed([command], "nobody of this name", below=command.parent) == command


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
    text = service_text(NIGHT, Path('/srv/50 % "x" $y'), "/opt/c p/cprsync", user="cprsync")
    lines = text.splitlines()
    assert 'WorkingDirectory=/srv/50 %% "x" $y' in lines
    assert r'ReadWritePaths="/srv/50 %% \"x\" $y"' in lines
    assert r'ExecStart="/opt/c p/cprsync" sync --config "/srv/50 %% \"x\" $$y/cprsync.toml" --json' in lines


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", [NIGHT, DESK])
def test_systemd_finds_little_that_a_unit_leaves_open(tmp_path: Path, name: str) -> None:
    """Of ten, where ten is open; 9.4 was the unit that named no restriction."""
    # systemd refuses a folder in memory, where the tests' own may be
    text = service_text(name, Path("/srv/cprsync"), sys.executable, user="cprsync")
    (tmp_path / name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", name]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stdout[-300:] + ran.stderr


def test_init_writes_every_unit_and_others_can_read_nothing_that_it_writes(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        written = write_folder(tmp_path / "site", mock=None)
    finally:
        os.umask(before)
    assert {NIGHT, DESK, "cprsync.timer"} <= set(written)
    everything = [tmp_path / "site", *(tmp_path / "site").rglob("*")]
    assert [path.name for path in everything if path.stat().st_mode & 0o077] == []


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


def test_the_image_is_built_as_the_readme_installs_and_runs_as_nobody_with_rights() -> None:
    root = Path(__file__).parents[3]
    image = (root / "cprsync" / "guide" / "Containerfile").read_text(encoding="utf-8")
    installs = [one.partition("/pip ")[2] for one in re.split(r"&& |\n", image) if "/pip " in one]
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert [one.rstrip(" \\") for one in installs] == [
        one.partition("/pip ")[2].strip() for one in readme.split("&& ") if one.startswith(".venv/bin/pip ")
    ][:2]
    last = image.rpartition("FROM ")[2].splitlines()
    assert [line for line in last if line.startswith("USER ")] == ["USER 10001"]
    assert last.index("USER 10001") < last.index('ENTRYPOINT ["/opt/cprsync/bin/cprsync"]')


def test_the_image_has_the_issuers_that_the_settings_name_and_the_programs_of_a_backup() -> None:
    image = (Path(__file__).parents[3] / "cprsync" / "guide" / "Containerfile").read_text(encoding="utf-8")
    last = image.rpartition("FROM ")[2]
    assert {"ca-certificates", "postgresql-client"} <= set(last.partition(" install ")[2].partition("\\")[0].split())


def test_a_crash_leaves_no_dump_of_the_memory() -> None:
    program = "import resource; from cprsync.private import leave_no_dump; leave_no_dump();"
    said = subprocess.run(
        [sys.executable, "-c", f"{program} print(resource.getrlimit(resource.RLIMIT_CORE))"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert said.stdout == "(0, 0)\n"


def test_each_certificate_is_printed_with_its_end_and_what_is_wrong_beneath_it() -> None:
    ours = {"whose": "ours", "host": None, "subject": "Xby", "not_after": "2027-04-03T10:00:00+00:00", "days_left": 1}
    fine = ours | {"level": "warn", "problem": None, "revocation": "good"}
    silent = {"whose": "theirs", "host": "culr.example:443", "subject": None, "level": "critical", "revocation": None}
    unread = silent | {"problem": "is missing", "problem_da": "mangler"}
    assert list(installation._certificate_lines([fine, unread], "da")) == [
        "! vores             Xby  udløber 3. april 2027 kl. 12.00, 1 dag igen  ikke spærret",
        "✗ culr.example:443",
        "    mangler",
    ]


def test_a_folder_of_the_system_is_refused_unless_it_is_empty_or_ours(tmp_path: Path) -> None:
    """All of the folder is given to the service next."""
    etc, ours, empty = (tmp_path / name for name in ("etc", "cprsync", "data"))
    for folder, file in ((etc, "passwd"), (ours, "cprsync.toml"), (empty, None)):
        folder.mkdir()
        if file is not None:
            (folder / file).touch()
    for allowed in (ours, empty, tmp_path / "new", etc / "below"):
        installation.make_sure_that_own(allowed, root=tmp_path)
    (etc / "below").mkdir()
    (etc / "below" / "of-mine").touch()
    installation.make_sure_that_own(etc / "below", root=tmp_path)
    for refused in (etc, tmp_path):
        with pytest.raises(ConfigurationError) as wrong:
            installation.make_sure_that_own(refused, root=tmp_path)
        assert wrong.value.kind == "init.folder"


def test_init_writes_nothing_into_a_folder_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "passwd").touch()
    own = installation.make_sure_that_own
    monkeypatch.setattr(installation, "make_sure_that_own", lambda folder: own(folder, root=tmp_path.parent))
    with pytest.raises(ConfigurationError, match="holds other things"):
        write_folder(tmp_path, mock=None)
    assert [one.name for one in tmp_path.iterdir()] == ["passwd"]
