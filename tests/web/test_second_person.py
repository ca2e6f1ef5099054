"""A second person signs on the first one's screen, with their own sign-in, for that one thing."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from browser import Browser, Clock, Served, serving
from doubles import AGENCY, unowned
from test_sign_in import PASSWORD, WRONG, sign_in
from test_sign_in import accounts_file as accounts_file  # noqa: PLC0414 -- the same people

from cprsync.web.accounts import StaffAccounts, own_patron, read_accounts, write_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doubles import Library

ADDED = {"field": "telephones", "text": "20304050", "doing": "add"}


@pytest.fixture(scope="module")
def served(
    begun_folder: Library, tmp_path_factory: pytest.TempPathFactory, accounts_file: Path
) -> Iterator[tuple[Served, str]]:
    """The desk at which `disk` is a patron too, and their patron number."""
    folder = tmp_path_factory.mktemp("second")
    library = begun_folder.copy(folder / "library")
    own, path = library.id_of("ANNA"), folder / "accounts.toml"
    entries = read_accounts(accounts_file).account
    write_accounts(path, [one.model_copy(update={"patron": own}) if one.name == "disk" else one for one in entries])
    library.store._bind(replace(library.store._tenant, own_patron=partial(own_patron, path, AGENCY)))
    with serving(library, StaffAccounts(path, agency=AGENCY, monotonic=Clock())) as desk:
        yield desk, own
    library.engine.dispose()


def ask(desk: Served, own: str) -> Browser:
    """The look-up of one's own record, which is refused."""
    browser = sign_in(desk, "disk").open(f"/patrons/{own}")
    return browser.send(f"/patrons/{own}/look-up", purpose="renewal")


def sign(browser: Browser, own: str, name: str, password: str = PASSWORD) -> Browser:
    return browser.send(f"/patrons/{own}/look-up", second_name=name, second_password=password)


def test_ones_own_record_asks_for_a_second_person_and_is_looked_up_once_they_have_signed(
    served: tuple[Served, str],
) -> None:
    desk, own = served
    browser = ask(desk, own)
    assert browser.answer.status_code == 403
    assert "En anden skal godkende" in browser.text
    assert desk.library.register.looked_up == []
    sign(browser, own, "leder")
    assert browser.answer.status_code == 200
    assert len(desk.library.register.looked_up) == 1
    # the form waits no more: sent again it is refused
    asked = len(desk.library.register.looked_up)
    assert ask(desk, own).answer.status_code == 403
    assert len(desk.library.register.looked_up) == asked


def test_the_page_that_waits_for_a_second_person_is_there_after_a_reload(served: tuple[Served, str]) -> None:
    desk, own = served
    browser = ask(desk, own)
    browser.open(browser.path).open(browser.path)
    assert "En anden skal godkende" in browser.text


@pytest.mark.parametrize(
    ("name", "password"), [("disk", PASSWORD), ("privat", PASSWORD), ("gaest", PASSWORD), ("leder", WRONG)]
)
def test_nobody_but_another_supervisor_signs(served: tuple[Served, str], name: str, password: str) -> None:
    desk, own = served
    browser = ask(desk, own)
    before, asked = desk.library.everything(), len(desk.library.register.looked_up)
    sign(browser, own, name, password)
    assert browser.answer.status_code == 403
    assert "må godkende" in browser.text
    assert desk.library.everything() == before
    assert len(desk.library.register.looked_up) == asked


def test_a_form_that_waits_is_answered_at_its_own_place_alone(served: tuple[Served, str]) -> None:
    desk, own = served
    browser = ask(desk, own)
    before, form = desk.library.everything(), browser.form("/look-up")
    browser.post(f"/patrons/{own}/set", {**form, **ADDED, "second_name": "leder", "second_password": PASSWORD})
    assert browser.answer.status_code == 403
    assert desk.library.everything() == before


