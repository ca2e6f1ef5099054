"""Write a batch of decided changes: all of it in one transaction, or nothing (decision 20)."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, or_, select, text, update

from cprsync.domain.deciding.protection import NIGHTS_OF_DOUBT
from cprsync.domain.leaving.leaving import BEFORE_IMAGE_DAYS
from cprsync.domain.netmedia.account import identity_of
from cprsync.domain.patron.effective import municipality_in_force
from cprsync.domain.patron.override import in_force
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.patron.review import PROTECTION_DOUBTED
from cprsync.domain.person.person import SILENT
from cprsync.domain.person.status import Action
from cprsync.errors import LostCompare
from cprsync.services.ports.register import FIRST_COPY, PROTECTION_END
from cprsync.store.audit import audit
from cprsync.store.audit.older_states import Moved, note_versions
from cprsync.store.core import tables
from cprsync.store.core.bulk import append, change
from cprsync.store.core.engine import parts
from cprsync.store.netmedia.effects import payload, row_of
from cprsync.store.patrons import feed_coverage
from cprsync.store.patrons.feed_coverage import close_windows
from cprsync.store.records.links import look_again
from cprsync.store.records.numbers import renumber
from cprsync.store.reviews.review_items import ask_staff, raise_and_settle
from cprsync.store.seals.vault import REGISTER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.services.ports.patrons import Batch, Item, Touch, Write
    from cprsync.services.ports.register import FollowUp
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.tenant import Tenant

_PATRON = tables.patron.c


_ROW = tables.follow_up.c


def write_changes(connection: Connection, tenant: Tenant, run: Run, batch: Batch) -> None:
    """Write what a night and a desk both write, in the caller's transaction.

    The caller checks the fence and writes the audit.
    """
    write_records(connection, tenant, run, batch.writes)
    _touch(connection, tenant, batch.touches)
    _add_items(connection, tenant, run, batch.items)
    first_copies = [write.patron.id for write in batch.writes if Action.FIRST_COPY in write.actions]
    ask(connection, tenant, [(follow_up.patron_id, follow_up.kind) for follow_up in batch.asks])
    _answer(connection, tenant, batch.answered, first_copies)
    close_windows(connection, tenant, batch.verified)
    raise_and_settle(connection, tenant, run, batch)
    follow_doubts(connection, tenant, run, batch)


def happened_of(run: Run | None, write: Write) -> audit.Happened:
    """Return the audit entry of a write."""
    number = None if run is None else run.id
    return audit.Happened(audit.CHANGE, run=number, patron=write.patron.id, actions=_words(write.actions))


@lru_cache(maxsize=256)
def _words(actions: tuple[Action, ...]) -> tuple[str, ...]:
    """Return the stable names of actions. They are cached, because a night has few combinations of actions."""
    return tuple(action.value for action in actions)


# -- records -----------------------------------------------------------------------------------------


def write_records(connection: Connection, tenant: Tenant, run: Run, writes: Sequence[Write]) -> None:
    """Write records, their before-images and what the net media have to hold.

    Raises:
        LostCompare: a patron changed since the decision.
    """
    if not writes:
        return
    _keep_before_images(connection, tenant, run, [write.patron.id for write in writes])
    now = tenant.stamp()
    rows = [_changed(tenant, write, now) for write in writes]
    if change(connection, tables.patron, new=_CHANGED, where=("agency", "id", "version"), rows=rows) != len(writes):
        raise LostCompare("a record changed between the decision and the write")
    note_versions(connection, tenant, [_moved(write.patron) for write in writes])
    # a second kind of row in the same order; a change of address does not stop letters and does not resume them
    stopped = [_stopped(tenant, write) for write in writes if write.letters_stopped is not None or write.letters_resume]
    if stopped:
        connection.execute(_STOP_LETTERS, stopped)
    aged = [_aged(tenant, write) for write in writes if write.group is not None]
    if aged:
        connection.execute(_AGE, aged)
    due = [_due(tenant, write, run.day) for write in writes if write.rights_due]
    if due:
        connection.execute(_RIGHTS_DUE, due)
    feed_coverage.follow_deaths(connection, tenant, writes)
    renumber(connection, tenant, [write for write in writes if write.renumbered is not None])
    look_again(connection, tenant, writes)
    append(connection, tables.outbox, [_outgoing(tenant, write, now) for write in writes if _is_told(write)])


_THIS = (_PATRON.agency == bindparam("at_agency")) & (_PATRON.id == bindparam("at_id"))
_CHANGED = (
    "register_blob",
    "register_key",
    "fingerprint",
    "fingerprint_key",
    "version",
    "as_of_day",
    "as_of_source",
    "register_since",
    "municipality",
    "status_class",
    "address_index",
    "address_key",
    "protection_silent",
)
_AGE = (
    update(tables.patron)
    .where(_THIS)
    .values(patron_group=bindparam("new_group"), next_age_step=bindparam("new_next_age_step"))
)
_RIGHTS_DUE = update(tables.patron).where(_THIS).values(rights_due=bindparam("new_rights_due"))
_STOP_LETTERS = update(tables.patron).where(_THIS).values(letters_stopped=bindparam("new_letters_stopped"))


def _moved(patron: Patron) -> Moved:
    return Moved(patron.id, REGISTER, patron.version, patron.version + 1)


def _changed(tenant: Tenant, write: Write, now: str) -> tuple[Any, ...]:
    vault, patron = tenant.vault, write.patron
    version = patron.version + 1
    return (
        vault.seal(write.prepared.canonical, place=patron.id, owner=REGISTER, version=version),
        vault.seal_key,
        write.prepared.fingerprint,
        vault.fingerprint_key,
        version,
        write.as_of and write.as_of.day,
        write.as_of and write.as_of.source.value,
        now,
        *clear_columns(tenant, write.after, patron.overrides).values(),
        tenant.agency,
        patron.id,
        patron.version,
    )


def clear_columns(tenant: Tenant, person: Person, overrides: tuple[Override, ...] = ()) -> dict[str, Any]:
    """Return what a row shows of a person in clear: the last five columns that a change writes, in their order."""
    known = person.address is not SILENT
    return {
        "municipality": municipality_in_force(person, in_force(overrides, tenant.clock.today()) if overrides else {}),
        "status_class": tables.STATUS_CLASSES[person.status],
        "address_index": tenant.vault.address_index(person.address) if person.address is not SILENT else None,
        "address_key": tenant.vault.index_key if known else None,
        "protection_silent": person.protection is SILENT,
    }


def _stopped(tenant: Tenant, write: Write) -> dict[str, Any]:
    return {"at_agency": tenant.agency, "at_id": write.patron.id, "new_letters_stopped": write.letters_stopped}


def _aged(tenant: Tenant, write: Write) -> dict[str, Any]:
    return {
        "at_agency": tenant.agency,
        "at_id": write.patron.id,
        "new_group": write.group,
        "new_next_age_step": write.next_age_step,
    }


def _due(tenant: Tenant, write: Write, day: date) -> dict[str, Any]:
    return {"at_agency": tenant.agency, "at_id": write.patron.id, "new_rights_due": day}


def _keep_before_images(connection: Connection, tenant: Tenant, run: Run, ids: Sequence[str]) -> None:
    """Keep the old sealed blobs unchanged. Each opens under the version for which it was sealed."""
    image = tables.before_image
    until = run.day + timedelta(days=BEFORE_IMAGE_DAYS)
    for part in parts(ids):
        old = select(
            _PATRON.agency,
            _PATRON.id,
            _PATRON.version,
            literal(run.id, image.c.run_id.type),
            _PATRON.register_blob,
            _PATRON.register_key,
            literal(until, image.c.until_day.type),
        ).where(_PATRON.agency == tenant.agency, _PATRON.id.in_(part))
        connection.execute(insert(image).from_select([column.name for column in image.columns], old))


def _is_told(write: Write) -> bool:
    # the net media know borrowers only
    return write.patron.borrows and (write.culr is not None or _replaces(write))


def _replaces(write: Write) -> bool:
    """Return whether the new number replaces an account under an old CPR number.

    An account under a patron number is found at the time of sending.
    """
    return write.renumbered is not None and not write.patron.number.is_replacement


def _outgoing(tenant: Tenant, write: Write, now: str) -> tuple[Any, ...]:
    """Return the outbox row with what the net media have to hold.

    Without a municipality number, they keep what they held, under the new number.
    """
    patron = write.patron
    former = patron.number if _replaces(write) else None
    told = payload(identity_of(write.after.number, patron.id), write.culr, replaces=former)
    return row_of(tenant, patron.id, patron.version + 1, told, now)


def _touch(connection: Connection, tenant: Tenant, touches: Sequence[Touch]) -> None:
    """Move the as-of forward, never back. Writes no version, no audit and no before-image (decision 1)."""
    by_day: dict[AsOf, list[str]] = defaultdict(list)
    for touch in touches:
        by_day[touch.as_of].append(touch.patron_id)
    for as_of, ids in by_day.items():
        newer = _PATRON.as_of_day < as_of.day
        if as_of.source is Source.FILE:
            # on equal dates the file wins over a look-up
            same_day = (_PATRON.as_of_day == as_of.day) & (_PATRON.as_of_source == Source.LOOKUP.value)
            newer = or_(newer, same_day)
        for part in parts(ids):
            connection.execute(
                update(tables.patron)
                .where(_PATRON.agency == tenant.agency, _PATRON.id.in_(part), newer)
                .values(as_of_day=as_of.day, as_of_source=as_of.source.value)
            )


# -- the balance sheet, and what stays open --------------------------------------------------------------


def _add_items(connection: Connection, tenant: Tenant, run: Run, items: Sequence[Item]) -> None:
    append(connection, tables.run_item, [_item(tenant, run, item) for item in items])


def _item(tenant: Tenant, run: Run, item: Item) -> tuple[Any, ...]:
    return (
        tenant.agency,
        run.id,
        item.ordinal,
        item.delivery_id,
        None if item.number is None else tenant.vault.number_index(item.number),
        item.patron_id,
        item.outcome.value,
        ",".join(_words(item.actions)),
        item.reason,
    )


_ASK = text(
    "INSERT INTO follow_up (agency, patron_id, kind, since) VALUES (:agency, :patron_id, :kind, :since)"
    " ON CONFLICT DO NOTHING"
)


def ask(connection: Connection, tenant: Tenant, questions: Sequence[tuple[str, str]]) -> None:
    """Open questions to the register. Each (patron id, kind) is open at most once."""
    if questions:
        now = tenant.stamp()
        rows = [{"agency": tenant.agency, "patron_id": one, "kind": kind, "since": now} for one, kind in questions]
        connection.execute(_ASK, rows)


def _answer(connection: Connection, tenant: Tenant, answered: Sequence[FollowUp], first_copies: Sequence[str]) -> None:
    closed = [(follow_up.patron_id, follow_up.kind) for follow_up in answered]
    # a first copy answers the first-copy question, also when the look-up was made for another reason
    closed += [(patron_id, FIRST_COPY) for patron_id in first_copies]
    if closed:
        row = tables.follow_up
        this = (row.c.patron_id == bindparam("at_id")) & (row.c.kind == bindparam("at_kind"))
        statement = delete(row).where(row.c.agency == tenant.agency, this)
        connection.execute(statement, [{"at_id": one, "at_kind": kind} for one, kind in closed])


def follow_doubts(connection: Connection, tenant: Tenant, run: Run, batch: Batch) -> None:
    """Count what a batch leaves in doubt, in the caller's transaction."""
    if batch.doubted:
        ask_staff(connection, tenant, run, _count(connection, tenant, run, batch.doubted), PROTECTION_DOUBTED)


def _count(connection: Connection, tenant: Tenant, run: Run, patron_ids: Sequence[str]) -> list[str]:
    """Count one night for each of these patrons. Returns those who have reached NIGHTS_OF_DOUBT."""
    enough: list[str] = []
    for part in parts(sorted(set(patron_ids))):
        these = _open_questions(tenant) & _ROW.patron_id.in_(part)
        fresh = these & or_(_ROW.doubted_on.is_(None), _ROW.doubted_on < run.day)
        counted = {"doubted": func.coalesce(_ROW.doubted, 0) + 1, "doubted_on": run.day}
        connection.execute(update(tables.follow_up).where(fresh).values(counted))
        enough += connection.scalars(select(_ROW.patron_id).where(these, _ROW.doubted >= NIGHTS_OF_DOUBT))
    return enough


def _open_questions(tenant: Tenant) -> Any:
    return (_ROW.agency == tenant.agency) & (_ROW.kind == PROTECTION_END)
