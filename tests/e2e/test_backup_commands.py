"""A backup is whole or not there, restores what was there, and is read by nobody without the key: both databases."""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import shutil
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from backup_site import AGENCY, Installation, set_up
from e2e_library import Ran, personal
from ready_databases import PROGRAMS, fresh_database
from sqlalchemy import delete, insert, text
from sqlalchemy.engine import make_url

from cprsync.backup.backing_up import back_up
from cprsync.backup.restoring import Restored
from cprsync.cli.main import app
from cprsync.cli.terminal.long_work import Nothing
from cprsync.cli.trust.backup import _steps_after
from cprsync.domain.desk.roles import Role
from cprsync.domain.trust.backup import name_backup, time_of
from cprsync.errors import ConfigurationError, CprsyncError
from cprsync.language.backup import restore_lines
from cprsync.private import create_private
from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask
from cprsync.services.trust.keys import Rotating, rotate_keys
from cprsync.store import tables
from cprsync.store.backup.databases import is_empty, make_sure_of_programs
from cprsync.store.core.engine import writing
from cprsync.store.outward.changes import FOLLOWED_MOST
from cprsync.store.seals.keys import NEXT, KeyPurpose, add_key
from cprsync.web.accounts import AccountEntry, hash_password, write_accounts
from cprsync.wiring.setting_up import open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: What a restore writes itself: that it was, and who is in a window since.
OF_RESTORE = frozenset({"audit", "audit_head", "audit_reason", "upkeep", "library", "change_epoch", "target"})


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation on SQLite, and a backup of it, to be copied."""
    made = set_up(tmp_path_factory.mktemp("begun"), None)
    made.back_up()
    return made


@pytest.fixture
def here(begun: Installation, tmp_path: Path) -> Installation:
    shutil.copytree(begun.folder.parent, tmp_path / "here")
    folder = tmp_path / "here"
    return Installation(folder / "site", folder / "backups", folder / "private.key")


@pytest.fixture(scope="module")
def on_server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[Installation, str]]:
    """An installation on PostgreSQL, and the url of an empty database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
        server = request.getfixturevalue("postgresql")
        with fresh_database(server) as url, fresh_database(server, like="template0") as empty:
            yield set_up(tmp_path_factory.mktemp("server"), url), empty


def backup_of(installation: Installation) -> Path:
    (only,) = [one for one in installation.backups.iterdir() if one.is_dir()]
    return only


def assert_nothing_came_of_it(installation: Installation, into: Path) -> None:
    assert not into.exists()
    assert not [one for one in into.parent.iterdir() if one.name.endswith(".restoring")]
    assert [one.name for one in installation.backups.iterdir() if one.name.startswith(".draft")] == []


def test_a_restored_library_is_the_one_that_was_backed_up(here: Installation, tmp_path: Path) -> None:
    before = here.everything()
    ran = here.restore(tmp_path / "again")
    assert ran.exit == 0, ran.out
    (library,) = ran.document["libraries"]
    assert (ran.document["whole"], library["patrons"], library["erased_again"]) == (True, 12, 0)
    again = here.at(tmp_path / "again")
    after = again.everything()
    assert {name: rows for name, rows in after.items() if name not in OF_RESTORE} == {
        name: rows for name, rows in before.items() if name not in OF_RESTORE
    }
    # the copy was taken before the backup was noted: the restore says which it was, and when it was made
    loss, backup, restored = after["upkeep"]
    assert (loss["task"], backup["task"], restored["task"]) == ("loss", "backup", "restore")
    assert json.loads(backup["detail"])["name"] == ran.document["name"]
    made = time_of(ran.document["name"])
    assert made is not None
    assert abs(datetime.fromisoformat(backup["at"]) - made) < timedelta(seconds=5)
    assert again.call("audit", "verify").document["whole"]
    told = [entry["what"] for entry in again.call("audit", "list").document["entries"]]
    assert "restored" in told
    assert not (again.folder / "restoring.json").exists()
    for name in ("cprsync.toml", "policy.toml", "backup.pub", "keys/seal-1.key", "keys/pin-1.key"):
        assert (again.folder / name).stat().st_mode & 0o077 == 0
    assert (again.folder / "policy.toml").read_bytes() == (here.folder / "policy.toml").read_bytes()
    assert again.folder.stat().st_mode & 0o077 == 0


def test_a_restore_leaves_nobody_marked_for_whom_a_reader_or_the_desk_would_wait(
    here: Installation, tmp_path: Path
) -> None:
    with here.config.open("a", encoding="utf-8") as config:
        config.write('\n[[library.target]]\nname = "website"\nkind = "feed"\nfields = ["group"]\n')
    assert here.call("export", "website", "--all").exit == 0
    marked = [{"agency": AGENCY, "patron_id": f"{number:08}"} for number in range(10 * FOLLOWED_MOST)]
    with open_database(here.settings.store.url) as engine, writing(engine) as connection:
        connection.execute(insert(tables.change_mark), marked)
    here.back_up()
    assert here.restore(tmp_path / "again").exit == 0
    assert here.at(tmp_path / "again").everything()["change_mark"] == []


@pytest.mark.parametrize("is_apart", [False, True])
def test_a_restored_key_is_as_old_as_it_was(here: Installation, tmp_path: Path, is_apart: bool) -> None:
    """`keys list` and the metric of a key's age are told by its file: a restore makes no key new."""
    set_apart(here, of_keys=is_apart)
    folder, long_ago = here.settings.keys.dir, 1_700_000_000.5
    for path in folder.glob("*.key"):
        os.utime(path, (long_ago, long_ago))
    here.back_up()
    add_key(folder, KeyPurpose.INDEX, ending=NEXT)
    os.utime(folder / "index-2.next", (long_ago + 60, long_ago + 60))
    copy = folder.rename(tmp_path / "copy")
    assert here.restore(tmp_path / "again", "--keys", str(copy)).exit == 0
    again = here.at(tmp_path / "again")
    times = {path.name: path.stat().st_mtime for path in again.settings.keys.dir.glob("*-[0-9].*")}
    assert times.pop("index-2.next") == long_ago + 60
    assert set(times.values()) == {long_ago}
    assert {one["made"][:10] for one in again.call("keys", "list").document["keys"]} == {"2023-11-14"}


