"""Find somebody, show a record, look up, and register: preview, then one yes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Path

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.desk.roles import Task
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.person.number import CprNumber, unspaced
from cprsync.errors import BadInput
from cprsync.services.desk import lookup
from cprsync.services.desk.adding import Addition, confirm_addition, preview_addition
from cprsync.services.desk.finding import Finder
from cprsync.services.desk.lookup import Asked
from cprsync.services.desk.registering import Registration, confirm_registration, preview_registration
from cprsync.services.desk.viewing import RecordViewer
from cprsync.web.api import answers, asked
from cprsync.web.api.calls import Caller, router_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.services.desk.lookup import Desk

serving, revealing = router_for(Task.SERVE), router_for(Task.REVEAL)
#: As the store draws it.
PatronNumber = Annotated[str, Path(pattern="^[0-9]{8}$")]
_LISTS: Final = frozenset({"cards", "telephones", "emails", "address"})


@dataclass(frozen=True, slots=True, repr=False)
class InHand:
    """What was shown, and waits for a yes."""

    #: None: no register knows the person
    registration: Registration | None
    #: what was typed of somebody whom no register knows
    typed: Mapping[str, str]


@serving.post("/patrons/find", response_model=answers.Found)
def find(call: Caller, wanted: asked.Find) -> Any:
    """Find a patron by CPR number, patron number, card, telephone, or name with birth date.

    The register is not asked. A name never finds a protected patron.
    """
    with call.place() as place:
        return Finder(place.desk.store, place.desk.clock, place.desk.policy).find(wanted.typed)


@serving.get("/patrons/{patron}", response_model=answers.Record)
def show_record(call: Caller, patron: PatronNumber) -> Any:
    """Show one record. What is sealed has no value."""
    with call.place() as place:
        return _viewer(place.desk, call.user).shown(patron)


@revealing.post("/patrons/{patron}/reveal", response_model=answers.Record)
def reveal_record(call: Caller, patron: PatronNumber, wanted: asked.Reveal) -> Any:
    """Show one record with its sealed fields opened. The audit has who and why first."""
    with call.place() as place:
        return _viewer(place.desk, call.user).revealed(patron, reason=wanted.reason)


@serving.post("/look-ups", response_model=answers.LookedUp)
def look_up(call: Caller, wanted: asked.LookUp) -> Any:
    """Ask the register about one person. Nothing is written but the audit, which has who and why first."""
    with call.place(asks=True) as place:
        return lookup.look_up(place.desk, _question(call.user, wanted)).document


@serving.post("/registrations/preview", response_model=answers.ShownLookUp)
def preview(call: Caller, wanted: asked.LookUp) -> Any:
    """Ask the register, and show what registering would write: a new patron, or news of one."""
    with call.place(asks=True) as place:
        registration = preview_registration(place.desk, _question(call.user, wanted))
        return {"key": call.session.put(InHand(registration, {})), "shown": registration.document}


@serving.post("/registrations/own-words", response_model=answers.ShownOwnWords)
def preview_own_words(call: Caller, wanted: asked.OwnWords) -> Any:
    """Show what would be written of somebody whom no register knows."""
    typed = typed_texts(wanted)
    with call.place() as place:
        number = typed.get("cpr_number", "")
        if number and not _read_number(number).is_replacement:
            raise BadInput("the register knows such a number: ask for a look-up", kind="number.real")
        addition = preview_addition(place.desk, json.dumps(typed), user=call.user)
        return {"key": call.session.put(InHand(None, typed)), "shown": addition.document}


@serving.post("/registrations/confirm", response_model=answers.Written)
def confirm(call: Caller, yes: asked.Yes) -> Any:
    """Write what was shown, with what is typed beside it; subscribe, and tell CULR."""
    case = call.session.held(yes.key)
    if not isinstance(case, InHand):
        raise BadInput("nothing with that key waits for a yes", kind="confirm.key")
    with call.place(asks=True) as place:
        document = _write(place.desk, case, yes, call.user)
        call.session.drop(yes.key)
        told = bool(document["written"]) and place.site.publish_patron(str(document["patron"]))
        return {"written": document, "told": told}


def _write(desk: Desk, case: InHand, yes: asked.Yes, user: str) -> Mapping[str, Any]:
    beside, registration = typed_texts(yes.beside), case.registration
    if beside and (registration is None or registration.heard.patron_id is not None):
        raise BadInput("only a new patron of the register's has anything typed beside it", kind="confirm.beside")
    if registration is not None and (registration.heard.patron_id is not None or not registration.is_writable):
        return confirm_registration(desk, registration, Confirmation(registration.preview.digest, yes.reason)).document
    typed = json.dumps(beside or dict(case.typed))
    addition: Addition = preview_addition(desk, typed, user=user, shown=registration)
    return confirm_addition(desk, addition, Confirmation(addition.preview.digest, yes.reason))


def typed_texts(typed: asked.Beside) -> dict[str, str]:
    """What was typed, by field, as a row of a list of patrons has it."""
    texts = {name: " | ".join(value) if name in _LISTS else value for name, value in typed.model_dump().items()}
    return {name: text for name, text in texts.items() if text.strip()}


def _question(user: str, wanted: asked.LookUp) -> Asked:
    return Asked(_read_number(wanted.cpr_number), Purpose(wanted.purpose), user)


def _read_number(typed: str) -> CprNumber:
    """A typed number, with or without a hyphen or blanks. Raises BadInput."""
    return CprNumber.parse_any(unspaced(typed.strip()))


def _viewer(desk: Desk, user: str) -> RecordViewer:
    return RecordViewer(desk.agency, desk.store, desk.clock, desk.policy, user)
