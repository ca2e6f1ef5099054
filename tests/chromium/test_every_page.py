"""Every page of the desk: no violation that axe can see, in both themes on a screen and a telephone, and light."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cprsync.web
from chromium.every_page import LOOKS, look_at_every_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from chromium.every_page import Looked
    from chromium.seat import Seat
    from chromium.town_desk import TownDesk

pytestmark = pytest.mark.xdist_group("chromium")
#: Without fonts, of which there are none.
PAGE_BYTES_MAX = 100 * 1024
#: Only an identity provider leads there.
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
