"""A statement: what is owed, and to which envelope it goes, or why to none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from doubles import AGENCY, MONDAY, Library, unowned
from sqlalchemy import insert, update
from test_setting import correct, set_
from townspeople import cpr, dies, gains_protection, person
from whole import verify_audit

from cprsync.domain.lending.contacting import NoLetter
from cprsync.domain.person.person import Status, silence_by_status
from cprsync.errors import BadInput, ConfigurationError
from cprsync.language.lending import WIDTH, statement_lines
from cprsync.language.words import money
from cprsync.services.desk.lookup import Desk
from cprsync.services.desk.responsibles import ResponsibleRequest, add_responsible
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.lending.standing import Statements
from cprsync.store import tables
from cprsync.store.core.engine import writing
from cprsync.store.lending import circulation

if TYPE_CHECKING:
    from sqlalchemy import Table

    from cprsync.services.lending.standing import Statement

LONG = "Lyset over heden, tåge i moserne og andre fortællinger fra den jyske højderyg, udvalgt for skolen"


def statements(library: Library) -> Statements:
    return Statements(library, "Aarhus Kommunes Biblioteker", "lone")


def statement(library: Library, key: str = "ANNA") -> Statement:
    """The statement; asking for it writes nothing but the audit's entry of the look."""
    before = library.everything()
    told = statements(library).statement(library.id_of(key))
    assert unowned(library.everything()) == unowned(before)
    return told


def revealed(library: Library, key: str) -> Statement:
    return statements(library).revealed(library.id_of(key), reason="Regning på papir")


def owes(library: Library, table: Table, key: str, row_id: int, payload: dict[str, Any], **columns: Any) -> None:
    """A row as the import of circulation writes it."""
    patron_id, tenant = library.id_of(key), library.store._tenant
    plain = json.dumps(payload).encode()
    sealed = circulation.seal_payload(tenant, table, plain, patron_id=patron_id, row_id=row_id)
    row = {"agency": AGENCY, "id": row_id, "patron_id": patron_id, "source_id": f"S{row_id}"}
    with writing(library.engine) as connection:
        connection.execute(insert(table).values(row | columns | sealed))


def debts(library: Library, key: str = "ANNA") -> None:
    today = library.clock.today()
    owes(library, tables.loan, key, 1, {"title": LONG}, due=today - timedelta(days=9), returned=None)
    owes(library, tables.loan, key, 2, {"title": "Kortlage"}, due=today - timedelta(days=1), returned=None)
    owes(library, tables.loan, key, 3, {"title": "Er her igen"}, due=today - timedelta(days=9), returned=today)
    owes(library, tables.loan, key, 4, {"title": "I dag"}, due=today, returned=None)
    fee = {"title": "Marsvin", "amount": 2000}
    owes(library, tables.balance, key, 5, fee, kind="fee", raised=date(2027, 3, 2), settled=None)
    lost = {"title": "Bortkommet", "amount": 125050}
    owes(library, tables.balance, key, 6, lost, kind="compensation", raised=None, settled=None)
    owes(library, tables.balance, key, 7, fee, kind="fee", raised=date(2027, 3, 1), settled=date(2027, 3, 3))


def text(told: Statement, language: Any = "da") -> str:
    lines = list(statement_lines(told, language))
    assert [line for line in lines if len(line) > WIDTH] == []
    return "\n".join(lines)


# -- what is owed ------------------------------------------------------------------------------------------


def test_what_is_late_or_unpaid_stands_on_it_with_days_amounts_and_a_sum(either_library: Library) -> None:
    library = either_library
    debts(library)
    told = statement(library)
    assert [(one.title, one.days_late) for one in told.loans] == [(LONG, 9), ("Kortlage", 1)]
    assert {(one.kind, one.title, one.raised, one.amount_oere) for one in told.owed} == {
        ("fee", "Marsvin", date(2027, 3, 2), 2000),
        ("compensation", "Bortkommet", None, 125050),
    }
    assert told.total_oere == 127050


