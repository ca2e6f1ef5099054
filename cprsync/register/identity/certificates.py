"""Reports on every certificate of an agreement, ours and the counterparts', for people. Never raises."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import structlog
from cryptography import x509

from cprsync.errors import CertificateError, CprsyncError
from cprsync.register.identity.identity import load_identity, read_certificates, subject_of
from cprsync.wire.peer import PeerJudge, Revocation, RevocationLists, read_trusted
from cprsync.wire.tls import build_context, connection_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from cprsync.register.identity.identity import Identity
    from cprsync.register.settings import RegisterSettings

#: Days left at which the report says so.
STEPS = (90, 60, 30, 14, 7, 3, 1)
#: From here on it is critical: a new certificate takes weeks to order and register.
CRITICAL_DAYS = 14
_PROBE_SECONDS = 10


class Place(NamedTuple):
    """A counterpart."""

    url: str
    #: the issuers that its certificate may have
    ca: Path
    #: lists of revoked certificates
    crl: tuple[Path, ...] = ()


def certificate_report(
    settings: RegisterSettings, now: datetime, *, beside: Iterable[Place] = (), log: Any = None
) -> list[dict[str, Any]]:
    """Return a line for each certificate: ours, its chain, the issuers we trust, the counterparts'.

    `beside`: further counterparts. Keys of a line: whose (ours, chain, trusted, theirs), host, subject, not_after,
    days_left, step (the last of `STEPS` passed), level (ok, warn, critical), problem, revocation (good, stale or
    unknown; only for ours and theirs).
    """
    register = [
        (Place(url, settings.ca, settings.crl), settings) for url in (settings.lookup_url, settings.subscription_url)
    ]
    probe = _Probe(now, settings.production, structlog.get_logger("cprsync.register") if log is None else log)
    others = [(place, None) for place in beside]
    return [*_ours(settings, now), *_trusted(settings, now), *_theirs([*register, *others], probe)]


def own_certificates(settings: RegisterSettings, now: datetime) -> list[dict[str, Any]]:
    """Same as `certificate_report`, only for our own files: no counterpart is asked."""
    return [*_ours(settings, now), *_trusted(settings, now)]


def _ours(settings: RegisterSettings, now: datetime) -> Iterator[dict[str, Any]]:
    try:
        identity = load_identity(settings)
    except CertificateError as error:
        yield _problem("ours", error)
        return
    yield _check_line(
        _line("ours", identity.certificate, now), lambda: _state_of_ours(identity, settings, now), settings
    )
    yield from (_line("chain", certificate, now) for certificate in identity.chain)


def _state_of_ours(identity: Identity, settings: RegisterSettings, now: datetime) -> Revocation:
    identity.check_shape(company=settings.company)
    lists = RevocationLists.load(settings.crl)
    return identity.check_revocation(lists, trusted=read_trusted(settings.ca), now=now)


def _check_line(line: dict[str, Any], state_of: Callable[[], Revocation], settings: RegisterSettings) -> dict[str, Any]:
    try:
        return _with_revocation(line, state_of(), production=settings.production)
    except CertificateError as error:
        return {**line, "level": "critical", "problem": line["problem"] or error.message}


def _with_revocation(line: dict[str, Any], state: Revocation, *, production: bool) -> dict[str, Any]:
    """The line with its revocation state. In production, missing revocation data raises `ok` to `warn`."""
    warns = production and state is not Revocation.GOOD and line["level"] == "ok"
    return {**line, "revocation": state.value, "level": "warn" if warns else line["level"]}


def _trusted(settings: RegisterSettings, now: datetime) -> Iterator[dict[str, Any]]:
    try:
        yield from (_line("trusted", certificate, now) for certificate in read_certificates(settings.ca))
    except CertificateError as error:
        yield _problem("trusted", error)


def _theirs(places: list[tuple[Place, RegisterSettings | None]], probe: _Probe) -> Iterator[dict[str, Any]]:
    hosts: dict[tuple[str, int], tuple[Place, RegisterSettings | None]] = {}
    for place, ours in places:
        hosts.setdefault((urlsplit(place.url).hostname or "", urlsplit(place.url).port or 443), (place, ours))
    for (host, port), (place, ours) in hosts.items():
        name = f"{host}:{port}"
        try:
            yield probe.line(host, port, place, ours)
        except CprsyncError as error:
            yield _problem("theirs", error, host=name)
        except OSError as error:
            yield _problem("theirs", connection_error(error, host=name, answered=False), host=name)


@dataclass(frozen=True, slots=True)
class _Probe:
    """Opens a connection that shows the counterpart's certificate, and sends nothing."""

    now: datetime
    production: bool
    log: Any

    def line(self, host: str, port: int, place: Place, ours: RegisterSettings | None) -> dict[str, Any]:
        lists = RevocationLists.load(place.crl)
        judge = PeerJudge(place.ca, lists, production=self.production, now=lambda: self.now, log=self.log)
        context = build_context(place.ca, None if ours is None else load_identity(ours), judge=judge)
        with (
            socket.create_connection((host, port), timeout=_PROBE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            der = secured.getpeercert(binary_form=True)
        if der is None:
            raise ssl.SSLError("the counterpart showed no certificate")
        certificate = x509.load_der_x509_certificate(der)
        line = _line("theirs", certificate, self.now, host=f"{host}:{port}")
        return _with_revocation(line, judge.revocation(certificate), production=self.production)


def _line(whose: str, certificate: x509.Certificate, now: datetime, *, host: str | None = None) -> dict[str, Any]:
    left = (certificate.not_valid_after_utc - now).days
    early = now < certificate.not_valid_before_utc
    problem = "not yet valid" if early else "expired" if now > certificate.not_valid_after_utc else None
    return {
        "whose": whose,
        "host": host,
        "subject": subject_of(certificate),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "days_left": left,
        "step": min((step for step in STEPS if left <= step), default=None),
        "level": "critical" if problem or left <= CRITICAL_DAYS else "warn" if left <= STEPS[0] else "ok",
        "problem": problem,
        "revocation": None,
    }


def _problem(whose: str, error: CprsyncError, *, host: str | None = None) -> dict[str, Any]:
    nothing = dict.fromkeys(("subject", "not_after", "days_left", "step"))
    return {"whose": whose, "host": host, **nothing, "level": "critical", "problem": error.message, "revocation": None}
