"""Compares every record with what Cicero (FBS) shows of the patron, share by share.

After each share its findings and a checkpoint are written together, so that a comparison that was ended goes on where
it was. What a share has asked when it is ended is asked again. Nothing is written in FBS: the port has no such method.
What counts as a difference is decided in `domain.outward.deviation`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.outward.deviation import Deviation, Elsewhere, find_deviations, is_compared
from cprsync.errors import (
    ConfigurationError,
    CprsyncError,
    LibrarySystemRefused,
    LibrarySystemUnavailable,
    LibrarySystemUntrusted,
    PatronNotNamed,
)
from cprsync.services.ports.comparing import BegunComparison, ComparedShare, Question
from cprsync.services.ports.night import Silence, never_stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.comparing import LibrarySystem, Past, ToCompare
    from cprsync.services.ports.night import Progress
    from cprsync.services.ports.runs import Clock
    from cprsync.services.ports.store import Store

FBS: Final = "fbs"
#: Patrons whose records are open, and whose findings are written, at the same time.
SHARE: Final = 200
#: A comparison that did not end is continued for so long. After that its beginning is too old for its end.
GOES_ON_HOURS: Final = 24
#: If the other system knows nobody of a first share that has so many, it is asked in another library's name.
_KNOWN_LEAST: Final = 20
#: After one of these no patron can be read.
_HOPELESS: Final = (ConfigurationError, LibrarySystemRefused, LibrarySystemUntrusted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """What a comparison works with."""

    store: Store
    system: LibrarySystem
    clock: Clock
    policy: Policy
    user: str
    #: the numbers of all patrons there, if the operator has a list; None: nobody knows who is missing here
    listed: frozenset[str] | None = None
    progress: Progress = field(default_factory=Silence)
    raise_if_stopped: Callable[[], None] = never_stop
    share: int = SHARE


def compare_all(work: Comparing) -> dict[str, Any]:
    """Compare everybody, or whoever is left of a comparison that did not end. Returns the shape of `compare fbs`.

    What ends it early is in the document as `failure`, an error: what was compared until then stays.
    """
    comparisons, now, today = work.store.comparisons, work.clock.now(), work.clock.today()
    begun = comparisons.begin(
        FBS,
        user=work.user,
        since=now - timedelta(hours=GOES_ON_HOURS),
        keep_from=today - timedelta(days=work.policy.retention.nights_days),
    )
    work.progress.stage("compare", comparisons.count_ahead(begun.reached))
    failure: CprsyncError | None = None
    missing: list[str] = []
    try:
        begun = _compare_shares(work, begun, today)
        missing = _missing_here(work)
        comparisons.end(begun, FBS, missing_here=len(missing))
    except _ComparisonEnded as ended:
        begun, failure = ended.begun, ended.why
    found = comparisons.deviating(begun)
    if missing:
        found[Deviation.MISSING_HERE] = missing
    return _document(work, begun, found, failure)


class _ComparisonEnded(Exception):
    """The comparison has ended before its end."""

    def __init__(self, begun: BegunComparison, why: CprsyncError) -> None:
        super().__init__()
        self.begun, self.why = begun, why


def _compare_shares(work: Comparing, begun: BegunComparison, today: date) -> BegunComparison:
    """Compare share by share until nobody is left. Raises _Ended."""
    while page := work.store.comparisons.page(FBS, begun.reached, work.share):
        try:
            share = _compare_share(work, page, today, is_first=not begun.compared)
            _raise_if_nobody(begun, share)
            begun = work.store.comparisons.keep(begun, FBS, share)
            work.progress.advance(len(page))
            work.raise_if_stopped()
        except CprsyncError as error:
            raise _ComparisonEnded(begun, error) from error
    return begun


def _compare_share(work: Comparing, page: Sequence[ToCompare], today: date, *, is_first: bool) -> ComparedShare:
    """Ask about the patrons of a share, and compare. Raises the error after which nobody can be read."""
    asked = {one.patron.id: one for one in page if is_compared(one.patron)}
    questions = [Question(one.patron.id, one.patron.number, one.their_id) for one in asked.values()]
    shown = {question.patron_id: outcome for question, outcome in work.system.read_many(questions)}
    _raise_if_hopeless(shown, len(asked))
    _raise_if_withdrawn(shown, is_first=is_first)
    deviations: dict[str, tuple[Deviation, ...]] = {}
    for patron_id, there in shown.items():
        if isinstance(there, PatronNotNamed):
            deviations[patron_id] = find_deviations(asked[patron_id].patron, None, work.policy, on=today)
        elif isinstance(there, CprsyncError):
            deviations[patron_id] = (Deviation.UNREAD,)
        else:
            deviations[patron_id] = find_deviations(asked[patron_id].patron, there, work.policy, on=today)
    return ComparedShare(
        reached=page[-1].patron.id,
        compared=len(asked),
        left_out=len(page) - len(asked),
        deviations={patron_id: kinds for patron_id, kinds in deviations.items() if kinds},
        their_ids={
            patron_id: there.id
            for patron_id, there in shown.items()
            if isinstance(there, Elsewhere) and there.id != asked[patron_id].their_id
        },
    )


def _raise_if_hopeless(shown: Mapping[str, Elsewhere | CprsyncError | None], asked: int) -> None:
    """Raise if the system lets nobody be read, or if it answered about nobody.

    One patron about whom it did not answer stops nobody else.
    """
    failed = [outcome for outcome in shown.values() if isinstance(outcome, CprsyncError)]
    hopeless = next((error for error in failed if isinstance(error, _HOPELESS)), None)
    silent = [error for error in failed if isinstance(error, LibrarySystemUnavailable)]
    if hopeless is not None:
        raise hopeless
    if silent and (len(shown) < asked or len(silent) == asked):
        raise silent[-1]


def _raise_if_withdrawn(shown: Mapping[str, Elsewhere | CprsyncError | None], *, is_first: bool) -> None:
    """Raise if the system seems not to know the call: it has named nobody, and does not say that nobody is there.

    One patron about whom it answers so is missing there, and so are a few at the end.
    """
    unnamed = sum(isinstance(outcome, PatronNotNamed) for outcome in shown.values())
    if unnamed == len(shown) > 1 and (is_first or unnamed >= _KNOWN_LEAST):
        raise LibrarySystemRefused("FBS does not know the call: it may have withdrawn this version", kind="fbs.version")


def _raise_if_nobody(begun: BegunComparison, share: ComparedShare) -> None:
    """Raise if the other system knows nobody of the first share. All would be counted as missing there."""
    missing = sum(Deviation.MISSING_THERE in kinds for kinds in share.deviations.values())
    if not begun.compared and missing == share.compared >= _KNOWN_LEAST:
        raise LibrarySystemRefused("FBS knows none of the first {count} patrons", count=missing)


def _missing_here(work: Comparing) -> list[str]:
    """The patrons on the operator's list who are none of ours, by their numbers there."""
    if work.listed is None:
        return []
    return sorted(work.listed - work.store.comparisons.their_ids(FBS), key=int)


