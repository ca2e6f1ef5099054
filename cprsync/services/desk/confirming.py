"""Shows a preview as JSON, and whose record it is. Refuses a write that nobody confirmed.

The rules are in `domain.desk.confirming`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.confirming import WhyNotConfirmed, why_not_confirmed
from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.local import Stage
from cprsync.domain.person.age import age_on
from cprsync.errors import NotConfirmed
from cprsync.services.desk.showing import patron_document
from cprsync.services.ports.reason import checked_reason

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.desk.confirming import Confirmation, DeskWarning, Preview
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.desk import PatronView

#: The message for each reason why a yes is not enough. The error's kind ends in the reason's name.
_SAID: Final = {
    WhyNotConfirmed.CHANGED: "what would be written is no longer what was shown: nothing was written",
    WhyNotConfirmed.REASON: "a warning stops, and there is no reason to go on: nothing was written",
}


def warning_document(warning: DeskWarning) -> dict[str, Any]:
    """The JSON shape of one warning."""
    return {
        "kind": warning.kind,
        "level": warning.level.value,
        "text": warning.text.document(),
    }


def preview_document(preview: Preview) -> dict[str, Any]:
    """The JSON shape that all previews share."""
    return {
        "what": preview.what,
        "patron": preview.patron_id,
        "digest": preview.digest,
        "needs_reason": preview.needs_reason,
        "warnings": [warning_document(one) for one in preview.warnings],
    }


def check_confirmed(preview: Preview, confirmation: Confirmation) -> str:
    """Refuse a write that nobody confirmed. Return the reason as the audit keeps it; "" if there is no reason to keep.

    Raises:
        NotConfirmed: something differs from what was shown, or a reason is missing.
        BadInput: the reason cannot be kept.
    """
    if (why := why_not_confirmed(preview, confirmation)) is not None:
        raise NotConfirmed(_SAID[why], kind=f"confirm.{why.value}")
    return checked_reason(confirmation.reason) if confirmation.reason.strip() else ""


def whose_document(view: PatronView | None, policy: Policy, *, on: date) -> dict[str, Any]:
    """Name, age and cards. Leaves out the name of a protected patron, and everything about a patron who has left."""
    if view is None or view.stage is Stage.CLOSED:
        return {"name": None, "age": None, "cards": [], "protected": False}
    # no field names the library, so it may be empty here
    shown, patron = patron_document(view, policy, agency="", on=on), view.patron
    counts = effective(patron, policy, on=on)
    age = None if counts.birth is None else age_on(counts.birth.day, on, leap=policy.ladders.leap)
    fields = shown["fields"]
    return {
        "name": fields["name"]["value"],
        "age": age,
        "cards": list(fields["cards"]["value"] or ()),
        "protected": shown["protected"],
    }
