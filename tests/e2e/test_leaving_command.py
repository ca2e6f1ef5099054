"""`patron leave` and `patron erase` as commands, against the mock's own register."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import Library, Ran, assert_refused, new_library, personal
from town import PEOPLE_FILE, number

from cprsync.mock import control
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("leaving command")
METADATA = "<Trigger><FileDescriptor><SizeInBytes>{size}</SizeInBytes></FileDescriptor></Trigger>"


@dataclass(frozen=True)
class Town:
    """A mock and the library that asks it."""

    folder: Path
    ready: dict[str, Any]
    library: Library

    def file(self) -> Ran:
        """A night of the register, and ours."""
        control.event(self.ready, "resend", "ANNA")
        (name,) = control.night(self.ready)["files"]
        content = (self.folder / "mock" / "IN" / name).read_bytes()
        (self.library.inbox / name).write_bytes(content)
        (self.library.inbox / f"{name}.metadata").write_text(METADATA.format(size=len(content)), encoding="utf-8")
        return self.library.call("sync")

    def subscribed(self) -> int:
        """How many numbers the register holds for us."""
        told = self.library.call("subscriptions", "reconcile")
        return int(told.document["kept"] + told.document["surplus"])


@pytest.fixture
def town(tmp_path: Path, mock_keys: Path) -> Iterator[Town]:
    """ANNA is a patron and has not had her first night yet; BO is there too."""
    shutil.copytree(mock_keys, tmp_path / "mock")
    with running(tmp_path / "mock", PEOPLE_FILE) as ready:
        yield Town(tmp_path, ready, new_library(tmp_path / "library", tmp_path / "mock", ["ANNA", "BO"]))


def anna(town: Town) -> str:
    return str(asked(town.library, "ANNA", "patron", "find").document["patron"])


def asked(library: Library, key: str, *command: str) -> Ran:
    """The number goes in by standard input only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(number(key) + "\n"))
        return library.call(*command)


def test_a_patron_leaves_and_the_register_lets_go_of_her(town: Town) -> None:
    town.file()
    patron = anna(town)
    assert town.subscribed() == 2
    before = town.library.records()
    unsaid = town.library.call("patron", "leave", patron)
    assert (unsaid.exit, unsaid.error["kind"]) == (1, "confirm.needed")
    assert [one["kind"] for one in unsaid.document["warnings"]] == ["emptied"]
    assert unsaid.document["whose"]["name"] == "Mette Marie Skovgaard"
    assert town.library.records() == before
    ran = town.library.call("patron", "leave", patron, "--yes")
    assert (ran.exit, ran.document["standing"], ran.document["open"]) == (0, "leaving", {})
    shown = town.library.call("patron", "show", patron).document
    assert {name: entry["value"] for name, entry in shown["fields"].items()} == {"standing": "leaving"}
    synced = town.file()
    assert (synced.exit, synced.document["not_ours"], synced.document["subscriptions"]["removed"]) == (0, 1, 1)
    assert town.subscribed() == 1
    assert not [word for word in personal() if word in ran.out + synced.out]


def test_an_erasure_asks_for_the_patron_number_again(town: Town) -> None:
    before = town.library.records()
    refused = town.library.call("patron", "erase", anna(town))
    assert (refused.exit, refused.error["kind"]) == (1, "confirm.needed")
    assert town.library.records() == before


def test_an_erasure_of_nobody_is_refused(town: Town) -> None:
    before = town.library.records()
    ran = town.library.run("patron", "erase", "12345678", "--yes")
    assert_refused(ran, code=1, kind="patron.unknown", says="", advises="patron find")
    assert town.library.records() == before


REQUESTS = (("leave", "--yes"), ("erase", "--yes"))
#: Each of the three is the first, the second and the last once. The use case lives each order, with either request:
#: `services/leaving/test_leaving.py`.
ORDERS = (
    (("request", "file", "look-up"), REQUESTS[0]),
    (("file", "look-up", "request"), REQUESTS[1]),
    (("look-up", "request", "file"), REQUESTS[0]),
)


