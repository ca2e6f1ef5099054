"""`doctor` on an installation that points at a mock: all is green, and whatever is broken is told by its own line."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import started
from e2e_library import Library, new_library
from town import PEOPLE_FILE

from cprsync.cli.terminal.frame import Frame
from cprsync.cli.trust.doctor import _installations
from cprsync.doctor.installation import Installation
from cprsync.language.doctor import result_lines
from cprsync.mock.certs import Profile, develop_certificates, packaged_profile
from cprsync.mock.server import running
from cprsync.services.ports.trust.doctor import Level
from cprsync.services.trust.doctor import INSTALLATION, LIBRARY, MACHINE, Result, look_in_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.mock.certs import DevCertificates
    from cprsync.services.trust.doctor import Check

pytestmark = pytest.mark.xdist_group("doctor")
CHECKS: dict[str, Check] = {one.name: one for one in (*MACHINE, *INSTALLATION, *LIBRARY)}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("doctor")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE):
        library = new_library(folder / "library", folder / "mock", ["ANNA", "CLARA"])
        assert library.call("sync").exit in {0, 3, 4}
        yield library


@pytest.fixture
def library(first: Library, tmp_path: Path) -> Library:
    return first.copy(tmp_path / "library")


def others_profile() -> Profile:
    """The shape of certificates of issuers who have nothing to do with ours, not even the names."""
    ours = packaged_profile()
    of = {part: replace(getattr(ours, part), common_name=f"another invented {part} CA") for part in ("root", "issuing")}
    return replace(ours, **of)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> DevCertificates:
    """Certificates of issuers whom neither side knows."""
    return develop_certificates(tmp_path_factory.mktemp("others"), now=datetime.now(UTC), profile=others_profile())


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> dict[int, DevCertificates]:
    """Certificates that were made so many days ago: they live 1095."""
    folder, now = tmp_path_factory.mktemp("old"), datetime.now(UTC)
    ages, profile = (1085, 1096), others_profile()
    return {
        age: develop_certificates(folder / f"{age}", now=now - timedelta(days=age), profile=profile) for age in ages
    }


def found(library: Library, check: str) -> tuple[Level, str]:
    """How one check ends, and its lines in English and Danish."""
    places, unread = _installations(Frame(config=library.folder / "cprsync.toml"))
    assert unread is None
    (place,) = places
    assert isinstance(place, Installation)
    result = Result(check, place.agency, look_in_time(CHECKS[check], place), 0.0)
    return result.level, "\n".join([*result_lines(result, "en"), *result_lines(result, "da")])


def closed_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def setting(library: Library, name: str) -> str:
    """What the first line with this setting says."""
    lines = (library.folder / "cprsync.toml").read_text(encoding="utf-8").splitlines()
    return next(line.partition("=")[2].strip().strip('"') for line in lines if line.startswith(f"{name} ="))


def point(library: Library, name: str, at: object) -> None:
    library.rewrite("cprsync.toml", f'{name} = "{setting(library, name)}"', f'{name} = "{at}"')


def execute(library: Library, statement: str) -> None:
    with closing(sqlite3.connect(library.store)) as connection, connection:
        connection.execute(statement)


def take_from_sftp(library: Library) -> None:
    """Take deliveries from the mock's SFTP server instead of a folder."""
    ready = json.loads((Path(setting(library, "ca")).parents[1] / "ready.json").read_text(encoding="utf-8"))
    sftp = ready["sftp"]
    lines = [f'{name} = "{sftp[name]}"' for name in ("host", "user", "key", "known_hosts", "folder")]
    library.rewrite("cprsync.toml", '\npath = "IN"', "\n".join(["", *lines, f"port = {sftp['port']}"]))


# -- all is well ---------------------------------------------------------------------------------------------


