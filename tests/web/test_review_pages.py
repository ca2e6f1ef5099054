"""The review queue: what waits, both sides, and an answer that is written once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from browser import cursor_of
from callers import records
from doubles import MONDAY, TUESDAY
from said_yes import leave
from test_box import patron_of
from test_set_cpr import MADE, enrol, set_cpr
from town import PEOPLE, TOWN
from townspeople import dies, loses_protection, moves, person

from cprsync.domain.patron.review import BOTH_PATRONS, NET_MEDIA_REFUSED, NUMBER_SET, REVIEW_KINDS, State
from cprsync.domain.person.person import Protection
from cprsync.domain.policy.policy import Harm
from cprsync.language.review import meanwhile_text
from cprsync.language.words import has_word
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.leaving.departing import LeavingDesk

if TYPE_CHECKING:
    from browser import Browser, Served


@pytest.fixture
def number(desk: Served) -> int:
    """ANNA and CLARA may be one person: somebody has to say."""
    desk.library.store.desk.ask_staff(patron_of(desk, "ANNA"), BOTH_PATRONS, about=patron_of(desk, "CLARA"))
    (item,) = desk.library.store.review_desk.items(all_states=False)
    return item.id


def test_the_start_page_and_the_queue_say_what_waits(desk: Served, number: int) -> None:
    browser = desk.browser().open("/")
    assert "1 sag venter" in browser.text
    assert f"/reviews/{number}" in browser.open("/reviews").answer.text


def test_an_item_shows_both_patrons_and_marks_what_differs(desk: Served, number: int) -> None:
    browser = desk.browser().open(f"/reviews/{number}")
    assert patron_of(desk, "ANNA") in browser.text
    assert patron_of(desk, "CLARA") in browser.text
    assert 'class="differs"' in browser.answer.text


def test_a_field_that_neither_patron_has_is_left_out(desk: Served, number: int) -> None:
    browser = desk.browser().open(f"/reviews/{number}")
    assert "Status i CPR" in browser.text
    assert "Fravær" not in browser.text


def test_a_case_in_which_nothing_differs_does_not_say_that_differences_are_marked(desk: Served) -> None:
    desk.library.deliver(MONDAY, dies(person("ANNA")))
    desk.library.night()
    (item,) = desk.library.store.review_desk.items(all_states=False)
    browser = desk.browser().open(f"/reviews/{item.id}")
    assert "Posten er, som CPR siger" in browser.text
    assert "understreget" not in browser.text


def test_a_case_that_waits_says_what_holds_until_somebody_answers(desk: Served) -> None:
    desk.library.deliver(MONDAY, dies(person("ANNA")))
    desk.library.night()
    (item,) = desk.library.store.review_desk.items(all_states=False)
    path, meanwhile = f"/reviews/{item.id}", "Imens får låneren ingen breve og må ikke låne."
    browser = desk.browser().open(path)
    assert meanwhile in browser.text
    # and so it is
    assert "Må ikke låne" in browser.open(f"/patrons/{patron_of(desk, 'ANNA')}").text
    assert "Brev: nej" in browser.text
    browser.open(path).send(f"{path}/answer", answer="accept")
    assert meanwhile not in browser.open(path).text


def test_a_contradicted_protection_shows_nothing_of_the_patron_and_closing_the_case_opens_nothing(desk: Served) -> None:
    desk.library.deliver(MONDAY, loses_protection(moves(person("BO"))))
    desk.library.night()
    (item,) = desk.library.store.review_desk.items(all_states=False)
    path, told = f"/reviews/{item.id}", "Beskyttelsen bliver; CPR spørges hver nat, til de to er enige"
    page = desk.browser().open(path)
    assert "leverancen siger, at beskyttelsen er ophørt; et opslag i CPR siger nej" in page.text
    assert "Imens er låneren stadig skjult." in page.text
    assert told in page.text
    page.send(f"{path}/answer", answer="accept")
    record = desk.browser().open(f"/patrons/{patron_of(desk, 'BO')}")
    hidden = {*PEOPLE["BO"]["name"].values(), TOWN["streets"]["HAVNEN"]["road"], PEOPLE["BO"]["number"]}
    for text in (page.answer.text, record.answer.text):
        assert not [word for word in hidden if word in text]
    assert "Adresse <skjult>" in record.text
    assert desk.library.questions() == []
    desk.library.deliver(TUESDAY)
    desk.library.night()
    assert desk.library.record("BO").protection is Protection.NAME_AND_ADDRESS


@pytest.mark.parametrize("kind", REVIEW_KINDS)
def test_each_kind_of_case_has_words_for_what_holds_meanwhile(kind: str) -> None:
    for language in ("da", "en"):
        assert has_word(f"meanwhile.{REVIEW_KINDS[kind].meanwhile}")
        assert not meanwhile_text(kind, language).startswith("meanwhile")


def test_rejecting_takes_a_reason_and_closes_the_item(desk: Served, number: int) -> None:
    browser = desk.browser().open(f"/reviews/{number}")
    browser.send(f"/reviews/{number}/answer", answer="reject", reason="To forskellige")
    assert f"Sag {number} er afvist. De forbliver to lånere" in browser.text
    assert desk.library.store.review_desk.item(number).state is State.REJECTED


def test_rejecting_without_a_reason_changes_nothing(desk: Served, number: int) -> None:
    browser = desk.browser().open(f"/reviews/{number}")
    browser.send(f"/reviews/{number}/answer", answer="reject", reason="")
    assert browser.answer.status_code == 422
    assert 'href="#reject-reason"' in browser.answer.text
    assert desk.library.store.review_desk.item(number).state is State.WAITING


def test_accepting_merges_and_tells_culr_of_both(desk: Served, number: int) -> None:
    anna, clara = patron_of(desk, "ANNA"), patron_of(desk, "CLARA")
    browser = desk.browser().open(f"/reviews/{number}")
    browser.send(f"/reviews/{number}/answer", answer="accept")
    assert f"Sag {number} er godkendt." in browser.text
    assert desk.site.told == [anna, clara]
    assert desk.browser().open("/").send("/find", typed=anna).path in {f"/patrons/{anna}", f"/patrons/{clara}"}


def test_an_item_that_somebody_else_has_answered_is_not_answered_again(desk: Served, number: int) -> None:
    first, second = (desk.browser().open(f"/reviews/{number}") for _ in range(2))
    first.send(f"/reviews/{number}/answer", answer="reject", reason="To forskellige")
    second.send(f"/reviews/{number}/answer", answer="accept")
    assert second.answer.status_code == 422
    assert desk.library.store.review_desk.item(number).state is State.REJECTED


@pytest.mark.parametrize("answer", [{"answer": "accept"}, {"answer": "reject", "reason": "To forskellige"}])
def test_no_patron_is_merged_with_another_than_the_page_showed(
    desk: Served, number: int, answer: dict[str, str]
) -> None:
    """While the page stood open a colleague merged the one who was shown into a third: the item is about that one."""
    browser = desk.browser().open(f"/reviews/{number}")
    merge_shown_one(desk)
    before = records(desk)
    browser.send(f"/reviews/{number}/answer", **answer)
    assert browser.answer.status_code == 422
    assert "handler nu om en anden låner" in browser.text
    assert records(desk) == before
    browser.send(f"/reviews/{number}/answer", **answer)
    assert desk.library.store.review_desk.item(number).state is not State.WAITING


def merge_shown_one(desk: Served) -> None:
    """CLARA, whom the item is about, becomes one with DAVID."""
    store, clara, david = desk.library.store, patron_of(desk, "CLARA"), patron_of(desk, "DAVID")
    store.desk.ask_staff(clara, BOTH_PATRONS, about=david)
    (item,) = [one for one in store.review_desk.items(all_states=False) if one.patron_id == clara]
    StaffReviews(desk.library, "bo").accept(item.id)


@pytest.mark.parametrize("who", ["ANNA", "CLARA"])
def test_an_item_about_a_patron_who_has_left_is_shown_without_a_name(desk: Served, number: int, who: str) -> None:
    patron = patron_of(desk, who)
    leave(LeavingDesk(desk.library, "bo"), patron)
    browser = desk.browser().open(f"/reviews/{number}")
    assert browser.answer.status_code == 200
    assert patron in browser.text
    assert person(who).name.addressing not in browser.answer.text


def test_an_item_that_does_not_exist_is_said_to_be_none(desk: Served) -> None:
    assert desk.browser().open("/reviews/4711").answer.status_code == 404


def test_whoever_is_second_reads_who_answered_and_when(desk: Served, number: int) -> None:
    first, second = (desk.browser().open(f"/reviews/{number}") for _ in range(2))
    first.send(f"/reviews/{number}/answer", answer="reject", reason="To forskellige")
    second.send(f"/reviews/{number}/answer", answer="reject", reason="Også mig")
    assert second.answer.status_code == 422
    assert "afvist af lisbeth" in second.text


def test_a_protected_patron_is_named_nowhere_in_the_queue(desk: Served) -> None:
    anna, bo = patron_of(desk, "ANNA"), patron_of(desk, "BO")
    desk.library.store.desk.ask_staff(bo, BOTH_PATRONS, about=anna)
    (item,) = desk.library.store.review_desk.items(all_states=False)
    name = person("BO").name.addressing
    for path in ("/reviews", f"/reviews/{item.id}"):
        assert name not in desk.browser().open(path).answer.text


# -- later -------------------------------------------------------------------------------------------------


def test_an_item_is_put_off_and_found_again_under_its_view(desk: Served, number: int) -> None:
    until = desk.library.clock.today() + timedelta(7)
    browser = desk.browser().open(f"/reviews/{number}")
    browser.send(f"/reviews/{number}/answer", answer="later", until=f"{until:%d.%m.%Y}", reason="Kommer på mandag")
    assert browser.path == "/reviews"
    assert f'<a href="/reviews/{number}">Lad sagen vente nu</a>' in browser.answer.text
    assert f'href="/reviews/{number}"' not in browser.open("/reviews").answer.text
    assert "Ingen sager venter" in browser.open("/").text
    browser.open("/reviews?view=later")
    assert f'href="/reviews/{number}"' in browser.answer.text
    assert "af lisbeth" in browser.text
    browser.open(f"/reviews/{number}").send(f"/reviews/{number}/answer", answer="now")
    assert f'href="/reviews/{number}"' in browser.open("/reviews").answer.text


@pytest.mark.parametrize(
    ("until", "reason", "place"),
    [
        ("i morgen", "Senere", "until"),
        ("01.01.2020", "Senere", "until"),
        ("", "Senere", "until"),
        (None, "", "later-reason"),
    ],
)
def test_an_item_is_put_off_to_a_day_and_for_a_reason_alone(
    desk: Served, number: int, until: str | None, reason: str, place: str
) -> None:
    until = (desk.library.clock.today() + timedelta(7)).isoformat() if until is None else until
    browser, before = desk.browser().open(f"/reviews/{number}"), desk.library.everything()
    browser.send(f"/reviews/{number}/answer", answer="later", until=until, reason=reason)
    assert browser.answer.status_code == 422
    assert f'href="#{place}"' in browser.answer.text
    later = next(form.values for form in browser.page.forms if form.values.get("answer") == "later")
    # nobody types the other field again
    assert (later["until"], later["reason"]) == (until, reason)
    after = desk.library.everything()
    assert after["review_item"] == before["review_item"]


# -- filters, and answers that are taken back --------------------------------------------------------------


def test_the_queue_shows_one_kind_and_what_has_waited(desk: Served, number: int) -> None:
    desk.library.store.desk.ask_staff(patron_of(desk, "DAVID"), NET_MEDIA_REFUSED, about=patron_of(desk, "BO"))
    other = max(item.id for item in desk.library.store.review_desk.items(all_states=False))
    browser = desk.browser()

    def shown(path: str) -> set[int]:
        page = browser.open(path).answer.text
        return {one for one in (number, other) if f'href="/reviews/{one}"' in page}

    assert shown("/reviews") == {number, other}
    assert shown(f"/reviews?kind={BOTH_PATRONS}") == {number}
    assert shown(f"/reviews?kind={NET_MEDIA_REFUSED}&older=7") == set()
    assert shown("/reviews?view=nonsense&older=x") == {number, other}
    assert shown("/reviews?view=answered") == set()


@pytest.mark.parametrize(("asked", "said"), [("view=waiting&kind=", "1 sag venter"), ("view=later", "Ingen sager")])
def test_the_cursor_goes_to_what_a_filter_has_found(desk: Served, number: int, asked: str, said: str) -> None:
    """The form is sent as an address, and the page began anew at its top."""
    browser = desk.browser().open(f"/reviews?{asked}")
    assert cursor_of(browser.answer).text_content().startswith(said)
    assert "autofocus" not in browser.open("/reviews").answer.text
    assert desk.library.store.review_desk.item(number).state is State.WAITING


def test_an_answer_is_found_taken_back_and_reopened(desk: Served, number: int) -> None:
    browser = desk.browser().open(f"/reviews/{number}")
    browser.send(f"/reviews/{number}/answer", answer="accept")
    assert f'<a href="/reviews/{number}">Fortryd afgørelsen</a>' in browser.answer.text
    assert f'href="/reviews/{number}"' in browser.open("/reviews?view=answered").answer.text
    browser.open(f"/reviews/{number}").send(f"/reviews/{number}/answer", answer="undo", reason="Forkert")
    assert desk.library.store.review_desk.item(number).state is State.UNDONE
    assert "Sagen er stadig lukket." in browser.text
    # the page that says so opens it again
    browser.send(f"/reviews/{number}/answer", answer="reopen", reason="Spørg igen")
    assert desk.library.store.review_desk.item(number).state is State.WAITING


def test_a_number_that_was_given_is_taken_back_as_it_was_shown(desk: Served) -> None:
    library = desk.library
    patron = enrol(library, MADE[0])
    library.register.knows(person("EDITH"))
    set_cpr(library, patron)
    (given,) = [one for one in library.store.review_desk.items(all_states=True) if one.kind == NUMBER_SET]
    path = f"/reviews/{given.id}"
    browser = desk.browser().open(path)
    assert "Nummeret tages tilbage" in browser.text
    form = browser.form("/answer")
    browser.post(f"{path}/answer", {**form, "digest": "sha256:another", "reason": "Forkert person"})
    assert browser.answer.status_code == 422
    assert library.store.review_desk.item(given.id).state is State.ACCEPTED
    browser.send(f"{path}/answer", answer="undo", reason="Forkert person")
    assert library.store.review_desk.item(given.id).state is State.UNDONE
    assert library.store.patrons.read([patron])[0].number == MADE[0]


# -- many at once ------------------------------------------------------------------------------------------


@pytest.fixture
def several(desk: Served) -> list[int]:
    """Three items of a kind that writes no record."""
    for key in ("ANNA", "CLARA", "DAVID"):
        desk.library.store.desk.ask_staff(patron_of(desk, key), NET_MEDIA_REFUSED, about=patron_of(desk, "BO"))
    return [item.id for item in desk.library.store.review_desk.items(all_states=False)]


def choose(desk: Served, numbers: list[int]) -> Browser:
    """The chosen items, as the queue sends them."""
    browser = desk.browser().open("/reviews")
    form = {**browser.form("/reviews/bulk"), "item": [str(one) for one in numbers]}
    return browser.post("/reviews/bulk", form)


def states(desk: Served, numbers: list[int]) -> list[State]:
    return [desk.library.store.review_desk.item(number).state for number in numbers]


def test_several_are_shown_and_accepted_with_one_yes(desk: Served, several: list[int]) -> None:
    browser = choose(desk, several)
    assert states(desk, several) == [State.WAITING] * 3
    assert all(patron_of(desk, key) in browser.text for key in ("ANNA", "CLARA", "DAVID"))
    browser.send("/reviews/bulk/accept")
    assert "3 sager er godkendt." in browser.text
    assert states(desk, several) == [State.ACCEPTED] * 3
    assert len(desk.site.told) == 3


def test_a_yes_that_is_sent_again_does_nothing_more(desk: Served, several: list[int]) -> None:
    browser = choose(desk, several)
    form = browser.form("/reviews/bulk/accept")
    browser.post("/reviews/bulk/accept", form)
    before = desk.library.everything()
    browser.post("/reviews/bulk/accept", form)
    assert "allerede sendt" in browser.text
    assert desk.library.everything() == before


def test_a_choice_of_which_somebody_else_answered_one_does_nothing_and_says_so(
    desk: Served, several: list[int]
) -> None:
    browser = choose(desk, several)
    other = desk.browser().open(f"/reviews/{several[0]}")
    other.send(f"/reviews/{several[0]}/answer", answer="reject", reason="Den er rigtig")
    before = desk.library.everything()
    browser.send("/reviews/bulk/accept")
    assert browser.answer.status_code == 422
    assert "venter ikke længere" in browser.text
    assert desk.library.everything() == before


def test_nothing_chosen_and_what_writes_a_record_are_refused(desk: Served, several: list[int]) -> None:
    assert choose(desk, []).answer.status_code == 422
    desk.library.store.desk.ask_staff(patron_of(desk, "ANNA"), BOTH_PATRONS, about=patron_of(desk, "CLARA"))
    merge = max(item.id for item in desk.library.store.review_desk.items(all_states=False))
    assert f'value="{merge}"' not in desk.browser().open("/reviews").answer.text
    assert choose(desk, [*several, merge]).answer.status_code == 422
    assert states(desk, [*several, merge]) == [State.WAITING] * 4


def test_more_than_the_days_limit_is_stopped_before_the_first_write(desk: Served, several: list[int]) -> None:
    desk.library.limit(Harm.CHANGED, 2)
    browser = choose(desk, several)
    assert browser.answer.status_code == 422
    assert "grænsen på 2" in browser.text
    assert states(desk, several) == [State.WAITING] * 3
