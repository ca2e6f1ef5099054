"""Signing in: who may, what their roles allow, and what stops somebody who tries passwords."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from browser import Browser, Clock, Served, cursor_of, serving
from doubles import AGENCY, MONDAY
from test_box import patron_of
from test_night_pages import hold
from test_sealed_views import reveals
from townspeople import person

from cprsync.domain.desk.roles import Role
from cprsync.errors import ConfigurationError
from cprsync.web import accounts as web_accounts
from cprsync.web.accounts import (
    CHECKS_MAX,
    AccountEntry,
    StaffAccounts,
    hash_password,
    read_accounts,
    with_account,
    without_entry,
    write_accounts,
)
from cprsync.web.memory.tries import LOCKED_SECONDS, MARKS_MAX, WRONG_MAX, with_mark
from cprsync.web.refusals import speaks_of_commands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doubles import Library

PASSWORD, WRONG = "correct horse battery", "wrong horse battery"
#: One person a role; the last one works at another library.
PEOPLE = {
    "disk": (Role.DESK, AGENCY),
    "leder": (Role.SUPERVISOR, AGENCY),
    "drift": (Role.OPERATOR, AGENCY),
    "privat": (Role.PRIVACY_OFFICER, AGENCY),
    "gaest": (Role.DESK, "999999"),
}


@pytest.fixture(scope="module")
def accounts_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, kept = tmp_path_factory.mktemp("accounts") / "accounts.toml", hash_password(PASSWORD)
    entries = [
        AccountEntry(name=name, password=kept, roles=frozenset({role}), libraries=frozenset({agency}))
        for name, (role, agency) in PEOPLE.items()
    ]
    write_accounts(path, entries)
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guarded(begun_folder: Library, tmp_path: Path, accounts_file: Path, clock: Clock) -> Iterator[Served]:
    """The desk of a library where people sign in."""
    library = begun_folder.copy(tmp_path / "library")
    with serving(library, StaffAccounts(accounts_file, agency=AGENCY, monotonic=clock)) as served:
        yield served
    library.engine.dispose()


def sign_in(desk: Served, name: str, password: str = PASSWORD) -> Browser:
    return desk.browser().open("/sign-in").send("/sign-in", name=name, password=password)


@pytest.mark.parametrize("path", ["/", "/register", "/reviews", "/nights", "/patrons/12345678"])
def test_nobody_sees_a_page_before_they_sign_in(guarded: Served, path: str) -> None:
    browser = guarded.browser().open(path)
    assert browser.path == "/sign-in"
    assert "Adgangskode" in browser.text


def test_no_page_is_the_answer_to_the_form_that_held_the_password(guarded: Served) -> None:
    """Chromium writes the form of the page that it shows to its disk."""
    browser = sign_in(guarded, "disk", WRONG)
    assert browser.path.startswith("/answers/")
    assert browser.answer.history[0].status_code == 303


def test_who_signs_in_is_named_by_the_audit(guarded: Served) -> None:
    browser = sign_in(guarded, "disk")
    assert browser.path == "/"
    patron = patron_of(guarded, "BO")
    browser.open(f"/patrons/{patron}").send(f"/patrons/{patron}/reveal", reason="Låneren står her")
    assert person("BO").name.addressing in browser.text
    assert [entry["user"] for entry in reveals(guarded.library)] == ["disk"]


@pytest.mark.parametrize(("name", "password"), [("disk", WRONG), ("nobody", PASSWORD), ("gaest", PASSWORD)])
def test_a_wrong_password_an_unknown_name_and_another_librarys_account_are_refused_alike(
    guarded: Served, name: str, password: str
) -> None:
    browser = sign_in(guarded, name, password)
    assert browser.answer.status_code == 403
    assert "passer ikke sammen" in browser.text
    assert password not in browser.answer.text
    assert browser.open("/").path == "/sign-in"


def test_a_name_is_locked_after_wrong_passwords_in_a_row_and_opens_again(guarded: Served, clock: Clock) -> None:
    for _ in range(WRONG_MAX):
        sign_in(guarded, "disk", WRONG)
    assert sign_in(guarded, "disk").answer.status_code == 403
    assert sign_in(guarded, "leder").path == "/"
    clock.seconds += LOCKED_SECONDS + 1
    assert sign_in(guarded, "disk").path == "/"


def test_a_right_password_forgives_the_wrong_ones(guarded: Served) -> None:
    for _ in range(2):
        for _ in range(WRONG_MAX - 1):
            sign_in(guarded, "disk", WRONG)
        assert sign_in(guarded, "disk").path == "/"


def test_signing_in_begins_a_session_under_a_new_token(guarded: Served) -> None:
    browser = guarded.browser().open("/sign-in")
    planted = browser.jar.cookies["cprsync"]
    browser.send("/sign-in", name="disk", password=PASSWORD)
    assert browser.jar.cookies["cprsync"] != planted
    other = guarded.browser()
    other.jar.cookies.set("cprsync", planted)
    assert other.open("/").path == "/sign-in"


def test_signing_out_ends_the_session_everywhere(guarded: Served) -> None:
    browser = sign_in(guarded, "disk")
    token = browser.jar.cookies["cprsync"]
    browser.send("/sign-out")
    # the next one types their name, and hears first that the last one has left
    name = cursor_of(browser.answer)
    assert (name.get("id"), name.get("aria-describedby")) == ("name", "left")
    assert "Du er logget ud." in browser.text
    assert "Du er logget ud." not in browser.open("/sign-in").text
    other = guarded.browser()
    other.jar.cookies.set("cprsync", token)
    assert other.open("/").path == "/sign-in"


# -- whoever tries passwords -------------------------------------------------------------------------------


def try_wrong_passwords(desk: Served, name: str) -> None:
    for _ in range(WRONG_MAX):
        sign_in(desk, name, WRONG)
    assert sign_in(desk, name).answer.status_code == 403


def again(browser: Browser, name: str, password: str = PASSWORD) -> Browser:
    return browser.open("/sign-in").send("/sign-in", name=name, password=password)


def test_nobody_locks_a_colleague_out_of_the_browser_in_which_they_work(guarded: Served) -> None:
    own = sign_in(guarded, "disk").send("/sign-out")
    try_wrong_passwords(guarded, "disk")
    assert again(own, "disk").path == "/"


def test_the_browser_of_one_person_is_no_way_to_try_anothers_password(guarded: Served) -> None:
    own = sign_in(guarded, "disk").send("/sign-out")
    for _ in range(WRONG_MAX):
        again(own, "leder", WRONG)
    assert again(own, "leder").answer.status_code == 403
    assert again(own, "disk").path == "/"


def test_a_known_browser_is_slowed_down_too_and_locks_nobody_elsewhere(guarded: Served, clock: Clock) -> None:
    own = sign_in(guarded, "disk").send("/sign-out")
    for _ in range(WRONG_MAX):
        again(own, "disk", WRONG)
    assert again(own, "disk").answer.status_code == 403
    assert sign_in(guarded, "disk").path == "/"
    clock.seconds += LOCKED_SECONDS + 1
    assert again(own, "disk").path == "/"


def test_a_new_password_makes_a_browser_unknown(guarded: Served, own_file: Path) -> None:
    own = sign_in(guarded, "disk").send("/sign-out")
    write_accounts(own_file, [entry_of("disk", Role.DESK)])
    try_wrong_passwords(guarded, "disk")
    assert again(own, "disk").answer.status_code == 403


def test_the_mark_of_a_browser_names_nobody_and_is_no_longer_than_needed(guarded: Served) -> None:
    browser = sign_in(guarded, "disk")
    mark = browser.jar.cookies["cprsync-marks"]
    assert "disk" not in mark
    assert again(browser.send("/sign-out"), "disk").jar.cookies["cprsync-marks"] == mark
    many = ""
    for number in range(3 * MARKS_MAX):
        many = with_mark(many, f"proof {number}")
    assert len(many.split(".")) == MARKS_MAX


# -- roles -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "open_to"),
    [("disk", {"/", "/reviews"}), ("leder", {"/", "/reviews", "/nights"}), ("drift", {"/nights"}), ("privat", set())],
)
def test_a_role_opens_its_own_pages_alone(guarded: Served, name: str, open_to: set[str]) -> None:
    browser = sign_in(guarded, name)
    paths = ("/", "/reviews", "/nights")
    opened = {path for path in paths if browser.open(path).answer.status_code == 200 and browser.path == path}
    assert opened == open_to


def test_a_night_that_stopped_says_why_and_sends_nobody_but_an_operator_to_a_command(guarded: Served) -> None:
    """A supervisor was told to run a command, and the page of the night had the reason folded away."""
    guarded.library.damage(MONDAY)
    guarded.library.one_night()
    number = max(run.run for run in guarded.library.store.runs.list_runs())
    for name, types in (("leder", False), ("drift", True)):
        browser = sign_in(guarded, name).open("/nights")
        assert f'<a href="/nights/{number}">Natkørsel {number}</a>' in browser.answer.text
        assert (f"<code>cprsync runs show {number}</code>." in browser.answer.text) is types
        assert ("Sig det til driften." in browser.text) is not types
        assert 'class="problem verdict">STANDSET: ' in browser.open(f"/nights/{number}").answer.text


def test_a_supervisor_at_a_held_night_reads_what_to_do_if_it_is_wrong_and_no_operators_steps(guarded: Served) -> None:
    number = hold(guarded)
    for name, types in (("leder", False), ("drift", True)):
        shown = sign_in(guarded, name).open(f"/nights/{number}").answer.text
        assert ('class="steps"' in shown) is types
        assert ("så godkend den ikke, og sig det til driften" in shown) is not types


def test_the_report_of_a_night_as_text_has_no_command_for_a_supervisor(guarded: Served) -> None:
    number = hold(guarded)
    for path in (f"/nights/{number}", "/nights"):
        said = {name: sign_in(guarded, name).open(path).text for name in ("leder", "drift")}
        assert {name: speaks_of_commands(text) for name, text in said.items()} == {"leder": False, "drift": True}
        # the rest of the report is there
        assert "Natten til" in said["leder"] or path == "/nights"


@pytest.mark.parametrize(("name", "first"), [("drift", "/nights"), ("privat", "/log"), ("disk", "/")])
def test_home_is_where_a_person_begins(guarded: Served, name: str, first: str) -> None:
    """The head of each page, and each error, led an operator and a privacy officer to a refusal."""
    assert sign_in(guarded, name).open("/").path == first


def test_an_operator_finds_no_patron(guarded: Served) -> None:
    browser = sign_in(guarded, "drift")
    token, patron = browser.token, patron_of(guarded, "ANNA")
    assert browser.open(f"/patrons/{patron}").answer.status_code == 403
    assert person("ANNA").name.addressing not in browser.answer.text
    assert browser.post("/find", {"form_token": token, "typed": patron}).answer.status_code == 403


def test_desk_staff_erase_nobody(guarded: Served) -> None:
    browser, patron = sign_in(guarded, "disk"), patron_of(guarded, "ANNA")
    token = browser.token
    assert "/erase" not in browser.open(f"/patrons/{patron}").answer.text
    assert browser.open(f"/patrons/{patron}/erase").answer.status_code == 403
    assert browser.post(f"/patrons/{patron}/erase", {"form_token": token, "digest": "x"}).answer.status_code == 403
    assert guarded.library.store.views.patron(patron) is not None


def test_desk_staff_answer_no_review(guarded: Served) -> None:
    browser = sign_in(guarded, "disk")
    answer = browser.post("/reviews/1/answer", {"form_token": browser.token, "answer": "accept"}).answer
    assert answer.status_code == 403


# -- the file ----------------------------------------------------------------------------------------------


def test_the_file_keeps_no_password_and_is_its_owners_alone(accounts_file: Path) -> None:
    assert PASSWORD not in accounts_file.read_text("utf-8")
    assert accounts_file.stat().st_mode & 0o777 == 0o600


def test_an_account_that_is_removed_signs_in_no_more(guarded: Served, accounts_file: Path) -> None:
    before = accounts_file.read_bytes()
    try:
        write_accounts(accounts_file, [])
        assert sign_in(guarded, "disk").answer.status_code == 403
    finally:
        accounts_file.write_bytes(before)


@pytest.mark.parametrize("text", ["[[account]]\nname = 1\n", "[[account]]\nname = 'x'\npassword = 'open'\n", "no"])
def test_a_file_that_is_wrong_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    with pytest.raises(ConfigurationError) as error:
        StaffAccounts(path, agency=AGENCY, monotonic=lambda: 0.0)
    assert str(path) in error.value.message
    assert "'open'" not in error.value.message


@pytest.mark.parametrize(("second", "libraries"), [("Disk", {AGENCY}), ("d.i.s.k@library.example", {AGENCY, "999999"})])
def test_a_file_by_hand_may_not_name_two_people_of_one_library_alike(
    accounts_file: Path, tmp_path: Path, second: str, libraries: set[str]
) -> None:
    """Where two people have to say yes they would count as one, and nobody would see why."""
    first = read_accounts(accounts_file).account[0]
    other = first.model_copy(update={"name": second, "libraries": frozenset(libraries)})
    path = tmp_path / "accounts.toml"
    write_accounts(path, [first, other])
    with pytest.raises(ConfigurationError, match="same letters and digits"):
        read_accounts(path)
    write_accounts(path, [first, other.model_copy(update={"libraries": frozenset({"999999"})})])
    assert len(read_accounts(path).account) == 2


# -- while somebody is signed in ---------------------------------------------------------------------------


def entry_of(name: str, *roles: Role, password: str = PASSWORD) -> AccountEntry:
    return AccountEntry(
        name=name, password=hash_password(password), roles=frozenset(roles), libraries=frozenset({AGENCY})
    )


@pytest.fixture
def own_file(accounts_file: Path) -> Iterator[Path]:
    """The file of accounts, for a test that changes it."""
    before = accounts_file.read_bytes()
    yield accounts_file
    accounts_file.write_bytes(before)


def test_a_session_of_an_account_that_is_removed_ends_at_once(guarded: Served, own_file: Path) -> None:
    browser, patron = sign_in(guarded, "disk"), patron_of(guarded, "ANNA")
    browser.open(f"/patrons/{patron}")
    write_accounts(own_file, [entry_of("leder", Role.SUPERVISOR)])
    refused = browser.post(f"/patrons/{patron}/reveal", {"form_token": browser.token, "reason": "Låneren står her"})
    assert refused.answer.status_code == 403
    assert reveals(guarded.library) == []
    assert browser.open(f"/patrons/{patron}").path == "/sign-in"


def test_a_role_that_is_taken_away_opens_nothing_more(guarded: Served, own_file: Path) -> None:
    browser, patron = sign_in(guarded, "leder"), patron_of(guarded, "ANNA")
    write_accounts(
        own_file,
        [one.model_copy(update={"roles": frozenset({Role.OPERATOR})}) for one in read_accounts(own_file).account],
    )
    assert browser.open(f"/patrons/{patron}").answer.status_code == 403
    assert browser.open("/nights").answer.status_code == 200


def show_refused_note(guarded: Served) -> tuple[Browser, str]:
    """The answer to a form that names ANNA."""
    browser, patron = sign_in(guarded, "disk"), patron_of(guarded, "ANNA")
    browser.open(f"/patrons/{patron}").send(f"/patrons/{patron}/set", field="telephones", text="nobody")
    assert person("ANNA").name.addressing in browser.text
    return browser, browser.path


@pytest.mark.parametrize("lost", ["the role", "the library"])
def test_an_answer_is_not_shown_again_to_who_has_lost(guarded: Served, own_file: Path, lost: str) -> None:
    browser, shown = show_refused_note(guarded)
    assert person("ANNA").name.addressing in browser.open(shown).text
    now = {"roles": frozenset({Role.OPERATOR})} if lost == "the role" else {"libraries": frozenset({"999999"})}
    write_accounts(own_file, [one.model_copy(update=now) for one in read_accounts(own_file).account])
    browser.open(shown)
    assert person("ANNA").name.addressing not in browser.answer.text
    assert (browser.answer.status_code, browser.path) == ((403, shown) if lost == "the role" else (200, "/sign-in"))


def test_an_answer_is_shown_in_no_other_session_of_the_same_person(guarded: Served) -> None:
    _, shown = show_refused_note(guarded)
    beside = sign_in(guarded, "disk").open(shown)
    assert beside.path == "/"
    assert person("ANNA").name.addressing not in beside.answer.text


def test_a_new_password_ends_the_sessions_of_the_old_one(guarded: Served, own_file: Path) -> None:
    browser = sign_in(guarded, "disk")
    write_accounts(own_file, [entry_of("disk", Role.DESK, password=WRONG)])
    assert browser.open("/").path == "/sign-in"


@pytest.mark.parametrize("text", ["broken", None])
def test_a_file_that_cannot_be_read_lets_nobody_go_on(guarded: Served, own_file: Path, text: str | None) -> None:
    browser = sign_in(guarded, "disk")
    token, patron = browser.token, patron_of(guarded, "ANNA")
    if text is None:
        own_file.unlink()
    else:
        own_file.write_text(text, "utf-8")
    try:
        answer = browser.open(f"/patrons/{patron}").answer
        assert answer.status_code == 500
        assert person("ANNA").name.addressing not in answer.text
        assert browser.post("/find", {"form_token": token, "typed": patron}).answer.status_code == 500
        assert str(own_file) not in answer.text
    finally:
        own_file.touch(mode=0o600)


# -- several libraries -------------------------------------------------------------------------------------


def test_a_person_has_other_roles_at_each_library_and_one_password(own_file: Path) -> None:
    here = entry_of("lone", Role.DESK)
    there = here.model_copy(update={"libraries": frozenset({"999999"}), "roles": frozenset({Role.SUPERVISOR})})
    write_accounts(own_file, with_account([here], there))
    for agency, roles in ((AGENCY, {Role.DESK}), ("999999", {Role.SUPERVISOR})):
        who = StaffAccounts(own_file, agency=agency, monotonic=lambda: 0.0).sign_in("lone", PASSWORD)
        assert who is not None
        assert who.roles == roles


def test_what_is_set_at_one_library_stays_at_the_others() -> None:
    both = entry_of("lone", Role.DESK).model_copy(update={"libraries": frozenset({AGENCY, "999999"})})
    now = with_account([both, entry_of("leder", Role.SUPERVISOR)], entry_of("lone", Role.OPERATOR, password=WRONG))
    kept = {(one.name, *sorted(one.libraries)): one for one in now}
    assert kept["lone", "999999"].roles == {Role.DESK}
    assert kept["lone", AGENCY].roles == {Role.OPERATOR}
    assert kept["lone", "999999"].password == kept["lone", AGENCY].password
    assert kept["leder", AGENCY].roles == {Role.SUPERVISOR}


def test_who_is_removed_at_one_library_stays_at_the_others() -> None:
    both = entry_of("lone", Role.DESK).model_copy(update={"libraries": frozenset({AGENCY, "999999"})})
    left = without_entry([both], "lone", agency=AGENCY)
    assert [one.libraries for one in left] == [{"999999"}]
    assert without_entry(left, "lone", agency="999999") == []


def test_a_file_with_two_entries_for_one_place_or_two_passwords_is_refused(own_file: Path) -> None:
    one, other = entry_of("lone", Role.DESK), entry_of("lone", Role.SUPERVISOR)
    for wrong in ([one, one], [one, other.model_copy(update={"libraries": frozenset({"999999"})})]):
        write_accounts(own_file, wrong)
        with pytest.raises(ConfigurationError):
            read_accounts(own_file)


def test_tries_at_once_are_counted_one_by_one(
    accounts_file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many passwords at the same time are as many tries."""
    accounts, tried = StaffAccounts(accounts_file, agency=AGENCY, monotonic=clock), []
    begin_together = threading.Barrier(3 * WRONG_MAX)

    def check(password: str, kept: str) -> bool:
        tried.append((password, kept))
        time.sleep(0.05)
        return False

    def attempt() -> None:
        begin_together.wait(20)
        accounts.sign_in("disk", WRONG)

    monkeypatch.setattr(web_accounts, "_is_password", check)
    threads = [threading.Thread(target=attempt) for _ in range(3 * WRONG_MAX)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tried) == WRONG_MAX


