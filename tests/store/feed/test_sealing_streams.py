"""Sealing a stream: other writers get through meanwhile, and what breaks off leaves nothing that a next run keeps."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select
from store_people import AGENCY, AGREEMENT

from cprsync.errors import DeliveryRefused, FenceLost
from cprsync.store.feed.inbox import CHUNK_BYTES
from cprsync.store.sql import SqlStore
from cprsync.store.tables import inbox, inbox_chunk

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine
    from store_people import StoppedClock

    from cprsync.store.seals.keys import Keyring

#: More than is written at once, so that some of it is committed before the stream ends.
CONTENT = bytes(range(256)) * 20_000
CHUNKS = -(-len(CONTENT) // CHUNK_BYTES)
NAME = "D270301.L123456"


class Killed(BaseException):
    """The process died here: nothing is caught and nothing cleaned up."""


class Stream(io.RawIOBase):
    """A stream over the network: read once, in pieces of 64 KiB; something happens before a piece comes."""

    def __init__(self, content: bytes, before: Callable[[int], object] = lambda _: None) -> None:
        super().__init__()
        self._content = io.BytesIO(content)
        self._before = before

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._before(self._content.tell())
        part = self._content.read(min(len(buffer), 64 * 1024))
        buffer[: len(part)] = part
        return len(part)


def stream(content: bytes = CONTENT, before: Callable[[int], object] = lambda _: None) -> io.BufferedReader:
    return io.BufferedReader(Stream(content, before))


def at_the_end(act: Callable[[], object]) -> Callable[[int], object]:
    return lambda place: act() if place == len(CONTENT) else None


def killed() -> None:
    raise Killed


@pytest.fixture
def other(engine: Engine, keyring: Keyring, clock: StoppedClock) -> SqlStore:
    """Another program at the same store."""
    return SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock)


def rows(engine: Engine) -> tuple[int, int]:
    """How many deliveries and sealed chunks there are, half or whole."""
    with engine.connect() as connection:
        counts = [connection.scalar(select(func.count()).select_from(one)) for one in (inbox, inbox_chunk)]
    return counts[0] or 0, counts[1] or 0


def test_a_stream_is_sealed_as_it_came(store: SqlStore) -> None:
    delivery = store.sealing.seal(NAME, stream())
    assert (delivery.sha256, delivery.size) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert store.inbox.content(delivery).read() == CONTENT
    assert store.inbox.waiting() == [delivery]


def test_another_writer_gets_through_before_each_piece_of_a_slow_stream(store: SqlStore, other: SqlStore) -> None:
    """A write that had to wait for the stream would never end: the stream waits for it here."""
    count = iter(range(1000))
    delivery = store.sealing.seal(
        NAME, stream(before=lambda _: other.sealing.seal("other", io.BytesIO(b"%d" % next(count))))
    )
    assert next(count) > len(CONTENT) // (64 * 1024)
    assert store.inbox.content(delivery).read() == CONTENT


def test_what_is_half_sealed_is_seen_by_nobody(store: SqlStore, other: SqlStore) -> None:
    seen: list[Any] = []
    store.sealing.seal(
        NAME,
        stream(
            before=lambda _: seen.append(
                (other.inbox.waiting(), other.stopped_deliveries.copies(NAME), other.sealing.sealed_as(NAME, "m"))
            )
        ),
    )
    assert set(map(repr, seen)) == {repr(([], [], None))}


def test_a_stream_that_breaks_leaves_nothing(store: SqlStore, engine: Engine) -> None:
    def broken() -> None:
        raise ConnectionResetError

    before = store.views.everything()
    with pytest.raises(ConnectionResetError):
        store.sealing.seal(NAME, stream(before=at_the_end(broken)))
    assert (store.views.everything(), rows(engine)) == (before, (0, 0))


def test_a_file_that_goes_on_with_nothing_is_refused_where_the_nothing_begins_and_is_not_stored(
    store: SqlStore, engine: Engine
) -> None:
    """A transfer that reserved 2 GB and stopped would fill the database with zero bytes."""
    before, seen = store.views.everything(), list[int]()
    with pytest.raises(DeliveryRefused) as refused:
        store.sealing.seal(NAME, stream(CONTENT[:CHUNK_BYTES] + bytes(100 * CHUNK_BYTES), seen.append))
    assert "zero bytes" in refused.value.message
    assert seen[-1] < 4 * CHUNK_BYTES
    with pytest.raises(DeliveryRefused):
        store.sealing.seal(NAME, io.BytesIO(b"000" + bytes(3 * CHUNK_BYTES)))
    assert (store.views.everything(), rows(engine)) == (before, (0, 0))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_a_killed_program_left_is_removed_and_the_file_sealed_from_its_beginning(
    store: SqlStore, engine: Engine
) -> None:
    with pytest.raises(Killed):
        store.sealing.seal(NAME, stream(before=at_the_end(killed)))
    assert rows(engine) == (1, 128)
    assert store.inbox.waiting() == []
    delivery = store.sealing.seal(NAME, stream(), mark="m")
    store.sealing.clear_half_sealed()
    assert rows(engine) == (1, CHUNKS)
    assert store.inbox.waiting() == [delivery]
    assert store.sealing.sealed_as(NAME, "m") == delivery
    assert store.inbox.content(delivery).read() == CONTENT


def test_with_nothing_half_sealed_nothing_is_written(store: SqlStore) -> None:
    store.sealing.seal(NAME, stream())
    before = store.views.everything()
    store.sealing.clear_half_sealed()
    assert store.views.everything() == before


def test_a_program_that_was_taken_for_dead_seals_nothing_more(store: SqlStore, other: SqlStore, engine: Engine) -> None:
    with pytest.raises(FenceLost):
        store.sealing.seal(NAME, stream(before=at_the_end(other.sealing.clear_half_sealed)))
    assert rows(engine) == (0, 0)


def test_the_same_content_under_its_name_is_sealed_once_and_takes_the_newer_mark(store: SqlStore) -> None:
    first = store.sealing.seal(NAME, stream(), mark="old")
    assert store.sealing.seal(NAME, stream(), mark="new") == first
    assert (store.sealing.sealed_as(NAME, "old"), store.sealing.sealed_as(NAME, "new")) == (None, first)
    assert len(store.views.everything("inbox")["inbox"]) == 1
