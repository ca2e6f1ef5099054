"""The development certificates: OCES3's shape, good to OpenSSL and to TLS 1.2 and 1.3, and kept over a restart."""

import shutil
import socket
import ssl
import stat
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from cprsync.errors import ConfigurationError
from cprsync.mock.certs import (
    Authority,
    DevCertificates,
    IssuedIdentity,
    Profile,
    develop_certificates,
    load_key,
    make_authority,
    packaged_profile,
)

#: Real time: OpenSSL looks at the clock itself.
NOW = datetime.now(UTC)
SMALL = packaged_profile().with_key_bits(2048)
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> DevCertificates:
    return develop_certificates(tmp_path_factory.mktemp("pki") / "dev", now=NOW, profile=SMALL)


@pytest.fixture(scope="module")
def authority(made: DevCertificates) -> Authority:
    return make_authority(made.ca.parent, profile=SMALL, now=NOW)


@pytest.fixture
def own(made: DevCertificates, tmp_path: Path) -> Path:
    """A folder with all of them that a test may spoil."""
    return shutil.copytree(made.ca.parent, tmp_path / "own")


def chain(path: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# -- shape ------------------------------------------------------------------------------------------------


def test_the_packaged_profile_has_the_real_sizes() -> None:
    """OCES3: root 4,096 bits under SHA-512, the others 3,072; leaves under SHA-256 for 1,095 days."""
    profile = packaged_profile()
    assert (profile.root.key_bits, profile.root.hash) == (4096, "sha512")
    assert profile.issuing.key_bits == 3072
    assert (profile.client.key_bits, profile.client.hash, profile.client.days) == (3072, "sha256", 1095)


def test_every_signature_is_rsassa_pss(made: DevCertificates) -> None:
    for certificate in chain(made.ca) + chain(made.client) + chain(made.server):
        assert certificate.signature_algorithm_oid.dotted_string == "1.2.840.113549.1.1.10"
        assert isinstance(certificate.signature_algorithm_parameters, padding.PSS)


def test_the_client_is_named_as_an_organisation_of_oces3(made: DevCertificates) -> None:
    subject = chain(made.client)[0].subject
    assert [part.oid for part in subject] == [
        NameOID.COUNTRY_NAME,
        NameOID.ORGANIZATION_IDENTIFIER,
        NameOID.ORGANIZATION_NAME,
        NameOID.SERIAL_NUMBER,
        NameOID.COMMON_NAME,
    ]
    values = [part.value for part in subject]
    assert values[0] == "DK"
    assert values[1] == f"NTRDK-{SMALL.client.cvr}"
    assert values[3] == f"UI:DK-O:G:{SMALL.client.uuid}"


def test_the_client_has_no_host_names_and_no_extended_key_usage(made: DevCertificates) -> None:
    extensions = chain(made.client)[0].extensions
    present = {type(extension.value) for extension in extensions}
    assert not present & {x509.SubjectAlternativeName, x509.ExtendedKeyUsage}
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.key_encipherment
    assert not usage.key_cert_sign
    policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [policy.policy_identifier.dotted_string for policy in policies] == ["1.2.208.169.1.1.1.3.7.1"]


def test_the_client_lives_1095_days(made: DevCertificates) -> None:
    leaf = chain(made.client)[0]
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=1095)


def test_the_issuer_is_marked_as_a_test_issuer(made: DevCertificates) -> None:
    [unit] = chain(made.client)[0].issuer.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    assert unit.value == "Test - cti"


