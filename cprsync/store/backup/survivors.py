"""What survived beside a backup: a newer erase journal, and newer heads of the audit. They win, if they continue ours.

A file that does not continue the backup's own is refused: it belongs to another installation, or was altered.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from cprsync.errors import BackupBroken
from cprsync.store.beside.checkpoints import HeadsFile
from cprsync.store.beside.journal import EraseJournal
from cprsync.store.seals.failures import AuditBroken, JournalBroken

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cprsync.store.seals.keys import Keyring


def take_newer_journal(survivor: Path, own: Path, keyring: Keyring, agencies: Iterable[str]) -> int:
    """Put a journal that survived in place of the backup's, if it has more lines. Returns how many more.

    Raises:
        BackupBroken: it does not hold together, or is not a continuation.
    """
    more = 0
    for agency in agencies:
        ours = EraseJournal(own, keyring).written(agency)
        try:
            theirs = EraseJournal(survivor, keyring).written(agency)
        except JournalBroken as error:
            raise _refused(survivor, error.message) from error
        shared = min(len(ours), len(theirs))
        if [code for _, code in ours[:shared]] != [code for _, code in theirs[:shared]]:
            raise _refused(survivor, "its lines are not those of the backup")
        more += len(theirs) - len(ours)
    if more > 0:
        shutil.copyfile(survivor, own)
        own.chmod(0o600)
    return max(0, more)


def take_newer_heads(survivor: Path, own: HeadsFile, keyring: Keyring) -> int:
    """Put the file of the heads that survived in place of the backup's, if it has more lines. Returns how many more.

    Its last line that verifies is what the new witness has seen.

    Raises:
        BackupBroken: it does not hold together, or is not a continuation.
    """
    theirs = HeadsFile(keyring, own.witness)
    theirs.path = survivor
    end = last = own.end()
    try:
        for last, _, _ in theirs.lines():
            if last.lines == end.lines and last.code != end.code:
                raise _refused(survivor, "its lines are not those of the backup")
    except AuditBroken as error:
        raise _refused(survivor, error.message) from error
    if last.lines <= end.lines:
        return 0
    shutil.copyfile(survivor, own.path)
    own.path.chmod(0o600)
    own.write_witness(last)
    return last.lines - end.lines


def _refused(survivor: Path, why: str) -> BackupBroken:
    return BackupBroken(
        "{path} cannot be used beside this backup: {why}", path=survivor, why=why, kind="backup.survivor"
    )
