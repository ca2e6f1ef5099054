"""A night is undone while people at the desk merge patrons, part them, answer, erase, and take numbers back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from doubles import MONDAY, TUESDAY, Killed, Library, altered
from test_merging_patrons import BOTH, view
from test_number_change import replaced, subscriptions
from test_reverted_runs import (
    KilledUndo,
    items,
    night_of,
    preview_revert,
    records,
    refused,
    release,
    reviews_of,
    status,
    undo,
)
from test_set_cpr import enrol, set_cpr
from test_set_cpr import undo as take_back_number
from townspeople import cpr, moves, person, renames
from whole import verify_audit

from cprsync.domain.leaving.leaving import Forgotten
from cprsync.domain.patron.review import REVERTED_HELD
from cprsync.errors import ReviewChanged
from cprsync.store.tables import GONE

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

THREE = ("ANNA", "CLARA", "DAVID")


def three_move(library: Library) -> int:
    """Return the number of the night."""
    library.deliver(MONDAY, *(moves(person(key), "ODENSE") for key in THREE))
    return library.one_night().run.id


def merge(library: Library, closes: str, keeps: str) -> int:
    """Merge two patrons by their ids. Returns the number of the item."""
    library.store.desk.ask_staff(closes, BOTH, about=keeps)
    (number,) = [one["id"] for one in items(library, BOTH) if one["patron"] == closes]
    reviews_of(library).accept(number)
    return int(number)


def held(library: Library) -> set[str]:
    """Return the patrons who are held, and check that each has an item and that the status counts them."""
    rows = library.rows("patron")
    found = {row["id"] for row in rows if row["held_by"] is not None and row["status_class"] not in GONE}
    assert {one["patron"] for one in items(library, REVERTED_HELD)} == found
    assert status(library).waits.undone == library.store.reverting.held() == len(found)
    return found


# -- merged and parted --------------------------------------------------------------------------------------------


def test_a_held_patron_who_is_merged_is_held_no_more_and_again_once_the_merge_is_taken_back(
    either_library: Library,
) -> None:
    library = either_library
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    undo(library, three_move(library))
    everybody = held(library)
    number = merge(library, anna, clara)
    assert held(library) == everybody - {anna}
    reviews_of(library).undo(number)
    assert held(library) == everybody
    library.register.knows(renames(person("ANNA")))
    library.deliver(TUESDAY, renames(person("ANNA")))
    library.one_night()
    assert library.record("ANNA") == person("ANNA")
    verify_audit(library.store)


def test_whoever_was_merged_while_all_were_let_go_is_let_go_too(either_library: Library) -> None:
    library = either_library
    undone = undo(library, three_move(library))["run"]
    number = merge(library, library.id_of("ANNA"), library.id_of("CLARA"))
    assert release(library.store, undone, user="bo", reason="filen er rettet")["released"] == 2
    reviews_of(library).undo(number)
    assert held(library) == set()


def test_an_undo_goes_on_after_a_merge_and_counts_each_patron_once(either_library: Library) -> None:
    library = either_library
    library.batch = 1
    run = three_move(library)
    with pytest.raises(Killed):
        undo(library, run, store=KilledUndo(library.store, at=4))
    (back,) = held(library)
    kept, other = (one for one in map(library.id_of, THREE) if one != back)
    number = merge(library, back, kept)
    document = undo(library, run)
    assert document["reverting"] == {"restored": 2, "protected": 0, "left": {"changed": 1}, "gone": 0}
    assert held(library) == {other}
    reviews_of(library).undo(number)
    assert held(library) == {other, back}


def test_nobody_is_asked_about_whom_the_desk_merges_while_the_undo_writes(either_library: Library) -> None:
    library = either_library
    run = three_move(library)
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    disturbed: list[Callable[[], Any]] = [lambda: merge(library, anna, clara)]

    def write(*args: Any, **named: Any) -> None:
        if disturbed:
            disturbed.pop()()
        library.store.reverting.write(*args, **named)

    undo(library, run, store=altered(library.store, reverting_write=write))
    assert [one["patron"] for one in items(library, "reverted.changed")] == [clara]
    assert held(library) == {library.id_of("DAVID")}


def test_an_undo_of_a_number_change_and_a_merge_taken_back_leave_two_patrons_with_their_own_numbers(
    either_library: Library,
) -> None:
    library = either_library
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    before = records(library)
    number = merge(library, anna, clara)
    both = replaced(cpr("CLARA"), cpr("EDITH")), replace(person("CLARA"), number=cpr("EDITH"))
    library.deliver(MONDAY, *both)
    run = library.one_night().run.id
    assert undo(library, run)["reverting"]["restored"] == 1
    reviews_of(library).undo(number)
    assert records(library) == before
    library.deliver(TUESDAY, *both)
    library.one_night()
    assert (library.store.patrons.find(cpr("ANNA")), library.store.patrons.find(cpr("CLARA"))) == (anna, clara)
    assert library.record("CLARA") == person("CLARA")


# -- answered, left and erased ------------------------------------------------------------------------------------


def test_an_undo_that_goes_on_does_not_ask_again_about_whom_staff_have_seen(either_library: Library) -> None:
    library = either_library
    library.batch = 1
    run = three_move(library)
    first = min(map(library.id_of, THREE))
    (key,) = [one for one in THREE if library.id_of(one) == first]
    library.deliver(TUESDAY, renames(person(key)))
    library.one_night()
    with pytest.raises(Killed):
        undo(library, run, store=KilledUndo(library.store, at=4))
    (item,) = items(library, "reverted.changed")
    reviews_of(library).accept(item["id"])
    shown = preview_revert(night_of(library), run).document
    assert (shown["restored"], shown["left"], shown["gone"]) == (2, {}, 0)
    document = undo(library, run)
    assert document["reverting"] == {"restored": 2, "protected": 0, "left": {"changed": 1}, "gone": 0}
    assert items(library, "reverted.changed") == []


def test_whoever_leaves_or_is_erased_is_held_no_more(either_library: Library) -> None:
    library = either_library
    undone = undo(library, three_move(library))["run"]
    library.store.leaving.leave(library.id_of("ANNA"), user="lone")
    clara = library.id_of("CLARA")
    library.store.erasing.erase(clara, user="lone", reason="bedt om det")
    assert held(library) == {library.id_of("DAVID")}
    assert release(library.store, undone, user="bo", reason="filen er rettet")["released"] == 1
    assert refused(library, lambda: release(library.store, undone, user="bo", reason="x")) == "revert.holds_none"


def test_no_item_waits_again_about_a_patron_who_is_held_no_more(library: Library) -> None:
    undone = undo(library, three_move(library))["run"]
    (item, *_) = items(library, REVERTED_HELD)
    reviews_of(library).reject(item["id"], reason="afventer platformen")
    reviews_of(library).reopen(item["id"], reason="set igen")
    reviews_of(library).reject(item["id"], reason="afventer platformen")
    release(library.store, undone, user="bo", reason="filen er rettet")
    before = library.everything()
    with pytest.raises(ReviewChanged):
        reviews_of(library).reopen(item["id"], reason="set igen")
    assert library.everything() == before


def test_a_run_is_not_undone_by_half_when_a_part_of_what_it_overwrote_is_deleted(either_library: Library) -> None:
    library = either_library
    run = three_move(library)
    library.clock.set_after(MONDAY + timedelta(days=29))
    assert preview_revert(night_of(library), run).document["restored"] == 3
    library.clock.set_after(MONDAY + timedelta(days=31))
    for _ in range(5):
        library.store.retention.forget(None, Forgotten.BEFORE_IMAGES, library.policy, on=library.clock.today(), limit=1)
    assert 0 < sum(row["run_id"] == run for row in library.rows("before_image")) < 3
    assert refused(library, lambda: preview_revert(night_of(library), run)) == "revert.too_old"


# -- a number that the desk has given -----------------------------------------------------------------------------


def test_a_held_patron_whose_number_is_taken_back_has_their_review_still(either_library: Library) -> None:
    library = either_library
    library.register.knows(person("EDITH"))
    patron = enrol(library, None)
    set_cpr(library, patron)
    library.one_night()
    library.deliver(MONDAY, moves(person("EDITH")))
    undo(library, library.one_night().run.id)
    assert held(library) == {patron}
    take_back_number(library, patron)
    assert held(library) == {patron}
    (item,) = items(library, REVERTED_HELD)
    reviews_of(library).accept(item["id"])
    set_cpr(library, patron)
    assert view(library, patron).register == person("EDITH")


def test_a_number_taken_back_leaves_no_trace_of_the_one_that_an_undone_night_put_in_its_place(
    either_library: Library,
) -> None:
    """Both are another person's: nobody may find our patron by them, or hear of that person through us."""
    library = either_library
    given, later = cpr("EDITH"), cpr("HENRIK")
    library.register.knows(person("EDITH"))
    patron = enrol(library, None)
    set_cpr(library, patron)
    library.one_night()
    library.deliver(MONDAY, replaced(given, later), replace(person("EDITH"), number=later))
    undo(library, library.one_night().run.id)
    assert library.store.patrons.find(later) == patron
    take_back_number(library, patron)
    assert [library.store.patrons.find(one) for one in (given, later)] == [None, None]
    library.deliver(TUESDAY)
    library.one_night()
    assert not {given, later} & library.register.listed


def test_a_number_taken_back_leaves_the_numbers_that_a_merged_patron_has_brought(either_library: Library) -> None:
    library = either_library
    anna, old, new = library.id_of("ANNA"), cpr("ANNA"), cpr("HENRIK")
    library.deliver(MONDAY, replaced(old, new), replace(person("ANNA"), number=new))
    library.one_night()
    library.register.knows(person("EDITH"))
    patron = enrol(library, None)
    set_cpr(library, patron)
    number = merge(library, anna, patron)
    take_back_number(library, patron)
    assert [library.store.patrons.find(one) for one in (old, new, cpr("EDITH"))] == [patron, patron, None]
    assert subscriptions(library, patron) == [(new.digits, "old_number")]
    reviews_of(library).undo(number)
    assert [library.store.patrons.find(one) for one in (old, new)] == [anna, anna]
