"""Progress of long work: a bar on a terminal, one line for each step when piped, nothing with --json."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

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
    """Writes one line for each step that has work."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Write the step's name, and its number of items if known."""
        if total != 0:
            sys.stderr.write(f"{name}{'' if total is None else f': {total}'}\n")


class Bar(Nothing):
    """Shows one bar for each step of known length. Other steps show nothing."""

    def __init__(self) -> None:
        self._bar: Any = None

    def stage(self, name: str, total: int | None = None) -> None:
        """End the last step's bar and begin the next one."""
        import typer

        self.__exit__()
        if total:
            self._bar = typer.progressbar(length=total, label=f"{name:<10}", file=sys.stderr, width=40)
            self._bar.__enter__()

    def advance(self, count: int = 1) -> None:
        """Advance the bar."""
        if self._bar is not None:
            self._bar.update(count)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


def progress(*, as_json: bool) -> _Shown:
    """Choose the kind of progress by where standard error goes."""
    if as_json:
        return Nothing()
    return Bar() if sys.stderr.isatty() else Lines()
