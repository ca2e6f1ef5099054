"""Puts a backup back into an empty place: checked before anything is written, verified before it is in its place.

Everything is put into a folder beside the wanted one, which is renamed when all of it is there. A restore that is
killed leaves that folder, and the next one begins again. The erase journal and the audit's heads that survived the loss
win over those of the backup if they are newer.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cprsync.backup.backing_up import CREDENTIALS
from cprsync.backup.placing import Placed, Placing
from cprsync.config.settings import sqlite_file
from cprsync.domain.trust.backup import Manifest, compare_copy, time_of
from cprsync.errors import BackupBroken, BackupRefused, CprsyncError, stopped_from_outside
from cprsync.private import closed_to_us, copy_private
from cprsync.services.outward.sending import follow_marked
from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask
from cprsync.store.beside.checkpoints import WITNESS
from cprsync.wiring.counterparts import real_time
from cprsync.wiring.setting_up import make_sure_of_log_ins, make_sure_of_owner, open_database, upgrade_store
from cprsync.wiring.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.backup.source import BackupSource
    from cprsync.config.settings import Settings
    from cprsync.services.ports.night import Progress

#: How many sealed records of each library a restore opens, to see that the keys fit. The nights open the rest.
OPENED: Final = 2_000


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
    placed: Placed = field(default_factory=Placed)
    #: how many lines of audit heads are newer than the backup
    heads_lines: int = 0
    libraries: list[dict[str, Any]] = field(default_factory=list)
    #: the libraries that have patrons in the backup, and no section in its settings
    unnamed: list[str] = field(default_factory=list)
    #: who may sign in at the desk is as it was in the backup
    has_old_accounts: bool = False
    seconds: float = 0

    @property
    def is_whole(self) -> bool:
        """Whether the audit of every library is whole."""
        return all(one["audit"]["whole"] for one in self.libraries)

    def _credentials(self) -> list[str]:
        """The secrets that systemd has to hand to the service again."""
        return sorted(str(path) for path in (self.folder / CREDENTIALS).glob("*"))

    def document(self) -> dict[str, Any]:
        """The JSON shape of `restore`."""
        return {
            "name": self.name,
            "folder": str(self.folder),
            "whole": self.is_whole,
            "outside": self.placed.outside,
            "kept": self.placed.kept,
            "credentials": self._credentials(),
            "survived": {
                "keys": self.placed.keys,
                "journal": self.placed.journal_lines,
                "heads": self.heads_lines,
            },
            "libraries": self.libraries,
            "unnamed": self.unnamed,
            "old_accounts": self.has_old_accounts,
            "seconds": self.seconds,
        }


def restore_backup(
    source: BackupSource, into: Path, survivors: Survivors, *, user: str, progress: Progress
) -> Restored:
    """Put a backup back into a folder that is not there yet, or empty.

    Raises:
        BackupRefused: something is there, or in the database that the settings name; what survived is not there.
        BackupBroken: the copy is not what the manifest says, or what survived does not belong to it.
        BackupFailed: a disk is full.
        ConfigurationError: the private key is another one, the settings cannot be used here, or a role cannot log in.
    """
    from cprsync.store.backup.databases import room_for_copy

    # what belongs below the folder is told by its name, which has to be without a way out of another one
    into = into.resolve() if ".." in into.parts else into.absolute()
    begun, restored = time.monotonic(), Restored(source.manifest.name, into)
    try:
        with room_for_copy():
            _restore(source, restored, survivors, user=user, progress=progress)
    except CprsyncError as error:
        if restored.is_filled:
            error.changed = "part"
        raise
    except KeyboardInterrupt:
        raise stopped_from_outside(stays=restored.is_filled) from None
    restored.seconds = round(time.monotonic() - begun, 1)
    return restored


def _restore(source: BackupSource, restored: Restored, survivors: Survivors, *, user: str, progress: Progress) -> None:
    into = restored.folder
    _make_sure_that_there(survivors)
    _make_sure_that_free(into)
    work = into.with_name(f".{into.name}.restoring")
    placing = Placing(source, work, into, restored.placed)
    was_begun = placing.was_begun()
    placing.clear(keeps_mark=was_begun)
    progress.stage("restore")
    with _private_files():
        try:
            settings = placing.settle(survivors.keys)
            placing.make_places(settings)
            _take_survivors(settings, survivors, restored)
            make_sure_of_log_ins(settings.store)
            again = _make_sure_that_empty(settings, placing, was_begun=was_begun)
            _put_database_back(settings, source, again=again)
            file = sqlite_file(settings.store.url)
            # what is in the folder is taken back
            restored.is_filled = file is None or not file.is_relative_to(work)
            restored.unnamed = _make_database_ready(settings, source)
            for section in settings.library:
                restored.libraries.append(_begin_again(Site(settings, section), source.manifest.name, user))
            restored.has_old_accounts = _has_old_accounts(settings, placing)
            placing.note_roots(settings)
            placing.put_in_place()
        except BaseException:
            placing.give_up()
            raise
        placing.unmark()


def _has_old_accounts(settings: Settings, placing: Placing) -> bool:
    file = settings.desk.accounts
    return file is not None and file.exists() and str(file) not in placing.placed.kept


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


def _make_sure_that_empty(settings: Settings, placing: Placing, *, was_begun: bool) -> bool:
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
        placing.mark()
    return not is_free


def _put_database_back(settings: Settings, source: BackupSource, *, again: bool) -> None:
    from cprsync.store.backup.databases import put_back
    from cprsync.store.backup.shelf import DATABASE

    url = settings.store.owners
    with source.content(DATABASE) as content:
        put_back(url, content, again=again)


def _make_database_ready(settings: Settings, source: BackupSource) -> list[str]:
    """Check and upgrade what was put back. Returns the libraries with patrons that the settings do not name."""
    from cprsync.store.core.version import find_unnamed

    check_copy(settings.store.owners, source.manifest)
    upgrade_store(settings.store)
    with open_database(settings.store.url) as engine:
        return find_unnamed(engine, [section.agency for section in settings.library])


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
        newer = count_newer_lines(journal, survivors.journal, keyring)
        if newer > 0:
            restored.placed.journal_lines += newer
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
        # else the first reader, and each who writes at the desk, would wait for a share of them
        follow_marked(store)
        detail: dict[str, str | int] = {"name": backup, "patrons": in_window, "erased": erased}
        # the copy was taken before it was noted; its name has real time, and the clock of a store may be a mock's
        age = real_time() - (time_of(backup) or real_time())
        store.upkeep.note(UpkeepTask.BACKUP, UpkeepOutcome.DONE, {"name": backup}, at=site.clock.now() - age)
        store.upkeep.note(UpkeepTask.RESTORE, UpkeepOutcome.DONE if not state.problems else UpkeepOutcome.PART, detail)
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
