"""The patron's own pages: what opens at which door, only one's own record, and the audit of each look and change."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from browser import Browser, Clock, Served, cursor_of, serving
from doubles import AGENCY, MONDAY
from identity_provider import Known, known_provider
from lxml import html
from test_box import patron_of
from test_leaving import leave
from test_provisional import DOWN, comes
from test_responsibles import add as add_responsible_to
from test_reviewing import reviews
from test_sealed_views import reveals
from test_set_cpr import MADE, enrol, set_cpr, undo
from townspeople import cpr, person

from cprsync.domain.patron.local import ListChange
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.feed.provisional import ask_about_provisional
from cprsync.store import tables
from cprsync.web.journeys import Journeys
from cprsync.web.me.area import BACK, IDLE_SECONDS, OWN_MAX, PatronArea, PatronProvider, patron_sessions
from cprsync.web.me.cards import ADDRESS_WRONG_MAX
from cprsync.web.me.door import PAGES_A_MINUTE
from cprsync.web.memory.sessions import Sessions
from cprsync.web.memory.tries import LOCKED_SECONDS, Tries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from doubles import Library

PIN, WRONG = "4711", "5821"
#: Words that stand in ANNA's record alone.
TELEPHONE, EMAIL, CO = "20304050", "kanariefugl@example.dk", "c/o Kanariefugl"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Known]:
    with known_provider(tmp_path_factory.mktemp("provider") / "mock", mock_keys) as known:
        # the town of these tests: each signs in under their key
        known.identity.people = lambda: {  # type: ignore[method-assign]  # for these tests alone
            key: {"sub": key, "cpr": cpr(key).digits} for key in ("ANNA", "BO", "CLARA", "EDITH")
        }
        yield known


@pytest.fixture
def provider(known: Known) -> Iterator[Known]:
    yield known
    known.identity.register.calm()
    known.now.ahead = timedelta()


def set_of(library: Library, key: str, field: str, text: str) -> None:
    patron = library.store.patrons.find(cpr(key))
    assert patron is not None
    counter = SettingDesk(library, frozenset())
    set_field(counter, Setting(patron, field, text, "lisbeth"))


@pytest.fixture(scope="module")
def with_pins(begun_folder: Library, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A library where ANNA and BO have a PIN, and what they may see and change; to be copied."""
    library = begun_folder.copy(tmp_path_factory.mktemp("pins") / "library")
    for key in ("ANNA", "BO"):
        set_of(library, key, "pin", PIN)
        set_of(library, key, "telephones", f"*{TELEPHONE}")
        set_of(library, key, "emails", EMAIL)
        set_of(library, key, "contact_address", CO)
        set_of(library, key, "internal_note", "Kun for personalet")
    return library


def serving_patrons(library: Library, provider: Known) -> AbstractContextManager[Served]:
    """The pages of a library with both doors for its patrons."""

    def area(url: str, clock: Clock) -> PatronArea:
        client = provider.client(url, back=BACK, name="patrons")
        journeys = Journeys(client, cookie="cprsync-me-way", secure=False, now=provider.now)
        return PatronArea(patron_sessions(clock), True, PatronProvider(journeys, "MitID", "cpr", "cpr_number"), clock)

    return serving(library, patrons=area)


@pytest.fixture
def desk(with_pins: Library, tmp_path: Path, provider: Known) -> Iterator[Served]:
    """The pages of that library with both doors."""
    library = with_pins.copy(tmp_path / "library")
    with serving_patrons(library, provider) as served:
        yield served
    library.engine.dispose()


def by_card(desk: Served, card: str = "ANNA", pin: str = PIN) -> Browser:
    return desk.browser().open("/me/sign-in").send("/me/sign-in", card=card, pin=pin)


def by_identity(desk: Served, key: str = "ANNA") -> Browser:
    browser = desk.browser().open("/me/sign-in")
    browser.jar.trust_env, browser.jar.verify = False, str(Known.running[-1].ca)
    asked = browser.jar.get(f"{desk.url}/me/openid", allow_redirects=False, timeout=20).headers["location"]
    back = browser.jar.get(f"{asked}&login_hint={key}", allow_redirects=False, timeout=20).headers["location"]
    browser.answer = browser.jar.get(back, timeout=20)
    if "Refresh" in browser.answer.headers:
        browser.open(browser.answer.headers["Refresh"].partition("url=")[2])
    return browser


