"""A sentence of a rule in both languages. The generated tables are printed from these."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """A text in both languages, Danish first: the rules are Danish."""

    da: str
    en: str
