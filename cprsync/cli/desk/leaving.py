"""`patron leave` and `patron erase`: show what they would do first, and do it after a yes to exactly that."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Any

from cprsync.cli.desk.confirming import beside_preview, obtain_confirmation, warning_lines
from cprsync.cli.desk.telling import tell_now
from cprsync.cli.desk.whose import whose_lines
from cprsync.cli.language.dates import long_day
from cprsync.cli.language.words import Language, word
from cprsync.cli.terminal.output import failures, note, print_json, say, still_unwritten
from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.desk.parting import Way
from cprsync.errors import NotConfirmed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cprsync.cli.desk.confirming import Answered
    from cprsync.services.leaving.departing import Exit, PartingShown

#: The exit code while something of the patron's is still open.
WAITS = 3
#: Longer than any patron number.
_LINE_MAX = 64


def leave_command(  # noqa: PLR0913 -- one parameter for each option
    patron: str, *, answered: Answered, config: Path, library: str | None, language: Language, as_json: bool
) -> int:
    """Record a patron's request to leave after someone has confirmed it. Exit 3 while something prevents it."""
    from cprsync import wiring
    from cprsync.cli.terminal.operator import user_name
    from cprsync.config.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.leaving(settings, section, user=user_name()) as exit_:
            document = _leave(exit_, patron, answered, language, as_json=as_json)
        tell_now(settings, section, patron, language)
    if as_json:
        print_json(document)
    else:
        say(_left(document, language))
    return WAITS if document["open"] else 0


def _leave(exit_: Exit, patron: str, answered: Answered, language: Language, *, as_json: bool) -> dict[str, Any]:
    shown = exit_.preview(patron, Way.LEAVE)
    if not shown.is_writable:
        # nothing is left to confirm: only the progress is shown
        return exit_.leave(patron, Confirmation(shown.preview.digest))
    if not as_json:
        _show(shown, language)
    with beside_preview(shown.document, as_json=as_json):
        done = exit_.leave(patron, obtain_confirmation(shown.preview, answered, language))
    return _with_preview(done, shown)


def _with_preview(done: dict[str, Any], shown: PartingShown) -> dict[str, Any]:
    """The result with the preview, without the name of a patron who is gone by now."""
    return done | {"preview": {key: told for key, told in shown.document.items() if key != "whose"}}


def _show(shown: PartingShown, language: Language) -> None:
    for line in parting_lines(shown.document, language):
        say(line)


def parting_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What leaving or erasing would do: what prevents it, what is deleted, what others must confirm, and warnings."""
    yield word(f"parting_{document['what']}", language, patron=document["patron"])
    yield from whose_lines(document["whose"], language)
    yield from warning_lines(document["warnings"], language)
    if document["open"]:
        yield f"  {word('parting_open', language)}: {_ties(document['open'], language)}"
    if document["reservations"]:
        yield f"  {word('parting_reservations', language)}: {document['reservations']}"
    for block in document["blocks"]:
        since = long_day(date.fromisoformat(block["since"]), language)
        yield f"  {word('parting_block', language, since=since, reason=block['reason'])}"
    if any(document["waits"].values()):
        yield f"  {word('parting_later', language, **document['waits'])}"


def _ties(still_open: Mapping[str, int], language: Language) -> str:
    return ", ".join(f"{word(f'tie.{tie}', language)} {count}" for tie, count in still_open.items())


def _left(document: Mapping[str, Any], language: Language) -> str:
    if not document["open"]:
        closing = any(document["waits"].values())
        closed = word("left_closing" if closing else "left_closed", language, patron=document["patron"])
        count = document["dropped"]["reservations"]
        return f"{closed}. {word('left_dropped', language, count=count)}" if count else closed
    return word("left_waits", language, patron=document["patron"], ties=_ties(document["open"], language))


def erase_command(  # noqa: PLR0913 -- one parameter for each option
    patron: str, *, answered: Answered, config: Path, library: str | None, language: Language, as_json: bool
) -> None:
    """Erase a patron for good after the user has typed the patron number again, or said yes."""
    from cprsync import wiring
    from cprsync.cli.terminal.operator import user_name
    from cprsync.config.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.leaving(settings, section, user=user_name()) as exit_:
            document = _erase(exit_, patron, answered, language, as_json=as_json)
        tell_now(settings, section, patron, language)
    if as_json:
        print_json(document)
        return
    say(word("erased", language, patron=document["patron"]))
    if any(document["waits"].values()):
        say("  " + word("erased_waits", language, **document["waits"]))


def _erase(exit_: Exit, patron: str, answered: Answered, language: Language, *, as_json: bool) -> dict[str, Any]:
    shown = exit_.preview(patron, Way.ERASE)
    if not as_json:
        _show(shown, language)
    with beside_preview(shown.document, as_json=as_json):
        confirmation = obtain_confirmation(shown.preview, answered, language)
        if sys.stdin.isatty() and not (answered.yes or answered.approve):
            _type_again(patron, language)
        done = exit_.erase(patron, confirmation)
    return _with_preview(done, shown)


def _type_again(patron: str, language: Language) -> None:
    """Ask for the number a second time, because nobody can restore an erased patron."""
    note(word("erase_confirm", language))
    with still_unwritten():
        typed = sys.stdin.readline(_LINE_MAX).strip()
    if typed != patron:
        raise NotConfirmed("the two patron numbers differ: nothing was erased", kind="confirm.declined")
