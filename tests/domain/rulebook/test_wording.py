"""A text in both languages, and a mistake in a list of a policy that is told by its place."""

from __future__ import annotations

from cprsync.domain.wording import Wording
from cprsync.errors import OutOfOrder


def test_a_text_is_said_in_the_language_that_is_asked_for() -> None:
    text = Wording("låner", "patron")
    assert (text.text("da"), text.text("en"), str(text)) == ("låner", "patron", "patron")
    assert text.document() == {"da": "låner", "en": "patron"}


def test_a_mistake_in_a_list_within_a_list_is_told_by_both_places() -> None:
    mistake = OutOfOrder("two groups have the same name", 2).within("ladders", 0)
    assert (mistake.place, str(mistake)) == (("ladders", 0, 2), "two groups have the same name")
