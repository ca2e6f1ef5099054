"""What we hold of the register's side: subscriptions, look-up intents and open questions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, text, update

from cprsync.domain.feed.delivery import Why
from cprsync.domain.leaving.leaving import stage_after_return
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Status
from cprsync.errors import NoSuchPerson
from cprsync.services.ports.register import FIRST_COPY, FollowUp, Found, KeptAnswer, NotFound
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.engine import parts, reading, writing
from cprsync.store.core.tenant import TenantStore, hold_fence, run_transaction
from cprsync.store.patrons import feed_coverage
from cprsync.store.patrons.changes import ask
from cprsync.store.patrons.feed_coverage import find_late, open_windows
from cprsync.store.records.numbers import ACTIVE_PATRON, LEFT, RESPONSIBLE, SEALED_ONCE, SUBSCRIPTION, only_answer
from cprsync.store.records.records import from_row
from cprsync.store.seals.vault import decode, encode

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: In the same words as the partial index of these rows. SQLite would not use it with a bound value.
_NOT_ACTIVE = text("patron.standing <> 'active'")
_ROW = tables.subscription.c
_PATRON = tables.patron.c
_LEAVING = (_NOT_ACTIVE, _PATRON.standing == Stage.LEAVING.value)


#: The owner under which an answer is sealed. The run's id is its version.
ANSWER: Final = "kept_answer"
#: The length of the day in front of an answer: 2027-03-22.
_DAY: Final = 10
#: Stands in front of a number that the register does not know. No record's canonical bytes begin with it.
_UNKNOWN: Final = b"?"
#: Stands in front of a person if the end of their protection is in doubt: the record itself does not say so.
_DOUBTED: Final = b"!"
_ANSWER = tables.follow_up.c
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


class Subscriptions(TenantStore):
    """Whom the register tells us about, and what it is still to be asked."""

    def intend(self, run: Run | None, patron_ids: Sequence[str], purpose: str) -> None:
        number = None if run is None else run.id
        with writing(self._tenant.engine) as connection:
            if run is not None:
                hold_fence(connection, self._tenant, run)
            happened = [audit.Happened("lookup", run=number, patron=one, actions=(purpose,)) for one in patron_ids]
            audit.append(connection, self._tenant, self._tenant.night, happened)

    def unsubscribed(self, limit: int, *, unheard: bool = False) -> list[tuple[str, CprNumber]]:
        ours = select(_PATRON.id).where(_PATRON.agency == self._tenant.agency, _PATRON.real_number.is_(True))
        if unheard:
            ours = ours.where(_PATRON.as_of_day.is_(None))
        here = (_ROW.agency == self._tenant.agency) & (_ROW.agreement == self._tenant.agreement)
        # the database compares two indexes, 100,000 rows each night;
        # a subquery for each patron takes three times as long
        missing = ours.except_(select(_ROW.patron_id).where(here, _ROW.reason.in_(feed_coverage.KNOWN_REASONS)))
        with reading(self._tenant.engine) as connection:
            # a patron who is leaving is not subscribed; as a third part of the query, SQLite would read every patron
            leaving = set(
                connection.scalars(select(_PATRON.id).where(_PATRON.agency == self._tenant.agency, *_LEAVING))
            )
            first = missing.order_by(missing.selected_columns.id).limit(limit + len(leaving))
            ids = [one for one in connection.scalars(first) if one not in leaving][:limit]
            rows = {
                row.id: row
                for part in parts(ids)
                for row in connection.execute(
                    select(tables.patron).where(_PATRON.agency == self._tenant.agency, _PATRON.id.in_(part))
                )
            }
        return [_numbered(self._tenant, rows[one]) for one in ids]

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
        with run_transaction(self._tenant, run) as connection:
            held = _held(connection, self._tenant, [patron_id for patron_id, _ in rows])
            fresh = [(patron_id, number) for patron_id, number in rows if patron_id not in held]
            if fresh:
                answers = only_answer(connection, self._tenant, [patron_id for patron_id, _ in fresh])
                new = [
                    _new(self._tenant, one, number, since=since, added=number not in already)
                    | ({"reason": RESPONSIBLE} if one in answers else {})
                    for one, number in fresh
                ]
                connection.execute(insert(tables.subscription), new)
            ids = [patron_id for patron_id, _ in fresh]
            ask(connection, self._tenant, [(one, FIRST_COPY) for one in _without_news(connection, self._tenant, ids)])
            if dead_until is not None:
                feed_coverage.subscribe_until(
                    connection, self._tenant, _dead(connection, self._tenant, ids), dead_until
                )
            open_windows(connection, self._tenant, _left_before(connection, self._tenant, ids), Why.RETURNED)
            open_windows(connection, self._tenant, find_late(connection, self._tenant, ids), Why.SUBSCRIBED_LATE)
            number = None if run is None else run.id
            happened = [audit.Happened("subscribe", run=number, patron=one) for one in ids]
            audit.append(connection, self._tenant, self._tenant.night, happened)

    def count(self) -> int:
        today, other = self._tenant.clock.today(), tables.subscription.alias()
        ours = (_ROW.agency == self._tenant.agency) & (_ROW.agreement == self._tenant.agreement)
        again = exists().where(
            other.c.agency == _ROW.agency,
            other.c.agreement == _ROW.agreement,
            other.c.number_index == _ROW.number_index,
            other.c.until.is_(None),
        )
        # counted apart: the many by an index alone, and the dead, who are few
        number = select(func.count(_ROW.number_index.distinct())).where(ours)
        for_a_time = number.where(feed_coverage.is_held(today), _ROW.until >= today, ~again)
        with reading(self._tenant.engine) as connection:
            return (connection.scalar(number.where(_ROW.until.is_(None))) or 0) + (connection.scalar(for_a_time) or 0)

    def follow_ups(self, limit: int) -> list[FollowUp]:
        row = tables.follow_up.c
        # no first copy is asked of a patron who is leaving
        leaving = exists().where(_PATRON.agency == row.agency, _PATRON.id == row.patron_id, _NOT_ACTIVE)
        begun = ~((row.kind == FIRST_COPY) & leaving)
        # a question with a doubtful answer today is asked again tomorrow, because nights are counted
        not_today = row.doubted_on.is_(None) | (row.doubted_on != self._tenant.clock.today())
        wanted = select(row.patron_id, row.kind).where(row.agency == self._tenant.agency, begun, not_today)
        with reading(self._tenant.engine) as connection:
            rows = connection.execute(wanted.order_by(row.since, row.patron_id, row.kind).limit(limit))
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
        if not rows:
            return
        with writing(self._tenant.engine) as connection:
            hold_fence(connection, self._tenant, run)
            connection.execute(_KEEP, rows)

    def kept_answers(self, run: Run, ids: Sequence[str]) -> dict[str, KeptAnswer]:
        theirs = (_ANSWER.agency == self._tenant.agency) & (_ANSWER.answer_run == run.id)
        found: dict[str, KeptAnswer] = {}
        with reading(self._tenant.engine) as connection:
            for part in parts(ids):
                rows = connection.execute(select(tables.follow_up).where(theirs, _ANSWER.patron_id.in_(part)))
                found |= {row.patron_id: _read(self._tenant, row) for row in rows}
        return found


def _numbered(tenant: Tenant, row: AnyRow) -> tuple[str, CprNumber]:
    return row.id, from_row(tenant.vault, row).number


def begin_again(connection: Connection, tenant: Tenant, patron_ids: Sequence[str]) -> list[str]:
    """Prepare former patrons who are registered again: the next night subscribes them like new ones.

    Runs in the caller's transaction. Returns those who had left or were about to leave. The ended row gets another
    reason. It also takes over from an earlier such row whether we added the number at the register. The feed could not
    tell of the time without a subscription, so a window opens.
    """
    stayed = come_back(connection, tenant, patron_ids)
    ours = (_ROW.agency == tenant.agency) & (_ROW.agreement == tenant.agreement)
    ended = ours & (_ROW.reason == ACTIVE_PATRON) & _ROW.until.is_not(None)
    wanted = select(_ROW.patron_id, _ROW.number_index).where(ended).order_by(_ROW.patron_id)
    back = [row for part in parts(patron_ids) for row in connection.execute(wanted.where(_ROW.patron_id.in_(part)))]
    for row in back:
        same = ours & (_ROW.patron_id == row.patron_id) & (_ROW.number_index == row.number_index)
        earlier = same & (_ROW.reason == LEFT)
        added = connection.scalar(select(_ROW.confirmed_at).where(earlier))
        connection.execute(delete(tables.subscription).where(earlier))
        memory = {"reason": LEFT, "confirmed_at": func.coalesce(_ROW.confirmed_at, added)}
        connection.execute(update(tables.subscription).where(same & ended).values(memory))
    open_windows(connection, tenant, [row.patron_id for row in back], Why.RETURNED)
    return list(dict.fromkeys([*(row.patron_id for row in back), *stayed]))


def come_back(connection: Connection, tenant: Tenant, patron_ids: Sequence[str]) -> list[str]:
    """Stop those of these patrons who are leaving, in the caller's transaction; returns them.

    A closed record stays closed.
    """
    back: list[str] = []
    for part in parts(patron_ids):
        theirs = (_PATRON.agency == tenant.agency) & _PATRON.id.in_(part)
        leaving = select(_PATRON.id).where(theirs, *_LEAVING)
        back += connection.scalars(leaving.order_by(_PATRON.id))
    for part in parts(back):
        these = (_PATRON.agency == tenant.agency) & _PATRON.id.in_(part)
        stays = {
            "standing": stage_after_return(Stage.LEAVING).value,
            "leaves_since": None,
            "rights_due": tenant.clock.today(),
        }
        connection.execute(update(tables.patron).where(these).values(stays))
    return back


def _new(tenant: Tenant, patron_id: str, number: CprNumber, *, since: date, added: bool) -> dict[str, Any]:
    vault = tenant.vault
    return {
        "agency": tenant.agency,
        "agreement": tenant.agreement,
        "number_index": vault.number_index(number),
        "reason": ACTIVE_PATRON,
        "patron_id": patron_id,
        "number": vault.seal(number.digits.encode(), place=patron_id, owner=SUBSCRIPTION, version=SEALED_ONCE),
        "number_key": vault.seal_key,
        "since": since,
        "confirmed_at": tenant.stamp() if added else None,
    }


def _held(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> set[str]:
    ours = (
        (_ROW.agency == tenant.agency)
        & (_ROW.agreement == tenant.agreement)
        & _ROW.reason.in_(feed_coverage.KNOWN_REASONS)
    )
    held: set[str] = set()
    for part in parts(ids):
        held.update(connection.scalars(select(_ROW.patron_id).where(ours, _ROW.patron_id.in_(part))))
    return held


def _without_news(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> list[str]:
    """Return those of these patrons without an as-of."""
    new = (_PATRON.agency == tenant.agency) & _PATRON.as_of_day.is_(None)
    return [
        patron_id
        for part in parts(ids)
        for patron_id in connection.scalars(select(_PATRON.id).where(new, _PATRON.id.in_(part)))
    ]


def _dead(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> list[str]:
    """Return those of these patrons who are dead on their record.

    No further write says how long they stay subscribed.
    """
    dead = (_PATRON.agency == tenant.agency) & (_PATRON.status_class == tables.STATUS_CLASSES[Status.DEAD])
    wanted = select(_PATRON.id).where(dead)
    return [one for part in parts(ids) for one in connection.scalars(wanted.where(_PATRON.id.in_(part)))]


def _left_before(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> list[str]:
    """Return those of these patrons who had left before. No change of theirs was delivered meanwhile."""
    left = (_ROW.agency == tenant.agency) & (_ROW.agreement == tenant.agreement) & (_ROW.reason == LEFT)
    wanted = select(_ROW.patron_id).where(left)
    return [one for part in parts(ids) for one in connection.scalars(wanted.where(_ROW.patron_id.in_(part)))]


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


def forget_answers(connection: Connection, tenant: Tenant) -> None:
    """Delete all kept answers, in the transaction that ends the night."""
    had = (_ANSWER.agency == tenant.agency) & _ANSWER.answer_run.is_not(None)
    nothing = dict.fromkeys(("answer", "answer_key", "answer_day", "answer_run"))
    connection.execute(update(tables.follow_up).where(had).values(nothing))
