"""Random lives in which staff undo, merge, part and restore: in the end each record is what the register says.

Drawn here is a sample. The whole: `sweeps/model.py --staffed N`, 300 by default.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from drawn import staffed_days
from hypothesis import HealthCheck, given, settings
from staffed import Day, live_with_staff


@settings(
    max_examples=3,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(days=staffed_days(most=8))
def test_whatever_staff_do_nobody_is_opened_and_each_record_comes_true(
    days: tuple[Day, ...], empty_store: Path
) -> None:
    with TemporaryDirectory() as folder:
        reached = live_with_staff(days, Path(folder) / "town", empty_store)
    assert reached["compared"] + reached["left to a person"] > 0
