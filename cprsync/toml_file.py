"""Reading a TOML file that an operator writes, and saying what is wrong with it without quoting a value."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from cprsync.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import ValidationError

#: A configuration or policy file is not larger than this.
FILE_MAX_BYTES = 1024 * 1024


def read_toml(path: Path, what: str) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_MAX_BYTES + 1)
        if len(content) > FILE_MAX_BYTES:
            raise ConfigurationError(f"{path}: larger than {FILE_MAX_BYTES} bytes", kind=what)
        return tomllib.loads(content.decode("utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: the {what} file is not there", kind=what) from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})", kind=what) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}", kind=what) from None
    except RecursionError:
        raise ConfigurationError(f"{path}: not TOML: nested too deep", kind=what) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: not UTF-8", kind=what) from None


#: pydantic's kinds of mistake whose own words would puzzle an operator.
PLAIN = {
    "extra_forbidden": "there is no such setting",
    "missing": "this setting is missing",
    "enum": "there is no such class of harm",
}
#: What is told before all else: a misspelt key is why another one is missing.
UNKNOWN = "extra_forbidden"


def first_mistake(error: ValidationError) -> str:
    """The mistake to mend first, by its key, and how many more there are."""
    mistakes = error.errors(include_input=False, include_url=False)
    first = next((one for one in mistakes if one["type"] == UNKNOWN), mistakes[0])
    where = ".".join(str(part) for part in first["loc"] if part != "[key]") or "the whole"
    more = error.error_count() - 1
    told = PLAIN.get(first["type"], first["msg"])
    return f"{where}: {told}" + (f" (and {more} more)" if more else "")
