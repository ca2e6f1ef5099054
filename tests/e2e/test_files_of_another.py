"""Files of the installation that this user may not open, and an erase journal on a disk that is not there."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from backup_site import Installation, set_up
from town import PEOPLE
from typer import BadParameter

from cprsync.backup.restoring import _make_sure_that_free
from cprsync.cli.demo.demo import _write_patrons
from cprsync.cli.main import app
from cprsync.cli.terminal.misuse import misuse_of
from cprsync.doctor.alarm_file import AlarmFile
from cprsync.doctor.status import look_at, make_sure_that_heads_can_grow, places_of_heads
from cprsync.errors import BackupFailed, ConfigurationError
from cprsync.register.pickup.arrivals import FolderFeed
from cprsync.register.renewing import NewFiles, _make_sure_that_readable
from cprsync.services.ports.trust.status import HeadsStand
from cprsync.store.backup.encrypted import Opener, Recipient, make_key_pair
from cprsync.store.backup.shelf import Shelf
from cprsync.store.beside.journal import make_sure_of_place
from cprsync.wiring.setting_up import make_sure_of_files
from cprsync.wiring.site import site_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cprsync.config.settings import Settings

#: A user id that nobody has here.
STRANGER = 47_110


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return set_up(tmp_path, None)


def journal_at(here: Installation, place: Path) -> None:
    text = here.config.read_text(encoding="utf-8")
    here.config.write_text(re.sub("(?m)^erase_journal = .*$", f'erase_journal = "{place}"', text), encoding="utf-8")
    assert here.settings.store.erase_journal == place


@contextmanager
def closed(path: Path) -> Iterator[None]:
    """A path that this user may not open. The tests may be root, who may open everything: then as somebody else."""
    if os.geteuid() != 0:
        path.chmod(0)
        try:
            yield
        finally:
            path.chmod(0o700)
        return
    # all the folders above let the other user through
    above = [one for one in path.parents if not one.stat().st_mode & 0o001]
    modes = {one: one.stat().st_mode & 0o7777 for one in (path, *above)}
    for one in above:
        one.chmod(0o755)
    path.chmod(0o700)
    os.seteuid(STRANGER)
    try:
        yield
    finally:
        os.seteuid(0)
        for one, mode in modes.items():
            one.chmod(mode)


def test_an_erase_journal_whose_folder_is_missing_stops_every_writer_before_the_first_write(
    here: Installation, tmp_path: Path
) -> None:
    before = here.everything()
    place = tmp_path / "another disk" / "erase-journal.log"
    text = here.config.read_text(encoding="utf-8")
    journal_at(here, place)
    patrons = tmp_path / "patrons.csv"
    _write_patrons(patrons, sorted(PEOPLE)[12:20])
    for command in (("db", "upgrade"), ("status",), ("patron", "import", str(patrons), "--apply")):
        ran = here.call(*command)
        assert (ran.exit, ran.document["error"]["kind"]) == (2, "journal.file"), command
        assert f"-m 700 '{place.parent}'" in ran.document["error"]["message"]
        assert ran.document["error"]["changed"] == "nothing"
    assert not place.parent.exists()
    here.config.write_text(text, encoding="utf-8")
    assert here.everything() == before


@pytest.mark.parametrize("closes", [lambda place: place.parent, lambda place: place])
def test_a_journal_that_this_user_may_not_open_is_another_owners(
    closes: Callable[[Path], Path], tmp_path: Path
) -> None:
    place = tmp_path / "kept" / "erase-journal.log"
    place.parent.mkdir()
    place.touch()
    make_sure_of_place(place)
    with closed(closes(place)), pytest.raises(ConfigurationError) as refused:
        make_sure_of_place(place)
    assert refused.value.kind == "file.owner"
    assert refused.value.values["path"] in {place, place.parent}


def test_a_folder_of_backups_that_this_user_may_not_use_is_another_owners(here: Installation) -> None:
    here.backups.mkdir(mode=0o700)
    kept = [*here.backups.iterdir()]
    assert Shelf(here.backups).is_there()
    recipient = Recipient.load(here.settings.backup.recipient or here.key)
    with closed(here.backups):
        for use in (Shelf(here.backups).is_there, lambda: Shelf(here.backups).begin("one", recipient).__enter__()):
            with pytest.raises(ConfigurationError) as refused:
                use()
            assert (refused.value.kind, refused.value.values["path"]) == ("file.owner", here.backups)
    assert [*here.backups.iterdir()] == kept


def test_a_folder_of_backups_is_looked_at_and_not_made(tmp_path: Path) -> None:
    assert not Shelf(tmp_path / "new" / "backups").is_there()
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "backups"):
        with pytest.raises(BackupFailed, match="cannot be written"):
            Shelf(path).is_there()
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_folder_of_deliveries_that_this_user_may_not_use_is_another_owners(tmp_path: Path) -> None:
    folder = tmp_path / "IN"
    folder.mkdir()
    delivery = folder / "D270322.L123456"
    delivery.touch()
    (waiting,) = FolderFeed(folder, after="delete", metadata_minutes=0).waiting()
    with closed(folder):
        for use in (FolderFeed(folder, after="keep").waiting, waiting.done):
            with pytest.raises(ConfigurationError) as refused:
                use()
            assert (refused.value.kind, refused.value.values["path"]) == ("file.owner", folder)
    assert delivery.exists()


def test_a_key_that_has_written_and_is_gone_is_lost_and_no_upgrade_makes_it(here: Installation) -> None:
    (here.settings.keys.dir / "pin-1.key").unlink()
    assert here.call("db", "upgrade").exit == 0
    for command in (("status",), ("backup", str(here.backups))):
        ran = here.call(*command)
        assert (ran.exit, ran.error["kind"]) == (2, "keys.missing"), command
        assert "db upgrade" not in ran.error["next"]


def test_heads_that_this_user_may_not_open_are_another_owners(here: Installation) -> None:
    settings: Settings = here.settings
    heads = settings.keys.dir / "audit-heads.log"
    heads.touch()
    make_sure_of_files(settings)
    with closed(heads), pytest.raises(ConfigurationError) as refused:
        make_sure_that_heads_can_grow(heads, settings.store.erase_journal.with_name("witness"))
    assert (refused.value.kind, refused.value.values["path"]) == ("file.owner", heads)


@pytest.mark.parametrize("which", [0, 1])
def test_status_tells_that_the_heads_cannot_be_kept_on_a_disk_that_may_only_be_read(
    here: Installation, which: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every night would stop at its end (exit 7), and status was green."""
    site = site_of(here.settings, None)
    place = places_of_heads(here.settings)[which]
    usable = os.access
    with here.store() as store:
        before = store.views.everything()
        assert look_at(site, store).heads == HeadsStand()
        # a disk cannot be made so without the system's leave
        monkeypatch.setattr(
            "os.access", lambda path, how, **more: path not in {place, place.parent} and usable(path, how, **more)
        )
        room = dict.fromkeys(("f_bavail", "f_blocks", "f_bfree", "f_frsize"), 1 << 20)
        monkeypatch.setattr("os.statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY, **room))
        status = look_at(site, store)
        assert store.views.everything() == before
    assert "heads" in [one["what"] for one in status.wrong]
    assert "Read-only file system" in (status.heads.problem or "")
    assert "nøglemappen" in (status.heads.problem_da or "")


def test_status_tells_that_a_key_folder_takes_no_heads(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    make_sure_that_heads_can_grow(keys / "audit-heads.log", tmp_path / "audit-witness.log")
    with closed(keys), pytest.raises(ConfigurationError):
        make_sure_that_heads_can_grow(keys / "audit-heads.log", tmp_path / "audit-witness.log")


def test_a_file_of_alarms_that_this_user_may_not_open_is_another_owners(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    kept = AlarmFile(folder / "alarm.json", lambda: datetime.now(UTC))
    with closed(folder), pytest.raises(ConfigurationError) as refused:
        kept.take("mail")
    assert refused.value.kind == "file.owner"


@pytest.mark.parametrize("load", [Recipient.load, Opener.load])
def test_a_backup_key_that_this_user_may_not_read_is_another_owners(
    load: Callable[[Path], object], tmp_path: Path
) -> None:
    key = tmp_path / "backup.pem"
    make_key_pair(key)
    path = tmp_path / "backup.pem.pub" if load == Recipient.load else key
    load(path)
    with closed(path), pytest.raises(ConfigurationError) as refused:
        load(path)
    assert (refused.value.kind, refused.value.values) == ("file.owner", {"path": path})


def test_a_new_certificate_that_this_user_may_not_read_is_another_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "new.key"
    key.touch()
    command = ["certs", "renew", "--cert", str(tmp_path / "new.pem"), "--key", str(key)]
    with monkeypatch.context() as patched:
        # asked for the real user, who may be root
        patched.setattr("os.access", lambda *_, **__: False)
        with pytest.raises(BadParameter) as wrong:
            app(command, standalone_mode=False)
    told = misuse_of(wrong.value, command, app)
    assert told is not None
    assert (told.kind, told.values) == ("file.owner", {"name": "--key"})
    with closed(key), pytest.raises(ConfigurationError) as refused:
        _make_sure_that_readable(NewFiles(tmp_path / "new.pem", key))
    assert (refused.value.kind, refused.value.values) == ("file.owner", {"path": key})


def test_a_restore_into_a_folder_that_this_user_may_not_use_is_another_owners(tmp_path: Path) -> None:
    parent = tmp_path / "srv"
    parent.mkdir()
    _make_sure_that_free(parent / "cprsync")
    for into in (parent / "cprsync", parent / "new" / "cprsync"):
        with closed(parent), pytest.raises(ConfigurationError) as refused:
            _make_sure_that_free(into)
        assert refused.value.kind == "file.owner"
    assert [*parent.iterdir()] == []


def test_a_restore_says_what_to_paste_for_everything_that_it_made(
    here: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk, into = tmp_path / "another disk", tmp_path / "new"
    disk.mkdir(mode=0o700)
    journal_at(here, disk / "erase-journal.log")
    here.back_up()
    shutil.rmtree(disk)
    app(["restore", str(here.backups), "--into", str(into), "--key", str(here.key)], standalone_mode=False)
    lines = capsys.readouterr().out.splitlines()
    config = f"--config {into}/cprsync.toml"
    steps = [
        f"cprsync {step} {config}" for step in ("db status", "certs check", "subscriptions reconcile", "sync", "status")
    ]
    if os.geteuid() != 0:
        assert lines[lines.index("Nu:") :] == ["Nu:", *(f"  {step}" for step in steps)]
        return
    assert lines[lines.index("Nu:") :] == [
        "Nu:",
        f"  chown -R cprsync: {into}",
        f"  chown -R cprsync: '{disk}'",
        *(f"  sudo -u cprsync {step}" for step in steps),
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
def test_a_restore_by_root_says_to_give_back_what_it_wrote_anew_beside_the_folder(
    here: Installation, tmp_path: Path
) -> None:
    """The witness stands beside the journal and is the service's; root writes another in its place."""
    disk, into = tmp_path / "disk", tmp_path / "new"
    disk.mkdir(mode=0o700)
    journal_at(here, disk / "erase-journal.log")
    (here.folder / "audit-witness.log").rename(disk / "audit-witness.log")
    here.back_up()
    for path in disk.iterdir():
        os.chown(path, STRANGER, STRANGER)
    ran = here.restore(into, "--heads", str(here.folder / "keys" / "audit-heads.log"))
    assert "error" not in ran.document, ran.out
    roots = [str(path) for path in disk.iterdir() if path.stat().st_uid == 0]
    assert roots
    assert ran.document["outside"] == roots


def test_a_restore_with_newer_heads_ends_with_the_step_that_accepts_what_is_lost(
    here: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here.back_up()
    with here.store() as store:
        store.erasing.erase(str(store.views.everything("patron")["patron"][0]["id"]), user="lone")
    heads, into = here.folder / "keys" / "audit-heads.log", tmp_path / "new"
    command = ["restore", str(here.backups), "--into", str(into), "--key", str(here.key), "--heads", str(heads)]
    assert app(command, standalone_mode=False) == 1
    steps = [line.strip().removeprefix("sudo -u cprsync ") for line in capsys.readouterr().out.splitlines()]
    config = f"--config {into}/cprsync.toml"
    assert steps[-2:] == [f"cprsync status {config}", f"cprsync audit accept --reason TEXT {config}"]
