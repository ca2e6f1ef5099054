"""How a library stands: the result of looking at one, which text, page, numbers and alarms read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cprsync.services.ports.access import Alarms
    from cprsync.services.ports.finding import ProvisionalWaiting
    from cprsync.services.ports.outward import TargetStands
    from cprsync.services.ports.register import Coverage
    from cprsync.services.ports.reverting import HalfUndone
    from cprsync.services.ports.runs import ExceededLimit, ListedRun, WaitingPlan
    from cprsync.services.ports.trust.keys import Rotation
    from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask


@dataclass(frozen=True, slots=True)
class NightDue:
    """Whether a night is late, or was missed: no run, of whatever outcome, had the day."""

    #: the last day whose night should have run
    due: date
    late: bool
    #: the first day without one
    missed: date | None
    days: int


@dataclass(frozen=True, slots=True)
class DeliveriesStand:
    """The last delivery that was taken, and the one that should be here."""

    last: date | None
    due: date
    late: bool
    #: the first day whose delivery is missing
    missing: date | None
    #: in the inbox, for the next night, and files that are refused and stop it
    waiting: int
    stopping: int


@dataclass(frozen=True, slots=True)
class NetMediaWait:
    """What the net media must still be told."""

    waiting: int
    failed: int
    oldest: datetime | None
    #: `[library.culr]` is there
    set_up: bool


@dataclass(frozen=True, slots=True)
class UsedQuota:
    """How many were asked about on a day, and how many may be."""

    asked: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCounts:
    """What waits: for a person, for the net media, and for the register."""

    reviews: int
    kinds: Mapping[str, int]
    #: the last night, if it was held, and how many it parked
    held: int | None
    parked: int
    #: patrons in a window, and the day's quota of look-ups about them
    windows: int
    windows_today: UsedQuota
    #: the limits behind which answers about them wait
    windows_brake: tuple[ExceededLimit, ...]
    #: patrons who are held since a night was undone
    undone: int
    #: undos that have begun to write and have not ended
    undoing: tuple[HalfUndone, ...]
    net_media: NetMediaWait
    provisional: ProvisionalWaiting


@dataclass(frozen=True, slots=True)
class FollowedAudit:
    """Whether the audit was whole when the last night followed all of it; if not, whether that was accepted since."""

    run: int
    whole: bool
    accepted: bool


@dataclass(frozen=True, slots=True)
class AuditStands:
    """Whether the ends of the audit fit, and when its heads were last kept outside the database."""

    whole: bool
    entries: int
    streams: int
    code: str
    kept: str | None
    since: int
    problems: tuple[Mapping[str, Any], ...]
    #: None: the last night did not follow it
    followed: FollowedAudit | None


@dataclass(frozen=True, slots=True)
class NotedKey:
    """A key that rows name."""

    purpose: str
    id: str


@dataclass(frozen=True, slots=True)
class SilentChannel:
    """A channel of alarms whose last delivery did not go well: how many wait, and the kind of the error."""

    name: str
    count: int
    kind: str


@dataclass(frozen=True, slots=True)
class HeadsStand:
    """Why the audit's heads cannot be kept, in both languages. None: they can."""

    problem: str | None = None
    problem_da: str | None = None


HEADS_GROW: Final = HeadsStand()


@dataclass(frozen=True, slots=True)
class AlarmsStand:
    """How it stands with being told."""

    undelivered: tuple[SilentChannel, ...]


@dataclass(frozen=True, slots=True)
class LastTry:
    """When something was last tried, and how that ended."""

    at: datetime
    outcome: UpkeepOutcome


@dataclass(frozen=True, slots=True)
class UpkeepStands:
    """The last backup, or drill: tried, and done well."""

    last: LastTry
    done: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryStatus:
    """How a library stands, and what somebody has to look after."""

    agency: str
    name: str
    at: datetime
    #: the last night
    run: ListedRun | None
    night: NightDue
    deliveries: DeliveriesStand
    waits: WaitingCounts
    plans: tuple[WaitingPlan, ...]
    targets: tuple[TargetStands, ...]
    subscriptions: Coverage
    audit: AuditStands
    heads: HeadsStand
    access: Alarms
    certificates: Sequence[Mapping[str, Any]]
    keys: tuple[NotedKey, ...]
    rotations: tuple[Rotation, ...]
    disks: Sequence[Mapping[str, Any]]
    alarms: AlarmsStand
    upkeep: Mapping[UpkeepTask, UpkeepStands | None]
    ok: bool = True
    #: the most urgent first
    wrong: Sequence[Mapping[str, Any]] = ()
