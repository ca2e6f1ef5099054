"""An account in CULR: what identifies it, what it must hold, and CULR's own words for calls and answers.

`settling` says which call comes next, and `drift` compares what is there with what should be.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.local import number_of_card

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Sequence

    from cprsync.domain.person.number import CprNumber


#: The municipality number that removes the affiliation on purpose.
NOWHERE: Final = ""


class IdType(enum.Enum):
    """The kind of number that identifies an account, in CULR's own words."""

    #: a civil registration number
    CPR = "CPR"
    #: a number of the library's own: a card, or the patron number of a person without a CPR number
    LOCAL = "LOCAL"
    #: a pupil's log-in: never created here, but deleted with the rest when the patron leaves
    UNILOGIN = "UNILOGIN"


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """The number that identifies an account. Its `repr` shows no number."""

    type: IdType
    value: str

    def __repr__(self) -> str:
        return f"Identity({self.type.value})"


def identity_of(number: CprNumber, patron_id: str) -> Identity:
    """A patron's identity: the CPR number, or the patron number if the register knows none (decision 11)."""
    return Identity(IdType.LOCAL, patron_id) if number.is_replacement else Identity(IdType.CPR, number.digits)


@dataclass(frozen=True, slots=True, repr=False)
class Effect:
    """The state that one patron's account must have after one version of the record."""

    patron_id: str
    version: int
    identity: Identity
    #: three digits, or NOWHERE to empty it on purpose; None: keep the account's number, or that of the replaced account
    municipality: str | None
    #: the account was seen or created before; this only saves calls
    known: bool = False
    #: the account that this one replaces
    replaces: Identity | None = None
    #: the account must not exist
    gone: bool = False
    #: delete also the person's other accounts of this library, under a card or a UNI-Login
    sweeps: bool = False
    #: the cards that log in beside the account, each as an account of its own; None: make no account for a card
    cards: frozenset[Identity] | None = None
    #: cards whose account, if it is still this patron's, must go
    drops: frozenset[Identity] = frozenset()
    #: it repairs what CULR holds and brings no new data: a number that another library has set since then stays
    repairs: bool = False
    #: the account now belongs to another patron: nothing is set or deleted
    moot: bool = False

    def __repr__(self) -> str:
        return f"Effect({self.patron_id}, {self.version})"

    @property
    def revokes(self) -> bool:
        """Whether a right may end with this effect. Such effects go first after an outage."""
        return self.gone or self.municipality == NOWHERE

    @property
    def touches(self) -> frozenset[Identity]:
        """Every account that the effect may change. Other effects on one of these accounts wait until it has ended."""
        named = frozenset(one for one in (self.identity, self.replaces) if one is not None)
        return named | (self.cards or frozenset()) | self.drops


def without_older_numbers(queue: Sequence[Effect], *, offered: Container[int] = ()) -> tuple[Effect, ...]:
    """One patron's effects without the numbers that may not be set any more.

    No number is set that the last effect takes away again: it may have waited since before a death, and nobody gets
    rights for the moment between two calls. No older number is set after a newer one: what was sent before a kill is
    sent again, and what came before it then has its number.

    Args:
        queue: the effects, the oldest first.
        offered: the versions of those that may have been sent already.
    """
    if not queue:
        return ()
    sent = (place for place, one in enumerate(queue) if one.version in offered)
    last = len(queue) - 1 if queue[-1].revokes else max(sent, default=0)
    newest = NOWHERE if queue[last].revokes else queue[last].municipality
    if newest is None:
        return tuple(queue)
    return (*(_with_number(one, newest) for one in queue[:last]), *queue[last:])


def _with_number(effect: Effect, number: str) -> Effect:
    return effect if effect.gone or effect.municipality is None else replace(effect, municipality=number)


def card_accounts(cards: Iterable[str], *, taken: Container[str]) -> frozenset[Identity]:
    """The accounts with which these cards log in, each under the card's number.

    Leaves out a card that is a CPR number, as on a health card: its account exists already. Leaves out a card in
    `taken`: it is a patron number, which may identify a person without a CPR number.
    """
    return frozenset(Identity(IdType.LOCAL, card) for card in cards if card not in taken and not _is_cpr(card))


def _is_cpr(card: str) -> bool:
    number = number_of_card(card)
    return number is not None and number.is_possible


def spare_others(effect: Effect, *, taken: Collection[Identity], last_told: str | None) -> Effect:
    """The effect as it may still be sent. It no longer touches an account that now belongs to another patron.

    Args:
        effect: the effect as it was decided, perhaps nights ago.
        taken: the identities of the library's other patrons now.
        last_told: what CULR was last told about this patron. It is used if the effect keeps the old account's number.
    """
    if effect.identity in taken:
        return replace(effect, moot=True)
    if effect.replaces in taken:
        wanted = last_told if effect.municipality is None else effect.municipality
        return replace(effect, replaces=None, municipality=wanted)
    return effect


