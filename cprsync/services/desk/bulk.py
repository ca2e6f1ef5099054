"""Accepts many reviews of a safe kind after one yes. The domain says which kinds are safe (`ReviewKind.in_bulk`).

The guard sees the whole before the first write, as with every writer (decision 17). Each item is one transaction: an
item that somebody else has answered meanwhile is left as they answered it, and said so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.confirming import Preview
from cprsync.domain.patron.review import BULK_MOST
from cprsync.errors import AccessRefused, BadInput, ReviewClosed
from cprsync.services.desk.reviewing import Reviews, document_of
from cprsync.services.desk.showing import check_confirmed, preview_document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cprsync.domain.desk.confirming import Confirmation
    from cprsync.errors import CprsyncError
    from cprsync.services.ports.desk import ReviewItem

#: What the preview is about.
BULK: Final = "review_bulk"


@dataclass(frozen=True, slots=True)
class BulkShown:
    """What accepting these items would do, as shown to staff."""

    items: tuple[ReviewItem, ...]
    preview: Preview
    #: the JSON shape of the preview
    document: dict[str, Any]


def preview_many(reviews: Reviews, numbers: Iterable[int]) -> BulkShown:
    """Show what accepting these items would do. Nothing is written.

    Raises:
        BadInput: there are none or too many of them, or one is of a kind that is answered one by one.
        ReviewUnknown, ReviewClosed: one is not there, or does not wait.
        Braked: together with the day's answers they exceed a limit.
    """
    wanted = sorted(set(numbers))
    if not 0 < len(wanted) <= BULK_MOST:
        raise BadInput("choose between 1 and {most} review items", most=BULK_MOST, kind="review.bulk")
    items = tuple(reviews.waiting_item(number) for number in wanted)
    one_by_one = next((item for item in items if not item.row.in_bulk), None)
    if one_by_one is not None:
        raise BadInput("review item {number} is answered by itself", number=one_by_one.id, kind="review.bulk")
    reviews.brake(items)
    preview = Preview(BULK, None, (), tuple(f"{item.id}|{item.kind}|{item.patron_id}|{item.about}" for item in items))
    document = preview_document(preview) | {"items": [document_of(item) for item in items], "written": False}
    return BulkShown(items, preview, document)


@dataclass(frozen=True, slots=True)
class BulkDone:
    """What became of the items."""

    accepted: tuple[dict[str, Any], ...]
    #: the items that were not accepted, and why: answered by somebody else, or about the user themselves
    missed: tuple[tuple[int, CprsyncError], ...]


def accept_many(reviews: Reviews, shown: BulkShown, confirmation: Confirmation) -> BulkDone:
    """Accept the items as shown.

    Raises:
        NotConfirmed: this is not what was shown; nothing is changed.
        Braked: together with the day's answers they exceed a limit; nothing is changed.
    """
    check_confirmed(shown.preview, confirmation)
    reviews.brake(shown.items)
    accepted: list[dict[str, Any]] = []
    missed: list[tuple[int, CprsyncError]] = []
    for item in shown.items:
        try:
            accepted.append(reviews.accept(item.id))
        except (ReviewClosed, AccessRefused) as error:
            missed.append((item.id, error))
    return BulkDone(tuple(accepted), tuple(missed))
