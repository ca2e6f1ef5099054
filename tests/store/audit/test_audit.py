"""The audit chain: whatever is altered is found, and the first entry that does not fit is named."""

from __future__ import annotations

import fcntl
import hmac
import json
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import TextClause, text
from store_people import MONDAY, STARTED, StoppedClock, enrol, number
from whole import verify_audit

from cprsync.errors import ConfigurationError
from cprsync.language.errors import advice_for
from cprsync.services.ports.runs import RunState
from cprsync.services.ports.trust.audit import AuditFilter
from cprsync.store.audit import older_states
from cprsync.store.audit.audit import DESK, Happened, append
from cprsync.store.beside.checkpoints import FILE
from cprsync.store.core.engine import reading, stamp_of, writing
from cprsync.store.seals.failures import AuditBroken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cprsync.store.sql import SqlStore

_SECONDS = 20
#: What `NIGHT` stands for in the statements below.
NIGHT = "stream = 'night/main'"
TAKEN_AWAY = (
    "DELETE FROM audit WHERE seq > LAST AND stream = 'desk'",
    "UPDATE audit_head SET seq = LAST WHERE stream = 'desk'",
    "UPDATE audit_head SET mac = (SELECT a.mac FROM audit a WHERE a.stream = 'desk' AND a.seq = LAST) WHERE seq > 0",
)
HEAD_AT_2 = "UPDATE audit_head SET seq = 2, mac = (SELECT mac FROM audit WHERE NIGHT AND seq = 2) WHERE NIGHT"


def live(store: SqlStore) -> None:
    """Five look-ups and the end of a run: six entries in the night's stream, the last one checkpointed."""
    ids = enrol(store, 5)
    run = store.runs.begin(day=MONDAY, started=STARTED)
    for one in ids:
        store.subscriptions.intend(run, [one], "first_copy")
    store.runs.close(run, state=RunState.CLOSED, finished=STARTED, document={})


def told(statement: str) -> TextClause:
    return text(statement.replace("NIGHT", NIGHT))


def execute(store: SqlStore, *statements: str) -> None:
    with writing(store._tenant.engine) as connection:
        for statement in statements:
            connection.execute(told(statement))


def test_a_chain_that_was_left_alone_is_counted(store: SqlStore) -> None:
    live(store)
    assert verify_audit(store) == 5 + 6


@pytest.mark.parametrize(
    ("tamper", "first"),
    [
        pytest.param(["UPDATE audit SET entry = mac WHERE NIGHT AND seq = 3"], 3, id="edit"),
        pytest.param(["UPDATE audit SET patron_id = '10000000' WHERE NIGHT AND seq = 3"], 3, id="edit the copy"),
        pytest.param(["DELETE FROM audit WHERE NIGHT AND seq = 3"], 3, id="delete"),
        pytest.param(
            [
                "UPDATE audit SET seq = 99 WHERE NIGHT AND seq = 2",
                "UPDATE audit SET seq = 2 WHERE NIGHT AND seq = 3",
                "UPDATE audit SET seq = 3 WHERE NIGHT AND seq = 99",
            ],
            2,
            id="reorder",
        ),
        pytest.param(
            [
                "DELETE FROM audit WHERE NIGHT AND seq = 3",
                "UPDATE audit SET seq = seq - 1 WHERE NIGHT AND seq > 3",
            ],
            3,
            id="close the hole",
        ),
        pytest.param(["DELETE FROM audit WHERE NIGHT AND seq > 2"], 3, id="truncate"),
        pytest.param(["DELETE FROM audit WHERE NIGHT AND seq > 2", HEAD_AT_2], 3, id="truncate with the head"),
        pytest.param(["DELETE FROM audit WHERE NIGHT"], 1, id="delete all"),
        pytest.param(
            ["DELETE FROM audit WHERE NIGHT", "DELETE FROM audit_head WHERE NIGHT"], 1, id="as if never written"
        ),
        pytest.param(["DELETE FROM audit_head WHERE NIGHT"], 7, id="delete the head"),
        pytest.param(
            [
                (
                    "INSERT INTO audit (agency, stream, seq, at, patron_id, entry, mac, key) "
                    "SELECT agency, stream, 7, at, patron_id, entry, mac, key FROM audit WHERE NIGHT AND seq = 6"
                )
            ],
            7,
            id="insert",
        ),
    ],
)
def test_tampering_shows_at_the_first_entry_that_does_not_fit(
    sqlite_store: SqlStore, tamper: list[str], first: int
) -> None:
    live(sqlite_store)
    execute(sqlite_store, *tamper)
    with pytest.raises(AuditBroken) as broken:
        verify_audit(sqlite_store)
    assert (broken.value.stream, broken.value.seq) == ("night/main", first)


