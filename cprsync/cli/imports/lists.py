"""`patron import` and `circulation import`: lists in CSV or JSON, and what became of their rows."""

from __future__ import annotations

import csv
import enum
import os
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from cprsync.catalogues import Language
from cprsync.cli.terminal.frame import Apply, Frame, ListFile, Refused, framed
from cprsync.cli.terminal.long_work import stoppable
from cprsync.cli.terminal.output import note, print_json, print_long_json, say
from cprsync.errors import BadInput, ConfigurationError, Exit
from cprsync.language.errors import error_text
from cprsync.language.record import name_of
from cprsync.language.words import word
from cprsync.private import open_new_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cprsync.services.imports.results import Imported, PatronNotes
    from cprsync.wiring.site import Site

#: The most refused rows to print; --json and --refused give all.
REFUSED_SHOWN_MAX: Final = 50
#: The most lines or new patron numbers to print.
SHOWN_MAX: Final = 20
#: How a cell begins that a spreadsheet would take as a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
patron_app = typer.Typer()
circulation_app = typer.Typer()


@patron_app.command("import")
@framed
def patron_import(
    file: ListFile,
    *,
    columns: Annotated[
        Path | None, typer.Option("--columns", help="A mapping: which column is which field (fixtures/columns).")
    ] = None,
    refused: Refused = None,
    numbers: Annotated[
        Path | None,
        typer.Option("--numbers", help="Write which patron number each new patron got, by their line, as CSV."),
    ] = None,
    apply: Apply = False,
    frame: Frame,
) -> int:
    """Import patrons from a list, in CSV or JSON.

    Without --apply it only says what would happen. The columns are called as the fields of the record (`cprsync
    fields`), in Danish or English, unless --columns says otherwise. A row that is not taken is listed with its line
    and the reason (exit 3): mend it in the file, and import it again. An import that was stopped goes on when it is
    run again.
    """
    with frame.opened() as site, stoppable() as raise_if_stopped:
        imported = import_file(site, file, apply=apply, columns=columns, raise_if_stopped=raise_if_stopped)
        return show_import(imported, frame.lang, apply=apply, as_json=frame.as_json, refused=refused, numbers=numbers)


def import_file(
    site: Site,
    file: Path,
    *,
    apply: bool,
    columns: Path | None = None,
    raise_if_stopped: Callable[[], None] = lambda: None,
) -> Imported:
    """Read the file and pass it to the store."""
    from cprsync.config.columns import load_columns
    from cprsync.services.imports.patrons import Importing, import_patrons
    from cprsync.services.imports.rows import PATRON_COLUMNS

    known = PATRON_COLUMNS if columns is None else load_columns(columns)
    policy = site.policy
    with opened_list(file) as source, site.store() as store:
        how = Importing(
            store, site.clock.today(), apply=apply, policy=policy, columns=known, raise_if_stopped=raise_if_stopped
        )
        return import_patrons(source, how)


class Type(enum.Enum):
    """The type of every row in a list."""

    LOAN = "loan"
    RESERVATION = "reservation"
    BALANCE = "balance"
    MESSAGE = "message"


@circulation_app.command("import")
@framed
def circulation_import(
    file: ListFile,
    *,
    kind: Annotated[
        Type | None, typer.Option("--type", help="What the rows are, if no column `type` says it of each.")
    ] = None,
    refused: Refused = None,
    apply: Apply = False,
    frame: Frame,
) -> int:
    """Import loans, reservations, balances and messages from a list.

    Each row has a type, the id that its source gave it, and the patron: number or card. A loan has title, loaned
    and due, and may have renewed, returned, lost; a reservation title and placed, and until, fulfilled, cancelled; a
    balance amount (kroner) and raised, and kind (fee or compensation), settled, loan (the id of one); a message
    channel (sms, email or letter) and sent, and subject, content. Days are YYYY-MM-DD. A later list updates by id, and
    may leave out what is known; what is fulfilled or cancelled is deleted. A loan that came back long ago is taken only
    while money is owed for it: from lists in separate files, import the balances before the loans. A day on which
    something happened cannot lie in the future, or before the day on which it began. Without
    --apply it only says what would happen.
    """
    from cprsync.services.imports.circulation import CirculationImport, import_circulation

    of_type = None if kind is None else kind.value
    with frame.opened() as site, stoppable() as raise_if_stopped:
        policy = site.policy
        with opened_list(file) as source, site.store() as store:
            how = CirculationImport(
                store, policy, site.clock.today(), apply=apply, type=of_type, raise_if_stopped=raise_if_stopped
            )
            imported = import_circulation(source, how)
        return show_import(imported, frame.lang, apply=apply, as_json=frame.as_json, refused=refused)


@contextmanager
def opened_list(file: Path) -> Iterator[BinaryIO]:
    """Open the file as bytes. Raises BadInput if it cannot be read."""
    try:
        source = file.open("rb")
    except OSError as error:
        raise BadInput("the file cannot be read ({strerror})", strerror=error.strerror, kind="input.file") from None
    with source:
        if not source.seekable():
            raise BadInput("the file is read twice: a pipe can be read once only", kind="input.file")
        yield source


