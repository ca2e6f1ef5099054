"""What an answer about a person says: known, empty or silent (decision 1)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from soap_bodies import ADDRESS, BIRTH, NAME, anna, answer, element, persondata, status
from town import number

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Abroad, Birth, Contact, Person, Protection, Status
from cprsync.domain.person.sealed import Address, Name
from cprsync.errors import BadAnswer
from cprsync.register.soap.answers import parse_person

if TYPE_CHECKING:
    from cprsync.resources import Schemas

ANNA, BO = number("ANNA"), number("BO")
TODAY = date(2026, 11, 25)


def read(person: str, *, address: str = "", asked: str = ANNA) -> Person:
    return parse_person(element(answer(person, address=address)), CprNumber(asked), today=TODAY)


def alive(**parts: str) -> str:
    return persondata(ANNA, after=status(1) + parts.pop("after", ""), **parts)


def test_the_typed_answers_keep_the_contract(schemas: Schemas) -> None:
    """Or the tests below would show nothing."""
    assert schemas.lookup.validate(element(anna(ANNA)))
    assert schemas.lookup.validate(element(answer(alive(after=protection("<ns3:beskyttet>true</ns3:beskyttet>")))))
    assert schemas.lookup.validate(element(answer(alive(), address=ABROAD + contact("Postboks 7"))))


def test_a_whole_answer_is_read() -> None:
    person = parse_person(element(anna(ANNA)), CprNumber(ANNA), today=TODAY)
    assert person == Person(
        CprNumber(ANNA),
        name=Name("Mette Ærø Skovgaard", "Mette", "Ærø", "Skovgaard"),
        birth=Birth(date(1985, 5, 4)),
        status=Status.RESIDENT,
        address=Address(
            municipality="0751",
            street_code="0104",
            house="16B",
            floor="st",
            door="th",
            co="c/o Vestergaard",
            postcode="8000",
            district="Aarhus C",
            road="Uglesporet",
            supplementary=("Porten", "", "Baghuset", "", ""),
        ),
        current_number=EMPTY,
    )


def test_what_is_absent_is_silent() -> None:
    person = read(persondata(ANNA, before=""))
    assert {name for name, group in person.groups() if group is not SILENT} == set()


def test_a_child_without_a_name_yet_is_said_to_have_none() -> None:
    navn = "<ns3:navn><ns3:personadresseringsnavn></ns3:personadresseringsnavn></ns3:navn>"
    assert read(alive(before=navn)).name is EMPTY


@pytest.mark.parametrize(
    "written", ["1985-05-04+02:00", "1985-05-04", "1985-05-04Z", "1985-05-04-11:00", " 1985-05-04+14:00 "]
)
def test_a_date_is_taken_as_written_whatever_its_zone(written: str) -> None:
    birth = f"<ns3:foedselsdato><ns3:dato>{written}</ns3:dato></ns3:foedselsdato>"
    assert read(alive(before=birth)).birth == Birth(date(1985, 5, 4))


@pytest.mark.parametrize("written", ["-0044-03-15", "12024-01-01"])
def test_a_date_that_cannot_be_a_birth_date_is_silent(written: str) -> None:
    assert read(alive(before=f"<ns3:foedselsdato><ns3:dato>{written}</ns3:dato></ns3:foedselsdato>")).birth is SILENT


@pytest.mark.parametrize(
    ("inner", "day"),
    [
        ("<ns3:dato>2027-03-09T00:00:00.000+01:00</ns3:dato>", date(2027, 3, 9)),
        (
            "<ns3:dato>2027-03-09T00:00:00.000+01:00</ns3:dato><ns3:usikkerhedsmarkering>*</ns3:usikkerhedsmarkering>",
            None,
        ),
        ("", None),
    ],
)
def test_the_registers_day_is_taken_as_written_if_it_is_certain(inner: str, day: date | None) -> None:
    dated = f"<ns3:statusdato>{inner}</ns3:statusdato>" if inner else ""
    whole = status(90).replace("</ns3:status></ns3:status>", f"</ns3:status>{dated}</ns3:status>")
    person = parse_person(element(answer(persondata(ANNA, after=whole))), CprNumber(ANNA), today=TODAY)
    assert (person.status, person.status_since) == (Status.DEAD, day)


def test_the_day_of_a_move_stands_with_the_address() -> None:
    assert parse_person(element(anna(ANNA)), CprNumber(ANNA), today=TODAY).moved_in == date(2019, 6, 1)


def test_a_marked_birth_date_is_uncertain() -> None:
    mark = "<ns3:usikkerhedsmarkering>*</ns3:usikkerhedsmarkering></ns3:foedselsdato>"
    assert read(alive(before=BIRTH.replace("</ns3:foedselsdato>", mark))).birth == Birth(
        date(1985, 5, 4), uncertain=True
    )


def protection(inner: str) -> str:
    return f"<ns3:adressebeskyttelse>{inner}</ns3:adressebeskyttelse>"


START = "<ns3:startdato>2020-01-01+01:00</ns3:startdato>"
END = "<ns3:slutdato>2022-01-01+01:00</ns3:slutdato>"
START_TO_COME = "<ns3:startdato>2026-12-01+01:00</ns3:startdato>"
ENDS_TODAY, ENDED_YESTERDAY, END_TO_COME, NO_DAY = (
    f"<ns3:slutdato>{day}+01:00</ns3:slutdato>" for day in ("2026-11-25", "2026-11-24", "2027-11-25", "12024-01-01")
)
YES, NO = "<ns3:beskyttet>true</ns3:beskyttet>", "<ns3:beskyttet>false</ns3:beskyttet>"
PROTECTED = Protection.NAME_AND_ADDRESS


@pytest.mark.parametrize(
    ("inner", "meaning"),
    [
        (YES, PROTECTED),
        ("<ns3:beskyttet>1</ns3:beskyttet>", PROTECTED),
        (START + YES, PROTECTED),
        (START + END + YES, PROTECTED),  # no date ever lifts it
        ("", PROTECTED),  # the element without its flag
        (START, PROTECTED),
        (START + END, PROTECTED),
        (START + NO, PROTECTED),  # contradiction
        (START + END_TO_COME + NO, PROTECTED),  # a period that runs still
        (START + ENDS_TODAY + NO, PROTECTED),
        (END_TO_COME + NO, PROTECTED),
        (START_TO_COME + NO, PROTECTED),
        (START_TO_COME + END_TO_COME + NO, PROTECTED),
        (START_TO_COME + END + NO, PROTECTED),  # ends before it begins
        (START + NO_DAY + NO, PROTECTED),
        (NO, EMPTY),
        ("<ns3:beskyttet>0</ns3:beskyttet>", EMPTY),
        (START + END + NO, EMPTY),
        (START + ENDED_YESTERDAY + NO, EMPTY),
        (END + NO, EMPTY),
    ],
)
def test_protection_is_read_on_the_side_of_safety(inner: str, meaning: object) -> None:
    """A start to come protects at once, and only an end that has passed agrees with a "no" (decision 2)."""
    assert read(alive(after=protection(inner))).protection is meaning


def test_other_protections_do_not_seal() -> None:
    """Only 0001, adressebeskyttelse, does (decision 2)."""
    other = f"<ns3:vejviserbeskyttelse>{YES}</ns3:vejviserbeskyttelse>"
    assert read(alive(after=other)).protection is SILENT


ABROAD = (
    "<ns3:udrejseoplysninger><ns3:udrejselandekode>5120</ns3:udrejselandekode>"
    "<ns3:udlandsadresse1>Storgatan 1</ns3:udlandsadresse1><ns3:udlandsadresse3>Malmö</ns3:udlandsadresse3>"
    "</ns3:udrejseoplysninger>"
)


def test_an_emigrated_person_has_a_foreign_address_and_no_other() -> None:
    person = read(persondata(ANNA, after=status(80)), address=ADDRESS + ABROAD)
    assert person.abroad == Abroad("5120", ("Storgatan 1", "", "Malmö", "", ""))
    assert person.address is SILENT


def test_a_foreign_address_of_someone_at_home_is_not_read() -> None:
    assert read(alive(), address=ABROAD).abroad is SILENT


def test_a_departure_date_alone_is_no_address() -> None:
    day = "<ns3:udrejsedato><ns3:dato>2020-01-01T00:00:00.000+01:00</ns3:dato></ns3:udrejsedato>"
    left = f"<ns3:udrejseoplysninger>{day}</ns3:udrejseoplysninger>"
    assert read(persondata(ANNA, after=status(80)), address=left).abroad is SILENT


def test_an_unset_country_without_lines_is_no_address() -> None:
    """As in a delivery: an unset number is 0000 (decision 1). Nothing is written over the address that is known."""
    left = "<ns3:udrejseoplysninger><ns3:udrejselandekode>0</ns3:udrejselandekode></ns3:udrejseoplysninger>"
    assert read(persondata(ANNA, after=status(80)), address=left).abroad is SILENT


def contact(line: str) -> str:
    return f"<ns3:kontaktAdresse><ns3:kontaktAdr2>{line}</ns3:kontaktAdr2></ns3:kontaktAdresse>"


def test_a_contact_address_keeps_its_lines_in_their_place() -> None:
    assert read(alive(), address=contact("Postboks 7")).contact == Contact(("", "Postboks 7", "", "", ""))


def test_five_blank_contact_lines_say_nothing() -> None:
    assert read(alive(), address=contact("  ")).contact is SILENT


@pytest.mark.parametrize("code", [50, 60])
def test_a_replaced_number_tells_of_its_successor_and_of_nothing_else(code: int) -> None:
    person = read(persondata(ANNA, current=BO, after=status(code)), address=ADDRESS)
    assert person == Person(CprNumber(ANNA), status=Status(str(code)), current_number=CprNumber(BO))


def test_a_number_is_not_its_own_successor() -> None:
    assert read(persondata(ANNA, current=ANNA, after=status(60))).current_number is SILENT


@pytest.mark.parametrize("current", [ANNA, BO, None])
def test_a_living_number_has_no_successor(current: str | None) -> None:
    """The service sends the person's own number when there is none."""
    assert read(persondata(ANNA, current=current, after=status(1))).current_number is EMPTY


