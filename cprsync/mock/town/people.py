"""The invented people as the mock stores them: every raw field as text, as the register writes it.

Reads the people file once, into a town. What happens to the people afterwards is in `events` and `register`. Shares no
type with the client on purpose: the mock has its own knowledge of the register.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError

from cprsync.errors import BadInput, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

PEOPLE_MAX_BYTES = 32 * 1024 * 1024
#: The most keys that an error names.
NAMED_MAX = 100
#: Status 50 and 60: the number is out of use, and `current` names the one that replaces it.
REPLACED = frozenset({"50", "60"})
#: For status 30, 50 and 60 the register gives only the status and the current number.
NUMBER_ONLY = REPLACED | {"30"}
#: Statuses from here on have no residence.
NO_ADDRESS_FROM = 30
T = TypeVar("T")


class PersonRefused(ValueError):
    """A person of the people file is not valid. Holds the person's key and the field's name."""

    def __init__(self, key: str, reason: str) -> None:
        shown = key if re.fullmatch(r"[A-Z_]+", key) else "?"
        super().__init__(f"{shown}: {reason}")


def no_such_person(people: Iterable[str], *, kind: str) -> BadInput:
    """The error for a key that is none: it says which keys there are."""
    keys = sorted(people)
    named, more = ", ".join(keys[:NAMED_MAX]), len(keys) - NAMED_MAX
    if more <= 0:
        return BadInput("no such person: expected a key of the people file, one of {named}", named=named, kind=kind)
    sentence = "no such person: expected a key of the people file, one of {named} and {count} more"
    return BadInput(sentence, named=named, count=more, kind=kind)


# -- what a field may hold -------------------------------------------------------------------------------------


_STATUS = "01|03|05|07|20|30|50|60|70|80|90"
_LINES_MAX = 5


class _Shape(AfterValidator):
    """The form of a field's text: an expression that matches all of it. Lengths are those of the change extract."""

    def __init__(self, form: str) -> None:
        super().__init__(partial(_check_text, re.compile(form)))


def _check_text(form: re.Pattern[str], text: str) -> str:
    try:
        text.encode("iso-8859-1")
    except UnicodeEncodeError:
        raise ValueError("not in the register's letters") from None
    # 0x80-0x9F would make the delivery look wrongly encoded
    if form.fullmatch(text) is None or any("\x7f" <= character <= "\x9f" for character in text):
        raise ValueError("of another form")
    return text


def _text(length: int) -> _Shape:
    return _Shape(rf"[^\x00-\x1f]{{0,{length}}}")


