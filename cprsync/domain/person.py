"""A person as both of the register's sources carry her: groups that are known, empty or silent.

Decision 1: *known* is a value, *empty* means that the source says there is none, *silent* means
that it says nothing. Groups are replaced whole. Only what the file and the SOAP answer both carry
is here.
"""

from __future__ import annotations

import enum
import unicodedata
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from cprsync.domain.sealed import Sealed, SealedAddress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from cprsync.domain.number import CprNumber

LINES = 5
#: til højre, til venstre, midtfor
SIDES = frozenset({"th", "tv", "mf"})
#: Street codes from here on are administrative: no fixed abode and the like (status 03 and 07).
ADMINISTRATIVE_STREET = 9900
#: Of a municipality's code and a street's.
_CODE_DIGITS = 4


class Gap(enum.Enum):
    """What a source says of a group for which it gives no value."""

    #: The source says that there is none.
    EMPTY = "empty"
    #: The source says nothing.
    SILENT = "silent"

    # a member is one object, and a key of the protection rules: the enum's own hash is slow
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return self.name


EMPTY: Literal[Gap.EMPTY] = Gap.EMPTY
SILENT: Literal[Gap.SILENT] = Gap.SILENT
Silent: TypeAlias = Literal[Gap.SILENT]

T = TypeVar("T")


class Protection(enum.Enum):
    """Name and address protection: code 0001, the only one that seals."""

    #: adressebeskyttelse
    NAME_AND_ADDRESS = "0001"

    # as above
    __hash__ = object.__hash__


class Status(enum.Enum):
    """The register's status of a person, as two digits."""

    #: aktiv, bopæl i dansk folkeregister
    RESIDENT = "01"
    #: aktiv, speciel vejkode (9900-9999) i dansk folkeregister
    RESIDENT_ADMINISTRATIVE = "03"
    #: aktiv, bopæl i grønlandsk folkeregister
    GREENLAND = "05"
    #: aktiv, speciel vejkode i grønlandsk folkeregister
    GREENLAND_ADMINISTRATIVE = "07"
    #: uden bopæl, tildelt personnummer af skattehensyn
    NO_RESIDENCE = "20"
    #: annulleret personnummer
    ANNULLED = "30"
    #: slettet personnummer ved dobbeltnummer
    DUPLICATE = "50"
    #: ændret personnummer
    CHANGED = "60"
    #: forsvundet
    DISAPPEARED = "70"
    #: udrejst
    EMIGRATED = "80"
    #: død
    DEAD = "90"

    # A member is one object, and is looked up several times for each person: the enum's own hash is slow.
    __hash__ = object.__hash__


#: An address is read for these; for all others it is silent even if one is carried.
WITH_ADDRESS = frozenset(
    {Status.RESIDENT, Status.RESIDENT_ADMINISTRATIVE, Status.GREENLAND, Status.GREENLAND_ADMINISTRATIVE}
)
#: The number is dead or replaced: only status and current number are known.
NUMBER_ONLY = frozenset({Status.ANNULLED, Status.DUPLICATE, Status.CHANGED})
#: The number has a successor.
REPLACED = frozenset({Status.DUPLICATE, Status.CHANGED})


@dataclass(frozen=True, slots=True, repr=False)
class Name:
    """The name on the record is the addressing name, as on the health card; the parts are for sorting."""

    addressing: str
    first: str = ""
    middle: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Birth:
    """The registered birth date, which may differ from the one in the number."""

    day: date
    uncertain: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """An address by its parts, canonical: see `address_of`."""

    municipality: str
    street_code: str
    house: str = ""
    building: str = ""
    floor: str = ""
    door: str = ""
    co: str = ""
    locality: str = ""
    town: str = ""
    postcode: str = ""
    district: str = ""
    road: str = ""
    supplementary: tuple[str, str, str, str, str] = ("", "", "", "", "")

    @property
    def is_administrative(self) -> bool:
        """True for street codes 9900-9999, which are sealed like a protected address (decision 2)."""
        return int(self.street_code) >= ADMINISTRATIVE_STREET

    @property
    def dwelling(self) -> tuple[str, str, str, str, str, str]:
        """What makes two persons one household."""
        return self.municipality, self.street_code, self.house, self.building, self.floor, self.door


