"""Whether a patron may borrow or reserve, and every rule that says so. Leaves out how many, and of what."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from cprsync.domain.lending.ruling import Ruling
from cprsync.domain.person.age import age_on
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from cprsync.domain.lending.standing import Standing
    from cprsync.domain.policy.policy import Policy


class BorrowRule(enum.Enum):
    """Why a patron may borrow, or not."""

    #: nothing speaks against it
    ALLOWED = "allowed"
    #: yes, and the film is meant for older ones: a rating that only advises
    FILM_ADVICE = "film_advice"
    #: no: the register says that she is dead
    DEAD = "dead"
    #: no: she is no borrower, and only answers for a minor
    NO_BORROWER = "no_borrower"
    #: no: she is leaving the library
    LEAVING = "leaving"
    #: no: she is blocked
    BLOCKED = "blocked"
    #: no: she owes as much as the limit, or more
    DEBT = "debt"
    #: no: her group borrows with a real CPR number only
    NO_CPR = "no_cpr"
    #: no: she has not reached the age of a rating that binds
    FILM = "film"
    #: no: a rating binds, and nobody knows how old she is
    FILM_AGE_UNKNOWN = "film_age_unknown"


BORROW_WORDS: Final[Mapping[BorrowRule, Wording]] = {
    BorrowRule.ALLOWED: Wording("intet taler imod", "nothing speaks against it"),
    BorrowRule.FILM_ADVICE: Wording(
        "filmen frarådes børn på den alder; den må lånes", "the film is not advised at that age; it may be lent"
    ),
    BorrowRule.DEAD: Wording("låneren er død", "the patron is dead"),
    BorrowRule.NO_BORROWER: Wording(
        "er ikke låner, men svarer kun for en mindreårig", "no borrower, but only answers for a minor"
    ),
    BorrowRule.LEAVING: Wording("låneren er ved at blive meldt ud", "the patron is leaving the library"),
    BorrowRule.BLOCKED: Wording("låneren er blokeret", "the patron is blocked"),
    BorrowRule.DEBT: Wording("gælden har nået bibliotekets grænse", "the debt has reached the library's limit"),
    BorrowRule.NO_CPR: Wording(
        "lånergruppen kræver et CPR-nummer, og et erstatningsnummer er ikke nok",
        "the patron group asks for a CPR number, and a replacement number is not enough",
    ),
    BorrowRule.FILM: Wording(
        "filmens aldersgrænse er bindende, også med forældres tilladelse",
        "the film's age limit binds, whatever parents allow",
    ),
    BorrowRule.FILM_AGE_UNKNOWN: Wording(
        "filmens aldersgrænse er bindende, og lånerens alder er ikke kendt",
        "the film's age limit binds, and the patron's age is not known",
    ),
}


def may_borrow(standing: Standing, policy: Policy, *, on: date, film_from_age: int | None = None) -> Ruling[BorrowRule]:
    """Whether she may borrow, or reserve, on a day.

    Args:
        standing: what counts of the patron.
        policy: the library's.
        on: the day.
        film_from_age: the age that a film is rated from; None: no film, or one for all.
    """
    against = (*_against(standing, policy, on), *_film_against(standing, policy, on, film_from_age))
    if against:
        return Ruling(allowed=False, rules=against, group=standing.group)
    advice = (BorrowRule.FILM_ADVICE,) if _too_young(standing, policy, on, film_from_age) else ()
    return Ruling(allowed=True, rules=(BorrowRule.ALLOWED, *advice), group=standing.group)


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
