"""Foresees the reviews that a planned night would open, and those that it would settle. Writes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.deciding.reviews import ItemInForce, ReviewNews, decide_reviews
from cprsync.domain.patron.due import DueKind
from cprsync.domain.patron.review import FOLLOWING, LINK_KINDS, RESPONSIBLE_OF_AGE, State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from cprsync.domain.deciding.reviews import Reviews
    from cprsync.domain.patron.due import Due
    from cprsync.domain.patron.responsible import Answering, Troubled
    from cprsync.services.ports.patrons import Batch
    from cprsync.services.ports.store import Store

#: By kind of due event, the kinds of review about a minor that it settles.
_SETTLED_BY_AGE: Final[Mapping[DueKind, frozenset[str]]] = {
    DueKind.RESPONSIBILITY_KEPT: frozenset({RESPONSIBLE_OF_AGE}),
    # when the last link ends
    DueKind.RESPONSIBILITY_ENDED: LINK_KINDS,
}


class ForeseenReviews:
    """The reviews of every patron that the planned night touches, as they would be after it."""

    def __init__(self, store: Store) -> None:
        """Take the store to read from."""
        self._store = store
        #: by patron and id. An item that the planned night opens has an id below 0
        self._items: dict[str, dict[int, ItemInForce]] = {}
        self._opened = 0
        self._settled: Counter[str] = Counter()
        #: further reviews that the planned night opens, settled later or not: patron id and kind
        self.raised: set[tuple[str, str]] = set()
        self._troubles: dict[str, frozenset[str]] = {}

    def follow(self, batch: Batch) -> None:
        """Apply what one batch opens and settles."""
        news = batch.review_news()
        links = self._answering(news.troubled)
        self._decide(news, news.patrons | news.decided | {link.minor_id for link in links}, links)

    def follow_days(self, due: Iterable[Due]) -> None:
        """Apply what the planned night's days ask about minors with responsible persons, and what they settle."""
        for one in due:
            if one.kind in _SETTLED_BY_AGE:
                kinds = _SETTLED_BY_AGE[one.kind]
                self._settle(item for item in self._in_force([one.patron_id]) if item.waits and item.kind in kinds)
            if one.kind is DueKind.RESPONSIBILITY_ASKED:
                self._decide(ReviewNews(asked=[(one.patron_id, RESPONSIBLE_OF_AGE)]), [one.patron_id])

    def proposed(self) -> dict[str, int]:
        """By kind, how many reviews follow from the night's changes and still wait after it."""
        return dict(sorted((kind, count) for kind, count in self._new().items() if kind in FOLLOWING))

    def waiting(self, before: Mapping[str, int]) -> dict[str, int]:
        """By kind, how many reviews would wait after the night. `before`: how many wait now."""
        after = Counter(before)
        after.update(self._new())
        after.subtract(self._settled)
        return dict(sorted((+after).items()))

    def _new(self) -> Counter[str]:
        return Counter(item.kind for items in self._items.values() for item in items.values() if item.id < 0)

    def _answering(self, troubled: Mapping[str, Troubled]) -> list[Answering]:
        """The links of the minors concerned, in the state that the planned night would have reached by then."""
        self._troubles |= {one: news.after for one, news in troubled.items()}
        return [
            replace(link, troubles=self._troubles.get(link.responsible_id, link.troubles))
            for link in (self._store.responsibles.answering(troubled) if troubled else ())
        ]

    def _in_force(self, patron_ids: Collection[str]) -> list[ItemInForce]:
        fresh = sorted(one for one in patron_ids if one not in self._items)
        self._items |= {one: {} for one in fresh}
        for item in self._store.reviews.in_force(fresh):
            self._items[item.patron_id][item.id] = item
        return [item for one in patron_ids for item in self._items[one].values()]

    def _decide(self, news: ReviewNews, about: Collection[str], links: Collection[Answering] = ()) -> None:
        reviews = decide_reviews(news, self._in_force(about), links)
        self._settle(reviews.settled)
        self._open(news, reviews)

    def _settle(self, items: Iterable[ItemInForce]) -> None:
        for item in items:
            del self._items[item.patron_id][item.id]
            self._settled[item.kind] += item.id > 0

    def _open(self, news: ReviewNews, reviews: Reviews) -> None:
        for item in reviews.asked_again:
            self._items[item.patron_id][item.id] = replace(item, about=news.named.get(item.about_whom, item.about))
        for patron_id, kind in reviews.raised:
            self._opened -= 1
            item = ItemInForce(self._opened, patron_id, kind, State.WAITING, news.named.get((patron_id, kind)))
            self._items[patron_id][item.id] = item
            self.raised |= {(patron_id, kind)} if kind not in FOLLOWING else set()