class Operation(enum.Enum):
    """The calls to CULR, in its own words."""

    CREATE = "createAccount"
    UPDATE = "updateAccount"
    DELETE = "deleteAccount"
    MERGE = "mergePatrons"
    #: only this library's account, whatever its identity
    READ = "getAccountFromProvider"
    #: the accounts of all libraries, by CPR number or by a library's own number
    READ_GLOBAL = "getAccountsByGlobalId"
    READ_LOCAL = "getAccountsByLocalId"


@dataclass(frozen=True, slots=True, repr=False)
class AccountCall:
    """One call. `other` is the LOCAL account that a merge links to the patron of `identity`.

    `uid` is the CPR number of the patron who gets the new account.
    """

    operation: Operation
    identity: Identity
    #: None: the call does not send it
    municipality: str | None = None
    other: Identity | None = None
    uid: Identity | None = None

    def __repr__(self) -> str:
        return f"Call({self.operation.value})"


class Code(enum.Enum):
    """CULR's answers, in its own words. A word that is not here becomes UNKNOWN, never a success."""

    OK = "OK200"
    MISSING = "ACCOUNT_DOES_NOT_EXIST"
    EXISTS = "ACCOUNT_ALREADY_EXISTS"
    TRANSACTION_ERROR = "TRANSACTION_ERROR"
    ILLEGAL_ARGUMENT = "ILLEGAL_ARGUMENT"
    NO_AUTHORISATION = "NO_AUTHORISATION"
    COULD_NOT_AUTHENTICATE = "COULD_NOT_AUTHENTICATE"
    PROGRAM_ERROR = "PROGRAM_ERROR"
    UNKNOWN = "UNKNOWN_ERROR"


#: CULR refuses every call until staff correct our access there: stop, and report it.
FORBIDDEN: Final = frozenset({Code.NO_AUTHORISATION, Code.COULD_NOT_AUTHENTICATE})
#: CULR would refuse the same call again: staff have to look.
REFUSED: Final = frozenset({Code.ILLEGAL_ARGUMENT})
#: How often an effect is tried before it is left to staff. With one try a night this takes a month.
ATTEMPTS: Final = 30


def is_given_up(code: Code, attempts: int) -> bool:
    """Whether an effect is left to staff after an answer. `attempts`: how many answers it has had, with this one."""
    return code in REFUSED or attempts >= ATTEMPTS


@dataclass(frozen=True, slots=True, repr=False)
class CulrHolding:
    """What CULR holds under a number."""

    #: whether this library has an account there
    account: bool
    #: three digits; None: no municipality
    municipality: str | None = None
    #: the agencies of all accounts in the reply, ours among them
    agencies: frozenset[str] = frozenset()
    #: all accounts of this library that belong to the same person
    ours: frozenset[Identity] = frozenset()

    @property
    def cards(self) -> frozenset[Identity]:
        """The library's own numbers (LOCAL) that log in beside a CPR account."""
        return frozenset(one for one in self.ours if one.type is IdType.LOCAL)

    def __repr__(self) -> str:
        return f"Held(account={self.account}, agencies={len(self.agencies)})"


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """An answer that was read. A successful reading has `held`."""

    code: Code
    held: CulrHolding | None = None

    def __repr__(self) -> str:
        return f"Reply({self.code.value})"


def is_foreign(municipality: str | None, held: CulrHolding, *, agency: str) -> bool:
    """Whether another number stands there, and another library may have set it."""
    differs = municipality is not None and municipality != (held.municipality or NOWHERE)
    return differs and bool(held.agencies - {agency})


def reading_of(identity: Identity) -> AccountCall:
    """The call that reads what all libraries hold under this identity."""
    return AccountCall(Operation.READ_GLOBAL if identity.type is IdType.CPR else Operation.READ_LOCAL, identity)


def ours_to_delete(identity: Identity, held: CulrHolding) -> frozenset[Identity]:
    """The accounts of ours to delete when the patron with this number leaves.

    Under a CPR number, all of the person's accounts are deleted. A number of the library's own, beside a CPR account,
    deletes only itself: the other accounts belong to the person with that CPR number.
    """
    own = frozenset({identity}) if held.account else frozenset()
    others = any(one.type is IdType.CPR for one in held.ours - own)
    return own if others and identity.type is not IdType.CPR else held.ours | own
