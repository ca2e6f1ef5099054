"""One patron on one day: the facts that count for a right, which row of the rights table holds first, and what it read.

The facts hold no name, no address and no protection.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.netmedia.right_rule import RIGHT_RULES, RightByRule, RightRule
from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.override import Overridden, in_force
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.patron.review import BLOCK_REASONS, is_reason_for_block
from cprsync.domain.person.age import age_on, birthday
from cprsync.domain.person.municipality import MunicipalityKind, Residence, municipality_kind_of
from cprsync.domain.person.person import NUMBER_ONLY, SILENT, Person, Status
from cprsync.domain.person.sealed import Address
from cprsync.domain.person.status import STATUS_RULES, Lives, counts_as_dead
from cprsync.domain.policy.product import Licence, LicensedBy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from cprsync.domain.patron.effective import Effective
    from cprsync.domain.patron.local import Block, Local
    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.age import BirthDate
    from cprsync.domain.policy.policy import Policy
    from cprsync.domain.policy.product import Product


#: The blocks that a status brings, by the reason on the record.
_STATUS_BLOCKS: Final = {reason: kind for kind, reason in BLOCK_REASONS.items()}
#: The corrections by staff that count for a right.
_COUNTS: Final = frozenset({Overridden.BIRTH_DATE, Overridden.MUNICIPALITY, Overridden.GROUP})


@dataclass(frozen=True, slots=True, repr=False)
class RightFacts:
    """The facts of one patron. Of `register` only number, status, birth date and municipality are filled in."""

    register: Person
    #: the patron group that the patron is in now
    group: str = ""
    #: the overrides of birth date, municipality and group, whether they hold or not
    overrides: tuple[Override, ...] = ()
    blocks: tuple[Block, ...] = ()
    kind: PatronKind = PatronKind.PERSON
    stage: Stage = Stage.ACTIVE
    #: since when the register's municipality and status are as they are, by the register's own days or else by ours;
    #: None: unknown
    municipality_since: date | None = None
    status_since: date | None = None
    #: the day on which the status became another one, as on a return; None: it has not since the first copy
    status_turned: date | None = None
    #: the day on which a death stopped letters; None: letters are sent
    letters_stopped: date | None = None


def right_facts(  # noqa: PLR0913 -- one for each day that we know
    patron: Patron,
    local: Local,
    *,
    stage: Stage = Stage.ACTIVE,
    municipality_since: date | None = None,
    status_since: date | None = None,
    status_turned: date | None = None,
) -> RightFacts:
    """Takes from a patron what counts for a right.

    Leaves out protection and name, and all of the address except its municipality. The days are those
    on which we wrote the values: they count where the register gives none.
    """
    register = patron.register
    at = register.address
    return RightFacts(
        register=Person(
            register.number,
            birth=register.birth,
            status=register.status,
            address=SILENT if at is SILENT else Address.somewhere_in(at.municipality),
        ),
        group=patron.group,
        overrides=tuple(one for one in patron.overrides if one.field in _COUNTS),
        blocks=local.blocks,
        kind=patron.kind,
        stage=stage,
        municipality_since=register.municipality_since or municipality_since,
        status_since=register.status_since or status_since,
        status_turned=register.status_since or status_turned,
        letters_stopped=patron.letters_stopped,
    )


@dataclass(frozen=True, slots=True, repr=False)
class RightEvidence:
    """What a row read, and since when it is so; None: unknown."""

    #: for example `municipality 0751`; "" if the row has nothing to add to its own words
    fact: str = ""
    since: date | None = None
    #: `since`, if it reveals neither the birth date nor a block; else None
    open_since: date | None = None
    #: it follows from a birth date that the register is not sure of
    uncertain: bool = False

    def not_before(self, begins: date) -> RightEvidence:
        """The same, for a product whose terms began on a day. No date is earlier than that day."""
        since, open_since = (day and max(day, begins) for day in (self.since, self.open_since))
        return replace(self, since=since, open_since=open_since)


@dataclass(frozen=True, slots=True, repr=False)
class AppliedRule:
    """The row that holds, and what it read."""

    rule: RightRule
    evidence: RightEvidence

    @property
    def answer(self) -> RightByRule:
        return RIGHT_RULES[self.rule].answer


@dataclass(frozen=True, slots=True, repr=False)
class Day:
    """A patron's facts on one day, and the values in force."""

    facts: RightFacts
    policy: Policy
    on: date
    now: Effective

    @classmethod
    def of(cls, facts: RightFacts, policy: Policy, on: date) -> Day:
        return cls(facts, policy, on, effective(facts, policy, on=on))

    def rule_for(self, name: str) -> AppliedRule:
        """The first row of the table that holds for a product."""
        product = self.product(name)
        if product is None:
            return AppliedRule(RightRule.NOT_OFFERED, RightEvidence())
        rows = _ROWS[product.licensed_by]
        rule, found = next((rule, found) for rule, read in rows if (found := read(self, product)) is not None)
        return AppliedRule(rule, found.not_before(product.since))

    def product(self, name: str) -> Product | None:
        """The product's terms in force; None: the policy has none on that day."""
        return next((one for one in self.policy.products.of(name) if one.holds_on(self.on)), None)

    @property
    def elsewhere_by_status(self) -> bool:
        """Whether the status says that the patron lives in no Danish municipality, whatever address or staff say."""
        status = self.facts.register.status
        return status is not SILENT and STATUS_RULES[status].lives is Lives.ELSEWHERE

    @property
    def lives_since(self) -> date | None:
        """Since when the patron lives in the municipality in force, by staff's correction or by the register."""
        typed = in_force(self.facts.overrides, self.on).get(Overridden.MUNICIPALITY)
        if typed is not None:
            return typed.since
        moved, came_back = self.facts.municipality_since, self.facts.status_turned
        # a patron who came back lives there from that day, even if it is the same municipality
        return None if moved is None else max(moved, came_back or moved)

    def birthday_at(self, age: int) -> date | None:
        """The day on which the patron reached an age (0 is birth); None: no birth date is known."""
        born = self.now.birth
        return None if born is None else birthday(born.day, age, leap=self.policy.ladders.leap)

    def age(self, born: BirthDate) -> int:
        return age_on(born.day, self.on, leap=self.policy.ladders.leap)


