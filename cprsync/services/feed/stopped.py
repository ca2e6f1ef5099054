"""What an operator says of a delivery that stops the nights: take it all the same, or set it aside.

Accepting is for a replacement, the first delivery after a gap, or one that stays unfinished: the next night takes it.
Setting aside is for one that no night will take: damaged, of another kind, incomplete, or a second one for a day. Its
sealed copy stays in the inbox as long as any refused one. The gap that it leaves stops the next delivery, until the
right file comes or an operator accepts the delivery after the gap.

Writes no record and applies nothing. A damaged delivery stays refused.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from cprsync.domain.feed.delivery import ChainPlace, Link, day_in_name, missing_after_discard, place_of
from cprsync.domain.person.person import Protection, Status
from cprsync.errors import BadInput, DeliveryRefused
from cprsync.services.feed.copies import find_copy
from cprsync.services.feed.intake import STOPS
from cprsync.services.ports.deliveries import Doubted, InboxState
from cprsync.services.ports.trust.audit import checked_reason

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from cprsync.domain.feed.delivery import Header
    from cprsync.services.feed.copies import MeantCopy
    from cprsync.services.ports.deliveries import Delivered, DeliveryReader, Feed, SealedDelivery
    from cprsync.services.ports.runs import Clock
    from cprsync.services.ports.store import Store

#: Why a delivery is refused for whose day another one came before.
REPLACED = "delivery.replaced"
#: Why a delivery in its place stopped the nights: its companion file announces more content than there is.
UNFINISHED = "unfinished"
#: Why a delivery that is now in its place stopped the nights: an operator had set it aside.
SET_ASIDE = "discarded"
_TAKEN = frozenset({InboxState.ACCEPTED, InboxState.APPLIED})


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why no night takes the delivery. `produced`: its production date, if it can be read."""

    kind: str
    produced: date | None = None


