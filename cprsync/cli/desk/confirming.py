"""Asks before something is written: at the terminal, or answered by an option of the command.

Only passes the answer on. The use case decides whether it is enough. After a write, tells the net media.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.cli.terminal.failures import before_writing
from cprsync.cli.terminal.frame import Approve, Confirm, Frame, Why, Yes
from cprsync.cli.terminal.output import note, print_json, say_lines
from cprsync.domain.desk.confirming import Confirmation, WarningLevel
from cprsync.errors import NotConfirmed
from cprsync.language.errors import advice_for, error_document
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cprsync.catalogues import Language
    from cprsync.domain.desk.confirming import Preview
    from cprsync.wiring.site import Site

#: The longest answer: a word, or a reason on one line.
_LINE_MAX: Final = 1024
_YES: Final = frozenset({"ja", "j", "yes", "y"})
#: The mark of each level of warnings, from the mildest to the strongest.
_MARKS: Final = {WarningLevel.NOTE: "·", WarningLevel.ASK: "?", WarningLevel.STOP: "!"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker(Frame):
    """How a command gets the yes to what it shows: the answers that its options give beforehand."""

    yes: Yes = False
    confirm: Confirm = False
    approve: Approve = ""
    reason: Why = ""

    @contextmanager
    def confirmed(self, document: Mapping[str, Any], preview: Preview, lines: Iterable[str]) -> Iterator[Confirmation]:
        """Show a preview, and ask for the yes to it. The block writes.

        `lines`: the document as text. With --json, a preview that nobody confirmed is printed with the error in it.
        """
        if not self.as_json:
            say_lines(lines)
        try:
            yield self.ask(preview)
        except NotConfirmed as error:
            if not self.as_json:
                raise
            print_json({**document, "error": error_document(error, changed="nothing")})
            raise SystemExit(advice_for(error).exit) from None

    def ask(self, preview: Preview) -> Confirmation:
        """Ask for the yes to a preview that has been shown. Raises NotConfirmed: there is no yes."""
        # a script has named the patron with the yes
        named = (preview.patron_id or "") if preview.is_final else ""
        if self.approve:
            return Confirmation(self.approve, self.reason, named)
        if self.yes:
            return Confirmation(preview.digest, self.reason, named)
        if not self.confirm and not sys.stdin.isatty():
            raise NotConfirmed("nobody has said yes: nothing was written", kind="confirm.needed")
        reason = self.reason
        if preview.needs_reason and not reason.strip():
            reason = _ask(word("confirm_reason", self.lang))
            if not reason:
                # the use case refuses this preview without a reason, so no question is asked
                return Confirmation(preview.digest, reason)
        if _ask(_question(preview, self.lang)).lower() not in _YES:
            raise NotConfirmed("the answer was not yes: nothing was written", kind="confirm.declined")
        asks = preview.is_final and sys.stdin.isatty()
        return Confirmation(preview.digest, reason, _ask(word("confirm_again", self.lang)) if asks else named)


def publish_patron(site: Site, patron: str, language: Language) -> None:
    """Tell the net media about a patron. What fails waits for the night; what is refused waits for staff."""
    if not site.publish_patron(patron):
        note(f"  ! {word('told_refused', language)}")


def warning_lines(warnings: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """The warnings of a document, one per line, the strongest first."""
    for level in reversed(WarningLevel):
        for one in warnings:
            if one["level"] == level.value:
                yield f"  {_MARKS[level]} {word(f'warning_{level.value}', language)}: {one['text'][language]}"


def _question(preview: Preview, language: Language) -> str:
    """The question, which says what will happen."""
    new = "_new" if preview.patron_id is None else ""
    return f"{word(f'confirm_{preview.what}{new}', language)} {word('confirm_type_yes', language)}"


def _ask(question: str) -> str:
    # on standard error: standard output is only for the answer
    sys.stderr.write(f"{question} ")
    sys.stderr.flush()
    with before_writing():
        try:
            answer = sys.stdin.readline(_LINE_MAX)
        except UnicodeDecodeError:
            answer = "\n"
        if not answer:
            raise EOFError
    if not sys.stdin.isatty():
        note("")
    return answer.strip()
