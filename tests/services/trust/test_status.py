"""How a library stands: what someone has to look after is told, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cprsync.doctor.status import look_at
from cprsync.domain.deciding.approval import GivenYes
from cprsync.domain.feed.delivery import COPENHAGEN, Header, last_loaded, working_day_before
from cprsync.domain.patron.review import PROTECTION_DOUBTED
from cprsync.errors import CprsyncError
from cprsync.language.status import NEITHER, WELL, WRONG, problems_of, status_facts_of, status_lines
from cprsync.services.ports.access import Alarms
from cprsync.services.ports.finding import ProvisionalWaiting
from cprsync.services.ports.netmedia import Backlog
from cprsync.services.ports.outward import TargetState
from cprsync.services.ports.register import AskedToday, Coverage
from cprsync.services.ports.reverting import HalfUndone
from cprsync.services.ports.runs import HeldRun, ListedRun
from cprsync.services.ports.trust.alarms import UntoldChannel
from cprsync.services.ports.trust.audit import AuditGlance
from cprsync.services.ports.trust.keys import Rotation
from cprsync.services.ports.trust.status import HeadsStand
from cprsync.services.ports.trust.upkeep import Upkeep, UpkeepOutcome, UpkeepTask
from cprsync.services.trust.status import FREE_LEAST, Around, status_of

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.services.ports.trust.status import LibraryStatus

#: A Tuesday morning: Monday's delivery is due.
NOW = datetime(2027, 3, 23, 6, 30, tzinfo=UTC)
RUN: dict[str, Any] = {
    "run": 3,
    "agency": "710100",
    "day": date(2027, 3, 23),
    "state": "done",
    "exit": 0,
    "started": "2027-03-23T05:30:00.000000Z",
    "finished": "2027-03-23T05:31:00.000000Z",
}
OLD = Backlog(waiting=1, oldest=datetime(2027, 3, 21, 5, tzinfo=UTC))
BRAKE = {"brake": {"classes": [{"class": "parked", "count": 12, "limit": 10}]}}
#: Night 3 is held, and so is run 9, which would undo another one.
HELD = HeldRun(3, date(2027, 3, 23), "sha256:0123456789abcdef", datetime(2027, 3, 23, 5, 31, tzinfo=UTC), BRAKE)
HELD_UNDO = HeldRun(9, HELD.day, "sha256:fedcba9876543210", HELD.since, BRAKE | {"reverts": 2})
OLD_UNDO = replace(HELD_UNDO, id=7, since=NOW - timedelta(days=8))
YESES = tuple(GivenYes(who, NOW - timedelta(hours=1)) for who in ("anna", "bo"))
BROKEN = CprsyncError("the audit is broken", stream="desk", seq=2)


def koha(*, set_up: bool = True, **told: Any) -> TargetState:
    """A target."""
    return TargetState("koha", "koha", set_up, loaded=True, **told)


@dataclass
class Stands:
    """A library that stands well, but for what a test says."""

    run: dict[str, Any] | None = field(default_factory=lambda: dict(RUN))
    produced: date | None = date(2027, 3, 22)
    #: the day of the first night that went well
    since: date | None = date(2027, 3, 1)
    #: the production days of the deliveries in the inbox
    waiting: tuple[date, ...] = ()
    backlog: Backlog = field(default_factory=Backlog)
    problems: tuple[CprsyncError, ...] = ()
    targets: tuple[TargetState, ...] = ()
    #: what the last night found that followed the whole audit, and when somebody accepted that
    followed: bool = True
    accepted: str | None = None
    upkeep: dict[tuple[UpkeepTask, bool], Upkeep] = field(default_factory=dict)
    held: tuple[HeldRun, ...] = ()
    rotations: tuple[Rotation, ...] = ()
    yeses: tuple[GivenYes, ...] = ()
    #: unverified patrons, and what the reports of the nights say of them, by run
    unverified: int = 0
    windows: dict[int, Any] = field(default_factory=dict)
    half_undone: tuple[HalfUndone, ...] = ()
    #: what waits for staff, by kind
    reviews: dict[str, int] = field(default_factory=lambda: {"block.dead": 2})

    def runs(self) -> list[ListedRun]:
        """The runs that are listed, the newest first."""
        if self.run is None:
            return []
        return [ListedRun(**run) for run in (self.run, *(self.run | {"run": number} for number in self.windows))]

    def store(self) -> Any:
        """The store of such a library, as far as `status` reads it."""
        state = AuditGlance(5, 1, "1-00", None, 0, self.accepted, self.problems)
        keys = {("seal", "00000000")}
        return SimpleNamespace(
            runs=SimpleNamespace(
                first_day=lambda: self.since,
                list_runs=lambda most: self.runs()[:most],
                document=lambda run: {"audit": {"whole": self.followed}, "windows": self.windows.get(run)},
            ),
            inbox=SimpleNamespace(
                last_produced=lambda: self.produced,
                last_loaded=last_loaded,
                waiting=lambda: [
                    SimpleNamespace(header=Header("123456", day, working_day_before(day)), accepted=False, refused=None)
                    for day in self.waiting
                ],
            ),
            stopped_deliveries=SimpleNamespace(stopping=list),
            approvals=SimpleNamespace(
                waiting=lambda: list(self.held), yeses=lambda _: list(self.yeses), unbound_yeses=lambda _: []
            ),
            reverting=SimpleNamespace(held=lambda: 0, half_done=lambda: list(self.half_undone)),
            windows=SimpleNamespace(count=lambda: self.unverified, asked_today=AskedToday),
            upkeep=SimpleNamespace(last=lambda task, *done: self.upkeep.get((task, bool(done)))),
            alarms=SimpleNamespace(undelivered=list),
            reviews=SimpleNamespace(waiting=lambda: self.reviews),
            outbox=SimpleNamespace(backlog=lambda: self.backlog),
            targets=SimpleNamespace(states=lambda: list(self.targets)),
            provisional=SimpleNamespace(waiting=lambda: ProvisionalWaiting(0, 0)),
            subscriptions=SimpleNamespace(coverage=lambda: Coverage(40, 38, 1)),
            access=SimpleNamespace(alarms=Alarms),
            keys=SimpleNamespace(unfinished=lambda: list(self.rotations)),
            audit=SimpleNamespace(glance=lambda: state, noted_keys=lambda: keys),
        )


def stand(
    stands: Stands, *, now: datetime = NOW, disks: Any = (), is_production: bool = False, **told: object
) -> LibraryStatus:
    certificates = [{"whose": "ours", "days_left": 400, "level": "ok", **told}]
    return status_of(stands.store(), Around("710100", "Byens", now, certificates, disks, is_production))


@pytest.mark.parametrize(
    ("reviews", "said"),
    [
        ({}, "alt står, som det skal"),
        ({"block.dead": 1}, "driften er i orden; 1 sag venter på personalet"),
        (
            {"block.dead": 9, PROTECTION_DOUBTED: 1},
            "driften er i orden; 10 sager venter på personalet, heraf 1 om en beskyttelse i tvivl",
        ),
    ],
)
def test_what_waits_for_staff_is_said_where_nothing_is_wrong(reviews: dict[str, int], said: str) -> None:
    """A protection in doubt among ten others is not found by whoever reads that all is well."""
    first, *_ = status_lines(stand(Stands(reviews=reviews)), "da")
    assert first.endswith(f": {said}")


def wrong(stands: Stands, **told: Any) -> list[str]:
    status = stand(stands, **told)
    assert status.ok == (not status.wrong)
    # whatever is wrong says what to do, and is marked where it belongs
    for problem in (*problems_of(status, "da"), *problems_of(status, "en")):
        assert not problem.text.startswith("wrong_")
        assert not problem.next.startswith("next_")
    assert status.ok == all(fact.mark != WRONG for fact in status_facts_of(status, "en"))
    return [one["what"] for one in status.wrong]


@pytest.mark.parametrize(
    ("produced", "waiting", "missing"),
    [
        (date(2027, 3, 18), (), "19. marts 2027"),
        (date(2027, 3, 17), (date(2027, 3, 18),), "19. marts 2027"),
        # the one that is due waits behind a gap
        (date(2027, 3, 18), (date(2027, 3, 22),), "19. marts 2027"),
    ],
)
def test_a_lost_delivery_is_told_by_its_own_day(produced: date, waiting: tuple[date, ...], missing: str) -> None:
    status = stand(Stands(produced=produced, waiting=waiting))
    assert [one.text for one in problems_of(status, "da")] == [f"leverancen for {missing} er ikke indlæst"]


@pytest.mark.parametrize(
    ("since", "waiting", "what"),
    [
        (date(2027, 3, 19), (), ["late"]),
        # subscribed today, it may be in the next delivery only
        (date(2027, 3, 22), (), []),
        (None, (), []),
        # it is there, and a brake holds it
        (date(2027, 3, 19), (date(2027, 3, 22),), []),
    ],
)
def test_a_library_whose_first_delivery_never_came_is_told_so(
    since: date | None, waiting: tuple[date, ...], what: list[str]
) -> None:
    stands = Stands(produced=None, since=since, waiting=waiting)
    assert wrong(stands) == what
    told = [one.text for one in problems_of(stand(stands), "da")]
    never = "der er endnu ikke kommet en leverance; den første skulle have været den for 22. marts 2027"
    assert told == [never] * len(what)


def test_the_last_night_says_that_it_was_undone() -> None:
    status = stand(Stands(run=RUN | {"reverted_by": 9}))
    assert next(status_facts_of(status, "en")).text.endswith("all is done; undone by run 9")


BRAKED = {"asked": 20, "brake": [{"class": "changed", "count": 4, "limit": 3}]}
USED = {"asked": 0, "brake": []}
THROUGH = {"asked": 20, "brake": []}


def test_answers_behind_a_limit_are_told_until_they_are_through() -> None:
    assert wrong(Stands(unverified=20, windows={3: BRAKED})) == ["windows"]
    # a later run of the day asked nobody, because the day's quota was used
    assert wrong(Stands(unverified=20, windows={3: USED, 2: BRAKED})) == ["windows"]
    assert wrong(Stands(unverified=20, windows={3: THROUGH, 2: BRAKED})) == []
    assert wrong(Stands(unverified=0, windows={3: BRAKED})) == []
    assert wrong(Stands(unverified=20, run=RUN | {"finished": None, "day": date(2027, 3, 24)})) == ["open_run"]


def test_answers_behind_a_limit_are_told_with_the_limit_and_what_to_do() -> None:
    status = stand(Stands(unverified=20, windows={3: BRAKED}))
    (danish,), (english,) = problems_of(status, "da"), problems_of(status, "en")
    assert "20" in danish.text
    assert "guard.changed.count" in danish.next
    assert "guard.changed.count" in english.next
    assert "cprsync feed heal --limit 20" in english.next


def test_an_undo_that_was_not_finished_is_told_with_the_command_that_goes_on_with_it() -> None:
    stands = Stands(half_undone=(HalfUndone(4, 2, NOW),))
    assert wrong(stands) == ["open_undo"]
    assert [one.next for one in problems_of(stand(stands), "en")] == [
        "Run `cprsync runs revert 2`: it goes on where the undo stopped."
    ]


def test_heads_that_cannot_be_kept_are_told() -> None:
    closed = HeadsStand("keys: this user may not read and write it", "keys: du må ikke")
    around = Around("710100", "Byens", NOW, [{"whose": "ours", "days_left": 400, "level": "ok"}], heads=closed)
    status = status_of(Stands().store(), around)
    assert [one["what"] for one in status.wrong] == ["heads"]
    assert [one.text for one in status_facts_of(status, "da") if one.mark == WRONG] == [
        f"revisionssporets hoveder kan ikke gemmes: {closed.problem_da}"
    ]


def test_a_library_that_stands_well_needs_nobody() -> None:
    """What waits for a person is shown, and is no fault."""
    assert wrong(Stands()) == []
    assert wrong(Stands(run=RUN | {"exit": 3})) == []
    # CULR or a target hears what waits from the next run of the day
    assert wrong(Stands(run=RUN | {"exit": 4, "error": "netmedia.closed"})) == []
    assert wrong(Stands(run=RUN | {"exit": 4, "error": "target.unavailable"})) == []
    assert wrong(Stands(produced=None, since=None)) == []
    assert wrong(Stands(targets=(koha(backlog=Backlog(waiting=3, oldest=NOW)),))) == []


@pytest.mark.parametrize(
    ("store", "what"),
    [
        (Stands(run=None), "no_run"),
        (Stands(run=RUN | {"finished": None, "exit": None}), "open_run"),
        (Stands(run=RUN | {"exit": 5}), "run"),
        (Stands(run=RUN | {"exit": 5}, held=(HELD,)), "plan"),
        (Stands(held=(HELD_UNDO,)), "plan"),
        (Stands(held=(HELD_UNDO,), yeses=YESES), "plan"),
        (Stands(held=(OLD_UNDO, HELD_UNDO)), "plan"),
        (Stands(produced=date(2027, 3, 19)), "late"),
        (Stands(RUN | {"exit": 4, "error": "delivery.late"}, produced=date(2027, 3, 19)), "late"),
        (Stands(RUN | {"exit": 4, "error": "register.http"}), "run"),
        # it refuses us: that does not end by itself
        (Stands(RUN | {"exit": 2, "error": "netmedia.refused"}), "run"),
        # the delivery has come, and nothing else says any more that the night was stopped
        (Stands(RUN | {"exit": 4, "error": "delivery.late"}), "run"),
        (Stands(produced=date(2027, 3, 18), waiting=(date(2027, 3, 19),)), "late"),
        (Stands(RUN | {"exit": 5}, produced=date(2027, 3, 19), waiting=(date(2027, 3, 22),), held=(HELD,)), "plan"),
        (Stands(backlog=Backlog(waiting=1, failed=1)), "failed"),
        (Stands(backlog=Backlog(waiting=1, oldest=datetime(2027, 3, 21, 5, tzinfo=UTC))), "old"),
        (Stands(problems=(BROKEN,)), "audit"),
        (Stands(rotations=(Rotation("seal", "00000001", NOW, 12, 40),)), "rotation"),
        (Stands(rotations=(Rotation("pin", "00000001", NOW, 0, 0),)), "rotation"),
        (Stands(targets=(koha(backlog=OLD),)), "target_old"),
        (Stands(targets=(koha(stopped=NOW, stopped_why="gone", backlog=OLD),)), "target_stopped"),
        (Stands(targets=(koha(refused=2),)), "target_refuses"),
        (Stands(targets=(koha(set_up=False, backlog=Backlog(waiting=1)),)), "target_removed"),
    ],
)
def test_what_is_wrong_is_told(store: Stands, what: str) -> None:
    assert wrong(store) == [what]


@pytest.mark.parametrize("error", ["netmedia.closed", "target.unavailable", "delivery.unfinished", "sftp.unreachable"])
def test_what_others_did_not_hear_or_deliver_is_wrong_once_the_days_last_run_has_tried_too(error: str) -> None:
    """A new protection may be what waits: it is not left to another day without a word."""
    noon = datetime(2027, 3, 23, 12, 15, tzinfo=COPENHAGEN)
    stands = Stands(RUN | {"exit": 4, "error": error})
    assert wrong(stands, now=noon - timedelta(seconds=1)) == []
    assert wrong(stands, now=noon) == ["run"]


@pytest.mark.parametrize("hour", [6, 13])
def test_a_file_that_has_not_come_whole_is_told_as_that_and_once(hour: int) -> None:
    """No counterpart failed to answer, and nothing is missing: whoever is on duty would ask the platform in vain."""
    now = datetime(2027, 3, 23, hour, 30, tzinfo=COPENHAGEN)
    stands = Stands(RUN | {"exit": 4, "error": "delivery.unfinished"}, produced=date(2027, 3, 19))
    status = stand(stands, now=now)
    assert [one.text for one in problems_of(status, "da")] == [
        "leverancen for 22. marts 2027 er ikke kommet hel frem endnu"
    ]
    assert next(status_facts_of(status, "da")).text.endswith("en fil er ikke kommet hel frem endnu")
    assert wrong(stands, now=now) == ["late"]


def test_a_file_that_has_not_come_whole_hides_no_delivery_that_is_missing_before_it() -> None:
    noon = datetime(2027, 3, 23, 12, 15, tzinfo=COPENHAGEN)
    stands = Stands(RUN | {"exit": 4, "error": "delivery.unfinished"}, produced=date(2027, 3, 18))
    assert [one.text for one in problems_of(stand(stands, now=noon), "en")] == [
        "the delivery of 19 March 2027 has not been taken; the last night: a file has not come whole yet"
    ]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("delivery.gap", "the delivery of 19 March 2027 is missing, and the last night stopped"),
        (
            "delivery.damaged",
            "the delivery of 19 March 2027 has not been taken; the last night: a delivery was refused",
        ),
    ],
)
def test_a_night_that_a_delivery_stopped_names_the_day_that_is_missing_and_nothing_names_it_again(
    error: str, said: str
) -> None:
    status = stand(Stands(RUN | {"exit": 1, "error": error}, produced=date(2027, 3, 18)))
    assert [one.text for one in problems_of(status, "en")] == [said]
    assert [one["what"] for one in status.wrong] == ["run", "late"]


def test_an_audit_that_is_not_whole_is_not_called_something_refused() -> None:
    status = stand(Stands(RUN | {"exit": 1, "error": "audit.broken"}))
    assert [one.text for one in problems_of(status, "da")] == ["den seneste nat: revisionssporet er ikke helt"]


@pytest.mark.parametrize("error", ["netmedia.closed", "delivery.late"])
def test_a_night_that_the_next_run_goes_on_with_is_marked_neither_as_well_nor_as_wrong(error: str) -> None:
    produced = date(2027, 3, 19) if error == "delivery.late" else date(2027, 3, 22)
    status = stand(Stands(RUN | {"exit": 4, "error": error}, produced=produced))
    assert next(status_facts_of(status, "en")).mark == NEITHER


@pytest.mark.parametrize("backlog", [Backlog(waiting=1), OLD])
def test_what_waits_for_a_culr_that_is_not_set_up_is_told_as_that_and_not_as_an_answer_that_is_late(
    backlog: Backlog,
) -> None:
    status = status_of(Stands(backlog=backlog).store(), Around("710100", "Byens", NOW, has_net_media=False))
    assert [one["what"] for one in status.wrong] == ["culr_missing"]
    (said,) = problems_of(status, "en")
    assert "not set up" in said.text
    assert "[library.culr]" in said.next


def test_an_alarm_that_did_not_arrive_is_told_as_long_as_its_channel_is_set_up() -> None:
    store = Stands().store()
    store.alarms = SimpleNamespace(undelivered=lambda: [UntoldChannel("email", 2, "alarm.refused")])
    for channels, told in ((("email", "webhook"), ["alarms"]), (("webhook",), []), ((), [])):
        status = status_of(store, Around("710100", "Byens", NOW, channels=channels))
        assert [one["what"] for one in status.wrong] == told
        says = [one.text for one in problems_of(status, "da")]
        assert says == ["2 alarmer kommer ikke frem via e-mail (alarm.refused)"][: len(told)]


def test_a_certificate_that_runs_out_is_told() -> None:
    assert wrong(Stands(), level="warn") == ["certificate"]
    assert wrong(Stands(), level="critical") == ["certificate"]


def test_a_certificate_that_runs_out_within_a_day_is_not_said_to_have_no_days() -> None:
    """Zero days read as if it had ended, and the night still runs."""
    (problem,) = problems_of(stand(Stands(), level="critical", step=1, days_left=0), "en")
    assert problem.text == "a certificate (ours) runs out within 24 hours"


def test_a_certificate_that_cannot_be_used_stands_before_what_is_late_without_it() -> None:
    late = Stands(produced=date(2027, 3, 18))
    assert wrong(late, level="critical", problem="has expired") == ["certificate", "late"]
    assert wrong(late, level="warn", step=14) == ["late", "certificate"]


def test_a_missing_list_of_revoked_certificates_warns_elsewhere_and_an_old_one_here_too() -> None:
    assert wrong(Stands(), level="warn", revocation="unknown") == []
    assert wrong(Stands(), level="warn", revocation="unknown", step=90) == ["certificate"]
    assert wrong(Stands(), level="critical", revocation="unknown", problem="has been revoked") == ["certificate"]
    assert wrong(Stands(), level="warn", revocation="stale") == ["certificate"]


def tried(
    task: UpkeepTask, at: datetime, outcome: UpkeepOutcome = UpkeepOutcome.DONE
) -> dict[tuple[UpkeepTask, bool], Upkeep]:
    one = Upkeep(task, at, outcome, {})
    return {(task, False): one} | ({} if outcome is UpkeepOutcome.FAILED else {(task, True): one})


@pytest.mark.parametrize(
    ("upkeep", "what"),
    [
        ({}, []),
        (tried(UpkeepTask.BACKUP, NOW - timedelta(hours=49)), []),
        (tried(UpkeepTask.BACKUP, NOW - timedelta(hours=51)), ["backup_old"]),
        (tried(UpkeepTask.BACKUP, NOW + timedelta(hours=23)), []),
        (tried(UpkeepTask.BACKUP, NOW + timedelta(hours=25)), ["backup_ahead"]),
        (tried(UpkeepTask.DRILL, NOW + timedelta(hours=25)), ["drill_ahead"]),
        (tried(UpkeepTask.BACKUP, NOW, UpkeepOutcome.FAILED), ["backup_failed"]),
        (tried(UpkeepTask.DRILL, NOW - timedelta(days=34)), []),
        (tried(UpkeepTask.DRILL, NOW - timedelta(days=36)), ["drill_old"]),
    ],
)
def test_an_old_or_failed_backup_and_drill_are_told(
    upkeep: dict[tuple[UpkeepTask, bool], Upkeep], what: list[str]
) -> None:
    assert wrong(Stands(upkeep=upkeep)) == what


def test_production_wants_a_backup_once_it_has_lived_and_then_a_drill() -> None:
    assert wrong(Stands(), is_production=True) == ["backup_never"]
    assert wrong(Stands(run=None), is_production=True) == ["no_run"]
    backed = tried(UpkeepTask.BACKUP, NOW)
    assert wrong(Stands(upkeep=backed), is_production=True) == ["drill_never"]
    assert wrong(Stands(upkeep=backed | tried(UpkeepTask.DRILL, NOW)), is_production=True) == []


def test_whoever_looks_at_a_library_in_production_misses_its_backup(tmp_path: Path) -> None:
    """Alarms, numbers, pages, API and `status` look by the same function."""
    folder = SimpleNamespace(url=f"sqlite:///{tmp_path / 'cprsync.db'}", erase_journal=tmp_path / "journal")
    for is_production, missed in ((True, ["backup_never"]), (False, [])):
        site: Any = SimpleNamespace(
            section=SimpleNamespace(
                agency="710100", name="Byens", culr=None, register_=SimpleNamespace(windows_a_day=0)
            ),
            settings=SimpleNamespace(
                store=folder,
                keys=SimpleNamespace(dir=tmp_path),
                is_production=is_production,
                alarms=SimpleNamespace(channels=()),
            ),
            clock=SimpleNamespace(now=lambda: NOW),
            certificates=list,
        )
        assert [one["what"] for one in look_at(site, Stands().store()).wrong] == missed
        assert not look_at(site, Stands().store()).waits.net_media.set_up


@pytest.mark.parametrize(
    ("hours", "what", "days"),
    [
        (0, [], 0),
        # the timer's last time is 11:45 in Copenhagen
        (24 + 4, [], 0),
        (24 + 5, ["night_late"], 0),
        (2 * 24, ["night_missed"], 1),
        (5 * 24, ["night_missed"], 4),
    ],
)
def test_a_night_is_late_after_the_timers_last_time_and_missed_the_day_after(
    hours: int, what: list[str], days: int
) -> None:
    """NOW is half past seven in Copenhagen, and that day's night has run. Deliveries are not looked at here."""
    status = stand(Stands(produced=None, since=None), now=NOW + timedelta(hours=hours))
    assert [one["what"] for one in status.wrong] == what
    assert status.night.days == days


