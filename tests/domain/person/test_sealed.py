"""A sealed value shows nothing of itself, however it is printed, and a protected person has no other kind.

Decisions 2 and 8.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
import json
import logging
import pickle
import pprint
import reprlib
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import (
    LOOKED_UP,
    PROTECTED,
    STORED,
    TONIGHT,
    dies,
    emigrates,
    gains_protection,
    gets_a_contact_address,
    having,
    moves,
    moves_abroad,
    patron,
    person,
    renames,
    street,
)

from cprsync.domain.deciding.decide import Change, ProtectionEnd, Unchanged, WhyUnchanged, decide, protective_part
from cprsync.domain.lending.contacting import NoLetter, letter_to
from cprsync.domain.patron.local import Local
from cprsync.domain.person.municipality import municipality_of
from cprsync.domain.person.person import (
    EMPTY,
    SEALED_GROUPS,
    SILENT,
    Abroad,
    Contact,
    Gap,
    Person,
    Protection,
    Status,
    merge,
    silence_by_status,
)
from cprsync.domain.person.sealed import (
    SHOWN,
    Address,
    Name,
    Opening,
    Sealed,
    SealedAddress,
    has_label,
    has_name,
    is_same_family,
    label_lines,
    same_dwelling,
    same_writing,
)
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "Kanariefugl"
NAME = Name(f"{CANARY} Gulnæb", CANARY, "", "Gulnæb")
HOME = Address("0751", "1104", "12", floor="2", door="tv", postcode="8000", district="Aarhus C", road=f"{CANARY}vej")
LINES = (f"{CANARY}stien 1", "8000 Aarhus C", "", "", "")
NOWHERE = Address("0751", "9901", road=f"{CANARY}vej")


def hidden(**deviations: Any) -> Person:
    """A protected person of whom every word is the canary's."""
    groups = {"name": NAME, "address": HOME, "contact": Contact(LINES), "protection": PROTECTED}
    return having(person("ANNA"), **(groups | deviations))


def opened(value: object) -> Any:
    return value.open(Opening()) if isinstance(value, Sealed) else value


# -- each way to print it ------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Printed:
    """A dataclass that prints its fields."""

    kept: object


def logged(value: object) -> str:
    record = logging.LogRecord("name", logging.INFO, "file", 1, "who: %s %r", (value, value), None)
    return record.getMessage()


def refuse(value: object) -> NoReturn:
    raise ValueError("said", value)


def raised(value: object) -> str:
    try:
        refuse(value)
    except ValueError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


