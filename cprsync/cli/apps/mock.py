"""`cprsync mock`: its commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cprsync.cli.terminal.options import Folder, Json

#: What `mock event` and `mock fault` take. A test compares both with the mock's own tables.
EVENTS = (
    "move, rename, birth, die, undie, protect, unprotect, emigrate, return, vanish, found, number, undo-number, "
    "birthdate or resend (the same once more). Of an address that is none: no-road or no-municipality; of a "
    "protection that is over: no-end."
)
FAULTS = (
    "Of an answer: http-500-html, empty-200, truncated, oversized, other-person, wrong-root, slow, close, bad-schema, "
    "platform-fault, instruction, utf-16 or mojibake. Of the next delivery: half-file. Of fetching: sftp-refuse, "
    "sftp-cut, sftp-slow or sftp-trickle. Of CULR, once it has done what was asked: culr-lost, culr-500, culr-garbage "
    "or culr-slow; when it has not: culr-down, culr-fault, culr-credentials, culr-authorisation, culr-illegal, "
    "culr-transaction, culr-program or culr-unknown."
)

app = typer.Typer(help="A mock register to try and test against.")


@app.command("serve")
def mock_serve(  # noqa: PLR0913 -- one parameter for each option
    folder: Folder,
    *,
    people: Annotated[
        Path | None, typer.Option("--people", help="A people file of your own instead of the town's.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help="Both SOAP services; 0 picks a free one.")] = None,
    sftp_port: Annotated[int | None, typer.Option("--sftp-port", help="Where deliveries are fetched.")] = None,
    culr_port: Annotated[int | None, typer.Option("--culr-port", help="CULR, where the net media ask.")] = None,
    control_port: Annotated[
        int | None, typer.Option("--control-port", help="Where `mock event` and the others speak to it.")
    ] = None,
    framing: Annotated[str, typer.Option("--framing", help="Deliveries as lines, or as one stream.")] = "lines",
    omit_false: Annotated[bool, typer.Option("--omit-false", help="Leave beskyttet=false out of answers.")] = False,
) -> None:
    """Serve until stopped; one JSON line when ready.

    PersonLookup and CPRSubscription over mutual TLS, CULR over TLS, deliveries over SFTP. A port that is left out is
    the folder's last one, else a free one.
    """
    from cprsync.cli.demo.mock import serve_command

    serve_command(
        folder,
        people=people,
        ports=(port, control_port, sftp_port, culr_port),
        framing=framing,
        omit_false=omit_false,
    )


@app.command("event")
def mock_event(
    kind: Annotated[str, typer.Argument(help=EVENTS)],
    *,
    who: Annotated[str, typer.Option("--who", help="A key of the people file.")],
    to: Annotated[str | None, typer.Option("--to", help="A street, a name, a day, a country or another key.")] = None,
    folder: Folder,
    as_json: Json = False,
) -> None:
    """Let something happen to someone in the town."""
    from cprsync.cli.demo.mock import event_command

    event_command(kind, who=who, to=to, folder=folder, as_json=as_json)


@app.command("night")
def mock_night(
    *,
    folder: Folder,
    count: Annotated[int, typer.Option("--count", min=1, max=366, help="So many working days.")] = 1,
    empty: Annotated[bool, typer.Option("--empty/--no-empty", help="Whether a day without changes has a file.")] = True,
    as_json: Json = False,
) -> None:
    """Close the working day and write its delivery (ændringsudtræk)."""
    from cprsync.cli.demo.mock import night_command

    night_command(folder, count=count, empty=empty, as_json=as_json)


@app.command("day")
def mockday(*, folder: Folder, as_json: Json = False) -> None:
    """Move the mock's clock one calendar day."""
    from cprsync.cli.demo.mock import day_command

    day_command(folder, as_json=as_json)


@app.command("fault")
def mock_fault(  # noqa: PLR0913 -- one parameter for each option
    kind: Annotated[str, typer.Argument(help=FAULTS)],
    *,
    times: Annotated[int, typer.Option("--times", min=1, max=10_000, help="So many times.")] = 1,
    seconds: Annotated[float, typer.Option("--seconds", min=0, max=120, help="How slow a slow answer is.")] = 5.0,
    share: Annotated[float, typer.Option("--share", help="Only about so many of the answers: 0.1 is a tenth.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Which ones: the same seed picks the same.")] = 0,
    folder: Folder,
    as_json: Json = False,
) -> None:
    """Let the next answers or deliveries go wrong."""
    from cprsync.cli.demo.mock import fault_command

    about: dict[str, Any] = {"times": times, "seconds": seconds, "share": share, "seed": seed}
    fault_command(kind, about, folder=folder, as_json=as_json)


@app.command("calm")
def mock_calm(*, folder: Folder, as_json: Json = False) -> None:
    """Let nothing go wrong any more."""
    from cprsync.cli.demo.mock import calm_command

    calm_command(folder, as_json=as_json)


@app.command("culr")
def mock_culr(  # noqa: PLR0913 -- one parameter for each option
    kind: Annotated[
        str | None, typer.Argument(help="create, update or delete; left out: show each change that CULR has seen.")
    ] = None,
    *,
    agency: Annotated[
        str | None, typer.Option("--agency", help="With a change: the library that makes it, any six digits.")
    ] = None,
    who: Annotated[str | None, typer.Option("--who", help="With a change: whose account, by their key.")] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="With create and update: the municipality, three digits; left out: none.")
    ] = None,
    card: Annotated[
        str | None, typer.Option("--card", help="With a change: the account under this card, not under the number.")
    ] = None,
    unilogin: Annotated[str | None, typer.Option("--unilogin", help="The same of a UNI-Login.")] = None,
    folder: Folder,
    as_json: Json = False,
) -> None:
    """Show what CULR has seen, or let any library write there.

    As `cprsync mock culr update --agency 710100 --who BO --to 461 --dir DIR`: CULR says Odense of BO now, behind the
    back of the library that has told of them.
    """
    from cprsync.cli.demo.mock import culr_command, culr_write_command

    if kind is None:
        culr_command(folder, as_json=as_json)
    else:
        about = {"to": to} | ({"type": "UNILOGIN", "value": unilogin} if unilogin else {"type": "LOCAL", "value": card})
        culr_write_command(kind, agency=agency, who=who, about=about, folder=folder, as_json=as_json)
