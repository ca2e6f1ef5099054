"""The register's part of a record after new data: each group is replaced as a whole, and silence changes nothing.

Decides nothing: `decide` settles which data may be applied and which may be trusted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cprsync.domain.person.person import (
    ADMINISTRATIVE_STATUS,
    EMPTY,
    GROUPS,
    REPLACED,
    SILENT,
    Person,
    Silent,
    Status,
    by_status,
)
from cprsync.domain.person.sealed import SealedAddress, keep_sealed

if TYPE_CHECKING:
    from cprsync.domain.person.address import Address
    from cprsync.domain.person.person import Abroad, Contact, Gap
    from cprsync.domain.person.sealed import Sealed


def merge(stored: Person, person: Person) -> Person:
    """The register's part of the record after `person`: each group is replaced as a whole, and silence changes nothing.

    A record has no contact address until a source gives one, because a look-up cannot say "none". The foreign address
    belongs to status 80 and is removed with it. If `person` has no status, only the groups that the stored status
    allows are used. So a dead person gets no address, and a living person gets no successor number.
    """
    if person.status is SILENT:
        person = _within(person, stored.status)
    elif _replaces_all(person) and person.number == stored.number:
        # most people in a delivery have a value in every group, so the person is the result
        return person
    return Person(
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


def _within(person: Person, status: Status | Silent) -> Person:
    allowed = by_status(replace(person, status=status))
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
