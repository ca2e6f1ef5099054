"""A CPR number: which texts are one, what it says of a birth date, and that it never shows itself."""

from __future__ import annotations

import json
import string
from datetime import date

import pytest
from people import generated
from stdnum.dk import cpr
from town import ANNA, PEOPLE, number

from cprsync.domain.person.number import (
    CprNumber,
    NumberKind,
    NumberSex,
    hide_numbers,
    holds_number,
    is_number_alone,
    unspaced,
)


def test_ten_digits_are_a_number_with_or_without_a_hyphen_in_place_seven() -> None:
    assert CprNumber.parse(ANNA) == CprNumber.parse(f"{ANNA[:6]}-{ANNA[6:]}") == CprNumber(ANNA)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ANNA[:9],
        ANNA + "0",
        f" {ANNA}",
        f"{ANNA} ",
        f"{ANNA}\n",
        f"{ANNA[:6]} {ANNA[6:]}",
        f"{ANNA[:5]}-{ANNA[5:]}",
        f"{ANNA[:6]}--{ANNA[6:]}",
        f"{ANNA}-",
        f"-{ANNA}",
        f"{ANNA[:6]}\N{NON-BREAKING HYPHEN}{ANNA[6:]}",
        f"{ANNA[:2]}-{ANNA[2:6]}-{ANNA[6:]}",
        "".join(chr(ord("\N{FULLWIDTH DIGIT ZERO}") + int(digit)) for digit in ANNA),
        "".join(chr(ord("\N{ARABIC-INDIC DIGIT ZERO}") + int(digit)) for digit in ANNA),
        f"{ANNA[:9]}\N{SUPERSCRIPT TWO}",
        f"{ANNA[:6]}AB{ANNA[8:]}",
    ],
)
def test_anything_else_is_refused_without_being_quoted(text: str) -> None:
    """Exactly ten ASCII digits once one hyphen in place 7 is removed."""
    with pytest.raises(ValueError, match=r"^not a CPR number") as refused:
        CprNumber.parse(text)
    assert ANNA[:5] not in str(refused.value)
    assert ANNA[6:9] not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("between", [" ", "  ", "\u00a0", " - ", "\u2013", " \u2212 ", "\t"])
def test_a_number_is_typed_with_spaces_or_another_dash(between: str) -> None:
    assert CprNumber.parse(unspaced(f" 010101{between}0000 ")) == CprNumber("0101010000")


@pytest.mark.parametrize("text", ["010101--0000", "0101-010000", "010101/0000"])
def test_no_other_sign_stands_between_the_parts_of_a_number(text: str) -> None:
    with pytest.raises(ValueError, match="ten digits"):
        CprNumber.parse(unspaced(text))


def test_a_number_that_fails_modulus_11_is_a_number() -> None:
    """Numbers without the check digit are issued since 2007 (cpr.dk)."""
    assert cpr.checksum(ANNA) != 0
    assert CprNumber.parse(ANNA).digits == ANNA


def test_a_number_whose_date_is_in_the_future_is_a_number() -> None:
    """Whoever asks the wall clock refuses newborns around midnight."""
    assert CprNumber.parse(generated(31, 12, 36, "4")).born == date(2036, 12, 31)


@pytest.mark.parametrize("seventh", string.digits)
@pytest.mark.parametrize("year", [0, 36, 37, 57, 58, 99])
def test_the_seventh_digit_tells_the_century_as_an_outside_oracle_says(seventh: str, year: int) -> None:
    digits = generated(1, 7, year, seventh)
    assert CprNumber.parse(digits).born == cpr.get_birth_date(digits)


