"""A value that is made often is the same value, and as frozen, as one that is made the way Python does."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cprsync.domain.person.address import Address, Name
from cprsync.domain.person.often import made_often
from cprsync.domain.person.person import Birth, Person

NOTED: list[int] = []


@dataclass(frozen=True, slots=True)
class Plain:
    one: int
    two: tuple[str, ...] = ()
    three: str = "c"

    def __post_init__(self) -> None:
        NOTED.append(self.one)


@made_often
@dataclass(frozen=True, slots=True)
class Often:
    one: int
    two: tuple[str, ...] = ()
    three: str = "c"

    def __post_init__(self) -> None:
        NOTED.append(self.one)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((1,), {}), ((1, ("b",)), {}), ((1, ("b",), "d"), {}), ((), {"three": "d", "one": 1}), ((1,), {"two": ("b",)})],
)
def test_it_holds_what_it_would_hold_otherwise(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    NOTED.clear()
    often, plain = Often(*arguments, **named), Plain(*arguments, **named)
    assert dataclasses.asdict(often) == dataclasses.asdict(plain)
    assert dataclasses.asdict(replace(often, two=("x",))) == dataclasses.asdict(replace(plain, two=("x",)))
    assert NOTED == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("arguments", "named"), [((), {}), ((1, (), "d", "e"), {}), ((1,), {"one": 2}), ((1,), {"e": 2})]
)
def test_it_is_not_made_of_too_little_or_too_much(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    for value in (Often, Plain):
        with pytest.raises(TypeError):
            value(*arguments, **named)


@pytest.mark.parametrize("value", [Often(1), Name("A"), Address("0751", "0123"), Birth.__new__(Birth)])
def test_no_field_of_it_can_be_set_or_taken_away(value: Any) -> None:
    for one in dataclasses.fields(value):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, one.name, "")
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(value, one.name)


def test_its_type_says_what_it_is_made_from() -> None:
    assert Person.__init__.__qualname__ == "Person.__init__"


@pytest.mark.parametrize(
    "odd", [field(default_factory=list), field(init=False, default=1), field(default=1, kw_only=True)]
)
def test_a_field_that_it_cannot_make_is_refused_where_it_is_written(odd: Any) -> None:
    value = dataclasses.make_dataclass("Odd", [("one", Any, odd)], frozen=True, slots=True)
    with pytest.raises(TypeError, match="plain fields only"):
        made_often(value)
