"""Patrons who leave and who are erased: nothing is looked up, nothing subscribed, and nothing of them comes back."""

from __future__ import annotations

import io
import itertools
import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from culr_double import CulrDouble
from doubles import AGENCY, FRIDAY, MONDAY, TUESDAY, Killed, Library, happened, unowned, unseen
from kills import is_closed, killed, lived_whole, sample
from sqlalchemy import insert, update
from townspeople import cpr, gains_protection, moves, person
from whole import patron_ids, verify_audit

from cprsync.domain.netmedia.account import Identity, IdType
from cprsync.domain.patron.local import Local
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.domain.person.person import Person
from cprsync.domain.policy.policy import Harm, RetentionDays
from cprsync.errors import BadInput, NetMediaUnavailable, RegisterUnavailable, RunBusy
from cprsync.language.record import record_lines
from cprsync.services.desk.lookup import Asked, Desk, look_up
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.viewing import RecordViewer
from cprsync.services.imports.patrons import Importing, import_patrons
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.lending.standing import Standings
from cprsync.services.night.dry_run import plan_night
from cprsync.services.ports.patrons import NewPatron
from cprsync.store import tables
from cprsync.store.beside.journal import NO_NUMBER, JournalEntry
from cprsync.store.lending.circulation import seal_payload
from cprsync.store.seals.failures import JournalBehind

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Table

    from cprsync.services.lending.standing import ShownStanding


def exit_of(library: Library) -> LeavingDesk:
    return LeavingDesk(library, "lisbeth")


def leave(library: Library, patron: str) -> dict[str, Any]:
    return said_yes.leave(exit_of(library), patron)


def erase(library: Library, patron: str) -> dict[str, Any]:
    return said_yes.erase(exit_of(library), patron)


def lookup(library: Library, key: str, *, register: bool = False, user: str = "lisbeth") -> dict[str, Any]:
    desk = Desk(AGENCY, library.store, library.register, library.clock, library.policy)
    asked = Asked(cpr(key), Purpose.REGISTRATION, user)
    return (said_yes.register if register else look_up)(desk, asked).document


def owes(library: Library, patron: str, table: Table, number: int = 1, **days: Any) -> None:
    """One loan, balance or message of hers."""
    tenant = library.store._tenant
    sealed = seal_payload(tenant, table, b'{"title":"Skovens dyr"}', patron_id=patron, row_id=number)
    row = {"agency": AGENCY, "id": number, "patron_id": patron, "source_id": f"s{number}", **sealed, **days}
    with library.engine.begin() as connection:
        connection.execute(insert(table).values(row))


def is_settled(library: Library, table: Table, **days: Any) -> None:
    with library.engine.begin() as connection:
        connection.execute(update(table).values(days))


def columns(library: Library, patron: str, **values: Any) -> None:
    with library.engine.begin() as connection:
        connection.execute(update(tables.patron).where(tables.patron.c.id == patron).values(values))


def rows_of(library: Library, patron: str) -> dict[str, int]:
    """How many rows name her, by table; the audit, its attempts and the numbers ever given do so after she is gone."""
    keys = ("patron_id", "id", "about", "responsible_id")
    counts = {
        table: sum(any(row.get(key) == patron for key in keys) for row in rows)
        for table, rows in library.everything().items()
        if table not in {"audit", "desk_attempt", "issued_id"}
    }
    return {table: count for table, count in counts.items() if count}


def told(library: Library, patron: str) -> list[dict[str, Any]]:
    """What waits for the net media."""
    rows = [row for row in library.rows("outbox") if row["patron_id"] == patron]
    return [json.loads(bytes.fromhex(row["payload"])) for row in sorted(rows, key=lambda row: row["version"])]


def standing(library: Library, patron: str) -> str | None:
    rows = {row["id"]: row["standing"] for row in library.rows("patron")}
    return rows.get(patron)


def merge(library: Library, closes: str, keeps: str) -> None:
    library.store.desk.ask_staff(closes, BOTH_PATRONS, about=keeps)
    desk = StaffReviews(library, "lone")
    (number,) = [one["id"] for one in desk.listed() if (one["patron"], one["kind"]) == (closes, BOTH_PATRONS)]
    desk.accept(number)


def calls(library: Library) -> tuple[int, int]:
    return len(library.register.looked_up), len(library.register.subscribed)


# -- leaving ----------------------------------------------------------------------------------------------


