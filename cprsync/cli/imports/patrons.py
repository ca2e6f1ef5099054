"""`patron import`: a list of patrons, in CSV or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cprsync.cli.imports.lists import opened_list, show_import
from cprsync.cli.terminal.frame import opened
from cprsync.cli.terminal.long_work import stoppable
from cprsync.cli.terminal.options import CONFIG, Apply, Config, Json, Lang, Library, ListFile, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.services.imports.refused import Imported
    from cprsync.wiring import Site


app = typer.Typer()


@app.command("import")
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
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> int:
    """Import patrons from a list, in CSV or JSON.

    Without --apply it only says what would happen. The columns are called as the fields of the record (`cprsync
    fields`), in Danish or English, unless --columns says otherwise. A row that is not taken is listed with its line
    and the reason (exit 3): mend it in the file, and import it again. An import that was stopped goes on when it is
    run again.
    """
    with opened(config, library, as_json=as_json) as site, stoppable() as raise_if_stopped:
        imported = import_file(site, file, apply=apply, columns=columns, raise_if_stopped=raise_if_stopped)
        return show_import(imported, lang, apply=apply, as_json=as_json, refused=refused, numbers=numbers)


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
    from cprsync.services.imports.columns import PATRON_COLUMNS
    from cprsync.services.imports.importing import Importing, import_patrons

    known = PATRON_COLUMNS if columns is None else load_columns(columns)
    policy = site.policy
    with opened_list(file) as source, site.store() as store:
        how = Importing(
            store, site.clock.today(), apply=apply, policy=policy, columns=known, raise_if_stopped=raise_if_stopped
        )
        return import_patrons(source, how)
