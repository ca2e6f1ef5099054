"""Examines an installation: every check of the table, each on its own, each with a limit on its time.

A check that fails, or hangs, hides no other. Nothing is written to a counterpart, and no person is asked about.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from cprsync.errors import CprsyncError, CredentialUnseen
from cprsync.services.ports.trust.doctor import Finding, Level, Need
from cprsync.services.trust import checks, peer_checks, store_checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cprsync.services.ports.trust.doctor import Installed, Machine

    Look = Callable[[Any], Iterator[Finding]]

#: Whose fault it is (None: the installation's), and what an error says.
_Cause: TypeAlias = tuple[str | None, str]
#: How long a check may take that asks this machine alone; a counterpart; and the store for every row.
_HERE, _THERE, _LONG = 20.0, 30.0, 120.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that an installation needs."""

    name: str
    look: Look
    seconds: float = _HERE
    #: without any of these it is not used here
    needs: tuple[Need, ...] = ()


#: What the machine and the program need, whatever the settings say.
MACHINE: Final = (
    Check("program", checks.check_components),
    Check("schemas", checks.check_schemas),
    Check("time_zone", checks.check_time_zone),
    Check("user", checks.check_user),
    Check("timer", checks.check_timer, needs=(Need.SYSTEMD,)),
)
#: What is once in an installation.
INSTALLATION: Final = (
    Check("configuration", checks.check_configuration),
    Check("environment", checks.check_environment),
    Check("files", checks.check_files),
    Check("keys", checks.check_keys),
    Check("disks", checks.check_disks),
    Check("store", store_checks.check_version),
    Check("store.environment", store_checks.check_store_environment),
    Check("store.settings", store_checks.check_settings),
    Check("store.write", store_checks.check_writing),
    Check("store.clock", store_checks.check_clock),
    Check("backup", checks.check_backup, needs=(Need.BACKUP,)),
)
#: What each library has for itself.
LIBRARY: Final = (
    Check("policy", checks.check_policy),
    Check("certificates", peer_checks.check_certificates, _THERE),
    Check("store.library", store_checks.check_library),
    Check("keys.used", store_checks.check_used_keys, _LONG),
    Check("journal", store_checks.check_journal),
    Check("audit", store_checks.check_audit),
    Check("alarms", store_checks.check_alarms, _THERE, needs=(Need.ALARMS,)),
    Check("register.lookup", peer_checks.check_lookup, _THERE),
    Check("register.clock", peer_checks.check_clock, _THERE),
    Check("register.agreement", peer_checks.check_agreement, _THERE),
    Check("feed", peer_checks.check_feed, _THERE, needs=(Need.SFTP, Need.FOLDER)),
    Check("feed.chain", store_checks.check_chain),
    Check("feed.records", peer_checks.check_records, _LONG),
    Check("culr", peer_checks.check_culr, _THERE, needs=(Need.CULR,)),
    Check("fbs", peer_checks.check_fbs, _THERE, needs=(Need.FBS,)),
    Check("targets", peer_checks.check_targets, _LONG, needs=(Need.TARGETS,)),
    Check("sign_in", peer_checks.check_sign_in, _THERE, needs=(Need.SIGN_IN,)),
)
#: From the worst to the best.
_ORDER: Final = (Level.FAULT, Level.WARNING, Level.OK, Level.NOT_USED)


@dataclass(frozen=True, slots=True)
class Result:
    """What one check has found. `agency`: whose it is; None: the installation's."""

    check: str
    agency: str | None
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def level(self) -> Level:
        """The worst of what was found."""
        return min((one.level for one in self.findings), key=_ORDER.index)


class Watching(Protocol):
    """Hears which check is next."""

    def __call__(self, check: str, agency: str | None, /) -> None: ...


def examine(
    machine: Machine, libraries: Sequence[Installed], unread: CprsyncError | None, *, watching: Watching
) -> Iterator[Result]:
    """Make every check, and yield what each finds.

    Args:
        machine: asked for what needs no setting.
        libraries: the installation, once for each library; empty if the settings cannot be read.
        unread: why they cannot be read.
        watching: hears of each check before it begins.
    """
    told: dict[_Cause, str] = {}
    for check in MACHINE:
        yield _make(check, machine, None, watching)
    if unread is not None:
        yield Result("configuration", None, (Finding(Level.FAULT, error=unread),), 0.0)
    left = (*INSTALLATION[1:], *LIBRARY) if not libraries else ()
    yield from (Result(one.name, None, (Finding(Level.NOT_USED, "unread"),), 0.0) for one in left)
    for check in INSTALLATION if libraries else ():
        yield _tell_once(_make(check, libraries[0], None, watching), told)
    for library in libraries:
        for check in LIBRARY:
            yield _tell_once(_make(check, library, library.agency, watching), told)


def _tell_once(result: Result, told: dict[_Cause, str]) -> Result:
    """The result without what an earlier check has told: then this one could not be looked at.

    Two libraries may have the same fault, each for itself: only the installation's faults stand for both.
    """
    findings = []
    for one in result.findings:
        cause = "" if one.what or one.error is None else f"{one.error.kind} {one.error.message}"
        before = told.get((None, cause)) or told.get((result.agency, cause))
        if cause and before is None:
            told[result.agency, cause] = result.check
        findings.append(one if before in {None, result.check} else Finding(Level.NOT_USED, "same", {"check": before}))
    return replace(result, findings=tuple(findings))


def _make(check: Check, place: Machine, agency: str | None, watching: Watching) -> Result:
    watching(check.name, agency)
    if check.needs and not any(map(place.has, check.needs)):
        return Result(check.name, agency, (Finding(Level.NOT_USED, "not_used"),), 0.0)
    began = time.monotonic()
    findings = look_in_time(check, place)
    return Result(check.name, agency, findings, time.monotonic() - began)


def look_in_time(check: Check, place: Machine) -> tuple[Finding, ...]:
    """What a check finds, within its time. What it has found so far is told also if it fails or hangs."""
    found: list[Finding] = []

    def look() -> None:
        try:
            # one by one: those before an error are kept
            for finding in check.look(place):
                found.append(finding)  # noqa: PERF402 -- a list made at once would lose them
        except CredentialUnseen as error:
            found.append(Finding(Level.WARNING, error=error))
        except CprsyncError as error:
            found.append(Finding(Level.FAULT, error=error))
        except Exception as error:  # noqa: BLE001 -- one check may not hide the others; an error's text may quote data
            found.append(Finding(Level.FAULT, "broke", {"error": type(error).__name__}))

    # a thread that hangs is left behind, and ends with the program
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(check.seconds)
    if thread.is_alive():
        return (*found, Finding(Level.FAULT, "too_long", {"seconds": round(check.seconds)}))
    return tuple(found) or (Finding(Level.OK, check.name),)
