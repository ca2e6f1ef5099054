"""Registration on one screen: shown before it is written, written after one yes, and nothing of it otherwise."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from browser import cursor_of
from callers import records
from doubles import MONDAY
from test_box import patron_of
from test_set_cpr import MADE, enrol
from townspeople import cpr, dies, gains_protection, loses_protection, moves, person

from cprsync.domain.person.person import SILENT, Birth, Person, Status, silence_by_status
from cprsync.errors import BadAnswer, CprsyncError, RegisterUnavailable
from cprsync.language.errors import error_text
from cprsync.services.feed.provisional import ask_about_provisional

if TYPE_CHECKING:
    from browser import Browser, Served

#: What staff type beside the register's answer.
BESIDE = {
    "cards": "K900",
    "pin": "2468",
    "telephones": "20304050",
    "telephones_notices": "yes",
    "emails": "edith@example.dk",
}


def look_up(desk: Served, key: str) -> Browser:
    browser = desk.browser().open("/").send("/find", typed=cpr(key).digits)
    return browser.send("/register/look-up", purpose="registration")


def nobody_is_written(desk: Served, key: str) -> None:
    assert desk.library.store.patrons.find(cpr(key)) is None
    assert desk.site.told == []
    assert cpr(key) not in desk.library.register.subscribed


def test_a_look_up_shows_the_record_as_it_would_be_and_writes_nobody(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = look_up(desk, "EDITH")
    assert "Sådan bliver posten" in browser.text
    assert person("EDITH").name.addressing in browser.text
    assert cpr("EDITH").digits not in browser.answer.text
    nobody_is_written(desk, "EDITH")


def test_one_yes_writes_the_patron_with_card_pin_telephone_and_e_mail_and_tells_culr(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = look_up(desk, "EDITH").send("/register/confirm", **BESIDE)
    patron = patron_of(desk, "EDITH")
    assert browser.path == f"/patrons/{patron}"
    assert "Låneren er indmeldt." in browser.text
    view = desk.library.store.views.patron(patron)
    assert [one.number for one in view.local.cards] == ["K900"]
    assert view.local.cards[0].pin_hash
    assert [(one.number, one.notices) for one in view.local.telephones] == [("20304050", True)]
    assert [(one.address, one.notices) for one in view.local.emails] == [("edith@example.dk", True)]
    assert desk.site.told == [patron]
    assert cpr("EDITH") in desk.library.register.subscribed


def test_the_register_is_asked_once_for_what_is_shown_and_written(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    look_up(desk, "EDITH").send("/register/confirm", **BESIDE)
    assert desk.library.register.looked_up == [cpr("EDITH")]


def test_a_yes_alone_is_enough(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    look_up(desk, "EDITH").send("/register/confirm")
    assert patron_of(desk, "EDITH")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"telephones": "none"}, "Skriv telefonnummeret med otte cifre"),
        ({"telephones": "4055667"}, "Skriv telefonnummeret med otte cifre"),
        ({"emails": "edith"}, "Skriv e-mailen som navn@sted.dk."),
        ({"cards": "CLARA"}, "Lånerkort: en anden låner har dette lånerkort"),
        ({"pin": "12"}, "PIN"),
        ({"cards": ""}, "kort"),
    ],
)
def test_a_value_that_cannot_be_kept_is_named_and_nobody_is_written(
    desk: Served, wrong: dict[str, str], said: str
) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = look_up(desk, "EDITH").send("/register/confirm", **{**BESIDE, **wrong})
    assert browser.answer.status_code == 422
    assert said in browser.text
    nobody_is_written(desk, "EDITH")
    # what was right is there still, and the yes goes on from there
    browser.send("/register/confirm", **BESIDE)
    assert patron_of(desk, "EDITH")
    assert desk.library.register.looked_up == [cpr("EDITH")]


def test_a_dead_person_is_written_for_a_reason_only(desk: Served) -> None:
    desk.library.register.knows(dies(person("EDITH")))
    browser = look_up(desk, "EDITH")
    assert "CPR siger, at personen er død." in browser.text
    browser.send("/register/confirm")
    assert browser.answer.status_code == 422
    nobody_is_written(desk, "EDITH")
    browser.send("/register/confirm", reason="Dødsboet afleverer")
    assert patron_of(desk, "EDITH")


def test_a_protected_person_shows_no_name_and_no_address(desk: Served) -> None:
    protected = gains_protection(person("EDITH"))
    desk.library.register.knows(protected)
    browser = look_up(desk, "EDITH")
    shown = person("EDITH")
    assert "beskyttet" in browser.page.text
    assert shown.name.addressing not in browser.answer.text
    assert shown.name.last not in browser.answer.text
    browser.send("/register/confirm")
    assert shown.name.last not in browser.answer.text


def test_nobody_is_called_protected_of_whom_cpr_has_not_said_so(desk: Served) -> None:
    """An annulled number's answer has no word about a protection."""
    desk.library.register.knows(person("EDITH", status=Status.ANNULLED, protection=SILENT))
    browser = look_up(desk, "EDITH")
    assert "skjules, til CPR har svaret" in browser.page.text
    assert "beskyttet" not in browser.page.text


