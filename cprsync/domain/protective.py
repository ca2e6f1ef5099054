"""What goes through of a change that is held, and of a person who is parked (decision 3). Does no I/O."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cprsync.domain.action import Action
from cprsync.domain.decide import Change
from cprsync.domain.person import Protection
from cprsync.domain.status_rule import stops_letters

if TYPE_CHECKING:
    from cprsync.domain.patron import Patron
    from cprsync.domain.person import Person


def protective(change: Change, patron: Patron) -> Change | None:
    """What goes through when the rest is held (decision 3): a new protection, and letters to the dead stop.

    Returns the change cut down to that, or None when there is nothing of the kind.
    """
    after, actions = patron.register, []
    if Action.PROTECT in change.actions:
        after = replace(after, protection=Protection.NAME_AND_ADDRESS)
        actions.append(Action.PROTECT)
    if not {Action.DIE, Action.STOP_LETTERS}.isdisjoint(change.actions):
        actions.append(Action.STOP_LETTERS)
    return Change(after, tuple(actions)) if actions else None


def protective_while_parked(person: Person, patron: Patron) -> Change | None:
    """What goes through of a snapshot that is parked (decision 3); of a patron not yet verified nothing does.

    Returns a change of that alone, or None when she is neither newly protected nor newly dead.
    """
    if not patron.verified:
        return None
    after, actions = patron.register, []
    if person.protection is Protection.NAME_AND_ADDRESS is not after.protection:
        after = replace(after, protection=Protection.NAME_AND_ADDRESS)
        actions.append(Action.PROTECT)
    if stops_letters(person.status) and not stops_letters(after.status) and patron.letters_stopped is None:
        actions.append(Action.STOP_LETTERS)
    return Change(after, tuple(actions)) if actions else None
