"""Someone at the desk, all that is known of them before anything is written, and what a warning about them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.desk.confirming import DeskWarning, Level
from cprsync.domain.desk.likeness import Likeness
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.responsible import of_age_on
from cprsync.domain.person.person import Status
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from cprsync.domain.desk.likeness import Agreement
    from cprsync.domain.patron.local import Block
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.age import LeapDay
    from cprsync.domain.person.purpose import Purpose

_DECISION: Final = Wording("Beslutning 40", "Decision 40")


@dataclass(frozen=True, slots=True, repr=False)
class Arrival:
    """Someone at the desk, and all that is known of them before anything is written."""

    #: the record as it would be; its stage is the one of today
    patron: Patron
    purpose: Purpose
    #: they are a patron of the library already, or answer for one
    is_known: bool = False
    stage: Stage = Stage.ACTIVE
    left_before: bool = False
    #: blocks that are kept by the number since they left
    kept_blocks: tuple[Block, ...] = ()
    #: the number that was typed leads to another
    is_old_number: bool = False
    #: someone answers for their new debts
    is_answered_for: bool = False
    #: the address is sealed for the sake of someone else
    in_household: bool = False
    #: no source has spoken of a protection, and the library seals whoever that is true of
    is_sealed_by_silence: bool = False
    #: they are known, and a yes changes nothing of their record
    changes_nothing: bool = False
    #: a newer source has spoken: the record stays as it is
    is_older: bool = False
    #: the birth date becomes another than the number's with this answer
    turns_birth: bool = False
    #: why the register's answer cannot be decided; None: it can
    parked: str | None = None
    #: the day on which they come of age; None: no birth date is known
    of_age: date | None = None
    today: date | None = None
    #: how far our record and the register's person agree, where one gets the other's number; None: not compared
    like: Likeness | None = None
    #: the register has not answered: nobody has seen whose number it is
    is_unanswered: bool = False
    #: no register knows the number, or there is none
    is_unknown: bool = False
    #: what was typed of them counts for nothing beside the register's word
    typed_beside: bool = False
    #: another patron has the number that is to be given
    is_taken: bool = False

    @property
    def begins(self) -> bool:
        """True of whoever is no borrower before this, and of whoever gets another's number."""
        return not self.is_known or not self.patron.borrows or self.like is not None

    def agrees(self, name: Agreement, birth: Agreement) -> bool:
        """True when name and birth date were compared, and this is what came of it."""
        return self.like == Likeness(name, birth)

    @property
    def is_minor(self) -> bool:
        return self.of_age is not None and self.today is not None and self.today < self.of_age

    def has(self, status: Status) -> bool:
        return self.patron.register.status is status


@dataclass(frozen=True, slots=True)
class WarningRow:
    """One thing to see, of whom it is true, and how loud it is."""

    kind: str
    level: Level
    text: Wording
    when: Callable[[Arrival], bool]
    #: how loud it is of a borrower whose record is only updated; None: the same
    of_borrower: Level | None = None
    #: where the rule comes from
    source: Wording = _DECISION
    #: it is about what is written, and not said of a look-up that writes nothing
    is_about_writing: bool = False

    def of(self, arrival: Arrival) -> DeskWarning:
        level = self.level if arrival.begins or self.of_borrower is None else self.of_borrower
        return DeskWarning(self.kind, level, self.text)


def comes_of_age(patron: Patron, on: date, leap: LeapDay) -> date | None:
    """The day on which someone comes of age, by what counts on a day; None: nobody knows, or they are dead."""
    return None if patron.register.status is Status.DEAD else of_age_on(patron.register, patron.overrides, on, leap)
