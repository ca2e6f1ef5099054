"""The part of the patron record that patron, staff and system own, and what its lists become when staff change them.

The register never writes it. The fields are those that Danish libraries explain to their patrons. The field table
(`fields`) says what they mean, and `kinds` how a line is typed.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from cprsync.domain.person.health_card import read_health_card
from cprsync.domain.person.number import CprNumber, NumberKind
from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cprsync.domain.person.sealed import Sealed


#: How many of each one record may have. Of telephones and e-mail addresses, each.
CARDS_MOST: Final = 20
CONTACTS_MOST: Final = 10
BLOCKS_MOST: Final = 20


@dataclass(frozen=True, slots=True, repr=False)
class Telephone:
    """A telephone number. `notices` marks the one for text messages (Mobil (notif))."""

    number: str
    notices: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Email:
    """An e-mail address. `notices` marks the one for notices (E-mail (notif))."""

    address: str
    notices: bool = False


class Stage(enum.Enum):
    """Where a patron is between registration and erasure (Lånerforhold)."""

    #: the patron borrows
    ACTIVE = "active"
    #: the patron has asked to leave, or the policy ends it, and something is still open
    LEAVING = "leaving"
    #: no longer a patron: the record is empty, and no number finds it
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, repr=False)
class Block:
    """A block with its day and reason (Blokeret d., Blokeringsårsag). It is kept for a while after it was lifted."""

    since: date
    reason: str
    #: the day on which the block was lifted; None: it still holds
    lifted: date | None = None

    def holds_on(self, day: date) -> bool:
        """True from the first day of the block, and false from the day on which it was lifted."""
        return self.since <= day and (self.lifted is None or day < self.lifted)


@dataclass(frozen=True, slots=True, repr=False)
class Absence:
    """fravær: between these days no reservations are fulfilled."""

    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """lånerkort: a card to borrow with. Its PIN is kept only as a keyed Argon2id hash."""

    number: str
    pin_hash: str = ""

    def shown(self, *, shut: bool = False) -> str:
        """The card number for screens. A card number that is a CPR number, as on a health card, is masked like one."""
        number = number_of_card(self.number)
        return number.masked(shut=shut) if number is not None and number.is_possible else self.number


def card_key(number: str) -> str:
    """What identifies a card. Capitals and spaces between digits do not count."""
    theirs = number_of_card(number)
    return "".join(number.split()).casefold() if theirs is None else theirs.digits


def number_of_card(card: str) -> CprNumber | None:
    """The number that a card is, as a health card is, whatever signs stand in it. None: it is no CPR number."""
    try:
        return CprNumber.parse_any("".join(filter(str.isalnum, card)))
    except ValueError:
        return None


def is_number_of_another(number: CprNumber, patron_id: str, *, owner: str | None) -> bool:
    """Whether a card that is a CPR number is somebody else's: then it is no card of the patron's (decision 51).

    Args:
        number: the card.
        patron_id: the patron.
        owner: the patron of the library who has or had the number; None: nobody here. It then counts as somebody's
            elsewhere, so that the answer tells nobody who is a patron. Only a form that others make is left: a card
            with letters may look like it.
    """
    if owner is not None:
        return owner != patron_id
    return number.kind is not NumberKind.LETTERS and number.is_possible


def distinct_cards(numbers: Iterable[str]) -> tuple[Card, ...]:
    """Each card once, in the order and spelling of its first occurrence. Empty numbers are left out.

    A health card as a scanner sends it is its CPR number: the rest of its stripe is not kept.
    """
    cards: dict[str, Card] = {}
    for number in numbers:
        if written := read_health_card(number) or number.strip():
            cards.setdefault(card_key(written), Card(written))
    return tuple(cards.values())


def card_forms(number: str) -> tuple[str, ...]:
    """The forms in which an index may have a card: by its key, or, in older entries, as it was written."""
    joined = "".join(number.split())
    forms = (card_key(number), number, *(form(one) for one in (number, joined) for form in (str, str.upper, str.lower)))
    return tuple(dict.fromkeys(forms))


@dataclass(frozen=True, slots=True, repr=False)
class Local:
    """What the register does not own. The store seals all of it in one piece.

    A field that rules read is an attribute, under its key in the field table. Any other field of the table is in
    `more`.
    """

    cards: tuple[Card, ...] = ()
    #: Tilhørsfilial
    branch: str = ""
    #: Lånergruppe
    group: str = ""
    #: Sprog
    language: str = "da"
    #: kontaktadresse: the patron's own contact address, with the line c/o first
    contact_address: tuple[str, ...] | Sealed[tuple[str, ...]] = ()
    telephones: tuple[Telephone, ...] = ()
    emails: tuple[Email, ...] = ()
    absence: Absence | None = None
    blocks: tuple[Block, ...] = ()
    #: Intern note
    internal_note: str = ""
    #: Note til låner
    note_to_patron: str = ""
    #: key and value, by key, without empty values: so equal records are equal
    more: tuple[tuple[str, Any], ...] = ()

    def value_of(self, key: str) -> Any:
        """The value of a field. None also if the record has nothing in a field that no rule reads."""
        return getattr(self, key) if key in _READ_BY_RULES else dict(self.more).get(key)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """The record with these values, by key."""
        read = {key: value for key, value in values.items() if key in _READ_BY_RULES}
        more = sorted((key, value) for key, value in values.items() if value and key not in read)
        return cls(**read, more=tuple(more))

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """The same record with other values in these fields, by key."""
        return self.of({**{key: getattr(self, key) for key in _READ_BY_RULES}, **dict(self.more), **values})


_READ_BY_RULES: Final = frozenset(one.name for one in fields(Local)) - {"more"}
Contact = TypeVar("Contact", Telephone, Email)


#: Denmark's numbers have eight digits. A foreign one has + or 00 before it.
_DANISH_DIGITS: Final = 8
_DENMARK: Final = "+45"


def telephone_key(number: str) -> str:
    """What identifies a telephone number without blanks. Denmark's own code counts as none."""
    written = f"+{number[2:]}" if number.startswith("00") else number
    at_home = written.removeprefix(_DENMARK)
    return at_home if len(at_home) == _DANISH_DIGITS else written


