# ruff: noqa: S608 -- the statements are put together of names that stand here
"""Whoever can write the database, the file of the audit's heads, or both, and has no key, leaves a trace.

Each case is tried on an installation that has lived two nights, two mornings at the desk and a retention that cut the
audit's beginning. It must be found at once, and again after the store was opened and went on writing.
"""

from __future__ import annotations

import hmac
import json
import shutil
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select, text, update
from store_people import AGENCY, AGREEMENT, MONDAY, STARTED, StoppedClock, change, enrol, number, person
from whole import patron_ids

from cprsync.domain.leaving.leaving import Forgotten
from cprsync.domain.patron.patron import Purpose as Why
from cprsync.domain.person.person import Protection
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Policy, RetentionDays
from cprsync.errors import CprsyncError
from cprsync.services.ports.desk import Reveal
from cprsync.services.ports.patrons import Batch
from cprsync.services.ports.runs import RunState
from cprsync.store import tables
from cprsync.store.backup.facts import copy_heads, read_ends
from cprsync.store.beside.checkpoints import FILE, WITNESS
from cprsync.store.core.engine import open_engine, reading, writing
from cprsync.store.seals.keys import Keyring
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cprsync.services.ports.runs import Run

POLICY = Policy(retention=RetentionDays(log_days=400))
NIGHT, DESK = "night/main", "desk"
#: Tables that are put back as they were, in an order in which they can be emptied and filled.
ALL = tuple(tables.metadata.sorted_tables)
AUDIT = (tables.audit, tables.audit_head, tables.audit_reason)


@dataclass
class Installation:
    """A store with its files, and copies of all of it from an earlier time."""

    store: SqlStore
    ids: list[str]
    files: dict[str, Path]
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    code: str = ""

    def do(self, *statements: str, **values: Any) -> None:
        with writing(self.store._tenant.engine) as connection:
            for statement in statements:
                connection.execute(text(statement), values)

    def one(self, statement: str, **values: Any) -> Any:
        with reading(self.store._tenant.engine) as connection:
            return connection.execute(text(statement), values).scalar_one()

    def remember(self) -> None:
        with reading(self.store._tenant.engine) as connection:
            for table in ALL:
                self.rows[table.name] = [dict(row._mapping) for row in connection.execute(select(table))]
        self.kept = {name: path.read_bytes() for name, path in self.files.items()}

    def put_back(self, *wanted: Any) -> None:
        with writing(self.store._tenant.engine) as connection:
            for table in reversed(wanted):
                connection.execute(table.delete())
            for table in wanted:
                if self.rows[table.name]:
                    connection.execute(insert(table), self.rows[table.name])

    def put_file_back(self, name: str) -> None:
        self.files[name].write_bytes(self.kept[name])

    def lines(self, name: str = FILE) -> list[bytes]:
        return self.files[name].read_bytes().splitlines(keepends=True)

    def rewrite(self, *lines: bytes, name: str = FILE) -> None:
        self.files[name].write_bytes(b"".join(lines))

    def last(self, stream: str) -> int:
        seq: int = self.one("SELECT max(seq) FROM audit WHERE stream = :stream", stream=stream)
        return seq

    def first(self, stream: str) -> int:
        seq: int = self.one("SELECT min(seq) FROM audit WHERE stream = :stream", stream=stream)
        return seq

    def problems(self, code: str | None = None) -> list[str]:
        return [problem.message for problem in self.store.audit.check(code=code).problems]

    def open_again(self) -> None:
        tenant = self.store._tenant
        keyring = Keyring.load(tenant.keyring.folder)
        self.store = SqlStore(tenant.engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=tenant.clock)
        self.store.journal.begin()


