"""Continues with an audit that fails its check: an operator accepts it once, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.errors import ConfigurationError
from cprsync.services.ports.reason import checked_reason

if TYPE_CHECKING:
    from cprsync.services.ports.store import Store
    from cprsync.services.ports.trust import AuditState


def accept_audit(store: Store, *, user: str, reason: str) -> AuditState:
    """Accept the audit as it is. Return what was wrong with it.

    Raises:
        BadInput: nothing is wrong, or the reason cannot be kept; nothing is written.
        ConfigurationError: there is no reason.
        RunBusy: a night is running; nothing is written.
    """
    if not reason.strip():
        raise ConfigurationError("say why you accept an audit that is not whole: --reason TEXT", kind="usage.reason")
    why = checked_reason(reason)
    with store.runs.lock():
        return store.audit.accept(user=user, reason=why)
