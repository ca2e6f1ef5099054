"""An answer to whether something may be done: yes or no, every rule that says so, and the patron group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import enum

R = TypeVar("R", bound="enum.Enum")


@dataclass(frozen=True, slots=True, repr=False)
class Ruling(Generic[R]):
    """`rules`: of a no all that forbid it, of a yes what allows it and what goes with it."""

    allowed: bool
    rules: tuple[R, ...]
    group: str
