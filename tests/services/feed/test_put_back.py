"""A database that was put back raises nobody from the dead and opens nobody who has been protected since.

Not at the desk, not in the net media, not at a target and not for a reader; and what others hold, which is newer, stays
until the register has answered.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from beginnings import DATABASES, Beginnings
from begun import begin
from culr_double import CulrDouble
from doubles import MONDAY, TUESDAY, WEDNESDAY, Library, unowned
from test_publishing import account
from test_window_nights import document, windows
from townspeople import cpr, dies, gains_protection, moves, person

from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.errors import NetMediaUnavailable, RegisterUnavailable, TargetUnavailable
from cprsync.services.outward.feeding import Reader
from cprsync.services.ports.trust.audit import AuditFilter
from cprsync.services.trust.status import Around, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVERYTHING = frozenset(OutwardField)
KOHA = Target("koha", TargetKind.KOHA, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)
READER = Target("reader", TargetKind.FEED, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)
DEAD, SHUT, MOVED, SAME = "ANNA", "CLARA", "DAVID", "BO"


def listens(library: Library) -> None:
    """CULR, a target and a reader have heard of everyone; then a move waits for CULR, which does not answer."""
    library.net_media = CulrDouble()
    library.sets_culr_up()
    library.sets_targets_up(KOHA, READER)
    library.night()
    move_waits_for_culr(library, DEAD)


def move_waits_for_culr(library: Library, key: str) -> None:
    """Someone moves, and CULR does not answer that night."""
    culr(library).down = NetMediaUnavailable("CULR does not answer")
    library.deliver(MONDAY, moves(person(key), "ODENSE"))
    library.one_night()
    assert len(library.outbox(key)) == 1
    culr(library).down = None


def goes_on(library: Library) -> None:
    """What the backup does not know: a death, a protection and a move, and everybody has heard of them."""
    library.night()
    library.register.knows(dies(person(DEAD)), gains_protection(person(SHUT)), moves(person(MOVED), "ODENSE"))
    library.deliver(TUESDAY, dies(person(DEAD)), gains_protection(person(SHUT)), moves(person(MOVED), "ODENSE"))
    library.night()


@pytest.fixture(params=DATABASES)
def lost(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[Library]:
    """The library as it was backed up, put back; the world around it as it is now."""
    with (
        beginnings.copied(tmp_path / "then", begin, listens, on=request.param) as then,
        beginnings.copied(tmp_path / "now", begin, listens, goes_on, on=request.param) as now,
    ):
        then.register, then.net_media = now.register, now.net_media
        then.feed, then.reader = now.feed, now.reader
        then.target("koha").takes_over(now.target("koha"))
        then.clock.moment = now.clock.moment
        assert then.store.journal.put_back(user="drift", backup="cprsync-20270324T053000Z") == 4
        yield then


def culr(library: Library) -> CulrDouble:
    assert library.net_media is not None
    return library.net_media


def at_koha(library: Library, key: str) -> Any:
    return library.target("koha").holds.get(library.id_of(key))


def fetched(library: Library) -> dict[str, dict[str, Any]]:
    """What a reader who begins again gets, the last of each patron."""
    import json

    reader = Reader(library.store, "775100", READER, "reader")
    lines = [json.loads(line) for page in reader.fetch_all("") for line in page.lines]
    return {line["patron"]: line for line in lines}


def without_the_register(library: Library) -> None:
    """A night in which nobody answers about the patrons, and nothing is delivered."""
    library.feed.files.clear()
    library.register.down = RegisterUnavailable("the register does not answer")
    library.one_night()
    library.register.down = None


def test_until_the_register_answers_others_keep_what_they_hold(lost: Library) -> None:
    """Also with what waited for CULR when the backup was made: it would set a number for somebody dead."""
    before = dict(lost.target("koha").holds)
    assert (culr(lost).holds(account(DEAD)) or "", culr(lost).holds(account(MOVED))) == ("", "461")
    for _ in range(2):
        without_the_register(lost)
    assert set(windows(lost).values()) == {"restored"}
    assert (culr(lost).holds(account(DEAD)) or "", culr(lost).holds(account(MOVED))) == ("", "461")
    assert lost.target("koha").holds == before
    assert at_koha(lost, DEAD)["status"] == "dead"
    assert at_koha(lost, SHUT)["protected"]
    assert "address" not in at_koha(lost, SHUT)


@pytest.mark.parametrize("silence_seals", [True, False])
def test_a_reader_is_told_no_address_and_no_life_of_anybody_who_is_not_verified(
    lost: Library, *, silence_seals: bool
) -> None:
    lost.store._bind(replace(lost.store._tenant, silence_seals=silence_seals))
    without_the_register(lost)
    told = fetched(lost)
    for key in (DEAD, SHUT, MOVED):
        line = told[lost.id_of(key)]["values"] if "values" in told[lost.id_of(key)] else told[lost.id_of(key)]
        assert not line.get("address"), key
        assert line.get("status") is None, key
        assert not line.get("rights"), key


def test_at_the_desk_everybody_is_unverified_and_sealed(lost: Library) -> None:
    shown = [document(lost, lost.id_of(key)) for key in (DEAD, SHUT, MOVED, SAME)]
    assert [(one["verified"], one["protected"]) for one in shown] == [(False, True)] * 4


def test_the_first_night_with_answers_brings_everything_to_where_it_was(lost: Library) -> None:
    """The deliveries since are taken, the register is asked, and no number stood at CULR for the dead meanwhile."""
    culr(lost).calls.clear()
    lost.register.looked_up.clear()
    report = lost.one_night()
    assert report.document()["state"] == "done"
    assert windows(lost) == {}
    assert lost.record(DEAD) == as_kept(lost, DEAD)
    assert [
        call.municipality for call in culr(lost).calls if call.identity == account(DEAD) and call.municipality
    ] == []
    assert (culr(lost).holds(account(DEAD)) or "", culr(lost).holds(account(MOVED))) == ("", "461")
    assert at_koha(lost, DEAD)["status"] == "dead"
    assert at_koha(lost, SHUT)["protected"]
    assert at_koha(lost, MOVED)["municipality"] == "0461"
    assert at_koha(lost, SAME)["protected"]
    assert lost.store.outbox.backlog().waiting == 0
    lost.deliver(WEDNESDAY)
    lost.night()


def as_kept(library: Library, key: str) -> Any:
    assert library.record(key).status is dies(person(key)).status
    return library.record(key)


def alarms(library: Library) -> set[str]:
    wrong = status_of(library.store, Around("775100", "", library.clock.now()))["wrong"]
    return {one["what"] for one in wrong} & {"old", "target_old"}


def test_what_waits_for_the_register_is_no_alarm_about_those_who_are_not_told_yet(lost: Library) -> None:
    for _ in range(3):
        lost.clock.moment += timedelta(days=1)
        without_the_register(lost)
    (koha,) = [one for one in lost.store.targets.states() if one.name == "koha"]
    assert koha.backlog.waiting > 0
    assert lost.store.outbox.backlog().waiting > 0
    assert (koha.backlog.oldest, lost.store.outbox.backlog().oldest) == (None, None)
    assert alarms(lost) == set()
    # a death is told all the same, and neither of the two answers
    down = NetMediaUnavailable("it does not answer"), TargetUnavailable("it does not answer")
    culr(lost).down, lost.target("koha").down = down
    lost.register.failures = {cpr(key): RegisterUnavailable("no answer") for key in (DEAD, SHUT, MOVED, SAME)}
    lost.deliver(lost.clock.today(), dies(person(SAME)), previous=TUESDAY)
    lost.strict = False
    lost.one_night()
    lost.clock.moment += timedelta(days=2)
    assert alarms(lost) == {"old", "target_old"}


def test_who_dies_while_they_are_unverified_is_told_at_once(lost: Library) -> None:
    """A delivery tells of it; the register does not answer about anybody."""
    lost.register.failures = {cpr(key): RegisterUnavailable("no answer") for key in (DEAD, SHUT, MOVED, SAME)}
    lost.register.knows(dies(person(SAME)))
    lost.deliver(WEDNESDAY, dies(person(SAME)))
    lost.one_night()
    assert at_koha(lost, SAME)["status"] == "dead"
    assert (culr(lost).holds(account(SAME)) or "") == ""


@pytest.mark.parametrize("database", DATABASES)
def test_an_older_copy_that_an_operator_tells_of_is_left_as_a_restore_leaves_it(
    database: str, beginnings: Beginnings, tmp_path: Path
) -> None:
    """A machine that was put back as a whole has an older journal too, and nothing shows it."""
    with (
        beginnings.copied(tmp_path / "restored", begin, listens, on=database) as restored,
        beginnings.copied(tmp_path / "told", begin, listens, on=database) as told,
    ):
        told.store.journal.replay()
        assert windows(told) == {}
        assert told.store.journal.tell_older_copy(user="drift", reason="VM fra i går") == 4
        restored.store.journal.put_back(user="drift", backup="cprsync-20270324T053000Z")
        assert unowned(told.everything(), "change_epoch") == unowned(restored.everything(), "change_epoch")
        # in each a new one has begun, of a random word
        assert [len(one.rows("change_epoch")) for one in (told, restored)] == [2, 2]
        assert set(windows(told).values()) == {"restored"}
        (entry,) = told.store.audit.entries(AuditFilter(by="drift", reasons=True))
        assert (entry.what, entry.reason) == ("older_copy", "VM fra i går")
