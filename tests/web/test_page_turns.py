"""How many pages a reader may have: the workers of one desk count together, and one that has ended frees its turns."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from browser import Clock
from test_workers import keeping

from cprsync.errors import CprsyncError
from cprsync.web.memory.rate_limit import ALL_AT_ONCE, AT_ONCE, Turns
from cprsync.web.workers.together import Together

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.web.memory.rate_limit import PageTurns

OFTEN = 100


@pytest.fixture(params=["one process", "two workers"])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Clock, PageTurns, PageTurns]]:
    """A clock, and where each of two workers counts; or one process twice."""
    clock = Clock()
    if request.param == "one process":
        turns = Turns(clock)
        yield clock, turns, turns
        return
    with keeping(tmp_path, clock) as together:
        yield clock, together.pages(), Together(together.path, together.secret).pages()


def take(held: ExitStack, turns: PageTurns, who: str = "website", a_minute: int = OFTEN) -> bool:
    return held.enter_context(turns.taken(who, a_minute=a_minute))


def has_turn(turns: PageTurns, who: str = "website", a_minute: int = OFTEN) -> bool:
    """Whether there is a turn, which ends at once. The parent may need a moment to see that another one has ended."""
    for _ in range(200):
        with turns.taken(who, a_minute=a_minute) as is_given:
            if is_given:
                return True
    return False


def test_a_reader_has_as_many_pages_at_once_at_all_workers_as_at_one(two: tuple[Clock, PageTurns, PageTurns]) -> None:
    _, first, second = two
    with ExitStack() as held:
        assert [take(held, one) for one in (first, second)[:AT_ONCE]] == [True] * AT_ONCE
        assert [take(held, one) for one in (first, second)] == [False, False]
        # another reader is not held up
        assert take(held, second, "door")
    assert has_turn(first)
    assert has_turn(second)


def test_all_readers_together_have_a_ceiling(two: tuple[Clock, PageTurns, PageTurns]) -> None:
    _, first, second = two
    with ExitStack() as held:
        assert all(take(held, (first, second)[n % 2], f"reader-{n}") for n in range(ALL_AT_ONCE))
        assert not take(held, first, "one-more")
    assert has_turn(first, "one-more")


def test_a_minute_is_counted_once_and_passes(two: tuple[Clock, PageTurns, PageTurns]) -> None:
    clock, first, second = two
    assert has_turn(first, a_minute=2)
    assert has_turn(second, a_minute=2)
    assert not has_turn(first, a_minute=2)
    assert not has_turn(second, a_minute=2)
    clock.seconds += 61
    assert has_turn(second, a_minute=2)


def test_a_worker_that_has_ended_frees_its_turns(tmp_path: Path) -> None:
    with keeping(tmp_path, Clock()) as together:
        values = {"of": together.seal("website").hex(), "most": OFTEN}
        asking = [together.begin("page", **values) for _ in range(AT_ONCE)]
        assert all(one.recv(64) for one in asking)
        with together.pages().taken("website", a_minute=OFTEN) as is_given:
            assert not is_given
        for one in asking:
            one.close()  # as the kernel does for a process that was killed
        assert has_turn(together.pages())


def test_without_a_parent_nobody_gets_a_page(tmp_path: Path) -> None:
    turns = Together(tmp_path / "nobody", b"secret").pages()
    with pytest.raises(CprsyncError, match="taken"), turns.taken("website", a_minute=OFTEN):
        pytest.fail("a turn was given")
