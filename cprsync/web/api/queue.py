"""What waits for a person: list the items, show one with both sides, answer it, and accept many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Query

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.desk.roles import Task
from cprsync.domain.patron.review import NET_MEDIA_KINDS
from cprsync.domain.person.days import day_of
from cprsync.errors import BadInput
from cprsync.language.errors import error_text
from cprsync.language.review import with_words
from cprsync.services.desk.previewed_answers import accept_many, preview_many, take_number_back, taking_back_of
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.web.api.calls import Caller, ItemNumber, router_for
from cprsync.web.api.shapes import answers, asked, outcomes
from cprsync.wiring.targets import show_item_with_targets as show_item_with_sides

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.errors import CprsyncError

serving, answering = router_for(Task.SERVE), router_for(Task.ANSWER)
#: The most answers that are told, the latest first.
ANSWERED_MAX: Final = 200


@serving.get("/reviews", response_model=answers.ReviewItems)
def list_items(
    call: Caller, everything: Annotated[bool, Query(alias="all")] = False, answered: Annotated[bool, Query()] = False
) -> Any:
    """List what waits, the oldest first. `all`: answered and settled items too. `answered`: the latest answers."""
    with call.place() as place:
        reviews = StaffReviews(place.desk, call.user)
        items = reviews.answered(most=ANSWERED_MAX) if answered else reviews.listed(all_states=everything)
        return {"items": [with_words(item) for item in items]}


@answering.post("/reviews/bulk/preview", response_model=outcomes.BulkShown)
def preview_bulk(call: Caller, wanted: asked.BulkBody) -> Any:
    """Show what accepting several items would do. Only items with `in_bulk` may be among them."""
    with call.place() as place:
        document = preview_many(StaffReviews(place.desk, call.user), wanted.items).document
        return {**document, "items": [with_words(item) for item in document["items"]]}


@answering.post("/reviews/bulk/accept", response_model=outcomes.BulkDone)
def accept_bulk(call: Caller, yes: asked.BulkYes) -> Any:
    """Accept the items as they were shown. An item that somebody else has answered meanwhile is missed."""
    with call.place(asks=True) as place:
        reviews = StaffReviews(place.desk, call.user)
        done = accept_many(reviews, preview_many(reviews, yes.items), Confirmation(yes.digest))
        for item in done.accepted:
            if item["kind"] in NET_MEDIA_KINDS:
                place.site.publish_patron(item["patron"])
        return {
            "accepted": [with_words(item) for item in done.accepted],
            "missed": [_missed(number, why) for number, why in done.missed],
        }


def _missed(number: int, why: CprsyncError) -> dict[str, Any]:
    return {"id": number, "kind": why.kind, "text": {"da": error_text(why, "da"), "en": error_text(why, "en")}}


@serving.get("/reviews/{number}", response_model=answers.ReviewShown)
def show_item(call: Caller, number: ItemNumber) -> Any:
    """Show one item with both sides, and what each answer does.

    If another system refused the patron, it is asked what it holds now: `sides` of each of `targets`.
    """
    with call.place() as place:
        return with_words(show_item_with_sides(StaffReviews(place.desk, call.user), number, place.targets))


@serving.get("/reviews/{number}/taking-back", response_model=outcomes.NumberTaken)
def show_taking_back(call: Caller, number: ItemNumber) -> Any:
    """Show what taking back the number would do that was given under this item."""
    with call.place() as place:
        reviews = StaffReviews(place.desk, call.user)
        shown = taking_back_of(reviews, reviews.shown(number))
        if shown is None:
            raise BadInput("no number was set for that patron that can be taken back", kind="number.not_set")
        return shown.document


@answering.post("/reviews/{number}/answer", response_model=answers.ReviewAnswered)
def answer_item(call: Caller, number: ItemNumber, given: asked.ReviewAnswer) -> Any:
    """Accept, reject, put off until a day, let wait now, take an acceptance back, or let the item wait again.

    A number that was given at the desk is taken back with the digest of its preview.
    """
    with call.place(asks=True) as place:
        reviews = StaffReviews(place.desk, call.user)
        answers_by_name: dict[str, Callable[[], Mapping[str, Any]]] = {
            "accept": lambda: reviews.accept(number, about=given.about),
            "reject": lambda: reviews.reject(number, reason=given.reason, about=given.about),
            "later": lambda: reviews.put_off(number, until=day_of(given.until or ""), reason=given.reason),
            "now": lambda: reviews.bring_back(number),
            "undo": lambda: _undo(reviews, number, given),
            "reopen": lambda: reviews.reopen(number, reason=given.reason),
        }
        item = answers_by_name[given.answer]()
        for patron in filter(None, (item["patron"], item["about"])):
            place.site.publish_patron(patron)
        return {"item": with_words(item)}


def _undo(reviews: StaffReviews, number: int, given: asked.ReviewAnswer) -> Mapping[str, Any]:
    """Take an acceptance back. A number that was given at the desk is taken back as it was shown."""
    item = reviews.shown(number)
    shown = taking_back_of(reviews, item)
    if shown is None:
        return reviews.undo(number, reason=given.reason)
    take_number_back(reviews, shown, Confirmation(given.digest or "", given.reason))
    return {name: one for name, one in reviews.shown(number).items() if name in answers.ReviewItem.model_fields}
