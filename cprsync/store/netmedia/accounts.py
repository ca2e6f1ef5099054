"""Accounts in CULR as our records see them: which to read next, what each has to hold, and what was written after.

A patron with an effect that waits or was refused is not read: it is still on its way, or a person looks at it. A repair
waits in the outbox like any other effect. It is dropped if the patron was written since the decision. Calls no other
system and decides nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, bindparam, delete, exists, func, select, text, union, update

from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.netmedia.account import NOWHERE, Identity, IdType, identity_of
from cprsync.domain.netmedia.drift import Drift, asks_about_foreign, wanted_account
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.override import culr_in_force, in_force
from cprsync.domain.patron.review import NET_MEDIA_FOREIGN, State
from cprsync.domain.person.person import Status
from cprsync.services.ports.netmedia import (
    Account,
    AccountRepairs,
    AccountSides,
    NetMediaAccounts,
    RecordWithRights,
    Repaired,
)
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.engine import stamp_of
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, run_transaction
from cprsync.store.netmedia import effects
from cprsync.store.netmedia.card_accounts import comparable_cards, keep_held
from cprsync.store.netmedia.effects import CULR, FAILED, WAITING, for_culr, payload
from cprsync.store.netmedia.entitlements import kept_lines
from cprsync.store.records.numbers import OLD_NUMBER, has_borrower, open_number, shells_of
from cprsync.store.records.records import move_on, open_local, open_patrons, patron_rows
from cprsync.store.reviews.review_items import ask_staff, settle_items

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from cprsync.domain.netmedia.account import CulrHolding
    from cprsync.domain.netmedia.drift import Repair
    from cprsync.domain.patron.patron import Patron
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kind of the audit entry that says how an account had drifted.
DRIFTED: Final = "account_drift"
_PATRON, _ACCOUNT, _OUT = tables.patron.c, tables.account.c, tables.outbox.c
_ROW, _ITEM, _IMAGE = tables.subscription.c, tables.review_item.c, tables.before_image.c
#: In the words of the partial index of all who are in a window.
_IN_WINDOW: Final = text("patron.unverified_since IS NOT NULL")
_RESTORED: Final[ColumnElement[bool]] = _IN_WINDOW & (_PATRON.unverified_why == WindowReason.RESTORED.value)
#: A condition: the effect waits on purpose, until the register has answered about a record that was put back. Only a
#: death, a protection and a departure are told before. An effect about a protection counts with the others: whether it
#: is one is sealed. Each effect asks for its patron, if there is anybody to ask for: beyond 200,000 restored patrons,
#: PostgreSQL would read a list of them from its beginning for each effect. Needs `Tenant.ours` as values.
WAITS_FOR_REGISTER: Final = exists().where(_PATRON.agency == AGENCY_IS, _RESTORED) & exists().where(
    _PATRON.agency == _OUT.agency,
    _PATRON.id == _OUT.patron_id,
    # not in the words of the partial index: a database that takes it reads all who are in a window
    _PATRON.unverified_why == WindowReason.RESTORED.value,
    _PATRON.status_class == tables.STATUS_CLASSES[Status.RESIDENT],
)
_SEEN: Final = (
    update(tables.account)
    .where(_ACCOUNT.agency == bindparam("at_agency"), _ACCOUNT.patron_id == bindparam("at_patron"))
    .values(seen=bindparam("now_seen"), checked=bindparam("now"))
)


class SqlAccounts(TenantStore, NetMediaAccounts):
    """Our patrons' accounts in CULR."""

    def count(self) -> int:
        with self._tenant.reading() as transaction:
            return transaction.count_rows(_ours(self._tenant))

    def oldest(self, limit: int | None, *, today: datetime | None = None) -> list[str]:
        waits = exists().where(
            _OUT.agency == _ACCOUNT.agency, _OUT.target == CULR, _OUT.patron_id == _ACCOUNT.patron_id
        )
        known = func.coalesce(_ACCOUNT.checked, _ACCOUNT.settled)
        restored = select(_PATRON.id).where(is_restored(self._tenant))
        found = select(_ACCOUNT.patron_id).where(
            _ACCOUNT.agency == self._tenant.agency, ~waits, _ACCOUNT.patron_id.not_in(restored)
        )
        with self._tenant.reading() as transaction:
            if today is not None:
                since = stamp_of(today)
                read = transaction.count_rows(_ours(self._tenant), _ACCOUNT.checked >= since)
                limit = None if limit is None else max(0, limit - read)
                found = found.where(known < since)
            return list(transaction.scalars(found.order_by(known, _ACCOUNT.patron_id).limit(limit)))

    def without(self) -> list[str]:
        everyone = select(_PATRON.id).where(_PATRON.agency == self._tenant.agency)
        # the database compares the indexes side by side, for 100,000 patrons a night; a subquery for each patron takes
        # three times as long
        told = select(_ACCOUNT.patron_id).where(_ACCOUNT.agency == self._tenant.agency)
        waits = select(_OUT.patron_id).where(for_culr(self._tenant))
        with self._tenant.reading() as transaction:
            return sorted(transaction.scalars(everyone.except_(told, waits)))

    def wanted(self, ids: Sequence[str]) -> list[Account]:
        with self._tenant.reading() as transaction:
            waits = waiting(transaction, ids) | restored_among(transaction, ids)
            return [one for one in _accounts(transaction, ids) if one.patron_id not in waits]

    def count_left_out(self) -> int:
        left_out = select(func.count(_OUT.patron_id.distinct())).where(for_culr(self._tenant))
        with self._tenant.reading() as transaction:
            return transaction.scalar(left_out) or 0

    def sides(self, ids: Sequence[str]) -> dict[str, AccountSides]:
        found = dict.fromkeys(ids, AccountSides())
        codes = select(_OUT.patron_id, _OUT.code).where(for_culr(self._tenant, FAILED)).order_by(_OUT.version)
        with self._tenant.reading() as transaction:
            for one in _accounts(transaction, ids):
                found[one.patron_id] = AccountSides(account=one.want.account, ours=one.want.municipality)
            for patron_id, row in accounts_of(transaction, ids).items():
                stands = row.municipality if row.checked is None else row.seen
                found[patron_id] = replace(found[patron_id], theirs=stands)
            for row in transaction.fetch_rows(codes, _OUT.patron_id, ids):
                found[row.patron_id] = replace(found[row.patron_id], answer=row.code)
        return found


