"""The report of a run, which the operator reads as one document. Holds only counts, names of kinds, and ids."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.netmedia.rights import Turn
from cprsync.domain.patron.due import DueKind
from cprsync.errors import (
    BalanceError,
    CertificateRefused,
    CprsyncError,
    DeliveryLate,
    NetMediaUnavailable,
    NightBraked,
    PeerCertificateError,
    RegisterUnavailable,
    RunStopped,
)
from cprsync.services.feed.healing import Healed
from cprsync.services.netmedia.accounts import Compared
from cprsync.services.ports.values import Backlog, DeliveryLine, Departed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from cprsync.domain.deciding.guard import Excess
    from cprsync.services.ports.values import AuditState, PlanRow, Run, Tally

#: Exit codes (commands): done, refused, a certificate is wrong, left to staff, try later, stopped by a limit, stopped
#: part-way.
DONE, REFUSED, WRONG, LEFT, LATER, BRAKED, PART = 0, 1, 2, 3, 4, 5, 7
#: Exit codes of a run that has processed its days. Any other run writes only what decision 3 lets through.
LIVED = frozenset({DONE, LEFT, LATER})
#: Corrections by staff: how many are in force, and how many of those differ from the register.
NO_OVERRIDES: Mapping[str, int] = {"in_force": 0, "differ": 0}


@dataclass(slots=True)
class Report:
    """Everything that a run reports. `document()` is the stable shape."""

    run: Run
    agency: str
    deliveries: list[DeliveryLine] = field(default_factory=list)
    #: the last day that an earlier run has processed
    lived_until: date | None = None
    tally: Tally | None = None
    #: actions outside any delivery, such as first copies and follow-ups
    other_actions: Counter[str] = field(default_factory=Counter)
    calendar: dict[str, int] = field(default_factory=dict)
    #: what was deleted after its retention period, by kind
    forgotten: dict[str, int] = field(default_factory=dict)
    subscriptions_added: int = 0
    subscriptions_removed: int = 0
    subscriptions_kept: int = 0
    #: what became of rights to net media, by product
    entitlements: dict[str, dict[str, int]] = field(default_factory=dict)
    #: what the products are called on this day, by product and language
    titles: dict[str, dict[str, str]] = field(default_factory=dict)
    #: subscriptions without a reason, apart from those of closed patrons and of the dead, which the calendar ends
    subscriptions_ended: int = 0
    #: how many effects the net media were told, and what they must still be told
    sent: int = 0
    backlog: Backlog = field(default_factory=Backlog)
    #: whether a CULR is set up
    has_net_media: bool = True
    #: the comparison of the accounts in CULR with the records
    accounts: Compared = field(default_factory=Compared)
    #: why the net media were not told everything; None: they were
    unpublished: CprsyncError | None = None
    #: patrons that the policy has asked to leave, and records that were closed
    departed: Departed = field(default_factory=Departed)
    #: the register has removed every subscription without a reason
    let_go: bool = False
    #: patrons that an older copy of the store had brought back, erased again
    erased_again: int = 0
    plan_hash: str | None = None
    #: decided but not written
    only_plan: bool = False
    #: stopped by a limit, now or before this run was killed and resumed
    held: bool = False
    excess: tuple[Excess, ...] = ()
    plan: list[PlanRow] = field(default_factory=list)
    #: reviews about persons outside any delivery that this run opened, and no run before it
    left: int = 0
    #: the same for persons of a delivery
    to_review: int = 0
    #: why someone should look, by reason
    reasons: Counter[str] = field(default_factory=Counter)
    #: corrections by staff that are in force, and that differ
    overrides: Mapping[str, int] = field(default_factory=lambda: dict(NO_OVERRIDES))
    #: patrons who are sealed because no source has spoken about their protection (decision 2)
    sealed_by_silence: int = 0
    #: patrons in a window, and the result of asking about them
    healed: Healed = field(default_factory=Healed)
    reviews_waiting: Mapping[str, int] = field(default_factory=dict)
    #: how many reviews follow from the changes of this run and still wait
    proposed: int = 0
    #: the result of checking the audit from end to end; None: not checked yet
    audit: AuditState | None = None
    error: CprsyncError | None = None
    seconds: float = 0.0
    #: what decision 3 let through while the rest was stopped
    let_through: Counter[str] = field(default_factory=Counter)

    @property
    def received(self) -> int:
        return sum(line.received for line in self.deliveries if line.outcome == "applied")

    @property
    def clock_behind(self) -> str | None:
        """The day of an earlier run that lies after this run's day: one of the two clocks was wrong."""
        if self.lived_until is None or self.lived_until <= self.run.day:
            return None
        return self.lived_until.isoformat()

    def count(self, outcome: Outcome) -> int:
        return 0 if self.tally is None else self.tally.outcomes.get(outcome, 0)

    def propose(self, kinds: Mapping[str, int]) -> None:
        """Take the reviews that follow from the run's changes, such as blocks and ends of blocks, by kind."""
        self.proposed = sum(kinds.values())
        self.reasons.update(kinds)

    def balance(self) -> None:
        """Fail the run unless received = applied + unchanged + parked + not ours + held."""
        accounted = sum(self.count(outcome) for outcome in Outcome)
        if accounted != self.received:
            raise BalanceError(
                "received {received} persons, accounted for {accounted}", received=self.received, accounted=accounted
            )

    @property
    def exit_code(self) -> int:
        if isinstance(self.error, RunStopped):
            return PART
        if self.held:
            return BRAKED
        if isinstance(self.error, PeerCertificateError | CertificateRefused):
            return WRONG
        if isinstance(self.error, DeliveryLate | RegisterUnavailable):
            return LATER
        if self.error is not None:
            return REFUSED
        return self._lived_through()

    def _lived_through(self) -> int:
        """The exit code of a night whose own work is done. The net media may be told later, or after a repair."""
        if self.audit is not None and self.audit.problems:
            return REFUSED
        if self.unpublished is not None:
            return LATER if type(self.unpublished) is NetMediaUnavailable else WRONG
        left = self.left or self.to_review or self.proposed or self.accounts.excess or self.healed.excess
        return LEFT if left or self.count(Outcome.PARKED) else DONE

    @property
    def failure(self) -> CprsyncError | None:
        """Why the night did not do everything: the error that stopped it, or else the exceeded limit."""
        if self.error is not None or not self.held:
            broken = None if self.audit is None else next(iter(self.audit.problems), None)
            return self.error or broken or self.unpublished
        if not self.excess:
            return NightBraked("the night held its changes back before it was killed, and goes on so")
        over = ", ".join(f"{one.harm.value} {one.count} > {one.limit}" for one in self.excess)
        return NightBraked("the night would change more than policy.toml allows: {over}", over=over)

    @property
    def changed(self) -> bool:
        """Whether the run has written anything to a record, subscribed anyone, or told the net media."""
        if self.only_plan:
            return False
        applied = 0 if self.held else self.received
        wrote = applied or self.let_through.total() or self.other_actions.total() or self.subscriptions_added
        return isinstance(self.error, RunStopped) or wrote > 0 or self._lived_on

    @property
    def _lived_on(self) -> bool:
        """Whether the parts of a night that need no delivery changed anything."""
        happened = any(count for kind, count in self.calendar.items() if kind != "days") or any(self.forgotten.values())
        # a right that became undecided gives and takes nothing, as in a first night without the register
        rights = any(turned[turn.value] for turned in self.entitlements.values() for turn in (Turn.OPENED, Turn.CLOSED))
        happened = happened or self.healed.answered > 0
        return bool(happened or rights or self.sent or self.departed != Departed() or self.erased_again)

    @property
    def state(self) -> str:
        if self.only_plan:
            return "planned"
        if self.held and not isinstance(self.error, RunStopped):
            return "held"
        if self.error is not None and not isinstance(self.error, RegisterUnavailable | DeliveryLate):
            return "stopped"
        worked = any(line.outcome == "applied" for line in self.deliveries) or self.other_actions or self.left
        worked = worked or self._lived_on or bool(self.accounts.excess)
        return "done" if worked or self.subscriptions_added or self.subscriptions_removed else "nothing"

    def document(self) -> dict[str, Any]:
        """The JSON shape of `sync`. The caller adds `error` if something stopped the run."""
        actions = Counter(self.tally.by_action if self.tally else {})
        actions.update(self.other_actions)
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
            "calendar": self.calendar,
            "forgotten": dict(self.forgotten),
            "subscriptions": {
                "added": self.subscriptions_added,
                "removed": self.subscriptions_removed,
                "kept": self.subscriptions_kept,
                "ended": self._ended(),
            },
            "leaving": {"closed": self.departed.closed, "asked": self.departed.asked, "again": self.erased_again},
            "entitlements": self.entitlements,
            "products": self.titles,
            "published": self._published(),
            "net_media": {**self.accounts.counts(), "brake": self.accounts.brake()},
            "overrides": dict(self.overrides),
            "sealed_by_silence": self.sealed_by_silence,
            "windows": self.healed.document(),
            "left_to_a_person": self.left,
            "reasons": dict(sorted(self.reasons.items())),
            "reviews": {"waiting": sum(self.reviews_waiting.values()), "kinds": dict(self.reviews_waiting)},
            "audit": None if self.audit is None else audit_document(self.audit),
            "let_through": dict(sorted(self.let_through.items())),
            "brake": self._brake(),
            "plan": self.plan_rows() if self.held or self.only_plan else [],
            "clock_behind": self.clock_behind,
            "seconds": round(self.seconds, 3),
            "exit": self.exit_code,
        }
        if (failure := self.failure) is not None:
            document["error"] = {"kind": failure.kind, "message": failure.message, **failure.told()}
        return document

    def _ended(self) -> int:
        """How many subscriptions ended: without a reason, of a closed record, or on the last day after a death."""
        return self.subscriptions_ended + self.departed.ended + self.calendar.get(DueKind.SUBSCRIPTION_ENDED.value, 0)

    def _published(self) -> dict[str, Any]:
        waits = self.backlog
        since = None if waits.oldest is None else waits.oldest.isoformat(timespec="seconds")
        counts = {"sent": self.sent, "waiting": waits.waiting, "failed": waits.failed, "oldest": since}
        return {**counts, "set_up": self.has_net_media}

    def plan_document(self) -> dict[str, Any]:
        """The plan, to read or keep: patrons, actions and harms, never a value."""
        return {
            "agency": self.agency,
            "day": self.run.day.isoformat(),
            "hash": self.plan_hash,
            "deliveries": [line.sha256 for line in self.deliveries if line.outcome == "applied"],
            "brake": self._brake(),
            "plan": self.plan_rows(),
        }

    def plan_rows(self) -> list[dict[str, Any]]:
        return [_plan_document(row) for row in self.plan]

    def _brake(self) -> dict[str, Any] | None:
        if not self.held:
            return None
        classes = [{"class": e.harm.value, "count": e.count, "limit": e.limit} for e in self.excess]
        return {"plan": self.plan_hash, "classes": classes}


