"""Alarms over real TLS: a mail server and a receiver that are right are told, and any other gets no word of ours."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from mail_server import PASSWORD, USER, MailServer, mailing, watching
from receiver import KEY, Receiver, receiving

from cprsync.domain.trust.alarms import Alarm, Telling, Word
from cprsync.errors import AlarmUndelivered, ConfigurationError
from cprsync.mock.certs import develop_certificates, packaged_profile
from cprsync.outward.alarms import HookChannel, MailChannel, MailSettings, PostSettings, call_heartbeat
from cprsync.services.ports.trust.alarms import Message
from cprsync.wire.calls import CallSurroundings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2027, 3, 23, 12, tzinfo=UTC)
BRAKED = Alarm("run|5", "run", {"run": 3, "exit": 5}, NOW)
BEGUN = Message(7, "email", Telling(Word.BEGUN, BRAKED), NOW, 1)
ENDED = Message(
    8, "email", Telling(Word.ENDED, Alarm("audit", "audit", {}, NOW, gone=NOW + timedelta(hours=1))), NOW, 1
)
QUICK = CallSurroundings(sleep=lambda _: None)


@pytest.fixture(scope="module")
def certificates(mock_keys: Path) -> Path:
    return mock_keys / "certs"


@pytest.fixture(scope="module")
def served(certificates: Path) -> Iterator[MailServer]:
    ca = certificates / "ca.pem"
    with mailing(certificates / "server.pem", certificates / "server.key", ca) as server:
        yield server


@pytest.fixture
def server(served: MailServer) -> MailServer:
    served.begin_anew()
    return served


def channel(server: MailServer, folder: Path, *, password: str = PASSWORD, **changed: Any) -> MailChannel:
    file = folder / "password"
    file.write_text(f"{password}\n")
    file.chmod(0o600)
    given: dict[str, Any] = {"host": "localhost", "port": server.port, "implicit": server.implicit, "ca": server.ca}
    given |= {"user": USER, "password_file": file, "sender": "cprsync@byens.example", "to": ("drift@byens.example",)}
    return MailChannel(MailSettings(**given | changed), "Byens bibliotek (710100)", "da", lambda: NOW, seconds=5.0)


def refused(channel: MailChannel | HookChannel) -> str:
    with pytest.raises(AlarmUndelivered) as caught:
        channel.send([BEGUN])
    return caught.value.kind


def test_a_mail_arrives_with_what_is_wrong_and_what_to_do(server: MailServer, tmp_path: Path) -> None:
    channel(server, tmp_path).send([BEGUN, ENDED])
    (mail,) = server.got
    assert mail["To"] == "drift@byens.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"].startswith("cprsync Byens bibliotek (710100): Nyt: ")
    assert mail["Subject"].endswith("(og én til)")
    body = mail.get_content()
    assert body.index("Nyt: ") < body.index("Overstået: ")
    assert "Siden 23. marts 2027 kl. 13.00." in body
    # nothing but the greeting and the wish for TLS
    assert [line.split()[0].lower() for line in server.in_clear] == ["ehlo", "starttls"]


def test_a_mail_server_that_greets_without_end_keeps_no_other_channel_waiting(
    server: MailServer, tmp_path: Path
) -> None:
    """Each line came in time: `alarms check` hung for four hours, and nobody was told by the webhook either."""
    server.greets_on = True
    impatient = replace(channel(server, tmp_path, user=None, password_file=None), in_all_seconds=0.2)
    assert refused(impatient) == "alarm.unreachable"
    # who is left behind ends when the server does: without a log-in nothing is taken
    server.greets_on = False
    for left in [thread for thread in threading.enumerate() if thread.name == "mail"]:
        left.join(5)
    assert server.got == []


def test_a_test_mail_says_that_it_is_one(server: MailServer, tmp_path: Path) -> None:
    channel(server, tmp_path).send([])
    assert "Dette er en prøve" in server.got[0].get_content()


def test_tls_from_the_first_byte(certificates: Path, tmp_path: Path) -> None:
    key, ca = certificates / "server.key", certificates / "ca.pem"
    with mailing(certificates / "server.pem", key, ca, implicit=True) as server:
        channel(server, tmp_path).send([BEGUN])
        assert len(server.got) == 1
        assert refused(channel(server, tmp_path, ca=_other_issuer(tmp_path))) == "alarm.certificate"
        assert len(server.got) == 1


def _other_issuer(folder: Path) -> Path:
    return develop_certificates(
        folder / "others", now=datetime.now(UTC), profile=packaged_profile().with_key_bits(2048)
    ).ca


def test_a_server_with_a_wrong_certificate_gets_neither_mail_nor_password(server: MailServer, tmp_path: Path) -> None:
    assert refused(channel(server, tmp_path, ca=_other_issuer(tmp_path))) == "alarm.certificate"
    # right issuer, other name
    assert refused(channel(server, tmp_path, host="127.0.0.2")) == "alarm.certificate"
    assert server.got == []
    assert [line.split()[0].lower() for line in server.in_clear] == ["ehlo", "starttls"] * 2


def test_a_server_without_tls_gets_neither_mail_nor_password(server: MailServer, tmp_path: Path) -> None:
    server.offers_tls = False
    assert refused(channel(server, tmp_path)) == "alarm.no_tls"
    # the port of starttls, with the setting for TLS from the first byte: its certificate was never seen
    assert refused(channel(server, tmp_path, implicit=True)) == "alarm.no_tls"
    assert server.got == []
    assert not [line for line in server.in_clear if "AUTH" in line.upper()]


def test_a_wrong_password_a_refusal_and_silence_are_told_apart(server: MailServer, tmp_path: Path) -> None:
    assert refused(channel(server, tmp_path, password="wrong")) == "alarm.log_in"
    server.refuses = True
    assert refused(channel(server, tmp_path)) == "alarm.refused"
    assert refused(channel(server, tmp_path, port=1)) == "alarm.unreachable"
    assert server.got == []


def test_issuers_that_cannot_be_read_are_a_setting(server: MailServer, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        channel(server, tmp_path, ca=tmp_path / "none.pem").send([BEGUN])
    assert server.in_clear == []


# -- over HTTPS -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hooks(certificates: Path) -> Iterator[Receiver]:
    with receiving(certificates) as receiver:
        yield receiver


def hook(receiver: Receiver, folder: Path, **changed: Any) -> HookChannel:
    key = folder / "key-1.key"
    key.write_text(KEY)
    key.chmod(0o600)
    given: dict[str, Any] = {"url": receiver.url, "ca": receiver.ca, "keys": (key,)}
    return HookChannel(PostSettings(**given | changed), "710100", "Byens bibliotek (710100)", "da", QUICK)


def test_a_webhook_gets_a_signed_post_with_the_same_id_at_each_try(hooks: Receiver, tmp_path: Path) -> None:
    hooks.begin_anew()
    for _ in range(2):
        hook(hooks, tmp_path).send([BEGUN, ENDED])
    (one, first, _), (_, second, _) = hooks.got
    assert first == second
    assert (one["agency"], one["test"], len(one["alarms"])) == ("710100", False, 2)
    assert one["alarms"][0] == {
        "word": "begun",
        "cause": "run|5",
        "what": "run",
        "urgency": "now",
        "values": {"run": 3, "exit": 5},
        "since": "2027-03-23T12:00:00+00:00",
        "gone": None,
    }
    assert one["alarms"][1]["gone"] == "2027-03-23T13:00:00+00:00"
    assert hooks.unproved == 0


@pytest.mark.parametrize("status", [302, 400, 500])
def test_a_receiver_that_does_not_take_it_is_told_of(hooks: Receiver, tmp_path: Path, status: int) -> None:
    hooks.begin_anew()
    hooks.answer = lambda _: status
    assert refused(hook(hooks, tmp_path)) == "alarm.receiver"
    assert refused(hook(hooks, tmp_path, url="https://localhost:1/x")) == "alarm.unreachable"


def test_a_receiver_with_a_wrong_certificate_gets_nothing(hooks: Receiver, tmp_path: Path) -> None:
    hooks.begin_anew()
    assert refused(hook(hooks, tmp_path, ca=_other_issuer(tmp_path))) == "alarm.certificate"
    assert hooks.got == []


def test_a_heartbeat_is_a_post_without_a_word(certificates: Path) -> None:
    with watching(certificates) as watcher:
        call_heartbeat(PostSettings(url=watcher.url, ca=certificates / "ca.pem"), QUICK)
    assert watcher.came == [b""]
