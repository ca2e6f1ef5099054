"""What the rules of access hold up: what a second person signs for, samples, stops, reasons that are owed, and the log.

Nobody sees here whose data a request for a signature is about.
"""

from __future__ import annotations

from typing import Any

from cprsync.domain.desk.roles import Task
from cprsync.domain.person.days import day_of
from cprsync.language.audit import entry_document
from cprsync.services.desk.access import (
    check_sample,
    explain_look_up,
    lift_stop,
    list_requests,
    list_waiting,
    sign_attempt,
    watch_number,
)
from cprsync.services.ports.trust.audit import AuditFilter
from cprsync.services.trust.audit import FOUND_MOST, moments_of, search_log
from cprsync.services.trust.citizen import citizen_of, citizen_report, searched_citizen_of
from cprsync.web.api.calls import ApiCall, Caller, ItemNumber, router_for
from cprsync.web.api.patrons import read_number
from cprsync.web.api.shapes import asked, outcomes, watching

serving, signing = router_for(Task.SERVE), router_for(Task.SIGN)
checking, reading = router_for(Task.CHECK), router_for(Task.LOG)


@serving.get("/looks", response_model=watching.OpenLooks)
def list_open_looks(call: Caller) -> Any:
    """List the caller's own look-ups of people who did not become patrons, without a reason yet."""
    return {"open": _waiting(call)["open"]}


@serving.post("/looks/{number}/explain", response_model=watching.Explained)
def explain(call: Caller, number: ItemNumber, said: asked.Explain) -> Any:
    """Say why somebody who was looked up did not become a patron."""
    with call.place() as place:
        explain_look_up(place.desk.store, number, user=call.user, reason=said.reason)
    return {"number": number, "explained": True}


@signing.get("/requests", response_model=watching.Requests)
def list_what_waits_for_a_second(call: Caller) -> Any:
    """List what waits for a second person, the oldest first: who asks, and for what."""
    with call.place() as place:
        desk = place.desk
        return {"requests": list_requests(desk.store, user=call.user, now=desk.clock.now())}


@signing.post("/requests/{number}/sign", response_model=watching.Signed)
def sign(call: Caller, number: ItemNumber) -> Any:
    """Sign for what somebody else may not do alone. They send their request again; it holds once, for that alone."""
    with call.place() as place:
        sign_attempt(place.desk.store, number, by=call.user, now=place.desk.clock.now())
    return {"number": number, "signed": True}


@checking.get("/checks", response_model=watching.Checks)
def list_checks(call: Caller) -> Any:
    """List who is stopped, who reached a cap, and the samples that wait for a supervisor."""
    waiting = _waiting(call)
    return {name: waiting[name] for name in ("stopped", "capped", "samples")}


@checking.post("/checks/{number}/answer", response_model=watching.Checked)
def check(call: Caller, number: ItemNumber, found: asked.CheckBody) -> Any:
    """Write what was found of a sample. Nobody looks at their own."""
    with call.place() as place:
        check_sample(place.desk.store, number, is_in_order=found.in_order, by=call.user, reason=found.reason)
    return {"number": number, "in_order": found.in_order}


@checking.post("/checks/lift", response_model=watching.Lifted)
def lift(call: Caller, wanted: asked.Lift) -> Any:
    """Let somebody go on who was stopped."""
    with call.place() as place:
        lift_stop(place.desk.store, wanted.user, by=call.user, reason=wanted.reason)
    return {"user": wanted.user, "lifted": True}


@reading.post("/log/search", response_model=outcomes.Entries)
def search(call: Caller, wanted: asked.Search) -> Any:
    """List who did what when and why, the latest first. It holds no value of a record, and is in the log before.

    `patron`: a patron number, a card or a CPR number. Also what was done before they were a patron.
    """
    since, until = moments_of(*(None if one is None else day_of(one) for one in (wanted.since, wanted.until)))
    by = AuditFilter(by=wanted.by, since=since, until=until, purpose=wanted.purpose, limit=FOUND_MOST)
    with call.place() as place:
        desk = place.desk
        by = by if wanted.patron is None else searched_citizen_of(desk.store, wanted.patron).entries(by)
        found = search_log(desk.store, desk.policy, by, user=call.user)
        return {"agency": desk.agency, "entries": [entry_document(one) for one in found]}


@reading.post("/log/citizen", response_model=watching.CitizenReport)
def tell_citizen(call: Caller, wanted: asked.CitizenBody) -> Any:
    """Tell what a citizen may be told: when they were looked up, what for, and who was told. No employee is named."""
    with call.place() as place:
        store, name = place.desk.store, place.site.section.name
        return citizen_report(store, citizen_of(store, wanted.who), organisation=name, user=call.user)


@reading.post("/log/watch", response_model=watching.Watched)
def watch(call: Caller, wanted: asked.Watch) -> Any:
    """Let a second person sign for each look-up of a number, or end that."""
    with call.place() as place:
        number, ends = read_number(wanted.cpr_number), wanted.doing == "unwatch"
        return watch_number(place.desk.store, number, ends=ends, user=call.user)


def _waiting(call: ApiCall) -> dict[str, Any]:
    with call.place() as place:
        return list_waiting(place.desk.store, user=call.user, now=place.desk.clock.now())
