"""A small browser over `requests` against the real server: keeps the cookie, follows redirects, sends forms."""

from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from doubles import AGENCY, Library
from lxml import etree, html

from cprsync.config.addresses import LOOPBACK
from cprsync.domain.desk.access import DEFAULT_CAPS, Caps
from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.desk.roles import Role
from cprsync.services.desk.lookup import Desk
from cprsync.services.night.approving import make_sure_that_approved
from cprsync.services.night.reverting import preview_revert, revert
from cprsync.web.accounts import AccountEntry, StaffAccounts, write_accounts
from cprsync.web.app import make_app
from cprsync.web.entry import Surroundings
from cprsync.web.me.area import PatronArea, patron_sessions
from cprsync.web.memory.places import Places
from cprsync.web.memory.sessions import Sessions
from cprsync.web.serving import listen, make_server
from cprsync.web.workers.receiving import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cprsync.domain.trust.metrics import Sample
    from cprsync.services.ports import runs
    from cprsync.services.ports.outward import OpenTarget
    from cprsync.web.journeys import StaffProvider
    from cprsync.web.serving import Certificate
    from cprsync.web.workers.together import Worker
    from cprsync.wire.limits import Patience


#: Who works at the desk.
USER = "lisbeth"
_SECONDS = 20


@dataclass
class Site:
    """What a place at the desk opens: the library's own store, and the doubles around it."""

    library: Library
    told: list[str] = field(default_factory=list)
    section: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            agency=AGENCY, name="Byens bibliotek", culr=object(), register_=SimpleNamespace(windows_a_day=0)
        )
    )
    #: how often one person may look somebody up
    caps: Caps = DEFAULT_CAPS
    #: where things would be written, as far as `status` looks there: the store nowhere
    settings: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            store=SimpleNamespace(
                url="sqlite:////nowhere/cprsync.db", erase_journal=Path(gettempdir()) / "erase-journal.log"
            ),
            keys=SimpleNamespace(dir=Path(gettempdir())),
            is_production=False,
            alarms=SimpleNamespace(channels=()),
        )
    )

    @property
    def clock(self) -> runs.Clock:
        return self.library.clock

    def certificates(self) -> list[dict[str, Any]]:
        """No certificate is in use."""
        return []

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        library = self.library
        yield Desk(AGENCY, library.store, library.register, library.clock, library.policy, caps=self.caps)

    def wait_anew(self) -> None:
        """The doubles never wait."""

    @contextmanager
    def targets(self, patience: Patience, *, asks: bool = True) -> Iterator[tuple[OpenTarget, ...]]:
        """The library's doubles, however long somebody waits for them."""
        assert patience.left() > 0
        assert asks
        yield self.library.targets

    def run_approved_night(self, plan: str) -> None:
        """Run the night as the program does."""
        make_sure_that_approved(self.library.store, plan, now=self.clock.now())
        self.library.one_night()

    def run_approved_undo(self, plan: str, undoes: int, *, user: str, reason: str) -> None:
        """Undo a run as the program does."""
        make_sure_that_approved(self.library.store, plan, now=self.clock.now())
        night = self.library.ports()
        shown = preview_revert(night, undoes)
        revert(night, shown, Confirmation(shown.preview.digest, reason), user=user)

    def publish_patron(self, patron_id: str) -> bool:
        self.told.append(patron_id)
        return True


@dataclass
class Clock:
    """The sessions' clock, which stands until a test moves it."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Served:
    """The desk of a library, as browsers reach it."""

    library: Library
    site: Site
    clock: Clock
    url: str

    def browser(self) -> Browser:
        return Browser(self.url)


@contextmanager
def serving(  # noqa: PLR0913 -- a server's options
    library: Library,
    accounts: StaffAccounts | None = None,
    *,
    provider: Callable[[str], StaffProvider] | None = None,
    certificate: Certificate | None = None,
    shows_desk: bool = True,
    patrons: Callable[[str, Clock], PatronArea] | None = None,
    worker: Worker | None = None,
    measure: Callable[[], list[Sample]] | None = None,
) -> Iterator[Served]:
    """Serve the desk of a library on a free port.

    `accounts`, `provider`: who may sign in; with neither, nobody has to. A provider is made for the desk's address, and
    so are the patrons' pages. `worker`: which of several this is.
    """
    site, clock = Site(library), Clock()
    with closing(Places(lambda: site)) as places:  # type: ignore[arg-type,return-value]  # as much of a site as places use
        listener = listen(0)
        scheme = "http" if certificate is None else "https"
        url = f"{scheme}://localhost:{listener.getsockname()[1]}"
        around = Surroundings(
            places,
            Sessions(now=clock, worker=None if worker is None else worker.number),
            "Byens bibliotek",
            USER,
            accounts,
            LOOPBACK,
            secure=certificate is not None,
            provider=None if provider is None else provider(url),
            patrons=None if patrons is None else patrons(url, clock),
            targets=tuple(one.target for one in library.targets),
            shows_desk=shows_desk,
            agency=AGENCY,
            measure=measure,
            worker=worker,
        )
        app = make_app(around)
        beside = None if worker is None else Receiver(app.inner, worker.socket)
        server = make_server(app, certificate, beside=beside)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            until = time.monotonic() + _SECONDS
            while not server.started and time.monotonic() < until:
                time.sleep(0.01)
            yield Served(library, site, clock, url)
        finally:
            server.should_exit = True
            thread.join(_SECONDS)
            listener.close()


@dataclass
class Form:
    """One form: where it goes, and what its fields hold."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    def may_hold(self, typed: Mapping[str, str]) -> bool:
        """Whether nobody would have to change a hidden field."""
        return all(self.values.get(name) == text for name, text in typed.items() if name in self.hidden)


