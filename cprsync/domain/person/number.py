"""A CPR number as a value that shows nothing when printed. Knows its form, not whether anyone holds it.

Beside the register's numbers there are those that libraries, schools and hospitals make for whoever has none.
They are kept, and never sent to the register.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import date
from typing import Self

# One hyphen in place 7 is how the number is written on cards; nothing else is tolerated.
_FORM = re.compile(r"[0-9]{6}-?[0-9]{4}", re.ASCII)
# Schools and regions put letters where CPR has the serial number; the date before it is a date.
_WITH_LETTERS = re.compile(r"[0-9]{6}-?(?=[0-9]*[A-Z])[0-9A-Z]{4}", re.ASCII)
#: What a keyboard or a copied text has in the hyphen's place: hyphens, dashes, a minus.
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
#: What stands before a patron number where there is no CPR number.
_NONE = "-"
#: Digit 7 decides the century together with the year.
_CENTURIES: tuple[tuple[str, int, int, int], ...] = (
    # digit 7, years up to and including, their century, the century of the years after
    ("0123", 99, 1900, 1900),
    ("4", 36, 2000, 1900),
    ("5678", 57, 2000, 1800),
    ("9", 36, 2000, 1900),
)
#: Replacement numbers raise the day by 60 (cpr.dk, "erstatningspersonnummer").
_REPLACEMENT_DAYS = 60
_LAST_DAY = 31


class NumberKind(enum.Enum):
    """Who made a number."""

    #: by its form one of the register's
    REAL = "real"
    #: erstatningspersonnummer: the day is raised by 60
    REPLACEMENT = "replacement"
    #: letters in the place of the serial number
    LETTERS = "letters"
    #: she has none: what stands in its place tells her from others who have none
    NONE = "none"


class NumberSex(enum.Enum):
    """The sex that a number was given for, which need not be the person's."""

    #: the last digit is even
    WOMAN = "woman"
    #: the last digit is odd
    MAN = "man"


def unspaced(typed: str) -> str:
    """A number as people write it, without its spaces and with a plain hyphen: `121179 1283`, `121179 – 1283`."""
    return "".join(typed.split()).translate(_DASHES)


@dataclass(frozen=True, slots=True, repr=False, order=True)
class CprNumber:
    """A well-formed CPR number. Printing one shows nothing; screens ask for `masked()`."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take ten ASCII digits, with or without a hyphen in place 7; whoever reads a padded field strips it first.

        Modulus 11 is not checked: numbers without it are issued since 2007 (cpr.dk).
        Raises ValueError, without quoting the input.
        """
        if not _FORM.fullmatch(text):
            raise ValueError("not a CPR number: expected ten digits, with at most one hyphen after the sixth")
        return cls(text.replace("-", ""))

    @classmethod
    def parse_any(cls, text: str) -> Self:
        """Take a number of any kind: also one with letters, which no counterpart is ever told.

        Raises ValueError, without quoting the input.
        """
        written = text.upper()
        return cls(written.replace("-", "")) if _WITH_LETTERS.fullmatch(written) else cls.parse(text)

    @classmethod
    def none_of(cls, patron_id: str) -> Self:
        """No number, of a patron: nobody else has the same, and no counterpart is ever told."""
        return cls(f"{_NONE}{patron_id}")

    def __repr__(self) -> str:
        return "CprNumber(…)"

    def __hash__(self) -> int:
        # not by a tuple of its one field: each number of a delivery is looked up ten times
        return hash(self.digits)

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    @property
    def kind(self) -> NumberKind:
        """Who made it, as far as its form tells."""
        if self.digits.startswith(_NONE):
            return NumberKind.NONE
        if not self.digits.isdigit():
            return NumberKind.LETTERS
        raised = _REPLACEMENT_DAYS < int(self.digits[:2]) <= _REPLACEMENT_DAYS + _LAST_DAY
        return NumberKind.REPLACEMENT if raised else NumberKind.REAL

    @property
    def is_replacement(self) -> bool:
        """True where CPR knows no number: a library, school or hospital made it, or there is none. It is never sent."""
        return self.kind is not NumberKind.REAL

    @property
    def sex(self) -> NumberSex | None:
        """What the last digit says, real or replacement; None if that is a letter, or there is no number."""
        last = self.digits[-1]
        if self.kind is NumberKind.NONE or not last.isdigit():
            return None
        return NumberSex.MAN if int(last) % 2 else NumberSex.WOMAN

    @property
    def born(self) -> date | None:
        """The date in the number, which is not always the registered birth date; None if it tells none."""
        kind = self.kind
        if kind in {NumberKind.LETTERS, NumberKind.NONE}:
            return None  # the century stands in a digit that is not there
        day, month, year = int(self.digits[:2]), int(self.digits[2:4]), int(self.digits[4:6])
        if kind is NumberKind.REPLACEMENT:
            day -= _REPLACEMENT_DAYS
        century = next(
            early if year <= last else late for digits, last, early, late in _CENTURIES if self.digits[6] in digits
        )
        try:
            return date(century + year, month, day)
        except ValueError:
            return None

    @property
    def is_possible(self) -> bool:
        """False for ten digits that nobody can have been given: there is no date in them, the day plus 60 or not.

        Of a number with letters its form is all that is known, and of none there is nothing to say.
        """
        return self.kind in {NumberKind.LETTERS, NumberKind.NONE} or self.born is not None

    def masked(self, *, shut: bool = False) -> str:
        """The form for screens: the birth date's part, the rest hidden; a dash for none.

        `shut`: her birth date is sealed, and of the number nothing shows.
        """
        if self.kind is NumberKind.NONE:
            return "–"
        return "xxxxxx-xxxx" if shut else f"{self.digits[:6]}-xxxx"
