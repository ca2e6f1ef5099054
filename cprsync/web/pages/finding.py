"""The start page: one box that finds a patron by whatever staff have of them, and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.language.words import word
from cprsync.services.desk.viewing import find_patron
from cprsync.web.pages.records import read_number
from cprsync.web.pages.registering import show_purposes

if TYPE_CHECKING:
    from starlette.responses import Response

    from cprsync.web.visit import Visit

#: The longest text that can be somebody's number or card.
MOST_TYPED: Final = 254


def show_start(visit: Visit) -> Response:
    """The box, and how much waits for a person."""
    return _start(visit)


def find(visit: Visit) -> Response:
    """The record of the patron found. For a CPR number that no patron has, the purposes of a look-up."""
    typed = visit.typed("typed")
    if not typed:
        return _start(visit, problem="find_empty", status=422)
    if len(typed) > MOST_TYPED:
        return _start(visit, problem="find_nobody", status=404)
    found = find_patron(visit.place.desk.store, typed)
    if found["found"]:
        warnings = [word(f"find_{one}", visit.language, other=found.get("other")) for one in found["warnings"]]
        if warnings:
            visit.session.warn(" ".join(f"{one[0].upper()}{one[1:]}." for one in warnings))
        return visit.go_to(f"/patrons/{found['patron']}")
    number = read_number(typed)
    if number is None:
        return _start(visit, problem="find_nobody", status=404)
    return show_purposes(visit, number)


def _start(visit: Visit, *, problem: str | None = None, status: int = 200) -> Response:
    waiting = len(visit.place.desk.store.review_desk.items(all_states=False))
    problem_at = None if problem is None else ("typed", visit.word(problem))
    return visit.show("start.html", status=status, problem=problem_at, waiting=waiting, said=visit.session.take_said())