class SqlAccountRepairs(TenantStore, AccountRepairs):
    """Accounts in CULR that are read and repaired, and records that are verified."""

    def see(self, run: Run | None, seen: Sequence[tuple[str, CulrHolding]], *, gone: Sequence[str] = ()) -> None:
        if not seen and not gone:
            return
        with run_transaction(self._tenant, run) as transaction:
            note_seen(transaction, seen)
            _keep_cards(transaction, seen)
            settle_items(transaction, [patron_id for patron_id, _ in seen], NET_MEDIA_FOREIGN)
            transaction.change_rows(delete(tables.account).where(_ours(self._tenant)), _ACCOUNT.patron_id, gone)

    def repair(self, run: Run | None, repairs: Sequence[Repair]) -> Repaired:
        with run_transaction(self._tenant, run) as transaction:
            held = _hold(transaction, {one.patron_id for one in repairs})
            still = [one for one in repairs if one.patron_id in held and held[one.patron_id].version == one.version]
            put_in = sum(_add_effect(transaction, held, one) for one in still)
            foreign = {one.patron_id: one.held for one in still if one.held and Drift.FOREIGN in one.drift}
            left = leave_to_staff(transaction, run, foreign)
            mended = [one.patron_id for one in still if Drift.FOREIGN not in one.drift]
            settle_items(transaction, mended, NET_MEDIA_FOREIGN)
            seen = [(one.patron_id, one.held) for one in still if one.held and one.want.account]
            note_seen(transaction, seen)
            _keep_cards(transaction, seen)
            told = [
                audit.Happened(DRIFTED, run=run, patron=one.patron_id, actions=tuple(d.value for d in one.drift))
                for one in still
                if one.effect(one.version) is not None or one.patron_id in left
            ]
            audit.append(transaction, self._tenant.night, told)
        return Repaired(put_in, tuple(left))

    def checked_page(self, after: str, limit: int) -> list[RecordWithRights]:
        found = select(tables.patron).where(_PATRON.agency == self._tenant.agency, _PATRON.id > after)
        with self._tenant.reading() as transaction:
            rows = transaction.execute(found.order_by(_PATRON.id).limit(limit)).all()
            kept = kept_lines(transaction, rows)
            patrons = open_patrons(transaction, rows)
        return [
            RecordWithRights(
                patron=patron,
                local=open_local(self._tenant, row),
                stage=Stage.CLOSED if row.status_class in tables.GONE else Stage(row.standing),
                gone=row.status_class in tables.GONE,
                rights=kept.get(row.id),
                waits=_awaits_rights(self._tenant, row),
            )
            for row, patron in zip(rows, patrons, strict=True)
        ]

    def wrong_versions(self) -> list[str]:
        theirs = _ours(self._tenant) & (_PATRON.agency == _ACCOUNT.agency) & (_PATRON.id == _ACCOUNT.patron_id)
        waits = for_culr(self._tenant)
        settled = waits & (_OUT.agency == _ACCOUNT.agency) & (_OUT.patron_id == _ACCOUNT.patron_id)
        owner = waits & (_PATRON.agency == _OUT.agency) & (_PATRON.id == _OUT.patron_id)
        before = (_PATRON.agency == _IMAGE.agency) & (_PATRON.id == _IMAGE.patron_id)
        before &= _IMAGE.agency == self._tenant.agency
        wrong = union(
            select(_ACCOUNT.patron_id).where(theirs, _ACCOUNT.version > _PATRON.version),
            select(_OUT.patron_id).where(settled, _OUT.state == WAITING, _OUT.version <= _ACCOUNT.version),
            select(_OUT.patron_id).where(owner, _OUT.version > _PATRON.version),
            select(_IMAGE.patron_id).where(before, _IMAGE.version >= _PATRON.version),
        )
        with self._tenant.reading() as transaction:
            return sorted(transaction.scalars(wrong))

    def let_stand(self, ids: Sequence[str]) -> set[str]:
        with self._tenant.reading() as transaction:
            latest = _latest_about_foreign(transaction, ids)
        return {one for one, state in latest.items() if state is State.REJECTED}


