"""The entry of the desk: session, form, signing in, a place for the request, and errors as pages.

Which page stands at which path, and who may ask for it, is in `app`.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cprsync.domain.desk.roles import EVERY_ROLE, Task
from cprsync.errors import AccessRefused, CprsyncError, SecondPersonNeeded, kind_of
from cprsync.language.words import desk_word
from cprsync.web.door import Door
from cprsync.web.memory.sessions import COOKIE
from cprsync.web.pages import changing, leaving, numbering, queue, registering, reviewing, updating
from cprsync.web.pages.seconding import Seconding
from cprsync.web.refusals import OURS, NotAdmitted, is_of_store, status_of, tell_staff
from cprsync.web.rendering import Renderer
from cprsync.web.visit import Visit, is_own, is_renamed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request

    from cprsync.catalogues import Language
    from cprsync.domain.outward.target import Target
    from cprsync.domain.trust.metrics import Sample
    from cprsync.https import ShownCertificate
    from cprsync.web.accounts import MachineEntry, StaffAccounts
    from cprsync.web.journeys import StaffProvider
    from cprsync.web.me.area import PatronArea
    from cprsync.web.memory.places import Places
    from cprsync.web.memory.sessions import Session, Sessions
    from cprsync.web.refusals import WorkerLost
    from cprsync.web.workers.together import Worker

    Page = Callable[[Visit], Response]
    Endpoint = Callable[[Request], Awaitable[Response]]


#: The pages that ask the register or the net media, which may hang.
_ASKING: Final = frozenset(
    {
        registering.look_up_new,
        registering.confirm_new,
        numbering.show_number,
        numbering.give_number,
        updating.look_up_patron,
        updating.confirm_patron,
        changing.set_field_of,
        changing.correct_field,
        changing.change_responsible,
        leaving.end_record,
        queue.accept_bulk,
        reviewing.answer_item,
    }
)
#: How the address of a page begins whose forms are sent below it.
_WITH_FORMS: Final = ("/patrons/", "/reviews/", "/nights/")
#: Where staff mend what was refused, and the key of that page's name, by the kind of the error.
_MENDED_AT: Final = {"access.reason": ("/looks", "looks_title")}
#: Ends the address of a page that a browser is told to ask for again, so that it is told once.
_AGAIN: Final = "again"
_LOG: Final = structlog.get_logger("cprsync.web")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the application is given from outside."""

    places: Places
    sessions: Sessions
    #: the library's name, as pages show it
    library: str
    #: who acts as long as nobody has to sign in
    user: str
    #: None: nobody has to sign in
    accounts: StaffAccounts | None
    #: the names under which browsers may ask for us
    hosts: Sequence[str]
    #: whether browsers reach us over TLS
    secure: bool
    #: where staff sign in beside the accounts; None: nowhere
    provider: StaffProvider | None = None
    #: the time by which certificates end, and that a page tells, in seconds
    real_time: Callable[[], float] = time.time
    #: the patron's own pages; None: there are none
    patrons: PatronArea | None = None
    #: the other systems whose readers fetch the changes here
    targets: tuple[Target, ...] = ()
    #: whether the desk is served, and not the patrons' pages alone
    shows_desk: bool = True
    #: the library's agency number, and what measures it; None: only the desk itself is measured
    agency: str = ""
    measure: Callable[[], list[Sample]] | None = None
    #: which of several workers this is, and what they have together; None: it is the only one
    worker: Worker | None = None

    @property
    def signs_in(self) -> bool:
        """Whether people have to sign in."""
        return self.accounts is not None or self.provider is not None


