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

from sqlalchemy import delete, exists, func, insert, not_, or_, select

from cprsync.domain.desk.access import OPEN_FOR, AttemptOutcome, Closeness, Doing, Rule, is_overdue
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.trust.moments import is_within
from cprsync.services.ports.access import Access, Admission, Alarms, AttemptCounts, Attempted
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.binding import WATCH, bind
from cprsync.store.core.engine import moment_of, stamp_of
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
    from cprsync.services.ports.access import WantedAccess
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

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


class SqlAccess(TenantStore, Access):
    """Who did what at the desk with whose data."""

    def keep_own(self, user: str, patron_id: str | None, number: CprNumber | None) -> None:
        with self._tenant.writing() as transaction:
            staff.keep_own(transaction, user, patron_id, number)

    def have_one_record(self, user: str, other: str) -> bool:
        with self._tenant.reading() as transaction:
            return staff.have_one_record(transaction, user, other)

    def admit(self, wanted: WantedAccess, caps: Caps) -> Admission:
        tenant = self._tenant
        if wanted.doing is not Doing.LOOK_UP:
            with tenant.reading() as transaction:
                own = staff.own_patron(transaction, wanted.user)
                if not access.is_bound(transaction, wanted, own=own):
                    return Admission(0)
        with tenant.writing() as transaction:
            own = staff.own_patron(transaction, wanted.user)
            return access.admit(transaction, wanted, own=own, caps=caps)

    def note_view(self, patron_id: str, *, user: str, purpose: str) -> None:
        if not self._has_seen(patron_id, user, purpose):
            self._note_seen(audit.Happened(VIEW, patron=patron_id, user=user, more=(("purpose", purpose),)))

    def _has_seen(self, patron_id: str, user: str, purpose: str) -> bool:
        theirs = (_ENTRY.agency == self._tenant.agency) & (_ENTRY.patron_id == patron_id)
        now = self._tenant.clock.now()
        wanted = select(_ENTRY.entry).where(theirs, _ENTRY.stream == audit.SEEN, _ENTRY.at >= stamp_of(now - SEEN_FOR))
        with self._tenant.reading() as transaction:
            told = [json.loads(entry) for entry in transaction.scalars(wanted)]
        told = [one for one in told if is_within(audit.moment_in(one), SEEN_FOR, now)]
        return any(one["user"] == user and one["purpose"] == purpose for one in told)

    def note_search(self, by: str, *, user: str, purpose: str, patron_id: str | None) -> None:
        more = (("purpose", purpose),)
        self._note_seen(audit.Happened(SEARCH, patron=patron_id, actions=(by,), user=user, more=more))

    def _note_seen(self, happened: audit.Happened) -> None:
        # the entries have a stream of their own: they are many, and no look-up waits for one. Somebody waits at the
        # desk for the page: no wait for the disk
        with self._tenant.writing(is_synced=False) as transaction:
            audit.append(transaction, audit.SEEN, [happened], keeps=False)

    def note(self, seq: int, outcome: AttemptOutcome, *, user: str) -> None:
        access.note(self._tenant, seq, outcome, user=user)

    def is_at_home_of(self, patron_id: str, address: Address | SealedAddress) -> bool:
        row, tenant = tables.patron.c, self._tenant
        there = row.address_index.in_(tenant.vault.address_probes(address))
        with tenant.reading() as transaction:
            wanted = exists().where(row.agency == transaction.agency, row.id == patron_id, there)
            return bool(transaction.scalar(select(wanted)))

    def attempt(self, seq: int) -> Attempted | None:
        with self._tenant.reading() as transaction:
            return next(iter(_read(transaction, _ROW.seq == seq)), None)

    def requests(self, *, since: datetime) -> list[Attempted]:
        lacks = (
            or_(_ROW.refused == Rule.SECOND.value, _came(AttemptOutcome.WITHHELD)),
            not_(_came(AttemptOutcome.SIGNED)),
        )
        with self._tenant.reading() as transaction:
            return _read(transaction, _ROW.at >= stamp_of(since), *lacks)

    def sign(self, seq: int, *, by: str) -> None:
        self._answer(seq, AttemptOutcome.SIGNED, SIGNED, by=by)

    def explain(self, seq: int, *, user: str, reason: str) -> None:
        self._answer(seq, AttemptOutcome.EXPLAINED, EXPLAINED, by=user, reason=reason)

    def check(self, seq: int, outcome: AttemptOutcome, *, by: str, reason: str) -> None:
        self._answer(seq, outcome, SAMPLE, by=by, reason=reason)

    def _answer(self, seq: int, outcome: AttemptOutcome, kind: str, *, by: str, reason: str = "") -> None:
        """Write an answer to an attempt, once, with its entry in the audit."""
        with self._tenant.writing() as transaction:
            audit.hold_stream(transaction, audit.DESK)
            if not access.write_outcome(transaction, seq, outcome, by):
                return
            ours = (_ROW.agency == transaction.agency) & (_ROW.seq == seq)
            patron = transaction.scalar(select(_ROW.patron_id).where(ours))
            more = ((ATTEMPT, str(seq)),)
            entry = audit.Happened(kind, patron=patron, actions=(outcome.value,), user=by, more=more, reason=reason)
            audit.append(transaction, audit.DESK, [entry])

    def lift(self, user: str, *, by: str, reason: str) -> None:
        with self._tenant.writing() as transaction:
            entry = audit.Happened(LIFTED, user=by, more=((ATTEMPT, user),), reason=reason)
            seq = audit.append(transaction, audit.DESK, [entry])
            access.write_outcome(transaction, seq, AttemptOutcome.LIFTED, user)

    def open_looks(self, user: str) -> list[Attempted]:
        with self._tenant.reading() as transaction:
            found = _read(transaction, _ROW.who == user, _ended_without_record())
        return [one for one in found if AttemptOutcome.EXPLAINED not in one.outcomes]

    def samples(self) -> list[Attempted]:
        with self._tenant.reading() as transaction:
            found = _read(transaction, *self._waiting())
            whose = patrons_of(transaction, [one.seq for one in found if one.patron_id is None])
            return [
                replace(
                    one,
                    patron_id=whose.get(one.seq, one.patron_id),
                    reason=_explanation(transaction, one.seq) if AttemptOutcome.EXPLAINED in one.outcomes else "",
                )
                for one in found
            ]

    def count_samples(self, *, but: str) -> int:
        with self._tenant.reading() as transaction:
            return transaction.count_rows(_ROW.agency == transaction.agency, _ROW.who != but, *self._waiting())

    def _waiting(self) -> tuple[ColumnElement[bool], ...]:
        """What waits for a supervisor: drawn, of the own family, or looked up and never a patron."""
        since = stamp_of(self._tenant.clock.now() - OPEN_FOR)
        explained = _came(AttemptOutcome.EXPLAINED)
        stranger = _ended_without_record() & or_(explained, _ROW.at < since)
        drawn = or_(_ROW.sampled, _came(AttemptOutcome.FAMILY), stranger)
        return drawn, not_(_came(AttemptOutcome.CHECKED, AttemptOutcome.QUESTIONED)), _ROW.refused == ""

    def alarms(self) -> Alarms:
        tenant, now = self._tenant, self._tenant.clock.now()
        midnight = datetime.combine(tenant.clock.today(), datetime.min.time(), tzinfo=COPENHAGEN)
        of_caps = _ROW.refused.in_([one.value for one in (Rule.HOUR, Rule.DAY, Rule.STRANGERS)])
        with tenant.reading() as transaction:
            ours = (_OUTCOME.agency == transaction.agency) & (_OUTCOME.outcome == AttemptOutcome.STOPPED.value)
            once = transaction.scalars(select(_OUTCOME.who).where(ours).distinct()).all()
            stopped = tuple(sorted(who for who in once if access.read_stop(transaction, who)[0]))
            today = (_ROW.agency == transaction.agency) & (_ROW.at >= stamp_of(midnight))
            capped = transaction.scalars(select(_ROW.who).where(today, of_caps).distinct()).all()
            samples = _read(transaction, *self._waiting())
            guessing = cards.doors_since(transaction, midnight)
        overdue = sum(is_overdue(one.at, now) for one in samples)
        return Alarms(stopped, tuple(sorted(capped)), len(samples), overdue, guessing)

    def count_attempts(self, since: datetime) -> AttemptCounts:
        lately = (_ROW.agency == self._tenant.agency) & (_ROW.at >= stamp_of(since))
        is_made = (_ROW.refused == "").label("is_made")
        counted = select(is_made, func.count().label("number")).where(lately).group_by(is_made)
        with self._tenant.reading() as transaction:
            found = {bool(row.is_made): row.number for row in transaction.execute(counted)}
        return AttemptCounts(found.get(True, 0), found.get(False, 0))

    def watch(self, number: CprNumber, *, user: str) -> bool:
        tenant, vault = self._tenant, self._tenant.vault
        with tenant.writing() as transaction:
            audit.hold_stream(transaction, audit.DESK)
            if transaction.scalar(select(exists().where(*_is_of_number(self._tenant, number)))):
                return False
            index = vault.number_index(number)
            values = {"agency": transaction.agency, "number_index": index, "number_key": vault.index_key}
            values |= {"since": transaction.stamp(), "who": user}
            transaction.execute(insert(tables.watched_number).values(values))
            _note_watch(transaction, WATCHED, index, user)
            bind(transaction, WATCH, {index: None})
        return True

    def unwatch(self, number: CprNumber, *, user: str) -> bool:
        with self._tenant.writing() as transaction:
            ended = delete(tables.watched_number).where(*_is_of_number(self._tenant, number))
            gone = transaction.scalars(ended.returning(_WATCHED.number_index)).all()
            if gone:
                index = transaction.vault.number_index(number)
                _note_watch(transaction, UNWATCHED, index, user)
                bind(transaction, WATCH, dict.fromkeys(gone))
        return bool(gone)

    def watched(self) -> int:
        with self._tenant.reading() as transaction:
            found = transaction.scalars(select(_WATCHED.since).where(_WATCHED.agency == transaction.agency))
            return len(found.all())


