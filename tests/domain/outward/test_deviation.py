"""Each way in which another system may differ from a record: named by its kind, and by no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from people import PROTECTED, patron, person, unverified

from cprsync.domain.outward.deviation import Deviation, Elsewhere, find_deviations, is_compared
from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.patron.patron import Patron, PatronKind
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Birth, Person, Status
from cprsync.domain.person.sealed import Address
from cprsync.domain.policy.policy import Policy

TODAY = date(2027, 3, 22)
POLICY = Policy(home=frozenset({"0751"}))
SAME = Elsewhere(
    "2000001",
    name="Mette Marie Skovgaard",
    street="Uglesporet 16 B, st. th",
    postcode="8000",
    city="Aarhus C",
    birth=date(1985, 5, 4),
    resident=True,
)
#: A patron of whom the other system tells nothing but the number.
BARE = Elsewhere("2000001")


def found(there: Elsewhere | None, ours: Patron | None = None, **deviations: Any) -> set[str]:
    """What is found of ANNA, or of another patron, where the other system says `there` of them."""
    about = patron("ANNA", **deviations) if ours is None else ours
    return {one.value for one in find_deviations(about, there, POLICY, on=TODAY)}


def test_nothing_is_found_where_both_say_the_same() -> None:
    assert found(SAME) == set()


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"name": "Mette Aagaard"}, "name"),
        ({"street": "Uglesporet 18"}, "address"),
        ({"postcode": "8200"}, "address"),
        ({"birth": date(1985, 4, 5)}, "birth"),
        ({"resident": False}, "resident"),
        ({"blocks": ("O", "D")}, "living_blocked"),
        ({"name": None}, "name_unknown"),
        ({"street": None}, "address_unknown"),
        ({"street": "Adressebeskyttet"}, "address_unknown"),
        ({"street": "---"}, "address_unknown"),
        ({"postcode": None, "city": None}, "address_unknown"),
        ({"birth": None}, "birth_unknown"),
        ({"resident": None}, "resident_unknown"),
    ],
)
def test_each_difference_has_its_kind(changed: dict[str, Any], kind: str) -> None:
    assert found(replace(SAME, **changed)) == {kind}


def test_a_postcode_alone_or_a_city_alone_is_enough() -> None:
    assert found(replace(SAME, city=None)) == set()
    assert found(replace(SAME, postcode=None)) == set()


@pytest.mark.parametrize("blocks", [(), ("O",), ("Ø9", "?"), None])
def test_a_block_of_another_reason_and_one_that_cannot_be_read_are_no_difference_of_the_living(
    blocks: tuple[str, ...] | None,
) -> None:
    assert found(replace(SAME, blocks=blocks)) == set()


def test_a_patron_whom_the_other_system_does_not_know_is_missing_there() -> None:
    assert found(None) == {"missing_there"}


# -- the dead ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "kinds"),
    [
        (SAME, {"dead_active"}),
        (replace(SAME, blocks=("D",)), set()),
        (replace(SAME, blocks=("X",)), set()),
        (replace(SAME, blocks=None), {"blocks_unknown"}),
        (replace(BARE, blocks=("D",)), set()),
        (None, set()),
    ],
)
def test_a_dead_patron_is_blocked_there_for_whatever_reason_or_gone(there: Elsewhere | None, kinds: set[str]) -> None:
    assert found(there, patron("AFDOED")) == kinds


# -- the protected -----------------------------------------------------------------------------------------


def test_a_protected_patron_whose_address_stands_open_is_found_and_nothing_of_them_is_compared() -> None:
    assert found(SAME, protection=PROTECTED) == {"protected_open"}
    assert found(replace(SAME, name="Anybody", street="Somewhere 1"), protection=PROTECTED) == {"protected_open"}


@pytest.mark.parametrize("street", [None, "Adressebeskyttet", "Navne- og adressebeskyttelse", "HEMMELIG", "", " - "])
def test_a_protected_patron_whose_address_is_hidden_is_right(street: str | None) -> None:
    assert found(replace(SAME, street=street, name=None), protection=PROTECTED) == set()


@pytest.mark.parametrize("street", ["Hemmeligheden 3", "Hemmelig Sti 4", "Beskyttervej 1", "Uden Fast Grund 2"])
def test_a_street_whose_name_begins_as_a_mask_does_is_an_address_that_is_shown(street: str) -> None:
    assert found(replace(SAME, street=street), protection=PROTECTED) == {"protected_open"}
    assert found(replace(SAME, street=street)) == {"address"}


def test_what_is_not_sealed_of_a_protected_patron_is_compared_all_the_same() -> None:
    """Peers: the protected lose their municipality, and with it the net media."""
    hidden = replace(SAME, street=None, resident=False, birth=date(1985, 5, 5))
    assert found(hidden, protection=PROTECTED) == {"resident", "birth"}


def test_a_dead_patron_who_was_protected_stays_protected() -> None:
    dead = replace(patron("AFDOED"), register=replace(person("AFDOED"), protection=PROTECTED))
    assert found(replace(SAME, blocks=("D",)), dead) == {"protected_open"}


def test_an_administrative_street_is_sealed_here_and_need_not_be_hidden_there() -> None:
    assert found(replace(SAME, birth=person_birth("KLAUS")), patron("KLAUS")) == set()


def person_birth(key: str) -> date:
    birth = person(key).birth
    assert isinstance(birth, Birth)
    return birth.day


# -- what our side does not know, or knows better ----------------------------------------------------------


def test_a_patron_of_whom_no_source_has_told_differs_in_nothing() -> None:
    assert found(SAME, unverified("ANNA")) == set()
    assert found(BARE, unverified("ANNA")) == set()


@pytest.mark.parametrize(
    "unknown",
    [
        {"name": EMPTY},
        {"name": SILENT},
        {"birth": SILENT},
        {"birth": Birth(date(1985, 1, 1), uncertain=True)},
        {"address": SILENT, "status": SILENT},
    ],
)
def test_what_the_record_does_not_know_is_not_compared(unknown: dict[str, Any]) -> None:
    other = replace(SAME, name="Anybody", street="Somewhere 1", birth=date(1900, 1, 1), resident=False)
    named = {"name", "address", "birth", "resident"}
    (group,) = unknown.keys() - {"status"}
    silent = {"address", "resident"} if group == "address" else {group}
    assert found(other, **unknown) == named - silent


@pytest.mark.parametrize("status", [Status.EMIGRATED, Status.DISAPPEARED])
def test_a_last_known_address_is_not_compared(status: Status) -> None:
    who = replace(person("ANNA"), status=status)
    there = replace(SAME, street="Somewhere 1", resident=False)
    assert "address" not in found(there, replace(patron("ANNA"), register=who))


def test_a_correction_by_staff_is_what_the_other_system_has_to_say() -> None:
    moved = Override(Overridden.MUNICIPALITY, "0101", "kaj", "lejekontrakt", date(2027, 3, 1), date(2027, 3, 30), id=1)
    ours = replace(patron("ANNA"), overrides=(moved,))
    assert found(SAME, ours) == {"resident"}
    assert found(replace(SAME, resident=False), ours) == set()


def test_an_address_of_which_only_the_status_is_silent_is_compared() -> None:
    assert found(replace(SAME, street="Somewhere 1"), status=SILENT) == {"address"}


# -- who is compared ---------------------------------------------------------------------------------------


def test_only_borrowers_with_a_number_in_use_are_compared() -> None:
    anna = patron("ANNA")
    assert is_compared(anna)
    assert is_compared(patron("AFDOED"))
    assert not is_compared(replace(anna, kind=PatronKind.RESPONSIBLE))
    assert not is_compared(replace(anna, register=Person(CprNumber.none_of("40817263"))))
    assert not is_compared(patron("ANNULLERET"))


def test_what_another_system_shows_prints_nothing_of_a_person() -> None:
    assert "Skovgaard" not in repr(SAME)
    assert isinstance(Deviation.NAME.value, str)
    assert isinstance(person("ANNA").address, Address)
