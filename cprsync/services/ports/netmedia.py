"""The net media: CULR as a port, and the stores of what it is to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cprsync.domain.netmedia.account import CulrHolding, Effect, Identity
    from cprsync.domain.netmedia.cards import CardsStage
    from cprsync.domain.netmedia.drift import Repair, WantedAccount
    from cprsync.domain.netmedia.right_day import RightFacts
    from cprsync.domain.netmedia.settling import Settled, Unsettled
    from cprsync.domain.patron.local import Local, Stage
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.policy.policy import Policy
    from cprsync.errors import CprsyncError
    from cprsync.services.ports.runs import DuePage, Run


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the net media must still be told."""

    waiting: int = 0
    #: refused for good: staff must look
    failed: int = 0
    #: since when the oldest effect waits, without those that wait for the register's answer after a restore
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class CardCounts:
    """How many accounts of a patron's cards there are, or should be. It holds no card."""

    #: cards that should log in
    wanted: int
    #: accounts of which CULR was told, whether or not it has answered
    sent: int
    #: accounts that a reading has shown
    confirmed: int
    #: accounts to make or to delete
    pending: int


@dataclass(frozen=True, slots=True)
class CardsState:
    """How far the library has come with letting its cards log in."""

    #: the setting
    log_in: bool
    stage: CardsStage
    #: accounts of cards that CULR has, as far as readings have shown
    accounts: int
    #: patrons who must still be told
    left: int
    #: accounts stay at CULR though the setting lets no card log in
    stays: bool

    def document(self, *, told: int = 0) -> dict[str, Any]:
        """The counts alone, as reports and `entitlements cards` show them. `told`: how many were told just now."""
        return {
            "local_accounts": "cards" if self.log_in else "none",
            "stage": self.stage.value,
            "accounts": self.accounts,
            "told": told,
            "left": self.left,
            "stays": self.stays,
        }


@dataclass(frozen=True, slots=True)
class AccountState:
    """What is known of one patron's account in CULR. Numbers have three digits; "" means none on purpose."""

    #: what was last sent
    sent: str | None = None
    #: what CULR was last known to hold
    confirmed: str | None = None
    #: how many effects wait
    pending: int = 0
    #: the last waiting effect deletes the account
    deleting: bool = False
    #: the code of a refusal that staff must look at; None: nothing was refused
    refused: str | None = None
    #: when the account was last told or read
    checked_at: datetime | None = None
    #: whether there is one, as far as we know
    account: bool = False
    #: the accounts of the cards; None: no card of the patron's logs in, or should
    cards: CardCounts | None = None


@dataclass(frozen=True, slots=True)
class AccountSides:
    """What we and CULR say about one patron's account. Numbers have three digits; "" means none on purpose."""

    #: whether our records want an account, and `ours`, its number; None: nobody knows
    account: bool = False
    ours: str | None = None
    #: the number last read in CULR, or confirmed by it; None: there is none
    theirs: str | None = None
    #: the code of the refusal; None: nothing is refused
    answer: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """One patron's account in CULR as our records see it, with no effect waiting for it."""

    patron_id: str
    #: the version of the patron's record
    version: int
    identity: Identity
    want: WantedAccount
    #: whether CULR was told of the account, as far as we know, and `last`, the number told; None: any number
    told: bool
    last: str | None = None
    #: replaced numbers of the patron, under which there must be no account
    former: tuple[Identity, ...] = ()

    def __repr__(self) -> str:
        return f"Account({self.patron_id})"


@dataclass(frozen=True, slots=True, repr=False)
class RecordWithRights:
    """A record with the rights to net media that are stored for it."""

    patron: Patron
    local: Local
    stage: Stage
    #: left or merged: no longer a patron
    gone: bool
    #: as `domain.netmedia.rights.stored` writes them; None: none were derived
    rights: str | None
    #: the rights must still be derived
    waits: bool

    def __repr__(self) -> str:
        return f"Checked({self.patron.id})"


@dataclass(frozen=True, slots=True, repr=False)
class RightsDue:
    """A patron with rights to derive on some day, and the line that is stored until then."""

    patron_id: str
    facts: RightFacts
    kept: str

    def __repr__(self) -> str:
        return f"RightsDue({self.patron_id})"


@dataclass(frozen=True, slots=True)
class Repaired:
    """The outcome of the repairs that were decided."""

    #: how many wait to be sent
    waiting: int = 0
    #: patrons with a newly opened review
    left: tuple[str, ...] = ()


class Rights(Protocol):
    """Rights to net media."""

    def derive(self, run: Run, page: DuePage, policy: Policy) -> str | None:
        """Derive the rights of the next patrons with rights that are due. Returns the last one's id; None: all done."""

    def ahead(self, until: date, *, everyone: bool) -> Iterator[RightsDue]:
        """Yield the patrons whose rights will be derived up to a day, or all, in the order of their ids."""

    def stamp(self) -> str | None:
        """Return the stamp of the policy with which the rights were derived; None: never."""

    def keep_stamp(self, run: Run, derived: str | None) -> None:
        """Note that every patron's rights are derived with this policy now."""

    def derive_again(self, ids: Sequence[str], policy: Policy, *, on: date) -> None:
        """Derive the rights of these patrons now, due or not. No night's report counts these changes."""

    def forget_earlier_turns(self, run: Run) -> None:
        """Delete the changes that earlier runs have reported, except those that CULR has still to hear."""

    def turns(self, run: Run) -> dict[str, dict[str, int]]:
        """Count the changes of a run by product and turn. `waiting`: changes of any run that CULR has still to hear."""

    def count(self) -> int:
        """Count the patrons whose rights are kept."""


