"""Reviews that are put off until a day, and many that are accepted with one yes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from doubles import Library, altered, refused

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.patron.review import BOTH_PATRONS, BULK_MOST, NET_MEDIA_REFUSED, State
from cprsync.domain.policy.policy import Harm, Limit
from cprsync.errors import BadInput, Braked, NotConfirmed, ReviewClosed
from cprsync.services.desk.previewed_answers import accept_many, preview_many
from cprsync.services.desk.reviewing import StaffReviews

if TYPE_CHECKING:
    from cprsync.services.ports.desk import GivenAnswer

UNDECIDED = "parked.address.missing"
KEYS = ("ANNA", "CLARA", "DAVID")


def reviews(library: Library, user: str = "lone") -> StaffReviews:
    return StaffReviews(library, user)


def raise_items(library: Library, kind: str = UNDECIDED) -> list[int]:
    """An item of a kind about each of three patrons."""
    library.enrol(*KEYS, "BO")
    for key in KEYS:
        library.store.desk.ask_staff(library.id_of(key), kind, about=library.id_of("BO"))
    return [item.id for item in library.store.review_desk.items(all_states=False)]


def said(library: Library) -> list[list[str]]:
    rows = [json.loads(bytes.fromhex(row["entry"])) for row in library.rows("audit")]
    return [row["actions"] for row in rows if row["kind"] == "review"]


# -- later -------------------------------------------------------------------------------------------------


def test_an_item_put_off_waits_still_but_is_not_due_until_its_day(either_library: Library) -> None:
    library, desk = either_library, reviews(either_library)
    number, *_ = raise_items(library)
    until = library.clock.today() + timedelta(7)
    document = desk.put_off(number, until=until, reason="Låneren kommer på mandag")
    assert document["state"] == State.WAITING.value
    assert document["later"] == {"until": until.isoformat(), "by": "lone"}
    assert desk.count_due() == len(KEYS) - 1
    item = library.store.review_desk.item(number)
    assert item is not None
    assert not item.is_put_off(until)
    assert said(library) == [[UNDECIDED, "put_off"]]


def test_an_item_put_off_is_brought_back_and_answered(library: Library) -> None:
    desk = reviews(library)
    number, *_ = raise_items(library)
    desk.put_off(number, until=library.clock.today() + timedelta(7), reason="Senere")
    assert desk.bring_back(number)["later"] is None
    assert desk.count_due() == len(KEYS)
    desk.put_off(number, until=library.clock.today() + timedelta(7), reason="Senere")
    assert desk.accept(number)["later"] is None
    assert desk.answered(most=1)[0]["id"] == number


@pytest.mark.parametrize(("days", "reason"), [(0, "Senere"), (91, "Senere"), (7, " "), (7, "x" * 201)])
def test_an_item_is_put_off_to_no_wrong_day_and_without_no_reason(library: Library, days: int, reason: str) -> None:
    number, *_ = raise_items(library)
    until = library.clock.today() + timedelta(days)
    refused(library, lambda: reviews(library).put_off(number, until=until, reason=reason), BadInput)


def test_an_item_that_somebody_has_answered_is_not_put_off(library: Library) -> None:
    number, *_ = raise_items(library)
    item = library.store.review_desk.item(number)
    assert item is not None
    reviews(library, "bo").reject(number, reason="Nej")
    until = date(2027, 4, 1)
    refused(library, lambda: reviews(library).put_off(number, until=until, reason="Senere"), ReviewClosed)
    refused(library, lambda: library.store.review_desk.put_off(item, None, user="lone", reason=""), ReviewClosed)


# -- many at once ------------------------------------------------------------------------------------------


def test_many_are_accepted_with_one_yes_to_what_was_shown(either_library: Library) -> None:
    library, desk = either_library, reviews(either_library)
    numbers = raise_items(library)
    before = library.everything()
    shown = preview_many(desk, numbers)
    assert [item["id"] for item in shown.document["items"]] == numbers
    assert library.everything() == before
    done = accept_many(desk, shown, Confirmation(shown.preview.digest))
    assert [item["id"] for item in done.accepted] == numbers
    assert done.missed == ()
    assert desk.listed() == []


def test_a_yes_to_something_else_accepts_nothing(library: Library) -> None:
    desk, numbers = reviews(library), raise_items(library)
    shown, other = preview_many(desk, numbers), preview_many(desk, numbers[:1])
    refused(library, lambda: accept_many(desk, shown, Confirmation(other.preview.digest)), NotConfirmed)


def test_what_a_colleague_accepts_at_the_same_time_counts_and_what_is_beyond_the_limit_is_said(
    library: Library,
) -> None:
    """Two each accept what alone is within the day's limit: what was accepted is not told as refused."""
    numbers = raise_items(library, NET_MEDIA_REFUSED)
    library.limit(Harm.CHANGED, 2)
    first, second, third = numbers
    desk = reviews(library)
    shown = preview_many(desk, [first, second])

    def write(answer: GivenAnswer) -> None:
        library.store.review_desk.write(answer)
        if answer.item.id == first:
            reviews(library, "bo").accept(third)

    busy = replace(desk, library=library.ports(altered(library.store, review_desk_write=write)))
    done = accept_many(busy, shown, Confirmation(shown.preview.digest))
    assert [item["id"] for item in done.accepted] == [first]
    assert [(number, why.kind) for number, why in done.missed] == [(second, "review.braked")]
    assert [item["id"] for item in desk.listed()] == [second]


