"""A night that is stopped among its look-ups goes on where it stopped: nobody is asked twice."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from doubles import FRIDAY, MONDAY, TUESDAY, Library
from kills import is_closed, killed, lived_whole, sample
from test_night_killed import outcome
from townspeople import cpr, loses_protection, moves, person

from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.person import EMPTY
from cprsync.errors import NoSuchPerson, RegisterUnavailable, RunStopped
from cprsync.services.feed import questions
from cprsync.services.night.dry_run import plan_night

if TYPE_CHECKING:
    from pathlib import Path

NEW = ("EDITH", "GRETHE", "HELLE", "KAREN", "HENRIK")
#: The register does not know this one.
NOBODY = "FINN"


def with_new_patrons(library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Six new patrons, whose answers are kept two at a time; a stop is heard after two as well."""
    monkeypatch.setattr(questions, "KEPT_TOGETHER", 2)
    library.batch = 2
    library.enrol(*NEW, NOBODY)
    library.register.knows(*(person(key) for key in NEW))
    library.register.failures[cpr(NOBODY)] = NoSuchPerson("PNR not found")
    library.register.looked_up.clear()
    library.deliver(MONDAY, moves(person("ANNA")))
    return library


@pytest.fixture
def waiting(either_library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    return with_new_patrons(either_library, monkeypatch)


def stop_while_asking(library: Library, *, after: int) -> None:
    """Live a night that someone asks to stop once so many were asked about."""

    def raise_if_stopped() -> None:
        if len(library.register.looked_up) >= after:
            raise RunStopped("asked to stop")

    assert library.one_night_with(raise_if_stopped=raise_if_stopped).exit_code == 7
    assert 0 < len(library.register.looked_up) < 6 or after == 6


def kept(library: Library) -> list[str]:
    return sorted(row["patron_id"] for row in library.rows("follow_up") if row["answer"] is not None)


@pytest.mark.parametrize("after", [2, 4, 6])
def test_a_night_that_is_stopped_asks_nobody_twice(waiting: Library, after: int) -> None:
    library = waiting
    stop_while_asking(library, after=after)
    assert len(kept(library)) == after
    assert library.view("EDITH").patron.as_of is None
    library.night()
    assert Counter(library.register.looked_up) == Counter(cpr(key) for key in (*NEW, NOBODY))
    assert [library.record(key) for key in NEW] == [person(key) for key in NEW]
    # asked before Monday's delivery was taken, and subscribed before the next one was closed: nobody is in a window
    assert {library.view(key).patron.as_of for key in NEW} == {AsOf(FRIDAY, Source.LOOKUP)}
    assert library.store.windows.counts() == {}
    assert library.reviews() == [(library.id_of(NOBODY), "parked.register.no_such_person")]
    assert (library.questions(), kept(library)) == ([], [])


def test_each_look_up_has_one_entry_in_the_audit(waiting: Library) -> None:
    stop_while_asking(waiting, after=4)
    waiting.night()
    entries = [row for row in waiting.rows("audit") if b'"lookup"' in bytes.fromhex(row["entry"])]
    assert len(entries) - 4 == 6  # four were looked up before


def test_a_night_killed_at_any_write_asks_again_no_more_than_it_had_not_kept(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_new_patrons(library, monkeypatch)
    whole, _, writes = lived_whole(library, tmp_path)
    wanted = outcome(whole)
    assert Counter(whole.register.looked_up) == Counter(cpr(key) for key in (*NEW, NOBODY))
    for other in killed(library, tmp_path, sample(writes)):
        if not is_closed(other):
            other.one_night()
        assert len(other.register.looked_up) <= 6 + 2
        assert outcome(other) == wanted
    whole.engine.dispose()


def test_a_night_that_goes_on_another_day_asks_nobody_for_a_first_copy_again(waiting: Library) -> None:
    """The copy says of which day it is, and what came since is delivered: all are subscribed."""
    library = waiting
    stop_while_asking(library, after=4)
    library.deliver(TUESDAY, moves(person("EDITH")), moves(person("HENRIK")))
    library.night()
    assert set(Counter(library.register.looked_up).values()) == {1}
    assert {key: library.record(key).address for key in ("EDITH", "HENRIK")} == {
        key: moves(person(key)).address for key in ("EDITH", "HENRIK")
    }


def test_whether_a_protection_has_ended_is_asked_of_the_register_of_today(
    either_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = either_library
    library.register.failures[cpr("BO")] = RegisterUnavailable("no answer")
    library.deliver(MONDAY, loses_protection(person("BO")))
    library.one_night()
    del library.register.failures[cpr("BO")]
    with_new_patrons(library, monkeypatch)
    library.deliver(TUESDAY)
    library.register.looked_up.clear()
    stop_while_asking(library, after=2)
    before = Counter(library.register.looked_up)
    library.clock.moment += timedelta(days=1)
    library.one_night()
    again = {number for number, times in Counter(library.register.looked_up).items() if times > 1}
    assert again == {cpr("BO")} & before.keys()
    assert cpr("BO") in before


def test_whether_a_protection_has_ended_is_asked_once_by_a_night_that_is_stopped_after_it_took_its_delivery(
    either_library: Library,
) -> None:
    """The day that a look-up speaks of moves with the delivery; the register is the same."""
    library = either_library
    library.register.failures[cpr("BO")] = RegisterUnavailable("no answer")
    library.deliver(MONDAY, loses_protection(person("BO")))
    library.one_night()
    del library.register.failures[cpr("BO")]
    library.register.knows(loses_protection(person("BO")))
    library.register.looked_up.clear()
    library.deliver(TUESDAY, moves(person("ANNA")))

    def raise_if_stopped() -> None:
        if library.store.inbox.last_produced() == TUESDAY:
            raise RunStopped("asked to stop")

    assert library.one_night_with(raise_if_stopped=raise_if_stopped).exit_code == 7
    assert (library.store.inbox.last_produced(), kept(library)) == (TUESDAY, [library.id_of("BO")])
    library.night()
    assert library.register.looked_up == [cpr("BO")]
    assert (library.record("BO").protection, library.questions()) == (EMPTY, [])


def test_a_kept_answer_tells_of_which_day_it_is_and_what_it_has_seen(waiting: Library) -> None:
    """Else a window would take it for an older one than it is, once the night goes on."""
    library = waiting
    stop_while_asking(library, after=6)
    run = library.store.runs.begin(day=library.clock.today(), started=library.clock.now())
    answers = library.store.subscriptions.kept_answers(run, kept(library)).values()
    assert {(one.as_of, one.as_of.loaded) for one in answers} == {(AsOf(FRIDAY, Source.LOOKUP), MONDAY)}
    assert len(answers) == 6


def test_what_the_register_did_not_answer_is_asked_again(waiting: Library) -> None:
    library = waiting
    library.register.failures[cpr("EDITH")] = RegisterUnavailable("no answer")
    stop_while_asking(library, after=6)
    assert len(kept(library)) == 5
    del library.register.failures[cpr("EDITH")]
    library.night()
    assert Counter(library.register.looked_up)[cpr("EDITH")] == 2
    assert library.record("EDITH") == person("EDITH")


def test_a_night_that_ends_keeps_no_answer_and_the_next_one_asks_anew(waiting: Library) -> None:
    """Also one that a brake has held: what it was told is of its day."""
    library = waiting
    library.register.failures[cpr("EDITH")] = RegisterUnavailable("no answer")
    library.one_night()
    assert kept(library) == []
    assert library.questions() == [(library.id_of("EDITH"), "first_copy")]


def test_a_plan_keeps_no_answer(waiting: Library) -> None:
    library = waiting
    library.register.down = RegisterUnavailable("no answer")
    library.one_night()
    library.register.down = None
    plan_night(library.ports())
    assert kept(library) == []


def test_whoever_leaves_meanwhile_leaves_no_answer_behind(waiting: Library) -> None:
    library = waiting
    stop_while_asking(library, after=6)
    edith = library.id_of("EDITH")
    library.store.leaving.leave(edith, user="lone")
    assert edith not in kept(library)
    library.night()
    assert cpr("EDITH") not in {number for number, times in Counter(library.register.looked_up).items() if times > 1}


def test_answers_are_sealed(waiting: Library) -> None:
    stop_while_asking(waiting, after=6)
    with waiting.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT answer FROM follow_up").scalars().all()
    assert len(stored) == 6
    told = b"".join(map(bytes, stored))
    for key in (*NEW, NOBODY):
        assert cpr(key).digits.encode() not in told
    assert person("EDITH").name.last.encode() not in told  # type: ignore[union-attr]  # she has one
