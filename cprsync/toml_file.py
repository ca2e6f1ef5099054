"""Reading a TOML file that an operator writes, and saying what is wrong with it without quoting a value."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

from cprsync.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import ValidationError

#: A configuration or policy file is not larger than this.
FILE_MAX_BYTES = 1024 * 1024


def read_toml(path: Path, what: str) -> dict[str, Any]:
    return read_toml_and_text(path, what)[0]


def read_toml_and_text(path: Path, what: str) -> tuple[dict[str, Any], str]:
    """What the file says, and its text: to tell on which line a mistake stands."""
    try:
        with path.open("rb") as file:
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
        raise ConfigurationError("{path}: not TOML: {why}", path=path, why=str(error), kind=what) from None
    except RecursionError:
        raise ConfigurationError("{path}: not TOML: nested too deep", path=path, kind=what) from None
    except UnicodeDecodeError:
        raise ConfigurationError("{path}: not UTF-8", path=path, kind=what) from None


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
    """A mistake, told without its value; `place` is made of keys and of positions in lists."""

    place: tuple[str | int, ...]
    told: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.place)) or 'the whole'}: {self.told}"


def first_mistake(error: ValidationError) -> Mistake:
    """The mistake to mend first, and how many more there are."""
    mistakes = error.errors(include_input=False, include_url=False)
    first = next((one for one in mistakes if one["type"] == UNKNOWN), mistakes[0])
    more = error.error_count() - 1
    # a key that has to be one of a few, as a class of harm has
    kind = UNKNOWN if first["type"] == "enum" and KEY in first["loc"] else first["type"]
    told = PLAIN.get(kind, first["msg"])
    place = tuple(part for part in first["loc"] if part != KEY)
    return Mistake(place, told.removeprefix("Value error, ") + (f" (and {more} more)" if more else ""))
