"""The brake over a whole plan: how much harm one night may do, and what is still written if it may not (decision 3).

Also the classes of a run's balance sheet. Does no I/O; refuses before the first write.
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cprsync.domain.deciding.decide import Change
from cprsync.domain.person.action import Action
from cprsync.domain.person.person import Protection
from cprsync.domain.person.status import stops_letters
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Limit


@dataclass(frozen=True, slots=True)
class Excess:
    """One class of harm that is over its limit."""

    harm: Harm
    count: int
    limit: int


def guard(
    harms: Iterable[tuple[Harm, ...]], *, parked: int, population: int, limits: Mapping[Harm, Limit]
) -> tuple[Excess, ...]:
    """Names the classes that are over their limit; empty: the plan may go on.

    Args:
        harms: the classes of each planned change.
        parked: how many people of the night could not be decided.
        population: how many patrons the library has, for limits given as a share.
        limits: the library's policy; a class without a limit never stops the plan.
    """
    counts = Counter(harm for classes in harms for harm in classes)
    counts[Harm.PARKED] += parked
    return tuple(
        Excess(harm, counts[harm], limit.of(population))
        for harm, limit in limits.items()
        if counts[harm] > limit.of(population)
    )


class Outcome(enum.Enum):
    """What became of a delivered number (decision 24). Each number is counted once; the report checks the sum."""

    #: the record was changed
    APPLIED = "applied"
    #: the record had the same data already, or a newer source has answered
    UNCHANGED = "unchanged"
    #: waits for a decision by staff
    PARKED = "parked"
    #: not a patron of this library
    NOT_OURS = "not_ours"
    #: stopped by the guard
    HELD = "held"


def protective_part(change: Change, patron: Patron) -> Change | None:
    """The part of a held change that is written: a new protection, and no more letters to a dead patron (decision 3).

    Returns a change with only that part, or None if there is nothing new to write.
    """
    arrives = Action.FIRST_COPY in change.actions and change.after.protection is Protection.NAME_AND_ADDRESS
    protects = arrives or Action.PROTECT in change.actions
    return _only_protection(patron, protects=protects, stops=change.stops_letters)


def protective_part_while_parked(person: Person, patron: Patron) -> Change | None:
    """The part of a parked person that is written (decision 3).

    Returns a change with only that part, or None if the person is neither newly protected nor newly dead.
    """
    protects = person.protection is Protection.NAME_AND_ADDRESS
    stops = stops_letters(person.status) and not stops_letters(patron.register.status)
    return _only_protection(patron, protects=protects, stops=stops)


def _only_protection(patron: Patron, *, protects: bool, stops: bool) -> Change | None:
    # also for an unverified patron: what staff typed could be shown, and a letter could be sent
    after, actions = patron.register, []
    if protects and after.protection is not Protection.NAME_AND_ADDRESS:
        after = replace(after, protection=Protection.NAME_AND_ADDRESS)
        actions.append(Action.PROTECT)
    if stops and patron.letters_stopped is None:
        actions.append(Action.STOP_LETTERS)
    return Change(after, tuple(actions)) if actions else None
