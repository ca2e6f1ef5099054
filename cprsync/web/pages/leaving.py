"""A patron leaves, or is erased: what that would do is shown first, and done after one yes to exactly that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.desk.confirming import Confirmation, WarningLevel
from cprsync.domain.desk.parting import Ending
from cprsync.domain.person.number import hide_numbers
from cprsync.errors import BadInput, NotConfirmed, RunBusy
from cprsync.language.errors import error_text
from cprsync.language.leaving import erased_lines, left_text, parting_facts
from cprsync.services.leaving.departing import LeavingDesk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from starlette.responses import Response

    from cprsync.web.visit import Visit


#: The field in which the patron number is typed again, because nobody can bring the record back.
AGAIN: Final = "again"
#: The field that is wrong, by the kind of the error.
_FIELDS: Final = {"confirm.reason": "reason", "input.reason": "reason", "confirm.again": AGAIN}


def show_ending(visit: Visit, *, problem: tuple[str, str] | None = None) -> Response:
    """What leaving or erasing would do. Nothing is written."""
    patron, way = visit.named("patron"), _way(visit)
    try:
        shown = LeavingDesk(visit.place.desk, visit.user).preview(patron, way)
    except BadInput as error:
        if error.kind == "patron.unknown":
            raise
        # nothing can be confirmed: something is still open
        why = error_text(error, visit.language)
        return visit.show("ending.html", way=way.value, patron=patron, document=None, problem=("", why))
    document = shown.document
    return visit.show(
        "ending.html",
        back=f"/patrons/{patron}/{way.value}",
        way=way.value,
        patron=patron,
        document=document,
        is_writable=shown.is_writable,
        digest=shown.preview.digest,
        needs_reason=shown.preview.needs_reason,
        warnings=_warnings(document, visit),
        facts=list(parting_facts(document, visit.language)),
        problem=problem,
        typed_reason=hide_numbers(visit.typed("reason")),
    )


def end_record(visit: Visit) -> Response:
    """Do what was shown."""
    patron, way, desk = visit.named("patron"), _way(visit), LeavingDesk(visit.place.desk, visit.user)
    yes = Confirmation(visit.typed("digest"), visit.typed("reason"), visit.typed(AGAIN))
    try:
        done = desk.leave(patron, yes) if way is Ending.LEAVE else desk.erase(patron, yes)
    except (NotConfirmed, BadInput, RunBusy) as error:
        if error.kind == "patron.unknown":
            raise
        return show_ending(visit, problem=(_FIELDS.get(error.kind, ""), error_text(error, visit.language)))
    visit.publish(patron)
    if way is Ending.LEAVE:
        visit.session.say(f"{left_text(done, visit.language)}.")
        return visit.go_to(f"/patrons/{patron}")
    visit.session.say(f"{'; '.join(line.strip() for line in erased_lines(done, visit.language))}.")
    return visit.go_to("/")


def _way(visit: Visit) -> Ending:
    return Ending(visit.request.scope["path"].rpartition("/")[2])


def _warnings(document: Mapping[str, Any], visit: Visit) -> list[tuple[str, str]]:
    """The warnings, the strongest first."""
    order = [level.value for level in WarningLevel]
    told = sorted(document["warnings"], key=lambda one: order.index(one["level"]), reverse=True)
    return [(one["level"], one["text"][visit.language]) for one in told]