def check_new_telephones(telephones: tuple[Telephone, ...]) -> None:
    """Refuse a number that nobody has, and a Danish one that lacks a digit or has one too many.

    One that came with a list stays as it is. Raises WrongValue.
    """
    if any(not one.number.strip("+0") for one in telephones):
        raise WrongValue("a telephone number is more than zeros")
    if any(len(one.number) != _DANISH_DIGITS and not one.number.startswith(("+", "00")) for one in telephones):
        raise WrongValue("a Danish telephone number has eight digits: type + before a foreign one")


def keep_mark(held: tuple[Contact, ...], given: tuple[Contact, ...]) -> tuple[Contact, ...]:
    """The given list, with the mark for notices kept where it was.

    A list without any mark does not say which entry gets the notices.
    """
    if any(one.notices for one in given):
        return given
    return tuple(marked if (marked := replace(one, notices=True)) in held else one for one in given)


def keep_pin(held: tuple[Card, ...], typed: tuple[Card, ...]) -> tuple[Card, ...]:
    """The typed cards with the patron's present PIN: a new card needs no new PIN."""
    pins = {card_key(card.number): card.pin_hash for card in held}
    one = next((card.pin_hash for card in held if card.pin_hash), "")
    return tuple(replace(card, pin_hash=pins.get(card_key(card.number), one)) for card in typed)


def replace_blocks(before: tuple[Block, ...], typed: tuple[Block, ...], *, on: date) -> tuple[Block, ...]:
    """The blocks of a record after staff type the current ones anew. A block that is left out is lifted on that day."""
    holding = {(block.since, block.reason) for block in typed}
    kept = [
        replace(block, lifted=on) if block.lifted is None and (block.since, block.reason) not in holding else block
        for block in before
    ]
    there = {(block.since, block.reason) for block in kept if block.lifted is None}
    return (*kept, *(block for block in dict.fromkeys(typed) if (block.since, block.reason) not in there))


def first_lifting(blocks: tuple[Block, ...]) -> date | None:
    """The earliest day on which one of the blocks was lifted; None: none was lifted."""
    return min((block.lifted for block in blocks if block.lifted is not None), default=None)


def without_lifted(blocks: tuple[Block, ...], *, by: date) -> tuple[Block, ...]:
    """The blocks without those that were lifted on or before a day."""
    return tuple(block for block in blocks if block.lifted is None or block.lifted > by)


class ListChange(enum.Enum):
    """What to do with the typed lines."""

    #: add them to the list
    ADD = "add"
    #: remove them; for blocks, lift them
    REMOVE = "remove"
    #: replace the whole list with them
    REPLACE = "replace"
    #: for telephones and e-mail addresses: let notices go to the typed entry, which is on the list
    MARK = "mark"
    #: let no notices go to those that are typed, which stay on the list
    UNMARK = "unmark"


#: What is done with the mark for notices, and with no entry.
OF_NOTICES: Final = frozenset({ListChange.MARK, ListChange.UNMARK})


class NotListed(WrongValue):
    """A line to remove is not on the list."""


class SeveralMeant(WrongValue):
    """More than one block has that reason, and no day tells which one is meant."""


@dataclass(frozen=True, slots=True, repr=False)
class TypedBlock:
    """A block as staff type it: its reason, and optionally its first day."""

    reason: str
    #: None: a new block begins today; an existing one is found by its reason alone
    since: date | None = None

    def means(self, block: Block) -> bool:
        """Whether this describes an existing block."""
        return self.reason.casefold() == block.reason.casefold() and self.since in {None, block.since}

    def begin(self, on: date) -> Block:
        """The new block that this describes, typed on a day."""
        return Block(self.since or on, self.reason)


