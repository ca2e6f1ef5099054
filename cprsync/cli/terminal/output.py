"""The output of commands: one JSON document or plain text on standard output, notes on standard error."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from cprsync.documents import document_of, is_result
from cprsync.errors import AnswerLost

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from _typeshed import DataclassInstance

#: Characters that a terminal may take as a command or as a change of text order; all but line end and tab.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
#: Placeholders for bold, colours and their end, until a line is written. No character has these numbers.
_BOLD, _GREEN, _RED, _PLAIN = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
_STYLES = {_BOLD: "\x1b[1m", _GREEN: "\x1b[32m", _RED: "\x1b[31m", _PLAIN: "\x1b[0m"}
_COLOURS = {"green": _GREEN, "red": _RED}


def escape_controls(text: str) -> str:
    """The text with its control characters escaped, because anyone may have made a certificate or a policy."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def open_standard_streams() -> None:
    """Replace each standard stream that was closed before the program began with an empty one.

    Otherwise it is None, and a file opened later takes its number: output for a terminal would go into that file.
    Standard error becomes one that loses what nobody takes: a night does not end because its journal has. A character
    that a terminal of before UTF-8 does not have is escaped.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 -- stays open
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    aside = sys.__stderr__
    if aside is not None and sys.stderr is aside:
        raw = io.BufferedWriter(_StandardError(aside.fileno(), "wb", closefd=False))
        sys.stderr = io.TextIOWrapper(raw, aside.encoding, aside.errors, line_buffering=True)


class _StandardError(io.FileIO):
    """Standard error. What is said beside the answer is lost where it cannot be written, and stops nothing."""

    def write(self, said: Any, /) -> int:
        try:
            return super().write(said) or len(said)
        except OSError:
            return len(said)


def is_text(text: str) -> bool:
    """Whether the text is valid.

    False if it holds bytes that are no text, which arguments or a locale like C let in.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def print_json(document: Mapping[str, Any] | DataclassInstance) -> None:
    """Print one document and nothing else: that of a result, or one that is made already."""
    say(_to_json(document_of(document) if is_result(document) else document, indent=2))


def print_long_json(document: Mapping[str, Any], name: str, entries: Iterable[Mapping[str, Any]]) -> None:
    """Same as `print_json`, with a list that is written entry by entry, because it may be very long."""
    head, tail = _to_json({**document, name: []}, indent=2).split(f'"{name}": []')
    _write(f'{head}"{name}": [')
    before = ""
    for entry in entries:
        _write(f"{before}\n    {_to_json(entry)}")
        before = ","
    say(f"\n  ]{tail}" if before else f"]{tail}")


def _to_json(document: Any, *, indent: int | None = None) -> str:
    # inside a string, the same escape means the same character
    is_utf8 = codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8"
    return escape_controls(json.dumps(document, ensure_ascii=not is_utf8, indent=indent))


def say(text: str = "") -> None:
    """Print a line of the answer. Raises AnswerLost if it cannot be written."""
    _write(text + "\n", last=True)


def say_lines(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def _write(text: str, *, last: bool = False) -> None:
    try:
        sys.stdout.write(_style(escape_controls(text)))
        if last:
            sys.stdout.flush()
    except BrokenPipeError as error:
        discard_output(error)  # the reading program has ended: the command goes on, and its exit is its own
    except OSError as error:
        raise discard_output(error) from error


def _style(text: str) -> str:
    for mark, style in _STYLES.items():
        text = text.replace(mark, style if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else "")
    return text


def discard_output(error: OSError) -> AnswerLost:
    """Return the error, and discard unwritten output, which would fail again at the program's end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return AnswerLost("the answer cannot be written to standard output ({strerror})", strerror=error.strerror)


def emphasise(text: str, *, colour: str | None = None) -> str:
    """The text in bold, with a colour if given, on a terminal. Unchanged if piped."""
    return f"{_BOLD}{_COLOURS.get(colour or '', '')}{text}{_PLAIN}"


#: The colours of the marks that begin a line.
_MARKS = {"✓": "green", "!": "red", "✗": "red"}


def colour_mark(line: str) -> str:
    """The line, with the mark at its beginning in its colour on a terminal."""
    indented = len(line) - len(line.lstrip())
    colour = _MARKS.get(line[indented : indented + 1])
    if colour is None:
        return line
    return f"{line[:indented]}{_COLOURS[colour]}{line[indented]}{_PLAIN}{line[indented + 1 :]}"


def note(text: str) -> None:
    """Print a line on standard error, beside the answer."""
    sys.stderr.write(escape_controls(text) + "\n")
    sys.stderr.flush()
