"""The `Store` port over SQL, for one library and one agreement. It only delegates; each concern has its own module."""

from __future__ import annotations

import os
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import select, text

from cprsync.errors import ConfigurationError
from cprsync.store.audit import head_keeping, reasons
from cprsync.store.audit.record_versions import begin_versions
from cprsync.store.beside.journal import FILE as JOURNAL_FILE
from cprsync.store.beside.journal import EraseJournal
from cprsync.store.core import tables
from cprsync.store.core.engine import read_only, reading, writing
from cprsync.store.core.lock import run_lock
from cprsync.store.core.tenant import Tenant
from cprsync.store.core.version import check_version
from cprsync.store.desk import desk, finding, opening, reviews, setting, views
from cprsync.store.desk.ending_protection import note_first_yes
from cprsync.store.feed import answers, decided, healing, inbox, reconciling, sealing, subscriptions
from cprsync.store.feed.older_copy import notice_older_copy
from cprsync.store.imports import circulating, import_matching, imports
from cprsync.store.leaving import erasing, forgetting, leaving
from cprsync.store.leaving.journal_accepting import accept_journal
from cprsync.store.lending import circulation, owing
from cprsync.store.netmedia import accounts, entitlements, publishing, repairs, verifying
from cprsync.store.night import calendar, living, runs
from cprsync.store.night.done import done
from cprsync.store.pages import counting
from cprsync.store.patrons import changes, responsibles
from cprsync.store.records import kept_blocks, links, overrides, records
from cprsync.store.records.numbers import old_numbers
from cprsync.store.reviews import review_items
from cprsync.store.seals.vault import Vault
from cprsync.store.trust import audit_checks, audit_list
from cprsync.store.trust.audit_accepting import accept_audit
from cprsync.store.trust.key_checks import check_journal_keys, check_keys, find_new_keys, keys_in_use, note_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime
    from pathlib import Path

    from sqlalchemy import Engine

    from cprsync.domain.deciding.reviews import ItemInForce
    from cprsync.domain.desk.parting import Parting
    from cprsync.domain.feed.delivery import Header, Link
    from cprsync.domain.leaving.forgetting import Forgotten
    from cprsync.domain.leaving.leaving import Ties
    from cprsync.domain.lending.statement import Owing
    from cprsync.domain.netmedia.account import Effect, Held
    from cprsync.domain.netmedia.drift import Repair
    from cprsync.domain.netmedia.settling import Settled, Unsettled
    from cprsync.domain.pages.statistics import Cell
    from cprsync.domain.patron.due import Facts
    from cprsync.domain.patron.local import Block, Local
    from cprsync.domain.patron.patron import AsOf, Patron
    from cprsync.domain.patron.responsible import Answering
    from cprsync.domain.person.address import Address
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.domain.person.sealed import SealedAddress
    from cprsync.domain.policy.policy import Harm, Policy
    from cprsync.services.desk.local_setting import LocalChange
    from cprsync.services.desk.lookup import Entry
    from cprsync.services.desk.responsibles import Minor
    from cprsync.services.desk.reviewing import Answer, ReviewItem
    from cprsync.services.desk.setting import Correction
    from cprsync.services.desk.unregistered import OwnWord
    from cprsync.services.imports.circulating import Foreseen
    from cprsync.services.imports.circulation_rows import Circulated
    from cprsync.services.ports.ports import Clock
    from cprsync.services.ports.values import (
        AcceptedJournal,
        Account,
        AccountSides,
        AccountState,
        AskedToday,
        AuditFilter,
        AuditState,
        Backlog,
        Batch,
        Checked,
        Departed,
        Departing,
        Departure,
        Done,
        DuePage,
        Erased,
        FollowUp,
        Found,
        Gaps,
        Happening,
        InWindow,
        KeptAnswer,
        Linked,
        NewPatron,
        NotFound,
        Opened,
        PlanRow,
        Prepared,
        Recognised,
        Repaired,
        RightsDue,
        Run,
        RunState,
        SealedDelivery,
        Tally,
    )
    from cprsync.services.views.finding import Numbered
    from cprsync.services.views.revealing import Reveal
    from cprsync.store.desk.views import Clear, PatronView
    from cprsync.store.imports.imported import Imported
    from cprsync.store.seals.keys import Keyring


