"""Puts a backup back into an empty place: checked before anything is written, verified before it is in its place.

Everything is put into a folder beside the wanted one, which is renamed when all of it is there. A restore that is
killed leaves that folder, and the next one begins again. The erase journal and the audit's heads that survived the loss
win over those of the backup if they are newer.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cprsync.backup.backing_up import CONFIGURATION, HEADS, JOURNAL, KEY, find_backup
from cprsync.config.settings import load_settings, relocate, sqlite_file
from cprsync.domain.trust.backup import Manifest, compare_copy
from cprsync.errors import BackupBroken, BackupRefused, ConfigurationError, CprsyncError
from cprsync.private import closed_to_us, copy_private, create_private, replace_private
from cprsync.services.ports.trust.upkeep import Outcome, StoreVersion, Task
from cprsync.store.beside.checkpoints import WITNESS
from cprsync.wiring.setting_up import make_sure_of_log_ins, make_sure_of_owner, open_database, upgrade_store
from cprsync.wiring.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cprsync.config.settings import Settings
    from cprsync.services.ports.night import Progress
    from cprsync.store.backup.archive import Kept
    from cprsync.store.backup.sealed import Opener

#: How many sealed records of each library a restore opens, to see that the keys fit. The nights open the rest.
OPENED: Final = 2_000
#: What a restore that is under way has done: in its folder, so that the next one knows what is its own.
_MARK: Final = "restoring.json"
_UNPACKED: Final = "unpacked"


@dataclass(frozen=True, slots=True)
class Source:
    """A backup that was read to its end, and who can open it."""

    folder: Path
    manifest: Manifest
    opener: Opener

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


@dataclass(frozen=True, slots=True)
class Survivors:
    """What is left of the installation, and may be newer than the backup."""

    #: a key folder, or a copy of it
    keys: Path | None = None
    journal: Path | None = None
    heads: Path | None = None


@dataclass(slots=True)
class Restored:
    """What a restore came to."""

    name: str
    folder: Path
    #: the database has what the backup holds, and a restore that fails leaves it there
    is_filled: bool = False
    #: files and folders that were made elsewhere than in the folder, or that root wrote anew there
    outside: list[str] = field(default_factory=list)
    #: files that stood at their own place already, and stay
    kept: list[str] = field(default_factory=list)
    #: how much newer than the backup is what survived
    keys: int = 0
    journal_lines: int = 0
    heads_lines: int = 0
    libraries: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0

    @property
    def is_whole(self) -> bool:
        """Whether the audit of every library is whole."""
        return all(one["audit"]["whole"] for one in self.libraries)

    def document(self) -> dict[str, Any]:
        """The JSON shape of `restore`."""
        return {
            "name": self.name,
            "folder": str(self.folder),
            "whole": self.is_whole,
            "outside": self.outside,
            "kept": self.kept,
            "survived": {"keys": self.keys, "journal": self.journal_lines, "heads": self.heads_lines},
            "libraries": self.libraries,
            "seconds": self.seconds,
        }


def restore(source: Source, into: Path, survivors: Survivors, *, user: str, progress: Progress) -> Restored:
    """Put a backup back into a folder that is not there yet, or empty.

    Raises:
        BackupRefused: something is there, or in the database that the settings name; what survived is not there.
        BackupBroken: the copy is not what the manifest says, or what survived does not belong to it.
        BackupFailed: a disk is full.
        ConfigurationError: the private key is another one, the settings cannot be used here, or a role cannot log in.
    """
    from cprsync.store.backup.databases import room_for_copy

    begun, restored = time.monotonic(), Restored(source.manifest.name, into.absolute())
    try:
        with room_for_copy():
            _restore(source, restored, survivors, user=user, progress=progress)
    except CprsyncError as error:
        if restored.is_filled:
            error.changed = "part"
        raise
    restored.seconds = round(time.monotonic() - begun, 1)
    return restored


def _restore(source: Source, restored: Restored, survivors: Survivors, *, user: str, progress: Progress) -> None:
    into = restored.folder
    _make_sure_that_there(survivors)
    _make_sure_that_free(into)
    work = into.with_name(f".{into.name}.restoring")
    was_begun = _was_begun(work, source)
    _clear(work, keeps_mark=was_begun)
    progress.stage("restore")
    placing = _Placing(source, work, into, restored)
    with _private_files():
        try:
            settings = placing.settle(survivors.keys)
            placing.make_places(settings)
            _take_survivors(settings, survivors, restored)
            make_sure_of_log_ins(settings.store)
            again = _make_sure_that_empty(settings, work, source, was_begun=was_begun)
            _put_database_back(settings, source, again=again)
            file = sqlite_file(settings.store.url)
            # what is in the folder is taken back
            restored.is_filled = file is None or not file.is_relative_to(work)
            _make_database_ready(settings, source)
            for section in settings.library:
                restored.libraries.append(_begin_again(Site(settings, section), source.manifest.name, user))
            placing.note_roots(settings)
            shutil.rmtree(work / _UNPACKED)
            work.rename(into)
        except BaseException:
            placing.give_up()
            raise
        # last: killed before it is in its place, the next restore has to know that the database on a server is its own
        (into / _MARK).unlink()


@contextmanager
def _private_files() -> Iterator[None]:
    """Let whatever is made in the block belong to this account alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _make_sure_that_there(survivors: Survivors) -> None:
    """Refuse a name under which nothing is: without its journal a restore would bring erased people back."""
    from cprsync.store.backup.survivors import read_keys

    for one in (survivors.journal, survivors.heads):
        if one is not None and not one.is_file():
            raise BackupRefused("{path} is not there, or is no file", path=one, kind="backup.survivor")
    if survivors.keys is not None and not read_keys(survivors.keys):
        raise BackupRefused("{path} is not there, or holds no keys", path=survivors.keys, kind="backup.survivor")


