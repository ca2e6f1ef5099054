"""The supervisor's samples and stops, the reasons that staff owe, and the privacy officer's log, as pages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from browser import Clock, Served, serving
from doubles import AGENCY
from lxml import html
from said_yes import register
from test_access_rules import look_up_strangers, stranger
from test_sign_in import accounts_file as accounts_file  # noqa: PLC0414 -- the same people
from test_sign_in import sign_in
from townspeople import cpr, person

from cprsync.domain.desk.access import NOT_FOUND_MOST, OPEN_FOR
from cprsync.domain.patron.local import Local
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.errors import SecondPersonNeeded
from cprsync.services.desk.access import Watched, explain_look_up, watch_number
from cprsync.services.desk.lookup import Asked, Desk, look_up
from cprsync.services.ports.patrons import NewPatron
from cprsync.web.accounts import StaffAccounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doubles import Library


@pytest.fixture
def guarded(begun_folder: Library, tmp_path: Path, accounts_file: Path) -> Iterator[Served]:
    """The desk of a library where people sign in, and nothing is drawn by accident."""
    library = begun_folder.copy(tmp_path / "library")
    library.store._bind(replace(library.store._tenant, random=lambda size: b"\xff" * size))
    with serving(library, StaffAccounts(accounts_file, agency=AGENCY, monotonic=Clock())) as served:
        yield served
    library.engine.dispose()


def desk_of(library: Library) -> Desk:
    return Desk(AGENCY, library.store, library.register, library.clock, library.policy)


def stop(library: Library, user: str) -> None:
    for place in range(NOT_FOUND_MOST):
        look_up(desk_of(library), Asked(stranger(place).number, Purpose.REGISTRATION, user))


def test_who_is_stopped_is_told_so_and_a_supervisor_lets_them_go_on(guarded: Served) -> None:
    stop(guarded.library, "disk")
    staff = sign_in(guarded, "disk").open(f"/patrons/{guarded.library.id_of('ANNA')}")
    asked = len(guarded.library.register.looked_up)
    staff.send(f"{staff.path}/look-up", purpose="renewal")
    assert staff.answer.status_code == 403
    assert "stoppet" in staff.text
    assert len(guarded.library.register.looked_up) == asked
    boss = sign_in(guarded, "leder").open("/checks")
    assert "disk er stoppet" in boss.text
    boss.send("/checks/lift", **{"lift-1": ""})
    assert boss.answer.status_code == 422
    boss.send("/checks/lift", **{"lift-1": "typed a list of old cards"})
    assert "kan fortsætte" in boss.text
    staff.open(f"/patrons/{guarded.library.id_of('ANNA')}")
    assert staff.send(f"{staff.path}/look-up", purpose="renewal").answer.status_code == 200


def test_staff_say_why_a_look_up_made_no_patron_and_a_supervisor_looks_at_it(guarded: Served) -> None:
    library = guarded.library
    library.register.knows(stranger(1))
    look_up(desk_of(library), Asked(stranger(1).number, Purpose.REGISTRATION, "disk"))
    staff = sign_in(guarded, "disk")
    assert "skriv hvorfor" in staff.text
    (attempt,) = library.store.access.open_looks("disk")
    answer, field = f"/looks/{attempt.seq}/explain", f"reason-{attempt.seq}"
    staff.open("/looks").send(answer, **{field: f"it was {cpr('ANNA').digits}"})
    assert staff.answer.status_code == 422
    assert cpr("ANNA").digits not in staff.answer.text
    staff.send(answer, **{field: "went home for a card"})
    assert "Grunden er gemt" in staff.text
    boss = sign_in(guarded, "leder").open("/checks")
    assert "blev ikke låner" in boss.text
    assert "went home for a card" in boss.text
    boss.send(f"/checks/{attempt.seq}/answer", **{field: "she was there"}, found="in_order")
    assert "Ingen stikprøver venter" in boss.text
    assert library.store.access.samples() == []


def test_staff_who_owe_a_reason_are_led_to_where_they_write_it(guarded: Served) -> None:
    """The refusal sent them to the start page, to look for a link there."""
    library = guarded.library
    for place in (1, 2):
        library.register.knows(stranger(place))
    look_up(desk_of(library), Asked(stranger(1).number, Purpose.REGISTRATION, "disk"))
    library.clock.moment += OPEN_FOR + timedelta(seconds=1)
    staff = sign_in(guarded, "disk").open("/").send("/find", typed=stranger(2).number.digits)
    staff.send("/register/look-up", purpose="registration")
    assert staff.answer.status_code == 403
    assert [stranger(1).number] == library.register.looked_up
    (link,) = html.fromstring(staff.answer.text).xpath("//main//a[@href='/looks']")
    staff.open(link.get("href"))
    assert "Hvorfor blev personen ikke låner?" in staff.text


def test_a_supervisor_is_told_what_waits_and_staff_are_told_who_decides(guarded: Served) -> None:
    library, anna, clara = guarded.library, guarded.library.id_of("ANNA"), guarded.library.id_of("CLARA")
    library.store.desk.ask_staff(anna, BOTH_PATRONS, about=clara)
    for number, user in ((1, "disk"), (2, "leder")):
        library.register.knows(stranger(number))
        look_up(desk_of(library), Asked(stranger(number).number, Purpose.REGISTRATION, user))
        (attempt,) = library.store.access.open_looks(user)
        explain_look_up(library.store, attempt.seq, user=user, reason="went home for a card")
    library.store.imports.take_patrons([NewPatron(stranger(1).number, Local())])
    patron = library.store.patrons.find(stranger(1).number)
    assert watch_number(library.store, cpr("CLARA"), ends=False, user="privat") == Watched("watched")
    with pytest.raises(SecondPersonNeeded):
        look_up(desk_of(library), Asked(cpr("CLARA"), Purpose.DEBT, "disk"))
    boss, staff = sign_in(guarded, "leder").open("/"), sign_in(guarded, "disk").open("/")
    # their own sample is not theirs to see to
    assert '<a href="/checks">1 stikprøve venter</a>' in boss.answer.text
    assert '<a href="/requests">1 anmodning om godkendelse venter</a>' in boss.answer.text
    assert '<a href="/reviews">1 sag venter</a>' in boss.answer.text
    assert '<a href="/reviews">1 sag venter (en leder afgør den)</a>' in staff.answer.text
    assert "/checks" not in staff.answer.text
    assert f'låner <a href="/patrons/{patron}">{patron}</a>' in boss.open("/checks").answer.text
    assert "ingen låner fundet" in boss.text


def test_a_case_is_opened_by_its_sentence_and_staff_are_told_who_decides_it(guarded: Served) -> None:
    library = guarded.library
    library.store.desk.ask_staff(library.id_of("ANNA"), BOTH_PATRONS, about=library.id_of("CLARA"))
    (item,) = library.store.review_desk.items(all_states=False)
    boss, staff = sign_in(guarded, "leder").open("/reviews"), sign_in(guarded, "disk").open("/reviews")
    for browser in (boss, staff):
        (link,) = re.findall(rf'<a href="/reviews/{item.id}">([^<]*)<', browser.answer.text)
        assert len(link.split()) > 2
    assert "En leder afgør sagerne" in staff.text
    assert "En leder afgør sagerne" not in boss.text


@pytest.mark.parametrize(
    ("name", "page", "status"),
    [("disk", "/checks", 403), ("leder", "/log", 403), ("privat", "/checks", 403), ("privat", "/log", 200)],
)
def test_a_page_is_open_to_its_role_alone(guarded: Served, name: str, page: str, status: int) -> None:
    assert sign_in(guarded, name).open(page).answer.status_code == status


def test_the_privacy_officer_finds_who_looked_at_whom_and_is_in_the_log_themselves(guarded: Served) -> None:
    library = guarded.library
    anna = library.id_of("ANNA")
    for user, key, purpose in (("disk", "ANNA", Purpose.DEBT), ("leder", "CLARA", Purpose.RENEWAL)):
        look_up(desk_of(library), Asked(cpr(key), purpose, user))
    officer = sign_in(guarded, "privat").open("/log")
    day = f"{library.clock.today():%d-%m-%Y}"
    officer.send("/log", by="disk", since=day, until=day, purpose="debt", patron=anna)
    assert "1 fundet" in officer.text
    assert "opslag i CPR" in officer.text
    # what was searched for stands in no address
    assert officer.path.startswith("/answers/")
    # it is there after a reload
    assert "1 fundet" in officer.open(officer.path).text
    officer.send("/log", by="disk", purpose="renewal")
    assert "0 fundet" in officer.text
    officer.send("/log", by="privat")
    assert "søgning" in officer.text
    officer.send("/log", since="last week")
    assert officer.answer.status_code == 422


def test_a_cpr_number_finds_the_look_up_that_made_the_patron_and_the_reason_of_one_that_made_none(
    guarded: Served,
) -> None:
    library = guarded.library
    library.register.knows(person("EDITH"))
    edith = register(desk_of(library), Asked(cpr("EDITH"), Purpose.REGISTRATION, "disk")).document["patron"]
    library.register.knows(stranger(1))
    look_up(desk_of(library), Asked(stranger(1).number, Purpose.REGISTRATION, "leder"))
    (attempt,) = library.store.access.open_looks("leder")
    explain_look_up(library.store, attempt.seq, user="leder", reason="went home for a card")
    officer = sign_in(guarded, "privat")
    for typed in (cpr("EDITH").digits, edith):
        officer.open("/log").send("/log", patron=typed, purpose="registration")
        assert "1 fundet" in officer.text
        assert f"disk {edith} opslag i CPR" in " ".join(officer.text.split())
        assert cpr("EDITH").digits not in f"{officer.answer.text} {officer.path}"
    officer.open("/log").send("/log", patron=stranger(1).number.digits)
    assert "went home for a card" in officer.text
    assert "2 fundet" in officer.text
    officer.open("/log").send("/log", patron="nobody")
    assert officer.answer.status_code == 422
    assert "fundet" not in officer.text


def test_what_the_page_of_changes_says_of_the_log_is_true(guarded: Served) -> None:
    anna = guarded.library.id_of("ANNA")
    staff = sign_in(guarded, "disk").open(f"/patrons/{anna}").open(f"/patrons/{anna}/changes")
    assert "Hvem der har set posten, står i loggen." in staff.text
    assert "disk" not in staff.open(f"/patrons/{anna}/changes").answer.text.split("<main")[1]
    officer = sign_in(guarded, "privat").open("/log").send("/log", patron=anna, by="disk")
    assert f"disk {anna} så posten" in " ".join(officer.text.split())


def test_a_citizen_is_told_when_and_why_and_by_which_library_and_no_employee(guarded: Served) -> None:
    library = guarded.library
    look_up(desk_of(library), Asked(cpr("ANNA"), Purpose.DEBT, "disk"))
    officer = sign_in(guarded, "privat").open("/log")
    officer.send("/log/citizen", citizen=cpr("ANNA").digits)
    assert "gæld" in officer.text
    assert "Byens bibliotek" in officer.text
    shown = officer.answer.text
    assert "disk" not in shown.replace("desk.", "")
    assert cpr("ANNA").digits not in shown
    # somebody who never became a patron is told too
    look_up_strangers(library, 1)
    officer.open("/log").send("/log/citizen", citizen=stranger(0).number.digits)
    assert "indmeldelse" in officer.text
    officer.open("/log").send("/log/citizen", citizen="nobody")
    assert officer.answer.status_code == 422


def test_a_watched_number_takes_a_second_person_until_it_is_watched_no_more(guarded: Served) -> None:
    library, anna = guarded.library, guarded.library.id_of("ANNA")
    officer = sign_in(guarded, "privat").open("/log")
    officer.send("/log/watch", watch=cpr("ANNA").digits, doing="watch")
    assert "1 nummer overvåges" in officer.text
    assert cpr("ANNA").digits not in officer.answer.text
    staff = sign_in(guarded, "disk").open(f"/patrons/{anna}")
    assert staff.send(f"/patrons/{anna}/look-up", purpose="debt").answer.status_code == 403
    assert library.register.looked_up == []
    officer.send("/log/watch", watch=cpr("ANNA").digits, doing="unwatch")
    staff.open(f"/patrons/{anna}")
    assert staff.send(f"/patrons/{anna}/look-up", purpose="debt").answer.status_code == 200


def test_no_two_regions_of_a_list_of_looks_have_the_same_name(guarded: Served) -> None:
    """Two looks in one minute read alike: as regions, somebody who cannot see could not tell them apart."""
    library = guarded.library
    for place in (1, 2):
        library.register.knows(stranger(place))
        look_up(desk_of(library), Asked(stranger(place).number, Purpose.REGISTRATION, "disk"))
    looks = library.store.access.open_looks("disk")
    for who, path in (("disk", "/looks"), ("leder", "/checks")):
        if path == "/checks":
            for look in looks:
                explain_look_up(library.store, look.seq, user="disk", reason="went home for a card")
        page = html.fromstring(sign_in(guarded, who).open(path).answer.text)
        names = [page.get_element_by_id(one).text_content() for one in page.xpath("//main//@aria-labelledby")]
        assert page.xpath("count(//article)") >= 2, path
        assert len(names) == len(set(names)), path
