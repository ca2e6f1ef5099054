"""The inbox: sealed deliveries, read again as one file, and the place of each in the chain (decision 23).

An operator decides about deliveries that stop the nights: they are accepted out of chain, or discarded. How deliveries
are sealed is in `sealing`.
"""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from sqlalchemy import ColumnElement, bindparam, case, exists, func, insert, select, update

from cprsync.domain.feed.calendar import ReceivedDelivery
from cprsync.domain.feed.delivery import (
    DISCARDED,
    FUTURE,
    SUPERSEDED,
    ChainPlace,
    Header,
    Link,
    WindowReason,
    day_in_name,
    last_loaded,
    may_skip_delivery,
)
from cprsync.domain.person.person import Status
from cprsync.errors import SealBroken
from cprsync.services.ports.deliveries import Inbox, InboxState, SealedDelivery, StoppedDeliveries
from cprsync.services.ports.runs import RunState
from cprsync.store import tables
from cprsync.store.audit import audit, binding
from cprsync.store.audit.binding import TAKEN
from cprsync.store.core.engine import moment_of
from cprsync.store.core.tenant import (
    AGENCY_IS,
    AGREEMENT_IS,
    OUR_AGREEMENT,
    TenantStore,
    run_transaction,
    set_run_values,
)
from cprsync.store.patrons.windows import FEED_STREAM, open_for_subscribed, open_windows

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from cprsync.services.ports.deliveries import Doubted
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: Bytes of content in one sealed chunk.
CHUNK_BYTES = 32 * 1024
#: Chunks that a reader keeps open: 8 MiB. The addresses of a delivery are in one block at its end, in an order of their
#: own. A reader moves back and forth in that block. With few open chunks it opened 186 of them 4,863 times.
_OPEN_CHUNKS = 256
#: Chunks opened with one query by a reader that reads in order: half a MiB.
_AHEAD_CHUNKS = 16
#: Bytes read ahead after each seek. A reader in order asks for far more at once; a reader that seeks needs one record.
_AHEAD_BYTES = 1024
#: The owner under which a chunk is sealed.
OWNER = "inbox"
#: Reasons for a refused delivery whose content is not needed. It is deleted together with the applied ones.
UNNEEDED: Final = (ChainPlace.REPEAT.value, ChainPlace.OLDER.value, SUPERSEDED)
#: Reasons that stop no night when the delivery comes again, though its content is deleted.
SETTLED: Final = (*UNNEEDED, DISCARDED)
#: Marks a delivery as accepted. The reason itself is sealed in the audit.
_IN_THE_AUDIT: Final = ""
_BOX, _CHUNK, _AGREEMENT = tables.inbox.c, tables.inbox_chunk.c, tables.agreement.c
_PATRON = tables.patron.c
# Each look-up at the desk asks the first of these, and each night the others: so they are built once.
_LAST_TAKEN: Final = select(_AGREEMENT.last_produced).where(OUR_AGREEMENT)
#: A condition: the delivery is of this agreement.
OF_AGREEMENT: Final = (_BOX.agency == AGENCY_IS) & (_BOX.agreement == AGREEMENT_IS)
_HAS_CONTENT: Final = exists().where(_CHUNK.agency == _BOX.agency, _CHUNK.inbox_id == _BOX.id)
_IS_FOR_LATER: Final = (_BOX.state == InboxState.REFUSED.value) & (_BOX.reason == FUTURE) & _HAS_CONTENT
_WAITING: Final = (
    select(tables.inbox)
    .where(OF_AGREEMENT, _BOX.state.in_((InboxState.SEALED.value, InboxState.ACCEPTED.value)) | _IS_FOR_LATER)
    .order_by(_BOX.id)
)
_TAKEN_ON: Final = (
    select(_BOX.produced, _BOX.sha256)
    .where(OF_AGREEMENT, _BOX.produced == bindparam("produced_"), _BOX.state.in_(TAKEN))
    .order_by(_BOX.id.desc())
    .limit(1)
)
_CHANGE: Final = update(tables.inbox).where(_BOX.agency == AGENCY_IS, _BOX.id == bindparam("number_"))
_PRODUCED_IS: Final = bindparam("produced_", type_=_AGREEMENT.last_produced.type)
_IS_NEWER: Final = _AGREEMENT.last_produced.is_(None) | (_AGREEMENT.last_produced < _PRODUCED_IS)
_MOVE_CHAIN: Final = (
    update(tables.agreement)
    .where(OUR_AGREEMENT)
    .values(
        last_produced=case((_IS_NEWER, _PRODUCED_IS), else_=_AGREEMENT.last_produced),
        task=bindparam("task_", type_=_AGREEMENT.task.type),
    )
)
_TAKEN = tables.run_delivery.c
_TAKEN_BY: Final = select(_TAKEN.inbox_id).where(_TAKEN.agency == AGENCY_IS, _TAKEN.run_id == bindparam("run_"))
_TAKE: Final = insert(tables.run_delivery)
_ACCEPTED_BY: Final = (
    select(tables.inbox)
    .join(tables.run_delivery, (_TAKEN.agency == _BOX.agency) & (_TAKEN.inbox_id == _BOX.id))
    .where(_TAKEN.agency == AGENCY_IS, _TAKEN.run_id == bindparam("run_"))
    .order_by(_TAKEN.position)
)
_SETTLE: Final = update(tables.inbox).where(
    _BOX.agency == AGENCY_IS,
    _BOX.id.in_(select(_TAKEN.inbox_id).where(_TAKEN.agency == AGENCY_IS, _TAKEN.run_id == bindparam("run_"))),
    _BOX.state == InboxState.ACCEPTED.value,
)


