"""What the API answers about the nights: the documents of `runs` and `status`. They hold counts, kinds and ids."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, JsonValue

from cprsync.web.api.shapes.answers import Answer


class _Lived(Answer):
    """What the list of nights and one night's report both have."""

    run: int
    agency: str
    day: str
    state: str
    started: str
    finished: str | None
    resumed: bool
    exit: int | None
    #: the run that this one undoes, and the one that undid this one
    reverts: int | None = None
    reverted_by: int | None = None
    received: int = 0
    applied: int = 0
    unchanged: int = 0
    parked: int = 0
    not_ours: int = 0
    held: int = 0
    left_to_a_person: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)


class Night(_Lived):
    """One night."""

    #: the kind of what stopped it, as `error.kind` of a command
    error: str | None = None
    #: how many patrons an undo has put back
    restored: int | None = None


class Nights(Answer):
    """The nights, the latest first."""

    runs: list[Night]


class NightItem(Answer):
    """What became of one number of a delivery. The number itself is not kept."""

    person: int
    patron: str | None
    actions: list[str]
    outcome: str
    reason: str | None


class NightFailure(Answer):
    """What stopped a night. `values` belong into the places of `sentence`; `message` has them there."""

    kind: str
    message: str
    sentence: str = ""
    values: dict[str, JsonValue] = Field(default_factory=dict)


class NightReport(_Lived):
    """One night's report.

    The program that lived the night wrote the report, so an older one may lack parts, and have others.
    """

    model_config = ConfigDict(extra="allow", strict=True)

    items: list[NightItem]
    error: NightFailure | None = None


class Limit(Answer):
    """A limit that is exceeded."""

    class_: str
    count: int
    limit: int


class PlanYes(Answer):
    """Who has approved a plan, and when."""

    who: str
    at: str


class VoidYes(Answer):
    """Whose yes to the plan of an earlier run no longer counts: more was added, of so many patrons, or beside them."""

    run: int
    by: list[str]
    added: int
    beside: dict[str, int]


class StartedRun(Answer):
    """What was started: a night, or the undo of a run."""

    #: the run that it undoes; null: it is a night
    undoes: int | None
    #: the run that has ended: its report is at `/nights/{number}`. Null: it goes on
    run: int | None


class Deliveries(Answer):
    """The last delivery, and the one that should be here."""

    last: str | None
    due: str
    late: bool
    #: the first day whose delivery is missing
    missing: str | None
    #: in the inbox, for the next night, and files that are refused and stop it
    waiting: int
    stopping: int


class NetMediaWaits(Answer):
    """What the net media must still be told."""

    waiting: int
    failed: int
    oldest: str | None
    set_up: bool


class ProvisionalWaits(Answer):
    """Patrons who were registered while the register did not answer, and since when the first has waited for it."""

    register_: int
    staff: int
    oldest: str | None


class HalfUndone(Answer):
    """An undo that has begun to write and has not ended."""

    run: int
    #: the run that it undoes
    undoes: int
    since: str


class Quota(Answer):
    """How many were asked about on a day, and how many may be."""

    asked: int
    most: int


class Waits(Answer):
    """What waits: for a person, for the net media, and for the register."""

    reviews: int
    kinds: dict[str, int]
    #: the last night, if it was held; how many it parked; patrons in a window
    held: int | None
    parked: int
    windows: int
    #: of the day's quota of look-ups about them
    windows_today: Quota
    #: the limits behind which answers about them wait
    windows_brake: list[Limit]
    #: patrons who are held since a night was undone
    undone: int
    #: undos that have begun to write and have not ended
    undoing: list[HalfUndone]
    net_media: NetMediaWaits
    provisional: ProvisionalWaits


class NightDue(Answer):
    """Whether a night is late, or was missed: the last day that should have had one, and the first day without."""

    due: str
    late: bool
    missed: str | None
    days: int


class Followed(Answer):
    """Whether the audit was whole when the last night followed all of it; if not, whether that was accepted since."""

    run: int
    whole: bool
    accepted: bool


class Audit(Answer):
    """Whether the ends of the audit fit, and when its heads were last kept outside the database."""

    whole: bool
    entries: int
    streams: int
    code: str
    kept: str | None
    since: int
    problems: list[dict[str, JsonValue]]
    followed: Followed | None


class Disk(Answer):
    """The room where something is written, in bytes. None: it is another machine's."""

    place: Literal["store", "heads", "journal"]
    free: int | None
    total: int | None


class LastUpkeep(Answer):
    """When it was last tried, and how that ended."""

    at: str
    outcome: Literal["done", "part", "failed"]


class Upkeep(Answer):
    """The last backup, or drill: tried, and done well."""

    last: LastUpkeep
    done: str | None


class AccessAlarms(Answer):
    """Which users are stopped or reached a cap today, and the samples that wait."""

    stopped: list[str]
    capped: list[str]
    samples: int
    overdue: int
    #: where too many cards and PINs did not fit within an hour today
    guessing: list[str]


class Key(Answer):
    """A key that rows name."""

    purpose: str
    id: str


class Heads(Answer):
    """Why the audit's heads cannot be kept; null: they can."""

    problem: str | None
    problem_da: str | None


class Rotation(Answer):
    """A key's rotation that is not finished: the rows that are left, and all that are brought."""

    purpose: str
    key: str
    since: str
    left: int
    rows: int


class Subscriptions(Answer):
    """How many numbers are wanted and subscribed at the register, and how many it has not confirmed to us."""

    wanted: int
    held: int
    unconfirmed: int


class HowFar(Answer):
    """How far the reader of a feed has come: its last page, the last change in it, and how many are newer."""

    at: str
    until: int
    newer: int


class TargetStands(Answer):
    """How another system that hears of patrons stands."""

    name: str
    kind: str
    set_up: bool
    loaded: bool
    told: int | None
    waiting: int
    failed: int
    refused: int
    oldest: str | None
    stopped: str | None
    why: str | None
    fetched: HowFar | None


class UndeliveredAlarms(Answer):
    """A channel of alarms whose last delivery did not go well: how many wait, and why."""

    name: str
    count: int
    kind: str


class Alarms(Answer):
    """How it stands with being told."""

    undelivered: list[UndeliveredAlarms]


class WaitingPlan(Answer):
    """A held plan that two people may approve: of which run, since when, and who has said yes."""

    run: int
    #: the run that it would undo; null: it is a night's plan
    undoes: int | None
    plan: str
    since: str
    approved_by: list[PlanYes]
    #: who stands as having said yes, and the audit does not have it: it does not count
    unbound: list[str]
    void: VoidYes | None
    #: how many people have yet to say yes, and until when the last approval counts, or has counted
    missing: int
    until: str | None
    #: the classes of changes that are over their limit
    classes: list[str]


class Status(Answer):
    """How it stands with the library, without the counterparts' certificates."""

    agency: str
    name: str
    at: str
    run: Night | None
    night: NightDue
    deliveries: Deliveries
    waits: Waits
    plans: list[WaitingPlan]
    targets: list[TargetStands]
    subscriptions: Subscriptions
    audit: Audit
    heads: Heads
    access: AccessAlarms
    certificates: list[dict[str, JsonValue]]
    keys: list[Key]
    rotations: list[Rotation]
    disks: list[Disk]
    alarms: Alarms
    upkeep: dict[Literal["backup", "drill"], Upkeep | None]
    ok: bool
    wrong: list[dict[str, JsonValue]]
