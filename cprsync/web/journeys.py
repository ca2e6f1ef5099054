"""The way of a browser to an identity provider and back, with what it has to remember meanwhile.

The browser carries that itself, sealed, so that a flood of strangers takes nobody's place. Leaves out who is let in.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from cryptography.fernet import Fernet, InvalidToken
from starlette.responses import RedirectResponse

from cprsync.errors import SignInRefused, SignInUnavailable
from cprsync.identity.provider import Started
from cprsync.web.workers.keeping import Used

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from cprsync.catalogues import Language
    from cprsync.domain.desk.claims import ClaimRules
    from cprsync.identity.provider import Provider
    from cprsync.web.workers.keeping import Uses

T = TypeVar("T")
#: How long a person may take at the provider.
JOURNEY_SECONDS: Final = 10 * 60
#: How long a page waits for the provider: also for its name to be found, which has no limit of its own.
PAGE_SECONDS: Final = 7.5
#: The most sign-ins that ask the provider at the same time.
ASKING_MAX: Final = 8
#: The longest parts of an answer, and the most of them.
_PART_MAX: Final = 4096
_PARTS_MAX: Final = 20


class Journeys:
    """The ways of all browsers to one provider."""

    def __init__(  # noqa: PLR0913 -- the parts of a way
        self,
        provider: Provider,
        *,
        cookie: str,
        secure: bool,
        now: Callable[[], datetime],
        key: bytes | None = None,
        used: Uses | None = None,
    ) -> None:
        """`key`, `used`: shared by several workers, as a browser may come back to another one. None: of this one."""
        self._provider, self._secure, self._now = provider, secure, now
        self._cookie = f"__Host-{cookie}" if secure else cookie
        self._seal = Fernet(Fernet.generate_key() if key is None else key)
        self._asking = CapacityLimiter(ASKING_MAX)
        self._used = Used() if used is None else used

    async def begin(self, language: Language) -> Response:
        """Send the browser to the provider. Raises SignInUnavailable."""
        address, started = await self._in_time(self._provider.begin)
        response = RedirectResponse(address, status_code=303)
        carried = json.dumps({**asdict(started), "language": language}).encode()
        sealed = self._seal.encrypt_at_time(carried, self._seconds()).decode()
        # lax: the browser comes back by a link of the provider, with which it sends no strict cookie
        response.set_cookie(
            self._cookie, sealed, max_age=JOURNEY_SECONDS, path="/", secure=self._secure, httponly=True, samesite="lax"
        )
        return response

    async def finish(self, request: Request) -> Mapping[str, Any]:
        """What the provider says of the person who comes back.

        Raises:
            SignInRefused: the answer is not of a sign-in that this browser began, or proves nothing.
            SignInUnavailable: the provider does not answer.
        """
        started = self._started(request)
        if started is None:
            raise SignInRefused("this browser has begun no sign-in, or too long ago", kind="sign_in.begin")
        claims = await self._in_time(partial(self._provider.finish, started, _answer_of(request)))
        if not await to_thread.run_sync(self._used.use, started.state):
            raise SignInRefused("the answer was used before", kind="sign_in.state")
        return claims

    def language(self, request: Request) -> Language:
        """The language in which the browser began."""
        return "en" if self._carried(request).get("language") == "en" else "da"

    def forget(self, response: Response) -> Response:
        """Let the browser forget its way."""
        response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="lax")
        return response

    async def sign_out_address(self) -> str | None:
        """Where a browser signs out at the provider too. None: nowhere."""
        try:
            return await self._in_time(self._provider.sign_out_address)
        except SignInUnavailable:
            return None

    async def _in_time(self, ask: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(PAGE_SECONDS):
                return await to_thread.run_sync(ask, limiter=self._asking, abandon_on_cancel=True)
        except TimeoutError:
            raise SignInUnavailable("the identity provider does not answer in time") from None

    def _started(self, request: Request) -> Started | None:
        carried = self._carried(request)
        return Started(carried["state"], carried["nonce"], carried["verifier"]) if carried else None

    def _carried(self, request: Request) -> dict[str, str]:
        """What the browser carries. Empty: nothing of ours, or for too long."""
        sealed = request.cookies.get(self._cookie, "")
        try:
            found = json.loads(self._seal.decrypt_at_time(sealed.encode(), JOURNEY_SECONDS, self._seconds()))
        except (InvalidToken, ValueError):
            return {}
        return dict(found)

    def _seconds(self) -> int:
        return int(self._now().timestamp())


def _answer_of(request: Request) -> dict[str, str]:
    """The parts of an answer. Raises SignInRefused: one of them stands there twice, or is too long."""
    parts = request.query_params.multi_items()
    answer = dict(parts)
    if len(answer) != len(parts) or len(parts) > _PARTS_MAX or any(len(part) > _PART_MAX for part in answer.values()):
        raise SignInRefused("the answer is none of an identity provider", kind="sign_in.code")
    return answer


@dataclass(frozen=True, slots=True)
class StaffProvider:
    """The provider where staff sign in, and what its claims mean at this library."""

    journeys: Journeys
    #: what the page calls it
    title: str
    rules: ClaimRules
    agency: str
