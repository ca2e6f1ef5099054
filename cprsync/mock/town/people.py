"""The invented people as the mock stores them: every raw field as text, as the register writes it.

Reads the people file once, into a town. What happens to the people afterwards is in `events` and `register`. Shares no
type with the client on purpose: the mock has its own knowledge of the register.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from cprsync.errors import ConfigurationError
from cprsync.mock.town.people_rules import PersonRefused, refuse_unless

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

PEOPLE_MAX_BYTES = 32 * 1024 * 1024
#: Status 50 and 60: the number is out of use, and `current` names the one that replaces it.
REPLACED = frozenset({"50", "60"})
#: For status 30, 50 and 60 the register gives only the status and the current number.
NUMBER_ONLY = REPLACED | {"30"}
#: Statuses from here on have no residence.
NO_ADDRESS_FROM = 30


@dataclass(frozen=True, slots=True, repr=False)
class Name:
    """A name by its parts. All empty: a child without a name."""

    first: str = ""
    middle: str = ""
    last: str = ""
    addressing: str = ""
    first_mark: str = ""
    middle_mark: str = ""
    last_mark: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """An address by its parts, with house and door as the register writes them (`016B`, `0003`)."""

    municipality: str = ""
    street: str = ""
    house: str = ""
    floor: str = ""
    door: str = ""
    building: str = ""
    co: str = ""
    locality: str = ""
    town: str = ""
    postcode: str = ""
    district: str = ""
    road: str = ""
    long_road: str = ""
    supplementary: tuple[str, ...] = ()
    since: str = ""

    @property
    def place(self) -> tuple[str, ...]:
        """The parts by which two addresses are the same."""
        return (self.municipality, self.street, self.house, self.floor, self.door, self.building, self.co)


@dataclass(frozen=True, slots=True, repr=False)
class Abroad:
    """Where an emigrated person went."""

    country: str = ""
    left: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """A contact address."""

    lines: tuple[str, ...] = ()
    since: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """One number of the register and all that is known about it. Other people are named by key."""

    key: str
    number: str
    status: str
    sex: str
    born: str
    why: str = ""
    status_since: str = ""
    born_uncertain: bool = False
    unborn: bool = False
    name: Name = field(default_factory=Name)
    address: Address | None = None
    abroad: Abroad | None = None
    contact: Contact | None = None
    protections: Mapping[str, str] = field(default_factory=dict)
    #: The start of a protection that has ended, if look-ups do not report its end.
    no_end: str = ""
    disappeared: str = ""
    current: str = ""
    next_numbers: tuple[str, ...] = ()
    spouse: str = ""
    mother: str = ""
    father: str = ""
    citizenship: str = ""
    occupation: str = ""
    #: The status before death, so that a death can be annulled.
    status_before: str = ""
    #: The number was given by mistake and taken back.
    taken_back: bool = False

    @property
    def lives_somewhere(self) -> bool:
        """Whether the register gives an address for this person."""
        return int(self.status) < NO_ADDRESS_FROM and self.address is not None


@dataclass(frozen=True, slots=True, repr=False)
class Town:
    """The people file: its first day, task number and people, and the addresses and names to choose from."""

    day: date
    task: str
    people: Mapping[str, Person]
    streets: Mapping[str, Address]
    names: Mapping[str, Name]


def children_of(person: Person, people: Mapping[str, Person]) -> list[Person]:
    """The person's children who have been born."""
    return [child for child in people.values() if person.key in (child.mother, child.father) and not child.unborn]


