"""What the register's part of a record is after a snapshot: each group replaced whole, silence changes nothing.

Decides nothing: what may not be applied, and what may not be believed, is settled in `decide`.
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
from cprsync.domain.person.sealed import SealedAddress, staying_sealed

if TYPE_CHECKING:
    from cprsync.domain.person.person import Abroad, Address, Contact, Gap
    from cprsync.domain.person.sealed import Sealed


def merge(stored: Person, person: Person) -> Person:
    """The record's register part after `person`: each group replaced whole, silence changes nothing.

    A record knows of no contact address until a source gives one: a look-up cannot say "none". The foreign
    address belongs to status 80 and goes with it. A person silent about her status may say no more than the
    stored status allows: no address of a dead woman, no successor of a living one.
    """
    if person.status is SILENT:
        person = _within(person, stored.status)
    elif _replaces_all(person) and person.number == stored.number:
        # nearly everyone in a delivery: whoever says something of every group is the merge herself
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
    """True when the merge with any record would be the person herself, so that a fingerprint can tell."""
    # spelled out, since it is asked several times about each person of a delivery
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
    """True when the merge is the person as she is: no foreign address has to go either."""
    return speaks_for_all(person) and (person.abroad is SILENT or person.status is Status.EMIGRATED)


def _last_address(stored: Person, person: Person) -> Address | SealedAddress | Silent:
    """The last address known; it outlives status 03 or 07, and what sealed it then seals it still (decision 2)."""
    at = stored.address
    leaves = stored.status in ADMINISTRATIVE_STATUS and person.status not in ADMINISTRATIVE_STATUS
    if leaves and isinstance(at, SealedAddress):
        return staying_sealed(at)
    return at


def says_nothing_new(before: Person, after: Person) -> bool:
    """True when all that differs is a silence that became "none": the two agree (decision 1).

    Protection is apart: there the difference unseals.
    """
    if before.address != after.address:
        return False  # as with nearly everyone: nobody's address becomes "none"
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
