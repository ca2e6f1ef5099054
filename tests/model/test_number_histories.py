"""Random histories of number changes: one patron stays one patron. The whole: `sweeps/model.py --numbers N`."""

from __future__ import annotations

from hypothesis import given, settings
from number_histories import HISTORIES, PATRONS, walk


@settings(max_examples=1000, derandomize=True, deadline=None)
@given(history=HISTORIES, patrons=PATRONS)
def test_no_history_of_number_changes_merges_two_patrons(
    history: list[list[tuple[int, int]]], patrons: list[int]
) -> None:
    walk(history, patrons)
