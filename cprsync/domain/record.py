"""The part of the patron record that patron, staff and system own. The register never writes it.

The fields are those that Danish libraries explain to their patrons; what they mean, who sees them
and how long they are kept comes with the field table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True, repr=False)
class Telephone:
    """A telephone number; `notices`: the one for text messages (Mobil (notif))."""

    number: str
    notices: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Email:
    """An e-mail address; `notices`: the one for notices (E-mail (notif))."""

    address: str
    notices: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Block:
    """Blokeret d. and Blokeringsårsag."""

    since: date
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class Absence:
    """Fraværsperiode: no reservations are fulfilled between these days."""

    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """LånerID: a card to borrow with; the PIN only as a keyed Argon2id hash."""

    number: str
    pin_hash: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Local:
    """What is not the register's. All of it is sealed in the store in one piece."""

    cards: tuple[Card, ...] = ()
    #: Tilhørsfilial
    branch: str = ""
    #: Lånergruppe
    group: str = ""
    #: Sprog
    language: str = "da"
    #: c/o navn og adresse: the patron's own contact address
    contact_co: str = ""
    contact_lines: tuple[str, ...] = ()
    telephones: tuple[Telephone, ...] = ()
    emails: tuple[Email, ...] = ()
    absence: Absence | None = None
    blocks: tuple[Block, ...] = ()
    #: Intern note
    internal_note: str = ""
    #: Note til låner
    note_to_patron: str = ""
