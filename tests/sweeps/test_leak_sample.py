"""A sample of the sweep in every check, and every planted leak. The whole is `python tests/sweeps/outward_leaks.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from outward_leaks import is_found, library_of, sweep_lives
from outward_life import LeakLife, begun, lived
from planted_leaks import ESCAPES, PLANTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("leaks")

SAMPLE = range(3, 4)


@pytest.fixture(scope="module")
def life(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LeakLife]:
    """A life that has begun; each test lives a copy of it."""
    with library_of(empty_store, tmp_path_factory.mktemp("life") / "library") as library:
        yield begun(library)


def test_no_life_tells_another_system_what_it_may_not_have(empty_store: Path, tmp_path: Path) -> None:
    found = sweep_lives(empty_store, tmp_path, SAMPLE)
    assert (found.leaks, found.lives) == ({}, len(SAMPLE))
    assert found.reached.keys() >= {"protect", "move_in", "move", "die"}


@pytest.mark.parametrize("name", [*PLANTED, *ESCAPES])
def test_a_planted_leak_is_found(name: str, life: LeakLife, tmp_path: Path) -> None:
    assert is_found(life, tmp_path / "planted", name)


def test_there_are_twenty_planted_leaks_and_nothing_leaks_in_their_days_without_them(
    life: LeakLife, tmp_path: Path
) -> None:
    assert len(PLANTED) == 20
    days = [day for _, theirs in PLANTED.values() for day in theirs]
    lived(life.copy(tmp_path / "library"), list(dict.fromkeys(days)))
