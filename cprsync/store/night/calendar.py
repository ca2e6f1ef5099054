"""Read for the calendar part: who has something due, the facts of each, and the counts of a run.

Writing a lived day is in `living`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, union, update

from cprsync.domain.patron.due import Facts
from cprsync.services.ports.values import DuePage
from cprsync.store.core import tables
from cprsync.store.core.engine import IN_MAX, parts, reading, writing
from cprsync.store.core.tenant import hold_fence
from cprsync.store.patrons import dying
from cprsync.store.records import links
from cprsync.store.records.local_part import open_local
from cprsync.store.records.records import from_row, overrides_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from sqlalchemy import Connection

    from cprsync.domain.patron.local import Local
    from cprsync.domain.patron.patron import Patron
    from cprsync.services.ports.values import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_PATRON = tables.patron.c
_ROW = tables.subscription.c
_LIBRARY = tables.library.c
_EVENT = tables.calendar_event.c


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """A patron who has something due: the row, its content, and what the calendar reads of it."""

    row: AnyRow
    patron: Patron
    facts: Facts
    #: opened only if it may hold an absence
    local: Local | None


def due_rows(connection: Connection, tenant: Tenant, page: DuePage, *, hold: bool = False) -> list[AnyRow]:
    """Return the rows of patrons with something due, in the order of their ids.

    With `hold`, nobody else can write them.
    """
    ids = _everyone(tenant) if page.everyone else _due(tenant, page)
    found = select(ids.c.id).where(ids.c.id > page.after).order_by(ids.c.id).limit(page.limit)
    wanted = select(tables.patron).where(_PATRON.agency == tenant.agency).order_by(_PATRON.id)
    wanted = wanted.with_for_update() if hold else wanted
    return [
        row
        for part in parts(connection.scalars(found).all())
        for row in connection.execute(wanted.where(_PATRON.id.in_(part)))
    ]


def _everyone(tenant: Tenant) -> Any:
    return (
        select(_PATRON.id).where(_PATRON.agency == tenant.agency, _PATRON.status_class.not_in(tables.GONE)).subquery()
    )


def _due(tenant: Tenant, page: DuePage) -> Any:
    # each query uses its own index
    theirs = _PATRON.agency == tenant.agency
    ours = (_ROW.agency == tenant.agency) & (_ROW.agreement == tenant.agreement)
    by_age = [select(_PATRON.id).where(theirs, _PATRON.next_age_step <= page.day)] if page.by_age else []
    return union(
        select(_PATRON.id).where(theirs, _PATRON.local_due <= page.day),
        select(_ROW.patron_id).where(ours, _ROW.until < page.day, _ROW.reason == dying.DEAD),
        *by_age,
    ).subquery()


def opened(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> Iterator[Opened]:
    """Open what the calendar reads of these rows."""
    corrected = overrides_of(connection, tenant, rows)
    subscribed = dying.last_days(connection, tenant, [row.id for row in rows])
    answered_for = links.answered_for(connection, tenant, [row.id for row in rows])
    asked = links.asked_of_age(connection, tenant, answered_for)
    for row in rows:
        patron = from_row(tenant.vault, row, corrected.get(row.id, ()))
        # every write of an absence also sets local_due, so a row without local_due has no absence
        local = None if row.local_due is None else open_local(tenant, row)
        absence = None if local is None else local.absence
        facts = Facts(
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
        yield Opened(row, patron, facts, local)


def due_facts(tenant: Tenant, until: date, *, everyone: bool) -> Iterator[Facts]:
    """Yield the facts of each patron with something due up to a day, or of all, in the order of their ids."""
    after = ""
    while True:
        with reading(tenant.engine) as connection:
            rows = due_rows(connection, tenant, DuePage(until, everyone=everyone, after=after, limit=IN_MAX))
            found = [one.facts for one in opened(connection, tenant, rows)]
        yield from found
        if len(rows) < IN_MAX:
            return
        after = rows[-1].id


def minors_facts(tenant: Tenant, ids: Sequence[str]) -> Iterator[Facts]:
    """Yield the facts of those of these patrons who have a responsible, whether or not anything is due."""
    with reading(tenant.engine) as connection:
        minors = sorted(links.answered_for(connection, tenant, ids))
        wanted = select(tables.patron).where(_PATRON.agency == tenant.agency).order_by(_PATRON.id)
        rows = [row for part in parts(minors) for row in connection.execute(wanted.where(_PATRON.id.in_(part)))]
        found = [one.facts for one in opened(connection, tenant, rows)]
    yield from found


# -- what is kept of the calendar itself ---------------------------------------------------------------


def stamp(tenant: Tenant) -> str | None:
    """Return the stamp of the policy with which the due days were counted (`domain.patron.due.calendar_stamp`)."""
    with reading(tenant.engine) as connection:
        kept: str | None = connection.scalar(select(_LIBRARY.calendar_stamp).where(_LIBRARY.agency == tenant.agency))
        return kept


def keep_stamp(tenant: Tenant, run: Run, counted: str | None) -> None:
    """Note that every due day is counted with this policy now.

    Raises:
        FenceLost: a newer run has taken over.
    """
    with writing(tenant.engine) as connection:
        hold_fence(connection, tenant, run)
        connection.execute(
            update(tables.library).where(_LIBRARY.agency == tenant.agency).values(calendar_stamp=counted)
        )


def counts(tenant: Tenant, run: Run) -> dict[str, int]:
    """Count how often each kind of event happened in a run."""
    ours = (_EVENT.agency == tenant.agency) & (_EVENT.run_id == run.id)
    wanted = select(_EVENT.kind, func.count()).where(ours).group_by(_EVENT.kind).order_by(_EVENT.kind)
    with reading(tenant.engine) as connection:
        return {kind: int(count) for kind, count in connection.execute(wanted)}
