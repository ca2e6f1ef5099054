"""What survived beside a backup: newer keys, a newer erase journal, and newer heads of the audit.

Journal and heads win if they continue the backup's own. A file that does not is refused: it belongs to another
installation, or was altered. Keys are added to those of the backup, before any line is read with them.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from cprsync.errors import BackupBroken, BackupRefused
from cprsync.private import copy_private, open_private
from cprsync.store.beside.checkpoints import HeadsFile
from cprsync.store.beside.journal import EraseJournal
from cprsync.store.seals.failures import AuditBroken, JournalBroken
from cprsync.store.seals.keys import FILE_MAX, ID_BYTES, KEY, KeyPurpose, is_key_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cprsync.store.seals.keys import Keyring

_KEY_ID: Final = re.compile(f"[0-9a-f]{{{2 * ID_BYTES}}}", re.ASCII)


def read_keys(folder: Path) -> dict[str, bytes]:
    """Return the key files of a folder by name, also of keys that do not write yet. A missing folder has none.

    Raises:
        ConfigurationError: others may read a file.
    """
    found: dict[str, bytes] = {}
    for path in sorted(folder.glob("*")):
        if is_key_file(path.name):
            with suppress(FileNotFoundError), open_private(path) as file:
                found[path.name] = file.read(FILE_MAX)
    return found


def join_keys(own: Mapping[str, bytes], more: Mapping[str, bytes], place: Path) -> dict[str, bytes]:
    """Return the keys of both. A key that writes in one and not yet in the other writes.

    `place`: where `more` was read.

    Raises:
        BackupRefused: both have a key of one name, and its content is another.
    """
    by_stem = {name.partition(".")[0]: name for name in own}
    joined = dict(own)
    for name, content in more.items():
        ours = by_stem.get(name.partition(".")[0])
        if ours is None:
            joined[name] = content
        elif own[ours].strip() != content.strip():
            raise BackupRefused(
                "{path} has another key {name} than the backup", path=place, name=name, kind="backup.survivor.other_key"
            )
        elif name != ours and name.endswith(KEY):
            del joined[ours]
            joined[name] = content
    return joined


def count_newer_lines(ours: Path, theirs: Path, keyring: Keyring) -> int:
    """Return by how many lines the second of two erase journals is longer. One has to continue the other.

    Lines of all libraries count, also of one that the settings of the backup do not name: it may be put back.

    Raises:
        BackupRefused: a key that the second one needs is not there.
        BackupBroken: the second one does not hold together, or the two differ.
    """
    own, other = _read_codes(ours, keyring), _read_codes(theirs, keyring)
    shared = min(len(own), len(other))
    if own[:shared] != other[:shared]:
        raise _refused(theirs, "its lines are not those of the backup")
    return len(other) - len(own)


def _read_codes(path: Path, keyring: Keyring) -> list[bytes]:
    journal = EraseJournal(path, keyring)
    _make_sure_of_keys(path, keyring, KeyPurpose.CHECKPOINT, (signed for signed, _ in journal.keys_by_line()))
    hashed = (index for _, index in journal.keys_by_line() if index is not None)
    _make_sure_of_keys(path, keyring, KeyPurpose.INDEX, hashed)
    try:
        return [code for _, code in journal.written()]
    except JournalBroken as error:
        raise _refused(path, error.message) from error


def _make_sure_of_keys(path: Path, keyring: Keyring, purpose: KeyPurpose, named: Iterable[str]) -> None:
    there = keyring.by_id(purpose)
    for key_id in named:
        # a line that names no key is torn off or altered: reading the lines says so
        if key_id not in there and _KEY_ID.fullmatch(key_id):
            raise BackupRefused(
                "{path} needs the {purpose} key {id}, which is neither in the backup nor beside it",
                path=path,
                purpose=purpose.value,
                id=key_id,
                kind="backup.survivor.key",
            )


def take_newer_heads(survivor: Path, own: HeadsFile, keyring: Keyring, *, named: Path | None = None) -> int:
    """Put the file of the heads that survived in place of the backup's, if it has more lines. Returns how many more.

    Its last line that verifies is what the new witness has seen. `named`: the file that a refusal names.

    Raises:
        BackupRefused: a key that it needs is not there.
        BackupBroken: it does not hold together, or is not a continuation.
    """
    theirs = HeadsFile(keyring, own.witness)
    theirs.path = survivor
    shown = named or survivor
    _make_sure_of_keys(shown, keyring, KeyPurpose.CHECKPOINT, theirs.keys_by_line())
    end = last = own.end()
    try:
        for last, _, _ in theirs.lines():
            if last.lines == end.lines and last.code != end.code:
                raise _refused(shown, "its lines are not those of the backup")
    except AuditBroken as error:
        raise _refused(shown, error.message) from error
    if last.lines <= end.lines:
        return 0
    copy_private(survivor, own.path)
    own.write_witness(last)
    return last.lines - end.lines


def _refused(survivor: Path, why: str) -> BackupBroken:
    return BackupBroken(
        "{path} cannot be used beside this backup: {why}", path=survivor, why=why, kind="backup.survivor"
    )
