"""What an operator measures says what the status says, and rules and dashboard ask for nothing else."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml
from exposition import Read, read
from test_status import BROKEN, NOW, OLD, RUN, Stands, koha, stand, tried

from cprsync.domain.trust.metrics import METRICS, SECONDS, DeskCounts, Sample, render
from cprsync.resources import monitoring_path
from cprsync.services.ports.access import AttemptCounts
from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask
from cprsync.services.trust.metrics import samples_of

LIBRARY = {"agency": "710100"}
DISKS = [{"place": "store", "free": 7 * 1024**3, "total": 9 * 1024**3}, {"place": "heads", "free": None, "total": None}]
NIGHT: dict[str, Any] = RUN | {"started": "2027-03-23T05:15:00.000000Z", "received": 9, "applied": 7, "parked": 2}
UPKEEP = tried(UpkeepTask.BACKUP, NOW - timedelta(hours=3)) | tried(UpkeepTask.DRILL, NOW, UpkeepOutcome.FAILED)


def measure(stands: Stands, **told: Any) -> list[Sample]:
    document = stand(stands, disks=DISKS, **told)
    keys = {"seal": datetime(2026, 1, 1, tzinfo=UTC)}
    oldest = {"block.dead": date(2027, 3, 1), "reverted.held": date(2027, 3, 2)}
    return list(samples_of(document, oldest_reviews=oldest, attempts=AttemptCounts(5, 2), keys=keys))


def page(stands: Stands, **told: Any) -> dict[str, Read]:
    return read(render(measure(stands, **told)))


def test_the_numbers_are_those_of_the_status() -> None:
    found = page(Stands(run=NIGHT, targets=(koha(backlog=OLD),), upkeep=UPKEEP))
    assert found["cprsync_night_exit"].of(**LIBRARY) == 0
    assert found["cprsync_night_duration_seconds"].of(**LIBRARY) == 16 * 60
    assert found["cprsync_night_received"].of(**LIBRARY) == 9
    numbers = found["cprsync_night_numbers"]
    assert {kind: numbers.of(**LIBRARY, kind=kind) for kind in ("applied", "parked", "held")} == {
        "applied": 7,
        "parked": 2,
        "held": 0,
    }
    assert found["cprsync_outbox_waiting"].of(**LIBRARY, target="koha") == 1
    assert found["cprsync_outbox_waiting"].of(**LIBRARY, target="culr") == 0
    assert found["cprsync_outbox_queued_seconds"].of(**LIBRARY, target="koha") == OLD.oldest.timestamp()
    assert found["cprsync_problems"].of(**LIBRARY, kind="target_old") == 1
    assert found["cprsync_reviews_waiting"].of(**LIBRARY, kind="block.dead") == 2
    opened = found["cprsync_review_opened_seconds"]
    assert opened.of(**LIBRARY, kind="block.dead") == datetime(2027, 2, 28, 23, tzinfo=UTC).timestamp()
    assert opened.of(**LIBRARY, kind="reverted.held") == datetime(2027, 3, 1, 23, tzinfo=UTC).timestamp()
    assert found["cprsync_disk_free_bytes"].of(**LIBRARY, kind="store") == 7 * 1024**3
    assert len(found["cprsync_disk_free_bytes"].values) == 1
    assert found["cprsync_upkeep_done_seconds"].of(**LIBRARY, kind="backup") == (NOW - timedelta(hours=3)).timestamp()
    assert found["cprsync_upkeep_failed"].of(**LIBRARY, kind="drill") == 1
    assert found["cprsync_desk_attempts_day"].of(**LIBRARY, kind="refused") == 2
    assert found["cprsync_certificate_days_left"].of(**LIBRARY, kind="ours") == 400


@pytest.mark.parametrize(
    ("store", "told", "name", "labels"),
    [
        (Stands(run=NIGHT | {"exit": 5, "state": "held"}), {}, "night_held", {}),
        (Stands(run=NIGHT | {"day": date(2027, 3, 20)}), {}, "nights_missed", {}),
        (Stands(run=NIGHT, targets=(koha(stopped=NOW, stopped_why="gone"),)), {}, "target_stopped", {"target": "koha"}),
        (Stands(run=NIGHT), {"problem": "has ended", "level": "critical"}, "certificate_wrong", {"kind": "ours"}),
    ],
)
def test_what_is_wrong_is_a_number_that_is_otherwise_0(
    store: Stands, told: Any, name: str, labels: dict[str, str]
) -> None:
    well = page(Stands(run=NIGHT, targets=(koha(),)))
    assert well[f"cprsync_{name}"].of(**LIBRARY, **labels) == 0
    assert "cprsync_problems" not in well
    assert page(store, **told)[f"cprsync_{name}"].of(**LIBRARY, **labels) >= 1


def test_an_audit_that_is_not_whole_is_0() -> None:
    assert page(Stands(run=NIGHT))["cprsync_audit_whole"].of(**LIBRARY) == 1
    assert page(Stands(run=NIGHT, problems=(BROKEN,)))["cprsync_audit_whole"].of(**LIBRARY) == 0


def test_a_library_without_a_night_has_no_numbers_of_one() -> None:
    assert "cprsync_night_exit" not in page(Stands(run=None))
    running = page(Stands(run=NIGHT | {"finished": None, "exit": None}))
    assert running["cprsync_night_number"].of(**LIBRARY) == 3
    assert "cprsync_night_finished_seconds" not in running


def everything() -> list[Sample]:
    """A sample of each metric that a library and its desk can have."""
    whole = Stands(run=NIGHT, upkeep=UPKEEP, targets=(koha(backlog=OLD),))
    counted = DeskCounts({"2xx": 1}, (1, *[0] * len(SECONDS)), 0.01, 0)
    samples = [*measure(whole), *counted.samples(), Sample("desk_workers", 1), Sample("measured", 1)]
    return [*samples, Sample("audit_heads_kept_seconds", 1)]


def test_every_metric_of_the_table_is_measured() -> None:
    assert {one.name for one in everything()} == {one.name for one in METRICS}


def named_in(text: str) -> set[str]:
    """The metrics that a text asks for, without the parts of a histogram."""
    names = set(re.findall(r"\bcprsync_[a-z_]+", text))
    return {re.sub(r"_seconds_(bucket|sum|count)$", "_seconds", name) for name in names}


def rules() -> list[dict[str, Any]]:
    text = monitoring_path("prometheus-rules.yml").read_text(encoding="utf-8")
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(monitoring_path("grafana-dashboard.json").read_text(encoding="utf-8"))
    return document


def test_rules_and_dashboard_ask_only_for_what_is_measured() -> None:
    told = {f"cprsync_{one.name}" for one in METRICS}
    for rule in rules():
        assert named_in(rule["expr"])
        assert named_in(rule["expr"]) <= told, rule["alert"]
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            assert named_in(target["expr"])
            assert named_in(target["expr"]) <= told, panel["title"]


def test_a_label_that_a_rule_asks_for_is_one_that_its_metric_has() -> None:
    labels = {f"cprsync_{one.name}": one.labels().keys() | {"agency"} for one in everything()}
    for rule in rules():
        for name, asked in re.findall(r"\b(cprsync_[a-z_]+)\{([^}]*)\}", rule["expr"]):
            assert set(re.findall(r"([a-z]+)=", asked)) <= labels[name], rule["alert"]
        told = set(re.findall(r"\$labels\.([a-z]+)", rule["annotations"]["summary"]))
        assert told <= set.union(*(set(labels[name]) for name in named_in(rule["expr"]))), rule["alert"]


def test_what_can_go_wrong_has_a_rule() -> None:
    """What is left is for a screen, or is in one of these already."""
    asked = set.union(*(named_in(rule["expr"]) for rule in rules()))
    failing = (
        "measured night_exit night_held night_late nights_missed delivery_late target_stopped outbox_queued_seconds "
        "outbox_failed certificate_days_left certificate_wrong disk_free_bytes upkeep_done_seconds upkeep_failed "
        "audit_whole audit_verified_seconds desk_sign_in_failures_total"
    )
    assert {f"cprsync_{name}" for name in failing.split()} <= asked


@pytest.mark.parametrize(("code", "error", "rings"), [(2, "netmedia.refused", True), (4, "netmedia.closed", False)])
def test_the_rule_of_a_night_that_failed_rings_for_what_status_calls_wrong(
    code: int, error: str, *, rings: bool
) -> None:
    """The next run tells CULR what waits, and `status` wakes nobody for it."""
    (expr,) = (rule["expr"] for rule in rules() if rule["alert"] == "CprsyncNightFailed")
    measured = measure(Stands(run=NIGHT | {"exit": code, "error": error}))
    problems = {one.labels()["kind"] for one in measured if one.name == "problems"}
    assert set(re.findall(r'\bcprsync_problems\{kind="(\w+)"\}', expr)) == {"run"}
    assert ("run" in problems) is rings


def test_the_rules_have_distinct_names_and_say_what_is_wrong() -> None:
    assert len({rule["alert"] for rule in rules()}) == len(rules())
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in rules())


def test_the_panels_of_the_dashboard_cover_no_other() -> None:
    squares = [
        (x, y)
        for place in (panel["gridPos"] for panel in dashboard()["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(squares) == len(set(squares))
    assert max(x for x, _ in squares) < 24
