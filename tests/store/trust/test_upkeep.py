"""What was done for the installation itself is kept: the last backup, the last drill that was whole."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from store_people import STARTED

from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask
from cprsync.store.trust import upkeep

if TYPE_CHECKING:
    import pytest

    from cprsync.store.sql import SqlStore


def test_the_last_of_a_task_is_told_with_its_time_outcome_and_words(store: SqlStore) -> None:
    store.upkeep.note(UpkeepTask.BACKUP, UpkeepOutcome.DONE, {"name": "20270301T053000Z", "bytes": 4096})
    store.upkeep.note(UpkeepTask.DRILL, UpkeepOutcome.FAILED, {"kind": "backup.part"})
    last = store.upkeep.last(UpkeepTask.BACKUP)
    assert last is not None
    assert (last.task, last.outcome) == (UpkeepTask.BACKUP, UpkeepOutcome.DONE)
    assert last.detail == {"name": "20270301T053000Z", "bytes": 4096}
    assert abs(last.at - STARTED) < timedelta(days=1)


def test_a_task_that_was_never_done_has_no_last_time(store: SqlStore) -> None:
    store.upkeep.note(UpkeepTask.BACKUP, UpkeepOutcome.DONE, {})
    assert store.upkeep.last(UpkeepTask.DRILL) is None


def test_the_last_that_was_whole_is_found_behind_one_that_failed(store: SqlStore) -> None:
    for outcome in (UpkeepOutcome.DONE, UpkeepOutcome.PART, UpkeepOutcome.FAILED):
        store.upkeep.note(UpkeepTask.DRILL, outcome, {"of": outcome.value})
    last, whole = store.upkeep.last(UpkeepTask.DRILL), store.upkeep.last(UpkeepTask.DRILL, UpkeepOutcome.DONE)
    either = store.upkeep.last(UpkeepTask.DRILL, UpkeepOutcome.DONE, UpkeepOutcome.PART)
    assert last is not None
    assert whole is not None
    assert either is not None
    assert [one.detail["of"] for one in (last, whole, either)] == ["failed", "done", "part"]


def test_the_oldest_of_a_task_go_when_there_are_many(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "KEPT_MOST", 3)
    store.upkeep.note(UpkeepTask.RESTORE, UpkeepOutcome.DONE, {})
    for number in range(5):
        store.upkeep.note(UpkeepTask.BACKUP, UpkeepOutcome.DONE, {"number": number})
    kept = [row["detail"] for row in store.views.everything("upkeep")["upkeep"] if row["task"] == "backup"]
    assert kept == ['{"number": 2}', '{"number": 3}', '{"number": 4}']
    assert store.upkeep.last(UpkeepTask.RESTORE) is not None
