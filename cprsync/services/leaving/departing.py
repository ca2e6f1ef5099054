"""Patrons who leave: requests and erasures at the desk, and the records and data that each night closes and deletes.

A request never looks up, subscribes or creates anything. The night ends the subscriptions of closed patrons, under its
guard. Data that has passed its retention period is deleted by kind and a few rows at a time, by each night or by a
command; a killed run continues later. What is deleted, and when, is decided by `domain.leaving` and the store.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.access import Doing
from cprsync.domain.desk.confirming import Preview
from cprsync.domain.desk.parting import Ending, Parting, parting_warnings
from cprsync.domain.leaving.leaving import Departing, Forgotten, Ties, inactive_before
from cprsync.domain.patron.field import Part
from cprsync.domain.patron.fields import FIELD, FIELDS
from cprsync.domain.patron.kinds import shown_block
from cprsync.domain.patron.local import Stage
from cprsync.errors import BadInput
from cprsync.services.desk.access import make_sure_that_may
from cprsync.services.desk.showing import (
    check_confirmed,
    patron_document,
    preview_document,
    warning_documents,
    whose_document,
)
from cprsync.services.desk.viewing import refuse_merged
from cprsync.services.ports.leaving import Erased
from cprsync.services.ports.patrons import no_such_patron
from cprsync.services.ports.runs import Departed
from cprsync.services.ports.trust.audit import demanded_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from cprsync.domain.desk.confirming import Confirmation
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.desk import PatronView
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.runs import Run
    from cprsync.services.ports.store import Library, Store

#: The fields that a preview names as what goes: who the patron is, and what patron and staff keep. Blocks are apart.
GOES: Final = frozenset(
    one.key for one in FIELDS if (one.part is Part.LOCAL or one.asked) and one.printed and one.part_of is None
)
#: Rows deleted in one transaction. Desk users wait at most for one transaction.
AT_ONCE: Final = 500


def find_departing(night: Night) -> Departing:
    """The patrons that the policy asks to leave tonight, and those who asked before and now have nothing open."""
    return night.store.leaving.departing(_inactive_before(night))


def depart(night: Night, run: Run, departing: Departing) -> Departed:
    """Close these patrons, a batch at a time. Return the counts."""
    departed = Departed()
    for part in departing.parts(night.batch):
        night.raise_if_stopped()
        departed += night.store.leaving.depart(run, part, inactive_before=_inactive_before(night))
    return departed


def _inactive_before(night: Night) -> date | None:
    if not night.clock_is_checked:
        return None  # a record that is closed early cannot be brought back
    return inactive_before(night.clock.today(), night.policy.retention.inactive_days)


def forget_of_night(night: Night, run: Run, before: Mapping[str, int], *, only_plan: bool) -> dict[str, int]:
    """Delete what is due by the night's day. Return how many by kind.

    The counts include `before`, what the run deleted before it was killed. `only_plan`: delete nothing.
    """
    if only_plan:
        return dict(night.store.retention.forgettable(night.policy, on=run.day))
    night.progress.stage("forget", len(Forgotten))
    done = forget_all(
        night.store,
        run,
        night.policy,
        on=run.day,
        limit=min(night.batch, AT_ONCE),
        raise_if_stopped=night.raise_if_stopped,
    )
    counts = Counter(before) + Counter(done)
    return {kind.value: counts[kind.value] for kind in Forgotten if counts[kind.value]}


def forget_all(  # noqa: PLR0913 -- how a night does it, and how a command
    store: Store,
    run: Run | None,
    policy: Policy,
    *,
    on: date,
    limit: int = AT_ONCE,
    raise_if_stopped: Callable[[], None] = lambda: None,
) -> dict[str, int]:
    """Delete all that is due by a day. Return how many by kind, without kinds that had none."""
    counts: Counter[str] = Counter()
    # of the audit's entries all that are due are cut, or none: a few may pass their check where later ones fail
    due = store.retention.forgettable(policy, on=on)
    for kind in (kind for kind in Forgotten if kind.value in due):
        gone = limit
        while gone == limit:
            gone = store.retention.forget(run, kind, policy, on=on, limit=limit)
            counts[kind.value] += gone
            raise_if_stopped()
    return dict(+counts)


@dataclass(frozen=True, slots=True)
class PartingShown:
    """What leaving or erasing would do to one patron, as shown to staff."""

    parting: Parting
    preview: Preview
    #: the JSON shape of the preview
    document: dict[str, Any]

    @property
    def is_writable(self) -> bool:
        """False if nothing would be written: the patron leaves, and the record is empty already."""
        return self.preview.what != Ending.LEAVE.value or not self.parting.is_emptied


@dataclass(frozen=True, slots=True)
class LeavingDesk:
    """Where a library's patrons leave, and the user who takes the request."""

    library: Library
    user: str

    def preview(self, patron_id: str, way: Ending) -> PartingShown:
        """Show what leaving or erasing would do, with its warnings. Nothing but the look is written, in the audit.

        Raises BadInput: there is no such patron, something prevents erasing, or the patron was merged: the record
        that they were merged into has all that is kept of them.
        """
        known, view = self.library.store.leaving.parting(patron_id), self.library.store.views.patron(patron_id)
        if known is None:
            raise no_such_patron()
        if view is not None:
            refuse_merged(view)
        if way is Ending.ERASE and known.is_open:
            raise _kept(known.ties)
        self.library.store.access.note_view(patron_id, user=self.user, purpose=way.value)
        parting = replace(known, keeps_blocks=known.keeps_blocks and self.library.policy.retention.kept_blocks_days > 0)
        document = _parting_document(parting)
        marks = (json.dumps(document, sort_keys=True), *map(str, parting.versions))
        digested = hashlib.sha256("|".join(marks).encode()).hexdigest()
        is_final = parting.is_final(way)
        preview = Preview(way.value, patron_id, parting_warnings(parting, way), (digested,), is_final=is_final)
        # the patron's name is shown, but not part of the digest: a digest of a name would reveal it
        whose = whose_document(view, self.library.policy, on=self.library.clock.today())
        told = preview_document(preview) | {"warnings": warning_documents(preview.warnings)} | document
        told |= {"goes": self._goes(view), "again": is_final}
        return PartingShown(parting, preview, told | {"whose": whose, "written": False})

    def _goes(self, view: PatronView | None) -> dict[str, int]:
        """What goes with the record: how many entries each field has, without a value."""
        if view is None or view.stage is Stage.CLOSED:
            return {}
        fields = self._record(view)["fields"]
        told = {key: _count(key, one) for key, one in fields.items() if key in GOES}
        return {key: count for key, count in told.items() if count}

    def _record(self, view: PatronView) -> dict[str, Any]:
        today = self.library.clock.today()
        return patron_document(view, self.library.policy, agency=self.library.agency, on=today)

    def leave(self, patron_id: str, confirmation: Confirmation) -> dict[str, Any]:
        """Record a confirmed request to leave. Return the JSON shape of `patron leave`.

        Raises:
            BadInput: there is no such patron.
            NotConfirmed: the data differs from what was shown, or a reason is missing; nothing is written.
            SecondPersonNeeded: it is the user's own record, or of their household; nothing is written.
            RunBusy: a night is running; nothing is written.
        """
        make_sure_that_may(self.library.store, Doing.EDIT, patron_id, what=Ending.LEAVE.value, user=self.user)
        # a night's decision about the patron is written before the record is closed, or not at all
        with self.library.store.runs.lock():
            shown = self.preview(patron_id, Ending.LEAVE)
            reason = check_confirmed(shown.preview, confirmation) if shown.is_writable else ""
            departure = self.library.store.leaving.leave(patron_id, user=self.user, reason=reason)
        if departure is None:
            raise no_such_patron()
        kept, waits = departure.stage is Stage.LEAVING, departure.waits
        return {
            "patron": patron_id,
            # the record is empty; the patron has left when the register and the net media have confirmed
            "standing": Stage.LEAVING.value if waits else departure.stage.value,
            "since": departure.since and departure.since.isoformat(),
            "open": {tie.value: count for tie, count in departure.ties.still_open.items()} if kept else {},
            "dropped": {"reservations": departure.dropped},
            "waits": waits.document(),
        }

    def erase(self, patron_id: str, confirmation: Confirmation) -> dict[str, Any]:
        """Erase one patron as confirmed. Return the JSON shape of `patron erase`.

        Raises:
            BadInput: there is no such patron, or something prevents erasing; nothing is written.
            NotConfirmed: the data differs from what was shown, or a reason is missing; nothing is written.
            SecondPersonNeeded: it is the user's own record, or of their household; nothing is written.
            RunBusy: a night is running; nothing is written.
        """
        make_sure_that_may(self.library.store, Doing.EDIT, patron_id, what=Ending.ERASE.value, user=self.user)
        with self.library.store.runs.lock():
            reason = check_confirmed(self.preview(patron_id, Ending.ERASE).preview, confirmation)
            erased = self.library.store.erasing.erase(patron_id, user=self.user, reason=reason)
        if erased is None:
            raise no_such_patron()
        if isinstance(erased, Ties):
            raise _kept(erased)
        return {
            "patron": patron_id,
            "erased": True,
            # what the next night and the net media must still confirm
            "waits": erased.document(),
        }


