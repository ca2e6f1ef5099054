"""One run at a time, a stop that is asked for, and a kill that leaves no lock: real processes, on both databases."""

from __future__ import annotations

import json
import shutil
import signal
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

import pytest
import started
from databases import opened
from gates import passing, spawned
from small_night import SmallNight
from sqlalchemy import NullPool, create_engine, text

from cprsync.mock.server import running
from cprsync.resources import fixture_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from databases import Database
    from gates import Child
    from small_night import State
    from sqlalchemy import Connection, Engine

#: Each database's night is made once, in one worker.
pytestmark = pytest.mark.xdist_group("stopping")


def mocking(folder: Path) -> AbstractContextManager[dict[str, Any]]:
    return running(folder, fixture_path("people.toml"))


@dataclass(frozen=True)
class Ended:
    """A command that was not to be held anywhere, and has ended."""

    code: int
    out: Path

    def wait(self) -> int:
        return self.code


def at_work(database: Database, command: list[str], environment: Mapping[str, str], out: Path) -> Child:
    """A command: a child of ours where it is held at a gate."""
    if environment != database.environment():
        return spawned(command, environment, out)
    ended = started.command(*command, cwd=out.parent, environment=environment)
    out.write_text(ended.stderr + ended.stdout, encoding="utf-8")
    return cast("Child", Ended(ended.returncode, out))


@dataclass
class Stage:
    """A small night, and how it ends when nothing happens to it."""

    night: SmallNight
    exit: int
    wanted: State
    #: keeps no connection: the database is copied between the tests
    engine: Engine

    def run(self) -> tuple[str, int, bool, int]:
        """The last run's row: state, checkpoint, whether it is finished, how often it was gone on with."""
        with self.engine.connect() as connection:
            return last_run(connection)

    def goes_on(self, ready: dict[str, Any]) -> None:
        """The next run needs nobody's hand, and ends as a night to which nothing happened."""
        assert self.night.sync().wait() == self.exit
        assert self.run()[2:] == (True, 1)
        assert self.night.state(ready) == self.wanted


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("night")
    shutil.copytree(mock_keys, folder / "mock")
    with opened(request.param, folder) as database:
        night = SmallNight(folder, database, partial(at_work, database), mocking)
        night.make()
        url = database.environment().get("CPRSYNC_STORE__URL") or f"sqlite:///{night.library / 'cprsync.db'}"
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
        with night.again() as ready:
            whole = Stage(night, night.sync().wait(), night.state(ready), engine)
        yield whole


def last_run(connection: Connection) -> tuple[str, int, bool, int]:
    wanted = "SELECT state, checkpoint, finished, resumed FROM run ORDER BY id DESC LIMIT 1"
    state, checkpoint, finished, resumed = connection.execute(text(wanted)).one()
    return str(state), int(checkpoint), finished is not None, int(resumed)


def written_in_part(stage: Stage, waiting: Iterator[int]) -> None:
    """Let statements pass until a batch of the deliveries is written and the next one has begun."""
    # each look is a transaction of its own, and the connection is the same: there are hundreds of statements
    with stage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in waiting:
            state, checkpoint, _, _ = last_run(connection)
            if state == "applying" and checkpoint:
                break
    # what follows the commit, and the first of the next batch
    next(islice(waiting, 6, None))


def document(child: Child) -> dict[str, Any]:
    """What it printed: one document, before which the standard error may say something."""
    out = child.out.read_text(encoding="utf-8")
    told: dict[str, Any] = json.loads(out[out.index("{\n") :])
    return told


def test_a_lock_refuses_a_second_run_and_needs_no_hand_once_the_first_is_killed(stage: Stage) -> None:
    with stage.night.again() as ready:
        with closing(stage.night.database.gate()) as gate:
            first = stage.night.sync(gate.environment)
            written_in_part(stage, passing(gate, first))
            before = stage.run()
            second = stage.night.sync(out="second.out")
            assert second.wait() == 4
            assert document(second)["error"]["kind"] == "run.busy"
            assert stage.run() == before
            first.send(signal.SIGKILL)
        assert first.wait() == -signal.SIGKILL
        stage.goes_on(ready)


def test_a_night_that_is_asked_to_stop_ends_after_its_batch_and_the_next_run_goes_on(stage: Stage) -> None:
    with stage.night.again() as ready:
        with closing(stage.night.database.gate()) as gate:
            child = stage.night.sync(gate.environment)
            waiting = passing(gate, child)
            written_in_part(stage, waiting)
            checkpoint = stage.run()[1]
            child.send(signal.SIGTERM)
            assert sum(1 for _ in waiting) > 1
        assert child.wait() == 7
        told = document(child)
        assert (told["exit"], told["state"]) == (7, "stopped")
        assert (told["error"]["kind"], told["error"]["changed"]) == ("run.stopped", "part")
        state, reached, finished, _ = stage.run()
        assert (state, finished) == ("applying", False)
        assert reached > checkpoint
        stage.goes_on(ready)
