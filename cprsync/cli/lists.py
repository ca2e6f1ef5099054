"""Lists that are imported: opened, and what became of their rows told."""

from __future__ import annotations

import csv
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from cprsync.cli.output import note, print_json, say
from cprsync.cli.words import Language, word
from cprsync.errors import BadInput, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.sync.refused import Imported

#: More refused rows than these are told with --json and --refused only.
TOLD_MAX: Final = 50
#: How a cell begins that a spreadsheet would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@contextmanager
def opened_list(file: Path) -> Iterator[BinaryIO]:
    """The file as bytes. Raises BadInput when it cannot be read."""
    try:
        source = file.open("rb")
    except OSError as error:
        raise BadInput("the file cannot be read ({strerror})", strerror=error.strerror, kind="input.file") from None
    with source:
        if not source.seekable():
            raise BadInput("the file is read twice: a pipe can be read once only", kind="input.file")
        yield source


def tell_import(imported: Imported, language: Language, *, apply: bool, as_json: bool, refused: Path | None) -> int:
    """Say what became of the rows; returns the exit code: refused ones are left to who imports."""
    if refused is not None:
        write_refused(imported, refused, language)
    if as_json:
        print_json({**imported.document(), "applied": apply})
    else:
        _show(imported, language, apply=apply)
    return 3 if imported.refused else 0


def _show(imported: Imported, language: Language, *, apply: bool) -> None:
    counts = {key: imported.counts[key] for key in ("created", "updated", "unchanged")}
    summed = word("imported" if apply else "import_planned", language, rows=imported.rows, **counts)
    say(f"{summed}, {word('import_refused', language, count=len(imported.refused))}")
    if imported.stays:
        count, planned = len(imported.stays), "" if apply else "_planned"
        say(word(f"import_stays{planned}.{'one' if count == 1 else 'many'}", language, count=count))
    if imported.encoding != "utf-8":
        say(word("import_encoding", language, encoding=imported.encoding.capitalize()))
    for refused in imported.refused[:TOLD_MAX]:
        told = refused.told[0 if language == "da" else 1]
        note("  " + word("import_line", language, line=refused.line, field=refused.field, told=told))
    if len(imported.refused) > TOLD_MAX:
        note("  " + word("import_more", language, count=len(imported.refused) - TOLD_MAX))
    if imported.refused:
        note(word("import_mend", language))
    if not apply:
        say(word("import_dry", language))


def write_refused(imported: Imported, path: Path, language: Language) -> None:
    """Write the refused rows as CSV: line, field and reason, never a value. Raises ConfigurationError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["line", "field", "reason"])
            for one in imported.refused:
                told = one.told[0 if language == "da" else 1]
                writer.writerow([one.line, defused(one.field), defused(told)])
    except OSError as error:
        raise ConfigurationError(
            "the list of refused rows cannot be written ({strerror})", strerror=error.strerror, kind="input.refused"
        ) from error


def defused(cell: str) -> str:
    """The cell as a spreadsheet takes it for text: an apostrophe stands before what would be a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