def lived(store: SqlStore, clock: StoppedClock) -> Installation:
    """An installation that has lived a while, whose audit is whole at each step."""
    store.journal.begin()
    folder = store._tenant.keyring.folder
    here = Installation(store, enrol(store, 4), {FILE: folder / FILE, WITNESS: folder.parent / WITNESS})
    night(store, clock, *[person(place) for place in range(3)], actions=(Action.FIRST_COPY,))
    desk(store, here.ids)
    assert here.problems() == []
    here.remember()
    protected = person(0, protection=Protection.NAME_AND_ADDRESS)
    night(store, clock, protected, actions=(Action.PROTECT,))
    desk(store, here.ids)
    clock.moment += timedelta(days=400)
    assert store.retention.forget(None, Forgotten.LOG, POLICY, on=clock.today(), limit=9) == 9
    night(store, clock)
    desk(store, here.ids)
    assert here.problems() == []
    here.code = store.audit.check().code
    return here


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Installation:
    """One on SQLite, to be copied."""
    folder = tmp_path_factory.mktemp("tampering") / "ready"
    shutil.copytree(empty_store, folder)
    engine = open_engine(f"sqlite:///{folder / 'store.db'}")
    keyring, clock = Keyring.load(folder / "keys"), StoppedClock()
    here = lived(SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock), clock)
    engine.dispose()
    return here


@pytest.fixture
def here(ready: Installation, tmp_path: Path) -> Iterator[Installation]:
    """A copy of it."""
    old = ready.files[WITNESS].parent
    folder = shutil.copytree(old, tmp_path / "here")
    engine, keyring = open_engine(f"sqlite:///{folder / 'store.db'}"), Keyring.load(folder / "keys")
    clock = StoppedClock(ready.store._tenant.clock.now())
    store = SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock)
    files = {name: folder / path.relative_to(old) for name, path in ready.files.items()}
    yield replace(ready, store=store, files=files)
    engine.dispose()


def night(store: SqlStore, clock: StoppedClock, *persons: Any, actions: tuple[Action, ...] = ()) -> None:
    run = store.runs.begin(day=MONDAY, started=STARTED)
    if persons:
        store.subscriptions.intend(run, patron_ids(store)[:2], "first_copy")
        store.patrons.write(run, Batch(writes=[change(store, one, *actions) for one in persons]))
    store.runs.close(run, state=RunState.CLOSED, finished=clock.now(), document={})


def desk(store: SqlStore, ids: list[str]) -> None:
    for place in range(3):
        store.desk.intend(number(place), purpose=Why.RENEWAL.value, user="anna", patron_id=ids[place])
    store.views.reveal(Reveal(ids[0], ("address",), "anna", "they asked for it", Why.CORRECTION.value))
    store.desk.intend(number(77), purpose=Why.DEBT.value, user="bo", patron_id=None)


# -- what someone may do ----------------------------------------------------------------------------------

HEAD_TO = (
    "UPDATE audit_head SET seq = {seq}, mac = (SELECT mac FROM audit WHERE stream = '{stream}' AND seq = {seq}),"
    " at = (SELECT at FROM audit WHERE stream = '{stream}' AND seq = {seq}) WHERE stream = '{stream}'"
)


def drop_last(here: Installation, stream: str, *, count: int = 1, head: bool = True) -> None:
    last = here.last(stream) - count
    if head:
        here.do(HEAD_TO.format(seq=last, stream=stream))
    here.do(
        f"DELETE FROM audit WHERE stream = '{stream}' AND seq > {last}",
        f"DELETE FROM audit_reason WHERE stream = '{stream}' AND seq > {last}",
    )


def drop_middle(here: Installation, stream: str) -> None:
    here.do(f"DELETE FROM audit WHERE stream = '{stream}' AND seq = {here.last(stream) - 1}")


def close_the_hole(here: Installation, stream: str) -> None:
    last = here.last(stream)
    drop_middle(here, stream)
    here.do(f"UPDATE audit SET seq = {last - 1} WHERE stream = '{stream}' AND seq = {last}")
    here.do(f"UPDATE audit_head SET seq = {last - 1} WHERE stream = '{stream}'")


def swap(here: Installation, stream: str) -> None:
    last = here.last(stream)
    for one, other in ((last, 999), (last - 1, last), (999, last - 1)):
        here.do(f"UPDATE audit SET seq = {other} WHERE stream = '{stream}' AND seq = {one}")


