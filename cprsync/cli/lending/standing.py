"""A patron's lending: `patron standing` says with reasons what they may do, `statement` prints what they owe.

The standing says if the patron may borrow, what late loans cost today, and how the library may write to them. The
statement is plain text for print, or JSON.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cprsync.catalogues import Language
from cprsync.cli.terminal.frame import (
    CONFIG,
    TYPED,
    Config,
    Frame,
    Json,
    Library,
    Patron,
    RevealReason,
    Today,
    framed,
    language,
    print_document,
)
from cprsync.language.lending import standing_lines, statement_lines

app = typer.Typer()
statement_app = typer.Typer()


@app.command("standing")
@framed
def patron_standing(
    patron: Patron,
    *,
    film: Annotated[
        int | None, typer.Option("--film", min=0, max=18, help="The age that a film is rated from.")
    ] = None,
    today: Today = None,
    frame: Frame,
) -> None:
    """Say if a patron may borrow, what is late, and how to write.

    By the library's policy, each answer with the rule that gives it.
    """
    from cprsync.services.lending.standing import Standings

    with frame.opened(today=today) as site, site.library() as ours:
        standing = Standings(ours).standing(patron, film_from_age=film)
    frame.print(standing, standing_lines(standing, frame.lang, film_from_age=film))


@statement_app.command()
def statement(
    patron: Patron,
    *,
    reveal: Annotated[bool, typer.Option("--reveal", help="Open a sealed address; needs --reason.")] = False,
    reason: RevealReason = "",
    config: Config = CONFIG,
    library: Library = None,
    today: Today = None,
    lang: Annotated[
        Language | None,
        typer.Option(
            "--lang",
            envvar="CPRSYNC_LANG",
            parser=language,
            metavar=TYPED,
            help="da or en; else the patron's own language.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print what a patron owes (mellemværende), and the envelope.

    Lists late loans, unpaid fees and compensations, their sum, and the note to the patron. The envelope has the
    contact address, or else the register's address. A patron who is dead gets no letter. The name and address of a
    protected patron are left out unless --reveal opens them.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.desk.viewing import check_asked
    from cprsync.services.lending.standing import Statements

    with Frame(config=config, library=library, as_json=as_json).opened(today=today) as site:
        check_asked(reveal=reveal, reason=reason)
        with site.library() as ours:
            statements = Statements(ours, site.section.name, user_name())
            made = statements.revealed(patron, reason=reason) if reveal else statements.statement(patron)
    print_document(made, statement_lines(made, lang or made.language), as_json=as_json)