def test_a_fresh_installation_against_a_mock_is_green(library: Library) -> None:
    before = library.rows()
    ended = library.call("doctor")
    states = {one["check"]: one["state"] for one in ended.document["checks"]}
    # whoever runs the tests may be root, and the machine may have systemd and not our timer
    told = {state for name, state in states.items() if name not in {"user", "timer"}}
    assert (ended.exit, told) == (0, {"ok", "not_used"}), ended.out
    assert set(states) == set(CHECKS)
    assert {name for name, state in states.items() if state == "not_used"} <= {
        *("timer", "backup", "alarms", "fbs", "targets", "sign_in", "feed.records", "feed.chain"),
    }
    assert library.rows() == before


def test_the_document_has_both_languages_and_says_nothing_of_a_person(library: Library) -> None:
    ended = library.call("doctor")
    assert set(ended.document) == {"ok", "counts", "checks"}
    for check in ended.document["checks"]:
        assert set(check) == {"check", "library", "state", "seconds", "findings"}
        for one in check["findings"]:
            assert set(one["text"]) == {"da", "en"}
            assert not one["text"]["da"].startswith("doctor_")
    assert not any(number in ended.out for number in ("0101609995", "ANNA"))


def test_settings_that_cannot_be_read_hide_nothing_of_the_machine(library: Library) -> None:
    (library.folder / "cprsync.toml").chmod(0o644)
    ended = library.call("doctor")
    states = {one["check"]: one["state"] for one in ended.document["checks"]}
    assert (ended.exit, states["configuration"], states["schemas"], states["culr"]) == (1, "fault", "ok", "not_used")
    assert "chmod 600" in ended.out


def test_the_lines_end_with_how_it_stands_in_all(library: Library) -> None:
    (library.folder / "keys" / "seal-1.key").unlink()
    config = str(library.folder / "cprsync.toml")
    done = started.command("doctor", "--config", config, "--lang", "en", cwd=library.folder)
    assert done.returncode == 1
    assert "✗ keys" in done.stdout
    assert "✓ CPR: look-up" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("Wrong: ")


def test_the_status_shows_the_counterparts_certificates_and_waits_for_none(library: Library) -> None:
    def theirs() -> dict[str, tuple[str, bool]]:
        document = library.call("status").document
        assert "certificate" not in {one["what"] for one in document["wrong"]}
        lines = [one for one in document["certificates"] if one["whose"] == "theirs"]
        return {one["host"]: (one["level"], one["days_left"] is None) for one in lines}

    shown = theirs()
    assert len(shown) == 2
    assert set(shown.values()) <= {("ok", False), ("unknown", True)}
    port = closed_port()
    point(library, "lookup_url", f"https://localhost:{port}/service/CPR/PersonBaseDataExtended/5")
    assert theirs()[f"localhost:{port}"] == ("unknown", True)


# -- what is broken --------------------------------------------------------------------------------------------


def test_a_missing_key_is_named_and_so_is_one_that_rows_need(library: Library) -> None:
    key = library.folder / "keys" / "seal-1.key"
    key.unlink()
    level, text = found(library, "keys")
    assert (level, "holds no seal key" in text) == (Level.FAULT, True), text
    # another one in its place
    key.write_text(f"{'e' * 8} {'a' * 64}\n", encoding="ascii")
    key.chmod(0o600)
    level, text = found(library, "keys.used")
    assert (level, "is named by rows, and missing in the folder" in text) == (Level.FAULT, True), text
    assert "kopien af nøglerne" in text


@pytest.mark.parametrize(
    ("name", "mode", "says"),
    [("keys/seal-1.key", 0o644, "chmod 600"), ("policy.toml", 0o666, "chmod go-w"), ("cprsync.db", 0o640, "chmod 600")],
)
def test_a_file_that_others_may_use_is_named_with_the_command_that_mends_it(
    library: Library, name: str, mode: int, says: str
) -> None:
    assert found(library, "files")[0] is Level.OK
    # the policy is read with the settings, and refused there already
    places, _ = _installations(Frame(config=library.folder / "cprsync.toml"))
    (library.folder / name).chmod(mode)
    result = Result("files", None, look_in_time(CHECKS["files"], places[0]), 0.0)
    text = "\n".join(result_lines(result, "en"))
    assert (result.level, says in text, name in text) == (Level.FAULT, True, True)


