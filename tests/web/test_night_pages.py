"""The nights: how it stands, which nights there were, and each night's report, as the commands say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doubles import AGENCY, MONDAY
from townspeople import cpr, moves, person

from cprsync.language.night import report_lines, status_lines
from cprsync.services.trust.audit import status_of

if TYPE_CHECKING:
    from browser import Served


def words_of(text: str) -> set[str]:
    return set(text.split())


def test_the_page_says_how_it_stands_in_the_words_of_the_command(desk: Served) -> None:
    library = desk.library
    document = status_of(library.store, agency=AGENCY, name="Byens bibliotek", now=library.clock.now(), certificates=[])
    _, *lines = status_lines(document, "da")
    said = words_of(desk.browser().open("/nights").text)
    assert words_of(" ".join(lines).replace("! ", "")) - said == set()


def test_a_night_shows_its_report_and_no_number_of_a_person(desk: Served) -> None:
    library = desk.library
    library.deliver(MONDAY, moves(person("ANNA")))
    library.register.knows(moves(person("ANNA")))
    library.night()
    number = max(run["run"] for run in library.store.runs.documents())
    browser = desk.browser().open("/nights")
    assert f"/nights/{number}" in browser.answer.text
    browser.open(f"/nights/{number}")
    document = library.store.runs.document(number)
    assert words_of(" ".join(report_lines(document, "da"))) - words_of(browser.text) == set()
    assert cpr("ANNA").digits not in browser.answer.text
    assert person("ANNA").name.addressing not in browser.answer.text


def test_a_night_that_never_was_is_said_to_be_none(desk: Served) -> None:
    assert desk.browser().open("/nights/4711").answer.status_code == 404