def test_the_server_answers_to_localhost_by_name_and_both_addresses(made: DevCertificates) -> None:
    names = chain(made.server)[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


# -- files ------------------------------------------------------------------------------------------------


def test_keys_are_for_their_owner_only(made: DevCertificates) -> None:
    folder = made.ca.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    secret = [path for path in folder.iterdir() if path.suffix in {".key", ".p12"}]
    assert {path.name for path in secret} >= {"client.key", "server.key", "client.p12", "issuing.key"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}


def test_no_repr_shows_a_key(authority: Authority) -> None:
    identity = authority.issue_client(valid_from=NOW)
    assert "RSAPrivateKey" not in repr(identity) + repr(authority)


def test_a_second_call_changes_no_byte(own: Path) -> None:
    before = content(own)
    first = develop_certificates(own, now=NOW, profile=SMALL)
    assert develop_certificates(own, now=NOW, profile=SMALL) == first
    assert content(own) == before


def test_an_expired_client_is_issued_anew_by_the_same_ca(own: Path) -> None:
    first = develop_certificates(own, now=NOW, profile=SMALL)
    trusted = first.ca.read_bytes()
    second = develop_certificates(own, now=NOW + timedelta(days=1095), profile=SMALL)
    assert second.serial != first.serial
    assert second.ca.read_bytes() == trusted


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES = [
    pytest.param(name, damage, id=f"{name}-{damage.__name__}")
    for name in ("ca.pem", "issuing.key", "client.pem", "client.key", "server.key")
    for damage in (Path.unlink, empty)
]


@pytest.mark.parametrize(("days", "left"), [(0, timedelta(hours=-1)), (10, timedelta(days=10, hours=-1))])
def test_a_client_is_issued_that_ends_when_it_is_wanted_to_and_all_else_stays(
    own: Path, days: int, left: timedelta
) -> None:
    first = develop_certificates(own, now=NOW, profile=SMALL)
    kept = {path: path.read_bytes() for path in (first.ca, first.server, first.server_key)}
    second = develop_certificates(own, now=NOW, profile=SMALL, client_days=days)
    certificate = x509.load_pem_x509_certificate(second.client.read_bytes())
    assert certificate.not_valid_after_utc == NOW.replace(microsecond=0) + left
    assert second.serial != first.serial
    assert {path: path.read_bytes() for path in kept} == kept


@pytest.mark.parametrize(("name", "damage"), [*DAMAGES, ("client.p12", Path.unlink)])
def test_a_folder_is_made_whole_again(own: Path, name: str, damage: Callable[[Path], object]) -> None:
    damage(own / name)
    made = develop_certificates(own, now=NOW, profile=SMALL)
    assert openssl_accepts(made.client, made.ca, "sslclient")
    assert openssl_accepts(made.server, made.ca, "sslserver")
    assert_pair(made.client, made.client_key)
    assert_pair(made.server, made.server_key)
    assert made.client_p12.is_file()


def test_a_key_that_is_damaged_behind_its_public_part_is_replaced_with_its_certificate(own: Path) -> None:
    made = develop_certificates(own, now=NOW, profile=SMALL)
    whole = load_key(made.client_key).private_numbers()
    wrong = {"d": whole.d ^ 2, "dmp1": whole.dmp1 ^ 2, "dmq1": whole.dmq1 ^ 2}
    numbers = rsa.RSAPrivateNumbers(whole.p, whole.q, iqmp=whole.iqmp, public_numbers=whole.public_numbers, **wrong)
    key = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    made.client_key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    again = develop_certificates(own, now=NOW, profile=SMALL)
    assert again.serial != made.serial
    assert_pair(again.client, again.client_key)


def test_a_key_that_does_not_belong_is_replaced_with_its_certificate(own: Path) -> None:
    made = develop_certificates(own, now=NOW, profile=SMALL)
    made.client_key.write_bytes(made.server_key.read_bytes())
    again = develop_certificates(own, now=NOW, profile=SMALL)
    assert again.serial != made.serial
    assert_pair(again.client, again.client_key)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(ConfigurationError, match="file") as refusal:
        develop_certificates(blocked, now=NOW, profile=SMALL)
    assert refusal.value.kind == "certificates"
    assert blocked.read_text() == "in the way"


@pytest.mark.parametrize("text", ["", "root = 1", "[root", "[root]\ncommon_name = 'x'"])
def test_a_profile_that_is_not_in_order_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        Profile.parse(text)


def test_a_profile_with_a_weak_key_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        replace(SMALL, client=replace(SMALL.client, key_bits=1024))


# -- accepted by others -------------------------------------------------------------------------------------


def openssl_accepts(leaf: Path, ca: Path, purpose: str) -> bool:
    verify = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", str(ca), str(leaf)]
    return subprocess.run(verify, check=False, capture_output=True).returncode == 0


def assert_pair(certificate: Path, key: Path) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)


