"""Makes an account in CULR as an effect says: which call comes next, and what each reply means.

Pure: `settle_effect` yields a call and receives the reply, so the code that makes the calls needs no rules. Each
effect sets a state (decision 21). If an answer is lost, the effect can start again: it leaves what is right already.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.account import (
    NOWHERE,
    AccountCall,
    Code,
    CulrHolding,
    Effect,
    Identity,
    IdType,
    Operation,
    Reply,
    is_foreign,
    ours_to_delete,
    reading_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Generator

#: The most accounts that one effect deletes. No person has that many.
DELETED_MAX: Final = 50


@dataclass(frozen=True, slots=True, repr=False)
class Settled:
    """The account is as the effect says. `municipality` is what was set; None: the number was left as it was."""

    municipality: str | None
    #: set if the number was left because it is another library's, so that staff decide about it
    foreign: CulrHolding | None = None
    #: the cards that log in now; None: as before, but for those that the effect drops
    cards: frozenset[Identity] | None = None

    def __repr__(self) -> str:
        return "Settled(…)"


@dataclass(frozen=True, slots=True)
class Unsettled:
    """The account is not as the effect says, or that is unknown. The code tells whether to try again, ask or stop."""

    code: Code


class _Ended(Exception):
    """Ends the calls of one effect, from any reply that ends them."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


def settle_effect(effect: Effect, *, agency: str) -> Generator[AccountCall, Reply, Settled | Unsettled]:
    """Yields one call after another, receives the reply to each, and returns the result.

    Makes at most ten calls, and one or two for each further account that it deletes, merges or creates. If CULR says
    that an account exists already, or does not exist, a reading must confirm it (decision 11).
    """
    if effect.moot:
        return Settled(None)
    try:
        return (yield from _settle(effect, agency=agency))
    except _Ended as ended:
        return Unsettled(ended.code)


def _settle(effect: Effect, *, agency: str) -> Generator[AccountCall, Reply, Settled]:
    if effect.gone:
        yield from _delete_all(effect.identity) if effect.sweeps else _delete(effect.identity)
        return Settled(None)
    if effect.repairs and effect.replaces is None and effect.municipality is not None:
        settled = yield from _repair_number(effect.identity, effect.municipality, agency=agency)
    else:
        settled = Settled((yield from _open(effect)))
    return replace(settled, cards=(yield from _settle_cards(effect)))


def _open(effect: Effect) -> Generator[AccountCall, Reply, str | None]:
    wanted, former = effect.municipality, effect.replaces
    if former is None:
        yield from _set_number(effect.identity, wanted, known=effect.known)
        return wanted
    held = yield from _read(reading_of(former))
    if wanted is None:
        wanted = held.municipality
    # The old account is deleted only after the new one was seen (decision 11). An account that is not known is read.
    yield from _set_number(effect.identity, wanted, known=False)
    for one in _sorted(held.ours | {former}):
        # A log-in moves with the patron. An account under a CPR number cannot move to another one.
        if one.type is IdType.CPR or one == effect.identity:
            continue
        if effect.identity.type is IdType.CPR:
            yield from _merge(effect.identity, one)
        else:
            # CULR links a log-in to a CPR number alone, and the patron's was another person's
            yield from _delete(one)
    yield from _delete(former)
    return wanted


def _repair_number(identity: Identity, wanted: str, *, agency: str) -> Generator[AccountCall, Reply, Settled]:
    """Sets a number again, after a fresh reading: another library may have set one since the repair was decided.

    If another library's number is there, this sends no number. It only creates our account again if that is gone.
    """
    held = yield from _read(reading_of(identity))
    if is_foreign(wanted, held, agency=agency):
        if held.account:
            return Settled(wanted, foreign=held)
        yield from _set_number(identity, None, known=False)
        return Settled(None, foreign=held)
    if not held.account or (held.municipality or NOWHERE) != wanted:
        yield from _set_number(identity, wanted, known=held.account)
    return Settled(wanted)


