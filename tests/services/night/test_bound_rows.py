"""A row that opens, lifts or exempts counts only with its entry in the audit.

Each case writes SQL as the program's own role may. It is found by the check of the audit, and where the row is used.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from doubles import AGENCY, MONDAY, TUESDAY, Library
from said_yes import erase
from sqlalchemy import text
from test_approved_plans import apart_from_approval, approve, over_the_limit, shown
from test_leaving import owes
from test_reverted_runs import a_night, records, undo
from townspeople import cpr, gains_protection, person, renames

from cprsync.domain.desk.access import NOT_FOUND_MOST
from cprsync.domain.leaving.leaving import Forgotten
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Status
from cprsync.errors import AccessRefused, BadInput, SecondPersonNeeded
from cprsync.municipalities import load_municipalities
from cprsync.services.desk import access
from cprsync.services.desk.lookup import Asked, Desk, look_up
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.night.approving import list_waiting, make_sure_that_approved
from cprsync.services.night.reverting import release
from cprsync.store import tables
from cprsync.store.core.engine import writing

UNTIL = MONDAY + timedelta(days=60)


def do(library: Library, *statements: str, **values: object) -> None:
    """Write in the database past the program."""
    with writing(library.engine) as connection:
        for statement in statements:
            connection.execute(text(statement), values)


def told(library: Library) -> list[tuple[str, str, str]]:
    """What the check of the audit names: which kind of row, which one, and what became of it."""
    document = library.store.audit.check().document()
    assert all(one["message"] and one["sentence"] for one in document["problems"])
    found = library.store.audit.check().problems
    return [(one.row, one.key, one.fate) for one in found]  # type: ignore[attr-defined]  # nothing else is wrong


@pytest.fixture
def held(either_library: Library) -> Library:
    over_the_limit(either_library)
    assert either_library.one_night().exit_code == 5
    return either_library


# -- yeses -------------------------------------------------------------------------------------------------


def forge(library: Library, *who: str) -> int:
    run = shown(library)["run"]
    at = library.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for ordinal, one in enumerate(who, start=1):
        do(
            library,
            "INSERT INTO plan_yes (agency, run_id, ordinal, who, at) VALUES (:agency, :run, :ordinal, :who, :at)",
            agency=AGENCY,
            run=run,
            ordinal=ordinal,
            who=one,
            at=at,
        )
    return int(run)


def test_a_yes_that_was_written_in_the_database_alone_approves_nothing(held: Library) -> None:
    run = forge(held, "anna", "bo")
    document = shown(held)
    assert (document["approved"], document["approved_by"], document["unbound"]) == (False, [], ["anna", "bo"])
    (waits,) = list_waiting(held.store, held.clock.now())
    assert (waits.approved_by, waits.missing, waits.unbound) == ((), 2, ("anna", "bo"))
    assert told(held) == [("yes", f"{run}|1", "added"), ("yes", f"{run}|2", "added")]
    with pytest.raises(BadInput):
        make_sure_that_approved(held.store, document["plan"], now=held.clock.now())
    before = apart_from_approval(held)
    assert held.one_night().exit_code == 5
    assert apart_from_approval(held) == before


def test_two_people_approve_although_somebody_has_written_other_yeses(held: Library) -> None:
    forge(held, "anna", "bo")
    approve(held, "clara", "david")
    assert [one["who"] for one in shown(held)["approved_by"]] == ["clara", "david"]
    held.one_night()
    assert held.record("CLARA").status is Status.DEAD


@pytest.mark.parametrize("column", ["who", "at"])
def test_a_yes_whose_row_was_altered_does_not_count(held: Library, column: str) -> None:
    approve(held, "anna", "bo")
    do(held, f"UPDATE plan_yes SET {column} = '2027-03-01T00:00:00.000000Z' WHERE ordinal = 2")  # noqa: S608 -- ours
    assert ([one["who"] for one in shown(held)["approved_by"]], shown(held)["approved"]) == (["anna"], False)


def test_a_change_that_was_added_to_an_approved_plan_past_the_program_voids_the_approval(held: Library) -> None:
    approve(held, "anna", "bo")
    assert shown(held)["approved"]
    copied = "agency, run_id, ordinal + 1000, :patron, version, actions, harms, digest"
    do(held, f"INSERT INTO plan_row SELECT {copied} FROM plan_row", patron=held.id_of("BO"))  # noqa: S608 -- ours
    assert (shown(held)["approved"], shown(held)["unbound"]) == (False, ["anna", "bo"])


def test_an_approval_holds_when_somebody_in_the_plan_is_erased(held: Library) -> None:
    approve(held, "anna", "bo")
    erase(LeavingDesk(held.ports(), "anna"), held.id_of("ANNA"))
    assert shown(held)["approved"]
    assert told(held) == []
    held.one_night()
    assert held.record("CLARA").status is Status.DEAD


def test_a_run_that_only_the_database_says_is_writing_a_plan_approves_nothing(held: Library) -> None:
    run = shown(held)["run"]
    do(
        held,
        "INSERT INTO run (agency, id, agreement, epoch, day, state, started, resumed, checkpoint, approved_run) "
        "SELECT agency, id + 1, agreement, epoch, day, 'approved', started, 0, 0, id FROM run WHERE id = :run",
        run=run,
    )
    with pytest.raises(BadInput):
        make_sure_that_approved(held.store, shown(held)["plan"], now=held.clock.now())
    assert told(held) == [("begun", str(run + 1), "added")]


# -- corrections -------------------------------------------------------------------------------------------


def correct(library: Library, field: str, value: str | None, *, key: str = "ANNA") -> None:
    desk = SettingDesk(library.ports(), load_municipalities().homes())
    until = None if value is None else UNTIL
    set_field(desk, Setting(library.id_of(key), field, value, "lone", reason="Showed her lease", until=until))


ALTERED = {
    "prolonged": ("UPDATE override SET until = '2031-01-01'", "altered"),
    "given to another field": ("UPDATE override SET field = 'name'", "altered"),
    "said to be another's word": ("UPDATE override SET by_user = 'bo'", "altered"),
    "deleted": ("DELETE FROM override", "gone"),
    "counted no longer in the patron's row": ("UPDATE patron SET overrides = 0", "gone"),
    "withdrawn": ("UPDATE override SET state = 'withdrawn'", "gone"),
}


@pytest.mark.parametrize("case", ALTERED)
def test_a_correction_that_was_changed_in_the_database_alone_is_named_and_does_not_hold(
    either_library: Library, case: str
) -> None:
    library = either_library
    correct(library, "municipality", "0101")
    (number,) = [row["id"] for row in library.rows("override")]
    assert told(library) == []
    statement, fate = ALTERED[case]
    do(library, statement)
    assert told(library) == [("correction", str(number), fate)]
    assert library.view("ANNA").patron.overrides == ()


def test_a_correction_that_ended_is_not_put_in_force_again_by_the_database(either_library: Library) -> None:
    library = either_library
    correct(library, "municipality", "0101")
    correct(library, "municipality", None)
    do(
        library,
        "UPDATE override SET state = 'live', ended = NULL",
        "UPDATE patron SET overrides = 1 WHERE id = :id",
        id=library.id_of("ANNA"),
    )
    assert [fate for _, _, fate in told(library)] == ["added"]
    assert library.view("ANNA").patron.overrides == ()


# -- releases ----------------------------------------------------------------------------------------------


def test_a_patron_who_was_let_go_in_the_database_alone_is_held_again_by_the_next_night(either_library: Library) -> None:
    library = either_library
    undo(library, a_night(library))
    before = records(library)
    anna = library.id_of("ANNA")
    do(library, "UPDATE patron SET held_by = NULL WHERE id = :id", id=anna)
    assert told(library) == [("hold", anna, "gone")]
    library.deliver(TUESDAY, renames(person("ANNA")))
    report = library.one_night()
    assert [reason for _, reason in library.items(report)] == ["held_by_undo"]
    assert report.document()["audit"]["problems"][0]["values"]["row"]["values"]["patron"] == anna
    assert (records(library), told(library)) == (before, [])


def test_all_who_are_let_go_by_a_person_are_let_go(either_library: Library) -> None:
    library = either_library
    document = undo(library, a_night(library))
    release(library.store, document["run"], user="anna", reason="the file was right")
    assert (told(library), library.store.reverting.held()) == ([], 0)


def test_a_brake_of_a_target_that_was_taken_away_in_the_database_alone_stops_it_still(either_library: Library) -> None:
    library = either_library
    do(library, "INSERT INTO target (agency, name, kind, stamp, since) VALUES (:a, 'koha', 'koha', 'x', 'y')", a=AGENCY)
    library.store.targets.stop("koha", "gone")
    do(library, "UPDATE target SET stopped = NULL, stopped_why = 'let_go'")
    assert library.store.targets.stopped() == {"koha": "gone"}
    assert told(library) == [("brake", "koha", "altered")]
    do(library, "UPDATE target SET stopped = NULL, stopped_why = NULL")
    assert library.store.targets.stopped() == {"koha": "gone"}
    assert told(library) == [("brake", "koha", "gone")]


# -- who leaves --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("since", [None, "2020-01-01"])
def test_nobody_leaves_because_somebody_has_written_so_in_the_database(
    either_library: Library, since: str | None
) -> None:
    """The night closed the record, and CPR was told to forget the patron."""
    library, patron = either_library, either_library.id_of("ANNA")
    before = library.rows("subscription")
    do(library, "UPDATE patron SET standing = 'leaving', leaves_since = :day WHERE id = :id", id=patron, day=since)
    assert told(library) == [("leaving", patron, "added")]
    for _ in range(2):
        library.one_night()
        assert library.rows("subscription") == before
        assert library.register.unsubscribed == []
    library.store.audit.accept(user="lisbeth", reason="en prøve")
    (row,) = (row for row in library.rows("patron") if row["id"] == patron)
    assert (row["standing"], row["leaves_since"]) == ("active", None)
    assert told(library) == []
    library.one_night()
    assert library.rows("subscription") == before


def test_somebody_who_stays_does_not_leave_by_the_entry_of_an_earlier_day(either_library: Library) -> None:
    library, patron = either_library, either_library.id_of("ANNA")
    owes(library, patron, tables.loan, due=TUESDAY, returned=None)
    library.store.leaving.leave(patron, user="lisbeth")
    (left,) = (row for row in library.rows("patron") if row["id"] == patron)
    assert (left["standing"], told(library)) == ("leaving", [])
    library.enrol("ANNA")
    assert told(library) == []
    do(library, "UPDATE patron SET standing = 'leaving', leaves_since = :day", day=left["leaves_since"])
    assert ("leaving", patron, "added") in told(library)


# -- second people -----------------------------------------------------------------------------------------


def look_at(library: Library, number: CprNumber, user: str) -> dict[str, Any]:
    desk = Desk(AGENCY, library.store, library.register, library.clock, library.policy)
    return look_up(desk, Asked(number, Purpose.REGISTRATION, user)).document


def look(library: Library, key: str = "ANNA", user: str = "lisbeth") -> dict[str, Any]:
    return look_at(library, cpr(key), user)


def waits_for_second(library: Library, key: str = "ANNA", user: str = "lisbeth") -> int:
    with pytest.raises(SecondPersonNeeded) as refused:
        look(library, key, user)
    return int(str(refused.value.values["attempt"]))


def sign_by_sql(library: Library, seq: int) -> None:
    at = library.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    do(
        library,
        "INSERT INTO desk_outcome (agency, seq, outcome, at, who) VALUES (:agency, :seq, 'signed', :at, 'karen')",
        agency=AGENCY,
        seq=seq,
        at=at,
    )


@pytest.fixture
def watched(either_library: Library) -> Library:
    either_library.register.knows(person("EDITH"), person("ANNA"), person("BO"))
    either_library.store.access.watch(cpr("ANNA"), user="privacy")
    either_library.store.access.watch(cpr("BO"), user="privacy")
    return either_library


def test_a_signature_that_was_written_in_the_database_alone_lets_nobody_look(watched: Library) -> None:
    seq = waits_for_second(watched)
    sign_by_sql(watched, seq)
    waits_for_second(watched)
    assert told(watched) == [("signature", f"{seq}|signed", "added")]
    assert watched.register.looked_up == []


def test_a_signature_is_used_once_although_the_database_has_forgotten_its_use(watched: Library) -> None:
    seq = waits_for_second(watched)
    access.sign_attempt(watched.store, seq, by="karen", now=watched.clock.now())
    assert look(watched)["found"]
    do(watched, "DELETE FROM desk_outcome WHERE outcome = 'used'")
    waits_for_second(watched)
    assert told(watched) == [("signature", f"{seq}|used", "gone")]


def test_a_signature_for_one_is_none_for_another_whom_the_database_puts_in_their_place(watched: Library) -> None:
    seq = waits_for_second(watched)
    access.sign_attempt(watched.store, seq, by="karen", now=watched.clock.now())
    do(watched, "UPDATE desk_attempt SET patron_id = :patron WHERE seq = :seq", seq=seq, patron=watched.id_of("BO"))
    waits_for_second(watched, "BO")


def test_a_signature_for_one_user_is_none_for_another(watched: Library) -> None:
    seq = waits_for_second(watched)
    access.sign_attempt(watched.store, seq, by="karen", now=watched.clock.now())
    do(watched, "UPDATE desk_attempt SET who = 'erik' WHERE seq = :seq", seq=seq)
    waits_for_second(watched, user="erik")


def test_a_stop_that_was_lifted_in_the_database_alone_still_stops(either_library: Library) -> None:
    library = either_library
    for number in range(NOT_FOUND_MOST):
        look_at(library, CprNumber.parse(f"01017020{number:02}"), "lisbeth")
    at = library.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    do(
        library,
        "INSERT INTO desk_outcome (agency, seq, outcome, at, who) VALUES (:agency, 99, 'lifted', :at, 'lisbeth')",
        agency=AGENCY,
        at=at,
    )
    with pytest.raises(AccessRefused):
        look(library)
    assert told(library) == [("signature", "99|lifted", "added")]
    do(library, "DELETE FROM desk_outcome WHERE outcome = 'stopped'")
    assert ("signature", "gone") in {(kind, fate) for kind, _, fate in told(library)}


def test_a_look_up_of_a_stranger_that_is_settled_in_the_database_alone_is_named(either_library: Library) -> None:
    """No reason would be owed for it, and nobody would ask."""
    library = either_library
    library.register.knows(person("EDITH"))
    look(library, "EDITH")
    look_at(library, CprNumber.parse("0101702000"), "lisbeth")
    (seq,) = (row["seq"] for row in library.rows("desk_attempt") if row["patron_id"] is None and row["seq"] == 1)
    assert told(library) == []
    do(
        library,
        "INSERT INTO desk_outcome (agency, seq, outcome, at, who) VALUES (:agency, :seq, 'recorded', :at, 'lisbeth')",
        agency=AGENCY,
        seq=seq,
        at=library.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    )
    assert told(library) == [("settled", f"{seq}|recorded", "added")]
    library.store.audit.accept(user="lisbeth", reason="en prøve")
    assert "recorded" not in {row["outcome"] for row in library.rows("desk_outcome")}
    assert told(library) == []


ATTEMPTS = {
    "taken away": "DELETE FROM desk_attempt WHERE who = 'lisbeth'",
    "given to somebody else": "UPDATE desk_attempt SET who = 'bo' WHERE who = 'lisbeth'",
    "refused": "UPDATE desk_attempt SET refused = 'hour' WHERE who = 'lisbeth'",
    "an hour before": "UPDATE desk_attempt SET at = '2027-01-01T00:00:00.000000Z' WHERE who = 'lisbeth'",
    "of a patron": "UPDATE desk_attempt SET stranger = NOT stranger WHERE who = 'lisbeth'",
}


@pytest.mark.parametrize("way", ATTEMPTS)
def test_a_look_up_that_no_limit_counts_any_more_is_named(either_library: Library, way: str) -> None:
    library = either_library
    look_at(library, CprNumber.parse("0101702001"), "lisbeth")
    look(library, user="erik")
    (seq,) = [str(row["seq"]) for row in library.rows("desk_attempt") if row["who"] == "lisbeth"]
    assert told(library) == []
    do(library, ATTEMPTS[way])
    assert told(library) == [("attempt", seq, "gone")]
    library.store.audit.accept(user="anna", reason="we know who did it")
    assert told(library) == []


def test_nobody_misses_an_attempt_that_has_passed_its_retention_period(either_library: Library) -> None:
    library = either_library
    look(library, user="erik")
    library.clock.moment += timedelta(days=2000)
    look(library, user="erik")
    forget_log(library)
    assert len(library.rows("desk_attempt")) == 1
    assert told(library) == []


def test_a_number_that_is_no_longer_watched_by_the_database_alone_is_named(watched: Library) -> None:
    do(watched, "DELETE FROM watched_number")
    # there are two: what is said in the same words is said once, and no number may be named
    assert [(kind, fate) for kind, _, fate in told(watched)] == [("watch", "gone")]


def test_the_first_of_two_yeses_is_not_written_by_the_database(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    undo(library, library.one_night().run.id)
    (number,) = [one["id"] for one in StaffReviews(library, "anna").listed() if one["kind"] == "reverted.protected"]
    do(
        library,
        "UPDATE review_item SET decided_by = 'bo', decided_at = :at WHERE id = :id",
        id=number,
        at="2027-03-01T06:00:00.000000Z",
    )
    assert told(library) == [("first_yes", str(number), "added")]
    assert StaffReviews(library, "anna").accept(number)["state"] == "waiting"
    assert library.record("ANNA").is_shut
    assert told(library) == []
    assert StaffReviews(library, "clara").accept(number)["state"] == "accepted"


def test_a_delivery_behind_a_gap_is_not_accepted_by_the_database(either_library: Library) -> None:
    library = either_library
    library.deliver(TUESDAY, renames(person("ANNA")), previous=MONDAY)
    assert library.one_night().exit_code == 1
    do(library, "UPDATE inbox SET state = 'sealed', reason = NULL, accepted_reason = 'x' WHERE state <> 'applied'")
    assert library.one_night().exit_code == 1
    assert library.record("ANNA") == person("ANNA")
    assert ("accepted", "added") in {(kind, fate) for kind, _, fate in told(library)}


# -- how long, and what ends it ----------------------------------------------------------------------------


def forget_log(library: Library) -> None:
    while library.store.retention.forget(None, Forgotten.LOG, library.policy, on=library.clock.now().date(), limit=500):
        pass


def test_what_is_in_force_counts_on_when_its_entry_has_passed_its_retention_period(either_library: Library) -> None:
    library = either_library
    desk = SettingDesk(library.ports(), load_municipalities().homes())
    set_field(desk, Setting(library.id_of("ANNA"), "group", "Barn", "lone", reason="agreed"))
    library.store.access.watch(cpr("ANNA"), user="privacy")
    entries = len(library.rows("audit"))
    library.clock.moment += timedelta(days=2000)
    forget_log(library)
    assert len(library.rows("audit")) < entries
    assert told(library) == []
    assert len(library.view("ANNA").patron.overrides) == 1
    do(library, "UPDATE override SET by_user = 'bo'", "DELETE FROM watched_number")
    assert [(kind, fate) for kind, _, fate in told(library)] == [("correction", "altered"), ("watch", "gone")]
    # what is wrong is not renewed, and not forgotten either
    library.clock.moment += timedelta(days=2000)
    forget_log(library)
    assert [(kind, fate) for kind, _, fate in told(library)] == [("correction", "altered"), ("watch", "gone")]


def test_whoever_accepts_the_audit_does_not_make_a_forged_row_count(held: Library) -> None:
    forge(held, "anna", "bo")
    correct(held, "municipality", "0101")
    do(held, "UPDATE override SET until = '2031-01-01'")
    held.store.audit.accept(user="anna", reason="we know who did it")
    assert told(held) == []
    assert (shown(held)["approved"], shown(held)["unbound"]) == (False, [])
    assert held.view("ANNA").patron.overrides == ()
    approve(held, "clara", "david")
    assert shown(held)["approved"]
