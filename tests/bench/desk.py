"""Measures what the desk adds to the register's own latency: look-ups from a page, twenty a second, as staff send them.

Ours is the whole way: the session, the rules of access, the audit, the register, the decision, the page. The floor is
the same server, which waits as long as the register and renders the same page from values that stand ready. Both are
asked by the same client over real connections, each in a process of its own, in turn.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from bench.child import deaf_children, peak_rss_mb, set_up
from bench.databases import opened_databases
from bench.figures import FLOOR, OURS, Figures, Goal, Measured
from bench.library import AGENCY, Place, bench_policy, enrol, opened_tenant, patron_id_of, store_of
from bench.night import SEED
from bench.people import people
from cprsync.cli.terminal.long_work import Nothing
from cprsync.config.addresses import LOOPBACK
from cprsync.domain.desk.access import Caps
from cprsync.domain.desk.roles import EVERY_ROLE
from cprsync.services.desk.lookup import Desk
from cprsync.services.ports.register import Found
from cprsync.store.core.engine import open_engine
from cprsync.store.core.version import upgrade
from cprsync.store.seals.keys import create_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from multiprocessing.connection import Connection

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.web.entry import Surroundings
    from cprsync.web.memory.sessions import Session

#: How long the register takes, and how many look-ups begin in a second.
REGISTER_SECONDS: Final = 0.05
A_SECOND: Final = 20
#: What the desk may add to the register's latency, and how large a page may be.
GOAL_MS, GOAL_KB = 20, 100
#: Browsers that ask in turn: each look-up of one waits for its last.
BROWSERS: Final = 8
#: Look-ups before those that are measured: places open, and pages are compiled.
WARMING: Final = 2 * BROWSERS
#: Not more in one round: a minute.
LOOK_UPS_MOST: Final = 60 * A_SECOND
#: The longest that an answer is waited for, and the start of a server.
ANSWER_SECONDS, START_SECONDS = 30, 120
#: How often the progress is shown.
SHOWN_SECONDS: Final = 0.5
#: Patrons who are looked up.
ASKED_ABOUT: Final = 500
#: Nobody reaches a cap: each look-up is counted and compared all the same.
NO_CAPS: Final = Caps(an_hour=1_000_000, a_day=1_000_000, strangers_a_day=1_000_000)
#: What is drawn anew for each page.
_ONCE: Final = re.compile(rb'value="[A-Za-z0-9_-]{43}"')


@dataclass(frozen=True, slots=True)
class Work:
    """What a server is started on, and with how many patrons."""

    place: Place
    patrons: int
    way: str
    register_seconds: float = REGISTER_SECONDS


@dataclass
class SlowRegister:
    """Knows the patrons as they are stored, and takes its time."""

    seconds: float
    persons: dict[CprNumber, Person] = field(default_factory=dict)

    def look_up_many(self, numbers: Iterable[CprNumber]) -> Iterator[Found]:
        for number in numbers:
            time.sleep(self.seconds)
            yield Found(number, self.persons[number])


@dataclass(frozen=True, slots=True)
class Door:
    """Where a server is, and the sessions that it has begun: the cookie of each, and what its forms carry."""

    port: int
    sessions: tuple[tuple[str, str], ...]


# -- the servers -------------------------------------------------------------------------------------------------


def serve(work: Work, told: Connection) -> None:
    """Serve one way until it is stopped. Tell the port, and at the end what it took."""
    from cprsync.web.serving import listen, make_server

    set_up()
    with closing(listen(0)) as listener, _surroundings(work) as around:
        # each browser is another person's, so that nobody has looked up more than people do
        signed_in = [around.sessions.begin(f"bench-{number}", EVERY_ROLE) for number in range(BROWSERS)]
        app = _ours(around) if work.way == OURS else _floor(around, signed_in[0], work)
        told.send(Door(listener.getsockname()[1], tuple((one.token, one.form_token) for one in signed_in)))
        begun = time.process_time()
        make_server(app, None).run(sockets=[listener])
        # nobody listens any more if the bench was stopped
        with suppress(OSError):
            told.send((time.process_time() - begun, peak_rss_mb()))


@contextmanager
def _surroundings(work: Work) -> Iterator[Surroundings]:
    from cprsync.web.entry import Surroundings
    from cprsync.web.memory.places import Places
    from cprsync.web.memory.sessions import Sessions

    with opened_tenant(work.place) as tenant:
        store = store_of(tenant)
        ids = ids_of(work.patrons)
        known = {one.number: one.register for one in store.patrons.read(ids)}
        register, policy = SlowRegister(work.register_seconds, known), bench_policy(work.patrons)

        @contextmanager
        def desk() -> Iterator[Desk]:
            yield Desk(AGENCY, store, register, tenant.clock, policy, NO_CAPS)  # type: ignore[arg-type]  # it is only asked

        site = SimpleNamespace(desk=desk, wait_anew=lambda: None, section=SimpleNamespace(name="Bench"))
        with closing(Places(lambda: site)) as places:  # type: ignore[arg-type,return-value]  # as much of a site as places use
            yield Surroundings(places, Sessions(now=time.time), "Bench", "bench", None, LOOPBACK, secure=False)


def _ours(around: Surroundings) -> ASGIApp:
    from cprsync.web.app import make_app

    return make_app(around)


def _floor(around: Surroundings, session: Session, work: Work) -> ASGIApp:
    """Wait as the register, and render what the page of the first patron was rendered from."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.routing import Route

    from cprsync.web.app import Outermost
    from cprsync.web.memory.counting import Counts
    from cprsync.web.rendering import Renderer
    from cprsync.web.visit import read_form

    renderer = Renderer(around.library, signs_in=False)
    name, values = _captured(around, session, ids_of(1)[0])

    def render() -> Response:
        time.sleep(work.register_seconds)
        return renderer.page(name, session, **values)

    async def look_up(request: Request) -> Response:
        await read_form(request)
        return await run_in_threadpool(render)

    app = Starlette(routes=[Route("/patrons/{patron}/look-up", look_up, methods=["POST"])])
    return Outermost(app, secure=False, counts=Counts())


