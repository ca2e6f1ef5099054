"""How it stands, the nights that were and will be. No name, no address and no CPR number is in any of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import Query

from cprsync.doctor.status import look_at
from cprsync.documents import document_of
from cprsync.domain.desk.roles import Task
from cprsync.errors import BadInput
from cprsync.services.night.approving import HeldPlan, ShownPlan, approve_plan, show_plan
from cprsync.services.night.calendar import DAYS_MAX
from cprsync.services.night.history import (
    ChangesByKind,
    CountedForecast,
    DeliveryMonth,
    count_forecast,
    show_changes,
    show_deliveries,
)
from cprsync.web.api.calls import Caller, ItemNumber, router_for
from cprsync.web.api.shapes import asked, reports
from cprsync.web.approved_runs import run_approved_plan

seeing, approving, operating = router_for(Task.NIGHTS), router_for(Task.APPROVE), router_for(Task.OPERATE)
#: How far is looked back or ahead if nobody says.
_DAYS: Final = 30
Days = Annotated[int, Query(ge=1, le=DAYS_MAX)]
Before = Annotated[int | None, Query(ge=1, le=999_999_999)]
Month = Annotated[str | None, Query(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$")]


@seeing.get("/nights", response_model=reports.Nights)
def list_nights(call: Caller, before: Before = None, most: Days = DAYS_MAX) -> Any:
    """List the nights, the latest first. `before`: only those with a smaller number, for the next part of the list."""
    with call.place() as place:
        runs = place.desk.store.runs.list_runs(before=before, most=most)
        return {"runs": [document_of(one) for one in runs]}


@seeing.get("/nights/deliveries")
def show_month(call: Caller, month: Month = None) -> DeliveryMonth:
    """Show a month's deliveries day by day: taken, missing, late, or none expected. Without `month`: this one."""
    with call.place() as place:
        desk = place.desk
        day = desk.clock.today() if month is None else date.fromisoformat(f"{month}-01")
        return show_deliveries(desk.store, month=day, now=desk.clock.now())


@seeing.get("/nights/changes")
def show_changes_by_kind(call: Caller, days: Days = _DAYS) -> ChangesByKind:
    """Show what the nights of the last days changed, by kind."""
    with call.place() as place:
        return show_changes(place.desk.store, today=place.desk.clock.today(), days=days)


@seeing.get("/nights/forecast")
def show_forecast(call: Caller, days: Days = _DAYS) -> CountedForecast:
    """Count what the coming nights will do by themselves, day by day. No patron is named."""
    with call.place() as place:
        return count_forecast(place.desk, days=days)


@seeing.get("/nights/held")
def show_held_plan(call: Caller) -> HeldPlan | ShownPlan:
    """Show the plan that a limit has held, and who has approved it. `plan` is null if no night is held."""
    with call.place() as place:
        desk = place.desk
        return show_plan(desk.store, agency=desk.agency, now=desk.clock.now())


@approving.post("/nights/held/approve")
def approve_held_plan(call: Caller, yes: asked.PlanYesBody) -> HeldPlan:
    """Approve the held plan, as one of two people. The next night writes it if it begins within four hours."""
    with call.place() as place:
        desk, said = place.desk, {"user": call.user, "reason": yes.reason}
        return approve_plan(desk.store, agency=desk.agency, now=desk.clock.now(), plan=yes.plan, said=said)


@operating.post("/nights/held/run", response_model=reports.StartedRun)
def run_held_plan(call: Caller, wanted: asked.PlanRun) -> Any:
    """Run the night that writes the approved plan, or the undo that does, now instead of later.

    What takes longer than five seconds goes on beside: `run` is null, and `/nights` lists it when it has ended.
    """
    with call.place(asks=True) as place:
        started = run_approved_plan(place, wanted.plan, user=call.user, reason=wanted.reason)
        return {"undoes": started.undoes, "run": started.run}


@seeing.get("/nights/{number}", response_model=reports.NightReport)
def show_night(call: Caller, number: ItemNumber) -> Any:
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
        return document_of(look_at(place.site, place.desk.store))
