"""Whether something is allowed: yes or no, every rule behind the answer, and the patron group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import enum

R = TypeVar("R", bound="enum.Enum")


@dataclass(frozen=True, slots=True, repr=False)
class Ruling(Generic[R]):
    """`rules` has, for a no, all rules that forbid it; for a yes, the rule that allows it, and any advice."""

    allowed: bool
    rules: tuple[R, ...]
    group: str
