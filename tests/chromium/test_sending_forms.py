"""A form is sent once, and the page says so to whoever sends it again before the answer is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from town import number

if TYPE_CHECKING:
    from collections.abc import Callable

    from chromium.seat import Seat

pytestmark = pytest.mark.xdist_group("chromium")
SENT = "Det er sendt"


def test_a_form_that_waits_for_its_answer_says_so_when_it_is_sent_again(sit: Callable[..., Seat]) -> None:
    """The browser's stop leaves the page as it is: the button would do nothing, and say nothing."""
    seat = sit("skranke")
    seat.open("/").type_into("typed", number("ANNA"))
    posts: list[str] = []
    seat.page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    seat.page.route("**/find", lambda route: route.abort("aborted"))
    seat.find("Find").click()
    assert SENT not in seat.text
    seat.find("Find").click()
    assert SENT in seat.text
    # a screen reader reads it
    assert seat.is_at.startswith(SENT)
    assert len(posts) == 1
    seat.page.unroute("**/find")
    seat.page.reload()
    assert SENT not in seat.text
    assert seat.type_into("typed", number("ANNA")).click("Find").path.startswith("/patrons/")