@pytest.mark.parametrize(
    ("seventh", "year", "born"),
    [
        ("0", 0, 1900),
        ("3", 99, 1999),
        ("4", 36, 2036),
        ("4", 37, 1937),
        ("5", 57, 2057),
        ("5", 58, 1858),
        ("8", 57, 2057),
        ("8", 58, 1858),
        ("9", 36, 2036),
        ("9", 37, 1937),
        ("9", 57, 1957),
    ],
)
def test_the_centuries_change_where_the_table_says(seventh: str, year: int, born: int) -> None:
    """The table of the seventh digit (cpr.dk, "Opbygning af CPR-nummeret")."""
    assert CprNumber.parse(generated(2, 3, year, seventh)).born == date(born, 3, 2)


@pytest.mark.parametrize(
    ("day", "month", "year"), [(0, 1, 50), (1, 0, 50), (1, 13, 50), (30, 2, 50), (29, 2, 3), (32, 1, 50)]
)
def test_a_number_without_a_date_is_a_number_born_on_no_day(day: int, month: int, year: int) -> None:
    assert CprNumber.parse(generated(day, month, year, "1")).born is None


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        (ANNA, True),
        *((text, False) for text in ("1234567890", "9999999999", "0000000000", "3002801234", "2902031234")),
        (generated(64, 5, 85, "0"), True),
        *((generated(day, month, 80, "1"), False) for day, month in ((60, 5), (92, 5), (64, 13), (91, 4))),
        (f"{ANNA[:6]}KOT1", True),
    ],
)
def test_a_number_is_possible_only_with_a_date_in_it(text: str, *, possible: bool) -> None:
    """Plain, or as a replacement's with the day plus 60; letters tell no century, so nothing is held against them."""
    assert CprNumber.parse_any(text).is_possible is possible


def test_the_numbers_date_is_not_the_registered_one() -> None:
    assert CprNumber.parse(number("SKAEV")).born != PEOPLE["SKAEV"]["born"]


@pytest.mark.parametrize(
    ("day", "is_replacement"), [(1, False), (31, False), (60, False), (61, True), (91, True), (92, False)]
)
def test_a_day_raised_by_sixty_is_a_replacement_number(day: int, *, is_replacement: bool) -> None:
    """Replacement numbers are not CPR's: the day is 61 to 91 (cpr.dk, "Erstatningspersonnummer")."""
    assert CprNumber.parse(generated(day, 5, 80, "1")).is_replacement is is_replacement


def test_a_replacement_number_holds_a_date_all_the_same() -> None:
    assert CprNumber.parse(generated(64, 5, 85, "0")).born == date(1985, 5, 4)


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{:>40}".format, "%s".__mod__, lambda n: f"{n!s}{n!r}{[n]}"])
def test_printing_a_number_shows_nothing_of_it(show: object) -> None:
    assert callable(show)
    shown = show(CprNumber.parse(ANNA))
    assert "CprNumber(…)" in shown
    assert not any(character.isdigit() for character in shown)


def test_a_number_cannot_slip_into_json() -> None:
    with pytest.raises(TypeError) as refused:
        json.dumps(CprNumber.parse(ANNA))
    assert ANNA not in str(refused.value)


def test_a_screen_sees_the_date_and_not_the_serial() -> None:
    assert CprNumber.parse(ANNA).masked() == f"{ANNA[:6]}-xxxx"


def test_numbers_are_equal_and_sorted_by_their_digits() -> None:
    assert sorted({CprNumber(number("BO")), CprNumber(ANNA), CprNumber.parse(ANNA)}) == [
        CprNumber(ANNA),
        CprNumber(number("BO")),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "replacement"),
    [
        (ANNA, NumberKind.REAL, False),
        (generated(61, 5, 80, "1"), NumberKind.REPLACEMENT, True),
        (generated(91, 5, 80, "1"), NumberKind.REPLACEMENT, True),
        (f"{ANNA[:6]}KOT1", NumberKind.LETTERS, True),
        (f"{ANNA[:6]}-kot1", NumberKind.LETTERS, True),
        (f"{ANNA[:6]}4A12", NumberKind.LETTERS, True),
        (f"{ANNA[:6]}123Z", NumberKind.LETTERS, True),
    ],
)
def test_a_number_is_kept_with_its_kind(text: str, kind: NumberKind, *, replacement: bool) -> None:
    """Replacement numbers and those with letters exist outside CPR (cpr.dk; STIL); only a real one is ever sent."""
    number_ = CprNumber.parse_any(text)
    assert number_.kind is kind
    assert number_.is_replacement is replacement
    assert len(number_.digits) == 10


