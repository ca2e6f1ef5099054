"""What `patron list` shows a reader: each status in words. Programs get its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cprsync.cli.outward.listing import _lines
from cprsync.language.words import has_word, word
from cprsync.services.ports.finding import ListedPatron
from cprsync.store.tables import STATUS_CLASSES

if TYPE_CHECKING:
    from cprsync.catalogues import Language

STATUSES = sorted(set(STATUS_CLASSES.values()))


@pytest.mark.parametrize("language", ["da", "en"])
def test_each_status_has_a_word_of_its_own(language: Language) -> None:
    assert [one for one in STATUSES if not has_word(f"listed_{one}")] == []
    assert len({word(f"listed_{one}", language) for one in STATUSES}) == len(STATUSES)


def test_the_list_says_a_status_in_the_readers_language() -> None:
    listed = [ListedPatron("12345678", "no_residence", "patron", "Voksen", "0751", verified=True)]
    assert next(_lines(listed, "da")).split("  ")[:2] == ["12345678", "uden bopæl"]
    assert next(_lines(listed, "en")).split("  ")[:2] == ["12345678", "no residence"]