class SqlInbox(TenantStore, Inbox):
    """Sealed deliveries, and the chain that the runs have applied."""

    def content(self, delivery: SealedDelivery) -> BinaryIO:
        return _SealedContent(self._tenant, delivery)

    def waiting(self) -> list[SealedDelivery]:
        with self._tenant.reading() as transaction:
            rows = transaction.execute(_WAITING, transaction.ours).all()
            return [bound_delivery(transaction, row, from_row(row)) for row in rows]

    def accepted_by(self, run: Run) -> list[SealedDelivery]:
        return accepted_by(self._tenant, run)

    def taken_on(self, produced: date) -> Link | None:
        with self._tenant.reading() as transaction:
            row = transaction.execute(_TAKEN_ON, {**transaction.ours, "produced_": produced}).one_or_none()
        return None if row is None else Link(row.produced, row.sha256)

    def newest(self) -> SealedDelivery | None:
        taken = OF_AGREEMENT & _BOX.state.in_(TAKEN)
        wanted = select(tables.inbox).where(taken, _HAS_CONTENT).order_by(_BOX.produced.desc(), _BOX.id.desc()).limit(1)
        with self._tenant.reading() as transaction:
            row = transaction.execute(wanted, transaction.ours).one_or_none()
        return None if row is None else from_row(row)

    def last_produced(self) -> date | None:
        with self._tenant.reading() as transaction:
            return _last_taken(transaction)

    def last_loaded(self, now: datetime) -> date:
        return last_loaded(now, self._tenant.load_hour)

    def applied_until(self) -> date | None:
        newest = select(func.max(_BOX.produced)).where(OF_AGREEMENT, _BOX.state == InboxState.APPLIED.value)
        with self._tenant.reading() as transaction:
            day: date | None = transaction.scalar(newest, transaction.ours)
        return day

    def chain(self) -> tuple[date, date] | None:
        ends = select(func.min(_BOX.produced), func.max(_BOX.produced)).where(OF_AGREEMENT, _BOX.state.in_(TAKEN))
        with self._tenant.reading() as transaction:
            first, last = transaction.execute(ends, transaction.ours).one()
        return None if first is None else (first, last)

    def arrivals(self, first: date, last: date) -> list[ReceivedDelivery]:
        stopped = (_BOX.state == InboxState.REFUSED.value) & _BOX.reason.not_in(SETTLED)
        came = _BOX.state.in_((*TAKEN, InboxState.SEALED.value)) | stopped
        # what cannot be read has no day but the one in its name
        wanted = select(tables.inbox).where(OF_AGREEMENT, came).order_by(_BOX.id)
        wanted = wanted.where(_BOX.produced.between(first, last) | _BOX.produced.is_(None))
        with self._tenant.reading() as transaction:
            rows = transaction.execute(wanted, transaction.ours)
            found = [(row.produced or day_in_name(row.name), row) for row in rows]
        return [
            ReceivedDelivery(day, moment_of(row.sealed_at), row.received, taken=row.state in TAKEN)
            for day, row in found
            if day is not None and first <= day <= last
        ]

    def accept(self, run: Run, delivery: SealedDelivery, header: Header, *, received: int) -> SealedDelivery:
        with run_transaction(self._tenant, run) as transaction:
            if not delivery.accepted and may_skip_delivery(header, _last_taken(transaction)):
                open_for_subscribed(transaction, WindowReason.GAP)
            change_delivery(
                transaction,
                delivery.id,
                state=InboxState.ACCEPTED.value,
                task=header.task,
                produced=header.produced,
                previous=header.previous,
                received=received,
            )
            _take(transaction, run, delivery)
            _move_chain(transaction, header)
            set_run_values(transaction, run, state=RunState.ACCEPTED.value)
        return SealedDelivery(
            delivery.id, delivery.name, delivery.sha256, delivery.size, InboxState.ACCEPTED, header, received
        )

    def refuse(self, delivery: SealedDelivery, reason: str) -> None:
        with self._tenant.writing() as transaction:
            change_delivery(transaction, delivery.id, state=InboxState.REFUSED.value, reason=reason)


