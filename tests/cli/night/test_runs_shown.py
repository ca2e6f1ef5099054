"""What `runs list` says of each night, and `runs show` of each number of one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from cprsync.language.night import item_line, run_line
from cprsync.services.ports.runs import ListedRun

if TYPE_CHECKING:
    from cprsync.catalogues import Language


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


def night(state: str, code: int | None, **counts: Any) -> ListedRun:
    times = {"started": "2027-03-23T05:30:00Z", "finished": None if code is None else "2027-03-23T05:31:00Z"}
    return ListedRun(run=12, agency="710100", day=date(2027, 3, 23), state=state, exit=code, **{**times, **counts})


WAITS_DA, WAITS_EN = "gjort, og noget venter på personalet", "done, and something waits for a person"
PARKED = {"received": 5, "applied": 3, "parked": 1, "held": 0, "left_to_a_person": 1}


@pytest.mark.parametrize(
    ("undoing", "da", "en"),
    [
        ({"reverts": 5, "reverted_by": None}, "; fortryder kørsel 5", "; undo of run 5"),
        ({"reverts": None, "reverted_by": 14}, "; fortrudt af kørsel 14", "; undone by run 14"),
        (
            {"reverts": 5, "reverted_by": 14},
            "; fortryder kørsel 5; fortrudt af kørsel 14",
            "; undo of run 5; undone by run 14",
        ),
        ({"reverts": None, "reverted_by": None}, "alt er gjort", "all is done"),
    ],
)
def test_a_run_of_the_list_says_what_it_undoes_and_what_undid_it(undoing: dict[str, Any], da: str, en: str) -> None:
    assert run_line(night("done", 0, **undoing), "da").endswith(da)
    assert run_line(night("done", 0, **undoing), "en").endswith(en)


@pytest.mark.parametrize(
    ("run", "da", "en"),
    [
        (
            night("done", 3, **PARKED, reasons={"address.missing": 1, "block.dead": 1, "register.refused": 1}),
            f"færdig         modtaget 5  ændret 3  holdt tilbage 0  til personalet 3  {WAITS_DA}",
            f"done           received 5  applied 3  held back 0  left to a person 3  {WAITS_EN}",
        ),
        (
            # of an earlier version, or a line without a number: no reason is told
            night("nothing", 3, parked=1),
            f"intet at gøre  modtaget 0  ændret 0  holdt tilbage 0  til personalet 1  {WAITS_DA}",
            f"nothing to do  received 0  applied 0  held back 0  left to a person 1  {WAITS_EN}",
        ),
        (
            night("held", 5, received=5, held=5),
            "holdt tilbage  modtaget 5  ændret 0  holdt tilbage 5  til personalet 0  standset af en bremse",
            "held back      received 5  applied 0  held back 5  left to a person 0  stopped by a brake",
        ),
        (
            night("done", 0, reverts=5, restored=2),
            "færdig         modtaget 0  ændret 2  holdt tilbage 0  til personalet 0  alt er gjort; fortryder kørsel 5",
            "done           received 0  applied 2  held back 0  left to a person 0  all is done; undo of run 5",
        ),
        (
            night("applying", None),
            "ikke færdig    modtaget 0  ændret 0  holdt tilbage 0  til personalet 0  –",
            "not finished   received 0  applied 0  held back 0  left to a person 0  –",
        ),
    ],
)
def test_a_night_of_the_list_says_what_it_left_to_a_person_and_how_it_ended(run: ListedRun, da: str, en: str) -> None:
    assert run_line(run, "da") == f"   12  23. marts 2027      {da}"
    assert run_line(run, "en") == f"   12  23 March 2027       {en}"
