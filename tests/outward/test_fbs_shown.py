"""What FBS shows of a patron, value by value: what is not as the contract says is unknown, and never an error."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cprsync.domain.outward.deviation import Elsewhere
from cprsync.errors import PatronUnreadable
from cprsync.outward.shown import parse_patron
from cprsync.wire.errors import AnswerBroken

WHOLE = {
    "patronId": 2000001,
    "name": " Mette Skovgaard ",
    "birthday": "1985-05-04",
    "address": {"coName": None, "street": "Uglesporet 16B", "postalCode": "8000", "city": "Aarhus C", "country": "DK"},
    "resident": True,
    "blockStatus": None,
}


def shown(**changed: Any) -> Elsewhere:
    patron = {name: value for name, value in (WHOLE | changed).items() if value is not ...}
    found = parse_patron({"authenticateStatus": "VALID", "patron": patron})
    assert found is not None
    return found


def test_a_whole_patron_is_read_whole() -> None:
    assert shown() == Elsewhere(
        "2000001", "Mette Skovgaard", "Uglesporet 16B", "8000", "Aarhus C", date(1985, 5, 4), True, ()
    )


@pytest.mark.parametrize(
    ("field", "value", "attribute"),
    [(field, value, attribute)
     for field, attribute, values in (
        ("name", "name", (None, ..., "", "  ", 7, ["x"], {})),
        ("birthday", "birth", (None, ..., "", "4/5 1985", "1985-13-01", 19850504, "0000-00-00")),
        ("resident", "resident", (None, ..., "true", 1, "J")),
        ("address", "street", (None, ..., "Uglesporet 16B", [], {}, {"street": None}, {"street": 16})),
        ("blockStatus", "blocks", ("O", 5, {"blockedReason": "O"}, True)),
     ) for value in values],
)  # fmt: skip
def test_a_value_that_is_absent_null_or_of_another_type_is_unknown(field: str, value: Any, attribute: str) -> None:
    assert getattr(shown(**{field: value}), attribute) is None


@pytest.mark.parametrize("none", [None, ..., []])
def test_no_list_of_blocks_means_that_nothing_blocks(none: Any) -> None:
    assert shown(blockStatus=none).blocks == ()


def test_every_block_counts_whatever_its_code() -> None:
    blocks = [{"blockedReason": "O"}, {"blockedReason": "Ø9"}, {"blockedReason": None}, {}, None, "D"]
    assert shown(blockStatus=blocks).blocks == ("O", "Ø9", "?", "?", "?", "?")


def test_a_birthday_with_a_time_of_day_is_a_day() -> None:
    assert shown(birthday="1985-05-04T00:00:00+02:00").birth == date(1985, 5, 4)


def test_a_number_may_be_written_as_text() -> None:
    assert shown(patronId="2000001").id == "2000001"


@pytest.mark.parametrize("number", [None, ..., True, "", "abc", -1, 1.5, "1" * 21, "٣"])
def test_a_patron_without_a_number_is_nobody(number: Any) -> None:
    with pytest.raises(AnswerBroken, match="no number"):
        shown(patronId=number)


@pytest.mark.parametrize("patron", [[], "x", 7])
def test_a_patron_of_another_type_is_no_answer(patron: Any) -> None:
    with pytest.raises(AnswerBroken, match="no object"):
        parse_patron({"authenticateStatus": "VALID", "patron": patron})


@pytest.mark.parametrize("document", [{"authenticateStatus": "INVALID"}, {"authenticated": False, "patron": None}])
def test_both_versions_say_that_nobody_is_there(document: dict[str, Any]) -> None:
    assert parse_patron(document) is None


@pytest.mark.parametrize("status", ["LOANER_LOCKED_OUT", "VALID", "SOMETHING_NEW", None])
def test_a_patron_who_is_not_shown_is_not_taken_for_missing(status: str | None) -> None:
    with pytest.raises(PatronUnreadable):
        parse_patron({"authenticateStatus": status})