def _if(condition: bool) -> RightEvidence | None:
    """For a row that has nothing to add to its own words."""
    return RightEvidence() if condition else None


def _closed(day: Day, _product: Product) -> RightEvidence | None:
    return _if(day.facts.stage is Stage.CLOSED)


def _no_borrower(day: Day, _product: Product) -> RightEvidence | None:
    return _if(day.facts.kind is PatronKind.RESPONSIBLE)


def _no_person(day: Day, _product: Product) -> RightEvidence | None:
    return _if(day.facts.kind in {PatronKind.INSTITUTION, PatronKind.LIBRARY})


def _dead(day: Day, _product: Product) -> RightEvidence | None:
    stopped = day.facts.letters_stopped
    if not counts_as_dead(day.facts.register.status, stopped):
        return None
    read = _by_status(day)
    # the number was annulled after the death
    return read if day.facts.register.status is Status.DEAD else replace(read, since=stopped, open_since=stopped)


def _leaving(day: Day, _product: Product) -> RightEvidence | None:
    return _if(day.facts.stage is Stage.LEAVING)


def _blocked(day: Day, product: Product) -> RightEvidence | None:
    holding = [block for block in day.facts.blocks if _closes(block, day, product)]
    since = min((block.since for block in holding), default=None)
    # the reason is in staff's own words, and is shown nowhere else
    return None if since is None else RightEvidence("block", since=since)


def _closes(block: Block, day: Day, product: Product) -> bool:
    """Whether a block holds and closes the product. A block that a status brought ends with that status."""
    brought_by = _STATUS_BLOCKS.get(block.reason)
    over = brought_by is not None and not is_reason_for_block(brought_by, day.facts.register.status)
    return block.holds_on(day.on) and not over and product.is_closed_by(block.reason)


def _group(day: Day, product: Product) -> RightEvidence | None:
    group = day.now.group
    return RightEvidence(f"group {group}") if group in product.closed_groups else None


def _too_young(day: Day, product: Product) -> RightEvidence | None:
    born = day.now.birth
    if born is None or day.age(born) >= product.from_age:
        return None
    return _aged(day, born)


def _too_old(day: Day, product: Product) -> RightEvidence | None:
    born = day.now.birth
    if born is None or product.below_age is None or day.age(born) < product.below_age:
        return None
    return _aged(day, born, since=day.birthday_at(product.below_age))


