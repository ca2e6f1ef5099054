"""Two patrons of one person: merged by a person's answer, nothing lost, and two again when it was a mistake."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from doubles import AGENCY, MONDAY, TUESDAY, WEDNESDAY, Library, happened, refused
from sqlalchemy import update
from test_number_change import replaced, subscriptions
from test_reviewing import as_it_is, circulate, number_of, reviews, waits
from town import PEOPLE
from townspeople import cpr, dies, gains_protection, loses_protection, moves, person
from whole import patron_ids, verify_audit

from cprsync.domain.patron.local import Card, Local, Telephone
from cprsync.domain.patron.review import OTHER_SUCCESSOR
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Person, Protection
from cprsync.domain.policy.policy import Harm
from cprsync.errors import BadInput, Braked, ReviewClosed
from cprsync.language.record import record_lines
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.desk.showing import patron_document
from cprsync.services.desk.viewing import find_patron
from cprsync.services.ports.patrons import NewPatron
from cprsync.store import tables
from cprsync.store.core.engine import writing
from cprsync.store.imports.import_rows import create

BOTH = "parked.number.both_patrons"
OLD, NEW = cpr("ANNA"), cpr("CLARA")


def two_of_one(library: Library) -> tuple[str, str]:
    """ANNA's number was replaced by CLARA's, and both are patrons: who closes and who keeps."""
    rich = Local(branch="main", internal_note="Har glemt PIN", telephones=(Telephone("70121416"),))
    library.store.imports.take_patrons([NewPatron(OLD, rich), NewPatron(NEW, Local(internal_note="Flink"))])
    circulate(library, tables.loan, "ANNA", 1, due=date(2027, 4, 1), returned=None)
    circulate(library, tables.reservation, "ANNA", 2, placed=date(2027, 2, 1), until=None, cancelled=None)
    circulate(library, tables.balance, "ANNA", 3, raised=date(2027, 2, 1), settled=None)
    circulate(library, tables.message, "ANNA", 4, sent=date(2027, 2, 1), content_until=None)
    circulate(library, tables.loan, "CLARA", 5, due=date(2027, 4, 1), returned=None)
    closes, keeps = library.id_of("ANNA"), library.id_of("CLARA")
    library.deliver(MONDAY, replaced(OLD, NEW), person("CLARA"))
    library.night()
    return closes, keeps


def but_for_windows(library: Library) -> dict[str, Any]:
    """All as it is; that a patron who was parted is unverified is held in test_window_nights."""
    everything = as_it_is(library)
    windows = {"unverified_since", "unverified_why", "unverified_until", "unverified_asked"}
    everything["patron"] = [
        {name: value for name, value in row.items() if name not in windows} for row in everything["patron"]
    ]
    return everything


def holders(library: Library) -> dict[int, str]:
    names = ("loan", "reservation", "balance", "message")
    return {row["id"]: row["patron_id"] for name in names for row in library.rows(name)}


def told(library: Library, patron_id: str) -> list[dict[str, Any]]:
    rows = [row for row in library.rows("outbox") if row["patron_id"] == patron_id]
    return [json.loads(bytes.fromhex(row["payload"])) for row in sorted(rows, key=lambda row: row["version"])]


def listed(library: Library) -> set[tuple[str, str, str | None]]:
    """Who waits, for what, and with whom."""
    return {(item["patron"], item["kind"], item["about"]) for item in reviews(library).listed()}


def view(library: Library, patron_id: str) -> Any:
    found = library.store.views.patron(patron_id)
    assert found is not None
    return found


def put_number(library: Library, number: CprNumber) -> None:
    library.store.imports.take_patrons([NewPatron(number, Local(cards=(Card("NEW"),)))])


def take_number(library: Library, number: CprNumber) -> None:
    """A new patron has it: no import brings her, since it finds the one who keeps."""
    tenant = library.store._tenant
    with tenant.writing() as transaction:
        create(transaction, NewPatron(number, Local()))


def test_the_item_shows_both_records_and_what_moves(library: Library) -> None:
    closes, keeps = two_of_one(library)
    shown = reviews(library).shown(number_of(library, BOTH))
    assert (shown["patron"], shown["about"]) == (closes, keeps)
    assert shown["record"]["fields"]["name"]["value"] != shown["other"]["fields"]["name"]["value"]
    moves_ = {"loan": 1, "reservation": 1, "balance": 1, "message": 1}
    assert shown["plan"] == {"keeps": keeps, "closes": closes, "moves": moves_}


def test_everything_moves_to_the_one_who_keeps(either_library: Library) -> None:
    library = either_library
    closes, keeps = two_of_one(library)
    reviews(library).accept(number_of(library, BOTH))
    assert set(holders(library).values()) == {keeps}
    local = view(library, keeps).local
    assert [card.number for card in local.cards] == ["CLARA", "ANNA"]
    assert (local.internal_note, local.telephones) == ("Flink\nHar glemt PIN", (Telephone("70121416"),))
    assert library.store.patrons.find(OLD) == library.store.patrons.find(NEW) == keeps
    assert subscriptions(library, keeps) == sorted([(NEW.digits, "patron"), (OLD.digits, "old_number")])
    shell = view(library, closes)
    assert (shell.local, shell.register, shell.patron.verified) == (Local(), Person(OLD), False)
    assert (library.row(closes)["status_class"], shell.merged_into) == ("merged", keeps)
    assert view(library, keeps).register == person("CLARA")
    verify_audit(library.store)


def test_a_card_or_patron_number_of_either_finds_the_one_who_keeps(library: Library) -> None:
    closes, keeps = two_of_one(library)
    reviews(library).accept(number_of(library, BOTH))
    found = [find_patron(library.store, typed) for typed in ("ANNA", "CLARA", closes, keeps)]
    assert [one["patron"] for one in found] == [keeps] * 4
    assert [one["warnings"] for one in found] == [[], [], ["merged"], []]
    keys = [row for row in library.rows("patron_key") if row["patron_id"] == keeps]
    assert sorted(row["kind"] for row in keys) == ["card", "card", "merged", "old_number"]


@pytest.mark.parametrize("key", ["account-merged"])
def test_the_net_media_hear_of_the_change_and_then_of_the_end_of_the_other_until_it_is_undone(
    library: Library, key: str
) -> None:
    closes, keeps = two_of_one(library)
    accepted = number_of(library, BOTH)
    reviews(library).accept(accepted)
    number = {"userIdType": "CPR", "userIdValue": NEW.digits}
    assert told(library, keeps)[-1] == {"municipalityNo": "751", **number, "replaces": OLD.digits}
    gone = {"municipalityNo": "", "delete": True, "userIdType": "CPR", "userIdValue": OLD.digits}
    assert told(library, closes)[-1] == gone
    reviews(library).undo(accepted)
    again = {"municipalityNo": "751", "userIdType": "CPR", "userIdValue": OLD.digits}
    assert told(library, closes)[-1] == again, key


def test_both_are_named_in_the_audit_with_who_merged_them(library: Library) -> None:
    closes, keeps = two_of_one(library)
    before = happened(library.everything())
    reviews(library).accept(number_of(library, BOTH))
    assert happened(library.everything()) - before == {
        **{("review", one): 1 for one in (closes, keeps)},
        # the item keeps nobody parked any more
        ("bound", closes): 1,
    }


def test_nights_go_on_with_the_one_who_keeps(either_library: Library) -> None:
    library = either_library
    closes, keeps = two_of_one(library)
    reviews(library).accept(number_of(library, BOTH))
    library.deliver(TUESDAY, replaced(OLD, NEW), moves(person("CLARA")))
    report = library.night()
    assert library.items(report) == [("unchanged", "number.old"), ("applied", None)]
    assert view(library, keeps).register == moves(person("CLARA"))
    library.deliver(WEDNESDAY, moves(person("CLARA")))
    library.night()
    assert subscriptions(library, keeps) == [(NEW.digits, "patron")]
    assert subscriptions(library, closes) == []
    assert waits(library) == []
    assert closes not in patron_ids(library.store)


@pytest.mark.parametrize("night_between", [False, True])
def test_a_merge_taken_back_leaves_everything_as_it_was(either_library: Library, night_between: bool) -> None:
    library = either_library
    closes, keeps = two_of_one(library)
    before = but_for_windows(library)
    shown = {one: view(library, one) for one in (closes, keeps)}
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    assert but_for_windows(library) != before
    refused(library, lambda: reviews(library).accept(number), ReviewClosed)
    if night_between:
        library.deliver(TUESDAY)
        library.one_night()
    reviews(library).undo(number)
    assert but_for_windows(library) == before
    for one, was in shown.items():
        assert (view(library, one).register, view(library, one).local) == (was.register, was.local)
        assert view(library, one).patron.as_of == was.patron.as_of
    assert library.store.patrons.find(OLD) == closes
    refused(library, lambda: reviews(library).undo(number), ReviewClosed)
    number_told = {"userIdType": "CPR", "userIdValue": OLD.digits}
    assert told(library, closes)[-1] == {"municipalityNo": "751", **number_told}
    assert told(library, keeps)[-1] == {"municipalityNo": "751", "userIdType": "CPR", "userIdValue": NEW.digits}
    verify_audit(library.store)


def test_what_waited_about_either_waits_again_once_a_merge_is_taken_back(either_library: Library) -> None:
    """Also whether a third patron is one with the patron who closed: that one is not the patron who kept."""
    library = either_library
    library.deliver(MONDAY, dies(person("ANNA")))
    library.one_night()
    anna, clara, david = (library.id_of(key) for key in ("ANNA", "CLARA", "DAVID"))
    for one, about in ((anna, clara), (clara, anna), (david, anna)):
        library.store.desk.ask_staff(one, BOTH, about=about)
    before = listed(library)
    (number,) = [item["id"] for item in reviews(library).listed() if (item["patron"], item["kind"]) == (anna, BOTH)]
    reviews(library).accept(number)
    assert listed(library) == {(david, BOTH, clara)}
    reviews(library).undo(number)
    assert listed(library) == before - {(anna, BOTH, clara)}
    reviews(library).reopen(number, reason="set igen")
    assert listed(library) == before


def test_what_staff_have_answered_since_does_not_wait_again(library: Library) -> None:
    anna, clara, david = (library.id_of(key) for key in ("ANNA", "CLARA", "DAVID"))
    for one, about in ((anna, clara), (david, anna)):
        library.store.desk.ask_staff(one, BOTH, about=about)
    numbers = {item["patron"]: item["id"] for item in reviews(library).listed()}
    reviews(library).accept(numbers[anna])
    reviews(library).reject(numbers[david], reason="to personer")
    reviews(library).undo(numbers[anna])
    assert listed(library) == set()


def test_who_has_the_old_number_is_no_question_once_its_patron_is_back(either_library: Library) -> None:
    """CPR uses the number of the patron who closed again: taking the merge back answers whose it is."""
    library = either_library
    closes, keeps = two_of_one(library)
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    library.register.knows(moves(person("ANNA")), person("CLARA"))
    library.deliver(TUESDAY, moves(person("ANNA")))
    library.one_night()
    assert waits(library) == ["parked.number.old_active"]
    reviews(library).undo(number)
    assert waits(library) == []
    library.deliver(WEDNESDAY)
    library.one_night()
    assert (waits(library), library.store.windows.counts()) == ([], {})
    for one, person_ in ((closes, moves(person("ANNA"))), (keeps, person("CLARA"))):
        seen = view(library, one)
        assert (seen.patron.verified, seen.parked, seen.register.address) == (True, False, person_.address)
    library.nothing_is_left()


def test_a_number_that_an_item_keeps_is_kept_through_a_merge_and_back(either_library: Library) -> None:
    library = either_library
    anna, clara, third = library.id_of("ANNA"), library.id_of("CLARA"), CprNumber(PEOPLE["ANNA"]["next_numbers"][0])
    library.deliver(MONDAY, replaced(OLD, third), replace(person("ANNA"), number=third))
    library.one_night()
    library.deliver(TUESDAY, replaced(OLD, cpr("EDITH")), replace(person("ANNA"), number=cpr("EDITH")))
    library.one_night()
    disputed = number_of(library, OTHER_SUCCESSOR)
    library.store.desk.ask_staff(anna, BOTH, about=clara)
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    assert library.store.review_desk.named_number(disputed) is None
    reviews(library).undo(number)
    assert number_of(library, OTHER_SUCCESSOR) == disputed
    assert library.store.review_desk.named_number(disputed) == cpr("EDITH")


@pytest.mark.parametrize("key", ["protection-parted"])
def test_a_protection_that_came_while_two_were_one_seals_both_until_the_register_says_whose_it_is(
    either_library: Library, key: str
) -> None:
    """The delivery tells of ANNA's number, which is an old one of the patron who keeps (decision 2)."""
    library = either_library
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    library.store.desk.ask_staff(anna, BOTH, about=clara)
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    library.one_night()
    reviews(library).undo(number)
    sealed = [view(library, one).register.protection for one in (anna, clara)]
    assert sealed == [Protection.NAME_AND_ADDRESS] * 2, key
    library.register.knows(gains_protection(person("ANNA")), person("CLARA"))
    library.deliver(TUESDAY, person("CLARA"))
    library.one_night()
    assert view(library, anna).register.protection is Protection.NAME_AND_ADDRESS
    assert view(library, clara).register.protection is not Protection.NAME_AND_ADDRESS
    verify_audit(library.store)


