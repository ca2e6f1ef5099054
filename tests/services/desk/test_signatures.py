"""What a second person signs for: found in a list that names no patron, and for one thing alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from test_access_rules import BOSS, WHO, edit, is_refused, knows_own, look, second_for, stranger
from townspeople import cpr, person

from cprsync.domain.desk.access import WAITS_FOR_SECOND
from cprsync.domain.patron.local import ListChange
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.errors import BadInput
from cprsync.services.desk import access
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.leaving.departing import LeavingDesk

if TYPE_CHECKING:
    from doubles import Library


def test_a_signature_for_one_field_is_none_for_another_nor_for_taking_away(either_library: Library) -> None:
    library = either_library
    own = knows_own(library, "BO")
    seq = second_for(library, lambda: edit(library, own))
    access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    is_refused(library, lambda: edit(library, own, field="emails", text="bo@example.dk"), "second")
    is_refused(library, lambda: edit(library, own, doing=ListChange.REMOVE), "second")
    is_refused(library, lambda: edit(library, own, field="internal_note", text="x", doing=None), "second")
    exit_ = LeavingDesk(library, WHO)
    is_refused(library, lambda: said_yes.leave(exit_, own), "second")
    assert edit(library, own)["outcome"] == "added"


@pytest.mark.parametrize(
    ("field", "wrong", "right", "rest"),
    [
        ("telephones", "4055", "20304050", {"doing": ListChange.ADD}),
        ("branch", "Månen", "Risskov", {"doing": None}),
        ("birth_date", "i går", "1990-04-10", {"doing": None, "reason": "Skrevet forkert", "until": date(2027, 5, 1)}),
    ],
)
def test_a_value_that_cannot_be_kept_uses_no_signature_up(
    library: Library, field: str, wrong: str, right: str, rest: dict[str, Any]
) -> None:
    library.policy = replace(library.policy, branches=("Risskov",))
    own = knows_own(library, "BO")
    seq = second_for(library, lambda: edit(library, own, field=field, text=right, **rest))
    access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    before = library.everything()
    with pytest.raises(BadInput):
        edit(library, own, field=field, text=wrong, **rest)
    assert library.everything() == before
    assert edit(library, own, field=field, text=right, **rest)["outcome"] in {"added", "set"}


def test_a_signature_for_leaving_is_none_for_erasing(library: Library) -> None:
    own = knows_own(library, "BO")
    exit_ = LeavingDesk(library, WHO)
    seq = second_for(library, lambda: said_yes.leave(exit_, own))
    access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    is_refused(library, lambda: said_yes.erase(exit_, own), "second")


def test_a_signature_for_one_answer_to_a_review_is_none_for_another(library: Library) -> None:
    own = knows_own(library)
    library.store.desk.ask_staff(own, BOTH_PATRONS, about=library.id_of("CLARA"))
    (item,) = library.store.review_desk.items(all_states=False)
    reviews = StaffReviews(library, WHO)
    seq = second_for(library, lambda: reviews.reject(item.id, reason="two people"))
    access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    is_refused(library, lambda: reviews.accept(item.id), "second")
    assert reviews.reject(item.id, reason="two people")["state"] == "rejected"


def requests(library: Library, user: str = BOSS) -> tuple[access.ListedRequest, ...]:
    return access.list_requests(library.store, user=user, now=library.clock.now()).requests


def test_what_waits_for_a_second_person_names_who_asks_and_what_for_and_no_patron(either_library: Library) -> None:
    library = either_library
    own = knows_own(library, "BO")
    first = second_for(library, lambda: look(library, cpr("BO")))
    second = second_for(library, lambda: edit(library, own))
    told = requests(library)
    assert [(one.number, one.user, one.doing, one.what) for one in told] == [
        (first, WHO, "lookup", "registration"),
        (second, WHO, "edit", "telephones:add"),
    ]
    assert own not in repr(told)
    assert [one.is_own for one in told] == [False, False]
    assert [one.is_own for one in requests(library, WHO)] == [True, True]
    access.sign_attempt(library.store, first, by=BOSS, now=library.clock.now())
    assert [one.number for one in requests(library)] == [second]
    assert access.is_signed(library.store, first)
    assert not access.is_signed(library.store, second)


def test_an_answer_that_was_withheld_waits_for_a_second_person_too(library: Library) -> None:
    knows_own(library)
    one = stranger(1, address=person("ANNA").address)
    library.register.knows(one)
    seq = second_for(library, lambda: look(library, one.number))
    assert [each.number for each in requests(library)] == [seq]


def test_a_request_that_waited_too_long_is_signed_by_nobody(library: Library) -> None:
    knows_own(library)
    seq = second_for(library, lambda: look(library, cpr("ANNA")))
    library.clock.moment += WAITS_FOR_SECOND + timedelta(seconds=1)
    before = library.everything()
    assert requests(library) == ()
    with pytest.raises(BadInput):
        access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    assert library.everything() == before
