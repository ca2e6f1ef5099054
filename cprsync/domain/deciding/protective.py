"""What is written of a change that is held, and of a person who is parked (decision 3). Does no I/O."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cprsync.domain.deciding.decide import Change
from cprsync.domain.person.action import Action
from cprsync.domain.person.person import Protection
from cprsync.domain.person.status import stops_letters

if TYPE_CHECKING:
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person


def protective(change: Change, patron: Patron) -> Change | None:
    """The part of a held change that is written: a new protection, and no more letters to a dead patron (decision 3).

    Returns a change with only that part, or None if there is nothing new to write.
    """
    arrives = Action.FIRST_COPY in change.actions and change.after.protection is Protection.NAME_AND_ADDRESS
    protects = arrives or Action.PROTECT in change.actions
    return _no_more_than(patron, protects=protects, stops=change.stops_letters)


def protective_while_parked(person: Person, patron: Patron) -> Change | None:
    """The part of a parked person that is written (decision 3).

    Returns a change with only that part, or None if the person is neither newly protected nor newly dead.
    """
    protects = person.protection is Protection.NAME_AND_ADDRESS
    stops = stops_letters(person.status) and not stops_letters(patron.register.status)
    return _no_more_than(patron, protects=protects, stops=stops)


def _no_more_than(patron: Patron, *, protects: bool, stops: bool) -> Change | None:
    # also for an unverified patron: what staff typed could be shown, and a letter could be sent
    after, actions = patron.register, []
    if protects and after.protection is not Protection.NAME_AND_ADDRESS:
        after = replace(after, protection=Protection.NAME_AND_ADDRESS)
        actions.append(Action.PROTECT)
    if stops and patron.letters_stopped is None:
        actions.append(Action.STOP_LETTERS)
    return Change(after, tuple(actions)) if actions else None