def test_a_number_with_letters_is_none_of_the_registers() -> None:
    with pytest.raises(ValueError, match="not a CPR number"):
        CprNumber.parse(f"{ANNA[:6]}KOT1")


def test_a_number_with_letters_tells_no_birth_date() -> None:
    """The century stands in the seventh digit, and there is none."""
    assert CprNumber.parse_any(f"{ANNA[:6]}KOT1").born is None


@pytest.mark.parametrize(
    "text",
    [
        *("", ANNA[:9], f"{ANNA}1", f"{ANNA[:6]}KOT", f"{ANNA[:6]}KOT12", f"{ANNA[:6]}--KOT1", f"{ANNA[:6]}K T1"),
        *(f"A{ANNA[1:]}", f"{ANNA[:6]}KØT1", f"{ANNA[:6]}KOT1\n", f"{ANNA[:6]}K_T1"),
    ],
)
def test_no_other_text_is_a_number_of_any_kind(text: str) -> None:
    with pytest.raises(ValueError, match="not a CPR number"):
        CprNumber.parse_any(text)


@pytest.mark.parametrize(
    ("last", "sex"),
    [
        *((digit, NumberSex.WOMAN) for digit in "02468"),
        *((digit, NumberSex.MAN) for digit in "13579"),
    ],
)
def test_the_last_digit_tells_the_sex_a_number_was_given_for(last: str, sex: NumberSex) -> None:
    """Even is a woman, odd a man (BEK 862 of 2023, section 1)."""
    assert CprNumber(f"{ANNA[:9]}{last}").sex is sex
    assert CprNumber(f"{ANNA[:6]}KOT{last}").sex is sex


def test_a_number_that_ends_in_a_letter_tells_no_sex() -> None:
    assert CprNumber.parse_any(f"{ANNA[:6]}12AB").sex is None


def test_a_screen_sees_no_serial_of_a_number_with_letters_either() -> None:
    assert CprNumber.parse_any(f"{ANNA[:6]}KOT1").masked() == f"{ANNA[:6]}-xxxx"


def test_who_has_no_number_is_told_from_others_who_have_none_and_shows_a_dash() -> None:
    none, other = CprNumber.none_of("12345678"), CprNumber.none_of("12345679")
    assert none != other
    assert none.kind is NumberKind.NONE
    assert (none.masked(), none.born, none.sex) == ("–", None, None)
    assert (none.is_replacement, none.is_possible) == (True, True)
    assert "12345678" not in f"{none!r} {none} {none.masked()}"


@pytest.mark.parametrize("between", ["", "-", " ", "–"])
def test_a_number_in_a_text_is_hidden_however_it_is_parted(between: str) -> None:
    raised = f"{int(ANNA[0]) + 6}{ANNA[1:]}"
    for digits in (ANNA, raised):
        text = f"Far er {digits[:6]}{between}{digits[6:]}."
        assert holds_number(text)
        assert hide_numbers(text) == "Far er xxxxxx-xxxx."


@pytest.mark.parametrize(
    "text", ["", "Ring 20304050", "ISBN 9788702123456", "K 4512345678", f"{ANNA}1", "2027-04-10 – 12"]
)
def test_other_digits_in_a_text_are_no_number(text: str) -> None:
    assert not holds_number(text)


def test_a_number_stands_alone_where_no_word_is_beside_it() -> None:
    assert is_number_alone(ANNA)
    assert is_number_alone(hide_numbers(ANNA))
    assert not is_number_alone(f"Far er {ANNA}")
    assert not is_number_alone("Far er xxxxxx-xxxx")
    assert not is_number_alone("")
