"""The register says no beside a protection that has no end: three nights, then two people (decision 35)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, Library, happened
from kills import killed, lived_whole, sample
from test_reviewing import number_of, reviews
from test_window_nights import PROTECTED, document
from townspeople import cpr, gains_protection, loses_protection, moves, person
from whole import verify_audit

from cprsync.domain.desk.confirming import SERVICE
from cprsync.domain.person.person import EMPTY
from cprsync.domain.policy.policy import Harm
from cprsync.errors import BadInput, Braked, RegisterUnavailable, ReviewChanged, ReviewClosed
from cprsync.services.desk.own import keep_own_of_staff

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.domain.person.person import Person
    from cprsync.services.desk.reviewing import StaffReviews

BO = person("BO")
KIND = "protection.doubted"
BOTH = "parked.number.both_patrons"
#: beskyttet is false, startdato has passed, and there is no slutdato
DOUBTED = replace(gains_protection(BO), is_end_doubted=True)
#: The two working days after Easter.
NEXT, LAST = date(2027, 3, 30), date(2027, 3, 31)
NIGHTS = (MONDAY, TUESDAY, WEDNESDAY)


def doubts(library: Library, *nights: date, told: Person = BO) -> None:
    """The delivery of the first night says that BO is not protected; the register is in doubt from then on."""
    library.register.persons[cpr("BO")] = DOUBTED
    library.deliver(nights[0], loses_protection(told))
    library.night()
    for night in nights[1:]:
        library.deliver(night)
        library.night()


def waiting(library: Library) -> list[str]:
    return [one["kind"] for one in reviews(library).listed()]


def by(library: Library, user: str) -> StaffReviews:
    return replace(reviews(library), user=user)


def offered(library: Library) -> int:
    doubts(library, *NIGHTS)
    return number_of(library, KIND)


def is_protected(library: Library) -> bool:
    return library.record("BO").protection is PROTECTED and document(library, library.id_of("BO"))["protected"]


def test_after_three_nights_with_the_same_answer_the_end_is_offered_once(either_library: Library) -> None:
    library = either_library
    doubts(library, MONDAY, TUESDAY)
    assert (waiting(library), is_protected(library)) == ([], True)
    assert library.questions() == []  # asked today, and again tomorrow
    library.deliver(WEDNESDAY)
    assert library.night().exit_code == 3
    assert waiting(library) == [KIND]
    for night in (NEXT, LAST):
        library.deliver(night)
        assert library.night().exit_code == 0
    assert (waiting(library), is_protected(library)) == ([KIND], True)
    assert happened(library.everything())["lookup", library.id_of("BO")] == 1 + 5


def test_a_night_counts_once_however_often_it_is_run_and_one_without_an_answer_does_not(library: Library) -> None:
    doubts(library, MONDAY)
    for _ in range(4):
        library.one_night()
    library.register.failures[cpr("BO")] = RegisterUnavailable("no answer")
    library.deliver(TUESDAY)
    library.one_night()
    library.register.failures.clear()
    library.deliver(WEDNESDAY)
    library.night()
    assert waiting(library) == []
    library.deliver(NEXT)
    library.night()
    assert waiting(library) == [KIND]


@pytest.mark.parametrize("answer", [gains_protection(BO), BO])
def test_another_answer_ends_the_count_and_settles_the_offer(either_library: Library, answer: Person) -> None:
    library = either_library
    number = offered(library)
    library.register.knows(answer)
    library.deliver(NEXT)
    library.night()
    assert is_protected(library) is (answer.protection is PROTECTED)
    states = {one["id"]: one["state"] for one in reviews(library).listed(all_states=True)}
    assert states[number] == "settled"
    with pytest.raises(ReviewClosed):
        by(library, "lone").accept(number)


def test_a_delivery_that_says_0001_settles_the_offer(library: Library) -> None:
    offered(library)
    library.deliver(NEXT, gains_protection(moves(BO)))
    library.night()
    assert (waiting(library), is_protected(library)) == ([], True)


def test_two_people_end_it_and_one_takes_it_back(either_library: Library) -> None:
    library, number = either_library, offered(either_library)
    first = by(library, "lone").accept(number)
    assert (first["state"], first["decided"]["by"], is_protected(library)) == ("waiting", "lone", True)
    done = by(library, "erik").accept(number)
    assert (done["state"], is_protected(library)) == ("accepted", False)
    assert library.record("BO") == BO
    verify_audit(library.store)
    library.deliver(NEXT)
    library.night()
    assert (is_protected(library), waiting(library)) == (False, [])
    by(library, "lone").undo(number)
    assert is_protected(library)
    library.deliver(LAST)
    library.night()
    assert (is_protected(library), waiting(library)) == (True, [])


@pytest.mark.parametrize("second", ["lone", "Lone", "lone@bibliotek.example", "lone (portal)", "l.holm"])
def test_one_person_does_not_end_it_under_two_names(library: Library, second: str) -> None:
    number = offered(library)
    for user in ("lone", "l.holm"):
        keep_own_of_staff(library.store, user, named_by="cpr_number", named=cpr("CLARA").digits)
    by(library, "lone").accept(number)
    before = library.everything()
    with pytest.raises(BadInput, match="accepted already"):
        by(library, second).accept(number)
    assert (library.everything(), is_protected(library)) == (before, True)


def test_the_audit_names_both(library: Library) -> None:
    number = offered(library)
    by(library, "lone").accept(number)
    by(library, "erik").accept(number)
    told = happened(library.everything())
    assert told["review", library.id_of("BO")] == 2


@pytest.mark.parametrize(("first", "second"), [("lone", "lone"), (SERVICE, "lone"), ("lone", SERVICE)])
def test_one_person_is_not_two_and_whom_nobody_knows_is_none(library: Library, first: str, second: str) -> None:
    number = offered(library)
    if first != SERVICE:
        by(library, first).accept(number)
    before = library.everything()
    with pytest.raises(BadInput):
        by(library, first if first == SERVICE else second).accept(number)
    assert library.everything() == before
    assert is_protected(library)


def test_a_refusal_leaves_the_protection_and_the_register_is_asked_no_more(library: Library) -> None:
    number = offered(library)
    by(library, "lone").accept(number)
    by(library, "erik").reject(number, reason="låneren siger nej")
    asked = len(library.register.looked_up)
    for night in (NEXT, LAST):
        library.deliver(night)
        library.night()
    assert (is_protected(library), waiting(library)) == (True, [])
    assert len(library.register.looked_up) == asked
    # taken up again it takes two people again
    by(library, "lone").reopen(number, reason="alligevel")
    assert by(library, "lone").accept(number)["state"] == "waiting"


def test_what_the_register_has_settled_is_not_taken_up_again(library: Library) -> None:
    number = offered(library)
    by(library, "erik").reject(number, reason="afventer")
    library.register.knows(BO)
    library.deliver(NEXT, loses_protection(moves(BO)))
    library.night()
    assert not is_protected(library)
    before = library.everything()
    with pytest.raises(ReviewChanged):
        by(library, "lone").reopen(number, reason="alligevel")
    assert library.everything() == before


def test_the_second_yes_is_held_to_the_limit_of_the_day(library: Library) -> None:
    number = offered(library)
    by(library, "lone").accept(number)
    library.limit(Harm.PROTECTION_LIFTED, 0)
    before = library.everything()
    with pytest.raises(Braked):
        by(library, "erik").accept(number)
    assert library.everything() == before


def test_of_two_who_are_the_second_at_once_one_is_taken(library: Library) -> None:
    number = offered(library)
    one, other = by(library, "lone"), by(library, "erik")
    item = library.store.review_desk.item(number)
    assert item is not None
    one.accept(number)
    before = library.everything()
    with pytest.raises(ReviewClosed):
        library.store.review_desk.note_first_yes(item, user="erik")
    assert library.everything() == before
    other.accept(number)
    with pytest.raises(ReviewClosed):
        by(library, "karen").accept(number)


def test_the_third_night_killed_anywhere_offers_it_as_one_that_was_not(library: Library, tmp_path: Path) -> None:
    doubts(library, MONDAY, TUESDAY)
    library.deliver(WEDNESDAY)
    whole, _, writes = lived_whole(library, tmp_path)
    for other in killed(library, tmp_path, sample(writes)):
        other.one_night()
        assert (waiting(other), is_protected(other)) == ([KIND], True)
    whole.engine.dispose()


@pytest.mark.parametrize("agrees", [gains_protection(BO), BO])
def test_a_contradiction_is_asked_about_each_night_until_both_sources_say_the_same(
    either_library: Library, agrees: Person
) -> None:
    library = either_library
    library.deliver(MONDAY, loses_protection(BO))
    assert library.night().exit_code == 3
    number = number_of(library, "protection.contradicted")
    by(library, "lone").accept(number)
    for night in (TUESDAY, WEDNESDAY):
        library.deliver(night)
        assert library.night().exit_code == 0
        assert (waiting(library), is_protected(library)) == ([], True)
    assert happened(library.everything())["lookup", library.id_of("BO")] == 1 + 3
    library.register.knows(agrees)
    library.deliver(NEXT, *([agrees] if agrees.protection is PROTECTED else []))
    library.night()
    assert is_protected(library) is (agrees.protection is PROTECTED)
    library.deliver(LAST)
    library.night()
    assert (waiting(library), library.rows("follow_up")) == ([], [])
    verify_audit(library.store)


def test_silence_after_a_merge_is_offered_to_two_after_three_nights(either_library: Library) -> None:
    """A register that leaves out what is false. No source has called the protection of the merged record ended."""
    library = either_library
    library.register.omits_false = True
    # BO, who is protected, is merged into CLARA, who is not
    keeps = library.id_of("CLARA")
    library.store.desk.ask_staff(library.id_of("BO"), BOTH, about=keeps)
    reviews(library).accept(number_of(library, BOTH))
    held = [library.record("CLARA").protection]
    for night in NIGHTS:
        assert waiting(library) == []
        library.deliver(night)
        library.one_night()
        held.append(library.record("CLARA").protection)
    assert (held, waiting(library)) == ([PROTECTED] * 4, [KIND])
    number = number_of(library, KIND)
    by(library, "lone").accept(number)
    by(library, "erik").accept(number)
    assert library.record("CLARA").protection is EMPTY
    library.deliver(NEXT)
    library.one_night()
    assert (waiting(library), library.record("CLARA").protection, library.rows("follow_up")) == ([], EMPTY, [])


def test_silence_after_a_window_without_quota_is_offered_to_two_after_three_nights(either_library: Library) -> None:
    """A register that leaves out what is false; no delivery has said that the protection ended (decision 2)."""
    library = either_library
    library.register.omits_false = True
    library.register.knows(loses_protection(BO))
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    library.deliver(MONDAY)
    report = library.one_night_with(windows_a_day=0)
    assert (report.document()["windows"]["left"] > 0, is_protected(library)) == (True, True)
    for night in (TUESDAY, WEDNESDAY):
        library.deliver(night)
        library.one_night()
        assert (waiting(library), is_protected(library)) == ([], True)
    library.deliver(NEXT)
    library.one_night()
    assert (waiting(library), is_protected(library)) == ([KIND], True)
    assert library.store.windows.count() == 0
    number = number_of(library, KIND)
    by(library, "lone").accept(number)
    by(library, "erik").accept(number)
    assert not is_protected(library)
    library.deliver(LAST)
    library.one_night()
    assert (waiting(library), is_protected(library), library.rows("follow_up")) == ([], False, [])
