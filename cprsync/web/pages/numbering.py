"""Gives the CPR number of a registration to a patron who has none, because the two are the same person.

The register's person is shown beside our record, and waits in the session for a yes. "Nej, en anden" leads back to the
registration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cprsync.domain.desk.confirming import Confirmation
from cprsync.errors import BadInput, NotConfirmed
from cprsync.language.record import NOTHING, name_of
from cprsync.language.words import day_text, word
from cprsync.services.desk.set_cpr import NumberPreview, SetNumber, confirm_number, preview_number
from cprsync.web.pages.registering import OUTDATED, OnForm, asking, begin_again, problem_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.responses import Response

    from cprsync.catalogues import Language
    from cprsync.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Side:
    """One field of our record beside the register's."""

    name: str
    ours: str
    theirs: str
    #: None: the two cannot be compared
    agrees: bool | None


def show_number(visit: Visit) -> Response:
    """Show who has the number of a registration beside a patron who may be the same person."""
    key, patron = visit.typed("key"), visit.named("patron")
    case = visit.session.held(key, OnForm)
    if case is None or case.registration is None:
        return begin_again(visit)
    if patron not in {one["patron"] for one in case.registration.namesakes}:
        return begin_again(visit)
    asked = SetNumber(patron, case.registration.heard.number, visit.user)
    return _show(visit, preview_number(visit.place.desk, asked), came_from=key)


def give_number(visit: Visit) -> Response:
    """Give the number as it was shown."""
    key, patron = visit.typed("key"), visit.named("patron")
    shown, came_from = visit.session.held(key, NumberPreview), visit.typed("came_from")
    if shown is None or shown.asked.patron_id != patron:
        return begin_again(visit)
    try:
        confirm_number(visit.place.desk, shown, Confirmation(shown.preview.digest, visit.typed("reason")))
    except (BadInput, NotConfirmed) as error:
        if error.kind in OUTDATED:
            visit.session.drop(key)
            return visit.begin_anew(error, f"/patrons/{patron}")
        return _show(visit, shown, came_from=came_from, problem=problem_of(visit, error))
    for done_with in (key, came_from):
        visit.session.drop(done_with)
    visit.publish(patron)
    visit.session.say(visit.word("number_given"))
    return visit.go_to(f"/patrons/{patron}")


def _show(visit: Visit, shown: NumberPreview, *, came_from: str, problem: tuple[str, str] | None = None) -> Response:
    """Both sides, and the form of the yes. `came_from`: the key of the registration, to which "no" leads back."""
    if shown.is_set:
        return visit.go_to(f"/patrons/{shown.asked.patron_id}")
    told = shown.document["preview"]
    return visit.show(
        "number.html",
        patron=shown.asked.patron_id,
        sides=list(_sides(told["compared"], visit.language)),
        kept_blocks=told["kept_blocks"],
        key=visit.session.put_object(shown),
        came_from=came_from,
        problem=problem,
        **asking(visit, shown.preview),
    )


def _sides(compared: Mapping[str, Any], language: Language) -> Iterator[Side]:
    for field, both in compared.items():
        name = word("compared_age", language) if field == "age" else name_of(field, language)
        ours, theirs = (_text(both, side, field, language) for side in ("ours", "theirs"))
        yield Side(name, ours, theirs, both["agrees"])


def _text(both: Mapping[str, Any], side: str, field: str, language: Language) -> str:
    if side in both.get("sealed", ()):
        return word("sealed_value", language)
    value = both[side]
    if value is None:
        return NOTHING
    return day_text(value, language) if field == "birth_date" else str(value)
