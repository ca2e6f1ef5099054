"""A replacement number becomes real: checked against all patrons, looked up, subscribed, first copy; the old one kept.

When the register does not answer, the number is there at once and "not yet verified": subscription and first copy
wait for the night, as for any new patron. Leaves out a real number that another replaces: only the register says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.action import Action
from cprsync.domain.decide import Change
from cprsync.domain.number import NumberKind
from cprsync.domain.review import BOTH_PATRONS
from cprsync.errors import BadInput, LostCompare
from cprsync.sync.calling import ask_about, subscribe_to
from cprsync.sync.lookup import TRIES, Entry
from cprsync.sync.steps import FIRST_COPY, decided, step_of, write_of
from cprsync.sync.values import Batch, FollowUp

if TYPE_CHECKING:
    from cprsync.domain.number import CprNumber
    from cprsync.domain.patron import AsOf, Patron
    from cprsync.domain.person import Person
    from cprsync.sync.lookup import Desk
    from cprsync.sync.values import Write

#: Why the audit says that the register was asked.
PURPOSE: Final = "set_cpr"
#: What is said beside the outcome.
NOT_VERIFIED: Final = "not_verified"


@dataclass(frozen=True, slots=True, repr=False)
class SetNumber:
    """Whose number becomes which, and by whom."""

    patron_id: str
    number: CprNumber
    user: str


def set_number(desk: Desk, asked: SetNumber) -> dict[str, Any]:
    """Give a patron her real number; returns the JSON shape of `patron set-cpr`.

    Raises:
        BadInput: no such patron, her number is real already, the new one is none of the register's or is replaced
            itself, or another patron has it; in the last case the two wait for a person.
        NoSuchPerson: the register does not know the number.
    """
    patron = _patron(desk, asked)
    if patron.number == asked.number:
        return _document(asked, "unchanged", verified=patron.verified, subscribed=True)
    _refuse_what_is_real_or_never_will_be(patron, asked.number)
    _refuse_another_patrons(desk, asked)
    desk.store.intend_at_desk(asked.number, purpose=PURPOSE, user=asked.user, patron_id=patron.id)
    person = ask_about(desk, asked.number)
    subscribed = None if person is None else subscribe_to(desk, asked.number)
    for left in reversed(range(TRIES)):
        batch = _batch(desk, patron, person, asked.number)
        try:
            desk.store.save_at_desk(Entry(asked.number, patron.id, batch, asked.user, subscribed))
            break
        except LostCompare:
            if not left:
                raise
            patron = _patron(desk, asked)
            _refuse_another_patrons(desk, asked)
    verified = batch.writes[0].as_of is not None
    return _document(asked, "set", verified=verified, subscribed=subscribed is not None)


def _document(asked: SetNumber, outcome: str, *, verified: bool, subscribed: bool) -> dict[str, Any]:
    return {
        "patron": asked.patron_id,
        "outcome": outcome,
        "verified": verified,
        "subscribed": subscribed,
        "warnings": [] if verified else [NOT_VERIFIED],
    }


# -- refusing ----------------------------------------------------------------------------------------------


def _patron(desk: Desk, asked: SetNumber) -> Patron:
    patrons = desk.store.patrons([asked.patron_id])
    if not patrons:
        raise BadInput("there is no such patron", kind="patron.unknown")
    return patrons[0]


def _refuse_what_is_real_or_never_will_be(patron: Patron, number: CprNumber) -> None:
    if number.kind is not NumberKind.REAL:
        raise BadInput("a replacement number: only one of the register's takes the place of another", kind="input")
    if patron.number.kind is NumberKind.REAL:
        raise BadInput("her number is real already: only the register replaces it", kind="number.real")


def _refuse_another_patrons(desk: Desk, asked: SetNumber) -> None:
    other = desk.store.find(asked.number)
    if other is None or other == asked.patron_id:
        return
    desk.store.ask_staff_at_desk(asked.patron_id, BOTH_PATRONS, about=other)
    raise BadInput("another patron has that number: both now wait for a person", kind="number.both_patrons")


# -- writing ---------------------------------------------------------------------------------------------------


def _batch(desk: Desk, patron: Patron, person: Person | None, number: CprNumber) -> Batch:
    """The number, and with it the first copy if there is one and it can be decided."""
    hers = replace(patron, register=replace(patron.register, number=number))
    if person is None:
        return Batch(writes=[_write(desk, patron, Change(hers.register, (Action.RENUMBER,)), None)])
    as_of = desk.as_of()
    step = step_of(desk, decided(person, hers, as_of, None), person, hers, as_of)
    if step.change is None or step.write is None:
        # undecided: the number is hers all the same, and the night asks again
        write = _write(desk, patron, Change(hers.register, (Action.RENUMBER,)), None)
        reviews = [] if step.review is None else [step.review]
        return Batch(writes=[write], asks=[FollowUp(patron.id, FIRST_COPY)], reviews=reviews)
    change = replace(step.change, actions=(Action.RENUMBER, *step.change.actions))
    return Batch(writes=[_write(desk, patron, change, as_of)], reviews=[] if step.review is None else [step.review])


def _write(desk: Desk, patron: Patron, change: Change, as_of: AsOf | None) -> Write:
    return replace(write_of(desk, change, patron, as_of), renumbered=desk.clock.today())
