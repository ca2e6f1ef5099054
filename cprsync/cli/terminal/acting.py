"""Finds out who the user is: the person behind this process, as far as the kernel knows."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cprsync.cli.terminal.options import ACTING
from cprsync.domain.desk.acting import SystemUser, named_by_service, who_acts
from cprsync.errors import ConfigurationError

if TYPE_CHECKING:
    from cprsync.config.settings import AuditSection

_PROC: Final = Path("/proc")
#: The value if nobody has logged in: a service, or a machine that keeps no logins.
_NOBODY: Final = 2**32 - 1
#: The most parent processes to follow.
_BEFORE_MAX: Final = 64


def user_name() -> str:
    """The acting user: the person behind this process, the one a service names with `--as`, or "the service".

    Raises:
        ConfigurationError: this account may not name anybody, or the name cannot be kept.
    """
    from cprsync.config.settings import AuditSection, audit_section

    named, config = ACTING.get()
    section = AuditSection() if config is None else audit_section(config)
    if named is None:
        return who_acts(login_account(), accounts_behind(), services=section.service_accounts)
    return _named(named, account_of(os.getuid()), section)


def _named(name: str, account: SystemUser, section: AuditSection) -> str:
    if account.name not in section.may_name:
        raise ConfigurationError(
            "this account may not say who acts: [audit] may_name does not list it", kind="as.account"
        )
    try:
        return named_by_service(name, account)
    except ValueError as error:
        raise ConfigurationError("who acts: {why}", why=error, kind="usage.as") from None


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
            status = dict(
                line.split(":", 1) for line in (proc / str(pid) / "status").read_text(encoding="utf-8").splitlines()
            )
            accounts.append(account_of(int(status["Uid"].split()[0])))
            pid = int(status["PPid"])
        except (OSError, ValueError, KeyError):
            break
        if pid == 0:
            break
    return accounts
