"""Names and addresses from a source's bytes to the record and the label, part by part, the same from both sources."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

import extract_lines as rec
import pytest
from comparing import disagreements
from extract_lines import ANNA, lines, night
from soap_bodies import answer, element, persondata, status

from cprsync.domain.deciding.decide import Change, decide
from cprsync.domain.patron.patron import AsOf, Patron, Source
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, Abroad, Person
from cprsync.domain.person.sealed import Address, Name, label_lines
from cprsync.domain.person.status import Action
from cprsync.register.extract.reader import ExtractReader
from cprsync.register.soap.answers import parse_person

if TYPE_CHECKING:
    from cprsync.domain.deciding.decide import Decision

FRIDAY, MONDAY = AsOf(date(2027, 3, 19), Source.FILE), AsOf(date(2027, 3, 22), Source.FILE)
#: Where record 008 has the markers of first name, middle names and last name.
MARKERS = {"first": 64, "middle": 105, "last": 146}
LONGEST = "Maximiliane-Alexandrine V.T.Ørsted"


def from_file(*records: str) -> Person:
    reader = ExtractReader(task="123456", hash_key=b"a key for the tests, 32 bytes lo")
    (person,) = reader.persons(BytesIO(lines(night(*records))))
    assert isinstance(person, Person)
    return person


def from_soap(*, name: str = "", address: str = "", code: int = 1) -> Person:
    person = persondata(ANNA, before=f"<ns3:navn>{name}</ns3:navn>" if name else "", after=status(code))
    return parse_person(element(answer(person, address=address)), CprNumber(ANNA), today=MONDAY.day)


def named(of: str) -> str:
    return f"<ns3:personadresseringsnavn>{of}</ns3:personadresseringsnavn>"


def living(of: Person, at: Person) -> Decision:
    """What it means that someone with the record `of` is now told as `at`."""
    return decide(at, Patron("40817263", of, FRIDAY, version=1), as_of=MONDAY)


# -- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("marker", ["+", "*", "="])
@pytest.mark.parametrize("part", MARKERS)
def test_a_marker_of_a_name_is_read_and_not_kept(part: str, marker: str) -> None:
    """Abbreviated, with letters that the register cannot write, or the third: the name is what stands there."""
    plain = rec.name(ANNA, middle="Bo").replace("=", " ")
    marked = plain[: MARKERS[part] - 1] + marker + plain[MARKERS[part] :]
    assert from_file(rec.main(ANNA), marked).name == Name("Åse Ørum", "Åse", "Bo", "Ørum")
    soap = f"{named('Åse Ørum')}<ns3:fornavn>Åse</ns3:fornavn><ns3:mellemnavn>Bo</ns3:mellemnavn>"
    soap += f"<ns3:efternavn>Ørum</ns3:efternavn><ns3:efternavnMarkering>{marker}</ns3:efternavnMarkering>"
    assert from_soap(name=soap).name == Name("Åse Ørum", "Åse", "Bo", "Ørum")


def test_a_name_of_34_characters_is_kept_whole() -> None:
    assert len(LONGEST) == 34
    told = from_file(rec.main(ANNA), rec.name(ANNA, LONGEST, "", "")).name
    assert told == from_soap(name=named(LONGEST)).name == Name(LONGEST)


def test_a_child_without_a_name_yet_has_none_in_both_sources_and_then_gets_one() -> None:
    born = from_file(rec.main(ANNA), rec.codes(ANNA), rec.text(ANNA), rec.name(ANNA, "", "", "Ørum"))
    assert born.name is from_soap(name=named(" ")).name is EMPTY
    decision = living(born, replace(born, name=Name("Åse Ørum", "Åse", "", "Ørum")))
    assert isinstance(decision, Change)
    assert decision.actions == (Action.NAMED,)


def test_a_name_is_composed_whichever_way_it_was_sent() -> None:
    apart = "A\N{COMBINING RING ABOVE}se O\N{COMBINING DIAERESIS}rum"
    assert from_soap(name=named(apart)).name == from_file(rec.main(ANNA), rec.name(ANNA, "Åse Örum", "", "")).name


# -- addresses ---------------------------------------------------------------------------------------------------

SUPPLEMENTARY = ("Afdeling 3", "", "Porten til venstre", "", "Ring på")
SOAP_ADDRESS = (
    "<ns3:aktuelAdresse><ns3:kommunekode>751</ns3:kommunekode><ns3:vejkode>123</ns3:vejkode>"
    "<ns3:husnummer>016B</ns3:husnummer><ns3:etage>st</ns3:etage><ns3:sidedoer>th</ns3:sidedoer>{co}"
    "<ns3:lokalitet>Gården</ns3:lokalitet><ns3:bynavn>Mejlby</ns3:bynavn>"
    "<ns3:postnummer>8000</ns3:postnummer><ns3:postdistrikt>Aarhus C</ns3:postdistrikt>"
    "<ns3:vejadresseringsnavn>Ærøgade</ns3:vejadresseringsnavn>"
    "<ns3:adr1-supladr>Afdeling 3</ns3:adr1-supladr><ns3:adr3-supladr>Porten til venstre</ns3:adr3-supladr>"
    "<ns3:adr5-supladr>Ring på</ns3:adr5-supladr></ns3:aktuelAdresse>"
)


def housed(*, co: str = "", place: str = rec.CODES) -> Person:
    """The file's: 150-183 of record 003 is the town."""
    text = rec.text(ANNA, place, co=co, locality="Gården")
    text = f"{text[:149]}{'Mejlby':34}{text[183:]}"
    return from_file(rec.main(ANNA), rec.codes(ANNA, place, co=co, lines=SUPPLEMENTARY), text, rec.name(ANNA))


