"""People of the town as the rules see them, and what may happen to them. Shares no parser with the program.

`person` says all that a delivery would say; events are functions from a person to the same person afterwards.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from town import PEOPLE, TOWN, number

from cprsync.domain.patron.patron import AsOf, Patron, Source
from cprsync.domain.person.canonical import abroad_of, address_of, contact_of, name_of
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import (
    EMPTY,
    SILENT,
    Abroad,
    Birth,
    Contact,
    Person,
    Protection,
    Silent,
    Status,
    silence_by_status,
)
from cprsync.domain.person.sealed import Address, Name

PROTECTED = Protection.NAME_AND_ADDRESS
FRIDAY, MONDAY = date(2027, 3, 19), date(2027, 3, 22)
#: What the records of the tests are true for, and what a night brings.
STORED, TONIGHT = AsOf(FRIDAY, Source.FILE), AsOf(MONDAY, Source.FILE)
LOOKED_UP = AsOf(MONDAY, Source.LOOKUP)
_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def person(key: str, **deviations: Any) -> Person:
    """What a delivery of all record types says of one of the town's people."""
    raw = PEOPLE[key]
    name = raw["name"]
    whole = Person(
        number=CprNumber.parse(raw["number"]),
        name=name_of(*(name.get(part, "") for part in ("addressing", "first", "middle", "last"))),
        birth=Birth(raw["born"], raw.get("born_uncertain", False)) if isinstance(raw["born"], date) else SILENT,
        status=Status(raw["status"]),
        address=_address(raw["address"]) if "address" in raw else SILENT,
        protection=PROTECTED if PROTECTED.value in raw.get("protections", {}) else EMPTY,
        current_number=CprNumber.parse(number(raw["current"])) if "current" in raw else EMPTY,
        abroad=abroad_of(raw["abroad"]["country"], raw["abroad"]["lines"]) if "abroad" in raw else SILENT,
        contact=contact_of(raw.get("contact", {}).get("lines", ())),
    )
    return replace(silence_by_status(whole), **deviations)


def patron(key: str, **deviations: Any) -> Patron:
    """A verified patron whose record says what the register says; `deviations` are of the record."""
    return Patron("40817263", person(key, **deviations), STORED, version=1)


def unverified(key: str) -> Patron:
    """A patron just imported: a number, and not a word from the register."""
    return Patron("40817263", Person(CprNumber.parse(number(key))), None, version=0)


def having(who: Person, **groups: Any) -> Person:
    """The same person with other groups, named at run time."""
    return replace(who, **groups)


def street(name: str) -> Address:
    """An address to move to."""
    address = _address(TOWN["streets"][name])
    assert isinstance(address, Address)
    return address


def generated(day: int, month: int, year: int, seventh: str) -> str:
    """Ten digits of that date and seventh digit which fail modulus 11, so that hardly anyone holds them."""
    for serial in range(1000):
        digits = f"{day:02}{month:02}{year % 100:02}{seventh}{serial:03}"
        if sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11:
            return digits
    raise AssertionError("a thousand numbers in a row that pass modulus 11")


# -- what happens to people --------------------------------------------------------------------------------


def nothing_happens_to(who: Person) -> Person:
    return who


def moves(who: Person, to: str = "HAVNEN") -> Person:
    return replace(who, address=street(to), events=("A01",))


def renames(who: Person) -> Person:
    return replace(who, name=Name("Mette Aagaard", "Mette", "", "Aagaard"), events=("A13",))


def gets_her_first_name(who: Person) -> Person:
    return replace(who, name=Name("Storm Fuglsang", "Storm", "", "Fuglsang"), events=("A14",))


def gains_protection(who: Person) -> Person:
    return replace(who, protection=PROTECTED, events=("A33",))


def loses_protection(who: Person) -> Person:
    return replace(who, protection=EMPTY, events=("P11",))


def corrects_her_birth_date(who: Person) -> Person:
    return replace(who, birth=Birth(date(1985, 4, 5)))


def gets_a_contact_address(who: Person) -> Person:
    return replace(who, contact=Contact(("Postboks 12", "8000 Aarhus C", "", "", "")), events=("A47",))


def emigrates(who: Person) -> Person:
    return silence_by_status(
        replace(who, status=Status.EMIGRATED, abroad=Abroad("5120", ("Storgatan 1", "Malmö", "", "", "")))
    )


def moves_abroad(who: Person) -> Person:
    """An emigrated person, to another place abroad."""
    return replace(who, abroad=Abroad("5180", ("Lindenweg 4", "Flensburg", "", "", "")))


def dies(who: Person) -> Person:
    return silence_by_status(replace(who, status=Status.DEAD, events=("A21",)))


def _address(raw: dict[str, Any]) -> Address | Silent:
    parts = {key: value for key, value in raw.items() if key not in {"since", "street", "long_road"}}
    return address_of(street_code=raw["street"], **parts)
