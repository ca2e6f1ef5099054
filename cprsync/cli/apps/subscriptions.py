"""`cprsync subscriptions`: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, language

app = typer.Typer(help="Subscriptions to CPR numbers: ours against the register's.")


@app.command("list")
def subscriptions_list(
    *, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False
) -> None:
    """List our subscriptions, by patron and reason."""
    from cprsync.cli.night.subscriptions import list_command

    list_command(config, library=library, language=language(lang), as_json=as_json)


@app.command("reconcile")
def subscriptions_reconcile(
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Add and remove; without it nothing is changed.")] = False,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Compare our subscriptions with the register's list."""
    from cprsync.cli.night.subscriptions import reconcile_command

    told = language(lang)
    raise SystemExit(reconcile_command(config, library=library, apply=apply, language=told, as_json=as_json))
