"""A glance at the audit's ends finds what was done to them, and takes no longer for a long audit."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event
from store_people import AGENCY, MONDAY, STARTED
from test_audit_accepted import (
    ask,
    break_the_file,
    cut_the_file,
    execute,
    live,
    lose_a_stream,
    lose_all_heads,
    lose_an_entry,
    lose_the_end,
    lose_the_file,
    lose_the_witness,
)

from cprsync.services.ports.runs import RunState
from cprsync.store.trust import audit_glance
from cprsync.store.trust.audit_glance import ENTRIES_MOST, LINES_LEAST

if TYPE_CHECKING:
    from collections.abc import Callable

    from store_people import StoppedClock

    from cprsync.store.sql import SqlStore


def night(store: SqlStore) -> None:
    """An empty night, which keeps the heads of every stream."""
    run = store.runs.begin(day=MONDAY, started=STARTED)
    store.runs.close(run, state=RunState.CLOSED, finished=STARTED, document={})


def test_a_whole_audit_shows_its_length_and_when_its_heads_were_kept(store: SqlStore, clock: StoppedClock) -> None:
    live(store)
    clock.moment += timedelta(hours=1)
    night(store)
    glance, state = store.audit.glance(), store.audit.check()
    assert (glance.problems, glance.entries, glance.streams) == ((), state.entries, state.streams)
    assert glance.code == state.code
    assert (glance.kept, glance.since) == (store._tenant.stamp(), 0)


@pytest.mark.parametrize(
    "damage",
    [
        break_the_file,
        cut_the_file,
        lose_a_stream,
        lose_all_heads,
        lose_an_entry,
        lose_the_end,
        lose_the_file,
        lose_the_witness,
    ],
)
def test_what_is_done_to_an_end_shows(store: SqlStore, damage: Callable[[SqlStore], None]) -> None:
    live(store)
    damage(store)
    for found in (store.audit.glance().problems, store.audit.check().problems):
        assert found
        assert len({str(one) for one in found}) == len(found)


def test_a_line_that_is_signed_with_nothing_under_a_key_that_nobody_has_is_not_ours(store: SqlStore) -> None:
    """By it somebody without a key could say that the audit was accepted as it is."""
    live(store)
    night(store)
    heads = store._tenant.heads
    whole, lines = heads.path.read_bytes(), len(list(heads.lines()))
    last = bytes.fromhex(whole.rstrip(b"\n").rpartition(b"\t")[2].decode())
    told = {"accepted": True, "agency": AGENCY, "at": "", "key": "00000000", "line": lines + 1, "mac": "", "seq": 0}
    text = json.dumps(told | {"stream": ""}, sort_keys=True).encode()
    code = hmac.digest(b"", last + text, "sha256").hex().encode()
    heads.path.write_bytes(whole + text + b"\t" + code + b"\n")
    assert heads.marks_after(lines, AGENCY) == []
    assert "the line is not signed by us" in [one.values["why"] for one in store.audit.glance().problems]


def test_an_altered_entry_at_the_end_shows_and_an_old_one_is_left_to_the_night(
    sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(sqlite_store)
    ask(sqlite_store, 5)
    monkeypatch.setattr(audit_glance, "ENTRIES_MOST", 4)
    execute(sqlite_store, "UPDATE audit SET entry = 'x' WHERE stream = 'desk' AND seq = 2")
    assert sqlite_store.audit.glance().problems == ()
    assert sqlite_store.audit.check().problems
    execute(sqlite_store, "UPDATE audit SET entry = 'x' WHERE stream = 'desk' AND seq = 7")
    assert [str(one.values["seq"]) for one in sqlite_store.audit.glance().problems] == ["7"]


def test_an_accepted_audit_is_whole_again_and_says_when_it_was_accepted(store: SqlStore, clock: StoppedClock) -> None:
    live(store)
    assert store.audit.glance().accepted is None
    lose_an_entry(store)
    clock.moment += timedelta(hours=1)
    store.audit.accept(user="anna", reason="a drill")
    glance = store.audit.glance()
    assert (glance.problems, glance.accepted) == ((), store._tenant.stamp())


def test_the_beginning_of_a_stream_may_have_been_forgotten(sqlite_store: SqlStore) -> None:
    """The cut stands further back in the file of the heads than a glance reads."""
    live(sqlite_store)
    ask(sqlite_store, LINES_LEAST + 5)
    execute(sqlite_store, "DELETE FROM audit WHERE stream = 'desk' AND seq <= 500")
    assert LINES_LEAST == 500
    glance = sqlite_store.audit.glance()
    assert glance.problems == ()
    assert glance.entries < LINES_LEAST


def test_a_glance_reads_no_more_of_a_long_audit(sqlite_store: SqlStore) -> None:
    live(sqlite_store)
    read: list[int] = []
    engine = sqlite_store._tenant.engine
    event.listen(engine, "after_execute", lambda *_: read.append(1))
    sqlite_store.audit.glance()
    few = len(read)
    ask(sqlite_store, 40)
    read.clear()
    sqlite_store.audit.glance()
    assert len(read) == few
    assert ENTRIES_MOST == 1_000
