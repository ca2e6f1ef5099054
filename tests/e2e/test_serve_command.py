"""`serve` and `accounts` as commands: the desk over TLS against the mock, signed in, and stopped."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import started
from browser import Browser
from e2e_library import Library, new_library, personal
from town import PEOPLE, PEOPLE_FILE, number

from cprsync.mock.server import running
from cprsync.resources import guide_paths
from cprsync.web.memory.sessions import worker_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from started import Ended

pytestmark = pytest.mark.xdist_group("serve command")
PASSWORD = "correct horse battery"
_SECONDS = 60


@dataclass(frozen=True)
class Open:
    """An open desk: what it said when it was ready, its authority, and what it said to standard error."""

    url: str
    ca: Path
    errors: Path
    pid: int

    def browser(self) -> Browser:
        browser = Browser(self.url.rstrip("/"))
        # the environment's own list of authorities would win over ours
        browser.jar.trust_env = False
        browser.jar.verify = str(self.ca)
        return browser

    def sign_in(self, name: str) -> Browser:
        return self.browser().open("/sign-in").send("/sign-in", name=name, password=PASSWORD)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Library]:
    """A library whose desk has two accounts and a certificate."""
    folder = tmp_path_factory.mktemp("serve")
    shutil.copytree(mock_keys, folder / "mock", dirs_exist_ok=True)
    with running(folder / "mock", PEOPLE_FILE):
        library, certs = new_library(folder / "library", folder / "mock", ["ANNA"]), folder / "mock" / "certs"
        chain, key = certs / "server.pem", certs / "server.key"
        desk = f'[desk]\naccounts = "accounts.toml"\ncertificate = "{chain}"\nkey = "{key}"\n'
        library.rewrite("cprsync.toml", "[desk]\n", desk)
        for name, role in (("lone", "desk"), ("drift", "operator")):
            assert accounts(library, "set", name, "--role", role, typed=PASSWORD).returncode == 0
        yield library


def accounts(library: Library, *arguments: str, typed: str = "") -> Ended:
    command = ("accounts", *arguments, "--config", "cprsync.toml", "--json")
    return started.command(*command, cwd=library.folder, typed=f"{typed}\n")


@contextmanager
def opened(
    library: Library, errors: Path, *options: str, stop: int = signal.SIGTERM, port: int = 0, anew: bool = False
) -> Iterator[Open]:
    """Serve the desk as a process; it ends with 0 when it is asked to stop. `anew`: Python starts from nothing."""
    asked = ("serve", "--port", str(port), *options, "--config", "cprsync.toml", "--json")
    begin = begun_anew if anew else started.Begun
    with begin(*asked, cwd=library.folder, errors=errors) as process:
        assert process.stdout is not None
        try:
            assert select.select([process.stdout], [], [], _SECONDS)[0], "the desk did not open"
            ready: dict[str, Any] = json.loads(process.stdout.readline())
            yield Open(ready["url"], library.folder.parent / "mock" / "certs" / "ca.pem", errors, process.pid)
        finally:
            process.send_signal(stop)
            code = process.wait(_SECONDS)
    assert code == 0


def begun_anew(*arguments: str, cwd: Path, errors: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cprsync", *arguments]
    with errors.open("wb") as err:
        return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=err, text=True)


@pytest.fixture(scope="module")
def desk(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """A desk that two processes serve: what is true of one is true of them."""
    with opened(library, tmp_path_factory.mktemp("said") / "errors", "--workers", "2") as desk:
        yield desk


def test_a_patron_registered_in_the_browser_is_the_one_that_the_commands_show(library: Library, desk: Open) -> None:
    browser = desk.sign_in("lone").send("/find", typed=number("IVAN"))
    browser.send("/register/look-up", purpose="registration")
    browser.send("/register/confirm", cards="K900", pin="2468", telephones="20304050", emails="ivan@example.dk")
    patron = browser.path.removeprefix("/patrons/")
    shown = library.run("patron", "show", patron).document["fields"]
    assert shown["cards"]["value"] == ["K900"]
    assert shown["telephones"]["value"] == ["20304050"]
    assert shown["name"]["value"] in browser.text
    audit = library.run("audit", "list", "--patron", patron).out
    assert "lone" in audit


def test_the_connection_is_encrypted_and_the_cookie_is_for_it_alone(desk: Open) -> None:
    answer = requests.get(desk.url, verify=str(desk.ca), timeout=_SECONDS, allow_redirects=False)
    assert desk.url.startswith("https://localhost:")
    cookies = answer.raw.headers.getlist("set-cookie")
    assert any(one.startswith("__Host-cprsync=") for one in cookies)
    # a cookie whose name begins so is taken from an encrypted connection alone, and for this host alone
    assert all(one.startswith("__Host-") and "Secure" in one for one in cookies)
    assert "max-age" in answer.headers["strict-transport-security"]
    with pytest.raises(requests.RequestException):
        requests.get(desk.url.replace("https", "http"), timeout=_SECONDS)


def test_no_log_of_the_desk_has_anything_of_a_person(desk: Open) -> None:
    browser = desk.sign_in("lone")
    for key in ("ANNA", "NINA", "RIKKE"):
        browser.open("/").send("/find", typed=number(key))
    said = desk.errors.read_text("utf-8")
    assert [word for word in personal() if word in said] == []
    assert PASSWORD not in said


def test_the_desk_goes_on_without_the_register_and_nobody_is_forgotten_when_it_is_back(
    library: Library, desk: Open, tmp_path: Path
) -> None:
    other = library.copy(tmp_path / "library")
    (tmp_path / "mock").symlink_to(library.folder.parent / "mock")
    port = (
        other.folder.joinpath("cprsync.toml")
        .read_text("utf-8")
        .split('lookup_url = "https://localhost:')[1]
        .split("/")[0]
    )
    other.rewrite("cprsync.toml", f'lookup_url = "https://localhost:{port}', 'lookup_url = "https://localhost:1')
    with opened(other, tmp_path / "errors") as alone:
        browser = alone.sign_in("lone").send("/find", typed=number("NINA"))
        browser.send("/register/look-up", purpose="registration")
        assert "Foreløbig: CPR svarer ikke" in browser.text
        browser.send("/register/confirm", name=PEOPLE["NINA"]["name"]["addressing"], cards="K77001")
        assert "indmeldt foreløbigt" in browser.text
        patron = browser.path.removeprefix("/patrons/")
    assert other.call("status").document["waits"]["provisional"]["register"] == 1
    assert other.call("feed", "heal").document["error"]["kind"]
    other.rewrite("cprsync.toml", 'lookup_url = "https://localhost:1/', f'lookup_url = "https://localhost:{port}/')
    for asked in (1, 0):
        assert other.call("feed", "heal").document["provisional"] == {"asked": asked, "left": 0}
    shown = other.call("patron", "show", patron).document
    assert (shown["verified"], "said" in shown) == (True, False)


def test_a_browser_that_keeps_its_connection_does_not_hold_the_stop_up(library: Library, tmp_path: Path) -> None:
    """TLS would wait for its goodbye, which a browser that is not in use does not send."""
    with opened(library, tmp_path / "errors") as desk:
        browser = desk.sign_in("lone")
        assert browser.path == "/"
    assert (tmp_path / "errors").read_text("utf-8") == ""


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_desk_ends_with_0_when_it_is_stopped(library: Library, tmp_path: Path, stop: int) -> None:
    with opened(library, tmp_path / "errors", stop=stop, anew=True) as desk:
        assert desk.browser().open("/").path == "/sign-in"
    assert (tmp_path / "errors").read_text("utf-8") == ""


def test_a_port_that_is_taken_is_said_before_anything_is_served(library: Library, desk: Open) -> None:
    port = desk.url.rstrip("/").rpartition(":")[2]
    ran = library.run("serve", "--port", port)
    assert ran.exit == 2
    assert port in ran.error["message"]


# -- the identity provider ---------------------------------------------------------------------------------


def test_staff_sign_in_at_the_provider_over_tls_and_the_audit_names_them(library: Library, tmp_path: Path) -> None:
    """The real program against the mock's provider: discovery, PKCE, the cookie of the way, and the session."""
    other, mock = library.copy(tmp_path / "library"), library.folder.parent / "mock"
    (tmp_path / "mock").symlink_to(mock)
    oidc = json.loads((mock / "ready.json").read_text("utf-8"))["oidc"]
    port = free_port()
    other.rewrite(
        "cprsync.toml",
        '[desk]\naccounts = "accounts.toml"\n',
        "[desk.sign_in]\n"
        + "".join(f'{key} = "{value}"\n' for key, value in oidc.items())
        + f'ca = "{mock}/certs/ca.pem"\nclient_id = "cprsync"\naddress = "https://localhost:{port}"\n'
        + 'title = "Byens login"\nroles_claim = "groups"\nrole = [{ value = "desk", role = "desk" }]\n[desk]\n',
    )
    with opened(other, tmp_path / "errors", port=port) as desk:
        browser = desk.browser()
        assert "Adgangskode" not in browser.open("/sign-in").text
        browser.open("/sign-in/openid")
        form = browser.page.forms[0]
        browser.answer = browser.jar.post(f"{oidc['issuer']}/signed-in", data={**form.values, "who": "skranke"})
        assert browser.answer.headers["Refresh"] == "0; url=/"
        browser.open("/").send("/find", typed=number("ANNA"))
        patron = browser.path.removeprefix("/patrons/")
        browser.send(f"/patrons/{patron}/set", field="branch", text="Risskov")
        assert "skranke" in other.run("audit", "list", "--patron", patron).out
    assert (tmp_path / "errors").read_text("utf-8") == ""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


