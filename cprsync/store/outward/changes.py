"""Make numbered changes of what was written, in the transaction of the write (decision 38).

Triggers mark the patrons of whom something was written. At the end of the transaction each of them is described anew.
If other systems would now hear something else, a change with the next number is added, and an effect for each target
that is sent to. The numbers are given in the order of the commits, because the writer holds the library's row.

What was told earlier and may not be seen any more is deleted in the same transaction: the earlier changes of a patron
who is protected now, has moved away from others, or is none any more, and the effects that wait with them. A target
that has not heard one of these effects hears the newest change in its place.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import delete, exists, func, insert, select, update

from cprsync.domain.outward.record import read_record, was_patron, with_past, write_record
from cprsync.domain.outward.target import TargetKind, is_urgent, number_to_forget, outdates, view
from cprsync.domain.patron.review import TARGET_NOT_TAKEN
from cprsync.errors import SealBroken
from cprsync.services.ports.outward import FROM_THE_START, Epoch
from cprsync.store import tables
from cprsync.store.core.bulk import append
from cprsync.store.core.engine import following
from cprsync.store.core.tenant import AGENCY_IS, Transaction, hold_library
from cprsync.store.netmedia.effects import CULR, FAILED, WAITING
from cprsync.store.outward.describing import describe_patrons, neighbours_of
from cprsync.store.reviews.review_items import settle_items

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from cprsync.domain.outward.record import OutwardRecord
    from cprsync.domain.outward.target import Target
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: The kind of the audit's entry: a change that did not open was made anew.
RENEWED: Final = "change_renewed"
#: Under this owner a change is sealed.
CHANGE: Final = "change"
#: How many marked patrons one transaction describes. The rest stay marked, for the next one or the night: the desk and
#: the readers wait as long as it takes, and hold in memory what it describes.
FOLLOWED_MOST: Final = 1_000
#: How many bytes the word of an epoch has.
_WORD_BYTES: Final = 4
_MARK, _CHANGE, _OUT, _PATRON = tables.change_mark.c, tables.change.c, tables.outbox.c, tables.patron.c
_EPOCH, _TARGET = tables.change_epoch.c, tables.target.c
_HAS_TARGETS: Final = select(exists().where(_TARGET.agency == AGENCY_IS))
#: Records by patron. None: no patron, or none any more.
Described: TypeAlias = "Mapping[str, OutwardRecord | None]"
#: A patron, what was told last, and what is to be told now.
Difference: TypeAlias = "tuple[str, OutwardRecord | None, OutwardRecord | None]"
#: A difference with the number of its change.
_Numbered: TypeAlias = "tuple[int, Difference]"


def follow_marks(transaction: Transaction, after: str = FROM_THE_START) -> str | None:
    """Make changes of the marked patrons behind `after`. The caller's transaction writes them.

    Returns the last patron of a whole share; None: there is nobody behind it. One whose record does not open stays
    marked.
    """
    ours = _MARK.agency == transaction.agency
    wanted = select(_MARK.patron_id).where(ours, _MARK.patron_id > after).order_by(_MARK.patron_id)
    ids = list(transaction.scalars(wanted.limit(FOLLOWED_MOST)))
    if not ids:
        return None
    hold_library(transaction)
    left = follow_patrons(transaction, ids)
    transaction.change_rows(delete(tables.change_mark).where(ours), _MARK.patron_id, sorted(set(ids) - left))
    return ids[-1] if len(ids) == FOLLOWED_MOST else None


def follow_patrons(transaction: Transaction, ids: Collection[str]) -> set[str]:
    """Make changes of these patrons, and of those whose address their change seals or opens.

    Returns those whose record does not open: they are told of when it does.
    """
    last, unread = _open_last(transaction, ids)
    now, broken = describe_patrons(transaction, ids)
    changed = _differences(last, now, broken, unread)
    # of one whose record does not open nothing is replaced
    _write(transaction, changed, unread - broken)
    moved = [(patron_id, before, after) for patron_id, before, after in changed if _seals_differently(before, after)]
    if not moved:
        return broken
    dwellings = {record.dwelling for _, *both in moved for record in both if record is not None}
    around = neighbours_of(transaction, [patron_id for patron_id, *_ in moved], dwellings - {""})
    around_last, unread = _open_last(transaction, around)
    around_now, unopened = describe_patrons(transaction, around)
    _write(transaction, _differences(around_last, around_now, unopened, unread), unread - unopened)
    return broken


def tell_anew(transaction: Transaction, ids: Collection[str]) -> set[str]:
    """Replace every change of these patrons by one of what their record says now: one of theirs does not open.

    Each target hears it, because nobody can tell what it has heard. Returns those whose record does not open either,
    and of whom nothing is replaced.
    """
    now, broken = describe_patrons(transaction, ids)
    unread = set(ids) - broken
    _write(transaction, _differences({}, now, broken, unread), unread)
    return broken


def _differences(last: Described, now: Described, broken: Collection[str], unread: Collection[str]) -> list[Difference]:
    """Return whose record is another than the last one that was told.

    `broken`: those whose record does not open. `unread`: those whose change does not open.
    """
    found: list[Difference] = []
    for patron_id in sorted(now):
        before, after = last.get(patron_id), now[patron_id]
        if patron_id in broken:
            continue
        if after is not None:
            is_past_unknown = patron_id in unread or (before is None and patron_id in last)
            after = with_past(after, before, was_gone=is_past_unknown)
        if after == before and patron_id not in unread:
            continue
        found.append((patron_id, before, after))
    return found


def _seals_differently(before: OutwardRecord | None, after: OutwardRecord | None) -> bool:
    """Whether the addresses of those around may be sealed or opened by this change."""
    return _seals_where(before) != _seals_where(after)


def _seals_where(record: OutwardRecord | None) -> tuple[bool, str]:
    # whoever lives in a crowded dwelling counts too, so the dwelling matters also of those who are not protected
    return (False, "") if record is None else (record.protected, record.dwelling)


def _open_last(transaction: Transaction, ids: Collection[str]) -> tuple[dict[str, OutwardRecord | None], set[str]]:
    """Return what the last change of each patron told, and those whose last change does not open.

    Without a change there is no key; None: the patron was gone.
    """
    last: dict[str, OutwardRecord | None] = {}
    unread: set[str] = set()
    for row in last_changes(transaction, ids).values():
        try:
            last[row.patron_id] = open_change(transaction.tenant, row)
        except SealBroken:
            unread.add(row.patron_id)
    return last, unread


def last_changes(transaction: Transaction, ids: Collection[str]) -> dict[str, AnyRow]:
    """Return the row of the last change of each patron who has one."""
    newest = select(func.max(_CHANGE.seq)).where(_CHANGE.agency == transaction.agency).group_by(_CHANGE.patron_id)
    seqs = [row[0] for row in transaction.fetch_rows(newest, _CHANGE.patron_id, sorted(ids))]
    wanted = select(tables.change).where(_CHANGE.agency == transaction.agency)
    return {row.patron_id: row for row in transaction.fetch_rows(wanted, _CHANGE.seq, seqs)}


def open_change(tenant: Tenant, row: AnyRow) -> OutwardRecord | None:
    """Open a row of `change`. None: the patron was none any more.

    Raises:
        SealBroken: it was altered or moved.
    """
    if row.payload is None:
        return None
    plain = tenant.vault.unseal(row.payload, row.key, place=row.patron_id, owner=CHANGE, version=row.seq)
    return read_record(row.patron_id, plain)


def _write(transaction: Transaction, different: Sequence[Difference], unread: Collection[str]) -> None:
    """Number the changes, write them, and add the effects of the targets that are sent to.

    `unread`: those of whom an earlier change does not open. It is deleted, and every target hears the new one.
    """
    inhabited = _inhabited(transaction, different)
    outdated = [one for one, before, after in different if outdates(before, after, inhabited=inhabited)]
    # nobody has heard of them, so nobody is told that they are gone
    unknown = [one for one, before, after in different if before and not after and not was_patron(before)]
    owed = _delete_earlier(transaction, [*outdated, *unknown, *unread])
    changed = [one for one in different if one[0] not in unknown]
    if not changed:
        return
    first, now, vault = _take_numbers(transaction, len(changed)), transaction.stamp(), transaction.vault
    rows: list[tuple[Any, ...]] = []
    for seq, (patron_id, _, after) in enumerate(changed, first):
        sealed = None if after is None else vault.seal(write_record(after), place=patron_id, owner=CHANGE, version=seq)
        rows.append((transaction.agency, seq, patron_id, now, sealed, None if sealed is None else vault.seal_key))
    append(transaction.connection, tables.change, rows)
    known = _without_deleted(transaction, list(enumerate(changed, first)))
    live = sent_targets(transaction)
    for name in live:
        owed[name].update(dict.fromkeys(unread, True))
    queued = [row for one in live.items() for row in _effects(transaction.tenant, one, known, now, owed=owed[one[0]])]
    append(transaction.connection, tables.outbox, queued)


def _inhabited(transaction: Transaction, different: Sequence[Difference]) -> frozenset[str]:
    """Return the dwellings that one of these patrons has left and where another lives."""
    left = {
        before.dwelling
        for _, before, after in different
        if before is not None and after is not None and before.dwelling not in {"", after.dwelling}
    }
    there = select(_PATRON.address_index).where(_PATRON.agency == transaction.agency)
    found = transaction.fetch_values(there, _PATRON.address_index, [bytes.fromhex(one) for one in left])
    return frozenset(index.hex() for index in found)


def _without_deleted(transaction: Transaction, numbered: Sequence[_Numbered]) -> list[_Numbered]:
    """Leave out the patrons who have no row any more. They were erased, and nothing can wait for them."""
    gone = [patron_id for _, (patron_id, _, after) in numbered if after is None]
    ours = select(_PATRON.id).where(_PATRON.agency == transaction.agency)
    deleted = set(gone) - set(transaction.fetch_values(ours, _PATRON.id, gone)) if gone else set()
    return [one for one in numbered if one[1][0] not in deleted]


def _effects(
    tenant: Tenant,
    to: tuple[str, Target | None],
    numbered: Iterable[_Numbered],
    now: str,
    *,
    owed: Mapping[str, bool],
) -> Iterable[tuple[Any, ...]]:
    """Yield the effects for one target. `owed`: what it has not heard of these patrons is deleted, urgent or not."""
    name, target = to
    for seq, (patron_id, before, after) in numbered:
        was_urgent = owed.get(patron_id, False)
        if target is None:
            # this process does not know what the target may get: whoever sends decides
            yield effect_row(tenant, name, patron_id, seq, now, urgent=was_urgent or is_urgent(before, after))
        elif (
            (sees := view(after, target)) != view(before, target)
            or patron_id in owed
            # what was held was told to nobody: the target still has what came before it
            or (_is_held(before) and not _is_held(after))
            or (number_to_forget(after, target) is not None and number_to_forget(before, target) is None)
        ):
            urgent = was_urgent or sees is None or is_urgent(before, after)
            yield effect_row(tenant, name, patron_id, seq, now, urgent=urgent)


def _is_held(record: OutwardRecord | None) -> bool:
    return record is not None and record.held


def effect_row(  # noqa: PLR0913 -- a row of the outbox
    tenant: Tenant, target: str, patron_id: str, seq: int, now: str, *, urgent: bool
) -> tuple[Any, ...]:
    """Return a row of the outbox for a change, with a value for each of its columns."""
    return tenant.agency, target, patron_id, seq, None, None, WAITING, now, 0, None, None, urgent


def sent_targets(transaction: Transaction) -> dict[str, Target | None]:
    """Return the targets that are sent to and that the store has met, by name. Any other is told all by its load.

    None: this process has no such target, or one with other settings, because `cprsync.toml` was changed while it ran
    or after it. Without effects the target would never hear of these changes.
    """
    ours = {one.name: one for one in transaction.tenant.targets}
    wanted = select(_TARGET.name, _TARGET.kind, _TARGET.stamp).where(_TARGET.agency == transaction.agency)
    found: dict[str, Target | None] = {}
    for row in transaction.execute(wanted.order_by(_TARGET.name)):
        known = ours.get(row.name)
        is_same = known is not None and known.stamp == row.stamp
        if not TargetKind(row.kind).is_fetched:
            found[row.name] = known if is_same else None
    return found


def _delete_earlier(transaction: Transaction, ids: Collection[str]) -> defaultdict[str, dict[str, bool]]:
    """Delete the changes of these patrons and their effects: nobody may see them any more.

    Returns by target the patrons whose effects were deleted, and whether one was urgent. The target has not heard that,
    so it must hear the next. That is also tried for who was left to staff, so they need not look any more.
    """
    dropped: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    if not ids:
        return dropped
    transaction.change_rows(delete(tables.change).where(_CHANGE.agency == transaction.agency), _CHANGE.patron_id, ids)
    theirs = (_OUT.agency == transaction.agency) & (_OUT.target != CULR)
    wanted = select(_OUT.target, _OUT.patron_id, _OUT.urgent, _OUT.state).where(theirs)
    rows = transaction.fetch_rows(wanted, _OUT.patron_id, ids)
    for row in rows:
        dropped[row.target][row.patron_id] = row.urgent or dropped[row.target].get(row.patron_id, False)
    if rows:
        transaction.change_rows(delete(tables.outbox).where(theirs), _OUT.patron_id, {row.patron_id for row in rows})
    refused = sorted({row.patron_id for row in rows if row.state == FAILED})
    if refused:
        settle_items(transaction, refused, TARGET_NOT_TAKEN)
    return dropped


def _take_numbers(transaction: Transaction, count: int) -> int:
    """Take the next numbers of the changes. Returns the first. The library's row is held, so that no number is lost."""
    epoch = current_epoch(transaction)
    this = (_EPOCH.agency == transaction.agency) & (_EPOCH.number == epoch.number)
    transaction.execute(update(tables.change_epoch).where(this).values(last=_EPOCH.last + count))
    return epoch.last + 1


