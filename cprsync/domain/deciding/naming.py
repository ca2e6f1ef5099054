"""The names of the step from one record to another: the actions that every report counts. Decides nothing.

An event code may name the kind of a change, never what is written (decision 7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.deciding.protection import action_between
from cprsync.domain.person.action import Action
from cprsync.domain.person.municipality import municipality_of
from cprsync.domain.person.person import EMPTY, SILENT, Gap, Status
from cprsync.domain.person.sealed import same_dwelling
from cprsync.domain.person.status import STATUS_RULES

if TYPE_CHECKING:
    from cprsync.domain.person.address import Address
    from cprsync.domain.person.person import Person, Silent
    from cprsync.domain.person.sealed import SealedAddress

    _Address: TypeAlias = Address | SealedAddress | Silent

#: Events that correct or rename an address without a move (cpr_data G).
_CORRECTS_ADDRESS: Final = frozenset({"A07", "A09", "A10", "A42", "P10"})
#: Events for a real move.
_MOVES: Final = frozenset({"A01", "A04", "P31"})


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
    called = action_between(before.protection, after.protection)
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
