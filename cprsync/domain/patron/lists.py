"""The lists of a record: what becomes of one when something is added, taken away, or the whole is typed anew.

Cards, telephones, e-mail addresses and blocks. Leaves out how a line is typed: see `typed`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.patron.local import Block, Card, Email, Telephone, blocked, card_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

#: As many as one record has of each.
LONGEST: Final[Mapping[str, int]] = {"cards": 20, "telephones": 10, "emails": 10, "blocks": 20}


class Doing(enum.Enum):
    """What is done with the lines that were typed."""

    #: they come to what stands there
    ADD = "add"
    #: they are taken away, a block lifted
    REMOVE = "remove"
    #: they are all that stands there from now on
    REPLACE = "replace"


class NotListed(ValueError):
    """What is to be taken away does not stand there."""


class SeveralMeant(ValueError):
    """More than one block has that reason, and no day says which is meant."""


@dataclass(frozen=True, slots=True, repr=False)
class TypedBlock:
    """A block as it is typed: why, and since when if that is said."""

    reason: str
    #: None: it begins today, or it is the one that holds for that reason
    since: date | None = None

    def means(self, block: Block) -> bool:
        """Whether it tells of a block that stands there."""
        return self.reason.casefold() == block.reason.casefold() and self.since in {None, block.since}


def change_list(
    field: str, before: tuple[Any, ...], typed: tuple[Any, ...], doing: Doing, *, on: date
) -> tuple[Any, ...]:
    """The list after what was typed.

    Raises:
        NotListed: something to be taken away does not stand there.
        SeveralMeant: a block to be lifted is not told apart from another.
        ValueError: the list would be too long.
    """
    if field == "blocks":
        return _BLOCKS[doing](before, typed, on)
    after = _OTHERS[doing](before, typed)
    if len(after) > max(LONGEST[field], len(before)):
        raise ValueError(f"the list would be longer than {LONGEST[field]}: take one away first")
    return after


# -- cards, telephones, e-mail addresses -----------------------------------------------------------------------


def _name(one: Card | Telephone | Email) -> str:
    """What tells one from another: people write the same one in capitals or not."""
    if isinstance(one, Telephone):
        return one.number
    return card_key(one.number) if isinstance(one, Card) else one.address.casefold()


def _added(before: tuple[Any, ...], typed: tuple[Any, ...]) -> tuple[Any, ...]:
    after = {_name(one): one for one in before}
    for one in typed:
        if isinstance(one, Card) or not one.notices:
            # one that stands there keeps its PIN, or its mark for notices
            after.setdefault(_name(one), one)
        else:
            # one gets the notices
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


def _begun(before: tuple[Block, ...], typed: tuple[TypedBlock, ...], on: date) -> tuple[Block, ...]:
    after = before
    for one in typed:
        if not any(one.means(block) for block in after if block.lifted is None):
            after = (*after, Block(one.since or on, one.reason))
    if sum(block.lifted is None for block in after) > LONGEST["blocks"]:
        raise ValueError(f"the list would be longer than {LONGEST['blocks']}: take one away first")
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
        # one that was lifted already stays as it was lifted
        after = [replace(block, lifted=on) if block in holding else block for block in after]
    return tuple(after)


def _typed_anew(before: tuple[Block, ...], typed: tuple[TypedBlock, ...], on: date) -> tuple[Block, ...]:
    holding = [block for block in before if block.lifted is None]
    return blocked(before, tuple(_block_of(one, holding, on) for one in typed), on=on)


def _block_of(typed: TypedBlock, holding: list[Block], on: date) -> Block:
    return next((block for block in holding if typed.means(block)), Block(typed.since or on, typed.reason))


_BLOCKS: Final[Mapping[Doing, Callable[[tuple[Block, ...], tuple[TypedBlock, ...], date], tuple[Block, ...]]]] = {
    Doing.ADD: _begun,
    Doing.REMOVE: _lifted,
    Doing.REPLACE: _typed_anew,
}