def current_epoch(transaction: Transaction) -> Epoch:
    """Return the epoch in which changes are numbered now. The first one is made if there is none."""
    known = epochs_of(transaction)
    return known[-1] if known else begin_epoch(transaction)


def epochs_of(transaction: Transaction) -> list[Epoch]:
    """Return the epochs, the current one last."""
    wanted = select(tables.change_epoch).where(_EPOCH.agency == transaction.agency).order_by(_EPOCH.number)
    return [Epoch(row.number, row.word, row.begins, row.last, row.forgotten) for row in transaction.execute(wanted)]


def begin_epoch(transaction: Transaction) -> Epoch:
    """Begin an epoch, in the caller's transaction, which holds the library. Every number given before stays given."""
    before = epochs_of(transaction)
    last = before[-1].last if before else 0
    number = before[-1].number + 1 if before else 1
    forgotten = before[-1].forgotten if before else 0
    made = Epoch(number, transaction.tenant.random(_WORD_BYTES).hex(), last, last, forgotten)
    values = {"agency": transaction.agency, "number": made.number, "word": made.word, "begins": last, "last": last}
    transaction.execute(insert(tables.change_epoch).values(**values, forgotten=forgotten))
    return made


def tell_everyone_again(transaction: Transaction) -> None:
    """Begin an epoch, and tell every target everything again: the database was put back from an older copy.

    What others were told since that copy is lost here. A reader who has read it begins again by itself.
    """
    if not epochs_of(transaction):
        return
    begin_epoch(transaction)
    sent = (_TARGET.agency == transaction.agency) & (_TARGET.kind != TargetKind.FEED.value)
    transaction.execute(update(tables.target).where(sent).values(loaded=FROM_THE_START))


