"""The faults of other systems as another library system would see them, shown not to be ours."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY
from townspeople import dies, gains_protection, loses_protection, moves, person, renames

from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.errors import TargetUnavailable
from cprsync.services.ports.outward import Undelivered

if TYPE_CHECKING:
    from doubles import Library, TargetDouble

KOHA = Target("koha", TargetKind.KOHA, frozenset(OutwardField), ProtectedRule.WITHOUT_ADDRESS)
DOWN = TargetUnavailable("it does not answer")
#: Nights after which everything has come through, whatever answers are lost.
NIGHTS = 40


@pytest.fixture
def koha(library: Library) -> TargetDouble:
    """A target that has heard of everyone."""
    library.sets_targets_up(KOHA)
    library.night()
    double = library.target("koha")
    double.calls.clear()
    return double


def held(koha: TargetDouble, library: Library, key: str) -> Any:
    return koha.holds[library.id_of(key)]


def test_an_old_address_does_not_stay_at_the_target_when_a_protection_starts(
    koha: TargetDouble, library: Library
) -> None:
    """N2K: the old address stays when protection starts."""
    assert held(koha, library, "ANNA")["address"]
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    library.night()
    assert "address" not in held(koha, library, "ANNA")


def test_a_protection_that_ends_is_lifted_at_the_target(koha: TargetDouble, library: Library) -> None:
    """N2K: protection is never lifted once set. BO is protected from the start."""
    assert held(koha, library, "BO")["protected"]
    library.register.knows(loses_protection(person("BO")))
    library.deliver(MONDAY, loses_protection(person("BO")))
    library.night()
    assert not held(koha, library, "BO")["protected"]
    assert held(koha, library, "BO")["address"]["lines"]


def test_one_patron_whom_the_target_does_not_know_stops_nobody_else(koha: TargetDouble, library: Library) -> None:
    """Koha: an unknown patron aborts the run."""
    koha.refuses[library.id_of("ANNA")] = Undelivered("unknown_patron", final=True)
    library.deliver(MONDAY, *(moves(person(key), "ODENSE") for key in ("ANNA", "CLARA", "DAVID")))
    library.one_night()
    assert [held(koha, library, key)["municipality"] for key in ("CLARA", "DAVID")] == ["0461", "0461"]
    assert (library.id_of("ANNA"), "target.not_taken") in library.reviews()


def test_a_night_that_the_target_missed_is_made_up_for(koha: TargetDouble, library: Library) -> None:
    """Koha: a fixed look-back loses a missed night."""
    koha.down = DOWN
    library.deliver(MONDAY, renames(person("ANNA")))
    library.one_night()
    koha.down = None
    library.deliver(TUESDAY, moves(person("CLARA"), "ODENSE"))
    library.night()
    assert held(koha, library, "ANNA")["name"]["last"] == "Aagaard"
    assert held(koha, library, "CLARA")["municipality"] == "0461"


@pytest.mark.parametrize("lost_of_ten", [1, 5])
def test_with_answers_lost_each_change_reaches_the_target_in_order_and_it_ends_with_the_record(
    koha: TargetDouble, library: Library, lost_of_ten: int
) -> None:
    seeded = random.Random(lost_of_ten)  # noqa: S311 -- decides which answers are lost, and is no secret
    koha.is_lost = lambda: seeded.randrange(10) < lost_of_ten
    queued: dict[str, set[int]] = defaultdict(set)
    library.deliver(MONDAY, renames(person("ANNA")), moves(person("CLARA"), "ODENSE"), dies(person("DAVID")))
    for day in (None, TUESDAY, *[WEDNESDAY + timedelta(days=n) for n in range(NIGHTS)]):
        if day == TUESDAY:
            library.deliver(
                TUESDAY, moves(renames(person("ANNA")), "ODENSE"), renames(moves(person("CLARA"), "ODENSE"))
            )
        elif day is not None:
            library.clock.set_after(day)
        library.one_night()
        for row in (row for row in library.rows("outbox") if row["target"] == "koha"):
            queued[row["patron_id"]].add(row["version"])
        if day not in {None, TUESDAY} and not library.store.targets.states()[0].backlog.waiting:
            break
    heard: dict[str, list[int]] = defaultdict(list)
    for call in koha.calls:
        heard[call.patron_id].append(call.version)
    assert all(versions == sorted(versions) for versions in heard.values())
    assert all(queued[one] <= set(heard[one]) for one in queued)
    assert {key: len(set(heard[library.id_of(key)])) for key in ("ANNA", "CLARA", "DAVID")} == {
        "ANNA": 2,
        "CLARA": 2,
        "DAVID": 1,
    }
    assert held(koha, library, "ANNA")["municipality"] == held(koha, library, "CLARA")["municipality"] == "0461"
    assert held(koha, library, "DAVID")["status"] == "dead"
    assert library.store.targets.states()[0].backlog.waiting == 0


def test_a_target_that_was_down_for_a_week_hears_first_of_deaths_and_protections(
    koha: TargetDouble, library: Library
) -> None:
    """Each patron's own changes stay in their order all the same."""
    koha.down = DOWN
    library.deliver(MONDAY, renames(person("ANNA")), renames(person("BO")))
    library.one_night()
    library.deliver(TUESDAY, moves(renames(person("ANNA")), "ODENSE"))
    library.one_night()
    library.deliver(WEDNESDAY, gains_protection(person("CLARA")), dies(person("DAVID")))
    library.one_night()
    koha.down = None
    library.clock.set_after(WEDNESDAY + timedelta(days=5))
    library.one_night()
    told = list(dict.fromkeys(call.patron_id for call in koha.calls))
    assert set(told[:2]) == {library.id_of("CLARA"), library.id_of("DAVID")}
    versions = [call.version for call in koha.calls if call.patron_id == library.id_of("ANNA")]
    assert versions == sorted(versions)
    assert len(versions) == 2
    assert held(koha, library, "ANNA")["municipality"] == "0461"
