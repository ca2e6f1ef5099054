"""Go on with an audit that does not hold together: an operator says so once, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cprsync.errors import ConfigurationError
from cprsync.services.ports.reason import checked_reason

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from cprsync.services.ports.values import AuditState


class AuditStore(Protocol):
    """What accepting an audit needs of the store."""

    def run_lock(self) -> AbstractContextManager[None]: ...

    def accept_audit(self, *, user: str, reason: str) -> AuditState:
        """Raises BadInput when there is nothing to accept."""
        ...


def accept_audit(store: AuditStore, *, user: str, reason: str) -> AuditState:
    """Take the audit as it is; returns what was wrong with it.

    Raises:
        BadInput: nothing is wrong, or the reason cannot be kept; nothing is written.
        ConfigurationError: there is no reason.
        RunBusy: a night is at work; nothing is written.
    """
    if not reason.strip():
        raise ConfigurationError(
            "whoever accepts an audit that is not whole says why: --reason TEXT", kind="usage.reason"
        )
    why = checked_reason(reason)
    with store.run_lock():
        return store.accept_audit(user=user, reason=why)