def test_it_is_text_of_eighty_columns_in_danish_and_in_english(library: Library) -> None:
    debts(library)
    set_(library, "note_to_patron", "Din bog er fundet.\nKom forbi, når du vil.")
    danish, english = (text(statement(library), language) for language in ("da", "en"))
    for line in (
        "OPGØRELSE AF MELLEMVÆRENDE",
        "1 dag for sent",
        "1.250,50 kr.",
        "1.270,50 kr.",
        "Din bog er fundet.",
        "2. marts 2027",
    ):
        assert line in danish
    for line in ("STATEMENT OF ACCOUNT", "1 day late", "DKK 1,250.50", "Nothing is outstanding."):
        assert (line in english) is (line != "Nothing is outstanding.")
    assert "Kom forbi, når du vil." in danish


def test_a_fee_is_told_with_the_loan_that_it_is_for(library: Library) -> None:
    debts(library)
    for row_id, loan, title, raised in (
        (8, "S1", "", 8),
        (9, "S3", "Gebyr 7", 8),
        (10, "S2", "Kortlage", 20),
        (11, "S99", "Glemt", 2),
    ):
        day = library.clock.today() - timedelta(days=raised)
        fee = {"title": title, "amount": 2000}
        owes(library, tables.balance, "ANNA", row_id, fee, kind="fee", raised=day, settled=None, loan_source=loan)
    told = " ".join(text(statement(library)).replace("20,00 kr.", "").split())
    for line in (
        f"Gebyr: {LONG} (frist 11. marts 2027)",
        "Gebyr: Gebyr 7, Er her igen (frist 11. marts 2027)",
        # renewed since: the due date is another one
        "Gebyr: Kortlage 2. marts",
        "18. marts 2027 Gebyr: Glemt ---",
    ):
        assert line in told


def test_whoever_owes_nothing_is_told_so(library: Library) -> None:
    assert "Der er intet udestående." in text(statement(library))
    assert money(5, "da") == "0,05 kr."


# -- the envelope ------------------------------------------------------------------------------------------


def test_it_goes_to_the_registers_address_or_to_the_patrons_own(library: Library) -> None:
    """Decision 8: contact address, else register address."""
    assert statement(library).envelope == (
        person("ANNA").name.addressing,  # type: ignore[union-attr]  # she has one
        "Uglesporet 16B, st. th",
        "8000 Aarhus C",
    )
    set_(library, "contact_address", "Postboks 12\n8100 Aarhus C")
    assert statement(library).envelope[1:] == ("Postboks 12", "8100 Aarhus C")


def test_what_staff_corrected_stands_on_it(library: Library) -> None:
    correct(library, "name", "Mette Skov", until=date(2027, 6, 1))
    assert statement(library).envelope[0] == "Mette Skov"


def test_nothing_goes_to_the_dead_and_revealing_opens_nothing(library: Library) -> None:
    library.deliver(MONDAY, dies(person("ANNA")))
    library.one_night()
    told = statement(library)
    assert (told.letter, told.envelope) == (NoLetter.STOPPED, None)
    assert "låneren er død" in text(told)
    before = library.everything()
    assert revealed(library, "ANNA").envelope is None
    assert library.everything() == before


def test_whoever_has_disappeared_gets_none(library: Library) -> None:
    library.deliver(MONDAY, silence_by_status(replace(person("ANNA"), status=Status.DISAPPEARED)))
    library.one_night()
    assert statement(library).letter is NoLetter.NOWHERE


def test_of_the_protected_neither_name_nor_address_is_on_it_until_revealed_with_a_reason(library: Library) -> None:
    set_(library, "contact_address", "Hemmelig 3\n8100 Aarhus C", key="BO")
    told = statement(library, "BO")
    assert (told.letter, told.envelope, told.name, told.revealed) == (NoLetter.SEALED, None, None, False)
    assert "[Navn og adresse er skjult." in text(told)
    for word in ("Kastanjeløkken", "Hemmelig", *person("BO").name.addressing.split()):  # type: ignore[union-attr]  # he has one
        assert word not in text(told)
    with pytest.raises(ConfigurationError):
        statements(library).revealed(library.id_of("BO"), reason=" ")
    opened = revealed(library, "BO")
    assert (opened.letter, opened.revealed) == ("goes", True)
    assert opened.envelope == (person("BO").name.addressing, "Hemmelig 3", "8100 Aarhus C")  # type: ignore[union-attr]  # he has one
    entries = [json.loads(bytes.fromhex(row["entry"])) for row in library.rows("audit")]
    (entry,) = [one for one in entries if one["kind"] == "reveal"]
    assert (entry["purpose"], "birth_date" in entry["actions"]) == ("statement", False)
    verify_audit(library.store)


