"""A run that is killed after any of its writes and started again ends as one that was not."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, OWN, TUESDAY, WEDNESDAY, Killed, KilledStore, Library, happened, unowned, unreadable
from kills import is_closed, killed, lived_whole, sample
from townspeople import cpr, dies, gains_protection, loses_protection, moves, person, renames
from whole import verify_audit

from cprsync.domain.policy.policy import Harm, Policy
from cprsync.errors import NoSuchPerson, RegisterUnavailable, RunStopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cprsync.services.night.report import Report


def a_night_of_everything(library: Library) -> None:
    library.enrol("HENRIK", "EDITH")
    library.register.knows(person("HENRIK"), loses_protection(person("BO")))
    library.deliver(
        MONDAY,
        moves(person("ANNA"), "ODENSE"),
        person("CLARA"),
        unreadable("DAVID"),
        person("FINN"),
        moves(person("HENRIK")),
        loses_protection(person("BO")),
    )
    strangers = [person(key) for key in ("INGER", "KUNEN", "FINN")]
    anna, david = gains_protection(renames(moves(person("ANNA")))), dies(person("DAVID"))
    library.deliver(TUESDAY, anna, *strangers, david, person("CLARA"))


def a_night_with_a_gap(library: Library) -> None:
    a_night_of_everything(library)
    library.deliver(WEDNESDAY.replace(day=30), gains_protection(moves(person("CLARA"))), dies(person("HENRIK")))
    library.clock.set_after(WEDNESDAY)


def a_night_over_a_limit(library: Library) -> None:
    a_night_of_everything(library)
    library.limit(Harm.GONE, 0)


def a_night_without_answers(library: Library) -> None:
    a_night_of_everything(library)
    for key in ("BO", "HENRIK"):
        library.register.failures[cpr(key)] = RegisterUnavailable("no answer")


def a_night_with_a_number_nobody_has(library: Library) -> None:
    """All that it leaves to a person is the first copy of HENRIK: a run that goes on has not forgotten him."""
    library.enrol("HENRIK", "EDITH")
    library.register.failures[cpr("HENRIK")] = NoSuchPerson("PNR not found")
    library.deliver(MONDAY, moves(person("ANNA")), person("CLARA"), dies(person("DAVID")))


def outcome(library: Library) -> dict[str, Any]:
    """What is compared: all rows, the balance sheets, and the audit but for look-ups, which may be made again.

    The day's quota counts what the register was asked, so a look-up that is made again counts twice.
    """
    everything = library.everything()
    everything["agreement"] = [{**row, "heal_asked": None} for row in everything["agreement"]]
    entries = {one: count for one, count in happened(everything).items() if one[0] != "lookup"}
    items = sorted(str({**row, "run_id": None}) for row in everything["run_item"])
    return {**unowned(everything), "items": items, "audit": Counter(entries)}


def counted(report: Report) -> dict[str, Any]:
    """What the report counts of the whole run, and not only of the part that was lived last."""
    document = report.document()
    return {name: document[name] for name in ("state", "actions", "subscriptions", "let_through", "published")}


def stored(library: Library) -> dict[str, Any]:
    """The same of the newest run, as `runs show` reads it."""
    document = library.store.runs.document(max(row["id"] for row in library.rows("run")))
    assert document is not None
    return {name: document[name] for name in ("state", "actions", "subscriptions", "let_through", "published")}


@pytest.mark.parametrize(
    "night",
    [
        a_night_of_everything,
        a_night_with_a_gap,
        a_night_over_a_limit,
        a_night_without_answers,
        a_night_with_a_number_nobody_has,
    ],
)
def test_a_run_killed_anywhere_and_started_again_ends_as_one_that_was_not(
    library: Library, tmp_path: Path, night: Callable[[Library], None]
) -> None:
    library.batch = 2
    night(library)
    whole, expected, writes = lived_whole(library, tmp_path)
    wanted = outcome(whole)
    for other in killed(library, tmp_path, sample(writes)):
        accepted = any(row["run_id"] > 1 for row in other.rows("run_delivery"))
        if not is_closed(other):
            report = other.one_night()
            assert report.exit_code == expected.exit_code
            assert (report.counts.left, report.reasons) == (expected.counts.left, expected.reasons)
            assert report.run.resumed == accepted
            assert report.document()["received"] == expected.document()["received"]
            assert report.planned.excess == expected.planned.excess
            assert counted(report) == counted(expected)
        assert outcome(other) == wanted
        assert stored(other) == counted(expected)
        verify_audit(other.store)
    assert writes > 10
    whole.engine.dispose()


def test_a_night_killed_while_it_held_back_goes_on_holding_though_the_limit_was_raised(
    library: Library, tmp_path: Path
) -> None:
    """Its balance sheet says *held* of some already: only the night after may apply them, and then all of them."""
    library.batch = 2
    a_night_of_everything(library)
    whole = library.copy(tmp_path / "not held")
    whole.one_night()
    library.limit(Harm.GONE, 0)
    _, _, writes = lived_whole(library, tmp_path)
    held = 0
    for other in killed(library, tmp_path, sample(writes, first=writes - 6)):
        half_held = [row for row in other.rows("run_item") if row["outcome"] == "held"]
        finished = is_closed(other)
        other.policy = Policy()
        report = other.one_night()
        if half_held and not finished:
            assert (report.exit_code, report.state) == (5, "held")
            held += 1
        other.one_night()
        assert records(other) == records(whole)
        assert {row["state"] for row in other.rows("inbox")} == {"applied"}
        other.nothing_is_left()
    assert held > 1
    whole.engine.dispose()


def asked_to_stop(at: int | None, pauses: Iterator[int]) -> Callable[[], None]:
    """Ask at the so-manieth pause between two pieces of work; None: never."""

    def raise_if_stopped() -> None:
        if next(pauses) == at:
            raise RunStopped("asked to")

    return raise_if_stopped


def test_a_run_asked_to_stop_at_any_pause_stays_open_and_the_next_ends_it(library: Library, tmp_path: Path) -> None:
    library.batch = 2
    a_night_of_everything(library)
    whole, pauses = library.copy(tmp_path / "whole"), count(1)
    whole.one_night_with(raise_if_stopped=asked_to_stop(None, pauses))
    stops = next(pauses) - 1
    assert stops > 8
    for at in sample(stops):
        other = library.copy(tmp_path / f"stop {at}")
        stopped = other.one_night_with(raise_if_stopped=asked_to_stop(at, count(1)))
        assert (stopped.exit_code, stopped.state) == (7, "stopped")
        assert stopped.error is not None
        assert stopped.error.kind == "run.stopped"
        assert not is_closed(other)
        assert other.one_night().error is None
        assert stored(other) == stored(whole)
        assert outcome(other) == outcome(whole)
        other.engine.dispose()
    whole.engine.dispose()


def records(library: Library) -> list[Any]:
    """The opened records, and what they are true for."""
    return sorted((one, register.number, register.status, register.address) for one, register, *_ in opened(library))


def opened(library: Library) -> list[Any]:
    return [(one, register) for one, register, _ in library.store.views.opened_records()]


def test_a_resumed_run_says_so(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))
    with pytest.raises(Killed):
        library.one_night(KilledStore(library.store, at=6))
    report = library.night()
    assert report.run.resumed
    document = library.store.runs.document(report.run.id)
    assert document is not None
    assert document["resumed"] is True


def test_the_rows_that_are_a_runs_own_are_named(library: Library) -> None:
    assert set(OWN) < set(library.everything())
