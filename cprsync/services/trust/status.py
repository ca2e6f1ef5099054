"""Says on one screen how a library stands, and what somebody has to look after. Quick for any number of patrons.

Counts along indexes, and opens no record. Whether everything can be reached is asked elsewhere (`doctor`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.feed.delivery import COPENHAGEN, find_missing_day, working_day_after
from cprsync.domain.patron.provisional import is_late
from cprsync.domain.trust.backup import AHEAD_MOST
from cprsync.errors import Exit
from cprsync.services.night.approving import list_waiting
from cprsync.services.outward.targets import WAITS_MOST, targets_document, wrong_targets
from cprsync.services.ports.runs import WELL, RunState, moment_document
from cprsync.services.ports.trust.upkeep import Outcome, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.services.ports.store import Store
    from cprsync.services.ports.trust.alarms import AlarmLog
    from cprsync.services.ports.trust.upkeep import Upkeep

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
    #: `problem` and `problem_da`: why the audit's heads cannot be kept
    heads: Mapping[str, str | None] = field(default_factory=lambda: {"problem": None, "problem_da": None})


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


def status_of(store: Store, around: Around) -> dict[str, Any]:
    """The JSON shape of `status` for one library."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        # reads a row of each patron, while this thread reads the rest
        coverage = beside.submit(store.subscriptions.coverage)
        nights = find_nights(store)
        run = next(iter(nights), None)
        document: dict[str, Any] = {
            "agency": around.agency,
            "name": around.name,
            "at": around.now.isoformat(timespec="seconds"),
            "run": run,
            "night": night_of(run, around.now),
            "deliveries": deliveries_document(store, around.now),
            "waits": _waits(store, nights, around),
            "plans": list_waiting(store, around.now),
            "targets": targets_document(store),
            "subscriptions": asdict(coverage.result()),
            "audit": _audit(store, run),
            "heads": dict(around.heads),
            "access": asdict(store.access.alarms()),
            "certificates": [dict(one) for one in around.certificates],
            "keys": [{"purpose": purpose, "id": key} for purpose, key in sorted(store.audit.noted_keys())],
            "rotations": rotations_document(store),
            "disks": [dict(one) for one in around.disks],
            "alarms": {"undelivered": undelivered_document(store.alarms, around.channels)},
            "upkeep": {task.value: _upkeep(store, task) for task in (Task.BACKUP, Task.DRILL)},
        }
    wrong = list(find_wrong(document, around.now))
    if around.is_production:
        wrong += _never_done(document)
    return document | {"ok": not wrong, "wrong": wrong}


def find_nights(store: Store) -> list[dict[str, Any]]:
    """The last nights, the latest first. A run that undoes another one is none."""
    return [one for one in store.runs.documents(most=_RUNS_MOST) if one.get("reverts") is None]


def night_of(run: Mapping[str, Any] | None, now: datetime) -> dict[str, Any]:
    """Whether a night is late, or was missed: no run, of whatever outcome, had the day.

    `due`: the last day whose night should have run. `missed`: the first day without one.
    """
    local = now.astimezone(COPENHAGEN)
    today = local.date()
    due = today if local.time() >= NIGHT_HOUR else today - timedelta(days=1)
    first = None if run is None else date.fromisoformat(run["day"]) + timedelta(days=1)
    lacks = first is not None and first <= due
    # while the day lasts, its night may still run
    missed = first if lacks and first != today else None
    return {
        "due": due.isoformat(),
        "late": lacks and missed is None,
        "missed": missed and missed.isoformat(),
        "days": (due - missed).days + 1 if missed else 0,
    }


def deliveries_document(store: Store, now: datetime) -> dict[str, Any]:
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
    days = {"last": last and last.isoformat(), "due": due.isoformat(), "late": missing is not None}
    days |= {"missing": missing and missing.isoformat()}
    return days | {"waiting": len(waiting), "stopping": len(store.stopped_deliveries.stopping())}


