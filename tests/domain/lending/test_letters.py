"""Where a letter on paper goes: for each status, contact address or registered address, and whom none reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest
from people import person, street

from cprsync.domain.lending.contacting import Letter, NoLetter, letter_language, letter_to
from cprsync.domain.patron.local import Local
from cprsync.domain.patron.override import Overridden, Override, in_force
from cprsync.domain.patron.patron import is_sealed, seal_address
from cprsync.domain.person.person import EMPTY, SILENT, Contact, Gap, Person, Protection, Status
from cprsync.domain.person.sealed import Address, Name, Sealed

TODAY = date(2027, 3, 23)
HERE = Local()
OWN = Local(contact_address=("c/o Birk", "Havnen 2", "", "8000 Aarhus C"))
CONTACT = Contact(("Postboks 12", "", "8000 Aarhus C", "", ""))


@dataclass(frozen=True)
class Opened:
    """What someone has opened of a sealed person."""

    name: Name | Sealed[Name] | Gap
    address: Address
    contact: Contact | Gap


HAVNEN = ("Tovværkskajen 8D, 6. 4", "8000 Aarhus C")


def with_status(code: str, **groups: object) -> Person:
    who = replace(person("ANNA"), status=Status(code), address=street("HAVNEN"))
    return replace(who, **groups)  # type: ignore[arg-type]  # what a test varies


def sent(who: Person, local: Local = HERE, *, stopped: bool = False, sealed: bool = False) -> object:
    letter = letter_to(who, local, stopped=stopped, sealed=sealed)
    return letter.lines[1:] if isinstance(letter, Letter) else letter


@pytest.mark.parametrize(
    ("code", "registered", "contact"),
    [
        ("01", "address", "contact"),
        ("03", NoLetter.SEALED, NoLetter.SEALED),
        ("05", "address", "contact"),
        ("07", NoLetter.SEALED, NoLetter.SEALED),
        ("20", NoLetter.NOWHERE, "contact"),
        ("30", NoLetter.NOWHERE, "contact"),
        ("50", NoLetter.NOWHERE, "contact"),
        ("60", NoLetter.NOWHERE, "contact"),
        ("70", NoLetter.NOWHERE, "contact"),
        ("80", NoLetter.NOWHERE, "contact"),
        ("90", NoLetter.STOPPED, NoLetter.STOPPED),
    ],
    ids=lambda value: f"status-{value}" if isinstance(value, str) and value.isdigit() else None,
)
def test_a_letter_goes_where_the_status_allows(code: str, registered: object, contact: object) -> None:
    lines = {"address": HAVNEN, "contact": ("Postboks 12", "8000 Aarhus C")}
    assert sent(with_status(code)) == (lines[registered] if isinstance(registered, str) else registered)
    assert sent(with_status(code, contact=CONTACT)) == (lines[contact] if isinstance(contact, str) else contact)


def test_the_patrons_own_contact_address_comes_before_the_registers() -> None:
    assert sent(with_status("01", contact=CONTACT), OWN) == ("c/o Birk", "Havnen 2", "8000 Aarhus C")


@pytest.mark.parametrize(
    "who", [with_status("01"), with_status("01", contact=CONTACT), with_status("80", contact=CONTACT)]
)
def test_nothing_is_sent_to_the_sealed_or_the_stopped_whatever_is_known(who: Person) -> None:
    assert sent(who, OWN, sealed=True) is NoLetter.SEALED
    assert sent(who, OWN, stopped=True, sealed=True) is NoLetter.STOPPED


@pytest.mark.parametrize("code", ["03", "07"], ids=lambda code: f"status-{code}")
@pytest.mark.parametrize("silent_is_sealed", [True, False])
def test_an_administrative_street_seals_the_contact_address_too(code: str, *, silent_is_sealed: bool) -> None:
    """CPR street codes 9900-9999 (decision 2): on paper only after a reasoned reveal."""
    who = replace(person("KLAUS"), status=Status(code), contact=CONTACT)
    sealed = is_sealed(who, silent_is_sealed=silent_is_sealed)
    assert sent(who, sealed=sealed) is sent(who, OWN, sealed=sealed) is NoLetter.SEALED


@pytest.mark.parametrize("row", ["protection-street"])
@pytest.mark.parametrize("code", ["01", "05", "80"])
def test_no_letter_bears_an_administrative_street_whoever_opens_it(code: str, row: str) -> None:
    """CPR street codes 9900-9999 at any status: a contact address is the only way."""
    assert row
    at = Address("0751", "9947", road="Midlertidigt ophold")
    hidden = with_status(code, address=at)
    told = Opened(with_status(code).name, at, EMPTY)
    assert letter_to(hidden, HERE, stopped=False, sealed=False, opened=told) is NoLetter.NOWHERE
    written = letter_to(hidden, HERE, stopped=False, sealed=False, opened=replace(told, contact=CONTACT))
    assert isinstance(written, Letter)
    assert written.lines[1:] == ("Postboks 12", "8000 Aarhus C")


@pytest.mark.parametrize("row", ["protection-street-ordinary"])
@pytest.mark.parametrize("code", ["03", "07"])
def test_no_letter_goes_to_an_ordinary_street_of_someone_of_no_fixed_abode(code: str, row: str) -> None:
    """Nor once it is opened: the contact address is the only way, and only then."""
    at = street("HAVNEN")
    hidden, told = with_status(code, address=at), Opened(with_status("01").name, at, EMPTY)
    for local, opened in ((HERE, replace(told, contact=CONTACT)), (OWN, told)):
        assert letter_to(hidden, local, stopped=False, sealed=False) is NoLetter.SEALED, row
        assert isinstance(letter_to(hidden, local, stopped=False, sealed=False, opened=opened), Letter)
    assert letter_to(hidden, HERE, stopped=False, sealed=False, opened=told) is NoLetter.NOWHERE


@pytest.mark.parametrize("local", [HERE, OWN], ids=["protection-household", "protection-household-own"])
def test_an_address_sealed_for_someone_elses_sake_keeps_letters_from_the_contact_address_too(local: Local) -> None:
    """Name and contact address still show; the letter waits until the address is opened."""
    who = seal_address(with_status("01", contact=CONTACT))
    assert not isinstance(who.name, Sealed)
    assert who.contact == CONTACT
    assert sent(who, local) is NoLetter.SEALED


@pytest.mark.parametrize("row", ["protection-linked"])
def test_of_whoever_has_only_a_contact_address_a_letter_goes_there_until_an_address_is_typed(row: str) -> None:
    """Sealed for someone else's sake is only the address, and she has none."""
    who = seal_address(replace(with_status("01"), address=SILENT))
    assert sent(who, OWN) == ("c/o Birk", "Havnen 2", "8000 Aarhus C"), row
    typed = Override(Overridden.ADDRESS, Sealed("Skovbrynet 7"), "kaj", Sealed("Så lejekontrakten"), TODAY)
    held = {Overridden.ADDRESS: typed}
    assert letter_to(who, OWN, stopped=False, sealed=False, holding=held) is NoLetter.SEALED


