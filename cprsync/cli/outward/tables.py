"""Tables on standard output, for programs as plain UTF-8 with commas, or as Excel opens them."""

from __future__ import annotations

import csv
import sys
from typing import Annotated, Any, Final

import typer

from cprsync.cli.terminal.output import discard_output, escape_controls
from cprsync.errors import Exit

Excel = Annotated[
    bool,
    typer.Option("--excel", help="With csv: as Excel in Danish opens it, with semicolons and a mark for UTF-8 (BOM)."),
]
#: Without it Excel takes UTF-8 for the characters of old Windows programs.
_MARK: Final = b"\xef\xbb\xbf"
#: Excel splits at the character of the machine's language. In Danish a comma stands in numbers.
_SPLITS: Final = {False: ",", True: ";"}


def open_table(*, excel: bool) -> Any:
    """A writer of rows, as of the module `csv`. With `excel`, the mark is written at once."""
    if excel:
        write_out(_MARK)
    return csv.writer(_Out(), delimiter=_SPLITS[excel], lineterminator="\r\n")


class _Out:
    def write(self, text: str) -> Any:
        write_out(text.encode())


def write_out(lines: bytes) -> None:
    """Write whole lines on standard output. Raises if they do not get there."""
    try:
        if sys.stdout.isatty():
            # a terminal may take some of them as a command
            lines = escape_controls(lines.decode().replace("\r", "")).encode()
        sys.stdout.buffer.write(lines)
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        discard_output(error)
        raise SystemExit(Exit.DONE) from None  # the reading program has ended: it has what it wanted
    except OSError as error:
        raise discard_output(error) from error
