"""Judges certificates beyond chain, host name and dates, which OpenSSL and `register.own_certificate` judge.

By rules on the certificate alone, and by lists of revoked certificates on this machine. A list counts if its issuer
signed it; a missing or old list proves nothing, and the caller warns. Makes no call.
"""

from __future__ import annotations

import enum
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from cprsync.domain.trust.lifetime import days_left, step_of
from cprsync.errors import CertificateError
from cprsync.wire.errors import PeerUntrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

T = TypeVar("T", bound=x509.ExtensionType)

RSA_MIN_BITS: Final = 2048
CURVE_MIN_BITS: Final = 256
_UNSAFE_HASHES: Final = (hashes.MD5, hashes.SHA1)
#: OCES3: `OU=Test - cti` is in the names of the test authority, and in no other.
_TEST_UNIT: Final = re.compile(r"test\b", re.IGNORECASE)
#: OCES3: the host of the test authority; production's is ca1.gov.dk.
_TEST_HOST: Final = re.compile(r"://[^/]*\bcti-gov\.dk(?:[:/]|$)", re.IGNORECASE)
_COMPANY: Final = re.compile(r"NTRDK-([0-9]{8})", re.ASCII)
#: O is an organisation, E an employee, P a private person.
_SYSTEM: Final = re.compile(r"UI:DK-O:G:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_PERSON: Final = re.compile(r"UI:DK-[EP]\b|PID:|CVR:[0-9]+-RID:|PNODK-", re.ASCII | re.IGNORECASE)
_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
_EDGES: Final = (b"BEGIN", b"END")
#: what a PEM file may hold
CERTIFICATE, PRIVATE_KEY = b"CERTIFICATE", b"PRIVATE KEY"
_HOLDS_THE_OTHER: Final = {
    CERTIFICATE: (PRIVATE_KEY, "holds no certificate, but a key"),
    PRIVATE_KEY: (CERTIFICATE, "holds no key, but a certificate"),
}
#: how a sequence in DER form begins, when it has more than 255 bytes
_DER: Final = b"\x30\x82"
#: The most bytes of a file of issuers: a system's whole bundle has some hundred thousand.
_CA_MAX_BYTES = 4 * 1024 * 1024
#: The state's own lists have some millions of bytes.
LIST_MAX_BYTES = 64 * 1024 * 1024
#: The most certificates from the first to the root.
PATH_MAX = 8
_LIST_BEGIN, _LIST_END = b"-----BEGIN X509 CRL-----", b"-----END X509 CRL-----"


class CertificateFault(NamedTuple):
    """What is wrong with a certificate: `kind` for programs, and `problem`, the end of a sentence about it."""

    kind: str
    problem: str


class CertificateRule(NamedTuple):
    """A fault, and the check that finds it."""

    fault: CertificateFault
    breaks: Callable[[x509.Certificate], bool]


def find_fault(certificate: x509.Certificate, rules: Sequence[CertificateRule]) -> CertificateFault | None:
    """Return the first fault of a certificate. A certificate that cannot be read in full has a fault too."""
    try:
        return next((rule.fault for rule in rules if rule.breaks(certificate)), None)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, UnsupportedAlgorithm):
        return UNREADABLE


def company_in(certificate: x509.Certificate) -> str | None:
    """The company number of an organisation's certificate. None: it holds none, or more than one."""
    found = _values(certificate.subject, NameOID.ORGANIZATION_IDENTIFIER)
    match = _COMPANY.fullmatch(found[0]) if len(found) == 1 else None
    return None if match is None else match[1]


def system_in(certificate: x509.Certificate) -> str | None:
    """The UUID by which an organisation's certificate is registered. None: it holds none, or more than one."""
    found = _values(certificate.subject, NameOID.SERIAL_NUMBER)
    return found[0].lower() if len(found) == 1 and _SYSTEM.fullmatch(found[0]) else None


