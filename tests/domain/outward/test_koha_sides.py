"""Koha's side of a patron beside ours: what a write would leave, and nothing that is withheld on either side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from test_koha_rules import AT, HELD, NUMBER, RULES, SHUT, TODAY, TOLD, having

from cprsync.domain.outward.koha import NOBODY, OTHER_ADDRESSES, KohaRecord, KohaRules, merge_koha_record
from cprsync.domain.outward.koha_sides import belongs_there, compare_sides, find_match, pair_fields
from cprsync.domain.outward.sides import Again, FieldPair, Match, Sending, Sides, WithheldFor, Withholding

OPEN = Withholding.NOTHING
#: Another patron with the same number.
TWIN = replace(HELD, id=58)
#: Whom nobody would take for the patron.
STRANGER = KohaRecord(57, HELD.fields | {"surname": "Vind", "date_of_birth": "1950-05-05"}, (("CPR", "0505501234"),))
#: Everything that Koha has of where HELD lives, and who they are.
SECRETS = ("Holm", "Anna", "Havnen", "8660", "Skanderborg", "1990-01-01", NUMBER, NUMBER[:6])


def pairs(
    held: KohaRecord = HELD, payload: dict[str, Any] | None = TOLD, *, least: Withholding = OPEN
) -> dict[str, FieldPair]:
    return {one.field: one for one in pair_fields(held, payload, RULES, on=TODAY, least=least)}


def sides(match: Match, *held: KohaRecord, payload: dict[str, Any] | None = TOLD, rules: KohaRules = RULES) -> Sides:
    return compare_sides(match, held, payload, rules, on=TODAY, least=OPEN)


def written(found: Sides) -> str:
    """All that is shown, as text."""
    return str([(one.remote, pair.field, pair.ours, pair.theirs) for one in found.held for pair in one.pairs])


# -- field by field ----------------------------------------------------------------------------------------


def test_each_field_shows_what_a_write_would_leave_and_what_koha_holds() -> None:
    found = pairs()
    assert (found["city"].ours, found["city"].theirs, found["city"].again) == ("Odense SØ", "Skanderborg", Again.SETS)
    assert (found["street_number"].ours, found["street_number"].theirs) == ("12A", None)
    assert found["surname"] == FieldPair("surname", "Holm", "Holm", Again.KEEPS)
    assert found["attribute KOMMUNE"] == FieldPair("attribute KOMMUNE", "0461", "0746", Again.SETS)


def test_what_is_kohas_own_is_not_shown() -> None:
    assert not {"cardnumber", "phone", "attribute INTERESSE", "category_id"} & pairs().keys()


def test_ours_is_what_a_write_leaves() -> None:
    now = merge_koha_record(HELD, TOLD, RULES, on=TODAY)
    assert {one.again for one in pairs(now).values()} == {Again.KEEPS}
    assert {name: one.ours for name, one in pairs().items() if name in now.fields} == {
        name: now.fields[name] for name in pairs() if name in now.fields
    }


def test_a_field_that_both_lack_is_left_out() -> None:
    found = pairs()
    assert "street_type" not in found
    assert "attribute BESKYTTET" not in found


def test_a_value_that_a_write_takes_away_is_said_to_be_emptied() -> None:
    found = pairs(having(address2="2. th"), TOLD | {"address": {**AT, "floor": "", "door": "", "co": "", "town": ""}})
    assert found["address2"] == FieldPair("address2", None, "2. th", Again.EMPTIES)


def test_an_older_koha_shows_no_field_that_it_lacks() -> None:
    fields = {name: value for name, value in HELD.fields.items() if name not in {"middle_name", *OTHER_ADDRESSES}}
    assert not {"middle_name", *OTHER_ADDRESSES} & pairs(replace(HELD, fields=fields), SHUT).keys()


def test_a_choice_between_yes_and_no_is_shown_as_one() -> None:
    found = pairs(payload=TOLD | {"status": "disappeared"})["incorrect_address"]
    assert found == FieldPair("incorrect_address", ours=True, theirs=False, again=Again.SETS)
    back = replace(having(incorrect_address=True), attributes=(("STATUS", "disappeared"),))
    assert pairs(back)["incorrect_address"].again is Again.SETS


def test_a_number_is_masked_on_both_sides_and_its_difference_stays() -> None:
    other = replace(HELD, attributes=(("CPR", "0101905678"),))
    found = pairs(other)["attribute CPR"]
    assert (found.ours, found.theirs, found.again) == ("010190-xxxx", "010190-xxxx", Again.SETS)


def test_what_staff_wrote_into_a_note_is_shown_on_neither_side() -> None:
    found = pairs(having(staff_notes="ven bor Havnen 1"), TOLD | {"status": "dead"})["staff_notes"]
    assert found == FieldPair("staff_notes", again=Again.SETS, withheld=WithheldFor.FREE_TEXT)


# -- withheld ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "payload", "least"),
    [
        (HELD, SHUT, OPEN),
        (HELD, None, OPEN),
        (HELD, TOLD, Withholding.PERSON),
        (replace(HELD, attributes=(*HELD.attributes, ("BESKYTTET", "1"))), TOLD, OPEN),
    ],
    ids=["protected here", "not for Koha", "sealed at the desk", "protected there"],
)
def test_of_a_protected_patron_neither_side_shows_who_they_are_or_where_they_live(
    held: KohaRecord, payload: dict[str, Any] | None, least: Withholding
) -> None:
    held = replace(held, fields=held.fields | {"altaddress_address": "Havnen 1", "opac_notes": "Havnen 1"})
    found = pairs(held, payload, least=least)
    shown = str([(one.ours, one.theirs) for one in found.values()])
    assert not any(secret in shown for secret in (*SECRETS, "Strandvejen", "Odense"))
    assert found["city"].withheld is WithheldFor.PROTECTION
    assert found["city"].again is (Again.EMPTIES if payload in (None, SHUT) else Again.SETS)


@pytest.mark.parametrize("payload", [SHUT, None])
def test_of_all_that_koha_may_hold_of_a_protected_patron_only_codes_and_days_are_shown(
    payload: dict[str, Any] | None,
) -> None:
    fields = {name: f"<{name}>" for name in (*HELD.fields, "email", "sms_number")}
    held = KohaRecord(57, fields, tuple((code, f"<{code}>") for code in ("CPR", "KOMMUNE", "STATUS", "INTERESSE")))
    told = None if payload is None else payload | {"status": "dead", "group": "Barn", "branch": "Filialen"}
    shown = {one.theirs for one in pairs(held, told).values()} - {None, "xxxxxx-xxxx"}
    assert shown <= {"<library_id>", "<category_id>", "<expiry_date>", "<KOMMUNE>", "<STATUS>"}


def test_what_is_not_about_who_they_are_is_shown_of_a_protected_patron_too() -> None:
    assert pairs(payload=SHUT)["attribute KOMMUNE"] == FieldPair("attribute KOMMUNE", "0461", "0746", Again.SETS)


@pytest.mark.parametrize(
    ("payload", "least"), [(TOLD | {"address": None, "withheld": ["address"]}, OPEN), (TOLD, Withholding.ADDRESSES)]
)
def test_an_address_that_is_sealed_for_someone_else_is_withheld_and_the_name_is_not(
    payload: dict[str, Any], least: Withholding
) -> None:
    found = pairs(having(altaddress_address="Havnen 1"), payload | {"contact_address": ["Havnen 1"]}, least=least)
    assert found["surname"].theirs == "Holm"
    assert found["altaddress_address"].withheld is WithheldFor.PROTECTION
    assert found["city"].withheld is WithheldFor.PROTECTION
    assert "Havnen" not in str([(one.ours, one.theirs) for one in found.values()])


def test_a_withheld_field_that_both_lack_is_left_out() -> None:
    assert "altaddress_city" not in pairs(payload=SHUT)


# -- whom Koha has -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "numbered", "match", "held"),
    [
        (None, (), Match.NOBODY, ()),
        (None, (HELD,), Match.ONE, (HELD,)),
        (None, (HELD, TWIN), Match.SEVERAL, (HELD, TWIN)),
        (HELD, (), Match.ONE, (HELD,)),
        (HELD, (HELD,), Match.ONE, (HELD,)),
        (HELD, (TWIN,), Match.SEVERAL, (HELD, TWIN)),
        (STRANGER, (), Match.OTHER_PERSON, (STRANGER,)),
        (STRANGER, (TWIN,), Match.ONE, (TWIN,)),
    ],
)
def test_whom_koha_has_is_told_by_the_id_that_we_know_and_by_the_number(
    known: KohaRecord | None, numbered: tuple[KohaRecord, ...], match: Match, held: tuple[KohaRecord, ...]
) -> None:
    assert find_match(known, numbered, TOLD, RULES) == (match, held)


@pytest.mark.parametrize(
    ("payload", "belongs"),
    [(TOLD, True), (None, False), (TOLD | {"number": None}, False), (TOLD | {"status": "dead"}, False)],
)
def test_koha_lacks_only_those_who_belong_there(payload: dict[str, Any] | None, belongs: bool) -> None:
    assert belongs_there(payload, RULES) is belongs


# -- what sending again does -------------------------------------------------------------------------------


def test_sending_again_writes_where_something_differs_and_says_how() -> None:
    found = sides(Match.ONE, HELD)
    assert (found.sending, found.kinds) == (Sending.WRITES, ("address", "municipality"))
    assert [one.remote for one in found.held] == ["57"]


def test_sending_again_does_nothing_where_all_is_equal() -> None:
    found = sides(Match.ONE, merge_koha_record(HELD, TOLD, RULES, on=TODAY))
    assert (found.sending, found.kinds) == (Sending.NOTHING, ())


def test_a_patron_whom_koha_lacks_is_added_where_the_library_says_so_and_their_name_is_known() -> None:
    assert sides(Match.NOBODY).sending is Sending.ADDS
    assert sides(Match.NOBODY, rules=replace(RULES, creates=False)).sending is Sending.REFUSED
    assert sides(Match.NOBODY, payload=TOLD | {"name": None}).sending is Sending.REFUSED
    (there,) = sides(Match.NOBODY).held
    assert there.remote is None
    assert {one.theirs for one in there.pairs} == {None}
    assert {"surname", "library_id", "attribute CPR"} <= {one.field for one in there.pairs}


def test_of_a_patron_who_does_not_belong_in_koha_nothing_is_shown() -> None:
    assert sides(Match.NOBODY, payload=None) == Sides(Match.NOBODY, Sending.NOTHING, ())


def test_of_several_each_is_shown_and_none_is_written() -> None:
    found = sides(Match.SEVERAL, HELD, TWIN)
    assert ([one.remote for one in found.held], found.sending) == (["57", "58"], Sending.REFUSED)


def test_of_another_person_nothing_is_shown_but_that_they_are_there() -> None:
    found = sides(Match.OTHER_PERSON, STRANGER)
    assert ([one.remote for one in found.held], found.sending) == (["57"], Sending.REFUSED)
    assert not any(one in written(found) for one in ("Vind", "1950", "Havnen", "050550"))
    assert pair_fields(NOBODY, TOLD, RULES, on=TODAY, least=OPEN) == found.held[0].pairs
