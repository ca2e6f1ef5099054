"""Our own certificate files, and the report on all certificates."""

from __future__ import annotations

import resource
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers
from register_pki import MONTH, NOW, Pki
from soap_bodies import anna, envelope
from tls_servers import http, threaded
from town import number

from cprsync.domain.person.number import CprNumber
from cprsync.errors import CertificateError, CredentialUnseen
from cprsync.language.errors import advice_for
from cprsync.register.own_certificate import Counterpart, certificate_report, load_identity, own_certificates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cprsync.mock.certs import Authority
    from cprsync.register.settings import RegisterSettings
    from cprsync.register.soap.client import SoapRegister

WHO = CprNumber(number("ANNA"))
ANSWER = http(envelope(anna(WHO.digits)).encode())


def unusable(settings: RegisterSettings, make_register: Callable[..., SoapRegister], **changed: object) -> str:
    with pytest.raises(CertificateError) as refused:
        make_register(**changed)
    assert "PRIVATE KEY" not in str(refused.value)
    return refused.value.kind


def test_certificate_files_that_cannot_be_used_are_told_apart(
    settings: RegisterSettings, pki: Pki, tmp_path: Path, make_register: Callable[..., SoapRegister]
) -> None:
    chain, _key = pki["client"]
    junk, nothing = tmp_path / "junk", tmp_path / "nothing"
    junk.touch(mode=0o600)
    junk.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", encoding="ascii")
    leaf_and_other = tmp_path / "wrong-chain.pem"
    leaf_and_other.write_bytes(chain.read_bytes().partition(b"-----END CERTIFICATE-----\n")[0])
    leaf_and_other.write_bytes(
        leaf_and_other.read_bytes() + b"-----END CERTIFICATE-----\n" + (pki.folder / "rogue-ca.pem").read_bytes()
    )
    for kind, changed in {
        "certificate.ours.missing": {"client_cert": nothing},
        "certificate.ours.unreadable": {"client_key": junk},
        "certificate.ours.key_mismatch": {"client_key": pki["client-rogue"][1]},
        "certificate.ours.chain": {"client_cert": leaf_and_other},
        "certificate.ca.missing": {"ca": nothing},
        "certificate.ca.unreadable": {"ca": junk},
    }.items():
        assert unusable(settings, make_register, **changed) == kind
    assert unusable(settings, make_register, client_cert=None, client_key=None) == "certificate.ours.missing"
    assert unusable(settings, make_register, client_cert=None, p12=junk) == "certificate.ours.unreadable"
    assert unusable(settings, make_register, client_key=nothing) == "certificate.ours.missing"


@pytest.mark.parametrize("most", [0, 1024], ids=["no file", "half of it"])
def test_a_limit_on_files_is_not_said_to_be_a_fault_of_the_certificate(settings: RegisterSettings, most: int) -> None:
    """Linux counts a file in memory too: a write is cut at the limit, and the next one is refused."""
    identity, context = load_identity(settings), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, usual[1]))
    try:
        with pytest.raises(CertificateError) as refused:
            identity.load_into(context)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert (refused.value.kind, "File too large" in str(refused.value)) == ("certificate.ours.no_room", True)
    assert "LimitFSIZE" in advice_for(refused.value).next.en
    identity.load_into(context)


