"""What a window is watched for is noticed; and what a whole browser keeps on its disk after a day at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from town import PEOPLE, number

from chromium.launching import list_arguments
from chromium.seat import Seat, sit_down
from chromium.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from chromium.town_desk import TownDesk

pytestmark = pytest.mark.xdist_group("chromium")


@pytest.mark.parametrize(
    ("misdeed", "noticed"),
    [
        ("new Image().src = 'https://elsewhere.example/one.png'", "asked another host"),
        ("document.body.style = 'color: red'; document.body.setAttribute('style', 'color: red')", "the console says"),
        ("console.error('lost')", "the console says: lost"),
        ("setTimeout(() => { throw new Error('lost') })", "a script failed"),
        ("localStorage.setItem('who', 'somebody')", "kept in the browser: who"),
        ("sessionStorage.setItem('who', 'somebody')", "kept in the browser: who"),
        ("document.title = 'Sejersen'; history.pushState(null, '', '/?Sejersen')", "1 words of persons in the history"),
    ],
)
def test_a_misdeed_of_a_page_is_noticed(chromium: Browser, town: TownDesk, misdeed: str, noticed: str) -> None:
    seat = sit_down(chromium, town.url).open("/sign-in")
    seat.page.evaluate(misdeed)
    seat.page.wait_for_timeout(50)
    seat.watch.look(seat.page)
    seat.page.context.close()
    assert [one for one in seat.watch.find_problems(["Sejersen"]) if one.startswith(noticed)]


def test_a_day_at_the_desk_leaves_nothing_of_anyone_on_the_disk(
    chromium: Browser, executable: str, town: TownDesk, tmp_path: Path
) -> None:
    """As bytes, in all that a browser with a folder of its own has written: history, cache, forms, sessions."""
    context = chromium.browser_type.launch_persistent_context(
        tmp_path / "profile", executable_path=executable, args=list_arguments(), ignore_https_errors=True
    )
    page = context.pages[0]
    seat = Seat(page, town.url, Watch(town.url)).sign_in_as("skranke")
    seat.open("/").type_into("typed", number("DAVID")).click("Find")
    assert PEOPLE["DAVID"]["name"]["addressing"] in seat.text
    seat.open("/").type_into("typed", number("JOHANNE")).click("Find")
    seat.open("/").type_into("typed", number("MOGENS")).click("Find").click("Slå op i CPR og indmeld")
    seat.type_into("cards", "K90004").type_into("telephones", "20304051").type_into("emails", "kurt@example.dk")
    context.close()
    words = {"K90004", "20304051", "kurt@example.dk", *personal_words("DAVID", "JOHANNE", "MOGENS")}
    written = list(read_files(tmp_path / "profile"))
    assert any(b"/patrons/" in content for content in written)
    assert [word for word in words if any(is_in(word, content) for content in written)] == []


def personal_words(*keys: str) -> set[str]:
    found = {number(key) for key in keys}
    for key in keys:
        found |= {PEOPLE[key]["name"]["last"], PEOPLE[key]["name"]["addressing"], PEOPLE[key]["address"]["road"]}
    return found


def read_files(folder: Path) -> Iterator[bytes]:
    yield from (path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def is_in(word: str, content: bytes) -> bool:
    return word.encode() in content or word.encode("utf-16-le") in content