def test_the_record_of_whoever_has_nothing_open_is_emptied_at_once_and_nobody_is_asked(either_library: Library) -> None:
    library, anna, before = either_library, either_library.id_of("ANNA"), calls(either_library)
    assert leave(library, anna) == {
        "patron": anna,
        "standing": "leaving",
        "since": "2027-03-20",
        "open": {},
        "dropped": {"reservations": 0},
        "waits": {"subscriptions": 1, "accounts": 0, "targets": []},
    }
    assert library.store.patrons.find(cpr("ANNA")) is None
    assert calls(library) == before
    assert library.register.unsubscribed == []
    verify_audit(library.store)


def test_the_night_after_she_is_unsubscribed_and_that_is_confirmed(either_library: Library) -> None:
    library, anna = either_library, either_library.id_of("ANNA")
    the_net_media_know(library)
    leave(library, anna)
    report = library.night()
    assert (report.exit_code, report.counts.unsubscribed) == (4, 1)
    assert cpr("ANNA") not in library.register.listed
    assert set(rows_of(library, anna)) == {"patron", "outbox", "account", "plan_row"}
    assert (leave(library, anna)["standing"], leave(library, anna)["waits"]) == (
        "leaving",
        {"subscriptions": 0, "accounts": 1, "targets": []},
    )
    the_net_media_are_told(library)
    assert library.night().exit_code == 0
    assert rows_of(library, anna) == {}
    assert leave(library, anna)["standing"] == "closed"
    assert library.net_media is not None
    assert account_of("ANNA") not in library.net_media.ours()


def test_of_an_account_that_was_never_offered_nobody_hears(library: Library) -> None:
    anna = library.id_of("ANNA")
    leave(library, anna)
    assert told(library, anna) == []
    library.night()
    assert rows_of(library, anna) == {}


def test_the_net_media_are_told_to_delete_her_and_nothing_else_waits(library: Library) -> None:
    anna = library.id_of("ANNA")
    the_net_media_know(library)
    leave(library, anna)
    assert told(library, anna) == [
        {
            "delete": True,
            "municipalityNo": "",
            "sweep": True,
            "userIdType": "CPR",
            "userIdValue": cpr("ANNA").digits,
        }
    ]


def test_a_closed_record_holds_nothing_of_her(library: Library) -> None:
    anna = library.id_of("ANNA")
    the_net_media_know(library)
    leave(library, anna)
    library.night()
    view = library.store.views.patron(anna)
    assert view is not None
    assert (view.register, view.local, library.row(anna)["municipality"]) == (Person(cpr("ANNA")), Local(), None)
    assert library.store.patrons.read([anna]) == []


@pytest.mark.parametrize(
    ("table", "days", "over"),
    [
        (tables.loan, {"due": TUESDAY, "returned": None}, {"returned": MONDAY}),
        (tables.balance, {"raised": FRIDAY, "settled": None, "kind": "fee"}, {"settled": MONDAY}),
    ],
    ids=["loan", "balance"],
)
def test_whoever_has_something_open_leaves_when_it_is_settled(
    either_library: Library, table: Table, days: dict[str, Any], over: dict[str, Any]
) -> None:
    library, anna = either_library, either_library.id_of("ANNA")
    owes(library, anna, table, **days)
    asked = leave(library, anna)
    assert (asked["standing"], asked["open"]) == ("leaving", {table.name + ("s" if table.name == "loan" else ""): 1})
    assert leave(library, anna) == asked
    assert library.night().counts.departed.closed == 0
    assert cpr("ANNA") in library.register.listed
    is_settled(library, table, **over)
    library.clock.moment += timedelta(days=1)
    report = library.one_night()
    assert report.document()["leaving"] == {"closed": 1, "asked": 0, "again": 0}
    assert cpr("ANNA") not in library.register.listed
    library.nothing_is_left()
    assert standing(library, anna) == "closed"


def test_whoever_answers_for_a_minor_waits_until_she_does_no_more(library: Library) -> None:
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    link = {"agency": AGENCY, "patron_id": clara, "responsible_id": anna, "since": FRIDAY, "until": None}
    with library.engine.begin() as connection:
        connection.execute(insert(tables.responsible).values(link))
    assert leave(library, anna)["open"] == {"responsible": 1}
    is_settled(library, tables.responsible, until=FRIDAY)
    assert leave(library, anna)["open"] == {}
    assert standing(library, anna) == "closed"