def test_whoever_was_open_is_open_again_by_the_registers_word_once_a_merge_is_taken_back(library: Library) -> None:
    anna, bo = library.id_of("ANNA"), library.id_of("BO")
    library.store.desk.ask_staff(anna, BOTH, about=bo)
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    reviews(library).undo(number)
    assert library.questions() == [(anna, "protection_silent")]
    library.register.knows(person("ANNA"))
    library.deliver(MONDAY)
    library.one_night()
    assert view(library, anna).register == person("ANNA")
    assert (library.questions(), listed(library)) == ([], set())


def test_what_came_since_stays_with_the_one_who_kept(library: Library) -> None:
    closes, keeps = two_of_one(library)
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    circulate(library, tables.loan, "CLARA", 6, due=date(2027, 4, 1), returned=None)
    library.store.imports.take_patrons([NewPatron(NEW, Local(cards=(Card("SINCE"),)))])
    reviews(library).undo(number)
    assert holders(library) == {1: closes, 2: closes, 3: closes, 4: closes, 5: keeps, 6: keeps}
    assert [card.number for card in view(library, keeps).local.cards] == ["CLARA", "SINCE"]
    assert [card.number for card in view(library, closes).local.cards] == ["ANNA"]


def test_a_merge_is_not_taken_back_when_another_patron_has_the_number(library: Library) -> None:
    two_of_one(library)
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    take_number(library, OLD)
    refused(library, lambda: reviews(library).undo(number), ReviewClosed)


