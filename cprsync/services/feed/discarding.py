"""Sets a delivery aside that no night will take: damaged, of another kind, incomplete, or a second one for a day.

Writes no record. The sealed copy stays in the inbox as long as any refused one. The gap that it leaves stops the next
delivery. It ends when the right file comes, or when an operator accepts the delivery after the gap (`accepting`).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from cprsync.domain.feed.delivery import Place, day_in_name, missing_after_discard, place_of
from cprsync.errors import BadInput, DeliveryRefused
from cprsync.services.feed.accepting import describe_others, raise_taken
from cprsync.services.feed.copies import find_copy
from cprsync.services.ports.reason import checked_reason

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.feed.delivery import Header
    from cprsync.services.feed.copies import Meant
    from cprsync.services.ports.deliveries import Feed, Reader, SealedDelivery
    from cprsync.services.ports.store import Store

UNFINISHED = "delivery.unfinished"


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why no night takes the delivery. `produced`: its production date, if it can be read."""

    kind: str
    produced: date | None = None


class Discarding:
    """Sets deliveries aside. `today` is None if nobody knows the register's day."""

    def __init__(self, store: Store, reader: Reader, feed: Feed, *, strict: bool, today: date | None) -> None:
        self._store = store
        self._reader = reader
        self._feed = feed
        self._strict = strict
        self._today = today

    def discard(self, file: str, *, reason: str, user: str, sha256: str | None = None) -> dict[str, Any]:
        """Set `file` aside: a name as a night reports it, or a path. No night reads this content again.

        If the name has several copies, `sha256` (the first digits of a hash) selects one; without it `find_copy` does.

        Raises:
            BadInput: there is no such delivery, a night can take it, it is set aside already, or the reason may not be
                kept.
            RunBusy: a night is running.
        """
        reason = checked_reason(reason)
        with self._store.runs.lock():
            meant = find_copy(self._store, self._feed, file, sha256=sha256)
            fault = self._find_fault(meant)
            delivery = meant.copy or self._seal(meant)
            left = self._what_is_left(delivery, fault)
            unverified = self._store.decisions.discard(delivery, found=fault.kind, reason=reason, user=user)
        return {
            "file": delivery.name,
            "sha256": delivery.sha256,
            "size": delivery.size,
            "discarded": fault.kind,
            "reason": reason,
            "left": left,
            "unverified": unverified,
            "others": describe_others(meant),
        }

    def _find_fault(self, meant: Meant) -> _Fault:
        """Return why the delivery stops the nights. Raises BadInput if it does not, or if it is decided already."""
        if meant.copy is not None:
            raise_taken(meant.copy)
            if meant.copy.is_set_aside:
                raise BadInput(
                    "{file} (sha256 {sha256}…) is set aside already",
                    file=meant.name,
                    sha256=meant.copy.sha256[:8],
                    kind="delivery.discarded",
                )
        if meant.unread is not None or meant.is_unfinished:
            return _Fault(UNFINISHED if meant.is_unfinished else meant.unread or "")
        if meant.copy is None and not meant.is_on_disk:
            raise BadInput("{file} was not fetched yet", file=meant.name, kind="delivery.not_fetched")
        # read where it lies, so that nothing is stored if it is not set aside
        with closing(meant.content() if meant.copy is None else self._store.inbox.open(meant.copy)) as content:
            return self._why(content, meant.sha256)

    def _seal(self, meant: Meant) -> SealedDelivery:
        """Seal the content that is there. It can be empty if the file never became complete or cannot be read."""
        with closing(meant.content()) as content:
            delivery = self._store.arrivals.seal(meant.name, content)
        if meant.is_unfinished and meant.file is not None:
            meant.file.done()
        return delivery

    def _why(self, content: BinaryIO, sha256: str) -> _Fault:
        """Return why the delivery stops the nights. Raises BadInput if it does not, or if it is complete and useful."""
        try:
            header = self._reader.inspect(content).header
        except DeliveryRefused as damage:
            return _Fault(damage.kind)
        place = self._place(header, sha256)
        if place is Place.REPLACED:
            return _Fault("delivery.replaced", header.produced)
        if self._today is not None and header.produced > self._today:
            return _Fault("delivery.future", header.produced)
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
        taken, last = self._store.inbox.taken_on(header.produced), self._store.inbox.last_produced()
        return place_of(header, sha256, taken=taken, last=last, strict=self._strict)

    def _what_is_left(self, delivery: SealedDelivery, fault: _Fault) -> str:
        """What remains in the chain for the delivery's day. If the file cannot be read, its name gives the day."""
        produced = fault.produced or day_in_name(delivery.name)
        taken = produced is not None and self._store.inbox.taken_on(produced) is not None
        return missing_after_discard(
            produced, is_taken=taken, last=self._store.inbox.last_produced(), today=self._today
        ).value
