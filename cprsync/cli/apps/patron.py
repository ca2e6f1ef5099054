"""`cprsync patron`: its commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cprsync.cli.options import CONFIG, Config, Json, Library

app = typer.Typer(help="Patron records: import and show.")


@app.command("import")
def patron_import(
    file: Path,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Write; without it nothing is changed.")] = False,
    config: Config = CONFIG,
    library: Library = None,
    as_json: Json = False,
) -> None:
    """Import patrons from CSV with the columns cpr_number, card, branch, group, language."""
    from cprsync.cli.patrons import import_command

    raise SystemExit(import_command(file, apply=apply, config=config, library=library, as_json=as_json))


@app.command("show")
def patron_show(patron: str, *, config: Config = CONFIG, library: Library = None, as_json: Json = False) -> None:
    """Show one record: each field with its owner and source."""
    from cprsync.cli.patrons import show_command

    show_command(patron, config=config, library=library, as_json=as_json)
