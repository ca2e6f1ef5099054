"""What supervisors sign for, and what they look at afterwards: samples, and who is stopped.

And the reasons that staff owe for look-ups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cprsync.errors import BadInput, ConfigurationError
from cprsync.language.audit import attempt_text
from cprsync.language.errors import error_text
from cprsync.language.words import moment_text, word
from cprsync.services.desk.access import (
    check_sample,
    explain_look_up,
    lift_stop,
    list_checks,
    list_open_looks,
    list_requests,
    sign_attempt,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.responses import Response

    from cprsync.services.desk.access import ListedAttempt, ListedRequest
    from cprsync.web.visit import Visit


def show_checks(visit: Visit, *, problem: tuple[str, str] | None = None) -> Response:
    """Who is stopped, who reached a cap, and the samples that wait, the oldest first."""
    checks = list_checks(visit.place.desk.store, now=visit.place.desk.clock.now())
    return visit.show(
        "checks.html",
        stopped=checks.stopped,
        capped=checks.capped,
        samples=_rows(visit, checks.samples),
        problem=problem,
        said=visit.session.take_said(),
    )


def check(visit: Visit) -> Response:
    """Write what the supervisor found of a sample."""
    number, in_order = int(visit.named("number")), visit.typed("found") == "in_order"
    store, field = visit.place.desk.store, f"reason-{number}"

    def write() -> None:
        check_sample(store, number, is_in_order=in_order, by=visit.user, reason=visit.typed(field))

    return _done(visit, write, field, "checked")


def lift(visit: Visit) -> Response:
    """Let somebody go on who was stopped."""
    who, field, store = visit.typed("who"), visit.typed("field"), visit.place.desk.store

    def write() -> None:
        lift_stop(store, who, by=visit.user, reason=visit.typed(field))

    return _done(visit, write, field, "lifted", user=who)


def _done(visit: Visit, write: Callable[[], None], field: str, said: str, **values: str) -> Response:
    try:
        write()
    except (BadInput, ConfigurationError) as error:
        return show_checks(visit, problem=(field, error_text(error, visit.language)))
    visit.session.say(visit.word(said, **values))
    return visit.go_to("/checks")


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt with its words."""

    attempt: ListedAttempt
    when: str
    did: str
    because: str
    is_own: bool


def _rows(visit: Visit, attempts: Iterable[ListedAttempt]) -> list[AttemptRow]:
    language = visit.language
    return [
        AttemptRow(
            one,
            moment_text(one.at, language),
            attempt_text(one.doing, one.purpose, language),
            word(f"access_why_{one.why}", language),
            one.user == visit.user,
        )
        for one in attempts
    ]


# -- what waits for a second person ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request with its words."""

    request: ListedRequest
    when: str
    did: str


def show_requests(visit: Visit, *, problem: tuple[str, str] | None = None) -> Response:
    """What others may not do alone. Names who asks and what for, and no patron: the colleague says the rest."""
    desk, language = visit.place.desk, visit.language
    requests = [
        RequestRow(one, moment_text(one.at, language), attempt_text(one.doing, one.what, language))
        for one in list_requests(desk.store, user=visit.user, now=desk.clock.now()).requests
    ]
    return visit.show(
        "requests.html",
        requests=requests,
        problem=problem,
        said=visit.session.take_said(),
    )


def sign(visit: Visit) -> Response:
    """Sign for one of them."""
    desk = visit.place.desk
    try:
        sign_attempt(desk.store, int(visit.named("number")), by=visit.user, now=desk.clock.now())
    except BadInput as error:
        return show_requests(visit, problem=("", error_text(error, visit.language)))
    visit.session.say(visit.word("request_signed"))
    return visit.go_to("/requests")


# -- what staff owe ----------------------------------------------------------------------------------------


def show_open(visit: Visit, *, problem: tuple[str, str] | None = None) -> Response:
    """The person's own look-ups that made no patron, and of which nobody has said why."""
    owed = list_open_looks(visit.place.desk.store, user=visit.user, now=visit.place.desk.clock.now())
    return visit.show(
        "looks.html",
        looks=_rows(visit, owed.open_),
        problem=problem,
        said=visit.session.take_said(),
    )


def explain(visit: Visit) -> Response:
    """Say why a look-up made no patron."""
    number, store = int(visit.named("number")), visit.place.desk.store
    try:
        explain_look_up(store, number, user=visit.user, reason=visit.typed(f"reason-{number}"))
    except (BadInput, ConfigurationError) as error:
        return show_open(visit, problem=(f"reason-{number}", error_text(error, visit.language)))
    visit.session.say(visit.word("explained"))
    return visit.go_to("/looks")
