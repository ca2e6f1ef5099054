"""Mistakes of our own through the real command line: settings, keys, store and import. Nothing begins."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from e2e_library import Library, assert_refused, new_library
from town import ANNA, PEOPLE_FILE

from cprsync.cli.setup.installation import write_folder
from cprsync.mock.server import running
from cprsync.store.beside.checkpoints import FILE
from cprsync.wiring.setting_up import name_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("bad settings")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Library]:
    """A library whose mock is running."""
    folder = tmp_path_factory.mktemp("settings")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE):
        yield new_library(folder / "library", folder / "mock", ["ANNA", "HELLE"])


@pytest.fixture
def library(prepared: Library, tmp_path: Path) -> Library:
    return prepared.copy(tmp_path / "library")


# -- configuration, policy, keys -----------------------------------------------------------------------------


def put_folder_for_heads(library: Library) -> None:
    heads = library.folder / "keys" / "audit-heads.log"
    heads.unlink(missing_ok=True)
    heads.mkdir()


#: What is done to the folder; then kind, what the message says, and what it advises.
MISTAKES: dict[str, tuple[Callable[[Library], object], str, str, str]] = {
    "a misspelt section of the policy": (
        lambda library: library.rewrite("policy.toml", "[guard]", "[gaurd]"),
        "policy",
        ": gaurd: there is no such setting",
        "policy file",
    ),
    "a policy that is no TOML": (
        lambda library: (library.folder / "policy.toml").write_text("[guard\n", encoding="utf-8"),
        "policy",
        "policy.toml: not TOML",
        "policy file",
    ),
    "a misspelt setting": (
        lambda library: library.rewrite("cprsync.toml", "\ntask =", "\ntsak ="),
        "configuration",
        "feed.tsak: there is no such setting",
        "Mend the setting",
    ),
    "no configuration": (
        lambda library: (library.folder / "cprsync.toml").unlink(),
        "configuration.missing",
        "cprsync.toml: the configuration file is not there",
        "--config or CPRSYNC_CONFIG",
    ),
    "a configuration that is no TOML": (
        lambda library: library.rewrite("cprsync.toml", "[store]", "[store"),
        "configuration",
        "cprsync.toml: not TOML",
        "Mend the setting",
    ),
    "a mistyped agency": (
        lambda library: library.rewrite("cprsync.toml", 'agency = "710100"', 'agency = "710110"'),
        "store.agency",
        "the database has patrons of",
        "Correct `agency` under [[library]]",
    ),
    "no keys": (lambda library: shutil.rmtree(library.folder / "keys"), "keys.missing", "key folder", "Put the key"),
    "a key folder that others may read": (
        lambda library: (library.folder / "keys").chmod(0o755),
        "keys.mode",
        "must be this user's alone",
        "`chmod 700` on the folder",
    ),
    "a key that others may read": (
        lambda library: (library.folder / "keys" / "seal-1.key").chmod(0o644),
        "keys.mode",
        "seal-1.key must be this user's alone",
        "`chmod 600` on the file",
    ),
    "a key that is damaged": (
        lambda library: (library.folder / "keys" / "seal-1.key").write_text("garbage"),
        "keys.form",
        "the key file seal-1.key is damaged and does not have the form of a key: it seals and opens records",
        "Put the file back into [keys] dir from your copy",
    ),
    "a key that was deleted": (
        lambda library: (library.folder / "keys" / "index-1.key").unlink(),
        "keys.missing",
        "the key folder holds no index key (index-….key): it finds patrons by number",
        "Put the key, or the whole folder, back into [keys] dir from your copy",
    ),
    "a key of a purpose that came later that was deleted": (
        lambda library: (library.folder / "keys" / "pin-1.key").unlink(),
        "keys.missing",
        "the key folder holds no pin key",
        "Put the key, or the whole folder, back into [keys] dir from your copy",
    ),
    "a file among the keys that is none": (
        lambda library: (library.folder / "keys" / "readme.key").write_text("ours"),
        "keys.foreign",
        "the file readme.key in the key folder is no key",
        "Move the file out of [keys] dir",
    ),
    "a folder in place of the audit's heads": (
        put_folder_for_heads,
        "audit.heads.folder",
        "audit-heads.log is a folder",
        "Move the folder away",
    ),
    "no folder of deliveries": (
        lambda library: library.inbox.rmdir(),
        "feed.folder",
        "the folder of deliveries cannot be read",
        "Mend",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_night_does_not_begin_with(mistake: str, library: Library) -> None:
    make, kind, says, advises = MISTAKES[mistake]
    before = library.records()
    make(library)
    ran = library.run("sync")
    if kind == "feed.folder":  # found while fetching: by then the new patrons are subscribed
        before |= library.rows("subscription", "follow_up")
    assert_refused(ran, code=2, kind=kind, says=says, advises=advises)
    # nobody is told in the evening that all is well
    assert kind == "feed.folder" or library.run("status").exit == 2
    assert library.records() == before


def test_a_mistyped_agency_that_an_earlier_version_took_for_a_library_is_told_and_has_no_night(
    library: Library,
) -> None:
    library.call("sync")
    with closing(sqlite3.connect(library.store)) as connection, connection:
        connection.execute("INSERT INTO library (agency) VALUES ('710110')")
        connection.execute("INSERT INTO agreement (agency, id) SELECT '710110', id FROM agreement")
    # a row that is left over is in nobody's way
    assert library.call("sync").exit == 0
    before = library.rows()
    library.rewrite("cprsync.toml", 'agency = "710100"', 'agency = "710110"')
    says = "the database has patrons of 710100, and the settings name 710110"
    assert_refused(library.run("sync"), code=2, kind="store.agency", says=says, advises="Correct `agency`")
    (checked,) = (one for one in library.call("doctor").document["checks"] if one["check"] == "store.library")
    assert [one["kind"] for one in checked["findings"]] == ["store.agency"]
    assert library.rows() == before


def test_a_key_that_was_in_use_is_not_made_anew_by_an_upgrade(library: Library) -> None:
    kept = (library.folder / "keys" / "pin-1.key").read_bytes()
    (library.folder / "keys" / "pin-1.key").unlink()
    before = library.rows()
    assert library.run("db", "upgrade").exit == 0
    assert (library.rows(), (library.folder / "keys" / "pin-1.key").exists()) == (before, False)
    ran = library.run("status")
    assert_refused(ran, code=2, kind="keys.missing", says="holds no pin key", advises="back into [keys] dir")
    (library.folder / "keys" / "pin-1.key").write_bytes(kept)
    (library.folder / "keys" / "pin-1.key").chmod(0o600)
    assert library.run("keys", "list").exit == 0


def test_a_new_database_beside_the_files_of_an_earlier_one_is_told(library: Library) -> None:
    library.call("sync")
    before = library.rows()
    library.rewrite("cprsync.toml", "cprsync.db", "cprsyn.db")
    new = library.folder / "cprsyn.db"
    ran = library.call("db", "upgrade")
    assert (ran.exit, ran.document["created"], ran.document["earlier"]) == (0, str(new), True)
    ran = library.call("db", "upgrade")
    assert (ran.document["created"], ran.document["earlier"]) == (None, False)
    (checked,) = (one for one in library.call("doctor").document["checks"] if one["check"] == "store.library")
    assert [one["kind"] for one in checked["findings"]] == ["library_lost"]
    assert library.rows() == before


def test_the_first_database_is_told_as_new_and_remembers_no_earlier_one(tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    write_folder(folder, mock=None)
    ran = Library(folder).call("db", "upgrade")
    assert (ran.document["created"], ran.document["earlier"]) == (str(folder / "cprsync.db"), False)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:////srv/cprsync/cprsync.db", "/srv/cprsync/cprsync.db"),
        ("postgresql+psycopg://app:secret@db.example:5432/cprsync?passfile=/x", "db.example/cprsync"),
    ],
)
def test_a_database_is_named_without_its_password(url: str, name: str) -> None:
    assert name_database(url) == name


def test_a_library_that_is_not_set_up_is_named(library: Library) -> None:
    before = library.rows()
    ran = library.run("sync", "--library", "999999")
    assert_refused(ran, code=2, kind="usage", says="no [[library]] has that agency: there is 710100 (", advises="")
    assert library.rows() == before


@pytest.mark.parametrize("target", ["", "files"])
def test_a_policy_that_cannot_be_used_hides_no_night(library: Library, target: str) -> None:
    """Whoever mends it looks first what the nights said. With a target, too: what is shown is not told to it."""
    library.call("sync")
    if target:
        settings = library.folder / "cprsync.toml"
        text = f'\n[[library.target]]\nname = "{target}"\nkind = "file"\nfolder = "out"\nfields = ["status"]\n'
        settings.write_text(settings.read_text("utf-8") + text + 'protected = "leave out"\n', "utf-8")
    before = library.call("runs", "list").document
    assert "runs" in before
    library.rewrite("policy.toml", "[guard]", "[gaurd]")
    assert library.run("sync").exit == 2
    assert library.call("runs", "list").document == before
    assert {library.call(*command).exit for command in (("runs", "show", "1"), ("plan", "show"), ("keys", "list"))} == {
        0
    }


def test_a_mock_that_is_not_running_is_to_be_started(library: Library) -> None:
    before = library.rows()
    library.rewrite("cprsync.toml", 'control_url = "http://127.0.0.1:', 'control_url = "http://127.0.0.1:1"\n#')
    ran = library.run("sync")
    assert_refused(ran, code=4, kind="mock.not_running", says="the mock does not answer", advises="cprsync mock serve")
    assert library.rows() == before


def test_a_register_that_takes_no_connections_is_tried_later(library: Library) -> None:
    before = library.records()
    port = (library.folder / "cprsync.toml").read_text(encoding="utf-8").split("https://localhost:")[1].split("/")[0]
    library.rewrite("cprsync.toml", f"localhost:{port}", "localhost:1")
    ran = library.run("sync")
    assert_refused(ran, code=4, kind="register.unreachable", says="localhost:1 takes no connections", advises="later")
    assert library.records() == before


# -- the store -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "kind", "says", "advises"),
    [
        ("0000", "store.version", "the store is of version 0000, and this program needs", "Run `cprsync db upgrade`"),
        ("0999", "store.newer", "the store is at step 0999, which this program does not know", "or a newer one"),
    ],
    ids=["behind", "ahead"],
)
def test_a_store_of_another_version_is_left_alone(
    version: str, kind: str, says: str, advises: str, library: Library
) -> None:
    with closing(sqlite3.connect(library.store)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [version])
        connection.commit()
    before = library.rows()
    ran = library.run("sync")
    assert_refused(ran, code=2, kind=kind, says=says, advises=advises)
    assert library.rows() == before


def test_no_upgrade_takes_a_store_back(library: Library) -> None:
    with closing(sqlite3.connect(library.store)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
        connection.commit()
    before = library.rows()
    ran = library.run("db", "upgrade")
    assert_refused(ran, code=2, kind="store.newer", says="does not know", advises="or a newer one")
    assert library.run("db", "status").exit == 2
    assert library.rows() == before


@pytest.mark.parametrize(
    ("statement", "lacks"),
    [("ALTER TABLE follow_up DROP COLUMN since", "follow_up.since"), ("DROP TABLE follow_up", "follow_up")],
    ids=["a column", "a table"],
)
def test_a_store_that_lacks_a_part_is_not_said_to_be_out_of_reach(statement: str, lacks: str, library: Library) -> None:
    with closing(sqlite3.connect(library.store)) as connection:
        connection.execute(statement)
        connection.commit()
    before = library.rows("patron")
    ran = library.run("sync")
    assert (ran.exit, ran.error["kind"]) == (2, "store.tables"), ran.out
    assert "lacks a table or a column" in ran.error["message"]
    assert "`cprsync db status`" in ran.error["next"]
    ran = library.run("db", "upgrade")
    assert_refused(ran, code=2, kind="store.tables", says=lacks, advises="restore it from a backup")
    ran = library.call("db", "status")
    assert (ran.exit, ran.document["missing"]) == (2, [lacks])
    assert library.rows("patron") == before


@pytest.mark.parametrize("command", [["sync"], ["db", "status"], ["db", "upgrade"]], ids=" ".join)
def test_a_file_that_is_no_database_is_left_alone(command: list[str], library: Library) -> None:
    content = b"These are the accounts of the reading circle. " * 200
    library.store.write_bytes(content)
    ran = library.run(*command)
    assert_refused(ran, code=2, kind="store.damaged", says="not a database", advises="[store] url")
    assert library.store.read_bytes() == content


def test_a_store_that_is_not_set_up_is_to_be_set_up(library: Library) -> None:
    library.store.unlink()
    (library.folder / "keys" / FILE).unlink(missing_ok=True)
    ran = library.run("sync")
    assert_refused(ran, code=2, kind="store.not_set_up", says="not set up yet", advises="cprsync db upgrade")


def test_a_database_that_is_gone_is_looked_for_and_not_set_up_anew(library: Library) -> None:
    """Whoever is on duty would make an empty one, of which the nights know no patron."""
    library.store.unlink()
    ran = library.run("sync")
    assert_refused(ran, code=2, kind="store.gone", says="is gone or empty", advises="restore a backup")


# -- import ----------------------------------------------------------------------------------------------

GOOD_HEADER = "cpr_number,card,branch,group,language"
#: The file's content; then kind and what the message says.
FILES: dict[str, tuple[bytes, str, str]] = {
    "with an unknown column": (
        f"{GOOD_HEADER},shoe_size\n{ANNA},K1,HOVED,Voksen,da,38\n".encode(),
        "input.header",
        'column 6, "shoe_size", is not known: the columns are',
    ),
    "without a header": (f"{ANNA},K1,HOVED,Voksen,da\n".encode(), "input.header", "column 1 is not known"),
    "in another encoding": (
        f"{GOOD_HEADER}\n{ANNA},K1,".encode() + b"\x81,Voksen,da\n",
        "input.encoding",
        "Windows-1252",
    ),
    "that is empty": (b"", "input.header", "the file is empty: expected a header line"),
}


@pytest.mark.parametrize("file", FILES)
def test_an_import_is_refused(file: str, library: Library) -> None:
    content, kind, says = FILES[file]
    before = library.rows()
    (library.folder / "bad.csv").write_bytes(content)
    ran = library.run("patron", "import", "bad.csv", "--apply")
    assert_refused(ran, code=1, kind=kind, says=says, advises="Mend the input")
    assert library.rows() == before
