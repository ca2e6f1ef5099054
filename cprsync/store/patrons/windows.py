"""The windows in which no delivery could have told of a patron: opened, counted, asked about, and closed.

A patron in a window is unverified until the register has answered (decision 32). One function opens a window and one
closes it; a caller that knows a reason calls them in its own transaction. The rule is in `domain.feed.delivery`. Who is
asked, and what an answer means, is not decided here.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, exists, func, or_, select, text, update

from cprsync.domain.feed.delivery import WaitingPatron, Window, WindowReason, ask_order, is_late, last_loaded, may_ask
from cprsync.domain.patron.review import OTHER_SUCCESSOR, PARKED, REPLACED_KINDS, REVERTED_HELD, State
from cprsync.domain.policy.policy import Harm
from cprsync.services.ports.register import AskedToday, InWindow, Windows
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.binding import HOLD, WINDOW, bind
from cprsync.store.core.engine import parts
from cprsync.store.core.tenant import AGENCY_IS, OUR_AGREEMENT, TenantStore, run_transaction
from cprsync.store.records.numbers import (
    CURRENT_REASONS,
    OURS,
    is_held,
)
from cprsync.store.records.records import CHANGE_PATRONS, from_row, patron_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement

    from cprsync.services.ports.runs import Run
    from cprsync.store.core.tenant import Tenant, Transaction

#: The audit stream of what an operator does to deliveries and windows.
FEED_STREAM: Final = "feed"
#: The audit stream, and the kind of an entry that says that windows were opened.
WINDOWS_STREAM: Final = "windows"
OPENED: Final = "unverified"
#: The columns of a window in the patron's row.
WINDOW_COLUMNS: Final = ("unverified_since", "unverified_why", "unverified_until", "unverified_asked")
_PATRON, _ROW, _AGREEMENT = tables.patron.c, tables.subscription.c, tables.agreement.c
#: So many windows are written into the audit at a time.
_BOUND_AT_ONCE: Final = 5000
#: The purpose of such a look-up, in the audit.
PURPOSE: Final = "window"
#: The kind of an entry that says that an operator opened a window for every patron.
ASKED_FOR: Final = "heal_everyone"
#: Questions whose answer tells everything about a patron.
_WHOLE: Final = ("first_copy", "number_change")
#: Items in which a person decides which number a patron has.
_WHICH_NUMBER: Final = (*sorted(REPLACED_KINDS), OTHER_SUCCESSOR)
#: In the same words as the partial index of these rows. SQLite would not use it with a bound value.
_IN_WINDOW: Final = text("patron.unverified_since IS NOT NULL")


def open_windows(transaction: Transaction, patron_ids: Sequence[str], why: WindowReason) -> list[str]:
    """Mark these patrons as unverified until the register has answered. Returns those with `why` as the new reason.

    Runs in the caller's transaction, which holds the library. A patron without an as-of gets no window, because they
    are unverified already. Neither does a patron without a real number, because the register cannot be asked.
    """
    if not patron_ids:
        return []
    now = transaction.clock.now()
    window = Window.opened(
        why, today=transaction.clock.today(), now=now, loaded=last_loaded(now, transaction.tenant.load_hour)
    )
    ours, ids = _PATRON.agency == transaction.agency, sorted(set(patron_ids))
    could = _PATRON.as_of_day.is_not(None) & _PATRON.real_number.is_(True) & _PATRON.status_class.not_in(tables.GONE)
    opening = select(_PATRON.id).where(ours, could, _may_open(why)).order_by(_PATRON.id)
    opened = transaction.fetch_values(opening, _PATRON.id, ids)
    # an answer must also cover the later cause, and a patron whose number was replaced is asked about again
    is_later = ours & (_PATRON.unverified_until < window.until)
    moved = transaction.fetch_values(select(_PATRON.id).where(is_later), _PATRON.id, ids)
    later = update(tables.patron).where(ours).values(unverified_until=window.until)
    transaction.change_rows(later, _PATRON.id, moved)
    again = update(tables.patron).where(ours, _PATRON.unverified_why == WindowReason.NUMBER_REPLACED.value)
    transaction.change_rows(again.values(unverified_asked=None), _PATRON.id, ids)
    values = {
        "unverified_since": func.coalesce(_PATRON.unverified_since, window.since),
        "unverified_until": case(
            (_PATRON.unverified_until > window.until, _PATRON.unverified_until), else_=window.until
        ),
        "unverified_asked": None,
        "unverified_why": why.value,
    }
    transaction.change_rows(update(tables.patron).where(ours).values(values), _PATRON.id, opened)
    _bind_windows(transaction, sorted({*moved, *opened}))
    if opened:
        whose = opened[0] if len(opened) == 1 else None
        more = (("patrons", str(len(opened))),)
        happened = audit.Happened(OPENED, patron=whose, actions=(why.value,), more=more)
        audit.append(transaction, WINDOWS_STREAM, [happened])
    return opened


def _may_open(why: WindowReason) -> ColumnElement[bool]:
    """Return the condition for a new window: the patron is in no window.

    RESTORED takes the place of every other reason but NUMBER_REPLACED, and that one the place of all.
    """
    is_out: ColumnElement[bool] = _PATRON.unverified_since.is_(None)
    if why is WindowReason.NUMBER_REPLACED:
        return or_(is_out, _PATRON.unverified_why != why.value)
    if why is WindowReason.RESTORED:
        return or_(is_out, _PATRON.unverified_why.not_in([why.value, WindowReason.NUMBER_REPLACED.value]))
    return is_out


def open_for_subscribed(transaction: Transaction, why: WindowReason) -> int:
    """Open a window for every patron subscribed under this agreement. Returns for how many a window was opened."""
    holding = OURS & is_held(transaction.clock.today()) & _ROW.reason.in_(CURRENT_REASONS)
    ids = list(transaction.scalars(select(_ROW.patron_id).where(holding).distinct(), transaction.ours))
    return len(open_windows(transaction, ids, why))


def close_windows(transaction: Transaction, patron_ids: Sequence[str]) -> None:
    """Close the windows of these patrons, in the caller's transaction.

    The register has answered about them, or no answer will be asked for any more.
    """
    ids = transaction.fetch_values(_IDS_IN_WINDOW, _PATRON.id, patron_ids, agency_=transaction.agency)
    transaction.change_rows(_CLOSE, _PATRON.id, ids, agency_=transaction.agency)
    _bind_windows(transaction, ids)


def _bind_windows(transaction: Transaction, patron_ids: Sequence[str]) -> None:
    # in parts, because it may be everyone
    for part in parts(patron_ids, _BOUND_AT_ONCE):
        bind(transaction, WINDOW, {one: one for one in part})


def let_go(transaction: Transaction, patron_ids: Sequence[str]) -> None:
    """Let sources change patrons again who were held since a run was undone, in the caller's transaction.

    Their windows stay open: the next night asks the register.
    """
    theirs = update(tables.patron).where(_PATRON.agency == transaction.agency)
    transaction.change_rows(theirs.values(held_by=None), _PATRON.id, patron_ids)
    bind(transaction, HOLD, {one: one for one in patron_ids})


def find_late(transaction: Transaction, patron_ids: Sequence[str]) -> list[str]:
    """Return those of these newly subscribed patrons that a delivery could have told of before the subscription."""
    taken, now = transaction.scalar(_LAST_PRODUCED, transaction.ours), transaction.clock.now()
    return [
        row.id
        for row in transaction.fetch_rows(_AS_OF, _PATRON.id, patron_ids, agency_=transaction.agency)
        if is_late(row.as_of_day, taken=taken, now=now)
    ]


# built once, because every night asks them
_QUESTION, _ITEM = tables.follow_up.c, tables.review_item.c
#: A whole question is open, a person decides on the number, or the patron is held.
_NOT_ASKED: Final = (
    select(_QUESTION.patron_id).where(_QUESTION.agency == AGENCY_IS, _QUESTION.kind.in_(_WHOLE)),
    select(_ITEM.patron_id).where(
        _ITEM.agency == AGENCY_IS, _ITEM.state == State.WAITING.value, _ITEM.kind.in_(_WHICH_NUMBER)
    ),
    select(_PATRON.id).where(_PATRON.agency == AGENCY_IS, _PATRON.held_by.is_not(None)),
)
_IDS_IN_WINDOW: Final = select(_PATRON.id).where(_PATRON.agency == AGENCY_IS, _PATRON.unverified_since.is_not(None))
_CLOSE: Final = CHANGE_PATRONS.values(dict.fromkeys(WINDOW_COLUMNS))
_LAST_PRODUCED: Final = select(_AGREEMENT.last_produced).where(OUR_AGREEMENT)
_AS_OF: Final = select(_PATRON.id, _PATRON.as_of_day).where(_PATRON.agency == AGENCY_IS, _PATRON.as_of_day.is_not(None))
_ASKED: Final = select(_AGREEMENT.heal_day, _AGREEMENT.heal_asked, _AGREEMENT.heal_harms).where(OUR_AGREEMENT)
_LISTED: Final = select(_PATRON.id, _PATRON.unverified_since, _PATRON.unverified_why, _PATRON.unverified_asked).where(
    _PATRON.agency == AGENCY_IS, _IN_WINDOW
)
#: A person decides about them, which may take long.
_IS_STUCK: Final = exists().where(
    _ITEM.agency == _PATRON.agency,
    _ITEM.patron_id == _PATRON.id,
    _ITEM.state == State.WAITING.value,
    or_(_ITEM.kind.startswith(PARKED), _ITEM.kind == REVERTED_HELD),
)
_AWAITS: Final = select(
    exists().where(
        _PATRON.agency == AGENCY_IS, _IN_WINDOW, _PATRON.unverified_why == WindowReason.RESTORED.value, ~_IS_STUCK
    )
)
_COUNTS: Final = (
    select(_PATRON.unverified_why, func.count())
    .where(_PATRON.agency == AGENCY_IS, _IN_WINDOW)
    .group_by(_PATRON.unverified_why)
)


class SqlWindows(TenantStore, Windows):
    """Patrons in a window: deliveries may lack news of their number."""

    def listed(self) -> list[InWindow]:
        with self._tenant.reading() as transaction:
            # sorted here, because SQLite would otherwise read every patron in the order of their ids
            rows = sorted(transaction.execute(_LISTED, {"agency_": transaction.agency}))
            if not rows:
                return []
            waiting, rejected = (_items(transaction, one) for one in (State.WAITING, State.REJECTED))
        found: list[InWindow] = []
        for patron_id, since, word, asked in rows:
            item = waiting.get(patron_id, rejected.get(patron_id))
            why = WindowReason.of_row(word).value
            found.append(InWindow(patron_id, since, why, asked, item, waits=patron_id in waiting))
        return found

    def counts(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        with self._tenant.reading() as transaction:
            for word, count in transaction.execute(_COUNTS, {"agency_": transaction.agency}):
                found[WindowReason.of_row(word).value] += count
        return dict(found)

    def count(self) -> int:
        wanted = select(func.count()).select_from(tables.patron)
        with self._tenant.reading() as transaction:
            return transaction.scalar(wanted.where(_PATRON.agency == transaction.agency, _IN_WINDOW)) or 0

    def awaits_register(self) -> bool:
        with self._tenant.reading() as transaction:
            return bool(transaction.scalar(_AWAITS, {"agency_": transaction.agency}))

    def to_ask(self, limit: int) -> list[str]:
        if not (listed := self.listed()):
            return []
        ours = {"agency_": self._tenant.agency}
        with self._tenant.reading() as transaction:
            left_out = {one for some in _NOT_ASKED for one in transaction.scalars(some, ours)}
        today = self._tenant.clock.today()
        ids = [
            one.patron_id
            for one in listed
            if one.patron_id not in left_out and may_ask(WindowReason.of_row(one.why), one.asked, today=today)
        ]
        return [one.patron_id for one in sorted(_waiting(self._tenant, ids), key=ask_order)[:limit]]

    def asked_today(self) -> AskedToday:
        with self._tenant.reading() as transaction:
            return _asked_today(transaction)

    def intend_to_ask(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        with run_transaction(self._tenant, run) as transaction:
            these = (_PATRON.agency == transaction.agency) & _PATRON.unverified_since.is_not(None)
            asked = update(tables.patron).where(these).values(unverified_asked=transaction.clock.today())
            transaction.change_rows(asked, _PATRON.id, patron_ids)
            before = _asked_today(transaction)
            _count(transaction, AskedToday(before.asked + len(patron_ids), before.harms))
            happened = [audit.Happened("lookup", run=run, patron=one, actions=(PURPOSE,)) for one in patron_ids]
            audit.append(transaction, self._tenant.night, happened)

    def open_for_everyone(self, *, user: str, reason: str) -> int:
        happened = audit.Happened(ASKED_FOR, user=user, reason=reason)
        with run_transaction(self._tenant, None) as transaction:
            audit.append(transaction, FEED_STREAM, [happened])
            return open_for_subscribed(transaction, WindowReason.REQUESTED)


def _items(transaction: Transaction, state: State) -> dict[str, int]:
    """Return, by patron in a window, the last item in this state that keeps the register from being asked."""
    row, theirs = _ITEM, (_ITEM.agency == _PATRON.agency) & (_ITEM.patron_id == _PATRON.id)
    if state is State.WAITING:
        about = row.kind.startswith(PARKED) | (row.kind == REVERTED_HELD)
    else:
        keeps_number = row.kind.in_(REPLACED_KINDS) & (_PATRON.unverified_why == WindowReason.NUMBER_REPLACED.value)
        about = keeps_number | ((row.kind == REVERTED_HELD) & _PATRON.held_by.is_not(None))
    last = select(row.patron_id, func.max(row.id).label("number")).join(tables.patron, theirs & _IN_WINDOW)
    ours = (row.agency == transaction.agency) & (row.state == state.value)
    found = transaction.execute(last.where(ours, about).group_by(row.patron_id))
    return {one.patron_id: one.number for one in found}


def _waiting(tenant: Tenant, ids: Sequence[str]) -> Iterator[WaitingPatron]:
    for part in parts(ids):
        with tenant.reading() as transaction:
            rows = patron_rows(transaction, part)
        for row in rows:
            is_shut = from_row(tenant.vault, row).register.is_shut
            yield WaitingPatron(row.id, is_shut, row.last_seen, row.unverified_asked)


def _asked_today(transaction: Transaction) -> AskedToday:
    row = transaction.execute(_ASKED, transaction.ours).one()
    if row.heal_day != transaction.clock.today():
        return AskedToday()
    counts = json.loads(row.heal_harms or "{}")
    return AskedToday(row.heal_asked or 0, {Harm(name): count for name, count in counts.items()})


def count_harms(transaction: Transaction, harms: Mapping[Harm, int]) -> None:
    """Add harm to that of the day, in the transaction that does it."""
    before = _asked_today(transaction)
    _count(transaction, AskedToday(before.asked, Counter(before.harms) + Counter(harms)))


def _count(transaction: Transaction, counted: AskedToday) -> None:
    harms = json.dumps({harm.value: count for harm, count in counted.harms.items()}, sort_keys=True)
    values: dict[str, Any] = {"heal_day": transaction.clock.today(), "heal_asked": counted.asked, "heal_harms": harms}
    transaction.execute(update(tables.agreement).where(OUR_AGREEMENT).values(values), transaction.ours)
