"""Who may fetch the changes: a reader's certificate or its token, how a token is given, and how often a reader may ask.

A token lasts some minutes. It ends at once when the reader is removed or gets another secret.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from cprsync.domain.outward.cursor import unwrap, wrap
from cprsync.errors import QuotaReached
from cprsync.https import SHOWN
from cprsync.services.ports.outward import SIGN_BYTES
from cprsync.web.refusals import NotAdmitted
from cprsync.web.visit import FormRefused, read_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from cprsync.services.ports.outward import Changes
    from cprsync.web.accounts import ReaderEntry
    from cprsync.web.entry import Surroundings
    from cprsync.web.memory.rate_limit import PageTurns

#: How long a token is good for.
TOKEN_SECONDS: Final = 600
#: The first word of what a token says, so that no cursor is one.
_TOKEN: Final = "token"  # noqa: S105 -- a word
_PARTS: Final = 5
_BEARER, _BASIC = "bearer ", "basic "
_LOG: Final = structlog.get_logger("cprsync.web")


def _refused() -> NotAdmitted:
    """The same error for all that is wrong: nobody learns which readers there are."""
    return NotAdmitted("no reader of ours shows its certificate or a token that is in force", kind="reader.unknown")


class Readers:
    """The readers of one library."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def admit(self, request: Request) -> ReaderEntry:
        """The reader who asks. Raises NotAdmitted."""
        told = request.headers.get("authorization")
        reader = self._by_certificate(request) if told is None else self._by_token(told)
        if reader is None:
            _LOG.warning("web.reader.unknown")
            raise _refused()
        return reader

    async def give_token(self, request: Request) -> Response:
        """Give a token for a name and its secret (RFC 6749, client credentials)."""
        try:
            form = await read_form(request)
        except FormRefused:
            return _no_token("invalid_request")
        asked = {name: values[0] for name, values in form.items() if len(values) == 1}
        if len(asked) < len(form):
            return _no_token("invalid_request")
        if asked.get("grant_type") != "client_credentials":
            return _no_token("unsupported_grant_type")
        name, secret = _basic(request.headers.get("authorization", "")) or (
            asked.get("client_id", ""),
            # a secret that is sent from a file has the end of its line with it
            asked.get("client_secret", "").rstrip("\r\n"),
        )
        accounts = self._around.accounts
        reader = None if accounts is None else await run_in_threadpool(accounts.reader_with, name, secret)
        if reader is None:
            _LOG.warning("web.reader.unknown")
            return _no_token("invalid_client")
        token = await run_in_threadpool(self._new_token, reader)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})

    def _by_certificate(self, request: Request) -> ReaderEntry | None:
        shown, accounts = getattr(request.state, SHOWN, None), self._around.accounts
        if shown is None or accounts is None or not shown.is_in_date(self._around.real_time()):
            return None
        return accounts.reader_of(shown.fingerprint)

    def _by_token(self, told: str) -> ReaderEntry | None:
        unwrapped = unwrap(told[len(_BEARER) :], sign_bytes=SIGN_BYTES) if told.lower().startswith(_BEARER) else None
        parts = [] if unwrapped is None else unwrapped[0].split("|")
        accounts = self._around.accounts
        if unwrapped is None or accounts is None or len(parts) != _PARTS or parts[0] != _TOKEN:
            return None
        with self._around.places.taken() as place:
            is_ours = place.desk.store.changes.is_signed(*unwrapped) and parts[1] == place.desk.agency
        _, _, name, proof, until = parts
        return accounts.reader_by(name, proof) if is_ours and self._around.real_time() < int(until) else None

    def _new_token(self, reader: ReaderEntry) -> str:
        until = int(self._around.real_time()) + TOKEN_SECONDS
        with self._around.places.taken() as place:
            written = "|".join((_TOKEN, place.desk.agency, reader.name, reader.proof, str(until)))
            signing: Changes = place.desk.store.changes
            return wrap(written, signing.sign(written))


def _basic(told: str) -> tuple[str, str] | None:
    """Name and secret of a header, each written as in a form (RFC 6749, 2.3.1). None: it has none."""
    if not told.lower().startswith(_BASIC):
        return None
    try:
        name, _, secret = base64.b64decode(told[len(_BASIC) :], validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


#: Each error of RFC 6749 with its status.
_OAUTH: Final[Mapping[str, int]] = {"invalid_request": 400, "unsupported_grant_type": 400, "invalid_client": 401}


def _no_token(error: str) -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="token"'} if _OAUTH[error] == 401 else {}  # noqa: PLR2004 -- HTTP's
    return JSONResponse({"error": error}, _OAUTH[error], headers)


@contextmanager
def taking_turn(turns: PageTurns, reader: ReaderEntry) -> Iterator[None]:
    """Have a turn during the block. Raises QuotaReached."""
    with turns.taken(reader.name, a_minute=reader.asks_a_minute) as is_given:
        if not is_given:
            raise QuotaReached("this reader asks too often, or for too much at once", kind="reader.busy")
        yield


def only_one(values: Sequence[tuple[str, str]], *, names: frozenset[str]) -> dict[str, str] | None:
    """The values of a query by name. None: a name is unknown, or there twice."""
    found = dict(values)
    return found if len(found) == len(values) and found.keys() <= names else None
