"""The accounts of cards at CULR: which there are, as far as CULR has told, and which patrons must still be told.

A row is an account that a reading has shown. The card is sealed; a keyed index finds who has it now. Effects of cards
are rows of the outbox like all others, and the cards of an effect are read when it is sent, so that they are up to
date. Decides nothing: `domain.netmedia.cards` does.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, delete, exists, func, select, text, update

from cprsync.domain.netmedia.account import Identity, IdType, card_accounts, identity_of
from cprsync.domain.netmedia.cards import CardsProgress, CardsStage, PatronCards
from cprsync.domain.patron.override import culr_in_force, in_force
from cprsync.domain.patron.patron import PatronKind
from cprsync.services.ports.netmedia import CardAccounts, CardCounts, CardsState
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.engine import IN_MAX
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, library_transaction, run_transaction
from cprsync.store.netmedia.effects import WAITING, account_probes, add, for_culr, payload
from cprsync.store.records.numbers import CARD, card_index
from cprsync.store.records.records import move_on, open_local, open_patrons, patron_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from cprsync.domain.netmedia.account import Effect
    from cprsync.domain.netmedia.settling import Settled
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kind of the audit entry that says that somebody asked for the end of all accounts of cards.
ENDED: Final = "card_accounts_ended"
#: The sealed value's owner and version.
_OWNER, _VERSION = "card_account", 1
_CARD, _LIBRARY, _OUT = tables.card_account.c, tables.library.c, tables.outbox.c
_ACCOUNT, _KEY = tables.account.c, tables.patron_key.c
#: For a row of `account`: whether the patron has accounts of cards.
HAS_CARDS: Final = (
    exists().where(_CARD.agency == _ACCOUNT.agency, _CARD.patron_id == _ACCOUNT.patron_id).label("has_cards")
)
_KEEP: Final = text(
    "INSERT INTO card_account (agency, id_index, patron_id, card_index, index_key, card, key)"
    " VALUES (:agency, :id_index, :patron_id, :card_index, :index_key, :card, :key)"
    " ON CONFLICT (agency, id_index) DO UPDATE SET patron_id = excluded.patron_id, card_index = excluded.card_index,"
    " index_key = excluded.index_key, card = excluded.card, key = excluded.key"
)
# each night asks these, so they are built once
_PROGRESS: Final = select(_LIBRARY.cards_stage, _LIBRARY.cards_after).where(_LIBRARY.agency == AGENCY_IS)
_ACCOUNTS: Final = select(func.count()).where(_CARD.agency == AGENCY_IS)


class SqlCardAccounts(TenantStore, CardAccounts):
    """The accounts of cards, and how far the library has come with its setting."""

    def state(self) -> CardsState:
        log_in = self._tenant.card_accounts
        with self._tenant.reading() as transaction:
            progress = progress_of(transaction)
            now = progress.go_on(log_in=log_in)
            accounts = transaction.scalar(_ACCOUNTS, {"agency_": transaction.agency}) or 0
            left = _count_after(transaction, now) if now.is_underway else 0
        return CardsState(log_in, now.stage, accounts, left, stays=progress.leaves(log_in=log_in))

    def tell(self, run: Run | None, limit: int) -> int | None:
        with run_transaction(self._tenant, run) as transaction:
            before = progress_of(transaction)
            now = before.go_on(log_in=self._tenant.card_accounts)
            if not now.is_underway:
                return None
            ids = _next_ids(transaction, now, limit)
            log_in = self._tenant.card_accounts
            told = _tell(transaction, ids, lambda cards: bool(cards.pending(now, log_in=log_in)))
            _keep_progress(transaction, now.moved_to(ids[-1] if len(ids) == limit else None))
        return told

    def end(self, *, user: str) -> None:
        with library_transaction(self._tenant) as transaction:
            if not progress_of(transaction).leaves(log_in=self._tenant.card_accounts):
                return
            _keep_progress(transaction, CardsProgress(CardsStage.ENDING))
            audit.append(transaction, audit.DESK, [audit.Happened(ENDED, user=user)])


def progress_of(transaction: Transaction) -> CardsProgress:
    """Return how far the library has come with its setting."""
    stage, after = transaction.execute(_PROGRESS, {"agency_": transaction.agency}).one()
    return CardsProgress(CardsStage(stage or CardsStage.NONE.value), after or "")


def _keep_progress(transaction: Transaction, progress: CardsProgress) -> None:
    ours = update(tables.library).where(_LIBRARY.agency == transaction.agency)
    transaction.execute(ours.values(cards_stage=progress.stage.value, cards_after=progress.after or None))


def _to_tell(tenant: Tenant, progress: CardsProgress) -> Any:
    """Return the query for the patrons whom the setting concerns: those with an account, or with accounts of cards."""
    column = _CARD if progress.stage is CardsStage.ENDING else _ACCOUNT
    concerned = select(column.patron_id).where(column.agency == tenant.agency, column.patron_id > progress.after)
    if progress.stage is CardsStage.ENDING:
        return concerned.distinct()
    # who has no account yet, but an effect that makes one: that effect takes the cards along
    return concerned


def _next_ids(transaction: Transaction, progress: CardsProgress, limit: int) -> list[str]:
    found = _to_tell(transaction.tenant, progress).subquery()
    return list(transaction.scalars(select(found.c.patron_id).order_by(found.c.patron_id).limit(limit)))


def _count_after(transaction: Transaction, progress: CardsProgress) -> int:
    return transaction.scalar(select(func.count()).select_from(_to_tell(transaction.tenant, progress).subquery())) or 0


def cards_of(transaction: Transaction, rows: Iterable[AnyRow]) -> dict[str, PatronCards]:
    """Return the cards of these patrons, and their accounts as far as CULR has told."""
    rows = list(rows)
    held = held_cards(transaction, [row.id for row in rows])
    opened = [row for row in rows if may_log_in(row) and (transaction.tenant.card_accounts or row.id in held)]
    cards = {row.id: [card.number for card in open_local(transaction.tenant, row).cards] for row in opened}
    taken = _patron_numbers(transaction, [number for numbers in cards.values() for number in numbers])
    return {
        row.id: PatronCards(card_accounts(cards.get(row.id, ()), taken=taken), held.get(row.id, frozenset()))
        for row in rows
    }


def comparable_cards(transaction: Transaction, rows: Iterable[AnyRow]) -> dict[str, frozenset[Identity]]:
    """Return the accounts with which the cards of these patrons must log in.

    Empty if cards do not log in. A patron without a CPR number is left out, and so is one who is still to be told that
    cards log in now.
    """
    if not transaction.tenant.card_accounts:
        return {}
    now = progress_of(transaction).go_on(log_in=True)
    told = [row for row in rows if may_log_in(row) and (now.stage is CardsStage.ALL or row.id <= now.after)]
    return {patron_id: cards.has for patron_id, cards in cards_of(transaction, told).items()}


def cards_to_send(transaction: Transaction, ids: Sequence[str]) -> Callable[[Effect], Effect]:
    """Return what gives an effect of these patrons its cards, as they are now."""
    held = held_cards(transaction, ids)
    if not transaction.tenant.card_accounts and not held:
        return lambda effect: effect
    progress, log_in = progress_of(transaction), transaction.tenant.card_accounts
    cards = cards_of(transaction, patron_rows(transaction, ids))
    others = others_cards(transaction, held)

    def with_cards(effect: Effect) -> Effect:
        own = cards.get(effect.patron_id, PatronCards())
        if effect.gone:
            return replace(effect, drops=own.held)
        drops = own.drops(progress, log_in=log_in)
        if effect.identity.type is IdType.CPR:
            return replace(effect, cards=own.has if log_in else None, drops=drops)
        # no reading under a patron number shows whose such an account is by now
        return replace(effect, drops=drops - others if log_in else drops)

    return with_cards


def card_counts(transaction: Transaction, patron_id: str, *, known: bool, offered: bool) -> CardCounts | None:
    """Return how many of the patron's cards log in. None: no card of the patron's does, or should.

    `known`: the patron has an account, or will get one. `offered`: CULR may have heard of the cards as they are now.
    """
    rows = patron_rows(transaction, [patron_id])
    own = cards_of(transaction, rows).get(patron_id, PatronCards())
    if not own.has and not own.held:
        return None
    progress, log_in = progress_of(transaction), transaction.tenant.card_accounts
    wanted = own.wanted(progress, log_in=log_in) if known else frozenset()
    sent = wanted if offered else own.held
    return CardCounts(len(wanted), len(sent), len(own.held), len(wanted ^ own.held))


def may_log_in(row: AnyRow) -> bool:
    """Return whether the patron's cards may log in: the patron borrows, and has a CPR number."""
    gone = row.status_class in tables.GONE
    return bool(row.real_number) and row.kind != PatronKind.RESPONSIBLE.value and not gone