def test_a_number_that_the_register_has_replaced_leads_to_the_record_of_the_patron_who_has_the_new_one(
    desk: Served,
) -> None:
    """The form asked for a card, and the yes to it was refused without saying who the patron is."""
    desk.library.register.knows(person("EDITH", status=Status.CHANGED, current_number=cpr("ANNA")), person("ANNA"))
    before = records(desk)
    browser = look_up(desk, "EDITH")
    assert browser.path == f"/patrons/{patron_of(desk, 'ANNA')}"
    assert "Personen er allerede låner: her er posten. Nummeret er skiftet ud" in browser.text
    assert records(desk) == before


def test_a_number_that_the_register_does_not_know_is_offered_no_yes(desk: Served) -> None:
    browser = look_up(desk, "EDITH")
    assert browser.text.count("CPR kender ikke nummeret") == 1
    assert [form.action for form in browser.page.forms] == ["/language", "/find", "/register/without"]
    assert browser.form("/find")["typed"] == cpr("EDITH").digits
    nobody_is_written(desk, "EDITH")


def test_what_was_said_while_cpr_was_down_serves_without_a_number_that_cpr_does_not_know(desk: Served) -> None:
    goes_down(desk)
    browser = look_up(desk, "EDITH")
    form = browser.form("/register/confirm") | {"purpose": "registration", "name": "Edith Udvej", "cards": "K905"}
    desk.library.register.down = None
    browser.post("/register/look-up", form)
    assert "CPR kender ikke nummeret" in browser.text
    browser.send("/register/without")
    typed = browser.form("/register/check")
    assert (typed["name"], typed["cards"]) == ("Edith Udvej", "K905")
    assert cpr("EDITH").digits not in browser.answer.text
    nobody_is_written(desk, "EDITH")


def test_a_register_that_is_down_says_so_and_writes_nobody(desk: Served) -> None:
    desk.library.register.down = RegisterUnavailable("the register did not answer in time", kind="register.unavailable")
    browser = look_up(desk, "EDITH")
    assert "CPR svarer ikke" in browser.text
    nobody_is_written(desk, "EDITH")


