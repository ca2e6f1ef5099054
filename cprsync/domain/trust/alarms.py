"""Which problems ring, when, and how often: each cause once until it ends. Reads no clock, and sends nothing."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, time

NONE: Final = timedelta()
#: What a problem may tell outside: days, counts, and names from the settings. Nothing else leaves.
TOLD: Final = frozenset(
    {
        *("run", "exit", "error", "day", "never", "unfinished", "within"),
        *("count", "due", "failed", "oldest", "name", "since"),
        *("undoes", "missing", "until", "classes"),
        *("purpose", "left", "rows"),
        *("whose", "host", "step", "problem", "problem_da", "place", "free", "at", "kind"),
    }
)
#: A problem that is gone for less than this may come back: it has not ended.
SETTLED: Final = timedelta(minutes=10)
#: How long after each try of a delivery the next one comes. After the last one it is given up.
PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 30, 60, 60, 60, 120, 120))
#: Nothing waits longer. What seems to was put off while the clock was ahead, and is told now.
PAUSE_MOST: Final = max(PAUSES)


class Urgency(enum.Enum):
    """Whether an alarm wakes somebody."""

    #: at any hour
    NOW = "now"
    #: not in the quiet hours
    SOON = "soon"


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """When one kind of problem rings."""

    what: str
    urgency: Urgency
    #: it has to stand so long
    after: timedelta = NONE
    #: values that make a cause of its own: two targets are two alarms
    apart: tuple[str, ...] = ()


#: A certificate with which nothing is sent: a kind of its own, because it wakes somebody.
_UNUSABLE: Final = "certificate_unusable"
#: By the kind of problem, as `cprsync status` tells it.
#: The gravest first: so a mail tells them.
RULES: Final = (
    # the program cannot look at its store at all
    AlarmRule("store", Urgency.NOW, apart=("kind",)),
    AlarmRule("audit", Urgency.NOW),
    # each night would stop before its heads
    AlarmRule("heads", Urgency.NOW),
    # no night begins
    AlarmRule("policy", Urgency.NOW),
    AlarmRule("run", Urgency.NOW, apart=("exit",)),
    AlarmRule("replaced", Urgency.NOW),
    AlarmRule("plan", Urgency.NOW, apart=("undoes",)),
    # while a night runs it is open: four hours are the most that it may take
    AlarmRule("open_run", Urgency.NOW, timedelta(hours=4)),
    # it takes minutes while it is at work
    AlarmRule("open_undo", Urgency.NOW, timedelta(hours=1), apart=("undoes",)),
    AlarmRule("night_missed", Urgency.NOW),
    AlarmRule("night_late", Urgency.SOON),
    # a new installation has a day to run its first night
    AlarmRule("no_run", Urgency.SOON, timedelta(hours=26)),
    # a delivery is due at six, and the timer fetches it at 06:15, 09:15 and 11:45
    AlarmRule("late", Urgency.SOON, timedelta(hours=6, minutes=30)),
    AlarmRule("disk", Urgency.NOW, apart=("place",)),
    AlarmRule("certificate", Urgency.SOON, apart=("whose", "host", "step")),
    AlarmRule(_UNUSABLE, Urgency.NOW, apart=("whose", "host")),
    # it takes minutes while it is at work
    AlarmRule("rotation", Urgency.SOON, timedelta(hours=1), apart=("purpose",)),
    AlarmRule("guessing_page", Urgency.NOW),
    AlarmRule("guessing_machines", Urgency.NOW),
    AlarmRule("backup_failed", Urgency.SOON),
    AlarmRule("backup_old", Urgency.SOON),
    AlarmRule("backup_ahead", Urgency.SOON),
    # a new installation has its first night, and its first month
    AlarmRule("backup_never", Urgency.SOON, timedelta(hours=26)),
    AlarmRule("drill_never", Urgency.SOON, timedelta(days=35)),
    AlarmRule("drill_failed", Urgency.SOON),
    AlarmRule("drill_old", Urgency.SOON),
    AlarmRule("drill_ahead", Urgency.SOON),
    AlarmRule("failed", Urgency.SOON),
    AlarmRule("old", Urgency.SOON),
    # a new installation has a day to get its contract with the net media
    AlarmRule("culr_missing", Urgency.SOON, timedelta(hours=26)),
    AlarmRule("unheard", Urgency.SOON),
    AlarmRule("windows", Urgency.SOON),
    AlarmRule("stopped", Urgency.SOON),
    AlarmRule("capped", Urgency.SOON),
    AlarmRule("overdue", Urgency.SOON),
    AlarmRule("target_stopped", Urgency.SOON, apart=("name",)),
    AlarmRule("target_removed", Urgency.SOON, apart=("name",)),
    AlarmRule("target_old", Urgency.SOON, apart=("name",)),
    AlarmRule("target_refuses", Urgency.SOON, apart=("name",)),
)
_BY_WHAT: Final = {one.what: one for one in RULES}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a library wants to be told."""

    #: from when to when, in Copenhagen, what is not urgent waits; None: never
    quiet: tuple[time, time] | None = None
    #: what still stands is told again after so long; None: never
    again: timedelta | None = timedelta(hours=24)

    def is_quiet(self, at: time) -> bool:
        """Whether it is a quiet hour. `at`: the time of day in Copenhagen."""
        if self.quiet is None:
            return False
        begins, ends = self.quiet
        return begins <= at < ends if begins < ends else at >= begins or at < ends


