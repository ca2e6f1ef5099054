"""The calendar: the days that a night lives, those that a dry run foresees, and the forecast of those to come.

In a night the days since the last run come after the deliveries, so that a birth date that they correct counts. A night
that something stopped leaves them out, and the next one catches up. What each day brings is decided by
`domain.patron.due`, for the night and the forecast alike, and the rights to net media by `domain.netmedia.rights`.
Thirty nights therefore give the same as a forecast of thirty days without deliveries. The forecast writes nothing and
calls nobody. It leaves out the birthdays of sealed patrons without counting them: a count for one day would reveal a
birthday.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from cprsync.domain.netmedia.rights import STORED_FORM, RightChange, reveals_birth_date, upcoming_changes
from cprsync.domain.patron.due import ONE_DAY, Due, DueKind, after_day, forecast
from cprsync.domain.patron.effective import find_differing
from cprsync.domain.patron.override import in_force
from cprsync.errors import BadInput
from cprsync.services.ports.runs import DuePage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.runs import Run
    from cprsync.services.ports.store import Store

#: The most days that a night catches up. What was due before them is done on the first of them.
CATCH_UP_DAYS: Final = 366
#: The turns of a right, in the order of the report.
TURNS: Final = (RightChange.OPENED.value, RightChange.CLOSED.value, RightChange.UNDECIDED.value)


def live_days(night: Night, run: Run) -> dict[str, int]:
    """Process the days since the last closed run. Return their number, and by kind what happened in this run.

    A killed run repeats the days. A patron who is finished has nothing due any more, and is counted once.
    """
    days = days_to_live(night.store.runs.last_day(), run.day)
    stamp, kept = night.policy.calendar_stamp(), night.store.calendar.stamp()
    night.progress.stage("calendar", len(days))
    if stamp != kept:
        # the policy has changed: its groups and days are computed for every patron, once
        coming = replace(night, policy=night.policy.with_former_groups(kept))
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


def upcoming(store: Store, policy: Policy, *, first: date, last: date) -> Iterator[Due]:
    """The events of these days. If the policy has changed since the last night, it covers every patron."""
    kept = store.calendar.stamp()
    facts = store.calendar.due_facts(last, everyone=policy.calendar_stamp() != kept)
    return forecast(facts, first=first, last=last, policy=policy.with_former_groups(kept))


def foresee_days(night: Night, run: Run, foresee: Callable[[Iterable[Due]], None]) -> dict[str, int]:
    """By kind, what the calendar part of a planned night would do. `foresee` is given its events."""
    days = days_to_live(night.store.runs.last_day(), run.day)
    if not days:
        return {"days": 0}
    due = list(upcoming(night.store, night.policy, first=days[0], last=run.day))
    foresee(due)
    return {"days": len(days), **dict(sorted(Counter(one.kind.value for one in due).items()))}


#: The longest forecast: a year, leap years included.
DAYS_MAX: Final = 366
#: Kinds of events that concern no single patron: a change of the library's rules, or of a net medium's terms.
POLICY: Final = "policy"
PRODUCTS: Final = "products"
#: By turn of a right, the kind of the event.
RIGHTS: Final[Mapping[RightChange, str]] = {
    turn: f"right_{turn.value}" for turn in RightChange if turn is not RightChange.UNCHANGED
}
#: The name of what is left out about sealed patrons.
WITHHELD: Final = "birthdays_of_sealed"
_ORDER: Final = (POLICY, PRODUCTS, *(kind.value for kind in DueKind), *RIGHTS.values())


#: A page has to come at once, and what counts all patrons anew takes a second for so many.
AT_THE_DESK_MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class ForeseenEvent:
    """What happens on one day."""

    day: date
    #: None: it concerns no single patron
    patron: str | None
    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the coming nights will do, from the first day that no night has processed."""

    from_: date
    to: date
    events: tuple[ForeseenEvent, ...]
    #: said always: if it were said only when something is withheld, it would reveal a day
    withheld: str = WITHHELD


class _Event(NamedTuple):
    told: ForeseenEvent
    #: the event falls on a birthday
    on_birthday: bool = False


