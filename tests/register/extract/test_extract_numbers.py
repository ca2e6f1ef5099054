"""What the extract reader says of replaced numbers, before any person of a delivery is read."""

from __future__ import annotations

from io import BytesIO

import extract_lines as rec
import pytest
from extract_lines import ANNA, BO, NEW, OLD, lines, night, small_night, stream

from cprsync.domain.deciding.number_change import Links
from cprsync.domain.person.number import CprNumber
from cprsync.register.extract.reader import ExtractReader


def links(content: bytes) -> Links:
    return ExtractReader(task="123456", hash_key=bytes(32)).links(BytesIO(content))


@pytest.mark.parametrize("content", [lines(small_night()), lines(small_night(), newline="\r\n"), stream(small_night())])
def test_a_replaced_number_is_linked_to_the_new_one_in_either_framing(content: bytes) -> None:
    assert links(content) == Links({CprNumber(OLD): CprNumber(NEW)}, frozenset({CprNumber(NEW)}))


@pytest.mark.parametrize("status", ["50", "60"])
def test_a_new_number_that_stands_before_the_old_one_counts_as_delivered(status: str) -> None:
    content = lines(night(rec.main(NEW), rec.main(OLD, status=status, current=NEW)))
    assert links(content) == Links({CprNumber(OLD): CprNumber(NEW)}, frozenset({CprNumber(NEW)}))


def test_a_new_number_without_a_record_001_is_not_delivered() -> None:
    assert links(lines(night(rec.main(OLD, status="60", current=NEW), rec.name(NEW)))).delivered == frozenset()


@pytest.mark.parametrize("deviations", [{"status": "30"}, {"status": "01"}, {"status": "60", "current": "12"}])
def test_nothing_else_is_a_link(deviations: dict[str, str]) -> None:
    assert links(lines(night(rec.main(ANNA, **({"current": BO} | deviations))))) == Links()


def test_a_record_022_is_no_link() -> None:
    """Decision 6: the old number's own record 001 says by which it is replaced, and it is subscribed."""
    assert links(lines(night(rec.main(NEW), rec.old_number(NEW, OLD)))) == Links()