def _in_der(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize(
    ("which", "why"),
    [
        (("client_cert", lambda _cert, _key: b""), "is empty"),
        (("client_cert", lambda cert, _key: _in_der(cert)), "is in DER form: PEM form is needed"),
        (("client_cert", lambda cert, _key: cert[:-40]), "is cut off: its end is missing"),
        (("client_cert", lambda _cert, key: key), "holds no certificate, but a key"),
        (("client_cert", lambda _cert, _key: b"here it is"), "is not in PEM form"),
        (("client_cert", lambda cert, _key: cert.replace(b"MII", b"AAA")), "is damaged"),
        (("client_key", lambda _cert, _key: b"\n"), "is empty"),
        (("client_key", lambda _cert, key: key[:-40]), "is cut off: its end is missing"),
        (("client_key", lambda cert, _key: cert), "holds no key, but a certificate"),
        (("client_key", lambda _cert, key: key.replace(b"MII", b"AAA")), "is damaged"),
    ],
)
def test_a_file_of_ours_that_cannot_be_read_is_named_with_what_is_wrong_with_it(
    settings: RegisterSettings, pki: Pki, tmp_path: Path, which: tuple[str, Callable[[bytes, bytes], bytes]], why: str
) -> None:
    file, spoil = which
    cert, key = (path.read_bytes() for path in pki["client"])
    spoilt = tmp_path / "spoilt.pem"
    spoilt.touch(mode=0o600)
    spoilt.write_bytes(spoil(cert, key))
    line = own_certificates(replace(settings, **{file: spoilt}), NOW)[0]
    assert (line["problem"], line["kind"]) == (f"{spoilt} {why}", "certificate.ours.unreadable")
    assert line["problem_da"].startswith(f"{spoilt} ")
    assert line["problem_da"] != line["problem"]


def test_an_empty_file_of_issuers_is_told_once_and_no_counterpart_is_blamed(
    settings: RegisterSettings, tmp_path: Path
) -> None:
    empty = tmp_path / "ca.pem"
    empty.touch()
    beside = Counterpart("https://culr.test/", empty)
    rows = certificate_report(replace(settings, ca=empty), NOW, beside=[beside])
    assert [(row["whose"], row["kind"]) for row in rows if row["problem"]] == [("trusted", "certificate.ca.unreadable")]
    other = certificate_report(settings, NOW, beside=[beside])
    assert [row["kind"] for row in other if row["host"] == "culr.test:443"] == ["certificate.ca.unreadable"]


def test_a_locked_key_is_unreadable_and_nobody_is_asked_for_its_password(
    settings: RegisterSettings, authority: Authority, tmp_path: Path, make_register: Callable[..., SoapRegister]
) -> None:
    ours = authority.issue_client(valid_from=NOW - MONTH)
    locked = ours.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    (tmp_path / "c.pem").write_bytes(ours.chain_pem)
    (tmp_path / "c.key").touch(mode=0o600)
    (tmp_path / "c.key").write_bytes(locked)
    files = {"client_cert": tmp_path / "c.pem", "client_key": tmp_path / "c.key"}
    assert unusable(settings, make_register, **files) == "certificate.ours.unreadable"
    line = own_certificates(replace(settings, **files), NOW)[0]
    assert line["problem"].endswith("c.key is locked with a password")


def test_the_report_names_every_certificate_and_its_days(pki: Pki, settings: RegisterSettings) -> None:
    with threaded(pki.context("server", ssl.TLSVersion.TLSv1_3), lambda _: ANSWER) as server:
        rows = certificate_report(
            replace(settings, lookup_url=server.url, subscription_url=server.url), datetime.now(UTC)
        )
    assert [row["whose"] for row in rows] == ["ours", "chain", "trusted", "trusted", "theirs"]
    assert rows[-1]["host"] == f"localhost:{server.port}"
    assert all(row["level"] == "ok" and row["problem"] is None for row in rows)
    assert rows[0]["days_left"] > 1000


def test_without_the_key_that_the_service_alone_has_the_end_of_our_certificate_is_told(
    settings: RegisterSettings, tmp_path: Path, make_register: Callable[..., SoapRegister]
) -> None:
    unseen = tmp_path / "credential:client.key"
    ours, *trusted = own_certificates(replace(settings, client_key=unseen), NOW)
    assert (ours["whose"], ours["problem"], {one["whose"] for one in trusted}) == ("ours", None, {"trusted"})
    assert own_certificates(replace(settings, client_key=unseen), NOW + MONTH * 60)[0]["problem"] == "it has expired"
    with pytest.raises(CredentialUnseen) as refused:
        make_register(client_key=unseen)
    assert (refused.value.kind, advice_for(refused.value).exit) == ("file.credential", 2)


def test_the_report_names_a_counterpart_that_sees_no_certificate_of_ours(pki: Pki, settings: RegisterSettings) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pki["server"])
    with threaded(context, lambda _: ANSWER) as server:
        places = [Counterpart(server.url, settings.ca), Counterpart("https://localhost:1/culr", settings.ca)]
        rows = certificate_report(replace(settings, **_nowhere()), datetime.now(UTC), beside=places)
        [*_, refused] = certificate_report(
            replace(settings, **_nowhere()), NOW, beside=[Counterpart(server.url, pki.folder / "rogue-ca.pem")]
        )
    theirs = [(row["host"], row["level"]) for row in rows if row["whose"] == "theirs"]
    assert theirs == [("localhost:1", "critical"), (f"localhost:{server.port}", "ok")]
    assert "issuer" in refused["problem"]


