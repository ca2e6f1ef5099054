"""Compares what a target holds with what it is to hold, share by share, and writes nothing there.

Before the first write this shows what would change. Later it finds what somebody has changed there since. A patron of
whom something still waits is not compared: that is no drift, and is sent anyway. An end before the end is no loss: the
document says behind which patron to go on.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.outward.koha_drift import KohaDrift
from cprsync.domain.outward.target import TargetKind
from cprsync.errors import ConfigurationError, CprsyncError
from cprsync.services.ports.night import Silence, never_stop
from cprsync.services.ports.outward import FROM_THE_START

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cprsync.domain.outward.target import Target
    from cprsync.services.ports.night import Progress
    from cprsync.services.ports.outward import Expected, OpenTarget
    from cprsync.services.ports.store import Store

#: Patrons whose records are open at the same time: a few calls for each worker.
SHARE: Final = 800
#: What another call to the target cannot set right: a person has to look there.
_FOR_STAFF: Final = frozenset({KohaDrift.DOUBLE, KohaDrift.OTHER_PERSON})


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What a comparison of a target works with."""

    store: Store
    #: the targets of the library, and which of them is meant
    targets: Sequence[OpenTarget]
    name: str
    #: whether patrons with something waiting are compared too, as before the first write
    with_waiting: bool = False
    #: whether the target is told again about patrons who differ
    repair: bool = False
    #: compare this patron alone
    only: str | None = None
    #: go on behind this patron, and look at so many at most; None: at all
    after: str = FROM_THE_START
    most: int | None = None
    share: int = SHARE
    progress: Progress = field(default_factory=Silence)
    raise_if_stopped: Callable[[], None] = never_stop


@dataclass(slots=True, repr=False)
class _FoundSoFar:
    """What was found so far."""

    reached: str
    looked_at: int = 0
    compared: int = 0
    waiting: int = 0
    queued: int = 0
    is_done: bool = False
    patrons: dict[KohaDrift, list[str]] = field(default_factory=lambda: defaultdict(list))
    differing: int = 0


def check_target(work: Checking) -> dict[str, Any]:
    """Compare everybody, or as many as asked. Returns the shape of `targets diff` and `targets verify`.

    What ends it early is in the document as `failure`, an error. Raises ConfigurationError: there is no such target, or
    none that can be read.
    """
    one = _target(work)
    work.progress.stage("compare", work.store.expecting.count(one.target, work.after))
    found = _FoundSoFar(work.after)
    failure: CprsyncError | None = None
    try:
        _check_shares(work, one, found)
    except CprsyncError as error:
        failure = error
    return {
        "target": one.target.name,
        "kind": one.target.kind.value,
        "done": found.is_done,
        "compared": found.compared,
        "waiting": found.waiting,
        "differing": found.differing,
        "differences": {kind.value: len(found.patrons.get(kind, ())) for kind in KohaDrift},
        "patrons": {kind.value: found.patrons[kind] for kind in KohaDrift if found.patrons.get(kind)},
        "queued": found.queued if work.repair else None,
        "reached": None if found.is_done else found.reached or None,
        "failure": failure,
    }


def _target(work: Checking) -> OpenTarget:
    one = next((one for one in work.targets if one.target.name == work.name), None)
    if one is None:
        raise ConfigurationError("no target has that name", kind="target.unknown")
    if one.reader is None:
        raise _unreadable(work.store, one.target)
    return one


def _unreadable(store: Store, target: Target) -> ConfigurationError:
    """The error for a target that cannot be asked, with what is known of it here."""
    state = next(state for state in store.targets.states() if state.name == target.name)
    name, told, waiting = target.name, state.told, state.backlog.waiting
    if target.kind is TargetKind.WEBHOOK:
        said = (
            "{name} is a webhook: it hears which patrons have changed, and holds nothing that could be read. It was "
            "told of {told} patrons; {waiting} changes wait, and it refuses {refused} patrons"
        )
        return ConfigurationError(
            said, name=name, told=told, waiting=waiting, refused=state.refused, kind="target.unreadable"
        )
    if target.kind is TargetKind.FILE:
        said = (
            "{name} gets files, and what became of them cannot be read. They told of {told} patrons; {waiting} changes "
            "wait"
        )
        return ConfigurationError(said, name=name, told=told, waiting=waiting, kind="target.unreadable")
    return _unread_feed(store, name)


def _unread_feed(store: Store, name: str) -> ConfigurationError:
    fetched = store.changes.fetched().get(name)
    if fetched is None:
        said = (
            "{name} is a feed: its reader fetches, and what the reader holds cannot be read. It has fetched nothing "
            "lately"
        )
        return ConfigurationError(said, name=name, kind="target.unreadable")
    said = (
        "{name} is a feed: its reader fetches, and what the reader holds cannot be read. It last fetched at {at}, up "
        "to change {until}; {newer} changes are newer"
    )
    at = f"{fetched.at.astimezone(COPENHAGEN):%Y-%m-%d %H:%M %Z}"
    return ConfigurationError(
        said, name=name, at=at, until=fetched.until, newer=fetched.newer, kind="target.unreadable"
    )


def _check_shares(work: Checking, one: OpenTarget, found: _FoundSoFar) -> None:
    if work.only is not None:
        _check_share(work, one, found, work.store.expecting.only(one.target, work.only))
        found.is_done = True
        return
    while work.most is None or found.looked_at < work.most:
        work.raise_if_stopped()
        share = work.share if work.most is None else min(work.share, work.most - found.looked_at)
        expected = work.store.expecting.page(one.target, found.reached, share)
        if not expected.reached:
            found.is_done = True
            return
        _check_share(work, one, found, expected)


def _check_share(work: Checking, one: OpenTarget, found: _FoundSoFar, expected: Expected) -> None:
    """Compare these patrons."""
    assert one.reader is not None  # noqa: S101 -- _target has looked
    asked = [effect for effect in expected.effects if work.with_waiting or effect.patron_id not in expected.waiting]
    differs = {patron_id: kinds for patron_id, kinds in one.reader.compare_many(asked).items() if kinds}
    if work.repair:
        again = sorted(patron_id for patron_id, kinds in differs.items() if not _FOR_STAFF.issuperset(kinds))
        work.store.expecting.queue_again(one.target, again)
        found.queued += len(again)
    for patron_id in sorted(differs):
        for kind in differs[patron_id]:
            found.patrons[kind].append(patron_id)
    found.differing += len(differs)
    found.compared += len(asked)
    found.waiting += len(expected.effects) - len(asked)
    found.looked_at += expected.looked_at
    found.reached = expected.reached
    work.progress.advance(expected.looked_at)