def test_of_whom_nothing_is_known_no_letter_goes_out() -> None:
    assert sent(replace(with_status("01"), address=SILENT)) is NoLetter.NOWHERE
    assert sent(replace(with_status("01"), status=SILENT)) is NoLetter.NOWHERE


def test_the_name_stands_on_top() -> None:
    letter = letter_to(with_status("01"), HERE, stopped=False, sealed=False)
    assert isinstance(letter, Letter)
    assert letter.lines == ("Mette Marie Skovgaard", *HAVNEN)


def test_a_child_not_yet_named_has_an_envelope_without_a_name() -> None:
    letter = letter_to(with_status("01", name=EMPTY), HERE, stopped=False, sealed=False)
    assert isinstance(letter, Letter)
    assert letter.lines == HAVNEN


def test_an_envelope_prints_nothing() -> None:
    assert repr(Letter(("Mette", "Havnen 2"))) == str(Letter(("Mette",))) == "Letter(…)"


def test_what_staff_corrected_stands_on_the_envelope() -> None:
    """A correction stands where the register's word would; a contact address still comes before it."""
    name = Override(Overridden.NAME, "Anna Ny", "lone", "", TODAY, TODAY)
    address = Override(Overridden.ADDRESS, "Skolegade 2\n8000 Aarhus C", "lone", "", TODAY, TODAY)
    holding = in_force([name, address], TODAY)
    letter = letter_to(with_status("01"), HERE, stopped=False, sealed=False, holding=holding)
    assert letter == Letter(("Anna Ny", "Skolegade 2", "8000 Aarhus C"))
    own = letter_to(with_status("01"), OWN, stopped=False, sealed=False, holding=holding)
    assert own == Letter(("Anna Ny", "c/o Birk", "Havnen 2", "8000 Aarhus C"))


