"""The frame of every command: opens its library, and prints one document as JSON or as lines."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cprsync.cli import last_key
from cprsync.cli.terminal.failures import failures, show_error
from cprsync.cli.terminal.output import print_json, say_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from cprsync.cli.language.words import Language
    from cprsync.wiring import Site


@contextmanager
def opened(config: Path, library: str | None, *, as_json: bool, today: date | None = None) -> Iterator[Site]:
    """The library that a command works with. Errors become a message, advice and an exit code."""
    from cprsync.config.settings import load_settings
    from cprsync.wiring import site_of

    with failures(as_json=as_json):
        yield site_of(load_settings(config), library, today, waits_since=last_key)


def print_document(document: Mapping[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    """Print the document, or its lines."""
    if as_json:
        print_json(document)
    else:
        say_lines(lines)


def print_outcome(document: Mapping[str, Any], lines: Iterable[str], language: Language, *, as_json: bool) -> int:
    """Print a document that tells how the command ended, with its `error` if it has one. Return its `exit`."""
    print_document(document, lines, as_json=as_json)
    if "error" in document and not as_json:
        show_error(document["error"], language)
    return int(document["exit"])
