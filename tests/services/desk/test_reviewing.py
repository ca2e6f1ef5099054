"""What a person answers to what the night has left: done once, audited, and taken back where the table says so."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from doubles import AGENCY, MONDAY, TUESDAY, WEDNESDAY, Library, altered, refused, unowned
from sqlalchemy import insert, update
from town import PEOPLE
from townspeople import cpr, dies, loses_protection, moves, person
from whole import verify_audit

from cprsync.domain.patron.local import Block, Stage
from cprsync.domain.patron.patron import is_sealed
from cprsync.domain.patron.review import BOTH_PATRONS, State
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Person, Status, silence_by_status
from cprsync.errors import BadInput, ReviewClosed, ReviewUnknown
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.night.dry_run import plan_night
from cprsync.services.night.run import run_night
from cprsync.services.planning.applying import make_finding_keys
from cprsync.store import tables
from cprsync.store.core.engine import writing
from cprsync.store.lending import circulation

if TYPE_CHECKING:
    from sqlalchemy import Table

USER = "lone"


def reviews(library: Library) -> StaffReviews:
    return StaffReviews(library, USER)


def of_status(status: str) -> Person:
    return silence_by_status(replace(person("ANNA"), status=Status(status)))


def waits(library: Library) -> list[str]:
    return [item["kind"] for item in reviews(library).listed()]


def number_of(library: Library, kind: str) -> int:
    (found,) = [item["id"] for item in reviews(library).listed() if item["kind"] == kind]
    return int(found)


def blocks(library: Library) -> tuple[Block, ...]:
    found: tuple[Block, ...] = library.view("ANNA").local.blocks
    return found


def circulate(library: Library, table: Table, key: str, row_id: int, **days: date | None) -> None:
    """A row as the import of circulation will write it."""
    tenant = library.store._tenant
    sealed = circulation.seal_payload(
        tenant, table, f"{table.name} {row_id}".encode(), patron_id=library.id_of(key), row_id=row_id
    )
    row = {"agency": AGENCY, "id": row_id, "patron_id": library.id_of(key), "source_id": f"S{row_id}"}
    with writing(library.engine) as connection:
        connection.execute(insert(table).values(row | days | sealed))


def cancelled(library: Library) -> dict[int, date | None]:
    return {row["id"]: row["cancelled"] for row in library.rows("reservation")}


def entries(library: Library) -> list[dict[str, Any]]:
    rows = [json.loads(bytes.fromhex(row["entry"])) for row in library.rows("audit")]
    return [row for row in rows if row["kind"] == "review"]


#: Columns that count what was written and when.
VERSIONS = frozenset({"version", "local_version", "register_since", "found_register", "found_local"})


def as_it_is(library: Library, *besides: str) -> dict[str, Any]:
    """Everything but versions, runs, audit and reviews, and the tables named."""
    # the keys of what has been written since; they follow from the record
    make_finding_keys(library.ports())
    left = unowned(library.everything(), "review_item", "before_image", "outbox", "inbox", "agreement", *besides)
    return {
        table: [{name: value for name, value in row.items() if name not in VERSIONS} for row in rows]
        for table, rows in left.items()
    }


# -- proposed by a status ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "reason", "lift"),
    [
        ("90", "block.dead", "død", "death.annulled"),
        ("70", "block.disappeared", "forsvundet", "person.found"),
        ("30", "block.annulled", "personnummer annulleret", "number.restored"),
    ],
)
def test_a_block_is_proposed_confirmed_and_lifted(
    either_library: Library, status: str, kind: str, reason: str, lift: str
) -> None:
    library = either_library
    before = as_it_is(library)
    library.deliver(MONDAY, of_status(status))
    report = library.night()
    assert (report.exit_code, report.document()["reviews"]["kinds"][kind]) == (3, 1)
    assert blocks(library) == ()
    number = number_of(library, kind)
    accepted = reviews(library).accept(number)
    assert (accepted["state"], accepted["decided"]["by"]) == ("accepted", USER)
    assert blocks(library) == (Block(library.clock.today(), reason),)
    refused(library, lambda: reviews(library).accept(number), ReviewClosed)
    refused(library, lambda: reviews(library).reject(number, reason="No"), ReviewClosed)
    library.deliver(TUESDAY, person("ANNA"))
    assert library.night().exit_code == 3
    assert lift in waits(library)
    assert blocks(library) != ()
    reviews(library).accept(number_of(library, lift))
    assert as_it_is(library) == before | {"patron": as_it_is(library)["patron"]}
    assert blocks(library) == ()
    assert library.store.review_desk.item(number).state is State.UNDONE  # type: ignore[union-attr]  # it was there
    verify_audit(library.store)


@pytest.mark.parametrize("status", ["90", "70", "30"])
def test_a_proposal_settles_by_itself_when_its_reason_is_gone(library: Library, status: str) -> None:
    library.deliver(MONDAY, of_status(status))
    library.night()
    number = next(item["id"] for item in reviews(library).listed() if item["kind"].startswith("block."))
    # put off or not
    reviews(library).put_off(number, until=date(2027, 4, 20), reason="De pårørende kommer forbi")
    library.deliver(TUESDAY, person("ANNA"))
    library.night()
    assert [kind for kind in waits(library) if kind != "number.annulled"] == []
    refused(library, lambda: reviews(library).accept(number), ReviewClosed)


def test_a_death_and_its_annulment_in_one_night_leave_nobody_anything(library: Library) -> None:
    library.deliver(MONDAY, dies(person("ANNA")))
    library.deliver(TUESDAY, person("ANNA"))
    assert library.night().exit_code == 0
    assert waits(library) == []


@pytest.mark.parametrize("key", ["status-90"])
def test_the_loans_and_debts_of_the_dead_stay_until_staff_have_settled_them(library: Library, key: str) -> None:
    circulate(library, tables.loan, "ANNA", 1, due=date(2027, 3, 1), returned=None)
    circulate(library, tables.balance, "ANNA", 2, raised=date(2027, 3, 1), settled=None)
    before = library.everything()
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    reviews(library).accept(number_of(library, "block.dead"))
    after = library.everything()
    assert all(after[table] == before[table] for table in ("loan", "balance")), key
    assert library.view("ANNA").stage is Stage.ACTIVE


def test_a_rejected_block_is_not_proposed_again_by_the_next_snapshot(library: Library) -> None:
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    reviews(library).reject(number_of(library, "block.dead"), reason="Hun stod her i morges")
    library.deliver(TUESDAY, replace(dies(person("ANNA")), name=person("CLARA").name))
    library.night()
    assert waits(library) == []
    assert blocks(library) == ()


def test_the_offer_to_lift_a_block_is_withdrawn_when_she_is_dead_after_all(library: Library) -> None:
    for day, one in ((MONDAY, dies(person("ANNA"))), (TUESDAY, person("ANNA")), (WEDNESDAY, dies(person("ANNA")))):
        library.deliver(day, one)
        library.night()
        if day == MONDAY:
            reviews(library).accept(number_of(library, "block.dead"))
    assert waits(library) == []
    assert len(blocks(library)) == 1


def test_a_number_annulled_after_a_death_leaves_the_death_to_be_confirmed(library: Library) -> None:
    for day, status in ((MONDAY, "90"), (TUESDAY, "30")):
        library.deliver(day, of_status(status))
        library.night()
    assert sorted(waits(library)) == ["block.annulled", "block.dead", "number.annulled"]


def test_a_first_copy_of_someone_dead_proposes_the_block(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.knows(dies(person("HENRIK")))
    library.one_night()
    assert waits(library) == ["block.dead"]


# -- a death -------------------------------------------------------------------------------------------


def test_a_death_confirmed_and_annulled_leaves_the_record_as_it_was(either_library: Library) -> None:
    library = either_library
    for number, key in ((1, "ANNA"), (2, "ANNA"), (4, "CLARA")):
        circulate(library, tables.reservation, key, number, placed=date(2027, 2, 1), until=None, cancelled=None)
    circulate(library, tables.loan, "ANNA", 1, due=date(2027, 4, 1), returned=None)
    before, shown = as_it_is(library), library.view("ANNA")
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    assert library.view("ANNA").patron.letters_stopped is not None
    # she had cancelled it herself
    circulate(library, tables.reservation, "ANNA", 3, placed=date(2027, 2, 1), until=None, cancelled=date(2027, 3, 1))
    reviews(library).accept(number_of(library, "block.dead"))
    today = library.clock.today()
    assert cancelled(library) == {1: today, 2: today, 3: date(2027, 3, 1), 4: None}
    library.deliver(TUESDAY, person("ANNA"))
    library.night()
    assert cancelled(library)[1] == today
    reviews(library).accept(number_of(library, "death.annulled"))
    assert cancelled(library)[3] == date(2027, 3, 1)
    library.night()
    after = as_it_is(library)
    assert {table: rows for table, rows in after.items() if table != "patron"} == {
        table: rows for table, rows in before.items() if table != "patron"
    }
    now = library.view("ANNA")
    assert (now.register, now.local, now.patron.letters_stopped) == (shown.register, shown.local, None)


def test_a_confirmed_death_can_be_taken_back_before_the_register_does(either_library: Library) -> None:
    library = either_library
    circulate(library, tables.reservation, "ANNA", 1, placed=date(2027, 2, 1), until=None, cancelled=None)
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    before = as_it_is(library)
    number = number_of(library, "block.dead")
    reviews(library).accept(number)
    assert as_it_is(library) != before
    assert reviews(library).undo(number)["state"] == "undone"
    assert as_it_is(library) == before
    assert why_not_undone(library, number) == (
        "review.closed.undone",
        f"review item {number} has been taken back already",
    )


def test_what_nobody_has_answered_or_somebody_rejected_is_not_taken_back_and_says_so(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    number = number_of(library, "block.dead")
    assert why_not_undone(library, number)[0] == "review.closed.waiting"
    reviews(library).reject(number, reason="another person")
    assert why_not_undone(library, number)[0] == "review.closed.rejected"


def why_not_undone(library: Library, number: int) -> tuple[str, str]:
    """The refusal of taking an answer back; nothing is changed by it."""
    before = library.everything()
    with pytest.raises(ReviewClosed) as told:
        reviews(library).undo(number)
    assert library.everything() == before
    return told.value.kind, told.value.message


def test_a_reservation_that_is_gone_since_is_not_taken_back(library: Library) -> None:
    circulate(library, tables.reservation, "ANNA", 1, placed=date(2027, 2, 1), until=None, cancelled=None)
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    number = number_of(library, "block.dead")
    reviews(library).accept(number)
    with writing(library.engine) as connection:
        connection.execute(update(tables.reservation).values(cancelled=date(2027, 1, 1)))
    reviews(library).undo(number)
    assert cancelled(library) == {1: date(2027, 1, 1)}


def test_the_contact_address_of_the_dead_is_shown_to_staff(library: Library) -> None:
    dead = dies(person("HENRIK"))
    library.enrol("HENRIK")
    library.register.knows(dead)
    library.one_night()
    record = reviews(library).shown(number_of(library, "block.dead"))["record"]
    assert record["fields"]["status"]["value"] == "90"
    assert "register_contact_address" in record["fields"]


# -- answers -------------------------------------------------------------------------------------------


def test_an_answer_stands_in_the_audit_with_who_and_what(library: Library) -> None:
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    number = number_of(library, "block.dead")
    reviews(library).accept(number)
    (entry,) = entries(library)
    assert entry["actions"] == ["block.dead", "accepted"]
    assert (entry["patron"], entry["user"], entry["item"]) == (library.id_of("ANNA"), USER, str(number))
    assert entry["fields"] == "blocks,reservations"


def test_a_number_that_is_no_item_is_refused(library: Library) -> None:
    refused(library, lambda: reviews(library).accept(7), ReviewUnknown)
    refused(library, lambda: reviews(library).shown(7), ReviewUnknown)


@pytest.mark.parametrize("reason", ["", "to\nlinjer", "x" * 201, "cpr"])
def test_a_reason_that_may_not_be_kept_is_refused(library: Library, reason: str) -> None:
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    number = number_of(library, "block.dead")
    text = cpr("ANNA").digits if reason == "cpr" else reason
    refused(library, lambda: reviews(library).reject(number, reason=text), BadInput)


def test_of_two_answers_at_once_the_second_is_refused(library: Library) -> None:
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    number = number_of(library, "block.dead")
    item = library.store.review_desk.item(number)
    stale = replace(reviews(library), library=library.ports(seen_before(library.store, item)))
    reviews(library).accept(number)
    refused(library, lambda: stale.accept(number), ReviewClosed)
    refused(library, lambda: stale.reject(number, reason="No"), ReviewClosed)


def test_of_two_people_who_accept_at_the_same_moment_one_is_refused(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    number = number_of(library, "block.dead")

    def accept(user: str) -> str:
        try:
            decided = replace(reviews(library), user=user).accept(number)["decided"]["by"]
        except ReviewClosed:
            return "refused"
        return str(decided)

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(accept, ("lone", "per", "ida", "bo")))
    assert said.count("refused") == 3
    assert len(blocks(library)) == len(entries(library)) == 1
    verify_audit(library.store)


def seen_before(store: Any, item: Any) -> Any:
    """The store as someone saw it who looked before the other one answered."""
    return altered(store, review_desk_item=lambda _: item)


# -- what could not be decided ---------------------------------------------------------------------------


def no_address() -> Person:
    return person("ANNA", address=SILENT)


def test_whoever_is_parked_is_asked_about_again_and_stays_sealed_until_then(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY, no_address())
    library.night()
    number = number_of(library, "parked.address.missing")
    assert library.view("ANNA").parked
    reviews(library).accept(number)
    assert library.questions() == [(library.id_of("ANNA"), "first_copy")]
    assert library.view("ANNA").parked
    assert not is_sealed(library.record("ANNA"), silent_is_sealed=True)
    refused(library, lambda: reviews(library).accept(number), ReviewClosed)
    library.register.knows(moves(person("ANNA")))
    library.deliver(TUESDAY)
    library.night()
    assert library.questions() == []
    assert library.record("ANNA").address == moves(person("ANNA")).address
    assert not library.view("ANNA").parked


def test_whoever_is_still_undecided_waits_anew(library: Library) -> None:
    library.deliver(MONDAY, no_address())
    library.night()
    reviews(library).accept(number_of(library, "parked.address.missing"))
    library.register.knows(no_address())
    library.deliver(TUESDAY)
    library.night()
    assert waits(library) == ["parked.address.missing"]
    assert library.view("ANNA").parked


@pytest.mark.parametrize("planned", [False, True])
def test_a_question_that_stays_undecided_is_left_to_a_person_by_one_night_and_waits_after_the_next(
    library: Library, *, planned: bool
) -> None:
    gone = silence_by_status(Person(cpr("ANNA"), status=Status.CHANGED, current_number=SILENT))
    library.register.knows(gone)
    library.deliver(MONDAY, gone)
    library.night()
    reviews(library).accept(number_of(library, "parked.number.unresolved"))
    live = plan_night if planned else run_night
    for exit_code, left in ((3, {"number.unresolved": 1}), (0, {})):
        report = live(library.ports())
        assert (report.exit_code, report.reasons, report.counts.left) == (exit_code, left, len(left))
        assert report.closing.reviews_waiting == {"parked.number.unresolved": 1}
        if planned and exit_code == 3:
            library.one_night()
    before = library.everything()
    library.one_night()
    assert unowned(library.everything()) == unowned(before)
    assert waits(library) == ["parked.number.unresolved"]


def test_an_undecided_person_who_is_delivered_again_is_parked_with_her_reason(library: Library) -> None:
    for day in (MONDAY, TUESDAY):
        library.deliver(day, no_address())
        report = library.night()
        assert (report.exit_code, report.reasons) == (3, {"address.missing": 1})
    assert waits(library) == ["parked.address.missing"]


def test_a_parked_person_who_is_left_as_she_is_counts_as_she_stands(library: Library) -> None:
    library.deliver(MONDAY, no_address())
    library.night()
    before = as_it_is(library)
    reviews(library).reject(number_of(library, "parked.address.missing"), reason="Adressen passer")
    assert as_it_is(library) == before
    assert (waits(library), library.view("ANNA").parked) == ([], False)


def test_an_unresolved_number_is_asked_about_until_it_is_left_alone(either_library: Library) -> None:
    library = either_library
    gone = silence_by_status(Person(cpr("ANNA"), status=Status.CHANGED, current_number=SILENT))
    library.deliver(MONDAY, gone)
    library.night()
    reviews(library).accept(number_of(library, "parked.number.unresolved"))
    assert library.questions() == [(library.id_of("ANNA"), "number_change")]
    library.register.knows(gone)
    library.deliver(TUESDAY)
    library.one_night()
    assert waits(library) == ["parked.number.unresolved"]
    reviews(library).reject(number_of(library, "parked.number.unresolved"), reason="Ses ved skranken")
    assert library.questions() == []


@pytest.mark.parametrize("delivered", [True, False])
def test_an_unresolved_number_is_replaced_by_the_one_that_the_register_names(library: Library, delivered: bool) -> None:
    patron, new = library.id_of("ANNA"), CprNumber.parse(PEOPLE["ANNA"]["next_numbers"][0])
    library.deliver(MONDAY, silence_by_status(Person(cpr("ANNA"), status=Status.CHANGED, current_number=SILENT)))
    library.night()
    reviews(library).accept(number_of(library, "parked.number.unresolved"))
    gone = silence_by_status(Person(cpr("ANNA"), status=Status.CHANGED, current_number=new))
    library.register.knows(gone, moves(person("ANNA", number=new)))
    library.deliver(TUESDAY, *([moves(person("ANNA", number=new))] if delivered else []))
    library.one_night()
    assert library.store.patrons.find(new) == library.store.patrons.find(cpr("ANNA")) == patron
    assert library.view("ANNA").register == moves(person("ANNA", number=new))
    assert (library.questions(), waits(library)) == ([], [])
    library.nothing_is_left()


def test_an_unresolved_number_is_not_replaced_by_another_patrons(library: Library) -> None:
    library.deliver(MONDAY, silence_by_status(Person(cpr("ANNA"), status=Status.CHANGED, current_number=SILENT)))
    library.night()
    reviews(library).accept(number_of(library, "parked.number.unresolved"))
    library.register.knows(silence_by_status(Person(cpr("ANNA"), status=Status.CHANGED, current_number=cpr("CLARA"))))
    library.deliver(TUESDAY)
    library.one_night()
    assert library.record("ANNA") == person("ANNA")
    # the register says who she is: the two are one person, and whoever looks is offered to merge them
    (item,) = reviews(library).listed()
    assert (item["kind"], item["about"]) == ("parked.number.both_patrons", library.id_of("CLARA"))


def test_a_contradicted_end_of_a_protection_keeps_it(library: Library) -> None:
    library.register.knows(person("BO", protection=library.record("BO").protection))
    library.deliver(MONDAY, loses_protection(person("BO")))
    library.night()
    before = as_it_is(library)
    reviews(library).accept(number_of(library, "protection.contradicted"))
    assert as_it_is(library) == before
    assert waits(library) == []


# -- showing ---------------------------------------------------------------------------------------------


def test_a_protected_patron_stays_sealed_in_her_review(library: Library) -> None:
    library.register.knows(person("BO", protection=library.record("BO").protection))
    library.deliver(MONDAY, loses_protection(person("BO")))
    library.night()
    record = reviews(library).shown(number_of(library, "protection.contradicted"))["record"]
    assert (record["fields"]["name"]["value"], record["fields"]["name"]["sealed"]) == (None, True)


def test_the_list_says_why_and_what_an_answer_does(library: Library) -> None:
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    (item,) = reviews(library).listed()
    assert (item["patron"], item["kind"], item["state"]) == (library.id_of("ANNA"), "block.dead", "waiting")
    assert item["since"] == library.clock.today().isoformat()
    assert (item["why"], item["accept"], item["reject"]) == ("block.dead", "block_and_cancel", "no_block")
    reviews(library).accept(item["id"])
    assert reviews(library).listed() == []
    assert [one["state"] for one in reviews(library).listed(all_states=True)] == ["accepted"]


def test_what_waits_about_one_patron_is_found_from_both_of_two(either_library: Library) -> None:
    library = either_library
    library.enrol("ANNA", "BO", "CLARA")
    anna, bo, clara = (library.id_of(key) for key in ("ANNA", "BO", "CLARA"))
    library.store.desk.ask_staff(anna, BOTH_PATRONS, about=bo)
    desk = reviews(library)
    (item,) = desk.waiting_about(anna)
    assert desk.waiting_about(bo) == [item]
    assert desk.waiting_about(clara) == []
    desk.reject(item["id"], reason="To forskellige")
    assert desk.waiting_about(anna) == []
