"""Files that stay on the server: downloaded once, unless they were replaced; and a slow download is in nobody's way."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pytest
from sftp_server import NAME, Server, metadata

from cprsync.config.clock import SystemClock
from cprsync.services.feed.intake import fetch_between_nights
from cprsync.services.ports.night import Silence
from cprsync.store.core.engine import open_engine
from cprsync.store.feed.inbox import CHUNK_BYTES
from cprsync.store.seals.keys import Keyring
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from cprsync.register.pickup.sftp import SftpFeed
    from cprsync.services.ports.deliveries import WaitingFile

pytestmark = pytest.mark.xdist_group("mock")

CONTENT = b"the first content of this file"
OTHER = b"some other content, as long   "
YESTERDAY = int(time.time()) - 24 * 60 * 60


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Iterator[SqlStore]:
    shutil.copytree(empty_store, tmp_path, dirs_exist_ok=True)
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    yield SqlStore(engine, agency="775100", agreement="a", keyring=Keyring.load(tmp_path / "keys"), clock=SystemClock())
    engine.dispose()


class Watched:
    """A feed whose files say when they are opened."""

    def __init__(self, server: Server, **changed: Any) -> None:
        self.feed = server.feed(**changed)
        self.opened: list[str] = []

    def waiting(self) -> list[WaitingFile]:
        return [WatchedFile(file, self.opened) for file in self.feed.waiting()]

    def unfinished(self) -> list[str]:
        return self.feed.unfinished()


class WatchedFile:
    def __init__(self, file: WaitingFile, opened: list[str]) -> None:
        self.file, self.opened = file, opened

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def mark(self) -> str | None:
        return self.file.mark

    @property
    def is_announced(self) -> bool:
        return self.file.is_announced

    def open(self) -> BinaryIO:
        self.opened.append(self.name)
        return self.file.open()

    def done(self) -> None:
        self.file.done()


def put(server: Server, content: bytes = CONTENT, name: str = NAME, *, at: int = YESTERDAY) -> Path:
    """Put a file that has lain there for a while."""
    path = server.put(content, name)
    os.utime(path, (at, at))
    return path


def night(server: Server, store: SqlStore, **changed: Any) -> tuple[list[str], list[str], list[str]]:
    """Fetch once: the names that were downloaded, those sealed anew, and those known."""
    feed = Watched(server, **changed)
    fetched = fetch_between_nights(store, feed, Silence())
    return feed.opened, [one.name for one in fetched.new], [one.name for one in fetched.known]


def test_a_kept_file_is_downloaded_once_and_the_new_one_beside_it_too(server: Server, store: SqlStore) -> None:
    put(server)
    assert night(server, store) == ([NAME], [NAME], [])
    sealed = store.views.everything()
    assert night(server, store) == ([], [], [NAME])
    assert store.views.everything() == sealed
    put(server, OTHER, "D270302.L123456")
    assert night(server, store) == (["D270302.L123456"], ["D270302.L123456"], [NAME])


def test_a_file_that_was_replaced_under_its_name_and_size_is_sealed_beside_the_first(
    server: Server, store: SqlStore
) -> None:
    put(server)
    night(server, store)
    put(server, OTHER, at=YESTERDAY + 1)
    assert night(server, store) == ([NAME], [NAME], [])
    contents = {store.inbox.content(one).read() for one in store.inbox.waiting()}
    assert contents == {CONTENT, OTHER}
    assert night(server, store) == ([], [], [NAME])


def test_a_replacement_of_the_same_size_and_time_is_noticed_by_its_companion(server: Server, store: SqlStore) -> None:
    path = put(server)
    night(server, store)
    put(server, OTHER)
    path.with_name(f"{NAME}.metadata").write_bytes(metadata(len(OTHER)) + b"<!-- another transfer -->")
    assert night(server, store) == ([NAME], [NAME], [])


def test_a_file_that_was_only_touched_is_downloaded_once_more_and_then_no_more(server: Server, store: SqlStore) -> None:
    put(server)
    night(server, store)
    put(server, at=YESTERDAY + 1)
    assert night(server, store) == ([NAME], [], [NAME])
    assert night(server, store) == ([], [], [NAME])
    assert len(store.inbox.waiting()) == 1


def test_a_file_of_this_minute_may_change_within_the_second_and_is_read_again(server: Server, store: SqlStore) -> None:
    path = put(server, at=int(time.time()))
    night(server, store)
    put(server, OTHER, at=int(path.stat().st_mtime))
    assert night(server, store) == ([NAME], [NAME], [])


def test_a_file_that_is_to_be_deleted_is_read_again_before_it_goes(server: Server, store: SqlStore) -> None:
    put(server)
    night(server, store)
    assert night(server, store, after="delete") == ([NAME], [], [NAME])
    assert server.names() == set()


class OpenToOthers:
    """A feed that has another program write to the store before each wait for the server, and notes what it saw."""

    def __init__(self, feed: SftpFeed, store_file: Path) -> None:
        self.feed, self.store_file = feed, store_file
        self.seen: list[tuple[str, list[tuple[str]]]] = []

    def waiting(self) -> list[WaitingFile]:
        self.write("list")
        return [OpenFile(file, self) for file in self.feed.waiting()]

    def unfinished(self) -> list[str]:
        return self.feed.unfinished()

    def write(self, moment: str) -> None:
        # the night stands still meanwhile: what it has locked now it would keep for as long as the server takes
        with closing(sqlite3.connect(self.store_file, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.seen.append((moment, other.execute("SELECT state FROM inbox").fetchall()))
            other.execute("ROLLBACK")


class OpenFile(WatchedFile):
    def __init__(self, file: WaitingFile, watcher: OpenToOthers) -> None:
        super().__init__(file, [])
        self.watcher = watcher

    def open(self) -> BinaryIO:
        self.watcher.write("open")
        return cast("BinaryIO", OpenContent(self.file.open(), self.watcher))

    def done(self) -> None:
        self.watcher.write("done")
        super().done()


class OpenContent:
    def __init__(self, content: BinaryIO, watcher: OpenToOthers) -> None:
        self.content, self.watcher = content, watcher

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.content.close()

    def seekable(self) -> bool:
        return self.content.seekable()

    def read(self, size: int = -1) -> bytes:
        self.watcher.write("read")
        return self.content.read(size)


def test_another_writer_gets_through_at_each_wait_for_the_server(
    server: Server, store: SqlStore, tmp_path: Path
) -> None:
    put(server, b"0" * (70 * CHUNK_BYTES))  # more than are written at once
    feed = OpenToOthers(server.feed(), tmp_path / "store.db")
    fetch_between_nights(store, feed, Silence())
    assert [one.name for one in store.inbox.waiting()] == [NAME]
    assert feed.seen[:2] == [("list", []), ("open", [])]
    assert feed.seen[-1] == ("done", [("sealed",)])
    reads = feed.seen[2:-1]
    assert len(reads) > 70
    assert all(one == ("read", [("receiving",)]) for one in reads)
