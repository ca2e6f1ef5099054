"""The store over SQL, for one library and one agreement: its capabilities, each with its own rows and methods."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from cprsync.domain.feed.delivery import LOAD_HOUR
from cprsync.errors import ConfigurationError
from cprsync.services.ports.store import Store
from cprsync.store import tables
from cprsync.store.beside.journal import FILE as JOURNAL_FILE
from cprsync.store.beside.journal import EraseJournal
from cprsync.store.core.engine import at_one_moment, beginning, clock_offset, read_only
from cprsync.store.core.tenant import AGREEMENT_IS, Tenant
from cprsync.store.core.version import check_agency, check_environment, check_version, note_environment
from cprsync.store.desk.access_checks import SqlAccess
from cprsync.store.desk.cards import SqlCards
from cprsync.store.desk.desk import SqlDesk
from cprsync.store.desk.reviews import SqlReviewDesk
from cprsync.store.desk.setting import SqlStaffChanges
from cprsync.store.desk.views import SqlViews
from cprsync.store.feed.inbox import SqlInbox, SqlStoppedDeliveries
from cprsync.store.feed.reconciling import SqlReconciliation
from cprsync.store.feed.sealing import SqlSealing
from cprsync.store.feed.subscriptions import SqlSubscriptions
from cprsync.store.imports.imports import SqlImports
from cprsync.store.leaving.erasing import SqlErasing
from cprsync.store.leaving.forgetting import SqlRetention
from cprsync.store.leaving.journal import SqlJournal
from cprsync.store.leaving.leaving import SqlLeaving
from cprsync.store.lending.circulation import SqlLending
from cprsync.store.netmedia.accounts import SqlAccountRepairs, SqlAccounts
from cprsync.store.netmedia.card_accounts import SqlCardAccounts
from cprsync.store.netmedia.entitlements import SqlRights
from cprsync.store.netmedia.publishing import SqlOutbox
from cprsync.store.night.approvals import SqlApprovals
from cprsync.store.night.calendar import SqlCalendar
from cprsync.store.night.reverting import SqlReverting
from cprsync.store.night.runs import SqlRuns
from cprsync.store.outward.changes import with_targets
from cprsync.store.outward.comparisons import SqlComparisons
from cprsync.store.outward.expecting import SqlExpecting
from cprsync.store.outward.queues import SqlQueues
from cprsync.store.outward.reading import SqlChanges
from cprsync.store.outward.targets import SqlTargets
from cprsync.store.pages.statistics import SqlStatistics
from cprsync.store.patrons.finding import SqlFinding
from cprsync.store.patrons.listing import SqlListing
from cprsync.store.patrons.patrons import SqlPatrons
from cprsync.store.patrons.provisional import SqlProvisional
from cprsync.store.patrons.responsibles import SqlResponsibles
from cprsync.store.patrons.windows import SqlWindows
from cprsync.store.records.kept_blocks import SqlKeptBlocks
from cprsync.store.reviews.review_items import SqlReviews
from cprsync.store.seals.vault import Vault
from cprsync.store.trust.alarms import SqlAlarmLog
from cprsync.store.trust.audit_list import SqlAudit
from cprsync.store.trust.key_checks import check_keys
from cprsync.store.trust.rotating import SqlKeys
from cprsync.store.trust.upkeep import SqlUpkeepLog

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from contextlib import AbstractContextManager
    from datetime import time
    from pathlib import Path

    from sqlalchemy import Engine

    from cprsync.domain.outward.target import Target
    from cprsync.services.ports.runs import Clock
    from cprsync.store.seals.keys import Keyring

_AGREEMENT = tables.agreement.c
#: The libraries that have an agreement: asked whenever a store is opened.
_AGENCIES = select(_AGREEMENT.agency).where(_AGREEMENT.id == AGREEMENT_IS)


class SqlStore(Store):
    """Our records in a database."""

    def __init__(  # noqa: PLR0913 -- everything it depends on is passed in
        self,
        engine: Engine,
        *,
        agency: str,
        agreement: str,
        keyring: Keyring,
        clock: Clock,
        random: Callable[[int], bytes] = os.urandom,
        journal: Path | None = None,
        load_hour: time = LOAD_HOUR,
        silence_seals: bool = True,
        tells_net_media: bool = False,
        card_accounts: bool = False,
        targets: tuple[Target, ...] = (),
        own_patron: Callable[[str], str | None] = lambda _: None,
        checks_keys: bool = True,
        environment: str = "test",
        shared: bool = True,
        elsewhere: Collection[str] = (),
        keeper: Engine | None = None,
    ) -> None:
        """Open the store.

        Args:
            engine: from `open_engine`.
            agency: the library.
            agreement: one of its agreements.
            keyring: the keys that wrote the store.
            clock: gives the time and the day.
            random: gives random bytes, for nonces, salts and patron numbers.
            journal: the erase journal's file; without one it is beside the key folder.
            load_hour: by then the register has loaded the delivery of the day before.
            silence_seals: whether the library seals patrons about whose protection no source has spoken.
            tells_net_media: whether a CULR is set up.
            card_accounts: whether the patrons' cards log in there.
            targets: the other systems that hear of patrons.
            own_patron: the patron number of a person at the desk, if it is known.
            environment: whose persons the records are about, real or test; the store keeps it, and no other opens it.
            shared: whether other libraries may have patrons under the agreement too.
            elsewhere: the libraries that have another agreement, whatever they had before.
            checks_keys: False for a caller who only tells what names each key.
            keeper: opens the same database for the role that may delete from the audit; None: `engine` may.

        Raises:
            StoreMismatch: the store has another version, is not set up, is of the other environment, or has the
                patrons of this agreement under another agency.
            ConfigurationError: a key that wrote its records is missing or another key has its place; nothing is
                written.
        """
        if "|" in agency or "|" in agreement:
            raise ConfigurationError("an agency's or agreement's name holds a |", kind="configuration.agency")
        check_version(engine)
        known = check_environment(engine, environment)
        vault = Vault(keyring, agency=agency, random=random)
        written = EraseJournal(journal or keyring.folder.parent / JOURNAL_FILE, keyring)
        tenant = Tenant(
            beginning(engine, vault.follow),
            agency,
            agreement,
            keyring,
            vault,
            clock,
            random,
            written,
            silence_seals,
            tells_net_media,
            load_hour,
            card_accounts,
            own_patron=own_patron,
        )
        if checks_keys:
            check_keys(tenant)
        _move_in(tenant, shared=shared, elsewhere=elsewhere)
        if agency not in known:
            note_environment(engine, agency, environment)
        keeping = None if keeper is None else with_targets(replace(tenant, engine=keeper), targets)
        self._bind(with_targets(tenant, targets), keeping=keeping)

    def _bind(self, tenant: Tenant, *, keeping: Tenant | None = None) -> None:
        """Make each capability work for this tenant. `keeping`: the same, with the right to delete from the audit."""
        self._tenant, keeping = tenant, keeping or tenant
        self.index_key = tenant.vault.foreign_key
        self.runs = SqlRuns(tenant)
        self.approvals = SqlApprovals(tenant)
        self.reverting = SqlReverting(tenant)
        self.sealing = SqlSealing(tenant)
        self.inbox = SqlInbox(tenant)
        self.stopped_deliveries = SqlStoppedDeliveries(tenant)
        self.patrons = SqlPatrons(tenant)
        self.finding = SqlFinding(tenant)
        self.provisional = SqlProvisional(tenant)
        self.reviews = SqlReviews(tenant)
        self.review_desk = SqlReviewDesk(tenant)
        self.subscriptions = SqlSubscriptions(tenant)
        self.reconciliation = SqlReconciliation(tenant)
        self.windows = SqlWindows(tenant)
        self.calendar = SqlCalendar(tenant)
        self.rights = SqlRights(tenant)
        self.outbox = SqlOutbox(tenant)
        self.accounts = SqlAccounts(tenant)
        self.targets = SqlTargets(tenant)
        self.queues = SqlQueues(tenant)
        self.expecting = SqlExpecting(tenant)
        self.changes = SqlChanges(tenant)
        self.account_repairs = SqlAccountRepairs(tenant)
        self.card_accounts = SqlCardAccounts(tenant)
        self.leaving = SqlLeaving(tenant)
        self.erasing = SqlErasing(keeping)
        self.retention = SqlRetention(keeping)
        self.journal = SqlJournal(keeping)
        self.audit = SqlAudit(tenant, keeping=keeping)
        self.keys = SqlKeys(tenant)
        self.imports = SqlImports(tenant)
        self.lending = SqlLending(tenant)
        self.kept_blocks = SqlKeptBlocks(tenant)
        self.responsibles = SqlResponsibles(tenant)
        self.desk = SqlDesk(tenant)
        self.access = SqlAccess(tenant)
        self.staff_changes = SqlStaffChanges(tenant)
        self.cards = SqlCards(tenant)
        self.views = SqlViews(tenant)
        self.statistics = SqlStatistics(tenant)
        self.listing = SqlListing(tenant)
        self.comparisons = SqlComparisons(tenant)
        self.upkeep = SqlUpkeepLog(tenant)
        self.alarms = SqlAlarmLog(tenant)

    def read_only(self) -> SqlStore:
        reader = object.__new__(type(self))
        reader._bind(replace(self._tenant, engine=read_only(self._tenant.engine)))
        return reader

    def clock_offset(self) -> float:
        return clock_offset(self._tenant.engine)

    def at_one_moment(self) -> AbstractContextManager[None]:
        return at_one_moment(self._tenant.engine)


def _move_in(tenant: Tenant, *, shared: bool, elsewhere: Collection[str]) -> None:
    """Make the rows of the library and its agreement, once. Raises StoreMismatch: the agency is mistyped."""
    names = {"agency": tenant.agency, "id": tenant.agreement}
    with tenant.reading() as transaction:
        known = set(transaction.scalars(_AGENCIES, {"agreement_": tenant.agreement}))
    if not shared and known - {tenant.agency}:
        check_agency(tenant.engine, tenant.agency, tenant.agreement, elsewhere=elsewhere)
    if tenant.agency in known:
        return
    with tenant.writing() as transaction:
        transaction.execute(text("INSERT INTO library (agency) VALUES (:agency) ON CONFLICT DO NOTHING"), names)
        transaction.execute(
            text("INSERT INTO agreement (agency, id) VALUES (:agency, :id) ON CONFLICT DO NOTHING"),
            names,
        )