def test_a_chain_made_anew_without_the_key_shows(sqlite_store: SqlStore) -> None:
    live(sqlite_store)
    tenant = sqlite_store._tenant
    with writing(tenant.engine) as connection:
        rows = connection.execute(told("SELECT seq, entry FROM audit WHERE NIGHT ORDER BY seq")).all()
        mac = bytes(32)
        for row in rows:
            mac = hmac.digest(b"another key", mac + row.entry, "sha256")
            where = {"mac": mac, "seq": row.seq}
            connection.execute(told("UPDATE audit SET mac = :mac WHERE NIGHT AND seq = :seq"), where)
        connection.execute(told("UPDATE audit_head SET mac = :mac WHERE NIGHT"), {"mac": mac})
    with pytest.raises(AuditBroken) as broken:
        verify_audit(sqlite_store)
    assert broken.value.seq == 1


def test_a_checkpoint_that_we_did_not_sign_shows(sqlite_store: SqlStore) -> None:
    live(sqlite_store)
    path = sqlite_store._tenant.keyring.folder / FILE
    path.write_text(path.read_text().replace('"seq":6', '"seq":5'))
    with pytest.raises(AuditBroken) as broken:
        verify_audit(sqlite_store)
    assert broken.value.stream == FILE


def test_stamps_never_go_backward_when_the_clock_does(store: SqlStore, clock: StoppedClock) -> None:
    (one,) = enrol(store, 1)
    run = store.runs.begin(day=MONDAY, started=STARTED)
    store.subscriptions.intend(run, [one], "first_copy")
    clock.moment -= timedelta(hours=1)
    store.subscriptions.intend(run, [one], "first_copy")
    rows = [row for row in store.views.everything("audit")["audit"] if row["stream"] == "night/main"]
    assert rows[0]["at"] == rows[1]["at"]
    # the entry itself has what the clock said
    told = [json.loads(bytes.fromhex(row["entry"])) for row in rows]
    assert [one.get("clock") for one in told] == [None, stamp_of(clock.moment)]
    # and so has the list, the latest first
    listed = [one for one in store.audit.entries(AuditFilter()) if one.stream == "night/main"]
    assert [(one.at, one.clock) for one in listed] == [(rows[1]["at"], stamp_of(clock.moment)), (rows[0]["at"], None)]
    verify_audit(store)


@pytest.mark.parametrize("removed", [0, 1, 2, 3])
def test_heads_may_be_kept_in_another_order_than_they_were_committed(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, removed: int
) -> None:
    """Three desks write at the same instant. All entries have to be there, also after more have been written."""
    later: list[Callable[[], None]] = []
    keep = older_states.keep_heads
    monkeypatch.setattr(older_states, "keep_heads", lambda *told, **seen: later.append(lambda: keep(*told, **seen)))
    for user in ("anna", "bo", "eva"):
        look_up(store, user)
    for kept in (later[2], later[0], later[1]):
        kept()
    monkeypatch.undo()
    assert verify_audit(store) == 3
    # whoever holds the database takes the last entries away, and lowers the head to what is left
    execute(store, *(one.replace("LAST", str(3 - removed)) for one in TAKEN_AWAY if removed))
    for user in ("ida", "per", "kim", "lone"):
        look_up(store, user)
    if removed:
        with pytest.raises(AuditBroken):
            verify_audit(store)
    else:
        assert verify_audit(store) == 7


