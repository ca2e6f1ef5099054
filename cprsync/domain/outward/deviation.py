"""Where another library system differs from the record of one patron, by kind.

Only what both sides say is compared. What the other system leaves out has a kind of its own, because nobody can tell
whether it is right. A protected patron's name and address are never opened: it only counts whether the other system
shows an address. The rule for each kind is below.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.outward.sameness import is_same_address, is_same_name
from cprsync.domain.patron.effective import effective
from cprsync.domain.person.municipality import Residence
from cprsync.domain.person.person import NUMBER_ONLY, SILENT, WITH_ADDRESS, Protection, Status
from cprsync.domain.person.sealed import Address, Name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from cprsync.domain.patron.effective import Effective
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Policy

#: The block reason of the dead (FBS adapter, POST patrons/v9).
DECEASED: Final = "D"
#: What stands in place of a hidden address, letters alone. Only the whole text counts: a street may be called so too.
_HIDDEN: Final = frozenset(
    {
        "",
        *("beskyttet", "beskyttet adresse", "beskyttet i cpr", "adresse beskyttet", "adressen er beskyttet"),
        *("adressebeskyttet", "adressebeskyttelse", "navnebeskyttet", "navnebeskyttelse"),
        *("navne og adressebeskyttet", "navne og adressebeskyttelse", "navn og adresse beskyttet"),
        *("hemmelig", "hemmeligt", "hemmelig adresse", "adresse hemmelig", "adressen er hemmelig"),
        *("uden fast adresse", "uden fast bopæl", "uden fast opholdssted"),
    }
)
_SIGNS: Final = re.compile(r"[\W_]+")


class Deviation(enum.Enum):
    """A way in which another system differs from the record. The order is the order of weight."""

    #: protected here, and the other system shows an address
    PROTECTED_OPEN = "protected_open"
    #: dead here, and nothing blocks the patron there
    DEAD_ACTIVE = "dead_active"
    #: not dead here, and blocked there as deceased
    LIVING_BLOCKED = "living_blocked"
    NAME = "name"
    ADDRESS = "address"
    BIRTH = "birth"
    #: whether the patron lives in the library's municipality
    RESIDENT = "resident"
    #: the other system does not know the patron
    MISSING_THERE = "missing_there"
    #: no patron here is the other system's patron
    MISSING_HERE = "missing_here"
    #: the other system says nothing of what is known here, or nothing that can be read
    NAME_UNKNOWN = "name_unknown"
    ADDRESS_UNKNOWN = "address_unknown"
    BIRTH_UNKNOWN = "birth_unknown"
    RESIDENT_UNKNOWN = "resident_unknown"
    BLOCKS_UNKNOWN = "blocks_unknown"
    #: the other system did not answer about the patron
    UNREAD = "unread"

    # a member is one object: the enum's own hash is slow
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True, repr=False)
class Elsewhere:
    """A patron as another library system shows them. None: it says nothing, or nothing that can be read."""

    #: the patron's number there
    id: str
    name: str | None = None
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    birth: date | None = None
    resident: bool | None = None
    #: the codes of the blocks; a code that is on no list counts as some other reason
    blocks: tuple[str, ...] | None = ()

    @property
    def shows_address(self) -> bool:
        """True if a street can be read, and not a word such as `Adressebeskyttet` in its place."""
        return self.street is not None and _SIGNS.sub(" ", self.street).strip().lower() not in _HIDDEN


def find_deviations(patron: Patron, there: Elsewhere | None, policy: Policy, *, on: date) -> tuple[Deviation, ...]:
    """Compare one patron. `there` None: the other system does not know them.

    Of the dead, only the block and the protection count: the other system may have deleted the rest, or the patron.
    """
    person = patron.register
    is_dead = person.status is Status.DEAD
    if there is None:
        return () if is_dead else (Deviation.MISSING_THERE,)
    if is_dead:
        return (*_open(person, there), *_dead(there))
    now = effective(patron, policy, on=on)
    return (
        *_open(person, there),
        *_living(there),
        *_name(person, there),
        *_address(person, there),
        *_birth(now, there),
        *_resident(now, there),
    )


def _open(person: Person, there: Elsewhere) -> Iterator[Deviation]:
    """An administrative street alone is sealed here, but the other system has no reason to hide it."""
    if person.protection is Protection.NAME_AND_ADDRESS and there.shows_address:
        yield Deviation.PROTECTED_OPEN


def _dead(there: Elsewhere) -> Iterator[Deviation]:
    """Any block stops a dead patron from being used, whatever its reason."""
    if there.blocks is None:
        yield Deviation.BLOCKS_UNKNOWN
    elif not there.blocks:
        yield Deviation.DEAD_ACTIVE


def _living(there: Elsewhere) -> Iterator[Deviation]:
    if there.blocks is not None and DECEASED in there.blocks:
        yield Deviation.LIVING_BLOCKED


def _name(person: Person, there: Elsewhere) -> Iterator[Deviation]:
    # sealed, not yet named, or no source has told the name
    if not isinstance(person.name, Name):
        return
    if there.name is None:
        yield Deviation.NAME_UNKNOWN
    elif not is_same_name(person.name, there.name):
        yield Deviation.NAME


def _address(person: Person, there: Elsewhere) -> Iterator[Deviation]:
    at = person.address
    # sealed; emigrated or disappeared, so that the address is only the last known one; or nobody has told it
    if not isinstance(at, Address) or not (person.status is SILENT or person.status in WITH_ADDRESS):
        return
    if there.street is None or not there.shows_address or not (there.postcode or there.city):
        yield Deviation.ADDRESS_UNKNOWN
    elif not is_same_address(at, street=there.street, postcode=there.postcode or "", city=there.city or ""):
        yield Deviation.ADDRESS


def _birth(now: Effective, there: Elsewhere) -> Iterator[Deviation]:
    # the register is not sure of it, or it only follows from the number
    if now.birth is None or now.birth.uncertain:
        return
    if there.birth is None:
        yield Deviation.BIRTH_UNKNOWN
    elif there.birth != now.birth.day:
        yield Deviation.BIRTH


def _resident(now: Effective, there: Elsewhere) -> Iterator[Deviation]:
    if now.residence is Residence.UNKNOWN:
        return
    if there.resident is None:
        yield Deviation.RESIDENT_UNKNOWN
    elif there.resident is not (now.residence is Residence.RESIDENT):
        yield Deviation.RESIDENT


def is_compared(patron: Patron) -> bool:
    """True for a patron whom another system may have: a borrower with a CPR number that is in use."""
    return patron.borrows and not patron.number.is_replacement and patron.register.status not in NUMBER_ONLY
