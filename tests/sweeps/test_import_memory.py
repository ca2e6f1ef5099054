"""A sample of the sweep in every check. The whole is `python tests/sweeps/import_memory.py`."""

from __future__ import annotations

import pytest
from import_memory import measured


@pytest.mark.parametrize(("what", "form"), [("patron", "json"), ("circulation", "csv")])
def test_a_list_of_three_times_as_many_rows_takes_no_more_memory(what: str, form: str) -> None:
    found = measured(1_000, 3_000, form, what=what, apply=False)
    assert found["ok"], found