# -- the patrons' pages ------------------------------------------------------------------------------------


def test_the_patrons_pages_are_served_alone_and_never_beside_a_desk_that_is_open_to_all(
    library: Library, tmp_path: Path
) -> None:
    other = library.copy(tmp_path / "library")
    (tmp_path / "mock").symlink_to(library.folder.parent / "mock")
    assert other.run("serve", "--only", "patrons").exit == 2
    other.rewrite("cprsync.toml", "[library.feed]", "[library.patron_page]\ncards = true\n\n[library.feed]")
    with opened(other, tmp_path / "errors", "--only", "patrons") as pages:
        assert pages.url.endswith("/me")
        browser = Browser(pages.url.removesuffix("/me"))
        browser.jar.trust_env, browser.jar.verify = False, str(pages.ca)
        assert "Se og ret dine oplysninger" in browser.open("/me").text
        assert browser.open("/sign-in").answer.status_code == 404
    other.rewrite("cprsync.toml", 'accounts = "accounts.toml"\n', "")
    ran = other.run("serve", "--port", "0")
    assert ran.exit == 2
    assert "--only" in ran.error["message"]


# -- several workers ---------------------------------------------------------------------------------------


def workers_of(desk: Open) -> list[int]:
    """The processes that answer, the first worker first."""
    children = Path(f"/proc/{desk.pid}/task/{desk.pid}/children").read_text("ascii").split()
    return sorted(int(one) for one in children)


