"""Calls to the identity provider: our trust only, no redirect, and one deadline for all calls of one sign-in."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import structlog

from cprsync.errors import SignInUnavailable
from cprsync.wire.certificates import PeerJudge, RevocationLists
from cprsync.wire.channel import Channel
from cprsync.wire.errors import CallFailed
from cprsync.wire.limits import Patience
from cprsync.wire.tls import build_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from cprsync.identity.settings import ProviderSettings

#: How long all calls of one sign-in may take. The page has a second more.
SIGN_IN_SECONDS: Final = 7.0
#: The largest answer: a set of keys has a few thousand bytes.
ANSWER_MAX_BYTES: Final = 256 * 1024
_CONNECTIONS: Final = 4
#: A part of the deadline, as connecting may take it four times.
_CONNECT_SECONDS: Final = SIGN_IN_SECONDS / 4
_OK: Final = 200
_BROKEN: Final = 500


@dataclass(frozen=True, slots=True, repr=False)
class ProviderAnswer:
    """An answer that was read whole. It has what authlib asks of one."""

    status_code: int
    body: bytes

    def json(self) -> Any:
        """The document. Raises ValueError."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None

    def raise_for_status(self) -> None:
        """Raise SignInUnavailable unless the provider did what it was asked for."""
        if self.status_code != _OK:
            raise SignInUnavailable(
                "the identity provider answers with an error of its own", kind="sign_in.unavailable.error"
            )


class ProviderCalls:
    """The calls to one provider. Many threads may use it; each says how long it waits."""

    def __init__(
        self,
        settings: ProviderSettings,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises CertificateError before anything is sent."""
        self.monotonic = monotonic
        lists = RevocationLists.load(settings.crl)
        log = structlog.get_logger("cprsync.identity")
        judge = PeerJudge(settings.ca, lists, production=settings.production, now=now, log=log)
        context = build_context(settings.ca, None, monotonic=monotonic, judge=judge)
        self._channel = Channel(
            context, connections=_CONNECTIONS, connect_seconds=_CONNECT_SECONDS, patience=Patience()
        )

    def read(self, url: str, *, until: float, bearer: str = "") -> dict[str, Any]:
        """Read a JSON document of the provider. `until`: a moment of `monotonic`. Raises SignInUnavailable.

        `bearer`: the access token of the person whose document it is.
        """
        answer = self._ask("GET", url, b"", {"Authorization": f"Bearer {bearer}"} if bearer else {}, until)
        answer.raise_for_status()
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise SignInUnavailable(
                "the identity provider's answer is no JSON document", kind="sign_in.unavailable.error"
            )
        return document

    def session(self, *, until: float) -> ProviderSession:
        """What authlib's client posts through."""
        return ProviderSession(self, until)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, until: float) -> ProviderAnswer:
        """Send a form. Raises SignInUnavailable: nobody answers, or with an error of the provider's own."""
        answer = self._ask("POST", url, body, headers, until)
        if answer.status_code >= _BROKEN:
            answer.raise_for_status()
        return answer

    def close(self) -> None:
        """Close the open connections."""
        self._channel.close()

    def _ask(self, method: str, url: str, body: bytes, headers: Mapping[str, str], until: float) -> ProviderAnswer:
        sent = {**headers, "Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            with self._channel.deadline(url, max(0.0, until - self.monotonic())):
                response = self._channel.send(method, url, body, sent)
                try:
                    answer = ProviderAnswer(
                        response.status_code, response.raw.read(ANSWER_MAX_BYTES + 1, decode_content=True)
                    )
                finally:
                    response.close()
        except CallFailed as error:
            raise SignInUnavailable("{why}", why=error, kind=f"sign_in.unavailable.{error.kind}") from error
        if len(answer.body) > ANSWER_MAX_BYTES:
            raise SignInUnavailable("the identity provider's answer is too large", kind="sign_in.unavailable.error")
        return answer


class ProviderSession:
    """As much of a `requests` session as authlib's client uses, with a deadline."""

    def __init__(self, calls: ProviderCalls, until: float) -> None:
        self._calls, self._until = calls, until

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> ProviderAnswer:
        """Send a form with our identification."""
        url, headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return self._calls.post(url, body.encode(), headers, until=self._until)
