"""How many statements the database is sent while somebody waits at the desk, and in how many transactions.

Upper bounds: a look-up that reads a patron once more than it needs makes a test red. A page that needs less lowers
them. The measure in milliseconds is `cprsync bench desk`, which no test can hold on a machine at work on other things.
"""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from begun import begin
from browser import serving
from doubles import Library
from ready_databases import fresh_database
from sqlalchemy import event
from test_box import patron_of
from test_one_screen import BESIDE
from townspeople import cpr, person

from cprsync.store.desk.access_checks import SEEN_FOR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser import Browser, Served
    from sqlalchemy import Engine

#: What begins a transaction or says of which kind it is: no statement of ours.
_AROUND = re.compile(r"BEGIN|PRAGMA|SET LOCAL")


@dataclass
class Sent:
    """What an engine was sent, beside what begins a transaction."""

    statements: list[str] = field(default_factory=list)
    transactions: int = 0

    def send(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not _AROUND.match(statement):
            self.statements.append(statement)

    def begin(self, _connection: object) -> None:
        self.transactions += 1

    def said(self) -> str:
        return "\n".join([f"{self.transactions} transactions, {len(self.statements)} statements", *self.statements])


@contextmanager
def sent_to(engine: Engine) -> Iterator[Sent]:
    sent = Sent()
    listened = (("before_cursor_execute", sent.send), ("begin", sent.begin))
    for name, listener in listened:
        event.listen(engine, name, listener)
    try:
        yield sent
    finally:
        for name, listener in listened:
            event.remove(engine, name, listener)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def either_desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, empty_store: Path
) -> Iterator[Served]:
    """A served desk on each database, for all tests."""
    folder = tmp_path_factory.mktemp("statements") / "library"
    shutil.copytree(empty_store, folder)
    on_server = request.param == "postgresql"
    server = fresh_database(request.getfixturevalue("postgresql")) if on_server else nullcontext()
    with server as url:
        library = Library(folder, url=url) if url else Library(folder)
        begin(library)
        with serving(library) as served:
            yield served
        library.engine.dispose()


def record(desk: Served) -> Browser:
    """A browser at a record that has been looked up once: the audit has begun."""
    browser = desk.browser().open(f"/patrons/{patron_of(desk, 'ANNA')}")
    look_up(browser)
    return browser.open(f"/patrons/{patron_of(desk, 'ANNA')}")


def look_up(browser: Browser) -> None:
    browser.post(f"{browser.path}/look-up", {"form_token": browser.token, "purpose": "correction"})
    assert "/answers/" in browser.path


def most(sent: Sent, *, transactions: int, statements: int) -> None:
    assert sent.transactions <= transactions, sent.said()
    assert len(sent.statements) <= statements, sent.said()


def test_a_look_up_of_a_patron(either_desk: Served) -> None:
    """The audit's ends, the patron, the attempt, the end of the heads' file, what came of it, what is decided on."""
    browser = record(either_desk)
    with sent_to(either_desk.library.engine) as sent:
        look_up(browser)
    most(sent, transactions=6, statements=22)


def test_the_record_page(either_desk: Served) -> None:
    browser = record(either_desk)
    with sent_to(either_desk.library.engine) as sent:
        browser.open(browser.path)
    most(sent, transactions=2, statements=16)


def test_the_record_page_for_somebody_who_has_not_just_seen_it(either_desk: Served) -> None:
    """The same, and the audit's entry of the look."""
    browser = record(either_desk)
    either_desk.library.clock.moment += SEEN_FOR + timedelta(seconds=1)
    with sent_to(either_desk.library.engine) as sent:
        browser.open(browser.path)
    most(sent, transactions=3, statements=21)


def test_a_look_up_of_somebody_new_and_their_registration(either_desk: Served) -> None:
    """The look-up asks besides who of the same name has no number: whether the keys are whole, and two words of it."""
    record(either_desk)
    either_desk.library.register.knows(person("EDITH"))
    browser = either_desk.browser().open("/").send("/find", typed=cpr("EDITH").digits)
    with sent_to(either_desk.library.engine) as sent:
        browser.send("/register/look-up", purpose="registration")
    most(sent, transactions=8, statements=25)
    with sent_to(either_desk.library.engine) as sent:
        answer = browser.jar.post(
            f"{browser.url}/register/confirm",
            data={**browser.form("/register/confirm"), **BESIDE},
            allow_redirects=False,
            timeout=20,
        )
    assert answer.headers["location"].startswith("/patrons/")
    most(sent, transactions=8, statements=113)
