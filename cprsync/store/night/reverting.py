"""Runs that undo other runs: their before-images, what they write, and the patrons they hold.

An undo is a run of its own, with before-images of its own, so that it can be undone too. Its audit has a stream of its
own, because a night counts what its own stream has had since the last report. What is put back is decided elsewhere.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, exists, func, insert, select, update

from cprsync.domain.deciding.reverting import BeforeImage
from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.patron.review import REVERTED_HELD, REVERTED_KINDS, REVERTED_NOT, State
from cprsync.domain.person.person import SILENT
from cprsync.services.ports.patrons import Batch
from cprsync.services.ports.register import FIRST_COPY
from cprsync.services.ports.reverting import HalfUndone, PastRun, RevertBatch, Reverting
from cprsync.services.ports.runs import Run, RunState
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.audit import CHANGE, Happened
from cprsync.store.audit.binding import HOLD, bind, is_accepted_since
from cprsync.store.audit.older_states import are_records_the_last
from cprsync.store.core.engine import moment_of, stamp_of
from cprsync.store.core.tenant import (
    TenantStore,
    library_transaction,
    newest_epoch,
    next_id,
    run_transaction,
    set_run_values,
)
from cprsync.store.leaving.forgetting import IS_HALF_DONE, MAY_WRITE
from cprsync.store.night.approvals import carry_yeses
from cprsync.store.night.runs import reverted_by
from cprsync.store.night.shutting import put_back
from cprsync.store.patrons.patrons import ask, write_changes
from cprsync.store.patrons.windows import let_go, open_windows
from cprsync.store.reviews.review_items import ask_staff
from cprsync.store.tables import MERGED
from cprsync.store.trust.image_checks import find_altered, find_changed_by, open_image

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime

    from cprsync.domain.patron.patron import Patron
    from cprsync.errors import CprsyncError
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The audit stream of undone runs, and the kinds of its entries.
STREAM: Final = "revert"
REVERT: Final = "revert"
RELEASE: Final = "release"
_RUN, _IMAGE, _PATRON, _ITEM = tables.run.c, tables.before_image.c, tables.patron.c, tables.review_item.c
#: Neither merged into another patron, nor closed.
_LIVING: Final = _PATRON.status_class.not_in(tables.GONE)


class SqlReverting(TenantStore, Reverting):
    """Runs that undo other runs, and the patrons they hold."""

    def past(self, number: int) -> PastRun | None:
        tenant = self._tenant
        with tenant.reading() as transaction:
            ours = (_RUN.agency == transaction.agency) & (_RUN.agreement == tenant.agreement)
            row = transaction.execute(select(tables.run).where(ours, _RUN.id == number)).one_or_none()
            if row is None:
                return None
            count = func.count(func.distinct(_IMAGE.patron_id))
            kept, until = transaction.execute(
                select(count, func.min(_IMAGE.until_day)).where(_of(tenant, number))
            ).one()
            by = reverted_by(transaction, [number]).get(number)
        document: dict[str, Any] = json.loads(row.document or "{}")
        wrote = bool(document.get("actions") or document.get("let_through"))
        return PastRun(number, row.day, row.finished is not None, kept, wrote, by, until)

    def is_whole(self, number: int) -> bool:
        tenant = self._tenant
        finished = select(_RUN.finished).where(_RUN.agency == tenant.agency, _RUN.id == number)
        with tenant.reading() as transaction:
            # whoever accepted what was wrong did not make it what was kept
            was_accepted = is_accepted_since(transaction, transaction.scalar(finished) or "")
            return not was_accepted and are_records_the_last(transaction)

    def patrons(self, number: int, *, is_whole: bool) -> list[str]:
        still = (_PATRON.agency == _IMAGE.agency) & (_PATRON.id == _IMAGE.patron_id)
        wanted = select(_IMAGE.patron_id).distinct().join(tables.patron, still)
        wanted = wanted.where(_of(self._tenant, number), _LIVING)
        with self._tenant.reading() as transaction:
            found = set(transaction.scalars(wanted))
            if not is_whole:
                # an image may be gone, or another run's by now: the audit says whom the run has changed
                living = select(_PATRON.id).where(_PATRON.agency == transaction.agency, _LIVING)
                changed = find_changed_by(transaction, number)
                found |= set(transaction.fetch_values(living, _PATRON.id, changed))
        return sorted(found)

    def images(self, number: int, patron_ids: Sequence[str], *, is_whole: bool) -> dict[str, BeforeImage]:
        rows: dict[str, list[AnyRow]] = {}
        wanted = select(tables.before_image).where(_of(self._tenant, number)).order_by(_IMAGE.version)
        with self._tenant.reading() as transaction:
            found = transaction.fetch_rows(wanted, _IMAGE.patron_id, patron_ids)
            altered = {patron for patron, _ in find_altered(transaction, found)}
        for row in found:
            if row.patron_id not in altered:
                rows.setdefault(row.patron_id, []).append(row)
        return {one: _image(self._tenant, some, is_whole=is_whole) for one, some in rows.items()}

    def has_housemates(self, patron: Patron) -> bool:
        address, tenant = patron.register.address, self._tenant
        if address is SILENT:
            return False
        there = (_PATRON.agency == tenant.agency) & _PATRON.address_index.in_(tenant.vault.address_probes(address))
        with tenant.reading() as transaction:
            return transaction.scalar(select(_PATRON.id).where(there, _PATRON.id != patron.id).limit(1)) is not None

    def begin(self, reverts: int, *, day: date, started: datetime) -> Run:
        tenant = self._tenant
        with tenant.writing() as transaction:
            epoch = newest_epoch(transaction) + 1
            ours = (_RUN.agency == transaction.agency) & (_RUN.agreement == tenant.agreement)
            open_ = select(tables.run).where(ours, _RUN.reverts == reverts, _RUN.finished.is_(None))
            row = transaction.execute(open_.order_by(_RUN.id.desc()).limit(1)).one_or_none()
            if row is not None:
                this = update(tables.run).where(_RUN.agency == transaction.agency, _RUN.id == row.id)
                transaction.execute(this.values(epoch=epoch, resumed=row.resumed + 1))
                return Run(row.id, epoch, row.day, moment_of(row.started), resumed=True)
            number = next_id(transaction, tables.run)
            new = {
                "agency": transaction.agency,
                "id": number,
                "agreement": tenant.agreement,
                "epoch": epoch,
                "day": day,
            }
            stands = {"state": RunState.FETCHED.value, "started": stamp_of(started), "resumed": 0, "checkpoint": 0}
            transaction.execute(insert(tables.run).values(**new, **stands, reverts=reverts))
            return Run(number, epoch, day, started)

    def is_writing(self, run: Run) -> bool:
        wanted = select(_RUN.state).where(_RUN.agency == self._tenant.agency, _RUN.id == run.id)
        with self._tenant.reading() as transaction:
            return transaction.scalar(wanted) in MAY_WRITE

    def done(self, run: Run) -> set[str]:
        with self._tenant.reading() as transaction:
            return set(transaction.scalars(select(_IMAGE.patron_id).where(_of(self._tenant, run.id))))

    def left(self, run: Run) -> set[str]:
        theirs = (_ITEM.agency == self._tenant.agency) & (_ITEM.run_id == run.id) & _ITEM.kind.in_(REVERTED_NOT)
        with self._tenant.reading() as transaction:
            return set(transaction.scalars(select(_ITEM.patron_id).where(theirs)))

    def begun(self, number: int) -> set[str]:
        ours = (_RUN.agency == self._tenant.agency) & (_RUN.reverts == number) & _RUN.finished.is_(None)
        begun = select(_RUN.id).where(ours)
        back = select(_IMAGE.patron_id).where(_IMAGE.agency == self._tenant.agency, _IMAGE.run_id.in_(begun))
        left = select(_ITEM.patron_id).where(_ITEM.agency == self._tenant.agency, _ITEM.run_id.in_(begun))
        with self._tenant.reading() as transaction:
            return set(transaction.scalars(back.union(left.where(_ITEM.kind.in_(REVERTED_NOT)))))

    def half_done(self) -> list[HalfUndone]:
        tenant = self._tenant
        ours = (_RUN.agency == tenant.agency) & (_RUN.agreement == tenant.agreement)
        # without before-images, nothing more can be put back
        kept = exists().where(_IMAGE.agency == _RUN.agency, _IMAGE.run_id == _RUN.reverts)
        wanted = select(_RUN.id, _RUN.reverts, _RUN.started).where(ours, IS_HALF_DONE, kept)
        with tenant.reading() as transaction:
            rows = transaction.execute(wanted.order_by(_RUN.id))
            return [HalfUndone(row.id, row.reverts, moment_of(row.started)) for row in rows]

    def write(self, run: Run, batch: RevertBatch, *, reverts: int) -> None:
        tenant, ids = self._tenant, [write.patron.id for write in batch.writes]
        more = (("reverts", str(reverts)),)
        with run_transaction(tenant, run) as transaction:
            write_changes(transaction, run, Batch(writes=batch.writes))
            _stop_letters(transaction, batch.letters)
            held = update(tables.patron).where(_PATRON.agency == transaction.agency)
            transaction.change_rows(held.values(held_by=run.id), _PATRON.id, ids)
            open_windows(transaction, ids, WindowReason.REVERTED)
            unknown = [write.patron.id for write in batch.writes if write.as_of is None]
            ask(transaction, [(one, FIRST_COPY) for one in unknown])
            _settle_older(transaction, run, ids, REVERTED_KINDS)
            # whoever stays as they are is held by the earlier undo, and a protection that it kept waits for two people
            reviews = _about_patrons(transaction, batch.reviews)
            left = [one for one, kind in reviews if kind in REVERTED_NOT]
            _settle_older(transaction, run, left, REVERTED_NOT)
            for kind in dict.fromkeys(kind for _, kind in reviews):
                ask_staff(transaction, run, [one for one, of in reviews if of == kind], kind)
            happened = [
                Happened(CHANGE, run, write.patron.id, tuple(one.value for one in write.actions), more=more)
                for write in batch.writes
            ]
            audit.append(transaction, STREAM, happened, keeps=False)
            bind(transaction, HOLD, {one: one for one in ids})

    def opened(self, run: Run) -> dict[str, int]:
        theirs = (_ITEM.agency == self._tenant.agency) & (_ITEM.run_id == run.id)
        wanted = select(_ITEM.kind, func.count().label("number")).where(theirs).group_by(_ITEM.kind)
        with self._tenant.reading() as transaction:
            return {row.kind: row.number for row in transaction.execute(wanted.order_by(_ITEM.kind))}

    def close(self, run: Run, document: Mapping[str, Any], *, user: str, reason: str, state: str) -> None:
        tenant = self._tenant
        with run_transaction(tenant, run) as transaction:
            written = json.dumps(document, ensure_ascii=False)
            values = {"state": state, "finished": transaction.stamp(), "document": written, "exit": document["exit"]}
            set_run_values(transaction, run, **values)
            carry_yeses(transaction, run, document)
            more = (("reverts", str(document["reverts"])),)
            said = Happened(REVERT, run, actions=(state,), user=user, more=more, reason=reason)
            audit.append(transaction, STREAM, [said])
            if state == RunState.CLOSED.value:
                _forget_plans(transaction, document["reverts"])

    def held(self, run: int | None = None) -> int:
        theirs = (_PATRON.agency == self._tenant.agency) & _PATRON.held_by.is_not(None) & _LIVING
        wanted = select(func.count()).select_from(tables.patron).where(theirs)
        with self._tenant.reading() as transaction:
            return transaction.scalar(wanted if run is None else wanted.where(_PATRON.held_by == run)) or 0

    def shut_again(self, run: Run) -> list[CprsyncError]:
        return put_back(self._tenant, run)

    def release(self, run: int, *, user: str, most: int) -> int:
        tenant = self._tenant
        theirs = (_PATRON.agency == tenant.agency) & (_PATRON.held_by == run) & _LIVING
        with library_transaction(tenant) as transaction:
            held = select(_PATRON.id).where(theirs).order_by(_PATRON.id).limit(most).with_for_update()
            ids = list(transaction.scalars(held))
            let_go(transaction, ids)
            waits = (_ITEM.agency == transaction.agency) & (_ITEM.kind == REVERTED_HELD)
            waits &= _ITEM.state == State.WAITING.value
            values = {"state": State.ACCEPTED.value, "decided_by": user, "decided_at": transaction.stamp()}
            transaction.change_rows(update(tables.review_item).where(waits).values(values), _ITEM.patron_id, ids)
            happened = [Happened(RELEASE, patron=one, user=user, more=(("for_run", str(run)),)) for one in ids]
            audit.append(transaction, audit.DESK, happened)
        return len(ids)

    def note_release(self, run: int, *, user: str, reason: str, count: int) -> None:
        tenant, more = self._tenant, (("for_run", str(run)), ("patrons", str(count)))
        with library_transaction(tenant) as transaction:
            # a merged patron is held again if the merge is taken back, unless all were let go meanwhile
            merged = (
                (_PATRON.agency == transaction.agency) & (_PATRON.held_by == run) & (_PATRON.status_class == MERGED)
            )
            let_go(transaction, transaction.scalars(select(_PATRON.id).where(merged)).all())
            said = Happened(RELEASE, user=user, more=more, reason=reason)
            audit.append(transaction, audit.DESK, [said])


def _forget_plans(transaction: Transaction, reverts: int) -> None:
    """Delete what was planned to undo a run, once it is done: no approval is asked for any more."""
    plan = tables.plan_row
    theirs = select(_RUN.id, _RUN.document).where(_RUN.agency == transaction.agency, _RUN.reverts == reverts)
    for row in transaction.execute(theirs).all():
        transaction.execute(delete(plan).where(plan.c.agency == transaction.agency, plan.c.run_id == row.id))
        document = json.loads(row.document)
        without = json.dumps(document | {"plan": []}, ensure_ascii=False)
        this = (_RUN.agency == transaction.agency) & (_RUN.id == row.id)
        transaction.execute(update(tables.run).where(this).values(document=without))


def _of(tenant: Tenant, number: int) -> Any:
    return (_IMAGE.agency == tenant.agency) & (_IMAGE.run_id == number)


def _image(tenant: Tenant, rows: Sequence[AnyRow], *, is_whole: bool) -> BeforeImage:
    """Open the first of a patron's images. Not `is_whole`: what stands beside the seals may have been altered."""
    first = rows[0]
    person = open_image(tenant, first)
    as_of = None if first.as_of_day is None else AsOf(first.as_of_day, Source(first.as_of_source))
    versions = (first.version, len(rows), rows[-1].version)
    return BeforeImage(person, *versions, is_whole, as_of, first.letters_stopped)


def _stop_letters(transaction: Transaction, letters: Mapping[str, date | None]) -> None:
    for day in set(letters.values()):
        ids = [one for one, of in letters.items() if of == day]
        theirs = update(tables.patron).where(_PATRON.agency == transaction.agency)
        transaction.change_rows(theirs.values(letters_stopped=day), _PATRON.id, ids)


def _about_patrons(transaction: Transaction, reviews: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the reviews without those about patrons who have left, or were merged, since it was decided."""
    living = select(_PATRON.id).where(_PATRON.agency == transaction.agency, _LIVING)
    still = set(transaction.fetch_values(living, _PATRON.id, {one for one, _ in reviews}))
    return [review for review in reviews if review[0] in still]


def _settle_older(transaction: Transaction, run: Run, patron_ids: Sequence[str], kinds: Collection[str]) -> None:
    """Settle what an earlier undo has asked about these patrons: the new one asks again."""
    waits = (_ITEM.agency == transaction.agency) & (_ITEM.state == State.WAITING.value) & _ITEM.kind.in_(kinds)
    waits &= _ITEM.run_id != run.id
    settled = update(tables.review_item).where(waits).values(state=State.SETTLED.value)
    transaction.change_rows(settled, _ITEM.patron_id, patron_ids)
