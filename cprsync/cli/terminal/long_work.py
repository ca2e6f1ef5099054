"""Long work: shows its progress, and ends it after the present piece of work when someone stops it.

Progress is a bar on a terminal, one line for each step when piped, and nothing with --json. After SIGTERM or Ctrl-C the
next run continues where this one ended. Without `stoppable` both would end it at once. That is safe too, and only loses
the present piece of work.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cprsync.errors import RunStopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

    from cprsync.catalogues import Language

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_NOTICE = b"cprsync: stopping after the batch at hand; a second signal stops at once\n"


#: How wide the names of steps are on a terminal: the longest in Danish.
_LABEL = 26


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

    def __init__(self, language: Language) -> None:
        self._language = language

    def stage(self, name: str, total: int | None = None) -> None:
        """Write the step's name, and its number of items if known."""
        if total != 0:
            sys.stderr.write(f"{_step_text(name, self._language)}{'' if total is None else f': {total}'}\n")


class Bar(Nothing):
    """Shows one bar for each step of known length. Other steps show nothing."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._bar: Any = None

    def stage(self, name: str, total: int | None = None) -> None:
        """End the last step's bar and begin the next one."""
        import typer

        self.__exit__()
        if total:
            label = f"{_step_text(name, self._language):<{_LABEL}}"
            self._bar = typer.progressbar(length=total, label=label, file=sys.stderr, width=40)
            self._bar.__enter__()

    def advance(self, count: int = 1) -> None:
        """Advance the bar."""
        if self._bar is not None:
            self._bar.update(count)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


def progress(*, as_json: bool) -> Nothing:
    """Choose the kind of progress by where standard error goes."""
    if as_json:
        return Nothing()
    from cprsync.cli.terminal.failures import user_language

    language = user_language()
    return Bar(language) if sys.stderr.isatty() else Lines(language)


def _step_text(name: str, language: Language) -> str:
    from cprsync.language.words import has_word, word

    key = f"step_{name.replace(' ', '_')}"
    return word(key, language) if has_word(key) else name


#: What a night says that was stopped.
_NIGHT_STOPPED = "the night was asked to stop, and has ended after a whole batch"


@contextmanager
def stoppable(sentence: str = _NIGHT_STOPPED) -> Iterator[Callable[[], None]]:
    """Handle signals during the block. The function that it yields raises RunStopped with the sentence, after one."""
    asked = threading.Event()

    def raise_if_stopped() -> None:
        if asked.is_set():
            raise RunStopped(sentence)

    if threading.current_thread() is not threading.main_thread():
        yield raise_if_stopped  # only the main thread gets signals
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def note_signal(_number: int, _frame: object) -> None:
        asked.set()
        os.write(2, _NOTICE)  # a handler must not use a buffered stream that may be in use
        _restore(before)

    for number in _SIGNALS:
        signal.signal(number, note_signal)
    try:
        yield raise_if_stopped
    finally:
        _restore(before)


def _restore(handlers: dict[signal.Signals, signal._HANDLER]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
