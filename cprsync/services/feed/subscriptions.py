"""Subscribes new patrons, and compares our subscriptions with the register's list (decision 10).

The list is fetched once. On a shared agreement, only what we added is removed. Two findings stop the night before the
first removal, while missing numbers are still added. The first is a list that is empty, or lacks more of our numbers
than the limit of `unsubscribed`: such a list is not trusted. The second is more removals than that limit, which must be
a mistake of ours. Numbers are added and removed one by one; the operations that clear a whole agreement are never
called.

After an older copy was put back, a number that nobody here has may be a patron's who was registered since. It stays
until someone ends it, or registers the patron again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog

from cprsync.domain.deciding.guard import Excess
from cprsync.domain.deciding.number_change import LINKS_MAX
from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.netmedia.account import NOWHERE, Effect, Identity, IdType
from cprsync.domain.netmedia.settling import Unsettled
from cprsync.domain.patron.review import PARKED
from cprsync.domain.person.person import Person
from cprsync.domain.policy.policy import Harm
from cprsync.errors import CprsyncError, NetMediaUnavailable, RegisterUnavailable
from cprsync.services.planning.renumbering import find_successor, look_up_numbers
from cprsync.services.planning.steps import last_day_of_the_dead
from cprsync.services.ports.patrons import Batch, Equal, NotOurs
from cprsync.services.ports.register import Found, Gaps, Subscribed
from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cprsync.domain.person.number import CprNumber
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.runs import Run

log = structlog.get_logger(__name__)

#: Why someone should look, in a report: a number that nobody here has stays subscribed.
SUBSCRIPTION_UNKNOWN: Final = "subscription.unknown"


class Comparison:
    """One night's comparison. Nothing is written or called before `add_missing` and `remove_ended`."""

    def __init__(self, night: Night, run: Run | None) -> None:
        """Fetch the list. If that fails, set `error`; there is then nothing to add or remove."""
        self._night = night
        self._run = run
        #: why a later try may do more; None: nothing failed
        self.error: CprsyncError | None = None
        #: by reason, numbers that the register would neither add again nor remove: someone should look
        self.refused: Counter[str] = Counter()
        #: the patrons of these numbers who wait for staff, with the kind of review
        self.left: dict[str, str] = {}
        self.excess: tuple[Excess, ...] = ()
        self._is_approved = False
        self.gaps = Gaps((), (), (), 0)
        #: rows of ours that this comparison ended
        self.ended = 0
        #: numbers that nobody here has, removed by this comparison
        self.unknown_removed = 0
        self._keeps_unknown = False
        self._listed: set[CprNumber] = set()
        self._refused: set[CprNumber] = set()
        self._told: Counter[str] = Counter()
        if not night.reconciles:
            return
        night.progress.stage("reconcile")
        try:
            self._listed = night.register.subscriptions()
        except CprsyncError as error:
            self.error = error
            return
        loss = night.store.upkeep.last(UpkeepTask.LOSS)
        self._keeps_unknown = loss is not None and loss.outcome is not UpkeepOutcome.DONE
        self._look()

    def _look(self) -> None:
        self.gaps = self._night.store.reconciliation.gaps(self._listed)
        self.excess = tuple(self._exceeded())

    def _exceeded(self) -> Iterator[Excess]:
        """The limits exceeded: the list is not to be trusted, or too much would be removed."""
        limit = self._night.policy.limits.get(Harm.UNSUBSCRIBED)
        if limit is None or self._is_approved:
            return
        missing = len(self.gaps.missing)
        count = max(missing, len(self.removable))
        if missing and not self._listed:
            yield Excess(Harm.UNSUBSCRIBED, missing, 0)
        elif count and count > (allowed := limit.of(self._night.store.patrons.count())):
            yield Excess(Harm.UNSUBSCRIBED, count, allowed)

    def let_go_on(self) -> None:
        """Remove what ends in spite of the limit, because two people have approved the plan of this night."""
        self._is_approved, self.excess = True, ()

    def exceeded_by(self, closing: int) -> tuple[Excess, ...]:
        """The limit exceeded if `closing` more records are closed; empty if the list alone exceeds it already."""
        limit = self._night.policy.limits.get(Harm.UNSUBSCRIBED)
        if limit is None or not closing or any(one.harm is Harm.UNSUBSCRIBED for one in self.excess):
            return ()
        count, allowed = closing + len(self.removable), limit.of(self._night.store.patrons.count())
        return (Excess(Harm.UNSUBSCRIBED, count, allowed),) if count > allowed else ()

    @property
    def settled(self) -> bool:
        """Whether the register has removed every subscription without a reason."""
        return self._night.reconciles and self.error is None and not self.excess and not self.refused

    @property
    def removable(self) -> tuple[CprNumber, ...]:
        """The numbers in the list that we may remove."""
        keeps = self._night.shared or self._keeps_unknown
        return self.gaps.ended if keeps else (*self.gaps.ended, *self.gaps.foreign)

    @property
    def unknown(self) -> tuple[CprNumber, ...]:
        """The numbers in the list that nobody here has. On a shared agreement they may be others'."""
        return () if self._night.shared else self.gaps.foreign

    @property
    def undecided(self) -> tuple[CprNumber, ...]:
        """Those of them that stay until someone decides: an older copy was put back."""
        return self.unknown if self._keeps_unknown else ()

    @property
    def hides_ended(self) -> bool:
        """Whether an answer would hide a patron that `leave_ended` leaves to staff: the list has not come."""
        return self.error is not None and WindowReason.RESTORED.value in self._night.store.windows.counts()

    def leave_ended(self) -> None:
        """Leave to staff each patron whom the list lacks since an older copy of the database was put back.

        This comes before what the register answers is written: from then on nothing tells that the copy is older.
        """
        # a list that is not to be trusted may lack whoever was registered since
        if self._keeps_unknown and self._listed and not self.unknown and not self.excess:
            self._decide_unknown(ended=0)
        # an empty list tells of nobody: the agreement is new, or the list is not whole
        if self.gaps.missing and self._listed:
            store = self._night.store.reconciliation
            restored = store.restored(self.gaps.missing)
            renumbered = self._find_renumbered(restored)
            store.leave_ended(self._run, [one for one in restored.values() if one not in renumbered])

    def end_unknown(self) -> None:
        """Let the numbers be removed that nobody here has, after their accounts at CULR are closed.

        Does nothing if they are more than the limit allows. Raises the error of a CULR that does not answer: then no
        number is removed.
        """
        self._keeps_unknown = False
        self._look()  # the desk may have registered somebody since
        if self.excess:
            return
        for number, code in _close_accounts(self._night, self.unknown):
            self._refuse(number, f"netmedia.{code}")

    def note_decided(self) -> None:
        """Note that nobody is left to decide about, if all were removed."""
        if self.settled:
            self._decide_unknown(ended=self.unknown_removed)

    def _decide_unknown(self, *, ended: int) -> None:
        self._keeps_unknown = False
        self._night.store.upkeep.note(UpkeepTask.LOSS, UpkeepOutcome.DONE, {"ended": ended})

    def _find_renumbered(self, restored: Mapping[CprNumber, str]) -> set[str]:
        """The patrons whom the list has under a number that has replaced the one of the older copy since."""
        # others may have subscribed the new number under a shared agreement
        theirs = frozenset() if self._night.shared else frozenset(self.gaps.foreign)
        found: set[str] = set()
        asked = {number: [patron_id] for number, patron_id in restored.items()} if theirs else {}
        for _ in range(LINKS_MAX):
            ahead: dict[CprNumber, list[str]] = {}
            for answer, _as_of in look_up_numbers(self._night, self._run, asked):
                new = find_successor(answer.person) if isinstance(answer, Found) else None
                if new in theirs:
                    found.update(asked[answer.number])
                elif new is not None:
                    ahead.setdefault(new, []).extend(asked[answer.number])
            asked = ahead
        return found

    def add_missing(self) -> int:
        """Subscribe again to what the list lacks. Return how many are subscribed now.

        Nothing was told while the subscription was missing. The patron therefore gets a window before the call, and is
        asked about in this run. If the register answers that the subscription existed, the list was wrong and the
        window is closed.
        """
        register, store = self._night.register, self._night.store
        added = 0
        opened: dict[CprNumber, Sequence[str]] = {}

        def add(numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
            missing = list(numbers)
            opened.update(store.reconciliation.open_lost(self._run, missing))
            return register.subscribe_many(missing)

        for done in self._carried_out(self.gaps.missing, add):
            kept = [number for number, result in done if result is not Subscribed.ADDED]
            store.reconciliation.close_not_lost(self._run, [one for number in kept for one in opened.get(number, ())])
            store.reconciliation.added_there(
                self._run, [number for number, result in done if result is Subscribed.ADDED]
            )
            self._listed.update(number for number, _ in done)
            added += len(done)
        return added

    def remove_ended(self, *, closed: int = 0) -> int:
        """End the rows without a reason and remove what we may remove. Return how many the register has removed.

        `closed`: how many records were closed since the list was compared.
        """
        if self.error is not None or not self._night.reconciles:
            return 0
        ended = self._night.store.reconciliation.end(self._run, on=self._night.clock.today())
        self.ended += ended
        if ended or closed:
            self._look()  # this night has ended some more
            if self.excess:
                return 0  # the next night begins with this, and stops
        register, store = self._night.register, self._night.store
        # removed by a killed run that could not record it: if others subscribe to them later, that is theirs
        store.reconciliation.removed_there(self._run, self.gaps.gone)
        removed, unknown = 0, set(self.unknown)
        for done in self._carried_out(self.removable, register.unsubscribe_many):
            store.reconciliation.removed_there(self._run, [number for number, _ in done])
            # the list is fetched once, and compared again if more records were closed
            self._listed.difference_update(number for number, _ in done)
            gone = [number for number, result in done if result is Subscribed.REMOVED]
            removed += len(gone)
            self.unknown_removed += sum(number in unknown for number in gone)
        return removed

    def _carried_out(
        self,
        numbers: Sequence[CprNumber],
        call: Callable[[Iterable[CprNumber]], Iterator[tuple[CprNumber, Subscribed | CprsyncError]]],
    ) -> Iterator[list[tuple[CprNumber, Subscribed]]]:
        """Call for each number, one batch at a time. After a call without an answer, no further batch begins."""
        size = self._night.calls
        # a number that was refused is not tried again in the same night
        numbers = [one for one in numbers if one not in self._refused]
        for start in range(0, len(numbers), size):
            done: list[tuple[CprNumber, Subscribed]] = []
            for number, result in call(numbers[start : start + size]):
                if isinstance(result, CprsyncError) and not isinstance(result, RegisterUnavailable):
                    self._refuse(number, result.kind)
                elif isinstance(result, CprsyncError):
                    self.error = self.error or result
                else:
                    done.append((number, result))
                self._night.progress.advance()
            yield done
            if self.error is not None:
                log.warning("subscriptions.unfinished", kind=self.error.kind)
                return

    def _refuse(self, number: CprNumber, kind: str) -> None:
        """Count the refusal. During a night, also note its patron, for a review."""
        self.refused[kind] += 1
        self._refused.add(number)
        (whose,) = self._night.store.patrons.recognise([Person(number)])
        if self._run is not None and not isinstance(whose, NotOurs):
            self.left[whose.patron_id if isinstance(whose, Equal) else whose.id] = f"{PARKED}{kind}"

    def leave_to_staff(self) -> Counter[str]:
        """Open reviews for the patrons noted, unless they have one.

        Returns: by reason, the refusals since the last call for which no patron is found, and the numbers that nobody
        here has and that someone must decide about.
        """
        if self._run is not None and self.left:
            self._night.store.patrons.write(self._run, Batch(reviews=list(self.left.items())))
        unknown = self.refused - Counter(kind.removeprefix(PARKED) for kind in self.left.values())
        unknown.update({SUBSCRIPTION_UNKNOWN: len(self.undecided)} if self.undecided else {})
        new, self._told = unknown - self._told, unknown
        return new


def _close_accounts(night: Night, numbers: Sequence[CprNumber]) -> Iterator[tuple[CprNumber, str]]:
    """Close our accounts at CULR under numbers that nobody here has. Yields those that CULR refuses, with its code."""
    if night.net_media is None:
        return
    closing = {Identity(IdType.CPR, number.digits): number for number in numbers if not number.is_replacement}
    effects = [[Effect("", 0, one, NOWHERE, gone=True, sweeps=True)] for one in closing]
    left = set(closing)
    for effect, result in night.net_media.send_many(effects):
        if isinstance(result, CprsyncError):
            raise result
        left.discard(effect.identity)
        if isinstance(result, Unsettled):
            yield closing[effect.identity], result.code.value
    if left:
        raise NetMediaUnavailable("CULR has not answered about each account")


def reconcile(
    night: Night,
    *,
    apply: bool,
    end_unknown: bool = False,
    keep: Callable[[Sequence[CprNumber]], None] = lambda _: None,
) -> dict[str, Any]:
    """Compare between two nights. With `apply`, make the register's list equal ours.

    `end_unknown`: end also the numbers that stay because an older copy was put back. `keep` gets the numbers that
    nobody here has before anything is ended; if it raises, nothing is. Returns counts, and in `numbers` these numbers.

    Raises RunBusy while a night runs, and the register's error if the list or an answer does not come.
    """
    with night.store.runs.lock():
        comparison = Comparison(night, None)
        if comparison.error is not None:
            raise comparison.error
        unknown = comparison.unknown
        keep(unknown)
        gaps, surplus, excess = comparison.gaps, len(comparison.removable), comparison.excess
        added = removed = 0
        if apply:
            comparison.leave_ended()
            added = comparison.add_missing()
            if end_unknown:
                comparison.end_unknown()
                excess = comparison.excess
            removed = 0 if excess else comparison.remove_ended()
            if end_unknown:
                comparison.note_decided()
        if comparison.error is not None:
            raise comparison.error
    return {
        "agency": night.agency,
        "shared": night.shared,
        "kept": gaps.kept,
        "missing": len(gaps.missing),
        "surplus": surplus,
        "added": added,
        "removed": removed,
        "refused": comparison.refused.total(),
        "unknown": len(comparison.undecided),
        "numbers": unknown,
        "brake": [one.document() for one in excess],
    }


#: The most new patrons subscribed in one night; the rest follow the night after.
NEW_A_NIGHT = 100_000


def subscribe_new(night: Night, run: Run | None, *, unheard: bool = False) -> tuple[int, CprsyncError | None]:
    """Subscribe patrons without a subscription. Return how many, and the error that stopped the rest.

    A refused number opens a review. `unheard`: only patrons without data from any source. A subscription counts as late
    depending on the day for which the record is true. Lines that a run has accepted but not yet written may move that
    day.
    """
    added, error = 0, None
    refused: dict[str, str] = {}
    night.progress.stage("subscribe")
    while error is None and added < NEW_A_NIGHT:
        # numbers refused tonight stay at the head of the list: skip them
        waiting = night.store.subscriptions.unsubscribed(night.calls + len(refused), unheard=unheard)
        new = {number: patron for patron, number in waiting if patron not in refused}
        if not new:
            break
        share = _subscribe_share(night, run, new)
        error, refused = share.error, refused | dict(share.refused)
        added += share.added
        night.raise_if_stopped()
    if refused:
        reviews = [(patron, f"{PARKED}{kind}") for patron, kind in refused.items()]
        night.store.patrons.write(run, Batch(reviews=reviews))
    return added, error


@dataclass(frozen=True, slots=True)
class _Share:
    """What became of one share of new subscriptions."""

    added: int
    #: why some were not answered
    error: CprsyncError | None
    #: by patron, the kind of the register's refusal
    refused: Mapping[str, str]


def _subscribe_share(night: Night, run: Run | None, new: Mapping[CprNumber, str]) -> _Share:
    """Subscribe these numbers of patrons, and write what the register has taken."""
    error, refused = None, dict[str, str]()
    done: list[tuple[str, CprNumber]] = []
    already: set[CprNumber] = set()
    for number, result in night.register.subscribe_many(new):
        if isinstance(result, RegisterUnavailable):
            error = error or result
        elif isinstance(result, CprsyncError):
            refused[new[number]] = result.kind
        else:
            done.append((new[number], number))
            if result is Subscribed.ALREADY:
                already.add(number)
        night.progress.advance()
    today, dead_until = night.clock.today(), last_day_of_the_dead(night)
    night.store.subscriptions.subscribed(run, done, since=today, already=already, dead_until=dead_until)
    return _Share(len(done), error, refused)


def subscribe_patrons(night: Night, new: Mapping[CprNumber, str]) -> CprsyncError | None:
    """Subscribe these patrons between two nights. Return the error that stopped some; a refusal opens a review."""
    share = _subscribe_share(night, None, new)
    if share.refused:
        reviews = [(patron, f"{PARKED}{kind}") for patron, kind in share.refused.items()]
        night.store.patrons.write(None, Batch(reviews=reviews))
    return share.error