def _first_missing(store: Store, due: date) -> date | None:
    """The day of the very first delivery, if it should be here: the one after the first night that subscribed."""
    # the rows of the subscriptions say it too, but they are read for seconds where there are half a million
    since = store.runs.first_day()
    first = None if since is None else working_day_after(since)
    return None if first is None or first > due else first


def _waits(store: Store, nights: Sequence[Mapping[str, Any]], around: Around) -> dict[str, Any]:
    reviews, backlog, still = store.reviews.waiting(), store.outbox.backlog(), store.provisional.waiting()
    net_media = {"waiting": backlog.waiting, "failed": backlog.failed, "oldest": moment_document(backlog.oldest)}
    net_media |= {"set_up": around.has_net_media}
    provisional = {"register": still.register, "staff": still.staff, "oldest": moment_document(still.oldest)}
    last: Mapping[str, Any] = next(iter(nights), {})
    windows = store.windows.count()
    return {
        "reviews": sum(reviews.values()),
        "kinds": dict(reviews),
        "held": last["run"] if last.get("state") == RunState.HELD.value else None,
        "parked": last.get("parked", 0),
        "windows": windows,
        "windows_today": store.windows.asked_today().document(around.windows_a_day),
        "windows_brake": _windows_brake(store, nights) if windows else [],
        "undone": store.reverting.held(),
        "undoing": [
            {"run": one.run, "undoes": one.undoes, "since": moment_document(one.since)}
            for one in store.reverting.half_done()
        ],
        "net_media": net_media,
        "provisional": provisional,
    }


