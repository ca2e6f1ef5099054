"""What a change would do to people, were it wrong: the classes that the guard counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.effective import culr_in_force
from cprsync.domain.label import label_lines
from cprsync.domain.override import Overridden
from cprsync.domain.person import SILENT, Address, Protection
from cprsync.domain.policy import Harm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.override import Override
    from cprsync.domain.person import Gap, Person

_NONE: Final[Mapping[Overridden, Override]] = {}


def harms_between(
    before: Person, after: Person, *, gone: bool, renamed: bool, holding: Mapping[Overridden, Override] = _NONE
) -> tuple[Harm, ...]:
    """The classes that a step from one record to another counts in.

    What staff corrected is not changed by the register, and no harm is done there.

    Args:
        before: the register part of the record as it is.
        after: as it would be.
        gone: whether the step is a death, an emigration or a disappearance.
        renamed: whether a name replaces another.
        holding: what staff corrected, as long as it holds.
    """
    lost = culr_in_force(after, holding) == "" and bool(culr_in_force(before, holding))
    named, addressed = Overridden.NAME not in holding, Overridden.ADDRESS not in holding
    rewritten = (named and before.name != after.name) or (addressed and _reads_otherwise(before, after))
    tests = (
        (Harm.ADDRESS_LOST, addressed and isinstance(before.address, Address) and after.address is SILENT),
        (Harm.PROTECTION_LIFTED, _opens(before, after)),
        (Harm.ENTITLEMENT_LOST, lost),
        (Harm.GONE, gone),
        (Harm.NAME_REPLACED, named and renamed),
        (Harm.CHANGED, rewritten or lost),
    )
    return tuple(harm for harm, met in tests if met)


def _reads_otherwise(before: Person, after: Person) -> bool:
    return before.address != after.address and _written(before) != _written(after)


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
