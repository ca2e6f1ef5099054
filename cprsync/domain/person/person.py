"""A person as both of the register's sources describe them: groups that are known, empty or silent.

Decision 1: *known* is a value, *empty* means that the source says there is none, and *silent* means that it says
nothing. Groups are replaced as a whole, and silence changes nothing. Only data that both the file and the SOAP answer
have is here. Decides nothing: `decide` settles which data may be applied and which may be trusted.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from cprsync.domain.person.sealed import Address, Name, Sealed, SealedAddress, keep_sealed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from cprsync.domain.person.number import CprNumber


LINES = 5


class Gap(enum.Enum):
    """What a source says about a group without a value."""

    #: the source says that there is none
    EMPTY = "empty"
    #: the source says nothing
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
    """Name and address protection: code 0001, the only code that seals."""

    #: adressebeskyttelse
    NAME_AND_ADDRESS = "0001"

    # as for `Gap`
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


#: The person lives somewhere: without an address nothing can be decided.
NEEDS_ADDRESS = frozenset(
    {Status.RESIDENT, Status.RESIDENT_ADMINISTRATIVE, Status.GREENLAND, Status.GREENLAND_ADMINISTRATIVE}
)
#: For these statuses an address is read. For all others (30 and above) it is silent, even if the source has one.
WITH_ADDRESS = NEEDS_ADDRESS | {Status.NO_RESIDENCE}
#: Statuses for an administrative street code. They seal like one, whatever the street code is.
ADMINISTRATIVE_STATUS = frozenset({Status.RESIDENT_ADMINISTRATIVE, Status.GREENLAND_ADMINISTRATIVE})
#: The person lives at their last known address no longer. At status 30 the register says nothing of where they live.
HAS_LEFT = frozenset({Status.DISAPPEARED, Status.EMIGRATED, Status.DEAD})
#: The number is annulled or replaced: only status and current number are known.
NUMBER_ONLY = frozenset({Status.ANNULLED, Status.DUPLICATE, Status.CHANGED})
#: The number has a successor.
REPLACED = frozenset({Status.DUPLICATE, Status.CHANGED})


@dataclass(frozen=True, slots=True, repr=False)
class Birth:
    """The registered birth date, which may differ from the one in the number."""

    day: date
    uncertain: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Abroad:
    """The foreign address of an emigrated person: the register's country code and up to five lines."""

    country: str
    lines: tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """The register's contact address (kontaktadresse)."""

    lines: tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, repr=False)
class Custody:
    """Who has custody of a child, and since when. It is only compared with whom staff made responsible, never kept."""

    holders: frozenset[CprNumber]
    since: date


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """What a source says about one person. `groups()` lists the groups in the order of decision 1.

    For a protected or administratively living person, name and addresses are sealed when the value is created.
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
    #: event codes of the delivery; they may name the kind of a change, never what is written
    events: tuple[str, ...] = field(default=(), compare=False)
    #: a look-up says "not protected", but the period has begun and has no end: it counts as protected
    is_end_doubted: bool = field(default=False, compare=False)
    #: the register's own day for the status, and for the move to the address; None: the source gives none. Sources may
    #: differ in it, so it follows its group and is never a reason to write.
    status_since: date | None = field(default=None, compare=False)
    moved_in: date | None = field(default=None, compare=False)
    #: the day of the move to the municipality, which a move within it leaves as it is
    municipality_since: date | None = field(default=None, compare=False)
    #: who has custody of a child; None: the source does not say. No record keeps it.
    custody: Custody | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.is_shut:
            for group in SEALED_GROUPS:
                object.__setattr__(self, group, _shut(getattr(self, group)))

    def __repr__(self) -> str:
        return "Person(…)"

    @property
    def is_shut(self) -> bool:
        """True if the person has name and address protection, or lives administratively."""
        return self.protection is Protection.NAME_AND_ADDRESS or self.lives_administratively

    @property
    def has_left(self) -> bool:
        """True if the register says that the person no longer lives at the address that is kept of them."""
        return self.status in HAS_LEFT

    @property
    def lives_administratively(self) -> bool:
        """True for an administrative street code, or for a status that belongs to one. One of the two is enough.

        A threatened person may be registered so without a protection. In doubt the person is sealed (cpr-data C).
        """
        at = self.address
        return self.status in ADMINISTRATIVE_STATUS or (at is not SILENT and at.is_administrative)

    def groups(self) -> Iterator[tuple[str, object]]:
        for name in GROUPS:
            yield name, getattr(self, name)


#: The sealed groups of a protected person. The municipality of the address stays visible.
SEALED_GROUPS = ("name", "address", "abroad", "contact")


def _shut(value: object) -> object:
    if isinstance(value, Address):
        return SealedAddress(value)
    return value if isinstance(value, Gap | Sealed) else Sealed(value)


GROUPS: tuple[str, ...] = tuple(f.name for f in fields(Person) if f.compare and f.name != "number")


def silence_by_status(person: Person) -> Person:
    """Silences the groups that have no meaning for the person's status (decision 1, "by status").

    30, 50, 60: only status and current number. 30 and above: no address, even if the source has one. The foreign
    address is read only for status 80, and the current number only for 50 and 60.
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
            status_since=person.status_since,
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
        custody=person.custody,
        status_since=person.status_since,
        moved_in=person.moved_in if status in WITH_ADDRESS else None,
    )