@dataclass(frozen=True, slots=True)
class DeliveryDecisions:
    """What an operator decides of one library's deliveries.

    A delivery is a name as a night reports it, or a path. If the name has several copies, `sha256` (the first digits of
    a hash) selects one; without it `find_copy` does.
    """

    store: Store
    reader: DeliveryReader
    #: None: only the inbox and paths are looked at
    feed: Feed | None
    strict: bool
    #: None: nobody knows the register's day
    clock: Clock | None = None

    @property
    def _today(self) -> date | None:
        return None if self.clock is None else self.clock.today()

    def accept(self, file: str, *, reason: str, user: str, sha256: str | None = None) -> dict[str, Any]:
        """Let the next night take `file`, which may be unfinished. Returns what was accepted.

        Raises:
            BadInput: there is no such delivery, the reason may not be kept, or the delivery stops no night.
            DeliveryRefused: the delivery is damaged.
            RunBusy: a night is running, and may take the one that this one takes the place of.
        """
        reason, stopped = checked_reason(reason), self.store.stopped_deliveries
        meant = find_copy(self.store, self.feed, file, sha256=sha256)
        delivery, header, stopped_by = self._take_up(meant)
        held = self._set_held_aside(header.produced, delivery.sha256, reason=reason, user=user)
        unverified = stopped.accept(delivery, place=stopped_by, reason=reason, user=user)
        return {
            "file": delivery.name,
            "produced": header.produced.isoformat(),
            "previous": header.previous.isoformat(),
            "sha256": delivery.sha256,
            "accepted": stopped_by,
            "reason": reason,
            # the accepted delivery waits behind these, if they are still where they arrived
            "behind": [other.name for other in stopped.stopping() if other.id != delivery.id],
            "unverified": unverified,
            "instead_of": [{"file": one.name, "sha256": one.sha256} for one in held],
            "others": _others(meant, but=held),
        }

    def _take_up(self, meant: MeantCopy) -> tuple[SealedDelivery, Header, str]:
        """The copy in the inbox, its first record, and why it stopped the nights. Raises BadInput, DeliveryRefused."""
        copy = meant.copy
        if copy is not None:
            _refuse_taken(copy)
            if copy.forgotten:
                raise BadInput("the content of {file} is gone by now", file=copy.name, kind="delivery.forgotten")
            header = self._header(copy)
            return copy, header, self._stop(meant, header)
        if meant.is_unfinished:
            copy = self._seal(meant)
            try:
                header = self._header(copy)
            except DeliveryRefused as damage:
                self.store.inbox.refuse(copy, damage.kind)
                raise
            return copy, header, self._stop(meant, header)
        _refuse_unfetched(meant)
        # read where it lies, so that nothing is stored if it is not accepted
        with closing(meant.content()) as content:
            header = self.reader.inspect(content).header
            stopped_by = self._stop(meant, header)
            content.seek(0)
            return self.store.sealing.seal(meant.name, content), header, stopped_by

    def _header(self, copy: SealedDelivery) -> Header:
        with closing(self.store.inbox.content(copy)) as content:
            return self.reader.inspect(content).header

    def _seal(self, meant: MeantCopy) -> SealedDelivery:
        """Seal the content that is there. It can be empty if the file never became complete or cannot be read."""
        with closing(meant.content()) as content:
            return self.store.sealing.seal(meant.name, content)

    def _stop(self, meant: MeantCopy, header: Header) -> str:
        """Return why the delivery stops the nights. Raises BadInput if it does not."""
        place = self._place(header, meant.sha256)
        if place in STOPS:
            return place.value
        if place is ChainPlace.NEXT and meant.copy is not None and meant.copy.is_set_aside:
            return SET_ASIDE
        unfinished = meant.is_unfinished or (self.feed is not None and meant.name in self.feed.unfinished())
        if place is ChainPlace.NEXT and unfinished:
            return UNFINISHED
        raise _not_stopped(header, place)

    def _place(self, header: Header, sha256: str) -> ChainPlace:
        taken, last = self.store.inbox.taken_on(header.produced), self.store.inbox.last_produced()
        held = [Link(header.produced, one.sha256) for one in self._held(header.produced, sha256)]
        return place_of(header, sha256, taken=taken or next(iter(held), None), last=last, strict=self.strict)

    def _held(self, produced: date, sha256: str) -> list[SealedDelivery]:
        """The deliveries of the same day with other content that a run has held, and the next one would take."""
        waiting = [one for one in self.store.inbox.waiting() if one.state is InboxState.SEALED and one.sha256 != sha256]
        return [one for one in waiting if one.header is not None and one.header.produced == produced]

    def discard(self, file: str, *, reason: str, user: str, sha256: str | None = None) -> dict[str, Any]:
        """Set `file` aside. No night reads this content again.

        Raises:
            BadInput: there is no such delivery, a night can take it, it is set aside already, or the reason may not be
                kept.
            RunBusy: a night is running.
        """
        reason = checked_reason(reason)
        with self.store.runs.lock():
            meant = find_copy(self.store, self.feed, file, sha256=sha256)
            fault = self._find_fault(meant)
            delivery = meant.copy or self._seal(meant)
            if meant.copy is None and meant.is_unfinished and meant.file is not None:
                meant.file.done()
            left = self._what_is_left(delivery, fault)
            unverified = self._set_aside(delivery, fault, reason=reason, user=user)
        return {
            "file": delivery.name,
            "sha256": delivery.sha256,
            "size": delivery.size,
            "discarded": fault.kind,
            "reason": reason,
            "left": left,
            "unverified": unverified,
            "others": _others(meant),
        }

    def _find_fault(self, meant: MeantCopy) -> _Fault:
        """Return why the delivery stops the nights. Raises BadInput if it does not, or if it is decided already."""
        if meant.copy is not None:
            _refuse_taken(meant.copy)
            if meant.copy.is_set_aside:
                raise BadInput(
                    "{file} (sha256 {sha256}…) is set aside already",
                    file=meant.name,
                    sha256=meant.copy.sha256[:8],
                    kind="delivery.discarded",
                )
        if meant.unread is not None or meant.is_unfinished:
            return _Fault("delivery.unfinished" if meant.is_unfinished else meant.unread or "")
        if meant.copy is None:
            _refuse_unfetched(meant)
        # read where it lies, so that nothing is stored if it is not set aside
        with closing(meant.content() if meant.copy is None else self.store.inbox.content(meant.copy)) as content:
            return self._fault_in(content, meant.sha256)

    def _fault_in(self, content: BinaryIO, sha256: str) -> _Fault:
        """Return why the delivery stops the nights. Raises BadInput if it does not, or if it is complete and useful."""
        try:
            header = self.reader.inspect(content).header
        except DeliveryRefused as damage:
            return _Fault(damage.kind)
        place = self._place(header, sha256)
        if place is ChainPlace.REPLACED:
            return _Fault(REPLACED, header.produced)
        if (today := self._today) is not None and header.produced > today:
            return _Fault("delivery.future", header.produced)
        if place is ChainPlace.GAP:
            raise BadInput(
                "the delivery of {produced} is whole, and waits behind a gap",
                produced=header.produced,
                kind="delivery.behind_gap",
            )
        raise _not_stopped(header, place)

    def _set_held_aside(self, produced: date, sha256: str, *, reason: str, user: str) -> list[SealedDelivery]:
        """Set aside what a brake holds of a day, before the other one of the day is accepted: a night takes one."""
        if not self._held(produced, sha256):
            return []
        with self.store.runs.lock():
            held = self._held(produced, sha256)
            for one in held:
                self._set_aside(one, _Fault(REPLACED, produced), reason=reason, user=user)
        return held

    def _set_aside(self, delivery: SealedDelivery, fault: _Fault, *, reason: str, user: str) -> int:
        doubted = None
        if fault.kind == REPLACED and fault.produced is not None:
            doubted = Doubted(self._find_protected(delivery), fault.produced)
        stopped = self.store.stopped_deliveries
        return stopped.discard(delivery, found=fault.kind, reason=reason, user=user, doubted=doubted)

    def _find_protected(self, delivery: SealedDelivery) -> list[str]:
        """The patrons who are protected or dead in a delivery: nights may have written that much of it (decision 3)."""
        with closing(self.store.inbox.content(delivery)) as content:
            told = [one.number for one in self.reader.persons(content) if _is_told_at_once(one)]
        found = (self.store.patrons.find(number) for number in told if number is not None)
        return [patron_id for patron_id in found if patron_id is not None]

    def _what_is_left(self, delivery: SealedDelivery, fault: _Fault) -> str:
        """What remains in the chain for the delivery's day. If the file cannot be read, its name gives the day."""
        produced = fault.produced or day_in_name(delivery.name)
        inbox, last = self.store.inbox, self.store.inbox.last_produced()
        is_there = produced is not None and (
            inbox.taken_on(produced) is not None or bool(self._held(produced, delivery.sha256))
        )
        return missing_after_discard(produced, is_taken=is_there, last=last, today=self._today).value


