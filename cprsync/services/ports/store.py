"""The store, for one library (agency) and one agreement: a small port for each capability."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.access import Access, Cards
    from cprsync.services.ports.comparing import Comparisons
    from cprsync.services.ports.deliveries import Inbox, Sealing, StoppedDeliveries
    from cprsync.services.ports.desk import DeskRecords, ReviewDesk, Reviews, StaffChanges, Views
    from cprsync.services.ports.finding import Listing, PatronSearch, Provisional, Statistics
    from cprsync.services.ports.imports import Imports
    from cprsync.services.ports.leaving import Erasing, Journal, Leaving, Retention
    from cprsync.services.ports.netmedia import AccountRepairs, CardAccounts, NetMediaAccounts, Outbox, Rights
    from cprsync.services.ports.outward import Changes, Expecting, Queues, Targets
    from cprsync.services.ports.patrons import KeptBlocks, Lending, Patrons, Responsibles
    from cprsync.services.ports.register import Reconciliation, Subscriptions, Windows
    from cprsync.services.ports.reverting import Reverting
    from cprsync.services.ports.runs import Approvals, Calendar, Clock, Runs
    from cprsync.services.ports.trust.alarms import AlarmLog
    from cprsync.services.ports.trust.audit import Audit
    from cprsync.services.ports.trust.keys import Keys
    from cprsync.services.ports.trust.upkeep import UpkeepLog


class Store(ABC):
    """Our records, for one library (agency) and one agreement, by capability.

    Each method of a capability is a transaction of its own, except in a block of `at_one_moment`. A method that takes a
    run raises FenceLost if a newer run has taken over. Without a run, the caller holds the agreement's lock between two
    nights, or no lock is needed.
    """

    runs: Runs
    approvals: Approvals
    reverting: Reverting
    sealing: Sealing
    inbox: Inbox
    stopped_deliveries: StoppedDeliveries
    patrons: Patrons
    finding: PatronSearch
    provisional: Provisional
    reviews: Reviews
    review_desk: ReviewDesk
    subscriptions: Subscriptions
    reconciliation: Reconciliation
    windows: Windows
    calendar: Calendar
    rights: Rights
    outbox: Outbox
    accounts: NetMediaAccounts
    account_repairs: AccountRepairs
    card_accounts: CardAccounts
    targets: Targets
    queues: Queues
    expecting: Expecting
    changes: Changes
    leaving: Leaving
    erasing: Erasing
    retention: Retention
    journal: Journal
    audit: Audit
    keys: Keys
    imports: Imports
    lending: Lending
    kept_blocks: KeptBlocks
    responsibles: Responsibles
    desk: DeskRecords
    access: Access
    staff_changes: StaffChanges
    cards: Cards
    views: Views
    statistics: Statistics
    listing: Listing
    comparisons: Comparisons
    upkeep: UpkeepLog
    alarms: AlarmLog
    #: a key with which a delivery's reader tells numbers apart; it opens and finds nothing here
    index_key: bytes

    @abstractmethod
    def read_only(self) -> Store:
        """Return the same store, in which a method that writes raises ReadOnly."""

    @abstractmethod
    def clock_offset(self) -> float:
        """Return by how many seconds the database's clock is ahead of ours. SQLite has none of its own: 0."""

    @abstractmethod
    def at_one_moment(self) -> AbstractContextManager[None]:
        """Let all that is read in the block be of one moment. A method that writes raises ReadOnly there."""


class Library(Protocol):
    """One library: its records, its day and its rules. A night is one, and so is a desk."""

    @property
    def agency(self) -> str: ...
    @property
    def store(self) -> Store: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def policy(self) -> Policy: ...