def test_a_merge_is_not_taken_back_before_a_later_one_of_the_same_patron(library: Library) -> None:
    closes, keeps = two_of_one(library)
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    library.deliver(TUESDAY, replaced(NEW, cpr("DAVID")), person("DAVID"))
    library.night()
    later = number_of(library, BOTH)
    reviews(library).accept(later)
    assert set(holders(library).values()) == {library.id_of("DAVID")}
    refused(library, lambda: reviews(library).undo(number), ReviewClosed)
    reviews(library).undo(later)
    reviews(library).undo(number)
    assert holders(library) == {1: closes, 2: closes, 3: closes, 4: closes, 5: keeps}


def test_more_merges_than_the_limit_are_refused(library: Library) -> None:
    two_of_one(library)
    library.limit(Harm.MERGED, 0)
    number = number_of(library, BOTH)
    refused(library, lambda: reviews(library).accept(number), Braked)
    library.limit(Harm.MERGED, 1)
    reviews(library).accept(number)


def test_an_item_that_names_no_other_patron_is_refused(library: Library) -> None:
    two_of_one(library)
    with writing(library.engine) as connection:
        connection.execute(update(tables.review_item).values(about=None))
    number = number_of(library, BOTH)
    refused(library, lambda: reviews(library).accept(number), ReviewClosed)
    assert reviews(library).shown(number)["other"] is None


