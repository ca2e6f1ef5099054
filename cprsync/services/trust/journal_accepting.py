"""Continues with an erase journal that has lost lines: an operator accepts it once, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.errors import ConfigurationError
from cprsync.services.ports.reason import checked_reason

if TYPE_CHECKING:
    from cprsync.services.ports.store import Store


def accept_journal(store: Store, *, agency: str, user: str, reason: str) -> dict[str, Any]:
    """Accept the journal as it is. Return the JSON shape of `db accept-journal`.

    Raises:
        BadInput: the journal is the one that the database has seen, or the reason cannot be kept; nothing is written.
        ConfigurationError: there is no reason.
        RunBusy: a night is running; nothing is written.
    """
    if not reason.strip():
        raise ConfigurationError("say why you accept a journal with lost lines: --reason TEXT", kind="usage.reason")
    why = checked_reason(reason)
    with store.runs.lock():
        taken = store.journal.accept(user=user, reason=why)
    return {
        "library": agency,
        "patrons": taken.patrons,
        "seen": taken.seen,
        "again": taken.again,
        "set_aside": taken.set_aside,
    }
