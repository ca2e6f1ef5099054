"""The report of a run, which the operator reads as one document. Holds only counts, names of kinds, and ids."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from cprsync.catalogues import command_words
from cprsync.domain.deciding.guard import Outcome, describe_excess
from cprsync.domain.netmedia.rights import RightChange
from cprsync.domain.patron.due import DueKind
from cprsync.errors import (
    BalanceError,
    CertificateRefused,
    CprsyncError,
    DeliveryLate,
    Exit,
    NetMediaUnavailable,
    NightBraked,
    PeerCertificateError,
    RegisterUnavailable,
    RunStopped,
    StoreUnavailable,
    TargetUnavailable,
)
from cprsync.services.feed.questions import WindowsAsked
from cprsync.services.netmedia.publishing import Compared
from cprsync.services.night.weighing import ApprovalFate, Planned
from cprsync.services.ports.netmedia import Backlog
from cprsync.services.ports.runs import Departed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from cprsync.services.outward.sending import Sent
    from cprsync.services.ports.deliveries import DeliveryLine
    from cprsync.services.ports.netmedia import CardsState
    from cprsync.services.ports.runs import PlanRow, Run, Tally
    from cprsync.services.ports.trust.audit import AuditState

_GIVE_OR_TAKE = (RightChange.OPENED, RightChange.CLOSED)
#: Corrections by staff: how many are in force, and how many of those differ from the register.
NO_OVERRIDES: Mapping[str, int] = {"in_force": 0, "differ": 0}


@dataclass(frozen=True, slots=True)
class StageCounts:
    """What the stages of a run add up to."""

    #: subscriptions added, removed, and ended for lack of a reason, apart from those of closed patrons and of the dead
    subscribed: int = 0
    unsubscribed: int = 0
    ended: int = 0
    #: of the removed, numbers that nobody here has
    unknown: int = 0
    #: patrons that the policy has asked to leave, and records that were closed
    departed: Departed = field(default_factory=Departed)
    #: reviews about persons outside any delivery that this run opened, and no run before it
    left: int = 0
    #: the same for persons of a delivery
    to_review: int = 0
    #: why someone should look, by reason
    reasons: Counter[str] = field(default_factory=Counter)
    #: actions outside any delivery, such as first copies and follow-ups
    actions: Counter[str] = field(default_factory=Counter)
    #: what decision 3 let through while the rest was stopped
    let_through: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: StageCounts) -> StageCounts:
        return StageCounts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True, slots=True)
class NetMediaTold:
    """What became of rights and accounts at the net media."""

    #: the comparison of the accounts in CULR with the records
    accounts: Compared = field(default_factory=Compared)
    #: how many effects the net media were told
    sent: int = 0
    #: how many patrons were told of a new setting for their cards
    cards: int = 0
    #: why the net media were not told everything; None: they were
    error: CprsyncError | None = None
    #: what became of the queue of each other system
    targets: tuple[Sent, ...] = ()
    #: what became of rights to net media, by product
    entitlements: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    #: what the products are called on this day, by product and language
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def failure(self) -> CprsyncError | None:
        """Why CULR or another system was not told everything; None: they were."""
        return self.error or next((one.error for one in self.targets if one.error is not None), None)


@dataclass(frozen=True, slots=True)
class Closing:
    """The state of the library when a run ends. A run that was asked to stop knows only its counts and the backlog."""

    tally: Tally | None = None
    #: what the net media must still be told
    backlog: Backlog = field(default_factory=Backlog)
    #: how far the library has come with letting its cards log in there; None: not asked
    cards: CardsState | None = None
    #: what other systems must still be told, by target
    targets: Mapping[str, Backlog] = field(default_factory=dict)
    #: the result of checking the audit from end to end; None: not checked
    audit: AuditState | None = None
    #: corrections by staff that are in force, and that differ
    overrides: Mapping[str, int] = field(default_factory=lambda: dict(NO_OVERRIDES))
    #: patrons who are sealed because no source has spoken about their protection (decision 2)
    sealed_by_silence: int = 0
    reviews_waiting: Mapping[str, int] = field(default_factory=dict)
    #: reviews that follow from the changes of this run and still wait, by kind
    proposed: Mapping[str, int] = field(default_factory=dict)
    #: subscriptions that were there before this run
    subscriptions_kept: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run reports. `document()` is the stable shape."""

    run: Run
    agency: str
    deliveries: Sequence[DeliveryLine] = ()
    #: the last day that an earlier run has processed
    lived_until: date | None = None
    #: decided but not written
    only_plan: bool = False
    #: whether a CULR is set up
    has_net_media: bool = True
    #: patrons that an older copy of the store had brought back, erased again
    erased_again: int = 0
    planned: Planned = field(default_factory=Planned)
    #: stopped by a limit, now or before this run was killed and resumed
    held: bool = False
    counts: StageCounts = field(default_factory=StageCounts)
    #: patrons in a window, and the result of asking about them
    windows: WindowsAsked = field(default_factory=WindowsAsked)
    calendar: Mapping[str, int] = field(default_factory=dict)
    #: what was deleted after its retention period, by kind
    forgotten: Mapping[str, int] = field(default_factory=dict)
    told: NetMediaTold = field(default_factory=NetMediaTold)
    error: CprsyncError | None = None
    #: False: our clock may be wrong, so nothing was deleted for its age
    clock_is_checked: bool = True
    closing: Closing = field(default_factory=Closing)

    @property
    def received(self) -> int:
        return sum(line.received for line in self.deliveries if line.outcome == "applied")

    @property
    def clock_behind(self) -> str | None:
        """The day of an earlier run that lies after this run's day: one of the two clocks was wrong."""
        if self.lived_until is None or self.lived_until <= self.run.day:
            return None
        return self.lived_until.isoformat()

    @property
    def subscribed(self) -> int:
        """How many subscriptions were added."""
        return self.counts.subscribed + self.windows.subscribed

    @property
    def actions_outside(self) -> Counter[str]:
        """The actions outside any delivery, those of the windows included."""
        return self.counts.actions + self.windows.actions + self.windows.let_through

    @property
    def reasons(self) -> Counter[str]:
        """Why someone should look, by reason. Includes what follows from the run's changes, such as blocks."""
        return self.counts.reasons + Counter(self.closing.proposed)

    def count(self, outcome: Outcome) -> int:
        return 0 if self.closing.tally is None else self.closing.tally.outcomes.get(outcome, 0)

    def check_balance(self) -> None:
        """Fail the run unless received = applied + unchanged + parked + not ours + held."""
        accounted = sum(self.count(outcome) for outcome in Outcome)
        if accounted != self.received:
            raise BalanceError(
                "received {received} persons, accounted for {accounted}", received=self.received, accounted=accounted
            )

    @property
    def exit_code(self) -> int:
        if isinstance(self.error, RunStopped):
            return Exit.PART
        if self.held:
            return Exit.BRAKED
        if isinstance(self.error, PeerCertificateError | CertificateRefused):
            return Exit.WRONG
        if isinstance(self.error, DeliveryLate | RegisterUnavailable):
            return Exit.LATER
        if self.error is not None:
            return Exit.REFUSED
        return self._lived_through()

    def _lived_through(self) -> int:
        """The exit code of a night whose own work is done. The net media may be told later, or after a repair."""
        audit, unpublished, counts = self.closing.audit, self.told.failure, self.counts
        if audit is not None and audit.problems:
            return Exit.REFUSED
        if unpublished is not None:
            later = type(unpublished) in {NetMediaUnavailable, StoreUnavailable, TargetUnavailable}
            return Exit.LATER if later else Exit.WRONG
        left = counts.left or counts.to_review or any(self.closing.proposed.values())
        braked = self.told.accounts.excess or self.windows.excess or any(one.stopped for one in self.told.targets)
        settled = 0 if self.closing.tally is None else self.closing.tally.settled
        return Exit.LEFT if left or braked or self.count(Outcome.PARKED) > settled else Exit.DONE

    @property
    def failure(self) -> CprsyncError | None:
        """Why the night did not do everything: the error that stopped it, or else the exceeded limit."""
        may_still_come = isinstance(self.error, DeliveryLate | RegisterUnavailable)
        if not self.held or (self.error is not None and not may_still_come):
            audit = self.closing.audit
            broken = None if audit is None else next(iter(audit.problems), None)
            return self.error or broken or self.told.failure
        if not self.planned.excess:
            return NightBraked("the night held its changes back before it was killed, and still does")
        approval = self.planned.approval
        if approval is not None and approval.fate is ApprovalFate.ADDED:
            return NightBraked("the night would do more than was approved of run {run}", run=approval.run)
        over = describe_excess(self.planned.excess, command_words)
        return NightBraked("the night would change more than the limits allow: {over}", over=over)

    @property
    def changed(self) -> bool:
        """Whether the run has written anything to a record, subscribed anyone, or told the net media."""
        if self.only_plan:
            return False
        applied = 0 if self.held else self.received
        wrote = applied or self.counts.let_through.total() or self.actions_outside.total() or self.subscribed
        return isinstance(self.error, RunStopped) or wrote > 0 or self._lived_on

    @property
    def _lived_on(self) -> bool:
        """Whether the parts of a night that need no delivery changed anything."""
        happened = any(count for kind, count in self.calendar.items() if kind != "days") or any(self.forgotten.values())
        # a right that became undecided gives and takes nothing, as in a first night without the register
        rights = any(counts[turn.value] for counts in self.told.entitlements.values() for turn in _GIVE_OR_TAKE)
        happened = happened or self.windows.answered > 0
        departed = self.counts.departed != Departed()
        sent = self.told.sent or self.told.cards or any(one.sent for one in self.told.targets)
        return bool(happened or rights or sent or departed or self.erased_again)

    @property
    def state(self) -> str:
        if self.only_plan:
            return "planned"
        if self.held and not isinstance(self.error, RunStopped):
            return "held"
        if self.error is not None and not isinstance(self.error, RegisterUnavailable | DeliveryLate):
            return "stopped"
        counts, worked = self.counts, any(line.outcome == "applied" for line in self.deliveries) or self._lived_on
        counted = self.actions_outside or counts.left or self.subscribed or counts.unsubscribed
        return "done" if worked or counted or self.told.accounts.excess else "nothing"

    def document(self) -> dict[str, Any]:
        """The JSON shape of `sync`. The caller adds `error` if something stopped the run."""
        counts, told, closing, approval = self.counts, self.told, self.closing, self.planned.approval
        actions = Counter({} if closing.tally is None else closing.tally.by_action) + self.actions_outside
        document: dict[str, Any] = {
            # a plan is no run
            "run": None if self.only_plan else self.run.id,
            "agency": self.agency,
            "day": self.run.day.isoformat(),
            "state": self.state,
            "deliveries": [line.document() for line in self.deliveries],
            "received": self.received,
            **{outcome.value: self.count(outcome) for outcome in Outcome},
            "actions": dict(sorted(actions.items())),
            "calendar": dict(self.calendar),
            "forgotten": dict(self.forgotten),
            "subscriptions": {
                "added": self.subscribed,
                "removed": counts.unsubscribed,
                "kept": closing.subscriptions_kept,
                "ended": self._ended(),
                "unknown": counts.unknown,
            },
            "leaving": {"closed": counts.departed.closed, "asked": counts.departed.asked, "again": self.erased_again},
            "entitlements": told.entitlements,
            "products": told.titles,
            "published": self._published(),
            "targets": [self._target(one) for one in told.targets],
            "net_media": {**told.accounts.counts(), "brake": told.accounts.brake()},
            "cards": None if closing.cards is None else closing.cards.document(told=told.cards),
            "overrides": dict(closing.overrides),
            "sealed_by_silence": closing.sealed_by_silence,
            "windows": self.windows.document(),
            "left_to_a_person": counts.left,
            "reasons": dict(sorted(self.reasons.items())),
            "reviews": {"waiting": sum(closing.reviews_waiting.values()), "kinds": dict(closing.reviews_waiting)},
            "audit": None if closing.audit is None else closing.audit.document(),
            "let_through": dict(sorted(counts.let_through.items())),
            "brake": self._brake(),
            "approved_by": list(approval.by) if approval is not None and self.planned.is_approved else [],
            "approval": approval and approval.document(),
            "plan": self.plan_rows() if self.held or self.only_plan else [],
            "clock_behind": self.clock_behind,
            "clock_unchecked": not self.clock_is_checked,
            "seconds": round(closing.seconds, 3),
            "exit": self.exit_code,
        }
        if (failure := self.failure) is not None:
            document["error"] = {"kind": failure.kind, "message": failure.message, **failure.document()}
        return document

    def _ended(self) -> int:
        """How many subscriptions ended: without a reason, of a closed record, or on the last day after a death."""
        return self.counts.ended + self.counts.departed.ended + self.calendar.get(DueKind.SUBSCRIPTION_ENDED.value, 0)

    def _published(self) -> dict[str, Any]:
        waits = self.closing.backlog
        since = None if waits.oldest is None else waits.oldest.isoformat(timespec="seconds")
        counts = {"sent": self.told.sent, "waiting": waits.waiting, "failed": waits.failed, "oldest": since}
        return {**counts, "set_up": self.has_net_media}

    def _target(self, one: Sent) -> dict[str, Any]:
        waits = self.closing.targets.get(one.name, Backlog())
        return one.document(waits.waiting, waits.failed)

    def plan_document(self) -> dict[str, Any]:
        """The plan, to read or keep: patrons, actions and harms, never a value."""
        return {
            "agency": self.agency,
            "day": self.run.day.isoformat(),
            "hash": self.planned.hash,
            "deliveries": [line.sha256 for line in self.deliveries if line.outcome == "applied"],
            "brake": self._brake(),
            "plan": self.plan_rows(),
        }

    def plan_rows(self) -> list[dict[str, Any]]:
        """What is planned, without what went through while the rest was held (decision 3)."""
        approval = self.planned.approval
        changes = () if approval is None else approval.added.changes
        added = {(one.patron_id, one.version, one.digest) for one in changes}
        # a plan writes nothing
        written = set() if self.only_plan else {action for action, count in self.counts.let_through.items() if count}
        return [
            planned_document(row, written, is_new=(row.patron_id, row.version, row.digest) in added)
            for row in self.planned.rows
            if not row.actions or not written.issuperset(action.value for action in row.actions)
        ]

    def _brake(self) -> dict[str, Any] | None:
        if not self.held:
            return None
        classes = [one.document() for one in self.planned.excess]
        return {"plan": self.planned.hash, "classes": classes, **self.planned.compared.document()}


