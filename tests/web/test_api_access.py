"""The rules of access through the API: a second person, stops, samples, reasons that are owed, and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from callers import calling, records, refusal
from doubles import AGENCY
from said_yes import register
from test_access_rules import stranger
from test_checks_and_log import desk_of, stop
from test_checks_and_log import guarded as guarded  # noqa: PLC0414 -- the same desk
from test_second_person import served as served  # noqa: PLC0414 -- and the one at which `disk` is a patron
from test_setting import set_
from test_sign_in import accounts_file as accounts_file  # noqa: PLC0414 -- the same people
from test_sign_in import sign_in
from townspeople import cpr, person

from cprsync.documents import document_of
from cprsync.domain.desk.settable import settable
from cprsync.domain.patron.patron import Purpose
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.access import list_held_up
from cprsync.services.desk.lookup import Asked, look_up
from cprsync.services.night.calendar import foresee
from cprsync.services.night.history import show_changes, show_deliveries
from cprsync.web.api.shapes.asked import FieldToSet

if TYPE_CHECKING:
    from browser import Served
    from callers import Caller

TELEPHONE = {"field": "telephones", "text": "20304050"}


def as_(desk: Served, name: str) -> Caller:
    return calling(desk, sign_in(desk, name))


def waiting(desk: Served, user: str) -> Any:
    store, clock = desk.library.store, desk.library.clock
    return document_of(list_held_up(store, agency=AGENCY, user=user, now=clock.now()))


# -- a second person -------------------------------------------------------------------------------------------


def test_ones_own_record_is_changed_once_a_colleague_has_signed_and_only_so(served: tuple[Served, str]) -> None:
    desk, own = served
    staff, boss = as_(desk, "disk"), as_(desk, "leder")
    path, before = f"/patrons/{own}/fields", records(desk)
    refused = staff.post(path, TELEPHONE)
    assert (refused.status_code, refused.json()["kind"]) == (403, "access.second")
    attempt = refused.json()["attempt"]
    refusal(staff.post(f"/requests/{attempt}/sign", {}), 403, "session.role")
    assert records(desk) == before
    (wanted,) = [one for one in boss.get("/requests").json()["requests"] if one["number"] == attempt]
    assert (wanted["user"], wanted["is_own"]) == ("disk", False)
    assert own not in boss.get("/requests").text
    # it takes no body, as its description says
    signed = boss.jar.post(f"{boss.url}/requests/{attempt}/sign", headers={"X-CSRF-Token": boss.token}, timeout=20)
    assert signed.json() == {"number": attempt, "signed": True}
    assert staff.post(path, {**TELEPHONE, "text": "30405060", "doing": "replace"}).status_code == 403
    assert staff.post(path, TELEPHONE).json()["done"]["outcome"] == "added"
    # once, and for that alone
    before = records(desk)
    assert staff.post(path, TELEPHONE).status_code == 403
    assert records(desk) == before


def test_nobody_signs_for_themselves_or_for_what_nobody_asked(guarded: Served) -> None:
    before = records(guarded)
    refusal(as_(guarded, "leder").post("/requests/4711/sign", {}), 404, "access.unknown")
    assert records(guarded) == before


# -- stops, samples and reasons ----------------------------------------------------------------------------------


def test_who_is_stopped_goes_on_once_a_supervisor_says_why(guarded: Served) -> None:
    stop(guarded.library, "disk")
    staff, boss, asked = as_(guarded, "disk"), as_(guarded, "leder"), len(guarded.library.register.looked_up)
    look = {"cpr_number": cpr("ANNA").digits, "purpose": "debt"}
    refusal(staff.post("/look-ups", look), 403, "access.stopped")
    assert len(guarded.library.register.looked_up) == asked
    assert boss.get("/checks").json()["stopped"] == ["disk"]
    refusal(boss.post("/checks/lift", {"user": "disk", "reason": " "}), 422, "request.reason")
    assert boss.get("/checks").json()["stopped"] == ["disk"]
    assert boss.post("/checks/lift", {"user": "disk", "reason": "typed old cards"}).json()["lifted"]
    assert staff.post("/look-ups", look).status_code == 200


def test_staff_say_why_a_look_up_made_no_patron_and_a_supervisor_looks_at_it(guarded: Served) -> None:
    library = guarded.library
    library.register.knows(stranger(1))
    look_up(desk_of(library), Asked(stranger(1).number, Purpose.REGISTRATION, "disk"))
    staff, boss = as_(guarded, "disk"), as_(guarded, "leder")
    assert staff.get("/looks").json() == {"open": waiting(guarded, "disk")["open"]}
    (number,) = [one["number"] for one in staff.get("/looks").json()["open"]]
    before = records(guarded)
    typed = staff.post(f"/looks/{number}/explain", {"reason": f"it was {cpr('ANNA').digits}"})
    refusal(typed, 422, "input.reason")
    assert cpr("ANNA").digits not in typed.text
    # a colleague's look-up is nobody else's to explain
    refusal(boss.post(f"/looks/{number}/explain", {"reason": "went home"}), 404, "access.unknown")
    assert records(guarded) == before
    assert staff.post(f"/looks/{number}/explain", {"reason": "went home"}).json()["explained"]
    (sample,) = boss.get("/checks").json()["samples"]
    assert (sample["number"], sample["why"], sample["reason"]) == (number, "stranger", "went home")
    found = {"in_order": True, "reason": "she was there"}
    assert boss.post(f"/checks/{number}/answer", found).json() == {"number": number, "in_order": True}
    refusal(boss.post(f"/checks/{number}/answer", found), 404, "access.unknown")


# -- the log -----------------------------------------------------------------------------------------------------


def test_the_privacy_officer_finds_who_looked_and_is_in_the_log_themselves(guarded: Served) -> None:
    library = guarded.library
    look_up(desk_of(library), Asked(cpr("ANNA"), Purpose.DEBT, "disk"))
    officer, day = as_(guarded, "privat"), library.clock.today().isoformat()
    wanted = {"by": "disk", "since": day, "until": day, "purpose": "debt", "patron": library.id_of("ANNA")}
    (entry,) = officer.post("/log/search", wanted).json()["entries"]
    assert (entry["who"], entry["what"], entry["why"]) == ("disk", "lookup", "debt")
    assert officer.post("/log/search", {"by": "disk", "purpose": "renewal"}).json()["entries"] == []
    assert officer.post("/log/search", {"by": "privat"}).json()["entries"]
    before = len(officer.post("/log/search", {"by": "privat"}).json()["entries"])
    assert officer.post("/log/search", {"since": "2027-02-31"}).status_code == 422
    assert len(officer.post("/log/search", {"by": "privat"}).json()["entries"]) == before + 1


def test_a_cpr_number_finds_the_look_up_that_made_the_patron(guarded: Served) -> None:
    library = guarded.library
    library.register.knows(person("EDITH"))
    edith = register(desk_of(library), Asked(cpr("EDITH"), Purpose.REGISTRATION, "disk")).document["patron"]
    officer = as_(guarded, "privat")
    for whom in (cpr("EDITH").digits, edith):
        found = officer.post("/log/search", {"patron": whom, "purpose": "registration"})
        assert [(one["who"], one["patron"]) for one in found.json()["entries"]] == [("disk", edith)]
        assert cpr("EDITH").digits not in found.text
    told = officer.post("/log/citizen", {"who": edith}).json()["looks"]
    assert ("lookup", "registration") in [(one["what"], one["why"]) for one in told]
    refusal(officer.post("/log/search", {"patron": "nobody"}), 422, "input.number")


def test_a_citizen_is_told_who_by_which_library_and_no_employee(guarded: Served) -> None:
    look_up(desk_of(guarded.library), Asked(cpr("ANNA"), Purpose.DEBT, "disk"))
    told = as_(guarded, "privat").post("/log/citizen", {"who": cpr("ANNA").digits})
    assert ("debt", "Byens bibliotek") in [(one["why"], one["organisation"]) for one in told.json()["looks"]]
    assert "disk" not in told.text
    assert cpr("ANNA").digits not in told.text


def test_a_watched_number_takes_a_second_person_until_it_is_watched_no_more(guarded: Served) -> None:
    officer, staff = as_(guarded, "privat"), as_(guarded, "disk")
    look = {"cpr_number": cpr("ANNA").digits, "purpose": "debt"}
    wanted = {"cpr_number": cpr("ANNA").digits, "doing": "watch"}
    assert [officer.post("/log/watch", wanted).json()["outcome"] for _ in range(2)] == ["watched", "unchanged"]
    assert staff.post("/look-ups", look).json()["kind"] == "access.second"
    assert guarded.library.register.looked_up == []
    assert officer.post("/log/watch", {**wanted, "doing": "unwatch"}).json()["outcome"] == "unwatched"
    assert staff.post("/look-ups", look).status_code == 200


# -- what forms and pictures need ----------------------------------------------------------------------------------


def test_the_library_says_which_fields_may_be_set_and_with_what(desk: Served, api: Caller) -> None:
    told = api.get("/library").json()
    fields = {one["field"]: one for one in told["fields"]}
    assert fields.keys() >= set(settable())
    assert fields["municipality"]["choices"] == sorted(load_municipalities().homes()) == list(told["municipalities"])
    assert (fields["telephones"]["is_list"], fields["pin"]["is_hidden"]) == (True, True)
    extra: Any = FieldToSet.__metadata__[-1]  # type: ignore[attr-defined]  # it is annotated
    assert set(extra.json_schema_extra["enum"]) == set(fields)


@pytest.mark.parametrize("query", ["", "?month=2027-02"])
def test_a_month_of_deliveries_is_the_pages_document(desk: Served, api: Caller, query: str) -> None:
    library = desk.library
    day = library.clock.today().replace(month=2, day=1) if query else library.clock.today()
    month = show_deliveries(library.store, month=day, now=library.clock.now())
    assert api.get(f"/nights/deliveries{query}").json() == document_of(month)


def test_changes_and_forecast_are_told_in_counts_and_name_no_patron(desk: Served, api: Caller) -> None:
    library = desk.library
    today = library.clock.today()
    for key in ("ANNA", "CLARA"):
        set_(library, "absence", "2027-04-10 til 2027-04-20", key=key)
    assert api.get("/nights/changes?days=7").json() == document_of(show_changes(library.store, today=today, days=7))
    told = api.get("/nights/forecast?days=366").json()
    events = foresee(library.store, library.policy, today=today, days=366).events
    assert sum(one["count"] for one in told["events"]) == len(events)
    assert 2 in [one["count"] for one in told["events"]]
    assert not [one for one in events if one.patron and one.patron in str(told)]
