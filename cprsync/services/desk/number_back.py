"""Takes back a number that was given at the desk. Shows the record and its outcome first, then asks for a yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.confirming import TAKING_BACK, Preview
from cprsync.domain.patron.review import NUMBER_SET, State
from cprsync.errors import BadInput
from cprsync.services.desk.confirming import check_confirmed, preview_document, warning_document
from cprsync.services.desk.whose import whose_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.desk.confirming import Confirmation
    from cprsync.services.desk.reviewing import Reviews
    from cprsync.services.ports.reviews import ReviewItem

#: What the preview is about.
UNDO: Final = "set_cpr_undo"


@dataclass(frozen=True, slots=True)
class TakingBack:
    """What taking back a number would do to one record, as shown to staff."""

    patron_id: str
    #: the review item under which the number was given
    item: int
    preview: Preview
    #: the JSON shape of `patron set-cpr`
    document: Mapping[str, Any]


def preview_taking_back(reviews: Reviews, patron_id: str) -> TakingBack:
    """Show whose number would be taken back. Nothing is written.

    Raises:
        BadInput: no number was given at the desk, or it has been taken back already.
    """
    given = [one for one in reviews.store.answers.items(all_states=True) if _is_given(one, patron_id)]
    view = reviews.store.views.patron(patron_id)
    if view is None:
        raise BadInput("there is no such patron", kind="patron.unknown")
    if not given:
        raise _nothing_to_take_back(reviews, patron_id)
    marks = (str(given[-1].id), str(view.patron.version))
    preview = Preview(UNDO, patron_id, TAKING_BACK, marks)
    whose = whose_document(view, reviews.policy, on=reviews.clock.today())
    told = preview_document(preview) | {"whose": whose}
    del told["warnings"]  # the document has the warnings at the top level, as a look-up does
    document = {
        **_document(patron_id, "shown", verified=view.patron.verified),
        "warnings": [warning_document(one) for one in TAKING_BACK],
        "written": False,
        "preview": told,
    }
    return TakingBack(patron_id, given[-1].id, preview, document)


def take_back(reviews: Reviews, shown: TakingBack, confirmation: Confirmation) -> dict[str, Any]:
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
    (patron,) = reviews.store.patrons.read([shown.patron_id])
    told = {name: again.document[name] for name in ("warnings", "preview")}
    return {**_document(shown.patron_id, "undone", verified=patron.verified), **told, "written": True}


def _nothing_to_take_back(reviews: Reviews, patron_id: str) -> BadInput:
    items = reviews.store.answers.items(all_states=True)
    if any(_is_given(one, patron_id, state=State.UNDONE) for one in items):
        return BadInput("the number has been taken back already", kind="number.taken_back")
    return BadInput("no number was set for that patron that can be taken back", kind="number.not_set")


def _is_given(item: ReviewItem, patron_id: str, *, state: State = State.ACCEPTED) -> bool:
    return item.patron_id == patron_id and item.kind == NUMBER_SET and item.state is state


def _document(patron_id: str, outcome: str, *, verified: bool) -> dict[str, Any]:
    return {"patron": patron_id, "outcome": outcome, "verified": verified, "subscribed": False}
