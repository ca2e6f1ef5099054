"""The part of the patron record that patron, staff and system own. The register never writes it.

The fields are those that Danish libraries explain to their patrons; what they mean, who sees them
and how long they are kept comes with the field table.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.sealed import Sealed

if TYPE_CHECKING:
    from collections.abc import Iterable
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


class Stage(enum.Enum):
    """Where a patron is between registration and erasure (Lånerforhold)."""

    #: she borrows
    ACTIVE = "active"
    #: she has asked to leave, or the policy has for her, and something is still open
    LEAVING = "leaving"
    #: no patron any more: the record is empty, and no number finds it
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, repr=False)
class Block:
    """Blokeret d. and Blokeringsårsag; kept for a while after it was lifted."""

    since: date
    reason: str
    #: the day on which it was lifted; None: it holds
    lifted: date | None = None

    def holds_on(self, day: date) -> bool:
        """From its first day on, until the day on which it was lifted."""
        return self.since <= day and (self.lifted is None or day < self.lifted)


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

    def shown(self, *, shut: bool = False) -> str:
        """The form for screens: of a card that is a CPR number, as a health card's, it is masked as one."""
        try:
            number = CprNumber.parse_any(self.number)
        except ValueError:
            return self.number
        return number.masked(shut=shut) if number.is_possible else self.number


def card_key(number: str) -> str:
    """What tells one card from another: not capitals, not the spaces that groups of digits are written with."""
    written = "".join(number.split())
    try:
        # a health card has the CPR number, with a hyphen or without
        return CprNumber.parse_any(written).digits
    except ValueError:
        return written.casefold()


def distinct_cards(numbers: Iterable[str]) -> tuple[Card, ...]:
    """Each card once, in the order and the spelling in which it comes first; an empty one is none."""
    cards: dict[str, Card] = {}
    for number in numbers:
        if written := number.strip():
            cards.setdefault(card_key(written), Card(written))
    return tuple(cards.values())


def card_forms(number: str) -> tuple[str, ...]:
    """As what a card may stand in an index: by its key, or from before there was one by how it was written."""
    joined = "".join(number.split())
    forms = (card_key(number), number, *(form(one) for one in (number, joined) for form in (str, str.upper, str.lower)))
    return tuple(dict.fromkeys(forms))


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
    contact_co: str | Sealed[str] = ""
    contact_lines: tuple[str, ...] | Sealed[tuple[str, ...]] = ()
    telephones: tuple[Telephone, ...] = ()
    emails: tuple[Email, ...] = ()
    absence: Absence | None = None
    blocks: tuple[Block, ...] = ()
    #: Intern note
    internal_note: str = ""
    #: Note til låner
    note_to_patron: str = ""

    @property
    def contact(self) -> tuple[str, ...] | Sealed[Any]:
        """The patron's own contact address, c/o first: open lines, or what is sealed of it."""
        co, lines = self.contact_co, self.contact_lines
        if isinstance(co, Sealed) or isinstance(lines, Sealed):
            return co if isinstance(co, Sealed) else lines
        return (co, *lines) if co else lines


Contact = TypeVar("Contact", Telephone, Email)


def still_marked(held: tuple[Contact, ...], given: tuple[Contact, ...]) -> tuple[Contact, ...]:
    """What a list gives, with the mark for notices where it was: a list that marks none says nothing of it."""
    if any(one.notices for one in given):
        return given
    return tuple(marked if (marked := replace(one, notices=True)) in held else one for one in given)


def under_her_pin(held: tuple[Card, ...], typed: tuple[Card, ...]) -> tuple[Card, ...]:
    """The typed cards under the PIN that the patron has: a new card needs no new one."""
    pins = {card_key(card.number): card.pin_hash for card in held}
    one = next((card.pin_hash for card in held if card.pin_hash), "")
    return tuple(replace(card, pin_hash=pins.get(card_key(card.number), one)) for card in typed)


def blocked(before: tuple[Block, ...], typed: tuple[Block, ...], *, on: date) -> tuple[Block, ...]:
    """The blocks of a record after the ones that hold were typed anew: one that was left out was lifted on that day."""
    holding = {(block.since, block.reason) for block in typed}
    kept = [
        replace(block, lifted=on) if block.lifted is None and (block.since, block.reason) not in holding else block
        for block in before
    ]
    there = {(block.since, block.reason) for block in kept if block.lifted is None}
    return (*kept, *(block for block in dict.fromkeys(typed) if (block.since, block.reason) not in there))


def first_lifted(blocks: tuple[Block, ...]) -> date | None:
    """The earliest day on which one of the blocks was lifted; None: all of them hold."""
    return min((block.lifted for block in blocks if block.lifted is not None), default=None)


def without_lifted(blocks: tuple[Block, ...], *, by: date) -> tuple[Block, ...]:
    """The blocks without those that were lifted by a day."""
    return tuple(block for block in blocks if block.lifted is None or block.lifted > by)


def shut_contact(local: Local) -> Local:
    """The same with the patron's own contact address sealed, as a protected patron's is in every view."""
    if not local.contact_co and not local.contact_lines:
        return local
    co, lines = local.contact_co, local.contact_lines
    return replace(
        local,
        contact_co=co if isinstance(co, Sealed) else Sealed(co),
        contact_lines=lines if isinstance(lines, Sealed) else Sealed(lines),
    )
