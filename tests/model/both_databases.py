"""The same month on SQLite and on PostgreSQL: after each night and each deed both hold the same rows.

Keys, clocks and random bytes are the same, so each value is the same too, also the codes of the audit.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

from on_server import begin_library
from staffed import Day, Town, town_of_staff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from doubles import Library
    from on_server import Copies


def live_on_both(
    days: Sequence[Day],
    folder: Path,
    empty_store: Path,
    copies: Copies,
    town_of: Callable[[Path, Library], Town] = town_of_staff,
) -> Counter[str]:
    """Live it on both, step by step. Returns how often what was reached on each."""
    towns = []
    for name, on in (("sqlite", None), ("postgresql", copies)):
        random = Random(1).randbytes  # noqa: S311 -- nothing is secret here
        library = begin_library(folder / name / "first", empty_store, on, random=random)
        towns.append(town_of(folder / name, library))
    try:
        _do(towns, "the beginning", Town.begin)
        for day in days:
            _do(towns, "the night", lambda town, day=day: town.pass_night(day))  # type: ignore[misc]
            for deed in day.deeds:
                _do(towns, deed[0], lambda town, deed=deed: town.do(*deed))  # type: ignore[misc]
        return towns[0].reached
    finally:
        for town in towns:
            town.close_library()
        shutil.rmtree(folder)


def _do(towns: Sequence[Town], what: str, deed: Callable[[Town], object]) -> None:
    for town in towns:
        deed(town)
    ours, theirs = (_rows_of(town) for town in towns)
    differs = {name: (rows - theirs[name], theirs[name] - rows) for name, rows in ours.items() if rows != theirs[name]}
    assert not differs, towns[0].but(what, f"the two hold different rows: {differs}")
    for here, there in zip(*(town.staff.answers for town in towns), strict=True):
        assert here == there, towns[0].but(what, f"the two answer differently, {_where(here, there)}")
    for town in towns:
        town.staff.answers.clear()
    assert towns[0].told == towns[1].told, towns[0].but(what, f"on PostgreSQL this happened: {towns[1].told}")


def _where(here: str, there: str) -> str:
    """Where two answers part."""
    at = next((place for place, (one, other) in enumerate(zip(here, there, strict=False)) if one != other), 0)
    return " / ".join(f"{one[:60]} … {one[max(0, at - 60) : at + 60]}" for one in (here, there))


def _rows_of(town: Town) -> dict[str, Counter[str]]:
    everything = town.library.everything()
    return {name: Counter(json.dumps(_unpadded(row)) for row in rows) for name, rows in everything.items()}


def _unpadded(row: dict[str, Any]) -> dict[str, str]:
    """PostgreSQL pads what has a fixed length; whoever compares it does not see that."""
    return {name: str(value).rstrip() for name, value in row.items()}
