"""Cicero (FBS) over its CMS API: shows patrons. It has no call that writes.

By the published contract of DBC's FBS adapter and its source. A session is opened with the library's user; its key goes
into a header of each call, and a 401 means that it has ended. A patron is read by their number there (GET). If that is
not known yet, they are found by their CPR number, in the body of a POST as the contract wants it: it is the look-up
that a site makes after somebody has logged in, and it changes nothing. The contract has no list, no search and no
delta.
"""

from __future__ import annotations

import json
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import (
    ConfigurationError,
    CprsyncError,
    LibrarySystemRefused,
    LibrarySystemUnavailable,
    LibrarySystemUntrusted,
    PatronNotNamed,
)
from cprsync.outward.shown import parse_patron
from cprsync.private import read_password
from cprsync.services.ports.comparing import LibrarySystem
from cprsync.wire.calls import Calls, CallSurroundings, Circuit, Peer, side_by_side
from cprsync.wire.documents import read_document
from cprsync.wire.errors import AnswerBroken, CallFailed, OursRefused, PeerUntrusted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import requests

    from cprsync.domain.outward.deviation import Elsewhere
    from cprsync.outward.settings import FbsSettings
    from cprsync.services.ports.comparing import Question
    from cprsync.wire.limits import AnswerLimits

_OK, _NOT_THERE, _SESSION_ENDED = 200, 404, 401
#: FBS knows us, and lets us do nothing.
_FORBIDDEN: Final = frozenset({_SESSION_ENDED, 403, 405})
#: What a log-in with a wrong user or password is answered with.
_LOG_IN_REFUSED: Final = frozenset({400, *_FORBIDDEN})
_HEADERS: Final = {"Accept": "application/json", "Content-Type": "application/json"}


def _translate(error: CallFailed) -> CprsyncError:
    """The client's error for one of a call."""
    match error:
        case AnswerBroken():
            return LibrarySystemUnavailable("FBS's answer cannot be read: {why}", why=error, kind="fbs.bad_answer")
        case PeerUntrusted():
            return LibrarySystemUntrusted("FBS's certificate is not to be trusted: {why}", why=error)
        case OursRefused():
            return LibrarySystemUnavailable("FBS does not answer: {why}", why=error, kind="fbs.tls")
        case _:
            return LibrarySystemUnavailable("FBS does not answer: {why}", why=error, kind=f"fbs.{error.kind}")


_FBS: Final = Peer(
    "fbs",
    _translate,
    unanswered=LibrarySystemUnavailable,
    hopeless=(ConfigurationError, LibrarySystemUntrusted, LibrarySystemRefused),
)


