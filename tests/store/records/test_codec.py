"""The canonical bytes: an exact inverse, and a written form that may not change unseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_people import AGENCY, local, number, person

from cprsync.domain.patron.local import Absence, Block, Card, Email, Local, Telephone
from cprsync.domain.person.person import EMPTY, GROUPS, SILENT, Abroad, Birth, Contact, Person, Protection, Status
from cprsync.domain.person.sealed import Address, Name
from cprsync.errors import SealBroken
from cprsync.store.records.records import decode_local, encode_local
from cprsync.store.seals.vault import Vault, decode, encode

if TYPE_CHECKING:
    from cprsync.store.seals.keys import Keyring

TEXT = st.text(st.characters(exclude_categories=["C"]), max_size=12)
CODE = st.from_regex(r"[0-9]{4}", fullmatch=True)
LINES = st.tuples(TEXT, TEXT, TEXT, TEXT, TEXT)
NUMBER = st.integers(0, 40).map(number)
GAP = st.sampled_from([EMPTY, SILENT])
PERSON = st.builds(
    Person,
    number=NUMBER,
    name=GAP | st.builds(Name, TEXT, TEXT, TEXT, TEXT),
    birth=st.just(SILENT) | st.builds(Birth, st.dates(), st.booleans()),
    status=st.just(SILENT) | st.sampled_from(Status),
    address=st.just(SILENT) | st.builds(Address, CODE, CODE, *[TEXT] * 10, LINES, stays_sealed=st.booleans()),
    protection=GAP | st.just(Protection.NAME_AND_ADDRESS),
    current_number=GAP | NUMBER,
    abroad=st.just(SILENT) | st.builds(Abroad, CODE, LINES),
    contact=GAP | st.builds(Contact, LINES),
    status_since=st.none() | st.dates(),
    moved_in=st.none() | st.dates(),
    municipality_since=st.none() | st.dates(),
)
DAYS = ("status_since", "moved_in", "municipality_since")


@settings(max_examples=100, deadline=None)
@given(PERSON)
def test_a_person_comes_back_exactly_as_she_was_written(one: Person) -> None:
    back = decode(encode(one))
    assert back == one
    assert [getattr(back, day) for day in DAYS] == [getattr(one, day) for day in DAYS]


def test_the_registers_days_are_no_part_of_a_fingerprint(keyring: Keyring) -> None:
    """The sources may give different ones, and a night that only hears another day writes nothing."""
    vault = Vault(keyring, agency=AGENCY, random=bytes)
    dated = replace(person(0), status_since=date(2027, 3, 1), moved_in=date(2019, 6, 1))
    assert encode(dated) != encode(person(0))
    assert vault.fingerprint(encode(dated)) == vault.fingerprint(encode(person(0)))
    assert vault.fingerprint(encode(dated)) != vault.fingerprint(encode(person(1)))


@settings(max_examples=50, deadline=None)
@given(PERSON, PERSON)
def test_two_persons_have_the_same_bytes_only_if_they_are_equal(one: Person, other: Person) -> None:
    one, other = (replace(of, **dict.fromkeys(DAYS)) for of in (one, other))
    assert (encode(one) == encode(other)) == (one == other)


def test_the_written_form_is_the_one_of_mapping_1() -> None:
    """Stored fingerprints depend on every byte: a change here needs another mapping version."""
    digits = number(0).digits.encode()
    assert encode(person(0, contact=Contact(("a", "b", "", "", "")), abroad=Abroad("5180", ("x", "", "", "", "")))) == (
        b"\x01" + digits + b"\x1eKS\xc3\xb8rine \xc3\x85lykke\x1fS\xc3\xb8rine\x1f\x1f\xc3\x85lykke"
        b"\x1eK1985-05-04\x1f"
        b"\x1eK01"
        b"\x1eK0751\x1f0123\x1f16B\x1f\x1fst\x1fth\x1f\x1f\x1f\x1f8000\x1f\x1fSkovfyrvej\x1f\x1f\x1f\x1f\x1f"
        b"\x1eE\x1eE\x1eK5180\x1fx\x1f\x1f\x1f\x1f\x1eKa\x1fb\x1f\x1f\x1f"
    )


def test_an_address_that_stays_sealed_differs_by_one_letter() -> None:
    """Of all others every byte is as before, and so is the fingerprint."""
    at = person(0).address
    assert isinstance(at, Address)
    kept = replace(person(0), address=replace(at, stays_sealed=True))
    assert encode(kept) == encode(person(0)).replace(b"\x1eK0751\x1f", b"\x1eA0751\x1f")
    assert decode(encode(kept)).is_shut


def test_the_codec_writes_every_group_there_is() -> None:
    assert encode(Person(number(0))).count(b"\x1eS") == len(GROUPS)


@pytest.mark.parametrize("separator", ["\x1d", "\x1e", "\x1f"])
def test_text_with_a_separator_is_refused(separator: str) -> None:
    with pytest.raises(ValueError, match="not canonical"):
        encode(person(0, name=Name(f"A{separator}B")))


def test_events_are_not_written() -> None:
    assert encode(person(0, events=("A01",))) == encode(person(0))


def test_bytes_of_another_mapping_are_not_guessed_at() -> None:
    with pytest.raises(SealBroken):
        decode(b"\x02" + encode(person(0))[1:])


FULL = replace(
    local("C0"),
    contact_address=("c/o Bo", "Én", "To"),
    telephones=(Telephone("12", notices=True),),
    emails=(Email("a@b.example"),),
    absence=Absence(date(2027, 1, 1)),
    blocks=(Block(date(2027, 1, 2), "card"),),
    internal_note="note",
)


@pytest.mark.parametrize("one", [Local(), FULL, replace(FULL, absence=Absence(date(2027, 1, 1), date(2027, 2, 1)))])
def test_what_is_local_comes_back_exactly_as_it_was_written(one: Local) -> None:
    assert decode_local(encode_local(one)) == one


def test_the_local_part_is_written_as_in_all_older_records() -> None:
    assert encode_local(Local()) == (
        b'{"absence":null,"blocks":[],"branch":"","cards":[],"contact_co":"","contact_lines":[],"emails":[],"group":"",'
        b'"internal_note":"","language":"da","note_to_patron":"","telephones":[]}'
    )
    assert encode_local(replace(FULL, cards=(Card("C0", "h"),), branch="main", language="da")) == (
        b'{"absence":{"since":"2027-01-01","until":null},"blocks":[{"lifted":null,"reason":"card","since":"2027-01-02"}'
        b'],"branch":"main","cards":[{"number":"C0","pin_hash":"h"}],"contact_co":"c/o Bo",'
        b'"contact_lines":["\xc3\x89n","To"],"emails":[{"address":"a@b.example","notices":false}],"group":"adult",'
        b'"internal_note":"note","language":"da","note_to_patron":"","telephones":[{"notices":true,"number":"12"}]}'
    )


def test_a_field_that_the_table_has_no_longer_is_left_out() -> None:
    assert decode_local(encode_local(FULL).replace(b'{"absence"', b'{"nickname":"Bo","absence"', 1)) == FULL


def test_a_block_written_before_blocks_could_be_lifted_still_holds() -> None:
    written = encode_local(FULL).replace(b'"lifted":null,', b"")
    assert b"lifted" not in written
    assert decode_local(written) == FULL
