"""`lookup`: one look-up at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.output import failures, print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cprsync.domain.purpose import Purpose

NOT_FOUND = 1
LEFT_TO_A_PERSON = 3


def lookup_command(purpose: Purpose, *, register: bool, config: Path, library: str | None, as_json: bool) -> int:
    """Look one person up; exit 1 when the register does not know the number, 3 when she could not be registered."""
    from cprsync import wiring
    from cprsync.cli.operator import ask_number, user_name
    from cprsync.settings import load_settings
    from cprsync.sync.lookup import Asked, look_up

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        asked = Asked(ask_number(), purpose, user_name(), register=register)
        with wiring.desk(settings, section) as desk:
            looked_up = look_up(desk, asked)
    if as_json:
        print_json(looked_up.document)
    else:
        _show(looked_up.document)
    if not looked_up.document["found"]:
        return NOT_FOUND
    return LEFT_TO_A_PERSON if register and looked_up.parked else 0


def _show(document: Mapping[str, Any]) -> None:
    from cprsync.cli.patrons import field_lines
    from cprsync.cli.words import reason_words, word

    if not document["found"]:
        say("Ikke fundet i CPR / not found in the register")
    else:
        marks = ["beskyttet / protected"] if document["protected"] else []
        marks += ["beskyttet i husstanden / protected in the household"] if document["household"] else []
        say(" · ".join([document["patron"] or "ikke låner / no patron", *marks]))
    for line in field_lines(document["fields"]):
        say(line)
    if document["actions"]:
        say("  = " + ", ".join(f"{word(one, 'da')} / {word(one, 'en')}" for one in document["actions"]))
    for warning in document["warnings"]:
        say(f"  ! {reason_words(warning, 'da')} / {reason_words(warning, 'en')}")
