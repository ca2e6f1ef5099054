"""A mock that is killed while it closes a day, and started again: no delivery is lost, doubled or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from town import PEOPLE_FILE, number

from cprsync.mock.town import agreement
from cprsync.mock.town.people import load_town
from cprsync.mock.town.register import TownRegister, load_register, new_register
from cprsync.mock.town.state import Memory

if TYPE_CHECKING:
    from pathlib import Path

#: What a start keeps: nothing, but it clears up.
START = ("clear_aside",)
#: What one closed day with two deliveries keeps: both aside, the day, both again for their boxes, and that it is done.
STEPS = ("put_aside", "put_aside", "save", "aside", "aside", "save", "clear_aside")
NIGHTS = 2


class Killed(BaseException):
    """The process died here."""


class MortalMemory(Memory):
    """A memory that dies before or after its n-th step: between two of them files are written."""

    def __init__(self, folder: Path, *, dies_at: int | None, after: bool) -> None:
        super().__init__(folder)
        self._left, self._after = dies_at, after
        self.steps: list[str] = []

    def _step(self, name: str, *args: Any) -> Any:
        self.steps.append(name)
        dies = self._left is not None and len(self.steps) == self._left + 1
        if dies and not self._after:
            raise Killed
        result = getattr(super(), name)(*args)
        if dies:
            raise Killed
        return result

    def put_aside(self, name: str, content: bytes) -> None:
        self._step("put_aside", name, content)

    def save(self, document: dict[str, Any]) -> None:
        self._step("save", document)

    def aside(self, name: str) -> bytes:
        content: bytes = self._step("aside", name)
        return content

    def clear_aside(self) -> None:
        self._step("clear_aside")


def begun(folder: Path) -> TownRegister:
    """A town to which two libraries subscribe, and in which something happened."""
    folder.mkdir()
    memory = Memory(folder)
    register = new_register(folder, memory, load_town(PEOPLE_FILE), framing="lines")
    for one in agreement.ALL:
        register.change_filter(one.service_agreement, "PNR", number("ANNA"), added=True)
    register.happen("move", who="ANNA", to="SKOLEN")
    register.add_fault("half-file", times=1, seconds=0)
    memory.close()
    return register


def lived(folder: Path, memory: Memory) -> TownRegister:
    """Start in the folder and close the days that are not closed yet."""
    document = memory.load()
    assert document is not None
    register = load_register(folder, memory, document, framing="lines")
    while (register.day - register.town.day).days < NIGHTS:
        register.close_day(empty=True)
    memory.close()
    return register


def boxes(folder: Path) -> dict[str, bytes]:
    files = [path for one in agreement.ALL for path in one.inbox(folder).iterdir()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(len(START + STEPS * NIGHTS)))
def test_a_mock_that_is_killed_at_a_step_ends_where_one_ends_that_was_not(
    tmp_path: Path, step: int, *, after: bool
) -> None:
    begun(tmp_path / "whole")
    whole = lived(tmp_path / "whole", Memory(tmp_path / "whole"))
    folder = tmp_path / "killed"
    begun(folder)
    with pytest.raises(Killed):
        lived(folder, MortalMemory(folder, dies_at=step, after=after))
    register = lived(folder, Memory(folder))
    assert boxes(folder) == boxes(tmp_path / "whole")
    assert register.dump() == whole.dump()
    assert not list(folder.glob("owed*"))


def test_a_closed_day_has_the_steps_at_which_it_is_killed(tmp_path: Path) -> None:
    begun(tmp_path / "mock")
    memory = MortalMemory(tmp_path / "mock", dies_at=None, after=False)
    lived(tmp_path / "mock", memory)
    assert tuple(memory.steps) == START + STEPS * NIGHTS
    assert len(boxes(tmp_path / "mock")) == 2 * 2 * NIGHTS
