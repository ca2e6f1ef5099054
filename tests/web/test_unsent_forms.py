"""A form survives its session: who sent it signs in again, sees it filled in, and nobody else sees anything of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser import Browser, Clock, Served, serving
from callers import records
from doubles import AGENCY
from structlog.testing import capture_logs
from test_box import patron_of
from test_one_screen import BESIDE, nobody_is_written
from test_patron_page import PIN, set_of
from test_sign_in import PASSWORD, WRONG
from townspeople import cpr, person

from cprsync.domain.desk.roles import Role
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.web.accounts import AccountEntry, StaffAccounts, hash_password, write_accounts
from cprsync.web.me.area import PatronArea
from cprsync.web.memory.sessions import ENDED_MAX, ENDED_SECONDS, IDLE_SECONDS, Sessions
from cprsync.web.memory.unsent import UNSENT_MAX, UNSENT_SECONDS, TypedForm, Unsent, UnsentForms
from cprsync.web.resuming import own_address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doubles import Library

NOTE = "Ringer helst efter klokken 16"
WAITS, SHOWN, AGAIN = "får du den at se, som du udfyldte den", "Her er den, som du udfyldte den", "skriv dem igen"


@pytest.fixture
def desk(begun_folder: Library, tmp_path: Path) -> Iterator[Served]:
    """The desk and the patrons' pages of a library. Two colleagues sign in, and ANNA has a PIN."""
    library, kept = begun_folder.copy(tmp_path / "library"), hash_password(PASSWORD)
    set_of(library, "ANNA", "pin", PIN)
    set_of(library, "CLARA", "pin", PIN)
    entries = [
        AccountEntry(name=name, password=kept, roles=frozenset({Role.SUPERVISOR}), libraries=frozenset({AGENCY}))
        for name in ("disk", "leder")
    ]
    write_accounts(tmp_path / "accounts.toml", entries)
    accounts = StaffAccounts(tmp_path / "accounts.toml", agency=AGENCY, monotonic=lambda: 0.0)

    def area(_: str, clock: Clock) -> PatronArea:
        return PatronArea(Sessions(now=clock), True, None, clock)

    with serving(library, accounts, patrons=area) as served:
        yield served
    library.engine.dispose()


def sign_in(browser: Browser, name: str = "disk", password: str = PASSWORD) -> Browser:
    return browser.send("/sign-in", name=name, password=password)


def goes_away(desk: Served) -> None:
    desk.clock.seconds += IDLE_SECONDS + 1


def send_note_too_late(desk: Served, patron: str) -> Browser:
    """A note that is written on a record, and sent after the session has ended."""
    browser = sign_in(desk.browser().open("/sign-in")).open(f"/patrons/{patron}")
    goes_away(desk)
    return browser.send(f"/patrons/{patron}/set", field="note_to_patron", text=NOTE)