def test_a_person_who_was_registered_meanwhile_is_not_written_twice(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    first, second = look_up(desk, "EDITH"), look_up(desk, "EDITH")
    first.send("/register/confirm", cards="K900")
    second.send("/register/confirm", cards="K901")
    assert second.path == "/"
    assert "Personen er allerede låner" in second.text
    view = desk.library.store.views.patron(patron_of(desk, "EDITH"))
    assert [one.number for one in view.local.cards] == ["K900"]


def test_what_a_look_up_showed_is_not_shown_again_once_the_person_is_protected(desk: Served) -> None:
    """The form stood open while a colleague registered the person, who has been protected since."""
    desk.library.register.knows(person("EDITH"))
    browser = look_up(desk, "EDITH")
    look_up(desk, "EDITH").send("/register/confirm", cards="K900")
    desk.library.deliver(MONDAY, gains_protection(person("EDITH")))
    desk.library.night()
    browser.send("/register/confirm", cards="K901")
    assert "allerede låner" in browser.text
    assert person("EDITH").name.addressing not in browser.answer.text


def test_a_yes_that_is_sent_twice_writes_once(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = look_up(desk, "EDITH")
    form = browser.form("/register/confirm")
    browser.post("/register/confirm", form)
    browser.post("/register/confirm", form)
    assert browser.path == "/"
    assert "allerede sendt eller udløbet" in browser.text
    assert desk.site.told == [patron_of(desk, "EDITH")]


def test_a_card_of_somebody_else_is_named_at_its_field_and_nothing_is_written(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    before = desk.library.everything()
    browser = look_up(desk, "EDITH")
    looked = desk.library.everything()
    browser.send("/register/confirm", **{**BESIDE, "cards": "CLARA"})
    assert browser.answer.status_code == 422
    assert 'aria-describedby="cards-hint cards-wrong"' in browser.answer.text
    form = browser.form("/register/confirm")
    assert (form["telephones"], form["emails"]) == ("20304050", "edith@example.dk")
    assert form["pin"] == ""
    assert desk.library.everything() == looked
    assert looked["patron"] == before["patron"]
    nobody_is_written(desk, "EDITH")


@pytest.mark.parametrize("wrong", [{"emails": "edith"}, {"cards": "CLARA"}, {"cards": ""}])
def test_a_pin_is_remembered_over_an_error_elsewhere_and_the_field_says_so(desk: Served, wrong: dict[str, str]) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = look_up(desk, "EDITH").send("/register/confirm", **{**BESIDE, **wrong})
    assert browser.answer.status_code == 422
    assert "PIN-koden er husket" in browser.text
    assert browser.form("/register/confirm")["pin"] == ""
    nobody_is_written(desk, "EDITH")
    browser.send("/register/confirm", cards="K900", emails="edith@example.dk")
    (card,) = desk.library.store.views.patron(patron_of(desk, "EDITH")).local.cards
    assert desk.library.store.cards.is_pin(patron_of(desk, "EDITH"), card.number, BESIDE["pin"])


def test_a_pin_that_cannot_be_kept_is_asked_for_again_at_its_field(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = look_up(desk, "EDITH").send("/register/confirm", **{**BESIDE, "pin": "12"})
    assert "Skriv PIN-koden igen" in browser.text
    assert "PIN-koden er husket" not in browser.text
    nobody_is_written(desk, "EDITH")


def test_a_card_that_is_given_away_while_the_form_is_answered_undoes_all_of_it(
    desk: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = look_up(desk, "EDITH")
    monkeypatch.setattr("cprsync.services.desk.adding._refuse_who_is_there", lambda *_: None)
    browser.send("/register/confirm", **{**BESIDE, "cards": "CLARA"})
    assert browser.answer.status_code == 422
    assert "cards-wrong" in browser.answer.text
    assert desk.library.store.patrons.find(cpr("EDITH")) is None


def test_the_result_says_what_was_done_in_one_sentence_each(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = look_up(desk, "EDITH").send("/register/confirm", **BESIDE)
    patron = patron_of(desk, "EDITH")
    said = f"Låneren er indmeldt. Lånernummer {patron}. Gemt: Lånerkort, PIN-kode, Telefonnummer, E-mail."
    assert said in browser.text
    assert "Ændringer kommer automatisk fra CPR." in browser.text


# -- a minor, and who answers for them ----------------------------------------------------------------------

#: A child of the town, and two grown-ups: ANNA is a patron, EDITH is not.
CHILD = "LIV"


def begin_child(desk: Served) -> Browser:
    desk.library.register.knows(person(CHILD), person("EDITH"))
    return look_up(desk, CHILD)


def answering_for(desk: Served, key: str) -> list[str]:
    links = desk.library.store.responsibles.links(patron_of(desk, key))
    return [one.responsible_id for one in links if one.until is None]


def test_who_answers_for_a_minor_is_shown_first_and_written_with_the_same_yes(desk: Served) -> None:
    browser = begin_child(desk).send("/register/confirm", **BESIDE, responsible=patron_of(desk, "ANNA"))
    assert person("ANNA").name.addressing in browser.text
    assert desk.library.store.patrons.find(cpr(CHILD)) is None
    assert "PIN-koden er husket" in browser.text
    browser.send("/register/confirm")
    assert answering_for(desk, CHILD) == [patron_of(desk, "ANNA")]
    assert f"Økonomisk ansvarlig: låner {patron_of(desk, 'ANNA')}." in browser.text
    view = desk.library.store.views.patron(patron_of(desk, CHILD))
    assert view.local.cards[0].pin_hash


def test_somebody_new_who_answers_is_looked_up_and_subscribed_and_both_are_written_together(desk: Served) -> None:
    browser = begin_child(desk).send("/register/confirm", responsible=cpr("EDITH").digits)
    assert desk.library.store.patrons.find(cpr("EDITH")) is None
    assert "får en post uden lånerret." in browser.text
    assert cpr("EDITH").digits not in browser.answer.text
    # shown again for another reason, and left as it is
    browser.send("/register/confirm", telephones="ingen")
    assert cpr("EDITH").digits not in browser.answer.text
    browser.send("/register/confirm", telephones="")
    assert answering_for(desk, CHILD) == [patron_of(desk, "EDITH")]
    (answers,) = desk.library.store.patrons.read([patron_of(desk, "EDITH")])
    assert (answers.borrows, answers.verified) == (False, True)
    assert {cpr("EDITH"), cpr(CHILD)} <= set(desk.library.register.subscribed)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("K404", "ingen låner"),
        (CHILD, "sig selv"),
        ("1212125678", "Økonomisk ansvarlig: CPR kender ikke nummeret."),
        ("BO", ""),
    ],
)
def test_who_may_not_answer_is_named_at_the_field_and_neither_is_written(desk: Served, typed: str, said: str) -> None:
    browser = begin_child(desk)
    if typed == "BO":
        desk.library.register.knows(dies(person("BO")))
        desk.library.store.patrons.find(cpr("BO"))
    text = cpr(CHILD).digits if typed == CHILD else patron_of(desk, "BO") if typed == "BO" else typed
    browser.send("/register/confirm", cards="K900", responsible=text)
    if typed == "BO":
        # a protected patron may answer, and shows no name
        assert person("BO").name.last not in browser.answer.text
        assert "Navnet er skjult" in browser.text
        return
    assert browser.answer.status_code == 422
    assert "responsible-wrong" in browser.answer.text
    assert said in browser.text
    # a number that nobody has is shown to be mended, and one that somebody has is not
    assert (text in browser.answer.text) is (typed != CHILD)
    nobody_is_written(desk, CHILD)


def test_a_cpr_number_in_hand_stands_in_no_field_and_is_used_as_long_as_staff_say_so(desk: Served) -> None:
    """A mask stood in the field of who answers, and the whole number in the field of the cards."""
    desk.library.register.knows(person("EDITH"))
    edith, own = cpr("EDITH").digits, cpr(CHILD).digits
    browser = begin_child(desk).send("/register/confirm", cards=own, responsible=edith, telephones="ingen")
    for _ in range(2):
        form = browser.form("/register/confirm")
        assert (form["cards"], form["responsible"]) == ("", "")
        assert (form["cards_kept"], form["responsible_kept"]) == ("yes", "yes")
        assert [one for one in (own, edith) if one in browser.answer.text] == []
        browser.send("/register/confirm", telephones="ingen")
    browser.send("/register/confirm", telephones="").send("/register/confirm")
    assert answering_for(desk, CHILD) == [patron_of(desk, "EDITH")]
    view = desk.library.store.views.patron(patron_of(desk, CHILD))
    assert [one.number for one in view.local.cards] == [own]


@pytest.mark.parametrize("field", ["cards", "responsible"])
def test_what_hides_a_number_on_another_page_is_written_by_no_form(desk: Served, field: str) -> None:
    browser = begin_child(desk).send("/register/confirm", **{field: f"{cpr('ANNA').digits[:6]}-xxxx"})
    assert browser.answer.status_code == 422
    assert f'href="#{field}"' in browser.answer.text
    nobody_is_written(desk, CHILD)


def test_a_cpr_number_in_hand_is_dropped_or_replaced_as_staff_say(desk: Served) -> None:
    browser = begin_child(desk).send(
        "/register/confirm", cards=cpr(CHILD).digits, responsible=cpr("EDITH").digits, telephones="ingen"
    )
    # nobody has unchecked the card, and another is added; somebody else answers
    browser.send("/register/confirm", cards="K900", responsible=patron_of(desk, "ANNA"), telephones="")
    form = browser.form("/register/confirm")
    browser.post("/register/confirm", {key: text for key, text in form.items() if key != "cards_kept"})
    assert answering_for(desk, CHILD) == [patron_of(desk, "ANNA")]
    view = desk.library.store.views.patron(patron_of(desk, CHILD))
    assert [one.number for one in view.local.cards] == ["K900"]
    assert desk.library.store.patrons.find(cpr("EDITH")) is None


def test_somebody_elses_cpr_number_as_a_card_is_not_proposed_again_and_the_rest_is(desk: Served) -> None:
    browser = begin_child(desk).send("/register/confirm", cards=cpr("ANNA").digits, responsible=cpr("EDITH").digits)
    assert browser.answer.status_code == 422
    assert cpr("ANNA").digits not in browser.answer.text
    form = browser.form("/register/confirm")
    assert ("cards_kept" in form, "responsible_kept" in form) == (False, True)
    assert 'name="cards_kept"' in browser.answer.text


def test_a_form_says_that_only_a_minor_has_somebody_who_answers_where_the_age_is_not_known(desk: Served) -> None:
    """CPR had said that the person is 17, and the form said: only if they are under 18."""
    only = "Kun hvis låneren er under 18 år."
    browser = begin_child(desk)
    assert only not in browser.text
    browser.send("/register/confirm", responsible=patron_of(desk, "ANNA"))
    assert only not in browser.text
    browser.send("/register/confirm", telephones="ingen")
    assert only not in browser.text
    browser.send("/register/confirm", telephones="")
    assert only not in browser.text
    assert "bliver CPR spurgt" in browser.text
    assert only in browser.open("/register").text
    assert only in browser.open(f"/patrons/{patron_of(desk, 'CLARA')}").text


def test_a_patron_who_answers_is_shown_again_by_patron_number_and_not_by_cpr_number(desk: Served) -> None:
    browser = begin_child(desk).send("/register/confirm", responsible=cpr("ANNA").digits)
    assert cpr("ANNA").digits not in browser.answer.text
    assert browser.form("/register/confirm")["responsible"] == patron_of(desk, "ANNA")
    browser.send("/register/confirm", telephones="ingen")
    assert "Personen er under 18, og ingen er skrevet op" not in browser.text
    browser.send("/register/confirm", telephones="")
    assert answering_for(desk, CHILD) == [patron_of(desk, "ANNA")]


def test_another_who_answers_than_was_shown_is_shown_before_anything_is_written(desk: Served) -> None:
    browser = begin_child(desk).send("/register/confirm", responsible=patron_of(desk, "ANNA"))
    browser.send("/register/confirm", responsible=patron_of(desk, "CLARA"))
    assert person("CLARA").name.addressing in browser.text
    nobody_is_written(desk, CHILD)
    browser.send("/register/confirm")
    assert answering_for(desk, CHILD) == [patron_of(desk, "CLARA")]


def test_somebody_who_only_answered_becomes_a_patron_by_the_same_form(desk: Served) -> None:
    begin_child(desk).send("/register/confirm", responsible=cpr("EDITH").digits).send("/register/confirm")
    answers = patron_of(desk, "EDITH")
    browser = desk.browser().open(f"/patrons/{answers}")
    browser.send(f"/patrons/{answers}/look-up", purpose="registration")
    # the page said that nobody has the number
    assert "Ingen låner har" not in browser.text
    assert "Personen er økonomisk ansvarlig og ikke låner" in browser.text
    assert f'href="/patrons/{answers}"' in browser.answer.text
    assert "/register/without" not in browser.answer.text
    browser.send("/register/look-up", purpose="registration").send("/register/confirm", cards="K901")
    (patron,) = desk.library.store.patrons.read([answers])
    assert patron.borrows
    assert answering_for(desk, CHILD) == [answers]


# -- the register is down -----------------------------------------------------------------------------------


def goes_down(desk: Served) -> None:
    desk.library.register.down = RegisterUnavailable("the register did not answer in time", kind="register.unavailable")


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (
            RegisterUnavailable("the register answers HTTP {status} and no SOAP", status=500, kind="register.http"),
            503,
            "CPR svarer ikke lige nu. Intet på posten er ændret.",
        ),
        (BadAnswer("the answer is empty", kind="register.empty"), 502, "CPR gav ikke et svar, der kan bruges."),
    ],
)
def test_a_look_up_without_a_usable_answer_is_told_in_plain_words_with_the_cause_to_pass_on(
    desk: Served, error: CprsyncError, status: int, says: str
) -> None:
    """A librarian was told that localhost closed a connection, or to report an empty answer to the platform."""
    desk.library.register.down = error
    before = records(desk)
    anna = patron_of(desk, "ANNA")
    browser = desk.browser().open(f"/patrons/{anna}").send(f"/patrons/{anna}/look-up", purpose="renewal")
    assert browser.answer.status_code == status
    assert says in browser.text
    assert f"sig det til driften: {error_text(error, 'da')}." in browser.text
    assert f'<a class="button" href="/patrons/{anna}">Tilbage</a>' in browser.answer.text
    assert records(desk) == before


def test_the_desk_goes_on_when_the_register_is_down(desk: Served) -> None:
    goes_down(desk)
    browser = look_up(desk, "EDITH")
    assert "Foreløbig: CPR svarer ikke" in browser.text
    browser.send("/register/confirm", name="Edith Udvej", address="Havnegade 1\n8000 Aarhus C", **BESIDE)
    patron = patron_of(desk, "EDITH")
    assert "indmeldt foreløbigt" in browser.text
    assert "CPR bliver spurgt, så snart det svarer." in browser.text
    view = desk.library.store.views.patron(patron)
    assert view.is_provisional
    assert [one.number for one in view.local.cards] == ["K900"]
    # what they said is sealed until a source has spoken
    assert "Udvej" not in browser.answer.text
    assert "Havnegade" not in browser.answer.text


def test_what_a_provisional_patron_said_opens_for_a_reason_and_without_silence_being_sealed(desk: Served) -> None:
    desk.library.policy = replace(desk.library.policy, silent_is_sealed=False)
    goes_down(desk)
    browser = look_up(desk, "EDITH").send("/register/confirm", name="Edith Udvej", address="Havnegade 1")
    patron = patron_of(desk, "EDITH")
    assert "Udvej" not in browser.answer.text
    browser.send(f"/patrons/{patron}/reveal", reason="Skal skrive kortet")
    assert "Edith Udvej" in browser.text
    assert "Havnegade 1" in browser.text


def test_a_case_whose_answers_do_the_same_has_one_answer(desk: Served) -> None:
    goes_down(desk)
    browser = look_up(desk, "EDITH").send(
        "/register/confirm", name=person("EDITH").name.addressing, address="Havnegade 1"
    )
    patron = patron_of(desk, "EDITH")
    desk.library.register.down = None
    desk.library.register.knows(person("EDITH"))
    browser.send(f"/patrons/{patron}/look-up", purpose="correction").send(f"/patrons/{patron}/confirm")
    browser.open(re.findall(r'href="(/reviews/\d+)"', browser.answer.text)[-1])
    answers = [form.values["answer"] for form in browser.page.forms if "answer" in form.values]
    assert answers == ["accept", "later"]
    assert "Set: luk sagen" in browser.text


def test_what_an_open_patron_said_otherwise_than_the_register_can_be_compared_before_it_is_deleted(
    desk: Served,
) -> None:
    """Record and case led to each other, and neither showed it: nothing else of the record was hidden any more."""
    goes_down(desk)
    browser = look_up(desk, "EDITH").send("/register/confirm", name="Edith Udvej", address="Havnegade 1")
    patron = patron_of(desk, "EDITH")
    desk.library.register.down = None
    desk.library.register.knows(person("EDITH"))
    browser.send(f"/patrons/{patron}/look-up", purpose="correction").send(f"/patrons/{patron}/confirm")
    assert "<skjult>" not in browser.text
    case = re.findall(r'href="(/reviews/\d+)"', browser.answer.text)[-1]
    both = browser.open(case).text.partition("Ja, det er den samme")[0]
    assert all(text in both for text in ("Edith Udvej", "Havnegade 1", "CPR siger", "Låneren sagde"))
    assert "Nej, en anden" in browser.text
    browser.open(f"/patrons/{patron}").send(f"/patrons/{patron}/reveal", reason="Er det den samme person?")
    assert "Edith Udvej" in browser.text


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("reject", ("låneren blokeres", "kortene mister PIN-koden", "det, der blev sagt, gemmes", "giv et nyt kort")),
        ("accept", ("CPR's navn gælder", "det, låneren sagde, slettes")),
    ],
)
def test_the_answer_about_the_same_person_says_what_happened_and_what_to_do(
    desk: Served, answer: str, said: tuple[str, ...]
) -> None:
    """It said "Sag 6 er afvist", and nothing of the card that is stopped."""
    goes_down(desk)
    browser = look_up(desk, "EDITH").send("/register/confirm", name="Edith Udvej", address="Havnegade 1")
    patron = patron_of(desk, "EDITH")
    desk.library.register.down = None
    desk.library.register.knows(person("EDITH"))
    browser.send(f"/patrons/{patron}/look-up", purpose="correction").send(f"/patrons/{patron}/confirm")
    case = re.findall(r'href="(/reviews/\d+)"', browser.answer.text)[-1]
    browser.open(case).send(f"{case}/answer", answer=answer, reason="Sundhedskortet er en andens")
    told = cursor_of(browser.answer).text_content()
    assert [one for one in said if one not in told] == []