class SqlStore:
    """Our records, for one library (agency) and one agreement. Implements `cprsync.services.ports.ports.Store`."""

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
        silence_seals: bool = True,
        tells_net_media: bool = False,
        card_accounts: bool = False,
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
            silence_seals: whether the library seals patrons about whose protection no source has spoken.
            tells_net_media: whether a CULR is set up.
            card_accounts: whether the patrons' cards log in there.

        Raises:
            StoreMismatch: the store has another version, or is not set up.
            ConfigurationError: a key that wrote its records is missing or another key has its place; nothing is
                written.
        """
        if "|" in agency or "|" in agreement:
            raise ConfigurationError("an agency's or agreement's name holds a |", kind="configuration.agency")
        check_version(engine)
        vault = Vault(keyring, agency=agency, random=random)
        written = EraseJournal(journal or keyring.folder.parent / JOURNAL_FILE, keyring)
        self._tenant = Tenant(
            engine,
            agency,
            agreement,
            keyring,
            vault,
            clock,
            random,
            written,
            silence_seals,
            tells_net_media,
            card_accounts,
        )
        self._encoder = records.Encoder(vault)
        self._erased_again = 0
        check_keys(self._tenant)
        self._move_in()

    def _move_in(self) -> None:
        """Make the rows of the library and its agreement, once."""
        row, tenant = tables.agreement.c, self._tenant
        names = {"agency": tenant.agency, "id": tenant.agreement}
        with reading(tenant.engine) as connection:
            known = select(row.id).where(row.agency == tenant.agency, row.id == tenant.agreement)
            if connection.scalar(known) is not None:
                return
        with writing(tenant.engine) as connection:
            connection.execute(text("INSERT INTO library (agency) VALUES (:agency) ON CONFLICT DO NOTHING"), names)
            connection.execute(
                text("INSERT INTO agreement (agency, id) VALUES (:agency, :id) ON CONFLICT DO NOTHING"),
                names,
            )

    def read_only(self) -> SqlStore:
        """Return the same store, in which every transaction that would write is refused.

        A method that writes then raises ReadOnly.
        """
        reader = copy(self)
        reader._tenant = replace(self._tenant, engine=read_only(self._tenant.engine))  # noqa: SLF001 -- a copy of itself
        return reader

    # -- the night

    def run_lock(self) -> AbstractContextManager[None]:
        return run_lock(self._tenant)

    def open_run(self, *, day: date, started: datetime) -> Run:
        return runs.open_run(self._tenant, day=day, started=started)

    def set_state(self, run: Run, state: RunState) -> None:
        runs.set_state(self._tenant, run, state)

    def close_run(self, run: Run, *, state: RunState, finished: datetime, document: Mapping[str, Any]) -> None:
        heads = runs.close_run(self._tenant, run, state=state, finished=finished, document=document)
        head_keeping.keep_heads(self._tenant, heads)

    def last_run_day(self) -> date | None:
        return runs.last_run_day(self._tenant)

    def run_deliveries(self, run: Run) -> list[SealedDelivery]:
        return runs.run_deliveries(self._tenant, run)

    # -- the inbox

    def seal(self, name: str, content: BinaryIO, *, mark: str | None = None) -> SealedDelivery:
        return sealing.seal(self._tenant, name, content, mark=mark)

    def seal_unseen(self, name: str, content: BinaryIO) -> SealedDelivery:
        return sealing.seal_unseen(self._tenant, name, content)

    def sealed_as(self, name: str, mark: str) -> SealedDelivery | None:
        return sealing.sealed_as(self._tenant, name, mark)

    def clear_half_sealed(self) -> None:
        sealing.clear_half_sealed(self._tenant)

    def open_delivery(self, delivery: SealedDelivery) -> BinaryIO:
        return inbox.open_delivery(self._tenant, delivery)

    def sealed(self) -> list[SealedDelivery]:
        return inbox.sealed(self._tenant)

    def taken_on(self, produced: date) -> Link | None:
        return inbox.taken_on(self._tenant, produced)

    def last_produced(self) -> date | None:
        return inbox.last_produced(self._tenant)

    def applied_until(self) -> date | None:
        return inbox.applied_until(self._tenant)

    def accept(self, run: Run, delivery: SealedDelivery, header: Header, *, received: int) -> SealedDelivery:
        return inbox.accept(self._tenant, run, delivery, header, received=received)

    def refuse(self, delivery: SealedDelivery, reason: str) -> None:
        inbox.refuse(self._tenant, delivery, reason)

    def copies(self, name: str) -> list[SealedDelivery]:
        return decided.copies(self._tenant, name)

    def accept_stopped(self, delivery: SealedDelivery, *, place: str, reason: str, user: str) -> int:
        return decided.accept_stopped(self._tenant, delivery, place=place, reason=reason, user=user)

    def stopping(self) -> list[SealedDelivery]:
        return decided.stopping(self._tenant)

    def discard(self, delivery: SealedDelivery, *, found: str, reason: str, user: str) -> int:
        return decided.discard(self._tenant, delivery, found=found, reason=reason, user=user)

    def decided(self, names: Collection[str]) -> dict[str, SealedDelivery]:
        return decided.decided(self._tenant, names)

    # -- records

    def population(self) -> int:
        return records.population(self._tenant)

    def silent_count(self) -> int:
        return records.silent_count(self._tenant)

    def recognise(self, persons: Sequence[Person]) -> list[Recognised]:
        return records.recognise(self._tenant, persons, self._encoder)

    def patrons(self, ids: Sequence[str]) -> list[Patron]:
        return records.patrons(self._tenant, ids)

    def old_numbers(self, numbers: Sequence[CprNumber]) -> dict[CprNumber, str]:
        return old_numbers(self._tenant, numbers)

    def prepare(self, after: Person) -> Prepared:
        return self._encoder.prepare(after)

    def save_plan(self, run: Run, rows: Iterable[PlanRow]) -> str:
        return runs.save_plan(self._tenant, run, rows)

    def write(self, run: Run | None, batch: Batch) -> None:
        changes.write(self._tenant, run, batch)

    def tally(self, run: Run) -> Tally:
        return runs.tally(self._tenant, run)

    def done(self, run: Run) -> Done:
        return done(self._tenant, run)

    def reviews_waiting(self) -> dict[str, int]:
        return review_items.waiting_by_kind(self._tenant)

    def proposed(self, run: Run) -> dict[str, int]:
        return review_items.proposed_by(self._tenant, run)

    def reviews_in_force(self, patron_ids: Sequence[str]) -> list[ItemInForce]:
        return review_items.in_force(self._tenant, patron_ids)

    def answering(self, responsible_ids: Collection[str]) -> list[Answering]:
        return links.links_of_those_who_answer(self._tenant, responsible_ids)

    def raised(self, run: Run) -> dict[tuple[str, str], bool]:
        return runs.raised(self._tenant, run)

    # -- the register's side

    def intend(self, run: Run | None, patron_ids: Sequence[str], purpose: str) -> None:
        subscriptions.intend(self._tenant, run, patron_ids, purpose)

    def unsubscribed(self, limit: int, *, unheard: bool = False) -> list[tuple[str, CprNumber]]:
        return subscriptions.unsubscribed(self._tenant, limit, unheard=unheard)

    def subscribed(
        self,
        run: Run | None,
        rows: Sequence[tuple[str, CprNumber]],
        *,
        since: date,
        already: Collection[CprNumber] = (),
        dead_until: date | None = None,
    ) -> None:
        subscriptions.subscribed(self._tenant, run, rows, since=since, already=already, dead_until=dead_until)

    def subscription_count(self) -> int:
        return subscriptions.subscription_count(self._tenant)

    def subscription_gaps(self, listed: Collection[CprNumber]) -> Gaps:
        return reconciling.subscription_gaps(self._tenant, listed)

    def end_subscriptions(self, run: Run | None, *, on: date) -> int:
        return reconciling.end_subscriptions(self._tenant, run, on=on)

    def open_lost(self, run: Run | None, numbers: Sequence[CprNumber]) -> dict[CprNumber, list[str]]:
        return reconciling.open_lost(self._tenant, run, numbers)

    def close_not_lost(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        reconciling.close_not_lost(self._tenant, run, patron_ids)

    def in_window(self) -> list[InWindow]:
        """Return every patron in a window, by patron number."""
        return healing.in_window(self._tenant)

    def window_counts(self) -> dict[str, int]:
        return healing.window_counts(self._tenant)

    def windows_to_ask(self, limit: int) -> list[str]:
        return healing.windows_to_ask(self._tenant, limit)

    def asked_today(self) -> AskedToday:
        return healing.asked_today(self._tenant)

    def intend_to_ask(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        healing.intend_to_ask(self._tenant, run, patron_ids)

    def count_harms(self, run: Run | None, harms: Mapping[Harm, int]) -> None:
        healing.count_harms(self._tenant, run, harms)

    def open_for_everyone(self, *, user: str, reason: str) -> int:
        """Open a window for every subscribed patron, as an operator asks. Returns for how many a window was opened."""
        return healing.open_for_everyone(self._tenant, user=user, reason=reason)

    def added_there(self, run: Run | None, numbers: Sequence[CprNumber]) -> None:
        reconciling.added_there(self._tenant, run, numbers)

    def removed_there(self, run: Run | None, numbers: Sequence[CprNumber]) -> None:
        reconciling.removed_there(self._tenant, run, numbers)

    def follow_ups(self, limit: int) -> list[FollowUp]:
        return subscriptions.follow_ups(self._tenant, limit)

    def keep_answers(self, run: Run, found: Sequence[tuple[str, Found | NotFound]], as_of: AsOf) -> None:
        answers.keep(self._tenant, run, found, as_of)

    def kept_answers(self, run: Run, ids: Sequence[str]) -> dict[str, KeptAnswer]:
        return answers.kept(self._tenant, run, ids)

    # -- the calendar part

    def live_day(self, run: Run, page: DuePage, policy: Policy) -> str | None:
        return living.live_day(self._tenant, run, page, policy)

    def due_facts(self, until: date, *, everyone: bool) -> Iterator[Facts]:
        return calendar.due_facts(self._tenant, until, everyone=everyone)

    def minors_facts(self, ids: Sequence[str]) -> Iterator[Facts]:
        return calendar.minors_facts(self._tenant, ids)

    def calendar_stamp(self) -> str | None:
        return calendar.stamp(self._tenant)

    def keep_calendar_stamp(self, run: Run, counted: str | None) -> None:
        calendar.keep_stamp(self._tenant, run, counted)

    def calendar_counts(self, run: Run) -> dict[str, int]:
        return calendar.counts(self._tenant, run)

    # -- deleting what is over

    def forget(self, run: Run | None, kind: Forgotten, policy: Policy, *, on: date, limit: int) -> int:
        return forgetting.forget(self._tenant, run, kind, policy, on=on, limit=limit)

    def count_log(self, policy: Policy, *, on: date) -> int:
        return forgetting.count_log(self._tenant, policy, on=on)

    def forgettable(self, policy: Policy, *, on: date) -> dict[str, int]:
        return forgetting.forgettable(self._tenant, policy, on=on)

    def overridden(self) -> list[str]:
        return overrides.overridden(self._tenant)

    # -- rights to net media

    def derive_rights(self, run: Run, page: DuePage, policy: Policy) -> str | None:
        return entitlements.derive(self._tenant, run, page, policy)

    def rights_ahead(self, until: date, *, everyone: bool) -> Iterator[RightsDue]:
        return entitlements.ahead(self._tenant, until, everyone=everyone)

    def sealed_among(self, ids: Collection[str], *, silent_is_sealed: bool) -> set[str]:
        return links.sealed_among(self._tenant, ids, silent_is_sealed=silent_is_sealed)

    def rights_stamp(self) -> str | None:
        return entitlements.stamp(self._tenant)

    def keep_rights_stamp(self, run: Run, derived: str | None) -> None:
        entitlements.keep_stamp(self._tenant, run, derived)

    def derive_again(self, ids: Sequence[str], policy: Policy, *, on: date) -> None:
        entitlements.derive_again(self._tenant, ids, policy, on=on)

    def forget_earlier_turns(self, run: Run) -> None:
        entitlements.forget_earlier(self._tenant, run)

    def rights_turns(self, run: Run) -> dict[str, dict[str, int]]:
        return entitlements.turns(self._tenant, run)

    def rights_kept(self) -> int:
        return entitlements.kept(self._tenant)

    # -- the net media

    def backlog(self) -> Backlog:
        return publishing.backlog(self._tenant)

    def outbox_order(self) -> list[str]:
        return publishing.order(self._tenant)

    def outbox_queues(self, ids: Sequence[str]) -> list[tuple[Effect, ...]]:
        return publishing.queues(self._tenant, ids)

    def offer(self, effects: Sequence[Effect]) -> None:
        publishing.offer(self._tenant, effects)

    def settle(self, run: Run | None, outcomes: Sequence[tuple[Effect, Settled | Unsettled]]) -> list[tuple[str, str]]:
        return publishing.settle(self._tenant, run, outcomes)

    def account_state(self, patron_id: str) -> AccountState:
        return publishing.account_state(self._tenant, patron_id)

    # -- accounts in CULR

    def account_count(self) -> int:
        return accounts.counted(self._tenant)

    def oldest_accounts(self, limit: int | None, *, today: datetime | None = None) -> list[str]:
        return accounts.oldest(self._tenant, limit, today=today)

    def without_account(self) -> list[str]:
        return accounts.without(self._tenant)

    def accounts(self, ids: Sequence[str]) -> list[Account]:
        return accounts.accounts(self._tenant, ids)

    def accounts_left_out(self) -> int:
        return accounts.left_out(self._tenant)

    def see_accounts(self, run: Run | None, seen: Sequence[tuple[str, Held]], *, gone: Sequence[str] = ()) -> None:
        repairs.see(self._tenant, run, seen, gone=gone)

    def repair_accounts(self, run: Run | None, decided: Sequence[Repair]) -> Repaired:
        return repairs.repair(self._tenant, run, decided)

    def account_sides(self, ids: Sequence[str]) -> dict[str, AccountSides]:
        return accounts.sides(self._tenant, ids)

    def checked_page(self, after: str, limit: int) -> list[Checked]:
        return verifying.page(self._tenant, after, limit)

    def wrong_versions(self) -> list[str]:
        return verifying.wrong_versions(self._tenant)

    def let_stand(self, ids: Sequence[str]) -> set[str]:
        return verifying.let_stand(self._tenant, ids)

    # -- patrons who leave

    def replay_journal(self) -> int:
        notice_older_copy(self._tenant)
        again = self._erased_again + erasing.replay(self._tenant)
        self._erased_again = 0
        return again

    def begin_after_journal(self) -> None:
        """Replay the journal when the store is opened.

        The next call of `replay_journal` counts these too.
        """
        check_journal_keys(self._tenant)
        note_keys(self._tenant)
        begin_versions(self._tenant)
        self._erased_again = self.replay_journal()

    def departing(self, inactive_before: date | None) -> Departing:
        return leaving.departing(self._tenant, inactive_before)

    def accept_journal(self, *, user: str, reason: str) -> AcceptedJournal:
        find_new_keys(self._tenant)
        return accept_journal(self._tenant, user=user, reason=reason)

    def was_given(self, patron_id: str) -> bool:
        return leaving.was_ever(self._tenant, patron_id)

    def depart(self, run: Run, departing: Departing, *, inactive_before: date | None) -> Departed:
        return leaving.depart(self._tenant, run, departing, inactive_before=inactive_before)

    def sweep_gone(self, run: Run) -> int:
        return erasing.sweep(self._tenant, run)

    def parting(self, patron_id: str) -> Parting | None:
        return leaving.parting(self._tenant, patron_id)

    def leave(self, patron_id: str, *, user: str, reason: str = "") -> Departure | None:
        return leaving.leave(self._tenant, patron_id, user=user, reason=reason)

    def erase(self, patron_id: str, *, user: str, reason: str = "") -> Erased | Ties | None:
        return erasing.erase(self._tenant, patron_id, user=user, reason=reason)

    # -- the audit

    def check_audit(self, *, code: str | None = None, records: int = 0) -> AuditState:
        return audit_checks.check_audit(self._tenant, code=code, records=records)

    def accept_audit(self, *, user: str, reason: str) -> AuditState:
        return accept_audit(self._tenant, user=user, reason=reason)

    def audit_entries(self, wanted: AuditFilter) -> Iterator[Happening]:
        return audit_list.entries(self._tenant, wanted)

    def note_audit_reading(self, *, user: str) -> None:
        audit_list.note_reading(self._tenant, user=user)

    def keys_in_use(self) -> set[tuple[str, str]]:
        """Return purpose and id of every key that a row names. Reads every row."""
        with reading(self._tenant.engine) as connection:
            return {(purpose.value, key) for purpose, key in keys_in_use(connection, self._tenant)}

    # -- beyond the port: for the command line and for comparisons

    @property
    def index_key(self) -> bytes:
        """A key with which a delivery's reader tells numbers apart. It opens and finds nothing here."""
        return self._tenant.vault.foreign_key

    def import_patrons(
        self, rows: Iterable[NewPatron], *, apply: bool = True, policy: Policy | None = None
    ) -> list[Imported]:
        """Take in the rows, matched by number. Without `apply`, only return what would happen to them."""
        return imports.import_patrons(self._tenant, rows, apply=apply, policy=policy)

    def import_circulation(
        self, rows: Sequence[Circulated], *, apply: bool, policy: Policy, foreseen: Foreseen | None = None
    ) -> list[Imported]:
        """Take in loans, reservations, balances and messages, by their source's ids."""
        return circulating.import_circulation(self._tenant, rows, apply=apply, policy=policy, foreseen=foreseen)

    def circulation(self, patron_id: str) -> dict[str, list[dict[str, Any]]]:
        """Return the patron's loans, reservations, balances and messages, by those names."""
        return circulation.shown(self._tenant, patron_id)

    def patron(self, patron_id: str) -> PatronView | None:
        return views.patron(self._tenant, patron_id)

    def reveal(self, asked: Reveal) -> Opened:
        return opening.reveal(self._tenant, asked)

    def in_household(self, address: Address | SealedAddress, *, but: str | None) -> bool:
        return views.in_household(self._tenant, address, but=but)

    def counted(self, on: date, policy: Policy) -> Iterator[Cell]:
        return counting.counted(self._tenant, on, policy)

    def owing(self, patron_id: str, on: date) -> Owing:
        return owing.owing(self._tenant, patron_id, on)

    def answering_for(self, patron_id: str) -> list[str]:
        return owing.answering_for(self._tenant, patron_id)

    def kept_blocks(self, number: CprNumber) -> tuple[Block, ...]:
        return tuple(kept_blocks.kept_for(self._tenant, number).values())

    def numbered_kept_blocks(self, number: CprNumber) -> dict[int, Block]:
        return kept_blocks.kept_for(self._tenant, number)

    def lift_kept_blocks(self, number: CprNumber, *, user: str, reason: str, only: int | None = None) -> int:
        return kept_blocks.lift(self._tenant, number, user=user, reason=reason, only=only)

    def left_before(self, number: CprNumber) -> bool:
        return import_matching.is_gone(self._tenant, number)

    def find(self, number: CprNumber) -> str | None:
        return views.find(self._tenant, number)

    def numbered(self, patron_id: str) -> Numbered | None:
        return finding.numbered(self._tenant, patron_id)

    def with_card(self, card: str) -> str | None:
        return finding.with_card(self._tenant, card)

    def patron_ids(self) -> list[str]:
        return views.patron_ids(self._tenant)

    def intend_at_desk(self, number: CprNumber, *, purpose: str, user: str, patron_id: str | None) -> None:
        desk.intend(self._tenant, number, purpose=purpose, user=user, patron_id=patron_id)

    def save_at_desk(self, entry: Entry) -> str:
        return desk.save(self._tenant, entry)

    def ask_staff_at_desk(self, patron_id: str, kind: str, *, about: str) -> None:
        desk.ask_staff(self._tenant, patron_id, kind, about=about)

    def add_at_desk(self, row: NewPatron, *, write: bool, policy: Policy, user: str, reason: str) -> Imported:
        return imports.add_at_desk(self._tenant, row, write=write, policy=policy, user=user, reason=reason)

    def responsible_links(self, patron_id: str) -> list[Linked]:
        return responsibles.links_of(self._tenant, patron_id)

    def minors_of(self, responsible_id: str) -> list[Minor]:
        return responsibles.minors_of(self._tenant, responsible_id)

    def end_responsible(self, patron_id: str, responsible_id: str, *, user: str) -> bool:
        return responsibles.end_at_desk(self._tenant, patron_id, responsible_id, user=user)

    def correct(self, correction: Correction, *, user: str) -> None:
        setting.correct(self._tenant, correction, user=user)

    def write_own(self, word: OwnWord, *, user: str) -> None:
        setting.write_own(self._tenant, word, user=user)

    def change_local(self, change: LocalChange, *, user: str) -> bool:
        return setting.change_local(self._tenant, change, user=user)

    def review_items(self, *, all_states: bool) -> list[ReviewItem]:
        return reviews.items(self._tenant, all_states=all_states)

    def review_item(self, number: int) -> ReviewItem | None:
        return reviews.item(self._tenant, number)

    def review_answers(self, kind: str, *, since: datetime) -> int:
        return reviews.answers(self._tenant, kind, since=since)

    def named_number(self, number: int) -> CprNumber | None:
        return reviews.named_number(self._tenant, number)

    def answer_review(self, answer: Answer) -> None:
        reviews.answer(self._tenant, answer)

    def note_first_yes(self, item: ReviewItem, *, user: str) -> None:
        note_first_yes(self._tenant, item, user=user)

    def circulation_counts(self, patron_id: str) -> dict[str, int]:
        return reviews.circulation_counts(self._tenant, patron_id)

    def opened_records(self) -> Iterator[tuple[str, Person, Local, Clear]]:
        return views.opened_records(self._tenant)

    def subscription_list(self) -> list[dict[str, Any]]:
        return reconciling.subscription_list(self._tenant)

    def end_patron(self, patron_id: str, *, on: date) -> int:
        """End the subscriptions of a patron who has left. Returns how many."""
        return reconciling.leave(self._tenant, patron_id, on=on)

    def runs(self) -> list[dict[str, Any]]:
        return runs.runs(self._tenant)

    def run_document(self, number: int) -> dict[str, Any] | None:
        return runs.run_document(self._tenant, number)

    def run_items(self, number: int) -> list[dict[str, Any]]:
        return runs.run_items(self._tenant, number)

    def verify_audit(self) -> int:
        """Verify the audit to its end and count its entries.

        Raises:
            AuditBroken: the first problem.
        """
        state = self.check_audit()
        if state.problems:
            raise state.problems[0]
        return state.entries

    def audit_reasons(self, patron_id: str | None) -> list[str]:
        """Return the reasons that people gave about a patron, or about no patron, the oldest first."""
        with reading(self._tenant.engine) as connection:
            return reasons.reasons_of(connection, self._tenant, patron_id)

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        return views.everything(self._tenant)
