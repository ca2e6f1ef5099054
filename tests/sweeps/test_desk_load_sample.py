"""A sample of what `desk_load.py` sweeps: a few people at a desk of two workers for a few seconds, and a night."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk_load import is_well, swept

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_that_the_desk_said_it_kept_is_lost_while_a_night_runs_beside(mock_keys: Path) -> None:
    document = swept(4, seconds=3, pause=0.3, keys=mock_keys)
    assert is_well(document), document
    assert document["writes"] >= 4
    assert document["sessions"] == {"0": 2, "1": 2}
