"""Measures reading a change extract: ours makes typed persons, the floor cuts lines, naive makes dictionaries."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

from bench.child import Watch, in_child, peak_rss_mb
from bench.deliveries import TASK, write_large_delivery
from bench.figures import FLOOR, NAIVE, OURS, Figures, Goal, Measured
from bench.library import PREVIOUS, PRODUCED
from bench.night import SEED
from cprsync.domain.person.person import Person, Protection, Status
from cprsync.domain.person.sealed import Name
from cprsync.register.extract.reader import ExtractReader
from cprsync.register.extract.records import BLOCK_BYTES
from cprsync.resources import schema_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

MIB = 1024 * 1024
#: How much peak memory may grow from one MiB of file to the measured size (decision 23).
FLAT_MB = 48
SMALL_MB = 1
#: Larger dictionaries take gigabytes and show the same.
NAIVE_MOST_MB = 50
#: A key that only tells numbers apart while a file is read.
_KEY = bytes(range(32))
#: What each way reports of a person: type and place of the number, status and name (positions from 0).
_NUMBER, _STATUS, _NAME = slice(3, 13), slice(23, 25), slice(159, 193)
#: A protected person's name is sealed: no way reports it.
_KIND_OF_PROTECTION, _SEALS = slice(13, 17), Protection.NAME_AND_ADDRESS.value
_ENCODING = "iso-8859-1"


@dataclass(frozen=True, slots=True)
class Reading:
    """The task of a child process: a file, and whether to report what was read."""

    path: Path
    tells: bool = True


def ours(reading: Reading) -> Measured:
    """Verify, index, and parse each person."""
    return _measured(reading, lambda path: _count(_persons(path)), lambda path: map(_told, _persons(path)))


def floor(reading: Reading) -> Measured:
    """Cut blocks at the line ends, and nothing else."""
    return _measured(reading, lambda path: _count(_lines(path)), _told_of_lines)


def naive(reading: Reading) -> Measured:
    """Make a dictionary of stripped strings for each record, collected by number."""
    return _measured(reading, lambda path: len(_gathered(path)), _told_of_dictionaries)


Ways: TypeAlias = "Mapping[str, Callable[[Reading], Measured]]"
#: Runs a way: in its own process, or in this one if memory and time do not matter.
Runner: TypeAlias = "Callable[[Callable[[Reading], Measured], Reading], Measured]"
WAYS: Ways = {OURS: ours, FLOOR: floor, NAIVE: naive}


def bench_extract(*, size_mb: int, rounds: int, ways: Ways = WAYS, runner: Runner = in_child) -> Figures:
    """Measure a file of `size_mb`, and compare ours' memory with that for a small file."""
    with TemporaryDirectory(prefix="cprsync-bench-") as folder:
        large, small = Path(folder) / "large", Path(folder) / "small"
        persons = _write(large, size_mb)
        _write(small, SMALL_MB)
        size = {"bytes": large.stat().st_size, "persons": persons}
        figures = Figures("extract", None, size)
        for number in range(rounds):
            with_naive = number == 0 and size_mb <= NAIVE_MOST_MB
            measured = {name: way for name, way in ways.items() if name != NAIVE or with_naive}
            figures.rounds.append({name: runner(way, Reading(large)) for name, way in measured.items()})
        least = runner(ways[OURS], Reading(small, tells=False)).peak_rss_mb
    grown = figures.peak(OURS) - least
    figures.found["memory"] = {"small_mb": SMALL_MB, "small_peak_rss_mb": round(least, 1), "grown_mb": round(grown, 1)}
    figures.goals = [Goal("memory grown from 1 MiB of file, in MB", "<=", FLAT_MB, grown)]
    return figures


def _write(path: Path, size_mb: int) -> int:
    return write_large_delivery(path, size=size_mb * MIB, seed=SEED, produced=PRODUCED, previous=PREVIOUS)


def _measured(
    reading: Reading, read: Callable[[Path], int], tell: Callable[[Path], Iterable[tuple[str, str, str]]]
) -> Measured:
    watch = Watch()
    with watch.running():
        read(reading.path)
    peak = peak_rss_mb()
    return Measured(watch.seconds, watch.cpu_seconds, peak, _digest(tell(reading.path)) if reading.tells else "")


def _digest(told: Iterable[tuple[str, str, str]]) -> str:
    """A digest over what was read about each person, in any order."""
    both = 0
    for one in told:
        both ^= int.from_bytes(hashlib.blake2b("|".join(one).encode(), digest_size=32).digest())
    return f"sha256:{hashlib.sha256(both.to_bytes(32)).hexdigest()}"


def _count(things: Iterable[object]) -> int:
    return sum(1 for _ in things)


def _persons(path: Path) -> Iterator[Person]:
    reader = ExtractReader(task=TASK, hash_key=_KEY)
    with path.open("rb") as source:
        for person in reader.persons(source):
            if isinstance(person, Person):
                yield person


def _told(person: Person) -> tuple[str, str, str]:
    name = person.name.addressing if isinstance(person.name, Name) else ""
    return person.number.digits, person.status.value if isinstance(person.status, Status) else "", name


def _lines(path: Path) -> Iterator[bytes]:
    rest = b""
    with path.open("rb") as source:
        while block := source.read(BLOCK_BYTES):
            *lines, rest = (rest + block).split(b"\n")
            yield from lines


def _told_of_lines(path: Path) -> Iterator[tuple[str, str, str]]:
    status, name, sealed = {}, {}, set()
    for line in _lines(path):
        text = line.decode(_ENCODING)
        if line.startswith(b"001"):
            status[text[_NUMBER]] = text[_STATUS]
        elif line.startswith(b"008"):
            name[text[_NUMBER]] = text[_NAME].strip()
        elif line.startswith(b"004") and text[_KIND_OF_PROTECTION] == _SEALS:
            sealed.add(text[_NUMBER])
    return ((number, code, "" if number in sealed else name.get(number, "")) for number, code in status.items())


def _gathered(path: Path) -> dict[str, list[dict[str, str]]]:
    fields = _fields()
    people: dict[str, list[dict[str, str]]] = {}
    with path.open(encoding=_ENCODING) as source:
        for line in source:
            places = fields.get(line[:3], [])
            record = {name: line[start:end].strip() for name, start, end in places}
            people.setdefault(record.get("PNR", ""), []).append(record | {"type": line[:3]})
    return people


def _fields() -> dict[str, list[tuple[str, int, int]]]:
    fields: dict[str, list[tuple[str, int, int]]] = {}
    with schema_path("change-extract-U12170-P.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            start = int(row["start"]) - 1
            fields.setdefault(row["record"], []).append((row["field"], start, start + int(row["length"])))
    return fields


def _told_of_dictionaries(path: Path) -> Iterator[tuple[str, str, str]]:
    for number, records in _gathered(path).items():
        main = next((record for record in records if record["type"] == "001"), None)
        if main is not None:
            name = next((record["ADRNVN"] for record in records if record["type"] == "008"), "")
            sealed = any(record.get("BESKYTTYPE") == _SEALS for record in records)
            yield number, main["STATUS"], "" if sealed else name
