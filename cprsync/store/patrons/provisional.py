"""Patrons who were registered while the register did not answer: what they said, kept apart from the record and sealed.

The record itself has no source until the register answers. Every first copy passes `settle_provisional`, wherever it
comes from: a night, a delivery, the desk, or the asking between two nights. If the register agrees, what was said is
deleted. If not, it is kept until staff have looked; and if it tells no name, until it does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, exists, insert, select, update

from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.provisional import OwnStatement, compare_said
from cprsync.domain.patron.review import SAID_KINDS, SAID_OTHER_NAME, State
from cprsync.services.ports.finding import Provisional, ProvisionalWaiting
from cprsync.services.ports.register import FIRST_COPY
from cprsync.store import tables
from cprsync.store.core.engine import moment_of
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, run_transaction
from cprsync.store.records.links import ONLY_ANSWERS
from cprsync.store.records.records import from_row, is_parked, patron_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The owner under which it is sealed, and the version, because it is sealed only once.
PROVISIONAL: Final = "provisional"
SEALED_ONCE: Final = 1
_ROW, _PATRON, _ITEM, _ASKED = tables.provisional.c, tables.patron.c, tables.review_item.c, tables.follow_up.c
_IS_TO_COMPARE: Final = (_ROW.agency == AGENCY_IS) & _ROW.differs.is_(False)
# Each batch of a night asks these.
_ANY: Final = select(_ROW.patron_id).where(_IS_TO_COMPARE).limit(1)
_TO_COMPARE: Final = (
    select(tables.provisional)
    .join(tables.patron, (_PATRON.agency == _ROW.agency) & (_PATRON.id == _ROW.patron_id))
    .where(_IS_TO_COMPARE, _PATRON.status_class.not_in(tables.GONE))
)
#: Nothing is asked about who is gone or leaves, as in a night.
_WHO_STAYS: Final = (
    (_PATRON.agency == _ROW.agency)
    & (_PATRON.id == _ROW.patron_id)
    & _PATRON.status_class.not_in(tables.GONE)
    & (_PATRON.standing == Stage.ACTIVE.value)
)
_IS_ASKED: Final = exists().where(
    _ASKED.agency == _ROW.agency, _ASKED.patron_id == _ROW.patron_id, _ASKED.kind == FIRST_COPY
)
#: The register has answered, and a person has to look: its answer differs, cannot be used, or tells no name.
_IS_STAFFS: Final = _ROW.differs | is_parked() | (_PATRON.as_of_day.is_not(None) & ~_IS_ASKED)
#: Those who only answer for a minor, and were entered while the register did not answer. They said nothing themselves.
_WHO_ANSWERS: Final = (
    select(_PATRON.id)
    .join(tables.follow_up, (_ASKED.agency == _PATRON.agency) & (_ASKED.patron_id == _PATRON.id))
    .where(
        ONLY_ANSWERS,
        _ASKED.kind == FIRST_COPY,
        _PATRON.as_of_day.is_(None),
        _PATRON.status_class.not_in(tables.GONE),
        _PATRON.standing == Stage.ACTIVE.value,
        ~is_parked(),
    )
    .order_by(_PATRON.id)
)
_IS_GONE = exists().where(
    _PATRON.agency == _ROW.agency, _PATRON.id == _ROW.patron_id, _PATRON.status_class.in_(tables.GONE)
)
_ASKS = exists().where(_ITEM.agency == _ROW.agency, _ITEM.patron_id == _ROW.patron_id)
_WAITS = _ASKS.where(_ITEM.kind.in_(sorted(SAID_KINDS)), _ITEM.state == State.WAITING.value)
#: Staff have said that it is another person.
IS_OTHER: Final = _ASKS.where(_ITEM.kind.in_(sorted(SAID_OTHER_NAME)), _ITEM.state == State.REJECTED.value)
#: What was said by patrons who are gone, and what staff have looked at: built once, because each night asks.
_OVER: Final = select(_ROW.patron_id).where(_ROW.agency == AGENCY_IS, _IS_GONE | (_ROW.differs & ~_WAITS & ~IS_OTHER))


class SqlProvisional(TenantStore, Provisional):
    """Patrons about whom the register has still to answer."""

    def waiting(self) -> ProvisionalWaiting:
        wanted = select(_ROW.since, _IS_STAFFS.label("staff")).join(tables.patron, _WHO_STAYS)
        wanted = wanted.where(_ROW.agency == self._tenant.agency, ~_ROW.differs | _WAITS)
        with self._tenant.reading() as transaction:
            rows = transaction.execute(wanted.order_by(_ROW.since)).all()
        asked = [moment_of(row.since) for row in rows if not row.staff]
        return ProvisionalWaiting(len(asked), len(rows) - len(asked), asked[0] if asked else None)

    def to_ask(self, limit: int) -> list[str]:
        wanted = select(_ROW.patron_id).join(tables.patron, _WHO_STAYS)
        wanted = wanted.where(_ROW.agency == self._tenant.agency, _ROW.differs.is_(False), _IS_ASKED)
        with self._tenant.reading() as transaction:
            said = list(transaction.scalars(wanted.order_by(_ROW.since, _ROW.patron_id).limit(limit)))
            # first who answers: as long as they are unknown, the minor's address is hidden
            return [*transaction.scalars(_WHO_ANSWERS, transaction.ours), *said][:limit]

    def said_by(self, patron_ids: Collection[str]) -> dict[str, OwnStatement]:
        with self._tenant.reading() as transaction:
            return _open_all(transaction, patron_ids)

    def kept_of(self, patron_id: str) -> OwnStatement | None:
        with self._tenant.reading() as transaction:
            row = kept_row(transaction, patron_id)
            return None if row is None else open_said(self._tenant, row)

    def forget(self, run: Run | None) -> int:
        """Delete what was said by patrons who are gone, and what staff have looked at. Return how much."""
        with self._tenant.reading() as transaction:
            ids = list(transaction.scalars(_OVER, {"agency_": transaction.agency}))
        if not ids:
            return 0
        with run_transaction(self._tenant, run) as transaction:
            _forget(transaction, ids)
        return len(ids)


def keep_said(transaction: Transaction, patron_id: str, said: OwnStatement) -> None:
    """Keep what the patron said, in the caller's transaction. It takes the place of what they said before."""
    plain = json.dumps({"name": said.name, "address": said.address}, ensure_ascii=False).encode()
    row = {
        "agency": transaction.agency,
        "patron_id": patron_id,
        "since": transaction.stamp(),
        "differs": False,
        "said": transaction.vault.seal(plain, place=patron_id, owner=PROVISIONAL, version=SEALED_ONCE),
        "key": transaction.vault.seal_key,
    }
    _forget(transaction, [patron_id])
    transaction.execute(insert(tables.provisional).values(row))