def _document(
    work: Comparing, begun: BegunComparison, found: Mapping[Deviation, Sequence[str]], failure: CprsyncError | None
) -> dict[str, Any]:
    past = work.store.comparisons.past(FBS, 2)
    # the one that has just ended is the newest
    before = next((one for one in past if one.number != begun.number), None)
    return {
        "target": FBS,
        "comparison": begun.number,
        "day": work.clock.today().isoformat(),
        "done": failure is None,
        "resumed": begun.is_resumed,
        "compared": begun.compared,
        "left_out": begun.left_out,
        "deviations": {kind.value: len(found.get(kind, ())) for kind in Deviation},
        "patrons": {kind.value: list(found[kind]) for kind in Deviation if found.get(kind)},
        "listed": None if work.listed is None else len(work.listed),
        "before": None if before is None else past_document(before),
        "failure": failure,
    }


def past_document(past: Past) -> dict[str, Any]:
    """The JSON shape of an earlier comparison."""
    return {
        "comparison": past.number,
        "day": past.day.isoformat(),
        "compared": past.compared,
        "deviations": {kind.value: past.counts.get(kind.value, 0) for kind in Deviation},
    }


def trend_document(store: Store, limit: int) -> dict[str, Any]:
    """The JSON shape of the trend: the last comparisons that ended, the oldest first. FBS is not asked."""
    return {"target": FBS, "trend": [past_document(one) for one in reversed(store.comparisons.past(FBS, limit))]}
