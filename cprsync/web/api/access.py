"""What the rules of access hold up: what a second person signs for, samples, stops, reasons that are owed, and the log.

Nobody sees here whose data a request for a signature is about.
"""

from __future__ import annotations

from typing import Any

from cprsync.domain.desk.roles import Task
from cprsync.domain.person.days import day_of
from cprsync.language.audit import entry_document
from cprsync.services.desk.access import (
    Checked,
    Checks,
    Explained,
    Lifted,
    OpenLooks,
    Requests,
    Signed,
    Watched,
    check_sample,
    explain_look_up,
    lift_stop,
    list_checks,
    list_open_looks,
    list_requests,
    sign_attempt,
    watch_number,
)
from cprsync.services.ports.trust.audit import AuditFilter
from cprsync.services.trust.audit import FOUND_MOST, moments_of, search_log
from cprsync.services.trust.citizen import CitizenReport, citizen_of, citizen_report, searched_citizen_of
from cprsync.web.api.calls import Caller, ItemNumber, router_for
from cprsync.web.api.patrons import read_number
from cprsync.web.api.shapes import asked, outcomes

serving, signing = router_for(Task.SERVE), router_for(Task.SIGN)
checking, reading = router_for(Task.CHECK), router_for(Task.LOG)


@serving.get("/looks")
def list_what_owes_a_reason(call: Caller) -> OpenLooks:
    """List the caller's own look-ups of people who did not become patrons, without a reason yet."""
    with call.place() as place:
        return list_open_looks(place.desk.store, user=call.user, now=place.desk.clock.now())


@serving.post("/looks/{number}/explain")
def explain(call: Caller, number: ItemNumber, said: asked.Explain) -> Explained:
    """Say why somebody who was looked up did not become a patron."""
    with call.place() as place:
        return explain_look_up(place.desk.store, number, user=call.user, reason=said.reason)


@signing.get("/requests")
def list_what_waits_for_a_second(call: Caller) -> Requests:
    """List what waits for a second person, the oldest first: who asks, and for what."""
    with call.place() as place:
        return list_requests(place.desk.store, user=call.user, now=place.desk.clock.now())


@signing.post("/requests/{number}/sign")
def sign(call: Caller, number: ItemNumber) -> Signed:
    """Sign for what somebody else may not do alone. They send their request again; it holds once, for that alone."""
    with call.place() as place:
        return sign_attempt(place.desk.store, number, by=call.user, now=place.desk.clock.now())


@checking.get("/checks")
def list_what_waits_for_a_supervisor(call: Caller) -> Checks:
    """List who is stopped, who reached a cap, and the samples that wait for a supervisor."""
    with call.place() as place:
        return list_checks(place.desk.store, now=place.desk.clock.now())


@checking.post("/checks/{number}/answer")
def check(call: Caller, number: ItemNumber, found: asked.CheckBody) -> Checked:
    """Write what was found of a sample. Nobody looks at their own."""
    with call.place() as place:
        return check_sample(place.desk.store, number, is_in_order=found.in_order, by=call.user, reason=found.reason)


@checking.post("/checks/lift")
def lift(call: Caller, wanted: asked.Lift) -> Lifted:
    """Let somebody go on who was stopped."""
    with call.place() as place:
        return lift_stop(place.desk.store, wanted.user, by=call.user, reason=wanted.reason)


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


@reading.post("/log/citizen")
def tell_citizen(call: Caller, wanted: asked.CitizenBody) -> CitizenReport:
    """Tell what a citizen may be told: when they were looked up, what for, and who was told. No employee is named."""
    with call.place() as place:
        store, name = place.desk.store, place.site.section.name
        return citizen_report(store, citizen_of(store, wanted.who), organisation=name, user=call.user)


@reading.post("/log/watch")
def watch(call: Caller, wanted: asked.Watch) -> Watched:
    """Let a second person sign for each look-up of a number, or end that."""
    with call.place() as place:
        number, ends = read_number(wanted.cpr_number), wanted.doing == "unwatch"
        return watch_number(place.desk.store, number, ends=ends, user=call.user)
