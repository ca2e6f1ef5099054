"""Accepts a delivery that stops the nights: a replacement, the first one after a gap, or one that stays unfinished.

Only records that the next night takes it. Applies nothing, and a damaged delivery stays refused.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from cprsync.domain.feed.delivery import Place, place_of
from cprsync.errors import BadInput, DeliveryRefused
from cprsync.services.feed.copies import find_copy
from cprsync.services.feed.intake import STOPS
from cprsync.services.ports.deliveries import InboxState
from cprsync.services.ports.reason import checked_reason

if TYPE_CHECKING:
    from cprsync.domain.feed.delivery import Header
    from cprsync.services.feed.copies import Meant
    from cprsync.services.ports.deliveries import Feed, Reader, SealedDelivery
    from cprsync.services.ports.store import Store

#: Why a delivery in its place stopped the nights: its companion file announces more content than there is.
UNFINISHED = "unfinished"
#: Why a delivery that is now in its place stopped the nights: an operator had set it aside.
SET_ASIDE = "discarded"
_TAKEN = frozenset({InboxState.ACCEPTED, InboxState.APPLIED})


def accept_delivery(  # noqa: PLR0913 -- one parameter for each thing that decides
    store: Store,
    reader: Reader,
    file: str,
    *,
    strict: bool,
    reason: str,
    user: str,
    feed: Feed | None = None,
    sha256: str | None = None,
) -> dict[str, Any]:
    """Let the next night take `file`: a name in the inbox, a path, or an unfinished file's name in the feed.

    If the name has several copies, `sha256` (the first digits of a hash) selects one; without it `find_copy` does.
    Returns what was accepted.

    Raises:
        BadInput: there is no such delivery, the reason may not be kept, or the delivery stops no night.
        DeliveryRefused: the delivery is damaged.
    """
    reason = checked_reason(reason)
    meant = find_copy(store, feed, file, sha256=sha256)
    delivery, header, stopped_by = _taken_up(store, reader, meant, strict=strict, feed=feed)
    unverified = store.decisions.accept(delivery, place=stopped_by, reason=reason, user=user)
    return {
        "file": delivery.name,
        "produced": header.produced.isoformat(),
        "previous": header.previous.isoformat(),
        "sha256": delivery.sha256,
        "accepted": stopped_by,
        "reason": reason,
        # the accepted delivery waits behind these, if they are still where they arrived
        "behind": [other.name for other in store.decisions.stopping() if other.id != delivery.id],
        "unverified": unverified,
        "others": describe_others(meant),
    }


def describe_others(meant: Meant) -> list[dict[str, Any]]:
    """The other copies of the name, so that the operator sees which one was accepted."""
    return [{"sha256": one.sha256, "size": one.size, "state": _state(one)} for one in meant.others]


def _state(copy: SealedDelivery) -> str:
    if copy.state in _TAKEN:
        return "taken"
    if copy.is_set_aside:
        return "discarded"
    return "waiting" if copy.refused is None else "refused"


def raise_taken(copy: SealedDelivery) -> None:
    """Raise BadInput for a copy that a run has taken, since it cannot be decided any more."""
    if copy.state in _TAKEN:
        raise BadInput(
            "{file} (sha256 {sha256}…) was taken by a night already",
            file=copy.name,
            sha256=copy.sha256[:8],
            kind="delivery.taken",
        )


def _taken_up(
    store: Store, reader: Reader, meant: Meant, *, strict: bool, feed: Feed | None
) -> tuple[SealedDelivery, Header, str]:
    """The copy in the inbox, its first record, and why it stopped the nights. Raises BadInput, DeliveryRefused."""
    copy = meant.copy
    if copy is not None:
        raise_taken(copy)
        if copy.forgotten:
            raise BadInput("the content of {file} is gone by now", file=copy.name, kind="delivery.forgotten")
        with closing(store.inbox.open(copy)) as content:
            header = reader.inspect(content).header
        return copy, header, _stop(store, meant, header, strict=strict, feed=feed)
    if meant.is_unfinished:
        copy, header = _seal_unfinished(store, reader, meant)
        return copy, header, _stop(store, meant, header, strict=strict, feed=feed)
    if not meant.is_on_disk:
        raise BadInput("{file} was not fetched yet", file=meant.name, kind="delivery.not_fetched")
    # read where it lies, so that nothing is stored if it is not accepted
    with closing(meant.content()) as content:
        header = reader.inspect(content).header
        stopped_by = _stop(store, meant, header, strict=strict, feed=feed)
        content.seek(0)
        return store.arrivals.seal(meant.name, content), header, stopped_by


def _seal_unfinished(store: Store, reader: Reader, meant: Meant) -> tuple[SealedDelivery, Header]:
    """Seal the present part of a file whose companion announces more. Refuse it if it is no complete delivery."""
    with closing(meant.content()) as there:
        delivery = store.arrivals.seal(meant.name, there)
    try:
        with closing(store.inbox.open(delivery)) as content:
            return delivery, reader.inspect(content).header
    except DeliveryRefused as damage:
        store.inbox.refuse(delivery, damage.kind)
        raise


def _stop(store: Store, meant: Meant, header: Header, *, strict: bool, feed: Feed | None) -> str:
    """Return why the delivery stops the nights. Raises BadInput if it does not."""
    taken, last = store.inbox.taken_on(header.produced), store.inbox.last_produced()
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
