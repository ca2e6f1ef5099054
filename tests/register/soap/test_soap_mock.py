"""The client against the mock, over real mutual TLS. The two share the schemas and nothing else."""

from __future__ import annotations

import logging
import shutil
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from register_pki import MONTH, NOW
from town import PEOPLE, PEOPLE_FILE, number

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Status
from cprsync.errors import (
    BadAnswer,
    CertificateRefused,
    CprsyncError,
    NoSuchPerson,
    PeerCertificateError,
    RegisterUnavailable,
)
from cprsync.mock import control
from cprsync.mock.server import running
from cprsync.services.ports.register import Found, Subscribed
from cprsync.wire.limits import AnswerLimits, CallLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cprsync.mock.certs import Authority
    from cprsync.register.soap.client import SoapRegister

pytestmark = pytest.mark.xdist_group("mock")

ANNA, BO = CprNumber(number("ANNA")), CprNumber(number("BO"))
UNKNOWN = CprNumber("0101011234")


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[dict[str, Any]]:
    with running(shutil.copytree(mock_keys, tmp_path_factory.mktemp("soap") / "mock"), PEOPLE_FILE) as ready:
        yield ready


@pytest.fixture
def at_mock(mock: dict[str, Any]) -> dict[str, Any]:
    agreement = {name: mock["agreement"][name] for name in ("service_agreement", "user_system", "user", "cvr")}
    places = {name: mock[name] for name in ("lookup_url", "subscription_url")}
    files = {name: Path(mock[name]) for name in ("ca", "client_cert", "client_key")}
    return places | files | agreement


@pytest.mark.parametrize("context", ["invocation", "authority"])
def test_a_person_is_looked_up_in_both_models(
    context: str, at_mock: dict[str, Any], make_register: Callable[..., SoapRegister]
) -> None:
    person = make_register(**at_mock, context=context).look_up(ANNA)
    assert (person.number, person.status) == (ANNA, Status.RESIDENT)


def test_the_whole_town_is_read(at_mock: dict[str, Any], make_register: Callable[..., SoapRegister]) -> None:
    """Every status, protection and address of the town; not yet born people are not in the register."""
    asked = {CprNumber(person["number"]): key for key, person in PEOPLE.items()}
    answers = list(make_register(**at_mock).look_up_many(asked))
    assert len(answers) == len(asked)
    failed = {asked[a.number]: type(a.error) for a in answers if not isinstance(a, Found)}
    assert set(failed.values()) <= {NoSuchPerson}
    assert all(PEOPLE[key].get("unborn", False) for key in failed), failed


def test_an_unknown_number_is_nobodys(at_mock: dict[str, Any], make_register: Callable[..., SoapRegister]) -> None:
    with pytest.raises(NoSuchPerson):
        make_register(**at_mock).look_up(UNKNOWN)


def test_a_subscription_is_made_once_and_ended_once(
    at_mock: dict[str, Any], make_register: Callable[..., SoapRegister]
) -> None:
    register = make_register(**at_mock)
    before = register.subscriptions()
    assert dict(register.subscribe_many([ANNA, BO])) == {ANNA: Subscribed.ADDED, BO: Subscribed.ADDED}
    assert register.subscriptions() == before | {ANNA, BO}
    assert register.subscribe(ANNA) is Subscribed.ALREADY
    assert register.unsubscribe(ANNA) is Subscribed.REMOVED
    assert register.unsubscribe(ANNA) is Subscribed.ABSENT
    assert register.unsubscribe(BO) is Subscribed.REMOVED
    assert register.subscriptions() == before