class SqlStoppedDeliveries(TenantStore, StoppedDeliveries):
    """What an operator decides about deliveries that stop the nights."""

    def copies(self, name: str) -> list[SealedDelivery]:
        whole = (_BOX.state != InboxState.RECEIVING.value) & ~counts_as_new()
        wanted = select(tables.inbox, forgotten().label("forgotten")).where(OF_AGREEMENT, _BOX.name == name, whole)
        with self._tenant.reading() as transaction:
            rows = transaction.execute(wanted.order_by(_BOX.id), transaction.ours)
            return [from_row(row, forgotten=row.forgotten) for row in rows]

    def accept(self, delivery: SealedDelivery, *, place: str, reason: str, user: str) -> int:
        with run_transaction(self._tenant, None) as transaction:
            accepted = {"state": InboxState.SEALED.value, "reason": None, "accepted_reason": _IN_THE_AUDIT}
            change_delivery(transaction, delivery.id, **accepted)
            audit.append(transaction, FEED_STREAM, [_decided("accept", delivery, place, reason, user)])
            binding.bind(transaction, binding.ACCEPTED, {delivery.id: None})
            return open_for_subscribed(transaction, WindowReason.GAP) if place == ChainPlace.GAP.value else 0

    def stopping(self) -> list[SealedDelivery]:
        refused = (_BOX.state == InboxState.REFUSED.value) & _BOX.reason.not_in(SETTLED) & ~forgotten()
        wanted = select(tables.inbox).where(OF_AGREEMENT, refused).order_by(_BOX.id)
        with self._tenant.reading() as transaction:
            found = [from_row(row) for row in transaction.execute(wanted, transaction.ours)]
        settled = self.decided_on([delivery.name for delivery in found])
        return [delivery for delivery in found if delivery.name not in settled]

    def discard(
        self, delivery: SealedDelivery, *, found: str, reason: str, user: str, doubted: Doubted | None = None
    ) -> int:
        aside = {"state": InboxState.REFUSED.value, "reason": DISCARDED, "accepted_reason": None}
        with run_transaction(self._tenant, None) as transaction:
            change_delivery(transaction, delivery.id, **aside)
            audit.append(transaction, FEED_STREAM, [_decided("discard", delivery, found, reason, user)])
            if doubted is not None:
                open_windows(transaction, doubted.patron_ids, WindowReason.SET_ASIDE)
                _doubt_deaths(transaction, doubted)
            is_first = doubted is None and _last_taken(transaction) is None
            return open_for_subscribed(transaction, WindowReason.GAP) if is_first else 0

    def decided_on(self, names: Collection[str]) -> dict[str, SealedDelivery]:
        if not names:
            return {}
        settled = _BOX.state.in_(TAKEN) | ((_BOX.state == InboxState.REFUSED.value) & (_BOX.reason == DISCARDED))
        wanted = select(tables.inbox).where(OF_AGREEMENT, _BOX.name.in_(list(names)), settled).order_by(_BOX.id)
        with self._tenant.reading() as transaction:
            return {row.name: from_row(row) for row in transaction.execute(wanted, transaction.ours)}