WAYS: dict[str, Callable[[object], str]] = {
    "str": str,
    "repr": repr,
    "ascii": ascii,
    "format": lambda value: f"{value:>80}" if isinstance(value, Sealed) else f"{value}",
    "f-string": lambda value: f"{value!r} {value!s} {value}",
    "percent": lambda value: "%s %r" % (value, value),  # noqa: UP031 -- the way that is tried
    "in a list": lambda value: str([value, (value,), {value}, {"who": value}]),
    "in a dataclass": lambda value: repr(Printed(value)),
    "as fields of a dataclass": lambda value: str(dataclasses.asdict(Printed(value))),
    "pprint": lambda value: pprint.pformat([value]),
    "reprlib": reprlib.repr,
    "json by str": lambda value: json.dumps({"who": value}, default=str),
    "json by repr": lambda value: json.dumps([value], default=repr),
    "log": logged,
    "exception": raised,
    "attributes": lambda value: str(inspect.getmembers(value, lambda one: not callable(one))),
    "slots": lambda value: str([getattr(value, name, None) for name in (*dir(value), "_value", "_Sealed__value")]),
    "a copy": lambda value: str(copy.copy(value)),
    "a deep copy": lambda value: str(copy.deepcopy([value])),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("value", [Sealed(NAME), Sealed(NAME.addressing), Sealed(LINES), SealedAddress(HOME)])
def test_a_sealed_value_shows_nothing_of_itself_as(way: str, value: Sealed[Any]) -> None:
    told = WAYS[way](value)
    assert CANARY not in told
    assert way in {"attributes", "slots"} or SHOWN in told


@pytest.mark.parametrize("way", WAYS)
def test_a_protected_person_shows_nothing_of_herself_as(way: str) -> None:
    assert CANARY not in WAYS[way](hidden())
    assert CANARY not in WAYS[way](tuple(hidden().groups()))


@pytest.mark.parametrize("value", [Sealed(NAME), SealedAddress(HOME)])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_sealed_value_is_not_pickled(value: Sealed[Any], protocol: int) -> None:
    for kept in (value, [value], hidden()):
        with pytest.raises(TypeError) as caught:
            pickle.dumps(kept, protocol)
        assert str(caught.value) == "a sealed value is not written"
        # newer Pythons note where the value stood
        assert CANARY not in str(getattr(caught.value, "__notes__", ()))


def test_a_sealed_value_is_not_written_as_json() -> None:
    with pytest.raises(TypeError) as caught:
        json.dumps({"who": Sealed(NAME.addressing)})
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("way", [len, iter, list, int, float, bytes, sorted, "".join])
def test_a_sealed_text_is_no_text(way: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError) as caught:
        way(Sealed(CANARY))
    assert CANARY not in str(caught.value)


def test_a_copy_is_the_same_sealed_value() -> None:
    value = Sealed(NAME)
    assert copy.copy(value) is value
    assert copy.deepcopy(value) is value


# -- opening -------------------------------------------------------------------------------------------------


def test_a_sealed_value_opens_with_an_opening() -> None:
    assert Sealed(NAME).open(Opening()) is NAME
    assert SealedAddress(HOME).open(Opening()) is HOME


@pytest.mark.parametrize("key", [None, True, "Opening", Opening, object()])
def test_nothing_else_opens_it(key: Any) -> None:
    with pytest.raises(TypeError, match=r"^a sealed value opens with an Opening only$"):
        Sealed(NAME).open(key)


def test_what_is_seen_of_it_says_in_danish_that_it_is_hidden() -> None:
    assert f"{Sealed(NAME)}" == str(SealedAddress(HOME)) == "<skjult>"


# -- comparing -----------------------------------------------------------------------------------------------


def test_it_compares_as_what_is_inside() -> None:
    other = replace(NAME, first="Ida")
    for equal in (Sealed(replace(NAME)), replace(NAME)):
        assert Sealed(NAME) == equal
        assert equal == Sealed(NAME)
        assert hash(equal) == hash(Sealed(NAME))
    for differs in (Sealed(other), other, SILENT, EMPTY, None, "", SHOWN, SealedAddress(HOME)):
        assert Sealed(NAME) != differs
        assert differs != Sealed(NAME)


def test_two_addresses_are_one_dwelling_sealed_or_not() -> None:
    neighbour = replace(HOME, door="th")
    for one in (HOME, SealedAddress(HOME)):
        for same in (replace(HOME, co="c/o Bo"), SealedAddress(replace(HOME, road="Nygade"))):
            assert same_dwelling(one, same)
        assert not same_dwelling(one, neighbour)
        assert not same_dwelling(SealedAddress(neighbour), one)


def test_two_addresses_are_written_alike_sealed_or_not() -> None:
    for one in (HOME, SealedAddress(HOME)):
        for same in (replace(HOME, street_code="1105"), SealedAddress(replace(HOME, municipality="0101"))):
            assert same_writing(one, same)
        for other in (replace(HOME, co="c/o Bo"), replace(HOME, supplementary=LINES)):
            assert not same_writing(one, other)
            assert not same_writing(SealedAddress(other), one)


_ADDRESSES = st.builds(
    Address,
    st.sampled_from(("0751", "0101")),
    st.sampled_from(("1104", "9901")),
    house=st.sampled_from(("", "12")),
    co=st.sampled_from(("", "c/o Bo")),
    town=st.sampled_from(("", "8000 Aarhus C")),
    postcode=st.sampled_from(("", "8000", "8200")),
    district=st.sampled_from(("", "Aarhus C")),
    supplementary=st.sampled_from((("",) * 5, ("8000 Aarhus C", "", "", "", ""))),
)


@given(_ADDRESSES, _ADDRESSES, st.booleans())
def test_two_addresses_are_written_alike_if_and_only_if_label_and_supplement_are(
    one: Address, other: Address, shut: bool
) -> None:
    alike = (label_lines(one), one.supplementary) == (label_lines(other), other.supplementary)
    assert same_writing(SealedAddress(one) if shut else one, other) is alike
    assert same_writing(other, one) is alike


def test_only_the_last_word_of_two_names_makes_a_family_sealed_or_not_and_no_name_makes_none() -> None:
    kin, stranger = Name("Bo GULNÆB", "Bo", "", "Gulnæb"), Name("Bo Krog", "Bo", "", "Krog")
    nobody = Name("", "", "", "")
    for name in (NAME, Sealed(NAME)):
        assert is_same_family(name, kin)
        assert is_same_family(kin, name)
        assert not is_same_family(name, stranger)
    assert not is_same_family(nobody, nobody)


def test_a_name_and_lines_are_held_against_a_text_sealed_or_not() -> None:
    for name in (NAME, Sealed(NAME)):
        assert has_name(name, NAME.addressing)
        assert not has_name(name, NAME.first)
    lines = "\n".join(label_lines(HOME))
    for at in (HOME, SealedAddress(HOME)):
        assert has_label(at, lines)
        assert not has_label(at, lines.partition("\n")[0])


# -- who is sealed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "shut"),
    [
        (hidden(), True),
        (hidden(protection=EMPTY), False),
        # policy decides whether silence seals: see `is_sealed`
        (hidden(protection=SILENT), False),
        # no fixed abode, status 03 and 07: the street code is no street
        (hidden(protection=EMPTY, status=Status.RESIDENT_ADMINISTRATIVE, address=NOWHERE), True),
        (hidden(protection=EMPTY, status=Status.GREENLAND_ADMINISTRATIVE, address=NOWHERE), True),
        (emigrates(hidden()), True),
        (dies(hidden()), True),
    ],
)
def test_name_and_addresses_are_sealed_from_the_first_moment_of(who: Person, shut: bool) -> None:
    assert who.is_shut is shut
    for group in SEALED_GROUPS:
        value = getattr(who, group)
        assert isinstance(value, (Gap, Sealed) if shut else (Gap, Name, Address, Abroad, Contact))


