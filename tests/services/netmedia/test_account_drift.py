"""Our accounts in CULR held against our records: each drift is found and repaired once, and nobody is fought."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from culr_double import CulrDouble
from doubles import AGENCY, FRIDAY, MONDAY, TUESDAY, Killed, KilledStore, Library
from sqlalchemy import select, update
from test_leaving import owes
from test_merging_patrons import two_of_one
from test_number_change import NEW, anna, replaced
from townspeople import cpr, dies, moves, person

from cprsync.domain.netmedia.account import Code, CulrHolding, Operation
from cprsync.domain.netmedia.drift import Drift, NetMediaFault
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Status, silence_by_status
from cprsync.domain.person.sealed import Address
from cprsync.domain.policy.policy import Harm
from cprsync.errors import NetMediaRefused, NetMediaUnavailable
from cprsync.mock.town.culr_accounts import CulrRequest
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.netmedia.entitlements import verify
from cprsync.services.netmedia.publishing import compare_accounts, reconcile_accounts, reconcile_document
from cprsync.services.night.run import run_night
from cprsync.store import tables

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.services.netmedia.publishing import Compared

THEIRS = "710100"
EVERYONE = ("ANNA", "BO", "CLARA", "DAVID")
KOEBENHAVN, AARHUS, ODENSE = "101", "751", "461"
SIDES = {"account": True, "ours": AARHUS, "theirs": ODENSE, "answer": None}


@pytest.fixture
def culr(library: Library) -> CulrDouble:
    """CULR after everyone was told of, a day ago."""
    culr = library.net_media = CulrDouble(AGENCY)
    library.one_night()
    library.clock.moment += timedelta(days=1)
    culr.calls.clear()
    return culr


def behind_our_back(
    culr: CulrDouble, operation: str, key: str | CprNumber, to: str | None = None, *, agency: str = AGENCY
) -> None:
    number = key if isinstance(key, CprNumber) else cpr(key)
    culr.accounts.carry_out(CulrRequest(f"{operation}Account", agency, "CPR", number.digits, to), by="control")


def stands(culr: CulrDouble, key: str | CprNumber) -> tuple[list[str], str | None]:
    """Whose accounts she has there, and her municipality."""
    number = key if isinstance(key, CprNumber) else cpr(key)
    found = culr.accounts.accounts_of_number(number.digits)
    return sorted(agency for agency, _, _ in found.accounts), found.patron and found.patron.municipality


def compared(library: Library, store: Any = None, **how: Any) -> Compared:
    return compare_accounts(library.ports(store), None, **{"everyone": True, **how})


def counts(found: Compared) -> dict[str, int]:
    return {name: count for name, count in found.counts().items() if count}


def read_numbers(culr: CulrDouble) -> list[str]:
    return [call.identity.value for call in culr.calls if call.operation is Operation.READ_GLOBAL]


# -- what is found, and what becomes of it -----------------------------------------------------------------------------


def test_accounts_that_are_as_they_are_to_be_are_read_and_left_alone(library: Library, culr: CulrDouble) -> None:
    ledger = list(culr.accounts.ledger)
    assert counts(compared(library)) == {"read": 4}
    assert culr.accounts.ledger == ledger
    assert {call.operation for call in culr.calls} == {Operation.READ_GLOBAL}
    assert all(row["seen"] == AARHUS and row["checked"] for row in library.rows("account"))


@pytest.mark.parametrize(("kind", "to"), [("missing", None), ("stale", ODENSE), ("stale", "")])
def test_what_is_missing_or_stale_is_told_again_in_the_same_night_and_is_right_then(
    library: Library, culr: CulrDouble, kind: str, to: str | None
) -> None:
    """BO is protected, and is treated as all others are."""
    for key in ("ANNA", "BO"):
        behind_our_back(culr, "delete" if to is None else "update", key, to)
    report = library.night()
    assert counts(report.told.accounts) == {"read": 4, kind: 2, "repaired": 2}
    assert (report.exit_code, report.state, report.told.sent) == (0, "done", 2)
    assert report.document()["net_media"][kind] == 2
    assert stands(culr, "ANNA") == stands(culr, "BO") == ([AGENCY], AARHUS)
    assert counts(compared(library)) == {"read": 4}


def test_an_account_under_a_number_that_was_replaced_is_one_too_many_and_deleted(
    library: Library, culr: CulrDouble
) -> None:
    library.deliver(MONDAY, replaced(cpr("ANNA"), NEW), anna())
    library.night()
    assert (stands(culr, "ANNA"), stands(culr, NEW)) == (([], None), ([AGENCY], AARHUS))
    behind_our_back(culr, "create", "ANNA", ODENSE)
    behind_our_back(culr, "update", NEW, ODENSE)
    library.clock.moment += timedelta(days=1)
    assert counts(library.night().told.accounts) == {"read": 5, "extra": 1, "stale": 1, "repaired": 2}
    assert (stands(culr, "ANNA"), stands(culr, NEW)) == (([], None), ([AGENCY], AARHUS))
    assert counts(compared(library)) == {"read": 5}


def test_an_account_under_a_number_that_the_register_led_through_is_one_too_many_and_deleted(
    either_library: Library,
) -> None:
    """An older copy was put back. Since it was made, the number has changed twice, and CULR was told of the first."""
    library, between = either_library, cpr("OSCAR")
    library.net_media = culr = CulrDouble(AGENCY)
    library.one_night()
    behind_our_back(culr, "create", between, AARHUS)
    library.register.persons |= {
        cpr("ANNA"): replaced(cpr("ANNA"), between),
        between: replaced(between, NEW),
        NEW: anna(),
    }
    library.store.journal.put_back(user="drift", backup="cprsync-20270324T053000Z")
    library.deliver(MONDAY)
    library.one_night()
    assert stands(culr, NEW)[0] == [AGENCY]
    library.clock.moment += timedelta(days=1)
    assert counts(library.one_night().told.accounts)["extra"] == 1
    assert [stands(culr, number) for number in (cpr("ANNA"), between)] == [([], None)] * 2
    # what was repaired is read once more
    library.one_night()
    library.nothing_is_left()


def test_a_replaced_number_that_another_patron_has_now_is_hers_and_not_one_too_many(
    library: Library, culr: CulrDouble
) -> None:
    library.deliver(MONDAY, replaced(cpr("ANNA"), NEW), anna())
    library.one_night()
    with library.engine.begin() as connection:
        row, at = tables.subscription.c, tables.patron.c
        davids = select(at.number_index).where(at.id == library.id_of("DAVID")).scalar_subquery()
        connection.execute(update(tables.subscription).where(row.reason == "old_number").values(number_index=davids))
    assert counts(compared(library)) == {"read": 4}


def test_an_account_of_someone_who_has_left_is_one_too_many(library: Library, culr: CulrDouble) -> None:
    """As long as her number stands in what is left of her record."""
    patron = library.id_of("ANNA")
    owes(library, patron, tables.balance, raised=FRIDAY, settled=FRIDAY, kind="fee")
    library.store.leaving.leave(patron, user="desk")
    library.one_night()
    assert counts(compared(library)) == {"read": 4}
    behind_our_back(culr, "create", "ANNA", AARHUS)
    assert counts(compared(library)) == {"read": 4, "extra": 1, "repaired": 1}
    library.one_night()
    assert stands(culr, "ANNA") == ([], None)
    nights = library.policy.account_nights
    read = []
    for _ in range(nights):
        library.clock.moment += timedelta(days=1)
        read.append(counts(compared(library, everyone=False)))
    assert sorted(one["read"] for one in read) == [3] * (nights - 1) + [4]


def test_the_account_of_someone_who_left_and_is_registered_again_is_hers(library: Library, culr: CulrDouble) -> None:
    patron = library.id_of("ANNA")
    owes(library, patron, tables.balance, raised=FRIDAY, settled=FRIDAY, kind="fee")
    library.store.leaving.leave(patron, user="desk")
    library.enrol("ANNA")
    library.one_night()
    assert library.id_of("ANNA") != patron
    assert counts(compared(library)) == {"read": 4}
    assert stands(culr, "ANNA") == ([AGENCY], AARHUS)


@pytest.mark.parametrize("there", [pytest.param(there, id=f"account-answers-{there}") for there in (True, False)])
def test_whoever_only_answers_for_a_minor_by_now_keeps_no_account(
    library: Library, culr: CulrDouble, *, there: bool
) -> None:
    with library.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE patron SET kind = 'responsible' WHERE id = ?", (library.id_of("BO"),))
    if not there:
        behind_our_back(culr, "delete", "BO")
    assert counts(compared(library)) == ({"read": 4, "extra": 1, "repaired": 1} if there else {"read": 4})
    library.one_night()
    assert stands(culr, "BO") == ([], None)
    assert counts(compared(library)) == {"read": 3}


@pytest.mark.parametrize("status", [Status.DISAPPEARED, Status.CHANGED])
def test_what_was_told_of_someone_stands_when_nobody_knows_any_more_where_she_lives(
    library: Library, culr: CulrDouble, status: Status
) -> None:
    """Unknown is not "no" (decision 11): her account is kept as it was told, and comes back as that."""
    library.deliver(MONDAY, silence_by_status(replace(person("ANNA"), status=status)))
    library.one_night()
    assert counts(compared(library)) == {"read": 4}
    behind_our_back(culr, "update", "ANNA", ODENSE)
    assert compared(library).patrons[Drift.STALE] == [library.id_of("ANNA")]
    library.one_night()
    assert stands(culr, "ANNA") == ([AGENCY], AARHUS)


def test_of_someone_who_was_never_told_of_nothing_is_read_and_what_is_known_is_told(
    library: Library, culr: CulrDouble
) -> None:
    with library.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM account")
    ledger = list(culr.accounts.ledger)
    found = compared(library)
    assert (counts(found), culr.calls) == ({"missing": 4, "repaired": 4}, [])
    library.night()
    assert culr.accounts.ledger == ledger
    assert counts(compared(library)) == {"read": 4}


@pytest.mark.parametrize("rows", ["account-unknown-account-answers"])
def test_nobody_is_read_who_only_answers_for_a_minor_or_of_whom_nobody_knows_where_she_lives(
    library: Library, culr: CulrDouble, rows: str
) -> None:
    """Whoever has no account as far as we know, and is to have none, is none of CULR's business (decision 11)."""
    library.enrol("EDITH", "FINN")
    with library.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE patron SET kind = 'responsible' WHERE id = ?", (library.id_of("EDITH"),))
    behind_our_back(culr, "create", "EDITH", AARHUS)
    behind_our_back(culr, "create", "FINN", AARHUS)
    assert counts(compared(library)) == {"read": 4}
    assert not {cpr("EDITH").digits, cpr("FINN").digits} & set(read_numbers(culr))


