"""How another system may write a name or an address without it being another one, and what is another one."""

from __future__ import annotations

import pytest
from people import person

from cprsync.domain.outward.sameness import is_same_address, is_same_name
from cprsync.domain.person.sealed import Address, Name

PALLE = Name("Palle Buhl Sejersen", "Palle", "Buhl", "Sejersen")
LONG = Name("Anna-Marie K. Bjergskov-Rosenkilde", "Anna-Marie Katharina", "", "Bjergskov-Rosenkilde Adelsten")
FLAT = Address("0751", "2231", "3", floor="2", door="tv", postcode="8200", district="Aarhus N", road="Kastanjeløkken")
HOUSE = Address("0751", "1", "16B", postcode="8000", district="Aarhus C", road="Gl. Strandvej")


@pytest.mark.parametrize(
    "text",
    [
        "Palle Buhl Sejersen",
        "PALLE  BUHL SEJERSEN",
        "Sejersen, Palle Buhl",
        "Palle B. Sejersen",
        "P B Sejersen",
        "Palle Sejersen",
        "Palle-Buhl Sejersen",
    ],
)
def test_a_name_written_otherwise_is_the_same_name(text: str) -> None:
    assert is_same_name(PALLE, text)


@pytest.mark.parametrize(
    "text",
    ["Palle Buhl Petersen", "Poul Buhl Sejersen", "Palle Buhl S.", "Palle Buhl Carl Sejersen", "Sejersen", ""],
)
def test_another_word_is_another_name(text: str) -> None:
    assert not is_same_name(PALLE, text)


def test_a_long_name_may_be_cut_off_anywhere_near_its_end_and_a_short_one_nowhere() -> None:
    assert is_same_name(LONG, "Anna-Marie Katharina Bjergskov-Rosenkilde Adel")
    assert is_same_name(LONG, "Anna-Marie K. Bjergskov-Rosenkil")
    assert not is_same_name(LONG, "Anna-Marie Katharina Bjergskov-Rosenlund")
    assert not is_same_name(PALLE, "Palle Buhl Sejer")


def test_a_double_a_is_one_letter() -> None:
    assert is_same_name(Name("Åge Ågård"), "Aage Aagaard")


@pytest.mark.parametrize(
    "street",
    [
        "Kastanjeløkken 3, 2. tv",
        "KASTANJELØKKEN 3 2 TV",
        "Kastanjeløkken 003, 02 tv.",
        "Kastanjeløkken 3, 2. sal tv",
        "Kastanjeløkken nr. 3, 2. sal, dør tv",
        "Kastanje løkken 3, 2.tv",
    ],
)
def test_a_flat_written_otherwise_is_the_same_address(street: str) -> None:
    assert is_same_address(FLAT, street=street, postcode="8200", city="Århus N.")


@pytest.mark.parametrize(
    "street",
    [
        "Kastanjeløkken 3",
        "Kastanjeløkken 3, 2. th",
        "Kastanjeløkken 3, 1. tv",
        "Kastanjeløkken 3A, 2. tv",
        "Kastanjeløkken 13, 2. tv",
        "Kastanievej 3, 2. tv",
        "Kastanjeløkken",
        "3",
        "",
    ],
)
def test_another_part_is_another_address(street: str) -> None:
    assert not is_same_address(FLAT, street=street, postcode="8200", city="Aarhus N")


@pytest.mark.parametrize(
    "street", ["Gl. Strandvej 16B", "Gammel Strandvej 16 B", "gml strandvej 16b", "Gl Strand Vej 016B"]
)
def test_an_abbreviated_road_is_the_same_road(street: str) -> None:
    assert is_same_address(HOUSE, street=street, postcode="8000", city="")


@pytest.mark.parametrize(
    ("road", "street", "same"),
    [
        ("Ovb. Lindegaards Pl.", "Overbibliotekar Lindegaards Plads 9", True),
        ("Ovb. Lindegaards Pl.", "Overlæge Lindegaards Plads 9", False),
        ("Ovb. Lindegaards Pl.", "Ballegaard Lindegaards Plads 9", False),
        ("Overbibliotekar Lindegaards Plads", "Ovb. Lindegaards Pl. 9", True),
        ("H.C. Andersens Vej", "HC Andersensvej 9", True),
        ("10. Februar Vej", "10. februar vej 9", True),
        ("Christian 10. Vej", "Chr. 10. Vej 9", True),
        ("Vestergade", "Vesterbro 9", False),
        ("", "9", False),
    ],
)
def test_roads_are_compared_word_by_word(road: str, street: str, same: bool) -> None:
    at = Address("0751", "1", "9", postcode="8000", road=road)
    assert is_same_address(at, street=street, postcode="8000", city="") is same


def test_a_building_in_greenland_is_compared_with_and_without_its_letter() -> None:
    at = Address("0956", "1", building="B-3412", postcode="3900", road="Rypelien")
    assert is_same_address(at, street="Rypelien B-3412", postcode="3900", city="")
    assert is_same_address(at, street="Rypelien 3412", postcode="3900", city="")
    assert not is_same_address(at, street="Rypelien B-3413", postcode="3900", city="")


def test_the_city_counts_only_without_a_postcode() -> None:
    street = "Kastanjeløkken 3, 2. tv"
    assert is_same_address(FLAT, street=street, postcode="8200", city="Vejlby")
    assert not is_same_address(FLAT, street=street, postcode="8000", city="Aarhus N")
    assert is_same_address(FLAT, street=street, postcode=" ", city="AARHUS N")
    assert not is_same_address(FLAT, street=street, postcode="", city="Viby J")
    assert is_same_address(FLAT, street=street, postcode="", city="")


@pytest.mark.parametrize("key", ["ANNA", "BO", "CLARA", "EDITH", "IVAN", "JOHANNE"])
def test_everybody_in_town_is_named_as_they_are_named(key: str) -> None:
    name = person(key).name
    assert isinstance(name, Name)
    assert is_same_name(name, f"{name.first} {name.middle} {name.last}")
    assert is_same_name(name, name.addressing.upper())