def answered(*, co: str = "") -> Person:
    return from_soap(address=SOAP_ADDRESS.format(co=f"<ns3:conavn>{co}</ns3:conavn>" if co else ""))


def test_each_part_of_an_address_has_its_place_and_both_sources_agree() -> None:
    told = housed(co="c/o Bo Ærø").address
    assert told == Address(
        municipality="0751",
        street_code="0123",
        house="16B",
        floor="st",
        door="th",
        co="c/o Bo Ærø",
        locality="Gården",
        town="Mejlby",
        postcode="8000",
        district="Aarhus C",
        road="Ærøgade",
        supplementary=SUPPLEMENTARY,
    )
    assert told == answered(co="c/o Bo Ærø").address
    assert label_lines(told) == ["c/o Bo Ærø", "Gården", "Ærøgade 16B, st. th", "Mejlby", "8000 Aarhus C"]


@pytest.mark.parametrize("elsewhere", ["0751" + "0123" + "018 " + "01" + "  tv" + "    "])
def test_a_move_that_drops_the_co_drops_it(elsewhere: str) -> None:
    decision = living(housed(co="c/o Bo Ærø"), housed(place=elsewhere))
    assert isinstance(decision, Change)
    assert decision.actions == (Action.MOVE,)
    assert isinstance(decision.after.address, Address)
    assert (decision.after.address.co, decision.after.address.house) == ("", "18")


@pytest.mark.parametrize("now", [housed, answered], ids=["file", "lookup"])
def test_a_co_that_is_gone_is_gone_and_nobody_moved(now: object) -> None:
    """An address is one group: what the new one does not have, the record has not either (decision 1)."""
    assert callable(now)
    decision = living(housed(co="c/o Bo Ærø"), now())
    assert isinstance(decision, Change)
    assert decision.actions == (Action.ADDRESS_CORRECTED,)
    assert isinstance(decision.after.address, Address)
    assert decision.after.address.co == ""


@pytest.mark.parametrize("event", ["P10", "A42", "A09"])
def test_a_street_that_is_renamed_or_corrected_moves_nobody(event: str) -> None:
    """Another code and another name for the same door (decision 7)."""
    place = "0751" + "0456" + rec.CODES[8:]
    renamed = from_file(
        rec.main(ANNA),
        rec.codes(ANNA, place),
        rec.text(ANNA, place, road="Bækvej"),
        rec.name(ANNA),
        rec.event(ANNA, event),
    )
    decision = living(from_file(rec.main(ANNA), rec.codes(ANNA), rec.text(ANNA), rec.name(ANNA)), renamed)
    assert isinstance(decision, Change)
    assert decision.actions == (Action.ADDRESS_CORRECTED,)


def test_greenlands_building_number_stands_for_the_house_on_a_label() -> None:
    place = "0956" + "0215" + "    " + "02" + "0204" + "3412"
    home = from_file(rec.main(ANNA, status="05"), rec.codes(ANNA, place), rec.text(ANNA, place, road="Rypelien"))
    assert isinstance(home.address, Address)
    assert (home.address.building, home.address.house, home.address.door) == ("3412", "", "204")
    assert label_lines(home.address) == ["Rypelien B-3412, 2. 204", "8000 Aarhus C"]


def test_foreign_lines_are_kept_in_their_places_and_both_sources_agree() -> None:
    told = ("Storgatan 1", "", "211 41 Malmö", "", "Sverige")
    gone = from_file(rec.main(ANNA, status="80"), rec.departure(ANNA, "5120", *(f"{line:34}" for line in told)))
    abroad = "".join(
        f"<ns3:udlandsadresse{place}>{line}</ns3:udlandsadresse{place}>" for place, line in enumerate(told, 1) if line
    )
    soap = f"<ns3:udrejseoplysninger><ns3:udrejselandekode>5120</ns3:udrejselandekode>{abroad}</ns3:udrejseoplysninger>"
    assert gone.abroad == Abroad("5120", told)
    assert disagreements(gone, from_soap(address=soap, code=80)) == []
