"""An account in CULR: what it is to hold, and which call comes next.

Pure: `settle` says which call to make and is told the reply; whoever makes the calls knows no rule. Each effect sets
a state (decision 21), so that one whose answer was lost can be begun anew: what is there already is left as it is.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.number import CprNumber

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Generator, Iterable

#: Accounts that one effect deletes: nobody has as many.
SWEPT_MOST: Final = 50

#: Municipality number that takes the affiliation away on purpose.
NOWHERE: Final = ""


class IdType(enum.Enum):
    """What kind of number an account stands under, in CULR's own words."""

    #: a civil registration number
    CPR = "CPR"
    #: a number of the library's own: the patron number of someone without a CPR number, or a card
    LOCAL = "LOCAL"
    #: a pupil's log-in: never made here, and deleted with the rest when the patron leaves
    UNILOGIN = "UNILOGIN"


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """What an account stands under. Printing one shows no number."""

    type: IdType
    value: str

    def __repr__(self) -> str:
        return f"Identity({self.type.value})"


def identity_of(number: CprNumber, patron_id: str) -> Identity:
    """A patron's: her CPR number, or her patron number where the register knows none (decision 11)."""
    return Identity(IdType.LOCAL, patron_id) if number.is_replacement else Identity(IdType.CPR, number.digits)


@dataclass(frozen=True, slots=True, repr=False)
class Effect:
    """The state that one patron's account is to be in after one of her versions."""

    patron_id: str
    version: int
    identity: Identity
    #: three digits, NOWHERE for a deliberate empty; None: whatever it holds, or what the replaced one held
    municipality: str | None
    #: an account under it was seen or made before: nothing depends on it but the number of calls
    known: bool = False
    #: the account that this one takes the place of
    replaces: Identity | None = None
    #: there is to be none
    gone: bool = False
    #: and no other account of this library's that the same person has, under a card or a UNI-Login
    sweeps: bool = False
    #: the cards that log in beside it, each an account of its own; None: they are not looked at
    cards: frozenset[Identity] | None = None
    #: it mends what CULR holds and tells nothing new: a number that another library has set meanwhile stands
    repairs: bool = False
    #: it is another patron's by now: there is nothing to set or to take away any more
    moot: bool = False

    def __repr__(self) -> str:
        return f"Effect({self.patron_id}, {self.version})"

    @property
    def revokes(self) -> bool:
        """Whether a right may end with it: after an outage these go first."""
        return self.gone or self.municipality == NOWHERE

    @property
    def touches(self) -> frozenset[Identity]:
        """Every account that it may change: what touches one of them, too, waits until it has ended."""
        return frozenset(one for one in (self.identity, self.replaces) if one is not None) | (self.cards or frozenset())


def card_accounts(cards: Iterable[str], *, taken: Container[str]) -> frozenset[Identity]:
    """The accounts by which these cards log in, each under the card's number.

    Not of a card that is a CPR number, as a health card's: its account is there already. Nor of one that is `taken`: a
    patron number, under which someone without a CPR number may stand.
    """
    return frozenset(Identity(IdType.LOCAL, card) for card in cards if card not in taken and not _is_cpr(card))


def _is_cpr(card: str) -> bool:
    try:
        return CprNumber.parse_any(card).is_possible
    except ValueError:
        return False


def spare_others(effect: Effect, *, taken: Collection[Identity], told: str | None) -> Effect:
    """The effect as it may still be sent: what is another patron's by now is neither set nor taken away.

    Args:
        effect: as it was decided, perhaps nights ago.
        taken: what other patrons of the library stand under now.
        told: what CULR was last told of its patron; what stands under the other's number is no longer theirs to keep.
    """
    if effect.identity in taken:
        return replace(effect, moot=True)
    if effect.replaces in taken:
        wanted = told if effect.municipality is None else effect.municipality
        return replace(effect, replaces=None, municipality=wanted)
    return effect


class Operation(enum.Enum):
    """What can be asked of CULR, in its own words."""

    CREATE = "createAccount"
    UPDATE = "updateAccount"
    DELETE = "deleteAccount"
    MERGE = "mergePatrons"
    #: our own account only, whatever it stands under
    READ = "getAccountFromProvider"
    #: every library's, by CPR number or by a library's own number
    READ_GLOBAL = "getAccountsByGlobalId"
    READ_LOCAL = "getAccountsByLocalId"


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """One call; `other` is the LOCAL account that a merge links to the patron of `identity`.

    `uid`: the CPR number to whose patron a new account is linked.
    """

    operation: Operation
    identity: Identity
    #: None: not sent at all
    municipality: str | None = None
    other: Identity | None = None
    uid: Identity | None = None

    def __repr__(self) -> str:
        return f"Call({self.operation.value})"


