"""`lookup` and `feed accept` as commands, and statuses that come and go in the mock's town."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
import started
from e2e_library import Library, Ran, assert_refused, new_library, personal
from town import number

from cprsync.mock import control

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("lookup command")


@pytest.fixture(scope="module")
def first(mock: tuple[Path, dict[str, Any]]) -> Library:
    """ANNA is a patron and has her first copy."""
    library = new_library(mock[0].parent / "first", mock[0], ["ANNA"])
    assert library.run("sync").exit in {0, 4}
    return library


@pytest.fixture
def library(first: Library, tmp_path: Path) -> Library:
    return first.copy(tmp_path / "library")


def lookup(library: Library, typed: str, *options: str) -> Ran:
    """The number goes in by standard input only."""
    command = ("lookup", "--purpose", "registration", *options, "--config", str(library.folder / "cprsync.toml"))
    done = started.command(*command, "--json", typed=typed)
    return Ran(done.returncode, done.stdout, done.stderr)


def test_a_look_up_shows_a_stranger_and_writes_no_record(library: Library) -> None:
    before = library.records()
    ran = lookup(library, number("EDITH") + "\n")
    assert ran.exit == 0, ran.err
    assert set(ran.document) >= {"found", "patron", "fields", "actions", "warnings"}
    assert (ran.document["found"], ran.document["patron"], ran.document["actions"]) == (True, None, ["first_copy"])
    assert library.records() == before
    assert number("EDITH") not in ran.out + ran.err


def test_a_registration_makes_a_patron_who_is_verified_and_subscribed(library: Library, ready: dict[str, Any]) -> None:
    ran = lookup(library, number("EDITH") + "\n", "--register", "--yes")
    assert (ran.exit, ran.document["written"]) == (0, True), ran.err
    assert set(library.opened()) == {"ANNA", "EDITH"}
    shown = library.run("patron", "show", ran.document["patron"]).document
    assert shown["verified"]
    assert shown["fields"]["name"]["since"] is not None
    assert number("EDITH") in str(control.state(ready)["subscriptions"])


@pytest.mark.parametrize("typed", ["", "\n", "Anna\n", "12345\n"])
def test_what_is_no_number_is_refused_before_anything_is_written(library: Library, typed: str) -> None:
    before = library.rows()
    assert_refused(
        lookup(library, typed, "--register"), code=1, kind="input.number", says="not a CPR number", advises="Mend"
    )
    assert library.rows() == before


def test_a_number_that_the_register_does_not_know_is_exit_1(library: Library) -> None:
    before = library.records()
    ran = lookup(library, unknown() + "\n", "--register")
    assert (ran.exit, ran.document["found"], ran.error["kind"]) == (1, False, "register.no_such_person")
    assert library.records() == before


def unknown() -> str:
    """A well-formed number of nobody: the date of another century's digit."""
    return number("ANNA")[:7] + "".join(str(9 - int(digit)) for digit in number("ANNA")[7:])


def test_a_register_that_is_down_is_exit_4_and_creates_nobody(library: Library, ready: dict[str, Any]) -> None:
    before = library.records()
    control.fault(ready, "http-500-html", times=3)
    ran = lookup(library, number("CLARA") + "\n", "--register")
    assert (ran.exit, ran.error["kind"]) == (4, "register.http")
    assert library.records() == before
    assert not [word for word in personal() if word in ran.out + ran.err]


def test_a_register_that_is_slow_costs_the_desk_eight_seconds_and_not_a_minute(
    library: Library, ready: dict[str, Any]
) -> None:
    """Twenty are allowed here, since the machine of a test is busy; three tries of thirty seconds are none of them."""
    before, began = library.records(), time.monotonic()
    control.fault(ready, "slow", times=9, seconds=60)
    ran = lookup(library, number("CLARA") + "\n", "--register")
    control.calm(ready)
    assert (ran.exit, ran.error["kind"]) == (4, "register.timeout")
    assert time.monotonic() - began < 20
    assert library.records() == before


def test_without_a_yes_a_registration_is_a_preview_and_exit_1(library: Library, ready: dict[str, Any]) -> None:
    before, subscribed = library.records(), control.state(ready)["subscriptions"]
    ran = lookup(library, number("EDITH") + "\n", "--register")
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (1, "confirm.needed", "nothing")
    assert (ran.document["found"], ran.document["patron"], ran.document["written"]) == (True, None, False)
    assert ran.document["preview"]["digest"].startswith("sha256:")
    assert library.records() == before
    assert control.state(ready)["subscriptions"] == subscribed


def test_a_preview_is_approved_by_its_digest_and_by_no_other(library: Library) -> None:
    before = library.records()
    typed = number("EDITH") + "\n"
    digest = lookup(library, typed, "--register").document["preview"]["digest"]
    other = lookup(library, number("CLARA") + "\n", "--register", "--approve", digest)
    assert (other.exit, other.error["kind"]) == (1, "confirm.changed")
    assert library.records() == before
    assert lookup(library, typed, "--register", "--approve", digest).document["written"]


def test_the_answer_may_be_the_next_line_of_input(library: Library) -> None:
    before = library.records()
    ran = lookup(library, number("EDITH") + "\nnej\n", "--register", "--confirm")
    assert (ran.exit, ran.error["kind"]) == (1, "confirm.declined")
    assert library.records() == before
    assert lookup(library, number("EDITH") + "\nja\n", "--register", "--confirm").document["written"]


def test_a_dead_person_becomes_a_patron_with_a_reason_only(library: Library) -> None:
    before, typed = library.records(), number("AFDOED") + "\n"
    ran = lookup(library, typed, "--register", "--yes")
    assert (ran.exit, ran.error["kind"]) == (1, "confirm.reason")
    assert {"kind": "dead", "level": "stop"}.items() <= ran.document["warnings"][0].items()
    assert set(ran.document["warnings"][0]["text"]) == {"da", "en"}
    assert library.records() == before
    assert lookup(library, typed, "--register", "--yes", "--reason", "aftalt med boet").document["written"]


def test_the_thirty_first_of_february_is_refused_before_it_is_sent(library: Library, ready: dict[str, Any]) -> None:
    before = library.rows()
    assert_refused(lookup(library, "3102851234\n"), code=1, kind="input.number", says="no such date", advises="Mend")
    assert library.rows() == before


def test_a_number_is_no_argument(library: Library) -> None:
    ran = lookup(library, "", number("ANNA"))
    assert ran.exit == 2
    assert library.records()


# -- statuses, there and back ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "back", "actions"),
    [
        ("vanish", "found", ("vanish", "found")),
        ("emigrate", "return", ("emigrate", "return")),
        ("die", "undie", ("die", "death_annulled")),
    ],
)
def test_a_record_is_what_it_was_when_the_register_undoes(
    first: Library, mock: tuple[Path, dict[str, Any]], there: str, back: str, actions: tuple[str, str]
) -> None:
    """One library lives on: what one case does to ANNA is undone when it ends."""
    before = first.opened()["ANNA"]
    for event, action in zip((there, back), actions, strict=True):
        control.event(mock[1], event, "ANNA")
        control.night(mock[1])
        for file in (mock[0] / "IN").iterdir():
            shutil.copy(file, first.inbox / file.name)
        ran = first.run("sync")
        # a block is proposed to a person for the dead and the disappeared
        assert ran.exit == (3 if action in {"vanish", "die"} else 0), ran.out
        assert ran.document["actions"] == {action: 1}
    assert first.opened()["ANNA"] == before
