"""Wrong certificates through the real command line: the message says whose it is and what is wrong, on TLS 1.2 and 1.3.

Certificates are really expired and really not yet valid: OpenSSL looks at the clock itself.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from e2e_library import Library, assert_refused, new_library
from town import PEOPLE_FILE

from cprsync.mock import control
from cprsync.mock.certs import load_key, make_authority, packaged_profile
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("bad certificates")

NOW = datetime.now(UTC)
MONTH = timedelta(days=30)
SMALL = packaged_profile().with_key_bits(2048)
#: of an authority that has nothing to do with ours, not even the names
ANOTHERS = replace(
    SMALL,
    root=replace(SMALL.root, common_name="another invented root CA"),
    issuing=replace(SMALL.issuing, common_name="another invented issuing CA"),
)
VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
#: Looking for the end of a test, in seconds.
TICK = 0.05


@dataclass(frozen=True)
class Scene:
    """A mock, a library that knows it, and certificates by name."""

    folder: Path
    library: Library
    port: int

    @property
    def certificates(self) -> Path:
        return self.folder / "mock" / "certs"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("certificates")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE) as ready:
        library = new_library(folder / "library", folder / "mock", ["ANNA", "HELLE"])
        port = int(str(ready["lookup_url"]).split(":")[2].split("/")[0])
        scene = Scene(folder, library, port)
        _issue(scene)
        yield scene


def _issue(scene: Scene) -> None:
    folder = scene.certificates
    ours = replace(make_authority(folder, profile=packaged_profile(), now=NOW), profile=SMALL)
    rogue = make_authority(scene.folder / "rogue", profile=ANOTHERS, now=NOW)
    for name, identity in {
        "client-expired": ours.issue_client(valid_from=NOW - 2 * MONTH, days=30),
        "client-early": ours.issue_client(valid_from=NOW + MONTH),
        "client-rogue": rogue.issue_client(valid_from=NOW - MONTH),
        "server-expired": ours.issue_server(valid_from=NOW - 2 * MONTH, days=30),
        "server-early": ours.issue_server(valid_from=NOW + MONTH),
        "server-elsewhere": ours.issue_server(valid_from=NOW - MONTH, hosts=["elsewhere.test"]),
        "server-rogue": rogue.issue_server(valid_from=NOW - MONTH),
    }.items():
        identity.write(folder, name)


@pytest.fixture
def library(scene: Scene, tmp_path: Path) -> Library:
    return scene.library.copy(tmp_path / "library")


@contextmanager
def counterpart(scene: Scene, name: str, version: ssl.TLSVersion) -> Iterator[int]:
    """A server that speaks one version of TLS and demands a certificate of the mock's issuer; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(scene.certificates / "ca.pem")
    context.load_cert_chain(scene.certificates / f"{name}.pem", scene.certificates / f"{name}.key")
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TICK)
        thread = threading.Thread(target=_accept, args=(listener, context, over), daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            over.set()
            thread.join(10)


def _accept(listener: socket.socket, context: ssl.SSLContext, over: threading.Event) -> None:
    while not over.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        connection.settimeout(5)
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1024)
        except OSError:
            connection.close()


def assert_stopped(library: Library, *, kind: str, says: str, advises: str) -> None:
    before = library.records()
    assert_refused(library.run("sync"), code=2, kind=kind, says=says, advises=advises)
    assert library.records() == before


# -- ours ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("client-gone", "certificate.ours.missing", "is missing"),
        ("client-expired", "certificate.ours.expired", "our own certificate has expired"),
        ("client-early", "certificate.ours.not_yet_valid", "our own certificate is not valid before"),
    ],
)
def test_a_wrong_certificate_of_ours_is_found_before_anything_is_sent(
    name: str, kind: str, says: str, library: Library
) -> None:
    everything = library.rows()
    library.rewrite("cprsync.toml", "/client.pem", f"/{name}.pem")
    library.rewrite("cprsync.toml", "/client.key", f"/{name}.key")
    assert_stopped(library, kind=kind, says=says, advises="certs/README.md")
    assert library.rows() == everything


def test_the_mock_lets_nobody_in_with_a_certificate_of_another_issuer(scene: Scene, library: Library) -> None:
    """It may say why, or hang up before its reason has arrived."""
    library.rewrite("cprsync.toml", "/client.", "/client-rogue.")
    before = library.records()
    ran = library.run("sync")
    kind = "certificate.refused.silent" if "silent" in ran.error["kind"] else "certificate.refused"
    assert_refused(ran, code=2, kind=kind, says="know", advises="registered to your system")
    assert library.records() == before
    assert control.state(scene.folder / "mock")["calls"] == []