def test_a_loan_that_never_came_back_keeps_nobody_once_it_is_paid_for(library: Library) -> None:
    anna = library.id_of("ANNA")
    owes(library, anna, tables.loan, due=FRIDAY)
    owes(library, anna, tables.balance, 2, raised=FRIDAY, settled=None, kind="compensation", loan_source="s1")
    assert leave(library, anna)["open"] == {"loans": 1, "balance": 1}
    is_settled(library, tables.balance, settled=FRIDAY)
    assert leave(library, anna)["open"] == {}


def test_whoever_is_leaving_borrows_no_more_and_the_desk_says_why(library: Library) -> None:
    anna = library.id_of("ANNA")
    desk = Standings(library)
    assert "leaving" not in rules_of(desk.standing(anna))
    owes(library, anna, tables.loan, due=TUESDAY)
    leave(library, anna)
    assert desk.standing(anna).may_borrow.answer is False
    assert "leaving" in rules_of(desk.standing(anna))
    is_settled(library, tables.loan, returned=MONDAY)
    leave(library, anna)
    with pytest.raises(BadInput) as refused:
        desk.standing(anna)
    assert refused.value.kind == "patron.closed"


def rules_of(standing: ShownStanding) -> set[str]:
    return {given.rule for given in standing.may_borrow.rules}


def test_what_she_paid_is_kept_as_long_as_the_library_says_and_then_her_last_row_goes(library: Library) -> None:
    anna = library.id_of("ANNA")
    owes(library, anna, tables.balance, raised=FRIDAY, settled=FRIDAY, kind="fee")
    leave(library, anna)
    the_net_media_are_told(library)
    library.night()
    assert rows_of(library, anna)["balance"] == 1
    library.clock.moment += timedelta(days=40)
    library.night()
    assert rows_of(library, anna) == {}


def account_of(key: str) -> Identity:
    return Identity(IdType.CPR, cpr(key).digits)


def the_net_media_know(library: Library) -> None:
    """They have heard of everyone by now; until they answer again, what follows waits."""
    library.net_media = CulrDouble()
    library.night()
    library.net_media.down = NetMediaUnavailable("no answer")


def the_net_media_are_told(library: Library) -> None:
    """From the next night on they answer."""
    library.net_media = library.net_media or CulrDouble()
    library.net_media.down = None


def test_a_closing_names_how_many_reservations_it_dropped_and_only_those_that_were_open(library: Library) -> None:
    anna = library.id_of("ANNA")
    owes(library, anna, tables.reservation, 1, placed=FRIDAY)
    owes(library, anna, tables.reservation, 2, placed=FRIDAY)
    owes(library, anna, tables.reservation, 3, placed=FRIDAY, cancelled=MONDAY)
    owes(library, library.id_of("BO"), tables.reservation, 4, placed=FRIDAY)
    assert leave(library, anna)["dropped"] == {"reservations": 2}
    before = library.everything()
    assert leave(library, anna)["dropped"] == {"reservations": 0}
    assert library.everything() == before
    assert [row["patron_id"] for row in before["reservation"]] == [library.id_of("BO")]


def test_whoever_waits_to_leave_keeps_her_reservations(library: Library) -> None:
    anna = library.id_of("ANNA")
    owes(library, anna, tables.reservation, 1, placed=FRIDAY)
    owes(library, anna, tables.loan, due=TUESDAY)
    assert leave(library, anna)["dropped"] == {"reservations": 0}
    assert len(library.rows("reservation")) == 1


@pytest.mark.parametrize("apply", [False, True])
def test_an_import_that_takes_a_wish_to_leave_back_counts_it_and_says_whose(library: Library, apply: bool) -> None:
    anna = library.id_of("ANNA")
    owes(library, anna, tables.loan, due=TUESDAY)
    leave(library, anna)
    listed = f"cpr_number\n{cpr('ANNA').digits}\n{cpr('BO').digits}\n".encode()
    before = library.everything()
    told = import_patrons(io.BytesIO(listed), Importing(library.store, MONDAY, apply=apply)).document()
    assert (told["updated"], told["unchanged"], told["stays"]) == (1, 1, [anna])
    assert (library.everything() == before) is not apply
    if apply:
        again = import_patrons(io.BytesIO(listed), Importing(library.store, MONDAY, apply=True)).document()
        assert (again["updated"], again["unchanged"], again["stays"]) == (0, 2, [])


def test_a_late_delivery_is_not_ours_once_she_is_closed(library: Library) -> None:
    anna = library.id_of("ANNA")
    leave(library, anna)
    library.deliver(MONDAY, moves(person("ANNA")), person("CLARA"))
    report = library.night()
    assert library.items(report) == [("not_ours", None), ("unchanged", None)]
    assert library.register.looked_up == []


