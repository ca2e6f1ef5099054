"""Tells the net media about a patron that the desk has just written, and says so if they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.cli.language.words import word
from cprsync.cli.terminal.output import note
from cprsync.cli.terminal.pressed import last_key

if TYPE_CHECKING:
    from cprsync.cli.language.words import Language
    from cprsync.config.settings import LibrarySection, Settings
    from cprsync.wire.limits import Patience


def tell_now(
    settings: Settings, section: LibrarySection, patron: str, language: Language, *, patience: Patience | None = None
) -> None:
    """Tell the net media now. What fails waits for the night; what is refused waits for staff."""
    from cprsync import wiring

    waits = patience or wiring.desk_patience(last_key)
    if not wiring.tell_now(settings, section, patron, patience=waits):
        note(f"  ! {word('told_refused', language)}")
