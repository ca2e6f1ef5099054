"""Invents any number of people, the same for the same seed, and what happens to them in a night.

Nobody here exists. Each number fails the modulus 11 check on purpose, so that it is unlikely to be issued, and none has
1 January. They are the mock's raw persons, so that its writer can deliver them.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from cprsync.mock.town.people import TownAbroad, TownAddress, TownContact, TownName, TownPerson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_MODULUS = 11
#: Nobody is born on 1 January: those numbers are few and nearly used up.
_DAYS, _MONTHS, _YEARS = range(2, 29), range(1, 13), range(1930, 2020)
#: The most people to invent. There are more numbers of these dates that fail modulus 11.
PEOPLE_MOST = 20_000_000
_PROTECTED_SHARE = 0.015
_WITH_CO = 0.03
_WITH_CONTACT = 0.02
_IN_A_FLAT = 0.55

_PLACES = (
    ("0751", "8000", "Aarhus C"),
    ("0751", "8200", "Aarhus N"),
    ("0751", "8270", "Højbjerg"),
    ("0710", "8382", "Hinnerup"),
    ("0730", "8900", "Randers C"),
    ("0740", "8600", "Silkeborg"),
    ("0615", "8700", "Horsens"),
    ("0101", "2200", "København N"),
)
_ROADS = tuple(
    f"{tree}{way}"
    for tree in (
        "Birke",
        "Ege",
        "Bøge",
        "Elme",
        "Aske",
        "Ahorns",
        "Hassel",
        "Tjørne",
        "Hylde",
        "Lærke",
        "Svale",
        "Ræve",
    )
    for way in ("vej", "gade", "stræde", "allé", "parken", "bakken", "lunden", "engen", "toften", "vænget")
)
_FIRST = (
    *("Anna", "Bjørn", "Cecilie", "Dorthe", "Esben", "Freja", "Gorm", "Hanne", "Ida", "Jørgen", "Kåre", "Lærke"),
    *("Mads", "Nanna", "Oluf", "Poul", "Rasmus", "Sofie", "Søren", "Tove", "Ulla", "Viggo", "Åse", "Ævar"),
)
_LAST = tuple(
    f"{front}{back}"
    for front in ("Skov", "Lund", "Kær", "Bak", "Sø", "Dal", "Holm", "Nør", "Vester", "Øster", "Åge", "Brand")
    for back in ("gaard", "holt", "bjerg", "sen", "strup", "by", "toft", "mark")
)
_COUNTRIES = ("5120", "5110", "5180", "5170")
_SINCE = "2019-06-01"


def people(*, seed: int) -> Iterator[TownPerson]:
    """Invent persons one after the other, each with their own number; at most PEOPLE_MOST."""
    chance = random.Random(seed)  # noqa: S311 -- invented people must be the same each time, not unpredictable
    given: set[str] = set()
    while len(given) < PEOPLE_MOST:
        number, born = _number(chance)
        if number not in given:
            given.add(number)
            yield _person(chance, number, born)


def _number(chance: random.Random) -> tuple[str, str]:
    """A number that fails modulus 11, and its birth date."""
    while True:
        day, month, year = chance.choice(_DAYS), chance.choice(_MONTHS), chance.choice(_YEARS)
        # digit 7: 0-3 mean the 1900s, 4 and 9 the 2000s up to 2036
        century = chance.choice("0123") if year < 2000 else chance.choice("49")
        digits = f"{day:02}{month:02}{year % 100:02}{century}{chance.randrange(1000):03}"
        if sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % _MODULUS:
            return digits, f"{year}-{month:02}-{day:02}"


def _person(chance: random.Random, number: str, born: str) -> TownPerson:
    return TownPerson(
        key="",
        number=number,
        status="01",
        sex="M" if int(number[-1]) % 2 else "K",
        born=born,
        status_since=born,
        name=_name(chance),
        address=_address(chance),
        contact=TownContact((f"Postboks {chance.randrange(1, 999)}", "8100 Aarhus C"), _SINCE)
        if chance.random() < _WITH_CONTACT
        else None,
        protections={"0001": "2024-02-01"} if chance.random() < _PROTECTED_SHARE else {},
    )


def _name(chance: random.Random, last: str = "") -> TownName:
    first, last = chance.choice(_FIRST), last or f"{chance.choice(_LAST)}"
    middle = chance.choice(_LAST) if chance.random() < 1 / 3 else ""
    return TownName(first, middle, last, " ".join(part for part in (first, middle, last) if part), since="2000-01-01")


def _address(chance: random.Random) -> TownAddress:
    municipality, postcode, district = chance.choice(_PLACES)
    street = chance.randrange(1, 1200)
    flat = chance.random() < _IN_A_FLAT
    return TownAddress(
        municipality=municipality,
        street=f"{street:04}",
        house=f"{chance.randrange(1, 250):03}" + chance.choice(("", "", "A", "B")),
        floor=chance.choice(("st", "01", "02", "03", "04")) if flat else "",
        door=chance.choice(("th", "tv", "mf")) if flat else "",
        co=f"c/o {chance.choice(_FIRST)} {chance.choice(_LAST)}" if chance.random() < _WITH_CO else "",
        postcode=postcode,
        district=district,
        # a street code has one name in its municipality
        road=_ROADS[(street + int(municipality)) % len(_ROADS)],
        since=_SINCE,
    )


# -- what happens to them ------------------------------------------------------------------------------


def _moved(person: TownPerson, chance: random.Random) -> TownPerson:
    while (address := _address(chance)) == person.address:
        pass
    return replace(person, address=address)


def _renamed(person: TownPerson, chance: random.Random) -> TownPerson:
    while (name := _name(chance)) == person.name:
        pass
    return replace(person, name=name)


def _protected(person: TownPerson, _chance: random.Random) -> TownPerson:
    # a person who is protected already moves instead, so that something changes for them too
    return _moved(person, _chance) if person.protections else replace(person, protections={"0001": "2027-03-22"})


def _dead(person: TownPerson, _chance: random.Random) -> TownPerson:
    return replace(person, status="90", status_since="2027-03-20", contact=None)


def _emigrated(person: TownPerson, chance: random.Random) -> TownPerson:
    abroad = TownAbroad(chance.choice(_COUNTRIES), "2027-03-20", (f"Storgatan {chance.randrange(1, 200)}", "Malmö"))
    return replace(person, status="80", status_since="2027-03-20", abroad=abroad)


def _new_contact(person: TownPerson, chance: random.Random) -> TownPerson:
    lines = (f"Postboks {chance.randrange(1000, 9999)}", "8900 Randers C")
    return replace(person, contact=TownContact(lines, "2027-03-22"))


Happening = tuple[int, str, "Callable[[TownPerson, random.Random], TownPerson]"]
#: Of a hundred changes, how many are of each kind, with the register's event code.
HAPPENINGS: tuple[Happening, ...] = (
    (64, "A01", _moved),
    (16, "A13", _renamed),
    (5, "A33", _protected),
    (7, "A47", _new_contact),
    (5, "A21", _dead),
    (3, "A06", _emigrated),
)


def happened(person: TownPerson, chance: random.Random) -> tuple[TownPerson, str]:
    """Let one thing happen to a person. Return the changed person and the event code."""
    ((_, code, change),) = chance.choices(HAPPENINGS, weights=[share for share, _, _ in HAPPENINGS])
    return change(person, chance), code