def is_nobody(browser: Browser) -> bool:
    return browser.open("/me").path == "/me/sign-in"


def audit(library: Library, *kinds: str) -> list[dict[str, Any]]:
    told = [json.loads(bytes.fromhex(row["entry"])) for row in library.rows("audit")]
    return [one for one in told if one["kind"] in kinds]


def record_of(library: Library) -> dict[str, Any]:
    """All that is stored, without the audit."""
    return {name: rows for name, rows in library.everything().items() if not name.startswith("audit")}


def what_would_say_who(key: str) -> list[str]:
    """Words that say who somebody is or where they live."""
    told = person(key)
    words = [f"{cpr(key).digits[:6]}-{cpr(key).digits[6:]}", cpr(key).digits[6:], CO, "Kanariefugl"]
    words += [told.name.addressing, told.name.last, told.name.first, told.address.road]  # type: ignore[union-attr]  # known of the test's people
    return [word for word in words if word]


def test_a_card_is_read_in_groups_copied_as_it_is_typed_and_printed_by_a_button(desk: Served) -> None:
    set_of(desk.library, "ANNA", "cards", "2000123456")
    page = html.fromstring(by_identity(desk).answer.text)
    (card,) = (one for one in page.xpath('//*[@id="cards"]//*[@class="code"]') if one.text_content() == "2000123456")
    assert [group.text for group in card] == ["2000", "1234", "56"]
    assert page.xpath("//button[@data-print]/@hidden") == [""]


# -- card and PIN ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/me", "/me/change", "/me/looks", "/me/export"])
def test_nobody_sees_a_page_before_they_sign_in(desk: Served, path: str) -> None:
    assert desk.browser().open(path).path == "/me/sign-in"


def test_card_and_pin_open_what_the_patron_owns_and_nothing_that_says_who_they_are(desk: Served) -> None:
    browser = by_card(desk)
    assert browser.path == "/me"
    assert "kun det, du selv kan rette" in browser.text
    answers = [browser.answer.content]
    answers += [browser.open(path).answer.content for path in ("/me/change", "/me/looks", "/me/export", "/me")]
    seen = b"".join(answers).decode()
    hidden = [
        *what_would_say_who("ANNA"),
        cpr("ANNA").digits,
        patron_of(desk, "ANNA"),
        TELEPHONE,
        EMAIL,
        "Kun for personalet",
    ]
    assert [word for word in hidden if word in seen] == []
    assert "••• 50" in seen
    assert "k•••@•••.dk" in seen


def test_the_same_words_are_found_where_the_patron_has_proved_who_they_are(desk: Served) -> None:
    """Else the test above could not fail."""
    seen = by_identity(desk).answer.text
    assert [word for word in [*what_would_say_who("ANNA"), TELEPHONE, EMAIL] if word not in seen] == []


def test_card_and_pin_of_a_protected_patron_open_nothing_of_them(desk: Served) -> None:
    browser = by_card(desk, "BO")
    seen = browser.answer.text + browser.open("/me/change").answer.text
    assert [word for word in [*what_would_say_who("BO"), "•••", "dl class"] if word in seen] == []
    # no page promises what it does not show
    assert seen.count("Med lånerkort og PIN-kode er der intet at se eller rette her.") == 2
    assert "har disse oplysninger om dig" not in seen
    before = record_of(desk.library)
    answer = browser.post("/me/set", {"form_token": browser.token, "field": "branch", "text": "Nord"}).answer
    assert answer.status_code == 422
    assert record_of(desk.library) == before


@pytest.mark.parametrize(("card", "pin"), [("ANNA", WRONG), ("CLARA", PIN), ("nobody", PIN), ("", "")])
def test_a_wrong_pin_a_card_without_one_and_an_unknown_card_are_refused_alike(
    desk: Served, card: str, pin: str
) -> None:
    browser = by_card(desk, card, pin)
    assert browser.answer.status_code == 403
    assert "passer ikke sammen" in browser.text
    assert is_nobody(browser)


