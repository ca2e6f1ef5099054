"""Browser sessions: who sits there, in which language, and what they are in the middle of. Kept in memory alone.

A session ends after a while without a request, and at the latest at the end of a working day. What is in hand holds
personal data: it never leaves the process, and a page names it by a random key. For two hours more it waits for the
same person to sign in again.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from weakref import WeakValueDictionary

from pydantic import TypeAdapter, ValidationError

from cprsync.domain.desk.roles import may
from cprsync.domain.trust.moments import AHEAD
from cprsync.web.memory.places import WAIT_SECONDS, DeskBusy
from cprsync.web.memory.unsent import PAGES_MAX, UNSENT_SECONDS, Because, UnsentForms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from cprsync.catalogues import Language
    from cprsync.domain.desk.roles import Role, Task
    from cprsync.services.desk.own import SignedInByCard, SignedInByClaim
    from cprsync.web.memory.unsent import Unsent

    #: the seals of a text, one for each live key, that of the newest first
    Seals = Callable[[str], Sequence[str]]

#: A session ends after so many seconds without a request, and so many seconds after it began.
IDLE_SECONDS: Final = 30 * 60
LONGEST_SECONDS: Final = 10 * 60 * 60
#: How long before its end the person is asked whether they are still there, in seconds (WCAG 2.2.1: at least 20).
WARNING_SECONDS: Final = 2 * 60
#: How long what a session had in hand waits for its person after the session has ended, in seconds, and of how many.
ENDED_SECONDS: Final = 2 * 60 * 60
ENDED_MAX: Final = 200
#: The most sessions at a time of people who signed in, and of strangers. The one that has been idle longest makes room.
SESSIONS_MAX: Final = 1_000
STRANGERS_MAX: Final = 1_000
#: The most things one session is in the middle of. The oldest makes room.
IN_HAND_MAX: Final = 20
#: The most sentences that wait for the next page. The oldest makes room.
SAID_MAX: Final = 4
#: The most answers to forms that one session can look at again. The oldest makes room.
ANSWERS_MAX: Final = 4
_MINUTE: Final = 60.0
T = TypeVar("T")
#: Between the parts of a stranger's token: what was drawn, when it began, and the seal.
_WITHIN: Final = "~"
#: Unguessable: 256 bits.
_TOKEN_BYTES: Final = 32
#: What the cookies are called, by which a browser's session is found: the desk's, and a patron's.
COOKIE: Final = "cprsync"
PATRONS_COOKIE: Final = "cprsync-me"
#: Between the number of a worker and the rest of the token, in which it never stands.
_AFTER_WORKER: Final = "."
#: One digit names a worker: there are at most eight.
_DIGITS: Final = "0123456789"


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """What the next page tells first."""

    text: str
    #: somebody has to act on it: it was not simply done
    is_warning: bool = False
    #: where to go on with it, and what that does; the path names nobody
    onward: tuple[str, str] | None = None
    #: the field of a record at whose row it is said; "": it is said first on the page
    field: str = ""
    #: a form was refused
    is_refusal: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class KeptText:
    """What a session is in the middle of, as the text that can be written down and read back by any process."""

    #: the name of its class
    kind: str
    #: JSON
    text: bytes

    @classmethod
    def of(cls, what: object) -> KeptText:
        """The text of a value. Its class says by its attributes what is in it."""
        kind: Any = type(what)
        return cls(kind.__qualname__, _adapter_of(kind).dump_json(what, warnings="none"))

    def read(self, kind: type[T]) -> T | None:
        """The value. None: it is of another kind, or as another version of the program has written it."""
        if self.kind != kind.__qualname__:
            return None
        try:
            found: T = _adapter_of(cast("Any", kind)).validate_json(self.text)
        except ValidationError:
            # the error quotes what was typed: nobody may see it
            return None
        return found


@cache
def _adapter_of(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """The page that answers a form, until it is asked for."""

    status: int
    page: bytes
    #: what was opened for a reason is shown once
    is_once: bool = False
    #: where the audit ended before it was made; None: it tells of no patron
    ends: Mapping[str, int] | None = None
    #: the task that it was made for: it is shown to a person who still has it. None: it tells of nobody
    task: Task | None = None
    #: somebody has asked for it
    was_shown: bool = False


@dataclass(slots=True, repr=False)
class Session:
    """One browser."""

    #: in the cookie
    token: str
    #: in every form; another site cannot know it
    form_token: str
    #: the signed-in account, as the audit names it; "": nobody has signed in yet
    user: str
    #: what they are at this library
    roles: frozenset[Role]
    began: float
    seen: float
    #: how long it lasts after its last request, in seconds
    left: float = 0.0
    #: it is near its latest end: no request lets it last on
    is_last: bool = False
    language: Language = "da"
    #: which password it was signed in with, so that a new one ends it; "": nobody has to sign in
    proof: str = ""
    #: whether an identity provider named them: no file of ours has their account
    is_of_provider: bool = False
    #: what a patron has signed in by; None: no patron has signed in
    signed_in_by: SignedInByCard | SignedInByClaim | None = None
    #: forms that are shown filled in on the next page where they stand, and when they came; the latest first
    _unsent: list[tuple[float, Unsent]] = field(default_factory=list)
    #: when its latest pages were asked for
    _asked: deque[float] = field(default_factory=deque)
    #: by its key: the text of it, or the object where no text says it yet
    _in_hand: OrderedDict[str, object] = field(default_factory=OrderedDict)
    _said: list[Said] = field(default_factory=list)
    _answers: OrderedDict[str, Answer] = field(default_factory=OrderedDict)

    def may_ask(self, now: float, *, a_minute: int) -> bool:
        """Count a page. False: there were so many within a minute that it has to wait."""
        while self._asked and abs(now - self._asked[0]) > _MINUTE:
            self._asked.popleft()
        is_calm = len(self._asked) < a_minute
        if is_calm:
            self._asked.append(now)
        return is_calm

    def keep_unsent(self, unsent: Unsent) -> None:
        """Keep forms until the next page where they stand. Forms of other pages stay whose session had ended."""
        others = [
            (came, one) for came, one in self._unsent if one.because is Because.SESSION and one.page != unsent.page
        ]
        self._unsent = [(self.seen, unsent), *others][:PAGES_MAX]

    def find_unsent(self) -> list[Unsent]:
        """The forms that wait for their page, the latest first. Forgets what has waited for too long."""
        self._unsent = [(came, one) for came, one in self._unsent if self.seen - came <= UNSENT_SECONDS]
        return [one for _, one in self._unsent]

    def drop_unsent(self, unsent: Unsent) -> None:
        """Forget forms that are shown."""
        self._unsent = [(came, one) for came, one in self._unsent if one is not unsent]

    def put(self, what: object) -> str:
        """Keep something until the next page asks for it. Return its key."""
        return self._put(KeptText.of(what))

    def put_object(self, what: object) -> str:
        """As `put`, for what holds an answer of the register: no text says it yet."""
        return self._put(what)

    def _put(self, what: object) -> str:
        key = secrets.token_urlsafe(_TOKEN_BYTES)
        self._in_hand[key] = what
        while len(self._in_hand) > IN_HAND_MAX:
            self._in_hand.popitem(last=False)
        return key

    def keep(self, key: str, what: object) -> None:
        """Keep something else under a key that is in use, such as what came of it."""
        if key in self._in_hand:
            self._in_hand[key] = KeptText.of(what)

    def held(self, key: str, kind: type[T]) -> T | None:
        """What was kept under a key, if it is of that kind. None: it is not, is done with, or has made room."""
        found = self._in_hand.get(key)
        if isinstance(found, KeptText):
            return found.read(kind)
        return found if isinstance(found, kind) else None

    def may_see(self, key: str) -> bool:
        """Whether the person may still do what the answer under a key was made for. True if there is none."""
        found = self._answers.get(key)
        return found is None or found.task is None or self.may(found.task)

    def drop(self, key: str) -> None:
        """Forget what is done with."""
        self._in_hand.pop(key, None)

    def keep_answer(self, answer: Answer) -> str:
        """Keep the answer to a form. Return its key."""
        key = secrets.token_urlsafe(_TOKEN_BYTES)
        self._answers[key] = answer
        while len(self._answers) > ANSWERS_MAX:
            self._answers.popitem(last=False)
        return key

    def has_answer(self, key: str) -> bool:
        """Whether the answer under a key may be shown again, as far as nobody has been hidden since."""
        found = self._answers.get(key)
        return found is not None and not found.is_once

    def answer(self, key: str, may_have_hidden: Callable[[Mapping[str, int]], bool]) -> Answer | None:
        """The answer that was kept under a key. None: it may not be shown again, or has made room.

        `may_have_hidden`: asked before it is shown again, because whom it tells of may be protected now.
        """
        found = self._answers.get(key)
        if found is None:
            return None
        is_past = found.was_shown and found.ends is not None and may_have_hidden(found.ends)
        if is_past or found.is_once:
            self._answers.pop(key, None)
        else:
            self._answers[key] = replace(found, was_shown=True)
        return None if is_past else found

    def go_on_with(self, ended: Session) -> None:
        """Take over what another session of the same person had in hand. Its pages carry this one's token from now."""
        self._in_hand = OrderedDict([*ended._in_hand.items(), *self._in_hand.items()])
        before, now = ended.form_token.encode(), self.form_token.encode()
        for key, answer in ended._answers.items():
            self._answers[key] = replace(answer, page=answer.page.replace(before, now))
        ended._in_hand, ended._answers = OrderedDict(), OrderedDict()

    def may(self, task: Task) -> bool:
        """Whether the person may do it."""
        return may(self.roles, task)

    def say(self, text: str, *, onward: tuple[str, str] | None = None, field: str = "") -> None:
        """What the next page says was done.

        Args:
            text: what it says.
            onward: a path where the person can go on with it, and its name.
            field: the field of a record that was changed; the page says it there. "": it says it first.
        """
        self._keep(Said(text, onward=onward, field=field))

    def warn(self, text: str, *, field: str = "") -> None:
        """What the next page says that somebody has to act on. `field`: as for `say`."""
        self._keep(Said(text, is_warning=True, field=field))

    def refuse(self, text: str) -> None:
        """What the next page says of a form that was refused."""
        self._keep(Said(text, is_warning=True, is_refusal=True))

    def _keep(self, said: Said) -> None:
        self._said = [*self._said, said][-SAID_MAX:]

    def take_said(self) -> list[Said]:
        """What was said since the last page, once."""
        said, self._said = self._said, []
        return said


