"""What a night does at the net media: compares a share of the accounts, and sends what waits.

A missing, outdated or surplus account is repaired through the outbox, after the limit is checked for all repairs
(decision 11). If another library may have set the number, staff decide. Leaves out patrons with an effect that waits,
and patrons who have no account and need none. Closed records are compared while they hold a number.

A night that cannot reach the net media is still a good night: what waits is sent by the next.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, Final

import structlog

from cprsync.domain.deciding.guard import guard
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.netmedia.account import FORBIDDEN, REFUSED, CulrHolding
from cprsync.domain.netmedia.cards import TOLD_A_NIGHT
from cprsync.domain.netmedia.drift import Drift, Repair, WantedAccount, find_drift, nightly_share, slice_of
from cprsync.domain.netmedia.settling import Settled, Unsettled
from cprsync.errors import CprsyncError, NetMediaRefused, NetMediaUnavailable, NetMediaUntrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from cprsync.domain.deciding.guard import Excess
    from cprsync.domain.netmedia.account import Code, Effect, Identity
    from cprsync.services.ports.netmedia import Account, NetMedia
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.runs import Run
    from cprsync.services.ports.store import Store

log = structlog.get_logger(__name__)


#: Answers written in one transaction, and patrons read with their effects at once. The number is small, so that calls
#: in progress do not run out meanwhile. Answers that a kill loses are asked again.
TOGETHER: Final = 100


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison found and did. Two of them add up: one part of the accounts, and the next."""

    read: int = 0
    #: repairs that wait to be sent now
    repaired: int = 0
    #: patrons with an effect that waits, or with an account that could not be read
    left_out: int = 0
    #: each drift with its patron
    drifted: tuple[tuple[Drift, str], ...] = ()
    #: limits exceeded: nothing was repaired
    excess: tuple[Excess, ...] = ()
    #: patrons that staff must now decide about
    left: tuple[str, ...] = ()
    #: why not all were read; if set, nothing was repaired either
    error: CprsyncError | None = None

    def __add__(self, more: Compared) -> Compared:
        return Compared(
            self.read + more.read,
            self.repaired + more.repaired,
            self.left_out + more.left_out,
            self.drifted + more.drifted,
            self.excess + more.excess,
            self.left + more.left,
            self.error or more.error,
        )

    @property
    def alarm(self) -> CprsyncError | None:
        """The error that blocks all calls to CULR until someone fixes it. None if CULR merely does not answer."""
        return None if type(self.error) is NetMediaUnavailable else self.error

    @property
    def patrons(self) -> dict[Drift, list[str]]:
        """The patrons by drift."""
        return {drift: [patron for one, patron in self.drifted if one is drift] for drift in Drift}

    def counts(self) -> dict[str, int]:
        """The counts of a report."""
        drifted = {drift.value: len(patrons) for drift, patrons in self.patrons.items()}
        return {"read": self.read, **drifted, "repaired": self.repaired, "left_out": self.left_out}

    def brake(self) -> list[dict[str, Any]]:
        """The exceeded limits, as a report shows them."""
        return [one.document() for one in self.excess]


def compare_accounts(night: Night, run: Run | None, *, everyone: bool = False, dry_run: bool = False) -> Compared:
    """Read a share of the accounts, or all, and repair what has drifted, unless a limit stops that.

    A correct account is recorded as read, part by part. A drifted account is not recorded until it is repaired, so that
    a killed run finds it again. Raises FenceLost if a newer run has taken over, and RunStopped if someone asked the
    night to stop.
    """
    if night.net_media is None:
        return Compared()
    found = Compared(left_out=night.store.accounts.count_left_out())
    decided: list[Repair] = []
    oldest, without = _order_of_reading(night, run, everyone=everyone)
    ids = [*oldest, *without]
    for end in range(night.calls, len(ids) + night.calls, night.calls):
        night.raise_if_stopped()
        part = night.store.accounts.wanted(ids[end - night.calls : end])
        repairs, seen = _compare_part(night, run, part, everyone=everyone, dry_run=dry_run)
        decided, found = decided + repairs, found + seen
        if found.error is not None:
            left_out = found.left_out + len(oldest[end:])
            log.warning("accounts.unread", kind=found.error.kind, left_out=left_out)
            return replace(found, left_out=left_out)
    population, limits = night.store.patrons.count(), night.policy.limits
    excess = guard([one.harms for one in decided], parked=0, population=population, limits=limits)
    done = Compared() if dry_run or excess else _repair(night, run, decided)
    return found + Compared(excess=excess) + done


