"""A CPR number as a value that shows nothing when printed. Knows its form, not whether a person has it.

Besides the register's numbers there are numbers that libraries, schools and hospitals make for people without one. They
are kept, and never sent to the register.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import date
from typing import Self

from cprsync.errors import WrongValue

# Cards write the number with one hyphen in place 7. No other separator is accepted.
_FORM = re.compile(r"[0-9]{6}-?[0-9]{4}", re.ASCII)
# Schools and regions use letters in place of CPR's serial number. The part before it is a date.
_WITH_LETTERS = re.compile(r"[0-9]{6}-?(?=[0-9]*[A-Z])[0-9A-Z]{4}", re.ASCII)
#: Characters that a keyboard or a copied text may have for the hyphen: hyphens, dashes, a minus.
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
#: A number within a text that people write, where it may also be parted by a space.
_WITHIN = re.compile(r"(?<![0-9])([0-9]{6})[- ]?([0-9]{4})(?![0-9])", re.ASCII)
_HIDDEN = "xxxxxx-xxxx"
_MASK = re.compile(r"(?:\d{6}|x{6})-?x{4}", re.IGNORECASE | re.ASCII)
#: The prefix of a patron number that replaces a missing CPR number.
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
    """Who made the number."""

    #: by its form a number of the register
    REAL = "real"
    #: erstatningspersonnummer: the day is raised by 60
    REPLACEMENT = "replacement"
    #: letters in the place of the serial number
    LETTERS = "letters"
    #: no number: the value with the patron number tells patrons without one apart
    NONE = "none"


class NumberSex(enum.Enum):
    """The sex that the number was given for. The person's sex may be another."""

    #: the last digit is even
    WOMAN = "woman"
    #: the last digit is odd
    MAN = "man"


def unspaced(typed: str) -> str:
    """A typed number without its spaces and with a plain hyphen, for example from `121179 1283` or `121179 – 1283`."""
    return "".join(typed.split()).translate(_DASHES)


@dataclass(frozen=True, slots=True, repr=False, order=True)
class CprNumber:
    """A well-formed CPR number. Printing it shows nothing; screens use `masked()`."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads ten ASCII digits, with or without a hyphen in place 7. A caller with a padded field strips it first.

        Modulus 11 is not checked: numbers without it are issued since 2007 (cpr.dk).

        Raises ValueError, without quoting the input.
        """
        if not _FORM.fullmatch(text):
            raise WrongValue("not a CPR number: expected ten digits, with at most one hyphen after the sixth")
        return cls(text.replace("-", ""))

    @classmethod
    def parse_any(cls, text: str) -> Self:
        """Reads a number of any kind, also one with letters. Numbers with letters are never sent to CPR or CULR.

        Raises ValueError, without quoting the input.
        """
        written = text.upper()
        return cls(written.replace("-", "")) if _WITH_LETTERS.fullmatch(written) else cls.parse(text)

    @classmethod
    def none_of(cls, patron_id: str) -> Self:
        """The value for a patron without a number. No other patron has the same, and it is never sent out."""
        return cls(f"{_NONE}{patron_id}")

    def __repr__(self) -> str:
        return "CprNumber(…)"

    def __hash__(self) -> int:
        # a tuple of the one field is slower, and each number of a delivery is looked up ten times
        return hash(self.digits)

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    @property
    def kind(self) -> NumberKind:
        """Who made the number, as far as its form tells."""
        if self.digits.startswith(_NONE):
            return NumberKind.NONE
        if not self.digits.isdigit():
            return NumberKind.LETTERS
        raised = _REPLACEMENT_DAYS < int(self.digits[:2]) <= _REPLACEMENT_DAYS + _LAST_DAY
        return NumberKind.REPLACEMENT if raised else NumberKind.REAL

    @property
    def is_replacement(self) -> bool:
        """True if CPR does not know the number: others made it, or there is none. It is never sent."""
        return self.kind is not NumberKind.REAL

    @property
    def sex(self) -> NumberSex | None:
        """The sex by the last digit, real or replacement; None: that is a letter, or there is no number."""
        last = self.digits[-1]
        if self.kind is NumberKind.NONE or not last.isdigit():
            return None
        return NumberSex.MAN if int(last) % 2 else NumberSex.WOMAN

    @property
    def born(self) -> date | None:
        """The date in the number, which may differ from the registered birth date; None: it has no date."""
        kind = self.kind
        if kind in {NumberKind.LETTERS, NumberKind.NONE}:
            return None  # the digit that gives the century is missing
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
        """False for ten digits that cannot be a number of anybody: they have no date, with or without 60 on the day.

        A number with letters is only checked by its form. No number counts as possible.
        """
        return self.kind in {NumberKind.LETTERS, NumberKind.NONE} or self.born is not None

    def masked(self, *, shut: bool = False) -> str:
        """The form for screens: the date part, with the rest hidden; a dash if there is no number.

        `shut`: the birth date is sealed, so the whole number is hidden.
        """
        if self.kind is NumberKind.NONE:
            return "–"
        return _HIDDEN if shut else f"{self.digits[:6]}-xxxx"


def is_mask(text: str) -> bool:
    """Whether a text is what screens show instead of a number."""
    return _MASK.fullmatch(text.strip()) is not None


def hide_numbers(text: str) -> str:
    """A text with each CPR number in it hidden, real or replacement. Other rows of ten digits stay."""

    def hidden(found: re.Match[str]) -> str:
        return _HIDDEN if CprNumber(found[1] + found[2]).is_possible else found[0]

    return _WITHIN.sub(hidden, text.translate(_DASHES))


def holds_number(text: str) -> bool:
    """Whether a CPR number stands in a text, where none may be kept: a text is shown, printed and searched as it is."""
    return hide_numbers(text) != text.translate(_DASHES)


def is_number_alone(text: str) -> bool:
    """Whether a text is one CPR number and nothing else, or what hides one."""
    return hide_numbers(text) == _HIDDEN