def foresee(store: Store, policy: Policy, *, today: date, days: int, most: int | None = None) -> Forecast:
    """Foresee the days from the first one that no night has processed, to the last of `days`.

    Missed days come first, because the next night processes them too, and derives rights on its own day. `most`: of how
    many patrons at most, if no night has lived with the policy yet and each of them has to be looked at.

    Raises:
        ValueError: `days` is not 1 to `DAYS_MAX`.
        BadInput: there are more patrons than `most`.
    """
    if not 1 <= days <= DAYS_MAX:
        raise ValueError(f"a forecast is of 1 to {DAYS_MAX} days")
    if most is not None and _covers_everyone(store, policy) and store.patrons.count() > most:
        told = "no night has lived with these rules yet, and a page has no time to look at more than {most} patrons"
        raise BadInput(told, most=most, kind="forecast.everyone")
    lived = store.runs.last_day()
    missed = days_to_live(lived, today)
    first = missed[0] if missed or lived is None else lived + ONE_DAY
    last = max(first, today) + timedelta(days=days - 1)
    events = [
        _Event(ForeseenEvent(due.day, due.patron_id, due.kind.value, due.what), reveals_birth_date(due.kind))
        for due in upcoming(store, policy, first=first, last=last)
    ]
    events += _policy_days(policy, first, last)
    events += _rights(store, policy, first=max(first, today), last=last, lived=lived)
    shown = _shown(store, policy, events)
    order = sorted(shown, key=lambda one: (one.day, _ORDER.index(one.kind), one.patron or "", one.what))
    return Forecast(first, last, tuple(order))


def _covers_everyone(store: Store, policy: Policy) -> bool:
    """Whether no night has lived with this policy yet."""
    return (policy.calendar_stamp(), policy.rights_stamp(STORED_FORM)) != (store.calendar.stamp(), store.rights.stamp())


def _shown(store: Store, policy: Policy, events: Collection[_Event]) -> list[ForeseenEvent]:
    """The events without those on a sealed patron's birthday."""
    whose = {one.told.patron for one in events if one.on_birthday and one.told.patron is not None}
    sealed = store.patrons.sealed_among(whose, silent_is_sealed=policy.silent_is_sealed)
    return [one.told for one in events if not (one.on_birthday and one.told.patron in sealed)]


def _policy_days(policy: Policy, first: date, last: date) -> Iterator[_Event]:
    for ladder in policy.ladders.ladders:
        if first <= ladder.since <= last:
            yield _Event(ForeseenEvent(ladder.since, None, POLICY, "age_groups"))
    days = {
        (day, product.name)
        for product in policy.products.periods
        for day in (product.since, after_day(product.until))
        if day is not None and first <= day <= last
    }
    for day, name in days:
        yield _Event(ForeseenEvent(day, None, PRODUCTS, name))


def _rights(store: Store, policy: Policy, *, first: date, last: date, lived: date | None) -> Iterator[_Event]:
    """What becomes of rights from the next night on. If the policy has changed, it covers every patron."""
    stamp, kept = policy.rights_stamp(STORED_FORM), store.rights.stamp()
    if stamp is None and kept is None:
        return
    for one in store.rights.ahead(last, everyone=stamp != kept):
        # until a right's own day comes, the derived value is the stored value
        for day, product, turn, cause in upcoming_changes(
            one.facts, policy, one.kept, first=first, last=last, lived=lived
        ):
            yield _Event(ForeseenEvent(day, one.patron_id, RIGHTS[turn], product), reveals_birth_date(cause))


def derive_rights(night: Night, run: Run) -> bool:
    """Derive the rights that are due. Return False if the library has no products, so that nothing was derived.

    Done after the deliveries and the days. After a change of policy, everyone's rights are derived once. No limit stops
    this, since it was planned (decision 19). A killed run continues: rights that are derived are no longer due, and are
    counted once.
    """
    stamp, kept = night.policy.rights_stamp(STORED_FORM), night.store.rights.stamp()
    if stamp is None and kept is None:
        return False
    night.progress.stage("rights")
    night.store.rights.forget_earlier_turns(run)
    if stamp != kept:
        _derive(night, run, everyone=True)
        night.store.rights.keep_stamp(run, stamp)
    _derive(night, run, everyone=False)
    return True


def rights_changed(night: Night, run: Run) -> dict[str, dict[str, int]]:
    """By product, what became of rights in this run, including how many stayed unchanged."""
    turns, kept = night.store.rights.turns(run), night.store.rights.count()
    counts = {product: dict.fromkeys(TURNS, 0) | turns.get(product, {}) for product in night.policy.products.names()}
    return {
        product: {**count, "unchanged": kept - sum(count[turn] for turn in TURNS), "waiting": count.get("waiting", 0)}
        for product, count in counts.items()
    }


def _derive(night: Night, run: Run, *, everyone: bool) -> None:
    last: str | None = ""
    while last is not None:
        page = DuePage(run.day, limit=night.batch, everyone=everyone, after=last)
        last = night.store.rights.derive(run, page, night.policy)
        night.raise_if_stopped()


def overrides_on(night: Night, day: date) -> dict[str, int]:
    """Count the corrections in force, and those that differ from the register, or for a pinned group from age."""
    corrected = night.store.patrons.overridden()
    holding = differ = 0
    for start in range(0, len(corrected), night.batch):
        for patron in night.store.patrons.read(corrected[start : start + night.batch]):
            holding += len(in_force(patron.overrides, day))
            differ += len(find_differing(patron, policy=night.policy, on=day))
    return {"in_force": holding, "differ": differ}