def test_a_patron_for_whom_something_waits_is_left_out_altogether(library: Library, culr: CulrDouble) -> None:
    """What stands there is older than what was decided."""
    library.deliver(MONDAY, moves(person("ANNA")), dies(person("CLARA")))
    library.one_night_with(net_media=None)
    behind_our_back(culr, "delete", "CLARA")
    found = compared(library)
    assert counts(found) == {"read": 3, "left_out": 1}
    assert cpr("CLARA").digits not in read_numbers(culr)
    before = library.everything()
    assert counts(compared(library, dry_run=True)) == {"read": 3, "left_out": 1}
    assert library.everything() == before


def test_each_drift_is_found_and_repaired_on_either_database(either_library: Library) -> None:
    library, culr = either_library, CulrDouble(AGENCY)
    library.net_media = culr
    library.deliver(MONDAY, replaced(cpr("ANNA"), NEW), anna())
    library.one_night()
    library.deliver(TUESDAY)
    behind_our_back(culr, "create", "ANNA", AARHUS)
    behind_our_back(culr, "delete", "BO")
    behind_our_back(culr, "update", "CLARA", ODENSE)
    behind_our_back(culr, "create", "DAVID", agency=THEIRS)
    behind_our_back(culr, "update", "DAVID", ODENSE, agency=THEIRS)
    drifted = {"missing": 1, "extra": 1, "stale": 1, "foreign": 1}
    assert counts(library.one_night().told.accounts) == {"read": 5, "repaired": 3, **drifted}
    assert [stands(culr, key) for key in ("ANNA", "BO", "CLARA")] == [([], None), *[([AGENCY], AARHUS)] * 2]
    assert counts(compared(library)) == {"read": 5, "foreign": 1}
    assert reviews_of(library).listed()[0]["net_media"] == SIDES


