"""Our certificate as its files have it now. One that was renewed is taken without a restart, once it can be used.

A tool may write certificate and key one after the other. Until both are whole and fit each other, the old one is used.
"""

from __future__ import annotations

import ssl
import threading
from typing import TYPE_CHECKING, Any

from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.trust.lifetime import outlives
from cprsync.errors import CertificateError
from cprsync.private import state_of_files
from cprsync.register.own_certificate import MOMENT, OWN, load_identity
from cprsync.wire.certificates import RevocationLists, read_trusted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from cprsync.register.own_certificate import Identity
    from cprsync.register.settings import RegisterSettings


class KeptIdentity:
    """Our certificate and key. Many threads may use it."""

    def __init__(self, settings: RegisterSettings, *, now: Callable[[], datetime], log: Any) -> None:
        """Raises CertificateError: it cannot be read."""
        self._settings, self._now, self._log = settings, now, log
        self._lock = threading.Lock()
        self._seen = self._look()
        self._identity = load_identity(settings)

    def current(self) -> Identity:
        """Return our certificate. One look at its files, unless they have changed."""
        with self._lock:
            seen = self._look()
            if seen != self._seen:
                self._seen = seen
                self._take()
            return self._identity

    def load_into(self, context: ssl.SSLContext) -> None:
        """Load certificate and key into a TLS context."""
        self.current().load_into(context)

    def _take(self) -> None:
        """Take what the files have now if it can be used. If not, the log says why, once for each change."""
        try:
            fresh = load_identity(self._settings)
            check_identity(fresh, self._settings, self._now())
        except CertificateError as error:
            self._log.warning("certificate.renewal.refused", kind=error.kind)
            return
        self._identity = fresh
        self._log.info("certificate.renewed", ends=fresh.certificate.not_valid_after_utc.isoformat())

    def _look(self) -> tuple[int, ...]:
        ours = self._settings
        return state_of_files(ours.client_cert, ours.client_key, ours.p12, ours.p12_password_file)


def check_identity(identity: Identity, settings: RegisterSettings, now: datetime) -> None:
    """Check all that can be checked without a call. Raises CertificateError, with the first fault."""
    identity.check(now)
    identity.check_shape(company=settings.company)
    identity.check_revocation(RevocationLists.load(settings.crl), trusted=read_trusted(settings.ca), now=now)
    identity.load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def check_outlives(identity: Identity, now: datetime, span: timedelta) -> None:
    """Check that our certificate is still valid at the end of something that begins now and takes so long.

    Raises CertificateError, with the date.
    """
    ends = identity.certificate.not_valid_after_utc
    if not outlives(ends, now, span):
        raise CertificateError(
            "{which} ends {moment}, and a night may take {hours} hours: none is begun",
            which=OWN,
            moment=f"{ends.astimezone(COPENHAGEN):{MOMENT}}",
            hours=round(span.total_seconds() / 3600),
            kind="certificate.ours.ends",
        )
