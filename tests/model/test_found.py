"""The smallest lives on which engine and model once disagreed; each says who was right."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from living import Life, Night, lived

if TYPE_CHECKING:
    from pathlib import Path

BEGINS = date(2027, 2, 15)
ANE, IDA, EVA = 0, 3, 4
PIN, MUNICIPALITY = 9, 12

LIVES = {
    # the group was lost on the way from the first delivery of a night to the second, and a dead one got none again
    "two deliveries in one night about one who died": (
        Night(trouble="late", events=(("die", ANE, 0),)),
        Night(events=(("correct_birth", ANE, 37),)),
    ),
    # a correction too: age decided over a pinned group
    "two deliveries in one night about one whose group is pinned": (
        Night(desk=(("correct", ANE, PIN),)),
        Night(trouble="late", events=(("rename", ANE, 1),)),
        Night(events=(("correct_birth", ANE, 37),)),
    ),
    # and the net media were told of the register's municipality while staff's holds
    "two deliveries in one night about one whose municipality staff know": (
        Night(desk=(("correct", ANE, MUNICIPALITY),)),
        Night(trouble="late", events=(("rename", ANE, 1),)),
        Night(events=(("move", ANE, 2),)),
    ),
    # the register was asked about a number replaced meanwhile, and its silence lifted her protection
    "an answer about a number that was replaced since the question": (
        Night(events=(("protect", ANE, 0),)),
        Night(trouble="down", events=(("unprotect", ANE, 0),)),
        Night(trouble="late", events=(("protect", ANE, 0), ("change_number", ANE, 1))),
    ),
    # she was left to a person, and nobody asked about her again
    "an import under a number that was replaced twice": (
        Night(events=(("change_number", EVA, 1), ("change_number", EVA, 2)), desk=(("enrol", EVA, 0),)),
        Night(trouble="late", events=(("move", EVA, 3),)),
        Night(),
    ),
}


@pytest.mark.parametrize("nights", LIVES.values(), ids=LIVES.keys())
def test_they_agree_on(nights: tuple[Night, ...], tmp_path: Path, empty_store: Path) -> None:
    lived(Life(BEGINS, nights), tmp_path / "library", empty_store)


def test_a_number_changed_while_residence_is_unknown_leaves_one_account(tmp_path: Path, empty_store: Path) -> None:
    """Decision 11: create under the new number, verify, then delete the old, with what was told of her last."""
    nights = (
        Night(events=(("vanish", ANE, 0),)),
        Night(events=(("change_number", ANE, 1),)),
        Night(events=(("found", ANE, 3),)),
    )
    held = lived(Life(BEGINS, nights), tmp_path / "library", empty_store).held["ANE"]
    assert len(held) == 1