def test_ones_own_telephone_is_set_with_a_second_person_alone(served: tuple[Served, str]) -> None:
    desk, own = served
    browser = sign_in(desk, "disk").open(f"/patrons/{own}")
    before = desk.library.everything()
    browser.post(f"/patrons/{own}/set", {"form_token": browser.token, **ADDED})
    assert browser.answer.status_code == 403
    assert unowned(desk.library.everything()) == unowned(before)
    assert "20304050" not in browser.answer.text
    browser.send(f"/patrons/{own}/set", second_name="leder", second_password=PASSWORD)
    assert [one.number for one in desk.library.view("ANNA").local.telephones] == ["20304050"]


def request_of(browser: Browser) -> str:
    """The number that the first person tells the colleague."""
    found = re.search(r"godkender nummer (\d+)", browser.text)
    assert found is not None
    return found[1]


def go_on(browser: Browser, action: str) -> Browser:
    """Press the button that needs no password."""
    forms = [one for one in browser.page.forms if one.action == action and "second_name" not in one.values]
    return browser.post(action, forms[0].values)


def test_a_colleague_signs_from_their_own_session_and_the_first_one_goes_on(served: tuple[Served, str]) -> None:
    desk, own = served
    browser, asked = ask(desk, own), len(desk.library.register.looked_up)
    number, action = request_of(browser), f"/patrons/{own}/look-up"
    boss = sign_in(desk, "leder").open("/requests")
    assert f"Nummer {number} · disk" in boss.text
    assert "opslag: fornyelse" in boss.text
    boss.send(f"/requests/{number}/sign")
    assert "Din kollega kan nu fortsætte" in boss.text
    assert f"Nummer {number} ·" not in boss.text
    go_on(browser, action)
    assert browser.answer.status_code == 200
    assert len(desk.library.register.looked_up) == asked + 1
    # once, and nothing else
    assert ask(desk, own).answer.status_code == 403
    assert len(desk.library.register.looked_up) == asked + 1


def test_nobody_goes_on_before_the_colleague_has_signed(served: tuple[Served, str]) -> None:
    desk, own = served
    browser = ask(desk, own)
    number, before, asked = request_of(browser), desk.library.everything(), len(desk.library.register.looked_up)
    go_on(browser, f"/patrons/{own}/look-up")
    assert browser.answer.status_code == 403
    assert f"Nummer {number} er ikke godkendt endnu" in browser.text
    assert desk.library.everything() == before
    assert len(desk.library.register.looked_up) == asked
    # the form still waits
    sign_in(desk, "leder").open("/requests").send(f"/requests/{number}/sign")
    assert go_on(browser, f"/patrons/{own}/look-up").answer.status_code == 200


def test_the_colleague_is_shown_nothing_of_the_patron(served: tuple[Served, str]) -> None:
    desk, own = served
    request_of(ask(desk, own))
    told = sign_in(desk, "leder").open("/requests").answer.text
    assert own not in told
    assert "Anna" not in told


@pytest.mark.parametrize("name", ["disk", "privat", "drift"])
def test_only_a_supervisor_finds_the_requests_and_signs(served: tuple[Served, str], name: str) -> None:
    desk, own = served
    number = request_of(ask(desk, own))
    browser = sign_in(desk, name)
    assert browser.open("/requests").answer.status_code == 403
    token, before = browser.token, desk.library.everything()
    browser.post(f"/requests/{number}/sign", {"form_token": token})
    assert browser.answer.status_code == 403
    assert desk.library.everything() == before


def test_what_waits_for_nobody_is_not_signed(served: tuple[Served, str]) -> None:
    desk, _ = served
    boss = sign_in(desk, "leder").open("/requests")
    before = desk.library.everything()
    boss.post("/requests/999999/sign", {"form_token": boss.token})
    assert boss.answer.status_code == 422
    assert desk.library.everything() == before


def test_what_somebody_signs_for_is_named_by_no_address(served: tuple[Served, str]) -> None:
    desk, own = served
    browser = ask(desk, own)
    assert "second" not in browser.answer.url
    assert browser.page.title == "En anden skal godkende · cprsync · Skranken"
