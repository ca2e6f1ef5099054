"""`cprsync db`: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, language

app = typer.Typer(help="The store: set up, upgrade, status.")


@app.command("upgrade")
def db_upgrade(*, config: Config = CONFIG, lang: Lang = "da", as_json: Json = False) -> None:
    """Set the store up, or bring it to this program's version."""
    from cprsync.cli.setup.init import db_upgrade_command

    db_upgrade_command(config, language=language(lang), as_json=as_json)


@app.command("status")
def db_status(*, config: Config = CONFIG, lang: Lang = "da", as_json: Json = False) -> None:
    """Say which version the store is of, and which is needed."""
    from cprsync.cli.setup.init import db_status_command

    raise SystemExit(db_status_command(config, language=language(lang), as_json=as_json))


@app.command("accept-journal")
def db_accept_journal(
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; the audit keeps it, sealed.")] = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Go on with an erase journal of which lines are lost.

    Only when the newest one is gone for good: every other command stops until the database and the journal agree.
    Whoever was erased in the lost lines is remembered by nothing; an older copy of the database would bring them back.
    """
    from cprsync.cli.setup.journal import accept_journal_command

    accept_journal_command(reason=reason, config=config, library=library, language=language(lang), as_json=as_json)
