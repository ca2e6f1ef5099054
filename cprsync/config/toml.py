"""Reading a TOML file that an operator writes, and saying what is wrong with it without quoting a value."""

from __future__ import annotations

import re
import tomllib
from functools import reduce
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cprsync.config.toml_lines import line_of
from cprsync.errors import ConfigurationError, CprsyncError
from cprsync.private import open_private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

#: A configuration or policy file is not larger than this.
FILE_MAX_BYTES = 1024 * 1024


def read_toml(path: Path, what: str, *, private: bool = False) -> tuple[dict[str, Any], str]:
    """What the file says, and its text: to tell on which line a mistake stands.

    `private`: it may hold a secret, and nobody else may read it.
    """
    try:
        with open_private(path) if private else path.open("rb") as file:
            content = file.read(FILE_MAX_BYTES + 1)
        if len(content) > FILE_MAX_BYTES:
            raise ConfigurationError("{path}: larger than {most} bytes", path=path, most=FILE_MAX_BYTES, kind=what)
        text = content.decode("utf-8")
        return tomllib.loads(text), text
    except FileNotFoundError:
        raise ConfigurationError("{path}: the {what} file is not there", path=path, what=what, kind=what) from None
    except OSError as error:
        raise ConfigurationError(
            "{path}: cannot be read ({strerror})", path=path, strerror=error.strerror, kind=what
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError("{path}: not TOML: {why}", path=path, why=_not_toml(error), kind=what) from None
    except RecursionError:
        raise ConfigurationError("{path}: not TOML: nested too deep", path=path, kind=what) from None
    except UnicodeDecodeError:
        raise ConfigurationError("{path}: not UTF-8", path=path, kind=what) from None


_AT: Final = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL
)


def _not_toml(error: tomllib.TOMLDecodeError) -> CprsyncError | str:
    """What the library says is wrong, and where, as sentences that have words in Danish."""
    found = _AT.fullmatch(str(error))
    if found is None:
        return str(error)
    if found["line"] is None:
        return CprsyncError("{what} (at end of document)", what=found["what"])
    return CprsyncError("{what} (at line {line}, column {column})", **found.groupdict())


#: pydantic's kinds of mistake whose own words would puzzle an operator.
PLAIN = {
    "extra_forbidden": "there is no such setting",
    "missing": "this setting is missing",
}
#: What is told before all else: a misspelt key is why another one is missing.
UNKNOWN = "extra_forbidden"
#: How many mistakes besides the first are named; of more only the number is told.
NAMED_MAX: Final = 20
#: How pydantic marks a key that is none of those a table may have.
KEY = "[key]"


class Mistake(NamedTuple):
    """A mistake, told without its value; `place` is made of keys and of positions in lists."""

    place: tuple[str | int, ...]
    told: str
    #: those that are to be mended as well
    others: tuple[Mistake, ...] = ()
    #: some are not even named
    uncounted: int = 0

    @property
    def error(self) -> CprsyncError:
        """The same as a sentence with its values."""
        told: CprsyncError | str = self.told
        if (choice := _CHOICE.fullmatch(self.told)) is not None:
            told = CprsyncError("Input should be {some} or {last}", some=choice["some"], last=choice["last"])
        # a key may hold the end of a line, and stays on its own
        place = ".".join(map(str, self.place)).replace("\n", "\\n") or "the whole"
        return CprsyncError("{place}: {told}", place=place, told=told)


#: What pydantic says where one of a few words has to stand.
_CHOICE: Final = re.compile(r"Input should be (?P<some>'.*') or (?P<last>'.*')")


def first_mistake(error: ValidationError) -> Mistake:
    """The mistake to mend first, with the others, those of misspelt keys before the rest."""
    said = error.errors(include_input=False, include_url=False)
    # of a table with a mistake in it pydantic also says that it is not there
    inner = [one for one in said if not any(_is_around(one["loc"], other["loc"]) for other in said)]
    mistakes = sorted(inner, key=lambda one: one["type"] != UNKNOWN)
    # of a value that fits none of several forms pydantic says the same more than once
    first, *others = dict.fromkeys(map(_mistake, mistakes))
    return first._replace(others=tuple(others[:NAMED_MAX]), uncounted=max(0, len(others) - NAMED_MAX))


def _is_around(place: tuple[str | int, ...], inner: tuple[str | int, ...]) -> bool:
    return len(place) < len(inner) and inner[: len(place)] == place


def _mistake(said: ErrorDetails) -> Mistake:
    # a key that has to be one of a few, as a class of harm has
    kind = UNKNOWN if said["type"] == "enum" and KEY in said["loc"] else said["type"]
    told = PLAIN.get(kind, said["msg"]).removeprefix("Value error, ")
    return Mistake(tuple(part for part in said["loc"] if part != KEY), told)


def wrong_in(
    path: Path, text: str, mistake: Mistake, *, kind: str, elsewhere: Callable[[Mistake], bool] = lambda _: False
) -> ConfigurationError:
    """The error of all mistakes in a file, each with its line, if one is it, and if it does not stand `elsewhere`."""
    why = mistake.error
    told = [_with_line(text, other, elsewhere=elsewhere) for other in mistake.others]
    if mistake.uncounted:
        told.append(CprsyncError("and {more} more", more=mistake.uncounted))
    if told:
        rest = reduce(lambda later, one: CprsyncError("{one}; {then}", one=one, then=later), reversed(told))
        why = CprsyncError("{one}; {then}", one=why, then=rest)
    line = None if elsewhere(mistake) else line_of(text, mistake.place)
    if line is None:
        return ConfigurationError("{path}: {why}", path=path, why=why, kind=kind)
    return ConfigurationError("{path}, line {line}: {why}", path=path, line=line, why=why, kind=kind)


def _with_line(text: str, mistake: Mistake, *, elsewhere: Callable[[Mistake], bool]) -> CprsyncError:
    line = None if elsewhere(mistake) else line_of(text, mistake.place)
    return mistake.error if line is None else CprsyncError("line {line}: {why}", line=line, why=mistake.error)
