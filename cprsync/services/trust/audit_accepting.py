"""Continues with an audit that fails its check: an operator accepts it once, with a reason."""

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
        """Accept the audit. Raises BadInput if nothing is wrong with it."""
        ...


def accept_audit(store: AuditStore, *, user: str, reason: str) -> AuditState:
    """Accept the audit as it is. Return what was wrong with it.

    Raises:
        BadInput: nothing is wrong, or the reason cannot be kept; nothing is written.
        ConfigurationError: there is no reason.
        RunBusy: a night is running; nothing is written.
    """
    if not reason.strip():
        raise ConfigurationError("say why you accept an audit that is not whole: --reason TEXT", kind="usage.reason")
    why = checked_reason(reason)
    with store.run_lock():
        return store.accept_audit(user=user, reason=why)
