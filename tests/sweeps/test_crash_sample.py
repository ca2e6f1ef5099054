"""A sample of the kills and the faults in every check. The whole: `crash.py` and `crash_faults.py` beside this file.

A night without memory is lived in the whole alone: where it ends depends on the machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import started

#: The sample ends long before this.
CEILING_SECONDS = 300


def swept(script: str, mock_keys: Path, *options: str) -> dict[str, Any]:
    path = Path(__file__).parent / script
    options = (*options, "--certificates", str(mock_keys / "certs"), "--json")
    done = started.script(path, *options, ceiling=CEILING_SECONDS)
    assert done.returncode == 0, done.stderr + done.stdout
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_a_life_killed_at_random_moments_ends_as_one_that_was_not(mock_keys: Path) -> None:
    found = swept("crash.py", mock_keys, "--nights", "--kills", "2", "--each", "1")
    assert found["kills"] >= 2
    assert (found["lost_or_doubled"], found["hands"]) == ({}, {})


def test_a_night_whose_database_refuses_it_says_so_and_goes_on_by_itself(mock_keys: Path) -> None:
    scenes = ("server-read-only", "connections")
    found = swept("crash_faults.py", mock_keys, "--database", "postgresql", "--only", *scenes)
    kinds = {one["scene"]: {kind for kind, _, _ in one["told"]} for one in found["scenes"]}
    assert kinds["server-read-only"] == {"store.no_writes"}
    assert kinds["connections"] == {"store.unavailable"}
    assert found["wrong"] == []