class Sessions:
    """All sessions of one server. Many threads may use it."""

    def __init__(  # noqa: PLR0913 -- how long they last, how many there are, and where
        self,
        *,
        now: Callable[[], float],
        idle_seconds: int = IDLE_SECONDS,
        longest_seconds: int = LONGEST_SECONDS,
        own_most: int = SESSIONS_MAX,
        worker: int | None = None,
        seals: Seals | None = None,
    ) -> None:
        """Hold no sessions yet.

        Args:
            now: the time that all machines of a desk have, in seconds.
            idle_seconds: how long a session lasts without a request.
            longest_seconds: how long it lasts at most.
            own_most: how many sessions one person has. The one that has been idle longest makes room.
            worker: which of several this is, so that a cookie says where its session is; None: the only one.
            seals: seals the sessions of strangers at this door; None: with a secret of this process.
        """
        self._begins_with = "" if worker is None else f"{worker}{_AFTER_WORKER}"
        self._now, self._idle, self._longest = now, idle_seconds, longest_seconds
        self._own_most, self._seals = own_most, _seals_of_process() if seals is None else seals
        self._by_token: OrderedDict[str, Session] = OrderedDict()
        #: apart, so that a flood of requests without a cookie ends no session of staff
        self._strangers: OrderedDict[str, Session] = OrderedDict()
        #: those that time has ended, by what their forms carry: a form of theirs may still come
        self._ended: OrderedDict[str, Session] = OrderedDict()
        self.unsent = UnsentForms(now, begins_with=self._begins_with)
        self._lock = threading.Lock()
        #: by the token of a session: held while a form of it is answered
        self._answering: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def one_at_a_time(self, session: Session) -> AsyncIterator[None]:
        """Let a session's requests that change something be done one after the other. Raises DeskBusy."""
        lock = self._answering.setdefault(session.token, asyncio.Lock())
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await lock.acquire()
        except TimeoutError:
            raise DeskBusy("another form of this session is being answered") from None
        try:
            yield
        finally:
            lock.release()

    def begin(
        self,
        user: str,
        roles: frozenset[Role],
        *,
        language: Language = "da",
        proof: str = "",
        is_of_provider: bool = False,
    ) -> Session:
        """Begin a session under a new token. `user`: "" for a stranger, who has not signed in."""
        now = self._now()
        drawn = secrets.token_urlsafe(_TOKEN_BYTES)
        body = f"{self._begins_with}{drawn}"
        token = body if user else self._sealed(f"{body}{_WITHIN}{int(now)}")
        form_token = secrets.token_urlsafe(_TOKEN_BYTES) if user else self._seals(f"form {token}")[0]
        session = Session(token, form_token, user, roles, began=now, seen=now, language=language, proof=proof)
        session.is_of_provider, session.left = is_of_provider, self._idle
        with self._lock:
            self._sweep(now)
            among, most = (self._by_token, SESSIONS_MAX) if user else (self._strangers, STRANGERS_MAX)
            among[token] = session
            own = [one.token for one in among.values() if user and one.user == user]
            for oldest in own[: -self._own_most]:
                del among[oldest]
            while len(among) > most:
                among.popitem(last=False)
        return session

    def find(self, token: str | None) -> Session | None:
        """The session of a cookie, if it still lasts."""
        if token is None:
            return None
        now = self._now()
        with self._lock:
            among = self._by_token if token in self._by_token else self._strangers
            session = among.get(token) or self._stranger_again(token)
            if session is None:
                return None
            if self._is_over(session, now):
                del among[token]
                self._note_ended(session, now)
                return None
            session.seen = now
            session.left = self._end_of(session) - now
            session.is_last = session.began + self._longest < now + self._idle
            among.move_to_end(token)
            return session

    def take_ended(self, form_token: str, session: Session) -> bool:
        """Let a session go on with what an ended one of the same person had in hand. Another person's is forgotten.

        `form_token`: what the forms of the ended session carry.
        """
        with self._lock:
            ended = self._ended.get(form_token)
            if ended is None:
                return False
            if (ended.user, ended.is_of_provider) != (session.user, session.is_of_provider):
                del self._ended[form_token]
                return False
            session.go_on_with(ended)
            return True

    def find_ended(self, form_token: str) -> Session | None:
        """The session of somebody that time has ended, by what its forms carry. None: there is none, or no more."""
        with self._lock:
            self._sweep(self._now())
            return self._ended.get(form_token)

    def _end_of(self, session: Session) -> float:
        return min(session.seen + self._idle, session.began + self._longest)

    def _is_over(self, session: Session, now: float) -> bool:
        # the clock was ahead when it was last used: nobody knows for how long nobody has used it
        return now > self._end_of(session) or session.seen > now + AHEAD.total_seconds()

    def _sweep(self, now: float) -> None:
        """End what nobody has used for too long, and forget what has waited for too long after its end."""
        while self._by_token and self._is_over(session := next(iter(self._by_token.values())), now):
            del self._by_token[session.token]
            self._note_ended(session, now)
        while self._ended and now > self._end_of(next(iter(self._ended.values()))) + ENDED_SECONDS:
            self._ended.popitem(last=False)

    def _note_ended(self, session: Session, now: float) -> None:
        if session.user and now <= self._end_of(session) + ENDED_SECONDS:
            self._ended[session.form_token] = session
        while len(self._ended) > ENDED_MAX:
            self._ended.popitem(last=False)

    def _stranger_again(self, token: str) -> Session | None:
        """A stranger's session that has made room, or that another process began.

        Else a flood of strangers, or a restart, would let nobody sign in.
        """
        body, _, seal = token.rpartition(_WITHIN)
        began = body.rpartition(_WITHIN)[2]
        # one key after the other: while they are changed, another process may seal by another one
        seals = [one.encode() for one in self._seals(body)] if began.isdecimal() else []
        key = next((nth for nth, one in enumerate(seals) if hmac.compare_digest(one, seal.encode())), None)
        if key is None:
            return None
        at = float(began)
        session = Session(token, self._seals(f"form {token}")[key], "", frozenset(), began=at, seen=at)
        self._strangers[token] = session
        while len(self._strangers) > STRANGERS_MAX:
            self._strangers.popitem(last=False)
        return session

    def _sealed(self, body: str) -> str:
        return f"{body}{_WITHIN}{self._seals(body)[0]}"

    def end(self, session: Session) -> None:
        """End a session, and forget what it had in hand."""
        with self._lock:
            for among in (self._by_token, self._strangers):
                among.pop(session.token, None)


def _seals_of_process() -> Seals:
    secret = secrets.token_bytes(_TOKEN_BYTES)
    return lambda what: [hmac.new(secret, what.encode(), hashlib.sha256).hexdigest()]


def cookie_name(name: str, *, secure: bool) -> str:
    """What a cookie is called. Over TLS a browser takes it from our host alone."""
    return f"__Host-{name}" if secure else name


def worker_of(token: str | None) -> int | None:
    """The worker that has the session of a cookie. None: the cookie names none."""
    number, found, _ = (token or "").partition(_AFTER_WORKER)
    return int(number) if found and len(number) == 1 and number in _DIGITS else None
