"""Set a delivery aside for good that no night will take: damaged, of another kind, half, or one of two of a day.

Writes no record. The copy that was sealed stays in the inbox as long as any refused one. What it leaves is a gap: it
stops the next delivery until the right file comes, or until an operator goes on over it (`accepting`).
"""

from __future__ import annotations

from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from cprsync.domain.delivery import Place, place_of
from cprsync.errors import BadInput, DeliveryRefused
from cprsync.sync.accepting import open_file
from cprsync.sync.reason import checked_reason

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import date

    from cprsync.domain.delivery import Header, Link
    from cprsync.sync.ports import Feed, Reader, WaitingFile
    from cprsync.sync.values import SealedDelivery

UNFINISHED = "delivery.unfinished"
_UNKNOWN = "no delivery of that name waits in the inbox or where deliveries arrive, and no such file can be read"


class Shelf(Protocol):
    """What setting aside needs of the store."""

    def run_lock(self) -> AbstractContextManager[None]: ...

    def stopped(self, name: str) -> SealedDelivery | None: ...

    def seal(self, name: str, content: BinaryIO) -> SealedDelivery: ...

    def open_delivery(self, delivery: SealedDelivery) -> BinaryIO: ...

    def taken_on(self, produced: date) -> Link | None: ...

    def last_produced(self) -> date | None: ...

    def discard(self, delivery: SealedDelivery, *, found: str, reason: str, user: str) -> int:
        """Set it aside; before the first delivery open a window for everyone subscribed, and return how many."""
        ...


class Discarding:
    """What one is set aside with; `today` is None where nobody knows the register's day."""

    def __init__(self, store: Shelf, reader: Reader, feed: Feed, *, strict: bool, today: date | None) -> None:
        self._store = store
        self._reader = reader
        self._feed = feed
        self._strict = strict
        self._today = today

    def discard(self, file: str, *, reason: str, user: str) -> dict[str, Any]:
        """Set `file` aside: a name as the night tells it, or a path. No night looks at this content again.

        Raises:
            BadInput: no such delivery, one that a night takes or that is set aside already, or a reason that may not
                be kept.
            RunBusy: a night is at work.
        """
        reason = checked_reason(reason)
        with self._store.run_lock():
            delivery = self._store.stopped(file)
            if delivery is not None:
                found = self._why_sealed(delivery)
            elif Path(file).is_file():
                delivery, found = self._seal_file(file)
            else:
                delivery, found = self._seal_from_feed(file)
            unverified = self._store.discard(delivery, found=found, reason=reason, user=user)
        return {
            "file": delivery.name,
            "sha256": delivery.sha256,
            "size": delivery.size,
            "discarded": found,
            "reason": reason,
            "unverified": unverified,
        }

    def _why_sealed(self, delivery: SealedDelivery) -> str:
        if delivery.is_set_aside:
            raise BadInput("{file} is set aside already", file=delivery.name, kind="delivery.discarded")
        with closing(self._store.open_delivery(delivery)) as content:
            return self._why(content, delivery.sha256)

    def _seal_file(self, file: str) -> tuple[SealedDelivery, str]:
        """Look at it where it lies, so that nothing of it is kept when it is not to be set aside."""
        with open_file(file) as (content, sha256):
            found = self._why(content, sha256)
            content.seek(0)
            return self._store.seal(Path(file).name, content), found

    def _seal_from_feed(self, name: str) -> tuple[SealedDelivery, str]:
        """Seal what there is of a file that never became whole, or that cannot be read: it may be nothing."""
        if name in self._feed.unfinished():
            file = self._feed.unfinished_file(name)
            content = _content_of(file)[0]
            with closing(content):
                delivery = self._store.seal(name, content)
            if file is not None:
                file.done()
            return delivery, UNFINISHED
        for file in self._feed.waiting():
            if file.name == name:
                content, unread = _content_of(file)
                with closing(content):
                    if unread is None:
                        raise BadInput("{file} was not fetched yet", file=name, kind="delivery.not_fetched")
                    return self._store.seal(name, content), unread
        raise BadInput(_UNKNOWN, kind="delivery.unknown")

    def _why(self, content: BinaryIO, sha256: str) -> str:
        """Return the kind of what stops the nights. Raises BadInput if nothing does, or if it is whole and of use."""
        try:
            header = self._reader.inspect(content).header
        except DeliveryRefused as damage:
            return damage.kind
        place = self._place(header, sha256)
        if place is Place.REPLACED:
            return "delivery.replaced"
        if self._today is not None and header.produced > self._today:
            return "delivery.future"
        if place is Place.GAP:
            raise BadInput(
                "the delivery of {produced} is whole, and waits behind a gap",
                produced=header.produced,
                kind="delivery.behind_gap",
            )
        raise BadInput(
            "the delivery of {produced} stops no night ({place})",
            produced=header.produced,
            place=place.value,
            kind="delivery.not_stopped",
        )

    def _place(self, header: Header, sha256: str) -> Place:
        taken, last = self._store.taken_on(header.produced), self._store.last_produced()
        return place_of(header, sha256, taken=taken, last=last, strict=self._strict)


def _content_of(file: WaitingFile | None) -> tuple[BinaryIO, str | None]:
    """The content, and why it cannot be read: then, and of a file that is only announced, it is empty."""
    if file is None:
        return BytesIO(), None
    try:
        return file.open(), None
    except DeliveryRefused as unread:
        return BytesIO(), unread.kind
