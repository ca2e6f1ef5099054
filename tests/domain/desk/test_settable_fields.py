"""Which fields may be set at the desk, and what a form needs to know of each."""

from __future__ import annotations

from typing import Any

import pytest

from cprsync.domain.desk.settable import LISTS, describe_settable, settable
from cprsync.domain.policy.policy import Policy

POLICY = Policy(branches=("Hovedbiblioteket", "Vest"))


def described(key: str) -> dict[str, Any]:
    (found,) = [one for one in describe_settable(POLICY, frozenset({"751", "101"})) if one["field"] == key]
    return found


def test_each_field_that_may_be_set_is_described_once() -> None:
    told = [one["field"] for one in describe_settable(POLICY, frozenset())]
    assert len(told) == len(set(told))
    assert set(settable()) <= set(told)


@pytest.mark.parametrize(
    ("key", "choices"),
    [
        ("branch", ["Hovedbiblioteket", "Vest"]),
        ("municipality", ["101", "751"]),
        ("group", list(POLICY.group_names)),
        ("telephones", []),
    ],
)
def test_a_field_has_the_choices_that_the_library_has(key: str, choices: list[str]) -> None:
    assert described(key)["choices"] == choices


def test_a_correction_has_a_last_day_unless_it_pins_the_group() -> None:
    name, group = described("name"), described("group")
    assert (name["is_correction"], name["needs_last_day"]) == (True, True)
    assert (group["is_correction"], group["needs_last_day"]) == (True, False)


def test_a_list_is_told_from_one_value() -> None:
    assert described("telephones")["is_list"]
    assert not described("branch")["is_list"]
    assert {"cards", "telephones", "emails"} <= LISTS
