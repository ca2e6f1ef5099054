"""What the days of a listed loan, reservation, balance or message mean."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from cprsync.domain.lending.circulation import BALANCE, GRACE, LOAN, MESSAGE, RESERVATION, SHAPES

TODAY = date(2027, 3, 1)
BEFORE, LATER = TODAY - timedelta(days=10), TODAY + timedelta(days=10)


@pytest.mark.parametrize(
    ("kind", "days", "future"),
    [
        (LOAN, {"loaned": BEFORE, "due": LATER}, None),
        (LOAN, {"loaned": BEFORE, "returned": LATER}, "returned"),
        (LOAN, {"returned": TODAY + GRACE}, None),
        (RESERVATION, {"until": LATER}, None),
        (BALANCE, {"raised": LATER}, "raised"),
        (MESSAGE, {"sent": TODAY + GRACE + timedelta(days=1)}, "sent"),
    ],
)
def test_what_has_happened_lies_at_most_a_day_ahead(kind: str, days: dict[str, date], future: str | None) -> None:
    assert SHAPES[kind].find_future(days, TODAY) == future


@pytest.mark.parametrize(
    ("told", "known", "misplaced"),
    [
        ({"loaned": TODAY.isoformat(), "returned": BEFORE}, {}, "returned"),
        ({"loaned": BEFORE.isoformat(), "returned": TODAY}, {}, None),
        # the row tells of one day, the store knows the other
        ({"returned": BEFORE}, {"loaned": TODAY.isoformat()}, "returned"),
        ({"loaned": LATER.isoformat()}, {"due": TODAY}, "due"),
        ({"returned": BEFORE}, {}, None),
        # a row that tells of no day puts none in the wrong place
        ({"title": "Nattog"}, {"loaned": TODAY.isoformat(), "due": BEFORE}, None),
    ],
)
def test_no_day_lies_before_the_day_on_which_it_began(
    told: dict[str, object], known: dict[str, object], misplaced: str | None
) -> None:
    assert SHAPES[LOAN].find_misplaced(told, known) == misplaced


def test_only_a_reservation_is_over_by_a_day_of_its_own() -> None:
    over = {
        kind: [name for name in (*one.days, *one.sealed_days) if one.is_over({name})] for kind, one in SHAPES.items()
    }
    assert over == {LOAN: [], RESERVATION: ["fulfilled", "cancelled"], BALANCE: [], MESSAGE: []}


def test_the_last_day_that_the_patron_did_something_is_no_due_day() -> None:
    loan = SHAPES[LOAN]
    assert loan.last_action({"loaned": BEFORE, "renewed": TODAY, "due": LATER}) == TODAY
    assert loan.last_action({"due": LATER}) is None
    assert SHAPES[MESSAGE].last_action({"sent": TODAY}) is None


def test_a_column_with_nothing_in_it_is_missing() -> None:
    assert SHAPES[LOAN].first_missing({"title": "Nattog", "loaned": "", "due": "2027-03-01"}) == "loaned"
    assert SHAPES[BALANCE].first_missing({"amount": "10", "raised": "2027-03-01"}) == ""
