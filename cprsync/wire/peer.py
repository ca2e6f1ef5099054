"""Judges a counterpart's certificate beyond chain, host name and dates, before anything is sent.

OpenSSL judges those three. This module applies `certificate_rules`, and revocation by lists on this machine.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from cprsync.errors import CertificateError, PeerCertificateError
from cprsync.wire.certificate_rules import (
    THEIRS,
    THEIRS_IN_PRODUCTION,
    TRUSTED_IN_PRODUCTION,
    UNREADABLE,
    Fault,
    find_fault,
)
from cprsync.wire.revocation import Revocation, RevocationLists, path_from

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
#: The most bytes of a file of issuers: a system's whole bundle has some hundred thousand.
_CA_MAX_BYTES = 4 * 1024 * 1024
_REVOKED = Fault("revoked", "has been revoked")
_ISSUER_REVOKED = Fault("revoked", "has an issuer that has been revoked")


class PeerJudge:
    """Judges the certificate of one counterpart. Many threads may use it."""

    def __init__(
        self, ca: Path, lists: RevocationLists, *, production: bool, now: Callable[[], datetime], log: Any
    ) -> None:
        """Raises CertificateError: in production, `ca` trusts a test authority."""
        self._lists, self._production, self._now, self._log = lists, production, now, log
        self._trusted = read_trusted(ca)
        self._warned: set[tuple[str, Revocation]] = set()
        if production and any(find_fault(one, TRUSTED_IN_PRODUCTION) for one in self._trusted):
            raise CertificateError(
                "{ca} trusts a test authority: production does not", ca=ca, kind="certificate.ca.test"
            )

    def judge(self, der: bytes | None, place: str) -> None:
        """Check a certificate that was shown against the rules. Raises PeerCertificateError."""
        certificate = _certificate(der)
        fault = UNREADABLE if certificate is None else self._fault(certificate)
        if fault is not None:
            raise PeerCertificateError(
                "the certificate of {host} {problem}",
                host=place,
                problem=fault.problem,
                kind=f"certificate.theirs.{fault.kind}",
            )
        if certificate is not None:
            self._warn(self.revocation(certificate), place)

    def revocation(self, certificate: x509.Certificate) -> Revocation:
        """What the lists say about the counterpart's own certificate."""
        return self._lists.state_of(certificate, issuers=self._trusted, now=self._now())

    def _fault(self, certificate: x509.Certificate) -> Fault | None:
        rules = THEIRS_IN_PRODUCTION if self._production else THEIRS
        if (fault := find_fault(certificate, rules)) is not None:
            return fault
        for link in path_from(certificate, self._trusted):
            if self.revocation(link) is Revocation.REVOKED:
                return _REVOKED if link is certificate else _ISSUER_REVOKED
        return None

    def _warn(self, state: Revocation, place: str) -> None:
        # once for each place: a night makes many connections
        if self._production and state is not Revocation.GOOD and (place, state) not in self._warned:
            self._warned.add((place, state))
            self._log.warning("certificate.revocation", whose="theirs", host=place, state=state.value)


def read_trusted(ca: Path) -> tuple[x509.Certificate, ...]:
    """The issuers in a file, as far as they can be read. OpenSSL reports what is wrong with the file."""
    try:
        with ca.open("rb") as file:
            blocks = file.read(_CA_MAX_BYTES).split(_BEGIN)[1:]
    except OSError:
        return ()
    with warnings.catch_warnings():
        # a system's bundle holds old roots with a serial number that is no longer allowed
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        found = [_certificate(_BEGIN + block.partition(_END)[0] + _END + b"\n") for block in blocks]
    return tuple(one for one in found if one is not None)


def _certificate(content: bytes | None) -> x509.Certificate | None:
    try:
        if content is None:
            return None
        if content.startswith(_BEGIN):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except ValueError:
        return None
