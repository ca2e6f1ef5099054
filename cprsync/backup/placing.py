"""Puts the files of a backup where they belong: into a folder beside the wanted one, or at a place of their own.

What stands at a place of its own stays; of two journals the longer one, of two key folders both.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cprsync.backup.backing_up import CONFIGURATION, HEADS, JOURNAL, KEY
from cprsync.config.settings import load_settings, relocate, sqlite_file
from cprsync.errors import BackupBroken
from cprsync.private import copy_private, create_private, remove_folder, replace_private
from cprsync.store.beside.checkpoints import WITNESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.backup.source import BackupSource
    from cprsync.config.settings import Settings
    from cprsync.store.backup.archive import ArchivedFile

#: What a restore that is under way has done: in its folder, so that the next one knows what is its own.
_MARK: Final = "restoring.json"
_UNPACKED: Final = "unpacked"


@dataclass(slots=True)
class Placed:
    """What became of the files of a backup, but for those in the folder."""

    #: the settings, from the folder
    config: str = "cprsync.toml"
    #: files and folders that were made elsewhere than in the folder, or that root wrote anew there
    outside: list[str] = field(default_factory=list)
    #: files that stood at their own place already, and stay
    kept: list[str] = field(default_factory=list)
    #: how much newer than the backup is what stood there, or survived elsewhere
    keys: int = 0
    journal_lines: int = 0


@dataclass
class Placing:
    """One restore's folder, from its beginning to the end."""

    source: BackupSource
    #: the folder beside the wanted one, and the wanted one
    work: Path
    into: Path
    placed: Placed = field(default_factory=Placed)
    #: files that this restore made outside the folder
    made: list[Path] = field(default_factory=list)

    def was_begun(self) -> bool:
        """Whether an earlier restore of this very backup found the database empty, and did not come to its end."""
        try:
            return str(json.loads((self.work / _MARK).read_text("utf-8"))["manifest"]) == self.source.digest
        except (OSError, ValueError, KeyError):
            return False

    def mark(self) -> None:
        """Note that the database was empty: from now on, what is in it is ours."""
        create_private(self.work / _MARK, json.dumps({"manifest": self.source.digest}))

    def clear(self, *, keeps_mark: bool) -> None:
        """Delete what a restore that did not end has left.

        Its mark is there all the time: killed without it, no later restore knows the database on a server as its own.
        """
        if not keeps_mark:
            remove_folder(self.work)
            return
        for path in self.work.iterdir():
            if path.is_dir() and not path.is_symlink():
                remove_folder(path)
            elif path.name != _MARK:
                path.unlink(missing_ok=True)

    def settle(self, keys: Path | None) -> Settings:
        """Put the files below the folder of the settings in their places, then those that have a place of their own.

        A file that stands at a place of its own stays; of a journal and of heads the longer one. The keys come before
        both, those of `keys` with those of the backup. Returns the settings, as they are from the folder at hand.
        """
        root, files = self.source.unpack(self.work / _UNPACKED)
        ours = {Path(kept.target).name: path.read_bytes() for kept, path in files if kept.role == KEY}
        made = {Path(kept.target).name: path.stat().st_mtime for kept, path in files if kept.role == KEY}
        settings = self.settle_below(Path(root), files)
        self._settle_keys(settings.keys.dir, ours, keys, made)
        for kept, path in files:
            place = self._place_of(kept.target)
            if place.is_relative_to(self.into) or kept.role == KEY:
                continue
            if not os.path.lexists(place):
                self._note_outside(place)
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self.made.append(place)
                copy_private(path, place)
                continue
            self.placed.kept.append(str(place))
            self._keep_longer(kept.role, path, place, settings)
        journal = settings.store.erase_journal
        if os.path.lexists(journal) and all(kept.role != JOURNAL for kept, _ in files):
            # it had no line when the backup was made
            self.placed.kept.append(str(journal))
            self._keep_longer(JOURNAL, self.work / _UNPACKED / "no-journal", journal, settings)
        return settings

    def _settle_keys(self, folder: Path, ours: dict[str, bytes], survivor: Path | None, made: dict[str, float]) -> None:
        """Add keys to the folder until it has those of the backup and those that survived. None is overwritten.

        `made`: when those of the backup were. A key keeps its day, by which it is rotated.

        Raises BackupRefused: a key of one name has two contents.
        """
        from cprsync.store.backup.survivors import join_keys, read_keys

        there = read_keys(folder)
        if not folder.is_relative_to(self.work):
            self.placed.kept += [str(folder / name) for name in ours if name in there]
        wanted = join_keys(ours, there, folder)
        if survivor is not None:
            survived = read_keys(survivor)
            wanted = join_keys(wanted, survived, survivor)
            made |= {name: (survivor / name).stat().st_mtime for name in survived if name not in made}
        self.placed.keys = len(wanted) - len(ours)
        for name in sorted(wanted.keys() - there.keys()):
            path = folder / name
            if not folder.is_relative_to(self.work):
                self._note_outside(path)
                self.made.append(path)
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_private(path, wanted[name])
            os.utime(path, (made[name], made[name]))
        for name in there.keys() - wanted.keys():
            # it writes by now, under its other name
            (folder / name).unlink()

    def _keep_longer(self, role: str, ours: Path, place: Path, settings: Settings) -> None:
        """Let the longer one of two journals, or of two files of heads, stand at its place."""
        from cprsync.store.backup.survivors import count_newer_lines, take_newer_heads
        from cprsync.store.beside.checkpoints import HeadsFile
        from cprsync.store.seals.keys import Keyring

        if role == JOURNAL:
            longer = count_newer_lines(ours, place, Keyring.load(settings.keys.dir))
            self.placed.journal_lines += max(0, longer)
            if longer < 0:
                copy_private(ours, place)
        elif role == HEADS:
            keyring = Keyring.load(settings.keys.dir)
            heads = HeadsFile(keyring, settings.store.erase_journal.with_name(WITNESS))
            take_newer_heads(ours, heads, keyring, named=place)

    def make_places(self, settings: Settings) -> None:
        """Make the folder of the erase journal, and note what is made elsewhere than in the new folder."""
        journal, database = settings.store.erase_journal, sqlite_file(settings.store.url)
        own = (journal, journal.with_name(WITNESS), *(() if database is None else (database,)))
        for place in own:
            if not (place.is_relative_to(self.work) or os.path.lexists(place)):
                self._note_outside(place)
        journal.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def note_roots(self, settings: Settings) -> None:
        """Note what stood in its own place and is root's by now, because root has written it anew.

        The service could not open it. A journal without a line was not made after all.
        """
        self.placed.outside = [one for one in self.placed.outside if os.path.lexists(one)]
        journal = settings.store.erase_journal
        for place in (journal, journal.with_name(WITNESS), settings.keys.dir):
            if os.geteuid() or place.is_relative_to(self.work) or not os.path.lexists(place):
                continue
            is_noted = any(place.is_relative_to(one) for one in self.placed.outside)
            if place.lstat().st_uid == 0 and not is_noted:
                self.placed.outside.append(str(place))

    def _note_outside(self, place: Path) -> None:
        """Note the outermost folder that is made for a file, or else the file."""
        made = [one for one in (place, *place.parents) if not os.path.lexists(one)][-1]
        if not any(made.is_relative_to(one) for one in self.placed.outside):
            self.placed.outside.append(str(made))

    def settle_below(self, root: Path, files: Sequence[tuple[ArchivedFile, Path]]) -> Settings:
        """Put the files below the folder of the settings in their places, and read the settings there."""
        config: Path | None = None
        for kept, path in files:
            target = self._below(kept.target)
            if target is None:
                continue
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.rename(target)
            if kept.role == CONFIGURATION:
                config, self.placed.config = target, kept.target
        if config is None:
            raise BackupBroken("the archive of the keys holds no settings")
        if self.into != root:
            # paths that were written out lead into the old folder
            text = config.read_text(encoding="utf-8")
            config.write_text(text.replace(f"{root}/", f"{self.into}/"), encoding="utf-8")
        return relocate(load_settings(config), self.into, self.work)

    def _place_of(self, target: str) -> Path:
        """Where a file belongs. A setting may lead out of its folder (`../backup.pub`), then out of the new one."""
        return Path(os.path.normpath(self.into / target))

    def _below(self, target: str) -> Path | None:
        """The place below the new folder, which is not there yet. None: it is elsewhere."""
        place = self._place_of(target)
        return self.work / place.relative_to(self.into) if place.is_relative_to(self.into) else None

    def put_in_place(self) -> None:
        """Let the folder be the wanted one. `unmark` it then."""
        shutil.rmtree(self.work / _UNPACKED)
        self.work.rename(self.into)

    def unmark(self) -> None:
        """Forget whose the database is, last of all.

        Killed before the folder is in its place, the next restore has to know that a database on a server is its own.
        """
        (self.into / _MARK).unlink()

    def give_up(self) -> None:
        """Leave no key behind. The mark stays if the database may hold something of ours by now."""
        for path in self.made:
            path.unlink(missing_ok=True)
        self.clear(keeps_mark=(self.work / _MARK).exists())
