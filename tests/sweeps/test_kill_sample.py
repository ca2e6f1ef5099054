"""A sample of the sweep in every check. The whole is `python tests/sweeps/kill.py`, on each database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import started

#: The sample ends long before this.
CEILING_SECONDS = 300


#: Each database has about a thousand statements in its night.
EVERY = 450


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_night_killed_at_some_statement_ends_as_one_that_was_not(database: str, mock_keys: Path) -> None:
    options = ["--database", database, "--every", str(EVERY), "--certificates", str(mock_keys / "certs"), "--json"]
    done = started.script(Path(__file__).parent / "kill.py", *options, ceiling=CEILING_SECONDS)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["statements"] == found["counted"]["statements"]
    assert found["killed"] >= 2
    assert found["actions"].keys() >= {"die", "first_copy", "move", "protect", "rename", "renumber", "unprotect"}
    assert min(found["told"].values()) > 0
    assert found["differences"] == {}
