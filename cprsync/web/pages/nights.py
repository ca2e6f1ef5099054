"""The nights: how it stands, the nights that were, and the report of each with a balance sheet that adds up."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cprsync.doctor.status import look_at
from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.desk.roles import Task
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.errors import BadInput, ConfigurationError
from cprsync.language.errors import error_text, in_danish
from cprsync.language.night import (
    OUTCOMES,
    brake_lines,
    delivery_outcomes,
    net_media_lines,
    report_lines,
    stop_lines,
)
from cprsync.language.status import problem_of, status_facts_of, void_text, wrong_of
from cprsync.language.words import day_text, desk_word, ended_text, moment_text, reason_words, word
from cprsync.services.night.approving import HeldPlan, approve_plan, show_plan
from cprsync.web.approved_runs import run_approved_plan
from cprsync.web.refusals import speaks_of_commands

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from starlette.responses import Response

    from cprsync.catalogues import Language
    from cprsync.services.ports.runs import ListedRun
    from cprsync.services.ports.trust.status import LibraryStatus
    from cprsync.web.visit import Visit

#: What staff look after themselves, and at which page.
_AT_THE_DESK: Final = {
    **dict.fromkeys(("failed", "target_refuses"), ("/reviews", Task.ANSWER, "nav_reviews")),
    **dict.fromkeys(("stopped", "overdue"), ("/checks", Task.CHECK, "nav_checks")),
}
#: What is said of a run that somebody has started: it goes on, and it has ended.
_SAID_OF_NIGHT: Final = ("night_running", "night_ran")
_SAID_OF_UNDO: Final = ("undo_running", "undo_ran")
#: What the list counts of each night: what was received, and what became of it.
COUNTS: Final = ("received", *OUTCOMES)
#: The most nights on one page, and the most numbers of a night.
NIGHTS_MOST: Final = 31
LINES_MOST: Final = 200
#: The numbers of a night in this order: someone has to look at the first of them.
_ORDER: Final = tuple(one.value for one in (Outcome.HELD, Outcome.PARKED, Outcome.APPLIED, Outcome.UNCHANGED))


def show_nights(visit: Visit) -> Response:
    """How it stands, and the nights that were, the latest first."""
    site, desk, language = visit.place.site, visit.place.desk, visit.language
    status = look_at(site, desk.store)
    run, oldest = status.run, status.waits.net_media.oldest
    return visit.show(
        "nights.html",
        wrong=list(_wrong(visit, status)),
        stands=status,
        last=None if run is None else _row(run, language),
        last_delivery=day_text(status.deliveries.last, language),
        due=day_text(status.deliveries.due, language),
        oldest=None if oldest is None else _age(oldest, desk.clock.now()),
        lines=_plain(visit, (f"{fact.mark} {fact.text}" for fact in status_facts_of(status, language))),
        **_listed(visit),
    )


def _plain(visit: Visit, lines: Iterable[str]) -> list[str]:
    """The lines of a report. Without those that name a command, if the reader runs none."""
    return [line for line in lines if visit.session.may(Task.OPERATE) or not speaks_of_commands(line)]


def _wrong(visit: Visit, status: LibraryStatus) -> Iterator[dict[str, str]]:
    """What somebody has to look after, and where. Who types no commands is sent to no command."""
    for one in wrong_of(status):
        problem = problem_of(one, visit.language)
        where, called = _place_of(visit, one)
        following = problem.next
        if not visit.session.may(Task.OPERATE):
            is_theirs = one["what"] == "plan" or (bool(where) and one["what"] in _AT_THE_DESK)
            following = "" if is_theirs else visit.word("nights_tell")
        yield {"text": problem.text, "next": following, "where": where, "called": called}


def _place_of(visit: Visit, one: Mapping[str, Any]) -> tuple[str, str]:
    """The page on which it can be looked after, and its name. Empty: there is none, or it is another role's."""
    if one["what"] == "run":
        return f"/nights/{one['run']}", visit.word("night_title", number=one["run"])
    where, task, name = _AT_THE_DESK.get(one["what"], ("", Task.NIGHTS, ""))
    return (where, visit.word(name)) if where and visit.session.may(task) else ("", "")