@pytest.mark.parametrize("key", ["protection-merged"])
def test_a_protection_comes_along_and_the_register_is_asked_about_its_end(library: Library, key: str) -> None:
    """Protection beats every other write; only the register's word ends it (decision 2)."""
    keeps = library.id_of("CLARA")
    library.deliver(MONDAY, replaced(cpr("BO"), NEW), person("CLARA"))
    library.night()
    reviews(library).accept(number_of(library, BOTH))
    assert view(library, keeps).register.protection is Protection.NAME_AND_ADDRESS
    assert library.questions() == [(keeps, "protection_silent")], key
    library.register.knows(loses_protection(person("CLARA")))
    library.deliver(TUESDAY)
    library.night()
    assert view(library, keeps).register.protection is not Protection.NAME_AND_ADDRESS


def test_two_old_numbers_of_one_person_wait_once_merged_no_more(library: Library) -> None:
    """Both were replaced by a third number: each is shown with the other."""
    third = cpr("EDITH")
    library.deliver(MONDAY, replaced(OLD, third), replaced(NEW, third))
    library.night()
    first, second = [item["id"] for item in reviews(library).listed()]
    reviews(library).accept(first)
    assert waits(library) == []
    refused(library, lambda: reviews(library).accept(second), ReviewClosed)


