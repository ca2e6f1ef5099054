"""Damaged deliveries through the real command line: refused whole, and said what is wrong. One bad person is parked.

The good delivery is the mock's; what is done to it is typed here, by positions.
"""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import Library, assert_refused, new_library, personal
from town import PEOPLE_FILE, number

from cprsync.mock import control
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("bad delivery")

PATRONS = ["ANNA", "BO", "HELLE"]
METADATA = "<Trigger><FileDescriptor><SizeInBytes>{size}</SizeInBytes></FileDescriptor></Trigger>"


@dataclass(frozen=True)
class Night:
    """A library whose patrons are verified, and the delivery that waits for it: BO moves, the others are sent again."""

    library: Library
    name: str
    content: bytes


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Night]:
    folder = tmp_path_factory.mktemp("delivery")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE) as ready:
        library = new_library(folder / "library", folder / "mock", PATRONS)
        first = library.run("sync")
        assert (first.exit, first.document["actions"]) == (0, {"first_copy": 3})
        control.event(ready, "move", "BO", "SKOLEN")
        control.event(ready, "resend", "ANNA")
        control.event(ready, "resend", "HELLE")
        (name,) = control.night(ready)["files"]
        yield Night(library, name, (folder / "mock" / "IN" / name).read_bytes())


@pytest.fixture
def library(night: Night, tmp_path: Path) -> Library:
    return night.library.copy(tmp_path / "library")


def deliver(library: Library, night: Night, content: bytes, *, announced: int | None = None) -> None:
    (library.inbox / night.name).write_bytes(content)
    size = len(content) if announced is None else announced
    (library.inbox / f"{night.name}.metadata").write_text(METADATA.format(size=size), encoding="utf-8")


def of_another_product(line: bytes) -> bytes:
    """A record 001 of the private product is one line of 469 characters."""
    return line.rstrip(b"\n").ljust(468) + b"1\n" if line.startswith(b"001") else line


