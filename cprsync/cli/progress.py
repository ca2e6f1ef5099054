"""Progress of long work: a bar on a terminal, one quiet line a step when piped, nothing with --json."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from typing import Self


class _Shown(Protocol):
    def stage(self, name: str, total: int | None = None) -> None: ...
    def advance(self, count: int = 1) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


class Nothing:
    """Shows nothing."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Show nothing."""

    def advance(self, count: int = 1) -> None:
        """Show nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind."""


class Lines(Nothing):
    """One line for each step that does anything."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Write the step's name, and how much it will do if that is known."""
        if total != 0:
            sys.stderr.write(f"{name}{'' if total is None else f': {total}'}\n")


class Bar:
    """A bar that leaves nothing behind."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed}"))
        self._progress = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("", total=None)

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a step anew."""
        self._progress.reset(self._task, description=name, total=total)

    def advance(self, count: int = 1) -> None:
        """Move the step on."""
        self._progress.advance(self._task, count)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def progress(*, as_json: bool) -> _Shown:
    """Choose by where standard error goes."""
    if as_json:
        return Nothing()
    return Bar() if sys.stderr.isatty() else Lines()
