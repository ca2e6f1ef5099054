"""What a check of the store means, and of what is kept beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.errors import CprsyncError
from cprsync.services.ports.trust.doctor import Finding, Level
from cprsync.services.trust.checks import NAMED_MOST, fault, judge_offset, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cprsync.services.ports.trust.doctor import Installed


def check_version(place: Installed) -> Iterator[Finding]:
    yield ok("store", version=place.store.store_version())


def check_store_environment(place: Installed) -> Iterator[Finding]:
    """The records of all libraries in the store are of one environment, and it is ours; somebody looks after each."""
    unnamed = place.store.unnamed_libraries()
    if unnamed:
        yield warning("store_unnamed", named=", ".join(unnamed[:NAMED_MOST]))
    found, ours = place.store.store_environments(), "production" if place.is_production else "test"
    others = [agency for agency, of in found.items() if of != ours]
    if not others:
        yield ok(f"store_environment_{ours}", count=len(found))
        return
    named = ", ".join(others[:NAMED_MOST])
    yield fault("store_environment_mixed" if len(others) < len(found) else "store_environment_other", named=named)


def check_library(place: Installed) -> Iterator[Finding]:
    found = place.store.contents()
    yield fault("library_lost") if found.is_lost else ok("library", count=found.patrons)


def check_settings(place: Installed) -> Iterator[Finding]:
    wrong = place.store.wrong_settings()
    if wrong:
        yield fault("store_settings_wrong", named=", ".join(wrong[:NAMED_MOST]))
    else:
        yield ok("store_settings")


def check_writing(place: Installed) -> Iterator[Finding]:
    place.store.try_to_write()
    yield ok("store_write")


def check_clock(place: Installed) -> Iterator[Finding]:
    yield judge_offset(place.store.store_offset(), of="store")


def check_alarms(place: Installed) -> Iterator[Finding]:
    """Somebody hears of a night that has stopped, what was told last has arrived, and receivers are there."""
    channels = place.alarm_channels()
    if not channels:
        yield warning("alarms_unset")
        return
    failed = [one for one in place.store.undelivered() if one.channel in channels]
    for one in failed:
        yield fault("alarms_undelivered", name=one.channel, count=one.count, kind=one.why)
    told = {one.channel for one in failed}
    unseen = list(_find_unreached(place, [name for name in channels if name not in told]))
    yield from unseen
    if not failed and not unseen:
        yield ok("alarms", named=", ".join(channels))


def _find_unreached(place: Installed, channels: Sequence[str]) -> Iterator[Finding]:
    for name in channels:
        try:
            place.peers.ask_receiver(name)
        except CprsyncError as error:
            yield Finding(Level.FAULT, "alarms_fails", {"name": name}, error)


def check_chain(place: Installed) -> Iterator[Finding]:
    """A delivery that others wait behind stops the nights; one that is late may still come."""
    found = place.store.deliveries()
    if found["missing"] is None:
        yield Finding(Level.NOT_USED, "records_none") if found["last"] is None else ok("chain", day=found["last"])
    elif found["last"] is None:
        yield fault("chain_never", day=found["missing"])
    else:
        is_last = found["missing"] == found["due"] and not found["waiting"]
        yield (warning if is_last else fault)("chain_missing", day=found["missing"])


def check_used_keys(place: Installed) -> Iterator[Finding]:
    lost = place.store.lost_keys()
    for purpose, key in lost:
        yield fault("keys_lost", purpose=purpose, id=key)
    rotations = place.store.rotations()
    for one in rotations:
        values = {"purpose": one.purpose, "since": one.since.isoformat(timespec="seconds")}
        yield warning("keys_rotation" if one.rows else "keys_rotation_begun", **values, left=one.left, rows=one.rows)
    if not lost and not rotations:
        yield ok("keys_used")


def check_journal(place: Installed) -> Iterator[Finding]:
    yield ok("journal", count=place.store.journal_lines())


def check_audit(place: Installed) -> Iterator[Finding]:
    glance = place.store.glance()
    for one in glance.problems:
        yield Finding(Level.FAULT, error=one)
    if glance.entries and glance.kept is None:
        yield warning("audit_unkept")
    elif not glance.problems:
        yield ok("audit", count=glance.entries)