def test_whoever_was_merged_is_read_no_more_and_her_account_would_be_one_too_many(
    library: Library, culr: CulrDouble
) -> None:
    _, keeps = two_of_one(library)
    library.clock.moment += timedelta(days=1)
    reviews_of(library).accept(next(row["id"] for row in library.rows("review_item")))
    left_out = compared(library)
    assert (left_out.left_out, left_out.drifted) == (2, ())
    library.one_night()
    assert (stands(culr, "ANNA"), stands(culr, "CLARA")) == (([], None), ([AGENCY], AARHUS))
    assert counts(compared(library)) == {"read": 4}
    assert verify(library.ports(), offline=False).ok
    behind_our_back(culr, "create", "ANNA", AARHUS)
    assert compared(library).drifted == ((Drift.EXTRA, keeps),)


# -- another library ---------------------------------------------------------------------------------------------------


def test_another_librarys_number_is_asked_about_once_and_not_overwritten(library: Library, culr: CulrDouble) -> None:
    behind_our_back(culr, "create", "ANNA", agency=THEIRS)
    behind_our_back(culr, "update", "ANNA", ODENSE, agency=THEIRS)
    report = library.night()
    assert counts(report.told.accounts) == {"read": 4, "foreign": 1}
    assert (report.exit_code, report.document()["reasons"]) == (3, {"net_media.foreign": 1})
    for _ in range(10):
        library.clock.moment += timedelta(days=1)
        found = compared(library)
        assert (counts(found), found.left) == ({"read": 4, "foreign": 1}, ())
    assert stands(culr, "ANNA") == ([THEIRS, AGENCY], ODENSE)
    assert [kind for _, kind in library.reviews()] == ["net_media.foreign"]


