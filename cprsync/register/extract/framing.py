"""Cuts a change extract into records, and checks that its bytes are ISO-8859-1. Knows lengths, not meanings.

Two framings exist: one record a line, without trailing blanks; and a stream of records of fixed length without line
ends. The first record shows which one it is.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias

from cprsync.errors import CprsyncError, DeliveryRefused
from cprsync.register.extract.kinds import HEAD_BYTES, check_start, wrongly_encoded
from cprsync.register.extract.layout import RECORD_LEAST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Framing: TypeAlias = Literal["lines", "stream"]
#: A record with the byte offset at which it begins.
Framed: TypeAlias = tuple[int, bytes]

BLOCK_BYTES = 256 * 1024
#: The longest record has 306 characters. Longer lines are accepted, up to this length.
LINE_LIMIT_BYTES = 64 * 1024
START_LENGTH = 35
_C1 = bytes(range(0x80, 0xA0))


class EncodingWatch:
    """Sees each block of a delivery once, and refuses a delivery that is not ISO-8859-1 (decision 23)."""

    def __init__(self) -> None:
        self._utf8: Any = codecs.getincrementaldecoder("utf-8")("strict")
        self._beyond_ascii = False

    def see(self, block: bytes) -> None:
        """Refuse control bytes 0x80-0x9F at once; remember whether all so far could be UTF-8."""
        ascii_only = block.isascii()
        if not ascii_only:
            self._beyond_ascii = True
            if len(block.translate(None, _C1)) != len(block):
                raise wrongly_encoded("it holds bytes 0x80-0x9F, as Windows-1252 and UTF-8 do")
        self._decode(block, final=False)

    def finish(self) -> None:
        """Refuse a delivery whose bytes beyond ASCII are all valid UTF-8."""
        self._decode(b"", final=True)
        if self._beyond_ascii and self._utf8 is not None:
            raise wrongly_encoded("all of it is valid UTF-8")

    def _decode(self, block: bytes, *, final: bool) -> None:
        # Genuine ISO-8859-1 fails at its first Danish letter, and is then decoded no further.
        if self._utf8 is None:
            return
        try:
            self._utf8.decode(block, final)
        except UnicodeDecodeError:
            self._utf8 = None


def blocks_of(source: BinaryIO, watch: EncodingWatch) -> Iterator[bytes]:
    """Read a delivery from its first byte, block by block."""
    source.seek(0)
    while block := source.read(BLOCK_BYTES):
        watch.see(block)
        yield block


def framing_of(source: BinaryIO) -> Framing:
    """Return the framing, which shows after the first record.

    Raises:
        DeliveryRefused: the delivery is empty, begins without record 000, or is no change extract at all.
    """
    source.seek(0)
    head = source.read(HEAD_BYTES)
    check_start(head)
    # After record 000 a stream continues with a type and a number; a line may have become longer (decision 23).
    second = head[START_LENGTH : START_LENGTH + RECORD_LEAST]
    return "stream" if b"\n" not in head[:START_LENGTH] and second.isdigit() else "lines"


def records_of(blocks: Iterator[bytes], framing: Framing, lengths: Mapping[bytes, int]) -> Iterator[Framed]:
    """Yield the records up to 999, then check that only blanks follow.

    Raises:
        DeliveryRefused: a record is cut short, or has an unknown type in a stream.
    """
    return _lines(blocks) if framing == "lines" else _stream(blocks, lengths)


def _lines(blocks: Iterator[bytes]) -> Iterator[Framed]:
    offset, tail = 0, b""
    for block in blocks:
        lines = (tail + block).split(b"\n")
        tail = lines.pop()
        if len(tail) > LINE_LIMIT_BYTES:
            raise DeliveryRefused(
                "the line at byte offset {offset} has no end", offset=offset + sum(map(len, lines)) + len(lines)
            )
        for at, line in enumerate(lines):
            yield offset, line
            offset += len(line) + 1
            if line[:3] == b"999":
                _only_blanks([*lines[at + 1 :], tail], blocks, offset)
                return
    if tail:
        yield offset, tail


def _stream(blocks: Iterator[bytes], lengths: Mapping[bytes, int]) -> Iterator[Framed]:
    base, rest = 0, b""
    for block in blocks:
        rest += block
        at, end = 0, len(rest)
        while (length := lengths.get(kind := rest[at : at + 3])) is not None and at + length <= end:
            yield base + at, rest[at : at + length]
            at += length
            if kind == b"999":
                _only_blanks([rest[at:]], blocks, base + at)
                return
        if length is None and at + 3 <= end:
            raise unknown_type(kind, base + at)
        base, rest = base + at, rest[at:]
    if rest:
        raise too_short(rest[:3], base)


def _only_blanks(rest: list[bytes], blocks: Iterator[bytes], offset: int) -> None:
    if any(part.strip() for part in rest) or any(block.strip() for block in blocks):
        raise DeliveryRefused("something follows record 999, at byte offset {offset} or later", offset=offset)


def unknown_type(kind: bytes, offset: int) -> DeliveryRefused:
    """Build the refusal of a record of an unknown type in a stream, where only the type gives the length."""
    # Only digits are named: anything else may be personal data.
    named = CprsyncError("unknown record type {record}", record=kind.decode()) if kind.isdigit() else "no record type"
    return DeliveryRefused(
        "{named} at byte offset {offset}; in a stream the records after it cannot be found", named=named, offset=offset
    )


def too_short(kind: bytes, offset: int) -> DeliveryRefused:
    """Build the refusal of a record that ends too early."""
    named = CprsyncError("record {record}", record=kind.decode()) if kind.isdigit() else "the record"
    return DeliveryRefused("{named} at byte offset {offset} is too short", named=named, offset=offset)


def split_run(run: str, framing: Framing, lengths: Mapping[str, int]) -> list[str]:
    """Cut the text of verified records into records."""
    if framing == "lines":
        if "\r" in run:
            run = run.replace("\r\n", "\n")
        return run.removesuffix("\n").split("\n")
    records, at = [], 0
    while at < len(run):
        length = lengths.get(run[at : at + 3])
        if length is None:
            raise DeliveryRefused("the delivery changed while it was read")
        records.append(run[at : at + length])
        at += length
    return records
