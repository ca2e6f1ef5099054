"""What a check of the counterparts means: certificates, the register, deliveries, CULR, other systems, signing in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.account import FORBIDDEN, Code
from cprsync.errors import CprsyncError, CredentialUnseen
from cprsync.services.ports.trust.doctor import Finding, Level
from cprsync.services.trust.checks import fault, judge_offset, ok, warning
from cprsync.services.trust.status import is_alarming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cprsync.services.ports.deliveries import Inspection
    from cprsync.services.ports.trust.doctor import Installed

#: Record types that come with nearly every delivery: the person, the address, the name, and the event.
_ALWAYS: Final = ("001", "003", "008", "099")
#: With fewer persons than this, a missing type proves nothing.
_PERSONS_LEAST: Final = 20


def check_certificates(place: Installed) -> Iterator[Finding]:
    lines = place.peers.certificates()
    wrong = [_certificate(one) for one in lines if is_alarming(one)]
    yield from wrong
    unlisted = [one for one in lines if one.get("revocation") == "unknown"]
    if place.is_production and unlisted:
        yield warning("certificate_unlisted")
    if not wrong:
        days = [one["days_left"] for one in lines if isinstance(one.get("days_left"), int)]
        yield ok("certificates", count=len(lines), days=min(days, default=0))  # type: ignore[type-var]  # all integers


def _certificate(one: Mapping[str, object]) -> Finding:
    values = {key: one.get(key) for key in ("whose", "host", "problem", "problem_da", "kind")} | {
        "count": one.get("days_left")
    }
    if one.get("problem"):
        return fault("certificate_bad", **values)
    if one.get("step") is None:
        return warning("certificate_list", **values)
    return fault("certificate_ends", **values) if one["level"] == "critical" else warning("certificate_ends", **values)


def check_lookup(place: Installed) -> Iterator[Finding]:
    place.peers.knock()
    yield ok("register_lookup")


def check_clock(place: Installed) -> Iterator[Finding]:
    try:
        theirs, ours = place.peers.knock()
    except CredentialUnseen:
        raise
    except CprsyncError as error:
        yield Finding(Level.FAULT, "clock_unchecked", error=error)
        return
    if theirs is None:
        yield warning("clock_untold")
    else:
        yield judge_offset((theirs - ours).total_seconds(), of="register")


def check_agreement(place: Installed) -> Iterator[Finding]:
    place.peers.ask_agreement()
    yield ok("register_agreement")


def check_feed(place: Installed) -> Iterator[Finding]:
    files = place.peers.feed_files()
    if files.foreign:
        yield warning("feed_foreign", count=files.foreign)
    yield ok("feed", waiting=len(files.waiting), unfinished=len(files.unfinished))


def check_records(place: Installed) -> Iterator[Finding]:
    """The record types of the agreement, against those of the last delivery."""
    last = place.store.last_delivery()
    if last is None:
        yield Finding(Level.NOT_USED, "records_none")
        return
    produced, inspection = last
    yield _records(inspection, place.peers.agreed_records(), produced.isoformat())


def _records(found: Inspection, agreed: frozenset[str], day: str) -> Finding:
    lacking = [one for one in _ALWAYS if not found.by_record.get(one)]
    if lacking and found.persons >= _PERSONS_LEAST:
        return fault("records_lacking", day=day, named=", ".join(lacking))
    if found.unknown_records:
        return warning("records_unknown", day=day, named=", ".join(sorted(found.unknown_records)))
    beyond = sorted(set(found.by_record) - agreed)
    return ok("records_beyond" if beyond else "records", day=day, named=", ".join(beyond))


def check_culr(place: Installed) -> Iterator[Finding]:
    word = place.peers.ask_culr()
    if word in {Code.OK.value, Code.MISSING.value}:
        yield ok("culr")
    elif word in {one.value for one in FORBIDDEN}:
        yield fault("culr_refused", code=word)
    else:
        yield warning("culr_word", code=word)


def check_fbs(place: Installed) -> Iterator[Finding]:
    place.peers.ask_fbs()
    yield ok("fbs")


def check_targets(place: Installed) -> Iterator[Finding]:
    def ask(name: str) -> Finding:
        found = place.peers.ask_target(name)
        return (warning if found == "new_folder" else ok)(f"target_{found}", name=name)

    yield from _each(place.peers.targets(), ask, "target_fails")


def check_sign_in(place: Installed) -> Iterator[Finding]:
    def ask(name: str) -> Finding:
        place.peers.ask_provider(name)
        return ok(f"sign_in_{name}")

    yield from _each(place.peers.providers(), ask, "sign_in_fails")


def _each(names: Sequence[str], ask: Callable[[str], Finding], fails: str) -> Iterator[Finding]:
    """Ask each, also after one that fails."""
    for name in names:
        try:
            yield ask(name)
        except CprsyncError as error:
            yield Finding(Level.FAULT, fails, {"name": name}, error)
