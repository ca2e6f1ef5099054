"""Which net media a patron has a right to on a day, why, and when that changes by itself.

A protected patron has the same rights as any other patron of the same municipality. A move counts for new loans from
its day. Running loans are left alone, and end by themselves. Code that prints days asks here which of them reveal the
birth date of a sealed patron. Leaves out what CULR is told, and which patrons are sealed.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from cprsync.domain.netmedia.right_day import Day
from cprsync.domain.netmedia.right_rule import RIGHT_RULES, ChangeCause, RightByRule, RightRule
from cprsync.domain.patron.due import ONE_DAY, DueKind, after_day
from cprsync.domain.patron.override import birth_in_force
from cprsync.domain.person.age import birthday
from cprsync.domain.person.person import Status
from cprsync.domain.wording import capital, in_one

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date

    from cprsync.domain.netmedia.right_day import AppliedRule, RightFacts
    from cprsync.domain.patron.override import Overridden, Override
    from cprsync.domain.policy.policy import Policy
    from cprsync.domain.wording import Texts, Wording

#: The version of the stored form. If it changes, all stored rights are derived again, once.
STORED_FORM: Final = 3


@dataclass(frozen=True, slots=True, repr=False)
class Right:
    """The answer for one product on one day."""

    product: str
    title: Wording
    answer: RightByRule
    rule: RightRule
    #: what the rule read, for example `municipality 0751`; "" if the rule needs no detail
    fact: str
    #: since when the facts behind the answer are so; None: unknown
    valid_from: date | None
    #: the last day before the answer changes by itself; None: no such day is known
    until: date | None
    #: what changes on the day after `until`; without `until`, what else would change the answer
    changes_when: ChangeCause
    #: the age at which the product opens, if the patron is too young
    from_age: int | None = None
    #: `valid_from`, if it reveals neither the birth date nor a block; else None
    open_from: date | None = None
    #: the age follows from a birth date that the register is not sure of
    uncertain: bool = False
    #: True if a day is left out because it would reveal a sealed birth date
    withheld: bool = False

    @property
    def without_birth_days(self) -> Right:
        """The same without the days that follow from the birth date, to show for a sealed patron."""
        until = None if reveals_birth_date(self.changes_when) else self.until
        withheld = (until, self.open_from) != (self.until, self.valid_from)
        return replace(self, until=until, valid_from=self.open_from, withheld=withheld)

    def why(self, texts: Texts) -> Wording:
        """The rule in words, followed by what it read in brackets.

        The municipality stands once, with its name, above all rights.
        """
        why = texts(f"right.{self.rule.value}")
        read, _, value = self.fact.partition(" ")
        if not value or read == "municipality":
            return why
        meaning = texts(f"status.{value}") if read == "status" else ""
        detail = texts(f"read.{read}_uncertain" if self.uncertain else f"read.{read}", value=value, meaning=meaning)
        return texts("right.why", why=why, detail=detail)

    def text(self, texts: Texts) -> Wording:
        """The answer, why, what would change it, and, for a move, what it leaves alone."""
        answer, when = capital(texts(f"answer.{self.answer.value}")), texts(f"change.{self.changes_when.value}")
        said = texts("right.text", answer=answer, why=self.why(texts), when=when)
        return in_one([said, texts("right.running_loans")]) if self.changes_when is ChangeCause.MOVE else said


def rights_of(facts: RightFacts, policy: Policy, on: date) -> tuple[Right, ...]:
    """A patron's rights on a day: each product of the policy once, in the policy's order."""
    today = Day.of(facts, policy, on)
    ruled = {name: today.rule_for(name) for name in policy.products.names()}
    ends = _ends(today, ruled)
    return tuple(_right(today, name, one, ends.get(name)) for name, one in ruled.items())


def closes_any_right(before: RightFacts, after: RightFacts, policy: Policy, on: date) -> bool:
    """Whether a yes becomes a no. The guard counts this as harm; a change to undecided takes no right away yet."""
    then, now = Day.of(before, policy, on), Day.of(after, policy, on)
    return any(
        RIGHT_RULES[now.rule_for(name).rule].answer is RightByRule.NO
        and RIGHT_RULES[then.rule_for(name).rule].answer is RightByRule.YES
        for name in policy.products.names()
    )


def next_change_day(facts: RightFacts, policy: Policy, after: date) -> date | None:
    """The next day after `after` on which the stored rights change by themselves; None: no such day is known."""
    now = _stored_on(Day.of(facts, policy, after))
    days = sorted(day for day in _change_days(facts, policy) if day > after)
    return next((day for day in days if _stored_on(Day.of(facts, policy, day)) != now), None)


class RightChange(enum.Enum):
    """How a right has changed."""

    #: the answer is yes, and was not before
    OPENED = "opened"
    #: the answer is no, and was not before
    CLOSED = "closed"
    #: the answer is undecided, and was not before
    UNDECIDED = "undecided"
    UNCHANGED = "unchanged"


#: Turns that cost a patron a right, or may have: their new municipality may have no licence.
LOSING_CHANGES: Final = frozenset({RightChange.CLOSED, RightChange.UNDECIDED})
#: Statuses that may cost a patron a right: after an outage, CULR is told of them first.
LOSING_STATUSES: Final = frozenset(
    {Status.DEAD, Status.EMIGRATED, Status.GREENLAND, Status.GREENLAND_ADMINISTRATIVE, Status.NO_RESIDENCE}
)
_CHANGES: Final[Mapping[RightByRule, RightChange]] = {
    RightByRule.YES: RightChange.OPENED,
    RightByRule.NO: RightChange.CLOSED,
    RightByRule.UNDECIDED: RightChange.UNDECIDED,
}


def stored_line(rights: tuple[Right, ...]) -> str:
    """The rights as one line of JSON: for each product the answer and since when. Nothing sealed stands in it.

    The store keeps this line in clear text.
    """
    return _line({right.product: (right.answer, right.open_from) for right in rights})


def changes_between(before: str, after: str) -> Mapping[str, RightChange]:
    """How each product changed between two such lines. A product that is not in a line counts as no."""
    old, new = _parse_answers(before), _parse_answers(after)
    answers = {name: (old.get(name, RightByRule.NO), new.get(name, RightByRule.NO)) for name in sorted({*old, *new})}
    return {name: RightChange.UNCHANGED if was is now else _CHANGES[now] for name, (was, now) in answers.items()}


class UpcomingChange(NamedTuple):
    """A change of a right that will happen by itself on a day."""

    day: date
    product: str
    turn: RightChange
    #: what causes it; None: nothing due on that day, for example data written since the last night
    cause: ChangeCause | None


def upcoming_changes(  # noqa: PLR0913 -- the facts, the rules, and the days
    facts: RightFacts, policy: Policy, kept: str, *, first: date, last: date, lived: date | None = None
) -> Iterator[UpcomingChange]:
    """The changes of each product that happen by themselves, from `first` to `last`.

    `first` is the day on which the rights are derived next. `lived` is the last day that a night has lived. The changes
    of the days between them come on the first day.
    """
    days = _change_days(facts, policy)
    causes = {**days, **_cause_of_missed_days(days, first, lived)}
    day: date | None = first
    before = kept
    while day is not None and day <= last:
        now = _stored_on(Day.of(facts, policy, day))
        for name, turn in changes_between(before, now).items():
            if turn is not RightChange.UNCHANGED:
                yield UpcomingChange(day, name, turn, causes.get(day))
        before, day = now, next_change_day(facts, policy, day)


def _cause_of_missed_days(
    days: Mapping[date, ChangeCause], first: date, lived: date | None
) -> Mapping[date, ChangeCause]:
    """The cause for the first day, if it makes up for missed days. A birthday among them counts before other causes."""
    made_up = [days[day] for day in sorted(days) if lived is not None and lived < day <= first]
    by_age = next((change for change in made_up if reveals_birth_date(change)), None)
    return {} if by_age is None else {first: by_age}


def _stored_on(day: Day) -> str:
    ruled = {name: day.rule_for(name) for name in day.policy.products.names()}
    return _line({name: (one.answer, one.evidence.open_since) for name, one in ruled.items()})


def _line(answers: Mapping[str, tuple[RightByRule, date | None]]) -> str:
    kept = {name: [answer.value, since and since.isoformat()] for name, (answer, since) in answers.items()}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))


def _parse_answers(line: str) -> dict[str, RightByRule]:
    return {name: RightByRule(answer) for name, (answer, _) in json.loads(line or "{}").items()}


#: Changes that come on a birthday. A group that changes with the policy's dates counts too: both look the same.
_ON_BIRTHDAYS: Final[frozenset[DueKind | ChangeCause]] = frozenset(
    {DueKind.AGE_STEP, DueKind.RESPONSIBILITY_ENDED, ChangeCause.BIRTHDAY, ChangeCause.GROUP}
)
#: Audit entries that a night writes by itself, and that may follow from an age. An entry of rights names no cause.
_RIGHTS_ENTRY: Final = "rights"
_CALENDAR_ENTRY: Final = "calendar"
_BIRTHDAY_ACTIONS: Final = frozenset(kind.value for kind in _ON_BIRTHDAYS if isinstance(kind, DueKind))


def reveals_birth_date(cause: DueKind | ChangeCause | None) -> bool:
    """Whether this cause happens on a birthday. None means that nothing came by itself, and gives False."""
    return cause in _ON_BIRTHDAYS


def may_reveal_birth_date(kind: str, actions: Collection[str], *, by_night: bool) -> bool:
    """Whether an entry of the audit may reveal the day on which the patron reached an age."""
    if not by_night:
        return False
    return kind == _RIGHTS_ENTRY or (kind == _CALENDAR_ENTRY and not _BIRTHDAY_ACTIONS.isdisjoint(actions))


def _right(today: Day, name: str, ruled: AppliedRule, end: tuple[date, ChangeCause] | None) -> Right:
    row, evidence = RIGHT_RULES[ruled.rule], ruled.evidence
    change = row.changes if end is None else end[1]
    product = today.product(name) or today.policy.products.of(name)[-1]
    return Right(
        product=name,
        title=product.title,
        answer=row.answer,
        rule=ruled.rule,
        fact=evidence.fact,
        valid_from=evidence.since,
        until=None if end is None else end[0] - ONE_DAY,
        changes_when=change,
        from_age=product.from_age if ruled.rule is RightRule.TOO_YOUNG else None,
        open_from=evidence.open_since,
        uncertain=evidence.uncertain,
    )


def _ends(today: Day, ruled: Mapping[str, AppliedRule]) -> dict[str, tuple[date, ChangeCause]]:
    """For each product, the first later day with another answer, and its cause. Leaves out a product without one."""
    turns = _change_days(today.facts, today.policy)
    found: dict[str, tuple[date, ChangeCause]] = {}
    for day in sorted(day for day in turns if day > today.on):
        then = Day.of(today.facts, today.policy, day)
        for name, one in ruled.items():
            if name not in found and then.rule_for(name).answer is not one.answer:
                found[name] = (day, turns[day])
    return found


def _change_days(facts: RightFacts, policy: Policy) -> dict[date, ChangeCause]:
    """Every day on which a right may change by itself. If a day has two causes, the first one found counts."""
    turns: dict[date, ChangeCause] = {}
    for day, change in (*_policy_days(policy), *_local_days(facts), *_birthdays(facts, policy)):
        if day is not None:
            turns.setdefault(day, change)
    return turns


def _policy_days(policy: Policy) -> Iterator[tuple[date | None, ChangeCause]]:
    for product in policy.products.periods:
        yield product.since, ChangeCause.POLICY
        yield after_day(product.until), ChangeCause.POLICY


def _local_days(facts: RightFacts) -> Iterator[tuple[date | None, ChangeCause]]:
    for override in facts.overrides:
        yield override.since, ChangeCause.CORRECTION
        yield override.gives_way, ChangeCause.CORRECTION
    for block in facts.blocks:
        yield block.since, ChangeCause.BLOCK
        yield block.lifted, ChangeCause.BLOCK


def _birthdays(facts: RightFacts, policy: Policy) -> Iterator[tuple[date | None, ChangeCause]]:
    """The days on which the patron reaches the ages of the products and, if groups count, of the ladders."""
    ages = {age for one in policy.products.periods for age in (one.from_age, one.below_age) if age}
    for born in _find_birth_dates(facts):
        for age in ages:
            yield birthday(born, age, leap=policy.ladders.leap), ChangeCause.BIRTHDAY
        for day in policy.ladders.days(born) if policy.products.ask_group() else ():
            yield day, ChangeCause.GROUP


def _find_birth_dates(facts: RightFacts) -> set[date]:
    """Every birth date that may be in force on some day."""
    holding: list[Mapping[Overridden, Override]] = [{}, *({one.field: one} for one in facts.overrides)]
    births = (birth_in_force(facts.register, one) for one in holding)
    return {birth.day for birth in births if birth is not None}
