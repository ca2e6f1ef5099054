"""The invented people: the same for a seed, nobody's numbers, each change one that the record shows."""

from __future__ import annotations

import random
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from bench.deliveries import TASK, write_delivery, write_large_delivery
from bench.people import happened, people
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Person
from cprsync.register.extract.reader import ExtractReader

if TYPE_CHECKING:
    from pathlib import Path

PRODUCED, PREVIOUS = date(2027, 3, 22), date(2027, 3, 19)
WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def test_the_same_seed_invents_the_same_people() -> None:
    assert list(islice(people(seed=7), 50)) == list(islice(people(seed=7), 50))
    assert list(islice(people(seed=7), 50)) != list(islice(people(seed=8), 50))


def test_every_number_is_well_formed_fails_modulus_11_and_is_given_once() -> None:
    numbers = [one.number for one in islice(people(seed=1), 2000)]
    assert len(set(numbers)) == len(numbers)
    for digits in numbers:
        number = CprNumber.parse(digits)
        assert number.born is not None
        assert (number.born.day, number.born.month) != (1, 1)
        assert sum(w * int(d) for w, d in zip(WEIGHTS, digits, strict=True)) % 11 != 0


def test_what_happens_to_a_person_changes_her() -> None:
    chance = random.Random(3)  # noqa: S311 -- the same changes each time
    for person in islice(people(seed=1), 500):
        after, _ = happened(person, chance)
        assert after != person
        assert after.number == person.number


def test_a_delivery_of_invented_people_is_whole_and_read_in_full(tmp_path: Path) -> None:
    raw = list(islice(people(seed=1), 50))
    count = write_delivery(tmp_path / "file", ((one, "A01") for one in raw), produced=PRODUCED, previous=PREVIOUS)
    reader = ExtractReader(task=TASK, hash_key=bytes(32))
    with (tmp_path / "file").open("rb") as source:
        read = [one for one in reader.persons(source) if isinstance(one, Person)]
    assert count == 50
    assert {one.number.digits for one in read} == {one.number for one in raw}


def test_a_large_delivery_has_all_addresses_in_one_block_at_its_end(tmp_path: Path) -> None:
    write_large_delivery(tmp_path / "file", size=3 * 1024 * 1024, seed=1, produced=PRODUCED, previous=PREVIOUS)
    kinds = [line[:3] for line in (tmp_path / "file").read_bytes().splitlines()]
    first = kinds.index(b"003")
    assert set(kinds[first:-1]) == {b"003"}
    assert (tmp_path / "file").stat().st_size >= 3 * 1024 * 1024
