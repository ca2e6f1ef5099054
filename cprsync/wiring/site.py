"""One library as it is set up here: opens what a command, the desk and a night work with."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from cprsync.config.clock import LateClock, MockClock, StillClock, SystemClock, clock_for
from cprsync.config.policy import load_policy
from cprsync.errors import ConfigurationError, CprsyncError, RegisterUnavailable
from cprsync.services.ports.night import Night
from cprsync.wire.limits import Patience
from cprsync.wiring.counterparts import Counterparts, register_settings, surroundings_of
from cprsync.wiring.setting_up import make_sure_of_files, open_database, open_keeper, telling_what_is_gone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cprsync.config.settings import LibrarySection, Settings
    from cprsync.domain.desk.access import Caps
    from cprsync.domain.policy.policy import Policy
    from cprsync.register.extract.reader import ExtractReader
    from cprsync.register.soap.client import SoapRegister
    from cprsync.services.desk.lookup import Desk
    from cprsync.services.feed.stopped import DeliveryDecisions
    from cprsync.services.ports.night import Progress
    from cprsync.services.ports.outward import OpenTarget
    from cprsync.services.ports.runs import Clock
    from cprsync.services.ports.store import Store
    from cprsync.store.sql import SqlStore

#: How long the desk waits from a key press on, for the start of the program and all calls to the register and the net
#: media. With the program's end it is about eight seconds in all. What the net media were not told by then, the night
#: tells them.
DESK_SECONDS: Final = 7.5
#: How much of it calls have at least, however long the start took: a busy machine still asks.
DESK_CALLS_SECONDS: Final = 3.0
#: How many libraries a message names.
_NAMED_MOST: Final = 20


def library_of(settings: Settings, agency: str | None) -> LibrarySection:
    """The only library, or the one that is named."""
    if agency is None and len(settings.library) == 1:
        return settings.library[0]
    for library in settings.library:
        if library.agency == agency:
            return library
    named = ", ".join(f"{one.agency} ({one.name})" for one in settings.library[:_NAMED_MOST])
    if agency is None:
        raise ConfigurationError("say which library with --library: {named}", named=named, kind="usage")
    raise ConfigurationError("no [[library]] has that agency: there is {named}", named=named, kind="usage")


def desk_patience(since: Callable[[], float] | None = None) -> Patience:
    """The waiting time that all calls of one command at the desk share. `since`: when the user pressed a key."""
    return Patience(DESK_SECONDS, since=since, least=DESK_CALLS_SECONDS)


@dataclass(frozen=True, slots=True)
class OpenLibrary:
    """One library with its store open."""

    agency: str
    store: Store
    clock: Clock
    policy: Policy


@dataclass
class Site:
    """One library as it is set up here: opens what one command works with."""

    settings: Settings
    section: LibrarySection
    #: a day given for a test
    today: date | None = None
    #: when the user pressed a key
    waits_since: Callable[[], float] | None = field(default=None, kw_only=True)
    #: more than one request is served
    stays_open: bool = field(default=False, kw_only=True)
    #: the patron number of a person at the desk; None: nobody knows
    own_patron: Callable[[str], str | None] = field(default=lambda _: None, kw_only=True)

    def __post_init__(self) -> None:
        #: what all calls of one command at the desk share
        self._patience = desk_patience(self.waits_since)

    @cached_property
    def clock(self) -> Clock:
        return clock_for(self.settings, self.today, moves=self.stays_open)

    def wait_anew(self) -> None:
        """Begin the waiting time of the desk's next request."""
        self._patience.begin_anew()

    @cached_property
    def policy(self) -> Policy:
        """The library's rules. Raises ConfigurationError, also if a target names what they do not have."""
        policy = load_policy(self.section.policy, self.section.municipalities)
        if self.section.target:
            from cprsync.config.targets import check_names

            check_names(self.section.target, policy, library=self.section.name)
        return policy

    @property
    def caps(self) -> Caps:
        """How often one person may look somebody up."""
        from cprsync.domain.desk.access import Caps

        return Caps(**self.settings.desk.caps.model_dump())

    @property
    def knows_the_day(self) -> bool:
        """Whether the clock agrees with the register's.

        In a test environment without a mock, the register has another day.
        """
        return self.settings.is_production or isinstance(self.clock, StillClock | MockClock)

    @property
    def counterparts(self) -> Counterparts:
        """Whom the library calls, but for the targets."""
        return Counterparts(self.section, self.settings.is_production, LateClock(lambda: self.clock).today)

    def store(self, *, shows_records: bool = False) -> AbstractContextManager[SqlStore]:
        """The library's store. `shows_records`: the policy says what of a record is sealed."""
        return self._store(self.clock, self.policy if shows_records else None)

    @contextmanager
    def store_to_show(self) -> Iterator[SqlStore]:
        """The library's store, for a command that only shows it: the database refuses what it writes.

        A mock is asked what day it is only if that matters to what is shown, or if an older copy of the database has
        to be dealt with first. A policy that cannot be used stops no such command: it decides what targets are told.
        """
        with self._store(LateClock(lambda: self.clock), tells_targets=False) as store:
            yield store.read_only()

    @contextmanager
    def store_to_verify(self) -> Iterator[SqlStore]:
        """Same as `store_to_show`. While a mock is away, the day is that of the audit's last entry."""
        from cprsync.services.ports.trust.audit import AuditFilter

        opened: list[SqlStore] = []

        @cache
        def find_clock() -> Clock:
            try:
                return self.clock
            except RegisterUnavailable:
                last = next((one for store in opened for one in store.audit.entries(AuditFilter(limit=1))), None)
                if last is None:
                    raise
                return StillClock(datetime.fromisoformat(last.at))

        with self._store(LateClock(find_clock), tells_targets=False) as store:
            opened.append(store)
            yield store.read_only()

    def unchecked_store(self) -> AbstractContextManager[SqlStore]:
        """The library's store without a check of the erase journal, for the one command that repairs the journal."""
        return self._store(self.clock, checks_journal=False)

    def store_of_any_keys(self, *, may_lack: bool = False) -> AbstractContextManager[SqlStore]:
        """The library's store, also if a key is lost, for the one command that tells what names it. Only reads.

        `may_lack`: also if it was the only one of its purpose.
        """
        return self._store(
            SystemClock(), checks_journal=False, checks_keys=False, tells_targets=False, may_lack=may_lack
        )

    @contextmanager
    def _store(  # noqa: PLR0913 -- what the few commands that repair an installation leave out
        self,
        clock: Clock,
        policy: Policy | None = None,
        *,
        checks_journal: bool = True,
        checks_keys: bool = True,
        tells_targets: bool = True,
        may_lack: bool = False,
    ) -> Iterator[SqlStore]:
        from cprsync.store.seals.keys import Keyring
        from cprsync.store.sql import SqlStore

        library, settings = self.section, self.settings
        if policy is None and library.target and tells_targets:
            # whatever is written is described for targets at once, so the policy says here too what is sealed
            policy = self.policy
        with (
            open_database(settings.store.url) as engine,
            open_keeper(settings.store) as keeper,
            telling_what_is_gone(settings),
        ):
            keyring = Keyring.load(settings.keys.dir, may_lack=may_lack)
            if checks_keys:
                make_sure_of_files(settings)
            store = SqlStore(
                engine,
                agency=library.agency,
                agreement=library.register_.service_agreement,
                keyring=keyring,
                clock=clock,
                journal=settings.store.erase_journal,
                load_hour=library.feed.load_hour,
                silence_seals=policy is None or policy.silent_is_sealed,
                tells_net_media=library.culr is not None,
                card_accounts=library.culr is not None and library.culr.local_accounts == "cards",
                targets=tuple(one.target for one in library.target),
                own_patron=self.own_patron,
                checks_keys=checks_keys,
                environment=settings.environment,
                shared=library.register_.shared,
                elsewhere=[
                    one.agency
                    for one in settings.library
                    if one.register_.service_agreement != library.register_.service_agreement
                ],
                keeper=keeper,
            )
            if checks_journal:
                # before anything else: an older copy of the database may have brought back patrons who were erased
                store.journal.begin()
            yield store

    def seals_at(self, door: str) -> Callable[[str], list[str]]:
        """What seals the sessions of strangers at a door, on every machine that has the library's keys.

        It gives one seal for each live key, that of the newest first. Raises ConfigurationError.
        """
        from cprsync.store.seals.keys import Keyring
        from cprsync.store.seals.vault import Vault

        agency = self.section.agency
        vault = Vault(Keyring.load(self.settings.keys.dir), agency=agency, random=os.urandom)

        def seals(text: str) -> list[str]:
            # a key folder that is being mended: the keys at hand stay
            with suppress(ConfigurationError):
                vault.follow()
            return [seal.hex() for seal in vault.probes(f"session|{agency}|{door}", text)]

        return seals

    @contextmanager
    def targets(self, patience: Patience | None = None, *, asks: bool = True) -> Iterator[tuple[OpenTarget, ...]]:
        """The other systems that hear of patrons, with what calls them. Their connections are closed at the end.

        Not `asks`: none of them may be called now.
        """
        from cprsync.wiring.targets import TargetNeeds, open_target

        with ExitStack() as stack:
            if not self.section.target:
                yield ()
                return
            around, production = surroundings_of(patience), self.settings.is_production
            needs = TargetNeeds(self.section.agency, production, self.clock, around, stack, asks)
            yield tuple(open_target(one, needs) for one in self.section.target)

    def reader(self, store: SqlStore) -> ExtractReader:
        """The reader of the library's deliveries."""
        from cprsync.register.extract.reader import ExtractReader

        feed = self.section.feed
        return ExtractReader(
            task=feed.task,
            hash_key=store.index_key,
            agreement=frozenset(feed.records),
            strict_count=feed.count == "strict",
        )

    def certificates(self) -> list[dict[str, Any]]:
        """A line for each certificate in the library's own files, as in `certs check`. No counterpart is asked."""
        from cprsync.register.own_certificate import desk_certificate, own_certificates

        settings = register_settings(self.section.register_, production=self.settings.is_production)
        now, desk = datetime.now(UTC), self.settings.desk.certificate
        # whatever uses the key checks it
        ours = own_certificates(settings, now, checks_key=False)
        return ours if desk is None else [*ours, desk_certificate(desk, now)]

    @contextmanager
    def deliveries(self) -> Iterator[DeliveryDecisions]:
        """What deciding about a delivery needs. Where deliveries arrive is asked only if necessary."""
        from cprsync.services.feed.stopped import DeliveryDecisions

        clock, strict = self.clock if self.knows_the_day else None, self.section.feed.chain == "strict"
        with self.store() as store, self.counterparts.feed() as feed:
            yield DeliveryDecisions(store, self.reader(store), feed, strict, clock)

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """What one look-up at the desk needs."""
        from cprsync.services.desk.lookup import Desk

        with self.store(shows_records=True) as store, self.counterparts.register(self._patience) as register:
            yield Desk(self.section.agency, store, register, self.clock, self.policy, self.caps, self.publish_patron)

    @contextmanager
    def library(self, *, shows_records: bool = True) -> Iterator[OpenLibrary]:
        """What a use case needs that asks no counterpart. `shows_records`: as of `store`."""
        with self.store(shows_records=shows_records) as store:
            yield OpenLibrary(self.section.agency, store, self.clock, self.policy)

    @contextmanager
    def night(self, *, progress: Progress) -> Iterator[Night]:
        """Everything that one night needs.

        Raises CertificateError, ConfigurationError: ours ends before the night is done; a clock is wrong.
        """
        with ExitStack() as stack:
            register = stack.enter_context(self.counterparts.register())
            register.make_sure_outlives()
            store = stack.enter_context(self.store(shows_records=True))
            unheard = self._compare_clocks(register, store)
            yield Night(
                agency=self.section.agency,
                store=store,
                register=register,
                feed=stack.enter_context(self.counterparts.feed()),
                reader=self.reader(store),
                clock=self.clock,
                policy=self.policy,
                net_media=stack.enter_context(self.counterparts.net_media()),
                targets=stack.enter_context(self.targets()),
                strict_chain=self.section.feed.chain == "strict",
                shared=self.section.register_.shared,
                windows_a_day=self.section.register_.windows_a_day,
                progress=progress,
                knows_the_day=self.knows_the_day,
                clock_is_checked=unheard is None,
                monotonic=time.monotonic,
            )

    def run_approved_night(self, plan: str) -> None:
        """Run the night that writes a held plan, as `sync --approve` does.

        Raises BadInput, before the run, if two people have not approved it, and RunBusy if another run is active.
        """
        from cprsync.services.night.approving import make_sure_that_approved
        from cprsync.services.night.run import run_night
        from cprsync.services.ports.night import Silence

        # a site reads its policy once: the night goes by the file as it is now
        with replace(self).night(progress=Silence()) as night:
            make_sure_that_approved(night.store, plan, now=night.clock.now())
            run_night(night)

    def run_approved_undo(self, plan: str, undoes: int, *, user: str, reason: str) -> None:
        """Undo a run by its held plan, as `runs revert` does.

        Raises BadInput, before the run, if two people have not approved it, and RunBusy if another run is active.
        """
        from cprsync.domain.desk.confirming import Confirmation
        from cprsync.services.night.approving import make_sure_that_approved
        from cprsync.services.night.reverting import preview_revert, revert
        from cprsync.services.ports.night import Silence

        with replace(self).night(progress=Silence()) as night:
            make_sure_that_approved(night.store, plan, now=night.clock.now())
            # the plan is what was shown: a record that has changed since then makes it another one, which is held again
            shown = preview_revert(night, undoes)
            revert(night, shown, Confirmation(shown.preview.digest, reason), user=user)

    def compare_clocks(self, store: Store) -> CprsyncError | None:
        """Compare the clocks as a night does. Return why the register could not check ours; None: it could.

        A mock's clock, and a day given for a test, need no check.

        Raises CertificateError, ConfigurationError: ours cannot be shown to the register; a clock is wrong.
        """
        if isinstance(self.clock, StillClock | MockClock):
            return None
        with self.counterparts.register() as register:
            return self._compare_clocks(register, store)

    def _compare_clocks(self, register: SoapRegister, store: Store) -> CprsyncError | None:
        from cprsync.services.trust.checks import make_sure_that_clocks_agree

        offset, unheard = None, None
        try:
            offset = register.measure_offset()
        except CprsyncError as error:
            unheard = error
        make_sure_that_clocks_agree(register=offset, store=store.clock_offset())
        return None if isinstance(self.clock, StillClock | MockClock) else unheard

    def publish_patron(self, patron_id: str) -> bool:
        """Tell the net media and other systems about a patron that the desk has just written.

        What fails waits for the night. Returns False if CULR refused it, so that staff must look.
        """
        from cprsync.services.netmedia.publishing import publish_patron

        section, is_taken = self.section, True
        tells = any(not one.target_kind.is_fetched for one in section.target)
        if section.culr is None and not tells:
            return True
        with self.store() as store:
            if section.culr is not None:
                net_media = partial(self.counterparts.net_media, self._patience)
                is_taken = not publish_patron(store, net_media, patron_id).left
            if tells:
                from cprsync.services.outward.sending import tell_of_patron

                tell_of_patron(store, lambda: self.targets(self._patience), patron_id)
        return is_taken


def sites_of(settings: Settings, agency: str | None) -> list[Site]:
    """The library that is named, or all of them. Raises ConfigurationError."""
    return [site_of(settings, agency)] if agency else [Site(settings, one) for one in settings.library]


def site_of(
    settings: Settings,
    agency: str | None,
    today: date | None = None,
    *,
    waits_since: Callable[[], float] | None = None,
) -> Site:
    """The only library, or the one that is named. Raises ConfigurationError."""
    return Site(settings, library_of(settings, agency), today, waits_since=waits_since)
