"""Issues development certificates of OCES3's shape: a root, an issuing CA, a client and a server.

For tests, the mock and development: nothing else may trust them. The root's key is deleted after the issuing CA is
signed. The issuing CA's key stays in the folder, so that a restart is quick and keeps the serial numbers. For real
certificates, see `certs/README.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from cprsync.errors import ConfigurationError
from cprsync.mock.certs.profile import Profile, ServerShape, packaged_profile
from cprsync.private import replace_private

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: A certificate is valid from a little before it is made, because the clocks of two machines differ.
_CLOCK_SKEW = timedelta(hours=1)
_HASHES: dict[str, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


@dataclass(frozen=True, slots=True)
class Identity:
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
        return pem(self.certificate) + pem(self.issuer)

    @property
    def key_pem(self) -> bytes:
        return key_pem(self.key)

    def write(self, folder: Path, name: str) -> None:
        """Write `name.pem` (with the issuer), `name.key` and `name.p12`.

        The last two have mode 0600 and no password.
        """
        bundle = pkcs12.serialize_key_and_certificates(
            name.encode(), self.key, self.certificate, [self.issuer], serialization.NoEncryption()
        )
        replace_private(folder / f"{name}.key", self.key_pem)
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
        return pem(self.root) + pem(self.certificate)

    def issue_client(
        self, *, valid_from: datetime, days: int | None = None, cvr: str | None = None, uuid: str | None = None
    ) -> Identity:
        """Issue a client's certificate. Values that are left out come from the profile."""
        shape = self.profile.client
        shape = replace(shape, days=days or shape.days, cvr=cvr or shape.cvr, uuid=uuid or shape.uuid)
        key = _new_key(shape.key_bits)
        builder = _valid(self._leaf(shape.subject, key), valid_from, shape.days)
        policy = x509.PolicyInformation(x509.ObjectIdentifier(shape.policy), None)
        builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=False)
        return Identity(_sign(builder, self.key, shape.hash), self.certificate, key)

    def issue_server(
        self, *, valid_from: datetime, days: int | None = None, hosts: Sequence[str] | None = None
    ) -> Identity:
        """Issue a server's certificate. Values that are left out come from the profile."""
        shape = self.profile.server
        shape = replace(shape, days=days or shape.days, hosts=hosts or shape.hosts)
        key = _new_key(shape.key_bits)
        builder = _valid(self._leaf(shape.subject, key), valid_from, shape.days)
        builder = builder.add_extension(shape.alternative_names, critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        return Identity(_sign(builder, self.key, shape.hash), self.certificate, key)

    def _leaf(self, subject: x509.Name, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
        builder = _certificate(subject, key, issuer=self.certificate.subject, issuer_key=self.key)
        return builder.add_extension(_usage(signs_certificates=False), critical=True)


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
        replace_private(folder / "issuing.key", key_pem(authority.key))
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


def develop_certificates(folder: Path, *, now: datetime, profile: Profile | None = None) -> DevCertificates:
    """Make the certificates that the folder lacks or that are no longer valid. Return their paths.

    Raises:
        ConfigurationError: kind `certificates`; the folder cannot be read or written.
    """
    shape = packaged_profile() if profile is None else profile
    authority = make_authority(folder, profile=shape, now=now)
    try:
        client = _kept_identity(folder, "client", authority, now)
        if client is None or client.certificate.subject != shape.client.subject:
            client = authority.issue_client(valid_from=now - _CLOCK_SKEW)
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


# -- building -------------------------------------------------------------------------------------------


def _new_authority(profile: Profile, valid_from: datetime) -> Authority:
    root_key, key = _new_key(profile.root.key_bits), _new_key(profile.issuing.key_bits)
    name = profile.root.subject
    root = _certificate(name, root_key, issuer=name, issuer_key=root_key)
    issuing = _certificate(profile.issuing.subject, key, issuer=name, issuer_key=root_key)
    return Authority(
        profile,
        _sign(_as_authority(_valid(root, valid_from, profile.root.days), None), root_key, profile.root.hash),
        _sign(_as_authority(_valid(issuing, valid_from, profile.issuing.days), 0), root_key, profile.issuing.hash),
        key,
    )


def _new_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _certificate(
    subject: x509.Name, key: rsa.RSAPrivateKey, *, issuer: x509.Name, issuer_key: rsa.RSAPrivateKey
) -> x509.CertificateBuilder:
    # Python 3.13 refuses a chain without key identifiers (VERIFY_X509_STRICT).
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority, critical=False)
    )


def _valid(builder: x509.CertificateBuilder, valid_from: datetime, days: int) -> x509.CertificateBuilder:
    start = valid_from.replace(microsecond=0)
    return builder.not_valid_before(start).not_valid_after(start + timedelta(days=days))


def _as_authority(builder: x509.CertificateBuilder, path_length: int | None) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return builder.add_extension(_usage(signs_certificates=True), critical=True)


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


def _sign(builder: x509.CertificateBuilder, key: rsa.RSAPrivateKey, name: str) -> x509.Certificate:
    algorithm = _HASHES[name]()
    pss = padding.PSS(mgf=padding.MGF1(algorithm), salt_length=padding.PSS.DIGEST_LENGTH)
    return builder.sign(key, algorithm, rsa_padding=pss)


# -- keeping --------------------------------------------------------------------------------------------


def _kept_authority(folder: Path, profile: Profile, now: datetime) -> Authority | None:
    """The CA in the folder. None: there is none, or it is incomplete, expired or of another profile."""
    try:
        root, certificate = x509.load_pem_x509_certificates((folder / "ca.pem").read_bytes())
        key = load_key(folder / "issuing.key")
    except (FileNotFoundError, ValueError, TypeError):
        return None
    kept = Authority(profile, root, certificate, key)
    named = (root.subject, certificate.subject) == (profile.root.subject, profile.issuing.subject)
    sized = key.key_size == profile.issuing.key_bits
    whole = _issued(root, root, now) and _issued(certificate, root, now) and _belong(certificate, key)
    return kept if named and sized and whole else None


def _kept_identity(folder: Path, name: str, authority: Authority, now: datetime) -> Identity | None:
    """The certificate and key in the folder. None: there are none, or they are incomplete, expired or of another CA."""
    try:
        certificate = x509.load_pem_x509_certificates((folder / f"{name}.pem").read_bytes())[0]
        key = load_key(folder / f"{name}.key")
        bundled = (folder / f"{name}.p12").is_file()
    except (FileNotFoundError, ValueError, TypeError):
        return None
    whole = bundled and _issued(certificate, authority.certificate, now) and _belong(certificate, key)
    return Identity(certificate, authority.certificate, key) if whole else None


def _issued(certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc


def _belong(certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> bool:
    return certificate.public_key() == key.public_key()


def _serves(certificate: x509.Certificate, shape: ServerShape) -> bool:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    return names == shape.alternative_names


def _unusable(folder: Path) -> ConfigurationError:
    return ConfigurationError(f"cannot keep certificates in the folder {folder}", kind="certificates")


# -- PEM ------------------------------------------------------------------------------------------------------


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_key(path: Path) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key
