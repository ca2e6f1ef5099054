"""An account in CULR held against what our records say it is to be: how it has drifted, and what repairs that.

A number that another library may have set is nobody's to overwrite: a person decides. Leaves out whom to read, and how.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.account import NOWHERE, Effect, is_foreign, ours_to_delete
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from cprsync.domain.netmedia.account import Held, Identity

#: However few accounts there are, so many are read in a night.
READ_MIN: Final = 200


class Drift(enum.Enum):
    """How an account is not what it is to be."""

    #: there is to be one, and this library has none
    MISSING = "missing"
    #: this library has one, and there is to be none
    EXTRA = "extra"
    #: another municipality number stands there, and no other library has an account
    STALE = "stale"
    #: another municipality number stands there, and another library has an account too
    FOREIGN = "foreign"
    #: the cards that log in are not the patron's
    CARDS = "cards"


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """What an account is to be. `municipality`: three digits, NOWHERE for none on purpose, None: whatever it holds."""

    account: bool
    municipality: str | None = None
    #: the cards that are to log in; None: they are not looked at
    cards: frozenset[Identity] | None = None


def wanted(*, borrows: bool, culr: str | None, told: str | None, cards: frozenset[Identity] | None = None) -> Wanted:
    """What the account of someone whom CULR was told of is to be, with nothing waiting for it.

    Args:
        borrows: she is a patron, and does not only answer for one.
        culr: what is in force for her; None: nobody knows, and what was told stands (decision 11).
        told: what CULR was last told; None: whatever another account of hers held.
        cards: what is to log in beside it; None: that is not looked at.
    """
    if not borrows:
        return Wanted(account=False)
    return Wanted(account=True, municipality=told if culr is None else culr, cards=cards)


def drifts(identity: Identity, want: Wanted, held: Held, *, agency: str) -> tuple[Drift, ...]:
    """How what CULR holds under her number differs; empty: it does not.

    Whoever is to have no account is to have none under a card or a UNI-Login either.
    """
    if not want.account:
        return (Drift.EXTRA,) if ours_to_delete(identity, held) else ()
    missing = () if held.account else (Drift.MISSING,)
    # whoever's account is missing gets it with the cards
    cards = () if missing or want.cards is None or want.cards == held.cards else (Drift.CARDS,)
    if is_foreign(want.municipality, held, agency=agency):
        return (*missing, Drift.FOREIGN, *cards)
    stale = want.municipality not in {None, held.municipality or NOWHERE}
    return missing or (*((Drift.STALE,) if stale else ()), *cards)


@dataclass(frozen=True, slots=True, repr=False)
class Repair:
    """What is to be done about one account that has drifted."""

    patron_id: str
    #: her record's, when that was decided
    version: int
    identity: Identity
    drift: tuple[Drift, ...]
    want: Wanted
    #: what was read there; None: nothing was
    held: Held | None = None

    def __repr__(self) -> str:
        return f"Repair({self.patron_id})"

    def effect(self, version: int) -> Effect | None:
        """The state to set as of a later version of her record; None: only a person may say."""
        if Drift.EXTRA in self.drift:
            return Effect(self.patron_id, version, self.identity, NOWHERE, gone=True, sweeps=True)
        if self.drift == (Drift.FOREIGN,):
            return None
        # ours comes back beside the other library's, and the number stays as it is until someone has decided
        municipality = None if Drift.FOREIGN in self.drift else self.want.municipality
        return Effect(self.patron_id, version, self.identity, municipality, repairs=True)

    @property
    def harms(self) -> tuple[Harm, ...]:
        """What a wrong comparison would do with it."""
        effect = self.effect(self.version)
        if effect is None:
            return ()
        return (Harm.CHANGED, Harm.ENTITLEMENT_LOST) if effect.revokes or self._ends_a_log_in else (Harm.CHANGED,)

    @property
    def _ends_a_log_in(self) -> bool:
        wanted, held = self.want.cards, self.held
        return Drift.CARDS in self.drift and wanted is not None and held is not None and bool(held.cards - wanted)


def nightly_share(accounts: int, nights: int) -> int:
    """How many accounts to read in a night, so that each is read once in so many nights."""
    return max(READ_MIN, -(-accounts // nights))


def slice_of(patron_id: str, nights: int) -> int:
    """In which of so many nights whoever has no account is read: patron numbers are random."""
    return int(patron_id) % nights
