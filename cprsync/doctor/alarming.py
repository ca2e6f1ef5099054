"""Looks once at a library, and tells what is wrong with it on the channels that the settings name.

If the store cannot be opened, that is the alarm: it is kept in a file meanwhile.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import structlog

from cprsync.doctor.alarm_file import FILE, AlarmFile
from cprsync.doctor.counterparts import ask_for_certificates
from cprsync.doctor.status import look_at
from cprsync.errors import AlarmUndelivered, ConfigurationError, CprsyncError
from cprsync.outward.alarms import HookChannel, MailChannel, MailSettings, PostSettings, call_heartbeat
from cprsync.register.own_certificate import name_problem
from cprsync.services.ports.runs import WELL
from cprsync.services.trust.alarms import LibraryLook, check_alarms
from cprsync.services.trust.status import find_nights
from cprsync.wire.calls import CallSurroundings
from cprsync.wiring.counterparts import real_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.config.alarms import AlarmsSection
    from cprsync.services.ports.trust.alarms import AlarmChannel
    from cprsync.wiring.site import Site

_LOG: Final = structlog.get_logger("cprsync.alarms")


def check_site(site: Site) -> dict[str, int]:
    """Look, decide and tell. Returns what `check_alarms` counts."""
    section = site.settings.alarms
    if not section.has_channels:
        return {"told": 0, "failed": 0, "waiting": 0}
    file, manner, channels = file_of(site), section.manner(), channels_of(site)
    policy = _find_wrong_policy(site)
    try:
        with site.store() as store:
            status = look_at(site, store, theirs=ask_for_certificates(site)())
            seen = LibraryLook([*status.wrong, *policy], status.certificates)
            counts = check_alarms(store.alarms, seen, channels, manner, site.clock.now())
    except CprsyncError as error:
        _LOG.error("alarms.store", kind=error.kind)
        # with a target, no store is opened without its policy
        wrong = policy or [{"what": "store", "kind": error.kind}]
        return check_alarms(file, LibraryLook(wrong), channels, manner, real_time())
    if file.is_in_use:
        ended = check_alarms(file, LibraryLook(), channels, manner, real_time())
        return {name: count + ended[name] for name, count in counts.items()}
    return counts


def _find_wrong_policy(site: Site) -> list[dict[str, Any]]:
    """The problem of a policy that no night can use. `status` says so by ending with it."""
    try:
        _ = site.policy
    except ConfigurationError as error:
        return [{"what": "policy", **name_problem(error)}]
    return []


def file_of(site: Site) -> AlarmFile:
    """Where it is kept that the store cannot be opened."""
    journal = site.settings.store.erase_journal
    return AlarmFile(journal.with_name(f"{site.section.agency}-{FILE}"), real_time)


def channels_of(site: Site) -> list[AlarmChannel]:
    """What carries alarms, as the settings say."""
    section, library = site.settings.alarms, site.section
    title, production = f"{library.name} ({library.agency})", site.settings.is_production
    found: list[AlarmChannel] = []
    if section.email is not None:
        mail = section.email
        settings = MailSettings(implicit=mail.tls == "implicit", **mail.model_dump(exclude={"tls"}))
        found.append(MailChannel(settings, title, section.lang, real_time))
    if section.webhook is not None:
        post = PostSettings(production=production, **section.webhook.model_dump())
        found.append(HookChannel(post, library.agency, title, section.lang, CallSurroundings()))
    return found


def try_channels(sites: Sequence[Site]) -> dict[str, CprsyncError | None]:
    """Send a test on each channel, in the first library's name. Returns what came of it: None, or the error.

    A channel that carries does so for all of them.
    """
    found: dict[str, CprsyncError | None] = {}
    for channel in channels_of(sites[0]):
        found[channel.name] = None
        try:
            channel.send([])
        except CprsyncError as error:
            found[channel.name] = error
    for site in sites:
        _note_carrying(site, [name for name, error in found.items() if error is None])
    settings = sites[0].settings
    if settings.alarms.heartbeat is not None:
        found["heartbeat"] = tell_well(settings.alarms, production=settings.is_production)
    return found


def _note_carrying(site: Site, channels: Sequence[str]) -> None:
    """Note that channels carry. A store that does not open is no fault of theirs."""
    for channel in channels:
        with suppress(CprsyncError):
            file_of(site).note_carries(channel)
    with suppress(CprsyncError), site.store() as store:
        for channel in channels:
            store.alarms.note_carries(channel)


def has_gone_well(site: Site) -> bool:
    """Whether the library's night of this day has ended, and well. False also if that cannot be looked at."""
    try:
        with site.store_to_show() as store:
            nights, today = find_nights(store), site.clock.today()
    except CprsyncError as error:
        _LOG.error("alarms.store", kind=error.kind)
        return False
    last = next((one for one in nights if one.day == today), None)
    return last is not None and last.finished is not None and last.exit in WELL


def tell_well(section: AlarmsSection, *, production: bool) -> CprsyncError | None:
    """Tell the outside watcher that all nights have gone well. Returns why it could not be told; None: it was."""
    if section.heartbeat is None:
        return None
    try:
        call_heartbeat(PostSettings(production=production, **section.heartbeat.model_dump()), CallSurroundings())
    except AlarmUndelivered as error:
        _LOG.error("alarms.heartbeat", kind=error.kind)
        return error
    except CprsyncError as error:
        _LOG.error("alarms.heartbeat", kind=error.kind)
        return error
    return None
