"""What a failing register does to a night, through the real command line: nothing to the records, and it is said.

A counterpart that does not answer is exit 4. A bad answer about one person leaves that person to somebody (exit 3),
and the others go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import DERIVED, RECORDS, Library, assert_refused, new_library, personal

from cprsync.cli.main import app
from cprsync.domain.person.person import SILENT, Status
from cprsync.mock import control

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("bad register")

#: Kind of the fault -> kind of the error. After these, no answer was of use and trying again may help.
UNANSWERED = {
    "http-500-html": ("register.http", "the register answers"),
    "empty-200": ("register.empty_body", "the answer is empty"),
}
#: Answers that break the contract: not asked again.
BAD_ANSWERS = {
    "truncated": "register.not_xml",
    "oversized": "register.oversized",
    "other-person": "register.other_person",
    "wrong-root": "register.wrong_root",
    "bad-schema": "register.schema",
    "instruction": "register.instruction",
    "utf-16": "register.charset",
}
#: One call is tried so often (the ceiling of the client).
TRIES = 3


@pytest.fixture(scope="module")
def new(mock: tuple[Path, dict[str, Any]]) -> Library:
    """Nobody is subscribed yet."""
    return new_library(mock[0].parent / "new", mock[0], ["ANNA"])


@pytest.fixture(scope="module")
def subscribed(new: Library, mock: tuple[Path, dict[str, Any]]) -> Library:
    """Everybody is subscribed, and nobody has been answered."""
    library = new.copy(mock[0].parent / "subscribed")
    control.fault(mock[1], "other-person")
    assert library.run("sync").exit == 3
    return library


@pytest.fixture
def exhausted(ready: dict[str, Any]) -> Iterator[None]:
    """Every fault that was asked for has happened, and no more than that."""
    yield
    assert control.state(ready)["faults"] == []


@pytest.mark.usefixtures("exhausted")
@pytest.mark.parametrize("fault", UNANSWERED)
@pytest.mark.parametrize("at", ["new", "subscribed"])
def test_a_register_in_trouble_is_asked_later(
    fault: str, at: str, ready: dict[str, Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    library = request.getfixturevalue(at).copy(tmp_path / "library")
    before = library.records()
    control.fault(ready, fault, TRIES)
    kind, says = UNANSWERED[fault]
    assert_refused(library.run("sync"), code=4, kind=kind, says=says, advises="later")
    assert library.records() == before


@pytest.mark.usefixtures("exhausted")
@pytest.mark.parametrize("fault", BAD_ANSWERS)
def test_a_bad_look_up_leaves_the_record_as_it_is_and_her_to_a_person(
    fault: str, ready: dict[str, Any], subscribed: Library, tmp_path: Path
) -> None:
    library = subscribed.copy(tmp_path / "library")
    others = [table for table in RECORDS if table != "review_item"]
    before = library.rows(*others, but=DERIVED)
    control.fault(ready, fault)
    ran = library.run("sync")
    # that the answer was about somebody else waits already: it is no news
    news = fault != "other-person"
    assert (ran.exit, ran.document["left_to_a_person"]) == ((3, 1) if news else (0, 0))
    assert library.rows(*others, but=DERIVED) == before
    reasons = [str(kind) for _, _, _, kind, *_ in library.rows("review_item")["review_item"]]
    assert [reason for reason in reasons if reason.endswith(BAD_ANSWERS[fault])]
    assert not [word for word in personal() if word in ran.out + ran.err]


@pytest.mark.usefixtures("exhausted")
@pytest.mark.parametrize("fault", [fault for fault in BAD_ANSWERS if fault != "other-person"])
def test_a_bad_answer_to_a_subscription_is_no_subscription(
    fault: str, ready: dict[str, Any], new: Library, tmp_path: Path
) -> None:
    library = new.copy(tmp_path / "library")
    others = [table for table in RECORDS if table != "review_item"]
    before = library.rows(*others, but=DERIVED)
    control.fault(ready, fault)
    ran = library.run("sync")
    assert (ran.exit, ran.document["left_to_a_person"], ran.document["subscriptions"]["added"]) == (3, 1, 0)
    assert library.rows(*others, but=DERIVED) == before


@pytest.mark.usefixtures("exhausted")
def test_one_bad_answer_stops_nobody_else(
    ready: dict[str, Any], mock: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    library = new_library(tmp_path / "library", mock[0], ["ANNA", "BO", "HELLE"])
    control.fault(ready, "other-person")
    ran = library.run("sync")
    assert (ran.exit, ran.document["actions"], ran.document["left_to_a_person"]) == (3, {"first_copy": 2}, 1)
    assert [status for status in _statuses(library).values() if status is SILENT] == [SILENT]
    again = library.run("sync")
    assert (again.exit, again.document["actions"]) == (0, {"first_copy": 1})
    assert set(_statuses(library).values()) == {Status.RESIDENT}


@pytest.mark.usefixtures("exhausted")
def test_letters_in_another_encoding_are_written_over_nobody(
    ready: dict[str, Any], mock: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """BO lives in Kastanjeløkken: "KastanjelÃ¸kken" waits for a person."""
    library = new_library(tmp_path / "library", mock[0], ["BO", "HELLE"])
    control.fault(ready, "mojibake", 2)
    ran = library.run("sync")
    assert (ran.exit, ran.document["actions"], ran.document["left_to_a_person"]) == (3, {}, 2)
    assert set(_statuses(library).values()) == {SILENT}
    again = library.run("sync")
    assert (again.exit, again.document["actions"]) == (0, {"first_copy": 2})
    assert not [word for word in personal() if word in ran.out + ran.err + again.out + again.err]


@pytest.mark.usefixtures("exhausted")
def test_a_register_that_goes_away_during_first_copies_is_gone_on_with(
    ready: dict[str, Any], mock: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """Three are subscribed, one is answered, then every connection is dropped: what was answered stands."""
    library = new_library(tmp_path / "library", mock[0], ["ANNA", "BO", "HELLE"])
    control.fault(ready, "slow", 4, seconds=0)  # slow by nothing: four calls go well
    control.fault(ready, "close", 2 * TRIES)
    ran = library.run("sync")
    assert (ran.exit, ran.error["kind"], ran.document["actions"]) == (4, "register.closed", {"first_copy": 1})
    assert "closed the connection before it answered" in ran.error["message"]
    assert [status for status in _statuses(library).values() if status is SILENT] == [SILENT, SILENT]
    assert not [word for word in personal() if word in ran.out + ran.err]
    again = library.run("sync")
    assert (again.exit, again.document["actions"]) == (0, {"first_copy": 2})
    assert set(_statuses(library).values()) == {Status.RESIDENT}


@pytest.mark.usefixtures("exhausted")
def test_a_register_that_hangs_up_on_every_try_after_it_has_told_the_time_is_tried_later(
    ready: dict[str, Any], new: Library, tmp_path: Path
) -> None:
    """It has answered one question, so it knows our certificate."""
    library = new.copy(tmp_path / "library")
    before = library.records()
    control.fault(ready, "close", 2 * TRIES)
    ran = library.run("sync")
    assert (ran.exit, ran.error["kind"]) == (4, "register.closed")
    assert "closed the connection before it answered" in ran.error["message"]
    assert "certificate" not in ran.out + ran.err
    assert library.records() == before


def _statuses(library: Library) -> dict[str, Any]:
    return {key: person.status for key, person in library.opened().items()}


def test_a_night_says_that_no_register_could_check_its_clock(
    new: Library, ready: dict[str, Any], tmp_path: Path
) -> None:
    """A mock's clock needs no check."""
    library = new.copy(tmp_path / "library")
    for name in ("lookup_url", "subscription_url"):
        library.rewrite("cprsync.toml", ready[name], f"https://localhost:1/{name}")
    for is_unchecked in (False, True):
        ran = library.run("sync")
        assert (ran.exit, ran.document["clock_unchecked"]) == (4, is_unchecked), ran.err
        if not is_unchecked:
            library.rewrite("cprsync.toml", f'control_url = "{ready["control_url"]}"', "")


