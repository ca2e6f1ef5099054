"""What the tests of the SOAP side share: certificates made once, settings, and a client that waits for nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import responses
from cryptography.hazmat.primitives import serialization
from register_pki import ANOTHERS, MONTH, NOW, SMALL, Pki
from sftp_server import Server
from town import PEOPLE_FILE

from cprsync.mock.certs import Authority, DevCertificates, develop_certificates, make_authority
from cprsync.mock.server import running
from cprsync.register.settings import RegisterSettings
from cprsync.register.soap.client import SoapRegister
from cprsync.resources import Schemas, compile_schemas
from cprsync.wire.calls import CallSurroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cprsync.mock.certs import IssuedIdentity


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    return compile_schemas()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> DevCertificates:
    return develop_certificates(tmp_path_factory.mktemp("pki") / "dev", now=NOW, profile=SMALL)


@pytest.fixture(scope="session")
def authority(certificates: DevCertificates) -> Authority:
    return make_authority(certificates.ca.parent, profile=SMALL, now=NOW)


@pytest.fixture(scope="session")
def settings(certificates: DevCertificates) -> RegisterSettings:
    return RegisterSettings(
        lookup_url="https://register.test/lookup",
        subscription_url="https://register.test/subscription",
        ca=certificates.ca,
        client_cert=certificates.client,
        client_key=certificates.client_key,
        service_agreement="aaaaaaaa-1111-2222-3333-444444444444",
        user_system="bbbbbbbb-1111-2222-3333-444444444444",
        user="cccccccc-1111-2222-3333-444444444444",
        cvr="12345678",
    )


@pytest.fixture
def make_register(settings: RegisterSettings, schemas: Schemas) -> Iterator[Callable[..., SoapRegister]]:
    """A client with some settings changed. It never sleeps."""
    made: list[SoapRegister] = []

    def make(**changed: object) -> SoapRegister:
        clocks = {
            name: changed.pop(name) for name in ("sleep", "now", "log", "monotonic", "patience") if name in changed
        }
        options = {"sleep": lambda _: None, **clocks}
        around = CallSurroundings(**options)  # type: ignore[arg-type]
        made.append(SoapRegister(replace(settings, **changed), schemas=schemas, surroundings=around))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for register in made:
        register.close()


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture(scope="session")
def rogue(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The same names, another key."""
    return make_authority(tmp_path_factory.mktemp("pki") / "rogue", profile=ANOTHERS, now=NOW)


@pytest.fixture(scope="session")
def pki(certificates: DevCertificates, authority: Authority, rogue: Authority) -> Pki:
    folder = certificates.ca.parent
    wanted: dict[str, IssuedIdentity] = {
        "client-expired": authority.issue_client(valid_from=NOW - 2 * MONTH, days=30),
        "client-early": authority.issue_client(valid_from=NOW + MONTH),
        "client-rogue": rogue.issue_client(valid_from=NOW - MONTH),
        "server-expired": authority.issue_server(valid_from=NOW - 2 * MONTH, days=30),
        "server-early": authority.issue_server(valid_from=NOW + MONTH),
        "server-elsewhere": authority.issue_server(valid_from=NOW - MONTH, hosts=["elsewhere.test"]),
        "server-rogue": rogue.issue_server(valid_from=NOW - MONTH),
    }
    for name, identity in wanted.items():
        identity.write(folder, name)
    # Alone: its issuer was not yet valid then, and the counterpart has the issuer anyway.
    leaf = wanted["client-expired"].certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "client-expired.pem").write_bytes(leaf)
    (folder / "rogue-ca.pem").write_bytes(rogue.trust_pem)
    return Pki(folder)


@pytest.fixture(scope="session")
def sftp_mock(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[dict[str, Any]]:
    folder = shutil.copytree(mock_keys, tmp_path_factory.mktemp("sftp") / "mock")
    with running(folder, PEOPLE_FILE) as ready:
        yield ready


@pytest.fixture
def server(sftp_mock: dict[str, Any]) -> Iterator[Server]:
    """The server with an empty folder; what a test opens is closed, and each fault it asks for has happened."""
    folder = Path(sftp_mock["sftp"]["key"]).parent.parent / "IN"
    server = Server(sftp_mock, folder)
    yield server
    for feed in server.feeds:
        feed.close()
    for path in folder.iterdir():
        path.unlink()
    assert server.faults() == []
