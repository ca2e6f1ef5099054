"""The canonical bytes of a record's register part, and back: what is sealed and what is fingerprinted.

One byte for the version of this mapping, the number, then each group of `GROUPS` in its order. Groups
begin with a record separator and K, E or S (known, empty, silent); the fields of a known one are
parted by unit separators. The text inside is canonical and holds no control character. As-of stays
outside: it moves without the record changing.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, TypeVar

from cprsync.domain.number import CprNumber
from cprsync.domain.person import (
    EMPTY,
    SILENT,
    Abroad,
    Address,
    Birth,
    Contact,
    Gap,
    Name,
    Person,
    Protection,
    Silent,
    Status,
)
from cprsync.store.failures import SealBroken

if TYPE_CHECKING:
    from collections.abc import Callable

#: Raised when a field is added or read in another way; fingerprints of older versions then never match.
MAPPING = 1
_GROUP = "\x1e"
_FIELD = "\x1f"
_GROUPS = 8

T = TypeVar("T")


def encode(person: Person) -> bytes:
    """Write a person, events apart. Raises ValueError for text that is not canonical."""
    known = [
        _name(person.name),
        _birth(person.birth),
        (person.status.value,) if isinstance(person.status, Status) else person.status,
        _address(person.address),
        (person.protection.value,) if isinstance(person.protection, Protection) else person.protection,
        (person.current_number.digits,) if isinstance(person.current_number, CprNumber) else person.current_number,
        (person.abroad.country, *person.abroad.lines) if isinstance(person.abroad, Abroad) else person.abroad,
        person.contact.lines if isinstance(person.contact, Contact) else person.contact,
    ]
    texts = [_GAPS[group] if isinstance(group, Gap) else "K" + _FIELD.join(group) for group in known]
    text = _GROUP.join((person.number.digits, *texts))
    fields = sum(len(group) - 1 for group in known if not isinstance(group, Gap))
    if text.count(_GROUP) != _GROUPS or text.count(_FIELD) != fields:
        raise ValueError("not canonical: a field holds a separator")
    return bytes((MAPPING,)) + text.encode()


def decode(canonical: bytes) -> Person:
    """Read a person back, exactly as she was written.

    Raises:
        SealBroken: the bytes are of a mapping that this program does not know.
    """
    if canonical[:1] != bytes((MAPPING,)):
        raise SealBroken("a record is written by another version of the program")
    number, *groups = canonical[1:].decode().split(_GROUP)
    name, birth, status, address, protection, current, abroad, contact = groups
    return Person(
        number=CprNumber(number),
        name=_read(name, lambda f: Name(*f)),
        birth=_never_empty(_read(birth, lambda f: Birth(date.fromisoformat(f[0]), uncertain=f[1] == "*"))),
        status=_never_empty(_read(status, lambda f: Status(f[0]))),
        address=_never_empty(_read(address, _address_of)),
        protection=_read(protection, lambda f: Protection(f[0])),
        current_number=_read(current, lambda f: CprNumber(f[0])),
        abroad=_never_empty(_read(abroad, lambda f: Abroad(f[0], _five(f[1:])))),
        contact=_read(contact, lambda f: Contact(_five(f))),
    )


_GAPS = {EMPTY: "E", SILENT: "S"}


def _name(name: Name | Gap) -> tuple[str, ...] | Gap:
    return (name.addressing, name.first, name.middle, name.last) if isinstance(name, Name) else name


def _birth(birth: Birth | Silent) -> tuple[str, ...] | Gap:
    return (birth.day.isoformat(), "*" if birth.uncertain else "") if isinstance(birth, Birth) else birth


def _address(at: Address | Silent) -> tuple[str, ...] | Gap:
    if not isinstance(at, Address):
        return at
    return (*at.dwelling, at.co, at.locality, at.town, at.postcode, at.district, at.road, *at.supplementary)


def _address_of(fields: list[str]) -> Address:
    municipality, street, house, building, floor, door, co, locality, town, postcode, district, road, *lines = fields
    at = (municipality, street, house, building, floor, door)
    return Address(*at, co, locality, town, postcode, district, road, _five(lines))


def _five(fields: list[str]) -> tuple[str, str, str, str, str]:
    one, two, three, four, five = fields
    return one, two, three, four, five


def _read(text: str, build: Callable[[list[str]], T]) -> T | Gap:
    if text == "S":
        return SILENT
    if text == "E":
        return EMPTY
    return build(text[1:].split(_FIELD))


def _never_empty(group: T | Gap) -> T | Silent:
    if group is EMPTY:
        raise SealBroken("a record says that there is none of what is never none")
    return group
