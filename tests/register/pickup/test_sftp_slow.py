"""A server that answers little, late or never: each transfer has a rate floor and a ceiling, and the night ends."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ready_databases import put_empty_store
from sftp_server import NAME, Server, fetched, metadata
from slow_sftp import Manners, slow_server
from test_sftp_fetch import inbox, opened, rewrite

from cprsync.cli.night.sync import run_library_night
from cprsync.cli.setup.installation import write_folder
from cprsync.cli.terminal.logs import configure
from cprsync.config.settings import load_settings
from cprsync.errors import RegisterUnavailable
from cprsync.register.pickup.sftp import Pace, SftpFeed
from cprsync.register.pickup.sftp_session import SftpSettings
from cprsync.services.feed.intake import fetch_between_nights
from cprsync.services.ports.night import Silence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("mock")
# begins as a delivery does: a large file that does not is refused by its first block
CONTENT = b"000" + b"0" * 32 + bytes(range(256)) * 2000
#: What a machine at work on other things may add to a wait.
SLACK = 10.0


@pytest.fixture(autouse=True)
def logging_as_the_program_does() -> None:
    configure("ERROR")


@pytest.fixture
def manners() -> Manners:
    return Manners()


@pytest.fixture
def settings(tmp_path: Path, manners: Manners) -> Iterator[SftpSettings]:
    """A slow server with one delivery and its companion."""
    with slow_server(tmp_path / "slow", manners) as settings:
        put(tmp_path, CONTENT)
        yield settings


def put(tmp_path: Path, content: bytes, *, companion: bool = True) -> None:
    folder = tmp_path / "slow" / "IN"
    (folder / NAME).write_bytes(content)
    if companion:
        (folder / f"{NAME}.metadata").write_bytes(metadata(len(content)))


@contextmanager
def feeding(settings: SftpSettings, **changed: Any) -> Iterator[SftpFeed]:
    """A feed that does not sleep between two tries; it has to close too."""
    feed = SftpFeed(replace(settings, **changed), sleep=lambda _: None)
    try:
        yield feed
    finally:
        feed.close()


def give_up(settings: SftpSettings, within: float, use: Callable[[SftpFeed], object] = fetched, **changed: Any) -> str:
    """The kind of what it is given up with, within so many seconds, the goodbye among them."""
    began = time.monotonic()
    with pytest.raises(RegisterUnavailable) as late, feeding(settings, **changed) as feed:
        use(feed)
    assert time.monotonic() - began < within + SLACK
    return late.value.kind


def listed(feed: SftpFeed) -> object:
    return feed.waiting()


def test_a_server_in_good_manners_is_fetched_from(settings: SftpSettings) -> None:
    with feeding(settings) as feed:
        assert fetched(feed) == {NAME: CONTENT}


def test_a_file_that_comes_byte_by_byte_is_given_up_at_the_rate_floor(settings: SftpSettings, manners: Manners) -> None:
    """Each answer comes in time: without a floor the file would take hours."""
    with feeding(settings, floor_seconds=0.5, floor_bytes_per_second=5000) as feed:
        (file,) = feed.waiting()
        manners.most_bytes, manners.read_seconds = 1, 0.05
        began = time.monotonic()
        with pytest.raises(RegisterUnavailable) as slow, file.open() as content:
            content.read()
        assert (slow.value.kind, time.monotonic() - began < 0.5 + SLACK) == ("sftp.too_slow", True)
        manners.most_bytes, manners.read_seconds = None, 0.0
        assert fetched(feed) == {NAME: CONTENT}, "a new connection may be quicker"


def test_a_file_that_is_quick_enough_is_read_to_its_end_however_often_it_is_measured(
    settings: SftpSettings, manners: Manners
) -> None:
    manners.most_bytes, manners.read_seconds = 16 * 1024, 0.01
    with feeding(settings, floor_seconds=0.02, floor_bytes_per_second=1000) as feed:
        assert fetched(feed) == {NAME: CONTENT}


@pytest.mark.parametrize("companion", [True, False])
def test_what_is_slow_but_above_the_floor_ends_at_the_ceiling_of_the_whole(
    settings: SftpSettings, manners: Manners, tmp_path: Path, *, companion: bool
) -> None:
    put(tmp_path, CONTENT)
    if not companion:
        (tmp_path / "slow" / "IN" / f"{NAME}.metadata").unlink()
    manners.most_bytes, manners.read_seconds = 100, 0.1
    kind = give_up(settings, 1.5, floor_bytes_per_second=1, total_seconds=1.5, settle_seconds=0.0, metadata_minutes=0)
    assert kind == "sftp.too_long"


@pytest.mark.parametrize(("stall", "total", "kind"), [(0.5, 60.0, "sftp.broken"), (60.0, 0.5, "sftp.too_long")])
def test_a_listing_that_does_not_end_is_given_up(
    settings: SftpSettings, manners: Manners, stall: float, total: float, kind: str
) -> None:
    """Its handle would be closed first, which takes as long again."""
    manners.name_seconds = 5.0
    assert give_up(settings, 0.5, listed, stall_seconds=stall, total_seconds=total, reconnects=0) == kind


def test_a_server_that_neither_answers_nor_closes_a_handle_is_cut_off(settings: SftpSettings, manners: Manners) -> None:
    manners.hangs = True
    assert give_up(settings, 0.5, stall_seconds=0.5, reconnects=0) == "sftp.broken"


def test_a_server_that_hangs_each_time_is_tried_for_no_longer_than_the_whole_may_take(
    settings: SftpSettings, manners: Manners
) -> None:
    manners.hangs = True
    assert give_up(settings, 2.0, stall_seconds=0.6, total_seconds=2.0, reconnects=1000) == "sftp.too_long"
    assert 2 <= manners.reads <= 8


def test_a_wait_between_two_tries_is_no_longer_than_what_is_left(settings: SftpSettings) -> None:
    slept: list[float] = []
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        feed = SftpFeed(replace(settings, port=closed.getsockname()[1], total_seconds=1.0), sleep=slept.append)
        with pytest.raises(RegisterUnavailable):
            feed.waiting()
        feed.close()
    assert len(slept) == settings.reconnects
    assert max(slept) <= 1.0


@pytest.mark.parametrize("says", [b"", b"SSH-2.0-slow\r\n", b"SSH"], ids=["nothing", "its name", "a part of its name"])
def test_a_handshake_that_hangs_is_given_up(settings: SftpSettings, says: bytes) -> None:
    with _greeting(says) as port:
        kind = give_up(settings, 1.0, listed, port=port, connect_seconds=0.5, reconnects=0)
    assert kind == "sftp.unreachable"


@contextmanager
def _greeting(says: bytes) -> Iterator[int]:
    """A server that says something, and then nothing more."""
    held: list[socket.socket] = []

    def greet() -> None:
        with suppress(OSError):
            while True:
                connection, _ = silent.accept()
                held.append(connection)
                connection.sendall(says)

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        threading.Thread(target=greet, daemon=True).start()
        yield silent.getsockname()[1]
        silent.shutdown(socket.SHUT_RDWR)
    for connection in held:
        connection.close()


def test_the_pace_counts_what_was_waited_for_and_begins_anew_after_each_measure() -> None:
    settings = SftpSettings("h", "u", None, None, floor_bytes_per_second=10, floor_seconds=60)  # type: ignore[arg-type]  # no file is read
    pace = Pace(settings)
    pace.check(1, 59.0)
    pace.check(599, 1.0)
    pace.check(0, 59.0)
    with pytest.raises(RegisterUnavailable) as slow:
        pace.check(599, 1.0)
    assert slow.value.kind == "sftp.too_slow"
    assert "slowly than 10 bytes a second" in slow.value.message


# -- a night ---------------------------------------------------------------------------------------------------


@pytest.fixture
def config(server: Server, tmp_path: Path, settings: SftpSettings) -> Path:
    """A library set up against the mock, whose deliveries lie on the slow server."""
    folder = tmp_path / "library"
    write_folder(folder, mock=server.folder.parent / "ready.json")
    config = folder / "cprsync.toml"
    rewrite(config, r"^port = .*?$", f"port = {settings.port}")
    rewrite(config, r"^host = .*?$", 'host = "127.0.0.1"')
    rewrite(config, r'^user = "bib[^\n]*$(?=\n# Our private)', 'user = "bib"')
    rewrite(config, r"^key = .*?$", f'key = "{settings.key}"')
    rewrite(config, r"^known_hosts = .*?$", f'known_hosts = "{settings.known_hosts}"')
    rewrite(config, r"^floor_seconds = 60$", "floor_seconds = 3")
    put_empty_store(config.parent / "cprsync.db")
    return config


def lived(config: Path) -> dict[str, Any]:
    return run_library_night(load_settings(config), None, as_json=True)


def test_a_night_ends_at_a_server_that_sends_a_byte_every_two_seconds_and_the_next_one_is_whole(
    config: Path, manners: Manners, tmp_path: Path, server: Server
) -> None:
    (tmp_path / "slow" / "IN" / f"{NAME}.metadata").unlink()
    os.utime(tmp_path / "slow" / "IN" / NAME, (1, 1))
    manners.most_bytes, manners.read_seconds = 1, 2.0
    began = time.monotonic()
    night = lived(config)
    # two seconds to see that the file has stopped growing, and four answers of two seconds, one after the other
    assert time.monotonic() - began < 10 + 4 * SLACK
    assert (night["exit"], night["error"]["kind"]) == (4, "sftp.too_slow")
    assert night["error"]["message"] == "a delivery comes more slowly than 1024 bytes a second"
    assert night["error"]["da"]["message"] == "en leverance kommer langsommere end 1024 byte i sekundet"
    assert "`floor_bytes_per_second` in [library.feed]" in night["error"]["next"]
    assert inbox(config) == (0, 0), "nothing half is kept"
    with opened(config) as store, store.runs.lock():
        pass
    manners.most_bytes, manners.read_seconds = None, 0.0
    with opened(config) as store, feeding(feed_settings(config)) as feed:
        assert [one.name for one in fetch_between_nights(store, feed, Silence()).new] == [NAME]


def feed_settings(config: Path) -> SftpSettings:
    from cprsync.wiring.counterparts import sftp_settings

    return sftp_settings(load_settings(config).library[0].feed)
