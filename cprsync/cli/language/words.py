"""What the program says, found by key in the catalogues of `cprsync/locale`. Holds no sentence itself.

A catalogue is a PO file, one for each language and subject, which `pybabel compile` turns into the MO file read here.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import cprsync
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cprsync.domain.policy.product import Products

Language = Literal["da", "en"]
#: `errors` has English sentences as keys, and no English catalogue.
Catalogue = Literal["advice", "errors", "pages", "words"]
_LOCALE: Final = Path(cprsync.__file__).parent / "locale"


#: The longest day in a column: `30. september 2027`.
DAY_WIDTH = 18
#: The longest moment in a column: `30. september 2027 kl. 06.30`.
TIME_WIDTH = 28


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


def has_word(key: str) -> bool:
    return bool(find_text("words", key, "en"))


def word(key: str, language: Language, **values: object) -> str:
    """The word in one language. The value `count` selects the plural form. An unknown key is shown as it is."""
    return _filled("words", key, language, values)


def _filled(catalogue: Catalogue, key: str, language: Language, values: Mapping[str, object]) -> str:
    count = values.get("count")
    said = find_text(catalogue, key, language, count=count if isinstance(count, int) else None)
    return (said or key).format(**values)


def page_words(key: str, **values: Wording | str | int) -> Wording:
    """What a page says, in both languages. A value may be in both languages too; `count` selects the plural form."""
    danish = {name: value.da if isinstance(value, Wording) else value for name, value in values.items()}
    english = {name: value.en if isinstance(value, Wording) else value for name, value in values.items()}
    return Wording(_filled("pages", key, "da", danish), _filled("pages", key, "en", english))


def word_pair(key: str) -> dict[Language, str]:
    """The word in both languages, as documents have it."""
    return {"da": word(key, "da"), "en": word(key, "en")}


def reason_words(reason: str, language: Language) -> str:
    """Why nothing is written, or why someone should look. A patron after a colon in the reason is named here too."""
    kind, _, patron = reason.partition(":")
    if not has_word(kind) and has_word(head := f"{kind.rpartition('_')[0]}_"):
        # the kind ends in the record type
        return f"{word(head, language)} ({kind.removeprefix(head)})"
    return f"{word(kind, language)} ({patron})" if patron else word(kind, language)


def titles_of(products: Products, language: Language) -> dict[str, str]:
    """The latest title of each product, by its name."""
    titles = {name: products.of(name)[-1].title for name in products.names()}
    return {name: title.text(language) for name, title in titles.items()}


def heading(day: date, language: Language, *, capital: bool = True) -> str:
    """`Tirsdag 23. marts`, `Tuesday 23 March`."""
    weekday = word(f"weekday.{day.isoweekday()}", language)
    text = word("day_heading", language, weekday=weekday, day=day.day, month=_month(day, language))
    return text[0].upper() + text[1:] if capital else text


def day_text(text: str | None, language: Language) -> str:
    """The day of a document in words. A dash if there is none."""
    return "–" if text is None else long_day(date.fromisoformat(text), language)


def long_day(day: date, language: Language) -> str:
    """`23. marts 2027`, `23 March 2027`."""
    return word("day_long", language, day=day.day, month=_month(day, language), year=day.year)


def long_time(moment: datetime, language: Language) -> str:
    """`23. marts 2027 kl. 06.30`, `23 March 2027, 06:30`, without converting the time."""
    return word("day_time", language, day=long_day(moment.date(), language), moment=moment)


def _month(day: date, language: Language) -> str:
    return word(f"month.{day.month}", language)