def test_passwords_are_checked_a_few_at_a_time(guarded: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each check takes 64 MiB: a flood of tries must not take the machine."""
    now, most, lock = 0, 0, threading.Lock()

    def sign_in_slowly(*_: object) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.1)
        with lock:
            now -= 1

    monkeypatch.setattr(StaffAccounts, "sign_in", sign_in_slowly)
    browsers = [guarded.browser().open("/sign-in") for _ in range(4 * CHECKS_MAX)]
    threads = [
        threading.Thread(target=one.send, args=("/sign-in",), kwargs={"name": "disk", "password": WRONG})
        for one in browsers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= CHECKS_MAX
    assert {one.answer.status_code for one in browsers} == {403}


def test_people_who_sign_in_at_the_same_time_are_all_let_in(guarded: Served) -> None:
    """Two checks of Argon2 at once wait for each other without end."""
    browsers = [guarded.browser().open("/sign-in") for _ in range(4)]
    threads = [
        threading.Thread(
            target=one.send, args=("/sign-in",), kwargs={"name": "disk", "password": PASSWORD}, daemon=True
        )
        for one in browsers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [one.path for one in browsers] == ["/"] * 4


def test_a_hash_in_several_lanes_is_refused_because_two_checks_would_wait_for_each_other(tmp_path: Path) -> None:
    kept = hash_password(PASSWORD)
    assert ",p=1$" in kept
    path, lanes = tmp_path / "accounts.toml", kept.replace(",p=1$", ",p=4$")
    path.touch(mode=0o600)
    path.write_text(
        f'[[account]]\nname = "lone"\npassword = "{lanes}"\nroles = ["desk"]\nlibraries = ["{AGENCY}"]\n', "utf-8"
    )
    with pytest.raises(ConfigurationError) as error:
        read_accounts(path)
    assert "password" in error.value.message
    assert lanes not in error.value.message
    path.write_text(path.read_text("utf-8").replace(lanes, kept), "utf-8")
    assert read_accounts(path).account[0].name == "lone"