def test_our_account_comes_back_beside_another_librarys_without_touching_its_number(
    library: Library, culr: CulrDouble
) -> None:
    behind_our_back(culr, "create", "ANNA", agency=THEIRS)
    behind_our_back(culr, "update", "ANNA", ODENSE, agency=THEIRS)
    behind_our_back(culr, "delete", "ANNA")
    assert counts(library.night().told.accounts) == {"read": 4, "missing": 1, "foreign": 1, "repaired": 1}
    assert stands(culr, "ANNA") == ([THEIRS, AGENCY], ODENSE)


def foreign(library: Library, culr: CulrDouble) -> int:
    behind_our_back(culr, "create", "ANNA", agency=THEIRS)
    behind_our_back(culr, "update", "ANNA", ODENSE, agency=THEIRS)
    (patron,) = compared(library).left
    return next(row["id"] for row in library.rows("review_item") if row["patron_id"] == patron)


def reviews_of(library: Library) -> StaffReviews:
    return StaffReviews(library, "librarian")


def test_a_number_that_someone_let_stand_is_not_asked_about_again_and_another_one_is(
    library: Library, culr: CulrDouble
) -> None:
    reviews_of(library).reject(foreign(library, culr), reason="she lives there")
    assert compared(library).left == ()
    behind_our_back(culr, "update", "ANNA", KOEBENHAVN, agency=THEIRS)
    assert compared(library).left == (library.id_of("ANNA"),)


def test_accepting_tells_ours_once_and_what_comes_back_is_asked_about_anew(library: Library, culr: CulrDouble) -> None:
    reviews_of(library).accept(foreign(library, culr))
    assert counts(compared(library)) == {"read": 3, "left_out": 1}
    library.one_night()
    assert stands(culr, "ANNA") == ([THEIRS, AGENCY], AARHUS)
    assert counts(compared(library)) == {"read": 4}
    behind_our_back(culr, "update", "ANNA", ODENSE, agency=THEIRS)
    assert compared(library).left == (library.id_of("ANNA"),)


def test_an_item_is_settled_when_the_other_library_comes_to_say_the_same(library: Library, culr: CulrDouble) -> None:
    foreign(library, culr)
    behind_our_back(culr, "update", "ANNA", AARHUS, agency=THEIRS)
    compared(library)
    assert [row["state"] for row in library.rows("review_item")] == ["settled"]


def test_the_list_shows_both_sides(library: Library, culr: CulrDouble) -> None:
    number = foreign(library, culr)
    (item,) = reviews_of(library).listed()
    assert (item["id"], item["net_media"]) == (number, SIDES)


