"""What is typed at a terminal: prompts stand beside the answer, and several lines end with an empty one."""

from __future__ import annotations

import io
import sys

import pytest

from cprsync.cli.terminal.user import VALUE_MAX, ask_any_number, ask_value
from cprsync.domain.person.number import NumberKind
from cprsync.errors import BadInput


class Terminal(io.StringIO):
    """Standard input with a person at it."""

    def isatty(self) -> bool:
        return True


def ask(stdin: io.TextIOBase, *, lines: bool) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", stdin)
        return ask_value("address", lines=lines)


@pytest.mark.parametrize(
    ("typed", "lines", "value"),
    [
        ("Anna Ny\nmore\n", False, "Anna Ny\n"),
        ("Havnen 2\n8000 Aarhus C\n\nmore\n", True, "Havnen 2\n8000 Aarhus C\n"),
        ("Havnen 2", True, "Havnen 2"),
        ("", True, ""),
        ("", False, ""),
    ],
)
def test_a_prompt_takes_a_line_or_lines_up_to_an_empty_one(
    typed: str, value: str, capsys: pytest.CaptureFixture[str], *, lines: bool
) -> None:
    assert ask(Terminal(typed), lines=lines) == value
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("address: ")


def test_what_is_piped_is_taken_whole_and_without_a_prompt(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(io.StringIO("Havnen 2\n\n8000 Aarhus C\n"), lines=True) == "Havnen 2\n\n8000 Aarhus C\n"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("stdin", [io.StringIO("x" * (VALUE_MAX + 1)), Terminal("x" * (VALUE_MAX + 1))])
def test_far_too_much_is_refused(stdin: io.TextIOBase) -> None:
    with pytest.raises(BadInput, match="longer than"):
        ask(stdin, lines=True)


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_what_is_no_text_is_refused(errors: str) -> None:
    """In a locale like C.UTF-8 python lets such bytes in, and the ø would become a blank."""
    with pytest.raises(BadInput, match="not readable as text"):
        ask(io.TextIOWrapper(io.BytesIO(b"S\xf8ren"), encoding="utf-8", errors=errors), lines=False)


def test_a_number_that_is_no_text_is_refused() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8"))
        with pytest.raises(BadInput, match="not readable as text"):
            ask_any_number()


def test_a_number_with_letters_is_asked_for_like_any_other() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO("040585-KOT1\n"))
        assert ask_any_number().kind is NumberKind.LETTERS