def signed_in_at(desk: Open, owner: int) -> Browser:
    """A browser whose session a worker has; it connects anew for each request, to either worker."""
    for _ in range(4):
        browser = desk.browser()
        browser.jar.headers["Connection"] = "close"
        browser.open("/sign-in").send("/sign-in", name="lone", password=PASSWORD)
        assert browser.path == "/"
        if owner_of(browser) == owner:
            return browser
    raise AssertionError("no session began at that worker")


def owner_of(browser: Browser) -> int | None:
    return worker_of(browser.jar.cookies["__Host-cprsync"])


def test_two_processes_are_one_desk(library: Library, desk: Open) -> None:
    assert len(workers_of(desk)) == 2
    patron = signed_in_at(desk, 0).send("/find", typed=number("ANNA")).path.removeprefix("/patrons/")
    for owner in (0, 1):
        browser = signed_in_at(desk, owner)
        for turn in range(4):
            number_of_turn = f"2030{owner}{turn}50"
            browser.open(f"/patrons/{patron}")
            form = {"form_token": browser.token, "field": "telephones", "text": number_of_turn, "doing": "add"}
            assert browser.post(f"/patrons/{patron}/set", form).answer.status_code == 200
        assert owner_of(browser) == owner
    kept = library.run("patron", "show", patron).document["fields"]["telephones"]["value"]
    assert {f"2030{owner}{turn}50" for owner in (0, 1) for turn in range(4)} <= set(kept)


