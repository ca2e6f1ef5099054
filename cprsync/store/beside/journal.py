"""The erase journal: who was closed or erased, kept outside the database, so that no older copy brings anybody back.

A file that only grows. Each line is chained to the one before it, and is on disk before the database hears of it. It
holds patron numbers and keyed hashes: of whom it speaks only the keys can tell. Leaves out what is erased again.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import ConfigurationError
from cprsync.private import check_private, open_private, open_unfollowed
from cprsync.store.seals.failures import JournalBroken
from cprsync.store.seals.keys import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cprsync.store.seals.keys import Keyring

#: Its name where no setting names another.
FILE: Final = "erase-journal.log"
#: What a CPR number is hashed as in it.
NUMBER: Final = "journal"
#: What stands in the place of that.
NO_NUMBER: Final = b""
_FIRST: Final = bytes(32)
#: What each line says.
_SAYS: Final = {"agency", "day", "key", "number", "number_key", "patron", "what"}


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """One line: on this day the library closed, or erased, this patron."""

    day: date
    agency: str
    patron_id: str
    #: `closed` or `erased`
    what: str
    #: the keyed index of her number, by which a new registration is told of a record that was closed; and which key.
    #: Of whoever is erased it is none
    number: bytes
    number_key: str


class EraseJournal:
    """The file, with the keys that chain it."""

    def __init__(self, path: Path, keyring: Keyring) -> None:
        """Nothing is opened yet; a file that is not there holds nothing."""
        self.path = path
        self._newest = keyring.newest(Purpose.CHECKPOINT).id
        # derived, so that what signs the audit's heads signs nothing else
        self._secrets = {
            key.id: hmac.digest(key.secret, b"erase journal", "sha256") for key in keyring.keys[Purpose.CHECKPOINT]
        }

    def entries(self, agency: str) -> list[Entry]:
        """What one library wrote, the oldest first. Raises as `written` does."""
        return [entry for entry, _ in self.written(agency)]

    def written(self, agency: str) -> list[tuple[Entry, bytes]]:
        """What one library wrote, the oldest first, each with its code. A last line that was torn off is none.

        Raises:
            JournalBroken: a line was altered, moved or taken out.
            ConfigurationError: the file cannot be read.
        """
        try:
            written = self._content()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(error) from error
        return [one for one in self._verified(_whole(written)) if one[0].agency == agency]

    def key_ids(self, agency: str) -> set[tuple[str, str]]:
        """The keys that one library's lines name: which chained the line, and which hashed the number."""
        try:
            told = [_told_of(line.partition(b"\t")[0]) for line in _whole(self._content()).splitlines()]
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise _unusable(error) from error
        # a line that is none of ours is the business of whoever verifies the chain
        return {(str(one["key"]), str(one["number_key"])) for one in told if one.get("agency") == agency}

    def _content(self) -> bytes:
        with open_private(self.path) as file:
            return file.read()

    def append(self, entries: Sequence[Entry]) -> None:
        """Write lines to the end and see them on disk; what was torn off there is cleared away first.

        Raises:
            JournalBroken: the file does not hold together: nothing is written.
            ConfigurationError: it cannot be written.
        """
        if not entries:
            return
        try:
            handle = open_unfollowed(self.path, os.O_RDWR | os.O_CREAT)
            with os.fdopen(handle, "r+b") as file:
                check_private(handle, self.path)
                # libraries share the file; the lock goes with the handle
                fcntl.flock(file, fcntl.LOCK_EX)
                whole = _whole(file.read())
                mac = [_FIRST, *(code for _, code in self._verified(whole))][-1]
                file.truncate(len(whole))
                file.seek(len(whole))
                file.write(b"".join(self._lines(entries, mac)))
                file.flush()
                os.fsync(file.fileno())
            _see_name_on_disk(self.path)
        except OSError as error:
            raise _unusable(error) from error

    def set_aside(self) -> None:
        """Move a file that does not hold together out of the way, and begin a new one with the lines that do.

        Raises:
            ConfigurationError: a file cannot be moved or written.
        """
        try:
            written = self._content()
            kept = b"".join(line + b"\n" for line in _whole(written).split(b"\n")[: self._holding(_whole(written))])
            aside = next(one for one in self._asides() if not one.exists())
            self.path.rename(aside)
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(kept)
                file.flush()
                os.fsync(file.fileno())
            _see_name_on_disk(self.path)
        except OSError as error:
            raise _unusable(error) from error

    def _asides(self) -> Iterator[Path]:
        return (self.path.with_name(f"{self.path.name}.broken-{number}") for number in count(1))

    def _holding(self, whole: bytes) -> int:
        """How many lines from the first on hold together."""
        lines = 0
        try:
            for _ in self._verified(whole):
                lines += 1
        except JournalBroken:
            return lines
        return lines

    def _lines(self, entries: Sequence[Entry], mac: bytes) -> Iterator[bytes]:
        for entry in entries:
            text = json.dumps(_told(entry, self._newest), sort_keys=True, separators=(",", ":")).encode()
            mac = hmac.digest(self._secrets[self._newest], mac + text, "sha256")
            yield text + b"\t" + mac.hex().encode() + b"\n"

    def _verified(self, whole: bytes) -> Iterator[tuple[Entry, bytes]]:
        """Each line with its code. Raises JournalBroken at the first that does not fit."""
        mac = _FIRST
        for number, line in enumerate(whole.split(b"\n")[:-1], start=1):
            text, _, code = line.partition(b"\t")
            told = _read(text, number)
            secret = self._secrets.get(str(told.get("key")))
            if secret is None:
                raise JournalBroken("its key is not in the key folder", line=number)
            mac = hmac.digest(secret, mac + text, "sha256")
            if not hmac.compare_digest(mac.hex().encode(), code):
                raise JournalBroken("the line was altered, or one before it was taken out", line=number)
            yield _entry(told), mac


def _whole(written: bytes) -> bytes:
    """Up to the last line's end: nothing came to rest on a line that was torn off while it was written."""
    return written[: written.rfind(b"\n") + 1]


def _told(entry: Entry, key: str) -> dict[str, str]:
    return {
        "agency": entry.agency,
        "day": entry.day.isoformat(),
        "key": key,
        "number": entry.number.hex(),
        "number_key": entry.number_key,
        "patron": entry.patron_id,
        "what": entry.what,
    }


def _read(text: bytes, number: int) -> dict[str, Any]:
    told = _told_of(text)
    if not told:
        raise JournalBroken("the line is none of ours", line=number)
    return told


def _told_of(text: bytes) -> dict[str, Any]:
    """What a line says; nothing when it is none of ours."""
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) and told.keys() >= _SAYS else {}


def _entry(told: dict[str, Any]) -> Entry:
    day, number = date.fromisoformat(told["day"]), bytes.fromhex(told["number"])
    return Entry(day, told["agency"], told["patron"], told["what"], number, told["number_key"])


def _see_name_on_disk(path: Path) -> None:
    """A new file is there after a power cut only when its folder has been written too."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unusable(error: OSError) -> ConfigurationError:
    return ConfigurationError("the erase journal cannot be used ({why})", why=error.strerror, kind="journal.file")
