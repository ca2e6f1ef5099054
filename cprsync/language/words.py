"""What commands and reports say, found by key in the catalogue `words`. Days, months, times and amounts in words."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Final

from cprsync.catalogues import Language, fill_text, find_text
from cprsync.domain.feed.delivery import COPENHAGEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.policy.product import Products


#: The longest day in a column: `30. september 2027`.
DAY_WIDTH = 18
#: The longest moment in a column: `30. september 2027 kl. 06.30`.
TIME_WIDTH = 28


#: The words for errors that one exit does not tell apart, the particular ones first.
_ENDED: Final = {
    "delivery.late": "late",
    "delivery.unfinished": "unfinished",
    "delivery.gap": "gap",
    "delivery.": "refused_delivery",
    "audit.": "audit",
}


def has_word(key: str) -> bool:
    return bool(find_text("words", key, "en"))


def word(key: str, language: Language, **values: object) -> str:
    """The word in one language. The value `count` selects the plural form. An unknown key is shown as it is."""
    return fill_text("words", key, language, values)


def has_desk_word(key: str) -> bool:
    return bool(find_text("desk", key, "en"))


def desk_word(key: str, language: Language, **values: object) -> str:
    """What a page of the desk says. An unknown key is shown as it is."""
    return fill_text("desk", key, language, values)


def patrons_text(count: int, language: Language) -> str:
    """So many patrons, for a sentence whose own plural counts something else."""
    return word("counted_patrons", language, count=count)


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


def ended_text(exit_code: int | None, error: str | None, language: Language) -> str:
    """How a night has ended: by its error, where that says more than its exit."""
    named = next((words for kind, words in _ENDED.items() if str(error).startswith(kind)), exit_code)
    return word(f"ended_{named}", language)


def titles_of(products: Products, language: Language) -> dict[str, str]:
    """The latest title of each product, by its name."""
    titles = {name: products.of(name)[-1].title for name in products.names()}
    return {name: title.text(language) for name, title in titles.items()}


def heading(day: date, language: Language, *, capital: bool = True) -> str:
    """`Tirsdag 23. marts`, `Tuesday 23 March`."""
    weekday = word(f"weekday.{day.isoweekday()}", language)
    text = word("day_heading", language, weekday=weekday, day=day.day, month=_month(day, language))
    return text[0].upper() + text[1:] if capital else text


def day_text(day: date | str | None, language: Language) -> str:
    """A day in words, also as a document has it. A dash if there is none."""
    if day is None:
        return "–"
    return long_day(date.fromisoformat(day) if isinstance(day, str) else day, language)


def long_day(day: date, language: Language) -> str:
    """`23. marts 2027`, `23 March 2027`."""
    return word("day_long", language, day=day.day, month=_month(day, language), year=day.year)


def typed_day(text: str | None) -> str:
    """The day of a document as people type it: `10.04.2027`. Nothing if there is none."""
    return "" if not text else f"{date.fromisoformat(text):%d.%m.%Y}"


def long_time(moment: datetime, language: Language) -> str:
    """`23. marts 2027 kl. 06.30`, `23 March 2027, 06:30`, without converting the time."""
    return word("day_time", language, day=long_day(moment.date(), language), moment=moment)


def moment_text(at: datetime | str | None, language: Language) -> str:
    """A moment in words, in Danish time, also as a document has it. A dash if there is none."""
    if at is None:
        return "–"
    return long_time((datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(COPENHAGEN), language)


def since_text(stamp: datetime | str, language: Language) -> str:
    """Since when the oldest of several has waited."""
    return word("status_since", language, moment=moment_text(stamp, language))


def seconds_text(seconds: float, language: Language) -> str:
    """`1,2`, `1.2`: how long something took."""
    return f"{seconds:.1f}".replace(".", ",") if language == "da" else f"{seconds:.1f}"


def money(oere: int, language: Language) -> str:
    """`1.234,50 kr.`, `DKK 1,234.50`."""
    kroner, rest = divmod(oere, 100)
    if language == "en":
        return f"DKK {kroner:,}.{rest:02}"
    return f"{kroner:,}".replace(",", ".") + f",{rest:02} kr."


def bytes_text(count: int, language: Language) -> str:
    """`1,2 GB`, `1.2 GB`: a space on a disk."""
    text = f"{count / 1000**3:.1f} GB"
    return text.replace(".", ",") if language == "da" else text


def _month(day: date, language: Language) -> str:
    return word(f"month.{day.month}", language)


_LOCALES: Final[Mapping[Language, str]] = {"da": "da", "en": "en_US"}


def month_name(day: date, language: Language) -> str:
    """`Marts 2027`, `March 2027`."""
    text = f"{word(f'month.{day.month}', language)} {day.year}"
    return text[0].upper() + text[1:]


def free_day_name(day: date, language: Language) -> str:
    """What a public holiday is called, or a day on which CPR is closed by custom. "": it is neither."""
    named: str = _holidays(language).get(day, "")
    closed = f"closed_{day.month}_{day.day}"
    return named or (word(closed, language) if has_word(closed) else "")


@cache
def _holidays(language: Language) -> Mapping[date, str]:
    """The public holidays, loaded when first asked for: that takes longer than a page."""
    import holidays

    return holidays.country_holidays("DK", categories=("public",), language=_LOCALES[language])
