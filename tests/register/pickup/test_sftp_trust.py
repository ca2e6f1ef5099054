"""Who talks to whom over SFTP: a pinned host key, our own key, nothing else of the machine's, and clear refusals."""

from __future__ import annotations

import logging
import socket
from dataclasses import fields
from typing import TYPE_CHECKING

import asyncssh
import pytest
from sftp_server import NAME, Server, fetched

from cprsync.errors import (
    CertificateRefused,
    ConfigurationError,
    CprsyncError,
    PeerCertificateError,
    RegisterUnavailable,
)

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

pytestmark = pytest.mark.xdist_group("mock")


def refusal(server: Server, **changed: Any) -> CprsyncError:
    """What a feed with these settings raises; nothing of the server's folder has changed then."""
    server.put(b"0001")
    before = server.names()
    with pytest.raises(CprsyncError) as refused:
        server.feed(after="delete", **changed).waiting()
    assert server.names() == before
    return refused.value


def new_key(path: Path, algorithm: str = "ssh-ed25519") -> asyncssh.SSHKey:
    key = asyncssh.generate_private_key(algorithm)
    path.touch(mode=0o600)
    key.write_private_key(str(path))
    return key


def known(server: Server, path: Path, key: asyncssh.SSHKey, *, host: str | None = None) -> Path:
    port = server.settings.port
    path.write_text(f"{host or f'[127.0.0.1]:{port}'} {key.export_public_key().decode()}", encoding="ascii")
    return path


@pytest.mark.parametrize("algorithm", ["ssh-rsa", "ssh-ed25519"])
def test_a_server_with_another_host_key_is_refused(server: Server, tmp_path: Path, algorithm: str) -> None:
    """Of the same kind, and of a kind that the server does not have."""
    key = new_key(tmp_path / "other", algorithm)
    error = refusal(server, known_hosts=known(server, tmp_path / "known_hosts", key))
    assert (type(error), error.kind) == (PeerCertificateError, "sftp.host_key")
    assert key.export_public_key().decode().split()[1] not in str(error)
    assert server.slept == []


@pytest.mark.parametrize("of_another_host", [False, True])
def test_an_unknown_server_is_not_trusted_at_first_sight(
    server: Server, tmp_path: Path, *, of_another_host: bool
) -> None:
    """Not even one whose key is that of a known server."""
    path = tmp_path / "known_hosts"
    path.touch()
    if of_another_host:
        known(
            server, path, asyncssh.read_private_key(str(server.folder.parent / "sftp" / "host_key")), host="elsewhere"
        )
    before = path.read_bytes()
    assert refusal(server, known_hosts=path).kind == "sftp.host_key"
    assert path.read_bytes() == before


def test_a_key_that_the_server_does_not_know_is_refused(server: Server, tmp_path: Path) -> None:
    new_key(tmp_path / "key", "ssh-rsa")
    error = refusal(server, key=tmp_path / "key")
    assert (type(error), error.kind) == (CertificateRefused, "sftp.refused")
    assert server.slept == [], "another try is no use"


def test_another_user_is_refused(server: Server) -> None:
    assert refusal(server, user="another").kind == "sftp.refused"


def test_a_key_that_is_refused_for_now_is_accepted_later(server: Server) -> None:
    server.fault("sftp-refuse")
    assert refusal(server).kind == "sftp.refused"
    assert fetched(server.feed()) == {NAME: b"0001"}


def test_no_key_of_an_agent_or_of_the_users_own_is_offered(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The right key lies where ssh itself would look for it; the one that is set is a wrong one."""
    home = tmp_path / "home" / ".ssh"
    home.mkdir(parents=True)
    right = server.settings.key.read_bytes()
    for name in ("id_rsa", "id_ed25519"):
        (home / name).write_bytes(right)
        (home / name).chmod(0o600)
    (home / "config").write_text(f"Host *\n  IdentityFile {home / 'id_rsa'}\n", encoding="ascii")
    monkeypatch.setenv("HOME", str(home.parent))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "no-agent"))
    new_key(tmp_path / "key", "ssh-rsa")
    assert refusal(server, key=tmp_path / "key").kind == "sftp.refused"
    (home / "config").write_text("Host *\n  Port 1\n  HostName nowhere.test\n", encoding="ascii")
    assert fetched(server.feed()) == {NAME: b"0001"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_not_used(server: Server, tmp_path: Path, mode: int) -> None:
    new_key(tmp_path / "key").write_private_key(str(tmp_path / "key"))
    (tmp_path / "key").chmod(mode)
    error = refusal(server, key=tmp_path / "key")
    assert (type(error), error.kind) == (ConfigurationError, "file.private")
    assert f"chmod 600 {tmp_path / 'key'}" in error.message


def test_a_key_file_that_is_no_key_or_has_a_passphrase_is_named(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert "cannot be read" in refusal(server, key=path).message
    path.touch(mode=0o600)
    assert "not a private SSH key" in refusal(server, key=path).message
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(path), "pkcs8-pem", "secret")
    assert "passphrase" in refusal(server, key=path).message


def test_a_missing_known_hosts_file_is_named(server: Server, tmp_path: Path) -> None:
    error = refusal(server, known_hosts=tmp_path / "known_hosts")
    assert (type(error), error.kind) == (ConfigurationError, "sftp.known_hosts")


@pytest.mark.parametrize("folder", ["NOWHERE", "IN/deeper", f"IN/{NAME}"])
def test_a_folder_that_cannot_be_listed_is_a_wrong_setting(server: Server, folder: str) -> None:
    error = refusal(server, folder=folder)
    assert (type(error), error.kind) == (ConfigurationError, "sftp.folder")


def test_a_server_that_is_not_there_is_tried_a_few_times(server: Server) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        error = refusal(server, port=bound.getsockname()[1], reconnects=2)
    assert (type(error), error.kind) == (RegisterUnavailable, "sftp.unreachable")
    assert server.slept == [1.0, 2.0]


def test_a_server_that_says_nothing_is_not_waited_for_long(server: Server) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        error = refusal(server, port=silent.getsockname()[1], reconnects=0, connect_seconds=0.2)
    assert error.kind == "sftp.unreachable"


def test_every_wait_size_and_retry_has_a_ceiling(server: Server) -> None:
    ceilings = {field.name: field.default for field in fields(server.settings)}
    assert ceilings["connect_seconds"] == 15.0
    assert ceilings["stall_seconds"] == 60.0
    assert (ceilings["floor_bytes_per_second"], ceilings["floor_seconds"]) == (1024, 60.0)
    assert ceilings["total_seconds"] == 3600.0
    assert ceilings["file_max_bytes"] == 2 * 1024**3
    assert ceilings["entries_max"] == 10_000


def test_no_content_is_logged_whatever_the_level(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    secret = b"0010101011234ENEST" * 10
    server.put(secret)
    with caplog.at_level(logging.DEBUG):
        assert fetched(server.feed()) == {NAME: secret}
    assert "asyncssh" in {record.name for record in caplog.records}
    assert secret[:10].decode() not in caplog.text
    assert secret[:10].hex() not in caplog.text
