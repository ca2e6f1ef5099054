"""Registers a person on one screen: purpose, the record as it would be, cards and telephones, and one yes.

The register is asked once: the answer that was shown is the one that is written. What was shown waits in the session.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.confirming import Confirmation, Level
from cprsync.domain.patron.patron import Purpose
from cprsync.errors import BadInput, NotConfirmed
from cprsync.language.errors import error_text
from cprsync.services.desk.adding import confirm_addition, preview_addition
from cprsync.services.desk.lookup import Asked
from cprsync.services.desk.registering import confirm_registration, preview_registration
from cprsync.services.desk.showing import warning_documents
from cprsync.web.pages.fields import rows_of
from cprsync.web.pages.records import whose_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from cprsync.domain.desk.confirming import Preview
    from cprsync.domain.person.number import CprNumber
    from cprsync.services.desk.registering import Registration
    from cprsync.web.visit import Visit

#: What somebody new is looked up for, and what a patron is.
NEW_FOR: Final = (Purpose.REGISTRATION,)
PATRON_FOR: Final = (Purpose.RENEWAL, Purpose.CORRECTION, Purpose.DEBT)
#: What staff type beside the register's answer.
BESIDE: Final = ("cards", "pin", "branch", "telephones", "emails")
#: Of these, one entry may be chosen for notices.
CONTACTS: Final = ("telephones", "emails")
#: What they type of somebody whom no register knows.
OWN_WORDS: Final = ("cpr_number", "name", "birth_date", "address", "group", *BESIDE)


@dataclass(frozen=True, slots=True, repr=False)
class Number:
    """A typed number that waits for a purpose."""

    number: CprNumber


def show_purposes(visit: Visit, number: CprNumber) -> Response:
    """No patron has the number: ask what the register is to be asked for."""
    return visit.show("purpose.html", key=visit.session.put(Number(number)), purposes=[one.value for one in NEW_FOR])


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """What was shown, and waits for a yes."""

    #: None: no register knows the person
    registration: Registration | None
    #: what was typed, by field
    typed: Mapping[str, str]
    #: on whose page it was shown; None: the person is new
    patron: str | None = None


# -- somebody new ------------------------------------------------------------------------------------------


def show_empty_form(visit: Visit) -> Response:
    """The form for somebody without a CPR number."""
    return visit.show("unregistered.html", branches=_branches(visit), typed={}, problem=None)


def check_own_words(visit: Visit) -> Response:
    """Show what would be written of somebody without a CPR number, before it is."""
    typed = _typed(visit, OWN_WORDS)
    try:
        shown = preview_addition(visit.place.desk, json.dumps(typed), user=visit.user)
    except BadInput as error:
        problem = _problem(visit, error)
        return visit.show("unregistered.html", status=422, branches=_branches(visit), typed=typed, problem=problem)
    key = visit.session.put(Case(None, typed))
    return visit.show("own_words.html", document=shown.document, typed=typed, key=key, **_asking(visit, shown.preview))


def look_up_new(visit: Visit) -> Response:
    """Ask the register about a number that no patron has, and show the record as it would be."""
    waiting = visit.session.held(visit.typed("key"))
    purpose = _purpose(visit, NEW_FOR)
    if not isinstance(waiting, Number) or purpose is None:
        return _begin_again(visit)
    registration = preview_registration(visit.place.desk, Asked(waiting.number, purpose, visit.user))
    visit.session.drop(visit.typed("key"))
    return _show_case(visit, Case(registration, {}))


def confirm_new(visit: Visit) -> Response:
    """Write what was shown, with what was typed beside it."""
    case = visit.session.held(visit.typed("key"))
    if not isinstance(case, Case) or case.patron is not None:
        return _begin_again(visit)
    typed = dict(case.typed) if case.registration is None else _typed(visit, BESIDE)
    case = Case(case.registration, typed)
    try:
        addition = preview_addition(visit.place.desk, json.dumps(typed), user=visit.user, shown=case.registration)
        yes = Confirmation(addition.preview.digest, visit.typed("reason"))
        document = confirm_addition(visit.place.desk, addition, yes)
    except (BadInput, NotConfirmed) as error:
        return _show_case(visit, case, problem=_problem(visit, error))
    visit.session.drop(visit.typed("key"))
    return _show_written(visit, document["patron"], "registered")


def _typed(visit: Visit, fields: tuple[str, ...]) -> dict[str, str]:
    """What was typed, by field. Several values and lines of a field are joined as in a list of patrons."""
    typed = {name: [visit.typed_contact(name)] if name in CONTACTS else visit.all_typed(name) for name in fields}
    values = {
        name: " | ".join(line.strip() for text in texts for line in text.splitlines() if line.strip())
        for name, texts in typed.items()
    }
    return {name: value for name, value in values.items() if value}


# -- a patron ----------------------------------------------------------------------------------------------


def look_up_patron(visit: Visit) -> Response:
    """Ask the register about a patron, and show what would change."""
    patron_id, purpose = visit.named("patron"), _purpose(visit, PATRON_FOR)
    found = visit.place.desk.store.patrons.read([patron_id])
    if not found or purpose is None:
        return visit.go_to(f"/patrons/{patron_id}")
    registration = preview_registration(visit.place.desk, Asked(found[0].number, purpose, visit.user))
    return _show_case(visit, Case(registration, {}, patron_id), patron=patron_id)


def confirm_patron(visit: Visit) -> Response:
    """Write what the register said of a patron, as it was shown."""
    patron_id, case = visit.named("patron"), visit.session.held(visit.typed("key"))
    if not isinstance(case, Case) or case.registration is None or case.patron != patron_id:
        return visit.go_to(f"/patrons/{patron_id}")
    yes = Confirmation(case.registration.preview.digest, visit.typed("reason"))
    try:
        confirm_registration(visit.place.desk, case.registration, yes)
    except (BadInput, NotConfirmed) as error:
        return _show_case(visit, case, patron=patron_id, problem=_problem(visit, error))
    visit.session.drop(visit.typed("key"))
    return _show_written(visit, patron_id, "updated")


# -- showing -----------------------------------------------------------------------------------------------


def _show_case(
    visit: Visit, case: Case, *, patron: str | None = None, problem: tuple[str, str] | None = None
) -> Response:
    """The record as it would be, the warnings, and the form of the yes."""
    registration = case.registration
    if registration is None:
        return visit.show("unregistered.html", status=422, branches=_branches(visit), typed=case.typed, problem=problem)
    document = registration.document
    return visit.show(
        "registration.html",
        status=200 if problem is None else 422,
        document=document,
        whose=whose_name(document),
        rows=list(rows_of(document["fields"], visit.language)),
        patron=patron,
        is_new=patron is None,
        is_writable=registration.is_writable,
        key=visit.session.put(case),
        branches=_branches(visit),
        typed=case.typed,
        problem=problem,
        **_asking(visit, registration.preview),
    )


def _asking(visit: Visit, preview: Preview) -> dict[str, Any]:
    """What the question is asked with: the warnings, the strongest first, and whether a reason is needed."""
    warnings = sorted(preview.warnings, key=lambda one: list(Level).index(one.level), reverse=True)
    return {
        "warnings": [(one["level"], one["text"][visit.language]) for one in warning_documents(warnings)],
        "needs_reason": preview.needs_reason,
    }


def _show_written(visit: Visit, patron_id: str, what: str) -> Response:
    """The patron's record, after it was written and the net media were told."""
    visit.publish(patron_id)
    visit.session.say(visit.word(what))
    return visit.go_to(f"/patrons/{patron_id}")


def _begin_again(visit: Visit) -> Response:
    """What was in hand is gone: it was written, or too long ago."""
    visit.session.warn(visit.word("begin_again"))
    return visit.go_to("/")


def _purpose(visit: Visit, among: tuple[Purpose, ...]) -> Purpose | None:
    return next((one for one in among if one.value == visit.typed("purpose")), None)


def _problem(visit: Visit, error: BadInput | NotConfirmed) -> tuple[str, str]:
    """The field that is wrong, and why. "": the error is about no field."""
    field = "reason" if error.kind in {"confirm.reason", "input.reason"} else str(error.values.get("field", ""))
    return field, error_text(error, visit.language)


def _branches(visit: Visit) -> tuple[str, ...]:
    return tuple(visit.place.desk.policy.branches)
