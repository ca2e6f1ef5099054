"""How a patron stands: yes or no, with the rule and the group; what late loans cost today; how she may be reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from doubles import MONDAY
from test_setting import set_
from test_statements import LONG, debts, owes
from townspeople import dies, gains_protection, person

from cprsync.domain.lending.contacting import About, ContactWay
from cprsync.domain.policy.policy import AgeGroup, Ladder, Ladders, LetterRules, PatronGroup
from cprsync.errors import BadInput
from cprsync.language.lending import standing_lines
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.lending.standing import Reminders, ShownBlock, Standings
from cprsync.store import tables

if TYPE_CHECKING:
    from doubles import Library

    from cprsync.services.lending.standing import ShownStanding


def standing(library: Library, key: str = "ANNA", **asked: Any) -> ShownStanding:
    """How she stands; asking for it writes nothing."""
    before = library.everything()
    told = Standings(library).standing(library.id_of(key), **asked)
    assert library.everything() == before
    return told


def rules(told: ShownStanding, channel: str, about: str) -> tuple[bool, list[str]]:
    asked = (ContactWay(channel), About(about))
    (found,) = [one for one in told.may_contact if (one.channel, one.about) == asked]
    return found.answer, [given.rule for given in found.rules]


def borrows(told: ShownStanding) -> tuple[bool, list[str]]:
    return told.may_borrow.answer, [given.rule for given in told.may_borrow.rules]


def test_nothing_against_her_and_nothing_late_is_a_yes_without_a_fee(either_library: Library) -> None:
    told = standing(either_library)
    assert borrows(told) == (True, ["allowed"])
    assert (told.debt_oere, told.fees) == (0, ())
    assert rules(told, "letter", "bill") == (True, ["address"])
    assert rules(told, "sms", "notice") == (False, ["no_telephone"])


def test_a_late_loan_costs_what_the_table_of_its_latest_renewal_asks(either_library: Library) -> None:
    library = either_library
    debts(library)
    told = standing(library)
    assert [(fee.title, fee.days_late, fee.oere, fee.rule) for fee in told.fees] == [
        (LONG, 9, 7000, "adult"),
        ("Kortlage", 1, 2000, "adult"),
    ]
    assert {fee.tariff for fee in told.fees} == {date(2000, 1, 1)}


def test_loans_of_one_due_date_are_one_fee(library: Library) -> None:
    due = library.clock.today() - timedelta(days=2)
    for row_id in (1, 2):
        owes(library, tables.loan, "ANNA", row_id, {"title": f"B{row_id}"}, due=due, returned=None)
    assert [(fee.oere, fee.rule) for fee in standing(library).fees] == [(2000, "adult"), (0, "shared")]


@pytest.mark.parametrize("paid", [None, timedelta(days=1)])
@pytest.mark.parametrize("first", ["loan", "fee"])
def test_a_late_loans_fee_that_is_charged_already_is_counted_once(
    either_library: Library, first: str, paid: timedelta | None
) -> None:
    library, today = either_library, either_library.clock.today()
    settled = None if paid is None else today - paid
    fee = {"kind": "fee", "raised": today - timedelta(days=8), "settled": settled, "loan_source": "S1"}
    rows: list[tuple[Any, int, dict[str, Any], dict[str, Any]]] = [
        (tables.loan, 1, {"title": LONG}, {"due": today - timedelta(days=9), "returned": None}),
        (tables.balance, 2, {"amount": 2000}, fee),
        # for being late before the renewal
        (tables.balance, 3, {"amount": 1000}, fee | {"raised": today - timedelta(days=30), "settled": today}),
    ]
    for table, row_id, payload, columns in rows if first == "loan" else reversed(rows):
        owes(library, table, "ANNA", row_id, payload, **columns)
    told = standing(library)
    assert told.debt_oere == (2000 if paid is None else 0)
    assert [(one.oere, one.raised_oere, one.rule) for one in told.fees] == [(5000, 2000, "adult")]
    assert any("voksentakst; 20,00 kr. er allerede opkrævet" in line for line in standing_lines(told, "da"))


def test_debt_at_the_limit_stops_her_and_below_it_does_not(library: Library) -> None:
    fee = {"title": "Marsvin", "amount": 200_00}
    owes(library, tables.balance, "ANNA", 1, fee, kind="fee", raised=library.clock.today(), settled=None)
    # no limit that nobody has set stops her
    assert borrows(standing(library)) == (True, ["allowed"])
    library.policy = replace(library.policy, debt_limit_oere=200_00)
    assert borrows(standing(library)) == (False, ["debt"])
    library.policy = replace(library.policy, debt_limit_oere=200_01)
    assert borrows(standing(library)) == (True, ["allowed"])


def test_a_block_stops_her_until_it_is_lifted(library: Library) -> None:
    set_(library, "blocks", "2027-01-02 Mistet kort")
    told = standing(library)
    assert borrows(told) == (False, ["blocked"])
    assert told.blocks == (ShownBlock(date(2027, 1, 2), "Mistet kort"),)
    says = "  Må låne: nej – låneren er blokeret: Mistet kort (siden 2. januar 2027)"
    assert says in list(standing_lines(told, "da"))
    set_(library, "blocks", None)
    assert (borrows(standing(library)), standing(library).blocks) == ((True, ["allowed"]), ())


def test_a_film_binds_by_the_age_of_the_day(library: Library) -> None:
    set_(library, "birth_date", "2015-03-21", reason="Pas", until=library.clock.today() + timedelta(days=30))
    told = standing(library, film_from_age=15)
    assert borrows(told) == (False, ["film"])
    # nobody reads that they may borrow nothing
    assert "  Må låne en film fra 15 år: nej – " in "\n".join(standing_lines(told, "da", film_from_age=15))
    assert borrows(standing(library, film_from_age=11)) == (True, ["allowed"])


def test_a_group_without_reminders_gets_none_and_bills_all_the_same(library: Library) -> None:
    ladder = Ladder(MONDAY.replace(year=2000), (AgeGroup("Voksen", 0),))
    groups = (PatronGroup("Voksen", reminders=False),)
    library.policy = replace(library.policy, ladders=Ladders((ladder,)), groups=groups)
    set_(library, "group", "Voksen", reason="x")
    set_(library, "emails", "*anna@example.dk")
    told = standing(library)
    assert rules(told, "email", "reminder") == (False, ["group_silent"])
    assert rules(told, "email", "bill") == (True, ["email"])
    lines = list(standing_lines(told, "da"))
    assert "  E-mail, påmindelse: nej – lånergruppen får ingen påmindelser" in lines
    assert "  E-mail, regning: ja – der er en e-mail til beskeder" in lines


def test_each_late_loan_says_when_its_patron_is_reminded(either_library: Library) -> None:
    """Of nobody in a group without reminders, of no dead one, and not where the policy names no days."""
    library = either_library
    debts(library)
    assert [fee.reminders for fee in standing(library).fees] == [Reminders((), None)] * 2
    library.policy = replace(library.policy, letters=LetterRules(reminder_days=(7, 21)))
    told = standing(library)
    assert [fee.reminders for fee in told.fees] == [
        Reminders((date(2027, 3, 18),), date(2027, 4, 1)),
        Reminders((), date(2027, 3, 26)),
    ]
    lines = [line.strip() for line in standing_lines(told, "da")]
    assert "påmindelse skulle sendes 18. marts 2027; næste påmindelse 1. april 2027" in lines
    assert "næste påmindelse 26. marts 2027" in lines
    library.policy = replace(library.policy, group_defaults=PatronGroup("", reminders=False))
    assert {fee.reminders.next for fee in standing(library).fees} == {None}


def test_to_the_protected_a_letter_goes_only_once_it_is_opened(library: Library) -> None:
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    library.one_night()
    assert rules(standing(library), "letter", "bill") == (False, ["reveal_first"])


def test_to_the_dead_nothing_is_sent_and_nothing_is_lent(library: Library) -> None:
    library.deliver(MONDAY, dies(person("ANNA")))
    library.one_night()
    told = standing(library)
    assert borrows(told) == (False, ["dead"])
    assert {given.rule for one in told.may_contact for given in one.rules} == {"dead"}


def test_as_text_the_answer_comes_before_its_reason(library: Library) -> None:
    debts(library)
    library.policy = replace(library.policy, debt_limit_oere=200_00)
    danish, english = (list(standing_lines(standing(library), language)) for language in ("da", "en"))
    assert "  Må låne: nej – gælden har nået bibliotekets grænse" in danish
    assert "  Skylder: 1.270,50 kr." in danish
    assert "  May borrow: no – the debt has reached the library's limit" in english
    assert "       DKK 20.00  Kortlage (due 19 March 2027, 1 day late): the adult's fee" in english


def test_nobody_by_that_number_is_refused(library: Library) -> None:
    with pytest.raises(BadInput) as refused:
        Standings(library).standing("00000000")
    assert refused.value.kind == "patron.unknown"


def test_whoever_is_leaving_borrows_nothing_more(library: Library) -> None:
    owes(library, tables.loan, "ANNA", 1, {"title": "Pippi"}, due=library.clock.today(), returned=None)
    said_yes.leave(LeavingDesk(library, "lone"), library.id_of("ANNA"))
    assert borrows(standing(library)) == (False, ["leaving"])
