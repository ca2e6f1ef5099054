"""Makes backups, and looks after them: the database in one part, the keys and all that is beside it in another.

Both parts are encrypted to one public key. The private key is not on this machine: it restores, and nothing else does.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cprsync.config.paths import named_paths
from cprsync.config.settings import credentials_folder
from cprsync.domain.trust.backup import Manifest, find_expired, is_ahead, name_backup, time_of
from cprsync.errors import BackupBroken, BackupRefused, ConfigurationError, CprsyncError
from cprsync.private import open_private
from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask
from cprsync.wiring.counterparts import real_time
from cprsync.wiring.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cprsync.config.settings import Settings
    from cprsync.services.ports.night import Progress
    from cprsync.store.backup.databases import DatabaseMoment
    from cprsync.store.backup.shelf import Draft
    from cprsync.store.seals.keys import Keyring

#: The roles of files in the archive.
CONFIGURATION, KEY, JOURNAL, HEADS, WITNESS, FILE = "configuration", "key", "journal", "heads", "witness", "file"
#: Where a restore puts the secrets that systemd had handed to the service.
CREDENTIALS = "systemd-credentials"
#: A file that the settings name is kept up to this size. None of them is large.
_FILE_MAX: Final = 16 * 1024 * 1024
#: The role of a file, where it belongs, and its content or where that is.
_File: TypeAlias = "tuple[str, Path, bytes | Path]"


def folder_of_backups(settings: Settings, named: Path | None) -> Path:
    """The folder of the backups: the one that was named, or else that of the settings. Raises ConfigurationError."""
    folder = named or settings.backup.folder
    if folder is None:
        raise ConfigurationError("say where the backups are: name a folder, or set folder of [backup]", kind="usage")
    return folder


def make_key(path: Path) -> dict[str, Any]:
    """Write a key pair. Raises ConfigurationError: there is one."""
    from cprsync.store.backup.encrypted import PUBLIC, make_key_pair

    recipient = make_key_pair(path)
    return {"private": str(path), "public": f"{path}{PUBLIC}", "name": recipient.name}


def back_up(settings: Settings, config: Path, folder: Path, *, progress: Progress) -> dict[str, Any]:
    """Make one backup, then remove those that have had their time. The store has when, and how it ended.

    Raises:
        ConfigurationError: there is no public key, or a program of PostgreSQL is missing.
        RunBusy: another backup is being made in the folder.
        BackupFailed: it could not be written. No earlier backup was touched.
    """
    begun = time.monotonic()
    try:
        manifest, left_out = _make(settings, config, folder, progress)
        removed = _remove_expired(settings, folder)
    except CprsyncError as error:
        note_upkeep(settings, UpkeepTask.BACKUP, UpkeepOutcome.FAILED, {"kind": error.kind})
        raise
    size = sum(part.bytes for part in manifest.parts)
    seconds = round(time.monotonic() - begun, 1)
    note_upkeep(settings, UpkeepTask.BACKUP, UpkeepOutcome.DONE, {"name": manifest.name, "bytes": size})
    return {
        "name": manifest.name,
        "folder": str(folder / manifest.name),
        "bytes": size,
        "patrons": manifest.facts.counts.get("patron", 0),
        "code": manifest.code,
        "recipient": manifest.recipient,
        "removed": removed,
        "left_out": left_out,
        "seconds": seconds,
    }


def _make(settings: Settings, config: Path, folder: Path, progress: Progress) -> tuple[Manifest, list[str]]:
    from cprsync.store.backup.databases import database_kind_of, open_moment
    from cprsync.store.backup.encrypted import Recipient
    from cprsync.store.backup.shelf import DATABASE, Shelf
    from cprsync.store.seals.keys import Keyring

    if settings.backup.recipient is None:
        raise ConfigurationError("no public key is set: recipient of [backup]", kind="backup.recipient")
    recipient, keyring = Recipient.load(settings.backup.recipient), Keyring.load(settings.keys.dir)
    shelf = Shelf(folder)
    with shelf.begin(name_backup(real_time()), recipient) as draft:
        # before and after: a key that goes meanwhile may have written what is in the copy
        keys = dict(_read_keys(settings))
        progress.stage("backup")
        with open_moment(settings.store.owners, draft.folder) as moment:
            with draft.part(DATABASE) as plain:
                for content in moment.content:
                    plain.write(content)
            manifest = Manifest(
                name=draft.name,
                program=version("cprsync"),
                database=database_kind_of(settings.store.url),
                recipient=recipient.name,
                code="",
                facts=moment.facts,
                parts=draft.parts,
            )
            manifest, left_out = _Beside(settings, config, draft, moment, keyring).archive(keys, manifest)
        shelf.finish(draft, manifest)
    return manifest, left_out


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is beside the database, and goes into the archive."""

    settings: Settings
    config: Path
    draft: Draft
    moment: DatabaseMoment
    keyring: Keyring

    def archive(self, keys: dict[Path, bytes], manifest: Manifest) -> tuple[Manifest, list[str]]:
        """Write the archive. Returns the manifest with it, and the files that the settings name and nobody can read."""
        from cprsync.store.backup.archive import ArchivedFile, target_of, write_archive
        from cprsync.store.backup.shelf import KEYS

        root = self.config.resolve().parent
        code, beside = self._copy_heads_and_journal()
        named, left_out = self._read_named()
        every: list[_File] = [
            (KEY, path, content) for path, content in (keys | dict(_read_keys(self.settings))).items()
        ]
        every += [(CONFIGURATION, self.config.resolve(), self.config.read_bytes()), *named, *beside]
        manifest = replace(manifest, code=code)
        try:
            with self.draft.part(KEYS) as plain:
                document = {"root": str(root), "manifest": manifest.document()}
                files = [
                    (ArchivedFile(role, target_of(_home_of(path, root), root), _modified(path)), content)
                    for role, path, content in every
                ]
                write_archive(plain, document, files)
        finally:
            for name in (HEADS, WITNESS):
                (self.draft.folder / name).unlink(missing_ok=True)
        return replace(manifest, parts=self.draft.parts), left_out

    def _copy_heads_and_journal(self) -> tuple[str, list[_File]]:
        """Copy the heads as they were at the moment, with a witness to them. Returns the audit's code, and the files.

        The erase journal is taken as it is now. A line more erases a patron again; a line less would bring one back.
        """
        from cprsync.store.backup.facts import copy_heads
        from cprsync.store.beside.checkpoints import WITNESS as WITNESS_FILE
        from cprsync.store.beside.checkpoints import HeadsFile

        folder, journal = self.draft.folder, self.settings.store.erase_journal
        heads = HeadsFile(self.keyring, folder / WITNESS)
        end = copy_heads(heads, self.moment.ends, folder / HEADS)
        code = str(end) if end is not None and end.lines else ""
        if end is not None and end.lines:
            heads.write_witness(end)
        found = [
            (HEADS, heads.path, folder / HEADS),
            (WITNESS, journal.with_name(WITNESS_FILE), folder / WITNESS),
            (JOURNAL, journal, journal),
        ]
        return code, [one for one in found if one[2].exists()]

    def _read_named(self) -> tuple[list[_File], list[str]]:
        """Read every file that the settings name. The second part are those that cannot be read, or are too large."""
        settings = self.settings
        found: list[_File] = []
        left_out: list[str] = []
        for path in sorted(set(named_paths(settings)) - {settings.store.erase_journal}):
            if path.is_dir() or path == settings.backup.folder:
                continue
            try:
                content = path.read_bytes() if path.stat().st_size <= _FILE_MAX else None
            except OSError:
                content = None
            if content is None:
                left_out.append(str(path))
            else:
                found.append((FILE, path, content))
        return found, left_out


