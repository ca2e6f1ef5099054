"""Report on every certificate of an agreement, ours and the counterparts', for people: never raises."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cryptography import x509

from cprsync.errors import CertificateError, CprsyncError
from cprsync.register.identity import load_identity, read_certificates, subject_of
from cprsync.wire.tls import build_context, connection_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from cprsync.register.settings import RegisterSettings

#: Days left at which to speak up.
STEPS = (90, 60, 30, 14, 7, 3, 1)
#: From here on it is no longer a warning: a new certificate takes weeks to order and to have registered.
CRITICAL_DAYS = 14
_PROBE_SECONDS = 10


def certificate_report(
    settings: RegisterSettings, now: datetime, *, beside: Iterable[tuple[str, Path]] = ()
) -> list[dict[str, Any]]:
    """Return a line for each certificate: ours, its chain, the issuers we trust, the counterparts'.

    `beside`: addresses of other counterparts, which see no certificate of ours, with the issuers of theirs.
    Keys: whose (ours, chain, trusted, theirs), host, subject, not_after, days_left, step (the last of `STEPS`
    passed), level (ok, warn, critical), problem.
    """
    register = [(url, settings.ca, settings) for url in (settings.lookup_url, settings.subscription_url)]
    others = [(url, ca, None) for url, ca in beside]
    return [*_ours(settings, now), *_trusted(settings, now), *_theirs([*register, *others], now)]


def _ours(settings: RegisterSettings, now: datetime) -> Iterator[dict[str, Any]]:
    try:
        identity = load_identity(settings)
    except CertificateError as error:
        yield _problem("ours", error)
        return
    yield _line("ours", identity.certificate, now)
    yield from (_line("chain", certificate, now) for certificate in identity.chain)


def _trusted(settings: RegisterSettings, now: datetime) -> Iterator[dict[str, Any]]:
    try:
        yield from (_line("trusted", certificate, now) for certificate in read_certificates(settings.ca))
    except CertificateError as error:
        yield _problem("trusted", error)


def _theirs(places: list[tuple[str, Path, RegisterSettings | None]], now: datetime) -> Iterator[dict[str, Any]]:
    hosts: dict[tuple[str, int], tuple[Path, RegisterSettings | None]] = {}
    for url, ca, ours in places:
        hosts.setdefault((urlsplit(url).hostname or "", urlsplit(url).port or 443), (ca, ours))
    for (host, port), (ca, ours) in hosts.items():
        name = f"{host}:{port}"
        try:
            yield _line("theirs", _probe(host, port, ca, ours), now, host=name)
        except CprsyncError as error:
            yield _problem("theirs", error, host=name)
        except OSError as error:
            yield _problem("theirs", connection_error(error, host=name, answered=False), host=name)


def _probe(host: str, port: int, ca: Path, ours: RegisterSettings | None) -> x509.Certificate:
    context = build_context(ca, None if ours is None else load_identity(ours))
    with (
        socket.create_connection((host, port), timeout=_PROBE_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        der = secured.getpeercert(binary_form=True)
    if der is None:
        raise ssl.SSLError("the counterpart showed no certificate")
    return x509.load_der_x509_certificate(der)


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
    }


def _problem(whose: str, error: CprsyncError, *, host: str | None = None) -> dict[str, Any]:
    nothing = dict.fromkeys(("subject", "not_after", "days_left", "step"))
    return {"whose": whose, "host": host, **nothing, "level": "critical", "problem": error.message}
