"""What has to hold of a patron's rights: it is derived anew, and for her twin without protection."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from people import patron, person
from right_people import TODAY, facts, policy

from cprsync.domain.netmedia.drift import find_wrong_rights, is_untold, named_block_reasons, without_protection
from cprsync.domain.netmedia.rights import rights_of, stored_line
from cprsync.domain.patron.local import Local, Stage
from cprsync.domain.person.person import EMPTY, SILENT, Person, Protection, Status
from cprsync.domain.person.sealed import Address

if TYPE_CHECKING:
    from cprsync.domain.patron.patron import Patron

PROTECTED = person("ANNA", protection=Protection.NAME_AND_ADDRESS)
#: Of no fixed abode, at a street that is none.
NO_ABODE = person("ANNA", status=Status.RESIDENT_ADMINISTRATIVE, address=Address("0751", "9901"))


def her(register: Person) -> Patron:
    return replace(patron("ANNA"), register=register)


def found(register: Person, kept: str | None) -> list[str]:
    wrong = find_wrong_rights(her(register), Local(), Stage.ACTIVE, kept, policy=policy(), on=TODAY)
    return [kind.value for kind in wrong]


def line(register: Person) -> str:
    return stored_line(rights_of(facts(register, municipality_since=None, status_since=None), policy(), TODAY))


@pytest.mark.parametrize("register", [person("ANNA"), PROTECTED, NO_ABODE])
def test_what_is_derived_anew_is_not_wrong_protected_or_not(register: Person) -> None:
    assert found(register, line(register)) == []


@pytest.mark.parametrize("kept", [None, "{}", '{"ereolen":["no",null]}'])
def test_what_is_kept_otherwise_is_wrong_and_of_the_protected_that_is_said_too(kept: str | None) -> None:
    assert found(person("ANNA"), kept) == ["rights"]
    assert found(PROTECTED, kept) == found(NO_ABODE, kept) == ["rights", "protected"]


@pytest.mark.parametrize("register", [PROTECTED, NO_ABODE])
def test_a_twin_is_the_same_but_for_what_seals_her(register: Person) -> None:
    other = without_protection(register)
    assert not other.is_shut
    assert (other.number, other.status, other.birth) == (register.number, Status.RESIDENT, register.birth)
    assert other.address is not SILENT
    assert other.address.municipality == "0751"


def test_a_twin_of_someone_without_an_address_has_none() -> None:
    other = without_protection(replace(PROTECTED, address=SILENT))
    assert (other.address, other.protection) == (SILENT, EMPTY)


@pytest.mark.parametrize(
    ("want", "last", "told", "untold"),
    [
        ("751", None, False, True),
        ("751", "461", True, True),
        ("751", "751", True, False),
        ("751", None, True, False),
        (None, None, False, False),
        (None, "751", True, False),
        ("", "751", True, True),
    ],
)
def test_what_is_known_is_told_and_what_nobody_knows_is_not(
    want: str | None, last: str | None, *, told: bool, untold: bool
) -> None:
    assert is_untold(want, last, told=told) is untold


def test_the_reasons_that_a_policy_names_are_told_by_product_but_for_those_that_a_status_brings() -> None:
    rules = policy(closing_blocks=frozenset({"gæld", "død"}))
    assert named_block_reasons(rules) == {("ereolen", "gæld")}
    assert named_block_reasons(policy()) == set()