def _aged(day: Day, born: BirthDate, *, since: date | None = None) -> RightEvidence:
    return RightEvidence(f"age {day.age(born)}", since=since, uncertain=born.uncertain)


def _elsewhere(day: Day, _product: Product) -> RightEvidence | None:
    if day.elsewhere_by_status:
        return _by_status(day)
    code, lives = day.now.municipality, day.now.residence
    if code is None or lives is not Residence.NOT_RESIDENT:
        return None
    return _at(day) if municipality_kind_of(code) is MunicipalityKind.GREENLANDIC else None


def _by_status(day: Day) -> RightEvidence:
    status = day.facts.register.status
    if status is SILENT:
        return RightEvidence()
    return RightEvidence(f"status {status.value}", day.facts.status_since, day.facts.status_since)


def _unlicensed(day: Day, product: Product) -> RightEvidence | None:
    return _at(day) if _licence(day, product) is Licence.NONE else None


def _number(day: Day, _product: Product) -> RightEvidence | None:
    return _by_status(day) if day.facts.register.status in NUMBER_ONLY else None


def _residence_unknown(day: Day, _product: Product) -> RightEvidence | None:
    return _by_status(day) if day.now.residence is Residence.UNKNOWN else None


def _licence_unknown(day: Day, product: Product) -> RightEvidence | None:
    return _at(day) if _licence(day, product) is Licence.UNKNOWN else None


def _age_unknown(day: Day, product: Product) -> RightEvidence | None:
    return _if(product.asks_age and day.now.birth is None)


def _municipality(day: Day, product: Product) -> RightEvidence | None:
    return _at(day, day.birthday_at(product.from_age))


def _library(day: Day, product: Product) -> RightEvidence | None:
    opens = day.birthday_at(product.from_age)
    return RightEvidence("library", opens or product.since, _unless_later(product.since, opens))


def _licence(day: Day, product: Product) -> Licence | None:
    """Whether the patron's municipality has the licence; None: the patron lives in none, or it is unknown."""
    code, lives = day.now.municipality, day.now.residence
    return None if code is None or lives is Residence.UNKNOWN else product.licence_of(code, day.policy.home)


def _at(day: Day, birthday_: date | None = None) -> RightEvidence:
    """The patron's municipality, and since when. That day is never before the patron has reached the age."""
    code, since = day.now.municipality, day.lives_since
    whole = None if since is None else max(since, birthday_ or since)
    return RightEvidence(f"municipality {code}", whole, _unless_later(since, birthday_))


def _unless_later(since: date | None, opens: date | None) -> date | None:
    """The day, if it does not reveal the birth date; None: the patron reached the age after that day."""
    return None if since is None or (opens is not None and opens > since) else since


#: Reads what a row needs; None: the row does not hold.
_Reader: TypeAlias = "Callable[[Day, Product], RightEvidence | None]"
_READERS: Final[Mapping[RightRule, _Reader]] = {
    RightRule.NOT_OFFERED: lambda _day, _product: None,  # `rule_for` answers this row itself
    RightRule.CLOSED: _closed,
    RightRule.NO_BORROWER: _no_borrower,
    RightRule.NO_PERSON: _no_person,
    RightRule.DEAD: _dead,
    RightRule.LEAVING: _leaving,
    RightRule.BLOCKED: _blocked,
    RightRule.GROUP: _group,
    RightRule.TOO_YOUNG: _too_young,
    RightRule.TOO_OLD: _too_old,
    RightRule.ELSEWHERE: _elsewhere,
    RightRule.UNLICENSED: _unlicensed,
    RightRule.NUMBER: _number,
    RightRule.RESIDENCE_UNKNOWN: _residence_unknown,
    RightRule.LICENCE_UNKNOWN: _licence_unknown,
    RightRule.AGE_UNKNOWN: _age_unknown,
    RightRule.MUNICIPALITY: _municipality,
    RightRule.LIBRARY: _library,
}
#: The rows for each kind of licence, in reading order. They are prepared because a night asks thousands of times.
_ROWS: Final[Mapping[LicensedBy, tuple[tuple[RightRule, _Reader], ...]]] = {
    by: tuple((row.rule, _READERS[row.rule]) for row in RIGHT_RULES.values() if row.licensed_by in {None, by})
    for by in LicensedBy
}
