"""Compares accounts and stored rights with what our records want: how they have drifted, and what repairs an account.

A number that another library may have set is not overwritten: staff decide. Leaves out which accounts to read, and
what is not wrong yet: rights that are still to be derived, and effects that wait to be sent.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.account import NOWHERE, Effect, is_foreign, ours_to_delete
from cprsync.domain.netmedia.right_day import right_facts
from cprsync.domain.netmedia.rights import rights_of, stored_line
from cprsync.domain.patron.override import culr_in_force, in_force
from cprsync.domain.patron.review import BLOCK_REASONS, State
from cprsync.domain.person.person import EMPTY, SILENT, Status
from cprsync.domain.person.sealed import Address
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from cprsync.domain.netmedia.account import CulrHolding, Identity
    from cprsync.domain.patron.local import Local, Stage
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Policy

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
class WantedAccount:
    """What an account should be. `municipality`: three digits, NOWHERE to be empty, None: any number is right."""

    account: bool
    municipality: str | None = None
    #: the cards that should log in; None: do not look at cards
    cards: frozenset[Identity] | None = None


def asks_about_foreign(latest: State | None, *, before: str | None, now: str | None) -> bool:
    """Whether staff are asked about another library's number.

    Not while the question waits, and not if staff last decided that this same number may stand.

    Args:
        latest: the state of the last question about the account; None: there was none.
        before: the number that was read before.
        now: the number that was read now.
    """
    return latest is not State.WAITING and not (latest is State.REJECTED and before == now)


def wanted_account(
    *, borrows: bool, culr: str | None, last_told: str | None, cards: frozenset[Identity] | None = None
) -> WantedAccount:
    """What a patron's account should be. CULR was told about this patron, and nothing waits to be sent.

    Args:
        borrows: the patron borrows, and does not only answer for a minor.
        culr: the number in force for the patron; None: it is unknown, and the number last told stays (decision 11).
        last_told: what CULR was last told; None: no number, because the account kept the number of an earlier one.
        cards: the cards that should log in; None: do not look at cards.
    """
    if not borrows:
        return WantedAccount(account=False)
    return WantedAccount(account=True, municipality=last_told if culr is None else culr, cards=cards)


def find_drift(identity: Identity, want: WantedAccount, held: CulrHolding, *, agency: str) -> tuple[Drift, ...]:
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
    want: WantedAccount
    #: what the reading found; None: nothing was read
    held: CulrHolding | None = None

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
    """In which of `nights` nights to look for an account that should not be there. Patron numbers are random."""
    return int(patron_id) % nights


#: The statuses that seal by themselves, with the status for the same place that does not.
_ORDINARY: Final = {
    Status.RESIDENT_ADMINISTRATIVE: Status.RESIDENT,
    Status.GREENLAND_ADMINISTRATIVE: Status.GREENLAND,
}


class NetMediaFault(enum.Enum):
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


def without_protection(person: Person) -> Person:
    """The same person without protection, at an ordinary street of the municipality, with the status to match."""
    at = person.address
    open_address = at if at is SILENT else Address.somewhere_in(at.municipality)
    status = SILENT if person.status is SILENT else _ORDINARY.get(person.status, person.status)
    return replace(person, protection=EMPTY, address=open_address, status=status)


def find_wrong_rights(  # noqa: PLR0913 -- what decides the rights, and the stored rights
    patron: Patron, local: Local, stage: Stage, kept: str | None, *, policy: Policy, on: date
) -> Iterator[NetMediaFault]:
    """What is wrong with the patron's stored rights, and with the municipality number for CULR."""
    if kept != _line(patron, local, stage, policy, on):
        yield NetMediaFault.RIGHTS
    if not patron.register.is_shut:
        return
    holding, other = in_force(patron.overrides, on), replace(patron, register=without_protection(patron.register))
    same_number = culr_in_force(patron.register, holding) == culr_in_force(other.register, holding)
    if not same_number or kept != _line(other, local, stage, policy, on):
        yield NetMediaFault.PROTECTED


def named_block_reasons(policy: Policy) -> set[tuple[str, str]]:
    """Pairs of product and block reason that the policy names. Leaves out the reasons that a status brings."""
    named = ((one.name, one.closing_blocks or frozenset()) for one in policy.products.periods)
    return {(name, reason) for name, reasons in named for reason in reasons - set(BLOCK_REASONS.values())}


def is_untold(want: str | None, last: str | None, *, told: bool) -> bool:
    """Whether CULR was told something other than what should stand there. An unknown number is not to be told."""
    return want is not None and (not told or (last is not None and last != want))


def _line(patron: Patron, local: Local, stage: Stage, policy: Policy, on: date) -> str:
    return stored_line(rights_of(right_facts(patron, local, stage=stage), policy, on))
