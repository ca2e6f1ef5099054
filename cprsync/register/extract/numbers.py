"""Finds the numbers that a change extract reports as replaced, and their replacements. Reads only records 001."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import REPLACED
from cprsync.register.extract.framing import EncodingWatch, blocks_of, framing_of, records_of
from cprsync.register.extract.layout import NUMBER, TYPE
from cprsync.services.ports.values import Links

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.register.extract.layout import Layout

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