def change_cards(before: tuple[Card, ...], typed: tuple[Card, ...], doing: ListChange, _: date) -> tuple[Card, ...]:
    """The cards after the typed ones are applied: each with its own PIN, a new one with the patron's.

    Raises NotListed and ValueError, as `change_contacts` does.
    """
    return keep_pin(before, _change_entries(before, typed, doing, CARDS_MOST))


def change_contacts(before: tuple[Any, ...], typed: tuple[Any, ...], doing: ListChange, _: date) -> tuple[Any, ...]:
    """The telephones or e-mail addresses after the typed ones are applied.

    Raises:
        NotListed: a line to remove is not on the list.
        ValueError: the list would be too long.
    """
    return _change_entries(before, typed, doing, CONTACTS_MOST)


def _change_entries(before: tuple[Any, ...], typed: tuple[Any, ...], doing: ListChange, most: int) -> tuple[Any, ...]:
    if doing is ListChange.REMOVE:
        return _remove_entries(before, typed)
    if doing in OF_NOTICES:
        return _mark_entries(before, typed, gets=doing is ListChange.MARK)
    after = _add_entries(before, typed) if doing is ListChange.ADD else typed
    if len(after) > max(most, len(before)):
        raise WrongValue("the list would be longer than {most}: take one away first", most=most)
    return after


def _entry_key(one: Card | Telephone | Email) -> str:
    """What identifies an entry of a list, in whichever way people write it: without capitals and Denmark's code."""
    if isinstance(one, Telephone):
        return telephone_key(one.number)
    return card_key(one.number) if isinstance(one, Card) else one.address.casefold()


def _add_entries(before: tuple[Any, ...], typed: tuple[Any, ...]) -> tuple[Any, ...]:
    after = {_entry_key(one): one for one in before}
    for one in typed:
        if isinstance(one, Card) or not one.notices:
            # an entry that exists already keeps its PIN, or its mark for notices
            after.setdefault(_entry_key(one), one)
        else:
            # only one entry gets the notices
            after = {key: replace(held, notices=False) for key, held in after.items()}
            after[_entry_key(one)] = replace(after.get(_entry_key(one), one), notices=True)
    return tuple(after.values())


def _remove_entries(before: tuple[Any, ...], typed: tuple[Any, ...]) -> tuple[Any, ...]:
    gone = _listed_keys(before, typed)
    return tuple(one for one in before if _entry_key(one) not in gone)


def _mark_entries(before: tuple[Any, ...], typed: tuple[Any, ...], *, gets: bool) -> tuple[Any, ...]:
    meant = _listed_keys(before, typed)
    if not gets:
        return tuple(replace(one, notices=False) if _entry_key(one) in meant else one for one in before)
    # only one entry gets the notices: the last that is typed
    return _add_entries(before, tuple(replace(one, notices=True) for one in typed))


def _listed_keys(before: tuple[Any, ...], typed: tuple[Any, ...]) -> set[str]:
    meant = {_entry_key(one) for one in typed}
    if meant - {_entry_key(one) for one in before}:
        raise NotListed("that does not stand on the list")
    return meant


def change_blocks(
    before: tuple[Block, ...], typed: tuple[TypedBlock, ...], doing: ListChange, on: date
) -> tuple[Block, ...]:
    """The blocks after the typed ones are applied on a day. A block that is removed is lifted.

    Raises:
        NotListed: a block to lift is not on the list.
        SeveralMeant: more than one block fits the one to lift.
        ValueError: the list would be too long.
    """
    if doing is ListChange.ADD:
        return _add_blocks(before, typed, on)
    if doing is ListChange.REMOVE:
        return _lift_blocks(before, typed, on)
    holding = [block for block in before if block.lifted is None]
    anew = (next((block for block in holding if one.means(block)), one.begin(on)) for one in typed)
    return replace_blocks(before, tuple(anew), on=on)


def _add_blocks(before: tuple[Block, ...], typed: tuple[TypedBlock, ...], on: date) -> tuple[Block, ...]:
    after = before
    for one in typed:
        if not any(one.means(block) for block in after if block.lifted is None):
            after = (*after, one.begin(on))
    if sum(block.lifted is None for block in after) > BLOCKS_MOST:
        raise WrongValue("the list would be longer than {most}: take one away first", most=BLOCKS_MOST)
    return after


def _lift_blocks(before: tuple[Block, ...], typed: tuple[TypedBlock, ...], on: date) -> tuple[Block, ...]:
    after = list(before)
    for one in typed:
        meant = [block for block in after if one.means(block)]
        holding = [block for block in meant if block.lifted is None]
        if not meant:
            raise NotListed("that does not stand on the list")
        if len(holding) > 1:
            raise SeveralMeant("more than one block has that reason: say the day it began before it")
        # a block that was lifted earlier keeps that day
        after = [replace(block, lifted=on) if block in holding else block for block in after]
    return tuple(after)
