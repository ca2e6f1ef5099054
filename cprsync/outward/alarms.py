"""Carries alarms to people: by mail, and to a webhook; and tells an outside watcher that a night has gone well.

The webhook's posts are signed as a target's are. Nothing of a person is in any of them.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import smtplib
import ssl
import threading
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import AlarmUndelivered, ConfigurationError
from cprsync.language.alarms import body_of, mail_subject_of
from cprsync.outward.webhook import DELIVERY, SIGNATURE, read_keys, sign_body
from cprsync.private import read_password
from cprsync.services.ports.trust.alarms import AlarmChannel
from cprsync.wire.calls import Calls, Peer
from cprsync.wire.errors import PeerUntrusted
from cprsync.wire.limits import PeerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from cprsync.catalogues import Language
    from cprsync.errors import CprsyncError
    from cprsync.services.ports.trust.alarms import Message
    from cprsync.wire.calls import CallSurroundings
    from cprsync.wire.errors import CallFailed

#: How long each line of the mail server may take, and all that is said to it and by it.
MAIL_SECONDS: Final = 20.0
MAIL_IN_ALL_SECONDS: Final = 120.0
_SUCCESS: Final = range(200, 300)
#: How long a receiver may take for its answer, of which only the status counts.
ANSWER_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The mail server, our log-in there, and who is written to."""

    host: str
    port: int
    #: TLS from the first byte, and not after STARTTLS
    implicit: bool
    ca: Path
    user: str | None
    password_file: Path | None
    sender: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MailChannel(AlarmChannel):
    """Mail over TLS: without a certificate that is right, nothing is sent, and no password."""

    settings: MailSettings
    library: str
    language: Language
    now: Callable[[], datetime]
    seconds: float = MAIL_SECONDS
    in_all_seconds: float = MAIL_IN_ALL_SECONDS
    name: str = "email"

    def send(self, messages: Sequence[Message]) -> None:
        """Send one mail with all of it."""
        mail = self._mail(messages)
        context = self._context()
        password = None if self.settings.password_file is None else read_password(self.settings.password_file)
        ended: Future[None] = Future()

        def exchange() -> None:
            try:
                self._exchange(mail, context, password)
            except BaseException as error:  # noqa: BLE001 -- it is raised where the mail is waited for
                ended.set_exception(error)
            else:
                ended.set_result(None)

        # an answer may have lines without end: a thread that hangs is left behind, and ends with the program
        threading.Thread(target=exchange, name="mail", daemon=True).start()
        with _undelivered(self.settings.host):
            ended.result(self.in_all_seconds)

    def _exchange(self, mail: EmailMessage, context: ssl.SSLContext, password: str | None) -> None:
        server = self._connect(context)
        try:
            if password is not None and self.settings.user is not None:
                server.login(self.settings.user, password)
            server.send_message(mail)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()

    def _connect(self, context: ssl.SSLContext) -> smtplib.SMTP:
        settings = self.settings
        if settings.implicit:
            return smtplib.SMTP_SSL(settings.host, settings.port, timeout=self.seconds, context=context)
        server = smtplib.SMTP(settings.host, settings.port, timeout=self.seconds)
        try:
            # a server without it is refused: a password never goes in clear
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
        return server

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.settings.ca)
        except (OSError, ssl.SSLError):
            raise ConfigurationError(
                "{path}: the issuers of the mail server cannot be read", path=self.settings.ca, kind="configuration"
            ) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _mail(self, messages: Sequence[Message]) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self.settings.sender
        mail["To"] = ", ".join(self.settings.to)
        # a mail's subject is one line
        mail["Subject"] = " ".join(mail_subject_of(messages, self.library, self.language).split())
        mail["Date"] = format_datetime(self.now())
        mail["Message-ID"] = make_msgid(domain=self.settings.sender.rpartition("@")[2])
        # no machine answers it that one is away
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(body_of(messages, self.library, self.language))
        return mail


@contextmanager
def _undelivered(host: str) -> Iterator[None]:
    """Turn what fails on the way to a mail server into our error. No text of the server's is quoted."""
    try:
        yield
    except (OSError, smtplib.SMTPException) as error:
        raise _mail_error(error, host) from None


