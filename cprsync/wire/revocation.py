"""Whether a certificate was revoked, by its issuer's lists on this machine. Makes no call.

A list counts if its issuer signed it. A missing or old list proves nothing: the caller warns.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from cprsync.wire.certificate_rules import is_authority

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

#: The state's own lists have some millions of bytes.
LIST_MAX_BYTES = 64 * 1024 * 1024
#: The most certificates from the first to the root.
PATH_MAX = 8
_PEM = b"-----BEGIN X509 CRL-----"
_END = b"-----END X509 CRL-----"


class Revocation(enum.Enum):
    """What the lists say about one certificate."""

    #: a list that is up to date does not name it
    GOOD = "good"
    #: a list names it, however old the list is
    REVOKED = "revoked"
    #: only outdated lists cover it
    STALE = "stale"
    #: no list covers it
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RevocationLists:
    """The lists of some files. A list counts if an issuer at hand has signed it."""

    lists: tuple[x509.CertificateRevocationList, ...] = ()
    #: files that are missing, or hold no list
    unreadable: tuple[Path, ...] = ()

    @classmethod
    def load(cls, files: Iterable[Path]) -> Self:
        """Read lists in PEM or DER form. Never raises: unreadable files are in `unreadable`."""
        lists: list[x509.CertificateRevocationList] = []
        unreadable: list[Path] = []
        for path in files:
            try:
                lists += _read(path)
            except (OSError, ValueError, UnsupportedAlgorithm):
                unreadable.append(path)
        return cls(tuple(lists), tuple(unreadable))

    def state_of(
        self, certificate: x509.Certificate, *, issuers: Sequence[x509.Certificate], now: datetime
    ) -> Revocation:
        """What the lists that one of `issuers` signed say about a certificate."""
        covering = [one for one in self.lists if _covers(one, certificate) and _is_signed(one, issuers)]
        if any(one.get_revoked_certificate_by_serial_number(certificate.serial_number) for one in covering):
            return Revocation.REVOKED
        if not covering:
            return Revocation.UNKNOWN
        # a list without a next date is as old as the day on which it was made
        ends = max(one.next_update_utc or one.last_update_utc for one in covering)
        return Revocation.GOOD if now <= ends else Revocation.STALE


def path_from(certificate: x509.Certificate, issuers: Sequence[x509.Certificate]) -> Iterator[x509.Certificate]:
    """The certificate and those above it, by name, as far as they are known."""
    seen: list[x509.Certificate] = []
    above: x509.Certificate | None = certificate
    while above is not None and above not in seen and len(seen) < PATH_MAX:
        yield above
        seen.append(above)
        wanted = above.issuer
        above = next((one for one in issuers if one.subject == wanted), None)


def _read(path: Path) -> list[x509.CertificateRevocationList]:
    with path.open("rb") as file:
        content = file.read(LIST_MAX_BYTES + 1)
    if len(content) > LIST_MAX_BYTES:
        raise ValueError("larger than a list of revoked certificates is")
    if _PEM not in content:
        return [x509.load_der_x509_crl(content)]
    blocks = content.split(_PEM)[1:]
    return [x509.load_pem_x509_crl(_PEM + block.partition(_END)[0] + _END + b"\n") for block in blocks]


def _covers(one: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    if one.issuer != certificate.issuer:
        return False
    try:
        return all(_leaves_in(extension, certificate) for extension in one.extensions)
    except ValueError:
        return False


def _leaves_in(extension: x509.Extension[x509.ExtensionType], certificate: x509.Certificate) -> bool:
    """Whether a list with this extension still covers the certificate completely."""
    part = extension.value
    if isinstance(part, x509.IssuingDistributionPoint):
        others = part.only_contains_user_certs if is_authority(certificate) else part.only_contains_ca_certs
        return not (others or part.indirect_crl or part.only_contains_attribute_certs or part.only_some_reasons)
    unknown = isinstance(part, x509.UnrecognizedExtension) and extension.critical
    return not unknown and not isinstance(part, x509.DeltaCRLIndicator)


def _is_signed(one: x509.CertificateRevocationList, issuers: Sequence[x509.Certificate]) -> bool:
    return any(issuer.subject == one.issuer and _signed_by(one, issuer) for issuer in issuers)


def _signed_by(one: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        key = issuer.public_key()
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        return usage.crl_sign and one.is_signature_valid(key)  # type: ignore[arg-type]  # other keys raise TypeError
    except (x509.ExtensionNotFound, ValueError, TypeError, UnsupportedAlgorithm):
        return False
