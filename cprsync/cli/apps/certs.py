"""`cprsync certs`: its commands and their options."""

from __future__ import annotations

from pathlib import Path

import typer

from cprsync.cli.options import CONFIG, Config, Json, Library

app = typer.Typer(help="Certificates: make development ones, check ours and the counterparts'.")


@app.command("dev")
def certs_dev(folder: Path, *, as_json: Json = False) -> None:
    """Make a development CA with a server and a client certificate shaped like OCES3 test ones."""
    from cprsync.cli.setup import certs_dev_command

    certs_dev_command(folder, as_json=as_json)


@app.command("check")
def certs_check(*, config: Config = CONFIG, library: Library = None, as_json: Json = False) -> None:
    """Check our certificate, its chain and the counterparts': who, and how many days are left."""
    from cprsync.cli.setup import certs_check_command

    raise SystemExit(certs_check_command(config, library=library, as_json=as_json))
