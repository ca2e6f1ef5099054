"""The rows about names and addresses, written out once more, and lived where one decision shows it.

What both sources write of them, byte by byte, is lived in test_names_and_addresses, test_extract and test_answers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from people import LOOKED_UP, TONIGHT, emigrates, gets_a_contact_address, having, patron, person
from printed import danish, tables

from cprsync.domain.deciding.decide import Change, Unchanged, WhyUnchanged, decide
from cprsync.domain.lending.contacting import Letter, NoLetter, letter_to
from cprsync.domain.patron.field import Owner
from cprsync.domain.patron.fields import FIELD
from cprsync.domain.patron.local import Local
from cprsync.domain.patron.override import Overridden, Override, in_force
from cprsync.domain.person.canonical import Misread, abroad_of, address_of, contact_of, name_of
from cprsync.domain.person.person import EMPTY, SILENT, Abroad, Person, Status, merge, silence_by_status
from cprsync.domain.person.sealed import Address, Name, label_lines
from cprsync.domain.person.status import Action

ADDRESS = {
    "address-name": (
        "navnet på posten",
        (
            "adresseringsnavnet, højst 34 tegn, som på sundhedskortet, også fra et opslag; for-, mellem- og efternavn "
            "gemmes til sortering"
        ),
        "CPR: post 008 (ADRNVN); beslutning 8",
    ),
    "address-markers": (
        "+ (forkortet), * (bogstaver, som CPR ikke kan skrive) eller = ved et navn",
        "tegnet gemmes ikke: navnet gemmes, som det står",
        "CPR: post 008 (markeringer)",
    ),
    "address-unnamed": (
        "et barn, der ikke har fået navn endnu",
        "posten er uden navn, indtil navnet kommer (A14); et brev sendes uden navn",
        "CPR: post 008 (tom); beslutning 1",
    ),
    "address-counts": (
        (
            "hvad der er en adresse: en kommune, der findes, vejkode, vejnavn og et hus eller en bygning (BNR). Ved "
            "vejkode 9900-9999 er kommunen nok"
        ),
        (
            "adressen læses. Mangler noget af det, siger kilden intet om adressen, og hele den sidste adresse bliver "
            "stående. Ved status 01, 03, 05 og 07 venter låneren på personalet"
        ),
        "CPR: post 002 og 003; beslutning 1 og 49",
    ),
    "address-whole": (
        "en adresse uden c/o, etage, dør, lokalitet eller supplerende linjer, hvor den før havde dem",
        "de fjernes: hele adressen skiftes",
        "CPR: post 002 og 003; beslutning 1",
    ),
    "address-written": (
        "samme adresse med andre nuller og blanke, eller med store bogstaver i etage og dør (016B, ST, TH)",
        "samme adresse: intet ændres",
        "CPR: post 002 og 003; beslutning 1",
    ),
    "address-misread": (
        (
            "et navn eller en adresse, hvor UTF-8 er læst som ISO-8859-1 eller windows-1252 (PrÃ¸ve), eller hvor der "
            "står et af tegnene 0x80-0x9F eller et tabt tegn (�)"
        ),
        (
            "intet i den kilde gælder for låneren (i en leverance gælder en beskyttelse og et dødsfald dog): låneren "
            "venter på personalet. São og Conceição er rigtige bogstaver og læses"
        ),
        "CPR: tegnsæt og standarder; beslutning 1 og 3",
    ),
    "address-label": (
        "brevets linjer under navnet",
        (
            "c/o, lokalitet, vej med husnummer, etage og dør, by, postnummer og postdistrikt. Uden husnummer står "
            "bygningen i Grønland (B-3412). Supplerende linjer gemmes og "
            "sendes til de systemer, der må få adressen, men kommer ikke på breve"
        ),
        "CPR: tegnsæt og standarder, post 002 og 003; beslutning 8",
    ),
    "address-gone": (
        "en adresse ved status 30 og derover",
        "læses ikke; den sidste kendte adresse bliver stående",
        "CPR: post 001 (status) og 002; beslutning 1",
    ),
    "address-abroad": (
        "udlandsadressen",
        "læses kun ved status 80 og fjernes, når status bliver en anden; får ingen breve",
        "CPR: post 005; beslutning 1 og 8",
    ),
    "address-contact-ended": (
        "CPR's kontaktadresse: leverancen har ingen, og post 006 er i aftalen",
        "kontaktadressen er ophørt",
        "CPR: post 006; beslutning 1",
    ),
    "address-contact-silent": (
        "CPR's kontaktadresse: et opslag har ingen",
        "kontaktadressen bliver: et opslag kan ikke sige, at der ingen er",
        "SF1520: kontaktAdresse; beslutning 1",
    ),
    "address-contact-own": (
        "lånerens egen kontaktadresse, med sit c/o",
        "CPR ændrer den aldrig; på et brev går den forud for CPR's",
        "Princip: én ejer; beslutning 8",
    ),
    "address-corrected": (
        "navn eller adresse er rettet ved skranken",
        (
            "rettelsen står på brevet i stedet for CPR's oplysning, indtil rettelsen udløber; også ved status 20, "
            "30, 70 og 80, og når ingen status er kendt. En kontaktadresse går forud. Er låneren forseglet, går brevet "
            "først, når rettelsen er åbnet med en begrundelse. Døde får ingen breve. Kommunen rettes for sig"
        ),
        "Princip: én ejer; beslutning 8",
    ),
}
TODAY = date(2027, 3, 23)
ANNA = person("ANNA")
#: With all that an address may have and another may lack.
FULL = Address("0751", "1104", "16B", floor="1", door="th", co="c/o Bo", locality="Gården", supplementary=("Bag",) * 5)


@pytest.mark.parametrize("key", ADDRESS)
def test_a_row_is_printed_as_it_is_lived(key: str) -> None:
    assert danish(key) == ADDRESS[key]


def test_these_are_all_the_rows() -> None:
    assert tables()["address"].keys == tuple(ADDRESS)


@pytest.mark.parametrize("key", ["address-name"])
def test_the_name_on_the_record_is_the_addressing_name(key: str) -> None:
    longest = "Maximiliane-Alexandrine V.T.Ørsted"
    told = name_of(f" {longest} ", "Maximiliane-Alexandrine", "Vita Thora", "Ørsted")
    assert told == Name(longest, "Maximiliane-Alexandrine", "Vita Thora", "Ørsted"), key
    assert len(longest) == 34


@pytest.mark.parametrize("key", ["address-name"])
def test_a_name_longer_than_a_delivery_can_carry_is_kept_as_a_delivery_carries_it(key: str) -> None:
    """CPR: the widths of record 008. The contract of the look-up has no limit."""
    told = name_of("A" * 60, "B" * 60, "C" * 60, f"{'D' * 39} {'D' * 20}")
    assert told == Name("A" * 34, "B" * 50, "C" * 40, "D" * 39), key
    # a letter of two characters counts as one, and no blank ends a name
    assert name_of(f"{'e' * 32}e\u0301 Falk", "", "", "") == Name(f"{'e' * 32}é", "", "", "")


@pytest.mark.parametrize("key", ["address-markers"])
def test_a_name_has_no_place_for_a_marker(key: str) -> None:
    """Read byte by byte in test_names_and_addresses."""
    assert Name.__slots__ == ("addressing", "first", "middle", "last"), key


@pytest.mark.parametrize("key", ["address-unnamed"])
def test_a_child_without_a_name_is_taken_and_gets_letters_without_one(key: str) -> None:
    child = replace(patron("ANNA"), register=having(ANNA, name=EMPTY))
    assert name_of("", "", "", "") is EMPTY, key
    assert decide(having(ANNA, name=EMPTY), child, as_of=TONIGHT) == Unchanged(WhyUnchanged.EQUAL)
    letter = letter_to(child.register, Local(), stopped=False, sealed=False)
    assert isinstance(letter, Letter)
    named = letter_to(ANNA, Local(), stopped=False, sealed=False)
    assert isinstance(named, Letter)
    assert named.lines[1:] == letter.lines


@pytest.mark.parametrize(
    ("parts", "counts"),
    [
        pytest.param({"house": "1"}, True, id="address-counts-house"),
        pytest.param({"building": "3412"}, True, id="address-counts-building"),
        pytest.param({"street_code": "9900", "road": ""}, True, id="address-counts-street"),
        pytest.param({}, False, id="address-counts-nothing"),
        pytest.param({"house": "1", "municipality": "0"}, False, id="address-counts-municipality"),
        pytest.param({"house": "1", "street_code": "0"}, False, id="address-counts-code"),
        pytest.param({"house": "1", "road": ""}, False, id="address-counts-road"),
        pytest.param({"building": "3412", "road": " "}, False, id="address-counts-blank-road"),
        pytest.param({"house": "1", "municipality": "998"}, False, id="address-counts-no-municipality"),
        pytest.param({"street_code": "9900", "municipality": "998"}, False, id="address-counts-nowhere"),
    ],
)
def test_what_is_an_address_is_read_and_anything_less_leaves_the_last_one(
    parts: dict[str, Any], *, counts: bool
) -> None:
    told = address_of(**{"municipality": "0751", "street_code": "1104", "road": "Uglesporet", **parts})
    assert (told is not SILENT) is counts
    # 20: a status that may be without one
    after = merge(ANNA, having(ANNA, status=Status.NO_RESIDENCE, address=told))
    assert (after.address == ANNA.address) is not counts


def named(text: str) -> object:
    return name_of(text, "", "", "")


def living_at(text: str) -> object:
    return address_of(municipality="0751", street_code="1104", house="1", road=text)


def with_a_line(text: str) -> object:
    return address_of(municipality="0751", street_code="1104", house="1", road="Vej", supplementary=["", text])


def gone_to(text: str) -> object:
    return abroad_of("5120", ["Storgatan", text])


def reached_at(text: str) -> object:
    return contact_of(["", "", text])


READERS = (named, living_at, with_a_line, gone_to, reached_at)


@pytest.mark.parametrize("read", READERS, ids=lambda read: f"address-misread-{read.__name__}")
@pytest.mark.parametrize("word", ["Prøve", "ÆRØ", "Åse", "Øst", "René", "à", "Müller", "Ýr", "Ñ", "ÿ", "½", "a–b"])
@pytest.mark.parametrize("as_if", ["iso-8859-1", "windows-1252"])
def test_a_text_that_was_read_in_another_encoding_is_no_text(word: str, as_if: str, read: Any) -> None:
    """Of windows-1252 five bytes are nothing at all: what a careless reader makes of them is a lost letter."""
    with pytest.raises(Misread) as refused:
        read(word.encode().decode(as_if, errors="replace"))
    assert str(refused.value) == ""


@pytest.mark.parametrize("read", READERS, ids=lambda read: f"address-misread-{read.__name__}")
@pytest.mark.parametrize("text", ["Pr\x98ve", "Skov\x85", "\x9f", "Pr�ve", "Prï¿½ve"])
def test_a_text_with_a_control_character_or_a_lost_letter_is_no_text(text: str, read: Any) -> None:
    with pytest.raises(Misread):
        read(text)


@pytest.mark.parametrize("read", READERS, ids=lambda read: f"address-misread-{read.__name__}")
@pytest.mark.parametrize(
    "text",
    [
        *("São", "SÃO JOÃO", "Conceição", "CONCEIÇÃO", "Ângela", "ÂNGELA", "Magalhães", "IRMÃ Lúcia", "Ã", "Â", "Ã A"),
        *("Prøve", "ÆRØ", "Müller", "Åse Åberg", "Ø. Nørre", "L'Église", "Nº 5", "Sø-Vej", "Çelik", "Þór", "Straße"),
        *("Åge´s", "Ø·stervang", "É»", "ÀÁÂÃÄÅ", "ÃO–BO"),
    ],
)
def test_a_real_name_with_rare_letters_is_read(text: str, read: Any) -> None:
    """Only Â or Ã with a continuation byte behind it is a pair: before a letter they are letters."""
    assert read(text) not in {SILENT, EMPTY}


@pytest.mark.parametrize("key", ["address-misread"])
def test_two_fields_side_by_side_are_no_pair(key: str) -> None:
    one = name_of("Ana Sã", "Ana", "IRMÃ", "¸")
    assert isinstance(one, Name), key
    assert one.middle == "IRMÃ"


@pytest.mark.parametrize("part", ["co", "floor", "door", "locality", "supplementary"])
@pytest.mark.parametrize("moves", [False, True])
@pytest.mark.parametrize("key", ["address-whole"])
def test_what_a_new_address_lacks_the_record_has_no_more(part: str, key: str, *, moves: bool) -> None:
    lacks = replace(FULL, **{part: Address("0751", "1104").__getattribute__(part)}, house="18" if moves else "16B")
    decision = decide(
        having(ANNA, address=lacks), replace(patron("ANNA"), register=having(ANNA, address=FULL)), as_of=TONIGHT
    )
    assert isinstance(decision, Change), key
    assert decision.after.address == lacks


@pytest.mark.parametrize("key", ["address-written"])
def test_the_same_address_written_otherwise_changes_nothing(key: str) -> None:
    one = address_of(municipality="751", street_code="7", house="16B", floor="st", door="th", road="Uglesporet")
    other = address_of(
        municipality="0751", street_code="0007", house="016B", floor="ST", door="  TH", road="Uglesporet"
    )
    assert one == other, key


@pytest.mark.parametrize("key", ["address-label"])
def test_a_letter_bears_the_lines_that_the_register_prescribes_and_no_supplementary_one(key: str) -> None:
    at = replace(FULL, road="Møllevej", town="Landsbyen", postcode="8000", district="Aarhus C")
    lines = ["c/o Bo", "Gården", "Møllevej 16B, 1. th", "Landsbyen", "8000 Aarhus C"]
    assert label_lines(at) == lines, key
    assert label_lines(replace(at, house="", building="3412", floor="", door=""))[2] == "Møllevej B-3412"


@pytest.mark.parametrize("code", ["30", "70", "80", "90"], ids=lambda code: f"address-gone-{code}")
def test_an_address_that_the_status_leaves_without_meaning_is_not_read(code: str) -> None:
    told = silence_by_status(having(ANNA, status=Status(code), address=FULL))
    assert (told.address, merge(ANNA, told).address) == (SILENT, ANNA.address)


@pytest.mark.parametrize("key", ["address-abroad"])
def test_a_foreign_address_belongs_to_status_80_and_gets_no_letters(key: str) -> None:
    gone = emigrates(ANNA)
    assert isinstance(gone.abroad, Abroad), key
    for code in ("01", "70", "90"):
        assert silence_by_status(having(gone, status=Status(code))).abroad is SILENT
        assert merge(gone, silence_by_status(having(ANNA, status=Status(code)))).abroad is SILENT
    assert letter_to(gone, Local(), stopped=False, sealed=False) is NoLetter.NOWHERE


@pytest.mark.parametrize(
    ("said", "as_of", "stays"),
    [
        pytest.param(contact_of(()), TONIGHT, False, id="address-contact-ended"),
        pytest.param(SILENT, LOOKED_UP, True, id="address-contact-silent"),
    ],
)
def test_a_contact_address_ends_when_a_delivery_has_none_and_a_look_up_cannot_say_so(
    said: Any, as_of: Any, *, stays: bool
) -> None:
    with_one = gets_a_contact_address(ANNA)
    decision = decide(having(ANNA, contact=said), replace(patron("ANNA"), register=with_one), as_of=as_of)
    if stays:
        assert decision == Unchanged(WhyUnchanged.EQUAL)
    else:
        assert isinstance(decision, Change)
        assert (decision.actions, decision.after.contact) == ((Action.CONTACT,), EMPTY)


OWN = Local(contact_address=("c/o Birk", "Havnen 2", "8000 Aarhus C"))


@pytest.mark.parametrize("key", ["address-contact-own"])
def test_the_patrons_own_contact_address_is_hers_and_comes_first(key: str) -> None:
    owners = [FIELD[one].owner for one in ("contact_address", "register_contact_address")]
    assert owners == [Owner.PATRON, Owner.REGISTER], key
    assert "contact_address" not in Person.__slots__
    letter = letter_to(gets_a_contact_address(ANNA), OWN, stopped=False, sealed=False)
    assert isinstance(letter, Letter)
    assert letter.lines[1:] == ("c/o Birk", "Havnen 2", "8000 Aarhus C")


@pytest.mark.parametrize("key", ["address-corrected"])
@pytest.mark.parametrize("code", ["01", "20", "30", "70", "80", "90"])
def test_a_correction_stands_on_the_letter_and_leaves_the_municipality(code: str, key: str) -> None:
    """Once opened of someone sealed: test_letters."""
    texts = {Overridden.NAME: "Anna Ny", Overridden.ADDRESS: "Skolegade 2\n8000 Aarhus C"}
    corrections = [Override(field, text, "lone", "", TODAY, TODAY) for field, text in texts.items()]
    who, holding = silence_by_status(having(ANNA, status=Status(code), contact=EMPTY)), in_force(corrections, TODAY)
    letter = letter_to(who, Local(), stopped=False, sealed=False, holding=holding)
    corrected = Letter(("Anna Ny", "Skolegade 2", "8000 Aarhus C"))
    assert letter == (NoLetter.STOPPED if code == "90" else corrected), key
    assert letter_to(who, Local(), stopped=False, sealed=True, holding=holding) in {NoLetter.STOPPED, NoLetter.SEALED}
    assert Overridden.MUNICIPALITY not in holding
