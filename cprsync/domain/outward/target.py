"""A target: another system that hears of our patrons, what it may get of each, and which news go first.

A target has a closed list of fields. A payload holds nothing else (decision 37).
"""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.outward.record import WITHHELD_IF_PROTECTED, OutwardField

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.outward.record import OutwardRecord, Trait


class TargetKind(enum.Enum):
    """How a target hears of changes."""

    #: we write to a Koha library system
    KOHA = "koha"
    #: a reader fetches the changes
    FEED = "feed"
    #: we post patron number and version, and the receiver fetches the rest from a feed
    WEBHOOK = "webhook"
    #: we write a file for each delivery of changes
    FILE = "file"

    @property
    def is_fetched(self) -> bool:
        """True if nothing is sent: the target reads by itself."""
        return self is TargetKind.FEED

    @property
    def hears_all_at_once(self) -> bool:
        """True if all that the desk writes is told right away. Of the others, only what is urgent: see `is_urgent`.

        A file for each change would be too many.
        """
        return self in {TargetKind.KOHA, TargetKind.WEBHOOK}

    @property
    def holds_others(self) -> bool:
        """True if the target may hold patrons of whom we have never told it: a Koha was filled by hand before."""
        return self is TargetKind.KOHA


class ProtectedRule(enum.Enum):
    """How a target sees a protected patron."""

    #: not at all: the patron is gone for this target
    LEAVE_OUT = "leave out"
    #: as any other patron, but without any address
    WITHOUT_ADDRESS = "without address"
    #: that there is a protected patron, and the CPR number if the target may have numbers: nothing else
    FLAG_ONLY = "sealed flag only"


@dataclass(frozen=True, slots=True)
class Target:
    """One target of one library."""

    name: str
    kind: TargetKind
    fields: frozenset[OutwardField]
    protected: ProtectedRule = ProtectedRule.LEAVE_OUT
    #: only patrons of these groups, and of these municipalities; empty: all
    groups: frozenset[str] = frozenset()
    municipalities: frozenset[str] = frozenset()

    @property
    def stamp(self) -> str:
        """A hash of everything that decides what the target gets. Another stamp means that all is told again."""
        said = [
            self.kind.value,
            sorted(field.value for field in self.fields),
            self.protected.value,
            sorted(self.groups),
            sorted(self.municipalities),
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


#: What a target hears of a patron who is not for it, any more or at all.
GONE: Final = None


def view(record: OutwardRecord | None, target: Target) -> dict[str, Any] | None:
    """What the target may get of a record. None: the patron is not for this target, or is no patron any more."""
    if record is None or not _is_for(record, target):
        return GONE
    payload: dict[str, Any] = {"patron": record.patron_id, "protected": record.protected}
    allowed = target.fields
    if record.protected and target.protected is ProtectedRule.FLAG_ONLY:
        allowed &= {OutwardField.NUMBER}
    elif record.protected:
        # they are withheld already; said twice, because no mistake may let them out
        allowed -= WITHHELD_IF_PROTECTED
    else:
        payload |= {"verified": record.verified}
    # a change that was written before the table had the field says nothing of it
    payload |= {field.value: record.values.get(field.value) for field in OutwardField if field in allowed}
    withheld = sorted(field.value for field in record.withheld & target.fields)
    return payload | ({"withheld": withheld} if withheld else {})


def hides(record: OutwardRecord | None) -> bool:
    """Whether losing the patron protects them. That goes through also when the rest stops.

    Also for a patron who is not for the target any more for another reason: what it holds may be their open address.
    """
    return record is not None and record.is_patron and record.protected


def number_to_forget(record: OutwardRecord | None, target: Target) -> str | None:
    """Return the CPR number of a patron whom a target must forget, although nobody has told it of them. None: need not.

    Somebody may have written the patron down there by hand, with the address. That is done only if the register has
    told of the protection: a record without its answer counts as protected for a while.
    """
    if record is None or not (target.kind.holds_others and hides(record) and record.verified):
        return None
    if target.protected is not ProtectedRule.LEAVE_OUT or not _covers(record.trait, target):
        return None
    number: str | None = record.values[OutwardField.NUMBER.value] if OutwardField.NUMBER in target.fields else None
    return number


def _is_for(record: OutwardRecord, target: Target) -> bool:
    return record.is_patron and _fits(record.trait, target)


def _fits(trait: Trait, target: Target) -> bool:
    is_protected, *_ = trait
    return not (is_protected and target.protected is ProtectedRule.LEAVE_OUT) and _covers(trait, target)


def _covers(trait: Trait, target: Target) -> bool:
    """Whether the target is for patrons of this group and municipality, protected or not."""
    _, group, municipality = trait
    is_of_group = not target.groups or group in target.groups
    return is_of_group and (not target.municipalities or municipality in target.municipalities)


def may_know(record: OutwardRecord, target: Target) -> bool:
    """Whether the target may have heard of the patron before this record."""
    return record.was is None or any(_fits(trait, target) for trait in record.was)


def closes(before: OutwardRecord | None, after: OutwardRecord | None) -> bool:
    """Whether less may be seen than before: what was told earlier must not be told again."""
    if before is None or not before.is_patron:
        return False
    if after is None or not after.is_patron:
        return True
    return (after.protected and not before.protected) or bool(after.withheld - before.withheld)


def outdates(before: OutwardRecord | None, after: OutwardRecord | None, *, inhabited: frozenset[str]) -> bool:
    """Whether the earlier changes of the patron are to be deleted, and what waits with them.

    So it is if less may be seen than before, and if the patron has moved away from others: who stays there may be
    protected later, and the earlier changes would tell where.

    Args:
        before: what was told last.
        after: what is to be told now.
        inhabited: dwellings in which somebody lives now.
    """
    if closes(before, after):
        return True
    return before is not None and after is not None and before.dwelling in inhabited - {after.dwelling}


#: How often an effect is tried before it is left to staff. With one try a night this takes a month.
ATTEMPTS: Final = 30
#: A target may lose so many patrons in one pass, and this share of those it knows. More stops it (decision 37).
GONE_MOST: Final = 50
GONE_SHARE: Final = 0.05


def may_lose(gone: int, *, of: int) -> bool:
    """Whether a target that knows `of` patrons may lose this many at once."""
    return gone <= max(GONE_MOST, GONE_SHARE * of)


#: Answers to a right that a patron can lose.
_YES: Final = "yes"


def is_urgent(before: OutwardRecord | None, after: OutwardRecord | None) -> bool:
    """Whether the news go before others: a new protection, a patron who left or died, or a right that is lost."""
    if after is not None and after.held:
        # it waits for the register's answer
        return False
    if before is not None and before.held and after is not None:
        return after.protected
    if closes(before, after):
        return True
    if before is None or after is None or not before.is_patron:
        return False
    then, now = before.values, after.values
    if now[OutwardField.STATUS.value] != then[OutwardField.STATUS.value]:
        return True
    return any(
        answer == _YES and _rights(now).get(product) != _YES for product, answer in _rights(then).items()
    ) or bool(_blocks(now) > _blocks(then))


def _rights(values: Mapping[str, Any]) -> dict[str, str]:
    return values[OutwardField.RIGHTS.value] or {}


def _blocks(values: Mapping[str, Any]) -> int:
    return len(values[OutwardField.BLOCKS.value] or ())
