"""Held plans: what was planned, who said yes to it, and which run wrote it. Decides nothing about an approval."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, exists, func, insert, or_, select

from cprsync.domain.deciding.approval import GivenYes, Harmful
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm
from cprsync.errors import ReviewClosed
from cprsync.services.ports.runs import LIVED, Approvals, HeldRun, PlanRow, RunState, harmful_of
from cprsync.store import tables
from cprsync.store.audit import audit, binding
from cprsync.store.audit.planned import bind_yeses, unbound_yeses
from cprsync.store.core.bulk import append
from cprsync.store.core.engine import moment_of, stamp_of
from cprsync.store.core.tenant import (
    AGENCY_IS,
    AGREEMENT_IS,
    TenantStore,
    library_transaction,
    run_transaction,
    set_run_values,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import ColumnElement

    from cprsync.services.ports.runs import Run, SaidYes
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

#: The kind of the audit entries about a held plan, and what they say of it.
PLAN: Final = "plan"
FIRST_YES: Final = "first_yes"
APPROVED: Final = "approved"
APPLIED: Final = "applied"
#: What a mark is hashed under.
_MARK: Final = "held_plan"
_RUN, _PLAN = tables.run.c, tables.plan_row.c
_YES, _MARKS, _IMAGE = tables.plan_yes.c, tables.plan_mark.c, tables.before_image.c
# Each night asks these.
_YESES: Final = (
    select(_YES.run_id, _YES.ordinal, _YES.who, _YES.at)
    .where(_YES.agency == AGENCY_IS, _YES.run_id == bindparam("run_"))
    .order_by(_YES.ordinal)
)
#: A row that does not count has its number too.
_LAST_YES: Final = select(func.max(_YES.ordinal)).where(_YES.agency == AGENCY_IS, _YES.run_id == bindparam("run_"))
_LAST_DECIDED: Final = (
    select(tables.run)
    .where(
        *(_RUN.agency == AGENCY_IS, _RUN.agreement == AGREEMENT_IS, _RUN.finished.is_not(None)),
        or_(_RUN.state == RunState.HELD.value, _RUN.exit.in_(LIVED)),
    )
    .order_by(_RUN.id.desc())
    .limit(1)
)
_LAST_NIGHT: Final = _LAST_DECIDED.where(_RUN.reverts.is_(None))
_LAST_UNDOING: Final = _LAST_DECIDED.where(_RUN.reverts == bindparam("reverts_"))


class SqlApprovals(TenantStore, Approvals):
    """Held plans, and who approved them."""

    def held(self, reverts: int | None = None) -> HeldRun | None:
        with self._tenant.reading() as transaction:
            row = _last_decided(transaction, reverts)
        if row is None or row.state != RunState.HELD.value or row.plan_hash is None:
            return None
        return HeldRun(row.id, row.day, row.plan_hash, moment_of(row.finished), json.loads(row.document))

    def waiting(self) -> list[HeldRun]:
        undone = select(_RUN.reverts).where(_RUN.agency == self._tenant.agency, _RUN.reverts.is_not(None))
        # without before-images, nothing can be put back
        kept = exists().where(_IMAGE.agency == _RUN.agency, _IMAGE.run_id == _RUN.reverts)
        undone = undone.where(_RUN.state == RunState.HELD.value, kept).distinct().order_by(_RUN.reverts.desc())
        with self._tenant.reading() as transaction:
            numbers = list(transaction.scalars(undone))
        found = (self.held(number) for number in (None, *numbers))
        return [one for one in found if one is not None]

    def rows(self, number: int) -> list[PlanRow]:
        with self._tenant.reading() as transaction:
            return _rows(transaction, number)

    def harmful(self, number: int) -> Harmful:
        marks: dict[Harm, Counter[bytes]] = defaultdict(Counter)
        with self._tenant.reading() as transaction:
            rows = _rows(transaction, number)
            theirs = (_MARKS.agency == transaction.agency) & (_MARKS.run_id == number)
            for one in transaction.execute(select(tables.plan_mark).where(theirs)):
                marks[Harm(one.harm)][one.mark] = one.times
        return Harmful(harmful_of(rows), dict(marks))

    def written(self, number: int) -> dict[str, int]:
        theirs = (_IMAGE.agency == self._tenant.agency) & (_IMAGE.run_id == number)
        wanted = select(_IMAGE.patron_id, func.count().label("times")).where(theirs).group_by(_IMAGE.patron_id)
        with self._tenant.reading() as transaction:
            return {one.patron_id: one.times for one in transaction.execute(wanted)}

    def yeses(self, number: int) -> list[GivenYes]:
        with self._tenant.reading() as transaction:
            return yeses_of(transaction, number)

    def unbound_yeses(self, number: int) -> list[str]:
        with self._tenant.reading() as transaction:
            rows = transaction.execute(_YESES, {"agency_": transaction.agency, "run_": number}).all()
            return [row.who for row in unbound_yeses(transaction, rows)]

    def say_yes(self, said: SaidYes) -> None:
        tenant, number = self._tenant, said.run.id
        with library_transaction(tenant) as transaction:
            # a later run may have been held meanwhile: the yes belongs to its plan, which nobody has shown yet
            last = _last_decided(transaction, said.run.document.get("reverts"))
            if last is None or last.id != number or len(yeses_of(transaction, number)) != said.after:
                raise ReviewClosed(
                    "somebody else has said yes, or a later night has run, in the meantime", kind="plan.changed"
                )
            at = stamp_of(said.at)
            ordinal = (transaction.scalar(_LAST_YES, {"agency_": transaction.agency, "run_": number}) or 0) + 1
            row = {"agency": transaction.agency, "run_id": number, "ordinal": ordinal, "who": said.user, "at": at}
            transaction.execute(insert(tables.plan_yes).values(row))
            which = FIRST_YES if said.after % 2 == 0 else APPROVED
            more = (("plan", said.run.plan), ("for_run", str(number)))
            entry = audit.Happened(PLAN, actions=(which,), user=said.user, more=more, reason=said.reason)
            audit.append(transaction, audit.DESK, [entry])
            bind_yeses(transaction, number, [ordinal])

    def mark(self, counted: Mapping[Harm, Iterable[str]]) -> dict[Harm, Counter[bytes]]:
        vault = self._tenant.vault
        return {
            harm: Counter(vault.index(_MARK, f"{harm.value}|{what}") for what in named)
            for harm, named in counted.items()
        }

    def keep_marks(self, run: Run, marks: Mapping[Harm, Counter[bytes]], *, follows: int | None) -> None:
        tenant = self._tenant
        rows = [
            (tenant.agency, run.id, harm.value, mark, count)
            for harm, counted in marks.items()
            for mark, count in sorted(counted.items())
        ]
        with run_transaction(tenant, run) as transaction:
            ours = select(_RUN.id).where(_RUN.agency == transaction.agency, _RUN.agreement == tenant.agreement)
            # if this run is killed, it compares with them once more
            earlier = (
                (_MARKS.agency == transaction.agency) & _MARKS.run_id.in_(ours) & (_MARKS.run_id != (follows or 0))
            )
            transaction.execute(delete(tables.plan_mark).where(earlier))
            append(transaction.connection, tables.plan_mark, rows)

    def begin(self, run: Run, number: int) -> None:
        tenant = self._tenant
        with run_transaction(tenant, run) as transaction:
            set_run_values(transaction, run, approved_run=number, state=RunState.APPROVED.value)
            said = audit.Happened(PLAN, run=run, actions=(APPLIED,), more=(("for_run", str(number)),))
            audit.append(transaction, tenant.night, [said])
            binding.bind(transaction, binding.BEGUN, {run.id: None})

    def begun(self, run: Run) -> int | None:
        found = self._writing(_RUN.id == run.id)
        return found[0].approved_run if found else None

    def is_being_written(self, number: int) -> bool:
        return bool(self._writing(_RUN.approved_run == number, _RUN.finished.is_(None)))

    def _writing(self, *which: ColumnElement[bool]) -> list[AnyRow]:
        """Return the runs that have begun to write an approved plan, and whose entry in the audit says so."""
        wanted = select(_RUN.id, _RUN.approved_run).where(_RUN.agency == self._tenant.agency, *which)
        with self._tenant.reading() as transaction:
            rows = transaction.execute(wanted.where(_RUN.approved_run.is_not(None))).all()
            unbound = binding.find_unbound(transaction, binding.BEGUN, rows)
        return [row for row in rows if str(row.id) not in unbound]


def yeses_of(transaction: Transaction, number: int) -> list[GivenYes]:
    """Return who said yes to the plan of a run, the oldest first, as far as the audit says so too."""
    rows = transaction.execute(_YESES, {"agency_": transaction.agency, "run_": number}).all()
    unbound = unbound_yeses(transaction, rows)
    return [GivenYes(row.who, moment_of(row.at)) for row in rows if row not in unbound]


def carry_yeses(transaction: Transaction, run: Run, document: Mapping[str, Any]) -> None:
    """Give a run that ends held the yeses to the plan that its own follows, also those given while it ran."""
    number = (document.get("brake") or {}).get("follows")
    if number is None:
        return
    rows = [
        (transaction.agency, run.id, ordinal, yes.who, stamp_of(yes.at))
        for ordinal, yes in enumerate(yeses_of(transaction, number), start=1)
    ]
    append(transaction.connection, tables.plan_yes, rows)
    bind_yeses(transaction, run.id, range(1, len(rows) + 1))


def _last_decided(transaction: Transaction, reverts: int | None) -> AnyRow | None:
    """Return the last finished night that was held, or that has lived its day.

    `reverts`: the same of the runs that undo this one.
    """
    if reverts is None:
        return transaction.execute(_LAST_NIGHT, transaction.ours).one_or_none()
    return transaction.execute(_LAST_UNDOING, {**transaction.ours, "reverts_": reverts}).one_or_none()


def _rows(transaction: Transaction, number: int) -> list[PlanRow]:
    theirs = (_PLAN.agency == transaction.agency) & (_PLAN.run_id == number)
    rows = transaction.execute(select(tables.plan_row).where(theirs).order_by(_PLAN.ordinal))
    return [
        PlanRow(
            row.patron_id,
            row.version,
            tuple(map(Action, filter(None, row.actions.split(",")))),
            tuple(map(Harm, filter(None, row.harms.split(",")))),
            row.digest,
        )
        for row in rows
    ]
