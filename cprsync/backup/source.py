"""A backup as a restore or a drill reads it: whole, checked, and opened with the private key."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cprsync.backup.backing_up import find_backup
from cprsync.errors import BackupBroken, ConfigurationError
from cprsync.services.ports.trust.upkeep import StoreVersion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.domain.trust.backup import Manifest
    from cprsync.services.ports.night import Progress
    from cprsync.store.backup.archive import Kept
    from cprsync.store.backup.sealed import Opener


@dataclass(frozen=True, slots=True)
class Source:
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
        """Open one part. Raises as `open_sealed`."""
        from cprsync.store.backup.sealed import open_sealed

        with (self.folder / name).open("rb") as file:
            yield open_sealed(file, self.opener, place=f"{self.manifest.name}/{name}")

    def unpack(self, to: Path) -> tuple[str, list[tuple[Kept, Path]]]:
        """Unpack the archive. Returns the folder that the settings were in, and the files.

        Raises:
            BackupBroken: it is not the archive of this backup.
        """
        from cprsync.store.backup.archive import read_archive
        from cprsync.store.backup.shelf import KEYS

        to.mkdir(mode=0o700, parents=True)
        with self.content(KEYS) as content:
            document, files = read_archive(content, to)
        own = self.manifest.document()
        sealed = document["manifest"]
        # the manifest beside it is not sealed: what it says of the database has to be what the sealed one says
        own["parts"] = [part for part in own["parts"] if part in sealed.get("parts", ())]
        if sealed != own or not own["parts"]:
            raise BackupBroken("the manifest is not the one that is sealed with the keys")
        return str(document["root"]), files


def open_source(folder: Path, key: Path, *, progress: Progress) -> Source:
    """Read a whole backup, and the private key. Nothing is written.

    Raises:
        BackupRefused: there is no backup.
        BackupBroken: it is not whole.
        ConfigurationError: the key is not one.
    """
    from cprsync.store.backup.sealed import Opener
    from cprsync.store.backup.shelf import check_parts, read_manifest
    from cprsync.store.core.version import WANTED

    one = find_backup(folder)
    manifest, opener = read_manifest(one), Opener.load(key)
    if StoreVersion(manifest.facts.migration, WANTED).is_newer:
        raise ConfigurationError(
            "the backup was made by a newer program: cprsync {version}", version=manifest.program, kind="backup.newer"
        )
    progress.stage("check", sum(part.bytes for part in manifest.parts))
    check_parts(one, manifest, advance=progress.advance)
    return Source(one, manifest, opener)
