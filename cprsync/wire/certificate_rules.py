"""Rules for a certificate, checked on the certificate alone: no network, no clock, no file.

Dates, chain and host name are checked elsewhere: by OpenSSL for the counterpart's certificate, by `register.identity`
for ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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


class Fault(NamedTuple):
    """What is wrong with a certificate: `kind` for programs, and `problem`, the end of a sentence about it."""

    kind: str
    problem: str


class Rule(NamedTuple):
    """A fault, and the check that finds it."""

    fault: Fault
    breaks: Callable[[x509.Certificate], bool]


def find_fault(certificate: x509.Certificate, rules: Sequence[Rule]) -> Fault | None:
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


# -- what a rule looks at ------------------------------------------------------------------------------


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


# -- the rules -----------------------------------------------------------------------------------------

UNREADABLE: Final = Fault("unreadable", "cannot be read in full")
SAFE_HASH: Final = Rule(Fault("hash", "is signed with a hash that is no longer safe"), is_signed_unsafely)
_STRONG: Final = (Rule(Fault("weak", "has a key that is too short: RSA needs 2048 bits or more"), is_weak), SAFE_HASH)
#: for the certificate that a party shows
_LEAF: Final = (
    *_STRONG,
    Rule(Fault("authority", "belongs to a certificate authority"), is_authority),
    Rule(Fault("usage", "may not sign: digitalSignature is missing from its key usage"), may_not_sign),
)
_TEST: Final = Rule(Fault("test", "is a test certificate, by its issuer: production does not take it"), is_for_test)
OURS: Final = (
    *_LEAF,
    Rule(Fault("usage", "may not sign: it has no key usage"), says_no_use),
    Rule(Fault("purpose", "may not be shown by a client: clientAuth is missing"), may_be_no_client),
)
OURS_IN_PRODUCTION: Final = (
    *OURS,
    _TEST,
    Rule(Fault("person", "belongs to a person: an organisation certificate is needed"), is_persons),
    Rule(
        Fault("organisation", "is no organisation certificate: its company number or UUID is missing"),
        is_no_organisations,
    ),
)
THEIRS: Final = _LEAF
THEIRS_IN_PRODUCTION: Final = (*_LEAF, _TEST)
#: for the certificates above
ISSUER: Final = (*_STRONG, Rule(Fault("chain", "may issue no certificates"), is_no_authority))
ISSUER_IN_PRODUCTION: Final = (*ISSUER, _TEST)
#: a trusted certificate may be a root with a signature that proves nothing: its age does not matter
TRUSTED_IN_PRODUCTION: Final = (Rule(_TEST.fault, is_test_authority),)
