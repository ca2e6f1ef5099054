"""The document of a result: the names of its attributes, and values that JSON has."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import pytest

from cprsync.documents import document_of, left_out
from cprsync.domain.person.number import CprNumber


class Kind(Enum):
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Below:
    class_: str
    count: int | None = None
    why: str | None = left_out()


@dataclass(frozen=True, slots=True)
class Whole:
    value: Any


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        (Kind.MOVE, "move"),
        (date(2027, 3, 1), "2027-03-01"),
        (datetime(2027, 3, 1, 6, 30, 1, 5, tzinfo=UTC), "2027-03-01T06:30:01+00:00"),
        ((1, Kind.MOVE), [1, "move"]),
        (Counter({Kind.MOVE: 2}), {"move": 2}),
        (Below("parked"), {"class": "parked", "count": None}),
        ([Below("parked", 3, "gap")], [{"class": "parked", "count": 3, "why": "gap"}]),
    ],
)
def test_a_value_becomes_what_json_has(value: object, plain: object) -> None:
    assert document_of(Whole(value)) == {"value": plain}


@pytest.mark.parametrize("value", [CprNumber("0101011234"), b"\x00", {1, 2}, Below])
def test_what_is_no_result_is_in_no_document(value: object) -> None:
    with pytest.raises(TypeError, match=r"^no part of a document: \w+$"):
        document_of(Whole(value))
