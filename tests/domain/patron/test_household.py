"""Whose address is sealed for the sake of someone else (decision 2, "protected in the household")."""

from __future__ import annotations

from dataclasses import replace

import pytest
from people import gains_protection, person

from cprsync.domain.patron.patron import HOUSE_MOST, RelatedPatron, in_household, seal_address
from cprsync.domain.person.person import SILENT, Abroad, Status
from cprsync.domain.person.sealed import Address, Name, SealedAddress

OPEN, SHUT = RelatedPatron(person("ANNA"), parked=False), RelatedPatron(gains_protection(person("DAVID")), parked=False)
#: By what they are, who is sealed for a reason of her own.
SEALED = {
    "0001": SHUT,
    "street": RelatedPatron(person("ANNA", address=Address("0751", "9901")), parked=False),
    "03": RelatedPatron(person("ANNA", status=Status.RESIDENT_ADMINISTRATIVE), parked=False),
    "07": RelatedPatron(person("ANNA", status=Status.GREENLAND_ADMINISTRATIVE), parked=False),
    # a parked person counts as protected (decision 3)
    "parked": RelatedPatron(OPEN.person, parked=True),
    # no source has spoken yet
    "silent": RelatedPatron(person("ANNA", protection=SILENT), parked=False),
    # a source may have spoken without the feed telling of it
    "window": RelatedPatron(person("ANNA"), parked=False, in_window=True),
}
#: Of these the library decides.
SILENCE = {"silent", "window"}


@pytest.mark.parametrize("why", SEALED, ids=lambda why: f"protection-household-{why}")
def test_an_address_is_sealed_with_a_housemates_who_is_sealed_for_her_own_sake(why: str) -> None:
    mates = (OPEN, SEALED[why])
    assert in_household(mates, silent_is_sealed=True, others=len(mates))
    # of silence the library decides, and of nothing else
    assert in_household(mates, silent_is_sealed=False, others=len(mates)) is (why not in SILENCE)


@pytest.mark.parametrize("status", [Status.DISAPPEARED, Status.EMIGRATED, Status.DEAD], ids=lambda one: one.name)
@pytest.mark.parametrize("row", ["protection-household-left"])
def test_whoever_has_left_hides_nobody_who_stays(status: Status, row: str) -> None:
    """Decision 45: the address is kept as the last known one, and the register says that they live there no more."""
    left = SHUT._replace(person=replace(SHUT.person, status=status))
    assert not in_household((OPEN, left), silent_is_sealed=True, others=2), row
    # until the news that waits is known, or the register has answered, they may be back
    assert in_household((OPEN, left._replace(parked=True)), silent_is_sealed=True, others=2)
    assert in_household((OPEN, left._replace(in_window=True)), silent_is_sealed=False, others=2)
    # who answers for somebody, or has somebody who answers, hides them from anywhere
    assert in_household((), (left,), silent_is_sealed=True)


@pytest.mark.parametrize("status", [Status.NO_RESIDENCE, Status.ANNULLED], ids=lambda one: one.name)
def test_a_status_that_says_nothing_of_the_dwelling_hides_as_before(status: Status) -> None:
    still = SHUT._replace(person=replace(SHUT.person, status=status))
    assert in_household((OPEN, still), silent_is_sealed=True, others=2)


@pytest.mark.parametrize("why", SEALED, ids=lambda why: f"protection-linked-{why}")
def test_an_address_is_sealed_for_the_sake_of_a_guardian_or_a_ward_wherever_she_lives(why: str) -> None:
    assert in_household((OPEN,), (SEALED[why],), silent_is_sealed=True, others=1)
    assert in_household((), (OPEN, SEALED[why]), silent_is_sealed=False) is (why not in SILENCE)


@pytest.mark.parametrize("row", ["protection-household-other"])
def test_whoever_is_sealed_for_the_sake_of_someone_else_seals_nobody(row: str) -> None:
    third = RelatedPatron(seal_address(OPEN.person), parked=False)
    assert not in_household((third, OPEN), (third,), silent_is_sealed=True, others=2), row
    assert not in_household((), silent_is_sealed=True)


@pytest.mark.parametrize("row", ["protection-house"])
def test_a_house_with_too_many_to_read_counts_as_sealed(row: str) -> None:
    """An institution has hundreds; nobody of it is opened to be sure."""
    assert HOUSE_MOST == 40, row
    assert not in_household([OPEN] * HOUSE_MOST, silent_is_sealed=True, others=HOUSE_MOST)
    assert in_household([], silent_is_sealed=False, others=HOUSE_MOST + 1)


def test_nobody_is_read_of_a_house_with_too_many() -> None:
    def unread() -> RelatedPatron:
        raise AssertionError("a record was opened")

    assert in_household((unread() for _ in range(1)), silent_is_sealed=True, others=HOUSE_MOST + 1)
    # and none after the first who is sealed
    assert in_household((SHUT if n == 0 else unread() for n in range(2)), silent_is_sealed=True, others=2)


def test_only_the_address_is_sealed() -> None:
    away = replace(OPEN.person, abroad=Abroad("5120", ("Storgatan 1", "", "", "", "")))
    assert seal_address(away).abroad == away.abroad
    sealed = seal_address(OPEN.person)
    assert isinstance(sealed.address, SealedAddress)
    assert (sealed, sealed.name) == (OPEN.person, OPEN.person.name)
    assert isinstance(sealed.name, Name)
    assert seal_address(sealed) is sealed
    nowhere = person("ANNA", address=SILENT)
    assert seal_address(nowhere) is nowhere
