"""How it stands, and the nights that were. No name, no address and no CPR number is in any of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from cprsync.domain.desk.roles import Task
from cprsync.errors import BadInput
from cprsync.services.trust.audit import status_of
from cprsync.web.api.calls import Caller, router_for
from cprsync.web.api.shapes import reports

seeing = router_for(Task.NIGHTS)


@seeing.get("/nights", response_model=reports.Nights)
def list_nights(call: Caller) -> Any:
    """List the nights, the latest first."""
    with call.place() as place:
        return {"runs": place.desk.store.runs.documents()}


@seeing.get("/nights/{number}", response_model=reports.NightReport)
def show_night(call: Caller, number: Annotated[int, Path(ge=1, le=999_999_999)]) -> Any:
    """Show one night's report, number by number."""
    with call.place() as place:
        store = place.desk.store
        document = store.runs.document(number)
        if document is None:
            raise BadInput("there is no run {run}", run=number, kind="run.unknown")
        return {**document, "items": store.runs.items(number)}


@seeing.get("/status", response_model=reports.Status)
def show_status(call: Caller) -> Any:
    """Show how it stands: the last night, what waits, the audit, certificates and keys."""
    with call.place() as place:
        desk, site = place.desk, place.site
        return status_of(
            desk.store,
            agency=desk.agency,
            name=site.section.name,
            now=desk.clock.now(),
            certificates=site.certificates(),
        )