def test_two_libraries_that_share_patrons_and_differ_do_not_fight(
    library: Library, culr: CulrDouble, tmp_path: Path
) -> None:
    """Ours thinks that ANNA lives in Aarhus, theirs in Odense; of BO both say the same."""
    other = library.copy(tmp_path / "other")
    theirs = other.net_media = CulrDouble(THEIRS, culr.accounts)
    with other.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM account")
    in_odense = Address("0461", "0001", house="1")
    other.deliver(MONDAY, replace(person("ANNA"), address=in_odense))
    run_night(replace(other.ports(), agency=THEIRS))
    assert stands(culr, "ANNA") == ([THEIRS, AGENCY], ODENSE)
    ledger = list(culr.accounts.ledger)
    for _ in range(10):
        for one, port, agency in ((library, culr, AGENCY), (other, theirs, THEIRS)):
            one.clock.moment += timedelta(days=1)
            compare_accounts(replace(one.ports(), net_media=port, agency=agency), None, everyone=True)
            assert one.store.outbox.order() == []
    assert culr.accounts.ledger == ledger
    assert [kind for _, kind in library.reviews()] == ["net_media.foreign"]
    assert other.reviews() == []
    other.engine.dispose()


@pytest.mark.parametrize("gone", [False, True])
def test_a_number_that_another_library_sets_while_our_repair_waits_is_not_overwritten(
    library: Library, culr: CulrDouble, *, gone: bool
) -> None:
    """Nothing is fought over, also while the outbox is not empty; our own account comes back beside theirs."""
    for key in ("ANNA", "BO"):
        behind_our_back(culr, "delete" if gone else "update", key, ODENSE)
    assert compared(library).repaired == 2
    behind_our_back(culr, "create", "ANNA", agency=THEIRS)
    behind_our_back(culr, "update", "ANNA", ODENSE, agency=THEIRS)
    report = library.one_night()
    assert (report.exit_code, report.document()["reasons"], report.told.sent) == (3, {"net_media.foreign": 1}, 1)
    assert (stands(culr, "ANNA"), stands(culr, "BO")) == (([THEIRS, AGENCY], ODENSE), ([AGENCY], AARHUS))
    ledger = list(culr.accounts.ledger)
    assert reviews_of(library).listed()[0]["net_media"] == SIDES
    assert verify(library.ports(), offline=False).wrong[NetMediaFault.FOREIGN] == [library.id_of("ANNA")]
    assert (counts(compared(library)), library.one_night().counts.left) == ({"read": 4, "foreign": 1}, 0)
    assert culr.accounts.ledger == ledger
    reviews_of(library).accept(1)
    library.one_night()
    assert stands(culr, "ANNA") == ([THEIRS, AGENCY], AARHUS)


def test_a_move_of_ours_behind_a_repair_is_told_and_nobody_is_asked(library: Library, culr: CulrDouble) -> None:
    behind_our_back(culr, "update", "ANNA", KOEBENHAVN)
    assert compared(library).repaired == 1
    behind_our_back(culr, "create", "ANNA", agency=THEIRS)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    assert library.one_night().counts.left == 0
    assert (stands(culr, "ANNA"), library.reviews()) == (([THEIRS, AGENCY], ODENSE), [])
    assert verify(library.ports(), offline=False).ok


# -- the brake, and what does not answer -------------------------------------------------------------------------------


@pytest.mark.parametrize(("harm", "operation"), [(Harm.CHANGED, "delete"), (Harm.ENTITLEMENT_LOST, "create")])
def test_more_than_the_limit_is_told_and_nothing_is_repaired(
    library: Library, culr: CulrDouble, harm: Harm, operation: str
) -> None:
    library.deliver(MONDAY, replaced(cpr("ANNA"), NEW), anna())
    library.one_night()
    library.deliver(TUESDAY)
    library.limit(harm, 0)
    behind_our_back(culr, operation, "BO" if operation == "delete" else "ANNA", AARHUS)
    before, stood = library.everything(), list(culr.accounts.ledger)
    report = library.one_night()
    limit = {"class": harm.value, "count": 1, "limit": 0}
    assert (report.exit_code, report.state, report.document()["net_media"]["brake"]) == (3, "done", [limit])
    document = reconcile_document(
        library.ports(), reconcile_accounts(library.ports(), everyone=True, dry_run=False), dry_run=False
    )
    assert (document["brake"], document["repaired"]) == ([limit], 0)
    after = library.everything()
    assert (after["outbox"], after["patron"], culr.accounts.ledger) == (before["outbox"], before["patron"], stood)


