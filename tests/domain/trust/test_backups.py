"""Which backups have had their time, what a manifest says, and what a copy must agree with."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cprsync.domain.trust.backup import (
    BackupPart,
    CopyDifference,
    Facts,
    Manifest,
    compare_copy,
    find_expired,
    is_ahead,
    name_backup,
    time_of,
)

NOW = datetime(2027, 3, 31, 5, 30, tzinfo=UTC)
FACTS = Facts("0020", {"patron": 40, "audit": 292}, {"710100": {"desk": "12-ab"}}, {"710100": "2027-03-30"})
MANIFEST = Manifest(
    "cprsync-20270331T053000.000000Z", "0.1.0", "sqlite", "k1", "9-cd", FACTS, (BackupPart("a", 5, "00"),)
)


def named(days: int) -> str:
    return name_backup(NOW - timedelta(days=days))


def test_a_backup_is_named_by_its_moment_in_utc() -> None:
    copenhagen = NOW.astimezone(tz=None)
    assert name_backup(copenhagen) == "cprsync-20270331T053000.000000Z"
    assert time_of("cprsync-20270331T053000.000000Z") == NOW


@pytest.mark.parametrize(
    "name", ["", "cprsync-2027", "cprsync-20270231T053000.000000Z", ".draft-cprsync-20270331T053000.000000Z"]
)
def test_what_is_not_named_so_is_no_backup(name: str) -> None:
    assert time_of(name) is None


def test_a_backup_goes_after_its_days_and_not_before() -> None:
    names = [named(31), named(30), named(1), named(0), "something else"]
    assert find_expired(names, now=NOW, keep_days=30) == [named(31)]


def test_the_two_newest_backups_stay_whatever_their_age() -> None:
    assert find_expired([named(120), named(90), named(60)], now=NOW, keep_days=30) == [named(120)]
    assert find_expired([named(90), named(60)], now=NOW, keep_days=30) == []
    assert find_expired([], now=NOW, keep_days=30) == []


def test_one_backup_by_a_clock_that_is_ahead_removes_a_weeks_worth_of_others_at_most() -> None:
    nightly = [named(days) for days in range(30, 0, -1)]
    ahead = NOW + timedelta(days=60)
    # the clock says that all are over
    assert find_expired([*nightly, name_backup(ahead)], now=ahead, keep_days=30) == nightly[:6]
    again = ahead + timedelta(days=1)
    # a second backup says the same
    both = [name_backup(ahead), name_backup(again)]
    assert find_expired([*nightly, *both], now=again, keep_days=30) == nightly


def test_a_backup_that_is_dated_later_than_now_does_not_count_and_does_not_go() -> None:
    """Its age is unknown: it was made while the clock was ahead, or the clock is behind now."""
    ahead = [named(-2), named(-60)]
    assert [is_ahead(name, NOW) for name in (*ahead, named(-1), named(0), "something else")] == [True, True] + [
        False
    ] * 3
    assert find_expired([named(90), named(60), *ahead], now=NOW, keep_days=30) == []
    assert find_expired([named(31), named(1), named(0), *ahead], now=NOW, keep_days=30) == [named(31)]
    assert find_expired([named(3), named(2), named(1)], now=NOW - timedelta(days=60), keep_days=30) == []


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert Manifest.parse(json.loads(json.dumps(MANIFEST.document()))) == MANIFEST
    bare = replace(MANIFEST, facts=replace(FACTS, deliveries={"710100": None}))
    assert Manifest.parse(bare.document()) == bare


def test_a_part_is_found_by_its_name() -> None:
    assert MANIFEST.part("a").bytes == 5
    with pytest.raises(ValueError, match="does not name"):
        MANIFEST.part("b")


@pytest.mark.parametrize(
    "document", [None, [], {}, {"form": 1}, {**MANIFEST.document(), "form": 2}, {**MANIFEST.document(), "counts": 7}]
)
def test_what_has_another_form_is_no_manifest(document: Any) -> None:
    with pytest.raises(ValueError, match="manifest"):
        Manifest.parse(document)


def test_a_copy_that_is_what_the_manifest_says_differs_in_nothing() -> None:
    assert compare_copy(FACTS, FACTS) == []


def test_every_fact_that_differs_is_named() -> None:
    other = Facts("0019", {"patron": 39}, {"710100": {"desk": "12-ff"}}, {"710100": None})
    assert compare_copy(FACTS, other) == [
        CopyDifference("710100/delivery", "2027-03-30", "-"),
        CopyDifference("710100/desk", "12-ab", "12-ff"),
        CopyDifference("audit", "292", "-"),
        CopyDifference("migration", "0020", "0019"),
        CopyDifference("patron", "40", "39"),
    ]
