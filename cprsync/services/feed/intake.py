"""Fetches and accepts: files become sealed deliveries, and each gets its place in the chain."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cprsync.domain.feed.delivery import Link, Place, last_loaded, place_of
from cprsync.errors import CprsyncError, DeliveryLate, DeliveryRefused, RegisterUnavailable
from cprsync.services.ports.deliveries import DeliveryLine, InboxState
from cprsync.services.ports.runs import RunState

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.feed.delivery import Header
    from cprsync.services.ports.deliveries import Feed, Inspection, SealedDelivery, WaitingFile
    from cprsync.services.ports.night import Night, Progress
    from cprsync.services.ports.runs import Run
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
    store.sealing.clear_half_sealed()
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
    known = None if mark is None else store.sealing.sealed_as(file.name, mark)
    if known is not None:
        if not known.forgotten:
            fetched.known.append(known)
        file.done()
        return
    try:
        with file.open() as content:
            delivery = store.sealing.seal(file.name, content, mark=mark)
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


#: Places in the chain that stop a night until someone decides.
STOPS = frozenset({Place.GAP, Place.REPLACED})


@dataclass(slots=True)
class Intake:
    """What arrived: the deliveries to apply in order, complete ones after a gap, and what stopped the rest."""

    accepted: list[SealedDelivery] = field(default_factory=list)
    beyond: list[SealedDelivery] = field(default_factory=list)
    #: the last delivery taken that is still in the folder: reported only if nothing else came
    kept: list[SealedDelivery] = field(default_factory=list)
    lines: list[DeliveryLine] = field(default_factory=list)
    error: CprsyncError | None = None
    #: why files may remain where they arrive; does not stop what is in the inbox
    left: CprsyncError | None = None


def take_in(night: Night, run: Run) -> Intake:
    """Seal what waits, verify it, and accept what is next in the chain.

    A delivery out of chain stops the later ones. A damaged delivery stops all that no run has accepted, since not even
    its day is certain. The error is in the result, because protections in complete deliveries still go through
    (decision 3).
    """
    intake = Intake(accepted=night.store.inbox.accepted_by(run))
    intake.lines = [_line(delivery, Place.NEXT.value) for delivery in intake.accepted]
    waiting = _fetch(night, intake)
    night.store.runs.set_state(run, RunState.FETCHED)
    inspected = _inspect(night, waiting, intake)
    for delivery, inspection in sorted(inspected, key=lambda pair: pair[1].header.produced):
        _place(night, run, delivery, inspection, intake)
    if not intake.accepted:
        intake.lines += [_line(delivery, Place.REPEAT.value, received=0) for delivery in intake.kept]
        intake.error = intake.error or intake.left or _lateness(night)
    intake.error = intake.error or intake.left
    return intake


def _fetch(night: Night, intake: Intake) -> list[SealedDelivery]:
    """Seal every complete file. Return the deliveries that no run has applied yet, each once."""
    fetched = fetch(night.store, night.feed, night.progress)
    decided = night.store.stopped_deliveries.decided_on([name for name, _ in fetched.refused])
    for name, error in fetched.refused:
        if name in decided and decided[name].is_set_aside:
            continue
        intake.lines.append(DeliveryLine(name, None, None, "", "refused"))
        intake.error = intake.error or DeliveryRefused("{file}: {why}", file=name, why=error, kind=error.kind)
    # Report a place that does not answer at the end: what is in the inbox already is still applied.
    intake.left = fetched.left
    intake.kept = _newest([delivery for delivery in fetched.known if delivery.state is InboxState.APPLIED])
    fresh = {delivery.id: delivery for delivery in (*night.store.inbox.waiting(), *fetched.known, *fetched.new)}
    accepted = {delivery.id for delivery in intake.accepted}
    waiting = (d for d in fresh.values() if d.id not in accepted and not d.is_set_aside)
    return [delivery for delivery in waiting if delivery.state is not InboxState.APPLIED]


def _newest(taken: list[SealedDelivery]) -> list[SealedDelivery]:
    """The newest delivery taken that is still in the folder."""
    dated = [delivery for delivery in taken if delivery.header is not None]
    return sorted(dated, key=_produced)[-1:]


def _produced(delivery: SealedDelivery) -> str:
    return "" if delivery.header is None else delivery.header.produced.isoformat()


def _inspect(night: Night, waiting: list[SealedDelivery], intake: Intake) -> list[tuple[SealedDelivery, Inspection]]:
    night.progress.stage("accept", len(waiting))
    inspected = []
    for delivery in waiting:
        try:
            with night.store.inbox.content(delivery) as content:
                inspected.append((delivery, night.reader.inspect(content)))
        except DeliveryRefused as error:
            night.store.inbox.refuse(delivery, error.kind)
            intake.lines.append(_line(delivery, "refused", received=0))
            intake.error = intake.error or _named(delivery, error)
        night.progress.advance()
    return inspected


def _place(night: Night, run: Run, delivery: SealedDelivery, inspection: Inspection, intake: Intake) -> None:
    """Accept a complete delivery, or report why not. After an error nothing more is accepted."""
    header, last = inspection.header, _last(night, intake)
    place = _place_of(night, delivery, header, intake, last)
    line = DeliveryLine(delivery.name, header.produced, header.previous, delivery.sha256, place.value)
    if night.knows_the_day and header.produced > night.clock.today():
        # if it were taken, every genuine delivery would look old
        _refuse(intake, line, _from_the_future(line))
    elif place is Place.NEXT and intake.error is None:
        intake.lines.append(replace(line, received=inspection.persons))
        intake.accepted.append(night.store.inbox.accept(run, delivery, header, received=inspection.persons))
    elif place not in {Place.REPEAT, Place.OLDER}:
        _refuse(intake, line, _out_of_chain(night, place, line, last))
        if place is Place.REPLACED:
            # It stops the nights only as long as its file stays where it is: an operator can take it away.
            night.store.inbox.refuse(delivery, "delivery.replaced")
        else:
            intake.beyond.append(delivery)
    elif delivery.refused != place.value:
        # reported once: a file that stays where it is is not reported each night
        intake.lines.append(line)
        night.store.inbox.refuse(delivery, place.value)


def _place_of(night: Night, delivery: SealedDelivery, header: Header, intake: Intake, last: date | None) -> Place:
    taken = _taken(night, intake, header.produced)
    place = place_of(header, delivery.sha256, taken=taken, last=last, strict=night.strict_chain)
    # an operator has accepted it as it is, with a reason (decision 4)
    return Place.NEXT if delivery.accepted and place in STOPS else place


def _refuse(intake: Intake, line: DeliveryLine, why: DeliveryRefused) -> None:
    intake.lines.append(replace(line, outcome="refused"))
    intake.error = intake.error or why


def _from_the_future(line: DeliveryLine) -> DeliveryRefused:
    return DeliveryRefused(
        "{file}: it is of {produced}, a day that has not come yet",
        file=line.file,
        produced=line.produced,
        kind="delivery.future",
    )


def _last(night: Night, intake: Intake) -> date | None:
    produced = [d.header.produced for d in intake.accepted if d.header is not None]
    return max(produced, default=night.store.inbox.last_produced())


def _taken(night: Night, intake: Intake, produced: date) -> Link | None:
    for delivery in intake.accepted:
        if delivery.header is not None and delivery.header.produced == produced:
            return Link(produced, delivery.sha256)
    return night.store.inbox.taken_on(produced)


def _out_of_chain(night: Night, place: Place, line: DeliveryLine, last: date | None) -> DeliveryRefused:
    if place is Place.REPLACED:
        taken = night.store.inbox.taken_on(line.produced) if line.produced else None
        return DeliveryRefused(
            "{file}: another delivery of {produced} was taken before (taken sha256 {taken}…, this one {sha256}…)",
            file=line.file,
            produced=line.produced,
            taken=taken.sha256[:8] if taken else "?",
            sha256=line.sha256[:8],
            kind="delivery.replaced",
        )
    if line.previous == line.produced:
        return DeliveryRefused(
            "{file}: it begins a new chain, but the last one taken is of {last}",
            file=line.file,
            last=last,
            kind="delivery.gap",
        )
    return DeliveryRefused(
        "{file}: it follows the delivery of {previous}, but the last one taken is of {last}",
        file=line.file,
        previous=line.previous,
        last=last,
        kind="delivery.gap",
    )


def _named(delivery: SealedDelivery, error: DeliveryRefused) -> DeliveryRefused:
    return DeliveryRefused("{file}: {why}", file=delivery.name, why=error, kind=error.kind)


def _lateness(night: Night) -> CprsyncError | None:
    """The error for an expected delivery that is missing, once the chain has begun. None is expected on holidays."""
    if unfinished := _unfinished(night):
        return DeliveryLate("{file} is still being written", file=unfinished[0], kind="delivery.unfinished")
    last, due = night.store.inbox.last_produced(), last_loaded(night.clock.now())
    if last is not None and last < due:
        return DeliveryLate(
            "the delivery of {due} has not arrived; the last one taken is of {last}", due=due, last=last
        )
    return None


def _unfinished(night: Night) -> list[str]:
    """Files that are still being written, without those that an operator has accepted or set aside."""
    names = night.feed.unfinished()
    decided = night.store.stopped_deliveries.decided_on(names)
    return [name for name in names if name not in decided]


def _line(delivery: SealedDelivery, outcome: str, received: int | None = None) -> DeliveryLine:
    header = delivery.header
    return DeliveryLine(
        file=delivery.name,
        produced=None if header is None else header.produced,
        previous=None if header is None else header.previous,
        sha256=delivery.sha256,
        outcome=outcome,
        received=delivery.received if received is None else received,
    )