class FbsClient(LibrarySystem):
    """FBS as one library, over TLS. Close it after use."""

    def __init__(self, settings: FbsSettings, *, surroundings: CallSurroundings) -> None:
        """Raises ConfigurationError before anything is sent."""
        self._settings = settings
        self._calls = Calls(_FBS, settings, identity=None, surroundings=surroundings)
        self._log_in = json.dumps({"username": settings.user, "password": read_password(settings.password_file)})
        self._session: str | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the open connections. The session ends by itself: the contract has no way to end it."""
        self._calls.close()

    def sign_in(self) -> None:
        """Log in, and ask nothing. Raises LibrarySystemRefused, and that FBS does not answer."""
        self._calls.make("log_in", self._open_session)

    def read_many(self, asked: Iterable[Question]) -> Iterator[tuple[Question, Elsewhere | CprsyncError | None]]:
        """Read each patron, side by side, as the port describes."""
        circuit = Circuit(self._settings.limits.unanswered_in_a_row, _FBS)

        def carry_out(question: Question) -> list[tuple[Question, Elsewhere | CprsyncError | None]]:
            return [] if circuit.is_open else [(question, circuit.outcome_of(self.read, question))]

        yield from side_by_side(asked, carry_out, threads=self._settings.workers, circuit=circuit)

    def read(self, question: Question) -> Elsewhere | None:
        """Read one patron. None: FBS does not know them. Raises LibrarySystemUnavailable and the other errors of FBS.

        PatronNotNamed is one of them: it may be the patron who is not there, or the call.

        A number there that leads to nobody any more is not believed: the patron is looked for by the CPR number.
        """
        shown = None
        if question.their_id is not None:
            known = question.their_id
            with suppress(PatronNotNamed):
                shown = self._calls.make("patron", lambda: self._by_id(known), outcome=_word)
        if shown is None:
            shown = self._calls.make("preauthenticated", lambda: self._by_number(question), outcome=_word)
        return shown

    # -- the two calls ----------------------------------------------------------------------------------

    def _by_id(self, their_id: str) -> Elsewhere | None:
        shown = self._ask("GET", f"patrons/{their_id}/v4", b"")
        if shown is not None and shown.id != their_id:
            raise AnswerBroken("the answer is about another patron", kind="other_patron")
        return shown

    def _by_number(self, question: Question) -> Elsewhere | None:
        # never in the address: it would be in the log of every machine on the way
        return self._ask("POST", "patrons/preauthenticated/v10", question.number.digits.encode())

    # -- inside -----------------------------------------------------------------------------------------

    def _ask(self, method: str, path: str, body: bytes) -> Elsewhere | None:
        """Ask about one patron. If the session has ended, open another one, once."""
        status, document = self._send(method, path, body, key := self._key())
        if status == _SESSION_ENDED:
            self._forget(key)
            status, document = self._send(method, path, body, self._key())
        if status in _FORBIDDEN:
            raise LibrarySystemRefused("FBS lets us read no patron (HTTP {status})", status=status)
        return None if document is None else parse_patron(document)

    def _send(self, method: str, path: str, body: bytes, key: str) -> tuple[int, dict[str, Any] | None]:
        """Return the status, and the document of a patron. None: there is none, or FBS refused."""
        url = f"{self._settings.url}/external/{self._settings.agency}/{path}"
        expected = _FORBIDDEN | {_NOT_THERE}
        return self._exchange(method, url, body, {**_HEADERS, "X-Session": key}, expected=expected)

    def _exchange(
        self, method: str, url: str, body: bytes, headers: dict[str, str], *, expected: frozenset[int]
    ) -> tuple[int, dict[str, Any] | None]:
        """One request and its answer. Raises LibrarySystemUnavailable for a status that is neither OK nor expected."""
        limits, channel = self._settings.answer, self._calls.channel
        with channel.deadline(url, limits.seconds), closing(channel.send(method, url, body, headers)) as response:
            if response.status_code == _OK:
                return _OK, read_document(response, limits)
            if response.status_code == _NOT_THERE in expected:
                _raise_unless_said(response, limits)
            if response.status_code in expected:
                return response.status_code, None
            raise LibrarySystemUnavailable("FBS answers HTTP {status}", status=response.status_code, kind="fbs.http")

    def _key(self) -> str:
        """The key of the open session. The first thread that needs one opens it, and the others wait for it."""
        with self._lock:
            if self._session is None:
                self._session = self._open_session()
            return self._session

    def _forget(self, key: str) -> None:
        """Forget a session that has ended, unless another thread has opened a new one."""
        with self._lock:
            if self._session == key:
                self._session = None

    def _open_session(self) -> str:
        url = f"{self._settings.url}/external/v1/{self._settings.agency}/authentication/login"
        expected = _LOG_IN_REFUSED | {_NOT_THERE}
        try:
            status, document = self._exchange("POST", url, self._log_in.encode(), _HEADERS, expected=expected)
        except PatronNotNamed as error:
            raise LibrarySystemRefused(
                "FBS does not know the call: it may have withdrawn this version", kind="fbs.version"
            ) from error
        if document is None:
            raise LibrarySystemRefused("FBS does not accept our user and password (HTTP {status})", status=status)
        key = document.get("sessionKey")
        if not isinstance(key, str) or not key.isascii() or not key.isprintable() or not key.strip():
            raise AnswerBroken("the answer to the log-in has no session key", kind="no_session")
        return key


def _raise_unless_said(response: requests.Response, limits: AnswerLimits) -> None:
    """Raise PatronNotNamed unless it is FBS that says that nobody is there.

    A version of the API that is withdrawn is answered with 404 too. One answer alone does not tell which it is.
    """
    try:
        said = read_document(response, limits)
    except AnswerBroken:
        said = {}
    if not isinstance(said.get("errorCode"), str):
        raise PatronNotNamed("FBS answers that something is not there, and does not say what")


def _word(shown: Elsewhere | None) -> str:
    return "absent" if shown is None else "ok"
