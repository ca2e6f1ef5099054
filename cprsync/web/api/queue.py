"""What waits for a person: list the items, show one with both sides, and answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Path, Query

from cprsync.domain.desk.roles import Task
from cprsync.language.review import with_words
from cprsync.services.desk.reviewing import Reviews
from cprsync.web.api import answers, asked
from cprsync.web.api.calls import Caller, router_for

if TYPE_CHECKING:
    from cprsync.web.places import Place

serving, answering = router_for(Task.SERVE), router_for(Task.ANSWER)
ItemNumber = Annotated[int, Path(ge=1, le=999_999_999)]


@serving.get("/reviews", response_model=answers.ReviewItems)
def list_items(call: Caller, everything: Annotated[bool, Query(alias="all")] = False) -> Any:
    """List what waits, the oldest first. `all`: answered and settled items too."""
    with call.place() as place:
        return {"items": [with_words(item) for item in _reviews(place, call.user).listed(all_states=everything)]}


@serving.get("/reviews/{number}", response_model=answers.ReviewShown)
def show_item(call: Caller, number: ItemNumber) -> Any:
    """Show one item with both sides, and what each answer does."""
    with call.place() as place:
        return with_words(_reviews(place, call.user).shown(number))


@answering.post("/reviews/{number}/answer", response_model=answers.ReviewAnswered)
def answer_item(call: Caller, number: ItemNumber, given: asked.ReviewAnswer) -> Any:
    """Accept, reject, take an acceptance back, or let the item wait again."""
    with call.place(asks=True) as place:
        reviews = _reviews(place, call.user)
        answers_by_name = {
            "accept": lambda: reviews.accept(number),
            "reject": lambda: reviews.reject(number, reason=given.reason),
            "undo": lambda: reviews.undo(number, reason=given.reason),
            "reopen": lambda: reviews.reopen(number, reason=given.reason),
        }
        item = answers_by_name[given.answer]()
        for patron in filter(None, (item["patron"], item["about"])):
            place.site.publish_patron(patron)
        return {"item": with_words(item)}


def _reviews(place: Place, user: str) -> Reviews:
    desk = place.desk
    return Reviews(desk.agency, desk.store, desk.clock, desk.policy, user)
