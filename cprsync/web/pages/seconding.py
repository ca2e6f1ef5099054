"""A form that a second person has to sign for waits in the session, and is answered once they have.

They sign on the first one's screen, or on their own, where they find it in a list (`checking`). Only the form that was
refused is answered, and only for a few minutes. What they signed is in the audit before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool

from cprsync.domain.desk.roles import Task, may
from cprsync.errors import CprsyncError
from cprsync.language.errors import error_text
from cprsync.language.words import desk_word
from cprsync.services.desk.access import is_signed, sign_attempt
from cprsync.web.accounts import CHECKS_MAX

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cprsync.errors import SecondPersonNeeded
    from cprsync.web.accounts import StaffAccounts
    from cprsync.web.memory.places import Places
    from cprsync.web.memory.sessions import Session
    from cprsync.web.rendering import Renderer

Form = dict[str, list[str]]

#: The fields of the form in which a second person signs.
KEY, NAME, PASSWORD = "second_key", "second_name", "second_password"
_REFUSED: Final = 403


@dataclass(frozen=True, slots=True, repr=False)
class Held:
    """A form that waits for a second person."""

    path: str
    form: Form
    attempt: int


@dataclass(frozen=True, slots=True)
class Seconding:
    """Shows how a second person signs, and takes it."""

    renderer: Renderer
    places: Places
    #: None: nobody has a password of ours, so nobody can sign on another's screen
    accounts: StaffAccounts | None
    checks: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(CHECKS_MAX))

    def ask(self, request: Request, session: Session, form: Form, error: SecondPersonNeeded) -> Response:
        """The page that asks for a second person. The form that was refused waits."""
        held = Held(request.scope["path"], form, int(str(error.values["attempt"])))
        return self._page(session, held, error_text(error, session.language))

    def _page(self, session: Session, held: Held, told: str, *, problem: tuple[str, str] | None = None) -> Response:
        return self.renderer.page(
            "second.html",
            session,
            path="/",
            status=_REFUSED,
            action=held.path,
            key=session.put(held),
            told=told,
            attempt=held.attempt,
            signs_here=self.accounts is not None,
            problem=problem,
            # nothing was wrong with the form: it waits
            is_refusal=problem is not None,
        )

    async def signed(self, request: Request, session: Session, form: Form) -> Form | Response:
        """The form that may be answered now: the one that was sent, or the one that a second person has signed for."""
        if KEY not in form:
            return form
        held = session.held(form[KEY][0], Held)
        session.drop(form[KEY][0])
        if held is None or held.path != request.scope["path"]:
            return self._page(session, Held("/", {}, 0), desk_word("second_gone", session.language))
        problem = await (self._sign if NAME in form else self._look)(session, held, form)
        return held.form if problem is None else self._page(session, held, "", problem=problem)

    async def _look(self, session: Session, held: Held, _: Form) -> tuple[str, str] | None:
        """What is wrong; None: they have signed elsewhere."""
        if await run_in_threadpool(self._is_signed, held.attempt):
            return None
        return "", desk_word("second_not_yet", session.language, attempt=held.attempt)

    def _is_signed(self, attempt: int) -> bool:
        with self.places.taken() as place:
            return is_signed(place.desk.store, attempt)

    async def _sign(self, session: Session, held: Held, form: Form) -> tuple[str, str] | None:
        """What is wrong, and at which field; None: they have signed here."""
        name, password = ((form.get(field) or [""])[0] for field in (NAME, PASSWORD))
        if self.accounts is None:
            return NAME, desk_word("second_refused", session.language)
        who = await to_thread.run_sync(self.accounts.sign_in, name, password, limiter=self.checks)
        if who is None or not may(who.roles, Task.SIGN):
            return NAME, desk_word("second_refused", session.language)
        try:
            await run_in_threadpool(self._write, held.attempt, who.name)
        except CprsyncError as error:
            return NAME, error_text(error, session.language)
        return None

    def _write(self, attempt: int, by: str) -> None:
        with self.places.taken() as place:
            sign_attempt(place.desk.store, attempt, by=by, now=place.desk.clock.now())