def _patron_numbers(transaction: Transaction, numbers: Sequence[str]) -> set[str]:
    """Return the card numbers that were ever issued as a patron number.

    A patron without a CPR number may have an account under one.
    """
    issued = tables.issued_id.c
    return set(
        transaction.fetch_values(select(issued.id).where(issued.agency == transaction.agency), issued.id, numbers)
    )


def publish_cards(transaction: Transaction, ids: Collection[str], *, only_added: bool = False) -> None:
    """Tell CULR that the cards of these patrons have changed, in the transaction that changes them.

    Skips patrons that CULR does not know.
    """
    if transaction.tenant.card_accounts:
        # also if the accounts look right: an effect with the cards as they were may be on its way just now
        _tell(transaction, ids, lambda _: True)
    elif not only_added and (progress := progress_of(transaction)).stage is not CardsStage.NONE:
        _tell(transaction, ids, lambda cards: bool(cards.drops(progress, log_in=False)))


def _tell(transaction: Transaction, ids: Collection[str], is_concerned: Callable[[PatronCards], bool]) -> int:
    """Add an effect for each of these patrons whom CULR knows and the cards concern. Returns how many there are.

    Each record moves on by one version: an effect has the version of its record, and no version is used twice
    (decision 21).
    """
    rows, known = patron_rows(transaction, ids, hold=True), _known(transaction, ids)
    cards = cards_of(transaction, [row for row in rows if row.id in known])
    rows = [row for row in rows if row.id in cards and may_log_in(row) and is_concerned(cards[row.id])]
    for row, patron in zip(rows, open_patrons(transaction, rows), strict=True):
        culr = culr_in_force(patron.register, in_force(patron.overrides, transaction.clock.today()))
        version = move_on(transaction, row).version
        add(transaction, row.id, version, payload(identity_of(patron.number, row.id), culr))
    return len(rows)