def test_a_restored_library_on_a_server_is_the_one_that_was_backed_up(
    on_server: tuple[Installation, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Backed up, checked, drilled, restored into an empty database, and refused for one that holds something."""
    here, empty = on_server
    here.back_up()
    before = here.everything()
    assert here.call("backup", "check", str(here.backups), "--key", str(here.key)).document["opened"]
    drilled = here.call("drill", str(here.backups), "--key", str(here.key))
    assert (drilled.exit, drilled.document["records"]) == (0, 12), drilled.out
    refused = here.restore(tmp_path / "again")
    assert (refused.exit, refused.error["kind"]) == (1, "backup.taken")
    assert not (tmp_path / "again").exists()
    assert here.everything()["patron"] == before["patron"]
    monkeypatch.setenv("CPRSYNC_STORE__URL", empty)
    ran = here.restore(tmp_path / "again")
    assert ran.exit == 0, ran.out
    again = here.at(tmp_path / "again")
    after = again.everything()
    assert {name: rows for name, rows in after.items() if name not in OF_RESTORE} == {
        name: rows for name, rows in before.items() if name not in OF_RESTORE
    }
    assert again.call("audit", "verify").document["whole"]


def test_a_backup_holds_nothing_that_anybody_can_read(here: Installation) -> None:
    """Not a name, not a number, not a key, and not even what is in clear in the database."""
    keys = [path.read_text().split()[1] for path in (here.folder / "keys").glob("*.key")]
    told = b"".join(path.read_bytes() for path in backup_of(here).iterdir())
    assert not [word for word in personal() if word.encode() in told]
    assert not [key for key in keys if key.encode() in told or bytes.fromhex(key) in told]
    assert b"SQLite format" not in told
    assert b"[library.register]" not in told
    manifest = json.loads((backup_of(here) / "manifest.json").read_text())
    assert (manifest["counts"]["patron"], sorted(manifest["streams"])) == (12, [AGENCY])


def cut(backup: Path) -> None:
    path = backup / "database.age"
    path.write_bytes(path.read_bytes()[:-1])


def turn_a_bit(backup: Path) -> None:
    path = backup / "keys.age"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lose_a_part(backup: Path) -> None:
    (backup / "keys.age").unlink()


def alter_a_count(backup: Path) -> None:
    path = backup / "manifest.json"
    path.write_text(path.read_text().replace('"patron": 12', '"patron": 11'))


@pytest.mark.parametrize("harm", [cut, turn_a_bit, lose_a_part, alter_a_count])
def test_a_backup_that_was_harmed_is_refused_before_anything_is_written(
    here: Installation, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    harm(backup_of(here))
    ran = here.restore(tmp_path / "again")
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (1, "backup.broken", "nothing")
    assert_nothing_came_of_it(here, tmp_path / "again")
    assert here.call("drill", str(here.backups), "--key", str(here.key)).exit == 1
    with here.store() as store:
        last = store.upkeep.last(UpkeepTask.DRILL)
    assert last is not None
    assert (last.outcome, last.detail["kind"]) == (UpkeepOutcome.FAILED, "backup.broken")


def test_a_part_of_another_backup_does_not_pass_even_with_its_hash(here: Installation, tmp_path: Path) -> None:
    """Somebody who can write there may put an older database, and write its hash into the manifest."""
    first = backup_of(here)
    other = here.backups.with_name("other")
    ran = here.call("backup", str(other))
    second = other / ran.document["name"]
    older, newer = (json.loads((one / "manifest.json").read_text()) for one in (first, second))
    shutil.copy(first / "database.age", second / "database.age")
    newer["parts"] = [older["parts"][0], newer["parts"][1]]
    (second / "manifest.json").write_text(json.dumps(newer))
    assert here.call("backup", "check", str(second)).exit == 0  # without the key nobody can tell
    assert here.call("backup", "check", str(second), "--key", str(here.key)).exit == 1
    ran = here.restore(tmp_path / "again", folder=second)
    assert (ran.exit, ran.error["kind"]) == (1, "backup.broken")
    assert_nothing_came_of_it(here, tmp_path / "again")


def test_whoever_was_removed_since_the_backup_may_sign_in_again_and_the_restore_says_so(
    here: Installation, tmp_path: Path
) -> None:
    settings = here.folder / "cprsync.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace('# accounts = "accounts.toml"', 'accounts = "accounts.toml"'), "utf-8")
    person = AccountEntry(
        name="lone", password=hash_password("x"), roles=frozenset({Role.DESK}), libraries=frozenset({AGENCY})
    )
    write_accounts(here.folder / "accounts.toml", [person])
    shutil.rmtree(here.backups)
    here.back_up()
    assert here.call("accounts", "remove", "lone").exit == 0
    ran = here.restore(tmp_path / "again")
    assert (ran.exit, ran.document["old_accounts"]) == (0, True)
    assert [one["name"] for one in here.at(tmp_path / "again").call("accounts", "list").document["accounts"]] == [
        "lone"
    ]
    assert any("cprsync accounts list" in line for line in restore_lines(ran.document, "en"))


def test_another_private_key_restores_nothing(here: Installation, tmp_path: Path) -> None:
    assert here.call("backup", "key", str(tmp_path / "other.key"), config=False).exit == 0
    ran = here.restore(tmp_path / "again", key=tmp_path / "other.key")
    assert (ran.exit, ran.error["kind"]) == (2, "backup.other_key")
    assert_nothing_came_of_it(here, tmp_path / "again")


def test_a_file_whose_setting_leads_out_of_its_folder_is_restored_beside_the_new_one(
    here: Installation, tmp_path: Path
) -> None:
    public = shutil.move(here.folder / "backup.pub", here.folder.with_name("elsewhere.pub"))
    config = here.config.read_text("utf-8")
    here.config.write_text(config.replace('recipient = "backup.pub"', 'recipient = "../elsewhere.pub"'), "utf-8")
    here.back_up()
    assert here.call("drill", str(here.backups), "--key", str(here.key)).exit == 0
    # the way to the new folder may lead out of one too
    ran = here.restore(here.folder / ".." / ".." / "new" / "site")
    assert (ran.exit, ran.document["outside"]) == (0, [str(tmp_path / "new" / "elsewhere.pub")])
    assert (tmp_path / "new" / "elsewhere.pub").read_bytes() == public.read_bytes()
    here.at(tmp_path / "new" / "site").back_up()


def test_a_secret_that_systemd_hands_over_is_restored_beside_the_settings_and_not_into_systemds_folder(
    here: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = tmp_path / "handed"
    handed.mkdir()
    create_private(handed / "client.key", "a key")
    config = here.config.read_text("utf-8")
    here.config.write_text(re.sub(r"(?m)^client_key = .*", 'client_key = "credential:client.key"', config), "utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    here.back_up()
    shutil.rmtree(handed)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    ran = here.restore(tmp_path / "again")
    secret = tmp_path / "again" / "systemd-credentials" / "client.key"
    assert (ran.exit, ran.document["credentials"], ran.document["outside"]) == (0, [str(secret)], [])
    assert (secret.read_text(), secret.stat().st_mode & 0o077) == ("a key", 0)
    assert not handed.exists()
    assert any("LoadCredential" in line for line in restore_lines(ran.document, "en"))


def test_nothing_is_put_over_what_is_there(here: Installation, tmp_path: Path) -> None:
    into = tmp_path / "again"
    into.mkdir()
    (into / "note.txt").write_text("mine")
    ran = here.restore(into)
    assert (ran.exit, ran.error["kind"]) == (1, "backup.taken")
    assert [one.name for one in into.iterdir()] == ["note.txt"]


def test_backups_that_have_had_their_time_go_once_a_new_one_is_whole(here: Installation) -> None:
    old = backup_of(here)
    expired = here.backups / name_backup(datetime.now(UTC) - timedelta(days=31))
    shutil.copytree(old, expired)
    config = here.config.read_text()
    here.config.write_text(config.replace('recipient = "backup.pub"', 'recipient = "gone.pub"'))
    ran = here.call("backup", str(here.backups))
    assert (ran.exit, ran.error["kind"]) == (2, "backup.key")
    assert expired.is_dir()
    here.config.write_text(config)
    assert here.back_up()["removed"] == [expired.name]
    assert not expired.exists()
    assert old.is_dir()
    assert len(here.call("backup", "list", str(here.backups)).document["backups"]) == 2


def test_a_backup_that_is_dated_later_than_now_is_not_the_newest_and_is_named(
    here: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was made while the clock was ahead, and may be older than all others."""
    newest = backup_of(here)
    ahead = here.backups / name_backup(datetime.now(UTC) + timedelta(days=60))
    shutil.copytree(newest, ahead)
    listed = here.call("backup", "list", str(here.backups)).document["backups"]
    assert [(one["name"], one["ahead"]) for one in listed] == [(ahead.name, True), (newest.name, False)]
    app(["backup", "list", str(here.backups)], standalone_mode=False)
    assert capsys.readouterr().out.count("dateret senere end nu") == 1
    for command in (("backup", "check"), ("drill",)):
        assert here.call(*command, str(here.backups)).document["name"] == newest.name
    ran = here.restore(tmp_path / "again")
    assert (ran.exit, ran.document["name"], ran.document["ahead"]) == (0, newest.name, [ahead.name]), ran.out
    # the next one does not remove it
    assert here.back_up()["removed"] == []
    assert ahead.is_dir()


def test_where_every_backup_is_dated_later_than_now_none_is_taken_unless_it_is_named(here: Installation) -> None:
    """A machine whose clock is behind cannot say which one is the newest."""
    only = backup_of(here)
    ahead = only.rename(here.backups / name_backup(datetime.now(UTC) + timedelta(days=60)))
    ran = here.call("backup", "check", str(here.backups))
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (1, "backup.ahead", "nothing"), ran.out
    assert [one.name for one in here.backups.iterdir() if one.is_dir()] == [ahead.name]
    assert here.call("backup", "check", str(ahead)).document["whole"]


def test_a_backup_in_a_folder_that_was_renamed_is_restored_by_what_is_in_it(here: Installation, tmp_path: Path) -> None:
    only = backup_of(here)
    moment = only.name
    kept = only.rename(here.backups / "before the move")
    ran = here.call("backup", "check", str(here.backups))
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (1, "backup.none", "nothing"), ran.out
    assert kept.name in ran.error["message"]
    assert here.call("backup", "check", str(kept)).document["whole"]
    again = here.restore(tmp_path / "again", folder=kept)
    assert (again.exit, again.document["name"]) == (0, moment), again.out


def test_without_a_public_key_no_backup_is_made_and_the_store_says_so(here: Installation) -> None:
    here.config.write_text(here.config.read_text().replace('recipient = "backup.pub"', ""))
    ran = here.call("backup", str(here.backups))
    assert (ran.exit, ran.error["kind"]) == (2, "backup.recipient")
    assert len(list(here.backups.iterdir())) == 2  # the one that was there, and the lock
    with here.store() as store:
        last = store.upkeep.last(UpkeepTask.BACKUP)
    assert last is not None
    assert (last.outcome, last.detail["kind"]) == (UpkeepOutcome.FAILED, "backup.recipient")


# -- killed, and without room ----------------------------------------------------------------------------------


def in_a_child(act: Callable[[], object]) -> int:
    """Run it in a process of its own. Returns its exit code, or the negative signal that ended it."""
    pid = os.fork()
    if not pid:
        code = 70
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            act()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        except CprsyncError:
            code = 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at(number: int, act: Callable[[], object], *, after: str = "") -> bool:
    """Run it, and kill it at its n-th change of a file or a folder. Returns whether it was killed.

    `after`: counts from where it has begun a program with this argument.
    """

    def live() -> None:
        count, counts = 0, not after

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal count, counts
            counts = counts or (event == "subprocess.Popen" and after in arguments[1])
            if not counts:
                return
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if writes or event in {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "sqlite3.connect"}:
                count += 1
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        act()

    return in_a_child(live) == -signal.SIGKILL


def test_a_backup_that_is_killed_anywhere_is_whole_or_not_there(here: Installation, tmp_path: Path) -> None:
    first, number = backup_of(here), 1
    there = {first.name}
    while killed_at(number, lambda: here.call("backup", str(here.backups))):
        names = {one["name"] for one in here.call("backup", "list", str(here.backups)).document["backups"]}
        for name in names - there:
            # it was whole before the kill
            assert here.call("backup", "check", str(here.backups / name), "--key", str(here.key)).exit == 0
        assert first.name in names
        there = names
        number += 3
    assert number > 10
    assert not list(here.backups.glob(".draft-*"))
    assert here.restore(tmp_path / "again").exit == 0


def test_a_restore_that_is_killed_anywhere_is_begun_again_by_the_next(here: Installation, tmp_path: Path) -> None:
    into, number = tmp_path / "again", 1
    while killed_at(number, lambda: here.restore(into)):
        if into.exists():
            break  # whole: it was killed after the last step
        number += 4
    assert number > 20
    if not into.exists():
        assert here.restore(into).exit == 0
    assert here.at(into).call("audit", "verify").document["whole"]
    assert not (tmp_path / ".again.restoring").exists()


def test_a_restore_on_a_server_that_is_killed_when_its_database_is_back_is_begun_again_by_the_next(
    on_server: tuple[Installation, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """`pg_restore` has committed, and the folder is not in its place yet."""
    here, _ = on_server
    here.back_up()
    before = here.everything()
    with fresh_database(request.getfixturevalue("postgresql"), like="template0") as empty:
        monkeypatch.setenv("CPRSYNC_STORE__URL", empty)
        into, number = tmp_path / "again", 1
        while killed_at(number, lambda: here.restore(into), after="--single-transaction"):
            if into.exists():
                break  # whole: it was killed after the last step
            assert (tmp_path / ".again.restoring" / "restoring.json").exists()
            number += 1
        assert number > 3
        if not into.exists():
            assert here.restore(into).exit == 0
        again = here.at(into)
        assert {name: rows for name, rows in again.everything().items() if name not in OF_RESTORE} == {
            name: rows for name, rows in before.items() if name not in OF_RESTORE
        }
        assert again.call("audit", "verify").document["whole"]
        assert not (tmp_path / ".again.restoring").exists()


def test_a_restore_on_a_server_that_is_killed_again_and_again_is_begun_again_by_the_next(
    on_server: tuple[Installation, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The database is full, and the next restores are killed while they put away what the first has left."""
    here, _ = on_server
    here.back_up()
    into, mark = tmp_path / "again", tmp_path / ".again.restoring" / "restoring.json"
    with fresh_database(request.getfixturevalue("postgresql"), like="template0") as empty:
        monkeypatch.setenv("CPRSYNC_STORE__URL", empty)
        assert killed_at(3, lambda: here.restore(into), after="--single-transaction")
        assert not is_empty(empty)
        for number in (1, 2, 5, 9, 14):
            assert killed_at(number, lambda: here.restore(into))
            assert mark.exists()
        assert here.restore(into).exit == 0
        assert here.at(into).call("audit", "verify").document["whole"]
        assert not mark.parent.exists()


def test_a_restore_ends_what_a_killed_one_still_writes_on_the_server(
    on_server: tuple[Installation, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """`pg_restore` has read all, and goes on when the program that began it is gone."""
    here, _ = on_server
    here.back_up()
    into, server = tmp_path / "again", request.getfixturevalue("postgresql")
    with fresh_database(server, like="template0") as first:
        monkeypatch.setenv("CPRSYNC_STORE__URL", first)
        assert killed_at(1, lambda: here.restore(into), after="--single-transaction")
    with fresh_database(server, like="template0") as empty, psycopg.connect(empty, application_name="pg_restore") as of:
        of.execute("CREATE TABLE library (agency text)")
        monkeypatch.setenv("CPRSYNC_STORE__URL", empty)
        assert here.restore(into).exit == 0
        assert here.at(into).call("audit", "verify").document["whole"]
        with pytest.raises(psycopg.OperationalError):
            of.execute("SELECT 1")


APP, KEEPER = "restored_app", "restored_keeper"


@pytest.fixture
def roles(
    on_server: tuple[Installation, str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[tuple[Installation, Callable[[str], None]]]:
    """A backup, an empty database with three roles of which two are not there yet, and what the owner does there."""
    here, _ = on_server
    here.back_up()
    with fresh_database(request.getfixturevalue("postgresql"), like="template0") as empty:
        named = {
            name: make_url(empty).set(username=name).render_as_string(hide_password=False) for name in (APP, KEEPER)
        }
        for name, url in (("URL", named[APP]), ("OWNER_URL", empty), ("KEEPER_URL", named[KEEPER])):
            monkeypatch.setenv(f"CPRSYNC_STORE__{name}", url)
        with psycopg.connect(empty, autocommit=True) as owner:
            yield here, lambda statement: owner.execute(statement.encode()) and None
            for role in (APP, KEEPER):
                if owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


@pytest.mark.parametrize(
    ("made", "kind", "named"),
    [
        ((), "store.role.missing", APP),
        ((f"CREATE ROLE {APP} LOGIN",), "store.role.missing", KEEPER),
        ((f"CREATE ROLE {APP} LOGIN", f"CREATE ROLE {KEEPER} NOLOGIN"), "store.login", KEEPER),
        ((f"CREATE ROLE {APP} NOLOGIN", f"CREATE ROLE {KEEPER} LOGIN"), "store.login", APP),
    ],
)
def test_every_role_of_a_server_has_to_log_in_before_anything_is_put_back(
    roles: tuple[Installation, Callable[[str], None]],
    tmp_path: Path,
    made: tuple[str, ...],
    kind: str,
    named: str,
) -> None:
    here, do = roles
    for statement in made:
        do(statement)
    ran = here.restore(tmp_path / "again")
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (2, kind, "nothing"), ran.out
    assert named in ran.error["message"]
    assert_nothing_came_of_it(here, tmp_path / "again")
    assert is_empty(os.environ["CPRSYNC_STORE__OWNER_URL"])
    for role in (APP, KEEPER):
        do(f"DROP ROLE IF EXISTS {role}")
        do(f"CREATE ROLE {role} LOGIN")
    ran = here.restore(tmp_path / "again")
    assert ran.exit == 0, ran.out


def test_a_restore_that_fails_after_it_filled_the_database_says_that_something_changed(
    roles: tuple[Installation, Callable[[str], None]], tmp_path: Path
) -> None:
    here, do = roles
    do(f"CREATE ROLE {APP} LOGIN SUPERUSER")
    do(f"CREATE ROLE {KEEPER} LOGIN")
    ran = here.restore(tmp_path / "again")
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (2, "store.role", "part"), ran.out
    assert not (tmp_path / "again").exists()
    assert not is_empty(os.environ["CPRSYNC_STORE__OWNER_URL"])
    do(f"ALTER ROLE {APP} NOSUPERUSER")
    assert here.restore(tmp_path / "again").exit == 0


def test_a_drill_finds_settings_that_no_restore_could_read(here: Installation, tmp_path: Path) -> None:
    settings, text = here.settings, here.config.read_text("utf-8")
    here.config.write_text(f"{text}\n[nonsense]\n", "utf-8")
    back_up(settings, here.config, tmp_path / "backups", progress=Nothing())
    here.config.write_text(text, "utf-8")
    ran = here.call("drill", str(tmp_path / "backups"), "--key", str(here.key))
    assert (ran.exit, ran.error["kind"]) == (1, "backup.drill")
    assert "the settings in the backup cannot be used" in ran.error["message"]
    assert not (here.folder / ".cprsync-drill").exists()
    assert here.config.read_text("utf-8") == text


def test_a_drill_of_what_somebody_changed_past_the_program_says_so_until_it_is_accepted(here: Installation) -> None:
    """The backup is as good as the database: whoever was told to take another one would find none."""
    with open_database(here.settings.store.url) as engine, writing(engine) as connection:
        connection.execute(text("DELETE FROM audit WHERE seq = 2"))
    here.back_up()
    ran = here.call("drill", str(here.backups), "--key", str(here.key))
    assert (ran.exit, ran.error["kind"]) == (1, "backup.audit")
    assert "cprsync audit accept" in ran.error["next"]
    assert here.call("audit", "accept", "--reason", "we know who it was").exit == 0
    here.back_up()
    assert here.call("drill", str(here.backups), "--key", str(here.key)).exit == 0


def test_a_drill_that_is_killed_leaves_nothing_behind_the_next(here: Installation) -> None:
    number = 2
    while killed_at(number, lambda: here.call("drill", str(here.backups), "--key", str(here.key))):
        number += 6
    assert number > 10
    assert not (here.folder / ".cprsync-drill").exists()
    with here.store() as store:
        last = store.upkeep.last(UpkeepTask.DRILL)
    assert last is not None
    assert (last.outcome, last.detail["records"]) == (UpkeepOutcome.DONE, 12)


def test_a_disk_without_room_leaves_the_earlier_backups_as_they_were(here: Installation) -> None:
    before = {path: path.read_bytes() for path in backup_of(here).iterdir()}
    size = (backup_of(here) / "database.age").stat().st_size

    ran = told_in_a_child(lambda: here.call("backup", str(here.backups)), partial(grows_to, size // 2))
    assert (ran.exit, ran.error["kind"]) == (4, "backup.no_room")
    assert {path: path.read_bytes() for path in backup_of(here).iterdir()} == before
    assert not list(here.backups.glob(".draft-*"))


@pytest.mark.parametrize("share", [0, 2], ids=["no copy of the database", "half of the backup"])
def test_a_backup_that_meets_the_limit_on_files_does_not_blame_a_full_disk_alone(
    here: Installation, share: int
) -> None:
    size = (backup_of(here) / "database.age").stat().st_size // share if share else 4_000
    ran = told_in_a_child(lambda: here.call("backup", str(here.backups)), partial(grows_to, size))
    assert (ran.exit, ran.error["kind"]) == (4, "backup.no_room"), ran.out
    assert "limit on the size of files" in ran.error["message"], ran.error["message"]


def told_in_a_child(act: Callable[[], Ran], prepare: Callable[[], object]) -> Ran:
    """What a command answers in a process of its own, which is prepared before. Exit 70 if nobody foresaw its end."""
    reader, writer = os.pipe()

    def live() -> None:
        # else it is Python's own files that find no room
        sys.dont_write_bytecode = True
        prepare()
        ran = act()
        os.write(writer, ran.out.encode())
        raise SystemExit(ran.exit)

    code = in_a_child(live)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as file:
        return Ran(code, file.read(), "")


def fails_for_room_at(number: int) -> None:
    """From here on, the disk is full at the n-th change of a file or a folder."""
    count = 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or event == "os.rename" or (event == "os.mkdir" and not os.path.lexists(arguments[0])):
            count += 1
            if count == number:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sys.addaudithook(watch)


def grows_to(size: int) -> None:
    """From here on, no file may grow beyond a size."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def assert_no_room(ran: Ran, here: Installation, into: Path) -> None:
    assert (ran.exit, ran.error["kind"]) == (4, "backup.no_room.copy"), ran.out
    assert "limit on the size of files" in ran.error["message"]
    assert not into.exists()
    assert not list(into.parent.glob(".again.restoring/**/*.key"))
    assert not (here.folder / ".cprsync-drill").exists()


def test_a_restore_without_room_says_so_wherever_it_is_noticed(here: Installation, tmp_path: Path) -> None:
    set_apart(here, of_keys=True)
    lost, into, number = lose(here, "index"), tmp_path / "again", 1
    copy = shutil.copytree(lost.keys, tmp_path / "copy")
    kept = lost.keys.rename(tmp_path / "gone")
    options = ("--keys", str(copy), "--heads", str(copy / "audit-heads.log"))
    while not into.exists():
        ran = told_in_a_child(lambda: here.restore(into, *options), partial(fails_for_room_at, number))
        if into.exists():
            break
        assert_no_room(ran, here, into)
        assert not list(lost.keys.glob("*.key"))
        number += 3
    assert number > 20
    assert kept.is_dir()


def test_a_drill_without_room_says_so_wherever_it_is_noticed(here: Installation) -> None:
    number, act = 1, lambda: here.call("drill", str(here.backups), "--key", str(here.key))
    while (ran := told_in_a_child(act, partial(fails_for_room_at, number))).exit:
        assert_no_room(ran, here, here.folder / "none")
        number += 3
    assert number > 10
    assert act().exit == 0
    with here.store() as store:
        last = store.upkeep.last(UpkeepTask.DRILL)
    assert last is not None
    assert last.outcome is UpkeepOutcome.DONE


@pytest.mark.parametrize("size", [0, 60, 4_000, 20_000, 500_000])
def test_a_disk_that_takes_no_more_ends_a_restore_and_a_drill_as_without_room(
    here: Installation, tmp_path: Path, size: int
) -> None:
    """Zero: not even a key. The others: the archive, then the database, and what the database writes itself."""
    for act in (
        lambda: here.restore(tmp_path / "again"),
        lambda: here.call("drill", str(here.backups), "--key", str(here.key)),
    ):
        assert_no_room(told_in_a_child(act, partial(grows_to, size)), here, tmp_path / "again")
    assert here.restore(tmp_path / "again").exit == 0


# -- what survived ----------------------------------------------------------------------------------------------


def erase_somebody(installation: Installation) -> str:
    """Erase a patron after the backup: the journal says so, and so do the heads."""
    with installation.store() as store:
        patron = str(store.views.everything("patron")["patron"][0]["id"])
        store.erasing.erase(patron, user="lone")
        assert store.patrons.count() == 11
    return patron


def patrons_of(installation: Installation) -> set[str]:
    return {str(row["id"]) for row in installation.everything()["patron"]}


def test_whoever_was_erased_since_stays_erased_with_the_journal_that_survived(
    here: Installation, tmp_path: Path
) -> None:
    erased = erase_somebody(here)
    journal = here.folder / "erase-journal.log"
    ran = here.restore(tmp_path / "again", "--journal", str(journal))
    assert ran.exit == 0, ran.out
    assert ran.document["survived"]["journal"] == 1
    assert ran.document["libraries"][0]["erased_again"] == 1
    again = here.at(tmp_path / "again")
    assert erased not in patrons_of(again)
    assert again.call("patron", "show", erased).exit == 1
    assert again.call("audit", "verify").document["whole"]


def test_heads_that_survived_tell_what_the_backup_has_lost(here: Installation, tmp_path: Path) -> None:
    erase_somebody(here)
    heads = here.folder / "keys" / "audit-heads.log"
    ran = here.restore(tmp_path / "again", "--heads", str(heads))
    assert (ran.exit, ran.document["whole"], ran.document["survived"]["heads"]) == (1, False, 1)
    again = here.at(tmp_path / "again")
    assert again.call("audit", "verify").exit == 1
    assert again.call("audit", "accept", "--reason", "Maskinen er tabt").exit == 0
    assert again.call("audit", "verify").exit == 0


@pytest.mark.parametrize("option", ["--journal", "--heads"])
def test_a_file_of_another_installation_is_refused_beside_a_backup(
    here: Installation, tmp_path: Path, option: str
) -> None:
    erase_somebody(here)
    other = set_up(tmp_path / "other", None)
    erase_somebody(other)
    name = "erase-journal.log" if option == "--journal" else "keys/audit-heads.log"
    ran = here.restore(tmp_path / "again", option, str(other.folder / name))
    assert (ran.exit, ran.error["kind"]) == (1, "backup.survivor.key")
    assert_nothing_came_of_it(here, tmp_path / "again")


@pytest.mark.parametrize("option", ["--keys", "--journal", "--heads"])
def test_a_mistyped_name_of_what_survived_is_refused_before_anything_is_written(
    here: Installation, tmp_path: Path, option: str
) -> None:
    """Else whoever was erased since the backup would be back without a word."""
    erase_somebody(here)
    for wrong in (tmp_path / "erase-jurnal.log", tmp_path):
        ran = here.restore(tmp_path / "again", option, str(wrong))
        assert (ran.exit, ran.error["kind"]) == (1, "backup.survivor")
        assert str(wrong) in ran.error["message"]
        assert_nothing_came_of_it(here, tmp_path / "again")


def test_an_older_journal_that_survived_does_not_win(here: Installation, tmp_path: Path) -> None:
    erased = erase_somebody(here)
    here.back_up()
    empty = tmp_path / "empty.log"
    create_private(empty, "")
    ran = here.restore(tmp_path / "again", "--journal", str(empty))
    assert ran.exit == 0, ran.out
    assert ran.document["survived"]["journal"] == 0
    assert erased not in patrons_of(here.at(tmp_path / "again"))


def test_the_journal_that_survived_wins_also_by_a_library_that_the_settings_of_the_backup_do_not_name(
    here: Installation, tmp_path: Path
) -> None:
    with here.taken_out():
        here.back_up()
    erased = erase_somebody(here)
    again = here.at(tmp_path / "again")
    ran = here.restore(again.folder, "--journal", str(here.folder / "erase-journal.log"))
    assert (ran.exit, ran.document["survived"]["journal"], ran.document["unnamed"]) == (0, 1, [AGENCY]), ran.out
    again.config.write_text(here.config.read_text("utf-8").replace(str(here.folder), str(again.folder)), "utf-8")
    assert erased not in patrons_of(again)


def test_the_steps_after_a_restore_of_several_libraries_name_each_where_a_command_is_about_one(tmp_path: Path) -> None:
    audits = {"710100": True, "710200": False}
    libraries = [{"agency": agency, "audit": {"whole": whole}} for agency, whole in audits.items()]
    steps = _steps_after(Restored("a backup", tmp_path, libraries=libraries))
    assert [one.partition(" --config")[0].removeprefix("cprsync ") for one in steps] == [
        "db status",
        "certs check --library 710100",
        "certs check --library 710200",
        "subscriptions reconcile --library 710100",
        "subscriptions reconcile --library 710200",
        "sync",
        "status",
        "audit accept --reason TEXT --library 710200",
    ]


def test_the_steps_after_a_restore_name_the_settings_as_they_are_called(
    here: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = here.config.rename(here.folder / "byens.toml")
    assert not app(["backup", str(here.backups), "--config", str(config), "--json"], standalone_mode=False)
    capsys.readouterr()
    wanted = ("restore", str(here.backups), "--into", str(tmp_path / "again"), "--key", str(here.key))
    assert not app(wanted, standalone_mode=False)
    told = capsys.readouterr().out
    assert f"cprsync sync --config {tmp_path / 'again' / 'byens.toml'}" in told
    assert "cprsync.toml" not in told


# -- a key that was made after the backup -------------------------------------------------------------------------


@dataclass(frozen=True)
class Lost:
    """An installation that is lost, but for its journal and its key folder: a key was rotated after the backup."""

    was: Installation
    keys: Path
    journal: Path
    heads: Path
    closed: str
    erased: str

    def assert_kept_out(self, again: Installation) -> None:
        """Whoever was erased is gone, whoever was closed is closed, and the audit says what the backup lost."""
        there = {str(row["id"]): row["status_class"] for row in again.everything()["patron"]}
        assert self.erased not in there
        assert len(there) == 11
        assert there[self.closed] == "closed"


def rotate(installation: Installation, purpose: str) -> None:
    with installation.store() as store:
        how = Rotating("olga", sleep=lambda _: None, monotonic=lambda: 0.0, now=lambda: datetime.now(UTC))
        rotate_keys([store], [purpose], how)


def set_apart(installation: Installation, *, of_keys: bool = False) -> None:
    """Give the erase journal, and perhaps the keys, a place of their own."""
    apart = installation.folder.with_name("apart")
    apart.mkdir(mode=0o700)
    for name in ("erase-journal.log", "audit-witness.log", *(["keys"] if of_keys else [])):
        if (installation.folder / name).exists():
            (installation.folder / name).rename(apart / name)
    text = installation.config.read_text()
    text = text.replace('erase_journal = "erase-journal.log"', f'erase_journal = "{apart}/erase-journal.log"')
    if of_keys:
        text = text.replace('dir = "keys"', f'dir = "{apart}/keys"')
    installation.config.write_text(text)
    settings = installation.settings
    assert settings.store.erase_journal.parent == apart
    assert (settings.keys.dir.parent == apart) is of_keys


def lose(here: Installation, purpose: str) -> Lost:
    """Back up, rotate, let two patrons go, and lose all but keys and journal."""
    here.back_up()
    rotate(here, purpose)
    with here.store() as store:
        closed, erased = (str(row["id"]) for row in store.views.everything("patron")["patron"][:2])
        store.leaving.leave(closed, user="lone")
        store.erasing.erase(erased, user="lone")
    settings = here.settings
    lost = here.folder.rename(here.folder.with_name("lost"))
    keys, journal = (
        lost / path.relative_to(here.folder) if path.is_relative_to(here.folder) else path
        for path in (settings.keys.dir, settings.store.erase_journal)
    )
    return Lost(here, keys, journal, keys / "audit-heads.log", closed, erased)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Installation, Callable[[], None]]]:
    """An installation on either database, and what gives the restored one an empty database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("here"), lambda: None
        return
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    server = request.getfixturevalue("postgresql")
    with fresh_database(server) as url, fresh_database(server, like="template0") as empty:
        yield set_up(tmp_path / "server", url), lambda: monkeypatch.setenv("CPRSYNC_STORE__URL", empty)


@pytest.mark.parametrize("purpose", ["index", "checkpoint"])
@pytest.mark.parametrize("is_apart", [True, False])
def test_a_backup_from_before_a_rotation_is_restored_with_the_keys_and_the_journal_that_survived(
    either: tuple[Installation, Callable[[], None]], tmp_path: Path, purpose: str, is_apart: bool
) -> None:
    here, begin_empty = either
    if is_apart:
        set_apart(here)
    lost, into = lose(here, purpose), tmp_path / "again"
    journal = lost.journal.read_bytes()
    begin_empty()
    survived = ("--heads", str(lost.heads), *(() if is_apart else ("--journal", str(lost.journal))))
    refused = here.restore(into, *survived)
    assert (refused.exit, refused.error["kind"], refused.error["changed"]) == (1, "backup.survivor.key", "nothing")
    assert_nothing_came_of_it(here, into)
    assert lost.journal.read_bytes() == journal

    ran = here.restore(into, "--keys", str(lost.keys), *survived)
    assert (ran.exit, ran.document["whole"]) == (1, False), ran.out  # the heads are newer than the backup
    assert (ran.document["survived"]["keys"], ran.document["survived"]["journal"]) == (1, 2)
    assert ran.document["libraries"][0]["erased_again"] == 2
    again = here.at(into)
    lost.assert_kept_out(again)
    before = again.everything()["patron"]
    rotate(again, purpose)  # goes on with the rotation, and makes no third key
    assert len(list(again.settings.keys.dir.glob(f"{purpose}-*"))) == 2
    assert len(again.everything()["patron"]) == len(before)
    lost.assert_kept_out(again)
    assert again.call("audit", "accept", "--reason", "Maskinen er tabt").exit == 0
    assert again.call("audit", "verify").exit == 0


def test_a_restore_with_surviving_keys_that_is_killed_anywhere_is_begun_again_by_the_next(
    either: tuple[Installation, Callable[[], None]], tmp_path: Path
) -> None:
    """The folder of keys has a place of its own too, and is there as a copy."""
    here, begin_empty = either
    set_apart(here, of_keys=True)
    lost, into, number = lose(here, "index"), tmp_path / "again", 1
    copy = lost.keys.rename(tmp_path / "copy")
    begin_empty()
    while killed_at(number, lambda: here.restore(into, "--keys", str(copy))):
        if into.exists():
            break
        number += 5
    assert number > 20
    if not into.exists():
        ran = here.restore(into, "--keys", str(copy))
        assert "error" not in ran.document, ran.out
    lost.assert_kept_out(here.at(into))
    there = {path.name: path.read_bytes() for path in lost.keys.glob("*-*.key")}
    assert there == {path.name: path.read_bytes() for path in copy.glob("*-*.key")}


def test_newer_keys_that_stand_in_their_own_place_need_not_be_named(here: Installation, tmp_path: Path) -> None:
    set_apart(here, of_keys=True)
    lost = lose(here, "checkpoint")
    ran = here.restore(tmp_path / "again")
    assert ran.document["survived"]["keys"] == 1, ran.out
    lost.assert_kept_out(here.at(tmp_path / "again"))


@pytest.mark.parametrize("of_keys", [False, True])
def test_a_key_folder_of_another_installation_is_refused_beside_a_backup(
    here: Installation, tmp_path: Path, of_keys: bool
) -> None:
    set_apart(here, of_keys=of_keys)
    lost = lose(here, "index")
    copy = lost.keys.rename(tmp_path / "copy")
    other = set_up(tmp_path / "other", None)
    ran = here.restore(tmp_path / "again", "--keys", str(other.folder / "keys"))
    assert (ran.exit, ran.error["kind"]) == (1, "backup.survivor.other_key")
    assert_nothing_came_of_it(here, tmp_path / "again")
    assert not list(lost.keys.glob("*.key"))
    # a key that was named and is not the one that is missing leaves nothing either
    (copy / "index-2.key").unlink()
    ran = here.restore(tmp_path / "again", "--keys", str(copy))
    assert (ran.exit, ran.error["kind"]) == (1, "backup.survivor.key")
    assert_nothing_came_of_it(here, tmp_path / "again")
    assert not list(lost.keys.glob("*.key"))


def test_without_the_newer_keys_whoever_the_journal_names_is_let_go_again_by_hand(
    here: Installation, tmp_path: Path
) -> None:
    """As the guide has it: the journal is moved aside, and its lines are read as they are."""
    set_apart(here)
    lost = lose(here, "checkpoint")
    assert here.restore(tmp_path / "again").error["kind"] == "backup.survivor.key"
    aside = lost.journal.rename(tmp_path / "aside.log")
    assert here.restore(tmp_path / "again").exit == 1
    again = here.at(tmp_path / "again")
    assert len(patrons_of(again)) == 12
    with again.store() as store:
        for line in aside.read_text().splitlines():
            told = json.loads(line.partition("\t")[0])
            let_go = store.erasing.erase if told["what"] == "erased" else store.leaving.leave
            assert let_go(told["patron"], user="lone") is not None
    lost.assert_kept_out(again)
    assert again.call("audit", "accept", "--reason", "Nøglen er tabt").exit == 0
    assert again.call("audit", "verify").exit == 0


def test_a_key_that_was_added_and_does_not_write_yet_survives_too(here: Installation, tmp_path: Path) -> None:
    """The machine was lost while `keys rotate` waited; a copy of the folder from that moment adds no second key."""
    here.back_up()
    keys = here.settings.keys.dir
    add_key(keys, KeyPurpose.INDEX, ending=NEXT)
    copy = shutil.copytree(keys, tmp_path / "copy")
    ran = here.restore(tmp_path / "again", "--keys", str(copy))
    assert (ran.exit, ran.document["survived"]["keys"]) == (0, 1), ran.out
    rotate(here.at(tmp_path / "again"), "index")
    assert (here.at(tmp_path / "again").settings.keys.dir / "index-2.key").read_bytes() == (
        keys / "index-2.next"
    ).read_bytes()
    # and here the key writes by now, so that the older copy of the folder has it under another name
    rotate(here, "index")
    here.back_up()
    ran = here.restore(tmp_path / "later", "--keys", str(copy))
    assert (ran.exit, ran.document["survived"]["keys"]) == (0, 0), ran.out
    assert not list(here.at(tmp_path / "later").settings.keys.dir.glob("*.next"))


# -- the drill --------------------------------------------------------------------------------------------------


def test_a_drill_without_the_key_says_that_it_restored_nothing(here: Installation) -> None:
    ran = here.call("drill", str(here.backups))
    assert (ran.exit, ran.document["opened"], ran.document["records"]) == (0, False, 0)
    with here.store() as store:
        last = store.upkeep.last(UpkeepTask.DRILL)
    assert last is not None
    assert last.outcome is UpkeepOutcome.PART


def test_a_drill_finds_a_patron_who_was_taken_out_past_the_program(here: Installation) -> None:
    with here.store() as store:
        patron = store.views.everything("patron")["patron"][0]["id"]
    with open_database(here.settings.store.url) as engine, writing(engine) as connection:
        for table in (tables.patron_key, tables.finding_key):
            connection.execute(delete(table).where(table.c.patron_id == patron))
        connection.execute(delete(tables.patron).where(tables.patron.c.id == patron))
    ran = here.call("drill", str(here.backups), "--key", str(here.key))
    assert (ran.exit, ran.error["kind"]) == (1, "backup.drill")


def test_a_drill_finds_that_the_backup_is_of_another_store(here: Installation, tmp_path: Path) -> None:
    other = set_up(tmp_path / "other", None)
    ran = other.call("drill", str(here.backups))
    assert (ran.exit, ran.error["kind"]) == (1, "backup.drill")


def test_a_patron_who_was_erased_since_is_no_finding_of_a_drill(here: Installation) -> None:
    erase_somebody(here)
    assert here.call("drill", str(here.backups), "--key", str(here.key)).exit == 0


def test_whoever_left_a_library_that_the_settings_name_no_more_is_no_finding_of_a_drill(here: Installation) -> None:
    erase_somebody(here)
    with here.taken_out():
        assert here.call("drill", str(here.backups), "--key", str(here.key)).exit == 0


# -- what others see of it ------------------------------------------------------------------------------------------

SPY = """#!/bin/sh
if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) {version}.1"; exit 0; fi
echo "$@" > {folder}/arguments
tr '\\0' '\\n' < /proc/$$/environ > {folder}/environment
cat "$PGSERVICEFILE" > {folder}/service
exit 3
"""


def spy_on_pg_dump(folder: Path, patch: pytest.MonkeyPatch, *, version: int) -> None:
    folder.mkdir()
    spy = folder / "pg_dump"
    spy.write_text(SPY.replace("{version}", str(version)).replace("{folder}", str(folder)))
    spy.chmod(0o755)
    patch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_how_to_connect_is_neither_in_arguments_nor_in_the_environment_of_a_program(
    on_server: tuple[Installation, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = on_server
    url = here.settings.store.url
    secret = "hemmelig-kode"
    monkeypatch.setenv("CPRSYNC_STORE__URL", url.replace("postgres:@", f"postgres:{secret}@", 1))
    assert secret in here.settings.store.url
    spy_on_pg_dump(tmp_path / "spy", monkeypatch, version=99)
    ran = here.call("backup", str(tmp_path / "backups"))
    assert (ran.exit, ran.error["kind"]) == (1, "backup.failed")
    assert list((tmp_path / "backups").glob("cprsync-*")) == []
    said = {one.name: one.read_text() for one in (tmp_path / "spy").iterdir() if one.name != "pg_dump"}
    assert secret in said["service"]
    assert secret not in said["arguments"] + said["environment"]
    assert "CPRSYNC" not in said["environment"]


def test_a_program_that_is_older_than_the_server_is_not_used(
    on_server: tuple[Installation, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = on_server
    make_sure_of_programs(here.settings.store.owners)
    monkeypatch.setattr("cprsync.store.backup.databases._PROGRAMS", tmp_path)
    spy_on_pg_dump(tmp_path / "spy", monkeypatch, version=9)
    ran = here.call("backup", str(tmp_path / "backups"))
    assert (ran.exit, ran.error["kind"]) == (2, "backup.program")
    with pytest.raises(ConfigurationError) as refused:
        make_sure_of_programs(here.settings.store.owners)
    assert refused.value.kind == "backup.program"
    assert list((tmp_path / "spy").iterdir()) == [tmp_path / "spy" / "pg_dump"]
