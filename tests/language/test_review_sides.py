"""Both sides of a review: the register beside the library, or two records, with the words that differ."""

from __future__ import annotations

from typing import Any

from cprsync.language.review import mark_differences, sides_of

BY = {"by": "lone", "reason": "Pas", "until": "2027-05-01"}


def entry(value: Any, *, owner: str = "register", **more: Any) -> dict[str, Any]:
    return {"value": value, "owner": owner, "source": owner, "since": None, "override": None, **more}


def texts(fields: dict[str, Any], other: dict[str, Any] | None = None) -> list[tuple[str, str, str, bool]]:
    rows = sides_of({"fields": fields}, None if other is None else {"fields": other}, "da")
    return [
        (row.name, *("".join(text for text, _ in side.parts) for side in (row.left, row.right)), row.differs)
        for row in rows
    ]


def test_what_the_register_says_stands_left_and_what_the_library_has_right() -> None:
    fields = {"name": entry("Anna Bo"), "branch": entry("Hovedbiblioteket", owner="patron"), "address": entry(None)}
    assert texts(fields) == [
        ("Navn", "Anna Bo", "", False),
        ("Tilhørsfilial", "", "Hovedbiblioteket", False),
    ]


def test_a_correction_stands_beside_the_registers_word_and_differs() -> None:
    corrected = entry("Anna Andersen", override={**BY, "register": "Anna Bo"})
    assert texts({"name": corrected}) == [("Navn", "Anna Bo", "Anna Andersen", True)]


def test_a_sealed_field_is_compared_with_nothing() -> None:
    sealed = entry(None, sealed=True, override={**BY, "register": None})
    assert texts({"name": sealed}) == [("Navn", "<skjult>", "", False)]


def test_of_two_records_the_fields_that_differ_are_told() -> None:
    one = {"name": entry("Anna Bo"), "branch": entry("Nord", owner="patron")}
    other = {"name": entry("Anna Bo"), "branch": entry("Syd", owner="patron")}
    assert texts(one, other) == [("Navn", "Anna Bo", "Anna Bo", False), ("Tilhørsfilial", "Nord", "Syd", True)]


def test_a_field_that_is_sealed_on_one_side_is_not_said_to_differ() -> None:
    assert texts({"name": entry(None, sealed=True)}, {"name": entry("Bo")}) == [("Navn", "<skjult>", "Bo", False)]


def test_no_record_has_no_sides() -> None:
    assert list(sides_of(None, None, "da")) == []


def test_only_the_words_that_differ_are_marked() -> None:
    left, right = mark_differences("Uglesporet 16 st. th", "Uglesporet 16 1. th")
    assert left == (("Uglesporet 16 ", False), ("st.", True), (" th", False))
    assert right == (("Uglesporet 16 ", False), ("1.", True), (" th", False))


def test_a_side_that_has_nothing_has_no_parts() -> None:
    assert mark_differences("", "Anna") == ((), (("Anna", True),))
