"""`cprsync feed`: its commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, language

Sha256 = Annotated[
    str | None,
    typer.Option("--sha256", metavar="HEX", help="Which copy, where a name came more than once: how its hash begins."),
]
app = typer.Typer(help="Deliveries (ændringsudtræk), and what they could not tell.")


@app.command("inspect")
def feed_inspect(
    file: Annotated[Path, typer.Argument(help="A delivery on disk.")], *, lang: Lang = "da", as_json: Json = False
) -> None:
    """Count what a delivery holds, and say whether it is whole."""
    from cprsync.cli.night.feed import inspect_command

    raise SystemExit(inspect_command(file, language=language(lang), as_json=as_json))


@app.command("fetch")
def feed_fetch(*, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False) -> None:
    """Take what waits into the inbox; the next night reads it."""
    from cprsync.cli.night.feed import fetch_command

    raise SystemExit(fetch_command(config, library=library, language=language(lang), as_json=as_json))


@app.command("accept")
def feed_accept(  # noqa: PLR0913 -- one parameter for each option
    file: Annotated[str, typer.Argument(help="The waiting delivery, as `sync` names it, or a file on disk.")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit, sealed.")],
    sha256: Sha256 = None,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Take a replacement, or go on over a gap.

    The next night applies FILE: the new one of two, or the one behind the gap.
    """
    from cprsync.cli.night.feed import accept_command

    told = language(lang)
    accept_command(file, reason=reason, sha256=sha256, config=config, library=library, language=told, as_json=as_json)


@app.command("discard")
def feed_discard(  # noqa: PLR0913 -- one parameter for each option
    file: Annotated[str, typer.Argument(help="The delivery that stops the nights, as `sync` names it, or a file.")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit, sealed.")],
    sha256: Sha256 = None,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Set a delivery aside for good that no night can take.

    It is damaged, half, of another kind, or the wrong one of two. Nothing of it is taken.
    The gap that it leaves stops the next delivery, which `feed accept` takes.
    """
    from cprsync.cli.night.feed import discard_command

    told = language(lang)
    discard_command(file, reason=reason, sha256=sha256, config=config, library=library, language=told, as_json=as_json)


@app.command("windows")
def feed_windows(*, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False) -> None:
    """List whoever is in a window, by patron number."""
    from cprsync.cli.night.windows import windows_command

    windows_command(config, library=library, language=language(lang), as_json=as_json)


@app.command("heal")
def feed_heal(  # noqa: PLR0913 -- one parameter for each option
    *,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, max=1_000_000, help="Ask about so many more; else the day's quota.")
    ] = None,
    everyone: Annotated[
        str | None,
        typer.Option("--everyone", metavar="REASON", help="Ask about all who are subscribed, and why; for the audit."),
    ] = None,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Look up whoever is in a window of the feed.

    Each night does so by itself; this asks now, and goes on where it or a night stopped.
    """
    from cprsync.cli.night.windows import heal_command

    told = language(lang)
    raise SystemExit(
        heal_command(config, library=library, limit=limit, everyone=everyone, language=told, as_json=as_json)
    )