def test_what_somebody_else_answered_meanwhile_stays_as_they_answered_it(library: Library) -> None:
    desk, (first, *rest) = reviews(library), raise_items(library)
    shown = preview_many(desk, [first, *rest])
    reviews(library, "bo").reject(first, reason="Adressen er rigtig")
    done = accept_many(desk, shown, Confirmation(shown.preview.digest))
    assert [(number, error.kind) for number, error in done.missed] == [(first, "review.closed")]
    assert [item["id"] for item in done.accepted] == rest
    item = library.store.review_desk.item(first)
    assert item is not None
    assert (item.state, item.decided_by) == (State.REJECTED, "bo")


def test_of_many_the_one_about_oneself_is_left_for_a_second_person(library: Library) -> None:
    numbers = raise_items(library)
    own = {"lone": library.id_of("CLARA")}
    library.store._bind(replace(library.store._tenant, own_patron=own.get))
    desk = reviews(library)
    shown = preview_many(desk, numbers)
    done = accept_many(desk, shown, Confirmation(shown.preview.digest))
    assert [(number, error.kind) for number, error in done.missed] == [(numbers[1], "access.second")]
    assert [item["patron"] for item in desk.listed()] == [library.id_of("CLARA")]


def test_what_writes_a_record_is_not_accepted_in_bulk(library: Library) -> None:
    numbers = raise_items(library, BOTH_PATRONS)
    refused(library, lambda: preview_many(reviews(library), numbers), BadInput)


def test_none_and_too_many_are_refused(library: Library) -> None:
    raise_items(library)
    for numbers in ([], range(BULK_MOST + 1)):
        refused(library, lambda numbers=numbers: preview_many(reviews(library), numbers), BadInput)


def test_the_guard_sees_the_whole_and_the_days_answers_before_the_first_write(library: Library) -> None:
    numbers = raise_items(library, NET_MEDIA_REFUSED)
    tight = replace(library.policy, limits={**library.policy.limits, Harm.CHANGED: Limit(2, 0.0)})
    desk = replace(reviews(library), library=replace(library.ports(), policy=tight))
    shown = preview_many(reviews(library), numbers)
    refused(library, lambda: preview_many(desk, numbers), Braked)
    refused(library, lambda: accept_many(desk, shown, Confirmation(shown.preview.digest)), Braked)
    two = preview_many(desk, numbers[:2])
    accept_many(desk, two, Confirmation(two.preview.digest))
    refused(library, lambda: desk.accept(numbers[2]), Braked)
