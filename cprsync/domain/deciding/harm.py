"""The harm that a change does to people if it is wrong: the classes that the guard counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.patron.effective import culr_in_force
from cprsync.domain.patron.override import Overridden
from cprsync.domain.person.person import SILENT, Protection
from cprsync.domain.person.sealed import same_writing
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.patron.override import Override
    from cprsync.domain.person.address import Address
    from cprsync.domain.person.person import Person, Silent
    from cprsync.domain.person.sealed import SealedAddress

    _Address: TypeAlias = Address | SealedAddress | Silent

_NONE: Final[Mapping[Overridden, Override]] = {}


def harms_between(
    before: Person, after: Person, *, gone: bool, renamed: bool, holding: Mapping[Overridden, Override] = _NONE
) -> tuple[Harm, ...]:
    """The classes of harm in a step from one record to another.

    The register does not change a field that staff corrected, so that field has no harm.

    Args:
        before: the register's part of the record now.
        after: the register's part after the step.
        gone: whether the step is a death, an emigration, a disappearance or an annulled number.
        renamed: whether a name replaces another name.
        holding: staff's corrections that hold.
    """
    lost = culr_in_force(after, holding) == "" and bool(culr_in_force(before, holding))
    named, addressed = Overridden.NAME not in holding, Overridden.ADDRESS not in holding
    rewritten = (named and before.name != after.name) or (addressed and _reads_otherwise(before, after))
    tests = (
        (Harm.ADDRESS_LOST, addressed and before.address is not SILENT and after.address is SILENT),
        (Harm.PROTECTION_LIFTED, _opens(before, after)),
        (Harm.ENTITLEMENT_LOST, lost),
        (Harm.GONE, gone),
        (Harm.NAME_REPLACED, named and renamed),
        (Harm.CHANGED, rewritten or lost),
    )
    return tuple([harm for harm, met in tests if met])


def _reads_otherwise(before: Person, after: Person) -> bool:
    return not _same_words(before.address, after.address)


def _same_words(before: _Address, after: _Address) -> bool:
    """Whether a letter would have the same address on it."""
    return before is after if before is SILENT or after is SILENT else same_writing(before, after)


def _opens(before: Person, after: Person) -> bool:
    """True if name and address become visible: the protection ends, or the person leaves an administrative street."""
    if after.protection is Protection.NAME_AND_ADDRESS:
        return False
    ended = before.protection is Protection.NAME_AND_ADDRESS
    return ended or (before.lives_administratively and not after.lives_administratively)