def _known(transaction: Transaction, ids: Collection[str]) -> set[str]:
    """Return those of these patrons who have an account, or will get one."""
    told = select(_ACCOUNT.patron_id).where(_ACCOUNT.agency == transaction.agency)
    waits = select(_OUT.patron_id).where(for_culr(transaction.tenant))
    return {
        *transaction.fetch_values(told, _ACCOUNT.patron_id, ids),
        *transaction.fetch_values(waits, _OUT.patron_id, ids),
    }


# -- the accounts that there are --------------------------------------------------------------------------------


def held_cards(transaction: Transaction, ids: Collection[str]) -> dict[str, frozenset[Identity]]:
    """Return the accounts of cards that CULR was last known to hold. Patrons without are left out."""
    found: dict[str, set[Identity]] = defaultdict(set)
    wanted = select(tables.card_account).where(_CARD.agency == transaction.agency)
    for row in transaction.fetch_rows(wanted, _CARD.patron_id, ids):
        plain = transaction.vault.unseal(row.card, row.key, place=row.patron_id, owner=_OWNER, version=_VERSION)
        found[row.patron_id].add(Identity(IdType.LOCAL, plain.decode()))
    return {patron_id: frozenset(cards) for patron_id, cards in found.items()}


def keep_held(transaction: Transaction, held: Mapping[str, frozenset[Identity]]) -> None:
    """Write which accounts of cards CULR holds for these patrons, as a reading has just shown."""
    before = held_cards(transaction, list(held))
    changed = {one: cards for one, cards in held.items() if cards != before.get(one, frozenset())}
    theirs = delete(tables.card_account).where(_CARD.agency == transaction.agency)
    transaction.change_rows(theirs, _CARD.patron_id, sorted(changed))
    rows = [_row(transaction.tenant, one, card) for one, cards in changed.items() for card in cards]
    if rows:
        transaction.execute(_KEEP, rows)