@pytest.mark.parametrize("answer", [None, Status.CHANGED, Status.ANNULLED])
def test_the_page_says_whether_the_register_has_answered_about_a_provisional_patron(
    desk: Served, answer: Status | None
) -> None:
    """It went on saying that CPR had not answered to whom CPR had told it was another patron's number."""
    goes_down(desk)
    browser = look_up(desk, "EDITH").send("/register/confirm", name="Edith Udvej")
    patron = patron_of(desk, "EDITH")
    if answer is not None:
        desk.library.register.down = None
        told = Person(cpr("EDITH"), status=answer, current_number=cpr("ANNA"))
        desk.library.register.knows(silence_by_status(told))
        ask_about_provisional(desk.library.ports())
    browser.open(f"/patrons/{patron}")
    assert ("CPR har ikke svaret endnu" in browser.text) is (answer is None)
    assert ("svaret siger ikke, hvem låneren er" in browser.text) is (answer is not None)
    assert "Edith Udvej" in browser.send(f"/patrons/{patron}/reveal", reason="Låneren står her").text


def test_a_provisional_patron_without_a_name_is_not_written(desk: Served) -> None:
    goes_down(desk)
    browser = look_up(desk, "EDITH").send("/register/confirm", address="Havnegade 1", cards="K900")
    assert browser.answer.status_code == 422
    assert "name-wrong" in browser.answer.text
    nobody_is_written(desk, "EDITH")


