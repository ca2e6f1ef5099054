"""The output of commands: one JSON document or plain text on standard output, errors on standard error."""

from __future__ import annotations

import json
import os
import secrets
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cprsync.cli.language.errors import UNEXPECTED_EXIT, advice_for, error_document
from cprsync.cli.language.words import word
from cprsync.cli.terminal.escapes import harmless
from cprsync.cli.terminal.options import spoken
from cprsync.cli.terminal.pressed import note_key
from cprsync.errors import AnswerLost, CprsyncError, NotConfirmed, RunStopped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cprsync.cli.language.words import Language


#: Placeholders for bold, colours and their end, until a line is written. No character has these numbers.
_BOLD, _GREEN, _RED, _PLAIN = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
_STYLES = {_BOLD: "\x1b[1m", _GREEN: "\x1b[32m", _RED: "\x1b[31m", _PLAIN: "\x1b[0m"}
_COLOURS = {"green": _GREEN, "red": _RED}


def open_standard_streams() -> None:
    """Replace each standard stream that was closed before the program began with an empty one.

    Otherwise it is None, and a file opened later takes its number: output for a terminal would go into that file.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 -- stays open


def is_text(text: str) -> bool:
    """Whether the text is valid.

    False if it holds bytes that are no text, which arguments or a locale like C let in.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def print_json(document: Mapping[str, Any] | list[Any]) -> None:
    """Print one document and nothing else."""
    say(_in_json(document, indent=2))


def print_long_json(document: Mapping[str, Any], name: str, entries: Iterable[Mapping[str, Any]]) -> None:
    """Same as `print_json`, with a list that is written entry by entry, because it may be very long."""
    head, tail = _in_json({**document, name: []}, indent=2).split(f'"{name}": []')
    _write(f'{head}"{name}": [')
    before = ""
    for entry in entries:
        _write(f"{before}\n    {_in_json(entry)}")
        before = ","
    say(f"\n  ]{tail}" if before else f"]{tail}")


def _in_json(document: Any, *, indent: int | None = None) -> str:
    # inside a string, the same escape means the same character
    return harmless(json.dumps(document, ensure_ascii=False, indent=indent))


def say(text: str = "") -> None:
    """Print a line of the answer. Raises AnswerLost if it cannot be written."""
    _write(text + "\n", last=True)


def say_lines(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def _write(text: str, *, last: bool = False) -> None:
    try:
        sys.stdout.write(_styled(harmless(text)))
        if last:
            sys.stdout.flush()
    except BrokenPipeError:
        raise  # the reading program has ended
    except OSError as error:
        raise _answer_lost(error) from error


def _styled(text: str) -> str:
    for mark, style in _STYLES.items():
        text = text.replace(mark, style if sys.stdout.isatty() else "")
    return text


def _answer_lost(error: OSError) -> AnswerLost:
    """Return the error, and discard unwritten output, which would fail again at the program's end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return AnswerLost("the answer cannot be written to standard output ({strerror})", strerror=error.strerror)


def emphasise(text: str, *, colour: str | None = None) -> str:
    """The text in bold, with a colour if given, on a terminal. Unchanged if piped."""
    return f"{_BOLD}{_COLOURS.get(colour or '', '')}{text}{_PLAIN}"


def note(text: str) -> None:
    """Print a line on standard error, beside the answer."""
    sys.stderr.write(harmless(text) + "\n")
    sys.stderr.flush()


@contextmanager
def failures(*, as_json: bool) -> Iterator[None]:
    """Turn an error into a message, what was changed, what to do next, and an exit code."""
    try:
        yield
    except CprsyncError as error:
        advice = advice_for(error)
        changed = "part" if advice.exit == 7 else "nothing"  # noqa: PLR2004 -- stopped part-way
        document = error_document(error, changed=changed, reference=secrets.token_hex(4))
        if as_json and not isinstance(error, AnswerLost):
            print_json({"error": document})
        else:
            show_error(document, spoken())
        raise SystemExit(advice.exit) from None


@contextmanager
def still_unwritten() -> Iterator[None]:
    """Treat Ctrl-C and the end of input as a no. For questions, before which nothing has been written."""
    try:
        yield
        if sys.stdin.isatty():
            note_key()
    except (KeyboardInterrupt, EOFError):
        note("")
        raise NotConfirmed("stopped at a question: nothing was written", kind="confirm.stopped") from None


def show_error(document: Mapping[str, Any], language: Language) -> None:
    """Show a failure on standard error: what happened, what changed, what to do next."""
    told = failure_words(document, language)
    note(f"cprsync: {told['message']}")
    for label, said in (
        ("failure_changed", word(f"changed_{document['changed']}", language)),
        ("failure_next", told["next"]),
        ("failure_reference", f"{document['kind']} {document['reference']}"),
    ):
        note(f"  {word(label, language) + ':':<10} {said}")


def failure_words(document: Mapping[str, Any], language: Language) -> Mapping[str, Any]:
    """The message and the advice of a failure in one language, if the document has them."""
    if language == "da" and "da" in document:
        told: Mapping[str, Any] = document["da"]
        return told
    return document


def unexpected_document(error: BaseException) -> dict[str, Any]:
    """Say where an unexpected error arose, by file and line. Its own text may quote its input."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = "?" if frame is None else f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"
    what = type(error).__name__
    told = CprsyncError("unexpected {error} at {place}", error=what, place=place)
    if isinstance(error, OSError) and error.strerror:
        # the system's own message contains no input
        why = error.strerror
        told = CprsyncError("unexpected {error} ({strerror}) at {place}", error=what, strerror=why, place=place)
    return error_document(told, changed="part", reference=secrets.token_hex(4))


def interrupted_document() -> dict[str, Any]:
    """Say that someone stopped the command. Committed work stays."""
    stopped = RunStopped("stopped from outside", kind="interrupted")
    return error_document(stopped, changed="part", reference=secrets.token_hex(4))


def unexpected(error: BaseException, *, as_json: bool) -> int:
    """Show an error that reached the program's end, usually an unexpected one. Return the exit code."""
    lost = error if isinstance(error, AnswerLost) else _unwritten()
    if lost is not None:
        show_error(error_document(lost, changed="part", reference=secrets.token_hex(4)), spoken())
        return advice_for(lost).exit
    return _ended(unexpected_document(error), as_json=as_json)


def _unwritten() -> AnswerLost | None:
    """The error if text that a library wrote, such as help, cannot be written out. None: it can."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _answer_lost(error)
    return None


def interrupted(*, as_json: bool) -> int:
    """Show that someone stopped the command. Return the exit code."""
    return _ended(interrupted_document(), as_json=as_json)


def _ended(document: Mapping[str, Any], *, as_json: bool) -> int:
    if as_json:
        print_json({"error": document})
    else:
        show_error(document, spoken())
    return UNEXPECTED_EXIT


def misused(error: BaseException, told: CprsyncError, *, as_json: bool) -> int:
    """Show what is wrong with the command line, after typer's help if there is no command. Return the exit code."""
    document = error_document(told, changed="nothing", reference=secrets.token_hex(4))
    if as_json:
        print_json({"error": document})
    else:
        if type(error).__name__ == "NoArgsIsHelpError":
            note(f"{error}\n")
        show_error(document, spoken())
    return advice_for(told).exit