def insert_a_copy(here: Installation, stream: str, *, head: bool) -> None:
    last = here.last(stream)
    here.do(
        "INSERT INTO audit (agency, stream, seq, at, patron_id, entry, mac, key)"
        f" SELECT agency, stream, {last + 1}, at, patron_id, entry, mac, key FROM audit"
        f" WHERE stream = '{stream}' AND seq = {last}"
    )
    if head:
        here.do(f"UPDATE audit_head SET seq = {last + 1} WHERE stream = '{stream}'")


def chain_anew(here: Installation, stream: str) -> None:
    """With a key of one's own, from the second entry on."""
    with writing(here.store._tenant.engine) as connection:
        rows = connection.execute(
            select(tables.audit).where(tables.audit.c.stream == stream).order_by(tables.audit.c.seq)
        ).all()
        mac = rows[0].mac
        for row in rows[1:]:
            mac = hmac.digest(b"another key", mac + row.entry, "sha256")
            where = {"mac": mac, "seq": row.seq, "stream": stream}
            connection.execute(text("UPDATE audit SET mac = :mac WHERE stream = :stream AND seq = :seq"), where)
        connection.execute(text("UPDATE audit_head SET mac = :mac WHERE stream = :stream"), where)


def forgotten_rows(here: Installation) -> list[dict[str, Any]]:
    cut = here.first(DESK)
    rows = [row for row in here.rows["audit"] if row["stream"] == DESK and row["seq"] < cut]
    return sorted(rows, key=lambda row: int(row["seq"]))


def insert_forgotten(here: Installation, which: slice) -> None:
    with writing(here.store._tenant.engine) as connection:
        connection.execute(insert(tables.audit), forgotten_rows(here)[which])


def edit(column: str, value: str, table: str = "audit") -> Callable[[Installation], None]:
    def tamper(here: Installation) -> None:
        last = here.last(DESK) - 1
        where = f"stream = '{DESK}'" + ("" if table == "audit_head" else f" AND seq = {last}")
        here.do(f"UPDATE {table} SET {column} = {value} WHERE {where}")

    return tamper


def backdate(here: Installation, stream: str, where: str = "seq > 0") -> None:
    """In the clear column alone, which no key covers."""
    here.do(f"UPDATE audit SET at = '2020-01-01T00:00:00.000000Z' WHERE stream = '{stream}' AND {where}")


def put_record_back(here: Installation, *columns: str, patron: int = 0) -> None:
    row = next(row for row in here.rows["patron"] if row["id"] == here.ids[patron])
    back = {column: row[column] for column in columns or tuple(row)}
    with writing(here.store._tenant.engine) as connection:
        connection.execute(update(tables.patron).where(tables.patron.c.id == row["id"]).values(back))


def records_back(here: Installation, *, with_sum: bool = False) -> None:
    for place in range(len(here.ids)):
        put_record_back(here, patron=place)
    if with_sum:
        put_library_back(here, "records_sum", "records_changes")


def copy_a_record(here: Installation) -> None:
    with writing(here.store._tenant.engine) as connection:
        row = dict(connection.execute(select(tables.patron).limit(1)).one()._mapping)
        connection.execute(insert(tables.patron), {**row, "id": "99999999", "number_index": b"another"})


def delete_a_record(here: Installation) -> None:
    here.do("DELETE FROM patron_key WHERE patron_id = :id", "DELETE FROM patron WHERE id = :id", id=here.ids[3])


def put_library_back(here: Installation, *columns: str) -> None:
    (row,) = here.rows["library"]
    for column in columns:
        here.do(f"UPDATE library SET {column} = :value", value=row[column])


def pass_for_erased(here: Installation) -> None:
    here.do(
        "DELETE FROM audit_reason WHERE patron_id = :id",
        "UPDATE patron SET status_class = 'erased' WHERE id = :id",
        id=here.ids[0],
    )


def add_a_reason(here: Installation, stream: str, seq: int) -> None:
    here.do(
        "INSERT INTO audit_reason (agency, stream, seq, patron_id, sealed, key)"
        " SELECT agency, :stream, :seq, patron_id, sealed, key FROM audit_reason LIMIT 1",
        stream=stream,
        seq=seq,
    )


