"""`cprsync circulation`: its commands and their options."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, language

app = typer.Typer(help="Loans, reservations, balances and messages: import.")


class Type(enum.Enum):
    """The type of every row in a list."""

    LOAN = "loan"
    RESERVATION = "reservation"
    BALANCE = "balance"
    MESSAGE = "message"


@app.command("import")
def circulation_import(  # noqa: PLR0913 -- one parameter for each option
    file: Annotated[Path, typer.Argument(help="CSV or JSON, in UTF-8 or Windows-1252.")],
    *,
    kind: Annotated[
        Type | None, typer.Option("--type", help="What the rows are, if no column `type` says it of each.")
    ] = None,
    refused: Annotated[
        Path | None, typer.Option("--refused", help="Write line, field and reason of refused rows here, as CSV.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write; without it nothing is changed.")] = False,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Import loans, reservations, balances and messages from a list.

    Each row has a type, the id that its source gave it, and the patron: number or card. A loan has title, loaned
    and due, and may have renewed, returned, lost; a reservation title and placed, and until, fulfilled, cancelled; a
    balance amount (kroner) and raised, and kind (fee or compensation), settled, loan (the id of one); a message
    channel (sms, email or letter) and sent, and subject, content. Days are YYYY-MM-DD. A later list updates by id, and
    may leave out what is known; what is fulfilled or cancelled is deleted. A loan that came back long ago is taken only
    while money is owed for it: of lists in files of their own import the balances before the loans. Days that have been
    cannot lie in the future, nor before the one on which it began. Without --apply it only says what would happen.
    """
    from cprsync.cli.imports.circulation import import_command

    raise SystemExit(
        import_command(
            file,
            kind=None if kind is None else kind.value,
            apply=apply,
            config=config,
            library=library,
            language=language(lang),
            as_json=as_json,
            refused=refused,
        )
    )
