"""A patron's own contact address, as it is and sealed: in every view of a protected patron it shows nothing."""

from __future__ import annotations

from cprsync.domain.patron.fields import seal_local
from cprsync.domain.patron.local import Local, Telephone
from cprsync.domain.person.sealed import SHOWN, Opening, Sealed

LINES = ("c/o Bo", "Ude 2", "8000 Aarhus C")
ELSEWHERE = Local(branch="main", contact_address=LINES, telephones=(Telephone("70121416"),))


def test_a_sealed_contact_address_shows_nothing_and_the_other_fields_are_as_they_were() -> None:
    shut = seal_local(ELSEWHERE)
    assert isinstance(shut.contact_address, Sealed)
    assert str(shut.contact_address) == SHOWN
    assert shut.contact_address.open(Opening()) == LINES
    assert (shut.branch, shut.telephones) == (ELSEWHERE.branch, ELSEWHERE.telephones)


def test_nothing_is_sealed_twice() -> None:
    shut = seal_local(ELSEWHERE)
    assert seal_local(shut) is shut


def test_where_there_is_no_contact_address_nothing_is_sealed() -> None:
    """Else it would look as if there were one."""
    none = Local(branch="main")
    assert seal_local(none) is none
