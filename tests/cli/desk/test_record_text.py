"""A record as text: the field table's names, in Danish unless English is asked for, and a line for each loan."""

from __future__ import annotations

from typing import Any

import pytest

from cprsync.domain.patron.fields import FIELDS, SHOWN
from cprsync.domain.patron.patron import SealedBy
from cprsync.language.record import field_lines, name_of, record_lines


def entry(value: Any, owner: str = "staff", **deviations: Any) -> dict[str, Any]:
    return {
        "value": value,
        "owner": owner,
        "source": owner,
        "since": None,
        "as_of": None,
        "override": None,
    } | deviations


def test_every_field_that_a_record_shows_has_a_name_in_both_languages() -> None:
    for key in SHOWN:
        assert name_of(key, "da") != key
        assert name_of(key, "en") != key
    assert {name_of(field.key, "da") for field in FIELDS} == {field.name.da for field in FIELDS}


@pytest.mark.parametrize("why", [*SealedBy], ids=lambda one: one.value)
def test_the_first_line_says_why_a_record_is_hidden(why: SealedBy) -> None:
    """A street code is no protection, and is not called one."""
    flags = {"household": False, "revealed": False, "in_register": True, "verified": True}
    document = {"patron": "10000000", "library": "710100", "fields": {}, "protected": True, **flags}
    (danish,) = record_lines(document | {"sealed_by": why.value})
    (english,) = record_lines(document | {"sealed_by": why.value}, "en")
    assert ("beskyttet" in danish, "protected" in english) == ((why is SealedBy.PROTECTION),) * 2
    assert "mark_" not in danish + english


def test_names_stand_in_a_column_and_the_owner_behind_each_value() -> None:
    fields = {"branch": entry("Tranbjerg", "patron"), "internal_note": entry("", "staff")}
    assert field_lines(fields) == ["  Tilhørsfilial  Tranbjerg  [lånerens]", "  Intern note    –  [bibliotekets]"]
    assert field_lines(fields, "en")[0] == "  Home branch    Tranbjerg  [the patron's]"


def test_whoever_only_answers_for_a_minor_is_no_patron() -> None:
    fields = {"kind": entry("responsible"), "standing": entry("active", "system")}
    assert "  Lånerforhold  ikke låner  [systemets]" in field_lines(fields)
    fields["kind"] = entry("person")
    assert "  Lånerforhold  låner  [systemets]" in field_lines(fields)
    leaves = {"kind": entry("responsible"), "standing": entry("leaving", "system")}
    assert "  Lånerforhold  på vej ud  [systemets]" in field_lines(leaves)


def test_a_list_has_a_line_for_each_of_its_entries() -> None:
    loans = [
        {"id": "1", "due": "2027-03-01", "returned": None, "loaned": "2027-02-01", "title": "Pippi"},
        {"id": "2", "due": "2027-02-01", "returned": "2027-02-05", "loaned": "2027-01-01", "title": ""},
    ]
    assert field_lines({"loans": entry(loans, "system")}) == [
        "  Udlån  Pippi (lånt 1. februar 2027, frist 1. marts 2027)  [systemets]",
        "         2 (lånt 1. januar 2027, frist 1. februar 2027, afleveret 5. februar 2027)",
    ]


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (
            "balance",
            [{"id": "B", "raised": "2027-02-05", "settled": None, "kind": "fee", "amount": "1220.50", "title": "Emil"}],
            "1.220,50 kr. gebyr · Emil (opstået 5. februar 2027)",
        ),
        ("messages", [{"sent": "2027-03-01", "channel": "sms", "subject": "Frist"}], "1. marts 2027 · sms · Frist"),
        ("messages", [{"sent": "2027-03-01", "channel": "sms"}], "1. marts 2027 · sms"),
        ("reservations", [{"id": "R", "placed": "2027-03-01", "title": "Ronja"}], "Ronja (bestilt 1. marts 2027)"),
        ("reservations", [{"id": "R"}], "R"),
        ("blocks", [{"since": "2027-01-02", "reason": "Gebyrer"}], "2. januar 2027 Gebyrer"),
        (
            "blocks",
            [{"since": "2027-01-02", "reason": "Gebyrer", "lifted": "2027-02-01"}],
            "2. januar 2027 Gebyrer (ophævet 1. februar 2027)",
        ),
        ("status", "01", "01 bopæl i Danmark"),
        ("status", None, "–"),
        ("protection", "0001", "ja"),
        ("protection", None, "–"),
        ("absence", ["2027-04-01", None], "fra 1. april 2027"),
        ("absence", ["2027-04-04", "2027-04-20"], "fra 4. april 2027 til 20. april 2027"),
        ("absence", None, "–"),
        ("cards", ["K1", "2027-99-99"], "K1, 2027-99-99"),
        ("telephones", [], "–"),
    ],
)
def test_a_value_is_told_as_people_say_it(key: str, value: Any, told: str) -> None:
    (line,) = field_lines({key: entry(value)})
    assert line == f"  {name_of(key, 'da')}  {told}  [bibliotekets]"


def test_the_telephone_for_notices_says_so_in_words() -> None:
    (line,) = field_lines({"telephones": entry(["87000000", "87000001"], "patron", notices="87000001")})
    assert line == "  Telefonnummer  87000000, 87000001 (får beskeder)  [lånerens]"
    (line,) = field_lines({"telephones": entry(["87000000"], "patron", notices=None)})
    assert line == "  Telefonnummer  87000000  [lånerens]"


def test_of_what_is_sealed_nothing_is_told_but_who_corrected_it() -> None:
    override = {"by": "lone", "reason": None, "until": None, "register": None}
    sealed = entry(None, "register", sealed=True, since="2027-03-20", override=override)
    assert field_lines({"name": sealed}) == ["  Navn  <skjult>  [rettelse: lone, 20. marts 2027]"]
    nobody = {**sealed, "override": {**override, "by": "the service"}}
    assert field_lines({"name": nobody}) == ["  Navn  <skjult>  [rettelse: tjenesten, 20. marts 2027]"]
    assert field_lines({"name": nobody}, "en") == ["  Name  <hidden>  [correction: the service, 20 March 2027]"]
    assert field_lines({"name": entry(None, "register", sealed=True)}, "en") == ["  Name  <hidden>  [from CPR]"]


def test_a_look_up_shows_what_the_register_says_instead() -> None:
    (line,) = field_lines({"municipality": entry("0751", "register", register="0101", since="2027-03-20")})
    assert line == "  Kommune  Aarhus (0751) → København (0101)  [fra CPR, 20. marts 2027]"
