"""What the nights did and will do: each day's delivery, the changes by kind, the forecast. Names no patron."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.feed.calendar import list_days
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.pages.changes import ChangeKind, count_kinds
from cprsync.services.night.calendar import AT_THE_DESK_MOST, foresee

if TYPE_CHECKING:
    from datetime import date, datetime

    from cprsync.services.ports.store import Library, Store

#: Longer than any month.
_NEXT_MONTH: Final = timedelta(days=32)


def show_deliveries(store: Store, *, month: date, now: datetime) -> dict[str, Any]:
    """The JSON shape of a month of deliveries, day by day. `month`: any day of it."""
    first = month.replace(day=1)
    last = (first + _NEXT_MONTH).replace(day=1) - timedelta(days=1)
    chain = store.inbox.chain()
    today, loaded = now.astimezone(COPENHAGEN).date(), store.inbox.last_loaded(now)
    days = list_days((first, last), store.inbox.arrivals(first, last), chain=chain, today=today, loaded=loaded)
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        # before it nothing can be missing
        "begun": None if chain is None else chain[0].isoformat(),
        "days": [
            {
                "day": one.day.isoformat(),
                "kind": one.kind.value,
                "fate": one.fate.value,
                "days_late": one.days_late,
                "persons": one.persons,
            }
            for one in days
        ],
    }


def show_changes(store: Store, *, today: date, days: int) -> dict[str, Any]:
    """The JSON shape of the changes by kind, night by night, over the last `days` days.

    A night that changed nothing is there too.
    """
    first = today - timedelta(days=days - 1)
    by_day: dict[date, Counter[ChangeKind]] = defaultdict(Counter)
    for day, actions in store.runs.actions(first):
        by_day[day].update(count_kinds(actions))
    nights = [
        {"day": day.isoformat(), "counts": {kind.value: counts[kind] for kind in ChangeKind}}
        for day, counts in sorted(by_day.items())
    ]
    sums = sum(by_day.values(), Counter[ChangeKind]())
    return {
        "from": first.isoformat(),
        "to": today.isoformat(),
        "nights": nights,
        "sums": {kind.value: sums[kind] for kind in ChangeKind},
    }


def count_forecast(library: Library, *, days: int) -> dict[str, Any]:
    """The JSON shape of `forecast`, with a count in place of the patrons. Raises as `foresee` does at the desk."""
    today = library.clock.today()
    document = foresee(library.store, library.policy, today=today, days=days, most=AT_THE_DESK_MOST)
    counts = Counter((one["day"], one["kind"], one["what"]) for one in document["events"])
    events = [{"day": day, "kind": kind, "what": what, "count": count} for (day, kind, what), count in counts.items()]
    return {**document, "events": events}