def test_a_request_before_the_first_copy_leaves_no_row_and_asks_nobody(either_library: Library) -> None:
    library = either_library
    library.enrol("HENRIK")
    library.register.knows(person("HENRIK"))
    henrik, before = library.id_of("HENRIK"), calls(library)
    leave(library, henrik)
    library.night()
    assert rows_of(library, henrik) == {}
    assert calls(library) == before


def test_whoever_leaves_with_a_loan_before_the_first_night_is_not_begun_with(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.knows(person("HENRIK"))
    henrik, before = library.id_of("HENRIK"), calls(library)
    owes(library, henrik, tables.loan, due=TUESDAY)
    leave(library, henrik)
    library.night()
    assert calls(library) == before
    assert standing(library, henrik) == "leaving"


def test_an_open_question_is_closed_with_her(library: Library) -> None:
    library.register.failures[cpr("BO")] = RegisterUnavailable("no answer")
    library.deliver(MONDAY, person("BO"))
    assert library.one_night().exit_code == 4
    assert library.questions() == [(library.id_of("BO"), "protection_end")]
    leave(library, library.id_of("BO"))
    library.register.looked_up.clear()
    assert library.questions() == []
    library.night()
    assert library.register.looked_up == []


def test_a_request_is_refused_while_a_night_is_at_work(library: Library) -> None:
    before = library.everything()
    with library.store.runs.lock(), pytest.raises(RunBusy):
        leave(library, library.id_of("ANNA"))
    assert unseen(library.everything()) == unseen(before)


@pytest.mark.parametrize("do", [leave, erase])
def test_nobody_leaves_who_is_no_patron(library: Library, do: Any) -> None:
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        do(library, "99999999")
    assert refused.value.kind == "patron.unknown"
    assert library.everything() == before


# -- coming back ------------------------------------------------------------------------------------------


def test_an_import_keeps_whoever_was_leaving(library: Library) -> None:
    anna = library.id_of("ANNA")
    owes(library, anna, tables.loan, due=TUESDAY)
    leave(library, anna)
    library.enrol("ANNA")
    assert standing(library, anna) == "active"
    assert happened(library.everything())["return", anna] == 1


def test_a_registration_keeps_whoever_was_leaving(library: Library) -> None:
    anna = library.id_of("ANNA")
    owes(library, anna, tables.loan, due=TUESDAY)
    leave(library, anna)
    assert lookup(library, "ANNA", register=True)["patron"] == anna
    assert standing(library, anna) == "active"


def test_a_look_up_that_registers_nobody_keeps_nobody(library: Library) -> None:
    anna = library.id_of("ANNA")
    owes(library, anna, tables.loan, due=TUESDAY)
    leave(library, anna)
    lookup(library, "ANNA")
    assert standing(library, anna) == "leaving"


@pytest.mark.parametrize("nights_between", [0, 1])
@pytest.mark.parametrize("shared", [False, True])
def test_whoever_registers_after_she_was_closed_is_someone_new(
    library: Library, nights_between: int, *, shared: bool
) -> None:
    library.shared = shared
    anna = library.id_of("ANNA")
    leave(library, anna)
    for _ in range(nights_between):
        library.night()
    registered = lookup(library, "ANNA", register=True)
    new = registered["patron"]
    assert new not in {None, anna}
    assert [one["kind"] for one in registered["warnings"]] == ["left_before"]
    assert [one["kind"] for one in lookup(library, "ANNA", register=True)["warnings"]] == ["patron_same"]
    library.night()
    assert cpr("ANNA") in library.register.listed
    # whose the number is at the register goes over to the new record, so that the old one need not stay for it
    assert "subscription" not in rows_of(library, anna)
    leave(library, new)
    library.night()
    assert cpr("ANNA") not in library.register.listed


# -- by policy --------------------------------------------------------------------------------------------


def test_whoever_was_not_seen_for_the_policys_days_leaves_by_herself(either_library: Library) -> None:
    library = either_library
    anna, bo, clara = (library.id_of(key) for key in ("ANNA", "BO", "CLARA"))
    long_ago = library.clock.today() - timedelta(days=1096)
    for patron in (anna, bo, clara):
        columns(library, patron, last_seen=long_ago)
    columns(library, clara, last_seen=long_ago + timedelta(days=1))
    owes(library, bo, tables.loan, due=TUESDAY)
    report = library.one_night()
    assert report.document()["leaving"] == {"closed": 1, "asked": 1, "again": 0}
    library.nothing_is_left()
    assert [standing(library, one) for one in (anna, bo, clara)] == [None, "active", "active"]
    assert library.register.unsubscribed == [cpr("ANNA")]


def test_whoever_was_never_seen_counts_from_her_registration(library: Library) -> None:
    library.policy = replace(library.policy, retention=RetentionDays(inactive_days=100))
    columns(library, library.id_of("BO"), last_seen=library.clock.today())
    library.clock.moment += timedelta(days=101)
    columns(library, library.id_of("CLARA"), last_seen=library.clock.today())
    assert library.night().counts.departed.asked == 3
    assert patron_ids(library.store) == [library.id_of("CLARA")]


def test_a_library_that_sets_no_days_asks_nobody(library: Library) -> None:
    library.policy = replace(library.policy, retention=RetentionDays(inactive_days=0))
    library.clock.moment += timedelta(days=4000)
    assert library.one_night().counts.departed.asked == 0


@pytest.mark.parametrize(("limit", "stops"), [(1, True), (2, False)])
def test_more_who_leave_than_the_limit_stop_the_night_before_the_first(
    library: Library, limit: int, *, stops: bool
) -> None:
    library.limit(Harm.UNSUBSCRIBED, limit)
    for key in ("ANNA", "BO"):
        columns(library, library.id_of(key), last_seen=date(2020, 1, 1))
    before = library.rows("patron")
    report = library.one_night()
    assert report.exit_code == (5 if stops else 0)
    assert report.counts.departed.closed == (0 if stops else 2)
    assert (library.rows("patron") == before) is stops
    assert len(library.register.unsubscribed) == (0 if stops else 2)


def test_those_who_leave_and_those_whom_the_register_is_to_forget_count_together(library: Library) -> None:
    library.limit(Harm.UNSUBSCRIBED, 1)
    leave(library, library.id_of("ANNA"))
    columns(library, library.id_of("BO"), last_seen=date(2020, 1, 1))
    report = library.one_night()
    assert [(one.harm, one.count, one.limit) for one in report.planned.excess] == [(Harm.UNSUBSCRIBED, 2, 1)]
    assert library.register.unsubscribed == []


def test_a_night_that_is_only_planned_tells_who_would_leave_and_closes_nobody(library: Library) -> None:
    columns(library, library.id_of("ANNA"), last_seen=date(2020, 1, 1))
    before = library.everything()
    report = plan_night(library.ports())
    assert report.document()["leaving"] == {"closed": 1, "asked": 1, "again": 0}
    assert unowned(library.everything()) == unowned(before)


# -- erasing ----------------------------------------------------------------------------------------------


def test_an_erasure_is_refused_while_something_is_open_and_says_what(library: Library) -> None:
    anna = library.id_of("ANNA")
    owes(library, anna, tables.loan, due=TUESDAY)
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        erase(library, anna)
    assert (refused.value.kind, "loans 1" in refused.value.message) == ("patron.open", True)
    assert library.everything() == before
    assert not (library.folder / "erase-journal.log").exists()


def full_of(library: Library) -> str:
    """ANNA with all that a record may have."""
    anna = library.id_of("ANNA")
    the_net_media_know(library)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"), person("BO"))
    library.register.failures[cpr("BO")] = RegisterUnavailable("no answer")
    library.one_night()
    owes(library, anna, tables.loan, due=FRIDAY, returned=MONDAY)
    owes(library, anna, tables.balance, raised=FRIDAY, settled=MONDAY, kind="fee")
    owes(library, anna, tables.reservation, placed=FRIDAY)
    owes(library, anna, tables.message, sent=FRIDAY)
    return anna


def test_an_erased_patron_is_in_no_row_but_the_audit_and_the_numbers_ever_given(either_library: Library) -> None:
    library = either_library
    anna = full_of(library)
    asked = calls(library)
    index = [library.row(anna)["number_index"]]
    erased = erase(library, anna)
    assert erased == {"patron": anna, "erased": True, "waits": {"subscriptions": 1, "accounts": 1, "targets": []}}
    assert set(rows_of(library, anna)) == {"patron", "subscription", "outbox", "account"}
    assert calls(library) == asked
    the_net_media_are_told(library)
    library.register.failures.clear()
    library.one_night()
    everything = library.everything()
    assert rows_of(library, anna) == {}
    assert not {*index} & {row["number_index"] for row in everything["run_item"]}
    assert anna in {row["id"] for row in everything["issued_id"]}
    assert happened(everything)["erase", anna] == 1
    assert cpr("ANNA") not in library.register.listed
    verify_audit(library.store)


def test_the_lines_of_old_nights_still_add_up_when_she_is_erased_and_tell_of_nobody(library: Library) -> None:
    anna = full_of(library)
    other = library.id_of("BO")
    with library.engine.begin() as connection:
        line = tables.run_item.c
        both = update(tables.run_item).where(line.patron_id == other).values(reason=f"number.both:{anna}")
        assert connection.execute(both).rowcount == 1
    before = lines(library)
    assert any(line["patron"] == anna for line in before)
    erase(library, anna)
    after = lines(library)
    assert [(one["outcome"], one["actions"]) for one in after] == [(one["outcome"], one["actions"]) for one in before]
    assert anna not in str(after)
    assert [one["reason"] for one in after if one["patron"] == other] == ["number.both"]


def lines(library: Library) -> list[dict[str, Any]]:
    return [line for run in library.store.runs.list_runs() for line in library.store.runs.items(run.run)]


def test_a_record_says_closed_or_erased_and_then_that_nothing_is_left(library: Library) -> None:
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    window = RecordViewer(library, "lone")
    leave(library, anna)
    erase(library, clara)
    shown = [window.shown(one) for one in (anna, clara)]
    assert [one["fields"]["standing"]["value"] for one in shown] == ["leaving", "erased"]
    assert shown[0]["fields"]["standing"]["waits"] == {"subscriptions": 1, "accounts": 0, "targets": []}
    ends = [record_lines(one)[0].split(" · ")[-1] for one in shown]
    assert ends == ["på vej ud: posten er tømt, og CPR og netmedierne mangler at bekræfte det", "slettet"]
    with library.engine.begin() as connection:
        # the net media have heard
        connection.execute(tables.outbox.delete())
    library.night()
    for patron, kind in ((anna, "patron.gone"), (clara, "patron.gone"), ("10000000", "patron.unknown")):
        with pytest.raises(BadInput) as refused:
            window.shown(patron)
        assert refused.value.kind == kind


def test_erasing_twice_is_the_same_as_once(library: Library) -> None:
    anna = full_of(library)
    erase(library, anna)
    again = erase(library, anna)
    assert again["erased"] is True
    library.register.failures.clear()
    the_net_media_are_told(library)
    library.one_night()
    assert erase(library, anna)["waits"] == {"subscriptions": 0, "accounts": 0, "targets": []}


def test_whoever_asked_to_leave_can_be_erased_too(library: Library) -> None:
    anna = library.id_of("ANNA")
    leave(library, anna)
    erase(library, anna)
    the_net_media_are_told(library)
    library.night()
    assert rows_of(library, anna) == {}


def test_who_was_merged_into_her_is_erased_with_her(library: Library) -> None:
    library.store.desk.ask_staff(library.id_of("CLARA"), BOTH_PATRONS, about=library.id_of("ANNA"))
    clara, anna = library.id_of("CLARA"), library.id_of("ANNA")
    StaffReviews(library, "lisbeth").accept(1)
    erase(library, anna)
    the_net_media_are_told(library)
    library.night()
    assert (rows_of(library, anna), rows_of(library, clara)) == ({}, {})
    assert not {cpr("CLARA"), cpr("ANNA")} & library.register.listed


# -- request, file and look-up in one night ------------------------------------------------------------------


def nothing_is_hers(library: Library, patron: str) -> None:
    assert cpr("HENRIK") not in library.register.listed
    assert library.store.patrons.find(cpr("HENRIK")) is None
    assert [effect for effect in told(library, patron) if "delete" not in effect] == []
    the_net_media_are_told(library)
    library.one_night()
    assert rows_of(library, patron) == {}


@pytest.mark.parametrize("request_", [leave, erase])
@pytest.mark.parametrize("order", list(itertools.permutations(("request", "file", "look-up"))), ids=" ".join)
def test_request_file_and_look_up_in_the_same_night_leave_nothing(
    library: Library, order: tuple[str, ...], request_: Any
) -> None:
    library.enrol("HENRIK")
    library.register.knows(person("HENRIK"))
    henrik = library.id_of("HENRIK")
    for produced in (MONDAY, TUESDAY):
        for what in order:
            if what == "request":
                request_(library, henrik)
            elif what == "file":
                library.deliver(produced, moves(person("HENRIK")))
                library.one_night()
            else:
                # nobody looks up another stranger before saying what came of the first
                lookup(library, "HENRIK", user=f"lisbeth on {produced:%A}")
    library.one_night()
    nothing_is_hers(library, henrik)


# -- the journal ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("go", [leave, erase])
def test_an_older_copy_of_the_database_brings_nobody_back(library: Library, tmp_path: Path, go: Any) -> None:
    """Everyone else who is subscribed is asked about once: what look-ups had told since the copy is lost."""
    anna, old = library.id_of("ANNA"), library.copy(tmp_path / "old")
    others = library.register.listed - {cpr("ANNA")}
    go(library, anna)
    library.night()
    old.register = library.register
    (old.folder / "erase-journal.log").touch(mode=0o600)
    (old.folder / "erase-journal.log").write_bytes((library.folder / "erase-journal.log").read_bytes())
    asked, subscribed = calls(old)
    report = old.one_night()
    assert report.document()["leaving"] == {"closed": 0, "asked": 0, "again": 1}
    assert (old.store.patrons.find(cpr("ANNA")), calls(old)) == (None, (asked + len(others), subscribed))
    assert Counter(old.register.looked_up[asked:]) == Counter(others)
    assert report.document()["windows"] == {"asked": 3, "answered": 3, "left": 0, "why": {}, "brake": []}
    assert cpr("ANNA") not in old.register.listed
    assert old.one_night().document()["state"] == "nothing"
    the_net_media_are_told(old)
    old.one_night()
    assert rows_of(old, anna) == {}
    assert len(old.register.looked_up) == asked + len(others)
    old.engine.dispose()


@pytest.mark.parametrize("chained", [False, True])
@pytest.mark.parametrize("what", [tables.CLOSED, tables.ERASED])
def test_whoever_was_parted_and_left_leaves_nothing_in_the_other_record_of_an_older_copy(
    either_library: Library, what: str, *, chained: bool
) -> None:
    """In this copy the two are one still. In the chain, the other one was merged into a third."""
    library = either_library
    anna, clara, david = (library.id_of(key) for key in ("ANNA", "CLARA", "DAVID"))
    library.store.imports.take_patrons([NewPatron(cpr("ANNA"), Local(internal_note="SPOR"))])
    was = {one: library.store.views.patron(one) for one in (clara, david)}
    merge(library, anna, clara)
    if chained:
        merge(library, clara, david)
    tenant = library.store._tenant
    index = tenant.vault.index("journal", cpr("ANNA").digits) if what == tables.CLOSED else NO_NUMBER
    tenant.journal.append([JournalEntry(library.clock.today(), AGENCY, anna, what, index, tenant.vault.index_key)])
    assert [library.store.journal.replay() for _ in range(2)] == [1, 0]
    assert library.store.patrons.find(cpr("ANNA")) is None
    for one, before in was.items():
        view = library.store.views.patron(one)
        assert before is not None
        assert view is not None
        assert (view.register, view.local) == (before.register, before.local)
    assert standing(library, anna) == "closed"
    verify_audit(library.store)


@pytest.mark.parametrize("way", [leave, erase])
def test_a_merged_patron_leaves_with_the_record_that_they_were_merged_into_alone(library: Library, way: Any) -> None:
    """The shell has nothing: erasing it told that all was gone, and the other record still had everything."""
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    merge(library, anna, clara)
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        way(library, anna)
    assert (refused.value.kind, library.everything()) == ("patron.merged", before)
    way(library, clara)
    assert library.store.patrons.find(cpr("ANNA")) is None


def test_a_number_that_an_older_copy_does_not_know_is_never_given_again(library: Library, tmp_path: Path) -> None:
    old = library.copy(tmp_path / "old")
    library.enrol("HENRIK")
    henrik = library.id_of("HENRIK")
    erase(library, henrik)
    (old.folder / "erase-journal.log").touch(mode=0o600)
    (old.folder / "erase-journal.log").write_bytes((library.folder / "erase-journal.log").read_bytes())
    assert old.store.journal.replay() == 0
    assert henrik in {row["id"] for row in old.rows("issued_id")}
    old.engine.dispose()


def test_an_erasure_killed_between_the_journal_and_the_database_is_finished(library: Library) -> None:
    anna, journal = library.id_of("ANNA"), library.store._tenant.journal
    append = journal.append

    def killed(entries: Any) -> None:
        append(entries)
        raise Killed

    library.store._tenant.journal.append = killed  # type: ignore[method-assign] -- the process dies here
    before = library.everything()
    with pytest.raises(Killed):
        erase(library, anna)
    journal.append = append  # type: ignore[method-assign] -- and starts again
    assert unseen(library.everything()) == unseen(before)
    assert [library.store.journal.replay() for _ in range(2)] == [1, 0]
    assert library.store.patrons.find(cpr("ANNA")) is None
    assert happened(library.everything())["erase", anna] == 1


def without_its_last_line(library: Library) -> None:
    journal = library.folder / "erase-journal.log"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))


