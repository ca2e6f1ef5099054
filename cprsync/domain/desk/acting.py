"""Who acts: the person behind a command, never only the account that the program runs under (decision 36).

Uses only what the kernel knows. Anyone can set an environment variable such as `SUDO_USER`, so it is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

#: The name used if no person is known.
SERVICE: Final = "the service"
#: Accounts of people begin with this number, as in login.defs (UID_MIN).
PERSON_FROM: Final = 1000
#: The longest name of a person. The audit's columns have room for the account beside it.
NAME_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class SystemUser:
    """An account of the operating system."""

    uid: int
    name: str


def who_acts(login: SystemUser | None, behind: Sequence[SystemUser], *, services: Collection[str]) -> str:
    """Names the person who acts.

    Args:
        login: the account of the session's log-in, which the kernel keeps through `sudo` and `su`.
        behind: the owners of this process and its parents: its own account first, then the nearest parent.
        services: names of accounts that belong to no person, although their number says so.
    """
    if login is not None:
        return login.name if _is_person(login, services) else SERVICE
    own, *others = behind
    person = next((one for one in others if one.uid != own.uid and _is_person(one, services)), None)
    return SERVICE if person is None else person.name


def named_by_service(name: str, account: SystemUser) -> str:
    """The person that a service names with `--as`. The audit also shows which account named them.

    Raises:
        ValueError: the name is empty, too long or not printable.
    """
    if not 0 < len(name.strip()) <= NAME_MAX or not name.isprintable():
        raise WrongValue("expected a name of at most 40 letters")
    return f"{name.strip()} ({account.name})"[: NAME_MAX + 24]


def _is_person(account: SystemUser, services: Collection[str]) -> bool:
    return account.uid >= PERSON_FROM and account.name not in services
