"""What the catalogues hold, by key: for tests of what is said."""

from __future__ import annotations

import ast
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

import cprsync
from cprsync.errors import CprsyncError
from cprsync.language.errors import EXITS, Advice, advice_for

PACKAGE = Path(cprsync.__file__).parent
LOCALE = PACKAGE / "locale"


def entries_of(catalogue: str, language: str) -> dict[str, tuple[str, ...]]:
    """The text of each key in all its forms, as the program reads it."""
    with (LOCALE / language / "LC_MESSAGES" / f"{catalogue}.mo").open("rb") as file:
        loaded = GNUTranslations(file)
    found: dict[str, tuple[str, ...]] = {}
    for key, text in loaded._catalog.items():  # type: ignore[attr-defined]  # gettext lists its entries nowhere else
        name = key[0] if isinstance(key, tuple) else key
        found[name] = (*found.get(name, ()), text)
    del found[""]
    return found


@cache
def source_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def nodes_of(source: str) -> list[ast.AST]:
    """All nodes of a source. To parse the program takes seconds: once for all who look for what it says."""
    return list(ast.walk(ast.parse(source)))


def _texts(catalogue: str, language: str) -> dict[str, str]:
    return {key: " · ".join(texts) for key, texts in entries_of(catalogue, language).items()}


_ENGLISH = _texts("words", "en")
#: Danish, then English.
WORDS = {key: (danish, _ENGLISH.get(key, "")) for key, danish in _texts("words", "da").items()}
#: By the English sentence, or by another library's type of a mistake.
DANISH = _texts("errors", "da")
ADVICE: dict[str, Advice] = {kind: advice_for(CprsyncError("", kind=kind)) for kind in EXITS}
