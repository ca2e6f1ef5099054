"""A database that was put back raises nobody from the dead and opens nobody who has been protected since.

Not at the desk, not in the net media, not at a target and not for a reader; and what others hold, which is newer, stays
until the register has answered.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import said_yes
from beginnings import DATABASES, Beginnings
from begun import begin
from culr_double import CulrDouble
from doubles import AGENCY, MONDAY, TUESDAY, WEDNESDAY, Library, unowned
from test_leaving import exit_of
from test_publishing import account
from test_window_nights import document, windows
from townspeople import cpr, dies, disappears, emigrates, gains_protection, moves, person

from cprsync.domain.netmedia.account import Effect, Identity, IdType
from cprsync.domain.netmedia.settling import Settled
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.policy.policy import Harm
from cprsync.errors import (
    ConfigurationError,
    CursorGone,
    NetMediaUnavailable,
    RegisterRefused,
    RegisterUnavailable,
    TargetNotLoaded,
    TargetUnavailable,
)
from cprsync.services.desk.lookup import Asked, Desk
from cprsync.services.feed.subscriptions import reconcile
from cprsync.services.night.dry_run import plan_night
from cprsync.services.outward.feeding import FeedReader
from cprsync.services.ports.trust.audit import AuditFilter
from cprsync.services.trust.status import Around, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person

EVERYTHING = frozenset(OutwardField)
KOHA = Target("koha", TargetKind.KOHA, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)
READER = Target("reader", TargetKind.FEED, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)
DOOR = Target("door", TargetKind.FEED, frozenset({OutwardField.GROUP, OutwardField.CARDS}))
#: By reader, the cursors that it was given last.
CameTo: TypeAlias = "dict[str, tuple[str, ...]]"
THURSDAY = WEDNESDAY + timedelta(days=1)
DEAD, SHUT, MOVED, SAME = "ANNA", "CLARA", "DAVID", "BO"


def listens(library: Library) -> None:
    """CULR, a target and a reader have heard of everyone; then a move waits for CULR, which does not answer."""
    library.net_media = CulrDouble()
    library.sets_culr_up()
    library.sets_targets_up(KOHA, READER, DOOR)
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


@pytest.fixture
def came_to() -> CameTo:
    """The cursors of each reader of `lost`: of one who read last before the backup, and of one who read on since."""
    return {}


@pytest.fixture(params=DATABASES)
def lost(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path, came_to: CameTo) -> Iterator[Library]:
    """The library as it was backed up, put back; the world around it as it is now."""
    with (
        beginnings.copied(tmp_path / "then", begin, listens, on=request.param) as then,
        beginnings.copied(tmp_path / "now", begin, listens, goes_on, on=request.param) as now,
    ):
        then.register, then.net_media = now.register, now.net_media
        then.feed, then.reader = now.feed, now.reader
        then.target("koha").takes_over(now.target("koha"))
        for target in (READER, DOOR):
            came_to[target.name] = tuple(GuidesReader(one, target, "").catch_up().cursor for one in (then, now))
        then.clock.moment = now.clock.moment
        assert then.store.journal.put_back(user="drift", backup="cprsync-20270324T053000Z") == 4
        yield then


def culr(library: Library) -> CulrDouble:
    assert library.net_media is not None
    return library.net_media


def at_koha(library: Library, key: str) -> Any:
    return library.target("koha").holds.get(library.id_of(key))


class GuidesReader:
    """Keeps what it is told as the guide says, and deletes at the end of a round whom it was not told of."""

    def __init__(self, library: Library, target: Target, cursor: str) -> None:
        self.source, self.cursor, self.round = FeedReader(library.store, AGENCY, target, target.name), cursor, 0
        self.holds: dict[str, tuple[int, dict[str, Any]]] = {}
        self.told: list[dict[str, Any]] = []

    def catch_up(self) -> GuidesReader:
        more = True
        while more:
            *lines, end = map(json.loads, self.source.fetch(self.cursor, 2).body.splitlines())
            self.told += lines
            for line in lines:
                self.holds.pop(line["patron"], None)
                if not line.get("gone"):
                    self.holds[line["patron"]] = (self.round, {**line, "version": 0})
            self.cursor, more = end["next"], end["more"]
        self.holds = {patron: kept for patron, kept in self.holds.items() if kept[0] == self.round}
        return self


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
@pytest.mark.parametrize("target", [READER, DOOR])
def test_until_the_register_answers_a_reader_keeps_what_it_has_wherever_it_reads_from(
    lost: Library, came_to: CameTo, target: Target, *, silence_seals: bool
) -> None:
    """Neither who begins, nor who goes on behind the copy, nor who has read more than it has, loses anybody."""
    lost.store._bind(replace(lost.store._tenant, silence_seals=silence_seals))
    readers = [GuidesReader(lost, target, cursor) for cursor in ("", *came_to[target.name])]
    for _ in range(2):
        without_the_register(lost)
        before = unowned(lost.everything(), "audit", "audit_head")
        for one in readers:
            with pytest.raises(TargetNotLoaded):
                one.catch_up()
            # who was protected in the copy is told as such, but not to who has read more
            assert {line["patron"] for line in one.told} <= {lost.id_of(SAME)}
        assert readers[-1].told == []
        # a page without a line is written down as any other
        assert unowned(lost.everything(), "audit", "audit_head") == before


@pytest.mark.parametrize("target", [READER, DOOR])
def test_a_protection_and_a_death_that_are_newer_than_the_copy_are_told_to_every_reader_meanwhile(
    lost: Library, came_to: CameTo, target: Target
) -> None:
    """The deliveries tell of them; the register answers about nobody. Who was protected in the copy is old news."""
    lost.register.failures = {cpr(key): RegisterUnavailable("no answer") for key in (DEAD, SHUT, MOVED, SAME)}
    lost.one_night()
    behind, ahead = (GuidesReader(lost, target, cursor) for cursor in came_to[target.name])
    for one in (behind, ahead):
        for _ in range(2):
            with pytest.raises(TargetNotLoaded):
                one.catch_up()
        told = [line["patron"] for line in one.told]
        assert {lost.id_of(DEAD), lost.id_of(SHUT)} <= set(told)
        assert lost.id_of(MOVED) not in told
        assert len(told) == len(set(told))
        shut = next(line for line in one.told if line["patron"] == lost.id_of(SHUT))
        assert not shut.get("address")
    assert lost.id_of(SAME) not in {line["patron"] for line in ahead.told}
    # the register answers: who has read what is lost begins again, and all hold what the records say
    lost.register.failures = {}
    lost.deliver(WEDNESDAY)
    lost.one_night()
    with pytest.raises(CursorGone):
        ahead.catch_up()
    again = GuidesReader(lost, target, "")
    for one in (behind, again):
        one.catch_up()
    assert behind.holds == again.holds
    assert lost.id_of(MOVED) in again.holds


@pytest.mark.parametrize("ends", [dies, emigrates, disappears])
@pytest.mark.parametrize("target", [READER, DOOR])
def test_who_had_left_in_the_copy_is_kept_by_a_reader_until_the_register_answers(
    lost: Library, target: Target, ends: Callable[[Person], Person]
) -> None:
    """The copy is put back a second time, of a day on which the reader had heard of everything in it."""
    lost.one_night()
    lost.register.knows(ends(person(MOVED)))
    lost.deliver(WEDNESDAY, ends(person(MOVED)))
    lost.one_night()
    behind = GuidesReader(lost, target, "").catch_up()
    held, behind.told = dict(behind.holds), []
    assert lost.id_of(MOVED) in held
    lost.store.journal.put_back(user="drift", backup="cprsync-20270325T053000Z")
    for _ in range(2):
        without_the_register(lost)
        with pytest.raises(TargetNotLoaded):
            behind.catch_up()
        assert [line["patron"] for line in behind.told if line["patron"] == lost.id_of(MOVED)] == []
        assert behind.holds[lost.id_of(MOVED)] == held[lost.id_of(MOVED)]
    lost.deliver(THURSDAY)
    lost.one_night()
    assert behind.catch_up().holds == GuidesReader(lost, target, "").catch_up().holds == held


def test_a_new_round_that_began_before_the_restore_ends_only_when_the_register_has_answered(lost: Library) -> None:
    """At its end the reader deletes whom it was not told of."""
    one = GuidesReader(lost, DOOR, "")
    one.round, one.holds = 1, {lost.id_of(key): (0, {}) for key in (MOVED, SHUT)}
    with pytest.raises(TargetNotLoaded):
        one.catch_up()
    assert set(one.holds) == {lost.id_of(key) for key in (MOVED, SHUT)}
    lost.one_night()
    one.catch_up()
    assert lost.id_of(MOVED) in one.holds
    assert lost.id_of(SHUT) not in one.holds


def test_one_about_whom_staff_must_decide_holds_up_no_reader(lost: Library) -> None:
    """The register refuses their number, and no night asks for them any more."""
    lost.register.failures = {cpr(SAME): RegisterRefused("the number is refused")}
    lost.one_night()
    assert set(windows(lost)) == {lost.id_of(SAME)}
    one = GuidesReader(lost, DOOR, "")
    one.catch_up()
    assert set(one.holds) == {lost.id_of(key) for key in (DEAD, MOVED)}


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
    wrong = status_of(library.store, Around("775100", "", library.clock.now())).wrong
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


# -- somebody registered since the backup --------------------------------------------------------------------


def registered_since(lost: Library) -> CprNumber:
    """Somebody was registered after the copy was made: CPR and CULR know them, and nobody here does."""
    number = cpr("RIKKE")
    lost.register.listed.add(number)
    made = Effect("", 1, Identity(IdType.CPR, number.digits), "751")
    assert isinstance(next(iter(culr(lost).send_many([[made]])))[1], Settled)
    return number


@pytest.mark.parametrize("nights", [1, 2])
def test_somebody_registered_since_the_copy_stays_subscribed_until_someone_decides(lost: Library, nights: int) -> None:
    number = registered_since(lost)
    for day in (WEDNESDAY, THURSDAY)[:nights]:
        report = lost.one_night()
        assert report.reasons["subscription.unknown"] == 1
        assert report.exit_code == 3
        lost.deliver(day)
    assert number in lost.register.listed
    assert culr(lost).holds(account("RIKKE")) == "751"
    before = lost.everything()
    found = reconcile(lost.ports(), apply=False)
    assert (found["unknown"], found["surplus"], found["numbers"]) == (1, 0, (number,))
    assert lost.everything() == before
    # what is equal again is applied, and whoever nobody knows is not ended by that
    assert reconcile(lost.ports(), apply=True)["removed"] == 0
    assert number in lost.register.listed


def test_giving_up_who_was_registered_since_the_copy_closes_their_account_before_their_subscription(
    lost: Library,
) -> None:
    number = registered_since(lost)
    lost.one_night()
    culr(lost).down = NetMediaUnavailable("it does not answer")
    with pytest.raises(NetMediaUnavailable):
        reconcile(lost.ports(), apply=True, end_unknown=True)
    assert number in lost.register.listed
    culr(lost).down = None
    done = reconcile(lost.ports(), apply=True, end_unknown=True)
    assert (done["removed"], done["unknown"]) == (1, 0)
    assert number not in lost.register.listed
    assert account("RIKKE") not in culr(lost).ours()
    # it is decided: from now on a number that nobody here has is ended by the night, which counts it apart
    lost.register.listed.add(number)
    lost.deliver(WEDNESDAY)
    report = lost.one_night()
    assert report.document()["subscriptions"]["unknown"] == 1
    assert (number in lost.register.listed, report.reasons["subscription.unknown"]) == (False, 0)


def test_once_everybody_registered_since_the_copy_is_registered_again_nothing_waits_for_a_decision(
    lost: Library,
) -> None:
    number = registered_since(lost)
    lost.one_night()
    lost.register.knows(person("RIKKE"))
    lost.enrol("RIKKE")
    lost.deliver(WEDNESDAY)
    assert lost.one_night().reasons["subscription.unknown"] == 0
    assert number in lost.register.listed
    other = cpr("EDITH")
    lost.register.listed.add(other)
    lost.deliver(THURSDAY)
    lost.one_night()
    assert other not in lost.register.listed


def test_who_was_erased_since_the_copy_is_not_counted_among_those_whom_nobody_here_has(lost: Library) -> None:
    """Their subscription is ours to end: the journal erases them again."""
    said_yes.leave(exit_of(lost), lost.id_of(SAME))
    report = lost.one_night()
    assert cpr(SAME) not in lost.register.listed
    assert (report.document()["subscriptions"]["unknown"], report.reasons["subscription.unknown"]) == (0, 0)


def test_a_night_that_is_only_tried_decides_nothing_about_who_was_registered_since(lost: Library) -> None:
    """Nobody was: the night itself notes that, and a plan writes nothing."""
    before = lost.everything()
    report = plan_night(lost.ports())
    assert report.error is None
    assert unowned(lost.everything()) == unowned(before)
    assert lost.one_night().reasons["subscription.unknown"] == 0


def test_a_list_that_is_not_to_be_trusted_decides_nothing_about_who_was_registered_since(lost: Library) -> None:
    """The register answers half a list one night: whoever is not in it may be in the next."""
    number = registered_since(lost)
    whole = set(lost.register.listed)
    lost.register.listed -= {number, cpr(SAME)}
    lost.limit(Harm.UNSUBSCRIBED, 0)
    lost.one_night()
    lost.register.listed |= whole
    lost.deliver(WEDNESDAY)
    assert lost.one_night().reasons["subscription.unknown"] == 1
    assert number in lost.register.listed


def test_numbers_whose_list_cannot_be_written_are_not_ended(lost: Library) -> None:
    number = registered_since(lost)
    lost.one_night()

    def keep(numbers: Sequence[CprNumber]) -> None:
        assert numbers == (number,)
        raise ConfigurationError("the disk is full")

    before = lost.everything()
    with pytest.raises(ConfigurationError):
        reconcile(lost.ports(), apply=True, end_unknown=True, keep=keep)
    assert number in lost.register.listed
    assert culr(lost).holds(account("RIKKE")) == "751"
    assert lost.everything() == before


def test_somebody_registered_again_while_numbers_are_added_keeps_account_and_subscription(
    lost: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = registered_since(lost)
    lost.one_night()
    real = lost.register.subscribe_many

    def subscribe_many(numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Any]]:
        monkeypatch.undo()
        desk = Desk(AGENCY, lost.store, lost.register, lost.clock, lost.policy)
        said_yes.register(desk, Asked(number, Purpose.REGISTRATION, "lisbeth"))
        yield from real(numbers)

    lost.register.knows(person("RIKKE"))
    lost.register.listed.discard(cpr(SAME))
    monkeypatch.setattr(lost.register, "subscribe_many", subscribe_many)
    reconcile(lost.ports(), apply=True, end_unknown=True)
    assert number in lost.register.listed
    assert culr(lost).holds(account("RIKKE")) == "751"