def is_weak(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size < RSA_MIN_BITS
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.key_size < CURVE_MIN_BITS
    return isinstance(key, dsa.DSAPublicKey)


def is_signed_unsafely(certificate: x509.Certificate) -> bool:
    return isinstance(certificate.signature_hash_algorithm, _UNSAFE_HASHES)


def is_authority(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def is_no_authority(certificate: x509.Certificate) -> bool:
    usage = _extension(certificate, x509.KeyUsage)
    return not is_authority(certificate) or (usage is not None and not usage.key_cert_sign)


def may_not_sign(certificate: x509.Certificate) -> bool:
    # RFC 5280: without the extension any use is allowed
    usage = _extension(certificate, x509.KeyUsage)
    return usage is not None and not usage.digital_signature


def says_no_use(certificate: x509.Certificate) -> bool:
    # OCES3 certificates always have it: without it, the certificate is of another kind
    return _extension(certificate, x509.KeyUsage) is None


def may_be_no_client(certificate: x509.Certificate) -> bool:
    uses = _extension(certificate, x509.ExtendedKeyUsage)
    return uses is not None and not {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & {
        *uses
    }


def is_for_test(certificate: x509.Certificate) -> bool:
    """Recognise a test certificate by its issuer: its policy is the same as in production."""
    units = _values(certificate.issuer, NameOID.ORGANIZATIONAL_UNIT_NAME)
    return any(map(_TEST_UNIT.match, units)) or any(map(_TEST_HOST.search, _addresses(certificate)))


def is_test_authority(certificate: x509.Certificate) -> bool:
    units = _values(certificate.subject, NameOID.ORGANIZATIONAL_UNIT_NAME)
    return any(map(_TEST_UNIT.match, units)) or is_for_test(certificate)


def is_persons(certificate: x509.Certificate) -> bool:
    return any(map(_PERSON.match, _values(certificate.subject, NameOID.SERIAL_NUMBER)))


def is_no_organisations(certificate: x509.Certificate) -> bool:
    found = _values(certificate.subject, NameOID.SERIAL_NUMBER)
    named = len(found) == 1 and _SYSTEM.fullmatch(found[0]) is not None
    return not named or company_in(certificate) is None


def _values(name: x509.Name, kind: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in name.get_attributes_for_oid(kind)]


def _extension(certificate: x509.Certificate, kind: type[T]) -> T | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _addresses(certificate: x509.Certificate) -> Iterator[str]:
    """The addresses that the certificate gives for its issuer's revocation lists, OCSP and own certificate."""
    points = _extension(certificate, x509.CRLDistributionPoints) or ()
    for name in (name for point in points for name in point.full_name or ()):
        yield str(name.value)
    for access in _extension(certificate, x509.AuthorityInformationAccess) or ():
        if access.access_method in {AuthorityInformationAccessOID.OCSP, AuthorityInformationAccessOID.CA_ISSUERS}:
            yield str(access.access_location.value)


UNREADABLE: Final = CertificateFault("unreadable", "cannot be read in full")
SAFE_HASH: Final = CertificateRule(
    CertificateFault("hash", "is signed with a hash that is no longer safe"), is_signed_unsafely
)
_STRONG: Final = (
    CertificateRule(CertificateFault("weak", "has a key that is too short: RSA needs 2048 bits or more"), is_weak),
    SAFE_HASH,
)
#: for the certificate that a party shows
_LEAF: Final = (
    *_STRONG,
    CertificateRule(CertificateFault("authority", "belongs to a certificate authority"), is_authority),
    CertificateRule(
        CertificateFault("usage", "may not sign: digitalSignature is missing from its key usage"), may_not_sign
    ),
)
_TEST: Final = CertificateRule(
    CertificateFault("test", "is a test certificate, by its issuer: production does not take it"), is_for_test
)
OURS: Final = (
    *_LEAF,
    CertificateRule(CertificateFault("usage", "may not sign: it has no key usage"), says_no_use),
    CertificateRule(
        CertificateFault("purpose", "may not be shown by a client: clientAuth is missing"), may_be_no_client
    ),
)
OURS_IN_PRODUCTION: Final = (
    *OURS,
    _TEST,
    CertificateRule(
        CertificateFault("person", "belongs to a person: an organisation certificate is needed"), is_persons
    ),
    CertificateRule(
        CertificateFault("organisation", "is no organisation certificate: its company number or UUID is missing"),
        is_no_organisations,
    ),
)
THEIRS: Final = _LEAF
THEIRS_IN_PRODUCTION: Final = (*_LEAF, _TEST)
#: for the certificates above
ISSUER: Final = (*_STRONG, CertificateRule(CertificateFault("chain", "may issue no certificates"), is_no_authority))
ISSUER_IN_PRODUCTION: Final = (*ISSUER, _TEST)
#: a trusted certificate may be a root with a signature that proves nothing: its age does not matter
TRUSTED_IN_PRODUCTION: Final = (CertificateRule(_TEST.fault, is_test_authority),)
_REVOKED = CertificateFault("revoked", "has been revoked")
_ISSUER_REVOKED = CertificateFault("revoked", "has an issuer that has been revoked")


class PeerJudge:
    """Judges the certificate of one counterpart. Many threads may use it."""

    def __init__(
        self, ca: Path, lists: RevocationLists, *, production: bool, now: Callable[[], datetime], log: Any
    ) -> None:
        """Raises CertificateError: in production, `ca` trusts a test authority."""
        self._lists, self._production, self._now, self._log = lists, production, now, log
        self._trusted = read_trusted(ca)
        self._warned: set[tuple[str, Revocation | int]] = set()
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
            self._warn_of_end(certificate, place)

    def revocation(self, certificate: x509.Certificate) -> Revocation:
        """What the lists say about the counterpart's own certificate."""
        return self._lists.state_of(certificate, issuers=self._trusted, now=self._now())

    def _fault(self, certificate: x509.Certificate) -> CertificateFault | None:
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

    def _warn_of_end(self, certificate: x509.Certificate, place: str) -> None:
        left = days_left(certificate.not_valid_after_utc, self._now())
        step = step_of(left)
        if step is not None and (place, step) not in self._warned:
            self._warned.add((place, step))
            self._log.warning("certificate.ends", whose="theirs", host=place, days=left)


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


def why_unreadable(content: bytes, wanted: bytes) -> str:
    """Say why a file holds no `CERTIFICATE`, or no `PRIVATE KEY`, that can be read: the end of a sentence about it."""
    begun, ended = (len(re.findall(rb"-----%s [A-Z ]*%s-----" % (edge, wanted), content)) for edge in _EDGES)
    other, holds_other = _HOLDS_THE_OTHER[wanted]
    tests = (
        (not content.strip(), "is empty"),
        (content.startswith(_DER), "is in DER form: PEM form is needed"),
        (begun > ended, "is cut off: its end is missing"),
        (not begun and other + b"-----" in content, holds_other),
        (not begun, "is not in PEM form"),
        (b"ENCRYPTED" in content, "is locked with a password"),
    )
    return next((why for is_so, why in tests if is_so), "is damaged")


def _certificate(content: bytes | None) -> x509.Certificate | None:
    try:
        if content is None:
            return None
        if content.startswith(_BEGIN):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except ValueError:
        return None


class Revocation(enum.Enum):
    """What the lists say about one certificate."""

    #: a list that is up to date does not name it
    GOOD = "good"
    #: a list names it, however old the list is
    REVOKED = "revoked"
    #: only lists that are not up to date cover it: outdated ones, or ones that begin later
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
        return Revocation.GOOD if any(_is_up_to_date(one, now) for one in covering) else Revocation.STALE


def find_path(certificate: x509.Certificate, issuers: Sequence[x509.Certificate]) -> Iterator[x509.Certificate]:
    """The certificate and those above it, each signed by the next, as far as they are known."""
    seen: list[x509.Certificate] = []
    above: x509.Certificate | None = certificate
    while above is not None and above not in seen and len(seen) < PATH_MAX:
        yield above
        seen.append(above)
        above = next((one for one in issuers if has_issued(one, above)), None)


def has_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether a certificate names this issuer, and its key signed it."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_up_to_date(one: x509.CertificateRevocationList, now: datetime) -> bool:
    # a list without a next date is as old as the day on which it was made
    return one.last_update_utc <= now <= (one.next_update_utc or one.last_update_utc)


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