def test_no_page_is_the_answer_to_the_form_that_held_the_pin(desk: Served) -> None:
    """Chromium writes the form of the page that it shows to its disk."""
    browser = desk.browser().open("/me/sign-in")
    sent = browser.jar.post(
        f"{desk.url}/me/sign-in",
        data={"form_token": browser.token, "card": "ANNA", "pin": WRONG},
        allow_redirects=False,
        timeout=20,
    )
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/me/answers/")
    assert sent.content == b""
    signed_in = by_card(desk).open("/me/change")
    refused = signed_in.post("/me/set", {"form_token": signed_in.token, "field": "emails", "text": "nobody"})
    assert refused.path.startswith("/me/answers/")
    assert desk.browser().open(refused.path).path == "/me/sign-in"


def test_wrong_pins_in_a_row_lock_the_card_for_the_right_one_too(desk: Served) -> None:
    for _ in range(5):
        by_card(desk, pin=WRONG)
    browser = by_card(desk)
    assert browser.answer.status_code == 403
    assert "passer ikke sammen" in browser.text
    assert is_nobody(browser)
    assert [one["kind"] for one in audit(desk.library, "card_wrong", "card_locked")] == ["card_wrong"] * 5 + [
        "card_locked"
    ]


def test_whoever_tries_one_pin_on_many_cards_is_stopped_by_their_address(
    desk: Served,
) -> None:
    for number in range(ADDRESS_WRONG_MAX // 4):
        for _ in range(4):
            by_card(desk, f"card {number}", WRONG)
    tried = len(audit(desk.library, "card_unknown", "card_right"))
    assert tried == ADDRESS_WRONG_MAX
    assert is_nobody(by_card(desk))
    assert len(audit(desk.library, "card_unknown", "card_right")) == tried
    desk.clock.seconds += LOCKED_SECONDS + 1
    assert by_card(desk).path == "/me"


def test_signing_in_begins_a_session_under_a_new_token(desk: Served) -> None:
    browser = desk.browser().open("/me/sign-in")
    planted = browser.jar.cookies["cprsync-me"]
    browser.send("/me/sign-in", card="ANNA", pin=PIN)
    assert browser.jar.cookies["cprsync-me"] != planted
    other = desk.browser()
    other.jar.cookies.set("cprsync-me", planted)
    assert is_nobody(other)


def test_a_session_ends_soon_as_others_may_use_the_computer_next(desk: Served) -> None:
    browser = by_card(desk)
    desk.clock.seconds += IDLE_SECONDS + 1
    assert is_nobody(browser)


def test_whoever_signs_in_again_and_again_ends_their_own_sessions_alone(desk: Served) -> None:
    other, *own = by_card(desk, "BO"), *(by_card(desk) for _ in range(OWN_MAX + 1))
    assert [is_nobody(browser) for browser in (other, *own)] == [False, True, *[False] * OWN_MAX]


def test_a_patron_who_asks_for_page_after_page_waits_and_the_audit_has_no_more_of_it(desk: Served) -> None:
    browser = by_card(desk)
    while browser.answer.status_code == 200:
        browser.open("/me")
    assert (browser.answer.status_code, "Vent et minut" in browser.text) == (429, True)
    assert len(audit(desk.library, "own_view")) == PAGES_A_MINUTE
    assert browser.open("/me/change").answer.status_code == 429
    assert len(audit(desk.library, "own_view")) == PAGES_A_MINUTE
    desk.clock.seconds += 61
    assert browser.open("/me").answer.status_code == 200


def test_a_patrons_session_is_none_of_the_desks(desk: Served) -> None:
    browser = by_identity(desk)
    assert browser.jar.cookies["cprsync-me"]
    token, other = browser.jar.cookies["cprsync-me"], desk.browser()
    other.jar.cookies.set("cprsync", token)
    assert token not in other.open("/").answer.headers["set-cookie"]


def test_a_right_try_takes_itself_back_and_no_wrong_one() -> None:
    """Else whoever has a card of their own would forget their wrong tries with it."""
    tries = Tries(monotonic=lambda: 0.0, most=2)
    for _ in range(5):
        assert tries.may_try("here")
        tries.take_back("here")
    assert tries.may_try("here")
    assert tries.may_try("here")
    assert not tries.may_try("here")
    assert tries.may_try("there")


# -- the identity provider ---------------------------------------------------------------------------------


def test_whoever_proves_who_they_are_sees_the_whole_record_and_why_each_field_is_kept(desk: Served) -> None:
    browser = by_identity(desk)
    assert browser.path == "/me"
    number = cpr("ANNA").digits
    assert f"{number[:6]}-{number[6:]}" in browser.text
    assert person("ANNA").name.addressing in browser.text
    assert "Kun for personalet" not in browser.answer.text
    for why in ("Din alder afgør, hvor stort et gebyr er", "Den filial, hvor det, du har reserveret"):
        assert why in browser.text


def test_a_protected_patron_sees_their_own_data_and_paper_gets_none_of_it(desk: Served) -> None:
    browser = by_identity(desk, "BO")
    assert person("BO").name.addressing in browser.text
    assert "Udskriver du siden, er navn, adresse og CPR-nummer udeladt" in browser.text
    printed = browser.answer.text
    for key in ("name", "cpr_number", "contact_address", "last_name", "birth_date"):
        assert f'id="{key}" class="unprinted"' in printed
    assert 'id="branch" class="unprinted"' not in printed
    (opened,) = reveals(desk.library)
    assert (opened["user"], opened["purpose"]) == (patron_of(desk, "BO"), "own")


def test_who_was_registered_while_the_register_was_down_sees_what_they_said_and_no_protection(desk: Served) -> None:
    """The page said: this is what the library has about you, and: you are protected. Neither was true."""
    desk.library.register.down = DOWN
    comes(desk.library, "EDITH", name="Edith Udvej", address="Havnegade 1|8000 Aarhus C")
    browser = by_identity(desk, "EDITH")
    assert "Havnegade 1, 8000 Aarhus C" in browser.text
    assert "Biblioteket skjuler dit navn og din adresse" in browser.text
    assert "Du har navne- og adressebeskyttelse." not in browser.text
    assert browser.open("/me/export").answer.json()["said"]["name"] == "Edith Udvej"
    # the register says otherwise, and hides nothing: staff have still to look
    desk.library.register.down = None
    desk.library.register.knows(person("EDITH"))
    ask_about_provisional(desk.library.ports())
    assert {"Edith Udvej", person("EDITH").name.addressing} <= {*by_identity(desk, "EDITH").page.text}
    (one,) = [one for one in desk.library.store.review_desk.items(all_states=False) if one.kind == "said.both"]
    reviews(desk.library).accept(one.id)
    desk.library.one_night()
    assert "Udvej" not in by_identity(desk, "EDITH").text


def test_who_answers_for_a_childs_debts_reads_that_they_do_and_for_how_many(desk: Served) -> None:
    """The page that says what the library has about them left it out."""
    library = desk.library
    assert "Du svarer for" not in by_identity(desk).text
    library.enrol("LIV")
    library.register.knows(person("LIV"))
    library.one_night()
    add_responsible_to(library, "LIV", "ANNA")
    browser = by_identity(desk)
    assert "Du svarer for 1 barns gæld" in browser.text
    copy = browser.open("/me/export").answer
    assert copy.json()["answers_for"] == 1
    assert library.id_of("LIV") not in copy.text


def test_a_citizen_who_is_no_patron_here_is_told_so(desk: Served) -> None:
    browser = by_identity(desk, "EDITH")
    assert browser.answer.status_code == 403
    assert "Du er ikke låner her" in browser.text
    assert is_nobody(browser)


@pytest.mark.parametrize("fault", ["oidc-nonce", "oidc-signature", "oidc-audience"])
def test_an_answer_that_proves_nothing_lets_nobody_in(desk: Served, provider: Known, fault: str) -> None:
    provider.fails(fault)
    browser = by_identity(desk)
    assert browser.answer.status_code == 403
    assert is_nobody(browser)
    assert audit(desk.library, "own_view") == []


def test_the_number_stands_in_no_address_and_no_cookie(desk: Served) -> None:
    browser = by_identity(desk)
    seen = browser.answer.url + "".join(map(str, browser.jar.cookies.get_dict().values()))
    assert cpr("ANNA").digits not in seen
    assert patron_of(desk, "ANNA") not in seen


def test_a_patron_who_signs_out_is_told_so(desk: Served) -> None:
    """Others may use the computer next."""
    browser = by_card(desk).send("/me/sign-out")
    assert cursor_of(browser.answer).text_content() == "Du er logget ud."
    assert is_nobody(browser)


def test_signing_out_leads_to_the_providers_own_sign_out(desk: Served, provider: Known) -> None:
    browser = by_identity(desk).send("/me/sign-out")
    address = browser.answer.headers["Refresh"].partition("url=")[2]
    assert address.startswith(f"{provider.identity.issuer}/sign-out?")
    assert set(dict(parse_qsl(urlsplit(address).query))) == {"client_id", "post_logout_redirect_uri"}
    assert is_nobody(browser)


# -- one's own record, and nobody else's -------------------------------------------------------------------


def test_a_patron_reaches_their_own_record_whatever_is_sent(desk: Served) -> None:
    browser, bo = by_card(desk), patron_of(desk, "BO")
    before = desk.library.store.views.patron(bo)
    assert before is not None
    for path in (f"/me/{bo}", f"/me?patron={bo}", f"/me/change?patron={bo}"):
        assert person("BO").name.addressing not in browser.open(path).answer.text
    sent = {"field": "language", "text": "en", "patron": bo, "patron_id": bo, "user": bo}
    browser.open("/me/change").post("/me/set", {"form_token": browser.token, **sent})
    after, anna = desk.library.store.views.patron(bo), desk.library.store.views.patron(patron_of(desk, "ANNA"))
    assert after is not None
    assert anna is not None
    assert after.local == before.local
    assert anna.local.language == "en"


def test_an_entry_of_another_session_is_no_entry_of_this_one(desk: Served) -> None:
    other = by_identity(desk, "BO").open("/me/change")
    theirs = next(form.values for form in other.page.forms if "entry" in form.values)
    browser = by_card(desk).open("/me/change")
    before = record_of(desk.library)
    browser.post("/me/set", {**theirs, "form_token": browser.token})
    assert browser.answer.status_code == 422
    assert record_of(desk.library) == before


def test_a_form_of_another_site_changes_nothing(desk: Served) -> None:
    browser = by_card(desk).open("/me/change")
    before = record_of(desk.library)
    for token, more in (("guessed", {}), (browser.token, {"headers": {"Sec-Fetch-Site": "cross-site"}})):
        browser.post("/me/set", {"form_token": token, "field": "language", "text": "en"}, **more)
        assert browser.answer.status_code == 403
    assert record_of(desk.library) == before


@pytest.mark.parametrize("field", ["name", "address", "cpr_number", "cards", "pin", "blocks", "contact_address", "x"])
def test_a_card_changes_nothing_but_what_is_the_patrons_and_harmless(desk: Served, field: str) -> None:
    browser = by_card(desk).open("/me/change")
    before = record_of(desk.library)
    browser.post("/me/set", {"form_token": browser.token, "field": field, "text": "9999"})
    assert browser.answer.status_code == 422
    assert record_of(desk.library) == before


def test_a_session_ends_with_the_record_of_its_patron(desk: Served) -> None:
    browser, patron = by_card(desk), patron_of(desk, "ANNA")
    with desk.library.engine.begin() as connection:
        connection.execute(tables.patron.update().where(tables.patron.c.id == patron).values(standing="closed"))
    browser.open("/me")
    assert browser.answer.status_code == 403
    assert "ikke længere låner her" in browser.text
    assert is_nobody(browser)


@pytest.mark.parametrize("door", [by_card, by_identity])
def test_who_leaves_while_they_are_signed_in_is_told_that_they_have_left(
    desk: Served, door: Callable[[Served], Browser]
) -> None:
    """They were told that their card, or its PIN, or their number had changed, and to sign in again."""
    browser = door(desk)
    leave(desk.library, patron_of(desk, "ANNA"))
    browser.open("/me")
    assert browser.answer.status_code == 403
    assert "ikke længere låner her" in browser.text
    assert is_nobody(browser)


@pytest.mark.parametrize("lost", ["another PIN", "the card is taken off"])
def test_a_session_ends_with_the_card_and_the_pin_that_it_was_opened_by(desk: Served, lost: str) -> None:
    """Somebody else has the card and the PIN: what staff do about it counts at once."""
    browser = by_card(desk)
    form = {"form_token": browser.open("/me/change").token, "field": "language", "text": "en"}
    if lost == "another PIN":
        set_of(desk.library, "ANNA", "pin", WRONG)
    else:
        set_of(desk.library, "ANNA", "cards", "K900")
        counter = SettingDesk(desk.library, frozenset())
        set_field(counter, Setting(patron_of(desk, "ANNA"), "cards", "ANNA", "lisbeth", doing=ListChange.REMOVE))
    before = record_of(desk.library)
    browser.post("/me/set", form)
    assert browser.answer.status_code == 403
    assert record_of(desk.library) == before
    assert is_nobody(browser)


def test_a_session_ends_with_the_number_that_it_was_opened_by(desk: Served) -> None:
    """A number that was given to the wrong patron is taken back: whoever has it is that patron no more."""
    desk.library.register.knows(person("EDITH"))
    patron = enrol(desk.library, MADE[0])
    set_cpr(desk.library, patron)
    browser = by_identity(desk, "EDITH").open("/me/change")
    assert browser.path == "/me/change"
    form = {"form_token": browser.token, "field": "language", "text": "en"}
    undo(desk.library, patron)
    before = record_of(desk.library)
    browser.post("/me/set", form)
    assert browser.answer.status_code == 403
    assert record_of(desk.library) == before
    assert is_nobody(browser)


def test_an_answer_to_a_form_is_gone_with_the_session_and_with_a_night(desk: Served) -> None:
    browser = by_card(desk).open("/me/change")
    refused = browser.post("/me/set", {"form_token": browser.token, "field": "emails", "text": "nobody"}).path
    assert browser.open(refused).path == refused
    set_of(desk.library, "ANNA", "internal_note", "Noget andet")
    assert browser.open(refused).path == refused
    desk.library.deliver(MONDAY)
    desk.library.night()
    assert browser.open(refused).path == "/me"
    browser.open("/me/change")
    refused = browser.post("/me/set", {"form_token": browser.token, "field": "emails", "text": "nobody"}).path
    set_of(desk.library, "ANNA", "pin", WRONG)
    assert browser.open(refused).answer.status_code == 403
    assert is_nobody(browser)


# -- changes -----------------------------------------------------------------------------------------------


def local_of(desk: Served) -> Any:
    view = desk.library.store.views.patron(patron_of(desk, "ANNA"))
    assert view is not None
    return view.local


def test_a_patron_chooses_where_notices_go_and_the_audit_names_them(desk: Served) -> None:
    browser = by_card(desk).open("/me/change")
    browser.post("/me/set", {"form_token": browser.token, "field": "telephones", "text": "40506070"})
    assert browser.path == "/me/change"
    assert [(one.number, one.notices) for one in local_of(desk).telephones] == [
        (TELEPHONE, False),
        ("40506070", True),
    ]
    assert desk.site.told == [patron_of(desk, "ANNA")]
    mine = [one for one in audit(desk.library, "set") if one["user"] == patron_of(desk, "ANNA")]
    assert [(one["patron"], one["actions"]) for one in mine] == [(patron_of(desk, "ANNA"), ["telephones"])]


def test_of_two_addresses_that_are_masked_alike_only_the_one_for_notices_says_so(desk: Served) -> None:
    first = EMAIL[:1] + "other@example.dk"
    set_of(desk.library, "ANNA", "emails", f"*{first}")
    seen = by_card(desk).answer.text
    assert (seen.count("k•••@•••.dk (1) (får ikke beskeder)"), seen.count("k•••@•••.dk (2) (får beskeder)")) == (1, 1)
    browser = by_card(desk).open("/me/change")
    taken = [one for one in browser.page.forms if one.values.get("doing") == "remove"]
    assert "k•••@•••.dk (2) (får beskeder)" in browser.answer.text
    browser.post("/me/set", taken[-1].values)
    assert [(one.address, one.notices) for one in local_of(desk).emails] == [(EMAIL, False)]


def test_the_desk_sees_that_the_patron_changed_it_and_not_that_they_looked(desk: Served) -> None:
    patron, browser = patron_of(desk, "ANNA"), by_card(desk).open("/me/change")
    browser.post("/me/set", {"form_token": browser.token, "field": "language", "text": "en"})
    told = desk.browser().open(f"/patrons/{patron}/changes").text
    assert "låneren selv" in told
    assert "så sin egen post" not in told


def test_a_patron_takes_a_number_off_that_the_page_only_hints_at(desk: Served) -> None:
    browser = by_card(desk).open("/me/change")
    form = next(one for one in browser.page.forms if one.values.get("doing") == "remove")
    browser.post("/me/set", form.values)
    assert local_of(desk).telephones == ()


def test_a_language_in_which_no_letter_is_written_is_shown_as_what_it_is(desk: Served) -> None:
    set_of(desk.library, "ANNA", "language", "ar")
    chosen = re.findall(r'<option value="(\w*)" selected>', by_card(desk).open("/me/change").answer.text)
    assert chosen == ["ar"]


def test_a_patron_sets_and_deletes_an_absence(desk: Served) -> None:
    browser = by_card(desk).open("/me/change").send("/me/set", field="absence", since="10.04.2027", until="20.04.2027")
    assert str(local_of(desk).absence.until) == "2027-04-20"
    assert 'value="10.04.2027"' in browser.answer.text
    browser.send("/me/set", field="absence", since="", until="")
    assert local_of(desk).absence is None


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"field": "telephones", "text": "60708090"}, "tilføjet"),
        ({"field": "telephones", "text": "12"}, "cifre"),
        ({"field": "absence", "until": "20.04.2027"}, "første dag"),
        ({"field": "name", "text": "Anna"}, ""),
        ({}, ""),
    ],
)
def test_what_came_of_a_patrons_form_is_read_first_without_a_script(
    desk: Served, sent: dict[str, str], said: str
) -> None:
    browser = by_identity(desk).open("/me/change")
    browser.post("/me/set", {"form_token": browser.token, **sent})
    cursor = cursor_of(browser.answer)
    assert cursor.get("role") in {"status", "alert"}
    assert said in cursor.text_content()
    assert "desk.js" not in browser.answer.text


