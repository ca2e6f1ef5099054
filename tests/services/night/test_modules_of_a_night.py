"""How many modules a night enters: what somebody has to know who follows one night through the code."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doubles import MONDAY, TUESDAY
from townspeople import moves, person

import cprsync
from cprsync.cli.terminal.failures import chain_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from doubles import Library

_PACKAGE = str(Path(cprsync.__file__).parent)


def entered(act: Callable[[], object]) -> set[str]:
    """The modules of the package in which a function is called.

    Python collects no garbage meanwhile: what an earlier test has left ends then, wherever it stands.
    """
    files: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            files.add(frame.f_code.co_filename)

    before = sys.getprofile()
    gc.disable()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
        gc.enable()
    return {one.removeprefix(_PACKAGE) for one in files if one.startswith(_PACKAGE)}


def test_garbage_of_an_earlier_test_enters_nothing() -> None:
    # a generator that stands in the middle, in a circle
    left: list[object] = [standing := chain_of(ValueError())]
    next(standing)
    left.append(left)
    del left, standing
    assert entered(make_garbage) == set()


def make_garbage() -> None:
    for _ in range(3 * gc.get_threshold()[0]):
        one: list[object] = []
        one.append(one)


def test_a_night_that_moves_a_patron_enters_at_most_seventy_modules(library: Library) -> None:
    library.sets_culr_up()
    library.deliver(MONDAY, moves(person("ANNA")))
    through = entered(library.one_night)
    assert "/services/night/run.py" in through
    assert len(through) <= 70, "\n".join(sorted(through))


def test_a_night_without_news_enters_at_most_fifty_six_modules(library: Library) -> None:
    library.deliver(TUESDAY)
    through = entered(library.one_night)
    assert len(through) <= 56, "\n".join(sorted(through))
