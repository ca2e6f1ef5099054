"""An audit that can never hold together again is accepted once, with a reason, and verified from there on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from store_people import AGENCY, AGREEMENT, MONDAY, STARTED, enrol, number, person, reasons_of, write

from cprsync.domain.patron.patron import Purpose as Why
from cprsync.errors import BadInput
from cprsync.services.ports.runs import RunState
from cprsync.store.beside.checkpoints import FILE
from cprsync.store.core.engine import writing
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from store_people import StoppedClock


def live(store: SqlStore) -> None:
    store.journal.begin()
    enrol(store, 2)
    run = store.runs.begin(day=MONDAY, started=STARTED)
    write(store, run, person(0), person(1))
    store.runs.close(run, state=RunState.CLOSED, finished=STARTED, document={})
    ask(store, 3)


def ask(store: SqlStore, times: int = 1) -> None:
    for _ in range(times):
        store.desk.intend(number(0), purpose=Why.RENEWAL.value, user="anna", patron_id=None)


def execute(store: SqlStore, *statements: str) -> None:
    with writing(store._tenant.engine) as connection:
        for statement in statements:
            connection.execute(text(statement))


def lose_the_file(store: SqlStore) -> None:
    store._tenant.heads.path.unlink()


def break_the_file(store: SqlStore) -> None:
    path = store._tenant.heads.path
    path.write_bytes(path.read_bytes().replace(b'"seq":1', b'"seq":7'))


def cut_the_file(store: SqlStore) -> None:
    path = store._tenant.heads.path
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))


def lose_the_witness(store: SqlStore) -> None:
    store._tenant.heads.witness.unlink()


def lose_an_entry(store: SqlStore) -> None:
    execute(store, "DELETE FROM audit WHERE stream = 'desk' AND seq = 2")


def lose_the_end(store: SqlStore) -> None:
    execute(store, "DELETE FROM audit WHERE stream = 'desk' AND seq > 1")


def lose_a_stream(store: SqlStore) -> None:
    execute(store, "DELETE FROM audit WHERE stream = 'desk'", "DELETE FROM audit_head WHERE stream = 'desk'")


def lose_all_heads(store: SqlStore) -> None:
    execute(store, "DELETE FROM audit_head")


def change_a_record(store: SqlStore) -> None:
    execute(store, "UPDATE patron SET local_version = local_version + 1")


HARMS = [
    lose_the_file,
    break_the_file,
    cut_the_file,
    lose_the_witness,
    lose_an_entry,
    lose_the_end,
    lose_a_stream,
    lose_all_heads,
    change_a_record,
]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_what_was_accepted_is_whole_and_what_is_altered_later_shows(
    store: SqlStore, harm: Callable[[SqlStore], None], clock: StoppedClock
) -> None:
    live(store)
    harm(store)
    assert store.audit.check().problems
    state = store.audit.accept(user="anna", reason="the disk broke")
    assert (state.problems != (), state.is_accepted) == (True, False)
    after = store.audit.check()
    # what was accepted is not followed again, and not counted
    assert (after.problems, after.entries, after.is_accepted) == ((), 0, True)
    tenant = store._tenant
    again = SqlStore(tenant.engine, agency=AGENCY, agreement=AGREEMENT, keyring=tenant.keyring, clock=clock)
    again.journal.begin()
    ask(again, 2)
    assert again.audit.check().problems == ()
    execute(
        again, "DELETE FROM audit WHERE stream = 'desk' AND seq = (SELECT max(seq) FROM audit WHERE stream = 'desk')"
    )
    assert again.audit.check().problems


def test_the_audit_says_who_accepted_it_and_how_much_was_wrong(sqlite_store: SqlStore) -> None:
    live(sqlite_store)
    lose_the_file(sqlite_store)
    sqlite_store.audit.accept(user="anna", reason="the disk broke")
    (entry,) = [
        row
        for row in sqlite_store.views.everything("audit")["audit"]
        if b"audit_accepted" in bytes.fromhex(row["entry"])
    ]
    assert b'"user":"anna"' in bytes.fromhex(entry["entry"])
    assert reasons_of(sqlite_store, None) == ["the disk broke"]


def test_a_file_that_does_not_hold_together_is_kept_beside_the_new_one(sqlite_store: SqlStore) -> None:
    live(sqlite_store)
    break_the_file(sqlite_store)
    broken = sqlite_store._tenant.heads.path.read_bytes()
    sqlite_store.audit.accept(user="anna", reason="the disk broke")
    assert (sqlite_store._tenant.keyring.folder / f"{FILE}.broken-1").read_bytes() == broken


def test_a_whole_audit_is_not_accepted(sqlite_store: SqlStore) -> None:
    live(sqlite_store)
    before, file = sqlite_store.views.everything(), sqlite_store._tenant.heads.path.read_bytes()
    with pytest.raises(BadInput):
        sqlite_store.audit.accept(user="anna", reason="for safety")
    assert (sqlite_store.views.everything(), sqlite_store._tenant.heads.path.read_bytes()) == (before, file)
