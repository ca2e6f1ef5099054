"""Issues development certificates of OCES3's shape: a root, an issuing CA, a client and a server.

The shape is data, in `certs/profile.toml`. For tests, the mock and development: nothing else may trust them. The
root's key is deleted after the issuing CA is signed. The issuing CA's key stays in the folder, so that a restart is
quick and keeps the serial numbers. For real certificates, see `certs/README.md`.
"""

from __future__ import annotations

import ipaddress
import tomllib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cprsync.errors import ConfigurationError
from cprsync.private import replace_private
from cprsync.resources import certs_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: A certificate is valid from a little before it is made, because the clocks of two machines differ.
_CLOCK_SKEW = timedelta(hours=1)
#: What a key signs to show that it belongs to a certificate.
_PROOF = b"cprsync"
_KEY_BITS = range(2048, 8192 + 1)
_HASHES: dict[str, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateProfile:
    """What the profile says of one certificate. What this kind of certificate does not have is empty."""

    common_name: str
    organization: str
    key_bits: int
    #: of the signature on it
    hash: str
    days: int
    #: an authority's
    unit: str = ""
    #: the client's
    cvr: str = ""
    uuid: str = ""
    policy: str = ""
    #: the server's names and IP addresses
    hosts: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.key_bits not in _KEY_BITS or self.hash not in _HASHES or self.days < 1:
            raise ConfigurationError("the certificate profile has an impossible key_bits, hash or days")

    @property
    def subject(self) -> x509.Name:
        parts = (
            (NameOID.COUNTRY_NAME, "DK"),
            (NameOID.ORGANIZATION_IDENTIFIER, self.cvr and f"NTRDK-{self.cvr}"),
            (NameOID.ORGANIZATION_NAME, self.organization),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, self.unit),
            (NameOID.SERIAL_NUMBER, self.uuid and f"UI:DK-O:G:{self.uuid}"),
            (NameOID.COMMON_NAME, self.common_name),
        )
        return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts if value])

    @property
    def alternative_names(self) -> x509.SubjectAlternativeName:
        return x509.SubjectAlternativeName([_general_name(host) for host in self.hosts])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


@dataclass(frozen=True, slots=True)
class Profile:
    """The shape of all four certificates."""

    root: CertificateProfile
    issuing: CertificateProfile
    client: CertificateProfile
    server: CertificateProfile

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a profile.

        Raises:
            ConfigurationError: it is no TOML, or a part is missing, unknown or impossible.
        """
        try:
            return cls(**{name: CertificateProfile(**fields) for name, fields in tomllib.loads(text).items()})
        except (tomllib.TOMLDecodeError, TypeError) as error:
            raise ConfigurationError("the certificate profile is not in order") from error

    def with_key_bits(self, bits: int) -> Self:
        """Give every key this size. For tests, because keys of the real sizes take a second."""
        shapes = ("root", "issuing", "client", "server")
        return replace(self, **{name: replace(getattr(self, name), key_bits=bits) for name in shapes})


def packaged_profile() -> Profile:
    """Read the profile that comes with cprsync, with the real sizes."""
    return Profile.parse(certs_path("profile.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class IssuedIdentity:
    """A certificate with its key and the certificate of its issuer."""

    certificate: x509.Certificate
    issuer: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)

    @property
    def serial(self) -> str:
        """The certificate's serial number as Python's `ssl` writes it: capital hex digits, an even number of them."""
        digits = f"{self.certificate.serial_number:X}"
        return digits.zfill(len(digits) + len(digits) % 2)

    @property
    def chain_pem(self) -> bytes:
        """The certificate and its issuer's, in the order in which TLS sends them."""
        return _pem(self.certificate) + _pem(self.issuer)

    def write(self, folder: Path, name: str) -> None:
        """Write `name.pem` (with the issuer), `name.key` and `name.p12`.

        The last two have mode 0600 and no password.
        """
        bundle = pkcs12.serialize_key_and_certificates(
            name.encode(), self.key, self.certificate, [self.issuer], serialization.NoEncryption()
        )
        replace_private(folder / f"{name}.key", _key_pem(self.key))
        replace_private(folder / f"{name}.p12", bundle)
        replace_private(folder / f"{name}.pem", self.chain_pem, mode=0o644)


