"""Reading a TOML file that an operator writes, and saying what is wrong with it without quoting a value."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cprsync.errors import ConfigurationError, CprsyncError
from cprsync.private import open_private
from cprsync.toml_lines import line_of

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import ValidationError

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
#: How pydantic marks a key that is none of those a table may have.
KEY = "[key]"


class Mistake(NamedTuple):
    """A mistake, told without its value; `place` is made of keys and of positions in lists, `more` are left to mend."""

    place: tuple[str | int, ...]
    told: str
    more: int = 0

    @property
    def error(self) -> CprsyncError:
        """The same as a sentence with its values."""
        told: CprsyncError | str = self.told
        if (choice := _CHOICE.fullmatch(self.told)) is not None:
            told = CprsyncError("Input should be {some} or {last}", some=choice["some"], last=choice["last"])
        # a key may hold the end of a line, and stays on its own
        place = ".".join(map(str, self.place)).replace("\n", "\\n") or "the whole"
        if self.more:
            return CprsyncError("{place}: {told} (and {more} more)", place=place, told=told, more=self.more)
        return CprsyncError("{place}: {told}", place=place, told=told)


#: What pydantic says where one of a few words has to stand.
_CHOICE: Final = re.compile(r"Input should be (?P<some>'.*') or (?P<last>'.*')")


def first_mistake(error: ValidationError) -> Mistake:
    """The mistake to mend first, and how many more there are."""
    mistakes = error.errors(include_input=False, include_url=False)
    first = next((one for one in mistakes if one["type"] == UNKNOWN), mistakes[0])
    # a key that has to be one of a few, as a class of harm has
    kind = UNKNOWN if first["type"] == "enum" and KEY in first["loc"] else first["type"]
    told = PLAIN.get(kind, first["msg"]).removeprefix("Value error, ")
    place = tuple(part for part in first["loc"] if part != KEY)
    return Mistake(place, told, error.error_count() - 1)


def wrong_in(path: Path, text: str | None, mistake: Mistake, *, kind: str) -> ConfigurationError:
    """The error of a mistake in a file, with its line; without its text, or where no line is it, without one."""
    line = None if text is None else line_of(text, mistake.place)
    if line is None:
        return ConfigurationError("{path}: {why}", path=path, why=mistake.error, kind=kind)
    return ConfigurationError("{path}, line {line}: {why}", path=path, line=line, why=mistake.error, kind=kind)
