"""Documents as lines to keep: which names stand where, and of which type. Values are left out."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

#: A key that is a value: a patron number, a day, the code of a municipality.
_VALUE = re.compile(r"\d[\d-]*")


def outline(name: str, document: Any) -> list[str]:
    """Each place in a document with its types, by name: `status run.exit int`."""
    found: dict[str, set[str]] = {}
    for place, kind in _places("", document):
        found.setdefault(place, set()).add(kind)
    return [f"{name} {place.removeprefix('.')} {'|'.join(sorted(kinds))}" for place, kinds in sorted(found.items())]


def _places(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield place, "object"
        for key, below in value.items():
            yield from _places(f"{place}.{'*' if _VALUE.fullmatch(key) else key}", below)
    elif isinstance(value, list):
        yield place, "list"
        for below in value:
            yield from _places(f"{place}[]", below)
    else:
        yield place, "null" if value is None else type(value).__name__


def assert_as_kept(lines: Iterable[str], kept: Path) -> None:
    """The lines are those of the file. With CPRSYNC_KEEP=1 they are written there instead, to be read in the diff."""
    text = "".join(f"{line}\n" for line in lines)
    if os.environ.get("CPRSYNC_KEEP"):
        kept.write_text(text, encoding="utf-8")
    assert text.splitlines() == kept.read_text(encoding="utf-8").splitlines()
