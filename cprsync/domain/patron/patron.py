"""A patron as the store hands her to the rules: what the register owns, and what else decides.

What patron and staff own (telephones, notes, cards) is not here: no rule of the night reads it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cprsync.domain.feed.window import Why
from cprsync.domain.person.often import made_often
from cprsync.domain.person.person import SILENT, Protection

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.feed.window import Window
    from cprsync.domain.patron.override import Override
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person


class Source(enum.Enum):
    """Where a person's data came from. On equal dates the file wins over the look-up."""

    #: the nightly delivery
    FILE = "file"
    #: one SOAP answer
    LOOKUP = "lookup"

    # a member is one object, and a key of the protection rules: the enum's own hash is slow
    __hash__ = object.__hash__


class PatronKind(enum.Enum):
    """What kind of patron a record is of (Lånertype)."""

    PERSON = "person"
    INSTITUTION = "institution"
    LIBRARY = "library"
    #: no borrower: she only answers for a minor
    RESPONSIBLE = "responsible"


class SealedBy(enum.Enum):
    """For which reason of their own someone is sealed, the first that holds."""

    #: Navne- og adressebeskyttelse
    PROTECTION = "protection"
    #: an administrative street code, or the status of one
    STREET = "street"
    #: waits for a person, and counts as protected meanwhile (decision 3)
    PARKED = "parked"
    #: no source has spoken of their protection, and the policy seals that
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class AsOf:
    """The day a source speaks of: the file's production date, or that of the last loaded delivery."""

    day: date
    source: Source
    #: of a look-up the day of the last delivery that the register had loaded, where `day` is an earlier one
    loaded: date | None = field(default=None, compare=False)

    @property
    def seen(self) -> date:
        """The day up to which the source has seen everything."""
        return self.loaded or self.day

    @property
    def awaits_delivery(self) -> bool:
        """Whether the source has seen the day of a delivery that has not been taken."""
        return self.seen != self.day

    def is_older_than(self, other: AsOf) -> bool:
        """True when this may not overwrite what `other` said: older, or a look-up on the file's own day."""
        if self.day != other.day:
            return self.day < other.day
        return self.source is Source.LOOKUP and other.source is Source.FILE


@made_often
@dataclass(frozen=True, slots=True, repr=False)
class Patron:
    """One patron of one library. `register` is the last known person; `as_of` None: no source has spoken yet."""

    id: str
    register: Person
    as_of: AsOf | None
    version: int
    letters_stopped: date | None = None
    #: Lånergruppe, as it is in force
    group: str = ""
    #: what staff corrected; the register's part never holds any of it
    overrides: tuple[Override, ...] = ()
    kind: PatronKind = PatronKind.PERSON
    #: since when, and why, the feed could not have told of the number; None: it could
    window: Window | None = None

    def __repr__(self) -> str:
        return f"Patron({self.id})"

    @property
    def number(self) -> CprNumber:
        return self.register.number

    @property
    def borrows(self) -> bool:
        """False of someone who only answers for a minor: no patron group, no net media."""
        return self.kind is not PatronKind.RESPONSIBLE

    @property
    def is_known(self) -> bool:
        """True once a source has spoken of the patron."""
        return self.as_of is not None

    @property
    def verified(self) -> bool:
        """True when a source has spoken, and the feed could have told of every change since (decision 32)."""
        return self.as_of is not None and self.window is None

    def has_newer(self, as_of: AsOf) -> bool:
        """True when a newer source has spoken, so that this one may not overwrite the record.

        In a window the file could not tell everything: what counts of a look-up is the day that it has seen.
        """
        if self.as_of is None or not as_of.is_older_than(self.as_of):
            return False
        return self.window is None or replace(as_of, day=as_of.seen).is_older_than(self.as_of)

    def is_answered_by(self, as_of: AsOf) -> bool:
        """True when a look-up of that day has seen all that the feed could not tell, and closes the window.

        While the delivery of a day that it has seen has not been taken, the window stays open. That delivery will count
        as newer and may put back what the look-up has replaced, so the register is asked again once it has come.
        """
        if self.window is None or self.as_of is None or as_of.awaits_delivery:
            return False
        return as_of.seen >= max(self.window.until, self.as_of.day)

    @property
    def has_replaced_number(self) -> bool:
        """True when the register has replaced the number and a person has decided that the patron keeps it."""
        return self.window is not None and self.window.why is Why.NUMBER_REPLACED

    def is_sealed(self, *, silent_is_sealed: bool, parked: bool = False) -> bool:
        """True when name and address go nowhere without a reasoned reveal: see the function of that name."""
        in_window = self.window is not None
        return is_sealed(self.register, silent_is_sealed=silent_is_sealed, parked=parked, in_window=in_window)

    def sealed_by(self, *, silent_is_sealed: bool, parked: bool = False) -> SealedBy | None:
        """The reason for which `is_sealed` is true; None: it is not."""
        if not self.is_sealed(silent_is_sealed=silent_is_sealed, parked=parked):
            return None
        if self.register.protection is Protection.NAME_AND_ADDRESS:
            return SealedBy.PROTECTION
        if self.register.lives_administratively:
            return SealedBy.STREET
        return SealedBy.PARKED if parked else SealedBy.SILENCE


def is_sealed(person: Person, *, silent_is_sealed: bool, parked: bool = False, in_window: bool = False) -> bool:
    """True when name and address go nowhere without a reasoned reveal, for a reason of her own (decision 2).

    Whoever is parked (decision 3); name and address protection; a person of whose protection no source
    has spoken, or may have spoken without the feed telling of it (`in_window`), unless policy says otherwise; and
    whoever lives administratively. The silence of a register that does not know her number says nothing: what
    stands there the library's own people wrote.
    """
    if parked or person.is_shut:
        return True
    is_silent = in_window or person.protection is SILENT
    return silent_is_sealed and is_silent and not person.number.is_replacement
