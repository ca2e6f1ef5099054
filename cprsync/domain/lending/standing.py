"""A patron's standing: the facts that decide about borrowing and paying, and whether the patron may borrow or reserve.

The caller gathers the facts for the day in question. Each answer has every rule behind it. Leaves out how many items,
and which.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.person.age import age_on
from cprsync.domain.person.person import SILENT
from cprsync.domain.person.status import counts_as_dead

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from cprsync.domain.patron.local import Block, Local
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Silent, Status
    from cprsync.domain.policy.policy import Policy

R = TypeVar("R", bound="enum.Enum")


@dataclass(frozen=True, slots=True, repr=False)
class Ruling(Generic[R]):
    """Whether something is allowed.

    `rules` has, for a no, all rules that forbid it; for a yes, the rule that allows it, and any advice.
    """

    allowed: bool
    rules: tuple[R, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Standing:
    """A patron at the desk. `group` and `born` are the ones in force on the day."""

    group: str
    #: None: neither staff, the register nor the number gives a birth date
    born: date | None
    status: Status | Silent = SILENT
    #: the day of the death by the register, or else the day on which it became known; no fee grows after it
    dead_since: date | None = None
    #: False: no number, or a replacement number
    has_cpr: bool = True
    blocks: tuple[Block, ...] = ()
    debt_oere: int = 0
    #: the patron has asked to leave, or the library ends it
    leaving: bool = False
    #: False: the person only answers for a minor
    borrower: bool = True

    @property
    def is_dead(self) -> bool:
        return counts_as_dead(self.status, self.dead_since)


def standing_of(  # noqa: PLR0913 -- one for each source of what counts
    patron: Patron, local: Local, policy: Policy, *, on: date, debt_oere: int = 0, leaving: bool = False
) -> Standing:
    """The facts of a patron on a day. Staff's corrections count over the register's values, as everywhere."""
    now = effective(patron, policy, on=on)
    return Standing(
        group=now.group,
        born=None if now.birth is None else now.birth.day,
        status=patron.register.status,
        dead_since=patron.dead_since,
        has_cpr=not patron.number.is_replacement,
        blocks=local.blocks,
        debt_oere=debt_oere,
        leaving=leaving,
        borrower=patron.kind is not PatronKind.RESPONSIBLE,
    )


class BorrowRule(enum.Enum):
    """Why a patron may borrow, or not."""

    #: yes: no rule forbids it
    ALLOWED = "allowed"
    #: yes, but the film is for older people, by a rating that only advises
    FILM_ADVICE = "film_advice"
    #: no: the register says that the patron is dead
    DEAD = "dead"
    #: no: the person does not borrow, and only answers for a minor
    NO_BORROWER = "no_borrower"
    #: no: the patron is leaving the library
    LEAVING = "leaving"
    #: no: the patron is blocked
    BLOCKED = "blocked"
    #: no: the patron's debt has reached the limit
    DEBT = "debt"
    #: no: the patron's group may borrow only with a real CPR number
    NO_CPR = "no_cpr"
    #: no: the patron is too young for a rating that binds
    FILM = "film"
    #: no: a rating binds, and the patron's age is unknown
    FILM_AGE_UNKNOWN = "film_age_unknown"


def may_borrow(standing: Standing, policy: Policy, *, on: date, film_from_age: int | None = None) -> Ruling[BorrowRule]:
    """Whether the patron may borrow, or reserve, on a day.

    Args:
        standing: the patron's facts for this decision.
        policy: the library's policy.
        on: the day.
        film_from_age: the lowest age of a film's rating; None: no film, or a film for all ages.
    """
    against = (*_against(standing, policy, on), *_film_against(standing, policy, on, film_from_age))
    if against:
        return Ruling(allowed=False, rules=against)
    advice = (BorrowRule.FILM_ADVICE,) if _too_young(standing, policy, on, film_from_age) else ()
    return Ruling(allowed=True, rules=(BorrowRule.ALLOWED, *advice))


def _against(standing: Standing, policy: Policy, on: date) -> Iterator[BorrowRule]:
    if standing.is_dead:
        yield BorrowRule.DEAD
    if not standing.borrower:
        yield BorrowRule.NO_BORROWER
    if standing.leaving:
        yield BorrowRule.LEAVING
    if any(block.holds_on(on) for block in standing.blocks):
        yield BorrowRule.BLOCKED
    if policy.debt_limit_oere and standing.debt_oere >= policy.debt_limit_oere:
        yield BorrowRule.DEBT
    if policy.group(standing.group).cpr_required and not standing.has_cpr:
        yield BorrowRule.NO_CPR


def _film_against(standing: Standing, policy: Policy, on: date, film_from_age: int | None) -> Iterator[BorrowRule]:
    if film_from_age not in policy.binding_films:
        return
    if standing.born is None:
        yield BorrowRule.FILM_AGE_UNKNOWN
    elif _too_young(standing, policy, on, film_from_age):
        yield BorrowRule.FILM


def _too_young(standing: Standing, policy: Policy, on: date, film_from_age: int | None) -> bool:
    if film_from_age is None or standing.born is None:
        return False
    return age_on(standing.born, on, leap=policy.ladders.leap) < film_from_age
