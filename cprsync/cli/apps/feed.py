"""`cprsync feed`: its commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cprsync.cli.options import CONFIG, Config, Json, Library

app = typer.Typer(help="Deliveries: fetch what waits, look into one, accept one that stops the night.")


@app.command("inspect")
def feed_inspect(file: Path, *, as_json: Json = False) -> None:
    """Count what a delivery holds, and say whether it is whole."""
    from cprsync.cli.feed import inspect_command

    raise SystemExit(inspect_command(file, as_json=as_json))


@app.command("fetch")
def feed_fetch(*, config: Config = CONFIG, library: Library = None, as_json: Json = False) -> None:
    """Take what waits into the inbox, sealed; the next night reads it."""
    from cprsync.cli.feed import fetch_command

    raise SystemExit(fetch_command(config, library=library, as_json=as_json))


@app.command("accept")
def feed_accept(
    file: str,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit.")],
    config: Config = CONFIG,
    library: Library = None,
    as_json: Json = False,
) -> None:
    """Take a replacement, or go on over a gap: the next night applies FILE, of the inbox or on disk."""
    from cprsync.cli.feed import accept_command

    accept_command(file, reason=reason, config=config, library=library, as_json=as_json)
