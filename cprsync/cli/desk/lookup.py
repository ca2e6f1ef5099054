"""`lookup`: one person at the desk. The number comes from a prompt or standard input, never from an argument."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from cprsync.cli.desk.confirming import beside_preview, obtain_confirmation, warning_lines
from cprsync.cli.desk.telling import tell_now
from cprsync.cli.language.dates import long_day
from cprsync.cli.terminal.output import failures, print_json, say
from cprsync.cli.terminal.pressed import last_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cprsync.cli.desk.confirming import Answered
    from cprsync.cli.language.words import Language
    from cprsync.domain.person.purpose import Purpose
    from cprsync.services.desk.lookup import Asked, Desk, LookedUp

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
    """Look one person up. Exit 1 if the register does not know the number, 3 if they could not be registered."""
    from cprsync import wiring
    from cprsync.cli.terminal.operator import ask_number, user_name
    from cprsync.config.settings import load_settings
    from cprsync.services.desk.lookup import Asked, look_up

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        asked, patience = Asked(ask_number(), purpose, user_name()), wiring.desk_patience(last_key)
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
        _say(outcome_lines(document, language) if document.get("written") else lookup_lines(document, language))
    if not document["found"]:
        return NOT_FOUND
    return LEFT_TO_A_PERSON if registers and looked_up.parked else 0


def _register(desk: Desk, asked: Asked, answered: Answered, *, language: Language, as_json: bool) -> LookedUp:
    """Show what would be written, ask for the yes, and write."""
    from cprsync.services.desk.lookup import LookedUp
    from cprsync.services.desk.registering import confirm_registration, preview_registration

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
    """One person as text: the record as it would be, the warnings, and what a registration would do."""
    from cprsync.cli.desk.record_text import field_lines, sealed_mark
    from cprsync.cli.language.words import word

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
        yield f"  {word('would_register', language)}: {_doings(document['actions'], language)}"


def _doings(actions: Sequence[str], language: Language) -> str:
    from cprsync.cli.language.words import has_word, word

    return ", ".join(word(f"would_{one}" if has_word(f"would_{one}") else one, language) for one in actions)


def _would_be_lines(preview: Mapping[str, Any], language: Language) -> Iterator[str]:
    from cprsync.cli.desk.record_text import NOTHING
    from cprsync.cli.language.words import word

    changes = _doings(preview["changes"], language) or word("would_nothing", language)
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
    from cprsync.cli.language.words import word

    for block in blocks:
        since = long_day(date.fromisoformat(block["since"]), language)
        yield f"  {word('kept_came', language)}: {block['reason']} ({since})"


def outcome_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What was written, after the preview has been shown."""
    from cprsync.cli.language.words import word

    kind, preview = document["fields"].get("kind", {}).get("value"), document["preview"]
    if preview["patron"] is None:
        told = "registered_without" if kind == "responsible" else "registered"
        yield word(told, language, patron=document["patron"])
    elif preview["changes"]:
        what = _doings(preview["changes"], language)
        yield word("registered_updated", language, patron=document["patron"], what=what)
    else:
        yield word("registered_same", language, patron=document["patron"])
