"""Who acts: the person behind a command, and never only the account that the program runs under (decision 36).

Decides by what the kernel knows. What the environment claims (`SUDO_USER`) anyone can write, and is not asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

#: Who acts where nobody is known.
SERVICE: Final = "the service"
#: Accounts of people begin with this number, as login.defs has it (UID_MIN).
PERSON_FROM: Final = 1000
#: No name of a person is longer; the audit's columns have room for the account beside it.
NAME_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class SystemUser:
    """An account of the operating system."""

    uid: int
    name: str


def who_acts(login: SystemUser | None, behind: Sequence[SystemUser], *, services: Collection[str]) -> str:
    """Name the person who acts.

    Args:
        login: the account that the session was logged in to, as the kernel keeps it through `sudo` and `su`.
        behind: whose the processes are that this one came from, the nearest first, its own account first of all.
        services: names of accounts that are nobody's own, though their number says so.
    """
    if login is not None:
        return login.name if _is_person(login, services) else SERVICE
    own, *others = behind
    person = next((one for one in others if one.uid != own.uid and _is_person(one, services)), None)
    return SERVICE if person is None else person.name


def named_by_service(name: str, account: SystemUser) -> str:
    """A person whom a service names with `--as`; the audit says who named them.

    Raises:
        ValueError: it is no name that can be kept.
    """
    if not 0 < len(name.strip()) <= NAME_MAX or not name.isprintable():
        raise ValueError("expected a name of at most 40 letters")
    return f"{name.strip()} ({account.name})"[: NAME_MAX + 24]


def _is_person(account: SystemUser, services: Collection[str]) -> bool:
    return account.uid >= PERSON_FROM and account.name not in services
