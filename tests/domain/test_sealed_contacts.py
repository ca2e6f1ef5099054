"""A patron's own contact address, as it is and sealed: in every view of a protected patron it shows nothing."""

from __future__ import annotations

import pytest

from cprsync.domain.patron.local import Local, Telephone, shut_contact
from cprsync.domain.person.sealed import SHOWN, Opening, Sealed

CO, LINES = "c/o Bo", ("Ude 2", "8000 Aarhus C")
ELSEWHERE = Local(branch="main", contact_co=CO, contact_lines=LINES, telephones=(Telephone("70121416"),))


@pytest.mark.parametrize(
    ("local", "lines"),
    [(ELSEWHERE, (CO, *LINES)), (Local(contact_lines=LINES), LINES), (Local(contact_co=CO), (CO,)), (Local(), ())],
)
def test_a_contact_address_is_read_with_its_co_first_where_there_is_one(local: Local, lines: tuple[str, ...]) -> None:
    assert local.contact == lines


@pytest.mark.parametrize("local", [ELSEWHERE, Local(contact_lines=LINES), Local(contact_co=CO)])
def test_a_sealed_contact_address_shows_nothing_whatever_there_is_of_it(local: Local) -> None:
    shut = shut_contact(local)
    assert isinstance(shut.contact_co, Sealed)
    assert isinstance(shut.contact_lines, Sealed)
    assert isinstance(shut.contact, Sealed)
    assert str(shut.contact) == SHOWN
    assert (shut.contact_co.open(Opening()), shut.contact_lines.open(Opening())) == (
        local.contact_co,
        local.contact_lines,
    )
    assert (shut.branch, shut.telephones) == (local.branch, local.telephones)


@pytest.mark.parametrize(
    "local", [Local(contact_co=Sealed(CO), contact_lines=LINES), Local(contact_co=CO, contact_lines=Sealed(LINES))]
)
def test_a_half_that_is_sealed_seals_the_whole_and_nothing_is_sealed_twice(local: Local) -> None:
    assert isinstance(local.contact, Sealed)
    shut = shut_contact(local)
    assert isinstance(shut.contact_co, Sealed)
    assert isinstance(shut.contact_lines, Sealed)
    assert (shut.contact_co.open(Opening()), shut.contact_lines.open(Opening())) == (CO, LINES)


def test_where_there_is_no_contact_address_nothing_is_sealed() -> None:
    """Else it would look as if there were one."""
    none = Local(branch="main")
    assert shut_contact(none) is none
    assert none.contact == ()
