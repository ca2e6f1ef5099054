"""A person as both of the register's sources carry her: groups that are known, empty or silent.

Decision 1: *known* is a value, *empty* means that the source says there is none, *silent* means
that it says nothing. Groups are replaced whole. Only what the file and the SOAP answer both carry
is here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from cprsync.domain.person.often import made_often
from cprsync.domain.person.sealed import Sealed, SealedAddress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from cprsync.domain.person.number import CprNumber

LINES = 5
#: Street codes from here on are administrative: no fixed abode and the like (status 03 and 07). All have four digits,
#: and so stand in the order of their numbers.
ADMINISTRATIVE_STREET = "9900"


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


#: Lives somewhere: without an address nobody can decide her.
NEEDS_ADDRESS = frozenset(
    {Status.RESIDENT, Status.RESIDENT_ADMINISTRATIVE, Status.GREENLAND, Status.GREENLAND_ADMINISTRATIVE}
)
#: An address is read for these; for all others (30 and above) it is silent even if one is carried.
WITH_ADDRESS = NEEDS_ADDRESS | {Status.NO_RESIDENCE}
#: Belongs to an administrative street code, and seals as one does whatever the street code is.
ADMINISTRATIVE_STATUS = frozenset({Status.RESIDENT_ADMINISTRATIVE, Status.GREENLAND_ADMINISTRATIVE})
#: The number is dead or replaced: only status and current number are known.
NUMBER_ONLY = frozenset({Status.ANNULLED, Status.DUPLICATE, Status.CHANGED})
#: The number has a successor.
REPLACED = frozenset({Status.DUPLICATE, Status.CHANGED})


@made_often
@dataclass(frozen=True, slots=True, repr=False)
class Name:
    """The name on the record is the addressing name, as on the health card; the parts are for sorting."""

    addressing: str
    first: str = ""
    middle: str = ""
    last: str = ""


@made_often
@dataclass(frozen=True, slots=True, repr=False)
class Birth:
    """The registered birth date, which may differ from the one in the number."""

    day: date
    uncertain: bool = False


@made_often
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
    #: the last one known of someone who had status 03 or 07 there and has another now: it stays sealed
    stays_sealed: bool = False

    @property
    def is_administrative(self) -> bool:
        """True for what is sealed like a protected address: street codes 9900-9999, and `stays_sealed` (decision 2)."""
        return self.street_code >= ADMINISTRATIVE_STREET or self.stays_sealed

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


@made_often
@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """What a source says of one person. `groups()` lists the groups in the order of decision 1.

    Of whoever is protected, or lives administratively, name and addresses are sealed as she is made.
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
    #: a look-up says "not protected" beside a protection that has begun and has no end: it counts as protected
    is_end_doubted: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if self.is_shut:
            for group in SEALED_GROUPS:
                object.__setattr__(self, group, _shut(getattr(self, group)))

    def __repr__(self) -> str:
        return "Person(…)"

    @property
    def is_shut(self) -> bool:
        """True for name and address protection, and for whoever lives administratively."""
        return self.protection is Protection.NAME_AND_ADDRESS or self.lives_administratively

    @property
    def lives_administratively(self) -> bool:
        """True for an administrative street code, and for a status that belongs to one, whatever the other says.

        Whoever is threatened may be registered so, without a protection: in doubt she is sealed (cpr-data C).
        """
        at = self.address
        return self.status in ADMINISTRATIVE_STATUS or (at is not SILENT and at.is_administrative)

    def groups(self) -> Iterator[tuple[str, object]]:
        for name in GROUPS:
            yield name, getattr(self, name)


#: What is sealed of a protected person; her municipality shows.
SEALED_GROUPS = ("name", "address", "abroad", "contact")


def _shut(value: object) -> object:
    if isinstance(value, Address):
        return SealedAddress(value)
    return value if isinstance(value, Gap | Sealed) else Sealed(value)


GROUPS: tuple[str, ...] = tuple(f.name for f in fields(Person) if f.compare and f.name != "number")


def disagreements(one: Person, other: Person) -> list[str]:
    """Name the groups in which two sources contradict each other; a silent group contradicts nothing."""
    return [
        name
        for (name, ours), (_, theirs) in zip(one.groups(), other.groups(), strict=True)
        if ours is not SILENT and theirs is not SILENT and ours != theirs
    ] + ([] if one.number == other.number else ["number"])


def by_status(person: Person) -> Person:
    """Silence the groups that the person's status leaves without meaning (decision 1, "by status").

    30, 50, 60: only status and current number. 30 and above: no address even if one is carried.
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
        is_end_doubted=person.is_end_doubted,
    )


def _is_silenced(person: Person, status: Status) -> bool:
    """Whether a person says nothing that her status leaves without meaning, as whoever was read with it in mind."""
    return (
        status not in NUMBER_ONLY
        and person.current_number is EMPTY
        and (person.address is SILENT or status in WITH_ADDRESS)
        and (person.abroad is SILENT or status is Status.EMIGRATED)
    )
