"""What follows from one record: what the patron may do and owes, who answers for them, what waits, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.roles import Task
from cprsync.language.audit import entry_document
from cprsync.language.review import with_words
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.responsibles import list_responsibles
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.viewing import look_at
from cprsync.services.lending.standing import ShownStanding, Standings, Statement, Statements
from cprsync.services.netmedia.entitlements import Entitlements, ShownRights
from cprsync.services.trust.audit import list_changes
from cprsync.web.api.calls import Caller, PatronNumber, router_for
from cprsync.web.api.shapes import answers, asked, outcomes

if TYPE_CHECKING:
    from cprsync.web.memory.places import Place

serving, revealing = router_for(Task.SERVE), router_for(Task.REVEAL)
#: The most changes that are told of a record, the latest first.
CHANGES_MAX: Final = 200


@serving.get("/patrons/{patron}/standing")
def show_standing(call: Caller, patron: PatronNumber) -> ShownStanding:
    """Say if the patron may borrow, what they owe, and how they may be written to, each with its rule."""
    with call.place() as place:
        desk = place.desk
        look_at(desk.store, patron, user=call.user)
        return Standings(desk).standing(patron)


@serving.get("/patrons/{patron}/entitlements")
def show_entitlements(call: Caller, patron: PatronNumber) -> ShownRights:
    """Say which net media the patron may use, why, and what CULR has been told."""
    with call.place() as place:
        desk = place.desk
        look_at(desk.store, patron, user=call.user)
        return Entitlements(desk, load_municipalities()).shown(patron)


@serving.get("/patrons/{patron}/statement")
def show_statement(call: Caller, patron: PatronNumber) -> Statement:
    """Show what the patron owes, and the envelope that it goes in. A sealed address is left out."""
    with call.place() as place:
        return _statements(place, call.user).statement(patron)


@revealing.post("/patrons/{patron}/statement/reveal")
def reveal_statement(call: Caller, patron: PatronNumber, wanted: asked.RevealLetter) -> Statement:
    """Show the same with a sealed address opened. The audit has who, why and for which sheet first."""
    with call.place() as place:
        return _statements(place, call.user).revealed(patron, reason=wanted.reason, purpose=wanted.sheet)


@serving.get("/patrons/{patron}/responsibles", response_model=outcomes.Responsibles)
def show_responsibles(call: Caller, patron: PatronNumber) -> Any:
    """List who answers for the patron, and for which minors the patron answers."""
    with call.place() as place:
        look_at(place.desk.store, patron, user=call.user)
        return list_responsibles(place.desk, patron)


@serving.get("/patrons/{patron}/reviews", response_model=answers.ReviewItems)
def list_waiting_about(call: Caller, patron: PatronNumber) -> Any:
    """List what waits for a person about the patron, the oldest first."""
    with call.place() as place:
        look_at(place.desk.store, patron, user=call.user)
        return {"items": [with_words(item) for item in StaffReviews(place.desk, call.user).waiting_about(patron)]}


@serving.get("/patrons/{patron}/changes", response_model=outcomes.Entries)
def list_changes_of(call: Caller, patron: PatronNumber) -> Any:
    """List what changed in the record, when, and by whom or by which night, the latest first. It holds no value."""
    with call.place() as place:
        desk = place.desk
        look_at(desk.store, patron, user=call.user)
        found = list_changes(desk.store, desk.policy, patron, most=CHANGES_MAX)
        return {"agency": desk.agency, "entries": [entry_document(one) for one in found]}


def _statements(place: Place, user: str) -> Statements:
    return Statements(place.desk, place.site.section.name, user)
