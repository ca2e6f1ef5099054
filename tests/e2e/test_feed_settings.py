"""`[library.feed]`: the record types that the task delivers, and when the platform has loaded a delivery."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from e2e_library import Library, assert_refused, new_library
from town import PEOPLE_FILE

from cprsync.domain.feed.delivery import working_day_after
from cprsync.domain.person.person import EMPTY
from cprsync.mock import control
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("feed settings")

METADATA = "<Trigger><FileDescriptor><SizeInBytes>{size}</SizeInBytes></FileDescriptor></Trigger>"
#: As `init` writes it.
AGREED = 'records = ["001", "002", "003", "004", "005", "006", "007", "008", "022", "099"]'
HOUR = 'load_hour = "06:00"'


@pytest.fixture(scope="module")
def emigrated(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Library]:
    """A library that knows UDREJST's contact address by a look-up, and has a delivery about them without record 006."""
    folder = tmp_path_factory.mktemp("agreed")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE) as ready:
        library = new_library(folder / "library", folder / "mock", ["UDREJST"])
        assert library.call("sync").exit == 0
        assert contact_of(library)
        control.event(ready, "resend", "UDREJST")
        (name,) = control.night(ready)["files"]
        _put_without_contact(library, name, (folder / "mock" / "IN" / name).read_bytes())
        yield library


def _put_without_contact(library: Library, name: str, content: bytes) -> None:
    """Deliver a file as a task without record 006 has it: the record is not there, and not counted at the end."""
    lines = content.splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(b"006")]
    assert len(kept) == len(lines) - 1
    kept[-1] = kept[-1].replace(b"%08d" % (len(lines) - 2), b"%08d" % (len(kept) - 2))
    (library.inbox / name).write_bytes(b"".join(kept))
    size = sum(map(len, kept))
    (library.inbox / f"{name}.metadata").write_text(METADATA.format(size=size), encoding="utf-8")


def contact_of(library: Library) -> bool:
    """Whether the record has the register's contact address."""
    return library.opened()["UDREJST"].contact is not EMPTY


def test_a_record_of_the_agreement_that_is_missing_says_that_there_is_none(emigrated: Library, tmp_path: Path) -> None:
    library = emigrated.copy(tmp_path / "library")
    assert library.call("sync").document["actions"] == {"contact": 1}
    assert not contact_of(library)


def test_a_record_outside_the_agreement_says_nothing_when_it_is_missing(emigrated: Library, tmp_path: Path) -> None:
    """Decision 1: a type outside the agreement is silent. Which types it has is a setting."""
    library = emigrated.copy(tmp_path / "library")
    library.rewrite("cprsync.toml", AGREED, 'records = ["001", "002", "003", "004", "005", "008", "099"]')
    assert library.call("sync").document["actions"] == {}
    assert contact_of(library)
    before = library.records()
    assert library.call("sync").document["state"] == "nothing"
    assert library.records() == before


def test_a_delivery_is_late_once_the_platform_should_have_loaded_it(emigrated: Library, tmp_path: Path) -> None:
    """Decision 1: the load hour is a setting. `--today` is half past six of a day."""
    library = emigrated.copy(tmp_path / "library")
    taken = date.fromisoformat(library.call("sync").document["deliveries"][0]["produced"])
    due = working_day_after(taken)
    morning = ("sync", "--today", (due + timedelta(days=1)).isoformat())
    assert_refused(library.call(*morning), code=4, kind="delivery.late", says=due.isoformat(), advises="platform")
    before = library.records()
    library.rewrite("cprsync.toml", HOUR, 'load_hour = "06:31"')
    ran = library.call(*morning)
    assert (ran.exit, ran.document["state"]) == (0, "nothing"), ran.out
    assert library.records() == before


@pytest.mark.parametrize(
    ("line", "says"),
    [(f"records = {one}", "records") for one in ('["002", "003"]', '["1"]', '["001", "0O4"]', "[]", '["000", "001"]')]
    + [(f"load_hour = {one}", '"06:00"') for one in ('"6"', '"24:00"', "6", "06:00:00", '"06:00+01:00"')],
)
def test_a_setting_that_cannot_be_is_refused(emigrated: Library, tmp_path: Path, line: str, says: str) -> None:
    library = emigrated.copy(tmp_path / "library")
    library.rewrite("cprsync.toml", AGREED if says == "records" else HOUR, line)
    before = library.rows()
    assert_refused(library.call("sync"), code=2, kind="configuration", says=says, advises="Mend the setting")
    assert library.rows() == before
