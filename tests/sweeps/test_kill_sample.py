"""A sample of the sweep in every check. The whole is `python tests/sweeps/kill.py`, on each database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import started

#: The sample ends long before this.
CEILING_SECONDS = 300


@pytest.mark.parametrize(("database", "every", "kills"), [("sqlite", 470, 2), ("postgresql", 450, 2)])
def test_a_night_killed_at_some_statement_ends_as_one_that_was_not(
    database: str, every: int, kills: int, mock_keys: Path
) -> None:
    options = ["--database", database, "--every", str(every), "--certificates", str(mock_keys / "certs"), "--json"]
    done = started.script(Path(__file__).parent / "kill.py", *options, ceiling=CEILING_SECONDS)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["statements"] == found["counted"]["statements"]
    assert found["killed"] >= kills
    assert found["actions"].keys() >= {"die", "first_copy", "move", "protect", "rename", "renumber", "unprotect"}
    assert min(found["told"].values()) > 0
    assert found["differences"] == {}