class Code(enum.Enum):
    """How CULR answers, in its own words. A word that is not here is UNKNOWN, and never a success."""

    OK = "OK200"
    MISSING = "ACCOUNT_DOES_NOT_EXIST"
    EXISTS = "ACCOUNT_ALREADY_EXISTS"
    TRANSACTION_ERROR = "TRANSACTION_ERROR"
    ILLEGAL_ARGUMENT = "ILLEGAL_ARGUMENT"
    NO_AUTHORISATION = "NO_AUTHORISATION"
    COULD_NOT_AUTHENTICATE = "COULD_NOT_AUTHENTICATE"
    PROGRAM_ERROR = "PROGRAM_ERROR"
    UNKNOWN = "UNKNOWN_ERROR"


#: Nothing else will be answered either until someone mends what CULR knows of us: stop, and tell.
FORBIDDEN: Final = frozenset({Code.NO_AUTHORISATION, Code.COULD_NOT_AUTHENTICATE})
#: The same call will be refused again: a person has to look.
REFUSED: Final = frozenset({Code.ILLEGAL_ARGUMENT})


@dataclass(frozen=True, slots=True, repr=False)
class Held:
    """What CULR holds under a number."""

    #: this library has an account under it
    account: bool
    #: three digits; None: no municipality
    municipality: str | None = None
    #: agencies of all accounts that the reply names, ours among them
    agencies: frozenset[str] = frozenset()
    #: every account of this library's that the same person has
    ours: frozenset[Identity] = frozenset()

    @property
    def cards(self) -> frozenset[Identity]:
        """What logs in beside a CPR account: a number of the library's own."""
        return frozenset(one for one in self.ours if one.type is IdType.LOCAL)

    def __repr__(self) -> str:
        return f"Held(account={self.account}, agencies={len(self.agencies)})"


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """An answer that was read. `held` comes with a reading that was answered with OK."""

    code: Code
    held: Held | None = None

    def __repr__(self) -> str:
        return f"Reply({self.code.value})"


@dataclass(frozen=True, slots=True, repr=False)
class Settled:
    """The account is as the effect says; `municipality` is what was set, None: whatever it held stayed."""

    municipality: str | None
    #: but for its number, which stands as it was read: another library's, about which a person decides
    foreign: Held | None = None

    def __repr__(self) -> str:
        return "Settled(…)"


@dataclass(frozen=True, slots=True)
class Unsettled:
    """It is not, or nobody knows: the code on which it ended tells whether to try again, to ask or to stop."""

    code: Code


