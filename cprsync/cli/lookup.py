"""`lookup`: one person at the desk. The number comes by a prompt or standard input, never as an argument."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from cprsync.cli.confirming import beside_preview, obtain_confirmation, warning_lines
from cprsync.cli.dates import long_day
from cprsync.cli.output import failures, print_json, say
from cprsync.cli.telling import tell_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cprsync.cli.confirming import Answered
    from cprsync.cli.words import Language
    from cprsync.domain.purpose import Purpose
    from cprsync.sync.lookup import Asked, Desk, LookedUp

NOT_FOUND = 1
LEFT_TO_A_PERSON = 3


def lookup_command(  # noqa: PLR0913 -- one parameter for each option
    purpose: Purpose,
    *,
    registers: bool,
    answered: Answered,
    config: Path,
    library: str | None,
    language: Language,
    as_json: bool,
) -> int:
    """Look one person up; exit 1 when the register does not know the number, 3 when they could not be registered."""
    from cprsync import wiring
    from cprsync.cli.operator import ask_number, user_name
    from cprsync.settings import load_settings
    from cprsync.sync.lookup import Asked, look_up

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        asked, patience = Asked(ask_number(), purpose, user_name()), wiring.desk_patience()
        with wiring.desk(settings, section, patience=patience) as desk:
            if registers:
                looked_up = _register(desk, asked, answered, language=language, as_json=as_json)
            else:
                looked_up = look_up(desk, asked)
        document = looked_up.document
        if document.get("written"):
            tell_now(settings, section, document["patron"], language, patience=patience)
    if as_json:
        print_json(document)
    else:
        _say(_outcome_lines(document, language) if document.get("written") else lookup_lines(document, language))
    if not document["found"]:
        return NOT_FOUND
    return LEFT_TO_A_PERSON if registers and looked_up.parked else 0


def _register(desk: Desk, asked: Asked, answered: Answered, *, language: Language, as_json: bool) -> LookedUp:
    """Show what would be written, take the yes to it, and write."""
    from cprsync.sync.lookup import LookedUp
    from cprsync.sync.registering import confirm_registration, preview_registration

    shown = preview_registration(desk, asked)
    if not shown.is_writable:
        return LookedUp(dict(shown.document), parked=shown.parked)
    if not as_json:
        _say(lookup_lines(shown.document, language))
    with beside_preview(shown.document, as_json=as_json):
        return confirm_registration(desk, shown, obtain_confirmation(shown.preview, answered, language))


def _say(lines: Iterator[str]) -> None:
    for line in lines:
        say(line)


def lookup_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """One person as text: the record as it would be, what it would do, and what is to be seen about it."""
    from cprsync.cli.record_text import field_lines
    from cprsync.cli.words import word

    if not document["found"]:
        yield word("lookup_not_found", language)
    else:
        marks = ["mark_protected"] if document["protected"] else []
        marks += ["mark_household"] if document["household"] else []
        yield " · ".join([document["patron"] or word("no_patron", language), *(word(mark, language) for mark in marks)])
    yield from field_lines(document["fields"], language)
    if document["actions"]:
        yield "  = " + ", ".join(word(one, language) for one in document["actions"])
    if "preview" in document:
        yield from _would_be_lines(document["preview"], language)
    yield from warning_lines(document["warnings"], language)


def _would_be_lines(preview: Mapping[str, Any], language: Language) -> Iterator[str]:
    from cprsync.cli.record_text import NOTHING
    from cprsync.cli.words import word

    lives = word(f"rights_{preview['municipality']['residence']}", language)
    yield "  " + word(
        "preview_is",
        language,
        age=NOTHING if preview["age"] is None else preview["age"],
        group=preview["group"] or NOTHING,
        municipality=preview["municipality"]["code"] or NOTHING,
        lives=lives,
    )
    for block in preview["kept_blocks"]:
        since = long_day(date.fromisoformat(block["since"]), language)
        yield f"  {word('kept_came', language)}: {block['reason']} ({since})"
    for right in preview["rights"]:
        yield f"  {right['title'][language]}: {right['text'][language]}"


def _outcome_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What was written, after a preview that stands on the screen already."""
    from cprsync.cli.words import word

    kind = document["fields"].get("kind", {}).get("value")
    told = "registered_without" if kind == "responsible" else "registered"
    yield word(told, language, patron=document["patron"])
