"""Accounts in CULR held against our records: each drift is told apart, and nothing is done that only a person may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cprsync.domain.netmedia.account import NOWHERE, CulrHolding, Effect, Identity, IdType
from cprsync.domain.netmedia.drift import (
    READ_MIN,
    Drift,
    Repair,
    WantedAccount,
    asks_about_foreign,
    find_drift,
    nightly_share,
    slice_of,
    wanted_account,
)
from cprsync.domain.patron.review import State
from cprsync.domain.policy.policy import Harm

OURS, THEIRS = "775100", "710100"
KOEBENHAVN, AARHUS = "101", "751"
HER = Identity(IdType.CPR, "0101019995")
NONE = WantedAccount(account=False)


def held(number: str | None = AARHUS, *, ours: bool = True, theirs: bool = False) -> CulrHolding:
    return CulrHolding(ours, number, frozenset({OURS} if ours else ()) | frozenset({THEIRS} if theirs else ()))


def found(want: WantedAccount, there: CulrHolding) -> tuple[str, ...]:
    return tuple(drift.value for drift in find_drift(HER, want, there, agency=OURS))


@pytest.mark.parametrize(
    ("facts", "want"),
    [
        ({"culr": AARHUS, "last_told": KOEBENHAVN}, WantedAccount(account=True, municipality=AARHUS)),
        ({"culr": NOWHERE, "last_told": AARHUS}, WantedAccount(account=True, municipality=NOWHERE)),
        ({"culr": None, "last_told": AARHUS}, WantedAccount(account=True, municipality=AARHUS)),
        ({"culr": None, "last_told": None}, WantedAccount(account=True)),
        ({"culr": AARHUS, "last_told": AARHUS, "borrows": False}, NONE),
        ({"culr": AARHUS, "last_told": None, "cards": frozenset()}, WantedAccount(True, AARHUS, frozenset())),
        ({"culr": AARHUS, "last_told": None, "cards": frozenset(), "borrows": False}, NONE),
    ],
)
def test_an_account_is_to_be_what_is_in_force_and_what_was_told_of_whom_nobody_knows(
    facts: dict[str, Any], want: WantedAccount
) -> None:
    """Unknown residence is not "no": nothing is sent, so that nothing is missed there either (decision 11)."""
    assert wanted_account(**{"borrows": True, **facts}) == want


@pytest.mark.parametrize("theirs", [False, True])
@pytest.mark.parametrize("number", [AARHUS, NOWHERE])
def test_an_account_that_is_as_it_is_to_be_has_not_drifted_whoever_else_has_one(number: str, *, theirs: bool) -> None:
    assert found(WantedAccount(account=True, municipality=number), held(number or None, theirs=theirs)) == ()


@pytest.mark.parametrize("number", [None, KOEBENHAVN])
def test_where_any_number_will_do_only_the_account_is_missed(number: str | None) -> None:
    assert found(WantedAccount(account=True), held(number, theirs=True)) == ()
    assert found(WantedAccount(account=True), held(number, ours=False, theirs=True)) == ("missing",)


@pytest.mark.parametrize(("want", "there"), [(AARHUS, KOEBENHAVN), (AARHUS, None), (NOWHERE, KOEBENHAVN)])
def test_another_number_is_stale_where_only_we_have_an_account_and_foreign_where_others_have(
    want: str, there: str | None
) -> None:
    wish = WantedAccount(account=True, municipality=want)
    assert found(wish, held(there)) == ("stale",)
    assert found(wish, held(there, theirs=True)) == ("foreign",)
    assert found(wish, held(there, ours=False, theirs=True)) == ("missing", "foreign")


def test_no_account_of_ours_is_missing_or_as_it_should_be_and_one_too_many_is_extra() -> None:
    wish = WantedAccount(account=True, municipality=AARHUS)
    assert found(wish, CulrHolding(account=False)) == ("missing",)
    assert found(wish, held(AARHUS, ours=False, theirs=True)) == ("missing",)
    assert found(NONE, held(AARHUS, ours=False, theirs=True)) == ()
    assert found(NONE, held(KOEBENHAVN, theirs=True)) == ("extra",)


CARD, OTHER_CARD = Identity(IdType.LOCAL, "A-1"), Identity(IdType.LOCAL, "A-2")
PUPIL = Identity(IdType.UNILOGIN, "anna123x")


def beside(*others: Identity, account: bool = True, theirs: bool = False) -> CulrHolding:
    ours = frozenset({HER} if account else ()) | frozenset(others)
    return CulrHolding(account, AARHUS, frozenset({OURS}) | frozenset({THEIRS} if theirs else ()), ours)


@pytest.mark.parametrize("left", [CARD, PUPIL])
def test_whoever_is_to_have_no_account_is_to_have_none_beside_it_either(left: Identity) -> None:
    assert found(NONE, beside(left, account=False)) == ("extra",)
    assert found(NONE, held(ours=False, theirs=True)) == ()


def test_cards_that_are_not_the_patrons_are_told_apart_where_they_are_looked_at() -> None:
    wish = WantedAccount(account=True, municipality=AARHUS, cards=frozenset({CARD}))
    assert found(wish, beside(CARD, PUPIL)) == ()
    assert found(wish, beside()) == found(wish, beside(CARD, OTHER_CARD)) == ("cards",)
    assert found(replace(wish, municipality=KOEBENHAVN), beside()) == ("stale", "cards")
    assert found(replace(wish, municipality=KOEBENHAVN), beside(theirs=True)) == ("foreign", "cards")
    assert found(wish, beside(account=False)) == ("missing",)
    assert found(WantedAccount(account=True, municipality=AARHUS), beside(OTHER_CARD)) == ()


def test_a_log_in_that_ends_counts_as_a_loss_and_one_that_begins_does_not() -> None:
    wish = WantedAccount(account=True, municipality=AARHUS, cards=frozenset({CARD}))
    one = Repair("12345678", 4, HER, (Drift.CARDS,), wish, beside())
    assert one.harms == (Harm.CHANGED,)
    assert replace(one, held=beside(OTHER_CARD)).harms == (Harm.CHANGED, Harm.ENTITLEMENT_LOST)
    assert one.effect(5) == Effect("12345678", 5, HER, AARHUS, repairs=True)


def repair(*drift: Drift, municipality: str = AARHUS) -> Repair:
    return Repair("12345678", 4, HER, drift, WantedAccount(account=Drift.EXTRA not in drift, municipality=municipality))


@pytest.mark.parametrize(
    ("one", "effect"),
    [
        (repair(Drift.MISSING), Effect("12345678", 5, HER, AARHUS, repairs=True)),
        (repair(Drift.STALE), Effect("12345678", 5, HER, AARHUS, repairs=True)),
        (repair(Drift.STALE, municipality=NOWHERE), Effect("12345678", 5, HER, NOWHERE, repairs=True)),
        (repair(Drift.EXTRA), Effect("12345678", 5, HER, NOWHERE, gone=True, sweeps=True)),
        # her account comes back, and the number that another library set stays
        (repair(Drift.MISSING, Drift.FOREIGN), Effect("12345678", 5, HER, None, repairs=True)),
        (repair(Drift.FOREIGN), None),
    ],
)
def test_a_repair_sets_what_our_records_say_and_overwrites_nobody(one: Repair, effect: Effect | None) -> None:
    assert one.effect(5) == effect


def test_a_repair_counts_as_a_change_and_as_a_loss_where_a_right_may_end() -> None:
    assert repair(Drift.MISSING).harms == repair(Drift.STALE).harms == (Harm.CHANGED,)
    assert repair(Drift.EXTRA).harms == (Harm.CHANGED, Harm.ENTITLEMENT_LOST)
    assert repair(Drift.STALE, municipality=NOWHERE).harms == (Harm.CHANGED, Harm.ENTITLEMENT_LOST)
    assert repair(Drift.FOREIGN).harms == ()


def test_every_account_is_read_within_its_nights_and_never_fewer_than_some_in_one() -> None:
    assert [nightly_share(accounts, 30) for accounts in (0, 6_000, 6_001, 100_000)] == [READ_MIN, 200, 201, 3_334]
    assert {slice_of(f"{number:08}", 30) for number in range(300)} == set(range(30))


def test_a_repair_prints_no_number() -> None:
    assert repr(replace(repair(Drift.EXTRA), held=held(KOEBENHAVN))) == "Repair(12345678)"


@pytest.mark.parametrize(
    ("latest", "before", "asks"),
    [
        (None, None, True),
        (State.WAITING, None, False),
        (State.REJECTED, AARHUS, False),
        (State.REJECTED, KOEBENHAVN, True),
        (State.ACCEPTED, AARHUS, True),
        (State.SETTLED, AARHUS, True),
    ],
)
def test_staff_are_asked_once_about_another_librarys_number_and_again_if_it_changes(
    latest: State | None, before: str | None, asks: bool
) -> None:
    assert asks_about_foreign(latest, before=before, now=AARHUS) is asks
