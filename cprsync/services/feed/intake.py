"""Fetches and accepts: files become sealed deliveries, and each gets its place in the chain."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TYPE_CHECKING, BinaryIO, Final

from cprsync.domain.feed.delivery import (
    FUTURE,
    SUPERSEDED,
    ChainPlace,
    Link,
    day_in_name,
    find_missing_day,
    may_come_before,
    place_of,
)
from cprsync.errors import CprsyncError, DeliveryLate, DeliveryRefused, RegisterUnavailable
from cprsync.services.ports.deliveries import DeliveryLine, InboxState, SealedDelivery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from cprsync.domain.feed.delivery import Header
    from cprsync.services.ports.deliveries import DeliveryReader, Feed, Inspection, WaitingFile
    from cprsync.services.ports.night import Night, Progress
    from cprsync.services.ports.runs import Run
    from cprsync.services.ports.store import Store


#: So much of a large file is looked at before it is sealed. What is smaller is sealed at once.
HEAD_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class FetchedFiles:
    """The result of fetching the waiting files."""

    #: sealed now
    new: Sequence[SealedDelivery] = ()
    #: in the inbox already
    known: Sequence[SealedDelivery] = ()
    #: the deliveries whose files came without a companion
    unannounced: frozenset[int] = frozenset()
    #: files that can never become a delivery
    refused: Sequence[tuple[str, DeliveryRefused]] = ()
    #: why some files may remain, which a later try will fetch; None: nothing remains
    left: DeliveryLate | RegisterUnavailable | None = None


def fetch(store: Store, feed: Feed, progress: Progress, *, reader: DeliveryReader | None = None) -> FetchedFiles:
    """Seal each waiting file, and release it at its source only afterwards. The caller holds the run lock.

    A file with the same mark as the one sealed before is not read again. If the place stops answering, the files sealed
    so far stay in the inbox. `reader` tells by the first block of a large file that it can be no delivery.
    """
    progress.stage("fetch")
    store.sealing.clear_half_sealed()
    before = {delivery.id for delivery in store.inbox.waiting()}
    new: list[SealedDelivery] = []
    known: list[SealedDelivery] = []
    unannounced: set[int] = set()
    refused: list[tuple[str, DeliveryRefused]] = []
    left: DeliveryLate | RegisterUnavailable | None = None
    try:
        for file in feed.waiting():
            progress.advance()
            match _seal(store, reader, file):
                case DeliveryRefused() as error:
                    refused.append((file.name, error))
                case DeliveryLate() as error:
                    left = left or error
                case SealedDelivery(forgotten=False) as delivery:
                    is_new = delivery.state is InboxState.SEALED and delivery.id not in before
                    (new if is_new else known).append(delivery)
                    unannounced.update(() if file.is_announced else (delivery.id,))
    except RegisterUnavailable as error:
        left = error
    return FetchedFiles(new, known, frozenset(unannounced), refused, left)


def _seal(
    store: Store, reader: DeliveryReader | None, file: WaitingFile
) -> SealedDelivery | DeliveryRefused | DeliveryLate:
    """The sealed file, which is done at its source, or why it stays there."""
    delivery = None if file.mark is None else store.sealing.sealed_as(file.name, file.mark)
    if delivery is None:
        try:
            with file.open() as content:
                if reader is not None:
                    _check_large(reader, content)
                delivery = store.sealing.seal(file.name, content, mark=file.mark)
        except (DeliveryRefused, DeliveryLate) as error:
            return error
    file.done()
    return delivery


def _check_large(reader: DeliveryReader, content: BinaryIO) -> None:
    """Refuse a large file that can be no delivery by its first block, before all of it is sealed."""
    if isinstance(content, io.BufferedReader):
        head = content.peek(HEAD_BYTES)[:HEAD_BYTES]
    else:
        head = content.read(HEAD_BYTES)
        content.seek(0)
    if len(head) == HEAD_BYTES:
        reader.check_start(head)


def fetch_between_nights(
    store: Store, feed: Feed, progress: Progress, *, reader: DeliveryReader | None = None
) -> FetchedFiles:
    """Fetch without running a night. Raises RunBusy while a night runs."""
    with store.runs.lock():
        return fetch(store, feed, progress, reader=reader)


#: Places in the chain that stop a night until someone decides.
STOPS = frozenset({ChainPlace.GAP, ChainPlace.REPLACED})


@dataclass(frozen=True, slots=True)
class Intake:
    """What arrived: the deliveries to apply in order, complete ones after a gap, and what stopped the rest."""

    accepted: tuple[SealedDelivery, ...] = ()
    beyond: tuple[SealedDelivery, ...] = ()
    lines: tuple[DeliveryLine, ...] = ()
    #: the first error
    error: CprsyncError | None = None
    #: the days of the damaged deliveries, as their names say: the night stops at these, not before them (decision 44)
    damaged: tuple[date | None, ...] = ()
    #: a delivery was out of chain: nothing after it is taken
    is_stopped: bool = False
    #: the delivery that each file is which lies where deliveries arrive, by name
    here: Mapping[str, int] = field(default_factory=dict)
    #: those of them that came without a companion
    unannounced: frozenset[int] = frozenset()

    def has_lost(self, delivery: SealedDelivery) -> bool:
        """Whether the file of a delivery that came before its day is gone: it was told of, and somebody removed it."""
        return delivery.refused == FUTURE and delivery.id not in self.here.values()

    def with_lines(self, *lines: DeliveryLine, error: CprsyncError | None = None) -> Intake:
        return replace(self, lines=(*self.lines, *lines), error=self.error or error)

    def with_damaged(self, line: DeliveryLine, error: DeliveryRefused) -> Intake:
        refused = DeliveryRefused("{file}: {why}", file=line.file, why=error, kind=error.kind)
        stopped = self.with_lines(line, error=refused)
        return replace(stopped, damaged=(*self.damaged, day_in_name(line.file)))

    def may_take(self, header: Header, last: date | None) -> bool:
        """Whether nothing stands before a complete delivery that is next in the chain."""
        return not self.is_stopped and not any(may_come_before(day, header, last) for day in self.damaged)


def take_in(night: Night, run: Run) -> Intake:
    """Seal what waits, verify it, and accept what is next in the chain.

    A delivery out of chain stops the later ones, and so does a damaged one. Deliveries before it are taken (decision
    44). The error is in the result, because protections in complete deliveries still go through (decision 3).
    """
    accepted = tuple(night.store.inbox.accepted_by(run))
    intake = Intake(accepted, lines=tuple(_line(delivery, ChainPlace.NEXT.value) for delivery in accepted))
    fetched = fetch(night.store, night.feed, night.progress, reader=night.reader)
    here = {delivery.name: delivery.id for delivery in (*fetched.known, *fetched.new)}
    intake = _report_refused(night, fetched, replace(intake, here=here, unannounced=fetched.unannounced))
    inspected, intake = _inspect(night, _undecided(night, fetched, accepted), intake)
    for delivery, inspection in sorted(inspected, key=lambda pair: pair[1].header.produced):
        intake = _place(night, run, delivery, inspection, intake)
    # A place that does not answer is reported at the end: it does not stop what is in the inbox.
    late = fetched.left or (None if intake.error is not None else _lateness(night))
    if intake.accepted:
        return intake.with_lines(error=late)
    repeated = [_line(delivery, ChainPlace.REPEAT.value, received=0) for delivery in _last_applied(fetched.known)]
    return intake.with_lines(*repeated, error=late)


def _report_refused(night: Night, fetched: FetchedFiles, intake: Intake) -> Intake:
    decided = night.store.stopped_deliveries.decided_on([name for name, _ in fetched.refused])
    for name, error in fetched.refused:
        if name not in decided or not decided[name].is_set_aside:
            intake = intake.with_damaged(DeliveryLine(name, None, None, "", "refused"), error)
    return intake


def _undecided(night: Night, fetched: FetchedFiles, accepted: Sequence[SealedDelivery]) -> list[SealedDelivery]:
    """The deliveries that no run has applied yet, each once."""
    fresh = {delivery.id: delivery for delivery in (*night.store.inbox.waiting(), *fetched.known, *fetched.new)}
    taken = {delivery.id for delivery in accepted}
    waiting = (d for d in fresh.values() if d.id not in taken and not d.is_set_aside)
    return [delivery for delivery in waiting if delivery.state is not InboxState.APPLIED]


def _last_applied(known: Sequence[SealedDelivery]) -> list[SealedDelivery]:
    """The newest delivery taken that is still in the folder: reported only if nothing else came."""
    dated = [(d.header.produced, d) for d in known if d.state is InboxState.APPLIED and d.header is not None]
    return [delivery for _, delivery in sorted(dated, key=itemgetter(0))[-1:]]


def _inspect(
    night: Night, waiting: Sequence[SealedDelivery], intake: Intake
) -> tuple[list[tuple[SealedDelivery, Inspection]], Intake]:
    night.progress.stage("accept", len(waiting))
    inspected = []
    for delivery in waiting:
        try:
            with night.store.inbox.content(delivery) as content:
                inspected.append((delivery, night.reader.inspect(content)))
        except DeliveryRefused as error:
            night.store.inbox.refuse(delivery, error.kind)
            intake = intake.with_damaged(_line(delivery, "refused", received=0), error)
        night.progress.advance()
    return inspected, intake


def _place(night: Night, run: Run, delivery: SealedDelivery, inspection: Inspection, intake: Intake) -> Intake:
    """Accept a complete delivery, or report why not."""
    header, last = inspection.header, _last(night, intake)
    place = _place_of(night, delivery, header, intake, last)
    line = _line(delivery, place.value, header=header, received=0)
    if night.knows_the_day and header.produced > night.clock.today():
        return _leave_future(night, delivery, replace(line, outcome="refused"), intake)
    if intake.has_lost(delivery) and header.previous != last:
        return intake
    if place in {ChainPlace.REPEAT, ChainPlace.OLDER}:
        if delivery.refused == place.value:
            # reported once: a file that stays where it is is not reported each night
            return intake
        night.store.inbox.refuse(delivery, place.value)
        return intake.with_lines(line)
    if place is ChainPlace.NEXT and intake.may_take(header, last):
        taken = night.store.inbox.accept(run, delivery, header, received=inspection.persons)
        announced = delivery.id not in intake.unannounced
        intake = intake.with_lines(replace(line, received=inspection.persons, announced=announced))
        return replace(intake, accepted=(*intake.accepted, taken))
    return _hold_back(night, delivery, header, intake, place=place)


def _leave_future(night: Night, delivery: SealedDelivery, line: DeliveryLine, intake: Intake) -> Intake:
    """Report a delivery of a day that has not come. If it were taken, every genuine delivery would look old.

    It stays for its day, because our clock may be behind. If another file comes under its name, it is of no use.
    """
    if intake.here.get(delivery.name, delivery.id) != delivery.id:
        night.store.inbox.refuse(delivery, SUPERSEDED)
        return intake.with_lines(line) if delivery.refused is None else intake
    if intake.has_lost(delivery):
        return intake
    if delivery.refused is None:
        night.store.inbox.refuse(delivery, FUTURE)
    return intake.with_lines(line, error=_from_the_future(line))


def _hold_back(night: Night, delivery: SealedDelivery, header: Header, intake: Intake, *, place: ChainPlace) -> Intake:
    """Report a complete delivery that waits, or needs a decision. What protects still goes through."""
    intake = replace(intake, beyond=(*intake.beyond, delivery))
    refused = replace(_line(delivery, "refused", header=header, received=0), waits=place is not ChainPlace.REPLACED)
    if place is ChainPlace.NEXT:
        # the one before it has been told
        return intake.with_lines(refused)
    intake = replace(intake, is_stopped=True)
    taken = _taken(night, intake, header.produced)
    if place is ChainPlace.GAP or taken is None:
        return intake.with_lines(refused, error=_out_of_chain(header, refused, _last(night, intake)))
    # It stops the nights only as long as its file stays where it is: an operator can take it away.
    night.store.inbox.refuse(delivery, "delivery.replaced")
    is_new = taken.sha256 in {one.sha256 for one in intake.accepted}
    return intake.with_lines(refused, error=_replaced(refused, taken, is_new=is_new))


def _place_of(night: Night, delivery: SealedDelivery, header: Header, intake: Intake, last: date | None) -> ChainPlace:
    taken = _taken(night, intake, header.produced)
    place = place_of(header, delivery.sha256, taken=taken, last=last, strict=night.strict_chain)
    # an operator has accepted it as it is, with a reason (decision 4)
    return ChainPlace.NEXT if delivery.accepted and place in STOPS else place


def _from_the_future(line: DeliveryLine) -> DeliveryRefused:
    return DeliveryRefused(
        "{file}: it is of {produced}, a day that has not come yet",
        file=line.file,
        produced=line.produced,
        kind=FUTURE,
    )


def _last(night: Night, intake: Intake) -> date | None:
    produced = [d.header.produced for d in intake.accepted if d.header is not None]
    return max(produced, default=night.store.inbox.last_produced())


def _taken(night: Night, intake: Intake, produced: date) -> Link | None:
    for delivery in intake.accepted:
        if delivery.header is not None and delivery.header.produced == produced:
            return Link(produced, delivery.sha256)
    return night.store.inbox.taken_on(produced)


def _replaced(line: DeliveryLine, other: Link, *, is_new: bool) -> DeliveryRefused:
    """The error for a second delivery of a day. `is_new`: this run has accepted the other, and a limit may hold it."""
    told = "{file}: another delivery of {produced} was taken before (taken sha256 {taken}…, this one {sha256}…)"
    if is_new:
        told = "{file}: another delivery of {produced} came before (that one sha256 {taken}…, this one {sha256}…)"
    hashes = {"taken": other.sha256[:8], "sha256": line.sha256[:8]}
    return DeliveryRefused(told, file=line.file, produced=line.produced, **hashes, kind="delivery.replaced")


def _out_of_chain(header: Header, line: DeliveryLine, last: date | None) -> DeliveryRefused:
    if line.previous == line.produced:
        return DeliveryRefused(
            "{file}: it begins a new chain, but the last one taken is of {last}",
            file=line.file,
            last=last,
            kind="delivery.gap",
        )
    told = {"file": line.file, "previous": line.previous, "last": last}
    if last is None or header.previous < last:
        return DeliveryRefused(
            "{file}: it follows the delivery of {previous}, but the last one taken is of {last}",
            **told,
            kind="delivery.gap",
        )
    missing = find_missing_day(last, header.produced, [(header, False)])
    says = "{file}: it follows the delivery of {previous}, but the last one taken is of {last}; {missing} is missing"
    if missing is not None and missing < header.previous:
        says = "{file}: the last one taken is of {last}; those from {missing} to {previous} are missing"
    return DeliveryRefused(says, missing=missing, **told, kind="delivery.gap")


def _lateness(night: Night) -> CprsyncError | None:
    """The error for an expected delivery that is missing, once the chain has begun. None is expected on holidays."""
    if unfinished := _unfinished(night):
        told = "{file} is still being written, or its .metadata is missing"
        return DeliveryLate(told, file=unfinished[0], kind="delivery.unfinished")
    last = night.store.inbox.last_produced()
    missing = None if last is None else find_missing_day(last, night.store.inbox.last_loaded(night.clock.now()))
    if missing is None:
        return None
    return DeliveryLate(
        "the delivery of {due} has not arrived; the last one taken is of {last}", due=missing, last=last
    )


def _unfinished(night: Night) -> list[str]:
    """Files that are still being written, without those that an operator has accepted or set aside."""
    names = night.feed.unfinished()
    decided = night.store.stopped_deliveries.decided_on(names)
    return [name for name in names if name not in decided]


def _line(
    delivery: SealedDelivery, outcome: str, *, header: Header | None = None, received: int | None = None
) -> DeliveryLine:
    header = header or delivery.header
    return DeliveryLine(
        file=delivery.name,
        produced=None if header is None else header.produced,
        previous=None if header is None else header.previous,
        sha256=delivery.sha256,
        outcome=outcome,
        received=delivery.received if received is None else received,
    )