class Outbox(Protocol):
    """What CULR must still be told."""

    def backlog(self) -> Backlog:
        """Count the effects that wait and those that a person has to look at."""

    def order(self) -> list[str]:
        """Return the patrons with effects that wait: those who may lose a right first, then the longest waiting."""

    def in_line(self, patron_id: str) -> list[str]:
        """Return the patron, behind those whose effects must be sent first: a card of theirs is now this patron's.

        Empty if nothing waits for the patron.
        """

    def queues(self, ids: Sequence[str]) -> list[tuple[Effect, ...]]:
        """Return the effects that wait for each of these patrons, lowest version first."""

    def offer(self, effects: Sequence[Effect]) -> None:
        """Note that these effects are about to be sent. From now on the net media may have heard of them."""

    def settle(self, run: Run | None, outcomes: Sequence[tuple[Effect, Settled | Unsettled]]) -> list[tuple[str, str]]:
        """Delete settled effects and write their accounts. Any other effect waits on, or is left to a person.

        Returns the patrons that a person has to look at now, each with the reason.
        """

    def account_state(self, patron_id: str) -> AccountState:
        """Return what is known of one patron's account."""


class NetMediaAccounts(Protocol):
    """Our patrons' accounts in CULR."""

    def count(self) -> int:
        """Count the accounts that CULR was told of."""

    def oldest(self, limit: int | None, *, today: datetime | None = None) -> list[str]:
        """Patrons with accounts that were not read or told for the longest time. Without a limit, all of them.

        Accounts that were read since `today` began count against the limit and are not read again. Here and below,
        patrons with an effect that waits or was refused are left out.
        """

    def without(self) -> list[str]:
        """Return the patrons who have no account as far as we know, and no effect that waits."""

    def wanted(self, ids: Sequence[str]) -> list[Account]:
        """Return what has to be in CULR for each of these patrons, without those who need no account and have none.

        A closed record counts until its number is gone too: an account under it would be one too many.
        """

    def count_left_out(self) -> int:
        """Count the patrons who are neither read nor repaired, because an effect waits for them or was refused."""

    def sides(self, ids: Sequence[str]) -> dict[str, AccountSides]:
        """Return for each patron what our records say, what CULR last held, and its last refusal."""


class CardAccounts(Protocol):
    """The accounts of cards in CULR, where the library lets cards log in."""

    def state(self) -> CardsState:
        """Return how far the library has come with its setting."""

    def tell(self, run: Run | None, limit: int) -> int | None:
        """Tell the next patrons of a setting that is new, at most `limit`. Returns how many; None: all were told.

        What each has to be told waits in the outbox.
        """

    def end(self, *, user: str) -> None:
        """Begin to delete the accounts of all cards, if the setting lets no card log in and there are any."""


class AccountRepairs(Protocol):
    """Accounts in CULR that are read and repaired, and records that are verified."""

    def see(self, run: Run | None, seen: Sequence[tuple[str, CulrHolding]], *, gone: Sequence[str] = ()) -> None:
        """Write what was read of accounts that are right. `gone`: patrons who must have no account, and have none."""

    def repair(self, run: Run | None, repairs: Sequence[Repair]) -> Repaired:
        """Add the effects of these repairs to the outbox, or leave them to a person.

        A patron is left unchanged if they were written since, or if an effect waits for them by now.
        """

    def checked_page(self, after: str, limit: int) -> list[RecordWithRights]:
        """The next records after an id, with the rights stored for them. Includes those who have left."""

    def wrong_versions(self) -> list[str]:
        """Return the patrons with a version, in any place that keeps one, that is not above the one before it."""

    def let_stand(self, ids: Sequence[str]) -> set[str]:
        """Those of these patrons for which staff last decided that another library's number may stay."""


class NetMedia(Protocol):
    """CULR, as one library. Every call has a limit on time, size and tries; threads stay in the adapter."""

    def send_many(
        self, queues: Iterable[Sequence[Effect]]
    ) -> Iterator[tuple[Effect, Settled | Unsettled | CprsyncError]]:
        """Send the effects of each queue. A queue holds one patron's effects, the lowest version first.

        Queues run side by side. Two queues that touch the same account run one after the other, in the order in which
        they come. A queue stops at its first effect that is not settled, unless its code is in REFUSED. Effects behind
        it are neither tried nor yielded.

        Three things stop all queues: the code FORBIDDEN, too many effects in a row without an answer, and too many
        refused in a row. Effects that have not begun are then not yielded. In the last case the last effect comes as
        NetMediaRefused. Queues are taken as needed, at most twice as many as run side by side.
        """

    def read_many(
        self, identities: Iterable[Identity]
    ) -> Iterator[tuple[Identity, CulrHolding | Unsettled | CprsyncError]]:
        """What CULR holds under each identity, with the accounts of every agency. Stops early as `send_many` does."""