def taken_away(library: Library) -> None:
    (library.folder / "erase-journal.log").unlink()


def of_another_life(library: Library) -> None:
    """As many lines as there were, well chained, about someone else."""
    taken_away(library)
    tenant = library.store._tenant
    entries = [JournalEntry(MONDAY, AGENCY, one, "closed", b"", "k") for one in ("10000001", "10000002")]
    tenant.journal.append(entries)


@pytest.mark.parametrize("harm", [without_its_last_line, taken_away, of_another_life])
@pytest.mark.parametrize("go", [leave, erase])
def test_a_journal_that_the_database_has_seen_more_of_is_refused(either_library: Library, go: Any, harm: Any) -> None:
    library = either_library
    go(library, library.id_of("ANNA"))
    go(library, library.id_of("BO"))
    journal = library.folder / "erase-journal.log"
    newest, third = journal.read_bytes(), library.id_of("DAVID")
    harm(library)
    before, lines = library.everything(), journal.exists() and journal.read_bytes()
    for act in (library.store.journal.replay, lambda: go(library, third)):
        with pytest.raises(JournalBehind):
            act()
        assert unseen(library.everything()) == unseen(before)
        assert (journal.exists() and journal.read_bytes()) == lines
    journal.touch(mode=0o600)
    journal.write_bytes(newest)
    assert library.store.journal.replay() == 0