def test_the_certificate_that_is_wrong_is_named_with_its_days() -> None:
    status = stand(Stands(), whose="theirs", host="culr.example:443", level="warn", step=14, days_left=13)
    (problem,) = problems_of(status, "en")
    assert problem.text == "a certificate (culr.example:443) runs out in 13 days"
    assert [fact.text for fact in status_facts_of(status, "en") if fact.mark == WRONG] == [
        "Certificate (culr.example:443): 13 days left"
    ]


def test_a_counterpart_that_does_not_answer_at_once_is_no_fault() -> None:
    assert wrong(Stands(), whose="theirs", host="culr.example:443", level="unknown", days_left=None) == []


@pytest.mark.parametrize(("free", "what"), [(FREE_LEAST, []), (FREE_LEAST - 1, ["disk"]), (None, [])])
def test_a_disk_with_too_little_room_for_a_night_is_told(free: int | None, what: list[str]) -> None:
    assert wrong(Stands(), disks=[{"place": "journal", "free": free, "total": None}]) == what


def test_an_audit_that_is_not_whole_is_told_once_and_not_by_its_night_too() -> None:
    night = RUN | {"exit": 1, "error": "audit.broken"}
    assert wrong(Stands(night, problems=(BROKEN,))) == ["audit"]
    assert next(status_facts_of(stand(Stands(night, problems=(BROKEN,))), "en")).mark == NEITHER
    assert wrong(Stands(night, followed=False)) == ["audit"]
    # somebody has accepted it, and no night has followed it since
    accepted = Stands(night, followed=False, accepted="2027-03-24T05:31:00.000000Z")
    assert wrong(accepted) == ["run"]


