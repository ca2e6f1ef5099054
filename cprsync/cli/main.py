"""The program: its own options, and how it starts and ends. The commands are in `commands`."""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated, Any, Final

import typer

from cprsync.cli.commands import Program
from cprsync.cli.terminal.misuse import misuse_of
from cprsync.errors import Misused


def _end(code: int | None, **_: Any) -> None:
    """End with the exit code that a command returns."""
    if code:
        raise typer.Exit(code)


app = typer.Typer(
    name="cprsync",
    cls=Program,
    result_callback=_end,
    help="Keeps a library's patron records (låneroplysninger) true to the civil register (CPR).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        from cprsync.cli.terminal.output import say

        say(f"cprsync {version('cprsync')}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[  # noqa: ARG001 -- its callback answers
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version and end.")
    ] = False,
    log_level: Annotated[
        str | None,
        typer.Option("--log-level", envvar="CPRSYNC_LOG_LEVEL", help="Of events: DEBUG, INFO, WARNING or ERROR."),
    ] = None,
    acting: Annotated[  # noqa: ARG001 -- read where the audit is written
        str | None,
        typer.Option("--as", envvar="CPRSYNC_AS", help="Who acts, named by an account that may ([audit] may_name)."),
    ] = None,
) -> None:
    """Keeps a library's patron records (låneroplysninger) true to the civil register (CPR)."""
    from cprsync.cli.terminal.logs import LEVEL, LEVELS, configure
    from cprsync.cli.terminal.output import is_text

    if not all(map(is_text, sys.argv)):
        raise Misused("an argument is not readable as text")
    if log_level is not None and log_level not in LEVELS:
        raise Misused("expected DEBUG, INFO, WARNING or ERROR: --log-level, or CPRSYNC_LOG_LEVEL")
    configure(log_level or LEVEL)


#: When Python collects garbage, less often than usual because a night keeps its objects until it ends: how many new
#: objects start a collection of the youngest, and how many collections start one of older objects.
#: Python's defaults are 700 and 10. With them, a night of 10,000 changes spent an eighth of its time on collecting;
#: with 10,000 it was a twentieth.
_THRESHOLDS: Final = (50_000, 20, 20)
#: The exit code that typer returns for Ctrl-C.
INTERRUPTED = 130


def limit_gc() -> None:
    """Let Python's garbage collector run less often, for work that keeps its objects."""
    gc.set_threshold(*_THRESHOLDS)


def run() -> None:
    """Start the program, and end it with the command's exit code.

    An unexpected error shows a reference, never a traceback with data.
    """
    from cprsync.cli.terminal.failures import interrupted, misused, unexpected
    from cprsync.cli.terminal.output import open_standard_streams

    open_standard_streams()
    limit_gc()
    as_json = "--json" in sys.argv
    try:
        code = app(standalone_mode=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    except Exception as error:  # noqa: BLE001 -- the last line of defence: an unexpected error may quote data
        misuse = misuse_of(error, sys.argv[1:], app)
        code = unexpected(error, as_json=as_json) if misuse is None else misused(error, misuse, as_json=as_json)
    if code == INTERRUPTED:
        code = interrupted(as_json=as_json)
    raise SystemExit(code)