def test_an_older_store_is_told_with_the_command_that_brings_it_forward(library: Library) -> None:
    execute(library, "UPDATE alembic_version SET version_num = '0019'")
    level, text = found(library, "store")
    assert (level, "cprsync db upgrade" in text, "0019" in text) == (Level.FAULT, True, True), text


@pytest.mark.parametrize("is_empty", [False, True], ids=["older", "empty"])
def test_each_check_that_fails_because_of_the_stores_version_has_the_very_same_cause(
    library: Library, *, is_empty: bool
) -> None:
    """So that it is told once."""
    if is_empty:
        library.store.unlink()
        library.store.touch(mode=0o600)
    else:
        execute(library, "UPDATE alembic_version SET version_num = '0019'")
    places, _ = _installations(Frame(config=library.folder / "cprsync.toml"))
    checks = ("store", "store.environment", "store.write", "store.library")
    causes = {str(one.error) for name in checks for one in look_in_time(CHECKS[name], places[0])}
    assert len(causes) == 1, causes


def test_a_store_that_lacks_a_table_is_told(library: Library) -> None:
    execute(library, "DROP TABLE comparison_finding")
    assert "lacks what that step has: comparison_finding" in found(library, "store")[1]


def test_a_library_that_was_taken_out_of_the_settings_is_told_as_long_as_it_has_patrons(library: Library) -> None:
    library.rewrite("cprsync.toml", 'agency = "710100"', 'agency = "710300"')
    library.rewrite("cprsync.toml", 'service_agreement = "7', 'service_agreement = "8')
    level, text = found(library, "store.environment")
    assert (level, "patrons of 710100, which no [[library]] here names" in text) == (Level.WARNING, True), text
    execute(library, "DELETE FROM patron")
    assert found(library, "store.environment")[0] is Level.OK


def test_a_stopped_server_is_told_by_each_check_that_needs_it(library: Library) -> None:
    url = f"postgresql+psycopg://nobody@127.0.0.1:{closed_port()}/cprsync"
    library.rewrite("cprsync.toml", "sqlite:///cprsync.db", url)
    for check in ("store", "store.write", "store.clock"):
        level, text = found(library, check)
        assert (level, "the database does not answer" in text) == (Level.FAULT, True), text
    assert found(library, "register.lookup")[0] is Level.OK


