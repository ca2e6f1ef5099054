"""What the nights did and will do: each day's delivery, the changes by kind, the forecast. Names no patron."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from cprsync.domain.feed.calendar import DeliveryDay, list_days
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.pages.changes import ChangeKind, count_kinds
from cprsync.services.night.calendar import AT_THE_DESK_MOST, foresee

if TYPE_CHECKING:
    from datetime import datetime

    from cprsync.services.ports.store import Library, Store

#: Longer than any month.
_NEXT_MONTH: Final = timedelta(days=32)


@dataclass(frozen=True, slots=True)
class DeliveryMonth:
    """A month's deliveries, day by day."""

    from_: date
    to: date
    #: before it nothing can be missing
    begun: date | None
    days: tuple[DeliveryDay, ...]


@dataclass(frozen=True, slots=True)
class NightChanges:
    """What the nights of one day changed, by kind."""

    day: date
    counts: Mapping[ChangeKind, int]


@dataclass(frozen=True, slots=True)
class ChangesByKind:
    """What the nights of some days changed, night by night. A night that changed nothing is there too."""

    from_: date
    to: date
    nights: tuple[NightChanges, ...]
    sums: Mapping[ChangeKind, int]


@dataclass(frozen=True, slots=True)
class ComingEvent:
    """What happens on one day: of which kind, to how many patrons. A change of the rules concerns none by itself."""

    day: date
    kind: str
    what: str
    count: int


@dataclass(frozen=True, slots=True)
class CountedForecast:
    """What the coming nights will do: a forecast with counts in place of patrons."""

    from_: date
    to: date
    events: tuple[ComingEvent, ...]
    #: what is left out about sealed patrons
    withheld: str


def show_deliveries(store: Store, *, month: date, now: datetime) -> DeliveryMonth:
    """Show a month of deliveries, day by day. `month`: any day of it."""
    first = month.replace(day=1)
    last = (first + _NEXT_MONTH).replace(day=1) - timedelta(days=1)
    chain = store.inbox.chain()
    today, loaded = now.astimezone(COPENHAGEN).date(), store.inbox.last_loaded(now)
    days = list_days((first, last), store.inbox.arrivals(first, last), chain=chain, today=today, loaded=loaded)
    return DeliveryMonth(first, last, None if chain is None else chain[0], tuple(days))


def show_changes(store: Store, *, today: date, days: int) -> ChangesByKind:
    """Count the changes by kind, night by night, over the last `days` days."""
    first = today - timedelta(days=days - 1)
    by_day: dict[date, Counter[ChangeKind]] = defaultdict(Counter)
    for day, actions in store.runs.actions(first):
        by_day[day].update(count_kinds(actions))
    nights = tuple(NightChanges(day, _of_each_kind(counts)) for day, counts in sorted(by_day.items()))
    return ChangesByKind(first, today, nights, _of_each_kind(sum(by_day.values(), Counter())))


def _of_each_kind(counts: Counter[ChangeKind]) -> dict[ChangeKind, int]:
    return {kind: counts[kind] for kind in ChangeKind}


def count_forecast(library: Library, *, days: int) -> CountedForecast:
    """Count what `foresee` tells, without the patrons. Raises as it does at the desk."""
    today = library.clock.today()
    told = foresee(library.store, library.policy, today=today, days=days, most=AT_THE_DESK_MOST)
    counts = Counter((one.day, one.kind, one.what) for one in told.events)
    events = tuple(ComingEvent(*event, count) for event, count in counts.items())
    return CountedForecast(told.from_, told.to, events, told.withheld)
