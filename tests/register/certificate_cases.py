"""Certificates as a table: each case is a sentence, what deviates from a good certificate, and what is made of it.

The authorities and names are invented. Keys are made once: a case changes what stands around them.
"""

from __future__ import annotations

import functools
import hashlib
import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
#: Real time: OpenSSL looks at the clock itself.
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
CVR, UUID = "12345674", "0f4c9c1e-5d0a-4b7e-9d53-6a2f1c8e7b4d"
ORGANISATION = f"UI:DK-O:G:{UUID}"
NOT_LISTED = 4711


@functools.cache
def key(kind: str, which: int = 0) -> Key:
    curves = {"P-256": ec.SECP256R1(), "P-224": ec.SECP224R1(), "P-192": ec.SECP192R1()}
    if kind in curves:
        return ec.generate_private_key(curves[kind])
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind))


# -- an authority ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Authority:
    """An issuing CA under a root, with invented names."""

    root: x509.Certificate
    issuing: x509.Certificate

    @property
    def trust(self) -> bytes:
        return pem(self.root) + pem(self.issuing)


def name(*parts: tuple[x509.ObjectIdentifier, str | None]) -> x509.Name:
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts if value is not None])


@functools.cache
def authority(  # noqa: PLR0913 -- one parameter for each deviation
    *,
    unit: str | None = None,
    root_unit: str | None = None,
    issues: bool = True,
    begins: datetime = NOW - 100 * DAY,
    ends: datetime = NOW + 1000 * DAY,
    bits: str = "2048",
) -> Authority:
    """A good one signs certificates, is in date, and has no unit called Test."""
    of = (NameOID.COUNTRY_NAME, "DK"), (NameOID.ORGANIZATION_NAME, "Invented State")
    top = name(*of, (NameOID.ORGANIZATIONAL_UNIT_NAME, root_unit), (NameOID.COMMON_NAME, "Invented root"))
    mid = name(*of, (NameOID.ORGANIZATIONAL_UNIT_NAME, unit), (NameOID.COMMON_NAME, "Invented issuing CA"))
    root = _certificate(top, key("2048", 1), top, key("2048", 1), NOW - 200 * DAY, NOW + 2000 * DAY)
    issuing = _certificate(mid, key(bits, 2), top, key("2048", 1), begins, ends)
    return Authority(
        _sign(_with(root, _ca(), _usage(certificates=True)), key("2048", 1)),
        _sign(_with(issuing, _ca() if issues else None, _usage(certificates=issues)), key("2048", 1)),
    )


# -- a certificate ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """A certificate with its key and what was sent along."""

    certificate: x509.Certificate
    key: Key
    above: tuple[x509.Certificate, ...]
    authority: Authority

    def write(self, folder: Path, stem: str) -> tuple[Path, Path]:
        chain, secret = folder / f"{stem}.pem", folder / f"{stem}.key"
        chain.write_bytes(b"".join(pem(one) for one in (self.certificate, *self.above)))
        secret.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        secret.chmod(0o600)
        return chain, secret


def certificate(**changed: Any) -> Made:
    """A good certificate of an organisation, which is good for `localhost` too, but for what is changed."""
    of: dict[str, Any] = {
        "company": (f"NTRDK-{CVR}",),
        "serial": ORGANISATION,
        "unit": None,
        "key": "2048",
        "sha1": False,
        "pss": True,
        "begins": NOW - DAY,
        "ends": NOW + 1000 * DAY,
        "authority": authority(),
        "sent": True,
        "usage": _usage(),
        "purposes": None,
        "ca": False,
        "hosts": ("localhost",),
        "ips": (),
        "common": "cprsync of an invented library",
        # the key that really signed it; None: its issuer's
        "signed_by": None,
        "addresses": None,
        "number": None,
    } | changed
    subject = name(
        (NameOID.COUNTRY_NAME, "DK"),
        *((NameOID.ORGANIZATION_IDENTIFIER, company) for company in of["company"]),
        (NameOID.ORGANIZATION_NAME, "Invented Library"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, of["unit"]),
        (NameOID.SERIAL_NUMBER, of["serial"]),
        (NameOID.COMMON_NAME, of["common"]),
    )
    above: Authority = of["authority"]
    own, signer = key(of["key"], 3), key(str(_bits(above.issuing)), of["signed_by"] or 2)
    builder = _certificate(subject, own, above.issuing.subject, signer, of["begins"], of["ends"], of["number"])
    extensions = [_ca() if of["ca"] else None, of["usage"], _purposes(of["purposes"]), *_places(of["addresses"])]
    names = [*map(x509.DNSName, of["hosts"]), *(x509.IPAddress(ipaddress.ip_address(ip)) for ip in of["ips"])]
    extensions.append((x509.SubjectAlternativeName(names), False) if names else None)
    signed = _sign(_with(builder, *extensions), signer, pss=of["pss"])
    signed = _signed_with_sha1(signed, signer) if of["sha1"] else signed
    return Made(signed, own, (above.issuing,) if of["sent"] else (), above)