def heads_back(here: Installation, count: int) -> None:
    here.rewrite(*here.lines()[:-count])


def forget_what_was_seen(here: Installation) -> None:
    here.do("UPDATE library SET heads_lines = NULL, heads_code = NULL")


def see_less(here: Installation, count: int) -> None:
    """Let the database have seen what the file has now: line and code stand in the file itself."""
    line = here.lines()[-1]
    code = bytes.fromhex(line.rstrip(b"\n").rpartition(b"\t")[2].decode())
    here.do("UPDATE library SET heads_lines = heads_lines - :count, heads_code = :code", count=count, code=code)


def forge_a_cut(here: Installation) -> None:
    """A removed segment, signed with what other lines are signed with."""
    line = here.lines()[-1]
    text, _, code = line.partition(b"\t")
    seq = here.first(DESK)
    forged = text.replace(b'"line":%d' % len(here.lines()), b'"cut":true,"line":%d' % (len(here.lines()) + 1))
    here.rewrite(*here.lines(), forged + b"\t" + code)
    here.do(f"DELETE FROM audit WHERE stream = '{DESK}' AND seq <= {seq}")


def use_a_cut_again(here: Installation) -> None:
    """The line of a cut that was ours, once more at the end."""
    cut = next(line for line in here.lines() if b'"cut":true' in line)
    here.rewrite(*here.lines(), cut)


def _roll_back(here: Installation) -> None:
    """The last desk entry, the line that stands for it, and what the database has seen: all as if it had never been."""
    drop_last(here, DESK)
    heads_back(here, 1)
    see_less(here, 1)


