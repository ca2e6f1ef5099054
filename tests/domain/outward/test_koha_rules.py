"""What becomes of a patron in Koha: what is ours is written, the rest stays, and no protected address does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cprsync.domain.outward.koha import (
    ADDRESS,
    NOBODY,
    OTHER_ADDRESSES,
    KohaEnding,
    KohaRecord,
    KohaRules,
    differing,
    is_other_person,
    may_create,
    merge_koha_record,
    take_addresses_away,
)
from cprsync.domain.outward.koha_drift import KohaDrift, find_drift

TODAY = date(2027, 3, 23)
NUMBER = "0101901234"
RULES = KohaRules(
    library="HB",
    category="VOKSEN",
    libraries={"Filialen": "FIL"},
    categories={"Barn": "BARN"},
    endings={
        "dead": frozenset({KohaEnding.EXPIRE, KohaEnding.NOTE}),
        "disappeared": frozenset({KohaEnding.INCORRECT_ADDRESS}),
    },
    creates=True,
)
HELD = KohaRecord(
    57,
    {
        **dict.fromkeys((*ADDRESS, *OTHER_ADDRESSES, "opac_notes", "staff_notes", "preferred_name", "middle_name")),
        "cardnumber": "2900000001",
        "phone": "20304050",
        "surname": "Holm",
        "firstname": "Anna Marie",
        "date_of_birth": "1990-01-01",
        "address": "Havnen 1, 2. th",
        "postal_code": "8660",
        "city": "Skanderborg",
        "library_id": "HB",
        "category_id": "VOKSEN",
        "expiry_date": "2029-01-01",
        "incorrect_address": False,
    },
    (("CPR", NUMBER), ("INTERESSE", "krimi"), ("KOMMUNE", "0746"), ("STATUS", "resident"), ("INTERESSE", "jazz")),
)
AT = {
    "street": "Strandvejen",
    "street_code": "0123",
    "house": "12A",
    "building": "",
    "floor": "2",
    "door": "th",
    "co": "c/o Bo",
    "locality": "",
    "town": "Ry",
    "postcode": "5220",
    "district": "Odense SØ",
    "lines": ["c/o Bo", "Strandvejen 12A, 2. th", "Ry", "5220 Odense SØ"],
    "current": True,
}
TOLD: dict[str, Any] = {
    "patron": "40817263",
    "protected": False,
    "verified": True,
    "number": NUMBER,
    "name": {"addressing": "Anna Marie Holm", "first": "Anna", "middle": "Marie", "last": "Holm"},
    "birth_date": "1990-01-01",
    "address": AT,
    "municipality": "0461",
    "status": "resident",
}
SHUT: dict[str, Any] = {name: value for name, value in TOLD.items() if name != "address"} | {
    "protected": True,
    "withheld": ["address"],
}


def merged(held: KohaRecord = HELD, rules: KohaRules = RULES, **told: Any) -> KohaRecord:
    return merge_koha_record(held, TOLD | told, rules, on=TODAY)


def having(**fields: Any) -> KohaRecord:
    return replace(HELD, fields=HELD.fields | fields)


def test_a_move_replaces_the_address_by_its_parts_and_keeps_what_is_kohas() -> None:
    now = merged()
    assert {name: now.fields[name] for name in ("address", "street_number", "address2", "postal_code", "city")} == {
        "address": "Strandvejen",
        "street_number": "12A",
        "address2": "c/o Bo, 2. th, Ry",
        "postal_code": "5220",
        "city": "Odense SØ",
    }
    assert (now.fields["cardnumber"], now.fields["phone"]) == ("2900000001", "20304050")
    assert [value for code, value in now.attributes if code == "INTERESSE"] == ["krimi", "jazz"]
    assert now.attribute("KOMMUNE") == "0461"


def test_the_lines_beside_an_address_such_as_a_ward_are_written_behind_it() -> None:
    at = {**AT, "supplementary": ["Plejehjemmet Solgården", "Afdeling 3"]}
    now = merged(address=at)
    assert now.fields["address2"] == "c/o Bo, 2. th, Ry, Plejehjemmet Solgården, Afdeling 3"
    assert find_drift(now, TOLD | {"address": at}, RULES, on=TODAY) == ()


def test_what_was_written_once_differs_in_nothing() -> None:
    now = merged()
    assert differing(now, merge_koha_record(now, TOLD, RULES, on=TODAY)) == ()
    assert find_drift(now, TOLD, RULES, on=TODAY) == ()


@pytest.mark.parametrize("silent", ["name", "birth_date", "address", "municipality", "number", "status"])
def test_what_is_not_known_or_not_told_leaves_kohas_value(silent: str) -> None:
    told = dict.fromkeys(TOLD) | {"protected": False}
    assert merge_koha_record(HELD, told, RULES, on=TODAY) == HELD
    without = {name: value for name, value in TOLD.items() if name != silent}
    same = merge_koha_record(HELD, TOLD | {silent: None}, RULES, on=TODAY)
    assert merge_koha_record(HELD, without, RULES, on=TODAY) == same


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ({"current": True}, (None, None, None, None)),
        (
            {"current": True, "street": "", "lines": ["c/o Bo", "Havnen 3", "8660 Skanderborg"]},
            ("c/o Bo", "Havnen 3", "8660", "Skanderborg"),
        ),
        ({"current": True, "street": "", "lines": ["Hos", "en ven"]}, ("Hos", "en ven", None, None)),
        ({"current": True, "street": "", "lines": ["8660 Skanderborg"]}, (None, None, "8660", "Skanderborg")),
        ({**AT, "current": False}, ("Havnen 1, 2. th", None, "8660", "Skanderborg")),
        (
            {**AT, "house": "", "building": "3412", "floor": "", "door": "", "co": "", "town": ""},
            ("Strandvejen", None, "5220", "Odense SØ"),
        ),
    ],
)
def test_an_address_without_parts_or_of_earlier_is_written_as_far_as_it_says(at: Any, expected: Any) -> None:
    now = merged(address=at).fields
    assert (now["address"], now["address2"], now["postal_code"], now["city"]) == expected


def test_an_address_abroad_takes_the_place_of_the_danish_one() -> None:
    now = merged(
        status="emigrated", address={"current": False}, abroad={"country": "5180", "lines": ["Allee 1", "Kiel"]}
    )
    assert (now.fields["address"], now.fields["address2"], now.fields["postal_code"]) == ("Allee 1", "Kiel", None)
    kept = merged(status="emigrated", address={"current": False}, abroad={"country": "5180", "lines": []})
    assert kept.fields["postal_code"] == "8660"
    alone = merged(abroad={"lines": ["Allee 1"]})
    assert alone.fields["address2"] is None


def test_a_contact_address_is_another_address_and_a_sealed_one_is_left() -> None:
    now = merged(contact_address=["Havnen 9", "8660 Skanderborg"]).fields
    assert (now["altaddress_address"], now["altaddress_postal_code"]) == ("Havnen 9", "8660")
    assert merged(contact_address=True) == merged()
    emptied = merge_koha_record(having(altaddress_address="Havnen 9"), TOLD | {"contact_address": []}, RULES, on=TODAY)
    assert emptied.fields["altaddress_address"] is None


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ({"addressing": "Bo Berg", "first": "Bo", "middle": "", "last": "Berg"}, "Bo", "Berg"),
        ({"addressing": "Bo Erik Berg", "first": "", "middle": "", "last": ""}, "Bo Erik", "Berg"),
        ({"addressing": "Bo", "first": "", "middle": "", "last": ""}, None, "Bo"),
    ],
)
def test_a_name_without_parts_is_divided_at_its_last_blank(name: Any, first: str | None, last: str) -> None:
    now = merged(name=name).fields
    assert (now["firstname"], now["surname"], now["preferred_name"]) == (first, last, None)


def test_a_name_that_the_patron_prefers_stays_and_one_that_koha_copied_follows() -> None:
    new = {"addressing": "Ada Holm", "first": "Ada", "middle": "", "last": "Holm"}
    chosen, copied = having(preferred_name="Mia"), having(preferred_name="Anna Marie")
    assert merge_koha_record(chosen, TOLD | {"name": new}, RULES, on=TODAY).fields["preferred_name"] == "Mia"
    assert merge_koha_record(copied, TOLD | {"name": new}, RULES, on=TODAY).fields["preferred_name"] == "Ada"


def test_a_field_that_an_older_koha_lacks_is_not_sent() -> None:
    fields = {name: value for name, value in HELD.fields.items() if name not in {"preferred_name", "street_type"}}
    assert set(merge_koha_record(replace(HELD, fields=fields), TOLD, RULES, on=TODAY).fields) == set(fields)


# -- protection ------------------------------------------------------------------------------------------------


def test_a_protected_patron_has_no_address_in_koha_whoever_wrote_it() -> None:
    open_ = having(altaddress_address="Havnen 9", altcontact_city="Ry", altaddress_phone="11", country="Danmark")
    now = merge_koha_record(open_, SHUT, RULES, on=TODAY)
    assert {now.fields[name] for name in (*ADDRESS, *OTHER_ADDRESSES)} == {None}
    assert (now.attribute("BESKYTTET"), now.attribute("KOMMUNE")) == ("1", "0461")
    assert now.fields["phone"] == "20304050"
    assert KohaDrift.PROTECTED_OPEN in find_drift(open_, SHUT, RULES, on=TODAY)


def test_a_line_of_a_note_that_names_the_place_goes_with_the_address() -> None:
    noted = having(
        staff_notes="Glemte sin taske\nBor nu på HAVNEN, ring ikke på\nNy i 8660 Skanderborg", opac_notes="Husk kortet"
    )
    now = merge_koha_record(noted, SHUT, RULES, on=TODAY)
    assert (now.fields["staff_notes"], now.fields["opac_notes"]) == ("Glemte sin taske", "Husk kortet")
    assert merge_koha_record(having(staff_notes="Havnen 1"), SHUT, RULES, on=TODAY).fields["staff_notes"] is None
    short = having(address="Å 1", postal_code=None, staff_notes="På ferie")
    assert merge_koha_record(short, SHUT, RULES, on=TODAY).fields["staff_notes"] == "På ferie"


def test_when_a_protection_ends_address_and_flag_are_as_before() -> None:
    before = merged()
    there = merge_koha_record(before, SHUT, RULES, on=TODAY)
    assert differing(merge_koha_record(there, TOLD, RULES, on=TODAY), before) == ()
    assert find_drift(there, TOLD, RULES, on=TODAY) == (KohaDrift.FLAG, KohaDrift.ADDRESS)


def test_a_flag_alone_takes_the_address_away_and_keeps_the_rest() -> None:
    told = {"patron": "40817263", "protected": True, "number": NUMBER, "withheld": ["address"]}
    now = merge_koha_record(HELD, told, RULES, on=TODAY)
    assert now.fields["address"] is None
    assert now.fields["surname"] == "Holm"
    assert now.attribute("KOMMUNE") == "0746"


def test_an_address_that_is_sealed_for_someone_else_is_taken_away_without_a_flag() -> None:
    told = TOLD | {"address": None, "withheld": ["address"]}
    held = having(altaddress_address="Havnen 9")
    now = merge_koha_record(held, told, RULES, on=TODAY)
    assert now.fields["address"] is None
    assert now.fields["altaddress_address"] == "Havnen 9"
    assert now.attribute("BESKYTTET") is None
    assert find_drift(held, told, RULES, on=TODAY) == (KohaDrift.ADDRESS, KohaDrift.MUNICIPALITY)


def test_of_a_patron_who_is_gone_no_address_is_left_and_they_are_expired() -> None:
    now = merge_koha_record(HELD, None, RULES, on=TODAY)
    assert {now.fields[name] for name in (*ADDRESS, *OTHER_ADDRESSES)} == {None}
    assert (now.fields["expiry_date"], now.attribute("STATUS")) == ("2027-03-23", "left")
    assert now.attribute("CPR") == NUMBER
    assert KohaDrift.GONE_OPEN in find_drift(HELD, None, RULES, on=TODAY)
    assert differing(now, merge_koha_record(now, None, RULES, on=date(2027, 5, 1))) == ()


def test_a_patron_who_is_written_in_part_loses_the_address_all_the_same() -> None:
    bare = take_addresses_away(HELD, merge_koha_record(HELD, SHUT, RULES, on=TODAY))
    assert bare.fields["address"] is None
    assert bare.attributes == HELD.attributes
    assert bare.fields["surname"] == "Holm"


# -- death, disappearance, and coming back ---------------------------------------------------------------------


def test_the_dead_are_expired_once_with_a_note_and_the_mistaken_are_borrowers_again() -> None:
    noted = having(staff_notes="Venlig")
    dead = merge_koha_record(noted, TOLD | {"status": "dead"}, RULES, on=TODAY)
    assert (dead.fields["expiry_date"], dead.fields["staff_notes"]) == ("2027-03-23", "Venlig\nCPR: dead")
    later = date(2027, 4, 1)
    assert differing(dead, merge_koha_record(dead, TOLD | {"status": "dead"}, RULES, on=later)) == ()
    back = merge_koha_record(dead, TOLD, RULES, on=later)
    assert (back.fields["expiry_date"], back.fields["staff_notes"]) == ("2028-03-31", "Venlig")


def test_whoever_comes_back_and_was_renewed_by_staff_keeps_their_date() -> None:
    gone = merge_koha_record(HELD, None, RULES, on=TODAY)
    renewed = replace(gone, fields=gone.fields | {"expiry_date": "2030-01-01"})
    assert merge_koha_record(renewed, TOLD, RULES, on=TODAY).fields["expiry_date"] == "2030-01-01"
    flag_only = merge_koha_record(renewed, {"protected": True, "number": NUMBER}, RULES, on=TODAY)
    assert flag_only.attribute("STATUS") is None
    endless = merge_koha_record(having(expiry_date=None), None, RULES, on=TODAY)
    assert endless.fields["expiry_date"] == "2027-03-23"


def test_the_disappeared_have_an_incorrect_address_until_they_are_found() -> None:
    away = merge_koha_record(HELD, TOLD | {"status": "disappeared"}, RULES, on=TODAY)
    assert away.fields["incorrect_address"] is True
    assert find_drift(HELD, TOLD | {"status": "disappeared", "address": None}, RULES, on=TODAY) == (
        KohaDrift.ENDING,
        KohaDrift.MUNICIPALITY,
        KohaDrift.STATUS,
    )
    assert merge_koha_record(away, TOLD, RULES, on=TODAY).fields["incorrect_address"] is False


# -- who is who ------------------------------------------------------------------------------------------------


def test_category_and_library_are_written_by_the_table_and_else_left_to_koha() -> None:
    told = merged(group="Barn", branch="Filialen").fields
    assert (told["category_id"], told["library_id"]) == ("BARN", "FIL")
    left = merged(group="Voksen", branch=None).fields
    assert (left["category_id"], left["library_id"]) == ("VOKSEN", "HB")
    assert find_drift(merged(), TOLD | {"group": "Barn", "branch": "Filialen"}, RULES, on=TODAY) == (
        KohaDrift.CATEGORY,
        KohaDrift.BRANCH,
    )


def test_a_new_patron_has_what_is_told_and_the_librarys_defaults() -> None:
    new = merge_koha_record(NOBODY, TOLD, RULES, on=TODAY)
    assert new.id is None
    assert (new.fields["surname"], new.fields["library_id"], new.fields["category_id"]) == ("Holm", "HB", "VOKSEN")
    assert None not in new.fields.values()
    assert "preferred_name" not in new.fields
    assert new.attributes == (("CPR", NUMBER), ("KOMMUNE", "0461"), ("STATUS", "resident"))
    assert "address" not in merge_koha_record(NOBODY, SHUT, RULES, on=TODAY).fields


def test_neither_the_gone_nor_the_dead_are_created() -> None:
    assert may_create(TOLD, RULES)
    assert may_create(TOLD | {"status": "disappeared"}, RULES)
    assert not may_create(TOLD | {"status": "dead"}, RULES)
    assert not may_create(None, RULES)


@pytest.mark.parametrize(
    ("told", "fields", "is_other"),
    [
        ({"number": "0202801111"}, {}, False),
        ({"number": "0202801111", "birth_date": "1980-02-02"}, {}, False),
        ({"number": "0202801111"}, {"surname": "Berg"}, False),
        ({"number": "0202801111", "birth_date": "1980-02-02"}, {"surname": "Berg"}, True),
        ({"number": "0202801111", "birth_date": None, "name": None}, {}, True),
        ({"number": None}, {"surname": "Berg", "date_of_birth": None}, False),
        ({}, {"surname": "Berg", "date_of_birth": None}, False),
    ],
)
def test_another_number_is_a_new_one_unless_name_and_birth_are_anothers_too(
    told: dict[str, Any], fields: dict[str, Any], is_other: bool
) -> None:
    assert is_other_person(having(**fields), TOLD | told, RULES) is is_other
    assert not is_other_person(having(**fields), None, RULES)
    assert not is_other_person(replace(HELD, attributes=()), TOLD | told, RULES)


def test_a_new_number_takes_the_place_of_the_old_one() -> None:
    now = merged(number="0202801111")
    assert [value for code, value in now.attributes if code == "CPR"] == ["0202801111"]
    assert KohaDrift.NUMBER in find_drift(merged(), TOLD | {"number": "0202801111"}, RULES, on=TODAY)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"address": "STRANDVEJEN 12 A, 2. th", "address2": "c/o Bo"}, KohaDrift.ADDRESS_FORM),
        ({"address": "Strandvejen", "street_number": "12A", "address2": "2.th."}, KohaDrift.ADDRESS_FORM),
        ({"address": "Strandvejen 12A, 1. th"}, KohaDrift.ADDRESS),
        ({"address": "Strandvejen 12A, 2. th", "city": "Skanderborg"}, KohaDrift.ADDRESS),
        ({"address": "STRANDVEJEN 12 A, 2. th", "city": "odense"}, KohaDrift.ADDRESS_FORM),
        ({"address": "STRANDVEJEN 12 A, 2. th", "city": None}, KohaDrift.ADDRESS_FORM),
        ({"address": "Strandvejen 12A, 2. th", "postal_code": "8660"}, KohaDrift.ADDRESS),
        ({"address": None}, KohaDrift.ADDRESS),
    ],
)
def test_an_address_that_is_only_written_otherwise_has_a_kind_of_its_own(
    fields: dict[str, Any], kind: KohaDrift
) -> None:
    place = {"postal_code": "5220", "city": "Odense SØ", **fields}
    held = replace(merged(), fields=merged().fields | dict.fromkeys(ADDRESS) | place)
    assert find_drift(held, TOLD, RULES, on=TODAY) == (kind,)
    typed = TOLD | {"address": {"current": True, "street": "", "lines": ["Strandvejen 12A", "5220 Odense SØ"]}}
    assert find_drift(held, typed, RULES, on=TODAY) == (KohaDrift.ADDRESS,)


def test_the_same_attribute_twice_is_not_the_same_as_once() -> None:
    twice = replace(HELD, attributes=(*HELD.attributes, ("INTERESSE", "jazz")))
    assert differing(HELD, twice) == ("attribute INTERESSE",)
    assert differing(replace(HELD, fields={"city": ""}), replace(HELD, fields={"city": None})) == ()


def test_no_record_prints_what_is_in_it() -> None:
    assert "Holm" not in repr(HELD)