Extension = tuple[x509.ExtensionType, bool]


def _bits(of: x509.Certificate) -> int:
    public = of.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    return public.key_size


def _certificate(  # noqa: PLR0913, PLR0917 -- what each certificate has
    subject: x509.Name,
    own: Key,
    issuer: x509.Name,
    signer: Key,
    begins: datetime,
    ends: datetime,
    number: int | None = None,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(own.public_key())
        .serial_number(number or x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )


def _with(builder: x509.CertificateBuilder, *extensions: Extension | None) -> x509.CertificateBuilder:
    for one in extensions:
        builder = builder if one is None else builder.add_extension(one[0], critical=one[1])
    return builder


def _signed_with_sha1(of: x509.Certificate, signer: Key) -> x509.Certificate:
    """The same under SHA-1, by hand: no library signs with it any more."""
    assert isinstance(signer, rsa.RSAPrivateKey)
    encryption = bytes.fromhex("06092a864886f70d0101")
    renamed = of.public_bytes(serialization.Encoding.DER).replace(encryption + b"\x0b", encryption + b"\x05")
    secret, size = signer.private_numbers(), signer.key_size // 8
    # RFC 8017, EMSA-PKCS1-v1_5
    digest = hashlib.sha1(x509.load_der_x509_certificate(renamed).tbs_certificate_bytes, usedforsecurity=False).digest()
    told = bytes.fromhex("3021300906052b0e03021a05000414") + digest
    padded = b"\x00\x01" + b"\xff" * (size - len(told) - 3) + b"\x00" + told
    signature = pow(int.from_bytes(padded), secret.d, secret.public_numbers.n).to_bytes(size)
    return x509.load_der_x509_certificate(renamed[:-size] + signature)


def _sign(builder: Any, signer: Key, *, pss: bool = True) -> Any:
    algorithm = hashes.SHA256()
    salted = padding.PSS(mgf=padding.MGF1(algorithm), salt_length=padding.PSS.DIGEST_LENGTH)
    return builder.sign(signer, algorithm, rsa_padding=salted if pss else padding.PKCS1v15())


def _ca() -> Extension:
    return x509.BasicConstraints(ca=True, path_length=None), True


def _usage(*, signs: bool = True, certificates: bool = False) -> Extension:
    return x509.KeyUsage(
        digital_signature=signs and not certificates,
        content_commitment=False,
        key_encipherment=not certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    ), True


def _purposes(purposes: Sequence[x509.ObjectIdentifier] | None) -> Extension | None:
    return None if purposes is None else (x509.ExtendedKeyUsage(purposes), False)


def _places(host: str | None) -> list[Extension]:
    """Where the issuer answers for revocation, and with its own certificate."""
    if host is None:
        return []
    crl = x509.UniformResourceIdentifier(f"http://{host}/issuing/1/crl/issuing.crl")
    aia = x509.UniformResourceIdentifier(f"http://{host}/issuing/1/ocsp")
    point = x509.DistributionPoint(full_name=[crl], relative_name=None, reasons=None, crl_issuer=None)
    access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, aia)
    return [(x509.CRLDistributionPoints([point]), False), (x509.AuthorityInformationAccess([access]), False)]


def pem(of: x509.Certificate) -> bytes:
    return of.public_bytes(serialization.Encoding.PEM)


# -- lists of revoked ones -------------------------------------------------------------------------------