def test_what_a_night_closes_is_remembered_of_the_journal_too(library: Library) -> None:
    columns(library, library.id_of("ANNA"), last_seen=date(2020, 1, 1))
    library.one_night()
    taken_away(library)
    before = library.everything()
    with pytest.raises(JournalBehind):
        library.store.journal.replay()
    assert library.everything() == before


def test_a_copy_that_was_brought_up_to_the_journal_remembers_all_of_it(library: Library, tmp_path: Path) -> None:
    leave(library, library.id_of("ANNA"))
    old = library.copy(tmp_path / "old")
    leave(library, library.id_of("BO"))
    (old.folder / "erase-journal.log").touch(mode=0o600)
    (old.folder / "erase-journal.log").write_bytes((library.folder / "erase-journal.log").read_bytes())
    assert [old.store.journal.replay() for _ in range(2)] == [1, 0]
    without_its_last_line(old)
    with pytest.raises(JournalBehind):
        old.store.journal.replay()
    old.engine.dispose()


def test_a_store_that_remembers_nothing_of_its_journal_takes_the_one_that_is_there(library: Library) -> None:
    leave(library, library.id_of("ANNA"))
    leave(library, library.id_of("BO"))
    with library.engine.begin() as connection:
        connection.execute(update(tables.library).values(journal_lines=None, journal_code=None))
    without_its_last_line(library)
    assert library.store.journal.replay() == 0
    taken_away(library)
    before = library.everything()
    with pytest.raises(JournalBehind):
        library.store.journal.replay()
    assert library.everything() == before


