"""Comparisons with other systems: a row for each, its checkpoint, what it has found so far, and its counts at the end.

Of the patrons there are only numbers and kinds. The numbers of one comparison are deleted when the next begins; its
counts stay for the trend. Calls no other system and decides nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from cprsync.domain.outward.deviation import Deviation
from cprsync.errors import RunBusy
from cprsync.services.ports.comparing import BegunComparison, ComparedShare, Comparisons, Past, ToCompare
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.engine import stamp_of
from cprsync.store.core.tenant import TenantStore, library_transaction, next_id
from cprsync.store.records.records import open_patrons

if TYPE_CHECKING:
    from datetime import date, datetime

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

#: The kind of the audit's entry: somebody compares all records with another system.
COMPARE: Final = "compare"
_RESUMED: Final = "resumed"
_ROW, _FOUND, _KNOWN, _PATRON = (
    table.c for table in (tables.comparison, tables.comparison_finding, tables.known_elsewhere, tables.patron)
)


class SqlComparisons(TenantStore, Comparisons):
    """Comparisons with other systems."""

    def begin(self, target: str, *, user: str, since: datetime, keep_from: date) -> BegunComparison:
        tenant = self._tenant
        with library_transaction(tenant) as transaction:
            open_one = transaction.execute(
                select(tables.comparison)
                .where(*self._of(target), _ROW.finished.is_(None), _ROW.started >= stamp_of(since))
                .order_by(_ROW.id.desc())
                .limit(1)
            ).first()
            begun = _begun_from(open_one) if open_one else BegunComparison(next_id(transaction, tables.comparison))
            actions = (target, _RESUMED) if begun.is_resumed else (target,)
            audit.append(transaction, audit.SEEN, [audit.Happened(COMPARE, actions=actions, user=user)])
            if open_one is None:
                self._drop_earlier(transaction, target, keep_from)
                transaction.execute(insert(tables.comparison), self._new_row(begun, target))
        return begun

    def count_ahead(self, after: str) -> int:
        with self._tenant.reading() as transaction:
            return transaction.count_rows(*self._patrons(after))

    def page(self, target: str, after: str, limit: int) -> list[ToCompare]:
        wanted = select(tables.patron).where(*self._patrons(after)).order_by(_PATRON.id).limit(limit)
        known = select(_KNOWN.patron_id, _KNOWN.their_id).where(
            _KNOWN.agency == self._tenant.agency, _KNOWN.target == target
        )
        with self._tenant.reading() as transaction:
            rows = transaction.execute(wanted).all()
            their_ids = {
                row.patron_id: row.their_id
                for row in transaction.fetch_rows(known, _KNOWN.patron_id, [row.id for row in rows])
            }
            patrons = open_patrons(transaction, rows)
        return [ToCompare(patron, their_ids.get(patron.id)) for patron in patrons]

    def keep(self, begun: BegunComparison, target: str, share: ComparedShare) -> BegunComparison:
        moved = replace(
            begun,
            reached=share.reached,
            compared=begun.compared + share.compared,
            left_out=begun.left_out + share.left_out,
        )
        values = {"reached": moved.reached, "compared": moved.compared, "left_out": moved.left_out}
        this = (*self._this(begun), _ROW.reached == begun.reached, _ROW.finished.is_(None))
        with library_transaction(self._tenant) as transaction:
            if not transaction.execute(update(tables.comparison).where(*this).values(values)).rowcount:
                raise RunBusy("somebody else compares the same records")
            there = self._still_there(transaction, {*share.deviations, *share.their_ids})
            self._add_findings(transaction, begun, share, there)
            self._note_their_ids(
                transaction, target, {who: one for who, one in share.their_ids.items() if who in there}
            )
        return moved

    def end(self, begun: BegunComparison, target: str, *, missing_here: int) -> None:
        counts = {kind.value: len(patrons) for kind, patrons in self.deviating(begun).items()}
        if missing_here:
            counts[Deviation.MISSING_HERE.value] = missing_here
        values = {"finished": self._tenant.stamp(), "counts": json.dumps(counts, sort_keys=True)}
        with library_transaction(self._tenant) as transaction:
            transaction.execute(update(tables.comparison).where(*self._of(target), *self._this(begun)).values(values))

    def deviating(self, begun: BegunComparison) -> dict[Deviation, list[str]]:
        wanted = select(_FOUND.kind, _FOUND.patron_id).where(
            _FOUND.agency == self._tenant.agency, _FOUND.comparison_id == begun.number
        )
        found: dict[Deviation, list[str]] = defaultdict(list)
        with self._tenant.reading() as transaction:
            for kind, patron_id in transaction.execute(wanted.order_by(_FOUND.patron_id)):
                found[Deviation(kind)].append(patron_id)
        return found

    def their_ids(self, target: str) -> set[str]:
        wanted = select(_KNOWN.their_id).where(_KNOWN.agency == self._tenant.agency, _KNOWN.target == target)
        with self._tenant.reading() as transaction:
            return set(transaction.scalars(wanted))

    def past(self, target: str, limit: int) -> list[Past]:
        ended = select(tables.comparison).where(*self._of(target), _ROW.finished.is_not(None))
        with self._tenant.reading() as transaction:
            rows = transaction.execute(ended.order_by(_ROW.id.desc()).limit(limit)).all()
        return [Past(row.id, row.day, row.compared, json.loads(row.counts)) for row in rows]

    # -- inside ------------------------------------------------------------------------------------------

    def _of(self, target: str) -> tuple[Any, ...]:
        return _ROW.agency == self._tenant.agency, _ROW.target == target

    def _this(self, begun: BegunComparison) -> tuple[Any, ...]:
        return _ROW.agency == self._tenant.agency, _ROW.id == begun.number

    def _patrons(self, after: str) -> tuple[Any, ...]:
        return _PATRON.agency == self._tenant.agency, _PATRON.id > after, _PATRON.status_class.not_in(tables.GONE)

    def _new_row(self, begun: BegunComparison, target: str) -> dict[str, Any]:
        return {
            "agency": self._tenant.agency,
            "id": begun.number,
            "target": target,
            "day": self._tenant.clock.today(),
            "started": self._tenant.stamp(),
            "reached": "",
            "compared": 0,
            "left_out": 0,
        }

    def _drop_earlier(self, transaction: Transaction, target: str, keep_from: date) -> None:
        """Delete what earlier comparisons found, those that never ended, and those that are too old for the trend."""
        theirs = self._of(target)
        earlier = select(_ROW.id).where(*theirs)
        transaction.execute(
            delete(tables.comparison_finding).where(
                _FOUND.agency == transaction.agency, _FOUND.comparison_id.in_(earlier)
            )
        )
        transaction.execute(delete(tables.comparison).where(*theirs, _ROW.finished.is_(None)))
        transaction.execute(delete(tables.comparison).where(*theirs, _ROW.day < keep_from))

    def _still_there(self, transaction: Transaction, ids: set[str]) -> set[str]:
        """Those who were not erased while the other system answered."""
        wanted = select(_PATRON.id).where(
            _PATRON.agency == transaction.agency, _PATRON.status_class.not_in(tables.GONE)
        )
        return set(transaction.fetch_values(wanted, _PATRON.id, ids))

    def _add_findings(
        self, transaction: Transaction, begun: BegunComparison, share: ComparedShare, there: set[str]
    ) -> None:
        place = {"agency": transaction.agency, "comparison_id": begun.number}
        found = [
            {**place, "patron_id": patron_id, "kind": kind.value}
            for patron_id, kinds in share.deviations.items()
            for kind in kinds
            if patron_id in there
        ]
        if found:
            transaction.execute(insert(tables.comparison_finding), found)

    def _note_their_ids(self, transaction: Transaction, target: str, their_ids: dict[str, str]) -> None:
        place = {"agency": transaction.agency, "target": target}
        known = delete(tables.known_elsewhere).where(_KNOWN.agency == transaction.agency, _KNOWN.target == target)
        transaction.change_rows(known, _KNOWN.patron_id, list(their_ids))
        if their_ids:
            rows = [{**place, "patron_id": who, "their_id": one} for who, one in their_ids.items()]
            transaction.execute(insert(tables.known_elsewhere), rows)


def _begun_from(row: AnyRow) -> BegunComparison:
    return BegunComparison(row.id, row.reached, is_resumed=True, compared=row.compared, left_out=row.left_out)
