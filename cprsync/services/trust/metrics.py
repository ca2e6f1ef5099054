"""Turns how a library stands into numbers for Prometheus. Counts nothing that `status` has counted already."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from cprsync.documents import document_of
from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.trust.metrics import Sample, with_agency
from cprsync.services.ports.trust.upkeep import UpkeepOutcome as Ended

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.services.ports.access import AttemptCounts
    from cprsync.services.ports.outward import TargetStands
    from cprsync.services.ports.trust.status import (
        DeliveriesStand,
        LibraryStatus,
        NetMediaWait,
        UpkeepStands,
        WaitingCounts,
    )
    from cprsync.services.ports.trust.upkeep import UpkeepTask

#: How CULR is called among the targets.
CULR: Final = "culr"


def samples_of(
    status: LibraryStatus,
    *,
    oldest_reviews: Mapping[str, date],
    attempts: AttemptCounts,
    keys: Mapping[str, datetime],
) -> Iterator[Sample]:
    """One library's numbers.

    Args:
        status: how it stands.
        oldest_reviews: the day on which the oldest review that waits was opened, by kind.
        attempts: what people did at the desk in the last 24 hours.
        keys: when the key that writes was made, by purpose.
    """
    return with_agency(_samples(status, oldest_reviews, attempts, keys), status.agency)


def _samples(
    status: LibraryStatus,
    oldest_reviews: Mapping[str, date],
    attempts: AttemptCounts,
    keys: Mapping[str, datetime],
) -> Iterator[Sample]:
    yield from _of_kinds("problems", Counter(one["what"] for one in status.wrong))
    yield from _of_night(status)
    yield from _of_deliveries(status.deliveries)
    yield from _of_waits(status.waits)
    opened = {kind: _day_seconds(day) for kind, day in oldest_reviews.items()}
    yield from _of_kinds("review_opened_seconds", opened)
    yield from _of_kinds("subscriptions", document_of(status.subscriptions))
    yield from _of_targets(status)
    yield from _of_certificates(status.certificates)
    yield from _of_kinds("key_made_seconds", {purpose: made.timestamp() for purpose, made in sorted(keys.items())})
    yield from _of_disks(status.disks)
    yield from _of_upkeep(status.upkeep)
    yield from _of_audit(status)
    yield from _of_kinds("desk_attempts_day", {"made": attempts.made, "refused": attempts.refused})
    yield from _of_kinds("desk_samples_waiting", {"all": status.access.samples, "overdue": status.access.overdue})


def _of_kinds(name: str, counts: Mapping[str, float]) -> Iterator[Sample]:
    return (Sample(name, value, kind=kind) for kind, value in counts.items())


def _of_night(status: LibraryStatus) -> Iterator[Sample]:
    run = status.run
    yield Sample("nights_missed", status.night.days)
    yield Sample("night_late", status.night.late)
    yield Sample("night_held", status.waits.held is not None)
    if run is None:
        return
    yield Sample("night_number", run.run)
    yield Sample("night_day_seconds", _day_seconds(run.day))
    if run.finished is None:
        return
    finished, started = (datetime.fromisoformat(end).timestamp() for end in (run.finished, run.started))
    yield Sample("night_finished_seconds", finished)
    yield Sample("night_duration_seconds", finished - started)
    if run.exit is not None:
        yield Sample("night_exit", run.exit)
    yield Sample("night_received", run.received or 0)
    yield from _of_kinds("night_numbers", {one.value: getattr(run, one.value) or 0 for one in Outcome})


def _of_deliveries(deliveries: DeliveriesStand) -> Iterator[Sample]:
    if deliveries.last is not None:
        yield Sample("delivery_produced_seconds", _day_seconds(deliveries.last))
    yield Sample("delivery_late", deliveries.late)
    yield from _of_kinds("deliveries_waiting", {"inbox": deliveries.waiting, "stopped": deliveries.stopping})


def _of_waits(waits: WaitingCounts) -> Iterator[Sample]:
    yield from _of_kinds("reviews_waiting", waits.kinds)
    yield Sample("windows_open", waits.windows)
    still = waits.provisional
    yield from _of_kinds("provisional_waiting", {"register": still.register, "staff": still.staff})


def _of_targets(status: LibraryStatus) -> Iterator[Sample]:
    """What waits for CULR and for each other target, a metric after the other."""
    waiting: dict[str, NetMediaWait | TargetStands] = {CULR: status.waits.net_media}
    for name, waits in (waiting | {one.name: one for one in status.targets}).items():
        yield Sample("outbox_waiting", waits.waiting, target=name)
        yield Sample("outbox_failed", waits.failed, target=name)
        if waits.oldest is not None:
            yield Sample("outbox_queued_seconds", waits.oldest.replace(microsecond=0).timestamp(), target=name)
    for one in status.targets:
        yield Sample("target_stopped", one.stopped is not None, target=one.name)
        yield Sample("target_set_up", one.set_up, target=one.name)


def _of_certificates(certificates: Sequence[Mapping[str, Any]]) -> Iterator[Sample]:
    first: dict[str, int] = {}
    wrong: Counter[str] = Counter()
    for one in certificates:
        whose, left = one["whose"], one.get("days_left")
        wrong[whose] += one.get("problem") is not None
        if left is not None:
            first[whose] = min(left, first.get(whose, left))
    yield from _of_kinds("certificate_days_left", first)
    yield from _of_kinds("certificate_wrong", wrong)


def _of_disks(disks: Sequence[Mapping[str, Any]]) -> Iterator[Sample]:
    for one in disks:
        if one["free"] is not None:
            yield Sample("disk_free_bytes", one["free"], kind=one["place"])
            yield Sample("disk_size_bytes", one["total"], kind=one["place"])


def _of_upkeep(upkeep: Mapping[UpkeepTask, UpkeepStands | None]) -> Iterator[Sample]:
    for task, found in upkeep.items():
        if found is None:
            continue
        yield Sample("upkeep_failed", found.last.outcome is Ended.FAILED, kind=task.value)
        if found.done is not None:
            yield Sample("upkeep_done_seconds", found.done.timestamp(), kind=task.value)


def _of_audit(status: LibraryStatus) -> Iterator[Sample]:
    audit = status.audit
    yield Sample("audit_entries", audit.entries)
    yield Sample("audit_entries_since_heads", audit.since)
    yield Sample("audit_whole", not any(one["what"] == "audit" for one in status.wrong))
    if audit.kept is not None:
        yield Sample("audit_heads_kept_seconds", datetime.fromisoformat(audit.kept).timestamp())
    if audit.followed is not None and status.run is not None and status.run.finished is not None:
        yield Sample("audit_verified_seconds", datetime.fromisoformat(status.run.finished).timestamp())


def _day_seconds(day: date) -> float:
    return datetime.combine(day, time(), tzinfo=COPENHAGEN).timestamp()
