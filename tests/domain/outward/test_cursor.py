"""A cursor is text that only we make: one text for each cursor, and no other text is one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cprsync.domain.outward.cursor import CURSOR_MAX, Cursor, beginning, read_cursor, unwrap, wrap
from cprsync.domain.outward.target import Target, TargetKind

TARGET = Target("website", TargetKind.FEED, frozenset())
HERE = replace(beginning("775100", TARGET, began=3), epoch="ab12", seq=2)
SIGN = b"0123456789abcdef"


def test_a_cursor_is_read_as_it_was_written() -> None:
    assert read_cursor(HERE.written) == HERE
    assert unwrap(wrap(HERE.written, SIGN), sign_bytes=16) == (HERE.written, SIGN)


def test_a_reader_who_is_past_the_beginning_has_the_cursor_of_every_other() -> None:
    past = replace(HERE, seq=3)
    assert past.written == replace(past, began=0).written
    assert HERE.written != replace(HERE, began=0).written


@pytest.mark.parametrize(
    "written", ["", "a|b|c|d|1", "a|b|c|d|1|2|3", "a|b|c|d|x|0|0", "a|b|c|d|-1|0|0", "a|b|c|d|01|0|0"]
)
def test_no_other_text_is_a_cursor(written: str) -> None:
    assert read_cursor(written) is None


@pytest.mark.parametrize("text", ["!", "AAAA=", "A" * (CURSOR_MAX + 1), "é", "AB\n", "gICAgICAgICAgICAgICAgIA_"])
def test_no_other_text_is_unwrapped(text: str) -> None:
    assert unwrap(text, sign_bytes=16) is None


def test_a_second_way_to_write_the_same_bytes_is_refused() -> None:
    text = wrap(Cursor("775100", "w", "s", "e", 1).written, SIGN)
    for more in (f"{text}=", f"{text}==", f" {text}"):
        assert unwrap(more, sign_bytes=16) is None