class _Ended(Exception):
    """Leaves the calls of one effect from wherever a reply ends them."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


def is_foreign(municipality: str | None, held: Held, *, agency: str) -> bool:
    """Whether another number than this stands there, and another library than this one may have set it."""
    differs = municipality is not None and municipality != (held.municipality or NOWHERE)
    return differs and bool(held.agencies - {agency})


def reading_of(identity: Identity) -> Call:
    """The call that reads what every library holds under it."""
    return Call(Operation.READ_GLOBAL if identity.type is IdType.CPR else Operation.READ_LOCAL, identity)


def ours_to_delete(identity: Identity, held: Held) -> frozenset[Identity]:
    """Our accounts that go when whoever stands under this number leaves.

    A CPR number's person takes all of them along. Beside a CPR account a number of the library's own takes only itself:
    the rest belongs to whoever has that CPR number.
    """
    own = frozenset({identity}) if held.account else frozenset()
    others = any(one.type is IdType.CPR for one in held.ours - own)
    return own if others and identity.type is not IdType.CPR else held.ours | own


def settle(effect: Effect, *, agency: str) -> Generator[Call, Reply, Settled | Unsettled]:
    """Yield one call after another, take the reply to each, and return how it ended.

    At most ten calls, and one or two for each account that is deleted, merged or made beside the patron's own. What is
    said to exist already, or not to, counts once a reading confirms it (decision 11).
    """
    if effect.moot:
        return Settled(None)
    try:
        return (yield from _settle(effect, agency=agency))
    except _Ended as ended:
        return Unsettled(ended.code)


def _settle(effect: Effect, *, agency: str) -> Generator[Call, Reply, Settled]:
    if effect.gone:
        yield from _sweep(effect.identity) if effect.sweeps else _away(effect.identity)
        return Settled(None)
    if effect.repairs and effect.replaces is None and effect.municipality is not None:
        settled = yield from _mend(effect.identity, effect.municipality, agency=agency)
    else:
        settled = Settled((yield from _arrive(effect)))
    if effect.cards is not None:
        yield from _match_cards(effect.identity, effect.cards)
    return settled


def _arrive(effect: Effect) -> Generator[Call, Reply, str | None]:
    wanted, former = effect.municipality, effect.replaces
    if former is None:
        yield from _stand(effect.identity, wanted, known=effect.known)
        return wanted
    held = yield from _read(reading_of(former))
    if wanted is None:
        wanted = held.municipality
    # the old one goes only when the new one has been seen (decision 11): one that is not known is read
    yield from _stand(effect.identity, wanted, known=False)
    for one in _sorted(held.ours | {former}):
        # a log-in goes where the patron goes; an account under a CPR number stands under no other
        if one.type is not IdType.CPR and one != effect.identity:
            yield from _merge(effect.identity, one)
    yield from _away(former)
    return wanted


def _mend(identity: Identity, wanted: str, *, agency: str) -> Generator[Call, Reply, Settled]:
    """Set a number again, held against what stands there right now: since the repair was decided others may have come.

    Where another library's stands by now, our account comes back beside it, and no number is sent.
    """
    held = yield from _read(reading_of(identity))
    if is_foreign(wanted, held, agency=agency):
        if held.account:
            return Settled(wanted, foreign=held)
        yield from _stand(identity, None, known=False)
        return Settled(None, foreign=held)
    if not held.account or (held.municipality or NOWHERE) != wanted:
        yield from _stand(identity, wanted, known=held.account)
    return Settled(wanted)


def _stand(identity: Identity, wanted: str | None, *, known: bool) -> Generator[Call, Reply, None]:
    """Let an account hold a municipality number, whether or not there is one."""
    if known and wanted is not None:
        code = (yield Call(Operation.UPDATE, identity, wanted)).code
        if code is Code.OK:
            return
        if code is not Code.MISSING:
            raise _Ended(code)
    code = (yield Call(Operation.CREATE, identity, wanted or None)).code
    if code not in {Code.OK, Code.EXISTS, Code.TRANSACTION_ERROR}:
        raise _Ended(code)
    # An account that was there may hold anything. A new one is linked to the patron whom another library has told of,
    # and only of a new patron does DBC's description say that the number is set.
    held = yield from _read(Call(Operation.READ, identity))
    if not held.account:
        # a number that is taken is said as a transaction error too (seen in an answer that DBC recorded)
        raise _Ended(code if code is Code.TRANSACTION_ERROR else Code.MISSING)
    if wanted is not None and (held.municipality or NOWHERE) != wanted:
        yield from _expect(Call(Operation.UPDATE, identity, wanted))


def _away(identity: Identity) -> Generator[Call, Reply, None]:
    code = (yield Call(Operation.DELETE, identity)).code
    if code is Code.MISSING:
        if (yield from _read(Call(Operation.READ, identity))).account:
            raise _Ended(Code.MISSING)
    elif code is not Code.OK:
        raise _Ended(code)


def _sweep(identity: Identity) -> Generator[Call, Reply, None]:
    """Delete every account of this library's, and see that none is left; of very many the next try deletes the rest."""
    found = ours_to_delete(identity, (yield from _read(reading_of(identity))))
    for one in _sorted(found)[:SWEPT_MOST]:
        yield from _away(one)
    if found and ours_to_delete(identity, (yield from _read(reading_of(identity)))):
        raise _Ended(Code.EXISTS)


def _match_cards(identity: Identity, cards: frozenset[Identity]) -> Generator[Call, Reply, None]:
    """Let exactly these cards log in beside the account. A card that stood with another patron comes along."""
    there = (yield from _read(reading_of(identity))).cards
    for card in _sorted(cards - there):
        code = (yield Call(Operation.CREATE, card, uid=identity)).code
        if code in {Code.EXISTS, Code.TRANSACTION_ERROR}:
            yield from _merge(identity, card)
        elif code is not Code.OK:
            raise _Ended(code)
    for card in _sorted(there - cards)[:SWEPT_MOST]:
        yield from _away(card)
    if there != cards and (yield from _read(reading_of(identity))).cards != cards:
        raise _Ended(Code.MISSING)


def _sorted(identities: Collection[Identity]) -> list[Identity]:
    """In the same order each time."""
    return sorted(identities, key=lambda one: (one.type.value, one.value))


def _merge(identity: Identity, local: Identity) -> Generator[Call, Reply, None]:
    code = (yield Call(Operation.MERGE, identity, other=local)).code
    if code is Code.MISSING:
        # merged and deleted by a try whose answer was lost, or never told
        if (yield from _read(Call(Operation.READ, local))).account:
            raise _Ended(Code.MISSING)
    elif code not in {Code.OK, Code.EXISTS}:
        raise _Ended(code)


def _read(call: Call) -> Generator[Call, Reply, Held]:
    reply = yield call
    if reply.code is Code.MISSING:
        return Held(account=False)
    if reply.code is not Code.OK or reply.held is None:
        raise _Ended(Code.UNKNOWN if reply.code is Code.OK else reply.code)
    return reply.held


def _expect(call: Call) -> Generator[Call, Reply, None]:
    code = (yield call).code
    if code is not Code.OK:
        raise _Ended(code)
