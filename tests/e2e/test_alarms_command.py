"""`cprsync alarms`: an installation tells what is wrong with it, once, also if its store cannot be opened."""

from __future__ import annotations

import stat
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from e2e_library import Library
from mail_server import PASSWORD, USER, MailServer, mailing, watching
from ready_databases import put_empty_store

from cprsync.cli.desk.background import alarming
from cprsync.cli.setup.installation import write_folder
from cprsync.cli.trust.alarms import tell_after_nights
from cprsync.config.settings import load_settings
from cprsync.doctor.installation import Installation
from cprsync.errors import Exit
from cprsync.services.night.report import report_without_run
from cprsync.services.ports.runs import RunState
from cprsync.services.ports.trust.doctor import Level
from cprsync.services.trust.doctor import INSTALLATION, LIBRARY, look_in_time
from cprsync.wiring.site import site_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.wiring.site import Site


def installed(library: Library) -> Installation:
    config = library.folder / "cprsync.toml"
    return Installation(site_of(load_settings(config), None), config)


def doctor_says(library: Library, check: str) -> tuple[Level, str]:
    """The first thing that one check of `doctor` finds, and its kind."""
    (made,) = (one for one in (*INSTALLATION, *LIBRARY) if one.name == check)
    first = look_in_time(made, installed(library))[0]
    return first.level, first.what or (first.error.kind if first.error else "")


@pytest.fixture(scope="module")
def served(mock_keys: Path) -> Iterator[MailServer]:
    folder = mock_keys / "certs"
    with mailing(folder / "server.pem", folder / "server.key", folder / "ca.pem") as server:
        yield server


@pytest.fixture
def server(served: MailServer) -> MailServer:
    served.begin_anew()
    return served


@pytest.fixture
def library(tmp_path: Path, server: MailServer) -> Library:
    """An installation without counterparts, which tells by mail."""
    folder = tmp_path / "library"
    write_folder(folder, mock=None)
    put_empty_store(folder / "cprsync.db")
    library = Library(folder)
    path = folder / "smtp-password"
    path.write_text(PASSWORD)
    path.chmod(0o600)
    section = [f'host = "localhost"\nport = {server.port}\nca = "{server.ca}"\nuser = "{USER}"']
    section += ['password_file = "smtp-password"', 'sender = "cprsync@byens.example"', 'to = ["drift@byens.example"]']
    library.rewrite("cprsync.toml", "# [alarms.email]\n", "[alarms.email]\n" + "\n".join(section) + "\n")
    library.rewrite("cprsync.toml", 'quiet = "22:00-07:00"', 'quiet = ""')
    return library


def add_library(library: Library) -> Path:
    """Set up a second library, 700001, in the same installation."""
    path = library.folder / "cprsync.toml"
    text = path.read_text("utf-8")
    other = text[text.index("[[library]]") :].replace("700000", "700001").replace('agreement = "0', 'agreement = "1')
    path.write_text(text + other, "utf-8")
    return path


def test_what_is_wrong_is_told_once(library: Library, server: MailServer) -> None:
    ran = library.call("alarms", "check")
    assert (ran.exit, ran.document["libraries"][0]["failed"]) == (0, 0)
    (mail,) = server.got
    # no certificate is there yet
    assert "certifikat" in mail.get_content()
    assert library.call("alarms", "check").document["libraries"] == [
        {"agency": "700000", "told": 0, "failed": 0, "waiting": 0}
    ]
    assert len(server.got) == 1
    listed = library.call("alarms", "list").document
    assert "certificate_unusable" in {one["what"] for one in listed["alarms"]}
    assert listed["undelivered"] == []


