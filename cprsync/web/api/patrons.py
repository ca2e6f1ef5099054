"""Find somebody, show a record, open what is sealed, and ask the register without writing."""

from __future__ import annotations

from typing import Any

from cprsync.domain.desk.roles import Task
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.person.number import CprNumber, unspaced
from cprsync.services.desk import lookup
from cprsync.services.desk.finding import Finder
from cprsync.services.desk.lookup import Asked
from cprsync.services.desk.viewing import RecordViewer
from cprsync.web.api.calls import Caller, PatronNumber, router_for
from cprsync.web.api.shapes import answers, asked, registrations

serving, revealing = router_for(Task.SERVE), router_for(Task.REVEAL)


@serving.post("/patrons/find", response_model=answers.Found)
def find(call: Caller, wanted: asked.Find) -> Any:
    """Find a patron by CPR number, patron number, card, telephone, e-mail, or name with birth date.

    The register is not asked. A name never finds a patron whose name is hidden.
    """
    with call.place() as place:
        return Finder(place.desk, call.user).find(wanted.typed)


@serving.get("/patrons/{patron}", response_model=answers.Record)
def show_record(call: Caller, patron: PatronNumber) -> Any:
    """Show one record. What is sealed has no value."""
    with call.place() as place:
        return RecordViewer(place.desk, call.user).shown(patron)


@revealing.post("/patrons/{patron}/reveal", response_model=answers.Record)
def reveal_record(call: Caller, patron: PatronNumber, wanted: asked.RevealBody) -> Any:
    """Show one record with its sealed fields opened. The audit has who and why first."""
    with call.place() as place:
        return RecordViewer(place.desk, call.user).revealed(patron, reason=wanted.reason)


@serving.post("/look-ups", response_model=registrations.LookedUp)
def look_up(call: Caller, wanted: asked.LookUp) -> Any:
    """Ask the register about one person. Nothing is written but the audit, which has who and why first."""
    with call.place(asks=True) as place:
        return lookup.look_up(place.desk, question_of(call.user, wanted)).document


def question_of(user: str, wanted: asked.LookUp) -> Asked:
    """What the register is asked. Raises BadInput for what is no number."""
    return Asked(read_number(wanted.cpr_number), Purpose(wanted.purpose), user)


def read_number(typed: str) -> CprNumber:
    """A typed number, with or without a hyphen or blanks. Raises BadInput."""
    return CprNumber.parse_any(unspaced(typed.strip()))
