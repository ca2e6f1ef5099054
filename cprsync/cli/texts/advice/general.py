"""One piece of advice: an exit code of the command line, and the next step in both languages."""

from __future__ import annotations

from typing import Final, NamedTuple

from cprsync.domain.wording import Wording


class Advice(NamedTuple):
    """An exit code of the command line, and the next step."""

    exit: int
    next: Wording


def advice(code: int, da: str, en: str) -> Advice:
    return Advice(code, Wording(da, en))


AGAIN: Final = advice(
    7,
    "Kør kommandoen igen: den fortsætter, hvor den slap.",
    "Run the command again: it goes on where it stopped.",
)