def _home_of(path: Path, root: Path) -> Path:
    """Where a file is put back. What systemd handed over is not put into systemd's own folder, which ends with us."""
    return root / CREDENTIALS / path.name if path.parent == credentials_folder() else path


def _modified(path: Path) -> float:
    """When a file was written. 0: it has gone meanwhile."""
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0


def _read_keys(settings: Settings) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(settings.keys.dir.glob("*.key")):
        with suppress(FileNotFoundError), open_private(path) as file:
            yield path, file.read()


def _remove_expired(settings: Settings, folder: Path) -> list[str]:
    from cprsync.store.backup.shelf import Shelf

    shelf = Shelf(folder)
    expired = find_expired(shelf.names(), now=real_time(), keep_days=settings.backup.keep_days)
    shelf.remove(expired)
    return expired


def note_upkeep(settings: Settings, task: UpkeepTask, outcome: UpkeepOutcome, detail: Mapping[str, str | int]) -> None:
    """Note it in the store of each library. A store that does not open has no note: the work itself counts."""
    for section in settings.library:
        site = Site(settings, section)
        with suppress(CprsyncError), site.store() as store:
            store.upkeep.note(task, outcome, detail)


def list_backups(folder: Path) -> dict[str, Any]:
    """The JSON shape of `backup list`, the newest first. Raises BackupRefused."""
    from cprsync.store.backup.shelf import Shelf, read_manifest

    shelf, now = Shelf(folder), real_time()
    rows = []
    for name in reversed(shelf.names()):
        made = time_of(name)
        row: dict[str, Any] = {"name": name, "made": made and made.isoformat(), "whole": True}
        row["ahead"] = is_ahead(name, now)
        try:
            manifest = read_manifest(folder / name)
        except BackupBroken:
            rows.append({**row, "whole": False})
            continue
        rows.append({**row, **describe_backup(manifest)})
    return {"folder": str(folder), "backups": rows}


