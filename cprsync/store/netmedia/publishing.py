"""Effects that wait for the net media: which go first, what came of each, and what CULR is known to hold.

An effect is marked as offered before its first call. After its last call it is deleted, and the account is written. If
the process is killed in between, the effect waits and is offered again. Effects come from `changes`, `merging` and
`emptying`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, case, delete, func, select, text

from cprsync.domain.netmedia.account import Effect, Identity, IdType, is_given_up, spare_others, without_older_numbers
from cprsync.domain.netmedia.cards import givers_first
from cprsync.domain.netmedia.drift import Drift
from cprsync.domain.netmedia.rights import LOSING_CHANGES, LOSING_STATUSES
from cprsync.domain.netmedia.settling import Settled
from cprsync.domain.patron.review import NET_MEDIA_FOREIGN, NET_MEDIA_REFUSED
from cprsync.domain.person.number import CprNumber
from cprsync.services.ports.netmedia import AccountState, Backlog, Outbox
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.engine import moment_of
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, run_transaction
from cprsync.store.netmedia.accounts import (
    DRIFTED,
    WAITS_FOR_REGISTER,
    accounts_of,
    leave_to_staff,
    note_seen,
    restored_among,
    waiting,
)
from cprsync.store.netmedia.card_accounts import HAS_CARDS, card_counts, cards_to_send, givers_of, keep_told
from cprsync.store.netmedia.effects import (
    CULR,
    FAIL,
    FAILED,
    THIS,
    WAITING,
    account_probes,
    effect_key_of,
    effect_of,
    for_culr,
    offer,
)
from cprsync.store.records.numbers import borrowers
from cprsync.store.reviews.review_items import ask_staff, settle_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cprsync.domain.netmedia.account import CulrHolding
    from cprsync.domain.netmedia.settling import Unsettled
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kind of the audit entry that says that the net media were told.
TOLD: Final = "told"
_OUT = tables.outbox.c
_ACCOUNT = tables.account.c
_PATRON = tables.patron.c
_TURN = tables.entitlement_turn.c
_LOSING: Final = (*tables.GONE, *{tables.STATUS_CLASSES[status] for status in LOSING_STATUSES})
_LOST: Final = tuple(turn.value for turn in LOSING_CHANGES)
#: Each night asks this.
_COUNT_STATES: Final = (
    select(_OUT.state, func.count(), func.min(case((WAITS_FOR_REGISTER, None), else_=_OUT.created)))
    .where(_OUT.agency == AGENCY_IS, _OUT.target == CULR)
    .group_by(_OUT.state)
)


class SqlOutbox(TenantStore, Outbox):
    """What CULR must still be told."""

    def backlog(self) -> Backlog:
        with self._tenant.reading() as transaction:
            rows = transaction.execute(_COUNT_STATES, transaction.ours)
            found = {state: (count, oldest) for state, count, oldest in rows}
        waiting, oldest = found.get(WAITING, (0, None))
        return Backlog(waiting, found.get(FAILED, (0, None))[0], None if oldest is None else moment_of(oldest))

    def order(self) -> list[str]:
        # a turn is kept until CULR was told, from whichever night it is
        lost = select(_TURN.patron_id).where(_TURN.agency == self._tenant.agency, _TURN.turn.in_(_LOST))
        revoking = _PATRON.status_class.in_(_LOSING) | _OUT.patron_id.in_(lost)
        last = case((revoking, 0), else_=1)
        theirs = (_PATRON.agency == _OUT.agency) & (_PATRON.id == _OUT.patron_id)
        wanted = (
            select(_OUT.patron_id)
            .join(tables.patron, theirs)
            .where(for_culr(self._tenant, WAITING))
            .group_by(_OUT.patron_id)
        )
        turns = wanted.order_by(func.min(last), func.min(_OUT.created), _OUT.patron_id)
        with self._tenant.reading() as transaction:
            return givers_first(list(transaction.scalars(turns)), givers_of(transaction))

    def in_line(self, patron_id: str) -> list[str]:
        with self._tenant.reading() as transaction:
            if not waiting(transaction, [patron_id]):
                return []
            return [*givers_of(transaction, [patron_id]).get(patron_id, ()), patron_id]

    def queues(self, ids: Sequence[str]) -> list[tuple[Effect, ...]]:
        with self._tenant.reading() as transaction:
            found: dict[str, list[AnyRow]] = defaultdict(list)
            wanted = select(tables.outbox).where(for_culr(self._tenant, WAITING)).order_by(_OUT.version)
            for row in transaction.fetch_rows(wanted, _OUT.patron_id, ids):
                found[row.patron_id].append(row)
            accounts = accounts_of(transaction, ids)
            effects = {
                patron_id: list(_effects(self._tenant, found[patron_id], accounts.get(patron_id)))
                for patron_id in ids
                if patron_id in found
            }
            # what they hold is newer than a record that was put back: only what takes away is told
            for patron_id in restored_among(transaction, list(effects)):
                if not effects[patron_id][-1].revokes:
                    del effects[patron_id]
            holders = _holders(transaction, effects)
            cards = cards_to_send(transaction, list(effects))
        offered = {patron_id: {row.version for row in found[patron_id] if row.offered} for patron_id in effects}
        queues = {one: without_older_numbers(waits, offered=offered[one]) for one, waits in effects.items()}
        return [
            tuple(cards(_spared(one, holders, accounts.get(patron_id))) for one in queue)
            for patron_id, queue in queues.items()
        ]

    def offer(self, effects: Sequence[Effect]) -> None:
        offer(self._tenant, (_at(self._tenant, one) for one in effects))

    def settle(self, run: Run | None, outcomes: Sequence[tuple[Effect, Settled | Unsettled]]) -> list[tuple[str, str]]:
        done = [(effect, outcome) for effect, outcome in outcomes if isinstance(outcome, Settled)]
        rest = [(effect, outcome) for effect, outcome in outcomes if not isinstance(outcome, Settled)]
        stream = audit.DESK if run is None else self._tenant.night
        with run_transaction(self._tenant, run) as transaction:
            left: list[tuple[str, str]] = []
            if done:
                transaction.execute(_TAKE_OUT, [_at(self._tenant, effect) for effect, _ in done])
                _supersede(transaction, [effect for effect, _ in done])
                foreign = _foreign(transaction, done)
                # leave_to_staff compares what is read now with what was read before, so it comes before note_seen
                # overwrites that
                left += ((one, NET_MEDIA_FOREIGN) for one in leave_to_staff(transaction, run, foreign))
                _keep_accounts(transaction, done)
                keep_told(transaction, done)
                note_seen(transaction, list(foreign.items()))
                audit.append(transaction, stream, _happened(run, done))
            if rest:
                refused = _fail(transaction, run or self._tenant.no_run, rest)
                left += ((one, NET_MEDIA_REFUSED) for one in refused)
            return left

    def account_state(self, patron_id: str) -> AccountState:
        theirs = select(tables.outbox).where(for_culr(self._tenant), _OUT.patron_id == patron_id)
        own = (_ACCOUNT.agency == self._tenant.agency) & (_ACCOUNT.patron_id == patron_id)
        with self._tenant.reading() as transaction:
            row = transaction.execute(select(tables.account, HAS_CARDS).where(own)).one_or_none()
            outgoing = transaction.execute(theirs.order_by(_OUT.version)).all()
            cards = None
            if self._tenant.card_accounts or (row is not None and row.has_cards):
                is_offered = any(one.offered for one in outgoing if one.state == WAITING)
                known = row is not None or bool(outgoing)
                cards = card_counts(transaction, patron_id, known=known, offered=is_offered)
        waiting = [one for one in outgoing if one.state == WAITING]
        refused = [one.code for one in outgoing if one.state == FAILED]
        effects = [effect_of(self._tenant, one) for one in waiting]
        offered = [effect for effect, one in zip(effects, waiting, strict=True) if one.offered and not effect.gone]
        settled = None if row is None else row.municipality
        return AccountState(
            cards=cards,
            account=row is not None,
            sent=offered[-1].municipality if offered else settled,
            confirmed=settled if row is None or row.checked is None else row.seen,
            pending=len(waiting),
            deleting=bool(effects) and effects[-1].gone,
            refused=refused[-1] if refused else None,
            checked_at=None if row is None else moment_of(row.checked or row.settled),
        )


def _holders(transaction: Transaction, queues: Mapping[str, Sequence[Effect]]) -> dict[Identity, str]:
    """Return who borrows under each CPR number that the effects name."""
    named = {one for queue in queues.values() for effect in queue for one in effect.touches if one.type is IdType.CPR}
    numbers = [CprNumber.parse(one.value) for one in named]
    held = borrowers(transaction, numbers)
    return {Identity(IdType.CPR, number.digits): patron_id for number, patron_id in held.items()}


def _spared(effect: Effect, holders: Mapping[Identity, str], account: AnyRow | None) -> Effect:
    taken = {one for one in effect.touches if holders.get(one, effect.patron_id) != effect.patron_id}
    return spare_others(effect, taken=taken, last_told=None if account is None else account.municipality)


def _effects(tenant: Tenant, rows: Iterable[AnyRow], account: AnyRow | None) -> Iterator[Effect]:
    local = account is not None and account.id_type == IdType.LOCAL.value
    for row in rows:
        effect = effect_of(tenant, row)
        if local and effect.identity.type is IdType.CPR and not effect.gone:
            # the CPR number was found: the account moves from the patron number to the CPR number (decision 11)
            effect = replace(effect, replaces=Identity(IdType.LOCAL, row.patron_id))
            local = False
        elif account is not None and account.id_index in account_probes(tenant, effect.identity):
            effect = replace(effect, known=True)
        # an account under the patron number that is still to be made counts as well
        local = local or (effect.identity.type is IdType.LOCAL and not effect.gone)
        yield effect


_TAKE_OUT: Final = delete(tables.outbox).where(THIS)
_OLDER_REFUSED: Final = delete(tables.outbox).where(
    _OUT.agency == bindparam("at_agency"),
    _OUT.target == bindparam("at_target"),
    _OUT.patron_id == bindparam("at_patron"),
    _OUT.state == FAILED,
    _OUT.version < bindparam("at_version"),
)
_KEEP: Final = text(
    "INSERT INTO account (agency, patron_id, id_type, id_index, index_key, municipality, version, settled)"
    " VALUES (:agency, :patron_id, :id_type, :id_index, :index_key, :municipality, :version, :settled)"
    " ON CONFLICT (agency, patron_id) DO UPDATE SET id_type = excluded.id_type, id_index = excluded.id_index,"
    " index_key = excluded.index_key, municipality = excluded.municipality, version = excluded.version,"
    " settled = excluded.settled, seen = NULL, checked = NULL WHERE account.version < excluded.version"
)


def _at(tenant: Tenant, effect: Effect) -> dict[str, Any]:
    return effect_key_of(tenant, CULR, effect.patron_id, effect.version)


def _happened(run: Run | None, done: Sequence[tuple[Effect, Settled]]) -> list[audit.Happened]:
    """Return the audit entries: CULR was told, or the account belongs to another library and was left alone."""
    return [
        audit.Happened(TOLD, run=run, patron=effect.patron_id, actions=(CULR,))
        if outcome.foreign is None
        else audit.Happened(DRIFTED, run=run, patron=effect.patron_id, actions=(Drift.FOREIGN.value,))
        for effect, outcome in done
    ]


def _foreign(transaction: Transaction, done: Sequence[tuple[Effect, Settled]]) -> dict[str, CulrHolding]:
    """Return the accounts that belong to another library, by patron.

    A patron with a newer effect of ours, sent or waiting, is left out.
    """
    last = {effect.patron_id: outcome.foreign for effect, outcome in done if not effect.gone}
    found = {patron_id: held for patron_id, held in last.items() if held is not None}
    later = waiting(transaction, list(found)) if found else set()
    return {patron_id: held for patron_id, held in found.items() if patron_id not in later}


def _keep_accounts(transaction: Transaction, done: Sequence[tuple[Effect, Settled]]) -> None:
    stands: dict[str, tuple[Effect, Settled]] = {}
    for effect, outcome in done:
        if effect.gone:
            theirs = (_ACCOUNT.agency == transaction.agency) & (_ACCOUNT.patron_id == effect.patron_id)
            same = _ACCOUNT.id_index.in_(account_probes(transaction.tenant, effect.identity))
            transaction.execute(delete(tables.account).where(theirs, same))
            if effect.patron_id in stands and stands[effect.patron_id][0].identity == effect.identity:
                # made and deleted among these
                del stands[effect.patron_id]
        elif not effect.moot:
            stands[effect.patron_id] = effect, outcome
    if stands:
        transaction.execute(
            _KEEP, [_account_row(transaction.tenant, effect, outcome) for effect, outcome in stands.values()]
        )


def _account_row(tenant: Tenant, effect: Effect, outcome: Settled) -> dict[str, Any]:
    return {
        "agency": tenant.agency,
        "patron_id": effect.patron_id,
        "id_type": effect.identity.type.value,
        "id_index": account_probes(tenant, effect.identity)[0],
        "index_key": tenant.vault.index_key,
        "municipality": outcome.municipality,
        "version": effect.version,
        "settled": tenant.stamp(),
    }


def _supersede(transaction: Transaction, came_through: Sequence[Effect]) -> None:
    """Delete the older refused effects of these patrons, and settle the question that they left to a person."""
    wanted = select(_OUT.patron_id).distinct().where(for_culr(transaction.tenant, FAILED))
    refused = set(transaction.fetch_values(wanted, _OUT.patron_id, {effect.patron_id for effect in came_through}))
    if not refused:
        return  # nearly always the case
    rows = [_at(transaction.tenant, effect) for effect in came_through if effect.patron_id in refused]
    transaction.execute(_OLDER_REFUSED, rows)
    still = transaction.fetch_values(wanted, _OUT.patron_id, refused)
    settle_items(transaction, sorted(refused.difference(still)), NET_MEDIA_REFUSED)


def _fail(transaction: Transaction, run: Run, rest: Sequence[tuple[Effect, Unsettled]]) -> list[str]:
    wanted = select(_OUT.patron_id, _OUT.version, _OUT.attempts).where(for_culr(transaction.tenant, WAITING))
    found = transaction.fetch_rows(wanted, _OUT.patron_id, [effect.patron_id for effect, _ in rest])
    attempts = {(row.patron_id, row.version): row.attempts for row in found}
    rows, left = [], []
    for effect, outcome in rest:
        ended = is_given_up(outcome.code, attempts[effect.patron_id, effect.version] + 1)
        state = FAILED if ended else WAITING
        rows.append({**_at(transaction.tenant, effect), "said": outcome.code.value, "now_state": state})
        left += [effect.patron_id] if ended else []
    transaction.execute(FAIL, rows)
    ask_staff(transaction, run, left, NET_MEDIA_REFUSED)
    return left
