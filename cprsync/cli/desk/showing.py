"""`patron find`: what identifies a patron comes from standard input, never from an argument. Prints only ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.language.words import word
from cprsync.cli.terminal.output import failures, note, print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cprsync.cli.language.words import Language

NOT_FOUND = 1


def find_command(*, config: Path, library: str | None, language: Language, as_json: bool) -> int:
    """Say which patron has, or had, the CPR number, patron number or card. Exit 1 if nobody."""
    from cprsync import wiring
    from cprsync.cli.terminal.operator import ask_whom
    from cprsync.config.settings import load_settings
    from cprsync.services.views.finding import find_patron

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        typed = ask_whom(word("find_prompt", language))
        with wiring.opened_store(settings, section, wiring.clock_for(settings)) as store:
            document = find_patron(store, typed)
    if as_json:
        print_json(document)
    else:
        _tell(document, language)
    return 0 if document["found"] else NOT_FOUND


def _tell(document: Mapping[str, Any], language: Language) -> None:
    say(document["patron"] or word("find_nobody", language))
    for warning in document["warnings"]:
        note("  ! " + word(f"find_{warning}", language, other=document.get("other")))
