"""Says on one screen how a library stands, and what somebody has to look after. Quick for any number of patrons.

Counts along indexes, and opens no record. Whether everything can be reached is asked elsewhere (`doctor`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from cprsync.documents import document_of
from cprsync.domain.feed.delivery import COPENHAGEN, find_missing_day, working_day_after
from cprsync.domain.patron.provisional import is_late
from cprsync.domain.trust.backup import AHEAD_MOST
from cprsync.errors import Exit
from cprsync.services.night.approving import list_waiting
from cprsync.services.outward.targets import WAITS_MOST, find_targets, wrong_targets
from cprsync.services.ports.runs import WELL, ExceededLimit, RunState, moment_document
from cprsync.services.ports.trust.status import (
    HEADS_GROW,
    AlarmsStand,
    AuditStands,
    DeliveriesStand,
    FollowedAudit,
    HeadsStand,
    LastTry,
    LibraryStatus,
    NetMediaWait,
    NightDue,
    NotedKey,
    SilentChannel,
    UpkeepStands,
    UsedQuota,
    WaitingCounts,
)
from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.services.ports.access import Alarms
    from cprsync.services.ports.runs import ListedRun, WaitingPlan
    from cprsync.services.ports.store import Store
    from cprsync.services.ports.trust.alarms import AlarmLog

#: Levels of a certificate that someone must act on.
ALARMING: Final = frozenset({"critical", "warn"})
#: The level of a counterpart's certificate that was not shown: it did not answer at once, or only the service has our
#: key.
NOT_SHOWN: Final = "unknown"
#: By then all times of the timer have passed, and the day's night has run.
NIGHT_HOUR: Final = time(12, 15)
#: With less free space than this, a night may not end.
FREE_LEAST: Final = 1024**3
#: What is wrong with the alarms themselves: no alarm can tell it.
ALARMS: Final = "alarms"
#: A held undo needs somebody for so long after it was asked for.
UNDO_MOST: Final = timedelta(days=7)
#: How old the last backup, and the last drill, may be.
BACKUP_MOST: Final = timedelta(hours=50)
DRILL_MOST: Final = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Around:
    """What a library's status tells beside its store."""

    agency: str
    name: str
    now: datetime
    certificates: Sequence[Mapping[str, Any]] = ()
    #: `place` (store, heads or journal), and `free` and `total` in bytes; None: the disk is another machine's
    disks: Sequence[Mapping[str, Any]] = ()
    #: the persons are real: a library without a backup is an alarm
    is_production: bool = False
    #: `[library.culr]` is there
    has_net_media: bool = True
    #: about how many patrons in a window the register may be asked a day
    windows_a_day: int = 0
    #: the channels of alarms that are set up
    channels: Sequence[str] = ()
    heads: HeadsStand = HEADS_GROW


#: What stops a night whose delivery has not come: it may still come, and a later run takes it.
LATE: Final = "delivery.late"
#: What stops a night because a file has not come whole: a later run takes it, or the platform sends it again.
UNFINISHED: Final = "delivery.unfinished"
#: What stops a night because a delivery before the one at hand is missing.
GAP: Final = "delivery.gap"
#: What stops a night because another delivery of the day came before.
REPLACED: Final = "delivery.replaced"
#: What the next run of the day does that one could not: it tells others what waits, and fetches the delivery.
_DONE_LATER: Final = ("netmedia.", "target.", "sftp.", UNFINISHED)
#: How far back the last night is looked for, behind runs that undo others.
_RUNS_MOST: Final = 20