def test_nothing_is_deleted_by_hand_by_a_clock_that_no_register_could_check(
    new: Library, ready: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor does a night delete anything by it."""
    library = new.copy(tmp_path / "library")
    for name in ("lookup_url", "subscription_url"):
        library.rewrite("cprsync.toml", ready[name], f"https://localhost:1/{name}")
    # a mock's clock needs no check
    assert library.run("retention", "run").document["clock_unchecked"] is False
    library.rewrite("cprsync.toml", f'control_url = "{ready["control_url"]}"', "")
    before = library.rows()
    ran = library.run("retention", "run")
    assert (ran.exit, ran.document["applied"], ran.document["clock_unchecked"]) == (4, False, True), ran.out
    assert (ran.error["changed"], library.rows()) == ("nothing", before)
    config = str(library.folder / "cprsync.toml")
    assert app(["retention", "run", "--config", config], standalone_mode=False) == 4
    assert "Uret kunne ikke kontrolleres" in capsys.readouterr().out
    assert library.run("retention", "run", "--dry-run").exit == 0
    assert library.rows() == before


def test_nothing_is_deleted_by_hand_by_a_clock_that_is_wrong(
    new: Library, ready: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = new.copy(tmp_path / "library")
    library.rewrite("cprsync.toml", f'control_url = "{ready["control_url"]}"', "")
    before = library.rows()
    # the machine's clock cannot be set for a test
    monkeypatch.setattr("cprsync.register.soap.client.SoapRegister.measure_offset", lambda _: -3600.0)
    ran = library.call("retention", "run")
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (2, "clock", "nothing"), ran.out
    assert library.rows() == before