FAULTS: dict[str, tuple[type[CprsyncError], str]] = {
    "http-500-html": (RegisterUnavailable, "register.http"),
    "empty-200": (RegisterUnavailable, "register.empty_body"),
    "truncated": (CprsyncError, "register."),
    "oversized": (BadAnswer, "register.oversized"),
    "other-person": (BadAnswer, "register.other_person"),
    "wrong-root": (BadAnswer, "register.wrong_root"),
    "bad-schema": (BadAnswer, "register.schema"),
    "instruction": (BadAnswer, "register.instruction"),
    "utf-16": (BadAnswer, "register.charset"),
    "close": (RegisterUnavailable, "register.closed"),
    "slow": (RegisterUnavailable, "register.timeout"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_the_counterpart_is_named_and_passes(
    kind: str, mock: dict[str, Any], at_mock: dict[str, Any], make_register: Callable[..., SoapRegister]
) -> None:
    expected, name = FAULTS[kind]
    # Long enough for a busy machine, and shorter than the slow answer.
    lookup = AnswerLimits(max_bytes=2 * 1024 * 1024, max_elements=20_000, seconds=1)
    register = make_register(**at_mock, limits=CallLimits(tries=1), lookup_answer=lookup)
    register.look_up(ANNA)
    control.fault(mock, kind, seconds=3)
    with pytest.raises(expected) as failed:
        register.look_up(ANNA)
    assert failed.value.kind.startswith(name)
    assert ANNA.digits not in str(failed.value)
    assert register.look_up(ANNA).number == ANNA


#: Of a new connection: what our client says of it.
AT_THE_CERTIFICATE: dict[str, tuple[type[CprsyncError], str]] = {
    "tls-expired": (PeerCertificateError, "certificate.theirs.expired"),
    "tls-other-ca": (PeerCertificateError, "certificate.theirs.untrusted"),
    "tls-other-host": (PeerCertificateError, "certificate.theirs.host"),
    "tls-refuse": (CertificateRefused, "certificate.refused.silent"),
}


@pytest.mark.parametrize("kind", AT_THE_CERTIFICATE)
def test_a_fault_at_the_certificate_is_named_and_the_next_connection_is_answered(
    kind: str, mock: dict[str, Any], at_mock: dict[str, Any], make_register: Callable[..., SoapRegister]
) -> None:
    expected, name = AT_THE_CERTIFICATE[kind]
    register = make_register(**at_mock, limits=CallLimits(tries=1))
    control.fault(mock, kind)
    with pytest.raises(expected) as failed:
        register.look_up(ANNA)
    assert failed.value.kind == name
    assert register.look_up(ANNA).number == ANNA


def test_a_connection_dropped_once_is_not_the_callers_concern(
    mock: dict[str, Any], at_mock: dict[str, Any], make_register: Callable[..., SoapRegister]
) -> None:
    control.fault(mock, "close")
    assert make_register(**at_mock).look_up(ANNA).number == ANNA


def test_a_certificate_of_another_issuer_is_refused(
    at_mock: dict[str, Any], rogue: Authority, tmp_path: Path, make_register: Callable[..., SoapRegister]
) -> None:
    rogue.issue_client(valid_from=NOW - MONTH).write(tmp_path, "other")
    files = {"client_cert": tmp_path / "other.pem", "client_key": tmp_path / "other.key"}
    with pytest.raises(CertificateRefused):
        make_register(**(at_mock | files)).look_up(ANNA)


def test_with_wire_logging_forced_on_nothing_personal_is_let_out(
    at_mock: dict[str, Any],
    make_register: Callable[..., SoapRegister],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(HTTPConnection, "debuglevel", 9)
    for name in (None, "zeep.transports", "urllib3.connectionpool"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.DEBUG)
        monkeypatch.setattr(logging.getLogger(name), "handlers", [caplog.handler])
    register = make_register(**at_mock, log=structlog.get_logger())
    register.look_up(ANNA)
    register.subscribe(BO)
    register.subscriptions()
    register.unsubscribe(BO)
    with pytest.raises(NoSuchPerson):
        register.look_up(UNKNOWN)
    out = "".join(capfd.readouterr()) + caplog.text
    assert out.count("register.call") == 5
    anna = PEOPLE["ANNA"]
    for leak in (ANNA.digits, BO.digits, UNKNOWN.digits, anna["name"]["last"], anna["address"]["road"]):
        assert leak not in out
