"""Two libraries in one database keep apart, and a month on SQLite is the same month on PostgreSQL.

Lived here is a sample. The whole: `sweeps/model.py --together N --both N`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from both_databases import live_on_both
from on_server import copying
from staffed import Day
from together import live_together

if TYPE_CHECKING:
    from pathlib import Path

ANE, LEA = 0, 1
DAY = Day(
    (("protect", ANE, 0), ("change_number", LEA, 1)),
    deeds=(("back_up", ANE, 0), ("leave", LEA, 0), ("restore", ANE, 0)),
)


def test_nothing_of_one_library_changes_whatever_the_other_does(tmp_path: Path, empty_store: Path) -> None:
    other = Day(trouble="culr", deeds=(("rotate", ANE, 0), ("undo", ANE, 0)))
    assert live_together([(DAY, other)], tmp_path / "town", empty_store)["restore"] == 2


def test_a_month_leaves_the_same_rows_on_both_databases(tmp_path: Path, empty_store: Path, postgresql: str) -> None:
    with copying(postgresql) as copies:
        assert live_on_both([DAY], tmp_path / "town", empty_store, copies)["restore"] == 1
