"""The units by which systemd runs an installation: the night, the desk, backups and drills, and the timers.

Each runs as a user of its own, in its folder, with as little around it as it needs.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cprsync.cli.terminal.user import account_of
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cprsync.catalogues import Language

TEMPLATES: Final = Path(__file__).parent / "templates"
#: root must not run the night: the guide says how to create this user.
SERVICE_USER: Final = "cprsync"
NIGHT, DESK = "cprsync.service", "cprsync-desk.service"
#: Services that do one thing and end: what each is, and the command that it starts. All are written as the night is.
_WORK: Final = {
    NIGHT: ("the night", "sync"),
    "cprsync-backup.service": ("a backup", "backup"),
    "cprsync-drill.service": ("a drill of the newest backup", "drill"),
    "cprsync-alarms.service": ("a look at what is wrong", "alarms check"),
}
_AS_THEY_ARE: Final = ("cprsync.timer", "cprsync-backup.timer", "cprsync-drill.timer", "cprsync-alarms.timer")


def unit_texts(folder: Path, command: str, *, user: str) -> dict[str, str]:
    """Every unit of one folder, by its file's name."""
    services = {name: service_text(name, folder, command, user=user) for name in (*_WORK, DESK)}
    return services | {name: read_template(name) for name in _AS_THEY_ARE}


def service_text(name: str, folder: Path, command: str, *, user: str) -> str:
    """One service of a folder."""
    title, work = _WORK.get(name, ("", ""))
    return read_template(NIGHT if name in _WORK else name).format(
        title=title,
        work=work,
        user=user,
        folder=_unit_path(str(folder)),
        written=_unit_word(str(folder)),
        command=_unit_word(command.replace("$", "$$")),
        configuration=_unit_word(f"{folder}/cprsync.toml".replace("$", "$$")),
        hardening=read_template("hardening.conf"),
    )


def service_user() -> str:
    """The user that owns the folder after `init`."""
    uid = os.geteuid()
    return SERVICE_USER if uid == 0 else account_of(uid).name


def find_closed(files: Iterable[Path], user: str, *, below: Path = Path("/")) -> Path | None:
    """The first folder on the way to one of these files that a user may not enter, or the file that they may not run.

    `below`: the folders above it are taken for open. Lists of rights beside the mode (ACL) are not looked at.
    """
    for file in files:
        for path in (*reversed(file.parents), file):
            if path.is_relative_to(below) and not _may_enter(path.stat(), user):
                return path
    return None


def _may_enter(state: os.stat_result, user: str) -> bool:
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        # nobody yet: then they are in no group that there is
        return bool(state.st_mode & stat.S_IXOTH)
    if state.st_uid == account.pw_uid:
        return bool(state.st_mode & stat.S_IXUSR)
    is_member = state.st_gid in os.getgrouplist(user, account.pw_gid)
    return bool(state.st_mode & (stat.S_IXGRP if is_member else stat.S_IXOTH))


def find_closed_program(command: str) -> Path | None:
    """What keeps the service's user from running our command. None: nothing, or that user ran `init`."""
    if os.geteuid() != 0 or not Path(command).is_absolute():
        return None
    folders = (Path(command).parent, Path(sys.executable).parent, Path(__file__).parent, Path(os.__file__).parent)
    return find_closed([*folders, *(one.resolve() for one in folders), Path(command)], SERVICE_USER)


def next_lines(made: Iterable[str], commands: Sequence[str], language: Language) -> list[str]:
    """What to type next, in order. Root first gives what was made to the user of the units."""
    if os.geteuid() == 0:
        given = [f"chown -R {SERVICE_USER}: {shlex.quote(path)}" for path in made]
        commands = [*given, *(f"sudo -u {SERVICE_USER} {one}" for one in commands)]
    if len(commands) == 1:
        return [word("init_next", language, command=commands[0])]
    return [word("init_next", language, command="").rstrip(), *(f"  {one}" for one in commands)]


def _unit_path(text: str) -> str:
    # a percent sign begins one of systemd's own names
    return text.replace("%", "%%")


def _unit_word(text: str) -> str:
    """One word of a line that has several."""
    word = _unit_path(text)
    if not any(sign in word for sign in " \t\"'\\"):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def installed_command(interpreter: str) -> str:
    """The command beside the interpreter, or else the one on PATH, because systemd needs a path.

    Links are not resolved, because the interpreter of an environment is one.
    """
    beside = Path(interpreter).absolute().parent / "cprsync"
    if beside.is_file():
        return str(beside)
    found = shutil.which("cprsync")
    return "cprsync" if found is None else str(Path(found).absolute())


def read_template(name: str) -> str:
    """A file that `init` starts from."""
    return (TEMPLATES / name).read_text(encoding="utf-8")
