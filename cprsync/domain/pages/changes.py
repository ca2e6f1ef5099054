"""The kinds under which a picture of the nights counts what happened to records.

A night knows more actions than anybody tells apart in a picture.
"""

from __future__ import annotations

import enum
from collections import Counter
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.status import Action

if TYPE_CHECKING:
    from collections.abc import Mapping


class ChangeKind(enum.Enum):
    """What a change is about, in the order in which a picture shows it."""

    ADDRESS = "address"
    #: name, birth date or number
    IDENTITY = "identity"
    PROTECTION = "protection"
    #: abroad, back, disappeared, found, and the rarer statuses
    RESIDENCE = "residence"
    DEATH = "death"


#: None: no change in the register, or one that is told with another.
KINDS: Final[Mapping[Action, ChangeKind | None]] = {
    # the first data about a new patron
    Action.FIRST_COPY: None,
    # always beside a move
    Action.MUNICIPALITY: None,
    # the source says again what is held
    Action.PROTECTION_SETTLED: None,
    # the rest of the death waits, and is counted when it is written
    Action.STOP_LETTERS: None,
    Action.MOVE: ChangeKind.ADDRESS,
    Action.ADDRESS_CORRECTED: ChangeKind.ADDRESS,
    Action.CONTACT: ChangeKind.ADDRESS,
    Action.ABROAD_CORRECTED: ChangeKind.ADDRESS,
    Action.NAMED: ChangeKind.IDENTITY,
    Action.RENAME: ChangeKind.IDENTITY,
    Action.BIRTH_CORRECTED: ChangeKind.IDENTITY,
    Action.RENUMBER: ChangeKind.IDENTITY,
    Action.NUMBER_ANNULLED: ChangeKind.IDENTITY,
    Action.NUMBER_RESTORED: ChangeKind.IDENTITY,
    Action.PROTECT: ChangeKind.PROTECTION,
    Action.UNPROTECT: ChangeKind.PROTECTION,
    Action.EMIGRATE: ChangeKind.RESIDENCE,
    Action.RETURN: ChangeKind.RESIDENCE,
    Action.VANISH: ChangeKind.RESIDENCE,
    Action.FOUND: ChangeKind.RESIDENCE,
    Action.STATUS: ChangeKind.RESIDENCE,
    Action.DIE: ChangeKind.DEATH,
    Action.DEATH_ANNULLED: ChangeKind.DEATH,
}
_BY_NAME: Final = {action.value: kind for action, kind in KINDS.items()}


def count_kinds(actions: Mapping[str, int]) -> dict[ChangeKind, int]:
    """Count what a night's report counts by action, by kind. Every kind is there; an unknown action is left out."""
    counts = Counter[ChangeKind]()
    for name, count in actions.items():
        kind = _BY_NAME.get(name)
        if kind is not None:
            counts[kind] += count
    return {kind: counts[kind] for kind in ChangeKind}