@contextmanager
def serving_both_doors(library: Library, folder: Path, kept: str) -> Iterator[Served]:
    """The desk, where `disk` signs in, and the patrons' pages, with sessions as a library has them.

    `kept`: the password of `disk`, as it is kept.
    """
    entry = AccountEntry(name="disk", password=kept, roles=frozenset({Role.DESK}), libraries=frozenset({AGENCY}))
    write_accounts(folder / "accounts.toml", [entry])
    accounts = StaffAccounts(folder / "accounts.toml", agency=AGENCY, monotonic=lambda: 0.0)

    def area(_: str, clock: Clock) -> PatronArea:
        return PatronArea(patron_sessions(clock), True, None, clock)

    with serving(library, accounts, patrons=area) as served:
        yield served


def _is_filled(have: Mapping[str, str]) -> bool:
    """Whether an input is sent as it stands: a choice only if it is made."""
    return have.get("type") not in {"checkbox", "radio"} or "checked" in have


class _Page:
    """The forms and the text of a page."""

    def __init__(self, html: str) -> None:
        self.forms: list[Form] = []
        self.text: list[str] = []
        self.title = ""
        self._inside = ""
        #: the name of the text area that is being read
        self._area = ""
        #: the parts of a text: one that holds a character by its name comes in several
        self._parts: list[str] = []
        # not of the library: the parser there takes ten times as long
        parser = etree.HTMLParser(target=self)
        parser.feed(html)
        parser.close()

    def start(self, tag: str, have: Mapping[str, str]) -> None:
        self._take_text()
        if tag == "form":
            self.forms.append(Form(have["action"]))
        elif tag in {"input", "textarea"} and self.forms and "name" in have and _is_filled(have):
            self.forms[-1].values[have["name"]] = have.get("value", "")
            if have.get("type") == "hidden":
                self.forms[-1].hidden.add(have["name"])
        self._inside, self._area = tag, have.get("name", "") if tag == "textarea" else ""

    def end(self, _tag: str) -> None:
        self._take_text()
        self._inside = self._area = ""

    def data(self, part: str) -> None:
        self._parts.append(part)

    def comment(self, _text: str) -> None:
        self._take_text()

    def close(self) -> None:
        self._take_text()

    def _take_text(self) -> None:
        text, self._parts = "".join(self._parts), []
        if self._area and self.forms and text:
            self.forms[-1].values[self._area] = text
        elif self._inside == "title":
            self.title += text
        elif text.strip():
            self.text.append(" ".join(text.split()))


def _own_session() -> requests.Session:
    session = requests.Session()
    # the environment's proxies, and a netrc, are nobody's business here, and are looked for at each request
    session.trust_env = False
    return session


#: Forms that lead to another page, which is read from its beginning.
ELSEWHERE = ("/sign-in", "/language", "/me/sign-in", "/me/language")


def _is_page(answer: requests.Response) -> bool:
    return bool(answer.text) and answer.headers.get("content-type", "").startswith("text/html")


def cursor_of(answer: requests.Response) -> etree._Element:
    """Where the cursor of a page goes that answers a form: to one place, which says or names what came of it.

    A browser that is led to a part of a page by its address goes there, and an `autofocus` would be in vain.
    """
    page = html.fromstring(answer.text)
    led_to = page.xpath("//*[@id=$part]", part=urlsplit(answer.url).fragment)
    places = led_to + page.xpath("//*[@autofocus]")
    assert len(places) == 1, (answer.url, [(one.tag, one.get("id"), one.text_content()[:60]) for one in places])
    (cursor,) = places
    if cursor.get("tabindex") == "-1":
        assert cursor.text_content().strip()
        return cursor
    about = [page.xpath("//*[@id=$id]", id=name) for name in cursor.get("aria-describedby", "").split()]
    assert about, (answer.url, cursor.tag, cursor.get("id"))
    assert all(len(one) == 1 and one[0].text_content().strip() for one in about), cursor.get("aria-describedby")
    return cursor


@dataclass
class Browser:
    """One browser."""

    url: str
    jar: requests.Session = field(default_factory=_own_session)
    answer: requests.Response = None  # type: ignore[assignment]  # there is one after the first page

    def open(self, path: str) -> Browser:
        self.answer = self.jar.get(self.url + path, timeout=_SECONDS)
        return self

    def send(self, action: str, **typed: str) -> Browser:
        """Fill in the page's form of an action, and send it."""
        held = next(form.values for form in self.page.forms if form.action == action and form.may_hold(typed))
        return self.post(action, {**held, **typed})

    def post(self, path: str, typed: Mapping[str, str | list[str]], **more: Any) -> Browser:
        """Send a form that no page of ours holds."""
        # as a browser does by our Referrer-Policy
        headers = {"Referer": self.answer.url} if self.answer is not None else {}
        headers |= more.pop("headers", {})
        self.answer = self.jar.post(self.url + path, data=typed, timeout=_SECONDS, headers=headers, **more)
        if (path not in ELSEWHERE or not self.answer.ok) and _is_page(self.answer):
            cursor_of(self.answer)
        return self

    @property
    def page(self) -> _Page:
        return _Page(self.answer.text)

    @property
    def text(self) -> str:
        return " ".join(self.page.text)

    @property
    def path(self) -> str:
        return self.answer.url.removeprefix(self.url).partition("#")[0]

    def form(self, ending: str) -> dict[str, str]:
        """What the page's first form holds whose action ends so."""
        return next(form.values for form in self.page.forms if form.action.endswith(ending))

    @property
    def token(self) -> str:
        """What every form of this browser carries."""
        return self.page.forms[0].values["form_token"]
