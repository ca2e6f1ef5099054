"""The record page: shows what the command shows, opens what is sealed for a reason, and sets what staff own."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from callers import records
from doubles import MONDAY
from test_box import patron_of
from test_sealed_views import reveals
from test_set_cpr import MADE, enrol
from test_setting import set_
from townspeople import cpr, gains_protection, person

from cprsync.domain.patron.local import Absence
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.errors import RegisterUnavailable
from cprsync.language.record import field_lines
from cprsync.services.desk.viewing import RecordViewer

if TYPE_CHECKING:
    from browser import Browser, Served


def record(desk: Served, key: str) -> Browser:
    return desk.browser().open(f"/patrons/{patron_of(desk, key)}")


def words_of(text: str) -> list[str]:
    return text.translate(dict.fromkeys(map(ord, "[]<>()"), " ")).split()


@pytest.mark.parametrize("key", ["ANNA", "BO", "CLARA", "DAVID"])
def test_the_page_says_every_word_that_the_command_says(desk: Served, key: str) -> None:
    library = desk.library
    viewer = RecordViewer(library, "lisbeth")
    lines = field_lines(viewer.shown(patron_of(desk, key))["fields"])
    missing = set(words_of(" ".join(lines))) - set(words_of(record(desk, key).text))
    assert missing == set()


def test_a_patron_who_does_not_exist_is_said_to_be_none(desk: Served) -> None:
    browser = desk.browser().open("/patrons/00000000")
    assert browser.answer.status_code == 404
    assert "Find låneren på forsiden." in browser.text
    # nobody at a desk types a command
    assert "cprsync patron" not in browser.text


def test_no_title_names_a_patron(desk: Served) -> None:
    browser = record(desk, "ANNA")
    assert person("ANNA").name.addressing in browser.text
    assert person("ANNA").name.addressing not in browser.page.title


# -- what is sealed ----------------------------------------------------------------------------------------


def test_what_is_sealed_opens_for_a_reason_that_the_audit_has(desk: Served) -> None:
    patron, name = patron_of(desk, "BO"), person("BO").name.addressing
    browser = record(desk, "BO")
    assert name not in browser.answer.text
    browser.send(f"/patrons/{patron}/reveal", reason="Låneren står ved skranken")
    assert name in browser.answer.text
    assert [entry["user"] for entry in reveals(desk.library)] == ["lisbeth"]
    assert name not in browser.open(f"/patrons/{patron}").answer.text


def test_what_was_opened_is_marked_to_stay_off_paper(desk: Served) -> None:
    patron, name = patron_of(desk, "BO"), person("BO").name.addressing
    browser = record(desk, "BO").send(f"/patrons/{patron}/reveal", reason="Låneren står ved skranken")
    heading, _, rest = browser.answer.text.partition("</h1>")
    assert f'<span class="revealed">{name}</span>' in heading
    assert name not in rest.partition('class="revealed"')[0]


def test_without_a_reason_nothing_opens(desk: Served) -> None:
    patron = patron_of(desk, "BO")
    browser = record(desk, "BO").send(f"/patrons/{patron}/reveal", reason=" ")
    assert browser.answer.status_code == 422
    assert person("BO").name.addressing not in browser.answer.text
    assert reveals(desk.library) == []


# -- what staff own ----------------------------------------------------------------------------------------


def test_one_telephone_is_added_and_taken_away_while_the_other_stays(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = record(desk, "ANNA")
    browser.send(f"/patrons/{patron}/set", field="telephones", text="20304050")
    browser.send(f"/patrons/{patron}/set", field="telephones", text="30405060", text_notices="yes")
    assert "30405060 (får beskeder)" in browser.text
    browser.send(f"/patrons/{patron}/set", field="telephones", doing="remove", text="20304050")
    assert "Telefonnummer: fjernet." in browser.text
    view = desk.library.store.views.patron(patron)
    assert [(one.number, one.notices) for one in view.local.telephones] == [("30405060", True)]


def test_each_telephone_says_whether_it_gets_notices_and_is_marked_and_unmarked_without_typing(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    path = f"/patrons/{patron}/set"
    browser = record(desk, "ANNA").send(path, field="telephones", text="20304050")
    browser.send(path, field="telephones", text="30405060", text_notices="yes")
    assert "20304050 (får ikke beskeder)" in browser.text
    browser.send(path, field="telephones", doing="mark", text="20304050")
    assert "beskeder sendes nu dertil" in browser.text
    assert "20304050 (får beskeder)" in browser.text
    assert "30405060 (får ikke beskeder)" in browser.text
    browser.send(path, field="telephones", doing="unmark", text="20304050")
    assert "20304050 (får ikke beskeder)" in browser.text
    view = desk.library.store.views.patron(patron)
    assert [(one.number, one.notices) for one in view.local.telephones] == [("20304050", False), ("30405060", False)]


@pytest.mark.parametrize(("field", "text"), [("telephones", "40506070"), ("cards", "ANNA"), ("blocks", "Gebyr")])
@pytest.mark.parametrize("doing", ["mark", "unmark"])
def test_only_a_telephone_or_an_address_that_is_there_is_marked(
    desk: Served, field: str, text: str, doing: str
) -> None:
    browser = record(desk, "ANNA")
    before = desk.library.everything()
    sent = {"form_token": browser.token, "field": field, "doing": doing, "text": text}
    browser.post(f"/patrons/{patron_of(desk, 'ANNA')}/set", sent)
    assert browser.answer.status_code == 422
    assert desk.library.everything() == before


@pytest.mark.parametrize("field", ["telephones", "emails", "cards", "blocks", "pin"])
def test_an_empty_field_empties_no_list_and_no_pin(desk: Served, field: str) -> None:
    patron = patron_of(desk, "CLARA")
    browser = record(desk, "CLARA")
    browser.send(f"/patrons/{patron}/set", field="telephones", text="20304050")
    before = desk.library.everything()
    browser.send(f"/patrons/{patron}/set", field=field, text=" ")
    assert browser.answer.status_code == 422
    assert desk.library.everything() == before


def test_a_note_that_a_colleague_has_changed_since_is_not_written_over(desk: Served) -> None:
    patron = patron_of(desk, "CLARA")
    first, second = (desk.browser().open(f"/patrons/{patron}") for _ in range(2))
    note = {"field": "internal_note", "text": "Ringer mandag"}
    first.send(f"/patrons/{patron}/set", **note)
    first.post(f"/patrons/{patron}/set", {**note, "was": "", "form_token": first.token})
    assert first.answer.status_code == 200
    before = records(desk)
    second.send(f"/patrons/{patron}/set", field="internal_note", text="Har glemt PIN")
    assert second.answer.status_code == 422
    assert "se, hvad der står nu, og prøv igen" in second.text
    assert records(desk) == before
    # what was typed stands in the form, and the colleague's note in its row
    assert "Har glemt PIN" in second.answer.text
    assert "Ringer mandag" in second.text
    second.send(f"/patrons/{patron}/set", field="internal_note", text="Ringer mandag\nHar glemt PIN")
    assert desk.library.store.views.patron(patron).local.internal_note == "Ringer mandag\nHar glemt PIN"


@pytest.mark.parametrize(
    ("field", "theirs", "typed"),
    [("name", "Edith Uden", "Edith Nummer"), ("birth_date", "10.04.1990", "10.04.1991"), ("protection", "ja", "nej")],
)
def test_the_librarys_own_word_that_a_colleague_has_changed_since_is_not_written_over(
    desk: Served, field: str, theirs: str, typed: str
) -> None:
    patron = enrol(desk.library, MADE[0])
    path = f"/patrons/{patron}/set"
    first, second = (desk.browser().open(f"/patrons/{patron}") for _ in range(2))
    shown = next(form.values for form in first.page.forms if form.values.get("field") == field)
    assert first.post(path, {**shown, "text": theirs}).answer.status_code == 200
    before = records(desk)
    second.post(path, {**shown, "text": typed, "form_token": second.token})
    assert second.answer.status_code == 422
    assert "se, hvad der står nu, og prøv igen" in second.text
    assert records(desk) == before


@pytest.mark.parametrize(
    ("field", "text", "typed"),
    [
        ("absence", "2027-04-10 til 2027-04-20", {"since": "11.04.2027", "until": ""}),
        ("contact_address", "Nyvej 1\n8000 Aarhus C", {"text": "Nyvej 2\n8000 Aarhus C"}),
        ("language", "en", {"text": "da"}),
        ("note_to_patron", "Hent bogen\nher", {"text": ""}),
    ],
)
def test_a_form_that_nobody_has_overtaken_is_taken(desk: Served, field: str, text: str, typed: dict[str, str]) -> None:
    set_(desk.library, field, text, key="CLARA")
    browser = record(desk, "CLARA")
    held = next(form.values for form in browser.page.forms if form.values.get("field") == field)
    assert browser.post(f"/patrons/{patron_of(desk, 'CLARA')}/set", {**held, **typed}).answer.status_code == 200


def test_an_absence_is_typed_as_danes_write_days(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    record(desk, "ANNA").send(f"/patrons/{patron}/set", field="absence", since="1/4-27", until="20. april 2027")
    absence = desk.library.store.views.patron(patron).local.absence
    assert absence == Absence(date(2027, 4, 1), date(2027, 4, 20))


def test_net_media_that_refuse_are_a_warning_and_no_success(desk: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    patron = patron_of(desk, "ANNA")
    monkeypatch.setattr(desk.site, "publish_patron", lambda _: False)
    browser = record(desk, "ANNA").send(f"/patrons/{patron}/set", field="telephones", text="20304050")
    good, attention = (browser.answer.text.partition(f'class="{box}"')[2] for box in ("said", "said attention"))
    assert good.partition("</p>")[0].endswith("Telefonnummer: tilføjet.")
    assert "Netmedierne (CULR) afviste" in attention.partition("</p>")[0]


def test_a_block_is_added_and_lifted(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = record(desk, "ANNA").send(f"/patrons/{patron}/set", field="blocks", text="Mistet kort")
    (block,) = desk.library.store.views.patron(patron).local.blocks
    assert block.lifted is None
    assert "blokeret: " in browser.text
    assert "{" not in browser.text
    browser.send(f"/patrons/{patron}/set", field="blocks", doing="remove", text=f"{block.since} Mistet kort")
    (block,) = desk.library.store.views.patron(patron).local.blocks
    assert block.lifted is not None
    assert "blokeret: " not in browser.text


def test_a_value_that_cannot_be_kept_is_said_beside_its_field_and_stands_there_to_be_mended(desk: Served) -> None:
    patron, browser = patron_of(desk, "ANNA"), record(desk, "ANNA")
    before = desk.library.everything()
    browser.send(f"/patrons/{patron}/set", field="emails", text="sub-rosa")
    assert browser.answer.status_code == 422
    assert filled_in(browser, "emails")["text"] == "sub-rosa"
    assert desk.library.everything() == before
    assert desk.site.told == []


def filled_in(browser: Browser, field: str) -> dict[str, str]:
    """The form of a field in which something may be typed."""
    forms = [form.values for form in browser.page.forms if form.values.get("field") == field]
    return next(one for one in forms if "doing" not in one)


@pytest.mark.parametrize(
    ("field", "text"), [("emails", "sub-rosa"), ("contact_address", "\n".join("123456")), ("pin", "1")]
)
def test_nothing_typed_of_a_hidden_patron_and_no_pin_comes_back(desk: Served, field: str, text: str) -> None:
    key = "ANNA" if field == "pin" else "BO"
    browser = record(desk, key).send(f"/patrons/{patron_of(desk, key)}/set", field=field, text=text)
    assert browser.answer.status_code == 422
    assert not filled_in(browser, field)["text"]


@pytest.mark.parametrize("written", ["{}-{}", "{} {}", "{}{}"])
@pytest.mark.parametrize("field", ["internal_note", "note_to_patron", "blocks", "contact_address"])
def test_a_cpr_number_in_a_text_is_refused_hidden_and_not_written(desk: Served, field: str, written: str) -> None:
    """Notes are shown, printed and told to other systems as they stand."""
    digits = cpr("EDITH").digits
    text = f"Henter for {written.format(digits[:6], digits[6:])} i dag"
    browser, before = record(desk, "ANNA"), desk.library.everything()
    browser.send(f"/patrons/{patron_of(desk, 'ANNA')}/set", field=field, text=text)
    assert browser.answer.status_code == 422
    assert "ligner et CPR-nummer: udelad det" in browser.text
    assert filled_in(browser, field)["text"] == "Henter for xxxxxx-xxxx i dag"
    assert written.format(digits[:6], digits[6:]) not in browser.answer.text
    assert desk.library.everything() == before


@pytest.mark.parametrize(
    ("field", "wrong", "next_step"),
    [
        ("telephones", "12", "skriv otte cifre"),
        ("telephones", "00000000", "skriv det rigtige nummer"),
        ("emails", "edith", "skriv hele adressen, som navn@eksempel.dk"),
        ("pin", "1234", "Vælg en anden"),
        ("cards", cpr("EDITH").digits, "scan lånerens eget kort"),
    ],
)
def test_a_refusal_says_what_to_write_instead(desk: Served, field: str, wrong: str, next_step: str) -> None:
    browser, before = record(desk, "ANNA"), desk.library.everything()
    browser.send(f"/patrons/{patron_of(desk, 'ANNA')}/set", field=field, text=wrong)
    assert browser.answer.status_code == 422
    assert next_step in browser.text
    assert desk.library.everything() == before


@pytest.mark.parametrize("written", ["{}-{}", "{}{}"])
def test_a_refused_card_that_is_a_cpr_number_leaves_its_input_empty(desk: Served, written: str) -> None:
    """What is scanned next would otherwise be written beside what hides the number, and both would be one card."""
    digits = cpr("EDITH").digits
    browser, before = record(desk, "ANNA"), desk.library.everything()
    browser.send(f"/patrons/{patron_of(desk, 'ANNA')}/set", field="cards", text=written.format(digits[:6], digits[6:]))
    assert browser.answer.status_code == 422
    assert filled_in(browser, "cards")["text"] == ""
    assert desk.library.everything() == before


@pytest.mark.parametrize("said", [{"reason": "Er {}"}, {"text": "Vej {}", "field": "address"}])
def test_a_cpr_number_in_a_correction_is_refused_and_the_rest_comes_back(desk: Served, said: dict[str, str]) -> None:
    browser, before = record(desk, "ANNA"), desk.library.everything()
    said = {name: text.format(cpr("EDITH").digits) for name, text in said.items()}
    browser.send(f"/patrons/{patron_of(desk, 'ANNA')}/correct", **(LEASE | said))
    assert browser.answer.status_code == 422
    assert "ligner et CPR-nummer: udelad det" in browser.text
    assert cpr("EDITH").digits not in browser.answer.text
    shown = filled_in(browser, (LEASE | said)["field"])
    assert shown["until"] == LEASE["until"]
    assert desk.library.everything() == before


@pytest.mark.parametrize("field", ["name", "cpr_number", "status", "nonsense"])
def test_a_field_that_is_not_the_pages_to_set_stays_as_it_is(desk: Served, field: str) -> None:
    patron = patron_of(desk, "ANNA")
    browser = record(desk, "ANNA")
    before = desk.library.everything()
    form = browser.form("/set")
    browser.post(f"/patrons/{patron}/set", {**form, "field": field, "text": "Andet"})
    assert browser.answer.status_code == 422
    assert desk.library.everything() == before


# -- whether they may borrow, and what waits ----------------------------------------------------------------


def test_the_first_thing_said_is_whether_the_patron_may_borrow_and_why_not(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = record(desk, "ANNA")
    assert '<h2 id="standing-title">Må låne</h2>' in browser.answer.text
    browser.send(f"/patrons/{patron}/set", field="blocks", text="Mistet kort")
    before, _, standing = browser.answer.text.partition('id="standing-title"')
    assert "<table" not in before
    assert standing.startswith(">Må ikke låne</h2>")
    assert "låneren er blokeret: Mistet kort" in browser.text


def test_what_waits_about_a_patron_is_said_on_both_records(desk: Served) -> None:
    anna, clara = patron_of(desk, "ANNA"), patron_of(desk, "CLARA")
    assert "sag om låneren venter" not in record(desk, "CLARA").text
    desk.library.store.desk.ask_staff(anna, BOTH_PATRONS, about=clara)
    (item,) = desk.library.store.review_desk.items(all_states=False)
    for key in ("ANNA", "CLARA"):
        assert f'href="/reviews/{item.id}"' in record(desk, key).answer.text
    assert f'href="/reviews/{item.id}"' not in record(desk, "DAVID").answer.text


# -- corrections over the register -------------------------------------------------------------------------


LEASE = {"field": "municipality", "text": "0101", "reason": "Viste sin lejekontrakt", "until": "1.5.2027"}


def overrides(desk: Served, patron: str) -> list[tuple[str, str, str, date | None]]:
    held = desk.library.store.views.patron(patron).patron.overrides
    return [(one.text, one.by, str(one.reason), one.until) for one in held]


def test_a_register_field_is_corrected_by_a_person_for_a_reason_until_a_day(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = record(desk, "ANNA").send(f"/patrons/{patron}/correct", **LEASE)
    assert overrides(desk, patron) == [("0101", "lisbeth", "Viste sin lejekontrakt", date(2027, 5, 1))]
    assert "rettelse: lisbeth" in browser.text
    assert desk.site.told == [patron]


def test_a_correction_is_taken_back_for_a_reason(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = record(desk, "ANNA").send(f"/patrons/{patron}/correct", **LEASE)
    without = {"field": "municipality", "doing": "withdraw"}
    browser.send(f"/patrons/{patron}/correct", **without, reason="")
    assert browser.answer.status_code == 422
    assert len(overrides(desk, patron)) == 1
    browser.send(f"/patrons/{patron}/correct", **without, reason="En andens kontrakt")
    assert overrides(desk, patron) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": " "}, "Skriv en begrundelse."),
        ({"until": ""}, "Skriv den sidste dag"),
        ({"until": "1/5"}, "skriv som 10.04.2027"),
        ({"until": "01.01.2020"}, "sidste dag"),
        ({"text": "0999"}, "kommune"),
        ({"text": ""}, "tom"),
    ],
)
def test_a_correction_that_lacks_something_is_refused_beside_its_form(
    desk: Served, changed: dict[str, str], said: str
) -> None:
    patron = patron_of(desk, "ANNA")
    browser, before = record(desk, "ANNA"), desk.library.everything()
    browser.send(f"/patrons/{patron}/correct", **(LEASE | changed))
    assert browser.answer.status_code == 422
    assert said in browser.text
    assert "--" not in browser.text
    assert 'href="#correct-municipality' in browser.answer.text
    assert desk.library.everything() == before


# -- what was done to the record ---------------------------------------------------------------------------


def test_the_changes_name_who_and_which_night_and_no_value(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = record(desk, "ANNA").send(f"/patrons/{patron}/set", field="telephones", text="20304050")
    browser.open(f"/patrons/{patron}/changes")
    assert "lisbeth" in browser.text
    assert 'href="/nights/1"' in browser.answer.text
    assert "20304050" not in browser.answer.text


def test_the_changes_leave_out_who_looked(desk: Served) -> None:
    patron = patron_of(desk, "BO")
    record(desk, "BO").send(f"/patrons/{patron}/reveal", reason="Låneren står her")
    changes = desk.browser().open(f"/patrons/{patron}/changes")
    assert "lisbeth" not in changes.text.partition("Hvem Hvad")[2]
    assert person("BO").name.addressing not in changes.answer.text


# -- who answers for a minor -------------------------------------------------------------------------------


@pytest.fixture
def minor(desk: Served) -> str:
    """LIV, who is 12, as a patron."""
    desk.library.enrol("LIV")
    desk.library.register.knows(person("LIV"), person("QUINNIE"))
    desk.library.one_night()
    desk.library.register.looked_up.clear()
    return patron_of(desk, "LIV")


def in_force(desk: Served, minor: str) -> list[str]:
    return [one.responsible_id for one in desk.library.store.responsibles.links(minor) if one.until is None]


def name_who_answers(desk: Served, minor: str, number: str) -> Browser:
    return record(desk, "LIV").send(f"/patrons/{minor}/responsible", doing="add", number=number)


@pytest.mark.parametrize("typed", ["number", "hyphen", "patron"])
def test_a_patron_answers_for_a_minor_and_that_is_ended(desk: Served, minor: str, typed: str) -> None:
    anna, digits = patron_of(desk, "ANNA"), cpr("ANNA").digits
    text = {"number": digits, "hyphen": f"{digits[:6]}-{digits[6:]}", "patron": anna}[typed]
    browser = name_who_answers(desk, minor, text)
    assert person("ANNA").name.addressing in browser.text
    assert digits not in browser.answer.text
    assert in_force(desk, minor) == []
    browser.send(f"/patrons/{minor}/responsible", doing="confirm")
    assert browser.path == f"/patrons/{minor}"
    assert "er nu økonomisk ansvarlig" in browser.text
    assert digits not in browser.answer.text
    assert in_force(desk, minor) == [anna]
    assert desk.library.register.looked_up == []
    assert f"/patrons/{minor}" in record(desk, "ANNA").answer.text
    browser.send(f"/patrons/{minor}/responsible", doing="end", number=anna)
    assert "er ikke længere økonomisk ansvarlig" in browser.text
    assert in_force(desk, minor) == []


def test_somebody_who_is_no_patron_is_looked_up_and_answers(desk: Served, minor: str) -> None:
    browser = name_who_answers(desk, minor, cpr("QUINNIE").digits)
    assert "får en post uden lånerret." in browser.text
    assert desk.library.store.patrons.find(cpr("QUINNIE")) is None
    browser.send(f"/patrons/{minor}/responsible", doing="confirm")
    assert "er nu økonomisk ansvarlig" in browser.text
    assert desk.library.register.looked_up == [cpr("QUINNIE")]
    assert in_force(desk, minor) == [patron_of(desk, "QUINNIE")]


@pytest.mark.parametrize(("number", "said"), [("", "Skriv den ansvarliges"), ("12", "lånernummer"), ("EDITH", "CPR")])
def test_whoever_cannot_answer_is_refused_beside_the_field(desk: Served, minor: str, number: str, said: str) -> None:
    typed = cpr(number).digits if number.isalpha() and number else number
    browser = name_who_answers(desk, minor, typed)
    assert browser.answer.status_code == 422
    assert said in browser.text
    assert 'href="#responsible-number"' in browser.answer.text
    assert in_force(desk, minor) == []


def test_a_wrong_number_of_who_answers_comes_back_to_be_mended_and_no_number_that_somebody_has(
    desk: Served, minor: str
) -> None:
    """One wrong digit had all ten typed again, and the page named the call of the register."""
    for typed, again in [(cpr("EDITH").digits, True), ("12", True), (cpr("LIV").digits, False)]:
        browser = name_who_answers(desk, minor, typed)
        assert browser.answer.status_code == 422
        assert browser.form(f"/patrons/{minor}/responsible")["number"] == (typed if again else "")
        assert "CallUUID" not in browser.text
    assert in_force(desk, minor) == []


def test_nobody_answers_for_an_adult(desk: Served) -> None:
    anna, david = patron_of(desk, "ANNA"), patron_of(desk, "DAVID")
    browser = record(desk, "ANNA").send(f"/patrons/{anna}/responsible", doing="add", number=david)
    assert browser.answer.status_code == 422
    assert in_force(desk, anna) == []


def test_a_protected_person_who_answers_is_not_named(desk: Served, minor: str) -> None:
    browser = name_who_answers(desk, minor, patron_of(desk, "BO"))
    assert person("BO").name.addressing not in browser.answer.text
    browser.send(f"/patrons/{minor}/responsible", doing="confirm")
    assert in_force(desk, minor) == [patron_of(desk, "BO")]
    assert person("BO").name.addressing not in browser.answer.text


def test_nobody_answers_for_a_minor_by_a_number_that_the_register_is_silent_about_before_a_yes(
    desk: Served, minor: str
) -> None:
    """One click wrote a record of whoever has the typed number, and nobody had been shown."""
    desk.library.register.down = RegisterUnavailable("no answer in time", kind="register.unavailable")
    number, before = cpr("QUINNIE"), desk.library.store.patrons.count()
    browser = name_who_answers(desk, minor, number.digits)
    assert f"Ingen ved, hvem der har nummeret {number.masked()}" in browser.text
    assert "Ukendt navn får en post" in browser.text
    assert number.digits not in browser.answer.text
    assert (in_force(desk, minor), desk.library.store.patrons.count()) == ([], before)
    browser.send(f"/patrons/{minor}/responsible", doing="confirm")
    (answers,) = desk.library.store.patrons.read(in_force(desk, minor))
    assert (answers.number, answers.verified, answers.borrows) == (number, False, False)
    # a yes counts once
    browser.post(f"/patrons/{minor}/responsible", {"form_token": browser.token, "doing": "confirm", "key": "gone"})
    assert len(in_force(desk, minor)) == 1


def test_a_yes_to_who_answers_counts_for_what_was_shown_alone(desk: Served, minor: str) -> None:
    """ANNA is protected by now: a name that is hidden was shown."""
    browser = name_who_answers(desk, minor, patron_of(desk, "ANNA"))
    desk.library.deliver(MONDAY, gains_protection(person("ANNA")))
    desk.library.night()
    browser.send(f"/patrons/{minor}/responsible", doing="confirm")
    assert browser.path == f"/patrons/{minor}"
    assert in_force(desk, minor) == []
    assert "er nu økonomisk ansvarlig" not in browser.text
    # another page's yes
    anna = patron_of(desk, "ANNA")
    key = name_who_answers(desk, minor, patron_of(desk, "CLARA"))
    key.post(f"/patrons/{anna}/responsible", {**key.form(f"/patrons/{minor}/responsible")})
    assert (in_force(desk, minor), in_force(desk, anna)) == ([], [])
