"""What the killed life consists of: its commands in their order, and the desk at which somebody works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crash_life import CrashLife, Step

if TYPE_CHECKING:
    from collections.abc import Callable

MERGE: Final = "parked.number.both_patrons"
DEATH: Final = "block.dead"


def _sync(life: CrashLife) -> list[str]:
    return ["sync", "--today", life.day]


def _closed(*events: tuple[str, str, str | None]) -> Callable[[CrashLife], None]:
    return lambda life: life.close_day(*events)


NIGHTS: Final = (
    Step("night", _sync, exits=frozenset({0, 3})),
    Step("import", CrashLife.list_patrons),
    Step("first load", _sync, exits=frozenset({0, 3})),
)
STEPS: Final = (
    *NIGHTS,
    Step("merge", lambda life: ["review", "accept", life.item(MERGE)], done=frozenset({"review.closed"})),
    Step("accept", lambda life: ["review", "accept", life.item(DEATH)], done=frozenset({"review.closed"})),
    Step("targets", lambda _: ["targets", "send"]),
    Step(
        "leave",
        lambda life: ["patron", "leave", life.patron("DAVID"), "--yes"],
        done=frozenset({"patron.unknown"}),
    ),
    Step("rotate", lambda _: ["keys", "rotate", "--all"]),
    Step(
        "next night",
        _sync,
        before=_closed(("move", "CLARA", "ODENSE"), ("protect", "BO", None), ("rename", "LIV", "EFTER_BRYLLUP")),
        exits=frozenset({0, 3}),
    ),
    # killed once it was whole, it is there already until the second is over
    Step("backup", lambda _: ["backup", "make"], later=frozenset({"backup.failed", "run.busy"})),
    Step("drill", lambda life: ["drill", "--key", str(life.night.folder / "private.pem")]),
    Step("retention", lambda _: ["retention", "run"]),
    # whoever is asked about on the day of a delivery is answered as of the day before, and asked about once more
    Step("quiet night", _sync, before=_closed(), exits=frozenset({0, 3})),
    Step("last targets", lambda _: ["targets", "send"]),
)
