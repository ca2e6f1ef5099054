"""What `runs show` says of each number of a night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cprsync.cli.night import item_line

if TYPE_CHECKING:
    from cprsync.cli.words import Language


def item(outcome: str, *actions: str, reason: str | None = None) -> dict[str, Any]:
    return {"person": 7, "patron": "10000001", "outcome": outcome, "actions": list(actions), "reason": reason}


@pytest.mark.parametrize(
    ("shown", "planned", "language", "line"),
    [
        (item("applied", "move"), (), "da", "       7  10000001  ændret flyttet"),
        (item("unchanged", reason="number.old"), (), "en", "       7  10000001  unchanged (an old number)"),
        (item("held"), ("rename", "move"), "da", "       7  10000001  holdt tilbage nyt navn, flyttet"),
        (
            item("held", "protect"),
            ("protect", "move"),
            "en",
            "       7  10000001  held back protection begins, moved; Went through all the same: protection begins",
        ),
        (
            item("held", "stop_letters"),
            ("die",),
            "da",
            "       7  10000001  holdt tilbage død; Gik igennem alligevel: breve standset",
        ),
    ],
)
def test_a_number_is_shown_with_what_was_done_or_would_have_been(
    shown: dict[str, Any], planned: tuple[str, ...], language: Language, line: str
) -> None:
    assert item_line(shown, planned, language) == line
