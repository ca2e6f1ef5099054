"""People of the town as a source carries them, and what may happen to them in a night."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from town import PEOPLE, TOWN, number

from cprsync.domain.person.canonical import address_of, name_of
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import (
    EMPTY,
    SILENT,
    Abroad,
    Birth,
    Person,
    Protection,
    Silent,
    Status,
    silence_by_status,
)
from cprsync.domain.person.sealed import Address, Name

PROTECTED = Protection.NAME_AND_ADDRESS


def cpr(key: str) -> CprNumber:
    return CprNumber.parse(number(key))


def person(key: str, **deviations: Any) -> Person:
    """What a delivery says of her; `deviations` are what differs from the town."""
    raw = PEOPLE[key]
    name = raw["name"]
    whole = Person(
        cpr(key),
        name=name_of(*(name.get(part, "") for part in ("addressing", "first", "middle", "last"))),
        birth=Birth(raw["born"]) if isinstance(raw["born"], date) else SILENT,
        status=Status(raw["status"]),
        address=_address(raw["address"]) if "address" in raw else SILENT,
        protection=PROTECTED if PROTECTED.value in raw.get("protections", {}) else EMPTY,
        current_number=EMPTY,
        contact=EMPTY,
    )
    return replace(silence_by_status(whole), **deviations)


def as_looked_up(one: Person) -> Person:
    """The same, as the register's answer carries it: it cannot say that there is no contact address."""
    return replace(one, contact=SILENT if one.contact is EMPTY else one.contact, events=())


def moves(one: Person, to: str = "HAVNEN") -> Person:
    return replace(one, address=_address(TOWN["streets"][to]), events=("A01",))


def is_told_half_an_address(one: Person, **lacking: str) -> Person:
    """Her own address, read from a source that got a part of it wrong."""
    return replace(one, address=_address({**PEOPLE[_key_of(one)]["address"], **lacking}), events=("A09",))


def renames(one: Person) -> Person:
    return replace(one, name=Name("Mette Aagaard", "Mette", "", "Aagaard"), events=("A13",))


def gains_protection(one: Person) -> Person:
    return replace(one, protection=PROTECTED)


def loses_protection(one: Person) -> Person:
    return replace(one, protection=EMPTY)


def emigrates(one: Person) -> Person:
    return silence_by_status(
        replace(one, status=Status.EMIGRATED, abroad=Abroad("5120", ("Storgatan 1", "", "", "", "")))
    )


def disappears(one: Person) -> Person:
    return silence_by_status(replace(one, status=Status.DISAPPEARED))


def dies(one: Person) -> Person:
    return silence_by_status(replace(one, status=Status.DEAD, events=("A21",)))


def corrects_her_birth_date(one: Person) -> Person:
    return replace(one, birth=Birth(date(1985, 4, 5)))


def _key_of(one: Person) -> str:
    return next(key for key, raw in PEOPLE.items() if raw["number"] == one.number.digits)


def _address(raw: dict[str, Any]) -> Address | Silent:
    parts = {key: value for key, value in raw.items() if key not in {"since", "street", "long_road"}}
    return address_of(street_code=raw["street"], **parts)
