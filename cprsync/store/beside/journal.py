"""The erase journal: which patrons were closed or erased. No older copy of the database can restore them.

It is a file outside the database, and only grows. Each line is chained to the one before it, and is on disk before the
database is changed. It holds patron numbers and keyed hashes, so only the keys can tell who is meant. What is erased
again is decided elsewhere.

If a line is broken for good, the others go on with the codes that they have: a library that lost none of its lines
notices nothing. A line of another kind, chained as all are, stands where lines are lost.

A second file is there only while the database follows new lines. It says which state of the database they were decided
on. So a command that was killed in between can be told from an older copy of the database.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import pwd
import shlex
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import ConfigurationError
from cprsync.private import (
    check_private,
    closed_to_us,
    copy_private,
    make_sure_that_usable,
    open_private,
    open_unfollowed,
    replace_private,
    sync_folder,
)
from cprsync.store.seals.failures import JournalBroken
from cprsync.store.seals.keys import KeyPurpose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cprsync.store.seals.keys import Keyring

#: Its name, unless a setting gives another.
FILE: Final = "erase-journal.log"
#: The purpose under which a CPR number is hashed in it.
NUMBER: Final = "journal"
#: Stands in place of the hash for an erased patron.
NO_NUMBER: Final = b""
_FIRST: Final = bytes(32)
#: How many bytes a code has.
_CODE_BYTES: Final = len(_FIRST)
#: The fields of each line.
_SAYS: Final = {"agency", "day", "key", "number", "number_key", "patron", "what"}
#: What a line says that stands for lost ones. It has a field more: the code that the next line follows.
_RESUMES: Final = "resumes"
_AFTER: Final = "after"


@dataclass(frozen=True, slots=True, repr=False)
class JournalEntry:
    """One line: on this day the library closed, or erased, this patron."""

    day: date
    agency: str
    patron_id: str
    #: `closed` or `erased`
    what: str
    #: the keyed index of the number, and its key. A new registration finds a closed record by it. It is empty for an
    #: erased patron.
    number: bytes
    number_key: str


@dataclass(frozen=True, slots=True)
class Begun:
    """The state of the database on which new lines were decided."""

    #: how many of the library's lines it had seen
    lines: int
    #: how often its records had changed
    changes: int
    #: number and code of each audit stream's last entry
    heads: Mapping[str, tuple[int, bytes]]


class EraseJournal:
    """The file, with the keys that chain it."""

    def __init__(self, path: Path, keyring: Keyring) -> None:
        """Opens no file yet. A missing file has no entries."""
        self.path = path
        self._keyring = keyring

    def _secrets(self) -> dict[str, bytes]:
        # derived, so that the key that signs the audit's heads signs nothing else
        keys = self._keyring.keys[KeyPurpose.CHECKPOINT]
        return {key.id: hmac.digest(key.secret, b"erase journal", "sha256") for key in keys}

    def entries(self, agency: str | None = None) -> list[JournalEntry]:
        """Return what one library wrote, or each of them, the oldest first. Raises as `written`."""
        return [entry for entry, _ in self.written(agency)]

    def written(self, agency: str | None = None) -> list[tuple[JournalEntry, bytes]]:
        """Return what one library wrote, or each of them, the oldest first, each entry with its code.

        An unfinished last line is skipped.

        Raises:
            JournalBroken: a line was altered, moved or removed.
            ConfigurationError: the file cannot be read.
        """
        return [one for one in self._verified(self._content()) if agency in {None, one[0].agency}]

    def key_ids(self, agency: str) -> set[tuple[str, str | None]]:
        """Return the keys that one library's lines name, each with that of the hashed number, as `keys_by_line`."""
        return {(signed, hashed) for of, signed, hashed in self._named_keys() if of == agency}

    def keys_by_line(self) -> Iterator[tuple[str, str | None]]:
        """Yield for each line, of all libraries, its own key and that of the hashed number. None: no number is hashed.

        Raises:
            ConfigurationError: the file cannot be read.
        """
        return ((signed, hashed) for _, signed, hashed in self._named_keys())

    def _named_keys(self) -> Iterator[tuple[str, str, str | None]]:
        for line in self._content().splitlines():
            told = read_line(line.partition(b"\t")[0])
            # lines of another form are skipped; verifying the chain reports them
            if told.keys() >= _SAYS:
                hashed = str(told["number_key"]) if told["number"] else None
                yield str(told["agency"]), str(told["key"]), hashed

    def _content(self) -> bytes:
        """Return all whole lines. Nothing relied on a line that was not written completely."""
        try:
            with open_private(self.path) as file:
                return _whole(file.read())
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise _unusable(error, self.path) from error

    def append(self, entries: Sequence[JournalEntry]) -> None:
        """Append lines and sync them to disk. An unfinished last line is deleted first.

        Raises:
            JournalBroken: the file does not verify; nothing is written.
            ConfigurationError: it cannot be written.
        """
        if not entries:
            return
        try:
            handle = open_unfollowed(self.path, os.O_RDWR | os.O_CREAT)
            with os.fdopen(handle, "r+b") as file:
                check_private(handle, self.path)
                # libraries share the file; the lock ends with the handle
                fcntl.flock(file, fcntl.LOCK_EX)
                whole = _whole(file.read())
                mac = [_FIRST, *(code for _, code in self._chain(whole))][-1]
                file.truncate(len(whole))
                file.seek(len(whole))
                file.write(b"".join(self._lines(entries, mac)))
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self.path.parent)
        except OSError as error:
            raise _unusable(error, self.path) from error

    def begin(self, agency: str, begun: Begun) -> None:
        """Note what the next lines were decided on. `settle` deletes the note.

        Raises:
            ConfigurationError: it cannot be written.
        """
        heads = {stream: [seq, code.hex()] for stream, (seq, code) in begun.heads.items()}
        key = self._keyring.newest(KeyPurpose.CHECKPOINT).id
        told = {"agency": agency, "changes": begun.changes, "heads": heads, "key": key, "lines": begun.lines}
        text = json.dumps(told, sort_keys=True).encode()
        try:
            # not replaced as a whole: no line relies on it before it is complete
            handle = open_unfollowed(self._begun_path(agency), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            with os.fdopen(handle, "wb") as file:
                file.write(text + b"\t" + _begun_code(self._secrets()[key], text) + b"\n")
        except OSError as error:
            raise _unusable(error, self.path) from error

    def begun(self, agency: str) -> Begun | None:
        """Return what the lines after those of the note were decided on. None: there is no note, or it is not ours."""
        try:
            with open_private(self._begun_path(agency)) as file:
                text, _, code = file.read().rstrip(b"\n").partition(b"\t")
        except OSError:
            return None
        told = read_line(text)
        secret = self._secrets().get(str(told.get("key")))
        # a key that is not here signs nothing: with an empty one anybody could
        if secret is None or not hmac.compare_digest(_begun_code(secret, text), code) or told["agency"] != agency:
            return None
        heads = {stream: (seq, bytes.fromhex(code)) for stream, (seq, code) in told["heads"].items()}
        return Begun(told["lines"], told["changes"], heads)

    def has_begun(self, agency: str) -> bool:
        """Return whether there is a note, also one that is not ours."""
        return self._begun_path(agency).exists()

    def settle(self, agency: str, *, seen: int) -> None:
        """Delete the note, unless it is about lines after the first `seen`, which another writer has begun."""
        begun = self.begun(agency)
        if begun is None or begun.lines < seen:
            # the commit stands; if the note stays, the next command that opens the store deletes it
            with suppress(OSError):
                self._begun_path(agency).unlink(missing_ok=True)

    def _begun_path(self, agency: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{agency}.begun")

    def set_aside(self) -> None:
        """Keep a file that does not verify beside its place, which gets the lines of all libraries that do.

        One of the two is at its place all the time: whoever is killed here, or looks meanwhile, finds no empty journal.
        If another library has done it since the caller looked, nothing is left to do.

        Raises:
            ConfigurationError: a file cannot be copied or written.
        """
        try:
            with os.fdopen(open_unfollowed(self.path, os.O_RDONLY), "rb") as file:
                # whoever set the same file aside just now held it, and so does who appends; ends with the handle
                fcntl.flock(file, fcntl.LOCK_EX)
                whole = self._content()
                if self._is_whole(whole):
                    return
                copy_private(self.path, name_aside(self.path))
                replace_private(self.path, b"".join(self._find_ours(whole)), is_synced=True)
                sync_folder(self.path.parent)
        except OSError as error:
            raise _unusable(error, self.path) from error

    def _is_whole(self, whole: bytes) -> bool:
        try:
            for _ in self._chain(whole):
                pass
        except JournalBroken:
            return False
        return True

    def _find_ours(self, whole: bytes) -> Iterator[bytes]:
        """Yield each line that we wrote, once, with a line that says so where others are lost before it.

        A line is ours if its code fits what it says and the line above it: as kept, or as the broken file has it. A
        line above that is altered still has its code, so the next one is known. One that is taken out is not there to
        show what the next one followed.
        """
        secrets, chained, above, kept = self._secrets(), _FIRST, _FIRST, set[bytes]()
        for line in _lines_of(whole):
            code = _code_of(line)
            followed = next((one for one in (chained, above) if _is_ours(line, one, secrets)), None)
            if followed is None or code in kept:
                above = code
                continue
            if followed != chained:
                yield self._sign(dict.fromkeys(_SAYS, "") | {"what": _RESUMES, _AFTER: followed.hex()}, chained)
            yield line + b"\n"
            kept.add(code)
            _, chained = _check(line, followed, secrets)
            above = chained

    def _lines(self, entries: Sequence[JournalEntry], mac: bytes) -> Iterator[bytes]:
        for entry in entries:
            line = self._sign(_fields_of(entry), mac)
            mac = _code_of(line)
            yield line

    def _sign(self, told: Mapping[str, str], mac: bytes) -> bytes:
        """Return a line that follows the one with this code."""
        key = self._keyring.newest(KeyPurpose.CHECKPOINT).id
        text = json.dumps({**told, "key": key}, sort_keys=True, separators=(",", ":")).encode()
        return text + b"\t" + hmac.digest(self._secrets()[key], mac + text, "sha256").hex().encode() + b"\n"

    def _verified(self, whole: bytes) -> Iterator[tuple[JournalEntry, bytes]]:
        """Yield each entry with its code.

        Raises:
            JournalBroken: a line does not verify.
        """
        return ((_entry(told), code) for told, code in self._chain(whole) if told["what"] != _RESUMES)

    def _chain(self, whole: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Yield what each line says, with the code that the next one follows. Raises as `_verified`."""
        mac, secrets = _FIRST, self._secrets()
        for number, line in enumerate(_lines_of(whole), start=1):
            told, mac = _check(line, mac, secrets, number=number)
            yield told, mac


def _lines_of(whole: bytes) -> list[bytes]:
    return whole.split(b"\n")[:-1]


def _check(line: bytes, mac: bytes, secrets: Mapping[str, bytes], *, number: int = 0) -> tuple[dict[str, Any], bytes]:
    """Return what a line says that follows the code `mac`, and the code that the next one follows.

    Raises:
        JournalBroken: the line is not ours, or follows another one.
    """
    text, _, code = line.partition(b"\t")
    told = read_line(text)
    if not told.keys() >= _SAYS:
        raise JournalBroken("the line is not ours", line=number)
    secret = secrets.get(str(told.get("key")))
    if secret is None:
        raise JournalBroken("its key is not in the key folder", line=number)
    mac = hmac.digest(secret, mac + text, "sha256")
    if not hmac.compare_digest(mac.hex().encode(), code):
        raise JournalBroken("the line was altered, or one before it was taken out", line=number)
    return told, bytes.fromhex(told[_AFTER]) if told["what"] == _RESUMES else mac


def _is_ours(line: bytes, mac: bytes, secrets: Mapping[str, bytes]) -> bool:
    try:
        _check(line, mac, secrets)
    except JournalBroken:
        return False
    return True


def _code_of(line: bytes) -> bytes:
    """Return the code that stands in a line, or that of the first line's place if none does."""
    with suppress(ValueError):
        code = bytes.fromhex(line.rpartition(b"\t")[2].decode("ascii").strip())
        if len(code) == _CODE_BYTES:
            return code
    return _FIRST


def _begun_code(secret: bytes, text: bytes) -> bytes:
    # marked, so that no line of the journal passes for a note
    return hmac.digest(secret, b"begun" + text, "sha256").hex().encode()


def _whole(written: bytes) -> bytes:
    """Return everything up to the last line's end."""
    return written[: written.rfind(b"\n") + 1]


def _fields_of(entry: JournalEntry) -> dict[str, str]:
    return {
        "agency": entry.agency,
        "day": entry.day.isoformat(),
        "number": entry.number.hex(),
        "number_key": entry.number_key,
        "patron": entry.patron_id,
        "what": entry.what,
    }


def read_line(text: bytes) -> dict[str, Any]:
    """Return the JSON object of a line; {} if it is none."""
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _entry(told: dict[str, Any]) -> JournalEntry:
    day, number = date.fromisoformat(told["day"]), bytes.fromhex(told["number"])
    return JournalEntry(day, told["agency"], told["patron"], told["what"], number, told["number_key"])


def make_sure_of_place(path: Path) -> None:
    """Refuse a journal that cannot be read and written, before anything relies on it. Nothing is written to try it.

    Raises:
        ConfigurationError: its folder is missing, with the command that makes it; or folder or file is closed to us.
    """
    folder = path.parent
    mend = f"install -d -o {_own_name()} -m 700 {shlex.quote(str(folder))}"
    try:
        if not folder.is_dir():
            raise ConfigurationError(
                "the erase journal's folder {path} is not there: {mend}", path=folder, mend=mend, kind="journal.file"
            )
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            make_sure_that_usable(folder)
            raise closed_to_us(folder)
        make_sure_that_usable(path)
    except PermissionError:
        # of a folder above it
        raise closed_to_us(folder) from None
    except OSError as error:
        raise _unusable(error, path) from error


def _own_name() -> str:
    with suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    return str(os.geteuid())


def name_aside(path: Path) -> Path:
    """Return a name beside a broken file that no file has yet."""
    asides = (path.with_name(f"{path.name}.broken-{number}") for number in range(1, 10_000))
    return next(one for one in asides if not one.exists())


def _unusable(error: OSError, path: Path) -> ConfigurationError:
    if isinstance(error, PermissionError):
        return closed_to_us(path)
    return ConfigurationError("the erase journal cannot be used ({why})", why=error.strerror, kind="journal.file")