def test_a_merged_patron_is_set_nothing_any_more(library: Library) -> None:
    closes, _ = two_of_one(library)
    reviews(library).accept(number_of(library, BOTH))
    counter = SettingDesk(library, frozenset())
    asked = Setting(closes, "branch", "main", "lone")
    refused(library, lambda: set_field(counter, asked), BadInput)
    document = patron_document(view(library, closes), library.policy, agency=AGENCY, on=library.clock.today())
    shown = record_lines(document | {"merged_into": view(library, closes).merged_into}, "en")
    assert f"merged into {library.id_of('CLARA')}" in shown[0]


def test_a_patron_with_a_number_of_the_librarys_own_becomes_one_with_the_real_one(either_library: Library) -> None:
    """Her replacement number finds her still, and no counterpart ever hears of it."""
    library = either_library
    own = CprNumber.parse_any("010164ABC1")
    library.store.imports.take_patrons([NewPatron(own, Local(cards=(Card("OWN"),)))])
    closes, keeps = library.store.patrons.find(own), library.id_of("CLARA")
    assert closes is not None
    before = but_for_windows(library)
    library.store.desk.ask_staff(closes, BOTH, about=keeps)
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    assert library.store.patrons.find(own) == keeps
    assert (told(library, closes), subscriptions(library, keeps)) == ([], [(NEW.digits, "patron")])
    assert "replaces" not in told(library, keeps)[-1]
    reviews(library).undo(number)
    assert but_for_windows(library) == before
    library.deliver(MONDAY)
    library.night()


def test_whoever_has_a_number_of_the_librarys_own_is_not_sealed_by_the_protection_of_the_one_who_kept(
    either_library: Library,
) -> None:
    """The register cannot have told of them, and could never say that the protection is not theirs."""
    library = either_library
    own = CprNumber.parse_any("010164ABC1")
    (imported,) = library.store.imports.take_patrons([NewPatron(own, Local())])
    closes = imported.patron_id
    assert closes is not None
    before = view(library, closes).register
    library.store.desk.ask_staff(closes, BOTH, about=library.id_of("BO"))
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    reviews(library).undo(number)
    assert (view(library, closes).register, library.questions()) == (before, [])


