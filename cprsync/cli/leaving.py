"""`patron leave` and `patron erase`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from cprsync.cli.output import failures, note, print_json, say
from cprsync.cli.telling import tell_now
from cprsync.cli.words import Language, word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: She waits: something of hers is still open.
WAITS = 3
#: A patron number is shorter.
_LINE_MAX = 64


def leave_command(patron: str, *, config: Path, library: str | None, language: Language, as_json: bool) -> int:
    """Take a patron's request to leave; exit 3 while something keeps her."""
    from cprsync import wiring
    from cprsync.cli.operator import user_name
    from cprsync.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.leaving(settings, section, user=user_name()) as exit_:
            document = exit_.leave(patron)
        tell_now(settings, section, patron, language)
    if as_json:
        print_json(document)
    else:
        say(_left(document, language))
    return WAITS if document["open"] else 0


def _left(document: Mapping[str, Any], language: Language) -> str:
    if not document["open"]:
        closing = any(document["waits"].values())
        closed = word("left_closing" if closing else "left_closed", language, patron=document["patron"])
        count = document["dropped"]["reservations"]
        return f"{closed}. {word(f'left_dropped.{_number(count)}', language, count=count)}" if count else closed
    ties = ", ".join(f"{word(f'tie.{tie}', language)} {count}" for tie, count in document["open"].items())
    return word("left_waits", language, patron=document["patron"], ties=ties)


def _number(count: int) -> str:
    return "one" if count == 1 else "many"


def erase_command(  # noqa: PLR0913 -- one parameter for each option
    patron: str, *, yes: bool, config: Path, library: str | None, language: Language, as_json: bool
) -> None:
    """Erase a patron for good, once whoever asks has typed her number again, or said yes."""
    from cprsync import wiring
    from cprsync.cli.operator import user_name
    from cprsync.settings import load_settings

    with failures(as_json=as_json):
        if not yes:
            _confirm(patron, language)
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.leaving(settings, section, user=user_name()) as exit_:
            document = exit_.erase(patron)
        tell_now(settings, section, patron, language)
    if as_json:
        print_json(document)
        return
    say(word("erased", language, patron=document["patron"]))
    if any(document["waits"].values()):
        say("  " + word("erased_waits", language, **document["waits"]))


def _confirm(patron: str, language: Language) -> None:
    """Have the number typed twice: nothing brings back whoever is erased."""
    from cprsync.errors import ConfigurationError

    if not sys.stdin.isatty():
        raise ConfigurationError("nobody is there to confirm: nothing was erased", kind="usage.confirm")
    note(word("erase_confirm", language))
    if sys.stdin.readline(_LINE_MAX).strip() != patron:
        raise ConfigurationError("the two patron numbers differ: nothing was erased", kind="usage.confirm")