def load_town(path: Path) -> Town:
    """Read a people file.

    Raises:
        ConfigurationError: kind `mock.town.people`; names the line, or the person's key and field, never a value.
    """
    try:
        if path.stat().st_size > PEOPLE_MAX_BYTES:
            raise _refused("it is larger than 32 MiB")
        return town_of(_as_text(tomllib.loads(path.read_text(encoding="utf-8"))))
    except OSError as error:
        raise _refused("it cannot be read") from error
    except UnicodeDecodeError as error:
        raise _refused("it is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise _refused(f"it is no TOML {_where(error)}") from error


def town_of(document: Mapping[str, Any]) -> Town:
    """Make a town from a document with dates as text: the people file's, or the mock's own state.

    Raises:
        ConfigurationError: kind `mock.town.people`; as `load_town`.
    """
    try:
        head = document["town"]
        people = _people(document["person"])
        return Town(
            day=date.fromisoformat(head["day"]),
            task=_task(head["task"]),
            people=people,
            streets={key: address_of(key, parts) for key, parts in document.get("streets", {}).items()},
            names={key: name_of(key, parts) for key, parts in document.get("names", {}).items()},
        )
    except PersonRefused as error:
        raise _refused(str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _refused("[town] needs a day and a task of six digits, and each [[person]] its fields") from error


def person_of(fields: Mapping[str, Any]) -> Person:
    """Make a person from their fields, with groups as tables."""
    key = str(fields.get("key", "?"))
    refuse_unless(key, "person", fields)
    parts = dict(fields)
    parts["name"] = name_of(key, fields.get("name") or {})
    parts["next_numbers"] = tuple(fields.get("next_numbers", ()))
    if fields.get("address"):
        parts["address"] = address_of(key, fields["address"])
    for group, kind in (("abroad", Abroad), ("contact", Contact)):
        if fields.get(group):
            refuse_unless(key, group, fields[group])
            parts[group] = kind(**{**fields[group], "lines": tuple(fields[group].get("lines", ()))})
    return Person(**parts)


def name_of(key: str, parts: Mapping[str, Any]) -> Name:
    """Make a name. A missing addressing name is built from the parts."""
    refuse_unless(key, "name", parts)
    name = Name(**parts)
    if name.addressing or not (name.first or name.last):
        return name
    full = " ".join(part for part in (name.first, name.middle, name.last) if part)
    return Name(**{**parts, "addressing": full[:34].rstrip()})


def address_of(key: str, parts: Mapping[str, Any]) -> Address:
    """Make an address."""
    refuse_unless(key, "address", parts)
    return Address(**{**parts, "supplementary": tuple(parts.get("supplementary", ()))})


def _people(rows: Iterable[Mapping[str, Any]]) -> dict[str, Person]:
    people: dict[str, Person] = {}
    for fields in rows:
        person = person_of(fields)
        if person.key in people:
            raise PersonRefused(person.key, "the key is used twice")
        people[person.key] = person
    _check_numbers(people)
    return people


def _check_numbers(people: Mapping[str, Person]) -> None:
    seen: set[str] = set()
    for person in people.values():
        numbers = {person.number, *person.next_numbers}
        if len(numbers) <= len(person.next_numbers) or numbers & seen:
            raise PersonRefused(person.key, "a number is used twice")
        seen |= numbers
        for other in (person.spouse, person.mother, person.father):
            if other and other not in people:
                raise PersonRefused(person.key, "a relative's key is not in the file")


def _task(text: str) -> str:
    if not re.fullmatch(r"[0-9]{6}", text):
        raise ValueError("not a task number")
    return text


def _as_text(value: Any) -> Any:
    """Turn TOML's dates into text, so that a file and a stored state have the same form."""
    match value:
        case dict():
            return {key: _as_text(part) for key, part in value.items()}
        case list():
            return [_as_text(part) for part in value]
        case date():
            return value.isoformat()
        case _:
            return value


def _where(error: tomllib.TOMLDecodeError) -> str:
    # The library's text may quote the file; its position does not.
    found = re.search(r"at (line \d+, column \d+|end of document)", str(error))
    return f"({found.group(0)})" if found else ""


def _refused(reason: str) -> ConfigurationError:
    return ConfigurationError(f"the people file is not in order: {reason}", kind="mock.people")


# -- one line of an address -----------------------------------------------------------------------------------

_LENGTH = 34


def standard_address(address: Address) -> str:
    """Road, house, floor and door in at most 34 characters. Empty without a road."""
    if not address.road:
        return ""
    house = address.house.lstrip("0") or (f"B-{address.building.lstrip('0')}" if address.building else "")
    floor = f"{address.floor.lstrip('0')}." if address.floor else ""
    home = " ".join(part for part in (floor, address.door.lstrip("0")) if part)
    road = " ".join(part for part in (address.road, house) if part)
    return (f"{road}, {home}" if home else road)[:_LENGTH].rstrip()