def without_line(content: bytes, start: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    lines.remove(next(line for line in lines if line.startswith(start)))
    return b"".join(lines)


#: What is done to the good delivery; then kind, what the message says, and what it advises.
DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str, str, str]] = {
    "empty": (lambda _: b"", "delivery.empty", "the delivery is empty", "deliver the file again"),
    "only blanks": (lambda _: b"\n \n", "delivery.empty", "the delivery is empty", "deliver the file again"),
    "cut after the header": (
        lambda content: content.splitlines(keepends=True)[0],
        "delivery.damaged",
        "record 999 is missing: the delivery is cut short",
        "deliver the file again",
    ),
    "cut in the header": (lambda content: content[:20], "delivery.damaged", "record 000", "deliver the file again"),
    "cut before 999": (
        lambda content: content[: content.rindex(b"\n999") + 1],
        "delivery.damaged",
        "record 999 is missing",
        "deliver the file again",
    ),
    "cut between two people": (
        lambda content: content[: content.rindex(b"\n001") + 1],
        "delivery.damaged",
        "record 999 is missing",
        "deliver the file again",
    ),
    "cut inside a record": (
        lambda content: content[: content.rindex(b"\n001") + 10],
        "delivery.damaged",
        "at byte offset",
        "deliver the file again",
    ),
    "cut inside 999": (
        lambda content: content.rstrip()[:-3],
        "delivery.damaged",
        "record 999 at byte offset",
        "deliver the file again",
    ),
    "one record fewer than 999 counts": (
        lambda content: without_line(content, b"099"),
        "delivery.damaged",
        "record 999 counts",
        "deliver the file again",
    ),
    "of another task": (
        lambda content: content[:13] + b"654321" + content[19:],  # 000, ten zeros, the task
        "delivery.task",
        "for task 654321, and ours is 123456",
        "`task` in [library.feed]",
    ),
    "converted to UTF-8": (
        lambda content: content.decode("latin-1").encode(),
        "delivery.encoding",
        "not ISO-8859-1",
        "fetch it again as binary",
    ),
    "of another product": (
        lambda content: b"".join(of_another_product(line) for line in content.splitlines(keepends=True)),
        "delivery.product",
        "this is another product, the private one (PRIV, U09480P)",
        "check the agreement's task",
    ),
    "compressed": (gzip.compress, "delivery.foreign", "it is a gzip file", "ask the platform for the delivery"),
    "a page that says there is no file": (
        lambda _: b"<!DOCTYPE html>\n<html><body><h1>404 Not Found</h1></body></html>\n",
        "delivery.foreign",
        "it is an HTML page",
        "remove it from the place it was delivered to (IN)",
    ),
    "in UTF-16": (
        lambda content: content.decode("latin-1").encode("utf-16"),
        "delivery.encoding",
        "it is text in UTF-16",
        "fetch it again as binary",
    ),
    "of another start": (
        lambda content: content[content.index(b"\n") + 1 :],
        "delivery.damaged",
        "does not begin with record 000",
        "deliver the file again",
    ),
    "joined to another": (
        lambda content: content + content,
        "delivery.damaged",
        "something follows record 999",
        "deliver the file again",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_delivery_is_refused_whole_when_it_is(damage: str, night: Night, library: Library) -> None:
    do, kind, says, advises = DAMAGES[damage]
    before = library.records()
    deliver(library, night, do(night.content))
    ran = library.run("sync")
    assert_refused(ran, code=1, kind=kind, says=says, advises=advises)
    assert ran.error["message"].startswith(f"{night.name}: ")
    assert [line["outcome"] for line in ran.document["deliveries"]] == ["refused"]
    assert library.records() == before


def test_the_whole_file_in_its_place_is_taken_after_all(night: Night, library: Library) -> None:
    deliver(library, night, night.content[:-10])
    assert library.run("sync").exit == 1
    deliver(library, night, night.content)
    ran = library.run("sync")
    assert (ran.exit, ran.document["applied"], ran.document["unchanged"]) == (0, 1, 2)


def test_a_file_that_is_still_being_written_is_waited_for(night: Night, library: Library) -> None:
    before = library.records()
    deliver(library, night, night.content[: len(night.content) // 2], announced=len(night.content))
    ran = library.run("sync")
    says = f"{night.name} is still being written"
    assert_refused(ran, code=4, kind="delivery.unfinished", says=says, advises="when the transfer has ended")
    assert library.records() == before
    deliver(library, night, night.content)
    assert library.run("sync").document["applied"] == 1


def with_status(content: bytes, key: str, status: bytes) -> bytes:
    """Record 001: type (3), number (10), current number (10), status (2)."""
    start = content.index(b"001" + number(key).encode())
    return content[: start + 23] + status + content[start + 25 :]


@pytest.mark.parametrize(("status", "reason"), [(b"42", "person.status"), (b"60", "number.unresolved")])
def test_one_bad_person_is_parked_with_a_reason_and_the_others_are_applied(
    status: bytes, reason: str, night: Night, library: Library
) -> None:
    opened = library.opened()
    deliver(library, night, with_status(night.content, "ANNA", status))
    ran = library.run("sync")
    balance = {name: ran.document[name] for name in ("received", "applied", "unchanged", "parked", "not_ours", "held")}
    assert (ran.exit, balance) == (3, _balance(received=3, applied=1, unchanged=1, parked=1))
    items = library.run("runs", "show", str(ran.document["run"])).document["items"]
    assert [item["reason"] for item in items if item["outcome"] == "parked"] == [reason]
    now = library.opened()
    assert {key for key in PATRONS if now[key] != opened[key]} == {"BO"}
    assert not [word for word in personal() if word in ran.out + ran.err]


def _balance(**counts: int) -> dict[str, Any]:
    return dict.fromkeys(("received", "applied", "unchanged", "parked", "not_ours", "held"), 0) | counts


def test_a_field_added_to_the_end_of_001_stops_no_night(night: Night, library: Library) -> None:
    """Decision 23: longer lines are accepted."""
    grown = [
        line.rstrip(b"\n").ljust(106) + b"7A\n" if line.startswith(b"001") else line
        for line in night.content.splitlines(keepends=True)
    ]
    deliver(library, night, b"".join(grown))
    ran = library.run("sync")
    assert (ran.exit, ran.document["actions"]) == (0, {"move": 1})
    records = library.records()
    assert library.run("sync").exit == 0
    assert library.records() == records


def test_a_file_that_nobody_damaged_is_applied(night: Night, library: Library) -> None:
    """Otherwise the refusals above would prove nothing."""
    deliver(library, night, night.content)
    ran = library.run("sync")
    assert (ran.exit, ran.document["actions"]) == (0, {"move": 1})
