"""Asks counterparts something that is about nobody, and changes nothing."""

from __future__ import annotations

import errno
import os
import re
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from cprsync.doctor.counterparts import ask_for_certificates
from cprsync.domain.netmedia.account import AccountCall, Identity, IdType, Operation
from cprsync.errors import ConfigurationError
from cprsync.private import check_folder, closed_to_us
from cprsync.services.ports.trust.doctor import FeedFiles
from cprsync.wire.calls import CallSurroundings
from cprsync.wire.limits import Patience
from cprsync.wiring.counterparts import real_time, register_settings, sftp_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from cprsync.config.alarms import HeartbeatSection, HookSection
    from cprsync.config.settings import FeedSection
    from cprsync.config.targets import AnyTarget, FileTarget, KohaTarget, WebhookTarget
    from cprsync.services.ports.deliveries import WaitingFile
    from cprsync.wire.calls import Peer
    from cprsync.wiring.site import Site

#: How long all calls of one question to a counterpart may take.
ANSWER_SECONDS: Final = 20.0
#: An account at CULR that nobody has: no card and no patron number is written so.
_NOBODY: Final = "cprsync-doctor"
#: Koha gives no patron this number.
_NO_PATRON: Final = 0
_TASK: Final = re.compile(r"D[0-9]{6}\.L([0-9]{6})", re.IGNORECASE | re.ASCII)


class _FeedPeer(Protocol):
    def waiting(self) -> list[WaitingFile]: ...

    def unfinished(self) -> list[str]: ...


def list_feed(section: FeedSection, *, seconds: float) -> FeedFiles:
    """List where deliveries arrive. Raises as a night does, without its new tries."""
    if section.path is not None:
        from cprsync.register.pickup.arrivals import FolderFeed

        may_delete = os.access(section.path, os.W_OK, effective_ids=True)
        if section.after == "delete" and section.path.is_dir() and not may_delete:
            raise closed_to_us(section.path)
        folder = FolderFeed(section.path, after=section.after, metadata_minutes=section.metadata_minutes)
        return _list(folder, section.task)
    from cprsync.register.pickup.sftp import SftpFeed

    half, usual = seconds / 2, sftp_settings(section)
    settings = replace(usual, reconnects=0, connect_seconds=half, stall_seconds=half, total_seconds=seconds)
    with closing(SftpFeed(settings)) as feed:
        return _list(feed, section.task)


def _list(feed: _FeedPeer, task: str) -> FeedFiles:
    waiting, unfinished = [one.name for one in feed.waiting()], feed.unfinished()
    tasks = [found[1] for name in (*waiting, *unfinished) if (found := _TASK.match(name)) is not None]
    return FeedFiles(waiting, unfinished, sum(one != task for one in tasks))


def ask_target(section: AnyTarget, site: Site, *, seconds: float) -> str:
    """Reach a target as far as that is possible without a patron. Returns its kind, or `new_folder`."""
    match section.kind:
        case "koha":
            _ask_koha(section, site, seconds)
        case "webhook":
            from cprsync.outward.webhook import RECEIVER

            _see_receiver(section, site, RECEIVER, keys=section.keys)
        case "file" if not _is_there(section):
            return "new_folder"
    return section.kind


def _ask_koha(section: KohaTarget, site: Site, seconds: float) -> None:
    """Sign in, and ask for a patron that Koha cannot have: it answers only who may read patrons."""
    from cprsync.outward.koha_calls import KohaCalls
    from cprsync.wiring.targets import koha_settings

    settings = koha_settings(section, production=site.settings.is_production)
    with closing(KohaCalls(settings, surroundings=CallSurroundings(patience=Patience(seconds)))) as calls:
        calls.make("doctor", lambda: calls.read(_NO_PATRON))


def _see_receiver(
    section: WebhookTarget | HookSection | HeartbeatSection, site: Site, peer: Peer, *, keys: Sequence[Path]
) -> None:
    """Read the keys, and see the receiver's certificate. Nothing is posted."""
    from cprsync.outward.webhook import read_keys
    from cprsync.register.own_certificate import Counterpart, counterpart_line
    from cprsync.wire.errors import CallFailed

    read_keys(keys)
    settings = register_settings(site.section.register_, production=site.settings.is_production)
    place = Counterpart(section.url, section.ca, section.crl)
    try:
        counterpart_line(settings, place, real_time(), shows_ours=False)
    except CallFailed as error:
        raise peer.translate(error) from error


def _is_there(section: FileTarget) -> bool:
    """Whether the folder is there. One that is not is made by the first sending."""
    folder = section.folder.absolute()
    there = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
    try:
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if there == folder:
            check_folder(folder)
        if not os.access(there, os.W_OK | os.X_OK, effective_ids=True):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise _folder_refused(section, error) from error
    return there == folder


def _folder_refused(section: FileTarget, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        "{path}: nothing can be written there ({strerror})", path=section.folder, strerror=error.strerror, kind="file"
    )


class LivePeers:
    """The counterparts of a library, asked live."""

    def __init__(self, site: Site) -> None:
        self._site, self._section = site, site.section

    def certificates(self) -> list[dict[str, Any]]:
        return [*self._site.certificates(), *ask_for_certificates(self._site, seconds=ANSWER_SECONDS)()]

    def knock(self) -> tuple[datetime | None, datetime]:
        with self._site.counterparts.register(Patience(ANSWER_SECONDS)) as register:
            return register.knock(), real_time()

    def ask_agreement(self) -> None:
        with self._site.counterparts.register(Patience(ANSWER_SECONDS)) as register:
            register.ask_agreement()

    def feed_files(self) -> FeedFiles:
        return list_feed(self._section.feed, seconds=ANSWER_SECONDS)

    def agreed_records(self) -> frozenset[str]:
        return frozenset(self._section.feed.records)

    def ask_culr(self) -> str:
        with self._site.counterparts.net_media(Patience(ANSWER_SECONDS)) as culr:
            if culr is None:
                raise ConfigurationError("CULR is not set up", kind="configuration")
            # CULR answers only if it accepts who asks
            return culr.ask(AccountCall(Operation.READ_LOCAL, Identity(IdType.LOCAL, _NOBODY))).code.value

    def ask_fbs(self) -> None:
        with self._site.counterparts.fbs() as client:
            client.sign_in()

    def targets(self) -> list[str]:
        return [one.name for one in self._section.target]

    def ask_target(self, name: str) -> str:
        section = next(one for one in self._section.target if one.name == name)
        return ask_target(section, self._site, seconds=ANSWER_SECONDS)

    def ask_receiver(self, channel: str) -> None:
        from cprsync.outward.alarms import ALARM_RECEIVER

        alarms = self._site.settings.alarms
        if channel == "webhook" and alarms.webhook is not None:
            _see_receiver(alarms.webhook, self._site, ALARM_RECEIVER, keys=alarms.webhook.keys)
        elif channel == "heartbeat" and alarms.heartbeat is not None:
            _see_receiver(alarms.heartbeat, self._site, ALARM_RECEIVER, keys=())

    def providers(self) -> Sequence[str]:
        return [name for name, section in self._providers().items() if section is not None]

    def _providers(self) -> dict[str, Any]:
        page = self._section.patron_page
        return {"desk": self._site.settings.desk.sign_in, "patron_page": None if page is None else page.sign_in}

    def ask_provider(self, name: str) -> None:
        with self._site.counterparts.provider(self._providers()[name], back="/", after="/") as provider:
            provider.check()