def keep_told(transaction: Transaction, done: Sequence[tuple[Effect, Settled]]) -> None:
    """Write which accounts of cards CULR holds after these effects have come through."""
    told = ((effect, frozenset() if effect.gone else outcome.cards) for effect, outcome in done)
    keep_held(transaction, {effect.patron_id: cards for effect, cards in told if cards is not None})
    # the rest stays as it was: an account that another system has made is none of ours
    dropped = (card for effect, outcome in done if outcome.cards is None and not effect.gone for card in effect.drops)
    probes = [probe for card in dropped for probe in account_probes(transaction.tenant, card)]
    transaction.change_rows(
        delete(tables.card_account).where(_CARD.agency == transaction.agency), _CARD.id_index, probes
    )


def _row(tenant: Tenant, patron_id: str, card: Identity) -> dict[str, Any]:
    vault = tenant.vault
    return {
        "agency": tenant.agency,
        "id_index": account_probes(tenant, card)[0],
        "patron_id": patron_id,
        "card_index": card_index(tenant, card.value),
        "index_key": vault.index_key,
        "card": vault.seal(card.value.encode(), place=patron_id, owner=_OWNER, version=_VERSION),
        "key": vault.seal_key,
    }


def givers_of(transaction: Transaction, ids: Collection[str] | None = None) -> dict[str, list[str]]:
    """Return, by patron who has a card, the patrons under whom CULR still holds it and who have an effect that waits.

    `ids`: the patrons who have the cards; None: all.
    """
    found: dict[str, list[str]] = defaultdict(list)
    wanted = select(_KEY.patron_id, _CARD.patron_id).where(*_given_away(transaction.tenant)).distinct()
    wanted = wanted.order_by(_KEY.patron_id, _CARD.patron_id)
    for part in [None] if ids is None else [list(ids)[at : at + IN_MAX] for at in range(0, len(ids), IN_MAX)]:
        for taker, giver in transaction.execute(wanted if part is None else wanted.where(_KEY.patron_id.in_(part))):
            found[taker].append(giver)
    return found


def _given_away(tenant: Tenant) -> tuple[ColumnElement[bool], ...]:
    waits = select(_OUT.patron_id).where(for_culr(tenant, WAITING))
    same = (_KEY.agency == _CARD.agency) & (_KEY.kind == CARD) & (_KEY.key_index == _CARD.card_index)
    return (_CARD.agency == tenant.agency, same, _KEY.patron_id != _CARD.patron_id, _CARD.patron_id.in_(waits))


def others_cards(transaction: Transaction, held: Mapping[str, frozenset[Identity]]) -> set[Identity]:
    """Return those of the held cards that another patron has now."""
    indexes = {card_index(transaction.tenant, card.value): (one, card) for one, cards in held.items() for card in cards}
    wanted = select(_KEY.key_index, _KEY.patron_id).where(_KEY.agency == transaction.agency, _KEY.kind == CARD)
    rows = transaction.fetch_rows(wanted, _KEY.key_index, list(indexes))
    return {indexes[row.key_index][1] for row in rows if indexes[row.key_index][0] != row.patron_id}
