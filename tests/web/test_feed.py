"""The feed over real TLS: a reader shows a certificate or a token, gets its lines, and nobody else gets anything."""

from __future__ import annotations

import base64
import json
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from browser import Clock, Served, serving
from cryptography.hazmat.primitives import hashes, serialization
from doubles import AGENCY
from jsonschema_rs import Draft202012Validator
from test_guides_reader import the_guides_reader
from townspeople import cpr, person

from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.schema import build_schema
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.mock.certs import develop_certificates, make_authority, packaged_profile
from cprsync.services.outward.feeding import LIMIT_MAX
from cprsync.web.accounts import MachineEntry, ReaderEntry, StaffAccounts, hash_secret, write_accounts
from cprsync.web.api import feed
from cprsync.web.memory.rate_limit import AT_ONCE
from cprsync.web.serving import Certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doubles import Library

# all of them ask one desk over TLS
pytestmark = pytest.mark.xdist_group("feed")
SMALL = packaged_profile().with_key_bits(2048)
SECRET, OTHER = "drawn-by-us-and-long-enough", "another-one-that-is-drawn"
WEBSITE = Target("website", TargetKind.FEED, frozenset(OutwardField), ProtectedRule.WITHOUT_ADDRESS)
DOOR = Target("door", TargetKind.FEED, frozenset({OutwardField.GROUP, OutwardField.CARDS}))
NAMES = ("reader", "stranger", "machine", "rogue")


