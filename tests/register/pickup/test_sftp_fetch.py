"""`feed fetch`, and the settings that choose between SFTP and a folder: sealed whole or not at all, and said truly."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from ready_databases import put_empty_store
from sftp_server import NAME, Server, metadata
from sqlalchemy import text

from cprsync.cli.feed.deliveries import feed_fetch
from cprsync.cli.night.sync import run_library_night
from cprsync.cli.setup.installation import write_folder
from cprsync.cli.terminal.logs import configure
from cprsync.config.clock import SystemClock
from cprsync.config.settings import load_settings
from cprsync.errors import ConfigurationError, RegisterUnavailable, RunBusy
from cprsync.mock import control
from cprsync.register.extract.reader import ExtractReader
from cprsync.register.pickup.arrivals import FolderFeed
from cprsync.register.pickup.sftp import SftpFeed
from cprsync.services.feed.intake import fetch_between_nights
from cprsync.services.ports.night import Silence
from cprsync.wiring.counterparts import sftp_settings
from cprsync.wiring.site import Site, site_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.store.sql import SqlStore

pytestmark = pytest.mark.xdist_group("mock")

# begins as a delivery does: a large file that does not is refused by its first block
CONTENT = b"000" + b"0" * 32 + bytes(range(256)) * 2000
SILENCE = Silence()


@pytest.fixture(autouse=True)
def logging_as_the_program_does() -> None:
    configure("WARNING")


@pytest.fixture
def config(server: Server, tmp_path: Path) -> Path:
    """A library set up against the mock by `init --mock`, with an empty store."""
    folder = tmp_path / "library"
    write_folder(folder, mock=server.folder.parent / "ready.json")
    put_empty_store(folder / "cprsync.db")
    return folder / "cprsync.toml"


def rewrite(config: Path, pattern: str, new: str) -> None:
    changed, count = re.subn(pattern, new, config.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert count == 1, pattern
    config.write_text(changed, encoding="utf-8")


@contextmanager
def opened(config: Path) -> Iterator[SqlStore]:
    settings = load_settings(config)
    with Site(settings, settings.library[0], SystemClock().today()).store() as store:
        yield store


def inbox(config: Path) -> tuple[int, int]:
    """How many deliveries and sealed chunks there are, half or whole."""
    from cprsync.store.core.engine import open_engine

    engine = open_engine(load_settings(config).store.url)
    try:
        with engine.connect() as connection:
            rows = [connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in ("inbox", "inbox_chunk")]  # noqa: S608 -- names of its own
    finally:
        engine.dispose()
    return rows[0] or 0, rows[1] or 0


def fetched(config: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = feed_fetch(config=config, lang="da", as_json=True)
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, document


# -- the command --------------------------------------------------------------------------------------------


def test_what_waits_is_sealed_and_named_and_the_second_time_it_is_there_already(
    server: Server, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.put(CONTENT)
    server.put(b"half", "D270302.L123456", announced=5)
    row = {"file": NAME, "sha256": hashlib.sha256(CONTENT).hexdigest(), "size": len(CONTENT)}
    assert fetched(config, capsys) == (0, {"fetched": [row], "kept": 0})
    sealed = inbox(config)
    assert fetched(config, capsys) == (0, {"fetched": [], "kept": 1})
    assert inbox(config) == sealed
    with opened(config) as store:
        (delivery,) = store.inbox.waiting()
        assert store.inbox.content(delivery).read() == CONTENT


def test_it_is_said_on_a_terminal_too(server: Server, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.put(CONTENT)
    assert feed_fetch(config=config, lang="da", as_json=False) == 0
    told = capsys.readouterr().out
    assert NAME in told
    assert "1 forseglet i indbakken, 0 var der allerede" in told


def test_a_file_is_deleted_from_the_server_only_if_so_set_and_once_it_is_sealed(
    server: Server, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(config, '^after = "keep"$', 'after = "delete"')
    server.put(CONTENT)
    assert fetched(config, capsys)[0] == 0
    assert server.names() == set()
    with opened(config) as store:
        (delivery,) = store.inbox.waiting()
        assert store.inbox.content(delivery).read() == CONTENT


def test_the_next_night_reads_what_was_fetched(
    server: Server, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (name,) = control.night(server.ready)["files"]
    assert [row["file"] for row in fetched(config, capsys)[1]["fetched"]] == [name]
    for path in server.folder.iterdir():
        path.unlink()
    document = run_library_night(load_settings(config), None, as_json=True)
    assert [(line["file"], line["outcome"]) for line in document["deliveries"]] == [(name, "applied")]


def test_a_night_without_the_server_applies_what_is_in_the_inbox_and_says_so(
    server: Server, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (name,) = control.night(server.ready)["files"]
    assert fetched(config, capsys)[0] == 0
    server.fault("sftp-refuse")
    document = run_library_night(load_settings(config), None, as_json=True)
    assert [(line["file"], line["outcome"]) for line in document["deliveries"]] == [(name, "applied")]
    assert (document["exit"], document["error"]["kind"]) == (2, "sftp.refused")


def test_a_wrong_host_key_ends_with_what_to_do(
    server: Server, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.put(CONTENT)
    (tmp_path / "known_hosts").touch()
    rewrite(config, r"^known_hosts = .*?$", f'known_hosts = "{tmp_path}/known_hosts"')
    code, document = fetched(config, capsys)
    assert (code, document["fetched"], document["error"]["kind"]) == (2, [], "sftp.host_key")
    assert document["error"]["changed"] == "nothing"
    assert "known_hosts" in document["error"]["next"]
    assert inbox(config) == (0, 0)


def test_a_wrong_folder_ends_with_what_to_do(server: Server, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.put(CONTENT)
    rewrite(config, '^folder = "IN"$', 'folder = "OUT"')
    with pytest.raises(SystemExit) as ended:
        feed_fetch(config=config, lang="da", as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert (ended.value.code, document["error"]["kind"], document["error"]["changed"]) == (2, "sftp.folder", "nothing")
    assert inbox(config) == (0, 0)


# -- sealed whole or not at all -------------------------------------------------------------------------------


def test_a_transfer_that_breaks_for_good_leaves_nothing_half_sealed_or_deleted(server: Server, config: Path) -> None:
    server.put(CONTENT)
    before = server.names()
    server.fault("sftp-cut", times=2)
    with opened(config) as store:
        result = fetch_between_nights(store, server.feed(after="delete", reconnects=1), SILENCE)
    assert isinstance(result.left, RegisterUnavailable)
    assert result.left.kind == "sftp.broken"
    assert (result.new, inbox(config), server.names()) == ([], (0, 0), before)


@pytest.mark.parametrize("nothing", [b"\x00", b" ", b"\r\n"])
def test_a_large_file_of_nothing_is_refused_by_its_first_block_and_never_sealed(
    server: Server, config: Path, nothing: bytes
) -> None:
    """Sealing two gigabytes takes more than a minute, each night."""
    large = server.put(nothing * (100 * 1024))
    (server.folder / "D270302.L123456").write_bytes(nothing * 100)
    reader = ExtractReader(task="123456", hash_key=b"a key for the tests, 32 bytes lo")
    with opened(config) as store:
        for feed in (server.feed(), FolderFeed(server.folder, after="keep", metadata_minutes=0)):
            result = fetch_between_nights(store, feed, SILENCE, reader=reader)
            assert [(name, error.kind) for name, error in result.refused] == [(large.name, "delivery.empty")]
    assert inbox(config) == (1, 1), "the small one"


def test_what_was_sealed_before_a_break_stays_and_the_rest_comes_the_next_time(server: Server, config: Path) -> None:
    server.put(b"first")
    server.put(CONTENT, "D270302.L123456")
    with opened(config) as store:
        refused = fetch_between_nights(store, server.feed(file_max_bytes=100), SILENCE)
        assert [delivery.name for delivery in refused.new] == [NAME]
        assert [(name, error.kind) for name, error in refused.refused] == [("D270302.L123456", "delivery.too_large")]
        assert inbox(config)[0] == 1
        after = fetch_between_nights(store, server.feed(), SILENCE)
        assert [delivery.name for delivery in after.new] == ["D270302.L123456"]
        assert [delivery.name for delivery in after.known] == [NAME]


def test_a_file_that_changes_while_it_is_read_is_left_and_the_others_are_fetched(server: Server, config: Path) -> None:
    first = server.put(CONTENT)
    server.put(b"second", "D270302.L123456")
    server.fault("sftp-cut")

    def meanwhile(_seconds: float) -> None:
        first.write_bytes(CONTENT + b"more")

    with opened(config) as store:
        result = fetch_between_nights(store, server.feed(sleep=meanwhile), SILENCE)
    assert [delivery.name for delivery in result.new] == ["D270302.L123456"]
    assert result.left is not None
    assert result.left.kind == "delivery.unfinished"
    assert inbox(config) == (1, 1)


def test_a_night_at_work_is_not_disturbed(server: Server, config: Path) -> None:
    server.put(CONTENT)
    with opened(config) as working, working.runs.lock(), opened(config) as store, pytest.raises(RunBusy):
        fetch_between_nights(store, server.feed(), SILENCE)
    assert inbox(config) == (0, 0)


# -- the settings ---------------------------------------------------------------------------------------------


def test_init_writes_the_mocks_sftp_settings_with_absolute_paths(server: Server, config: Path) -> None:
    site = site_of(load_settings(config), None)
    assert sftp_settings(site.section.feed) == server.settings
    with site.counterparts.feed() as feed:
        assert isinstance(feed, SftpFeed)


def test_a_folder_can_be_set_instead(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(config, '^host = .*?^folder = "IN"$', 'path = "IN"')
    inbox = config.parent / "IN"
    inbox.mkdir()
    (inbox / NAME).write_bytes(b"0001")
    (inbox / f"{NAME}.metadata").write_bytes(metadata(4))
    with site_of(load_settings(config), None).counterparts.feed() as feed:
        assert isinstance(feed, FolderFeed)
    assert [row["file"] for row in fetched(config, capsys)[1]["fetched"]] == [NAME]


def test_relative_keys_are_meant_from_the_files_own_folder(config: Path) -> None:
    rewrite(config, "^key = .*?$", 'key = "sftp/key"')
    rewrite(config, "^known_hosts = .*?$", 'known_hosts = "sftp/known_hosts"')
    feed = load_settings(config).library[0].feed
    assert (feed.key, feed.known_hosts) == (config.parent / "sftp/key", config.parent / "sftp/known_hosts")


@pytest.mark.parametrize(
    ("pattern", "new", "named"),
    [
        ("^host = .*?$", 'path = "IN"', "belong to host"),
        ("^host = .*?$", "", "either path or host"),
        ("^folder = .*?$", 'path = "IN"', "either path or host"),
        (r'^user = "bib[^\n]*$(?=\n# Our private)', "", "needs user, key and known_hosts"),
        ("^key = .*?$", "", "needs user, key and known_hosts"),
        ("^known_hosts = .*?$", "", "needs user, key and known_hosts"),
        ("^port = .*?$", "port = 65536", '(demo)", feed.port: '),
        ("^host = .*?$", 'host = "sftp://example"', '(demo)", feed.host: '),
        ("^folder = .*?$", 'folder = ""', '(demo)", feed.folder: '),
        ("^after = .*?$", 'after = "archive"', '(demo)", feed.after: '),
    ],
)
def test_a_wrong_or_missing_setting_is_named(config: Path, pattern: str, new: str, named: str) -> None:
    rewrite(config, pattern, new)
    with pytest.raises(ConfigurationError) as refused:
        load_settings(config)
    assert named in refused.value.message


def test_an_older_mocks_ready_document_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ready.json").write_text('{"ready": true, "sftp": null}', encoding="ascii")
    with pytest.raises(ConfigurationError, match="start it again"):
        write_folder(tmp_path / "library", mock=tmp_path / "ready.json")
    assert not (tmp_path / "library").exists()


def test_init_without_a_mock_leaves_places_to_fill_in(tmp_path: Path) -> None:
    write_folder(tmp_path, mock=None)
    feed = load_settings(tmp_path / "cprsync.toml").library[0].feed
    assert (feed.path, feed.port, feed.key) == (None, 22, tmp_path / "sftp/key")
