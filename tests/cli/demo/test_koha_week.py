"""The comparison of Koha with the register finds each thing that is planted, and nothing in what is right."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cprsync.cli.demo.koha_week import compare_koha

DAY = "2027-04-02"
PERSON: dict[str, Any] = {
    "status": "01",
    "born": "1990-01-01",
    "number": "0101901234",
    "name": {"addressing": "Anna Marie Holm", "first": "Anna", "middle": "Marie", "last": "Holm"},
    "address": {
        "municipality": "0461",
        "street": "0123",
        "road": "Strandvejen",
        "house": "012A",
        "floor": "02",
        "door": "TH",
        "co": "c/o Bo",
        "postcode": "5220",
        "district": "Odense SØ",
    },
    "protections": {},
}
ROW: dict[str, Any] = {
    "patron_id": 7,
    "who": "ANNA",
    "surname": "Holm",
    "firstname": "Anna Marie",
    "date_of_birth": "1990-01-01",
    "address": "Strandvejen",
    "street_number": "12A",
    "address2": "c/o Bo, 2. th",
    "postal_code": "5220",
    "city": "Odense SØ",
    "altaddress_address": None,
    "expiry_date": "2029-01-01",
    "incorrect_address": False,
    **dict.fromkeys(("cardnumber", "userid", "phone", "email", "library_id", "category_id", "lang", "opac_notes"), "x"),
    "extended_attributes": [{"type": "CPR", "value": "0101901234"}, {"type": "KOMMUNE", "value": "0461"}],
}
BLANK = dict.fromkeys(("address", "street_number", "address2", "postal_code", "city"))
FLAG = [*ROW["extended_attributes"], {"type": "BESKYTTET", "value": "1"}]
PROTECTED = {"protections": {"0001": {}}}


def found(person: dict[str, Any], row: dict[str, Any], *more: dict[str, Any]) -> list[str]:
    rows = [ROW | row, *(ROW | one for one in more)]
    result = compare_koha({"ANNA": PERSON | person}, [copy.deepcopy(ROW)], rows, day=DAY)
    assert result.compared == 1
    return result.differs.get("ANNA", [])


@pytest.mark.parametrize(
    ("person", "row"),
    [
        ({}, {}),
        ({"born": "1990-00-00"}, {"date_of_birth": None}),
        (PROTECTED, BLANK | {"extended_attributes": FLAG}),
        ({"status": "90"}, {"expiry_date": DAY}),
        ({"status": "80", "address": None}, {"expiry_date": "2027-03-30", "address": "den sidste"}),
        ({"status": "70"}, {"incorrect_address": True}),
        ({"name": {"addressing": "Bo Berg"}}, {"surname": "Berg", "firstname": "Bo"}),
    ],
)
def test_what_is_as_the_register_says_is_no_difference(person: dict[str, Any], row: dict[str, Any]) -> None:
    assert found(person, row) == []


@pytest.mark.parametrize(
    ("person", "row", "groups"),
    [
        ({}, {"surname": "Berg"}, ["name"]),
        ({}, {"date_of_birth": "1990-01-02"}, ["birth"]),
        *(
            ({}, {name: "andet"}, ["address"])
            for name in ("address", "street_number", "postal_code", "city", "address2")
        ),
        ({}, BLANK, ["address"]),
        (PROTECTED, {"extended_attributes": FLAG}, ["address"]),
        (PROTECTED, BLANK | {"altaddress_address": "Havnen 9", "extended_attributes": FLAG}, ["address"]),
        (PROTECTED, BLANK, ["flag"]),
        ({}, {"extended_attributes": FLAG}, ["flag"]),
        ({}, {"extended_attributes": ROW["extended_attributes"][:1]}, ["municipality"]),
        ({"status": "90"}, {}, ["expiry"]),
        ({}, {"expiry_date": DAY}, ["expiry"]),
        ({"status": "70"}, {}, ["incorrect_address"]),
        ({}, {"phone": "y"}, ["own"]),
        ({}, {"extended_attributes": [*ROW["extended_attributes"], {"type": "INTERESSE", "value": "krimi"}]}, ["own"]),
        ({}, {"who": None}, ["patrons"]),
    ],
)
def test_each_thing_that_is_planted_is_found(person: dict[str, Any], row: dict[str, Any], groups: list[str]) -> None:
    assert found(person, row) == groups


def test_two_patrons_with_one_number_are_a_difference() -> None:
    assert found({}, {}, {"patron_id": 8}) == ["patrons"]


def test_whoever_lives_with_a_protected_person_has_no_address_in_koha() -> None:
    persons = {"ANNA": PERSON, "BO": PERSON | PROTECTED}
    shut = ROW | BLANK | {"who": "BO", "extended_attributes": FLAG}
    assert compare_koha(persons, [], [ROW | BLANK, shut], day=DAY).differs == {}
    assert compare_koha(persons, [], [ROW, shut], day=DAY).differs == {"ANNA": ["address"]}
