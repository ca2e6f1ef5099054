"""Requests that no browser sends: nothing of them is believed, and nothing is written."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
from browser import serving
from doubles import unowned
from test_box import patron_of

from cprsync.web.visit import FORM_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser import Served
    from doubles import Library

_SECONDS = 20
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def desk(begun_folder: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One desk for all of them: none may leave anything behind."""
    library = begun_folder.copy(tmp_path_factory.mktemp("attacked") / "library")
    with serving(library) as served:
        before = library.everything()
        yield served
        # the audit has which records were looked at
        assert unowned(library.everything()) == unowned(before)
        assert served.site.told == []
    library.engine.dispose()


def ask(desk: Served, request: bytes) -> bytes:
    """All that is answered to these bytes, until the desk closes the connection."""
    told = b""
    with socket.create_connection(("127.0.0.1", urlsplit(desk.url).port or 0), timeout=_SECONDS) as raw:
        raw.sendall(request)
        try:
            while more := raw.recv(65_536):
                told += more
        except ConnectionResetError:
            pass
    return told


@pytest.mark.parametrize(
    "line",
    [
        b"X-Long: " + b"x" * 200_000,
        b"".join(b"X-%d: y\r\n" % number for number in range(20_000)).rstrip(),
        b"X-Folded: a\r\n\tb: c\r\nContent-Length: -1",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"No-Colon",
        b"Host: localhost\r\nHost: evil.example",
    ],
    ids=["long", "many", "negative", "two lengths", "no colon", "two hosts"],
)
def test_a_head_that_no_browser_sends_gets_no_page(desk: Served, line: bytes) -> None:
    answer = ask(desk, b"GET /reviews HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + line + b"\r\n\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert b"form_token" not in answer


def test_a_path_that_is_longer_than_any_of_ours_gets_no_page(desk: Served) -> None:
    answer = ask(desk, b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


def test_a_body_in_pieces_ends_where_a_form_may(desk: Served) -> None:
    """It names no length that could be refused at once."""
    browser = desk.browser().open("/")

    def pieces() -> Iterator[bytes]:
        for _ in range(4):
            yield b"a" * (FORM_BYTES_MAX // 2)

    answer = browser.jar.post(f"{desk.url}/find", data=pieces(), headers={"Content-Type": FORM}, timeout=_SECONDS)
    assert answer.status_code == 400


def test_a_request_hidden_in_a_body_is_not_answered(desk: Served) -> None:
    """Two lengths: what one reader takes for a body, another takes for the next request."""
    hidden = b"0\r\n\r\nGET /reviews HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = b"POST /find HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + FORM.encode() + b"\r\n"
    both = b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % len(hidden)
    told = ask(desk, head + both + hidden)
    assert told.startswith(b"HTTP/1.1 400")
    assert told.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "OPTIONS", "PROPFIND"])
def test_a_method_that_no_page_has_tells_nothing(desk: Served, method: str) -> None:
    head = f"{method} /reviews HTTP/1.1\r\nHost: localhost\r\nX-Secret: told\r\nConnection: close\r\n\r\n"
    answer = ask(desk, head.encode())
    assert b"told" not in answer
    assert b"HTTP/1.1 200" not in answer


def test_whoever_asks_for_another_protocol_gets_the_page_and_no_operator_is_told_to_install_it(
    desk: Served, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"GET /reviews HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    assert ask(desk, head).startswith(b"HTTP/1.1 200")
    assert [line for line in caplog.messages if "pgrade" in line or "install" in line] == []


def test_what_a_proxy_would_say_of_a_browser_is_not_believed(desk: Served) -> None:
    """Nobody stands before us: whoever sends these is the browser itself."""
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "10.0.0.1",
        "X-Original-URL": "/nights",
        "X-HTTP-Method-Override": "POST",
    }
    answer = requests.get(f"{desk.url}/reviews", headers=headers, timeout=_SECONDS)
    assert answer.status_code == 200
    assert "evil.example" not in answer.text + str(answer.headers)
    assert "Secure" not in answer.headers["set-cookie"]


def test_a_session_that_somebody_planted_is_none(desk: Served) -> None:
    """Neither a cookie of their choice nor one in the address begins a session under a token that they know."""
    planted = "a" * 43
    for path, cookies in ((f"/?cprsync={planted}", {}), ("/", {"cprsync": planted})):
        answer = requests.get(desk.url + path, cookies=cookies, timeout=_SECONDS)
        assert answer.cookies["cprsync"] != planted
        assert planted not in answer.text


def test_nothing_that_was_typed_comes_back_in_a_header_or_an_address(desk: Served) -> None:
    browser = desk.browser().open("/")
    for typed in ("x\r\nSet-Cookie: planted=1", "//evil.example", "<script>alert(1)</script>"):
        browser.send("/find", typed=typed)
        assert "planted" not in str(browser.answer.headers)
        assert "evil.example" not in browser.answer.url + str(browser.answer.headers)
        assert "<script>alert" not in browser.answer.text
        browser.open("/")


def test_a_page_of_a_patron_is_kept_nowhere_and_framed_by_nobody(desk: Served) -> None:
    headers = requests.get(f"{desk.url}/patrons/{patron_of(desk, 'ANNA')}", timeout=_SECONDS).headers
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert not {"etag", "last-modified", "expires", "location"} & {name.lower() for name in headers}
