"""`circulation import`: loans, reservations, balances and messages from another system."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from cprsync.cli.imports.lists import opened_list, show_import
from cprsync.cli.terminal.frame import opened
from cprsync.cli.terminal.long_work import stoppable
from cprsync.cli.terminal.options import CONFIG, Apply, Config, Json, Lang, Library, ListFile, Refused

app = typer.Typer()


class Type(enum.Enum):
    """The type of every row in a list."""

    LOAN = "loan"
    RESERVATION = "reservation"
    BALANCE = "balance"
    MESSAGE = "message"


@app.command("import")
def circulation_import(
    file: ListFile,
    *,
    kind: Annotated[
        Type | None, typer.Option("--type", help="What the rows are, if no column `type` says it of each.")
    ] = None,
    refused: Refused = None,
    apply: Apply = False,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> int:
    """Import loans, reservations, balances and messages from a list.

    Each row has a type, the id that its source gave it, and the patron: number or card. A loan has title, loaned
    and due, and may have renewed, returned, lost; a reservation title and placed, and until, fulfilled, cancelled; a
    balance amount (kroner) and raised, and kind (fee or compensation), settled, loan (the id of one); a message
    channel (sms, email or letter) and sent, and subject, content. Days are YYYY-MM-DD. A later list updates by id, and
    may leave out what is known; what is fulfilled or cancelled is deleted. A loan that came back long ago is taken only
    while money is owed for it: of lists in files of their own import the balances before the loans. Days that have been
    cannot lie in the future, nor before the one on which it began. Without --apply it only says what would happen.
    """
    from cprsync.services.imports.circulation import CirculationImport, import_circulation

    of_type = None if kind is None else kind.value
    with opened(config, library, as_json=as_json) as site, stoppable() as raise_if_stopped:
        policy = site.policy
        with opened_list(file) as source, site.store() as store:
            how = CirculationImport(
                store, policy, site.clock.today(), apply=apply, type=of_type, raise_if_stopped=raise_if_stopped
            )
            imported = import_circulation(source, how)
        return show_import(imported, lang, apply=apply, as_json=as_json, refused=refused)
