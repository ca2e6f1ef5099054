"""The calendar part of a night: what a day changes for a patron, even if no delivery names them.

One function lives one day. The night and the forecast both use it, so both give the same result for the same days. It
reads age and overrides from `CalendarFacts`, and the caller passes the day in.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.override import Overridden, birth_in_force, in_force
from cprsync.domain.patron.responsible import of_age_on
from cprsync.domain.person.person import SILENT
from cprsync.domain.person.status import counts_as_dead

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cprsync.domain.patron.override import Override
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Policy

ONE_DAY: Final = timedelta(days=1)


class DueKind(enum.Enum):
    """What a day can bring, in the order in which it is done."""

    #: a correction typed at the desk ends, and the register's value counts again
    OVERRIDE_ENDED = "override_ended"
    #: a correction ends soon: staff should look at it
    OVERRIDE_WARNED = "override_warned"
    #: the patron moves to another patron group, by age or because the policy changes on that day
    AGE_STEP = "age_step"
    #: the absence (fravær) is over
    ABSENCE_ENDED = "absence_ended"
    #: the subscription of a dead patron has waited long enough for an annulment of the death
    SUBSCRIPTION_ENDED = "subscription_ended"
    #: the eighteenth birthday: nobody answers for the patron's new debts
    RESPONSIBILITY_ENDED = "responsibility_ended"
    #: a corrected birth date says that the patron came of age on a day already lived: staff decide
    RESPONSIBILITY_ASKED = "responsibility_asked"
    #: a corrected birth date makes the patron a minor again before staff decided: the question is dropped
    RESPONSIBILITY_KEPT = "responsibility_kept"


@dataclass(frozen=True, slots=True)
class Due:
    """Something that happens to a patron on a day. `what` names fields and groups, never a personal value."""

    day: date
    patron_id: str
    kind: DueKind
    what: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class CalendarFacts:
    """What the calendar reads of a patron. `group` is the group that the patron is in now."""

    patron_id: str
    register: Person
    group: str = ""
    overrides: tuple[Override, ...] = ()
    #: the last day of an absence; None: no absence, or an absence without an end
    absent_until: date | None = None
    #: the last day on which a dead patron stays subscribed
    subscribed_until: date | None = None
    #: another person answers for the patron's debts
    answered_for: bool = False
    #: staff were asked whether to end that for an adult, and have not ended it yet
    asked_of_age: bool = False
    #: False for a person who only answers for a minor: they have no patron group
    borrows: bool = True
    #: the day on which a death stopped letters; None: letters are sent
    letters_stopped: date | None = None

    @property
    def is_dead(self) -> bool:
        return counts_as_dead(self.register.status, self.letters_stopped)


def derived_group(facts: CalendarFacts, day: date, policy: Policy) -> str:
    """The patron group in force on a day: the pinned one, else the one for the age, else the present one.

    A dead patron keeps their group: age no longer changes it.
    """
    if not facts.borrows:
        return facts.group
    holding = in_force(facts.overrides, day)
    if pinned := holding.get(Overridden.GROUP):
        return pinned.text
    # The pin has ended, so its group does not stay. The group before the pin counts, or age decides.
    pin = next((one for one in facts.overrides if one.field is Overridden.GROUP and one.value == facts.group), None)
    before = facts.group if pin is None or pin.before is None else pin.before
    follows_age = policy.ladders.follows_age(before) or (
        pin is not None and pin.before is None and policy.ladders.ladders
    )
    if not follows_age or facts.is_dead:
        return before
    born = birth_in_force(facts.register, holding)
    group = None if born is None else policy.ladders.group_on(born.day, day)
    return before if group is None else group


def group_at_death(facts: CalendarFacts, died: date, policy: Policy) -> str:
    """The group of a patron on the day of death, also if the calendar has lived a birthday since (decision 48)."""
    alive = replace(facts, register=replace(facts.register, status=SILENT), letters_stopped=None)
    return derived_group(alive, died, policy)


def age_step_of(facts: CalendarFacts, day: date, policy: Policy) -> tuple[str, date | None]:
    """The patron group in force on a day, and the next day on which age changes it.

    A caller that writes a birth date uses this.
    """
    group = derived_group(facts, day, policy)
    return group, next_age_step(replace(facts, group=group), day, policy)


def live_one_day(facts: CalendarFacts, day: date, policy: Policy) -> tuple[tuple[Due, ...], CalendarFacts]:
    """Lives one day of one patron. Returns what is due by then, and the facts at the end of the day."""
    found = list(_due(facts, day, policy))
    group = derived_group(facts, day, policy)
    if group != facts.group:
        found.append((DueKind.AGE_STEP, f"{facts.group or '-'} > {group}"))
    order = list(DueKind)
    found.sort(key=lambda one: (order.index(one[0]), one[1]))
    return tuple(Due(day, facts.patron_id, kind, what) for kind, what in found), _facts_after(facts, day, group, policy)


def next_due(facts: CalendarFacts, after: date, policy: Policy) -> date | None:
    """The next day after `after` on which `live_one_day` may find something; None: there is none."""
    days = (next_age_step(facts, after, policy), local_due(facts, after, policy), after_day(facts.subscribed_until))
    return min((max(day, after + ONE_DAY) for day in days if day is not None), default=None)


def next_age_step(facts: CalendarFacts, after: date, policy: Policy) -> date | None:
    """The next day on which age or the policy's dates change the patron's group, as known on `after`."""
    holding = in_force(facts.overrides, after)
    if Overridden.GROUP in holding or not facts.borrows or not policy.ladders.follows_age(facts.group):
        return None
    if facts.is_dead:
        return None
    born = birth_in_force(facts.register, holding)
    return None if born is None else policy.ladders.next_change(born.day, after)


def local_due(facts: CalendarFacts, after: date, policy: Policy) -> date | None:
    """The next day on which an override or an absence changes something, or the patron comes of age.

    An override can begin, need a warning, or end. An overdue change is due on the next day. Only a birthday keeps its
    own day, because a night that catches up on missed days still lives that day.
    """
    days = [after_day(facts.absent_until)]
    for override in facts.overrides:
        days += [override.gives_way, _warning(override, policy)]
        if override.since > after:
            days.append(override.since)
    found = [max(day, after + ONE_DAY) for day in days if day is not None]
    turns = _next_responsibility_day(facts, after, policy)
    return min(found if turns is None else [*found, turns], default=None)


def comes_of_age(facts: CalendarFacts, on: date, policy: Policy) -> date | None:
    """The day from which nobody answers for the patron, as known on a day.

    None: nobody answers for them, or no birth date is known. The law sets the day, and the patron's status does not
    change it. A responsible person must not answer for ever for a child who died.
    """
    if not facts.answered_for:
        return None
    return of_age_on(facts.register, facts.overrides, on, policy.ladders.leap)


def forecast(all_facts: Iterable[CalendarFacts], *, first: date, last: date, policy: Policy) -> Iterator[Due]:
    """What happens from `first` to `last` if no delivery changes anything, patron by patron."""
    for facts in all_facts:
        day: date | None = first
        now = facts
        while day is not None and day <= last:
            due, now = live_one_day(now, day, policy)
            yield from due
            day = next_due(now, day, policy)


def after_day(until: date | None) -> date | None:
    """The day after a last day; None: there is no last day, or it is the last day that `date` can hold."""
    return None if until is None or until == date.max else until + ONE_DAY


def _due(facts: CalendarFacts, day: date, policy: Policy) -> Iterator[tuple[DueKind, str]]:
    for override in facts.overrides:
        if _is_due(override.gives_way, day):
            yield DueKind.OVERRIDE_ENDED, override.field.value
        elif _is_due(_warning(override, policy), day):
            yield DueKind.OVERRIDE_WARNED, override.field.value
    if _is_due(after_day(facts.absent_until), day):
        yield DueKind.ABSENCE_ENDED, "absence"
    if _is_due(after_day(facts.subscribed_until), day):
        yield DueKind.SUBSCRIPTION_ENDED, "dead"
    responsibility = _responsibility(facts, day, policy)
    if responsibility is not None:
        yield responsibility, "responsible"


def _responsibility(facts: CalendarFacts, day: date, policy: Policy) -> DueKind | None:
    """What a day does to the links of a minor. Only the birthday itself ends them without a decision by staff.

    Days are lived in order, including days that a night missed. If the day of age is earlier than `day`, a later birth
    date has moved it. When that day was lived, it was not the day of age.
    """
    of_age = comes_of_age(facts, day, policy)
    if of_age is None:
        return None
    if of_age == day:
        return DueKind.RESPONSIBILITY_ENDED
    if of_age < day:
        return None if facts.asked_of_age else DueKind.RESPONSIBILITY_ASKED
    return DueKind.RESPONSIBILITY_KEPT if facts.asked_of_age else None


def _next_responsibility_day(facts: CalendarFacts, after: date, policy: Policy) -> date | None:
    """The day on which `_responsibility` finds something, as known on `after`."""
    of_age = comes_of_age(facts, after, policy)
    if of_age is None or not facts.asked_of_age:
        return of_age
    return None if of_age < after else min(of_age, after + ONE_DAY)


def _warning(override: Override, policy: Policy) -> date | None:
    """The day on which staff are warned, once. It is at the earliest the day after the override begins."""
    day = override.warns(policy.override_warn_days)
    return None if day is None or override.warned is not None else max(day, override.since + ONE_DAY)


def _is_due(due: date | None, day: date) -> bool:
    """Whether something is due: on its day, or later if no night lived that day."""
    return due is not None and due <= day


def _facts_after(facts: CalendarFacts, day: date, group: str, policy: Policy) -> CalendarFacts:
    def mark_warned(override: Override) -> Override:
        return replace(override, warned=day) if _is_due(_warning(override, policy), day) else override

    def unless_over(until: date | None) -> date | None:
        return None if until is not None and until < day else until

    turn = _responsibility(facts, day, policy)
    return replace(
        facts,
        group=group,
        overrides=tuple(mark_warned(one) for one in facts.overrides if not _is_due(one.gives_way, day)),
        absent_until=unless_over(facts.absent_until),
        subscribed_until=unless_over(facts.subscribed_until),
        answered_for=facts.answered_for and turn is not DueKind.RESPONSIBILITY_ENDED,
        asked_of_age=facts.asked_of_age if turn is None else turn is DueKind.RESPONSIBILITY_ASKED,
    )
