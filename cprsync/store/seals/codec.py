"""Encode and decode the canonical bytes of a record's register part. They are sealed and fingerprinted.

The first byte is the version of this mapping. Then come the number and each group in its order. Each group begins with
a record separator and a letter: K known, E empty, S silent, A for an address that stays sealed. Unit separators divide
the fields of a known group. The text inside is canonical and has no control character. The as-of is not part of it,
because it moves without a change of the record.

A value that the program holds sealed is opened here to be written. Everywhere else, opening needs an audit entry. A
protected person is sealed again when they are read.
"""

from __future__ import annotations

from datetime import date

from cprsync.domain.person.address import Address, Name
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Abroad, Birth, Contact, Gap, Person, Protection, Silent, Status
from cprsync.domain.person.sealed import Opening, Sealed, SealedAddress
from cprsync.store.seals.failures import SealBroken

#: The owner under which the register's part of a record is sealed.
REGISTER = "register"
#: Increase it when a field is added or read in another way. Fingerprints of older versions then never match.
MAPPING = 1
_VERSION = bytes((MAPPING,))
_GROUP = "\x1e"
_FIELD = "\x1f"
_GROUPS = 8
#: The written form of a group that is one word, and of the gaps.
_STATUSES: dict[str, Status | Silent] = {"S": SILENT} | {f"K{status.value}": status for status in Status}
_STATUS_WORDS = {status: word for word, status in _STATUSES.items()}
_GAPS: dict[str, Gap] = {"E": EMPTY, "S": SILENT}
_PROTECTED = f"K{Protection.NAME_AND_ADDRESS.value}"

#: The store writes what it is given, sealed or not.
_OPENING = Opening()

# Both ways are written out, group by group, because a night runs them once for every person of a delivery.


def encode(person: Person) -> bytes:
    """Encode a person, without events.

    Raises:
        ValueError: a text is not canonical.
    """
    name, birth, address = _name(person.name), _birth(person.birth), _address(person.address)
    abroad, contact = _abroad(person.abroad), _contact(person.contact)
    groups = (
        person.number.digits,
        name,
        birth,
        _STATUS_WORDS[person.status],
        address,
        _gap(person.protection) if isinstance(person.protection, Gap) else _PROTECTED,
        _gap(person.current_number) if isinstance(person.current_number, Gap) else f"K{person.current_number.digits}",
        abroad,
        contact,
    )
    text = _GROUP.join(groups)
    # how many separators each group has between its fields
    counted = ((name, 3), (birth, 1), (address, 16), (abroad, 5), (contact, 4))
    if text.count(_GROUP) != _GROUPS or text.count(_FIELD) != sum([n for group, n in counted if group[0] in "KA"]):
        raise ValueError("not canonical: a field holds a separator")
    return _VERSION + text.encode()


def _gap(gap: Gap) -> str:
    return "S" if gap is SILENT else "E"


def _name(name: Name | Sealed[Name] | Gap) -> str:
    if isinstance(name, Gap):
        return _gap(name)
    if isinstance(name, Sealed):
        name = name.open(_OPENING)
    return f"K{name.addressing}{_FIELD}{name.first}{_FIELD}{name.middle}{_FIELD}{name.last}"


def _birth(birth: Birth | Silent) -> str:
    return "S" if birth is SILENT else f"K{birth.day.isoformat()}{_FIELD}{'*' if birth.uncertain else ''}"


def _address(at: Address | SealedAddress | Silent) -> str:
    if at is SILENT:
        return "S"
    if isinstance(at, SealedAddress):
        at = at.open(_OPENING)
    where = (at.municipality, at.street_code, at.house, at.building, at.floor, at.door)
    words = (at.co, at.locality, at.town, at.postcode, at.district, at.road)
    return ("A" if at.stays_sealed else "K") + _FIELD.join((*where, *words, *at.supplementary))


def _abroad(abroad: Abroad | Sealed[Abroad] | Silent) -> str:
    if abroad is SILENT:
        return "S"
    if isinstance(abroad, Sealed):
        abroad = abroad.open(_OPENING)
    return "K" + _FIELD.join((abroad.country, *abroad.lines))


def _contact(contact: Contact | Sealed[Contact] | Gap) -> str:
    if isinstance(contact, Gap):
        return _gap(contact)
    if isinstance(contact, Sealed):
        contact = contact.open(_OPENING)
    return "K" + _FIELD.join(contact.lines)


def dwelling(at: Address | SealedAddress) -> str:
    """Return what is the same for a whole household. It is only ever kept as a keyed index."""
    return _FIELD.join((at.open(_OPENING) if isinstance(at, SealedAddress) else at).dwelling)


def decode(canonical: bytes) -> Person:
    """Decode a person, exactly as they were written.

    Raises:
        SealBroken: the bytes have a mapping that this program does not know.
    """
    if canonical[:1] != _VERSION:
        raise SealBroken("a record is written by another version of the program")
    number, name, birth, status, address, protection, current, abroad, contact = canonical[1:].decode().split(_GROUP)
    if "E" in {birth, status, address, abroad}:
        raise SealBroken("a record has no value where it must have one")
    return Person(
        CprNumber(number),
        _GAPS[name] if name in _GAPS else Name(*_fields(name)),
        SILENT if birth == "S" else _birth_of(birth),
        _STATUSES[status],
        SILENT if address == "S" else _address_of(address),
        _GAPS[protection] if protection in _GAPS else Protection(protection[1:]),
        _GAPS[current] if current in _GAPS else CprNumber(current[1:]),
        SILENT if abroad == "S" else _abroad_of(abroad),
        _GAPS[contact] if contact in _GAPS else Contact(_five(_fields(contact))),
    )


def _fields(group: str) -> list[str]:
    return group[1:].split(_FIELD)


def _birth_of(group: str) -> Birth:
    day, mark = _fields(group)
    return Birth(date.fromisoformat(day), mark == "*")


def _address_of(group: str) -> Address:
    municipality, street, house, building, floor, door, *words = _fields(group)
    co, locality, town, postcode, district, road, *lines = words
    at = (municipality, street, house, building, floor, door)
    return Address(*at, co, locality, town, postcode, district, road, _five(lines), stays_sealed=group[0] == "A")


def _abroad_of(group: str) -> Abroad:
    country, *lines = _fields(group)
    return Abroad(country, _five(lines))


def _five(fields: list[str]) -> tuple[str, str, str, str, str]:
    one, two, three, four, five = fields
    return one, two, three, four, five