def _mail_error(error: Exception, host: str) -> AlarmUndelivered:
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLCertVerificationError):
        # such as a port where TLS begins later, or never
        return AlarmUndelivered("the mail server {host} offers no TLS", host=host, kind="alarm.no_tls")
    if isinstance(error, ssl.SSLError):
        return AlarmUndelivered(
            "the certificate of the mail server {host} is not to be trusted", host=host, kind="alarm.certificate"
        )
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return AlarmUndelivered(
            "the mail server {host} does not accept our user and password", host=host, kind="alarm.log_in"
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return AlarmUndelivered("the mail server {host} offers no TLS", host=host, kind="alarm.no_tls")
    if isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
        return AlarmUndelivered("the mail server {host} refuses the mail", host=host, kind="alarm.refused")
    return AlarmUndelivered("the mail server {host} does not answer", host=host, kind="alarm.unreachable")


# -- over HTTPS -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSettings(PeerSettings):
    """Where something is posted. An address of a heartbeat is as good as a password: no log has it."""

    url: str
    #: the files of the keys that sign; none: a heartbeat
    keys: tuple[Path, ...] = ()
    workers: int = 1


def _translate(error: CallFailed) -> CprsyncError:
    if isinstance(error, PeerUntrusted):
        return AlarmUndelivered("the receiver's certificate is not to be trusted", kind="alarm.certificate")
    return AlarmUndelivered("the receiver does not answer", kind="alarm.unreachable")


ALARM_RECEIVER: Final = Peer("alarms", _translate, unanswered=AlarmUndelivered, hopeless=(ConfigurationError,))


@dataclass(frozen=True, slots=True)
class HookChannel(AlarmChannel):
    """A webhook: one signed post with all messages, as JSON."""

    settings: PostSettings
    agency: str
    library: str
    language: Language
    surroundings: CallSurroundings
    name: str = "webhook"

    def send(self, messages: Sequence[Message]) -> None:
        """Post them together."""
        body = json.dumps(self._document(messages), ensure_ascii=False, separators=(",", ":")).encode()
        keys = read_keys(self.settings.keys)
        at = int(self.surroundings.now().timestamp())
        headers = {"Content-Type": "application/json", SIGNATURE: sign_body(body, at=at, keys=keys)}
        # the same at each try of the same messages, so that a receiver can tell
        said = "|".join((self.agency, *(str(one.id) for one in messages))) if messages else secrets.token_hex(8)
        headers[DELIVERY] = hashlib.sha256(said.encode()).hexdigest()[:32]
        post(self.settings, body, headers, self.surroundings)

    def _document(self, messages: Sequence[Message]) -> dict[str, Any]:
        return {
            "agency": self.agency,
            "library": self.library,
            "test": not messages,
            "text": body_of(messages, self.library, self.language),
            "alarms": [_alarm_document(one) for one in messages],
        }


def _alarm_document(message: Message) -> dict[str, Any]:
    alarm = message.telling.alarm
    return {
        "word": message.telling.word.value,
        "cause": alarm.cause,
        "what": alarm.what,
        "urgency": alarm.rule.urgency.value,
        "values": dict(alarm.values),
        "since": alarm.since.isoformat(timespec="seconds"),
        "gone": alarm.gone and alarm.gone.isoformat(timespec="seconds"),
    }


def call_heartbeat(settings: PostSettings, surroundings: CallSurroundings) -> None:
    """Tell an outside watcher that a night has gone well. Raises AlarmUndelivered."""
    post(settings, b"", {}, surroundings)


def post(settings: PostSettings, body: bytes, headers: Mapping[str, str], surroundings: CallSurroundings) -> None:
    """Post once, and again while nobody answers. No redirect is followed. Raises AlarmUndelivered."""
    calls = Calls(ALARM_RECEIVER, settings, identity=None, surroundings=surroundings)

    def once() -> int:
        with (
            calls.channel.deadline(settings.url, ANSWER_SECONDS),
            closing(calls.channel.send("POST", settings.url, body, {"Accept": "*/*", **headers})) as response,
        ):
            return int(response.status_code)

    with closing(calls):
        status = calls.make("post", once)
    if status not in _SUCCESS:
        raise AlarmUndelivered("the receiver answers HTTP {status}", status=status, kind="alarm.receiver")
