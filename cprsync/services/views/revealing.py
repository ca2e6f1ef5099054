"""Reveals one patron's sealed data to a user who gives a reason.

The store writes the audit entry first, and only then opens. Leaves out who may reveal: every user who may run the
program may.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cprsync.errors import ConfigurationError
from cprsync.services.desk.responsibles import list_minors
from cprsync.services.desk.showing import patron_document
from cprsync.services.ports.desk import PatronView, Reveal
from cprsync.services.ports.reason import checked_reason
from cprsync.services.views.finding import view_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.desk import Opened
    from cprsync.services.ports.run import Clock
    from cprsync.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class RecordViewer:
    """Where a record is looked at: one library's store and policy, and the user who looks."""

    agency: str
    store: Store
    clock: Clock
    policy: Policy
    user: str

    def shown(self, patron_id: str) -> dict[str, Any]:
        """One record as anyone at the desk may see it. Raises BadInput if there is no such patron."""
        return self._document(view_of(self.store, patron_id), None)

    def revealed(self, patron_id: str, *, reason: str) -> dict[str, Any]:
        """Same as `shown`, with the sealed fields opened. A record without sealed fields leaves no audit entry.

        Raises:
            BadInput: there is no such patron, or the reason cannot be kept; nothing is opened.
            ConfigurationError: there is no reason.
        """
        why, view = check_reason(reason), view_of(self.store, patron_id)
        document = self._document(view, None)
        fields = sealed_fields(document["fields"])
        if not fields:
            return document
        return self._document(view, self.store.views.reveal(Reveal(patron_id, fields, self.user, why)))

    def _document(self, view: PatronView, opened: Opened | None) -> dict[str, Any]:
        document = patron_document(
            view,
            self.policy,
            agency=self.agency,
            on=self.clock.today(),
            opened=opened,
            circulation=self.store.lending.circulation(view.patron.id),
        )
        # a reveal opens one record: a minor's sealed data stays sealed on the page of the person who answers
        document["answers_for"] = list_minors(self.store, view.patron.id, self.policy)
        return document if view.merged_into is None else document | {"merged_into": view.merged_into}


def check_reason(reason: str) -> str:
    """The reason as the audit keeps it.

    Raises:
        ConfigurationError: there is no reason.
        BadInput: the reason cannot be kept.
    """
    if not reason.strip():
        raise ConfigurationError("what is sealed opens for a reason only: --reason TEXT", kind="usage.reason")
    return checked_reason(reason)


def check_asked(*, reveal: bool, reason: str) -> None:
    """Check what was asked before anything is read: what is sealed opens for a reason, and a reason is only for that.

    Raises:
        ConfigurationError: there is a reason for nothing, or no reason.
        BadInput: the reason cannot be kept.
    """
    if reveal:
        check_reason(reason)
    elif reason:
        raise ConfigurationError("a reason is for --reveal: without it nothing is opened", kind="usage.reason")


def sealed_fields(fields: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of the sealed fields."""
    return tuple(name for name, entry in fields.items() if "sealed" in entry)
