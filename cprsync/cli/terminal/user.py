"""Reads what must not be an argument, because others could see arguments: numbers, and the values of fields."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from cprsync.cli.terminal.failures import before_writing
from cprsync.cli.terminal.output import is_text, note
from cprsync.domain.person.number import CprNumber, unspaced
from cprsync.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

#: Longer than the longest kind of note.
VALUE_MAX = 8192
#: Far longer than a number with its hyphen and the line end.
_LINE_MAX = 64


def ask_number() -> CprNumber:
    """Read a CPR number from a prompt that does not show it, or from one line of standard input.

    Raises:
        BadInput: it is no CPR number; the message does not quote it.
    """
    return _number(CprNumber.parse)


def ask_any_number() -> CprNumber:
    """Same as `ask_number`, for a number of any kind, also one with letters that no register knows.

    Raises:
        BadInput: it is no number; the message does not quote it.
    """
    return _number(CprNumber.parse_any)


def ask_identity(prompt: str) -> str:
    """Read a CPR number, a patron number or a card from a hidden prompt or standard input.

    Raises:
        BadInput: it is none of them; the message does not quote it.
    """
    typed = _line(prompt)
    if not typed or not is_text(typed):
        raise BadInput("expected a CPR number, a patron number or a card on one line", kind="input.number")
    return typed


def _number(parse: Callable[[str], CprNumber]) -> CprNumber:
    try:
        return parse(unspaced(_line("CPR-nummer")))
    except ValueError as error:
        raise BadInput("{why}", why=error, kind="input.number") from None


def _line(prompt: str) -> str:
    try:
        with before_writing():
            typed = getpass.getpass(f"{prompt}: ") if sys.stdin.isatty() else sys.stdin.readline(_LINE_MAX)
    except UnicodeDecodeError:
        raise BadInput("not readable as text in UTF-8", kind="input.number") from None
    return typed.strip()


def ask_value(name: str, *, lines: bool, hidden: bool = False, hint: str = "") -> str:
    """Read a field's value from a prompt, or from all of standard input.

    Args:
        name: the field, for the prompt.
        lines: whether the value may have several lines; at a prompt an empty line ends them.
        hidden: whether the prompt hides what is typed.
        hint: how to type several lines.

    Raises:
        BadInput: the value is too long, or no text.
    """
    try:
        with before_writing():
            typed: str | None = _typed(name, lines=lines, hidden=hidden, hint=hint)
    except UnicodeDecodeError:
        typed = None
    if typed is None or not is_text(typed):
        raise BadInput("not readable as text in UTF-8", kind="input.value")
    if len(typed) > VALUE_MAX:
        raise BadInput("longer than {most} characters", most=VALUE_MAX, kind="input.value")
    return typed


def _typed(name: str, *, lines: bool, hidden: bool, hint: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read(VALUE_MAX + 1)
    return getpass.getpass(f"{name}: ") if hidden else _at_prompt(name, lines=lines, hint=hint)


def _at_prompt(name: str, *, lines: bool, hint: str) -> str:
    # on standard error: standard output is only for the answer
    if not lines:
        sys.stderr.write(f"{name}: ")
        sys.stderr.flush()
        return sys.stdin.readline(VALUE_MAX + 1)
    note(f"{name}: {hint}")
    typed = ""
    while len(typed) <= VALUE_MAX and (line := sys.stdin.readline(VALUE_MAX + 1)).strip():
        typed += line
    return typed
