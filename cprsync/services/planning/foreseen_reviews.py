"""Foresees the reviews that a planned night would open, and those that it would settle. Writes nothing.

Follows the same rules as `write`. Leaves out the records: see `dry_run`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.due import DueKind
from cprsync.domain.patron.responsible import news_for_minors
from cprsync.domain.patron.review import (
    BIRTH_DIFFERS,
    FOLLOWING,
    LINK_KINDS,
    PARKED,
    PROPOSALS,
    RESPONSIBLE_OF_AGE,
    State,
    find_proposals,
    is_outdated,
    may_affect_blocks,
)
from cprsync.domain.person.age import differs_from_number
from cprsync.services.planning.steps import troubled_by, turns_birth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cprsync.domain.patron.due import Due
    from cprsync.services.ports.ports import Store
    from cprsync.services.ports.values import Batch, Write


#: By kind of due event, the kinds of review about a minor that it settles.
_ABOUT_AGE: Final[Mapping[DueKind, frozenset[str]]] = {
    DueKind.RESPONSIBILITY_ASKED: frozenset(),
    DueKind.RESPONSIBILITY_KEPT: frozenset({RESPONSIBLE_OF_AGE}),
    # when the last link ends
    DueKind.RESPONSIBILITY_ENDED: LINK_KINDS,
}


@dataclass(slots=True)
class _Item:
    kind: str
    state: State
    #: the planned night opened it
    new: bool = False
    #: it is about an old number: news about the present number does not settle it
    of_old_number: bool = False

    @property
    def waits(self) -> bool:
        return self.state is State.WAITING


def _is_of(kind: str, item: _Item) -> bool:
    return item.kind == kind


def _is_among(kinds: frozenset[str], item: _Item) -> bool:
    return item.kind in kinds


class ForeseenReviews:
    """The reviews of every patron that the planned night touches, as they would be after it."""

    def __init__(self, store: Store) -> None:
        """Take the store to read from."""
        self._store = store
        self._items: dict[str, list[_Item]] = {}
        self._settled: Counter[str] = Counter()
        #: further reviews that the planned night opens, settled later or not: patron id and kind
        self.raised: set[tuple[str, str]] = set()
        self._troubles: dict[str, frozenset[str]] = {}

    def follow(self, batch: Batch) -> None:
        """Apply what one batch opens and settles."""
        still = {patron_id for patron_id, kind in batch.reviews if kind.startswith(PARKED)}
        decided = {write.patron.id for write in batch.writes} | {touch.patron_id for touch in batch.touches}
        agreed = {patron_id for patron_id, _ in batch.agreed}
        self._look_up(decided | agreed | {patron_id for patron_id, _ in batch.reviews})
        for patron_id in decided - still:
            self._settle(patron_id, lambda item: item.kind.startswith(PARKED) and not item.of_old_number)
        given = {write.patron.id for write in batch.writes if write.renumbered is not None}
        for patron_id in given | agreed:
            self._settle(patron_id, lambda item: item.of_old_number)
        proposed = [(write.patron.id, kind) for write in batch.writes for kind in self._follow_status(write)]
        proposed += self._follow_births(batch.writes)
        proposed += self._follow_responsibles(batch.writes)
        named = {(one.patron_id, one.kind) for one in batch.named if one.old is not None}
        for patron_id, kind in [*batch.reviews, *proposed]:
            items = self._items[patron_id]
            if not any(item.waits and item.kind == kind for item in items):
                items.append(_Item(kind, State.WAITING, new=True, of_old_number=(patron_id, kind) in named))
                self.raised |= {(patron_id, kind)} if kind not in FOLLOWING else set()

    def follow_days(self, due: Iterable[Due]) -> None:
        """Apply what the planned night's days ask about minors with responsible persons, and what they settle."""
        for one in due:
            if one.kind in _ABOUT_AGE:
                self._look_up([one.patron_id])
                self._settle(one.patron_id, partial(_is_among, _ABOUT_AGE[one.kind]))
            if one.kind is DueKind.RESPONSIBILITY_ASKED:
                self._items[one.patron_id].append(_Item(RESPONSIBLE_OF_AGE, State.WAITING, new=True))

    def proposed(self) -> dict[str, int]:
        """By kind, how many reviews follow from the night's changes and still wait after it."""
        return dict(sorted(self._new(FOLLOWING).items()))

    def waiting(self, before: Mapping[str, int]) -> dict[str, int]:
        """By kind, how many reviews would wait after the night. `before`: how many wait now."""
        after = Counter(before)
        after.update(self._new())
        after.subtract(self._settled)
        return dict(sorted((+after).items()))

    def _new(self, kinds: Iterable[str] | None = None) -> Counter[str]:
        items = (item for items in self._items.values() for item in items if item.new and item.waits)
        return Counter(item.kind for item in items if kinds is None or item.kind in kinds)

    def _look_up(self, patron_ids: Iterable[str]) -> None:
        fresh = sorted(one for one in patron_ids if one not in self._items)
        self._items |= {one: [] for one in fresh}
        kept = self._store.keeping_numbers(fresh)
        for patron_id, kind, state in self._store.reviews_in_force(fresh):
            old = state is State.WAITING and (patron_id, kind) in kept
            self._items[patron_id].append(_Item(kind, state, of_old_number=old))

    def _follow_status(self, write: Write) -> list[str]:
        before, after = write.patron.register.status, write.after.status
        if not may_affect_blocks(before, after):
            return []
        held: dict[str, set[State]] = {}
        for item in self._items[write.patron.id]:
            if item.kind in PROPOSALS:
                held.setdefault(item.kind, set()).add(item.state)
        self._settle(write.patron.id, lambda item: item.kind in PROPOSALS and is_outdated(item.kind, after))
        return list(find_proposals(before, after, held))

    def _follow_births(self, writes: Iterable[Write]) -> list[tuple[str, str]]:
        differ = {write.patron.id: differs_from_number(write.after) for write in turns_birth(writes)}
        for patron_id in (one for one, differs in differ.items() if not differs):
            self._settle(patron_id, partial(_is_of, BIRTH_DIFFERS))
        return [(patron_id, BIRTH_DIFFERS) for patron_id, differs in differ.items() if differs]

    def _follow_responsibles(self, writes: Iterable[Write]) -> list[tuple[str, str]]:
        """Which reviews about minors follow from changes of those who answer for them.

        Uses the state that the planned night would have reached by then.
        """
        changed = troubled_by(writes)
        if not changed:
            return []
        self._troubles |= {one: troubled.after for one, troubled in changed.items()}
        links = [
            replace(link, troubles=self._troubles.get(link.responsible_id, link.troubles))
            for link in self._store.answering(changed)
        ]
        news = news_for_minors(links, changed)
        self._look_up(minor for minor, _ in news.asked | news.settled)
        for minor, over in news.settled:
            self._settle(minor, partial(_is_of, over))
        return sorted(news.asked)

    def _settle(self, patron_id: str, which: Callable[[_Item], bool]) -> None:
        items = self._items[patron_id]
        gone = [item for item in items if item.waits and which(item)]
        self._settled.update(item.kind for item in gone if not item.new)
        self._items[patron_id] = [item for item in items if item not in gone]