def show_earlier(visit: Visit) -> Response:
    """The nights before a night."""
    return visit.show("earlier_nights.html", **_listed(visit, before=int(visit.named("number"))))


def show_night(visit: Visit, *, problem: tuple[str, str] | None = None) -> Response:
    """One night's report, number by number. Contains no name, no address and no CPR number."""
    store, number, language = visit.place.desk.store, int(visit.named("number")), visit.language
    document = store.runs.document(number)
    if document is None:
        raise BadInput("there is no run {run}", run=number, kind="run.unknown")
    if "sentence" in document.get("error", {}):
        document["error"]["da"] = {"message": in_danish(document["error"])}
    items = store.runs.items(number)
    # an unfinished night has no report yet
    is_told = "deliveries" in document
    return visit.show(
        "night.html",
        problem=problem,
        said=visit.session.take_said(),
        held=_held(visit, document, number),
        number=number,
        night=_row(store.runs.list_runs(before=number + 1, most=1)[0], language),
        stopped=list(stop_lines(document, language)),
        document=document,
        is_told=is_told,
        balance=_balance(document, language) if is_told else [],
        adds_up=is_told and sum(document[key] for key in OUTCOMES) == document["received"],
        deliveries=list(_deliveries(document, language)) if is_told else [],
        actions=_counted(document.get("actions", {}), language),
        reasons=[(reason_words(key, language), count) for key, count in document.get("reasons", {}).items()],
        brake=_brake(document, language),
        net_media=list(net_media_lines(document, language)) if is_told else [],
        let_through=_counted(document.get("let_through", {}), language),
        lines=_plain(visit, report_lines(document, language)) if is_told else [],
        items=_items(document, items, language),
        more=max(0, len(items) - LINES_MOST),
    )


def approve_night(visit: Visit) -> Response:
    """Say yes to a held night's plan, as one of two people. The next night writes it."""
    desk, said = visit.place.desk, {"user": visit.user, "reason": visit.typed("reason")}
    try:
        plan = approve_plan(desk.store, agency=desk.agency, now=desk.clock.now(), plan=visit.typed("plan"), said=said)
    except (BadInput, ConfigurationError) as error:
        return show_night(visit, problem=_problem_of(visit, error))
    whole = "undo_approved" if plan.undoes else "night_approved"
    visit.session.say(visit.word(whole if plan.approved else "night_approved_first"))
    return visit.go_to(f"/nights/{visit.named('number')}")


def run_approved(visit: Visit) -> Response:
    """Run what writes an approved plan, now: the night, or the undo of one."""
    try:
        started = run_approved_plan(visit.place, visit.typed("plan"), user=visit.user, reason=visit.typed("reason"))
    except (BadInput, ConfigurationError) as error:
        return show_night(visit, problem=_problem_of(visit, error))
    running, ran = _SAID_OF_NIGHT if started.undoes is None else _SAID_OF_UNDO
    visit.session.say(visit.word(running if started.run is None else ran))
    return visit.go_to(f"/nights/{visit.named('number') if started.run is None else started.run}")


def _problem_of(visit: Visit, error: BadInput | ConfigurationError) -> tuple[str, str]:
    """Which input is wrong, and why."""
    about = "reason" if error.kind in {"usage.reason", "input.reason"} else ""
    empty = visit.word("reason_missing") if error.kind == "usage.reason" else None
    return about, empty or error_text(error, visit.language)


# -- the list ----------------------------------------------------------------------------------------------


def _listed(visit: Visit, *, before: int | None = None) -> dict[str, Any]:
    """A page of nights, and the number before which the next page begins. None: there are no more."""
    runs = visit.place.desk.store.runs.list_runs(before=before, most=NIGHTS_MOST + 1)
    shown = runs[:NIGHTS_MOST]
    return {
        "runs": [_row(run, visit.language) for run in shown],
        "counts": COUNTS,
        "earlier": shown[-1].run if len(runs) > NIGHTS_MOST else None,
    }


