"""A supervisor opens what a Koha did not take: both sides in the browser, from the mock's Koha as it is now."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from e2e_library import Library, new_library, personal
from test_serve_command import opened
from town import PEOPLE, PEOPLE_FILE

from chromium.every_page import TWO_LOOKS, look_at
from chromium.seat import sit_down
from cprsync.cli.demo.koha_week import SETTINGS
from cprsync.mock import control
from cprsync.mock.koha import calls
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from playwright.sync_api import Browser

    from chromium.seat import Seat

pytestmark = pytest.mark.xdist_group("chromium")
#: DAVID is not in Koha, and HELLE, who is protected, is there twice. No adult's category is there.
KEYS = ["BO", "DAVID", "HELLE"]
MORE = 'categories = { Voksen = "VOKSNE" }\n'


class Refused:
    """A desk whose Koha did not take three patrons."""

    def __init__(self, ready: dict[str, Any], library: Library, url: str) -> None:
        self.ready, self.url = ready, url
        told = {code: one for one in library.call("review", "list").document["items"] for code in _codes(one)}
        #: the item of each answer
        self.items = {code: one["id"] for code, one in told.items()}


def _codes(item: dict[str, Any]) -> list[str]:
    return [one["code"] for one in item.get("targets", [])]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Refused]:
    folder = tmp_path_factory.mktemp("refused")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE, with_koha=True) as ready:
        library = new_library(folder / "library", folder / "mock", KEYS)
        assert library.call("sync").exit in {0, 3, 4}
        calls.seed(ready, who=["BO", "HELLE"])
        calls.twin(ready, who="HELLE")
        config = library.folder / "cprsync.toml"
        with config.open("a", encoding="utf-8") as file:
            text = SETTINGS.format(ca=ready["ca"], **ready["koha"]) + MORE
            file.write(text.replace('"status"]', '"status", "group"]'))
        assert library.call("sync").exit == 3
        with opened(library, folder / "errors") as desk:
            yield Refused(ready, library, desk.url.rstrip("/"))


@pytest.fixture
def seat(chromium: Browser, refused: Refused) -> Iterator[Seat]:
    seat = sit_down(chromium, refused.url)
    yield seat
    control.calm(refused.ready)
    seat.watch.look(seat.page)
    seat.page.context.close()
    assert seat.watch.find_problems(personal()) == []


def test_what_koha_did_not_take_stands_field_by_field_beside_what_it_has(seat: Seat, refused: Refused) -> None:
    seat.open(f"/reviews/{refused.items['unknown_category']}")
    assert "kategorien findes ikke (unknown_category)" in seat.text
    row = seat.page.locator(".target tr", has_text="Kategori")
    assert row.locator("td").all_inner_texts() == ["VOKSNE", "VOKSEN"]
    assert look_at(seat, TWO_LOOKS).violations == []


def test_of_a_protected_patron_nothing_is_shown_of_either_side(seat: Seat, refused: Refused) -> None:
    seat.open(f"/reviews/{refused.items['two_patrons']}")
    assert "2 lånere i koha har CPR-nummeret" in seat.text
    assert "Skjulte oplysninger vises ikke" in seat.text
    source = seat.page.content()
    helle = PEOPLE["HELLE"]
    hidden = [helle["number"], *helle["name"].values(), "Teglbrændervænget"]
    assert [word for word in hidden if word and len(word) > 3 and word in source] == []
    assert look_at(seat, TWO_LOOKS).violations == []


def test_whom_koha_does_not_have_is_shown_with_what_to_do_there(seat: Seat, refused: Refused) -> None:
    seat.open(f"/reviews/{refused.items['unknown_patron']}")
    assert "Opret låneren i koha, og send igen" in seat.text
    seat.read_in_english()
    assert "Add the patron in koha, and send it again" in seat.text


def test_while_koha_serves_nobody_the_item_is_shown_with_our_side(seat: Seat, refused: Refused) -> None:
    control.fault(refused.ready, "koha-maintenance", times=100)
    seat.open(f"/reviews/{refused.items['unknown_category']}")
    assert "koha kunne ikke spørges nu. Prøv igen om lidt." in seat.text
    assert seat.page.locator(".target th[scope=col]").all_inner_texts() == ["Felt", "cprsync har"]
    assert look_at(seat, TWO_LOOKS).violations == []
