"""Birth date and age: which date counts, how old a person is on a day, and on which day they reach an age.

The register's birth date comes first. The date in the number is used without it, and is marked as uncertain. The two
may differ. A corrected birth date changes everything that is computed from it (cpr-data A).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import MAXYEAR, date
from typing import TYPE_CHECKING

from cprsync.domain.person.days import days_of
from cprsync.domain.person.person import Birth
from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from cprsync.domain.person.person import Person

#: The highest age that a rule may use.
AGE_MAX = 150
#: A birth date more than this many years ago is refused, to catch a mistyped year.
_OLDEST_YEARS = 130


class LeapDay(enum.Enum):
    """When a person born on 29 February becomes a year older in a common year. No Danish source says (decision 9)."""

    #: 1 March, the default
    MARCH = "03-01"
    #: 28 February
    FEBRUARY = "02-28"


class BirthSource(enum.Enum):
    """Where a birth date comes from."""

    #: typed at the desk as a correction
    STAFF = "staff"
    #: FOED_DT, or fødselsdato of a look-up
    REGISTER = "register"
    #: derived from the CPR number: used until the register gives a date
    NUMBER = "number"


@dataclass(frozen=True, slots=True, repr=False)
class BirthDate:
    """The birth date that rules use."""

    day: date
    source: BirthSource
    #: the register is not sure of it, or it comes only from the number
    uncertain: bool = False


def birth_date_of(person: Person, *, corrected: date | None = None) -> BirthDate | None:
    """The birth date that counts: staff's correction, else the register's, else the number's; None: there is none."""
    if corrected is not None:
        return BirthDate(corrected, BirthSource.STAFF)
    if isinstance(person.birth, Birth):
        return BirthDate(person.birth.day, BirthSource.REGISTER, person.birth.uncertain)
    born = person.number.born
    return None if born is None else BirthDate(born, BirthSource.NUMBER, uncertain=True)


def parse_birth_date(text: str, today: date) -> date:
    """The birth date that staff typed.

    Raises:
        ValueError: no living person can have it, or its year of two digits may be of two centuries. The message does
            not quote it.
    """
    living = [day for day in days_of(text) if today.year - _OLDEST_YEARS <= day.year and day <= today]
    if not living:
        raise WrongValue("nobody who lives today is born on that day")
    if len(living) > 1:
        raise WrongValue("that year may be of two centuries: type all four digits")
    return living[0]


def differs_from_number(person: Person) -> bool:
    """True if the register's birth date differs from the one in its number. Never true for a replacement number."""
    if person.number.is_replacement or not isinstance(person.birth, Birth):
        return False
    return person.number.born not in {None, person.birth.day}


def birthday(born: date, age: int, *, leap: LeapDay = LeapDay.MARCH) -> date:
    """The day on which a person born on `born` reaches `age`. If `date` cannot hold that day, it is `date.max`.

    Raises ValueError for an age below 0 or above `AGE_MAX`.
    """
    if not 0 <= age <= AGE_MAX:
        raise WrongValue("not an age: expected 0 to {most}", most=AGE_MAX)
    year = born.year + age
    if year > MAXYEAR:
        return date.max
    try:
        return born.replace(year=year)
    except ValueError:
        month, day = leap.value.split("-")
        return date(year, int(month), int(day))


def age_on(born: date, day: date, *, leap: LeapDay = LeapDay.MARCH) -> int:
    """Whole years of age on `day`; 0 before the birth, for a child who is registered early."""
    years = max(0, min(AGE_MAX, day.year - born.year))
    return years if years == 0 or birthday(born, years, leap=leap) <= day else years - 1
