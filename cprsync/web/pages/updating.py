"""Looks a patron up and shows what would change, and writes it after a yes.

The register is asked once: the answer that was shown is the one that is written. What was shown waits in the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.patron.patron import Purpose
from cprsync.errors import BadInput, NotConfirmed
from cprsync.services.desk.lookup import Asked
from cprsync.services.desk.registering import confirm_registration, preview_registration
from cprsync.web.pages.fields import rows_of
from cprsync.web.pages.records import marks_in, whose_name
from cprsync.web.pages.registering import OUTDATED, Number, asking, problem_of, show_purposes

if TYPE_CHECKING:
    from starlette.responses import Response

    from cprsync.services.desk.registering import Registration
    from cprsync.web.visit import Visit

#: What a patron is looked up for.
PATRON_FOR: Final = (Purpose.RENEWAL, Purpose.CORRECTION, Purpose.DEBT)


@dataclass(frozen=True, slots=True, repr=False)
class Update:
    """What was shown of a patron, and waits for a yes."""

    registration: Registration
    patron: str


def look_up_patron(visit: Visit) -> Response:
    """Ask the register about a patron, and show what would change.

    Somebody who only answers for a minor, and is to be registered, goes the way of somebody new.
    """
    patron_id = visit.named("patron")
    found = visit.place.desk.store.patrons.read([patron_id])
    if found and not found[0].borrows and visit.typed("purpose") == Purpose.REGISTRATION.value:
        return show_purposes(visit, Number(found[0].number, was_typed=False, answers=patron_id))
    purpose = next((one for one in PATRON_FOR if one.value == visit.typed("purpose")), None)
    if not found or purpose is None:
        return _begin_again(visit, patron_id)
    registration = preview_registration(visit.place.desk, Asked(found[0].number, purpose, visit.user, found[0]))
    return _show(visit, Update(registration, patron_id))


def confirm_patron(visit: Visit) -> Response:
    """Write what the register said of a patron, as it was shown."""
    patron_id, case = visit.named("patron"), visit.session.held(visit.typed("key"), Update)
    if case is None or case.patron != patron_id:
        return _begin_again(visit, patron_id)
    yes = Confirmation(case.registration.preview.digest, visit.typed("reason"))
    try:
        confirm_registration(visit.place.desk, case.registration, yes)
    except (BadInput, NotConfirmed) as error:
        if error.kind in OUTDATED:
            visit.session.drop(visit.typed("key"))
            return visit.begin_anew(error, f"/patrons/{patron_id}")
        return _show(visit, case, problem=problem_of(visit, error))
    visit.session.drop(visit.typed("key"))
    visit.publish(patron_id)
    changes = case.registration.document["preview"]["changes"]
    visit.session.say(visit.word("updated" if changes else "looked_up"))
    return visit.go_to(f"/patrons/{patron_id}")


def _begin_again(visit: Visit, patron_id: str) -> Response:
    visit.session.warn(visit.word("begin_again"))
    return visit.go_to(f"/patrons/{patron_id}")


def _show(visit: Visit, case: Update, *, problem: tuple[str, str] | None = None) -> Response:
    """The record as it would be, the warnings, and the form of the yes."""
    registration = case.registration
    return visit.show(
        "updating.html",
        document=registration.document,
        whose=whose_name(registration.document),
        marks=marks_in(registration.document, visit.language),
        rows=list(rows_of(registration.document["fields"], visit.language)),
        patron=case.patron,
        is_writable=registration.is_writable,
        key=visit.session.put_object(case),
        problem=problem,
        **asking(visit, registration.preview),
    )