@dataclass(frozen=True, slots=True)
class Alarm:
    """A cause that stands, or has just gone."""

    #: its kind, and what makes it one of its own
    cause: str
    what: str
    values: Mapping[str, Any]
    since: datetime
    #: when it was last handed to the channels; None: not yet
    told: datetime | None = None
    #: since when it is gone; None: it stands
    gone: datetime | None = None

    @property
    def rule(self) -> AlarmRule:
        return _BY_WHAT.get(self.what, AlarmRule(self.what, Urgency.SOON))


class Word(enum.Enum):
    """What is told of an alarm."""

    BEGUN = "begun"
    STANDS = "stands"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Telling:
    """Something to tell, once on each channel."""

    word: Word
    alarm: Alarm


def sort_tellings(tellings: Iterable[Telling]) -> list[Telling]:
    """What has begun first, then what still stands, and what has ended; the gravest first among each."""
    words, rank = list(Word), {what: number for number, what in enumerate(_BY_WHAT)}
    return sorted(tellings, key=lambda one: (words.index(one.word), rank.get(one.alarm.what, len(rank))))


@dataclass(frozen=True, slots=True)
class Weighed:
    """The alarms as they are now, and what is to be told of them."""

    alarms: tuple[Alarm, ...]
    tellings: tuple[Telling, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class LookedAt:
    """When it is looked."""

    now: datetime
    #: the time of day in Copenhagen
    hour: time


def weigh(
    known: Iterable[Alarm],
    problems: Iterable[Mapping[str, Any]],
    manner: Manner,
    at: LookedAt,
    *,
    unseen: Callable[[Alarm], bool] = lambda _: False,
) -> Weighed:
    """Decide what is told now.

    Args:
        known: the alarms as they were at the last look.
        problems: what is wrong now, as the status says.
        manner: how the library wants to be told.
        at: when it is looked.
        unseen: whether this look cannot say if an alarm still stands, because a counterpart did not answer.
    """
    before, causes = {one.cause: _not_ahead(one, at.now) for one in known}, dict(_causes(problems))
    found = [_stands(before.get(cause), cause, *named, at.now) for cause, named in causes.items()]
    absent = [one for cause, one in before.items() if cause not in causes]
    found += [one if unseen(one) else replace(one, gone=one.gone or at.now) for one in absent]
    words = [(one, _word_for(one, manner, at)) for one in _join_causes(found)]
    kept = [one if word is None else replace(one, told=at.now) for one, word in words if not _is_over(one, word)]
    return Weighed(tuple(kept), tuple(Telling(word, one) for one, word in words if word is not None))


def _causes(problems: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    """Each problem's cause, with its kind and what of it may be told."""
    for problem in problems:
        what = problem["what"]
        if what == "certificate" and problem.get("problem") is not None:
            what = _UNUSABLE
        values = {name: value for name, value in problem.items() if name in TOLD}
        rule = _BY_WHAT.get(what, AlarmRule(what, Urgency.SOON))
        cause = "|".join((what, *(str(values.get(name)) for name in rule.apart)))
        yield cause, (what, values)


def _join_causes(alarms: Sequence[Alarm]) -> Iterator[Alarm]:
    """The alarms. A night that a certificate stopped is told by the certificate's alarm, until that has ended."""
    told = {one.values.get("kind") for one in alarms if one.what == _UNUSABLE}
    for one in alarms:
        is_told = one.what == "run" and one.values.get("error") in told - {None}
        yield replace(one, values={**one.values, "within": True}) if is_told else one


def _not_ahead(alarm: Alarm, now: datetime) -> Alarm:
    """The alarm without a time that is still to come: the clock was ahead when it was noted.

    Otherwise nothing would be told of it until the clock has caught up.
    """
    told, gone = (None if one is None else min(one, now) for one in (alarm.told, alarm.gone))
    return replace(alarm, since=min(alarm.since, now), told=told, gone=gone)


def _stands(known: Alarm | None, cause: str, what: str, values: Mapping[str, Any], now: datetime) -> Alarm:
    if known is None:
        return Alarm(cause, what, values, since=now)
    return replace(known, values=values, gone=None)


def _is_over(alarm: Alarm, word: Word | None) -> bool:
    """Whether an alarm is forgotten: its end is told, or nobody was told that it had begun."""
    return alarm.gone is not None and (alarm.told is None or word is Word.ENDED)


def _word_for(alarm: Alarm, manner: Manner, at: LookedAt) -> Word | None:
    """What is told of an alarm now. None: nothing."""
    if alarm.gone is None and alarm.values.get("within"):
        # another problem tells it
        return None
    waits = manner.is_quiet(at.hour)
    if alarm.gone is not None:
        is_settled = alarm.told is not None and at.now - alarm.gone >= SETTLED
        return Word.ENDED if is_settled and not waits else None
    if waits and alarm.rule.urgency is not Urgency.NOW:
        return None
    if alarm.told is None:
        return Word.BEGUN if at.now - alarm.since >= alarm.rule.after else None
    is_due = manner.again is not None and at.now - alarm.told >= manner.again
    return Word.STANDS if is_due else None


def count_waiting(alarms: Iterable[Alarm], manner: Manner, at: LookedAt) -> int:
    """How many alarms have something to tell that waits for the end of the quiet hours."""
    loud = replace(manner, quiet=None)
    return sum(_word_for(one, manner, at) is None and _word_for(one, loud, at) is not None for one in alarms)


def pause_after(tries: int) -> timedelta | None:
    """Return how long to wait after this many tries of a delivery. None: try no more."""
    return PAUSES[tries - 1] if tries <= len(PAUSES) else None
