"""Tasks go side by side, but for those that touch the same thing: these go one after the other, as they come."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

import pytest

from cprsync.errors import CprsyncError, NetMediaUnavailable, NetMediaUntrusted
from cprsync.wire.calls import Circuit, Peer, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable

#: What a task touches, and its place in the order.
Task = tuple[str, int]


PEER = Peer("someone", lambda error: error, unanswered=NetMediaUnavailable, hopeless=(NetMediaUntrusted,))
SILENT, UNTRUSTED = NetMediaUnavailable("no answer"), NetMediaUntrusted("another host")


def circuit(ceiling: int = 20) -> Circuit:
    return Circuit(ceiling, PEER)


def letters(task: Task) -> set[str]:
    return set(task[0])


def lived(tasks: list[Task], *, threads: int, work: Callable[[Task], None]) -> list[tuple[str, Task]]:
    """When each task began and ended, as one list."""
    told: list[tuple[str, Task]] = []
    lock = threading.Lock()

    def carry_out(task: Task) -> list[Task]:
        with lock:
            told.append(("begins", task))
        work(task)
        with lock:
            told.append(("ends", task))
        return [task]

    brought = list(side_by_side(tasks, carry_out, threads=threads, circuit=circuit(), touches=letters))
    assert sorted(brought) == sorted(tasks)
    return told


@pytest.mark.parametrize("threads", [1, 2, 5, 20])
@pytest.mark.parametrize("seed", range(4))
def test_what_touches_the_same_goes_in_its_order_and_never_at_once(threads: int, seed: int) -> None:
    pick = random.Random(seed)  # noqa: S311 -- which tasks meet, and no secret
    tasks = [("".join(pick.sample("abcdefgh", pick.choice([1, 1, 2, 3]))), n) for n in range(120)]
    told = lived(tasks, threads=threads, work=lambda _: time.sleep(pick.choice([0, 0, 0.001])))
    for key in "abcdefgh":
        met = [(what, task) for what, task in told if key in task[0]]
        wanted = [(what, task) for task in tasks if key in task[0] for what in ("begins", "ends")]
        assert met == wanted


def test_what_touches_nothing_in_common_goes_at_once() -> None:
    together = threading.Barrier(4, timeout=10)
    told = lived([(key, n) for n, key in enumerate("abcd")], threads=4, work=lambda _: ignore(together.wait()))
    assert [what for what, _ in told] == ["begins"] * 4 + ["ends"] * 4


def ignore(_: object) -> None:
    """Return nothing."""


def test_one_that_fails_unexpectedly_ends_all_and_leaves_nobody_waiting() -> None:
    def breaks(task: Task) -> list[Task]:
        if task[1] == 1:
            raise ZeroDivisionError
        return [task]

    with pytest.raises(ZeroDivisionError):
        list(side_by_side([("a", n) for n in range(50)], breaks, threads=3, circuit=circuit(), touches=letters))
    assert not [one for one in threading.enumerate() if one.name.startswith("calls")]


@pytest.mark.parametrize(
    ("outcomes", "is_open", "hopeless"),
    [
        ([SILENT, SILENT], False, None),
        ([SILENT, SILENT, "an answer", SILENT], False, None),
        ([SILENT, SILENT, SILENT], True, None),
        ([SILENT, SILENT, SILENT, "a late answer"], True, None),
        ([UNTRUSTED, "a late answer"], True, UNTRUSTED),
    ],
)
def test_a_circuit_opens_for_good(outcomes: list[object], is_open: bool, hopeless: CprsyncError | None) -> None:
    counting = circuit(3)
    assert [counting.note(outcome) for outcome in outcomes] == outcomes
    assert (counting.is_open, counting.hopeless) == (is_open, hopeless)
