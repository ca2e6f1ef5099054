"""Where two sources contradict each other about a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.person.person import SILENT

if TYPE_CHECKING:
    from cprsync.domain.person.person import Person


def disagreements(one: Person, other: Person) -> list[str]:
    """The groups in which two sources contradict each other. A silent group contradicts nothing."""
    return [
        name
        for (name, ours), (_, theirs) in zip(one.groups(), other.groups(), strict=True)
        if ours is not SILENT and theirs is not SILENT and ours != theirs
    ] + ([] if one.number == other.number else ["number"])
