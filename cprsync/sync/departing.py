"""Patrons who leave: a request at the desk, an erasure, and what each night closes.

A request never looks up, subscribes or creates anything: the night unsubscribes whoever was closed, under its guard.
Leaves out what is emptied: that is the store's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from cprsync.domain.leaving import Stage, Ties, inactive_before
from cprsync.errors import BadInput
from cprsync.sync.values import Departed, Departing

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import date

    from cprsync.sync.night import Night
    from cprsync.sync.values import Departure, Erased, Run


# -- the night ---------------------------------------------------------------------------------------------


def who_departs(night: Night) -> Departing:
    """Whom the policy asks tonight, and who asked before and has nothing open any more."""
    return night.store.departing(_inactive_before(night))


def who_is_let_go(night: Night) -> Departing:
    """Who has nothing open any more since this night lived its days: her last link has ended with them."""
    return night.store.departing(None)


def depart(night: Night, run: Run, departing: Departing) -> Departed:
    """Close them, a batch at a time, and count."""
    departed = Departed()
    for start in range(0, len(departing.inactive), night.batch):
        departed += _some(night, run, Departing(inactive=departing.inactive[start : start + night.batch]))
    for start in range(0, len(departing.free), night.batch):
        departed += _some(night, run, Departing(free=departing.free[start : start + night.batch]))
    return departed


def _some(night: Night, run: Run, departing: Departing) -> Departed:
    night.heed()
    return night.store.depart(run, departing, inactive_before=_inactive_before(night))


def _inactive_before(night: Night) -> date | None:
    return inactive_before(night.clock.today(), night.policy.retention.inactive_days)


# -- the desk ----------------------------------------------------------------------------------------------


class DepartingStore(Protocol):
    """What a request needs of the store."""

    def run_lock(self) -> AbstractContextManager[None]: ...

    def departure(self, patron_id: str) -> Departure | None:
        """How far out a patron is, and what keeps her."""
        ...

    def leave(self, patron_id: str, *, user: str) -> Departure | None:
        """Take a request, in one transaction; None: there is no such patron."""
        ...

    def erase(self, patron_id: str, *, user: str) -> Erased | Ties | None:
        """Erase one patron, in one transaction, unless ties keep her; None: there is no such patron."""
        ...


@dataclass(frozen=True, slots=True)
class Exit:
    """Where patrons leave: one library's store, and who takes the request."""

    store: DepartingStore
    user: str

    def leave(self, patron_id: str) -> dict[str, Any]:
        """Take a request; returns the JSON shape of `patron leave`.

        Raises:
            BadInput: there is no such patron.
            RunBusy: a night is at work; nothing is written.
        """
        # a night that has decided about her writes it before she is closed, or not at all
        with self.store.run_lock():
            departure = self.store.leave(patron_id, user=self.user)
        if departure is None:
            raise _unknown()
        kept, waits = departure.stage is Stage.LEAVING, departure.waits
        return {
            "patron": patron_id,
            # her record is empty; she has left once the register and the net media have confirmed it
            "standing": Stage.LEAVING.value if waits else departure.stage.value,
            "since": departure.since and departure.since.isoformat(),
            "open": {tie.value: count for tie, count in departure.ties.still_open.items()} if kept else {},
            "dropped": {"reservations": departure.dropped},
            "waits": {"subscriptions": waits.subscriptions, "accounts": waits.accounts},
        }

    def erase(self, patron_id: str) -> dict[str, Any]:
        """Erase one patron; returns the JSON shape of `patron erase`.

        Raises:
            BadInput: there is no such patron, or something keeps her; nothing is written.
            RunBusy: a night is at work; nothing is written.
        """
        with self.store.run_lock():
            erased = self.store.erase(patron_id, user=self.user)
        if erased is None:
            raise _unknown()
        if isinstance(erased, Ties):
            raise _kept(erased)
        return {
            "patron": patron_id,
            "erased": True,
            # what the next night, and the net media, have still to hear
            "waits": {"subscriptions": erased.subscriptions, "accounts": erased.accounts},
        }


def _unknown() -> BadInput:
    return BadInput("there is no such patron", kind="patron.unknown")


def _kept(ties: Ties) -> BadInput:
    return BadInput(
        "still open: {loans} loans, {balance} balances, {responsible} minors she answers for",
        loans=ties.loans,
        balance=ties.balance,
        responsible=ties.responsible,
        kind="patron.open",
    )
