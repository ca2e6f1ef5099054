"""The field table: each field of a patron record, its purpose, its owner, who sees it, and how long it is kept.

This is the only list of fields. Store, import, desk, merging and the pages for people read it. A plain
field that patron or staff own needs a row here, its words in `field_words`, and no other edit.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.patron.field_words import WORDS
from cprsync.domain.patron.kinds import (
    ABSENCE,
    ADDRESS,
    BLOCKS,
    CARDS,
    CONTACT_ADDRESS,
    EMAILS,
    GROUP,
    LANGUAGE,
    LINE,
    NAME,
    NOTE,
    PIN,
    TELEPHONES,
    Kind,
)

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


@dataclass(frozen=True, slots=True)
class Field:
    """One field. Its words are in `field_words`, under its key."""

    #: its name in JSON, in the columns of an import and in `patron set`
    key: str
    owner: Owner
    kept: Kept
    kind: Kind = LINE
    part: Part = Part.LOCAL
    basis: Basis = Basis.TASK
    seen: Seen = Seen.BOTH
    #: hidden while the patron is sealed for a reason of their own; only a reveal with a reason shows it
    sealed: bool = False
    #: may be a column of `patron import`, and a value of `patron add`
    imported: bool = False
    #: staff may set it for good; `override` has what they may correct for a time
    settable: bool = False
    #: `patron add` asks for it at a terminal
    asked: bool = False
    #: Danish libraries explain it to their patrons under this name
    explained: bool = False
    #: the pages and the table for people name it; False: they name its parts
    printed: bool = True
    #: the field as a part of which a record shows it
    part_of: str | None = None
    #: the actions of a night that may have given it its value
    given_by: tuple[str, ...] = ()
    #: the kind of circulation entry that it lists
    entry: str = ""

    @property
    def name(self) -> Wording:
        return WORDS[self.key].name

    @property
    def purpose(self) -> Wording:
        """What the field is for, in the words that a patron reads."""
        return WORDS[self.key].purpose

    @property
    def columns(self) -> tuple[str, ...]:
        """The names under which an import finds the field: its key, and its Danish and English names."""
        return (self.key, self.name.da, self.name.en)

    def value_in(self, local: Local) -> Any:
        """The value in the local part."""
        value = local.value_of(self.key)
        return self.kind.empty if value is None else value


#: In the order of the pages and of `patron show`.
FIELDS: Final[tuple[Field, ...]] = (
    Field("patron", Owner.SYSTEM, Kept.RECORD, part=Part.RECORD, imported=True, explained=True),
    Field(
        "cpr_number",
        Owner.REGISTER,
        Kept.RECORD,
        part=Part.REGISTER,
        basis=Basis.NUMBER,
        seen=Seen.MASKED,
        imported=True,
        asked=True,
        explained=True,
    ),
    Field("absence", Owner.PATRON, Kept.ABSENCE, kind=ABSENCE, imported=True, settable=True, explained=True),
    # A list sets name, birth date and address only for a patron that no register knows. For others CPR's values count.
    Field(
        "name",
        Owner.REGISTER,
        Kept.REGISTER,
        kind=NAME,
        part=Part.REGISTER,
        sealed=True,
        imported=True,
        asked=True,
        explained=True,
        given_by=("named", "rename"),
    ),
    Field("first_names", Owner.REGISTER, Kept.REGISTER, part=Part.REGISTER, sealed=True, given_by=("named", "rename")),
    Field("middle_names", Owner.REGISTER, Kept.REGISTER, part=Part.REGISTER, sealed=True, given_by=("named", "rename")),
    Field("last_name", Owner.REGISTER, Kept.REGISTER, part=Part.REGISTER, sealed=True, given_by=("named", "rename")),
    # a sealed patron's age is shown instead
    Field(
        "birth_date",
        Owner.REGISTER,
        Kept.REGISTER,
        part=Part.REGISTER,
        sealed=True,
        imported=True,
        asked=True,
        explained=True,
        given_by=("birth_corrected",),
    ),
    Field(
        "address",
        Owner.REGISTER,
        Kept.REGISTER,
        kind=ADDRESS,
        part=Part.REGISTER,
        sealed=True,
        imported=True,
        asked=True,
        given_by=("move", "address_corrected"),
    ),
    Field(
        "contact_address",
        Owner.PATRON,
        Kept.CHANGED,
        kind=CONTACT_ADDRESS,
        sealed=True,
        imported=True,
        settable=True,
        explained=True,
    ),
    Field(
        "telephones",
        Owner.PATRON,
        Kept.CHANGED,
        kind=TELEPHONES,
        imported=True,
        settable=True,
        asked=True,
        explained=True,
    ),
    Field("emails", Owner.PATRON, Kept.CHANGED, kind=EMAILS, imported=True, settable=True, asked=True, explained=True),
    # the pages explain its two parts
    Field("blocks", Owner.STAFF, Kept.BLOCKS, kind=BLOCKS, settable=True, printed=False),
    Field("blocked_since", Owner.STAFF, Kept.BLOCKS, imported=True, explained=True, part_of="blocks"),
    Field("blocked_reason", Owner.STAFF, Kept.BLOCKS, imported=True, explained=True, part_of="blocks"),
    Field("group", Owner.SYSTEM, Kept.CHANGED, kind=GROUP, imported=True, asked=True, explained=True),
    Field("branch", Owner.PATRON, Kept.CHANGED, imported=True, settable=True, asked=True, explained=True),
    Field(
        "municipality", Owner.REGISTER, Kept.REGISTER, part=Part.REGISTER, explained=True, given_by=("municipality",)
    ),
    Field("language", Owner.PATRON, Kept.CHANGED, kind=LANGUAGE, imported=True, settable=True, explained=True),
    Field("cards", Owner.STAFF, Kept.CHANGED, kind=CARDS, imported=True, settable=True, asked=True, explained=True),
    Field("pin", Owner.PATRON, Kept.CHANGED, kind=PIN, seen=Seen.NOBODY, settable=True, part_of="cards"),
    Field(
        "internal_note",
        Owner.STAFF,
        Kept.CHANGED,
        kind=NOTE,
        seen=Seen.STAFF,
        imported=True,
        settable=True,
        explained=True,
    ),
    Field("note_to_patron", Owner.STAFF, Kept.CHANGED, kind=NOTE, imported=True, settable=True, explained=True),
    Field("loans", Owner.SYSTEM, Kept.LOANS, part=Part.CIRCULATION, explained=True, entry="loan"),
    Field("reservations", Owner.PATRON, Kept.RESERVATIONS, part=Part.CIRCULATION, explained=True, entry="reservation"),
    Field(
        "balance", Owner.SYSTEM, Kept.BALANCES, part=Part.CIRCULATION, basis=Basis.DUTY, explained=True, entry="balance"
    ),
    Field("messages", Owner.SYSTEM, Kept.MESSAGES, part=Part.CIRCULATION, explained=True, entry="message"),
    Field("responsible", Owner.STAFF, Kept.RESPONSIBLE, part=Part.RECORD),
    Field("kind", Owner.STAFF, Kept.RECORD, part=Part.RECORD, imported=True),
    Field("standing", Owner.SYSTEM, Kept.RECORD, part=Part.RECORD),
    Field(
        "status",
        Owner.REGISTER,
        Kept.REGISTER,
        part=Part.REGISTER,
        given_by=(
            "emigrate",
            "return",
            "die",
            "death_annulled",
            "vanish",
            "found",
            "number_annulled",
            "number_restored",
            "status",
        ),
    ),
    Field(
        "protection",
        Owner.REGISTER,
        Kept.REGISTER,
        part=Part.REGISTER,
        given_by=("protect", "unprotect", "protection_settled"),
    ),
    Field(
        "address_abroad",
        Owner.REGISTER,
        Kept.REGISTER,
        part=Part.REGISTER,
        sealed=True,
        given_by=("emigrate", "abroad_corrected"),
    ),
    Field(
        "register_contact_address",
        Owner.REGISTER,
        Kept.REGISTER,
        part=Part.REGISTER,
        sealed=True,
        given_by=("contact",),
    ),
)

#: By key.
FIELD: Final = {field.key: field for field in FIELDS}
#: What the local part of a record holds.
LOCAL_FIELDS: Final = tuple(field for field in FIELDS if field.part is Part.LOCAL and field.part_of is None)
#: What staff may set for good.
SETTABLE: Final = {field.key: field for field in FIELDS if field.settable}
#: What the pages name.
PRINTED: Final = tuple(field for field in FIELDS if field.printed)
#: What is hidden for a protected patron without a reasoned reveal. The municipality is not hidden.
SEALED: Final = frozenset(field.key for field in FIELDS if field.sealed)
#: The keys under which a record shows its fields, in the table's order. A part is shown in its whole.
SHOWN: Final = tuple(field.key for field in FIELDS if field.part_of is None)
