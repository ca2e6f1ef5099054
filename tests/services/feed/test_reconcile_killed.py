"""A comparison with the register's list that is killed at any step and started again: rows and list agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from doubles import Killed, KilledStore, Library, Wrapped
from townspeople import cpr

from cprsync.services.feed.subscriptions import reconcile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cprsync.domain.person.number import CprNumber
    from cprsync.services.ports.register import CivilRegister
    from cprsync.services.ports.store import Store

#: No comparison of these tests takes more steps than this.
STEPS_MAX = 40


class Steps:
    """Counts what a comparison does, and kills it after the n-th."""

    def __init__(self, at: int) -> None:
        self.left = at

    def take(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


class CountedStore(Wrapped):
    """The real store; each write is a step."""

    def __init__(self, library: Library, steps: Steps) -> None:
        super().__init__(library.store, self._counted)
        self._steps = steps

    def _counted(self, name: str, real: Callable[..., Any]) -> Any:
        def write(*args: Any, **kwargs: Any) -> Any:
            result = real(*args, **kwargs)
            self._steps.take()
            return result

        return write if name in KilledStore.WRITES else real


class CountedRegister:
    """The double; each number that it has added or removed is a step, before we are told."""

    def __init__(self, library: Library, steps: Steps) -> None:
        self._register, self._steps = library.register, steps

    def subscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[Any]:
        return self._counted(self._register.subscribe_many, numbers)

    def unsubscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[Any]:
        return self._counted(self._register.unsubscribe_many, numbers)

    def subscriptions(self) -> set[CprNumber]:
        return self._register.subscriptions()

    def _counted(self, call: Callable[..., Iterator[Any]], numbers: Iterable[CprNumber]) -> Iterator[Any]:
        for told in call(numbers):
            self._steps.take()
            yield told


def out_of_step(library: Library, *, shared: bool) -> None:
    """Two left, two are missing there, and someone else is there too."""
    library.shared, library.batch = shared, 1
    for key in ("ANNA", "BO"):
        library.store.leaving.leave(library.id_of(key), user="lisbeth")
    library.register.listed -= {cpr("CLARA"), cpr("DAVID")}
    library.register.listed.add(cpr("EDITH"))


def agreed(library: Library) -> tuple[list[tuple[str, bool, bool]], set[CprNumber]]:
    """The rows, with whether they hold and whether the register has the number from us; and its list."""
    rows = [(row["patron_id"], not row["until"], bool(row["confirmed_at"])) for row in subscriptions(library)]
    return sorted(rows), set(library.register.listed)


def subscriptions(library: Library) -> list[dict[str, Any]]:
    return library.rows("subscription")


def compared(library: Library, steps: Steps | None = None) -> None:
    ports: dict[str, Any] = {}
    if steps is not None:
        ports["store"] = cast("Store", CountedStore(library, steps))
        ports["register"] = cast("CivilRegister", CountedRegister(library, steps))
    reconcile(replace(library.ports(), **ports), apply=True)


@pytest.mark.parametrize("shared", [False, True])
def test_killed_at_any_step_and_run_again_rows_and_list_agree(
    library: Library, tmp_path: Path, *, shared: bool
) -> None:
    out_of_step(library, shared=shared)
    whole = library.copy(tmp_path / "whole")
    whole.shared = shared
    compared(whole)
    end = agreed(whole)
    whole.engine.dispose()
    # who holds a subscription has it there from us, and who has left has not
    assert all(holds == ours for _, holds, ours in end[0])
    expected = {cpr("CLARA"), cpr("DAVID")} | ({cpr("EDITH")} if shared else set())
    assert end[1] == expected
    for at in range(1, STEPS_MAX):
        other = library.copy(tmp_path / str(at))
        other.shared = shared
        try:
            compared(other, Steps(at))
        except Killed:
            compared(other)
            assert agreed(other) == end
            before = other.everything()
            compared(other)
            assert other.everything() == before
            continue
        finally:
            other.engine.dispose()
        assert at > len(("add", "tell")) * 2 + len(("remove", "tell")) * 2
        return
    pytest.fail("more steps than there should be")
