"""A sample of the sweep in every check, and every planted leak. The whole is `python tests/sweeps/outward_leaks.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from outward_leaks import is_found, is_found_outside, library_of, sweep_lives
from outward_life import LeakLife, begun, lived
from outward_wire import Wires, wired
from planted_leaks import ESCAPES, PLANTED
from planted_wires import WIRED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("leaks")

SAMPLE = range(3, 4)
#: With the real clients: Koha, the files and the webhook hear of a protection, of its end, and of who leaves.
WITH_CLIENTS = range(10, 11)


@pytest.fixture(scope="module")
def life(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LeakLife]:
    """A life that has begun; each test lives a copy of it."""
    with library_of(empty_store, tmp_path_factory.mktemp("life") / "library") as library:
        yield begun(library)


@pytest.fixture(scope="module")
def wires(mock_keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wires]:
    with wired(mock_keys, tmp_path_factory.mktemp("wires") / "outside") as wires:
        yield wires


def test_no_life_tells_another_system_what_it_may_not_have(empty_store: Path, tmp_path: Path) -> None:
    found = sweep_lives(empty_store, tmp_path, SAMPLE)
    assert (found.leaks, found.lives) == ({}, len(SAMPLE))
    assert found.reached.keys() >= {"protect", "move_in", "move", "die"}


def test_no_real_client_lets_out_what_its_target_may_not_have(empty_store: Path, wires: Wires, tmp_path: Path) -> None:
    found = sweep_lives(empty_store, tmp_path, WITH_CLIENTS, wires)
    assert (found.leaks, found.wired) == ({}, len(WITH_CLIENTS))
    assert found.reached.keys() >= {"protect", "unprotect", "move"}


@pytest.mark.parametrize("name", WIRED)
def test_a_leak_planted_in_a_client_is_found_outside(
    name: str, empty_store: Path, wires: Wires, tmp_path: Path
) -> None:
    assert is_found_outside(empty_store, tmp_path / "planted", wires, name)


def test_nothing_leaks_in_the_days_of_the_clients_mistakes_without_them(
    empty_store: Path, wires: Wires, tmp_path: Path
) -> None:
    with library_of(empty_store, tmp_path / "library") as library:
        days = [day for _, days, _ in WIRED.values() for day in days]
        lived(begun(library, seed=2, wires=wires), list(dict.fromkeys(days)))


@pytest.mark.parametrize("name", [*PLANTED, *ESCAPES])
def test_a_planted_leak_is_found(name: str, life: LeakLife, tmp_path: Path) -> None:
    assert is_found(life, tmp_path / "planted", name)


def test_there_are_twenty_planted_leaks_and_nothing_leaks_in_their_days_without_them(
    life: LeakLife, tmp_path: Path
) -> None:
    assert len(PLANTED) == 20
    days = [day for _, theirs in PLANTED.values() for day in theirs]
    copied = life.copy(tmp_path / "library")
    lived(copied, list(dict.fromkeys(days)))
    copied.library.engine.dispose()