@dataclass(frozen=True, slots=True)
class Authority:
    """An issuing CA under a root that signs nothing else."""

    profile: Profile
    root: x509.Certificate
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)

    @property
    def trust_pem(self) -> bytes:
        """The root and the issuing CA, which a peer must trust."""
        return _pem(self.root) + _pem(self.certificate)

    def issue_client(
        self, *, valid_from: datetime, days: int | None = None, cvr: str | None = None, uuid: str | None = None
    ) -> IssuedIdentity:
        """Issue a client's certificate. Values that are left out come from the profile."""
        shape = self.profile.client
        shape = replace(shape, days=days or shape.days, cvr=cvr or shape.cvr, uuid=uuid or shape.uuid)
        policy = x509.PolicyInformation(x509.ObjectIdentifier(shape.policy), None)
        return self._issue(shape, valid_from, x509.CertificatePolicies([policy]))

    def issue_server(
        self,
        *,
        valid_from: datetime,
        days: int | None = None,
        hosts: Sequence[str] | None = None,
        key: rsa.RSAPrivateKey | None = None,
    ) -> IssuedIdentity:
        """Issue a server's certificate. Values that are left out come from the profile; `key`: a new one."""
        shape = self.profile.server
        shape = replace(shape, days=days or shape.days, hosts=hosts or shape.hosts)
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        return self._issue(shape, valid_from, shape.alternative_names, purpose, key=key)

    def _issue(
        self,
        shape: CertificateProfile,
        valid_from: datetime,
        *extensions: x509.ExtensionType,
        key: rsa.RSAPrivateKey | None = None,
    ) -> IssuedIdentity:
        key = key or _new_key(shape)
        builder = _build(shape, key, valid_from, issuer=self.certificate.subject, issuer_key=self.key)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return IssuedIdentity(_sign(builder, self.key, shape), self.certificate, key)


def make_authority(folder: Path, *, profile: Profile, now: datetime) -> Authority:
    """Load the CA from the folder, or make one and write `ca.pem` and `issuing.key`.

    A new folder gets mode 0700. To get a rogue CA, make one in another folder: it has the same names and another key.

    Raises:
        ConfigurationError: kind `certificates`; the folder cannot be read or written.
    """
    try:
        kept = _kept_authority(folder, profile, now)
        if kept is not None:
            return kept
        authority = _new_authority(profile, now - _CLOCK_SKEW)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_private(folder / "issuing.key", _key_pem(authority.key))
        replace_private(folder / "ca.pem", authority.trust_pem, mode=0o644)
    except OSError as error:
        raise _unusable(folder) from error
    return authority


@dataclass(frozen=True, slots=True)
class DevCertificates:
    """The paths of the development certificates, and the client's serial number (as `Identity.serial` writes it)."""

    ca: Path
    client: Path
    client_key: Path
    client_p12: Path
    server: Path
    server_key: Path
    serial: str


def develop_certificates(
    folder: Path, *, now: datetime, profile: Profile | None = None, client_days: int | None = None
) -> DevCertificates:
    """Make the certificates that the folder lacks or that are no longer valid. Return their paths.

    `client_days`: make a new certificate for the client, which ends after so many days; 0: it has ended.

    Raises:
        ConfigurationError: kind `certificates`; the folder cannot be read or written.
    """
    shape = packaged_profile() if profile is None else profile
    authority = make_authority(folder, profile=shape, now=now)
    try:
        client = _kept_identity(folder, "client", authority, now)
        if client is None or client.certificate.subject != shape.client.subject or client_days is not None:
            # one that has ended was good for a day
            begin, days = (now - timedelta(days=1), 1) if client_days == 0 else (now, client_days)
            client = authority.issue_client(valid_from=begin - _CLOCK_SKEW, days=days)
            client.write(folder, "client")
        server = _kept_identity(folder, "server", authority, now)
        if server is None or not _serves(server.certificate, shape.server):
            authority.issue_server(valid_from=now - _CLOCK_SKEW).write(folder, "server")
    except OSError as error:
        raise _unusable(folder) from error
    return DevCertificates(
        ca=folder / "ca.pem",
        client=folder / "client.pem",
        client_key=folder / "client.key",
        client_p12=folder / "client.p12",
        server=folder / "server.pem",
        server_key=folder / "server.key",
        serial=client.serial,
    )


