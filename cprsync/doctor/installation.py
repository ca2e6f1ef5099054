"""An installation and one of its libraries, as the checks ask them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cprsync.config.addresses import LOOPBACK
from cprsync.doctor import peers, store
from cprsync.doctor.counterparts import ask_for_certificates
from cprsync.doctor.disks import measure_disks
from cprsync.doctor.files import find_open_files
from cprsync.doctor.machine import ThisMachine
from cprsync.domain.policy.policy import Policy
from cprsync.register.extract.reader import DEFAULT_AGREEMENT, ExtractReader
from cprsync.register.identity import load_identity
from cprsync.services.ports.trust.doctor import Host, Need
from cprsync.services.ports.trust.keys import KeyState
from cprsync.store.beside.checkpoints import FILE as HEADS
from cprsync.store.beside.checkpoints import WITNESS
from cprsync.store.seals.keys import Keyring
from cprsync.wire.certificates import is_for_test
from cprsync.wire.limits import Patience
from cprsync.wiring.setting_up import look_at_store
from cprsync.wiring.site import real_time, register_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from cprsync.errors import CprsyncError
    from cprsync.services.ports.deliveries import Inspection
    from cprsync.services.ports.trust.audit import AuditGlance
    from cprsync.services.ports.trust.doctor import FeedFiles
    from cprsync.services.ports.trust.upkeep import StoreVersion
    from cprsync.wiring.site import Site

#: How long all calls of one question to a counterpart may take.
ANSWER_SECONDS: Final = 20.0
#: How the platform and others call their places for tests.
_TEST_HOST: Final = re.compile(r"(^|[.-])(sftp)?(ext|ekstern)?test([.-]|$)", re.IGNORECASE)


class Installation(ThisMachine):
    """One library of an installation."""

    def __init__(self, site: Site, config: Path) -> None:
        self._site, self._config = site, config
        self._settings, self._section = site.settings, site.section
        self.agency, self.is_production = site.section.agency, site.settings.is_production

    def has(self, need: Need) -> bool:
        section, page = self._section, self._section.patron_page
        signs_in = self._settings.desk.sign_in is not None or (page is not None and page.sign_in is not None)
        there = {
            Need.SFTP: section.feed.host is not None,
            Need.FOLDER: section.feed.path is not None,
            Need.CULR: section.culr is not None,
            Need.FBS: section.fbs is not None,
            Need.TARGETS: bool(section.target),
            Need.SIGN_IN: signs_in,
            Need.POSTGRESQL: self._settings.store.url.startswith("postgresql"),
        }
        return there[need] if need in there else super().has(need)

    # -- settings and files ------------------------------------------------------------------------------

    def files(self) -> list[str]:
        named = [self._config, *(one.policy for one in self._settings.library if one.policy is not None)]
        return [str(one) for one in dict.fromkeys(named)]

    def hosts(self) -> list[Host]:
        return list(self._hosts())

    def _hosts(self) -> Iterator[Host]:
        for library in self._settings.library:
            register = library.register_
            for url in (register.lookup_url, register.subscription_url):
                yield _host("library.register", urlsplit(url).hostname or "", takes_private=False)
            if library.feed.host is not None:
                yield _host("library.feed", library.feed.host, takes_private=False)
            if library.culr is not None:
                yield _host("library.culr", urlsplit(library.culr.url).hostname or "", takes_private=False)
            for target in library.target:
                if target.kind in {"koha", "webhook"}:
                    yield _host(f"library.target {target.name}", urlsplit(target.url).hostname or "")

    def sees_mock(self) -> bool:
        return self._settings.test.control_url is not None

    def is_ours_for_test(self) -> bool:
        settings = register_settings(self._section.register_, production=self.is_production)
        return is_for_test(load_identity(settings).certificate)

    def open_files(self) -> Iterator[CprsyncError]:
        return find_open_files(self._settings, self._config)

    def load_keys(self) -> int:
        return sum(len(one) for one in Keyring.load(self._settings.keys.dir).keys.values())

    def disks(self) -> list[dict[str, Any]]:
        return measure_disks(self._settings)

    def policy_changes(self) -> list[str]:
        ours, default = self._site.policy, Policy()
        named = (one.name for one in fields(Policy) if getattr(ours, one.name) != getattr(default, one.name))
        # which municipalities are home is no setting of the policy
        return [name for name in named if name != "home"]

    # -- the store -----------------------------------------------------------------------------------------

    def store_version(self) -> tuple[StoreVersion, list[str]]:
        return look_at_store(self._settings.store.url)

    def wrong_settings(self) -> list[str]:
        return store.find_wrong_settings(self._settings.store)

    def try_to_write(self) -> None:
        store.try_to_write(self._settings.store.url)

    def store_offset(self) -> float:
        return store.measure_offset(self._settings.store.url)

    def lost_keys(self) -> list[tuple[str, str]]:
        with self._site.store_of_any_keys() as opened:
            return [(one.purpose, one.id) for one in opened.keys.uses() if one.state is KeyState.LOST]

    def journal_lines(self) -> int:
        store.make_sure_that_journal_can_grow(self._settings.store.erase_journal)
        with self._site.store_of_any_keys() as opened:
            return opened.journal.verify()

    def glance(self) -> AuditGlance:
        heads = self._settings.keys.dir / HEADS
        store.make_sure_that_heads_can_grow(heads, self._settings.store.erase_journal.with_name(WITNESS))
        with self._site.store_of_any_keys() as opened:
            return opened.audit.glance()

    def last_delivery(self) -> tuple[date, Inspection] | None:
        with self._site.store_of_any_keys() as opened:
            newest = opened.inbox.newest()
            if newest is None:
                return None
            strict = self._section.feed.count == "strict"
            reader = ExtractReader(task=self._section.feed.task, hash_key=opened.index_key, strict_count=strict)
            with opened.inbox.content(newest) as content:
                found = reader.inspect(content)
            return found.header.produced, found

    def agreed_records(self) -> frozenset[str]:
        return DEFAULT_AGREEMENT

    # -- the counterparts ----------------------------------------------------------------------------------

    def certificates(self) -> list[dict[str, Any]]:
        return [*self._site.certificates(), *ask_for_certificates(self._site, seconds=ANSWER_SECONDS)()]

    def knock(self) -> tuple[datetime | None, datetime]:
        with self._site.register(Patience(ANSWER_SECONDS)) as register:
            return register.knock(), real_time()

    def ask_agreement(self) -> None:
        with self._site.register(Patience(ANSWER_SECONDS)) as register:
            register.ask_agreement()

    def feed_files(self) -> FeedFiles:
        return peers.list_feed(self._section.feed, seconds=ANSWER_SECONDS)

    def ask_culr(self) -> str:
        return peers.ask_culr(self._section, production=self.is_production, seconds=ANSWER_SECONDS)

    def ask_fbs(self) -> None:
        with self._site.fbs() as client:
            client.sign_in()

    def targets(self) -> list[str]:
        return [one.name for one in self._section.target]

    def ask_target(self, name: str) -> str:
        section = next(one for one in self._section.target if one.name == name)
        peers.ask_target(section, self._site, seconds=ANSWER_SECONDS)
        return section.kind

    def providers(self) -> Sequence[str]:
        return [name for name, section in self._providers().items() if section is not None]

    def _providers(self) -> dict[str, Any]:
        page = self._section.patron_page
        return {"desk": self._settings.desk.sign_in, "patron_page": None if page is None else page.sign_in}

    def ask_provider(self, name: str) -> None:
        with self._site.provider(self._providers()[name], back="/", after="/") as provider:
            provider.check()


def _host(setting: str, host: str, *, takes_private: bool = True) -> Host:
    """`takes_private`: a system of the library's own may be on its own network."""
    try:
        address = ipaddress.ip_address(host)
        is_near = address.is_loopback or (address.is_private and not takes_private)
    except ValueError:
        is_near = host.lower() in LOOPBACK
    return Host(setting, host, is_near, _TEST_HOST.search(host) is not None)
