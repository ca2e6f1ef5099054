"""The user: who they are, as far as the kernel knows, and what they type.

Numbers and the values of fields are typed, and are never arguments, because others could see arguments.
"""

from __future__ import annotations

import getpass
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cprsync.cli.terminal.acting import ACTING
from cprsync.cli.terminal.failures import before_writing
from cprsync.cli.terminal.output import is_text, note
from cprsync.domain.desk.confirming import SystemUser, named_by_service, who_acts
from cprsync.domain.person.number import CprNumber, unspaced
from cprsync.errors import BadInput, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.config.settings import AuditSection

#: Longer than the longest kind of note.
VALUE_MAX = 8192
#: Far longer than a number with its hyphen and the line end.
_LINE_MAX = 64
_PROC: Final = Path("/proc")
#: The value if nobody has logged in: a service, or a machine that keeps no logins.
_NO_LOGIN: Final = 2**32 - 1
#: The most parent processes to follow.
_PARENTS_MAX: Final = 64


def ask_number() -> CprNumber:
    """Read a CPR number from a prompt that does not show it, or from one line of standard input.

    Raises BadInput, without quoting it: it is no CPR number.
    """
    return _number(CprNumber.parse)


def ask_any_number() -> CprNumber:
    """Same as `ask_number`, for a number of any kind, also one with letters that no register knows."""
    return _number(CprNumber.parse_any)


def ask_identity(prompt: str) -> str:
    """Read a CPR number, a patron number or a card from a hidden prompt or standard input. Raises as `ask_number`."""
    typed = _line(prompt)
    if not typed or not is_text(typed):
        raise BadInput("expected a CPR number, a patron number or a card on one line", kind="input.number")
    return typed


def _number(parse: Callable[[str], CprNumber]) -> CprNumber:
    try:
        return parse(unspaced(_line("CPR-nummer")))
    except ValueError as error:
        raise BadInput("{why}", why=error, kind="input.number") from None


def _line(prompt: str) -> str:
    try:
        with before_writing():
            typed = getpass.getpass(f"{prompt}: ") if sys.stdin.isatty() else sys.stdin.readline(_LINE_MAX)
    except UnicodeDecodeError:
        raise BadInput("not readable as text in UTF-8", kind="input.number") from None
    return typed.strip()


def ask_value(name: str, *, lines: bool, hidden: bool = False, hint: str = "") -> str:
    """Read a field's value from a prompt, or from all of standard input.

    Args:
        name: the field, for the prompt.
        lines: whether the value may have several lines; at a prompt an empty line ends them.
        hidden: whether the prompt hides what is typed.
        hint: how to type several lines.

    Raises:
        BadInput: the value is too long, or no text.
    """
    try:
        with before_writing():
            typed: str | None = _typed(name, lines=lines, hidden=hidden, hint=hint)
    except UnicodeDecodeError:
        typed = None
    if typed is None or not is_text(typed):
        raise BadInput("not readable as text in UTF-8", kind="input.value")
    if len(typed) > VALUE_MAX:
        raise BadInput("longer than {most} characters", most=VALUE_MAX, kind="input.value")
    return typed


def _typed(name: str, *, lines: bool, hidden: bool, hint: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read(VALUE_MAX + 1)
    return getpass.getpass(f"{name}: ") if hidden else _at_prompt(name, lines=lines, hint=hint)


def _at_prompt(name: str, *, lines: bool, hint: str) -> str:
    # on standard error: standard output is only for the answer
    if not lines:
        sys.stderr.write(f"{name}: ")
        sys.stderr.flush()
        return sys.stdin.readline(VALUE_MAX + 1)
    note(f"{name}: {hint}")
    typed = ""
    while len(typed) <= VALUE_MAX and (line := sys.stdin.readline(VALUE_MAX + 1)).strip():
        typed += line
    return typed


def user_name() -> str:
    """The acting user: the person behind this process, the one a service names with `--as`, or "the service".

    Raises:
        ConfigurationError: this account may not name anybody, or the name cannot be kept.
    """
    from cprsync.config.settings import AuditSection, audit_section

    named, config = ACTING.get()
    section = AuditSection() if config is None else audit_section(config)
    if named is None:
        return who_acts(login_account(), process_owners(), services=section.service_accounts)
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
        return None if uid == _NO_LOGIN else account_of(uid)
    return None


def process_owners(proc: Path = _PROC) -> list[SystemUser]:
    """The owners of this process and of its parents, as far as they are visible."""
    accounts, pid = [account_of(os.getuid())], os.getppid()
    for _ in range(_PARENTS_MAX):
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
