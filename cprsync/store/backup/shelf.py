"""The folder in which backups stand, each a folder of its own: begun as a draft, renamed when it is whole.

A backup that is killed leaves a draft, which no restore sees and the next backup removes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Final

from cprsync.domain.trust.backup import BackupPart, Manifest, time_of
from cprsync.errors import BackupBroken, BackupFailed, BackupRefused, RunBusy
from cprsync.private import (
    check_folder,
    closed_to_us,
    hold_alone,
    make_sure_that_usable,
    remove_folder,
    sync_folder,
    write_new_private,
)
from cprsync.store.backup.databases import disk_errors
from cprsync.store.backup.encrypted import CountedFile, broken, encrypting
from cprsync.store.core.drivers import note_written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cprsync.store.backup.encrypted import Recipient

MANIFEST: Final = "manifest.json"
#: The parts of a backup: the database; the keys, the erase journal, the audit's heads and the settings.
DATABASE, KEYS = "database.age", "keys.age"
_DRAFT: Final = ".draft-"
_LOCK: Final = ".cprsync-backup.lock"
#: No manifest is longer than this many bytes.
_MANIFEST_MAX: Final = 4 * 1024 * 1024
_READ_BYTES: Final = 1024 * 1024


class Draft:
    """A backup that is not whole yet."""

    def __init__(self, folder: Path, name: str, recipient: Recipient) -> None:
        self.folder, self.name = folder, name
        self._recipient = recipient
        self._parts: list[BackupPart] = []

    @property
    def parts(self) -> tuple[BackupPart, ...]:
        """The parts that are written."""
        return tuple(self._parts)

    @contextmanager
    def part(self, name: str) -> Iterator[IO[bytes]]:
        """Write one part, encrypted to the recipient, and sync it to disk."""
        with write_new_private(self.folder / name) as file:
            written = CountedFile(file)
            with encrypting(written, self._recipient) as plain:
                yield plain
        self._parts.append(BackupPart(name, written.bytes, written.sha256))


class Shelf:
    """A folder of backups."""

    def __init__(self, folder: Path) -> None:
        """Opens nothing yet."""
        self.folder = folder

    @contextmanager
    def begin(self, name: str, recipient: Recipient) -> Iterator[Draft]:
        """Make a draft. Drafts that were left behind are removed first, and this one if the block fails.

        Raises:
            RunBusy: another backup is being made here.
            BackupFailed: the folder cannot be written to, or is full.
            ConfigurationError: the folder is another user's, or others may put files into it.
        """
        with disk_errors(), self._held():
            for left in self.folder.glob(f"{_DRAFT}*"):
                shutil.rmtree(left)
            draft = self.folder / f"{_DRAFT}{name}"
            try:
                draft.mkdir(mode=0o700)
                yield Draft(draft, name, recipient)
            finally:
                # a backup that is whole has another name by now
                remove_folder(draft)

    def finish(self, draft: Draft, manifest: Manifest) -> None:
        """Write the manifest, and make the draft a backup: from here on it is one. Raises BackupFailed."""
        whole = self.folder / draft.name
        if os.path.lexists(whole):
            raise BackupFailed("a backup of this moment is there already")
        text = json.dumps(manifest.document(), indent=1, sort_keys=True)
        with write_new_private(draft.folder / MANIFEST) as file:
            file.write(text.encode())
        sync_folder(draft.folder)
        note_written()
        draft.folder.rename(whole)
        sync_folder(self.folder)

    def names(self) -> list[str]:
        """Return the backups that are whole, the oldest first."""
        return [name for name in self._folders() if time_of(name) is not None]

    def renamed(self) -> list[str]:
        """Return the folders of backups that somebody has renamed. Nothing removes them."""
        return [name for name in self._folders() if time_of(name) is None and not name.startswith(_DRAFT)]

    def _folders(self) -> list[str]:
        try:
            there = sorted(one.name for one in self.folder.iterdir() if one.is_dir() and not one.is_symlink())
        except OSError as error:
            raise BackupRefused("{path}: no backups can be read there", path=self.folder, kind="backup.none") from error
        return [name for name in there if is_backup(self.folder / name)]

    def remove(self, names: list[str]) -> None:
        """Remove backups: first the manifest, so that half of one never looks like a whole one."""
        for name in names:
            (self.folder / name / MANIFEST).unlink(missing_ok=True)
            shutil.rmtree(self.folder / name)

    def is_there(self) -> bool:
        """Whether the folder is there. One that is not is made by the first backup.

        Raises:
            ConfigurationError: it is another user's, or others may put files into it.
            BackupFailed: nothing can be written in it, or it cannot be made.
        """
        with disk_errors():
            there = next(one for one in (self.folder, *self.folder.absolute().parents) if os.path.lexists(one))
            make_sure_that_usable(there)
            if not there.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            if there != self.folder:
                return False
            check_folder(there)
        return True

    @contextmanager
    def _held(self) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                check_folder(self.folder)
                stack.enter_context(hold_alone(self.folder / _LOCK, _busy))
            except PermissionError:
                raise closed_to_us(self.folder) from None
            yield


def _busy() -> RunBusy:
    return RunBusy("another backup is being made here", kind="backup.busy")


def is_backup(folder: Path) -> bool:
    """Return whether a folder has the manifest of a backup."""
    return (folder / MANIFEST).is_file()


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of one backup.

    Raises:
        BackupRefused: there is no backup.
        BackupBroken: the manifest cannot be read.
    """
    try:
        with (folder / MANIFEST).open("rb") as file:
            return Manifest.parse(json.loads(file.read(_MANIFEST_MAX)))
    except (FileNotFoundError, NotADirectoryError):
        raise BackupRefused("{path}: there is no whole backup", path=folder, kind="backup.none") from None
    except (OSError, ValueError) as error:
        raise BackupBroken("the manifest of the backup cannot be read") from error


def check_parts(folder: Path, manifest: Manifest, *, advance: Callable[[int], None] = lambda _: None) -> None:
    """Read every part to its end: it must be the one of the manifest, and whole. Needs no key.

    Raises:
        BackupBroken: a part is missing, is another one, or is cut off.
    """
    for name in (DATABASE, KEYS):
        try:
            part = manifest.part(name)
        except ValueError:
            raise broken(name, "the manifest does not name it") from None
        try:
            with (folder / name).open("rb") as file:
                if _hash(file, advance) != (part.sha256, part.bytes):
                    raise broken(name, "it is not the file of the manifest")
        except OSError as error:
            raise broken(name, "it is missing, or cannot be read") from error


def _hash(file: IO[bytes], advance: Callable[[int], None]) -> tuple[str, int]:
    found, size = hashlib.sha256(), 0
    while content := file.read(_READ_BYTES):
        found.update(content)
        size += len(content)
        advance(len(content))
    return found.hexdigest(), size