@dataclass(frozen=True, slots=True, repr=False)
class Abroad:
    """Where an emigrated person went: the register's country code and up to five lines."""

    country: str
    lines: tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """The register's contact address (kontaktadresse)."""

    lines: tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """What a source says of one person. `groups()` lists the groups in the order of decision 1.

    Of whoever is protected, or lives at an administrative street code, name and addresses are sealed as she is made.
    """

    number: CprNumber
    name: Name | Sealed[Name] | Gap = SILENT
    birth: Birth | Silent = SILENT
    status: Status | Silent = SILENT
    address: Address | SealedAddress | Silent = SILENT
    protection: Protection | Gap = SILENT
    current_number: CprNumber | Gap = SILENT
    abroad: Abroad | Sealed[Abroad] | Silent = SILENT
    contact: Contact | Sealed[Contact] | Gap = SILENT
    #: Event codes of the delivery; they may name the kind of a change, never what is written.
    events: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if self.is_shut:
            for group in SEALED_GROUPS:
                object.__setattr__(self, group, _shut(getattr(self, group)))

    def __repr__(self) -> str:
        return "Person(…)"

    @property
    def is_shut(self) -> bool:
        """True for name and address protection, and for an administrative street code."""
        at = self.address
        return self.protection is Protection.NAME_AND_ADDRESS or (at is not SILENT and at.is_administrative)

    def groups(self) -> Iterator[tuple[str, object]]:
        for name in GROUPS:
            yield name, getattr(self, name)


#: What is sealed of a protected person; her municipality shows.
SEALED_GROUPS = ("name", "address", "abroad", "contact")


def _shut(value: object) -> object:
    if isinstance(value, Address):
        return SealedAddress(value)
    return value if isinstance(value, Gap | Sealed) else Sealed(value)


GROUPS: tuple[str, ...] = tuple(f.name for f in fields(Person) if f.name not in {"number", "events"})


def disagreements(one: Person, other: Person) -> list[str]:
    """Name the groups in which two sources contradict each other; a silent group contradicts nothing."""
    return [
        name
        for (name, ours), (_, theirs) in zip(one.groups(), other.groups(), strict=True)
        if ours is not SILENT and theirs is not SILENT and ours != theirs
    ] + ([] if one.number == other.number else ["number"])


# -- canonical forms (decision 1) --------------------------------------------------------------------


#: Control, format, unassigned and the like, and the two separators that end a line on a label or in a log.
_BREAKS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def text_of(raw: str) -> str:
    """Canonical text: NFC, control characters and line separators turned to blanks, ends stripped."""
    if raw.isascii() and raw.isprintable():
        return raw.strip()
    composed = unicodedata.normalize("NFC", raw)
    if not composed.isprintable():
        composed = "".join(" " if unicodedata.category(c) in _BREAKS else c for c in composed)
    return composed.strip()


def code_of(raw: str) -> str:
    """Canonical four-digit code: unset is 0000, as a number without leading zeros or a padded field."""
    return _code(text_of(raw))


def part_of(raw: str) -> str:
    """Canonical house, floor or door: without leading zeros (`016B` is `16B`)."""
    return _part(text_of(raw))


def door_of(raw: str) -> str:
    """Canonical door: th, tv and mf in lower case, any other name of a door as it is."""
    return _door(text_of(raw))


def _code(text: str) -> str:
    return text.zfill(_CODE_DIGITS)


def _part(text: str) -> str:
    return text.lstrip("0")


def _door(text: str) -> str:
    door, lower = text.lstrip("0"), text.lstrip("0").lower()
    return lower if lower in SIDES else door


def lines_of(raw: Iterable[str]) -> tuple[str, str, str, str, str]:
    """Canonical lines: always five, blank ones kept in their place."""
    written = [text_of(line) for line in raw]
    if not any(written):
        return _BLANK
    one, two, three, four, five = (written + [""] * LINES)[:LINES]
    return one, two, three, four, five


#: Most people have no such lines.
_BLANK = ("", "", "", "", "")


