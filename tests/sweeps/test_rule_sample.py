"""A sample of the sweep in every check. The whole is `python tests/sweeps/rules.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

#: The sample ends long before this.
CEILING_SECONDS = 300


def test_a_rule_that_is_deleted_or_altered_turns_a_test_red() -> None:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "rules.py"), "--rows", "1", "--json"],
        capture_output=True,
        text=True,
        timeout=CEILING_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert set(found["tables"]) == {"status", "protection", "parked", "age", "residence", "rights"}
    assert (found["rows"], found["changes"]) == (6, 6)
    assert found["green"] == []
    assert found["red_before"] == []