def _is_of_number(tenant: Tenant, number: CprNumber) -> tuple[ColumnElement[bool], ...]:
    return _WATCHED.agency == tenant.agency, _WATCHED.number_index.in_(access.number_probes(tenant, number.digits))


def _note_watch(transaction: Transaction, kind: str, index: bytes, user: str) -> None:
    entry = audit.Happened(kind, user=user, more=(("number", index.hex()),))
    audit.append(transaction, audit.DESK, [entry])


def _came(*outcomes: AttemptOutcome) -> ColumnElement[bool]:
    """Whether one of these came of an attempt."""
    same = (_OUTCOME.agency == _ROW.agency) & (_OUTCOME.seq == _ROW.seq)
    return exists().where(same, _OUTCOME.outcome.in_([one.value for one in outcomes]))


def _ended_without_record() -> ColumnElement[bool]:
    """Whether somebody was shown who did not become a patron."""
    return (
        _ROW.stranger
        & (_ROW.refused == "")
        & _came(AttemptOutcome.FOUND)
        & not_(_came(AttemptOutcome.RECORDED, AttemptOutcome.WITHHELD))
    )


def _read(transaction: Transaction, *which: ColumnElement[bool]) -> list[Attempted]:
    """The attempts that are meant, the oldest first, with what came of them and the reasons that were given."""
    wanted = select(tables.desk_attempt).where(_ROW.agency == transaction.agency, *which)
    rows = transaction.execute(wanted.order_by(_ROW.seq).limit(_LISTED_MOST)).all()
    came = access.outcomes_of(transaction, [row.seq for row in rows])
    return [_from_row(row, came.get(row.seq, frozenset())) for row in rows]


def _explanation(transaction: Transaction, attempt: int) -> str:
    """Why the person of an attempt did not become a patron. "": it is too long ago, or was deleted."""
    why = tables.audit_reason
    for row in entries_after(transaction, attempt):
        told = json.loads(row.entry)
        if told["kind"] == EXPLAINED and told.get(ATTEMPT) == str(attempt):
            here = (why.c.agency == transaction.agency) & (why.c.stream == audit.DESK) & (why.c.seq == row.seq)
            kept = transaction.execute(select(why).where(here)).one_or_none()
            return "" if kept is None else audit.open_reason(transaction.tenant, kept)
    return ""


def _from_row(row: AnyRow, outcomes: frozenset[AttemptOutcome]) -> Attempted:
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
        needs_second=row.refused == Rule.SECOND.value or AttemptOutcome.WITHHELD in outcomes,
    )
