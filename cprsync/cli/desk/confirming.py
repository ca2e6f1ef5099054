"""The question before something is written: asked at the terminal, or answered by an option of the command.

A screen only passes the answer on: whether it is enough, the use case decides.
"""

from __future__ import annotations

import secrets
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.cli.language.advice import advice_for, error_document
from cprsync.cli.language.words import word
from cprsync.cli.terminal.output import note, print_json, still_unwritten
from cprsync.domain.desk.confirming import Confirmation, Level
from cprsync.errors import NotConfirmed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.cli.language.words import Language
    from cprsync.domain.desk.confirming import Preview

#: An answer is one word; a reason is one line.
_LINE_MAX: Final = 1024
_YES: Final = frozenset({"ja", "j", "yes", "y"})
#: How a warning is marked, the loudest last.
_MARKS: Final = {Level.NOTE: "·", Level.ASK: "?", Level.STOP: "!"}


@dataclass(frozen=True, slots=True)
class Answered:
    """What the options of a command say beforehand."""

    #: yes to whatever is shown
    yes: bool = False
    #: ask, also where no terminal is: the answer is the next line of standard input
    confirm: bool = False
    #: yes to the preview with this digest alone
    approve: str = ""
    reason: str = ""


def obtain_confirmation(preview: Preview, answered: Answered, language: Language) -> Confirmation:
    """Take the yes to a preview that is on the screen by now. Raises NotConfirmed: there is none."""
    if answered.approve:
        return Confirmation(answered.approve, answered.reason)
    if answered.yes:
        return Confirmation(preview.digest, answered.reason)
    if not answered.confirm and not sys.stdin.isatty():
        raise NotConfirmed("nobody has said yes: nothing was written", kind="confirm.needed")
    reason = answered.reason
    if preview.needs_reason and not reason.strip():
        reason = _ask(word("confirm_reason", language))
        if not reason:
            # the use case refuses this preview without a reason: no yes is asked for in vain
            return Confirmation(preview.digest, reason)
    if _ask(_question(preview, language)).lower() not in _YES:
        raise NotConfirmed("the answer was not yes: nothing was written", kind="confirm.declined")
    return Confirmation(preview.digest, reason)


@contextmanager
def beside_preview(document: Mapping[str, Any], *, as_json: bool) -> Iterator[None]:
    """With --json, print the preview that nobody has said yes to, with the error in it."""
    try:
        yield
    except NotConfirmed as error:
        if not as_json:
            raise
        told = error_document(error, changed="nothing", reference=secrets.token_hex(4))
        print_json({**document, "error": told})
        raise SystemExit(advice_for(error).exit) from None


def warning_lines(warnings: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """The warnings of a document, a line each, those that stop first."""
    for level in reversed(Level):
        for one in warnings:
            if one["level"] == level.value:
                yield f"  {_MARKS[level]} {word(f'warning_{level.value}', language)}: {one['text'][language]}"


def _question(preview: Preview, language: Language) -> str:
    """What the yes is to: the question says what will happen."""
    new = "_new" if preview.patron_id is None else ""
    return f"{word(f'confirm_{preview.what}{new}', language)} {word('confirm_type_yes', language)}"


def _ask(question: str) -> str:
    # on standard error: standard output is for the answer alone
    sys.stderr.write(f"{question} ")
    sys.stderr.flush()
    with still_unwritten():
        try:
            answer = sys.stdin.readline(_LINE_MAX)
        except UnicodeDecodeError:
            answer = "\n"
        if not answer:
            raise EOFError
    if not sys.stdin.isatty():
        note("")
    return answer.strip()