def name_of(addressing: str, first: str, middle: str, last: str) -> Name | Gap:
    """Canonical name; a blank addressing name is a child not yet named."""
    text = _text_way(addressing, first, middle, last)
    name = Name(text(addressing), text(first), text(middle), text(last))
    return name if name.addressing else EMPTY


def _text_way(*raw: str) -> Callable[[str], str]:
    """What makes these texts canonical: looked at together, since nearly all only need their ends stripped."""
    together = "".join(raw)
    # of a composed text every part is composed
    plain = together.isprintable() and unicodedata.is_normalized("NFC", together)
    return str.strip if plain else text_of


def address_of(  # noqa: PLR0913 -- one parameter for each part of the record
    *,
    municipality: str,
    street_code: str,
    house: str = "",
    building: str = "",
    floor: str = "",
    door: str = "",
    co: str = "",
    locality: str = "",
    town: str = "",
    postcode: str = "",
    district: str = "",
    road: str = "",
    supplementary: Iterable[str] = (),
) -> Address | Silent:
    """Canonical address, or silent when it is too little to be one.

    It counts when it has a municipality, a street code, and a house, a building or an
    administrative street code. Raises ValueError if a code is no number, or one of more than four digits.
    """
    raw = (municipality, street_code, house, building, floor, door, co, locality, town, postcode, district, road)
    text = _text_way(*raw)
    address = Address(
        municipality=_code(text(municipality)),
        street_code=_code(text(street_code)),
        house=_part(text(house)),
        building=_part(text(building)),
        floor=_part(text(floor)).lower(),
        door=_door(text(door)),
        co=text(co),
        locality=text(locality),
        town=text(town),
        postcode=_postcode(text(postcode)),
        district=text(district),
        road=text(road),
        supplementary=lines_of(supplementary),
    )
    codes = address.municipality + address.street_code + address.postcode
    if not (codes.isascii() and codes.isdigit()):
        raise ValueError("not an address: a code is not a number")
    if len(address.municipality) > _CODE_DIGITS or len(address.street_code) > _CODE_DIGITS:
        raise ValueError("not an address: a code has more than four digits")
    located = address.house or address.building or address.is_administrative
    if address.municipality == "0000" or address.street_code == "0000" or not located:
        return SILENT
    return address


def abroad_of(country: str, lines: Iterable[str]) -> Abroad:
    """Canonical foreign address."""
    return Abroad(code_of(country), lines_of(lines))


def contact_of(lines: Iterable[str]) -> Contact | Gap:
    """Canonical contact address; five blank lines are none."""
    contact = Contact(lines_of(lines))
    return contact if any(contact.lines) else EMPTY


def by_status(person: Person) -> Person:
    """Silence the groups that the person's status leaves without meaning (decision 1, "by status").

    30, 50, 60: only status and current number. 20, and 30 and above: no address even if one is carried.
    The foreign address is read at status 80 only; the current number at 50 and 60 only.
    """
    status = person.status
    if status is SILENT or _is_silenced(person, status):
        return person
    if status in NUMBER_ONLY:
        return Person(
            person.number,
            status=status,
            current_number=person.current_number if status in REPLACED else EMPTY,
            events=person.events,
        )
    return Person(
        number=person.number,
        name=person.name,
        birth=person.birth,
        status=status,
        address=person.address if status in WITH_ADDRESS else SILENT,
        protection=person.protection,
        current_number=EMPTY,
        abroad=person.abroad if status is Status.EMIGRATED else SILENT,
        contact=person.contact,
        events=person.events,
    )


def _is_silenced(person: Person, status: Status) -> bool:
    """Whether a person says nothing that her status leaves without meaning, as whoever was read with it in mind."""
    return (
        status not in NUMBER_ONLY
        and person.current_number is EMPTY
        and (person.address is SILENT or status in WITH_ADDRESS)
        and (person.abroad is SILENT or status is Status.EMIGRATED)
    )


def _postcode(digits: str) -> str:
    # 0000 and blank both mean "no postcode": an unset number in the file, an absent element in SOAP.
    return "" if digits.strip("0") == "" else digits.zfill(4)
