"""The words of a review item: why it waits, and what each answer does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.domain.patron.review import PARKED
from cprsync.language.words import has_word, word_pair

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_words(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item with words in both languages for why it waits, and for what each answer does."""
    # what is parked for a reason may have the words of the reason
    why = key if has_word(key := f"item.{item['why']}") else item["why"].removeprefix(PARKED)
    answers = {answer: word_pair(f"answer.{item[answer]}") for answer in ("accept", "reject")}
    return {**item, "why": word_pair(why), **answers}