def show_import(
    imported: Imported,
    language: Language,
    *,
    apply: bool,
    as_json: bool,
    refused: Path | None,
    numbers: Path | None = None,
) -> int:
    """Print what became of the rows. Return the exit code: rows that were refused are left to staff."""
    if refused is not None:
        write_refused(imported, refused, "en" if as_json else language)
    if numbers is not None and imported.patrons is not None:
        write_numbers(imported.patrons, numbers)
    if as_json:
        _print_result(imported, apply=apply)
    else:
        _show_result(imported, language, apply=apply, is_listed=numbers is not None)
    return Exit.LEFT if imported.refused else Exit.DONE


def _print_result(imported: Imported, *, apply: bool) -> None:
    document = {**imported.document(), "applied": apply}
    if imported.patrons is None:
        print_json(document)
        return
    made = ({"line": line, "patron": patron} for line, patron in imported.patrons.made())
    print_long_json(document, "patrons", made)


def _show_result(imported: Imported, language: Language, *, apply: bool, is_listed: bool) -> None:
    counts = {key: str(imported.counts[key]) for key in ("created", "updated", "unchanged")}
    summed = word("imported" if apply else "import_planned", language, count=imported.rows, **counts)
    say(f"{summed}, {word('import_refused', language, count=len(imported.refused))}")
    if imported.patrons is not None:
        _show_patrons(imported, imported.patrons, language, apply=apply, is_listed=is_listed)
    if over := imported.counts["over"]:
        say(word("import_over", language, count=over))
    if imported.encoding != "utf-8":
        say(word("import_encoding", language, encoding=imported.encoding.capitalize()))
    for refused in imported.refused[:REFUSED_SHOWN_MAX]:
        name, why = column_text(imported, refused.field, language), error_text(refused.error, language)
        note("  " + word("import_line", language, line=refused.line, field=name, told=why))
    if len(imported.refused) > REFUSED_SHOWN_MAX:
        note("  " + word("import_more", language, count=len(imported.refused) - REFUSED_SHOWN_MAX))
    if imported.refused:
        note(word("import_mend", language))
    if not apply:
        say(word("import_dry", language))


def _show_patrons(
    imported: Imported, patrons: PatronNotes, language: Language, *, apply: bool, is_listed: bool
) -> None:
    planned = "" if apply else "_planned"
    if patrons.stays:
        say(word(f"import_stays{planned}", language, count=len(patrons.stays)))
    if patrons.returns:
        say(word(f"import_returns{planned}", language, count=len(patrons.returns)))
        say("  " + word("import_on_lines", language, lines=_shorten([str(line) for line, _ in patrons.returns])))
    for name, count in sorted(patrons.left.items()):
        say(word("import_left", language, count=count, field=name_of(name, language)))
    for doubt in patrons.doubts.values():
        name, reason = column_text(imported, doubt.field, language), error_text(doubt.error, language)
        line = word("import_line", language, line=doubt.line, field=name, told=reason)
        more = "" if doubt.rows == 1 else f" ({word('import_rows', language, count=doubt.rows)})"
        note(f"  ! {line}{more}")
    if patrons.lines:
        shown = [f"{line}: {patron}" for line, patron in islice(patrons.made(), SHOWN_MAX + 1)]
        say(word("import_made", language, numbers=_shorten(shown)))
    if len(patrons.lines) > SHOWN_MAX and not is_listed:
        say(word("import_made_more", language))


def _shorten(texts: Sequence[str]) -> str:
    return ", ".join([*texts[:SHOWN_MAX], *(["…"] if len(texts) > SHOWN_MAX else [])])


def column_text(imported: Imported, key: str, language: Language) -> str:
    """The name of a column that a row is refused or doubted for.

    In Danish a field of a patron has the name that it has in the record, which a list may use too. A column of another
    list has one name only.
    """
    if key == "row":
        return word("import_row", language)
    return name_of(key, language) if language == "da" and imported.patrons is not None else key


def write_numbers(patrons: PatronNotes, path: Path) -> None:
    """Write the patron number of each new patron, by line of the list, for the program that the list came from.

    Its headings are the same in each language. Raises ConfigurationError.
    """
    _write_csv(path, ("line", "patron"), patrons.made())


def write_refused(imported: Imported, path: Path, language: Language) -> None:
    """Write the refused rows as CSV: line, field and reason, never a value. Raises ConfigurationError."""
    rows = (
        (one.line, column_text(imported, one.field, language), error_text(one.error, language))
        for one in imported.refused
    )
    _write_csv(path, [word(f"import_column_{name}", language) for name in ("line", "field", "reason")], rows)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[int | str]]) -> None:
    try:
        with os.fdopen(open_new_private(path), "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows([escape_formula(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    except OSError as error:
        raise ConfigurationError(
            "the list cannot be written ({strerror})", strerror=error.strerror, kind="input.refused"
        ) from error


def escape_formula(cell: str) -> str:
    """The cell as text for a spreadsheet: an apostrophe before what would be a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