def planned_document(row: PlanRow, written: Collection[str] = (), *, is_new: bool = False) -> dict[str, Any]:
    """A planned change, without the actions `written`. `is_new`: it was not in the earlier plan that two approved."""
    return {
        "patron": row.patron_id,
        "actions": [action.value for action in row.actions if action.value not in written],
        "harm": [harm.value for harm in row.harms],
        **({"new": True} if is_new else {}),
    }


def report_without_run(agency: str | None, *, day: date | None, error: dict[str, Any], code: int) -> dict[str, Any]:
    """The shape of `sync` for a night without a report: no run, and all counts 0.

    `agency` None: the settings could not be read. `day` None: no clock gave it.
    """
    counts = dict.fromkeys(("received", *(outcome.value for outcome in Outcome)), 0)
    return {
        "run": None,
        "agency": agency,
        "day": day and day.isoformat(),
        "state": "stopped",
        "deliveries": [],
        **counts,
        "actions": {},
        "calendar": {},
        "forgotten": {},
        "subscriptions": dict.fromkeys(("added", "removed", "kept", "ended", "unknown"), 0),
        "leaving": dict.fromkeys(("closed", "asked", "again"), 0),
        "entitlements": {},
        "products": {},
        "published": {**dict.fromkeys(("sent", "waiting", "failed"), 0), "oldest": None, "set_up": None},
        "targets": [],
        "net_media": {**Compared().counts(), "brake": []},
        "cards": None,
        "overrides": dict(NO_OVERRIDES),
        "sealed_by_silence": 0,
        "windows": WindowsAsked().document(),
        "reasons": {},
        "reviews": {"waiting": 0, "kinds": {}},
        "left_to_a_person": 0,
        "audit": None,
        "let_through": {},
        "brake": None,
        "approved_by": [],
        "approval": None,
        "plan": [],
        "clock_behind": None,
        "clock_unchecked": False,
        "seconds": 0.0,
        "exit": code,
        "error": error,
    }
