"""A store as the program's first version left it: forty patrons after eight nights, on either database.

`first_store.tar.xz` was written by that version itself: the rows as SQL, and the keys that sealed them. Everybody in it
is invented.
"""

from __future__ import annotations

import functools
import os
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from sqlalchemy import MetaData, event, select

from cprsync.store.core.engine import open_engine, reading, writing
from cprsync.store.core.version import settings_of_alembic, upgrade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

AGENCY, AGREEMENT, FIRST = "710100", "7e1f0c4a-3b9d-4c68-a5e2-d94b8f6a1c3e", "0001"
KILLED = 9
Rows = dict[str, list[tuple[Any, ...]]]


def unpack(folder: Path) -> str:
    """Put the store and its keys into a folder, and return the url of the file."""
    with tarfile.open(Path(__file__).parent / "first_store.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    for path in (folder / "keys").iterdir():
        path.chmod(0o600)
    (folder / "keys").chmod(0o700)
    path = folder / "store.db"
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((folder / "store.sql").read_text(encoding="utf-8"))
    return f"sqlite:///{path}"


def bring_to(old: str, url: str) -> None:
    """Make the first version's tables in an empty PostgreSQL database, and copy the rows into them."""
    source, target = open_engine(old), open_engine(url)
    with writing(target) as connection:
        settings = settings_of_alembic()
        settings.attributes["connection"] = connection
        command.upgrade(settings, FIRST)
    there, here = MetaData(), MetaData()
    with reading(source) as reads, writing(target) as writes:
        there.reflect(reads)
        here.reflect(writes)
        for table in here.sorted_tables:
            rows = [dict(row) for row in reads.execute(select(there.tables[table.name])).mappings()]
            if rows and table.name != "alembic_version":
                writes.execute(table.insert(), rows)
    source.dispose()
    target.dispose()


def rows_of(engine: Engine) -> Rows:
    """Every row of every table, in an order that does not depend on the database."""
    tables = MetaData()
    with reading(engine) as connection:
        tables.reflect(connection)
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in tables.sorted_tables
        }


def rows_at(url: str) -> Rows:
    """The same, of a database that nobody has open."""
    engine = open_engine(url)
    found = rows_of(engine)
    engine.dispose()
    return found


def count_statements(url: str) -> int:
    """How many statements an upgrade makes."""
    engine, seen = open_engine(url), []
    event.listen(engine, "before_cursor_execute", lambda *_: seen.append(1))
    upgrade(engine)
    engine.dispose()
    return len(seen)


def upgrade_killed(url: str, *, before: int) -> bool:
    """Upgrade in another process, which is gone before its nth statement. Returns whether it was."""
    pid = os.fork()
    if not pid:
        code = 0
        try:
            _upgrade_until(url, before)
        except BaseException:  # noqa: BLE001 -- a child of a test must never go on as the test
            code = 1
        os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == KILLED


def _upgrade_until(url: str, before: int) -> None:
    engine = open_engine(url)
    left = iter(range(before))

    def count(*_: object) -> None:
        if next(left, None) is None:
            os._exit(KILLED)

    event.listen(engine, "before_cursor_execute", count)
    upgrade(engine)


@functools.cache
def sample(count: int, size: int) -> Sequence[int]:
    """Numbers of statements, spread over all of them, with the first and the last."""
    return sorted({round(part * (count - 1) / (size - 1)) for part in range(size)})
