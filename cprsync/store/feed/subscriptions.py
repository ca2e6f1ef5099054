"""What we hold of the register's side: subscriptions, look-up intents and open questions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    CompoundSelect,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.leaving.leaving import stage_after_return
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Status
from cprsync.errors import NoSuchPerson
from cprsync.services.ports.register import FIRST_COPY, Coverage, FollowUp, Found, KeptAnswer, NotFound, Subscriptions
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.binding import LEAVING, bind
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, run_transaction
from cprsync.store.feed.coverage import count_coverage
from cprsync.store.patrons.patrons import ask
from cprsync.store.patrons.windows import find_late, open_windows
from cprsync.store.records.numbers import (
    ACTIVE_PATRON,
    KNOWN_REASONS,
    LEFT,
    OURS,
    RESPONSIBLE,
    is_held,
    only_answer,
    subscribe_until,
    subscription_row,
)
from cprsync.store.records.records import CHANGE_PATRONS, from_row, patron_rows
from cprsync.store.seals.vault import decode, encode

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

_ROW = tables.subscription.c
_PATRON = tables.patron.c
_LEAVING = (tables.NOT_ACTIVE, _PATRON.standing == Stage.LEAVING.value)
_SELECT_LEAVING: Final = select(_PATRON.id).where(_PATRON.agency == AGENCY_IS, *_LEAVING)
# Each new patron is looked for with these.
_KNOWN: Final = select(_ROW.patron_id).where(OURS, _ROW.reason.in_(KNOWN_REASONS))
_NEW: Final = select(_PATRON.id).where(_PATRON.agency == AGENCY_IS, _PATRON.as_of_day.is_(None))
_LEFT_BEFORE: Final = select(_ROW.patron_id).where(OURS, _ROW.reason == LEFT)
_SUBSCRIBE: Final = insert(tables.subscription)
#: The owner under which an answer is sealed. The run's id is its version.
ANSWER: Final = "kept_answer"
#: The length of the day in front of an answer: 2027-03-22.
_DAY: Final = 10
#: Stands in front of a number that the register does not know. No record's canonical bytes begin with it.
_UNKNOWN: Final = b"?"
#: Stands in front of a person if the end of their protection is in doubt: the record itself does not say so.
_DOUBTED: Final = b"!"
_ANSWER = tables.follow_up.c
_KEPT_ANSWERS: Final = select(tables.follow_up).where(
    _ANSWER.agency == AGENCY_IS, _ANSWER.answer_run == bindparam("run_")
)
_KEEP: Final = (
    update(tables.follow_up)
    .where(_ANSWER.agency == bindparam("at_agency"), _ANSWER.patron_id == bindparam("at_patron"))
    .values(
        answer=bindparam("now_answer"),
        answer_key=bindparam("now_key"),
        answer_day=bindparam("now_day"),
        answer_run=bindparam("now_run"),
    )
)
_FORGET_ANSWERS: Final = (
    update(tables.follow_up)
    .where(_ANSWER.agency == AGENCY_IS, _ANSWER.answer_run.is_not(None))
    .values(dict.fromkeys(("answer", "answer_key", "answer_day", "answer_run")))
)


class SqlSubscriptions(TenantStore, Subscriptions):
    """Whom the register tells us about, and what it is still to be asked."""

    def intend(self, run: Run | None, patron_ids: Sequence[str], purpose: str) -> None:
        happened = [audit.Happened("lookup", run=run, patron=one, actions=(purpose,)) for one in patron_ids]
        with run_transaction(self._tenant, run) as transaction:
            audit.append(transaction, self._tenant.night, happened)

    def unsubscribed(self, limit: int, *, unheard: bool = False) -> list[tuple[str, CprNumber]]:
        with self._tenant.reading() as transaction:
            leaving = _leaving(transaction)
            asked = {**transaction.ours, "most_": limit + len(leaving)}
            first = transaction.scalars(_select_first_missing(unheard=unheard), asked)
            ids = [one for one in first if one not in leaving][:limit]
            rows = patron_rows(transaction, ids)
        return [(row.id, from_row(self._tenant.vault, row).number) for row in rows]

    def subscribed(
        self,
        run: Run | None,
        rows: Sequence[tuple[str, CprNumber]],
        *,
        since: date,
        already: Collection[CprNumber] = (),
        dead_until: date | None = None,
    ) -> None:
        if not rows:
            return
        with run_transaction(self._tenant, run) as transaction:
            held = _held(transaction, [patron_id for patron_id, _ in rows])
            fresh = [(patron_id, number) for patron_id, number in rows if patron_id not in held]
            if fresh:
                answers = only_answer(transaction, [patron_id for patron_id, _ in fresh])
                reasons = {one: RESPONSIBLE if one in answers else ACTIVE_PATRON for one, _ in fresh}
                new = [
                    subscription_row(self._tenant, one, number, reasons[one], since=since, added=number not in already)
                    for one, number in fresh
                ]
                transaction.execute(_SUBSCRIBE, new)
            ids = [patron_id for patron_id, _ in fresh]
            ask(transaction, [(one, FIRST_COPY) for one in _without_news(transaction, ids)])
            if dead_until is not None:
                subscribe_until(transaction, _dead(transaction, ids), dead_until)
            open_windows(transaction, _left_before(transaction, ids), WindowReason.RETURNED)
            open_windows(transaction, find_late(transaction, ids), WindowReason.SUBSCRIBED_LATE)
            happened = [audit.Happened("subscribe", run=run, patron=one) for one in ids]
            audit.append(transaction, self._tenant.night, happened)

    def count(self) -> int:
        values = {**self._tenant.ours, "today_": self._tenant.clock.today()}
        with self._tenant.scanning() as transaction:
            return transaction.scalar(_count_held(), values) or 0

    def coverage(self) -> Coverage:
        with ThreadPoolExecutor(max_workers=1) as beside:
            # both read a row of each patron
            held = beside.submit(self.count)
            with self._tenant.scanning() as transaction:
                return count_coverage(transaction, held=held.result)

    def follow_ups(self, limit: int) -> list[FollowUp]:
        values = {"agency_": self._tenant.agency, "today_": self._tenant.clock.today(), "most_": limit}
        with self._tenant.reading() as transaction:
            rows = transaction.execute(_select_follow_ups(), values)
            return [FollowUp(found.patron_id, found.kind) for found in rows]

    def keep_answers(self, run: Run, answers: Sequence[tuple[str, Found | NotFound]], as_of: AsOf) -> None:
        seen = as_of.seen.isoformat().encode()
        said = [(patron_id, _written(answer)) for patron_id, answer in answers]
        rows = [
            {
                "at_agency": self._tenant.agency,
                "at_patron": patron_id,
                "now_answer": self._tenant.vault.seal(seen + plain, place=patron_id, owner=ANSWER, version=run.id),
                "now_key": self._tenant.vault.seal_key,
                "now_day": as_of.day,
                "now_run": run.id,
            }
            for patron_id, plain in said
            if plain is not None
        ]
        if rows:
            with run_transaction(self._tenant, run) as transaction:
                transaction.execute(_KEEP, rows)

    def kept_answers(self, run: Run, ids: Sequence[str]) -> dict[str, KeptAnswer]:
        asked = {"agency_": self._tenant.agency, "run_": run.id}
        with self._tenant.reading() as transaction:
            rows = transaction.fetch_rows(_KEPT_ANSWERS, _ANSWER.patron_id, ids, **asked)
        return {row.patron_id: _read(self._tenant, row) for row in rows}


def prepare_return(transaction: Transaction, patron_ids: Sequence[str]) -> list[str]:
    """Prepare former patrons who are registered again: the next night subscribes them like new ones.

    Runs in the caller's transaction. Returns those who had left. The ended row gets another reason. It also takes over
    from an earlier such row whether we added the number at the register. The feed could not tell of the time without a
    subscription, so a window opens.
    """
    ended = OURS & (_ROW.reason == ACTIVE_PATRON) & _ROW.until.is_not(None)
    wanted = select(_ROW.patron_id, _ROW.number_index).where(ended).order_by(_ROW.patron_id)
    back = transaction.fetch_rows(wanted, _ROW.patron_id, patron_ids, **transaction.ours)
    for row in back:
        same = OURS & (_ROW.patron_id == row.patron_id) & (_ROW.number_index == row.number_index)
        earlier = same & (_ROW.reason == LEFT)
        added = transaction.scalar(select(_ROW.confirmed_at).where(earlier), transaction.ours)
        transaction.execute(delete(tables.subscription).where(earlier), transaction.ours)
        memory = {"reason": LEFT, "confirmed_at": func.coalesce(_ROW.confirmed_at, added)}
        transaction.execute(update(tables.subscription).where(same & ended).values(memory), transaction.ours)
    ids = list(dict.fromkeys(row.patron_id for row in back))
    open_windows(transaction, ids, WindowReason.RETURNED)
    return ids


def stop_leaving(transaction: Transaction, patron_ids: Sequence[str]) -> list[str]:
    """Stop those of these patrons who are leaving, in the caller's transaction; returns them.

    A closed record stays closed.
    """
    back: list[str] = sorted(
        transaction.fetch_values(_SELECT_LEAVING, _PATRON.id, patron_ids, agency_=transaction.agency)
    )
    stays = {"standing": stage_after_return(Stage.LEAVING).value, "leaves_since": None}
    due = transaction.clock.today()
    transaction.change_rows(CHANGE_PATRONS, _PATRON.id, back, agency_=transaction.agency, rights_due=due, **stays)
    bind(transaction, LEAVING, dict.fromkeys(back))
    return back


@cache
def _select_missing(*, unheard: bool) -> CompoundSelect[str]:
    """Select the patrons with a real number that was never subscribed under this agreement."""
    ours = select(_PATRON.id).where(_PATRON.agency == AGENCY_IS, _PATRON.real_number.is_(True))
    if unheard:
        ours = ours.where(_PATRON.as_of_day.is_(None))
    # the database compares two indexes, 100,000 rows each night;
    # a subquery for each patron takes three times as long
    subscribed = select(_ROW.patron_id).where(OURS, _ROW.reason.in_(KNOWN_REASONS))
    return ours.except_(subscribed)


@cache
def _select_first_missing(*, unheard: bool) -> CompoundSelect[str]:
    missing = _select_missing(unheard=unheard)
    return missing.order_by(missing.selected_columns.id).limit(bindparam("most_"))


def _leaving(transaction: Transaction) -> set[str]:
    """Return the patrons who are leaving: they are not subscribed.

    They are asked for apart, because with one more part in the query SQLite would read every patron.
    """
    return set(transaction.scalars(_SELECT_LEAVING, {"agency_": transaction.agency}))


# built once, because every night asks them


@cache
def _count_held() -> Select[int]:
    """Count the numbers held for good, and those held for a time alone; with `Tenant.ours` and today as values."""
    today, other = bindparam("today_", type_=_ROW.until.type), tables.subscription.alias()
    again = exists().where(
        other.c.agency == _ROW.agency,
        other.c.agreement == _ROW.agreement,
        other.c.number_index == _ROW.number_index,
        other.c.until.is_(None),
    )
    # counted apart: the many by an index alone, and the dead, who are few. Between two days SQLite expects few rows;
    # after one it expects so many that it would go through all numbers in their order
    # the last day stands before the number, as in the index: PostgreSQL would sort the numbers that it counts alone
    numbers = select(_ROW.until, _ROW.number_index).where(OURS, _ROW.until.is_(None)).distinct().subquery()
    for_good = select(func.count()).select_from(numbers).scalar_subquery()
    number = select(func.count(_ROW.number_index.distinct())).where(OURS)
    for_a_time = number.where(is_held(today), _ROW.until.between(today, date.max), ~again).scalar_subquery()
    return select(for_good + for_a_time)


@cache
def _select_follow_ups() -> Select[str, str]:
    row = tables.follow_up.c
    # no first copy is asked of a patron who is leaving
    leaving = exists().where(_PATRON.agency == row.agency, _PATRON.id == row.patron_id, tables.NOT_ACTIVE)
    # nothing is asked of a patron whom no answer may change, or whose number no register knows
    is_silent = _PATRON.held_by.is_not(None) | _PATRON.real_number.is_(False)
    silent = exists().where(_PATRON.agency == row.agency, _PATRON.id == row.patron_id, is_silent)
    begun = ~((row.kind == FIRST_COPY) & leaving) & ~silent
    # a question with a doubtful answer today is asked again tomorrow, because nights are counted
    not_today = row.doubted_on.is_(None) | (row.doubted_on != bindparam("today_"))
    wanted = select(row.patron_id, row.kind).where(row.agency == AGENCY_IS, begun, not_today)
    return wanted.order_by(row.since, row.patron_id, row.kind).limit(bindparam("most_"))


def _held(transaction: Transaction, ids: Sequence[str]) -> set[str]:
    return set(transaction.fetch_values(_KNOWN, _ROW.patron_id, ids, **transaction.ours))


def _without_news(transaction: Transaction, ids: Sequence[str]) -> list[str]:
    """Return those of these patrons without an as-of."""
    return transaction.fetch_values(_NEW, _PATRON.id, ids, agency_=transaction.agency)


def _dead(transaction: Transaction, ids: Sequence[str]) -> list[str]:
    """Return those of these patrons who are dead on their record.

    No further write says how long they stay subscribed.
    """
    dead = (_PATRON.agency == transaction.agency) & (_PATRON.status_class == tables.STATUS_CLASSES[Status.DEAD])
    return transaction.fetch_values(select(_PATRON.id).where(dead), _PATRON.id, ids)


def _left_before(transaction: Transaction, ids: Sequence[str]) -> list[str]:
    """Return those of these patrons who had left before. No change of theirs was delivered meanwhile."""
    return transaction.fetch_values(_LEFT_BEFORE, _ROW.patron_id, ids, **transaction.ours)


def _written(answer: Found | NotFound) -> bytes | None:
    if isinstance(answer, Found):
        return (_DOUBTED if answer.person.is_end_doubted else b"") + encode(answer.person)
    return _UNKNOWN + answer.number.digits.encode() if isinstance(answer.error, NoSuchPerson) else None


def _read(tenant: Tenant, row: AnyRow) -> KeptAnswer:
    place = {"place": row.patron_id, "owner": ANSWER, "version": row.answer_run}
    dated = tenant.vault.unseal(row.answer, row.answer_key, **place)
    seen, plain = date.fromisoformat(dated[:_DAY].decode()), dated[_DAY:]
    as_of = AsOf(row.answer_day, Source.LOOKUP, seen)
    if plain.startswith(_UNKNOWN):
        number = CprNumber.parse(plain.removeprefix(_UNKNOWN).decode())
        return KeptAnswer(NotFound(number, NoSuchPerson("the register does not know the number")), as_of)
    person = replace(decode(plain.removeprefix(_DOUBTED)), is_end_doubted=plain.startswith(_DOUBTED))
    return KeptAnswer(Found(person.number, person), as_of)


def forget_answers(transaction: Transaction) -> None:
    """Delete all kept answers, in the transaction that ends the night."""
    transaction.execute(_FORGET_ANSWERS, {"agency_": transaction.agency})