def status_of(store: Store, around: Around) -> LibraryStatus:
    """Look at one library."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        # reads a row of each patron, while this thread reads the rest
        coverage = beside.submit(store.subscriptions.coverage)
        nights = find_nights(store)
        run = next(iter(nights), None)
        status = LibraryStatus(
            agency=around.agency,
            name=around.name,
            at=around.now,
            run=run,
            night=night_of(run, around.now),
            deliveries=find_deliveries(store, around.now),
            waits=_find_waiting(store, nights, around),
            plans=list_waiting(store, around.now),
            targets=find_targets(store),
            subscriptions=coverage.result(),
            audit=_look_at_audit(store, run),
            heads=around.heads,
            access=store.access.alarms(),
            certificates=around.certificates,
            keys=tuple(NotedKey(purpose, key) for purpose, key in sorted(store.audit.noted_keys())),
            rotations=tuple(store.keys.unfinished()),
            disks=around.disks,
            alarms=AlarmsStand(find_undelivered(store.alarms, around.channels)),
            upkeep={task: _find_upkeep(store, task) for task in (UpkeepTask.BACKUP, UpkeepTask.DRILL)},
        )
    wrong = list(find_wrong(status))
    if around.is_production:
        wrong += _never_done(status)
    return replace(status, ok=not wrong, wrong=wrong)


def find_nights(store: Store) -> list[ListedRun]:
    """The last nights, the latest first. A run that undoes another one is none."""
    return [one for one in store.runs.list_runs(most=_RUNS_MOST) if one.reverts is None]


def night_of(run: ListedRun | None, now: datetime) -> NightDue:
    """Find out whether a night is late, or was missed."""
    local = now.astimezone(COPENHAGEN)
    today = local.date()
    due = today if local.time() >= NIGHT_HOUR else today - timedelta(days=1)
    first = None if run is None else run.day + timedelta(days=1)
    lacks = first is not None and first <= due
    # while the day lasts, its night may still run
    missed = first if lacks and first != today else None
    return NightDue(due, lacks and missed is None, missed, (due - missed).days + 1 if missed else 0)


def find_deliveries(store: Store, now: datetime) -> DeliveriesStand:
    """The last delivery that was taken, the one that is due, and the first day whose delivery is missing."""
    last, due = store.inbox.last_produced(), store.inbox.last_loaded(now)
    # what came before its day waits for no night: the night that found it has told what to do
    waiting = [one for one in store.inbox.waiting() if one.refused is None]
    if last is None:
        missing = None if waiting else _first_missing(store, due)
    else:
        # a held night leaves its deliveries in the inbox: they have come, and nobody looks for them at the platform
        here = [(one.header, one.accepted) for one in waiting if one.header is not None]
        missing = find_missing_day(last, due, here)
    stopping = len(store.stopped_deliveries.stopping())
    return DeliveriesStand(last, due, missing is not None, missing, len(waiting), stopping)


def _first_missing(store: Store, due: date) -> date | None:
    """The day of the very first delivery, if it should be here: the one after the first night that subscribed."""
    # the rows of the subscriptions say it too, but they are read for seconds where there are half a million
    since = store.runs.first_day()
    first = None if since is None else working_day_after(since)
    return None if first is None or first > due else first


def _find_waiting(store: Store, nights: Sequence[ListedRun], around: Around) -> WaitingCounts:
    reviews, backlog = store.reviews.waiting(), store.outbox.backlog()
    last = next(iter(nights), None)
    windows = store.windows.count()
    return WaitingCounts(
        reviews=sum(reviews.values()),
        kinds=dict(reviews),
        held=last.run if last is not None and last.state == RunState.HELD.value else None,
        parked=0 if last is None else last.parked or 0,
        windows=windows,
        windows_today=UsedQuota(store.windows.asked_today().asked, around.windows_a_day),
        windows_brake=_windows_brake(store, nights) if windows else (),
        undone=store.reverting.held(),
        undoing=tuple(store.reverting.half_done()),
        net_media=NetMediaWait(backlog.waiting, backlog.failed, backlog.oldest, around.has_net_media),
        provisional=store.provisional.waiting(),
    )


def _windows_brake(store: Store, nights: Sequence[ListedRun]) -> tuple[ExceededLimit, ...]:
    """The limits behind which answers about unverified patrons wait.

    A later run of a day may ask nobody, because the day's quota is used. So the last run of the day that asked counts.
    """
    for night in nights:
        if night.day != nights[0].day:
            break
        # an unfinished run has no report
        windows = (store.runs.document(night.run) or {}).get("windows")
        if windows is not None and windows["asked"]:
            return tuple(ExceededLimit(one["class"], one["count"], one["limit"]) for one in windows["brake"])
    return ()


def _look_at_audit(store: Store, run: ListedRun | None) -> AuditStands:
    """How the audit's ends stand, and what the last night found that followed all of it."""
    glance = store.audit.glance()
    report = store.runs.document(run.run) if run is not None and run.finished is not None else None
    found = (report or {}).get("audit")
    followed = None
    if run is not None and run.finished is not None and found is not None:
        # what was found is over once somebody has accepted it
        # (at the same moment: the clock of a mock stands still)
        is_over = glance.accepted is not None and glance.accepted >= run.finished
        followed = FollowedAudit(run.run, found["whole"], is_over and not found["whole"])
    return AuditStands(
        not glance.problems,
        glance.entries,
        glance.streams,
        glance.code,
        glance.kept,
        glance.since,
        tuple(glance.document()["problems"]),
        followed,
    )