def audit_document(state: AuditState) -> dict[str, Any]:
    """The result of checking the audit. `code` names its state, to be kept elsewhere."""
    return {
        "whole": not state.problems,
        "entries": state.entries,
        "streams": state.streams,
        "code": state.code,
        "records": state.records,
        "last_record": state.last_record or None,
        "problems": [
            {"stream": str(one.values["stream"]), "entry": int(str(one.values["seq"])), "message": one.message}
            | one.told()
            for one in state.problems
        ],
    }


def _plan_document(row: PlanRow) -> dict[str, Any]:
    return {
        "patron": row.patron_id,
        "actions": [action.value for action in row.actions],
        "harm": [harm.value for harm in row.harms],
    }


def unlived(agency: str, *, day: date | None, error: dict[str, Any], code: int) -> dict[str, Any]:
    """The shape of `sync` for a night without a report: no run, and all counts 0. `day` None: no clock gave it."""
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
        "subscriptions": dict.fromkeys(("added", "removed", "kept"), 0),
        "leaving": dict.fromkeys(("closed", "asked", "again"), 0),
        "entitlements": {},
        "products": {},
        "published": {**dict.fromkeys(("sent", "waiting", "failed"), 0), "oldest": None, "set_up": None},
        "net_media": {**Compared().counts(), "brake": []},
        "overrides": dict(NO_OVERRIDES),
        "sealed_by_silence": 0,
        "windows": Healed().document(),
        "reasons": {},
        "reviews": {"waiting": 0, "kinds": {}},
        "left_to_a_person": 0,
        "audit": None,
        "let_through": {},
        "brake": None,
        "plan": [],
        "clock_behind": None,
        "seconds": 0.0,
        "exit": code,
        "error": error,
    }
