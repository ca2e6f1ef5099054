"""Keeps the alarms that stand, and what is still to be told of them on each channel. Decides nothing of it.

Whoever tells takes the messages for some minutes, so that two processes never tell one twice. A minute in which nothing
has changed writes nothing.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, update

from cprsync.domain.trust.alarms import PAUSE_MOST, Alarm, Telling, Word, pause_after
from cprsync.services.ports.trust.alarms import AlarmLog, Message, UntoldChannel
from cprsync.store import tables
from cprsync.store.core.engine import moment_of, stamp_of
from cprsync.store.core.tenant import TenantStore, library_transaction, next_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from cprsync.domain.trust.alarms import Weighed
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

#: How long nobody else tells what somebody has taken: longer than all channels take.
TAKEN: Final = timedelta(minutes=5)
#: The most that is told at once on a channel.
AT_ONCE_MOST: Final = 50
#: How long it is kept what was told.
KEPT: Final = timedelta(days=90)
_TOLD, _GIVEN_UP = "told", "given_up"
_GONE: Final = "gone"
_ALARM, _MESSAGE = tables.alarm.c, tables.alarm_message.c


class SqlAlarmLog(TenantStore, AlarmLog):
    """The alarms of one library."""

    def weigh(self, decide: Callable[[Sequence[Alarm]], Weighed], channels: Sequence[str]) -> None:
        tenant = self._tenant
        known = self.standing()
        if not _changes(known, decide(known)):
            return
        with library_transaction(tenant) as transaction:
            weighed = decide(_standing(transaction))
            transaction.execute(delete(tables.alarm).where(_ALARM.agency == transaction.agency))
            rows = [{"agency": transaction.agency, **_row_of(one), **_times_of(one)} for one in weighed.alarms]
            if rows:
                transaction.execute(insert(tables.alarm), rows)
            for telling in weighed.tellings:
                for channel in channels:
                    self._add(transaction, telling, channel)
            old = stamp_of(transaction.clock.now() - KEPT)
            ours = (_MESSAGE.agency == transaction.agency) & (_MESSAGE.at < old)
            # of what stands it is still shown when it arrived
            stands = [one.cause for one in weighed.alarms]
            over = _MESSAGE.outcome.is_not(None) & _MESSAGE.cause.not_in(stands)
            transaction.execute(delete(tables.alarm_message).where(ours, over))

    def _add(self, transaction: Transaction, telling: Telling, channel: str) -> None:
        tenant, at = self._tenant, transaction.stamp()
        values = {"agency": tenant.agency, "id": next_id(transaction, tables.alarm_message)}
        values |= {"channel": channel, "word": telling.word.value, **_row_of(telling.alarm)}
        if telling.alarm.gone is not None:
            # beside its values: a message has no column for it
            told = {**telling.alarm.values, _GONE: stamp_of(telling.alarm.gone)}
            values["told_values"] = json.dumps(told, ensure_ascii=False, sort_keys=True)
        values |= {"since": stamp_of(telling.alarm.since), "at": at, "due": at, "tries": 0}
        transaction.execute(insert(tables.alarm_message), values)

    def take(self, channel: str) -> list[Message]:
        tenant, now = self._tenant, self._tenant.clock.now()
        due = (_MESSAGE.agency == tenant.agency) & (_MESSAGE.channel == channel) & _MESSAGE.outcome.is_(None)
        is_ahead = _MESSAGE.due > stamp_of(now + PAUSE_MOST)
        wanted = select(tables.alarm_message).where(due, is_ahead | (_MESSAGE.due <= stamp_of(now)))
        wanted = wanted.order_by(_MESSAGE.id).limit(AT_ONCE_MOST)
        with tenant.reading() as transaction:
            if transaction.execute(wanted.limit(1)).first() is None:
                return []
        with library_transaction(tenant) as transaction:
            rows = transaction.execute(wanted).all()
            ids = [row.id for row in rows]
            taken = {"due": stamp_of(now + TAKEN), "tries": _MESSAGE.tries + 1}
            mine = (_MESSAGE.agency == transaction.agency) & _MESSAGE.id.in_(ids)
            transaction.execute(update(tables.alarm_message).where(mine).values(taken))
        return [_message_of(row) for row in rows]

    def note(self, messages: Sequence[Message], why: str | None) -> None:
        tenant, now = self._tenant, self._tenant.clock.now()
        with library_transaction(tenant) as transaction:
            for one in messages:
                values: dict[str, Any] = {"outcome": _TOLD, "due": stamp_of(now)}
                if why is not None:
                    pause = pause_after(one.tries)
                    values = {"outcome": _GIVEN_UP} if pause is None else {"due": stamp_of(now + pause)}
                mine = (_MESSAGE.agency == transaction.agency) & (_MESSAGE.id == one.id)
                transaction.execute(update(tables.alarm_message).where(mine).values(why=why, **values))

    def note_carries(self, channel: str) -> None:
        tenant = self._tenant
        now = tenant.clock.now()
        failed = (_MESSAGE.agency == tenant.agency) & (_MESSAGE.channel == channel) & _MESSAGE.why.is_not(None)
        with library_transaction(tenant) as transaction:
            transaction.execute(update(tables.alarm_message).where(failed).values(why=None))
            # nobody is telling it just now: whoever has taken it comes back sooner
            waits = (_MESSAGE.agency == transaction.agency) & (_MESSAGE.channel == channel) & _MESSAGE.outcome.is_(None)
            later = waits & (_MESSAGE.due > stamp_of(now + TAKEN))
            transaction.execute(update(tables.alarm_message).where(later).values(due=stamp_of(now)))

    def standing(self) -> list[Alarm]:
        with self._tenant.reading() as transaction:
            return _standing(transaction)

    def arrived(self) -> dict[str, datetime]:
        of_it = (_MESSAGE.agency == _ALARM.agency) & (_MESSAGE.cause == _ALARM.cause) & (_MESSAGE.at >= _ALARM.since)
        wanted = select(_ALARM.cause, func.max(_MESSAGE.due).label("last")).where(
            _ALARM.agency == self._tenant.agency, of_it, _MESSAGE.outcome == _TOLD
        )
        with self._tenant.reading() as transaction:
            return {row.cause: moment_of(row.last) for row in transaction.execute(wanted.group_by(_ALARM.cause))}

    def undelivered(self) -> list[UntoldChannel]:
        ours = _MESSAGE.agency == self._tenant.agency
        well = select(_MESSAGE.channel, func.max(_MESSAGE.due).label("last")).where(ours, _MESSAGE.outcome == _TOLD)
        failed = select(tables.alarm_message).where(
            ours, _MESSAGE.why.is_not(None), _MESSAGE.outcome.is_(None) | (_MESSAGE.outcome == _GIVEN_UP)
        )
        with self._tenant.reading() as transaction:
            last = {row.channel: row.last for row in transaction.execute(well.group_by(_MESSAGE.channel))}
            rows = transaction.execute(failed.order_by(_MESSAGE.id)).all()
        found: dict[str, UntoldChannel] = {}
        for row in rows:
            # what was given up is over once the channel carries again
            if row.outcome is None or row.due > last.get(row.channel, ""):
                count = found[row.channel].count + 1 if row.channel in found else 1
                found[row.channel] = UntoldChannel(row.channel, count, row.why)
        return list(found.values())


def _changes(known: Sequence[Alarm], weighed: Weighed) -> bool:
    return bool(weighed.tellings) or {one.cause: one for one in known} != {one.cause: one for one in weighed.alarms}


def _standing(transaction: Transaction) -> list[Alarm]:
    wanted = select(tables.alarm).where(_ALARM.agency == transaction.agency).order_by(_ALARM.since, _ALARM.cause)
    return [_alarm_of(row) for row in transaction.execute(wanted)]


def _alarm_of(row: AnyRow) -> Alarm:
    told, gone = (None if at is None else moment_of(at) for at in (row.told, row.gone))
    return Alarm(row.cause, row.what, json.loads(row.told_values), moment_of(row.since), told, gone)


def _row_of(alarm: Alarm) -> dict[str, Any]:
    values = json.dumps(dict(alarm.values), ensure_ascii=False, sort_keys=True)
    return {"cause": alarm.cause, "what": alarm.what, "told_values": values}


def _times_of(alarm: Alarm) -> dict[str, str | None]:
    told, gone = (None if at is None else stamp_of(at) for at in (alarm.told, alarm.gone))
    return {"since": stamp_of(alarm.since), "told": told, "gone": gone}


def _message_of(row: AnyRow) -> Message:
    values = json.loads(row.told_values)
    gone = values.pop(_GONE, None)
    alarm = Alarm(row.cause, row.what, values, moment_of(row.since), gone=None if gone is None else moment_of(gone))
    return Message(row.id, row.channel, Telling(Word(row.word), alarm), moment_of(row.at), row.tries + 1)
