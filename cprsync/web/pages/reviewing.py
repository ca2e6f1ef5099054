"""The review queue: everything that waits for a person, with both sides, and the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.domain.patron.review import State
from cprsync.errors import BadInput, Braked, NotConfirmed
from cprsync.language.errors import error_text
from cprsync.language.record import NOTHING, name_of, value_lines
from cprsync.language.review import with_words
from cprsync.services.desk.reviewing import Reviews

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.responses import Response

    from cprsync.catalogues import Language
    from cprsync.web.visit import Visit


def show_queue(visit: Visit) -> Response:
    """What waits, the oldest first."""
    items = [with_words(item) for item in _reviews(visit).listed()]
    return visit.show("reviews.html", items=items, said=visit.session.take_said())


def show_item(visit: Visit) -> Response:
    """One item with both sides, and what each answer does."""
    return _item_page(visit)


def answer_item(visit: Visit) -> Response:
    """Accept, reject, take back, or let wait again."""
    number, answer, reason = int(visit.named("number")), visit.typed("answer"), visit.typed("reason")
    reviews = _reviews(visit)
    answers = {
        "accept": lambda: reviews.accept(number),
        "reject": lambda: reviews.reject(number, reason=reason),
        "undo": lambda: reviews.undo(number, reason=reason),
        "reopen": lambda: reviews.reopen(number, reason=reason),
    }
    if answer not in answers:
        return _item_page(visit)
    try:
        item = answers[answer]()
    except (BadInput, Braked, NotConfirmed) as error:
        field = "reason" if error.kind in {"confirm.reason", "input.reason"} else ""
        return _item_page(visit, problem=(field, error_text(error, visit.language)))
    visit.session.say(visit.word(f"answered_{answer}", number=number))
    for patron in filter(None, (item["patron"], item["about"])):
        visit.publish(patron)
    return visit.go_to("/reviews" if item["state"] != State.WAITING.value else f"/reviews/{number}")


def _reviews(visit: Visit) -> Reviews:
    desk = visit.place.desk
    return Reviews(desk.agency, desk.store, desk.clock, desk.policy, visit.user)


def _item_page(visit: Visit, *, problem: tuple[str, str] | None = None) -> Response:
    item = with_words(_reviews(visit).shown(int(visit.named("number"))))
    return visit.show(
        "review.html",
        status=200 if problem is None else 422,
        item=item,
        sides=list(_sides(item["record"], item["other"], visit.language)),
        waits=item["state"] == State.WAITING.value,
        may_undo=item["state"] == State.ACCEPTED.value and item["undoable"],
        may_reopen=item["state"] in {State.REJECTED.value, State.UNDONE.value} and item["reopens"],
        problem=problem,
        said=visit.session.take_said(),
    )


def _sides(
    record: Mapping[str, Any] | None, other: Mapping[str, Any] | None, language: Language
) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...], bool]]:
    """Each field that one side has: its name, both sides, and whether they differ. The right is the other record."""
    for key, entry in (record or {"fields": {}})["fields"].items():
        right = other["fields"].get(key) if other is not None else None
        left = tuple(value_lines(key, entry, language))
        beside = () if right is None else tuple(value_lines(key, right, language))
        if {left, beside} <= {(NOTHING,), ()}:
            continue
        yield name_of(key, language), left, beside, other is not None and left != beside
