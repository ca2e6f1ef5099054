"""Whose address is sealed for the sake of someone else (decision 2, "protected in the household")."""

from __future__ import annotations

import pytest
from people import PROTECTED, dies, gains_protection, person

from cprsync.domain.household import HOUSE_MOST, in_household, shut_address
from cprsync.domain.person import EMPTY, SILENT, Name, Person
from cprsync.domain.sealed import SealedAddress

OPEN, PROTECTED_ONE = person("ANNA"), gains_protection(person("DAVID"))


@pytest.mark.parametrize(
    ("mates", "links", "shared"),
    [
        ((), (), False),
        ((OPEN, OPEN), (OPEN,), False),
        pytest.param((OPEN, PROTECTED_ONE), (), True, id="protection-household"),
        # a guardian, or whom she is guardian of, wherever they live
        pytest.param((OPEN,), (PROTECTED_ONE,), True, id="protection-linked"),
        # still hers: the last known address is kept
        pytest.param((dies(PROTECTED_ONE),), (), True, id="protection-household-dead"),
        # sealed until a source has spoken, which says nothing of anyone else
        pytest.param((person("ANNA", protection=SILENT),), (), False, id="protection-household-other"),
        ((person("ANNA", protection=EMPTY),), (), False),
    ],
)
def test_an_address_is_sealed_with_a_protected_persons(
    mates: tuple[Person, ...], links: tuple[Person, ...], shared: bool
) -> None:
    assert in_household(mates, links, others=len(mates)) is shared


@pytest.mark.parametrize("row", ["protection-house"])
def test_a_house_with_too_many_to_read_counts_as_sealed(row: str) -> None:
    """An institution has hundreds; nobody of it is opened to be sure."""
    assert HOUSE_MOST == 40, row
    assert not in_household([OPEN] * HOUSE_MOST, others=HOUSE_MOST)
    assert in_household([], others=HOUSE_MOST + 1)


def test_nobody_is_read_of_a_house_with_too_many() -> None:
    def unread() -> Person:
        raise AssertionError("a record was opened")

    assert in_household((unread() for _ in range(1)), others=HOUSE_MOST + 1)


def test_only_the_address_is_sealed() -> None:
    sealed = shut_address(OPEN)
    assert isinstance(sealed.address, SealedAddress)
    assert (sealed, sealed.name) == (OPEN, OPEN.name)
    assert isinstance(sealed.name, Name)
    assert shut_address(sealed) is sealed
    nowhere = person("ANNA", address=SILENT)
    assert shut_address(nowhere) is nowhere
    assert PROTECTED_ONE.protection is PROTECTED
