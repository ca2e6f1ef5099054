"""`cprsync db`: its commands and their options."""

from __future__ import annotations

import typer

from cprsync.cli.options import CONFIG, Config, Json, Lang, language

app = typer.Typer(help="The store: set up, upgrade, status.")


@app.command("upgrade")
def db_upgrade(*, config: Config = CONFIG, lang: Lang = "da", as_json: Json = False) -> None:
    """Set the store up, or bring it to this program's version."""
    from cprsync.cli.setup import db_upgrade_command

    db_upgrade_command(config, language=language(lang), as_json=as_json)


@app.command("status")
def db_status(*, config: Config = CONFIG, lang: Lang = "da", as_json: Json = False) -> None:
    """Say which version the store is of, and which is needed."""
    from cprsync.cli.setup import db_status_command

    raise SystemExit(db_status_command(config, language=language(lang), as_json=as_json))
