"""Trusts a counterpart and shows it our certificate over TLS, with a deadline for each read.

Says which side's certificate is at fault when a connection fails. Knows nothing of HTTP: `channel.py` beside it calls.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from cprsync.errors import CertificateError, CprsyncError
from cprsync.wire.errors import CallFailed, ClosedUnanswered, OursRefused, PeerUntrusted, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cprsync.wire.certificates import PeerJudge


class OwnCertificate(Protocol):
    """Our certificate with its key."""

    def load_into(self, context: ssl.SSLContext) -> None: ...

    def current(self) -> OwnCertificate:
        """Return it as it is now: another one if it was renewed."""
        ...


_HTTPS = 443
#: By OpenSSL's reason: what the counterpart says about our certificate.
ALERTS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it got none",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "it got none",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not know the issuer",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it finds it expired or not yet valid",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "it finds it revoked",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it does not accept it",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it finds it damaged or wrong",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "it does not take this kind",
    "TLSV1_ALERT_DECRYPT_ERROR": "it cannot verify its signature",
    "TLSV1_ALERT_ACCESS_DENIED": "it gives it no access",
}
#: OpenSSL's reasons when the counterpart takes no version, cipher or kind of key that we offer.
_DISAGREEMENTS = frozenset(
    {
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_ALERT_INSUFFICIENT_SECURITY",
        "UNSUPPORTED_PROTOCOL",
    }
)
#: By X.509 verification code (OpenSSL's x509_vfy.h): the kind, and what is wrong with their certificate.
PEER_PROBLEMS = {
    # OpenSSL does not say which certificate of the chain it is
    9: ("not_yet_valid", "is not yet valid, or one of its issuers is not"),
    10: ("expired", "has expired, or one of its issuers has"),
    24: ("chain", "has an issuer that may issue no certificates"),
    26: ("purpose", "may not be shown by a server: serverAuth is missing from its purposes"),
    # RFC 9525: the common name is no name of a host
    62: ("host", "does not name this host among its alternative names (SAN)"),
    64: ("host", "does not name this address among its alternative names (SAN)"),
    66: ("weak", "has a key that is too short: RSA needs 2048 bits or more"),
    67: ("weak", "has an issuer whose key is too short"),
    68: ("hash", "is signed with a hash that is no longer safe"),
    79: ("chain", "has an issuer that may issue no certificates"),
}
_UNTRUSTED = ("untrusted", "does not come from an issuer that we trust")
#: By the types of a failure's causes: the kind, and what happened. The first match counts.
_FAILURES: tuple[tuple[tuple[type[BaseException], ...], str, str], ...] = (
    ((ConnectionRefusedError,), "unreachable", "takes no connections"),
    ((TimeoutError,), "timeout", "did not answer in time"),
    (
        (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError),  # http.client's RemoteDisconnected is one of them
        "closed",
        "closed the connection before it answered",
    ),
    ((http.client.HTTPException,), "cut", "broke its answer off"),
)


class DeadlineContext(ssl.SSLContext):
    """A TLS context with sockets that stop reading at the calling thread's deadline, even if bytes come slowly."""

    calls: threading.local
    monotonic: Callable[[], float]
    #: further checks on the counterpart's certificate, after OpenSSL has accepted it
    judge: PeerJudge | None
    #: gives the context of the next connection
    newest: Callable[[], DeadlineContext]

    def left(self) -> float | None:
        """Seconds until the deadline. None: there is no deadline. Raises TimeoutError if it has passed."""
        deadline: float | None = getattr(self.calls, "deadline", None)
        if deadline is None:
            return None
        left = deadline - self.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the call has passed")
        return left


class NeverBegan(ConnectionError):
    """The counterpart closed the connection before its first word: it cannot have judged our certificate."""


class NoAgreement(ConnectionError):
    """The counterpart refused our first words: it has seen no certificate of ours."""


