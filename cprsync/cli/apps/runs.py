"""`cprsync runs`: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, language

Run = Annotated[int, typer.Argument(help="The night's number, as `runs list` shows it.")]
app = typer.Typer(help="The nights that were.")


@app.command("list")
def runs_list(*, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False) -> None:
    """List the nights, the latest first."""
    from cprsync.cli.night.sync import runs_list_command

    runs_list_command(config, library=library, language=language(lang), as_json=as_json)


@app.command("show")
def runs_show(
    run: Run, *, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False
) -> None:
    """Show one night's report, number by number."""
    from cprsync.cli.night.sync import runs_show_command

    runs_show_command(run, config=config, library=library, language=language(lang), as_json=as_json)
