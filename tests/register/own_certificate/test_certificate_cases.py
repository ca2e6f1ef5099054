"""The table of certificates, ours and the counterpart's, over real mutual TLS: each case is a sentence."""

from __future__ import annotations

import ssl
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from certificate_cases import CVR, NOW, OURS, THEIRS, Case, Made, authority, certificate, pem, revoked_list
from cryptography.hazmat.primitives.serialization import Encoding
from soap_bodies import anna, envelope
from tls_servers import Server, http, threaded
from town import number

from cprsync.domain.person.number import CprNumber
from cprsync.errors import CertificateError, PeerCertificateError
from cprsync.register.own_certificate import certificate_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cprsync.register.settings import RegisterSettings
    from cprsync.register.soap.client import SoapRegister

WHO = CprNumber(number("ANNA"))
ANSWER = http(envelope(anna(WHO.digits)).encode())


class Log:
    """Keeps what is warned of."""

    def __init__(self) -> None:
        self.warned: list[dict[str, object]] = []

    def warning(self, event: str, **values: object) -> None:
        self.warned.append({"event": event, **values})

    def debug(self, event: str, **values: object) -> None: ...


def server_for(made: Made, folder: Path, *, trust: bytes, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A server that shows a certificate and demands one of `trust`, and is not particular about keys and hashes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(*made.write(folder, "server"))
    context.load_verify_locations(cadata=trust.decode())
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_for(case: Case, ours: Made, folder: Path, *, trust: bytes) -> dict[str, object]:
    """What the client is set up with: production, but for what the case says."""
    (folder / "ca.pem").write_bytes(trust)
    chain, key = ours.write(folder, "ours")
    files = [] if case.lists is None else [folder / f"{i}.crl" for i, _ in enumerate(case.lists)]
    for i, (path, one) in enumerate(zip(files, case.lists or (), strict=True)):
        path.write_bytes(one.public_bytes(Encoding.PEM if i % 2 else Encoding.DER))
    common = {"ca": folder / "ca.pem", "client_cert": chain, "client_key": key, "cvr": CVR, "crl": tuple(files)}
    return {**common, "production": True, **case.settings}


def cases(table: tuple[Case, ...]) -> list[object]:
    return [pytest.param(case, id=case.says) for case in table]


def test_the_tables_have_each_sentence_once() -> None:
    for table in (OURS, THEIRS):
        assert len({case.says for case in table}) == len(table) >= 30


@pytest.mark.parametrize("case", cases(OURS))
def test_of_our_own_certificate(case: Case, tmp_path: Path, make_register: Callable[..., SoapRegister]) -> None:
    log, ours = Log(), certificate(**case.changed)
    trust = ours.authority.trust + authority().trust
    context = server_for(certificate(), tmp_path, trust=trust, version=ssl.TLSVersion.TLSv1_3)
    changed = client_for(case, ours, tmp_path, trust=authority().trust)
    with threaded(context, lambda _: ANSWER) as server:
        if case.kind is None:
            assert make_register(lookup_url=server.url, log=log, **changed).look_up(WHO).number == WHO
            assert [one["state"] for one in log.warned if one["whose"] == "ours"] == [case.warns] * bool(case.warns)
            return
        with pytest.raises(CertificateError) as error:
            make_register(lookup_url=server.url, log=log, **changed)
        assert error.value.kind == f"certificate.ours.{case.kind}"
        assert "our own certificate" in str(error.value)
        assert (server.connections, server.requests) == (0, [])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
@pytest.mark.parametrize("case", cases(THEIRS))
def test_of_the_counterparts_certificate(
    case: Case, version: ssl.TLSVersion, tmp_path: Path, make_register: Callable[..., SoapRegister]
) -> None:
    log, theirs, ours = Log(), certificate(**case.changed), certificate(authority=authority(unit="Kunder"))
    context = server_for(theirs, tmp_path, trust=ours.authority.trust, version=version)
    # the issuing CA comes along: what is trusted is no test authority
    trust = pem(theirs.authority.root) if case.kind == "test" else theirs.authority.trust
    changed = client_for(case, ours, tmp_path, trust=trust)
    with threaded(context, lambda _: ANSWER) as server:
        if case.kind is None:
            assert looked_up(make_register, server, changed, log)
            theirs_warned = [one["state"] for one in log.warned if one["whose"] == "theirs"]
            assert theirs_warned == [case.warns] * bool(case.warns)
            return
        with pytest.raises(PeerCertificateError) as error:
            looked_up(make_register, server, changed, log)
        assert error.value.kind == f"certificate.theirs.{case.kind}"
        assert f"localhost:{server.port}" in str(error.value)
        assert server.requests == []


def looked_up(make_register: Callable[..., SoapRegister], server: Server, changed: dict[str, object], log: Log) -> bool:
    return make_register(lookup_url=server.url, log=log, **changed).look_up(WHO).number == WHO


@pytest.mark.parametrize("unit", [{"unit": "Test - cti"}, {"root_unit": "Test - cti"}])
def test_production_trusts_no_test_authority(
    unit: dict[str, str], tmp_path: Path, make_register: Callable[..., SoapRegister]
) -> None:
    changed = client_for(OURS[0], certificate(), tmp_path, trust=authority().trust + authority(**unit).trust)
    with pytest.raises(CertificateError) as error:
        make_register(**changed)
    assert error.value.kind == "certificate.ca.test"
    make_register(**{**changed, "production": False})


@pytest.mark.parametrize(
    ("case", "level", "revocation"),
    [
        pytest.param(case, level, revocation, id=case.says)
        for case in OURS
        for level, revocation in [
            ("critical", None) if case.kind else ("warn", case.warns) if case.warns else ("ok", None)
        ]
    ],
)
def test_the_report_says_of_our_certificate_what_the_night_will_say(
    case: Case, level: str, revocation: str | None, tmp_path: Path, settings: RegisterSettings
) -> None:
    nowhere = dict.fromkeys(("lookup_url", "subscription_url"), "https://localhost:1/")
    changed = client_for(case, certificate(**case.changed), tmp_path, trust=authority().trust)
    rows = certificate_report(replace(settings, **changed, **nowhere), NOW)
    own = [row for row in rows if row["whose"] in {"ours", "chain"}]
    assert level in {row["level"] for row in own}
    assert all(row["problem"] is None for row in own) is (case.kind is None)
    assert revocation in {None, own[0]["revocation"]}


def test_the_report_says_that_the_counterparts_certificate_is_revoked(
    tmp_path: Path, settings: RegisterSettings
) -> None:
    ours = certificate(authority=authority(unit="Kunder"))
    context = server_for(certificate(number=2), tmp_path, trust=ours.authority.trust, version=ssl.TLSVersion.TLSv1_3)
    lists = [revoked_list([2])]
    changed = client_for(Case("", lists=lists), ours, tmp_path, trust=authority().trust)
    with threaded(context, lambda _: ANSWER) as server:
        places = {"lookup_url": server.url, "subscription_url": server.url}
        row = certificate_report(replace(settings, **changed, **places), NOW)[-1]
    assert (row["whose"], row["level"]) == ("theirs", "critical")
    assert "has been revoked" in row["problem"]


def test_a_list_that_cannot_be_read_warns_and_stops_nothing(
    tmp_path: Path, make_register: Callable[..., SoapRegister]
) -> None:
    changed = client_for(Case("", lists=None), certificate(), tmp_path, trust=authority().trust)
    (tmp_path / "junk.crl").write_bytes(b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    for path in (tmp_path / "junk.crl", tmp_path / "none.crl", tmp_path / "ours.pem", tmp_path):
        log = Log()
        make_register(log=log, **{**changed, "crl": (path,)})
        assert [one.get("path") for one in log.warned] == [None, str(path)]
