"""The nights: how it stands, which nights there were, and each night's report, as the commands say them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from doubles import AGENCY, MONDAY, WEDNESDAY
from test_provisional import DOWN, comes
from townspeople import cpr, dies, gains_protection, moves, person

from cprsync.domain.patron.review import NET_MEDIA_REFUSED
from cprsync.domain.person.sealed import Name
from cprsync.domain.policy.policy import AgeGroup, Harm, Ladder, Ladders
from cprsync.language.night import OUTCOMES, brake_lines, report_lines
from cprsync.language.status import status_lines
from cprsync.language.words import word
from cprsync.services.feed.provisional import ask_about_provisional
from cprsync.services.night.calendar import foresee
from cprsync.services.night.report import report_without_run
from cprsync.services.ports.runs import RunState
from cprsync.services.trust.status import Around, status_of
from cprsync.web.pages.night_calendars import find_steps
from cprsync.web.pages.nights import NIGHTS_MOST

if TYPE_CHECKING:
    from browser import Served
    from callers import Caller


def words_of(text: str) -> set[str]:
    return set(text.split())


def test_the_page_says_how_it_stands_in_the_words_of_the_command(desk: Served) -> None:
    library = desk.library
    document = status_of(library.store, Around(AGENCY, "Byens bibliotek", library.clock.now()))
    _, *lines = status_lines(document, "da")
    said = words_of(desk.browser().open("/nights").text)
    assert words_of(" ".join(lines).replace("! ", "")) - said == set()


def test_the_page_counts_who_was_registered_provisionally_and_leads_to_what_waits(desk: Served) -> None:
    """Fifteen waited for CPR: none was to be confirmed, it said, and all was as it should be."""
    library = desk.library
    library.register.down = DOWN
    comes(library, "EDITH")
    one, other = (library.store.patrons.find(cpr(key)) for key in ("ANNA", "DAVID"))
    library.store.desk.ask_staff(str(one), NET_MEDIA_REFUSED, about=str(other))
    browser = desk.browser().open("/nights")
    assert "Og 1 foreløbigt indmeldt, mens CPR ikke svarede" in browser.text
    assert "Foreløbigt indmeldt: 1 venter på CPR siden 20. marts 2027" in browser.text
    assert '<a href="/reviews">1</a>' in browser.answer.text
    library.register.down = None
    library.register.knows(replace(person("EDITH"), name=Name("Ida Anden")))
    ask_about_provisional(library.ports())
    assert "Foreløbigt indmeldt: 0 venter på CPR, 1 på personalet" in browser.open("/nights").text


def test_a_night_shows_its_report_and_no_number_of_a_person(desk: Served) -> None:
    library = desk.library
    library.deliver(MONDAY, moves(person("ANNA")))
    library.register.knows(moves(person("ANNA")))
    library.night()
    number = max(run.run for run in library.store.runs.list_runs())
    browser = desk.browser().open("/nights")
    assert f"/nights/{number}" in browser.answer.text
    browser.open(f"/nights/{number}")
    document = library.store.runs.document(number)
    assert words_of(" ".join(report_lines(document, "da"))) - words_of(browser.text) == set()
    assert cpr("ANNA").digits not in browser.answer.text
    assert person("ANNA").name.addressing not in browser.answer.text


def test_a_night_that_never_was_is_said_to_be_none(desk: Served) -> None:
    assert desk.browser().open("/nights/4711").answer.status_code == 404


def hold(desk: Served) -> int:
    """Let a night be held by a limit, and return its number."""
    library = desk.library
    library.limit(Harm.GONE, 1)
    library.register.knows(dies(gains_protection(person("DAVID"))))
    gone = dies(gains_protection(person("DAVID")))
    library.deliver(MONDAY, moves(person("ANNA")), dies(person("CLARA")), gone)
    library.one_night()
    return int(max(run.run for run in library.store.runs.list_runs()))


def test_a_held_night_shows_its_plan_by_class_and_what_an_operator_does_next(desk: Served) -> None:
    number = hold(desk)
    before = desk.library.everything()
    browser = desk.browser().open("/nights")
    assert f'href="/nights/{number}"' in browser.answer.text
    text = browser.open(f"/nights/{number}").text
    assert "Kørslen er holdt tilbage" in text
    document = desk.library.store.runs.document(number)
    (brake,) = document["brake"]["classes"]
    assert f"{word(brake['class'], 'da')} {brake['count']} {brake['limit']}" in text
    # a form stands below: nobody needs to type a hash
    assert "plan approve" not in text.partition(word("brake_approve_here", "da"))[0]
    for line in brake_lines(document, "da", on_page=True):
        assert line in text
    # one click on the page does not let it through: two people approve it
    assert {form.action for form in browser.page.forms} == {"/language", f"/nights/{number}/approve"}
    assert desk.library.everything() == before


def test_the_balance_sheet_of_a_night_adds_up_before_ones_eyes(desk: Served) -> None:
    library = desk.library
    library.deliver(MONDAY, moves(person("ANNA")), person("BO"), person("EDITH"))
    library.night()
    text = desk.browser().open("/nights/2").text
    document = library.store.runs.document(2)
    assert [document[key] for key in ("received", "applied", "not_ours")] == [3, 1, 1]
    names = {key: word(key, "da") for key in OUTCOMES} | {"parked": "lagt til side til personalet"}
    for key in OUTCOMES:
        assert f"{names[key]} {document[key]}" in text
    assert "modtaget 3" in text
    assert "Regnskabet går op." in text


def test_an_undo_has_no_delivery_and_shows_no_balance_of_any(desk: Served) -> None:
    store = desk.library.store
    run = store.runs.begin(day=MONDAY, started=desk.library.clock.now())
    told = report_without_run(AGENCY, day=MONDAY, error={}, code=0)
    del told["error"]
    told |= {"run": run.id, "reverts": 1, "reverting": {"restored": 1, "protected": 0, "left": {}, "gone": 0}}
    store.runs.close(run, state=RunState.CLOSED, finished=desk.library.clock.now(), document=told)
    text = desk.browser().open(f"/nights/{run.id}").text
    assert word("revert_done", "da", run=1, by=run.id, count=1) in text
    assert [one for one in ("Regnskab", "Der kom ingen leverance") if one in text] == []


def test_an_unfinished_night_says_that_it_has_no_report_yet(desk: Served) -> None:
    store = desk.library.store
    run = store.runs.begin(day=MONDAY, started=desk.library.clock.now())
    assert "ingen rapport endnu" in desk.browser().open(f"/nights/{run.id}").text


def test_earlier_nights_are_on_pages_of_their_own(desk: Served) -> None:
    library = desk.library
    for _ in range(NIGHTS_MOST):
        run = library.store.runs.begin(day=MONDAY, started=library.clock.now())
        told = report_without_run(AGENCY, day=MONDAY, error={}, code=0)
        library.store.runs.close(run, state=RunState.CLOSED, finished=library.clock.now(), document=told)
    browser = desk.browser().open("/nights")
    assert "/nights/before/2" in browser.answer.text
    assert 'href="/nights/1"' not in browser.answer.text
    browser.open("/nights/before/2")
    assert 'href="/nights/1"' in browser.answer.text
    assert 'href="/nights/before/' not in browser.answer.text


def test_the_calendar_names_days_off_and_says_in_words_what_became_of_each_delivery(desk: Served) -> None:
    library = desk.library
    library.deliver(MONDAY)
    library.night()
    library.clock.set_after(WEDNESDAY)
    browser = desk.browser().open("/nights/deliveries")
    text = browser.text
    assert "Marts 2027" in text
    assert "22 Mandag 22. marts Indlæst 0 personer" in text
    assert "23 Tirsdag 23. marts Udebliver" in text
    assert "25 Torsdag 25. marts Skærtorsdag" in text
    assert "27 Lørdag 27. marts Weekend" in text
    february = browser.open("/nights/deliveries/2027-02").text
    assert "Ingen leverancer i denne måned." in february
    assert "Udebliver 2" not in february


@pytest.mark.parametrize("month", ["2027-13", "1027-01", "2027-1", "nu"])
def test_a_month_that_is_none_is_no_page(desk: Served, month: str) -> None:
    assert desk.browser().open(f"/nights/deliveries/{month}").answer.status_code == 404


def test_the_chart_stands_in_the_page_without_script_style_or_another_host(desk: Served) -> None:
    library = desk.library
    library.deliver(MONDAY, moves(person("ANNA")), dies(person("CLARA")))
    library.register.knows(dies(person("CLARA")))
    library.night()
    html = desk.browser().open("/nights/changes").answer.text
    drawn = html[html.index("<svg") : html.index("</svg>")]
    assert drawn.count('class="rect') == 2
    assert not [one for one in ("<script", "<style", "style=", "href", "onload") if one in drawn]
    assert {part for part in drawn.split('"') if "://" in part} <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_the_figures_of_the_chart_stand_in_a_table_that_is_summed(desk: Served) -> None:
    library = desk.library
    library.deliver(MONDAY, moves(person("ANNA")), dies(person("CLARA")))
    library.register.knows(dies(person("CLARA")))
    library.night()
    text = desk.browser().open("/nights/changes").text
    assert "23. marts 2027 1 0 0 0 1" in text
    assert "I alt 1 0 0 0 1" in text


def test_the_forecast_counts_by_day_and_names_no_patron(desk: Served) -> None:
    library = desk.library
    library.clock.moment = library.clock.moment.replace(year=2026)
    events = foresee(library.store, library.policy, today=library.clock.today(), days=30).events
    text = desk.browser().open("/nights/forecast").text
    assert not [one for one in events if one.patron and one.patron in text]
    assert "De kommende nætter" in text


def test_a_page_and_the_api_do_not_look_at_all_patrons_of_a_large_library(
    desk: Served, api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("cprsync.web.pages.night_calendars", "cprsync.services.night.history"):
        monkeypatch.setattr(f"{module}.AT_THE_DESK_MOST", 0)
    desk.library.policy = replace(
        desk.library.policy, ladders=Ladders((Ladder(date(2000, 1, 1), (AgeGroup("Barn", 0),)),))
    )
    page = desk.browser().open("/nights/forecast")
    assert page.answer.status_code == 422
    assert "Se igen efter næste nat" in page.text
    assert api.get("/nights/forecast").status_code == 422


@pytest.mark.parametrize(
    ("highest", "steps"), [(0, [0, 1]), (1, [0, 1]), (5, [0, 1, 2, 3, 4, 5]), (23, [0, 5, 10, 15, 20, 25])]
)
def test_lines_lie_at_whole_numbers_up_to_the_highest_bar(highest: int, steps: list[int]) -> None:
    assert find_steps(highest) == steps