@pytest.mark.parametrize(
    ("failure", "error", "exit_code"),
    [
        (NetMediaUnavailable("no answer"), NetMediaUnavailable, 4),
        (Code.COULD_NOT_AUTHENTICATE, NetMediaRefused, 2),
    ],
)
def test_when_nobody_answers_nothing_is_repaired_and_the_night_and_the_command_say_why(
    library: Library, culr: CulrDouble, failure: Any, error: type[Exception], exit_code: int
) -> None:
    """Also a night with nothing to tell: otherwise nobody hears of a CULR that is away for weeks."""
    behind_our_back(culr, "delete", "ANNA")
    before = library.everything()
    culr.failures = [failure] * 9
    for together in (1, 16):
        ports = replace(library.ports(), batch=together)
        found = reconcile_accounts(ports, everyone=True, dry_run=False)
        assert isinstance(found.error, error)
        assert counts(found) == {"left_out": 4}
    assert library.everything() == before
    report = library.one_night()
    assert (report.told.accounts.repaired, report.exit_code) == (0, exit_code)
    assert isinstance(report.told.error, error)
    culr.failures.clear()
    assert counts(compared(library)) == {"read": 4, "missing": 1, "repaired": 1}


def test_after_the_reading_was_refused_the_night_makes_no_further_call(library: Library, culr: CulrDouble) -> None:
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    culr.failures = [Code.COULD_NOT_AUTHENTICATE]
    for _ in range(2):
        report = library.one_night()
        assert (len(culr.calls), report.exit_code, report.closing.backlog.waiting) == (1, 2, 1)
        assert isinstance(report.told.error, NetMediaRefused)
        culr.calls.clear()
        culr.failures = [Code.COULD_NOT_AUTHENTICATE]
    assert stands(culr, "ANNA") == ([AGENCY], AARHUS)


def test_one_answer_that_is_lost_leaves_out_one_and_the_next_comparison_reads_her_first(
    library: Library, culr: CulrDouble
) -> None:
    culr.failures = [Code.PROGRAM_ERROR]
    assert counts(compared(library)) == {"read": 3, "left_out": 1}
    (unread,) = (row["patron_id"] for row in library.rows("account") if row["checked"] is None)
    assert library.store.accounts.oldest(1) == [unread]


def test_a_library_without_net_media_compares_nothing(library: Library) -> None:
    before = library.everything()
    assert counts(compared(library)) == {}
    assert library.everything() == before


# -- a share each night, and killed ------------------------------------------------------------------------------------


def test_a_second_run_of_a_night_reads_no_second_share(library: Library, culr: CulrDouble) -> None:
    assert library.one_night().told.accounts.read == 4
    before = len(culr.calls)
    assert library.one_night().told.accounts.read == 0
    assert len(culr.calls) == before


def test_those_who_were_not_read_for_longest_come_first(library: Library, culr: CulrDouble) -> None:
    first = library.store.accounts.oldest(2)
    library.clock.moment += timedelta(hours=1)
    library.store.account_repairs.see(None, [(one, CulrHolding(account=True, municipality=AARHUS)) for one in first])
    assert set(library.store.accounts.oldest(2)) | set(first) == {library.id_of(key) for key in EVERYONE}


def test_a_comparison_killed_after_any_write_and_begun_again_repairs_each_account_once(
    library: Library, culr: CulrDouble, tmp_path: Path
) -> None:
    library.batch = 1
    for key in ("ANNA", "BO", "CLARA"):
        behind_our_back(culr, "update", key, ODENSE)
    writes = 0
    for at in range(1, 8):
        other = library.copy(tmp_path / str(at))
        other.net_media = culr
        store = KilledStore(other.store, at=at)
        try:
            compared(other, store)
        except Killed:
            writes += 1
            compared(other)
        waits = Counter(row["patron_id"] for row in other.rows("outbox"))
        assert waits == Counter(other.id_of(key) for key in ("ANNA", "BO", "CLARA"))
        other.engine.dispose()
    assert writes == 4  # one part that is right, and three repairs