def _doubt_deaths(transaction: Transaction, doubted: Doubted) -> None:
    """Where only letters were stopped, another source of the day counts: it may say that the person lives."""
    only_stopped = (_PATRON.letters_stopped > doubted.produced) & (
        _PATRON.status_class != tables.STATUS_CLASSES[Status.DEAD]
    )
    theirs = update(tables.patron).where(_PATRON.agency == transaction.agency, only_stopped)
    transaction.change_rows(theirs.values(letters_stopped=doubted.produced), _PATRON.id, doubted.patron_ids)


def _decided(kind: str, delivery: SealedDelivery, why: str, reason: str, user: str) -> audit.Happened:
    """What an operator has decided about a delivery, for the audit."""
    more = (("delivery", delivery.sha256),)
    return audit.Happened(kind, actions=(why,), user=user, more=more, reason=reason)


def change_delivery(transaction: Transaction, number: int, **values: object) -> None:
    """Write columns of a delivery's row, in the caller's transaction."""
    transaction.execute(_CHANGE, {**values, "agency_": transaction.agency, "number_": number})


def accepted_by(tenant: Tenant, run: Run) -> list[SealedDelivery]:
    """Return the deliveries that a run has accepted, in order."""
    with tenant.reading() as transaction:
        rows = transaction.execute(_ACCEPTED_BY, {"agency_": transaction.agency, "run_": run.id})
        return [from_row(row) for row in rows]


def forgotten() -> ColumnElement[bool]:
    """Return a condition: the file was refused, and its content is deleted by now."""
    return (_BOX.state == InboxState.REFUSED.value) & (_BOX.size > 0) & ~_HAS_CONTENT


def counts_as_new() -> ColumnElement[bool]:
    """Return a condition: the file was refused, its content is deleted, and it stops the nights when it comes again."""
    return forgotten() & _BOX.reason.not_in(SETTLED)


def bound_delivery(transaction: Transaction, row: AnyRow, one: SealedDelivery) -> SealedDelivery:
    """Return a delivery of a row. An acceptance that the audit does not have counts as not given."""
    if one.accepted and binding.find_unbound(transaction, binding.ACCEPTED, [row]):
        return replace(one, accepted=False)
    return one


def from_row(row: AnyRow, *, forgotten: bool = False) -> SealedDelivery:
    """Return a row as the use cases see it."""
    known = row.produced is not None
    header = Header(task=row.task, produced=row.produced, previous=row.previous) if known else None
    return SealedDelivery(
        row.id,
        row.name,
        row.sha256,
        row.size,
        InboxState(row.state),
        header,
        row.received,
        accepted=row.accepted_reason is not None,
        refused=row.reason if row.state == InboxState.REFUSED.value else None,
        forgotten=forgotten,
    )


class _SealedContent(io.BufferedReader):
    """A delivery's content. The content id names the delivery. Each chunk opens in its own place or not at all."""

    def __init__(self, tenant: Tenant, delivery: SealedDelivery) -> None:
        super().__init__(_Chunked(tenant, delivery), buffer_size=_AHEAD_BYTES)
        self.content_id = f"{tenant.agency}|{delivery.id}|{delivery.sha256}"


