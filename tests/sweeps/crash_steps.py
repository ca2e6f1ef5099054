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


def _hold(life: CrashLife) -> None:
    life.limit(0)
    life.close_day(("move", "GRETHE", "ODENSE"), ("move", "KAREN", "SKOLEN"))


def _yes(life: CrashLife) -> list[str]:
    return ["plan", "approve", life.plan(), *_WHY]


def _key(life: CrashLife) -> list[str]:
    return ["--key", str(life.night.folder / "private.pem")]


def _new_certificate(life: CrashLife) -> list[str]:
    new = life.night.folder / "new"
    return ["--cert", str(new / "client.pem"), "--key", str(new / "client.key")]


_WHY: Final = ("--reason", "Prøve")
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
    # into an empty place; killed once it was whole, that place is taken
    Step(
        "restore",
        lambda life: ["restore", str(life.night.library / "backups"), "--into", str(life.again), *_key(life)],
        before=CrashLife.clear_again,
        after=CrashLife.look_at_restored,
        done=frozenset({"backup.taken"}),
        elsewhere=True,
    ),
    Step("drill", lambda life: ["drill", *_key(life)]),
    Step("retention", lambda _: ["retention", "run"]),
    Step("held night", _sync, before=_hold, exits=frozenset({5})),
    Step("first yes", _yes, who="Anna", done=frozenset({"plan.same_person"})),
    Step("second yes", _yes, who="Bo", done=frozenset({"plan.approved"})),
    Step(
        "approved night",
        lambda life: [*_sync(life), "--approve", life.plan()],
        exits=frozenset({0, 3}),
        done=frozenset({"plan.none", "plan.unknown"}),
    ),
    Step(
        "revert",
        lambda life: ["runs", "revert", life.last_run(), "--yes", *_WHY, "--today", life.day],
        before=lambda life: life.limit(None),
        exits=frozenset({0, 3}),
        done=frozenset({"revert.done"}),
    ),
    Step(
        "release",
        lambda life: ["runs", "release", life.undo(), *_WHY],
        done=frozenset({"revert.holds_none"}),
    ),
    Step(
        "renew",
        lambda life: ["certs", "renew", *_new_certificate(life)],
        after=CrashLife.look_at_certificate,
        done=frozenset({"certificate.renewal.same"}),
    ),
    # whoever is asked about on the day of a delivery is answered as of the day before, and asked about once more
    Step("quiet night", _sync, before=_closed(), exits=frozenset({0, 3})),
    Step("last targets", lambda _: ["targets", "send"]),
)
#: What the desk was still to tell when it was stopped waits for the next sender.
AFTER_THE_DESK: Final = Step("after the desk", lambda _: ["targets", "send"])
