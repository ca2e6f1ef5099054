"""Our certificate is renewed: checked and tried before it is used, and taken without a restart."""

from __future__ import annotations

import shutil
import ssl
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from register_pki import MONTH, NOW, Pki
from soap_bodies import anna, envelope, fault, result
from structlog.testing import CapturingLogger
from tls_servers import Server, http, threaded
from town import number

from cprsync.domain.person.number import CprNumber
from cprsync.domain.trust.lifetime import LONGEST_RUN
from cprsync.errors import CertificateError, CertificateRefused, CprsyncError
from cprsync.language.errors import advice_for
from cprsync.register.own_certificate import load_identity
from cprsync.register.renewing import NewFiles, renew
from cprsync.wire.calls import CallSurroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cprsync.mock.certs import Authority, IssuedIdentity
    from cprsync.register.own_certificate import Identity as OurIdentity
    from cprsync.register.settings import RegisterSettings
    from cprsync.register.soap.client import SoapRegister
    from cprsync.resources import Schemas

WHO = CprNumber(number("ANNA"))
NOBODY = "0000000000"


def answer(request: bytes) -> bytes:
    """As the platform answers about somebody, and about a number that nobody has."""
    if b"RemovePNRSubscription" in request:
        return http(result("RemovePNRSubscription", "NON_EXISTING_PNR").encode())
    if NOBODY.encode() in request:
        return http(fault("PNR not found").encode())
    return http(envelope(anna(WHO.digits)).encode())


class Platform:
    """A register's server, and the serial numbers of the certificates that it was shown."""

    def __init__(self, server: Server, shown: list[int]) -> None:
        self.server, self.shown = server, shown


