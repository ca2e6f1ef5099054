"""A request that is slow, broken off or no form at all holds up nobody and is no error."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from cprsync.web import serving, visit

if TYPE_CHECKING:
    from browser import Served


#: How long a drip goes on, unless it is stopped.
DRIPS_SECONDS = 10


def connect(desk: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(desk.url).port or 0), timeout=20)


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"GET / HTTP/1.1\r\n\r\n"[:-1]])
def test_a_connection_that_sends_no_request_is_closed(
    desk: Served, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(serving, "_REQUEST_SECONDS", 0.3)
    with connect(desk) as slow:
        slow.sendall(begun)
        assert slow.recv(1) == b""


def test_a_connection_that_drips_a_request_is_closed(desk: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_REQUEST_SECONDS", 0.5)
    began = time.monotonic()
    with connect(desk) as slow, suppress(OSError):
        slow.sendall(b"GET / HTTP/1.1\r\n")
        while time.monotonic() - began < DRIPS_SECONDS:
            slow.sendall(b"X: y\r\n")
            time.sleep(0.05)
    assert time.monotonic() - began < DRIPS_SECONDS


#: More than the desk has room for.
MANY = 210


@pytest.mark.parametrize("sends", ["nothing", "a part of a head", "a part of a form", "one request and no other"])
def test_many_connections_that_wait_for_their_browser_keep_nobody_out(desk: Served, sends: str) -> None:
    browser = desk.browser().open("/")
    head = f"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: cprsync={browser.jar.cookies['cprsync']}\r\n"
    form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nform_token="
    begun = {
        "nothing": "",
        "a part of a head": head,
        "a part of a form": head.replace("GET /", "POST /find") + form,
        "one request and no other": head.replace("GET /", "GET /static/desk.svg") + "\r\n",
    }[sends].encode()
    with ExitStack() as open_:
        for _ in range(MANY):
            open_.enter_context(connect(desk)).sendall(begun)
        # a browser that loses a connection it has used asks again on a new one; requests does not
        browser.jar.close()
        browser.open("/")
        assert browser.answer.status_code == 200
        # also whoever is in the middle of something: there is no such patron
        assert browser.send("/find", typed="nobody").answer.status_code == 404


def test_a_connection_that_is_used_stays_open(desk: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_REQUEST_SECONDS", 0.3)
    with connect(desk) as used:
        for _ in range(4):
            used.sendall(b"GET /static/desk.svg HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(0.2)
            assert used.recv(65_536).startswith(b"HTTP/1.1 200")


def test_a_form_that_never_ends_is_refused(desk: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "FORM_SECONDS", 0.3)
    browser = desk.browser().open("/")
    head = (
        f"POST /find HTTP/1.1\r\nHost: localhost\r\nCookie: cprsync={browser.jar.cookies['cprsync']}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nform_token="
    )
    with connect(desk) as slow:
        slow.sendall(head.encode())
        assert slow.recv(65_536).startswith(b"HTTP/1.1 400")


def test_a_browser_that_hangs_up_is_no_error(desk: Served, capfd: pytest.CaptureFixture[str]) -> None:
    browser = desk.browser().open("/")
    head = (
        f"POST /find HTTP/1.1\r\nHost: localhost\r\nCookie: cprsync={browser.jar.cookies['cprsync']}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nform_token="
    )
    with connect(desk) as gone:
        gone.sendall(head.encode())
        time.sleep(0.2)
    time.sleep(0.3)
    assert "web.crashed" not in "".join(capfd.readouterr())
    assert desk.browser().open("/").answer.status_code == 200


def test_a_form_with_a_sign_that_nobody_types_is_refused(desk: Served) -> None:
    """PostgreSQL keeps no NUL, and no person types one."""
    browser = desk.browser().open("/").send("/find", typed="K\x001")
    assert browser.answer.status_code == 400
