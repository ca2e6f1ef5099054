"""A backup as a check, a restore or a drill reads it: whole, and opened with the private key."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cprsync.backup.backing_up import describe_backup, find_backup
from cprsync.errors import BackupBroken, ConfigurationError
from cprsync.services.ports.trust.upkeep import StoreVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cprsync.domain.trust.backup import Manifest
    from cprsync.services.ports.night import Progress
    from cprsync.store.backup.archive import ArchivedFile
    from cprsync.store.backup.encrypted import Opener


@dataclass(frozen=True, slots=True)
class BackupSource:
    """A backup that was read to its end, and who can open it."""

    folder: Path
    manifest: Manifest
    opener: Opener

    @property
    def digest(self) -> str:
        """What tells this backup from every other."""
        return hashlib.sha256(json.dumps(self.manifest.document(), sort_keys=True).encode()).hexdigest()

    @contextmanager
    def content(self, name: str) -> Iterator[Iterator[bytes]]:
        """Open one part. Raises as `open_encrypted`."""
        from cprsync.store.backup.encrypted import open_encrypted

        with (self.folder / name).open("rb") as file:
            yield open_encrypted(file, self.opener, name=name)

    def unpack(self, to: Path) -> tuple[str, list[tuple[ArchivedFile, Path]]]:
        """Unpack the archive. Returns the folder that the settings were in, and the files.

        Raises:
            BackupBroken: it is not the archive of this backup.
        """
        from cprsync.store.backup.archive import read_archive
        from cprsync.store.backup.shelf import KEYS

        to.mkdir(mode=0o700, parents=True)
        with self.content(KEYS) as content:
            document, files = read_archive(content, to)
        self._make_sure_that_own(document)
        return str(document["root"]), files

    def check(self) -> None:
        """Open all of it, and write nothing. Raises as `unpack`."""
        from cprsync.store.backup.archive import read_document
        from cprsync.store.backup.shelf import DATABASE, KEYS

        with self.content(KEYS) as content:
            self._make_sure_that_own(read_document(content))
        with self.content(DATABASE) as content:
            for _ in content:
                pass

    def _make_sure_that_own(self, document: Mapping[str, Any]) -> None:
        own = self.manifest.document()
        within = document["manifest"]
        # anybody can alter the manifest beside it: what it says of the database has to be what the encrypted one says
        own["parts"] = [part for part in own["parts"] if part in within.get("parts", ())]
        if within != own or not own["parts"]:
            raise BackupBroken("the manifest is not the one that is encrypted with the keys")


def open_source(folder: Path, key: Path, *, progress: Progress) -> BackupSource:
    """Read a whole backup, and the private key. Nothing is written.

    Raises:
        BackupRefused: there is no backup.
        BackupBroken: it is not whole.
        ConfigurationError: the key is not one.
    """
    from cprsync.store.backup.encrypted import Opener
    from cprsync.store.backup.shelf import check_parts, read_manifest
    from cprsync.store.core.version import WANTED

    one = find_backup(folder)
    manifest, opener = read_manifest(one), Opener.load(key)
    opener.make_sure_that_meant(manifest.recipient)
    if StoreVersion(manifest.facts.migration, WANTED).is_newer:
        raise ConfigurationError(
            "the backup was made by a newer program: cprsync {version}", version=manifest.program, kind="backup.newer"
        )
    progress.stage("check", sum(part.bytes for part in manifest.parts))
    check_parts(one, manifest, advance=progress.advance)
    return BackupSource(one, manifest, opener)


def check_backup(folder: Path, key: Path | None, *, progress: Progress) -> dict[str, Any]:
    """The JSON shape of `backup check`: every byte is read. With the private key, all of it is opened too.

    `folder`: of one backup, or of several, of which the newest is checked.

    Raises:
        BackupRefused: there is no backup.
        BackupBroken: it is not whole.
        ConfigurationError: the key is not the one.
    """
    from cprsync.store.backup.encrypted import Opener
    from cprsync.store.backup.shelf import check_parts, read_manifest

    one = find_backup(folder)
    manifest = read_manifest(one)
    progress.stage("check", sum(part.bytes for part in manifest.parts))
    check_parts(one, manifest, advance=progress.advance)
    if key is not None:
        opener = Opener.load(key)
        opener.make_sure_that_meant(manifest.recipient)
        BackupSource(one, manifest, opener).check()
    return {"name": manifest.name, "whole": True, "opened": key is not None, **describe_backup(manifest)}
