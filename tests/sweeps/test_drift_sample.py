"""A sample of the sweep in every check. The whole is `python tests/sweeps/drifts.py`."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from drifts import swept
from town import PEOPLE_FILE

from cprsync.mock.server import running

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("mock")


def test_each_drift_planted_in_the_mocks_culr_is_found_repaired_and_gone(tmp_path: Path, mock_keys: Path) -> None:
    shutil.copytree(mock_keys, tmp_path / "mock")
    (tmp_path / "library").mkdir()
    with running(tmp_path / "mock", PEOPLE_FILE) as ready:
        found = swept(24, 12, ready, tmp_path / "library")
    assert found["ok"], found
    drifted = {"missing": 4, "extra": 4, "stale": 4, "foreign": 0, "cards": 0}
    assert found["first"] == {"read": 36, **drifted, "repaired": 12, "left_out": 0}
