"""A session warns before it ends, at the desk and on the patrons' pages, and one press lets it last on (WCAG 2.2.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from browser import Browser, Served, serving, serving_both_doors
from test_patron_page import PIN, set_of
from test_sign_in import PASSWORD

from cprsync.web.accounts import hash_password
from cprsync.web.me import area as me_area
from cprsync.web.memory.sessions import IDLE_SECONDS, LONGEST_SECONDS, WARNING_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from doubles import Library


@pytest.fixture
def desk(begun_folder: Library, tmp_path: Path) -> Iterator[Served]:
    """The desk and the patrons' pages, with sessions as a library has them. ANNA has a PIN."""
    library, kept = begun_folder.copy(tmp_path / "library"), hash_password(PASSWORD)
    set_of(library, "ANNA", "pin", PIN)
    with serving_both_doors(library, tmp_path, kept) as served:
        yield served
    library.engine.dispose()


def at_desk(desk: Served) -> Browser:
    return desk.browser().open("/sign-in").send("/sign-in", name="disk", password=PASSWORD)


def at_me(desk: Served) -> Browser:
    return desk.browser().open("/me/sign-in").send("/me/sign-in", card="ANNA", pin=PIN)


#: Who has signed in, where their session lasts on, how long it lasts without a request, and at most.
DOORS = pytest.mark.parametrize(
    ("sit", "at", "idle", "longest"),
    [
        (at_desk, "/session", IDLE_SECONDS, LONGEST_SECONDS),
        (at_me, "/me/session", me_area.IDLE_SECONDS, me_area.LONGEST_SECONDS),
    ],
    ids=["desk", "me"],
)


@DOORS
def test_each_page_says_until_when_the_session_lasts_and_how_to_stay(
    desk: Served, sit: Callable[[Served], Browser], at: str, idle: int, longest: int
) -> None:
    browser = sit(desk)
    page = browser.answer.text
    assert re.search(r"til kl\. <span data-until>\d\d\.\d\d</span>", page)
    assert f'<a href="{at}" target="_blank" rel="noopener">Bliv logget ind</a>' in page
    assert f'data-left="{idle}"' in page
    # without script the style sheet shows the notice in time
    assert f'class="soon after-{(idle - WARNING_SECONDS) // 60}"' in page
    assert f"{idle - WARNING_SECONDS}s" in browser.open("/static/desk.css").answer.text
    assert idle < longest


@DOORS
def test_the_link_lets_the_session_last_on_ten_times(
    desk: Served, sit: Callable[[Served], Browser], at: str, idle: int, longest: int
) -> None:
    browser = sit(desk)
    assert 10 * idle < longest
    for _ in range(10):
        desk.clock.seconds += idle - WARNING_SECONDS / 2
        answer = browser.open(at).answer
        assert (answer.status_code, browser.path) == (200, at)
        assert "Du er logget ind til kl." in browser.text


@DOORS
def test_a_script_is_told_how_long_the_session_lasts(
    desk: Served, sit: Callable[[Served], Browser], at: str, idle: int, longest: int
) -> None:
    browser = sit(desk)
    headers = browser.open(at).answer.headers
    assert (headers["Session-Left"], headers["Session-Is-Last"]) == (str(idle), "no")
    while desk.clock.seconds + idle <= longest:
        desk.clock.seconds += idle / 2
        browser.open(at)
    headers = browser.answer.headers
    assert 0 < int(headers["Session-Left"]) < idle
    assert headers["Session-Is-Last"] == "yes"
    # nothing lets it last on, and the page says so at once
    assert "har været logget ind længe" in browser.text
    assert 'class="soon"' in browser.answer.text


@DOORS
def test_a_session_that_has_ended_does_not_last_on(
    desk: Served, sit: Callable[[Served], Browser], at: str, idle: int, longest: int
) -> None:
    browser = sit(desk)
    desk.clock.seconds += min(idle, longest) + 1
    answer = browser.open(at).answer
    assert "Session-Left" not in answer.headers
    assert browser.path == f"{at.removesuffix('/session')}/sign-in"
    assert "data-left" not in answer.text


def test_nobody_is_warned_where_nobody_signs_in(begun_folder: Library, tmp_path: Path) -> None:
    library = begun_folder.copy(tmp_path / "library")
    with serving(library) as served:
        assert "data-left" not in served.browser().open("/").answer.text
        assert served.browser().open("/session").path == "/"
    library.engine.dispose()
