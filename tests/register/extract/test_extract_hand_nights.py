"""The three nights that were typed by hand from the register's field table, read and compared with what they mean."""

from __future__ import annotations

from dataclasses import asdict
from io import BytesIO
from typing import Any

import pytest
from hand_nights import EMPTY, EXPECTED_ONE, EXPECTED_THREE, EXPECTED_TWO, NIGHT_ONE, NIGHT_THREE, NIGHT_TWO, SILENT

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Birth, Gap, Person, Protection, Status
from cprsync.domain.person.sealed import Opening, Sealed
from cprsync.register.extract.reader import ExtractReader

READER = ExtractReader(task="123456", hash_key=b"a key for the tests, 32 bytes lo")
NIGHTS = [(NIGHT_ONE, EXPECTED_ONE), (NIGHT_TWO, EXPECTED_TWO), (NIGHT_THREE, EXPECTED_THREE)]


def plain(value: object) -> object:
    """A group as `hand_nights` writes it; birth is two of its own."""
    if isinstance(value, Sealed):
        value = value.open(Opening())
    match value:
        case Gap():
            return EMPTY if value is Gap.EMPTY else SILENT
        case Protection():
            return True
        case Status():
            return value.value
        case CprNumber():
            return value.digits
        case Birth():
            return None
        case _:
            parts: dict[str, Any] = asdict(value)  # type: ignore[call-overload]  # the other groups are dataclasses
            return {name: part for name, part in parts.items() if part and (isinstance(part, str) or any(part))}


def described(person: object) -> dict[str, object]:
    assert isinstance(person, Person)
    groups = {name: plain(value) for name, value in person.groups()}
    groups["number"] = person.number.digits
    groups["protected"] = groups.pop("protection")
    birth = person.birth
    groups["birth"], groups["uncertain"] = (
        (birth.day, birth.uncertain) if isinstance(birth, Birth) else (SILENT, SILENT)
    )
    if isinstance(groups["contact"], dict):
        groups["contact"] = groups["contact"]["lines"]
    return groups


@pytest.mark.parametrize(("night", "expected"), NIGHTS)
def test_a_night_typed_by_hand_means_what_its_author_says(night: bytes, expected: list[dict[str, Any]]) -> None:
    assert [described(person) for person in READER.persons(BytesIO(night))] == expected


def test_the_counts_of_the_hand_typed_nights_are_right() -> None:
    one, two, three = (READER.inspect(BytesIO(night)) for night, _ in NIGHTS)
    assert [i.framing for i in (one, two, three)] == ["lines", "lines", "stream"]
    assert [(i.records, i.persons, i.protected, i.events) for i in (one, two, three)] == [
        (22, 4, 1, 4),
        (20, 4, 0, 4),
        (22, 4, 1, 4),
    ]
    assert dict(three.by_status) == {"01": 2, "05": 1, "80": 1}
    assert dict(two.by_event) == {"P03": 2, "A21": 1, "A45": 1}
