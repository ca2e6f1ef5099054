"""A patron as the store gives them to the rules: what the register owns, who gave it when, and whether it is sealed.

An address may also be sealed to protect someone else of the household (decision 2). Leaves out what patron and staff
own (telephones, notes, cards): no rule of the night reads it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from cprsync.domain.feed.delivery import WindowReason, look_up_day
from cprsync.domain.person.person import SILENT, Protection, Status
from cprsync.domain.person.sealed import Address, SealedAddress

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from cprsync.domain.feed.delivery import Window
    from cprsync.domain.patron.override import Override
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person


#: A dwelling with more other patrons than this is not checked, and counts as sealed: an institution has hundreds.
HOUSE_MOST: Final = 40


class Source(enum.Enum):
    """Where a person's data came from. On the same day the file wins over the look-up."""

    #: the nightly delivery
    FILE = "file"
    #: one SOAP answer
    LOOKUP = "lookup"

    # a member is one object, and a key of the protection rules: the enum's own hash is slow
    __hash__ = object.__hash__


class Purpose(enum.Enum):
    """What the answer is for."""

    #: the person wants to become a patron
    REGISTRATION = "registration"
    #: a registration is renewed
    RENEWAL = "renewal"
    #: the record may be wrong
    CORRECTION = "correction"
    #: the person owes something
    DEBT = "debt"
    #: the person is responsible for a child who is a patron
    GUARDIAN = "guardian"


#: Purposes for which patrons come to the desk for themselves.
#: A leaving patron then stays. A person who only answered for a minor then borrows.
RETURNING: Final = frozenset({Purpose.REGISTRATION, Purpose.RENEWAL})


class PatronKind(enum.Enum):
    """What kind of patron a record is of (Lånertype)."""

    PERSON = "person"
    INSTITUTION = "institution"
    LIBRARY = "library"
    #: not a borrower: only answers for a minor
    RESPONSIBLE = "responsible"


class SealedBy(enum.Enum):
    """Why a patron is sealed for a reason of their own. The first reason that holds is used."""

    #: Navne- og adressebeskyttelse
    PROTECTION = "protection"
    #: an administrative street code, or a status that means one
    STREET = "street"
    #: waits for a decision by staff, and counts as protected until then (decision 3)
    PARKED = "parked"
    #: no source has given the protection, and the policy seals such patrons
    SILENCE = "silence"


def may_make_borrower(purpose: Purpose) -> bool:
    """False for a purpose that only leads to a record without borrowing rights."""
    return purpose is not Purpose.GUARDIAN


@dataclass(frozen=True, slots=True)
class AsOf:
    """The day that a source describes: the file's production date, or the date of the last loaded delivery."""

    day: date
    source: Source
    #: for a look-up: the day of the last delivery that the register had loaded, if `day` is earlier
    loaded: date | None = field(default=None, compare=False)

    @classmethod
    def of_look_up(cls, *, loaded: date, taken: date | None) -> AsOf:
        """The day that a look-up made now describes. A look-up carries no date of its own.

        It speaks of the last delivery that the register has loaded by now and that we have taken.
        """
        return cls(look_up_day(loaded, taken), Source.LOOKUP, loaded)

    @property
    def seen(self) -> date:
        """The day up to which the source has seen everything."""
        return self.loaded or self.day

    @property
    def awaits_delivery(self) -> bool:
        """True if the source has seen a later delivery than `day`, which we have not taken yet."""
        return self.seen != self.day

    def is_older_than(self, other: AsOf) -> bool:
        """True if this may not overwrite data of `other`: it is older, or a look-up on the same day as a file."""
        if self.day != other.day:
            return self.day < other.day
        return self.source is Source.LOOKUP and other.source is Source.FILE


