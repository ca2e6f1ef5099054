"""On which line of a file a key stands: tables, lists of tables, inline tables, and whatever hides in strings."""

from __future__ import annotations

import tomllib

import pytest

from cprsync.config.toml import line_of

TEXT = r'''# [nothing] = 1
top = 1 # top = 2
a.b = "# [ { \" ]"

["two words".'and more']
inline = { m = [1.5, 2], n = "}" }
[[many]]
since = 2000-01-01 07:00:00
rows = [
  { days = "1-7", adult = 20.50 }, # the first

  { days = """
[not.a.table]
""""", adult = 3 },
]
[[many]]
since = 2001-01-01
[many.below]
"esc\"aped" = '\'
last = []'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("top",), 2),
        (("a", "b"), 3),
        (("two words", "and more"), 5),
        (("two words", "and more", "inline", "n"), 6),
        (("two words", "and more", "inline", "m", 1), 6),
        (("many",), 7),
        (("many", 0, "since"), 8),
        (("many", 0, "rows", 0, "adult"), 10),
        (("many", 0, "rows", 1), 12),
        (("many", 0, "rows", 1, "adult"), 14),
        (("many", 1), 16),
        (("many", 1, "since"), 17),
        (("many", 1, "below"), 18),
        (("many", 1, "below", 'esc"aped'), 19),
        (("many", 1, "below", "last"), 20),
    ],
)
def test_a_key_stands_on_its_line(place: tuple[str | int, ...], line: int) -> None:
    tomllib.loads(TEXT)
    assert line_of(TEXT, place) == line


def test_what_is_not_there_is_told_by_the_line_of_what_is_around_it() -> None:
    assert line_of(TEXT, ("many", 0, "rows", 1, "child")) == 12
    assert line_of(TEXT, ("many", 1, "rows", 1)) == 16
    assert line_of(TEXT, ("none",)) is None
    assert line_of("", ()) is None


def test_lists_nested_too_deep_to_walk_have_no_line() -> None:
    assert line_of("a = " + "[" * 5000 + "]" * 5000, ("a",)) is None