def _is_silenced(person: Person, status: Status) -> bool:
    """Whether all groups already fit the status, as for a person that was read by these rules."""
    return (
        status not in NUMBER_ONLY
        and person.current_number is EMPTY
        and (person.address is SILENT or status in WITH_ADDRESS)
        and (person.abroad is SILENT or status is Status.EMIGRATED)
    )


def merge(stored: Person, person: Person) -> Person:
    """The register's part of the record after `person`: each group is replaced as a whole, and silence changes nothing.

    A record has no contact address until a source gives one, because a look-up cannot say "none". The foreign address
    belongs to status 80 and is removed with it. If `person` has no status, only the groups that the stored status
    allows are used. So a dead person gets no address, and a living person gets no successor number.
    """
    if person.status is SILENT:
        person = _fit_to_status(person, stored.status)
    elif _replaces_all(person) and person.number == stored.number:
        # most people in a delivery have a value in every group, so the person is the result
        return _with_days(stored, person, person)
    merged = Person(
        number=stored.number,
        name=person.name if person.name is not SILENT else stored.name,
        birth=person.birth if person.birth is not SILENT else stored.birth,
        status=person.status,
        address=person.address if person.address is not SILENT else _last_address(stored, person),
        protection=person.protection if person.protection is not SILENT else stored.protection,
        current_number=person.current_number if person.current_number is not SILENT else stored.current_number,
        abroad=_abroad(stored, person) if person.status is Status.EMIGRATED else SILENT,
        contact=_contact(stored, person),
    )
    return _with_days(stored, person, merged)


def _with_days(stored: Person, person: Person, merged: Person) -> Person:
    """The record with the register's days. A day follows its group: it stays as long as the group, if none is given."""
    status = person.status_since or (stored.status_since if merged.status is stored.status else None)
    if person.address is SILENT:
        moved, municipality = stored.moved_in, stored.municipality_since
    else:
        is_same = _municipality(merged) == _municipality(stored)
        moved = person.moved_in or (stored.moved_in if merged.address == stored.address else None)
        municipality = stored.municipality_since if is_same else person.moved_in
    if (status, moved, municipality) == (merged.status_since, merged.moved_in, merged.municipality_since):
        return merged
    return replace(merged, status_since=status, moved_in=moved, municipality_since=municipality)


def _municipality(person: Person) -> str | None:
    return None if person.address is SILENT else person.address.municipality


def _fit_to_status(person: Person, status: Status | Silent) -> Person:
    allowed = silence_by_status(replace(person, status=status))
    return allowed if status in REPLACED else replace(allowed, current_number=SILENT)


def speaks_for_all(person: Person) -> bool:
    """True if the merge with any record gives the person itself, so that a fingerprint can compare."""
    # written out for speed: it is asked several times about each person of a delivery
    return not (
        person.name is SILENT
        or person.birth is SILENT
        or person.status is SILENT
        or person.address is SILENT
        or person.protection is SILENT
        or person.current_number is SILENT
        or (person.abroad is SILENT and person.status is Status.EMIGRATED)
        or person.contact is SILENT
    )


def _replaces_all(person: Person) -> bool:
    """True if the merge is the person unchanged: there is also no foreign address to remove."""
    return speaks_for_all(person) and (person.abroad is SILENT or person.status is Status.EMIGRATED)


def _last_address(stored: Person, person: Person) -> Address | SealedAddress | Silent:
    """The last known address. It stays after status 03 or 07, and stays sealed if it was sealed then (decision 2)."""
    at = stored.address
    leaves = stored.status in ADMINISTRATIVE_STATUS and person.status not in ADMINISTRATIVE_STATUS
    if leaves and isinstance(at, SealedAddress):
        return keep_sealed(at)
    return at


def says_nothing_new(before: Person, after: Person) -> bool:
    """True if the only difference is a silent group that became "none": the two then agree (decision 1).

    Protection is the exception: there the difference unseals.
    """
    if before.address != after.address:
        return False  # true for most people: an address never becomes "none"
    for name in GROUPS:
        ours, theirs = getattr(before, name), getattr(after, name)
        if ours != theirs and not (ours is SILENT and theirs is EMPTY and name != "protection"):
            return False
    return True


def _abroad(stored: Person, person: Person) -> Abroad | Sealed[Abroad] | Silent:
    return person.abroad if person.abroad is not SILENT else stored.abroad


def _contact(stored: Person, person: Person) -> Contact | Sealed[Contact] | Gap:
    if person.contact is not SILENT:
        return person.contact
    return EMPTY if stored.contact is SILENT else stored.contact