class DeadlineSocket(ssl.SSLSocket):
    """A socket that waits in each read no longer than the call's remaining time."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError as error:
            # the counterpart chooses the cipher with its first words, long before it sees a certificate of ours
            if self.cipher() is not None:
                raise
            if _is_hung_up(error):
                raise NeverBegan("the connection was closed before the counterpart said anything") from error
            if isinstance(error, ssl.SSLError) and error.reason in _DISAGREEMENTS:
                raise NoAgreement("the counterpart takes none of our ways to encrypt") from error
            raise
        if isinstance(self.context, DeadlineContext) and self.context.judge is not None:
            try:
                self.context.judge.judge(self.getpeercert(binary_form=True), self._place())
            except CprsyncError:
                self.close()
                raise

    def _place(self) -> str:
        """The host of the address, with its port if it is not the usual one."""
        try:
            port = self.getpeername()[1]
        except OSError:
            # the counterpart has hung up; its reason waits to be read
            port = _HTTPS
        return f"{self.server_hostname}" if port == _HTTPS else f"{self.server_hostname}:{port}"

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002 -- ssl's own name
        left = self.context.left() if isinstance(self.context, DeadlineContext) else None
        if left is not None:
            self.settimeout(left)
        return super().read(len, buffer)

    def send(self, data: Any, flags: int = 0) -> int:
        try:
            return super().send(data, flags)
        except (ssl.SSLError, ConnectionResetError):
            # TLS 1.3 judges our certificate after the handshake: the counterpart's verdict waits to be read.
            self.read(1)
            raise


def build_context(
    ca: Path,
    identity: OwnCertificate | None,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    judge: PeerJudge | None = None,
) -> DeadlineContext:
    """Return a TLS context that trusts only the issuers in `ca`, whatever the environment says.

    A certificate of ours that was renewed is in the context of the next connection. Raises CertificateError.
    """
    context = _new_context(ca)
    context.calls, context.monotonic, context.judge = threading.local(), monotonic, judge
    context.newest = lambda: context
    if identity is not None:
        shown = identity.current()
        shown.load_into(context)
        context.newest = _Renewing(ca, identity, context, shown)
    return context


class _Renewing:
    """Gives the context of the next connection. Another one once our certificate was renewed.

    A context that is loaded again would keep a certificate of another kind of key beside the new one.
    """

    def __init__(self, ca: Path, identity: OwnCertificate, first: DeadlineContext, shown: OwnCertificate) -> None:
        self._ca, self._identity, self._context, self._shown = ca, identity, first, shown
        self._lock = threading.Lock()

    def __call__(self) -> DeadlineContext:
        with self._lock:
            shown = self._identity.current()
            if shown is not self._shown:
                self._context = self._follow(shown)
                self._shown = shown
            return self._context

    def _follow(self, shown: OwnCertificate) -> DeadlineContext:
        before, context = self._context, _new_context(self._ca)
        # the same deadlines: the channel sets them on the first context
        context.calls, context.monotonic, context.judge = before.calls, before.monotonic, before.judge
        context.newest = self
        shown.load_into(context)
        return context


def _new_context(ca: Path) -> DeadlineContext:
    context = DeadlineContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = DeadlineSocket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = True
    context.hostname_checks_common_name = False
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(cafile=ca)
    except FileNotFoundError as error:
        raise CertificateError(
            "the file of the issuers that we trust is missing: {ca}", ca=ca, kind="certificate.ca.missing"
        ) from error
    except (OSError, ssl.SSLError) as error:
        raise CertificateError(
            "no issuer that we trust can be read from {ca}", ca=ca, kind="certificate.ca.unreadable"
        ) from error
    return context


def connection_error(
    error: BaseException, *, host: str, answered: bool, also: Mapping[str, type[BaseException]] | None = None
) -> CallFailed:
    """Return the error that a failed exchange means.

    Args:
        error: what failed.
        host: where.
        answered: the host has answered before, so it knows our certificate.
        also: by kind of failure a further type of cause, of a library that calls.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, NoAgreement):
            return PeerUntrusted(
                "{host} agrees with us on no way to encrypt: its certificate has a key that is too short, or it speaks "
                "neither TLS 1.2 nor 1.3",
                host=host,
                kind="certificate.theirs.agreement",
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return peer_error(cause, host=host)
        if isinstance(cause, ssl.SSLError) and cause.reason in ALERTS:
            return OursRefused("{host} refuses our certificate: {why}", host=host, why=ALERTS[cause.reason])
    if any(isinstance(cause, NeverBegan) for cause in causes):
        answered = True
    if any(isinstance(cause, ssl.SSLError) and _is_lost(cause) for cause in causes):
        causes.append(ConnectionResetError())
    for types, kind, happened in _FAILURES:
        more = (also or {}).get(kind)
        if any(isinstance(cause, types if more is None else (*types, more)) for cause in causes):
            error_type = ClosedUnanswered if kind == ClosedUnanswered.kind and not answered else Unanswered
            return error_type("{host} {problem}", host=host, problem=happened, kind=kind)
    return Unanswered("{host} cannot be reached", host=host, kind="unreachable")


def _is_hung_up(error: OSError) -> bool:
    lost = isinstance(error, ssl.SSLError) and _is_lost(error)
    return lost or isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError)


def _is_lost(error: ssl.SSLError) -> bool:
    """Whether OpenSSL says that the connection was lost: by its number, or after a reset as an error of the system."""
    return error.errno == ssl.SSL_ERROR_SYSCALL or error.library == "SYS"


def peer_error(error: ssl.SSLCertVerificationError, *, host: str) -> PeerUntrusted:
    """Return what is wrong with the counterpart's certificate."""
    kind, problem = PEER_PROBLEMS.get(error.verify_code, _UNTRUSTED)
    return PeerUntrusted(
        "the certificate of {host} {problem}", host=host, problem=problem, kind=f"certificate.theirs.{kind}"
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, those that it was raised from, and those that it holds, as requests' and urllib3's do."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        held = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        waiting += [other for other in held if isinstance(other, BaseException)]