def _make_sure_that_free(into: Path) -> None:
    try:
        is_taken = into.is_symlink() or (into.exists() and not into.is_dir()) or (into.is_dir() and any(into.iterdir()))
        if not is_taken:
            into.parent.mkdir(parents=True, exist_ok=True)
    except PermissionError as error:
        raise closed_to_us(into.parent) from error
    if is_taken:
        raise BackupRefused(
            "{path} is not empty: a backup is put back beside nothing else", path=into, kind="backup.taken"
        )
    if not os.access(into.parent, os.W_OK | os.X_OK, effective_ids=True):
        raise closed_to_us(into.parent)


def _mark_of(source: Source) -> str:
    return hashlib.sha256(json.dumps(source.manifest.document(), sort_keys=True).encode()).hexdigest()


def _was_begun(work: Path, source: Source) -> bool:
    """Whether an earlier restore of this very backup found the database empty, and did not come to its end."""
    try:
        return str(json.loads((work / _MARK).read_text(encoding="utf-8"))["manifest"]) == _mark_of(source)
    except (OSError, ValueError, KeyError):
        return False


def _clear(work: Path, *, keeps_mark: bool) -> None:
    """Delete what a restore that did not end has left.

    Its mark is there all the time: killed without it, no later restore knows the database on a server as its own.
    """
    if not keeps_mark:
        shutil.rmtree(work, ignore_errors=True)
        return
    for path in work.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != _MARK:
            path.unlink(missing_ok=True)


