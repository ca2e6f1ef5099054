"""`patron set-cpr`: a real number, shown beside the record first. Read from standard input, never from an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.cli.desk.confirming import Answered, obtain_confirmation, print_unconfirmed, publish_patron, warning_lines
from cprsync.cli.desk.record import NOTHING, identity_lines, name_of
from cprsync.cli.desk.registering import kept_block_lines
from cprsync.cli.language.dates import day_text
from cprsync.cli.language.words import Language, word
from cprsync.cli.terminal.frame import opened, print_document
from cprsync.cli.terminal.options import CONFIG, Approve, Config, Confirm, Json, Lang, Library, Patron, Why, Yes
from cprsync.cli.terminal.output import say_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.services.desk.lookup import Desk
    from cprsync.services.desk.reviewing import Reviews
    from cprsync.services.desk.set_cpr import SetNumber

_AGREES: Final = {True: "compared_same", False: "compared_differs", None: "compared_unknown"}


app = typer.Typer()


@app.command("set-cpr")
def patron_set_cpr(
    patron: Patron,
    *,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take back a number that was set here: the record is as it was before.")
    ] = False,
    yes: Yes = False,
    confirm: Confirm = False,
    approve: Approve = "",
    reason: Why = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Make a replacement number (erstatningsnummer) real.

    The CPR number is asked for, or read from standard input. Name and birth date of the register's person are shown
    beside the record's; once someone says yes, the patron is subscribed, and the first copy is fetched. Where neither
    agrees, it takes a reason.
    """
    from cprsync.cli.terminal.acting import user_name
    from cprsync.cli.terminal.user import ask_number
    from cprsync.services.desk.set_cpr import SetNumber

    answered = Answered(yes=yes, confirm=confirm, approve=approve, reason=reason)
    with opened(config, library, as_json=as_json) as site:
        if undo:
            with site.reviews(user=user_name()) as reviews:
                document = _take_back(reviews, patron, answered, language=lang, as_json=as_json)
        else:
            asked = SetNumber(patron, ask_number(), user_name())
            with site.desk() as desk:
                document = _set(desk, asked, answered, language=lang, as_json=as_json)
        if document["written"]:
            publish_patron(site, patron, lang)
    print_document(document, outcome_lines(document, lang), as_json=as_json)


def _set(desk: Desk, asked: SetNumber, answered: Answered, *, language: Language, as_json: bool) -> dict[str, Any]:
    """Show who has the number, ask for the yes, and write."""
    from cprsync.services.desk.set_cpr import confirm_number, preview_number

    shown = preview_number(desk, asked)
    if shown.is_set:
        return dict(shown.document)
    if not as_json:
        say_lines(compared_lines(shown.document, language))
    with print_unconfirmed(shown.document, as_json=as_json):
        return confirm_number(desk, shown, obtain_confirmation(shown.preview, answered, language))


def _take_back(
    reviews: Reviews, patron: str, answered: Answered, *, language: Language, as_json: bool
) -> dict[str, Any]:
    """Show the record, ask for the yes, and take the number back."""
    from cprsync.services.desk.set_cpr import preview_taking_back, take_back

    shown = preview_taking_back(reviews, patron)
    if not as_json:
        say_lines(taking_back_lines(shown.document, language))
    with print_unconfirmed(shown.document, as_json=as_json):
        return take_back(reviews, shown, obtain_confirmation(shown.preview, answered, language))


def taking_back_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The record, and the warnings before its number is taken back."""
    yield word("set_cpr_undo", language, patron=document["patron"])
    yield from identity_lines(document["preview"]["whose"], language)
    yield from warning_lines(document["warnings"], language)


def compared_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The warnings, our record beside the register's person, and the blocks that come back with the number."""
    yield f"{document['patron']} · {name_of('cpr_number', language)}"
    yield from warning_lines(document["warnings"], language)
    for field, both in document["preview"]["compared"].items():
        name = word("compared_age", language) if field == "age" else name_of(field, language)
        ours, theirs = (_side_text(both, side, field, language) for side in ("ours", "theirs"))
        agrees = word("compared_sealed" if both.get("sealed") else _AGREES[both["agrees"]], language)
        yield f"  {name}: {ours} → CPR: {theirs} ({agrees})"
    yield from kept_block_lines(document["preview"]["kept_blocks"], language)


def _side_text(both: Mapping[str, Any], side: str, field: str, language: Language) -> str:
    if side in both.get("sealed", ()):
        return word("sealed_value", language)
    value = both[side]
    if value is None:
        return NOTHING
    return day_text(value, language) if field == "birth_date" else str(value)


def outcome_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The outcome for the number."""
    yield f"{document['patron']} · {name_of('cpr_number', language)}: {word('set_' + document['outcome'], language)}"
    if document["written"] and document["outcome"] == "set" and not document["verified"]:
        yield f"  ! {word('not_verified', language)}"