def accounts_of(transaction: Transaction, ids: Collection[str]) -> dict[str, AnyRow]:
    """Return what the net media hold for these patrons, as far as they were told. Patrons without are left out."""
    found = transaction.fetch_rows(select(tables.account).where(_ours(transaction.tenant)), _ACCOUNT.patron_id, ids)
    return {row.patron_id: row for row in found}


def _ours(tenant: Tenant) -> ColumnElement[bool]:
    return _ACCOUNT.agency == tenant.agency


def _latest_about_foreign(transaction: Transaction, ids: Collection[str]) -> dict[str, State]:
    """Return the state of each patron's last item about another library's number."""
    about = (_ITEM.agency == transaction.agency) & (_ITEM.kind == NET_MEDIA_FOREIGN)
    items = select(_ITEM.patron_id, _ITEM.state).where(about).order_by(_ITEM.id)
    return {row.patron_id: State(row.state) for row in transaction.fetch_rows(items, _ITEM.patron_id, ids)}


def _accounts(transaction: Transaction, ids: Sequence[str]) -> Iterator[Account]:
    rows, told = patron_rows(transaction, ids), accounts_of(transaction, ids)
    former = _former(transaction, told)
    cards = comparable_cards(transaction, rows)
    for row, patron in zip(rows, open_patrons(transaction, rows), strict=True):
        one = _account(transaction.tenant, row, patron, told.get(row.id), cards=cards.get(row.id))
        if one is None:
            continue
        if not one.want.account and has_borrower(transaction, patron.number, but=row.id):
            continue  # an account under this number belongs to the other patron
        yield replace(one, former=former.get(row.id, ()))


def is_restored(tenant: Tenant) -> ColumnElement[bool]:
    """Return the condition for patrons whose record was put back from a backup, and not answered for since."""
    return (_PATRON.agency == tenant.agency) & _RESTORED


def restored_among(transaction: Transaction, ids: Collection[str]) -> set[str]:
    """Return those of these patrons whose record was put back from a backup, and not answered for since."""
    return set(transaction.fetch_values(select(_PATRON.id).where(is_restored(transaction.tenant)), _PATRON.id, ids))


def waiting(transaction: Transaction, ids: Collection[str]) -> set[str]:
    """Return those of these patrons with an effect that waits or was refused."""
    return set(
        transaction.fetch_values(select(_OUT.patron_id).where(for_culr(transaction.tenant)), _OUT.patron_id, ids)
    )


def _account(
    tenant: Tenant, row: AnyRow, patron: Patron, told: AnyRow | None, *, cards: frozenset[Identity] | None
) -> Account | None:
    borrows = patron.borrows and row.status_class not in tables.GONE
    culr = culr_in_force(patron.register, in_force(patron.overrides, tenant.clock.today())) if borrows else None
    if told is None and culr is None and not (patron.borrows and row.status_class == tables.CLOSED):
        # the municipality is unknown and nothing was told, or the person only answers for a minor: CULR is not asked
        return None
    last = None if told is None else told.municipality
    want = wanted_account(borrows=borrows, culr=culr, last_told=last, cards=cards)
    identity = identity_of(patron.number, row.id)
    if told is not None and not borrows and told.id_type == IdType.LOCAL.value:
        identity = Identity(IdType.LOCAL, row.id)
    return Account(row.id, row.version, identity, want, told is not None, last)