def _count(key: str, entry: Mapping[str, Any]) -> int:
    """How many entries a field has. An address and a text are one, and so is what is hidden."""
    value = entry["value"]
    return len(value) if FIELD[key].kind.is_list and value else int("sealed" in entry or bool(value))


def _parting_document(parting: Parting) -> dict[str, Any]:
    """The preview beside its warnings: what prevents leaving, what is deleted, and what others must confirm."""
    return {
        "standing": Stage.CLOSED.value if parting.is_emptied else parting.stage.value,
        "open": {tie.value: count for tie, count in parting.ties.still_open.items()},
        "reservations": parting.reservations,
        "blocks": [shown_block(block) for block in parting.blocks],
        "kept_blocks": parting.kept,
        "waits": Erased(parting.subscriptions, parting.accounts, parting.targets).document(),
    }


def _kept(ties: Ties) -> BadInput:
    return BadInput(
        "still open: loans {loans}, balances {balance}, minors they answer for {responsible}",
        loans=ties.loans,
        balance=ties.balance,
        responsible=ties.responsible,
        kind="patron.open",
    )


def check_lifting(reason: str) -> str:
    """Check the reason before a CPR number is asked for. Raises as `KeptBlocks.lift`."""
    return demanded_reason(reason, of="a kept block is lifted for a reason only")


@dataclass(frozen=True, slots=True)
class BlockLifting:
    """Shows and lifts kept blocks: one library's store, and the user who asks."""

    store: Store
    user: str

    def show(self, number: CprNumber) -> dict[str, Any]:
        """The JSON shape of `patron kept-blocks`. Nothing is written."""
        blocks = self.store.kept_blocks.numbered(number)
        return {"blocks": [{"id": one} | shown_block(block) for one, block in blocks.items()], "lifted": 0}

    def lift(self, number: CprNumber, *, reason: str, only: int | None = None) -> dict[str, Any]:
        """Lift all blocks, or `only` one. Return those that were there before.

        Raises:
            ConfigurationError: there is no reason.
            BadInput: the reason cannot be kept, or no such block is kept.
        """
        why = check_lifting(reason)
        before = self.show(number)
        if only is not None and only not in {block["id"] for block in before["blocks"]}:
            raise BadInput("no such block is kept by the number", kind="block.unknown")
        return before | {"lifted": self.store.kept_blocks.lift(number, user=self.user, reason=why, only=only)}