def test_an_address_sealed_for_the_households_sake_opens_with_a_reason_too(library: Library) -> None:
    library.enrol("QUINNIE", "LIV")
    library.register.knows(gains_protection(person("QUINNIE")), person("LIV"))
    library.one_night()
    told = statement(library, "LIV")
    assert (told.letter, told.envelope) == (NoLetter.SEALED, None)
    assert f"{name_of('LIV')}\n[Adressen er skjult. Den åbnes" in text(told)
    assert "Navn og adresse" not in text(told)
    assert revealed(library, "LIV").envelope[1] == "Møllebækslugten 15"


def name_of(key: str) -> str:
    return person(key).name.addressing  # type: ignore[union-attr]  # she has one


def answers_for_liv(library: Library, *keys: str) -> None:
    """LIV is a minor for whom these answer."""
    library.enrol("LIV")
    library.register.knows(person("LIV"), *(person(key) for key in keys))
    library.one_night()
    assert not statement(library, "LIV").responsible_registered
    desk = Desk(AGENCY, library.store, library.register, library.clock, library.policy)
    for key in keys:
        add_responsible(desk, ResponsibleRequest(library.id_of("LIV"), "lone", cpr(key)))


def test_a_minors_goes_to_her_own_address_and_says_who_answers(library: Library) -> None:
    """Decision 8."""
    answers_for_liv(library, "RIKKE", "ANNA")
    told = statement(library, "LIV")
    assert told.envelope[1] == "Møllebækslugten 15"
    assert told.responsibles == tuple(sorted((library.id_of("RIKKE"), library.id_of("ANNA"))))
    names = " og ".join(told.responsible_names)
    assert set(told.responsible_names) == {name_of("RIKKE"), name_of("ANNA")}
    assert f"Registreret som økonomisk ansvarlig for låneren: {names}." in text(told).replace("\n", " ")


@pytest.mark.parametrize("event", [dies, gains_protection])
def test_who_answers_is_not_named_once_she_is_dead_or_protected(library: Library, event: Any) -> None:
    answers_for_liv(library, "RIKKE", "ANNA")
    library.deliver(MONDAY, event(person("RIKKE")))
    library.one_night()
    told = statement(library, "LIV")
    assert told.responsible_names == (name_of("ANNA"),)
    assert f"for låneren: {name_of('ANNA')} og en, hvis navn ikke vises." in text(told).replace("\n", " ")


def test_of_a_protected_minor_it_is_not_said_who_answers_until_she_is_revealed(library: Library) -> None:
    """A mother's name says whose child it is."""
    answers_for_liv(library, "RIKKE")
    library.deliver(MONDAY, gains_protection(person("LIV")))
    library.one_night()
    told = statement(library, "LIV")
    assert told.responsible_names == ()
    assert "Der er registreret en økonomisk ansvarlig for låneren." in text(told)
    assert revealed(library, "LIV").responsible_names == (name_of("RIKKE"),)


@pytest.mark.parametrize(("typed", "language"), [("", "da"), ("en", "en"), ("fo", "da")])
def test_it_is_written_in_the_language_that_the_patron_has_chosen(library: Library, typed: str, language: str) -> None:
    if typed:
        set_(library, "language", typed)
    assert statement(library).language == language


@pytest.mark.parametrize("kind", ["patron.unknown", "patron.merged", "patron.closed"])
def test_of_nobody_and_of_a_merged_patron_there_is_none(library: Library, kind: str) -> None:
    patron_id = "10000000"
    if kind == "patron.merged":
        patron_id = library.id_of("ANNA")
        with writing(library.engine) as connection:
            connection.execute(
                update(tables.patron).where(tables.patron.c.id == patron_id).values(status_class="merged")
            )
            key = {"kind": "merged", "key_index": library.store._tenant.vault.index("merged", patron_id)}
            connection.execute(
                insert(tables.patron_key).values(
                    agency=AGENCY, key_id=library.store._tenant.vault.index_key, patron_id=library.id_of("BO"), **key
                )
            )
    if kind == "patron.closed":
        patron_id = library.id_of("ANNA")
        said_yes.leave(LeavingDesk(library, "lone"), patron_id)
    before = library.everything()
    with pytest.raises(BadInput) as refusal:
        statements(library).statement(patron_id)
    assert refusal.value.kind == kind
    assert library.everything() == before
