"""What may happen in the days of a leak life, and random days."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from outward_watch import TARGETS

KEYS: Final = ("Ane", "Lea", "Uma", "Ida", "Eva", "Bent", "Tove")

#: What may happen in a day, and what the desk may do next morning: more often what matters most.
EVENTS: Final = (
    *("move", "move", "move", "move_in", "move_in", "move_in", "move_in", "come_back", "come_back", "come_back"),
    *("protect", "protect", "protect", "unprotect", "unprotect", "unprotect", "unprotect", "unprotect"),
    *("rename", "die", "emigrate", "hide", "renumber", "unread", "disappear", "told_again", "merge"),
)
DESK: Final = (
    *("correct_address", "correct_address", "correct_name", "withdraw", "contact", "contact", "leave", "erase"),
    *("enrol", "enrol", "enrol", "register", "answer_for", "answer_for", "settle"),
)


@dataclass(frozen=True)
class Day:
    """One working day, the night after it, and the desk next morning."""

    events: tuple[tuple[str, str, int], ...] = ()
    desk: tuple[tuple[str, str, int], ...] = ()
    #: targets that do not answer this night, and how many answers of ten are lost
    down: frozenset[str] = frozenset()
    lost: int = 0


def drawn_life(seed: int) -> list[Day]:
    """A random life: about three weeks."""
    seeded = random.Random(seed)  # noqa: S311 -- draws what happens, and is no secret
    down: dict[str, int] = dict.fromkeys((one.name for one in TARGETS), 0)
    lost = seeded.choice((0, 0, 1, 5))
    days = []
    for _ in range(seeded.randint(6, 12)):
        for name, nights in down.items():
            down[name] = max(0, nights - 1) or (seeded.randint(1, 6) if seeded.random() < 0.12 else 0)
        events = _some(seeded, EVENTS, seeded.randint(1, 4))
        desk = _some(seeded, DESK, seeded.randint(0, 3))
        days.append(Day(events, desk, frozenset(name for name, nights in down.items() if nights), lost))
    return days


def _some(seeded: random.Random, kinds: tuple[str, ...], many: int) -> tuple[tuple[str, str, int], ...]:
    return tuple((seeded.choice(kinds), seeded.choice(KEYS), seeded.randrange(1000)) for _ in range(many))
