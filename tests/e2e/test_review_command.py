"""`cprsync review`: a death goes from the night's list over a person's answer to the record, and back."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from e2e_library import Library, assert_refused, new_library, personal
from town import PEOPLE_FILE

from cprsync.cli.terminal.user import user_name
from cprsync.mock import control
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("review")
METADATA = "<Trigger><FileDescriptor><SizeInBytes>{size}</SizeInBytes></FileDescriptor></Trigger>"


@pytest.fixture(scope="module")
def bereaved(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Library]:
    """A library in which BO, who is protected, and ANNA are patrons, and both die."""
    folder = tmp_path_factory.mktemp("review")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE) as ready:
        library = new_library(folder / "library", folder / "mock", ["ANNA", "BO"])
        for events in ((("protect", "BO"),), (("die", "ANNA"), ("die", "BO"))):
            for event, key in events:
                control.event(ready, event, key)
            (name,) = control.night(ready)["files"]
            content = (folder / "mock" / "IN" / name).read_bytes()
            (library.inbox / name).write_bytes(content)
            (library.inbox / f"{name}.metadata").write_text(METADATA.format(size=len(content)), encoding="utf-8")
            ran = library.call("sync")
        assert ran.exit == 3, ran.out
        assert ran.document["reviews"] == {"waiting": 2, "kinds": {"block.dead": 2}}
        yield library


@pytest.fixture
def library(bereaved: Library, tmp_path: Path) -> Library:
    return bereaved.copy(tmp_path / "library")


def blocked(library: Library, patron: str) -> list[str]:
    fields = library.call("patron", "show", patron).document["fields"]
    return [block["reason"] for block in fields["blocks"]["value"]]


def test_a_block_is_listed_shown_accepted_and_taken_back(library: Library) -> None:
    items = library.call("review", "list").document["items"]
    assert [(item["kind"], item["state"]) for item in items] == [("block.dead", "waiting")] * 2
    assert set(items[0]["why"]) == {"da", "en"}
    number, patron = str(items[0]["id"]), items[0]["patron"]
    shown = library.call("review", "show", number)
    assert shown.document["record"]["patron"] == patron
    ran = library.call("review", "accept", number)
    assert (ran.exit, ran.document["item"]["state"]) == (0, "accepted")
    assert ran.document["item"]["decided"]["by"] == user_name()
    assert blocked(library, patron) == ["død"]
    before = library.rows()
    for command in (("accept", number), ("reject", number, "--reason", "nej")):
        assert_refused(
            library.call("review", *command),
            code=1,
            kind="review.closed",
            says="no longer waits",
            advises="review list",
        )
    assert library.rows() == before
    ran = library.call("review", "undo", number)
    assert (ran.exit, ran.document["item"]["state"]) == (0, "undone")
    assert blocked(library, patron) == []
    listed = library.call("review", "list", "--all").document["items"]
    assert [item["state"] for item in listed] == ["undone", "waiting"]


def test_a_rejected_block_leaves_the_record_as_it_is(library: Library) -> None:
    before = library.rows("patron", "reservation")
    ran = library.call("review", "reject", "1", "--reason", "Set ved skranken")
    assert (ran.exit, ran.document["item"]["state"]) == (0, "rejected")
    assert library.rows("patron", "reservation") == before


def test_an_item_that_was_taken_back_or_rejected_is_taken_up_again(library: Library) -> None:
    before = library.rows("patron", "reservation")
    assert "review reopen 1" in library.text("review", "reject", "1", "--reason", "Set ved skranken")
    ran = library.call("review", "reopen", "1", "--reason", "Det var en anden")
    assert (ran.exit, ran.document["item"]["state"], ran.document["item"]["decided"]) == (0, "waiting", None)
    assert library.rows("patron", "reservation") == before
    patron = ran.document["item"]["patron"]
    assert library.call("review", "accept", "1").exit == 0
    assert "review reopen 1" in library.text("review", "undo", "1")
    assert library.call("review", "reopen", "1", "--reason", "Alligevel").exit == 0
    assert library.call("review", "accept", "1").exit == 0
    assert blocked(library, patron) == ["død"]
    rows = library.rows()
    assert_refused(
        library.call("review", "reopen", "1", "--reason", "Igen"),
        code=1,
        kind="review.closed",
        says="neither rejected nor taken back",
        advises="review list",
    )
    assert library.rows() == rows


def test_an_item_is_put_off_until_a_day_and_brought_back(library: Library) -> None:
    first, *_ = library.call("review", "list").document["items"]
    number = str(first["id"])
    library.call("review", "later", number, "--until", "2027-04-10", "--reason", "De pårørende kommer forbi")
    (later,) = [one["later"] for one in library.call("review", "list").document["items"] if one["later"]]
    assert later == {"until": "2027-04-10", "by": user_name()}
    assert "udsat til 10. april 2027" in library.text("review", "list")
    library.call("review", "later", number)
    assert [one["later"] for one in library.call("review", "list").document["items"]] == [None, None]


def test_an_item_that_there_is_not_is_refused(library: Library) -> None:
    before = library.rows()
    for command in ("show", "accept", "undo"):
        assert_refused(
            library.call("review", command, "99"), code=1, kind="review.unknown", says="no review item", advises="list"
        )
    assert library.rows() == before


def test_the_text_is_danish_first_and_says_what_an_answer_does(library: Library) -> None:
    listed = library.text("review", "list")
    assert "CPR siger, at låneren er død" in listed
    assert "the register says that the patron is dead" in library.text("review", "list", "--lang", "en")
    shown = library.text("review", "show", "1")
    assert "Godkendes det: låneren blokeres, og reserveringer annulleres" in shown
    assert "Status i CPR: 90 død" in shown
    assert "review undo 1" in library.text("review", "accept", "1")
    library.text("review", "accept", "2")
    assert library.text("review", "list") == "Intet venter.\n"


def test_what_is_sealed_stays_sealed_in_the_list_and_beside_it(library: Library) -> None:
    (protected,) = [
        item["id"]
        for item in library.call("review", "list").document["items"]
        if library.call("review", "show", str(item["id"])).document["record"]["protected"]
    ]
    shown = library.text("review", "show", str(protected)) + library.text("review", "list")
    assert "<skjult>" in shown
    assert [word for word in personal() if word in shown] == []
