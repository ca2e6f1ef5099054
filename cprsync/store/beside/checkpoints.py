"""The file of the audit's heads: outside the database, signed with its own key, each line chained to the one before.

It shows two things that the chain of entries cannot: that the end was cut off together with its head, and where we cut
the beginning. If the file's own end is cut off, the rest still verifies. So a witness beside the erase journal, away
from database and keys, has one signed line with the end; and the database remembers what it has seen of the file.
"""

from __future__ import annotations

import errno
import fcntl
import hmac
import json
import mmap
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from cprsync.errors import ConfigurationError
from cprsync.private import closed_to_us, open_unfollowed
from cprsync.store.beside.journal import name_aside, read_line
from cprsync.store.seals.failures import AuditBroken
from cprsync.store.seals.keys import KeyPurpose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cprsync.store.seals.keys import Keyring

FILE: Final = "audit-heads.log"
#: The witness's name, beside the erase journal.
WITNESS: Final = "audit-witness.log"
#: No line of the two files is longer than this many bytes.
LINE_MAX: Final = 1000
_FIRST: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class HeadsSeen:
    """How many lines the file of the heads had, and the code of the last."""

    lines: int
    code: bytes

    def __str__(self) -> str:
        """The form that a person keeps. It names one state of the whole audit."""
        return f"{self.lines}-{self.code.hex()[:32]}"


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a stream was."""

    stream: str
    seq: int
    mac: bytes
    #: the stamp of the last entry
    at: str = ""
    #: the first entry that was there; None: not told
    first: int | None = None
    #: how often records had changed; None: not told
    records: int | None = None
    #: everything up to here was about to be deleted
    cut: bool = False
    #: someone accepted the stream as it is up to here; without a stream: everything of the agency, from this line on
    accepted: bool = False
    #: without a stream: an older database was put back, and what the lines from number `seq` on told is lost
    lost: bool = False


@dataclass(slots=True)
class StreamOnFile:
    """What the file tells of one stream."""

    #: the last entry that was there for certain
    seq: int = 0
    mac: bytes = _FIRST
    at: str = ""
    first: int | None = None
    #: the entries at which it was cut, with their codes
    cuts: dict[int, bytes] = field(default_factory=dict)
    #: everything up to this entry was accepted as it is
    accepted: tuple[int, bytes] | None = None
    #: earlier heads: those that a later one skipped, and those that were kept in another order than committed
    passed: dict[int, bytes] = field(default_factory=dict)

    def move(self, mark: Mark) -> bool:
        """Move the head. Returns False if another entry was there before.

        Two writers may commit one after the other and keep their heads in the other order. The entries of both must
        then be there. If entries were removed and others written in their place, one of the two is not.
        """
        if mark.seq < self.seq:
            known = self.passed.setdefault(mark.seq, mark.mac)
            self.passed[self.seq] = self.mac
            return known == mark.mac
        fits = mark.seq > self.seq or mark.mac == self.mac
        # Whoever removes entries and writes more in their place moves the head past them. A deed at the desk moves it
        # by one and meets the head itself, so only the others are remembered: their number does not grow by deeds.
        if self.seq and mark.seq > self.seq and (mark.first is not None or mark.seq > self.seq + 1):
            self.passed[self.seq] = self.mac
        self.seq, self.mac, self.at = mark.seq, mark.mac, mark.at
        return fits

    def contradicts(self, seq: int, mac: bytes) -> bool:
        """Return whether another entry was kept as the one of this number."""
        return mac != (self.mac if seq == self.seq else self.passed.get(seq, mac))


@dataclass(slots=True)
class Heads:
    """What the file tells of one agency, as far as its lines verify."""

    streams: dict[str, StreamOnFile] = field(default_factory=dict)
    records: int = 0
    #: for the whole file: the number of lines, and the code of the last
    end: HeadsSeen = field(default_factory=lambda: HeadsSeen(0, _FIRST))
    broken: AuditBroken | None = None
    #: the lines whose state was lost when an older database was put back
    lost: list[range] = field(default_factory=list)
    #: the first of them, until someone accepts the loss
    lost_from: int | None = None

    def problems(self) -> Iterator[AuditBroken]:
        """Yield what is wrong by the file alone."""
        if self.broken is not None:
            yield self.broken
        if self.lost_from is not None:
            yield AuditBroken(FILE, self.lost_from, "an older database was put back: what this line told was lost")

    def take(self, mark: Mark) -> None:
        """Apply a later line of the agency."""
        if mark.accepted and not mark.stream:
            self.streams, self.records, self.broken, self.lost_from = {}, 0, None, None
            return
        if mark.lost:
            self.lost.append(range(mark.seq, self.end.lines))
            self.lost_from = self.lost_from or mark.seq
            return
        self.records = max(self.records, mark.records or 0)
        kept = self.streams.setdefault(mark.stream, StreamOnFile())
        if not mark.cut and not kept.move(mark) and self.broken is None:
            self.broken = AuditBroken(mark.stream, mark.seq, "the entry is not the one of the checkpoint")
        kept.first = mark.first if mark.first is not None else kept.first
        if mark.cut:
            kept.cuts[mark.seq] = mark.mac
        if mark.accepted:
            kept.accepted = (mark.seq, mark.mac)


class HeadsFile:
    """The file in the key folder, and the witness to its end."""

    def __init__(self, keyring: Keyring, witness: Path) -> None:
        """Opens no file yet."""
        self.path = keyring.folder / FILE
        self.witness = witness
        self._key = keyring.newest(KeyPurpose.CHECKPOINT)
        self._secrets = {key.id: key.secret for key in keyring.keys[KeyPurpose.CHECKPOINT]}

    def make_sure_that_writable(self) -> None:
        """Check that the file can be written, while the caller can still stop. Does not wait for another writer.

        Raises:
            ConfigurationError: it cannot be written.
        """
        with self._opened(kind="audit.heads") as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def keep(
        self, agency: str, marks: Sequence[Mark], *, seen: HeadsSeen | None, anew: bool = False
    ) -> HeadsSeen | None:
        """Append a line for each mark and sync it to disk.

        `anew`: the witness drops what it has seen before.

        Returns the file's end if `seen` is still in the file. None: a part of it is gone, and the caller must keep
        remembering `seen`.

        Raises:
            ConfigurationError: the lines could not be written.
        """
        with self._held(kind="audit.heads_unwritten") as file:
            end = self._end(file)
            witnessed, there = self._witnessed_or_broken(), seen is None or self._has(seen, end)
            if witnessed is None and not self.end().lines:
                # before the first line, so that the next process finds a witness if this one is killed
                self.write_witness(end)
                witnessed = end
            whole = anew or (witnessed is not None and self._has(witnessed, end) and not _is_behind(witnessed, seen))
            for mark in marks:
                end = self._append(file, agency, mark, end)
            file.flush()
            os.fsync(file.fileno())
            if whole:
                self.write_witness(end)
        return end if there else None

    def read(self, agency: str) -> Heads:
        """Return what the file tells of one agency. `broken` names the first line that does not verify."""
        heads = Heads()
        try:
            for end, whose, mark in self.lines():
                heads.end = end
                if whose == agency:
                    heads.take(mark)
        except AuditBroken as broken:
            heads.broken = heads.broken or broken
        return heads

    def code_at(self, line: int) -> bytes | None:
        """Return the code of a line; None: there is no such line. It is not verified here, but by `read`."""
        for number, _, code in self._backward():
            if number <= line:
                return code if number == line else None
        return None

    def end(self) -> HeadsSeen:
        """Return the number and code of the last chained line, not verified."""
        return next((HeadsSeen(number, code) for number, _, code in self._backward()), HeadsSeen(0, _FIRST))

    def first_lost(self, witnessed: HeadsSeen) -> int:
        """Return the number of the first line that was lost, of a file that lacks the end that the witness has seen."""
        return min(witnessed.lines, self.end().lines + 1)

    def marks_after(self, line: int, agency: str) -> list[tuple[int, Mark]]:
        """Return what the lines after `line` tell of an agency, with their numbers, the last first.

        Stops at a line that does not verify. Reads only these lines, so that it can run whenever the store is opened.
        """
        marks: list[tuple[int, Mark]] = []
        with suppress(AuditBroken):
            for end, whose, mark in self.signed_lines():
                if end.lines <= line:
                    break
                marks += [(end.lines, mark)] if whose == agency else []
        return marks

    def signed_lines(self) -> Iterator[tuple[HeadsSeen, str, Mark]]:
        """Yield each chained line with its agency, the last first.

        Raises:
            AuditBroken: a line does not verify.
        """
        for (number, text, code), (_, _, before) in pairwise(chain(self._backward(), [(0, b"", _FIRST)])):
            told = read_line(text)
            secret = self._secrets.get(str(told.get("key")))
            # a key that is not here signs nothing: with an empty one anybody could
            if secret is None or not hmac.compare_digest(hmac.digest(secret, before + text, "sha256"), code):
                raise AuditBroken(FILE, number, "the line is not signed by us")
            yield HeadsSeen(number, code), told["agency"], _mark(told)

    def keys_by_line(self) -> Iterator[str]:
        """Yield the key of each line, of all libraries, not verified."""
        if self.path.exists():
            with self.path.open("rb") as file:
                for line in file:
                    yield str(read_line(line.partition(b"\t")[0]).get("key"))

    def witnessed(self) -> HeadsSeen | None:
        """Return what the witness has seen of the file's end; None: there is no witness.

        Raises:
            AuditBroken: it is not signed by us, or cannot be read.
        """
        try:
            with self.witness.open("rb") as file:
                text, _, code = file.read(LINE_MAX).rstrip(b"\n").partition(b"\t")
        except FileNotFoundError:
            return None
        except OSError:
            raise AuditBroken(WITNESS, 1, "the witness cannot be read") from None
        try:
            told = read_line(text)
            secret, seen = self._secrets[told["key"]], HeadsSeen(told["line"], bytes.fromhex(told["code"]))
        except (ValueError, KeyError, TypeError):
            raise AuditBroken(WITNESS, 1, "the line is not signed by us") from None
        if not hmac.compare_digest(_witness_code(secret, text), code):
            raise AuditBroken(WITNESS, 1, "the line is not signed by us")
        return seen

    def is_witness_older(self, witnessed: HeadsSeen, seen: HeadsSeen | None) -> bool:
        """Return whether the witness knows fewer lines than the database has seen, which is told of each line later."""
        if not _is_behind(witnessed, seen):
            return False
        # another process may have written since it was read
        again = self._witnessed_or_broken()
        return again is None or _is_behind(again, seen)

    def begin_anew(self) -> None:
        """Move a file that does not verify aside, and delete the witness to it.

        Raises:
            ConfigurationError: they cannot be moved.
        """
        try:
            if self.path.exists():
                self.path.rename(name_aside(self.path))
            self.witness.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(error, "audit.heads") from error

    @contextmanager
    def _held(self, *, kind: str) -> Iterator[IO[bytes]]:
        """Open the file so that nobody else can append meanwhile. The lock ends with the handle."""
        with self._opened(kind=kind) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    @contextmanager
    def _opened(self, *, kind: str) -> Iterator[IO[bytes]]:
        try:
            # an operator may have made the file append-only (`chattr +a`)
            handle = open_unfollowed(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
            with os.fdopen(handle, "r+b") as file:
                yield file
        except OSError as error:
            raise _unusable(error, kind) from error

    def _end(self, file: IO[bytes]) -> HeadsSeen:
        """Return the last line's number and code, and delete an unfinished line after it."""
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 2 * LINE_MAX))
        tail = file.read()
        whole = tail[: tail.rfind(b"\n") + 1]
        if len(whole) < len(tail):
            file.truncate(size - len(tail) + len(whole))
        text, _, code = whole.rstrip(b"\n").rpartition(b"\n")[2].partition(b"\t")
        told = read_line(text)
        if "line" in told:
            return HeadsSeen(int(told["line"]), bytes.fromhex(code.decode("ascii", errors="replace")))
        return max((end for end, _, _ in self.lines()), key=lambda end: end.lines, default=HeadsSeen(0, _FIRST))

    def _is_there(self) -> bool:
        """Whether there is a file. Raises ConfigurationError: a folder has its name."""
        if self.path.is_dir():
            raise _is_folder(self.path)
        return self.path.exists()

    def _append(self, file: IO[bytes], agency: str, mark: Mark, end: HeadsSeen) -> HeadsSeen:
        text = _text(agency, mark, key=self._key.id, line=end.lines + 1)
        code = hmac.digest(self._key.secret, end.code + text, "sha256")
        file.write(text + b"\t" + code.hex().encode() + b"\n")
        return HeadsSeen(end.lines + 1, code)

    def _has(self, seen: HeadsSeen, end: HeadsSeen) -> bool:
        if seen.lines >= end.lines:
            return seen == end
        return self.code_at(seen.lines) == seen.code

    def _witnessed_or_broken(self) -> HeadsSeen | None:
        try:
            return self.witnessed()
        except AuditBroken:
            # left as it is, because verifying the audit reports it
            return HeadsSeen(-1, b"")

    def write_witness(self, end: HeadsSeen) -> None:
        """Sign that the file has this end."""
        told = {"code": end.code.hex(), "key": self._key.id, "line": end.lines}
        text = json.dumps(told, sort_keys=True).encode()
        new = self.witness.with_name(f"{self.witness.name}.new")
        with os.fdopen(open_unfollowed(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
            file.write(text + b"\t" + _witness_code(self._key.secret, text) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.witness)
        # the database remembers the line next: a witness that the power takes away would pass for an older copy
        folder = os.open(self.witness.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _backward(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, text and code of each chained line, the last first."""
        if not self._is_there() or self.path.stat().st_size == 0:
            return
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            end = content.rfind(b"\n")
            while end > 0:
                start = content.rfind(b"\n", 0, end) + 1
                text, _, code = content[start:end].partition(b"\t")
                told = read_line(text)
                if "line" not in told:
                    return
                yield int(told["line"]), text, bytes.fromhex(code.decode("ascii", errors="replace"))
                end = start - 1

    def lines(self) -> Iterator[tuple[HeadsSeen, str, Mark]]:
        """Yield each line with its agency. An unfinished last line is skipped.

        Raises:
            AuditBroken: a line does not verify.
        """
        if not self._is_there():
            return
        code, number = _FIRST, 0
        with self.path.open("rb") as file:
            while (line := file.readline(LINE_MAX)).endswith(b"\n"):
                number += 1
                text, _, signature = line[:-1].partition(b"\t")
                told = read_line(text)
                secret = self._secrets.get(str(told.get("key")))
                if secret is None:
                    raise AuditBroken(FILE, number, "the line is not signed by us")
                code = hmac.digest(secret, code + text, "sha256")
                if not hmac.compare_digest(code.hex().encode(), signature):
                    raise AuditBroken(FILE, number, "the line is not signed by us")
                if told.get("line") != number:
                    raise AuditBroken(FILE, number, "a line before it is missing")
                yield HeadsSeen(number, code), told["agency"], _mark(told)
        if len(line) == LINE_MAX:
            raise AuditBroken(FILE, number + 1, "the line is not signed by us")


def _text(agency: str, mark: Mark, *, key: str, line: int) -> bytes:
    told: dict[str, Any] = {"agency": agency, "key": key, "line": line, "stream": mark.stream}
    told |= {"at": mark.at, "mac": mark.mac.hex(), "seq": mark.seq}
    told |= {name: True for name in ("cut", "accepted", "lost") if getattr(mark, name)}
    told |= {name: value for name in ("first", "records") if (value := getattr(mark, name)) is not None}
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def _mark(told: dict[str, Any]) -> Mark:
    more = {name: told[name] for name in ("at", "first", "records", "cut", "accepted", "lost") if name in told}
    return Mark(told["stream"], told["seq"], bytes.fromhex(told["mac"]), **more)


def _is_folder(path: Path) -> ConfigurationError:
    told = "{path} is a folder, and has to be a file of the audit's heads"
    return ConfigurationError(told, path=path, kind="audit.heads.folder")


def _unusable(error: OSError, kind: str) -> ConfigurationError:
    if isinstance(error, IsADirectoryError) and error.filename is not None:
        # a file that is renamed onto the folder comes first
        return _is_folder(Path(os.fsdecode(error.filename2 or error.filename)))
    if error.errno == errno.EPERM:
        # a mode that keeps us out is EACCES
        return ConfigurationError("{file} in the key folder may only grow", file=FILE, kind=f"{kind}.append_only")
    if isinstance(error, PermissionError) and error.filename is not None:
        return closed_to_us(Path(os.fsdecode(error.filename)))
    return ConfigurationError(
        "{file} in the key folder, or the witness to it, cannot be written ({why})",
        file=FILE,
        why=error.strerror,
        kind=kind,
    )


def _is_behind(witnessed: HeadsSeen, seen: HeadsSeen | None) -> bool:
    return seen is not None and witnessed.lines < seen.lines


def _witness_code(secret: bytes, text: bytes) -> bytes:
    return hmac.digest(secret, b"witness|" + text, "sha256").hex().encode()
