"""The catalogues of `cprsync/locale`: each text by its key, in Danish and English. Holds no sentence itself.

A catalogue is a PO file, one for each language and subject, which `pybabel compile` turns into the MO file read here.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import cprsync
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["da", "en"]
#: `errors` has English sentences as keys, and no English catalogue.
Catalogue = Literal["advice", "desk", "errors", "pages", "rules", "words"]
_LOCALE: Final = Path(cprsync.__file__).parent / "locale"


class _Missing(NullTranslations):
    """Answers with an empty text where a catalogue has no entry."""

    def gettext(self, message: str) -> str:  # noqa: ARG002 -- gettext's signature
        return ""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:  # noqa: ARG002 -- the same
        return ""


@cache
def _load(catalogue: Catalogue, language: Language) -> GNUTranslations:
    with (_LOCALE / language / "LC_MESSAGES" / f"{catalogue}.mo").open("rb") as file:
        loaded = GNUTranslations(file)
    loaded.add_fallback(_Missing())
    return loaded


def find_text(catalogue: Catalogue, key: str, language: Language, *, count: int | None = None) -> str:
    """The text of an entry, in the plural form for `count` if it has several. Empty: there is no such entry."""
    if not key:  # gettext's key of the catalogue's own head
        return ""
    loaded = _load(catalogue, language)
    return (loaded.ngettext(key, key, count) if count is not None else "") or loaded.gettext(key)


def fill_text(catalogue: Catalogue, key: str, language: Language, values: Mapping[str, object]) -> str:
    """The text with its values. The value `count` selects the plural form. An unknown key is shown as it is."""
    count = values.get("count")
    said = find_text(catalogue, key, language, count=count if isinstance(count, int) else None)
    return (said or key).format(**values)


def page_words(key: str, **values: Wording | str | int) -> Wording:
    """What a page says, in both languages. A value may be in both languages too; `count` selects the plural form."""
    return _in_both("pages", key, values)


def rule_words(key: str, **values: Wording | str | int) -> Wording:
    """What a rule or a warning says, in both languages."""
    return _in_both("rules", key, values)


def command_words(key: str, **values: Wording | str | int) -> Wording:
    """What commands and reports say, in both languages."""
    return _in_both("words", key, values)


def _in_both(catalogue: Catalogue, key: str, values: Mapping[str, Wording | str | int]) -> Wording:
    danish = {name: value.da if isinstance(value, Wording) else value for name, value in values.items()}
    english = {name: value.en if isinstance(value, Wording) else value for name, value in values.items()}
    return Wording(fill_text(catalogue, key, "da", danish), fill_text(catalogue, key, "en", english))