def test_a_refused_sign_in_is_read_first(desk: Served) -> None:
    browser = desk.browser().open("/me/sign-in").send("/me/sign-in", card="ANNA", pin="9753")
    assert cursor_of(browser.answer).get("id") == "problem"


def test_an_absence_needs_its_first_day_and_what_was_typed_comes_back_to_be_mended(desk: Served) -> None:
    """Only a last day became an absence that began on it and never ended: no reservation came any more."""
    browser = by_card(desk).open("/me/change")
    before = record_of(desk.library)
    browser.send("/me/set", field="absence", since="", until="20.04.2027")
    assert browser.answer.status_code == 422
    assert 'name="until" type="text" autocomplete="off" value="20.04.2027"' in browser.answer.text
    browser.post("/me/set", {"form_token": browser.token, "field": "telephones", "text": "20 30 40"})
    assert 'value="20 30 40"' in browser.answer.text
    assert record_of(desk.library) == before


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("telephones", {"text": "none"}),
        ("emails", {"text": "nobody"}),
        ("telephones", {"text": ""}),
        ("absence", {"since": "i morgen", "until": ""}),
        ("absence", {"since": "20.04.2027", "until": "10.04.2027"}),
        ("language", {"text": "dansk"}),
    ],
)
def test_a_value_that_cannot_be_kept_is_named_and_nothing_is_changed(
    desk: Served, field: str, typed: dict[str, str]
) -> None:
    browser = by_card(desk).open("/me/change")
    before = record_of(desk.library)
    browser.post("/me/set", {"form_token": browser.token, "field": field, **typed})
    assert browser.answer.status_code == 422
    assert f'href="#own-{field}"' in browser.answer.text
    assert f'id="own-{field}"' in browser.answer.text
    assert record_of(desk.library) == before