def _order_of_reading(night: Night, run: Run | None, *, everyone: bool) -> tuple[list[str], list[str]]:
    """The patrons to look at, with those without an account apart.

    A second run of the same night reads no second share.
    """
    store = night.store
    share = None if everyone else nightly_share(store.accounts.count(), night.policy.account_nights)
    midnight = None if run is None or everyone else datetime.combine(run.day, time(), tzinfo=COPENHAGEN)
    oldest, without = store.accounts.oldest(share, today=midnight), store.accounts.without()
    night.progress.stage("accounts", len(oldest))
    return list(oldest), list(without)


def _compare_part(
    night: Night, run: Run | None, part: Sequence[Account], *, everyone: bool, dry_run: bool
) -> tuple[list[Repair], Compared]:
    """Read the accounts of a part and decide on repairs. An account that was never told is not read."""
    untold = [one for one in part if not one.told and one.want.account]
    asked = asked_of([one for one in part if one not in untold and (everyone or _is_read_tonight(night, one))])
    answers, found = answers_of(night, asked)
    decided = [Repair(one.patron_id, one.version, one.identity, (Drift.MISSING,), one.want, None) for one in untold]
    for identity, held in answers.items():
        one, want = asked[identity]
        if drifted := find_drift(identity, want, held, agency=night.agency):
            decided.append(Repair(one.patron_id, one.version, identity, drifted, want, held))
    if not dry_run and found.error is None:
        _see(night, run, part, answers, {repair.patron_id for repair in decided})
    night.progress.advance(len(part))
    return decided, found + Compared(drifted=tuple((drift, one.patron_id) for one in decided for drift in one.drift))


def _is_read_tonight(night: Night, one: Account) -> bool:
    """Whether the account is read tonight. Patrons without an account are spread over the nights by id."""
    nights = night.policy.account_nights
    return one.told or slice_of(one.patron_id, nights) == night.clock.today().toordinal() % nights


def asked_of(accounts: Sequence[Account]) -> dict[Identity, tuple[Account, WantedAccount]]:
    """By identity to read, the account that it belongs to, and what is wanted there."""
    asked = {former: (one, WantedAccount(account=False)) for one in accounts for former in one.former}
    return asked | {one.identity: (one, one.want) for one in accounts}


def answers_of(
    night: Night, asked: dict[Identity, tuple[Account, WantedAccount]]
) -> tuple[dict[Identity, CulrHolding], Compared]:
    """What CULR holds under each identity, without those it did not answer, and how many that were."""
    assert night.net_media is not None  # noqa: S101 -- as the caller has seen
    outcomes = dict(night.net_media.read_many(asked))
    answers = {identity: outcome for identity, outcome in outcomes.items() if isinstance(outcome, CulrHolding)}
    failed = [outcome for outcome in outcomes.values() if not isinstance(outcome, CulrHolding)]
    nobody = len(outcomes) < len(asked) or bool(failed and not answers)
    left_out = len({asked[one][0].patron_id for one in asked.keys() - answers.keys()})
    return answers, Compared(read=len(answers), left_out=left_out, error=_why_unread(failed, nobody=nobody))


