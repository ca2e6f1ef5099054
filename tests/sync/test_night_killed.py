"""A run that is killed after any of its writes and started again ends as one that was not."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, OWN, TUESDAY, WEDNESDAY, Killed, KilledStore, Library, happened, unowned, unreadable
from townspeople import cpr, dies, gains_protection, loses_protection, moves, person, renames

from cprsync.domain.policy import Harm, Policy
from cprsync.errors import NoSuchPerson, RegisterUnavailable, RunStopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cprsync.sync.report import Report

#: No night of these tests writes more often than this.
WRITES_MAX = 60
#: Set in the environment: kill at each write. The check kills at every second one, to end in time.
EACH = "CPRSYNC_EACH_KILL"


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
    library.deliver(TUESDAY, gains_protection(renames(moves(person("ANNA")))), dies(person("DAVID")), person("CLARA"))


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


def killed(library: Library, folder: Path) -> Iterator[tuple[Library, bool]]:
    """The library after every second possible kill, or after each, and whether a delivery had been accepted by then."""
    for at in range(1, WRITES_MAX, 1 if EACH in os.environ else 2):
        other = library.copy(folder / str(at))
        try:
            other.one_night(KilledStore(other.store, at=at))
        except Killed:
            yield other, any(row["run_id"] > 1 for row in other.everything()["run_delivery"])
        else:
            return
        finally:
            other.engine.dispose()
    raise AssertionError("the night writes more often than thought")


def is_closed(library: Library) -> bool:
    """Whether the night that was killed had already written its report."""
    return any(row["finished"] for row in library.everything()["run"] if row["id"] > 1)


def outcome(library: Library) -> dict[str, Any]:
    """What is compared: all rows, the balance sheets, and the audit but for look-ups, which may be made again."""
    everything = library.everything()
    entries = {one: count for one, count in happened(everything).items() if one[0] != "lookup"}
    items = sorted(str({**row, "run_id": None}) for row in everything["run_item"])
    return {**unowned(everything), "items": items, "audit": Counter(entries)}


def counted(report: Report) -> dict[str, Any]:
    """What the report counts of the whole run, and not only of the part that was lived last."""
    document = report.document()
    return {name: document[name] for name in ("state", "actions", "subscriptions", "let_through", "published")}


def stored(library: Library) -> dict[str, Any]:
    """The same of the newest run, as `runs show` reads it."""
    document = library.store.run_document(max(row["id"] for row in library.everything()["run"]))
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
    whole = library.copy(tmp_path / "whole")
    expected = whole.one_night()
    wanted = outcome(whole)
    kills = 0
    for other, accepted in killed(library, tmp_path):
        if not is_closed(other):
            report = other.one_night()
            assert report.exit_code == expected.exit_code
            assert (report.left, report.reasons) == (expected.left, expected.reasons)
            assert report.run.resumed == accepted
            assert report.document()["received"] == expected.document()["received"]
            assert report.excess == expected.excess
            assert counted(report) == counted(expected)
        assert outcome(other) == wanted
        assert stored(other) == counted(expected)
        other.store.verify_audit()
        kills += 1
    assert kills > 5
    whole.engine.dispose()


def test_a_night_killed_while_it_held_back_goes_on_holding_though_the_limit_was_raised(
    library: Library, tmp_path: Path
) -> None:
    """Its balance sheet says *held* of some already: only the night after may apply them, and then all of them."""
    library.batch = 2
    a_night_of_everything(library)
    whole = library.copy(tmp_path / "whole")
    whole.one_night()
    library.limit(Harm.GONE, 0)
    held = 0
    for other, _ in killed(library, tmp_path):
        half_held = [row for row in other.everything()["run_item"] if row["outcome"] == "held"]
        finished = is_closed(other)
        other.policy = Policy()
        report = other.one_night()
        if half_held and not finished:
            assert (report.exit_code, report.state) == (5, "held")
            held += 1
        other.one_night()
        assert records(other) == records(whole)
        assert {row["state"] for row in other.everything()["inbox"]} == {"applied"}
        other.nothing_is_left()
    assert held > 1
    whole.engine.dispose()


def asked_to_stop(at: int) -> Callable[[], None]:
    """Ask at the so-manieth pause between two pieces of work."""
    pauses = iter(range(1, at))

    def heed() -> None:
        if next(pauses, None) is None:
            raise RunStopped("asked to")

    return heed


def test_a_run_asked_to_stop_at_any_pause_stays_open_and_the_next_ends_it(library: Library, tmp_path: Path) -> None:
    library.batch = 2
    a_night_of_everything(library)
    whole = library.copy(tmp_path / "whole")
    whole.one_night()
    stops = 0
    while True:
        other = library.copy(tmp_path / f"stop{stops}")
        stopped = other.one_night_with(heed=asked_to_stop(stops + 1))
        if stopped.error is None or stopped.error.kind != "run.stopped":
            break
        assert (stopped.exit_code, stopped.state) == (7, "stopped")
        assert not is_closed(other)
        assert other.one_night().error is None
        assert stored(other) == stored(whole)
        assert outcome(other) == outcome(whole)
        other.engine.dispose()
        stops += 1
    assert stops > 8
    other.engine.dispose()
    whole.engine.dispose()


def records(library: Library) -> list[Any]:
    """The opened records, and what they are true for."""
    return sorted((one, register.number, register.status, register.address) for one, register, *_ in opened(library))


def opened(library: Library) -> list[Any]:
    return [(one, register) for one, register, _, _ in library.store.opened_records()]


def test_a_resumed_run_says_so(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))
    with pytest.raises(Killed):
        library.one_night(KilledStore(library.store, at=6))
    report = library.night()
    assert report.run.resumed
    document = library.store.run_document(report.run.id)
    assert document is not None
    assert document["resumed"] is True


def test_the_rows_that_are_a_runs_own_are_named(library: Library) -> None:
    assert set(OWN) < set(library.everything())
