"""What the kernel knows about who began this process: the login account, and the owners of its parent processes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from cprsync.domain.desk.acting import SystemUser

_PROC: Final = Path("/proc")
#: The value if nobody has logged in: a service, or a machine that keeps no logins.
_NOBODY: Final = 2**32 - 1
#: The most parent processes to follow.
_BEFORE_MAX: Final = 64


def account_of(uid: int) -> SystemUser:
    """The account of a user id."""
    with suppress(ImportError, KeyError):
        import pwd

        return SystemUser(uid, pwd.getpwuid(uid).pw_name)
    return SystemUser(uid, f"uid {uid}")


def login_account(proc: Path = _PROC) -> SystemUser | None:
    """The account that this session logged in to. It stays the same through `sudo` and `su`, and nobody can set it."""
    with suppress(OSError, ValueError):
        uid = int((proc / "self" / "loginuid").read_text(encoding="ascii"))
        return None if uid == _NOBODY else account_of(uid)
    return None


def accounts_behind(proc: Path = _PROC) -> list[SystemUser]:
    """The owners of this process and of its parents, as far as they are visible."""
    accounts, pid = [account_of(os.getuid())], os.getppid()
    for _ in range(_BEFORE_MAX):
        try:
            told = dict(
                line.split(":", 1) for line in (proc / str(pid) / "status").read_text(encoding="utf-8").splitlines()
            )
            accounts.append(account_of(int(told["Uid"].split()[0])))
            pid = int(told["PPid"])
        except (OSError, ValueError, KeyError):
            break
        if pid == 0:
            break
    return accounts
