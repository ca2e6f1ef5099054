"""What a desk may see of a patron at a target that nobody can read, and how a value is made fit for a screen."""

from __future__ import annotations

from typing import Any

import pytest
from test_koha_rules import NUMBER, SHUT, TOLD

from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.sides import (
    SIGNS_MOST,
    WithheldFor,
    Withholding,
    list_ours,
    make_plain,
    mask_number,
    withholding_of,
)

OPEN = Withholding.NOTHING
WHOLE: dict[str, Any] = TOLD | {
    "abroad": {"country": "5180", "lines": ["Allee 1", "Kiel"]},
    "contact_address": ["Havnen 9", "8660 Skanderborg"],
    "group": "Voksen",
    "branch": None,
    "language": "da",
    "telephones": ["20304050", "11223344"],
    "emails": [],
    "cards": ["2900000001"],
    "blocks": [{"since": "2027-03-01", "reason": "Død"}],
    "rights": {"ereolen": "yes"},
}


def shown(payload: dict[str, Any], least: Withholding = OPEN) -> dict[str, Any]:
    return {one.field: one.withheld or one.ours for one in list_ours(payload, least)}


def test_ours_is_shown_in_the_order_of_a_record_and_without_what_is_empty() -> None:
    assert shown(WHOLE) == {
        "number": "010190-xxxx",
        "name": "Anna Marie Holm",
        "birth_date": "1990-01-01",
        "address": "c/o Bo, Strandvejen 12A, 2. th, Ry, 5220 Odense SØ",
        "abroad": "Allee 1, Kiel",
        "contact_address": "Havnen 9, 8660 Skanderborg",
        "municipality": "0461",
        "status": "resident",
        "group": "Voksen",
        "language": "da",
        "telephones": "20304050, 11223344",
        "cards": "2900000001",
        "blocks": "Død",
        "rights": "ereolen: yes",
    }


@pytest.mark.parametrize(("payload", "least"), [(SHUT, OPEN), (WHOLE, Withholding.PERSON)])
def test_of_a_protected_patron_who_they_are_and_where_they_live_is_withheld(
    payload: dict[str, Any], least: Withholding
) -> None:
    found = shown(payload, least)
    assert found["number"] == "xxxxxx-xxxx"
    assert {name for name, value in found.items() if value is WithheldFor.PROTECTION} >= {
        "name",
        "birth_date",
        "address",
    }
    assert not any(part in str(found) for part in ("Holm", "Strandvejen", "Havnen", "Allee", "1990", NUMBER[:6]))
    assert found["municipality"] == "0461"


def test_an_address_that_is_sealed_for_someone_else_is_said_to_be_there_and_the_name_is_shown() -> None:
    found = shown(WHOLE | {"address": None, "withheld": ["address"]})
    assert (found["address"], found["name"]) == (WithheldFor.PROTECTION, "Anna Marie Holm")
    assert found["contact_address"] is WithheldFor.PROTECTION


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (None, Withholding.PERSON),
        (SHUT, Withholding.PERSON),
        (TOLD | {"withheld": ["address"]}, Withholding.ADDRESSES),
        (TOLD, OPEN),
    ],
)
def test_how_much_is_withheld_follows_from_what_the_target_may_get(
    payload: dict[str, Any] | None, expected: Withholding
) -> None:
    assert withholding_of(payload) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        (False, False),
        (57, "57"),
        ("Ry\x1b[2J\r\n", "Ry [2J"),
        ("x" * SIGNS_MOST, "x" * SIGNS_MOST),
        ("x" * (SIGNS_MOST + 1), "x" * (SIGNS_MOST - 1) + "…"),
    ],
)
def test_whatever_another_system_holds_is_one_short_line(value: object, expected: object) -> None:
    assert make_plain(value) == expected


@pytest.mark.parametrize(
    ("text", "is_shut", "expected"),
    [
        (NUMBER, False, "010190-xxxx"),
        (NUMBER, True, "xxxxxx-xxxx"),
        ("01019012345", False, "xxxxxx-xxxx"),
        ("Havnen 1, 2", False, "xxxxxx-xxxx"),
        ("0101901234, 0101905678", False, "xxxxxx-xxxx"),
        ("٠١٠١٩٠١٢٣٤", False, "xxxxxx-xxxx"),
        (None, True, None),
        ("", False, None),
    ],
)
def test_a_number_is_never_shown_whole(text: str | None, is_shut: bool, expected: str | None) -> None:
    assert mask_number(text, is_shut=is_shut) == expected


def test_every_field_that_a_target_may_get_has_a_line() -> None:
    assert set(shown(WHOLE | {"branch": "Nord", "emails": ["a@b.dk"]})) == {one.value for one in OutwardField}
