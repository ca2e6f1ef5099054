"""Compares an account in CULR with what our records want: how it has drifted, and what repairs it.

A number that another library may have set is not overwritten: staff decide. Leaves out which accounts to read, and how.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.account import NOWHERE, Effect, is_foreign, ours_to_delete
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from cprsync.domain.netmedia.account import Held, Identity

#: The least number of accounts to read in a night.
READ_MIN: Final = 200


class Drift(enum.Enum):
    """How an account differs from what it should be."""

    #: this library has no account, and should have one
    MISSING = "missing"
    #: this library has an account, and should have none
    EXTRA = "extra"
    #: another municipality number is there, and no other library has an account
    STALE = "stale"
    #: another municipality number is there, and another library has an account too
    FOREIGN = "foreign"
    #: the cards that log in are not the patron's cards
    CARDS = "cards"


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """What an account should be. `municipality`: three digits, NOWHERE to be empty, None: any number is right."""

    account: bool
    municipality: str | None = None
    #: the cards that should log in; None: do not look at cards
    cards: frozenset[Identity] | None = None


def wanted(*, borrows: bool, culr: str | None, told: str | None, cards: frozenset[Identity] | None = None) -> Wanted:
    """What a patron's account should be. CULR was told about this patron, and nothing waits to be sent.

    Args:
        borrows: the patron borrows, and does not only answer for a minor.
        culr: the number in force for the patron; None: it is unknown, and the number last told stays (decision 11).
        told: what CULR was last told; None: no number, because the account kept the number of an earlier one.
        cards: the cards that should log in; None: do not look at cards.
    """
    if not borrows:
        return Wanted(account=False)
    return Wanted(account=True, municipality=told if culr is None else culr, cards=cards)


def drifts(identity: Identity, want: Wanted, held: Held, *, agency: str) -> tuple[Drift, ...]:
    """How the account under this number differs from what it should be; empty: it does not.

    A patron who should have no account should have none under a card or a UNI-Login either.
    """
    if not want.account:
        return (Drift.EXTRA,) if ours_to_delete(identity, held) else ()
    missing = () if held.account else (Drift.MISSING,)
    # a repair of a missing account sets its cards as well
    cards = () if missing or want.cards is None or want.cards == held.cards else (Drift.CARDS,)
    if is_foreign(want.municipality, held, agency=agency):
        return (*missing, Drift.FOREIGN, *cards)
    stale = want.municipality not in {None, held.municipality or NOWHERE}
    return missing or (*((Drift.STALE,) if stale else ()), *cards)


@dataclass(frozen=True, slots=True, repr=False)
class Repair:
    """What to do about one account that has drifted."""

    patron_id: str
    #: the version of the record when this was decided
    version: int
    identity: Identity
    drift: tuple[Drift, ...]
    want: Wanted
    #: what the reading found; None: nothing was read
    held: Held | None = None

    def __repr__(self) -> str:
        return f"Repair({self.patron_id})"

    def effect(self, version: int) -> Effect | None:
        """The state to set, as of a later version of the record; None: only staff may decide."""
        if Drift.EXTRA in self.drift:
            return Effect(self.patron_id, version, self.identity, NOWHERE, gone=True, sweeps=True)
        if self.drift == (Drift.FOREIGN,):
            return None
        # Our account comes back beside the other library's. The number stays until staff have decided.
        municipality = None if Drift.FOREIGN in self.drift else self.want.municipality
        return Effect(self.patron_id, version, self.identity, municipality, repairs=True)

    @property
    def harms(self) -> tuple[Harm, ...]:
        """The harm that this repair does if the comparison is wrong."""
        effect = self.effect(self.version)
        if effect is None:
            return ()
        return (Harm.CHANGED, Harm.ENTITLEMENT_LOST) if effect.revokes or self._ends_a_log_in else (Harm.CHANGED,)

    @property
    def _ends_a_log_in(self) -> bool:
        wanted, held = self.want.cards, self.held
        return Drift.CARDS in self.drift and wanted is not None and held is not None and bool(held.cards - wanted)


def nightly_share(accounts: int, nights: int) -> int:
    """How many accounts to read in a night, so that `nights` nights read each one once."""
    return max(READ_MIN, -(-accounts // nights))


def slice_of(patron_id: str, nights: int) -> int:
    """In which of so many nights to look for an account of a patron who should have none. Patron numbers are random."""
    return int(patron_id) % nights