@pytest.fixture
def platform(pki: Pki) -> Iterator[Platform]:
    context, shown = pki.context("server", ssl.TLSVersion.TLSv1_2), list[int]()

    class Noting(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            der = self.getpeercert(binary_form=True)
            shown.append(x509.load_der_x509_certificate(der or b"").serial_number)

    context.sslsocket_class = Noting
    with threaded(context, answer) as server:
        yield Platform(server, shown)


@pytest.fixture
def installed(settings: RegisterSettings, pki: Pki, platform: Platform, tmp_path: Path) -> RegisterSettings:
    """Our settings, with the files of the certificate in a folder of their own."""
    for source, name in zip(pki["client"], ("our.pem", "our.key"), strict=True):
        shutil.copy(source, tmp_path / name)
    urls = {"lookup_url": platform.server.url, "subscription_url": platform.server.url}
    return replace(settings, client_cert=tmp_path / "our.pem", client_key=tmp_path / "our.key", **urls)


@pytest.fixture
def fresh(authority: Authority, tmp_path: Path) -> Callable[..., NewFiles]:
    """Writes a new certificate of ours, in a folder of its own."""

    def write(identity: IssuedIdentity | None = None, **shape: Any) -> NewFiles:
        made = identity or authority.issue_client(**{"valid_from": NOW - timedelta(days=1), "days": 1100, **shape})
        folder = tmp_path / "new"
        folder.mkdir(exist_ok=True)
        made.write(folder, "client")
        return NewFiles(folder / "client.pem", folder / "client.key")

    return write


def serial_of(path: Path) -> int:
    return x509.load_pem_x509_certificate(path.read_bytes()).serial_number


def renewed(
    installed: RegisterSettings,
    schemas: Schemas,
    new: NewFiles,
    note: Callable[[OurIdentity], None] = lambda _: None,
    **around: Any,
) -> dict[str, Any]:
    return renew(
        installed, new, schemas=schemas, surroundings=CallSurroundings(sleep=lambda _: None, **around), note=note
    )


def files(installed: RegisterSettings) -> dict[str, bytes]:
    assert installed.client_cert is not None
    return {one.name: one.read_bytes() for one in installed.client_cert.parent.iterdir() if one.is_file()}


def refused(installed: RegisterSettings, schemas: Schemas, new: NewFiles, **around: Any) -> CprsyncError:
    before = files(installed)
    with pytest.raises(CprsyncError) as error:
        renewed(installed, schemas, new, **around)
    assert files(installed) == before
    return error.value


def test_a_new_certificate_is_tried_at_both_services_and_then_in_place_with_the_old_one_beside(
    installed: RegisterSettings, schemas: Schemas, platform: Platform, fresh: Callable[..., NewFiles]
) -> None:
    before, new = files(installed), fresh()
    document = renewed(installed, schemas, new)
    assert set(platform.shown) == {serial_of(new.certificate)}
    assert [b"RemovePNR" in request for request in platform.server.requests] == [False, True]
    assert all(NOBODY.encode() in request for request in platform.server.requests)
    after = files(installed)
    assert after["our.pem"] == new.certificate.read_bytes()
    assert {name.removesuffix(".previous"): after[name] for name in after if name.endswith(".previous")} == before
    assert document["days_left"] > 300
    assert installed.client_key is not None
    assert installed.client_key.stat().st_mode & 0o077 == 0


def test_the_old_one_can_be_put_back_in_the_same_way(
    installed: RegisterSettings, schemas: Schemas, tmp_path: Path, fresh: Callable[..., NewFiles]
) -> None:
    before = files(installed)
    renewed(installed, schemas, fresh())
    before_that = NewFiles(tmp_path / "our.pem.previous", tmp_path / "our.key.previous")
    assert refused(installed, schemas, before_that).kind == "certificate.renewal.earlier"
    renewed(installed, schemas, before_that._replace(may_end_earlier=True))
    assert {name: content for name, content in files(installed).items() if name in before} == before


@pytest.mark.parametrize(
    "case",
    [
        ({"uuid": "99999999-aaaa-bbbb-cccc-dddddddddddd"}, "certificate.renewal.system"),
        ({"cvr": "87654321"}, "certificate.renewal.company"),
        ({"valid_from": NOW - 2 * MONTH, "days": 30}, "certificate.renewal.expired"),
        ({"valid_from": NOW + MONTH}, "certificate.renewal.not_yet_valid"),
        ({"days": 5}, "certificate.renewal.earlier"),
    ],
)
def test_a_certificate_that_does_not_fit_is_refused_before_anything_is_sent(
    installed: RegisterSettings,
    schemas: Schemas,
    platform: Platform,
    fresh: Callable[..., NewFiles],
    case: tuple[dict[str, Any], str],
) -> None:
    shape, kind = case
    told = refused(installed, schemas, fresh(**shape))
    assert told.kind == kind
    assert "the new certificate" in told.message
    assert platform.server.requests == []


def test_the_one_in_use_and_one_without_its_key_are_no_renewal(
    installed: RegisterSettings, schemas: Schemas, pki: Pki, fresh: Callable[..., NewFiles]
) -> None:
    chain, key = pki["client"]
    same = refused(installed, schemas, NewFiles(chain, key))
    assert same.kind == "certificate.renewal.same"
    # two libraries may have one certificate: whoever renews it for the second is done
    assert "nothing is left to do" in advice_for(same).next.en
    assert refused(installed, schemas, fresh()._replace(key=key)).kind == "certificate.renewal.key_mismatch"


def test_a_certificate_that_the_platform_does_not_take_is_not_used(
    installed: RegisterSettings, schemas: Schemas, rogue: Authority, fresh: Callable[..., NewFiles]
) -> None:
    """It fits in every way that we can see."""
    error = refused(installed, schemas, fresh(rogue.issue_client(valid_from=NOW - MONTH, days=1200)))
    assert isinstance(error, CertificateRefused)


def test_a_certificate_that_cannot_be_read_any_more_can_still_be_renewed(
    installed: RegisterSettings, schemas: Schemas, fresh: Callable[..., NewFiles]
) -> None:
    assert installed.client_cert is not None
    installed.client_cert.write_text("half of a certif")
    new = fresh()
    assert renewed(installed, schemas, new)["days_left_before"] is None
    assert serial_of(installed.client_cert) == serial_of(new.certificate)


def test_a_p12_is_renewed_by_a_p12(
    installed: RegisterSettings, schemas: Schemas, platform: Platform, authority: Authority, tmp_path: Path
) -> None:
    def bundle(name: str) -> tuple[Path, int]:
        ours = authority.issue_client(valid_from=NOW - timedelta(days=1))
        lock = serialization.NoEncryption()
        (tmp_path / name).touch(mode=0o600)
        content = pkcs12.serialize_key_and_certificates(b"x", ours.key, ours.certificate, [ours.issuer], lock)
        (tmp_path / name).write_bytes(content)
        return tmp_path / name, ours.certificate.serial_number

    (old, _), (new, serial) = bundle("our.p12"), bundle("new.p12")
    settings = replace(installed, client_cert=None, client_key=None, p12=old)
    content = old.read_bytes()
    renewed(settings, schemas, NewFiles(new))
    assert platform.shown[-1] == serial
    assert old.read_bytes() == new.read_bytes()
    assert (tmp_path / "our.p12.previous").read_bytes() == content


# -- killed on the way --------------------------------------------------------------------------------------


class Killed(Exception):
    """The process died here."""


def killed_at(monkeypatch: pytest.MonkeyPatch, move: int, renewing: Callable[[], object]) -> None:
    """Die in front of the n-th move of a file."""
    moves, real = [0], type(Path()).replace

    def replaced(self: Path, to: Path) -> Path:
        moves[0] += 1
        if moves[0] == move:
            raise Killed
        return real(self, to)

    with monkeypatch.context() as patched:
        patched.setattr(type(Path()), "replace", replaced)
        with pytest.raises(Killed):
            renewing()


def test_the_audit_has_a_renewal_before_the_first_file_is_moved(
    installed: RegisterSettings, schemas: Schemas, fresh: Callable[..., NewFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    noted, new, before = list[int](), fresh(), files(installed)

    def note(identity: OurIdentity) -> None:
        noted.append(identity.certificate.serial_number)

    killed_at(monkeypatch, 1, lambda: renewed(installed, schemas, new, note))
    assert noted == [serial_of(new.certificate)]
    assert {name: content for name, content in files(installed).items() if name in before} == before
    # what lies beside its place is not used before the first move
    assert load_identity(installed).certificate.serial_number != serial_of(new.certificate)
    renewed(installed, schemas, new, note)
    assert load_identity(installed).certificate.serial_number == serial_of(new.certificate)


def test_a_renewal_killed_between_its_two_moves_is_in_use_and_the_same_command_ends_it(  # noqa: PLR0913, PLR0917 -- fixtures
    installed: RegisterSettings,
    schemas: Schemas,
    platform: Platform,
    make_register: Callable[..., SoapRegister],
    fresh: Callable[..., NewFiles],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = {name: getattr(installed, name) for name in ("client_cert", "client_key", "lookup_url")}
    running, new, noted = make_register(**places), fresh(), list[int]()
    running.look_up(WHO)
    killed_at(monkeypatch, 2, lambda: renewed(installed, schemas, new))
    assert installed.client_cert is not None
    assert serial_of(installed.client_cert) != serial_of(new.certificate)
    running._channel._session.close()
    for register in (running, make_register(**places)):
        register.look_up(WHO)
        assert platform.shown[-1] == serial_of(new.certificate)
    document = renewed(installed, schemas, new, lambda _: noted.append(1))
    assert (document["written"], noted) == ([str(one) for one in (installed.client_key, installed.client_cert)], [])
    assert serial_of(installed.client_cert) == serial_of(new.certificate)
    assert not [name for name in files(installed) if name.endswith(".new")]
    assert refused(installed, schemas, new).kind == "certificate.renewal.same"


def test_a_p12_killed_between_its_password_and_itself_is_in_use(
    installed: RegisterSettings,
    schemas: Schemas,
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def bundle(name: str) -> tuple[Path, Path, int]:
        ours, folder = authority.issue_client(valid_from=NOW - timedelta(days=1)), tmp_path / name
        folder.mkdir()
        for file in (folder / "our.p12", folder / "password"):
            file.touch(mode=0o600)
        (folder / "password").write_text(name)
        lock = serialization.BestAvailableEncryption(name.encode())
        content = pkcs12.serialize_key_and_certificates(b"x", ours.key, ours.certificate, [ours.issuer], lock)
        (folder / "our.p12").write_bytes(content)
        return folder / "our.p12", folder / "password", ours.certificate.serial_number

    (old, password, _), (new, another, serial) = bundle("old"), bundle("new")
    settings = replace(installed, client_cert=None, client_key=None, p12=old, p12_password_file=password)
    killed_at(monkeypatch, 2, lambda: renewed(settings, schemas, NewFiles(new, password=another)))
    assert load_identity(settings).certificate.serial_number == serial
    renewed(settings, schemas, NewFiles(new, password=another))
    assert (old.read_bytes(), password.read_bytes()) == (new.read_bytes(), another.read_bytes())


# -- whoever is running ------------------------------------------------------------------------------------


def test_a_running_client_takes_a_renewed_certificate_with_its_next_connection(
    installed: RegisterSettings,
    schemas: Schemas,
    platform: Platform,
    make_register: Callable[..., SoapRegister],
    fresh: Callable[..., NewFiles],
) -> None:
    places = {name: getattr(installed, name) for name in ("client_cert", "client_key", "lookup_url")}
    register = make_register(**places)
    register.look_up(WHO)
    new = fresh()
    renewed(installed, schemas, new)
    register._channel._session.close()
    register.look_up(WHO)
    assert platform.shown[-1] == serial_of(new.certificate)


def test_half_of_a_swap_changes_nothing_and_is_told_once(
    installed: RegisterSettings,
    platform: Platform,
    make_register: Callable[..., SoapRegister],
    fresh: Callable[..., NewFiles],
) -> None:
    """Another tool writes the certificate now and the key in a while."""
    log = CapturingLogger()
    places = {name: getattr(installed, name) for name in ("client_cert", "client_key", "lookup_url")}
    register, new = make_register(log=log, **places), fresh()
    register.look_up(WHO)
    (first,) = platform.shown
    assert installed.client_cert is not None
    assert installed.client_key is not None
    shutil.copy(new.certificate, installed.client_cert)
    for _ in range(3):
        register._channel._session.close()
        register.look_up(WHO)
    assert set(platform.shown) == {first}
    assert [call.method_name for call in log.calls if call.args[0] == "certificate.renewal.refused"] == ["warning"]
    shutil.copy(new.key, installed.client_key)  # type: ignore[arg-type]  # it is in a file of its own
    register._channel._session.close()
    register.look_up(WHO)
    assert platform.shown[-1] == serial_of(new.certificate)


def test_no_look_up_fails_while_the_certificate_is_renewed_again_and_again(
    installed: RegisterSettings,
    schemas: Schemas,
    platform: Platform,
    make_register: Callable[..., SoapRegister],
    fresh: Callable[..., NewFiles],
) -> None:
    places = {name: getattr(installed, name) for name in ("client_cert", "client_key", "lookup_url")}
    ended, failed, asked, made = threading.Event(), list[CprsyncError](), [0, 0], list[int]()

    def ask(one: int) -> None:
        register = make_register(**places)
        while not ended.is_set():
            try:
                register.look_up(WHO)
            except CprsyncError as error:
                failed.append(error)
            asked[one] += 1
            register._channel._session.close()

    threads = [threading.Thread(target=ask, args=(one,)) for one in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        new = fresh()
        made.append(serial_of(new.certificate))
        renewed(installed, schemas, new)
    ended.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert min(asked) > 3
    assert set(made) < set(platform.shown)


# -- a night ------------------------------------------------------------------------------------------------


def test_a_night_is_not_begun_under_a_certificate_that_ends_within_it(
    installed: RegisterSettings, platform: Platform, make_register: Callable[..., SoapRegister]
) -> None:
    assert installed.client_cert is not None
    ends = x509.load_pem_x509_certificate(installed.client_cert.read_bytes()).not_valid_after_utc
    at = ends - LONGEST_RUN
    register = make_register(client_cert=installed.client_cert, client_key=installed.client_key, now=lambda: at)
    register.make_sure_outlives()
    at += timedelta(seconds=1)
    with pytest.raises(CertificateError) as refused:
        register.make_sure_outlives()
    assert refused.value.kind == "certificate.ours.ends"
    assert "a night may take 2 hours: none is begun" in str(refused.value)
    assert platform.server.requests == []


def test_a_counterparts_last_days_are_told_once_for_each_step(
    installed: RegisterSettings, pki: Pki, make_register: Callable[..., SoapRegister]
) -> None:
    ends = x509.load_pem_x509_certificate(pki["server"][0].read_bytes()).not_valid_after_utc
    ours = x509.load_pem_x509_certificate(pki["client"][0].read_bytes()).not_valid_after_utc
    at, log = min(ends, ours) - timedelta(days=20), CapturingLogger()
    places = {name: getattr(installed, name) for name in ("client_cert", "client_key", "lookup_url")}
    register = make_register(now=lambda: at, log=log, **places)
    for _ in range(3):
        register._channel._session.close()
        register.look_up(WHO)
    told = [call.kwargs for call in log.calls if call.args[0] == "certificate.ends"]
    assert [one["days"] for one in told] == [(ends - at).days]