def revoked_list(  # noqa: PLR0913 -- one parameter for each deviation
    numbers: Sequence[int],
    *,
    by: str = "issuing",
    signer: int | None = None,
    made: datetime = NOW - DAY,
    until: datetime | None = NOW + DAY,
    hold: bool = False,
    extension: Extension | None = None,
) -> x509.CertificateRevocationList:
    """A list that the issuing CA, or the root, has made; `signer` is the key that really signed it."""
    of = authority()
    issuer, real = (of.issuing, 2) if by == "issuing" else (of.root, 1)
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject).last_update(made)
    builder = builder.next_update(until or made + 36500 * DAY)
    for number in numbers:
        one = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(made)
        if hold:
            one = one.add_extension(x509.CRLReason(x509.ReasonFlags.certificate_hold), critical=False)
        builder = builder.add_revoked_certificate(one.build())
    if extension is not None:
        builder = builder.add_extension(extension[0], critical=extension[1])
    signed: x509.CertificateRevocationList = _sign(builder, key("2048", signer or real))
    return signed


# -- the table -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A sentence about a certificate, what deviates from a good one, and the kind of the refusal."""

    says: str
    #: None: it is taken
    kind: str | None = None
    changed: Mapping[str, Any] = field(default_factory=dict)
    #: settings of the register's client that are other than production's
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: the lists at hand; None: no file is named
    lists: Sequence[x509.CertificateRevocationList] | None = ()
    #: what the log warns of, where it does
    warns: str | None = None


def refused(says: str, kind: str, **changed: Any) -> Case:
    return Case(says, kind, changed, lists=[revoked_list([NOT_LISTED])])


def taken(says: str, **changed: Any) -> Case:
    return Case(says, None, changed, lists=[revoked_list([NOT_LISTED])])


