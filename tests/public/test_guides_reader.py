"""The reader on the page for those who build: a stop loses nothing, it waits as it is told, and it begins anew."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cprsync.errors import CprsyncError
from cprsync.resources import guide_paths
from cprsync.web.api.problems import answer_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

URL = "https://localhost"


def the_guides_reader() -> dict[str, Any]:
    """What the example defines, as it stands on the page."""
    page = guide_paths()["integrator"].read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(import json, sqlite3, time\n.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)  # noqa: S102 -- the example of our own guide
    return names


def line(patron: str, version: int, *, gone: bool = False) -> dict[str, Any]:
    return {"patron": patron, "version": version} | ({"gone": True} if gone else {"group": "Voksen"})


class Feed(requests.Session):
    """Answers as the feed does: a page for each cursor, after what else is to come first."""

    def __init__(self, pages: dict[str, tuple[list[dict[str, Any]], str, bool]]) -> None:
        super().__init__()
        self.pages = pages
        #: for each request what is answered instead; None: the page
        self.first: list[tuple[int, dict[str, str]] | None] = []
        self.asked: list[str] = []

    def get(self, url: str | bytes, **how: Any) -> requests.Response:
        assert (url, how["timeout"]) == (f"{URL}/feed", 60)
        self.asked.append(how["params"]["after"])
        answer = requests.Response()
        instead = self.first.pop(0) if self.first else None
        if instead is not None:
            answer.status_code = instead[0]
            answer.headers.update(instead[1])
            answer._content = b"{}"
            return answer
        lines, after, more = self.pages[how["params"]["after"]]
        answer.status_code = 200
        answer._content = b"".join(json.dumps(one).encode() + b"\n" for one in [*lines, {"next": after, "more": more}])
        return answer


PAGES = {
    "": ([line("1", 1), line("2", 2)], "c2", True),
    "c2": ([line("3", 3), line("1", 4, gone=True)], "c4", False),
    "c4": ([], "c4", False),
}


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as db:
        yield db


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the reader has waited."""
    found: list[float] = []
    monkeypatch.setattr("time.sleep", found.append)
    return found


@pytest.fixture
def catch_up() -> Callable[..., None]:
    found: Callable[..., None] = the_guides_reader()["catch_up"]
    return found


def held(db: sqlite3.Connection) -> dict[str, int]:
    return {number: json.loads(text)["version"] for number, text in db.execute("SELECT number, line FROM patron")}


def test_it_holds_what_was_told_and_asks_behind_it_the_next_time(
    db: sqlite3.Connection, catch_up: Callable[..., None]
) -> None:
    feed = Feed(PAGES)
    catch_up(feed, URL, db)
    assert held(db) == {"2": 2, "3": 3}
    catch_up(feed, URL, db)
    assert feed.asked == ["", "c2", "c4"]


def test_it_trusts_the_issuers_of_its_session_whatever_the_environment_names(
    db: sqlite3.Connection, catch_up: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(PAGES)
    feed.verify = "ours.pem"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "theirs.pem")
    catch_up(feed, URL, db)
    assert feed.merge_environment_settings(URL, {}, None, None, None)["verify"] == "ours.pem"


def test_a_stop_between_two_pages_loses_neither_the_first_page_nor_its_cursor(
    db: sqlite3.Connection, catch_up: Callable[..., None]
) -> None:
    feed = Feed(PAGES)
    feed.first = [None, (500, {})]
    with pytest.raises(requests.HTTPError):
        catch_up(feed, URL, db)
    assert held(db) == {"1": 1, "2": 2}
    catch_up(feed, URL, db)
    assert feed.asked == ["", "c2", "c2"]
    assert held(db) == {"2": 2, "3": 3}


def test_a_page_that_cannot_be_kept_moves_no_cursor(db: sqlite3.Connection, catch_up: Callable[..., None]) -> None:
    broken = Feed({**PAGES, "c2": ([line("3", 3), {"version": 4}], "c4", False)})
    with pytest.raises(KeyError):
        catch_up(broken, URL, db)
    assert held(db) == {"1": 1, "2": 2}
    catch_up(Feed(PAGES), URL, db)
    assert held(db) == {"2": 2, "3": 3}


@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_as_long_as_it_is_told_and_asks_for_the_same_page(
    db: sqlite3.Connection, naps: list[float], catch_up: Callable[..., None], status: int
) -> None:
    feed = Feed(PAGES)
    feed.first = [(status, {"Retry-After": "7"}), None, (status, {}), (status, {"Retry-After": "86400"})]
    catch_up(feed, URL, db)
    assert naps == [7, 5, 600]
    assert feed.asked == ["", "", "c2", "c2", "c2"]
    assert held(db) == {"2": 2, "3": 3}


def test_it_does_not_wait_for_ever(db: sqlite3.Connection, naps: list[float], catch_up: Callable[..., None]) -> None:
    feed = Feed(PAGES)
    feed.first = [(503, {"Retry-After": "1"})] * 9
    with pytest.raises(requests.HTTPError):
        catch_up(feed, URL, db, waits=3)
    assert len(naps) == 3


@pytest.mark.parametrize("kind", ["reader.busy", "target.put_back", "target.not_loaded"])
def test_it_waits_as_long_as_the_feed_says_and_ends_when_it_has_waited_as_often_as_the_page_says(
    db: sqlite3.Connection, naps: list[float], catch_up: Callable[..., None], kind: str
) -> None:
    feed = Feed(PAGES)
    catch_up(feed, URL, db)
    told = asyncio.run(answer_refusal(None, CprsyncError("later", kind=kind))).headers["Retry-After"]  # type: ignore[arg-type]  # it reads no request
    feed.first = [(503, {"Retry-After": told})] * 61
    with pytest.raises(requests.HTTPError):
        catch_up(feed, URL, db)
    assert naps == [int(told)] * 60
    assert "it waits 60 times in one call" in guide_paths()["integrator"].read_text(encoding="utf-8")
    assert held(db) == {"2": 2, "3": 3}
    catch_up(feed, URL, db)
    assert feed.asked[2:] == ["c4"] * 62


def test_after_a_lost_cursor_who_is_told_of_no_more_goes_at_the_end_of_the_new_round(
    db: sqlite3.Connection, catch_up: Callable[..., None]
) -> None:
    catch_up(Feed(PAGES), URL, db)
    again = Feed({"": ([line("3", 9)], "d1", True), "d1": ([line("4", 10)], "d2", False)})
    again.first = [(410, {}), None, (500, {})]
    with pytest.raises(requests.HTTPError):
        catch_up(again, URL, db)
    # the round is not over: nobody is deleted yet
    assert held(db) == {"2": 2, "3": 9}
    catch_up(again, URL, db)
    assert held(db) == {"3": 9, "4": 10}
    assert again.asked == ["c4", "", "d1", "d1"]
