"""Reads a change extract U12170-P: inspects a file, and turns it into persons. Two passes, constant memory.

The first pass verifies the whole delivery and indexes where each number's records are, because they may be anywhere.
The second yields persons in the order of their 001. An incomplete delivery yields no person (decision 23).
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from io import SEEK_END
from typing import TYPE_CHECKING, Any, BinaryIO

from cprsync.domain.deciding.number_change import Links
from cprsync.domain.feed.delivery import AGREED_RECORDS
from cprsync.domain.person.person import SILENT, Protection, Status
from cprsync.errors import BadInput, DeliveryRefused
from cprsync.register.extract.index import MAIN, RUNS_MOST, SEALS, RecordRun, RunIndex
from cprsync.register.extract.kinds import check_start
from cprsync.register.extract.persons import PersonParser, number_of
from cprsync.register.extract.records import BLOCK_BYTES, NUMBER, Layout, layout, links_of, split_run
from cprsync.register.extract.verify import NO_CODE, ExtractTally, Note, Verification
from cprsync.services.ports.deliveries import DeliveryReader, Inspection, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.register.extract.records import Framing

#: The record types that the library's task includes. A missing record of these types is empty; of others, silent.
DEFAULT_AGREEMENT = frozenset(AGREED_RECORDS)
INDEX_LIMIT_BYTES = 32 * 1024 * 1024
#: The most bytes of one person's records; the largest have about 10 KiB.
PERSON_LIMIT_BYTES = 1024 * 1024
#: A sealed delivery up to this size is kept in memory while its persons are read. 10,000 persons have about 6 MB.
WINDOW_BYTES = 8 * 1024 * 1024


class ExtractReader(DeliveryReader):
    """The port `DeliveryReader` for the change extract."""

    def __init__(  # noqa: PLR0913 -- settings of one library's feed, all by name
        self,
        *,
        task: str | None,
        hash_key: bytes,
        agreement: frozenset[str] = DEFAULT_AGREEMENT,
        index_limit_bytes: int = INDEX_LIMIT_BYTES,
        spill: Path | None = None,
        strict_count: bool = True,
    ) -> None:
        """Take the settings. `spill`: the folder for an index above its limit; None: the system's temporary folder."""
        self._task = task
        self._hash_key = hash_key
        self._agreement = agreement
        self._index_limit_bytes = index_limit_bytes
        self._spill = spill
        self._strict_count = strict_count
        self._kept: _Kept | None = None

    def check_start(self, head: bytes) -> None:
        check_start(head)

    def inspect(self, source: BinaryIO) -> Inspection:
        """Verify the whole delivery and count it. Raises DeliveryRefused."""
        self._kept = None
        survey, refused = self._survey(source)
        if refused is not None:
            raise refused
        inspection = survey.inspection()
        if (content := content_of(source)) is not None and not survey.index.spilled:
            self._kept = _Kept(content, survey.tally, survey.index)
        return inspection

    def examine(self, source: BinaryIO) -> tuple[dict[str, Any], DeliveryRefused | None]:
        """Describe a delivery in the shape of `feed inspect`, a damaged one as far as it can be read."""
        survey, refused = self._survey(source)
        return survey.document(refused), refused

    def persons(self, source: BinaryIO) -> Iterator[Person | Unreadable]:
        """Yield each distinct number once, in the order of the 001. Raises DeliveryRefused before the first person."""
        known = layout()
        parser = PersonParser(known, self._agreement)
        kept = self._kept_of(source)
        with self._index() if kept is None else kept.index as index:
            tally = self._verification(known, index.note).verify(source) if kept is None else kept.tally
            self._kept = None
            runs = _RunReader(source, tally.framing or "lines", known)
            for places in index.persons():
                records = runs.records(places)
                person = parser.parse(records) if records else build_unreadable(runs.number(places), places)
                if person is not None:
                    yield person

    def links(self, source: BinaryIO) -> Links:
        """Return the replaced numbers in the delivery, and their replacements. Raises DeliveryRefused."""
        kept = self._kept_of(source)
        return Links() if kept is not None and not kept.tally.replaces else links_of(source, layout())

    def _kept_of(self, source: BinaryIO) -> _Kept | None:
        kept = self._kept
        return kept if kept is not None and kept.content == content_of(source) else None

    def _survey(self, source: BinaryIO) -> tuple[_Survey, DeliveryRefused | None]:
        known, refused = layout(), None
        with self._index() as index:
            verification = self._verification(known, index.note)
            survey = _Survey(verification.tally, index)
            try:
                verification.verify(source)
            except DeliveryRefused as damage:
                refused = damage
            survey.count_persons()
        return survey, refused

    def _verification(self, known: Layout, note: Note) -> Verification:
        return Verification(known, note, task=self._task, strict_count=self._strict_count)

    def _index(self) -> RunIndex:
        return RunIndex(hash_key=self._hash_key, limit_bytes=self._index_limit_bytes, folder=self._spill)


def content_of(source: BinaryIO) -> str | None:
    """The id of a content that cannot change, such as a sealed one. None: the content may change."""
    named: str | None = getattr(source, "content_id", None)
    return named


@dataclass(frozen=True, slots=True)
class _Kept:
    """The last delivery inspected, so that its persons can be read without verifying the same sealed bytes again."""

    content: str
    tally: ExtractTally
    index: RunIndex


