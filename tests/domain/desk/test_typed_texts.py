"""What a text in the box may mean: read once, for every way in which people write numbers, dates and names."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cprsync.domain.desk.finding import (
    TYPED_MAX,
    WORDS_MAX,
    Hit,
    Typed,
    danish_order,
    read_telephone,
    read_typed,
    tell_apart,
    words_of,
)
from cprsync.domain.patron.local import distinct_cards
from cprsync.domain.person.health_card import read_health_card

TODAY = date(2027, 3, 22)
#: The second track of a health card, as a reader sends it: prefix, number, group, doctor, region, municipality, day.
STRIPE = "920810000101850012107123408510112"
DIGITS = "0101850012"

days = st.dates(min_value=date(1930, 1, 1), max_value=TODAY)
names = st.lists(
    st.sampled_from(["Ida", "Holm", "Søren", "Åse", "Anne-Marie", "O'Brien", "Müller"]), min_size=1, max_size=4
)


@given(st.text(max_size=TYPED_MAX + 20))
def test_any_text_is_read_and_a_name_counts_only_with_a_date(text: str) -> None:
    typed = read_typed(text, TODAY)
    assert bool(typed.words) is bool(typed.born)
    assert len(typed.words) <= WORDS_MAX
    assert all(day <= TODAY for day in typed.born)
    assert words_of(" ".join(typed.words)) == typed.words


@given(
    names,
    days,
    st.sampled_from(["%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y", "%d. %m. %Y", "%Y-%m-%d", "%d%m%Y"]),
    st.booleans(),
)
def test_name_and_date_mean_the_same_in_every_order_and_form(
    name: list[str], day: date, form: str, first: bool
) -> None:
    parts = [" ".join(name), day.strftime(form)]
    typed = read_typed(" ".join(parts if first else reversed(parts)), TODAY)
    assert typed.words == words_of(" ".join(name))
    assert typed.born == (day,)
    assert typed.number is None


@given(names, days)
def test_a_year_of_two_digits_means_each_century_in_which_somebody_may_be_born(name: list[str], day: date) -> None:
    born = read_typed(f"{' '.join(name)} {day:%d.%m.%y}", TODAY).born
    assert day in born
    assert {one.year % 100 for one in born} == {day.year % 100}


@pytest.mark.parametrize(
    ("text", "words", "born"),
    [
        ("Jensen 12-03-1984", ("jensen",), [date(1984, 3, 12)]),
        ("12.03.84 Ida Holm", ("ida", "holm"), [date(1984, 3, 12)]),
        ("Ida 120384", ("ida",), [date(1984, 3, 12)]),
        ("Ida Holm, 1984-03-12", ("ida", "holm"), [date(1984, 3, 12)]),
        ("Bo 1.2.11", ("bo",), [date(2011, 2, 1), date(1911, 2, 1)]),
        # as the desk prints it, and as Danes write it by hand
        ("Stine 27. oktober 1990", ("stine",), [date(1990, 10, 27)]),
        ("27 October 1990 Stine", ("stine",), [date(1990, 10, 27)]),
        ("Stine 27. okt. 90", ("stine",), [date(1990, 10, 27)]),
        ("Stine 27/10 1990", ("stine",), [date(1990, 10, 27)]),
        ("Stine 27/10-1990", ("stine",), [date(1990, 10, 27)]),
        ("Maj Holm 1. maj 1984", ("maj", "holm"), [date(1984, 5, 1)]),
        ("Stine 31. februar 1990", (), []),
        # there is no such day, the day lies ahead, and nobody is that old
        ("Ida 31-02-1984", (), []),
        ("Ida 01-01-2030", (), []),
        ("Ida 01-01-1850", (), []),
        # two dates, or a number beside the date
        ("Ida 12-03-1984 13-03-1984", (), []),
        ("12-03-1984", (), []),
        ("Ida Holm", (), []),
    ],
)
def test_a_name_is_read_with_its_birth_date(text: str, words: tuple[str, ...], born: list[date]) -> None:
    typed = read_typed(text, TODAY)
    assert (typed.words, list(typed.born)) == (words, born)


@pytest.mark.parametrize(
    ("text", "lacks"), [("Ida Holm", True), ("K404", False), ("Ida 12-03-1984", False), ("", False)]
)
def test_a_name_without_a_date_is_told_from_a_card(text: str, *, lacks: bool) -> None:
    assert read_typed(text, TODAY).lacks_date is lacks


@pytest.mark.parametrize(
    ("text", "lacks"),
    [("120384", True), ("12. marts 1984", True), ("Ida 12-03-1984", False), ("K404", False), ("", False)],
)
def test_a_date_without_a_name_is_told_from_a_card(text: str, *, lacks: bool) -> None:
    assert read_typed(text, TODAY).lacks_name is lacks


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("Stine 27-10", True),
        ("Stine Holm 31-02-1984", True),
        ("Stine 27.10.1990", False),
        ("Stine Holm", False),
        ("K404", False),
        ("K 404", False),
        ("20 30 40 50", False),
    ],
)
def test_a_name_beside_digits_that_are_no_birth_date_is_told_from_a_card(text: str, *, unread: bool) -> None:
    assert read_typed(text, TODAY).has_unread_date is unread


@pytest.mark.parametrize(
    "month",
    [
        "januar",
        "februar",
        "marts",
        "april",
        "maj",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "december",
        "January",
        "February",
        "March",
        "May",
        "June",
        "July",
        "October",
    ],
)
def test_each_month_is_read_by_its_name_in_both_languages(month: str) -> None:
    at = ["jan", "feb", "mar", "apr", "ma", "jun", "jul", "aug", "sep", "o", "nov", "dec"]
    (number,) = (
        place
        for place, begins in enumerate(at, start=1)
        if month.lower().startswith(begins) and not (begins == "ma" and month.lower().startswith("mar"))
    )
    assert read_typed(f"Ida 2. {month} 1984", TODAY).born == (date(1984, number, 2),)


@pytest.mark.parametrize(
    ("one", "other"), [("Søren Ågård", "SOEREN AAGAARD"), ("René", "rene"), ("O'Brien", "obrien"), ("Müller", "muller")]
)
def test_names_are_compared_without_accents_and_capitals(one: str, other: str) -> None:
    assert words_of(one) == words_of(other)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("20304050", "20304050"),
        ("20 30 40 50", "20304050"),
        ("+45 20 30 40 50", "20304050"),
        ("0045-20304050", "20304050"),
        ("(+45) 20.30.40.50", "20304050"),
        ("+46 8 123 456", "+468123456"),
        ("0046 8123456", "+468123456"),
        ("+45 2030", "+452030"),
        ("123", None),
        ("K900", None),
        ("２０３０４０５０", None),
    ],
)
def test_a_telephone_is_the_same_however_it_is_written(text: str, key: str | None) -> None:
    assert read_telephone(text) == key
    assert read_typed(text, TODAY).telephone == key


@pytest.mark.parametrize(
    "scanned",
    [
        f";{STRIPE}?",
        # a reader set to another keyboard sends other signs
        f":{STRIPE}_",
        f"æ{STRIPE}_",
        STRIPE,
        f"%HOLM/IDA                          BYVEJ 1                           7518000?;{STRIPE}?",
        DIGITS,
        f"*{DIGITS}*",
        f"]C0{DIGITS}",
        f" {DIGITS} ",
    ],
)
def test_a_scanned_health_card_is_its_number(scanned: str) -> None:
    assert read_health_card(scanned) == DIGITS
    typed = read_typed(scanned, TODAY)
    assert typed.exact == DIGITS
    assert typed.number is not None
    assert typed.number.digits == DIGITS
    assert typed.words == ()


@pytest.mark.parametrize(
    "scanned", ["", "K900", DIGITS[:9], f"{DIGITS}1", f"*{DIGITS}", "9208100001018500", f"1{STRIPE}"]
)
def test_what_is_no_health_card_is_not_read_as_one(scanned: str) -> None:
    assert read_health_card(scanned) is None
    assert read_typed(scanned, TODAY).exact == scanned


def test_more_than_a_card_holds_means_nothing() -> None:
    assert read_typed("1" * (TYPED_MAX + 1), TODAY) == Typed("")


def test_eight_digits_may_be_a_patron_number_and_a_telephone() -> None:
    typed = read_typed("2030 4050", TODAY)
    assert (typed.patron, typed.telephone) == ("20304050", "20304050")


def test_patrons_are_told_apart_by_no_more_than_needed() -> None:
    old, young = date(1950, 1, 1), date(2010, 1, 1)
    ida, bo = Hit("1", "Ida Holm", old, "Byvej 1"), Hit("2", "Bo Holm", old, "Byvej 1")
    assert tell_apart([ida, bo]) == [Hit("1", "Ida Holm"), Hit("2", "Bo Holm")]
    other = Hit("3", "Ida Holm", young, "Byvej 1")
    assert tell_apart([ida, other]) == [Hit("1", "Ida Holm", old), Hit("3", "Ida Holm", young)]
    twin = Hit("4", "Ida Holm", old, "Byvej 2")
    assert tell_apart([ida, twin]) == [ida, twin]
    shut = Hit("5", is_sealed=True)
    assert tell_apart([shut, ida])[0] == shut


def test_a_card_that_is_a_swiped_health_card_is_kept_as_its_number_alone() -> None:
    assert [one.number for one in distinct_cards([f";{STRIPE}?", DIGITS, "K900"])] == [DIGITS, "K900"]


def test_names_are_sorted_as_a_danish_list_is() -> None:
    mixed = ["", "Åsta", "Aase", "Østen", "Øjvind", "Ärland", "Ægir", "Zoë", "Émile", "Anna Å"]
    assert sorted(mixed, key=danish_order) == mixed[::-1]