def test_another_writer_who_holds_the_database_is_told(library: Library) -> None:
    with closing(sqlite3.connect(library.store, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        level, text = found(library, "store.write")
    assert (level, "another program is writing in the database" in text) == (Level.FAULT, True), text


def test_an_erase_journal_with_a_strange_line_is_told(library: Library) -> None:
    journal = library.folder / "erase-journal.log"
    journal.write_bytes(b'{"what":"erased"}\tabc\n')
    journal.chmod(0o600)
    level, text = found(library, "journal")
    assert (level, "the erase journal is broken at line 1" in text) == (Level.FAULT, True), text


def test_a_journal_that_cannot_be_made_is_told(library: Library) -> None:
    point(library, "erase_journal", library.folder / "nowhere" / "erase-journal.log")
    for check in ("journal", "disks"):
        level, text = found(library, check)
        assert (level, "install -d -o" in text) == (Level.FAULT, True), text


def test_heads_that_were_cut_are_told(library: Library) -> None:
    heads = library.folder / "keys" / "audit-heads.log"
    heads.write_bytes(b"".join(heads.read_bytes().splitlines(keepends=True)[:-1]))
    level, text = found(library, "audit")
    assert (level, "lines at the end are missing" in text) == (Level.FAULT, True), text


def test_production_refuses_what_is_for_test_and_this_machine(library: Library) -> None:
    library.rewrite("cprsync.toml", 'environment = "test"', 'environment = "production"')
    text = (library.folder / "cprsync.toml").read_text(encoding="utf-8")
    (library.folder / "cprsync.toml").write_text(text.partition("\n[test]")[0], encoding="utf-8")
    level, text = found(library, "environment")
    assert level is Level.FAULT
    assert "points at localhost, which is this machine" in text
    assert "our certificate is a test certificate" in text


def test_the_test_environment_refuses_the_platforms_real_place(library: Library) -> None:
    assert found(library, "environment")[0] is Level.OK
    point(library, "lookup_url", "https://prod.serviceplatformen.dk/service/CPR/PersonBaseDataExtended/5")
    level, text = found(library, "environment")
    assert (level, "prod.serviceplatformen.dk, which is not for test" in text) == (Level.FAULT, True), text


def test_a_register_that_does_not_answer_is_told_with_what_to_do(library: Library) -> None:
    port = closed_port()
    point(library, "lookup_url", f"https://localhost:{port}/service/CPR/PersonBaseDataExtended/5")
    level, text = found(library, "register.lookup")
    assert (level, f"localhost:{port} takes no connections" in text) == (Level.FAULT, True), text
    # the other service stands
    assert found(library, "register.agreement")[0] is Level.OK


def test_a_counterpart_with_a_certificate_of_another_issuer_is_not_believed(
    library: Library, others: DevCertificates
) -> None:
    point(library, "ca", others.ca)
    level, text = found(library, "register.lookup")
    assert (level, "does not come from an issuer that we trust" in text) == (Level.FAULT, True), text
    assert found(library, "certificates")[0] is Level.FAULT


def test_a_certificate_that_the_platform_does_not_know_is_told(library: Library, others: DevCertificates) -> None:
    point(library, "client_cert", others.client)
    point(library, "client_key", others.client_key)
    level, text = found(library, "register.lookup")
    assert level is Level.FAULT
    # how it says so depends on the version of TLS
    assert "does not know our certificate" in text or "refuses our certificate" in text, text


@pytest.mark.parametrize(
    ("age", "check", "says"),
    [
        (1085, "certificates", "ours ends in 9 days"),
        (1096, "certificates", "ours cannot be used"),
        (1096, "register.lookup", "our own certificate has expired"),
    ],
)
def test_our_own_certificate_that_ends_or_has_ended_is_told(
    library: Library, old: dict[int, DevCertificates], age: int, check: str, says: str
) -> None:
    point(library, "client_cert", old[age].client)
    point(library, "client_key", old[age].client_key)
    level, text = found(library, check)
    assert (level, says in text) == (Level.FAULT, True), text


def test_an_agreement_that_the_platform_refuses_is_told(library: Library) -> None:
    # the mock takes any well-formed agreement: another service stands at the address
    point(library, "subscription_url", setting(library, "subscription_url").replace("/1/", "/9/"))
    level, text = found(library, "register.agreement")
    assert (level, "HTTP 404" in text) == (Level.FAULT, True), text


def test_the_sftp_server_is_reached_listed_and_known_by_its_key(library: Library, tmp_path: Path) -> None:
    take_from_sftp(library)
    level, text = found(library, "feed")
    assert (level, "can be read" in text) == (Level.OK, True), text
    point(library, "folder", "NOWHERE")
    level, text = found(library, "feed")
    assert (level, "the SFTP folder cannot be listed" in text) == (Level.FAULT, True), text
    point(library, "folder", "IN")
    known = Path(setting(library, "known_hosts")).read_text(encoding="ascii")
    other = tmp_path / "known_hosts"
    key = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
    other.write_text(f"{known.split()[0]} ssh-ed25519 {key}\n", encoding="ascii")
    point(library, "known_hosts", other)
    level, text = found(library, "feed")
    assert (level, "host key is not in known_hosts" in text) == (Level.FAULT, True), text


def test_an_sftp_server_that_is_not_there_is_told_at_once(library: Library) -> None:
    take_from_sftp(library)
    library.rewrite("cprsync.toml", f"port = {setting(library, 'port')}", f"port = {closed_port()}")
    level, text = found(library, "feed")
    assert (level, "the SFTP server does not answer" in text) == (Level.FAULT, True), text


def test_files_of_another_task_are_a_warning(library: Library) -> None:
    library.inbox.mkdir(exist_ok=True)
    (library.inbox / "D270322.L999999").write_text("", encoding="ascii")
    level, text = found(library, "feed")
    assert (level, "1 file is of another task than ours" in text) == (Level.WARNING, True), text


def test_a_wrong_password_at_culr_is_told_as_culr_says_it(library: Library, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("nothing of the kind\n", encoding="ascii")
    wrong.chmod(0o600)
    point(library, "password_file", wrong)
    level, text = found(library, "culr")
    assert (level, "COULD_NOT_AUTHENTICATE" in text or "NO_AUTHORISATION" in text) == (Level.FAULT, True), text
    assert "med DBC" in text


TARGETS = """
[[library.target]]
name = "hook"
kind = "webhook"
fields = ["status"]
url = "https://localhost:{port}/hook"
ca = "{ca}"
keys = ["key-1.key"]

[[library.target]]
name = "files"
kind = "file"
fields = ["status"]
folder = "files"

[[library.target]]
name = "reader"
kind = "feed"
fields = ["status"]

[library.feed]"""


def test_each_target_is_told_by_its_own_line_also_after_one_that_fails(library: Library) -> None:
    sections = TARGETS.format(port=closed_port(), ca=setting(library, "ca"))
    library.rewrite("cprsync.toml", "\n[library.feed]", sections)
    (library.folder / "key-1.key").write_text("k" * 40, encoding="ascii")
    (library.folder / "key-1.key").chmod(0o600)
    level, text = found(library, "targets")
    assert level is Level.FAULT
    assert "hook: the receiver does not answer" in text
    assert "files: the folder is not there: the first sending makes it" in text
    assert "reader: fetches by itself" in text
    (library.folder / "files").mkdir(mode=0o700)
    assert "files: the folder can be written" in found(library, "targets")[1]


def test_a_folder_of_a_target_that_is_not_there_is_no_fault_if_it_can_be_made(library: Library) -> None:
    """The night makes it: nobody has to be woken for that."""
    sections = TARGETS.format(port=closed_port(), ca=setting(library, "ca"))
    files = sections[sections.index('[[library.target]]\nname = "files"') :]
    library.rewrite("cprsync.toml", "\n[library.feed]", f"\n{files}")
    level, text = found(library, "targets")
    assert (level, "files: the folder is not there: the first sending makes it" in text) == (Level.WARNING, True), text
    library.rewrite("cprsync.toml", 'folder = "files"', 'folder = "policy.toml/files"')
    assert found(library, "targets")[0] is Level.FAULT


def test_a_receiver_whose_certificate_is_not_trusted_is_not_said_to_answer_later(library: Library) -> None:
    import certifi

    port = urlsplit(setting(library, "lookup_url")).port
    sections = TARGETS.format(port=port, ca=certifi.where())
    library.rewrite("cprsync.toml", "\n[library.feed]", sections)
    (library.folder / "key-1.key").write_text("k" * 40, encoding="ascii")
    (library.folder / "key-1.key").chmod(0o600)
    level, text = found(library, "targets")
    assert (level, "hook: the receiver's certificate is not to be trusted" in text) == (Level.FAULT, True), text
    assert "Check the host name" in text
    assert "Kontrollér værtsnavnet" in text


def test_a_policy_with_a_mistake_is_told_with_its_line(library: Library) -> None:
    (library.folder / "policy.toml").write_text("[debt]\nlimit_kr = -1\n", encoding="utf-8")
    level, text = found(library, "policy")
    assert (level, "policy.toml" in text) == (Level.FAULT, True), text


def test_what_of_the_policy_is_not_as_init_writes_it_is_named_by_its_section(library: Library) -> None:
    assert "is as `cprsync init` writes it" in found(library, "policy")[1]
    library.rewrite("policy.toml", "limit_kr = 200", "limit_kr = 250")
    assert "1 part is not as `cprsync init` writes it: debt" in found(library, "policy")[1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be root")
def test_root_is_told_to_use_the_programs_own_user(library: Library) -> None:
    level, text = found(library, "user")
    assert (level, "sudo -u cprsync" in text) == (Level.WARNING, True), text