def test_a_person_who_becomes_protected_is_sealed_by_that() -> None:
    assert isinstance(gains_protection(person("ANNA")).name, Sealed)
    assert isinstance(having(person("ANNA"), protection=PROTECTED).address, SealedAddress)


def test_a_sealed_address_shows_its_municipality_and_whether_it_is_a_place() -> None:
    """The municipality decides the net media, and a protected patron keeps them (decision 2)."""
    address = hidden().address
    assert isinstance(address, SealedAddress)
    assert (address.municipality, address.is_administrative) == ("0751", False)
    assert SealedAddress(NOWHERE).is_administrative
    assert municipality_of(hidden()) == municipality_of(hidden(protection=EMPTY)) == "0751"


def test_a_sealed_person_equals_the_same_one() -> None:
    assert hidden() == hidden()
    assert hash(hidden()) == hash(hidden())
    assert hidden() != hidden(name=replace(NAME, first="Ida"))


# -- what the rules do with it -------------------------------------------------------------------------------


def test_protection_that_comes_in_seals_what_the_record_had() -> None:
    """The look-up says no more than that: name and address are the stored ones."""
    only = Person(person("ANNA").number, status=Status.RESIDENT, protection=PROTECTED)
    merged = merge(hidden(protection=EMPTY), only)
    assert merged == hidden()
    assert CANARY not in repr(list(merged.groups()))
    assert isinstance(merged.address, SealedAddress)


def test_a_protection_that_is_let_through_alone_seals() -> None:
    """What passes a brake is the record as it was, sealed (decision 3)."""
    before = patron("ANNA", name=NAME, address=HOME)
    change = decide(gains_protection(moves(before.register)), before, as_of=TONIGHT)
    assert isinstance(change, Change)
    passed = protective_part(change, before)
    assert passed is not None
    assert opened(passed.after.address) == HOME
    assert CANARY not in repr(list(passed.after.groups()))