def find_undelivered(log: AlarmLog, channels: Sequence[str]) -> tuple[SilentChannel, ...]:
    """The channels of alarms whose last delivery did not go well, of those that are set up."""
    found = (one for one in log.undelivered() if one.channel in channels)
    return tuple(SilentChannel(one.channel, one.count, one.why) for one in found)


def _find_upkeep(store: Store, task: UpkeepTask) -> UpkeepStands | None:
    """When it was last done well, and whether a later try failed. None: it was never tried."""
    last, done = store.upkeep.last(task), store.upkeep.last(task, UpkeepOutcome.DONE, UpkeepOutcome.PART)
    return None if last is None else UpkeepStands(LastTry(last.at, last.outcome), None if done is None else done.at)


# -- what is wrong ------------------------------------------------------------------------------------------


def find_wrong(status: LibraryStatus) -> Iterator[dict[str, Any]]:
    """What somebody has to look after, the most urgent first."""
    now = status.at
    certificates = list(_wrong_certificates(status.certificates))
    yield from _wrong_plans(status.plans, now)
    # without a certificate no night begins, and what it would have taken is late
    yield from (one for one in certificates if one["problem"] is not None)
    of_audit = list(_wrong_audit(status.audit))
    of_run = [one for one in _wrong_run(status, now) if not (of_audit and _is_of_audit(one))]
    yield from of_run
    yield from ({"what": "open_undo", **document_of(one)} for one in status.waits.undoing)
    yield from _wrong_nights(status, is_told=any("day" in one for one in of_run))
    yield from wrong_targets(status.targets, now)
    yield from _wrong_waits(status.waits, now)
    yield from of_audit
    if status.heads.problem is not None:
        yield {"what": "heads", **document_of(status.heads)}
    yield from _wrong_access(status.access)
    yield from (one for one in certificates if one["problem"] is None)
    for one in status.rotations:
        since = moment_document(one.since)
        yield {"what": "rotation", "purpose": one.purpose, "since": since, "left": one.left, "rows": one.rows}
    yield from _wrong_disks(status.disks)
    yield from _wrong_upkeep(status.upkeep, now)
    yield from ({"what": ALARMS, **document_of(one)} for one in status.alarms.undelivered)


def _wrong_plans(plans: Sequence[WaitingPlan], now: datetime) -> Iterator[dict[str, Any]]:
    """Each held plan: who still has to approve it, or (`missing` 0) that somebody has to have it written in time."""
    for one in plans:
        if one.undoes is not None and one.missing and one.since < now - UNDO_MOST:
            # it waits, and nobody asks for it any more
            continue
        counts = {"run": one.run, "undoes": one.undoes, "missing": one.missing, "classes": list(one.classes)}
        yield {"what": "plan", **counts, "since": moment_document(one.since), "until": moment_document(one.until)}


def _wrong_run(status: LibraryStatus, now: datetime) -> Iterator[dict[str, Any]]:
    run, is_late = status.run, status.deliveries.late
    waits_for = {LATE, UNFINISHED} if _is_due_unfinished(status) else {LATE}
    if run is None:
        yield {"what": "no_run"}
    elif run.error == REPLACED:
        # also beside a held plan: the new one may be the correction that was asked for
        yield {"what": "replaced", "run": run.run}
    elif any(run.run == one.run for one in status.plans) or (is_late and run.error in waits_for):
        # its plan, or the delivery that it waits for, says more
        return
    elif run.finished is None:
        yield {"what": "open_run", "run": run.run}
    elif run.exit not in WELL and not _is_done_later(run, now):
        # the file of this day may be lost: whoever is woken has to know which one to ask for
        by_delivery = is_late and str(run.error).startswith("delivery.")
        missing = status.deliveries.missing
        lost = {"day": missing and missing.isoformat()} if by_delivery else {}
        yield {"what": "run", "exit": run.exit, "error": run.error, "run": run.run, **lost}


def _is_of_audit(problem: Mapping[str, Any]) -> bool:
    """Whether a night is wrong only because of the audit, which is told as long as nobody has accepted it."""
    return str(problem.get("error")).startswith("audit.")


def _is_due_unfinished(status: LibraryStatus) -> bool:
    """Whether the file that has not come whole is that of the day that is due: no other day is missing."""
    deliveries, run = status.deliveries, status.run
    is_only = deliveries.late and deliveries.missing == deliveries.due
    return is_only and run is not None and run.error == UNFINISHED


