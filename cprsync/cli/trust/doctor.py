"""`doctor`: whether an installation has all that it needs, live, and what to do about what it lacks."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from cprsync.catalogues import Language
from cprsync.cli.terminal.frame import Frame, framed
from cprsync.cli.terminal.output import colour_mark, emphasise, print_json, say
from cprsync.errors import ConfigurationError, Exit
from cprsync.language.doctor import doctor_document, result_lines, summary_line
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cprsync.doctor.installation import Installation
    from cprsync.services.trust.doctor import Result

app = typer.Typer()


@app.command()
@framed
def doctor(frame: Frame) -> int:
    """Check all that an installation needs, and what to do.

    Live. Exit 1 when something is wrong; a warning is no fault. Each check has a limit on its time, and none hides
    another. Nothing is written to a counterpart, and no person is asked about. Run it after the install, after each
    change of the settings, and when `cprsync status` says so.
    """
    from cprsync.doctor.machine import ThisMachine
    from cprsync.services.trust.doctor import examine

    with frame.failures():
        places, unread = _installations(frame)
        results: list[Result] = []
        with _progress(frame.lang, as_json=frame.as_json) as (watching, clear):
            for result in examine(ThisMachine(), places, unread, watching=watching):
                clear()
                results.append(result)
                if not frame.as_json:
                    _show(result, frame.lang)
    document = doctor_document(results)
    if frame.as_json:
        print_json(document)
    else:
        say(emphasise(summary_line(document, frame.lang), colour="green" if document["ok"] else "red"))
    return Exit.DONE if document["ok"] else Exit.REFUSED


def _installations(frame: Frame) -> tuple[Sequence[Installation], ConfigurationError | None]:
    """The installation, once for each library. Or why its settings cannot be read."""
    from cprsync.config.settings import load_settings
    from cprsync.doctor.installation import Installation
    from cprsync.wiring.site import sites_of

    try:
        settings = load_settings(frame.config)
    except ConfigurationError as error:
        return (), error
    sites = sites_of(settings, frame.library)
    return [Installation(site, frame.config) for site in sites], None


def _show(result: Result, language: Language) -> None:
    for line in result_lines(result, language):
        say(colour_mark(line))


@contextmanager
def _progress(language: Language, *, as_json: bool) -> Iterator[tuple[Callable[..., None], Callable[[], None]]]:
    """Name on a terminal what is being checked, and take the name away again."""
    if as_json or not sys.stderr.isatty():
        yield lambda *_: None, lambda: None
        return

    def clear() -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

    def watching(check: str, agency: str | None) -> None:
        name = word(f"check_{check}", language)
        sys.stderr.write(f"\r\x1b[K… {name}" + (f" ({agency})" if agency else ""))
        sys.stderr.flush()

    try:
        yield watching, clear
    finally:
        clear()
