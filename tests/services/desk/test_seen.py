"""What is only looked at or looked for: the audit has it, the privacy officer finds it, and the citizen is told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from doubles import MONDAY, unowned
from test_access_rules import BOSS, WHO, edit, knows_own, take_audit_away
from test_set_cpr import MADE, desk, enrol, set_cpr
from townspeople import cpr, gains_protection, moves, person, renames
from whole import verify_audit

from cprsync.domain.desk.pins import PinTry
from cprsync.domain.patron.patron import Patron, Purpose
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.domain.person.person import Person
from cprsync.errors import BadInput, StoreUnavailable
from cprsync.services.desk.answering import preview_responsible
from cprsync.services.desk.finding import Finder
from cprsync.services.desk.lookup import Asked, look_up
from cprsync.services.desk.previewed_answers import preview_taking_back
from cprsync.services.desk.responsibles import ResponsibleRequest, add_responsible
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.set_cpr import SetNumber, preview_number
from cprsync.services.desk.viewing import RecordViewer
from cprsync.services.lending.standing import Statements
from cprsync.services.ports.outward import ReadPart
from cprsync.services.ports.trust.audit import AuditFilter
from cprsync.services.trust.audit import list_changes
from cprsync.services.trust.citizen import citizen_of, citizen_report
from cprsync.store.desk.access_checks import SEEN_FOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from doubles import Library

TELEPHONE = "20304050"


def view(library: Library, key: str = "ANNA", user: str = WHO) -> dict[str, Any]:
    return RecordViewer(library, user).shown(library.id_of(key))


def find(library: Library, typed: str, user: str = WHO) -> dict[str, Any]:
    return Finder(library, user).find(typed)


def named(key: str) -> str:
    told = person(key)
    return f"{told.name.addressing} {told.birth.day:%d-%m-%Y}"  # type: ignore[union-attr]  # known of the test's people


def seen(library: Library) -> list[tuple[str, str | None, str | None, str | None, tuple[str, ...]]]:
    """What the privacy officer finds: what, whose, who, why, and by what kind of term; the earliest first."""
    entries = library.store.audit.entries(AuditFilter(limit=1000))
    told = [(one.what, one.patron, one.who, one.why, one.actions) for one in entries if one.what in {"view", "search"}]
    return told[::-1]


def test_a_record_that_is_looked_at_is_in_the_audit_with_who_and_why(either_library: Library) -> None:
    library = either_library
    view(library)
    assert seen(library) == [("view", library.id_of("ANNA"), WHO, "serve", ())]
    verify_audit(library.store)


def test_looking_and_most_of_what_a_desk_writes_hides_nobody_and_what_a_night_does_may(either_library: Library) -> None:
    library = either_library
    audit = library.store.audit
    before = audit.ends()
    view(library)
    find(library, named("CLARA"))
    look_up(desk(library), Asked(cpr("ANNA"), Purpose.DEBT, WHO))
    audit.note_reading(user=BOSS)
    edit(library, library.id_of("ANNA"))
    library.store.cards.note_try(PinTry.RIGHT, patron_id=library.id_of("ANNA"), by="automat", is_known=False)
    library.store.changes.note_read(ReadPart("website", 0, 1, 1), user="website")
    assert not audit.may_have_hidden(before)
    library.deliver(MONDAY, gains_protection(person("CLARA")))
    library.night()
    assert audit.may_have_hidden(before)
    assert not audit.may_have_hidden(audit.ends())


@pytest.mark.parametrize("happens", [gains_protection, moves, renames])
def test_a_protection_or_a_new_address_that_a_look_up_tells_of_may_hide_and_a_new_name_does_not(
    library: Library, happens: Callable[[Person], Person]
) -> None:
    before = library.store.audit.ends()
    library.register.knows(happens(person("ANNA")))
    said_yes.register(desk(library), Asked(cpr("ANNA"), Purpose.RENEWAL, WHO))
    assert library.store.audit.may_have_hidden(before) is (happens is not renames)


def test_whoever_has_just_seen_a_record_sees_it_again_without_another_entry(either_library: Library) -> None:
    library = either_library
    view(library)
    before = library.everything()
    view(library)
    assert library.everything() == before
    view(library, user=BOSS)
    view(library, "CLARA")
    library.clock.moment += SEEN_FOR + timedelta(seconds=1)
    view(library)
    assert [(whose, who) for _, whose, who, _, _ in seen(library)] == [
        (library.id_of("ANNA"), WHO),
        (library.id_of("ANNA"), BOSS),
        (library.id_of("CLARA"), WHO),
        (library.id_of("ANNA"), WHO),
    ]


def test_after_a_clock_was_ahead_each_look_has_its_entry_as_ever(either_library: Library) -> None:
    """Stamps of the audit do not go back: until the clock has caught up, they stand still."""
    library = either_library
    library.clock.moment += timedelta(days=1)
    view(library)
    library.clock.moment -= timedelta(days=1)
    for looks in (2, 3):
        view(library)
        view(library)
        assert len(seen(library)) == looks
        library.clock.moment += SEEN_FOR + timedelta(seconds=1)
    verify_audit(library.store)


def test_a_review_and_a_statement_are_looks_for_another_reason(library: Library) -> None:
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    library.store.desk.ask_staff(anna, BOTH_PATRONS, about=clara)
    (item,) = library.store.review_desk.items(all_states=False)
    StaffReviews(library, WHO).shown(item.id)
    Statements(library, "x", WHO).statement(anna)
    assert [(whose, why) for _, whose, _, why, _ in seen(library)] == [
        (anna, "review"),
        (clara, "review"),
        (anna, "statement"),
    ]


def test_who_has_a_number_already_is_looked_at_by_whoever_would_give_it(either_library: Library) -> None:
    """Name and birth date of both are shown, and the register is not asked: no look-up stands for the look."""
    library = either_library
    patron = enrol(library, MADE[0])
    shown = preview_number(desk(library), SetNumber(patron, cpr("ANNA"), WHO))
    assert shown.document["preview"]["compared"]["name"]["theirs"] == person("ANNA").name.addressing  # type: ignore[union-attr]  # she has one
    assert [(whose, who) for _, whose, who, _, _ in seen(library)] == [(patron, WHO), (library.id_of("ANNA"), WHO)]
    assert not library.register.looked_up


def test_who_is_to_answer_for_a_minor_is_looked_at_once_they_are_shown(either_library: Library) -> None:
    library, anna = either_library, either_library.id_of("ANNA")
    child = Patron("", Person(cpr("LIV"), birth=person("LIV").birth), None, 1)
    assert preview_responsible(desk(library), child, anna, WHO).document["name"]
    assert seen(library) == [("view", anna, WHO, "serve", ())]


def test_who_answers_for_a_minor_is_looked_at_by_whoever_types_their_number(library: Library) -> None:
    library.register.knows(person("LIV"))
    said_yes.register(desk(library), Asked(cpr("LIV"), Purpose.REGISTRATION, BOSS))
    liv, anna = library.id_of("LIV"), library.id_of("ANNA")
    for user, outcome in ((BOSS, "added"), (WHO, "unchanged")):
        told = add_responsible(desk(library), ResponsibleRequest(liv, user, responsible_id=anna))
        assert (told["outcome"], told["name"]) == (outcome, person("ANNA").name.addressing)  # type: ignore[union-attr]  # she has one
    assert [(whose, who) for _, whose, who, _, _ in seen(library)] == [(anna, BOSS), (anna, WHO)]


def test_whose_number_would_be_taken_back_is_a_look_for_that_case(library: Library) -> None:
    patron = enrol(library, MADE[0])
    library.register.knows(person("EDITH"))
    set_cpr(library, patron)
    preview_taking_back(StaffReviews(library, WHO), patron)
    assert seen(library) == [("view", patron, WHO, "review", ())]


def test_a_search_by_name_names_the_patron_it_found_and_no_term(either_library: Library) -> None:
    library = either_library
    found = find(library, named("ANNA"))
    assert seen(library) == [("search", found["patron"], WHO, "serve", ("name",))]
    entries = [bytes.fromhex(row["entry"]).decode() for row in library.rows("audit")]
    searched = [one for one in entries if json.loads(one)["kind"] == "search"]
    told = person("ANNA")
    for word in (*told.name.addressing.split(), f"{told.birth.day:%Y-%m-%d}", f"{told.birth.day:%d%m%y}"):  # type: ignore[union-attr]  # the same
        assert not [one for one in searched if word in one]
    # the record that it leads to is not told twice
    view(library)
    assert len(seen(library)) == 1


def test_a_search_that_finds_nobody_or_several_is_in_the_audit_without_a_patron(library: Library) -> None:
    for key in ("ANNA", "CLARA"):
        library.store.finding.refresh(100)
        set_telephone(library, key)
    assert "hits" in find(library, TELEPHONE)
    assert not find(library, "Nobody 01-01-1990")["found"]
    assert [(what, whose, by) for what, whose, _, _, by in seen(library)] == [
        ("search", None, ("telephone",)),
        ("search", None, ("name",)),
    ]
    assert TELEPHONE not in repr([row["entry"] for row in library.rows("audit")])


def set_telephone(library: Library, key: str) -> None:
    from test_access_rules import edit

    edit(library, library.id_of(key), text=TELEPHONE, user=BOSS)


def test_a_number_that_is_typed_leads_to_a_record_and_is_no_search(library: Library) -> None:
    assert find(library, cpr("ANNA").digits)["found"]
    assert seen(library) == []


def test_without_the_audit_no_record_is_shown_and_no_search_answered(library: Library) -> None:
    take_audit_away(library)
    before = library.everything()
    with pytest.raises(StoreUnavailable):
        view(library)
    with pytest.raises(StoreUnavailable):
        find(library, named("ANNA"))
    assert unowned(library.everything(), "finding_key", "patron") == unowned(before, "finding_key", "patron")


def test_who_is_no_patron_is_looked_at_by_nobody(library: Library) -> None:
    before = library.everything()
    with pytest.raises(BadInput):
        RecordViewer(library, WHO).shown("99999999")
    assert library.everything() == before


def test_the_citizen_is_told_of_a_look_and_a_search_and_of_no_employee(either_library: Library) -> None:
    library = either_library
    find(library, named("ANNA"))
    view(library, user=BOSS)
    citizen = citizen_of(library.store, cpr("ANNA").digits)
    report = citizen_report(library.store, citizen, organisation="Byens bibliotek", user="privacy")
    told = [(one.what, one.why, one.organisation) for one in report.looks if one.what != "lookup"]
    assert told == [("view", "serve", "Byens bibliotek"), ("search", "serve", "Byens bibliotek")]
    assert WHO not in repr(report)
    assert BOSS not in repr(report)


def test_looks_stand_in_no_list_of_changes_and_do_not_crowd_it_out(library: Library) -> None:
    own = library.id_of("ANNA")
    view(library)
    find(library, named("ANNA"))
    told = list(list_changes(library.store, library.policy, own, most=100))
    assert told
    assert {one.what for one in told}.isdisjoint({"view", "search"})


def test_a_look_at_ones_own_record_is_in_the_audit_as_any_other(library: Library) -> None:
    """What is shown in a list or sealed needs no second person; that they looked is known."""
    own = knows_own(library)
    view(library)
    assert seen(library) == [("view", own, WHO, "serve", ())]
