"""What a check of the machine, the settings and the files means: functions of what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.errors import ConfigurationError, CprsyncError
from cprsync.services.ports.trust.doctor import Finding, Level
from cprsync.services.trust.status import FREE_LEAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.services.ports.trust.doctor import Installed, Machine, NamedBackup

#: Permissions that a new file must not give to group and others: to change it.
_OTHERS_WRITE: Final = 0o022
#: By how many hours Danish clocks are ahead of UTC, in winter and in summer.
_DANISH: Final = (1.0, 2.0)
#: With less room than this somebody should look, before it stops a night.
FREE_ENOUGH: Final = 5 * FREE_LEAST
#: By how many seconds clocks may differ before somebody should look, and before nothing may begin.
OFFSET_MOST: Final = 300
OFFSET_FINE: Final = 30
#: The most names that one line tells.
NAMED_MOST: Final = 8


def ok(what: str, **values: object) -> Finding:
    return Finding(Level.OK, what, values)


def warning(what: str, **values: object) -> Finding:
    return Finding(Level.WARNING, what, values)


def fault(what: str, **values: object) -> Finding:
    return Finding(Level.FAULT, what, values)


def make_sure_that_clocks_agree(*, register: float | None, store: float) -> None:
    """Make sure that a night may begin: our clock is near the platform's and the database's.

    Args:
        register: by how many seconds the platform's clock is ahead of ours. None: it was not told.
        store: the same of the database's clock.

    Raises ConfigurationError.
    """
    for told, seconds in (
        ("our clock is {count} minutes from the platform's", register or 0.0),
        ("our clock is {count} minutes from the database's", store),
    ):
        if abs(seconds) > OFFSET_MOST:
            raise ConfigurationError(told, count=round(abs(seconds) / 60), kind="clock")


def judge_offset(seconds: float, *, of: str) -> Finding:
    """What the difference of two clocks means. `of`: whose clock is compared with ours."""
    if abs(seconds) > OFFSET_MOST:
        return fault(f"clock_off_{of}", count=round(abs(seconds) / 60))
    if abs(seconds) > OFFSET_FINE:
        return warning(f"clock_near_{of}", count=round(abs(seconds)))
    return ok(f"clock_{of}")


# -- the machine ---------------------------------------------------------------------------------------------


def check_components(machine: Machine) -> Iterator[Finding]:
    found = machine.components()
    for one in found:
        if one.is_old:
            yield fault("program_old", name=one.name, found=one.found or "–", least=one.least)
    if not any(one.is_old for one in found):
        named = ", ".join(f"{one.name} {one.found}" for one in found[:NAMED_MOST])
        yield ok("program", named=named, count=len(found))


def check_schemas(machine: Machine) -> Iterator[Finding]:
    machine.compile_schemas()
    yield ok("schemas")


def check_time_zone(machine: Machine) -> Iterator[Finding]:
    yield ok("time_zone") if machine.danish_hours() == _DANISH else fault("time_zone_wrong")


def check_user(machine: Machine) -> Iterator[Finding]:
    if machine.is_root():
        yield warning("user_root")
    if machine.umask() & _OTHERS_WRITE != _OTHERS_WRITE:
        yield warning("user_umask", umask=f"{machine.umask():03o}")
    elif not machine.is_root():
        yield ok("user")


def check_timer(machine: Machine) -> Iterator[Finding]:
    timer = machine.timer()
    if timer.get("LoadState") != "loaded":
        yield warning("timer_missing")
    elif timer.get("ActiveState") != "active":
        yield fault("timer_stopped")
    elif timer.get("UnitFileState") not in {"enabled", "enabled-runtime", "static"}:
        yield warning("timer_not_enabled")
    else:
        yield ok("timer")


# -- the settings and files ----------------------------------------------------------------------------------


def check_configuration(place: Installed) -> Iterator[Finding]:
    yield ok("configuration", files=", ".join(place.files()))


def check_environment(place: Installed) -> Iterator[Finding]:
    """The environment, the counterparts and our certificate go together."""
    wrong = list(_wrong_in_production(place) if place.is_production else _wrong_in_test(place))
    yield from wrong
    if not wrong:
        yield ok("environment_production" if place.is_production else "environment_test")


def _wrong_in_production(place: Installed) -> Iterator[Finding]:
    for one in place.hosts():
        if one.is_near:
            yield fault("environment_near", setting=one.setting, host=one.host)
        elif one.is_for_test:
            yield fault("environment_test_host", setting=one.setting, host=one.host)
    if place.sees_mock():
        yield fault("environment_mock")
    if place.is_ours_for_test():
        yield fault("environment_test_certificate")


def _wrong_in_test(place: Installed) -> Iterator[Finding]:
    platform = [one for one in place.hosts() if one.setting.endswith("register") and not one.is_near]
    for one in platform:
        if not one.is_for_test:
            yield fault("environment_real_host", setting=one.setting, host=one.host)
    if not place.is_ours_for_test():
        yield fault("environment_real_certificate")


def check_files(place: Installed) -> Iterator[Finding]:
    wrong = [Finding(Level.FAULT, error=one) for one in place.open_files()]
    yield from wrong or [ok("files")]


def check_keys(place: Installed) -> Iterator[Finding]:
    yield ok("keys", count=place.load_keys())


def check_disks(place: Installed) -> Iterator[Finding]:
    known = [one for one in place.disks() if isinstance(one["free"], int)]
    for one in known:
        free = one["free"]
        values = {"place": one["place"], "free": free}
        if isinstance(free, int) and free < FREE_ENOUGH:
            yield fault("disk_full", **values) if free < FREE_LEAST else warning("disk_low", **values)
    if not any(isinstance(one["free"], int) and one["free"] < FREE_ENOUGH for one in known):
        yield ok("disks")


def check_backup(place: Installed) -> Iterator[Finding]:
    """A backup needs a folder, a public key, and PostgreSQL's own program."""
    named = place.named_backup()
    if not any(named):
        yield warning("backup_unset")
        return
    wrong = list(_wrong_with_backups(place, named))
    yield from wrong
    if not any(one.level is Level.FAULT for one in wrong) and named.folder is not None:
        yield ok("backup", folder=named.folder)


def _wrong_with_backups(place: Installed, named: NamedBackup) -> Iterator[Finding]:
    if named.recipient is None:
        yield fault("backup_no_recipient")
    if named.folder is None:
        yield warning("backup_no_folder")
    try:
        if not place.is_backup_folder_there():
            yield warning("backup_new_folder", folder=named.folder)
        elif ahead := place.backups_ahead():
            yield warning("backup_ahead", names=", ".join(ahead[:NAMED_MOST]))
    except CprsyncError as error:
        yield Finding(Level.FAULT, error=error)
    for ask in (place.read_recipient, place.make_sure_of_programs):
        try:
            ask()
        except CprsyncError as error:
            yield Finding(Level.FAULT, error=error)


def check_policy(place: Installed) -> Iterator[Finding]:
    changed = place.policy_changes()
    if changed is None:
        yield ok("policy_default")
    elif not changed:
        yield ok("policy_as_written")
    else:
        more = "" if len(changed) <= NAMED_MOST else ", …"
        yield ok("policy", count=len(changed), named=", ".join(changed[:NAMED_MOST]) + more)
