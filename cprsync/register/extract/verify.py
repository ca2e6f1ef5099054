"""The first pass over a change extract: is it complete, for us, and of the known product? Counts, and reads no person.

The product shows in its 001 records. At least one must have the form of U12170-P in its first characters, and none may
have the length of the private product's. Anything after those characters is a field that was added later (decision 23).
The private product and the total with times of change fail this check. A delivery with some bad persons passes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import structlog

from cprsync.domain.feed.delivery import Header
from cprsync.domain.person.person import Protection
from cprsync.errors import DeliveryRefused
from cprsync.register.extract.index import DELIVERS, MAIN, SEALS, RecordRun, status_held
from cprsync.register.extract.kinds import HEAD_BYTES, PRIVATE_LENGTH, find_main, unknown_product
from cprsync.register.extract.records import (
    NUMBER,
    RECORD_LEAST,
    REPLACED_CODES,
    TYPE,
    EncodingWatch,
    Framed,
    Framing,
    blocks_of,
    framing_of,
    records_of,
    too_short,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cprsync.register.extract.records import Layout

#: Called for each run of records with one number.
Note: TypeAlias = "Callable[[bytes, RecordRun], None]"

log = structlog.get_logger()

#: Types with a key that is not a delivered person's number: errors and receipts.
WITHOUT_PERSON = frozenset({b"910", b"997"})
#: What a record adds to its run, by type; all other types deliver the person. Old numbers and events only name a
#: number.
HOLDS = {b"022": 0, b"099": 0, b"910": 0, b"997": 0}
#: The type of a 004 that seals.
SEALING = Protection.NAME_AND_ADDRESS.value.encode()
#: Invalid codes are counted under this, so that no content gets into a report.
NO_CODE = "?"
# The most different codes to count, so that a broken file cannot fill the memory.
_CODES_MOST = 1000
#: How many blocks of a damaged file are read to find the cause: 64 MiB, because a device may have no end.
_BLAME_BLOCKS = 256


@dataclass(slots=True)
class ExtractTally:
    """What the first pass has found so far. After damage, what it found before it."""

    header: Header | None = None
    framing: Framing | None = None
    #: record types except 000 and 999; the known ones are present from the start
    by_type: dict[bytes, int] = field(default_factory=dict)
    by_event: Counter[str] = field(default_factory=Counter)
    #: whether any number is replaced by another
    replaces: bool = False

    @property
    def records(self) -> int:
        return sum(self.by_type.values())


class Verification:
    """The first pass over one delivery."""

    def __init__(
        self,
        layout: Layout,
        note: Note,
        *,
        task: str | None = None,
        strict_count: bool = True,
    ) -> None:
        self.tally = ExtractTally()
        self._layout = layout
        self._lengths = {kind.encode(): length for kind, length in layout.lengths.items()}
        self._note = note
        self._task = task
        self._strict_count = strict_count
        self._known_form = False
        #: the first 001 of another form, which shows which product this is
        self._strange: bytes | None = None
        self._event = layout.place("099", "HAENDELSE")
        #: event codes as text, by their bytes
        self._codes: dict[bytes, str] = {}
        self._status = layout.place("001", "STATUS")

    def verify(self, source: BinaryIO) -> ExtractTally:
        """Read the whole delivery once.

        Raises:
            DeliveryRefused: the delivery is damaged, empty, wrongly encoded, or of another task or product.
        """
        watch = EncodingWatch()
        blocks = blocks_of(source, watch)
        try:
            self._verify(source, blocks)
        except DeliveryRefused as damage:
            self._raise_cause(source, damage, blocks, watch)
            raise
        watch.finish()
        return self.tally

    def _verify(self, source: BinaryIO, blocks: Iterator[bytes]) -> None:
        tally = self.tally
        tally.framing = framing_of(source)
        records = records_of(blocks, tally.framing, self._lengths)
        _, first = next(records)
        tally.header = parse_header(first, self._layout, task=self._task)
        tally.by_type = {kind: 0 for kind in self._lengths if kind not in {b"000", b"999"}}
        offset, last = self._count_records(records)
        if next(records, None) is not None:
            raise DeliveryRefused("something follows record 999")
        self._compare_count(last, offset)
        self._check_product()

    def _raise_cause(
        self, source: BinaryIO, damage: DeliveryRefused, blocks: Iterator[bytes], watch: EncodingWatch
    ) -> None:
        """Raise the cause of the damage instead, if it is a wrong encoding or another product.

        Both break the records first.
        """
        if damage.kind != DeliveryRefused.kind:
            return
        for _ in islice(blocks, _BLAME_BLOCKS):
            pass
        watch.finish()
        if self.tally.header is None:
            # record 000 of another product may differ too, and its 001 has not been checked yet
            source.seek(0)
            if (main := find_main(source.read(HEAD_BYTES))) is not None:
                self._note_form(main)
        self._check_product()

    def _count_records(self, records: Iterator[Framed]) -> Framed:
        """Count records and note runs. Return record 999 with its offset."""
        counts, note, protects = self.tally.by_type, self._note, self._layout.place("004", "BESKYTTYPE")
        current, start, holds = b"", 0, 0
        for offset, record in records:
            kind, number = record[TYPE], record[NUMBER]
            # A record without a key is checked each time: two short ones do not share a number.
            if number != current or not current or kind == b"999":
                if current:
                    note(current, RecordRun(start, offset - start, holds))
                if kind == b"999":
                    return offset, record
                current = self._key_of(kind, number, offset)
                start, holds = offset, 0
            if kind not in counts:
                self._add_type(kind, offset)
            counts[kind] += 1
            if kind == b"099":
                self._count_event(record)
            elif kind == b"001":
                holds |= self._check_main(record, first=not holds & MAIN)
            elif kind == b"004" and record[protects] == SEALING:
                holds |= DELIVERS | SEALS
            else:
                holds |= HOLDS.get(kind, DELIVERS)
        raise DeliveryRefused("record 999 is missing: the delivery is cut short")

    def _key_of(self, kind: bytes, number: bytes, offset: int) -> bytes:
        """Return the number that a run is about. Empty: the record is about no person."""
        if len(number) < RECORD_LEAST - len(kind):
            raise too_short(kind, offset)
        return number if kind in self._lengths and kind not in WITHOUT_PERSON else b""

    def _add_type(self, kind: bytes, offset: int) -> None:
        if kind == b"000":
            raise DeliveryRefused(
                "record 000 at byte offset {offset}: another delivery begins before 999", offset=offset
            )
        if not kind.isdigit() or len(self.tally.by_type) > _CODES_MOST:
            raise DeliveryRefused("no record type at byte offset {offset}", offset=offset)
        self.tally.by_type[kind] = 0

    def _count_event(self, record: bytes) -> None:
        raw = record[self._event]
        code = self._codes.get(raw)
        if code is None:
            text = raw.decode("latin-1").strip()
            plain = text.isascii() and text.isalnum() and len(self._codes) < _CODES_MOST
            code = text if plain else NO_CODE
            if plain:
                self._codes[raw] = code
        self.tally.by_event[code] += 1

    def _check_main(self, record: bytes, *, first: bool) -> int:
        """Check a record 001. Return what it adds to its run."""
        if len(record) >= PRIVATE_LENGTH and len(record.rstrip()) == PRIVATE_LENGTH:
            raise unknown_product(record)
        if not self._known_form:
            self._note_form(record)
        status = record[self._status]
        self.tally.replaces = self.tally.replaces or status in REPLACED_CODES
        return DELIVERS | MAIN | (status_held(status) if first else 0)

    def _note_form(self, main: bytes) -> None:
        self._known_form = has_known_form(main.decode("latin-1"), self._layout)
        if not self._known_form and self._strange is None:
            self._strange = main

    def _check_product(self) -> None:
        if self._strange is not None and not self._known_form:
            raise unknown_product(self._strange)

    def _compare_count(self, last: bytes, offset: int) -> None:
        if len(last) < self._layout.lengths["999"]:
            raise too_short(b"999", offset)
        says, found = last[self._layout.place("999", "TAELLER")], self.tally.records
        if not says.isdigit():
            raise DeliveryRefused("record 999 at byte offset {offset} holds no count", offset=offset)
        if int(says) == found:
            return
        if self._strict_count:
            raise DeliveryRefused(
                "record 999 counts {says} records, and {found} are there", says=int(says), found=found
            )
        log.warning("delivery.count", counted=int(says), found=found)


def parse_header(record: bytes, layout: Layout, *, task: str | None) -> Header:
    """Read record 000. Two equal dates are no damage: a task's first delivery has none before it (decision 4).

    Raises:
        DeliveryRefused: it is cut short, its dates are invalid or in the wrong order, or it is for another task.
    """
    text = record.decode("latin-1").rstrip()
    if len(text) < layout.lengths["000"]:
        raise too_short(b"000", 0)
    number = text[layout.place("000", "OPGAVENR")]
    if not number.isdecimal():
        raise DeliveryRefused("record 000 holds no task number")
    if task is not None and number != task:
        raise DeliveryRefused(
            "the delivery is for task {number}, and ours is {task}", number=number, task=task, kind="delivery.task"
        )
    produced = _date(text[layout.place("000", "PRODDTO")])
    previous = _date(text[layout.place("000", "PRODDTOFORRIG")])
    if previous > produced:
        raise DeliveryRefused("record 000: the previous production is after this one")
    return Header(number, produced, previous)


def has_known_form(record: str, layout: Layout) -> bool:
    """Whether a record 001 has U12170-P's form: numbers, times, and sex or birth date in their places."""
    current, since, sex, born = (
        record[layout.place("001", name)].strip() for name in ("PNRGAELD", "STATUSHAENSTART", "KOEN", "FOED_DT")
    )
    digits = all(not part or part.isdecimal() for part in (current, since))
    return digits and (sex in {"M", "K"} or (not sex and _looks_like_a_date(born)))


def _looks_like_a_date(text: str) -> bool:
    return len(text) == len("YYYY-MM-DD") and text[4] == text[7] == "-" and text.replace("-", "").isdecimal()


def _date(digits: str) -> date:
    try:
        # Only digits: the library also reads other forms of a date.
        return date.fromisoformat(digits if digits.isdecimal() else "")
    except ValueError:
        # The library's error quotes the text.
        raise DeliveryRefused("record 000 holds a production date that is no date") from None
