"""Who is to answer for a minor: found, shown, and written after a yes. With a new minor, it is one transaction.

They are a patron already, or the register is asked about them with the purpose `guardian`. If it does not answer, they
get a record that is not verified yet, as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.confirming import Preview
from cprsync.domain.patron.responsible import NoLink
from cprsync.domain.person.number import CprNumber, unspaced
from cprsync.errors import BadInput, NoSuchPerson
from cprsync.services.desk.lookup import read_patron, show_person
from cprsync.services.desk.responsibles import (
    hear_new,
    is_linked,
    link_document,
    named,
    read_minor,
    refuse_link_to,
    subscribe_known_responsible,
    subscribe_new_responsible,
)
from cprsync.services.desk.showing import check_confirmed
from cprsync.services.desk.viewing import find_patron, look_at
from cprsync.services.ports.patrons import refuse_link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.desk.confirming import Confirmation
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.services.desk.lookup import Desk
    from cprsync.services.ports.desk import DeskEntry

#: The minor's number as long as they have none. It is nobody's.
UNBORN: Final = "new"
#: The name of the field, as errors have it.
FIELD: Final = "responsible"


@dataclass(frozen=True, slots=True, repr=False)
class ShownResponsible:
    """Who is to answer for the minor, as shown to staff."""

    user: str
    #: the patron; None: they get a record of their own
    known: str | None
    number: CprNumber
    #: the register's answer; None: they are a patron, or it did not answer
    person: Person | None
    #: who they are, without what is sealed
    document: Mapping[str, Any]

    @property
    def mark(self) -> str:
        """What a yes belongs to, without a name or a number."""
        return f"responsible:{self.known or 'new'}:{self.document['verified']}:{self.document['sealed']}"


@dataclass(frozen=True, slots=True, repr=False)
class Answering:
    """Who is to answer for a patron, as shown to staff, and waits for a yes."""

    patron_id: str
    shown: ShownResponsible
    #: they answer for the patron already, and a yes would write nothing
    is_linked: bool

    @property
    def preview(self) -> Preview:
        return Preview(FIELD, self.patron_id, marks=(self.shown.mark,))


def preview_answering(desk: Desk, patron_id: str, typed: str, user: str) -> Answering:
    """Find who is to answer for a patron. Nothing is written but the audit of the look-up, or of the look at a patron.

    Raises:
        BadInput: nobody is meant, or they may not answer for the patron.
        NoSuchPerson: the register does not know the number.
    """
    minor = read_minor(desk, patron_id, user)
    known = find_patron(desk.store, typed)["patron"]
    if known is not None and is_linked(desk.store, minor.id, known):
        return Answering(patron_id, _shown_patron(desk, known, user), is_linked=True)
    return Answering(patron_id, _preview(desk, minor, typed, user), is_linked=False)


def confirm_answering(desk: Desk, held: Answering, confirmation: Confirmation) -> dict[str, Any]:
    """Write what was shown. Return the JSON shape of `patron responsible`.

    Raises:
        NotConfirmed: they are shown otherwise by now, such as protected; nothing is written.
        BadInput: they may not answer for the patron any more; nothing is written.
    """
    shown = held.shown
    minor = read_minor(desk, held.patron_id, shown.user)
    if shown.known is not None:
        if is_linked(desk.store, minor.id, shown.known):
            return link_document(desk, minor.id, shown.known, "unchanged")
        shown = _preview(desk, minor, shown.known, shown.user)
    check_confirmed(replace(held, shown=shown).preview, confirmation)
    saved = desk.store.desk.save(subscribe_responsible(desk, shown, answers_for=minor.id))
    return link_document(desk, minor.id, saved, "added")


def preview_responsible(desk: Desk, minor: Patron, typed: str, user: str) -> ShownResponsible:
    """Find who is meant by a CPR number, a patron number or a card. Nothing is written but the audit of the look-up.

    The audit has the look at a patron too.

    Raises:
        BadInput: nobody is meant, or they may not answer for the minor.
    """
    try:
        return _preview(desk, replace(minor, id=minor.id or UNBORN), typed, user)
    except (BadInput, NoSuchPerson) as error:
        raise BadInput("{why}", field=FIELD, why=error, kind=error.kind) from None


def _preview(desk: Desk, minor: Patron, typed: str, user: str) -> ShownResponsible:
    known = find_patron(desk.store, typed)["patron"]
    number = read_patron(desk.store, known).number if known is not None else _number(typed)
    if number == minor.number:
        raise refuse_link(NoLink.SELF, minor)
    if known is not None:
        refuse_link_to(desk, minor, read_patron(desk.store, known))
        return _shown_patron(desk, known, user)
    person = hear_new(desk, minor, number, user)
    return ShownResponsible(user, None, number, person, _told(desk, person))


def _shown_patron(desk: Desk, known: str, user: str) -> ShownResponsible:
    """A patron who is to answer, with the look at them in the audit."""
    patron, view = read_patron(desk.store, known), look_at(desk.store, known, user=user)
    sealed, name = named(view, desk.policy)
    told = {"patron": known, "name": name, "sealed": sealed, "verified": patron.verified}
    return ShownResponsible(user, known, patron.number, None, told)


def _told(desk: Desk, person: Person | None) -> dict[str, Any]:
    if person is None:
        return {"patron": None, "name": None, "sealed": False, "verified": False}
    document = show_person(desk, person)
    sealed = bool(document["protected"])
    return {"patron": None, "name": document["fields"]["name"]["value"], "sealed": sealed, "verified": True}


def _number(typed: str) -> CprNumber:
    try:
        return CprNumber.parse_any(unspaced(typed))
    except ValueError:
        raise BadInput(
            "no patron has that number or card, and it is no CPR number", kind="responsible.unknown"
        ) from None


def subscribe_responsible(desk: Desk, shown: ShownResponsible, *, answers_for: str = UNBORN) -> DeskEntry:
    """Subscribe them if they are new. Returns what is written of them: with the minor, if the minor is new too."""
    # another desk may have entered them since
    known = shown.known or desk.store.patrons.find(shown.number)
    if known is not None:
        return subscribe_known_responsible(desk, known, shown.user, answers_for=answers_for)
    return subscribe_new_responsible(desk, shown.number, shown.person, shown.user, answers_for=answers_for)