Day = Annotated[str, _Shape(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")]
DayOrNone = Annotated[str, _Shape(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?")]
Key = Annotated[str, _Shape(r"[A-Z_]+")]
KeyOrNone = Annotated[str, _Shape(r"[A-Z_]*")]
Number = Annotated[str, _Shape(r"[0-9]{10}")]
Code = Annotated[str, _Shape(r"([0-9]{4})?")]
Mark = Annotated[str, _Shape(r"[+*=]?")]
Text4 = Annotated[str, _text(4)]
Text20 = Annotated[str, _text(20)]
Text34 = Annotated[str, _text(34)]
Text40 = Annotated[str, _text(40)]
Text50 = Annotated[str, _text(50)]
Lines = Annotated[tuple[Text34, ...], Field(max_length=_LINES_MAX)]
Flag = Annotated[bool, Field(strict=True)]
_KNOWN_ONLY = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, repr=False)
class TownName:
    """A name by its parts. All empty: a child without a name."""

    __pydantic_config__: ClassVar = _KNOWN_ONLY

    first: Text50 = ""
    middle: Text40 = ""
    last: Text40 = ""
    addressing: Text34 = ""
    first_mark: Mark = ""
    middle_mark: Mark = ""
    last_mark: Mark = ""
    since: DayOrNone = ""


def _with_addressing(name: TownName) -> TownName:
    """The name. A missing addressing name is built from the parts."""
    if name.addressing or not (name.first or name.last):
        return name
    full = " ".join(part for part in (name.first, name.middle, name.last) if part)
    return replace(name, addressing=full[:34].rstrip())


AddressedName = Annotated[TownName, AfterValidator(_with_addressing)]


@dataclass(frozen=True, slots=True, repr=False)
class TownAddress:
    """An address by its parts, with house and door as the register writes them (`016B`, `0003`)."""

    __pydantic_config__: ClassVar = _KNOWN_ONLY

    municipality: Annotated[str, _Shape(r"[0-9]{4}")]
    street: Code = ""
    house: Annotated[str, _Shape(r"([0-9]{3}[A-ZÆØÅ]?)?")] = ""
    floor: Annotated[str, _Shape(r"([0-9]{2}|st|kl|k[0-9])?")] = ""
    door: Text4 = ""
    building: Text4 = ""
    co: Text34 = ""
    locality: Text34 = ""
    town: Text34 = ""
    postcode: Code = ""
    district: Text20 = ""
    road: Text20 = ""
    long_road: Text40 = ""
    supplementary: Lines = ()
    since: DayOrNone = ""

    @property
    def place(self) -> tuple[str, ...]:
        """The parts by which two addresses are the same."""
        return (self.municipality, self.street, self.house, self.floor, self.door, self.building, self.co)


@dataclass(frozen=True, slots=True, repr=False)
class TownAbroad:
    """Where an emigrated person went."""

    __pydantic_config__: ClassVar = _KNOWN_ONLY

    country: Annotated[str, _Shape(r"5[0-9]{3}")]
    left: Day
    lines: Lines = ()


@dataclass(frozen=True, slots=True, repr=False)
class TownContact:
    """A contact address."""

    __pydantic_config__: ClassVar = _KNOWN_ONLY

    lines: Lines = ()
    since: DayOrNone = ""


@dataclass(frozen=True, slots=True, repr=False)
class TownPerson:
    """One number of the register and all that is known about it. Other people are named by key."""

    __pydantic_config__: ClassVar = _KNOWN_ONLY

    key: Key
    number: Number
    status: Annotated[str, _Shape(_STATUS)]
    sex: Annotated[str, _Shape("K|M")]
    born: Day
    why: Annotated[str, _text(500)] = ""
    status_since: DayOrNone = ""
    born_uncertain: Flag = False
    unborn: Flag = False
    name: AddressedName = field(default_factory=TownName)
    address: TownAddress | None = None
    abroad: TownAbroad | None = None
    contact: TownContact | None = None
    protections: dict[Annotated[str, _Shape("000[1-5]")], Day] = field(default_factory=dict)
    #: The last day of the name and address protection. Empty: no end is set, or it is not reported.
    ends: DayOrNone = ""
    #: The start of a protection that is over, if look-ups still report it.
    ended: DayOrNone = ""
    disappeared: DayOrNone = ""
    current: Annotated[str, _Shape(r"([A-Z_]+|[0-9]{10})?")] = ""
    next_numbers: tuple[Number, ...] = ()
    spouse: KeyOrNone = ""
    divorced: Flag = False
    #: when the marital status began, if it is known
    married_since: DayOrNone = ""
    mother: KeyOrNone = ""
    father: KeyOrNone = ""
    #: Who has custody, and since when. Nobody: the register has no record of it.
    custody: tuple[Key, ...] = ()
    custody_since: DayOrNone = ""
    citizenship: Code = ""
    occupation: Text34 = ""
    #: The status before death, so that a death can be annulled.
    status_before: Annotated[str, _Shape(f"({_STATUS})?")] = ""
    #: The number was given by mistake and taken back.
    taken_back: Flag = False

    @property
    def lives_somewhere(self) -> bool:
        """Whether the register gives an address for this person."""
        return int(self.status) < NO_ADDRESS_FROM and self.address is not None

    def age_on(self, day: date) -> int | None:
        """The age on a day. None: the birth date is not valid."""
        try:
            born = date.fromisoformat(self.born)
        except ValueError:
            return None
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True, repr=False)
class Town:
    """The people file: its first day, task number and people, and the addresses and names to choose from."""

    day: date
    task: str
    people: Mapping[str, TownPerson]
    streets: Mapping[str, TownAddress]
    names: Mapping[str, TownName]


def children_of(person: TownPerson, people: Mapping[str, TownPerson]) -> list[TownPerson]:
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
        return town_of(_as_text(tomllib.loads(path.read_text(encoding="utf-8-sig"))))
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
            streets={key: _read(_ADDRESS, key, "address", parts) for key, parts in document.get("streets", {}).items()},
            names={
                key: _with_addressing(_read(_NAME, key, "name", parts))
                for key, parts in document.get("names", {}).items()
            },
        )
    except PersonRefused as error:
        raise _refused(str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _refused("[town] needs a day and a task of six digits, and each [[person]] its fields") from error


_PERSON, _ADDRESS = TypeAdapter(TownPerson), TypeAdapter(TownAddress)
_NAME: TypeAdapter[TownName] = TypeAdapter(AddressedName)
#: The tables of a person, which mistakes are named by.
_GROUPS = frozenset({"name", "address", "abroad", "contact"})


def person_of(fields: Mapping[str, Any]) -> TownPerson:
    """Make a person from their fields, with groups as tables."""
    return _read(_PERSON, str(fields.get("key", "?")), "person", fields)


def _read(kind: TypeAdapter[T], key: str, group: str, fields: Mapping[str, Any]) -> T:
    try:
        return kind.validate_python(fields)
    except ValidationError as error:
        mistakes = error.errors(include_input=False, include_url=False)
    first = min(mistakes, key=lambda one: one["type"] != "missing")
    place = list(map(str, first["loc"]))
    if len(place) > 1 and place[0] in _GROUPS:
        group = place.pop(0)
    if first["type"] == "missing":
        raise PersonRefused(key, f"{group} lacks {place[0]}")
    # an unknown name may be anything, so it is not repeated
    known = first["type"] != "unexpected_keyword_argument" and place
    raise PersonRefused(
        key, f"{f'{group} {place[0]}' if known else f'a field of {group}'} is unknown, too long or of another shape"
    )


def _people(rows: Iterable[Mapping[str, Any]]) -> dict[str, TownPerson]:
    people: dict[str, TownPerson] = {}
    for fields in rows:
        person = person_of(fields)
        if person.key in people:
            raise PersonRefused(person.key, "the key is used twice")
        people[person.key] = person
    _check_numbers(people)
    return people


def _check_numbers(people: Mapping[str, TownPerson]) -> None:
    seen: set[str] = set()
    for person in people.values():
        numbers = {person.number, *person.next_numbers}
        if len(numbers) <= len(person.next_numbers) or numbers & seen:
            raise PersonRefused(person.key, "a number is used twice")
        seen |= numbers
        for other in (person.spouse, person.mother, person.father, *person.custody):
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


def custody_of(person: TownPerson) -> list[tuple[int, str]]:
    """Who has custody of a person, each with the register's digit: 3 the mother, 4 the father, 5 and 6 others."""
    parents = {person.mother: 3, person.father: 4}
    others = [key for key in person.custody if key not in parents]
    return sorted((parents.get(key) or 5 + others.index(key), key) for key in person.custody)


# -- one line of an address -----------------------------------------------------------------------------------

_LENGTH = 34


def standard_address(address: TownAddress) -> str:
    """Road, house, floor and door in at most 34 characters. Empty without a road."""
    if not address.road:
        return ""
    house = address.house.lstrip("0") or (f"B-{address.building.lstrip('0')}" if address.building else "")
    floor = f"{address.floor.lstrip('0')}." if address.floor else ""
    home = " ".join(part for part in (floor, address.door.lstrip("0")) if part)
    road = " ".join(part for part in (address.road, house) if part)
    return (f"{road}, {home}" if home else road)[:_LENGTH].rstrip()
