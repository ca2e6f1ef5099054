"""A protection in a record that has to wait, over the real protocols (decision 43)."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import Library, Ran, new_library
from test_feed_accept import deliver
from town import PEOPLE, PEOPLE_FILE

from cprsync.config.settings import load_settings
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Person, Protection
from cprsync.mock import control
from cprsync.mock.server import running
from cprsync.wiring.site import site_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The number that the mock gives ANNA.
NEW: str = PEOPLE["ANNA"]["next_numbers"][0]


@pytest.fixture
def site(tmp_path: Path, mock_keys: Path) -> Iterator[tuple[Library, dict[str, Any], Path]]:
    """A library that has taken the first delivery, the mock, and where the mock writes its deliveries."""
    folder = tmp_path / "mock"
    shutil.copytree(mock_keys, folder)
    with running(folder, PEOPLE_FILE) as ready:
        library = new_library(tmp_path / "library", folder, ["ANNA", "BO"])
        name, content = next_delivery(ready, folder)
        deliver(library, name, content)
        assert library.call("sync").exit == 0
        yield library, ready, folder


def next_delivery(ready: dict[str, Any], folder: Path) -> tuple[str, bytes]:
    (name,) = control.night(ready)["files"]
    return name, (folder / "IN" / name).read_bytes()


def with_waiting_protection(content: bytes, number: str) -> bytes:
    """Give one person of a delivery a 0001, and take their address away: nothing but that can be decided."""
    _, *records, _ = content.decode("latin-1").splitlines()
    head, *_ = content.decode("latin-1").splitlines()
    left = [one for one in records if one[3:13] != number or one[:3] not in {"002", "003"}]
    at = max(place for place, one in enumerate(left) if one[:13] == f"001{number}")
    left.insert(at + 1, f"004{number}00012026-11-01")
    return "\n".join([head, *left, f"9999999999999{len(left):08}", ""]).encode("latin-1")


def sync_with(library: Library, name: str, content: bytes) -> Ran:
    deliver(library, name, content)
    return library.call("sync")


def record_of(library: Library) -> Person:
    (record,) = [one for one in library.persons() if one.number.digits in {PEOPLE["ANNA"]["number"], NEW}]
    return record


def test_a_new_number_with_a_protection_and_no_address_stays_protected_until_a_later_look_up(
    site: tuple[Library, dict[str, Any], Path],
) -> None:
    library, ready, folder = site
    control.event(ready, "number", "ANNA")
    name, content = next_delivery(ready, folder)
    ran = sync_with(library, name, with_waiting_protection(content, NEW))
    actions = ran.document["actions"]
    assert (actions["renumber"], actions["protect"], actions.get("unprotect")) == (1, 1, None), ran.out
    assert ran.document["windows"]["answered"] == 1
    assert record_of(library).protection is Protection.NAME_AND_ADDRESS
    lifted = []
    for _ in range(2):
        ran = sync_with(library, *next_delivery(ready, folder))
        lifted.append(ran.document["actions"].get("unprotect", 0))
    assert lifted == [0, 1]
    assert record_of(library).protection is not Protection.NAME_AND_ADDRESS


@pytest.mark.parametrize(("on", "begun"), [(date(2024, 3, 1), False), (date(2126, 3, 1), True)])
def test_the_dates_of_a_protection_are_read_by_the_clock_that_the_library_goes_by(
    site: tuple[Library, dict[str, Any], Path], on: date, begun: bool
) -> None:
    """A "no" beside a period without an end is a doubt from the period's first day on (decision 35)."""
    library, ready, folder = site
    control.event(ready, "protect", "ANNA")
    next_delivery(ready, folder)
    control.event(ready, "no-end", "ANNA")
    next_delivery(ready, folder)
    settings = load_settings(library.folder / "cprsync.toml")
    with site_of(settings, None, today=on).counterparts.register() as register:
        answer = register.look_up(CprNumber.parse(PEOPLE["ANNA"]["number"]))
    assert answer.protection is Protection.NAME_AND_ADDRESS
    assert answer.is_end_doubted is begun
