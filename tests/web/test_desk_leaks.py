"""No address, title, header, cookie or log of the desk names anybody; nothing anywhere names a protected person.

Canary persons go through every page, with the libraries forced to log at DEBUG. Each answer is
looked at with its redirects, as a browser would keep it. The whole program is listened to in `test_leaks`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
import said_yes
from browser import Browser, Served, serving
from callers import calling
from doubles import AGENCY
from test_leaks import forms
from townspeople import gains_protection, person

from cprsync.domain.patron.patron import Purpose
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.sealed import Address, Name
from cprsync.services.desk.lookup import Asked, Desk
from cprsync.web.api.api import build_description
from cprsync.web.app import make_app
from cprsync.web.entry import Surroundings
from cprsync.web.memory.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests
    from callers import Caller
    from doubles import Library

    from cprsync.domain.person.person import Person

# all of them look at one day at the desk
pytestmark = pytest.mark.xdist_group("desk leaks")
#: Libraries that would tell what passes through them.
LOUD = ("sqlalchemy.engine", "sqlalchemy.pool", "uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "starlette")
REASON = "letter came back"


@dataclass(frozen=True)
class Canary:
    """Somebody whose every word stands nowhere else."""

    number: CprNumber
    first: str
    last: str
    road: str
    is_shut: bool = False

    @property
    def person(self) -> Person:
        co = f"c/o {self.last}s"
        home = Address("0751", "7300", "7", road=self.road, postcode="8000", district="Aarhus C", co=co)
        name = Name(f"{self.first} {self.last}", self.first, "", self.last)
        one = replace(person("ANNA"), number=self.number, name=name, address=home)
        return gains_protection(one) if self.is_shut else one


#: A patron and somebody new, each once ordinary and once protected.
ORDINARY = Canary(CprNumber.parse("0101702111"), "Solsortine", "Bogfinkesen", "Gulspurvestien")
ORDINARY_NEW = Canary(CprNumber.parse("0101702222"), "Rødkælkine", "Musvitsen", "Gærdesmuttevej")
SHUT = Canary(CprNumber.parse("0101702333"), "Kanariine", "Nattergalsen", "Hejrekolonien", is_shut=True)
SHUT_NEW = Canary(CprNumber.parse("0101702444"), "Isfuglia", "Pirolsen", "Bjergirisken", is_shut=True)
EVERYBODY = (ORDINARY, ORDINARY_NEW, SHUT, SHUT_NEW)


def secrets_of(*people: Canary) -> set[str]:
    """The words of these people that may stand nowhere."""
    return {word for one in people for word in (one.number.digits, one.first, one.last, one.road)}


def leaks(text: str, secrets: set[str]) -> list[str]:
    return [secret for secret in secrets if any(form in text for form in forms(secret))]


@dataclass
class Heard:
    """All that a browser was sent."""

    #: addresses, headers and cookies of each answer, with its redirects
    envelopes: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    #: by where it was: what the answer says
    bodies: dict[str, str] = field(default_factory=dict)

    def take(self, where: str, answer: requests.Response) -> None:
        for one in (*answer.history, answer):
            self.envelopes.append(f"{one.url} {one.headers} {one.cookies.get_dict()} {one.reason}")
        self.bodies[where] = answer.text
        if "<title>" in answer.text:
            self.titles.append(answer.text.split("<title>")[1].split("</title>")[0])


@pytest.fixture(scope="module")
def visited(
    begun_folder: Library, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, Heard, list[str], dict[str, str]]]:
    """The desk after each of its pages was visited; what was sent, and what was logged meanwhile."""
    library = begun_folder.copy(tmp_path_factory.mktemp("leaks") / "library")
    library.register.knows(*(one.person for one in EVERYBODY))
    desk = Desk(AGENCY, library.store, library.register, library.clock, library.policy)
    patrons = {
        name: said_yes.register(desk, Asked(one.number, Purpose.REGISTRATION, "karen")).document["patron"]
        for name, one in (("ordinary", ORDINARY), ("shut", SHUT))
    }
    library.store.desk.ask_staff(patrons["shut"], BOTH_PATRONS, about=patrons["ordinary"])
    logged: list[str] = []
    with loudly(logged), serving(library) as served:
        heard = Heard()
        visit_addresses(served, heard, patrons)
        visit_forms(served, heard, patrons)
        visit_api(served, heard, patrons)
        yield served, heard, logged, patrons
    library.engine.dispose()


class _Into(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.getMessage()} {record.exc_text or record.exc_info or ''}")


class loudly:  # noqa: N801 -- it reads as the word that it is
    """Let the libraries log all that they have, into a list."""

    def __init__(self, lines: list[str]) -> None:
        self.handler, self.before = _Into(lines), {name: logging.getLogger(name).level for name in (*LOUD, "")}

    def __enter__(self) -> None:
        logging.getLogger().addHandler(self.handler)
        for name in self.before:
            logger = logging.getLogger(name)
            logger.setLevel(logging.DEBUG)
            logger.disabled = False

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self.handler)
        for name, level in self.before.items():
            logging.getLogger(name).setLevel(level)


def addresses(patrons: dict[str, str]) -> list[str]:
    """Every page that has an address, with each canary patron in it."""
    around = Surroundings(None, Sessions(now=lambda: 0.0), "x", "x", None, (), secure=False)  # type: ignore[arg-type]  # only its routes are read
    paths = [route.path for route in make_app(around).routes if "GET" in (getattr(route, "methods", None) or ())]
    filled = [path.replace("{patron:patron}", one) for path in paths for one in patrons.values()]
    return sorted({one.replace("{number:number}", "1").replace("{month:month}", "2027-03") for one in filled})


def visit_addresses(desk: Served, heard: Heard, patrons: dict[str, str]) -> None:
    browser = desk.browser()
    paths = addresses(patrons)
    assert len(paths) > 20
    for path in (*paths, "/nowhere", "/patrons/00000000"):
        heard.take(f"GET {path}", browser.open(path).answer)


def visit_forms(desk: Served, heard: Heard, patrons: dict[str, str]) -> None:
    """What only a form leads to: searches, look-ups, refusals, a second person, the log."""
    browser = desk.browser()

    def sent(where: str, path: str, **typed: str) -> Browser:
        heard.take(where, browser.post(path, {"form_token": browser.token, **typed}).answer)
        return browser

    for one in EVERYBODY:
        names = (f"{one.first} {one.last}", f"{one.last} 04051985", f"{one.last} nobody")
        for typed in (one.number.digits, *names):
            browser.open("/")
            sent(f"find {typed}", "/find", typed=typed)
    for one in (ORDINARY_NEW, SHUT_NEW):
        browser.open("/").post("/find", {"form_token": browser.token, "typed": one.number.digits})
        heard.take(f"preview {one.number.digits}", browser.send("/register/look-up", purpose="registration").answer)
        sent("refused", "/register/confirm", telephones="none", key=browser.form("/register/confirm")["key"])
    for name, patron in patrons.items():
        browser.open(f"/patrons/{patron}")
        sent(f"look-up {name}", f"/patrons/{patron}/look-up", purpose="renewal")
        sent(f"set {name}", f"/patrons/{patron}/set", field="telephones", text="none", doing="add")
        sent(f"reveal without reason {name}", f"/patrons/{patron}/reveal", reason="")
        sent(f"log {name}", "/log", patron=patron)
        sent(f"citizen {name}", "/log/citizen", citizen=patron)
    desk.library.store.access.watch(SHUT.number, user="privat")
    browser.open(f"/patrons/{patrons['shut']}")
    sent("second", f"/patrons/{patrons['shut']}/look-up", purpose="renewal")
    desk.library.store.access.unwatch(SHUT.number, user="privat")
    sent("watch", "/log/watch", watch=SHUT.number.digits, doing="unwatch")
    browser.open("/reviews")
    sent("reject without reason", "/reviews/1/answer", answer="reject", reason="")


def visit_api(desk: Served, heard: Heard, patrons: dict[str, str]) -> None:
    api = calling(desk)
    read = [path for path, methods in build_description()["paths"].items() if "get" in methods]
    assert len(read) > 20
    for patron in patrons.values():
        for path in read:
            asked = path.replace("{patron}", patron).replace("{number}", "1")
            heard.take(f"API {asked}", api.get(asked))
    heard.take("API none", api.get("/patrons/none"))
    visit_api_forms(api, heard, patrons)
    for one in EVERYBODY:
        heard.take(f"API find {one.number.digits}", api.post("/patrons/find", {"typed": one.number.digits}))
        asked = {"cpr_number": one.number.digits, "purpose": "renewal"}
        heard.take(f"API look-up {one.number.digits}", api.post("/look-ups", asked))
        heard.take("API wrong", api.post("/look-ups", {**asked, "purpose": one.number.digits}))


def visit_api_forms(api: Caller, heard: Heard, patrons: dict[str, str]) -> None:
    """What changes a record, or would: previews, and refusals that have read a number or a name."""
    shut = SHUT.number.digits
    for one in (ORDINARY_NEW, SHUT_NEW):
        asked = {"cpr_number": one.number.digits, "purpose": "registration"}
        shown = api.post("/registrations/preview", asked)
        heard.take(f"API preview {one.number.digits}", shown)
        beside = {"key": shown.json()["key"], "cards": ["K900"], "responsible": shut}
        heard.take("API beside", api.post("/registrations/beside", beside))
    for name, patron in patrons.items():
        at = f"/patrons/{patron}"
        heard.take(f"API own look-up {name}", api.post(f"{at}/look-up", {"purpose": "renewal"}))
        heard.take(f"API link {name}", api.post(f"{at}/responsibles/preview", {"who": shut}))
        heard.take(f"API field {name}", api.post(f"{at}/fields", {"field": "emails", "text": shut}))
        heard.take(f"API leave {name}", api.post(f"{at}/leave", {"digest": f"sha256:{'0' * 64}"}))
        heard.take(f"API search {name}", api.post("/log/search", {"patron": patron}))
    for path, asked in (("citizen", {"who": shut}), ("watch", {"cpr_number": shut, "doing": "unwatch"})):
        heard.take(f"API {path}", api.post(f"/log/{path}", asked))


def test_the_canaries_were_seen_where_they_may_be(visited: tuple[Served, Heard, list[str], dict[str, str]]) -> None:
    """Otherwise silence would prove nothing."""
    _, heard, logged, patrons = visited
    assert leaks(heard.bodies[f"GET /patrons/{patrons['ordinary']}"], {"Bogfinkesen", "Gulspurvestien"})
    assert leaks(heard.bodies[f"preview {ORDINARY_NEW.number.digits}"], {"Musvitsen"})
    assert leaks(heard.bodies[f"API preview {ORDINARY_NEW.number.digits}"], {"Musvitsen"})
    assert any(line.startswith("sqlalchemy.engine") and "INSERT INTO" in line for line in logged)
    assert "En anden skal godkende" in heard.bodies["second"]
    assert {name for name, body in heard.bodies.items() if "uventet fejl" in body} == set()


def test_no_address_title_header_or_cookie_names_anybody(
    visited: tuple[Served, Heard, list[str], dict[str, str]],
) -> None:
    _, heard, _, _ = visited
    secrets = secrets_of(*EVERYBODY)
    assert [one[:80] for one in heard.envelopes if leaks(one, secrets)] == []
    assert [one for one in heard.titles if leaks(one, secrets)] == []


def test_no_log_names_anybody(
    visited: tuple[Served, Heard, list[str], dict[str, str]], capfd: pytest.CaptureFixture[str]
) -> None:
    _, _, logged, _ = visited
    secrets = secrets_of(*EVERYBODY)
    assert [line[:60] for line in logged if leaks(line, secrets)] == []
    assert leaks("".join(capfd.readouterr()), secrets) == []


def test_no_page_and_no_answer_shows_a_protected_person(
    visited: tuple[Served, Heard, list[str], dict[str, str]],
) -> None:
    """Lists, searches, previews, paper, errors and the API, none of them with a reveal."""
    _, heard, _, _ = visited
    secrets = secrets_of(SHUT, SHUT_NEW)
    shown = {name: beside_the_box(name, body) for name, body in heard.bodies.items()}
    assert {name: found for name, body in shown.items() if (found := leaks(body, secrets))} == {}


def beside_the_box(name: str, body: str) -> str:
    """The page without its boxes, which show again what somebody typed, whether or not anybody is called so."""
    what, _, typed = name.partition(" ")
    return body.replace(f'value="{typed}"', "") if what == "find" else body


def test_lists_and_the_log_name_nobody_at_all(visited: tuple[Served, Heard, list[str], dict[str, str]]) -> None:
    _, heard, _, patrons = visited
    secrets = secrets_of(*EVERYBODY)
    lists = ["GET /", "GET /reviews", "GET /checks", "GET /looks", "GET /log", "GET /nights", "API /reviews"]
    lists += [f"{page} {name}" for page in ("log", "citizen") for name in patrons]
    assert {name: found for name in lists if (found := leaks(heard.bodies[name], secrets))} == {}


def test_a_reveal_opens_one_page_once(visited: tuple[Served, Heard, list[str], dict[str, str]]) -> None:
    desk, _, _, patrons = visited
    browser, heard, secrets = desk.browser(), Heard(), secrets_of(SHUT)
    browser.open(f"/patrons/{patrons['shut']}").send(f"/patrons/{patrons['shut']}/reveal", reason=REASON)
    heard.take("reveal", browser.answer)
    assert leaks(heard.bodies["reveal"], {"Nattergalsen", "Hejrekolonien"})
    assert [one for one in (*heard.envelopes, *heard.titles) if leaks(one, secrets)] == []
    assert leaks(browser.open(f"/patrons/{patrons['shut']}").answer.text, secrets) == []
    assert leaks(browser.open("/").answer.text, secrets) == []


@pytest.mark.parametrize("where", ["body", "title", "header", "log"])
def test_a_planted_leak_is_found(visited: tuple[Served, Heard, list[str], dict[str, str]], where: str) -> None:
    for secret in secrets_of(SHUT):
        for form in forms(secret):
            assert leaks(f"{where}: {form}", secrets_of(SHUT))