def _is_told_at_once(one: Delivered) -> bool:
    return one.protection is Protection.NAME_AND_ADDRESS or one.status is Status.DEAD


def _others(meant: MeantCopy, *, but: Collection[SealedDelivery] = ()) -> list[dict[str, Any]]:
    """The other copies of the name that stay as they are, so that the operator sees which one was decided about."""
    left = [one for one in meant.others if one not in but]
    return [{"sha256": one.sha256, "size": one.size, "state": _state(one)} for one in left]


def _state(copy: SealedDelivery) -> str:
    if copy.state in _TAKEN:
        return "taken"
    if copy.is_set_aside:
        return "discarded"
    return "waiting" if copy.refused is None else "refused"


def _refuse_taken(copy: SealedDelivery) -> None:
    if copy.state in _TAKEN:
        raise BadInput(
            "{file} (sha256 {sha256}…) was taken by a night already",
            file=copy.name,
            sha256=copy.sha256[:8],
            kind="delivery.taken",
        )


def _refuse_unfetched(meant: MeantCopy) -> None:
    if not meant.is_on_disk:
        raise BadInput("{file} was not fetched yet", file=meant.name, kind="delivery.not_fetched")


def _not_stopped(header: Header, place: ChainPlace) -> BadInput:
    return BadInput(
        "the delivery of {produced} does not stop the night ({place})",
        produced=header.produced,
        place=place.value,
        kind="delivery.not_stopped",
    )
