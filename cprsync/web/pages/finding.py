"""The start page: one box that finds a patron by whatever staff have of them, and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.desk.finding import read_typed
from cprsync.domain.desk.roles import Task
from cprsync.language.words import word
from cprsync.services.desk.access import count_for_supervisor
from cprsync.services.desk.finding import Finder
from cprsync.web.pages.records import WHOSE, reviews_of
from cprsync.web.pages.registering import Number, show_purposes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from starlette.responses import Response

    from cprsync.domain.desk.finding import Typed
    from cprsync.web.visit import Visit


def show_start(
    visit: Visit, *, problem: str | None = None, status: int | None = None, more: Iterable[str] = (), kept: str = ""
) -> Response:
    """The box, and how much waits for a person."""
    waiting = reviews_of(visit).count_due()
    store, now = visit.place.desk.store, visit.place.desk.clock.now()
    return visit.show(
        "start.html",
        status=status,
        problem=None if problem is None else ("typed", " ".join([visit.word(problem), *more])),
        waiting=waiting,
        looks=len(store.access.open_looks(visit.user)),
        watches=count_for_supervisor(store, user=visit.user, now=now) if visit.session.may(Task.CHECK) else None,
        said=visit.session.take_said(),
        kept=kept,
    )


def find(visit: Visit) -> Response:
    """The record of the patron found, or a list of several. For a CPR number that no patron has: the purposes."""
    text, desk = visit.typed("typed"), visit.place.desk
    if not text:
        return show_start(visit, problem="find_empty")
    found = Finder(desk, visit.user).find(text)
    warnings = _warnings(visit, found)
    if "hits" in found:
        return visit.show("hits.html", hits=found["hits"], warnings=warnings)
    if found["found"]:
        if warnings:
            visit.session.warn(" ".join(warnings))
        # a warning is read first, else whose record it is
        return visit.go_to(f"/patrons/{found['patron']}{'' if warnings else WHOSE}")
    typed = read_typed(text, desk.clock.today())
    if typed.number is not None and not typed.number.is_possible:
        # no look-up is offered, which would be in the log under a name
        return show_start(visit, problem="find_impossible", kept=text)
    if typed.number is not None:
        return show_purposes(visit, Number(typed.number, was_typed=_digits_of(text) == typed.number.digits))
    return show_start(visit, problem=_why_nobody(typed), status=404, more=warnings, kept=text)


def _why_nobody(typed: Typed) -> str:
    if typed.has_unread_date:
        return "find_no_day"
    if typed.lacks_date:
        return "find_no_number"
    if typed.lacks_name:
        return "find_no_name"
    return "find_nobody_named" if typed.words else "find_nobody"


def _digits_of(text: str) -> str:
    return "".join(one for one in text if one.isdigit())


def _warnings(visit: Visit, found: Mapping[str, Any]) -> list[str]:
    """What is to be said of the search, as sentences."""
    said = [word(f"find_{one}", visit.language, other=found.get("other")) for one in found["warnings"]]
    return [f"{one[0].upper()}{one[1:]}." for one in said]
