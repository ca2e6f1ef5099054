"""`cprsync db accept-journal`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.language.words import word
from cprsync.cli.terminal.output import failures, note, print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cprsync.cli.language.words import Language


def accept_journal_command(
    *, reason: str, config: Path, library: str | None, language: Language, as_json: bool
) -> None:
    """Accept the erase journal as it is."""
    from cprsync import wiring
    from cprsync.cli.terminal.operator import user_name
    from cprsync.config.settings import load_settings
    from cprsync.services.trust.journal_accepting import accept_journal

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.unchecked_store(settings, section, wiring.clock_for(settings)) as store:
            document = accept_journal(store, agency=section.agency, user=user_name(), reason=reason)
    if as_json:
        print_json(document)
    else:
        _tell(document, language)


def _tell(document: Mapping[str, Any], language: Language) -> None:
    say(word("journal_accepted", language, **document))
    if document["set_aside"]:
        say("  " + word("journal_set_aside", language))
    note("  ! " + word("journal_lost", language))
    say("  " + word("journal_backup", language))
