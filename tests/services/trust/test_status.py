"""How a library stands: what someone has to look after is told, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cprsync.errors import CprsyncError
from cprsync.services.ports.access import Alarms
from cprsync.services.ports.finding import ProvisionalWaiting
from cprsync.services.ports.netmedia import Backlog
from cprsync.services.ports.outward import TargetState
from cprsync.services.ports.register import Coverage
from cprsync.services.ports.trust import AuditState
from cprsync.services.trust.audit import status_of

#: A Tuesday morning: Monday's delivery is due.
NOW = datetime(2027, 3, 23, 6, 30, tzinfo=UTC)
RUN = {"run": 3, "day": "2027-03-23", "exit": 0, "finished": "2027-03-23T05:31:00.000000Z"}
OLD = Backlog(waiting=1, oldest=datetime(2027, 3, 21, 5, tzinfo=UTC))
BROKEN = CprsyncError("the audit is broken", stream="desk", seq=2)


def koha(*, set_up: bool = True, **told: Any) -> TargetState:
    """A target."""
    return TargetState("koha", "koha", set_up, loaded=True, **told)


@dataclass
class Stands:
    """A library that stands well, but for what a test says."""

    run: dict[str, Any] | None = field(default_factory=lambda: dict(RUN))
    produced: date | None = date(2027, 3, 22)
    backlog: Backlog = field(default_factory=Backlog)
    problems: tuple[CprsyncError, ...] = ()
    targets: tuple[TargetState, ...] = ()

    def store(self) -> Any:
        """The store of such a library, as far as `status` reads it."""
        state = AuditState(5, 1, "1-00", self.problems)
        keys = {("seal", "00000000")}
        return SimpleNamespace(
            runs=SimpleNamespace(documents=lambda most: [self.run][:most] if self.run else []),
            inbox=SimpleNamespace(last_produced=lambda: self.produced),
            reviews=SimpleNamespace(waiting=lambda: {"block.dead": 2}),
            outbox=SimpleNamespace(backlog=lambda: self.backlog),
            targets=SimpleNamespace(states=lambda: list(self.targets)),
            provisional=SimpleNamespace(waiting=lambda: ProvisionalWaiting(0, 0)),
            subscriptions=SimpleNamespace(coverage=lambda: Coverage(40, 38, 1)),
            access=SimpleNamespace(alarms=Alarms),
            audit=SimpleNamespace(check=lambda: state, keys_in_use=lambda: keys),
        )


def wrong(stands: Stands, *, level: str = "ok", **told: object) -> list[str]:
    certificates = [{"whose": "ours", "days_left": 400, "level": level, **told}]
    document = status_of(stands.store(), agency="710100", name="Byens", now=NOW, certificates=certificates)
    assert document["ok"] == (not document["wrong"])
    return [one["what"] for one in document["wrong"]]


def test_a_library_that_stands_well_needs_nobody() -> None:
    """What waits for a person is shown, and is no fault."""
    assert wrong(Stands()) == []
    assert wrong(Stands(run=RUN | {"exit": 3})) == []
    assert wrong(Stands(produced=None)) == []
    assert wrong(Stands(targets=(koha(backlog=Backlog(waiting=3, oldest=NOW)),))) == []


@pytest.mark.parametrize(
    ("store", "what"),
    [
        (Stands(run=None), "no_run"),
        (Stands(run=RUN | {"finished": None, "exit": None}), "open_run"),
        (Stands(run=RUN | {"exit": 5}), "run"),
        (Stands(produced=date(2027, 3, 19)), "late"),
        (Stands(backlog=Backlog(waiting=1, failed=1)), "failed"),
        (Stands(backlog=Backlog(waiting=1, oldest=datetime(2027, 3, 21, 5, tzinfo=UTC))), "old"),
        (Stands(problems=(BROKEN,)), "audit"),
        (Stands(targets=(koha(backlog=OLD),)), "target_old"),
        (Stands(targets=(koha(stopped=NOW, stopped_why="gone", backlog=OLD),)), "target_stopped"),
        (Stands(targets=(koha(set_up=False, backlog=Backlog(waiting=1)),)), "target_removed"),
    ],
)
def test_what_is_wrong_is_told(store: Stands, what: str) -> None:
    assert wrong(store) == [what]


def test_a_certificate_that_runs_out_is_told() -> None:
    assert wrong(Stands(), level="warn") == ["certificate"]
    assert wrong(Stands(), level="critical") == ["certificate"]


def test_a_missing_list_of_revoked_certificates_warns_elsewhere_and_an_old_one_here_too() -> None:
    assert wrong(Stands(), level="warn", revocation="unknown") == []
    assert wrong(Stands(), level="warn", revocation="unknown", step=90) == ["certificate"]
    assert wrong(Stands(), level="critical", revocation="unknown", problem="has been revoked") == ["certificate"]
    assert wrong(Stands(), level="warn", revocation="stale") == ["certificate"]


def test_what_has_waited_for_a_night_is_no_fault_yet() -> None:
    assert wrong(Stands(backlog=Backlog(waiting=1, oldest=datetime(2027, 3, 22, 5, tzinfo=UTC)))) == []
