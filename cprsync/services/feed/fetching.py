"""Fetch: every whole file that waits becomes a sealed delivery in the inbox. Reads none of them, and needs no run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cprsync.errors import DeliveryLate, DeliveryRefused, RegisterUnavailable
from cprsync.services.ports.values import InboxState

if TYPE_CHECKING:
    from cprsync.services.ports.night import Progress
    from cprsync.services.ports.ports import Feed, Store, WaitingFile
    from cprsync.services.ports.values import SealedDelivery


@dataclass(slots=True)
class Fetched:
    """What came of the files that waited."""

    #: sealed now
    new: list[SealedDelivery] = field(default_factory=list)
    #: in the inbox already
    known: list[SealedDelivery] = field(default_factory=list)
    #: files that no try will make a delivery
    refused: list[tuple[str, DeliveryRefused]] = field(default_factory=list)
    #: why files may be left that another try will fetch
    left: DeliveryLate | RegisterUnavailable | None = None


def fetch(store: Store, feed: Feed, progress: Progress) -> Fetched:
    """Seal what waits, and only then let go of it where it came from. The caller holds the run lock.

    A file whose mark says that it is the one sealed before is not read again. When the place does not answer, what
    was sealed until then stays.
    """
    progress.stage("fetch")
    fetched = Fetched()
    store.clear_half_sealed()
    before = {delivery.id for delivery in store.sealed()}
    try:
        for file in feed.waiting():
            progress.advance()
            _take(store, file, before, fetched)
    except RegisterUnavailable as error:
        fetched.left = error
    return fetched


def fetch_between_nights(store: Store, feed: Feed, progress: Progress) -> Fetched:
    """Fetch without living the night. Raises RunBusy while one is lived."""
    with store.run_lock():
        return fetch(store, feed, progress)


def _take(store: Store, file: WaitingFile, before: set[int], fetched: Fetched) -> None:
    mark = file.mark
    known = None if mark is None else store.sealed_as(file.name, mark)
    if known is not None:
        if not known.forgotten:
            fetched.known.append(known)
        file.done()
        return
    try:
        with file.open() as content:
            delivery = store.seal(file.name, content, mark=mark)
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
