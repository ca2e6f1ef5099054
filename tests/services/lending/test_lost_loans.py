"""A book that is lost: told as lost, grows no more, and is over once it is paid for; the same wherever it is asked."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from test_circulating import fields, take
from test_forgetting import morning
from test_statements import statement, text

from cprsync.domain.lending.fees import Compensation, over_since
from cprsync.language.lending import standing_lines
from cprsync.language.record import field_lines
from cprsync.services.lending.standing import ShownStanding, Standings
from cprsync.store import tables
from cprsync.store.core.engine import reading
from cprsync.store.lending.circulation import is_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from doubles import Library

LOAN = "type,id,patron,title,loaned,due,lost\nloan,S2,ANNA,Tabt bog,2026-12-20,2027-01-20,{lost}\n"
ASKED = "type,id,patron,kind,amount,raised,settled,loan\nbalance,SB2,{who},compensation,300,2027-02-22,{settled},S2\n"


@pytest.fixture
def library(library: Library) -> Library:
    """On 3 April, on which the reader lived it."""
    morning(library, date(2027, 4, 3))
    return library


def lost(library: Library, *, reported: str = "2027-02-20", asked: bool = True, settled: str = "", **who: str) -> None:
    take(library, LOAN.format(lost=reported))
    if asked:
        take(library, ASKED.format(settled=settled, who=who.get("who", "ANNA")))


def standing(library: Library) -> ShownStanding:
    return Standings(library).standing(library.id_of("ANNA"))


def fee(library: Library) -> tuple[Any, ...]:
    (one,) = standing(library).fees
    return one.days_late, one.oere, one.lost, one.billed


@pytest.mark.parametrize("who", ["ANNA", "CLARA"])
@pytest.mark.parametrize("reported", ["2027-02-20", ""])
def test_a_lost_book_that_is_paid_for_is_over(library: Library, reported: str, who: str) -> None:
    """Whoever paid."""
    lost(library, reported=reported, settled="2027-03-01", who=who)
    told = statement(library)
    assert (told.loans, told.owed) == ((), ())
    assert "Der er intet udestående." in text(told)
    assert standing(library).fees == ()


def test_a_lost_book_whose_compensation_is_owed_is_told_with_it_alone_and_grows_no_more(library: Library) -> None:
    lost(library)
    told = statement(library)
    assert told.loans == ()
    assert [(one.amount_oere, one.loan and one.loan.lost) for one in told.owed] == [(30000, date(2027, 2, 20))]
    assert "Erstatning: Tabt bog (meldt mistet 20. februar 2027)" in " ".join(
        text(told).replace("300,00 kr.", "").split()
    )
    assert "for sent" not in text(told)
    assert fee(library) == (31, 23000, date(2027, 2, 20), True)
    shown = list(standing_lines(standing(library), "da"))
    told = (
        "230,00 kr.  Tabt bog (frist 20. januar 2027, meldt mistet 20. februar 2027): voksentakst; erstatning er krævet"
    )
    assert any(told in one for one in shown)
    assert not any("for sent" in one for one in shown)


def test_a_lost_book_that_nothing_is_asked_for_yet_is_told_as_lost_and_grows_no_more(library: Library) -> None:
    lost(library, asked=False)
    (told,) = statement(library).loans
    assert (told.lost, told.days_late) == (date(2027, 2, 20), 31)
    assert "Tabt bog (meldt mistet 20. februar 2027)" in " ".join(text(statement(library)).split())
    assert "for sent" not in text(statement(library))
    assert fee(library) == (31, 23000, date(2027, 2, 20), False)


def test_a_book_that_a_compensation_is_asked_for_grows_no_more_though_nobody_reported_it_lost(library: Library) -> None:
    lost(library, reported="")
    assert statement(library).loans == ()
    assert fee(library) == (33, 23000, None, True)


def test_the_record_says_when_a_book_was_reported_lost(library: Library) -> None:
    lost(library, asked=False)
    shown = field_lines({"loans": fields(library)["loans"]})
    assert any("frist 20. januar 2027, meldt mistet 20. februar 2027" in line for line in shown)


#: Of each loan: whether it came back, and what was asked for it and paid.
HISTORIES: Sequence[tuple[date | None, tuple[date | None, ...]]] = (
    (None, ()),
    (None, (None,)),
    (None, (date(2027, 3, 1),)),
    (None, (date(2027, 3, 1), date(2027, 3, 20))),
    (None, (date(2027, 3, 1), None)),
    (date(2027, 3, 1), ()),
    (date(2027, 3, 20), (None,)),
    (date(2027, 3, 20), (date(2027, 3, 1),)),
)


@pytest.mark.parametrize("by", [None, date(2027, 2, 28), date(2027, 3, 1), date(2027, 3, 20)])
def test_the_stores_question_finds_the_loans_that_the_rule_calls_over(either_library: Library, by: date | None) -> None:
    library = either_library
    morning(library, date(2027, 4, 3))
    loans, owed = "type,id,patron,title,loaned,due,returned\n", "type,id,patron,kind,amount,raised,settled,loan\n"
    over = set()
    for number, (returned, settled) in enumerate(HISTORIES):
        loans += f"loan,L{number},ANNA,x,2026-12-20,2027-01-20,{returned or ''}\n"
        owed += f"balance,F{number},ANNA,fee,20,2027-02-22,,L{number}\n"
        for place, day in enumerate(settled):
            owed += f"balance,B{number}{place},ANNA,compensation,300,2027-02-22,{day or ''},L{number}\n"
        since = over_since(returned, [Compensation(date(2027, 2, 22), day) for day in settled])
        if since is not None and (by is None or since <= by):
            over.add(f"L{number}")
    take(library, owed)
    take(library, loans)
    with reading(library.engine) as connection:
        found = connection.scalars(select(tables.loan.c.source_id).where(is_over(library.store._tenant.agency, by)))
        assert set(found) == over