def _unusable(folder: Path) -> ConfigurationError:
    return ConfigurationError(f"cannot keep certificates in the folder {folder}", kind="certificates")


def _new_authority(profile: Profile, valid_from: datetime) -> Authority:
    root_key, key = _new_key(profile.root), _new_key(profile.issuing)
    root, issuing = (
        _sign(
            _build(shape, own, valid_from, issuer=profile.root.subject, issuer_key=root_key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True),
            root_key,
            shape,
        )
        for shape, own, path_length in ((profile.root, root_key, None), (profile.issuing, key, 0))
    )
    return Authority(profile, root, issuing, key)


def _new_key(shape: CertificateProfile) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=shape.key_bits)


def _build(
    shape: CertificateProfile,
    key: rsa.RSAPrivateKey,
    valid_from: datetime,
    *,
    issuer: x509.Name,
    issuer_key: rsa.RSAPrivateKey,
) -> x509.CertificateBuilder:
    start = valid_from.replace(microsecond=0)
    # Python 3.13 refuses a chain without key identifiers (VERIFY_X509_STRICT).
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(shape.subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=shape.days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority, critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _sign(builder: x509.CertificateBuilder, key: rsa.RSAPrivateKey, shape: CertificateProfile) -> x509.Certificate:
    algorithm = _HASHES[shape.hash]()
    pss = padding.PSS(mgf=padding.MGF1(algorithm), salt_length=padding.PSS.DIGEST_LENGTH)
    return builder.sign(key, algorithm, rsa_padding=pss)


def _kept_authority(folder: Path, profile: Profile, now: datetime) -> Authority | None:
    """The CA in the folder. None: there is none, or it is incomplete, expired or of another profile."""
    try:
        root, certificate = x509.load_pem_x509_certificates((folder / "ca.pem").read_bytes())
        key = load_key(folder / "issuing.key")
    except (FileNotFoundError, ValueError, TypeError):
        return None
    named = (root.subject, certificate.subject) == (profile.root.subject, profile.issuing.subject)
    sized = key.key_size == profile.issuing.key_bits
    whole = _is_issued(root, root, now) and _is_issued(certificate, root, now) and _belongs(key, certificate)
    return Authority(profile, root, certificate, key) if named and sized and whole else None


def _kept_identity(folder: Path, name: str, authority: Authority, now: datetime) -> IssuedIdentity | None:
    """The certificate and key in the folder. None: there are none, or they are incomplete, expired or of another CA."""
    try:
        certificate = x509.load_pem_x509_certificates((folder / f"{name}.pem").read_bytes())[0]
        key = load_key(folder / f"{name}.key")
    except (FileNotFoundError, ValueError, TypeError):
        return None
    issued = _is_issued(certificate, authority.certificate, now) and _belongs(key, certificate)
    bundled = (folder / f"{name}.p12").is_file()
    return IssuedIdentity(certificate, authority.certificate, key) if issued and bundled else None


def _is_issued(certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc


def _belongs(key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> bool:
    """Whether what the key signs is verified with the certificate: that also shows that the key is not damaged."""
    public, pkcs1, sha256 = certificate.public_key(), padding.PKCS1v15(), hashes.SHA256()
    if not isinstance(public, rsa.RSAPublicKey):
        return False
    try:
        public.verify(key.sign(_PROOF, pkcs1, sha256), _PROOF, pkcs1, sha256)
    except (InvalidSignature, ValueError):
        return False
    return True


def _serves(certificate: x509.Certificate, shape: CertificateProfile) -> bool:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    return names == shape.alternative_names


def load_key(path: Path) -> rsa.RSAPrivateKey:
    """Read a PEM file. Raises ValueError or TypeError: it holds no RSA key without a password."""
    return read_key(path.read_bytes())


def read_key(pem: bytes) -> rsa.RSAPrivateKey:
    """Read a key of the mock's own. Its primes are not proved again: it took most of a start. Raises as `load_key`."""
    key = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key


def _key_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
