"""The targets as an operator sees and moves them, between nights: list, send, load, let go on, forget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.outward.target import TargetKind
from cprsync.errors import BadInput, ConfigurationError
from cprsync.services.outward.sending import Sender
from cprsync.services.ports.outward import TargetStands
from cprsync.services.ports.runs import moment_document
from cprsync.services.ports.trust.audit import demanded_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from cprsync.services.outward.sending import Sent
    from cprsync.services.ports.night import Progress
    from cprsync.services.ports.outward import FeedPosition, OpenTarget, TargetState
    from cprsync.services.ports.store import Store

#: How long something may wait for CULR or another system: the next night makes up for one failed night.
WAITS_MOST: Final = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class ListedTargets:
    """The targets of a library, and how each stands."""

    agency: str
    targets: tuple[TargetStands, ...]


def list_targets(store: Store, *, agency: str) -> ListedTargets:
    """List the targets of a library."""
    return ListedTargets(agency, find_targets(store))


def find_targets(store: Store) -> tuple[TargetStands, ...]:
    """How each target stands."""
    states = store.targets.states()
    fetched = store.changes.fetched() if any(one.kind == TargetKind.FEED.value for one in states) else {}
    return tuple(_stands(state, fetched.get(state.name)) for state in states)


def _stands(state: TargetState, fetched: FeedPosition | None = None) -> TargetStands:
    return TargetStands(
        name=state.name,
        kind=state.kind,
        set_up=state.set_up,
        loaded=state.loaded,
        told=None if state.kind == TargetKind.FEED.value else state.told,
        waiting=state.backlog.waiting,
        failed=state.backlog.failed,
        refused=state.refused,
        oldest=state.backlog.oldest,
        stopped=state.stopped,
        why=state.stopped_why,
        fetched=fetched,
    )


def wrong_targets(targets: Sequence[TargetStands], now: datetime) -> list[dict[str, Any]]:
    """What somebody has to look after: a target that is stopped, was removed, has not heard for long, or refuses."""
    found: list[dict[str, Any]] = []
    for one in targets:
        if one.stopped is not None:
            since = moment_document(one.stopped)
            found.append({"what": "target_stopped", "name": one.name, "since": since, "count": one.waiting})
        elif not one.set_up and one.waiting:
            found.append({"what": "target_removed", "name": one.name, "count": one.waiting})
        elif one.oldest is not None and one.oldest < now - WAITS_MOST:
            found.append({"what": "target_old", "name": one.name, "oldest": moment_document(one.oldest)})
        if one.refused:
            found.append({"what": "target_refuses", "name": one.name, "count": one.refused})
    return found


def send_now(
    store: Store,
    targets: Sequence[OpenTarget],
    *,
    progress: Progress,
    raise_if_stopped: Callable[[], None],
    load: bool = False,
) -> list[Sent]:
    """Send what waits for these targets, between two nights. `load`: first queue everything about everybody anew.

    Raises RunBusy while a night runs, and RunStopped.
    """
    with store.runs.lock():
        if load:
            for one in targets:
                store.targets.load_again(one.target.name)
        return Sender(store, progress, raise_if_stopped=raise_if_stopped).send_all(targets)


def sent_document(store: Store, sent: Sequence[Sent]) -> list[dict[str, Any]]:
    """The JSON shape of `targets send` and `targets load`: what became of each target."""
    backlogs = {one.name: one.backlog for one in store.targets.states()}
    return [one.document(backlogs[one.name].waiting, backlogs[one.name].failed) for one in sent]


def chosen_targets(targets: Sequence[OpenTarget], name: str | None) -> Sequence[OpenTarget]:
    """The one that is named, or all. Raises ConfigurationError: none has that name, or none is set up."""
    chosen = [one for one in targets if name in {None, one.target.name}]
    if not chosen:
        raise ConfigurationError("no target has that name", kind="target.unknown")
    return chosen


def release_target(store: Store, name: str, *, user: str, reason: str) -> TargetStands:
    """Let a stopped target go on with the next sending. Raises BadInput: it is not stopped, or there is no reason."""
    why = demanded_reason(reason, of="say why the target may go on")
    if not store.targets.release(name, user=user, reason=why):
        raise BadInput("no target of that name is stopped", kind="target.not_stopped")
    return _stands(_state_of(store, name))


def forget_target(store: Store, name: str, *, user: str, reason: str, confirmed: bool) -> TargetStands:
    """Delete what is kept for a target that was removed from cprsync.toml. Unconfirmed, only say what would be left.

    What the target was told stays there: nobody tells it of changes or of patrons who leave any more.

    Raises BadInput: it is set up, there is no such target, or there is no reason; nothing is deleted.
    """
    with store.runs.lock():
        state = _state_of(store, name)
        if state.set_up:
            raise BadInput("the target is still in the settings: remove it there first", kind="target.set_up")
        if confirmed:
            why = demanded_reason(reason, of="say why the target is forgotten")
            store.targets.forget(name, user=user, reason=why)
        return _stands(state)


def _state_of(store: Store, name: str) -> TargetState:
    found = next((one for one in store.targets.states() if one.name == name), None)
    if found is None:
        raise ConfigurationError("there is no target of that name", kind="target.unknown")
    return found