def test_of_the_audit_only_the_line_that_is_wrong_is_marked() -> None:
    """A mark beside "the ends fit" sends whoever is on duty to the wrong place."""
    facts = list(status_facts_of(stand(Stands(followed=False)), "en"))
    assert [one.text for one in facts if one.mark == WRONG] == [
        "Night no. 3 followed the whole audit, and it was not whole"
    ]


def test_a_plan_that_two_people_have_approved_waits_for_no_approval() -> None:
    (problem,) = problems_of(stand(Stands(RUN | {"exit": 5}, held=(HELD,), yeses=YESES)), "en")
    assert "approval" not in problem.text
    assert "sync" in problem.next


def test_an_audit_that_a_night_found_broken_is_told_until_somebody_accepts_it() -> None:
    """The ends may fit although an older entry was altered."""
    assert wrong(Stands(followed=False)) == ["audit"]
    assert wrong(Stands(followed=False, accepted="2027-03-22T05:31:00.000000Z")) == ["audit"]
    assert wrong(Stands(followed=False, accepted="2027-03-23T05:31:00.000001Z")) == []
    assert wrong(Stands(followed=False, accepted=RUN["finished"])) == [], "beside a mock the clock stands still"


@pytest.mark.parametrize(
    ("found", "accepted", "said"),
    [
        (True, None, "WELL Night no. 3 followed the whole audit, and it was whole"),
        (False, None, "WRONG Night no. 3 followed the whole audit, and it was not whole"),
        (
            False,
            "2027-03-23T05:31:00.000001Z",
            "WELL Night no. 3 followed the whole audit, and it was not whole; what it found has been accepted since",
        ),
    ],
)
def test_what_a_night_found_in_the_audit_stays_what_it_found_once_it_is_accepted(
    found: bool, accepted: str | None, said: str
) -> None:
    status = stand(Stands(followed=found, accepted=accepted))
    facts = [f"{'WELL' if one.mark == WELL else 'WRONG'} {one.text}" for one in status_facts_of(status, "en")]
    assert [one for one in facts if "followed" in one] == [said]


