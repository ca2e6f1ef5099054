"""The desk's own certificate, and a stop that hangs: both without the pages."""

from __future__ import annotations

import errno
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from structlog.testing import capture_logs

from cprsync.errors import ConfigurationError, Exit, port_refused
from cprsync.register.own_certificate import desk_certificate
from cprsync.web import serving
from cprsync.web.serving import Certificate, listen, make_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 20
PLAIN = NoEncryption()
NOW = datetime.now(UTC)


def write(
    folder: Path, *, days: int = 30, encryption: KeySerializationEncryption = PLAIN, is_rsa: bool = False
) -> Certificate:
    """A new certificate in the same files."""
    key = rsa.generate_private_key(65537, 2048) if is_rsa else ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=days, hours=1))
    (folder / "desk.pem").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    (folder / "desk.key").touch(mode=0o600)
    (folder / "desk.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return Certificate(folder / "desk.pem", folder / "desk.key")


@contextmanager
def served(certificate: Certificate) -> Iterator[int]:
    """The port of a server without a page."""
    listener = listen(0)
    server = make_server(Starlette(), certificate)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + _SECONDS
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(_SECONDS)
        listener.close()


def shown_by(port: int) -> bytes | None:
    """The certificate that a browser sees."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as plain,
        context.wrap_socket(plain) as secured,
    ):
        return secured.getpeercert(binary_form=True)


def test_a_browser_that_never_agrees_on_tls_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_HANDSHAKE_SECONDS", 0.3)
    with served(write(tmp_path)) as port, socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as mute:
        assert mute.recv(1) == b""
        assert shown_by(port) is not None


def test_a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_TICKS_BETWEEN_LOOKS", 1)
    with capture_logs() as events, served(write(tmp_path)) as port:
        first = shown_by(port)
        write(tmp_path)
        second = wait_for_another(port, first)
        assert second != first
        # in one step: the server may look at any moment, also between two files and while one is written
        refused = names_of(events).count("web.certificate.refused")
        (tmp_path / "half").write_text("half of a certif")
        (tmp_path / "half").replace(tmp_path / "desk.pem")
        until = time.monotonic() + _SECONDS
        while names_of(events).count("web.certificate.refused") == refused and time.monotonic() < until:
            time.sleep(0.05)
        assert shown_by(port) == second

    # the browser that looked last has not had it refused once more
    assert names_of(events).count("web.certificate.refused") == refused + 1


def names_of(events: list[Any]) -> list[str]:
    return [event["event"] for event in events]


def test_the_next_browser_sees_a_renewed_certificate_and_half_of_a_swap_changes_nothing(tmp_path: Path) -> None:
    """A tool writes the two files one after the other: between them they do not fit."""
    new = tmp_path / "new"
    new.mkdir()
    with served(write(tmp_path)) as port:
        first = shown_by(port)
        renewed = write(new)
        renewed.chain.replace(tmp_path / "desk.pem")
        assert shown_by(port) == first
        renewed.key.replace(tmp_path / "desk.key")
        assert shown_by(port) == ssl.PEM_cert_to_DER_cert((tmp_path / "desk.pem").read_text())
        assert shown_by(port) != first


@pytest.mark.parametrize("was_rsa", [False, True])
def test_a_renewal_with_another_kind_of_key_leaves_nothing_of_the_old_one(tmp_path: Path, *, was_rsa: bool) -> None:
    """A context holds a certificate for each kind of key, and would go on showing the old one to some browsers."""
    with served(write(tmp_path, is_rsa=was_rsa)) as port:
        first = shown_by(port)
        write(tmp_path, is_rsa=not was_rsa)
        assert shown_by(port) not in {first, None}


def wait_for_another(port: int, first: bytes | None) -> bytes | None:
    until = time.monotonic() + _SECONDS
    while (shown := shown_by(port)) == first and time.monotonic() < until:
        time.sleep(0.05)
    return shown


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    """A service has no terminal: it would wait for ever."""
    with pytest.raises(ConfigurationError, match="has a password"):
        make_server(Starlette(), write(tmp_path, encryption=BestAvailableEncryption(b"secret")))


def test_a_key_that_others_may_read_is_refused_as_every_other_secret_is(tmp_path: Path) -> None:
    certificate = write(tmp_path)
    certificate.key.chmod(0o644)
    with pytest.raises(ConfigurationError, match="others may read it") as refused:
        make_server(Starlette(), certificate)
    assert refused.value.kind == "file.private"


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    certificate, other = write(tmp_path), tmp_path / "other"
    other.mkdir()
    with pytest.raises(ConfigurationError, match="do not belong together"):
        make_server(Starlette(), Certificate(certificate.chain, write(other).key))


@pytest.mark.parametrize(
    ("days", "level", "step"),
    [(30, "ok", None), (14, "warn", 14), (7, "warn", 7), (3, "critical", 3), (-1, "critical", 3)],
)
def test_the_desks_certificate_raises_an_alarm_before_it_ends(
    tmp_path: Path, days: int, level: str, step: int | None
) -> None:
    line = desk_certificate(write(tmp_path, days=days).chain, NOW)
    assert (line["whose"], line["level"], line["step"]) == ("desk", level, step)


def test_a_certificate_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert desk_certificate(tmp_path / "none.pem", NOW)["level"] == "critical"


# -- a stop that hangs -------------------------------------------------------------------------------------

HANGS = """
import sys, threading, time
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from cprsync.web import serving

def hang(request):
    print("hangs", flush=True)
    threading.Event().wait(60)
    return Response()

serving._LEAVE_SECONDS, serving._STOP_SECONDS = 1.0, 0.2
listener = serving.listen(0)
port = listener.getsockname()[1]
server = serving.make_server(Starlette(routes=[Route("/", hang)]), None, lambda: print(port, flush=True))
server.run(sockets=[listener])
"""


def test_a_thread_that_hangs_holds_up_no_stop() -> None:
    """A register or a database that never answers keeps its thread, which Python waits for at the end."""
    with subprocess.Popen([sys.executable, "-c", HANGS], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as asks:
            asks.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert process.stdout.readline() == "hangs\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(_SECONDS) == Exit.PART


def test_a_host_that_is_not_this_machines_is_not_said_to_be_another_programs_port() -> None:
    for host in ("192.0.2.1", "no-such-host.invalid"):
        with pytest.raises(ConfigurationError) as refused:
            listen(0, host=host)
        assert refused.value.kind == "port.address"
    with listen(0) as held, pytest.raises(ConfigurationError) as refused:
        listen(held.getsockname()[1])
    assert refused.value.kind == "port"
    assert port_refused(443, PermissionError(errno.EACCES, "Permission denied")).kind == "port.low"
