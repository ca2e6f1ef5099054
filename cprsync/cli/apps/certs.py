"""`cprsync certs`: its commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cprsync.cli.terminal.options import CONFIG, Config, Json, Library

app = typer.Typer(help="Certificates: make development ones, check those in use.")


@app.command("dev")
def certs_dev(
    folder: Annotated[Path, typer.Argument(help="Where they go; valid ones stay.")], *, as_json: Json = False
) -> None:
    """Make a development CA, a server and a client certificate.

    Shaped like the OCES3 test certificates; production refuses them.
    """
    from cprsync.cli.setup.init import certs_dev_command

    certs_dev_command(folder, as_json=as_json)


@app.command("check")
def certs_check(*, config: Config = CONFIG, library: Library = None, as_json: Json = False) -> None:
    """Say whose each certificate is, and how many days are left.

    Ours, its chain, those we trust, and the counterparts' own; exit 2 when one cannot be used.
    """
    from cprsync.cli.setup.init import certs_check_command

    raise SystemExit(certs_check_command(config, library=library, as_json=as_json))