def test_the_register_may_be_asked_again_from_the_provisional_form(desk: Served) -> None:
    goes_down(desk)
    browser = look_up(desk, "EDITH")
    for is_down in (True, False):
        # the button stands in the form, so that what was typed beside the answer is kept
        form = browser.form("/register/confirm") | {"purpose": "registration"}
        desk.library.register.down = desk.library.register.down if is_down else None
        desk.library.register.knows(person("EDITH"))
        browser.post("/register/look-up", form | {"name": "Edith Udvej", "address": "Havnegade 1", **BESIDE})
        assert ("Foreløbig: CPR svarer ikke" in browser.text) is is_down
    assert "Sådan bliver posten" in browser.text
    assert browser.form("/register/confirm")["cards"] == BESIDE["cards"]
    browser.send("/register/confirm")
    view = desk.library.store.views.patron(patron_of(desk, "EDITH"))
    assert [one.number for one in view.local.cards] == ["K900"]
    assert view.local.cards[0].pin_hash
    assert [one.number for one in view.local.telephones] == ["20304050"]
    assert view.patron.register.name == person("EDITH").name
    assert not view.local.contact_address


def test_a_child_and_who_answers_are_registered_while_the_register_is_down(desk: Served) -> None:
    goes_down(desk)
    browser = look_up(desk, CHILD)
    browser.send("/register/confirm", name="Liv Ny", address="Havnegade 1", responsible=cpr("EDITH").digits)
    assert "CPR har ikke svaret endnu" in browser.text
    browser.send("/register/confirm")
    assert answering_for(desk, CHILD) == [patron_of(desk, "EDITH")]


