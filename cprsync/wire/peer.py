"""Judges a counterpart's certificate beyond chain, host name and dates, before anything is sent.

OpenSSL judges those three. This module applies `certificate_rules`, and revocation by lists on this machine: for our
own certificate too. Makes no call.
"""

from __future__ import annotations

import enum
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning

from cprsync.errors import CertificateError
from cprsync.wire.certificate_rules import (
    THEIRS,
    THEIRS_IN_PRODUCTION,
    TRUSTED_IN_PRODUCTION,
    UNREADABLE,
    Fault,
    find_fault,
    is_authority,
)
from cprsync.wire.errors import PeerUntrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
#: The most bytes of a file of issuers: a system's whole bundle has some hundred thousand.
_CA_MAX_BYTES = 4 * 1024 * 1024
_REVOKED = Fault("revoked", "has been revoked")
_ISSUER_REVOKED = Fault("revoked", "has an issuer that has been revoked")
#: The state's own lists have some millions of bytes.
LIST_MAX_BYTES = 64 * 1024 * 1024
#: The most certificates from the first to the root.
PATH_MAX = 8
_LIST_BEGIN, _LIST_END = b"-----BEGIN X509 CRL-----", b"-----END X509 CRL-----"


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
        """Check a certificate that was shown against the rules. Raises PeerUntrusted."""
        certificate = _certificate(der)
        fault = UNREADABLE if certificate is None else self._fault(certificate)
        if fault is not None:
            raise PeerUntrusted(
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
        for link in find_path(certificate, self._trusted):
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


# -- revocation: a list counts if its issuer signed it; a missing or old list proves nothing, and the caller warns ----


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
        covering = [one for one in self.lists if _is_covering(one, certificate) and _is_signed(one, issuers)]
        if any(one.get_revoked_certificate_by_serial_number(certificate.serial_number) for one in covering):
            return Revocation.REVOKED
        if not covering:
            return Revocation.UNKNOWN
        # a list without a next date is as old as the day on which it was made
        ends = max(one.next_update_utc or one.last_update_utc for one in covering)
        return Revocation.GOOD if now <= ends else Revocation.STALE


def find_path(certificate: x509.Certificate, issuers: Sequence[x509.Certificate]) -> Iterator[x509.Certificate]:
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
    if _LIST_BEGIN not in content:
        return [x509.load_der_x509_crl(content)]
    blocks = content.split(_LIST_BEGIN)[1:]
    return [x509.load_pem_x509_crl(_LIST_BEGIN + block.partition(_LIST_END)[0] + _LIST_END + b"\n") for block in blocks]


def _is_covering(one: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    if one.issuer != certificate.issuer:
        return False
    try:
        return all(_keeps_in(extension, certificate) for extension in one.extensions)
    except ValueError:
        return False


def _keeps_in(extension: x509.Extension[x509.ExtensionType], certificate: x509.Certificate) -> bool:
    """Whether a list with this extension still covers the certificate completely."""
    part = extension.value
    if isinstance(part, x509.IssuingDistributionPoint):
        others = part.only_contains_user_certs if is_authority(certificate) else part.only_contains_ca_certs
        return not (others or part.indirect_crl or part.only_contains_attribute_certs or part.only_some_reasons)
    unknown = isinstance(part, x509.UnrecognizedExtension) and extension.critical
    return not unknown and not isinstance(part, x509.DeltaCRLIndicator)


def _is_signed(one: x509.CertificateRevocationList, issuers: Sequence[x509.Certificate]) -> bool:
    return any(issuer.subject == one.issuer and _is_signed_by(one, issuer) for issuer in issuers)


def _is_signed_by(one: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        key = issuer.public_key()
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        return usage.crl_sign and one.is_signature_valid(key)  # type: ignore[arg-type]  # other keys raise TypeError
    except (x509.ExtensionNotFound, ValueError, TypeError, UnsupportedAlgorithm):
        return False
