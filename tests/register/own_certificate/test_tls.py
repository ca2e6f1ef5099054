"""Mutual TLS: whose certificate is at fault is said, and nothing but our own trust counts.

Certificates are really expired and really not yet valid: OpenSSL reads the clock itself.
"""

from __future__ import annotations

import socket
import ssl
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from register_pki import MONTH, NOW, Pki
from soap_bodies import anna, envelope
from tls_servers import asynchronous, hanging_up, http, threaded
from town import number

from cprsync.domain.person.number import CprNumber
from cprsync.errors import CertificateError, CertificateRefused, CprsyncError, PeerCertificateError, RegisterUnavailable
from cprsync.services.ports.register import Found
from cprsync.wire.channel import Channel
from cprsync.wire.errors import OursRefused, PeerUntrusted
from cprsync.wire.limits import AnswerLimits, CallLimits, Patience
from cprsync.wire.tls import build_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cprsync.mock.certs import Authority
    from cprsync.register.soap.client import SoapRegister

WHO = CprNumber(number("ANNA"))
ANSWER = http(envelope(anna(WHO.digits)).encode())
VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])


def as_client(pki: Pki, name: str) -> dict[str, Path]:
    chain, key = pki[name]
    return {"client_cert": chain, "client_key": key}


# -- it works ---------------------------------------------------------------------------------------------


@VERSIONS
def test_a_look_up_goes_through(version: ssl.TLSVersion, pki: Pki, make_register: Callable[..., SoapRegister]) -> None:
    with threaded(pki.context("server", version), lambda _: ANSWER) as server:
        assert make_register(lookup_url=server.url).look_up(WHO).number == WHO


@pytest.mark.parametrize("password", [None, b"open sesame"])
def test_a_p12_does_as_well(
    password: bytes | None,
    pki: Pki,
    authority: Authority,
    tmp_path: Path,
    make_register: Callable[..., SoapRegister],
) -> None:
    ours = authority.issue_client(valid_from=NOW - MONTH)
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    bundle = pkcs12.serialize_key_and_certificates(
        b"x", ours.key, ours.certificate, [ours.issuer, authority.root], lock
    )
    for name in ("our.p12", "password"):
        (tmp_path / name).touch(mode=0o600)
    (tmp_path / "our.p12").write_bytes(bundle)
    (tmp_path / "password").write_bytes((password or b"") + b"\n")
    before = sorted(tmp_path.rglob("*"))
    changed = {
        "client_cert": None,
        "client_key": None,
        "p12": tmp_path / "our.p12",
        "p12_password_file": tmp_path / "password" if password else None,
    }
    with threaded(pki.context("server", ssl.TLSVersion.TLSv1_3), lambda _: ANSWER) as server:
        assert make_register(lookup_url=server.url, **changed).look_up(WHO).number == WHO
    assert sorted(tmp_path.rglob("*")) == before


@VERSIONS
def test_connections_are_kept(version: ssl.TLSVersion, pki: Pki, make_register: Callable[..., SoapRegister]) -> None:
    with threaded(pki.context("server", version), lambda _: ANSWER) as server:
        register = make_register(lookup_url=server.url, workers=2)
        for _ in range(5):
            register.look_up(WHO)
        assert (server.connections, len(server.requests)) == (1, 5)
        assert all(isinstance(answer, Found) for answer in register.look_up_many([WHO] * 12))
        assert server.connections <= 2


# -- ours is at fault -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [("client-expired", "expired", "has expired: "), ("client-early", "not_yet_valid", "is not valid before ")],
)
def test_our_own_certificate_out_of_date_is_said_before_anything_is_sent(
    name: str, kind: str, says: str, pki: Pki, make_register: Callable[..., SoapRegister]
) -> None:
    with threaded(pki.context("server", ssl.TLSVersion.TLSv1_3), lambda _: ANSWER) as server:
        with pytest.raises(CertificateError) as refused:
            make_register(lookup_url=server.url, **as_client(pki, name))
        assert (server.connections, server.requests) == (0, [])
    assert refused.value.kind == f"certificate.ours.{kind}"
    assert "our own certificate" in str(refused.value)
    assert says in str(refused.value)
    assert " CET" in str(refused.value)


def test_a_certificate_that_expires_while_the_client_is_open_is_noticed(
    pki: Pki, make_register: Callable[..., SoapRegister]
) -> None:
    at = NOW
    with threaded(pki.context("server", ssl.TLSVersion.TLSv1_3), lambda _: ANSWER) as server:
        register = make_register(lookup_url=server.url, now=lambda: at)
        register.look_up(WHO)
        at += timedelta(days=4000)
        with pytest.raises(CertificateError):
            register.look_up(WHO)
        assert len(server.requests) == 1


ALERTS = {
    "client-expired": "expired",
    "client-early": "bad|not yet valid|certificate",
    "client-rogue": "does not know the issuer|cannot verify",
}


