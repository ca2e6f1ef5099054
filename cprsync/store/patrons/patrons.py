"""Patrons for the rules of the night: found and recognised, and written by the batch (decision 20).

A batch of decided changes is one transaction: all of it is written, or nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, func, insert, or_, select, text, update

from cprsync.domain.deciding.protection import NIGHTS_OF_DOUBT
from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.leaving.leaving import BEFORE_IMAGE_DAYS
from cprsync.domain.netmedia.account import identity_of
from cprsync.domain.patron.override import in_force, municipality_in_force
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.patron.review import PROTECTION_DOUBTED
from cprsync.domain.person.person import SILENT, merge, speaks_for_all
from cprsync.domain.person.status import Action
from cprsync.errors import LostCompare
from cprsync.services.ports.patrons import Batch, Equal, NotOurs, Patrons, Prepared
from cprsync.services.ports.register import FIRST_COPY, PROTECTION_END, PROTECTION_QUESTIONS, PROTECTION_SILENT
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.binding import PROTECTED, QUESTION, bind, find_keys
from cprsync.store.audit.older_states import IMAGE_COLUMNS, Moved, note_versions
from cprsync.store.core import bulk
from cprsync.store.core.bulk import append, change
from cprsync.store.core.engine import IN_MAX, at_one_moment, parts
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, run_transaction, set_run_values
from cprsync.store.netmedia.effects import payload, row_of
from cprsync.store.patrons.finding import is_found_alike, keep_keys
from cprsync.store.patrons.provisional import settle_provisional
from cprsync.store.patrons.windows import close_windows, count_harms
from cprsync.store.records import links
from cprsync.store.records.links import look_tonight
from cprsync.store.records.numbers import follow_deaths, old_numbers, renumber
from cprsync.store.records.records import (
    CHANGE_PATRONS,
    IS_EMPTIED,
    LIVE,
    PatronRow,
    as_of_from_row,
    from_row,
    open_patrons,
    overrides_of,
    prepare,
)
from cprsync.store.reviews.review_items import ask_staff, write_reviews
from cprsync.store.seals.vault import REGISTER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date

    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.services.ports.patrons import Item, Recognised, Touch, Write
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: In the same words as the partial indexes of these rows. SQLite would not use them with a bound value.
_IS_SILENT: Final = text("patron.protection_silent")
_IS_MERGED: Final = text(f"patron.status_class = '{tables.MERGED}'")
#: Those with nothing left in their records, in the same words as `IS_EMPTIED`.
_EMPTIED: Final = f"standing <> 'active' AND status_class IN ({', '.join(repr(one) for one in tables.EMPTIED)})"
_PATRON, _ASKED = tables.patron.c, tables.follow_up.c
_WITH_NUMBER: Final = select(_PATRON.id).where(
    _PATRON.agency == AGENCY_IS, _PATRON.number_index.in_(bindparam("probes_", expanding=True))
)
_IMAGE: Final = tables.before_image
_KEEP_IMAGES: Final = (
    insert(_IMAGE)
    .from_select(
        [column.name for column in _IMAGE.columns],
        select(
            *(_PATRON.agency, _PATRON.id, _PATRON.version, bindparam("run_", type_=_IMAGE.c.run_id.type)),
            *(_PATRON.register_blob, _PATRON.register_key, bindparam("until_", type_=_IMAGE.c.until_day.type)),
            *(_PATRON.as_of_day, _PATRON.as_of_source, _PATRON.letters_stopped),
        ).where(_PATRON.agency == AGENCY_IS, _PATRON.id.in_(bindparam("ids_", expanding=True))),
    )
    .returning(*IMAGE_COLUMNS)
)
#: The columns that each write changes, in the order of `_changed`.
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
_ASK = text(
    "INSERT INTO follow_up (agency, patron_id, kind, since) VALUES (:agency, :patron_id, :kind, :since)"
    " ON CONFLICT DO NOTHING"
)
_ANSWERED = delete(tables.follow_up).where(
    _ASKED.agency == bindparam("at_agency"),
    _ASKED.patron_id == bindparam("at_id"),
    _ASKED.kind == bindparam("at_kind"),
)
_EVERYONE: Final = select(func.count()).where(_PATRON.agency == AGENCY_IS)
#: Each counted by an index alone, because the rows hold the sealed records.
_COUNT: Final = select(
    _EVERYONE.scalar_subquery()
    - _EVERYONE.where(_IS_MERGED).scalar_subquery()
    - _EVERYONE.where(*IS_EMPTIED).scalar_subquery()
)
_COUNT_SILENT: Final = _EVERYONE.where(
    _IS_SILENT,
    _PATRON.status_class.not_in(tables.GONE),
    # written so that SQLite uses the partial index of the silent rows, and no other
    _PATRON.real_number.is_not(False),
)
_CORRECTED: Final = tables.override.c
_OVERRIDDEN: Final = (
    select(_CORRECTED.patron_id)
    .where(_CORRECTED.agency == AGENCY_IS, _CORRECTED.state == LIVE)
    .distinct()
    .order_by(_CORRECTED.patron_id)
)


class SqlPatrons(TenantStore, Patrons):
    """The records of all patrons, recognised, read and written."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(tenant)
        #: the persons who were recognised last, by number: the bytes that were compared are the bytes that are sealed
        self._encoded: dict[str, tuple[Person, Prepared]] = {}

    def count(self) -> int:
        with self._tenant.reading() as transaction:
            return transaction.scalar(_COUNT, {"agency_": transaction.agency}) or 0

    def count_silent(self) -> int:
        with self._tenant.reading() as transaction:
            return transaction.scalar(_COUNT_SILENT, {"agency_": transaction.agency}) or 0

    def recognise(self, persons: Sequence[Person]) -> list[Recognised]:
        found: list[Recognised] = []
        self._encoded = {}
        with self._tenant.reading() as transaction:
            for part in parts(persons, IN_MAX // transaction.vault.index_keys):
                found += self._recognise_part(transaction, part)
        return found

    def read(self, ids: Sequence[str]) -> list[Patron]:
        found: dict[str, Patron] = {}
        with self._tenant.reading() as transaction:
            for part in parts(ids):
                rows = list(_rows(transaction, "id", part, but=_EMPTIED))
                found |= {patron.id: patron for patron in open_patrons(transaction, rows)}
        return [found[one] for one in ids if one in found]

    def old_numbers(self, numbers: Sequence[CprNumber]) -> dict[CprNumber, str]:
        with self._tenant.reading() as transaction:
            return old_numbers(transaction, numbers)

    def _recognise_part(self, transaction: Transaction, persons: Sequence[Person]) -> Iterator[Recognised]:
        probes = [transaction.vault.probes("number", person.number.digits) for person in persons]
        wanted = [index for indexes in probes for index in indexes]
        by_index = {row.number_index: row for row in _rows(transaction, "number_index", wanted)}
        corrected = overrides_of(transaction, by_index.values())
        for indexes, person in zip(probes, persons, strict=True):
            row = next((by_index[index] for index in indexes if index in by_index), None)
            yield NotOurs() if row is None else self._recognised(row, person, corrected.get(row.id, ()))

    def _recognised(self, row: PatronRow, person: Person, corrected: tuple[Override, ...]) -> Recognised:
        as_of = as_of_from_row(row)
        # A patron with stopped letters is decided even if the record is equal: that may let the letters go again. So is
        # a patron with a replaced number: news under that number verifies the patron.
        is_decided_on = row.letters_stopped is not None or row.unverified_why == WindowReason.NUMBER_REPLACED.value
        # of a held patron, not even the day moves
        is_decided_on = is_decided_on or row.held_by is not None
        if as_of is not None and not is_decided_on and self._is_equal(row, person):
            return Equal(row.id, row.version, as_of)
        return from_row(self._tenant.vault, row, corrected)

    def _is_equal(self, row: PatronRow, person: Person) -> bool:
        # A fingerprint of another key or another mapping cannot be compared: open the record and compare.
        if row.fingerprint_key != self._tenant.vault.fingerprint_key or not speaks_for_all(person):
            return False
        # The person speaks for all groups. A merge with any stored record then equals the merge with itself: the person
        # unchanged, except for a foreign address that has no meaning for the status.
        after = merge(person, person)
        prepared = prepare(self._tenant.vault, after)
        self._encoded[after.number.digits] = after, prepared
        return prepared.fingerprint == row.fingerprint

    def prepare(self, after: Person) -> Prepared:
        # what was encoded to compare is used again only for that very object
        person, prepared = self._encoded.get(after.number.digits, (None, None))
        return prepared if person is after and prepared is not None else prepare(self._tenant.vault, after)

    def write(self, run: Run | None, batch: Batch) -> None:
        with run_transaction(self._tenant, run) as transaction:
            write_changes(transaction, run or self._tenant.no_run, batch)
            happened = [happened_of(run, write) for write in batch.writes]
            audit.append(transaction, self._tenant.night, happened)
            if batch.harms:
                count_harms(transaction, batch.harms)
            if run is not None and batch.checkpoint is not None:
                set_run_values(transaction, run, checkpoint=batch.checkpoint)

    def overridden(self) -> list[str]:
        with self._tenant.reading() as transaction:
            return list(transaction.scalars(_OVERRIDDEN, {"agency_": transaction.agency}))

    def sealed_among(self, ids: Collection[str], *, silent_is_sealed: bool) -> set[str]:
        with self._tenant.reading() as transaction:
            found = links.others(transaction, ids)
        return {one for one, other in found.items() if other.is_sealed(silent_is_sealed=silent_is_sealed)}

    def find(self, number: CprNumber) -> str | None:
        asked = {"agency_": self._tenant.agency, "probes_": self._tenant.vault.probes("number", number.digits)}
        with self._tenant.reading() as transaction:
            found: str | None = transaction.scalar(_WITH_NUMBER, asked)
            return found or old_numbers(transaction, [number]).get(number)

    def with_number(self, number: CprNumber) -> Patron | None:
        with at_one_moment(self._tenant.engine):
            found = self.find(number)
            return None if found is None else next(iter(self.read([found])), None)


def _rows(transaction: Transaction, by: str, values: Sequence[object], *, but: str = "") -> Iterator[PatronRow]:
    found = bulk.find_rows(
        transaction.connection,
        tables.patron,
        columns=PatronRow._fields,
        by=by,
        values=values,
        agency=transaction.agency,
        but=but,
    )
    return map(PatronRow._make, found)


def write_changes(transaction: Transaction, run: Run, batch: Batch) -> None:
    """Write what a night and a desk both write, in the caller's transaction.

    The caller checks the fence and writes the audit.
    """
    write_records(transaction, run, batch.writes)
    _move_as_of(transaction, batch.touches)
    note_protections(transaction, batch.told)
    append(transaction.connection, tables.run_item, [_item(transaction.tenant, run, item) for item in batch.items])
    ask(transaction, [(one.patron_id, one.kind) for one in batch.asks])
    answered = [(one.patron_id, one.kind) for one in batch.answered]
    # a first copy answers the first-copy question, also when the look-up was made for another reason
    answered += [(write.patron.id, FIRST_COPY) for write in batch.writes if Action.FIRST_COPY in write.actions]
    # what answers whether a protection has ended, as told, also answers whether it has though nobody told
    answered += [(one, PROTECTION_SILENT) for one, kind in answered if kind == PROTECTION_END]
    close_questions(transaction, answered)
    close_windows(transaction, batch.verified)
    news = batch.review_news()
    news = replace(news, asked=[*news.asked, *settle_provisional(transaction, batch.heard)])
    named = {(one.patron_id, one.kind): one for one in batch.named}
    write_reviews(transaction, run, news, named)
    if batch.denied:
        _ask_tomorrow(transaction, run, batch.denied)
    if batch.doubted:
        enough = _count_doubts(transaction, run, batch.doubted)
        ask_staff(transaction, run, enough, PROTECTION_DOUBTED)


def happened_of(run: Run | None, write: Write) -> audit.Happened:
    """Return the audit entry of a write."""
    return audit.Happened(audit.CHANGE, run=run, patron=write.patron.id, actions=_words(write.actions))


@lru_cache(maxsize=256)
def _words(actions: tuple[Action, ...]) -> tuple[str, ...]:
    """Return the stable names of actions. They are cached, because a night has few combinations of actions."""
    return tuple(action.value for action in actions)


def write_records(transaction: Transaction, run: Run, writes: Sequence[Write]) -> None:
    """Write records, their before-images and what the net media have to hold.

    Raises:
        LostCompare: a patron changed since the decision.
    """
    if not writes:
        return
    kept = _keep_before_images(transaction, run, [write.patron.id for write in writes])
    now = transaction.stamp()
    rows = [_changed(transaction.tenant, write, now) for write in writes]
    if change(transaction.connection, tables.patron, new=_CHANGED, where=("agency", "id", "version"), rows=rows) != len(
        writes
    ):
        raise LostCompare("a record changed between the decision and the write")
    keep_keys(transaction, [write.patron.id for write in writes if is_found_alike(write.patron.register, write.after)])
    versions = ((write.patron.id, write.patron.version) for write in writes)
    moved = [Moved(one, REGISTER, version, version + 1) for one, version in versions]
    note_versions(transaction, moved, kept=kept)
    # a change of address does not stop letters and does not resume them
    letters = [write for write in writes if write.letters_stopped is not None or write.letters_resume]
    rows = [(write.letters_stopped, transaction.agency, write.patron.id) for write in letters]
    change(transaction.connection, tables.patron, new=("letters_stopped",), where=("agency", "id"), rows=rows)
    aged = [write for write in writes if write.group is not None]
    rows = [(write.group, write.next_age_step, transaction.agency, write.patron.id) for write in aged]
    change(
        transaction.connection, tables.patron, new=("patron_group", "next_age_step"), where=("agency", "id"), rows=rows
    )
    due = [write.patron.id for write in writes if write.rights_due]
    transaction.change_rows(CHANGE_PATRONS, _PATRON.id, due, agency_=transaction.agency, rights_due=run.day)
    follow_deaths(transaction, writes)
    renumber(transaction, [write for write in writes if write.renumbered is not None])
    look_tonight(transaction, [write.patron.id for write in writes if write.moves_day_of_age])
    append(
        transaction.connection,
        tables.outbox,
        [_outgoing(transaction.tenant, write, now) for write in writes if write.is_published],
    )


def _changed(tenant: Tenant, write: Write, now: str) -> tuple[Any, ...]:
    vault, patron = tenant.vault, write.patron
    version = patron.version + 1
    return (
        vault.seal(write.prepared.canonical, place=patron.id, owner=REGISTER, version=version),
        vault.seal_key,
        write.prepared.fingerprint,
        # a key that began to write since the record was encoded did not make it
        write.prepared.key,
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
    at = person.address
    return {
        "municipality": municipality_in_force(person, in_force(overrides, tenant.clock.today()) if overrides else {}),
        "status_class": tables.STATUS_CLASSES[person.status],
        "address_index": None if at is SILENT else tenant.vault.address_index(at),
        "address_key": None if at is SILENT else tenant.vault.index_key,
        "protection_silent": person.protection is SILENT,
    }


def _keep_before_images(transaction: Transaction, run: Run, ids: Sequence[str]) -> list[AnyRow]:
    """Keep the old sealed blobs unchanged. Each opens under the version for which it was sealed. Returns them."""
    until = run.day + timedelta(days=BEFORE_IMAGE_DAYS)
    values = {"agency_": transaction.agency, "run_": run.id, "until_": until}
    return [row for part in parts(ids) for row in transaction.execute(_KEEP_IMAGES, {**values, "ids_": part})]


def _outgoing(tenant: Tenant, write: Write, now: str) -> tuple[Any, ...]:
    """Return the outbox row with what the net media have to hold.

    Without a municipality number, they keep what they held, under the new number.
    """
    patron = write.patron
    former = patron.number if write.replaces_account else None
    told = payload(identity_of(write.after.number, patron.id), write.culr, replaces=former)
    return row_of(tenant, patron.id, patron.version + 1, told, now)


def _move_as_of(transaction: Transaction, touches: Sequence[Touch]) -> None:
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
        older = update(tables.patron).where(_PATRON.agency == transaction.agency, newer)
        moved = older.values(as_of_day=as_of.day, as_of_source=as_of.source.value)
        transaction.change_rows(moved, _PATRON.id, ids)


def note_protections(transaction: Transaction, told: Sequence[tuple[str, date]]) -> None:
    """Keep the day of the last delivery that told of each patron's protection (decision 43). It moves forward only."""
    for day in {day for _, day in told}:
        newer = or_(_PATRON.protected_on.is_(None), _PATRON.protected_on < day)
        later = select(_PATRON.id).where(_PATRON.agency == transaction.agency, newer)
        ids = transaction.fetch_values(later, _PATRON.id, {one for one, on in told if on == day})
        moved = update(tables.patron).where(_PATRON.agency == transaction.agency).values(protected_on=day)
        transaction.change_rows(moved, _PATRON.id, ids)
        bind(transaction, PROTECTED, {one: one for one in ids})


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


def ask(transaction: Transaction, questions: Sequence[tuple[str, str]]) -> None:
    """Open questions to the register. Each (patron id, kind) is open at most once."""
    if questions:
        now = transaction.stamp()
        rows = [{"agency": transaction.agency, "patron_id": one, "kind": kind, "since": now} for one, kind in questions]
        transaction.execute(_ASK, rows)
        there = find_keys(transaction, QUESTION, {one for one, _ in questions})
        bind(transaction, QUESTION, {one: there[one] for one in questions if one in there})


def close_questions(transaction: Transaction, questions: Sequence[tuple[str, str]]) -> None:
    """Close these questions to the register, if they are open."""
    if questions:
        there = find_keys(transaction, QUESTION, {one for one, _ in questions})
        closed = [{"at_agency": transaction.agency, "at_id": one, "at_kind": kind} for one, kind in questions]
        transaction.execute(_ANSWERED, closed)
        bind(transaction, QUESTION, {one: there[one] for one in questions if one in there})


def _ask_tomorrow(transaction: Transaction, run: Run, patron_ids: Sequence[str]) -> None:
    """Leave these questions about a protection until another day: today the register has answered without doubt."""
    theirs = (_ASKED.agency == transaction.agency) & (_ASKED.kind == PROTECTION_END)
    answered = update(tables.follow_up).where(theirs).values(doubted=None, doubted_on=run.day)
    transaction.change_rows(answered, _ASKED.patron_id, sorted(set(patron_ids)))


def _count_doubts(transaction: Transaction, run: Run, patron_ids: Sequence[str]) -> list[str]:
    """Count one night of doubt for each of these patrons. Returns those who have reached NIGHTS_OF_DOUBT."""
    ids = sorted(set(patron_ids))
    theirs = (_ASKED.agency == transaction.agency) & _ASKED.kind.in_(PROTECTION_QUESTIONS)
    fresh = theirs & or_(_ASKED.doubted_on.is_(None), _ASKED.doubted_on < run.day)
    counted = {"doubted": func.coalesce(_ASKED.doubted, 0) + 1, "doubted_on": run.day}
    transaction.change_rows(update(tables.follow_up).where(fresh).values(counted), _ASKED.patron_id, ids)
    enough = select(_ASKED.patron_id).where(theirs, _ASKED.doubted >= NIGHTS_OF_DOUBT)
    return sorted(set(transaction.fetch_values(enough, _ASKED.patron_id, ids)))
