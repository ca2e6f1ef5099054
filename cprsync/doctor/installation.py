"""An installation and one of its libraries, as the checks ask them."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cprsync.backup.backing_up import find_ahead
from cprsync.config.addresses import LOOPBACK
from cprsync.config.policy import compare_policies
from cprsync.doctor.files import find_open_files
from cprsync.doctor.machine import ThisMachine
from cprsync.doctor.peers import LivePeers
from cprsync.doctor.status import measure_disks
from cprsync.doctor.store import LiveStore
from cprsync.register.own_certificate import load_identity
from cprsync.resources import fixture_path
from cprsync.services.ports.trust.doctor import Host, NamedBackup, Need
from cprsync.store.backup.databases import make_sure_of_programs
from cprsync.store.backup.encrypted import Recipient
from cprsync.store.backup.shelf import Shelf
from cprsync.store.beside.journal import make_sure_of_place
from cprsync.store.seals.keys import Keyring
from cprsync.wire.certificates import is_for_test
from cprsync.wiring.counterparts import register_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.errors import CprsyncError
    from cprsync.services.ports.trust.doctor import AskedPeers, AskedStore
    from cprsync.wiring.site import Site

#: How the platform and others call their places for tests.
_TEST_HOST: Final = re.compile(r"(^|[.-])(sftp)?(ext|ekstern)?test([.-]|$)", re.IGNORECASE)


class Installation(ThisMachine):
    """One library of an installation: its settings and files here, its store and its counterparts beside them."""

    def __init__(self, site: Site, config: Path) -> None:
        self._site, self._config = site, config
        self._settings, self._section = site.settings, site.section
        self.agency, self.is_production = site.section.agency, site.settings.is_production
        self.store: AskedStore = LiveStore(site)
        self.peers: AskedPeers = LivePeers(site)

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
            Need.BACKUP: self.is_production or any(self.named_backup()),
            Need.ALARMS: self.is_production or bool(self.alarm_channels()),
            Need.POSTGRESQL: self._settings.store.url.startswith("postgresql"),
        }
        return there[need] if need in there else super().has(need)

    def files(self) -> list[str]:
        named = [self._config, *(one.policy for one in self._settings.library if one.policy is not None)]
        return [str(one) for one in dict.fromkeys(named)]

    def hosts(self) -> list[Host]:
        return list(self._hosts())

    def _hosts(self) -> Iterator[Host]:
        alarms = self._settings.alarms
        for name, section in (("alarms.webhook", alarms.webhook), ("alarms.heartbeat", alarms.heartbeat)):
            if section is not None:
                yield _host(name, urlsplit(section.url).hostname or "")
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
        # a disk that is not there has no room to measure
        make_sure_of_place(self._settings.store.erase_journal)
        return measure_disks(self._settings)

    def named_backup(self) -> NamedBackup:
        section = self._settings.backup
        folder, recipient = (None if one is None else str(one) for one in (section.folder, section.recipient))
        return NamedBackup(folder, recipient)

    def is_backup_folder_there(self) -> bool:
        folder = self._settings.backup.folder
        return folder is None or Shelf(folder).is_there()

    def backups_ahead(self) -> list[str]:
        folder = self._settings.backup.folder
        return [] if folder is None or not Shelf(folder).is_there() else find_ahead(folder)

    def read_recipient(self) -> None:
        if self._settings.backup.recipient is not None:
            Recipient.load(self._settings.backup.recipient)

    def make_sure_of_programs(self) -> None:
        make_sure_of_programs(self._settings.store.owners)

    def alarm_channels(self) -> list[str]:
        section = self._settings.alarms
        return [name for name in ("email", "webhook", "heartbeat") if getattr(section, name) is not None]

    def policy_changes(self) -> list[str] | None:
        # raises if it has a mistake, or does not have what a target names
        _, path = self._site.policy, self._site.section.policy
        return None if path is None else compare_policies(path, fixture_path("policy.toml"))


def _host(setting: str, host: str, *, takes_private: bool = True) -> Host:
    """`takes_private`: a system of the library's own may be on its own network."""
    try:
        address = ipaddress.ip_address(host)
        is_near = address.is_loopback or (address.is_private and not takes_private)
    except ValueError:
        is_near = host.lower() in LOOPBACK
    return Host(setting, host, is_near, _TEST_HOST.search(host) is not None)