@pytest.mark.parametrize("code", ["20", "30", "70", "80", "silent"], ids=lambda code: f"status-{code}")
def test_staff_may_know_where_she_lives_though_the_register_does_not(code: str) -> None:
    """What they typed is where she is: it gets the letter, and a contact address still comes before it."""
    address = Override(Overridden.ADDRESS, "Skolegade 2\n8000 Aarhus C", "lone", "", TODAY, TODAY)
    who = replace(with_status("01"), status=SILENT) if code == "silent" else with_status(code)
    holding = in_force([address], TODAY)
    letter = letter_to(who, HERE, stopped=False, sealed=False, holding=holding)
    assert isinstance(letter, Letter)
    assert letter.lines[-2:] == ("Skolegade 2", "8000 Aarhus C")
    own = letter_to(who, OWN, stopped=False, sealed=False, holding=holding)
    assert isinstance(own, Letter)
    assert own.lines[-3:] == ("c/o Birk", "Havnen 2", "8000 Aarhus C")


@pytest.mark.parametrize("code", ["03", "07"], ids=lambda code: f"status-{code}")
def test_a_corrected_address_of_someone_sealed_gets_the_letter_once_it_is_opened(code: str) -> None:
    address = Override(Overridden.ADDRESS, "Skolegade 2\n8000 Aarhus C", "lone", "", TODAY, TODAY)
    hidden, holding = with_status(code, address=Address("0751", "9950")), in_force([address], TODAY)
    assert letter_to(hidden, HERE, stopped=False, sealed=True, holding=holding) is NoLetter.SEALED
    told = Opened(with_status("01").name, Address("0751", "9950"), EMPTY)
    letter = letter_to(hidden, HERE, stopped=False, sealed=False, holding=holding, opened=told)
    assert isinstance(letter, Letter)
    assert letter.lines[1:] == ("Skolegade 2", "8000 Aarhus C")


@pytest.mark.parametrize(("code", "sealed", "why"), [("90", False, NoLetter.STOPPED), ("01", True, NoLetter.SEALED)])
def test_a_correction_opens_no_letter_that_is_stopped_or_sealed(code: str, *, sealed: bool, why: NoLetter) -> None:
    address = Override(Overridden.ADDRESS, "Skolegade 2", "lone", "", TODAY, TODAY)
    holding = in_force([address], TODAY)
    assert letter_to(with_status(code), HERE, stopped=False, sealed=sealed, holding=holding) is why


def test_what_was_opened_of_a_protected_person_is_written_and_she_stays_sealed() -> None:
    """Decision 8: on paper only after a reasoned reveal."""
    who = with_status("01")
    hidden = replace(who, protection=Protection.NAME_AND_ADDRESS)
    assert letter_to(hidden, HERE, stopped=False, sealed=False) is NoLetter.SEALED
    assert letter_to(hidden, HERE, stopped=False, sealed=False, opened=who) == letter_to(
        who, HERE, stopped=False, sealed=False
    )
    assert letter_to(hidden, HERE, stopped=True, sealed=False, opened=who) is NoLetter.STOPPED


@pytest.mark.parametrize(("chosen", "written"), [("da", "da"), ("en", "en"), ("sv", "da"), ("", "da")])
def test_what_is_written_to_her_is_in_danish_or_english_whatever_language_she_has(chosen: str, written: str) -> None:
    assert letter_language(chosen) == written
