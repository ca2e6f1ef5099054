"""How many modules a night enters: what somebody has to know who follows one night through the code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doubles import MONDAY, TUESDAY
from townspeople import moves, person

import cprsync

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from doubles import Library

_PACKAGE = str(Path(cprsync.__file__).parent)


def entered(act: Callable[[], object]) -> set[str]:
    """The modules of the package in which a function is called."""
    files: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            files.add(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
    return {one.removeprefix(_PACKAGE) for one in files if one.startswith(_PACKAGE)}


def test_a_night_that_moves_a_patron_enters_at_most_seventy_modules(library: Library) -> None:
    library.sets_culr_up()
    library.deliver(MONDAY, moves(person("ANNA")))
    through = entered(library.one_night)
    assert "/services/night/run.py" in through
    assert len(through) <= 70, sorted(through)


def test_a_night_without_news_enters_at_most_fifty_six_modules(library: Library) -> None:
    library.deliver(TUESDAY)
    through = entered(library.one_night)
    assert len(through) <= 56, sorted(through)