def _row(run: ListedRun, language: Language) -> dict[str, Any]:
    return {
        "number": run.run,
        "day": day_text(run.day, language),
        "state": ended_text(run.exit, run.error, language) if run.finished else word("state_open", language),
        "held": run.state == "held",
        "counts": [getattr(run, key) or 0 for key in COUNTS],
        "started": _local(run.started),
    }


def _age(since: datetime, now: datetime) -> int:
    """How many whole hours ago a moment was."""
    return max(0, int((now - since).total_seconds() // 3600))


# -- one night ---------------------------------------------------------------------------------------------


def _balance(document: Mapping[str, Any], language: Language) -> list[tuple[str, int]]:
    # "parked" as elsewhere would read as if nobody had to decide anything: cases beside the delivery wait too
    names = {"parked": desk_word("night_parked", language)}
    return [(names.get(key) or word(key, language), document[key]) for key in OUTCOMES]


def _deliveries(document: Mapping[str, Any], language: Language) -> Iterable[dict[str, Any]]:
    for one, outcome in zip(document["deliveries"], delivery_outcomes(document, language), strict=True):
        yield {
            "file": one["file"],
            "day": day_text(one["produced"], language),
            "received": one["received"],
            "outcome": outcome,
        }


def _counted(counts: Mapping[str, int], language: Language) -> list[tuple[str, int]]:
    return [(word(key, language), count) for key, count in counts.items()]


def _brake(document: Mapping[str, Any], language: Language) -> dict[str, Any] | None:
    """The classes over their limit, and what an operator does. None: no limit has stopped the night."""
    if not document.get("brake"):
        return None
    classes = document["brake"]["classes"]
    planned = [harm for row in document["plan"] for harm in row["harm"]]
    return {
        "classes": [(word(one["class"], language), one["count"], one["limit"]) for one in classes],
        "planned": [(word(harm, language), planned.count(harm)) for harm in dict.fromkeys(planned)],
        "patrons": len(document["plan"]),
        "next": list(brake_lines(document, language, on_page=True)),
    }


def _held(visit: Visit, document: Mapping[str, Any], number: int) -> dict[str, Any] | None:
    """The plan that waits for two people, and who has approved it. None: this night's does not wait."""
    if not document.get("brake"):
        return None
    desk = visit.place.desk
    shown = show_plan(desk.store, agency=desk.agency, now=desk.clock.now(), wanted=str(number))
    if not shown.waits or not isinstance(shown, HeldPlan):
        return None
    return {
        "plan": shown.plan,
        "approved": shown.approved,
        "undoes": shown.undoes,
        "until": moment_text(shown.until, visit.language),
        "unbound": shown.unbound and word("plan_unbound", visit.language, by=", ".join(shown.unbound)),
        "void": shown.void and void_text(shown.void, visit.language),
        "by": [(one.who, moment_text(one.at, visit.language)) for one in shown.approved_by],
    }


def _local(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(COPENHAGEN)


def _items(document: Mapping[str, Any], items: Iterable[Mapping[str, Any]], language: Language) -> list[dict[str, Any]]:
    """The numbers of a night, those first that someone has to look at."""
    planned = {row["patron"]: row["actions"] for row in document.get("plan", ())}
    ordered = sorted(items, key=lambda one: _ORDER.index(one["outcome"]) if one["outcome"] in _ORDER else len(_ORDER))
    return [
        {
            "person": one["person"],
            "patron": one["patron"],
            "outcome": word(one["outcome"], language),
            "actions": ", ".join(
                word(action, language)
                for action in (planned.get(one["patron"], ()) if one["outcome"] == "held" else one["actions"])
            ),
            "reason": reason_words(one["reason"], language) if one["reason"] else "",
        }
        for one in ordered[:LINES_MOST]
    ]