class _Chunked(io.RawIOBase):
    """Reads over the sealed chunks. Keeps the last few open."""

    def __init__(self, tenant: Tenant, delivery: SealedDelivery) -> None:
        super().__init__()
        self._size = delivery.size
        self._at = 0
        self._open = partial(_open_chunks, tenant, delivery.id)
        #: open chunks by number; the chunk read last is last
        self._opened: dict[int, bytes] = {}
        self._last = -1

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("a place before the beginning")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        if self._at >= self._size:
            return 0
        seq, within = divmod(self._at, CHUNK_BYTES)
        part = self._chunk(seq)[within : within + len(buffer)]
        if not part:
            raise SealBroken("a sealed delivery is shorter than it was")
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _chunk(self, seq: int) -> bytes:
        content = self._opened.pop(seq, None)
        if content is None:
            # a reader in order gets several chunks with one query; after a seek it gets one
            in_order = seq == self._last + 1
            self._opened.update(enumerate(self._open(seq, _AHEAD_CHUNKS if in_order else 1), start=seq))
            content = self._opened.pop(seq)
        self._opened[seq], self._last = content, seq
        while len(self._opened) > _OPEN_CHUNKS:
            del self._opened[next(iter(self._opened))]
        return content


#: With the key, which may change while a delivery is read: a rotation seals it again.
_CHUNKS = (
    select(_CHUNK.seq, _CHUNK.blob, _BOX.key)
    .where(_BOX.agency == _CHUNK.agency, _BOX.id == _CHUNK.inbox_id)
    .where(_CHUNK.agency == bindparam("agency"), _CHUNK.inbox_id == bindparam("number"))
    .where(_CHUNK.seq >= bindparam("first"), _CHUNK.seq < bindparam("end"))
    .order_by(_CHUNK.seq)
)


def _open_chunks(tenant: Tenant, number: int, first: int, count: int) -> list[bytes]:
    """Open a chunk and up to `count` - 1 chunks after it.

    Raises:
        SealBroken: a chunk is missing or does not open.
    """
    place = {"agency": tenant.agency, "number": number, "first": first, "end": first + count}
    with tenant.reading() as transaction:
        rows = transaction.execute(_CHUNKS, place).all()
    if not rows or [row.seq for row in rows] != list(range(first, first + len(rows))):
        raise SealBroken("a sealed delivery misses a part")
    return [tenant.vault.unseal(row.blob, row.key, place=str(number), owner=OWNER, version=row.seq) for row in rows]


def _last_taken(transaction: Transaction) -> date | None:
    day: date | None = transaction.scalar(_LAST_TAKEN, transaction.ours)
    return day


def _take(transaction: Transaction, run: Run, delivery: SealedDelivery) -> None:
    taken = transaction.scalars(_TAKEN_BY, {"agency_": transaction.agency, "run_": run.id}).all()
    if delivery.id not in taken:
        row = {"agency": transaction.agency, "run_id": run.id, "position": len(taken) + 1, "inbox_id": delivery.id}
        transaction.execute(_TAKE, row)


def _move_chain(transaction: Transaction, header: Header) -> None:
    transaction.execute(_MOVE_CHAIN, {**transaction.ours, "produced_": header.produced, "task_": header.task})
    binding.bind(transaction, binding.CHAIN, {transaction.tenant.agreement: None})


def settle_deliveries(transaction: Transaction, run: Run, state: RunState) -> None:
    """Set the state of a closing run's deliveries, in the caller's transaction.

    They are applied when every person is accounted for. A held run releases them, and the chain moves back. Nothing of
    them is written, and the next run takes them again.
    """
    theirs = {"run_": run.id, "agency_": transaction.agency}
    if state in {RunState.PUBLISHED, RunState.CLOSED}:
        transaction.execute(_SETTLE, {**theirs, "state": InboxState.APPLIED.value})
    if state is RunState.HELD:
        transaction.execute(_SETTLE, {**theirs, "state": InboxState.SEALED.value})
        last = select(func.max(_BOX.produced)).where(OF_AGREEMENT, _BOX.state.in_(TAKEN)).scalar_subquery()
        transaction.execute(update(tables.agreement).where(OUR_AGREEMENT).values(last_produced=last), transaction.ours)
        binding.bind(transaction, binding.CHAIN, {transaction.tenant.agreement: None})
