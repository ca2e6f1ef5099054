"""The calendar part of a night: the days since the last run, one by one, with or without a delivery.

It comes after the deliveries, so that a birth date that they correct counts. A night that something stopped leaves it
out, and the next one catches up. What each day brings is decided by `domain.patron.due`, for the night and the forecast
alike.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol, cast

from cprsync.domain.patron.due import ONE_DAY, Due, calendar_stamp, forecast, mark_former_groups
from cprsync.services.ports.runs import DuePage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.run import Run
    from cprsync.services.ports.store import Store

#: The most days that a night catches up. What was due before them is done on the first of them.
CATCH_UP_DAYS: Final = 366


def live_days(night: Night, run: Run) -> dict[str, int]:
    """Process the days since the last closed run. Return their number, and by kind what happened in this run.

    A killed run repeats the days. A patron who is finished has nothing due any more, and is counted once.
    """
    days = days_to_live(night.store.runs.last_day(), run.day)
    stamp, kept = calendar_stamp(night.policy), night.store.calendar.stamp()
    night.progress.stage("calendar", len(days))
    if stamp != kept:
        # the policy has changed: its groups and days are computed for every patron, once
        coming = replace(night, policy=mark_former_groups(kept, night.policy))
        _live(coming, run, days[0] if days else run.day, everyone=True)
        night.store.calendar.keep_stamp(run, stamp)
    for day in days:
        _live(night, run, day, everyone=False)
        night.progress.advance()
    return {"days": len(days), **night.store.calendar.counts(run)}


def days_to_live(last: date | None, today: date) -> list[date]:
    """The days after the last one processed, up to today. In a library's first night, only today."""
    first = today if last is None else max(last + ONE_DAY, today - timedelta(days=CATCH_UP_DAYS - 1))
    return [first + timedelta(days=n) for n in range((today - first).days + 1)]


def _live(night: Night, run: Run, day: date, *, everyone: bool) -> None:
    last: str | None = ""
    while last is not None:
        by_age = bool(night.policy.ladders.ladders)
        page = DuePage(day, limit=night.batch, everyone=everyone, after=last, by_age=by_age)
        last = night.store.calendar.live_day(run, page, night.policy)
        night.raise_if_stopped()


class Foreseeing(Protocol):
    """The reviews of a night that is only planned."""

    def foresee(self, due: Iterable[Due]) -> None: ...


def upcoming(store: Store, policy: Policy, *, first: date, last: date) -> Iterator[Due]:
    """The events of these days. If the policy has changed since the last night, it covers every patron."""
    kept = store.calendar.stamp()
    facts = store.calendar.due_facts(last, everyone=calendar_stamp(policy) != kept)
    return forecast(facts, first=first, last=last, policy=mark_former_groups(kept, policy))


def foresee_days(night: Night, run: Run) -> dict[str, int]:
    """By kind, what the calendar part of a planned night would do. Nothing is written."""
    days = days_to_live(night.store.runs.last_day(), run.day)
    if not days:
        return {"days": 0}
    due = list(upcoming(night.store, night.policy, first=days[0], last=run.day))
    cast("Foreseeing", night.store.reviews).foresee(due)
    return {"days": len(days), **dict(sorted(Counter(one.kind.value for one in due).items()))}