# -- a patron ----------------------------------------------------------------------------------------------


def test_a_patrons_look_up_shows_what_would_change_and_a_yes_writes_it(desk: Served) -> None:
    patron, moved = patron_of(desk, "ANNA"), moves(person("ANNA"))
    desk.library.register.knows(moved)
    browser = desk.browser().open(f"/patrons/{patron}").send(f"/patrons/{patron}/look-up", purpose="correction")
    assert "bliver til" in browser.text
    before = desk.library.store.patrons.read([patron])
    assert before[0].register.address != moved.address
    browser.send(f"/patrons/{patron}/confirm")
    assert browser.path == f"/patrons/{patron}"
    (after,) = desk.library.store.patrons.read([patron])
    assert after.register.address == moved.address
    assert desk.site.told == [patron]


def test_what_a_patrons_look_up_showed_is_not_shown_again_once_a_night_has_protected_them(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    desk.library.register.knows(moves(person("ANNA")))
    browser = desk.browser().open(f"/patrons/{patron}").send(f"/patrons/{patron}/look-up", purpose="correction")
    assert person("ANNA").name.addressing in browser.answer.text
    desk.library.deliver(MONDAY, gains_protection(person("ANNA")))
    desk.library.night()
    before = records(desk)
    browser.send(f"/patrons/{patron}/confirm")
    assert browser.path == f"/patrons/{patron}"
    assert "siden de blev vist" in browser.text
    assert person("ANNA").name.addressing not in browser.answer.text
    assert records(desk) == before


def test_a_look_up_says_that_cpr_protects_somebody_no_longer_and_after_a_yes_the_night_asks(desk: Served) -> None:
    """The page said that they are protected, and that nothing is changed: nobody knew why they stayed hidden."""
    patron = patron_of(desk, "BO")
    desk.library.register.knows(loses_protection(person("BO")))
    before = desk.library.store.patrons.read([patron])
    browser = desk.browser().open(f"/patrons/{patron}").send(f"/patrons/{patron}/look-up", purpose="correction")
    assert "CPR siger ikke længere, at personen er beskyttet." in browser.text
    assert person("BO").name.last not in browser.answer.text
    browser.send(f"/patrons/{patron}/confirm")
    assert "Opslaget er afsluttet. Posten er uændret." in browser.text
    assert desk.library.store.patrons.read([patron]) == before
    asked = [row["kind"] for row in desk.library.rows("follow_up") if row["patron_id"] == patron]
    assert asked == ["protection_end"]


def test_a_yes_to_one_patron_writes_and_tells_of_no_other(desk: Served) -> None:
    anna, clara = patron_of(desk, "ANNA"), patron_of(desk, "CLARA")
    desk.library.register.knows(moves(person("ANNA")))
    browser = desk.browser().open(f"/patrons/{anna}").send(f"/patrons/{anna}/look-up", purpose="correction")
    form = browser.form(f"/patrons/{anna}/confirm")
    before = desk.library.store.patrons.read([anna, clara])
    for path in (f"/patrons/{clara}/confirm", "/register/confirm"):
        browser.post(path, form)
    assert desk.library.store.patrons.read([anna, clara]) == before
    assert desk.site.told == []


# -- without a CPR number ----------------------------------------------------------------------------------


def test_somebody_without_a_cpr_number_is_shown_before_they_are_written(desk: Served) -> None:
    count = desk.library.store.patrons.count()
    browser = desk.browser().open("/register")
    browser.send(
        "/register/check", name="Ole Opdigt", birth_date="2015-04-10", address="Gade 1 | 8000 Aarhus C", cards="K77"
    )
    assert "Er oplysningerne rigtige?" in browser.text
    assert desk.library.store.patrons.count() == count
    browser.send("/register/confirm")
    assert "Låneren er indmeldt." in browser.text
    assert desk.library.store.patrons.count() == count + 1
    assert desk.library.register.looked_up == []


def test_who_was_found_has_the_cursor_once_the_warnings_were_read(desk: Served) -> None:
    """The same note took the cursor again, twelve stops before the yes."""
    browser = desk.browser().open("/register").send("/register/check", name="Ole Opdigt", birth_date="2015-04-10")
    assert cursor_of(browser.answer).get("class") == "warnings"
    browser.send("/register/confirm", responsible=patron_of(desk, "ANNA"))
    assert "Læs dette først" in browser.text
    cursor = cursor_of(browser.answer)
    assert (cursor.tag, cursor.get("aria-describedby")) == ("button", "answers-for")
    # what is new is read first
    browser = desk.browser().open("/register")
    browser.send("/register/check", name="Ole Opdigt", birth_date="2015-04-10", responsible=patron_of(desk, "ANNA"))
    assert cursor_of(browser.answer).get("class") == "warnings"


def test_a_number_that_a_patron_has_already_is_said_on_the_form_with_all_that_was_typed(desk: Served) -> None:
    enrol(desk.library, MADE[0])
    typed = {"name": "Gæst Gæstesen", "cpr_number": MADE[0].digits, "cards": "K904"}
    browser = desk.browser().open("/register").send("/register/check", **typed)
    assert browser.answer.status_code == 422
    assert "personen er allerede låner" in browser.text
    assert browser.form("/register/check")["name"] == "Gæst Gæstesen"


def test_somebody_without_a_name_is_asked_for_one(desk: Served) -> None:
    browser = desk.browser().open("/register").send("/register/check", birth_date="2015-04-10")
    assert browser.answer.status_code == 422
    assert "Navn" in browser.text


def test_the_form_shows_who_may_be_the_same_person_before_its_yes(desk: Served) -> None:
    """Somebody without a number was registered a second time, and nobody was asked."""
    name, born, anna = person("ANNA").name, person("ANNA").birth, patron_of(desk, "ANNA")
    assert isinstance(born, Birth)
    typed = {"name": name.addressing, "birth_date": born.day.strftime("%d.%m.%Y")}
    browser = desk.browser().open("/register").send("/register/check", **typed)
    assert "Er det en af disse?" in browser.text
    assert f'href="/patrons/{anna}"' in browser.answer.text
    # another name on the same form is another question
    browser = desk.browser().open("/register").send("/register/check", **typed | {"name": "Kim Uden Nummer"})
    assert "Er det en af disse?" not in browser.text
    browser.send("/register/confirm", **typed)
    assert f'href="/patrons/{anna}"' in browser.answer.text
    assert browser.send("/register/confirm", **typed).path.startswith("/patrons/")


def without_number(desk: Served) -> str:
    """EDITH is a patron already, and nobody knows their CPR number."""
    one, card = person("EDITH"), "E1"
    assert isinstance(one.birth, Birth)
    typed = {"name": one.name.addressing, "birth_date": one.birth.day.strftime("%d.%m.%Y"), "cards": card}
    browser = desk.browser().open("/register").send("/register/check", **typed).send("/register/confirm")
    desk.library.register.knows(one)
    desk.site.told.clear()
    return browser.path.removeprefix("/patrons/")


def test_a_number_is_given_to_the_patron_who_is_the_same_person_after_both_were_shown(desk: Served) -> None:
    here = without_number(desk)
    browser = look_up(desk, "EDITH")
    assert "Er det en af disse?" in browser.text
    # what has to be read first has the cursor
    assert cursor_of(browser.answer).get("class") == "warnings"
    before = records(desk)
    browser.send(f"/patrons/{here}/number")
    assert "Biblioteket har" in browser.text
    assert records(desk) == before
    assert cpr("EDITH").digits not in browser.answer.text
    browser.send(f"/patrons/{here}/number/confirm")
    assert browser.path == f"/patrons/{here}"
    assert "Låneren har fået CPR-nummeret." in browser.text
    assert patron_of(desk, "EDITH") == here
    assert cpr("EDITH") in desk.library.register.subscribed
    assert desk.site.told == [here]


def test_no_somebody_else_leads_back_to_the_registration_which_goes_on(desk: Served) -> None:
    here = without_number(desk)
    browser = look_up(desk, "EDITH").send(f"/patrons/{here}/number")
    before = records(desk)
    browser.send("/register/shown")
    assert "Nej, en anden: indmeld" in browser.text
    assert records(desk) == before
    browser.send("/register/confirm", cards="K900")
    assert patron_of(desk, "EDITH") != here
    assert desk.library.store.views.patron(here).patron.number.is_replacement


def test_a_yes_to_a_number_ends_the_registration_that_it_came_from(desk: Served) -> None:
    here = without_number(desk)
    browser = look_up(desk, "EDITH").send(f"/patrons/{here}/number")
    no = browser.form("/register/shown")
    browser.send(f"/patrons/{here}/number/confirm")
    before = records(desk)
    browser.post("/register/shown", no)
    assert "Begynd forfra" in browser.text
    assert records(desk) == before


def test_a_yes_without_its_reason_still_leads_back_to_the_registration(desk: Served) -> None:
    here = without_number(desk)
    browser = look_up(desk, "EDITH")
    desk.library.register.knows(gains_protection(person("EDITH")))
    browser.send(f"/patrons/{here}/number").send(f"/patrons/{here}/number/confirm")
    assert browser.answer.status_code == 422
    browser.send("/register/shown")
    assert "Nej, en anden: indmeld" in browser.text


def test_a_number_is_given_to_nobody_who_was_not_asked_about(desk: Served) -> None:
    here, other = without_number(desk), enrol(desk.library, MADE[0], card="E2")
    browser = look_up(desk, "EDITH")
    before = records(desk)
    browser.post(f"/patrons/{other}/number", browser.form(f"/patrons/{here}/number"))
    assert (browser.path, records(desk)) == ("/", before)


def test_a_patron_who_has_got_a_number_meanwhile_is_shown_again_and_nothing_is_given(desk: Served) -> None:
    here = without_number(desk)
    first = look_up(desk, "EDITH").send(f"/patrons/{here}/number")
    second = look_up(desk, "EDITH").send(f"/patrons/{here}/number").send(f"/patrons/{here}/number/confirm")
    assert second.path == f"/patrons/{here}"
    before = records(desk)
    first.send(f"/patrons/{here}/number/confirm")
    assert records(desk) == before
