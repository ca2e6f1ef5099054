"""Someone at the desk who looks at every preview, says yes, and gives a reason where one is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.domain.desk.confirming import Confirmation, Preview
from cprsync.domain.desk.parting import Ending
from cprsync.services.desk.lookup import Asked, Desk, LookedUp
from cprsync.services.desk.registering import confirm_registration, preview_registration

if TYPE_CHECKING:
    from cprsync.services.leaving.departing import LeavingDesk

REASON = "agreed with the family"


def yes_to(preview: Preview) -> Confirmation:
    """The yes to one preview."""
    again = (preview.patron_id or "") if preview.is_final else ""
    return Confirmation(preview.digest, REASON if preview.needs_reason else "", again)


def register(desk: Desk, asked: Asked) -> LookedUp:
    """Register someone, whatever there is to be seen about them."""
    shown = preview_registration(desk, asked)
    if not shown.is_writable:
        return LookedUp(dict(shown.document), parked=shown.parked)
    return confirm_registration(desk, shown, yes_to(shown.preview))


def leave(exit_: LeavingDesk, patron_id: str) -> dict[str, Any]:
    """Let someone leave, whatever there is to be seen about it."""
    return exit_.leave(patron_id, yes_to(exit_.preview(patron_id, Ending.LEAVE).preview))


def erase(exit_: LeavingDesk, patron_id: str) -> dict[str, Any]:
    """Erase someone in the same way."""
    return exit_.erase(patron_id, yes_to(exit_.preview(patron_id, Ending.ERASE).preview))
