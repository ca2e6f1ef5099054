"""A sample of the sweep in every check. The whole is `python tests/sweeps/tampering.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tampering import PLACES, swept

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_altered_in_the_audit_the_heads_the_journal_the_images_and_what_opens_is_found(tmp_path: Path) -> None:
    found = swept(2 * len(PLACES), 1, "sqlite", tmp_path)
    assert (found["missed"], found["found"]) == ([], 10)
    assert set(found["tried"]) == set(PLACES)
