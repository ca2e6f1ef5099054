"""`cprsync review`: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, language

app = typer.Typer(help="What waits for a person: list, show, answer.")
Number = Annotated[int, typer.Argument(help="The item's number, as `review list` shows it.")]


@app.command("list")
def review_list(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Answered and settled ones too.")] = False,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """List what waits, the oldest first."""
    from cprsync.cli.desk.review import list_command

    list_command(config, library=library, language=language(lang), as_json=as_json, all_states=everything)


@app.command("show")
def review_show(
    number: Number, *, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False
) -> None:
    """Show one item, and what each answer does.

    The register's word and ours stand side by side; of two patrons both records.
    """
    from cprsync.cli.desk.review import show_command

    show_command(number, config=config, library=library, language=language(lang), as_json=as_json)


@app.command("accept")
def review_accept(
    number: Number, *, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False
) -> None:
    """Do what the item proposes."""
    from cprsync.cli.desk.review import Answering, answer_command

    answer_command(Answering.ACCEPT, number, config=config, library=library, language=language(lang), as_json=as_json)


@app.command("reject")
def review_reject(  # noqa: PLR0913 -- one parameter for each option
    number: Number,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit, sealed.")],
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Leave it as it is, and say why."""
    from cprsync.cli.desk.review import Answering, answer_command

    answer_command(
        Answering.REJECT,
        number,
        config=config,
        library=library,
        language=language(lang),
        as_json=as_json,
        reason=reason,
    )


@app.command("undo")
def review_undo(
    number: Number, *, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False
) -> None:
    """Take an accepted block or merge back."""
    from cprsync.cli.desk.review import Answering, answer_command

    answer_command(Answering.UNDO, number, config=config, library=library, language=language(lang), as_json=as_json)


@app.command("reopen")
def review_reopen(  # noqa: PLR0913 -- one parameter for each option
    number: Number,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit, sealed.")],
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Let an answered item wait for an answer again.

    One that was rejected, or whose acceptance was taken back.
    """
    from cprsync.cli.desk.review import Answering, answer_command

    answer_command(
        Answering.REOPEN,
        number,
        config=config,
        library=library,
        language=language(lang),
        as_json=as_json,
        reason=reason,
    )