def _windows_brake(store: Store, nights: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The limits behind which answers about unverified patrons wait.

    A later run of a day may ask nobody, because the day's quota is used. So the last run of the day that asked counts.
    """
    for night in nights:
        if night["day"] != nights[0]["day"]:
            break
        # an unfinished run has no report
        windows = (store.runs.document(night["run"]) or {}).get("windows")
        if windows is not None and windows["asked"]:
            brake: list[dict[str, Any]] = windows["brake"]
            return brake
    return []


def _audit(store: Store, run: Mapping[str, Any] | None) -> dict[str, Any]:
    """How the audit's ends stand, and what the last night found that followed all of it."""
    glance = store.audit.glance()
    report = store.runs.document(run["run"]) if run is not None and run["finished"] is not None else None
    found = (report or {}).get("audit")
    if run is None or found is None:
        return {**glance.document(), "followed": None}
    # what was found is over once somebody has accepted it
    # (at the same moment: the clock of a mock stands still)
    is_over = glance.accepted is not None and glance.accepted >= run["finished"]
    followed = {"run": run["run"], "whole": found["whole"], "accepted": is_over and not found["whole"]}
    return {**glance.document(), "followed": followed}


def rotations_document(store: Store) -> list[dict[str, Any]]:
    """The rotations of keys that are not finished: how far each is, and since when."""
    return [
        {
            "purpose": one.purpose,
            "key": one.key,
            "since": moment_document(one.since),
            "left": one.left,
            "rows": one.rows,
        }
        for one in store.keys.unfinished()
    ]


def undelivered_document(log: AlarmLog, channels: Sequence[str]) -> list[dict[str, Any]]:
    """The channels of alarms whose last delivery did not go well, of those that are set up."""
    return [
        {"name": one.channel, "count": one.count, "kind": one.why}
        for one in log.undelivered()
        if one.channel in channels
    ]


def _upkeep(store: Store, task: Task) -> dict[str, Any] | None:
    """When it was last done well, and whether a later try failed. None: it was never tried."""
    last, done = store.upkeep.last(task), store.upkeep.last(task, Outcome.DONE, Outcome.PART)
    if last is None:
        return None
    return {"last": _upkeep_document(last), "done": done and moment_document(done.at)}


def _upkeep_document(one: Upkeep) -> dict[str, Any]:
    return {"at": moment_document(one.at), "outcome": one.outcome.value}


# -- what is wrong ------------------------------------------------------------------------------------------


def find_wrong(document: Mapping[str, Any], now: datetime) -> Iterator[dict[str, Any]]:
    """What somebody has to look after, the most urgent first."""
    certificates = list(_wrong_certificates(document["certificates"]))
    yield from _wrong_plans(document["plans"], now)
    # without a certificate no night begins, and what it would have taken is late
    yield from (one for one in certificates if one["problem"] is not None)
    of_audit = list(_wrong_audit(document["audit"]))
    of_run = [one for one in _wrong_run(document, now) if not (of_audit and _is_of_audit(one))]
    yield from of_run
    yield from ({"what": "open_undo", **one} for one in document["waits"]["undoing"])
    yield from _wrong_nights(document, is_told=any("day" in one for one in of_run))
    yield from wrong_targets(document["targets"], now)
    yield from _wrong_waits(document["waits"], now)
    yield from of_audit
    if document["heads"]["problem"] is not None:
        yield {"what": "heads", **document["heads"]}
    yield from _wrong_access(document["access"])
    yield from (one for one in certificates if one["problem"] is None)
    for one in document["rotations"]:
        yield {"what": "rotation", **{name: one[name] for name in ("purpose", "since", "left", "rows")}}
    yield from _wrong_disks(document["disks"])
    yield from _wrong_upkeep(document["upkeep"], now)
    yield from ({"what": ALARMS, **one} for one in document["alarms"]["undelivered"])


def _wrong_plans(plans: Sequence[Mapping[str, Any]], now: datetime) -> Iterator[dict[str, Any]]:
    """Each held plan: who still has to approve it, or (`missing` 0) that somebody has to have it written in time."""
    for one in plans:
        if one["undoes"] is not None and one["missing"] and datetime.fromisoformat(one["since"]) < now - UNDO_MOST:
            # it waits, and nobody asks for it any more
            continue
        yield {"what": "plan", **{key: one[key] for key in ("run", "undoes", "since", "missing", "until", "classes")}}


def _wrong_run(document: Mapping[str, Any], now: datetime) -> Iterator[dict[str, Any]]:
    run, is_late = document["run"], document["deliveries"]["late"]
    waits_for = {LATE, UNFINISHED} if _is_due_unfinished(document) else {LATE}
    if run is None:
        yield {"what": "no_run"}
    elif run.get("error") == REPLACED:
        # also beside a held plan: the new one may be the correction that was asked for
        yield {"what": "replaced", "run": run["run"]}
    elif any(run["run"] == one["run"] for one in document["plans"]) or (is_late and run.get("error") in waits_for):
        # its plan, or the delivery that it waits for, says more
        return
    elif run["finished"] is None:
        yield {"what": "open_run", "run": run["run"]}
    elif run["exit"] not in WELL and not _is_done_later(run, now):
        # the file of this day may be lost: whoever is woken has to know which one to ask for
        by_delivery = is_late and str(run.get("error")).startswith("delivery.")
        lost = {"day": document["deliveries"]["missing"]} if by_delivery else {}
        yield {"what": "run", "exit": run["exit"], "error": run.get("error"), "run": run["run"], **lost}


def _is_of_audit(problem: Mapping[str, Any]) -> bool:
    """Whether a night is wrong only because of the audit, which is told as long as nobody has accepted it."""
    return str(problem.get("error")).startswith("audit.")


def _is_due_unfinished(document: Mapping[str, Any]) -> bool:
    """Whether the file that has not come whole is that of the day that is due: no other day is missing."""
    deliveries, run = document["deliveries"], document["run"]
    is_only = deliveries["late"] and deliveries["missing"] == deliveries["due"]
    return is_only and run is not None and run.get("error") == UNFINISHED


def _is_done_later(run: Mapping[str, Any], now: datetime) -> bool:
    """Whether a run is done but for what others did not hear or had not delivered, and a later run of its day tries.

    The last one is over by 12:15: a new protection that waits then waits for another day.
    """
    ends = datetime.combine(date.fromisoformat(run["day"]), NIGHT_HOUR, COPENHAGEN)
    return run["exit"] == Exit.LATER and str(run.get("error")).startswith(_DONE_LATER) and now < ends


def _wrong_nights(document: Mapping[str, Any], *, is_told: bool) -> Iterator[dict[str, Any]]:
    """What did not come. `is_told`: the last night, which a delivery stopped, names the day that is missing."""
    night, deliveries = document["night"], document["deliveries"]
    if night["missed"]:
        yield {"what": "night_missed", "day": night["missed"], "count": night["days"]}
    elif night["late"]:
        yield {"what": "night_late", "day": night["due"]}
    if deliveries["late"]:
        told = {"never": not deliveries["last"], "unfinished": _is_due_unfinished(document), "within": is_told}
        told = {name: value for name, value in told.items() if value}
        yield {"what": "late", "due": deliveries["due"], "day": deliveries["missing"], **told}


def _wrong_waits(waits: Mapping[str, Any], now: datetime) -> Iterator[dict[str, Any]]:
    net_media, provisional = waits["net_media"], waits["provisional"]
    if waits["windows_brake"]:
        classes = [one["class"] for one in waits["windows_brake"]]
        yield {"what": "windows", "count": waits["windows"], "classes": classes}
    if net_media["failed"]:
        yield {"what": "failed", "failed": net_media["failed"]}
    if not net_media["set_up"] and net_media["waiting"]:
        yield {"what": "culr_missing", "count": net_media["waiting"]}
    elif net_media["oldest"] is not None and net_media["oldest"] < moment_document(now - WAITS_MOST):
        yield {"what": "old", "oldest": net_media["oldest"]}
    if provisional["oldest"] is not None and is_late(datetime.fromisoformat(provisional["oldest"]), now):
        yield {"what": "unheard", "oldest": provisional["oldest"], "count": provisional["register"]}


def _wrong_audit(audit: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    followed = audit["followed"]
    if not audit["whole"] or (followed is not None and not (followed["whole"] or followed["accepted"])):
        yield {"what": "audit"}


def _wrong_access(access: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for what in ("stopped", "capped"):
        if access[what]:
            yield {"what": what, "users": ", ".join(access[what])}
    for door in ("page", "machines"):
        if door in access["guessing"]:
            yield {"what": f"guessing_{door}"}
    if access["overdue"] > 0:
        yield {"what": "overdue", "count": access["overdue"]}


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


def _never_done(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What has to be done once a night has run: a backup, and then a drill."""
    upkeep = document["upkeep"]
    if upkeep[Task.BACKUP.value] is not None:
        if upkeep[Task.DRILL.value] is None:
            yield {"what": "drill_never"}
    elif document["run"] is not None:
        yield {"what": "backup_never"}


def _wrong_upkeep(upkeep: Mapping[str, Any], now: datetime) -> Iterator[dict[str, Any]]:
    for task, most in ((Task.BACKUP.value, BACKUP_MOST), (Task.DRILL.value, DRILL_MOST)):
        found = upkeep[task]
        if found is None:
            continue
        if found["last"]["outcome"] == Outcome.FAILED.value:
            yield {"what": f"{task}_failed", "at": found["last"]["at"]}
        elif found["done"] is not None and datetime.fromisoformat(found["done"]) < now - most:
            yield {"what": f"{task}_old", "at": found["done"]}
        elif found["done"] is not None and datetime.fromisoformat(found["done"]) > now + AHEAD_MOST:
            # once the clock is right again, nothing else would tell that no backup was made since
            yield {"what": f"{task}_ahead", "at": found["done"]}