class Feed:
    """The served feed, its file of accounts, and the certificates of its callers."""

    def __init__(self, served: Served, folder: Path, accounts: Path, prints: dict[str, str]) -> None:
        self.served, self.folder, self.accounts, self.prints = served, folder, accounts, prints
        self.ca = str(folder / "ca.pem")

    def write(self, *readers: ReaderEntry) -> None:
        """Let these readers in, and no other."""
        machine = MachineEntry(
            name="automat", certificates=frozenset({self.prints["machine"]}), libraries=frozenset({AGENCY})
        )
        write_accounts(self.accounts, [], [machine], readers)

    def get(self, query: str = "", *, shown: str | None = None, token: str | None = None) -> requests.Response:
        pair = None if shown is None else (str(self.folder / f"{shown}.pem"), str(self.folder / f"{shown}.key"))
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self.served.url}/feed{query}", cert=pair, headers=headers, verify=self.ca, timeout=20)

    def ask_token(self, name: str = "website", secret: str = SECRET, **more: str) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret} | more
        return requests.post(f"{self.served.url}/oauth/token", data=form, verify=self.ca, timeout=20)

    def token(self, name: str = "website", secret: str = SECRET) -> str:
        return str(self.ask_token(name, secret).json()["access_token"])

    def hang(self) -> ssl.SSLSocket:
        """Ask for a page, and do not read it."""
        host, port = urlsplit(self.served.url).hostname, urlsplit(self.served.url).port
        context = ssl.create_default_context(cafile=self.ca)
        context.load_cert_chain(self.folder / "reader.pem", self.folder / "reader.key")
        plain = socket.create_connection((host, port), timeout=20)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        hung = context.wrap_socket(plain, server_hostname=host)
        hung.sendall(f"GET /feed HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        return hung

    def entries(self) -> list[dict[str, Any]]:
        told = [json.loads(bytes.fromhex(row["entry"])) for row in self.served.library.rows("audit")]
        return [one for one in told if one["kind"] == "feed_read"]


def reader(name: str = "website", **more: Any) -> ReaderEntry:
    return ReaderEntry(name=name, libraries=frozenset({AGENCY}), asks_a_minute=6000, **more)


@pytest.fixture(scope="module")
def opened(begun_folder: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    folder, now = tmp_path_factory.mktemp("readers"), datetime.now(UTC)
    made = develop_certificates(folder, now=now, profile=SMALL)
    ours, rogue = (make_authority(one, profile=SMALL, now=now) for one in (folder, tmp_path_factory.mktemp("rogue")))
    prints = {}
    for name in NAMES:
        issued = (rogue if name == "rogue" else ours).issue_client(valid_from=now - timedelta(minutes=1))
        issued.write(folder, name)
        # alone: the issuer is no older than an hour
        (folder / f"{name}.pem").write_bytes(issued.certificate.public_bytes(serialization.Encoding.PEM))
        prints[name] = issued.certificate.fingerprint(hashes.SHA256()).hex()
    library = begun_folder.copy(folder / "library")
    library.sets_targets_up(WEBSITE, DOOR)
    library.night()
    path = folder / "accounts.toml"
    write_accounts(path, [])
    accounts = StaffAccounts(path, agency=AGENCY, monotonic=Clock())
    with serving(library, accounts, certificate=Certificate(made.server, made.server_key, made.ca)) as served:
        yield Feed(served, folder, path, prints)
    library.engine.dispose()


@pytest.fixture
def town(opened: Feed) -> Feed:
    """The feed with its two readers: one by certificate and secret, one by a secret alone."""
    shown = frozenset({opened.prints["reader"]})
    opened.write(reader(secret=hash_secret(SECRET), certificates=shown), reader("door", secret=hash_secret(OTHER)))
    return opened


def lines_of(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.content.splitlines()]


def is_refused(town: Feed, answer: requests.Response, status: int, kind: str) -> None:
    """Nothing of a patron was given, and nothing was written."""
    assert (answer.status_code, answer.json()["kind"]) == (status, kind)
    for key in ("ANNA", "BO", "CLARA", "DAVID"):
        assert person(key).name.addressing not in answer.text
        assert cpr(key).digits not in answer.text


# -- what a reader gets ------------------------------------------------------------------------------------


def test_a_certificate_and_a_token_give_the_same_bytes_and_every_line_fits_the_published_schema(town: Feed) -> None:
    by_certificate, by_token = town.get(shown="reader"), town.get(token=town.token())
    assert by_certificate.content == by_token.content
    told = requests.get(f"{town.served.url}/feed/schema", verify=town.ca, timeout=20)
    assert told.json() == build_schema()
    *patrons, end = lines_of(by_token)
    assert len(patrons) == 4
    assert set(end) == {"next", "more"}
    for line in (*patrons, end):
        Draft202012Validator(told.json()).validate(line)


def test_two_readers_get_their_own_fields_and_their_lines_fit_their_own_schema(town: Feed) -> None:
    *patrons, _ = lines_of(town.get(token=town.token("door", OTHER)))
    # BO is protected, and this reader is to hear of nobody who is
    assert len(patrons) == 3
    for line in patrons:
        assert set(line) == {"patron", "version", "protected", "verified", "group", "cards"}
        Draft202012Validator(build_schema(DOOR.fields)).validate(line)
    assert any("name" in line for line in lines_of(town.get(shown="reader")))


def test_pages_lead_to_the_end_and_each_is_in_the_audit_before_it_is_given(town: Feed) -> None:
    before, after, found = len(town.entries()), "", 0
    for _ in range(9):
        *patrons, end = lines_of(town.get(f"?limit=1&after={after}", shown="reader"))
        found, after = found + len(patrons), end["next"]
        if not end["more"]:
            break
    assert found == 4
    written = town.entries()[before:]
    assert [one["actions"][-1] for one in written] == [*["lines:1"] * 4, "lines:0"]
    assert {(one["user"], one["target"]) for one in written} == {("website", "website")}


def test_the_reader_in_the_guide_ends_with_what_the_feed_tells(town: Feed) -> None:
    *patrons, end = lines_of(town.get(shown="reader"))
    with requests.Session() as session, closing(sqlite3.connect(":memory:")) as db:
        session.trust_env, session.verify = False, str(town.ca)
        session.headers["Authorization"] = f"Bearer {town.token()}"
        for _ in range(2):
            the_guides_reader()["catch_up"](session, town.served.url, db)
        kept = [json.loads(text) for (text,) in db.execute("SELECT line FROM patron ORDER BY number")]
        assert kept == sorted(patrons, key=lambda one: one["patron"])
        assert db.execute("SELECT cursor FROM place").fetchall() == [(end["next"],)]


def test_curl_reads_a_page_as_the_guide_says_with_a_secret_from_a_file(town: Feed, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(f"{SECRET}\n", encoding="utf-8")
    form = ["-d", "grant_type=client_credentials", "-d", "client_id=website"]
    form += ["--data-urlencode", f"client_secret@{tmp_path / 'secret.txt'}"]
    curl = ["curl", "-s", "--cacert", town.ca]
    told = subprocess.run([*curl, *form, f"{town.served.url}/oauth/token"], capture_output=True, check=True)
    token = json.loads(told.stdout)["access_token"]
    page = subprocess.run(
        [*curl, "-H", f"Authorization: Bearer {token}", f"{town.served.url}/feed?limit=2"],
        capture_output=True,
        check=True,
    )
    assert [set(json.loads(line)) & {"patron", "next"} for line in page.stdout.splitlines()] == [
        {"patron"},
        {"patron"},
        {"next"},
    ]


# -- who gets nothing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [None, "stranger", "machine"])
def test_nobody_without_a_readers_certificate_gets_a_byte(town: Feed, shown: str | None) -> None:
    before = town.served.library.everything()
    is_refused(town, town.get(shown=shown), 401, "reader.unknown")
    assert town.served.library.everything() == before


def test_a_certificate_of_another_issuer_is_refused_by_tls(town: Feed) -> None:
    before = town.served.library.everything()
    with pytest.raises(requests.exceptions.ConnectionError):
        town.get(shown="rogue")
    assert town.served.library.everything() == before


def test_a_token_that_was_made_up_altered_or_is_a_cursor_opens_nothing(town: Feed) -> None:
    token = town.token()
    cursor = lines_of(town.get("?limit=1", shown="reader"))[-1]["next"]
    before = town.served.library.everything()
    made_up = base64.urlsafe_b64encode(b"x" * 16 + f"token|{AGENCY}|website|0|9999999999".encode()).decode()
    for wrong in ("", "x", token[:-1], token[1:], token.swapcase(), cursor, made_up):
        # a certificate does not help whoever shows a wrong token
        is_refused(town, town.get(shown="reader", token=wrong), 401, "reader.unknown")
    assert town.served.library.everything() == before


@pytest.mark.parametrize(
    ("asked", "error", "status"),
    [
        ({"secret": "wrong"}, "invalid_client", 401),
        ({"secret": f"{SECRET} "}, "invalid_client", 401),
        ({"name": "nobody"}, "invalid_client", 401),
        ({"name": "door"}, "invalid_client", 401),
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
    ],
)
def test_no_token_is_given_for_a_wrong_name_secret_or_grant(
    town: Feed, asked: dict[str, str], error: str, status: int
) -> None:
    before = town.served.library.everything()
    answer = town.ask_token(**asked)
    assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert town.served.library.everything() == before


def test_a_token_ends_with_its_secret_and_with_its_reader(town: Feed) -> None:
    token = town.token()
    assert town.get(token=token).status_code == 200
    town.write(reader(secret=hash_secret("drawn again")))
    before = town.served.library.everything()
    is_refused(town, town.get(token=token), 401, "reader.unknown")
    town.write()
    is_refused(town, town.get(token=token), 401, "reader.unknown")
    is_refused(town, town.get(shown="reader"), 401, "reader.unknown")
    assert town.served.library.everything() == before


def test_a_token_is_good_for_minutes(town: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cprsync.web.api.readers.TOKEN_SECONDS", -1)
    token, before = town.token(), town.served.library.everything()
    is_refused(town, town.get(token=token), 401, "reader.unknown")
    assert town.served.library.everything() == before


def test_another_readers_cursor_and_a_forged_one_are_refused(town: Feed) -> None:
    theirs = lines_of(town.get("?limit=1", token=town.token("door", OTHER)))[-1]["next"]
    own = lines_of(town.get("?limit=1", shown="reader"))[-1]["next"]
    before = town.served.library.everything()
    for cursor in (theirs, own[:-1], own.swapcase(), "AAAA", "%00", "9" * 5000):
        is_refused(town, town.get(f"?after={cursor}", shown="reader"), 422, "cursor.unknown")
    assert town.served.library.everything() == before


@pytest.mark.parametrize(
    "query", [f"?limit={LIMIT_MAX + 1}", "?limit=0", "?limit=-1", "?limit=1e3", "?limit=1&limit=2", "?name=x"]
)
def test_a_giant_limit_and_an_unknown_question_are_refused(town: Feed, query: str) -> None:
    before = town.served.library.everything()
    is_refused(town, town.get(query, shown="reader"), 422, "request.query")
    assert town.served.library.everything() == before


def test_a_reader_who_asks_too_often_waits(town: Feed) -> None:
    town.write(reader("door", secret=hash_secret(OTHER)).model_copy(update={"asks_a_minute": 1}))
    token = town.token("door", OTHER)
    answers = [town.get(token=token) for _ in range(2)]
    before = town.served.library.everything()
    # the other tests have asked within this minute too
    is_refused(town, answers[-1], 429, "reader.busy")
    assert answers[-1].headers["retry-after"] == "5"
    assert town.served.library.everything() == before


@contextmanager
def hung(town: Feed) -> Iterator[list[ssl.SSLSocket]]:
    """As many readers as may fetch at once, none of whom takes the page. It is larger than any buffer."""
    began = threading.Semaphore(0)
    with ExitStack() as open_, pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed.FeedReader, "fetch", lambda *_: began.release() or SimpleNamespace(body=b"\n" * 2**26))
        slow = [open_.enter_context(town.hang()) for _ in range(AT_ONCE)]
        assert all(began.acquire(timeout=20) for _ in slow)
        patch.undo()
        yield slow


def is_free_again(town: Feed) -> bool:
    until = time.monotonic() + 20
    while town.get(shown="reader").status_code != 200 and time.monotonic() < until:
        time.sleep(0.1)
    return town.get(shown="reader").status_code == 200


def test_a_reader_who_fetches_too_much_at_once_waits_and_holds_up_nobody_else(town: Feed) -> None:
    with hung(town) as slow:
        before = town.served.library.everything()
        is_refused(town, town.get(shown="reader"), 429, "reader.busy")
        assert town.served.library.everything() == before
        assert town.get(token=town.token("door", OTHER)).status_code == 200
        for one in slow:
            one.close()
        assert is_free_again(town)


def test_a_reader_who_does_not_take_the_page_is_hung_up_on(town: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SEND_SECONDS", 0.2)
    with hung(town):
        assert is_free_again(town)
