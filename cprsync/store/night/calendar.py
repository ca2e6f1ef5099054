"""The calendar part of a night: who has something due, the facts of each, and what a lived day writes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, bindparam, func, select, text, union, update

from cprsync.domain.patron.due import CalendarFacts, DueKind, live_one_day, local_due, next_age_step
from cprsync.domain.patron.override import Overridden, culr_in_force, in_force
from cprsync.domain.patron.review import RESPONSIBLE_OF_AGE
from cprsync.services.ports.patrons import Write
from cprsync.services.ports.runs import Calendar, DuePage
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core import bulk
from cprsync.store.core.engine import IN_MAX
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, run_transaction
from cprsync.store.patrons import responsibles
from cprsync.store.patrons.patrons import write_records
from cprsync.store.records import links
from cprsync.store.records.numbers import DEAD, OURS, end_passed, last_days
from cprsync.store.records.records import end_overrides, open_local, open_patrons, patron_rows, prepare, write_local
from cprsync.store.reviews import review_items

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from cprsync.domain.patron.due import Due
    from cprsync.domain.patron.local import Local
    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

_PATRON, _ROW, _OVERRIDE = tables.patron.c, tables.subscription.c, tables.override.c
_LIBRARY, _EVENT = tables.library.c, tables.calendar_event.c
# each night asks these, so they are built once
_STAMP: Final = select(_LIBRARY.calendar_stamp).where(_LIBRARY.agency == AGENCY_IS)
_COUNTS: Final = (
    select(_EVENT.kind, func.count())
    .where(_EVENT.agency == AGENCY_IS, _EVENT.run_id == bindparam("run_"))
    .group_by(_EVENT.kind)
    .order_by(_EVENT.kind)
)
_OVERRIDES: Final = update(tables.override).where(_OVERRIDE.agency == AGENCY_IS)
#: Field names of events that do not name the field themselves.
_FIELDS: Final = {DueKind.AGE_STEP: "group", DueKind.SUBSCRIPTION_ENDED: "subscription"}
_INSERT_EVENT = text(
    "INSERT INTO calendar_event (agency, day, patron_id, kind, what, run_id)"
    " VALUES (:agency, :day, :patron_id, :kind, :what, :run_id) ON CONFLICT DO NOTHING"
).bindparams(bindparam("day", type_=tables.calendar_event.c.day.type))


@dataclass(frozen=True, slots=True, repr=False)
class DuePatron:
    """A patron who has something due: the row, its content, and what the calendar reads of it."""

    row: AnyRow
    patron: Patron
    facts: CalendarFacts
    #: opened only if it may hold an absence
    local: Local | None


class SqlCalendar(TenantStore, Calendar):
    """What a day brings patrons: birthdays, corrections and absences that end."""

    def live_day(self, run: Run, page: DuePage, policy: Policy) -> str | None:
        # a desk that corrects one of these patrons waits, or its write is seen
        with run_transaction(self._tenant, run) as transaction:
            day, rows = page.day, due_rows(transaction, page, hold=True)
            lived = [Lived(one, *live_one_day(one.facts, day, policy)) for one in opened(transaction, rows)]
            _set_next_days(transaction, lived, day, policy)
            happened = [one for one in lived if one.due]
            _end_what_is_over(transaction, run, happened, day)
            _come_of_age(transaction, run, happened, day)
            _note_events(transaction, run, happened)
        return rows[-1].id if len(rows) == page.limit else None

    def due_facts(self, until: date, *, everyone: bool) -> Iterator[CalendarFacts]:
        page = DuePage(until, everyone=everyone, limit=IN_MAX)
        while True:
            with self._tenant.reading() as transaction:
                rows = due_rows(transaction, page)
                found = [one.facts for one in opened(transaction, rows)]
            yield from found
            if len(rows) < page.limit:
                return
            page = replace(page, after=rows[-1].id)

    def minors_facts(self, ids: Sequence[str]) -> Iterator[CalendarFacts]:
        with self._tenant.reading() as transaction:
            minors = links.answered_for(transaction, ids)
            rows = patron_rows(transaction, minors)
            found = [one.facts for one in opened(transaction, rows)]
        yield from found

    def stamp(self) -> str | None:
        with self._tenant.reading() as transaction:
            kept: str | None = transaction.scalar(_STAMP, {"agency_": transaction.agency})
            return kept

    def keep_stamp(self, run: Run, counted: str | None) -> None:
        ours = update(tables.library).where(_LIBRARY.agency == self._tenant.agency)
        with run_transaction(self._tenant, run) as transaction:
            transaction.execute(ours.values(calendar_stamp=counted))

    def counts(self, run: Run) -> dict[str, int]:
        values = {"agency_": self._tenant.agency, "run_": run.id}
        with self._tenant.reading() as transaction:
            return {kind: int(count) for kind, count in transaction.execute(_COUNTS, values)}


def due_rows(transaction: Transaction, page: DuePage, *, hold: bool = False) -> list[AnyRow]:
    """Return the rows of patrons with something due, in the order of their ids.

    With `hold`, nobody else can write them.
    """
    found = _select_due(everyone=page.everyone, by_age=page.by_age)
    values = {**transaction.ours, "day_": page.day, "after_": page.after, "most_": page.limit}
    return patron_rows(transaction, transaction.scalars(found, values).all(), hold=hold)


@cache
def _select_due(*, everyone: bool, by_age: bool) -> Select[str]:
    ids = _everyone() if everyone else _due(by_age=by_age)
    return select(ids.c.id).where(ids.c.id > bindparam("after_")).order_by(ids.c.id).limit(bindparam("most_"))


def _everyone() -> Any:
    return select(_PATRON.id).where(_PATRON.agency == AGENCY_IS, _PATRON.status_class.not_in(tables.GONE)).subquery()


def _due(*, by_age: bool) -> Any:
    # Each query uses its own index. A newer SQLite (3.53) would find `id > …` in each of them by the primary key, and
    # read all patrons.
    theirs, day = _PATRON.agency == AGENCY_IS, bindparam("day_", type_=_ROW.until.type)
    of_age = [select(_PATRON.id).where(theirs, _PATRON.next_age_step <= day)] if by_age else []
    few = union(
        select(_PATRON.id).where(theirs, _PATRON.local_due <= day),
        select(_ROW.patron_id).where(OURS, _ROW.until < day, _ROW.reason == DEAD),
        *of_age,
    )
    return few.cte("due").prefix_with("MATERIALIZED", dialect="sqlite")


def opened(transaction: Transaction, rows: Sequence[AnyRow]) -> Iterator[DuePatron]:
    """Open what the calendar reads of these rows."""
    if not rows:
        return
    subscribed = last_days(transaction, [row.id for row in rows])
    answered_for = links.answered_for(transaction, [row.id for row in rows])
    asked = links.asked_of_age(transaction, answered_for)
    for row, patron in zip(rows, open_patrons(transaction, rows), strict=True):
        # every write of an absence also sets local_due, so a row without local_due has no absence
        local = None if row.local_due is None else open_local(transaction.tenant, row)
        absence = None if local is None else local.absence
        facts = CalendarFacts(
            row.id,
            patron.register,
            patron.group,
            patron.overrides,
            absent_until=None if absence is None else absence.until,
            subscribed_until=subscribed.get(row.id),
            answered_for=row.id in answered_for,
            asked_of_age=row.id in asked,
            borrows=patron.borrows,
            letters_stopped=patron.letters_stopped,
        )
        yield DuePatron(row, patron, facts, local)


@dataclass(frozen=True, slots=True, repr=False)
class Lived:
    """A patron before the day, what the day brought, and the facts in the evening."""

    opened: DuePatron
    due: tuple[Due, ...]
    evening: CalendarFacts

    @property
    def id(self) -> str:
        return self.opened.patron.id

    def has(self, kind: DueKind) -> bool:
        return any(due.kind is kind for due in self.due)

    @property
    def ended(self) -> list[Override]:
        """The overrides that ended on this day."""
        left = {override.id for override in self.evening.overrides}
        return [override for override in self.opened.facts.overrides if override.id not in left]


def _set_next_days(transaction: Transaction, lived: Sequence[Lived], day: date, policy: Policy) -> None:
    """Write the group in the evening, and the next days on which something is due."""
    rows: list[tuple[Any, ...]] = []
    for one in lived:
        row, evening = one.opened.row, one.evening
        new = (evening.group, next_age_step(evening, day, policy), local_due(evening, day, policy))
        if new != (row.patron_group, row.next_age_step, row.local_due):
            rows.append((*new, transaction.agency, one.id))
    columns = ("patron_group", "next_age_step", "local_due")
    bulk.change(transaction.connection, tables.patron, new=columns, where=("agency", "id"), rows=rows)


def _end_what_is_over(transaction: Transaction, run: Run, lived: Sequence[Lived], day: date) -> None:
    """End what ends, each in its table."""
    end_overrides(transaction, [override.id for one in lived for override in one.ended], on=day)
    warned = [override.id for one in lived for override in one.evening.overrides if override.warned == day]
    transaction.change_rows(_OVERRIDES, _OVERRIDE.id, warned, agency_=transaction.agency, warned=day)
    for one in lived:
        if one.has(DueKind.ABSENCE_ENDED) and one.opened.local is not None:
            write_local(transaction, one.opened.row, replace(one.opened.local, absence=None))
    ended = [one.id for one in lived if one.has(DueKind.SUBSCRIPTION_ENDED)]
    end_passed(transaction, ended, before=day)
    write_records(
        transaction, run, [write for one in lived for write in _restore_municipality(transaction.tenant, one, day)]
    )


def _come_of_age(transaction: Transaction, run: Run, lived: Sequence[Lived], day: date) -> None:
    """End the links of patrons who come of age. If only a corrected date says so, a person is asked."""
    asked = [one.id for one in lived if one.has(DueKind.RESPONSIBILITY_ASKED)]
    review_items.ask_staff(transaction, run, asked, RESPONSIBLE_OF_AGE)
    minors_again = [one.id for one in lived if one.has(DueKind.RESPONSIBILITY_KEPT)]
    review_items.settle_of_age(transaction, minors_again)
    for one in lived:
        if one.has(DueKind.RESPONSIBILITY_ENDED):
            responsibles.end_all_of(transaction, one.id, on=day, by_night=True)


def _restore_municipality(tenant: Tenant, one: Lived, day: date) -> list[Write]:
    """When a corrected municipality ends, write the register's again, in clear and for the net media.

    It is written like a change of the record: an effect has the record's version, and no version is used twice.
    """
    typed = next((override for override in one.ended if override.field is Overridden.MUNICIPALITY), None)
    if typed is None or typed.until is None:
        return []
    patron, facts = one.opened.patron, one.opened.facts
    culr = culr_in_force(patron.register, in_force(one.evening.overrides, day))
    told = culr_in_force(patron.register, in_force(facts.overrides, typed.until))
    return [
        Write(
            patron=replace(patron, overrides=one.evening.overrides),
            after=patron.register,
            prepared=prepare(tenant.vault, patron.register),
            as_of=patron.as_of,
            actions=(),
            culr=None if culr == told else culr,
        )
    ]


def _note_events(transaction: Transaction, run: Run, lived: Sequence[Lived]) -> None:
    """Count the events, and write in the audit which fields they concern."""
    if not lived:
        return
    events = [
        {
            "agency": transaction.agency,
            "day": due.day,
            "patron_id": due.patron_id,
            "kind": due.kind.value,
            "what": due.what,
            "run_id": run.id,
        }
        for one in lived
        for due in one.due
    ]
    transaction.execute(_INSERT_EVENT, events)
    audit.append(transaction, transaction.tenant.night, [_happened(run, one) for one in lived])


def _happened(run: Run, one: Lived) -> audit.Happened:
    actions = tuple(dict.fromkeys(due.kind.value for due in one.due))
    fields = sorted({_FIELDS.get(due.kind, due.what) for due in one.due})
    return audit.Happened(audit.CALENDAR, run=run, patron=one.id, actions=actions, more=(("fields", ",".join(fields)),))
