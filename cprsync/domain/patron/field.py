"""What a row of the field table says: who decides the field, who sees it, and how long and where it is kept."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cprsync.domain.patron.kinds import LINE, FieldKind

if TYPE_CHECKING:
    from cprsync.domain.patron.local import Local
    from cprsync.domain.wording import Wording


class Owner(enum.Enum):
    """Who decides the value. A value from any other source never overwrites it silently."""

    #: CPR; staff may correct it for a time
    REGISTER = "register"
    #: the patron; staff write it in for them
    PATRON = "patron"
    #: the library's staff
    STAFF = "staff"
    #: a rule or the program; staff may pin a patron group
    SYSTEM = "system"


class Seen(enum.Enum):
    """Who sees the value."""

    #: the patron, on request, and staff
    BOTH = "both"
    #: the patron sees all of it; staff see a part
    MASKED = "masked"
    #: staff only; for a patron who asks for insight, the library decides what the law allows
    STAFF = "staff"
    #: nobody
    NOBODY = "nobody"


class Basis(enum.Enum):
    """The legal basis for processing the field."""

    #: GDPR article 6(1)(e): a task in the public interest that the law gives the library
    TASK = "task"
    #: Databeskyttelsesloven § 11, stk. 1: a public authority may use the number to identify people
    NUMBER = "number"
    #: GDPR article 6(1)(c): a legal obligation, for example to keep accounts
    DUTY = "duty"


class Kept(enum.Enum):
    """How long the value is kept. The library's policy sets the numbers of days."""

    #: as long as the person is a patron
    RECORD = "record"
    #: until the register gives another value; for 30 days the former value can be restored
    REGISTER = "register"
    #: until it is changed
    CHANGED = "changed"
    #: until the absence is over
    ABSENCE = "absence"
    #: for a time after the block is lifted
    BLOCKS = "blocks"
    #: for a time after the return, or after the debt for the loan is settled
    LOANS = "loans"
    #: until the item is lent out or the reservation is cancelled
    RESERVATIONS = "reservations"
    #: for a time after it is paid
    BALANCES = "balances"
    #: the content for a time; that a message was sent, as long as the person is a patron
    MESSAGES = "messages"
    #: until the minor is of age and what the responsible person answers for is settled
    RESPONSIBLE = "responsible"


class Part(enum.Enum):
    """Where a value is kept."""

    #: sealed, in the part that the register owns
    REGISTER = "register"
    #: sealed, in the part that patron and staff own
    LOCAL = "local"
    #: a column or a table of its own
    RECORD = "record"
    #: the list of loans, reservations, debts or messages
    CIRCULATION = "circulation"


class FieldTargets(enum.Enum):
    """Which targets may get the value, if `fields` of a target in cprsync.toml names it."""

    #: none
    NONE = "none"
    #: those that keep nothing of their own: a feed, a webhook, a file. What a Koha has there is its own
    READERS = "readers"
    #: a Koha as well
    ALL = "all"


class Section(enum.IntEnum):
    """Under which heading the page of a record shows the field. The headings are in this order."""

    #: Person og adresse
    PERSON = 0
    #: Kontakt: what is changed most often
    CONTACT = 1
    #: Lånerforhold
    STANDING = 2
    #: Kort og filial
    CARDS = 3
    #: Lån og mellemværende
    LENDING = 4
    #: Noter
    NOTES = 5


@dataclass(frozen=True, slots=True)
class Field:
    """One field. What it is for is in the catalogue `pages`, under `field.<key>`."""

    #: its name in JSON, in the columns of an import and in `patron set`
    key: str
    #: its name for people
    name: Wording
    owner: Owner
    kept: Kept
    kind: FieldKind = LINE
    part: Part = Part.LOCAL
    basis: Basis = Basis.TASK
    seen: Seen = Seen.BOTH
    #: hidden while the patron is sealed for a reason of their own; only a reveal with a reason shows it
    sealed: bool = False
    #: protection hides a part of it. The catalogue `pages` says which, under `hidden.<key>`
    hidden_in_part: bool = False
    #: what other lists call it
    also: tuple[str, ...] = ()
    #: what other lists call the column of the values that get notices
    notified: tuple[str, ...] = ()
    #: may be a column of `patron import`, and a value of `patron add`
    imported: bool = False
    #: staff may set it for good
    settable: bool = False
    #: staff may correct it for a time, over the register or a rule (`Overridden` has the same): how they are asked why
    why_another: str = ""
    #: why staff do not set it as a field
    why_unset: str = ""
    #: staff name another patron there
    names_patron: bool = False
    #: asked for when a patron is added, at a terminal, on the form and in the API. It is `imported` too
    asked: bool = False
    #: Danish libraries explain it to their patrons under this name
    explained: bool = False
    #: the pages and the table for people name it; False: they name its parts
    printed: bool = True
    section: Section = Section.PERSON
    #: the field that shows it as a part
    part_of: str | None = None
    #: the actions of a night that may have given it its value
    given_by: tuple[str, ...] = ()
    #: the kind of circulation entry that it lists
    entry: str = ""
    #: which targets may get it, if they name it
    targets: FieldTargets = FieldTargets.NONE
    #: the word under which a target names it; "": its key
    told_as: str = ""

    @property
    def correctable(self) -> bool:
        """Whether staff may correct it for a time."""
        return bool(self.why_another)

    @property
    def is_changed(self) -> bool:
        """Whether staff change it on the page of a record."""
        return self.settable or self.correctable or self.names_patron

    @property
    def is_for_patron(self) -> bool:
        """Whether the patron may see it, on their own page and on paper."""
        return self.seen in {Seen.BOTH, Seen.MASKED}

    @property
    def outward(self) -> str:
        """The word under which a target names the field, in its `fields` and in what it gets."""
        return self.told_as or self.key

    @property
    def columns(self) -> tuple[str, ...]:
        """The names under which an import finds the field: its key, its Danish and English names, and others.

        Those of the values that get notices are in `notified`.
        """
        return (self.key, self.name.da, self.name.en, *self.also)

    def value_in(self, local: Local) -> Any:
        """The value in the local part."""
        value = local.value_of(self.key)
        return self.kind.empty if value is None else value