def examine_file(path: Path) -> tuple[dict[str, Any], DeliveryRefused | None]:
    """Describe a file in the shape of `feed inspect`, without a store. Damage is described, and its refusal returned.

    Raises:
        BadInput: the file cannot be read at all.
    """
    # The index is gone after this call, so its key may be too.
    reader = ExtractReader(task=None, hash_key=secrets.token_bytes(32))
    try:
        with path.open("rb") as source:
            return reader.examine(source)
    except OSError as failed:
        raise BadInput("the file cannot be read ({strerror})", strerror=failed.strerror, kind="input.file") from failed


def describe_unread(problem: str) -> dict[str, Any]:
    """Describe a file that could not be read at all, in the shape of `feed inspect`."""
    with RunIndex(hash_key=secrets.token_bytes(32), limit_bytes=0, folder=None) as index:
        return _Survey(ExtractTally(), index).document(DeliveryRefused(problem))


@dataclass(slots=True)
class _Survey:
    """The counts of a delivery."""

    tally: ExtractTally
    index: RunIndex
    #: counts only distinct numbers with a 001
    by_status: Counter[str] = field(default_factory=Counter)
    protected: int = 0
    #: how many persons `persons` yields, including those without a 001 and the unreadable
    delivered: int = 0

    def count_persons(self) -> None:
        for places in self.index.persons():
            self.delivered += 1
            # a person usually begins with their 001
            main = places[0] if places[0].holds & MAIN else next((run for run in places if run.holds & MAIN), None)
            if main is None:
                continue
            readable = not too_large(places)
            self.by_status[(main.status or NO_CODE) if readable else NO_CODE] += 1
            self.protected += readable and any(run.holds & SEALS for run in places)

    def inspection(self) -> Inspection:
        header, framing = self.tally.header, self.tally.framing
        if header is None or framing is None:
            raise DeliveryRefused("the delivery has no record 000")
        return Inspection(header=header, framing=framing, **self._counts() | {"persons": self.delivered})

    def document(self, refused: DeliveryRefused | None) -> dict[str, Any]:
        header = self.tally.header
        return {
            "task": header.task if header else None,
            "produced": header.produced.isoformat() if header else None,
            "previous": header.previous.isoformat() if header else None,
            "framing": self.tally.framing,
            **self._counts(),
            "complete": refused is None,
            "problem": refused.message if refused else None,
        }

    def _counts(self) -> dict[str, Any]:
        known = layout().lengths
        found = {kind.decode(): count for kind, count in sorted(self.tally.by_type.items()) if count}
        return {
            "records": self.tally.records,
            "persons": self.by_status.total(),
            "by_record": {kind: count for kind, count in found.items() if kind in known},
            "by_status": dict(sorted(self.by_status.items())),
            "protected": self.protected,
            "events": self.tally.by_event.total(),
            "by_event": dict(sorted(self.tally.by_event.items())),
            "unknown_records": {kind: count for kind, count in found.items() if kind not in known},
        }


def too_large(places: list[RecordRun]) -> bool:
    """Whether these are more runs or bytes than one person can have."""
    return len(places) > RUNS_MOST or sum([run.length for run in places]) > PERSON_LIMIT_BYTES


def build_unreadable(number: CprNumber | None, places: list[RecordRun]) -> Unreadable:
    """A person too large to be read. Only what the index holds is taken as true."""
    sealed = any(run.holds & SEALS for run in places)
    dead = any(run.status == Status.DEAD.value for run in places)
    protection = Protection.NAME_AND_ADDRESS if sealed else SILENT
    return Unreadable(number, "person.too_large", protection, Status.DEAD if dead else SILENT)


class _RunReader:
    """Reads runs again. Persons with a 001 come in file order, through a window; the others by seeking.

    A small sealed delivery is one window, because the addresses are at its end in an order of their own.
    """

    def __init__(self, source: BinaryIO, framing: Framing, known: Layout) -> None:
        self._source = source
        self._framing = framing
        self._lengths = known.lengths
        # an unsealed file may change meanwhile, which shows only when it is read again
        size = source.seek(0, SEEK_END) if content_of(source) is not None else None
        self._window = self._read_at(0, size, least=size) if size is not None and size <= WINDOW_BYTES else b""
        self._window_start = 0

    def records(self, places: list[RecordRun]) -> list[str]:
        """Return the records of one person. Empty if the person is too large.

        Raises DeliveryRefused: the delivery changed since it was verified.
        """
        if too_large(places):
            return []
        found: list[str] = []
        for run in places:
            found += split_run(self._read(run).decode("latin-1"), self._framing, self._lengths)
        return found

    def number(self, places: list[RecordRun]) -> CprNumber | None:
        """Return the number that the runs are about. None: it is no number."""
        head = self._read(RecordRun(places[0].start, NUMBER.stop)).decode("latin-1")
        return number_of(head)

    def _read(self, run: RecordRun) -> bytes:
        at = run.start - self._window_start
        if not 0 <= at <= len(self._window) - run.length:
            if not run.holds & MAIN:
                return self._read_at(run.start, run.length, least=run.length)
            self._window = self._read_at(run.start, max(run.length, BLOCK_BYTES), least=run.length)
            self._window_start, at = run.start, 0
        return self._window[at : at + run.length]

    def _read_at(self, start: int, size: int, *, least: int) -> bytes:
        self._source.seek(start)
        content = b""
        while len(content) < size and (block := self._source.read(size - len(content))):
            content += block
        if len(content) < least:
            raise DeliveryRefused("the delivery became shorter while it was read")
        return content
