"""The box: it finds our own patron by whatever staff have, and asks for a purpose before the register is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs
from townspeople import cpr, person

from cprsync.domain.desk.finding import TYPED_MAX

if TYPE_CHECKING:
    from browser import Served

    from cprsync.domain.person.number import CprNumber


def patron_of(desk: Served, key: str) -> str:
    found = desk.library.store.patrons.find(cpr(key))
    assert found is not None
    return found


def typed_as(number: CprNumber, form: str) -> str:
    digits = number.digits
    return {"plain": digits, "hyphen": f"{digits[:6]}-{digits[6:]}", "space": f"{digits[:6]} {digits[6:]}"}[form]


@pytest.mark.parametrize("form", ["plain", "hyphen", "space"])
def test_a_typed_cpr_number_leads_to_the_patron_and_asks_the_register_nothing(desk: Served, form: str) -> None:
    browser = desk.browser().open("/").send("/find", typed=typed_as(cpr("ANNA"), form))
    assert browser.path == f"/patrons/{patron_of(desk, 'ANNA')}"
    assert desk.library.register.looked_up == []


def test_a_scanned_card_leads_to_its_patron(desk: Served) -> None:
    browser = desk.browser().open("/").send("/find", typed="CLARA")
    assert browser.path == f"/patrons/{patron_of(desk, 'CLARA')}"


def test_a_card_that_looks_like_another_patrons_number_says_so(desk: Served) -> None:
    anna, clara = patron_of(desk, "ANNA"), patron_of(desk, "CLARA")
    browser = desk.browser().open(f"/patrons/{clara}")
    browser.send(f"/patrons/{clara}/set", field="cards", text=anna)
    browser.open("/").send("/find", typed=anna)
    assert browser.path == f"/patrons/{anna}"
    assert f"Et lånerkort med samme nummer er låner {clara}s" in browser.text
    assert 'class="said attention"' in browser.answer.text


def test_a_patron_number_leads_to_its_patron(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    assert desk.browser().open("/").send("/find", typed=patron).path == f"/patrons/{patron}"


def test_a_number_that_no_patron_has_asks_for_a_purpose_and_asks_the_register_nothing(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = desk.browser().open("/").send("/find", typed=cpr("EDITH").digits)
    assert "Ingen låner har det CPR-nummer" in browser.text
    assert desk.library.register.looked_up == []


def test_a_number_that_no_patron_has_is_shown_to_be_mended_and_stands_in_no_address(desk: Served) -> None:
    wrong, right = cpr("EDITH").digits, cpr("ANNA").digits
    browser = desk.browser().open("/").send("/find", typed=wrong)
    assert browser.form("/find")["typed"] == wrong
    assert wrong not in "".join([browser.path, browser.page.title, *(one.url for one in browser.answer.history)])
    browser.post("/find", browser.form("/find") | {"typed": right})
    assert browser.path == f"/patrons/{patron_of(desk, 'ANNA')}"


def test_a_title_begins_with_the_error_that_its_page_tells(desk: Served) -> None:
    browser = desk.browser().open("/")
    assert not browser.page.title.startswith("Fejl:")
    assert browser.send("/find", typed="").page.title.startswith("Fejl: ")
    assert browser.open("/nowhere").page.title.startswith("Fejl: ")


def test_a_form_with_the_origin_of_another_site_does_nothing(desk: Served) -> None:
    """An old browser says no more of who sent a form than its origin."""
    browser, patron = desk.browser(), patron_of(desk, "ANNA")
    browser.open(f"/patrons/{patron}")
    typed = {"form_token": browser.token, "field": "telephones", "text": "20304050", "doing": "add"}
    before = desk.library.store.views.patron(patron)
    for origin in ("https://elsewhere.example", "null"):
        browser.post(f"/patrons/{patron}/set", typed, headers={"Origin": origin})
        assert browser.answer.status_code == 403
    assert desk.library.store.views.patron(patron) == before
    browser.post(f"/patrons/{patron}/set", typed, headers={"Origin": desk.url})
    assert desk.library.store.views.patron(patron) != before


@pytest.mark.parametrize("told", [{"Sec-Fetch-Site": "same-origin"}, {}])
def test_a_form_behind_a_proxy_that_changes_host_is_refused_in_words_that_name_the_proxy(
    desk: Served, told: dict[str, str]
) -> None:
    browser, patron = desk.browser(), patron_of(desk, "ANNA")
    browser.open(f"/patrons/{patron}")
    before = desk.library.store.views.patron(patron)
    typed = {"form_token": browser.token, "field": "telephones", "text": "20304050", "doing": "add"}
    headers = {"Origin": "https://skranke.bibliotek.example", **told}
    with capture_logs() as lines:
        browser.post(f"/patrons/{patron}/set", typed, headers=headers)
    assert browser.answer.status_code == 403
    assert "Du har ikke gjort noget forkert. Serveren foran denne side (en proxy)" in browser.text
    assert [one["event"] for one in lines if one["log_level"] == "error"] == ["web.host.renamed"]
    # a page that does not know the token is another site's
    browser.post(f"/patrons/{patron}/set", typed | {"form_token": "guessed"}, headers=headers)
    assert "hører ikke til dit login" in browser.text
    assert desk.library.store.views.patron(patron) == before


@pytest.mark.parametrize(
    ("typed", "said", "status"), [("", "Skriv eller scan noget", 422), ("K404", "Ingen låner", 404)]
)
def test_what_finds_nobody_says_so_beside_the_box(desk: Served, typed: str, said: str, status: int) -> None:
    browser = desk.browser().open("/").send("/find", typed=typed)
    assert browser.answer.status_code == status
    assert said in browser.text
    assert browser.page.forms[1].action == "/find"


@pytest.mark.parametrize("typed", ["3213991234", "010099-1234", "9913991234"])
def test_a_number_without_a_date_is_offered_no_look_up(desk: Served, typed: str) -> None:
    before = desk.library.everything()
    browser = desk.browser().open("/").send("/find", typed=typed)
    assert browser.answer.status_code == 422
    assert "dagen eller måneden i det findes ikke" in browser.text
    assert "/register/look-up" not in [form.action for form in browser.page.forms]
    assert browser.form("/find")["typed"] == typed
    assert desk.library.everything() == before


@pytest.mark.parametrize("typed", ["0101991234", "6101991234"])
def test_a_number_with_a_date_is_a_number_with_60_on_the_day_and_without_modulus_11(desk: Served, typed: str) -> None:
    browser = desk.browser().open("/").send("/find", typed=typed)
    assert "/register/look-up" in [form.action for form in browser.page.forms]


@pytest.mark.parametrize("typed", ["Stine 27-10", "010199-123", "K404"])
def test_the_box_keeps_what_found_nobody(desk: Served, typed: str) -> None:
    browser = desk.browser().open("/").send("/find", typed=typed)
    assert browser.answer.status_code == 404
    assert f'value="{typed}"' in browser.answer.text
    assert ("Skriv den som 27.10.1990" in browser.text) is (typed == "Stine 27-10")


def test_more_than_anyone_types_finds_nobody(desk: Served) -> None:
    assert desk.browser().open("/").send("/find", typed="1" * (TYPED_MAX + 1)).answer.status_code == 404


# -- what several may have -----------------------------------------------------------------------------------


def name_and_day(key: str, form: str = "%d-%m-%Y") -> str:
    return f"{person(key).name.last} {person(key).birth.day.strftime(form)}"


def gives_telephone(desk: Served, key: str) -> None:
    patron = patron_of(desk, key)
    desk.browser().open(f"/patrons/{patron}").send(f"/patrons/{patron}/set", field="telephones", text="20304050")


@pytest.mark.parametrize("form", ["%d-%m-%Y", "%d.%m.%y", "%Y-%m-%d"])
def test_a_name_with_a_birth_date_leads_to_the_patron_and_asks_the_register_nothing(desk: Served, form: str) -> None:
    browser = desk.browser().open("/").send("/find", typed=name_and_day("ANNA", form))
    assert browser.path == f"/patrons/{patron_of(desk, 'ANNA')}"
    assert desk.library.register.looked_up == []


def test_a_protected_patron_is_not_found_by_name_and_the_answer_is_that_of_nobody(desk: Served) -> None:
    browser = desk.browser().open("/").send("/find", typed=name_and_day("BO"))
    hidden = browser.text
    assert browser.answer.status_code == 404
    browser.open("/").send("/find", typed="Nobody 01-01-1990")
    assert browser.text == hidden


def test_a_name_alone_is_asked_for_a_birth_date(desk: Served) -> None:
    browser = desk.browser().open("/").send("/find", typed="Skovgaard")
    assert browser.answer.status_code == 404
    assert "Er det et navn, så skriv også fødselsdatoen, som Jensen 12.03.1984." in browser.text
    browser = desk.browser().open("/").send("/find", typed="04.05.1985")
    assert "Er det en fødselsdato, så skriv også navnet" in browser.text


def test_a_shared_telephone_lists_the_patrons_and_shows_no_name_of_a_protected_one(desk: Served) -> None:
    for key in ("ANNA", "BO"):
        gives_telephone(desk, key)
    browser = desk.browser().open("/").send("/find", typed="+45 20 30 40 50")
    assert "Flere lånere passer" in browser.text
    assert person("ANNA").name.addressing in browser.text
    assert person("BO").name.last not in browser.answer.text
    assert person("BO").address.road not in browser.answer.text
    for key in ("ANNA", "BO"):
        assert f'href="/patrons/{patron_of(desk, key)}"' in browser.answer.text
    assert "20304050" not in browser.answer.text
    assert "20304050" not in browser.path


def test_a_swiped_health_card_leads_to_its_patron(desk: Served) -> None:
    stripe = f";92081000{cpr('ANNA').digits}1012107123408510112?"
    assert desk.browser().open("/").send("/find", typed=stripe).path == f"/patrons/{patron_of(desk, 'ANNA')}"


def test_a_swiped_health_card_that_no_patron_has_asks_for_a_purpose(desk: Served) -> None:
    stripe = f";92081000{cpr('EDITH').digits}1012107123408510112?"
    browser = desk.browser().open("/").send("/find", typed=stripe)
    assert "Ingen låner har det CPR-nummer" in browser.text
    assert cpr("EDITH").digits not in browser.answer.text