def look_up(store: SqlStore, user: str) -> None:
    store.desk.intend(number(1), purpose="renewal", user=user, patron_id=None)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_two_who_begin_a_stream_at_the_same_time_are_both_in_it(store: SqlStore) -> None:
    """The first two look-ups of a library: SQLite lets one writer in at a time, PostgreSQL both."""
    tenant = store._tenant
    with ThreadPoolExecutor(1) as other:
        with tenant.writing() as transaction:
            append(transaction, DESK, [Happened("import", user="anna")])
            second = other.submit(look_up, store, "bo")
            until = time.monotonic() + _SECONDS
            while not is_somebody_waiting(store) and not second.done() and time.monotonic() < until:
                time.sleep(0.01)
        second.result(_SECONDS)
    assert verify_audit(store) == 2


def is_somebody_waiting(store: SqlStore) -> bool:
    """Whether another transaction waits for one of ours."""
    with reading(store._tenant.engine) as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def test_who_may_write_the_heads_is_asked_without_waiting_for_who_writes_them(sqlite_store: SqlStore) -> None:
    """The one who asks holds the database, and all others would wait with them."""
    look_up(sqlite_store, "anna")
    heads = sqlite_store._tenant.heads
    with heads.path.open("r+b") as another, ThreadPoolExecutor(1) as asking:
        fcntl.flock(another, fcntl.LOCK_EX)
        try:
            asking.submit(heads.make_sure_that_writable).result(timeout=10)
        finally:
            fcntl.flock(another, fcntl.LOCK_UN)
    heads.path.rename(heads.path.with_suffix(".aside"))
    heads.path.mkdir()
    before = sqlite_store.views.everything()
    with pytest.raises(ConfigurationError):
        look_up(sqlite_store, "bo")
    assert sqlite_store.views.everything() == before


def test_a_folder_in_place_of_the_witness_is_named_and_stays(sqlite_store: SqlStore) -> None:
    look_up(sqlite_store, "anna")
    heads = sqlite_store._tenant.heads
    heads.witness.unlink()
    heads.witness.mkdir()
    for write in (heads.begin_anew, lambda: heads.keep("710100", [], seen=None, anew=True)):
        with pytest.raises(ConfigurationError) as refused:
            write()
        assert refused.value.kind == "audit.heads.folder"
        assert f"{heads.witness} is a folder" in str(refused.value)
    assert heads.witness.is_dir()


def make_append_only(path: Path, flag: int) -> None:
    """`chattr +a` (0x20) and `chattr -a` (0)."""
    with path.open("rb") as file:
        fcntl.ioctl(file, 0x40086602, struct.pack("l", flag))


def test_heads_that_may_only_grow_are_kept(sqlite_store: SqlStore) -> None:
    """The operator's guide has their file made append-only."""
    look_up(sqlite_store, "anna")
    heads = sqlite_store._tenant.heads.path
    before = heads.read_bytes()
    try:
        make_append_only(heads, 0x20)
    except OSError:
        pytest.skip("only root may make a file append-only, and only on some file systems")
    try:
        look_up(sqlite_store, "bo")
    finally:
        make_append_only(heads, 0)
    assert heads.read_bytes().startswith(before)
    assert len(heads.read_bytes()) > len(before)
    verify_audit(sqlite_store)


def test_heads_that_may_only_grow_are_not_moved_and_the_error_names_chattr(sqlite_store: SqlStore) -> None:
    look_up(sqlite_store, "anna")
    heads = sqlite_store._tenant.heads
    before = heads.path.read_bytes()
    try:
        make_append_only(heads.path, 0x20)
    except OSError:
        pytest.skip("only root may make a file append-only, and only on some file systems")
    try:
        with pytest.raises(ConfigurationError) as refused:
            heads.begin_anew()
    finally:
        make_append_only(heads.path, 0)
    assert refused.value.kind == "audit.heads.append_only"
    assert "`chattr -a`" in advice_for(refused.value).next.en
    assert heads.path.read_bytes() == before
    verify_audit(sqlite_store)
