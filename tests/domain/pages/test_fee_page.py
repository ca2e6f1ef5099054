"""A library's fee page as its policy says it: each amount, each day and each sentence is the policy's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cprsync.catalogues import page_words
from cprsync.domain.pages.policy_page import fee_heading, fee_rows, fee_sentences, group_heading, group_rows, kroner
from cprsync.domain.policy.policy import AgeGroup, Ladder, Ladders, LetterRules, PatronGroup, Policy
from cprsync.domain.policy.tariff import STANDARD, Band, Bands, FeeRules, Moment, Tariff

TODAY, SINCE = date(2027, 3, 1), date(2027, 1, 1)


def said(policy: Policy) -> str:
    return " ".join(sentence.da for sentence in fee_sentences(policy, page_words))


def test_a_table_has_a_row_for_each_band_and_a_column_for_children_and_adults() -> None:
    assert [cell.da for cell in fee_heading(STANDARD, page_words)] == ["dage for sent", "børn (under 18 år)", "voksne"]
    assert fee_rows(STANDARD) == (
        ("1-7", "10 kr.", "20 kr."),
        ("8-14", "40 kr.", "70 kr."),
        ("15-30", "55 kr.", "120 kr."),
        ("31-", "120 kr.", "230 kr."),
    )


def test_columns_that_rise_on_different_days_share_their_rows() -> None:
    tariff = Tariff(SINCE, Bands((Band(1, 500), Band(3, 1050))), Bands((Band(1, 0), Band(2, 100))), child_below=15)
    assert fee_rows(tariff) == (("1", "0 kr.", "5 kr."), ("2", "1 kr.", "5 kr."), ("3-", "1 kr.", "10,50 kr."))


def test_a_table_without_a_childrens_fee_is_for_everyone() -> None:
    tariff = Tariff(SINCE, Bands((Band(1, 2000),)))
    assert [cell.en for cell in fee_heading(tariff, page_words)] == ["days late", "everyone"]
    assert fee_rows(tariff) == (("1-", "20 kr."),)


@pytest.mark.parametrize(
    ("oere", "told"), [(0, "0 kr."), (20_000, "200 kr."), (22_550, "225,50 kr."), (105, "1,05 kr.")]
)
def test_an_amount_is_written_as_danish_pages_write_it(oere: int, told: str) -> None:
    assert kroner(oere) == told


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (Policy(), "Taksten er den, der gjaldt ved seneste udlån eller fornyelse."),
        (Policy(fees=FeeRules(age_at=Moment.DUE)), "Alderen er den ved afleveringsdatoen."),
        (Policy(), "giver ét gebyr pr. afleveringsdato."),
        (
            Policy(fees=FeeRules(one_fee_per=(Moment.LOAN, Moment.RETURN))),
            "giver ét gebyr pr. udlånsdag og dag for afleveringen.",
        ),
        (Policy(fees=FeeRules(tariffs=())), "Biblioteket har ingen takster."),
        (Policy(debt_limit_oere=22_500), "Skyldes der 225 kr. eller mere, lånes der ikke ud."),
        (Policy(debt_limit_oere=0), "Gæld standser ingen udlån."),
        (Policy(letters=LetterRules(reminder_days=(8,))), "Påmindelser sendes 8 dage efter afleveringsdatoen."),
        (Policy(letters=LetterRules(reminder_days=(1,))), "Påmindelser sendes 1 dag efter afleveringsdatoen."),
        (
            Policy(letters=LetterRules(reminder_days=(7, 14, 21))),
            "Påmindelser sendes 7, 14 og 21 dage efter afleveringsdatoen.",
        ),
        (Policy(), "Film mærket 11 og 15 lånes kun ud til den, der har alderen"),
        (Policy(binding_films=()), "Mærkning af film er et råd."),
    ],
)
def test_what_else_decides_is_told_in_a_sentence(policy: Policy, told: str) -> None:
    assert told in said(policy)


def test_of_a_limit_of_debt_that_was_never_set_the_page_says_nothing() -> None:
    assert "gæld" not in said(Policy()).lower()


def test_without_fees_nothing_is_said_of_their_day() -> None:
    assert "Taksten" not in said(Policy(fees=FeeRules(tariffs=())))


def test_each_column_of_the_groups_has_a_heading_of_its_own() -> None:
    heading = [cell.da for cell in group_heading(page_words)]
    assert heading[:2] == ["lånergruppe", "fra alder"]
    assert len(set(heading)) == len(group_rows(Policy(), page_words, on=TODAY)[0])


def test_each_group_is_told_of_with_the_age_it_begins_at_and_all_others_last() -> None:
    ladders = Ladders((Ladder(SINCE, (AgeGroup("Barn", 0), AgeGroup("Voksen", 18))),))
    groups = (PatronGroup("Barn", fees=False), PatronGroup("Institution", loan_days=90, reminders=False))
    rows = group_rows(Policy(ladders=ladders, groups=groups), page_words, on=TODAY)
    assert [[cell.da for cell in row] for row in rows] == [
        ["Barn", "0", "30 dage", "ja", "nej", "frivilligt"],
        ["Voksen", "18", "30 dage", "ja", "ja", "frivilligt"],
        ["Institution", "–", "90 dage", "nej", "ja", "frivilligt"],
        ["alle andre", "–", "30 dage", "ja", "ja", "frivilligt"],
    ]


def test_before_the_first_ladder_no_group_has_an_age() -> None:
    later = Ladders((Ladder(date(2028, 1, 1), (AgeGroup("Barn", 0),)),))
    policy = replace(Policy(ladders=later), group_defaults=PatronGroup(cpr_required=True))
    ((told, age, *_, number),) = group_rows(policy, page_words, on=TODAY)
    assert (told.en, age.en, number.en) == ("all others", "–", "needed")
