"""Who did what at the desk: looks and searches, and what is done about attempts afterwards.

Attempts are signed for, explained, and looked at as samples, and look-ups of a number are watched: each is a row that
is added, with its entry in the audit. Writing the attempts is in `access`. A look and a search are entries of the audit
alone, whose head goes outside the database with each night: a machine that loses its power may lose the last of them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, exists, func, insert, not_, or_, select

from cprsync.domain.desk.access import OPEN_FOR, Closeness, Doing, Outcome, Rule, is_overdue
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.trust.moments import is_within
from cprsync.services.ports.access import Admission, Alarms, AttemptCounts, Attempted
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.binding import WATCH, bind
from cprsync.store.core.engine import count_rows, moment_of, reading, stamp_of, writing
from cprsync.store.core.tenant import TenantStore
from cprsync.store.desk import access, cards, staff
from cprsync.store.desk.access import LIFTED
from cprsync.store.trust.subjects import ATTEMPT, EXPLAINED, SAMPLE, SIGNED, entries_after, patrons_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement

    from cprsync.domain.desk.access import Caps
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.sealed import Address, SealedAddress
    from cprsync.services.ports.access import Wanted
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: Kinds of audit entries.
WATCHED, UNWATCHED = "watched", "unwatched"
#: A record was shown; our patrons were searched. Neither holds a term of a search.
VIEW, SEARCH = "view", "search"
#: Who has seen a record sees it again without another entry, for so long.
SEEN_FOR: Final = timedelta(minutes=15)
#: The most samples, and the most open look-ups, that are listed at a time.
_LISTED_MOST: Final = 500
_ROW, _OUTCOME, _WATCHED = tables.desk_attempt.c, tables.desk_outcome.c, tables.watched_number.c
_ENTRY: Final = tables.audit.c


class Access(TenantStore):
    """Who did what at the desk with whose data."""

    def keep_own(self, user: str, patron_id: str | None, number: CprNumber | None) -> None:
        with writing(self._tenant.engine) as connection:
            staff.keep_own(connection, self._tenant, user, patron_id, number)

    def have_one_record(self, user: str, other: str) -> bool:
        with reading(self._tenant.engine) as connection:
            return staff.have_one_record(connection, self._tenant, user, other)

    def admit(self, wanted: Wanted, caps: Caps) -> Admission:
        tenant = self._tenant
        if wanted.doing is not Doing.LOOK_UP:
            with reading(tenant.engine) as connection:
                own = staff.own_patron(connection, tenant, wanted.user)
                if not access.is_bound(connection, tenant, wanted, own=own):
                    return Admission(0)
        with writing(tenant.engine) as connection:
            own = staff.own_patron(connection, tenant, wanted.user)
            return access.admit(connection, tenant, wanted, own=own, caps=caps)

    def note_view(self, patron_id: str, *, user: str, purpose: str) -> None:
        if not self._has_seen(patron_id, user, purpose):
            self._note_seen(audit.Happened(VIEW, patron=patron_id, user=user, more=(("purpose", purpose),)))

    def _has_seen(self, patron_id: str, user: str, purpose: str) -> bool:
        theirs = (_ENTRY.agency == self._tenant.agency) & (_ENTRY.patron_id == patron_id)
        now = self._tenant.clock.now()
        wanted = select(_ENTRY.entry).where(theirs, _ENTRY.stream == audit.SEEN, _ENTRY.at >= stamp_of(now - SEEN_FOR))
        with reading(self._tenant.engine) as connection:
            told = [json.loads(entry) for entry in connection.scalars(wanted)]
        told = [one for one in told if is_within(audit.moment_in(one), SEEN_FOR, now)]
        return any(one["user"] == user and one["purpose"] == purpose for one in told)

    def note_search(self, by: str, *, user: str, purpose: str, patron_id: str | None) -> None:
        more = (("purpose", purpose),)
        self._note_seen(audit.Happened(SEARCH, patron=patron_id, actions=(by,), user=user, more=more))

    def _note_seen(self, happened: audit.Happened) -> None:
        # the entries have a stream of their own: they are many, and no look-up waits for one. Somebody waits at the
        # desk for the page: no wait for the disk
        with writing(self._tenant.engine, is_synced=False) as connection:
            audit.append(connection, self._tenant, audit.SEEN, [happened], keeps=False)

    def note(self, seq: int, outcome: Outcome, *, user: str) -> None:
        access.note(self._tenant, seq, outcome, user=user)

    def is_at_home_of(self, patron_id: str, address: Address | SealedAddress) -> bool:
        row, tenant = tables.patron.c, self._tenant
        there = row.address_index.in_(tenant.vault.address_probes(address))
        with reading(tenant.engine) as connection:
            wanted = exists().where(row.agency == tenant.agency, row.id == patron_id, there)
            return bool(connection.scalar(select(wanted)))

    def attempt(self, seq: int) -> Attempted | None:
        with reading(self._tenant.engine) as connection:
            return next(iter(_read(connection, self._tenant, _ROW.seq == seq)), None)

    def requests(self, *, since: datetime) -> list[Attempted]:
        lacks = or_(_ROW.refused == Rule.SECOND.value, _came(Outcome.WITHHELD)), not_(_came(Outcome.SIGNED))
        with reading(self._tenant.engine) as connection:
            return _read(connection, self._tenant, _ROW.at >= stamp_of(since), *lacks)

    def sign(self, seq: int, *, by: str) -> None:
        self._answer(seq, Outcome.SIGNED, SIGNED, by=by)

    def explain(self, seq: int, *, user: str, reason: str) -> None:
        self._answer(seq, Outcome.EXPLAINED, EXPLAINED, by=user, reason=reason)

    def check(self, seq: int, outcome: Outcome, *, by: str, reason: str) -> None:
        self._answer(seq, outcome, SAMPLE, by=by, reason=reason)

    def _answer(self, seq: int, outcome: Outcome, kind: str, *, by: str, reason: str = "") -> None:
        """Write an answer to an attempt, once, with its entry in the audit."""
        with writing(self._tenant.engine) as connection:
            audit.hold_stream(connection, self._tenant, audit.DESK)
            if not access.write_outcome(connection, self._tenant, seq, outcome, by):
                return
            ours = (_ROW.agency == self._tenant.agency) & (_ROW.seq == seq)
            patron = connection.scalar(select(_ROW.patron_id).where(ours))
            more = ((ATTEMPT, str(seq)),)
            entry = audit.Happened(kind, patron=patron, actions=(outcome.value,), user=by, more=more, reason=reason)
            audit.append(connection, self._tenant, audit.DESK, [entry])

    def lift(self, user: str, *, by: str, reason: str) -> None:
        with writing(self._tenant.engine) as connection:
            entry = audit.Happened(LIFTED, user=by, more=((ATTEMPT, user),), reason=reason)
            seq = audit.append(connection, self._tenant, audit.DESK, [entry])
            access.write_outcome(connection, self._tenant, seq, Outcome.LIFTED, user)

    def open_looks(self, user: str) -> list[Attempted]:
        with reading(self._tenant.engine) as connection:
            found = _read(connection, self._tenant, _ROW.who == user, _ended_without_record())
        return [one for one in found if Outcome.EXPLAINED not in one.outcomes]

    def samples(self) -> list[Attempted]:
        with reading(self._tenant.engine) as connection:
            found = _read(connection, self._tenant, *self._waiting())
            whose = patrons_of(connection, self._tenant, [one.seq for one in found if one.patron_id is None])
            return [
                replace(
                    one,
                    patron_id=whose.get(one.seq, one.patron_id),
                    reason=_explanation(connection, self._tenant, one.seq) if Outcome.EXPLAINED in one.outcomes else "",
                )
                for one in found
            ]

    def count_samples(self, *, but: str) -> int:
        with reading(self._tenant.engine) as connection:
            return count_rows(connection, _ROW.agency == self._tenant.agency, _ROW.who != but, *self._waiting())

    def _waiting(self) -> tuple[ColumnElement[bool], ...]:
        """What waits for a supervisor: drawn, of the own family, or looked up and never a patron."""
        since = stamp_of(self._tenant.clock.now() - OPEN_FOR)
        explained = _came(Outcome.EXPLAINED)
        stranger = _ended_without_record() & or_(explained, _ROW.at < since)
        drawn = or_(_ROW.sampled, _came(Outcome.FAMILY), stranger)
        return drawn, not_(_came(Outcome.CHECKED, Outcome.QUESTIONED)), _ROW.refused == ""

    def alarms(self) -> Alarms:
        tenant, now = self._tenant, self._tenant.clock.now()
        midnight = datetime.combine(tenant.clock.today(), datetime.min.time(), tzinfo=COPENHAGEN)
        of_caps = _ROW.refused.in_([one.value for one in (Rule.HOUR, Rule.DAY, Rule.STRANGERS)])
        with reading(tenant.engine) as connection:
            ours = (_OUTCOME.agency == tenant.agency) & (_OUTCOME.outcome == Outcome.STOPPED.value)
            once = connection.scalars(select(_OUTCOME.who).where(ours).distinct()).all()
            stopped = tuple(sorted(who for who in once if access.read_stop(connection, tenant, who)[0]))
            today = (_ROW.agency == tenant.agency) & (_ROW.at >= stamp_of(midnight))
            capped = connection.scalars(select(_ROW.who).where(today, of_caps).distinct()).all()
            samples = _read(connection, tenant, *self._waiting())
            guessing = cards.doors_since(connection, tenant, midnight)
        overdue = sum(is_overdue(one.at, now) for one in samples)
        return Alarms(stopped, tuple(sorted(capped)), len(samples), overdue, guessing)

    def count_attempts(self, since: datetime) -> AttemptCounts:
        lately = (_ROW.agency == self._tenant.agency) & (_ROW.at >= stamp_of(since))
        is_made = (_ROW.refused == "").label("is_made")
        counted = select(is_made, func.count().label("number")).where(lately).group_by(is_made)
        with reading(self._tenant.engine) as connection:
            found = {bool(row.is_made): row.number for row in connection.execute(counted)}
        return AttemptCounts(found.get(True, 0), found.get(False, 0))

    def watch(self, number: CprNumber, *, user: str) -> bool:
        tenant, vault = self._tenant, self._tenant.vault
        with writing(tenant.engine) as connection:
            audit.hold_stream(connection, tenant, audit.DESK)
            if connection.scalar(select(exists().where(*_is_of_number(self._tenant, number)))):
                return False
            index = vault.number_index(number)
            values = {"agency": tenant.agency, "number_index": index, "number_key": vault.index_key}
            values |= {"since": tenant.stamp(), "who": user}
            connection.execute(insert(tables.watched_number).values(values))
            _note_watch(connection, tenant, WATCHED, index, user)
            bind(connection, tenant, WATCH, {index: None})
        return True

    def unwatch(self, number: CprNumber, *, user: str) -> bool:
        with writing(self._tenant.engine) as connection:
            ended = delete(tables.watched_number).where(*_is_of_number(self._tenant, number))
            gone = connection.scalars(ended.returning(_WATCHED.number_index)).all()
            if gone:
                index = self._tenant.vault.number_index(number)
                _note_watch(connection, self._tenant, UNWATCHED, index, user)
                bind(connection, self._tenant, WATCH, dict.fromkeys(gone))
        return bool(gone)

    def watched(self) -> int:
        with reading(self._tenant.engine) as connection:
            found = connection.scalars(select(_WATCHED.since).where(_WATCHED.agency == self._tenant.agency))
            return len(found.all())


def _is_of_number(tenant: Tenant, number: CprNumber) -> tuple[ColumnElement[bool], ...]:
    return _WATCHED.agency == tenant.agency, _WATCHED.number_index.in_(access.number_probes(tenant, number.digits))


def _note_watch(connection: Connection, tenant: Tenant, kind: str, index: bytes, user: str) -> None:
    entry = audit.Happened(kind, user=user, more=(("number", index.hex()),))
    audit.append(connection, tenant, audit.DESK, [entry])


def _came(*outcomes: Outcome) -> ColumnElement[bool]:
    """Whether one of these came of an attempt."""
    same = (_OUTCOME.agency == _ROW.agency) & (_OUTCOME.seq == _ROW.seq)
    return exists().where(same, _OUTCOME.outcome.in_([one.value for one in outcomes]))


def _ended_without_record() -> ColumnElement[bool]:
    """Whether somebody was shown who did not become a patron."""
    return _ROW.stranger & (_ROW.refused == "") & _came(Outcome.FOUND) & not_(_came(Outcome.RECORDED, Outcome.WITHHELD))


def _read(connection: Connection, tenant: Tenant, *which: ColumnElement[bool]) -> list[Attempted]:
    """The attempts that are meant, the oldest first, with what came of them and the reasons that were given."""
    wanted = select(tables.desk_attempt).where(_ROW.agency == tenant.agency, *which)
    rows = connection.execute(wanted.order_by(_ROW.seq).limit(_LISTED_MOST)).all()
    came = access.outcomes_of(connection, tenant, [row.seq for row in rows])
    return [_from_row(row, came.get(row.seq, frozenset())) for row in rows]


def _explanation(connection: Connection, tenant: Tenant, attempt: int) -> str:
    """Why the person of an attempt did not become a patron. "": it is too long ago, or was deleted."""
    why = tables.audit_reason
    for row in entries_after(connection, tenant, attempt):
        told = json.loads(row.entry)
        if told["kind"] == EXPLAINED and told.get(ATTEMPT) == str(attempt):
            here = (why.c.agency == tenant.agency) & (why.c.stream == audit.DESK) & (why.c.seq == row.seq)
            kept = connection.execute(select(why).where(here)).one_or_none()
            return "" if kept is None else audit.open_reason(tenant, kept)
    return ""


def _from_row(row: AnyRow, outcomes: frozenset[Outcome]) -> Attempted:
    closeness: Iterable[str] = filter(None, row.closeness.split(","))
    return Attempted(
        row.seq,
        moment_of(row.at),
        row.who,
        row.doing,
        row.purpose,
        row.patron_id,
        row.stranger,
        frozenset(map(Closeness, closeness)),
        outcomes,
        needs_second=row.refused == Rule.SECOND.value or Outcome.WITHHELD in outcomes,
    )