def test_a_held_night_and_whom_it_parked_are_counted() -> None:
    waits = stand(Stands(run=RUN | {"state": "held", "exit": 5, "parked": 7})).waits
    assert (waits.held, waits.parked) == (3, 7)
    assert stand(Stands()).waits.held is None


@pytest.mark.parametrize(
    ("held", "yeses", "fact", "problem"),
    [
        (
            HELD,
            (),
            "Plan sha256:01234567 (run 3) was last held on 23 March 2027, 06:31",
            "Two people have to approve",
        ),
        (HELD, YESES[:1], "; approved by anna (23 March 2027, 06:30)", "One more person has to approve"),
        (HELD, YESES, "bo (23 March 2027, 06:30); that counts until 23 March 2027, 10:30", "Run cprsync sync before"),
        (HELD_UNDO, YESES, "Plan sha256:fedcba98 (run 9)", "Run cprsync runs revert 2 again before"),
    ],
)
def test_a_held_plan_says_since_when_it_is_held_who_has_approved_it_and_what_to_do(
    held: HeldRun, yeses: tuple[GivenYes, ...], fact: str, problem: str
) -> None:
    status = stand(Stands(held=(held,), yeses=yeses))
    (wrong,) = problems_of(status, "en")
    assert "(parked for a person)" in wrong.text
    assert problem in wrong.next
    *night, told = [one.text for one in status_facts_of(status, "en") if one.mark == WRONG]
    assert fact in told
    # the night that was stopped is not well either; an undo is no night
    assert [one.startswith("Last night") for one in night] == ([True] if held is HELD else [])