def _why_unread(failed: Sequence[Unsettled | CprsyncError], *, nobody: bool) -> CprsyncError | None:
    """Why no further account can be read; None: others can. `nobody`: CULR answered none of a part, or not all."""
    codes = [one.code for one in failed if isinstance(one, Unsettled)]
    forbidden = next((code for code in codes if code in FORBIDDEN), None)
    if forbidden is not None:
        return NetMediaRefused("CULR answers {code}", code=forbidden.value)
    if not nobody:
        return None
    error = next((one for one in reversed(failed) if isinstance(one, CprsyncError)), None)
    return error or (NetMediaUnavailable("CULR answers {code}", code=codes[0].value) if codes else None)


def _see(
    night: Night, run: Run | None, part: Sequence[Account], answers: dict[Identity, CulrHolding], drifted: set[str]
) -> None:
    """Record the accounts that are correct under every number of theirs."""
    right = [
        one
        for one in part
        if one.told and one.patron_id not in drifted and {one.identity, *one.former} <= answers.keys()
    ]
    if right:
        seen = [(one.patron_id, answers[one.identity]) for one in right if one.want.account]
        night.store.account_repairs.see(run, seen, gone=[one.patron_id for one in right if not one.want.account])


def _repair(night: Night, run: Run | None, decided: Sequence[Repair]) -> Compared:
    by_patron: dict[str, list[Repair]] = defaultdict(list)
    for one in decided:
        by_patron[one.patron_id].append(one)
    ids, made = list(by_patron), Compared()
    for start in range(0, len(ids), night.batch):
        night.raise_if_stopped()
        together = [one for patron_id in ids[start : start + night.batch] for one in by_patron[patron_id]]
        done = night.store.account_repairs.repair(run, together)
        made += Compared(repaired=done.waiting, left=tuple(done.left))
    return made


def reconcile_accounts(night: Night, *, everyone: bool, dry_run: bool) -> Compared:
    """Compare between two nights. The next night sends the repairs. Raises RunBusy while a night runs."""
    with night.store.runs.lock():
        return compare_accounts(night, None, everyone=everyone, dry_run=dry_run)


def reconcile_document(night: Night, found: Compared, *, dry_run: bool) -> dict[str, Any]:
    """The shape of `entitlements reconcile`. The caller adds the rights, the exit code, and the error if any."""
    return {
        "agency": night.agency,
        "day": night.clock.today().isoformat(),
        "dry_run": dry_run,
        "net_media": night.net_media is not None,
        **found.counts(),
        "patrons": {drift.value: sorted(patrons) for drift, patrons in found.patrons.items()},
        "left_to_a_person": len(found.left),
        "brake": found.brake(),
    }


@dataclass(frozen=True, slots=True)
class Published:
    """The result of a pass over the outbox, or of a part of one. Two of them add up."""

    sent: int = 0
    #: patrons that staff must now decide about, each with the kind of review
    left: tuple[tuple[str, str], ...] = ()
    #: why not all was sent; None: all was
    error: CprsyncError | None = None
    #: the last answer that was neither a success nor a final refusal
    code: Code | None = None
    #: nobody answered a part of the patrons
    unanswered: bool = False

    def __add__(self, more: Published) -> Published:
        return Published(
            self.sent + more.sent,
            self.left + more.left,
            self.error or more.error,
            more.code or self.code,
            self.unanswered or more.unanswered,
        )

    @property
    def is_over(self) -> bool:
        """Whether a further call can only fail."""
        return self.unanswered or isinstance(self.error, NetMediaRefused | NetMediaUntrusted)


