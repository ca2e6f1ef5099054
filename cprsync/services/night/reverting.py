"""Undoes a run: shows first what would become of whom, then puts records back and holds the patrons (decision 39).

What is put back, and what stands in the way, is in `domain.deciding.reverting`. The undo is a run of its own. It is
guarded as every writer is: over a limit it is held, and two people may approve it as they approve a night. Killed
anywhere, it goes on when it is asked for again. What hangs on the record follows from the same writes as in a night.
Other systems are told by the next night.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cprsync.domain.deciding.guard import guard
from cprsync.domain.deciding.reverting import InTheWay, Restoring, decide_restoring, leaves_a_household
from cprsync.domain.desk.confirming import DeskWarning, Preview, WarningLevel, WhyNotConfirmed, why_not_confirmed
from cprsync.domain.leaving.leaving import Forgotten, deletable_until
from cprsync.domain.patron.override import culr_in_force, in_force
from cprsync.domain.patron.review import REVERTED_HELD, REVERTED_PROTECTED
from cprsync.errors import BadInput, Exit, LostCompare, NotConfirmed, SealBroken
from cprsync.services.desk.showing import warning_documents
from cprsync.services.feed.questions import WindowsAsked
from cprsync.services.night.report import Report, StageCounts
from cprsync.services.night.run import find_state
from cprsync.services.night.weighing import PlanComparison, Planned, find_approval, is_undo_approved, keep_and_compare
from cprsync.services.planning.steps import write_of
from cprsync.services.ports.patrons import TRIES
from cprsync.services.ports.reverting import RevertBatch
from cprsync.services.ports.runs import PlanRow, RunState, plan_hash
from cprsync.services.ports.trust.audit import demanded_reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cprsync.domain.deciding.guard import Excess
    from cprsync.domain.desk.confirming import Confirmation
    from cprsync.domain.patron.patron import Patron
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.patrons import Write
    from cprsync.services.ports.reverting import PastRun
    from cprsync.services.ports.runs import Run
    from cprsync.services.ports.store import Store

_T = TypeVar("_T")
#: How many patrons are let go in one transaction.
RELEASED_TOGETHER: Final = 500
#: The message for each confirmation that does not count.
_NOT_CONFIRMED: Final = {
    WhyNotConfirmed.CHANGED: "what would be put back has changed since it was shown: nothing was written",
    WhyNotConfirmed.REASON: "say why the run is undone: nothing was written",
}
_WARNINGS: Final = (
    DeskWarning("revert_word", WarningLevel.STOP, "revert.word"),
    DeskWarning("revert_held", WarningLevel.NOTE, "revert.held"),
)


@dataclass(frozen=True, slots=True, repr=False)
class _One:
    """What becomes of one patron: a write, or the reason why there is none."""

    patron_id: str
    write: Write | None = None
    restoring: Restoring | None = None
    why: InTheWay | None = None

    def rows(self) -> Iterator[PlanRow]:
        write, restoring = self.write, self.restoring
        if write is not None and restoring is not None:
            patron, harms = write.patron, restoring.change.harms
            yield PlanRow(patron.id, patron.version, write.actions, harms, write.prepared.fingerprint)

    def reviews(self) -> Iterator[tuple[str, str]]:
        if self.why is not None:
            yield self.patron_id, f"reverted.{self.why.value}"
        if self.restoring is not None:
            yield self.patron_id, REVERTED_HELD
            if self.restoring.keeps_protection:
                yield self.patron_id, REVERTED_PROTECTED


@dataclass(frozen=True, slots=True, repr=False)
class ShownRevert:
    """What undoing a run would do, as it is shown before a yes."""

    past: PastRun
    ones: Sequence[_One]
    preview: Preview
    document: dict[str, Any] = field(repr=False)


def preview_revert(night: Night, number: int) -> ShownRevert:
    """Show what undoing a run would do. Writes nothing.

    Raises:
        BadInput: there is no such run, it has not ended, it wrote nothing, it is undone already, its before-images
            are deleted.
    """
    past = _past(night, number)
    # an undo that was killed goes on: patrons already put back, or left to staff, are not asked about again
    done = night.store.reverting.begun(number)
    whole = night.store.reverting.is_whole(number)
    left = [one for one in night.store.reverting.patrons(number, is_whole=whole) if one not in done]
    ones = list(_decide(night, past.id, left, is_whole=whole))
    rows = [row for one in ones for row in one.rows()]
    marks = (f"run:{number}", plan_hash(past.day, [str(number)], rows), *sorted(_why_left(ones)))
    preview = Preview("revert", None, _WARNINGS, marks)
    # an undo that has begun to write is not weighed again
    excess = () if done else _exceeded(night, rows)
    is_approved = bool(excess) and is_undo_approved(night, rows, reverts=number)
    document = {
        "agency": night.agency,
        "run": number,
        "day": past.day.isoformat(),
        "state": "planned",
        "revert": None,
        **_counts(past, ones, len(done)),
        "net_media_kept": sum(_keeps_account(night, one.write) for one in ones if one.write is not None),
        "brake": _brake(excess, is_approved=is_approved) if excess else None,
        "warnings": warning_documents(_WARNINGS),
        "digest": preview.digest,
    }
    return ShownRevert(past, ones, preview, document)


def _done(store: Store, number: int, by: int) -> BadInput:
    """Return the refusal of a run that was undone once. It names the run to undo now: the last of those undos."""
    stands = True
    while (later := store.reverting.past(by)) is not None and later.reverted_by is not None:
        by, stands = later.reverted_by, not stands
    if stands:
        return BadInput("run {run} is undone already, by run {by}", run=number, by=by, kind="revert.done")
    return BadInput("the undo of run {run} is itself undone, by run {by}", run=number, by=by, kind="revert.done")


def _past(night: Night, number: int) -> PastRun:
    store = night.store
    past = store.reverting.past(number)
    if past is None:
        raise BadInput("there is no run {run}", run=number, kind="run.unknown")
    if not past.is_finished:
        raise BadInput("run {run} has not ended yet", run=number, kind="revert.open")
    if past.reverted_by is not None:
        raise _done(store, number, past.reverted_by)
    if not (past.kept or past.has_written):
        raise BadInput("run {run} wrote no record", run=number, kind="revert.nothing")
    # once some of it may be deleted, what is left would undo a part of the run alone; an undo half-way keeps all of it
    is_half_done = any(one.undoes == number for one in store.reverting.half_done())
    by = deletable_until(Forgotten.BEFORE_IMAGES, night.clock.today(), night.policy)
    if past.until is None or (past.until <= by and not is_half_done):
        raise BadInput("what run {run} overwrote is no longer kept", run=number, kind="revert.too_old")
    return past


def _decide(night: Night, number: int, ids: Iterable[str], *, is_whole: bool) -> Iterator[_One]:
    """Decide on the records as they are stored now, a batch at a time.

    Not `is_whole`: something was altered past the program. Only what is found to be as it was kept is put back.
    """
    store, today = night.store, night.clock.today()
    for some in _shares(list(ids), night.batch):
        images = store.reverting.images(number, some, is_whole=is_whole)
        readable = _readable(store, [one for one in some if one in images])
        yield from (_One(one, why=InTheWay.ALTERED) for one in some if one not in readable)
        for patron in readable.values():
            image = images[patron.id]
            is_free = image.person.number == patron.number or _is_free(store, patron, image.person.number)
            leaves = leaves_a_household(patron.register, image.person)
            opens = leaves and store.reverting.has_housemates(patron)
            what = decide_restoring(patron, image, number_is_free=is_free, on=today, opens_others=opens)
            if isinstance(what, InTheWay):
                yield _One(patron.id, why=what)
            else:
                yield _One(patron.id, _write(night, patron, what), what)


def _readable(store: Store, ids: Sequence[str]) -> dict[str, Patron]:
    """Read records. Leaves out those that were altered past the program."""
    try:
        return {one.id: one for one in store.patrons.read(ids)}
    except SealBroken:
        found: dict[str, Patron] = {}
        for one in ids:
            with suppress(SealBroken):
                found |= {patron.id: patron for patron in store.patrons.read([one])}
        return found


def _shares(whole: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    return (whole[start : start + size] for start in range(0, len(whole), size))


def _is_free(store: Store, patron: Patron, number: Any) -> bool:
    return store.patrons.find(number) in {None, patron.id}


def _write(night: Night, patron: Patron, what: Restoring) -> Write:
    write = write_of(night, what.change, patron, what.as_of)
    is_renumbered = what.change.after.number != patron.number
    # the letters are put back as they were, whatever the actions say
    return replace(
        write,
        renumbered=night.clock.today() if is_renumbered else None,
        letters_stopped=None,
        letters_resume=False,
    )


def _why_left(ones: Sequence[_One]) -> Iterator[str]:
    return (f"{one.patron_id}:{one.why.value}" for one in ones if one.why is not None)


def _counts(past: PastRun, ones: Sequence[_One], done: int = 0) -> dict[str, Any]:
    """How many go back, by kind, how many do not, and who."""
    back = [one for one in ones if one.write is not None]
    kinds = Counter(action.value for one in back if one.write for action in one.write.actions)
    return {
        "restored": len(back),
        "protected": sum(one.restoring is not None and one.restoring.keeps_protection for one in back),
        "left": dict(sorted(Counter(one.why.value for one in ones if one.why is not None).items())),
        "gone": max(0, past.kept - len(ones) - done),
        "actions": dict(sorted(kinds.items())),
        "patrons": [one.patron_id for one in back],
        "left_patrons": [{"patron": one.patron_id, "why": one.why.value} for one in ones if one.why is not None],
    }


def _keeps_account(night: Night, write: Write) -> bool:
    """Whether the net media keep what the run told them: the record from before does not say where the patron lives."""
    if night.net_media is None or not write.patron.borrows:
        return False
    holding = in_force(write.patron.overrides, night.clock.today())
    return culr_in_force(write.after, holding) is None and culr_in_force(write.patron.register, holding) is not None


def _exceeded(night: Night, rows: Sequence[PlanRow]) -> tuple[Excess, ...]:
    harms = (row.harms for row in rows)
    return guard(harms, parked=0, population=night.store.patrons.count(), limits=night.policy.limits)


def _brake(excess: Sequence[Excess], *, is_approved: bool) -> dict[str, Any]:
    return {"plan": None, "classes": [one.document() for one in excess], "approved": is_approved}


def revert(night: Night, shown: ShownRevert, given: Confirmation, *, user: str) -> dict[str, Any]:
    """Undo the run as it was shown. Return the JSON shape of `runs revert`.

    An undo that was killed goes on where it stopped. An undo over a limit is held: nothing is written, and two people
    may approve its plan; then the same command writes it.

    Raises:
        NotConfirmed: nobody has said yes to exactly this, or why; nothing is written.
        ConfigurationError: there is no reason.
        RunBusy: another run of the agreement is active.
    """
    refused = why_not_confirmed(shown.preview, given)
    if refused is not None:
        raise NotConfirmed(_NOT_CONFIRMED[refused], kind=f"confirm.{refused.value}")
    why = demanded_reason(given.reason, of="say why the run is undone")
    with night.store.runs.lock():
        past = _past(night, shown.past.id)
        run = night.store.reverting.begin(past.id, day=night.clock.today(), started=night.clock.now())
        return _Undo(night, run, past, user, why).do()


class _Undo:
    """One undo, under the agreement's lock."""

    def __init__(self, night: Night, run: Run, past: PastRun, user: str, reason: str) -> None:
        self._night, self._run, self._past = night, run, past
        self._user, self._reason = user, reason
        self._begun = night.monotonic()
        self._is_whole = night.store.reverting.is_whole(past.id)

    def do(self) -> dict[str, Any]:
        night, run, store = self._night, self._run, self._night.store
        done = store.reverting.done(run)
        done |= store.reverting.left(run)
        left = [one for one in store.reverting.patrons(self._past.id, is_whole=self._is_whole) if one not in done]
        ones = list(_decide(night, self._past.id, left, is_whole=self._is_whole))
        rows = [row for one in ones for row in one.rows()]
        if not store.reverting.is_writing(run):
            excess = _exceeded(night, rows)
            if excess:
                compared, plan = keep_and_compare(night, run, rows, {}, reverts=self._past.id)
                planned = Planned(rows, plan, excess, compared)
                if planned.is_over:
                    return self._hold(ones, planned)
            else:
                store.runs.save_plan(run, rows)
                store.runs.set_state(run, RunState.APPLYING)
        night.progress.stage("revert", len(ones))
        for some in _shares(ones, night.batch):
            self._write(some)
            night.progress.advance(len(some))
            night.raise_if_stopped()
        return self._close()

    def _write(self, ones: Sequence[_One]) -> None:
        """Write in one transaction. Decide once more if someone else has written one of the records meanwhile."""
        for _ in range(TRIES - 1):
            try:
                return self._save(ones)
            except LostCompare:
                again = [one.patron_id for one in ones]
                ones = list(_decide(self._night, self._past.id, again, is_whole=self._is_whole))
        return self._save(ones)

    def _save(self, ones: Sequence[_One]) -> None:
        writes = [one.write for one in ones if one.write is not None]
        letters = {one.patron_id: one.restoring.letters_stopped for one in ones if one.restoring is not None}
        changed = {
            write.patron.id: letters[write.patron.id]
            for write in writes
            if letters[write.patron.id] != write.patron.letters_stopped
        }
        reviews = [review for one in ones for review in one.reviews()]
        self._night.store.reverting.write(self._run, RevertBatch(writes, changed, reviews), reverts=self._past.id)

    def _hold(self, ones: Sequence[_One], planned: Planned) -> dict[str, Any]:
        # nothing was written
        counts = _counts(self._past, ones) | {"restored": 0}
        report = replace(self._report(StageCounts()), planned=planned, held=True)
        return self._end(report, counts, RunState.HELD, Exit.BRAKED)

    def _close(self) -> dict[str, Any]:
        store, run = self._night.store, self._run
        opened = store.reverting.opened(run)
        done = store.reverting.done(run)
        restored = len(done)
        rows = (row for row in store.approvals.rows(run.id) if row.patron_id in done)
        kinds = Counter(action.value for row in rows for action in row.actions)
        left = {kind.removeprefix("reverted."): count for kind, count in opened.items() if _is_left(kind)}
        counts = {
            "restored": restored,
            "protected": opened.get(REVERTED_PROTECTED, 0),
            "left": left,
            "gone": max(0, self._past.kept - restored - sum(left.values())),
        }
        report = self._report(StageCounts(left=sum(opened.values()), reasons=Counter(opened), actions=kinds))
        report = replace(report, planned=Planned(compared=PlanComparison(find_approval(self._night, run))))
        return self._end(report, counts, RunState.CLOSED, Exit.LEFT if opened else Exit.DONE)

    def _report(self, counts: StageCounts) -> Report:
        """Report what the undo has done, and how the library stands after it, as a night does.

        The audit is checked too, but no sealed record is opened: the next night goes on with those.
        """
        night, store = self._night, self._night.store
        backlog, audit = store.outbox.backlog(), store.audit.check()
        with store.at_one_moment():
            closing, windows = find_state(night, self._run.day), store.windows.counts()
        return Report(
            run=self._run,
            agency=night.agency,
            has_net_media=night.net_media is not None,
            counts=counts,
            windows=WindowsAsked(left=windows),
            closing=replace(closing, backlog=backlog, audit=audit, seconds=night.monotonic() - self._begun),
        )

    def _end(self, report: Report, counts: dict[str, Any], state: RunState, code: int) -> dict[str, Any]:
        """End the run. Its exit is the undo's own: an audit that is not whole is told beside it."""
        store, document = self._night.store, report.document()
        document.pop("error", None)
        document |= {
            "state": "held" if report.held else "done",
            "exit": code,
            "reverts": self._past.id,
            "reverting": {name: counts[name] for name in ("restored", "protected", "left", "gone")},
        }
        store.reverting.close(self._run, document, user=self._user, reason=self._reason, state=state.value)
        return document | {"approved_by": (store.runs.document(self._run.id) or document)["approved_by"]}


def _is_left(kind: str) -> bool:
    return kind.startswith("reverted.") and kind not in {REVERTED_HELD, REVERTED_PROTECTED}


def release(store: Store, number: int, *, user: str, reason: str) -> dict[str, Any]:
    """Let all patrons go who are held by one undo. Return how many. Killed anywhere, it goes on when asked again.

    Raises:
        ConfigurationError: there is no reason.
        BadInput: the run holds nobody; nothing is written.
    """
    why = demanded_reason(reason, of="say why the patrons are let go")
    count = store.reverting.held(number)
    if not count:
        raise BadInput("run {run} holds no patron", run=number, kind="revert.holds_none")
    store.reverting.note_release(number, user=user, reason=why, count=count)
    released = 0
    while some := store.reverting.release(number, user=user, most=RELEASED_TOGETHER):
        released += some
    return {"run": number, "released": released}
