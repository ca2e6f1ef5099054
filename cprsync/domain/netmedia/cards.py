"""The cards that log in at the net media: which must, which must not any more, and how far a library has come with it.

A library begins or ends to let its cards log in for all patrons at once, in shares: as far as a mark, in the order of
the patron numbers. Leaves out what is called at CULR: `settling` does that.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cprsync.domain.netmedia.account import Identity

#: So many patrons a night are told of a new setting. CULR gets about five calls for each, among those of the night.
TOLD_A_NIGHT: Final = 20_000


class CardsStage(enum.Enum):
    """How far the library is with its setting."""

    #: no card has an account of ours
    NONE = "none"
    #: the patrons up to the mark are told
    BEGINNING = "beginning"
    #: every card has an account, or an effect that makes it waits
    ALL = "all"
    #: the accounts of the patrons up to the mark are deleted, or an effect that deletes them waits
    ENDING = "ending"


@dataclass(frozen=True, slots=True)
class CardsProgress:
    """How far a library has come. `after`: the patron number of the last patron who was dealt with."""

    stage: CardsStage = CardsStage.NONE
    after: str = ""

    def go_on(self, *, log_in: bool) -> CardsProgress:
        """The stage to work on now. `log_in`: the setting lets cards log in.

        The setting begins by itself. It does not end by itself: accounts are deleted only if somebody asks for it.
        """
        if log_in and self.stage not in {CardsStage.BEGINNING, CardsStage.ALL}:
            return CardsProgress(CardsStage.BEGINNING)
        return self

    def moved_to(self, last: str | None) -> CardsProgress:
        """The progress after a share that ended with this patron; None: it was the last share."""
        if last is not None:
            return CardsProgress(self.stage, last)
        return CardsProgress(CardsStage.ALL if self.stage is CardsStage.BEGINNING else CardsStage.NONE)

    @property
    def is_underway(self) -> bool:
        """Whether patrons are still to be told."""
        return self.stage in {CardsStage.BEGINNING, CardsStage.ENDING}

    def leaves(self, *, log_in: bool) -> bool:
        """Whether accounts under cards stay at CULR though the setting lets no card log in."""
        return not log_in and self.stage in {CardsStage.BEGINNING, CardsStage.ALL}


@dataclass(frozen=True, slots=True, repr=False)
class PatronCards:
    """One patron's cards as our records have them, and their accounts as CULR was last known to hold them."""

    #: cards that may have an account
    has: frozenset[Identity] = field(default=frozenset())
    held: frozenset[Identity] = field(default=frozenset())

    def __repr__(self) -> str:
        return f"PatronCards(has={len(self.has)}, held={len(self.held)})"

    def wanted(self, progress: CardsProgress, *, log_in: bool) -> frozenset[Identity]:
        """The cards that should have an account. Where accounts only stay, a card that was taken off loses its own."""
        if log_in:
            return self.has
        return self.has & self.held if progress.leaves(log_in=log_in) else frozenset()

    def drops(self, progress: CardsProgress, *, log_in: bool) -> frozenset[Identity]:
        """The accounts that must go."""
        return self.held - self.wanted(progress, log_in=log_in)

    def pending(self, progress: CardsProgress, *, log_in: bool) -> frozenset[Identity]:
        """The accounts that must still be made or deleted."""
        return self.held ^ self.wanted(progress, log_in=log_in)


def givers_first(ids: Sequence[str], givers: Mapping[str, Iterable[str]]) -> list[str]:
    """The patrons in the same order, but each one behind those who had one of their cards (decision 34).

    Args:
        ids: the patrons to tell, in the order of their turn.
        givers: by patron, those who had one of their cards. Only patrons among `ids` count.
    """
    among, placed = set(ids), dict[str, None]()
    for one in ids:
        # two patrons who swapped cards each wait for the other: the first turn stands
        line, on_the_way = [one], {one}
        while line:
            before = [two for two in givers.get(line[-1], ()) if two in among - on_the_way and two not in placed]
            if before:
                line.append(before[0])
                on_the_way.add(before[0])
            else:
                placed.setdefault(line.pop(), None)
    return list(placed)
