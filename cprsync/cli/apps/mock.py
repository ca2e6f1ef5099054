"""`cprsync mock`: its commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cprsync.cli.options import Folder, Json

app = typer.Typer(help="The mock register: SOAP, deliveries, a town that lives, faults on command.")


@app.command("serve")
def mock_serve(  # noqa: PLR0913 -- one parameter for each option
    folder: Folder,
    *,
    people: Annotated[Path | None, typer.Option("--people", help="Another town.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Both SOAP services; 0 picks a free one.")] = None,
    sftp_port: Annotated[int | None, typer.Option("--sftp-port")] = None,
    culr_port: Annotated[int | None, typer.Option("--culr-port")] = None,
    control_port: Annotated[int | None, typer.Option("--control-port")] = None,
    framing: Annotated[str, typer.Option("--framing", help="lines or stream.")] = "lines",
    omit_false: Annotated[bool, typer.Option("--omit-false", help="Leave beskyttet=false out.")] = False,
) -> None:
    """Serve the counterparts; one JSON line when ready."""
    from cprsync.cli.mock import serve_command

    serve_command(
        folder,
        people=people,
        ports=(port, control_port, sftp_port, culr_port),
        framing=framing,
        omit_false=omit_false,
    )


@app.command("event")
def mock_event(
    kind: str,
    *,
    who: Annotated[str, typer.Option("--who", help="A key of the people file.")],
    to: Annotated[str | None, typer.Option("--to", help="A street, a name, a day, a country or another key.")] = None,
    folder: Folder,
    as_json: Json = False,
) -> None:
    """Let something happen to someone: move rename birth die undie protect unprotect emigrate return."""
    from cprsync.cli.mock import event_command

    event_command(kind, who=who, to=to, folder=folder, as_json=as_json)


@app.command("night")
def mock_night(
    *,
    folder: Folder,
    count: Annotated[int, typer.Option("--count", min=1, max=366)] = 1,
    empty: Annotated[bool, typer.Option("--empty/--no-empty", help="A file on days without changes.")] = True,
    as_json: Json = False,
) -> None:
    """Close the working day and write its delivery."""
    from cprsync.cli.mock import night_command

    night_command(folder, count=count, empty=empty, as_json=as_json)


@app.command("day")
def mockday(*, folder: Folder, as_json: Json = False) -> None:
    """Move the clock one calendar day."""
    from cprsync.cli.mock import day_command

    day_command(folder, as_json=as_json)


@app.command("fault")
def mock_fault(
    kind: str,
    *,
    times: Annotated[int, typer.Option("--times", min=1, max=10_000)] = 1,
    seconds: Annotated[float, typer.Option("--seconds", min=0, max=600, help="How slow a slow answer is.")] = 5.0,
    folder: Folder,
    as_json: Json = False,
) -> None:
    """Let the next calls fail: http-500-html … close; half-file, or sftp-refuse sftp-cut sftp-slow for deliveries."""
    from cprsync.cli.mock import fault_command

    fault_command(kind, times=times, seconds=seconds, folder=folder, as_json=as_json)
