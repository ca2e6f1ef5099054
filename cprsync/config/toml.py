"""Reads a TOML file that an operator writes, and says what is wrong with it without quoting a value."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect
from contextlib import suppress
from copy import deepcopy
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict

from cprsync.errors import ConfigurationError, CprsyncError, WrongValue
from cprsync.private import open_private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

#: Keys and positions in lists, from the outside in: `("tariffs", 0, "bands", 2, "child")`.
Place: TypeAlias = tuple[str | int, ...]

#: The largest configuration or policy file.
FILE_MAX_BYTES = 1024 * 1024


class Strict(BaseModel):
    """A table of such a file: no key that is not listed, and nothing changes it afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


@lru_cache(maxsize=4)
def _parse(text: str) -> dict[str, Any]:
    """Parsed once, because a command reads its settings for the log's level too, and each command of the demo again."""
    return tomllib.loads(text)


def read_toml(path: Path, what: str, *, private: bool = False) -> tuple[dict[str, Any], str]:
    """The file's content, and its text, in which the line of a mistake can be found.

    `private`: the file may hold a secret, so nobody else may read it.
    """
    try:
        with open_private(path) if private else path.open("rb") as file:
            content = file.read(FILE_MAX_BYTES + 1)
        if len(content) > FILE_MAX_BYTES:
            raise ConfigurationError("{path}: larger than {most} bytes", path=path, most=FILE_MAX_BYTES, kind=what)
        text = content.decode("utf-8")
        return deepcopy(_parse(text)), text
    except FileNotFoundError:
        kind = "configuration.missing" if what == "configuration" else what
        raise ConfigurationError("{path}: the {what} file is not there", path=path, what=what, kind=kind) from None
    except IsADirectoryError:
        kind, name = ("configuration.missing", "cprsync") if what == "configuration" else (what, what)
        told = "{path} is a folder: name the file in it, such as {file}"
        raise ConfigurationError(told, path=path, file=path / f"{name}.toml", kind=kind) from None
    except PermissionError:
        raise ConfigurationError("{path}: this user may not read it", path=path, kind="file.owner") from None
    except OSError as error:
        raise ConfigurationError(
            "{path}: cannot be read ({strerror})", path=path, strerror=error.strerror, kind=what
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError("{path}: not TOML: {why}", path=path, why=str(error), kind=what) from None
    except RecursionError:
        raise ConfigurationError("{path}: not TOML: nested too deep", path=path, kind=what) from None
    except UnicodeDecodeError:
        raise ConfigurationError("{path}: not UTF-8", path=path, kind=what) from None


class LibraryMistake(CprsyncError):
    """Another library's message, beside the key and the values by which its translation is found."""

    def __init__(self, message: str, key: str, **values: Any) -> None:
        super().__init__(key, **values)
        self._message = message

    @property
    def message(self) -> str:
        return self._message

    def document(self) -> dict[str, Any]:
        """The key and the values, and the library's own words for a key without a translation."""
        return {**super().document(), "message": self._message}


#: pydantic's types of mistakes with messages that would confuse an operator.
PLAIN = {
    "extra_forbidden": "there is no such setting",
    "missing": "this setting is missing",
    "tuple_type": "expected a list in [ ]; a section of which there are several has two brackets: [[ ]]",
}
#: Reported before all others: a misspelt key also makes another key missing.
UNKNOWN = "extra_forbidden"
#: How many mistakes after the first are named; of further ones only the number is given.
NAMED_MAX: Final = 20
#: The key that says which form a table has, such as the kind of a target, is missing or wrong.
NO_FORM, WRONG_FORM = "union_tag_not_found", "union_tag_invalid"
#: pydantic's mark for a key that a table may not have.
KEY = "[key]"


class Mistake(NamedTuple):
    """A mistake, described without its value. `place`: keys and positions in lists."""

    place: Place
    told: CprsyncError
    #: further mistakes to correct
    others: tuple[Mistake, ...] = ()
    #: how many more are not named
    uncounted: int = 0


def first_mistake(error: ValidationError) -> Mistake:
    """The mistake to correct first, with the others. Misspelt keys come before the rest."""
    said = error.errors(include_input=False, include_url=False)
    # if a table holds a mistake, pydantic also reports the table as missing
    inner = [one for one in said if not any(_is_around(one["loc"], other["loc"]) for other in said)]
    mistakes = sorted(inner, key=lambda one: one["type"] != UNKNOWN)
    # if a value fits none of several forms, pydantic reports it more than once
    first, *others = {(one.place, one.told.message): one for one in map(_mistake, mistakes)}.values()
    return first._replace(others=tuple(others[:NAMED_MAX]), uncounted=max(0, len(others) - NAMED_MAX))


def _is_around(place: Place, inner: Place) -> bool:
    return len(place) < len(inner) and inner[: len(place)] == place


def _mistake(said: ErrorDetails) -> Mistake:
    if said["type"] in {NO_FORM, WRONG_FORM}:
        return _mistaken_form(said)
    # a key that must be one of a few, such as a class of harm
    kind = UNKNOWN if said["type"] == "enum" and KEY in said["loc"] else said["type"]
    told = WrongValue(PLAIN[kind]) if kind in PLAIN else _told(said)
    return Mistake(tuple(part for part in said["loc"] if part != KEY), told)


def _mistaken_form(said: ErrorDetails) -> Mistake:
    """The same for a table of no known form. pydantic's own message quotes the value."""
    place = (*said["loc"], said["ctx"]["discriminator"].strip("'"))
    if said["type"] == NO_FORM:
        return Mistake(place, WrongValue(PLAIN["missing"]))
    return Mistake(place, WrongValue("expected one of {some}", some=said["ctx"]["expected_tags"]))


def _told(said: ErrorDetails) -> CprsyncError:
    """What one of our own checks raised, or pydantic's message, with the type and the values of the mistake."""
    ctx = said.get("ctx", {})
    own = ctx.get("error")
    if isinstance(own, WrongValue):
        return own
    values: dict[str, Any] = {name: f"{one:g}" if isinstance(one, float) else one for name, one in ctx.items()}
    # 'a', 'b' or 'c'
    values["some"], _, values["last"] = str(ctx.get("expected", "")).rpartition(" or ")
    return LibraryMistake(said["msg"], said["type"], **values)


def build_error(
    path: Path,
    inside: TomlPlaces,
    mistake: Mistake,
    *,
    kind: str,
    elsewhere: Callable[[Mistake], bool] = lambda _: False,
) -> ConfigurationError:
    """The error for all mistakes in a file, each with its line, if it has one and `elsewhere` is False for it."""
    outside = TomlPlaces("")
    places = [outside if elsewhere(one) else inside for one in (mistake, *mistake.others)]
    told = [_with_line(one, where) for one, where in zip((mistake, *mistake.others), places, strict=True)]
    (line, why), *others = told
    rest = [one if at is None else CprsyncError("line {line}: {why}", line=at, why=one) for at, one in others]
    if mistake.uncounted:
        rest.append(CprsyncError("and {more} more", more=mistake.uncounted))
    if rest:
        then = reduce(lambda later, one: CprsyncError("{one}; {then}", one=one, then=later), reversed(rest))
        why = CprsyncError("{one}; {then}", one=why, then=then)
    if line is None:
        return ConfigurationError("{path}: {why}", path=path, why=why, kind=kind)
    return ConfigurationError("{path}, line {line}: {why}", path=path, line=line, why=why, kind=kind)


def _with_line(mistake: Mistake, places: TomlPlaces) -> tuple[int | None, CprsyncError]:
    """The mistake's line, if it has one, and the mistake as a sentence with its values."""
    # a key may contain a line end, and must stay on one line
    place = places.name_of(mistake.place).replace("\n", "\\n") or "the whole"
    return places.line_of(mistake.place), CprsyncError("{place}: {told}", place=place, told=mistake.told)


# -- the line of a mistake: neither tomllib nor tomlkit tells where a value stands ------------------------------

#: Text between entries: spaces, line ends, commas, comments.
_BETWEEN: Final = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]*")
#: A number, a date or a word: everything up to its end.
_SCALAR: Final = re.compile(r"[^\n,\]}#]*")
_QUOTES: Final = ('"""', "'''", '"', "'")
#: Escapes in a quoted key. Any other escape stays as it is, so the nearest place around it is found.
_ESCAPES: Final = {"\\": "\\", '"': '"', "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


#: A longer name is not shown.
_NAME_MAX: Final = 64


class TomlPlaces:
    """How the places in a file's text are told: by their line, and by the words that stand there.

    `shows_names`: a table of which there are several is told by its name. Otherwise by its number, as the names may be
    those of people.
    """

    def __init__(self, text: str, *, shows_names: bool = True) -> None:
        self._shows_names = shows_names
        self._document: Any = {}
        self._lines: dict[Place, int] = {}
        self._tables: frozenset[Place] = frozenset()
        with suppress(tomllib.TOMLDecodeError, RecursionError):  # such a file is no policy, and must not crash
            self._document = tomllib.loads(text)
            scanned = _Scanner(text)
            self._lines, self._tables = scanned.lines, frozenset(scanned.tables)

    def line_of(self, place: Place) -> int | None:
        """The line of a place, or of the nearest one around it. None: there is none."""
        return next((self._lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self._lines), None)

    def name_of(self, place: Place) -> str:
        """The place as it is written in the file: `[[library]] "Xby", [[library.target]] "koha", fields 2`.

        Positions count from 1.
        """
        told: list[str] = []
        keys = ""
        for depth, part in enumerate(place):
            around = place[:depth]
            if isinstance(part, str):
                keys += f".{part}" if keys else part
            elif around in self._tables:
                heading = ".".join(one for one in around if isinstance(one, str))
                # a mistaken name is not shown
                entry = str(part + 1) if place[depth + 1 :] == ("name",) else self._entry(around, part)
                told.append(f"[[{heading}]] {entry}")
                keys = ""
            else:
                told.append(f"{keys} {part + 1}")
                keys = ""
        return ", ".join((*told, keys) if keys else told)

    def _entry(self, around: Place, position: int) -> str:
        """What tells this table from the others of its list: its name, or its number."""
        entries = self._at(around)
        names = [one.get("name") for one in entries] if self._shows_names and isinstance(entries, list) else []
        name = names[position] if position < len(names) else None
        if isinstance(name, str) and name.isprintable() and 0 < len(name) <= _NAME_MAX and names.count(name) == 1:
            return f'"{name}"'
        return str(position + 1)

    def _at(self, place: Place) -> Any:
        with suppress(LookupError, TypeError):  # it is set by the environment
            return reduce(lambda found, part: found[part], place, self._document)
        return None


class _Scanner:
    """Notes the line of every table, key and list entry, counted from 1.

    Goes once through the text: headers, then `key = value`, and into lists and inline tables.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ends = [end.start() for end in re.finditer("\n", text)]
        self.lines: dict[Place, int] = {}
        #: how many tables an array of tables has so far
        self.tables: dict[Place, int] = {}
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
                self.tables[place] = self.tables.get(place, 0) + 1
            if place in self.tables:
                place = (*place, self.tables[place] - 1)
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
