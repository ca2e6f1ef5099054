"""A sealed delivery is verified once: its persons are read by the index that the inspection made."""

from __future__ import annotations

from io import BytesIO

import pytest
from extract_lines import lines, small_night, stream

from cprsync.domain.person.number import CprNumber
from cprsync.errors import DeliveryRefused
from cprsync.register.extract.reader import ExtractReader

WHOLE = lines(small_night())
#: The same bytes but for the end: no first pass lets it through.
CUT = WHOLE[: WHOLE.rindex(b"999")]


class Sealed(BytesIO):
    """A content that says which one it is, as the inbox's does."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.content_id = name


def reader(*, limit: int = 1 << 20) -> ExtractReader:
    return ExtractReader(task="123456", hash_key=bytes(32), index_limit_bytes=limit)


@pytest.mark.parametrize("content", [WHOLE, stream(small_night())])
def test_persons_and_links_are_the_same_with_an_inspection_before_and_without(content: bytes) -> None:
    inspecting, plain = reader(), reader()
    inspecting.inspect(Sealed(content, "a"))
    assert inspecting.links(Sealed(content, "a")) == plain.links(BytesIO(content))
    assert list(inspecting.persons(Sealed(content, "a"))) == list(plain.persons(BytesIO(content)))


def test_the_same_sealed_delivery_is_not_verified_again() -> None:
    inspecting = reader()
    inspecting.inspect(Sealed(WHOLE, "a"))
    # only the first pass looks at record 999
    assert len(list(inspecting.persons(Sealed(CUT, "a")))) == len(list(reader().persons(BytesIO(WHOLE))))


@pytest.mark.parametrize("source", [Sealed(CUT, "b"), BytesIO(CUT)])
def test_another_delivery_and_a_file_that_may_have_changed_are_verified(source: BytesIO) -> None:
    inspecting = reader()
    inspecting.inspect(Sealed(WHOLE, "a"))
    with pytest.raises(DeliveryRefused):
        next(inspecting.persons(source))


def test_after_a_refusal_nothing_is_left_of_the_delivery_before() -> None:
    inspecting = reader()
    inspecting.inspect(Sealed(WHOLE, "a"))
    with pytest.raises(DeliveryRefused):
        inspecting.inspect(Sealed(CUT, "b"))
    with pytest.raises(DeliveryRefused):
        next(inspecting.persons(Sealed(CUT, "a")))


def test_an_index_that_moved_to_a_file_is_not_kept() -> None:
    inspecting = reader(limit=1)
    inspecting.inspect(Sealed(WHOLE, "a"))
    with pytest.raises(DeliveryRefused):
        next(inspecting.persons(Sealed(CUT, "a")))


def test_a_delivery_is_read_as_often_as_asked() -> None:
    inspecting = reader()
    inspecting.inspect(Sealed(WHOLE, "a"))
    first = [one.number for one in inspecting.persons(Sealed(WHOLE, "a"))]
    assert [one.number for one in inspecting.persons(Sealed(WHOLE, "a"))] == first
    assert all(isinstance(number, CprNumber) for number in first)
