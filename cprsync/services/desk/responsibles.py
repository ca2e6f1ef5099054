"""Who answers for a minor: added, ended and listed by staff.

That person is a patron already, or gets a record without borrowing rights. The new record is looked up with the purpose
`guardian`, gets its own subscription, and the night keeps it up to date. Leaves out what ends a link by itself: the
calendar and the night do that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cprsync.domain.deciding.decide import Parked
from cprsync.domain.desk.access import Doing
from cprsync.domain.patron.patron import Patron, PatronKind, Purpose
from cprsync.domain.patron.responsible import Proposed, is_gone, of_age_on, why_no_letter, why_not
from cprsync.domain.person.number import NumberKind
from cprsync.domain.person.person import Person
from cprsync.domain.person.sealed import Name, Sealed
from cprsync.errors import BadInput
from cprsync.services.desk.access import make_sure_that_may
from cprsync.services.desk.lookup import NEW, ask_about, read_patron, subscribe_to
from cprsync.services.planning.steps import Evidence, as_of_lookup, step_of
from cprsync.services.ports.access import WantedAccess
from cprsync.services.ports.desk import SERVE, DeskEntry, PatronView
from cprsync.services.ports.patrons import Batch, Linked, no_such_patron, refuse_link
from cprsync.services.ports.register import FIRST_COPY, FollowUp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.desk.lookup import Desk
    from cprsync.services.ports.store import Library, Store


@dataclass(frozen=True, slots=True, repr=False)
class ResponsibleRequest:
    """A request: for which minor, by which user, and who answers. Names them by CPR number or by patron number."""

    patron_id: str
    user: str
    number: CprNumber | None = None
    responsible_id: str | None = None


def add_responsible(desk: Desk, asked: ResponsibleRequest) -> dict[str, Any]:
    """Let someone answer for a minor. Return the JSON shape of `patron responsible`.

    Raises:
        BadInput: there is no such patron, or the link cannot be made; nothing is written.
        NoSuchPerson: the register does not know the responsible person's number.
    """
    store = desk.store
    minor = read_minor(desk, asked.patron_id, asked.user)
    known = asked.responsible_id or (None if asked.number is None else store.patrons.find(asked.number))
    if known is not None and is_linked(store, minor.id, known):
        # their name is shown, and nothing else has that somebody looked
        store.access.note_view(known, user=asked.user, purpose=SERVE)
        return link_document(desk, minor.id, known, "unchanged")
    entry = _take_new(desk, minor, asked) if known is None else _take_known(desk, minor, known, asked)
    saved = store.desk.save(entry)
    if known is not None:
        store.access.note_view(known, user=asked.user, purpose=SERVE)
    return link_document(desk, minor.id, saved, "added")


def read_minor(desk: Desk, patron_id: str, user: str) -> Patron:
    """The patron whom somebody is to answer for. Raises BadInput: nobody answers for them."""
    minor = read_patron(desk.store, patron_id)
    make_sure_that_may(desk.store, Doing.EDIT, minor.id, what="responsible:add", user=user)
    if not minor.borrows:
        raise BadInput("the patron only answers for someone, and owes nothing", kind="responsible.no_borrower")
    if minor.kind is not PatronKind.PERSON:
        raise BadInput("the patron is no person: nobody answers for an institution", kind="responsible.no_person")
    return minor


def is_linked(store: Store, minor_id: str, responsible_id: str) -> bool:
    """Whether somebody answers for a minor now."""
    return any(one.responsible_id == responsible_id and one.until is None for one in store.responsibles.links(minor_id))


def _take_known(desk: Desk, minor: Patron, known: str, asked: ResponsibleRequest) -> DeskEntry:
    refuse_link_to(desk, minor, read_patron(desk.store, known))
    return subscribe_known_responsible(desk, known, asked.user, answers_for=minor.id)


def subscribe_known_responsible(desk: Desk, known: str, user: str, *, answers_for: str) -> DeskEntry:
    """Subscribe a patron who is to answer for a minor again if they had left. Returns the entry to write."""
    responsible, view = read_patron(desk.store, known), desk.store.views.patron(known)
    left = view is not None and view.subscribed_since is None and not responsible.number.is_replacement
    subscribed = subscribe_to(desk, responsible.number) if left and not responsible.borrows else None
    leap = desk.policy.ladders.leap
    return DeskEntry(
        responsible.number, known, Batch(), user, subscribed=subscribed, answers_for=answers_for, leap=leap
    )


def _take_new(desk: Desk, minor: Patron, asked: ResponsibleRequest) -> DeskEntry:
    """Look the person up, subscribe to them, and build the entry to write.

    The look-up comes first, so that nobody is subscribed who does not exist or may not answer.
    """
    if asked.number is None:
        raise no_such_patron()
    person = hear_new(desk, minor, asked.number, asked.user)
    return subscribe_new_responsible(desk, asked.number, person, asked.user, answers_for=minor.id)


def hear_new(desk: Desk, minor: Patron, number: CprNumber, user: str) -> Person | None:
    """Ask the register about somebody who is to answer for a minor. None: it does not answer now.

    Raises:
        BadInput: the register cannot know the number, or the link cannot be made.
        NoSuchPerson: the register does not know the number.
    """
    if number.kind is not NumberKind.REAL or not number.is_possible:
        raise BadInput("not a number of the register's: enter them as a patron first", kind="input.number")
    wanted = WantedAccess(user, Doing.LOOK_UP, Purpose.GUARDIAN.value, None, number)
    person = ask_about(desk, number, wanted)
    refuse_link_to(desk, minor, _stranger(number) if person is None else Patron(NEW, person, None, 1))
    return person


def _stranger(number: CprNumber) -> Patron:
    return Patron(NEW, Person(number), None, 1, kind=PatronKind.RESPONSIBLE)


def subscribe_new_responsible(
    desk: Desk, number: CprNumber, person: Person | None, user: str, *, answers_for: str
) -> DeskEntry:
    """Subscribe somebody new who is to answer for a minor. Returns the entry to write.

    `person` None: the register does not answer. It is asked as soon as it does, as about the minor.
    """
    leap, stranger = desk.policy.ladders.leap, _stranger(number)
    if person is None:
        asks = Batch(asks=[FollowUp(NEW, FIRST_COPY)])
        return DeskEntry(number, None, asks, user, answers_for=answers_for, leap=leap)
    subscribed = subscribe_to(desk, number)
    evidence = Evidence(person, as_of_lookup(desk))
    decision = evidence.decide_on(stranger)
    step = step_of(desk, decision, evidence, stranger)
    batch = Batch(
        writes=[step.write] if step.write is not None else [],
        reviews=[step.review] if step.review is not None else [],
        asks=[FollowUp(NEW, FIRST_COPY)] if isinstance(decision, Parked) else [],
    )
    return DeskEntry(number, None, batch, user, subscribed=subscribed, answers_for=answers_for, leap=leap)


def refuse_link_to(desk: Desk, minor: Patron, responsible: Patron) -> None:
    """Refuse a link before the register is called. The write checks again, with what only the store knows."""
    today, leap = desk.clock.today(), desk.policy.ladders.leap
    ages = [of_age_on(one.register, one.overrides, today, leap) for one in (minor, responsible)]
    others = frozenset(one.responsible_id for one in desk.store.responsibles.links(minor.id) if one.until is None)
    link = Proposed(minor.id, responsible.id, ages[0], ages[1], is_gone(responsible.register), others)
    if (why := why_not(link, today)) is not None:
        raise refuse_link(why, responsible)


def link_document(library: Library, minor_id: str, responsible_id: str, outcome: str) -> dict[str, Any]:
    """The JSON shape of `patron responsible`: who answers for a minor, and what became of the request."""
    (responsible,) = library.store.patrons.read([responsible_id])
    view = library.store.views.patron(responsible_id)
    sealed, name = (True, None) if view is None else named(view, library.policy)
    return {
        "patron": minor_id,
        "responsible": responsible_id,
        "name": name,
        **({"sealed": True} if sealed else {}),
        "outcome": outcome,
        "kind": responsible.kind.value,
        "verified": responsible.verified,
        "warnings": [] if responsible.verified else ["not_verified"],
    }


def end_responsible(library: Library, asked: ResponsibleRequest) -> dict[str, Any]:
    """End a link from today on. Raises BadInput if there is no link.

    New debts are no longer this person's; older ones stay.
    """
    store = library.store
    read_patron(store, asked.patron_id)
    make_sure_that_may(store, Doing.EDIT, asked.patron_id, what="responsible:remove", user=asked.user)
    known = asked.responsible_id or (None if asked.number is None else store.patrons.find(asked.number))
    if known is None or not store.responsibles.end(asked.patron_id, known, user=asked.user):
        raise BadInput("that person does not answer for the patron", kind="responsible.none")
    return link_document(library, asked.patron_id, known, "ended")


def list_responsibles(library: Library, patron_id: str) -> dict[str, Any]:
    """List who answers for a minor, and for which minors this patron answers.

    Includes an ended link while a debt from its time is open. Leaves out the name of a sealed person, and the day on
    which a sealed patron came of age. Raises BadInput if there is no such patron.
    """
    store, policy, today = library.store, library.policy, library.clock.today()
    read_patron(store, patron_id)
    shown = [one for one in store.responsibles.links(patron_id) if one.until is None or one.owes]
    birthday = _sealed_day_of_age(store, patron_id, policy, today)
    return {
        "patron": patron_id,
        "on": today.isoformat(),
        "responsibles": [
            _shown(link, view, policy, withheld=link.until is not None and link.until == birthday)
            for link, view in _with_views(store, shown)
        ],
        "answers_for": list_minors(library, patron_id),
    }


def _sealed_day_of_age(store: Store, patron_id: str, policy: Policy, today: date) -> date | None:
    """The day of age that must not be shown. None: the patron is not sealed, or has no birth date."""
    view = store.views.patron(patron_id)
    if view is None or not named(view, policy)[0]:
        return None
    return of_age_on(view.patron.register, view.patron.overrides, today, policy.ladders.leap)


def _with_views(store: Store, links: Sequence[Linked]) -> Iterator[tuple[Linked, PatronView]]:
    for link in links:
        view = store.views.patron(link.responsible_id)
        if view is not None:
            yield link, view


def named(view: PatronView, policy: Policy) -> tuple[bool, str | None]:
    """Whether the patron is sealed, and their name. The name is None if the patron is sealed or has none."""
    sealed = view.is_sealed(policy)
    name = view.patron.register.name
    return sealed, None if sealed or isinstance(name, Sealed) or not isinstance(name, Name) else name.addressing


def list_minors(library: Library, responsible_id: str) -> list[dict[str, Any]]:
    """The minors that a patron answers for. The name of a protected minor is left out."""
    told = []
    for minor in library.store.responsibles.minors_of(responsible_id):
        view = library.store.views.patron(minor.patron_id)
        sealed, name = (True, None) if view is None else named(view, library.policy)
        entry = {"patron": minor.patron_id, "name": name, "since": minor.since.isoformat()}
        told.append(entry | ({"sealed": True} if sealed else {}))
    return told


def _shown(link: Linked, view: PatronView, policy: Policy, *, withheld: bool) -> dict[str, Any]:
    patron = view.patron
    person, stopped = patron.register, patron.letters_stopped is not None
    sealed, told = named(view, policy)
    why = why_no_letter(person, ended=link.until is not None, stopped=stopped, sealed=sealed)
    return {
        "patron": patron.id,
        "kind": patron.kind.value,
        "name": told,
        **({"sealed": True} if sealed else {}),
        "since": link.since.isoformat(),
        "until": None if withheld or link.until is None else link.until.isoformat(),
        "withheld": withheld,
        "in_force": link.until is None,
        "owes": link.owes,
        "letters": "stopped" if why is not None else "go",
        "why": why and why.value,
    }