def test_a_store_that_cannot_be_opened_is_told_once_and_that_it_is_back(library: Library, server: MailServer) -> None:
    away = library.store.rename(library.folder / "away.db")
    for _ in range(2):
        assert library.call("alarms", "check").exit == 0
    (mail,) = server.got
    assert "database" in mail["Subject"]
    (kept,) = library.folder.glob("*-alarm.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    away.rename(library.store)
    library.call("alarms", "check")
    # its end is told ten minutes later: nothing is lost by then
    assert kept.exists()
    told = {one["what"]: one["told"] for one in library.call("alarms", "list").document["alarms"]}
    assert told.keys() >= {"store", "certificate_unusable"}
    assert None not in (told["store"], told["certificate_unusable"])


FILES = """
[[library.target]]
name = "filer"
kind = "file"
folder = "filer"
fields = ["status"]
protected = "leave out"
"""


@pytest.mark.parametrize("target", ["", FILES], ids=["no target", "a target"])
def test_a_policy_that_cannot_be_used_is_told_before_a_night_is_late_for_it(
    library: Library, server: MailServer, target: str
) -> None:
    """With a target, the store cannot be opened without it either."""
    path = library.folder / "cprsync.toml"
    path.write_text(path.read_text("utf-8") + target, "utf-8")
    library.rewrite("policy.toml", "[guard", "[gaurd")
    for _ in range(2):
        assert library.call("alarms", "check").exit == 0
    (mail,) = server.got
    assert "bibliotekets regler kan ikke bruges: " in mail.get_content()
    assert "gaurd" in mail.get_content()
    assert "database" not in mail.get_content()


def test_a_library_whose_alarms_cannot_be_kept_silences_no_other(library: Library, server: MailServer) -> None:
    add_library(library)
    library.store.unlink()
    # as one that belongs to somebody else, it cannot be used
    (library.folder / "700000-alarm.lock").mkdir()
    ran = library.call("alarms", "check")
    assert (ran.exit, ran.error["kind"]) == (2, "alarm.file")
    (mail,) = server.got
    assert "700001" in mail["Subject"]


def test_of_two_libraries_both_are_listed_and_one_test_is_sent_that_counts_for_both(
    library: Library, server: MailServer
) -> None:
    """The channels are those of the installation, so nobody has to name a library."""
    add_library(library)
    password = library.folder / "smtp-password"
    right = password.read_text()
    password.write_text("wrong")
    assert library.call("alarms", "check").exit == 1
    listed = library.call("alarms", "list").document
    for part in ("alarms", "undelivered"):
        assert {one["agency"] for one in listed[part]} == {"700000", "700001"}
    one = library.call("alarms", "list", "--library", "700001").document
    assert {found["agency"] for found in one["alarms"]} == {"700001"}
    password.write_text(right)
    assert library.call("alarms", "test").exit == 0
    assert len(server.got) == 1
    assert library.call("alarms", "list").document["undelivered"] == []


def test_the_keys_of_two_libraries_are_listed_without_naming_one(library: Library) -> None:
    alone = library.call("keys", "list").document
    add_library(library)
    assert library.call("keys", "list").document == alone
    assert library.call("keys", "list", "--library", "700001").document["keys"] == alone["keys"]


def test_a_mail_server_that_does_not_accept_us_is_in_the_status(library: Library, server: MailServer) -> None:
    password = library.folder / "smtp-password"
    right = password.read_text()
    password.write_text("wrong")
    assert library.call("alarms", "check").exit == 1
    status = library.call("status").document
    (told,) = [one for one in status["wrong"] if one["what"] == "alarms"]
    assert (told["name"], told["kind"]) == ("email", "alarm.log_in")
    assert {one["told"] for one in library.call("alarms", "list").document["alarms"]} == {None}
    assert server.got == []
    tested = library.call("alarms", "test")
    assert tested.exit == 1
    assert tested.document["channels"]["email"]["error"]["kind"] == "alarm.log_in"
    assert library.call("status").document["alarms"]["undelivered"] != []
    assert doctor_says(library, "alarms") == (Level.FAULT, "alarms_undelivered")
    password.write_text(right)
    assert library.call("alarms", "test").exit == 0
    assert library.call("status").document["alarms"] == {"undelivered": []}
    assert doctor_says(library, "alarms") == (Level.OK, "alarms")


def test_the_doctor_tells_that_others_may_read_the_mail_servers_password(library: Library) -> None:
    path = library.folder / "smtp-password"
    assert doctor_says(library, "files") == (Level.OK, "files")
    path.chmod(0o640)
    assert doctor_says(library, "files") == (Level.FAULT, "file.private")


def test_a_test_is_sent_on_each_channel(library: Library, server: MailServer) -> None:
    assert library.call("alarms", "test").document == {"channels": {"email": {"ok": True, "error": None}}}
    assert "prøve" in server.got[0]["Subject"]


def test_a_night_tells_what_is_wrong_at_its_end_and_ends_as_it_would(library: Library, server: MailServer) -> None:
    ran = library.call("sync")
    assert ran.exit == 2
    assert ran.error["kind"].startswith("certificate")
    assert "certifikat" in server.got[0].get_content()
    server.got.clear()
    (library.folder / "smtp-password").write_text("wrong")
    assert library.call("sync").exit == 2
    assert server.got == []


@pytest.mark.parametrize(("exits", "calls"), [((0,), 1), ((3,), 1), ((5,), 0), ((4,), 0)])
def test_an_outside_watcher_is_called_after_a_good_night_alone(
    library: Library, mock_keys: Path, exits: tuple[int, ...], calls: int
) -> None:
    with watching(mock_keys / "certs") as watcher:
        section = f'[alarms.heartbeat]\nurl = "{watcher.url}"\nca = "{mock_keys / "certs" / "ca.pem"}"\n'
        library.rewrite("cprsync.toml", "# [alarms.heartbeat]\n", section)
        settings = load_settings(library.folder / "cprsync.toml")
        tell_after_nights(settings, [{"agency": "700000", "exit": code} for code in exits])
        assert len(watcher.came) == calls
        # a night of one library of two says nothing of the other
        tell_after_nights(settings, [{"agency": "710100", "exit": 0}])
        assert len(watcher.came) == calls


def test_doctor_finds_a_receiver_that_nobody_reaches_before_an_alarm_is_lost_there(
    library: Library, mock_keys: Path
) -> None:
    """Nothing is sent: a call of the heartbeat would say that a night has gone well."""
    ca, key = mock_keys / "certs" / "ca.pem", library.folder / "alarm-2027.key"
    key.write_text("k" * 40, encoding="ascii")
    key.chmod(0o600)
    with watching(mock_keys / "certs") as watcher:
        place = f'url = "{watcher.url}"\nca = "{ca}"\n'
        library.rewrite("cprsync.toml", "# [alarms.heartbeat]\n", f"[alarms.heartbeat]\n{place}")
        library.rewrite("cprsync.toml", "# [alarms.webhook]\n", f'[alarms.webhook]\n{place}keys = ["{key.name}"]\n')
        assert doctor_says(library, "alarms") == (Level.OK, "alarms")
        assert watcher.came == []
    assert doctor_says(library, "alarms") == (Level.FAULT, "alarms_fails")
    hosts = {(one.setting, one.is_near) for one in installed(library).hosts()}
    assert {("alarms.webhook", True), ("alarms.heartbeat", True)} <= hosts


@pytest.mark.parametrize(
    ("code", "days_ago", "calls"), [(Exit.DONE, 0, 1), (Exit.LEFT, 0, 1), (Exit.BRAKED, 0, 0), (Exit.DONE, 1, 0)]
)
def test_with_a_timer_for_each_library_the_watcher_is_called_after_the_last_good_night_of_the_day(
    library: Library, mock_keys: Path, code: Exit, days_ago: int, calls: int
) -> None:
    path = add_library(library)
    with watching(mock_keys / "certs") as watcher:
        section = f'[alarms.heartbeat]\nurl = "{watcher.url}"\nca = "{mock_keys / "certs" / "ca.pem"}"\n'
        library.rewrite("cprsync.toml", "# [alarms.heartbeat]\n", section)
        settings = load_settings(path)
        tell_after_nights(settings, [{"agency": "700000", "exit": 0}])
        assert watcher.came == []
        site = site_of(settings, "700001")
        with site.store() as store:
            day, now = site.clock.today() - timedelta(days=days_ago), site.clock.now()
            run = store.runs.begin(day=day, started=now)
            told = report_without_run("700001", day=day, error={}, code=code)
            store.runs.close(run, state=RunState.CLOSED, finished=now, document=told)
        tell_after_nights(settings, [{"agency": "700000", "exit": 0}])
        assert len(watcher.came) == calls


def first_told(site: Site, server: MailServer) -> str:
    """What an open desk tells first."""
    with alarming(site, every=0.01):
        until = time.monotonic() + 20
        while not server.got and time.monotonic() < until:
            time.sleep(0.01)
    text: str = server.got[0].get_content()
    return text


def test_an_open_desk_looks_each_minute(library: Library, server: MailServer) -> None:
    settings = load_settings(library.folder / "cprsync.toml")
    assert "certifikat" in first_told(site_of(settings, None), server)


def test_an_open_desk_tells_of_a_policy_that_was_broken_after_it_was_read(library: Library, server: MailServer) -> None:
    site = site_of(load_settings(library.folder / "cprsync.toml"), None)
    assert site.policy.limits
    library.rewrite("policy.toml", "[guard", "[gaurd")
    assert "bibliotekets regler kan ikke bruges: " in first_told(site, server)


def test_nobody_is_told_where_no_channel_is_named(tmp_path: Path, server: MailServer) -> None:
    folder = tmp_path / "silent"
    write_folder(folder, mock=None)
    put_empty_store(folder / "cprsync.db")
    library = Library(folder)
    before = sorted(folder.iterdir())
    ran = library.call("alarms", "check")
    assert (ran.exit, ran.document["channels"]) == (0, [])
    assert "Ingen får noget at vide" in library.text("alarms", "check")
    assert library.call("alarms", "test").error["kind"] == "setting"
    assert sorted(folder.iterdir()) == before
    assert server.got == []
