"""Live a day of the calendar: do what is due and write it down, in one transaction for a few patrons.

A day lived twice finds nothing the second time. What was due moves past the day, and `calendar_event` counts it for the
run that did it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, text, update

from cprsync.domain.patron.due import DueKind, live_one_day, local_due, next_age_step
from cprsync.domain.patron.effective import culr_in_force
from cprsync.domain.patron.override import Overridden, in_force
from cprsync.domain.patron.review import RESPONSIBLE_OF_AGE
from cprsync.services.ports.values import Write
from cprsync.store.audit import audit
from cprsync.store.audit.record_versions import Moved, note_versions
from cprsync.store.core import bulk, tables
from cprsync.store.core.engine import parts, writing
from cprsync.store.core.tenant import hold_fence, hold_library
from cprsync.store.night.calendar import Opened, due_rows, opened
from cprsync.store.patrons import dying, responsibles
from cprsync.store.patrons.changes import write_records
from cprsync.store.records import overrides
from cprsync.store.records.local import encode_local
from cprsync.store.records.local_part import LOCAL
from cprsync.store.records.records import prepare
from cprsync.store.reviews import review_items

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import Connection

    from cprsync.domain.patron.due import Due, Facts
    from cprsync.domain.patron.override import Override
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.values import DuePage, Run
    from cprsync.store.core.tenant import Tenant

_PATRON = tables.patron.c
_OVERRIDE = tables.override.c
#: Field names of events that do not name the field themselves.
_FIELDS: Final = {DueKind.AGE_STEP: "group", DueKind.SUBSCRIPTION_ENDED: "subscription"}


@dataclass(frozen=True, slots=True, repr=False)
class Lived:
    """A patron before the day, what the day brought, and the facts in the evening."""

    opened: Opened
    due: tuple[Due, ...]
    evening: Facts

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


def live_day(tenant: Tenant, run: Run, page: DuePage, policy: Policy) -> str | None:
    """Live a day of the next patrons with something due by then.

    Returns the last patron's id; None: nobody is left.

    Raises:
        FenceLost: a newer run has taken over.
    """
    with writing(tenant.engine) as connection:
        hold_fence(connection, tenant, run)
        # a desk that corrects one of these patrons waits, or its write is seen
        hold_library(connection, tenant)
        day, rows = page.day, due_rows(connection, tenant, page, hold=True)
        lived = [Lived(one, *live_one_day(one.facts, day, policy)) for one in opened(connection, tenant, rows)]
        _move_on(connection, tenant, lived, day, policy)
        happened = [one for one in lived if one.due]
        _let_go(connection, tenant, run, happened, day)
        _come_of_age(connection, tenant, run, happened, day)
        _tell(connection, tenant, run, happened)
    return rows[-1].id if len(rows) == page.limit else None


def _move_on(connection: Connection, tenant: Tenant, lived: Sequence[Lived], day: date, policy: Policy) -> None:
    """Write the group in the evening, and the next days on which something is due."""
    rows: list[tuple[Any, ...]] = []
    for one in lived:
        row, evening = one.opened.row, one.evening
        new = (evening.group, next_age_step(evening, day, policy), local_due(evening, day, policy))
        if new != (row.patron_group, row.next_age_step, row.local_due):
            rows.append((*new, tenant.agency, one.id))
    if rows:
        columns = ("patron_group", "next_age_step", "local_due")
        bulk.change(connection, tables.patron, new=columns, where=("agency", "id"), rows=rows)


def _let_go(connection: Connection, tenant: Tenant, run: Run, lived: Sequence[Lived], day: date) -> None:
    """End what ends, each in its table."""
    overrides.end(connection, tenant, [override.id for one in lived for override in one.ended], on=day)
    _warned(connection, tenant, [o.id for one in lived for o in one.evening.overrides if o.warned == day], day)
    for one in lived:
        if one.has(DueKind.ABSENCE_ENDED):
            _end_absence(connection, tenant, one)
    ended = [one.id for one in lived if one.has(DueKind.SUBSCRIPTION_ENDED)]
    dying.end(connection, tenant, ended, before=day)
    write_records(connection, tenant, run, [write for one in lived for write in _moves_back(tenant, one, day)])


def _come_of_age(connection: Connection, tenant: Tenant, run: Run, lived: Sequence[Lived], day: date) -> None:
    """End the links of patrons who come of age. If only a corrected date says so, a person is asked."""
    asked = [one.id for one in lived if one.has(DueKind.RESPONSIBILITY_ASKED)]
    review_items.ask_staff(connection, tenant, run, asked, RESPONSIBLE_OF_AGE)
    minors_again = [one.id for one in lived if one.has(DueKind.RESPONSIBILITY_KEPT)]
    review_items.settle_of_age(connection, tenant, minors_again)
    for one in lived:
        if one.has(DueKind.RESPONSIBILITY_ENDED):
            responsibles.end_all_of(connection, tenant, one.id, on=day, by_night=True)


def _warned(connection: Connection, tenant: Tenant, ids: Sequence[int], day: date) -> None:
    for part in parts(ids):
        these = (_OVERRIDE.agency == tenant.agency) & _OVERRIDE.id.in_(part)
        connection.execute(update(tables.override).where(these).values(warned=day))


def _end_absence(connection: Connection, tenant: Tenant, one: Lived) -> None:
    row, local = one.opened.row, one.opened.local
    if local is None:
        return
    version = row.local_version + 1
    blob = tenant.vault.seal(encode_local(replace(local, absence=None)), place=one.id, owner=LOCAL, version=version)
    connection.execute(
        update(tables.patron)
        .where(_PATRON.agency == tenant.agency, _PATRON.id == one.id)
        .values(local_blob=blob, local_key=tenant.vault.seal_key, local_version=version)
    )
    note_versions(connection, tenant, [Moved(one.id, LOCAL, row.local_version, version)])


def _moves_back(tenant: Tenant, one: Lived, day: date) -> list[Write]:
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


_EVENT = text(
    "INSERT INTO calendar_event (agency, day, patron_id, kind, what, run_id)"
    " VALUES (:agency, :day, :patron_id, :kind, :what, :run_id) ON CONFLICT DO NOTHING"
).bindparams(bindparam("day", type_=tables.calendar_event.c.day.type))


def _tell(connection: Connection, tenant: Tenant, run: Run, lived: Sequence[Lived]) -> None:
    """Count the events, and write in the audit which fields they concern."""
    if not lived:
        return
    events = [
        {
            "agency": tenant.agency,
            "day": due.day,
            "patron_id": due.patron_id,
            "kind": due.kind.value,
            "what": due.what,
            "run_id": run.id,
        }
        for one in lived
        for due in one.due
    ]
    connection.execute(_EVENT, events)
    audit.append(connection, tenant, tenant.night, [_happened(run, one) for one in lived])


def _happened(run: Run, one: Lived) -> audit.Happened:
    actions = tuple(dict.fromkeys(due.kind.value for due in one.due))
    fields = sorted({_FIELDS.get(due.kind, due.what) for due in one.due})
    return audit.Happened(
        audit.CALENDAR, run=run.id, patron=one.id, actions=actions, more=(("fields", ",".join(fields)),)
    )
