"""Whether a patron may borrow or reserve, and every rule behind the answer. Leaves out how many items, and which."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from cprsync.domain.lending.standing import Ruling
from cprsync.domain.person.age import age_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from cprsync.domain.lending.standing import Standing
    from cprsync.domain.policy.policy import Policy


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
