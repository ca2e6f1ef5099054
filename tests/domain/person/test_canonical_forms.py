"""Canonical forms (decision 1): two sources that write the same thing differently say the same thing."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cprsync.domain.person.canonical import (
    abroad_of,
    address_of,
    code_of,
    contact_of,
    door_of,
    lines_of,
    name_of,
    part_of,
    text_of,
)
from cprsync.domain.person.person import EMPTY, SILENT, Abroad, Contact
from cprsync.domain.person.sealed import Address, Name


def flat(**deviations: Any) -> Any:
    return address_of(
        **{"municipality": "0751", "street_code": "1104", "house": "016B", "road": "Uglesporet", **deviations}
    )


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("  Aarhus C ", "Aarhus C"),
        ("A\N{COMBINING RING ABOVE}lborg", "Ålborg"),
        ("Ålborg", "Ålborg"),
        ("a\tb", "a b"),
        ("\x1ea\x1fb\x00", "a b"),
        ("Å\x1fb", "Å b"),
        ("Å\x85b\N{SOFT HYPHEN}c", "Å b c"),
        ("a\N{LINE SEPARATOR}b\N{PARAGRAPH SEPARATOR}c", "a b c"),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}b", "a b"),
        ("\N{NO-BREAK SPACE}Øst\N{NO-BREAK SPACE}", "Øst"),
        ("   ", ""),
    ],
)
def test_text_is_composed_stripped_and_free_of_control_characters(raw: str, canonical: str) -> None:
    assert text_of(raw) == canonical


@settings(deadline=None)
@given(st.text())
def test_canonical_text_stays_as_it_is_and_fits_one_line(raw: str) -> None:
    text = text_of(raw)
    assert text_of(text) == text == text.strip()
    assert len(text.splitlines()) <= 1
    assert not any(unicodedata.category(character) == "Cc" for character in text)


@pytest.mark.parametrize(
    ("raw", "canonical"), [("751", "0751"), ("0751", "0751"), (" 751", "0751"), ("", "0000"), ("0", "0000")]
)
def test_a_code_has_four_digits_and_0000_when_unset(raw: str, canonical: str) -> None:
    assert code_of(raw) == canonical


@pytest.mark.parametrize(
    ("raw", "canonical"), [("016B", "16B"), ("003 ", "3"), ("  th", "th"), ("0204", "204"), ("000", ""), ("", "")]
)
def test_a_part_has_no_leading_zeros(raw: str, canonical: str) -> None:
    assert part_of(raw) == canonical


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [(" 0TH", "th"), ("Mf", "mf"), ("00tv ", "tv"), ("0012", "12"), ("A3", "A3"), ("Baghus", "Baghus"), ("0000", "")],
)
def test_a_side_is_written_small_and_any_other_door_as_it_is_called(raw: str, canonical: str) -> None:
    assert door_of(raw) == canonical


@pytest.mark.parametrize(
    ("part", "raw", "canonical"),
    [
        ("house", "016B", "16B"),
        ("floor", "ST", "st"),
        ("floor", "01", "1"),
        ("floor", "KL", "kl"),
        ("door", "  TH", "th"),
        ("door", "0003", "3"),
        ("postcode", "800", "0800"),
        ("postcode", "0000", ""),
        ("postcode", "    ", ""),
        ("co", " c/o Vestergaard ", "c/o Vestergaard"),
        ("road", "A\N{COMBINING RING ABOVE}sen", "Åsen"),
        ("supplementary", ["", " Afdeling 3 "], ("", "Afdeling 3", "", "", "")),
    ],
)
def test_an_addresss_part_is_canonical(part: str, raw: Any, canonical: Any) -> None:
    assert getattr(flat(**{part: raw}), part) == canonical


def test_integers_of_one_source_and_padded_fields_of_the_other_are_one_address() -> None:
    padded = flat(street_code="0007", house="004 ", floor="01", door="  tv", postcode="0800")
    assert padded == flat(municipality="751", street_code="7", house="004", floor="1", door="TV", postcode="800")


def test_lines_are_always_five_and_a_blank_one_keeps_its_place() -> None:
    assert lines_of(["a", "", " b"]) == ("a", "", "b", "", "")
    assert lines_of([]) == ("", "", "", "", "")
    assert lines_of("abcdefg") == ("a", "b", "c", "d", "e")


@pytest.mark.parametrize(
    "located",
    [
        {"house": "001"},
        {"house": "", "building": "3412"},
        {"house": "", "street_code": "9900"},
        {"house": "", "street_code": "9999"},
        # of no fixed abode: no letter shows a street
        {"house": "", "street_code": "9950", "road": ""},
        # in Greenland, in one that was merged, and Christiansø
        {"municipality": "956"},
        {"municipality": "701"},
        {"municipality": "411"},
    ],
)
def test_an_address_counts_with_a_house_a_building_or_an_administrative_street(located: dict[str, str]) -> None:
    assert isinstance(flat(**located), Address)


@pytest.mark.parametrize(
    "lacking",
    [
        {"municipality": "0000"},
        {"municipality": ""},
        {"street_code": "0000"},
        {"street_code": ""},
        {"house": ""},
        {"house": "000"},
        {"house": "", "street_code": "9899"},
        {"house": "", "building": "0000"},
        {"road": ""},
        {"road": "   "},
        {"house": "", "building": "3412", "road": "\N{NO-BREAK SPACE}"},
        {"municipality": "998"},
        {"municipality": "0666"},
        {"municipality": "5180"},
        {"municipality": "998", "street_code": "9950"},
    ],
)
def test_an_address_is_silent_when_it_is_too_little_to_be_one(lacking: dict[str, str]) -> None:
    """A house whose road is blank, or in a municipality that does not exist, would take the last address away."""
    assert flat(**lacking) is SILENT


@pytest.mark.parametrize(
    "wrong",
    [{"municipality": "7X1"}, {"street_code": "-104"}, {"street_code": "11\N{SUPERSCRIPT TWO}4"}, {"postcode": "8OOO"}],
)
def test_a_code_that_is_no_number_is_refused_without_being_quoted(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"^not an address: a code is not a number$"):
        flat(**wrong)


@pytest.mark.parametrize("wrong", [{"municipality": "10751"}, {"street_code": "99999"}, {"street_code": "9" * 5000}])
def test_a_code_of_more_than_four_digits_is_refused_without_being_quoted(wrong: dict[str, str]) -> None:
    """KOMKOD and VEJKOD have four (record 002); an answer says them as integers without a ceiling."""
    with pytest.raises(ValueError, match=r"^not an address: a code has more than four digits$"):
        flat(**wrong)


def test_an_administrative_street_begins_at_9900() -> None:
    assert not flat(street_code="9899").is_administrative
    assert flat(street_code="9900").is_administrative


def test_two_persons_behind_one_door_are_one_household_whatever_else_their_addresses_say() -> None:
    assert flat(co="c/o Vestergaard", postcode="8000").dwelling == flat().dwelling
    assert flat(door="tv").dwelling != flat(door="th").dwelling


def test_a_blank_addressing_name_is_a_child_not_yet_named() -> None:
    assert name_of("  ", "", "", "Fuglsang") is EMPTY
    assert name_of(" Mette Skov ", "Mette ", "", "Skov") == Name("Mette Skov", "Mette", "", "Skov")


def test_five_blank_lines_are_no_contact_address() -> None:
    assert contact_of(["", "  ", "\t"]) is EMPTY
    assert contact_of(["", "Postboks 7"]) == Contact(("", "Postboks 7", "", "", ""))


def test_a_foreign_address_has_a_country_and_five_lines() -> None:
    assert abroad_of("5120", ["Storgatan 1 "]) == Abroad("5120", ("Storgatan 1", "", "", "", ""))
    assert abroad_of("5120", [""]) == Abroad("5120", ("", "", "", "", ""))


@pytest.mark.parametrize("country", ["", "0", "0000"])
def test_a_foreign_address_without_country_and_lines_is_none(country: str) -> None:
    assert abroad_of(country, [" "]) is SILENT
    assert abroad_of(country, ["Storgatan 1"]) == Abroad("0000", ("Storgatan 1", "", "", "", ""))
