"""A text in both languages, and where a rule finds one: the catalogues stand outside the domain, and are handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Wording:
    """A text in both languages, Danish first: the rules are Danish."""

    da: str
    en: str

    def __str__(self) -> str:
        return self.en

    def text(self, language: str) -> str:
        """The text in `da` or `en`."""
        return self.da if language == "da" else self.en

    def document(self) -> dict[str, str]:
        """Both texts, in a form that JSON can hold."""
        return {"da": self.da, "en": self.en}


class Texts(Protocol):
    """A catalogue: the text of a key in both languages, with values in place of the names in braces.

    The value `count` selects the plural form.
    """

    def __call__(self, key: str, **values: Wording | str | int) -> Wording: ...


def in_one(texts: Sequence[Wording], between: Wording | str = " ") -> Wording:
    """Several texts in one."""
    da, en = (between, between) if isinstance(between, str) else (between.da, between.en)
    return Wording(da.join(one.da for one in texts), en.join(one.en for one in texts))


def capital(text: Wording) -> Wording:
    """The text with a capital as its first letter."""
    return Wording(f"{text.da[0].upper()}{text.da[1:]}", f"{text.en[0].upper()}{text.en[1:]}")
