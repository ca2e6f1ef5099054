"""Finds the line of a key in a TOML file. Reads the text of a valid TOML file, and no values."""

from __future__ import annotations

import re
from bisect import bisect
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Keys and positions in lists, from the outside in: `("tariffs", 0, "bands", 2, "child")`.
Place: TypeAlias = tuple[str | int, ...]

#: Text between entries: spaces, line ends, commas, comments.
_BETWEEN: Final = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]*")
#: A number, a date or a word: everything up to its end.
_SCALAR: Final = re.compile(r"[^\n,\]}#]*")
_QUOTES: Final = ('"""', "'''", '"', "'")
#: Escapes in a quoted key. Any other escape stays as it is, so the nearest place around it is found.
_ESCAPES: Final = {"\\": "\\", '"': '"', "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def lines_of(text: str) -> Mapping[Place, int]:
    """The line of every table, key and list entry, counted from 1."""
    return _Scanner(text).lines


def line_of(text: str, place: Place) -> int | None:
    """The line of a place, or of the nearest one around it. None: there is none."""
    try:
        lines = lines_of(text)
    except RecursionError:  # lists in lists in lists: this is no policy, and must not crash
        return None
    return next((lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in lines), None)


class _Scanner:
    """Goes once through the text: headers, then `key = value`, and into lists and inline tables."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ends = [end.start() for end in re.finditer("\n", text)]
        self.lines: dict[Place, int] = {}
        #: how many tables an array of tables has so far
        self._tables: dict[Place, int] = {}
        self._file()

    def _file(self) -> None:
        table: Place = ()
        while self._more():
            if self._peek("["):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Place:
        line = self._line()
        many = self._peek("[[")
        self._at += 2 if many else 1
        place: Place = ()
        keys = self._keys()
        self._at += 2 if many else 1
        for depth, key in enumerate(keys, start=1):
            place = (*place, key)
            self.lines.setdefault(place, line)
            if many and depth == len(keys):
                self._tables[place] = self._tables.get(place, 0) + 1
            if place in self._tables:
                place = (*place, self._tables[place] - 1)
                self.lines.setdefault(place, line)
        return place

    def _pair(self, table: Place) -> None:
        line = self._line()
        place = table
        for key in self._keys():
            place = (*place, key)
            self.lines.setdefault(place, line)
        self._skip()
        self._at += 1  # =
        self._value(place)

    def _value(self, place: Place) -> None:
        self._skip()
        if self._peek("["):
            self._list(place)
        elif self._peek("{"):
            self._at += 1
            while self._more() and not self._peek("}"):
                self._pair(place)
            self._at += 1
        elif self._peek(*_QUOTES):
            self._quoted()
        else:
            self._take(_SCALAR)

    def _list(self, place: Place) -> None:
        self._at += 1
        index = 0
        while self._more() and not self._peek("]"):
            self.lines.setdefault((*place, index), self._line())
            self._value((*place, index))
            index += 1
        self._at += 1

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while self._more() and self._peek("."):
            self._at += 1
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        self._skip()
        return self._quoted() if self._peek('"', "'") else self._take(_BARE_KEY)

    def _quoted(self) -> str:
        quote = next(quote for quote in _QUOTES if self._peek(quote))
        self._at += len(quote)
        read: list[str] = []
        while self._at < len(self._text) and not self._peek(quote):
            if quote[0] == '"' and self._peek("\\"):
                self._at += 1
                read.append(_ESCAPES.get(self._text[self._at], self._text[self._at]))
            else:
                read.append(self._text[self._at])
            self._at += 1
        self._at += len(quote)
        while len(quote) > 1 and self._peek(quote[0]):  # the last of four or five quotes ends it
            self._at += 1
        return "".join(read)

    def _more(self) -> bool:
        self._skip()
        return self._at < len(self._text)

    def _skip(self) -> None:
        self._take(_BETWEEN)

    def _take(self, pattern: re.Pattern[str]) -> str:
        """The text that the pattern matches here. Each of our patterns also matches an empty text."""
        found = pattern.match(self._text, self._at)
        taken = "" if found is None else found.group()
        self._at += len(taken)
        return taken

    def _peek(self, *these: str) -> bool:
        return self._text.startswith(these, self._at)

    def _line(self) -> int:
        return bisect(self._ends, self._at - 1) + 1
