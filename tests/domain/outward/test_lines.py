"""What a reader gets of a change: a patron, a tombstone or nothing; as a line, as cells, and by the schema."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from cprsync.domain.outward.lines import NumberedChange, list_cells, list_columns, tell, write_line
from cprsync.domain.outward.record import (
    TRAITS_MOST,
    OutwardField,
    OutwardRecord,
    read_record,
    was_patron,
    with_past,
    write_record,
)
from cprsync.domain.outward.schema import build_schema
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind

EVERYTHING = frozenset(OutwardField)
ALL = Target("website", TargetKind.FEED, EVERYTHING, ProtectedRule.LEAVE_OUT)
VALUES: dict[str, Any] = dict.fromkeys(field.value for field in OutwardField) | {
    "number": "0101901234",
    "name": {"addressing": "Anna Hansen", "first": "Anna", "middle": "", "last": "Hansen"},
    "group": "Voksen",
    "municipality": "0751",
    "rights": {"ereolen": "yes"},
    "blocks": [{"since": "2027-01-01", "reason": "=gebyr"}],
    "telephones": ["+4520304050", "21314151"],
    "emails": [],
}
OPEN = OutwardRecord("40817263", VALUES, verified=True)
SHUT = replace(OPEN, protected=True)
NO_PATRON = OutwardRecord("40817263", dict.fromkeys(VALUES), is_patron=False)
GONE = {"patron": "40817263", "version": 7, "gone": True}


def told(record: OutwardRecord | None, target: Target = ALL) -> dict[str, Any] | None:
    return tell(NumberedChange(7, "40817263", record), target)


def test_a_patron_is_told_with_the_number_of_the_change() -> None:
    line = told(OPEN)
    assert line is not None
    assert (line["patron"], line["version"], line["name"]["last"]) == ("40817263", 7, "Hansen")


def test_who_is_none_any_more_is_a_tombstone() -> None:
    assert told(None) == GONE


def test_who_became_protected_is_a_tombstone_only_for_who_heard_of_them() -> None:
    assert told(SHUT) is None
    assert told(with_past(SHUT, OPEN)) == GONE
    assert told(with_past(SHUT, OPEN), replace(ALL, groups=frozenset({"Barn"}))) is None
    assert told(with_past(SHUT, OPEN), replace(ALL, municipalities=frozenset({"0461"}))) is None


def test_what_a_patron_was_is_remembered_over_many_changes_and_their_rows() -> None:
    child = replace(OPEN, values=VALUES | {"group": "Barn"})
    now = with_past(SHUT, with_past(OPEN, child))
    assert told(read_record("40817263", write_record(now)), replace(ALL, groups=frozenset({"Barn"}))) == GONE


def test_a_person_who_was_never_a_patron_is_told_to_nobody() -> None:
    assert told(NO_PATRON) is None
    assert not was_patron(with_past(NO_PATRON, NO_PATRON))
    assert was_patron(OPEN)
    assert told(with_past(NO_PATRON, OPEN)) == GONE
    assert was_patron(with_past(NO_PATRON, OPEN))


def test_who_comes_back_after_a_tombstone_may_be_known_to_anybody() -> None:
    back = with_past(SHUT, None, was_gone=True)
    assert told(back) == GONE
    assert told(with_past(SHUT, back)) == GONE
    assert read_record("40817263", write_record(back)).was is None
    assert with_past(SHUT, None) == SHUT
    assert with_past(SHUT, None).was == ()


def test_a_patron_who_was_too_much_may_be_known_to_anybody() -> None:
    now = OPEN
    for number in range(TRAITS_MOST + 2):
        now = with_past(replace(OPEN, values=VALUES | {"group": f"G{number}"}), now)
    assert now.was is None


def test_a_line_is_one_line_for_every_reader() -> None:
    line = write_line({"b": "a\nb\u2028c\u2029d", "a": "æ"})
    assert line == '{"a":"æ","b":"a\\nb\\u2028c\\u2029d"}\n'.encode()
    assert json.loads(line) == {"b": "a\nb\u2028c\u2029d", "a": "æ"}


# -- the table ---------------------------------------------------------------------------------------------


def cells(record: OutwardRecord | None, target: Target = ALL) -> dict[str, str]:
    document = told(record, target)
    assert document is not None
    return dict(zip(list_columns(target), list_cells(document, target), strict=True))


def test_the_columns_depend_on_the_fields_of_the_target_alone() -> None:
    few = replace(ALL, fields=frozenset({OutwardField.NAME, OutwardField.GROUP}))
    names = ["name.addressing", "name.first", "name.middle", "name.last"]
    assert list_columns(few) == ["patron", "version", "gone", "protected", "verified", "withheld", *names, "group"]
    assert len(list_columns(ALL)) == len(set(list_columns(ALL)))
    assert cells(None)["gone"] == "true"
    assert set(cells(None).values()) == {"", "true", "7", "40817263"}


def test_a_value_of_several_is_one_cell_and_none_is_empty() -> None:
    row = cells(OPEN)
    assert (row["patron"], row["version"], row["protected"], row["verified"]) == ("40817263", "7", "false", "true")
    assert (row["name.last"], row["name.middle"], row["address.street"], row["emails"]) == ("Hansen", "", "", "")
    assert row["rights"] == '{"ereolen":"yes"}'
    assert json.loads(row["blocks"]) == VALUES["blocks"]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(sign: str) -> None:
    named = replace(OPEN, values=VALUES | {"branch": f"{sign}cmd|' /C calc'!A0"})
    assert cells(named)["branch"].startswith(f"'{sign}")
    assert cells(OPEN)["telephones"] == "'+4520304050\n21314151"


# -- the schema --------------------------------------------------------------------------------------------


def test_the_schema_allows_the_lines_and_no_key_more() -> None:
    schema = Draft202012Validator(build_schema())
    for line in (told(OPEN), GONE, {"next": "x", "more": False}):
        assert line is not None
        schema.validate(line)
        assert not schema.is_valid(line | {"internal_note": "x"})
    assert not schema.is_valid(told(OPEN) | {"name": {"addressing": "x"}})  # type: ignore[operator]  # it is told


def test_the_schema_of_a_target_names_its_fields_alone() -> None:
    few = frozenset({OutwardField.GROUP})
    schema = Draft202012Validator(build_schema(few))
    assert schema.is_valid(told(OPEN, replace(ALL, fields=few)))
    assert not schema.is_valid(told(OPEN))
