"""The brake: as much harm as a limit allows passes, one more stops the night (decision 19)."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from people import TONIGHT, moves, patron, person, unverified
from town import PEOPLE

from cprsync.domain.deciding.decide import Change, Unchanged, decide
from cprsync.domain.deciding.guard import Excess, describe_excess, guard, harms_between
from cprsync.domain.person.person import SILENT
from cprsync.domain.person.sealed import Address
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import DEFAULT_LIMITS, Harm, Limit, Policy
from cprsync.domain.wording import Wording

BRAKED = [harm for harm in Harm if harm is not Harm.PARKED]
#: Class, limit of a library of 2,000 patrons, limit of one of 100,000.
LIMITS = {
    Harm.ADDRESS_LOST: (20, 200),
    Harm.PROTECTION_LIFTED: (10, 100),
    Harm.ENTITLEMENT_LOST: (50, 500),
    Harm.GONE: (20, 200),
    Harm.MERGED: (10, 100),
    Harm.NAME_REPLACED: (100, 1000),
    Harm.CHANGED: (200, 5000),
    Harm.PARKED: (20, 500),
    Harm.UNSUBSCRIBED: (20, 200),
}


def test_every_class_of_harm_has_a_limit() -> None:
    assert set(LIMITS) == set(DEFAULT_LIMITS) == set(Harm)


@pytest.mark.parametrize(("population", "column"), [(2_000, 0), (100_000, 1)])
@pytest.mark.parametrize("harm", BRAKED)
def test_a_class_stops_the_night_one_over_its_limit(harm: Harm, population: int, column: int) -> None:
    limit = LIMITS[harm][column]
    stops = [
        guard([(harm,)] * count, parked=0, population=population, limits=DEFAULT_LIMITS)
        for count in (limit - 1, limit, limit + 1)
    ]
    assert stops == [(), (), (Excess(harm, limit + 1, limit),)]


@pytest.mark.parametrize(("population", "column"), [(2_000, 0), (100_000, 1)])
def test_parked_persons_stop_the_night_one_over_their_limit(population: int, column: int) -> None:
    limit = LIMITS[Harm.PARKED][column]
    stops = [
        guard([], parked=count, population=population, limits=DEFAULT_LIMITS) for count in (limit - 1, limit, limit + 1)
    ]
    assert stops == [(), (), (Excess(Harm.PARKED, limit + 1, limit),)]
    assert stops[-1][0].document() == {"class": "parked", "count": limit + 1, "limit": limit}


@pytest.mark.parametrize(
    ("limit", "population", "allowed"),
    [
        (Limit(20, 0.002), 0, 20),
        (Limit(20, 0.002), 10_000, 20),
        (Limit(20, 0.002), 10_499, 20),
        (Limit(20, 0.002), 10_500, 21),
        (Limit(0, 0.29), 100, 29),
        (Limit(10, 0.01, ceiling=500), 50_000, 500),
        (Limit(10, 0.01, ceiling=500), 1_000_000, 500),
        (Limit(10, 0.01, ceiling=5), 1_000, 5),
        (Limit(0, 0.0), 1_000_000, 0),
    ],
)
def test_a_limit_is_the_count_or_the_share_if_that_is_more_and_never_above_the_ceiling(
    limit: Limit, population: int, allowed: int
) -> None:
    assert limit.of(population) == allowed


def test_one_change_counts_in_each_of_its_classes_and_all_excesses_are_named() -> None:
    limits = {Harm.GONE: Limit(1, 0), Harm.CHANGED: Limit(2, 0), Harm.PARKED: Limit(0, 0)}
    harms = [(Harm.GONE, Harm.CHANGED), (Harm.CHANGED,), (Harm.GONE, Harm.CHANGED)]
    assert guard(harms, parked=1, population=10, limits=limits) == (
        Excess(Harm.GONE, 2, 1),
        Excess(Harm.CHANGED, 3, 2),
        Excess(Harm.PARKED, 1, 0),
    )
    # whoever is parked by herself and whoever is parked by her change are counted together
    assert guard([(Harm.PARKED,)], parked=1, population=10, limits=limits) == (Excess(Harm.PARKED, 2, 0),)


def test_a_class_without_a_limit_is_not_braked() -> None:
    assert guard([(Harm.GONE,)] * 1000, parked=1000, population=10, limits={}) == ()


def test_first_copies_are_harmless_however_many() -> None:
    keys = [key for key, raw in PEOPLE.items() if raw["status"] not in {"30", "50", "60"}]
    decisions = [decide(person(key), unverified(key), as_of=TONIGHT) for key in keys]
    harms = [decision.harms for decision in decisions if isinstance(decision, Change)]
    assert len(harms) == len(keys)
    assert guard(harms * 100, parked=0, population=100, limits=dict.fromkeys(Harm, Limit(0, 0))) == ()


def test_a_hundred_thousand_events_without_effect_do_not_stop_a_night() -> None:
    """The brake counts effective changes, not events."""
    decision = decide(person("ANNA"), patron("ANNA"), as_of=TONIGHT)
    assert isinstance(decision, Unchanged)
    harms = itertools.repeat((), 100_000)
    assert guard(harms, parked=0, population=100_000, limits=DEFAULT_LIMITS) == ()


def test_a_night_in_which_everybody_moves_stops() -> None:
    decision = decide(moves(person("ANNA")), patron("ANNA"), as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert guard([decision.harms] * 1000, parked=0, population=1000, limits=DEFAULT_LIMITS) == (
        Excess(Harm.CHANGED, 1000, 200),
    )


def test_an_address_that_was_there_and_is_gone_is_lost() -> None:
    """No merge loses one today; the brake is there for the day one does."""
    lost = person("ANNA", address=SILENT)
    assert harms_between(person("ANNA"), lost, gone=False, renamed=False) == (Harm.ADDRESS_LOST, Harm.CHANGED)
    assert harms_between(lost, lost, gone=False, renamed=False) == ()


def test_a_renumbering_of_municipality_and_street_is_no_harm() -> None:
    """Other codes for the same words trip no brake, however many get them."""
    before = person("ANNA")
    assert isinstance(before.address, Address)
    renumbered = replace(before, address=replace(before.address, municipality="0710", street_code="4711"))
    decision = decide(replace(renumbered, events=("A42",)), patron("ANNA"), as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert decision.actions == (Action.ADDRESS_CORRECTED, Action.MUNICIPALITY)
    assert decision.harms == ()


def test_a_policy_of_nothing_said_is_the_cautious_one() -> None:
    policy = Policy()
    assert policy.limits == DEFAULT_LIMITS
    assert policy.silent_is_sealed
    assert policy.home == frozenset()
    assert policy.limits is not Policy().limits


def test_the_limits_that_stop_a_night_are_named_with_their_counts_in_both_languages() -> None:
    def texts(key: str, **values: object) -> Wording:
        if key != "brake_class":
            return Wording(f"da {key}", f"en {key}")
        what = values["what"]
        assert isinstance(what, Wording)
        told = f"{values['count']} of {values['limit']}"
        return Wording(f"{what.da} {told}", f"{what.en} {told}")

    said = describe_excess((Excess(Harm.GONE, 2, 1), Excess(Harm.CHANGED, 3, 2)), texts)
    assert said == Wording("da gone 2 of 1; da changed 3 of 2", "en gone 2 of 1; en changed 3 of 2")