TEST = {"unit": "Test - cti"}
IN_TEST = {"production": False}
#: Of whoever shows a certificate, we or the counterpart.
EITHER = (
    taken("RSASSA-PSS is how the state signs"),
    taken("PKCS #1 v1.5 is how others sign", pss=False),
    taken("an elliptic curve of 256 bits is strong enough", key="P-256"),
    taken("a unit of the owner's may be called Test", unit="Test og udvikling"),
    Case(
        "a unit of the issuer's may begin like Test",
        changed={"authority": authority(unit="Testamentsregistret")},
        warns="unknown",
    ),
    taken("it is in date on its first day", begins=NOW - timedelta(minutes=1)),
    refused("RSA of 1024 bits is too short", "weak", key="1024"),
    refused("SHA-1 is no longer safe", "hash", sha1=True, pss=False),
    refused("its key usage lacks digitalSignature", "usage", usage=_usage(signs=False)),
    refused("it is an authority's own", "authority", ca=True),
    refused("its issuer has the unit Test - cti", "test", authority=authority(**TEST)),
    refused("its issuer has the unit TEST in capitals", "test", authority=authority(unit="TEST - cti")),
    refused("its issuer answers where the test authority does", "test", addresses="ca1.cti-gov.dk"),
    refused("it has expired", "expired", begins=NOW - 400 * DAY, ends=NOW - DAY),
    refused("it is not yet valid", "not_yet_valid", begins=NOW + DAY),
    Case("a list that is in date does not name it", lists=[revoked_list([NOT_LISTED])]),
    Case("no list is at hand", lists=None, warns="unknown"),
    Case("the list is past its day", lists=[revoked_list([], until=NOW - timedelta(hours=1))], warns="stale"),
    Case("the list is from the future", lists=[revoked_list([], made=NOW + DAY, until=NOW + 9 * DAY)], warns="stale"),
    Case(
        "a list from the future names it",
        "revoked",
        {"number": 5},
        lists=[revoked_list([5], made=NOW + DAY, until=NOW + 9 * DAY)],
    ),
    Case("another key signed the list", lists=[revoked_list([1], signer=9)], changed={"number": 1}, warns="unknown"),
    Case(
        "the list is one of authorities alone",
        lists=[
            revoked_list(
                [], extension=(x509.IssuingDistributionPoint(None, None, False, True, None, False, False), True)
            )
        ],
        warns="unknown",
    ),
    Case(
        "the list has changes alone",
        lists=[revoked_list([], extension=(x509.DeltaCRLIndicator(1), True))],
        warns="unknown",
    ),
    Case("the root's list alone does not cover it", lists=[revoked_list([], by="root")], warns="unknown"),
    Case("a list names it", "revoked", {"number": 2}, lists=[revoked_list([NOT_LISTED, 2])]),
    Case("the second of two lists names it", "revoked", {"number": 2}, lists=[revoked_list([]), revoked_list([2])]),
    Case("a list names it as on hold", "revoked", {"number": 3}, lists=[revoked_list([3], hold=True)]),
    Case(
        "a list that is past its day names it",
        "revoked",
        {"number": 4},
        lists=[revoked_list([4], until=NOW - 2 * DAY, made=NOW - 9 * DAY)],
    ),
    Case("a list names its issuer", "revoked", lists=[revoked_list([authority().issuing.serial_number], by="root")]),
    Case("where the environment is test it may be for test", None, {"authority": authority(**TEST)}, IN_TEST),
    Case("where the environment is test a short key is too short", "weak", {"key": "1024"}, IN_TEST),
    Case(
        "where the environment is test it is revoked all the same",
        "revoked",
        {"number": 2},
        IN_TEST,
        [revoked_list([2])],
    ),
)
OURS = (
    *EITHER,
    refused("an elliptic curve of 224 bits is too short", "weak", key="P-224"),
    taken("its issuer need not be sent along", sent=False),
    taken("its UUID may be in capitals", serial=ORGANISATION.replace(UUID, UUID.upper())),
    taken("it may name the purpose of a client", purposes=[ExtendedKeyUsageOID.CLIENT_AUTH]),
    Case(
        "a supplier's is taken where it is named",
        None,
        {"company": ("NTRDK-87654321",)},
        {"certificate_cvr": "87654321"},
        [revoked_list([])],
    ),
    refused("the root above has the unit Test", "test", authority=authority(root_unit="Test - cti")),
    refused("it belongs to another company", "cvr", company=("NTRDK-87654321",)),
    refused("it has no company number", "organisation", company=()),
    refused("it has two company numbers", "organisation", company=(f"NTRDK-{CVR}", "NTRDK-87654321")),
    refused("its company is of another country", "organisation", company=(f"NTRSE-{CVR}",)),
    refused("its company number has nine digits", "organisation", company=(f"NTRDK-{CVR}0",)),
    refused("it belongs to an employee", "person", serial=f"UI:DK-E:G:{UUID}"),
    refused("it belongs to a private person", "person", serial=f"UI:DK-P:G:{UUID}"),
    refused("it is an employee's of OCES2", "person", serial=f"CVR:{CVR}-RID:1100080130597"),
    refused("it is a function's of OCES2", "organisation", serial=f"CVR:{CVR}-FID:1267542118"),
    refused("it has no serialNumber", "organisation", serial=None),
    refused("its UUID is none", "organisation", serial="UI:DK-O:G:1"),
    refused("it has no key usage", "usage", usage=None),
    refused("its purpose is a server's alone", "purpose", purposes=[ExtendedKeyUsageOID.SERVER_AUTH]),
    refused("its issuer may issue none", "chain", authority=authority(issues=False)),
    refused("another key signed it, and its issuer is sent along", "chain", signed_by=9),
    refused("another key signed it, and its issuer is one that we trust", "chain", signed_by=9, sent=False),
    refused("its issuer's key is too short", "weak", authority=authority(bits="1024")),
    refused("its issuer has expired", "expired", authority=authority(ends=NOW - timedelta(hours=1))),
    Case("where the environment is test it may be another company's", None, {"company": ("NTRDK-87654321",)}, IN_TEST),
)
THEIRS = (
    *EITHER,
    taken("it need not be an organisation's", company=(), serial=None),
    taken("it need not name a key usage", usage=None),
    refused("it is for another host", "host", hosts=("elsewhere.test",)),
    refused("its common name alone is the host", "host", hosts=(), common="localhost"),
    refused(
        "its common name is the host, and it is for an address", "host", hosts=(), ips=("::1",), common="localhost"
    ),
    refused("its purpose is a client's alone", "purpose", purposes=[ExtendedKeyUsageOID.CLIENT_AUTH]),
    refused("an elliptic curve of 192 bits is too short", "agreement", key="P-192"),
    refused("another key signed it", "untrusted", signed_by=9),
    refused("its issuer has expired", "expired", authority=authority(ends=NOW - timedelta(hours=1))),
    refused("its issuer's key is too short", "weak", authority=authority(bits="1024")),
)
