"""The lists of a record: what each list becomes when staff add lines, remove lines, or type it anew.

The lists are cards, telephones, e-mail addresses and blocks. Leaves out how a line is typed: see `kinds`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.patron.local import Block, Card, Email, Telephone, card_key, keep_pin, replace_blocks
from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

#: How many of each one record may have. Of telephones and e-mail addresses, each.
CARDS_MOST: Final = 20
CONTACTS_MOST: Final = 10
BLOCKS_MOST: Final = 20


class Doing(enum.Enum):
    """What to do with the typed lines."""

    #: add them to the list
    ADD = "add"
    #: remove them; for blocks, lift them
    REMOVE = "remove"
    #: replace the whole list with them
    REPLACE = "replace"


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


# -- cards, telephones, e-mail addresses -----------------------------------------------------------------------


def change_cards(before: tuple[Card, ...], typed: tuple[Card, ...], doing: Doing, _: date) -> tuple[Card, ...]:
    """The cards after the typed ones are applied: each with its own PIN, a new one with the patron's.

    Raises NotListed and ValueError, as `change_contacts` does.
    """
    return keep_pin(before, _changed(before, typed, doing, CARDS_MOST))


def change_contacts(before: tuple[Any, ...], typed: tuple[Any, ...], doing: Doing, _: date) -> tuple[Any, ...]:
    """The telephones or e-mail addresses after the typed ones are applied.

    Raises:
        NotListed: a line to remove is not on the list.
        ValueError: the list would be too long.
    """
    return _changed(before, typed, doing, CONTACTS_MOST)


def _changed(before: tuple[Any, ...], typed: tuple[Any, ...], doing: Doing, most: int) -> tuple[Any, ...]:
    after = _OTHERS[doing](before, typed)
    if len(after) > max(most, len(before)):
        raise WrongValue("the list would be longer than {most}: take one away first", most=most)
    return after


def _name(one: Card | Telephone | Email) -> str:
    """What identifies an entry of a list. Capitals do not count, because people write the same one in both ways."""
    if isinstance(one, Telephone):
        return one.number
    return card_key(one.number) if isinstance(one, Card) else one.address.casefold()


def _added(before: tuple[Any, ...], typed: tuple[Any, ...]) -> tuple[Any, ...]:
    after = {_name(one): one for one in before}
    for one in typed:
        if isinstance(one, Card) or not one.notices:
            # an entry that exists already keeps its PIN, or its mark for notices
            after.setdefault(_name(one), one)
        else:
            # only one entry gets the notices
            after = {name: replace(held, notices=False) for name, held in after.items()}
            after[_name(one)] = replace(after.get(_name(one), one), notices=True)
    return tuple(after.values())


def _without(before: tuple[Any, ...], typed: tuple[Any, ...]) -> tuple[Any, ...]:
    gone = {_name(one) for one in typed}
    if gone - {_name(one) for one in before}:
        raise NotListed("that does not stand on the list")
    return tuple(one for one in before if _name(one) not in gone)


def _replaced(_before: tuple[Any, ...], typed: tuple[Any, ...]) -> tuple[Any, ...]:
    return typed


_OTHERS: Final[Mapping[Doing, Callable[[tuple[Any, ...], tuple[Any, ...]], tuple[Any, ...]]]] = {
    Doing.ADD: _added,
    Doing.REMOVE: _without,
    Doing.REPLACE: _replaced,
}


# -- blocks ------------------------------------------------------------------------------------------------------


def change_blocks(
    before: tuple[Block, ...], typed: tuple[TypedBlock, ...], doing: Doing, on: date
) -> tuple[Block, ...]:
    """The blocks after the typed ones are applied on a day. A block that is removed is lifted.

    Raises:
        NotListed: a block to lift is not on the list.
        SeveralMeant: more than one block fits the one to lift.
        ValueError: the list would be too long.
    """
    return _BLOCKS[doing](before, typed, on)


def _begun(before: tuple[Block, ...], typed: tuple[TypedBlock, ...], on: date) -> tuple[Block, ...]:
    after = before
    for one in typed:
        if not any(one.means(block) for block in after if block.lifted is None):
            after = (*after, Block(one.since or on, one.reason))
    if sum(block.lifted is None for block in after) > BLOCKS_MOST:
        raise WrongValue("the list would be longer than {most}: take one away first", most=BLOCKS_MOST)
    return after


def _lifted(before: tuple[Block, ...], typed: tuple[TypedBlock, ...], on: date) -> tuple[Block, ...]:
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


def _typed_anew(before: tuple[Block, ...], typed: tuple[TypedBlock, ...], on: date) -> tuple[Block, ...]:
    holding = [block for block in before if block.lifted is None]
    return replace_blocks(before, tuple(_block_of(one, holding, on) for one in typed), on=on)


def _block_of(typed: TypedBlock, holding: list[Block], on: date) -> Block:
    return next((block for block in holding if typed.means(block)), Block(typed.since or on, typed.reason))


_BLOCKS: Final[Mapping[Doing, Callable[[tuple[Block, ...], tuple[TypedBlock, ...], date], tuple[Block, ...]]]] = {
    Doing.ADD: _begun,
    Doing.REMOVE: _lifted,
    Doing.REPLACE: _typed_anew,
}