def test_a_protection_that_is_kept_against_the_file_stays_sealed() -> None:
    before = patron("ANNA", name=NAME, address=HOME, protection=PROTECTED)
    moved = having(person("ANNA"), name=NAME, address=street("HAVNEN"), protection=EMPTY)
    kept = decide(moved, before, as_of=TONIGHT, protection_end=ProtectionEnd.DENIED)
    assert isinstance(kept, Change)
    assert isinstance(kept.after.address, SealedAddress)
    assert opened(kept.after.address) == street("HAVNEN")


def test_protection_that_ends_opens_what_the_source_says() -> None:
    before = patron("ANNA", name=NAME, address=HOME, protection=PROTECTED)
    now = having(before.register, name=NAME, address=HOME, protection=EMPTY, contact=EMPTY)
    change = decide(now, before, as_of=TONIGHT, protection_end=ProtectionEnd.CONFIRMED)
    assert isinstance(change, Change)
    assert change.actions == (Action.UNPROTECT,)
    assert (change.after.name, change.after.address) == (NAME, HOME)
    assert isinstance(change.after.name, Name)


@pytest.mark.parametrize(
    ("happens", "actions", "harms"),
    [
        (moves, (Action.MOVE,), (Harm.CHANGED,)),
        (renames, (Action.RENAME,), (Harm.NAME_REPLACED, Harm.CHANGED)),
        (gets_a_contact_address, (Action.CONTACT,), ()),
        (dies, (Action.DIE,), None),
        (emigrates, (Action.EMIGRATE,), None),
    ],
)
def test_what_happens_to_a_sealed_patron_is_decided_as_for_anyone(
    happens: Callable[[Person], Person], actions: tuple[Action, ...], harms: tuple[Harm, ...] | None
) -> None:
    open_, sealed = patron("ANNA"), patron("ANNA", protection=PROTECTED)
    theirs = decide(happens(open_.register), open_, as_of=TONIGHT)
    hers = decide(having(happens(person("ANNA")), protection=PROTECTED), sealed, as_of=TONIGHT)
    assert isinstance(theirs, Change)
    assert isinstance(hers, Change)
    assert hers.actions == theirs.actions == actions
    assert hers.harms == theirs.harms
    assert harms is None or hers.harms == harms


def test_a_sealed_patron_of_whom_nothing_is_new_stays_unchanged() -> None:
    stored = patron("ANNA", protection=PROTECTED)
    for said in (person("ANNA", protection=PROTECTED), having(stored.register)):
        assert decide(said, stored, as_of=TONIGHT) == Unchanged(WhyUnchanged.EQUAL)
    silent = silence_by_status(Person(stored.number, status=Status.RESIDENT, address=stored.register.address))
    assert decide(silent, stored, as_of=replace(LOOKED_UP, day=TONIGHT.day)) == Unchanged(WhyUnchanged.EQUAL)


def test_a_corrected_street_of_a_sealed_address_is_no_move() -> None:
    stored = patron("ANNA", address=HOME, protection=PROTECTED)
    same_door = having(person("ANNA"), address=replace(HOME, road="Nyvej"), protection=PROTECTED, events=("A07",))
    change = decide(same_door, stored, as_of=TONIGHT)
    assert isinstance(change, Change)
    assert change.actions == (Action.ADDRESS_CORRECTED,)


def test_an_address_abroad_is_corrected_under_seal() -> None:
    stored = replace(patron("ANNA"), register=emigrates(hidden()), as_of=STORED)
    change = decide(having(moves_abroad(emigrates(hidden()))), stored, as_of=TONIGHT)
    assert isinstance(change, Change)
    assert change.actions == (Action.ABROAD_CORRECTED,)


def test_a_sealed_person_gets_no_letter_whoever_forgets_to_say_so() -> None:
    """On paper only after a reasoned reveal (decision 8)."""
    assert letter_to(hidden(), Local(), stopped=False, sealed=False) is NoLetter.SEALED
    assert letter_to(hidden(), Local(contact_address=("Havnen 2",)), stopped=False, sealed=False) is NoLetter.SEALED


def test_only_one_kind_of_protection_seals() -> None:
    assert list(Protection) == [PROTECTED]