CASES: dict[str, Callable[[Installation], None]] = {
    # the database: entries
    "the last desk entry": lambda here: drop_last(here, DESK, head=False),
    "the last desk entry, with the head": lambda here: drop_last(here, DESK),
    "the last three desk entries, with the head": lambda here: drop_last(here, DESK, count=3),
    "a night's last entry, with the head": lambda here: drop_last(here, NIGHT),
    "an entry in the middle of the desk's": lambda here: drop_middle(here, DESK),
    "an entry in the middle of the night's": lambda here: drop_middle(here, NIGHT),
    "the first desk entry that is left": lambda here: here.do(
        f"DELETE FROM audit WHERE stream = '{DESK}' AND seq = {here.first(DESK)}"
    ),
    "the first of the night that is left": lambda here: here.do(
        f"DELETE FROM audit WHERE stream = '{NIGHT}' AND seq = {here.first(NIGHT)}"
    ),
    "a hole that is closed": lambda here: close_the_hole(here, DESK),
    "all numbers one higher": lambda here: here.do(
        f"UPDATE audit SET seq = seq + 1000 WHERE stream = '{DESK}'",
        f"UPDATE audit SET seq = seq - 999 WHERE stream = '{DESK}'",
        f"UPDATE audit_head SET seq = seq + 1 WHERE stream = '{DESK}'",
    ),
    "two that change places": lambda here: swap(here, DESK),
    "a copy at the end": lambda here: insert_a_copy(here, DESK, head=False),
    "a copy at the end, with the head": lambda here: insert_a_copy(here, DESK, head=True),
    "chained anew with another key": lambda here: chain_anew(here, DESK),
    "a night chained anew with another key": lambda here: chain_anew(here, NIGHT),
    "column agency": edit("agency", "'999999'"),
    "column stream": edit("stream", "'desk2'"),
    "column seq": edit("seq", "7777"),
    "column at": edit("at", "'2020-01-01T00:00:00.000000Z'"),
    "column patron_id": edit("patron_id", "'10000000'"),
    "column patron_id emptied": edit("patron_id", "NULL"),
    "column entry": edit("entry", "mac"),
    "column mac": edit("mac", "entry"),
    "column key": edit("key", "'ffffffff'"),
    # the database: streams and heads
    "a whole stream": lambda here: here.do(f"DELETE FROM audit WHERE stream = '{DESK}'"),
    "a whole stream, with its head": lambda here: here.do(
        f"DELETE FROM audit WHERE stream = '{DESK}'",
        f"DELETE FROM audit_head WHERE stream = '{DESK}'",
        f"DELETE FROM audit_reason WHERE stream = '{DESK}'",
    ),
    "everything, with all heads": lambda here: here.do(
        "DELETE FROM audit", "DELETE FROM audit_head", "DELETE FROM audit_reason"
    ),
    "a stream under another name": lambda here: here.do(
        *(f"UPDATE {table.name} SET stream = 'desk2' WHERE stream = '{DESK}'" for table in AUDIT)
    ),
    "a stream of another library's": lambda here: here.do(
        *(f"UPDATE {table.name} SET agency = '999999' WHERE stream = '{DESK}'" for table in AUDIT)
    ),
    "a head": lambda here: here.do(f"DELETE FROM audit_head WHERE stream = '{DESK}'"),
    "a head's seq": edit("seq", "seq - 1", "audit_head"),
    "a head's mac": edit("mac", "(SELECT mac FROM audit WHERE stream = 'night/main' LIMIT 1)", "audit_head"),
    "a head's at": edit("at", "'2099-01-01T00:00:00.000000Z'", "audit_head"),
    "a head's stream": edit("stream", "'desk2'", "audit_head"),
    "a head's agency": edit("agency", "'999999'", "audit_head"),
    "a head of no stream": lambda here: here.do(
        "INSERT INTO audit_head (agency, stream, seq, mac, at) SELECT agency, 'new', 0, mac, '' FROM audit_head LIMIT 1"
    ),
    # the database: what was forgotten
    "a forgotten entry again": lambda here: insert_forgotten(here, slice(1, 2)),
    "the last forgotten entry again": lambda here: insert_forgotten(here, slice(-1, None)),
    "all forgotten entries again": lambda here: insert_forgotten(here, slice(None)),
    "more forgotten than was signed": lambda here: here.do(
        f"DELETE FROM audit WHERE stream = '{NIGHT}' AND seq < {here.last(NIGHT)}"
    ),
    # the database: reasons
    "a reason": lambda here: here.do("DELETE FROM audit_reason WHERE seq = (SELECT max(seq) FROM audit_reason)"),
    "a reason of one who passes for erased": pass_for_erased,
    "a reason's content": lambda here: here.do("UPDATE audit_reason SET sealed = (SELECT mac FROM audit LIMIT 1)"),
    "a reason's patron": lambda here: here.do("UPDATE audit_reason SET patron_id = NULL"),
    "a reason's key": lambda here: here.do("UPDATE audit_reason SET key = 'ffffffff'"),
    "a reason's place": lambda here: here.do("UPDATE audit_reason SET seq = seq + 1"),
    "a reason's stream": lambda here: here.do("UPDATE audit_reason SET stream = 'night/main'"),
    "a reason's library": lambda here: here.do("UPDATE audit_reason SET agency = '999999'"),
    "a reason beside another entry": lambda here: add_a_reason(here, DESK, here.last(DESK)),
    "a reason beside no entry": lambda here: add_a_reason(here, DESK, 9999),
    "a reason in a stream of its own": lambda here: add_a_reason(here, "new", 1),
    # the database: as it was
    "the whole database as it was": lambda here: here.put_back(*ALL),
    "the audit as it was": lambda here: here.put_back(*AUDIT),
    "all records as they were": records_back,
    "all records and their sum as they were": lambda here: records_back(here, with_sum=True),
    "a whole record as it was": put_record_back,
    "a record with version and fingerprint as it was": lambda here: put_record_back(
        here, "register_blob", "register_key", "fingerprint", "fingerprint_key", "version"
    ),
    "a record's version": lambda here: here.do(
        "UPDATE patron SET version = version + 1 WHERE id = :id", id=here.ids[1]
    ),
    "a record": delete_a_record,
    "a record more": copy_a_record,
    "the records' sum": lambda here: put_library_back(here, "records_sum"),
    "the records' sum and count": lambda here: put_library_back(here, "records_sum", "records_changes"),
    "the records' sum begun anew": lambda here: here.do(
        "UPDATE library SET records_sum = NULL, records_changes = NULL, records_key = NULL"
    ),
    # the database: records as they were before a change
    "a before-image": lambda here: here.do("DELETE FROM before_image WHERE patron_id = :id", id=here.ids[0]),
    "all before-images": lambda here: here.do("DELETE FROM before_image"),
    "a before-image of no write": lambda here: here.do(
        "UPDATE before_image SET patron_id = :to WHERE patron_id = :id", id=here.ids[1], to=here.ids[3]
    ),
    "a before-image's run": lambda here: here.do("UPDATE before_image SET run_id = run_id + 1"),
    "a before-image's last day": lambda here: here.do("UPDATE before_image SET until_day = '2020-01-01'"),
    "a before-image's day": lambda here: here.do("UPDATE before_image SET as_of_day = '2020-01-01'"),
    "a before-image's stop of letters": lambda here: here.do("UPDATE before_image SET letters_stopped = '2020-01-01'"),
    # the file of the heads
    "a cut line": lambda here: heads_back(here, 1),
    "three cut lines": lambda here: heads_back(here, 3),
    "half a cut line": lambda here: here.rewrite(*here.lines()[:-1], here.lines()[-1][:50]),
    "its last end of line": lambda here: here.rewrite(*here.lines()[:-1], here.lines()[-1][:-1]),
    "an empty file": lambda here: here.rewrite(),
    "no file": lambda here: here.files[FILE].unlink(),
    "the file as it was": lambda here: here.put_file_back(FILE),
    "its first line": lambda here: here.rewrite(*here.lines()[1:]),
    "a line in its middle": lambda here: here.rewrite(*here.lines()[:3], *here.lines()[4:]),
    "two lines that change places": lambda here: here.rewrite(
        *here.lines()[:2], here.lines()[3], here.lines()[2], *here.lines()[4:]
    ),
    "a number in a line": lambda here: here.rewrite(
        *here.lines()[:-1], here.lines()[-1].replace(b'"seq":', b'"seq":1')
    ),
    "a code in a line": lambda here: here.rewrite(*here.lines()[:-1], here.lines()[-1][:-9] + b"00000000\n"),
    "a line twice": lambda here: here.rewrite(*here.lines(), here.lines()[-1]),
    "a line of someone else's": lambda here: here.rewrite(*here.lines(), b'{"agency":"710100"}\tff\n'),
    "a line without end": lambda here: here.rewrite(*here.lines(), b"x" * 5000),
    "a cut of ours again": use_a_cut_again,
    # the witness
    "no witness": lambda here: here.files[WITNESS].unlink(),
    "the witness as it was": lambda here: here.put_file_back(WITNESS),
    "an empty witness": lambda here: here.rewrite(name=WITNESS),
    "another number in the witness": lambda here: here.rewrite(
        here.lines(WITNESS)[0].replace(b'"line": ', b'"line": 1'), name=WITNESS
    ),
    "no witness and a cut file": lambda here: (here.files[WITNESS].unlink(), heads_back(here, 2), None)[2],
    "file and witness as they were": lambda here: (here.put_file_back(FILE), here.put_file_back(WITNESS), None)[2],
    "neither file nor witness": lambda here: (here.files[FILE].unlink(), here.files[WITNESS].unlink(), None)[2],
    # the database and the file
    "the last desk entry and its line": lambda here: (drop_last(here, DESK), heads_back(here, 1), None)[2],
    "the last desk entry, its line, and what was seen of it": _roll_back,
    "the last desk entry, its line, and all that was seen": lambda here: (
        drop_last(here, DESK),
        heads_back(here, 1),
        forget_what_was_seen(here),
    )[2],
    "database and file as they were": lambda here: (here.put_back(*ALL), here.put_file_back(FILE), None)[2],
    "audit and file as they were": lambda here: (here.put_back(*AUDIT), here.put_file_back(FILE), None)[2],
    "no audit and no file": lambda here: (
        here.do("DELETE FROM audit", "DELETE FROM audit_head", "DELETE FROM audit_reason"),
        here.files[FILE].unlink(),
        forget_what_was_seen(here),
    )[2],
    "a removed segment with a forged signature": forge_a_cut,
    "database and witness as they were": lambda here: (here.put_back(*ALL), here.put_file_back(WITNESS), None)[2],
}


