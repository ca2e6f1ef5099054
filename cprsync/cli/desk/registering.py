"""`lookup`: one person at the desk. The number comes from a prompt or standard input, never from an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.desk.confirming import Answered, obtain_confirmation, print_unconfirmed, publish_patron, warning_lines
from cprsync.cli.desk.record import NOTHING, field_lines, sealed_mark
from cprsync.cli.language.dates import day_text
from cprsync.cli.language.words import Language, has_word, word
from cprsync.cli.terminal.frame import opened, print_document
from cprsync.cli.terminal.options import CONFIG, Approve, Config, Confirm, Json, Lang, Library, Why, Yes
from cprsync.cli.terminal.output import say_lines
from cprsync.domain.person.purpose import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.services.desk.lookup import Asked, Desk, LookedUp

NOT_FOUND = 1
LEFT_TO_A_PERSON = 3


app = typer.Typer()


@app.command()
def lookup(
    *,
    purpose: Annotated[Purpose, typer.Option("--purpose", help="Why; written down before the register is asked.")],
    register: Annotated[
        bool, typer.Option("--register", help="Create or update the patron, and subscribe, once someone says yes.")
    ] = False,
    yes: Yes = False,
    confirm: Confirm = False,
    approve: Approve = "",
    reason: Why = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> int:
    """Look one person up in the register (opslag).

    The CPR number is asked for, or read from standard input; without --register no record is made. With it the record
    is shown as it would be, with what is to be seen about it, and written once someone says yes.
    """
    from cprsync.cli.terminal.acting import user_name
    from cprsync.cli.terminal.user import ask_number
    from cprsync.services.desk.lookup import Asked, look_up

    answered = Answered(yes=yes, confirm=confirm, approve=approve, reason=reason)
    with opened(config, library, as_json=as_json) as site:
        asked = Asked(ask_number(), purpose, user_name())
        with site.desk() as desk:
            if register:
                looked_up = _register(desk, asked, answered, language=lang, as_json=as_json)
            else:
                looked_up = look_up(desk, asked)
        document = looked_up.document
        if document.get("written"):
            publish_patron(site, document["patron"], lang)
    lines = outcome_lines if document.get("written") else lookup_lines
    print_document(document, lines(document, lang), as_json=as_json)
    if not document["found"]:
        return NOT_FOUND
    return LEFT_TO_A_PERSON if register and looked_up.parked else 0


def _register(desk: Desk, asked: Asked, answered: Answered, *, language: Language, as_json: bool) -> LookedUp:
    """Show what would be written, ask for the yes, and write."""
    from cprsync.services.desk.lookup import LookedUp
    from cprsync.services.desk.registering import confirm_registration, preview_registration

    shown = preview_registration(desk, asked)
    if not shown.is_writable:
        return LookedUp(dict(shown.document), parked=shown.parked)
    if not as_json:
        say_lines(lookup_lines(shown.document, language))
    with print_unconfirmed(shown.document, as_json=as_json):
        return confirm_registration(desk, shown, obtain_confirmation(shown.preview, answered, language))


def lookup_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """One person as text: the record as it would be, the warnings, and what a registration would do."""
    if not document["found"]:
        yield word("lookup_not_found", language)
    else:
        marks = [sealed_mark(document)] if document["protected"] else []
        marks += ["mark_household"] if document["household"] else []
        yield " · ".join([document["patron"] or word("no_patron", language), *(word(mark, language) for mark in marks)])
    yield from warning_lines(document["warnings"], language)
    yield from field_lines(document["fields"], language)
    if "preview" in document:
        yield from _would_be_lines(document["preview"], language)
    elif document["actions"]:
        # a look-up writes nothing
        yield f"  {word('would_register', language)}: {_actions_text(document['actions'], language)}"


def _actions_text(actions: Sequence[str], language: Language) -> str:
    return ", ".join(word(f"would_{one}" if has_word(f"would_{one}") else one, language) for one in actions)


def _would_be_lines(preview: Mapping[str, Any], language: Language) -> Iterator[str]:
    changes = _actions_text(preview["changes"], language) or word("would_nothing", language)
    yield f"  {word('would_yes', language)}: {changes}"
    lives = word(f"rights_{preview['municipality']['residence']}", language)
    yield "  " + word(
        "preview_is",
        language,
        age=NOTHING if preview["age"] is None else preview["age"],
        group=preview["group"] or NOTHING,
        municipality=preview["municipality"]["code"] or NOTHING,
        lives=lives,
    )
    yield from kept_block_lines(preview["kept_blocks"], language)
    for right in preview["rights"]:
        yield f"  {right['title'][language]}: {right['text'][language]}"


def kept_block_lines(blocks: Sequence[Mapping[str, str]], language: Language) -> Iterator[str]:
    """The blocks that come back with a number, one per line."""
    for block in blocks:
        since = day_text(block["since"], language)
        yield f"  {word('kept_came', language)}: {block['reason']} ({since})"


def outcome_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What was written, after the preview has been shown."""
    kind, preview = document["fields"].get("kind", {}).get("value"), document["preview"]
    if preview["patron"] is None:
        key = "registered_without" if kind == "responsible" else "registered"
        yield word(key, language, patron=document["patron"])
    elif preview["changes"]:
        what = _actions_text(preview["changes"], language)
        yield word("registered_updated", language, patron=document["patron"], what=what)
    else:
        yield word("registered_same", language, patron=document["patron"])