def _captured(around: Surroundings, session: Session, patron_id: str) -> tuple[str, dict[str, Any]]:
    """The template of a look-up's page, and its values."""
    from cprsync.web.pages.updating import look_up_patron
    from cprsync.web.visit import Visit

    found: dict[str, Any] = {}

    def page(name: str, _: Session, **values: Any) -> str:
        found.update(name=name, values=values)
        return ""

    path = f"/patrons/{patron_id}/look-up"
    request = SimpleNamespace(path_params={"patron": patron_id}, scope={"path": path}, method="POST")
    with around.places.taken(asks=True) as place:
        visit = Visit(request, session, place, SimpleNamespace(page=page), {"purpose": ["correction"]})  # type: ignore[arg-type]  # as much as a page uses
        look_up_patron(visit)
    return found["name"], found["values"]


def ids_of(patrons: int) -> list[str]:
    """The patrons who are looked up."""
    return [patron_id_of(place) for place in range(min(patrons, ASKED_ABOUT))]


# -- the client --------------------------------------------------------------------------------------------------


class Browser:
    """One browser, which keeps its connection."""

    def __init__(self, port: int, cookie: str, token: str) -> None:
        self._connection = HTTPConnection(LOOPBACK[0], port, timeout=ANSWER_SECONDS)
        self._form = urlencode({"form_token": token, "purpose": "correction"})
        self._headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"cprsync={cookie}"}

    def look_up(self, patron_id: str) -> bytes:
        """The page after a look-up, where a browser is led to it."""
        status, to, content = self._ask("POST", f"/patrons/{patron_id}/look-up", self._form)
        if status == HTTPStatus.SEE_OTHER:
            status, _, content = self._ask("GET", to, None)
        if status != HTTPStatus.OK:
            raise AssertionError(f"a look-up of the bench was answered {status}")
        return content

    def _ask(self, method: str, path: str, form: str | None) -> tuple[int, str, bytes]:
        self._connection.request(method, path, form, self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.getheader("location") or "", answer.read()

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Asked:
    """What one round of a way came to: seconds beside the register's own, and the page of the first patron."""

    added: tuple[float, ...]
    page: bytes


def ask(
    door: Door, ids: Sequence[str], look_ups: int, *, register_seconds: float, progress: Nothing | None = None
) -> Asked:
    """Begin a look-up twenty times a second, whether the last ones have ended or not."""
    browsers = [Browser(door.port, cookie, token) for cookie, token in door.sessions]
    page = browsers[0].look_up(ids[0])
    for number in range(WARMING):
        browsers[number % BROWSERS].look_up(ids[number % len(ids)])
    begun, stopped = time.monotonic() + 1 / A_SECOND, threading.Event()
    added: list[list[float]] = [[] for _ in browsers]

    def look_up_in_turn(first: int) -> None:
        for number in range(first, look_ups, BROWSERS):
            due = begun + number / A_SECOND
            if stopped.wait(max(0.0, due - time.monotonic())):
                return
            browsers[first].look_up(ids[number % len(ids)])
            # from the moment it was due: a look-up that waits for another one has waited
            added[first].append(time.monotonic() - due - register_seconds)

    with ThreadPoolExecutor(BROWSERS) as pool:
        try:
            _follow([pool.submit(look_up_in_turn, first) for first in range(BROWSERS)], added, progress or Nothing())
        finally:
            # by a look-up that failed, or by a signal: the pool waits for the others
            stopped.set()
    for browser in browsers:
        browser.close()
    return Asked(tuple(one for browser in added for one in browser), page)


def _follow(browsing: Sequence[Future[None]], added: Sequence[Sequence[float]], progress: Nothing) -> None:
    """Show how far the browsers are, until all have ended or one has failed."""
    done, left, seen = set[Any](), set(browsing), 0
    while left and not any(one.exception() for one in done):
        done, left = wait(browsing, SHOWN_SECONDS)
        now = sum(map(len, added))
        progress.advance(now - seen)
        seen = now
    for one in done:
        one.result()


@contextmanager
def running(work: Work) -> Iterator[tuple[Door, list[tuple[float, float]]]]:
    """A server in a process of its own: where it is, and after the block what it took."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(work, theirs), daemon=True)
    with deaf_children():
        server.start()
    took: list[tuple[float, float]] = []
    try:
        # a server that fails closes its end
        theirs.close()
        if not ours.poll(START_SECONDS):
            raise AssertionError("the server of the bench did not start")
        yield ours.recv(), took
        server.terminate()
        if ours.poll(ANSWER_SECONDS):
            took.append(ours.recv())
    finally:
        server.kill()
        server.join(START_SECONDS)


# -- the figures -------------------------------------------------------------------------------------------------


def bench_desk(*, patrons: int, look_ups: int, database: str, rounds: int, progress: Nothing | None = None) -> Figures:
    """Measure ours and the floor in turn, on databases of their own."""
    progress = progress or Nothing()
    look_ups = min(look_ups, LOOK_UPS_MOST)
    size = {
        "patrons": patrons,
        "look_ups": look_ups,
        "a_second": A_SECOND,
        "register_ms": round(1000 * REGISTER_SECONDS),
    }
    figures, page = Figures("desk", database, size), b""
    all_added: dict[str, list[float]] = {OURS: [], FLOOR: []}
    with TemporaryDirectory(prefix="cprsync-bench-") as folder, opened_databases(database, Path(folder)) as databases:
        keys = Path(folder) / "of" / "keys"
        create_keys(keys)
        place = Place(databases.make("desk"), keys, Path(folder))
        progress.stage("patrons", patrons)
        _prepare(place, patrons, Path(folder) / "scratch")
        progress.advance(patrons)
        for number in range(1, rounds + 1):
            measured: dict[str, Measured] = {}
            for way in (OURS, FLOOR):
                progress.stage(f"{way} {number}/{rounds}", look_ups)
                measured[way], asked = _round(Work(place, patrons, way), look_ups, progress)
                all_added[way] += asked.added
                page = asked.page
            figures.rounds.append(measured)
    figures.found["added_ms"] = {way: _spread_ms(added) for way, added in all_added.items()}
    figures.found["page_bytes"] = len(page)
    figures.goals = [
        Goal("p95 that ours adds, in ms", "<=", GOAL_MS, figures.found["added_ms"][OURS]["p95"]),
        Goal("a page, in KB", "<=", GOAL_KB, len(page) / 1000),
    ]
    return figures


def _round(work: Work, look_ups: int, progress: Nothing) -> tuple[Measured, Asked]:
    with running(work) as (door, took):
        ids, seconds = ids_of(work.patrons), work.register_seconds
        asked = ask(door, ids, look_ups, register_seconds=seconds, progress=progress)
    ((cpu, peak),) = took
    same = hashlib.sha256(_ONCE.sub(b"", asked.page)).hexdigest()
    return Measured(percentile(asked.added, 95), cpu, peak, f"sha256:{same}"), asked


def _prepare(place: Place, patrons: int, scratch: Path) -> None:
    engine = open_engine(place.url)
    upgrade(engine)
    engine.dispose()
    with opened_tenant(place) as tenant:
        store_of(tenant).journal.begin()
        enrol(tenant, islice(people(seed=SEED), patrons), scratch)


def percentile(values: Sequence[float], share: int) -> float:
    """The value below which so many in a hundred are."""
    return sorted(values)[min(len(values) - 1, len(values) * share // 100)]


def _spread_ms(added: Sequence[float]) -> dict[str, float]:
    return {"p50": round(1000 * median(added), 2), "p95": round(1000 * percentile(added, 95), 2)}