#: What the next entry sets right, since nothing is lost by it: the stamp is taken from the last entry itself.
SET_RIGHT = {"a head's at"}
#: What is tried on PostgreSQL too: a few of each kind that someone with the database can do.
BOTH = (
    "the last desk entry, with the head",
    "an entry in the middle of the night's",
    "two that change places",
    "column entry",
    "a whole stream, with its head",
    "all forgotten entries again",
    "a reason of one who passes for erased",
    "the whole database as it was",
    "a whole record as it was",
    "all records and their sum as they were",
    "the last desk entry, its line, and what was seen of it",
    "a before-image",
    "all before-images",
    "a before-image's last day",
)


#: What lets entries pass for old, so that the retention takes them for over.
PASSES_FOR_OLD: dict[str, Callable[[Installation], None]] = {
    "the first entry of the desk that is left": lambda here: backdate(here, DESK, f"seq = {here.first(DESK)}"),
    "one in the middle of the desk's": lambda here: backdate(here, DESK, f"seq = {here.last(DESK) - 2}"),
    "the last of the desk": lambda here: backdate(here, DESK, f"seq = {here.last(DESK)}"),
    "all of the desk's": lambda here: backdate(here, DESK),
    "all of the night's": lambda here: backdate(here, NIGHT),
    "all of the desk's, in their signed bytes too": lambda here: (
        backdate(here, DESK),
        rewrite_stamps(here, DESK, "2020-01-01T00:00:00.000000Z"),
    )[0],
}


