"""A short random life in which staff work at the desk's API: each answer and each page is judged.

Drawn here is a sample. The whole: `sweeps/model.py --desk N`, 50 by default.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from at_desk import town_at_desk
from staffed import Day, live_with_staff

#: ANE and LEA: what each answer, page and old form is asked of once.
DAYS = (
    Day(events=(("protect", 0, 0), ("change_number", 1, 1)), deeds=(("open_form", 1, 6), ("look_around", 0, 1))),
    Day(events=(("move", 1, 4),), deeds=(("send_form", 0, 0), ("undo", 0, 1), ("accept", 0, 0))),
)

#: LEA is two patrons, one under each number, until somebody has said that they are one.
TWICE = (
    Day(events=(("change_number", 1, 13),), trouble="late", deeds=(("second", 1, 0),)),
    Day(deeds=(("reveal", 1, 45),)),
)


def test_at_the_desk_nobody_is_opened_and_no_answer_is_unforeseen(empty_store: Path) -> None:
    with TemporaryDirectory() as folder:
        reached = live_with_staff(DAYS, Path(folder) / "town", empty_store, town_of=town_at_desk)
    assert reached["look around"] == 1
    assert reached["compared"] > 0


def test_whoever_is_two_patrons_may_be_named_in_an_answer_about_either(tmp_path: Path, empty_store: Path) -> None:
    reached = live_with_staff(TWICE, tmp_path / "town", empty_store, town_of=town_at_desk)
    assert (reached["second"], reached["sent reveal"]) == (1, 1)
