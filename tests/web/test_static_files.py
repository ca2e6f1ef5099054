"""Style sheets and scripts: fetched once by a browser, and never an older one on a newer page."""

from __future__ import annotations

import re
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import pytest
import requests

from cprsync.web.app import HEADERS

if TYPE_CHECKING:
    from browser import Served

_SECONDS: Final = 20
_NAMED: Final = re.compile(r'(?:href|src)="(/static/[^"]+)"')
FOREVER: Final = "public, max-age=31536000, immutable"


def test_every_file_that_a_page_names_is_kept_for_good_under_the_address_of_its_content(desk: Served) -> None:
    named = _NAMED.findall(requests.get(desk.url, timeout=_SECONDS).text)
    assert len(named) == 5
    for address in named:
        answer = requests.get(desk.url + address, timeout=_SECONDS)
        assert answer.headers["cache-control"] == FOREVER
        assert address.split("/")[2] == sha256(answer.content).hexdigest()[:16]
        assert {**HEADERS, "Cache-Control": FOREVER}.items() <= answer.headers.items()


def test_no_page_names_a_file_but_by_its_content() -> None:
    templates = files("cprsync.web") / "templates"
    pages = [*templates.iterdir(), *(templates / "me").iterdir()]
    assert [page.name for page in pages if page.is_file() and "/static/" in page.read_text("utf-8")] == []


@pytest.mark.parametrize("address", ["/static/desk.css", "/static/0123456789abcdef/desk.css"])
def test_a_file_asked_for_without_its_content_is_not_kept_for_good(desk: Served, address: str) -> None:
    """A page that was opened before an upgrade asks by the old content, and gets the new one."""
    answer = requests.get(desk.url + address, timeout=_SECONDS)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=300")


def test_a_file_that_is_not_there_is_kept_by_nobody(desk: Served) -> None:
    answer = requests.get(f"{desk.url}/static/0123456789abcdef/none.css", timeout=_SECONDS)
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
