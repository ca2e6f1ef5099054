"""Writes deliveries of invented people with the mock's own writer, of any size, with part of it in memory at a time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from bench.people import people
from cprsync.mock.town.delivery import ENCODING, Event, Head, build_extract

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from cprsync.mock.town.people import TownPerson

TASK = "123456"
#: Persons written at a time.
SHARE = 2_000
_STAMP = "202703220900"


def write_delivery(
    path: Path,
    delivered: Iterable[tuple[TownPerson, str]],
    *,
    produced: date,
    previous: date,
    stop_at: int | None = None,
) -> int:
    """Write a delivery of persons, each with an event code. Return how many persons it holds.

    Args:
        path: the file to write.
        delivered: the persons, and what happened to them.
        produced: its production date.
        previous: the production date of the delivery before it.
        stop_at: end when the file has this many bytes.
    """
    head = Head(TASK, produced, previous)
    records, persons = 0, 0
    addresses: list[bytes] = []
    waiting = iter(delivered)
    with path.open("wb") as file:
        file.write(_written(head, [])[0])
        while share := list(islice(waiting, SHARE)):
            lines = _written(head, share)[1:-1]
            addresses += (line for line in lines if line.startswith(b"003"))
            file.writelines(line for line in lines if not line.startswith(b"003"))
            records, persons = records + len(lines), persons + len(share)
            if stop_at is not None and file.tell() + sum(map(len, addresses[-SHARE:])) * persons // SHARE >= stop_at:
                break
        # as the register does it: all addresses in one block at the end, sorted by address
        addresses.sort(key=_by_address)
        file.writelines(addresses)
        file.write(f"999{'9' * 10}{records:08}\n".encode(ENCODING))
    return persons


def write_large_delivery(path: Path, *, size: int, seed: int, produced: date, previous: date) -> int:
    """Write a delivery of at least `size` bytes, of people who moved. Return how many."""
    delivered = ((person, "A01") for person in people(seed=seed))
    return write_delivery(path, delivered, produced=produced, previous=previous, stop_at=size)


def shares(persons: Iterable[TownPerson], size: int = SHARE) -> Iterator[list[TownPerson]]:
    """Cut into lists of at most `size`."""
    waiting = iter(persons)
    while share := list(islice(waiting, size)):
        yield share


def _by_address(line: bytes) -> tuple[bytes, bytes]:
    return line[207:229], line[3:13]


def _written(head: Head, share: list[tuple[TownPerson, str]]) -> list[bytes]:
    """The lines of a delivery of these persons, including the first and the last."""
    events = [(person, (Event(_STAMP, code),)) for person, code in share]
    # nobody here is related or has a changed number, so the writer needs no other people
    return build_extract(head, events, people={}, framing="lines").splitlines(keepends=True)