def _is_done_later(run: ListedRun, now: datetime) -> bool:
    """Whether a run is done but for what others did not hear or had not delivered, and a later run of its day tries.

    The last one is over by 12:15: a new protection that waits then waits for another day.
    """
    ends = datetime.combine(run.day, NIGHT_HOUR, COPENHAGEN)
    return run.exit == Exit.LATER and str(run.error).startswith(_DONE_LATER) and now < ends


def _wrong_nights(status: LibraryStatus, *, is_told: bool) -> Iterator[dict[str, Any]]:
    """What did not come. `is_told`: the last night, which a delivery stopped, names the day that is missing."""
    night, deliveries = status.night, status.deliveries
    if night.missed is not None:
        yield {"what": "night_missed", "day": night.missed.isoformat(), "count": night.days}
    elif night.late:
        yield {"what": "night_late", "day": night.due.isoformat()}
    if deliveries.missing is not None:
        told = {"never": deliveries.last is None, "unfinished": _is_due_unfinished(status), "within": is_told}
        told = {name: value for name, value in told.items() if value}
        yield {"what": "late", "due": deliveries.due.isoformat(), "day": deliveries.missing.isoformat(), **told}


def _wrong_waits(waits: WaitingCounts, now: datetime) -> Iterator[dict[str, Any]]:
    net_media, provisional = waits.net_media, waits.provisional
    if waits.windows_brake:
        yield {"what": "windows", "count": waits.windows, "classes": [one.class_ for one in waits.windows_brake]}
    if net_media.failed:
        yield {"what": "failed", "failed": net_media.failed}
    if not net_media.set_up and net_media.waiting:
        yield {"what": "culr_missing", "count": net_media.waiting}
    elif net_media.oldest is not None and net_media.oldest < now - WAITS_MOST:
        yield {"what": "old", "oldest": moment_document(net_media.oldest)}
    if provisional.oldest is not None and is_late(provisional.oldest, now):
        yield {"what": "unheard", "oldest": moment_document(provisional.oldest), "count": provisional.register}


def _wrong_audit(audit: AuditStands) -> Iterator[dict[str, Any]]:
    followed = audit.followed
    if not audit.whole or (followed is not None and not (followed.whole or followed.accepted)):
        yield {"what": "audit"}


def _wrong_access(access: Alarms) -> Iterator[dict[str, Any]]:
    for what, users in (("stopped", access.stopped), ("capped", access.capped)):
        if users:
            yield {"what": what, "users": ", ".join(users)}
    for door in ("page", "machines"):
        if door in access.guessing:
            yield {"what": f"guessing_{door}"}
    if access.overdue > 0:
        yield {"what": "overdue", "count": access.overdue}


def _wrong_certificates(certificates: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in certificates:
        if is_alarming(one):
            named = {key: one.get(key) for key in ("whose", "host", "step", "problem", "problem_da", "kind")}
            yield {"what": "certificate", **named, "count": one.get("days_left")}


def is_alarming(certificate: Mapping[str, Any]) -> bool:
    """Whether somebody has to see to a certificate. A missing list of revoked ones is not urgent: each run warns."""
    unlisted = certificate.get("revocation") == "unknown"
    only_that = unlisted and certificate.get("step") is None and certificate.get("problem") is None
    return certificate["level"] in ALARMING and not only_that


def _wrong_disks(disks: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in disks:
        if one["free"] is not None and one["free"] < FREE_LEAST:
            yield {"what": "disk", "place": one["place"], "free": one["free"]}


def _never_done(status: LibraryStatus) -> Iterator[dict[str, Any]]:
    """What has to be done once a night has run: a backup, and then a drill."""
    if status.upkeep[UpkeepTask.BACKUP] is not None:
        if status.upkeep[UpkeepTask.DRILL] is None:
            yield {"what": "drill_never"}
    elif status.run is not None:
        yield {"what": "backup_never"}


def _wrong_upkeep(upkeep: Mapping[UpkeepTask, UpkeepStands | None], now: datetime) -> Iterator[dict[str, Any]]:
    for task, most in ((UpkeepTask.BACKUP, BACKUP_MOST), (UpkeepTask.DRILL, DRILL_MOST)):
        found = upkeep[task]
        if found is None:
            continue
        if found.last.outcome is UpkeepOutcome.FAILED:
            yield {"what": f"{task.value}_failed", "at": moment_document(found.last.at)}
        elif found.done is not None and found.done < now - most:
            yield {"what": f"{task.value}_old", "at": moment_document(found.done)}
        elif found.done is not None and found.done > now + AHEAD_MOST:
            # once the clock is right again, nothing else would tell that no backup was made since
            yield {"what": f"{task.value}_ahead", "at": moment_document(found.done)}