@pytest.mark.parametrize(
    ("left", "level", "step"),
    [
        (91, "ok", None),
        (90, "warn", 90),
        (60, "warn", 60),
        (15, "warn", 30),
        (14, "critical", 14),
        (1, "critical", 1),
        (0, "critical", 1),
    ],
)
def test_the_report_speaks_up_as_the_end_comes_near(
    left: int, level: str, step: int | None, pki: Pki, settings: RegisterSettings
) -> None:
    end = end_of_ours(pki)
    (ours, *_) = certificate_report(replace(settings, **_nowhere()), end - timedelta(days=left, hours=1))
    assert (ours["days_left"], ours["level"], ours["step"]) == (left, level, step)


def end_of_ours(pki: Pki) -> datetime:
    return x509.load_pem_x509_certificate(pki["client"][0].read_bytes()).not_valid_after_utc


def _nowhere() -> dict[str, str]:
    return {"lookup_url": "https://localhost:1/", "subscription_url": "https://localhost:1/"}


def test_the_report_never_raises(pki: Pki, settings: RegisterSettings, tmp_path: Path) -> None:
    broken = replace(settings, client_cert=tmp_path / "none", ca=tmp_path / "none", **_nowhere())
    rows = certificate_report(broken, NOW)
    assert {row["level"] for row in rows} == {"critical"}
    assert [row["whose"] for row in rows] == ["ours", "trusted"]
    with threaded(pki.context("server-expired", ssl.TLSVersion.TLSv1_3), lambda _: ANSWER) as server:
        rows = certificate_report(replace(settings, lookup_url=server.url, subscription_url=server.url), NOW)
    assert "has expired" in rows[-1]["problem"]
    assert "er udløbet" in rows[-1]["problem_da"]
    assert certificate_report(replace(settings, **_nowhere()), NOW)[-1]["level"] == "critical"


def test_a_counterpart_is_not_blamed_for_a_key_of_ours_that_is_missing(
    pki: Pki, settings: RegisterSettings, tmp_path: Path
) -> None:
    with threaded(pki.context("server", ssl.TLSVersion.TLSv1_3), lambda _: ANSWER) as server:
        keyless = replace(settings, client_key=tmp_path / "none")
        ours, *_, theirs = certificate_report(replace(keyless, lookup_url=server.url, subscription_url=server.url), NOW)
    assert str(tmp_path / "none") in ours["problem"]
    assert (theirs["whose"], theirs["level"], theirs["problem"]) == ("theirs", "ok", None)


def test_whoever_only_looks_holds_the_key_against_the_certificate_and_not_its_numbers_against_each_other(
    pki: Pki, settings: RegisterSettings, tmp_path: Path
) -> None:
    key = serialization.load_pem_private_key(pki["client"][1].read_bytes(), None)
    sound = key.private_numbers()
    parts = {name: getattr(sound, name) for name in ("p", "q", "d", "dmp1", "dmq1", "iqmp")}
    damaged = RSAPrivateNumbers(**parts | {"d": sound.d + 2}, public_numbers=sound.public_numbers)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    content = damaged.private_key(unsafe_skip_rsa_key_validation=True).private_bytes(
        pem, pkcs8, serialization.NoEncryption()
    )
    path = tmp_path / "damaged.key"
    path.touch(mode=0o600)
    path.write_bytes(content)

    def problem(key: Path, *, checks_key: bool) -> str | None:
        told: str | None = own_certificates(replace(settings, client_key=key), NOW, checks_key=checks_key)[0]["problem"]
        return told

    assert problem(pki["client"][1], checks_key=False) is None
    assert (problem(path, checks_key=False), problem(pki["client-rogue"][1], checks_key=False)) == (
        None,
        problem(pki["client-rogue"][1], checks_key=True),
    )
    assert "damaged" in (problem(path, checks_key=True) or "")
