"""Awkward names from the bytes of a delivery and of an answer through the sealed store and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest
from awkward_names import BEYOND, LATIN
from lxml import etree
from store_people import change, enrol, number, person, write
from whole import patron_ids

from cprsync.domain.person.person import Person
from cprsync.domain.person.sealed import Name
from cprsync.domain.person.status import Action
from cprsync.register.extract.reader import ExtractReader
from cprsync.register.soap.answers import NAMESPACE, parse_person
from cprsync.services.ports.patrons import Batch

if TYPE_CHECKING:
    from cprsync.services.ports.runs import Run
    from cprsync.store.sql import SqlStore


def from_file(sent: list[str]) -> list[Person]:
    """The people of a delivery, one for each name."""
    records = []
    for place, name in enumerate(sent):
        of = number(place).digits
        # 24-25 status 20: without an address; 40-49 born
        records.append(f"001{of}{'':10}20202001011200 K1985-05-04 ")
        # 14-63 first, 65-104 middle, 106-145 last, 160-193 addressing name
        records.append(f"008{of}{name:50} {'':40} {name:40} 202001011200 {name:34}")
    ends = "0000000000000123456" + "20270301" + "20270226", f"9999999999999{len(records):08}"
    content = "".join(f"{line}\n" for line in (ends[0], *records, ends[1])).encode("iso-8859-1")
    reader = ExtractReader(task="123456", hash_key=b"a key for the tests, 32 bytes lo")
    read = list(reader.persons(BytesIO(content)))
    assert all(isinstance(one, Person) for one in read)
    return [one for one in read if isinstance(one, Person)]


def from_soap(place: int, name: str) -> Person:
    of, text = number(place), escape(name)
    content = (
        f'<PersonLookupResponse xmlns="{NAMESPACE}"><persondata><personnummer>{of.digits}</personnummer><navn>'
        f"<personadresseringsnavn>{text}</personadresseringsnavn><efternavn>{text}</efternavn></navn>"
        "<status><status>20</status></status></persondata></PersonLookupResponse>"
    )
    return parse_person(etree.fromstring(content.encode("utf-8")), of, today=date(2027, 3, 22))


def kept_by(store: SqlStore, run: Run, people: list[Person]) -> list[object]:
    """Their names as a second reading of the store opens them, in the same order."""
    enrol(store, len(people))
    write(store, run, *people)
    opened = {one.number: one.register.name for one in store.patrons.read(patron_ids(store))}
    return [opened[number(place)] for place in range(len(people))]


def test_the_lists_are_long_enough_and_fit_the_field() -> None:
    assert len(LATIN) + len(BEYOND) >= 60
    assert all(len(sent) <= 34 for sent, _ in (*LATIN, *BEYOND))
    assert all(sent.encode("iso-8859-1") for sent, _ in LATIN)
    assert len(dict(LATIN)) == len(LATIN)


def test_names_of_a_delivery_come_back_as_they_were_sent(store: SqlStore, run: Run) -> None:
    kept = kept_by(store, run, from_file([sent for sent, _ in LATIN]))
    assert kept == [Name(name, name, "", name) for _, name in LATIN]


def test_names_of_answers_come_back_composed_and_on_one_line(store: SqlStore, run: Run) -> None:
    both = (*LATIN, *BEYOND)
    kept = kept_by(store, run, [from_soap(place, sent) for place, (sent, _) in enumerate(both)])
    assert kept == [Name(name, "", "", name) for _, name in both]


def test_a_name_that_both_sources_carry_is_the_same_in_both() -> None:
    names = [sent for sent, _ in LATIN]
    soap = [from_soap(place, name).name for place, name in enumerate(names)]
    told = [replace(one.name, first="") if isinstance(one.name, Name) else one.name for one in from_file(names)]
    assert told == soap


@pytest.mark.parametrize("name", ["Robert'); DROP TABLE patron;--", "' OR '1'='1"])
def test_a_name_that_looks_like_sql_changes_nobody_else(store: SqlStore, run: Run, name: str) -> None:
    enrol(store, 2)
    write(store, run, person(0), person(1))
    store.patrons.write(run, Batch(writes=[change(store, person(0, name=Name(name)), Action.RENAME)]))
    told = {one.number: one.register.name for one in store.patrons.read(patron_ids(store))}
    assert told == {number(0): Name(name), number(1): person(1).name}
