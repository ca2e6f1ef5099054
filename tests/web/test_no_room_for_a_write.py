"""The disk is full, or the database takes no writes: the page says so, and nothing is half written."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import event
from test_box import patron_of
from townspeople import person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser import Browser, Served

#: A database that takes no page more than it has, as on a full disk; and one that may only be read.
FULL, READ_ONLY = "PRAGMA max_page_count = 1", "PRAGMA query_only = ON"
#: So many edits fill what is free in the pages that there are.
_EDITS_MOST = 100


@contextmanager
def connected(desk: Served, pragma: str) -> Iterator[None]:
    """Let each connection to the store begin with this, until the end of the block."""
    engine = desk.library.engine

    def begin(connection: object, *_: object) -> None:
        connection.execute(pragma)  # type: ignore[attr-defined]  # sqlite3's

    engine.dispose()
    event.listen(engine, "checkout", begin)
    yield
    event.remove(engine, "checkout", begin)
    engine.dispose()


def note(browser: Browser, patron: str, text: str) -> int:
    """Write the internal note. The status of the answer."""
    browser.open(f"/patrons/{patron}")
    form = {"form_token": browser.token, "field": "internal_note", "text": text}
    return browser.post(f"/patrons/{patron}/set", form).answer.status_code


def test_an_edit_that_finds_no_room_is_refused_whole_and_those_before_it_are_kept(desk: Served) -> None:
    patron, browser, kept = patron_of(desk, "ANNA"), desk.browser(), ""
    with connected(desk, FULL):
        for count in range(_EDITS_MOST):
            before = desk.library.everything()
            text = f"Note {count} " + "x" * 400
            if note(browser, patron, text) != 200:
                break
            kept = text
        assert browser.answer.status_code == 503
        assert "disk" in browser.text
        assert desk.library.everything() == before
        assert desk.library.view("ANNA").local.internal_note == kept
    assert note(browser, patron, "Nu er der plads") == 200
    assert desk.library.view("ANNA").local.internal_note == "Nu er der plads"


def test_an_edit_of_a_database_that_may_only_be_read_is_refused_and_the_page_says_why(desk: Served) -> None:
    patron, before = patron_of(desk, "ANNA"), desk.library.everything()
    browser = desk.browser()
    with connected(desk, READ_ONLY):
        assert note(browser, patron, "Ny note") == 503
        assert "kun læses" in browser.text
    assert desk.library.everything() == before
    assert note(browser, patron, "Ny note") == 200


def test_a_registration_in_a_database_that_may_only_be_read_writes_nobody_and_goes_on_later(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    browser, before = look_up(desk), desk.library.everything()
    with connected(desk, READ_ONLY):
        browser.send("/register/confirm", cards="K900", emails="edith@example.dk")
        assert browser.answer.status_code == 503
    assert desk.library.everything() == before
    browser = look_up(desk).send("/register/confirm", cards="K900", emails="edith@example.dk")
    assert browser.path == f"/patrons/{patron_of(desk, 'EDITH')}"


def look_up(desk: Served) -> Browser:
    browser = desk.browser().open("/").send("/find", typed=person("EDITH").number.digits)
    return browser.send("/register/look-up", purpose="registration")