def describe_backup(manifest: Manifest) -> dict[str, Any]:
    """What `backup list` and `backup check` tell of a backup."""
    return {
        "bytes": sum(part.bytes for part in manifest.parts),
        "database": manifest.database,
        "migration": manifest.facts.migration,
        "patrons": manifest.facts.counts.get("patron", 0),
        "libraries": sorted(manifest.facts.streams),
        "recipient": manifest.recipient,
        "code": manifest.code,
    }


def find_backup(folder: Path) -> Path:
    """The folder of a backup: the one that is named, whatever it is called by now, or the newest in it.

    One that is dated later than now is not the newest: it may be older than all others. Nor is one in a folder that
    somebody has renamed.

    Raises:
        BackupRefused: there is none.
    """
    from cprsync.store.backup.shelf import Shelf

    if _is_named(folder):
        return folder.resolve()
    shelf, now = Shelf(folder), real_time()
    names = shelf.names()
    if not names and (renamed := shelf.renamed()):
        sentence = "{path}: there is no backup under its own name, which is its moment; name the folder itself: {found}"
        raise BackupRefused(sentence, path=folder, found=", ".join(renamed), kind="backup.none")
    if not names:
        raise BackupRefused("{path}: there is no whole backup", path=folder, kind="backup.none")
    dated = [name for name in names if not is_ahead(name, now)]
    if not dated:
        raise BackupRefused("{path}: every backup is dated later than now", path=folder, kind="backup.ahead")
    return folder / dated[-1]


def _is_named(folder: Path) -> bool:
    """Whether a folder is one backup, and not a folder of backups."""
    from cprsync.store.backup.shelf import is_backup

    return time_of(folder.resolve().name) is not None or is_backup(folder)


def find_ahead(folder: Path) -> list[str]:
    """The backups of a folder that are dated later than now. None if one backup is named. Raises BackupRefused."""
    from cprsync.store.backup.shelf import Shelf

    if _is_named(folder):
        return []
    now = real_time()
    return [name for name in Shelf(folder).names() if is_ahead(name, now)]