@pytest.mark.parametrize("code", [1, 3, 5, 7, 20, 30, 50, 60, 70, 80, 90])
def test_a_status_is_two_digits(code: int) -> None:
    person = read(persondata(ANNA, after=status(code)))
    assert person.status is Status(f"{code:02}")


@pytest.mark.parametrize("code", [30, 70, 80, 90])
def test_an_address_of_someone_who_lives_nowhere_is_not_read(code: int) -> None:
    assert read(persondata(ANNA, after=status(code)), address=ADDRESS).address is SILENT


def test_an_address_without_residence_is_read_as_a_delivery_has_it() -> None:
    """Status 20: below 30, where record 002 is delivered (decision 1)."""
    assert read(persondata(ANNA, after=status(20)), address=ADDRESS).address == read(alive(), address=ADDRESS).address


def test_an_address_without_a_house_is_none() -> None:
    bare = "<ns3:aktuelAdresse><ns3:kommunekode>751</ns3:kommunekode><ns3:vejkode>104</ns3:vejkode></ns3:aktuelAdresse>"
    assert read(alive(), address=bare).address is SILENT


def full_width(digits: str) -> str:
    return "".join(chr(ord("０") + int(digit)) for digit in digits)


@pytest.mark.parametrize("other", [BO, "", full_width(ANNA), ANNA[:6] + "-" + ANNA[6:], ANNA[:9]])
def test_an_answer_about_another_number_is_refused(other: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        read(persondata(other, after=status(1)))
    assert refused.value.kind == "register.other_person"
    assert ANNA not in str(refused.value)


def test_blanks_do_not_make_another_number_hers() -> None:
    """Ten characters, as the schema wants, of which one is a blank."""
    with pytest.raises(BadAnswer) as refused:
        read(persondata(f" {ANNA[1:]}"))
    assert refused.value.kind == "register.other_person"


def test_an_answer_without_a_number_is_refused() -> None:
    with pytest.raises(BadAnswer) as refused:
        read("<ns3:persondata><ns3:antalBoernUnder18>0</ns3:antalBoernUnder18></ns3:persondata>")
    assert refused.value.kind == "register.other_person"


@pytest.mark.parametrize("xml", [answer(""), answer("", address=ADDRESS)])
def test_an_answer_without_a_person_is_not_an_empty_person(xml: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        parse_person(element(xml), CprNumber(ANNA), today=TODAY)
    assert refused.value.kind == "register.empty_answer"


@pytest.mark.parametrize(
    ("person", "address"),
    [
        (persondata(ANNA, current=full_width(BO), after=status(60)), ""),
        (alive(), ADDRESS.replace("751", "-751")),
        (alive(), ADDRESS.replace("751", "75x")),
        (alive(), ADDRESS.replace("751", "10751")),
        (alive(), ADDRESS.replace("104", "10104")),
        (alive(), ADDRESS.replace("751", "9" * 5000)),
        (alive(before=NAME.replace("Mette", "x" * 201)), ""),
        (persondata(ANNA, after=status(2)), ""),
        # a replacement number: the register has none, and can name none
        (persondata(ANNA, current=f"{int(ANNA[:2]) + 60}{ANNA[2:]}", after=status(60)), ""),
        # reserved: none of the eleven statuses
        (persondata(ANNA, after=status(10)), ""),
    ],
)
def test_an_impossible_value_is_refused_without_being_quoted(person: str, address: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        read(person, address=address)
    assert str(refused.value) == "the answer holds an impossible value"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    ("person", "address"),
    [
        (alive(before=NAME.replace("Skovgaard", "PrÃ¸ve") + BIRTH), ""),
        (alive(before=NAME.replace("Mette Ærø", "Mette Ã\x86rÃ¸") + BIRTH), ""),
        (alive(before=NAME.replace("Ærø", "&#x98;r") + BIRTH), ""),
        (alive(), ADDRESS.replace("Uglesporet", "BÃ¸gevej")),
        (alive(), ADDRESS.replace("Porten", "PÃ¥ loftet")),
        (persondata(ANNA, after=status(80)), ABROAD.replace("Malmö", "MalmÃ¶")),
        (alive(), contact("Ã˜sterbro")),
    ],
)
def test_a_text_in_another_encoding_is_refused_without_being_quoted(person: str, address: str) -> None:
    """It would be written over a good name: a change file with such letters is refused as well."""
    with pytest.raises(BadAnswer) as refused:
        read(person, address=address)
    assert refused.value.kind == "register.misread"
    assert str(refused.value) == "a name or an address was read in another encoding"
    assert refused.value.__suppress_context__


def test_a_name_with_rare_letters_is_taken() -> None:
    name = read(alive(before=NAME.replace("Skovgaard", "São Conceição"))).name
    assert isinstance(name, Name)
    assert name.last == "São Conceição"


def test_a_person_read_shows_nothing_when_printed() -> None:
    assert "Mette" not in repr(parse_person(element(anna(ANNA)), CprNumber(ANNA), today=TODAY))
    assert NAME not in repr(read(alive()))
