"""What a change would do to people, were it wrong: the classes that the guard counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.label import label_lines
from cprsync.domain.municipality import culr_number_of
from cprsync.domain.person import SILENT, Address, Protection
from cprsync.domain.policy import Harm

if TYPE_CHECKING:
    from cprsync.domain.person import Gap, Person


def harms_between(before: Person, after: Person, *, gone: bool, renamed: bool) -> tuple[Harm, ...]:
    """The classes that a step from one record to another counts in.

    Args:
        before: the register part of the record as it is.
        after: as it would be.
        gone: whether the step is a death, an emigration or a disappearance.
        renamed: whether a name replaces another.
    """
    lost = bool(culr_number_of(before)) and culr_number_of(after) == ""
    tests = (
        (Harm.ADDRESS_LOST, isinstance(before.address, Address) and after.address is SILENT),
        (Harm.PROTECTION_LIFTED, _opens(before, after)),
        (Harm.ENTITLEMENT_LOST, lost),
        (Harm.GONE, gone),
        (Harm.NAME_REPLACED, renamed),
        (Harm.CHANGED, before.name != after.name or _written(before) != _written(after) or lost),
    )
    return tuple(harm for harm, met in tests if met)


def _written(person: Person) -> tuple[str, ...]:
    """The address as it is written on a letter: other codes for the same words harm nobody (trust, R-21)."""
    if not isinstance(person.address, Address):
        return ()
    return (*label_lines(person.address), *person.address.supplementary)


def _opens(before: Person, after: Person) -> bool:
    """True when name and address would become visible: protection ends, or an administrative street does."""
    if after.protection is Protection.NAME_AND_ADDRESS:
        return False
    ended = before.protection is Protection.NAME_AND_ADDRESS
    return ended or (_administrative(before.address) and not _administrative(after.address))


def _administrative(address: Address | Gap) -> bool:
    return isinstance(address, Address) and address.is_administrative
