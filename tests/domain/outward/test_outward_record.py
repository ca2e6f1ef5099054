"""What other systems may hear of a patron: everything that is not withheld, in plain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from people import dies, emigrates, patron, person

from cprsync.domain.feed.delivery import Window, WindowReason
from cprsync.domain.outward.record import (
    WITHHELD_IF_PROTECTED,
    BesideRecord,
    OutwardField,
    OutwardRecord,
    describe_patron,
    read_record,
    with_past,
    write_record,
)
from cprsync.domain.patron.local import Block, Card, Email, Local, Telephone
from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.patron.patron import Patron, PatronKind
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Person, Protection
from cprsync.domain.person.sealed import Name, Opening, Sealed

TODAY = date(2027, 3, 23)
OWN = Local(
    cards=(Card("0012345", "never told"),),
    branch="Hovedbiblioteket",
    contact_address=("c/o Bo", "Havnen 1"),
    telephones=(Telephone("20304050"),),
    emails=(Email("anna@example.org"),),
    blocks=(Block(date(2027, 1, 1), "bortkommet bog"), Block(date(2026, 1, 1), "gebyr", lifted=date(2026, 2, 1))),
    internal_note="never told",
)


def told(one: Patron, local: Local = OWN, **beside: Any) -> OutwardRecord:
    name = one.register.name
    opened = name.open(Opening()) if isinstance(name, Sealed) else name
    return describe_patron(one, local, BesideRecord(name=opened, **({"status": "resident"} | beside)), on=TODAY)


def test_a_record_has_the_name_and_the_address_by_their_parts() -> None:
    values = told(patron("ANNA")).values
    assert set(values["name"]) == {"addressing", "first", "middle", "last"}
    assert values["address"]["postcode"]
    assert values["address"]["lines"]
    assert values["address"]["current"] is True


def test_a_record_has_what_patron_and_staff_own_but_no_note_and_no_pin() -> None:
    record = told(patron("ANNA"), rights='{"ereolen":["yes",null]}')
    assert record.values["cards"] == ["0012345"]
    assert record.values["rights"] == {"ereolen": "yes"}
    assert record.values["blocks"] == [{"since": "2027-01-01", "reason": "bortkommet bog"}]
    assert record.values["contact_address"] == ["c/o Bo", "Havnen 1"]
    assert b"never told" not in write_record(record)


def test_a_protected_patrons_addresses_are_in_no_byte_of_the_record() -> None:
    shut = replace(patron("ANNA"), register=person("ANNA", protection=Protection.NAME_AND_ADDRESS))
    record = told(shut, replace(OWN, contact_address=Sealed(("c/o Bo", "Havnen 1"))))
    assert record.protected
    assert record.withheld == {OutwardField.ADDRESS, OutwardField.CONTACT_ADDRESS}
    assert all(record.values[field.value] is None for field in WITHHELD_IF_PROTECTED)
    assert b"Havnen" not in write_record(record)


def test_a_patron_whom_no_source_has_spoken_about_is_sealed_unless_the_policy_opens_them() -> None:
    silent = replace(patron("ANNA"), register=person("ANNA", protection=SILENT))
    assert told(silent).protected
    assert not told(silent, silent_is_sealed=False).protected
    assert told(patron("ANNA"), parked=True).protected


def test_an_address_that_is_sealed_for_someone_else_is_withheld_alone() -> None:
    record = told(patron("ANNA"), household=True)
    assert not record.protected
    assert record.withheld == {OutwardField.ADDRESS}
    assert record.values["address"] is None
    assert record.values["contact_address"]


def test_nothing_is_said_to_be_withheld_that_is_not_there() -> None:
    none = replace(patron("ANNA"), register=person("ANNA", address=SILENT))
    assert told(none, Local(), household=True).withheld == frozenset()


def test_the_last_address_of_the_dead_and_the_emigrated_is_not_current() -> None:
    at = person("ANNA").address
    gone = replace(patron("ANNA"), register=replace(dies(person("ANNA")), address=at))
    assert told(gone).values["address"]["current"] is False
    abroad = told(replace(patron("ANNA"), register=emigrates(person("ANNA")))).values["abroad"]
    assert abroad["country"]
    assert abroad["lines"]


def test_a_protected_persons_foreign_address_is_withheld_too() -> None:
    shut = replace(emigrates(person("ANNA")), protection=Protection.NAME_AND_ADDRESS)
    record = told(replace(patron("ANNA"), register=replace(shut)))
    assert OutwardField.ABROAD in record.withheld


def test_what_staff_corrected_is_told_in_place_of_the_registers() -> None:
    def typed(field: Overridden, value: str) -> Override:
        return Override(field, value, "lone", "Showed her papers", TODAY, date(2027, 5, 1))

    corrected = (
        typed(Overridden.NAME, "Anna Ny"),
        typed(Overridden.ADDRESS, "Nygade 1\n8000 Aarhus C"),
        typed(Overridden.BIRTH_DATE, "1990-01-02"),
        typed(Overridden.MUNICIPALITY, "0101"),
    )
    values = told(replace(patron("ANNA"), overrides=corrected)).values
    assert values["name"] == {"addressing": "Anna Ny", "first": "", "middle": "", "last": ""}
    assert values["address"]["lines"] == ["Nygade 1", "8000 Aarhus C"]
    assert values["address"]["street"] == ""
    assert (values["birth_date"], values["municipality"]) == ("1990-01-02", "0101")


def test_a_patron_without_a_number_or_a_name_has_none() -> None:
    number = CprNumber.parse("6101701234")
    nameless = Patron("40817263", Person(number, name=EMPTY, protection=EMPTY), None, version=1)
    values = told(nameless, Local()).values
    assert values["number"] is None
    assert values["name"] is None
    assert values["abroad"] is None


def test_a_person_who_only_answers_for_a_minor_is_described_as_no_patron() -> None:
    record = told(replace(patron("ANNA"), kind=PatronKind.RESPONSIBLE), dwelling="ab")
    assert not record.is_patron
    assert set(record.values.values()) == {None}
    assert record.dwelling == "ab"


@pytest.mark.parametrize("kind", [PatronKind.PERSON, PatronKind.RESPONSIBLE])
def test_a_record_is_read_as_it_was_written(kind: PatronKind) -> None:
    record = told(replace(patron("ANNA"), kind=kind))
    assert read_record(record.patron_id, write_record(record)) == record


def test_a_record_prints_nothing_of_the_person() -> None:
    record = told(patron("ANNA"))
    assert repr(record) == f"OutwardRecord({record.patron_id})"
    assert "Anna" not in repr(BesideRecord(name=Name("Anna"), status="resident"))


PUT_BACK = Window(TODAY, WindowReason.RESTORED, until=TODAY)


def put_back(one: Person, why: WindowReason = WindowReason.RESTORED) -> Patron:
    return replace(patron("ANNA"), register=one, window=replace(PUT_BACK, why=why))


def test_a_record_that_was_put_back_is_held_and_says_no_place_no_state_and_no_rights() -> None:
    """Whatever the policy says of silence: others may have been told of a death or a protection since."""
    for silent_is_sealed in (True, False):
        record = told(put_back(person("ANNA")), rights='{"ereolen":["yes",null]}', silent_is_sealed=silent_is_sealed)
        assert record.held
        assert {record.values[name] for name in ("address", "contact_address", "status", "rights")} == {None}
        assert {OutwardField.ADDRESS, OutwardField.STATUS, OutwardField.RIGHTS} <= record.withheld
        assert record.values["municipality"]
        assert read_record(record.patron_id, write_record(record)) == record


def test_a_protection_is_told_also_of_a_record_that_was_put_back() -> None:
    shut = told(put_back(person("ANNA", protection=Protection.NAME_AND_ADDRESS)))
    assert (shut.held, shut.protected) == (False, True)


DEAD_IN_THE_COPY = told(patron("ANNA"), status="dead")
LIVES_IN_THE_COPY = told(put_back(person("ANNA")))


@pytest.mark.parametrize(
    ("before", "held"),
    [
        (None, False),
        (LIVES_IN_THE_COPY, False),
        (DEAD_IN_THE_COPY, True),
        (replace(DEAD_IN_THE_COPY, verified=False), False),
        (replace(DEAD_IN_THE_COPY, verified=False, held=True), True),
    ],
)
def test_a_death_is_told_of_a_record_that_was_put_back_unless_the_copy_had_it(
    before: OutwardRecord | None, *, held: bool
) -> None:
    dead = with_past(told(put_back(dies(person("ANNA"))), status="dead"), before)
    assert (dead.held, dead.values["status"]) == (held, "dead")


def test_a_record_in_another_window_is_not_held() -> None:
    assert not told(put_back(person("ANNA"), WindowReason.GAP)).held
    assert not told(patron("ANNA")).held


@pytest.mark.parametrize(
    ("before", "repeats"),
    [(None, False), ({"verified": True}, True), ({"verified": False}, False), ({"repeats": True}, True)],
)
def test_only_what_an_older_copy_had_verified_is_said_again(before: dict[str, bool] | None, repeats: bool) -> None:
    record = replace(told(patron("ANNA")), repeats=True)
    past = None if before is None else replace(record, **({"repeats": False, "verified": False} | before))
    assert with_past(record, past).repeats is repeats