@VERSIONS
@pytest.mark.parametrize("name", ["client-expired", "client-early", "client-rogue"])
def test_a_refusal_of_our_certificate_with_an_alert_says_why(
    name: str, version: ssl.TLSVersion, pki: Pki, make_register: Callable[..., SoapRegister]
) -> None:
    """The dates are hidden from our own check, so that the counterpart is the one to judge."""
    in_date = {"client-expired": NOW - MONTH - timedelta(days=1), "client-early": NOW + 2 * MONTH}.get(name, NOW)
    with threaded(pki.context("server", version), lambda _: ANSWER) as server:
        register = make_register(lookup_url=server.url, now=lambda: in_date, **as_client(pki, name))
        with pytest.raises(CertificateRefused, match=ALERTS[name]) as refused:
            register.look_up(WHO)
        assert server.requests == []
    assert refused.value.kind == "certificate.refused"
    assert "refuses our certificate" in str(refused.value)
    assert f"localhost:{server.port}" in str(refused.value)


@VERSIONS
def test_no_certificate_at_all_is_refused_and_said(version: ssl.TLSVersion, pki: Pki) -> None:
    channel = Channel(build_context(pki.folder / "ca.pem", None), connections=1, connect_seconds=5, patience=Patience())
    with (
        threaded(pki.context("server", version), lambda _: ANSWER) as server,
        pytest.raises(OursRefused, match="it got none"),
        channel.deadline(server.url, 5),
    ):
        channel.post(server.url, b"<x/>", {})
    channel.close()
    assert server.requests == []


@VERSIONS
def test_a_counterpart_that_hangs_up_without_a_word_is_understood(
    version: ssl.TLSVersion, pki: Pki, make_register: Callable[..., SoapRegister]
) -> None:
    """Asyncio's server sends no alert: SSLEOFError on 1.2, a closed connection on 1.3."""
    waits: list[float] = []
    with asynchronous(pki.context("server", version), ANSWER) as server:
        register = make_register(lookup_url=server.url, sleep=waits.append, **as_client(pki, "client-rogue"))
        with pytest.raises(CertificateRefused) as refused:
            register.look_up(WHO)
    assert refused.value.kind == "certificate.refused.silent"
    assert "at the certificate step" in str(refused.value)
    assert len(waits) == 2


@pytest.mark.parametrize("reads", [True, False], ids=["after our first words", "at once"])
def test_a_counterpart_that_hangs_up_before_its_first_word_is_away_and_no_question_of_certificates(
    reads: bool, pki: Pki, make_register: Callable[..., SoapRegister]
) -> None:
    """It has seen no certificate of ours by then: a service behind a load balancer that is down does so."""
    with hanging_up(reads=reads) as server:
        register = make_register(lookup_url=server.url, sleep=lambda _: None, **as_client(pki, "client"))
        with pytest.raises(RegisterUnavailable) as away:
            register.look_up(WHO)
    assert away.value.kind == "register.closed"
    assert server.connections == 3


def test_a_clock_is_compared_with_the_services_and_not_if_it_does_not_answer(
    pki: Pki, make_register: Callable[..., SoapRegister]
) -> None:
    date = format_datetime(NOW + timedelta(minutes=6), usegmt=True)
    dated = http(b"", headers=f"Date: {date}\r\n".encode())
    with threaded(pki.context("server", ssl.TLSVersion.TLSv1_3), lambda _: dated) as server:
        register = make_register(lookup_url=server.url, now=lambda: NOW, **as_client(pki, "client"))
        # the header has whole seconds
        assert 359 <= (register.measure_offset() or 0) <= 360
    with pytest.raises(CprsyncError):
        register.measure_offset()


@VERSIONS
def test_a_counterpart_that_answered_before_is_not_suspected_of_refusing_our_certificate(
    version: ssl.TLSVersion, pki: Pki, make_register: Callable[..., SoapRegister]
) -> None:
    answers = iter([ANSWER])
    with threaded(pki.context("server", version), lambda _: next(answers, b"")) as server:
        register = make_register(lookup_url=server.url, limits=CallLimits(tries=1), lookup_answer=_within(0.5))
        register.look_up(WHO)
        with pytest.raises(RegisterUnavailable) as gone:
            register.look_up(WHO)
    assert type(gone.value) is RegisterUnavailable


def test_a_refused_certificate_ends_a_whole_round_at_once(pki: Pki, make_register: Callable[..., SoapRegister]) -> None:
    with threaded(pki.context("server", ssl.TLSVersion.TLSv1_3), lambda _: ANSWER) as server:
        register = make_register(lookup_url=server.url, workers=1, **as_client(pki, "client-rogue"))
        answers = list(register.look_up_many([WHO] * 50))
    assert {answer.error.kind for answer in answers} == {"certificate.refused"}  # type: ignore[union-attr]  # all are NotFound
    assert len(answers) == 50


# -- theirs is at fault -----------------------------------------------------------------------------------

THEIRS = {
    "server-expired": ("certificate.theirs.expired", "has expired"),
    "server-early": ("certificate.theirs.not_yet_valid", "is not yet valid"),
    "server-elsewhere": ("certificate.theirs.host", "does not name this host"),
    "server-rogue": ("certificate.theirs.untrusted", "issuer that we trust"),
}


