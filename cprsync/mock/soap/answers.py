"""Builds the answer to PersonLookup: a person as the platform describes them, element by element.

The order is the schema's. Unset values are left out. Whether there is a person at all is decided in `services`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from lxml import etree

from cprsync.mock.soap.messages import CALL_CONTEXT, LOOKUP, PNR, Element
from cprsync.mock.town.clock import offset_on
from cprsync.mock.town.delivery import civil_status, current_number
from cprsync.mock.town.people import NUMBER_ONLY, REPLACED, Person, children_of, standard_address
from cprsync.mock.town.subscriptions import age_on

if TYPE_CHECKING:
    from collections.abc import Mapping

_ADULT = 18
_ALIVE_WITH_ADDRESS = frozenset({"01", "03", "05", "07"})
_GONE = frozenset({"80", "90"})
_PROTECTIONS = {
    "0001": "adressebeskyttelse",
    "0002": "vejviserbeskyttelse",
    "0003": "markedsfoeringsbeskyttelse",
}
_NAME_AND_ADDRESS = "0001"
#: The prefixes that the platform writes. It does not use the default namespace here.
PREFIXES: dict[str | None, str] = {None: CALL_CONTEXT, "ns2": PNR, "ns3": LOOKUP}


@dataclass(frozen=True, slots=True, repr=False)
class View:
    """What an answer depends on: everybody as of last night, the day of the call, and how protection is written."""

    people: Mapping[str, Person]
    day: date
    #: Leave out protections that a person does not have, instead of writing `beskyttet=false`.
    omit_false: bool = False


def build_answer(person: Person, view: View) -> Element:
    """Build a PersonLookupResponse."""
    answer = etree.Element(f"{{{LOOKUP}}}PersonLookupResponse", nsmap=PREFIXES)  # type: ignore[arg-type]  # the stubs forget the default namespace
    if person.status in NUMBER_ONLY:
        _number_only(_group(answer, "persondata"), person, view)
        return answer
    _person(_group(answer, "persondata"), person, view)
    _addresses(answer, person)
    _relations(answer, person, view)
    return answer


def _number_only(at: Element, person: Person, view: View) -> None:
    """For a replaced or annulled number: only the number in force, and the status."""
    _put(at, "personnummer", person.number)
    current = current_number(person, view.people) if person.status in REPLACED else person.number
    _put(at, "gaeldendePersonnummer", current)
    _put(at, "antalBoernUnder18", "0")
    _status(at, person)


def _person(at: Element, person: Person, view: View) -> None:
    _put(at, "personnummer", person.number)
    _put(at, "gaeldendePersonnummer", person.number)
    _name(at, person)
    age = age_on(person.born, view.day)
    if age is not None:
        _day(at, "foedselsdato", person.born, uncertain=person.born_uncertain)
        _put(at, "alder", str(age))
    _put(at, "koen", person.sex)
    _put(at, "antalBoernUnder18", str(_children_at_home(person, view)))
    _put(at, "stilling", person.occupation)
    _status(at, person)
    if person.spouse:
        _put(_group(at, "civilstand"), "civilstand", civil_status(person, view.people))
    if person.citizenship:
        _put(_group(at, "statsborgerskab"), "landekode", str(int(person.citizenship)))
    if person.status == "70":
        _moment(at, "forsvindingsdato", person.disappeared)
    for code, element in _PROTECTIONS.items():
        if code == _NAME_AND_ADDRESS and person.no_end:
            _protection_without_end(at, element, person.no_end)
        else:
            _protection(at, element, person.protections.get(code), view)


def _name(at: Element, person: Person) -> None:
    name = person.name
    group = _group(at, "navn")
    # Required by the schema: it is empty for a child without a name.
    etree.SubElement(group, f"{{{LOOKUP}}}personadresseringsnavn").text = name.addressing
    _put(group, "fornavn", name.first)
    _put(group, "mellemnavn", name.middle)
    _put(group, "efternavn", name.last)
    _put(group, "fornavnMarkering", name.first_mark)
    _put(group, "mellemnavnMarkering", name.middle_mark)
    _put(group, "efternavnMarkering", name.last_mark)
    _moment(group, "navnestartdato", name.since)


def _status(at: Element, person: Person) -> None:
    group = _group(at, "status")
    _put(group, "status", str(int(person.status)))
    _moment(group, "statusdato", person.status_since)


def _protection(at: Element, element: str, start: str | None, view: View) -> None:
    if start is None:
        if not view.omit_false:
            _put(_group(at, element), "beskyttet", "false")
        return
    group = _group(at, element)
    _put(group, "startdato", _zoned(start))
    # A protection that begins later is sent without the flag, as the platform's clients expect.
    if date.fromisoformat(start) <= view.day:
        _put(group, "beskyttet", "true")


def _protection_without_end(at: Element, element: str, start: str) -> None:
    group = _group(at, element)
    _put(group, "startdato", _zoned(start))
    _put(group, "beskyttet", "false")


def _addresses(answer: Element, person: Person) -> None:
    group = etree.Element(f"{{{LOOKUP}}}adresse")
    if person.lives_somewhere:
        _current_address(_group(group, "aktuelAdresse"), person)
    if person.abroad and person.status in _GONE:
        abroad = _group(group, "udrejseoplysninger")
        _put(abroad, "udrejselandekode", str(int(person.abroad.country)))
        _moment(abroad, "udrejsedato", person.abroad.left)
        _lines(abroad, "udlandsadresse{}", person.abroad.lines)
    if person.contact:
        contact = _group(group, "kontaktAdresse")
        _lines(contact, "kontaktAdr{}", person.contact.lines)
        _put(contact, "startdato", _zoned(person.contact.since) if person.contact.since else "")
    if len(group):
        answer.append(group)


def _current_address(at: Element, person: Person) -> None:
    address = person.address
    if address is None:
        return
    _put(at, "kommunekode", _integer(address.municipality))
    _put(at, "vejkode", _integer(address.street))
    _put(at, "husnummer", address.house)
    _put(at, "etage", address.floor)
    _put(at, "sidedoer", address.door)
    _put(at, "bygningsnummer", address.building)
    _put(at, "conavn", address.co)
    _put(at, "lokalitet", address.locality)
    _put(at, "bynavn", address.town)
    _put(at, "postnummer", address.postcode)
    _put(at, "postdistrikt", address.district)
    _put(at, "vejnavn", address.long_road or address.road)
    _put(at, "standardadresse", standard_address(address))
    _put(at, "adresseringsnavn", person.name.addressing)
    _put(at, "vejadresseringsnavn", address.road)
    _moment(at, "tilflytningsdato", address.since)
    _lines(at, "adr{}-supladr", address.supplementary)


def _relations(answer: Element, person: Person, view: View) -> None:
    group = etree.Element(f"{{{LOOKUP}}}relationer")
    if person.spouse:
        _put(_group(group, "aegtefaelle"), "personnummer", view.people[person.spouse].number)
    for child in children_of(person, view.people):
        _put(_group(group, "barn"), "personnummer", child.number)
    for element, key in (("mor", person.mother), ("far", person.father)):
        if key:
            _put(_group(group, element), "personnummer", view.people[key].number)
    if len(group):
        answer.append(group)


def _children_at_home(person: Person, view: View) -> int:
    """How many children are under 18, alive, and have an address. A child with an invalid birth date does not count."""
    ages = [
        age_on(child.born, view.day)
        for child in children_of(person, view.people)
        if child.status in _ALIVE_WITH_ADDRESS
    ]
    return sum(1 for age in ages if age is not None and age < _ADULT)


# -- elements -----------------------------------------------------------------------------------------------


def _group(at: Element, name: str) -> Element:
    return etree.SubElement(at, f"{{{LOOKUP}}}{name}")


def _put(at: Element, name: str, text: str) -> None:
    if text:
        etree.SubElement(at, f"{{{LOOKUP}}}{name}").text = text


def _lines(at: Element, pattern: str, lines: tuple[str, ...]) -> None:
    for position, line in enumerate(lines, start=1):
        _put(at, pattern.format(position), line)


def _day(at: Element, name: str, day: str, *, uncertain: bool) -> None:
    group = _group(at, name)
    _put(group, "dato", _zoned(day))
    _put(group, "usikkerhedsmarkering", "*" if uncertain else "")


def _moment(at: Element, name: str, day: str) -> None:
    if day:
        _put(_group(at, name), "dato", f"{day}T00:00:00.000{offset_on(date.fromisoformat(day))}")


def _zoned(day: str) -> str:
    """A day with the offset that Copenhagen had: `1962-12-10+01:00`."""
    return f"{day}{offset_on(date.fromisoformat(day))}"


def _integer(code: str) -> str:
    """A code as xs:integer: leading zeros are lost, and an unset code is left out."""
    return str(int(code)) if code.strip("0") else ""
