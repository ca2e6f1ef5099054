"""`targets` as an operator runs it: a webhook and a folder of files, from the first load until both are forgotten."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import Library, assert_refused, new_library, personal
from receiver import KEY, Receiver, receiving
from town import PEOPLE_FILE

from cprsync.cli.main import app
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("targets")
#: HELLE is protected.
KEYS = ["ANNA", "HELLE", "CLARA", "DAVID"]
TARGETS = """
[[library.target]]
name = "hook"
kind = "webhook"
fields = ["status", "municipality"]
protected = "sealed flag only"
url = "{url}"
ca = "{ca}"
keys = ["key-1.key"]

[[library.target]]
name = "files"
kind = "file"
fields = ["status", "municipality"]
folder = "files"

"""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[tuple[Library, Receiver]]:
    folder = tmp_path_factory.mktemp("targets")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE), receiving(folder / "mock" / "certs") as receiver:
        library = new_library(folder / "library", folder / "mock", KEYS)
        assert library.call("sync").exit in {0, 3, 4}
        yield library, receiver


@pytest.fixture
def town(first: tuple[Library, Receiver], tmp_path: Path) -> tuple[Library, Receiver]:
    """The library, copied, with two targets that have heard nothing yet."""
    library, receiver = first[0].copy(tmp_path / "library"), first[1]
    receiver.begin_anew()
    sections = TARGETS.format(url=receiver.url, ca=receiver.ca)
    library.rewrite("cprsync.toml", "[library.feed]", f"{sections}[library.feed]")
    (library.folder / "key-1.key").write_text(KEY, encoding="ascii")
    (library.folder / "key-1.key").chmod(0o600)
    return library, receiver


def states(library: Library) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in library.call("targets", "list").document["targets"]}


def lines(library: Library) -> list[dict[str, Any]]:
    files = sorted((library.folder / "files").glob("*.ndjson"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def test_two_targets_are_loaded_sent_to_once_and_say_how_they_stand(town: tuple[Library, Receiver]) -> None:
    library, receiver = town
    assert {name: one["loaded"] for name, one in states(library).items()} == {"hook": False, "files": False}
    sent = library.call("targets", "send")
    assert (sent.exit, {one["name"]: one["sent"] for one in sent.document["targets"]}) == (0, {"hook": 4, "files": 3})
    assert len(receiver.versions()) == 4
    assert {frozenset(one) for one in lines(library)} == {
        frozenset({"municipality", "patron", "protected", "status", "verified", "version"})
    }
    told = {name: (one["loaded"], one["told"], one["waiting"]) for name, one in states(library).items()}
    assert told == {"hook": (True, 4, 0), "files": (True, 3, 0)}
    assert [one["sent"] for one in library.call("targets", "send").document["targets"]] == [0, 0]
    (name,) = [path.name for path in (library.folder / "files").glob("*.ndjson")]
    assert not [word for word in personal() if word in name]
    assert library.call("status").document["targets"][0]["told"] == 3


def test_a_target_with_nothing_to_send_says_so(
    town: tuple[Library, Receiver], capsys: pytest.CaptureFixture[str]
) -> None:
    library, _ = town
    library.call("targets", "send")
    config = str(library.folder / "cprsync.toml")
    app(["targets", "send", "--lang", "en", "--config", config], standalone_mode=False)
    assert capsys.readouterr().out.count("nothing waits") == 2


def test_a_target_is_told_everything_again_and_the_other_nothing(town: tuple[Library, Receiver]) -> None:
    library, receiver = town
    library.call("targets", "send")
    again = library.call("targets", "load", "hook")
    assert (again.exit, [one["sent"] for one in again.document["targets"]]) == (0, [4])
    assert len(receiver.got) == 8
    assert len({id_ for _, id_, _ in receiver.got}) == 8
    assert len(lines(library)) == 3


def test_a_receiver_that_refuses_us_is_said_and_the_other_target_hears(town: tuple[Library, Receiver]) -> None:
    library, receiver = town
    receiver.keys = {"key-1": b"another key of the same length!!"}
    sent = library.call("targets", "send")
    assert (sent.exit, sent.error["kind"], sent.error["changed"]) == (2, "target.refused", "part")
    assert len(lines(library)) == 3
    assert states(library)["hook"]["waiting"] == 4


NEW_KEY = "another key of the same length!!"


def change_key_after(receiver: Receiver, posts: int) -> None:
    """Let the receiver take the new key alone, once so many posts have come."""

    def answer(_: dict[str, Any]) -> int:
        if len(receiver.got) >= posts:
            receiver.keys = {"key-2": NEW_KEY.encode()}
        return 204

    receiver.answer = answer


def put_new_key(library: Library, keys: str) -> None:
    (library.folder / "key-2.key").touch(mode=0o600)
    (library.folder / "key-2.key").write_text(NEW_KEY, encoding="ascii")
    library.rewrite("cprsync.toml", 'keys = ["key-1.key"]', f"keys = {keys}")


def test_a_key_that_the_receiver_changes_alone_while_changes_are_sent_costs_one_more_send(
    town: tuple[Library, Receiver],
) -> None:
    library, receiver = town
    library.rewrite("cprsync.toml", 'keys = ["key-1.key"]', 'keys = ["key-1.key"]\nworkers = 1')
    change_key_after(receiver, 2)
    sent = library.call("targets", "send", "hook")
    assert (sent.exit, sent.error["kind"], len(receiver.got)) == (2, "target.refused", 2)
    assert states(library)["hook"]["waiting"] == 2
    put_new_key(library, '["key-2.key"]')
    assert library.call("targets", "send", "hook").exit == 0
    assert (set(receiver.versions().values()), len(receiver.versions())) == ({1}, 4)


def test_a_key_that_is_changed_while_both_sign_costs_nothing(town: tuple[Library, Receiver]) -> None:
    library, receiver = town
    put_new_key(library, '["key-2.key", "key-1.key"]')
    change_key_after(receiver, 2)
    assert library.call("targets", "send", "hook").exit == 0
    assert (set(receiver.versions().values()), len(receiver.versions()), receiver.unproved) == ({1}, 4, 0)


def test_a_key_that_is_missing_stops_no_night(town: tuple[Library, Receiver]) -> None:
    library, _ = town
    (library.folder / "key-1.key").unlink()
    night = library.call("sync")
    assert night.exit == 2
    assert {one["name"]: one["sent"] for one in night.document["targets"]} == {"hook": 0, "files": 3}
    assert states(library)["hook"]["waiting"] == 4


def test_a_misspelt_group_of_a_target_stops_all_that_reads_the_rules_before_anything_is_told(
    town: tuple[Library, Receiver],
) -> None:
    library, receiver = town
    groups = '[[age_groups]]\nsince = 2020-01-01\ngroups = [{name = "Barn", from = 0}, {name = "Voksen", from = 18}]\n'
    (library.folder / "policy.toml").write_text(groups, encoding="utf-8")
    library.rewrite("cprsync.toml", 'name = "files"\n', 'name = "files"\ngroups = ["Voksne"]\n')
    before = library.rows("target", "target_patron", "outbox", "run")
    for command in (
        ("sync",),
        ("targets", "send"),
        ("status",),
        ("export", "files", "--all"),
        ("serve", "--port", "0"),
    ):
        ran = library.call(*command)
        assert_refused(
            ran, code=2, kind="configuration", says='"files", groups, Voksne: policy.toml has no', advises="Mend"
        )
    (policy,) = (one for one in library.call("doctor").document["checks"] if one["check"] == "policy")
    assert (policy["state"], "Barn, Voksen" in str(policy)) == ("fault", True)
    assert library.rows("target", "target_patron", "outbox", "run") == before
    assert not receiver.got


def test_what_cannot_be_done_is_refused(town: tuple[Library, Receiver]) -> None:
    library, _ = town
    library.call("targets", "send")
    refusals = {
        ("send", "nobody"): (2, "target.unknown", "has that name", "cprsync"),
        ("release", "hook", "--reason", "it is right"): (1, "target.not_stopped", "is stopped", ""),
        ("forget", "hook", "--reason", "gone", "--yes"): (1, "target.set_up", "still in the settings", ""),
    }
    before = library.rows("target", "target_patron", "outbox")
    for command, (code, kind, says, advises) in refusals.items():
        ran = library.call("targets", *command)
        assert_refused(ran, code=code, kind=kind, says=says, advises=advises)
    with library.holding_the_lock():
        assert library.call("targets", "send").exit == 4
    assert library.rows("target", "target_patron", "outbox") == before


def test_a_removed_target_says_what_it_leaves_and_is_forgotten_with_a_yes(town: tuple[Library, Receiver]) -> None:
    library, _ = town
    library.call("targets", "send")
    text = (library.folder / "cprsync.toml").read_text(encoding="utf-8")
    begin, end = text.index('[[library.target]]\nname = "hook"'), text.index('[[library.target]]\nname = "files"')
    (library.folder / "cprsync.toml").write_text(text[:begin] + text[end:], encoding="utf-8")
    assert states(library)["hook"]["set_up"] is False
    says = library.call("targets", "forget", "hook")
    assert (says.exit, says.document["told"], says.document["forgotten"]) == (0, 4, False)
    assert library.call("targets", "forget", "hook", "--yes").error["kind"] == "usage.reason"
    assert "hook" in states(library)
    done = library.call("targets", "forget", "hook", "--reason", "no such system any more", "--yes")
    assert (done.exit, done.document["forgotten"]) == (0, True)
    assert set(states(library)) == {"files"}