def _set_number(identity: Identity, wanted: str | None, *, known: bool) -> Generator[AccountCall, Reply, None]:
    """Makes an account hold a municipality number. Creates the account if it does not exist."""
    if known and wanted is not None:
        code = (yield AccountCall(Operation.UPDATE, identity, wanted)).code
        if code is Code.OK:
            return
        if code is not Code.MISSING:
            raise _Ended(code)
    code = (yield AccountCall(Operation.CREATE, identity, wanted or None)).code
    if code not in {Code.OK, Code.EXISTS, Code.TRANSACTION_ERROR}:
        raise _Ended(code)
    # An existing account may hold any number. CULR links a new account to its patron if another library has reported
    # that patron. DBC's description says that the number is set only for a new patron.
    held = yield from _read(AccountCall(Operation.READ, identity))
    if not held.account:
        # CULR also answers with a transaction error if a number is taken (seen in an answer that DBC recorded)
        raise _Ended(code if code is Code.TRANSACTION_ERROR else Code.MISSING)
    if wanted is not None and (held.municipality or NOWHERE) != wanted:
        yield from _call_or_end(AccountCall(Operation.UPDATE, identity, wanted))


def _delete(identity: Identity) -> Generator[AccountCall, Reply, None]:
    code = (yield AccountCall(Operation.DELETE, identity)).code
    if code is Code.MISSING:
        if (yield from _read(AccountCall(Operation.READ, identity))).account:
            raise _Ended(Code.MISSING)
    elif code is not Code.OK:
        raise _Ended(code)


def _delete_all(identity: Identity) -> Generator[AccountCall, Reply, None]:
    """Deletes all accounts of this library, and checks that none is left.

    One try deletes at most `DELETED_MAX` accounts; the next try deletes the rest.
    """
    found = ours_to_delete(identity, (yield from _read(reading_of(identity))))
    for one in _sorted(found)[:DELETED_MAX]:
        yield from _delete(one)
    if found and ours_to_delete(identity, (yield from _read(reading_of(identity)))):
        raise _Ended(Code.EXISTS)


def _settle_cards(effect: Effect) -> Generator[AccountCall, Reply, frozenset[Identity] | None]:
    """Makes the cards log in as the effect says. Returns the cards that then do; None: the effect names no card."""
    if effect.identity.type is not IdType.CPR:
        # the patron's CPR number was taken back: no reading under the patron number finds the cards of that time
        for card in _sorted(effect.drops):
            yield from _delete(card)
    elif effect.cards is not None:
        yield from _match_cards(effect.identity, effect.cards)
    elif effect.drops:
        yield from _drop_cards(effect.identity, effect.drops)
    return effect.cards


def _match_cards(identity: Identity, cards: frozenset[Identity]) -> Generator[AccountCall, Reply, None]:
    """Makes exactly these cards log in beside the account. A card of another patron is merged into it.

    What is not the patron's any more is deleted before anything is created.
    """
    there = (yield from _read(reading_of(identity))).cards
    for card in _sorted(there - cards)[:DELETED_MAX]:
        yield from _delete(card)
    for card in _sorted(cards - there):
        code = (yield AccountCall(Operation.CREATE, card, uid=identity)).code
        if code in {Code.EXISTS, Code.TRANSACTION_ERROR}:
            yield from _merge(identity, card)
        elif code is not Code.OK:
            raise _Ended(code)
    if there != cards and (yield from _read(reading_of(identity))).cards != cards:
        raise _Ended(Code.MISSING)


def _drop_cards(identity: Identity, drops: frozenset[Identity]) -> Generator[AccountCall, Reply, None]:
    """Deletes those of these cards that still log in beside the account, and checks that none does."""
    there = (yield from _read(reading_of(identity))).cards & drops
    for card in _sorted(there):
        yield from _delete(card)
    if there and (yield from _read(reading_of(identity))).cards & drops:
        raise _Ended(Code.EXISTS)


def _sorted(identities: Collection[Identity]) -> list[Identity]:
    """The identities in the same order each time."""
    return sorted(identities, key=lambda one: (one.type.value, one.value))


def _merge(identity: Identity, local: Identity) -> Generator[AccountCall, Reply, None]:
    code = (yield AccountCall(Operation.MERGE, identity, other=local)).code
    if code is Code.MISSING:
        # an earlier try merged and deleted it but its answer was lost, or the card was never sent
        if (yield from _read(AccountCall(Operation.READ, local))).account:
            raise _Ended(Code.MISSING)
    elif code not in {Code.OK, Code.EXISTS}:
        raise _Ended(code)


def _read(call: AccountCall) -> Generator[AccountCall, Reply, CulrHolding]:
    reply = yield call
    if reply.code is Code.MISSING:
        return CulrHolding(account=False)
    if reply.code is not Code.OK or reply.held is None:
        raise _Ended(Code.UNKNOWN if reply.code is Code.OK else reply.code)
    return reply.held


def _call_or_end(call: AccountCall) -> Generator[AccountCall, Reply, None]:
    code = (yield call).code
    if code is not Code.OK:
        raise _Ended(code)