def has_met_targets(transaction: Transaction) -> bool:
    """Whether any target was met and not forgotten. It hears of what happens, also when it is set up no more."""
    return bool(transaction.scalar(_HAS_TARGETS, {"agency_": transaction.agency}))


def forget_changes(transaction: Transaction) -> None:
    """Delete every change, because no target is left that may hear of it. The caller's transaction holds the library.

    Nobody follows the records any more, so that an erased patron would stay in the changes. A cursor from before them
    leads nowhere: who was erased after it is told to nobody.
    """
    for table in (tables.change, tables.change_mark):
        transaction.execute(delete(table).where(table.c.agency == transaction.agency))
    if epochs_of(transaction):
        last = _take_numbers(transaction, 1)
        transaction.execute(
            update(tables.change_epoch).where(_EPOCH.agency == transaction.agency).values(forgotten=last)
        )


def with_targets(tenant: Tenant, targets: tuple[Target, ...]) -> Tenant:
    """Return the tenant with these targets. Each of its transactions that writes then makes the changes at its end.

    So it is also without a target in `cprsync.toml`, until the last one that was met is forgotten: it may be put back,
    and must then hear who was erased meanwhile. A library that has no target and had none writes nothing for them.
    """
    if not targets:
        with tenant.reading() as transaction:
            if not has_met_targets(transaction):
                return tenant
    told = replace(tenant, targets=targets)
    return replace(
        told, engine=following(tenant.engine, lambda connection: follow_marks(Transaction(connection, told)))
    )