@VERSIONS
def test_a_counterpart_refuses_a_certificate_of_another_issuer(
    version: ssl.TLSVersion, scene: Scene, library: Library
) -> None:
    library.rewrite("cprsync.toml", "/client.", "/client-rogue.")
    with counterpart(scene, "server", version) as port:
        library.rewrite("cprsync.toml", f"localhost:{scene.port}", f"localhost:{port}")
        says = f"localhost:{port} refuses our certificate: it does not know the issuer"
        assert_stopped(library, kind="certificate.refused", says=says, advises="registered to your system")


def test_production_takes_no_certificate_for_test(scene: Scene, library: Library) -> None:
    """The mock's own: another company's number would be said too, were it not for the issuer."""
    everything = library.rows()
    library.rewrite("cprsync.toml", 'environment = "test"', 'environment = "production"')
    text = (library.folder / "cprsync.toml").read_text(encoding="utf-8")
    (library.folder / "cprsync.toml").write_text(text.partition("\n[test]")[0], encoding="utf-8")
    says = "our own certificate is a test certificate"
    assert_stopped(library, kind="certificate.ours.test", says=says, advises='environment = "test"')
    assert library.rows() == everything
    checked = library.run("certs", "check")
    assert checked.exit == 2
    [ours, *_] = checked.document["certificates"]
    assert says.replace("our own certificate", "it") in ours["problem"]
    assert "testcertifikat" in ours["problem_da"]
    assert control.state(scene.folder / "mock")["calls"] == []


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_a_revoked_certificate_stops_the_night(whose: str, scene: Scene, library: Library) -> None:
    name, kind = ("client", "ours") if whose == "ours" else ("server", "theirs")
    [serial] = [
        one.serial_number
        for one in x509.load_pem_x509_certificates((scene.certificates / f"{name}.pem").read_bytes())[:1]
    ]
    before = library.records()
    library.rewrite("cprsync.toml", "shared = false", 'crl = ["issuing.crl"]\nshared = false')
    _write_list(scene, library.folder / "issuing.crl", [])
    assert library.run("sync").exit in {0, 4}
    assert library.records() != before
    _write_list(scene, library.folder / "issuing.crl", [serial])
    assert_stopped(library, kind=f"certificate.{kind}.revoked", says="has been revoked", advises="")


def _write_list(scene: Scene, path: Path, serials: list[int]) -> None:
    """A list of revoked certificates, signed by the mock's issuing CA."""
    key = load_key(scene.certificates / "issuing.key")
    _, issuing = x509.load_pem_x509_certificates((scene.certificates / "ca.pem").read_bytes())
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuing.subject)
    builder = builder.last_update(NOW - MONTH).next_update(NOW + MONTH)
    for serial in serials:
        one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - MONTH).build()
        builder = builder.add_revoked_certificate(one)
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))


# -- theirs ----------------------------------------------------------------------------------------------


@VERSIONS
@pytest.mark.parametrize(
    ("name", "kind", "says", "advises"),
    [
        ("server-expired", "expired", "has expired", "timedatectl"),
        ("server-early", "not_yet_valid", "is not yet valid", "timedatectl"),
        ("server-elsewhere", "host", "does not name this host", "address in [library.register]"),
        ("server-rogue", "untrusted", "does not come from an issuer that we trust", "`ca` file of [library.register]"),
    ],
)
def test_a_wrong_certificate_of_theirs_is_theirs(  # noqa: PLR0913, PLR0917 -- a table
    name: str, kind: str, says: str, advises: str, version: ssl.TLSVersion, scene: Scene, library: Library
) -> None:
    with counterpart(scene, name, version) as port:
        library.rewrite("cprsync.toml", f"localhost:{scene.port}", f"localhost:{port}")
        message = f"the certificate of localhost:{port} {says}"
        assert_stopped(library, kind=f"certificate.theirs.{kind}", says=message, advises=advises)


def test_an_issuer_that_we_do_not_know_is_not_trusted(scene: Scene, library: Library) -> None:
    """The `ca` file holds another issuer of the same names: whoever set this up took the wrong file."""
    library.rewrite("cprsync.toml", str(scene.certificates / "ca.pem"), str(scene.folder / "rogue" / "ca.pem"))
    assert_stopped(
        library, kind="certificate.theirs.untrusted", says="does not come from an issuer", advises="`ca` file"
    )