@dataclass(frozen=True, slots=True, repr=False)
class Patron:
    """One patron of one library. `register` is the last known person; `as_of` None: no source has answered yet."""

    id: str
    register: Person
    as_of: AsOf | None
    version: int
    letters_stopped: date | None = None
    #: the patron group in force (Lånergruppe)
    group: str = ""
    #: staff's corrections; the register's part never contains them
    overrides: tuple[Override, ...] = ()
    kind: PatronKind = PatronKind.PERSON
    #: since when, and why, the feed could not report changes of the number; None: it could
    window: Window | None = None
    #: an undone run has put an earlier state back, and nobody has let the patron go yet (decision 19)
    is_held: bool = False
    #: the day of the last delivery with a 0001 about the patron, also in a record that had to wait
    protected_on: date | None = None

    def __repr__(self) -> str:
        return f"Patron({self.id})"

    @property
    def number(self) -> CprNumber:
        return self.register.number

    @property
    def dead_since(self) -> date | None:
        """The day of the death, if the register gives one; else the day that stopped letters. None: not dead to us."""
        register, stopped = self.register, self.letters_stopped
        if register.status is not Status.DEAD or register.status_since is None:
            return stopped
        return register.status_since if stopped is None else min(register.status_since, stopped)

    @property
    def borrows(self) -> bool:
        """False for a person who only answers for a minor: no patron group, no net media."""
        return self.kind is not PatronKind.RESPONSIBLE

    @property
    def is_known(self) -> bool:
        """True once a source has given data about the patron."""
        return self.as_of is not None

    @property
    def verified(self) -> bool:
        """True if a source has answered, and the feed could report every change since (decision 32)."""
        return self.as_of is not None and self.window is None

    def has_newer(self, as_of: AsOf) -> bool:
        """True if a newer source has answered, so that data of `as_of` may not overwrite the record.

        In a window the file could not report everything, so a look-up counts by the day up to which it has seen
        everything.
        """
        if self.as_of is None or not as_of.is_older_than(self.as_of):
            return False
        return self.window is None or replace(as_of, day=as_of.seen).is_older_than(self.as_of)

    def is_answered_by(self, as_of: AsOf) -> bool:
        """True if a look-up of that day covers all that the feed could not report. It then closes the window.

        The window stays open while a delivery that the look-up has seen has not been taken. That delivery will count as
        newer and may restore what the look-up replaced. So the register is asked again after that delivery. While the
        patron is held, no answer changes the record: the register is asked again when they are let go.
        """
        if self.window is None or self.as_of is None or as_of.awaits_delivery or self.is_held:
            return False
        return as_of.seen >= max(self.window.until, self.as_of.day)

    def may_be_opened_by(self, look_up: date) -> bool:
        """True if a look-up of that day may end the protection: no delivery has told of it that day or later."""
        return self.protected_on is None or look_up > self.protected_on

    @property
    def has_replaced_number(self) -> bool:
        """True if the register has replaced the number and staff have decided that the patron keeps it."""
        return self.window is not None and self.window.why is WindowReason.NUMBER_REPLACED

    def is_sealed(self, *, silent_is_sealed: bool, parked: bool = False) -> bool:
        """True if only a reasoned reveal may show name and address. See the function `is_sealed`."""
        in_window = self.window is not None
        return is_sealed(self.register, silent_is_sealed=silent_is_sealed, parked=parked, in_window=in_window)

    def sealed_by(self, *, silent_is_sealed: bool, parked: bool = False) -> SealedBy | None:
        """The reason why `is_sealed` is true; None: it is false."""
        if not self.is_sealed(silent_is_sealed=silent_is_sealed, parked=parked):
            return None
        if self.register.protection is Protection.NAME_AND_ADDRESS:
            return SealedBy.PROTECTION
        if self.register.lives_administratively:
            return SealedBy.STREET
        return SealedBy.PARKED if parked else SealedBy.SILENCE


def is_sealed(person: Person, *, silent_is_sealed: bool, parked: bool = False, in_window: bool = False) -> bool:
    """True if only a reasoned reveal may show name and address, for the patron's own sake (decision 2).

    A person is sealed in these cases:

    - they are parked (decision 3), have name and address protection, or live administratively;
    - no source has given their protection, or the feed could not report it (`in_window`), unless policy says otherwise.

    A replacement number is unknown to the register, so silence about it seals nothing: library staff wrote that record.
    """
    if parked or person.is_shut:
        return True
    is_silent = in_window or person.protection is SILENT
    return silent_is_sealed and is_silent and not person.number.is_replacement


class RelatedPatron(NamedTuple):
    """Another patron who shares the dwelling, or a link, with the patron."""

    person: Person
    #: this patron waits for a decision by staff, and counts as protected (decision 3)
    parked: bool
    #: the feed could not report changes of this number, so it counts as silent (decision 32)
    in_window: bool = False

    @property
    def has_left(self) -> bool:
        """Tell whether this patron shares the dwelling no longer, by the register's word (decision 45).

        The word is not known while news of the patron waits, or the feed could not report it.
        """
        return self.person.has_left and not self.parked and not self.in_window

    def is_sealed(self, *, silent_is_sealed: bool) -> bool:
        """Tell whether this patron is sealed for a reason of their own."""
        return is_sealed(self.person, silent_is_sealed=silent_is_sealed, parked=self.parked, in_window=self.in_window)


def in_household(
    mates: Iterable[RelatedPatron], links: Iterable[RelatedPatron] = (), *, silent_is_sealed: bool, others: int = 0
) -> bool:
    """Tell whether an address is sealed to protect someone else.

    Args:
        mates: the other patrons with the same last known dwelling.
        links: the people that the patron answers for, or that answer for the patron (forælder, værge), wherever they
            live.
        silent_is_sealed: whether the library seals a patron if no source has given their protection.
        others: how many other patrons the dwelling has, read or not.
    """
    if others > HOUSE_MOST:
        return True
    live_there = (one for one in mates if not one.has_left)
    return any(one.is_sealed(silent_is_sealed=silent_is_sealed) for one in chain(live_there, links))


def seal_address(person: Person) -> Person:
    """The same person with the address sealed, to protect someone else who has that address."""
    return replace(person, address=SealedAddress(person.address)) if isinstance(person.address, Address) else person
