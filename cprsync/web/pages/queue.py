"""The review queue: what waits, what was put off and what was answered, by kind and age; and many accepted at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.patron.review import BULK_MOST, NET_MEDIA_KINDS
from cprsync.errors import BadInput, Braked, NotConfirmed
from cprsync.language.errors import error_text
from cprsync.language.review import with_words
from cprsync.services.desk.previewed_answers import accept_many, preview_many
from cprsync.web.pages.records import reviews_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import Response

    from cprsync.services.desk.previewed_answers import BulkShown
    from cprsync.web.visit import Visit

#: What the queue shows: what is due, what was put off, and the latest answers.
VIEWS: Final = ("waiting", "later", "answered")
#: The most answers that are shown.
ANSWERED_MAX: Final = 200
#: By how many days an item has waited at least.
AGES: Final = ("7", "30")
#: The longest number of an item, as it is typed.
_NUMBER_MAX: Final = 9


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which items of the queue are to be shown."""

    view: str
    #: "": of all kinds
    kind: str
    #: "": of any age
    older: str


@dataclass(frozen=True, slots=True)
class Bulk:
    """What was shown, and waits for one yes."""

    numbers: tuple[int, ...]
    digest: str


def show_queue(visit: Visit, *, problem: str | None = None) -> Response:
    """What waits, the oldest first."""
    asked = _asked(visit)
    items = list(_items(visit, asked.view))
    kinds = Counter(item["kind_of"] for item in items)
    titles = {item["kind_of"]: item["why"][visit.language] for item in items}
    first = (visit.place.desk.clock.today() - timedelta(int(asked.older or 0))).isoformat()
    shown = [item for item in items if asked.kind in {"", item["kind_of"]} and item["since"] <= first]
    return visit.show(
        "reviews.html",
        items=shown,
        asked=asked,
        # the cursor goes to what was found
        is_asked="view" in visit.request.query_params,
        views=VIEWS,
        ages=AGES,
        kinds=[(kind, titles[kind], count) for kind, count in kinds.most_common()],
        has_bulk=asked.view == "waiting" and any(item["in_bulk"] for item in shown),
        problem=None if problem is None else ("", problem),
        said=visit.session.take_said(),
    )


def _asked(visit: Visit) -> QueueFilter:
    """What the address asks for. What it cannot ask for is left out."""
    query = visit.request.query_params
    view, older = query.get("view", VIEWS[0]), query.get("older", "")
    return QueueFilter(view if view in VIEWS else VIEWS[0], query.get("kind", ""), older if older in AGES else "")


def _items(visit: Visit, view: str) -> Iterator[dict[str, Any]]:
    reviews, today = reviews_of(visit), visit.place.desk.clock.today().isoformat()
    items = reviews.answered(most=ANSWERED_MAX) if view == "answered" else reviews.listed()
    for item in items:
        is_later = item["later"] is not None and item["later"]["until"] > today
        if view == "answered" or is_later is (view == "later"):
            # the row of the table: many kinds share one
            yield with_words(item) | {"kind_of": item["why"]}


# -- many at once ------------------------------------------------------------------------------------------


def preview_bulk(visit: Visit) -> Response:
    """What accepting the chosen items would do. Nothing is written."""
    numbers = {int(text) for text in visit.all_typed("item") if text.isdecimal() and len(text) <= _NUMBER_MAX}
    try:
        shown = preview_many(reviews_of(visit), numbers)
    except (BadInput, Braked) as error:
        empty = visit.word("bulk_none", most=BULK_MOST)
        return show_queue(visit, problem=error_text(error, visit.language) if numbers else empty)
    return _bulk_page(visit, shown)


def accept_bulk(visit: Visit) -> Response:
    """Accept the items that were shown."""
    reviews, bulk = reviews_of(visit), visit.session.held(visit.typed("key"), Bulk)
    if bulk is None:
        visit.session.warn(visit.word("begin_again"))
        return visit.go_to("/reviews")
    visit.session.drop(visit.typed("key"))
    try:
        shown = preview_many(reviews, bulk.numbers)
        done = accept_many(reviews, shown, Confirmation(bulk.digest))
    except (BadInput, Braked, NotConfirmed) as error:
        # somebody else was quicker with one of them: nothing was done
        return show_queue(visit, problem=error_text(error, visit.language))
    visit.session.say(visit.word("bulk_done", count=len(done.accepted)))
    for number, why in done.missed:
        visit.session.warn(f"{visit.word('review_title', number=number)}: {error_text(why, visit.language)}")
    for item in done.accepted:
        if item["kind"] in NET_MEDIA_KINDS:
            visit.publish(item["patron"])
    return visit.go_to("/reviews")


def _bulk_page(visit: Visit, shown: BulkShown) -> Response:
    items = [with_words(item) for item in shown.document["items"]]
    key = visit.session.put(Bulk(tuple(item["id"] for item in items), shown.preview.digest))
    return visit.show("bulk.html", items=items, key=key)
