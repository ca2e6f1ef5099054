"""What was done for the installation itself is kept: the last backup, the last drill that was whole."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from store_people import STARTED

from cprsync.services.ports.trust.upkeep import Outcome, Task
from cprsync.store.trust import upkeep

if TYPE_CHECKING:
    import pytest

    from cprsync.store.sql import SqlStore


def test_the_last_of_a_task_is_told_with_its_time_outcome_and_words(store: SqlStore) -> None:
    store.upkeep.note(Task.BACKUP, Outcome.DONE, {"name": "20270301T053000Z", "bytes": 4096})
    store.upkeep.note(Task.DRILL, Outcome.FAILED, {"kind": "backup.part"})
    last = store.upkeep.last(Task.BACKUP)
    assert last is not None
    assert (last.task, last.outcome) == (Task.BACKUP, Outcome.DONE)
    assert last.detail == {"name": "20270301T053000Z", "bytes": 4096}
    assert abs(last.at - STARTED) < timedelta(days=1)


def test_a_task_that_was_never_done_has_no_last_time(store: SqlStore) -> None:
    store.upkeep.note(Task.BACKUP, Outcome.DONE, {})
    assert store.upkeep.last(Task.DRILL) is None


def test_the_last_that_was_whole_is_found_behind_one_that_failed(store: SqlStore) -> None:
    for outcome in (Outcome.DONE, Outcome.PART, Outcome.FAILED):
        store.upkeep.note(Task.DRILL, outcome, {"of": outcome.value})
    last, whole = store.upkeep.last(Task.DRILL), store.upkeep.last(Task.DRILL, Outcome.DONE)
    either = store.upkeep.last(Task.DRILL, Outcome.DONE, Outcome.PART)
    assert last is not None
    assert whole is not None
    assert either is not None
    assert [one.detail["of"] for one in (last, whole, either)] == ["failed", "done", "part"]


def test_the_oldest_of_a_task_go_when_there_are_many(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "KEPT_MOST", 3)
    store.upkeep.note(Task.RESTORE, Outcome.DONE, {})
    for number in range(5):
        store.upkeep.note(Task.BACKUP, Outcome.DONE, {"number": number})
    kept = [row["detail"] for row in store.views.everything("upkeep")["upkeep"] if row["task"] == "backup"]
    assert kept == ['{"number": 2}', '{"number": 3}', '{"number": 4}']
    assert store.upkeep.last(Task.RESTORE) is not None
