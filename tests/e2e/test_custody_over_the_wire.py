"""Custody that leaves the person who answers for a child, over the real protocols: asked once, answered, and over."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import Library, new_library
from test_feed_accept import deliver
from test_protection_over_the_wire import next_delivery
from town import PEOPLE, PEOPLE_FILE

from cprsync.mock import control
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path, mock_keys: Path) -> Iterator[tuple[Library, dict[str, Any], Path]]:
    """LIV and QUINNIE, who has custody of her alone, are patrons; QUINNIE answers for LIV."""
    folder = tmp_path / "mock"
    shutil.copytree(mock_keys, folder)
    with running(folder, PEOPLE_FILE) as ready:
        library = new_library(tmp_path / "library", folder, ["LIV", "QUINNIE"])
        deliver(library, *next_delivery(ready, folder))
        assert library.call("sync").exit == 0
        ids = {person.number.digits: patron for patron, person in library.persons_by_patron().items()}
        liv, quinnie = (ids[PEOPLE[key]["number"]] for key in ("LIV", "QUINNIE"))
        assert library.call("patron", "responsible", liv, "add", "--responsible", quinnie).exit == 0
        yield library, ready, folder


def night(site: tuple[Library, dict[str, Any], Path], *events: tuple[str, ...]) -> int:
    library, ready, folder = site
    for one in events:
        control.event(ready, *one)
    deliver(library, *next_delivery(ready, folder))
    ran = library.call("sync")
    assert not [key for key in ("LIV", "QUINNIE", "THOMAS") if PEOPLE[key]["number"] in ran.out]
    return ran.exit


def waiting(library: Library) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = library.call("review", "list").document["items"]
    return [one for one in items if one["kind"] == "responsible.custody"]


def test_staff_are_asked_once_about_custody_that_has_left_the_responsible_person(
    site: tuple[Library, dict[str, Any], Path],
) -> None:
    library = site[0]
    assert night(site, ("custody", "LIV")) == 0
    assert waiting(library) == []
    assert night(site, ("custody", "LIV", "THOMAS")) == 3
    (item,) = waiting(library)
    told = library.text("review", "show", str(item["id"]))
    assert "forældremyndighed" in told
    assert PEOPLE["THOMAS"]["name"]["addressing"] not in told
    assert library.call("review", "reject", str(item["id"]), "--reason", "Svarer stadig").exit == 0
    assert night(site, ("resend", "LIV")) == 0
    assert waiting(library) == []
    (link,) = library.call("patron", "responsible", item["patron"], "list").document["responsibles"]
    assert link["in_force"]