# -- who looked, and a copy --------------------------------------------------------------------------------


def test_a_patron_sees_who_looked_and_never_which_employee(desk: Served) -> None:
    bo = patron_of(desk, "BO")
    before = by_identity(desk, "BO").open("/me/looks").answer.text.count("<tr><td>")
    staff = desk.browser().open(f"/patrons/{bo}")
    staff.send(f"/patrons/{bo}/reveal", reason="Hemmelig grund")
    browser = by_identity(desk, "BO").open("/me/looks")
    assert "Byens bibliotek" in browser.text
    assert "lisbeth" not in browser.answer.text
    assert "Hemmelig grund" not in browser.answer.text
    # the page says what counts as a look
    assert "så posten" in browser.text
    assert "set din post" in browser.text
    # the look at the record, and what was opened of it
    assert browser.answer.text.count("<tr><td>") == before + 2


def test_the_copy_is_the_record_and_the_audit_has_who_took_it(desk: Served) -> None:
    browser = by_identity(desk)
    shown = {form for form in browser.text.split() if form}
    copy = browser.open("/me/export").answer
    assert copy.headers["content-disposition"] == 'attachment; filename="mine-oplysninger.json"'
    document = copy.json()
    view = desk.library.store.views.patron(patron_of(desk, "ANNA"))
    assert view is not None
    fields = document["fields"]
    number = view.patron.number.digits
    assert fields["cpr_number"]["value"] == f"{number[:6]}-{number[6:]}"
    assert fields["name"]["value"] == person("ANNA").name.addressing
    assert fields["telephones"] == {**fields["telephones"], "value": [TELEPHONE], "notices": TELEPHONE}
    assert fields["emails"]["value"] == [one.address for one in view.local.emails]
    assert fields["contact_address"]["value"] == list(view.local.contact_address)
    assert {"internal_note", "pin"}.isdisjoint(fields)
    assert set(fields["name"]["value"].split()) <= shown
    assert document["library"] == AGENCY
    mine = audit(desk.library, "own_view")
    assert {(one["user"], one["patron"], one["proof"]) for one in mine} == {
        (patron_of(desk, "ANNA"), patron_of(desk, "ANNA"), "identity")
    }
    assert sum({"name", "address"} <= set(one["actions"]) for one in mine) == 2


