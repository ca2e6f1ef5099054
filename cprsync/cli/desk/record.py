"""`patron find` says who has a number or a card, `patron show` shows one record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.catalogues import Language
from cprsync.cli.terminal.frame import Frame, Patron, RevealReason, framed
from cprsync.cli.terminal.output import note, say, say_lines
from cprsync.errors import BadInput, Exit
from cprsync.language.errors import error_document
from cprsync.language.record import hit_lines, record_lines
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer()


@app.command("show")
@framed
def patron_show(
    patron: Patron,
    *,
    reveal: Annotated[bool, typer.Option("--reveal", help="Open what is sealed; needs --reason.")] = False,
    reason: RevealReason = "",
    frame: Frame,
) -> None:
    """Show one record, field by field.

    Shows who owns each field and since when, or who corrected it, until when, and what the register says. A hidden name
    or address stays hidden without --reveal.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.desk.viewing import RecordViewer, check_asked

    with frame.opened() as site:
        check_asked(reveal=reveal, reason=reason)
        with site.library() as ours:
            window = RecordViewer(ours, user_name())
            document = window.revealed(patron, reason=reason) if reveal else window.shown(patron)
    frame.print(document, record_lines(document, frame.lang))


@app.command("find")
@framed
def patron_find(frame: Frame) -> int:
    """Find a patron by number, card, telephone, or name and date.

    The number is a CPR number or a patron number. It is asked for, or read from standard input, and never typed on the
    command line; what it is shows by its shape. An earlier CPR number finds them too. A name needs whole words and the
    birth date. It never finds a protected patron.
    """
    from cprsync.cli.terminal.user import ask_identity, user_name
    from cprsync.services.desk.finding import Finder

    with frame.opened() as site:
        typed = ask_identity(word("find_prompt", frame.lang))
        with site.library(shows_records=False) as ours:
            document = Finder(ours, user_name()).find(typed)
    if not document["found"]:
        nobody = BadInput("no patron was found", kind="patron.nobody")
        document = {**document, "error": error_document(nobody, changed="nothing")}
    if not frame.as_json:
        _show_found(document, frame.lang)
    frame.print_outcome(document, ())
    return Exit.DONE if document["found"] else Exit.REFUSED


def _show_found(document: Mapping[str, Any], language: Language) -> None:
    hits = document.get("hits", ())
    say(document["patron"] or word("find_several" if hits else "find_nobody", language, count=len(hits)))
    say_lines(hit_lines(hits, language))
    for warning in document["warnings"]:
        note("  ! " + word(f"find_{warning}", language, other=document.get("other")))
