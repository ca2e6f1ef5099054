"""Desk writes: the audit of a look-up before it is made, and one patron created or changed.

A desk holds no run's fence. The compare on the patron's version keeps it apart from a night.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from cprsync.domain.deciding.reviews import ReviewNews
from cprsync.domain.desk.access import Doing
from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.patron.local import Local
from cprsync.domain.patron.patron import PatronKind
from cprsync.errors import LostCompare
from cprsync.services.ports.access import WantedAccess
from cprsync.services.ports.desk import DeskRecords
from cprsync.services.ports.imports import ImportOutcome
from cprsync.services.ports.patrons import Batch, Named, NewPatron, patron_exists
from cprsync.services.ports.register import FollowUp, Subscribed
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.audit import CONFIRM
from cprsync.store.core.tenant import TenantStore, library_transaction
from cprsync.store.desk import access
from cprsync.store.desk.access import note_recorded
from cprsync.store.desk.number_undo import keep_undo, remember_before
from cprsync.store.desk.setting import WITHDRAWN, give_pin, write_correction
from cprsync.store.feed.subscriptions import stop_leaving
from cprsync.store.imports.import_rows import create
from cprsync.store.imports.imports import take_row
from cprsync.store.patrons import responsibles
from cprsync.store.patrons.patrons import write_changes
from cprsync.store.patrons.provisional import keep_said
from cprsync.store.patrons.responsibles import become_patrons
from cprsync.store.patrons.windows import find_late, open_windows
from cprsync.store.records.numbers import (
    ACTIVE_PATRON,
    RESPONSIBLE,
    only_answer,
    subscribe_until,
    subscription_row,
)
from cprsync.store.records.records import open_patron, patron_rows, withdraw_stand_ins
from cprsync.store.reviews.review_items import write_reviews

if TYPE_CHECKING:
    from cprsync.domain.person.number import CprNumber
    from cprsync.services.ports.desk import DeskEntry
    from cprsync.services.ports.patrons import Write
    from cprsync.store.core.tenant import Transaction

_PATRON = tables.patron.c


class SqlDesk(TenantStore, DeskRecords):
    """What the desk writes when it registers and looks up."""

    def intend(self, number: CprNumber, *, purpose: str, user: str, patron_id: str | None) -> None:
        with self._tenant.writing() as transaction:
            wanted = WantedAccess(user, Doing.LOOK_UP, purpose, patron_id, number)
            access.admit(transaction, wanted, own=None, caps=None)

    def save(self, entry: DeskEntry) -> str:
        with library_transaction(self._tenant) as transaction:
            patron_id = _save(transaction, entry)
            if entry.answered_by is not None:
                _save(transaction, replace(entry.answered_by, answers_for=patron_id))
        return patron_id

    def protect(self, write: Write, *, user: str) -> None:
        with library_transaction(self._tenant) as transaction:
            _make_sure_that_patron(transaction, write.patron.id)
            write_changes(transaction, self._tenant.no_run, Batch(writes=[write]))
            audit.append(transaction, audit.DESK, [_changed(write.patron.id, write, user)])

    def ask_staff(self, patron_id: str, kind: str, *, about: str) -> None:
        news, named = ReviewNews(asked=[(patron_id, kind)]), {(patron_id, kind): Named(patron_id, kind, other=about)}
        with library_transaction(self._tenant) as transaction:
            write_reviews(transaction, self._tenant.no_run, news, named)


def _save(transaction: Transaction, entry: DeskEntry) -> str:
    """Write the patron, what was typed beside, and the PIN."""
    patron_id = _save_unregistered(transaction, entry) if entry.number is None else None
    if entry.number is not None:
        patron_id = _save_registered(transaction, entry, entry.number)
        if entry.beside is not None:
            take_row(transaction, replace(entry.beside, number=entry.number), entry.policy)
        if entry.said is not None:
            keep_said(transaction, patron_id, entry.said)
    assert patron_id is not None  # noqa: S101 -- one of the two has written it
    if entry.pin:
        give_pin(transaction, patron_id, entry.pin, user=entry.user)
    return patron_id


def _save_unregistered(transaction: Transaction, entry: DeskEntry) -> str:
    """Create a patron whom no register knows, in the library's own words. Or let one borrow who only answers.

    Raises:
        BadInput: somebody has got the number or a card since staff were asked; the whole transaction is undone.
    """
    assert entry.beside is not None  # noqa: S101 -- there is nothing else to write
    taken = take_row(transaction, entry.beside, entry.policy)
    assert taken.patron_id is not None  # noqa: S101 -- the row is taken
    if taken.outcome is not ImportOutcome.CREATED and taken.patron_id != entry.patron_id:
        raise patron_exists()
    happened = audit.Happened("register", patron=taken.patron_id, user=entry.user, reason=entry.reason)
    audit.append(transaction, audit.DESK, [happened])
    if entry.corrects is not None:
        (row,) = patron_rows(transaction, [taken.patron_id], hold=True)
        correction = entry.corrects(open_patron(transaction, row))
        write_correction(transaction, correction, user=entry.user)
    return taken.patron_id


def _save_registered(transaction: Transaction, entry: DeskEntry, number: CprNumber) -> str:
    """Create or change a patron of the register's, with the subscription and what was decided."""
    patron_id, batch, happened = entry.patron_id, entry.batch, []
    if patron_id is None:
        borrows = entry.borrows and entry.answers_for is None
        kind = PatronKind.PERSON if borrows else PatronKind.RESPONSIBLE
        patron_id = create(transaction, NewPatron(number, Local(), kind=kind.value))
        batch = _batch_of(batch, patron_id)
        happened.append(audit.Happened("register", patron=patron_id, user=entry.user))
    else:
        _make_sure_that_patron(transaction, patron_id)
    before = remember_before(transaction, patron_id, number) if entry.sets_number else None
    if entry.returns:
        happened += _seen(transaction, patron_id, entry.user)
    if entry.subscribed is not None:
        happened.append(audit.Happened("subscribe", patron=patron_id, user=entry.user))
    _write(transaction, patron_id, entry, batch)
    if before is not None:
        # the register's own counts from now on
        ended = withdraw_stand_ins(transaction, patron_id, by=entry.user)
        for field in ended.values():
            happened.append(audit.Happened(WITHDRAWN, patron=patron_id, actions=(field,), user=entry.user))
        keep_undo(transaction, batch.writes[0], before | {"overrides": [*ended]}, user=entry.user)
    if entry.subscribed is not None and entry.until is not None:
        # the death was on record already: no write in this batch says how long to keep the subscription
        subscribe_until(transaction, [patron_id], entry.until)
    happened += [_changed(patron_id, write, entry.user) for write in batch.writes]
    if entry.returns:
        became = become_patrons(transaction, [patron_id])
        happened += [audit.Happened("register", patron=one, user=entry.user) for one in became]
    if entry.reason:
        happened.append(audit.Happened(CONFIRM, patron=patron_id, user=entry.user, reason=entry.reason))
    audit.append(transaction, audit.DESK, happened)
    if entry.answers_for is not None:
        _link(transaction, patron_id, entry.answers_for, entry)
    note_recorded(transaction, transaction.vault.number_index(number), entry.user)
    return patron_id


