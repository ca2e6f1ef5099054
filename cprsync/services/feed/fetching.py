"""Fetches: seals every complete file that waits into the inbox. Does not interpret the files, and needs no run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cprsync.errors import DeliveryLate, DeliveryRefused, RegisterUnavailable
from cprsync.services.ports.deliveries import InboxState

if TYPE_CHECKING:
    from cprsync.services.ports.deliveries import Feed, SealedDelivery, WaitingFile
    from cprsync.services.ports.night import Progress
    from cprsync.services.ports.store import Store


@dataclass(slots=True)
class Fetched:
    """The result of fetching the waiting files."""

    #: sealed now
    new: list[SealedDelivery] = field(default_factory=list)
    #: in the inbox already
    known: list[SealedDelivery] = field(default_factory=list)
    #: files that can never become a delivery
    refused: list[tuple[str, DeliveryRefused]] = field(default_factory=list)
    #: why some files may remain, which a later try will fetch; None: nothing remains
    left: DeliveryLate | RegisterUnavailable | None = None


def fetch(store: Store, feed: Feed, progress: Progress) -> Fetched:
    """Seal each waiting file, and release it at its source only afterwards. The caller holds the run lock.

    A file with the same mark as the one sealed before is not read again. If the place stops answering, the files sealed
    so far stay in the inbox.
    """
    progress.stage("fetch")
    fetched = Fetched()
    store.arrivals.clear_half_sealed()
    before = {delivery.id for delivery in store.inbox.waiting()}
    try:
        for file in feed.waiting():
            progress.advance()
            _take(store, file, before, fetched)
    except RegisterUnavailable as error:
        fetched.left = error
    return fetched


def fetch_between_nights(store: Store, feed: Feed, progress: Progress) -> Fetched:
    """Fetch without running a night. Raises RunBusy while a night runs."""
    with store.runs.lock():
        return fetch(store, feed, progress)


def _take(store: Store, file: WaitingFile, before: set[int], fetched: Fetched) -> None:
    mark = file.mark
    known = None if mark is None else store.arrivals.sealed_as(file.name, mark)
    if known is not None:
        if not known.forgotten:
            fetched.known.append(known)
        file.done()
        return
    try:
        with file.open() as content:
            delivery = store.arrivals.seal(file.name, content, mark=mark)
    except DeliveryRefused as error:
        fetched.refused.append((file.name, error))
        return
    except DeliveryLate as error:
        fetched.left = fetched.left or error
        return
    fresh = delivery.state is InboxState.SEALED and delivery.id not in before
    if not delivery.forgotten:
        (fetched.new if fresh else fetched.known).append(delivery)
    file.done()