def rewrite_stamps(here: Installation, stream: str, stamp: str) -> None:
    """In the bytes that are chained, whose codes stay as they are."""
    with writing(here.store._tenant.engine) as connection:
        row = tables.audit.c
        for seq, entry in connection.execute(select(row.seq, row.entry).where(row.stream == stream)).all():
            altered = json.dumps(json.loads(entry) | {"at": stamp}, sort_keys=True, separators=(",", ":")).encode()
            connection.execute(update(tables.audit).where(row.stream == stream, row.seq == seq).values(entry=altered))


def entries(here: Installation) -> set[tuple[str, int]]:
    with reading(here.store._tenant.engine) as connection:
        return {(row.stream, row.seq) for row in connection.execute(select(tables.audit.c.stream, tables.audit.c.seq))}


def forget_log(here: Installation, run: Run | None = None) -> int:
    return here.store.retention.forget(run, Forgotten.LOG, POLICY, on=here.store._tenant.clock.now().date(), limit=500)


def no_entry_goes(here: Installation, case: str) -> None:
    assert forget_log(here) > 0
    assert here.problems() == []
    before, cuts = entries(here), here.files[FILE].read_bytes().count(b'"cut":true')
    PASSES_FOR_OLD[case](here)
    run = here.store.runs.begin(day=MONDAY, started=STARTED)
    for of in (run, run, None):
        assert forget_log(here, of) == 0
    here.store.runs.close(run, state=RunState.CLOSED, finished=STARTED, document={})
    assert before <= entries(here)
    assert here.files[FILE].read_bytes().count(b'"cut":true') == cuts
    assert here.problems()


def is_found(here: Installation, case: str) -> None:
    CASES[case](here)
    assert here.problems()
    # nor does it heal by itself: the store goes on, if it does, and it is still found
    with suppress(CprsyncError):
        here.open_again()
        here.store.desk.intend(number(1), purpose=Why.RENEWAL.value, user="anna", patron_id=here.ids[1])
        night(here.store, StoppedClock())
    assert here.problems() or case in SET_RIGHT


@pytest.mark.parametrize("case", list(CASES))
def test_a_trace_is_left_by(here: Installation, case: str) -> None:
    is_found(here, case)


@pytest.mark.parametrize("case", BOTH)
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_trace_is_left_in_the_other_database_by(store: SqlStore, clock: StoppedClock, case: str) -> None:
    is_found(lived(store, clock), case)


@pytest.mark.parametrize("case", list(PASSES_FOR_OLD))
def test_the_retention_takes_no_entry_that_only_passes_for_old(here: Installation, case: str) -> None:
    no_entry_goes(here, case)


