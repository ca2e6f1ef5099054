"""A protection in a record that has to wait (decision 43), and one with an end date, over the real protocols."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import Library, Ran, new_library
from test_feed_accept import deliver
from town import PEOPLE, PEOPLE_FILE

from cprsync.config.clock import StillClock
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


def without_protection(content: bytes, number: str) -> bytes:
    """A delivery that no longer has the person's 0001."""
    head, *records, _ = content.decode("latin-1").splitlines()
    left = [one for one in records if one[:3] + one[3:13] + one[13:17] != f"004{number}0001"]
    assert len(left) == len(records) - 1
    return "\n".join([head, *left, f"9999999999999{len(left):08}", ""]).encode("latin-1")


@pytest.mark.parametrize(
    ("days_after", "lifts", "waiting"),
    [(1, 1, []), (0, 0, ["protection.contradicted"]), (-1, 0, ["protection.contradicted"])],
)
def test_a_protection_is_lifted_only_if_its_end_date_has_passed_whatever_file_and_flag_say(
    site: tuple[Library, dict[str, Any], Path], days_after: int, lifts: int, waiting: list[str]
) -> None:
    """The file has no 0001, and the look-up says "no" beside an end date of yesterday, today or tomorrow."""
    library, ready, folder = site
    control.event(ready, "protect", "ANNA")
    assert sync_with(library, *next_delivery(ready, folder)).exit == 0
    today = date.fromisoformat(control.state(ready)["day"]) + timedelta(days=1)
    control.event(ready, "end-date", "ANNA", (today - timedelta(days=days_after)).isoformat())
    name, content = next_delivery(ready, folder)
    for _ in range(2):
        # the register's clock is ahead of the library's, so that it has deleted the protection
        control.day(ready)
    deliver(library, name, without_protection(content, PEOPLE["ANNA"]["number"]))
    ran = library.call("sync", "--today", today.isoformat())
    assert ran.document["actions"].get("unprotect", 0) == lifts, ran.out
    assert (record_of(library).protection is Protection.NAME_AND_ADDRESS) is not bool(lifts)
    assert [one["kind"] for one in library.call("review", "list").document["items"]] == waiting


def test_a_protection_is_kept_through_its_last_day_and_ends_with_the_file_that_deletes_it(
    site: tuple[Library, dict[str, Any], Path],
) -> None:
    library, ready, folder = site
    control.event(ready, "protect", "ANNA")
    assert sync_with(library, *next_delivery(ready, folder)).exit == 0
    control.event(ready, "end-date", "ANNA", "2027-03-30")
    seen = []
    for _ in range(4):
        name, content = next_delivery(ready, folder)
        assert sync_with(library, name, content).exit == 0
        seen.append((name[:7], record_of(library).protection is Protection.NAME_AND_ADDRESS))
    assert seen == [("D270324", True), ("D270330", True), ("D270331", False), ("D270401", False)]


@pytest.mark.parametrize(("moment", "is_protected"), [("21:59:59", True), ("22:00:00", False)])
def test_an_end_date_has_passed_from_midnight_in_denmark(
    site: tuple[Library, dict[str, Any], Path], moment: str, is_protected: bool
) -> None:
    """Decision 26: there is one day, that of Copenhagen. In summer it begins at 22:00 UTC."""
    library, ready, folder = site
    control.event(ready, "protect", "ANNA")
    control.event(ready, "end-date", "ANNA", "2027-04-01")
    for _ in range(8):
        next_delivery(ready, folder)
    here = site_of(load_settings(library.folder / "cprsync.toml"), None)
    here.clock = StillClock(datetime.fromisoformat(f"2027-04-01T{moment}+00:00"))
    with here.counterparts.register() as register:
        answer = register.look_up(CprNumber.parse(PEOPLE["ANNA"]["number"]))
    assert (answer.protection is Protection.NAME_AND_ADDRESS) is is_protected
