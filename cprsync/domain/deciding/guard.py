"""What the step from one record to another means: its actions for the reports, and its harm for the guard.

The guard is the brake over a whole plan: it refuses before the first write (decision 3). Decides nothing about a
person. An event code may name the kind of a change, never what is written (decision 7).
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.deciding.protection import protection_action_between
from cprsync.domain.patron.override import Overridden, culr_in_force
from cprsync.domain.person.municipality import municipality_of
from cprsync.domain.person.person import EMPTY, SILENT, Gap, Protection, Status
from cprsync.domain.person.sealed import same_dwelling, same_writing
from cprsync.domain.person.status import STATUS_RULES, Action
from cprsync.domain.policy.policy import Harm
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cprsync.domain.patron.override import Override
    from cprsync.domain.person.person import Person, Silent
    from cprsync.domain.person.sealed import Address, SealedAddress
    from cprsync.domain.policy.policy import Limit
    from cprsync.domain.wording import Texts

    _Address: TypeAlias = Address | SealedAddress | Silent


#: Events that correct or rename an address without a move (cpr_data G).
_CORRECTS_ADDRESS: Final = frozenset({"A07", "A09", "A10", "A42", "P10"})
#: Events for a real move.
_MOVES: Final = frozenset({"A01", "A04", "P31"})
_NONE: Final[Mapping[Overridden, Override]] = {}


def actions_between(before: Person, after: Person, events: tuple[str, ...]) -> tuple[Action, ...]:
    """The actions for the step from `before` to `after`. Protection comes first."""
    return (
        *_protection_actions(before, after),
        *_name_actions(before, after),
        *_birth_actions(before, after),
        *_address_actions(before, after, events),
        *_status_actions(before, after),
    )


def _protection_actions(before: Person, after: Person) -> tuple[Action, ...]:
    if before.protection is after.protection:
        return ()
    called = protection_action_between(before.protection, after.protection)
    return () if called is None else (called,)


def _name_actions(before: Person, after: Person) -> tuple[Action, ...]:
    if before.name == after.name or isinstance(after.name, Gap):
        return ()
    return (Action.NAMED,) if isinstance(before.name, Gap) else (Action.RENAME,)


def _birth_actions(before: Person, after: Person) -> tuple[Action, ...]:
    return () if before.birth == after.birth else (Action.BIRTH_CORRECTED,)


def _address_actions(before: Person, after: Person, events: tuple[str, ...]) -> tuple[Action, ...]:
    if before.address == after.address:
        return ()
    kind = Action.MOVE if _is_move(before.address, after.address, events) else Action.ADDRESS_CORRECTED
    changed = municipality_of(before) != municipality_of(after)
    return (kind, Action.MUNICIPALITY) if changed else (kind,)


def _is_move(before: _Address, after: _Address, events: tuple[str, ...]) -> bool:
    if before is SILENT or after is SILENT or same_dwelling(before, after):
        return False
    # other codes for the same door: codes of a municipality, a street or a house number were corrected
    return _CORRECTS_ADDRESS.isdisjoint(events) or not _MOVES.isdisjoint(events)


def _status_actions(before: Person, after: Person) -> tuple[Action, ...]:
    actions: list[Action] = []
    if before.contact != after.contact and not (before.contact is SILENT and after.contact is EMPTY):
        actions.append(Action.CONTACT)
    if before.status is not after.status:
        actions += _step_between(before.status, after.status)
    elif before.abroad != after.abroad and after.status is Status.EMIGRATED:
        actions.append(Action.ABROAD_CORRECTED)
    return tuple(actions)


def _step_between(before: Status | Gap, after: Status | Gap) -> list[Action]:
    """Names a step between two statuses. The register can undo each of these steps (cpr-data B, G)."""
    leaving = STATUS_RULES[before].leaving if isinstance(before, Status) else Action.STATUS
    coming = STATUS_RULES[after].coming if isinstance(after, Status) else Action.STATUS
    if coming is Action.STATUS:
        return [leaving]
    # A person who dies abroad has not come back first. A dead person who is now missing is alive again.
    lives = leaving is Action.DEATH_ANNULLED and coming is not Action.NUMBER_ANNULLED
    return [leaving, coming] if lives or leaving is Action.NUMBER_RESTORED else [coming]


def harms_between(
    before: Person, after: Person, *, gone: bool, renamed: bool, holding: Mapping[Overridden, Override] = _NONE
) -> tuple[Harm, ...]:
    """The classes of harm in a step from one record to another.

    The register does not change a field that staff corrected, so that field has no harm.

    Args:
        before: the register's part of the record now.
        after: the register's part after the step.
        gone: whether the step is a death, an emigration, a disappearance or an annulled number.
        renamed: whether a name replaces another name.
        holding: staff's corrections that hold.
    """
    lost = culr_in_force(after, holding) == "" and bool(culr_in_force(before, holding))
    named, addressed = Overridden.NAME not in holding, Overridden.ADDRESS not in holding
    rewritten = (named and before.name != after.name) or (addressed and not _same_words(before.address, after.address))
    tests = (
        (Harm.ADDRESS_LOST, addressed and before.address is not SILENT and after.address is SILENT),
        (Harm.PROTECTION_LIFTED, _is_opened(before, after)),
        (Harm.ENTITLEMENT_LOST, lost),
        (Harm.GONE, gone),
        (Harm.NAME_REPLACED, named and renamed),
        (Harm.CHANGED, rewritten or lost),
    )
    return tuple([harm for harm, met in tests if met])


def _same_words(before: _Address, after: _Address) -> bool:
    """Whether a letter would have the same address on it."""
    return before is after if before is SILENT or after is SILENT else same_writing(before, after)


def _is_opened(before: Person, after: Person) -> bool:
    """True if name and address become visible: the protection ends, or the person leaves an administrative street."""
    if after.protection is Protection.NAME_AND_ADDRESS:
        return False
    ended = before.protection is Protection.NAME_AND_ADDRESS
    return ended or (before.lives_administratively and not after.lives_administratively)


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


@dataclass(frozen=True, slots=True)
class Excess:
    """One class of harm that is over its limit."""

    harm: Harm
    count: int
    limit: int

    def document(self) -> dict[str, str | int]:
        """The JSON shape of a limit that stopped something."""
        return {"class": self.harm.value, "count": self.count, "limit": self.limit}


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


def describe_excess(excess: Iterable[Excess], texts: Texts) -> Wording:
    """The classes that are over their limit, each with its count and its limit, in both languages."""
    said = [texts("brake_class", what=texts(one.harm.value), count=one.count, limit=one.limit) for one in excess]
    return Wording("; ".join(one.da for one in said), "; ".join(one.en for one in said))
