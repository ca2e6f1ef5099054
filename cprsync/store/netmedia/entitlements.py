"""Rights to net media as last derived: which are due, and what changed.

Rights are due in four cases: a write says so, the local part has changed, a day comes that changes them by itself, or
the policy is new. The last case concerns every patron. The rule itself is in `domain`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, exists, func, or_, select, text, union, update

from cprsync.domain.netmedia.right_day import RightFacts, right_facts
from cprsync.domain.netmedia.rights import RightChange, changes_between, next_change_day, rights_of, stored_line
from cprsync.domain.patron.local import Stage
from cprsync.services.ports.netmedia import Rights, RightsDue
from cprsync.services.ports.runs import DuePage
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core import bulk
from cprsync.store.core.engine import IN_MAX, parts
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, run_transaction
from cprsync.store.netmedia.effects import CULR, WAITING, for_culr
from cprsync.store.records.records import open_local, open_patrons, patron_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

#: The kind of an audit entry that says which rights opened and closed.
RIGHTS: Final = "rights"
_PATRON = tables.patron.c
_KEPT = tables.entitlement.c
_TURN = tables.entitlement_turn.c
_LIBRARY = tables.library.c
_OUT = tables.outbox.c
_RUN = tables.run.c
#: Each night asks this, so it is built once.
_STAMP: Final = select(_LIBRARY.rights_stamp).where(_LIBRARY.agency == AGENCY_IS)
#: In the same words as the partial index of these rows, so that the database uses it.
_LOCAL_IS_NEWER: Final[Any] = text(f"patron.{tables.LOCAL_IS_NEWER.replace('<> ', '<> patron.')}")
_KEEP: Final = text(
    "INSERT INTO entitlement (agency, patron_id, rights) VALUES (:agency, :patron_id, :rights)"
    " ON CONFLICT (agency, patron_id) DO UPDATE SET rights = excluded.rights"
)
_TELL: Final = text(
    "INSERT INTO entitlement_turn (agency, run_id, patron_id, product, turn)"
    " VALUES (:agency, :run_id, :patron_id, :product, :turn)"
    " ON CONFLICT (agency, run_id, patron_id, product) DO UPDATE SET turn = excluded.turn"
)


class SqlRights(TenantStore, Rights):
    """Rights to net media."""

    def derive(self, run: Run, page: DuePage, policy: Policy) -> str | None:
        with run_transaction(self._tenant, run) as transaction:
            rows = due_rows(transaction, page, hold=True)
            _note_turns(transaction, run, _derive(transaction, rows, policy, page.day))
        return rows[-1].id if len(rows) == page.limit else None

    def ahead(self, until: date, *, everyone: bool) -> Iterator[RightsDue]:
        page = DuePage(until, everyone=everyone, limit=IN_MAX)
        while True:
            with self._tenant.reading() as transaction:
                rows = due_rows(transaction, page)
                kept = kept_lines(transaction, rows)
                found = [
                    RightsDue(row.id, facts, kept.get(row.id, ""))
                    for row, facts in _opened(transaction, rows)
                    if facts.stage is not Stage.CLOSED
                ]
            yield from found
            if len(rows) < page.limit:
                return
            page = replace(page, after=rows[-1].id)

    def stamp(self) -> str | None:
        with self._tenant.reading() as transaction:
            kept: str | None = transaction.scalar(_STAMP, {"agency_": transaction.agency})
            return kept

    def keep_stamp(self, run: Run, derived: str | None) -> None:
        ours = update(tables.library).where(_LIBRARY.agency == self._tenant.agency)
        with run_transaction(self._tenant, run) as transaction:
            transaction.execute(ours.values(rights_stamp=derived))

    def derive_again(self, ids: Sequence[str], policy: Policy, *, on: date) -> None:
        for part in parts(ids):
            with run_transaction(self._tenant, None) as transaction:
                rows = patron_rows(transaction, part, hold=True)
                _write_audit(transaction, None, _derive(transaction, rows, policy, on))

    def forget_earlier_turns(self, run: Run) -> None:
        earlier = (_TURN.agency == self._tenant.agency) & (_TURN.run_id < run.id)
        turned = (_RUN.agency == _TURN.agency) & (_RUN.id == _TURN.run_id)
        theirs = (_OUT.agency == _TURN.agency) & (_OUT.target == CULR) & (_OUT.patron_id == _TURN.patron_id)
        # an effect added after that run is about something else:
        # a block closed the right, say, and the patron moved later
        since = or_(_RUN.finished.is_(None), _OUT.created <= _RUN.finished)
        untold = exists().where(theirs, turned, since)
        with run_transaction(self._tenant, run) as transaction:
            transaction.execute(delete(tables.entitlement_turn).where(earlier, ~untold))

    def turns(self, run: Run) -> dict[str, dict[str, int]]:
        theirs = _TURN.agency == self._tenant.agency
        ours = theirs & (_TURN.run_id == run.id)
        counted = select(_TURN.product, _TURN.turn, func.count()).where(ours).group_by(_TURN.product, _TURN.turn)
        untold = select(_OUT.patron_id).where(for_culr(self._tenant, WAITING))
        patrons = func.count(_TURN.patron_id.distinct())
        waiting = select(_TURN.product, patrons).where(theirs, _TURN.patron_id.in_(untold)).group_by(_TURN.product)
        found: dict[str, dict[str, int]] = defaultdict(dict)
        with self._tenant.reading() as transaction:
            for product, turn, count in transaction.execute(counted):
                found[product][turn] = count
            for product, count in transaction.execute(waiting):
                found[product]["waiting"] = count
        return found

    def count(self) -> int:
        with self._tenant.reading() as transaction:
            return transaction.count_rows(_KEPT.agency == transaction.agency)


def _derive(
    transaction: Transaction, rows: Sequence[AnyRow], policy: Policy, day: date
) -> list[tuple[str, Mapping[str, RightChange]]]:
    """Derive and keep the rights of these patrons; the caller holds the rows.

    Returns what changed, for each patron.
    """
    before = kept_lines(transaction, rows)
    new: list[dict[str, Any]] = []
    moved: list[tuple[Any, ...]] = []
    turned: list[tuple[str, Mapping[str, RightChange]]] = []
    for row, facts in _opened(transaction, rows):
        if facts.stage is Stage.CLOSED:
            moved.append((None, row.local_version, transaction.agency, row.id))
            continue
        now = stored_line(rights_of(facts, policy, day))
        if now != before.get(row.id):
            new.append({"agency": transaction.agency, "patron_id": row.id, "rights": now})
        turned.append((row.id, changes_between(before.get(row.id, ""), now)))
        moved.append((next_change_day(facts, policy, day), row.local_version, transaction.agency, row.id))
    # the rights of former patrons end without counting as closed
    gone = [row.id for row in rows if row.status_class in tables.GONE]
    transaction.change_rows(delete(tables.entitlement).where(_KEPT.agency == transaction.agency), _KEPT.patron_id, gone)
    columns = ("rights_due", "rights_local")
    bulk.change(transaction.connection, tables.patron, new=columns, where=("agency", "id"), rows=moved)
    if new:
        transaction.execute(_KEEP, new)
    return turned


def _note_turns(transaction: Transaction, run: Run, derived: Sequence[tuple[str, Mapping[str, RightChange]]]) -> None:
    """Count what changed, and write in the audit which rights opened and closed."""
    events = [
        {"agency": transaction.agency, "run_id": run.id, "patron_id": one, "product": product, "turn": turn.value}
        for one, turned in derived
        for product, turn in turned.items()
        if turn is not RightChange.UNCHANGED
    ]
    if events:
        transaction.execute(_TELL, events)
    _write_audit(transaction, run, derived)


def _write_audit(
    transaction: Transaction, run: Run | None, derived: Sequence[tuple[str, Mapping[str, RightChange]]]
) -> None:
    happened = [
        audit.Happened(RIGHTS, run=run, patron=one, actions=said)
        for one, turned in derived
        if (said := tuple(f"{turn.value}:{name}" for name, turn in turned.items() if turn is not RightChange.UNCHANGED))
    ]
    audit.append(transaction, transaction.tenant.night, happened)


def due_rows(transaction: Transaction, page: DuePage, *, hold: bool = False) -> list[AnyRow]:
    """Return the rows whose rights are due, in the order of their ids.

    With `hold`, nobody else can write them meanwhile.
    """
    theirs = _PATRON.agency == transaction.agency
    if page.everyone:
        due: Any = select(_PATRON.id).where(theirs).subquery()
    else:
        # Each query uses its own index. A newer SQLite (3.53) would find `id > …` in the first one by the primary key,
        # and read all patrons.
        few = union(
            select(_PATRON.id).where(theirs, _PATRON.rights_due <= page.day),
            select(_PATRON.id).where(theirs, _LOCAL_IS_NEWER, _PATRON.id > page.after),
        )
        due = few.cte("due").prefix_with("MATERIALIZED", dialect="sqlite")
    found = select(due.c.id).where(due.c.id > page.after).order_by(due.c.id).limit(page.limit)
    return patron_rows(transaction, transaction.scalars(found).all(), hold=hold)


def kept_lines(transaction: Transaction, rows: Sequence[AnyRow]) -> dict[str, str]:
    """Return the rights as they are kept, by patron."""
    wanted = select(_KEPT.patron_id, _KEPT.rights).where(_KEPT.agency == transaction.agency)
    found = transaction.fetch_rows(wanted, _KEPT.patron_id, [row.id for row in rows])
    return {row.patron_id: row.rights for row in found}


def _opened(transaction: Transaction, rows: Sequence[AnyRow]) -> Iterator[tuple[AnyRow, RightFacts]]:
    """Return the facts on which each patron's rights depend.

    The day since when each fact holds is left out: the kept rights last longer than it does.
    """
    for row, patron in zip(rows, open_patrons(transaction, rows), strict=True):
        gone = row.status_class in tables.GONE
        stage = Stage.CLOSED if gone else Stage(row.standing)
        yield row, right_facts(patron, open_local(transaction.tenant, row), stage=stage)
