"""Accept a delivery that stops the nights: a replacement, the first one after a gap, or one that never gets longer.

Says only that the next night takes it. Nothing is applied here, and what is damaged stays refused.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from cprsync.domain.feed.delivery import Place, place_of
from cprsync.errors import BadInput, DeliveryRefused
from cprsync.services.feed.copies import find_copy
from cprsync.services.feed.intake import STOPS
from cprsync.services.ports.reason import checked_reason
from cprsync.services.ports.values import InboxState

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.feed.delivery import Header, Link
    from cprsync.services.feed.copies import Meant
    from cprsync.services.ports.ports import Feed, Reader
    from cprsync.services.ports.values import SealedDelivery

#: What stopped the nights of a delivery that is in its place: its companion announces more than there is.
UNFINISHED = "unfinished"
#: What stopped the nights of one that is in its place by now: an operator had set it aside.
SET_ASIDE = "discarded"
_TAKEN = frozenset({InboxState.ACCEPTED, InboxState.APPLIED})


class Inbox(Protocol):
    """What accepting needs of the store."""

    def copies(self, name: str) -> list[SealedDelivery]: ...

    def sealed_as(self, name: str, mark: str) -> SealedDelivery | None: ...

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
    store: Inbox,
    reader: Reader,
    file: str,
    *,
    strict: bool,
    reason: str,
    user: str,
    feed: Feed | None = None,
    sha256: str | None = None,
) -> dict[str, Any]:
    """Let the next night take `file`: a name in the inbox, a path, or a name that is still being written in the feed.

    Several copies of a name: `sha256`, how the hash of one begins, says which; without it `find_copy` does. Returns
    what was accepted.

    Raises:
        BadInput: no such delivery, a reason that may not be kept, or one that stops no night.
        DeliveryRefused: it is damaged.
    """
    reason = checked_reason(reason)
    meant = find_copy(store, feed, file, sha256=sha256)
    delivery, header, stopped_by = _taken_up(store, reader, meant, strict=strict, feed=feed)
    unverified = store.accept_stopped(delivery, place=stopped_by, reason=reason, user=user)
    return {
        "file": delivery.name,
        "produced": header.produced.isoformat(),
        "previous": header.previous.isoformat(),
        "sha256": delivery.sha256,
        "accepted": stopped_by,
        "reason": reason,
        # what is accepted waits behind these, if they still lie where they arrived
        "behind": [other.name for other in store.stopping() if other.id != delivery.id],
        "unverified": unverified,
        "others": describe_others(meant),
    }


def describe_others(meant: Meant) -> list[dict[str, Any]]:
    """The other copies of the name, so that it shows which one was meant."""
    return [{"sha256": one.sha256, "size": one.size, "state": _state(one)} for one in meant.others]


def _state(copy: SealedDelivery) -> str:
    if copy.state in _TAKEN:
        return "taken"
    if copy.is_set_aside:
        return "discarded"
    return "waiting" if copy.refused is None else "refused"


def raise_taken(copy: SealedDelivery) -> None:
    """Raise BadInput for a copy that a run has taken: nothing is to be decided about it."""
    if copy.state in _TAKEN:
        raise BadInput(
            "{file} (sha256 {sha256}…) was taken by a night already",
            file=copy.name,
            sha256=copy.sha256[:8],
            kind="delivery.taken",
        )


def _taken_up(
    store: Inbox, reader: Reader, meant: Meant, *, strict: bool, feed: Feed | None
) -> tuple[SealedDelivery, Header, str]:
    """The copy in the inbox, its first record, and what stopped the nights of it. Raises BadInput, DeliveryRefused."""
    copy = meant.copy
    if copy is not None:
        raise_taken(copy)
        if copy.forgotten:
            raise BadInput("the content of {file} is gone by now", file=copy.name, kind="delivery.forgotten")
        with closing(store.open_delivery(copy)) as content:
            header = reader.inspect(content).header
        return copy, header, _stop(store, meant, header, strict=strict, feed=feed)
    if meant.is_unfinished:
        copy, header = _seal_unfinished(store, reader, meant)
        return copy, header, _stop(store, meant, header, strict=strict, feed=feed)
    if not meant.is_on_disk:
        raise BadInput("{file} was not fetched yet", file=meant.name, kind="delivery.not_fetched")
    # looked at where it lies, so that nothing of it is kept when it is not to be accepted
    with closing(meant.content()) as content:
        header = reader.inspect(content).header
        stopped_by = _stop(store, meant, header, strict=strict, feed=feed)
        content.seek(0)
        return store.seal(meant.name, content), header, stopped_by


def _seal_unfinished(store: Inbox, reader: Reader, meant: Meant) -> tuple[SealedDelivery, Header]:
    """Take in what there is of a file whose companion announces more. What is no whole delivery stops no night."""
    with closing(meant.content()) as there:
        delivery = store.seal(meant.name, there)
    try:
        with closing(store.open_delivery(delivery)) as content:
            return delivery, reader.inspect(content).header
    except DeliveryRefused as damage:
        store.refuse(delivery, damage.kind)
        raise


def _stop(store: Inbox, meant: Meant, header: Header, *, strict: bool, feed: Feed | None) -> str:
    """Say what stops the nights of it. Raises BadInput: nothing does."""
    taken, last = store.taken_on(header.produced), store.last_produced()
    place = place_of(header, meant.sha256, taken=taken, last=last, strict=strict)
    if place in STOPS:
        return place.value
    if place is Place.NEXT and meant.copy is not None and meant.copy.is_set_aside:
        return SET_ASIDE
    if place is Place.NEXT and (meant.is_unfinished or (feed is not None and meant.name in feed.unfinished())):
        return UNFINISHED
    raise BadInput(
        "the delivery of {produced} stops no night ({place})",
        produced=header.produced,
        place=place.value,
        kind="delivery.not_stopped",
    )