def test_the_register_is_never_asked_about_a_number_of_the_librarys_own_whose_owner_a_merge_has_protected(
    either_library: Library,
) -> None:
    """What there is to ask waits for the real number."""
    library = either_library
    own = CprNumber.parse_any("010164ABC1")
    (imported,) = library.store.imports.take_patrons([NewPatron(own, Local())])
    keeps = imported.patron_id
    assert keeps is not None
    library.store.desk.ask_staff(library.id_of("BO"), BOTH, about=keeps)
    reviews(library).accept(number_of(library, BOTH))
    assert view(library, keeps).register.protection is Protection.NAME_AND_ADDRESS
    library.deliver(MONDAY)
    library.one_night()
    assert [(row["patron_id"], row["kind"]) for row in library.rows("follow_up")] == [(keeps, "protection_silent")]
    assert listed(library) == set()
    assert own not in library.register.looked_up


@pytest.mark.parametrize("key", ["account-merged-local"])
def test_an_account_under_her_patron_number_is_deleted_if_the_net_media_were_told_of_it(
    library: Library, key: str
) -> None:
    library.store.imports.take_patrons([NewPatron(CprNumber.parse_any("010164ABC1"), Local(cards=(Card("OWN"),)))])
    closes = find_patron(library.store, "OWN")["patron"]
    typed = Setting(closes, "municipality", "0751", "lone", reason="bor her", until=WEDNESDAY)
    set_field(SettingDesk(library, frozenset({"0751"})), typed)
    library.store.desk.ask_staff(closes, BOTH, about=library.id_of("CLARA"))
    reviews(library).accept(number_of(library, BOTH))
    hers = {"municipalityNo": "", "userIdType": "LOCAL", "userIdValue": closes}
    assert told(library, closes)[-1] == hers | {"delete": True}, key


def test_rejecting_leaves_two_patrons(library: Library) -> None:
    closes, keeps = two_of_one(library)
    before = but_for_windows(library)
    reviews(library).reject(number_of(library, BOTH), reason="Tvillinger")
    assert but_for_windows(library) == before
    assert (library.id_of("ANNA"), library.id_of("CLARA")) == (closes, keeps)


# -- who answers for whom ------------------------------------------------------------------------------------


def answers(library: Library, minor: str, responsible: str) -> None:
    """A link as the desk writes it, between two whom nobody asks about."""
    row = {"agency": AGENCY, "patron_id": minor, "responsible_id": responsible, "since": date(2027, 1, 1)}
    with writing(library.engine) as connection:
        connection.execute(tables.responsible.insert().values(row))


def links(library: Library) -> set[tuple[str, str]]:
    return {(row["patron_id"], row["responsible_id"]) for row in library.rows("responsible")}


def test_links_move_with_the_one_who_closes_and_come_back(either_library: Library) -> None:
    library = either_library
    closes, keeps = two_of_one(library)
    bo, david = library.id_of("BO"), library.id_of("DAVID")
    for minor, responsible in ((bo, closes), (david, closes), (david, keeps), (closes, bo)):
        answers(library, minor, responsible)
    before = links(library)
    reviews(library).accept(number_of(library, BOTH))
    assert links(library) == {(bo, keeps), (david, keeps), (keeps, bo)}
    number = next(item["id"] for item in reviews(library).listed(all_states=True) if item["kind"] == BOTH)
    reviews(library).undo(number)
    assert links(library) == before


def test_whoever_only_answered_and_is_a_borrower_too_borrows(either_library: Library) -> None:
    library = either_library
    _, keeps = two_of_one(library)
    with writing(library.engine) as connection:
        connection.execute(update(tables.patron).where(tables.patron.c.id == keeps).values(kind="responsible"))
        theirs = update(tables.subscription).where(tables.subscription.c.patron_id == keeps)
        connection.execute(theirs.values(reason="responsible"))
    before = as_it_is(library)
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    assert view(library, keeps).patron.borrows
    reviews(library).undo(number)
    assert not view(library, keeps).patron.borrows
    assert ("responsible", None) in [
        (row["reason"], row["until"]) for row in as_it_is(library)["subscription"] if row["patron_id"] == keeps
    ]
    assert before["responsible"] == as_it_is(library)["responsible"]
