"""Proves that the newest backup can be restored: puts it into a scratch place, verifies it, and removes it again.

Without the private key nothing can be opened. Then every byte is read, and what the manifest says is compared with the
store. The answer says which of the two it was. A drill that is killed leaves its scratch place, which the next one
removes. Nobody is told or asked, and of the store only one note is written: when it was, and how it ended.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cprsync.backup.backing_up import CONFIGURATION, FILE, HEADS, KEY, find_backup, note_upkeep
from cprsync.backup.placing import Placing
from cprsync.backup.restoring import check_copy
from cprsync.backup.source import BackupSource, open_source
from cprsync.errors import BackupBroken, ConfigurationError, CprsyncError, RunBusy, RunStopped, without_trace
from cprsync.private import hold_alone, remove_folder
from cprsync.services.ports.trust.audit import EVERY_RECORD
from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask
from cprsync.wiring.setting_up import open_database, upgrade_store
from cprsync.wiring.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from cprsync.config.settings import Settings
    from cprsync.domain.trust.backup import Manifest
    from cprsync.services.ports.night import Progress
    from cprsync.store.backup.archive import ArchivedFile

#: Where a drill works, beside the settings.
SCRATCH: Final = ".cprsync-drill"
_KEYS: Final = "keys"


def drill(settings: Settings, config: Path, folder: Path, key: Path | None, *, progress: Progress) -> dict[str, Any]:
    """Prove the newest backup. Returns the JSON shape of `drill`.

    Raises:
        RunBusy: another drill is under way.
        BackupRefused: there is no backup.
        BackupBroken: it cannot be restored, or is not of this store.
        BackupFailed: a disk is full.
        ConfigurationError: the private key is another one.
    """
    from cprsync.store.backup.databases import room_for_copy

    begun = time.monotonic()
    try:
        with without_trace(), room_for_copy(), _held(config.resolve().parent):
            document = _prove(settings, config, find_backup(folder), key, progress)
    except (RunBusy, RunStopped):
        raise
    except CprsyncError as error:
        note_upkeep(settings, UpkeepTask.DRILL, UpkeepOutcome.FAILED, {"kind": error.kind})
        raise
    document["seconds"] = round(time.monotonic() - begun, 1)
    outcome = UpkeepOutcome.PART if key is None else UpkeepOutcome.DONE
    detail = {name: document[name] for name in ("name", "patrons", "entries", "records")}
    note_upkeep(settings, UpkeepTask.DRILL, outcome, detail)
    return document


def _held(root: Path) -> AbstractContextManager[None]:
    return hold_alone(root / f"{SCRATCH}.lock", lambda: RunBusy("another drill is under way", kind="backup.busy"))


def _prove(settings: Settings, config: Path, one: Path, key: Path | None, progress: Progress) -> dict[str, Any]:
    from cprsync.store.backup.shelf import check_parts, read_manifest

    if key is None:
        manifest = read_manifest(one)
        progress.stage("check", sum(part.bytes for part in manifest.parts))
        check_parts(one, manifest, advance=progress.advance)
        found = {"entries": 0, "records": 0}
    else:
        source = open_source(one, key, progress=progress)
        manifest = source.manifest
        with _scratch(settings, config.resolve().parent / SCRATCH) as (copy, scratch):
            progress.stage("drill")
            found = _restore_copy(source, settings, copy, scratch)
    _compare_with_store(settings, manifest)
    return {
        "name": manifest.name,
        "opened": key is not None,
        "patrons": manifest.facts.counts.get("patron", 0),
        **found,
        "code": manifest.code,
    }


@contextmanager
def _scratch(settings: Settings, scratch: Path) -> Iterator[tuple[Settings, Path]]:
    """Make an empty place for a copy, with settings that lead to it alone. Removes it at the end, whatever happens."""
    from cprsync.store.backup.databases import drop_scratch, make_scratch, scratch_url

    owners = settings.store.owners
    url = scratch_url(owners, scratch)
    remove_folder(scratch)
    make_scratch(owners, url)
    try:
        scratch.mkdir(mode=0o700)
        own = {"url": url, "owner_url": None, "keeper_url": None, "erase_journal": scratch / "erase-journal.log"}
        store = settings.store.model_copy(update=own)
        keys = settings.keys.model_copy(update={"dir": scratch / _KEYS})
        yield settings.model_copy(update={"store": store, "keys": keys}), scratch
    finally:
        try:
            remove_folder(scratch)
        finally:
            drop_scratch(owners, url)


def _restore_copy(source: BackupSource, settings: Settings, copy: Settings, scratch: Path) -> dict[str, int]:
    """Put the backup into the scratch place, and verify all of it. Raises BackupBroken."""
    from cprsync.store.backup.databases import put_back
    from cprsync.store.backup.shelf import DATABASE

    root, files = source.unpack(scratch / "unpacked")
    copy.keys.dir.mkdir(mode=0o700)
    for kept, path in files:
        if kept.role not in {CONFIGURATION, FILE}:
            name = kept.target.rpartition("/")[2]
            beside = copy.store.erase_journal.parent
            # the heads are beside the keys, the witness beside the journal
            path.rename((copy.keys.dir if kept.role in {KEY, HEADS} else beside) / name)
    _read_settings(source, root, files, scratch)
    with source.content(DATABASE) as content:
        put_back(copy.store.url, content)
    check_copy(copy.store.url, source.manifest)
    upgrade_store(copy.store)
    entries = records = 0
    for section in copy.library:
        with Site(copy, section).unchecked_store() as store:
            state = store.audit.check(records=EVERY_RECORD)
        if state.problems:
            told, why = "the audit in the backup is not whole: {why}", state.problems[0]
            raise BackupBroken(told, why=why, kind="backup.audit")
        entries, records = entries + state.entries, records + state.records
    _make_sure_that_none_is_lost(settings, copy)
    return {"entries": entries, "records": records}


def _read_settings(source: BackupSource, root: str, files: Sequence[tuple[ArchivedFile, Path]], scratch: Path) -> None:
    """Put the settings and what lies beside them into a folder of their own, and read them as a restore would.

    Files outside their folder are not put anywhere: their places are in use. Raises BackupBroken.
    """
    placing = Placing(source, scratch / "settings", Path(root))
    try:
        placing.settle_below(Path(root), [one for one in files if one[0].role in {CONFIGURATION, FILE}])
    except ConfigurationError as error:
        raise BackupBroken("the settings in the backup cannot be used: {why}", why=error, kind="backup.drill") from None


def _make_sure_that_none_is_lost(settings: Settings, copy: Settings) -> None:
    """Compare the patrons of the copy with those of the store: whoever is gone there has to be in the erase journal."""
    from cprsync.store.backup.facts import find_lost
    from cprsync.store.beside.journal import EraseJournal
    from cprsync.store.core.engine import reading
    from cprsync.store.seals.keys import Keyring

    # the keys as they are now: the journal may have been written with a newer one
    journal = EraseJournal(settings.store.erase_journal, Keyring.load(settings.keys.dir))
    # also of a library that the settings name no more: its rows are in the store and in the backup
    left = {(one.agency, one.patron_id) for one in journal.entries()}
    with open_database(copy.store.url) as of_copy, open_database(settings.store.url) as of_store:  # noqa: SIM117 -- two lines each
        with reading(of_copy) as there, reading(of_store) as here:
            lost = find_lost(there, here, left)
    if lost:
        raise BackupBroken(
            "{count} patrons of the backup are gone from the store, and the erase journal does not name them",
            count=lost,
            kind="backup.drill",
        )


def _compare_with_store(settings: Settings, manifest: Manifest) -> None:
    """Make sure that the backup is of this store: the audit goes on from where it was. Raises BackupBroken."""
    from cprsync.store.backup.facts import find_broken_ends
    from cprsync.store.core.engine import reading

    with open_database(settings.store.url) as engine, reading(engine) as connection:
        wrong = find_broken_ends(connection, manifest.facts)
    if wrong:
        raise BackupBroken(
            "the store does not go on from the backup: {stream} has another audit entry where the backup ended",
            stream=wrong[0],
            kind="backup.drill",
        )
