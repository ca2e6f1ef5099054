"""The calendar part of a night: what a day brings a patron though no delivery names her.

One function lives one day, for the night and for the forecast alike, so that thirty nights lived are the
thirty days forecast. Age and overrides are facts; the day is handed in.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from cprsync.domain.age import birth_date_of
from cprsync.domain.override import Overridden, birth_date_in, in_force

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from cprsync.domain.override import Override
    from cprsync.domain.person import Person
    from cprsync.domain.policy import Policy


class DueKind(enum.Enum):
    """What a day can bring, in the order in which it is done."""

    #: a correction typed at the desk gives way to the register
    OVERRIDE_ENDED = "override_ended"
    #: a correction will end soon: someone should look
    OVERRIDE_WARNED = "override_warned"
    #: another patron group, by age or because the policy of that day says so
    AGE_STEP = "age_step"
    #: Fraværsperiode is over
    ABSENCE_ENDED = "absence_ended"
    #: the subscription of a dead patron has waited long enough for an annulment
    SUBSCRIPTION_ENDED = "subscription_ended"


@dataclass(frozen=True, slots=True)
class Due:
    """Something that happens to a patron on a day. `what` names fields and groups, never a value of hers."""

    day: date
    patron_id: str
    kind: DueKind
    what: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Facts:
    """What the calendar reads of a patron. `group` is the one she is in now."""

    patron_id: str
    register: Person
    group: str = ""
    overrides: tuple[Override, ...] = ()
    #: the last day of an absence; None: not absent, or without an end
    absent_until: date | None = None
    #: the last day on which a dead patron stays subscribed
    subscribed_until: date | None = None


def derived_group(facts: Facts, day: date, policy: Policy) -> str:
    """The patron group in force on a day: pinned, else by age, else as it is."""
    holding = in_force(facts.overrides, day)
    if pinned := holding.get(Overridden.GROUP):
        return pinned.value
    # a group that was pinned is no reason to stay there: age decides again
    was_pinned = any(one.field is Overridden.GROUP and one.value == facts.group for one in facts.overrides)
    if not (policy.ladders.follows_age(facts.group) or (was_pinned and policy.ladders.ladders)):
        return facts.group
    born = birth_date_of(facts.register, corrected=birth_date_in(holding))
    group = None if born is None else policy.ladders.group_on(born.day, day)
    return facts.group if group is None else group


def live(facts: Facts, day: date, policy: Policy) -> tuple[tuple[Due, ...], Facts]:
    """One day of one patron: what is due, and the facts as they are that evening."""
    found = [(kind, what) for kind, what in _ends(facts, day, policy)]
    group = derived_group(facts, day, policy)
    if group != facts.group:
        found.append((DueKind.AGE_STEP, f"{facts.group or '-'} > {group}"))
    order = list(DueKind)
    found.sort(key=lambda one: (order.index(one[0]), one[1]))
    return tuple(Due(day, facts.patron_id, kind, what) for kind, what in found), _evening(facts, day, group)


def next_due(facts: Facts, after: date, policy: Policy) -> date | None:
    """The next day later than `after` on which `live` may find something; None: nothing is in sight."""
    return min(
        (day for day in (next_age_step(facts, after, policy), local_due(facts, after, policy)) if day), default=None
    )


def next_age_step(facts: Facts, after: date, policy: Policy) -> date | None:
    """The next day on which age or the policy's own dates change her group, as things stand on `after`."""
    holding = in_force(facts.overrides, after)
    if Overridden.GROUP in holding or not policy.ladders.follows_age(facts.group):
        return None
    born = birth_date_of(facts.register, corrected=birth_date_in(holding))
    return None if born is None else policy.ladders.next_change(born.day, after)


def local_due(facts: Facts, after: date, policy: Policy) -> date | None:
    """The next day on which an override begins, is warned of or ends, or an absence ends."""
    days = [facts.absent_until + timedelta(days=1)] if facts.absent_until else []
    for override in facts.overrides:
        days += [day for day in (override.since, override.warns(policy.override_warn_days), override.gives_way) if day]
    return min((day for day in days if day > after), default=None)


def forecast(all_facts: Iterator[Facts], *, first: date, last: date, policy: Policy) -> Iterator[Due]:
    """What will happen from `first` to `last` if no delivery changes anything, patron by patron."""
    for facts in all_facts:
        day: date | None = first
        now = facts
        while day is not None and day <= last:
            due, now = live(now, day, policy)
            yield from due
            following = [one for one in (next_due(now, day, policy), _after(now.subscribed_until)) if one and one > day]
            day = min(following, default=None)


def _ends(facts: Facts, day: date, policy: Policy) -> Iterator[tuple[DueKind, str]]:
    for override in facts.overrides:
        if override.gives_way == day:
            yield DueKind.OVERRIDE_ENDED, override.field.value
        elif override.warns(policy.override_warn_days) == day:
            yield DueKind.OVERRIDE_WARNED, override.field.value
    if _after(facts.absent_until) == day:
        yield DueKind.ABSENCE_ENDED, ""
    if _after(facts.subscribed_until) == day:
        yield DueKind.SUBSCRIPTION_ENDED, "dead"


def _after(day: date | None) -> date | None:
    return None if day is None else day + timedelta(days=1)


def _evening(facts: Facts, day: date, group: str) -> Facts:
    def still(until: date | None) -> date | None:
        return None if until is not None and until < day else until

    left = tuple(one for one in facts.overrides if one.gives_way is None or one.gives_way > day)
    return replace(
        facts,
        group=group,
        overrides=left,
        absent_until=still(facts.absent_until),
        subscribed_until=still(facts.subscribed_until),
    )


def counts(events: tuple[Due, ...] | list[Due]) -> Mapping[str, int]:
    """How often each kind happened."""
    return {kind.value: n for kind in DueKind if (n := sum(event.kind is kind for event in events))}
