"""`lookup`: one look-up at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.output import failures, print_json, say
from cprsync.cli.telling import tell_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cprsync.cli.words import Language
    from cprsync.domain.purpose import Purpose

NOT_FOUND = 1
LEFT_TO_A_PERSON = 3


def lookup_command(  # noqa: PLR0913 -- one parameter for each option
    purpose: Purpose, *, register: bool, config: Path, library: str | None, language: Language, as_json: bool
) -> int:
    """Look one person up; exit 1 when the register does not know the number, 3 when she could not be registered."""
    from cprsync import wiring
    from cprsync.cli.operator import ask_number, user_name
    from cprsync.settings import load_settings
    from cprsync.sync.lookup import Asked, look_up

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        asked = Asked(ask_number(), purpose, user_name(), register=register)
        patience = wiring.desk_patience()
        with wiring.desk(settings, section, patience=patience) as desk:
            looked_up = look_up(desk, asked)
        if register and looked_up.document["patron"]:
            tell_now(settings, section, looked_up.document["patron"], language, patience=patience)
    if as_json:
        print_json(looked_up.document)
    else:
        _show(looked_up.document, language)
    if not looked_up.document["found"]:
        return NOT_FOUND
    return LEFT_TO_A_PERSON if register and looked_up.parked else 0


def _show(document: Mapping[str, Any], language: Language) -> None:
    from cprsync.cli.record_text import field_lines
    from cprsync.cli.words import reason_words, word

    if not document["found"]:
        say(word("lookup_not_found", language))
    else:
        marks = ["mark_protected"] if document["protected"] else []
        marks += ["mark_household"] if document["household"] else []
        say(" · ".join([document["patron"] or word("no_patron", language), *(word(mark, language) for mark in marks)]))
    for line in field_lines(document["fields"], language):
        say(line)
    if document["actions"]:
        say("  = " + ", ".join(word(one, language) for one in document["actions"]))
    for warning in document["warnings"]:
        say(f"  ! {reason_words(warning, language)}")
