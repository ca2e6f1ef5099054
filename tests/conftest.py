"""What holds for every test, and what is made once in a worker of pytest because making it takes long."""

from __future__ import annotations

import fcntl
import gc
import json
import logging
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import compiled_once  # noqa: F401 -- for what it does
import keys_once  # noqa: F401 -- for what it does
import pytest
import rooms  # noqa: F401 -- for what it does
import structlog
from _pytest.nodeid import NodeId
from hypothesis import given, settings
from hypothesis.strategies import none
from one_database import leave_out
from xdist.scheduler import LoadGroupScheduling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.remote import Producer

    from cprsync.mock.certs import DevCertificates

# Half of what it takes to collect the tests is rewriting their assertions. That is kept for the next process, even if
# the machine says that Python keeps nothing. What a test starts does as the machine says.
sys.dont_write_bytecode = False

# Python looks for garbage in circles after each 700 new objects, in a process that holds a million for good: that took
# a tenth of the time. The program itself has it look as seldom (`limit_gc`).
gc.set_threshold(50_000, 20, 20)

# Ubuntu lets a user's group write to what they make, and the program refuses settings that others may change.
os.umask(0o022)

# An example is judged by what it shows, never by how long it took (performance is measured in the benchmarks):
# a machine at work on other things makes no test red.
settings.register_profile("cprsync", deadline=None)
settings.load_profile("cprsync")

#: So many workers have ports for their mocks that no other one has.
WORKERS_MOST = 16

# A store waits for the disk at each commit, and the tests commit hundreds of thousands of times: their folders are in
# memory where there is room. Nothing is proved by the wait, which keeps a commit through a loss of power.
MEMORY = Path("/dev/shm")  # noqa: S108 -- pytest makes a folder of the user's own in it, as it does in /tmp
ROOM_BYTES = 2 * 1024**3
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # without workers, a plugin has asked for it before


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--one-database",
        action="store_true",
        help="live each use case on one of the two databases, always the same, unless it is marked `both_databases`",
    )


#: The longest tests begin first, so that no worker is still at one of them when the others have nothing left.
LONG = ("tests/sweeps/", "tests/model/", "tests/bench/", "tests/web/test_supervising.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest tests first, and name each group's worker.

    pytest-xdist names it in an attribute (`_nodeid`) that this pytest no longer reads: the tests of a group would be
    spread over the workers, and each worker would make again what the group shares.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
    if config.getoption("one_database"):
        items[:] = leave_out(items)
    if getattr(config.option, "loadgroup", False):
        for item in items:
            group = item.get_closest_marker("xdist_group")
            if group is not None and not item.nodeid.endswith(f"@{group.args[0]}"):
                item._id = NodeId.parse(f"{item.nodeid}@{group.args[0]}")


class ByFile(LoadGroupScheduling):
    """Gives a worker all tests of a group, or of a file: what a file's tests share is made once.

    pytest-xdist would give out each test by itself. Each worker would make what a file shares, and the parent would
    count all that is done again after each of nine thousand tests.
    """

    def _split_scope(self, nodeid: str) -> str:
        group_or_test: str = super()._split_scope(nodeid)
        return group_or_test.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


def pytest_collection_finish() -> None:
    """Tell the garbage collector that what is loaded by now stays: it would look through all of it, again and again.

    Hypothesis asks the collector, once, who holds its random numbers. It has done so before: on Python 3.14 the one who
    holds them is among what stays, where the collector does not look.
    """
    given(none())(lambda _: None)()
    gc.collect()
    gc.freeze()
    part_ports()


def part_ports() -> None:
    """Let each worker's mocks take ports of their own.

    A mock that is started again has its port again. One of another worker could have taken it meanwhile.
    """
    if (mock := sys.modules.get("cprsync.mock.server")) is not None:
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        mock._FREE = mock._FREE[worker % WORKERS_MOST :: WORKERS_MOST]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """What is left goes with the process. pytest and Python would look through it a dozen times more, for seconds."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """A command that runs in the tests' process logs to the standard error of its test, which is closed after it."""
    root = logging.getLogger()
    events, lines, level = structlog.get_config(), list(root.handlers), root.level
    yield
    structlog.configure(**events)
    root.handlers = lines
    root.setLevel(level)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys and an empty store, to be copied."""
    from ready_databases import upgraded

    from cprsync.store.seals.keys import create_keys

    folder = tmp_path_factory.mktemp("empty") / "library"
    folder.mkdir()
    create_keys(folder / "keys")
    upgraded(f"sqlite:///{folder / 'store.db'}")
    return folder


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server; its url without the database."""
    from ready_databases import postgresql_server

    with postgresql_server(tmp_path_factory.mktemp("runtime")) as server:
        yield server


@pytest.fixture(scope="session")
def mock_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificates and keys of a mock's folder, to be copied: those of its authorities have the real size.

    Made by the first worker that needs them, for all workers of a run.
    """
    workers = tmp_path_factory.getbasetemp()
    folder = (workers.parent if "PYTEST_XDIST_WORKER" in os.environ else workers) / "mock-keys"
    with (folder.with_suffix(".lock")).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "sftp" / "known_hosts").exists():
            _make_mock_keys(folder)
    return folder


@pytest.fixture(scope="module")
def keys_at_hand(mock_keys: Path) -> Iterator[None]:
    """A mock in a new folder takes these keys. Making its own takes seconds, as the demo of an installed wheel does."""
    with _taking(mock_keys):
        yield


@contextmanager
def _taking(mock_keys: Path) -> Iterator[None]:
    from cprsync.mock import server

    def take(folder: Path, *, now: datetime) -> DevCertificates:
        if not folder.exists():
            shutil.copytree(mock_keys, folder.parent, dirs_exist_ok=True)
        return make(folder, now=now)

    make = server.develop_certificates
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "develop_certificates", take)
        yield


@dataclass(frozen=True)
class LivedDemo:
    """What `cprsync demo --keep --json` left: its folder, of which each test takes a copy, and what it printed."""

    folder: Path
    document: dict[str, Any]


@pytest.fixture(scope="session")
def lived_demo(mock_keys: Path, tmp_path_factory: pytest.TempPathFactory) -> LivedDemo:
    """Lived once in a worker: its tests are of the group `demo`."""
    from structlog.testing import capture_logs

    from cprsync.cli.demo.demo import run_demo

    folder = tmp_path_factory.mktemp("lived") / "demo"
    with _taking(mock_keys), capture_logs(), redirect_stdout(StringIO()) as told:
        assert run_demo(keep=folder, language="da", as_json=True) == 0
    return LivedDemo(folder, json.loads(told.getvalue()))


def _make_mock_keys(folder: Path) -> None:
    from cprsync.mock.certs import develop_certificates, packaged_profile
    from cprsync.mock.identity import ensure_key
    from cprsync.mock.server import IDENTITY_FOLDER
    from cprsync.mock.sftp import ensure_keys
    from cprsync.mock.town.agreement import ALL

    shapes = packaged_profile()
    small = {name: replace(getattr(shapes, name), key_bits=2048) for name in ("client", "server")}
    develop_certificates(folder / "certs", now=datetime.now(UTC), profile=replace(shapes, **small))
    (folder / IDENTITY_FOLDER).mkdir(mode=0o700)
    ensure_key(folder / IDENTITY_FOLDER)
    ensure_keys(folder / "sftp", users=[one.sftp_user for one in ALL], host="localhost", port=0)
