"""A sentence of a rule in both languages. The generated tables are printed from these."""

from __future__ import annotations

from dataclasses import dataclass


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
