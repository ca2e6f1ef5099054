"""Finds the record for a question about a patron, or says why there is none. Shows nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.patron.local import Stage
from cprsync.errors import BadInput

if TYPE_CHECKING:
    from cprsync.services.ports.desk import PatronView
    from cprsync.services.ports.store import Store


def view_of(store: Store, patron_id: str) -> PatronView:
    """A record, also an emptied one, or the shell of a merged one. Raises BadInput if there is none."""
    view = store.views.patron(patron_id)
    if view is None and store.leaving.was_given(patron_id):
        raise BadInput("the patron has left or was erased, and nothing is left of the record", kind="patron.gone")
    if view is None:
        raise BadInput("there is no such patron", kind="patron.unknown")
    return view


def unmerged_view_of(store: Store, patron_id: str) -> PatronView:
    """Same as `view_of`, but raises BadInput for a merged patron: the record that it was merged into answers."""
    view = view_of(store, patron_id)
    if view.merged_into is not None:
        raise BadInput(
            "the patron was merged into {merged_into}: ask for that record",
            merged_into=view.merged_into,
            kind="patron.merged",
        )
    return view


def living_view_of(store: Store, patron_id: str) -> PatronView:
    """Same as `unmerged_view_of`, but raises BadInput for a patron who has left: nothing is kept to answer from."""
    view = unmerged_view_of(store, patron_id)
    if view.stage is Stage.CLOSED:
        raise BadInput("the patron has left: nothing is kept of them", kind="patron.closed")
    return view
