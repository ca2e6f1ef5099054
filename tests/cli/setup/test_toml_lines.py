"""On which line of a file a key stands: tables, lists of tables, inline tables, and whatever hides in strings."""

from __future__ import annotations

import tomllib

import pytest

from cprsync.config.toml import TomlPlaces

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
    assert TomlPlaces(TEXT).line_of(place) == line


def test_what_is_not_there_is_told_by_the_line_of_what_is_around_it() -> None:
    assert TomlPlaces(TEXT).line_of(("many", 0, "rows", 1, "child")) == 12
    assert TomlPlaces(TEXT).line_of(("many", 1, "rows", 1)) == 16
    assert TomlPlaces(TEXT).line_of(("none",)) is None
    assert TomlPlaces("").line_of(()) is None


def test_lists_nested_too_deep_to_walk_have_no_line() -> None:
    assert TomlPlaces("a = " + "[" * 5000 + "]" * 5000).line_of(("a",)) is None


# -- by which words --------------------------------------------------------------------------------------------

LIBRARIES = """
[[library]]
name = "Xby"
[[library.target]]
name = "koha"
[[library.target]]
name = "feed"
[[library]]
name = "Yby"
[[library.target]]
[[account]]
name = "same"
[[account]]
name = "same"
[[account]]
name = "a\\nb"
[[account]]
name = 3
[[account]]
name = ""
"""


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (("library", 0), '[[library]] "Xby"'),
        (("library", 1, "feed", "task"), '[[library]] "Yby", feed.task'),
        (("library", 0, "target", 1), '[[library]] "Xby", [[library.target]] "feed"'),
        (("library", 0, "target", 0, "fields", 1), '[[library]] "Xby", [[library.target]] "koha", fields 2'),
        (("library", 1, "target", 0, "kind"), '[[library]] "Yby", [[library.target]] 1, kind'),
        # the mistake is in the name
        (("library", 0, "target", 1, "name"), '[[library]] "Xby", [[library.target]] 2, name'),
        (("library", 1, "name"), "[[library]] 2, name"),
        # no name tells these apart
        (("account", 0, "role"), "[[account]] 1, role"),
        (("account", 2, "role"), "[[account]] 3, role"),
        (("account", 3, "role"), "[[account]] 4, role"),
        (("account", 4, "role"), "[[account]] 5, role"),
        # the file does not have them
        (("account", 9, "role"), "[[account]] 10, role"),
        (("other", 0, "crl", 2), "other 1, crl 3"),
        (("desk", "sign_in", "roles"), "desk.sign_in.roles"),
        ((), ""),
    ],
)
def test_a_place_is_told_as_it_stands_in_the_file_and_counts_from_one(place: tuple[str | int, ...], told: str) -> None:
    assert TomlPlaces(LIBRARIES).name_of(place) == told


def test_tables_named_for_people_are_counted() -> None:
    assert (
        TomlPlaces(LIBRARIES, shows_names=False).name_of(("library", 1, "feed", "task")) == "[[library]] 2, feed.task"
    )
