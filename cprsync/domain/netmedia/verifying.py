"""What must be true of every patron's rights to net media, and how to find where it is not. Pure; reads no store.

Leaves out rights that are still to be derived and effects that wait to be sent: those are not wrong yet.
"""

from __future__ import annotations

import enum
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.right_facts import right_facts
from cprsync.domain.netmedia.rights import rights_of, stored
from cprsync.domain.patron.effective import culr_in_force
from cprsync.domain.patron.override import in_force
from cprsync.domain.patron.review import BLOCK_REASONS
from cprsync.domain.person.address import Address
from cprsync.domain.person.person import EMPTY, SILENT, Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from cprsync.domain.patron.local import Local, Stage
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Policy

#: A street that does not seal the address.
_SOME_STREET: Final = "0001"
#: The statuses that seal by themselves, with the status for the same place that does not.
_ORDINARY: Final = {
    Status.RESIDENT_ADMINISTRATIVE: Status.RESIDENT,
    Status.GREENLAND_ADMINISTRATIVE: Status.GREENLAND,
}


class Wrong(enum.Enum):
    """What is wrong."""

    #: the stored rights are not the ones that follow from the record and the policy
    RIGHTS = "rights"
    #: the patron is protected, and does not have the rights that they would have without protection
    PROTECTED = "protected"
    #: CULR was not told what the record says, and nothing waits to tell it
    UNTOLD = "untold"
    #: the kinds of `domain.netmedia.drift`
    MISSING = "missing"
    EXTRA = "extra"
    STALE = "stale"
    FOREIGN = "foreign"
    CARDS = "cards"
    #: a version is not higher than the one before it
    VERSIONS = "versions"


def twin(person: Person) -> Person:
    """The same person without protection, at an ordinary street of the municipality, with the status to match."""
    at = person.address
    open_address = at if at is SILENT else Address(at.municipality, _SOME_STREET, "1")
    status = SILENT if person.status is SILENT else _ORDINARY.get(person.status, person.status)
    return replace(person, protection=EMPTY, address=open_address, status=status)


def wrong_rights(  # noqa: PLR0913 -- what decides the rights, and the stored rights
    patron: Patron, local: Local, stage: Stage, kept: str | None, *, policy: Policy, on: date
) -> Iterator[Wrong]:
    """What is wrong with the patron's stored rights, and with the municipality number for CULR."""
    if kept != _line(patron, local, stage, policy, on):
        yield Wrong.RIGHTS
    if not patron.register.is_shut:
        return
    holding, other = in_force(patron.overrides, on), replace(patron, register=twin(patron.register))
    same_number = culr_in_force(patron.register, holding) == culr_in_force(other.register, holding)
    if not same_number or kept != _line(other, local, stage, policy, on):
        yield Wrong.PROTECTED


def named_reasons(policy: Policy) -> set[tuple[str, str]]:
    """Pairs of product and block reason that the policy names. Leaves out the reasons that a status brings."""
    named = ((one.name, one.closing_blocks or frozenset()) for one in policy.products.periods)
    return {(name, reason) for name, reasons in named for reason in reasons - set(BLOCK_REASONS.values())}


def is_untold(want: str | None, last: str | None, *, told: bool) -> bool:
    """Whether CULR was told something other than what should stand there. An unknown number is not to be told."""
    return want is not None and (not told or (last is not None and last != want))


def _line(patron: Patron, local: Local, stage: Stage, policy: Policy, on: date) -> str:
    return stored(rights_of(right_facts(patron, local, stage=stage), policy, on))
