"""Cuts a change extract into records by the packaged table of U12170-P, and checks that its bytes are ISO-8859-1.

Knows positions and lengths, not meanings, except for the links from replaced numbers. Two framings exist: one record a
line, without trailing blanks; and a stream of records of fixed length without line ends. The first record shows which
one it is.
"""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias, cast

from cprsync.domain.deciding.number_change import Links
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import REPLACED
from cprsync.errors import ConfigurationError, CprsyncError, DeliveryRefused
from cprsync.register.extract.kinds import HEAD_BYTES, check_start, wrongly_encoded
from cprsync.resources import schema_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


# -- the layout -----------------------------------------------------------------------------------------------

TABLE = "change-extract-U12170-P.csv"
#: Where every record has its type, and its person's number except in 000, 910 and 999.
TYPE = slice(0, 3)
NUMBER = slice(3, 13)
#: The shortest text that can be a record: its type and its number.
RECORD_LEAST = 13


@dataclass(frozen=True, slots=True)
class Layout:
    """The record types with their nominal lengths, and the position of each field in its record."""

    lengths: Mapping[str, int]
    places: Mapping[tuple[str, str], slice]

    def place(self, record: str, field: str) -> slice:
        """The position of a field. Raises ConfigurationError if the table lacks it."""
        try:
            return self.places[record, field]
        except KeyError as missing:
            raise ConfigurationError(
                "{table} lacks field {field} of record {record}",
                table=TABLE,
                field=field,
                record=record,
                kind="schemas",
            ) from missing

    def pick(self, record: str, *fields: str) -> Callable[[str], tuple[str, ...]]:
        """Make a function that slices the named fields, two or more, out of a record."""
        getter = itemgetter(*(self.place(record, field) for field in fields))
        return cast("Callable[[str], tuple[str, ...]]", getter)


@cache
def layout() -> Layout:
    """Load the packaged table, once."""
    return load_layout(schema_path(TABLE))


def load_layout(path: Path) -> Layout:
    """Load a table with the columns record, field, start (from 1) and length.

    Raises:
        ConfigurationError: the table cannot be read.
    """
    lengths: dict[str, int] = {}
    places: dict[tuple[str, str], slice] = {}
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                record, start = row["record"], int(row["start"]) - 1
                end = start + int(row["length"])
                places[record, row["field"]] = slice(start, end)
                lengths[record] = max(lengths.get(record, 0), end)
    except (OSError, KeyError, TypeError, ValueError) as broken:
        raise ConfigurationError("{name} is not a table of record fields", name=path.name, kind="schemas") from broken
    return Layout(lengths, places)


# -- framing --------------------------------------------------------------------------------------------------

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


# -- replaced numbers -----------------------------------------------------------------------------------------

#: The statuses of a replaced number, as records write them.
REPLACED_CODES = frozenset(status.value.encode() for status in REPLACED)


def links_of(source: BinaryIO, known: Layout) -> Links:
    """Read the links. A delivery with links is read a second time, to find the new numbers that it delivers.

    Raises:
        DeliveryRefused: the delivery is damaged.
    """
    status, current = known.place("001", "STATUS"), known.place("001", "PNRGAELD")
    links: dict[CprNumber, CprNumber] = {}
    for record in _main_records(source, known):
        if record[status] in REPLACED_CODES and (old := _number(record[NUMBER])) and (new := _number(record[current])):
            links[old] = new
    if not links:
        return Links()
    news = {number.digits.encode(): number for number in links.values()}
    delivered = frozenset(news[r[NUMBER]] for r in _main_records(source, known) if r[NUMBER] in news)
    return Links(links, delivered)


def _main_records(source: BinaryIO, known: Layout) -> Iterator[bytes]:
    lengths = {kind.encode(): length for kind, length in known.lengths.items()}
    framing = framing_of(source)
    for _, record in records_of(blocks_of(source, EncodingWatch()), framing, lengths):
        if record[TYPE] == b"001":
            yield record


def _number(field: bytes) -> CprNumber | None:
    return CprNumber(field.decode()) if len(field) == NUMBER.stop - NUMBER.start and field.isdigit() else None