def _former(transaction: Transaction, ids: Collection[str]) -> dict[str, tuple[Identity, ...]]:
    """Return the replaced numbers of these patrons that belong to no other patron.

    Returns none for a patron who has merged shells whose deletions still wait.
    """
    holder = exists().where(
        _PATRON.agency == _ROW.agency,
        _PATRON.number_index == _ROW.number_index,
        _PATRON.status_class.not_in(tables.GONE),
    )
    old = (_ROW.agency == transaction.agency) & (_ROW.reason == OLD_NUMBER) & ~holder
    wanted = select(tables.subscription).where(old).order_by(_ROW.patron_id, _ROW.since)
    found: dict[str, dict[Identity, None]] = {}
    for row in transaction.fetch_rows(wanted, _ROW.patron_id, ids):
        found.setdefault(row.patron_id, {})[Identity(IdType.CPR, open_number(transaction.tenant, row))] = None
    # each patron who was merged into this one has deletions of their own
    return {
        patron_id: tuple(numbers)
        for patron_id, numbers in found.items()
        if not waiting(transaction, shells_of(transaction, patron_id))
    }


def account_of(transaction: Transaction, patron_id: str) -> dict[str, str | None] | None:
    """Return the account that the net media hold for the patron, as far as they have told; None: no account."""
    row = accounts_of(transaction, [patron_id]).get(patron_id)
    return None if row is None else {"municipality": row.municipality}


def note_seen(transaction: Transaction, seen: Sequence[tuple[str, CulrHolding]]) -> None:
    """Write what was just read of these accounts, in the caller's transaction."""
    now = transaction.stamp()
    rows = [
        {"at_agency": transaction.agency, "at_patron": one, "now_seen": _number_of(held), "now": now}
        for one, held in seen
    ]
    if rows:
        transaction.execute(_SEEN, rows)


def _keep_cards(transaction: Transaction, seen: Sequence[tuple[str, CulrHolding]]) -> None:
    if transaction.tenant.card_accounts:
        keep_held(transaction, {patron_id: held.cards for patron_id, held in seen})


def _number_of(held: CulrHolding) -> str | None:
    return (held.municipality or NOWHERE) if held.account or held.agencies else None


def _hold(transaction: Transaction, ids: Collection[str]) -> dict[str, AnyRow]:
    """Return the rows of these patrons, held, without patrons with an effect that waits by now."""
    held, waits = patron_rows(transaction, ids, hold=True), waiting(transaction, ids)
    return {row.id: row for row in held if row.id not in waits}


def _add_effect(transaction: Transaction, held: dict[str, AnyRow], one: Repair) -> bool:
    """Add a repair's effect under a version of its own: no version is used twice (decision 21)."""
    row = held[one.patron_id]
    effect = one.effect(row.version + 1)
    if effect is None:
        return False
    held[one.patron_id] = move_on(transaction, row)
    told = payload(effect.identity, effect.municipality, gone=effect.gone, sweeps=effect.sweeps, repairs=effect.repairs)
    effects.add(transaction, one.patron_id, effect.version, told)
    return True


def leave_to_staff(transaction: Transaction, run: Run | None, foreign: Mapping[str, CulrHolding]) -> list[str]:
    """Ask staff about another library's number, if `asks_about_foreign` says so.

    Call it before what is read now is written, because that is compared with what was read before.
    """
    now = {patron_id: _number_of(held) for patron_id, held in foreign.items()}
    latest = _latest_about_foreign(transaction, now.keys())
    before = {one: row.seen for one, row in accounts_of(transaction, now.keys()).items()}
    fresh = [one for one in sorted(now) if asks_about_foreign(latest.get(one), before=before.get(one), now=now[one])]
    ask_staff(transaction, run or transaction.tenant.no_run, fresh, NET_MEDIA_FOREIGN)
    return fresh


def _awaits_rights(tenant: Tenant, row: AnyRow) -> bool:
    """Return whether the patron's rights are still to be derived."""
    is_due = row.rights_due is not None and row.rights_due <= tenant.clock.today()
    return bool(is_due or row.rights_local != row.local_version)
