"""`cprsync retention`: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, day, language

app = typer.Typer(help="What is over is forgotten, as long after as policy.toml says.")


@app.command("run")
def retention_run(  # noqa: PLR0913 -- one parameter for each option
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be forgotten, and forget nothing.")
    ] = False,
    config: Config = CONFIG,
    library: Library = None,
    today: Annotated[str | None, typer.Option("--today", help="YYYY-MM-DD, test environment only.")] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Forget what is over, as each night does.

    Loans, reservations, balances, what messages said.
    """
    from cprsync.cli.night.retention import run_command

    raise SystemExit(
        run_command(
            dry_run=dry_run, config=config, library=library, today=day(today), language=language(lang), as_json=as_json
        )
    )