@VERSIONS
@pytest.mark.parametrize("name", THEIRS)
def test_a_counterpart_with_a_bad_certificate_is_sent_nothing(
    name: str, version: ssl.TLSVersion, pki: Pki, make_register: Callable[..., SoapRegister]
) -> None:
    kind, says = THEIRS[name]
    waits: list[float] = []
    with threaded(pki.context(name, version), lambda _: ANSWER) as server:
        with pytest.raises(PeerCertificateError) as refused:
            make_register(lookup_url=server.url, sleep=waits.append).look_up(WHO)
        assert server.requests == []
    assert refused.value.kind == kind
    assert f"the certificate of localhost:{server.port}" in str(refused.value)
    assert says in str(refused.value)
    assert waits == []


def test_the_environment_cannot_change_whom_we_trust(
    pki: Pki, make_register: Callable[..., SoapRegister], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(pki.folder / "rogue-ca.pem"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", str(pki.folder / "netrc"))
    (pki.folder / "netrc").write_text("machine localhost login someone password else\n")
    monkeypatch.setenv("SSLKEYLOGFILE", str(pki.folder / "keys.log"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with threaded(pki.context("server", ssl.TLSVersion.TLSv1_3), lambda _: ANSWER) as server:
        assert make_register(lookup_url=server.url).look_up(WHO).number == WHO
        assert b"authorization" not in server.requests[0].lower()
    assert not (pki.folder / "keys.log").exists()
    with threaded(pki.context("server-rogue", ssl.TLSVersion.TLSv1_3), lambda _: ANSWER) as server:
        with pytest.raises(PeerCertificateError):
            make_register(lookup_url=server.url).look_up(WHO)
        assert server.requests == []


def test_no_setting_of_a_session_loosens_the_check(pki: Pki) -> None:
    context = build_context(pki.folder / "ca.pem", None)
    channel = Channel(context, connections=1, connect_seconds=5, patience=Patience())
    channel._session.verify = False
    with threaded(pki.context("server-rogue", ssl.TLSVersion.TLSv1_3), lambda _: ANSWER) as server:
        with pytest.raises(PeerUntrusted), channel.deadline(server.url, 5):
            channel.post(server.url, b"<x/>", {})
        assert server.requests == []
    channel.close()


# -- time and the line ------------------------------------------------------------------------------------


def _within(seconds: float) -> AnswerLimits:
    return AnswerLimits(max_bytes=10**6, max_elements=1000, seconds=seconds)


DRIPPED = {
    "in its headers": b"HTTP/1.1 200 OK\r\nX-Pad: " + b"x" * 60_000,
    "in its body": b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n" + b" " * 60_000,
    "in its chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 10_000,
}


@pytest.mark.parametrize("answer", DRIPPED.values(), ids=DRIPPED.keys())
def test_an_answer_that_drips_is_given_up_at_the_deadline(
    answer: bytes, pki: Pki, make_register: Callable[..., SoapRegister]
) -> None:
    """Each byte comes soon after the last: only the whole is late. The server would go on for 20 minutes."""
    with threaded(pki.context("server", ssl.TLSVersion.TLSv1_3), lambda _: answer, drip=True) as server:
        register = make_register(lookup_url=server.url, limits=CallLimits(tries=1), lookup_answer=_within(0.7))
        with pytest.raises(RegisterUnavailable) as late:
            register.look_up(WHO)
    assert late.value.kind == "register.timeout"


def test_an_answer_that_breaks_off_is_the_lines_fault(pki: Pki, make_register: Callable[..., SoapRegister]) -> None:
    halves = iter([ANSWER[:-200]])

    def half(_: bytes) -> bytes:
        return next(halves)  # the second request ends the connection's thread

    with threaded(pki.context("server", ssl.TLSVersion.TLSv1_3), half) as server:
        register = make_register(lookup_url=server.url, limits=CallLimits(tries=1), lookup_answer=_within(0.7))
        with pytest.raises(RegisterUnavailable):
            register.look_up(WHO)


BROKEN = {
    "a chunk of less than nothing": b"Transfer-Encoding: chunked\r\n\r\n-5\r\n" + b" " * 100,
    "a chunk without end of its length": b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 200_000,
    "a trailer without end": b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 200_000,
    "headers without end": b"X: y\r\n" * 10_000,
}


@pytest.mark.parametrize("rest", BROKEN.values(), ids=BROKEN.keys())
def test_an_answer_that_is_no_http_is_the_lines_fault(
    rest: bytes, pki: Pki, make_register: Callable[..., SoapRegister]
) -> None:
    with threaded(pki.context("server", ssl.TLSVersion.TLSv1_3), lambda _: b"HTTP/1.1 200 OK\r\n" + rest) as server:
        register = make_register(lookup_url=server.url, limits=CallLimits(tries=1), lookup_answer=_within(5))
        with pytest.raises(RegisterUnavailable):
            register.look_up(WHO)


def test_nobody_at_the_address_is_said(make_register: Callable[..., SoapRegister]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(RegisterUnavailable) as gone:
        make_register(lookup_url=f"https://localhost:{port}/").look_up(WHO)
    assert gone.value.kind == "register.unreachable"
    assert WHO.digits not in str(gone.value)
