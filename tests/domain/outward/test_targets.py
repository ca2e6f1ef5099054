"""What each target may get, and which news go before others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cprsync.domain.outward.record import OutwardField, OutwardRecord
from cprsync.domain.outward.target import (
    GONE_MOST,
    GONE_SHARE,
    ProtectedRule,
    Target,
    TargetKind,
    closes,
    hides,
    is_urgent,
    may_lose,
    number_to_forget,
    outdates,
    view,
)

EVERYTHING = frozenset(OutwardField)
ALL = Target("koha", TargetKind.KOHA, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)
VALUES: dict[str, Any] = dict.fromkeys(field.value for field in OutwardField) | {
    "number": "0101901234",
    "group": "Voksen",
    "municipality": "0751",
    "status": "resident",
    "rights": {"ereolen": "yes"},
    "blocks": [],
    "address": {"lines": ["Havnen 1"]},
}
OPEN = OutwardRecord("40817263", VALUES, verified=True)
SHUT = replace(OPEN, values=VALUES | {"address": None}, protected=True, withheld=frozenset({OutwardField.ADDRESS}))


def having(**values: Any) -> OutwardRecord:
    return replace(OPEN, values=VALUES | values)


def test_a_payload_has_the_fields_of_the_target_and_no_other() -> None:
    few = replace(ALL, fields=frozenset({OutwardField.GROUP}))
    assert view(OPEN, few) == {"patron": "40817263", "protected": False, "verified": True, "group": "Voksen"}


def test_a_protected_patron_is_seen_as_the_target_may() -> None:
    assert view(SHUT, replace(ALL, protected=ProtectedRule.LEAVE_OUT)) is None
    flag = view(SHUT, replace(ALL, protected=ProtectedRule.FLAG_ONLY))
    assert flag == {"patron": "40817263", "protected": True, "number": "0101901234", "withheld": ["address"]}
    without = view(SHUT, ALL)
    assert without is not None
    assert without["municipality"] == "0751"
    assert {"address", "abroad", "contact_address", "verified"}.isdisjoint(without)


@pytest.mark.parametrize("slipped", ["address", "abroad", "contact_address"])
@pytest.mark.parametrize("rule", list(ProtectedRule))
def test_an_address_of_a_protected_patron_that_slipped_into_a_record_is_in_no_payload(
    slipped: str, rule: ProtectedRule
) -> None:
    leaky = replace(SHUT, values=VALUES | {slipped: {"lines": ["Havnen 1"]}}, withheld=frozenset())
    assert "Havnen" not in str(view(leaky, replace(ALL, protected=rule)))


def test_a_target_hears_only_of_the_patrons_it_is_for() -> None:
    assert view(OPEN, replace(ALL, groups=frozenset({"Barn"}))) is None
    assert view(OPEN, replace(ALL, groups=frozenset({"Voksen"}))) is not None
    assert view(OPEN, replace(ALL, municipalities=frozenset({"0101"}))) is None
    assert view(OPEN, replace(ALL, municipalities=frozenset({"0751"}))) is not None


def test_losing_a_patron_protects_them_only_if_they_are_protected() -> None:
    assert hides(SHUT)
    assert not any(map(hides, (None, OPEN, replace(SHUT, is_patron=False))))


def test_a_koha_forgets_one_who_is_surely_protected_although_it_was_never_told_of_them() -> None:
    """Somebody may have written the patron down there by hand."""
    leaving_out = replace(ALL, protected=ProtectedRule.LEAVE_OUT)
    assert number_to_forget(SHUT, leaving_out) == "0101901234"
    for_adults = replace(leaving_out, groups=frozenset({"Voksen"}), municipalities=frozenset({"0751"}))
    assert number_to_forget(SHUT, for_adults) == "0101901234"


@pytest.mark.parametrize(
    ("record", "deviations"),
    [
        (None, {}),
        (OPEN, {}),
        (replace(SHUT, is_patron=False), {}),
        # no source has told of the protection: the record only counts as protected
        (replace(SHUT, verified=False), {}),
        (SHUT, {"protected": ProtectedRule.WITHOUT_ADDRESS}),
        # others are responsible there for who is of another group
        (SHUT, {"groups": frozenset({"Barn"})}),
        # these hold nothing that we have not told them
        (SHUT, {"kind": TargetKind.WEBHOOK}),
        (SHUT, {"kind": TargetKind.FILE}),
        (SHUT, {"fields": EVERYTHING - {OutwardField.NUMBER}}),
        (replace(SHUT, values=SHUT.values | {"number": None}), {}),
    ],
)
def test_nobody_else_is_forgotten_by_number(record: OutwardRecord | None, deviations: dict[str, Any]) -> None:
    target = replace(ALL, **{"protected": ProtectedRule.LEAVE_OUT, **deviations})
    assert number_to_forget(record, target) is None


def test_who_is_no_patron_is_gone_for_every_target() -> None:
    assert view(None, ALL) is None
    assert view(replace(OPEN, is_patron=False), ALL) is None


@pytest.mark.parametrize(
    ("before", "after", "is_closing"),
    [
        (None, OPEN, False),
        (OPEN, OPEN, False),
        (OPEN, None, True),
        (OPEN, replace(OPEN, is_patron=False), True),
        (replace(OPEN, is_patron=False), None, False),
        (OPEN, SHUT, True),
        (OPEN, replace(OPEN, withheld=frozenset({OutwardField.ADDRESS})), True),
        (SHUT, OPEN, False),
    ],
)
def test_a_change_closes_if_less_may_be_seen_than_before(
    before: OutwardRecord | None, after: OutwardRecord | None, is_closing: bool
) -> None:
    assert closes(before, after) is is_closing


@pytest.mark.parametrize(
    ("before", "after", "is_outdating"),
    [
        (None, OPEN, False),
        (OPEN, OPEN, False),
        (OPEN, SHUT, True),
        (OPEN, None, True),
        (SHUT, None, True),
        (replace(OPEN, is_patron=False), None, False),
        (replace(OPEN, dwelling="0a"), replace(OPEN, dwelling="0b"), True),
        (replace(OPEN, dwelling="0a"), replace(OPEN, dwelling="0a", verified=not OPEN.verified), False),
        (replace(OPEN, dwelling="0b"), replace(OPEN, dwelling="0a"), False),
        (replace(OPEN, dwelling=""), replace(OPEN, dwelling="0b"), False),
    ],
)
def test_a_change_outdates_the_earlier_ones_if_it_closes_or_the_patron_has_moved_away_from_others(
    before: OutwardRecord | None, after: OutwardRecord | None, is_outdating: bool
) -> None:
    assert outdates(before, after, inhabited=frozenset({"0a"})) is is_outdating


@pytest.mark.parametrize(
    ("before", "after", "first"),
    [
        (None, OPEN, False),
        (replace(OPEN, is_patron=False), OPEN, False),
        (OPEN, None, True),
        (OPEN, SHUT, True),
        (OPEN, having(status="dead"), True),
        (OPEN, having(rights={"ereolen": "no"}), True),
        (OPEN, having(rights=None), True),
        (having(rights=None), OPEN, False),
        (OPEN, having(blocks=[{}]), True),
        (having(blocks=None), OPEN, False),
        (OPEN, having(group="Barn"), False),
    ],
)
def test_protections_and_losses_go_first(
    before: OutwardRecord | None, after: OutwardRecord | None, first: bool
) -> None:
    assert is_urgent(before, after) is first


def test_a_target_may_lose_a_few_patrons_at_once_or_a_small_share() -> None:
    assert may_lose(GONE_MOST, of=0)
    assert not may_lose(GONE_MOST + 1, of=0)
    assert may_lose(int(GONE_SHARE * 10_000), of=10_000)


def test_everything_that_decides_what_a_target_gets_changes_its_stamp() -> None:
    others = [
        replace(ALL, kind=TargetKind.FILE),
        replace(ALL, fields=frozenset()),
        replace(ALL, protected=ProtectedRule.LEAVE_OUT),
        replace(ALL, groups=frozenset({"Barn"})),
        replace(ALL, municipalities=frozenset({"0751"})),
    ]
    assert len({one.stamp for one in (ALL, *others)}) == len(others) + 1
    assert replace(ALL, name="other").stamp == ALL.stamp


def test_only_a_feed_is_fetched() -> None:
    assert {kind for kind in TargetKind if kind.is_fetched} == {TargetKind.FEED}


def test_all_that_the_desk_writes_is_told_at_once_to_whom_a_call_reaches() -> None:
    assert [kind for kind in TargetKind if kind.hears_all_at_once] == [TargetKind.KOHA, TargetKind.WEBHOOK]


def test_what_is_held_is_never_urgent_and_what_follows_it_only_if_it_protects() -> None:
    held = replace(having(status=None, rights=None), held=True)
    assert not is_urgent(OPEN, held)
    assert not is_urgent(held, OPEN)
    assert is_urgent(held, SHUT)
    assert is_urgent(held, None)
