"""Shows the patron's name, age and cards on one line before a question. No name of a protected patron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.desk.record_text import NOTHING, SEALED
from cprsync.cli.language.words import word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.cli.language.words import Language


def whose_lines(whose: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The line. Nothing for a patron who has left."""
    if not any(whose.values()):
        return
    sealed = SEALED.da if language == "da" else SEALED.en
    name = sealed if whose["protected"] else whose["name"] or NOTHING
    age = NOTHING if whose["age"] is None else whose["age"]
    cards = ", ".join(whose["cards"]) or NOTHING
    yield f"  {word('whose', language, name=name, age=age, cards=cards)}"
