"""Accept a delivery that stops the nights: a replacement, the first one after a gap, or one that never gets longer.

Says only that the next night takes it. Nothing is applied here, and what is damaged stays refused.
"""

from __future__ import annotations

import hashlib
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from cprsync.domain.delivery import Place, place_of
from cprsync.errors import BadInput, DeliveryRefused
from cprsync.sync.intake import STOPS
from cprsync.sync.reason import checked_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from io import BufferedReader

    from cprsync.domain.delivery import Header, Link
    from cprsync.sync.ports import Feed, Reader
    from cprsync.sync.values import SealedDelivery

#: What stopped the nights of a delivery that is in its place: its companion announces more than there is.
UNFINISHED = "unfinished"


class Inbox(Protocol):
    """What accepting needs of the store."""

    def stopped(self, name: str) -> SealedDelivery | None: ...

    def seal(self, name: str, content: BinaryIO) -> SealedDelivery: ...

    def open_delivery(self, delivery: SealedDelivery) -> BinaryIO: ...

    def taken_on(self, produced: date) -> Link | None: ...

    def last_produced(self) -> date | None: ...

    def refuse(self, delivery: SealedDelivery, reason: str) -> None: ...

    def stopping(self) -> list[SealedDelivery]: ...

    def accept_stopped(self, delivery: SealedDelivery, *, place: str, reason: str, user: str) -> int:
        """Take it, and behind a gap open a window for everyone subscribed; returns of how many that is new."""
        ...


def accept_delivery(  # noqa: PLR0913 -- one parameter for each thing that decides
    store: Inbox, reader: Reader, file: str, *, strict: bool, reason: str, user: str, feed: Feed | None = None
) -> dict[str, Any]:
    """Let the next night take `file`: a name in the inbox, a path, or a name that is still being written in the feed.

    Returns what was accepted.

    Raises:
        BadInput: no such delivery, a reason that may not be kept, or one that stops no night.
        DeliveryRefused: it is damaged.
    """
    reason = checked_reason(reason)
    delivery = store.stopped(file)
    unfinished = _Unfinished(feed)
    if delivery is not None:
        with store.open_delivery(delivery) as content:
            header = reader.inspect(content).header
        place = _stop(store, header, delivery.sha256, strict=strict)
    elif not Path(file).is_file() and unfinished.has(file):
        delivery, header = _seal_unfinished(store, reader, unfinished, file)
        place = _stop(store, header, delivery.sha256, strict=strict, waits=lambda: True)
    else:
        # looked at where it lies, so that nothing of it is kept when it is not to be accepted
        with open_file(file) as (content, sha256):
            header = reader.inspect(content).header
            place = _stop(store, header, sha256, strict=strict, waits=lambda: unfinished.has(Path(file).name))
            content.seek(0)
            delivery = store.seal(Path(file).name, content)
    accepted = UNFINISHED if place is Place.NEXT else place.value
    unverified = store.accept_stopped(delivery, place=accepted, reason=reason, user=user)
    return {
        "file": delivery.name,
        "produced": header.produced.isoformat(),
        "previous": header.previous.isoformat(),
        "sha256": delivery.sha256,
        "accepted": accepted,
        "reason": reason,
        # what is accepted waits behind these, if they still lie where they arrived
        "behind": [other.name for other in store.stopping() if other.id != delivery.id],
        "unverified": unverified,
    }


@contextmanager
def open_file(file: str) -> Iterator[tuple[BufferedReader, str]]:
    """Open a file on disk, with the hash of its content. Raises BadInput."""
    try:
        opened = Path(file).open("rb")  # noqa: SIM115 -- closed below; a mistake in the block is none of opening
    except OSError:
        raise BadInput(
            "no delivery of that name waits in the inbox, and no such file can be read", kind="delivery.unknown"
        ) from None
    with opened as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        content.seek(0)
        yield content, sha256


class _Unfinished:
    """What is still being written where deliveries arrive; asked only when it matters."""

    def __init__(self, feed: Feed | None) -> None:
        self._feed = feed

    def has(self, name: str) -> bool:
        return self._feed is not None and name in self._feed.unfinished()

    def read(self, name: str) -> BinaryIO:
        file = None if self._feed is None else self._feed.unfinished_file(name)
        return BytesIO() if file is None else file.open()


def _seal_unfinished(store: Inbox, reader: Reader, unfinished: _Unfinished, name: str) -> tuple[SealedDelivery, Header]:
    """Take in what there is of a file whose companion announces more. What is no whole delivery stops no night."""
    with closing(unfinished.read(name)) as there:
        delivery = store.seal(name, there)
    try:
        with store.open_delivery(delivery) as content:
            return delivery, reader.inspect(content).header
    except DeliveryRefused as damage:
        store.refuse(delivery, damage.kind)
        raise


def _stop(
    store: Inbox, header: Header, sha256: str, *, strict: bool, waits: Callable[[], bool] = lambda: False
) -> Place:
    """Say where it belongs; `waits` is asked whether the nights wait for more of it. Raises BadInput: it stops none."""
    taken, last = store.taken_on(header.produced), store.last_produced()
    place = place_of(header, sha256, taken=taken, last=last, strict=strict)
    if place not in STOPS and not (place is Place.NEXT and waits()):
        raise BadInput(
            "the delivery of {produced} stops no night ({place})",
            produced=header.produced,
            place=place.value,
            kind="delivery.not_stopped",
        )
    return place