def test_what_another_library_writes_in_the_journal_is_not_missed_in_ours(library: Library) -> None:
    leave(library, library.id_of("ANNA"))
    library.store._tenant.journal.append([JournalEntry(MONDAY, "999999", "10000001", "closed", b"", "k")])
    without_its_last_line(library)
    assert library.store.journal.replay() == 0


def test_a_night_killed_while_patrons_leave_ends_as_one_that_was_not(library: Library, tmp_path: Path) -> None:
    library.batch = 1
    for key in ("ANNA", "BO"):
        columns(library, library.id_of(key), last_seen=date(2020, 1, 1))
    owes(library, library.id_of("CLARA"), tables.loan, due=TUESDAY)
    leave(library, library.id_of("CLARA"))
    is_settled(library, tables.loan, returned=MONDAY)
    library.deliver(MONDAY, moves(person("ANNA")), gains_protection(person("DAVID")))
    whole, expected, writes = lived_whole(library, tmp_path)
    assert expected.document()["leaving"] == {"closed": 3, "asked": 2, "again": 0}
    wanted = unowned(whole.everything())
    for other in killed(library, tmp_path, sample(writes)):
        if not is_closed(other):
            assert other.one_night().document()["leaving"] == expected.document()["leaving"]
        assert unowned(other.everything()) == wanted
    assert writes > 8
    whole.engine.dispose()
