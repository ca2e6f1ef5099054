"""Fifteen failures each ring once within five minutes, and thirty quiet days do not ring at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from test_status import BROKEN, HELD, RUN, Stands, koha, stand, tried

import cprsync
from cprsync.domain.feed.delivery import COPENHAGEN, last_loaded
from cprsync.domain.trust.alarms import RULES, Alarm, Manner, Urgency, Word, pause_after
from cprsync.errors import AlarmUndelivered
from cprsync.language.alarms import body_of, list_lines, mail_subject_of
from cprsync.services.ports.netmedia import Backlog
from cprsync.services.ports.trust.alarms import Message, UntoldChannel
from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask
from cprsync.services.trust.alarms import LibraryLook, check_alarms, list_alarms
from cprsync.services.trust.status import ALARMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cprsync.domain.trust.alarms import Weighed

MANNER = Manner((time(22), time(7)))
#: Of two weeks with a weekend, and Easter in them.
FIRST = datetime(2027, 3, 15, 10, tzinfo=COPENHAGEN)


@dataclass
class Log:
    """The alarms in memory, as the store keeps them."""

    now: datetime = FIRST
    alarms: Sequence[Alarm] = ()
    waiting: list[Message] = field(default_factory=list)
    due: dict[int, datetime] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    carried: dict[str, datetime] = field(default_factory=dict)

    def weigh(self, decide: Callable[[Sequence[Alarm]], Weighed], channels: Sequence[str]) -> None:
        weighed = decide(self.alarms)
        self.alarms = weighed.alarms
        for telling in weighed.tellings:
            for channel in channels:
                number = len(self.due) + 1
                self.due[number] = self.now
                self.waiting.append(Message(number, channel, telling, self.now, 0))

    def take(self, channel: str) -> list[Message]:
        mine = [one for one in self.waiting if one.channel == channel and self.due[one.id] <= self.now]
        return [replace(one, tries=one.tries + 1) for one in mine]

    def note(self, messages: Sequence[Message], why: str | None) -> None:
        told = {one.id: one for one in messages}
        self.waiting = [told.get(one.id, one) for one in self.waiting if why is not None or one.id not in told]
        for one in messages:
            self.failed.pop(one.id, None)
            if why is not None:
                self.failed[one.id] = why
                self.due[one.id] = self.now + (pause_after(one.tries) or timedelta(days=999))
            else:
                self.carried[one.telling.alarm.cause] = self.now

    def standing(self) -> list[Alarm]:
        return list(self.alarms)

    def arrived(self) -> dict[str, datetime]:
        return self.carried

    def undelivered(self) -> list[UntoldChannel]:
        return [UntoldChannel("email", len(self.failed), "alarm.unreachable")] if self.failed else []


@dataclass
class Post:
    """A channel: what arrived, and whether it carries."""

    name: str = "email"
    is_down: bool = False
    got: list[Message] = field(default_factory=list)

    def send(self, messages: Sequence[Message]) -> None:
        if self.is_down:
            raise AlarmUndelivered("the mail server {host} does not answer", host="mail")
        self.got += messages

    def told(self) -> list[tuple[str, Word]]:
        return [(one.telling.alarm.what, one.telling.word) for one in self.got]


@dataclass
class Life:
    """A library over days: what it does by itself on each, and what a test breaks."""

    now: datetime = FIRST
    log: Log = field(default_factory=Log)
    post: Post = field(default_factory=Post)
    #: what is broken from now on
    broken: Stands | None = None
    more: dict[str, Any] = field(default_factory=dict)
    #: the exit of a day's night; it runs at a quarter past six
    exits: dict[date, int] = field(default_factory=dict)
    runs_nights: bool = True
    last_lived: date = date(2027, 3, 15)

    def look(self, after: timedelta = timedelta()) -> dict[str, int]:
        self.now += after
        self.log.now = self.now
        status = stand(self.broken or self.well(), now=self.now.astimezone(UTC), **self.more)
        return check_alarms(
            self.log, LibraryLook(status.wrong, status.certificates), [self.post], MANNER, self.now.astimezone(UTC)
        )

    def pass_time(self, until: timedelta, every: timedelta = timedelta(minutes=1)) -> None:
        ends = self.now + until
        while self.now < ends:
            self.look(every)

    def well(self) -> Stands:
        """How the library stands by itself: nights run at a quarter past six, for twenty-five minutes."""
        today, hour = self.now.date(), self.now.time()
        has_begun, has_ended = hour >= time(6, 15), hour >= time(6, 40)
        if self.runs_nights and has_begun:
            self.last_lived = today
        night = self.last_lived
        is_open = night == today and not has_ended
        run = RUN | {"run": night.toordinal(), "day": night, "exit": self.exits.get(night, 0)}
        run |= {"finished": None, "exit": None} if is_open else {"finished": f"{night}T05:40:00.000000Z"}
        taken = datetime.combine(night, time(6, 10), tzinfo=COPENHAGEN) - timedelta(days=is_open)
        backup = datetime.combine(today - timedelta(days=hour < time(3, 40)), time(3, 40), tzinfo=COPENHAGEN)
        drill = self.now.replace(day=2, hour=5) - timedelta(days=31 * (self.now.day < 3))
        return Stands(
            run=run,
            produced=last_loaded(taken.astimezone(UTC)),
            backlog=Backlog(waiting=3, oldest=self.now.astimezone(UTC) - timedelta(minutes=20)),
            upkeep=tried(UpkeepTask.BACKUP, backup) | tried(UpkeepTask.DRILL, drill),
            targets=(koha(),),
        )


def breaks(life: Life) -> Iterator[tuple[str, Callable[[], None]]]:
    """Each failure, staged from now on."""
    well = life.well()

    def stands(**changed: Any) -> Callable[[], None]:
        def stage() -> None:
            life.broken = replace(well, **changed)

        return stage

    def around(**changed: Any) -> Callable[[], None]:
        return lambda: life.more.update(changed)

    def ends(code: int) -> Callable[[], None]:
        run: dict[str, Any] = well.run or {}
        return stands(run=run | {"exit": code})

    now = life.now.astimezone(UTC)
    held_now = replace(HELD, id=(well.run or {})["run"])
    yesterday = (life.now - timedelta(days=2)).date()
    yield "night missed", stands(run=(well.run or {}) | {"day": yesterday})
    yield "night stopped", ends(7)
    yield "night held", ends(5)
    yield "too many parked", stands(run=(well.run or {}) | {"exit": 5, "parked": 12}, held=(held_now,))
    yield "register down", ends(4)
    yield "SFTP refusing", ends(2)
    yield "CULR down", stands(backlog=Backlog(waiting=9, oldest=now - timedelta(hours=26, minutes=1)))
    yield "target stopped", stands(targets=(koha(stopped=now, stopped_why="gone"),))
    yield "certificate 30 days", around(days_left=30, step=30, level="warn")
    yield "certificate expired", around(days_left=-1, step=1, level="critical", problem="has ended")
    yield "disk nearly full", around(disks=[{"place": "store", "free": 5 * 10**8, "total": 10**12}])
    yield "audit broken", stands(problems=(BROKEN,))
    yield "backup too old", stands(upkeep=tried(UpkeepTask.BACKUP, now - timedelta(hours=51)))
    yield "drill too old", stands(upkeep=tried(UpkeepTask.DRILL, now - timedelta(days=36)))
    yield "backup failed", stands(upkeep=tried(UpkeepTask.BACKUP, now, UpkeepOutcome.FAILED))
    yield "CULR refuses", stands(backlog=Backlog(waiting=1, failed=1))


FAILURES = [name for name, _ in breaks(Life())]


def test_there_are_sixteen_failures() -> None:
    """With the database that stops, in `test_alarms_command`: seventeen."""
    assert len(FAILURES) == 16


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_rings_once_within_five_minutes_and_its_end_once(failure: str) -> None:
    life = Life()
    life.pass_time(timedelta(minutes=3))
    assert life.post.got == []
    dict(breaks(life))[failure]()
    life.pass_time(timedelta(minutes=5))
    assert [word for _, word in life.post.told()] == [Word.BEGUN]
    life.pass_time(timedelta(hours=3), timedelta(minutes=5))
    assert len(life.post.got) == 1
    life.broken = None
    life.more.clear()
    life.pass_time(timedelta(minutes=30))
    assert [word for _, word in life.post.told()] == [Word.BEGUN, Word.ENDED]
    assert len({what for what, _ in life.post.told()}) == 1


def test_a_held_night_rings_as_a_plan_that_waits_and_names_the_limit() -> None:
    life = Life()
    dict(breaks(life))["too many parked"]()
    life.pass_time(timedelta(minutes=5))
    (got,) = life.post.got
    alarm = got.telling.alarm
    assert (alarm.what, alarm.rule.urgency, alarm.values["classes"]) == ("plan", Urgency.NOW, ["parked"])


def test_thirty_quiet_days_do_not_ring() -> None:
    """With four weekends, Maundy Thursday to Easter Monday, nights without news and nights that leave something."""
    life = Life(exits={FIRST.date() + timedelta(days=number): 3 for number in range(0, 40, 3)})
    life.pass_time(timedelta(days=30), timedelta(minutes=10))
    assert life.post.got == []
    assert life.now.date() == date(2027, 4, 14)


def test_a_delivery_that_stops_the_nights_rings_once_for_its_day() -> None:
    """Hours later it is late too, which is the same cause. An alarm that it is late does not end meanwhile."""
    life = Life()
    produced = date(2027, 3, 11)
    ended = (life.well().run or {}) | {"exit": 1, "error": "delivery.gap"}
    life.broken = replace(life.well(), run=ended, produced=produced)
    life.pass_time(timedelta(hours=9), timedelta(minutes=10))
    assert life.post.told() == [("run", Word.BEGUN)]
    life = Life(broken=replace(life.well(), produced=produced))
    life.pass_time(timedelta(hours=9), timedelta(minutes=10))
    life.broken = replace(life.well(), run=ended, produced=produced)
    life.pass_time(timedelta(hours=9), timedelta(minutes=10))
    assert life.post.told() == [("late", Word.BEGUN), ("run", Word.BEGUN)]


def test_a_night_that_does_not_run_at_all_rings_by_the_next_look() -> None:
    """The machine's timer was stopped: the desk, or the alarms' own timer, says so."""
    life = Life()
    life.pass_time(timedelta(hours=2), timedelta(minutes=10))
    life.runs_nights = False
    life.pass_time(timedelta(days=1, hours=1), timedelta(minutes=5))
    begun = [one for one in life.post.got if one.telling.alarm.what in {"night_late", "late"}]
    assert [one.telling.alarm.what for one in begun][:1] == ["night_late"]
    assert begun[0].at.time() < time(12, 21)
    life.pass_time(timedelta(days=1), timedelta(minutes=5))
    assert ("night_missed", Word.BEGUN) in life.post.told()


def test_what_cannot_be_told_is_in_the_status_until_it_arrives() -> None:
    life = Life()
    life.post.is_down = True
    life.broken = replace(life.well(), problems=(BROKEN,))
    assert life.look() == {"told": 0, "failed": 1, "waiting": 0}
    undelivered = list_alarms(life.log, ["email"])["undelivered"]
    assert undelivered == [{"name": "email", "count": 1, "kind": "alarm.unreachable"}]
    assert "; told: not yet" in list(list_lines(list_alarms(life.log, ["email"]), "en"))[1]
    life.post.is_down = False
    life.pass_time(timedelta(minutes=2))
    assert life.post.told() == [("audit", Word.BEGUN)]
    assert list_alarms(life.log, ["email"])["undelivered"] == []
    assert "; told: 15 March 2027" in list(list_lines(list_alarms(life.log, ["email"]), "en"))[1]


def test_one_channel_that_is_down_holds_up_no_other() -> None:
    life, hook = Life(), Post("webhook")
    life.post.is_down = True
    status = stand(replace(life.well(), problems=(BROKEN,)), now=life.now.astimezone(UTC))
    check_alarms(
        life.log, LibraryLook(status.wrong, status.certificates), [life.post, hook], MANNER, life.now.astimezone(UTC)
    )
    assert hook.told() == [("audit", Word.BEGUN)]
    assert life.post.got == []


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_mail_says_what_is_wrong_since_when_and_what_to_do(failure: str, language: Any) -> None:
    life = Life()
    dict(breaks(life))[failure]()
    life.pass_time(timedelta(minutes=2))
    for word in (Word.BEGUN, Word.ENDED):
        messages = [replace(one, telling=replace(one.telling, word=word)) for one in life.post.got]
        subject, body = mail_subject_of(messages, "Byens", language), body_of(messages, "Byens", language)
        assert not [key for key in ("wrong_", "next_", "alarm_", "{", "None") if key in subject + body], body
        assert "\n" not in subject
        lines = list(list_lines(list_alarms(life.log, ["email"]), language))
        assert lines[0].removeprefix("! ") in body


def test_a_lost_delivery_is_named_by_its_day_and_its_end_by_both_times() -> None:
    life = Life()
    run = RUN | {"exit": 1, "error": "delivery.gap", "day": date(2027, 3, 15)}
    life.broken = Stands(run=run, produced=date(2027, 3, 10), waiting=(date(2027, 3, 12),))
    life.look()
    subject = mail_subject_of(life.post.got, "Byens", "da")
    assert subject == "cprsync Byens: Nyt: leverancen for 11. marts 2027 mangler, og den seneste nat standsede"
    assert "Siden 15. marts 2027 kl. 10.00." in body_of(life.post.got, "Byens", "da")
    life.broken = None
    for minutes in (60, 10):
        life.post.got.clear()
        life.look(timedelta(minutes=minutes))
    assert "Fra 15. marts 2027 kl. 10.00 til 15. marts 2027 kl. 11.00." in body_of(life.post.got, "Byens", "da")


@pytest.mark.parametrize(("language", "says"), [("da", ": slut, og det mangler"), ("en", ": ended, and that is")])
def test_a_cause_that_has_ended_is_listed_as_ended_until_that_is_told(language: Any, says: str) -> None:
    gone = Alarm("audit", "audit", {}, FIRST, told=FIRST, gone=FIRST + timedelta(hours=1))
    mark, line = list_lines(list_alarms(Log(alarms=[gone]), []), language)
    assert mark.startswith("✓ ")
    assert says in line
    mark, line = list_lines(list_alarms(Log(alarms=[replace(gone, gone=None)]), []), language)
    assert mark.startswith("! ")
    assert says not in line


def test_whatever_the_status_may_find_has_a_rule() -> None:
    """A problem without one would still ring, but nobody would have said how urgent it is."""
    pages = Path(cprsync.__file__).parent / "locale" / "en" / "LC_MESSAGES" / "words.po"
    text = pages.read_text(encoding="utf-8")
    # what is wrong is said with what to do next
    told, following = (set(re.findall(rf'^msgid "{word}_(.*)"$', text, re.MULTILINE)) for word in ("wrong", "next"))
    assert (told & following) - {ALARMS} == {one.what for one in RULES} - {"certificate_unusable"}


def test_a_test_says_that_it_is_one_and_not_that_all_is_well() -> None:
    assert "Dette er en prøve" in body_of([], "Byens", "da")
    assert "Intet er galt" not in body_of([], "Byens", "da")
    assert mail_subject_of([], "Byens", "en") == "cprsync Byens: test of an alarm"


def test_whom_the_rules_of_access_stopped_is_in_the_status_and_in_no_mail() -> None:
    alarm = Alarm("capped", "capped", {}, FIRST)
    life = Life()
    seen = LibraryLook([{"what": "capped", "users": "lisbeth"}])
    check_alarms(life.log, seen, [life.post], MANNER, life.now.astimezone(UTC))
    assert [one.telling.alarm.what for one in life.post.got] == [alarm.what]
    assert "lisbeth" not in body_of(life.post.got, "Byens", "da") + repr(life.post.got)