@pytest.mark.parametrize(("order", "request_"), ORDERS, ids=lambda words: " ".join(words).replace(" --yes", ""))
def test_request_file_and_look_up_in_the_same_night_leave_no_subscription_no_account_and_no_row(
    town: Town, order: tuple[str, ...], request_: tuple[str, ...]
) -> None:
    library, patron = town.library, anna(town)
    verb, *options = request_
    for _ in range(2):
        for what in order:
            if what == "request":
                assert library.call("patron", verb, patron, *options).exit == 0
            elif what == "file":
                town.file()
            else:
                asked(library, "ANNA", "lookup", "--purpose", "correction")
    library.call("sync")
    assert town.subscribed() == 1
    assert asked(library, "ANNA", "patron", "find").exit == 1
    # the net media were never told of her: what waited for them went with her record
    assert not [row for row in library.rows("patron")["patron"] if row[1] == patron]
    assert library.call("sync").document["state"] == "nothing"


def test_a_broken_journal_stops_every_command_and_says_what_to_do(town: Town) -> None:
    assert town.library.call("patron", "leave", anna(town), "--yes").exit == 0
    journal = town.library.folder / "erase-journal.log"
    journal.write_bytes(journal.read_bytes().replace(b'"closed"', b'"opened"'))
    before = town.library.records()
    ran = town.library.run("sync")
    assert (ran.exit, json.loads(ran.out)["error"]["kind"]) == (1, "journal.broken")
    assert "erase journal back" in ran.document["error"]["next"]
    assert town.library.records() == before


@pytest.mark.parametrize("command", [("sync",), ("runs", "list"), ("forecast",)], ids=" ".join)
def test_a_journal_that_is_not_there_any_more_stops_every_command_and_says_what_to_do(
    town: Town, command: tuple[str, ...]
) -> None:
    assert town.library.call("patron", "leave", anna(town), "--yes").exit == 0
    journal = town.library.folder / "erase-journal.log"
    newest = journal.read_bytes()
    journal.unlink()
    before = town.library.records()
    ran = town.library.run(*command)
    assert (ran.exit, json.loads(ran.out)["error"]["kind"]) == (1, "journal.behind")
    assert "newest erase journal back" in ran.document["error"]["next"]
    assert town.library.records() == before
    journal.touch(mode=0o600)
    journal.write_bytes(newest)
    assert town.library.call(*command).exit in {0, 4}


def test_a_block_stays_with_the_number_and_is_seen_before_a_new_registration(town: Town) -> None:
    town.file()
    library, patron = town.library, anna(town)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO("Udelukket\n"))
        assert library.call("patron", "set", patron, "blocks").exit == 0
    left = library.call("patron", "leave", patron, "--yes")
    assert left.exit == 0
    assert [one["kind"] for one in left.document["preview"]["warnings"]] == ["emptied", "block_stays"]
    shown = asked(library, "ANNA", "patron", "kept-blocks")
    assert [one["reason"] for one in shown.document["blocks"]] == ["Udelukket"]
    preview = asked(library, "ANNA", "lookup", "--purpose", "registration", "--register")
    assert "block.kept" in {one["kind"] for one in preview.document["warnings"]}
    assert [one["reason"] for one in preview.document["preview"]["kept_blocks"]] == ["Udelukket"]
    new = asked(library, "ANNA", "lookup", "--purpose", "registration", "--register", "--yes").document["patron"]
    assert new != patron
    blocks = library.call("patron", "show", new).document["fields"]["blocks"]["value"]
    assert [one["reason"] for one in blocks] == ["Udelukket"]
    assert asked(library, "ANNA", "patron", "kept-blocks").document == {"blocks": [], "lifted": 0}


def test_a_kept_block_is_lifted_with_a_reason_only(town: Town) -> None:
    library, patron = town.library, anna(town)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO("Udelukket\n"))
        library.call("patron", "set", patron, "blocks")
    library.call("patron", "leave", patron, "--yes")
    refused = asked(library, "ANNA", "patron", "kept-blocks", "--lift")
    assert (refused.exit, refused.error["kind"]) == (2, "usage.reason")
    assert "--reason" in refused.error["next"]
    assert len(asked(library, "ANNA", "patron", "kept-blocks").document["blocks"]) == 1
    lifted = asked(library, "ANNA", "patron", "kept-blocks", "--lift", "--reason", "paid")
    assert (lifted.exit, lifted.document["lifted"]) == (0, 1)
    assert asked(library, "ANNA", "patron", "kept-blocks").document["blocks"] == []