@pytest.mark.parametrize("case", list(PASSES_FOR_OLD))
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_the_retention_in_the_other_database_takes_no_entry_that_only_passes_for_old(
    store: SqlStore, clock: StoppedClock, case: str
) -> None:
    no_entry_goes(lived(store, clock), case)


def test_a_backup_has_every_line_of_the_heads_that_its_database_has_seen_also_of_what_was_lost(
    here: Installation, tmp_path: Path
) -> None:
    """Without them, the backup that is put back would tell that lines are missing."""
    here.put_back(*ALL)
    here.open_again()
    lost = here.problems()
    assert lost
    heads = here.store._tenant.heads
    for name, told in (("of the loss", lost), ("accepted", [])):
        if name == "accepted":
            here.store.audit.accept(user="anna", reason="an older database was put back")
        with reading(here.store._tenant.engine) as connection:
            ends = read_ends(connection)
        end = heads.end()
        # written after the moment of the backup
        here.store.desk.intend(number(1), purpose=Why.RENEWAL.value, user="anna", patron_id=here.ids[1])
        assert copy_heads(heads, ends, tmp_path / name) == end
        assert here.files[FILE].read_bytes().startswith((tmp_path / name).read_bytes())
        assert here.problems() == told


def test_what_was_accepted_with_stamps_that_pass_for_old_stays_as_long_as_it_was_written(here: Installation) -> None:
    assert forget_log(here) > 0
    before = entries(here)
    backdate(here, DESK)
    here.store.audit.accept(user="anna", reason="we know who did it")
    assert here.problems() == []
    assert forget_log(here) == 0
    assert before <= entries(here)
    assert here.problems() == []


def test_old_entries_stay_while_the_beginning_of_any_stream_does_not_hold(here: Installation) -> None:
    """They are what somebody will want to look at."""
    clock = here.store._tenant.clock
    assert isinstance(clock, StoppedClock)
    clock.moment += timedelta(days=401)
    before = entries(here)
    here.do(f"UPDATE audit SET patron_id = NULL WHERE stream = '{DESK}' AND seq = {here.first(DESK) + 1}")
    assert forget_log(here) == 0
    assert (before <= entries(here), bool(here.problems())) == (True, True)


def test_all_of_it_put_back_as_it_was_shows_by_a_code_that_was_kept_elsewhere(here: Installation) -> None:
    """By nothing in the installation itself: it is then the one that it was."""
    assert here.problems(here.code) == []
    here.put_back(*ALL)
    here.put_file_back(FILE)
    here.put_file_back(WITNESS)
    assert here.problems() == []
    assert here.problems(here.code) != []


def test_a_store_that_goes_on_unharmed_is_whole_and_an_earlier_code_stays_true(here: Installation) -> None:
    for _ in range(3):
        here.open_again()
        desk(here.store, here.ids)
        night(here.store, StoppedClock())
        assert here.problems(here.code) == []


def test_a_line_that_was_being_written_when_the_power_went_is_no_trace(here: Installation) -> None:
    here.rewrite(*here.lines(), b'{"agency":"710100","at":"2028')
    assert here.problems() == []
    desk(here.store, here.ids)
    assert here.problems(here.code) == []


def test_a_store_killed_before_it_has_written_a_head_outside_goes_on(here: Installation) -> None:
    """Between the commit and the line: the entries are there, and the next line stands for them too."""
    keep, tenant = here.files[FILE].read_bytes(), here.store._tenant
    seen = here.one("SELECT heads_lines FROM library"), here.one("SELECT heads_code FROM library")
    witness = here.files[WITNESS].read_bytes()
    desk(here.store, here.ids)
    here.files[FILE].write_bytes(keep)
    here.files[WITNESS].write_bytes(witness)
    here.do("UPDATE library SET heads_lines = :lines, heads_code = :code", lines=seen[0], code=seen[1])
    assert here.problems() == []
    desk(here.store, here.ids)
    assert here.problems() == []
    assert tenant.heads.read(AGENCY).streams[DESK].seq == here.last(DESK)