def test_openssl_accepts_both_for_their_purpose_only(made: DevCertificates) -> None:
    assert openssl_accepts(made.client, made.ca, "sslclient")
    assert openssl_accepts(made.server, made.ca, "sslserver")
    assert not openssl_accepts(made.server, made.ca, "sslclient")


def test_the_bundle_holds_the_same_client(made: DevCertificates) -> None:
    shown = subprocess.run(
        ["openssl", "pkcs12", "-in", made.client_p12, "-passin", "pass:", "-clcerts", "-nokeys"],
        check=True,
        capture_output=True,
    )
    assert x509.load_pem_x509_certificate(shown.stdout) == chain(made.client)[0]


def server_context(made: DevCertificates, certificate: Path, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(made.ca)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    context.minimum_version = context.maximum_version = version
    return context


def client_context(made: DevCertificates, certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(made.ca))
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    return context


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, *, host: str = "localhost") -> str:
    """Return the client's serial number as the server sees it."""
    seen: list[object] = []

    def answer(listener: socket.socket) -> None:
        try:
            with listener.accept()[0] as plain, server.wrap_socket(plain, server_side=True) as secured:
                seen.append((secured.getpeercert() or {}).get("serialNumber"))
                secured.sendall(b"ok")
        except OSError as error:
            seen.append(error)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        thread = threading.Thread(target=answer, args=(listener,), daemon=True)
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname(), timeout=10) as plain,
                client.wrap_socket(plain, server_hostname=host) as secured,
            ):
                secured.recv(2)  # in TLS 1.3 the server refuses a client after the client's own handshake
        finally:
            thread.join(10)
    return str(seen[0])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_both_sides_shake_hands(made: DevCertificates, version: ssl.TLSVersion, host: str) -> None:
    server, client = server_context(made, made.server, version), client_context(made, made.client)
    assert shake_hands(server, client, host=host) == made.serial


def issued(folder: Path, identity: IssuedIdentity) -> Path:
    identity.write(folder, "leaf")
    return folder / "leaf.pem"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "valid_from", [NOW - timedelta(days=2000), NOW + timedelta(days=2)], ids=["expired", "not yet valid"]
)
def test_a_client_out_of_date_is_refused(
    made: DevCertificates, authority: Authority, tmp_path: Path, version: ssl.TLSVersion, valid_from: datetime
) -> None:
    leaf = issued(tmp_path, authority.issue_client(valid_from=valid_from))
    with pytest.raises(OSError, match=r"(?i)alert|reset|closed"):
        shake_hands(server_context(made, made.server, version), client_context(made, leaf))


def test_a_client_of_a_rogue_ca_with_the_same_names_is_refused(made: DevCertificates, tmp_path: Path) -> None:
    rogue = make_authority(tmp_path / "rogue", profile=SMALL, now=NOW)
    leaf = issued(tmp_path, rogue.issue_client(valid_from=NOW - timedelta(hours=1)))
    assert chain(leaf)[0].issuer == chain(made.client)[0].issuer
    assert not openssl_accepts(leaf, made.ca, "sslclient")
    with pytest.raises(OSError, match=r"(?i)alert|reset|closed"):
        shake_hands(server_context(made, made.server, ssl.TLSVersion.TLSv1_3), client_context(made, leaf))


def test_a_server_of_another_name_is_refused(made: DevCertificates, authority: Authority, tmp_path: Path) -> None:
    leaf = issued(tmp_path, authority.issue_server(valid_from=NOW - timedelta(hours=1), hosts=["elsewhere.invalid"]))
    with pytest.raises(ssl.SSLCertVerificationError, match="localhost"):
        shake_hands(server_context(made, leaf, ssl.TLSVersion.TLSv1_3), client_context(made, made.client))


def test_a_further_client_has_the_company_and_uuid_it_was_asked_for(authority: Authority) -> None:
    other = "7a3e1c55-9b1f-4c1d-8e2a-3f0d5b6c7e8f"
    subject = authority.issue_client(valid_from=NOW, days=1, cvr="22222222", uuid=other).certificate.subject
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)[0].value == "NTRDK-22222222"
    assert subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value == f"UI:DK-O:G:{other}"