def test_a_correction_tells_the_patron_until_when_and_not_who(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    counter = SettingDesk(desk.library, frozenset())
    until = desk.library.clock.today() + timedelta(days=30)
    set_field(counter, Setting(patron, "name", "Anna Ny", "lisbeth", reason="Hemmelig grund", until=until))
    browser = by_identity(desk)
    assert "Anna Ny" in browser.text
    copy = browser.open("/me/export").answer.text
    assert "lisbeth" not in copy
    assert "Hemmelig grund" not in copy
    assert json.loads(copy)["fields"]["name"]["override"]["until"] == until.isoformat()


# -- errors, and what else is served -------------------------------------------------------------------------


def test_what_is_not_there_is_told_in_the_patrons_own_words(desk: Served) -> None:
    browser = by_card(desk)
    for answer in (browser.open("/me/nowhere").answer, browser.post("/me/change", {}).answer):
        assert answer.status_code in {404, 405}
        assert 'href="/me"' in answer.text
        assert "Skranken" not in answer.text


def test_a_failure_of_ours_is_told_by_a_reference_alone(desk: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret of ours")

    browser = by_card(desk)
    monkeypatch.setattr("cprsync.services.desk.own.OwnRecord.document", fail)
    answer = browser.open("/me").answer
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Skranken" not in answer.text


def test_the_patrons_pages_alone_open_no_page_of_the_desk(begun_folder: Library, tmp_path: Path) -> None:
    library = begun_folder.copy(tmp_path / "library")
    set_of(library, "ANNA", "pin", PIN)
    area = partial(alone, takes_cards=True)
    with serving(library, patrons=area, shows_desk=False) as served:
        browser = served.browser().open("/me/sign-in").send("/me/sign-in", card="ANNA", pin=PIN)
        assert browser.path == "/me"
        for path in (
            "/",
            "/sign-in",
            "/register",
            "/nights",
            "/api/v1/session",
            f"/patrons/{patron_of(served, 'ANNA')}",
        ):
            answer = browser.open(path).answer
            assert answer.status_code == 404, path
            assert "Skranken" not in answer.text
        assert browser.open("/static/me.css").answer.status_code == 200
    library.engine.dispose()


def alone(_: str, clock: Clock, *, takes_cards: bool) -> PatronArea:
    return PatronArea(Sessions(now=clock), takes_cards, None, clock)


# -- switched off ------------------------------------------------------------------------------------------


def test_a_library_that_has_not_switched_the_pages_on_has_none(begun_folder: Library, tmp_path: Path) -> None:
    library = begun_folder.copy(tmp_path / "library")
    with serving(library) as served:
        assert served.browser().open("/me").answer.status_code == 404
    library.engine.dispose()


def test_a_door_that_is_closed_lets_nobody_in(begun_folder: Library, tmp_path: Path) -> None:
    library = begun_folder.copy(tmp_path / "library")
    set_of(library, "ANNA", "pin", PIN)
    with serving(library, patrons=partial(alone, takes_cards=False)) as served:
        browser = served.browser().open("/me/sign-in")
        answer = browser.post("/me/sign-in", {"form_token": browser.token, "card": "ANNA", "pin": PIN}).answer
        assert answer.status_code == 404
        assert served.browser().open("/me/openid").answer.status_code == 404
        assert audit(library, "card_right", "card_wrong") == []
    library.engine.dispose()