def publish(night: Night, run: Run) -> Published:
    """Send what waits, each effect at most once. An effect that fails stays in the outbox.

    Sends nothing if no net media are set up. Raises FenceLost if a newer run has taken over, and RunStopped if someone
    asked the night to stop.
    """
    done = Published()
    if night.net_media is None:
        return done
    ids = night.store.outbox.order()
    if ids:
        night.progress.stage("publish", len(ids))
    for start in range(0, len(ids), night.calls):
        night.raise_if_stopped()
        part = ids[start : start + night.calls]
        done += _send(night.store, night.net_media, run, part)
        if done.is_over:
            break
        night.progress.advance(len(part))
    if not done.sent and not done.left and done.code is not None:
        # nothing succeeded at all: the fault is CULR's, not a patron's
        done += Published(error=NetMediaUnavailable("CULR answers {code}", code=done.code.value))
    return done


def publish_patron(
    store: Store, net_media: Callable[[], AbstractContextManager[NetMedia | None]], patron_id: str
) -> Published:
    """Publish one patron as soon as the desk has written the record. If this fails, the night does it.

    A patron who had one of these cards before is published first (decision 34).

    Args:
        store: the store with the outbox.
        net_media: opens the connection; called only if something waits.
        patron_id: the patron to publish.
    """
    done = Published()
    ids = store.outbox.in_line(patron_id)
    if not ids:
        return done
    try:
        # two senders at once would not keep a patron's effects in order
        with store.runs.lock(), net_media() as opened:
            if opened is not None:
                done = _send(store, opened, None, ids)
    except CprsyncError as error:
        done += Published(error=error)
    return done


def _send(store: Store, net_media: NetMedia, run: Run | None, ids: Sequence[str]) -> Published:
    """Send what waits for these patrons."""
    taken: set[str] = set()
    seen: set[str] = set()
    together: list[tuple[Effect, Settled | Unsettled]] = []
    done = Published()
    for effect, outcome in net_media.send_many(_offered(store, ids, taken)):
        seen.add(effect.patron_id)
        if not isinstance(outcome, Settled | Unsettled):
            done += Published(error=outcome)
            continue
        if isinstance(outcome, Unsettled) and outcome.code in FORBIDDEN:
            done += Published(error=NetMediaRefused("CULR answers {code}", code=outcome.code.value))
            continue
        if isinstance(outcome, Unsettled) and outcome.code not in REFUSED:
            done += Published(code=outcome.code)
        together.append((effect, outcome))
        if len(together) >= TOGETHER:
            done += _write(store, run, together)
            together = []
    return done + _write(store, run, together) + Published(unanswered=seen != taken)


def _offered(store: Store, ids: Sequence[str], taken: set[str]) -> Iterator[tuple[Effect, ...]]:
    """Yield what waits for these patrons, read as needed. Adds each patron handed on to `taken`."""
    for start in range(0, len(ids), TOGETHER):
        queues = store.outbox.queues(ids[start : start + TOGETHER])
        store.outbox.offer([effect for queue in queues for effect in queue])
        for queue in queues:
            taken.add(queue[0].patron_id)
            yield queue


def _write(store: Store, run: Run | None, together: list[tuple[Effect, Settled | Unsettled]]) -> Published:
    if not together:
        return Published()
    left = store.outbox.settle(run, together)
    sent = sum(isinstance(outcome, Settled) and outcome.foreign is None for _, outcome in together)
    return Published(sent, tuple(left))


def tell_of_cards(night: Night, run: Run | None, *, most: int | None = TOLD_A_NIGHT) -> int:
    """Tell the patrons of a new setting for their cards, in shares. Returns how many were told.

    Each share is one transaction, so that a killed run goes on behind the last one. What a patron's account has to hold
    waits in the outbox like any other effect, and is sent by the same pass.

    Args:
        night: the library, which has a CULR.
        run: the run, or None for a caller who holds the agreement's lock.
        most: how many patrons to look at; None: all.
    """
    told, looked = 0, 0
    while most is None or looked < most:
        night.raise_if_stopped()
        share = night.batch if most is None else min(night.batch, most - looked)
        now = night.store.card_accounts.tell(run, share)
        if now is None:
            break
        told, looked = told + now, looked + share
    return told