def test_a_form_is_shown_filled_in_after_its_person_has_signed_in_again_and_is_sent_by_them_alone(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    before = records(desk)
    browser = send_note_too_late(desk, patron)
    assert browser.path == "/sign-in"
    assert WAITS in browser.text
    sign_in(browser)
    assert browser.path == f"/patrons/{patron}"
    assert SHOWN in browser.text
    (form,) = (form for form in browser.page.forms if form.values.get("field") == "note_to_patron")
    assert form.values["text"] == NOTE
    assert records(desk) == before
    browser.send(f"/patrons/{patron}/set", field="note_to_patron", text=NOTE)
    assert desk.library.store.views.patron(patron).local.note_to_patron == NOTE
    # what was sent is not offered twice
    assert SHOWN not in browser.open(f"/patrons/{patron}").text


def test_another_person_who_signs_in_gets_nothing_of_the_form_and_it_is_gone(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    before = records(desk)
    browser = sign_in(send_note_too_late(desk, patron), "leder")
    assert browser.path == "/"
    for path in ("/", f"/patrons/{patron}"):
        assert NOTE not in browser.open(path).answer.text
    browser.send("/sign-out")
    assert WAITS not in browser.text
    assert NOTE not in sign_in(browser).open(f"/patrons/{patron}").answer.text
    assert records(desk) == before


def test_a_wrong_password_loses_nothing_of_the_form(desk: Served) -> None:
    browser = sign_in(send_note_too_late(desk, patron_of(desk, "ANNA")), password=WRONG)
    assert browser.path.startswith("/answers/")
    assert NOTE in sign_in(browser).answer.text


def test_what_was_typed_is_meanwhile_in_no_address_page_cookie_or_log(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    with capture_logs() as lines:
        browser = send_note_too_late(desk, patron)
        words = "klokken"
        sent = [browser.answer, *browser.answer.history]
        assert [one for one in sent if words in f"{one.url} {one.headers} {one.text}"] == []
        assert words not in str(browser.jar.cookies.items())
        sign_in(browser)
        assert [one.url for one in browser.answer.history if words in one.url] == []
    assert words not in str(lines)


def test_a_registration_goes_on_where_it_was_and_the_register_is_not_asked_again(desk: Served) -> None:
    """What CPR answered waits with the session that has ended."""
    desk.library.register.knows(person("EDITH"))
    sign_in(desk.browser().open("/sign-in"))
    begun = desk.browser().open("/sign-in")
    browser = sign_in(begun).open("/").send("/find", typed=cpr("EDITH").digits)
    browser.send("/register/look-up", purpose="registration")
    goes_away(desk)
    sign_in(browser.send("/register/confirm", **BESIDE))
    nobody_is_written(desk, "EDITH")
    held = browser.form("/register/confirm")
    assert (held["cards"], held["telephones"], held["emails"]) == ("K900", "20304050", "edith@example.dk")
    # a code is shown again by no page
    assert held["pin"] == ""
    assert AGAIN in browser.text
    browser.send("/register/confirm", pin=BESIDE["pin"])
    assert patron_of(desk, "EDITH")
    assert desk.library.register.looked_up == [cpr("EDITH")]


def test_a_cpr_number_is_not_filled_in(desk: Served) -> None:
    browser = sign_in(desk.browser().open("/sign-in")).open("/")
    goes_away(desk)
    sign_in(browser.send("/find", typed=cpr("ANNA").digits))
    assert AGAIN in browser.text
    assert cpr("ANNA").digits not in browser.answer.text


def test_a_case_gets_its_reason_back(desk: Served) -> None:
    desk.library.store.desk.ask_staff(patron_of(desk, "ANNA"), BOTH_PATRONS, about=patron_of(desk, "CLARA"))
    (item,) = desk.library.store.review_desk.items(all_states=False)
    path = f"/reviews/{item.id}"
    browser = sign_in(desk.browser().open("/sign-in")).open(path)
    goes_away(desk)
    sign_in(browser.send(f"{path}/answer", answer="reject", reason="To søstre"))
    assert browser.path == path
    assert "To søstre" in browser.answer.text
    assert len(desk.library.store.review_desk.items(all_states=False)) == 1


def test_a_form_in_an_older_tab_is_kept_also_when_its_person_has_signed_in_again_in_another(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = sign_in(desk.browser().open("/sign-in")).open(f"/patrons/{patron}")
    old = browser.answer
    goes_away(desk)
    sign_in(browser.open("/nowhere").open("/reviews"))
    assert browser.path == "/reviews"
    browser.answer = old
    browser.send(f"/patrons/{patron}/set", field="note_to_patron", text=NOTE)
    assert browser.path == f"/patrons/{patron}"
    assert NOTE in browser.answer.text
    assert not desk.library.store.views.patron(patron).local.note_to_patron


def test_the_forms_of_two_tabs_are_both_shown_to_their_person_and_to_nobody_else(desk: Served) -> None:
    patrons = [patron_of(desk, key) for key in ("ANNA", "CLARA")]
    notes = dict(zip(patrons, (NOTE, "Bruger briller"), strict=True))
    before = records(desk)
    for name in ("leder", "disk"):
        browser = sign_in(desk.browser().open("/sign-in"))
        tabs = [browser.open(f"/patrons/{patron}").answer for patron in patrons]
        goes_away(desk)
        for patron, tab in zip(patrons, tabs, strict=True):
            browser.answer = tab
            browser.send(f"/patrons/{patron}/set", field="note_to_patron", text=notes[patron])
        sign_in(browser, name)
        pages = [browser.answer.text, *(browser.open(f"/patrons/{patron}").answer.text for patron in patrons)]
        for note in notes.values():
            assert any(note in page for page in pages) is (name == "disk")
    assert records(desk) == before


def test_a_form_in_an_older_tab_of_a_colleague_is_refused_and_kept_for_nobody(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = sign_in(desk.browser().open("/sign-in")).open(f"/patrons/{patron}")
    old = browser.answer
    goes_away(desk)
    sign_in(browser.open("/"), "leder")
    browser.answer = old
    browser.send(f"/patrons/{patron}/set", field="note_to_patron", text=NOTE)
    assert browser.answer.status_code == 403
    assert NOTE not in browser.open(f"/patrons/{patron}").answer.text


def test_no_other_site_leaves_a_form_behind_for_somebody(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = sign_in(desk.browser().open("/sign-in")).open(f"/patrons/{patron}")
    goes_away(desk)
    typed = {"form_token": browser.token, "field": "note_to_patron", "text": NOTE}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Referer": "https://evil.example/"}):
        answer = browser.post(f"/patrons/{patron}/set", typed, headers=headers).answer
        assert answer.status_code == 403
    browser.post(f"/patrons/{patron}/set", {**typed, "form_token": "made up"})
    assert browser.answer.status_code == 403
    assert WAITS not in browser.open("/sign-in").text


def test_a_form_that_waited_for_too_long_is_gone_and_its_person_is_told(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = send_note_too_late(desk, patron)
    desk.clock.seconds += UNSENT_SECONDS + 1
    # the page to sign in is as old
    sign_in(browser.open("/sign-in"))
    assert browser.path == "/"
    assert "er her ikke mere" in browser.text


@pytest.mark.parametrize("path", ["/patrons/{patron}", "/reviews?view=all", "/log"])
def test_a_link_leads_to_its_page_after_signing_in(desk: Served, path: str) -> None:
    path = path.format(patron=patron_of(desk, "ANNA"))
    browser = desk.browser().open(path)
    assert browser.path == "/sign-in"
    sign_in(browser, password=WRONG)
    assert sign_in(browser).path == path
    # and once
    browser.send("/sign-out")
    assert sign_in(browser).path == "/"


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%0d%0aSet-Cookie:x",
        "/a\r\nSet-Cookie: x=1",
        "evil",
        "",
        "javascript:x",
        "/" + "a" * 600,
        "/æ",
    ],
)
def test_signing_in_leads_to_no_other_host_and_no_odd_path(text: str) -> None:
    assert own_address(text) in (None, "/%0d%0aSet-Cookie:x")


def test_a_planted_cookie_leads_to_no_other_host(desk: Served) -> None:
    for planted in ("//evil.example/", "/\\evil.example", "https://evil.example/", "0.made-up"):
        browser = desk.browser().open("/sign-in")
        browser.jar.cookies.set("cprsync-onward", planted, domain="localhost.local", path="/")
        assert sign_in(browser).answer.url == f"{desk.url}/"


def test_a_patrons_form_waits_for_the_same_patron_alone(desk: Served) -> None:
    def by_card(browser: Browser, card: str) -> Browser:
        return browser.send("/me/sign-in", card=card, pin=PIN)

    for card, path in (("ANNA", "/me/change"), ("CLARA", "/me")):
        browser = by_card(desk.browser().open("/me/change"), "ANNA")
        assert browser.path == "/me/change"
        desk.clock.seconds += IDLE_SECONDS + 1
        browser.send("/me/set", field="telephones", text="29291717")
        assert WAITS in browser.text
        by_card(browser, card)
        assert browser.path == path
        assert ("29291717" in browser.answer.text) is (card == "ANNA")
    assert "29291717" not in str(desk.library.store.views.patron(patron_of(desk, "ANNA")).local.telephones)


# -- what the memory holds ---------------------------------------------------------------------------------


def form_of(user: str = "disk") -> Unsent:
    return Unsent(user, False, "token", "/", [TypedForm("/find", {"typed": ["Edith"]})])


def test_a_form_waits_sealed_and_its_key_opens_it_once() -> None:
    forms = UnsentForms(lambda: 0.0)
    key = forms.keep(form_of())
    held = str(forms._waiting)
    assert "Edith" not in held
    assert key not in held
    assert forms.has(key)
    assert forms.take(key) == form_of()
    assert forms.take(key) is None
    assert "Edith" not in repr(form_of())


def test_the_forms_that_wait_have_a_ceiling_in_number_and_time() -> None:
    now = [0.0]
    forms = UnsentForms(lambda: now[0])
    keys = [forms.keep(form_of()) for _ in range(UNSENT_MAX + 1)]
    assert [forms.has(keys[0]), forms.has(keys[1])] == [False, True]
    now[0] = UNSENT_SECONDS + 1
    assert [key for key in keys if forms.has(key)] == []
    assert forms.take(keys[-1]) is None


def test_what_a_session_had_in_hand_waits_for_the_same_person_for_two_hours_and_has_a_ceiling() -> None:
    now = [0.0]
    sessions = Sessions(now=lambda: now[0])
    ended = [sessions.begin(f"user{number}", frozenset()) for number in range(ENDED_MAX + 1)]
    key = ended[-1].put("in hand")
    now[0] = IDLE_SECONDS + 1
    again = sessions.begin(ended[-1].user, frozenset())
    other = sessions.begin("other", frozenset())
    assert sessions.find_ended(ended[0].form_token) is None
    assert sessions.take_ended(ended[-1].form_token, again)
    assert again.held(key, str) == "in hand"
    assert not sessions.take_ended(ended[-2].form_token, other)
    assert sessions.find_ended(ended[-2].form_token) is None
    now[0] += ENDED_SECONDS + 1
    assert sessions.find_ended(ended[-1].form_token) is None


def test_whoever_proves_less_than_before_goes_on_with_nothing() -> None:
    """A patron who had signed in by MitID sees more than one by card."""
    now = [0.0]
    sessions = Sessions(now=lambda: now[0])
    ended = sessions.begin("12345678", frozenset(), is_of_provider=True)
    ended.put("in hand")
    now[0] = IDLE_SECONDS + 1
    assert not sessions.take_ended(ended.form_token, sessions.begin("12345678", frozenset()))