def test_a_worker_that_is_killed_while_it_writes_writes_nothing_and_the_page_says_what_to_do(
    library: Library, desk: Open
) -> None:
    """The other worker has the browser's connection, and another process the database until the kill."""
    pids = workers_of(desk)
    browser, other = signed_in_at(desk, 1), signed_in_at(desk, 0)
    patron = browser.send("/find", typed=number("ANNA")).path.removeprefix("/patrons/")
    form = {"form_token": browser.open(f"/patrons/{patron}").token, "field": "blocks", "text": "Mistet kort"}
    del browser.jar.headers["Connection"]
    os.kill(pids[1], signal.SIGSTOP)
    browser.jar.get(f"{browser.url}/static/desk.svg", timeout=_SECONDS)
    os.kill(pids[1], signal.SIGCONT)
    with closing(sqlite3.connect(library.store, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        asking = threading.Thread(target=browser.post, args=(f"/patrons/{patron}/set", form))
        asking.start()
        wait_until(lambda: handed_on_to("worker1"))
        os.kill(pids[1], signal.SIGKILL)
        asking.join(_SECONDS)
        holder.execute("ROLLBACK")
    assert browser.answer.status_code == 502
    assert "gemt helt eller slet ikke" in browser.text
    assert browser.open(f"/patrons/{patron}").path == "/sign-in"
    assert "Mistet kort" not in other.open(f"/patrons/{patron}").text
    wait_until(lambda: "web.worker.again" in desk.errors.read_text("utf-8"))
    assert signed_in_at(desk, 1).open(f"/patrons/{patron}").path == f"/patrons/{patron}"
    assert "Mistet kort" not in library.run("patron", "show", patron).out


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.02)


def handed_on_to(worker: str) -> bool:
    """Whether a request is at that worker: a connected socket of its name, beside the one that listens."""
    sockets = Path("/proc/net/unix").read_text("utf-8", errors="replace").splitlines()
    return any(line.endswith(f"/{worker}") and line.split()[5] == "03" for line in sockets)


def test_what_is_wrong_with_the_settings_is_said_once(library: Library, tmp_path: Path) -> None:
    other = library.copy(tmp_path / "library")
    (tmp_path / "mock").symlink_to(library.folder.parent / "mock")
    other.rewrite("cprsync.toml", "[desk]\n", "[desk]\nworkers = 2\n")
    (other.folder / "accounts.toml").write_text("[[account]]\nname = 1\n")
    ran = other.run("serve", "--port", "0")
    assert ran.exit == 2
    assert "accounts.toml" in ran.error["message"]
    assert ran.err == ""


# -- accounts ----------------------------------------------------------------------------------------------


def test_the_guides_desk_for_readers_works_as_it_is_pasted(library: Library, tmp_path: Path) -> None:
    """The section on readers: its settings, the files of a trial, and the three commands below them."""
    page = guide_paths()["systems"].read_text(encoding="utf-8")
    section = page[page.index("### Readers of the changes") :]
    blocks = re.findall(r"^   ```toml\n(.*?)^   ```$", section, re.MULTILINE | re.DOTALL)
    target, desk = (textwrap.dedent(block) for block in blocks[:2])
    reader = library.copy(tmp_path / "library")
    path = reader.folder / "cprsync.toml"
    begin, _, rest = path.read_text("utf-8").partition("[desk]\n")
    before = rest.index("# The address to listen on")
    path.write_text(f"{begin}[desk]\n{desk}{rest[before:]}\n{target}", "utf-8")
    # as `certs dev trial` makes them
    trial = reader.folder / "trial"
    shutil.copytree(library.folder.parent / "mock" / "certs", trial)
    for name, copy in (("server.pem", "desk.pem"), ("server.key", "desk.key"), ("ca.pem", "machines-ca.pem")):
        assert f"`trial/{name}` to `{copy}`" in " ".join(section.split())
        shutil.copy(trial / name, reader.folder / copy)
    made = reader.call("accounts", "reader", "website", "--certificate", str(trial / "client.pem"), "--asks", "3")
    assert made.document["desk_lacks"] == []
    assert reader.call("sync").exit in {0, 3, 4}
    with opened(reader, tmp_path / "errors", "--workers", "2") as open_:
        answers = []
        for _ in range(10):
            # a connection of its own, so that either process may get it
            with requests.Session() as session:
                session.trust_env, session.verify = False, str(trial / "ca.pem")
                session.cert = (str(trial / "client.pem"), str(trial / "client.key"))
                answers.append(session.get(f"{open_.url.rstrip('/')}/feed", timeout=30))
    # how many patrons there are is other tests' affair
    *patrons, end = map(json.loads, answers[0].content.splitlines())
    assert patrons
    assert (patrons[0]["group"], end["more"]) == ("Voksen", False)
    # counted once for both processes
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 7


def test_accounts_are_listed_and_removed_and_never_with_a_password(library: Library) -> None:
    accounts(library, "set", "vikar", "--role", "desk", "--role", "supervisor", typed=PASSWORD)
    listed = library.run("accounts", "list")
    assert {one["name"]: one["roles"] for one in listed.document["accounts"]} == {
        "drift": ["operator"],
        "lone": ["desk"],
        "vikar": ["desk", "supervisor"],
    }
    assert "argon2" not in listed.out
    assert library.run("accounts", "remove", "vikar").exit == 0
    assert library.run("accounts", "remove", "vikar").error["kind"] == "account.unknown"
    assert [one["name"] for one in library.run("accounts", "list").document["accounts"]] == ["drift", "lone"]


def test_roles_change_without_a_new_password_and_only_for_who_has_one(library: Library) -> None:
    before = (library.folder / "accounts.toml").read_text("utf-8")
    try:
        assert library.run("accounts", "set", "lone", "--role", "supervisor", "--keep-password").exit == 0
        after = (library.folder / "accounts.toml").read_text("utf-8")
        assert after == before.replace('roles = ["desk"]', 'roles = ["supervisor"]')
        ran = library.run("accounts", "set", "nobody", "--role", "desk", "--keep-password")
        assert ran.error["kind"] == "account.unknown"
        assert (library.folder / "accounts.toml").read_text("utf-8") == after
    finally:
        (library.folder / "accounts.toml").write_text(before, "utf-8")


@pytest.mark.parametrize(
    ("name", "typed", "kind"),
    [
        ("ny", "short", "account.password"),
        # twice, as another program asks for it: nobody can type a new line where one signs in
        ("ny", f"{PASSWORD}\n{PASSWORD}", "account.password"),
        ("en to", PASSWORD, "account.name"),
    ],
)
def test_an_account_that_cannot_be_is_refused_and_the_file_stays(
    library: Library, name: str, typed: str, kind: str
) -> None:
    before = (library.folder / "accounts.toml").read_bytes()
    done = accounts(library, "set", name, "--role", "desk", typed=typed)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["kind"] == kind
    assert typed not in done.stdout + done.stderr
    assert (library.folder / "accounts.toml").read_bytes() == before


def test_a_library_without_a_file_of_accounts_says_what_to_write(library: Library, tmp_path: Path) -> None:
    other = library.copy(tmp_path / "library")
    other.rewrite("cprsync.toml", 'accounts = "accounts.toml"\n', "")
    assert other.run("accounts", "list").error["kind"] == "accounts"


def test_the_town_has_the_people_that_these_tests_name() -> None:
    assert {"ANNA", "IVAN", "NINA", "RIKKE"} <= PEOPLE.keys()
