"""The calls to Koha's REST API: signing in, finding, reading, adding and replacing a patron.

A CPR number is in a header or a body, never in an address. A search gives only ids: Koha joins it with the attributes,
so that it may show those alone that were searched for.
"""

from __future__ import annotations

import base64
import json
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlencode

from cprsync.errors import ConfigurationError, CprsyncError, TargetRefused, TargetUnavailable, TargetUntrusted
from cprsync.outward.koha_shown import ATTRIBUTES, parse_record, parse_records, refusal_code
from cprsync.private import read_password
from cprsync.wire.calls import Calls, CallSurroundings, Peer
from cprsync.wire.documents import read_document, read_json
from cprsync.wire.errors import AnswerBroken, CallFailed, PeerUntrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import requests

    from cprsync.domain.outward.koha import KohaRecord
    from cprsync.outward.settings import KohaSettings

T = TypeVar("T")

_OK, _CREATED, _NO_CHANGES = 200, 201, 204
_SIGN_IN_AGAIN, _FORBIDDEN, _NOT_THERE = 401, 403, 404
_SAID_NO: Final = frozenset({400, 409})
#: Nobody is served now.
_LATER: Final = frozenset({429, 502, 503, 504})
_MOVED: Final = range(300, 400)
#: Koha says why it refuses in one of these. What says neither is not Koha's answer.
_REASONS: Final = frozenset({"error", "errors"})
_JSON: Final = {"Accept": "application/json", "Content-Type": "application/json"}
_EMBED: Final = {"x-koha-embed": ATTRIBUTES}
#: A token that is valid for fewer seconds is not used any more.
_TOKEN_LEFT: Final = 30
#: The shortest and the longest time that a token is believed to be valid.
_TOKEN_SECONDS: Final = (60, 86_400)
#: So often one request is made with another token.
SIGN_INS_MOST: Final = 3
#: The most patrons that one search may show; a query for them is shorter than a header may be.
TOGETHER: Final = 100


class KohaSaidNo(Exception):
    """Koha does not take a write. Nothing was changed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _translate(error: CallFailed) -> CprsyncError:
    """The client's error for one of a call."""
    match error:
        case AnswerBroken():
            return TargetUnavailable("Koha's answer cannot be read: {why}", why=error, kind="target.bad_answer")
        case PeerUntrusted():
            return TargetUntrusted("Koha's certificate is not to be trusted: {why}", why=error)
        case _:
            return TargetUnavailable("Koha does not answer: {why}", why=error, kind=f"target.{error.kind}")


KOHA: Final = Peer(
    "koha",
    _translate,
    unanswered=TargetUnavailable,
    hopeless=(ConfigurationError, TargetUntrusted, TargetRefused),
)


