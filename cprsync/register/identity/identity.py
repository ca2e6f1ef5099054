"""Our own certificate: reads it with its key, and says before a call what is wrong with it.

OpenSSL judges the counterpart's certificate (`wire.tls`). Keys are never written to a disk.
"""

from __future__ import annotations

import os
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

from cprsync.errors import CertificateError
from cprsync.private import open_private
from cprsync.wire.certificate_rules import (
    ISSUER,
    ISSUER_IN_PRODUCTION,
    OURS,
    OURS_IN_PRODUCTION,
    SAFE_HASH,
    company_in,
    find_fault,
)
from cprsync.wire.peer import Revocation, RevocationLists, find_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from cprsync.register.settings import RegisterSettings

#: A PEM file with a key and its chain has about ten thousand bytes.
_FILE_MAX_BYTES = 1024 * 1024
_MOMENT = "%Y-%m-%d %H:%M UTC"


#: What messages call the certificates.
_OWN = "our own certificate"
_ISSUER = "the issuer of our own certificate"


def _ours(problem: str, kind: str, *, which: str = _OWN) -> CertificateError:
    return CertificateError("{which} {problem}", which=which, problem=problem, kind=f"certificate.ours.{kind}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Our certificate, the certificates above it that we send along, and the key."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    key: PrivateKeyTypes = field(kw_only=True, repr=False)

    def check(self, now: datetime) -> None:
        """Raise CertificateError, with the date, if a certificate of ours is not valid now."""
        which = _OWN
        for certificate in (self.certificate, *self.chain):
            begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            if now < begin:
                raise CertificateError(
                    "{which} is not valid before {moment}",
                    which=which,
                    moment=f"{begin:{_MOMENT}}",
                    kind="certificate.ours.not_yet_valid",
                )
            if now > end:
                raise CertificateError(
                    "{which} has expired: {moment}",
                    which=which,
                    moment=f"{end:{_MOMENT}}",
                    kind="certificate.ours.expired",
                )
            which = _ISSUER

    def check_shape(self, *, company: str | None) -> None:
        """Check our certificate and those above it against the rules.

        Args:
            company: in production, the company number that ours must have; None elsewhere.

        Raises CertificateError, with the first fault.
        """
        ours, above = (OURS, ISSUER) if company is None else (OURS_IN_PRODUCTION, ISSUER_IN_PRODUCTION)
        if (fault := find_fault(self.certificate, ours)) is not None:
            raise _ours(fault.problem, fault.kind)
        found = company_in(self.certificate)
        if company is not None and found != company:
            raise CertificateError(
                "{which} belongs to company {found}, and the configuration says {company}",
                which=_OWN,
                found=found,
                company=company,
                kind="certificate.ours.cvr",
            )
        for certificate in self.chain:
            if (fault := find_fault(certificate, above)) is not None:
                raise _ours(fault.problem, fault.kind, which=_ISSUER)

    def check_revocation(
        self, lists: RevocationLists, *, trusted: Sequence[x509.Certificate], now: datetime
    ) -> Revocation:
        """What the lists say about our certificate. Raises CertificateError if it or an issuer has been revoked."""
        issuers = (*self.chain, *trusted)
        for link in find_path(self.certificate, issuers):
            if lists.state_of(link, issuers=issuers, now=now) is Revocation.REVOKED:
                raise _ours("has been revoked", "revoked", which=_OWN if link is self.certificate else _ISSUER)
        return lists.state_of(self.certificate, issuers=issuers, now=now)

    def load_into(self, context: ssl.SSLContext) -> None:
        """Load certificate and key into a TLS context, through memory and never through a file on disk."""
        password = os.urandom(32).hex().encode()
        pem = b"".join(c.public_bytes(Encoding.PEM) for c in (self.certificate, *self.chain))
        pem += self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
        descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, pem)
            context.load_cert_chain(f"/proc/self/fd/{descriptor}", password=password)
        except ssl.SSLError as error:
            raise _ours("is not taken by OpenSSL", "unusable") from error
        finally:
            os.close(descriptor)


def load_identity(settings: RegisterSettings) -> Identity:
    """Read our certificate and key, from a .p12 or from PEM files.

    Raises CertificateError: missing, unreadable, with another key, or not issued by the next one in the file.
    """
    if settings.p12 is not None:
        password = _read_secret(settings.p12_password_file).rstrip(b"\r\n") if settings.p12_password_file else None
        identity = _from_p12(_read_secret(settings.p12), password)
    elif settings.client_cert is not None:
        identity = _from_pem(_read(settings.client_cert), _read_secret(settings.client_key or settings.client_cert))
    else:
        raise _ours("is not set: give client_cert and client_key, or p12", "missing")
    if identity.certificate.public_key() != identity.key.public_key():
        raise _ours("does not belong to the key", "key_mismatch")
    _check_chain(identity)
    return identity


def subject_of(certificate: x509.Certificate) -> str:
    """Return the common name of a certificate, or else its whole subject."""
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    name = str(names[0].value) if names else certificate.subject.rfc4514_string()
    # anyone may have made the name: it must stay on one line
    return " ".join(name.split())


def read_certificates(path: Path) -> list[x509.Certificate]:
    """Read all certificates of a PEM file. Raises CertificateError."""
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError:
        raise CertificateError(
            "{path} holds no certificate in PEM form", path=path, kind="certificate.unreadable"
        ) from None


def _from_pem(certificates: bytes, key: bytes) -> Identity:
    try:
        first, *chain = x509.load_pem_x509_certificates(certificates)
        return Identity(first, tuple(chain), key=load_pem_private_key(key, None))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # from None: no word of a key's file may be in a message.
        raise _ours("or its key is unreadable: not in PEM form, or locked with a password", "unreadable") from None


def _from_p12(content: bytes, password: bytes | None) -> Identity:
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(content, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _ours("is unreadable: no .p12, or its password is missing or wrong", "unreadable") from None
    if key is None or certificate is None:
        raise _ours("is unreadable: the .p12 lacks the key or the certificate", "unreadable")
    return Identity(certificate, _in_order(certificate, chain), key=key)


def _in_order(certificate: x509.Certificate, others: list[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    # A .p12 has no order: each next certificate is the issuer of the one before. The root need not be sent.
    chain: list[x509.Certificate] = []
    last = certificate
    for _ in others:
        above = [c for c in others if c.subject == last.issuer and c.subject != c.issuer and c not in chain]
        if not above:
            break
        last = above[0]
        chain.append(last)
    return tuple(chain)


def _check_chain(identity: Identity) -> None:
    links = (identity.certificate, *identity.chain)
    for certificate, issuer in pairwise(links):
        # before the signature is checked, which may no longer be possible
        if (fault := find_fault(certificate, (SAFE_HASH,))) is not None:
            raise _ours(fault.problem, fault.kind)
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
            raise _ours("was not issued by the certificate that follows it in the file", "chain") from error


def _read(path: Path) -> bytes:
    with _translate_errors(path), path.open("rb") as file:
        return file.read(_FILE_MAX_BYTES)


def _read_secret(path: Path) -> bytes:
    with _translate_errors(path), open_private(path) as file:
        return file.read(_FILE_MAX_BYTES)


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise CertificateError("{path} is missing", path=path, kind="certificate.ours.missing") from error
    except OSError as error:
        raise CertificateError("{path} cannot be read", path=path, kind="certificate.ours.unreadable") from error
