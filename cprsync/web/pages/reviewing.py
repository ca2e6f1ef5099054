"""One review: why it waits, both sides with what differs, what each answer does, and the answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.patron.review import NUMBER_SET, State, review_kind
from cprsync.domain.person.days import day_of
from cprsync.domain.person.number import hide_numbers
from cprsync.errors import BadInput, Braked, NotConfirmed
from cprsync.language.errors import error_text
from cprsync.language.review import item_facts_of, meanwhile_text, said_rows, sides_of, with_words
from cprsync.language.sides import target_parts
from cprsync.language.words import has_desk_word, long_time
from cprsync.services.desk.previewed_answers import take_number_back, taking_back_of
from cprsync.web.pages.records import reviews_of
from cprsync.wiring.targets import show_item_with_targets as show_item_with_sides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.responses import Response

    from cprsync.services.desk.reviewing import StaffReviews
    from cprsync.web.visit import Visit


def show_item(visit: Visit, *, problem: tuple[str, str] | None = None) -> Response:
    """One item with both sides, and what each answer does."""
    reviews, language = reviews_of(visit), visit.language
    item = with_words(show_item_with_sides(reviews, int(visit.named("number")), visit.place.targets))
    number = taking_back_of(reviews, item)
    may_undo = item["state"] == State.ACCEPTED.value and item["undoable"]
    return visit.show(
        "review.html",
        back=f"/reviews/{item['id']}",
        item=item,
        sides=list(sides_of(item["record"], item["other"], language)),
        said_sides=list(said_rows(item, language)),
        facts=list(item_facts_of(item, language)),
        targets=list(target_parts(item, language)),
        decided=_decided(visit, item),
        waits=item["state"] == State.WAITING.value,
        meanwhile=meanwhile_text(item["kind"], language),
        may_undo=may_undo and (number is not None or item["kind"] != NUMBER_SET),
        may_reopen=item["state"] in {State.REJECTED.value, State.UNDONE.value} and item["reopens"],
        digest="" if number is None else number.preview.digest,
        has_one_answer=review_kind(item["kind"]).has_one_answer,
        problem=problem,
        # what was typed for one of the answers comes back at that one
        typed={visit.typed("answer"): {name: hide_numbers(visit.typed(name)) for name in ("reason", "until")}},
        said=visit.session.take_said(),
    )


def answer_item(visit: Visit) -> Response:
    """Accept, reject, put off, take back, or let wait again."""
    number, answer, reason = int(visit.named("number")), visit.typed("answer"), visit.typed("reason")
    reviews, about = reviews_of(visit), visit.typed("about") or None
    answers = {
        "accept": lambda: reviews.accept(number, about=about),
        "reject": lambda: reviews.reject(number, reason=reason, about=about),
        "later": lambda: reviews.put_off(number, until=day_of(visit.typed("until")), reason=reason),
        "now": lambda: reviews.bring_back(number),
        "undo": lambda: _undo(visit, reviews, number),
        "reopen": lambda: reviews.reopen(number, reason=reason),
    }
    if answer not in answers:
        return show_item(visit)
    try:
        item = answers[answer]()
    except (BadInput, Braked, NotConfirmed) as error:
        return show_item(visit, problem=(_field_of(error, answer), error_text(error, visit.language)))
    is_here = answer == "undo" or (item["state"] == State.WAITING.value and answer != "later")
    back = None if is_here else _taken_back_by(item)
    onward = None if back is None else (f"/reviews/{number}", visit.word(back))
    visit.session.say(" ".join(_told(visit, item, answer)), onward=onward)
    for patron in filter(None, (item["patron"], item["about"])):
        visit.publish(patron)
    return visit.go_to(f"/reviews/{number}" if is_here else "/reviews")


def _told(visit: Visit, item: Mapping[str, Any], answer: str) -> Iterator[str]:
    """What came of an answer: the words in which it was offered, and what is to be done outside."""
    yield visit.word(f"answered_{answer}", number=item["id"])
    if answer in {"accept", "reject"}:
        does = with_words(item)[answer][visit.language]
        yield f"{does[:1].upper()}{does[1:]}{'' if does.endswith('.') else '.'}"
        if has_desk_word(key := f"then_{item[answer]}"):
            yield visit.word(key)


def _taken_back_by(item: Mapping[str, Any]) -> str | None:
    """The word of what takes an answer back on the item's page. None: nothing does."""
    if item["state"] == State.WAITING.value:
        return "now_button"
    if item["state"] == State.ACCEPTED.value:
        return "undo_button" if item["undoable"] else None
    return "reopen_button" if item["reopens"] else None


def _field_of(error: BadInput | Braked | NotConfirmed, answer: str) -> str:
    """The input that is wrong. "": none is."""
    if error.kind in {"confirm.reason", "input.reason"}:
        return f"{answer}-reason"
    return "until" if answer == "later" and error.kind == "input" else ""


def _undo(visit: Visit, reviews: StaffReviews, number: int) -> dict[str, Any]:
    """Take an acceptance back. A number that was given at the desk is taken back as it was shown."""
    shown, reason = taking_back_of(reviews, reviews.shown(number)), visit.typed("reason")
    if shown is None:
        return reviews.undo(number, reason=reason)
    take_number_back(reviews, shown, Confirmation(visit.typed("digest"), reason))
    return reviews.shown(number)


def _decided(visit: Visit, item: Mapping[str, Any]) -> dict[str, str] | None:
    """Who answered, or accepted first of two, and when."""
    if item["decided"] is None:
        return None
    at = datetime.fromisoformat(item["decided"]["at"]).astimezone(COPENHAGEN)
    return {"by": item["decided"]["by"], "at": long_time(at, visit.language)}
