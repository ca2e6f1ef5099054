"""`cprsync audit`: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, day, language

app = typer.Typer(help="The audit (revisionsspor): is it whole, who did what.")


@app.command("verify")
def audit_verify(
    *,
    code: Annotated[
        str | None, typer.Option("--code", help="A code that a night's report or an earlier check has told.")
    ] = None,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Follow the audit from end to end.

    Exit 1 with everything that does not fit. With --code it also has to be a later state of the audit of which the
    code was told.
    """
    from cprsync.cli.setup.audit import verify_command

    raise SystemExit(verify_command(code, config=config, library=library, language=language(lang), as_json=as_json))


@app.command("list")
def audit_list(  # noqa: PLR0913 -- one parameter for each option
    *,
    patron: Annotated[str | None, typer.Option("--patron", help="Whose record: the patron number.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who did it.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="YYYY-MM-DD: the first day.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 200,
    reasons: Annotated[
        bool, typer.Option("--reasons", help="Open the reasons that people gave; that you read them is written down.")
    ] = False,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """List who did what, when and why.

    The latest first; no value of a record.
    """
    from cprsync.cli.setup.audit import Listing, list_command

    list_command(
        Listing(patron, by, day(since), limit, reasons=reasons),
        config=config,
        library=library,
        language=language(lang),
        as_json=as_json,
    )


@app.command("accept")
def audit_accept(
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; the audit keeps it, sealed.")] = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Go on with an audit that does not hold together.

    Only when it is known why, as after an older copy of the database was put back. It is verified from here on.
    """
    from cprsync.cli.setup.audit import accept_command

    accept_command(reason=reason, config=config, library=library, language=language(lang), as_json=as_json)