def test_an_undo_that_was_held_a_week_ago_is_shown_and_needs_nobody() -> None:
    status = stand(Stands(held=(OLD_UNDO,)))
    assert status.ok
    assert any(one.mark == WELL and "(run 7)" in one.text for one in status_facts_of(status, "en"))
    (fact,) = [one for one in status_facts_of(stand(Stands(held=(OLD_UNDO, HELD_UNDO))), "en") if one.mark == WRONG]
    assert "(run 9)" in fact.text


def test_an_approval_that_has_run_out_is_told_and_counts_for_nothing() -> None:
    status = stand(Stands(held=(HELD,), yeses=YESES), now=NOW + timedelta(hours=4))
    (plan,) = status.plans
    assert (plan.approved_by, plan.missing) == ((), 2)
    assert any(
        one.text.endswith("; the approval ran out on 23 March 2027, 10:30") for one in status_facts_of(status, "en")
    )


def test_each_line_has_a_mark_that_reads_without_colour() -> None:
    assert {fact.mark for fact in status_facts_of(stand(Stands()), "da")} == {WELL, "·"}


def test_what_has_waited_for_a_night_is_no_fault_yet() -> None:
    assert wrong(Stands(backlog=Backlog(waiting=1, oldest=datetime(2027, 3, 22, 5, tzinfo=UTC)))) == []
