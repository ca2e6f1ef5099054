"""The field table: each field of a patron record, its purpose, its owner, who sees it, and how long it is kept.

The code, the import, the staff's pages, the privacy page and the list of processing all use this one table. Leaves out
where a value is stored, and how it is typed. The words of each purpose are in `field_words`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.field_words import PURPOSES
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator


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


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    `key` is its name in JSON and in the columns of an import. `text` is the name under which Danish libraries explain
    it to patrons; None: they do not explain it. A field with a `part_of` is shown as a part of that field.
    """

    key: str
    name: Wording
    owner: Owner
    kept: Kept
    basis: Basis = Basis.TASK
    seen: Seen = Seen.BOTH
    #: hidden while the patron is sealed for a reason of their own; only a reveal with a reason shows it
    sealed: bool = False
    #: may be a column of `patron import`
    imported: bool = False
    text: str | None = None
    part_of: str | None = None

    @property
    def purpose(self) -> Wording:
        """What the field is for, in the words that a patron reads."""
        return PURPOSES[self.key]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names under which an import finds the field: its key, and its Danish and English names."""
        return (self.key, self.name.da, self.name.en)


FIELDS: Final[tuple[Field, ...]] = (
    Field(
        "patron", Wording("Lånernummer", "Patron number"), Owner.SYSTEM, Kept.RECORD, imported=True, text="Lånernummer"
    ),
    Field(
        "cpr_number",
        Wording("CPR-nummer", "CPR number"),
        Owner.REGISTER,
        Kept.RECORD,
        basis=Basis.NUMBER,
        seen=Seen.MASKED,
        imported=True,
        text="CPR-nummer",
    ),
    Field(
        "absence",
        Wording("Fraværsperiode", "Absence"),
        Owner.PATRON,
        Kept.ABSENCE,
        imported=True,
        text="Fraværsperiode",
    ),
    # A list sets name, birth date and address only for a patron that no register knows. For others CPR's values count.
    Field("name", Wording("Navn", "Name"), Owner.REGISTER, Kept.REGISTER, sealed=True, imported=True, text="Navn"),
    Field("first_names", Wording("Fornavne", "First names"), Owner.REGISTER, Kept.REGISTER, sealed=True),
    Field("middle_names", Wording("Mellemnavne", "Middle names"), Owner.REGISTER, Kept.REGISTER, sealed=True),
    Field("last_name", Wording("Efternavn", "Last name"), Owner.REGISTER, Kept.REGISTER, sealed=True),
    # a sealed patron's age is shown instead
    Field(
        "birth_date",
        Wording("Fødselsdato", "Birth date"),
        Owner.REGISTER,
        Kept.REGISTER,
        sealed=True,
        imported=True,
        text="Fødselsdato",
    ),
    Field("address", Wording("Adresse", "Address"), Owner.REGISTER, Kept.REGISTER, sealed=True, imported=True),
    Field(
        "contact_address",
        Wording("c/o navn og adresse", "c/o name and address"),
        Owner.PATRON,
        Kept.CHANGED,
        sealed=True,
        imported=True,
        text="c/o navn og adresse",
    ),
    Field("telephones", Wording("Telefon", "Telephones"), Owner.PATRON, Kept.CHANGED, imported=True, text="Telefon"),
    Field(
        "emails",
        Wording("E-mail og E-mail (notif)", "E-mail and e-mail (notices)"),
        Owner.PATRON,
        Kept.CHANGED,
        imported=True,
        text="E-mail og E-mail (notif)",
    ),
    Field(
        "blocked_since",
        Wording("Blokeret d.", "Blocked since"),
        Owner.STAFF,
        Kept.BLOCKS,
        imported=True,
        text="Blokeret d.",
        part_of="blocks",
    ),
    Field(
        "blocked_reason",
        Wording("Blokeringsårsag", "Reason of the block"),
        Owner.STAFF,
        Kept.BLOCKS,
        imported=True,
        text="Blokeringsårsag",
        part_of="blocks",
    ),
    Field(
        "group", Wording("Lånergruppe", "Patron group"), Owner.SYSTEM, Kept.CHANGED, imported=True, text="Lånergruppe"
    ),
    Field(
        "branch",
        Wording("Tilhørsfilial", "Home branch"),
        Owner.PATRON,
        Kept.CHANGED,
        imported=True,
        text="Tilhørsfilial",
    ),
    Field(
        "municipality", Wording("Kommunenr.", "Municipality number"), Owner.REGISTER, Kept.REGISTER, text="Kommunenr."
    ),
    Field("language", Wording("Sprog", "Language"), Owner.PATRON, Kept.CHANGED, imported=True, text="Sprog"),
    Field("cards", Wording("LånerID", "Cards"), Owner.STAFF, Kept.CHANGED, imported=True, text="LånerID"),
    Field("pin", Wording("PIN-kode", "PIN"), Owner.PATRON, Kept.CHANGED, seen=Seen.NOBODY, part_of="cards"),
    Field(
        "internal_note",
        Wording("Intern note", "Internal note"),
        Owner.STAFF,
        Kept.CHANGED,
        seen=Seen.STAFF,
        imported=True,
        text="Intern note",
    ),
    Field(
        "note_to_patron",
        Wording("Note til låner", "Note to patron"),
        Owner.STAFF,
        Kept.CHANGED,
        imported=True,
        text="Note til låner",
    ),
    Field("loans", Wording("Udlån", "Loans"), Owner.SYSTEM, Kept.LOANS, text="Udlån"),
    Field(
        "reservations", Wording("Reserveringer", "Reservations"), Owner.PATRON, Kept.RESERVATIONS, text="Reserveringer"
    ),
    Field(
        "balance",
        Wording("Mellemværende", "Balance"),
        Owner.SYSTEM,
        Kept.BALANCES,
        basis=Basis.DUTY,
        text="Mellemværende",
    ),
    Field("messages", Wording("Beskeder", "Messages"), Owner.SYSTEM, Kept.MESSAGES, text="Beskeder"),
    Field("responsible", Wording("Økonomisk ansvarlig", "Responsible person"), Owner.STAFF, Kept.RESPONSIBLE),
    Field("kind", Wording("Lånertype", "Kind of patron"), Owner.STAFF, Kept.RECORD, imported=True),
    Field("standing", Wording("Lånerforhold", "Standing"), Owner.SYSTEM, Kept.RECORD),
    Field("status", Wording("Status i CPR", "Status in CPR"), Owner.REGISTER, Kept.REGISTER),
    Field(
        "protection",
        Wording("Navne- og adressebeskyttelse", "Name and address protection"),
        Owner.REGISTER,
        Kept.REGISTER,
    ),
    Field(
        "address_abroad", Wording("Adresse i udlandet", "Address abroad"), Owner.REGISTER, Kept.REGISTER, sealed=True
    ),
    Field(
        "register_contact_address",
        Wording("Kontaktadresse i CPR", "Contact address in CPR"),
        Owner.REGISTER,
        Kept.REGISTER,
        sealed=True,
    ),
)

#: By key.
FIELD: Final = {field.key: field for field in FIELDS}
#: What is hidden for a protected patron without a reasoned reveal. The municipality is not hidden.
SEALED: Final = frozenset(field.key for field in FIELDS if field.sealed)


def shown() -> Iterator[str]:
    """The keys under which a record shows its fields, in the table's order. A part is shown in its whole."""
    yield from dict.fromkeys(field.part_of or field.key for field in FIELDS)


def owner_of(key: str) -> Owner:
    """The owner of a field, or of a whole with parts."""
    return next(field.owner for field in FIELDS if key in {field.key, field.part_of})