def _changed(patron_id: str, write: Write, user: str) -> audit.Happened:
    actions = tuple(action.value for action in write.actions)
    return audit.Happened(audit.CHANGE, patron=patron_id, actions=actions, user=user)


def _write(transaction: Transaction, patron_id: str, entry: DeskEntry, batch: Batch) -> None:
    """Subscribe the patron if that is new, and write what was decided."""
    late: list[str] = []
    if entry.subscribed is not None:
        late = find_late(transaction, [patron_id])
        assert entry.number is not None  # noqa: S101 -- the register has subscribed it
        _subscribe(transaction, patron_id, entry.number, entry.subscribed)
    write_changes(transaction, transaction.tenant.no_run, batch)
    # the patron was late in being subscribed, and the answer did not bring the record up to what the feed may have left
    # out
    open_windows(transaction, find_late(transaction, late), WindowReason.SUBSCRIBED_LATE)


def _link(transaction: Transaction, patron_id: str, minor_id: str, entry: DeskEntry) -> None:
    """Make the patron responsible for the minor from today on.

    Raises:
        BadInput: they may not be responsible; the whole transaction is undone.
    """
    if responsibles.add(transaction, minor_id=minor_id, responsible_id=patron_id, leap=entry.leap):
        responsibles.note_change(transaction, minor_id, patron_id, responsibles.ADDED, user=entry.user)


def _make_sure_that_patron(transaction: Transaction, patron_id: str) -> None:
    theirs = (_PATRON.agency == transaction.agency) & (_PATRON.id == patron_id)
    found = transaction.scalar(select(_PATRON.status_class).where(theirs))
    if found is None or found in tables.EMPTIED:
        raise LostCompare("the patron has left between the decision and the write")


def _seen(transaction: Transaction, patron_id: str, user: str) -> list[audit.Happened]:
    """Note that the patron is here in person. A patron who was leaving stays."""
    theirs = (_PATRON.agency == transaction.agency) & (_PATRON.id == patron_id)
    transaction.execute(update(tables.patron).where(theirs).values(last_seen=transaction.clock.today()))
    return [audit.Happened("return", patron=one, user=user) for one in stop_leaving(transaction, [patron_id])]


def _batch_of(batch: Batch, patron_id: str) -> Batch:
    """Return the same batch with the id of the patron who has just been created."""
    return Batch(
        writes=[replace(write, patron=replace(write.patron, id=patron_id)) for write in batch.writes],
        reviews=[(patron_id, kind) for _, kind in batch.reviews],
        asks=[FollowUp(patron_id, one.kind) for one in batch.asks],
        verified=[patron_id for _ in batch.verified],
    )


def _subscribe(transaction: Transaction, patron_id: str, number: CprNumber, subscribed: Subscribed) -> None:
    row = tables.subscription.c
    # a number that was subscribed before us may be someone else's: it does not count as added by us
    added, reason = subscribed is Subscribed.ADDED, ACTIVE_PATRON
    if only_answer(transaction, [patron_id]):
        reason = RESPONSIBLE
    new = subscription_row(transaction.tenant, patron_id, number, reason, since=transaction.clock.today(), added=added)
    same = (row[key.name] == new[key.name] for key in tables.subscription.primary_key)
    # a subscription that had ended begins again
    again = update(tables.subscription).where(*same)
    values = {"since": new["since"], "until": None, "confirmed_at": new["confirmed_at"]}
    if transaction.execute(again.values(values)).rowcount:
        # the feed could not tell of the time in between; the answer that is written in this transaction closes the
        # window
        open_windows(transaction, [patron_id], WindowReason.RETURNED)
        return
    transaction.execute(insert(tables.subscription).values(new))