class KohaCalls:
    """Koha as one library, over TLS, from any number of threads. Close it after use."""

    def __init__(self, settings: KohaSettings, *, surroundings: CallSurroundings) -> None:
        """Raises ConfigurationError before anything is sent."""
        self._settings, self._monotonic = settings, surroundings.monotonic
        self._calls = Calls(KOHA, settings, identity=None, surroundings=surroundings)
        self.log = self._calls.log
        # so that a wrong file is told before anything is sent
        self._read_secret()
        self._token: str | None = None
        self._until = 0.0
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the open connections. A token ends by itself."""
        self._calls.close()

    def make(self, operation: str, once: Callable[[], T]) -> T:
        """Make a call of several requests, and all of it again while nobody answers. Raises the errors of a target."""
        return self._calls.make(operation, once)

    def find(self, numbers: Sequence[str], code: str) -> list[KohaRecord]:
        """Return the patrons with one of these numbers. Their attributes may not be all that they have."""
        query = {f"{ATTRIBUTES}.code": code, f"{ATTRIBUTES}.value": {"-in": list(numbers)}}
        return self._search(query, most=3 * len(numbers))

    def read_many(self, ids: Sequence[int]) -> list[KohaRecord]:
        """Return the patrons of these ids that Koha has, whole."""
        return self._search({"me.patron_id": {"-in": list(ids)}}, most=len(ids))

    def read(self, patron_id: int) -> KohaRecord | None:
        """Return a patron. None: Koha has none with this id."""
        status, document = self._ask("GET", f"patrons/{patron_id}", headers=_EMBED)
        if status == _NOT_THERE:
            return None
        record = parse_record(document)
        if record.id != patron_id:
            raise AnswerBroken("the answer is about another patron", kind="other_patron")
        return record

    def replace(self, patron_id: int, body: dict[str, Any]) -> None:
        """Replace a whole patron. Raises KohaSaidNo."""
        status, document = self._ask("PUT", f"patrons/{patron_id}", body)
        if status not in {_OK, _NO_CHANGES}:
            raise KohaSaidNo("deleted" if status == _NOT_THERE else refusal_code(document))

    def add(self, body: dict[str, Any]) -> int:
        """Add a patron and return their id. Raises KohaSaidNo.

        It is never said that a patron is no duplicate of one with the same name: a person has to look.
        """
        override = {} if self._settings.welcomes else {"x-koha-override": "welcome_no"}
        status, document = self._ask("POST", "patrons", body, headers={**_EMBED, **override})
        if status != _CREATED:
            raise KohaSaidNo(refusal_code(document if isinstance(document, dict) else {}))
        record = parse_record(document)
        assert record.id is not None  # noqa: S101 -- what Koha shows has an id
        return record.id

    # -- inside -----------------------------------------------------------------------------------------

    def _search(self, query: dict[str, Any], *, most: int) -> list[KohaRecord]:
        headers = {**_EMBED, "x-koha-query": json.dumps(query)}
        status, document = self._ask("GET", f"patrons?_per_page={most}", headers=headers)
        if status != _OK:
            raise TargetRefused("Koha does not search for patrons (HTTP {status})", status=status)
        return parse_records(document)

    def _ask(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Ask, and as long as the token is not taken, again with another one. Returns the status and the document.

        A secret that gives tokens is right. Koha may lose them, for example while it starts anew: then it is tried
        later. Without tokens nothing but the secret is asked about.
        """
        sent = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        for _ in range(1 if self._settings.basic else SIGN_INS_MOST):
            signed = self._signed()
            status, document = self._exchange(method, path, sent, {**_JSON, **(headers or {}), "Authorization": signed})
            if status != _SIGN_IN_AGAIN:
                break
            self._forget(signed)
        if status == _SIGN_IN_AGAIN and self._settings.basic:
            raise _secret_refused(status)
        if status == _SIGN_IN_AGAIN:
            raise TargetUnavailable("Koha takes none of the tokens that it has just given us", kind=TOKENS)
        if status == _FORBIDDEN and "required_permissions" in document:
            raise TargetRefused("Koha's client lacks a permission for patrons (HTTP {status})", status=status)
        return status, document

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        """One request and its answer. Raises TargetUnavailable: Koha serves nobody, or has failed."""
        limits, channel = self._settings.answer, self._calls.channel
        url = f"{self._settings.url}/{path}"
        with channel.deadline(url, limits.seconds), closing(channel.send(method, url, body, headers)) as response:
            status = response.status_code
            if status == _NO_CHANGES:
                return status, {}
            if status in {_OK, _CREATED}:
                return status, read_json(response, limits)
            if status in _LATER:
                raise TargetUnavailable("Koha serves nobody now (HTTP {status})", status=status, kind=MAINTENANCE)
            if status == _SIGN_IN_AGAIN:
                return status, {}
            if status in {*_SAID_NO, _FORBIDDEN, _NOT_THERE}:
                return status, self._read_refusal(response)
            if status in _MOVED:
                raise TargetRefused(
                    "Koha sends us to another address (HTTP {status}): no redirect is followed", status=status
                )
            raise TargetUnavailable("Koha answers HTTP {status}", status=status, kind="target.http")

    def _read_refusal(self, response: requests.Response) -> dict[str, Any]:
        """What Koha says of a refusal. Raises TargetUnavailable: another answers, so nobody knows what Koha has."""
        try:
            said = read_document(response, self._settings.answer)
        except AnswerBroken:
            said = {}
        if not said.keys() & _REASONS:
            raise TargetUnavailable(
                "HTTP {status} is not Koha's own answer: a server before it gives it, or the address is wrong",
                status=response.status_code,
                kind="target.http",
            )
        return said

    def _signed(self) -> str:
        """What says who we are. The first thread that needs a token gets one, and the others wait for it."""
        if self._settings.basic:
            return f"Basic {base64.b64encode(f'{self._settings.client}:{self._read_secret()}'.encode()).decode()}"
        with self._lock:
            if self._token is None or self._monotonic() >= self._until:
                self._token = self._get_token()
            return f"Bearer {self._token}"

    def _read_secret(self) -> str:
        """The secret as it is now: it may be changed while a long queue is sent."""
        return read_password(self._settings.secret_file)

    def _forget(self, signed: str) -> None:
        """Forget a token that has ended, unless another thread has got a new one."""
        with self._lock:
            if signed == f"Bearer {self._token}":
                self._token = None

    def _get_token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client,
            "client_secret": self._read_secret(),
        }
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        status, document = self._exchange("POST", "oauth/token", urlencode(form).encode(), headers)
        if status != _OK:
            raise _secret_refused(status)
        token = document.get("access_token") if isinstance(document, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token.strip():
            raise AnswerBroken("the answer to the log-in has no token", kind="no_token")
        least, most = _TOKEN_SECONDS
        given = document.get("expires_in")
        seconds = min(max(given, least), most) if isinstance(given, int) else least
        self._until = self._monotonic() + seconds - _TOKEN_LEFT
        return token


def _secret_refused(status: int) -> TargetRefused:
    return TargetRefused("Koha does not accept our client id and secret (HTTP {status})", status=status)


#: The kind of the error while Koha serves nobody.
MAINTENANCE: Final = "target.maintenance"
#: The kind of the error while Koha gives tokens and takes none.
TOKENS: Final = "target.tokens"
