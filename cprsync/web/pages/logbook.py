"""The privacy officer's pages: search the log, tell a citizen who looked, watch a number. Each is in the log itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.patron.patron import Purpose
from cprsync.domain.person.days import day_of
from cprsync.errors import BadInput
from cprsync.language.audit import change_texts, citizen_rows, recipient_lines
from cprsync.language.errors import error_text
from cprsync.language.words import titles_of, word
from cprsync.services.desk.access import watch_number
from cprsync.services.desk.viewing import read_number
from cprsync.services.ports.trust.audit import AuditFilter
from cprsync.services.trust.audit import FOUND_MOST, moments_of, search_log
from cprsync.services.trust.citizen import citizen_of, citizen_report, searched_citizen_of

if TYPE_CHECKING:
    from starlette.responses import Response

    from cprsync.services.ports.trust.audit import Happening
    from cprsync.services.trust.citizen import Citizen
    from cprsync.web.visit import Visit

#: What may be searched for beside the purposes of a look-up.
_OTHERS: Final = ("serve", "review", "show", "statement")
_FIELDS: Final = ("since", "until", "by", "patron", "purpose")
_NOTHING: Final = "–"


def show_log(
    visit: Visit, *, entries: list[dict[str, str]] | None = None, problem: tuple[str, str] | None = None
) -> Response:
    """The forms, and the entries that a search has found."""
    purposes = [*(one.value for one in Purpose), *_OTHERS]
    return visit.show(
        "log.html",
        typed=_shown_again(visit),
        purposes=[(one, word(f"why_{one}", visit.language)) for one in purposes],
        entries=entries,
        is_cut=entries is not None and len(entries) == FOUND_MOST,
        watched=visit.place.desk.store.access.watched(),
        problem=problem,
        said=visit.session.take_said(),
    )


def search(visit: Visit) -> Response:
    """What was done in a time, by a person, for a purpose, about a patron. The search is in the log before."""
    try:
        wanted = _wanted(visit)
    except BadInput as error:
        return show_log(visit, problem=(str(error.values["field"]), error_text(error, visit.language)))
    desk = visit.place.desk
    found = list(search_log(desk.store, desk.policy, wanted, user=visit.user))
    return show_log(visit, entries=[_row(one, visit) for one in found])


def _wanted(visit: Visit) -> AuditFilter:
    """What was typed. Raises BadInput with the field."""
    since, until = moments_of(_day(visit, "since"), _day(visit, "until"))
    by, purpose = visit.typed("by") or None, visit.typed("purpose") or None
    wanted = AuditFilter(by=by, since=since, until=until, purpose=purpose, limit=FOUND_MOST)
    return _of_whom(visit).entries(wanted) if visit.typed("patron") else wanted


def _of_whom(visit: Visit) -> Citizen:
    try:
        return searched_citizen_of(visit.place.desk.store, visit.typed("patron"))
    except BadInput as error:
        raise BadInput("{why}", why=error, field="patron", kind=error.kind) from None


def _day(visit: Visit, field: str) -> Any:
    text = visit.typed(field)
    try:
        return day_of(text) if text else None
    except ValueError as error:
        raise BadInput("{why}", why=error, field=field, kind="input.value") from None


def _row(entry: Happening, visit: Visit) -> dict[str, str]:
    language = visit.language
    texts = change_texts(entry, language, titles_of(visit.place.desk.policy.products, language))
    patron = word("audit_sealed", language) if entry.withheld else entry.patron or _NOTHING
    return {"when": texts.at, "who": texts.who, "patron": patron, "what": texts.done}


def tell_citizen(visit: Visit) -> Response:
    """The report for a citizen: no employee is named."""
    desk, language = visit.place.desk, visit.language
    try:
        citizen = citizen_of(desk.store, visit.typed("citizen"))
    except BadInput as error:
        return show_log(visit, problem=("citizen", error_text(error, language)))
    name = visit.place.site.section.name
    report = citizen_report(desk.store, citizen, organisation=name, user=visit.user)
    return visit.show(
        "citizen.html",
        lead=word("citizen_title", language, organisation=name),
        rows=citizen_rows(report, language),
        recipients=recipient_lines(report, language),
    )


def watch(visit: Visit) -> Response:
    """Let a second person sign for each look-up of a number, or end that."""
    number, store = read_number(visit.typed("watch")), visit.place.desk.store
    if number is None:
        return show_log(visit, problem=("watch", visit.word("watch_no_number")))
    outcome = watch_number(store, number, ends=visit.typed("doing") == "unwatch", user=visit.user).outcome
    visit.session.say(word(f"access_now_{outcome}", visit.language))
    return visit.go_to("/log")


def _shown_again(visit: Visit) -> dict[str, str]:
    """What was typed, without a CPR number."""
    typed = {field: visit.typed(field) for field in _FIELDS}
    return typed if read_number(typed["patron"]) is None else typed | {"patron": ""}
