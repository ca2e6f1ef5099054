"""Compares our record with the person who has a number: what may be shown of each, and how far the two agree.

If one of the two is protected, values and agreement reveal no more than an age. Leaves out what follows from the
comparison: see `domain.desk.registering`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.arrival import Agreement, Likeness, ages_of, likeness_of, sealed_likeness_of
from cprsync.domain.patron.override import birth_date_in, in_force
from cprsync.domain.person.age import birth_date_of
from cprsync.services.desk.lookup import show_person
from cprsync.services.desk.showing import patron_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.desk.arrival import Ages
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.services.desk.lookup import Desk

_AGREES: Final = {Agreement.AGREES: True, Agreement.DIFFERS: False, Agreement.UNKNOWN: None, Agreement.SEALED: None}


@dataclass(frozen=True, slots=True, repr=False)
class Pair:
    """Our record and the person who has the number, as far as each may be shown, and how far they agree."""

    #: fields by name; None: nobody has said who has the number
    ours: Mapping[str, Any]
    theirs: Mapping[str, Any] | None
    like: Likeness | None
    #: None: neither is protected, and birth dates are compared
    ages: Ages | None
    #: another patron has the number
    is_taken: bool


def pair_of(desk: Desk, patron: Patron, person: Person | None, other: str | None) -> Pair:
    today, taken = desk.clock.today(), other is not None
    ours = _shown_of(desk, patron)
    theirs = person if other is None else desk.store.patrons.read([other])[0].register
    if theirs is None:
        return Pair(ours, None, None, None, taken)
    told = show_person(desk, theirs) if other is None else _record(desk, other)
    if told["protected"] or ours["sealed"]:
        ages = ages_of(patron, theirs, today, desk.policy.ladders.leap)
        return Pair(ours, told, sealed_likeness_of(ages), ages, taken)
    return Pair(ours, told, likeness_of(patron, theirs, today), None, taken)


def compared_document(pair: Pair) -> dict[str, Any]:
    """Name and birth date in our record beside the register's, as far as each may be shown, and whether they agree.

    If one of the two is protected, only the ages are compared, and no agreement of name or birth date is shown.
    """
    like = pair.like or Likeness(Agreement.UNKNOWN, Agreement.UNKNOWN)
    of = {"name": like.name, "birth_date": like.birth if pair.ages is None else Agreement.SEALED}
    compared = {name: _side_by_side(pair, name, agreement) for name, agreement in of.items()}
    if pair.ages is not None:
        agrees = _AGREES[pair.ages.agreement]
        compared["age"] = {"ours": pair.ages.ours, "theirs": pair.ages.theirs, "agrees": agrees}
    return compared


def _side_by_side(pair: Pair, name: str, agreement: Agreement) -> dict[str, Any]:
    told = {} if pair.theirs is None else pair.theirs["fields"].get(name, {})
    sides = {"ours": pair.ours[name], "theirs": told.get("value"), "agrees": _AGREES[agreement]}
    sealed = [side for side, is_sealed in (("ours", pair.ours["sealed"]), ("theirs", told.get("sealed"))) if is_sealed]
    return {**sides, "sealed": sealed} if sealed else sides


def _record(desk: Desk, patron_id: str) -> dict[str, Any]:
    view = desk.store.views.patron(patron_id)
    if view is None:
        return {"fields": {}, "protected": True}
    return patron_document(view, desk.policy, agency=desk.agency, on=desk.clock.today())


def _shown_of(desk: Desk, patron: Patron) -> dict[str, Any]:
    shown, today = _record(desk, patron.id), desk.clock.today()
    born = birth_date_of(patron.register, corrected=birth_date_in(in_force(patron.overrides, today)))
    # a number that a library made also contains a birth date, and the record may hold no other
    date = None if shown["protected"] or born is None else born.day.isoformat()
    name = shown["fields"].get("name", {}).get("value")
    return {"name": name, "birth_date": date, "sealed": shown["protected"]}