@dataclass
class _Placing:
    """Puts the files of an archive where they belong."""

    source: Source
    #: the folder beside the wanted one, and the wanted one
    work: Path
    into: Path
    restored: Restored
    #: files that this restore made outside the folder
    made: list[Path] = field(default_factory=list)

    def settle(self, keys: Path | None) -> Settings:
        """Put the files below the folder of the settings in their places, then those that have a place of their own.

        A file that stands at a place of its own stays; of a journal and of heads the longer one. The keys come before
        both, those of `keys` with those of the backup. Returns the settings, as they are from the folder at hand.
        """
        root, files = self.source.unpack(self.work / _UNPACKED)
        ours = {Path(kept.target).name: path.read_bytes() for kept, path in files if kept.role == KEY}
        settings = self._settle_below(Path(root), files)
        self._settle_keys(settings.keys.dir, ours, keys)
        for kept, path in files:
            place = Path(kept.target)
            if not place.is_absolute() or kept.role == KEY:
                continue
            if not os.path.lexists(place):
                self._note_outside(place)
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self.made.append(place)
                copy_private(path, place)
                continue
            self.restored.kept.append(str(place))
            self._keep_longer(kept.role, path, place, settings)
        journal = settings.store.erase_journal
        if os.path.lexists(journal) and all(kept.role != JOURNAL for kept, _ in files):
            # it had no line when the backup was made
            self.restored.kept.append(str(journal))
            self._keep_longer(JOURNAL, self.work / _UNPACKED / "no-journal", journal, settings)
        return settings

    def _settle_keys(self, folder: Path, ours: dict[str, bytes], survivor: Path | None) -> None:
        """Add keys to the folder until it has those of the backup and those that survived. None is overwritten.

        Raises BackupRefused: a key of one name has two contents.
        """
        from cprsync.store.backup.survivors import join_keys, read_keys

        there = read_keys(folder)
        if not folder.is_relative_to(self.work):
            self.restored.kept += [str(folder / name) for name in ours if name in there]
        wanted = join_keys(ours, there, folder)
        if survivor is not None:
            wanted = join_keys(wanted, read_keys(survivor), survivor)
        self.restored.keys = len(wanted) - len(ours)
        for name in sorted(wanted.keys() - there.keys()):
            path = folder / name
            if not folder.is_relative_to(self.work):
                self._note_outside(path)
                self.made.append(path)
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_private(path, wanted[name])
        for name in there.keys() - wanted.keys():
            # it writes by now, under its other name
            (folder / name).unlink()

    def _keep_longer(self, role: str, ours: Path, place: Path, settings: Settings) -> None:
        """Let the longer one of two journals, or of two files of heads, stand at its place."""
        from cprsync.store.backup.survivors import count_newer_lines, take_newer_heads
        from cprsync.store.beside.checkpoints import HeadsFile
        from cprsync.store.seals.keys import Keyring

        if role == JOURNAL:
            keyring = Keyring.load(settings.keys.dir)
            agencies = [section.agency for section in settings.library]
            longer = count_newer_lines(ours, place, keyring, agencies)
            self.restored.journal_lines += max(0, longer)
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
        self.restored.outside = [one for one in self.restored.outside if os.path.lexists(one)]
        journal = settings.store.erase_journal
        for place in (journal, journal.with_name(WITNESS), settings.keys.dir):
            if os.geteuid() or place.is_relative_to(self.work) or not os.path.lexists(place):
                continue
            is_noted = any(place.is_relative_to(one) for one in self.restored.outside)
            if place.lstat().st_uid == 0 and not is_noted:
                self.restored.outside.append(str(place))

    def _note_outside(self, place: Path) -> None:
        """Note the outermost folder that is made for a file, or else the file."""
        made = [one for one in (place, *place.parents) if not os.path.lexists(one)][-1]
        if not any(made.is_relative_to(one) for one in self.restored.outside):
            self.restored.outside.append(str(made))

    def _settle_below(self, root: Path, files: Sequence[tuple[Kept, Path]]) -> Settings:
        config: Path | None = None
        for kept, path in files:
            target = self._below(kept.target)
            if target is None:
                continue
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.rename(target)
            config = target if kept.role == CONFIGURATION else config
        if config is None:
            raise BackupBroken("the archive of the keys holds no settings")
        if self.into != root:
            # paths that were written out lead into the old folder
            text = config.read_text(encoding="utf-8")
            config.write_text(text.replace(f"{root}/", f"{self.into}/"), encoding="utf-8")
        return relocate(load_settings(config), self.into, self.work)

    def _below(self, target: str) -> Path | None:
        """The place below the new folder. None: it is elsewhere. Raises BackupBroken for one that leads out."""
        path = Path(target)
        if path.is_absolute():
            return None
        if ".." in path.parts or not path.parts:
            raise BackupBroken("the archive of the keys is not one of ours")
        return self.work / path

    def give_up(self) -> None:
        """Leave no key behind. The mark stays if the database may hold something of ours by now."""
        for path in self.made:
            path.unlink(missing_ok=True)
        _clear(self.work, keeps_mark=(self.work / _MARK).exists())


