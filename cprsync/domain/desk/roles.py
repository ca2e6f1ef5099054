"""Who may do what at the desk. A person may have several roles; what none of theirs allows is refused."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Role(enum.Enum):
    """What a person is at one library."""

    #: registers and helps patrons
    DESK = "desk"
    #: also answers what waits for a person
    SUPERVISOR = "supervisor"
    #: sees who looked at what, and why
    PRIVACY_OFFICER = "privacy_officer"
    #: owns the nights, and sees no patron
    OPERATOR = "operator"


class Task(enum.Enum):
    """What a page lets a person do."""

    #: find a patron, look up, register, set what staff own
    SERVE = "serve"
    #: open what is sealed, for a reason
    REVEAL = "reveal"
    #: answer a review item
    ANSWER = "answer"
    #: erase a patron for good
    ERASE = "erase"
    #: see how the nights went
    NIGHTS = "nights"
    #: type the commands that the page of nights asks for
    OPERATE = "operate"
    #: be one of the two people who approve what a limit has held
    APPROVE = "approve"
    #: sign for what somebody may not do alone
    SIGN = "sign"
    #: look at samples of what others did, and lift a stop
    CHECK = "check"
    #: read the log of look-ups, answer citizens, watch a number
    LOG = "log"


_MAY: Final[Mapping[Task, frozenset[Role]]] = {
    Task.SERVE: frozenset({Role.DESK, Role.SUPERVISOR}),
    Task.REVEAL: frozenset({Role.DESK, Role.SUPERVISOR}),
    Task.ANSWER: frozenset({Role.SUPERVISOR}),
    # nobody can bring an erased patron back
    Task.ERASE: frozenset({Role.SUPERVISOR}),
    Task.NIGHTS: frozenset({Role.SUPERVISOR, Role.OPERATOR}),
    Task.OPERATE: frozenset({Role.OPERATOR}),
    Task.APPROVE: frozenset({Role.SUPERVISOR, Role.OPERATOR}),
    Task.SIGN: frozenset({Role.SUPERVISOR}),
    Task.CHECK: frozenset({Role.SUPERVISOR}),
    Task.LOG: frozenset({Role.PRIVACY_OFFICER}),
}
#: As long as nobody has to log in.
EVERY_ROLE: Final = frozenset(Role)


def may(roles: Collection[Role], task: Task) -> bool:
    """Whether one of the roles allows the task."""
    return not _MAY[task].isdisjoint(roles)
