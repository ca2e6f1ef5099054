"""What the checks of an installation make of what they are told, and that none of them hides another."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cprsync.errors import (
    AlarmUndelivered,
    BackupFailed,
    BadInput,
    ConfigurationError,
    CredentialUnseen,
    RegisterUnavailable,
)
from cprsync.language.doctor import doctor_document, result_lines, summary_line
from cprsync.services.ports.trust.alarms import UntoldChannel
from cprsync.services.ports.trust.audit import AuditGlance
from cprsync.services.ports.trust.doctor import Component, Contents, FeedFiles, Finding, Host, Level, NamedBackup, Need
from cprsync.services.ports.trust.keys import Rotation
from cprsync.services.trust.doctor import INSTALLATION, LIBRARY, MACHINE, Check, Result, examine, look_in_time
from cprsync.services.trust.status import FREE_LEAST
from cprsync.store.seals.failures import AuditBroken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOW = datetime(2027, 3, 23, 6, 30, tzinfo=UTC)
CHECKS = {one.name: one for one in (*MACHINE, *INSTALLATION, *LIBRARY)}
TYPES = dict.fromkeys(("001", "003", "008", "099"), 30)
WELL: dict[str, Any] = {
    "components": [Component("lxml", "6.1", "6.0", is_old=False)],
    "compile_schemas": None,
    "danish_hours": (1.0, 2.0),
    "is_root": False,
    "umask": 0o077,
    "timer": {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"},
    "files": ["cprsync.toml"],
    "hosts": [Host("library.register", "exttest.example", is_near=False, is_for_test=True)],
    "sees_mock": False,
    "is_ours_for_test": True,
    "open_files": [],
    "load_keys": 6,
    "disks": [{"place": "store", "free": 6 * FREE_LEAST, "total": None}],
    "store_version": "0022",
    "store_environments": {"710100": "test"},
    "unnamed_libraries": [],
    "contents": Contents(40, is_lost=False),
    "wrong_settings": [],
    "try_to_write": None,
    "store_offset": 0.5,
    "lost_keys": [],
    "rotations": [],
    "journal_lines": 3,
    "glance": AuditGlance(5, 1, "1-00", "2027-03-23T05:30:00.000000Z", 0),
    "policy_changes": [],
    "named_backup": NamedBackup("/mnt/backup", "backup.pub"),
    "is_backup_folder_there": True,
    "backups_ahead": [],
    "read_recipient": None,
    "make_sure_of_programs": None,
    "certificates": [{"whose": "ours", "days_left": 400, "level": "ok", "revocation": "good"}],
    "knock": (NOW, NOW),
    "ask_agreement": None,
    "feed_files": FeedFiles(["D270322.L123456"], [], 0),
    "alarm_channels": ["email"],
    "undelivered": [],
    "deliveries": {"last": "2027-03-22", "due": "2027-03-22", "missing": None, "waiting": 0},
    "last_delivery": (date(2027, 3, 22), SimpleNamespace(by_record=TYPES, persons=30, unknown_records={})),
    "agreed_records": frozenset(TYPES),
    "ask_receiver": None,
    "ask_culr": "ACCOUNT_DOES_NOT_EXIST",
    "ask_fbs": None,
    "targets": ["koha"],
    "ask_target": "koha",
    "providers": ["desk"],
    "ask_provider": None,
}


@dataclass
class Place:
    """An installation that stands well, but for what a test says. An error in place of an answer is raised."""

    told: Mapping[str, Any] = field(default_factory=dict)
    agency: str = "710100"
    is_production: bool = False
    lacks: frozenset[Need] = frozenset()

    @property
    def store(self) -> Place:
        return self

    @property
    def peers(self) -> Place:
        return self

    def has(self, need: Need) -> bool:
        return need not in self.lacks

    def __getattr__(self, name: str) -> Any:
        answer = {**WELL, **self.told}[name]

        def asked(*_: object) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return asked


def found(check: str, *, is_production: bool = False, **told: Any) -> tuple[Level, str]:
    """How a check ends, and what its lines say."""
    place: Any = Place(told, is_production=is_production)
    result = Result(check, None, look_in_time(CHECKS[check], place), 0.0)
    lines = [*result_lines(result, "en"), *result_lines(result, "da")]
    assert not any("doctor_" in line for line in lines), lines
    # whatever is no OK says what to do
    assert all(len(list(result_lines(Result(check, None, (one,), 0.0), "da"))) == 2 for one in _bad(result)), lines
    return result.level, "\n".join(lines)


def _bad(result: Result) -> list[Finding]:
    return [one for one in result.findings if one.level in {Level.WARNING, Level.FAULT}]


@pytest.mark.parametrize("check", CHECKS)
def test_what_is_well_is_ok(check: str) -> None:
    assert found(check)[0] is Level.OK


REAL = Host("library.register", "prod.example", is_near=False, is_for_test=False)


@pytest.mark.parametrize(
    ("check", "told", "level", "says"),
    [
        ("program", {"components": [Component("lxml", "5.9", "6.0", is_old=True)]}, "fault", "lxml is 5.9; 6.0 is"),
        ("program", {"components": [Component("lxml", "", "6.0", is_old=True)]}, "fault", "lxml is –"),
        ("schemas", {"compile_schemas": ConfigurationError("no schema", kind="schemas")}, "fault", "no schema"),
        ("time_zone", {"danish_hours": (0.0, 0.0)}, "fault", "has not the Danish time"),
        ("user", {"is_root": True}, "warning", "runs as root"),
        ("user", {"umask": 0o002}, "warning", "umask is 002"),
        ("timer", {"timer": {"LoadState": "not-found"}}, "warning", "does not know cprsync.timer"),
        ("timer", {"timer": {"LoadState": "loaded", "ActiveState": "inactive"}}, "fault", "is stopped"),
        ("timer", {"timer": {"LoadState": "loaded", "ActiveState": "active"}}, "warning", "does not start again"),
        ("environment", {"hosts": [REAL]}, "fault", "prod.example, which is not for test"),
        ("environment", {"is_ours_for_test": False}, "fault", "is not a test certificate"),
        ("files", {"open_files": [ConfigurationError("others may read it", kind="file.private")]}, "fault", "others"),
        ("disks", {"disks": [{"place": "store", "free": FREE_LEAST}]}, "warning", "1.1 GB of free space"),
        ("disks", {"disks": [{"place": "heads", "free": 1}]}, "fault", "only 0.0 GB of free space for the keys"),
        ("store.environment", {"store_environments": {"1": "production"}}, "fault", "of the other kind (production or"),
        ("store.environment", {"store_environments": {"1": "test", "2": "production"}}, "fault", "in one database; of"),
        ("store.environment", {"unnamed_libraries": ["1", "2"]}, "warning", "of 1, 2, which no [[library]] here names"),
        ("store.library", {"contents": Contents(0, is_lost=True)}, "fault", "remember an earlier one"),
        ("store.settings", {"wrong_settings": ["app: + audit DELETE"]}, "fault", "app: + audit DELETE"),
        ("store.clock", {"store_offset": 31.0}, "warning", "31 seconds from ours"),
        ("store.clock", {"store_offset": -301.0}, "fault", "5 minutes from ours"),
        ("backup", {"named_backup": NamedBackup(None, None)}, "warning", "[backup] is not set"),
        ("backup", {"named_backup": NamedBackup("/b", None)}, "fault", "has no public key"),
        ("backup", {"named_backup": NamedBackup(None, "b.pub")}, "warning", "names no folder"),
        ("backup", {"is_backup_folder_there": False}, "warning", "/mnt/backup is not there: the next backup makes it"),
        ("backup", {"is_backup_folder_there": BackupFailed("read-only")}, "fault", "read-only"),
        ("backup", {"backups_ahead": ["cprsync-2099"]}, "warning", "backups are dated later than now: cprsync-2099"),
        ("backup", {"read_recipient": ConfigurationError("no key", kind="backup.key")}, "fault", "no key"),
        ("backup", {"make_sure_of_programs": ConfigurationError("old", kind="backup.program")}, "fault", "old"),
        ("keys.used", {"lost_keys": [("seal", "ab12")]}, "fault", "the seal key ab12 is named by rows"),
        (
            "keys.used",
            {"rotations": [Rotation("seal", "ab12", NOW, 12, 40)]},
            "warning",
            "12 of 40 sealed or hashed values are left",
        ),
        ("keys.used", {"rotations": [Rotation("pin", "ab12", NOW, 0, 0)]}, "warning", "cprsync keys rotate pin"),
        ("audit", {"glance": AuditGlance(5, 1, "1-00", None, 5)}, "warning", "never kept outside"),
        ("alarms", {"alarm_channels": []}, "warning", "nobody hears of a night that has stopped"),
        (
            "alarms",
            {"undelivered": [UntoldChannel("email", 2, "alarm.refused")]},
            "fault",
            "2 alarms do not arrive by ema",
        ),
        (
            "alarms",
            {"alarm_channels": ["heartbeat"], "ask_receiver": AlarmUndelivered("away", kind="alarm.unreachable")},
            "fault",
            "heartbeat: away",
        ),
        ("register.clock", {"knock": (NOW + timedelta(seconds=301), NOW)}, "fault", "5 minutes from the platform's"),
        ("register.clock", {"knock": (NOW - timedelta(seconds=300), NOW)}, "warning", "300 seconds from the platform"),
        ("register.clock", {"knock": (None, NOW)}, "warning", "does not tell the time"),
        ("register.clock", {"knock": RegisterUnavailable("silent")}, "fault", "the clock could not be checked: silent"),
        ("feed", {"feed_files": FeedFiles([], [], 2)}, "warning", "2 files are of another task"),
        ("culr", {"ask_culr": "COULD_NOT_AUTHENTICATE"}, "fault", "COULD_NOT_AUTHENTICATE"),
        ("culr", {"ask_culr": "PROGRAM_ERROR"}, "warning", "PROGRAM_ERROR about an account that nobody has"),
        ("targets", {"ask_target": ConfigurationError("gone", kind="target.refused")}, "fault", "koha: gone"),
        ("sign_in", {"ask_provider": ConfigurationError("gone", kind="sign_in")}, "fault", "desk: gone"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(check: str, told: dict[str, Any], level: str, says: str) -> None:
    ended, text = found(check, **told)
    assert (ended.value, says in text) == (level, True), text


@pytest.mark.parametrize(
    ("host", "says"),
    [
        (Host("library.culr", "localhost", is_near=True, is_for_test=False), "[library.culr] points at localhost"),
        (Host("library.register", "exttest.example", is_near=False, is_for_test=True), "which is for test"),
    ],
)
def test_production_refuses_hosts_that_are_near_or_for_test(host: Host, says: str) -> None:
    level, text = found("environment", is_production=True, hosts=[host], is_ours_for_test=False)
    assert (level, says in text) == (Level.FAULT, True)
    assert found("environment", is_production=True, hosts=[REAL], is_ours_for_test=False)[0] is Level.OK


def test_an_alarm_that_did_not_arrive_by_a_channel_that_was_taken_out_is_no_fault() -> None:
    told = {"alarm_channels": ["webhook"], "undelivered": [UntoldChannel("email", 2, "alarm.refused")]}
    assert found("alarms", **told)[0] is Level.OK


@pytest.mark.parametrize("told", [{"sees_mock": True}, {"is_ours_for_test": True}])
def test_production_refuses_a_mocks_clock_and_a_test_certificate(told: dict[str, Any]) -> None:
    assert found("environment", is_production=True, **{"hosts": [REAL], "is_ours_for_test": False, **told})[0] is (
        Level.FAULT
    )


def certificate(**told: Any) -> list[dict[str, Any]]:
    line = {"whose": "theirs", "host": "culr.example:443", "level": "ok", "problem": None, "step": None}
    return [{**line, "days_left": 400, "revocation": "good", **told}]


@pytest.mark.parametrize(
    ("told", "level", "says"),
    [
        ({"level": "warn", "step": 60, "days_left": 45}, "warning", "culr.example:443 ends in 45 days"),
        ({"level": "critical", "step": 3, "days_left": 2}, "fault", "ends in 2 days"),
        ({"level": "critical", "problem": "expired", "days_left": -1}, "fault", "cannot be used: expired"),
        ({"level": "warn", "revocation": "stale"}, "warning", "the list of revoked ones is out of date"),
        ({"level": "unknown", "days_left": None}, "ok", "1 certificate can be used"),
    ],
)
def test_a_certificate_is_judged_by_its_days_and_its_problem(told: dict[str, Any], level: str, says: str) -> None:
    ended, text = found("certificates", certificates=certificate(**told))
    assert (ended.value, says in text) == (level, True), text


def test_production_wants_lists_of_revoked_certificates() -> None:
    lines = certificate(revocation="unknown")
    assert found("certificates", certificates=lines)[0] is Level.OK
    assert found("certificates", is_production=True, certificates=lines)[0] is Level.WARNING


def delivery(persons: int = 30, unknown: dict[str, int] | None = None, **by_record: int) -> Any:
    found = {**TYPES, **{kind.lstrip("t"): count for kind, count in by_record.items()}}
    return date(2027, 3, 22), SimpleNamespace(by_record=found, persons=persons, unknown_records=unknown or {})


@pytest.mark.parametrize(
    ("told", "level"),
    [
        # it may still come
        ({"due": "2027-03-23"}, Level.WARNING),
        ({"due": "2027-03-23", "waiting": 1}, Level.FAULT),
        ({"due": "2027-03-24"}, Level.FAULT),
    ],
)
def test_the_missing_day_is_named_and_is_a_fault_once_a_later_one_is_due(told: dict[str, Any], level: Level) -> None:
    deliveries = {"last": "2027-03-22", "missing": "2027-03-23", "waiting": 0, **told}
    ended, text = found("feed.chain", deliveries=deliveries)
    assert (ended, "the file of 23 March 2027" in text, "leverancen for 23. marts 2027" in text) == (
        level,
        True,
        True,
    ), text


def test_before_the_first_delivery_none_is_missing() -> None:
    assert found("feed.chain", deliveries={"last": None, "missing": None})[0] is Level.NOT_USED


def test_an_agreement_that_has_delivered_nothing_is_wrong() -> None:
    ended, text = found("feed.chain", deliveries={"last": None, "missing": date(2027, 3, 22)})
    assert (ended, "no delivery has come yet" in text) == (Level.FAULT, True)


@pytest.mark.parametrize(
    ("last", "level", "says"),
    [
        (None, "not_used", "no delivery has been taken yet"),
        (delivery(t003=0), "fault", "the delivery of 22 March 2027 lacks the record types 003"),
        # a few persons may all have left
        (delivery(persons=19, t003=0), "ok", "has the agreement's record types"),
        (delivery(unknown={"888": 1}), "warning", "unknown record types: 888"),
        (delivery(t014=1), "ok", "record types too that are not used: 014"),
    ],
)
def test_the_agreements_record_types_are_held_against_the_last_delivery(last: Any, level: str, says: str) -> None:
    ended, text = found("feed.records", last_delivery=last)
    assert (ended.value, says in text) == (level, True), text


def test_each_thing_that_a_backup_lacks_is_told_at_once() -> None:
    level, text = found(
        "backup",
        is_backup_folder_there=BackupFailed("the disk is full"),
        read_recipient=ConfigurationError("no key in it", kind="backup.key"),
        make_sure_of_programs=ConfigurationError("pg_dump is not here", kind="backup.program"),
    )
    assert level is Level.FAULT
    assert all(one in text for one in ("the disk is full", "no key in it", "pg_dump is not here"))
    assert "a backup can be made" not in text


# -- one by one ------------------------------------------------------------------------------------------------


def test_a_check_that_hangs_ends_in_its_time_and_keeps_what_it_has_found() -> None:
    forever = threading.Event()

    def look(_: Any) -> Iterator[Finding]:
        yield Finding(Level.OK, "feed", {"waiting": 0, "unfinished": 0})
        forever.wait()

    findings = look_in_time(Check("feed", look, seconds=0.05), Place())  # type: ignore[arg-type]
    forever.set()
    assert [(one.level, one.what) for one in findings] == [(Level.OK, "feed"), (Level.FAULT, "too_long")]


def test_an_unexpected_error_is_told_without_its_text() -> None:
    level, text = found("culr", ask_culr=RuntimeError("0101609995"))
    assert (level, "RuntimeError" in text, "0101609995" in text) == (Level.FAULT, True, False)


def test_what_a_secret_of_the_service_alone_keeps_from_a_command_is_told_and_is_no_fault() -> None:
    unseen = CredentialUnseen("{name} is handed to the service alone", name="credential:client.key")
    place: Any = Place(dict.fromkeys(("is_ours_for_test", "knock", "ask_agreement", "ask_culr"), unseen))
    results = list(examine(place, [place], None, watching=lambda *_: None))
    assert all(one.level is not Level.FAULT for one in results)
    assert [one.check for one in results if one.level is Level.WARNING] == ["environment"]


def test_a_failing_check_hides_no_other() -> None:
    errors = {name: ConfigurationError("{name} is broken", name=name, kind="configuration") for name in WELL}
    place: Any = Place(errors)
    asked: list[str] = []
    results = list(examine(place, [place], None, watching=lambda check, _: asked.append(check)))
    assert [one.check for one in results] == asked == list(CHECKS)
    # both ask the look-up service, and the clock has a line of its own
    assert {one.level for one in results} == {Level.FAULT}


def test_one_cause_is_told_once_and_what_it_hides_is_no_fault_of_its_own() -> None:
    closed = ConfigurationError("another user's", kind="file.owner")
    place: Any = Place({"store_version": closed, "try_to_write": closed, "glance": closed})
    results = {one.check: one for one in examine(place, [place], None, watching=lambda *_: None)}
    assert {name for name, one in results.items() if one.level is Level.FAULT} == {"store"}
    for name in ("store.write", "audit"):
        (line,) = result_lines(results[name], "en")
        assert line.endswith("cannot be checked before what stands at *database* is put right")


@pytest.mark.parametrize("language", ["da", "en"])
def test_what_to_do_about_several_findings_with_one_step_is_told_once(language: Any) -> None:
    lost = [AuditBroken("desk", seq, "the entry was altered") for seq in (1, 2, 3)]
    findings = (
        *(Finding(Level.FAULT, error=one) for one in lost),
        Finding(Level.FAULT, error=ConfigurationError("another", kind="keys.mode")),
    )
    lines = list(result_lines(Result("audit", None, findings, 0.0), language))
    assert [line.startswith("✗") for line in lines] == [True, True, True, False, True, False]


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_provider_that_is_not_set_up_says_nothing_of_the_accounts_that_people_sign_in_with(language: Any) -> None:
    (line,) = result_lines(Result("sign_in", None, (Finding(Level.NOT_USED, "not_used"),), 0.0), language)
    assert "(OpenID) " in line


def test_two_libraries_with_the_same_fault_are_told_each_for_itself() -> None:
    expired = {"knock": RegisterUnavailable("expired"), "ask_agreement": RegisterUnavailable("expired")}
    places: Any = [Place(expired), Place(expired, agency="714700")]
    results = list(examine(places[0], places, None, watching=lambda *_: None))
    assert [one.agency for one in results if one.check == "register.lookup" and one.level is Level.FAULT] == [
        "710100",
        "714700",
    ]
    assert {one.level for one in results if one.check == "register.agreement"} == {Level.NOT_USED}


def test_each_library_is_checked_and_the_installation_once() -> None:
    places: Any = [Place(), Place(agency="714700")]
    results = list(examine(places[0], places, None, watching=lambda *_: None))
    assert [one.agency for one in results if one.check == "culr"] == ["710100", "714700"]
    assert [one.agency for one in results if one.check == "store"] == [None]
    document = doctor_document(results)
    assert (document["ok"], document["counts"]["ok"]) == (True, len(results))
    assert summary_line(document, "en") == f"All is well. Passed: {len(results)}."


def test_what_is_not_set_up_is_not_asked() -> None:
    never = {name: AssertionError("asked") for name in ("ask_culr", "ask_fbs", "ask_target", "timer")}
    place: Any = Place(never, lacks=frozenset(Need))
    results = {one.check: one.level for one in examine(place, [place], None, watching=lambda *_: None)}
    unused = {name for name, level in results.items() if level is Level.NOT_USED}
    assert unused == {"timer", "backup", "alarms", "feed", "culr", "fbs", "targets", "sign_in"}


def test_unreadable_settings_leave_the_machines_checks() -> None:
    place: Any = Place()
    results = list(examine(place, [], BadInput("no table"), watching=lambda *_: None))
    levels = {one.check: one.level for one in results}
    assert (levels["configuration"], levels["program"], levels["culr"]) == (Level.FAULT, Level.OK, Level.NOT_USED)
    assert set(levels) == set(CHECKS)
    assert not doctor_document(results)["ok"]
