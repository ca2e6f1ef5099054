"""Our own certificate: read it with its key, and say before a call what is wrong with it.

The counterpart's certificate is OpenSSL's to judge (`tls`). Keys never touch a disk that they were not on.
"""

from __future__ import annotations

import os
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

if TYPE_CHECKING:
    import ssl
    from datetime import datetime
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from cprsync.register.settings import RegisterSettings

#: A PEM file with a key and its chain has some ten thousand bytes.
_FILE_MAX_BYTES = 1024 * 1024
_MOMENT = "%Y-%m-%d %H:%M UTC"


#: What a message calls it.
_OWN = "our own certificate"


def _ours(problem: str, kind: str) -> CertificateError:
    return CertificateError("{which} {problem}", which=_OWN, problem=problem, kind=f"certificate.ours.{kind}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Our certificate, the certificates above it that we send along, and the key."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    key: PrivateKeyTypes = field(kw_only=True, repr=False)

    def check(self, now: datetime) -> None:
        """Raises CertificateError when a certificate of ours is out of date, with the date."""
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
            which = "the issuer of our own certificate"

    def lend_to(self, context: ssl.SSLContext) -> None:
        """Give certificate and key to a TLS context, through memory and never through a file of ours."""
        password = os.urandom(32).hex().encode()
        pem = b"".join(c.public_bytes(Encoding.PEM) for c in (self.certificate, *self.chain))
        pem += self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
        descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, pem)
            context.load_cert_chain(f"/proc/self/fd/{descriptor}", password=password)
        finally:
            os.close(descriptor)


def load_identity(settings: RegisterSettings) -> Identity:
    """Read our certificate and key, from a .p12 or from PEM files.

    Raises CertificateError: missing, unreadable, another key, or not issued by what stands next in the file.
    """
    if settings.p12 is not None:
        password = _read(settings.p12_password_file).rstrip(b"\r\n") if settings.p12_password_file else None
        identity = _from_p12(_read(settings.p12), password)
    elif settings.client_cert is not None:
        identity = _from_pem(_read(settings.client_cert), _read(settings.client_key or settings.client_cert))
    else:
        raise _ours("is not set: give client_cert and client_key, or p12", "missing")
    if identity.certificate.public_key() != identity.key.public_key():
        raise _ours("does not belong to the key", "key_mismatch")
    _check_chain(identity)
    return identity


def subject_of(certificate: x509.Certificate) -> str:
    """Return the common name of an organisation's or server's certificate."""
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


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
        # from None: no word of a key's file belongs in a message.
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
    # A .p12 is a bag: each next certificate is the issuer of the one before. The root need not be sent.
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
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise _ours("was not issued by the certificate that follows it in the file", "chain") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_FILE_MAX_BYTES)
    except FileNotFoundError as error:
        raise CertificateError("{path} is missing", path=path, kind="certificate.ours.missing") from error
    except OSError as error:
        raise CertificateError("{path} cannot be read", path=path, kind="certificate.ours.unreadable") from error
