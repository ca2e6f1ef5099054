"""Answers to reviews that are previewed, and given with a yes: many at once, and a number that is taken back.

Only reviews of a safe kind are accepted many at once; the domain says which are safe (`ReviewKind.in_bulk`). The guard
sees the whole before the first write, as with every writer (decision 17). Each item is one transaction: an item that
somebody else has answered meanwhile is left as they answered it, and said so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.confirming import TAKING_BACK, Preview
from cprsync.domain.patron.review import BULK_MOST, NUMBER_SET, State
from cprsync.errors import AccessRefused, BadInput, Braked, ReviewClosed, ReviewUnknown
from cprsync.services.desk.reviewing import StaffReviews, document_of
from cprsync.services.desk.set_cpr import number_document
from cprsync.services.desk.showing import check_confirmed, preview_document, warning_documents, whose_document
from cprsync.services.ports.desk import REVIEW
from cprsync.services.ports.patrons import no_such_patron

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cprsync.domain.desk.confirming import Confirmation
    from cprsync.errors import CprsyncError
    from cprsync.services.ports.desk import ReviewItem

#: What a preview is about.
BULK: Final = "review_bulk"
UNDO: Final = "set_cpr_undo"


@dataclass(frozen=True, slots=True)
class BulkShown:
    """What accepting these items would do, as shown to staff."""

    items: tuple[ReviewItem, ...]
    preview: Preview
    #: the JSON shape of the preview
    document: dict[str, Any]


def preview_many(reviews: StaffReviews, numbers: Iterable[int]) -> BulkShown:
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
    #: the items that were not accepted, and why: answered by somebody else, erased with their patron, about the user
    #: themselves, or beyond a limit together with what a colleague accepts at the same time
    missed: tuple[tuple[int, CprsyncError], ...]


def accept_many(reviews: StaffReviews, shown: BulkShown, confirmation: Confirmation) -> BulkDone:
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
        except (ReviewClosed, ReviewUnknown, AccessRefused, Braked) as error:
            missed.append((item.id, error))
    return BulkDone(tuple(accepted), tuple(missed))


@dataclass(frozen=True, slots=True)
class TakingBack:
    """What taking back a number would do to one record, as shown to staff."""

    patron_id: str
    #: the review item under which the number was given
    item: int
    preview: Preview
    #: the JSON shape of `patron set-cpr`
    document: Mapping[str, Any]


def preview_taking_back(reviews: StaffReviews, patron_id: str) -> TakingBack:
    """Show whose number would be taken back. Nothing is written but the look, in the audit.

    Raises:
        BadInput: no number was given at the desk, or it has been taken back already.
    """
    given = [one for one in reviews.library.store.review_desk.items(all_states=True) if _is_given(one, patron_id)]
    view = reviews.library.store.views.patron(patron_id)
    if view is None:
        raise no_such_patron()
    if not given:
        raise _nothing_to_take_back(reviews, patron_id)
    reviews.library.store.access.note_view(patron_id, user=reviews.user, purpose=REVIEW)
    marks = (str(given[-1].id), str(view.patron.version))
    preview = Preview(UNDO, patron_id, TAKING_BACK, marks)
    whose = whose_document(view, reviews.library.policy, on=reviews.library.clock.today())
    document = {
        **number_document(patron_id, "shown", verified=view.patron.verified),
        "warnings": warning_documents(TAKING_BACK),
        "written": False,
        "preview": preview_document(preview) | {"whose": whose},
    }
    return TakingBack(patron_id, given[-1].id, preview, document)


def taking_back_of(reviews: StaffReviews, item: Mapping[str, Any]) -> TakingBack | None:
    """The number that taking back the item would take back. None: it gave none, or another was given since."""
    if item["kind"] != NUMBER_SET or item["state"] != State.ACCEPTED.value:
        return None
    shown = preview_taking_back(reviews, item["patron"])
    return shown if shown.item == item["id"] else None


def take_number_back(reviews: StaffReviews, shown: TakingBack, confirmation: Confirmation) -> dict[str, Any]:
    """Take the number back as shown, so that the record is as before. Return the JSON shape of `patron set-cpr`.

    Raises:
        NotConfirmed: the record differs from the one that was shown; nothing is changed.
        BadInput: the number has been taken back since, or the reason cannot be kept; nothing is changed.
        ReviewClosed: the register has given another number since, or the data that this needs is deleted; nothing is
            changed.
    """
    again = preview_taking_back(reviews, shown.patron_id)
    reason = check_confirmed(again.preview, confirmation)
    reviews.undo(again.item, reason=reason, is_shown=True)
    (patron,) = reviews.library.store.patrons.read([shown.patron_id])
    told = {name: again.document[name] for name in ("warnings", "preview")}
    return {**number_document(shown.patron_id, "undone", verified=patron.verified), **told, "written": True}


def _nothing_to_take_back(reviews: StaffReviews, patron_id: str) -> BadInput:
    items = reviews.library.store.review_desk.items(all_states=True)
    if any(_is_given(one, patron_id, state=State.UNDONE) for one in items):
        return BadInput("the number has been taken back already", kind="number.taken_back")
    return BadInput("no number was set for that patron that can be taken back", kind="number.not_set")


def _is_given(item: ReviewItem, patron_id: str, *, state: State = State.ACCEPTED) -> bool:
    return item.patron_id == patron_id and item.kind == NUMBER_SET and item.state is state