class Entry(Door):
    """Lets requests in: finds the session, checks the form, takes a place, and turns errors into pages."""

    def __init__(self, around: Surroundings) -> None:
        renderer = Renderer(around.library, signs_in=around.signs_in, real_time=around.real_time)
        super().__init__(around.sessions, renderer, cookie=COOKIE, secure=around.secure)
        self._around = around
        self._seconding = Seconding(self._renderer, around.places, around.accounts)

    def get(self, page: Page, task: Task) -> Endpoint:
        """A page that is only looked at."""

        async def answer(request: Request) -> Response:
            if self._is_followed(request):
                return Response(headers={"Refresh": f"0; url={request.scope['path']}?{_AGAIN}"})
            session = self.session_of(request)
            if not session.user:
                return self.to_sign_in(request, session)
            if not session.may(task) and request.scope["path"] == self._home:
                # each page leads home, also for those who begin elsewhere
                return self.with_cookie(RedirectResponse(self.first_page(session), status_code=303), session)
            if not session.may(task):
                return self.failed(session, "no_role", 403)
            return self.filled_in(request, session, await self._answered(request, session, page, {}))

        return answer

    def _is_followed(self, request: Request) -> bool:
        """Whether a link on another site led here: the browser keeps the cookie back, until we ask again."""
        is_foreign = request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}
        return is_foreign and self._cookie not in request.cookies and request.url.query != _AGAIN

    def post(self, page: Page, task: Task) -> Endpoint:
        """A form that one of our pages sent."""

        async def answer(request: Request) -> Response:
            taken = await self.take_form(request, waits=True)
            if isinstance(taken, Response):
                return taken
            session, form = taken
            self.keep_along(request, session, form)
            once = task is Task.REVEAL
            if not session.may(task):
                refused = self.failed(session, "no_role" if session.user else "session_ended", 403)
                return self.apart(session, refused, once=once)
            try:
                async with self._sessions.one_at_a_time(session):
                    ends: dict[str, int] = {}
                    signed = await self._seconding.signed(request, session, form)
                    if not isinstance(signed, Response):
                        signed = await self._answered(request, session, page, signed, ends)
                    return self.apart(session, signed, once=once, ends=ends or None, task=task)
            except CprsyncError as error:
                # another form of the session is being answered, or nobody can tell who signs
                return self.apart(session, self.refused(session, error), once=once)

        return answer

    async def show_answer(self, request: Request) -> Response:
        """The answer to a form, to who may still do what it was sent for. The start page, if it is too old or past."""

        def may_have_hidden(ends: Mapping[str, int]) -> bool:
            with self._around.places.taken() as place:
                return place.desk.store.audit.may_have_hidden(ends)

        session, key = self.session_of(request), request.path_params["answer"]
        if not session.may_see(key):
            # the role was taken away since
            return self.failed(session, "no_role", 403)
        try:
            answer = await run_in_threadpool(session.answer, key, may_have_hidden)
        except CprsyncError as error:
            return self.with_cookie(self.refused(session, error), session)
        if answer is None and session.user:
            session.say(desk_word("answer_gone", session.language))
            return self.with_cookie(RedirectResponse(self.first_page(session), status_code=303), session)
        if answer is None:
            return self.with_cookie(RedirectResponse("/", status_code=303), session)
        response = HTMLResponse(answer.page, status_code=answer.status)
        return self.with_cookie(self.filled_in(request, session, response), session)

    def admit(self, request: Request, task: Task | None, *, token: str | None) -> Session:
        """The session of a request that no page sent.

        Args:
            request: the request.
            task: what the person wants to do; None: everyone who is signed in may.
            token: what the session's forms carry; None: nothing is changed.

        Raises:
            NotAdmitted: nobody is signed in, another site sent the request, or the role does not allow it.
        """
        session = self.session_of(request) if token is None else self._find(request)
        if session is None or not session.user:
            raise NotAdmitted("nobody is signed in, or the session has ended", kind="session.ended")
        if token is not None and is_renamed(request, session, token):
            _LOG.error("web.host.renamed", host=request.url.hostname)
            raise NotAdmitted("a proxy before cprsync has changed the name in the header Host", kind="session.host")
        if token is not None and not is_own(request, session, token):
            raise NotAdmitted("the session's token is missing or wrong", kind="session.token")
        if task is not None and not session.may(task):
            raise NotAdmitted("your role does not allow this", kind="session.role")
        return session

    def admit_machine(self, shown: ShownCertificate | None) -> MachineEntry:
        """The machine that shows a certificate. Raises NotAdmitted."""
        accounts = self._around.accounts
        if shown is None or accounts is None or not shown.is_in_date(self._around.real_time()):
            raise NotAdmitted("no machine of ours shows its certificate", kind="machine.unknown")
        machine = accounts.machine_of(shown.fingerprint)
        if machine is None:
            _LOG.warning("web.machine.unknown", certificate=shown.fingerprint[:8])
            raise NotAdmitted("no machine of ours shows its certificate", kind="machine.unknown")
        return machine

    def _find(self, request: Request) -> Session | None:
        """The session of a cookie, with the roles of today. It ends with the account, and with its password."""
        session, accounts = super()._find(request), self._around.accounts
        if session is None or accounts is None or not session.user or session.is_of_provider:
            return session
        roles = accounts.roles_of(session.user, session.proof)
        if roles is None:
            self._sessions.end(session)
            return None
        session.roles = roles
        return session

    def begin(self, language: Language = "da") -> Session:
        """A new session: of the person who started the server, or of nobody until they sign in."""
        if not self._around.signs_in:
            return self._sessions.begin(self._around.user, EVERY_ROLE, language=language)
        return super().begin(language)

    @staticmethod
    def first_page(session: Session) -> str:
        """Where a person begins."""
        if session.may(Task.SERVE):
            return "/"
        return "/log" if session.may(Task.LOG) else "/nights"

    async def _answered(
        self,
        request: Request,
        session: Session,
        page: Page,
        form: dict[str, list[str]],
        ends: dict[str, int] | None = None,
    ) -> Response:
        response = await run_in_threadpool(self._visit, request, session, page, form, ends)
        return self.with_cookie(response, session)

    def _visit(
        self,
        request: Request,
        session: Session,
        page: Page,
        form: dict[str, list[str]],
        ends: dict[str, int] | None,
    ) -> Response:
        """The page's answer. `ends`: takes where the audit ended before it; None: nobody keeps the answer."""
        try:
            with self._around.places.taken(asks=page in _ASKING) as place:
                # before the page reads anything: what is written meanwhile counts as a change
                before = {} if ends is None else place.desk.store.audit.ends()
                response = page(Visit(request, session, place, self._renderer, form))
                # a refusal, and the question for a second person, tell of nobody
                if ends is not None:
                    ends.update(before)
                return response
        except SecondPersonNeeded as error:
            return self._seconding.ask(request, session, form, error)
        except CprsyncError as error:
            return self.refused(session, error, back=_page_of_form(request, error))

    def refused(self, session: Session, error: CprsyncError, *, back: str | None = None) -> Response:
        """The page that says what was refused, and what to do. `back`: where it leads; None: home."""
        if isinstance(error, AccessRefused):
            # the rule, and nobody's name
            _LOG.warning("web.access.refused", kind=error.kind)
        status = status_of(error)
        if status in OURS or is_of_store(error):
            _LOG.error("web.failed", kind=error.kind)
        leads = [] if back is None else [(back, "back")]
        if error.kind in _MENDED_AT:
            leads.append(_MENDED_AT[error.kind])
        return self._error_page(session, *tell_staff(error, session.language), status, leads=leads)

    def show_lost(self, error: WorkerLost) -> Response:
        """The answer to a form whose worker has ended. The next page tells the browser of a new session."""
        return self.refused(self.begin(), error)

    def _unchecked(self, request: Request) -> Session:
        """The session without a look at its account: the file of accounts may be what broke."""
        return super()._find(request) or self.begin()

    async def show_crash(self, request: Request, error: Exception) -> Response:
        """What nobody foresaw. The log has its kind under a reference, and the page the reference alone."""
        reference = secrets.token_hex(4)
        # no stranger sees the text: it may name a file of ours
        kind = kind_of(error)
        _LOG.error("web.crashed", kind=kind, reference=reference)
        session = self._unchecked(request)
        told = desk_word("crashed", session.language, reference=reference)
        return self._error_page(session, told, desk_word("crashed_next", session.language), 500)


def _page_of_form(request: Request, error: CprsyncError) -> str | None:
    """The page of the record, the case or the night whose form was refused. None: it has none, or is not there."""
    page, _, form = request.scope["path"].rpartition("/")
    is_there = page.startswith(_WITH_FORMS) and status_of(error) != HTTPStatus.NOT_FOUND
    return page if form and is_there else None