def kept_row(transaction: Transaction, patron_id: str) -> AnyRow | None:
    """Return the row of a patron; None: the register has answered as they said, or they never said anything."""
    wanted = select(tables.provisional).where(_ROW.agency == transaction.agency, _ROW.patron_id == patron_id)
    return transaction.execute(wanted).one_or_none()


def open_said(tenant: Tenant, row: AnyRow) -> OwnStatement:
    """Open what a patron said. The caller has written its audit entry."""
    plain = tenant.vault.unseal(row.said, row.key, place=row.patron_id, owner=PROVISIONAL, version=SEALED_ONCE)
    kept = json.loads(plain)
    return OwnStatement(kept["name"], tuple(kept["address"]))


def settle_provisional(transaction: Transaction, patron_ids: Collection[str]) -> list[tuple[str, str]]:
    """Compare what these patrons said with their records, if a source has spoken by now.

    Returns the reviews to raise, by patron and kind.
    """
    said = _open_all(transaction, patron_ids)
    if not said:
        return []
    rows = patron_rows(transaction, said.keys())
    known = {row.id: from_row(transaction.vault, row).register for row in rows if row.as_of_day is not None}
    compared = compare_said(said, known)
    _forget(transaction, [one for one, kind in compared.items() if kind is None])
    differing = [(one, kind) for one, kind in compared.items() if kind is not None]
    changed = update(tables.provisional).where(_ROW.agency == transaction.agency).values(differs=True)
    transaction.change_rows(changed, _ROW.patron_id, [one for one, _ in differing])
    return differing


def _open_all(transaction: Transaction, patron_ids: Collection[str]) -> dict[str, OwnStatement]:
    """What these patrons said and nobody has compared yet. Leaves out who is gone."""
    if not patron_ids or transaction.scalar(_ANY, {"agency_": transaction.agency}) is None:
        return {}  # true of most batches, which saves a search for thousands of patrons
    rows = transaction.fetch_rows(_TO_COMPARE, _ROW.patron_id, patron_ids, agency_=transaction.agency)
    return {row.patron_id: open_said(transaction.tenant, row) for row in rows}


def _forget(transaction: Transaction, patron_ids: Sequence[str]) -> None:
    theirs = delete(tables.provisional).where(_ROW.agency == transaction.agency)
    transaction.change_rows(theirs, _ROW.patron_id, patron_ids)
