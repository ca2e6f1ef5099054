"""Every page of the desk: no violation that axe can see, nothing cut off or covered when enlarged, and light."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cprsync.web
from chromium.every_page import LOOKS, look_at_every_page
from chromium.reflow import find_cut
from chromium.seat import sit_down

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from chromium.every_page import Looked
    from chromium.seat import Seat
    from chromium.town_desk import TownDesk

pytestmark = pytest.mark.xdist_group("chromium")
#: Without fonts, of which there are none.
PAGE_BYTES_MAX = 100 * 1024
#: Only an identity provider leads there: see `test_unusual_pages`.
NOT_LOOKED_AT = {"onward"}


def test_no_page_has_a_violation_or_is_heavy_and_each_template_is_looked_at(
    sit: Callable[..., Seat], town: TownDesk
) -> None:
    looked: dict[str, Looked] = dict(look_at_every_page(town, sit))
    wrong = {name: one.violations for name, one in looked.items() if one.violations}
    assert wrong == {}, f"{len(LOOKS)} looks at each page"
    assert {name: one.size for name, one in looked.items() if one.size > PAGE_BYTES_MAX} == {}
    assert find_templates() - NOT_LOOKED_AT - {one.template for one in looked.values()} == set()


def find_templates() -> set[str]:
    """The templates that are a page, and no part of others."""
    templates = (Path(cprsync.web.__file__).parent / "templates").glob("*.html")
    return {path.stem for path in templates if path.read_text("utf-8").startswith("{% extends")}


@pytest.fixture(scope="module")
def blank(chromium: Browser, town: TownDesk) -> Iterator[Seat]:
    """A window in which a test writes a page of its own."""
    seat = sit_down(chromium, town.url)
    yield seat
    seat.page.context.close()


@pytest.mark.parametrize(
    ("misdeed", "noticed"),
    [
        ("<p>Låneren <b>er her</b></p>", ""),
        ("<pre>" + "Låneren er her " * 30 + "</pre>", "wider than the window"),
        ('<div class="scroll"><pre>' + "Låneren er her " * 30 + "</pre></div>", "no key scrolls it: div"),
        ('<p style="overflow: hidden; white-space: nowrap">' + "Låneren er her " * 30 + "</p>", "cut off: p"),
        ('<p style="margin-left: -2em">Låneren er her</p>', "beside the window: p"),
        ('<p>Låneren er her</p><p style="margin-top: -1.5em">Låneren er gået</p>', "covers p"),
    ],
)
def test_what_cannot_be_read_is_noticed(blank: Seat, misdeed: str, noticed: str) -> None:
    blank.page.set_content(f"<style>p {{ margin: 0 }} .scroll {{ overflow-x: auto }}</style><body>{misdeed}</body>")
    found = find_cut(blank)
    assert any(noticed in one for one in found) is bool(noticed), found
