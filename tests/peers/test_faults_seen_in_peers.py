"""Each plain fault seen in other systems of this kind, shown not to be ours.

The table says which tests show it, and the last test that no row is without one. Those here live nights by the command
line against the running mock; those in test_faults_rehearsed live them with doubles around the real store.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from sqlite3 import connect
from ssl import TLSVersion

import pytest
import started
import test_faults_rehearsed
from e2e_library import Library, Ran, assert_refused
from peers_town import Event, Town, fields, night, nothing_is_left, with_number, without_records
from test_bad_input_certificates import SMALL, Scene, counterpart
from test_bad_input_delivery import with_status
from test_leaks import LOUD, leaks
from town import PEOPLE, number

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Birth
from cprsync.mock import control
from cprsync.mock.certs import make_authority, packaged_profile

pytestmark = pytest.mark.xdist_group("peers")

PASSWORD = "hemmeligt-kodeord"
#: (peer, fault) -> the tests that show it not to be ours.
FAULTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("MOX", "an empty subscription list removes every subscription"): (
        "test_an_empty_subscription_list_ends_none_of_more_than_a_batch",
        "test_an_empty_subscription_list_of_the_platform_stops_the_night_and_is_filled_again",
    ),
    ("MOX", "a download that raises is exit 0"): (
        "test_a_server_that_refuses_or_breaks_off_is_not_exit_0_and_is_made_good",
        "test_a_download_that_fails_is_not_exit_0",
    ),
    ("MOX", "failed writes move the checkpoint"): ("test_writes_that_fail_move_no_checkpoint",),
    ("MOX", "a truncated file without 999 is accepted"): ("test_a_file_without_its_end_is_refused_whole",),
    ("MOX", "a missing file is an empty day"): ("test_a_missing_file_is_late_and_then_a_gap_never_an_empty_day",),
    ("EV", "one poisoned person blocks the feed"): ("test_one_poisoned_person_blocks_nobody_else",),
    ("EV", "an annulled death is ignored"): ("test_an_annulled_death_gives_back_letters_and_net_media",),
    ("EV", "the host name is not verified"): ("test_a_counterpart_of_another_host_name_is_not_spoken_to",),
    ("MAV", "the dead are no longer polled"): ("test_the_dead_stay_subscribed_so_that_a_wrong_death_is_corrected",),
    ("CM", "a number change subscribes the old number again"): (
        "test_an_old_number_once_let_go_is_not_subscribed_again",
        "test_an_old_number_stays_until_the_new_one_was_delivered_and_is_then_let_go_for_good",
    ),
    ("CB", "items past their retries go idle unseen"): (
        "test_a_question_without_an_answer_is_asked_and_told_every_night",
        "test_a_refused_subscription_is_told_every_night",
        "test_what_waits_to_be_sent_is_told_every_night",
        "test_who_waits_for_a_person_is_told_every_night",
    ),
    ("CB", "a corrected birth date is never updated"): ("test_a_corrected_birth_date_is_updated",),
    ("N2K", "protection is never lifted once set"): ("test_a_protection_that_ends_is_lifted",),
    ("N2K", "the old address stays when protection starts"): ("test_the_address_is_sealed_when_a_protection_starts",),
    ("N2K", "empty register values overwrite"): (
        "test_what_the_register_leaves_out_overwrites_nothing",
        "test_a_silent_group_overwrites_nothing",
    ),
    ("N2K", "the verbose log prints CPR-like numbers"): ("test_the_most_verbose_log_prints_no_cpr_number",),
    ("Koha", "an unknown patron aborts the run"): (
        "test_a_person_who_is_no_patron_aborts_nothing",
        "test_a_patron_whom_the_register_does_not_know_aborts_nothing",
    ),
    ("Koha", "a fixed look-back loses a missed night"): ("test_nights_that_were_missed_are_all_made_up_for",),
    ("Koha", "credentials in the log"): ("test_the_most_verbose_log_prints_no_credentials",),
}


# -- MOX -------------------------------------------------------------------------------------------------


def test_an_empty_subscription_list_of_the_platform_stops_the_night_and_is_filled_again(
    town: Town, installation: Library
) -> None:
    """MOX, on the wire."""
    with town.register() as register:
        list(register.unsubscribe_many([CprNumber.parse(one) for one in town.subscribed]))
    assert town.subscribed == set()
    town.delivers(installation, ("move", "MOGENS"))
    before = installation.opened()
    ran = installation.call("sync")
    (brake,) = ran.document["brake"]["classes"]
    assert (ran.exit, ran.document["subscriptions"]["removed"]) == (5, 0)
    assert (brake["class"], brake["count"], brake["limit"]) == ("unsubscribed", len(before), 0)
    assert installation.opened() == before
    assert town.subscribed == {number(key) for key in before}
    # the feed could not have told of anyone: everyone is asked, and the move that no delivery brought is found
    again = installation.call("sync").document
    assert (again["received"], again["windows"]["answered"]) == (0, len(before))
    assert installation.opened()["MOGENS"] != before["MOGENS"]
    nothing_is_left(installation)


def test_a_server_that_refuses_or_breaks_off_is_not_exit_0_and_is_made_good(town: Town, installation: Library) -> None:
    """MOX: the download raised, exit 0."""
    town.closes_the_day(("rename", "JOHANNE"))
    town.over_sftp(installation)
    before = installation.records()
    control.fault(town.ready, "sftp-refuse")
    assert_refused(installation.call("sync"), code=2, kind="sftp.refused", says="SFTP", advises="public half")
    assert installation.records() == before
    control.fault(town.ready, "sftp-cut")
    ran = night(installation)
    assert (ran.exit, ran.document["actions"]) == (0, {"rename": 1})
    assert control.state(town.ready)["faults"] == []


def test_writes_that_fail_move_no_checkpoint(town: Town, installation: Library) -> None:
    """MOX: two of two writes failed, exit 0, and the checkpoint moved on."""
    town.delivers(installation, ("move", "LAURA"), ("move", "NINA"))
    before = installation.records()
    with closing(connect(installation.store)) as store:
        store.execute("CREATE TRIGGER full BEFORE UPDATE ON patron BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        ran = installation.run("sync")
        checkpoint = store.execute("SELECT checkpoint, finished FROM run ORDER BY id DESC LIMIT 1").fetchone()
        store.execute("DROP TRIGGER full")
    assert (ran.exit, ran.document["applied"], checkpoint) == (7, 0, (0, None))
    assert installation.records() == before
    assert installation.rows("run_item") == {"run_item": []}
    ran = night(installation)
    assert (ran.exit, ran.document["applied"]) == (0, 2)


def deliver_alone(to: Library, name: str, content: bytes) -> None:
    """Put a file in place of one that was delivered, without a companion, an hour ago."""
    (to.inbox / f"{name}.metadata").unlink()
    (to.inbox / name).write_bytes(content)
    hour_ago = time.time() - 3600
    os.utime(to.inbox / name, (hour_ago, hour_ago))


def test_a_file_without_its_end_is_refused_whole(town: Town, installation: Library) -> None:
    """MOX: a truncated file, without 999, was accepted."""
    name = town.delivers(installation, ("move", "OSCAR"))
    content = town.content(name)
    deliver_alone(installation, name, content[: content.rindex(b"\n999") + 1])
    before = installation.records()
    ran = installation.call("sync")
    assert_refused(ran, code=1, kind="delivery.damaged", says="record 999 is missing", advises="deliver the file again")
    assert installation.records() == before
    nothing_is_left(installation)
    town.brings(name, installation)
    assert night(installation).document["applied"] == 1


def test_a_missing_file_is_late_and_then_a_gap_never_an_empty_day(town: Town, installation: Library) -> None:
    """MOX: a missing file counted as an empty day."""
    town.delivers(installation)
    assert night(installation).exit == 0
    missing = town.closes_the_day(("move", "THOMAS"))
    before = installation.records()
    assert_refused(
        installation.call("sync"), code=4, kind="delivery.late", says="has not arrived", advises="ask the platform"
    )
    town.delivers(installation, ("rename", "THOMAS"))
    assert_refused(
        installation.call("sync"), code=1, kind="delivery.gap", says="the last one taken", advises="feed accept"
    )
    assert installation.records() == before
    town.brings(missing, installation)
    ran = night(installation)
    assert (ran.exit, ran.document["actions"]) == (0, {"move": 1, "rename": 1})


# -- EV, MAV -----------------------------------------------------------------------------------------------


def test_one_poisoned_person_blocks_nobody_else(town: Town, installation: Library) -> None:
    """EV: one poisoned person blocked the whole feed."""
    name = town.closes_the_day(("move", "FINN"), ("move", "GRETHE"))
    town.brings(name, installation)
    deliver_alone(installation, name, with_status(town.content(name), "FINN", b"42"))
    before = installation.opened()
    ran = night(installation)
    assert (ran.exit, ran.document["applied"], ran.document["parked"]) == (3, 1, 1)
    assert ran.document["reasons"] == {"person.status": 1}
    after = installation.opened()
    assert [key for key in after if after[key] != before[key]] == ["GRETHE"]
    town.delivers(installation, ("resend", "FINN"), ("rename", "GRETHE"))
    ran = night(installation)
    assert (ran.exit, ran.document["actions"]) == (0, {"move": 1, "rename": 1})


def test_a_counterpart_of_another_host_name_is_not_spoken_to(town: Town, installation: Library) -> None:
    """EV: the host name was not verified. The certificate is of an issuer that we trust."""
    certificates = town.mock / "certs"
    now = datetime.now(UTC)
    ours = replace(make_authority(certificates, profile=packaged_profile(), now=now), profile=SMALL)
    elsewhere = ours.issue_server(valid_from=now - timedelta(days=1), hosts=["elsewhere.test"])
    elsewhere.write(certificates, "server-elsewhere")
    port = int(str(town.ready["lookup_url"]).split(":")[2].split("/")[0])
    before = installation.records()
    with counterpart(Scene(town.mock.parent, installation, port), "server-elsewhere", TLSVersion.TLSv1_3) as other:
        installation.rewrite("cprsync.toml", f"localhost:{port}", f"localhost:{other}")
        ran = installation.call("sync")
    assert_refused(ran, code=2, kind="certificate.theirs.host", says="does not name this host", advises="agree")
    assert installation.records() == before


def test_the_dead_stay_subscribed_so_that_a_wrong_death_is_corrected(town: Town, installation: Library) -> None:
    """MAV: the dead were no longer polled, so that a wrong death was never corrected."""
    before = installation.opened()["OLDEMOR"]
    town.delivers(installation, ("die", "OLDEMOR"))
    assert night(installation).document["actions"] == {"die": 1}
    for _ in range(2):
        town.delivers(installation)
        night(installation)
        assert number("OLDEMOR") in town.subscribed
    town.delivers(installation, ("undie", "OLDEMOR"))
    assert night(installation).document["actions"] == {"death_annulled": 1}
    assert installation.opened()["OLDEMOR"] == before


# -- CM ------------------------------------------------------------------------------------------------------


def test_an_old_number_once_let_go_is_not_subscribed_again(town: Town, installation: Library) -> None:
    """CM: on a number change the old number was subscribed again."""
    new = PEOPLE["ANNA"]["next_numbers"][0]
    for kind, added in (("number", 1), ("resend", 0), ("resend", 0)):
        town.delivers(installation, (kind, "ANNA"))
        ran = installation.call("sync")
        assert (ran.exit, ran.document["subscriptions"]["added"]) == (0, added)
        # at once, and not only when the next run has compared the lists
        assert (new in town.subscribed, number("ANNA") in town.subscribed) == (True, False)
        nothing_is_left(installation)


# -- CB ------------------------------------------------------------------------------------------------------


def test_a_corrected_birth_date_is_updated(town: Town, installation: Library) -> None:
    """CB: a corrected birth date was never updated."""
    before = installation.opened()["CLARA"]
    town.delivers(installation, ("birthdate", "CLARA", "1992-02-18"))
    ran = night(installation)
    # and a person is told that it is no longer the number's
    assert (ran.exit, ran.document["actions"]) == (3, {"birth_corrected": 1})
    assert ran.document["reviews"]["kinds"]["birth.differs"] == 2
    assert installation.opened()["CLARA"] == replace(before, birth=Birth(date(1992, 2, 18)))


# -- N2K -------------------------------------------------------------------------------------------------------


def test_a_protection_that_ends_is_lifted(town: Town, installation: Library) -> None:
    """N2K: protection was never lifted once it was set."""
    assert fields(installation, "HELLE")["address"] == "sealed"
    town.delivers(installation, ("unprotect", "HELLE"))
    ran = night(installation)
    assert (ran.exit, ran.document["actions"]) == (0, {"unprotect": 1})
    shown = fields(installation, "HELLE")
    assert (shown["name"], shown["protection"]) == (PEOPLE["HELLE"]["name"]["addressing"], None)
    assert PEOPLE["HELLE"]["address"]["road"] in str(shown["address"])


def test_the_address_is_sealed_when_a_protection_starts(town: Town, installation: Library) -> None:
    """N2K: the old address stayed when a protection started. The municipality still decides the net media."""
    before = fields(installation, "RIKKE")
    assert PEOPLE["RIKKE"]["address"]["road"] in str(before["address"])
    town.delivers(installation, ("protect", "RIKKE"))
    ran = night(installation)
    assert (ran.exit, ran.document["actions"]) == (0, {"protect": 1})
    after = fields(installation, "RIKKE")
    assert {after[name] for name in ("name", "last_name", "address", "contact_address")} == {"sealed"}
    assert after["municipality"] == before["municipality"]
    assert PEOPLE["RIKKE"]["address"]["road"] not in str(after)


def test_what_the_register_leaves_out_overwrites_nothing(town: Town, installation: Library) -> None:
    """N2K: empty register values overwrote. Here a name, an address and a birth date are missing in the file."""
    name = town.closes_the_day(*(("resend", key) for key in ("SOFIE", "IVAN", "YRSA")))
    content = without_records(without_records(town.content(name), "008", "SOFIE"), "002", "IVAN")
    main = content.index(f"001{number('YRSA')}".encode())
    town.brings(name, installation)
    # 001: the birth date is at 40 to 49
    changed = content[: main + 39] + b" " * 10 + content[main + 49 :]
    deliver_alone(installation, name, changed)
    before = installation.opened()
    ran = night(installation)
    assert (ran.exit, ran.document["parked"], ran.document["unchanged"]) == (3, 2, 1)
    assert ran.document["reasons"] == {"address.missing": 1, "name.lost": 1}
    assert installation.opened() == before


@pytest.fixture(scope="module")
def heard(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """All that a night prints with every wire forced to talk: SFTP, TLS, SOAP and SQL."""
    library = town.first.copy(tmp_path_factory.mktemp("loud") / "library")
    town.over_sftp(library)
    town.closes_the_day(("protect", "HENRIK"), ("move", "ZENIA"), ("number", "SKAEV"), ("die", "QUINNIE"))
    return verbose(library, "sync")


def verbose(library: Library, *command: str, **environment: str) -> Ran:
    configured = [*command, "--config", str(library.folder / "cprsync.toml"), "--json"]
    done = started.script(LOUD, "--log-level", "DEBUG", *configured, ceiling=60, environment=environment)
    return Ran(done.returncode, done.stdout, done.stderr)


def test_the_most_verbose_log_prints_no_cpr_number(heard: Ran) -> None:
    """N2K: the verbose log printed what looks like CPR numbers."""
    assert heard.exit == 3, heard.out  # a block is proposed for someone dead
    assert "UPDATE patron" in heard.err, "the wires do talk"
    assert leaks(heard.out + heard.err) == []
    alike = re.findall(r"\b(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}-?\d{4}\b", heard.out + heard.err)
    assert alike == []


# -- Koha ------------------------------------------------------------------------------------------------------


def test_a_person_who_is_no_patron_aborts_nothing(town: Town, installation: Library) -> None:
    """Koha: an unknown patron aborted the run."""
    name = town.closes_the_day(("resend", "DAVID"), ("move", "BO"))
    town.brings(name, installation)
    (installation.inbox / name).write_bytes(with_number(town.content(name), number("DAVID"), number("EDITH")))
    ran = night(installation)
    assert (ran.exit, ran.document["received"], ran.document["not_ours"]) == (0, 2, 1)
    assert ran.document["actions"] == {"move": 1}


def test_nights_that_were_missed_are_all_made_up_for(town: Town, installation: Library) -> None:
    """Koha: the look-back was a fixed day, so that a missed night was lost. Here five are missed."""
    happened: list[list[Event]] = [[("move", "SOFIE")], [], [("rename", "SOFIE")], [], []]
    days = [town.delivers(installation, *events) for events in happened]
    ran = night(installation)
    assert [one["file"] for one in ran.document["deliveries"]] == days
    assert (ran.exit, ran.document["actions"]) == (0, {"move": 1, "rename": 1})


def test_the_most_verbose_log_prints_no_credentials(heard: Ran, town: Town, installation: Library) -> None:
    """Koha: credentials in the log. Here: private keys, the keys that seal, and a database's password."""
    refused = verbose(installation, "sync", CPRSYNC_STORE__URL=f"postgresql+psycopg://cprsync:{PASSWORD}@127.0.0.1:1/x")
    assert refused.exit not in {0, 3}
    told = heard.out + heard.err + refused.out + refused.err
    assert PASSWORD not in told
    files = [town.mock / "certs" / "client.key", town.mock / "sftp" / "client_key"]
    files += [path for path in (installation.folder / "keys").rglob("*") if path.is_file()]
    for path in files:
        lines = [line for line in path.read_text(encoding="latin-1").splitlines() if len(line) > 20]
        assert not [line for line in lines[1:-1] or lines if line in told], path.name


# -- the table ---------------------------------------------------------------------------------------------------


def test_each_fault_has_its_tests_and_each_test_its_fault() -> None:
    here = {name for name in (*globals(), *vars(test_faults_rehearsed)) if name.startswith("test_")}
    here -= {"test_faults_rehearsed", "test_each_fault_has_its_tests_and_each_test_its_fault"}
    named = [test for tests in FAULTS.values() for test in tests]
    assert all(FAULTS.values())
    assert sorted(named) == sorted(here)
