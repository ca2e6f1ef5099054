"""A sentence of a rule in both languages: what the generated tables are printed from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """Danish first: the rules are Danish."""

    da: str
    en: str
