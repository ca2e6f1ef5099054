"""Where the cursor of a page goes that answers a form. `Browser.post` asks the same of each form in these tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from browser import cursor_of
from test_box import patron_of
from townspeople import cpr

from cprsync.web.app import _SENT

if TYPE_CHECKING:
    from browser import Served


def test_each_form_that_lacks_everything_is_answered_with_the_cursor_at_what_came_of_it(desk: Served) -> None:
    browser, patron = desk.browser().open("/"), patron_of(desk, "ANNA")
    token = browser.token
    for path in _SENT:
        address = re.sub(r"\{\w+:number\}", "4711", path.replace("{patron:patron}", patron))
        browser.post(address, {"form_token": token})
        assert cursor_of(browser.answer) is not None, path


@pytest.mark.parametrize("sent", [{"typed": "ANNA"}, {"typed": "K404"}, {"typed": ""}])
def test_a_search_leads_to_whose_record_it_is_or_back_into_the_box_that_says_why_not(
    desk: Served, sent: dict[str, str]
) -> None:
    browser = desk.browser().open("/").send("/find", **sent)
    cursor = cursor_of(browser.answer)
    if sent["typed"] == "ANNA":
        assert (cursor.tag, cursor.get("id")) == ("h1", "whose")
    else:
        assert cursor.get("id") == "typed"
        assert "problem" in cursor.get("aria-describedby").split()


def test_nothing_but_the_attribute_moves_the_cursor(desk: Served) -> None:
    """Without script the cursor goes to the same place."""
    browser = desk.browser().open("/").send("/find", typed=cpr("EDITH").digits)
    browser.send("/register/look-up", purpose="registration")
    assert "autofocus" in browser.answer.text
    assert ".focus()" not in desk.browser().open("/static/desk.js").answer.text.partition("addEventListener")[0]