def _make_sure_that_empty(settings: Settings, work: Path, source: Source, *, was_begun: bool) -> bool:
    """Refuse a database that holds something, unless an earlier try of ours put it there. Then mark that it is ours.

    Returns whether something of an earlier try is there.
    """
    from cprsync.store.backup.databases import end_earlier, is_empty

    make_sure_of_owner(settings.store)
    if was_begun:
        end_earlier(settings.store.owners)
    is_free = is_empty(settings.store.owners)
    if not (is_free or was_begun):
        raise BackupRefused(
            "the database that the settings name is not empty: nothing is put over it", kind="backup.taken"
        )
    if not was_begun:
        create_private(work / _MARK, json.dumps({"manifest": _mark_of(source)}))
    return not is_free


def _put_database_back(settings: Settings, source: Source, *, again: bool) -> None:
    from cprsync.store.backup.databases import put_back
    from cprsync.store.backup.shelf import DATABASE

    url = settings.store.owners
    with source.content(DATABASE) as content:
        put_back(url, content, again=again)


def _make_database_ready(settings: Settings, source: Source) -> None:
    check_copy(settings.store.owners, source.manifest)
    upgrade_store(settings.store, settings.keys.dir)


def check_copy(url: str, manifest: Manifest) -> None:
    """Compare a copy that was put back with what the manifest says of it. Raises BackupBroken."""
    from cprsync.store.backup.facts import read_facts
    from cprsync.store.core.engine import reading

    with open_database(url) as engine, reading(engine) as connection:
        differences = compare_copy(manifest.facts, read_facts(connection))
    if differences:
        first = differences[0]
        raise BackupBroken(
            "the copy is not what the manifest says: {what} is {found}, not {expected}",
            what=first.what,
            found=first.found,
            expected=first.expected,
        )


def _take_survivors(settings: Settings, survivors: Survivors, restored: Restored) -> None:
    from cprsync.store.backup.survivors import count_newer_lines, take_newer_heads
    from cprsync.store.beside.checkpoints import HeadsFile
    from cprsync.store.seals.keys import Keyring

    keyring, journal = Keyring.load(settings.keys.dir), settings.store.erase_journal
    if survivors.journal is not None:
        agencies = [section.agency for section in settings.library]
        newer = count_newer_lines(journal, survivors.journal, keyring, agencies)
        if newer > 0:
            restored.journal_lines += newer
            copy_private(survivors.journal, journal)
    if survivors.heads is not None:
        heads = HeadsFile(keyring, journal.with_name(WITNESS))
        restored.heads_lines = take_newer_heads(survivors.heads, heads, keyring)


def _begin_again(site: Site, backup: str, user: str) -> dict[str, Any]:
    """Verify the audit, erase again whom the journal names, and open the window of everyone subscribed."""
    with site.unchecked_store() as store:
        state = store.audit.check(records=OPENED)
    with site.store() as store:
        erased = store.journal.replay()
        in_window = store.journal.put_back(user=user, backup=backup)
        detail: dict[str, str | int] = {"name": backup, "patrons": in_window, "erased": erased}
        store.upkeep.note(Task.RESTORE, Outcome.DONE if not state.problems else Outcome.PART, detail)
        last = store.inbox.last_produced()
        patrons = store.patrons.count()
    return {
        "agency": site.section.agency,
        "patrons": patrons,
        "unverified": in_window,
        "erased_again": erased,
        "last_delivery": None if last is None else last.isoformat(),
        "audit": state.document(),
    }
